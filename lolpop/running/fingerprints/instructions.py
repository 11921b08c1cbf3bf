"""The instructions of code without no-ops: like those of ``dis``, but faster."""

from __future__ import annotations

import dis
import re
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["LOADS_ATTRIBUTE", "LOADS_VARIABLE", "Instruction", "attributes_at", "instructions_of"]

LOADS_VARIABLE = frozenset(
    {"LOAD_FAST", "LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW"}
)
"""Instructions that load a variable of a function."""

LOADS_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
"""Instructions that load an attribute of what was loaded before."""

_SILENT = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "RESUME"})
"""Instructions that compute nothing."""

_PAIR = "(LOAD_FAST_BORROW|LOAD_FAST|STORE_FAST)_(LOAD_FAST_BORROW|LOAD_FAST|STORE_FAST)"
"""Since Python 3.13, one instruction may be for two variables."""

_LOAD_GLOBAL = dis.opmap["LOAD_GLOBAL"]


class Instruction(NamedTuple):
    """One instruction, with what its argument stands for."""

    opname: str
    opcode: int
    arg: int | None
    argval: Any
    """A name, a constant, the offset that is jumped to; the argument itself if it stands for nothing."""
    offset: int

    @property
    def is_called_next(self) -> bool:
        """Of one that loads a global: whether that is what the next call is of."""
        return self.opcode == _LOAD_GLOBAL and bool((self.arg or 0) & 1)


def _kind_of(operation: int) -> str:
    """What the argument of an operation of Python 3.11 stands for."""
    name = dis.opname[operation]
    if operation == dis.EXTENDED_ARG:
        return "extended"
    if name in _SILENT:
        return "silent"
    if operation < dis.HAVE_ARGUMENT:
        return "none"
    if operation in dis.hasname:
        return "name"
    if operation in dis.haslocal or operation in dis.hasfree:
        return "variable"
    if operation in dis.hasconst:
        return "constant"
    if operation in dis.hasjrel:
        return "backward" if "JUMP_BACKWARD" in name else "forward"
    return "absolute" if operation in dis.hasjabs else "number"


_KINDS = tuple(map(_kind_of, range(256)))
_new = tuple.__new__


@lru_cache(maxsize=128)
def instructions_of(code: CodeType) -> Sequence[Instruction]:
    """The instructions of ``code`` that compute something."""
    return tuple(_decoded(code) if sys.version_info[:2] == (3, 11) else _disassembled(code))


def attributes_at(instructions: Sequence[Instruction], place: int) -> tuple[str, ...]:
    """The chain of attributes that is loaded from ``place`` on: ``("b", "c")`` after ``a`` in ``a.b.c``."""
    end = place
    while end < len(instructions) and instructions[end].opname in LOADS_ATTRIBUTE:
        end += 1
    return tuple(instruction.argval for instruction in instructions[place:end])


def _disassembled(code: CodeType) -> Iterator[Instruction]:
    cells = {*code.co_cellvars, *code.co_freevars}
    for operation, opcode, argument, value, offset in _split(code):
        # Since Python 3.13, the cells that a nested function takes are loaded like other variables.
        is_closure = operation == "LOAD_FAST" and value in cells
        name = "LOAD_CLOSURE" if is_closure else operation
        yield Instruction(name, dis.opmap[name] if is_closure else opcode, argument, value, offset)


def _split(code: CodeType) -> Iterator[Instruction]:
    """The instructions, each of one variable at most."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in _SILENT:
            continue
        argument, value = instruction.arg, instruction.argval
        if instruction.opname == "KW_NAMES" and argument is not None:
            value = code.co_consts[argument]  # dis does not say it
        if pair := re.fullmatch(_PAIR, instruction.opname):
            # Which variables of one line are loaded at once depends on where the line ends.
            for place, (name, variable) in enumerate(zip(pair.groups(), value, strict=True)):
                yield Instruction(name, dis.opmap[name], argument, variable, instruction.offset + place)
            continue
        yield Instruction(instruction.opname, instruction.opcode, argument, value, instruction.offset)


def _decoded(code: CodeType) -> list[Instruction]:
    """What Python 3.11 compiles to: pairs of an operation and the lowest byte of its argument."""
    content, names, constants = code.co_code, code.co_names, code.co_consts
    variable: Any = code._varname_from_oparg  # type: ignore[attr-defined]
    instructions: list[Instruction] = []
    operations = dis.opname
    extension, offset = 0, -2
    for operation, low in zip(content[::2], content[1::2], strict=True):
        offset += 2
        kind = _KINDS[operation]
        if kind == "silent":
            continue
        argument: Any = low | extension
        extension, value = 0, argument
        if kind == "variable":
            value = variable(argument)
        elif kind == "name":
            value = names[argument // 2 if operation == _LOAD_GLOBAL else argument]
        elif kind == "constant":
            value = constants[argument]
        elif kind == "extended":
            extension = argument << 8
            continue
        elif kind == "none":
            argument = value = None
        elif kind == "forward":
            value = offset + 2 * (1 + argument)
        elif kind == "backward":
            value = offset + 2 * (1 - argument)
        elif kind == "absolute":
            value = 2 * argument
        # The constructor itself takes twice as long.
        instructions.append(_new(Instruction, (operations[operation], operation, argument, value, offset)))
    return instructions
