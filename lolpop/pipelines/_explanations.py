"""Explanations as a frame: what tells rows apart, ``output``, and ``attribution_<column>`` for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lolpop.pipelines._carried import beside_carried

if TYPE_CHECKING:
    from lolpop.components.model_explainer import Attributions
    from lolpop.data.frames import Frame


def explanations_frame(attributions: Attributions, frame: Frame, carried: Sequence[str]) -> Frame:
    """Attributions of the n rows of ``frame`` as a frame of its kind, with its columns ``carried``."""
    names = [f"attribution_{name}" for name in attributions.columns]
    values = dict(zip(names, attributions.values.T, strict=True))
    return beside_carried(frame, carried, {"output": attributions.outputs, **values})
