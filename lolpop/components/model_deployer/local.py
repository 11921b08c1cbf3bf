"""Deployment to this project: what its batch predictions use."""

from __future__ import annotations

from datetime import UTC, datetime

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.store import Store
from lolpop.resources import Deployment, Model, ModelVersion

__all__ = ["LocalModelDeployer"]


class LocalModelDeployer(ModelDeployer):
    """Deploys by record: the version in use is that of the model's newest deployment, while it is active."""

    def __init__(self, *, metadata_tracker: MetadataTracker, store: Store) -> None:
        self._metadata_tracker = metadata_tracker
        self._store = store

    def deploy(self, model_version: ModelVersion) -> Deployment:
        """Put ``model_version`` to use in place of whatever version of its model is.

        If it is in use already, its deployment is returned. Raises ReferenceNotFoundError if there is no
        such model version.
        """
        tracker = self._metadata_tracker
        tracker.get(model_version)
        # One deployment of a model at a time, by whatever process: each sees what the one before it did.
        with self._store.lock(f"deployment of {model_version.name}"), self._store.transaction():
            active = self._active(model_version.name)
            if active is not None:
                deployment, deployed = active
                if deployed == model_version:
                    return deployment
                self.undeploy(deployment)
            return tracker.create(
                Deployment,
                model_version.name,
                fields={"model_version": model_version.reference, "active": True},
                parents=[model_version],
            )

    def undeploy(self, deployment: Deployment) -> None:
        """Take ``deployment`` out of use; again is no error."""
        if self._metadata_tracker.get(deployment).fields["active"]:
            ended = {"active": False, "ended_at": datetime.now(UTC).isoformat()}
            self._metadata_tracker.update(deployment, ended)

    def deployed(self, model: Model) -> ModelVersion | None:
        """The version of ``model`` that is in use, if any."""
        active = self._active(model.name)
        return None if active is None else active[1]

    def _active(self, name: str) -> tuple[Deployment, ModelVersion] | None:
        deployments = self._metadata_tracker.find(Deployment, name)
        if not deployments:
            return None
        fields = self._metadata_tracker.get(deployments[-1]).fields
        if not fields["active"]:
            return None
        return deployments[-1], ModelVersion.parse(fields["model_version"])
