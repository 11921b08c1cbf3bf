"""Commands that show and explain settings."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._options import AsJson, Runner, SettingsOptions, command

RunnerAndKey = Annotated[
    list[str],
    typer.Argument(metavar="[RUNNER] KEY", help="Path of a setting or section, such as train.model_trainer."),
]

app = typer.Typer(help="Show and explain settings.", rich_markup_mode=None)


@command(app)
def show(settings: SettingsOptions, runner: Runner = "", as_json: AsJson = False) -> None:
    """Print every setting, and where it comes from."""
    from lolpop.cli.config import show_settings

    show_settings(runner, settings, as_json=as_json)


@command(app)
def explain(words: RunnerAndKey, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print what every source says of a setting."""
    from lolpop.cli._failures import UsageError
    from lolpop.cli.config import explain_setting

    if len(words) > 2:
        raise UsageError(f"unexpected argument {words[2]!r}: lolpop config explain [RUNNER] KEY")
    explain_setting("".join(words[:-1]), words[-1], settings, as_json=as_json)


@command(app)
def schema(settings: SettingsOptions, runner: Runner = "") -> None:
    """Print a JSON Schema of the settings, for editors."""
    from lolpop.cli.config import print_schema

    print_schema(runner, settings)
