"""The widths of intervals of forecasts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lolpop.data.frames import Floats

__all__ = ["conformal_widths", "extended"]

# The number of residuals of a step and its neighbours that make an interval.
_FEWEST_RESIDUALS = 30


def conformal_widths(errors: Floats, interval: float) -> tuple[float, ...]:
    """Conformal widths by step, of absolute errors (origins, steps), NaN where the truth is not known."""
    import numpy as np

    steps = errors.shape[1]
    widths: list[float] = []
    for step in range(steps):
        reach = 0
        while True:
            near = errors[:, max(0, step - reach) : step + reach + 1]
            sorted_errors = np.sort(near[~np.isnan(near)])
            if len(sorted_errors) >= _FEWEST_RESIDUALS or reach >= steps:
                break
            reach += 1
        rank = math.ceil((len(sorted_errors) + 1) * interval)
        width = float(sorted_errors[min(rank, len(sorted_errors)) - 1]) if len(sorted_errors) else math.inf
        widths.append(max([width, *widths[-1:]]))
    return tuple(widths)


def extended(widths: Sequence[float], steps: int) -> Floats:
    """Widths of ``steps``: those beyond the known ones grow as a random walk's do."""
    import numpy as np

    further = np.sqrt(np.arange(len(widths) + 1, max(steps, len(widths)) + 1) / len(widths)) * widths[-1]
    return np.concatenate([np.array(widths), further])[:steps]
