"""The source column of each feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["feature_sources"]

_FLAG = "missingindicator_"


def feature_sources(transformer: Any) -> list[str]:
    """The column that each feature was made of, in the order of the features.

    ``transformer`` is a fitted ColumnTransformer whose features are named after what they were made of, as
    those of scikit-learn are. Raises ValueError if a name says nothing of that.
    """
    names: list[str] = []
    for _, fitted, columns in transformer.transformers_:
        if fitted != "drop":
            sources = list(columns)
            for step in (
                [fitted_step for _, fitted_step in fitted.steps] if hasattr(fitted, "steps") else [fitted]
            ):
                sources = _sources_of(step, sources)
            names += sources
    return names


def _sources_of(step: Any, sources: Sequence[str]) -> list[str]:
    """The sources of the features that ``step`` makes of features with ``sources``."""
    if hasattr(step, "sources"):
        return [sources[at] for at in step.sources()]
    # What was fitted without names takes any: those that no other is the beginning of.
    names = list(getattr(step, "feature_names_in_", [f"{at}:" for at in range(len(sources))]))
    return [sources[_position(name, names)] for name in step.get_feature_names_out(names)]


def _position(feature: str, names: Sequence[str]) -> int:
    name = feature if feature in names else feature.removeprefix(_FLAG).removesuffix("_na")
    if name in names:
        return names.index(name)
    beginnings = [column for column in names if name.startswith(f"{column}_")]
    if not beginnings:
        raise ValueError(f"The feature {feature!r} matches no source column among {', '.join(names)}.")
    return names.index(max(beginnings, key=len))
