"""Links: settings that refer to another setting, or to a variable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lolpop._names import Names, did_you_mean
from lolpop.errors import Finding, LolpopError, Severity
from lolpop.settings.nodes import Layer, Node, leaves
from lolpop.settings.tree import Tree, expanded, merge, parsed

__all__ = ["LinkError", "Links", "UnsetVariable", "escaped", "has_link", "reads_variable"]

# $${…} is the text ${…} itself.
_LINK = re.compile(r"(?P<escape>\$)?\$\{(?P<target>[^{}]*)\}")
_TARGET = re.compile(r"\$\{[^{}]*\}")
_VARIABLE = "env:"

_LONGEST_CHAIN = 1_000
"""The longest chain of links."""

_LARGEST = 1_000_000
"""The most characters that a link may be replaced with: links to links can double with each step."""


class LinkError(LolpopError):
    """A broken or circular link; ``hint`` says what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        self.message, self.hint = message, hint
        super().__init__(f"{message}. {hint}")

    def __reduce__(self) -> tuple[type[LinkError], tuple[str, str]]:
        return type(self), (self.message, self.hint)


class UnsetVariable(LinkError):  # noqa: N818  (it is a state of the environment, seldom an error)
    """A link to a variable that is not set, where that is no error."""


def escaped(text: str) -> str:
    """A text as settings write it: ``${`` is escaped, so that it is not read as a link."""
    return _TARGET.sub(r"$\g<0>", text) if "${" in text else text


def has_link(node: Node) -> bool:
    """Whether the value of a leaf contains a link."""
    return any(not match["escape"] for match in _matches(node))


def reads_variable(node: Node) -> bool:
    """Whether the value of a leaf links to a variable."""
    return any(not match["escape"] and match["target"].startswith(_VARIABLE) for match in _matches(node))


@dataclass(frozen=True)
class Links:
    """Resolves links against the settings and variables.

    ``lenient`` is for verification without credentials: an unset variable is a warning there.
    """

    tree: Tree
    variables: Mapping[str, str]
    lenient: bool = False
    _resolved: dict[str, _Resolved | LinkError] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def resolve(self, node: Node) -> Any:
        """The value of a leaf with its links replaced.

        A link that is the whole text is replaced with the value of the other setting; inside a text, as text.
        Raises LinkError for a broken or circular link, and UnsetVariable for an unset variable if
        ``lenient``.
        """
        for target in _targets(node):
            self._resolve_setting(target)
        return _copied(self._leaf(node).value)

    def leads_to_variable(self, node: Node) -> bool:
        """Whether any part of the value of a leaf comes from a variable, directly or through other links.

        Raises LinkError as ``resolve`` does.
        """
        self.resolve(node)
        waiting, seen = [node], set[str]()
        while waiting:
            leaf = waiting.pop()
            if reads_variable(leaf):
                return True
            for target in set(_targets(leaf)) - seen:
                seen.add(target)
                whole = expanded(merge(self.tree.statements(tuple(target.split("."))), as_value=True).root)
                waiting += [below for _, below in leaves(whole)]
        return False

    def findings(self) -> list[Finding]:
        """Every broken or circular link of the tree."""
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

    def _resolve_setting(self, setting: str) -> None:
        """Resolve a setting after the settings that it links to, without recursion."""
        chain: dict[str, tuple[Node, Iterator[str]]] = {}
        try:
            self._enter(setting, chain)
            while chain:
                current, (node, targets) = next(reversed(chain.items()))
                following = next((target for target in targets if target not in self._resolved), None)
                if following is None:
                    self._resolved[current] = self._whole(node)
                    del chain[current]
                else:
                    self._enter(following, chain)
        except LinkError as error:
            # Settings that link to it are broken too, and are not resolved again.
            self._resolved.update(dict.fromkeys(chain, error))
            raise

    def _enter(self, setting: str, chain: dict[str, tuple[Node, Iterator[str]]]) -> None:
        if isinstance(resolved := self._resolved.get(setting), LinkError):
            raise resolved
        if resolved is not None:
            return
        if setting in chain:
            names = [*chain]
            circle = " -> ".join((*names[names.index(setting) :], setting))
            raise LinkError(f"the link ${{{setting}}} is circular: {circle}", "Break the cycle.")
        if len(chain) >= _LONGEST_CHAIN:
            message = f"the link ${{{setting}}} is the end of a chain of more than {_LONGEST_CHAIN} links"
            raise LinkError(message, "Link to the setting itself.")
        statements = self.tree.statements(tuple(setting.split(".")))
        if not statements:
            raise LinkError(
                f"the link ${{{setting}}} points to an unknown setting",
                self._correction(setting),
            )
        node = expanded(merge(statements, as_value=True).root)
        chain[setting] = node, (target for _, leaf in leaves(node) for target in _targets(leaf))

    def _whole(self, node: Node) -> _Resolved:
        """The value of a node whose links are all resolved."""
        if isinstance(node.value, Mapping):
            children = {key: self._whole(child) for key, child in node.value.items()}
            value = {key: child.value for key, child in children.items()}
            return _collection(value, children.values(), node)
        if isinstance(node.value, tuple):
            elements = [self._whole(child) for child in node.value]
            return _collection([child.value for child in elements], elements, node)
        return self._leaf(node)

    def _leaf(self, node: Node) -> _Resolved:
        matches = list(_matches(node))
        if not matches:
            value = parsed(node)
            return _Resolved(value, len(value) if isinstance(value, str) else 1)
        text = str(node.value)
        if len(matches) == 1 and matches[0].span() == (0, len(text)) and not matches[0]["escape"]:
            return self._target(matches[0]["target"])
        targets = [None if match["escape"] else self._target(match["target"]) for match in matches]
        size = len(text) + sum(target.size for target in targets if target is not None)
        _check_size(size, matches)
        values = iter(targets)
        whole = _LINK.sub(
            lambda match: match[0][1:] if (target := next(values)) is None else _inside(match, target.value),
            text,
        )
        _check_size(len(whole), matches)
        return _Resolved(whole, len(whole))

    def _target(self, target: str) -> _Resolved:
        if target.startswith(_VARIABLE):
            value = self._variable(target.removeprefix(_VARIABLE))
            return _Resolved(value, len(value))
        resolved = self._resolved[target]
        if isinstance(resolved, LinkError):
            raise resolved
        return resolved

    def _variable(self, name: str) -> str:
        try:
            return self.variables[name]
        except KeyError:
            kind = UnsetVariable if self.lenient else LinkError
            raise kind(
                f"the variable {name} is not set",
                did_you_mean(name, self.variables) or _how_to_set(name),
            ) from None

    def _correction(self, setting: str) -> str:
        """How to correct a link to a setting that does not exist."""
        variable = setting.rpartition(":")[2]
        if variable in self.variables or variable != setting:
            return f"Write ${{env:{variable}}} for the variable."
        return did_you_mean(setting, self._settings) or "Set it, or correct the link."

    def linked_variables(self) -> dict[str, str]:
        """The variables that settings link to, with their values, which may be secrets."""
        names = {
            match["target"].removeprefix(_VARIABLE)
            for layer in self.tree.layers
            for _, node in leaves(layer.root)
            for match in _matches(node)
            if not match["escape"] and match["target"].startswith(_VARIABLE)
        }
        return {name: self.variables[name] for name in sorted(names) if name in self.variables}

    @cached_property
    def _settings(self) -> Names:
        return Names(".".join(path) for layer in self.tree.layers for path, _ in leaves(layer.root))


@dataclass(frozen=True, slots=True)
class _Resolved:
    """The value of a setting with its links replaced, and the number of characters and elements in it."""

    value: Any
    size: int


def _collection(value: Any, parts: Iterable[_Resolved], node: Node) -> _Resolved:
    size = 1 + sum(part.size for part in parts)
    linked = [match for _, leaf in leaves(node) for match in _matches(leaf) if not match["escape"]]
    if linked:
        _check_size(size, linked)
    return _Resolved(value, size)


def _inside(match: re.Match[str], value: Any) -> str:
    """The value of a link inside of a text, as settings write it."""
    if isinstance(value, dict | list) or value is None:
        kind = "null" if value is None else "a list" if isinstance(value, list) else "a mapping"
        raise LinkError(
            f"the link {match[0]} is inside of a text, but points to {kind}",
            "Link to text or a number, or let the link be the whole value.",
        )
    return str(value).lower() if isinstance(value, bool) else str(value)


def _how_to_set(name: str) -> str:
    if name.isidentifier():
        return "Set it in the environment or in .env."
    return "A link names a variable alone, without a default: ${env:NAME}. Defaults stand in .env."


def _check_size(size: int, matches: list[re.Match[str]]) -> None:
    if size > _LARGEST:
        raise LinkError(
            f"the link {matches[0][0]} makes a value of more than {_LARGEST:,} characters",
            "Link to fewer settings.",
        )


def _targets(node: Node) -> Iterator[str]:
    """The settings that a leaf links to."""
    for match in _matches(node):
        if not match["escape"] and not match["target"].startswith(_VARIABLE):
            yield match["target"]


def _copied(value: Any) -> Any:
    """Copies of lists and mappings: two settings that link to a third one share no object."""
    if isinstance(value, dict):
        return {key: _copied(child) for key, child in value.items()}
    return [_copied(child) for child in value] if isinstance(value, list) else value


def _matches(node: Node) -> Iterator[re.Match[str]]:
    if isinstance(node.value, str) and "${" in node.value:
        yield from _LINK.finditer(node.value)
