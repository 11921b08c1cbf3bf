"""The providers that containers are declared with."""

from typing import TYPE_CHECKING

from lolpop.kernel.providers import (
    Callable,
    Component,
    Components,
    Factory,
    Folder,
    Lazy,
    Mapping,
    Object,
    Pipeline,
    Places,
    Runner,
    Settings,
    Wrap,
    nested,
)

__all__ = [
    "Callable",
    "Component",
    "Components",
    "Factory",
    "Folder",
    "Lazy",
    "Mapping",
    "Object",
    "Pipeline",
    "Places",
    "Runner",
    "Settings",
    "Wrap",
    "nested",
]

if not TYPE_CHECKING:  # a type checker would take any name for one of these

    def __getattr__(name: str) -> object:
        from lolpop._names import did_you_mean

        near = did_you_mean(name, __all__) or f"It has {', '.join(__all__)}."
        raise AttributeError(f"lolpop.providers has no {name!r}. {near}")
