"""Information criteria, which weigh the fit against the number of parameters."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

__all__ = ["Criterion", "criterion_of"]

Criterion: TypeAlias = Literal["aicc", "aic", "bic"]


def criterion_of(criterion: Criterion, log_likelihood: float, parameters: int, values: int) -> float:
    """The criterion of a model: the least is best; infinite if it is undefined."""
    freedom = values - parameters - 1
    if not math.isfinite(log_likelihood) or freedom <= 0:
        return math.inf
    if criterion == "bic":
        return -2 * log_likelihood + parameters * math.log(values)
    correction = 2 * parameters * (parameters + 1) / freedom if criterion == "aicc" else 0.0
    return -2 * log_likelihood + 2 * parameters + correction
