"""Wiring of forecasting."""

from __future__ import annotations

from lolpop import providers
from lolpop.components.data_checker import DataChecker
from lolpop.components.data_splitter import DataSplitter
from lolpop.components.model_checker import ModelChecker
from lolpop.components.model_explainer import ModelExplainer
from lolpop.components.model_trainer import ModelTrainer
from lolpop.components.model_visualizer import ModelVisualizer
from lolpop.pipelines.forecast_train import ForecastTrainPipeline
from lolpop.problem import ForecastingProblem
from lolpop.runners.forecasting import ForecastingRunner
from lolpop_containers.process import ProcessContainer
from lolpop_containers.supervised import SupervisedContainer
from lolpop_containers.train import TrainContainer

__all__ = ["ForecastProcessContainer", "ForecastTrainContainer", "ForecastingContainer"]


class ForecastProcessContainer(ProcessContainer):
    """Local components of processing series: the checker knows the requirements of time series."""

    data_checker = providers.Component(DataChecker, default="forecasting")


class ForecastTrainContainer(TrainContainer):
    """Local components of training on series: the last times are the test."""

    data_splitter = providers.Component(DataSplitter, default="horizon")
    model_trainer = providers.Component(ModelTrainer, default="auto")
    model_visualizer = providers.Component(ModelVisualizer, default="forecasting")
    pipeline = providers.Pipeline(ForecastTrainPipeline)


class ForecastingContainer(SupervisedContainer):
    """The wiring of supervised learning, with the runner of forecasting."""

    problem = providers.Settings(ForecastingProblem)
    model_checker = providers.Component(ModelChecker, default="forecasting")
    model_explainer = providers.Component(ModelExplainer, default="forecasting")

    process = providers.nested(ForecastProcessContainer)
    train = providers.nested(ForecastTrainContainer)
    runner = providers.Runner(ForecastingRunner)
