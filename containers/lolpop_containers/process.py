"""Wiring of the process pipeline."""

from __future__ import annotations

from lolpop import PipelineContainer, providers
from lolpop.components.data_checker import DataChecker
from lolpop.components.data_transformer import DataTransformer
from lolpop.pipelines.process import ProcessPipeline

__all__ = ["ProcessContainer"]


class ProcessContainer(PipelineContainer):
    """Local components of processing."""

    data_transformer = providers.Component(DataTransformer, default="identity")
    data_checker = providers.Component(DataChecker, default="builtin")
    pipeline = providers.Pipeline(ProcessPipeline)
