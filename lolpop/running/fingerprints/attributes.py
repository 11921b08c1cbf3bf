"""What a method reads of its object: the attributes, by the bytecode of the method."""

from __future__ import annotations

import dis
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType
from typing import Any

__all__ = ["SelfUse", "members_of", "self_use", "variable_use"]

_SILENT = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "RESUME"})
_LOADS_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_LOADS_VARIABLE = frozenset(
    {"LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW"}
)
_SEES_ALL = frozenset({"eval", "exec", "locals"})
"""Functions that see the variables of their caller."""


@dataclass(frozen=True, slots=True)
class SelfUse:
    """The attributes that a method reads of its object, each with those that it reads of that directly."""

    chains: frozenset[tuple[str, ...]]
    """``("train", "split_data")`` of ``self.train.split_data``."""
    escapes: bool
    """Whether the object is used as a value, such as an argument: then anything may be read of it."""
    handed_to: frozenset[str] = frozenset()
    """Functions, by the names of variables, that get it as their first argument."""


def members_of(owner: type, name: str) -> list[Any]:
    """What the class and the classes that it inherits from hold under ``name``; the nearest is the first."""
    return [vars(base)[name] for base in owner.__mro__ if name in vars(base)]


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


@cache
def _use_of(code: CodeType, variable: str) -> SelfUse:
    uses = set(_uses(code, variable))
    chains = frozenset(use for use in uses if isinstance(use, tuple) and use)
    escapes = () in uses or any(chain[0].startswith("__") for chain in chains)
    return SelfUse(chains, escapes, frozenset(use for use in uses if isinstance(use, str)))


def _uses(code: CodeType, name: str) -> Iterator[tuple[str, ...] | str]:
    """What is read of the variable ``name``, or the function that it is handed to.

    The chain of attributes is empty where it is used as a value in another way.
    """
    instructions = [
        instruction for instruction in dis.get_instructions(code) if instruction.opname not in _SILENT
    ]
    for place, instruction in enumerate(instructions):
        operation, value = instruction.opname, instruction.argval
        following = instructions[place + 1 :]
        if operation == "LOAD_GLOBAL" and value == "super":
            yield _after_super(following)
        elif (operation == "LOAD_GLOBAL" and value in _SEES_ALL) or (
            isinstance(value, tuple) and name in value  # several variables in one instruction
        ):
            yield ()
        elif value == name and operation in _LOADS_VARIABLE:
            first = following[0].opname if following else ""
            if first == "LOAD_SUPER_ATTR":
                yield (following[0].argval,)
            elif first in _LOADS_ATTRIBUTE:
                yield _attributes(following)
            elif first != "STORE_ATTR" and not first.startswith("POP_JUMP"):
                yield _called_before(instructions[:place]) or ()
        elif value == name and operation in {"STORE_FAST", "STORE_DEREF", "DELETE_FAST", "DELETE_DEREF"}:
            yield ()
    for constant in code.co_consts:
        # A nested function has the variable under its name unless it has one of its own.
        if isinstance(constant, CodeType) and name in constant.co_freevars:
            # What it hands it to is looked up in the function around it: it may have variables of its own.
            yield from (() if isinstance(use, str) else use for use in _uses(constant, name))


def _called_before(instructions: Sequence[dis.Instruction]) -> str:
    """The variable whose value is called with what is loaded next as its first argument; empty if none."""
    if not instructions:
        return ""
    last = instructions[-1]
    if last.opname == "LOAD_GLOBAL" and "NULL" in last.argrepr:
        return str(last.argval)
    if last.opname == "LOAD_DEREF" and len(instructions) > 1 and instructions[-2].opname == "PUSH_NULL":
        return str(last.argval)
    return ""


def _after_super(following: Sequence[dis.Instruction]) -> tuple[str, ...]:
    """What is read of ``super()``; empty where that is a value of its own."""
    for instruction in following:
        if instruction.opname in _LOADS_ATTRIBUTE or instruction.opname == "LOAD_SUPER_ATTR":
            return (instruction.argval,)
        if instruction.opname not in {"CALL", "PUSH_NULL", *_LOADS_VARIABLE}:
            return ()
    return ()


def _attributes(instructions: Sequence[dis.Instruction]) -> tuple[str, ...]:
    names: list[str] = []
    for instruction in instructions:
        if instruction.opname not in _LOADS_ATTRIBUTE:
            break
        names.append(instruction.argval)
    return tuple(names)
