"""The static proof of a container: everything that is wrong with it, found without building anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Literal, get_args, get_origin

from dependency_injector import providers as di

from lolpop import registry
from lolpop._names import Names, did_you_mean, one_of
from lolpop.annotations import alternatives, fits, type_name
from lolpop.components.interceptor import Interceptor
from lolpop.errors import Finding, Origin, VerificationError, WiringError
from lolpop.integrations import Pipeline, Runner, call_kind
from lolpop.kernel.masking import masker
from lolpop.kernel.places import place_findings
from lolpop.kernel.plans import ambiguity, own_findings
from lolpop.kernel.providers import Component, Components, Folder, Places, Settings
from lolpop.kernel.providers import Pipeline as PipelineSlot
from lolpop.kernel.providers import Runner as RunnerSlot
from lolpop.kernel.providers.nesting import Nested
from lolpop.kernel.providers.owners import has_section
from lolpop.kernel.providers.queries import (
    broken_links,
    injected_setting,
    injected_values,
    provided_type,
    setting_of,
    slots_in,
)
from lolpop.kernel.providers.slots import Edge, Slot, behind, related_slots
from lolpop.kernel.scopes import Scope
from lolpop.settings.nodes import Node
from lolpop.settings.tree import NO_SECTION, Tree, expanded, is_users_own
from lolpop.signatures import signature_of

__all__ = ["findings_of", "verify"]

_FRAMEWORK = "lolpop"
_RESERVED_KEYS = frozenset({"runner", "cache", "report", "tests"})
"""Of the framework's own section: nothing reads them yet, so that nothing may be said by them."""

_INHERITED = frozenset({"store", "seed", "interceptors", "folder", "claimed_places"})


def verify(root: Scope) -> list[Finding]:
    """The warnings of a tree of containers. Raises VerificationError with all findings if one is an error."""
    findings = findings_of(root)
    if any(finding.severity == "error" for finding in findings):
        raise VerificationError(findings)
    root.lifetime.verified = True
    return findings


def findings_of(root: Scope) -> list[Finding]:
    """Everything that is wrong, or suspicious, with a tree of containers."""
    slots = list(slots_in(root))
    findings: list[Finding] = []
    for scope in root.walk():
        findings += _unknown_keys(scope)
        findings += _ambiguous_keys(scope)
        findings += _clashes(scope)
    for slot in slots:
        findings += slot.plan.findings
        if not slot.plan.errors:
            findings += own_findings(slot.plan, partial(_values_for, slot))
        if isinstance(slot, Components):
            findings += _strays(slot)
        findings += _keywords(slot)
        for edge in slot.edges:
            findings += _edge_findings(root, slot, edge)
        findings += _injected_findings(slot)
    findings += place_findings(root)
    findings += _foreign_findings(root)
    findings += _cycles(slots)
    findings += _unused(root, slots)
    findings += _idle_patterns(slots)
    findings += (finding for finding in broken_links(root) if finding.severity == "warning")
    return _masked(root, _in_order(dict.fromkeys(findings), root.configuration.tree)) if findings else []


def _in_order(findings: Iterable[Finding], tree: Tree) -> list[Finding]:
    """Findings in the order of the files that they are about, then those that no line is to blame for."""
    ranks = {layer.name: rank for rank, layer in enumerate(tree.layers)}

    def place(finding: Finding) -> tuple[int, int, int]:
        origin = finding.origin
        if origin is None or origin.line is None or origin.source not in ranks:
            return len(ranks), 0, 0
        return ranks[origin.source], origin.line, origin.column or 0

    return sorted(findings, key=place)


def _values_for(slot: Slot[Any]) -> dict[str, Any]:
    """The sections of the settings that ``slot`` gets injected, by the parameters' names; valid ones only."""
    settings = ((edge.parameter.name, injected_setting(edge)) for edge in slot.edges)
    return {name: setting.value for name, setting in settings if setting is not None}


def _masked(root: Scope, findings: Iterable[Finding]) -> list[Finding]:
    mask = masker(root)
    return [
        replace(finding, message=mask(finding.message), hint=finding.hint and mask(finding.hint))
        for finding in findings
    ]


def _unknown_keys(scope: Scope) -> Iterator[Finding]:
    owner = next(
        (slot for slot in scope.providers.values() if isinstance(slot, PipelineSlot | RunnerSlot)), None
    )
    names = {name for name, provider in scope.providers.items() if has_section(provider)}
    if scope.outer is None:
        names.add(_FRAMEWORK)
        yield from _framework_findings(scope)
    folded = {name.lower() for name in names}
    # What is left belongs to the pipeline or runner, whose plan judges it; without one it is unknown.
    if owner is not None:
        return
    near = Names(names)
    for key, nodes in scope.configuration.tree.keys(scope.path).items():
        if key.lower() not in folded and not is_users_own(scope.path, key):
            path = ".".join((*scope.path, key))
            hint = one_of(key, near)
            yield Finding(path, "unknown setting", origin=_key_origin(nodes[-1]), hint=hint)


def _framework_findings(root: Scope) -> Iterator[Finding]:
    """What is wrong with the framework's own section, which has no settings yet."""
    tree = root.configuration.tree
    for node in (statement.node for statement in tree.statements((_FRAMEWORK,))):
        if node.value is not None and not isinstance(expanded(node).value, Mapping):
            yield Finding(_FRAMEWORK, "should be a mapping", origin=_key_origin(node))
    for key, nodes in tree.keys((_FRAMEWORK,)).items():
        reserved = key.lower() in _RESERVED_KEYS
        message = "is reserved, and nothing reads it yet" if reserved else "unknown setting of lolpop"
        hint = "Remove it: lolpop has no settings of its own yet."
        if key.lower() == "runner":
            hint = "Remove it, and name the runner on the command line: lolpop run RUNNER."
        yield Finding(f"{_FRAMEWORK}.{key}", message, origin=_key_origin(nodes[-1]), hint=hint)


def _ambiguous_keys(scope: Scope) -> Iterator[Finding]:
    """Variables that could mean several providers of a container, or a provider and a setting beside it."""
    names = {name for name, provider in scope.providers.items() if has_section(provider)}
    for slot in scope.providers.values():
        if isinstance(slot, PipelineSlot | RunnerSlot) and slot.plan.implementation is not None:
            names |= set(signature_of(slot.plan.implementation).settings)
    by_folded: dict[str, list[str]] = {}
    for name in sorted(names):
        by_folded.setdefault(name.lower(), []).append(name)
    for key, same in by_folded.items():
        if len(same) < 2 or not any(name in scope.providers for name in same):
            continue
        for statement in scope.configuration.tree.statements((*scope.path, key)):
            if statement.layer.case_insensitive:
                yield ambiguity(".".join((*scope.path, key)), _key_origin(statement.node), same)


def _clashes(scope: Scope) -> Iterator[Finding]:
    """A setting of a pipeline or runner that has the name of a provider of its container."""
    for slot in scope.providers.values():
        if isinstance(slot, PipelineSlot | RunnerSlot):
            for name in slot.plan.settings:
                if name in scope.providers:
                    yield Finding(
                        ".".join((*scope.path, name)),
                        f"{slot.plan.called!r} and a provider of its container both have the name {name!r}",
                        hint="Rename the setting or the provider: they share one key.",
                    )


def _strays(slot: Components[Any]) -> Iterator[Finding]:
    for key, node in slot.stray_nodes():
        path = f"{slot.path}.{key}" if key else slot.path
        count = len(slot.elements)
        message = f"there is no element {key!r}" if key else "should be a list"
        how = 'as JSON: ["one", "two"]' if node.text else "as a list: [one, two]"
        hint = f"It has {count} elements, counted from 0." if key else f"Write it {how}."
        yield Finding(path, message, origin=_key_origin(node), hint=hint)


def _keywords(slot: Slot[Any]) -> Iterator[Finding]:
    """Keywords of a provider that its default implementation has no parameter for; others need not."""
    plan = slot.plan
    if plan.implementation is None or plan.used != getattr(slot, "default", None):
        return
    for name in {**slot.injections, **slot.injection_names}:
        if name not in plan.injected:
            message = f"{plan.use!r} has no parameter {name!r} that something could be injected for"
            yield Finding(slot.path, message, hint=one_of(name, plan.injected))


def _edge_findings(root: Scope, slot: Slot[Any], edge: Edge) -> Iterator[Finding]:
    parameter, use = edge.parameter, slot.plan.called
    if isinstance(slot, Components):
        return
    wanted = alternatives(parameter.annotation)
    if (layer := _forbidden_layer(slot, wanted)) is not None:
        yield Finding(
            slot.path,
            f"{use!r} asks for the {layer} {parameter.name!r}; {_LAYER_RULES[_layer_of(slot)]}",
            hint=_SHARE,
        )
        return
    if edge.provider is None:
        if parameter.required:
            yield _missing(root, slot, edge)
        return
    if isinstance(edge.provider, Nested):
        yield from _nested_findings(slot, edge, edge.provider)
    elif isinstance(edge.provider, PipelineSlot | RunnerSlot):
        yield Finding(
            slot.path,
            f"{use!r} asks for the {_layer_of(edge.provider)} {parameter.name!r}, which stands above it; "
            f"{_LAYER_RULES[_layer_of(slot)]}",
            hint=_SHARE,
        )
        return
    provided = provided_type(edge.provider)
    if not _fits(edge, provided):
        wanted_type, given = type_name(parameter.annotation), type_name(provided)
        chosen = _use_origin(slot)
        provide = f"a {wanted_type} there, or name another provider: {parameter.name}=…."
        instead = f"Choose another implementation than {use!r}, or in code provide"
        yield Finding(
            slot.path,
            f"{use!r} asks for {parameter.name}: {wanted_type}, but {_name_of(edge)} gives {given}",
            origin=_use_origin(edge.provider) or chosen,
            hint=f"{instead if chosen else 'Provide'} {provide}",
        )


def _fits(edge: Edge, provided: Any) -> bool:
    """Whether what is provided fits the parameter; of a section of the settings the value is known too."""
    wanted = edge.parameter.annotation
    if (setting := injected_setting(edge)) is None:
        return fits(provided, wanted)
    if setting.value is None:
        return fits(type(None), wanted)
    literals = [get_args(member) for member in alternatives(wanted) if get_origin(member) is Literal]
    return any(setting.value in literal for literal in literals) or all(
        fits(member, wanted) for member in alternatives(provided)
    )


def _injected_findings(slot: Slot[Any]) -> Iterator[Finding]:
    """What an implementation itself finds in what it would get injected (``check_injected``).

    Paths begin with the name of a parameter: what is found is told of what provides it.
    """
    check = getattr(slot.plan.implementation, "check_injected", None)
    if check is None or slot.plan.errors:
        return
    for finding in check(dict(injected_values(slot.edges))):
        path, origin = setting_of(slot, finding.path)
        yield replace(finding, path=path, origin=finding.origin or origin)


_SHARE = "Move what it needs of it into a component that both can take."

_LAYER_RULES = {
    "component": "components take components only",
    "pipeline": "pipelines take components, and the pipelines of containers nested in their own",
    "runner": "runners take pipelines and components",
}


def _layer_of(slot: Slot[Any]) -> str:
    if isinstance(slot, PipelineSlot):
        return "pipeline"
    return "runner" if isinstance(slot, RunnerSlot) else "component"


def _forbidden_layer(slot: Slot[Any], wanted: Iterable[Any]) -> str | None:
    for member in wanted:
        if not isinstance(member, type):
            continue
        if issubclass(member, Runner):
            return "runner"
        if issubclass(member, Pipeline) and _layer_of(slot) == "component":
            return "pipeline"
    return None


def _nested_findings(slot: Slot[Any], edge: Edge, nested: Nested) -> Iterator[Finding]:
    inside, use = nested.scope_inside, slot.plan.called
    if _layer_of(slot) == "component":
        yield Finding(
            slot.path,
            f"{use!r} asks for the pipeline {edge.parameter.name!r}; components take components only",
            hint=_SHARE,
        )
    elif inside is not None and inside.outer is not slot.scope:
        yield Finding(
            slot.path,
            f"{use!r} asks for {edge.parameter.name!r}, the pipeline of {'.'.join(inside.path)!r}, "
            f"which is not nested in its own container",
            hint="Pipelines are independent of their siblings: let the runner hand over what one makes.",
        )
    elif nested.pipeline is None:
        yield Finding(slot.path, f"{use!r} asks for {edge.parameter.name!r}, a container without a pipeline")


def _missing(root: Scope, slot: Slot[Any], edge: Edge) -> Finding:
    name = edge.parameter.name
    homes = [".".join(scope.path) or "the root" for scope in root.walk() if name in scope.providers]
    if homes and slot.scope is not None:
        hint = f"{name!r} is local to {' and '.join(repr(home) for home in homes)}."
    else:
        visible = {known for scope in _outward(slot.scope) for known in scope.providers}
        hint = did_you_mean(name, visible) or f"Declare a provider {name} in the container or around it."
    return Finding(
        slot.path,
        f"{slot.plan.called!r} needs {name!r} ({type_name(edge.parameter.annotation)}), "
        "which nothing visible here provides",
        hint=hint,
    )


def _outward(scope: Scope | None) -> Iterator[Scope]:
    while scope is not None:
        yield scope
        scope = scope.outer


def _foreign_findings(root: Scope) -> Iterator[Finding]:
    """Providers of dependency-injector that keep what they gave, while slots may give something else."""
    for scope in root.walk():
        for name, provider in scope.providers.items():
            if not isinstance(provider, di.BaseSingleton | di.Resource):
                continue
            slots = list(related_slots(provider))
            if slots:
                yield Finding(
                    ".".join((*scope.path, name)),
                    f"{type(provider).__name__} keeps what it built from {slots[0].name!r}, "
                    "so overriding that would not reach it",
                    hint="Use providers.Component, or providers.Factory.",
                )


def _cycles(slots: Iterable[Slot[Any]]) -> Iterator[Finding]:
    done: set[Slot[Any]] = set()
    for start in slots:
        if start in done:
            continue
        branch: list[Slot[Any]] = [start]
        above = {start}
        waiting = [iter(_needs(start))]
        while waiting:
            for needed in waiting[-1]:
                if needed in above:
                    circle = [*branch[branch.index(needed) :], needed]
                    drawn = " -> ".join(slot.path for slot in circle)
                    yield Finding(
                        needed.path, f"is needed to build itself: {drawn}", hint="Break the circle."
                    )
                elif needed not in done:
                    branch.append(needed)
                    above.add(needed)
                    waiting.append(iter(_needs(needed)))
                    break
            else:
                waiting.pop()
                slot = branch.pop()
                above.discard(slot)
                done.add(slot)


def _needs(slot: Slot[Any]) -> list[Slot[Any]]:
    found = (behind(edge.provider) for edge in slot.edges)
    active = (slot.active if isinstance(slot, Slot) else slot for slot in found)
    return [needed for needed in active if isinstance(needed, Slot)]


def _unused(root: Scope, slots: Iterable[Slot[Any]]) -> Iterator[Finding]:
    if not any(isinstance(slot, RunnerSlot) for slot in root.providers.values()):
        return
    used: set[Any] = set()
    for slot in slots:
        for edge in slot.edges:
            used.add(behind(edge.provider))
    for scope in root.walk():
        for provider in scope.providers.values():
            if not isinstance(provider, Slot | Nested) and isinstance(provider, di.Provider):
                used.update(related_slots(provider))
    for scope in root.walk():
        for name, provider in scope.providers.items():
            if isinstance(provider, Component | Components | Settings) and provider not in used:
                if (scope is root and name in _INHERITED) or _is_left_by_a_swap(provider, slots):
                    continue
                yield Finding(provider.path, "nothing uses it", "warning")


def _idle_patterns(slots: Sequence[Slot[Any]]) -> Iterator[Finding]:
    """Interceptors that are told to intercept what there is not."""
    paths = [
        path for slot in slots if isinstance(slot, PipelineSlot | RunnerSlot) for path in _calls_of(slot)
    ]
    for slot in slots:
        if not issubclass(slot.plan.implementation or object, Interceptor):
            continue
        on = slot.plan.settings.get("on")
        if on is None or not on.is_given or not isinstance(on.value, str) or not paths:
            continue
        if not any(fnmatchcase(path, on.value) for path in paths):
            yield Finding(
                f"{slot.path}.on",
                f"no task and no workflow is called {on.value!r}, so that nothing is intercepted",
                "warning",
                slot.plan.origin_of(("on",)),
                did_you_mean(on.value, paths),
            )


def _calls_of(slot: Slot[Any]) -> Iterator[str]:
    """The paths of the tasks of a pipeline, or of the workflows of a runner."""
    implementation = slot.plan.implementation
    container = slot.path.rpartition(".")[0]
    for name in dir(implementation or object):
        if call_kind(getattr(implementation, name, None)) is not None:
            yield f"{container}.{name}" if container else name


def _is_left_by_a_swap(provider: Slot[Any], slots: Iterable[Slot[Any]]) -> bool:
    """Whether nobody has set ``provider``, and one of the ``slots`` would use it but for its own ``use``."""
    if not isinstance(provider, Component) or provider.plan.section is not NO_SECTION:
        return False
    for slot in slots:
        if not isinstance(slot, Component) or slot.default is None or slot.plan.used == slot.default:
            continue
        interface: Any = slot.interface
        default: Any = slot.default
        try:
            default = registry.resolve(interface, default)
        except WiringError:
            continue  # it is not installed, and nothing needs it to be
        names = (slot.injection_names.get(name, name) for name in signature_of(default).injected)
        if slot.scope is not None and any(slot.scope.lookup(name) is provider for name in names):
            return True
    return False


def _key_origin(node: Node) -> Origin | None:
    # A mapping that a variable opened has the origin of what is in it.
    while node.key_origin is None and isinstance(node.value, Mapping) and node.value:
        node = next(iter(node.value.values()))
    return node.key_origin or node.origin


def _name_of(edge: Edge) -> str:
    provider = edge.provider
    if isinstance(provider, Nested):
        return repr(".".join(provider.scope_inside.path)) if provider.scope_inside else "it"
    return repr(provider.path) if isinstance(provider, Slot) else repr(edge.parameter.name)


def _use_origin(provider: di.Provider[Any]) -> Origin | None:
    if isinstance(provider, Slot) and not isinstance(provider, Folder | Places):
        section = provider.plan.section
        return section.use.node.origin if section and section.use else None
    return None
