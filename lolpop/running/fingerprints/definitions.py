"""Definitions of classes and functions: their digests, names and places."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from lolpop.running.fingerprints.modules import class_line, file_of

__all__ = [
    "bound_to",
    "class_digest",
    "class_place",
    "dataclass_defaults",
    "described_hints",
    "identity_of",
    "text_digest",
]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def class_digest(owner: type) -> str:
    """A digest of a class statement: bases, annotations, slots and options."""
    bases = [f"{base.__module__}.{base.__qualname__}" for base in owner.__bases__]
    slots = repr(vars(owner).get("__slots__", ()))
    settings = repr(vars(owner).get("model_config", ""))
    return text_digest(*bases, described_hints(vars(owner).get("__annotations__", {})), slots, settings)


def described_hints(hints: Mapping[str, Any]) -> str:
    """Annotations without the addresses of functions in them, which differ from process to process."""
    return _ADDRESS.sub("", repr(sorted((name, str(hint)) for name, hint in hints.items())))


def bound_to(value: Any) -> Any:
    """The object that a method is bound to; None for what is no such method."""
    owner = value.__self__ if isinstance(value, MethodType | BuiltinFunctionType) else None
    return None if isinstance(owner, ModuleType) else owner


def items_of(value: Any) -> list[Any]:
    """The items of a collection, in an order that is the same in every process."""
    if isinstance(value, Mapping):
        return [*value.items()]
    return sorted(value, key=identity_of) if isinstance(value, set | frozenset) else [*value]


def state_of(value: Any) -> dict[str, Any]:
    """The attributes of an object, sorted."""
    slots = {name: getattr(value, name, None) for name in getattr(type(value), "__slots__", ())}
    return dict(sorted({**slots, **getattr(value, "__dict__", {})}.items()))


def identity_of(value: Any) -> str:
    """What a name stands for, as far as a name can tell: a function or class by its own, others by type."""
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, MethodType):
        value = value.__func__
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return f"{value.__module__}.{value.__qualname__}"
    name = getattr(value, "__name__", "")  # that of a ufunc, such as sin
    return f"a {type(value).__module__}.{type(value).__qualname__} {name if isinstance(name, str) else ''}"


def text_digest(*texts: str) -> str:
    """A digest of some texts."""
    return hashlib.sha256(repr(texts).encode("utf-8", "surrogatepass")).hexdigest()


def dataclass_defaults(owner: type) -> Iterator[tuple[str, Any]]:
    """The defaults of a dataclass's fields, by name."""
    for name, described in vars(owner).get("__dataclass_fields__", {}).items():
        for default in (described.default, described.default_factory):
            if type(default).__name__ != "_MISSING_TYPE":
                yield name, default


def class_place(owner: type) -> str:
    """File and line of a class statement, as far as they are known."""
    file = file_of(owner.__module__)
    if file is None:
        return ""
    line = class_line(owner.__module__, owner.__qualname__.partition(".")[0])
    return file.name if line is None else f"{file.name}:{line}"
