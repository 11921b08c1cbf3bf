"""The web application of the examples: what it answers, to how many at once, and what it closes."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from lolpop.errors import WiringError

pytest.importorskip("fastapi", reason="the web application needs fastapi")
pytest.importorskip("httpx2", reason="the test client of fastapi needs httpx2")

SKIPPED = 'skip=["check_data", "profile_data", "analyze_model", "check_model", "check_model_bias"]'
"""What takes longer than training, and has no part in serving."""


@pytest.fixture
def folder(example, monkeypatch):
    folder = example("fastapi")
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    sys.modules.pop("app", None)


def test_the_application_answers_with_the_deployed_model_to_eight_clients_at_once(folder, lolpop):
    """Each client gets the predictions of the model that the run deployed, and the container is closed after."""
    from fastapi.testclient import TestClient

    document, _ = lolpop("classification", "--set", "train.hyperparameter_tuner.n_trials=1", "--set", SKIPPED)
    from app import ServingContainer, create_app

    rows = pd.read_csv(folder / "data" / "new.csv")
    container = ServingContainer.load(environ={})
    version = document["resources"]["model_version"][0]
    model = container.resource_version_control().load_model(version)
    expected = [str(label) for label in model.predict(rows).labels]

    with TestClient(create_app(container)) as client:
        assert client.get("/model").json() == {"model_version": version}
        assert client.get("/health").json() == {"status": "ok"}

        def ask(place):
            answer = client.post("/predictions", json=rows.iloc[place::8].to_dict("records"))
            return [prediction["label"] for prediction in answer.json()]

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(8)))
        lacking = client.post("/predictions", json=[{"alcohol": 13.2}])
    assert answers == [expected[place::8] for place in range(8)]
    assert lacking.status_code == 422
    assert "malic_acid" in lacking.json()["detail"]
    with pytest.raises(WiringError, match="its container is closed"):
        container.train.model_trainer()


def test_the_tests_of_the_application_pass(folder):
    """They need no run, no data and no store."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert not (folder / ".lolpop").exists()
