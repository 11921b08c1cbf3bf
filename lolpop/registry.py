"""Implementations by short name: entry points of installed packages, built-in ones and those of
extensions.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import re
import sys
import sysconfig
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from lolpop._entry_points import EntryPoint, scan
from lolpop._names import did_you_mean, near, one_of, shortened
from lolpop._projects import installation_hint
from lolpop.errors import WiringError

__all__ = [
    "COMMANDS",
    "COMPONENTS",
    "CONTAINERS",
    "OWN",
    "PIPELINES",
    "RUNNERS",
    "SETTINGS_SOURCES",
    "EntryPoint",
    "claims",
    "component_types",
    "find",
    "group_of",
    "groups",
    "import_object",
    "interface_of",
    "is_installed",
    "load_entry",
    "missing_modules",
    "missing_requirement",
    "name_of",
    "registered",
    "registration",
    "registrations",
    "resolve",
    "unmet_requirement",
]

_DOTTED = re.compile(r"([A-Za-z_][\w.]*)\.([A-Z]\w*)")

T = TypeVar("T")

COMPONENTS = "lolpop.components."
"""The prefix of the groups of component types."""

RUNNERS = "lolpop.runners"
"""The group of ready-made runner containers."""

PIPELINES = "lolpop.pipelines"
"""The group of pipeline classes, which ``use`` names in the section of a pipeline's container."""

CONTAINERS = "lolpop.containers"
"""The group of containers to nest, to inherit from or, with a runner, to run."""

COMMANDS = "lolpop.commands"
"""The group of sub-commands of ``lolpop``: functions, or applications of Typer."""

SETTINGS_SOURCES = "lolpop.settings_sources"
"""The group of sources of settings: classes that are made without arguments."""

OWN = "lolpop"
"""The distribution whose entry points are the built-in ones."""

_INTEGRATIONS = "lolpop.integrations"

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_SITES = frozenset({"site-packages", "dist-packages"})
"""Folders of installed libraries, those of a user and of a Linux distribution among them."""


def group_of(interface: type) -> str:
    """The entry point group of an interface.

    ``lolpop.components.model_trainer`` for ModelTrainer; one for all pipelines.
    """
    if any(
        owner.__name__ == "Pipeline" and owner.__module__ == _INTEGRATIONS
        for owner in getattr(interface, "__mro__", ())
    ):
        return PIPELINES
    return f"{COMPONENTS}{_WORD.sub('_', interface.__name__).lower()}"


def registered(group: str) -> dict[str, str]:
    """The registered names of a group, with the import path that each stands for."""
    return {name: entry.value for name, entry in registrations(group).items()}


def registrations(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name.

    Built-in names cannot be replaced. Of a name that several extensions claim, this is the first;
    ``registration`` refuses it.
    """
    return {name: _first(entries) for name, entries in claims(group).items()}


def claims(group: str) -> dict[str, tuple[EntryPoint, ...]]:
    """Every entry point of a group by name: more than one where several distributions claim it."""
    return dict(_scan(tuple(sys.path)).get(group, {}))


def registration(group: str, name: str) -> EntryPoint | None:
    """The entry point of a name; None if there is none.

    Raises WiringError, naming them, if several extensions claim the name.
    """
    entries = claims(group).get(name, ())
    if not entries:
        return None
    first = _first(entries)
    if first.distribution == OWN or len(entries) == 1:
        return first
    claimed = " and ".join(f"{entry.distribution} ({entry.value})" for entry in entries)
    raise WiringError(
        f"{name!r} of {group} is claimed by several extensions: {claimed}",
        "Uninstall one of them, or name the class by its import path.",
    )


def load_entry(entry: EntryPoint) -> Any:
    """The object of an entry point. Raises WiringError, naming the extension, if it cannot be imported."""
    try:
        return import_object(entry.value)
    except WiringError as error:
        if entry.distribution == OWN:
            raise
        reason = unmet_requirement(entry.distribution)
        message = f"the extension {entry.distribution!r} cannot be used: {error.message}"
        raise WiringError(message, f"It {reason}." if reason else error.hint) from error


def unmet_requirement(distribution: str) -> str | None:
    """The requirement of an extension that the installed lolpop does not fulfil; None if there is none."""
    from importlib import metadata

    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirements = metadata.requires(distribution) or []
        version = metadata.version(OWN)
    except metadata.PackageNotFoundError:
        return None
    for text in requirements:
        with suppress(InvalidRequirement):
            requirement = Requirement(text)
            if requirement.name == OWN and not requirement.specifier.contains(version, prereleases=True):
                return f"requires lolpop{requirement.specifier}, and {version} is installed"
    return None


def missing_requirement(requirement: str) -> tuple[str, str] | None:
    """Why an installed package does not fulfil a requirement, and what to do; None if it does.

    ``requirement`` is a name, perhaps with versions and extras, such as ``acme-trainers>=1.2``.
    """
    from importlib import metadata

    from packaging.requirements import InvalidRequirement, Requirement

    try:
        required = Requirement(requirement)
    except InvalidRequirement as error:
        return (
            f"{requirement!r} is no requirement: {error}",
            "Write a name, or a name with versions: acme>=1.2.",
        )
    try:
        version = metadata.version(required.name)
    except metadata.PackageNotFoundError:
        return f"the extension {required.name!r} is not installed", f"pip install '{requirement}'"
    if required.specifier.contains(version, prereleases=True):
        return None
    message = f"the extension {required.name!r} has version {version}, and {required.specifier} is required"
    return message, f"pip install '{requirement}'"


def _first(entries: tuple[EntryPoint, ...]) -> EntryPoint:
    return next((entry for entry in entries if entry.distribution == OWN), entries[0])


def groups() -> list[str]:
    """The groups of all entry points for lolpop."""
    return sorted(_scan(tuple(sys.path)))


def component_types() -> list[str]:
    """The component types that have implementations, built-in ones and those of extensions."""
    groups = _scan(tuple(sys.path))
    return sorted(group.removeprefix(COMPONENTS) for group in groups if group.startswith(COMPONENTS))


def interface_of(component_type: str) -> type:
    """The interface of a component type: the class that its name stands for.

    Raises WiringError, with a near name, if there is none such.
    """
    group = f"{COMPONENTS}{component_type}"
    # A built-in type may have no implementations: its interface is beside the other built-in ones.
    with suppress(ModuleNotFoundError):
        for value in vars(importlib.import_module(group)).values():
            if isinstance(value, type) and value.__module__ == group and group_of(value) == group:
                return value
    for path in registered(group).values():
        with suppress(WiringError):
            implementation = import_object(path)
            for owner in getattr(implementation, "__mro__", ()):
                if group_of(owner) == group:
                    return cast("type", owner)
    raise WiringError(
        f"there is no component type {component_type!r}",
        one_of(component_type, component_types(), what="Types"),
    )


def find(interface: type[T], name: str) -> type[T]:
    """The implementation that is registered for ``interface`` as ``name``.

    Raises WiringError, with a near name, if there is none or it cannot be imported.
    """
    entry = registration(group_of(interface), name)
    if entry is None:
        names = registered(group_of(interface))
        hint = installation_hint(group_of(interface), name)
        if hint is None and (dotted := _DOTTED.fullmatch(name)) is not None:
            hint = f"An import path has a colon before the class: {dotted[1]}:{dotted[2]}."
        if hint is None:
            hint = one_of(name, names, what="Registered")
            if near(name, names) is None:
                hint += " It may belong to an extension that is not installed."
        raise WiringError(f"unknown implementation {shortened(name)!r} of {interface.__name__}", hint)
    implementation: type[T] = load_entry(entry)
    return implementation


def resolve(interface: type[T], use: str | type[T]) -> type[T]:
    """The class that ``use`` names: a registered short name, ``package.module:Class``, or the class itself.

    Raises WiringError if there is none. Verification checks whether it fits the interface.
    """
    if isinstance(use, type):
        return use
    implementation = import_object(use) if ":" in use else find(interface, use)
    if not isinstance(implementation, type):
        raise WiringError(f"{use!r} is not a class", f"It is of type {type(implementation).__name__}.")
    return implementation


def name_of(interface: type, implementation: type | str) -> str:
    """The short name of an implementation if it is registered, else its import path."""
    path = implementation
    if isinstance(path, type):
        path = f"{path.__module__}:{path.__qualname__}"
    if ":" not in path:
        return path
    names = registered(group_of(interface))
    return next((name for name, target in names.items() if target == path), path)


def import_object(path: str) -> Any:
    """The object that ``package.module:name`` names. Raises WiringError if it cannot be imported."""
    module_name, _, attribute = path.partition(":")
    if not module_name or not attribute:
        raise WiringError(f"{shortened(path)!r} is no import path", "Write package.module:Class.")
    if module_name.endswith(".py"):
        module_name = _module_of(Path(module_name))
    try:
        imported = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise WiringError(f"{module_name!r} cannot be imported: {described(error)}") from error
        hint = f"{path!r} should be package.module:Class, importable from here."
        raise WiringError(f"there is no module {error.name!r}", hint) from error
    except (Exception, SystemExit) as error:
        # The module is the user's code and may raise anything; the message quotes the error.
        raise WiringError(f"{module_name!r} cannot be imported: {described(error)}") from error
    for part in attribute.split("."):
        try:
            imported = getattr(imported, part)
        except AttributeError as error:
            raise WiringError(
                f"{module_name!r} has no {attribute!r}", did_you_mean(part, dir(imported))
            ) from error
    return imported


def described(error: BaseException) -> str:
    """An error of the user's code, and its place."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}:{error.lineno})"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and frame.filename not in (__file__, importlib.__file__)
    ]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def make_importable(folder: Path) -> None:
    """Make modules in ``folder``, beside the settings, importable, unless others have their names."""
    if str(folder) not in sys.path and str(folder.resolve()) not in sys.path:
        sys.path.append(str(folder))


def _module_of(file: Path) -> str:
    """The module of a file, under the name by which code of its folder imports it.

    Raises WiringError if there is no such file.
    """
    if not file.is_absolute() and ".." not in file.parts:
        for place in map(Path, sys.path):
            if (place / file).is_file():
                return ".".join(file.with_suffix("").parts)
    hint = "Paths start from the folder of the settings, or from any other on the search path of Python."
    raise WiringError(f"there is no file {file} to import", hint)


def missing_modules(modules: tuple[str, ...]) -> list[str]:
    """Those of ``modules`` that are not installed; they are looked up, not imported."""
    return [module for module in modules if not _installed(module)]


@functools.lru_cache(maxsize=4096)
def is_installed(filename: str) -> bool:
    """Whether a file belongs to lolpop, an installed library or Python itself, or does not exist."""
    if filename.startswith("<"):
        return True
    path = Path(filename)
    return any(place in path.parents for place in _places()) or not _SITES.isdisjoint(path.parts)


@functools.cache
def _places() -> tuple[Path, ...]:
    # Python's own prefix, "data", is none of them: with a Python in /usr, projects are below that too.
    paths = sysconfig.get_paths()
    installed = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts")}
    return (Path(__file__).parent, *map(Path, sorted(installed)))


def _installed(module: str) -> bool:
    parent = module.rpartition(".")[0]
    if parent and not _installed(parent):
        return False
    if module in sys.modules:
        return sys.modules[module] is not None
    # find_spec imports the parents of a dotted name; extras are named by their top package.
    return importlib.util.find_spec(module) is not None


@functools.lru_cache(maxsize=8)
def _scan(path: tuple[str, ...]) -> dict[str, dict[str, tuple[EntryPoint, ...]]]:
    # The result is valid as long as the search path is the same, so the path is the key of the cache.
    groups: dict[str, dict[str, tuple[EntryPoint, ...]]] = {}
    for entry in scan(path, "lolpop."):
        names = groups.setdefault(entry.group, {})
        names[entry.name] = (*names.get(entry.name, ()), entry)
    return groups
