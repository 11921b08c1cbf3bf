"""Completion by name: what looks candidates up is imported only when a shell asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def completed_by(name: str) -> Callable[[Any, str], list[str]]:
    """The function that completes a parameter, called ``name`` in the module ``_completion``."""

    def complete(ctx: Any, incomplete: str) -> list[str]:
        from lolpop.cli import _completion

        candidates: list[str] = getattr(_completion, name)(ctx, incomplete)
        return candidates

    return complete
