"""Commands that show and prove what is wired."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._exit_codes import CHECK_FAILED, USAGE
from lolpop.cli._options import AsJson, Runner, SettingsOptions, command

Connect = Annotated[
    bool, typer.Option("--connect", help="Ask each component that has a method ping what it reaches.")
]
ComponentType = Annotated[str | None, typer.Argument(metavar="TYPE", help="Such as model_trainer.")]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def verify(settings: SettingsOptions, runner: Runner = "", as_json: AsJson = False) -> None:
    """Find everything that is wrong, without running anything."""
    from lolpop.cli.verify import verify

    if not verify(runner, settings, as_json=as_json):
        raise typer.Exit(USAGE)


@command(app)
def graph(settings: SettingsOptions, runner: Runner = "") -> None:
    """Draw the wired tree of a container."""
    from lolpop.cli.graph import print_graph

    print_graph(runner, settings)


@command(app)
def components(component_type: ComponentType = None, as_json: AsJson = False) -> None:
    """List the implementations that are registered."""
    from lolpop.cli.components import list_components

    list_components(component_type, as_json=as_json)


@command(app)
def doctor(
    settings: SettingsOptions, runner: Runner = "", connect: Connect = False, as_json: AsJson = False
) -> None:
    """Say what is installed, and whether extensions, the store and the project are fit for work.

    Exit code 3 tells that something is broken. Example: lolpop doctor --connect
    """
    from lolpop.cli.doctor import examine

    if not examine(runner, settings, connect=connect, as_json=as_json):
        raise typer.Exit(CHECK_FAILED)
