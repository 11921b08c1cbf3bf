"""The identity of fits: the trainer, its settings, its parameters, and the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Set
from functools import partial
from types import BuiltinFunctionType, FunctionType
from typing import Any

from lolpop.integrations import Integration

_CODE = (type, FunctionType, BuiltinFunctionType)
_OF_THE_FRAMEWORK = ("__weakref__", "__lolpop_binding__")


def identity(*parts: Any) -> str:
    """A digest of ``parts``: equal, in any process, for values and integrations that are set alike.

    Integrations have no state but their constructor's arguments, so their attributes identify them.
    """
    return hashlib.sha256(json.dumps(_described(parts, ()), sort_keys=True).encode()).hexdigest()


def _described(value: Any, within: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, _CODE):
        return f"{value.__module__}:{value.__qualname__}"
    if id(value) in within:
        return "itself"
    describe = partial(_described, within=(*within, id(value)))
    if isinstance(value, Mapping):
        return {"mapping": sorted(json.dumps([describe(key), describe(item)]) for key, item in value.items())}
    if isinstance(value, list | tuple):
        return [describe(item) for item in value]
    if isinstance(value, Set):
        return sorted(json.dumps(describe(item)) for item in value)
    has_words = "__repr__" in {name for base in type(value).__mro__[:-1] for name in vars(base)}
    if has_words and not isinstance(value, Integration):
        return [describe(type(value)), repr(value)]
    return [describe(type(value)), {name: describe(item) for name, item in _members(value)}]


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    yield from sorted(getattr(value, "__dict__", {}).items())
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in _OF_THE_FRAMEWORK and hasattr(value, name):
                yield name, getattr(value, name)
