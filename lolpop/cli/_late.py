"""Commands that are imported when they are called, and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand


class LateCommand(TyperCommand):
    """A command, or a group of commands, of which only the name and the summary are there already.

    Parameters
    ----------
    name
        Its name, and the name of its group.
    summary
        What the help of the group above says of it.
    load
        Imports the command itself.
    """

    def __init__(self, name: str, summary: str, load: Callable[[], Any]) -> None:
        super().__init__(name, short_help=summary, rich_markup_mode=None)
        self.load = load

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command itself, which is imported now."""
        return self.load().make_context(info_name, args, parent, **extra)
