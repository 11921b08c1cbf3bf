"""The source of ``--set`` on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lolpop._names import shortened
from lolpop.errors import Finding, Origin
from lolpop.settings.limits import DEEPEST, incomplete_path, nests_too_deeply, too_deep
from lolpop.settings.nodes import Layer, Node, SettingPath, mapping_of
from lolpop.settings.protocol import Project, Reading

__all__ = ["Flags"]

_NAME = "command line"


@dataclass(frozen=True, slots=True)
class Flags:
    """Texts of the form ``path=value``; of two with the same path the later one counts.

    The origin of a value names its path alone, since the value may be a secret.
    """

    flags: tuple[str, ...] = field(repr=False)

    def read(self, project: Project | None = None) -> Reading:
        """One layer with the values of all flags."""
        del project
        nodes: list[tuple[SettingPath, Node]] = []
        findings: list[Finding] = []
        for flag in self.flags:
            dotted, equals, value = flag.partition("=")
            dotted = dotted.strip()
            origin = Origin(f"--set {shortened(dotted)}")
            path = tuple(dotted.split("."))
            if not equals:
                # The rest may be the value, after a colon for example, and is not quoted.
                path_alone = re.split(r"[^\w.]", dotted, maxsplit=1)[0]
                origin = Origin(f"--set {shortened(path_alone)}")
                hint = "Write --set path.to.setting=value."
                findings.append(Finding("", "the flag gives no value", origin=origin, hint=hint))
            elif not all(path):
                findings.append(incomplete_path(str(origin), origin))
            elif nests_too_deeply(value) or len(path) > DEEPEST:
                findings.append(too_deep("the flag", origin))
            else:
                nodes.append((path, Node(value, origin, origin, text=True)))
        layers = (Layer(_NAME, mapping_of(nodes, Origin(_NAME))),) if nodes else ()
        return Reading(layers, tuple(findings))
