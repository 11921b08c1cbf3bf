"""Annotations and the types that they stand for."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

__all__ = [
    "REQUIRED",
    "alternatives",
    "class_of",
    "hints_of",
    "is_base_settings",
    "is_optional",
    "is_protocol",
    "is_typed_dict",
    "resolved_hints",
    "return_type",
    "type_name",
    "unwrapped",
    "value_type",
    "value_types",
]

_MOST_ELEMENTS = 1_000
_DEEPEST = 8

REQUIRED: Any = inspect.Parameter.empty
"""Marks a parameter without a default, or without an annotation."""

_QUALIFIERS = frozenset({"Annotated", "ClassVar", "Final", "NotRequired", "ReadOnly", "Required"})


def unwrapped(annotation: Any) -> Any:
    """The type that an annotation stands for: without qualifiers, metadata, ``InitVar``, and aliases."""
    while True:
        if isinstance(annotation, type):
            return annotation  # a plain class, as most are
        origin = get_origin(annotation)
        if isinstance(annotation, dataclasses.InitVar):
            annotation = annotation.type
        elif origin is Annotated or getattr(origin, "_name", None) in _QUALIFIERS:
            annotation = get_args(annotation)[0]
        elif _is_alias(annotation):
            annotation = annotation.__value__
        elif getattr(annotation, "_name", None) == "LiteralString":
            return str
        elif _is_alias(origin):
            values = dict(zip(origin.__type_params__, get_args(annotation), strict=False))
            annotation = substituted(origin.__value__, values)
        else:
            return annotation


def alternatives(annotation: Any) -> tuple[Any, ...]:
    """The members of a union other than None; a single type is its only member."""
    annotation = unwrapped(annotation)
    if isinstance(annotation, type):
        return (annotation,)
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(
            member for part in get_args(annotation) if part is not type(None) for member in alternatives(part)
        )
    return (annotation,)


def class_of(annotation: Any) -> Any:
    """The class of an annotation: of a generic type, the class without its arguments."""
    return annotation if isinstance(annotation, type) else get_origin(annotation) or annotation


def value_types(annotation: Any) -> tuple[Any, ...]:
    """``alternatives``, with NewTypes and type variables replaced by their types."""
    members: list[Any] = []
    for member in alternatives(annotation):
        if isinstance(member, NewType):
            members += value_types(member.__supertype__)
        elif isinstance(member, TypeVar):
            members += [other for bound in bounds_of(member) for other in value_types(bound)]
        else:
            members.append(member)
    return tuple(members)


def value_type(value: object, *, exact: bool = False) -> Any:
    """The annotation of a value: ``type[Clock]`` of a class, ``list[int]`` of a list of numbers.

    With ``exact``, text, whole numbers, bytes and members of enumerations are literals. The elements of
    large or deeply nested collections are not examined.
    """
    return _value_type(value, exact, depth=0)


def _value_type(value: object, exact: bool, depth: int) -> Any:
    kind: Any = type(value)
    if isinstance(value, type):
        return type[value]
    if exact and (kind in (str, int, bool, bytes) or isinstance(value, enum.Enum)):
        return Literal[value]
    if kind not in (list, set, frozenset, tuple, dict) or not value:
        return kind
    collection: Any = value
    if len(collection) > _MOST_ELEMENTS or depth > _DEEPEST:
        return kind

    def union_of(elements: Iterable[object]) -> Any:
        return reduce(or_, (_value_type(element, exact, depth + 1) for element in elements))

    if kind is dict:
        return dict[union_of(collection), union_of(collection.values())]  # type: ignore[misc]
    if kind is tuple:
        types = tuple(_value_type(element, exact, depth + 1) for element in collection)
        return tuple[types]  # type: ignore[valid-type]  # as many types as there are elements
    return kind[union_of(collection)]


def is_optional(annotation: Any) -> bool:
    """Whether None is a member of a union, or the type itself."""
    annotation = unwrapped(annotation)
    if annotation is None or annotation is type(None):
        return True
    is_union = not isinstance(annotation, type) and get_origin(annotation) in (Union, types.UnionType)
    return is_union and any(map(is_optional, get_args(annotation)))


def is_protocol(annotation: Any) -> bool:
    """Whether a class is a protocol."""
    return isinstance(annotation, type) and bool(getattr(annotation, "_is_protocol", False))


def is_base_settings(annotation: Any) -> bool:
    """Whether a type is a settings class of pydantic-settings."""
    return isinstance(annotation, type) and any(
        base.__name__ == "BaseSettings" and base.__module__.startswith("pydantic_settings")
        for base in annotation.__mro__
    )


def is_typed_dict(annotation: Any) -> bool:
    """Whether a class is a typed dict."""
    return isinstance(annotation, type) and issubclass(annotation, dict) and hasattr(annotation, "__total__")


def return_type(function: Callable[..., Any]) -> Any:
    """The type of the result of calling a class or a function; ``Any`` if it is not annotated."""
    if isinstance(function, type):
        return function
    target: Any = function if inspect.isroutine(function) else type(function).__call__
    declared: Any = hints_of(target).get("return", Any)
    if declared is None:
        declared = type(None)
    if inspect.iscoroutinefunction(target):
        coroutine: Any = collections.abc.Coroutine
        return coroutine[Any, Any, declared]
    if declared is Any and inspect.isgeneratorfunction(target):
        return collections.abc.Generator
    if declared is Any and inspect.isasyncgenfunction(target):
        return collections.abc.AsyncGenerator
    return declared


def type_name(annotation: Any) -> str:
    """The name of a type in messages."""
    if isinstance(annotation, type) and not get_args(annotation):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("typing_extensions.", "")


def hints_of(function: Any) -> dict[str, Any]:
    """The annotations of a function or class, as far as they can be resolved."""
    resolved, unresolved = resolved_hints(function, {})
    return {name: hint for name, hint in resolved.items() if name not in unresolved}


def resolved_hints(
    function: Any, namespace: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Exception]]:
    """The annotations of a function, and the error of each that cannot be resolved."""
    annotations = getattr(function, "__annotations__", {})
    if not any(isinstance(annotation, str) for annotation in annotations.values()):
        return dict(annotations), {}
    try:
        return typing.get_type_hints(function, include_extras=True), {}
    except (NameError, AttributeError, TypeError, SyntaxError):
        pass
    # One bad name must not hide the others: resolve each annotation by itself.
    resolved: dict[str, Any] = {}
    unresolved: dict[str, Exception] = {}
    module = getattr(inspect.unwrap(function), "__globals__", {})
    for name, annotation in annotations.items():
        probe = types.SimpleNamespace(__annotations__={name: annotation})
        try:
            resolved |= typing.get_type_hints(probe, module, dict(namespace), include_extras=True)
        except (NameError, AttributeError, TypeError, SyntaxError) as error:
            unresolved[name] = error
            resolved[name] = object
    return resolved, unresolved


def substituted(annotation: Any, values: Mapping[Any, Any]) -> Any:
    """An annotation with type variables replaced."""
    if annotation in values if isinstance(annotation, TypeVar) else False:
        return values[annotation]
    parameters = getattr(annotation, "__parameters__", ())
    if not parameters or isinstance(annotation, type):
        return annotation
    return annotation[tuple(values.get(parameter, Any) for parameter in parameters)]


def bounds_of(variable: TypeVar) -> tuple[Any, ...]:
    """The types that a type variable may stand for."""
    if variable.__constraints__:
        return variable.__constraints__
    return (Any if variable.__bound__ is None else variable.__bound__,)


def _is_alias(annotation: Any) -> bool:
    return type(annotation).__name__ == "TypeAliasType"
