"""Forecasts step by step are those of a plain script, in any process, and their intervals hold what they say."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.problem import ForecastingProblem, Problem

MONTHS = ForecastingProblem(name="visitors", target="visits", time="month", horizon=6)
SHOPS = ForecastingProblem(name="sales", target="sold", time="day", series="shop", horizon=7)
YEARS = ForecastingProblem(name="y", target="y", time="year", horizon=4)

TRAINERS = (
    (SklearnModelTrainer, {"estimator": "ridge"}),
    (XGBoostModelTrainer, {"n_estimators": 10}),
    (LightGBMModelTrainer, {"n_estimators": 10}),
    (CatBoostModelTrainer, {"iterations": 10}),
)

pytestmark = pytest.mark.numerical

ELSEWHERE = """
import json, sys
from pathlib import Path
import pandas as pd
from lolpop.registry import import_object

_, frame, *words = sys.argv
predictions = [
    import_object(trainer).load(Path(folder)).predict(pd.read_feather(frame))
    for trainer, folder in zip(words[::2], words[1::2])
]
print(json.dumps([[values.tolist() for values in (one.labels, one.lower, one.upper)] for one in predictions]))
"""


def trainer(problem, estimator="ridge", lags=None, **params):
    """The scikit-learn trainer of a problem."""
    transformer = SklearnFeatureTransformer()
    return SklearnModelTrainer(estimator, params, lags, problem=problem, feature_transformer=transformer)


def fitted(frame, problem, **settings):
    """A model of ``frame``."""
    return trainer(problem, **settings).fit(frame.drop(columns=problem.target), frame[problem.target])


def coming(shops):
    """The week after ``shops``, without any offer."""
    days = pd.date_range(shops["day"].max() + pd.Timedelta(days=1), periods=7)
    return pd.DataFrame(
        [(shop, day, False) for shop in (1, 2, 3, 4) for day in days], columns=["shop", "day", "offer"]
    )


def test_forecasts_are_those_of_a_plain_script():
    """Lags 1 and 2 of a stationary series with ridge, one step after the other."""
    random = np.random.default_rng(0)
    y = np.zeros(200)
    for at in range(2, 200):
        y[at] = 0.9 * y[at - 1] - 0.5 * y[at - 2] + random.normal()
    frame = pd.DataFrame({"year": np.arange(1800, 2000), "y": y})
    model = fitted(frame, YEARS, lags=(1, 2))
    assert model.recipe.difference == 0
    level, unit = y.mean(), y.std()
    z = (y - level) / unit
    plain = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), Ridge(random_state=0)
    )
    plain.fit(np.column_stack([z[1:-1], z[:-2]]), z[2:])
    steps = list(z)
    for _ in range(4):
        steps.append(plain.predict([[steps[-1], steps[-2]]])[0])
    predictions = model.predict(pd.DataFrame({"year": [2000, 2001, 2002, 2003]}))
    assert predictions.labels == pytest.approx(np.array(steps[-4:]) * unit + level, rel=1e-12)


def test_a_trend_goes_on_whatever_the_estimator():
    """Trees cannot predict beyond known values; a differenced series can rise further."""
    frame = pd.DataFrame({"year": np.arange(1900, 2000), "y": 5.0 * np.arange(100)})
    for estimator in ("hist_gradient_boosting", "ridge"):
        predictions = fitted(frame, YEARS, estimator=estimator).predict(pd.DataFrame({"year": [2000, 2003]}))
        assert predictions.labels == pytest.approx([500, 515])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_makes_no_difference(shop_model, shops, seed):
    """Rows in any order, to learn from and to forecast, give each row the same forecast."""
    future = coming(shops).sample(frac=1, random_state=seed)
    expected = shop_model.predict(future.sort_index())
    predictions = shop_model.predict(future)
    for one, other in ((expected.labels, predictions.labels), (expected.lower, predictions.lower)):
        assert one[future.index].tolist() == other.tolist()


def test_rows_to_learn_from_in_any_order_give_the_same_model(shop_model, shops):
    """The order of training rows does not change the model."""
    other = fitted(shops.sample(frac=1, random_state=1), SHOPS)
    future = coming(shops)
    assert other.predict(future).labels.tolist() == shop_model.predict(future).labels.tolist()


def test_a_part_of_the_horizon_is_forecast_as_the_whole(shop_model, shops):
    """Forecasts of some days and shops equal those among all."""
    future = coming(shops)
    expected = shop_model.predict(future).labels
    some = np.array([2, 6, 9, 20])
    assert shop_model.predict(future.iloc[some]).labels == pytest.approx(expected[some], rel=1e-12)


def test_regressors_change_the_forecast(shop_model, shops):
    """An offer raises the forecast by about as much as it raised sales."""
    future = coming(shops)
    more = shop_model.predict(future.assign(offer=True)).labels - shop_model.predict(future).labels
    share = more.reshape(4, 7)[:, 0] / (5, 20, 80, 300)
    assert share == pytest.approx([0.5] * 4, abs=0.2)


def test_stored_models_forecast_the_same_in_another_process(shops, tmp_path):
    """Models of every trainer for rows can be loaded in another process."""
    future, expected, words = coming(shops), [], []
    future.to_feather(tmp_path / "frame")
    for kind, params in TRAINERS:
        made = kind(**params, problem=SHOPS, seed=0, feature_transformer=SklearnFeatureTransformer())
        model = made.fit(shops.drop(columns="sold"), shops["sold"])
        folder = tmp_path / kind.__name__
        folder.mkdir()
        made.save(model, folder)
        assert not {".pkl", ".pickle"} & {file.suffix for file in folder.iterdir()}
        predictions = model.predict(future)
        expected.append(
            [values.tolist() for values in (predictions.labels, predictions.lower, predictions.upper)]
        )
        words += [f"{kind.__module__}:{kind.__qualname__}", str(folder)]
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "frame"), *words]
    process = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(process) == expected


def test_intervals_hold_as_much_as_they_say():
    """About 90% of the later values of many series lie between lower and upper, at every step."""
    inside = []
    for seed in range(12):
        random = np.random.default_rng(seed)
        walks = np.cumsum(random.normal(size=(8, 124)), axis=1)
        rows = pd.DataFrame(
            {
                "key": np.repeat(np.arange(8), 124),
                "year": np.tile(np.arange(1900, 2024), 8),
                "y": walks.ravel(),
            }
        )
        problem = ForecastingProblem(name="y", target="y", time="year", series="key", horizon=4)
        history, later = rows[rows["year"] < 2020], rows[rows["year"] >= 2020]
        predictions = fitted(history, problem).predict(later[["key", "year"]])
        inside.append((later["y"] >= predictions.lower) & (later["y"] <= predictions.upper))
    by_step = np.concatenate(inside).reshape(-1, 4).mean(axis=0)
    assert by_step == pytest.approx([0.9] * 4, abs=0.08)


def test_intervals_grow_with_the_steps_and_with_what_they_should_hold(months):
    """Later steps, also beyond the horizon, and a greater share have wider intervals."""
    future = pd.DataFrame({"month": pd.date_range("2025-07-01", periods=12, freq="MS")})
    widths = []
    for interval in (0.5, 0.9):
        predictions = fitted(months, MONTHS.model_copy(update={"interval": interval})).predict(future)
        widths.append(predictions.upper - predictions.lower)
        assert (np.diff(widths[-1]) > -1e-9).all()
    assert (widths[1] > widths[0]).all()


def test_two_values_are_enough():
    """A history of two values has a forecast and an interval."""
    predictions = fitted(pd.DataFrame({"year": [2000, 2001], "y": [1.0, 2.0]}), YEARS).predict(
        pd.DataFrame({"year": [2002, 2005]})
    )
    assert np.isfinite([predictions.labels, predictions.lower, predictions.upper]).all()


def test_lags_that_say_nothing_are_refused():
    """Lags must be at least 1, and the problem must be forecasting."""
    with pytest.raises(ValueError, match=r"lags must be whole numbers from 1, but got \[0\]"):
        trainer(YEARS, lags=(0,))
    with pytest.raises(ValueError, match="the problem is regression: leave them out"):
        trainer(Problem(name="y", target="y", type="regression"), lags=(1,))


@pytest.fixture(scope="module")
def shop_model(shops):
    """A model of all four shops."""
    return fitted(shops, SHOPS)
