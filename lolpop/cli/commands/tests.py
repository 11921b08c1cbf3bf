"""The command that tests workflows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._options import Group, Runner, command
from lolpop.cli._settings_options import SettingsOptions

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[WORKFLOW] [--PARAMETER VALUE]",
        hidden=True,
        autocompletion=completed_by("complete_workflow"),
    ),
]
Checks = Annotated[
    list[Path] | None,
    typer.Option("--checks", metavar="FILE", help="File of checks, instead of the discovered ones."),
]
JUnit = Annotated[
    Path | None, typer.Option("--junit", metavar="FILE", help="Write the outcomes as JUnit XML.")
]
OnFailure = Annotated[
    Literal["stop", "continue", "warn"],
    typer.Option(help="What a failed check does: stop the workflow, continue, or only warn."),
]

app = typer.Typer(rich_markup_mode=None)


@command(app, "test", context_settings={"ignore_unknown_options": True})
def run_tests(
    settings: SettingsOptions,
    runner: Runner = "",
    words: Words = None,
    group: Group = None,
    checks: Checks = None,
    junit: JUnit = None,
    on_failure: OnFailure = "continue",
) -> None:
    """Run a workflow and the checks that are attached to its tasks.

    A check is a function with @before("train.train_model") or @after("train.train_model") of lolpop.testing,
    in checks.py or checks_*.py, beside the settings or in tests; or one of the setting lolpop.tests. The exit
    code is 3 if a check fails. Example: lolpop test classification train_model --junit out/junit.xml
    """
    from dataclasses import replace

    from lolpop.cli.test import test_workflow

    named = [*filter(None, [runner]), *(words or [])]
    test_workflow(named, replace(settings, group=group), checks, junit, on_failure)
