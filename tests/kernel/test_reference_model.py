"""Random containers beside a reference model: who is built from whom, what comes back, and what is closed.

The model gives each thing a symbol, made of what it is built from and of the overrides that stand in for that. Two
things are the same object exactly if they have the same symbol, and a thing is closed exactly when an override in
its symbol has ended, or with its container.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lolpop import Component, PipelineContainer, providers
from lolpop.errors import Finding, VerificationError, WiringError

KINDS = ("component", "component", "list", "settings", "factory")


class Cyclic(Exception):
    """Something needs itself."""


class Part(Component):
    """Knows what it was built from, and how often it was closed."""

    def __init__(self, parts: dict):
        self.parts, self.closings = parts, 0

    def close(self):
        self.closings += 1


class Made:
    """What factories make."""

    def __init__(self, **parts):
        self.parts = parts


def part_class(needs: list[str]) -> type[Part]:
    """A component that takes what has these names."""
    namespace: dict[str, Any] = {"Part": Part}
    takes = f"*, {', '.join(f'{name}: object' for name in needs)}" if needs else ""
    exec(
        f"def __init__(self, {takes}): Part.__init__(self, dict({', '.join(f'{n}={n}' for n in needs)}))",
        namespace,
    )
    return type("Needing", (Part,), {"__init__": namespace["__init__"]})


FREE = providers.Component(Part, default=part_class([]))
"""A stand-in that is used again and again, in all containers."""


@dataclass
class Declared:
    """One provider of a random container."""

    name: str
    kind: str
    needs: list[str]


@dataclass
class Override:
    """An override that is in force."""

    number: int
    context: Any
    symbol: Callable[[tuple[str, ...]], Any]


@dataclass
class Model:
    """What a container should be, beside what it is."""

    declared: dict[str, Declared]
    container: Any
    overrides: dict[str, list[Override]] = field(default_factory=dict)
    objects: dict[Any, Any] = field(default_factory=dict)
    """What has been seen, by symbol: the objects of components."""
    ended: set[int] = field(default_factory=set)
    live: list[Part] = field(default_factory=list)
    count: int = 0

    def symbol(self, name: str, path: tuple[str, ...] = ()) -> Any:
        if name in path:
            raise Cyclic
        path = (*path, name)
        standing = self.overrides.get(name)
        if standing:
            return ("instead", standing[-1].number, standing[-1].symbol(path))
        declared = self.declared[name]
        return (declared.kind, name, tuple((need, self.symbol(need, path)) for need in declared.needs))

    def check(self, name: str) -> None:
        try:
            symbol = self.symbol(name)
        except Cyclic:
            with pytest.raises(WiringError, match="has a circular dependency"):
                self.container.providers[name]()
        else:
            value = self.container.providers[name]()
            self.compare(value, symbol)
            if isinstance(value, list):
                value.append("to the list of whoever asked")

    def check_proof(self) -> None:
        """The proof sees a cycle exactly if there is one."""
        is_cyclic = False
        for name in self.declared:
            try:
                self.symbol(name)
            except Cyclic:
                is_cyclic = True
        # An object that stands in for a list of them is a finding of its own.
        others = [finding for finding in self.findings() if "is overridden by an" not in finding.message]
        assert bool(others) == is_cyclic
        assert all("has a circular dependency" in finding.message for finding in others)

    def findings(self) -> list[Finding]:
        try:
            return self.container.verify()
        except VerificationError as error:
            return list(error.findings)

    def compare(self, value: Any, symbol: Any) -> None:
        """Hold a value beside its symbol."""
        kind, about, inner = symbol
        if kind == "instead":
            if inner[0] == "live":
                assert value is inner[1] or value == inner[1]
            elif inner[0] == "free":
                self.same(symbol, value)
            else:
                self.compare(value, inner)
        elif kind == "settings":
            assert value == [about]
        elif kind == "list":
            assert len(value) == 2
            for at, element in enumerate(value):
                self.same((*symbol, at), element)
        else:
            if kind == "component":
                self.same(symbol, value)
            assert list(value.parts) == [need for need, _ in inner]
            for need, part_symbol in inner:
                self.compare(value.parts[need], part_symbol)

    def same(self, symbol: Any, value: Any) -> None:
        assert value.closings == 0
        assert self.objects.setdefault(symbol, value) is value
        assert [other for other in self.objects.values() if other is value] == [value]

    def check_closed(self, *, everything: bool = False) -> None:
        for symbol, value in self.objects.items():
            is_gone = everything or bool(self.ended & numbers(symbol))
            assert value.closings == is_gone, symbol
        assert all(part.closings == 0 for part in self.live)


def numbers(symbol: Any) -> set[int]:
    """The overrides in a symbol."""
    if not isinstance(symbol, tuple):
        return set()
    own = {symbol[1]} if symbol and symbol[0] == "instead" else set()
    return own.union(*map(numbers, symbol))


@st.composite
def models(draw) -> Model:
    """A container of a few providers, each of which needs some that come after it in a random order."""
    names = draw(st.permutations([f"p{number}" for number in range(draw(st.integers(3, 6)))]))
    declared, slots = {}, {}
    for at, name in enumerate(names):  # what a factory needs is declared before it
        kind = draw(st.sampled_from(KINDS))
        below = names[:at] if kind in ("component", "factory") else []
        needs = draw(st.lists(st.sampled_from(below), unique=True, min_size=1, max_size=3)) if below else []
        declared[name] = Declared(name, kind, needs)
        if kind == "component":
            slots[name] = providers.Component(Part, default=part_class(needs))
        elif kind == "list":
            slots[name] = providers.Components(Part, default=[part_class([]), part_class([])])
        elif kind == "settings":
            slots[name] = providers.Settings(list, default=[name])
        else:
            slots[name] = providers.Factory(Made, **{need: slots[need] for need in needs})
    return Model(declared, type("Random", (PipelineContainer,), slots)())


def begin(model: Model, data: Any) -> None:
    """Let something stand in for a provider."""
    name = data.draw(st.sampled_from(sorted(model.declared)))
    other = data.draw(st.sampled_from(sorted(model.declared)))
    how = data.draw(st.sampled_from(["live", "free", "slot", "factory"]))
    if how == "slot" and other == name:
        how = "live"
    if how == "live":
        provider: Any = Part({})
        model.live.append(provider)
    elif how == "free":
        provider = FREE
    else:
        provider = model.container.providers[other]
    stand_in = provider

    def symbol(path: tuple[str, ...]) -> Any:
        if how in ("live", "free"):
            return (how, stand_in if how == "live" else name, ())
        inner = model.symbol(other, path)
        return inner if how == "slot" else ("factory", "made instead", (("inner", inner),))

    if how == "factory":
        provider = providers.Factory(Made, inner=provider)
    context = model.container.providers[name].override(provider)
    model.count += 1
    model.overrides.setdefault(name, []).append(Override(model.count, context, symbol))


def end(model: Model, data: Any) -> None:
    """End any of the overrides, not only the last one."""
    in_force = [(name, override) for name, standing in model.overrides.items() for override in standing]
    if in_force:
        name, override = data.draw(st.sampled_from(in_force))
        model.overrides[name].remove(override)
        model.ended.add(override.number)
        override.context.__exit__(None, None, None)


@settings(max_examples=200, deadline=None)
@given(models(), st.data())
def test_a_container_is_as_the_reference_model_says(model, data):
    """After any overrides in any order, each provider gives the object of the model."""
    for _ in range(data.draw(st.integers(4, 12))):
        step = data.draw(st.sampled_from(["begin", "begin", "end", "ask", "ask all", "verify"]))
        if step == "begin":
            begin(model, data)
        elif step == "end":
            end(model, data)
        elif step == "verify":
            model.check_proof()
        else:
            names = data.draw(st.permutations(sorted(model.declared)))
            for name in names if step == "ask all" else names[:1]:
                model.check(name)
        model.check_closed()
    if data.draw(st.booleans()):
        model.container.reset_override()
        model.ended |= {override.number for standing in model.overrides.values() for override in standing}
        model.overrides.clear()
        for name in model.declared:
            model.check(name)
        model.check_closed()
    with model.container:
        pass
    model.check_closed(everything=True)
