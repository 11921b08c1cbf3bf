"""The bytecode of functions as fingerprints read it."""

import dis
import json
import logging
import sys
import typing
from types import CodeType, FunctionType

import pytest

from lolpop.running.fingerprints.bytecode import digest_of
from lolpop.running.fingerprints.instructions import instructions_of

_SILENT = {"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "RESUME"}


def codes_of(*modules):
    """The code of all functions and methods of the modules, nested functions included."""
    for module in modules:
        for member in vars(module).values():
            members = vars(member).values() if isinstance(member, type) else [member]
            for function in members:
                if isinstance(function, FunctionType):
                    yield from within(function.__code__)


def within(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from within(constant)


def test_instructions_are_those_of_dis():
    """Operations, arguments and their values equal those of dis, for all code of large modules."""
    codes = list(codes_of(dis, json.decoder, logging, typing))
    assert len(codes) > 300
    for code in codes:
        expected = [
            instruction for instruction in dis.get_instructions(code) if instruction.opname not in _SILENT
        ]
        decoded = [instruction for instruction in instructions_of(code) if instruction.offset % 2 == 0]
        pairs = {
            instruction.offset
            for instruction in expected
            if isinstance(instruction.argval, tuple) and instruction.opcode in dis.haslocal
        }
        expected = [instruction for instruction in expected if instruction.offset not in pairs]
        decoded = [instruction for instruction in decoded if instruction.offset not in pairs]
        if sys.version_info >= (3, 13):  # where dis does not say which variables are loaded for a closure
            cells = {*code.co_cellvars, *code.co_freevars}
            closures = {
                instruction.offset
                for instruction in expected
                if instruction.opname == "LOAD_FAST" and instruction.argval in cells
            }
            assert {
                instruction.offset for instruction in decoded if instruction.opname == "LOAD_CLOSURE"
            } == closures
            expected = [instruction for instruction in expected if instruction.offset not in closures]
            decoded = [instruction for instruction in decoded if instruction.offset not in closures]
        assert [instruction[:3] for instruction in decoded] == [
            (instruction.opname, instruction.opcode, instruction.arg) for instruction in expected
        ]
        assert [instruction.offset for instruction in decoded] == [
            instruction.offset for instruction in expected
        ]
        for ours, theirs in zip(decoded, expected, strict=True):
            is_constant = ours.opcode in dis.hasconst and ours.opname != "KW_NAMES"
            if is_constant or ours.opcode in {*dis.hasname, *dis.haslocal, *dis.hasfree, *dis.hasjrel}:
                assert ours.argval == theirs.argval, (code, ours)


def compiled(body):
    """The code of a function of ``a`` and ``b``."""
    names: dict[str, object] = {}
    exec(f"def function(a, b):\n{body}", names)
    return names["function"].__code__


TRYING = """\
    try:
        return a * b + a
    except ValueError:
        return 0
    finally:
        print(a, b)
"""


def test_lines_of_what_is_tried_do_not_count():
    """Where a line ends changes neither the loads of two variables nor the table of exceptions."""
    broken = TRYING.replace("a * b + a", "(\n            a\n            *\n            b + a)")
    broken = broken.replace("(a, b)", "(\n            a,\n            b)")
    assert digest_of(compiled(broken)) == digest_of(compiled(TRYING))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        print(a, b)\n", "        pass\n"),
        ("        return 0\n", "        return 1\n"),
        ("a * b + a", "b * a + a"),
    ],
)
def test_what_is_tried_counts(old, new):
    """An edit of what is tried, of a handler or of the end is another digest."""
    assert old in TRYING
    assert digest_of(compiled(TRYING.replace(old, new, 1))) != digest_of(compiled(TRYING))


def test_what_a_range_of_exceptions_covers_counts():
    """The same instructions, of which others are in the ``try``, are another digest."""
    inside = "    with a:\n        b()\n        b()\n"
    outside = "    with a:\n        b()\n    b()\n"
    assert digest_of(compiled(inside)) != digest_of(compiled(outside))


@pytest.mark.parametrize(
    "other",
    [
        lambda function: function(1, depth=2),
        lambda function: function(1, size=3),
        lambda function: function(size=1, other=2),
        lambda function: function(1, 2),
    ],
)
def test_keywords_of_calls_count(other):
    """Equal values under other names are another call."""
    call = lambda function: function(1, size=2)  # noqa: E731
    assert digest_of(call.__code__) != digest_of(other.__code__)


def test_long_code_is_read_whole():
    """Arguments above 255 and long jumps are read correctly."""
    lines = "\n".join(f"    x{number} = value + {number}.5" for number in range(600))
    namespace = {}
    exec(f"def function(value):\n  for _ in value:\n{lines}\n  return x599", namespace)
    code = namespace["function"].__code__
    expected = [
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in {"LOAD_CONST", "FOR_ITER"}
    ]
    decoded = [
        instruction.argval
        for instruction in instructions_of(code)
        if instruction.opname in {"LOAD_CONST", "FOR_ITER"}
    ]
    assert decoded == expected
