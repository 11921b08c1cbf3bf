"""Settings files of the original lolpop: classes by name, ``config`` mappings, and ``$path`` references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lolpop._names import did_you_mean
from lolpop.errors import DEFAULT, Finding, Origin, SettingsError
from lolpop.settings.nodes import Node, SettingPath, leaves
from lolpop.settings.yaml import read_yaml

__all__ = ["PIPELINES", "FormerSettings"]

PIPELINES = ("process", "train", "deploy", "predict")

_LONGEST_CHAIN = 20
_PLURALS = {"components": "component", "pipelines": "pipeline"}


@dataclass
class FormerSettings:
    """The settings of one file. Each is taken once by what translates it; what is left was not understood."""

    root: Node
    _taken: set[SettingPath] = field(default_factory=set)

    @classmethod
    def read(cls, file: Path) -> FormerSettings:
        """The settings in ``file``. Raises SettingsError if it cannot be read, or is no such file."""
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
            beside = file.parent.glob("*.y*ml") if isinstance(error, FileNotFoundError) else ()
            near = did_you_mean(file.name, [path.name for path in beside])
            raise SettingsError(
                [Finding("", f"cannot be read: {reason}", origin=Origin(str(file)), hint=near)]
            ) from error
        root, findings = read_yaml(text, str(file))
        if findings:
            raise SettingsError(findings)
        settings = cls(root)
        if not ({"config", "component", "pipeline"} & set(_below(root))):
            message = "is no settings file of the original lolpop: it has no config, component or pipeline"
            raise SettingsError([Finding("", message, origin=Origin(str(file), 1, 1))])
        return settings

    def take(self, *path: str) -> Any:
        """The value at ``path``, with references resolved; None if there is none. Case does not count."""
        node = self._node(path)
        if node is None:
            return None
        self._taken.update((*path, *below) for below, _ in leaves(node) or [((), node)])
        self._taken.add(path)
        return self._resolved(node)

    def keys(self, *path: str) -> list[str]:
        """The keys of the mapping at ``path``; none if there is none."""
        node = self._node(path)
        return [] if node is None else list(_below(node))

    def origin(self, *path: str) -> Origin:
        """Where ``path`` stands in the file."""
        node = self._node(path)
        return DEFAULT if node is None else node.key_origin or node.origin

    def left(self) -> Iterator[SettingPath]:
        """The paths of settings that nothing has taken."""
        left: dict[SettingPath, None] = {}
        for path, _ in leaves(self.root):
            named = tuple(_name(part) for part in path if not part.isdigit())  # a list is one setting
            if not any(named[: len(taken)] == taken for taken in self._taken):
                left[named] = None
        yield from left

    def _node(self, path: tuple[str, ...]) -> Node | None:
        node: Node | None = self.root
        for part in path:
            below = {} if node is None else _below(node)
            node = below.get(part)
        return node

    def _resolved(self, node: Node, depth: int = 0) -> Any:
        """The plain value of ``node``: ``$train.config.x`` is the value at that path."""
        if isinstance(node.value, Mapping):
            return {key: self._resolved(child, depth) for key, child in node.value.items()}
        if isinstance(node.value, tuple):
            return [self._resolved(child, depth) for child in node.value]
        if not isinstance(node.value, str) or not node.value.startswith("$"):
            return node.value
        target = self._node(tuple(_name(part) for part in node.value[1:].split(".")))
        if target is None or depth >= _LONGEST_CHAIN:
            problem = "points to an unknown setting" if target is None else "is circular"
            raise SettingsError([Finding("", f"the reference {node.value} {problem}", origin=node.origin)])
        return self._resolved(target, depth + 1)


def _below(node: Node) -> dict[str, Node]:
    """The nodes below a mapping; none if it is something else."""
    values = node.value if isinstance(node.value, Mapping) else {}
    return {_name(key): child for key, child in values.items()}


def _name(key: str) -> str:
    return _PLURALS.get(key.lower(), key.lower())
