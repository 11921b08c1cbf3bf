"""Deployment within this project, for its batch predictions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.store import Store
from lolpop.errors import ReplacedMeanwhileError
from lolpop.resources import Deployment, Model, ModelVersion, as_resource

__all__ = ["LocalModelDeployer"]


class LocalModelDeployer(ModelDeployer):
    """Records deployments. The deployed version is that of the model's newest deployment, if active."""

    def __init__(self, *, metadata_tracker: MetadataTracker, store: Store) -> None:
        self._metadata_tracker = metadata_tracker
        self._store = store

    def deploy(
        self,
        model_version: ModelVersion | str,
        *,
        instead_of: ModelVersion | str | None = "whatever",
        fields: Mapping[str, Any] = MappingProxyType({}),
    ) -> Deployment:
        """Deploy ``model_version`` in place of ``instead_of``, which is None if no version is deployed.

        If it is already deployed, its deployment is returned. Raises ReplacedMeanwhileError if another
        version has been deployed in the meantime, and ReferenceNotFoundError if the model version does not
        exist.
        """
        model_version = as_resource(model_version, ModelVersion)
        if instead_of not in ("whatever", None):
            instead_of = as_resource(instead_of, ModelVersion)
        tracker = self._metadata_tracker
        tracker.get(model_version)
        # One deployment of a model at a time, across processes: each sees the result of the previous one.
        with self._store.lock(f"deployment of {model_version.name}"), self._store.transaction():
            active = self._active(model_version.name)
            if active is not None and active[1] == model_version:
                return active[0]
            deployed = None if active is None else active[1]
            if instead_of not in ("whatever", deployed):
                raise ReplacedMeanwhileError(
                    f"{model_version} cannot be deployed instead of {instead_of or 'nothing'}: "
                    f"{deployed or 'nothing'} is in use by now. Compare it with that."
                )
            if active is not None:
                self.undeploy(active[0])
            return tracker.create(
                Deployment,
                model_version.name,
                fields={**fields, "model_version": model_version.reference, "active": True},
                parents=[model_version],
            )

    def undeploy(
        self, deployment: Deployment | str, fields: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """End ``deployment``; ending it again does nothing."""
        deployment = as_resource(deployment, Deployment)
        if self._metadata_tracker.get(deployment).fields["active"]:
            ended = {**fields, "active": False, "ended_at": datetime.now(UTC).isoformat()}
            self._metadata_tracker.update(deployment, ended)

    def deployed(self, model: Model | str) -> ModelVersion | None:
        """The deployed version of ``model``, if any."""
        active = self._active(as_resource(model, Model).name)
        return None if active is None else active[1]

    def _active(self, name: str) -> tuple[Deployment, ModelVersion] | None:
        # Both reads see one state of the store: otherwise the newest deployment could be replaced in between.
        with self._store.snapshot():
            deployments = self._metadata_tracker.find(Deployment, name)
            if not deployments:
                return None
            fields = self._metadata_tracker.get(deployments[-1]).fields
        if not fields["active"]:
            return None
        return deployments[-1], ModelVersion.parse(fields["model_version"])
