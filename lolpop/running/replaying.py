"""Replaying: a container with the settings that a run was recorded with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lolpop import registry
from lolpop.errors import DEFAULT, Origin, SettingsError, UnrecordedArgumentsError, WiringError
from lolpop.kernel.loading import check_links, configured
from lolpop.kernel.providers.cells import Cell, cell_of
from lolpop.kernel.providers.groups import GroupCell
from lolpop.kernel.providers.mappings import MappingCell
from lolpop.kernel.providers.traversal import declared_cells
from lolpop.kernel.scopes import scope_of
from lolpop.running.open_runs import RunOptions, runs_of
from lolpop.running.snapshots import environment
from lolpop.settings.flags import Flags
from lolpop.settings.links import Links
from lolpop.settings.nodes import Layer, Node, mapping_of, node_of
from lolpop.settings.secrets import MASK
from lolpop.settings.tree import child_of, expanded
from lolpop.signatures import signature_of

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord
    from lolpop.kernel.plans import Plan
    from lolpop.running.completed import CompletedCalls
    from lolpop.settings.sources import Sources

__all__ = ["Replay", "load_replay", "recorded_arguments"]

_STORE = "store"
"""The store is that of today's settings, since it is not part of what was run."""


@dataclass(frozen=True, slots=True)
class Replay:
    """A container with the settings of an earlier run, and notes about differences."""

    container: Any
    notes: Sequence[str]


def load_replay(
    container: type[Any],
    run: RunRecord,
    sources: Sources,
    *,
    flags: Sequence[str] = (),
    group: str | None = None,
    resumes: CompletedCalls | None = None,
) -> Replay:
    """An instance of ``container`` with the settings that ``run`` recorded, and ``flags`` over them.

    It goes on with what the run completed, if that is given.

    Defaults are those of then too. Links are resolved anew, by the variables of ``sources``; what the record
    hides is what ``sources`` say today, and so is the store. Raises SettingsError for links that lead
    nowhere and for flags that say nothing.
    """
    today = configured(container, sources.layers, sources, lenient=True)
    recorded = _Recorded(run)
    layer = recorded.layer(today)
    reading = Flags(tuple(flags)).read()
    if reading.findings:
        raise SettingsError(list(reading.findings))
    layers = [*_stores(sources.layers), layer, *reading.layers]
    instance = configured(container, layers, sources, profile=run.wiring.get("profile"))
    check_links(instance)
    options = RunOptions(group or sources.group, recorded=True, replays=run.run_id, resumes=resumes)
    runs_of(scope_of(instance)).options = options
    here = environment(scope_of(instance).configuration.folder or sources.folder)
    return Replay(instance, [*recorded.notes, *_differences(run.wiring, here)])


def recorded_arguments(container: Any, run: RunRecord) -> dict[str, Any]:
    """The arguments that ``run`` was called with, their links resolved anew.

    Raises UnrecordedArgumentsError if the record does not hold all of them.
    """
    missing = dict(run.wiring.get("unkept", {}))
    links = scope_of(container).configuration.links
    arguments = {}
    for name, value in run.wiring.get("arguments", {}).items():
        if _is_hidden(value):
            missing[name] = "a secret"
        else:
            arguments[name] = _resolved(node_of(value, Origin(f"run {run.run_id}")), links)
    if missing:
        raise UnrecordedArgumentsError(run.run_id, missing)
    return arguments


@dataclass(slots=True)
class _Recorded:
    """Turns the wiring that a run recorded into settings."""

    run: RunRecord
    notes: list[str] = field(default_factory=list)

    def layer(self, today: Any) -> Layer:
        """The settings of then, as far as the container of today has a place for them."""
        leaves: list[tuple[tuple[str, ...], Node]] = []
        parts = dict(self.run.wiring.get("components", {}))
        for scope in scope_of(today).walk():
            for cell in declared_cells(scope):
                own = {path: parts.pop(path) for path in list(parts) if _belongs(path, cell.path)}
                if cell.path != _STORE and (node := self._slot(cell, own)) is not None:
                    leaves += _leaves(tuple(cell.plan.path.split(".")) if cell.plan.path else (), node)
        self.notes += [f"{path} is no longer part of the container" for path in parts]
        name = f"run {self.run.run_id}"
        return Layer(name, mapping_of(leaves, Origin(name)))

    def _slot(self, cell: Cell, parts: Mapping[str, Mapping[str, Any]]) -> Node | None:
        if any(part.get("use") == "overridden" for part in parts.values()):
            self.notes.append(
                f"{cell.path} was overridden in code; the declared implementation is used instead"
            )
            return None
        if isinstance(cell, GroupCell):
            return self._elements(cell, parts) if parts else None
        if (part := parts.get(cell.path)) is None:
            return None
        if "value" in part:
            value = self._node(cell.path, part["value"], cell.plan.section.root)
            return Node({}, self._origin) if value is None else value
        settings = self._settings(getattr(cell.slot, "interface", None), cell.path, part, cell.plan)
        # What the container declares needs no name: it may be a class that none leads to.
        declared = cell.plan.use == part["use"] and cell.plan.section.use is None
        return Node(settings if declared else {**self._use(part), **settings}, self._origin)

    def _elements(self, cell: GroupCell, parts: Mapping[str, Mapping[str, Any]]) -> Node:
        today = {element.path: element.plan for element in map(cell_of, cell.elements)}
        nodes = {
            _last(path): Node(
                {**self._use(part), **self._settings(cell.slot.interface, path, part, today.get(path))},
                self._origin,
            )
            for path, part in parts.items()
            if path != cell.path
        }
        if isinstance(cell, MappingCell):
            removed = {key: Node(None, self._origin) for key in cell.keys if key not in nodes}
            return Node({**removed, **nodes}, self._origin)
        return Node(tuple(nodes[key] for key in sorted(nodes, key=int)), self._origin)

    def _use(self, part: Mapping[str, Any]) -> dict[str, Node]:
        return {"use": Node(part["use"], self._origin)}

    def _settings(
        self, interface: Any, path: str, part: Mapping[str, Any], today: Plan | None
    ) -> dict[str, Node]:
        use = part["use"]
        names = _known_settings(interface, use)
        # What is hidden is had from today's settings, if those are of the same implementation.
        section = today.section.root if today is not None and today.use == use else None
        settings = {}
        for name, value in part["settings"].items():
            if names is not None and name not in names:
                self.notes.append(f"{path}.{name} is no longer a setting of {use!r}; it was {value!r}")
            elif (node := self._node(f"{path}.{name}", value, _below(section, name))) is not None:
                settings[name] = node
        return settings

    def _node(self, path: str, value: Any, current: Node | None) -> Node | None:
        """A recorded value; what it hides is what is said today, and None if nothing is."""
        if isinstance(value, Mapping) and value:
            children = {
                key: self._node(f"{path}.{key}", child, _below(current, key)) for key, child in value.items()
            }
            return Node({key: child for key, child in children.items() if child is not None}, self._origin)
        origin = self._origin if self._is_given(path) else DEFAULT
        if not _is_hidden(value):
            return node_of(value, origin)
        if current is None and self._is_given(path):
            self.notes.append(f"{path} is masked in the record, and no source sets it now")
        return current

    def _is_given(self, path: str) -> bool:
        return any(_belongs(path, setting) for setting in self.run.wiring.get("given", ()))

    @property
    def _origin(self) -> Origin:
        return Origin(f"run {self.run.run_id}")


def _stores(layers: Sequence[Layer]) -> Iterator[Layer]:
    """What the sources of today say of the store, and nothing else."""
    for layer in layers:
        if isinstance(layer.root.value, Mapping) and (store := child_of(layer.root, _STORE)) is not None:
            yield replace(layer, root=replace(layer.root, value={_STORE: store}))


def _belongs(path: str, to: str) -> bool:
    return path == to or path.startswith(f"{to}.")


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _below(node: Node | None, key: str) -> Node | None:
    return None if node is None else child_of(expanded(node), key)


def _leaves(path: tuple[str, ...], node: Node) -> Iterator[tuple[tuple[str, ...], Node]]:
    """A node at a path as leaves, so that those of a container and of what it holds make one mapping."""
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield (*path, key), child
    else:
        yield path, node


def _known_settings(interface: Any, use: str) -> Mapping[str, Any] | None:
    """The settings of an implementation; None if there is none such, which verification tells."""
    try:
        return signature_of(registry.resolve(interface, use)).settings
    except WiringError:
        return None


def _is_hidden(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_hidden, value.values()))
    if isinstance(value, list):
        return any(map(_is_hidden, value))
    return isinstance(value, str) and MASK in value


def _resolved(node: Node, links: Links) -> Any:
    if isinstance(node.value, Mapping):
        return {key: _resolved(child, links) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [_resolved(child, links) for child in node.value]
    return links.resolve(node)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Notes about differences from the environment of the recorded run."""
    commit, head = then.get("git_commit"), now["git_commit"]
    if commit != head:
        yield f"the git commit is {_commit(head)}, it was {_commit(commit)}"
    elif then.get("git_dirty") or now["git_dirty"]:
        yield f"files differ from the git commit {_commit(head)}, then or now"
    versions = then.get("versions", {})
    for name in sorted({*versions, *now["versions"]}):
        was, current = versions.get(name), now["versions"].get(name)
        if was != current:
            yield f"{name} is {current or 'not installed'}, it was {was or 'not installed'}"


def _commit(commit: str | None) -> str:
    return "none" if commit is None else commit[:12]
