"""Wiring of the predict pipeline."""

from __future__ import annotations

from lolpop import PipelineContainer, providers
from lolpop.pipelines.predict import PredictPipeline

__all__ = ["PredictContainer"]


class PredictContainer(PipelineContainer):
    """Prediction uses global components only."""

    pipeline = providers.Pipeline(PredictPipeline)
