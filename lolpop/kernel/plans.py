"""Plans: the implementation and settings of a slot, worked out without building anything."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from lolpop import registry
from lolpop._names import Names, one_of, shortened
from lolpop.annotations import is_protocol, type_name
from lolpop.assignability import implements
from lolpop.errors import Finding, Origin, UnknownFinding, UnsetFinding, WiringError
from lolpop.integrations import Integration
from lolpop.settings.fields import declared_keys
from lolpop.settings.links import LinkError, Links, UnsetVariable, has_link
from lolpop.settings.nodes import Node, SettingPath, Statement, plain
from lolpop.settings.reading import UNSET, Problem, read, shown
from lolpop.settings.secrets import holds_secret, mask_urls
from lolpop.settings.tree import NO_SECTION, KnownKeys, Section, merge
from lolpop.signatures import Parameter, Signature, signature_of

__all__ = ["Plan", "Setting", "ambiguity", "copied", "plan_integration", "plan_value"]


def copied(value: Any) -> Any:
    """A value with lists, mappings and sets copied, so that each user has their own."""
    kind = type(value)
    if kind is dict:
        return {key: copied(child) for key, child in value.items()}
    if kind in (list, tuple, set, frozenset):
        return kind(copied(child) for child in value) if value else kind()
    return value


@dataclass(frozen=True)
class Setting:
    """One setting of a plan: its value, and the node that gave it; None for a default."""

    parameter: Parameter
    value: Any
    node: Node | None

    @property
    def is_given(self) -> bool:
        """Whether a source gave it; a replay states defaults too, as they were then."""
        return self.node is not None and not self.node.is_default

    @cached_property
    def shown(self) -> Any:
        """The value as people may read it, in JSON's types."""
        return shown(self.node, self.parameter, self.value)


@dataclass(frozen=True, slots=True)
class Plan:
    """The implementation and settings of a slot. It can be built if none of its findings is an error."""

    path: str
    implementation: type | None = None
    used: str | type = ""
    """How the implementation is named: a short name, an import path, or the class itself."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    injected: Mapping[str, Parameter] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    section: Section = NO_SECTION
    interface: Any = None

    @property
    def called(self) -> str:
        """The implementation as messages name it: the name in the settings, or the name of the class."""
        return self.use if isinstance(self.used, str) else self.use.rpartition(":")[2]

    @property
    def use(self) -> str:
        """The implementation as settings name it: a short name, or an import path."""
        if isinstance(self.used, type):
            return registry.name_of(self.interface, self.used)
        return self.used

    def needs(self, parameter: Parameter) -> str:
        """The message about a required parameter that nothing in scope provides."""
        expected = type_name(parameter.annotation)
        return f"{self.called!r} needs {parameter.name!r} ({expected}), which nothing in scope provides"

    def arguments(self) -> dict[str, Any]:
        """The settings that a source sets; defaults are left to the constructor."""
        from_sources = (item for item in self.settings.items() if item[1].node is not None)
        return {name: copied(setting.value) for name, setting in from_sources}

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that keep it from being built."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    def origin_of(self, path: SettingPath) -> Origin | None:
        """The origin of the setting at ``path``, or of the nearest setting above it."""
        node: Node | None = self.section.root
        origin = self.section.use.node.origin if self.section.use else None
        for step in path:
            node = node.value.get(step) if node and isinstance(node.value, Mapping) else None
            if node is None:
                break
            origin = node.origin
        return origin


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declaration of a slot, and its settings in all sources."""

    path: str
    interface: Any
    default: str | type | None
    statements: Sequence[Statement]
    """Weakest first."""
    links: Links
    beside: frozenset[str] = frozenset()
    """Keys of the same section that belong to other slots."""

    def section(self, known_keys: KnownKeys = lambda _: ()) -> Section:
        """The settings of all sources, merged."""
        return merge(
            self.statements,
            default_use=self.default,
            called=self._called,
            known_keys=known_keys,
            skip=self.beside,
        )

    def _called(self, use: object) -> object:
        """One name for an implementation, whether it is named by class, import path or short name."""
        return registry.name_of(self.interface, use) if isinstance(use, str | type) else use

    def may_be_secret(self, section: Section) -> bool:
        """Whether a scalar in place of the section may be one of the secrets that belong into it."""
        own = [statement.node.own or statement.node for statement in self.statements]
        if section.use is None or not any(node is section.use.node for node in own) or not self.default:
            return False
        try:
            default = registry.resolve(self.interface, self.default)
        except WiringError:
            return False
        parameters = signature_of(default).settings.values()
        return any(holds_secret(parameter.annotation) for parameter in parameters)

    def below(self, name: str) -> str:
        """The path of one of its settings."""
        return f"{self.path}.{name}" if self.path else name


class _BlockedError(Exception):
    """An implementation that cannot be planned; ``plan`` says why, unless it waits for a variable."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.path)
        self.plan = plan


def plan_integration(declaration: Declaration) -> Plan:
    """The plan of a component, pipeline or runner."""
    section = declaration.section() if declaration.statements else NO_SECTION
    try:
        used, origin = _choose(declaration, section)
        implementation = _resolve(declaration, section, used, origin)
    except _BlockedError as blocked:
        return blocked.plan
    signature = signature_of(implementation)
    if any(statement.layer.case_insensitive for statement in declaration.statements):
        section = declaration.section(_known_keys_of(implementation, signature, section))
    plan = Plan(
        declaration.path, implementation, used, {}, signature.injected, (), section, declaration.interface
    )
    settings, problems = _settings(declaration, plan, signature)
    findings = [
        *_class_findings(plan, origin),
        *(
            Finding(declaration.path, message, origin=origin, hint=hint)
            for _, message, hint in signature.problems
        ),
        *problems,
    ]
    return replace(plan, settings=settings, findings=tuple(findings))


def _choose(declaration: Declaration, section: Section) -> tuple[str | type, Origin | None]:
    """The implementation that the section names, or the default, with its origin."""
    path = declaration.path
    used: object = declaration.default
    origin: Origin | None = None
    if section.use is not None:
        origin = section.use.node.origin
        try:
            used = declaration.links.resolve(section.use.node)
        except UnsetVariable:
            raise _BlockedError(Plan(path, section=section)) from None
        except LinkError as error:
            finding = Finding(path, error.message, origin=origin, hint=error.hint)
            raise _BlockedError(Plan(path, findings=(finding,), section=section)) from error
    if isinstance(used, str | type) and used:
        return used, origin
    if section.use is not None and not has_link(section.use.node):
        used = plain(section.use.node)
    if origin is None and not section.root.is_default:
        origin = section.root.origin
    if used and declaration.may_be_secret(section):
        finding = _hidden_implementation(declaration, origin)
    else:
        is_set = section.use is not None
        finding = _no_implementation(path, declaration.interface, used, origin, is_set=is_set)
    raise _BlockedError(Plan(path, findings=(finding,), section=section))


def _resolve(declaration: Declaration, section: Section, used: str | type, origin: Origin | None) -> type:
    """The class of an implementation, which is of the interface."""
    path, interface = declaration.path, declaration.interface
    try:
        implementation = registry.resolve(interface, used)
    except WiringError as error:
        if declaration.may_be_secret(section):
            finding = _hidden_implementation(declaration, origin)
            raise _BlockedError(Plan(path, findings=(finding,), section=section)) from None
        finding = Finding(path, error.message, origin=origin, hint=error.hint)
        raise _BlockedError(Plan(path, used=used, findings=(finding,), section=section)) from error
    if (reason := implements(implementation, interface)) is not None:
        # Its parameters and settings do not matter before the implementation is corrected.
        finding = _not_of_interface(path, interface, implementation, reason, origin)
        plan = Plan(path, used=used, findings=(finding,), section=section, interface=interface)
        raise _BlockedError(plan)
    return implementation


def _settings(
    declaration: Declaration, plan: Plan, signature: Signature
) -> tuple[dict[str, Setting], list[Finding]]:
    settings: dict[str, Setting] = {}
    findings = list(ambiguities(declaration.path, plan.section))
    nodes = plan.section.root.value if isinstance(plan.section.root.value, Mapping) else {}
    names = Names({*signature.settings, *declaration.beside} if nodes else ())
    for name, node in nodes.items():
        if name not in signature.settings:
            findings.append(_unknown(declaration, name, node, plan.called, signature, names))
            continue
        parameter = signature.settings[name]
        value, problems = read(node, parameter, declaration.links)
        findings += [_finding(declaration.below(name), problem) for problem in problems]
        if value is not UNSET:
            settings[name] = Setting(parameter, value, node)
    misdeclared = {name for name, _, _ in signature.problems}
    for name, parameter in signature.settings.items():
        if name in nodes or name in misdeclared:
            continue
        if parameter.required:
            message = f"{plan.called!r} requires this setting and nothing sets it"
            findings.append(UnsetFinding(declaration.below(name), message, origin=plan.origin_of(())))
        else:
            settings[name] = Setting(parameter, parameter.default, None)
    return settings, findings


def _own(default: Any) -> Any:
    """A default of one container: mutable values are copied."""
    if hasattr(type(default), "model_fields") or dataclasses.is_dataclass(type(default)):
        with suppress(TypeError):  # it holds what cannot be copied, such as a lock
            return copy.deepcopy(default)
    return copied(default)


def ambiguities(path: str, section: Section) -> Iterator[Finding]:
    """Findings about variables that could mean several settings, since their names are not case-sensitive."""
    for item in section.ambiguous:
        yield ambiguity(".".join(part for part in (path, *item.path) if part), item.origin, item.keys)


def ambiguity(path: str, origin: Origin | None, names: Iterable[str]) -> Finding:
    """The finding about a name that could mean several names that differ in case only."""
    message = f"is ambiguous: {' or '.join(map(repr, names))}; names of variables are not case-sensitive"
    return Finding(path, message, origin=origin, hint="Set it in a file or by a flag.")


def plan_value(path: str, parameter: Parameter, section: Section, links: Links, declared_as: str) -> Plan:
    """The plan of a section that is one value, of the parameter's type."""
    if not section.history:
        if parameter.required:
            hint = f"{declared_as} declares it without a default."
            return Plan(path, findings=(UnsetFinding(path, "is required and is not set", hint=hint),))
        return _plan_default(path, parameter, section, declared_as)
    value, problems = read(section.root, parameter, links)
    settings = {} if value is UNSET else {"": Setting(parameter, value, section.root)}
    findings = (*ambiguities(path, section), *(_finding(path, problem) for problem in problems))
    return Plan(path, settings=settings, findings=findings, section=section)


def _plan_default(path: str, parameter: Parameter, section: Section, declared_as: str) -> Plan:
    """The plan of a value that no source sets: the declared default, which is validated too."""
    from pydantic import ValidationError

    try:
        value = _own(parameter.adapter.validate_python(parameter.default))
    except ValidationError as error:
        reason = "; ".join(str(details["msg"]).lower() for details in error.errors()[:3])
        message = f"the default of {declared_as} is not valid: {shortened(mask_urls(reason))}"
    except WiringError as error:
        message = error.message
    except Exception as error:  # noqa: BLE001  (a validator is the user's code and may raise anything)
        message = f"a validator of the default of {declared_as} failed: {type(error).__name__}: {error}"
    else:
        return Plan(path, settings={"": Setting(parameter, value, None)}, section=section)
    expected = type_name(parameter.annotation)
    return Plan(path, findings=(Finding(path, message, hint=f"Declare a default of type {expected}."),))


def _known_keys_of(implementation: type, signature: Signature, section: Section) -> Any:
    """The keys that the implementation declares, which restore the case of variables' names."""
    free_form = getattr(implementation, "known_keys", None)

    def known_keys(path: SettingPath) -> Iterable[str]:
        if not path:
            return signature.settings
        if path[0] not in signature.settings:
            return ()
        declared = list(declared_keys(signature.settings[path[0]].annotation, path[1:]))
        if declared or len(path) > 1 or free_form is None:
            return declared
        nodes = section.root.value if isinstance(section.root.value, Mapping) else {}
        scalars = {name.lower(): node.value for name, node in nodes.items() if isinstance(node.value, str)}
        return list(free_form(path[0], scalars))

    return known_keys


def _no_implementation(
    path: str, interface: Any, used: object, origin: Origin | None, *, is_set: bool
) -> Finding:
    names = ", ".join(registry.registered(registry.group_of(interface))) or "none registered"
    hint = f"Set `use` to an implementation of {interface.__name__} ({names}) or to package.module:Class."
    if isinstance(used, Integration):
        hint = f"An object is no setting: write container.{path}.override(…) for it."
    if used:
        return Finding(path, f"`use` should be text, not {shortened(repr(used))}", origin=origin, hint=hint)
    message = "`use` is empty" if is_set else "no implementation is chosen, and there is no default"
    return Finding(path, message, origin=origin, hint=hint)


def _hidden_implementation(declaration: Declaration, origin: Origin | None) -> Finding:
    return Finding(
        declaration.path,
        "names no implementation; its value may be a secret of this section and is not shown",
        origin=origin,
        hint="Write the settings of the section below its key, or an implementation with `use`.",
    )


def _not_of_interface(
    path: str, interface: Any, implementation: type, reason: str, origin: Origin | None
) -> Finding:
    name, interface_name = implementation.__name__, type_name(interface)
    if name == interface_name:  # two classes of one name, or one that was imported twice
        name, interface_name = (f"{one.__module__}.{one.__qualname__}" for one in (implementation, interface))
    change = f"Change {name}" if is_protocol(interface) else f"Let it inherit from {interface_name}"
    message = f"{name} is not a {interface_name}, {reason}"
    return Finding(path, message, origin=origin, hint=f"{change}.")


def _class_findings(plan: Plan, origin: Origin | None) -> Iterable[Finding]:
    path, interface, implementation = plan.path, plan.interface, plan.implementation
    if implementation is None:
        return
    if inspect.isabstract(implementation):
        missing = ", ".join(sorted(getattr(implementation, "__abstractmethods__", ())))
        asks = getattr(interface, "__name__", "its interface")
        message = f"{implementation.__name__} does not implement all methods of {asks}: {missing}"
        hint = f"Implement them in {implementation.__name__}."
        yield Finding(path, message, origin=origin, hint=hint)
    if missing_modules := registry.missing_modules(getattr(implementation, "requires", ())):
        install = getattr(implementation, "install", "") or " ".join(missing_modules)
        yield Finding(
            path,
            f"{plan.called!r} needs {', '.join(missing_modules)}, which is not installed",
            origin=origin,
            hint=f"Install it with: pip install '{install}'.",
        )


def _unknown(
    declaration: Declaration, name: str, node: Node, use: str, signature: Signature, names: Names
) -> Finding:
    full = declaration.below(name)
    origin = node.key_origin or node.origin
    if name in signature.injected:
        message = f"{use!r} gets {name!r} injected; it is not a setting"
        return Finding(full, message, origin=origin, hint=f"Set {name} where its provider is declared.")
    message = "unknown setting" if declaration.beside else f"unknown setting of {use!r}"
    if name.lower() == "use":
        return UnknownFinding(full, message, origin=origin, hint="Did you mean use?", is_near=True)
    hint = one_of(name, names) if names else "It has none."
    return UnknownFinding(full, message, origin=origin, hint=hint, is_near=names.near(name) is not None)


def _finding(path: str, problem: Problem) -> Finding:
    full = ".".join(part for part in (path, *problem.location) if part)
    return Finding(full, problem.message, problem.severity, problem.origin, problem.hint)
