"""How exactly single series are fitted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["COARSE_OPTIMISER", "CONSTANT_TOLERANCE", "NO_WAY_DOWN", "TOO_MANY_ITERATIONS"]

COARSE_OPTIMISER: Mapping[str, float] = MappingProxyType({"factr": 1e9, "pgtol": 1e-4})
"""Where L-BFGS stops if the last digits of parameters do not matter, as to compare models."""

CONSTANT_TOLERANCE = 1e-8
"""What values do not vary by, if their standard deviation is 1."""

TOO_MANY_ITERATIONS = 1
"""What L-BFGS says when it was ended before it came to a minimum."""

NO_WAY_DOWN = 2
"""What L-BFGS says when it sees no lesser value from where it is: the minimum, as far as digits go."""
