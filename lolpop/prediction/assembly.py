"""Predictions and explanations as frames.

A frame of predictions has the columns that identify rows, ``prediction``, and ``probability_<class>`` of
each class, or the bounds ``lower`` and ``upper``. One of explanations has ``output`` and
``attribution_<column>`` beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer.predicted import LOWER, UPPER, predicted_columns
from lolpop.data.frames import Frame, wrap

if TYPE_CHECKING:
    from lolpop.components.model_explainer import Attributions
    from lolpop.components.model_trainer import Predictions

__all__ = ["explanation_clashes", "explanations_frame", "predictions_frame"]

_OUTPUT, _ATTRIBUTION = "output", "attribution_"


def predictions_frame(predictions: Predictions, frame: Frame, passthrough: Sequence[str]) -> Frame:
    """Predictions of the n rows of ``frame`` as a frame of its kind, with its columns ``passthrough``."""
    values = predicted_columns(predictions)
    bounds = {LOWER: predictions.lower, UPPER: predictions.upper}
    values |= {name: bound for name, bound in bounds.items() if bound is not None}
    return _beside_passthrough(frame, passthrough, values)


def explanation_clashes(passthrough: Sequence[str]) -> list[str]:
    """The columns of ``passthrough`` with a name of a column of explanations."""
    return [name for name in passthrough if name == _OUTPUT or name.startswith(_ATTRIBUTION)]


def explanations_frame(attributions: Attributions, frame: Frame, passthrough: Sequence[str]) -> Frame:
    """Attributions of the n rows of ``frame`` as a frame of its kind, with its columns ``passthrough``."""
    names = [f"{_ATTRIBUTION}{name}" for name in attributions.columns]
    values = dict(zip(names, attributions.values.T, strict=True))
    return _beside_passthrough(frame, passthrough, {_OUTPUT: attributions.outputs, **values})


def _beside_passthrough(frame: Frame, passthrough: Sequence[str], values: Mapping[str, Any]) -> Frame:
    """A frame of the kind of ``frame``, of its columns ``passthrough`` and the columns ``values``, n each."""
    import narwhals as nw

    rows = wrap(frame)
    columns = [nw.new_series(name, column, backend=rows.implementation) for name, column in values.items()]
    # Starting from no column keeps nothing but the rows of a frame without index.
    passthrough_columns = rows.select(passthrough) if passthrough else columns.pop(0).to_frame()
    built: Frame = passthrough_columns.with_columns(*columns).to_native()
    return built
