"""Forecasting from a CSV to a deployed model and the months that come next."""

import pandas as pd
import pytest

from lolpop.errors import VerificationError
from lolpop.resources import DatasetVersion, Experiment

QUICK = ["compare_data", "analyze_prediction_drift", "analyze_model"]
SHOPS = {
    "skip": QUICK,
    "problem": {"name": "sales", "target": "sold", "time": "day", "series": "shop", "horizon": 7},
    "data.predict": "plan.csv",
    "data.truth": "truth.csv",
}


@pytest.fixture
def shop_files(project, shops):
    """83 known days of each shop, and a week that is planned, with what became of it."""
    history, later = shops[shops["day"] < "2025-03-25"], shops[shops["day"] >= "2025-03-25"]
    history.to_csv(project / "known.csv", index=False)
    later.drop(columns="sold").to_csv(project / "plan.csv", index=False)
    later.drop(columns="offer").to_csv(project / "truth.csv", index=False)
    return project


def test_a_run_forecasts_the_horizon_after_the_last_row(project, command, months):
    """Without rows to predict, the next months are forecast, with intervals."""
    code, _, output = command()
    assert code == 0
    written = pd.read_csv(project / "out" / "predictions.csv", parse_dates=["month"])
    assert list(written) == ["month", "prediction", "lower", "upper"]
    assert written["month"].tolist() == months["month"][120:].tolist()
    assert (written["lower"] < written["prediction"]).all()
    assert (written["prediction"] < written["upper"]).all()
    assert (written["prediction"] - months["visits"][120:].to_numpy()).abs().mean() < 5
    assert "less than" in output
    assert "of the seasonal naive forecast" in output


def test_a_run_tells_what_a_script_acts_on(command):
    """JSON has checks of rows, backtest and forecasts, metrics by split, and resources."""
    _, document, _ = command()
    assert {check["task"] for check in document["checks"]} == {
        "process.check_data", "train.check_model", "predict.check_predictions",
    }  # fmt: skip
    assert set(document["metrics"]) == {"test", "backtest", "baseline", "seasonal_naive"}
    metrics = document["metrics"]["backtest"]
    assert {"mean_absolute_scaled_error", "coverage", "interval_width"} <= set(metrics)
    assert metrics["mean_absolute_error"] < document["metrics"]["seasonal_naive"]["mean_absolute_error"]
    assert (document["comparison"], document["deployment"]) == (None, "deployment:visitors@1")
    assert document["prediction_job"] == "prediction_job:visitors@1"


def test_the_test_is_the_last_horizon_and_the_model_goes_on_from_the_end(load, months):
    """The evaluated model is trained up to the test, the deployed one on all rows."""
    container = load(skip=QUICK)
    runner = container.runner()
    model_version = runner.train_model(runner.process_data())
    control, tracker = container.resource_version_control(), container.metadata_tracker()
    test = control.load_data(DatasetVersion.parse(tracker.get(model_version).fields["test_data"]))
    assert test["month"].tolist() == months["month"][114:120].tolist()
    winner = control.load_model(model_version)
    assert winner.learned.grid.text(winner.learned.histories[""].end) == "2024-12-01"


def test_a_backtest_forecasts_each_horizon_from_before_it(load, months):
    """Each of three origins forecasts its own six months, from earlier rows only."""
    container = load(train__data_splitter={"origins": 3}, skip=QUICK)
    runner = container.runner()
    model_version = runner.train_model(runner.process_data())
    reference = container.metadata_tracker().get(model_version).fields["backtest"]
    rows = container.resource_version_control().load_data(DatasetVersion.parse(reference))
    assert rows["month"].tolist() == months["month"][102:120].tolist()
    assert rows["origin"].unique().tolist() == ["2023-06-01", "2023-12-01", "2024-06-01"]
    assert (pd.to_datetime(rows["origin"]) < rows["month"]).all()
    naive = rows["baseline_seasonal_naive"].to_numpy()[:6]
    assert naive == pytest.approx(months["visits"][90:96].to_numpy())


def test_series_with_what_is_known_in_advance(shop_files, load):
    """Rows to predict have regressors; the output has series and time, which join the truth."""
    container = load(**SHOPS)
    runner = container.runner()
    runner.run()
    written = pd.read_csv(shop_files / "out" / "predictions.csv", parse_dates=["day"])
    plan = pd.read_csv(shop_files / "plan.csv", parse_dates=["day"])
    assert list(written) == ["shop", "day", "prediction", "lower", "upper"]
    assert written[["shop", "day"]].equals(plan[["shop", "day"]])
    size = written["shop"].map({1: 5, 2: 20, 3: 80, 4: 300})
    by_offer = (written["prediction"] / size).groupby(plan["offer"]).mean()
    assert by_offer[True] > 1.3 * by_offer[False]


def test_the_truth_is_measured_whatever_its_order(shop_files, load):
    """A part of the truth in another order measures the same forecasts."""
    container = load(**SHOPS)
    runner = container.runner()
    job = runner.run()
    truth = pd.read_csv(shop_files / "truth.csv")
    metrics = container.metrics_tracker().get(job)
    truth.sample(frac=1, random_state=0).to_csv(shop_files / "shuffled.csv", index=False)
    assert runner.evaluate_ground_truth(job, "shuffled.csv") == pytest.approx(metrics)
    written = pd.read_csv(shop_files / "out" / "predictions.csv").merge(truth)
    error = (written["prediction"] - written["sold"]).abs().mean()
    assert metrics["truth.mean_absolute_error"] == pytest.approx(error)


def test_a_model_of_the_same_rows_has_to_be_surely_better(command):
    """Both are evaluated on rows that neither was trained on; a worse one is not deployed."""
    command()
    _, document, output = command("--set", "train.model_trainer.estimator=decision_tree")
    assert document["comparison"]["against"] == "model_version:visitors@1"
    assert document["comparison"]["better"] is False
    assert document["deployment"] is None
    assert "is not deployed, since it is no better than model_version:visitors@1" in output


def test_a_model_of_later_rows_replaces_one_that_is_no_better(project, command, months):
    """An equally good model of later rows is deployed, so forecasts start later."""
    command()
    months[:123].to_csv(project / "known.csv", index=False)
    _, document, output = command()
    assert document["comparison"]["better"] is False
    assert document["deployment"] == "deployment:visitors@2"
    assert "was trained on later rows, is not clearly worse, and replaces" in output
    written = pd.read_csv(project / "out" / "predictions.csv")
    assert written["month"][0] == "2025-04-01"


def test_a_deployed_model_is_compared_on_rows_that_came_after_it(project, load, months):
    """If the test is later than its training rows, the deployed model itself is evaluated."""
    container = load(skip=QUICK)
    runner = container.runner()
    first = runner.train_model(runner.process_data())
    runner.deploy_model(first)
    months.to_csv(project / "known.csv", index=False)
    second = runner.train_model(runner.process_data())
    comparison = runner.train.compare_models(second, first)
    control = container.resource_version_control()
    test = months[120:]
    predictions = control.load_model(first).predict(test[["month"]]).labels
    judged = control.load_model(second).learned  # its scales are those of all rows: of the test's they differ
    assert judged.histories[""].end == 125
    scale = (months["visits"][:120].diff(12)).abs().mean()
    assert comparison.other_score == pytest.approx((predictions - test["visits"]).abs().mean() / scale)


def test_a_search_is_judged_before_the_test(load, months):
    """Trials are measured before the test, and the winner is trained up to it."""
    container = load(
        train__candidates=[
            {"use": "sklearn", "estimator": "ridge"},
            {"use": "sklearn", "estimator": "lasso"},
        ],
        skip=[*QUICK, "check_model"],
    )
    runner = container.runner()
    model_version = runner.train_model(runner.process_data())
    tracker, metrics = container.metadata_tracker(), container.metrics_tracker()
    fields = tracker.get(model_version).fields
    winner = tracker.get(fields["winning_experiment"]).fields["retrained_from"]
    measured = metrics.get(Experiment.parse(winner))
    assert {name.partition(".")[0] for name in measured} == {"validation", "test"}
    assert measured["validation.mean_absolute_error"] != measured["test.mean_absolute_error"]


def test_other_ways_to_split_are_refused(load):
    """A random split would train on rows after the test: verification says what to use."""
    with pytest.raises(VerificationError, match=r"train\.data_splitter"):
        load(train__data_splitter="sklearn").verify()


def test_a_problem_needs_its_time_and_horizon(project, load):
    """Verification reports missing required settings of a forecasting problem."""
    (project / "lolpop.yaml").write_text("problem: {name: a, target: b}\ndata: {train: c.csv}\n")
    with pytest.raises(VerificationError, match=r"problem\.time") as raised:
        load().verify()
    assert "problem.horizon" in str(raised.value)


def test_the_wiring_is_sound(load):
    """Every declared provider is used."""
    assert load().verify() == []


def test_a_run_keeps_what_forecasts_rest_on(load):
    """Importance is a field and a figure of the model version."""
    container = load(skip=["compare_data", "analyze_prediction_drift", "check_predictions"])
    version = container.runner().train_model(container.runner().process_data("known.csv"))
    tracker = container.metadata_tracker()
    assert "time of year" in tracker.get(version).fields["importance"]
    assert "figures.importance.png" in tracker.artifacts(version)
