"""``lolpop models deploy``, ``rollback`` and ``undeploy``: which version is in use, by whose decision."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_json, say
from lolpop.cli._store import is_stored, open_store
from lolpop.cli._versions import version_of
from lolpop.errors import LolpopError, ReferenceNotFoundError
from lolpop.resources import Deployment, Model, ModelVersion

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions

__all__ = ["deploy_version", "roll_back", "undeploy_model"]


def deploy_version(
    version: str, by: str | None, reason: str | None, options: SettingsOptions, *, as_json: bool
) -> None:
    """Put a model version to use, and record who decided that, and why.

    Raises UsageError if the version is not named by its number, LolpopError if it waits for approval or its
    model cannot be loaded, and ReferenceNotFoundError if there is none such.
    """
    if "@" not in version:
        raise UsageError(f"{version!r} does not say which version to deploy. Name it as NAME@NUMBER.")
    with open_store(options) as container:
        model_version = version_of(container, ModelVersion, version)
        _put_to_use(container, model_version, _decision(by, reason), as_json=as_json)


def roll_back(
    name: str, by: str | None, reason: str | None, options: SettingsOptions, *, as_json: bool
) -> None:
    """Put the version to use that was in use before; once more goes back further.

    Raises ReferenceNotFoundError if there is none.
    """
    with open_store(options) as container:
        deployments = _deployments(container, name)
        earlier = _before(container, deployments)
        if earlier is None:
            raise ReferenceNotFoundError(f"No other version of {name} was in use before the one that is.")
        restored = ModelVersion.parse(container.metadata_tracker().get(earlier).fields["model_version"])
        decision = {**_decision(by, reason), "restores": earlier.reference}
        _put_to_use(container, restored, decision, as_json=as_json)


def undeploy_model(
    name: str, by: str | None, reason: str | None, options: SettingsOptions, *, as_json: bool
) -> None:
    """Take the version of a model out of use that is in use.

    Raises ReferenceNotFoundError if none is.
    """
    with open_store(options) as container:
        deployments = _deployments(container, name)
        deployed = container.model_deployer().deployed(Model(name=name))
        if deployed is None:
            raise ReferenceNotFoundError(f"No version of {name} is in use.")
        decision = {f"ended_{key}": value for key, value in _decision(by, reason).items()}
        container.model_deployer().undeploy(deployments[-1], decision)
        if as_json:
            print_json({"deployment": deployments[-1].reference, "model_version": deployed.reference})
        else:
            say(f"{deployed} is no longer in use.")


def _put_to_use(
    container: Any, model_version: ModelVersion, decision: dict[str, str], *, as_json: bool
) -> None:
    # What cannot be loaded, or was never finished, is of no use to anybody.
    container.resource_version_control().load_model(model_version)
    repository, deployer = container.model_repository(), container.model_deployer()
    repository.register(model_version)
    repository.promote(model_version)
    if not repository.is_approved(model_version):
        raise LolpopError(
            f"{model_version} waits for approval. Approve it: "
            f"lolpop models approve {model_version.name}@{model_version.number} --by NAME."
        )
    before = deployer.deployed(Model(name=model_version.name))
    deployment = deployer.deploy(model_version, instead_of=before, fields=decision)
    if as_json:
        replaced = None if before in (None, model_version) else before.reference
        outcome = {"deployment": deployment.reference, "model_version": model_version.reference}
        print_json({**outcome, "replaced": replaced, **decision})
    elif before == model_version:
        say(f"{model_version} is in use already, as {deployment}.")
    else:
        instead = "" if before is None else f", in place of {before}"
        say(f"{model_version} is in use as {deployment}{instead}.")


def _deployments(container: Any, name: str) -> list[Deployment]:
    """All deployments of a model, oldest first. Raises ReferenceNotFoundError if there are none."""
    if ":" in name or "@" in name:
        raise UsageError(f"{name!r} is not the name of a model. Name it as NAME, such as churn.")
    deployments = container.metadata_tracker().find(Deployment, name) if is_stored(container) else []
    if not deployments:
        raise ReferenceNotFoundError(f"No version of {name} was ever in use. lolpop models ls lists all.")
    return list(deployments)


def _before(container: Any, deployments: list[Deployment]) -> Deployment | None:
    """The last deployment of another version before the one that is in use, or that it restored."""
    fields = {
        deployment.reference: container.metadata_tracker().get(deployment).fields
        for deployment in deployments
    }
    at = len(deployments) - 1
    current = fields[deployments[at].reference]
    if not current["active"]:
        return deployments[at]  # nothing is in use: what was, last
    while (restored := fields[deployments[at].reference].get("restores")) is not None:
        at = next(number for number, deployment in enumerate(deployments) if deployment.reference == restored)
    return next(
        (
            deployment
            for deployment in reversed(deployments[:at])
            if fields[deployment.reference]["model_version"] != current["model_version"]
        ),
        None,
    )


def _decision(by: str | None, reason: str | None) -> dict[str, str]:
    decision = {"by": by or _user()}
    return {**decision, "reason": reason} if reason else decision


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container may know no name for its user
        return "unknown"
