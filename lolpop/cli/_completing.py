"""Completion by name, so that what looks candidates up is imported only when a shell asks."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


def completed_by(name: str) -> Callable[[Any, str], list[str]]:
    """What completes a parameter: the function ``name`` of the module ``_completion``.

    That module reads options, so that no option may import it.
    """

    def complete(ctx: Any, incomplete: str) -> list[str]:
        completion = importlib.import_module("lolpop.cli._completion")
        candidates: list[str] = getattr(completion, name)(ctx, incomplete)
        return candidates

    return complete
