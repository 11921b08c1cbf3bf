"""The instructions of code without no-ops: like those of ``dis``, but faster."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any, NamedTuple

__all__ = ["Instruction", "instructions_of"]

_SILENT = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "RESUME"})
"""Instructions that compute nothing."""

_EXTENDED = dis.EXTENDED_ARG
_WITH_ARGUMENT = dis.HAVE_ARGUMENT
_NAMES = frozenset(dis.hasname)
_VARIABLES = frozenset({*dis.haslocal, *dis.hasfree})
_CONSTANTS = frozenset(dis.hasconst)
_RELATIVE_JUMPS = frozenset(dis.hasjrel)
_ABSOLUTE_JUMPS = frozenset(dis.hasjabs)
_LOAD_GLOBAL = dis.opmap["LOAD_GLOBAL"]
_IS_SILENT = tuple(name in _SILENT for name in dis.opname)
_IS_BACKWARD = tuple("JUMP_BACKWARD" in name for name in dis.opname)


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


def instructions_of(code: CodeType) -> list[Instruction]:
    """The instructions of ``code`` that compute something."""
    return list(_decoded(code) if sys.version_info[:2] == (3, 11) else _disassembled(code))


def _disassembled(code: CodeType) -> Iterator[Instruction]:
    for instruction in dis.get_instructions(code):
        if instruction.opname not in _SILENT:
            argument, value = instruction.arg, instruction.argval
            if instruction.opname == "KW_NAMES" and argument is not None:
                value = code.co_consts[argument]  # dis does not say it
            yield Instruction(instruction.opname, instruction.opcode, argument, value, instruction.offset)


def _decoded(code: CodeType) -> Iterator[Instruction]:
    """What Python 3.11 compiles to: pairs of an operation and the lowest byte of its argument."""
    content, names, constants = code.co_code, code.co_names, code.co_consts
    variable: Any = code._varname_from_oparg  # type: ignore[attr-defined]
    extension = 0
    for offset in range(0, len(content), 2):
        operation, argument = content[offset], content[offset + 1] | extension
        extension = argument << 8 if operation == _EXTENDED else 0
        if _IS_SILENT[operation]:
            continue
        if operation < _WITH_ARGUMENT:
            yield Instruction(dis.opname[operation], operation, None, None, offset)
            continue
        value: Any = argument
        if operation in _NAMES:
            value = names[argument // 2 if operation == _LOAD_GLOBAL else argument]
        elif operation in _VARIABLES:
            value = variable(argument)
        elif operation in _CONSTANTS:
            value = constants[argument]
        elif operation in _RELATIVE_JUMPS:
            value = offset + 2 + (-2 if _IS_BACKWARD[operation] else 2) * argument
        elif operation in _ABSOLUTE_JUMPS:
            value = argument * 2
        yield Instruction(dis.opname[operation], operation, argument, value, offset)
