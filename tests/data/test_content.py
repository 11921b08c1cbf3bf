"""Digests of values: other content means another digest, whatever kind of object holds it."""

import collections
import dataclasses
import functools

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, PrivateAttr

from lolpop.data.content import Opaque, digest_of_value


@dataclasses.dataclass
class Size:
    width: int = 1

    @functools.cached_property
    def area(self):
        return self.width**2


@dataclasses.dataclass
class Names(list):
    size: int = 1


class Model(BaseModel):
    width: int = 1
    _depth: int = PrivateAttr(0)


class Table(pd.DataFrame):
    _metadata = ["unit"]  # noqa: RUF012  (pandas declares it so)

    @property
    def _constructor(self):
        return Table


def having(value, **attributes):
    for name, content in attributes.items():
        setattr(value, name, content)
    return value


def objects(*values):
    return pd.DataFrame({"x": pd.Series([*values], dtype=object)})


def columns(*categories):
    return pd.DataFrame([[1]], columns=pd.CategoricalIndex(["a"], categories))


PAIRS = {
    "the default of a defaultdict": (collections.defaultdict(int), collections.defaultdict(list)),
    "the mask of an array": (np.ma.array([1, 2], mask=[0, 1]), np.ma.array([1, 2], mask=[0, 0])),
    "an attribute that is no field": (having(Size(), depth=1), having(Size(), depth=2)),
    "a private attribute": (having(Model(), _depth=1), having(Model(), _depth=2)),
    "the items of a dataclass": (Names(), having(Names(), size=1).__iadd__([1])),
    "the metadata of a frame": (having(Table({"a": [1]}), unit="m"), having(Table({"a": [1]}), unit="s")),
    "a name of a series": (pd.Series([1]), pd.Series([1], name="value")),
    "the categories of columns": (columns("a", "b"), columns("a", "c")),
    "nested tuples and lists": (objects({"a": (1,)}), objects({"a": [1]})),
    "a missing key": (objects({"a": 1}, {"b": 2}), objects({"a": 1, "b": None}, {"a": None, "b": 2})),
}


def digest(value):
    """The digest; a new object, which equals nothing, for a value that has none."""
    try:
        return digest_of_value(value)
    except Opaque:
        return object()


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS)
def test_other_content_means_another_digest(one, other):
    """Values that differ in what they hold besides their items or fields have different digests, or none."""
    assert digest(one) != digest(other)


def test_a_computed_attribute_does_not_change_a_digest():
    """A cached property that was read before is no content of its own."""
    size = Size(3)
    before = digest_of_value(size)
    assert size.area == 9
    assert digest_of_value(size) == before
