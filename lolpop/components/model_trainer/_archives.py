"""Deterministic archives of skops: equal objects make equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

_SCHEMA = "schema.json"
_ID = "__id__"


def with_fixed_bytes(archive: bytes) -> bytes:
    """The archive with names and times that do not differ between writings. skops names objects by their
    address in memory, files by address or at random, and stamps members with the time.

    Here they are numbered in the order in which the object refers to them.
    """
    fixed = BytesIO()
    with ZipFile(BytesIO(archive)) as source, ZipFile(fixed, "w", ZIP_STORED) as target:
        schema = json.loads(source.read(_SCHEMA))
        members = set(source.namelist())
        names: dict[str, str] = {}
        numbers: dict[int, int] = {}
        for node in _nodes(schema):
            if _ID in node:
                node[_ID] = numbers.setdefault(node[_ID], len(numbers))
            file = node.get("file")
            if isinstance(file, str) and file in members:
                node["file"] = names.setdefault(file, f"{len(names)}{PurePosixPath(file).suffix}")
        for file, name in names.items():
            target.writestr(ZipInfo(name), source.read(file))
        target.writestr(ZipInfo(_SCHEMA), json.dumps(schema, separators=(",", ":")))
    return fixed.getvalue()


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """All mappings in a schema, in the order of the text, whatever its depth."""
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("__loader__") == "SetNode" and isinstance(node.get("content"), list):
                node["content"].sort(key=_without_ids)  # a set has no order, and the hashes of text vary
            yield node
            waiting.extend(reversed(list(node.values())))
        elif isinstance(node, list):
            waiting.extend(reversed(node))


def _without_ids(node: Any) -> str:
    if isinstance(node, dict):
        node = {key: value for key, value in node.items() if key != _ID}
    return json.dumps(node, sort_keys=True)
