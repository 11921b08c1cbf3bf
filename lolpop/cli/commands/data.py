"""Commands that look at rows, and copy them, without any workflow."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._exit_codes import CHECK_FAILED
from lolpop.cli._options import AsJson, command
from lolpop.cli._settings_options import SettingsOptions

_SOURCE_HELP = "A path, a URL, or a mapping in JSON, as data.train is written."
File = Annotated[str, typer.Argument(metavar="FILE", help=_SOURCE_HELP)]
Reference = Annotated[str, typer.Argument(metavar="REFERENCE", help="The rows to compare with.")]
SourceFile = Annotated[str, typer.Argument(metavar="SOURCE", help=_SOURCE_HELP)]
TargetFile = Annotated[str, typer.Argument(metavar="TARGET", help="Where to write the rows.")]
Target = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="Column of the target, unless the settings name it.")
]
From = Annotated[
    str | None, typer.Option("--from", metavar="NAME", help="The data_connector that reads; file by default.")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="NAME", help="The data_connector that writes; file by default.")
]
Rows = Annotated[
    int | None,
    typer.Option("--rows", "-n", min=1, help="How many to write; by default as many as there are real ones."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that exists.")]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def profile(file: File, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print a profile of each column.

    Example: lolpop data profile customers.csv
    """
    from lolpop.cli.data import profile_data

    profile_data(file, settings, as_json=as_json)


@command(app)
def check(file: File, settings: SettingsOptions, target: Target = None, as_json: AsJson = False) -> None:
    """Print errors and warnings about rows.

    The exit code is 3 if they cannot be used for training.
    Example: lolpop data check customers.csv --target churned
    """
    from lolpop.cli.data import check_data

    if not check_data(file, settings, target=target, as_json=as_json):
        raise typer.Exit(CHECK_FAILED)


@command(app)
def compare(file: File, reference: Reference, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Print the columns whose values have drifted from a reference.

    The exit code is 3 if the drift is an error. Example: lolpop data compare june.csv may.csv
    """
    from lolpop.cli.data import compare_data

    if not compare_data(file, reference, settings, as_json=as_json):
        raise typer.Exit(CHECK_FAILED)


@command(app)
def seed(
    source: SourceFile,
    target: TargetFile,
    settings: SettingsOptions,
    reader: From = None,
    writer: To = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Copy rows from one place to another, between any formats.

    Example: lolpop data seed customers.csv customers.parquet
    """
    from lolpop.cli.data import copy_data

    copy_data(source, target, settings, connectors=(reader, writer), overwrite=overwrite, as_json=as_json)


@command(app)
def synthesize(
    source: SourceFile,
    target: TargetFile,
    settings: SettingsOptions,
    rows: Rows = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write synthetic rows that resemble real ones, and print scores of quality and privacy.

    Example: lolpop data synthesize customers.csv synthetic.csv -n 1000
    """
    from lolpop.cli.data import synthesize_data

    synthesize_data(source, target, rows, settings, overwrite=overwrite, as_json=as_json)
