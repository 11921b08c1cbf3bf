"""Wiring of the train pipeline."""

from __future__ import annotations

from lolpop import PipelineContainer, providers
from lolpop.components.data_splitter import DataSplitter
from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.hyperparameter_tuner import HyperparameterTuner
from lolpop.components.model_trainer import ModelTrainer
from lolpop.pipelines.train import TrainPipeline

__all__ = ["TrainContainer"]


class TrainContainer(PipelineContainer):
    """Local components of training."""

    data_splitter = providers.Component(DataSplitter, default="sklearn")
    feature_transformer = providers.Component(FeatureTransformer, default="sklearn")
    model_trainer = providers.Component(ModelTrainer, default="sklearn")
    candidates = providers.Components(ModelTrainer, default=[])
    hyperparameter_tuner = providers.Component(HyperparameterTuner, default="optuna")
    pipeline = providers.Pipeline(TrainPipeline)
