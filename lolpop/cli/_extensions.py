"""Commands of extensions."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from lolpop._entry_points import scan
from lolpop.cli._late import LateCommand

_GROUP = "lolpop.commands"


class ExtensionGroup(TyperGroup):
    """The commands of lolpop, and those of extensions, whose names it does not have itself."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, those of extensions last."""
        own = super().list_commands(ctx)
        return [*own, *sorted(name for name in _commands(tuple(sys.path)) if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name; one of an extension is not imported yet."""
        return super().get_command(ctx, cmd_name) or _commands(tuple(sys.path)).get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of the first argument; one of a project that is not installed is told so."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from lolpop._projects import installation_hint

            if hint := installation_hint(_GROUP, args[0]):
                ctx.fail(f"No such command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)


@functools.lru_cache(maxsize=1)
def _commands(path: tuple[str, ...]) -> dict[str, LateCommand]:
    """The commands of extensions by name, without importing the registry: help has to be there at once."""
    packages: dict[str, dict[str, None]] = {}
    for entry in scan(path, _GROUP):
        if entry.group == _GROUP:
            packages.setdefault(entry.name, {})[entry.distribution] = None
    return {
        name: LateCommand(
            name, f"Of the extension {' and of '.join(distributions)}.", functools.partial(_reported, name)
        )
        for name, distributions in packages.items()
    }


def _reported(name: str) -> Any:
    """The command of an extension, whose errors are reported as those of all commands are."""
    from lolpop.cli._failures import UsageError, failures
    from lolpop.errors import WiringError

    with failures(show_traceback=False):
        try:
            command = load_command(name)
        except WiringError as error:
            raise UsageError(str(error)) from error
    command.invoke = _reporting(command.invoke)
    return command


def load_command(name: str) -> Any:
    """The command that an extension registers as ``name``.

    Raises WiringError, naming the extension, if it cannot be imported or is none.
    """
    from lolpop.errors import WiringError
    from lolpop.registry import load_entry, registration

    entry = registration(_GROUP, name)
    if entry is None:
        raise WiringError(f"there is no command {name!r} of an extension")
    loaded = load_entry(entry)
    if isinstance(loaded, typer.Typer):
        return typer.main.get_command(loaded)
    if callable(loaded) and not isinstance(loaded, type):
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(name)(loaded)
        return typer.main.get_command(app)
    raise WiringError(
        f"the extension {entry.distribution!r} cannot be used: {entry.value!r} is no command",
        "It should be a function, or a typer.Typer.",
    )


def _reporting(invoke: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``invoke``, whose errors are a few lines and an exit code, as those of all commands are."""
    from lolpop.cli._failures import failures

    @functools.wraps(invoke)
    def reporting(context: Any) -> Any:
        with failures(show_traceback=False):
            return invoke(context)

    return reporting
