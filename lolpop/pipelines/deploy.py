"""From a model version to its deployment."""

from __future__ import annotations

from typing import Literal

from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.model_repository import ModelRepository
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.errors import ReplacedMeanwhileError
from lolpop.integrations import Pipeline, task
from lolpop.resources import Deployment, ModelVersion

__all__ = ["DeployPipeline"]


class DeployPipeline(Pipeline):
    """Promotes, approves and deploys model versions."""

    def __init__(
        self,
        *,
        model_repository: ModelRepository,
        model_deployer: ModelDeployer,
        resource_version_control: ResourceVersionControl,
    ) -> None:
        self.model_repository = model_repository
        self.model_deployer = model_deployer
        self.resource_version_control = resource_version_control

    @task(effects=True)
    def promote_model(self, model_version: ModelVersion) -> None:
        """Register ``model_version`` and promote it.

        Its model is loaded first: a model that cannot be loaded here, or was never finished, is not promoted.
        """
        self.resource_version_control.load_model(model_version)
        self.model_repository.register(model_version)
        self.model_repository.promote(model_version)

    @task(effects=True)
    def check_approval(self, model_version: ModelVersion) -> bool:
        """Whether ``model_version`` may be deployed."""
        return self.model_repository.is_approved(model_version)

    @task(effects=True)
    def approve_model(self, model_version: ModelVersion, by: str) -> None:
        """Approve the promoted ``model_version`` in the name of ``by``."""
        self.model_repository.approve(model_version, by=by)

    @task(effects=True)
    def deploy_model(
        self,
        model_version: ModelVersion,
        instead_of: ModelVersion | Literal["whatever"] | None = "whatever",
    ) -> Deployment | None:
        """Deploy ``model_version`` in place of ``instead_of``, the version that it was compared with, or
        None.

        The result is None if another version has been deployed meanwhile.
        """
        try:
            return self.model_deployer.deploy(model_version, instead_of=instead_of)
        except ReplacedMeanwhileError:
            return None
