"""The scheduler of Dask is killed in the middle of a search."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lolpop.cli import main
from lolpop.resources import Experiment
from lolpop_containers.classification import ClassificationContainer

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'lolpop[dask]'")
pytestmark = pytest.mark.filterwarnings("ignore:::distributed", "ignore:::tornado", "ignore::ResourceWarning")

HERE = Path(__file__).parent
SETTINGS = """
problem: {name: iris, target: target}
data: {train: rows.csv}
executor: {use: dask, timeout: 2}
skip: [check_data, profile_data, analyze_model, check_model]
train:
  model_trainer: {use: "killed_scheduler:SchedulerKillingModelTrainer", estimator: logistic_regression}
  hyperparameter_tuner: {use: grid, values: {C: [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]}, n_jobs: 2}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    from sklearn.datasets import load_iris

    load_iris(as_frame=True).frame.to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_run_whose_scheduler_is_killed_is_resumed(project, capsys):
    """It fails with the reason. Resumed with another scheduler, it has the trials that it has without a cluster,
    each once.
    """
    with cluster(project) as (address, pid):
        (project / "scheduler.pid").write_text(str(pid))
        assert run("--set", f"executor.address={address}") == 1
    errors = capsys.readouterr().err
    assert f"The scheduler of Dask at {address} is gone" in errors
    assert "Traceback" not in errors
    run_id = re.search(r"lolpop run --resume (\S+)", errors).group(1)
    done_before = scores_of({})
    assert 0 < len(done_before) < 6
    with cluster(project) as (address, _):
        assert main(["run", "--resume", run_id, "--set", f"executor.address={address}"]) == 0
    in_one_process = {"train.hyperparameter_tuner.n_jobs": 1, "store": {"url": "sqlite:///other.db"}}
    with ClassificationContainer.load(environ={}, overrides=in_one_process) as container:
        runner = container.runner()
        runner.train_model(runner.process_data())
    assert scores_of({}) == scores_of(in_one_process)
    assert len(scores_of({})) == 6


def run(*options: str) -> int:
    return main(["run", "classification", "train_model", "--dataset-version", processed(), *options])


def processed() -> str:
    """The rows, processed before the cluster is asked for anything."""
    with ClassificationContainer.load(environ={}) as container:
        return container.runner().process_data().reference


def scores_of(overrides: dict[str, object]) -> list[float]:
    """The scores of all trials that a store knows."""
    with ClassificationContainer.load(environ={}, overrides=overrides) as container:
        experiments = container.metadata_tracker().find(Experiment, "iris")
        metrics = container.metrics_tracker()
        scores = [metrics.get(experiment).get("validation.log_loss") for experiment in experiments]
    return sorted(score for score in scores if score is not None)


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, int]]:
    """A scheduler of Dask with two workers, by the commands of Dask: its address, and its process."""
    place = folder / "scheduler.json"
    place.unlink(missing_ok=True)
    dask = [sys.executable, "-m", "dask"]
    options = ["--scheduler-file", str(place), "--no-dashboard"]
    commands = [[*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *options]]
    commands += [[*dask, "worker", *options, "--no-nanny", "--nthreads", "1", "--death-timeout", "60"]] * 2
    environ = {**os.environ, "PYTHONPATH": str(HERE)}
    log = (folder / "dask.log").open("a")
    with log:
        started = [
            subprocess.Popen(command, cwd=folder, env=environ, stdout=log, stderr=log) for command in commands
        ]
        try:
            yield address_in(place), started[0].pid
        finally:
            for process in started:
                process.kill()
                process.wait()


def address_in(place: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return json.loads(place.read_text())["address"]
        except (OSError, ValueError):
            time.sleep(0.1)
    raise AssertionError("The scheduler has not started.")
