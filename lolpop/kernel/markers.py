"""Markers in functions of wired modules that name a provider, such as ``Provide["greet.greeter"]``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin

from lolpop._names import one_of
from lolpop.errors import Finding
from lolpop.kernel.lazy_wiring import wiring

__all__ = ["marker_findings"]

_MARKERS: Any = (wiring.Provide, wiring.Provider, wiring.Closing)
_CLOSING: Any = wiring.Closing


def marker_findings(container: Any, path: tuple[str, ...]) -> Iterator[Finding]:
    """Text markers, in modules that a container is wired to, that name no provider of it.

    A marker that refers to a provider object of another container is left to that container.
    """
    for module in _modules(container):
        for place, marker in _markers(module):
            while isinstance(marker, _CLOSING):
                marker = marker.provider
            text = getattr(marker, "provider", None)
            if isinstance(text, str) and text != "<container>" and not _leads_somewhere(container, text):
                head = text.partition(".")[0]
                hint = one_of(head, container.providers, what="Providers")
                message = f"{place} names {text!r}, but there is no such provider"
                yield Finding(".".join(path), message, hint=hint)


def _leads_somewhere(container: Any, text: str) -> bool:
    try:
        for step in text.split("."):
            container = getattr(container, step)
    except AttributeError:
        return False
    return True


def _modules(container: Any) -> list[ModuleType]:
    modules: dict[str, ModuleType] = {module.__name__: module for module in container.wired_to_modules}
    for package in container.wired_to_packages:
        within = f"{package.__name__}."
        modules |= {
            name: module
            for name, module in list(sys.modules.items())
            if (name == package.__name__ or name.startswith(within)) and isinstance(module, ModuleType)
        }
    return list(modules.values())


def _markers(owner: ModuleType | type) -> Iterator[tuple[str, Any]]:
    """The markers of the functions, classes and attributes of a module or class, with their places."""
    name = owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__qualname__}"
    for key, value in list(vars(owner).items()):
        member = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(member, _MARKERS):
            yield f"{name}.{key}", member
        elif inspect.isfunction(member):
            for parameter in inspect.signature(member).parameters.values():
                candidates: tuple[Any, ...] = (parameter.default,)
                if get_origin(parameter.annotation) is Annotated:
                    candidates = (*get_args(parameter.annotation)[1:], parameter.default)
                for candidate in candidates:
                    if isinstance(candidate, _MARKERS):
                        yield f"{name}.{key}({parameter.name})", candidate
        elif inspect.isclass(member) and isinstance(owner, ModuleType) and member.__module__ == name:
            yield from _markers(member)
