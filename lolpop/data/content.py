"""Digests of values by their content: equal in every process for equal values."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import hashlib
import pathlib
import re
import sys
import uuid
from collections.abc import Mapping, Set
from typing import Any

__all__ = ["Opaque", "digest_of_value", "is_plain"]

_BY_REPRESENTATION = (
    bool, int, float, complex, str, bytes, dt.date, dt.datetime, dt.time, dt.timedelta, dt.tzinfo,
    decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath, range, slice, type(None),
    type(Ellipsis),
)  # fmt: skip
"""Types of the standard library with a complete representation."""


_CONTAINERS = (Mapping, list, tuple, Set, str, bytes)
"""Types whose subclasses hold more than their attributes."""


class Opaque(Exception):  # noqa: N818  (it is a fact about a value, which the caller acts on)
    """A value without accessible content; ``value`` is the part that has none."""

    def __init__(self, value: object) -> None:
        super().__init__(f"{type(value).__module__}.{type(value).__qualname__}")
        self.value = value


def digest_of_value(value: Any) -> str:
    """SHA-256 of a value's content and type.

    Takes the plain values of Python, collections of them, enums, dataclasses, pydantic models, compiled
    patterns, NumPy arrays and dataframes. Raises Opaque for anything else, functions and classes included.
    """
    return hashlib.sha256(repr(_described(value, ())).encode("utf-8", "surrogatepass")).hexdigest()


def is_plain(value: Any) -> bool:
    """Whether a value is a built-in one, or a collection of such, so that its digest is cheap."""
    if isinstance(value, Mapping):
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return all(map(is_plain, value))
    return isinstance(value, (enum.Enum, *_BY_REPRESENTATION))


def _described(value: Any, within: tuple[int, ...]) -> Any:
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if kind in _BY_REPRESENTATION:
        return name, repr(value)
    if isinstance(value, enum.Enum):
        return name, value.name, _described(value.value, within)
    if isinstance(value, dt.tzinfo | pathlib.PurePath):
        return name, repr(value)
    if isinstance(value, re.Pattern):
        return name, repr(value.pattern), int(value.flags)
    if id(value) in within:
        return name, "contains itself"
    within = (*within, id(value))
    if kind in (list, tuple):
        return name, [_described(item, within) for item in value]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return name, [_described(item, within) for item in value]
    if isinstance(value, Mapping) and kind.__module__ in ("builtins", "collections", "types"):
        # The order of keys counts: code may depend on it.
        items = [(_described(key, within), _described(item, within)) for key, item in value.items()]
        return name, items, *_default_of(value)
    if isinstance(value, Set) and kind in (set, frozenset):
        return name, sorted(repr(_described(item, within)) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type) and not isinstance(value, _CONTAINERS):
        fields = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
        return name, [(key, _described(item, within)) for key, item in {**fields, **_others(value)}.items()]
    if _is_pydantic(value):
        fields = {**dict(value), **(value.__pydantic_private__ or {})}
        return name, [(key, _described(item, within)) for key, item in fields.items()]
    return _of_library(value, name)


def _others(value: Any) -> dict[str, Any]:
    """The attributes of a dataclass that are no fields, in any order; what it computes of fields is none."""
    others = set(getattr(value, "__dict__", ())) - {field.name for field in dataclasses.fields(value)}
    return {
        name: value.__dict__[name]
        for name in sorted(others)
        if not isinstance(getattr(type(value), name, None), functools.cached_property)
    }


def _default_of(value: Mapping[Any, Any]) -> tuple[str, ...]:
    """What a defaultdict gives for other keys, if it is one."""
    factory = value.default_factory if isinstance(value, collections.defaultdict) else None
    if factory is None:
        return ()
    if not (isinstance(factory, type) and factory.__module__ == "builtins"):
        raise Opaque(factory)
    return (factory.__qualname__,)


def _is_pydantic(value: Any) -> bool:
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(value, pydantic.BaseModel)


def _of_library(value: Any, name: str) -> Any:
    """The content of arrays and frames; their libraries are imported if there is one."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.generic):
        return name, repr(value.item()), str(value.dtype)
    # Another class of array may hold more than its values, such as a mask.
    if numpy is not None and type(value) in (numpy.ndarray, numpy.memmap) and not value.dtype.hasobject:
        from lolpop.data.frame_digests import array_digest

        return name, value.shape, str(value.dtype), array_digest(value)
    if pandas is not None and isinstance(value, pandas.Timestamp | pandas.Timedelta):
        return name, repr(value)
    if pandas is not None and isinstance(value, pandas.Series):
        name = f"{name} {value.name!r}"
        value = value.to_frame("value" if value.name is None else value.name)
    if hasattr(value, "columns") or hasattr(value, "column_names"):
        from lolpop.data.frame_digests import frame_digest, nested_values
        from lolpop.errors import DataError

        try:
            digest = frame_digest(value)
        except DataError:
            raise Opaque(value) from None
        return name, digest, [_described(column, ()) for column in nested_values(value)]
    raise Opaque(value)
