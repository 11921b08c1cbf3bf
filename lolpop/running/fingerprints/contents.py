"""The classes of the objects that a value consists of."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from lolpop.components.model_trainer import FittedModel
from lolpop.components.model_trainer.stored import StoredModel
from lolpop.running.fingerprints.modules import is_project_module

__all__ = ["PLAIN", "classes_of"]

PLAIN = (bool, int, float, complex, str, bytes, type(None))
"""Types of values that have no code of the project."""


def classes_of(values: Iterable[Any]) -> Collection[type]:
    """The project's classes that objects in ``values`` are of."""
    return dict.fromkeys(
        type(item)
        for value in values
        if type(value) not in PLAIN
        for item in _objects(value, set())
        if is_project_module(type(item).__module__)
    )


def _objects(value: Any, seen: set[int]) -> Iterator[Any]:
    """The objects that ``value`` consists of, but for plain ones."""
    if type(value) in PLAIN or id(value) in seen:
        return
    seen.add(id(value))
    yield value
    for child in _children(value):
        yield from _objects(child, seen)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, type | enum.Enum):
        return ()
    if isinstance(value, Mapping):
        return (*value.keys(), *value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if dataclasses.is_dataclass(value) or hasattr(type(value), "model_fields"):
        return list(getattr(value, "__dict__", {}).values()) + [
            getattr(value, name, None) for name in getattr(type(value), "__slots__", ())
        ]
    if isinstance(value, FittedModel) and not isinstance(value, StoredModel):
        return list(getattr(value, "__dict__", {}).values())
    return ()
