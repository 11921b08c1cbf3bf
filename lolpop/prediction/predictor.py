"""Predicts rows by one model, in one frame or in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from lolpop.components.model_trainer.promises import checked_predictions
from lolpop.data.batches import prefetched
from lolpop.prediction.assembly import predictions_frame
from lolpop.prediction.identity import check_identity, index_hashes, index_values
from lolpop.prediction.parts import PredictedPart
from lolpop.prediction.schema_drift import SchemaDriftCheck
from lolpop.prediction.usability import PredictionCheck

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lolpop.checks import Check, CheckReport
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame
    from lolpop.problem import Problem

__all__ = ["Predictor"]


class Predictor:
    """Predicts rows by ``model``, for one job or request.

    Parameters
    ----------
    model
        What predicts.
    problem
        The problem, which names the columns that identify rows.
    reported
        An earlier report on the same rows: columns that it warns of are not warned of again.
    """

    def __init__(self, model: FittedModel, problem: Problem, reported: CheckReport | None = None) -> None:
        self._model = model
        self._problem = problem
        self._reported = reported
        self._drift = SchemaDriftCheck(model, problem)

    def predict(self, frame: Frame) -> Frame:
        """Predictions of the n rows of ``frame``, a frame of its kind with n rows.

        Raises DataError if a column is missing or of a kind that the model cannot use, or if columns that
        identify rows have missing or repeated values.
        """
        check_identity(frame, self._problem)
        self._drift.look(frame)
        return self._predict(frame)

    def predict_batches(self, load: Callable[[], Iterable[Frame]]) -> Iterator[Frame]:
        """Predictions of each batch that ``load`` gives; it may be called twice.

        Raises DataError as ``predict`` does; values of the index that are double once all batches are read.
        """
        with index_values(self._problem.index) as values:
            look = None if values is None else values.add
            for frame in prefetched(self._looked_at(load(), look)):
                yield self._predict(frame)
            if values is not None:
                values.check(load())

    def predict_part(self, frames: Iterable[Frame], write: Callable[[Frame], None]) -> PredictedPart:
        """Predict ``frames``, a part of all rows, and ``write`` the predictions of each.

        Raises DataError as ``predict`` does, but not for values of the index that are double.
        """
        import numpy as np

        from lolpop.data.tables import to_bytes

        index = self._problem.index
        usable = PredictionCheck(self._problem.passthrough_columns)
        predictions: list[bytes] = []
        hashes: list[NDArray[np.uint64]] = []
        look = None if index is None else lambda frame: hashes.append(index_hashes(frame, index))
        for frame in prefetched(self._looked_at(frames, look)):
            predicted = self._predict(frame)
            usable.look(predicted)
            write(predicted)
            predictions.append(to_bytes(predicted))
        return PredictedPart(
            tuple(predictions),
            np.sort(np.concatenate(hashes)) if hashes else None,
            self._drift.observed,
            usable,
        )

    def warnings(self) -> Iterator[Check]:
        """Warnings of columns unlike those of the training, in all rows that were predicted so far."""
        yield from self._drift.observed.warnings(self._reported)

    def _looked_at(self, frames: Iterable[Frame], look: Callable[[Frame], None] | None) -> Iterator[Frame]:
        """``frames``, of which the thread that reads them looks at the index and the columns."""
        for frame in frames:
            if look is not None:
                look(frame)
            self._drift.look(frame)
            yield frame

    def _predict(self, frame: Frame) -> Frame:
        return predictions_frame(
            checked_predictions(self._model, self._model.predict(frame)),
            frame,
            self._problem.passthrough_columns,
        )
