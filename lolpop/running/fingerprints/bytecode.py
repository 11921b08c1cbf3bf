"""Functions by their bytecode: comments, docstrings, formatting and names of locals do not count."""

from __future__ import annotations

import dis
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from types import CodeType
from typing import Any

from lolpop.running.fingerprints.instructions import Instruction, instructions_of
from lolpop.running.fingerprints.references import Reference

__all__ = ["digest_of", "references_of"]

_GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_ATTRIBUTES = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
_HAS_DOCSTRING = 0x4000000  # a flag since Python 3.13; before, the first constant tells


@cache
def digest_of(code: CodeType) -> str:
    """A digest of what ``code`` computes, nested functions included.

    The names that it takes from elsewhere count, what they stand for does not.
    """
    return hashlib.sha256(repr(_described(code)).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def references_of(code: CodeType) -> tuple[Reference, ...]:
    """What ``code`` and the functions nested in it refer to, in the order of their first use."""
    return tuple(dict.fromkeys(_references(code)))


def _described(code: CodeType) -> tuple[Any, ...]:
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + _variadic(code)]
    shape = (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags & ~_HAS_DOCSTRING,
    )
    return parameters, shape, tuple(_instructions(code, parameters)), code.co_exceptiontable


def _variadic(code: CodeType) -> int:
    return bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)


def _instructions(code: CodeType, parameters: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    instructions = instructions_of(code)
    index_at = {instruction.offset: index for index, instruction in enumerate(instructions)}
    local_names: dict[str, int] = {}
    # A closure's cells are matched with the variables of the function inside by their places.
    cells = {name: ("cell", index) for index, name in enumerate((*code.co_cellvars, *code.co_freevars))}
    for instruction in instructions:
        operation, value = instruction.opname, instruction.argval
        if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
            # A target that computes nothing stands for the next one that does.
            target = next((index_at[at] for at in range(value, len(code.co_code), 2) if at in index_at), -1)
            yield operation, target
        elif isinstance(value, str) and value in cells and instruction.opcode in dis.hasfree:
            yield operation, cells[value]
        elif instruction.opcode in dis.haslocal:
            yield operation, _locals_of(value, parameters, local_names)
        elif instruction.opcode in dis.hasconst:
            yield operation, _constant(value)
        elif instruction.arg is not None:
            yield operation, value if instruction.opcode in dis.hasname else instruction.arg
        else:
            yield (operation,)


def _locals_of(value: Any, parameters: Sequence[str], numbers: dict[str, int]) -> Any:
    """Variables by the order of their first use; parameters by name, since callers may use that."""
    if isinstance(value, tuple):  # two variables in one instruction, since Python 3.13
        return tuple(_locals_of(name, parameters, numbers) for name in value)
    return value if value in parameters else numbers.setdefault(value, len(numbers))


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _described(value)
    if isinstance(value, tuple):
        return ("tuple", tuple(_constant(item) for item in value))
    if isinstance(value, frozenset):
        return ("frozenset", tuple(sorted(repr(_constant(item)) for item in value)))
    return type(value).__name__, repr(value)


def _references(code: CodeType) -> Iterator[Reference]:
    instructions = instructions_of(code)
    for index, instruction in enumerate(instructions):
        if instruction.opname in _GLOBALS:
            yield Reference(instruction.argval, tuple(_attributes(instructions[index + 1 :])))
        elif instruction.opname == "IMPORT_NAME":
            level, names = (_constant_of(instructions[index - back]) for back in (2, 1))
            module = Reference("", module=instruction.argval, level=level or 0)
            if not names:
                yield module
            for name in names or ():
                yield Reference("", (name,), instruction.argval, level or 0)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _references(constant)


def _attributes(instructions: Sequence[Instruction]) -> Iterator[str]:
    for instruction in instructions:
        if instruction.opname not in _ATTRIBUTES:
            return
        yield instruction.argval


def _constant_of(instruction: Instruction) -> Any:
    return (
        instruction.argval
        if instruction.opcode in dis.hasconst or instruction.opname == "LOAD_SMALL_INT"
        else None
    )
