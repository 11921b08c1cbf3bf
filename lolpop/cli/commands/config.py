"""Commands that show and explain settings."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._options import AsJson, Runner, command
from lolpop.cli._settings_options import SettingsOptions

RunnerAndKey = Annotated[
    list[str],
    typer.Argument(
        metavar="[RUNNER] KEY",
        help="Path of a setting or section, such as train.model_trainer.",
        autocompletion=completed_by("complete_setting_path"),
    ),
]
RunnerAndProfiles = Annotated[
    list[str],
    typer.Argument(
        metavar="[RUNNER] OLD NEW",
        help="Two profiles; - means no profile.",
        autocompletion=completed_by("complete_compared_profile"),
    ),
]
AsYaml = Annotated[bool, typer.Option("--yaml", help="Print a settings file that can be loaded again.")]
Resolved = Annotated[
    bool, typer.Option("--resolved", help="Print the values of links; in a table, followed by the link.")
]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def show(
    settings: SettingsOptions,
    runner: Runner = "",
    resolved: Resolved = False,
    as_yaml: AsYaml = False,
    as_json: AsJson = False,
) -> None:
    """Print every setting and its source.

    Example: lolpop config show classification --yaml --resolved > pinned.yaml
    """
    from lolpop.cli._failures import UsageError
    from lolpop.cli.config import print_settings_file, show_settings

    if as_yaml and as_json:
        raise UsageError("--yaml and --json are two forms: choose one")
    if as_yaml:
        print_settings_file(runner, settings, resolved=resolved)
    else:
        show_settings(runner, settings, as_json=as_json)


@command(app)
def explain(words: RunnerAndKey, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print the value of a setting in every source.

    Example: lolpop config explain classification train.model_trainer
    """
    from lolpop.cli._failures import UsageError
    from lolpop.cli.config import explain_setting

    if len(words) > 2:
        raise UsageError(f"unexpected argument {words[2]!r}: lolpop config explain [RUNNER] KEY")
    explain_setting("".join(words[:-1]), words[-1], settings, as_json=as_json)


@command(app)
def diff(words: RunnerAndProfiles, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print the differences between two profiles: settings and implementations.

    Example: lolpop config diff classification dev prod
    """
    from lolpop.cli._failures import UsageError
    from lolpop.cli.config import compare_profiles

    if len(words) not in (2, 3):
        raise UsageError("name two profiles: lolpop config diff [RUNNER] OLD NEW")
    compare_profiles("".join(words[:-2]), words[-2], words[-1], settings, as_json=as_json)


@command(app)
def schema(settings: SettingsOptions, runner: Runner = "") -> None:
    """Print a JSON Schema of the settings, for editors.

    In lolpop.yaml, this line tells editors of it: # yaml-language-server: $schema=lolpop.schema.json
    Example: lolpop config schema classification > lolpop.schema.json
    """
    from lolpop.cli.config import print_schema

    print_schema(runner, settings)
