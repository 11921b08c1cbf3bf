"""A store that lolpop 0.1.0 wrote before its modules moved to rooms is read as it was.

``former_store/project.tar.xz`` holds two projects, one of classification and one of forecasting, with the
store that ``lolpop run`` wrote and the predictions that it made.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.forecasting import ForecastingContainer

_ARCHIVE = Path(__file__).parent / "former_store" / "project.tar.xz"
_PROJECTS = {"churn": ClassificationContainer, "sales": ForecastingContainer}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    with tarfile.open(_ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path


def load(project: Path, model: str) -> Any:
    return _PROJECTS[model].load(project / f"{model}.yaml", environ={})


@pytest.mark.parametrize("model", _PROJECTS)
def test_a_deployed_model_of_before_predicts_what_it_predicted(project: Path, model: str) -> None:
    before = pd.read_csv(project / "out" / f"{model}.csv")
    (project / "out" / f"{model}.csv").unlink()

    with load(project, model) as container:
        tracker = container.metadata_tracker()
        parents = {parent.kind: parent for parent in tracker.parents(f"prediction_job:{model}@1")}
        version, rows = parents["model_version"], parents["dataset_version"]
        container.runner().predict_data(version, rows)

    after = pd.read_csv(project / "out" / f"{model}.csv")
    pd.testing.assert_frame_equal(after, before, rtol=1e-6)
