"""The source of variables: those of the environment, and those of a ``.env`` file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lolpop._names import shortened
from lolpop.errors import Finding, Origin
from lolpop.settings.limits import DEEPEST, nests_too_deeply, too_deep
from lolpop.settings.nodes import Layer, Node, SettingPath, mapping_of
from lolpop.settings.protocol import Project, Reading

__all__ = ["GROUP", "PROFILE", "Variable", "Variables", "environment", "read_dotenv"]

PREFIX = "LOLPOP_"
PROFILE = "LOLPOP_PROFILE"
GROUP = "LOLPOP_GROUP"

_RESERVED = frozenset({PROFILE, GROUP})
_OURS = re.compile(rf"^[ \t]*(?:export[ \t]+)?['\"]?{PREFIX}", re.MULTILINE | re.IGNORECASE)
_NEWLINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and its origin. No message quotes its value, which may be a secret."""

    name: str
    value: str = field(repr=False)
    origin: Origin


def environment(environ: Mapping[str, str]) -> list[Variable]:
    """The variables of the environment, by name."""
    return [Variable(name, environ[name], Origin(f"${name}")) for name in sorted(environ)]


def read_dotenv(text: str, source: str) -> tuple[list[Variable], list[Finding]]:
    """The variables of a ``.env`` file, and findings about those of lolpop.

    ``${…}`` stays as it is: in settings it is a link of lolpop's own. If a name is set twice, the later
    value counts.
    """
    from io import StringIO

    from dotenv.parser import parse_stream

    variables: dict[str, Variable] = {}
    findings = []
    for binding in parse_stream(StringIO(text)):
        written = binding.original.string
        match = _OURS.search(written) if binding.value is None else None
        start = match.start() if match else len(written) - len(written.lstrip())
        origin = Origin(source, binding.original.line + len(_NEWLINE.findall(written, 0, start)))
        if match:
            hint = "Write NAME=value, and close its quotes."
            findings.append(Finding("", "this line sets no variable", origin=origin, hint=hint))
        elif binding.key is not None and binding.value is not None:
            variables[binding.key] = Variable(binding.key, binding.value, origin)
    return list(variables.values()), findings


@dataclass(frozen=True, slots=True)
class Variables:
    """The ``LOLPOP_…`` variables of one place: ``LOLPOP_A__B`` sets ``a.b``.

    Names of variables are not case-sensitive: their keys are lower-case, and two that differ in case only
    are a finding.
    """

    name: str
    variables: tuple[Variable, ...]

    def read(self, project: Project) -> Reading:
        """One layer with the values of all variables."""
        del project
        findings: list[Finding] = []
        nodes: dict[SettingPath, tuple[Variable, Node]] = {}
        for variable in _settings(self.variables):
            path = tuple(variable.name[len(PREFIX) :].lower().split("__"))
            if variable.name.upper() in _RESERVED:
                message = f"{variable.name} is not read"
                hint = f"Write {variable.name.upper()}."
                findings.append(Finding("", message, origin=variable.origin, hint=hint))
            elif not all(path):
                message = f"{variable.name} names no setting: a part of it is empty"
                hint = f"Write {PREFIX}SECTION__KEY, with two underscores between parts."
                findings.append(Finding("", message, origin=variable.origin, hint=hint))
            elif nests_too_deeply(variable.value) or len(path) > DEEPEST:
                findings.append(too_deep(shortened(variable.name), variable.origin))
            elif path in nodes:
                first, _ = nodes[path]
                message = f"{first.name} and {variable.name} are the same setting"
                hint = "Remove one of them."
                findings.append(Finding(".".join(path), message, origin=variable.origin, hint=hint))
            else:
                node = Node(variable.value, variable.origin, variable.origin, text=True)
                nodes[path] = variable, node
        root = mapping_of(((path, node) for path, (_, node) in nodes.items()), Origin(self.name))
        layers = (Layer(self.name, root, case_insensitive=True),) if nodes else ()
        return Reading(layers, tuple(findings))


def _settings(variables: Iterable[Variable]) -> Iterator[Variable]:
    return (
        variable
        for variable in variables
        if variable.name.upper().startswith(PREFIX) and variable.name not in _RESERVED
    )
