"""Tests of the application with a fake trainer: nothing is trained, and no store stays on the disk."""

from collections.abc import Iterator

import numpy as np
import pytest
from app import ServingContainer, create_app
from fastapi.testclient import TestClient

from lolpop.components.model_trainer import Predictions
from lolpop.resources import ModelVersion


class FakeTrainer:
    """Predicts Barolo for everything."""

    def predict(self, model, frame):
        rows = len(frame)
        return Predictions(np.full(rows, "Barolo"), np.full((rows, 1), 0.9), ("Barolo",))


class FakeDeployedModel:
    """A deployed model that nobody trained."""

    def version(self):
        return ModelVersion(name="wine", number=1)

    def load(self, version):
        return f"the model of {version}"


@pytest.fixture
def container() -> ServingContainer:
    settings = {
        "problem": {"name": "wine", "target": "wine"},
        "data.train": "none.csv",
        "store.url": "sqlite://",
    }
    return ServingContainer.load(overrides=settings, environ={})


@pytest.fixture
def client(container: ServingContainer) -> Iterator[TestClient]:
    with TestClient(create_app(container)) as client:
        yield client


def test_it_answers_with_the_deployed_model(container, client):
    with container.override({"train.model_trainer": FakeTrainer(), "deployed_model": FakeDeployedModel()}):
        assert client.get("/model").json() == {"model_version": "model_version:wine@1"}
        answer = client.post("/predictions", json=[{"alcohol": 13.2}, {"alcohol": 14.1}])
    assert answer.json() == [{"label": "Barolo", "probability": 0.9}] * 2


def test_without_a_deployed_model_it_says_what_to_do(client):
    answer = client.get("/model")
    assert answer.status_code == 503
    assert "lolpop run classification" in answer.json()["detail"]
