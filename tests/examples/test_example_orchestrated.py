"""The example of one flow for many schedulers."""

import sys

import pytest

from lolpop.cli import main

BUILT = {
    "airflow": ["breast_cancer.py", "classification_nightly", '"retries": 2'],
    "prefect": ["flow_prefect.py", "@flow", "nightly"],
    "dagster": ["flow_dagster.py", "define_asset_job", "classification_nightly"],
    "metaflow": ["flow_metaflow.py", "class ClassificationNightly(FlowSpec)"],
    "cron": ["nightly.sh", "#!/usr/bin/env bash"],
}


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    """Let the example's module be that of the test's own folder."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    sys.modules.pop("flows", None)


@pytest.mark.parametrize("orchestrator", BUILT)
def test_the_flow_is_built_as_its_readme_says(example, orchestrator):
    """The file holds every workflow, with the settings that are meant for the orchestrator."""
    folder = example("orchestrated")
    name, *texts = BUILT[orchestrator]
    assert main(["flow", "build", orchestrator, "flows.py:nightly", "-o", name]) == 0
    built = (folder / name).read_text()
    for text in (
        *texts,
        "process_data",
        "train_model",
        "deploy_model",
        "predict_data",
        "evaluate_ground_truth",
    ):
        assert text in built
