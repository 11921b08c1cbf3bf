"""What each component and section of settings adds to the parts of whatever uses it.

That is the same for all methods of a tree of containers, and is found out once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias

from lolpop._names import shortened
from lolpop.data.content import Opaque, digest_of_value
from lolpop.integrations import has_effects, reads_of
from lolpop.kernel.providers.cells import cell_of, effective_provider
from lolpop.kernel.providers.groups import ComponentGroup
from lolpop.kernel.providers.slots import Slot
from lolpop.providers import Folder, Places, Settings
from lolpop.running.fingerprints.attributes import functions_behind, members_of, variable_use
from lolpop.running.fingerprints.contents import PLAIN, classes_of
from lolpop.running.fingerprints.distributions import version_of
from lolpop.running.fingerprints.parts import Part
from lolpop.running.fingerprints.settings import named_code, setting_digest
from lolpop.settings.links import reads_variable
from lolpop.settings.nodes import leaves

if TYPE_CHECKING:
    from lolpop.kernel.plans import Plan, Setting
    from lolpop.settings.nodes import Node

__all__ = ["Contribution", "Contributions", "implementation_of"]

_LONGEST = 60
"""Characters of a value that a difference shows."""

_OF_ALL_OBJECTS = frozenset(dir(object))
_NOT_COUNTED = (Folder, Places)


Member: TypeAlias = tuple[Any, list[tuple[FunctionType, bool]]]
"""What a class holds under a name, with the functions behind it, and whether each takes no object."""


class Contribution:
    """What one component or setting adds, without what is injected into it."""

    __slots__ = ("code", "declared", "files", "has_effects", "injected", "parts", "reads_outside")

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.code: list[Any] = []
        self.files: list[str] = []
        """Files that a setting names, if there are such."""
        self.declared: list[tuple[str, Any]] = []
        """Methods that declare what they read, by name."""
        self.injected: list[Any] = []
        """The providers of what is injected into it, each of which counts as a whole."""
        self.reads_outside = False
        """Whether something that is injected into it reads outside."""
        self.has_effects = False

    def add(self, other: Contribution) -> None:
        """Add what a setting adds."""
        self.parts += other.parts
        self.code += other.code
        self.files += other.files


class Contributions:
    """The contributions of everything in one tree of containers, which stays as it is meanwhile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._components: dict[int, Contribution] = {}
        self._settings: dict[tuple[int, str], Contribution] = {}
        self._sections: dict[tuple[int, tuple[str, ...]], Contribution] = {}
        self._declarations: dict[type, tuple[bool, list[tuple[str, Any]]]] = {}
        self._members: dict[tuple[type, str], list[Member]] = {}
        self.attributes: dict[tuple[int, str], tuple[Any, Any]] = {}
        """Attributes by owner and name: the value, and what is behind it, as long as that is the value."""
        self._injected: dict[int, tuple[dict[int, Any], list[Any]]] = {}

    def of_component(self, provider: Any) -> Contribution:
        """What a component adds: its implementation, settings and code; a pipeline alike."""
        contribution = self._components.get(id(provider))
        if contribution is None:
            contribution = self._components[id(provider)] = self._of_provider(provider)
        return contribution

    def of_section(self, slot: Settings[Any], chain: tuple[str, ...]) -> Contribution:
        """What a section adds that is injected as a value: one field of it, or all of them."""
        key = id(slot), chain[:1]
        contribution = self._sections.get(key)
        if contribution is None:
            contribution = self._sections[key] = self._of_value(slot, chain)
        return contribution

    def of_setting(self, slot: Slot[Any], setting: Setting) -> Contribution:
        """What one setting of a component adds."""
        name, plan = setting.parameter.name, cell_of(slot).plan
        path = f"{plan.path}.{name}" if plan.path else name
        return self._of_setting(path, setting.value, lambda: setting.shown, plan, (name,))

    def members(self, owner: type, name: str) -> list[Member]:
        """What a class, and those it inherits from, hold under ``name``: with the functions behind each."""
        key = owner, name
        if key not in self._members:
            self._members[key] = [
                (member, list(functions_behind(member))) for member in members_of(owner, name)
            ]
        return self._members[key]

    def injected_into(self, owner: Slot[Any]) -> dict[int, Any]:
        """The providers of what is injected into what ``owner`` gives, by the ids of the objects."""
        if id(owner) not in self._injected:
            injected = list(_injected(owner))
            # The objects are held, so that their ids stay theirs.
            self._injected[id(owner)] = (
                {id(value): provider for value, provider in injected},
                [value for value, _ in injected],
            )
        return self._injected[id(owner)][0]

    def _of_provider(self, provider: Any) -> Contribution:
        added = Contribution()
        if isinstance(provider, _NOT_COUNTED):
            return added
        if not isinstance(provider, Slot):
            _add_foreign(added, provider)
            return added
        cell = cell_of(provider)
        active = cell.active
        if active is not provider:
            if isinstance(active, Slot) and not active.wraps:
                added.injected.append(active)
            else:
                _add_value(added, cell.path, provider())
        elif isinstance(provider, Settings):
            added.add(self.of_section(provider, ()))
        elif isinstance(provider, ComponentGroup):
            added.injected += cell.elements
        elif (implementation := cell.plan.implementation) is not None and getattr(
            implementation, "affects_results", True
        ):
            self._add_implementation(added, provider, implementation)
            for setting in cell.plan.settings.values():
                added.add(self.of_setting(provider, setting))
            for dependency in cell.dependencies:
                self._add_dependency(added, implementation, dependency)
        return added

    def _add_implementation(self, added: Contribution, slot: Slot[Any], implementation: type) -> None:
        digest = f"{implementation.__module__}:{implementation.__qualname__}"
        plan = cell_of(slot).plan
        place = "" if plan.section.use is None else str(plan.section.use.node.origin)
        added.parts.append(Part("component", plan.path or cell_of(slot).path, digest, plan.called, place))
        added.code.append(implementation)
        for module in getattr(implementation, "requires", ()):
            version = version_of(module)
            added.parts.append(Part("library", module, version, version))
        if implementation not in self._declarations:
            self._declarations[implementation] = _declarations(implementation)
        added.has_effects, added.declared = self._declarations[implementation]

    def _add_dependency(self, added: Contribution, implementation: type, dependency: Any) -> None:
        provider = effective_provider(dependency.provider)
        if provider is None:
            return
        constructor = vars(implementation).get("__init__")
        name = dependency.parameter.name
        if name in getattr(implementation, "verified_parameters", ()):
            return
        # A parameter of a base class is in the keywords that the constructor passes on.
        is_own = isinstance(constructor, FunctionType) and name in constructor.__code__.co_varnames
        if isinstance(provider, Settings) and isinstance(constructor, FunctionType) and is_own:
            # A constructor that reads some fields of a section depends on those alone.
            use = variable_use(constructor, name)
            if not use.may_use_all(type(provider())) and not use.handed_to:
                for chain in use.chains:
                    added.add(self.of_section(provider, chain))
                return
        added.reads_outside = added.reads_outside or bool(
            getattr(implementation_of(provider), "reads_outside", ())
        )
        added.injected.append(provider)

    def _of_value(self, slot: Settings[Any], chain: tuple[str, ...]) -> Contribution:
        added = Contribution()
        cell, value = cell_of(slot), slot()
        plan, setting = cell.plan, cell.plan.settings.get("")
        fields = dict(value) if hasattr(type(value), "model_fields") else {}

        @functools.cache  # this takes a while, and is the same for all fields
        def shown() -> Any:
            return None if setting is None or cell.overrides else setting.shown

        if not fields or not chain or chain[0] not in fields:
            added.code.append(type(value))  # a method of it, or all that it is
        if not fields:
            added.add(self._of_setting(cell.path, value, shown, plan, ()))
        elif chain and chain[0] in fields:
            fields = {chain[0]: fields[chain[0]]}
        for name, field in fields.items():
            path = f"{cell.path}.{name}"
            added.add(self._of_setting(path, field, partial(_field_of, shown, name), plan, (name,)))
        return added

    def _of_setting(
        self, path: str, value: Any, shown: Callable[[], Any], plan: Plan, below: tuple[str, ...]
    ) -> Contribution:
        """What a setting adds, and what its value names: files, and code of the project."""
        key = id(plan), path
        if key not in self._settings:
            added = self._settings[key] = Contribution()
            if isinstance(value, FunctionType | type):
                added.code.append(value)
            added.code += [*named_code(value, self.folder), *classes_of([value])]
            if isinstance(value, Path):
                added.files.append(str(value))
            digest = setting_digest(value, path, is_secret=_reads_variable(plan, below))
            origin = plan.origin_of(below)
            place = "" if origin is None else str(origin)
            added.parts.append(Part("setting", path, digest, _shown(shown()), place))
        return self._settings[key]


def _injected(owner: Slot[Any]) -> Iterator[tuple[Any, Any]]:
    """The objects that are injected, with their providers; elements of lists too."""
    for dependency in cell_of(owner).dependencies:
        provider = effective_provider(dependency.provider)
        if dependency.lazy is not None:
            yield dependency.lazy, provider
            continue
        if not isinstance(provider, Slot):
            continue
        value = provider()
        if elements := cell_of(provider).elements if cell_of(provider).active is provider else ():
            for element in elements:
                yield element(), element
        elif not isinstance(value, PLAIN):
            yield value, provider


def implementation_of(provider: Any) -> type | None:
    """The class of the component that a provider gives; None if that is no component."""
    plan = cell_of(provider).plan if isinstance(provider, Slot) else None
    return None if plan is None else plan.implementation


def _declarations(implementation: type) -> tuple[bool, list[tuple[str, Any]]]:
    """Whether a method acts outside, and the methods that declare what they read."""
    acts, declared = False, []
    for name in dir(implementation):
        if name in _OF_ALL_OBJECTS:
            continue
        member = getattr(implementation, name, None)
        acts = acts or has_effects(member)
        if reads := reads_of(member):
            declared.append((name, reads))
    return acts, declared


def _add_foreign(added: Contribution, provider: Any) -> None:
    """Add the object of a provider of dependency-injector, which may differ at each call."""
    made = getattr(provider, "provides", None) or getattr(provider, "cls", None)
    if isinstance(made, FunctionType | type):
        added.code.append(made)
        name = getattr(provider, "name", "") or repr(made)
        added.parts.append(Part("component", name, None, repr(made)))
    else:
        _add_value(added, getattr(provider, "name", "") or type(made).__name__, made)


def _add_value(added: Contribution, name: str, value: Any) -> None:
    try:
        digest: str | None = digest_of_value(value)
    except Opaque:
        digest = None
    added.parts.append(Part("component", name, digest, type(value).__name__))


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
