"""The dependencies of a method of a pipeline or runner: its code, and the injected objects that it uses."""

from __future__ import annotations

import inspect
import platform
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from lolpop.data.content import Opaque, digest_of_value
from lolpop.integrations import Integration, accounted_for, call_kind, has_effects, reads_of
from lolpop.kernel.providers.cells import cell_of, effective_provider
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.slots import Slot
from lolpop.providers import Component, Settings
from lolpop.running.fingerprints.attributes import (
    self_use,
    variable_of,
)
from lolpop.running.fingerprints.contents import PLAIN, classes_of
from lolpop.running.fingerprints.contributions import Contribution, Contributions, implementation_of
from lolpop.running.fingerprints.distributions import framework_digest, version_of
from lolpop.running.fingerprints.files import file_digest
from lolpop.running.fingerprints.modules import FRAMEWORK, is_project_module
from lolpop.running.fingerprints.parts import Part, Parts
from lolpop.running.fingerprints.reached import reached_parts

if TYPE_CHECKING:
    from lolpop.kernel.providers.main_slots import MainSlot

__all__ = ["MethodParts", "method_parts"]

_LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
"""Libraries that lolpop's own code uses with any components."""


class MethodParts:
    """The dependencies of the calls of one method, without arguments."""

    def __init__(
        self, parts: Parts, files: Mapping[str, bool], folder: Path, *, reads_outside: bool, has_effects: bool
    ) -> None:
        self.reads_outside = reads_outside
        """Whether it reaches what reads outside: then what it reads has to be declared."""
        self.has_effects = has_effects
        """Whether it, or what it calls, acts outside the store."""
        self._parts = parts
        self._files = files
        self._folder = folder
        self._last: tuple[list[Part], Parts] = [], parts

    @property
    def parts(self) -> Parts:
        """The parts as they are now: files may be written while a container is at work."""
        if not self._files:
            return self._parts
        files = [
            Part("file", name, file_digest(self._folder / name))
            for name, is_needed in self._files.items()
            if is_needed or (self._folder / name).exists()
        ]
        last, parts = self._last
        if files != last:
            parts = Parts([*self._parts, *files])
            self._last = files, parts
        return parts


def method_parts(
    owner: MainSlot[Any], name: str, contributions: Contributions, *, apart: bool = False
) -> MethodParts:
    """The parts of the method ``name`` of what ``owner`` gives.

    The code is followed through ``self``: only the methods that are reached count, and only the components
    and settings whose attributes they read. Where ``self`` is handed to something else, all of them count.
    ``apart`` leaves out the tasks and workflows that it calls: what is left says with which arguments.
    """
    walk = _Walk(contributions, (owner, name) if apart else None)
    declared = getattr(type(owner()), name, None)
    if names := accounted_for(declared):
        walk.leave_out(owner, declared.__module__, names)
    walk.follow_member(owner, (name,))
    return walk.finish(name)


class _Walk:
    def __init__(
        self, contributions: Contributions, only_method: tuple[Slot[Any], str] | None = None
    ) -> None:
        self._only_method = only_method
        """The one call that is followed, if other calls are not."""
        self._contributions = contributions
        self._parts = Parts()
        self._code: list[Any] = []
        self._files: dict[str, bool] = {}
        """Files that are read, and whether each has to exist for the call to be comparable."""
        self._seen: set[tuple[int, int, bool]] = set()
        self._whole: set[tuple[int, bool]] = set()
        self._is_declared = False
        """Whether the method that is followed is part of a call that declares by itself what it reads."""
        self._reads_outside = False
        self._has_effects = False
        self._declared: list[tuple[str, Any]] = []
        self._left_out: tuple[Slot[Any] | None, str, frozenset[str]] = (None, "", frozenset())

    def leave_out(self, owner: Slot[Any], module: str, names: Iterable[str]) -> None:
        """Do not count what methods of ``owner`` that ``module`` declares read of attributes ``names``."""
        self._left_out = owner, module, frozenset(names)

    def finish(self, method: str) -> MethodParts:
        """All parts, the code that was reached included."""
        for part in (*reached_parts(self._code), *_libraries()):
            self._parts.add(part)
        for name, reads in self._declared:
            if callable(reads) and name != method:
                # It reads what its arguments say, and those are known when it is called.
                self._parts.add(Part("file", f"what {name} reads", None))
        return MethodParts(
            self._parts,
            self._files,
            self._contributions.folder,
            reads_outside=self._reads_outside,
            has_effects=self._has_effects,
        )

    def follow_member(self, owner: Slot[Any], chain: tuple[str, ...]) -> None:
        """Follow an attribute of what ``owner`` gives: a method, a constant, or what was injected."""
        instance, name = owner(), chain[0]
        members = self._contributions.members(type(instance), name)
        if len(members) > 1:
            # The first one is called, and the others by super(), in the order of the base classes.
            owners = [
                f"{base.__module__}.{base.__qualname__}"
                for base in type(instance).__mro__
                if name in vars(base)
            ]
            self._count_value(owner, f"{name}(classes)", owners)
        for member, functions in members:
            if functions:
                self._follow_method(owner, name, member, functions)
        # Of several, the nearest counts, and those above it where super() asks for them.
        for number, (member, functions) in enumerate(members[1:]):
            if not functions and not self._count_value(owner, f"{name} above {number}", member):
                self._count_whole(owner)
        if not members or not members[0][1] or _is_shadowed(instance, name, members[0][0]):
            self._follow_attribute(owner, instance, chain)

    def _follow_method(
        self, owner: Slot[Any], name: str, member: Any, functions: Sequence[tuple[FunctionType, bool]]
    ) -> None:
        if (id(owner), id(member), self._is_declared) in self._seen:
            return
        if self._only_method not in (None, (owner, name)) and call_kind(member) is not None:
            return
        self._seen.add((id(owner), id(member), self._is_declared))
        self._has_effects = self._has_effects or has_effects(member)
        if reads := reads_of(member):
            self._declare(name, reads)
        is_declared, self._is_declared = self._is_declared, self._is_declared or callable(reads)
        for function, is_static in functions:
            self._code.append(function)
            if not is_static:
                self._follow_object(owner, function)
        self._is_declared = is_declared

    def _follow_object(self, owner: Slot[Any], function: FunctionType) -> None:
        """Follow what ``function`` reads of its first argument, which is what ``owner`` gives."""
        use = self_use(function)
        handed_to = [variable_of(function, name) for name in use.handed_to]
        if use.may_use_all(type(owner())) or not all(
            isinstance(receiver, FunctionType) for receiver in handed_to
        ):
            self._count_whole(owner)
            return
        left_out, module, names = self._left_out
        for chain in use.chains:
            if not (owner is left_out and function.__module__ == module and chain[0] in names):
                self.follow_member(owner, chain)
        for name in use.sets:
            self._follow_setter(owner, name)
        for receiver in handed_to:
            if (id(owner), id(receiver), self._is_declared) not in self._seen:
                self._seen.add((id(owner), id(receiver), self._is_declared))
                self._follow_object(owner, receiver)

    def _follow_setter(self, owner: Slot[Any], name: str) -> None:
        """Follow what runs where a method sets an attribute: a property, a descriptor, or ``__setattr__``."""
        kind = type(owner())
        if any(getattr(kind, hook) is not getattr(object, hook) for hook in ("__setattr__", "__delattr__")):
            self._count_whole(owner)
        elif isinstance(member := inspect.getattr_static(kind, name, None), property):
            self.follow_member(owner, (name,))
        elif hasattr(type(member), "__set__") or hasattr(type(member), "__delete__"):
            self._count_whole(owner)

    def _declare(self, name: str, reads: Any) -> None:
        self._declared.append((name, reads))
        if not callable(reads):
            self._files |= dict.fromkeys(reads, True)

    def _follow_attribute(self, owner: Slot[Any], instance: Any, chain: tuple[str, ...]) -> None:
        name = chain[0]
        try:
            value = getattr(instance, name)
        except AttributeError:
            return  # the call itself will say so
        remembered = self._contributions.attributes.get((id(owner), name))
        if remembered is None or remembered[0] is not value:
            remembered = value, self._behind_attribute(owner, name, value)
            if isinstance(value, PLAIN) or not isinstance(remembered[1], Contribution):
                self._contributions.attributes[id(owner), name] = remembered
        behind = remembered[1]
        if isinstance(behind, Contribution):
            self._take(behind)
        elif behind is not None:
            self._follow_injected(behind, chain[1:])
        elif not self._count_injected(owner, name, value):
            self._count_other(owner, name, value)

    def _behind_attribute(self, owner: Slot[Any], name: str, value: Any) -> Any:
        """The provider of what was injected, or the contribution of a setting; None if it is neither."""
        provider = self._contributions.injected_into(owner).get(id(value))
        if provider is not None:
            return provider
        setting = cell_of(owner).plan.settings.get(name.lstrip("_"))
        if setting is not None and _is_same(setting.value, value):
            return self._contributions.of_setting(owner, setting)
        alike = _named_alike(owner, name)
        if isinstance(alike, Settings) and _is_same(alike(), value):
            return self._contributions.of_section(alike, ())
        return None

    def _count_injected(self, owner: Slot[Any], name: str, value: Any) -> bool:
        """Count a collection of what was injected, and its order; whether it is one."""
        providers = self._contributions.injected_into(owner)
        items = list(value.values()) if isinstance(value, dict) else value
        if not isinstance(items, list | tuple) or not items:
            return False
        if any(id(item) not in providers for item in items):
            return False
        for item in items:
            self._follow_injected(providers[id(item)], ())
        counted = [providers[id(item)] for item in items]
        if any(getattr(implementation_of(provider), "affects_results", True) for provider in counted):
            keys = list(value) if isinstance(value, dict) else []
            self._count_value(owner, name, [keys, list(map(_path_of, counted))])
        return True

    def _count_other(self, owner: Slot[Any], name: str, value: Any) -> None:
        if isinstance(_named_alike(owner, name), ComponentGroup) and not value:
            return  # an empty list
        if not self._count_value(owner, name, value) and not self._follow_helper(owner, name, value):
            self._count_whole(owner)

    def _count_value(self, owner: Slot[Any], name: str, value: Any) -> bool:
        """Count an attribute by its content, with the code of its class; whether that could be done."""
        try:
            digest = digest_of_value(value)
        except Opaque:
            return False
        # What a constructor made of its settings may hold their secrets: it is not shown.
        self._parts.add(Part("setting", _below(cell_of(owner).plan.path, name), digest))
        self._code += classes_of([value])
        return True

    def _follow_helper(self, owner: Slot[Any], name: str, helper: Any) -> bool:
        """Count an object that a constructor made of what was injected, and nothing else of its owner.

        False, having counted nothing, if it holds something else that cannot be told from outside.
        """
        state = getattr(helper, "__dict__", None)
        if not state or isinstance(helper, Integration | type) or callable(helper):
            return False
        if any(getattr(base, "__slots__", ()) for base in type(helper).__mro__):
            return False
        if not all(map(_has_plain_state, type(helper).__mro__)):
            return False  # it may hold more than its attributes, such as a state of random numbers
        providers = self._contributions.injected_into(owner)
        injected: list[Any] = []
        digests: dict[str, str] = {}
        for attribute, value in state.items():
            values = value if isinstance(value, list | tuple) and value else [value]
            if all(id(item) in providers for item in values):
                injected += [providers[id(item)] for item in values]
                continue
            try:
                digests[attribute] = digest_of_value(value)
            except Opaque:
                return False
        self._code.append(type(helper))
        path = _below(cell_of(owner).plan.path, name)
        for attribute, digest in digests.items():
            self._parts.add(Part("setting", f"{path}.{attribute}", digest))
        for provider in injected:
            self._follow_injected(provider, ())
        return True

    def _follow_injected(self, provider: Any, chain: tuple[str, ...]) -> None:
        if isinstance(provider, Settings):
            self._take(self._contributions.of_section(provider, chain))
        elif isinstance(provider, ComponentGroup):
            for element in cell_of(provider).elements:
                self._follow_injected(element, ())
        elif isinstance(provider, Slot) and not isinstance(provider, Component) and chain:
            self.follow_member(provider, chain)
        else:
            self._note_use(provider, chain)
            self._count_whole(provider)

    def _note_use(self, provider: Any, chain: tuple[str, ...]) -> None:
        """Note whether what is used of a component reads or acts outside."""
        implementation = implementation_of(provider)
        reading = getattr(implementation, "reads_outside", ())
        if not self._is_declared and reading and (not chain or chain[0] in reading):
            self._reads_outside = True
        if chain and chain[0] in getattr(implementation, "acts_outside", ()):
            self._has_effects = True

    def _count_whole(self, provider: Any) -> None:
        """Count a component, its settings and code, and what is injected into it; a pipeline alike."""
        key = id(provider), self._is_declared
        if key not in self._whole:
            self._whole.add(key)
            self._take(self._contributions.of_component(provider))

    def _take(self, contribution: Contribution) -> None:
        for part in contribution.parts:
            self._parts.add(part)
        self._code += contribution.code
        self._files |= dict.fromkeys(contribution.files, False)
        self._has_effects = self._has_effects or contribution.has_effects
        for name, reads in contribution.declared:
            self._declare(name, reads)
        if contribution.reads_outside and not self._is_declared:
            self._reads_outside = True
        for provider in contribution.injected:
            self._count_whole(provider)


@cache
def _libraries() -> list[Part]:
    """The libraries that every call depends on."""
    versions = {name: version_of(name) for name in _LIBRARIES}
    versions |= {"lolpop": framework_digest(), "python": platform.python_version()}
    return [Part("library", name, version, version) for name, version in versions.items()]


def _has_plain_state(owner: type) -> bool:
    """Whether the attributes of its objects are all that they hold, as far as a class tells."""
    top = owner.__module__.partition(".")[0]
    return owner is object or top in {"abc", "typing", *FRAMEWORK} or is_project_module(owner.__module__)


def _is_shadowed(instance: Any, name: str, member: Any) -> bool:
    """Whether an object has something of its own in the place of a method of its class."""
    return not isinstance(member, property | cached_property) and name in getattr(instance, "__dict__", ())


def _named_alike(owner: Slot[Any], name: str) -> Any:
    """The provider of the injected parameter that an attribute is called after; None if there is none."""
    for dependency in cell_of(owner).dependencies:
        if dependency.parameter.name == name.lstrip("_"):
            return effective_provider(dependency.provider)
    return None


def _is_same(value: Any, other: Any) -> bool:
    try:
        return value is other or digest_of_value(value) == digest_of_value(other)
    except Opaque:
        return value is other


def _path_of(provider: Any) -> str:
    return cell_of(provider).path if isinstance(provider, Slot) else str(getattr(provider, "name", ""))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
