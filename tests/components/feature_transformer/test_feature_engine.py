"""Features as feature_engine makes them, stored with every trainer."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.feature_transformer import Accepts
from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.feature_transformer.sources import feature_sources
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.data.frames import wrap
from lolpop.errors import DataError

pytest.importorskip("feature_engine")

TRAINERS = {
    "hist_gradient_boosting": lambda **parts: SklearnModelTrainer(params={"max_iter": 5}, **parts),
    "random_forest": lambda **parts: SklearnModelTrainer("random_forest", {"n_estimators": 5}, **parts),
    "logistic_regression": lambda **parts: SklearnModelTrainer("logistic_regression", **parts),
    "xgboost": lambda **parts: XGBoostModelTrainer(5, **parts),
    "lightgbm": lambda **parts: LightGBMModelTrainer(5, params={"n_jobs": 1}, **parts),
    "catboost": lambda **parts: CatBoostModelTrainer(5, params={"thread_count": 1}, **parts),
}
TREES, FOREST, LINEAR = Accepts(missing=True, categories=True), Accepts(missing=True), Accepts()


@pytest.mark.parametrize("name", TRAINERS)
def test_every_trainer_learns_from_its_features_and_stores_them(name, columns, make_frame, problem, tmp_path):
    """A loaded model predicts the same, also new categories, missing values and columns in another order."""
    frame = wrap(make_frame(columns))
    trainer = TRAINERS[name](problem=problem, feature_transformer=FeatureEngineFeatureTransformer())
    model = trainer.fit(frame.drop("y").to_native(), frame["y"].to_native())
    assert set(model.columns) == {"number", "whole", "flag", "city", "when"}
    assert model.left_out == {"note": "free_text", "nothing": "empty"}
    trainer.save(model, tmp_path)
    loaded = type(trainer).load(tmp_path)
    expected = model.predict(frame.to_native()).probabilities
    assert np.array_equal(expected, loaded.predict(frame.to_native()).probabilities)
    new = {**columns, "city": ["Lima"] * 120, "number": [None] * 119 + [1.0], "when": columns["when"][::-1]}
    assert np.isfinite(loaded.predict(make_frame(dict(reversed(new.items())))).probabilities).all()


def test_rare_categories_are_one(make_frame):
    """Rare and new categories are one category; missing values are another."""
    cities = ["Oslo"] * 60 + ["Rome"] * 35 + ["Lima", "Bern", "Rome", "Kyiv", None]
    made = FeatureEngineFeatureTransformer(rare=0.05).make(make_frame({"city": cities}), LINEAR)
    made.fit(make_frame({"city": cities}))
    assert list(made.get_feature_names_out()) == [
        "categories__city_Oslo", "categories__city_Rome", "categories__city_Rare",
    ]  # fmt: skip
    new = made.transform(make_frame({"city": ["Rome", "Lima", "Tokyo", None]}))
    assert np.asarray(new).tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]]


@pytest.mark.parametrize("make", [SklearnFeatureTransformer, FeatureEngineFeatureTransformer])
@pytest.mark.parametrize("accepts", [TREES, FOREST, LINEAR])
def test_every_feature_knows_its_column(make, accepts, make_frame):
    """Also if columns have names of features."""
    n = 40
    data = {
        "a": [None if at % 7 == 0 else float(at) for at in range(n)],
        "a_na": list(range(n)),
        "when": pd.date_range("2024-01-01", periods=n).to_pydatetime().tolist(),
        "when_year": pd.date_range("2025-01-01", periods=n).to_pydatetime().tolist(),
        "city": ["x", "y_z"] * (n // 2),
        "city_y": ["z", "x"] * (n // 2),
    }
    transformer = make().make(make_frame(data), accepts)
    features = np.asarray(transformer.fit_transform(make_frame(data)), dtype=float)
    sources = feature_sources(transformer)
    assert len(sources) == features.shape[1]
    for column in data:
        other = {**data, column: data[column][::-1]}
        changed = np.asarray(transformer.transform(make_frame(other)), dtype=float)
        differs = ~np.isclose(features, changed, equal_nan=True).all(axis=0)
        assert {sources[at] for at in np.flatnonzero(differs)} == {column}


def test_text_that_looks_like_dates_is_what_its_dtype_says(make_frame):
    """feature_engine does not convert text to dates."""
    frame = make_frame({"day": ["2024-01-01", "2024-02-01"] * 20})
    transformer = FeatureEngineFeatureTransformer().make(frame, LINEAR)
    assert np.asarray(transformer.fit_transform(frame)).shape == (40, 2)


def test_what_leaves_nothing_to_learn_from_and_senseless_settings(make_frame):
    """The errors have the reasons and the values."""
    with pytest.raises(DataError, match=r"No feature is left\. empty: fax"):
        FeatureEngineFeatureTransformer().make(make_frame({"fax": [None] * 5}))
    with pytest.raises(ValueError, match="rare must be at least 0 and less than 1, but got 1"):
        FeatureEngineFeatureTransformer(rare=1)
    with pytest.raises(ValueError, match="max_categories must be between 2 and 254, but got 999"):
        FeatureEngineFeatureTransformer(max_categories=999)
