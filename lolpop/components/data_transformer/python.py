"""Rows made by a function of the user's."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING, Any

from lolpop._names import one_of
from lolpop.components.data_transformer import DataTransformer
from lolpop.errors import DataError, Finding, LolpopError, VerificationError, WiringError
from lolpop.frames import as_frame
from lolpop.registry import import_object

if TYPE_CHECKING:
    from lolpop.frames import Frame

__all__ = ["PythonDataTransformer"]

_HINT = "Expected package.module:function, or path/file.py:function."


class PythonDataTransformer(DataTransformer):
    """Hands the frame to a function, and takes what it returns.

    Parameters
    ----------
    function : str
        ``package.module:function``, or ``file.py:function`` relative to the settings file. It takes
        the frame (pandas or polars, as it was read), or the frames of ``data.sources`` as a mapping by
        name, and returns one.
    """

    def __init__(self, function: str, *, folder: Path | None = None) -> None:
        if findings := list(self.check_settings({"function": function})):
            raise VerificationError(findings)
        self._function = function
        self._folder = folder

    @classmethod
    def check_settings(cls, settings: Mapping[str, Any]) -> Iterable[Finding]:
        """Find a name that cannot be a function's; nothing is imported."""
        module, _, name = str(settings.get("function", "")).rpartition(":")
        if not module or not name:
            given = settings.get("function", "")
            yield Finding("function", f"{given!r} does not name a function", hint=_HINT)

    def transform(self, frame: Frame) -> Frame:
        """What the function makes of ``frame``.

        Raises WiringError if there is no such function, and DataError if it fails or returns no frame.
        """
        return self._call(frame)

    def join(self, frames: Mapping[str, Frame]) -> Frame:
        """What the function makes of ``frames``, which it gets as a mapping of its own.

        Raises errors as ``transform`` does.
        """
        return self._call(dict(frames))

    def _call(self, argument: Frame | dict[str, Frame]) -> Frame:
        function = self._load()
        try:
            made = function(argument)
        except LolpopError:
            raise
        except Exception as error:
            # The function is the user's code, and may fail in any way; where it failed is the message.
            raise DataError(f"{self._function} failed: {_described(error)}") from error
        try:
            return as_frame(made)
        except DataError as error:
            raise DataError(f"{self._function} should return a dataframe. {error}") from error

    def _load(self) -> Callable[[Any], Any]:
        module, _, name = self._function.rpartition(":")
        if module.endswith(".py"):
            found = _from_file((self._folder or Path()) / Path(module).expanduser(), name)
        else:
            found = import_object(self._function)
        if not callable(found):
            raise WiringError(f"{self._function} is not a function", f"It is {type(found).__name__}.")
        function: Callable[[Any], Any] = found
        return function


def _from_file(path: Path, name: str) -> Any:
    if not path.is_file():
        near = sorted(entry.name for entry in path.parent.glob("*.py"))
        raise WiringError(f"there is no file {path}", one_of(path.name, near, what="Files there"))
    # Two files of one name must not be one module.
    module_name = f"{path.stem}_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018  (a .py file has a loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickles look their module up by name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[module_name]
        raise WiringError(f"{path} cannot be imported: {_described(error)}") from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        functions = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise WiringError(f"{path} has no {name!r}", one_of(name, functions, what="It has")) from error


def _described(error: Exception) -> str:
    described = f"{type(error).__name__}: {error}"
    last = extract_tb(error.__traceback__)[1:]
    return f"{described} ({last[-1].filename}:{last[-1].lineno})" if last else described
