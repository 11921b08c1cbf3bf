"""Predictions that come with their reasons, if asked."""

import pandas as pd
import pytest

from lolpop.resources import DatasetVersion, ModelVersion, PredictionJob

ONE_ATTRIBUTION_A_COLUMN = 6


def explanations_of(container, job):
    reference = container.metadata_tracker().get(job).fields["explanations"]
    return container.resource_version_control().load_data(DatasetVersion.parse(reference))


@pytest.mark.parametrize("frame", ["pandas", "polars"])
@pytest.mark.parametrize("use", ["sklearn", "shap"])
def test_explanations_are_kept_with_the_job_and_written(use, frame, load, project):
    """Each row has its index, its explained class, and an attribution for each column."""
    container = load(
        predict__explain=True,
        model_explainer=use,
        data__explanations="out/reasons.csv",
        data__frame=frame,
    )
    job = container.runner().run()
    written = pd.read_csv(project / "out" / "reasons.csv")
    predictions = pd.read_csv(project / "out" / "predictions.csv")
    assert list(written)[:2] == ["patient_id", "output"]
    assert len(written.filter(like="attribution_").columns) == ONE_ATTRIBUTION_A_COLUMN
    assert written["patient_id"].tolist() == predictions["patient_id"].tolist()
    likeliest = predictions.filter(like="probability_").max(axis=1)
    assert written["output"].to_numpy() == pytest.approx(likeliest.to_numpy())
    stored = explanations_of(container, job)
    assert stored["attribution_mean_radius"].to_list() == pytest.approx(
        written["attribution_mean_radius"].tolist()
    )
    lineage = container.metadata_tracker()
    reference = DatasetVersion.parse(lineage.get(job).fields["explanations"])
    assert lineage.parents(reference) == [job]


def test_so_many_rows_are_explained_as_asked(load):
    """The first rows are explained, and all are predicted."""
    container = load(predict__explain=5)
    job = container.runner().run()
    assert len(explanations_of(container, job)) == 5
    assert container.metadata_tracker().get(job).fields["rows"] == 100


def test_nothing_is_explained_unless_asked(load, tracker):
    """Explanations are off by default."""
    job = load(data__explanations="out/reasons.csv").runner().run()
    assert "explanations" not in tracker.get(job).fields


def test_predictions_are_explained_in_another_process_than_the_training(load, tracker):
    """The store has everything that another process needs."""
    load().runner().run()
    container = load(predict__explain=3, model_explainer="shap")
    runner = container.runner()
    job = runner.predict_data(ModelVersion(name="tumors", number=1), runner.process_data(dataset="predict"))
    assert job == PredictionJob(name="tumors", number=2)
    assert len(explanations_of(container, job)) == 3


def test_rows_that_come_in_batches_are_explained_as_others_are(load, project):
    """Explanations are equal with batches and without, for all rows or the first."""
    asked = {"model_explainer": "shap", "data__explanations": "out/reasons.csv"}
    load(predict__explain=True, **asked).runner().run()
    whole = pd.read_csv(project / "out" / "reasons.csv")
    load(predict__explain=True, data__batch_rows=30, **asked).runner().run()
    pd.testing.assert_frame_equal(pd.read_csv(project / "out" / "reasons.csv"), whole)
    load(predict__explain=35, data__batch_rows=30, **asked).runner().run()
    pd.testing.assert_frame_equal(pd.read_csv(project / "out" / "reasons.csv"), whole[:35])
