"""Putting model versions to use."""

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
    """Deploys model versions; of a model, at most one version is deployed at a time.

    Whatever takes a resource takes its reference as well.
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
        """Put ``model_version`` to use in place of ``instead_of``; None if no version of its model is in use.

        ``fields`` are recorded with the deployment, such as who asked for it, and why.
        Who has compared the two says what was compared with. Raises ReplacedMeanwhileError if another one
        is in use by now.
        """

    @abstractmethod
    def undeploy(
        self, deployment: Deployment | str, fields: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Take ``deployment`` out of use, and record ``fields`` with it."""

    @abstractmethod
    def deployed(self, model: Model | str) -> ModelVersion | None:
        """The version of ``model`` that is in use, if any."""
