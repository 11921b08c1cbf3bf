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

    Parameters
    ----------
    interface
        The class that every implementation inherits.
    default
        The implementation where no source names one with ``use``: a registered short name,
        ``package.module:Class``, or a class.
    settings
        Settings that hold where no source says otherwise.
    scoped
        Whether it is built once for each scope of the container.
    injections
        Providers by the name of the constructor parameter, for names that differ from those of the slots.
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
