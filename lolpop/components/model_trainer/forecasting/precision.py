"""The precision of fits of single series."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["COARSE_OPTIMISER", "CONSTANT_TOLERANCE", "NO_WAY_DOWN", "TOO_MANY_ITERATIONS"]

COARSE_OPTIMISER: Mapping[str, float] = MappingProxyType({"factr": 1e9, "pgtol": 1e-4})
"""Where L-BFGS stops if the last digits of parameters do not matter, as to compare models."""

CONSTANT_TOLERANCE = 1e-8
"""Standard deviations below this count as constant (values are standardized)."""

TOO_MANY_ITERATIONS = 1
"""The message of L-BFGS when it stops before a minimum."""

NO_WAY_DOWN = 2
"""The message of L-BFGS when it finds no smaller value: the minimum, up to rounding."""
