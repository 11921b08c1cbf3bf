"""Functions by their bytecode: comments, docstrings, formatting and names of locals do not count."""

from __future__ import annotations

import dis
import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from types import CodeType
from typing import Any

from lolpop.running.fingerprints.instructions import (
    LOADS_VARIABLE,
    Instruction,
    attributes_at,
    instructions_of,
)
from lolpop.running.fingerprints.references import Reference

__all__ = ["digest_of", "names_in", "references_of"]

_GLOBALS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_EXPRESSIONS = frozenset({"eval", "query"})
"""Methods of dataframes that take expressions, in which ``@name`` is a variable of their caller."""

_WITHOUT_EFFECT = 0x4000000 | 0x1000000
"""Flags of code: it has a docstring (since Python 3.13), or its module postpones annotations."""


@cache
def digest_of(code: CodeType) -> str:
    """A digest of what ``code`` computes, nested functions included.

    The names that it takes from elsewhere count, what they stand for does not.
    """
    return hashlib.sha256(repr(_described(code)).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def names_in(code: CodeType) -> frozenset[str]:
    """The names of globals and attributes that ``code`` and the functions nested in it use."""
    nested = (names_in(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return frozenset(code.co_names).union(*nested)


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
        code.co_flags & ~_WITHOUT_EFFECT,
    )
    instructions = instructions_of(code)
    places = _Places(code, instructions)
    described = tuple(_instructions(code, instructions, parameters, places))
    return parameters, shape, described, tuple(_handlers(code, places))


class _Places:
    """Instructions by their numbers, since offsets depend on what computes nothing."""

    def __init__(self, code: CodeType, instructions: Sequence[Instruction]) -> None:
        self._end = len(code.co_code)
        self._numbers = {instruction.offset: number for number, instruction in enumerate(instructions)}

    def at(self, offset: int) -> int:
        """The number of the first instruction at ``offset`` or after it; -1 if there is none."""
        following = (self._numbers[at] for at in range(offset, self._end, 2) if at in self._numbers)
        return next(following, -1)


def _handlers(code: CodeType, places: _Places) -> Iterator[tuple[int, ...]]:
    """The exception table: where a range starts and ends, where its handler is, and the depth of its stack.

    The format is described in CPython's InternalDocs/exception_handling.md.
    """
    numbers = _numbers_of(code.co_exceptiontable)
    for start, length, target, depth in zip(numbers, numbers, numbers, numbers, strict=True):
        yield places.at(2 * start), places.at(2 * (start + length)), places.at(2 * target), depth


def _numbers_of(table: bytes) -> Iterator[int]:
    """Numbers of six bits a byte, the first bits first; bit 6 says that another byte follows."""
    number = 0
    for byte in table:
        number = number << 6 | byte & 0x3F
        if not byte & 0x40:
            yield number
            number = 0


def _variadic(code: CodeType) -> int:
    return bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)


def _instructions(
    code: CodeType, instructions: Sequence[Instruction], parameters: Sequence[str], places: _Places
) -> Iterator[tuple[Any, ...]]:
    local_names: dict[str, int] = {}
    # A closure's cells are matched with the variables of the function inside by their places.
    cells = {name: ("cell", index) for index, name in enumerate((*code.co_cellvars, *code.co_freevars))}
    for instruction in instructions:
        operation, value = instruction.opname, instruction.argval
        if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
            yield operation, places.at(value)
        elif isinstance(value, str) and value in cells and instruction.opcode in dis.hasfree:
            yield operation, cells[value]
        elif instruction.opcode in dis.haslocal:
            yield operation, _local_of(value, parameters, local_names)
        elif instruction.opcode in dis.hasconst:
            yield operation, _constant(value)
        elif instruction.arg is not None:
            yield operation, value if instruction.opcode in dis.hasname else instruction.arg
        else:
            yield (operation,)


def _local_of(value: str, parameters: Sequence[str], numbers: dict[str, int]) -> str | int:
    """A variable by the order of its first use; a parameter by name, since callers may use that."""
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
            yield Reference(instruction.argval, attributes_at(instructions, index + 1))
        elif instruction.opname == "IMPORT_NAME":
            yield from _imported(code, instructions, index)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _references(constant)
        elif isinstance(constant, str) and not _EXPRESSIONS.isdisjoint(code.co_names):
            for name in re.findall(r"@([^\W\d][\w.]*)", constant):
                first, *attributes = name.rstrip(".").split(".")
                yield Reference(first, tuple(attributes))


def _imported(code: CodeType, instructions: Sequence[Instruction], place: int) -> Iterator[Reference]:
    """What ``code`` reads of the module, or the parts of it, that it imports at ``place``."""
    module = instructions[place].argval
    level, names = (_constant_of(instructions[place - back]) for back in (2, 1))
    following = instructions[place + 1 :]
    if names:
        variables = [(name, following[2 * index + 1]) for index, name in enumerate(names) if name != "*"]
        for name, store in variables:
            for chain in _chains(code, store) or [()]:
                yield Reference("", (name, *chain), module, level or 0)
        return
    is_renamed = following[0].opname == "IMPORT_FROM"
    store = next(instruction for instruction in following if instruction.opname.startswith("STORE"))
    # ``import a.b`` binds a; the name is that of b only in ``import a.b as c``.
    first, *rest = [module] if is_renamed else module.split(".")
    chains = _chains(code, store)
    if not any(chain[: len(rest)] == tuple(rest) for chain in chains):
        yield Reference("", module=module, level=level or 0)
    for chain in chains:
        yield Reference("", chain, first, level or 0)


def _chains(code: CodeType, store: Instruction) -> list[tuple[str, ...]]:
    """The attributes that are read of the variable that ``store`` sets; an empty chain for its value."""
    if store.opname not in ("STORE_FAST", "STORE_DEREF"):
        return [()]
    return list(dict.fromkeys(_chains_of(code, store.argval)))


def _chains_of(code: CodeType, variable: str) -> Iterator[tuple[str, ...]]:
    instructions = instructions_of(code)
    for place, instruction in enumerate(instructions):
        if instruction.argval == variable and instruction.opname in LOADS_VARIABLE:
            yield attributes_at(instructions, place + 1)
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and variable in constant.co_freevars:
            yield from _chains_of(constant, variable)


def _constant_of(instruction: Instruction) -> Any:
    return (
        instruction.argval
        if instruction.opcode in dis.hasconst or instruction.opname == "LOAD_SMALL_INT"
        else None
    )
