"""Checks of the column that identifies rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from lolpop.components.data_checker._outcomes import outcome
from lolpop.components.data_checker._repeats import comparable
from lolpop.data.frames import count, kind_of

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.checks import Check


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """The index of some rows: how many miss it, how many share it with others, and a value of those.

    Rows of different batches are not compared here: the prediction itself does, for all of them.
    """

    name: str
    missing: int
    shared: int
    example: Any = None
    batches: int = 1

    @classmethod
    def of(cls, values: nw.Series[Any]) -> Self:
        """The facts about the column ``values``."""
        missing = values.null_count()
        shared = comparable(values, kind_of(values)).is_duplicated() & ~values.is_null()
        number = int(shared.sum())
        example = values.filter(shared).head(1).to_list()[0] if number else None
        return cls(values.name, missing, number, example)

    def followed_by(self, later: Self) -> Self:
        """The facts about these rows and those after them."""
        return type(self)(
            self.name,
            self.missing + later.missing,
            self.shared + later.shared,
            self.example if self.shared else later.example,
            self.batches + later.batches,
        )

    def checks(self) -> Iterator[Check]:
        """Whether every row has an index of its own."""
        columns = [self.name]
        if self.missing:
            message = f"the index {self.name!r} has missing values in {count(self.missing, 'row')}"
            yield outcome("missing_index", "warn", message, columns)
        else:
            yield outcome("missing_index", "ok", "every row has an index", columns)
        if self.shared:
            shared = f"{count(self.shared, 'row')} share an index value of {self.name!r}"
            yield outcome("duplicate_index", "warn", f"{shared}, such as {self.example!r}", columns)
        elif self.batches == 1:
            yield outcome("duplicate_index", "ok", "the index is unique", columns)
