"""Merging: random layers against a simple model, and typed values through every source."""

import json
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from lolpop import Component, RunnerContainer, providers
from lolpop.errors import Origin
from lolpop.settings.nodes import Layer, Statement, node_of, plain
from lolpop.settings.tree import Tree, merge

KEYS = st.sampled_from(["a", "b", "c", "X"])
SCALARS = st.one_of(st.integers(-3, 3), st.sampled_from(["t", "u"]), st.booleans())
VALUES = st.recursive(
    SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(KEYS, below, max_size=3)),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=4)


def layers_of(values):
    return [
        Statement(rank, Layer(f"layer {rank}", node := node_of(value, Origin(f"layer {rank}"))), node)
        for rank, value in enumerate(values)
    ]


def merged_by_hand(weak, strong):
    """Mappings are merged key by key; anything else replaces."""
    if isinstance(weak, dict) and isinstance(strong, dict):
        return weak | {key: merged_by_hand(weak.get(key), value) for key, value in strong.items()}
    return strong


def without_empty(value):
    """Whether an empty mapping is a mapping or nothing is not told apart once others are merged with it."""
    if isinstance(value, dict):
        return {key: inner for key, child in value.items() if (inner := without_empty(child)) != {}}
    return value


@settings(max_examples=300, deadline=None)
@example([{"a": [], "c": []}, {"c": {"a": 0}}, {"a": {}, "c": {}}])
@given(st.lists(MAPPINGS, min_size=1, max_size=4))
def test_layers_merge_as_the_model_does(values):
    """The strongest layer counts, key by key, and lists replace, for any layers."""
    expected: Any = {}
    for value in values:
        expected = merged_by_hand(expected, value)
    section = merge(layers_of(values), as_value=True)
    assert without_empty(plain(section.root)) == without_empty(expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(MAPPINGS, min_size=1, max_size=4))
def test_every_leaf_knows_the_layer_that_gave_it(values):
    """The origin of a value is the strongest layer that sets it."""

    def check(node, path):
        if isinstance(node.value, dict):
            for key, child in node.value.items():
                check(child, (*path, key))
        else:
            assert node.origin == tree.node(path).origin

    tree = Tree(tuple(statement.layer for statement in layers_of(values)))
    check(tree.merged(()).root, ())


USES = st.sampled_from([None, "one", "two"])
SECTIONS = st.lists(
    st.tuples(USES, st.dictionaries(st.sampled_from("abc"), st.integers(), max_size=3)),
    min_size=1,
    max_size=5,
)


@settings(max_examples=120, deadline=None)
@given(SECTIONS)
def test_another_use_drops_weaker_keys_as_the_model_does(sections):
    """Only settings since the last change of `use` count."""
    current, expected = "one", {}
    for use, keys in sections:
        if use is not None and use != current:
            current, expected = use, {}
        expected = expected | keys
    values = [keys | ({} if use is None else {"use": use}) for use, keys in sections]
    section = merge(layers_of(values), default_use="one")
    assert plain(section.root) == expected
    assert len(section.history) == sum(len(value) for value in values)
    dropped = {entry.path for entry in section.history if entry.dropped} - {("use",)}
    assert all(path[0] in "abc" for path in dropped)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    name: str = "x"
    sizes: list[int] = []


class Typed(Component):
    def __init__(
        self,
        text: str = "",
        whole: int = 0,
        real: float = 0.0,
        flag: bool = False,
        path: Path = Path(),
        day: date | None = None,
        at: datetime | None = None,
        wait: timedelta = timedelta(),
        colour: Colour = Colour.RED,
        choice: Literal["a", "b", 3] = "a",
        texts: tuple[str, ...] = (),
        pairs: dict[str, float] | None = None,
        inner: Inner | None = None,
        either: int | str = 0,
        anything: Any = None,
        maybe: str | None = None,
    ):
        self.values = {name: value for name, value in locals().items() if name != "self"}


class TypedContainer(RunnerContainer):
    typed = providers.Component(Typed, default=Typed)


WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0$\r", exclude_categories=["Cs"]), max_size=8
)


@settings(max_examples=50, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "text": WORDS | WORDS.map(json.dumps),
            "whole": st.integers(-(2**53), 2**53),
            "real": st.floats(allow_nan=False, allow_infinity=False),
            "flag": st.booleans(),
            "path": st.sampled_from(["a/b", ".", "/tmp/1"]).map(Path),
            "day": st.dates(min_value=date(1900, 1, 1)),
            "at": st.datetimes(),
            "wait": st.integers(0, 10**6).map(lambda seconds: timedelta(seconds=seconds)),
            "colour": st.sampled_from(Colour),
            "choice": st.sampled_from(["a", "b", 3]),
            "texts": st.lists(WORDS, max_size=3).map(tuple),
            "pairs": st.dictionaries(WORDS.filter(bool), st.floats(-5, 5), max_size=3),
            "inner": st.builds(Inner, name=WORDS, sizes=st.lists(st.integers(-5, 5), max_size=3)),
            "either": st.one_of(st.integers(-5, 5), st.sampled_from(["x", "y z"])),
        },
    )
)
def test_values_come_through_variables_and_overrides_as_they_are(values):
    """Variables keep every JSON value, and overrides every object."""
    from pydantic import TypeAdapter

    def text_of(name, value):
        dumped = TypeAdapter(type(value)).dump_python(value, mode="json")
        return dumped if isinstance(dumped, str) else json.dumps(dumped)

    environ = {f"LOLPOP_TYPED__{name.upper()}": text_of(name, value) for name, value in values.items()}
    for container in (
        TypedContainer.load(environ=environ),
        TypedContainer.load(environ={}, overrides={f"typed.{name}": value for name, value in values.items()}),
    ):
        actual = container.typed().values
        assert {name: actual[name] for name in values} == values


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [('"5"', "either", "5"), ("5", "either", 5), ('"x"', "either", "x"), ('"x"', "anything", "x"), ('"x"', "text", '"x"'),
     ('"null"', "maybe", "null"), ("null", "maybe", None), ('"x"', "maybe", '"x"')],
)  # fmt: skip
def test_quotes_in_a_variable_mark_text_where_other_values_are_possible(text, name, value):
    """They are a part of the text where a setting takes nothing else."""
    container = TypedContainer.load(environ={f"LOLPOP_TYPED__{name.upper()}": text})
    assert container.typed().values[name] == value


@pytest.mark.parametrize(
    ("yaml", "name", "value"),
    [
        ("text: '1'", "text", "1"),
        ("text: no", "text", "no"),
        ("real: 1", "real", 1.0),
        ("real: 1e-3", "real", 0.001),
        ("day: 2024-02-03", "day", date(2024, 2, 3)),
        ("at: 2024-02-03T04:05:06Z", "at", datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC)),
        ("wait: PT5M", "wait", timedelta(minutes=5)),
        ("colour: blue", "colour", Colour.BLUE),
        ("choice: 3", "choice", 3),
        ("texts: [a, b]", "texts", ("a", "b")),
        ("pairs: {a: 1, b: 2.5}", "pairs", {"a": 1.0, "b": 2.5}),
        ("inner: {name: n, sizes: [1]}", "inner", Inner(name="n", sizes=[1])),
        ("either: '5'", "either", "5"),
        ("anything: [1, {a: null}]", "anything", [1, {"a": None}]),
    ],
)
def test_values_of_yaml(tmp_path, yaml, name, value):
    """Values of YAML become those of the declared types."""
    (tmp_path / "typed.yaml").write_text(f"typed:\n  {yaml}\n")
    container = TypedContainer.load(tmp_path / "typed.yaml", environ={})
    assert container.verify() == []
    actual = container.typed().values[name]
    assert (actual, type(actual)) == (value, type(value))
