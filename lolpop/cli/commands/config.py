"""Commands that show and explain settings."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._options import AsJson, Runner, SettingsOptions, command

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="Path of a setting or section, such as train.model_trainer.")
]

app = typer.Typer(help="Show and explain settings.", rich_markup_mode=None)


@command(app)
def show(runner: Runner, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print every setting, and where it comes from."""
    from lolpop.cli.config import show_settings

    show_settings(runner, settings, as_json=as_json)


@command(app)
def explain(runner: Runner, key: Key, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print what every source says of a setting."""
    from lolpop.cli.config import explain_setting

    explain_setting(runner, key, settings, as_json=as_json)


@command(app)
def schema(runner: Runner, settings: SettingsOptions) -> None:
    """Print a JSON Schema of the settings, for editors."""
    from lolpop.cli.config import print_schema

    print_schema(runner, settings)
