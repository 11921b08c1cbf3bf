"""What runs in the workers of a cluster."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from lolpop.components.executor._payloads import packed, unpacked
from lolpop.errors import WiringError

if TYPE_CHECKING:
    from lolpop.kernel.specs import Call, Worker


@dataclass(frozen=True, slots=True)
class Payload:
    """What is called for each item, and what a worker has to have in common with who asks for it.

    ``path`` is where modules are imported from, and ``code`` has a digest of each file that declares what is
    called, by its module.
    """

    pickled: bytes
    folder: str
    path: tuple[str, ...]
    python: tuple[int, int]
    lolpop: str
    code: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pickled: bytes, modules: list[str]) -> Payload:
        """The payload of this process."""
        code = tuple((module, _digest(module)) for module in modules)
        path = tuple(str(Path(place).absolute()) for place in sys.path)
        return cls(pickled, str(Path.cwd()), path, sys.version_info[:2], version("lolpop"), code)

    def prepare(self) -> None:
        """Let this process, a worker, import what the other one does. Raises as ``check`` does."""
        if self.folder not in sys.path:
            sys.path.insert(0, self.folder)
        sys.path.extend(place for place in self.path if place not in sys.path and Path(place).is_dir())
        self.check()

    def check(self) -> None:
        """Raise WiringError if this process, a worker, differs from the one that sent the payload."""
        hint = "Let workers run in the same environment, with the same code."
        installed = version("lolpop")
        if installed != self.lolpop:
            raise WiringError(
                f"a worker has lolpop {installed}, but the main process has {self.lolpop}", hint
            )
        if sys.version_info[:2] != self.python:
            names = (".".join(map(str, numbers)) for numbers in (sys.version_info[:2], self.python))
            raise WiringError("a worker has Python {}, but the main process has {}".format(*names), hint)
        if not Path(self.folder).is_dir():
            raise WiringError(
                f"a worker cannot reach the folder of the project, {self.folder}",
                "Mount it where workers run, and let settings name a store of a server.",
            )
        for module, digest in self.code:
            if _digest(module) != digest:
                raise WiringError(f"a worker has another version of the module {module!r}", hint)


def payload_of(function: Callable[[Any], Any] | Call) -> Payload:
    """What workers get, with the modules whose code they have to have."""
    from lolpop.kernel.specs import Call
    from lolpop.runs import current_run

    pickled = packed(function)
    if not isinstance(function, Call):
        module = getattr(function, "__module__", None)
        return Payload.of(pickled, [] if module in (None, "__main__") else [module])
    run = current_run()
    assert run is not None  # noqa: S101  (packed has refused it otherwise)
    return Payload.of(pickled, [run.spec().container.partition(":")[0]])


# Of a worker: what it has unpickled last, with the container behind that.
_lock = Lock()
_current: tuple[Payload, Callable[[Any], Any], Worker | None] | None = None


def call(payload: Payload, item: Any) -> Any:
    """The result of what ``payload`` holds for ``item``; a container is built once for all items."""
    global _current
    with _lock:
        if _current is None or _current[0] != payload:
            _close()
            payload.prepare()
            function, worker = unpacked(payload.pickled)
            if worker is not None:
                worker.require_store()
            _current = payload, function, worker
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
