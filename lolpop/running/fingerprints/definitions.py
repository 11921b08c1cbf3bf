"""Definitions of classes and functions: their digests, names and places."""

from __future__ import annotations

import abc
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, get_args

from lolpop.running.fingerprints.by_name import module_of
from lolpop.running.fingerprints.modules import FRAMEWORK, class_line, file_of, is_project_module

__all__ = [
    "bound_to",
    "class_digest",
    "class_place",
    "class_values",
    "code_place",
    "described_hints",
    "documentation_digest",
    "hinted_values",
    "identity_of",
    "is_at_home",
    "is_made_by_library",
    "is_project_code",
    "items_of",
    "state_of",
    "text_digest",
]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


_GENERATED = "<"
"""How the file name of generated code begins, such as the ``__init__`` of a dataclass."""

_OF_LIBRARIES = ("__pydantic", "__dataclass", "__lolpop", "__private_attributes__")

_OF_EVERY_CLASS = frozenset(
    {
        "__abstractmethods__", "__annotations__", "__dict__", "__doc__", "__firstlineno__", "__module__",
        "__orig_bases__", "__parameters__", "__qualname__", "__signature__", "__slots__",
        "__static_attributes__", "__weakref__", "_abc_impl", "model_config",
    }
)  # fmt: skip
"""Attributes of classes that say nothing of what they do, or that their digest holds."""

_FIELD_OPTIONS = ("init", "repr", "hash", "compare", "kw_only")


def class_digest(owner: type) -> str:
    """A digest of a class statement: bases, annotations, slots and options."""
    bases = [f"{base.__module__}.{base.__qualname__}" for base in owner.__bases__]
    slots = repr(vars(owner).get("__slots__", ()))
    settings = [repr(vars(owner).get(name, "")) for name in ("model_config", "__dataclass_params__")]
    return text_digest(*bases, described_hints(vars(owner).get("__annotations__", {})), slots, *settings)


def class_values(owner: type) -> Iterator[tuple[str, Any]]:
    """The attributes of a class, the fields of a dataclass, and the classes that count as subclasses."""
    for attribute, value in vars(owner).items():
        if attribute in _OF_EVERY_CLASS or attribute.startswith(_OF_LIBRARIES):
            continue
        if isinstance(value, FunctionType) and value.__code__.co_filename.startswith(_GENERATED):
            continue  # made of fields and annotations, which count already
        if attribute == "__init__" and getattr(value, "__module__", "typing") in ("typing", None):
            continue  # that of a protocol, which its first instance replaces
        yield attribute, value
    for name, field in vars(owner).get("__dataclass_fields__", {}).items():
        yield f"{name}(options)", {option: getattr(field, option, None) for option in _FIELD_OPTIONS}
        if field.metadata:
            yield f"{name}(metadata)", dict(field.metadata)
        for default in (field.default, field.default_factory):
            if type(default).__name__ != "_MISSING_TYPE":
                yield f"{name}(default)", default
    if isinstance(owner, abc.ABCMeta):
        registered = [reference() for reference in abc._get_dump(owner)[0]]  # type: ignore[attr-defined]
        if names := sorted(identity_of(subclass) for subclass in registered if subclass is not None):
            yield "(registered)", names


def is_made_by_library(owner: type) -> bool:
    """Whether a library's metaclass, or a decorator such as pydantic's ``dataclass``, made a class."""
    module = type(owner).__module__
    if module not in ("builtins", "abc", "enum", "typing") and not is_project_module(module):
        return True
    return any(name.startswith(("__pydantic", "__attrs")) for name in vars(owner))


def described_hints(hints: Mapping[str, Any]) -> str:
    """Annotations without the addresses of functions in them, which differ from process to process."""
    return _ADDRESS.sub("", repr(sorted((name, str(hint)) for name, hint in hints.items())))


def hinted_values(function: Any) -> list[Any]:
    """What the annotations of a function that a library's decorator wraps consist of: it may read them."""
    if not isinstance(inner := getattr(function, "__wrapped__", None), FunctionType):
        return []
    wrapper = function.__globals__.get("__name__", "")
    if wrapper.partition(".")[0] in {*sys.stdlib_module_names, *FRAMEWORK} or is_project_module(wrapper):
        return []
    values: list[Any] = []
    for hint in inner.__annotations__.values():
        names = re.findall(r"[^\W\d]\w*", hint) if isinstance(hint, str) else ()
        waiting = [inner.__globals__[name] for name in names if name in inner.__globals__] or [hint]
        while waiting:
            value = waiting.pop()
            values.append(value)
            waiting += get_args(value)
    return [value for value in values if not isinstance(value, str | ModuleType) and not get_args(value)]


def documentation_digest(value: Any) -> str:
    """A digest of the docstring and the annotations of a function or class."""
    return text_digest(repr(value.__doc__), described_hints(getattr(value, "__annotations__", {})))


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
    """The attributes of an object, sorted, but for names and docstrings that a wrapper has of a function."""
    slots = {name: getattr(value, name, None) for name in getattr(type(value), "__slots__", ())}
    state = {**slots, **getattr(value, "__dict__", {})}
    return {name: state[name] for name in sorted(state) if not name.startswith("__") or name == "__wrapped__"}


def is_at_home(value: Any) -> bool:
    """Whether a function or class is what its module has under its name; a generated one may not be."""
    home: Any = sys.modules.get(module_of(value))
    for step in getattr(value, "__qualname__", "").split("."):
        home = getattr(home, step, None)
    return home is value


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


def class_place(owner: type) -> str:
    """File and line of a class statement, as far as they are known."""
    file = file_of(owner.__module__)
    if file is None:
        return ""
    line = class_line(owner.__module__, owner.__qualname__.partition(".")[0])
    return file.name if line is None else f"{file.name}:{line}"


def is_project_code(code: CodeType, module: str) -> bool:
    """Whether code of a module is the project's, such as that of a module that was executed as text."""
    return is_project_module(module) or (
        not code.co_filename.startswith(_GENERATED) and module not in sys.modules
    )


def code_place(code: CodeType) -> str:
    """File and line of a function."""
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}"
