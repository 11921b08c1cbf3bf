"""Commands that list, show, approve and deploy versions of models."""

from __future__ import annotations

from typing import Annotated

import typer

from lolpop.cli._completing import completed_by
from lolpop.cli._options import AsJson, Limit, command
from lolpop.cli._settings_options import SettingsOptions

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A model, such as churn.", autocompletion=completed_by("complete_model")
    ),
]
OptionalName = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME", help="A model, such as churn.", autocompletion=completed_by("complete_model")
    ),
]
AnyVersion = Annotated[
    str,
    typer.Argument(
        metavar="MODEL_VERSION",
        help="A reference, NAME@NUMBER, or NAME for the newest.",
        autocompletion=completed_by("complete_model_version"),
    ),
]
Version = Annotated[
    str,
    typer.Argument(
        metavar="MODEL_VERSION",
        help="A reference, or NAME@NUMBER.",
        autocompletion=completed_by("complete_model_version"),
    ),
]
Approver = Annotated[str, typer.Option("--by", metavar="NAME", help="Who approves it.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who decided; you by default.")]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why.")]

app = typer.Typer(rich_markup_mode=None)


@command(app)
def ls(
    settings: SettingsOptions, name: OptionalName = None, limit: Limit = 20, as_json: AsJson = False
) -> None:
    """List versions of models, the newest first, and which is deployed.

    Example: lolpop models ls churn
    """
    from lolpop.cli.models import list_models

    list_models(name, settings, limit=limit, as_json=as_json)


@command(app)
def show(version: AnyVersion, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Show the metrics, lineage and deployments of a model version.

    Example: lolpop models show churn@2
    """
    from lolpop.cli.models import show_model

    show_model(version, settings, as_json=as_json)


@command(app)
def approve(version: Version, by: Approver, settings: SettingsOptions, as_json: AsJson = False) -> None:
    """Approve a promoted model version, so that it can be deployed.

    Example: lolpop models approve churn@2 --by ada
    """
    from lolpop.cli.models import approve_model

    approve_model(version, by, settings, as_json=as_json)


@command(app)
def deploy(
    version: Version,
    settings: SettingsOptions,
    by: By = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Deploy a model version in place of the deployed one.

    Example: lolpop models deploy churn@2 --reason "fewer false alarms"
    """
    from lolpop.cli.deployments import deploy_version

    deploy_version(version, by, reason, settings, as_json=as_json)


@command(app)
def rollback(
    name: Name, settings: SettingsOptions, by: By = None, reason: Reason = None, as_json: AsJson = False
) -> None:
    """Deploy the previously deployed model version again.

    Example: lolpop models rollback churn
    """
    from lolpop.cli.deployments import roll_back

    roll_back(name, by, reason, settings, as_json=as_json)


@command(app)
def undeploy(
    name: Name, settings: SettingsOptions, by: By = None, reason: Reason = None, as_json: AsJson = False
) -> None:
    """End the deployment of a model.

    Example: lolpop models undeploy churn
    """
    from lolpop.cli.deployments import undeploy_model

    undeploy_model(name, by, reason, settings, as_json=as_json)
