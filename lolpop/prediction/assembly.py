"""Predictions and explanations as frames.

A frame of predictions has the columns that identify rows, ``prediction``, and ``probability_<class>`` of
each class, or the bounds ``lower`` and ``upper``. One of explanations has ``output`` and
``attribution_<column>`` beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lolpop.components.model_trainer.predicted import (
    LABEL,
    LOWER,
    UPPER,
    label_values,
    probability_values,
)
from lolpop.data.frames import Frame, wrap

if TYPE_CHECKING:
    import narwhals as nw

    from lolpop.components.model_explainer import Attributions
    from lolpop.components.model_trainer import Predictions

__all__ = ["explanation_clashes", "explanations_frame", "predictions_frame"]

_OUTPUT, _ATTRIBUTION = "output", "attribution_"


def predictions_frame(predictions: Predictions, frame: Frame, passthrough: Sequence[str]) -> Frame:
    """Predictions of the n rows of ``frame`` as a frame of its kind, with its columns ``passthrough``."""
    bounds = {LOWER: predictions.lower, UPPER: predictions.upper}
    numbers = {name: bound for name, bound in bounds.items() if bound is not None}
    rows = wrap(frame)
    columns = [_labels(predictions, rows), *_columns(probability_values(predictions) | numbers, rows)]
    return _beside_passthrough(rows, passthrough, columns)


def explanation_clashes(passthrough: Sequence[str]) -> list[str]:
    """The columns of ``passthrough`` with a name of a column of explanations."""
    return [name for name in passthrough if name == _OUTPUT or name.startswith(_ATTRIBUTION)]


def explanations_frame(attributions: Attributions, frame: Frame, passthrough: Sequence[str]) -> Frame:
    """Attributions of the n rows of ``frame`` as a frame of its kind, with its columns ``passthrough``."""
    names = [f"{_ATTRIBUTION}{name}" for name in attributions.columns]
    values = dict(zip(names, attributions.values.T, strict=True))
    rows = wrap(frame)
    columns = _columns({_OUTPUT: attributions.outputs, **values}, rows)
    return _beside_passthrough(rows, passthrough, columns)


def _labels(predictions: Predictions, rows: nw.DataFrame[Any]) -> nw.Series[Any]:
    """The column of the n labels."""
    import narwhals as nw

    classes, codes = predictions.classes, predictions.codes
    if codes is None or not len(codes) or not all(isinstance(label, str) for label in classes):
        [column] = _columns({LABEL: label_values(predictions)}, rows)
        return column
    # Each class becomes a string of the library once, and not with every row.
    [names] = _columns({LABEL: [str(label) for label in classes]}, rows)
    return nw.maybe_reset_index(names[codes])


def _columns(values: Mapping[str, Any], rows: nw.DataFrame[Any]) -> list[nw.Series[Any]]:
    """Columns of the library of ``rows``."""
    import narwhals as nw

    return [nw.new_series(name, column, backend=rows.implementation) for name, column in values.items()]


def _beside_passthrough(
    rows: nw.DataFrame[Any], passthrough: Sequence[str], columns: list[nw.Series[Any]]
) -> Frame:
    """A frame of the columns ``passthrough`` of n ``rows``, and ``columns`` of n values."""
    # Starting from no column keeps nothing but the rows of a frame without index.
    passthrough_columns = rows.select(passthrough) if passthrough else columns.pop(0).to_frame()
    built: Frame = passthrough_columns.with_columns(*columns).to_native()
    return built
