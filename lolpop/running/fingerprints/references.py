"""Names that code takes from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reference"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that code takes from its module, or from another one by an import of its own."""

    name: str
    """The global name; empty for an import."""
    attributes: tuple[str, ...] = ()
    """The attributes that are read of it directly: ``("linalg", "norm")`` of ``np.linalg.norm``."""
    module: str = ""
    """The module that an import names, as it is written."""
    level: int = 0
    """The dots of a relative import."""
