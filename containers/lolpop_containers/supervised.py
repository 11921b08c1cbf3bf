"""Wiring that all supervised learning shares, from source rows to predictions in use."""

from __future__ import annotations

from lolpop import Problem, RunnerContainer, providers
from lolpop.components.data_connector import DataConnector
from lolpop.components.data_profiler import DataProfiler
from lolpop.components.executor import Executor
from lolpop.components.interceptor import Interceptor
from lolpop.components.logger import Logger
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.model_checker import ModelChecker
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.model_explainer import ModelExplainer
from lolpop.components.model_repository import ModelRepository
from lolpop.components.notifier import Notifier
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.data import Data
from lolpop_containers.deploy import DeployContainer
from lolpop_containers.predict import PredictContainer
from lolpop_containers.process import ProcessContainer
from lolpop_containers.train import TrainContainer

__all__ = ["SupervisedContainer"]


class SupervisedContainer(RunnerContainer):
    """Global components and pipelines; each type of problem adds the runner that coordinates them."""

    problem = providers.Settings(Problem)
    data = providers.Settings(Data)

    data_connector = providers.Component(DataConnector, default="file")
    # Global: rows are compared by the same measure before training and before prediction.
    data_profiler = providers.Component(DataProfiler, default="builtin")
    resource_version_control = providers.Component(ResourceVersionControl, default="local")
    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    metrics_tracker = providers.Component(MetricsTracker, default="sql")
    model_repository = providers.Component(ModelRepository, default="sql")
    model_deployer = providers.Component(ModelDeployer, default="local")
    # Global: models are measured by the same metrics in training and once the truth is known.
    model_checker = providers.Component(ModelChecker, default="builtin")
    # Global: models are explained after training, and predictions on request.
    model_explainer = providers.Component(ModelExplainer, default="sklearn")
    notifiers = providers.Components(Notifier, default=["console"])
    logger = providers.Component(Logger, default="console")
    executor = providers.Component(Executor, default="local")
    interceptors = providers.Components(Interceptor, default=["progress"])

    process = providers.nested(ProcessContainer)
    train = providers.nested(TrainContainer)
    predict = providers.nested(PredictContainer)
    deploy = providers.nested(DeployContainer)
