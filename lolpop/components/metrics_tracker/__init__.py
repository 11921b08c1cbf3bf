"""Tracking metrics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.resources import Resource

__all__ = ["MetricsTracker"]


class MetricsTracker(Component):
    """Stores the metrics of resources. Methods take a resource or its reference."""

    __slots__ = ()

    @abstractmethod
    def log(self, resource: Resource | str, metrics: Mapping[str, float]) -> None:
        """Record ``metrics`` of ``resource`` by name (``test.accuracy``). Existing values are replaced."""

    @abstractmethod
    def get(self, resource: Resource | str) -> Mapping[str, float]:
        """All metrics of ``resource`` by name; empty if it has none."""
