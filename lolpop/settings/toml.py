"""Settings in TOML: tomllib reads the values, a scan of the same text finds where they stand."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lolpop.errors import Finding, Origin
from lolpop.settings.limits import nests_too_deeply, too_deep
from lolpop.settings.nodes import Node, SettingPath

__all__ = ["read_toml"]

_STRING = (
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
)
_GAP = re.compile(r"(?:\s|#[^\n]*)*")
_KEY = re.compile(rf"[A-Za-z0-9_-]+|{_STRING}", re.DOTALL)
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SCALAR = re.compile(rf"{_STRING}|[^,\]}}#\n]+", re.DOTALL)
_AT = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


def read_toml(text: str, source: str, table: SettingPath = ()) -> tuple[Node | None, list[Finding]]:
    """The mapping at ``table`` of a document (None without one), and findings."""
    import tomllib

    text = text.replace("\r\n", "\n")
    start = Origin(source, 1, 1)
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax(str(error), text, source)]
    except ValueError:  # Python refuses numbers of thousands of digits
        return None, [Finding("", "is not valid TOML: a number is too large", origin=start)]
    except RecursionError:
        return None, [too_deep("the file", start)]
    if nests_too_deeply(value):
        return None, [too_deep("the file", start)]
    places = _Scan(text, source).read()
    for key in table:
        if not isinstance(value, dict) or key not in value:
            return None, []
        value = value[key]
    reader = _Reader(places)
    node = reader.read(value, table, places.get(table, _Place(start, start)))
    if not isinstance(value, dict):
        message = f"contains no settings: {'.'.join(table)} is not a table"
        return None, [Finding("", message, origin=node.origin)]
    return node, reader.findings


class _Place(NamedTuple):
    key: Origin | None
    value: Origin


@dataclass
class _Reader:
    places: dict[SettingPath, _Place]
    findings: list[Finding] = field(default_factory=list)

    def read(self, value: Any, path: SettingPath, above: _Place) -> Node:
        """Convert one value; without a place of its own, it has that of its table."""
        place = self.places.get(path, above)
        if isinstance(value, dict):
            if "" in value:
                empty = self.places.get((*path, ""), place)
                message = "has a key that is empty or not text"
                self.findings.append(Finding(".".join(path), message, origin=empty.key))
            value = {key: self.read(child, (*path, key), place) for key, child in value.items()}
        elif isinstance(value, list):
            value = tuple(self.read(child, (*path, str(index)), place) for index, child in enumerate(value))
        return Node(value, place.value, place.key)


@dataclass
class _Scan:
    """One pass over a document that tomllib has found valid."""

    text: str
    source: str
    at: int = 0
    places: dict[SettingPath, _Place] = field(default_factory=dict)
    tables: dict[SettingPath, int] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)

    def read(self) -> dict[SettingPath, _Place]:
        """The places of all keys and values by path; list elements by index."""
        self.lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        table: SettingPath = ()
        while self._gap() < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.places

    def _header(self) -> SettingPath:
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        opening = self._origin()
        self.at += brackets
        self._gap()
        table: SettingPath = ()
        keys = self._keys()
        for index, (key, origin) in enumerate(keys):
            table = (*table, key)
            self.places.setdefault(table, _Place(origin, origin))
            if brackets == 2 and index == len(keys) - 1:
                self.tables[table] = self.tables.get(table, -1) + 1
            if table in self.tables:
                table = (*table, str(self.tables[table]))
                self.places.setdefault(table, _Place(None, opening))
        self._gap()
        self.at += brackets
        return table

    def _pair(self, table: SettingPath) -> None:
        keys = self._keys()
        self._gap()
        self.at += 1  # the equals sign
        self._gap()
        path = table
        for key, origin in keys[:-1]:
            path = (*path, key)
            self.places.setdefault(path, _Place(origin, origin))
        key, origin = keys[-1]
        self._value((*path, key), origin)

    def _keys(self) -> list[tuple[str, Origin]]:
        import tomllib

        keys = []
        while match := _KEY.match(self.text, self.at):
            # tomllib reads the quotes and escapes of a key exactly in a document of that key alone.
            (key,) = tomllib.loads(f"{match[0]} = 0") if match[0][0] in "\"'" else (match[0],)
            keys.append((key, self._origin()))
            self.at = match.end()
            dot = _DOT.match(self.text, self.at)
            if dot is None:
                break
            self.at = dot.end()
        return keys

    def _value(self, path: SettingPath, key: Origin | None) -> None:
        self.places[path] = _Place(key, self._origin())
        match self.text[self.at]:
            case "[":
                index = 0
                while self._next("]"):
                    self._value((*path, str(index)), None)
                    index += 1
            case "{":
                while self._next("}"):
                    self._pair(path)
            case _:
                scalar = _SCALAR.match(self.text, self.at)
                self.at = scalar.end() if scalar else len(self.text)

    def _next(self, closing: str) -> bool:
        """Step over the opening bracket or a comma; whether another element follows."""
        self._gap()
        if self.text[self.at] in "[{,":
            self.at += 1
            self._gap()
        if self.text[self.at] != closing:
            return True
        self.at += 1
        return False

    def _gap(self) -> int:
        gap = _GAP.match(self.text, self.at)
        self.at = gap.end() if gap else self.at
        return self.at

    def _origin(self) -> Origin:
        line = bisect_right(self.lines, self.at)
        return Origin(self.source, line, self.at - self.lines[line - 1] + 1)


def _syntax(message: str, text: str, source: str) -> Finding:
    at = _AT.search(message)
    if at and at["line"]:
        origin = Origin(source, int(at["line"]), int(at["column"]))
    else:
        origin = Origin(source, text.count("\n") + 1, len(text) - text.rfind("\n"))
    return Finding("", f"is not valid TOML: {_AT.sub('', message)}", origin=origin)
