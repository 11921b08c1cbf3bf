"""Profiles and drift by numpy and scipy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PositiveFloat, PositiveInt

from lolpop.checks import Check, Status
from lolpop.components._bounds import errors_before_warnings
from lolpop.components.data_profiler import DataProfiler
from lolpop.components.data_profiler._correlations import correlations
from lolpop.components.data_profiler.drift import ColumnDrift, DriftReport
from lolpop.components.data_profiler.profiles import Profile
from lolpop.components.data_profiler.sketch import Sketch
from lolpop.data.frames import count, wrap
from lolpop.errors import Finding, VerificationError
from lolpop.problem import Problem

if TYPE_CHECKING:
    from lolpop.components.data_profiler._comparison import ComparedColumn, Difference
    from lolpop.data.frames import Frame

__all__ = ["BuiltinDataProfiler"]

Probability = Annotated[float, Field(gt=0, lt=1)]


class BuiltinDataProfiler(DataProfiler):
    """Sorts or counts each column once, and stores a summary that other rows can be compared with.

    A column has drifted if its values differ by more than chance explains, *and* by enough to matter: few
    rows rarely pass the first condition, and very many rows always do. Numbers are compared by a
    Kolmogorov-Smirnov test, other columns by a chi-squared test, with p-values corrected by Benjamini and
    Hochberg; the share of missing values counts too. Dates are not compared, since time moves on, nor is
    text that hardly repeats, nor the columns that ``problem.index`` and ``problem.drop`` name.

    Parameters
    ----------
    significance : float
        Corrected p-value up to which a difference is significant, between 0 and 1.
    warn_psi : float
        Least population stability index of drift that is worth a warning, above 0.
    error_psi : float or None
        Least population stability index of drift that is an error; None for never.
    sample_rows : int
        Size of the sample of batches from which quartiles and bins are estimated.
    """

    def __init__(
        self,
        significance: Probability = 0.001,
        warn_psi: PositiveFloat = 0.1,
        error_psi: PositiveFloat | None = None,
        sample_rows: PositiveInt = 100_000,
        *,
        problem: Problem,
        seed: int = 0,
    ) -> None:
        if not 0 < significance < 1:
            raise ValueError(f"significance must be between 0 and 1, but got {significance}.")
        for name, psi in (("warn_psi", warn_psi), ("error_psi", error_psi)):
            if psi is not None and psi <= 0:
                raise ValueError(f"{name} must be above 0, but got {psi}.")
        if sample_rows < 1:
            raise ValueError(f"sample_rows must be at least 1, but got {sample_rows}.")
        if findings := list(self.check_settings({"warn_psi": warn_psi, "error_psi": error_psi})):
            raise VerificationError(findings)
        self._significance = significance
        self._warn_psi = warn_psi
        self._error_psi = error_psi
        self._sample_rows = sample_rows
        self._problem = problem
        self._seed = seed

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Check that the threshold of errors is not below that of warnings."""
        return errors_before_warnings(
            ("warn_psi", settings["warn_psi"]), ("error_psi", settings["error_psi"]), "drift"
        )

    def profile(self, frame: Frame) -> Profile:
        """The profile of ``frame``. Raises DataError if it is not a dataframe."""
        from lolpop.components.data_profiler._summaries import summarize

        rows = wrap(frame)
        columns = tuple(summarize(rows.get_column(name)) for name in rows.columns)
        numbers = [column.name for column in columns if column.numbers is not None]
        return Profile(rows=len(rows), columns=columns, correlations=correlations(rows, numbers))

    def sketch(self, frames: Iterable[Frame] = (), *, first_row: int = 0, rows: int | None = None) -> Sketch:
        """A sketch of all ``frames`` together, in bounded memory, which those of other parts can be added to.

        Counts, least, greatest, mean and standard deviation are exact. With more than ``sample_rows`` rows,
        the quartiles, bins and frequent ones of numbers are those of as many rows, drawn by the seed. Of more
        than 4,096 values, the number is estimated, and of more than 10,000 texts, the least frequent are
        forgotten. Of the parts of ``rows`` rows, each holds its share of the sample only.
        """
        from lolpop.components.data_profiler._batches_sketch import BatchesSketch

        seed = self._seed % 2**32
        sketch = BatchesSketch(self._sample_rows, seed, first_row, rows, self._problem.dates)
        for frame in frames:
            sketch.add(frame)
        return sketch

    def compare(self, rows: Frame | Sketch, reference: Frame | Profile) -> DriftReport:
        """How far each column of ``rows`` is from ``reference``, in columns that both have.

        Raises DataError if ``rows`` is no dataframe, and TypeError if it is the sketch of another profiler.
        """
        profile = reference if isinstance(reference, Profile) else self.profile(reference)
        differences = self._differences(self._columns(rows, profile), profile)
        columns = tuple(
            self._column_drift(difference, p_value)
            for difference, p_value in zip(differences, _corrected(differences), strict=True)
        )
        return DriftReport(checks=(_check(columns, profile.rows),), columns=columns)

    def _columns(self, rows: Frame | Sketch, profile: Profile) -> Mapping[str, ComparedColumn]:
        """The columns of ``rows`` that are compared with ``profile``."""
        from lolpop.components.data_profiler._batches_sketch import BatchesSketch
        from lolpop.components.data_profiler._comparison import SeriesColumn

        ignored = {*self._problem.passthrough_columns, *self._problem.drop}
        compared = profile.by_name.keys() - ignored
        if isinstance(rows, BatchesSketch):
            return {name: column for name, column in rows.columns.items() if name in compared}
        if isinstance(rows, Sketch):
            raise TypeError(
                f"A sketch of {type(self).__name__} is expected, but got a {type(rows).__name__}."
            )
        frame = wrap(rows)
        return {
            name: SeriesColumn(frame.get_column(name), self._problem.dates.get(name))
            for name in frame.columns
            if name in compared
        }

    def _differences(self, columns: Mapping[str, ComparedColumn], profile: Profile) -> list[Difference]:
        from lolpop.components.data_profiler._comparison import difference

        references = profile.by_name
        differences = (difference(references[name], column, profile.rows) for name, column in columns.items())
        return [difference for difference in differences if difference is not None]

    def _column_drift(self, difference: Difference, p_value: float) -> ColumnDrift:
        status: Status = "ok"
        if p_value <= self._significance:
            if self._error_psi is not None and difference.psi >= self._error_psi:
                status = "error"
            elif difference.psi >= self._warn_psi:
                status = "warn"
        return ColumnDrift(
            column=difference.column,
            test=difference.test,
            statistic=difference.statistic,
            p_value=p_value,
            psi=difference.psi,
            jensen_shannon=difference.jensen_shannon,
            status=status,
            change=difference.change,
        )


def _corrected(differences: Sequence[Difference]) -> list[float]:
    if not differences:
        return []
    from scipy.stats import false_discovery_control

    corrected: list[float] = false_discovery_control(
        [difference.p_value for difference in differences]
    ).tolist()
    return corrected


def _check(columns: Sequence[ColumnDrift], reference_rows: int) -> Check:
    drifted = sorted((column for column in columns if column.status != "ok"), key=lambda column: -column.psi)
    if not drifted:
        reference = f"the {count(reference_rows, 'row')} of the reference"
        message = f"{count(len(columns), 'column')} without drift from {reference}"
        return Check(check="drift", status="ok", message=message)
    shown = [f"{column.column!r} ({column.change}; PSI {column.psi:.2g})" for column in drifted[:5]]
    more = f" and {len(drifted) - 5} more" if len(drifted) > 5 else ""
    return Check(
        check="drift",
        status="error" if any(column.status == "error" for column in drifted) else "warn",
        message=f"{count(len(drifted), 'column')} drifted from the reference: {', '.join(shown)}{more}. "
        "The model may not fit these rows.",
        columns=tuple(column.column for column in drifted),
    )
