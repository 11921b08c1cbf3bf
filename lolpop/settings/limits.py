"""Which paths and values settings may have."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lolpop.errors import Finding, Origin

__all__ = ["DEEPEST", "LARGEST", "incomplete_path", "nests_too_deeply", "too_deep"]

DEEPEST = 100
"""Levels of nesting that settings may have."""

LARGEST = 2_000_000
"""Bytes of a file of settings: more is data, and takes minutes to read."""

_JSON_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def nests_too_deeply(value: object) -> bool:
    """Whether mappings and sequences, or text that is JSON of such, nest deeper than settings may."""
    if isinstance(value, str):
        return value.lstrip()[:1] in ("{", "[") and _depth_of_json(value) > DEEPEST
    level = [value]
    for _ in range(DEEPEST):
        level = [
            child
            for outer in level
            if isinstance(outer, Mapping | list | tuple)
            for child in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
        if not level:
            return False
    return True


def _depth_of_json(text: str) -> int:
    depth = deepest = 0
    for letter in _JSON_TEXT.sub("", text):
        depth += (letter in "{[") - (letter in "}]")
        deepest = max(deepest, depth)
    return deepest


def incomplete_path(subject: str, origin: Origin) -> Finding:
    """The finding about a path with an empty name in it."""
    hint = "Write the path from the root, with a dot between the names."
    return Finding("", f"{subject} names no setting: a part of its path is empty", origin=origin, hint=hint)


def too_deep(subject: str, origin: Origin) -> Finding:
    """The finding about settings that nest deeper than settings may."""
    hint = "Flatten the value."
    return Finding("", f"{subject} nests settings more than {DEEPEST} levels deep", origin=origin, hint=hint)
