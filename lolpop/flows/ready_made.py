"""The flows of the ready-made runners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lolpop.flows.flow import Flow, flow
from lolpop.flows.handles import Handle
from lolpop.flows.workflows import Workflows
from lolpop.integrations import Runner
from lolpop.resources import Deployment, PredictionJob
from lolpop.runners.forecasting import ForecastingRunner
from lolpop.runners.supervised import SupervisedRunner

__all__ = ["predict", "ready_made_flows", "train", "train_and_predict"]


@flow
def train(workflows: Workflows) -> Handle[Deployment | None]:
    """Train on the labelled rows, and deploy the model if it is better."""
    labelled = workflows.process_data()
    return workflows.deploy_model(workflows.train_model(labelled))


@flow
def predict(workflows: Workflows) -> Handle[PredictionJob]:
    """Predict the new rows with the deployed model."""
    new = workflows.process_data(dataset="predict")
    return workflows.predict_data(dataset_version=new)


@flow
def train_and_predict(workflows: Workflows) -> Handle[PredictionJob]:
    """Train and deploy, and predict the new rows with the deployed model."""
    labelled = workflows.process_data()
    new = workflows.process_data(dataset="predict")
    deployment = workflows.deploy_model(workflows.train_model(labelled))
    return workflows.predict_data(dataset_version=new, after=deployment)


# The rows to forecast follow the training rows of the deployed model, unless the settings name some.
@flow
def forecast(workflows: Workflows) -> Handle[PredictionJob]:
    """Forecast with the deployed model."""
    return workflows.predict_data()


@flow
def train_and_forecast(workflows: Workflows) -> Handle[PredictionJob]:
    """Train and deploy, and forecast with the deployed model."""
    return workflows.predict_data(after=train(workflows))


_FLOWS: tuple[tuple[type[Runner], Mapping[str, Flow[Any, Any]]], ...] = (
    (ForecastingRunner, {"train": train, "predict": forecast, "train_and_predict": train_and_forecast}),
    (SupervisedRunner, {"train": train, "predict": predict, "train_and_predict": train_and_predict}),
)


def ready_made_flows(runner: type[Runner]) -> Mapping[str, Flow[Any, Any]]:
    """The flows of a ready-made runner, by name; none for other runners."""
    return next((flows for kind, flows in _FLOWS if issubclass(runner, kind)), {})
