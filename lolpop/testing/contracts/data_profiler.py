"""The contract of data profilers."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias, cast

from lolpop.components.data_profiler import DataProfiler, Profile
from lolpop.errors import DataError
from lolpop.problem import Problem
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["DataProfilerContract"]

Make: TypeAlias = Callable[[Problem, int], DataProfiler]


class DataProfilerContract(ComponentContract):
    """The checks that every data profiler must pass.

    Fixtures: ``make(problem, seed)`` makes a profiler.
    """

    interface: ClassVar[type[Any]] = DataProfiler
    made_with: ClassVar[tuple[str, ...]] = ("problem", "seed")

    def instance(self, make: Callable[..., Any]) -> Any:
        """A profiler for a classification."""
        return make(sample().problem, 0)

    def test_describes_every_column(self, make: Make) -> None:
        """Each column has a profile with exact counts, minimum, maximum and mean, in every kind of frame."""
        frame = sample().frame.assign(number=lambda rows: rows["number"].where(rows["number"] > -1))
        for kind, convert in frame_kinds():
            profile = self.instance(make).profile(convert(frame))
            require(profile.rows == len(frame), f"{len(frame)} rows of {kind}", profile.rows)
            names = [column.name for column in profile.columns]
            require(names == list(frame.columns), f"the columns {list(frame.columns)}", names)
            number = profile.by_name["number"]
            missing = int(frame["number"].isna().sum())
            require(number.missing == missing, f"{missing} missing values", number.missing)
            require(number.numbers is not None, "statistics of a column of numbers", None)
            expected = (frame["number"].min(), frame["number"].max(), frame["number"].mean())
            actual = (number.numbers.min, number.numbers.max, number.numbers.mean)
            close = all(abs(one - other) < 1e-9 for one, other in zip(expected, actual, strict=True))
            require(close, f"least, greatest and mean {expected}", actual)

    def test_describes_batches_as_their_rows(self, make: Make) -> None:
        """The profile of batches has the counts, the range and the mean of all their rows."""
        frame, profiler = sample().frame, self.instance(make)
        whole, parts = profiler.profile(frame), profiler.profile_batches([frame[:50], frame[50:]])
        require(parts.rows == whole.rows, f"{whole.rows} rows", parts.rows)
        one, other = whole.by_name["number"].numbers, parts.by_name["number"].numbers
        same = (one.min, one.max, round(one.mean, 9)) == (other.min, other.max, round(other.mean, 9))
        require(same, f"the range and mean {one.min, one.max, one.mean}", (other.min, other.max, other.mean))

    def test_sketches_of_parts_are_one(self, make: Make) -> None:
        """Sketches that other processes made of parts, merged, have the profile of one, and are compared."""
        frame = sample(rows=400).frame
        parts = [frame[:150], frame[150:400]]
        whole = self.instance(make).sketch(parts, rows=400)
        merged = self.instance(make).sketch(rows=400)
        for first_row, part in zip((0, 150), parts, strict=True):
            sketch = self.instance(make).sketch([part], first_row=first_row, rows=400)
            merged.merge(pickle.loads(pickle.dumps(sketch)))  # noqa: S301  (made here)
        require(len(merged) == len(frame), f"{len(frame)} rows", len(merged))
        require(merged.profile() == whole.profile(), "the profile of all parts at once", "another")
        report = self.instance(make).compare(merged, sample(rows=400, seed=1).frame)
        require(report.status == "ok", "no drift between rows of one source", report.status)
        less = merged.without({"noise", "nothing"}).profile()
        require("noise" not in less.by_name, "no column that is left out", list(less.by_name))

    def test_batches_have_the_same_columns(self, make: Make) -> None:
        """A batch whose columns differ from the first raises a DataError."""
        frame = sample().frame
        raised(
            DataError,
            lambda: self.instance(make).profile_batches([frame[:50], frame[50:].drop(columns="noise")]),
        )

    def test_finds_drift_where_there_is_some(self, make: Make) -> None:
        """Only the column that drifted is reported. Rows of the same distribution have no drift."""
        reference = sample(rows=400).frame
        moved = sample(rows=400, seed=1).frame.assign(noise=lambda rows: rows["noise"] + 5)
        profiler = self.instance(make)
        report = profiler.compare(moved, reference)
        drifted = [column.column for column in report.columns if column.status != "ok"]
        require(drifted == ["noise"], "drift of the column noise", drifted)
        report = profiler.compare(sample(rows=400, seed=1).frame, reference)
        require(report.status == "ok", "no drift between rows of one source", report.status)

    def test_compares_with_a_stored_profile(self, make: Make) -> None:
        """A profile that was written to JSON and read again gives the same comparison."""
        frame, profiler = sample().frame, self.instance(make)
        profile = profiler.profile(frame)
        stored = Profile.model_validate_json(profile.model_dump_json())
        require(stored == profile, "the same profile from its JSON", "another")
        other = sample(seed=1).frame
        require(
            profiler.compare(other, stored) == profiler.compare(other, profile), "the same report", "another"
        )

    def test_says_what_it_says_again(self, make: Make) -> None:
        """The same rows and seed give the same profile. The rows are not changed."""
        frame, profiler = sample().frame, self.instance(make)
        first = profiler.profile(frame)
        profiler.profile(sample(seed=1).frame)
        require(profiler.profile(frame) == first, "the same profile again", "another")
        require(self.instance(make).profile(frame) == first, "the same profile of another", "another")
        require(frame.equals(sample().frame), "the rows as they were", "others")

    def test_describes_no_rows(self, make: Make) -> None:
        """A frame without rows has an empty profile, or raises a DataError."""
        try:
            profile = self.instance(make).profile(sample().frame[:0])
        except DataError:
            return
        require(profile.rows == 0, "a profile of 0 rows", profile.rows)

    def test_refuses_what_is_no_frame(self, make: Make) -> None:
        """Anything but a dataframe raises a DataError."""
        raised(DataError, lambda: self.instance(make).profile(cast("Any", [[1, 2]])))
