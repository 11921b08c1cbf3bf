"""The dependencies of a method of a pipeline or runner: its code, and the injected objects that it uses."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop._names import shortened
from lolpop.data.content import Opaque, digest_of_value
from lolpop.integrations import Integration, accounted_for, call_kind, has_effects, reads_of
from lolpop.kernel.providers.cells import cell_of, effective_provider
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.slots import Slot
from lolpop.providers import Component, Folder, Places, Settings
from lolpop.running.fingerprints.attributes import (
    functions_behind,
    members_of,
    self_use,
    variable_of,
    variable_use,
)
from lolpop.running.fingerprints.code import code_of
from lolpop.running.fingerprints.distributions import framework_digest, version_of
from lolpop.running.fingerprints.files import file_digest
from lolpop.running.fingerprints.parts import Part, Parts
from lolpop.running.fingerprints.settings import named_code, setting_digest
from lolpop.settings.links import reads_variable
from lolpop.settings.nodes import leaves

if TYPE_CHECKING:
    from lolpop.kernel.plans import Plan, Setting
    from lolpop.kernel.providers.main_slots import MainSlot
    from lolpop.settings.nodes import Node

__all__ = ["MethodParts", "method_parts"]

_LONGEST = 60
"""Characters of a value that a difference shows."""

_LIBRARIES = ("numpy", "pandas", "pyarrow", "scikit-learn", "scipy")
"""Libraries that lolpop's own code uses with any components."""

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_NOT_COUNTED = (Folder, Places)


@dataclass(frozen=True)
class MethodParts:
    """The dependencies of the calls of one method, without arguments."""

    parts: Parts
    reads_outside: bool
    """Whether it reaches what reads outside: then what it reads has to be declared."""
    has_effects: bool
    """Whether it, or what it calls, acts outside the store."""

    @cached_property
    def key(self) -> str:
        """What identifies the parts, whether or not all of them are known."""
        return hashlib.sha256(self.parts.dumped.encode("utf-8", "surrogatepass")).hexdigest()


SettingParts: TypeAlias = dict[tuple[int, str], tuple[Part, list[Any]]]
"""Settings that are known already, by plan and path, with the code that they name."""


def method_parts(
    owner: MainSlot[Any], name: str, folder: Path, settings: SettingParts, *, apart: bool = False
) -> MethodParts:
    """The parts of the method ``name`` of what ``owner`` gives.

    The code is followed through ``self``: only the methods that are reached count, and only the components
    and settings whose attributes they read. Where ``self`` is handed to something else, all of them count.
    ``apart`` leaves out the tasks and workflows that it calls: what is left says with which arguments.
    """
    walk = _Walk(folder, settings, (owner, name) if apart else None)
    declared = getattr(type(owner()), name, None)
    if names := accounted_for(declared):
        walk.leave_out(owner, declared.__module__, names)
    walk.follow_member(owner, (name,))
    return walk.finish(name)


class _Walk:
    def __init__(
        self, folder: Path, settings: SettingParts, alone: tuple[Slot[Any], str] | None = None
    ) -> None:
        self._alone = alone
        """The one call that is followed, if other calls are not."""
        self._folder = folder
        self._settings = settings
        self._parts = Parts()
        self._code: list[Any] = []
        self._seen: set[tuple[int, int, bool]] = set()
        self._whole: set[tuple[int, bool]] = set()
        self._is_declared = False
        """Whether the method that is followed is part of a call that declares by itself what it reads."""
        self._injected: dict[Slot[Any], dict[int, Any]] = {}
        self._reads_outside = False
        self._has_effects = False
        self._declared: list[tuple[str, Any]] = []
        self._left_out: tuple[Slot[Any] | None, str, frozenset[str]] = (None, "", frozenset())

    def leave_out(self, owner: Slot[Any], module: str, names: Iterable[str]) -> None:
        """Do not count what methods of ``owner`` that ``module`` declares read of attributes ``names``."""
        self._left_out = owner, module, frozenset(names)

    def finish(self, method: str) -> MethodParts:
        """All parts, the code that was reached included."""
        reached = code_of(self._code)
        for name, code in reached.parts.items():
            self._parts.add(Part("code", name, code.digest, "", code.place, code.caller))
        libraries = {**reached.versions, **{name: version_of(name) for name in _LIBRARIES}}
        libraries |= {"lolpop": framework_digest(), "python": platform.python_version()}
        for name, version in sorted(libraries.items()):
            self._parts.add(Part("library", name, version, version))
        for name, reads in self._declared:
            if callable(reads) and name != method:
                # It reads what its arguments say, and those are known when it is called.
                self._parts.add(Part("file", f"what {name} reads", None))
        return MethodParts(self._parts, self._reads_outside, self._has_effects)

    def follow_member(self, owner: Slot[Any], chain: tuple[str, ...]) -> None:
        """Follow an attribute of what ``owner`` gives: a method, a constant, or what was injected."""
        instance, name = owner(), chain[0]
        methods = [member for member in members_of(type(instance), name) if any(functions_behind(member))]
        for method in methods:
            self._follow_method(owner, name, method)
        if not methods:
            self._follow_attribute(owner, instance, chain)

    def _follow_method(self, owner: Slot[Any], name: str, member: Any) -> None:
        if (id(owner), id(member), self._is_declared) in self._seen:
            return
        if self._alone not in (None, (owner, name)) and call_kind(member) is not None:
            return
        self._seen.add((id(owner), id(member), self._is_declared))
        self._has_effects = self._has_effects or has_effects(member)
        if reads := reads_of(member):
            self._declare(name, reads)
        is_declared, self._is_declared = self._is_declared, self._is_declared or callable(reads)
        self._follow_functions(owner, member)
        self._is_declared = is_declared

    def _follow_functions(self, owner: Slot[Any], member: Any) -> None:
        for function, is_static in functions_behind(member):
            self._code.append(function)
            if not is_static:
                self._follow_object(owner, function)

    def _follow_object(self, owner: Slot[Any], function: FunctionType) -> None:
        """Follow what ``function`` reads of its first argument, which is what ``owner`` gives."""
        use = self_use(function)
        handed_to = [variable_of(function, name) for name in use.handed_to]
        if use.escapes or not all(isinstance(receiver, FunctionType) for receiver in handed_to):
            self._count_whole(owner)
            return
        left_out, module, names = self._left_out
        for chain in use.chains:
            if not (owner is left_out and function.__module__ == module and chain[0] in names):
                self.follow_member(owner, chain)
        for receiver in handed_to:
            if (id(owner), id(receiver), self._is_declared) not in self._seen:
                self._seen.add((id(owner), id(receiver), self._is_declared))
                self._follow_object(owner, receiver)

    def _declare(self, name: str, reads: Any) -> None:
        self._declared.append((name, reads))
        if not callable(reads):
            for file in reads:
                self._parts.add(Part("file", file, file_digest(self._folder / file)))

    def _follow_attribute(self, owner: Slot[Any], instance: Any, chain: tuple[str, ...]) -> None:
        name = chain[0]
        try:
            value = getattr(instance, name)
        except AttributeError:
            return  # the call itself will say so
        providers = self._injected_into(owner)
        values = list(value.values()) if isinstance(value, dict) else value
        values = values if isinstance(values, list | tuple) and values else [value]
        if all(id(item) in providers for item in values):
            for item in values:
                self._follow_injected(providers[id(item)], chain[1:] if item is value else ())
            return
        setting = cell_of(owner).plan.settings.get(name.lstrip("_"))
        if setting is not None and _is_same(setting.value, value):
            self._add_setting(owner, setting)
            return
        provider = _named_alike(owner, name)
        if isinstance(provider, Settings):
            self._follow_value(provider, ())
            return
        if isinstance(provider, ComponentGroup) and not value:
            return  # an empty list
        try:
            digest = digest_of_value(value)
        except Opaque:
            if not self._follow_helper(owner, name, value):
                self._count_whole(owner)
        else:
            # What a constructor made of its settings may hold their secrets: it is not shown.
            self._parts.add(Part("setting", _below(cell_of(owner).plan.path, name), digest))

    def _follow_helper(self, owner: Slot[Any], name: str, helper: Any) -> bool:
        """Count an object that a constructor made of what was injected, and nothing else of its owner.

        False, having counted nothing, if it holds something else that cannot be told from outside.
        """
        state = getattr(helper, "__dict__", None)
        if not state or isinstance(helper, Integration | type) or callable(helper):
            return False
        if any(hasattr(base, "__slots__") and base.__slots__ for base in type(helper).__mro__):
            return False
        providers = self._injected_into(owner)
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

    def _injected_into(self, owner: Slot[Any]) -> dict[int, Any]:
        if owner not in self._injected:
            self._injected[owner] = dict(_injected(owner))
        return self._injected[owner]

    def _follow_injected(self, provider: Any, chain: tuple[str, ...]) -> None:
        if isinstance(provider, Settings):
            self._follow_value(provider, chain)
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
        plan = cell_of(provider).plan if isinstance(provider, Slot) else None
        implementation = None if plan is None else plan.implementation
        reading = getattr(implementation, "reads_outside", ())
        if not self._is_declared and reading and (not chain or chain[0] in reading):
            self._reads_outside = True
        if chain and chain[0] in getattr(implementation, "acts_outside", ()):
            self._has_effects = True

    def _follow_value(self, slot: Settings[Any], chain: tuple[str, ...]) -> None:
        """Count a section that is injected as a value: one field of it, or all of them."""
        cell, value = cell_of(slot), slot()
        plan, setting = cell.plan, cell.plan.settings.get("")
        fields = dict(value) if hasattr(type(value), "model_fields") else {}

        @functools.cache  # this takes a while, and is the same for all fields
        def shown() -> Any:
            return None if setting is None or cell.overrides else setting.shown

        if not fields or not chain or chain[0] not in fields:
            self._code.append(type(value))  # a method of it, or all that it is
        if not fields:
            self._add(cell.path, value, shown, plan, ())
        elif chain and chain[0] in fields:
            fields = {chain[0]: fields[chain[0]]}
        for name, field in fields.items():
            self._add(f"{cell.path}.{name}", field, partial(_field_of, shown, name), plan, (name,))

    def _count_whole(self, provider: Any) -> None:
        """Count a component, its settings and code, and what is injected into it; a pipeline alike."""
        key = id(provider), self._is_declared
        if key in self._whole or isinstance(provider, _NOT_COUNTED):
            return
        self._whole.add(key)
        if not isinstance(provider, Slot):
            self._count_foreign(provider)
            return
        cell = cell_of(provider)
        active = cell.active
        if active is not provider:
            if isinstance(active, Slot) and not active.wraps:
                self._count_whole(active)
            else:
                self._add_value(cell_of(provider).path, provider())
            return
        if isinstance(provider, Settings):
            self._follow_value(provider, ())
            return
        if isinstance(provider, ComponentGroup):
            for element in cell_of(provider).elements:
                self._count_whole(element)
            return
        plan = cell_of(provider).plan
        implementation = plan.implementation
        if implementation is None or not getattr(implementation, "affects_results", True):
            return
        self._count_implementation(provider, implementation)
        for setting in plan.settings.values():
            self._add_setting(provider, setting)
        for dependency in cell_of(provider).dependencies:
            self._follow_dependency(implementation, dependency)

    def _count_implementation(self, slot: Slot[Any], implementation: type) -> None:
        digest = f"{implementation.__module__}:{implementation.__qualname__}"
        plan = cell_of(slot).plan
        place = "" if plan.section.use is None else str(plan.section.use.node.origin)
        self._parts.add(Part("component", plan.path or cell_of(slot).path, digest, plan.called, place))
        self._code.append(implementation)
        for module in getattr(implementation, "requires", ()):
            version = version_of(module)
            self._parts.add(Part("library", module, version, version))
        for name in dir(implementation):
            member = getattr(implementation, name, None)
            self._has_effects = self._has_effects or has_effects(member)
            if reads := reads_of(member):
                self._declare(name, reads)

    def _follow_dependency(self, implementation: type, dependency: Any) -> None:
        provider = effective_provider(dependency.provider)
        if provider is None:
            return
        constructor = vars(implementation).get("__init__")
        name = dependency.parameter.name
        # A parameter of a base class is in the keywords that the constructor passes on.
        is_own = isinstance(constructor, FunctionType) and name in constructor.__code__.co_varnames
        if isinstance(provider, Settings) and isinstance(constructor, FunctionType) and is_own:
            # A constructor that reads some fields of a section depends on those alone.
            use = variable_use(constructor, name)
            if not use.escapes and not use.handed_to:
                for chain in use.chains:
                    self._follow_value(provider, chain)
                return
        self._note_use(provider, ())
        self._count_whole(provider)

    def _count_foreign(self, provider: Any) -> None:
        """Count the object of a provider of dependency-injector, which may differ at each call."""
        made = getattr(provider, "provides", None) or getattr(provider, "cls", None)
        if isinstance(made, FunctionType | type):
            self._code.append(made)
            self._parts.add(Part("component", getattr(provider, "name", "") or repr(made), None, repr(made)))
        else:
            self._add_value(getattr(provider, "name", "") or type(made).__name__, made)

    def _add_setting(self, slot: Slot[Any], setting: Setting) -> None:
        name = setting.parameter.name
        plan = cell_of(slot).plan
        self._add(_below(plan.path, name), setting.value, lambda: setting.shown, plan, (name,))

    def _add(
        self, path: str, value: Any, shown: Callable[[], Any], plan: Plan, below: tuple[str, ...]
    ) -> None:
        """Add a setting, and what its value names: files, and code of the project."""
        key = id(plan), path
        if key not in self._settings:
            code: list[Any] = [value] if isinstance(value, FunctionType | type) else []
            code += named_code(value, self._folder)
            digest = setting_digest(value, path, is_secret=_reads_variable(plan, below))
            origin = plan.origin_of(below)
            place = "" if origin is None else str(origin)
            self._settings[key] = Part("setting", path, digest, _shown(shown()), place), code
        part, code = self._settings[key]
        self._parts.add(part)
        self._code += code
        if isinstance(value, Path) and (self._folder / value).exists():
            self._parts.add(Part("file", str(value), file_digest(self._folder / value)))

    def _add_value(self, name: str, value: Any) -> None:
        try:
            digest: str | None = digest_of_value(value)
        except Opaque:
            digest = None
        self._parts.add(Part("component", name, digest, type(value).__name__))


def _injected(owner: Slot[Any]) -> Iterator[tuple[int, Any]]:
    """The objects that are injected, by id, with their providers; elements of lists too."""
    for dependency in cell_of(owner).dependencies:
        provider = effective_provider(dependency.provider)
        if dependency.lazy is not None:
            yield id(dependency.lazy), provider
            continue
        if not isinstance(provider, Slot):
            continue
        value = provider()
        if elements := cell_of(provider).elements if cell_of(provider).active is provider else ():
            for element in elements:
                yield id(element()), element
        elif not isinstance(value, _PLAIN):
            yield id(value), provider


def _named_alike(owner: Slot[Any], name: str) -> Any:
    """The provider of the injected parameter that an attribute is called after; None if there is none."""
    for dependency in cell_of(owner).dependencies:
        if dependency.parameter.name == name.lstrip("_"):
            return effective_provider(dependency.provider)
    return None


def _is_same(value: Any, other: Any) -> bool:
    try:
        return digest_of_value(value) == digest_of_value(other)
    except Opaque:
        return value is other


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: Any) -> str:
    return shortened(value if isinstance(value, str) else repr(value), _LONGEST)


def _field_of(shown: Callable[[], Any], name: str) -> Any:
    fields = shown()
    return fields.get(name) if isinstance(fields, dict) else None


def _reads_variable(plan: Plan, below: tuple[str, ...]) -> bool:
    node: Node | None = plan.section.root
    for step in below:
        node = node.value.get(step) if node is not None and isinstance(node.value, Mapping) else None
    return node is not None and any(reads_variable(leaf) for _, leaf in leaves(node))
