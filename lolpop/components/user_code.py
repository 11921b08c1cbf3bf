"""Objects of the user's code: in modules, or in files beside the settings."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from traceback import extract_tb
from typing import Any

from lolpop._names import one_of
from lolpop.errors import WiringError
from lolpop.registry import import_object


def names_object(name: str) -> bool:
    """Whether ``name`` has the form of ``package.module:object``, or ``path/file.py:object``."""
    module, _, attribute = name.rpartition(":")
    return bool(module and attribute)


def load_object(name: str, folder: Path | None) -> Any:
    """What ``package.module:object`` names, or ``file.py:object``, a file relative to ``folder``.

    Raises WiringError, with near names, if there is none.
    """
    module, _, attribute = name.rpartition(":")
    if module.endswith(".py"):
        return _from_file((folder or Path()) / Path(module).expanduser(), attribute)
    return import_object(name)


def described(error: BaseException) -> str:
    """An error of the user's code in words, and where it came from."""
    words = f"{type(error).__name__}: {error}"
    last = extract_tb(error.__traceback__)[1:]
    return f"{words} ({last[-1].filename}:{last[-1].lineno})" if last else words


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
    except BaseException as error:
        del sys.modules[module_name]
        if not isinstance(error, Exception | SystemExit):
            raise
        raise WiringError(f"{path} cannot be imported: {described(error)}") from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        names = [key for key in vars(module) if key[0] != "_"]
        raise WiringError(f"{path} has no {name!r}", one_of(name, names, what="It has")) from error
