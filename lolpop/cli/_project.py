"""The container class that the arguments of a command name, with its settings."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from lolpop._names import did_you_mean, one_of
from lolpop._projects import installation_hint
from lolpop.cli._failures import UsageError
from lolpop.containers import RunnerContainer
from lolpop.errors import WiringError
from lolpop.registry import CONTAINERS, RUNNERS, import_object, load_entry, registered, registration


def container_class(runner: str) -> type[Any]:
    """The container that ``runner`` names.

    A registered name, ``package.module:ContainerClass``, or ``path/file.py:ContainerClass``, of which the
    class may be left out where the file declares one only. The current directory is importable.

    Raises UsageError if it names none.
    """
    make_folder_importable()
    place, _, name = runner.partition(":")
    if place.endswith(".py"):
        return _of_file(Path(place), name)
    if name:
        return _checked(imported(runner), runner)
    try:
        entry = registration(RUNNERS, runner) or registration(CONTAINERS, runner)
        if entry is not None:
            return _checked(load_entry(entry), runner)
    except WiringError as error:
        raise UsageError(str(error)) from error
    if hint := installation_hint(RUNNERS, runner) or installation_hint(CONTAINERS, runner):
        raise UsageError(f"there is no runner {runner!r}. {hint}")
    names = sorted({*registered(RUNNERS), *registered(CONTAINERS)})
    near = did_you_mean(runner, names) or f"Registered: {', '.join(names) or 'none'}."
    forms = "Or name your own: package.module:ContainerClass, or path/file.py:ContainerClass."
    raise UsageError(f"there is no runner {runner!r}. {near} {forms}")


def make_folder_importable() -> None:
    """Let modules of the current directory be imported."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))


def _of_file(file: Path, name: str) -> type[Any]:
    module = module_of(file)
    if name:
        return _checked(imported(f"{module.__name__}:{name}"), f"{file}:{name}")
    declared = _declared_in(module)
    if len(declared) == 1:
        return declared[0]
    if not declared:
        raise UsageError(f"{file} declares no RunnerContainer.")
    names = ", ".join(container.__name__ for container in declared)
    raise UsageError(
        f"{file} declares several containers. Name one: {file}:{declared[0].__name__} ({names})."
    )


def module_of(file: Path) -> Any:
    """The file as the module that its own folder's code would import it as, so that there is one of it."""
    path = file.absolute()
    if not path.is_file():
        beside = [other.name for other in path.parent.glob("*.py")]
        hint = one_of(path.name, beside, what="Python files there")
        raise UsageError(f"there is no file {file}. {hint}")
    parts, folder = [path.stem], path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    name = ".".join(parts)
    imported(f"{name}:__name__")
    module = importlib.import_module(name)
    module_file = getattr(module, "__file__", None)
    if module_file is None or not path.samefile(module_file):
        raise UsageError(
            f"{file} cannot be imported: {name!r} is another module, {module_file}. Rename the file."
        )
    return module


def imported(path: str) -> Any:
    try:
        return import_object(path)
    except WiringError as error:
        raise UsageError(str(error)) from error


def _checked(container: Any, runner: str) -> type[Any]:
    if isinstance(container, type) and issubclass(container, RunnerContainer):
        return container
    description = (
        f"the class {container.__name__}"
        if isinstance(container, type)
        else f"of type {type(container).__name__}"
    )
    raise UsageError(f"{runner} is not a RunnerContainer, it is {description}.")


def _declared_in(module: Any) -> list[type[Any]]:
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, RunnerContainer)
        and value.__module__ == module.__name__
    ]
