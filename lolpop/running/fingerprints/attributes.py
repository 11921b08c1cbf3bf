"""What a method reads of its object: the attributes, by the bytecode of the method."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from lolpop.integrations import call_kind
from lolpop.running.fingerprints.instructions import (
    LOADS_ATTRIBUTE,
    LOADS_VARIABLE,
    Instruction,
    attributes_at,
    instructions_of,
)

__all__ = ["SelfUse", "functions_behind", "members_of", "self_use", "variable_of", "variable_use"]

_SETS_VARIABLE = frozenset({"STORE_FAST", "STORE_DEREF", "DELETE_FAST", "DELETE_DEREF"})
_IS_SET = ("=",)
"""What follows an attribute that is set: no attribute has this name."""

_IS_TESTED = ("?",)
"""The use of a variable for its truth."""

_SEES_ALL = frozenset({"eval", "exec", "locals"})
"""Functions that see the variables of their caller."""


class SelfUse(NamedTuple):
    """The attributes that a method reads of its object, each with those that it reads of that directly."""

    chains: frozenset[tuple[str, ...]]
    """``("train", "split_data")`` of ``self.train.split_data``."""
    escapes: bool
    """Whether the object is used as a value, such as an argument: then anything may be read of it."""
    handed_to: frozenset[str] = frozenset()
    """Functions, by the names of variables, that get it as their first argument."""
    sets: frozenset[str] = frozenset()
    """The attributes that it sets or deletes."""
    tests: bool = False
    """Whether it asks for the truth of the object."""

    def may_use_all(self, owner: type) -> bool:
        """Whether anything may be read of the object, which is one of ``owner``."""
        return self.escapes or (self.tests and (hasattr(owner, "__bool__") or hasattr(owner, "__len__")))


def members_of(owner: type, name: str) -> list[Any]:
    """What the class and the classes that it inherits from hold under ``name``; the nearest is the first."""
    return [vars(base)[name] for base in owner.__mro__ if name in vars(base)]


def functions_behind(member: Any) -> Iterator[tuple[FunctionType, bool]]:
    """The functions behind an attribute of a class, and whether they take no object."""
    if isinstance(member, property):
        for accessor in (member.fget, member.fset, member.fdel):
            yield from functions_behind(accessor)
    elif isinstance(member, functools.cached_property):
        yield from functions_behind(member.func)
    elif isinstance(member, staticmethod | classmethod):
        for function, _ in functions_behind(member.__func__):
            yield function, isinstance(member, staticmethod)
    elif isinstance(member, FunctionType):
        if call_kind(member) is not None and member.__code__.co_filename.endswith("integrations.py"):
            yield from functions_behind(member.__wrapped__)  # type: ignore[attr-defined]  # set by functools.wraps
        else:
            yield member, False


def variable_of(function: FunctionType, name: str) -> Any:
    """The value of a variable that a function takes from outside; None if it has none yet."""
    if name in function.__code__.co_freevars and function.__closure__ is not None:
        try:
            return function.__closure__[function.__code__.co_freevars.index(name)].cell_contents
        except ValueError:
            return None
    return function.__globals__.get(name)


def self_use(function: FunctionType) -> SelfUse:
    """What ``function``, a method, and the functions nested in it read of their object."""
    return _self_use(function.__code__)


def variable_use(function: FunctionType, variable: str) -> SelfUse:
    """What ``function`` reads of one of its parameters."""
    return _use_of(function.__code__, variable)


def _self_use(code: CodeType) -> SelfUse:
    if not code.co_argcount:  # the object is in *args, which may go anywhere
        return SelfUse(frozenset(), True)
    return _use_of(code, code.co_varnames[0])


@functools.cache
def _use_of(code: CodeType, variable: str) -> SelfUse:
    uses = set(_uses(code, variable))
    chains = frozenset(use for use in uses if isinstance(use, tuple) and use)
    escapes = () in uses or any(chain[0].startswith("__") for chain in chains)
    sets = frozenset(chain[0] for chain in chains if chain[1:] == _IS_SET)
    return SelfUse(
        frozenset(chain for chain in chains if chain[1:] != _IS_SET and chain != _IS_TESTED),
        escapes,
        frozenset(use for use in uses if isinstance(use, str)),
        sets,
        _IS_TESTED in chains,
    )


def _uses(code: CodeType, name: str) -> Iterator[tuple[str, ...] | str]:
    """What is read of the variable ``name``, or the function that it is handed to.

    The chain of attributes is empty where it is used as a value in another way; a mark follows one that
    is set, and stands for its truth.
    """
    instructions = instructions_of(code)
    for place, (operation, _, _, value, _) in enumerate(instructions):
        if value == name:
            if operation in LOADS_VARIABLE:
                yield from _uses_of_loaded(instructions, place)
            elif operation in _SETS_VARIABLE:
                yield ()
        elif operation == "LOAD_GLOBAL":
            if value == "super":
                yield _after_super(instructions, place + 1)
            elif value in _SEES_ALL:
                yield ()
        elif type(value) is tuple and name in value:  # several variables in one instruction
            yield ()
    for constant in code.co_consts:
        # A nested function has the variable under its name unless it has one of its own.
        if isinstance(constant, CodeType) and name in constant.co_freevars:
            # What it hands it to is looked up in the function around it: it may have variables of its own.
            yield from (() if isinstance(use, str) else use for use in _uses(constant, name))


def _uses_of_loaded(instructions: Sequence[Instruction], place: int) -> Iterator[tuple[str, ...] | str]:
    """What becomes of a variable that the instruction at ``place`` loads."""
    first = instructions[place + 1].opname if place + 1 < len(instructions) else ""
    if first == "LOAD_SUPER_ATTR":
        yield (instructions[place + 1].argval,)
    elif first in LOADS_ATTRIBUTE:
        yield attributes_at(instructions, place + 1)
    elif first in ("STORE_ATTR", "DELETE_ATTR"):
        yield (instructions[place + 1].argval, *_IS_SET)
    elif first == "TO_BOOL" or (first.startswith("POP_JUMP") and not first.endswith("NONE")):
        yield _IS_TESTED
    elif not first.startswith("POP_JUMP"):
        yield _called_before(instructions, place) or ()


def _called_before(instructions: Sequence[Instruction], place: int) -> str:
    """The variable whose value is called with what ``place`` loads as its first argument; empty if none."""
    if not place:
        return ""
    last = instructions[place - 1]
    if last.is_called_next:
        return str(last.argval)
    if place == 1:
        return ""
    # Before Python 3.13, the mark of a call comes before what is called.
    mark, called = instructions[place - 2], last
    if sys.version_info >= (3, 13):
        mark, called = called, mark
    return str(called.argval) if mark.opname == "PUSH_NULL" and called.opname == "LOAD_DEREF" else ""


def _after_super(instructions: Sequence[Instruction], place: int) -> tuple[str, ...]:
    """What is read of ``super()``; empty where that is a value of its own."""
    while place < len(instructions):
        instruction = instructions[place]
        if instruction.opname in LOADS_ATTRIBUTE or instruction.opname == "LOAD_SUPER_ATTR":
            return (instruction.argval,)
        if instruction.opname not in {"CALL", "PUSH_NULL", *LOADS_VARIABLE}:
            return ()
        place += 1
    return ()
