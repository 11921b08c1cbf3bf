"""Wiring of the deploy pipeline."""

from __future__ import annotations

from lolpop import PipelineContainer, providers
from lolpop.pipelines.deploy import DeployPipeline

__all__ = ["DeployContainer"]


class DeployContainer(PipelineContainer):
    """Deployment uses global components only."""

    pipeline = providers.Pipeline(DeployPipeline)
