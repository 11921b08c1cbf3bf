"""Files of checks: found, loaded with assertions that show values, and named by settings."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from lolpop._names import one_of
from lolpop.components.user_code import described
from lolpop.errors import WiringError
from lolpop.registry import import_object
from lolpop.settings.framework import TaskChecks
from lolpop.testing.checks import AttachedCheck, attached_checks

__all__ = ["checks_of_files", "checks_of_settings", "find_check_files"]

_PATTERNS = ("checks.py", "checks_*.py", "tests/checks.py", "tests/checks_*.py")


def find_check_files(folder: Path) -> list[Path]:
    """The files that hold checks by their names, in a project's folder."""
    return [path for pattern in _PATTERNS for path in sorted(folder.glob(pattern))]


def checks_of_files(files: Iterable[Path]) -> Iterator[AttachedCheck]:
    """The checks that files attach by decorators.

    Raises WiringError, with the place, if there is no such file, or it cannot be imported.
    """
    for path in files:
        yield from attached_checks(vars(_module(path)))


def checks_of_settings(tests: Mapping[str, TaskChecks], folder: Path) -> Iterator[AttachedCheck]:
    """The checks that settings attach, by path of a task or workflow."""
    for path, attached in tests.items():
        for name in attached.before:
            yield AttachedCheck(path, "before", _function(name, folder), attached.on_failure)
        for name in attached.after:
            yield AttachedCheck(path, "after", _function(name, folder), attached.on_failure)


def _function(name: str, folder: Path) -> Any:
    place, _, attribute = name.rpartition(":")
    if not place.endswith(".py"):
        return import_object(name)
    namespace = vars(_module(folder / place))
    if attribute not in namespace:
        functions = [key for key, value in namespace.items() if callable(value) and key[0] != "_"]
        raise WiringError(f"{place} has no {attribute!r}", one_of(attribute, functions, what="It has"))
    return namespace[attribute]


def _module(path: Path) -> ModuleType:
    """The module of a file of checks; the same at every call, so that its functions are."""
    path = path.absolute()
    if not path.is_file():
        near = sorted(entry.name for entry in path.parent.glob("*.py"))
        raise WiringError(f"there is no file {path}", one_of(path.name, near, what="Files there"))
    # Two files of one name must not be one module.
    name = f"{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    source = path.read_bytes()
    try:
        tree = ast.parse(source, str(path))
    except SyntaxError as error:
        raise WiringError(
            f"{path}:{error.lineno}:{error.offset}: {error.msg}", "Correct the file."
        ) from error
    except ValueError as error:
        raise WiringError(f"{path} cannot be read as Python: {error}", "Correct the file.") from error
    _show_values(tree, source, path)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101  (a .py file has a loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        exec(compile(tree, str(path), "exec"), vars(module))  # noqa: S102  (the user's own file)
    except BaseException as error:
        del sys.modules[name]
        if not isinstance(error, Exception | SystemExit):
            raise
        raise WiringError(f"{path} cannot be imported: {described(error)}") from error
    return module


def _show_values(tree: ast.Module, source: bytes, path: Path) -> None:
    """Let assertions tell the values that they compare, where pytest is installed."""
    try:
        from _pytest.assertion.rewrite import rewrite_asserts
    except ImportError:
        return
    rewrite_asserts(tree, source, str(path))
