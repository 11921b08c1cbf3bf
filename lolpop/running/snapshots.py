"""Snapshots of the wiring of a container, as a run records it: implementations, settings and environment."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop._distributions import canonical, field_of, version_of
from lolpop.kernel.linked import linked_value
from lolpop.kernel.masking import masker
from lolpop.kernel.providers.cells import Cell, cell_of
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.traversal import declared_cells
from lolpop.registry import RUNNERS, is_installed, registered
from lolpop.running.open_runs import runs_of
from lolpop.settings.links import escaped

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["arguments_of", "environment", "runner_name", "snapshot", "type_and_shape"]

_LONGEST = 10_000
"""Characters of an argument that is kept: longer ones are data, which belongs into a dataset version."""

_DIRTY = "-dirty"
_GIT_DESCRIBE = ("git", "describe", "--always", "--exclude=*", "--abbrev=40", f"--dirty={_DIRTY}")

_REQUIRED_NAME = re.compile(r"[\w.-]+")


def snapshot(root: Scope, *, full: bool = True) -> dict[str, Any]:
    """Per path, the implementation and its settings; links stay unresolved, secrets are masked.

    ``full`` adds what it takes to run again, and what differs from machine to machine: what `lolpop run`
    calls the container, which settings a source gave, the profile, the host, the git commit, and the versions
    of Python and the libraries, which take some milliseconds to find out.
    """
    wiring: dict[str, Any] = {"components": dict(_components(root))}
    if not full:
        return wiring
    if linked := dict(_linked(root, wiring["components"])):
        wiring["linked"] = linked
    configuration, options = root.configuration, runs_of(root).options
    folder = configuration.folder or Path.cwd()
    wiring |= {
        "runner": runner_name(root.declared_as, folder),
        "given": list(_explicit_paths(root)),
        "profile": configuration.profile,
        **environment(folder),
    }
    if options.replays is not None:
        wiring["replays" if options.resumes is None else "resumes"] = options.replays
    return wiring


def environment(folder: Path) -> dict[str, Any]:
    """Where this is: the host, the git commit of ``folder``, the versions of Python and the libraries."""
    commit = _git_commit(folder)
    return {
        "host": platform.node(),
        "git_commit": None if commit is None else commit.removesuffix(_DIRTY),
        "git_dirty": commit is not None and commit.endswith(_DIRTY),
        "versions": {**_versions(), "python": platform.python_version()},
    }


def arguments_of(root: Scope, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a workflow as its run records them, so that it can be called with them again.

    They are written as settings are: a secret that came by a variable as the link to it, any other masked.
    Those that are no values of JSON are ``unrecorded``, by type and shape.
    """
    mask_text = masker(root)
    values: dict[str, Any] = {}
    unrecorded: dict[str, str] = {}
    for name, value in arguments.items():
        try:
            written = _written(value, mask_text)
            fits = len(json.dumps(written)) <= _LONGEST
        except (TypeError, ValueError):
            fits = False
        if fits:
            values[name] = written
        else:
            unrecorded[name] = type_and_shape(value)
    return {"arguments": values, "unkept": unrecorded} if unrecorded else {"arguments": values}


def runner_name(container: type, folder: Path) -> str:
    """What ``lolpop run`` calls a container class: a registered name, or where it is declared."""
    path = f"{container.__module__}:{container.__qualname__}"
    name = next((name for name, target in registered(RUNNERS).items() if target == path), None)
    if name is not None:
        return name
    file = getattr(sys.modules.get(container.__module__), "__file__", None)
    if file is None or not Path(file).is_relative_to(folder) or is_installed(file):
        return path
    return f"{Path(file).relative_to(folder).as_posix()}:{container.__qualname__}"


def type_and_shape(value: object) -> str:
    """A value that is not to be shown, such as a frame, as far as it may be."""
    shape = getattr(value, "shape", None)
    if shape is None and isinstance(value, list | tuple | dict | set):
        shape = (len(value),)
    return type(value).__name__ + (f" {shape}" if isinstance(shape, tuple) else "")


def _components(root: Scope) -> Iterator[tuple[str, dict[str, Any]]]:
    for cell in _cells(root):
        if cell.overrides:
            yield cell.path, {"use": "overridden"}
            continue
        if isinstance(cell, GroupCell):
            if not cell.elements:
                yield cell.path, {"use": []}
            continue
        settings = {name: setting.shown for name, setting in cell.plan.settings.items()}
        if cell.plan.implementation is None and "" in settings:
            yield cell.path, {"value": settings[""]}
        elif cell.plan.implementation is not None:
            yield cell.path, {"use": cell.plan.use, "settings": settings}


def _linked(root: Scope, components: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Any]]:
    """What the links of settings lead to, by path; nothing that may be a secret."""
    for path, part in components.items():
        settings = part.get("settings") or {}
        if isinstance(part.get("value"), Mapping):
            settings = part["value"]
        elif "value" in part:
            settings = {"": part["value"]}
        for name, written in settings.items():
            if (value := linked_value(root, written)) is not None:
                yield f"{path}.{name}" if name else path, value


def _explicit_paths(root: Scope) -> Iterator[str]:
    for cell in _cells(root):
        if cell.overrides or isinstance(cell, GroupCell):
            continue
        for name, setting in cell.plan.settings.items():
            node = setting.node
            if not setting.is_given or node is None:
                continue
            if name or not isinstance(node.value, Mapping):
                yield f"{cell.path}.{name}" if name else cell.path
            else:
                yield from (f"{cell.path}.{key}" for key, child in node.value.items() if not child.is_default)


def _cells(root: Scope) -> Iterator[Cell]:
    """The slots as they are declared, and the elements of lists that are not overridden."""
    for scope in root.walk():
        for cell in declared_cells(scope):
            yield cell
            if not cell.overrides:
                yield from map(cell_of, cell.elements)


def _written(value: Any, mask_text: Callable[[str], str]) -> Any:
    """A value in JSON's types, as settings say it. Raises ValueError if it has none."""
    from pydantic_core import to_jsonable_python

    from lolpop.resources import Resource

    if isinstance(value, Resource):
        return value.reference
    if isinstance(value, Mapping):
        return {str(key): _written(child, mask_text) for key, child in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_written(child, mask_text) for child in value]
    if isinstance(value, str):
        masked = mask_text(value)
        return escaped(value) if masked == value else masked
    if value is None or isinstance(value, bool | int | float):
        return value
    return _written(to_jsonable_python(value), mask_text)


def _git_commit(folder: Path) -> str | None:
    """The commit that is checked out, with a mark where files differ from it."""
    try:
        described = subprocess.run(  # noqa: S603  (git is wherever the user has it)
            _GIT_DESCRIBE,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return described.stdout.strip() or None


def _versions() -> dict[str, str]:
    """The versions of lolpop and of what it requires, as far as they are installed."""
    required = map(_REQUIRED_NAME.match, field_of("lolpop", "Requires-Dist"))
    distributions = {"lolpop", *(canonical(match[0]) for match in required if match)}
    versions = {name: version for name in distributions if (version := version_of(name)) is not None}
    return dict(sorted(versions.items()))
