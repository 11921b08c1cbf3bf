"""What runs in the workers of Dask."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from lolpop.components.executor._payloads import unpacked
from lolpop.errors import WiringError

if TYPE_CHECKING:
    from lolpop.kernel.specs import Worker


@dataclass(frozen=True, slots=True)
class Payload:
    """What is called for each item, and what a worker has to have in common with who asks for it.

    ``code`` has a digest of each file that declares what is called, by its module.
    """

    pickled: bytes
    folder: str
    python: tuple[int, int]
    lolpop: str
    code: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pickled: bytes, modules: list[str]) -> Payload:
        """The payload of this process."""
        code = tuple((module, _digest(module)) for module in modules)
        return cls(pickled, str(Path.cwd()), sys.version_info[:2], version("lolpop"), code)

    def check(self) -> None:
        """Raise WiringError if this process, a worker, differs from the one that sent the payload."""
        hint = "Let workers run in the same environment, with the same code."
        here = version("lolpop")
        if here != self.lolpop:
            raise WiringError(f"a worker has lolpop {here}, but {self.lolpop} asks it for work", hint)
        if sys.version_info[:2] != self.python:
            names = (".".join(map(str, numbers)) for numbers in (sys.version_info[:2], self.python))
            raise WiringError("a worker has Python {}, but {} asks it for work".format(*names), hint)
        if not Path(self.folder).is_dir():
            raise WiringError(
                f"a worker cannot reach the folder of the project, {self.folder}",
                "Mount it where workers run, and let settings name a store of a server.",
            )
        for module, digest in self.code:
            if _digest(module) != digest:
                raise WiringError(f"a worker has another version of the module {module!r}", hint)


# Of a worker: what it has unpickled last, with the container behind that.
_lock = Lock()
_current: tuple[Payload, Callable[[Any], Any], Worker | None] | None = None


def call(payload: Payload, item: Any) -> Any:
    """The result of what ``payload`` holds for ``item``; a container is built once for all items."""
    global _current
    with _lock:
        if _current is None or _current[0] != payload:
            _close()
            if payload.folder not in sys.path:
                sys.path.insert(0, payload.folder)
            payload.check()
            _current = payload, *unpacked(payload.pickled)
        function = _current[1]
    return function(item)


def release() -> None:
    """Close what this worker has built."""
    with _lock:
        _close()


def _close() -> None:
    global _current
    if _current is not None and _current[2] is not None:
        _current[2].close()
    _current = None


def _digest(module: str) -> str:
    """Of the file that a module is loaded from; empty where there is none."""
    import importlib

    file = getattr(importlib.import_module(module), "__file__", None)
    return "" if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16]
