"""Containers: sampling is nested in the audit, which is nested in the container of the runner."""

from __future__ import annotations

from lolpop import PipelineContainer, RunnerContainer, providers
from lolpop.components.data_connector import DataConnector
from lolpop.components.logger import Logger
from lolpop_audit.components.row_sampler import RowSampler
from lolpop_audit.components.row_sampler.random import RandomRowSampler
from lolpop_audit.pipelines import AuditPipeline, SamplingPipeline
from lolpop_audit.runners import AuditRunner

__all__ = ["AuditContainer", "AuditRunnerContainer", "SamplingContainer"]


class SamplingContainer(PipelineContainer):
    """Local components of sampling."""

    row_sampler = providers.Component(RowSampler, default=RandomRowSampler)
    pipeline = providers.Pipeline(SamplingPipeline)


class AuditContainer(PipelineContainer):
    """The audit, with sampling inside it."""

    sampling = providers.nested(SamplingContainer)
    pipeline = providers.Pipeline(AuditPipeline)


class AuditRunnerContainer(RunnerContainer):
    """What it takes to audit a file."""

    data_connector = providers.Component(DataConnector, default="file")
    logger = providers.Component(Logger, default="console")
    audit = providers.nested(AuditContainer)
    runner = providers.Runner(AuditRunner)
