"""Whether a type is assignable to another one, and a class to an interface."""

from __future__ import annotations

import collections.abc
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NewType, TypeVar, get_args, get_origin

from lolpop.annotations import (
    REQUIRED,
    alternatives,
    bounds_of,
    class_of,
    hints_of,
    is_optional,
    is_protocol,
    is_typed_dict,
    substituted,
    type_name,
    unwrapped,
    value_type,
)

__all__ = ["fits", "implements", "value_fits"]

_PROMOTED = {float: (int,), complex: (int, float)}
"""Numbers that are accepted as others, as by type checkers."""
_TYPING = ("typing", "typing_extensions")
_UNTYPED: tuple[Any, ...] = (Any, object, REQUIRED)


def fits(provided: Any, required_type: Any) -> bool:
    """Whether something annotated as ``provided`` may be injected where ``required_type`` is annotated.

    Types that cannot be judged without a value (callables, generics without arguments) fit, and so does
    anything where an annotation is missing. Lists, mappings and tuples are injected as copies, so that those
    of a narrower type fit too. A plain value fits a NewType of its type.
    """
    if unwrapped(required_type) in _UNTYPED:
        return True
    if is_optional(provided) and unwrapped(provided) not in _UNTYPED and not is_optional(required_type):
        return False
    if isinstance(provided, type) and isinstance(required_type, type):
        return provided in (Any, REQUIRED) or _fits_class(provided, required_type)
    return all(
        any(_fits_one(member, other) for other in _without_none(required_type))
        for member in _without_none(provided)
    )


def implements(implementation: type, interface: Any) -> str | None:
    """Why a class does not implement an interface, which may be a protocol or generic; None if it does."""
    interface = unwrapped(interface)
    origin = class_of(interface)
    if not isinstance(origin, type) or is_typed_dict(origin):
        return None
    if is_protocol(origin):
        return next(_protocol_gaps(implementation, interface), None)
    if not issubclass(implementation, origin):
        return f"it is a {', '.join(base.__name__ for base in implementation.__bases__)}"
    if interface is not origin and get_args(interface) and not fits(implementation, interface):
        return f"it is a {type_name(_base_as(implementation, origin))}"
    return None


def value_fits(value: object, required_type: Any) -> bool:
    """Whether a value may be injected where ``required_type`` is annotated, its elements too."""
    return fits(value_type(value, exact=True), required_type)


def _without_none(annotation: Any) -> list[Any]:
    return [member for member in alternatives(annotation) if member not in (None, type(None))]


def _fits_one(provided: Any, required_type: Any) -> bool:
    """Whether one type that is not a union fits another one."""
    if required_type in _UNTYPED or provided in (Any, REQUIRED):
        return True
    if getattr(required_type, "_name", None) in ("Never", "NoReturn"):
        return False
    if isinstance(required_type, TypeVar):
        return any(fits(provided, bound) for bound in bounds_of(required_type))
    if isinstance(provided, TypeVar):
        return any(fits(bound, required_type) for bound in bounds_of(provided))
    if isinstance(required_type, NewType):
        return _fits_new_type(provided, required_type)
    if isinstance(provided, NewType):
        return fits(provided.__supertype__, required_type)
    if get_origin(required_type) is Literal:
        return get_origin(provided) is Literal and set(_values(provided)) <= set(_values(required_type))
    if get_origin(provided) is Literal:
        return all(fits(type(value), required_type) for value in get_args(provided))
    return _fits_class(provided, required_type)


def _fits_class(provided: Any, required_type: Any) -> bool:
    provided_class, required_class = class_of(provided), class_of(required_type)
    if not isinstance(provided_class, type) or not isinstance(required_class, type):
        return True
    if is_typed_dict(required_class) or is_typed_dict(provided_class):
        return _fits_typed_dict(provided_class, required_class)
    if is_protocol(required_class):
        return next(_protocol_gaps(provided_class, required_type), None) is None
    if provided_class is list and required_class is tuple:
        # Lists are injected as tuples where the annotation is a tuple.
        return _fit_elements(get_args(provided), get_args(required_type)[:1])
    if not issubclass(provided_class, required_class):
        return issubclass(provided_class, _PROMOTED.get(required_class, ()))
    if required_type is required_class or not get_args(required_type):
        return True
    return _fit_arguments(provided, provided_class, required_type, required_class)


def _fit_arguments(provided: Any, provided_class: type, required_type: Any, wanted_class: Any) -> bool:
    """Whether the arguments of a generic type, such as ``Repo[int]``, fit those that are wanted."""
    base = _base_as(provided, wanted_class)
    offered, required = get_args(base), get_args(required_type)
    if not offered and wanted_class.__module__ in ("builtins", "collections", "collections.abc"):
        offered = get_args(provided)
        if provided_class is tuple:
            return all(fits(element, required[0]) for element in offered if element is not Ellipsis)
    if not offered:
        return True
    if wanted_class is tuple and Ellipsis not in required and Ellipsis not in offered:
        return len(offered) == len(required) and _fit_elements(offered, required)
    if wanted_class is tuple:
        return all(fits(one, other) for one in offered for other in required if Ellipsis not in (one, other))
    if wanted_class is collections.abc.Callable:
        return True
    variables = getattr(wanted_class, "__parameters__", ())
    if len(variables) != len(offered) or len(offered) != len(required):
        return _fit_elements(offered, required)
    return all(map(_fits_variable, offered, required, variables))


def _fits_variable(offered: Any, required: Any, variable: Any) -> bool:
    if not isinstance(variable, TypeVar):
        return True
    if variable.__contravariant__:
        return fits(required, offered)
    if variable.__covariant__ or getattr(variable, "__infer_variance__", False):
        return fits(offered, required)
    return fits(offered, required) and fits(required, offered)


def _fit_elements(offered: tuple[Any, ...], required: tuple[Any, ...]) -> bool:
    return all(fits(one, other) for one, other in zip(offered, required, strict=False))


def _fits_new_type(provided: Any, required_type: NewType) -> bool:
    """A NewType fits itself and its supertype; another NewType is another type."""
    while isinstance(provided, NewType):
        if provided is required_type:
            return True
        if not isinstance(provided.__supertype__, NewType):
            return False
        provided = provided.__supertype__
    return fits(provided, required_type.__supertype__)


def _fits_typed_dict(provided: type, required_type: type) -> bool:
    if not is_typed_dict(required_type):
        return issubclass(dict, required_type)
    if not is_typed_dict(provided):
        return issubclass(provided, Mapping)
    offered, required_hints = hints_of(provided), hints_of(required_type)
    required: frozenset[str] = getattr(required_type, "__required_keys__", frozenset())
    has: frozenset[str] = getattr(provided, "__required_keys__", frozenset())
    return required <= has and all(
        fits(offered[key], required_hints[key]) for key in required_hints if key in offered
    )


def _protocol_gaps(implementation: type, required_type: Any) -> Iterator[str]:
    """Why a class does not fit a protocol, which may be generic; nothing if it does."""
    protocol: type = class_of(required_type)
    values = _variables_of(required_type, protocol)
    hints = {name: hint for base in reversed(protocol.__mro__) for name, hint in _own_hints(base).items()}
    for name in sorted(_protocol_members(protocol)):
        required = inspect.getattr_static(protocol, name, None)
        if not _has_attribute(implementation, name):
            yield f"it has no {name!r}"
        elif isinstance(required, property):
            declared = _substituted(hints_of(required.fget).get("return", Any), values)
            offered_hint = _attribute_type(implementation, name)
            if not fits(offered_hint, declared):
                yield f"its {name!r} is {type_name(offered_hint)}, not {type_name(declared)}"
        elif inspect.isfunction(required):
            offered = inspect.getattr_static(implementation, name, None)
            if (reason := _method_gap(offered, required, values)) is not None:
                yield f"its {name}() {reason}"
        elif name in hints:
            yield from _attribute_gap(implementation, name, _substituted(hints[name], values))


def _attribute_gap(implementation: type, name: str, required: Any) -> Iterator[str]:
    offered = _attribute_type(implementation, name)
    if not fits(offered, required):
        yield f"its {name!r} is {type_name(offered)}, not {type_name(required)}"


def _protocol_members(protocol: type) -> set[str]:
    return {
        name
        for base in protocol.__mro__
        if is_protocol(base) and base.__module__ not in _TYPING
        for name in (*getattr(base, "__annotations__", {}), *vars(base))
        if not name.startswith("_") or (name.startswith("__") and name in _CALLED and name in vars(base))
    }


_CALLED = frozenset(
    {"__call__", "__len__", "__iter__", "__getitem__", "__contains__", "__enter__", "__exit__"}
)
"""Methods of Python's own that a protocol may declare."""


def _own_hints(owner: type) -> dict[str, Any]:
    return hints_of(owner) if "__annotations__" in vars(owner) else {}


def _has_attribute(implementation: type, name: str) -> bool:
    if hasattr(implementation, name):
        return getattr(implementation, name) is not None or not name.startswith("__")
    if any(name in getattr(base, "__annotations__", {}) for base in implementation.__mro__):
        return True
    # Attributes that a method assigns to self are not on the class, but among the names in its code.
    methods = (value for base in implementation.__mro__ for value in vars(base).values())
    return any(name in method.__code__.co_names for method in methods if inspect.isfunction(method))


def _attribute_type(implementation: type, name: str) -> Any:
    for base in implementation.__mro__:
        value = vars(base).get(name, REQUIRED)
        if isinstance(value, property):
            return hints_of(value.fget).get("return", Any)
        if name in (hints := _own_hints(base)):
            return hints[name]
        if value is not REQUIRED and not hasattr(type(value), "__get__"):
            return Any if value is None else type(value)
    return Any


def _method_gap(offered: Any, required: Any, values: Mapping[Any, Any]) -> str | None:
    """Why a method cannot be called like the protocol's method; None if it can.

    ``values`` are the types that the variables of the protocol stand for.
    """
    if isinstance(offered, staticmethod | classmethod):
        return None
    if not callable(offered):
        return "is not a method" if not hasattr(type(offered), "__get__") else None
    if not inspect.isfunction(offered):
        return None
    if inspect.iscoroutinefunction(required) != inspect.iscoroutinefunction(offered):
        return "is async" if inspect.iscoroutinefunction(offered) else "is not async"
    signature, required_type = inspect.signature(offered), inspect.signature(required)
    if (reason := _call_gap(signature, required_type)) is not None:
        return reason
    offered_hints = hints_of(offered)
    required_hints = {name: _substituted(hint, values) for name, hint in hints_of(required).items()}
    for name in required_hints:
        if name == "return" and not fits(offered_hints.get(name, Any), required_hints[name]):
            return f"returns {type_name(offered_hints[name])}, not {type_name(required_hints[name])}"
        if name != "return" and name in offered_hints and not fits(required_hints[name], offered_hints[name]):
            return f"takes {name}: {type_name(offered_hints[name])}, not {type_name(required_hints[name])}"
    return None


def _call_gap(offered: inspect.Signature, required: inspect.Signature) -> str | None:
    """Why a signature does not accept every call of another one; None if it does."""
    everything = list(required.parameters.values())
    positional = [parameter for parameter in everything if parameter.kind in _POSITIONAL]
    for parameters in (everything, [parameter for parameter in everything if parameter.default is REQUIRED]):
        count = sum(parameter.kind in _POSITIONAL for parameter in parameters)
        named = {parameter.name: 0 for parameter in parameters if parameter.kind is _KEYWORD}
        try:
            offered.bind(*range(count), **named)
        except TypeError as error:
            return f"cannot be called as the protocol's: {error}"
    names = [parameter.name for parameter in positional[1:] if parameter.kind is not _POSITIONAL_ONLY]
    takes_any = any(parameter.kind is _ANY_KEYWORD for parameter in offered.parameters.values())
    by_name = {
        name for name, parameter in offered.parameters.items() if parameter.kind is not _POSITIONAL_ONLY
    }
    missing = [name for name in names if name not in by_name and not takes_any]
    return f"takes no parameter {missing[0]!r}" if missing else None


_POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY


_POSITIONAL = (_POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


_KEYWORD = inspect.Parameter.KEYWORD_ONLY


_ANY_KEYWORD = inspect.Parameter.VAR_KEYWORD


def _base_as(provided: Any, base: Any) -> Any:
    """The generic base of a type with the arguments that it has there; the class itself where unknown."""
    origin = class_of(provided)
    if origin is base:
        return provided
    values = dict(zip(getattr(origin, "__parameters__", ()), get_args(provided), strict=False))
    bases: Any = getattr(origin, "__orig_bases__", None) or getattr(origin, "__bases__", ())
    for generic in bases:
        generic_class = class_of(generic)
        if isinstance(generic_class, type) and _is_subclass(generic_class, base):
            return _base_as(substituted(generic, values), base)
    return base


def _variables_of(required_type: Any, protocol: type) -> dict[Any, Any]:
    """The types that the variables of a protocol, and of the protocols that it extends, stand for."""
    values: dict[Any, Any] = {}
    for base in reversed(protocol.__mro__):
        if is_protocol(base) and base.__module__ not in _TYPING:
            variables = getattr(base, "__parameters__", ())
            values |= zip(variables, get_args(_base_as(required_type, base)), strict=False)
    return values


def _substituted(annotation: Any, values: Mapping[Any, Any]) -> Any:
    return substituted(annotation, values) if values else annotation


def _is_subclass(candidate: type, base: Any) -> bool:
    try:
        return issubclass(candidate, base)
    except TypeError:
        return False


def _values(literal: Any) -> list[tuple[type, Any]]:
    return [(type(value), value) for value in get_args(literal)]
