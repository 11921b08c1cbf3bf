"""What forecasts rest on: lags, the calendar, and what is known in advance."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_explainer.forecasting import ForecastModelExplainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.statsmodels import StatsmodelsModelTrainer
from lolpop.errors import DataError, TrainingError
from lolpop.problem import ForecastingProblem

SHOPS = ForecastingProblem(name="sales", target="sold", time="day", series="shop", horizon=7)


@pytest.fixture(scope="module")
def parts(shops):
    """What is known of four shops, with an offer that counts and a number of no matter, and what comes next."""
    rows = shops.assign(nothing=np.random.default_rng(1).normal(size=len(shops)))
    ahead = rows["day"] > rows["day"].max() - pd.Timedelta(days=7)
    return rows[~ahead].reset_index(drop=True), rows[ahead].reset_index(drop=True)


def trainers():
    """Who forecasts by lags, and who fits each series by itself."""
    yield SklearnModelTrainer("ridge", problem=SHOPS, feature_transformer=SklearnFeatureTransformer())
    yield StatsmodelsModelTrainer("sarimax", order=(0, 0, 0), seasonal_order=(0, 1, 0), problem=SHOPS)


def importance(model, rows, problem=SHOPS):
    """By what is rested on, how much the error rises without it."""
    explainer = ForecastModelExplainer(problem=problem, seed=1)
    importance = explainer.importance(model, rows.drop(columns=problem.target), rows[problem.target])
    assert [feature.value for feature in importance] == sorted(
        (feature.value for feature in importance), reverse=True
    )
    return {feature.column: feature.value for feature in importance}


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("trainer", list(trainers()), ids=["lags", "series"])
def test_a_regressor_that_counts_is_told_from_one_of_no_matter(parts, trainer, kind):
    """Permuting the offer makes forecasts far worse; permuting an unrelated column does not."""
    if kind == "polars":
        pl = pytest.importorskip("polars")
        parts = [pl.from_pandas(part) for part in parts]
        history, ahead = parts
        model = trainer.fit(history.drop("sold"), history["sold"])
        explainer = ForecastModelExplainer(problem=SHOPS)
        importances = explainer.importance(model, ahead.drop("sold"), ahead["sold"])
        importances = {feature.column: feature.value for feature in importances}
    else:
        history, ahead = parts
        importances = importance(trainer.fit(history.drop(columns="sold"), history["sold"]), ahead)
    assert importances["offer"] > 0.1
    assert abs(importances["nothing"]) < importances["offer"] / 10


def test_the_lag_that_series_are_made_by_is_found(months):
    """For noise that repeats after five steps, only lag 5 is important."""
    random = np.random.default_rng(0)
    at = pd.date_range("2024-01-01", periods=200)
    values = np.tile(random.normal(size=5), 40) + random.normal(0, 0.05, 200)
    rows = pd.DataFrame({"day": at, "y": values})
    problem = ForecastingProblem(name="a", target="y", time="day", horizon=10)
    trainer = SklearnModelTrainer(
        "ridge", lags=(1, 2, 5), problem=problem, feature_transformer=SklearnFeatureTransformer()
    )
    importances = importance(trainer.fit(rows[["day"]][:190], rows["y"][:190]), rows[190:], problem)
    assert next(iter(importances)) == "lag_5"
    assert {*importances} >= {"lag_1", "lag_2", "lag_5", "time of week"}


@pytest.mark.parametrize("name", ["lag_1", "week_cos", "offer_change", "time of week"])
def test_regressors_may_be_called_as_features_are(parts, name):
    """A regressor called lag_1 is kept apart from the lag."""
    history, ahead = (part.rename(columns={"nothing": name}) for part in parts)
    model = next(trainers()).fit(history.drop(columns="sold"), history["sold"])
    importances = importance(model, ahead)
    assert abs(importances[name]) < 0.01 < importances["offer"]
    assert len(importances) == len(model.recipe.lags) + len(model.recipe.cycles) + 2


def test_the_same_seed_finds_the_same(parts):
    """The result depends on the seed, and not on the order of rows."""
    history, ahead = parts
    model = next(trainers()).fit(history.drop(columns="sold"), history["sold"])
    assert importance(model, ahead) == importance(model, ahead)
    assert importance(model, ahead[::-1].reset_index(drop=True)) == pytest.approx(importance(model, ahead))


def test_of_many_series_some_are_drawn(parts):
    """Two of four shops give the same result at half the cost."""
    history, ahead = parts
    model = next(trainers()).fit(history.drop(columns="sold"), history["sold"])
    explainer = ForecastModelExplainer(max_series=2, problem=SHOPS, seed=1)
    importances = {
        feature.column: feature.value
        for feature in explainer.importance(model, ahead.drop(columns="sold"), ahead["sold"])
    }
    assert importances["offer"] > 0.1 > abs(importances["nothing"])
    assert importances != importance(model, ahead)


def test_without_regressors_models_of_single_series_rest_on_nothing(months):
    """Models of single series without regressors have no columns to explain."""
    problem = ForecastingProblem(name="a", target="visits", time="month", horizon=6)
    trainer = StatsmodelsModelTrainer("sarimax", order=(0, 1, 1), seasonal_order=(0, 1, 1), problem=problem)
    model = trainer.fit(months[["month"]][:120], months["visits"][:120])
    assert importance(model, months[120:], problem) == {}


def test_what_forecasts_nothing_is_refused(parts):
    """Other models, and single forecasts, cannot be explained."""
    history, ahead = parts
    explainer = ForecastModelExplainer(problem=SHOPS)
    with pytest.raises(TrainingError, match=r"^An object cannot forecast series"):
        explainer.importance(object(), ahead, ahead["sold"])
    with pytest.raises(DataError, match="Single forecasts are not explained"):
        explainer.explain(object(), ahead, history)
    with pytest.raises(ValueError, match="repeats must be at least 1, but got 0"):
        ForecastModelExplainer(0, problem=SHOPS)
