"""Commands about flows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._options import AsJson, Group, command
from lolpop.cli._settings_options import SettingsOptions

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUNNER] [FLOW]",
        help="The runner as elsewhere. The flow is train, predict, train_and_predict, or your own: "
        "package.module:flow, or path/file.py:flow.",
        show_default=False,
        autocompletion=completed_by("complete_flow"),
    ),
]
RunWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ORCHESTRATOR] [RUNNER] [FLOW]",
        help="As of flow show. An orchestrator before them (prefect, dagster, metaflow, airflow, cron) runs "
        "the flow once, on this machine.",
        show_default=False,
        autocompletion=completed_by("complete_flow_target"),
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
        autocompletion=completed_by("complete_flow_target"),
    ),
]
Target = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="PATH", help="The file that is written, or the folder for it."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files even if they were edited.")]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def show(settings: SettingsOptions, words: Words = None, drawing: Drawing = "tree") -> None:
    """Draw a flow: the order of its workflows.

    Example: lolpop flow show classification train_and_predict
    """
    from lolpop.cli.flow import show_flow

    show_flow(words or [], settings, drawing)


@command(app)
def run(
    settings: SettingsOptions, words: RunWords = None, group: Group = None, as_json: AsJson = False
) -> None:
    """Run the workflows of a flow one after the other, in this process, or now by an orchestrator.

    Example: lolpop flow run classification train_and_predict

    Example: lolpop flow run prefect classification train_and_predict
    """
    from lolpop.cli._failures import UsageError
    from lolpop.cli.flow import run_flow
    from lolpop.cli.flow_build import is_orchestrator, run_by_orchestrator

    if words and is_orchestrator(words[0]):
        if group is not None or as_json:
            raise UsageError(
                f"{words[0]} names the group and prints what it does: leave --group and --json out"
            )
        run_by_orchestrator(words[0], words[1:], settings)
        return
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
