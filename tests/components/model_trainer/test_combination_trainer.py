"""The mean of several forecasts: its members, their weights, and what is left exact."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_explainer.forecasting import ForecastModelExplainer
from lolpop.components.model_trainer.auto import AutoModelTrainer
from lolpop.components.model_trainer.combination import CombinationModelTrainer
from lolpop.errors import TrainingError, UnusableArtifactError, VerificationError
from lolpop.problem import ForecastingProblem

pytestmark = pytest.mark.numerical

PROBLEM = ForecastingProblem(name="y", target="y", time="month", horizon=6)
NEEDED = {"problem": PROBLEM, "feature_transformer": SklearnFeatureTransformer()}


def rows(number=80, seed=0):
    random = np.random.default_rng(seed)
    offer = (random.random(number + 6) < 0.4).astype(float)
    at = np.arange(number + 6)
    frame = pd.DataFrame(
        {"month": pd.date_range("2000-01-01", periods=number + 6, freq="MS"), "offer": offer}
    )
    values = 100 + at + 9 * offer + 10 * np.sin(at * np.pi / 6) + random.normal(size=number + 6)
    return frame[:number], pd.Series(values[:number], name="y"), frame[number:]


@pytest.fixture(scope="module")
def combined():
    frame, target, ahead = rows()
    weights = {"seasonal_naive": 1, "damped": 2, "ridge": 5}
    trainer = CombinationModelTrainer(weights, **NEEDED)
    return trainer, trainer.fit(frame, target), ahead


def test_it_is_the_weighted_mean_of_its_members(combined):
    """Forecast and bounds are the weighted means of those of the members."""
    trainer, model, ahead = combined
    frame, target, _ = rows()
    members = [trainer.members[name].fit(frame, target).predict(ahead) for name in model.weights]
    assert model.weights == pytest.approx({"seasonal_naive": 1 / 8, "damped": 2 / 8, "ridge": 5 / 8})
    predictions = model.predict(ahead)
    for part in ("labels", "lower", "upper"):
        mean = np.average([getattr(member, part) for member in members], axis=0, weights=[1, 2, 5])
        assert getattr(predictions, part) == pytest.approx(mean, rel=1e-12)


def test_it_needs_the_regressors_that_a_member_uses(combined):
    """Models with lags use the regressors; without such a member they are left out, with the reason."""
    trainer, model, _ = combined
    assert model.columns == ("month", "offer")
    frame, target, _ = rows()
    without = trainer.fit(frame, target, {"weights": {"damped": 1, "theta": 1}})
    assert without.columns == ("month",)
    assert "offer" in without.left_out


def test_what_is_stored_says_the_same(combined, tmp_path):
    """A stored combination forecasts the same to the last digit; a damaged one is refused."""
    trainer, model, ahead = combined
    trainer.save(model, tmp_path)
    again = CombinationModelTrainer.load(tmp_path)
    assert again.predict(ahead).labels.tolist() == model.predict(ahead).labels.tolist()
    (tmp_path / "combination.json").write_text('{"os": 1.0}')
    with pytest.raises(UnusableArtifactError, match="damaged"):
        CombinationModelTrainer.load(tmp_path)


def test_its_regressors_are_explained(combined):
    """The importance of a regressor is smaller than in a model with lags alone."""
    trainer, model, ahead = combined
    frame, target, _ = rows()
    truth = pd.Series(target.to_numpy()[-6:], name="y")
    alone = trainer.members["ridge"].fit(frame, target)
    explainer = ForecastModelExplainer(problem=PROBLEM)
    together, by_itself = (
        {feature.column for feature in explainer.importance(fitted, ahead, truth)}
        for fitted in (model, alone)
    )
    assert together == by_itself
    assert "offer" in together


def test_what_repeats_itself_stays_exact():
    """A series without noise is forecast exactly, whatever the other members are."""
    values = np.tile(np.arange(12.0) ** 2, 6)
    times = pd.DataFrame({"month": pd.date_range("2000-01-01", periods=78, freq="MS")})
    trainer = CombinationModelTrainer({"naive": 3, "theta": 1}, **NEEDED)
    model = trainer.fit(times[:72], pd.Series(values, name="y"))
    assert model.predict(times[72:]).labels.tolist() == values[:6].tolist()


def scored(trainer, **errors):
    return sorted(
        ((error, trainer.members[name]) for name, error in errors.items()), key=lambda scores: scores[0]
    )


@pytest.mark.parametrize(
    ("errors", "weights"),
    [
        (
            {"naive": 2.0, "damped": 1.0, "theta": 1.0001, "ridge": 1.2, "boosting": 1.3},
            {"damped", "theta", "ridge"},
        ),
        ({"naive": 1.0, "damped": 1.6, "ridge": 1.7}, None),
        ({"naive": 0.0, "damped": 0.0}, None),
        ({"damped": 1.0, "damped_log": 1.0, "ridge": 1.1}, {"damped", "ridge"}),
        ({}, None),
    ],
)
def test_the_best_are_combined_by_the_inverse_of_their_squared_errors(errors, weights):
    """At most three different models, with at most 1.5 times the best error; an exact one stays alone."""
    trainer = CombinationModelTrainer(**NEEDED)
    params = next(iter(trainer.weigh(scored(trainer, **errors))), None)
    assert (params and set(params["weights"])) == weights
    if params:
        shares = params["weights"]
        first, *others = shares
        for other in others:
            expected = (errors[other] / errors[first]) ** -2
            assert shares[other] / shares[first] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("errors", "weights"),
    [
        (
            {"additive": 1.0, "damped": 1.01, "additive_log": 1.02, "damped_log": 1.03, "theta": 1.1},
            {"additive", "additive_log", "theta"},
        ),
        ({"drift": 1.0, "naive": 1.1, "seasonal_naive": 1.2, "damped": 1.3}, {"drift", "damped"}),
        ({"damped": 1.0, "additive": 1.1}, None),
        ({"naive": 1.0, "drift": 1.1, "damped": 1.6}, None),
    ],
)
def test_of_forecasters_of_a_kind_only_the_best_takes_part(errors, weights):
    """Baselines, smoothing with either trend, and that of logarithms: their errors are alike."""
    trainer = CombinationModelTrainer(**NEEDED)
    params = next(iter(trainer.weigh(scored(trainer, **errors))), None)
    assert (params and set(params["weights"])) == weights


@pytest.mark.parametrize(
    ("errors", "weights"),
    [
        (
            {"damped": 1.0, "theta": 1.0001, "drift": 1.9, "naive": 1.8},
            {"naive": 1 / 2, "damped": 1 / 4, "theta": 1 / 4},
        ),
        ({"naive": 1.0, "damped": 1.0001}, {"naive": 3 / 4, "damped": 1 / 4}),
    ],
)
def test_where_a_baseline_is_better_half_of_the_forecast_is_its_own(errors, weights):
    """The second weights to try are the mean of the first and the best baseline, a member or not."""
    trainer = CombinationModelTrainer(**NEEDED)
    _, second = trainer.weigh(scored(trainer, **errors))
    assert second["weights"] == pytest.approx(weights, abs=1e-3)


def test_without_a_baseline_there_is_nothing_else_to_try():
    """If no baseline could be backtested, there are no weights but the first."""
    trainer = CombinationModelTrainer(**NEEDED)
    assert len(trainer.weigh(scored(trainer, damped=1.0, theta=1.1))) == 1


def test_it_is_not_worth_more_than_a_better_baseline():
    """The combination may be worse than a member in the backtest, but not than a baseline."""
    trainer = CombinationModelTrainer(**NEEDED)
    scores = scored(trainer, naive=1.0, damped=0.8)
    assert trainer.is_worth(0.9, scores)
    assert not trainer.is_worth(1.01, scores)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"damp": 1.0}, "unknown member 'damp'.*damped"),
        ({"damped": -1.0}, "positive number.*-1"),
        ({"damped": float("nan")}, "positive number"),
        ({}, "nothing to combine"),
    ],
)
def test_weights_that_cannot_be_are_named(weights, message):
    """Unknown members, no members, and weights that are not positive are refused, in settings and fits."""
    with pytest.raises(VerificationError, match=message):
        CombinationModelTrainer(weights, **NEEDED)
    frame, target, _ = rows()
    with pytest.raises(TrainingError, match=message):
        CombinationModelTrainer(**NEEDED).fit(frame, target, {"weights": weights})


def test_the_title_says_what_is_combined():
    """The title has the share and the name of each member."""
    title = CombinationModelTrainer({"damped": 1, "ridge": 3}, **NEEDED).title
    assert title == "the combination of 25% exponential smoothing (damped trend) and 75% ridge on lags"


def test_the_default_forecaster_combines_what_it_stands_for():
    """Its alternatives are the members; other problems have no combination."""
    auto = AutoModelTrainer(**NEEDED)
    assert list(auto.combination.members.values()) == list(auto.alternatives())
    assert AutoModelTrainer("ridge", **NEEDED).combination is None
