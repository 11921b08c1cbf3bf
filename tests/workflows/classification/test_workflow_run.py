"""The whole workflow, from source rows to predictions in use."""

import shutil

import pandas as pd
import pytest

from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import DataError
from lolpop.resources import DatasetVersion, Deployment, Experiment, Model, ModelVersion, PredictionJob, Run

LAZY = "sklearn.dummy:DummyClassifier"


@pytest.fixture(params=["pandas", "polars"])
def frame(request):
    return request.param


def test_a_run_ends_with_predictions_of_the_deployed_model(load, tracker, project):
    """Rows are stored, a model is trained and deployed, new rows are predicted and written."""
    container = load()
    prediction_job = container.runner().run()
    assert prediction_job == PredictionJob(name="tumors", number=1)
    assert container.model_deployer().deployed(Model(name="tumors")) == ModelVersion(name="tumors", number=1)
    written = pd.read_csv(project / "out" / "predictions.csv")
    assert list(written.columns) == [
        "patient_id",
        "prediction",
        "probability_benign",
        "probability_malignant",
    ]
    assert list(written["patient_id"]) == list(pd.read_csv(project / "new.csv")["patient_id"])
    assert set(written["prediction"]) == {"benign", "malignant"}
    truth = pd.read_csv(project / "truth.csv")["diagnosis"]
    accuracy = (written["prediction"] == truth).mean()
    assert container.metrics_tracker().get(prediction_job)["truth.accuracy"] == pytest.approx(accuracy)


def test_lineage_leads_from_predictions_back_to_the_rows(load, tracker):
    """Every resource has its parents."""
    prediction_job = load().runner().run()
    model_version, rows = tracker.parents(prediction_job)
    assert rows.reference == "dataset_version:tumors_predict@1"
    assert [parent.reference for parent in tracker.parents(model_version)] == [
        "dataset_version:tumors_train@1"
    ]
    assert tracker.get(rows).fields["source"] == "new.csv"
    experiment = Experiment.parse(tracker.get(model_version).fields["winning_experiment"])
    judged = Experiment.parse(tracker.get(experiment).fields["retrained_from"])
    all_rows = DatasetVersion(name="tumors_train", number=1)
    assert set(tracker.parents(experiment)) == {model_version, all_rows, judged}
    assert set(tracker.parents(judged)) == {model_version, all_rows}
    assert tracker.get(experiment).fields["winner"] is True
    assert tracker.get(experiment).fields["trainer"] == "sklearn"


def test_metrics_are_kept_by_split(load, tracker, capsys):
    """The experiment that was judged and its model version have the metrics of each split, and the baseline's.

    What was fitted on all rows after it has none, and people are told whose the metrics are.
    """
    container = load()
    container.runner().run()
    experiment, retrained = tracker.find(Experiment)
    (model_version,) = tracker.find(ModelVersion)
    metrics = container.metrics_tracker().get(model_version)
    assert {"train.accuracy", "test.accuracy"} <= metrics.keys()
    assert any(name.startswith("baseline.") for name in metrics)
    assert metrics.items() >= container.metrics_tracker().get(experiment).items()
    assert tracker.get(model_version).fields["winning_experiment"] == retrained.reference
    assert not container.metrics_tracker().get(retrained)
    assert (
        "is fitted once more, on all 469 rows: its metrics are of the model before" in capsys.readouterr().err
    )


def test_a_second_run_keeps_what_is_deployed_unless_the_new_one_is_better(load, tracker, capsys):
    """Equal data is one version, and an equal challenger is not deployed."""
    load().runner().run()
    capsys.readouterr()
    prediction_job = load().runner().run()
    assert len(tracker.find(ModelVersion)) == 2
    assert [str(version) for version in tracker.find(DatasetVersion, "tumors_train")] == [
        "dataset_version:tumors_train@1"
    ]
    assert len(tracker.find(Deployment)) == 1
    assert "is no better than model_version:tumors@1" in capsys.readouterr().err
    assert ModelVersion(name="tumors", number=1) in tracker.parents(prediction_job)


def test_a_better_challenger_replaces_what_is_deployed(load, tracker, capsys):
    """Both models are evaluated on the same rows, and the better one is deployed."""
    load(train__model_trainer__estimator=LAZY).runner().run()
    capsys.readouterr()
    load().runner().run()
    assert load().model_deployer().deployed(Model(name="tumors")) == ModelVersion(name="tumors", number=2)
    assert "model_version:tumors@2 replaces model_version:tumors@1" in capsys.readouterr().err


def test_without_rows_to_predict_a_run_ends_after_deployment(load, tracker, capsys):
    """The run says why nothing is predicted."""
    assert load(data__predict=None).runner().run() is None
    assert "No predictions: data.predict is not set" in capsys.readouterr().err
    assert len(tracker.find(Deployment)) == 1


def test_missing_rows_to_predict_are_noticed_before_training(load, tracker):
    """A missing file is an error before training."""
    with pytest.raises(DataError, match="nowhere"):
        load(data__predict="nowhere.csv").runner().run()
    assert tracker.find(ModelVersion) == []


def test_truth_that_is_not_there_yet_does_not_fail_a_run(load, tracker, capsys, project):
    """The run is complete; the truth can be evaluated later."""
    (project / "truth.csv").rename(project / "later.csv")
    container = load()
    prediction_job = container.runner().run()
    assert f"{prediction_job} is not evaluated yet" in capsys.readouterr().err
    assert container.metrics_tracker().get(prediction_job) == {}
    metrics = container.runner().evaluate_ground_truth(prediction_job, "later.csv")
    assert metrics["truth.accuracy"] > 0.8
    assert container.metrics_tracker().get(prediction_job) == metrics


def test_the_same_seed_data_and_settings_give_the_same_model(load, project):
    """Metrics and predictions are equal in independent stores."""
    outcomes = []
    for number in (1, 2):
        container = load(
            store__url=f"sqlite:///{project}/{number}.db", store__artifacts=str(project / str(number))
        )
        container.runner().run()
        written = (project / "out" / "predictions.csv").read_bytes()
        outcomes.append((container.metrics_tracker().get(ModelVersion(name="tumors", number=1)), written))
    assert outcomes[0] == outcomes[1]


def test_polars_frames_go_the_whole_way(load, project):
    """Predictions do not depend on the dataframe library."""
    written = []
    for frame in ("pandas", "polars"):
        load(data__frame=frame).runner().run()
        written.append(pd.read_csv(project / "out" / "predictions.csv"))
    pd.testing.assert_frame_equal(*written)


def test_without_an_index_predictions_are_in_the_order_of_the_rows(load, project):
    """Only the truth needs an index."""
    container = load(problem__index=None, problem__drop=["patient_id"], data__truth=None)
    container.runner().run()
    written = pd.read_csv(project / "out" / "predictions.csv")
    assert list(written.columns) == ["prediction", "probability_benign", "probability_malignant"]
    assert len(written) == 100


def test_the_same_rows_from_another_place_keep_their_origin(load, tracker, project):
    """A dataset version keeps its first origin; each run records its own."""
    shutil.copy(project / "known.csv", project / "again.csv")
    first = load().runner().process_data()
    container = load(data__train="again.csv")
    assert container.runner().process_data() == first
    assert tracker.get(first).fields["source"] == "known.csv"
    read = [tracker.get(Run(name=run.run_id)).fields[f"source.{first}"] for run in container.runs()]
    assert read == ["again.csv", "known.csv"]


def test_what_cannot_be_predicted_is_named_as_it_was_read(load, project):
    """The error names the file of this run, although the rows were stored before."""
    rows = pd.read_csv(project / "new.csv").drop(columns="mean_area")
    for name in ("one.csv", "two.csv"):
        rows.to_csv(project / name, index=False)
        with pytest.raises(DataError, match=f"cannot predict the rows of {name}"):
            load(data__predict=name).runner().run()


def test_workflows_meet_by_reference(load, tracker):
    """Each workflow can run in its own container, with references only."""
    rows = load().runner().process_data()
    model_version = load().runner().train_model(rows.reference)
    assert load().runner().deploy_model(model_version.reference) == Deployment(name="tumors", number=1)
    new = load().runner().process_data(dataset="predict")
    prediction_job = load().runner().predict_data(model_version.reference, new.reference)
    assert load().runner().evaluate_ground_truth(prediction_job.reference)["truth.accuracy"] > 0.8
    assert tracker.parents(prediction_job) == [model_version, new]


def test_a_runner_for_classes_refuses_another_problem(load):
    """The message of the constructor has the type."""
    with pytest.raises(Exception, match="'regression'"):
        load(problem__type="regression").runner()


def test_predictions_are_not_touched_when_a_model_cannot_predict(load, tracker, project, patients):
    """If a column is missing, no job and no file is made."""
    patients.drop(columns=["diagnosis", "mean_radius"]).to_csv(project / "new.csv", index=False)
    with pytest.raises(DataError, match="mean_radius"):
        load().runner().run()
    assert tracker.find(PredictionJob) == []
    assert not (project / "out").exists()


def test_stored_params_are_those_of_the_trainer(load, tracker):
    """An experiment has the parameters of its fit."""
    container = load(train__model_trainer__params={"C": 0.5})
    container.runner().run()
    assert isinstance(container.train.model_trainer(), SklearnModelTrainer)
    for experiment in tracker.find(Experiment):
        assert tracker.get(experiment).fields["params"]["C"] == 0.5


def test_optional_tasks_can_be_skipped(load):
    """Skipped tasks are left out, and the workflow still deploys and predicts."""
    optional = {"check_data", "profile_data", "compare_data", "check_model", "check_predictions"}
    container = load(skip=sorted(optional))
    assert container.runner().run() == PredictionJob(name="tumors", number=1)
    (run,) = container.runs()
    done = {task.path.rpartition(".")[2] for task in container.store().tasks(run.run_id)}
    assert not done & optional


def test_only_the_splits_that_the_settings_name_are_measured(load, tracker):
    """The training rows can be left out of the metrics."""
    container = load(train__measured=["test"])
    container.runner().run()
    (model_version,) = tracker.find(ModelVersion)
    names = container.metrics_tracker().get(model_version)
    assert "test.accuracy" in names
    assert not any(name.startswith("train.") for name in names)
