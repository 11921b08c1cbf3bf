"""Explanation: the value of every setting of a container, its source, and the sources that it overrules."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args, get_origin

from lolpop import registry
from lolpop._names import near, one_of
from lolpop.annotations import REQUIRED, alternatives, class_of
from lolpop.errors import DEFAULT, Origin, WiringError
from lolpop.kernel.framework import FRAMEWORK_PARAMETER, framework_plan
from lolpop.kernel.plans import Plan, Setting
from lolpop.kernel.providers import Component, Settings
from lolpop.kernel.providers.cells import Cell, cell_of
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.integration_slots import IntegrationCell
from lolpop.kernel.providers.lists import ListCell
from lolpop.kernel.providers.main_slots import MainSlot
from lolpop.kernel.providers.traversal import cells_in, declared_cells
from lolpop.settings.framework import FRAMEWORK
from lolpop.settings.links import has_link
from lolpop.settings.nodes import Node, SettingPath, plain
from lolpop.settings.reading import UNSET, read, shown
from lolpop.settings.secrets import MASK, holds_secret, mask
from lolpop.settings.tree import Entry, Section, child_of, expanded
from lolpop.signatures import Parameter, signature_of

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope
    from lolpop.settings.links import Links

__all__ = ["Explanation", "Statement", "explain", "explanations"]

_UNKNOWN = Parameter("", object)
"""Stands for the value of an undeclared setting, which may be a secret under a misspelt name."""

Standing: TypeAlias = Literal["effective", "overridden", "dropped"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source sets. Secrets are masked, links are unresolved."""

    path: str
    """The path of the setting, or of an element of it."""
    value: Any
    origin: Origin
    standing: Standing
    reason: str | None = None
    """Why it was dropped."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One setting: its value, and what every source sets, the strongest first.

    A setting is not ``in_force`` if it belongs to an implementation that is not used, if something else
    replaced it as a whole, or if no source sets it and the library that reads it has a default of its own.
    """

    path: str
    value: Any
    origin: Origin
    statements: tuple[Statement, ...] = ()
    default: Any = REQUIRED
    description: str | None = None
    in_force: bool = True


def explanations(root: Scope) -> list[Explanation]:
    """Every setting of a tree of containers, defaults included, outer containers first."""
    settings: list[Explanation] = []
    for scope in root.walk():
        # The container's own section comes first, as it does in a file.
        for cell in sorted(declared_cells(scope), key=lambda cell: not isinstance(cell.slot, MainSlot)):
            settings += _of_cell(cell)
    links = root.configuration.links
    framework = framework_plan(root.configuration.tree, links)
    explainer = _Explainer(FRAMEWORK, links, framework.section)
    settings += explainer.setting((), FRAMEWORK_PARAMETER, framework.settings.get(""))
    return settings


def explain(root: Scope, key: str) -> list[Explanation]:
    """The setting ``key``, or all settings of the section ``key``.

    Raises WiringError, with a near name, if there is none such.
    """
    settings = explanations(root)
    below = f"{key}."
    if matching := [setting for setting in settings if setting.path == key or setting.path.startswith(below)]:
        return matching
    if (unset := _unset(root, key)) is not None:
        return [unset]
    raise WiringError(f"there is no setting {key!r}", _near_key(key, [setting.path for setting in settings]))


def _unset(root: Scope, key: str) -> Explanation | None:
    """The key of a free-form mapping, such as parameters of an estimator, that nobody sets.

    Raises WiringError if the implementation knows the mapping's keys, and this is none of them.
    """
    for cell in cells_in(root):
        if not isinstance(cell, IntegrationCell) or cell.plan.implementation is None:
            continue
        signature = signature_of(cell.plan.implementation)
        for name, parameter in signature.settings.items():
            path = ".".join(part for part in (cell.plan.path, name) if part)
            if key.startswith(f"{path}.") and _is_free_form(parameter):
                steps = (name, *key.removeprefix(f"{path}.").split("."))
                description = signature.descriptions().get(name)
                explainer = _explainer_of(cell, root.configuration.links)
                unset = explainer.one(steps, None, _at(parameter, steps[1:]), description, in_force=False)
                if not unset.statements:
                    _require_known(cell.plan, name, path, key)
                return unset
    return None


def _require_known(plan: Plan, setting: str, path: str, key: str) -> None:
    known_keys = getattr(plan.implementation, "known_keys", None)
    texts = {name: setting.value for name, setting in plan.settings.items() if isinstance(setting.value, str)}
    keys = set() if known_keys is None else set(known_keys(setting, texts))
    name = key.removeprefix(f"{path}.")
    # Only the parameters of the outer estimator are known, not those of one inside it: base__alpha.
    if keys and name.partition("__")[0] not in keys:
        raise WiringError(f"there is no setting {key!r}", one_of(name, keys))


def _is_free_form(parameter: Parameter) -> bool:
    origins = (class_of(member) for member in alternatives(parameter.annotation))
    return any(isinstance(origin, type) and issubclass(origin, Mapping) for origin in origins)


def _near_key(key: str, paths: Sequence[str]) -> str:
    sections = {path[:end] for path in paths for end, letter in enumerate(path) if letter == "."}
    candidate = near(key, {*paths, *sections})
    if candidate is not None:
        return f"Did you mean {candidate}?"
    return one_of(key, {path.partition(".")[0] for path in paths}, what="Sections")


def _of_cell(cell: Cell) -> Iterator[Explanation]:
    links = cell.scope.configuration.links
    if isinstance(cell, GroupCell):
        if isinstance(cell, ListCell):
            yield _of_list(cell, links)
        for element in map(cell_of, cell.elements):
            if isinstance(element, IntegrationCell):
                yield from _of_integration(element, links)
    elif isinstance(cell, IntegrationCell):
        yield from _of_integration(cell, links)
    elif isinstance(cell.slot, Settings):
        explainer = _Explainer(cell.path, links, cell.plan.section)
        parameter = Parameter("", cell.slot.type, cell.slot.default)
        yield from explainer.setting((), parameter, cell.plan.settings.get(""))


def _of_list(cell: ListCell, links: Links) -> Explanation:
    section = cell.scope.configuration.tree.merged((*cell.scope.path, cell.name))
    # The elements explain their own settings, and know which of them are secrets.
    whole = (entry for entry in section.history if not entry.path)
    history = (dataclasses.replace(entry, node=_uses_in(entry.node)) for entry in whole)
    uses_only = dataclasses.replace(section, history=tuple(history))
    uses = [cell_of(element).plan.use for element in cell.elements]
    default = [_name_of(cell.slot.interface, use) for use in cell.slot.default]
    return _Explainer(cell.path, links, uses_only).one((), uses, Parameter("", list[Any], default))


def _uses_in(statement: Node) -> Node:
    """A list of components with the names of its implementations only."""
    node = expanded(statement)
    if not isinstance(node.value, tuple):
        return node
    named = (
        child.value.get("use", child) if isinstance(child.value, Mapping) else child for child in node.value
    )
    return dataclasses.replace(node, value=tuple(named))


def _of_integration(cell: IntegrationCell, links: Links) -> Iterator[Explanation]:
    plan, explainer = cell.plan, _explainer_of(cell, links)
    if isinstance(cell.slot, Component) or plan.section.use is not None:
        yield explainer.one(("use",), plan.use or None, Parameter("use", str, _default_of(cell)))
    yield from explainer.integration(plan)


def _explainer_of(cell: IntegrationCell, links: Links) -> _Explainer:
    implementations = _Implementations(cell.slot.interface, _default_of(cell))
    return _Explainer(cell.plan.path, links, cell.plan.section, implementations)


def _default_of(cell: IntegrationCell) -> Any:
    slot = cell.slot
    return _name_of(slot.interface, slot.default) if slot.default is not None else REQUIRED


def _name_of(interface: Any, use: str | type | Any) -> str:
    return use if isinstance(use, str) else registry.name_of(interface, use)


@dataclass(frozen=True, slots=True)
class _Implementations:
    """The implementations of a slot, past ones included."""

    interface: Any
    default: Any

    def parameter(self, entry: Entry, uses: Sequence[Entry]) -> Parameter:
        """The setting of ``entry``, for the implementation that was chosen when its source was read."""
        chosen = (use.node.value for use in uses if use.rank <= entry.rank)
        use: Any = next(chosen, self.default)
        try:
            implementation = registry.resolve(self.interface, use)
        except WiringError:
            return _UNKNOWN
        return signature_of(implementation).settings.get(entry.path[0], _UNKNOWN)


class _History:
    """The entries of a section, indexed by path, strongest first."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._exact: dict[SettingPath, list[tuple[int, Entry]]] = {}
        self._below: dict[SettingPath, list[tuple[int, Entry]]] = {}
        for place in enumerate(entries):
            path = place[1].path
            self._exact.setdefault(path, []).append(place)
            for depth in range(len(path) + 1):
                self._below.setdefault(path[:depth], []).append(place)

    def exactly(self, path: SettingPath) -> list[Entry]:
        """The entries at ``path`` itself."""
        return [entry for _, entry in self._exact.get(path, ())]

    def below(self, path: SettingPath) -> list[Entry]:
        """The entries at ``path`` and below it."""
        return [entry for _, entry in self._below.get(path, ())]

    def at(self, path: SettingPath) -> Iterator[Entry]:
        """The entries at ``path``, above it and below it."""
        places = list(self._below.get(path, ()))
        for depth in range(len(path)):
            for number, entry in self._exact.get(path[:depth], ()):
                node = _node_at(entry.node, path[depth:])
                if node is not None:
                    places.append((number, dataclasses.replace(entry, path=path, node=node)))
        yield from (entry for _, entry in sorted(places, key=lambda place: place[0]))


@dataclass(frozen=True)
class _Explainer:
    """Explains the settings of one section by its history."""

    path: str
    links: Links
    section: Section
    implementations: _Implementations | None = None

    def integration(self, plan: Plan) -> Iterator[Explanation]:
        """The settings of the implementation, and those that were meant for another one."""
        signature = signature_of(plan.implementation) if plan.implementation else None
        parameters = signature.settings if signature else {}
        described = signature.descriptions() if signature else {}
        for name, parameter in parameters.items():
            yield from self.setting((name,), parameter, plan.settings.get(name), described.get(name))
        strays = {
            entry.path
            for entry in self.section.history
            if entry.path and entry.path[0] not in {*parameters, "use"}
        }
        for path in sorted(strays):
            yield self.one(path, None, _UNKNOWN, in_force=False)

    def setting(
        self, path: SettingPath, parameter: Parameter, setting: Setting | None, description: str | None = None
    ) -> Iterator[Explanation]:
        """One declared setting: a scalar or list as it is, a mapping by its keys."""
        if setting is not None:
            value = setting.shown
        elif (merged := _node_at(self.section.root, path)) is not None and any(self._history.at(path)):
            value = self._raw(merged, parameter)  # it does not validate: verification says why
        else:
            value = None
        leaves = dict(_leaves(value, path))
        for leaf, leaf_value in leaves.items():
            yield self.one(leaf, leaf_value, _at(parameter, leaf[len(path) :]), description)
        prefixes = {leaf[:depth] for leaf in leaves for depth in range(len(leaf))}
        for other in dict.fromkeys(entry.path for entry in self._history.below(path)):
            is_part = any(other[:depth] in leaves for depth in range(len(other) + 1))
            if not is_part and other not in prefixes:
                yield self.one(other, None, _at(parameter, other[len(path) :]), in_force=False)

    def free_form(self) -> Iterator[Explanation]:
        """Every setting of a section that declares none."""
        for path in dict.fromkeys(entry.path for entry in reversed(self.section.history)):
            strongest = self._history.exactly(path)[0]
            parameter = Parameter("", Any)
            yield self.one(path, self._raw(strongest.node, parameter), parameter)

    def one(
        self,
        path: SettingPath,
        value: Any,
        parameter: Parameter,
        description: str | None = None,
        *,
        in_force: bool = True,
    ) -> Explanation:
        """The setting at ``path``, whose value is ``value``."""
        statements = tuple(self._statements(path, value, parameter, in_force))
        counts = next((statement for statement in statements if statement.standing == "effective"), None)
        default = parameter.default
        if not parameter.required:
            default = shown(None, parameter, default)
        return Explanation(
            self._full(path),
            value,
            counts.origin if counts else DEFAULT,
            (
                *(statement for statement in statements if statement is counts),
                *(statement for statement in statements if statement is not counts),
            ),
            default,
            _description(parameter) or description,
            in_force,
        )

    def _statements(
        self, path: SettingPath, value: Any, parameter: Parameter, in_force: bool
    ) -> Iterator[Statement]:
        decided = not in_force
        for entry in self._history.at(path):
            standing: Standing = "dropped" if entry.dropped else "overridden" if decided else "effective"
            exact = entry.path == path
            shown_value = value if standing == "effective" and exact else self._safe(entry, path, parameter)
            yield Statement(self._full(entry.path), shown_value, entry.node.origin, standing, entry.dropped)
            # A source that sets one element of a list leaves the other elements to weaker sources.
            decided = decided or (standing == "effective" and exact)

    @cached_property
    def _history(self) -> _History:
        return _History(self.section.history)

    def _safe(self, entry: Entry, path: SettingPath, parameter: Parameter) -> Any:
        """The value of an entry, masked."""
        if entry.dropped and self.implementations is not None and entry.path != ("use",):
            former = self.implementations.parameter(entry, self._history.exactly(("use",)))
            return self._raw(entry.node, _at(former, entry.path[1:]))
        return self._raw(entry.node, _at(parameter, entry.path[len(path) :]))

    def _raw(self, written: Node, parameter: Parameter) -> Any:
        if has_link(written):
            return written.value
        if parameter is _UNKNOWN:
            return MASK
        value, _ = read(written, parameter, self.links)
        if value is not UNSET:
            return shown(written, parameter, value)
        # A value that does not validate is shown part by part, since a part may be a secret.
        node = expanded(written)
        if isinstance(node.value, Mapping):
            return {key: self._raw(child, _at(parameter, (key,))) for key, child in node.value.items()}
        if isinstance(node.value, tuple):
            return [self._raw(child, _at(parameter, (str(at),))) for at, child in enumerate(node.value)]
        # A scalar in place of a section may be the secret that belongs into the section.
        return MASK if holds_secret(parameter.annotation) else mask(plain(node))

    def _full(self, path: SettingPath) -> str:
        return ".".join(part for part in (self.path, *path) if part)


def _node_at(node: Node | None, path: SettingPath) -> Node | None:
    for step in path:
        node = child_of(expanded(node), step) if node is not None else None
    return node


def _leaves(value: Any, path: SettingPath) -> Iterator[tuple[SettingPath, Any]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _leaves(child, (*path, str(key)))
    else:
        yield path, value


def _at(parameter: Parameter, path: SettingPath) -> Parameter:
    """The parameter at ``path`` inside another one: its type and default, as far as they are declared."""
    for step in path:
        if parameter is not _UNKNOWN:
            other = Parameter(step, Any) if _holds_anything(parameter) else _UNKNOWN
            parameter = next(_within(parameter, step), other)
    return parameter


def _holds_anything(parameter: Parameter) -> bool:
    """Whether it may have parts of an undeclared type."""
    origins = [class_of(member) for member in alternatives(parameter.annotation)]
    types = [origin for origin in origins if isinstance(origin, type)]
    collections = [kind for kind in types if issubclass(kind, Collection)]
    return Any in origins or any(not issubclass(kind, str | bytes) for kind in collections)


def _within(parameter: Parameter, step: str) -> Iterator[Parameter]:
    from pydantic import BaseModel

    for member in alternatives(parameter.annotation):
        if isinstance(member, type) and issubclass(member, BaseModel):
            if (field := member.model_fields.get(step)) is not None:
                default = field.get_default(call_default_factory=True, validated_data={})
                required = field.is_required()
                yield _Described(step, field.annotation, REQUIRED if required else default, field.description)
            continue
        if isinstance(member, type) and dataclasses.is_dataclass(member):
            if step in (hints := typing.get_type_hints(member)):
                yield Parameter(step, hints[step])
            continue
        origin, arguments = get_origin(member), get_args(member)
        if isinstance(origin, type) and issubclass(origin, Iterable) and arguments:
            yield Parameter(step, arguments[1 if issubclass(origin, Mapping) else 0])


@dataclass(frozen=True)
class _Described(Parameter):
    """A field of a model, which brings a description of its own."""

    description: str | None = None


def _description(parameter: Parameter) -> str | None:
    return parameter.description if isinstance(parameter, _Described) else None
