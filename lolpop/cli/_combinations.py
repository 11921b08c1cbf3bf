"""The combinations of a sweep: which settings take which values."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lolpop.cli._failures import UsageError
from lolpop.errors import Finding, Origin, SettingsError
from lolpop.settings.nodes import Node, plain
from lolpop.settings.yaml import read_yaml

Combination: TypeAlias = Mapping[str, str]
"""Values by the path of their setting, as texts that ``--set`` takes."""

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},]|[^"\[\]{},]+|"')
"""A text in double quotes, a bracket, a comma, or what is between them."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One setting, and the values that it takes."""

    path: str
    values: tuple[str, ...]
    origin: Origin


def axes_of(flags: Sequence[str], file: Path | None) -> list[Axis]:
    """The settings that the flags and the file of a sweep vary. Raises SettingsError for what is wrong."""
    findings: list[Finding] = []
    axes = [] if file is None else list(_axes_in(file, findings))
    axes += [axis for flag in flags if (axis := _axis_of(flag, findings)) is not None]
    findings += _repetitions(axes)
    if findings:
        raise SettingsError(findings)
    return axes


def combinations_of(axes: Sequence[Axis]) -> Iterator[Combination]:
    """Every combination of the values; the last setting changes the fastest."""
    for values in itertools.product(*(axis.values for axis in axes)):
        yield {axis.path: value for axis, value in zip(axes, values, strict=True)}


def _repetitions(axes: Sequence[Axis]) -> Iterator[Finding]:
    for at, axis in enumerate(axes):
        if any(axis.path == other.path for other in axes[:at]):
            yield Finding(axis.path, "is swept twice", origin=axis.origin, hint="Join the values.")
        if len(set(axis.values)) < len(axis.values):
            yield Finding(axis.path, "takes a value twice", origin=axis.origin)


def _axis_of(flag: str, findings: list[Finding]) -> Axis | None:
    path, equals, text = flag.partition("=")
    path = path.strip()
    origin = Origin(f"--sweep {path}")
    if not equals or not path:
        message = "the flag gives no values"
        findings.append(Finding("", message, origin=origin, hint="Write --sweep path.to.setting=1,2,3."))
        return None
    values = tuple(_split(text))
    if not all(values):
        findings.append(Finding(path, "has an empty value", origin=origin, hint="Write value,value,value."))
        return None
    return Axis(path, values, origin)


def _split(text: str) -> Iterator[str]:
    """The values between commas; a comma inside brackets or double quotes separates nothing."""
    value, depth = "", 0
    for piece in _PIECE.findall(text):
        depth += (piece in "[{") - (piece in "]}")
        if piece == "," and depth == 0:
            yield _unquoted(value.strip())
            value = ""
        else:
            value += piece
    yield _unquoted(value.strip())


def _unquoted(value: str) -> str:
    """The text itself of one in double quotes."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value


def _axes_in(file: Path, findings: list[Finding]) -> Iterator[Axis]:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"the sweep file {file} cannot be read: {reason}.") from error
    root, wrong = read_yaml(text, str(file))
    findings += wrong
    if not wrong and not root.value:
        raise UsageError(f"the sweep file {file} names no settings. Write path.to.setting: [1, 2, 3].")
    yield from _axes_below(root, (), findings)


def _axes_below(node: Node, path: tuple[str, ...], findings: list[Finding]) -> Iterator[Axis]:
    dotted, origin = ".".join(path), node.key_origin or node.origin
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            yield from _axes_below(child, (*path, key), findings)
    elif isinstance(node.value, tuple) and node.value and path:
        yield Axis(dotted, tuple(_text(plain(value)) for value in node.value), origin)
    else:
        hint = "Write the values that the setting takes: path.to.setting: [1, 2, 3]."
        findings.append(Finding(dotted, "should be a list of values", origin=origin, hint=hint))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
