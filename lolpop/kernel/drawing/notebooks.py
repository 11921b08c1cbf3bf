"""The picture of a container in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from lolpop.kernel.drawing.svg import svg
from lolpop.kernel.drawing.wiring import wiring_of
from lolpop.kernel.masking import masker

if TYPE_CHECKING:
    from lolpop.kernel.scopes import Scope

__all__ = ["container_html"]


def container_html(scope: Scope, name: str) -> str:
    """A picture of the wiring, below the name of the container; secrets are masked."""
    picture = masker(scope.root)(svg(wiring_of(scope, scope.name or scope.declared_as.__name__)))
    return f'<div><code>{escape(name)}</code><div style="overflow-x: auto">{picture}</div></div>'
