"""The bytecode of functions as fingerprints read it."""

import dis
import json
import logging
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
        expected = [each for each in dis.get_instructions(code) if each.opname not in _SILENT]
        decoded = instructions_of(code)
        assert [each[:3] for each in decoded] == [(each.opname, each.opcode, each.arg) for each in expected]
        assert [each.offset for each in decoded] == [each.offset for each in expected]
        for ours, theirs in zip(decoded, expected, strict=True):
            is_constant = ours.opcode in dis.hasconst and ours.opname != "KW_NAMES"
            if is_constant or ours.opcode in {*dis.hasname, *dis.haslocal, *dis.hasfree, *dis.hasjrel}:
                assert ours.argval == theirs.argval, (code, ours)


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
        each.argval for each in dis.get_instructions(code) if each.opname in {"LOAD_CONST", "FOR_ITER"}
    ]
    decoded = [each.argval for each in instructions_of(code) if each.opname in {"LOAD_CONST", "FOR_ITER"}]
    assert decoded == expected
