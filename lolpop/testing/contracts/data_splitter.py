"""The contract of data splitters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.components.data_splitter import BacktestSplitter, DataSplitter, Splits
from lolpop.data.frames import wrap
from lolpop.errors import DataError
from lolpop.problem import ForecastingProblem, Problem, ProblemType
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, rows_of, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["DataSplitterContract"]

Make: TypeAlias = Callable[[Problem, int], DataSplitter]


class DataSplitterContract(ComponentContract):
    """The checks that every data splitter must pass.

    Fixtures: ``make(problem, seed)`` makes a splitter. A splitter for time series sets
    ``problem_types``.
    """

    interface: ClassVar[type[Any]] = DataSplitter
    made_with: ClassVar[tuple[str, ...]] = ("problem", "seed")
    problem_types: ClassVar[tuple[ProblemType, ...]] = ("classification", "regression")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A splitter for the first problem type."""
        return make(sample(self.problem_types[0]).problem, 0)

    def test_parts_are_disjoint(self, make: Make) -> None:
        """Every row is in at most one part, unchanged, with all its columns, in every kind of frame."""
        for kind in self.problem_types:
            rows = sample(kind)
            everything = rows_of(rows.frame)
            for frame_kind, convert in frame_kinds():
                splits = make(rows.problem, 0).split(convert(rows.frame))
                for part in _parts(splits):
                    columns = wrap(part).columns
                    require(columns == list(rows.frame.columns), "all columns, the target included", columns)
                    require(len(wrap(part)) > 0, f"rows in every part ({frame_kind})", "none")
                taken = [row for part in _parts(splits) for row in rows_of(part)]
                require(len(set(taken)) == len(taken), "parts that share no row", "some shared")
                require(set(taken) <= set(everything), "rows of the frame only", "others")

    def test_is_repeatable(self, make: Make) -> None:
        """The same seed and rows give the same parts, from the same splitter and from an equal one."""
        for kind in self.problem_types:
            rows = sample(kind)
            for seed in (3, 2**40 + 1, -1):
                splitter = make(rows.problem, seed)
                first = _rows(splitter.split(rows.frame))
                splitter.split(sample(kind, seed=1).frame)
                for again in (splitter, make(rows.problem, seed)):
                    require(_rows(again.split(rows.frame)) == first, f"the same parts, seed {seed}", "others")

    def test_leaves_the_frame_as_it_is(self, make: Make) -> None:
        """Splitting does not change the frame."""
        for kind in self.problem_types:
            rows = sample(kind)
            frame = rows.frame.copy()
            make(rows.problem, 0).split(frame)
            require(frame.equals(rows.frame), "the rows as they were", "others")

    def test_too_few_rows_are_a_data_error(self, make: Make) -> None:
        """Fewer than two rows raise a DataError."""
        for kind in self.problem_types:
            rows = sample(kind)
            for few in (rows.frame[:0], rows.frame[:1]):
                raised(DataError, lambda: make(rows.problem, 0).split(few))  # noqa: B023  (called at once)

    def test_needs_the_target(self, make: Make) -> None:
        """A frame without the target raises a DataError that names the target."""
        for kind in self.problem_types:
            rows = sample(kind)
            error = raised(DataError, lambda: make(rows.problem, 0).split(rows.features))  # noqa: B023  (called at once)
            require(rows.problem.target in str(error), f"{rows.problem.target!r} named", error)

    def test_backtests_end_with_the_split(self, make: Make) -> None:
        """The last backtest split is that of ``split``. Each split trains on earlier rows only."""
        for kind in self.problem_types:
            rows = sample(kind)
            splitter = make(rows.problem, 0)
            if not isinstance(splitter, BacktestSplitter):
                continue
            backtest = splitter.backtest(rows.frame)
            last = _rows(splitter.split(rows.frame))
            require(_rows(backtest[-1]) == last, "the split itself as the last one", "another")
            if not isinstance(rows.problem, ForecastingProblem):
                continue
            time = rows.problem.time
            for splits in backtest:
                last, first = (
                    wrap(splits.train)[time].max(),
                    wrap(splits.test)[time].min(),
                )
                require(
                    last < first,
                    f"nothing learned after {first}",
                    last,
                )


def _parts(splits: Splits) -> list[Any]:
    return [part for part in (splits.train, splits.validation, splits.test) if part is not None]


def _rows(splits: Splits) -> list[Any]:
    return [rows_of(part) for part in _parts(splits)]
