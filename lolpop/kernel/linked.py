"""The values behind links, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lolpop.errors import DEFAULT
from lolpop.kernel.masking import masked, secrets_in
from lolpop.settings.links import LinkError, has_link
from lolpop.settings.nodes import leaves, node_of

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope
    from lolpop.settings.nodes import Node

__all__ = ["linked_value"]


def linked_value(root: Scope, written: Any) -> Any:
    """The value of a setting whose text has links to other settings, in JSON's types.

    None if ``written`` has no link, a broken link, or anything that may be a secret: a value that comes from
    a variable, directly or through other links, or the value of a secret type.
    """
    node = node_of(written, DEFAULT)
    links = root.configuration.links
    linked = [leaf for _, leaf in leaves(node) if has_link(leaf)]
    try:
        if not linked or any(map(links.leads_to_variable, linked)):
            return None
        value = _resolved(root, node)
    except LinkError:
        return None
    text = str(value)
    is_secret = any(secret in text for secret in secrets_in(root)) or masked(root, text) != text
    return None if is_secret else value


def _resolved(root: Scope, node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _resolved(root, child) for key, child in node.value.items()}
    if isinstance(node.value, tuple):
        return [_resolved(root, child) for child in node.value]
    return root.configuration.links.resolve(node) if has_link(node) else node.value
