"""A web application that answers with the deployed model.

Train and deploy one with ``lolpop run classification``, then ``uvicorn app:create_app --factory``.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pandas as pd
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from lolpop import Component, Problem, providers
from lolpop.components.model_deployer import ModelDeployer
from lolpop.components.model_trainer import FittedModel
from lolpop.components.resource_version_control import ResourceVersionControl
from lolpop.errors import DataError
from lolpop.resources import Model, ModelVersion
from lolpop_containers.classification import ClassificationContainer


class DeployedModel(Component):
    """The model version that is in use, and its model."""

    def __init__(
        self,
        *,
        problem: Problem,
        model_deployer: ModelDeployer,
        resource_version_control: ResourceVersionControl,
    ) -> None:
        self._model = Model(name=problem.name)
        self._deployer, self._versions = model_deployer, resource_version_control

    def version(self) -> ModelVersion | None:
        """The deployed model version, None if there is none."""
        return self._deployer.deployed(self._model)

    def load(self, version: ModelVersion) -> FittedModel:
        """The model of a version."""
        return self._versions.load_model(version)


class ServingContainer(ClassificationContainer):
    """The container of the workflows, with what serving needs besides."""

    deployed_model = providers.Component(DeployedModel, default=DeployedModel)


class Prediction(BaseModel):
    """The answer for one bottle; no probability if the trainer gives none."""

    label: str
    probability: float | None


def create_app(container: ServingContainer | None = None) -> FastAPI:
    """An application with a container of its own, which is closed when the application ends."""
    wired = ServingContainer.load() if container is None else container
    loaded: dict[ModelVersion, FittedModel] = {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with wired:
            wired.verify()
            yield

    app = FastAPI(title="Which wine is it?", lifespan=lifespan)

    @app.exception_handler(DataError)
    async def refuse(_: Request, error: DataError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, status_code=422)

    # What reads files or predicts is a plain function, which FastAPI runs in a thread.
    @app.post("/predictions")
    def predict(bottles: list[dict[str, Any]]) -> list[Prediction]:
        """Say which wine each bottle is, and how sure that is."""
        version = deployed_version()
        if version not in loaded:
            loaded[version] = wired.deployed_model().load(version)
        predictions = wired.train.model_trainer().predict(loaded[version], pd.DataFrame(bottles))
        by_class = predictions.probabilities
        highest = [None] * len(bottles) if by_class is None else by_class.max(axis=1)
        return [
            Prediction(label=label, probability=probability)
            for label, probability in zip(predictions.labels, highest, strict=True)
        ]

    @app.get("/model")
    def model() -> dict[str, str]:
        """Say which model version answers."""
        return {"model_version": deployed_version().reference}

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Answer without touching the store: an endpoint that waits for nothing may be asynchronous."""
        return {"status": "ok"}

    def deployed_version() -> ModelVersion:
        version = wired.deployed_model().version()
        if version is None:
            raise HTTPException(503, "No model is deployed. Run: lolpop run classification")
        return version

    return app
