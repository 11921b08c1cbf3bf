"""The command line as a tree of commands."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Annotated, Any

import typer

from lolpop.cli._extensions import ExtensionGroup
from lolpop.cli._late import LateCommand
from lolpop.cli._output import say
from lolpop.cli.commands import migrate, tests, wiring, workflows

__all__ = ["root_command"]

_GROUPS = {
    "config": "Show, compare and explain settings.",
    "new": "Write a project, or a part of one, from a template.",
    "runs": "List, show, compare and replay runs.",
    "data": "Inspect and copy rows, without a workflow.",
    "datasets": "List and show versions of data.",
    "models": "List, show, approve and deploy models.",
    "flow": "Show, run and build flows of workflows.",
}
"""What each group of commands is for; its module has its name."""

app = typer.Typer(
    cls=ExtensionGroup,
    help="Machine-learning workflows, wired from components, pipelines and runners.",
    # Plain help: what draws frames around it takes longer to import than everything else.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def lolpop(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Print help if there is no command; the version is printed before anything is imported."""
    if version or context.invoked_subcommand is None:
        say(context.get_help())


app.add_typer(workflows.app)
app.add_typer(tests.app)
app.add_typer(wiring.app)
app.add_typer(migrate.app)


def root_command() -> Any:
    """The command ``lolpop``; the groups below it are imported when one of their commands is called."""
    root: Any = typer.main.get_command(app)
    root.commands |= {
        name: LateCommand(name, summary, partial(_group, name)) for name, summary in _GROUPS.items()
    }
    return root


def _group(name: str) -> Any:
    group: Any = typer.main.get_group(importlib.import_module(f"lolpop.cli.commands.{name}").app)
    group.help = _GROUPS[name]
    return group
