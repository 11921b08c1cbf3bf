"""The outcome of comparing a model version with the deployed one, in words."""

from __future__ import annotations

from dataclasses import dataclass

from lolpop.components.model_checker import Comparison
from lolpop.data.frames import count
from lolpop.resources import ModelVersion


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a model version replaces the deployed one, and the words between the names of the two."""

    replaces: bool
    words: str


def verdict(
    model_version: ModelVersion, deployed: ModelVersion, comparison: Comparison, outcome: Outcome
) -> str:
    """The message about the ``outcome``: the two versions, and the evidence."""
    return (
        f"{model_version} {outcome.words} {deployed}: {comparison.metric} is {comparison.score:.4g} "
        f"against {comparison.other_score:.4g} on the same test rows{_left_out(comparison, deployed)}"
        f"{_difference(comparison)}"
    )


def _left_out(comparison: Comparison, deployed: ModelVersion) -> str:
    if not comparison.left_out:
        return ""
    return f", without {count(comparison.left_out, 'row')} that {deployed} was trained on"


def _difference(comparison: Comparison) -> str:
    if comparison.interval is None:
        return ""
    low, high = (end + 0.0 for end in comparison.interval)  # never show -0
    return (
        f", a difference of {comparison.difference:.4g} ({low:.4g} to {high:.4g}), where positive is better"
    )
