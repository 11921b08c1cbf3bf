"""Several processes on one store."""

from __future__ import annotations

import pandas as pd
from forked_commands import Command
from wholeness import check_store

from lolpop.resources import DatasetVersion, Deployment, Experiment, ModelVersion, PredictionJob
from lolpop_containers.classification import ClassificationContainer

PROCESSES = 8


def test_eight_processes_at_once_lose_nothing(project, tmp_path):
    """On a new store, all complete, with all their resources."""
    started = [
        Command(project, "run", "classification", "--json", "--group", "crowd", "--set", f"seed={seed}")
        for seed in range(PROCESSES)
    ]
    ended = [command.end() for command in started]
    assert [outcome.code for outcome in ended] == [0] * PROCESSES, [outcome.err for outcome in ended]
    check_store(project, tmp_path / "kept")
    with ClassificationContainer.load(project / "lolpop.yaml", environ={}) as container:
        tracker, metrics = container.metadata_tracker(), container.metrics_tracker()
        runs = container.store().runs(group="crowd")
        assert sorted(run.run_id for run in runs) == sorted(outcome.json["run_id"] for outcome in ended)
        assert {run.status for run in runs} == {"completed"}
        for kind in (ModelVersion, Experiment, PredictionJob):
            assert len(tracker.find(kind, "tumors")) == PROCESSES
        # The same rows are the same version, whoever keeps them first.
        assert len(tracker.find(DatasetVersion, "tumors_train")) == 1
        for outcome in ended:
            (version,) = tracker.find(ModelVersion, run_id=outcome.json["run_id"])
            document = {
                f"{part}.{name}": value
                for part, metrics in outcome.json["metrics"].items()
                for name, value in metrics.items()
            }
            stored = {
                **metrics.get(version),
                **metrics.get(tracker.find(PredictionJob, run_id=outcome.json["run_id"])[0]),
            }
            assert {name: stored[name] for name in document} == document
            assert all("test" in outcome.json["metrics"] for outcome in ended)
        deployed = tracker.find(Deployment, "tumors")
        assert [tracker.get(deployment).fields["active"] for deployment in deployed] == [False] * (
            len(deployed) - 1
        ) + [True]
    predictions = pd.read_csv(project / "out" / "predictions.csv")
    assert len(predictions) == 100
