"""Deploying model versions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.resources import Deployment, Model, ModelVersion

__all__ = ["ModelDeployer"]


class ModelDeployer(Component):
    """Deploys model versions. At most one version of a model is deployed at a time.

    Every method that takes a resource also takes its reference.
    """

    __slots__ = ()

    @abstractmethod
    def deploy(
        self,
        model_version: ModelVersion | str,
        *,
        instead_of: ModelVersion | str | None = "whatever",
        fields: Mapping[str, Any] = MappingProxyType({}),
    ) -> Deployment:
        """Deploy ``model_version`` in place of ``instead_of``, which is None if no version is deployed.

        ``fields`` are recorded with the deployment, such as the person and the reason. ``instead_of`` is the
        version that the caller has compared with. Raises ReplacedMeanwhileError if another version has been
        deployed in the meantime.
        """

    @abstractmethod
    def undeploy(
        self, deployment: Deployment | str, fields: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """End ``deployment``, and record ``fields`` with it."""

    @abstractmethod
    def deployed(self, model: Model | str) -> ModelVersion | None:
        """The deployed version of ``model``, if any."""
