"""Regression from a CSV to a deployed model and predictions."""

import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from sklearn.model_selection import train_test_split

from lolpop.errors import DataError, VerificationError
from lolpop.resources import Model

METRICS = {
    "mean_absolute_error": mean_absolute_error,
    "r2": r2_score,
    "root_mean_squared_error": root_mean_squared_error,
}


@pytest.fixture(params=["pandas", "polars"])
def frame(request):
    return request.param


def test_a_run_has_the_metrics_of_the_plain_script(command, patients):
    """Split, models and metrics are those of a plain scikit-learn script, to the last digit.

    What is deployed is fitted once more, on all rows.
    """
    code, document = command("--set", "train.model_trainer.estimator=hist_gradient_boosting")
    rows = patients[:342]
    columns = rows.columns.drop(["patient_id", "progression"])
    train, test = train_test_split(rows, test_size=0.2, random_state=7)
    model = HistGradientBoostingRegressor(random_state=7).fit(train[columns].to_numpy(), train["progression"])
    new = patients[342:]
    deployed = HistGradientBoostingRegressor(random_state=7).fit(
        rows[columns].to_numpy(), rows["progression"]
    )
    for split, fitted, part in (("train", model, train), ("test", model, test), ("truth", deployed, new)):
        predicted = fitted.predict(part[columns].to_numpy())
        plain = {name: measure(part["progression"], predicted) for name, measure in METRICS.items()}
        assert document["metrics"][split] == plain
    assert code == 0


@pytest.mark.parametrize("trainer", ["sklearn", "xgboost"])
def test_predictions_are_numbers_without_probabilities(project, load, trainer):
    """A regression writes the index and one number for each row, with every trainer."""
    container = load(train__model_trainer={"use": trainer})
    container.runner().run()
    written = pd.read_csv(project / "out" / "predictions.csv")
    assert list(written) == ["patient_id", "prediction"]
    assert len(written) == 100
    assert written["prediction"].between(0, 500).all()


def test_rare_targets_split_without_strata(load):
    """Almost every target value is unique, so nothing is stratified."""
    runner = load(train__data_splitter={"stratify": True}).runner()
    dataset_version = runner.process_data()
    frame = runner.resource_version_control.load_data(dataset_version)
    splits = runner.train.split_data(frame)
    assert (len(splits.train), len(splits.test)) == (273, 69)


@pytest.mark.parametrize("trainer", ["sklearn", "xgboost"])
def test_a_target_of_strings_is_refused(project, load, patients, trainer):
    """A text target is an error before anything is stored."""
    words = patients.assign(progression=patients["progression"].map("about {}".format))
    words.to_csv(project / "known.csv", index=False)
    container = load(train__model_trainer={"use": trainer})
    with pytest.raises(
        DataError,
        match=r"the target '\w+' should contain numbers, but it contains string values; for classes: the runner classification",
    ):
        container.runner().run()
    assert container.metadata_tracker().find(Model) == []


def test_a_target_of_strings_is_refused_without_checks(project, load, patients):
    """The trainer refuses a text target, and names the right runner."""
    patients.assign(progression="high").to_csv(project / "known.csv", index=False)
    container = load(skip=["check_data"])
    with pytest.raises(DataError, match="For classes: the runner classification"):
        container.runner().run()


def test_a_better_model_replaces_the_deployed_one(command):
    """Smaller errors are better, and a model with greater errors is not deployed."""
    _, first = command()
    _, worse = command("--set", "train.model_trainer.estimator=decision_tree")
    assert first["resources"]["deployment"] == ["deployment:diabetes@1"]
    assert "deployment" not in worse["resources"]
    error = "root_mean_squared_error"
    assert worse["metrics"]["test"][error] > first["metrics"]["test"][error]


def test_the_winner_of_a_search_has_the_smallest_error(load):
    """A search minimises the error of a regression."""
    container = load(
        train__candidates=[
            {"use": "sklearn", "estimator": "ridge"},
            {"use": "sklearn", "estimator": "decision_tree"},
        ]
    )
    runner = container.runner()
    model_version = runner.train_model(runner.process_data())
    tracker = container.metadata_tracker()
    winner = tracker.get(model_version).fields["winning_experiment"]
    assert tracker.get(winner).fields["candidate"] == 0


def test_another_type_of_problem_is_refused(load):
    """Verification names the type of problem that the container is for."""
    with pytest.raises(VerificationError, match=r"problem\.type: input should be 'regression'"):
        load(problem__type="classification").verify()


def test_a_truth_of_strings_is_refused(project, load):
    """A truth without numbers is an error, and nothing is measured."""
    runner = load().runner()
    job = runner.run()
    truth = pd.read_csv(project / "truth.csv")
    truth.assign(progression="high").to_csv(project / "words.csv", index=False)
    with pytest.raises(DataError, match="numbers"):
        runner.evaluate_ground_truth(job, "words.csv")
