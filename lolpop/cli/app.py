"""The command line as a tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._extensions import ExtensionGroup
from lolpop.cli._output import say
from lolpop.cli.commands import (
    config,
    data,
    datasets,
    flows,
    migrate,
    models,
    new,
    runs,
    tests,
    wiring,
    workflows,
)

__all__ = ["app"]

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
app.add_typer(config.app, name="config")
app.add_typer(new.app, name="new")
app.add_typer(runs.app, name="runs")
app.add_typer(data.app, name="data")
app.add_typer(datasets.app, name="datasets")
app.add_typer(models.app, name="models")
app.add_typer(flows.app, name="flow")
app.add_typer(migrate.app)
