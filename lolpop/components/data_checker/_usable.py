"""Checks of what features can be used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from lolpop.components.data_checker._outcomes import of_columns

if TYPE_CHECKING:
    from lolpop.checks import Check
    from lolpop.components.data_checker._columns import ColumnFacts


def usable(features: Sequence[ColumnFacts]) -> Iterator[Check]:
    """Warnings of features that have values a model cannot use, or none."""
    yield of_columns(
        "empty_columns",
        [fact for fact in features if fact.kind == "empty"],
        "empty columns",
        "They are not used.",
    )
    yield of_columns(
        "infinite_values",
        [fact for fact in features if fact.infinite or fact.beyond],
        "columns with infinite values, or numbers beyond 3.4e38",
        "They are treated as missing. Correct them, or use a larger unit.",
    )
    yield of_columns(
        "mixed_types",
        [fact for fact in features if fact.kind == "mixed"],
        "columns with mixed types",
        "Convert each to one type.",
    )
    yield of_columns(
        "unusable_types",
        [fact for fact in features if fact.kind == "other"],
        "columns with values other than numbers, text, dates and booleans",
        "Split them into plain values, or list them in problem.drop.",
    )
