"""Drift of predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lolpop.components.model_trainer.predicted import predicted_columns

if TYPE_CHECKING:
    from lolpop.components.data_profiler import DataProfiler, DriftReport
    from lolpop.components.model_trainer import FittedModel
    from lolpop.data.frames import Frame
    from lolpop.problem import Problem

__all__ = ["drift_of_predictions"]


def drift_of_predictions(
    model: FittedModel, frame: Frame, reference: Frame, problem: Problem, data_profiler: DataProfiler | None
) -> DriftReport:
    """Compare the predictions of ``model`` for ``frame`` and for ``reference``.

    Labels, or numbers, are the column ``prediction``, and each class has its ``probability_<class>``. They
    are compared by ``data_profiler``, the built-in one with its defaults if there is none.
    """
    import pandas as pd

    from lolpop.components.data_profiler.builtin import BuiltinDataProfiler

    profiler = data_profiler or BuiltinDataProfiler(problem=problem)
    new, reference_predictions = (
        pd.DataFrame(predicted_columns(model.predict(rows))) for rows in (frame, reference)
    )
    return profiler.compare(new, reference_predictions)
