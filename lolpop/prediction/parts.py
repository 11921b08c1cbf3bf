"""Rows that are predicted part by part, by several workers, as one job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lolpop.prediction.identity import index_values
from lolpop.prediction.schema_drift import ObservedColumns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.checks import Check, CheckReport
    from lolpop.components.data_profiler import Sketch
    from lolpop.data.batches import BatchRange
    from lolpop.data.frames import Frame
    from lolpop.data.sources import Source
    from lolpop.prediction.usability import PredictionCheck
    from lolpop.problem import Problem
    from lolpop.resources import DatasetVersion, ModelVersion

__all__ = ["MergedParts", "PredictedPart", "RowsPart", "parts_of"]


@dataclass(frozen=True, slots=True)
class RowsPart:
    """Batches of a dataset version, and what is made of them.

    ``targets`` is where the predictions of each batch are written, if there are files for them. ``describe``
    says whether the predictions are described.
    """

    dataset_version: DatasetVersion
    model_version: ModelVersion
    batches: BatchRange
    targets: tuple[Source, ...] = ()
    describe: bool = False


@dataclass(frozen=True, slots=True)
class PredictedPart:
    """The predictions of each batch of a part, as bytes, and what was seen of its rows."""

    predictions: tuple[bytes, ...]
    hashes: NDArray[np.uint64] | None
    """Those of the index, sorted, if there is one."""
    observed: ObservedColumns
    usable: PredictionCheck
    sketch: Sketch | None = None
    """What is in the predictions, if they are described."""


class MergedParts:
    """Puts the predictions of parts together, as one process would have made them; no model is needed.

    Parameters
    ----------
    problem
        The problem, which names the index.
    usable
        What was seen of the predictions of parts is added to it.
    reported
        An earlier report on the same rows: columns that it warns of are not warned of again.
    sketch
        What is in the predictions of parts is added to it, if they are described.
    """

    def __init__(
        self,
        problem: Problem,
        usable: PredictionCheck,
        reported: CheckReport | None = None,
        sketch: Sketch | None = None,
    ) -> None:
        self._index = problem.index
        self._usable = usable
        self._reported = reported
        self._sketch = sketch
        self._observed = ObservedColumns()

    def predictions(
        self, parts: Iterable[PredictedPart], load: Callable[[], Iterable[Frame]]
    ) -> Iterator[Frame]:
        """Predictions of each batch of ``parts``, which are all rows that ``load`` gives.

        Raises DataError once all parts are read if values of the index are double.
        """
        from lolpop.data.tables import from_bytes

        with index_values(self._index) as values:
            for part in parts:
                if values is not None and part.hashes is not None:
                    values.add_hashes(part.hashes)
                self._observed.merge(part.observed)
                self._usable.merge(part.usable)
                if self._sketch is not None and part.sketch is not None:
                    self._sketch.merge(part.sketch)
                yield from map(from_bytes, part.predictions)
            if values is not None:
                values.check(load())

    def warnings(self) -> Iterator[Check]:
        """Warnings of columns unlike those of the training, in all rows that were predicted so far."""
        yield from self._observed.warnings(self._reported)


def parts_of(
    dataset_version: DatasetVersion,
    model_version: ModelVersion,
    ranges: Iterable[BatchRange],
    target: Callable[[int], Source] | None = None,
    *,
    describe: bool = False,
) -> list[RowsPart]:
    """A part of ``dataset_version`` for each of ``ranges``.

    ``target`` gives the file that the predictions of a batch are written to, by its number.
    """
    return [
        RowsPart(
            dataset_version,
            model_version,
            batches,
            () if target is None else tuple(map(target, range(batches.start, batches.stop))),
            describe,
        )
        for batches in ranges
    ]
