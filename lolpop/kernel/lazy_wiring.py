"""dependency-injector's containers and wiring, without the web frameworks that nothing here uses yet."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import reload
from typing import Any

__all__ = ["containers", "wiring"]

_WIRING = "dependency_injector.wiring"
_FRAMEWORKS = frozenset({"fastapi", "starlette", "werkzeug"})


class _LeftOut:
    """Hides web frameworks from imports of the thread that made it."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Leave ``name`` to other finders. Raises ModuleNotFoundError for a framework."""
        if name.partition(".")[0] in _FRAMEWORKS and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is left out here", name=name)


@contextmanager
def _frameworks_left_out() -> Iterator[None]:
    """Let dependency-injector, imported inside the block, know web frameworks without importing them.

    By itself it imports each that is installed, to recognize a class of it where it wires functions; FastAPI
    takes a fifth of a second. Nothing is of such a class before something else has imported the framework,
    so it is enough to look for the class then.
    """
    if _WIRING in sys.modules:
        yield
        return
    finder = _LeftOut()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
    try:
        wiring.MARKER_EXTRACTORS.append(_fastapi_dependency)
        wiring.INSPECT_EXCLUSION_FILTERS.extend((_is_starlette_request, _is_werkzeug_proxy))
    except AttributeError:  # a version that recognizes them by other means
        reload(wiring)


def _fastapi_dependency(parameter: Any) -> Any:
    """What FastAPI's ``Depends`` holds; None of anything else."""
    depends = _imported_class("fastapi.params", "Depends")
    return parameter.dependency if depends is not None and isinstance(parameter, depends) else None


def _is_starlette_request(value: Any) -> bool:
    request = _imported_class("starlette.requests", "Request")
    return request is not None and isinstance(value, type) and issubclass(value, request)


def _is_werkzeug_proxy(value: Any) -> bool:
    proxy = _imported_class("werkzeug.local", "LocalProxy")
    return proxy is not None and issubclass(type(value), proxy)  # its ``__class__`` is that of its target


def _imported_class(module: str, name: str) -> type[Any] | None:
    return getattr(sys.modules.get(module), name, None)


with _frameworks_left_out():
    from dependency_injector import containers, wiring
