"""Commands that show and prove what is wired, and what can be."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._exit_codes import CHECK_FAILED, USAGE
from lolpop.cli._options import AsJson, Runner, command
from lolpop.cli._settings_options import SettingsOptions

ComponentType = Annotated[
    str | None,
    typer.Argument(
        metavar="TYPE",
        help="Such as model_trainer.",
        autocompletion=completed_by("complete_component_type"),
    ),
]
Described = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="TYPE.NAME, such as model_trainer.xgboost; TYPE; or package.module:Class.",
        autocompletion=completed_by("complete_component"),
    ),
]
GraphFormat = Annotated[
    Literal["tree", "mermaid", "dot", "svg"],
    typer.Option("--format", help="tree as text, mermaid or dot for other programs, or svg as a picture."),
]
Connect = Annotated[
    bool, typer.Option("--connect", help="Also test the connections of components that have a method ping.")
]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def verify(settings: SettingsOptions, runner: Runner = "", as_json: AsJson = False) -> None:
    """Report all errors of settings and wiring, without running anything.

    Example: lolpop verify classification --profile prod
    """
    from lolpop.cli.verify import verify

    if not verify(runner, settings, as_json=as_json):
        raise typer.Exit(USAGE)


@command(app)
def graph(
    settings: SettingsOptions, runner: Runner = "", form: GraphFormat = "tree", as_json: AsJson = False
) -> None:
    """Draw the wiring of a container: implementations, settings and dependencies.

    Example: lolpop graph classification --format svg > wiring.svg
    """
    from lolpop.cli.graph import print_graph

    print_graph(runner, settings, form, as_json=as_json)


@command(app)
def components(component_type: ComponentType = None, as_json: AsJson = False) -> None:
    """List the implementations that are registered.

    Example: lolpop components model_trainer
    """
    from lolpop.cli.components import list_components

    list_components(component_type, as_json=as_json)


@command(app)
def describe(name: Described, as_json: AsJson = False) -> None:
    """Show the settings and requirements of an implementation, in use or not; or a component type.

    Example: lolpop describe model_trainer.xgboost
    """
    from lolpop.cli.describe import describe

    describe(name, as_json=as_json)


@command(app)
def doctor(
    settings: SettingsOptions, runner: Runner = "", connect: Connect = False, as_json: AsJson = False
) -> None:
    """Check the installation, extensions, the store and the project.

    The exit code is 3 if something is broken. Example: lolpop doctor --connect
    """
    from lolpop.cli.doctor import examine

    if not examine(runner, settings, connect=connect, as_json=as_json):
        raise typer.Exit(CHECK_FAILED)
