"""Explanations as a frame: the index column, ``output``, and ``attribution_<column>`` for each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lolpop.frames import wrap

if TYPE_CHECKING:
    from lolpop.components.model_explainer import Attributions
    from lolpop.frames import Frame

__all__ = ["explanations_frame"]


def explanations_frame(attributions: Attributions, frame: Frame, index: str | None) -> Frame:
    """Attributions of the n rows of ``frame`` as a frame of its kind, with its column ``index`` if given."""
    import narwhals as nw

    rows = wrap(frame)
    names = [f"attribution_{name}" for name in attributions.columns]
    values = {"output": attributions.outputs, **dict(zip(names, attributions.values.T, strict=True))}
    columns = [nw.new_series(name, each, backend=rows.implementation) for name, each in values.items()]
    # Starting from no column keeps nothing but the rows of a frame without index.
    kept = rows.select(index) if index else columns.pop(0).to_frame()
    built: Frame = kept.with_columns(*columns).to_native()
    return built
