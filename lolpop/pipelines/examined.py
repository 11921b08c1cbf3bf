"""What is in rows that fit nowhere as a whole, part by part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lolpop.components.data_checker import DataChecker, Examination, Expectation
    from lolpop.components.data_profiler import DataProfiler, Sketch
    from lolpop.data.batches import BatchRange
    from lolpop.data.frames import Frame
    from lolpop.resources import DatasetVersion

__all__ = ["ExaminedPart", "ExaminedRows", "examined", "merged"]


@dataclass(frozen=True, slots=True)
class ExaminedPart:
    """Batches that are checked against ``expectation`` if ``check``, and described if ``describe``."""

    dataset_version: DatasetVersion
    batches: BatchRange
    expectation: Expectation | None
    check: bool
    describe: bool


@dataclass(frozen=True, slots=True)
class ExaminedRows:
    """What was seen in rows: a sketch that is compared, and an examination that is reported; None if it was
    not asked for.
    """

    sketch: Sketch | None = None
    examination: Examination | None = None


def examined(
    frames: Iterable[Frame], part: ExaminedPart, profiler: DataProfiler, checker: DataChecker
) -> ExaminedRows:
    """What is in ``frames``, the rows of ``part``; each is looked at once."""
    sketch = (
        profiler.sketch(first_row=part.batches.first_row, rows=part.batches.rows) if part.describe else None
    )
    rows = ExaminedRows(sketch)
    for frame in frames:
        if sketch is not None:
            sketch.add(frame)
        if part.check:
            rows = merged(rows, ExaminedRows(None, checker.examine([frame], part.expectation)))
    return rows


def merged(rows: ExaminedRows, later: ExaminedRows) -> ExaminedRows:
    """What is in these rows and in the ``later`` ones, which is added to what is known of these."""
    if rows.sketch is not None and later.sketch is not None:
        rows.sketch.merge(later.sketch)
    if rows.examination is not None and later.examination is not None:
        rows.examination.merge(later.examination)
    return ExaminedRows(
        later.sketch if rows.sketch is None else rows.sketch,
        later.examination if rows.examination is None else rows.examination,
    )
