"""Warnings about columns that differ from the training rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lolpop.checks import Check
from lolpop.data.frames import kind_of, listed, to_strings, wrap

if TYPE_CHECKING:
    from lolpop.checks import CheckReport
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame
    from lolpop.problem import Problem


# Limit of remembered unseen values of a column: over many batches, some columns have no end of them.
_MANY = 1000
# The names of these checks in a data checker.
_REPORTED_BY = {
    "extra_columns": {"schema"},
    "empty_columns": {"schema", "missing_increase", "missing_values"},
    "unseen_categories": {"schema", "unseen_categories"},
}


@dataclass(slots=True)
class ObservedColumns:
    """What was seen of the columns of rows; of some of them, it can be merged with that of others."""

    extra: dict[str, None] = field(default_factory=dict)
    empty: dict[str, None] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    unseen: dict[str, set[str]] = field(default_factory=dict)

    def merge(self, later: ObservedColumns) -> None:
        """Add what was seen in ``later`` rows."""
        self.extra |= later.extra
        self.empty |= later.empty
        self.filled |= later.filled
        for name, values in later.unseen.items():
            self.add_unseen(name, values)

    def add_unseen(self, name: str, values: set[str]) -> None:
        """Add ``values`` of the column ``name``, unless there are many already."""
        unseen = self.unseen.setdefault(name, set())
        if len(unseen) < _MANY:
            unseen |= values

    def warnings(self, reported: CheckReport | None = None) -> Iterator[Check]:
        """Warnings of columns and values that the training rows did not have.

        Columns that an earlier report (``reported``) warns of are not warned of again.
        """
        warned = list(reported.of("warn")) if reported else []
        warned_of = {
            kind: {name for check in warned if check.check in earlier for name in check.columns}
            for kind, earlier in _REPORTED_BY.items()
        }
        if extra := [name for name in self.extra if name not in warned_of["extra_columns"]]:
            message = f"columns that the model does not know are ignored: {listed(extra)}"
            yield _warning("extra_columns", message, extra)
        if empty := [name for name in self.empty if name not in self.filled | warned_of["empty_columns"]]:
            yield _warning("empty_columns", f"empty columns: {listed(empty)}", empty)
        for name, unseen in self.unseen.items():
            if unseen and name not in warned_of["unseen_categories"]:
                message = (
                    f"the column {name!r} has values that the model has not seen: {listed(sorted(unseen))}"
                )
                yield _warning("unseen_categories", message, [name])


class SchemaDriftCheck:
    """Finds columns and values that ``model`` can predict although its training rows had none of them."""

    def __init__(self, model: FittedModel, problem: Problem) -> None:
        self._used = model.columns
        self._columns = {*model.columns, *model.left_out, *problem.not_features}
        self._categories = model.categories
        self.observed = ObservedColumns()

    def look(self, frame: Frame) -> None:
        """Look at the rows of ``frame``, all or some more of them."""
        rows, observed = wrap(frame), self.observed
        observed.extra |= dict.fromkeys(name for name in rows.columns if name not in self._columns)
        for name in self._used:
            if name in rows.columns and name not in observed.filled:
                if kind_of(rows.get_column(name)) == "empty":
                    observed.empty[name] = None
                else:
                    observed.filled.add(name)
        for name, seen in self._categories.items():
            if name in observed.filled and name in rows.columns:
                values = to_strings(rows.get_column(name).unique()).dropna()
                observed.add_unseen(name, set(values).difference(seen))


def _warning(check: str, message: str, columns: list[str]) -> Check:
    return Check(check=check, status="warn", message=message, columns=tuple(columns))
