"""Names that code takes from elsewhere."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Reference"]


class Reference(NamedTuple):
    """A name that code takes from its module, or from another one by an import of its own."""

    name: str
    """The global name; empty for an import."""
    attributes: tuple[str, ...] = ()
    """The attributes that are read of it directly: ``("linalg", "norm")`` of ``np.linalg.norm``."""
    module: str = ""
    """The module that an import names, as it is written."""
    level: int = 0
    """The dots of a relative import."""
