"""The runtime: what a container does besides wiring."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from lolpop.running.open_runs import Runs

if TYPE_CHECKING:
    from lolpop.data.places import Place
    from lolpop.integrations import Integration
    from lolpop.kernel.scopes import Scope
    from lolpop.kernel.units import Unit

__all__ = ["ContainerRuntime"]


class ContainerRuntime:
    """Verifies a tree of containers, ties the calls of what it builds to it, and holds its runs."""

    __slots__ = ("inherited", "runs")

    def __init__(self, inherited: Collection[str]) -> None:
        self.inherited = inherited
        self.runs = Runs()

    def verify(self, root: Scope) -> None:
        """Prove a tree of containers. Raises VerificationError if it is wired or set wrongly."""
        from lolpop.kernel.verification import verify

        verify(root)

    def places(self, root: Scope) -> Iterator[Place]:
        """The places that the settings of a tree of containers name."""
        from lolpop.kernel.places import places_of

        return places_of(root)

    def bind(self, integration: Integration, scope: Scope, provider: str, unit: Unit | None) -> None:
        """Bind the calls of a pipeline or runner to the container, and the unit of work, that built it."""
        from lolpop.integrations import bind
        from lolpop.running.calls import CallBinding

        bind(integration, CallBinding(scope, ".".join(scope.path), provider, unit))
