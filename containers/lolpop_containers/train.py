"""Wiring of the train pipeline."""

from __future__ import annotations

from lolpop import PipelineContainer, providers
from lolpop.components.data_splitter import DataSplitter
from lolpop.components.feature_transformer import FeatureTransformer
from lolpop.components.hyperparameter_tuner import HyperparameterTuner
from lolpop.components.model_bias_checker import ModelBiasChecker
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.pipelines.train import TrainPipeline

__all__ = ["TrainContainer"]


class TrainContainer(PipelineContainer):
    """Local components of training."""

    data_splitter = providers.Component(DataSplitter, default="sklearn")
    feature_transformer = providers.Component(FeatureTransformer, default="sklearn")
    model_trainer = providers.Component(ModelTrainer, default="sklearn")
    candidates = providers.Components(ModelTrainer, default=[])
    hyperparameter_tuner = providers.Component(HyperparameterTuner, default="optuna")
    model_visualizer = providers.Component(ModelVisualizer, default="matplotlib")
    model_bias_checker = providers.Component(ModelBiasChecker, default="builtin")
    pipeline = providers.Pipeline(TrainPipeline)
