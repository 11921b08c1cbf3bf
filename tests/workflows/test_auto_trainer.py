"""The default forecaster, and several trainers of rows, chosen by what they are worth."""

import numpy as np
import pandas as pd
import pytest

from lolpop.resources import Experiment, ModelVersion
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.forecasting import ForecastingContainer

pytestmark = pytest.mark.numerical

SETTINGS = """
problem: {name: visits, target: visits, time: month, horizon: 6}
data: {train: known.csv, predictions: out.csv}
"""


def series(kind, number=90):
    random = np.random.default_rng(4)
    at = np.arange(number)
    return {
        "a random walk": 100 + np.cumsum(random.normal(size=number)),
        "a season": 100 + 20 * np.sin(at * np.pi / 6) + random.normal(size=number),
        "a line": 10 + 3 * at + random.normal(size=number),
        "noise": random.normal(size=number),
        "a level that shifts": np.where(at < 60, 10, 50) + random.normal(size=number),
    }[kind]


@pytest.fixture
def train(tmp_path, monkeypatch, capsys):
    """Train on values of months: the container, the model version, its metrics, and what people were told."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lolpop.yaml").write_text(SETTINGS)
    containers = []

    def train(values, **settings):
        times = pd.date_range("2015-01-01", periods=len(values), freq="MS")
        pd.DataFrame({"month": times, "visits": values}).to_csv("known.csv", index=False)
        overrides = {name.replace("__", "."): value for name, value in settings.items()}
        container = ForecastingContainer.load("lolpop.yaml", environ={}, overrides=overrides)
        containers.append(container)
        runner = container.runner()
        model_version = runner.train_model(runner.process_data())
        return (
            container,
            model_version,
            container.metrics_tracker().get(model_version),
            capsys.readouterr().err,
        )

    yield train
    for container in containers:
        container.__exit__(None, None, None)


METRIC = "mean_absolute_scaled_error"


@pytest.mark.parametrize("kind", ["a random walk", "a season", "a line", "noise", "a level that shifts"])
def test_what_is_deployed_is_never_worse_than_the_best_baseline(train, kind):
    """In the reported backtest, the default forecaster is at least as good."""
    container, model_version, metrics, output = train(series(kind))
    assert metrics[f"backtest.{METRIC}"] <= metrics[f"baseline.{METRIC}"] + 1e-9
    assert "is chosen by the backtest" in output
    assert "is fitted once more, on all 90 rows" in output
    model = container.resource_version_control().load_model(model_version)
    ahead = pd.DataFrame({"month": pd.date_range("2015-01-01", periods=96, freq="MS")[90:]})
    assert np.isfinite(model.predict(ahead).labels).all()


def test_each_candidate_is_an_experiment_with_its_backtest(train):
    """Each has its trainer and score, the combination is last, and the winner is marked."""
    container, _, _, _ = train(series("a season"))
    metadata, tracker = container.metadata_tracker(), container.metrics_tracker()
    fields = [metadata.get(experiment).fields for experiment in metadata.find(Experiment)]
    compared = [trial for trial in fields if "retrained_from" not in trial]
    assert {trial["trainer"] for trial in compared} == {
        "naive", "smoothing", "theta", "sklearn", "combination"
    }  # fmt: skip
    assert sum(trial["winner"] for trial in fields) == 1
    scores = [
        tracker.get(experiment).get(f"validation.{METRIC}") for experiment in metadata.find(Experiment)
    ][:-1]
    assert all(score is not None and score > 0 for score in scores)
    *alone, together = scores
    winner = next(trial for trial in fields if "retrained_from" in trial)
    assert winner["trainer"] == "combination"
    assert together <= min(alone[:3])
    weights = winner["searched"]["weights"]
    assert sum(weights.values()) == pytest.approx(1, abs=1e-3)
    assert len(weights) == 3


def test_a_baseline_that_is_better_than_the_combination_has_half_of_the_forecast(train):
    """The mean of both is better in the backtest than either of them, and is deployed."""
    walk = 100 + np.cumsum(np.random.default_rng(50).normal(size=90))
    container, _, metrics, _ = train(walk)
    metadata, tracker = container.metadata_tracker(), container.metrics_tracker()
    score = f"validation.{METRIC}"
    tried = [
        (metadata.get(experiment).fields["searched"]["weights"], tracker.get(experiment)[score])
        for experiment in metadata.find(Experiment)
        if score in tracker.get(experiment) and metadata.get(experiment).fields["trainer"] == "combination"
    ]
    (first, alone), (second, with_baseline) = tried
    assert second["naive"] == pytest.approx(first["naive"] / 2 + 0.5, abs=1e-3)
    assert with_baseline <= metrics[f"baseline.{METRIC}"] < alone
    assert metrics[f"backtest.{METRIC}"] == pytest.approx(with_baseline)


@pytest.mark.parametrize("values", [[4.0, *[5.0] * 39], [1.0, 2.0] * 5, list(range(9))])
def test_series_of_which_hardly_anything_can_be_learned_are_forecast(train, values):
    """A constant or short series is forecast by one of the candidates."""
    container, model_version, _, _ = train(values, problem__horizon=2)
    assert container.resource_version_control().load_model(model_version)


@pytest.mark.parametrize(
    ("settings", "trainer"),
    [
        ({"train__model_trainer": "smoothing"}, "smoothing"),
        ({"train__model_trainer": {"use": "naive", "method": "drift"}}, "naive"),
        ({"train__model_trainer": {"estimator": "ridge"}}, "sklearn"),
        ({"train__model_trainer": "sklearn"}, "sklearn"),
    ],
)
def test_one_line_picks_a_trainer(train, settings, trainer):
    """Only the set trainer is trained."""
    container, _, _, output = train(series("a season"), train__retrain_on_all_data=False, **settings)
    tracker = container.metadata_tracker()
    (experiment,) = tracker.find(Experiment)
    assert tracker.get(experiment).fields["trainer"] == trainer
    assert "is chosen" not in output


def test_a_search_tries_each_that_has_nothing_to_search_once(train):
    """Other trials are for the model with parameters; the test rows choose nothing."""
    container, _, _, _ = train(
        series("a season"),
        train__hyperparameter_tuner__n_trials=2,
        train__retrain_on_all_data=False,
    )
    tracker = container.metadata_tracker()
    candidates = [tracker.get(experiment).fields["candidate"] for experiment in tracker.find(Experiment)]
    last = max(candidates)
    assert sorted(set(candidates)) == list(range(last + 1))
    assert all(candidates.count(number) == 1 for number in range(last) if number not in {last, last - 1})


def test_regressors_count(train, tmp_path):
    """If regressors explain the series, a model that uses them is chosen."""
    random = np.random.default_rng(0)
    offer = random.random(120) < 0.4
    rows = pd.DataFrame(
        {
            "month": pd.date_range("2010-01-01", periods=120, freq="MS"),
            "offer": offer.astype(int),
            "visits": 50 + 40 * offer + random.normal(size=120),
        }
    )
    rows.to_csv("known.csv", index=False)
    with ForecastingContainer.load("lolpop.yaml", environ={}) as container:
        runner = container.runner()
        model_version = runner.train_model(runner.process_data())
        model = container.resource_version_control().load_model(model_version)
        assert "offer" in model.columns


def test_one_line_compares_linear_models_with_boosted_ones(tmp_path, monkeypatch, capsys):
    """For noisy rows, the validation rows choose the simplest model, which beats boosting."""
    random = np.random.default_rng(0)
    features = random.normal(size=(900, 5))
    label = random.random(900) < 1 / (1 + np.exp(-0.4 * features[:, 0]))
    rows = pd.DataFrame(features, columns=list("abcde")).assign(label=np.where(label, "yes", "no"))
    monkeypatch.chdir(tmp_path)
    rows.to_csv("known.csv", index=False)
    scores = {}
    for trainer in ("auto", "sklearn"):
        (tmp_path / "lolpop.yaml").write_text(
            f"problem: {{name: {trainer}, target: label}}\ndata: {{train: known.csv}}\n"
            f"train: {{model_trainer: {trainer}}}\n"
        )
        with ClassificationContainer.load("lolpop.yaml", environ={}) as container:
            runner = container.runner()
            model_version = runner.train_model(runner.process_data())
            scores[trainer] = container.metrics_tracker().get(model_version)["test.log_loss"]
            if trainer == "auto":
                assert len(container.metadata_tracker().find(Experiment)) == 7
                assert container.metadata_tracker().find(ModelVersion) == [model_version]
    assert scores["auto"] < scores["sklearn"]
    assert "is chosen by validation rows" in capsys.readouterr().err
