"""How exactly single series are fitted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["NOTHING", "ROUGHLY"]

ROUGHLY: Mapping[str, float] = MappingProxyType({"factr": 1e9, "pgtol": 1e-4})
"""Where L-BFGS stops if the last digits of parameters do not matter, as to compare models."""

NOTHING = 1e-8
"""What values do not vary by, if their standard deviation is 1."""
