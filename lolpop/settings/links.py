"""Links: settings that stand for another setting, or for a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lolpop._names import did_you_mean
from lolpop.errors import Finding, LolpopError, Severity
from lolpop.settings.nodes import Layer, Node
from lolpop.settings.tree import Tree, leaves, merge, parsed, sequence_of

__all__ = ["LinkError", "Links", "UnsetVariable", "escaped", "has_link", "reads_variable"]

# $${…} is the text ${…} itself.
_LINK = re.compile(r"(?P<escape>\$)?\$\{(?P<target>[^{}]*)\}")
_TARGET = re.compile(r"\$\{[^{}]*\}")
_VARIABLE = "env:"


class LinkError(LolpopError):
    """A link that leads nowhere, or in a circle; ``hint`` says what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        self.message, self.hint = message, hint
        super().__init__(f"{message}. {hint}")

    def __reduce__(self) -> tuple[type[LinkError], tuple[str, str]]:
        return type(self), (self.message, self.hint)


class UnsetVariable(LinkError):  # noqa: N818  (it is a state of the environment, seldom an error)
    """A link to a variable that is not set, where that is no error."""


def escaped(text: str) -> str:
    """How settings say a text that holds no link: what looks like one is escaped."""
    return _TARGET.sub(r"$\g<0>", text) if "${" in text else text


def has_link(node: Node) -> bool:
    """Whether the value of a leaf is, or holds, a link."""
    return any(not match["escape"] for match in _matches(node))


def reads_variable(node: Node) -> bool:
    """Whether the value of a leaf comes, in part or whole, from a variable that it links to."""
    return any(not match["escape"] and match["target"].startswith(_VARIABLE) for match in _matches(node))


@dataclass(frozen=True, slots=True)
class Links:
    """Resolves links against the settings and variables.

    ``lenient`` is for verification without credentials: an unset variable is a warning there.
    """

    tree: Tree
    variables: Mapping[str, str]
    lenient: bool = False

    def resolve(self, node: Node) -> Any:
        """The value of a leaf with its links replaced.

        A link that is the whole text gives the other setting's value as it is; inside a text it gives
        its text. Raises LinkError for a link that leads nowhere or in a circle, and UnsetVariable
        where that is of no matter.
        """
        return self._resolved(node, ())

    def findings(self) -> list[Finding]:
        """Every link of the tree that leads nowhere, or in a circle."""
        return [finding for layer in self.tree.layers for finding in self._broken(layer)]

    def _broken(self, layer: Layer) -> Iterator[Finding]:
        for path, node in leaves(layer.root):
            if not has_link(node):
                continue
            try:
                self.resolve(node)
            except LinkError as error:
                severity: Severity = "warning" if isinstance(error, UnsetVariable) else "error"
                yield Finding(".".join(path), error.message, severity, node.origin, error.hint)

    def _resolved(self, node: Node, seen: tuple[str, ...]) -> Any:
        matches = list(_matches(node))
        if not matches:
            return parsed(node)
        text = str(node.value)
        if len(matches) == 1 and matches[0].span() == (0, len(text)) and not matches[0]["escape"]:
            return self._target(matches[0]["target"], seen)
        return _LINK.sub(
            lambda match: match[0][1:] if match["escape"] else str(self._target(match["target"], seen)),
            text,
        )

    def _target(self, target: str, seen: tuple[str, ...]) -> Any:
        if target.startswith(_VARIABLE):
            return self._variable(target.removeprefix(_VARIABLE))
        if target in seen:
            circle = " -> ".join((*seen[seen.index(target) :], target))
            raise LinkError(f"the link ${{{target}}} leads in a circle: {circle}", "Break the circle.")
        nodes = self.tree.nodes(tuple(target.split(".")))
        if not nodes:
            raise LinkError(
                f"the link ${{{target}}} leads nowhere: there is no such setting",
                did_you_mean(target, self._known()) or "Set it, or correct the link.",
            )
        return self._whole(sequence_of(merge(nodes, whole=True).root), (*seen, target))

    def _whole(self, node: Node, seen: tuple[str, ...]) -> Any:
        if isinstance(node.value, Mapping):
            return {key: self._whole(child, seen) for key, child in node.value.items()}
        if isinstance(node.value, tuple):
            return [self._whole(child, seen) for child in node.value]
        return self._resolved(node, seen)

    def _variable(self, name: str) -> str:
        try:
            return self.variables[name]
        except KeyError:
            kind = UnsetVariable if self.lenient else LinkError
            raise kind(
                f"the variable {name} is not set",
                did_you_mean(name, self.variables) or "Set it in the environment or in .env.",
            ) from None

    def linked_variables(self) -> dict[str, str]:
        """The variables that settings link to, with their values: whatever they hold may be a secret."""
        names = {
            match["target"].removeprefix(_VARIABLE)
            for layer in self.tree.layers
            for _, node in leaves(layer.root)
            for match in _matches(node)
            if not match["escape"] and match["target"].startswith(_VARIABLE)
        }
        return {name: self.variables[name] for name in sorted(names) if name in self.variables}

    def _known(self) -> list[str]:
        return [".".join(path) for layer in self.tree.layers for path, _ in leaves(layer.root)]


def _matches(node: Node) -> Iterator[re.Match[str]]:
    if isinstance(node.value, str) and "${" in node.value:
        yield from _LINK.finditer(node.value)
