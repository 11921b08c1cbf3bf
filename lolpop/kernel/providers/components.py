"""One component."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dependency_injector import providers as di

from lolpop.kernel.providers.integration_slots import IntegrationSlot

__all__ = ["Component"]

T = TypeVar("T")


class Component(IntegrationSlot[T]):
    """One shared component, built at first use.

    ``default``, and ``use`` in the settings, take a registered short name, ``package.module:Class``, or a
    class. ``settings`` are what it is set to where no source says otherwise. A keyword names the provider
    to be injected where the names differ. One that is ``scoped`` is built once for each scope of the
    container.
    """

    takes_section = True

    def __init__(
        self,
        interface: Callable[..., T],
        /,
        *,
        default: str | Callable[..., T] | None = None,
        settings: Mapping[str, Any] | None = None,
        scoped: bool = False,
        **injections: di.Provider[Any],
    ) -> None:
        super().__init__(interface, default, settings, injections, scoped=scoped)
