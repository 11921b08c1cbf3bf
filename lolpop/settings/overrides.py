"""The source of values in code, by dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lolpop._names import shortened
from lolpop.errors import Finding, Origin
from lolpop.settings.limits import DEEPEST, incomplete_path, nests_too_deeply, too_deep
from lolpop.settings.nodes import Layer, Node, SettingPath, mapping_of, node_of
from lolpop.settings.protocol import Project, Reading

__all__ = ["Overrides"]


@dataclass(frozen=True, slots=True)
class Overrides:
    """Values by dotted path.

    Parameters
    ----------
    values
        Values by dotted path. Dots in the keys of mappings below a path do not separate names.
    name
        The origin of the values in messages and in ``config explain``.
    """

    values: Mapping[str, Any] = field(repr=False)
    name: str = "overrides"

    def read(self, project: Project) -> Reading:
        """One layer with all values."""
        del project
        origin = Origin(self.name)
        nodes: list[tuple[SettingPath, Node]] = []
        findings: list[Finding] = []
        for dotted, value in self.values.items():
            subject = f"the override {shortened(str(dotted))!r}"
            if nests_too_deeply(value) or str(dotted).count(".") >= DEEPEST:
                findings.append(too_deep(subject, origin))
                continue
            below = list(_nodes(value, tuple(str(dotted).split(".")), origin))
            if all(all(path) for path, _ in below):
                nodes.extend(below)
            else:
                findings.append(incomplete_path(subject, origin))
        layers = (Layer(self.name, mapping_of(nodes, origin)),) if nodes else ()
        return Reading(layers, tuple(findings))


def _nodes(value: Any, path: SettingPath, origin: Origin) -> Iterator[tuple[SettingPath, Node]]:
    if isinstance(value, Mapping) and value:
        for key, child in value.items():
            yield from _nodes(child, (*path, str(key)), origin)
    else:
        yield path, node_of(value, origin)
