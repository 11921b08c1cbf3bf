"""Inherited constructors: which of them a class calls, and the attributes that stay unset."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Iterable, Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple

_UNSEEN = frozenset({"__init__", "__setattr__", "setattr", "__dict__", "vars"})
"""Names in a function that calls the constructor of a base class, or sets attributes in other ways."""

_FIELDS = "__dataclass_fields__"


class SkippedConstructor(NamedTuple):
    """A constructor that a subclass does not call, and the attributes that are missing then, by class."""

    base: type
    attributes: tuple[str, ...]


def constructors_of(owner: type) -> list[type]:
    """The classes that declare a constructor, in the order in which ``super().__init__`` finds them."""
    return [base for base in owner.__mro__ if base is not object and "__init__" in vars(base)]


def skipped_constructor(owner: type) -> SkippedConstructor | None:
    """The constructor of a base class that ``owner`` does not call although inherited methods need it."""
    declaring = constructors_of(owner)
    if len(declaring) < 2:
        return None
    base = declaring[1]
    place = owner.__mro__.index(base)
    own = [function for cls in owner.__mro__[:place] for function in _functions(vars(cls).values())]
    if not all(map(_may_return, _functions([vars(declaring[0])["__init__"]]))):
        return None
    if any(_UNSEEN.intersection(_names(function.__code__)) for function in own):
        return None
    unset = {
        name
        for name in _stored(_functions([vars(base)["__init__"]]))
        if not hasattr(owner, name) and name not in {*_stored(own), *getattr(owner, _FIELDS, ())}
    }
    inherited = {name for cls in owner.__mro__[place:] for name in vars(cls) if name != "__init__"}
    methods = _functions(inspect.getattr_static(owner, name) for name in inherited)
    read = {name for method in methods for name in _names(method.__code__)}
    missing = tuple(sorted(unset & read))
    return SkippedConstructor(base, missing) if missing else None


def _functions(values: Iterable[Any]) -> Iterator[FunctionType]:
    for value in values:
        function = inspect.unwrap(value.fget if isinstance(value, property) and value.fget else value)
        if isinstance(function, FunctionType):
            yield function


def _may_return(function: FunctionType) -> bool:
    """Whether a function does anything but raise."""
    return any(step.opname.startswith("RETURN") for step in dis.get_instructions(function.__code__))


def _stored(functions: Iterable[FunctionType]) -> set[str]:
    """The attributes that functions set, on whatever object."""
    return {
        str(instruction.argval)
        for function in functions
        for instruction in dis.get_instructions(function.__code__)
        if instruction.opname == "STORE_ATTR"
    }


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
