"""Commands that list and show versions of data."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._options import AsJson, Limit, command
from lolpop.cli._settings_options import SettingsOptions

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help="A dataset, such as churn_train.",
        autocompletion=completed_by("complete_dataset"),
    ),
]
Version = Annotated[
    str,
    typer.Argument(
        metavar="DATASET_VERSION",
        help="A reference, NAME@NUMBER, or NAME for the newest.",
        autocompletion=completed_by("complete_dataset_version"),
    ),
]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def ls(settings: SettingsOptions, name: Name = None, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List versions of datasets, the newest first.

    Example: lolpop datasets ls churn_train
    """
    from lolpop.cli.datasets import list_datasets

    list_datasets(name, settings, limit=limit, as_json=as_json)


@command(app)
def show(version: Version, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Show the columns and the lineage of a dataset version.

    Example: lolpop datasets show churn_train@1
    """
    from lolpop.cli.datasets import show_dataset

    show_dataset(version, settings, as_json=as_json)
