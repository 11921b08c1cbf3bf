"""Explanations as a frame: what tells rows apart, ``output``, and ``attribution_<column>`` for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lolpop.pipelines._carried import beside_carried

if TYPE_CHECKING:
    from lolpop.components.model_explainer import Attributions
    from lolpop.data.frames import Frame


_OUTPUT, _ATTRIBUTION = "output", "attribution_"


def clashing(carried: Sequence[str]) -> list[str]:
    """Those of the columns ``carried`` that are called as columns of explanations are."""
    return [name for name in carried if name == _OUTPUT or name.startswith(_ATTRIBUTION)]


def explanations_frame(attributions: Attributions, frame: Frame, carried: Sequence[str]) -> Frame:
    """Attributions of the n rows of ``frame`` as a frame of its kind, with its columns ``carried``."""
    names = [f"{_ATTRIBUTION}{name}" for name in attributions.columns]
    values = dict(zip(names, attributions.values.T, strict=True))
    return beside_carried(frame, carried, {_OUTPUT: attributions.outputs, **values})
