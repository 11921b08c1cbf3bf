"""Ready-made flows of the ready-made runners, in one process."""

import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

from lolpop.errors import DataError
from lolpop.flows import predict, train_and_predict
from lolpop_containers.classification import ClassificationContainer

SETTINGS = """
problem: {name: tumors, target: diagnosis, index: patient}
data: {train: known.csv, predict: new.csv, predictions: predictions.csv}
train: {model_trainer: {estimator: logistic_regression}}
"""


@pytest.fixture
def project(labelled_project):
    frame = load_breast_cancer(as_frame=True).frame
    frame["diagnosis"] = frame.pop("target").map({0: "malignant", 1: "benign"})
    return labelled_project(SETTINGS, frame.rename_axis("patient").reset_index(), 300, "patient", "diagnosis")


def test_prediction_without_a_model_version_uses_the_deployed_one(project, loading):
    """In a flow, and in predict_data alone."""
    container = loading(ClassificationContainer, project)
    runner = container.runner()
    job = train_and_predict(runner)
    parents = {str(parent) for parent in container.metadata_tracker().parents(job)}
    assert parents == {"model_version:tumors@1", "dataset_version:tumors_predict@1"}
    first = pd.read_csv(project / "predictions.csv")
    assert len(first) == 269
    again = runner.predict_data()
    assert again.number == job.number + 1
    pd.testing.assert_frame_equal(pd.read_csv(project / "predictions.csv"), first)


def test_prediction_without_anything_deployed_says_so(project, loading):
    """The message has the model and says what to do."""
    with pytest.raises(DataError, match="No model version of 'tumors' is deployed"):
        predict(loading(ClassificationContainer, project).runner())
