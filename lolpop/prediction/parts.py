"""Rows that are predicted part by part, by several workers, as one job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.data.sources import Source
    from lolpop.prediction.schema_drift import ObservedColumns
    from lolpop.prediction.usability import PredictionCheck
    from lolpop.resources import DatasetVersion, ModelVersion

__all__ = ["PredictedPart", "RowsPart", "parts_of"]


@dataclass(frozen=True, slots=True)
class RowsPart:
    """Some batches of a dataset version: those from number ``start`` on, before number ``stop``.

    ``targets`` is where the predictions of each batch are written, if there are files for them.
    """

    dataset_version: DatasetVersion
    model_version: ModelVersion
    start: int
    stop: int
    targets: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictedPart:
    """The predictions of each batch of a part, as bytes, and what was seen of its rows."""

    predictions: tuple[bytes, ...]
    hashes: NDArray[np.uint64] | None
    """Those of the index, sorted, if there is one."""
    observed: ObservedColumns
    usable: PredictionCheck


def parts_of(
    dataset_version: DatasetVersion,
    model_version: ModelVersion,
    batches: int,
    size: int,
    target: Callable[[int], Source] | None = None,
) -> list[RowsPart]:
    """All ``batches`` of ``dataset_version`` in parts of ``size`` batches; the last one may be smaller.

    ``target`` gives the file that the predictions of a batch are written to, by its number.
    """
    return [
        RowsPart(
            dataset_version,
            model_version,
            numbers.start,
            numbers.stop,
            () if target is None else tuple(map(target, numbers)),
        )
        for numbers in (range(start, min(start + size, batches)) for start in range(0, batches, size))
    ]
