"""What containers are declared with: one provider for each kind of thing that they hold."""

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
