"""What containers are declared with: one provider for each kind of thing that they hold."""

from __future__ import annotations

import inspect
import threading
from collections import abc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_origin

from dependency_injector import providers as di
from dependency_injector.providers import Callable, Factory, Object

from lolpop.errors import Finding, LolpopError, Origin, VerificationError, WiringError
from lolpop.integrations import Integration, bind
from lolpop.masking import masked
from lolpop.plans import Declaration, Plan, plan_integration, plan_value
from lolpop.scopes import Lifetime, Override, Scope, Variant
from lolpop.settings.nodes import Layer, Node
from lolpop.settings.reading import declared_keys
from lolpop.settings.secrets import secrets_of
from lolpop.settings.tree import NOTHING, Section, leaves, merge, node_of, sequence_of
from lolpop.signatures import REQUIRED, Parameter, alternatives

if TYPE_CHECKING:
    from pathlib import Path

    from lolpop.containers import PipelineContainer
    from lolpop.integrations import Binding

__all__ = [
    "Callable",
    "Component",
    "Components",
    "Factory",
    "Folder",
    "Nested",
    "Object",
    "Pipeline",
    "Runner",
    "Settings",
    "Slot",
    "nested",
]

T = TypeVar("T")
C = TypeVar("C", bound="PipelineContainer")

_NO_LIFETIME = Lifetime()
_NEVER = (-1, None)


@dataclass(frozen=True, slots=True)
class Edge:
    """One thing that a slot is built from.

    ``provider`` is what the name resolves to: a slot, a nested container, another provider of
    dependency-injector, or None where nothing in scope has the name.
    """

    parameter: Parameter
    provider: di.Provider[Any] | None


class Slot(di.Provider[T]):
    """A provider that is bound to a scope by name, resolves what it needs by name, and gives one instance.

    What it built is kept by what it was built from, so that it is built anew exactly if one of those is
    another object, and comes back when the former ones do.
    """

    def __init__(self) -> None:
        super().__init__()
        self.name = ""
        self.scope: Scope | None = None
        self.injections: Mapping[str, di.Provider[Any]] = {}
        self.injection_names: Mapping[str, str] = {}
        self.overridden_by: list[Override] = []
        self._standing_in_for: Override | None = None
        self._lifetime = _NO_LIFETIME
        self._cache: tuple[int, Any] = _NEVER
        self._settled: tuple[int, Any] = _NEVER
        self._variants: dict[Any, Variant] = {}
        self._lock = threading.RLock()
        self._building = False
        self._planned: Plan | None = None
        self._edges: tuple[Edge, ...] | None = None

    # Declaration

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Slot[T]:
        memo = {} if memo is None else memo
        copied: Slot[T] | None = memo.get(id(self))
        if copied is None:
            copied = memo[id(self)] = self._undeclared()
            copied.name = self.name
            copied.injections = {
                name: di.deepcopy(provider, memo)
                for name, provider in self.injections.items()
                if name not in self.injection_names
            }
            copied.injection_names = self.injection_names
        return copied

    def _undeclared(self) -> Slot[T]:
        """A new slot with the same declaration, bound to nothing."""
        raise NotImplementedError

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the provider ``name`` of ``scope``."""
        self.scope, self.name = scope, name
        self._lifetime = _NO_LIFETIME

    @property
    def path(self) -> str:
        """The names that lead to it from the root, dotted."""
        return ".".join((*self._scope.path, self.name))

    @property
    def provides(self) -> Any:
        """The type of what it gives, as far as is known without building it."""
        return self.plan.implementation

    @property
    def _scope(self) -> Scope:
        if self.scope is None:
            raise WiringError(
                f"the provider {self.name!r} belongs to no container", "Ask an instance of the container."
            )
        return self.scope

    # Resolution

    def __call__(self) -> T:  # type: ignore[override]  # slots take no arguments and do not await
        """The instance, built at the first call."""
        epoch, value = self._cache
        if epoch == self._lifetime.epoch:
            return value  # type: ignore[no-any-return]  # the cache holds what this slot built
        return self._resolve()

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        del args, kwargs  # dependency-injector's own way in; slots take no arguments
        return self()

    def _resolve(self) -> T:
        lifetime = self._lifetime = self._scope.lifetime
        lifetime.check_open(self.path)
        epoch = lifetime.epoch
        for slot in self._order(epoch):
            slot.settle(epoch)
        value: T = self.settle(epoch).get()
        return value

    def _order(self, epoch: int) -> list[Slot[Any]]:
        """The slots that are not settled and that this one is built from, each after its own."""
        order: list[Slot[Any]] = []
        entered, above = {self}, {self}
        branch: list[tuple[Slot[Any], Iterator[Slot[Any]]]] = [(self, iter(self.needs()))]
        while branch:
            slot, needs = branch[-1]
            for needed in needs:
                if needed.is_settled(epoch):
                    continue
                if needed not in entered:
                    entered.add(needed)
                    above.add(needed)
                    branch.append((needed, iter(needed.needs())))
                    break
                if needed in above:
                    raise WiringError(f"{needed.path} is needed to build itself: {_drawn(branch, needed)}")
            else:
                order.append(slot)
                above.remove(slot)
                branch.pop()
        return order

    def is_settled(self, epoch: int) -> bool:
        """Whether it is known what it gives in this epoch."""
        return self._settled[0] == epoch

    def needs(self) -> Iterator[Slot[Any]]:
        """The slots that must be settled before this one can be."""
        if self.overridden_by:
            yield from _slots_behind(self.overridden_by[-1].provider)
            return
        for edge in self.edges:
            if edge.provider is not None:
                yield from _slots_behind(edge.provider)

    @property
    def active(self) -> di.Provider[Any]:
        """What gives its value: itself, or the last of what it is overridden by."""
        return self.overridden_by[-1].provider if self.overridden_by else self

    def settle(self, epoch: int) -> Variant:
        """What it gives in this epoch; everything that it needs is settled."""
        settled, variant = self._settled
        if settled == epoch:
            return variant  # type: ignore[no-any-return]  # the pair is written together
        self._lifetime = self._scope.lifetime
        if self.overridden_by:
            variant = _overriding_variant(self.overridden_by[-1], epoch)
        else:
            variant = self._own_variant(epoch)
        self._settled = (epoch, variant)
        if variant.source is None:
            self._cache = (epoch, variant.value)
        return variant

    def _own_variant(self, epoch: int) -> Variant:
        parts = [(edge, _part(edge.provider, epoch)) for edge in self.edges if edge.provider is not None]
        key = tuple(part.token for _, part in parts)
        found = self._variants.get(key)
        if found is not None:
            return found
        # One lock a slot: a constructor may wait for a thread that resolves another one.
        with self._lock:
            found = self._variants.get(key)
            if found is not None:
                return found
            if self._building:
                raise WiringError(f"{self.path} asks for itself while it is being built")
            self._building = True
            try:
                value = self._build({edge.parameter.name: _converted(part, edge) for edge, part in parts})
            finally:
                self._building = False
            overrides = frozenset[Override]().union(*(part.overrides for _, part in parts))
            if self._standing_in_for is not None:
                overrides |= {self._standing_in_for}
            variant = Variant(value, overrides)
            self._scope.lifetime.keep(variant, self._variants, key)
            return variant

    def _build(self, parts: dict[str, Any]) -> Any:
        raise NotImplementedError

    # Plans

    @property
    def plan(self) -> Plan:
        """What it is to build, by its declaration and settings."""
        if self._planned is None:
            with self._lock:
                self._planned = self._planned or self._plan()
        return self._planned

    def _plan(self) -> Plan:
        raise NotImplementedError

    def secrets(self) -> Iterator[str]:
        """The secrets among its settings, if it was asked what to build."""
        if self._planned is not None:
            for setting in self._planned.settings.values():
                yield from secrets_of(setting.value)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """What it is built from, in the order of its constructor."""
        if self._edges is None:
            with self._lock:
                self._edges = tuple(self._find_edges()) if self._edges is None else self._edges
        return self._edges

    def _find_edges(self) -> Iterator[Edge]:
        for name, parameter in self.plan.injected.items():
            if name in self.injection_names:
                # A keyword names a provider of the class body, which a subclass may have redeclared since.
                yield Edge(parameter, self._scope.lookup(self.injection_names[name]))
                continue
            if name in self.injections:
                yield Edge(parameter, self.injections[name])
                continue
            # A slot, or the list that it is an element of, does not see itself, so that a local logger can
            # wrap the global one.
            scope = self._scope.outer if name == self.name.partition(".")[0] else self._scope
            yield Edge(parameter, None if scope is None else scope.lookup(name))

    def _section(self) -> Section:
        """What the sources say of it, merged, as far as no implementation is needed to tell."""
        return NOTHING

    def _nodes(self) -> list[tuple[int, Layer, Node]]:
        """What the sources say of it, weakest first."""
        if self._standing_in_for is not None:
            return []
        return self._scope.configuration.tree.nodes((*self._scope.path, self.name))

    # Overriding

    def override(self, provider: Any) -> Override:  # type: ignore[override]  # a context of our own
        """Let ``provider``, a provider or any object, stand in for this slot.

        It takes effect at once, and ends with the ``with`` block if there is one, else by ``reset_override``.
        Raises WiringError while a run of the container is open.
        """
        scope = self._scope
        self._lifetime = scope.lifetime
        if not isinstance(provider, di.Provider):
            override = Override(di.Object(provider), None, self._end)
            override.variant = Variant(provider, frozenset({override}))
        else:
            override = Override(provider, None, self._end)
            self._admit(provider, override)
        self._lifetime.begin(self.overridden_by, override, self.path)
        return override

    def _admit(self, provider: di.Provider[Any], override: Override) -> None:
        if isinstance(provider, Nested):
            raise WiringError(f"{self.path} cannot be overridden by a container", "Override its providers.")
        if isinstance(provider, Slot):
            if provider is self:
                raise WiringError(f"{self.path} cannot be overridden by itself")
            if provider.scope is None:
                provider.bind(self._scope, self.name)
                provider._standing_in_for = override
            elif provider.scope.root is not self._scope.root:
                raise WiringError(f"{self.path} cannot be overridden by a provider of another container")

    def _end(self, override: Override) -> None:
        self._lifetime.end(self.overridden_by, override, self.path)

    def reset_last_overriding(self) -> None:
        """End the last override."""
        if not self.overridden_by:
            raise WiringError(f"{self.path} is not overridden")
        self._end(self.overridden_by[-1])

    def reset_override(self) -> None:
        """End all overrides."""
        while self.overridden_by:
            self.reset_last_overriding()

    def __repr__(self) -> str:
        where = self.path if self.scope is not None else self.name
        return f"<{type(self).__name__} {where!r}>"

    __str__ = __repr__


class _Integrated(Slot[T]):
    """A slot that builds an integration, chosen and set by its section of the settings."""

    def __init__(
        self,
        interface: abc.Callable[..., T],
        default: str | abc.Callable[..., T] | None,
        settings: Mapping[str, Any] | None,
        injections: Mapping[str, di.Provider[Any]],
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, default
        self.settings = settings
        self.injections = injections
        for name, injection in injections.items():
            if not isinstance(injection, di.Provider):
                raise WiringError(
                    f"{name}={injection!r} is not a provider",
                    "A keyword says which provider to inject under that name; values go into settings={…}.",
                )

    def _undeclared(self) -> Slot[T]:
        return type(self)._declare(self)

    @classmethod
    def _declare(cls, like: _Integrated[T]) -> _Integrated[T]:
        slot = cls.__new__(cls)
        _Integrated.__init__(slot, like.interface, like.default, like.settings, {})
        return slot

    def _default_nodes(self) -> list[tuple[int, Layer, Node]]:
        if not self.settings:
            return []
        declared_as = self._scope.declared_as.__name__
        node = node_of(self.settings, Origin(f"declared in {declared_as}"))
        return [(-1, Layer(declared_as, node), node)]

    def _sections_beside(self) -> frozenset[str]:
        return frozenset()

    @property
    def _declaration(self) -> Declaration:
        default: Any = self.default
        return Declaration(
            path=self._settings_path,
            interface=self.interface,
            default=default,
            nodes=[*self._default_nodes(), *self._nodes()],
            links=self._scope.configuration.links,
            beside=self._sections_beside(),
        )

    def _plan(self) -> Plan:
        return plan_integration(self._declaration)

    def _section(self) -> Section:
        return self._declaration.section()

    @property
    def _settings_path(self) -> str:
        return self.path

    def _build(self, parts: dict[str, Any]) -> Any:
        plan = self.plan
        if plan.errors or plan.implementation is None:
            raise VerificationError(plan.errors)
        missing = [
            edge.parameter.name for edge in self.edges if edge.provider is None and edge.parameter.required
        ]
        if missing:
            raise WiringError(
                f"{self.path}: {plan.called} needs {missing[0]!r}, which nothing in scope provides"
            )
        try:
            built = plan.implementation(**plan.arguments(), **parts)
        except LolpopError:
            raise
        except Exception as error:
            # A constructor may refuse in any way; what a person needs is which one, and what it said.
            refused = f"{self.path}: {plan.called} could not be built: {type(error).__name__}: {error}"
            raise WiringError(masked(self._scope.root, refused)) from error
        if isinstance(built, Integration):
            self._bind_calls(built)
        return built

    def _bind_calls(self, built: Integration) -> None:
        """Tie the calls of what was built to the container."""


class Component(_Integrated[T]):
    """One shared component, built at first use.

    ``default``, and ``use`` in the settings, take a registered short name, ``package.module:Class``, or a
    class. ``settings`` are what it is set to where no source says otherwise. A keyword names the provider
    to be injected where the names differ.
    """

    def __init__(
        self,
        interface: abc.Callable[..., T],
        /,
        *,
        default: str | abc.Callable[..., T] | None = None,
        settings: Mapping[str, Any] | None = None,
        **injections: di.Provider[Any],
    ) -> None:
        super().__init__(interface, default, settings, injections)


class _Element(Component[T]):
    """One element of a list of components."""

    def __init__(self, interface: abc.Callable[..., T], default: Any, nodes: Any) -> None:
        super().__init__(interface, default=default)
        self._given = nodes

    def _nodes(self) -> list[tuple[int, Layer, Node]]:
        return list(self._given)


class Components(Slot[list[T]]):
    """An ordered list of components, each with settings of its own. A stronger source replaces the list."""

    def __init__(
        self, interface: abc.Callable[..., T], /, *, default: Sequence[str | abc.Callable[..., T]] = ()
    ) -> None:
        super().__init__()
        self.interface, self.default = interface, tuple(default)
        self._elements: tuple[_Element[T], ...] | None = None

    def _undeclared(self) -> Slot[list[T]]:
        return Components(self.interface, default=self.default)

    @property
    def provides(self) -> Any:
        """The type of the list."""
        return list[self.interface]  # type: ignore[name-defined]  # the interface is a value here

    @property
    def elements(self) -> tuple[_Element[T], ...]:
        """One slot for each element."""
        if self._elements is None:
            with self._lock:
                self._elements = self._elements or tuple(self._make_elements())
        return self._elements

    def _make_elements(self) -> Iterator[_Element[T]]:
        said = [(rank, layer, *_list_and_elements(given)) for rank, layer, given in self._nodes()]
        strongest = -1
        nodes: list[tuple[Any, list[tuple[int, Layer, Node]]]] = [(default, []) for default in self.default]
        for rank, layer, listed, _ in said:
            if listed is not None and isinstance(listed.value, tuple):
                strongest = rank
                nodes = [(None, [(rank, layer, child)]) for child in listed.value]
        for rank, layer, _, elements in said:
            for key, child in elements.items():
                if rank >= strongest and key.isdecimal() and int(key) < len(nodes):
                    nodes[int(key)][1].append((rank, layer, child))
        for index, (default, given_nodes) in enumerate(nodes):
            element = _Element(self.interface, default, given_nodes)
            element.bind(self._scope, f"{self.name}.{index}")
            element._standing_in_for = self._standing_in_for
            yield element

    def stray_nodes(self) -> Iterator[tuple[str, Node]]:
        """What sources say of it that is neither a list nor one of its elements, by key."""
        for _, _, given in self._nodes():
            listed, elements = _list_and_elements(given)
            if listed is not None and listed.value is not None and not isinstance(listed.value, tuple):
                yield "", listed
            for key, child in elements.items():
                if not key.isdecimal() or int(key) >= len(self.elements):
                    yield key, child

    def _plan(self) -> Plan:
        return Plan(self.path)

    def _find_edges(self) -> Iterator[Edge]:
        for element in self.elements:
            yield Edge(Parameter(element.name, self.interface), element)

    def _build(self, parts: dict[str, Any]) -> Any:
        return list(parts.values())


def _list_and_elements(given: Node) -> tuple[Node | None, Mapping[str, Node]]:
    """What a source says of a whole list, and of its elements by index."""
    node = sequence_of(given)
    if not isinstance(node.value, Mapping):
        return node, {}
    # A variable for the list beside variables for its elements stands under the empty key.
    whole = node.value.get("")
    elements = {key: child for key, child in node.value.items() if key}
    return None if whole is None else sequence_of(whole), elements


class Settings(Slot[T]):
    """A section of the settings, validated as any type that pydantic knows and injected as a value.

    A ``default`` that is a mapping, of a section that is not, is the weakest source of it.
    """

    def __init__(self, type: abc.Callable[..., T], /, *, default: Any = REQUIRED) -> None:  # noqa: A002
        super().__init__()
        self.type, self.default = type, default

    def _undeclared(self) -> Slot[T]:
        return Settings(self.type, default=self.default)

    @property
    def provides(self) -> Any:
        """The type of the value."""
        return self.type

    def _plan(self) -> Plan:
        scope = self._scope
        default = REQUIRED if isinstance(self.default, Mapping) else self.default
        return plan_value(
            self.path,
            Parameter(self.name, self.type, default),
            self._section(),
            scope.configuration.links,
            scope.declared_as.__name__,
        )

    def _section(self) -> Section:
        nodes = self._nodes()
        if isinstance(self.default, Mapping):
            declared_as = self._scope.declared_as.__name__
            node = node_of(self.default, Origin(f"default of {declared_as}"))
            nodes = [(-1, Layer(declared_as, node), node), *nodes]
        return merge(nodes, known=lambda path: declared_keys(self.type, path), whole=True)

    def _own_variant(self, epoch: int) -> Variant:
        del epoch  # a value depends on nothing that could change
        plan = self.plan
        if plan.errors or "" not in plan.settings:
            raise VerificationError(plan.errors)
        found = self._variants.get(())
        if found is None:
            found = self._variants.setdefault((), Variant(plan.settings[""].value))
        return found


class Folder(Slot["Path"]):
    """The folder that relative paths start from: of the first settings file, else the current one."""

    def _undeclared(self) -> Slot[Path]:
        return Folder()

    @property
    def provides(self) -> Any:
        """``pathlib.Path``."""
        from pathlib import Path

        return Path

    def _plan(self) -> Plan:
        return Plan(self.path)

    def _own_variant(self, epoch: int) -> Variant:
        from pathlib import Path

        del epoch  # a value depends on nothing that could change
        found = self._variants.get(())
        if found is None:
            folder = self._scope.configuration.folder or Path.cwd()
            found = self._variants.setdefault((), Variant(folder))
        return found


class _Owner(_Integrated[T]):
    """The pipeline or runner of a container, which takes its settings from the container's own section."""

    def __init__(self, interface: abc.Callable[..., T], /, **injections: di.Provider[Any]) -> None:
        super().__init__(interface, interface, None, injections)

    @property
    def _settings_path(self) -> str:
        return ".".join(self._scope.path)

    def _nodes(self) -> list[tuple[int, Layer, Node]]:
        if self._standing_in_for is not None:
            return []
        return self._scope.configuration.tree.nodes(self._scope.path)

    def _sections_beside(self) -> frozenset[str]:
        beside = {name for name, provider in self._scope.providers.items() if has_section(provider)}
        return frozenset(beside if self._scope.outer is not None else {*beside, "lolpop"})

    def _bind_calls(self, built: Integration) -> None:
        from lolpop.recording import CallBinding

        binding: Binding = CallBinding(self._scope, ".".join(self._scope.path))
        bind(built, binding)


class Pipeline(_Owner[T]):
    """The pipeline of a pipeline container; ``use`` in the container's section swaps its class."""


class Runner(_Owner[T]):
    """The runner of a runner container; the first call verifies the container."""

    def _resolve(self) -> T:
        scope = self._scope
        lifetime = scope.lifetime
        lifetime.check_open(self.path)
        if not lifetime.verified:
            from lolpop.verification import verify

            verify(scope.root)
        return super()._resolve()


class Nested(di.Container[Any]):
    """A container inside another. Asking for it by name gives its pipeline."""

    def __init__(self, container: type[Any]) -> None:
        # The class is kept from the base, which would make an instance of it here and now.
        super().__init__(None)  # type: ignore[arg-type]
        self.declared = container
        self._inside: Any = None

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Nested:
        memo = {} if memo is None else memo
        copied: Nested | None = memo.get(id(self))
        if copied is None:
            copied = memo[id(self)] = Nested(self.declared)
        return copied

    def bind(self, scope: Scope, name: str) -> None:
        """Make it the nested container ``name`` of ``scope``."""
        inside = self.container
        inner: Scope = inside._scope
        inner.outer, inner.name = scope, name

    @property
    def container(self) -> Any:
        """The instance of the nested container."""
        if self._inside is None:
            self._inside = self.declared()
            self._inside.assign_parent(self)
        return self._inside

    @property
    def providers(self) -> dict[str, di.Provider[Any]]:
        """The providers of the nested container by name."""
        found: dict[str, di.Provider[Any]] = self.container.providers
        return found

    @property
    def scope_inside(self) -> Scope | None:
        """The scope of the nested container."""
        return None if self._inside is None else self._inside._scope

    @property
    def pipeline(self) -> Pipeline[Any] | None:
        """The provider of the nested container's pipeline, if it has one."""
        return next((slot for slot in self.providers.values() if isinstance(slot, Pipeline)), None)

    def apply_overridings(self) -> None:
        """Nothing: containers are overridden provider by provider."""

    def override(self, provider: Any) -> Any:
        """Refused: what is overridden is the providers inside it."""
        del provider
        raise WiringError(
            "a nested container cannot be overridden", "Override its providers, or its pipeline."
        )

    def _provide(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        del args, kwargs
        return self.container


def nested(container: type[C]) -> C:
    """A child container. It may be nested under several names, each with settings of its own.

    In an instance of the outer container its name is an instance of the nested one, as type checkers see it
    too: ``runner_container.train.model_trainer()``. Asking for it by name in the constructor of the layer
    above gives its pipeline.
    """
    return cast("C", Nested(container))  # what an instance has under the name is the container


def has_section(provider: di.Provider[Any]) -> bool:
    """Whether a key of the settings is the provider's own."""
    return isinstance(provider, Component | Components | Settings | Nested)


def slots_in(root: Scope) -> Iterator[Slot[Any]]:
    """The slots that count: with those that stand in for others in their place, and elements of lists."""
    for scope in root.walk():
        for provider in scope.providers.values():
            slot = provider.active if isinstance(provider, Slot) else None
            if isinstance(slot, Slot):
                yield slot
                if isinstance(slot, Components):
                    yield from slot.elements


def broken_links(root: Scope) -> list[Finding]:
    """The links that lead nowhere, of settings that count: what a stronger source replaced may be broken."""
    broken = root.configuration.links.findings()
    if not broken:
        return []
    sections = [slot._section() for slot in slots_in(root)]
    in_force = {section.use.node.origin for section in sections if section.use is not None}
    in_force.update(node.origin for section in sections for _, node in leaves(section.root))
    return [finding for finding in broken if finding.origin in in_force]


@dataclass(frozen=True, slots=True)
class _Part:
    """What an edge contributes to what is built: the value, and the token that stands for it."""

    token: Any
    variant: Variant

    @property
    def overrides(self) -> frozenset[Override]:
        return self.variant.overrides


def behind(provider: di.Provider[Any] | None) -> di.Provider[Any] | None:
    """The provider that really gives what ``provider`` is asked for."""
    return provider.pipeline if isinstance(provider, Nested) else provider


def _slots_behind(provider: di.Provider[Any]) -> Iterator[Slot[Any]]:
    found = behind(provider)
    if isinstance(found, Slot):
        yield found
    elif found is not None:
        yield from related_slots(found)


def related_slots(provider: di.Provider[Any]) -> Iterator[Slot[Any]]:
    """The slots that a provider of dependency-injector refers to."""
    everything: Iterator[Any] = provider.traverse()
    return (related for related in everything if isinstance(related, Slot))


def _part(provider: di.Provider[Any], epoch: int) -> _Part:
    found = behind(provider)
    if isinstance(found, Slot):
        variant = found.settle(epoch)
        return _Part(variant, variant)
    if found is None:
        raise WiringError("a nested container that is asked for has no pipeline")
    related = [slot.settle(epoch) for slot in related_slots(found)]
    overrides = frozenset[Override]().union(*(variant.overrides for variant in related))
    return _Part((found, *related), Variant(None, overrides, source=found))


def _overriding_variant(override: Override, epoch: int) -> Variant:
    if override.variant is not None:
        return override.variant
    part = _part(override.provider, epoch)
    if override in part.overrides:
        return part.variant
    # What stands in has a life of its own; what depends on this slot now depends on the override too.
    found = override.variants.get(part.token)
    if found is None:
        variant = Variant(part.variant.value, part.overrides | {override}, part.variant.source)
        found = override.variants.setdefault(part.token, variant)
    return found


def _converted(part: _Part, edge: Edge) -> Any:
    value = part.variant.get()
    if isinstance(value, list):
        wanted = {get_origin(member) or member for member in alternatives(edge.parameter.annotation)}
        return tuple(value) if tuple in wanted else list(value)
    return value


def _drawn(branch: Sequence[tuple[Slot[Any], Any]], again: Slot[Any]) -> str:
    slots = [slot for slot, _ in branch]
    circle = [*slots[next(i for i, slot in enumerate(slots) if slot is again) :], again]
    return " -> ".join(slot.path for slot in circle)


def provided_type(provider: di.Provider[Any]) -> Any:
    """The type of what a provider gives, as far as is known without calling it; ``Any`` otherwise."""
    found = behind(provider)
    if isinstance(found, Slot):
        if found.overridden_by:
            return _stand_in_type(found)
        return Any if found.provides is None else found.provides
    if isinstance(found, di.Object):
        return type(found.provides)
    if isinstance(found, di.Factory | di.BaseSingleton):
        return found.cls if inspect.isclass(found.cls) else Any
    return Any


def _stand_in_type(slot: Slot[Any]) -> Any:
    active = slot.active
    if not isinstance(slot, _Integrated) or not isinstance(active, di.Object):
        return provided_type(active)
    # A live object that stands in for an integration may be any double, unless it says what it is; a mock
    # does so by its __class__.
    return active.provides.__class__ if isinstance(active.provides, Integration) else Any
