"""Commands about flows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from lolpop.cli._options import AsJson, Group, SettingsOptions, command

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUNNER] [FLOW]",
        help="The runner as elsewhere. The flow is train, predict, train_and_predict, or your own: "
        "package.module:flow, or path/file.py:flow.",
        show_default=False,
    ),
]
Drawing = Annotated[
    Literal["tree", "mermaid", "svg"], typer.Option("--format", help="How the flow is drawn.")
]

BuildWords = Annotated[
    list[str],
    typer.Argument(
        metavar="ORCHESTRATOR [RUNNER] [FLOW]",
        help="Such as cron, systemd, github-actions, kubernetes, container-image or airflow: 'lolpop "
        "components orchestrator' lists them.",
        show_default=False,
    ),
]
Target = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="PATH", help="The file that is written, or the folder for it."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that were edited by hand.")]

app = typer.Typer(help="Show, run and build flows of workflows.", rich_markup_mode=None)


@command(app)
def show(settings: SettingsOptions, words: Words = None, drawing: Drawing = "tree") -> None:
    """Draw which workflows follow which.

    Example: lolpop flow show classification train_and_predict
    """
    from lolpop.cli.flow import show_flow

    show_flow(words or [], settings, drawing)


@command(app)
def run(settings: SettingsOptions, words: Words = None, group: Group = None, as_json: AsJson = False) -> None:
    """Run the workflows of a flow one after the other, in this process.

    Example: lolpop flow run classification train_and_predict
    """
    from lolpop.cli.flow import run_flow

    run_flow(words or [], replace(settings, group=group), as_json=as_json)


@command(app)
def build(
    words: BuildWords, settings: SettingsOptions, output: Target = Path(), force: Force = False
) -> None:
    """Write a flow as a file that an orchestrator runs.

    The section orchestrator of the settings says when, how often again, and what else the orchestrator takes.

    Example: lolpop flow build cron classification train_and_predict
    """
    from lolpop.cli.flow_build import build_flow

    build_flow(words[0], words[1:], settings, output, force=force)
