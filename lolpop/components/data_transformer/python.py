"""Rows made by a user's function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.components.data_transformer import DataTransformer
from lolpop.components.user_code import described, load_object, names_object
from lolpop.data.frames import as_frame
from lolpop.data.places import Place
from lolpop.errors import DataError, Finding, LolpopError, VerificationError, WiringError

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["PythonDataTransformer"]

_HINT = "Expected package.module:function, or path/file.py:function."


class PythonDataTransformer(DataTransformer):
    """Calls a function with the frame, and returns its result.

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
        """Check that the name can be that of a function, without importing it."""
        path = settings.get("function", "")
        if not names_object(str(path)):
            yield Finding("function", f"{path!r} does not name a function", hint=_HINT)

    @classmethod
    def claimed_places(cls, settings: Mapping[str, Any], injected: Mapping[str, Any]) -> Iterable[Place]:
        """The file of the function, if it is named by one."""
        file = str(settings.get("function", "")).rpartition(":")[0]
        if file.endswith(".py"):
            path = Path(injected.get("folder") or "") / Path(file).expanduser()
            yield Place("function", str(path.absolute()), "read", name=f"the file {file}")

    def transform(self, frame: Frame) -> Frame:
        """The result of the function for ``frame``.

        Raises WiringError if there is no such function, and DataError if it fails or returns no frame.
        """
        return self._call(frame)

    def join(self, frames: Mapping[str, Frame]) -> Frame:
        """The result of the function for a copy of the mapping ``frames``.

        Raises errors as ``transform`` does.
        """
        return self._call(dict(frames))

    def _call(self, argument: Frame | dict[str, Frame]) -> Frame:
        function = self._load()
        try:
            result = function(argument)
        except LolpopError:
            raise
        except Exception as error:
            # The function is the user's code and may raise anything; the message says where.
            raise DataError(f"{self._function} failed: {described(error)}") from error
        try:
            return as_frame(result)
        except DataError as error:
            raise DataError(f"{self._function} should return a dataframe. {error}") from error

    def _load(self) -> Callable[[Any], Any]:
        loaded = load_object(self._function, self._folder)
        if not callable(loaded):
            raise WiringError(f"{self._function} is not a function", f"It is {type(loaded).__name__}.")
        function: Callable[[Any], Any] = loaded
        return function
