"""Shapley values, exact for trees and by replacing columns for other models."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_explainer._orders import attribute_by_orders
from lolpop.components.model_explainer._trees import attribute_trees
from lolpop.components.model_explainer.shap import ShapModelExplainer
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.data.frames import wrap
from lolpop.errors import DataError
from lolpop.problem import Problem

pytest.importorskip("shap")

FEATURES = ["age", "income", "visits", "city", "noise"]
PROBLEMS = {
    "churn": Problem(name="churn", target="churn", positive_label="yes"),
    "level": Problem(name="level", target="level"),
    "spend": Problem(name="spend", target="spend", type="regression"),
}
TREES = {
    "decision_tree": lambda **parts: SklearnModelTrainer("decision_tree", {"max_depth": 4}, **parts),
    "random_forest": lambda **parts: SklearnModelTrainer("random_forest", {"n_estimators": 5}, **parts),
    "xgboost": lambda **parts: XGBoostModelTrainer(10, **parts),
    "lightgbm": lambda **parts: LightGBMModelTrainer(10, params={"n_jobs": 1}, **parts),
    "catboost": lambda **parts: CatBoostModelTrainer(10, params={"thread_count": 1}, **parts),
}


@pytest.fixture(scope="module")
def rows(customers):
    """Customers with three levels of spending as well, and missing values."""
    frame = customers(rows=400)
    frame["level"] = pd.cut(frame["spend"], 3, labels=["low", "middle", "high"]).astype(str)
    frame.loc[::9, ["age", "city"]] = None
    return frame


def learned(make, frame, target="churn", transformer=SklearnFeatureTransformer, features=FEATURES):
    trainer = make(problem=PROBLEMS[target], seed=0, feature_transformer=transformer())
    return trainer.fit(frame[features], frame[target])


def assert_adds_up(explanation, model, frame):
    """Attributions, and what is usual for the class that is predicted, add up to what is explained."""
    usual = explanation.outputs - explanation.values.sum(axis=1)
    predictions = model.predict(frame)
    for label in set(predictions.labels.tolist()) if model.classes else {None}:
        ours = usual if label is None else usual[predictions.labels == label]
        assert np.ptp(ours) < 1e-4 * max(1, np.abs(explanation.outputs).max())


@pytest.mark.parametrize("target", PROBLEMS)
@pytest.mark.parametrize("name", TREES)
def test_attributions_of_trees_add_up_in_units_of_the_prediction(name, target, rows, tmp_path):
    """For every library, two classes, three and numbers, with categories, and for stored models."""
    trainer = TREES[name](problem=PROBLEMS[target], seed=0, feature_transformer=SklearnFeatureTransformer())
    trainer.save(trainer.fit(rows[FEATURES], rows[target]), tmp_path)
    model = type(trainer).load(tmp_path)
    explanation = attribute_trees(model, wrap(rows[FEATURES]))
    assert explanation is not None
    assert_adds_up(explanation, model, rows)
    predictions = model.predict(rows)
    expected = (
        predictions.labels if predictions.probabilities is None else predictions.probabilities.max(axis=1)
    )
    assert explanation.outputs == pytest.approx(expected)


@pytest.mark.parametrize("name", ["xgboost", "random_forest"])
def test_exact_attributions_are_about_what_replacing_columns_finds(name, rows):
    """Both methods agree up to the differences that are usual."""
    frame = rows.fillna({"age": 40, "city": "Oslo"})
    model = learned(TREES[name], frame, features=["age", "income", "visits"])
    data = wrap(frame[["age", "income", "visits"]])
    exact = attribute_trees(model, data)
    replaced = attribute_by_orders(model, data, data[list(range(100))], orders=3, seed=0)
    for one, other in zip(exact.values.T, replaced.values.T, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.9


@pytest.mark.parametrize("transformer", [SklearnFeatureTransformer, FeatureEngineFeatureTransformer])
@pytest.mark.parametrize("estimator", ["hist_gradient_boosting", "logistic_regression", "naive_bayes"])
def test_what_shap_cannot_do_is_explained_all_the_same(estimator, transformer, rows):
    """scikit-learn's boosting with categories, which shap gets wrong, and models without trees."""
    model = learned(lambda **parts: SklearnModelTrainer(estimator, **parts), rows, transformer=transformer)
    assert attribute_trees(model, wrap(rows[FEATURES])) is None
    explanation = ShapModelExplainer().explain(model, rows[:50], rows)
    assert explanation.columns == tuple(FEATURES)
    assert_adds_up(explanation, model, rows[:50])


def test_replacing_columns_is_exact_where_they_matter_in_pairs(rows):
    """For a product of two columns, all subsets by brute force give the same."""

    class Product:
        columns, classes = ("age", "income", "visits"), ()

        def predict(self, frame):
            data = wrap(frame)
            age, income, visits = (data.get_column(name).to_numpy() for name in self.columns)
            from lolpop.components.model_trainer import Predictions

            return Predictions(age * income + visits)

    frame = wrap(rows[["age", "income", "visits"]].fillna(40.0)[:12])
    explanation = attribute_by_orders(Product(), frame[[0, 1]], frame, orders=1, seed=0)
    native = frame.to_native()

    def worth(own, row):
        mixed = native.copy()
        for name in own:
            mixed[name] = native[name].iloc[row]
        return (mixed["age"] * mixed["income"] + mixed["visits"]).mean()

    columns = list(Product.columns)
    for row, at in itertools.product((0, 1), range(3)):
        others = [name for name in columns if name != columns[at]]
        expected = sum(
            math.factorial(size) * math.factorial(2 - size) / math.factorial(3)
            * (worth((*own, columns[at]), row) - worth(own, row))
            for size in range(3)
            for own in itertools.combinations(others, size)
        )  # fmt: skip
        assert explanation.values[row, at] == pytest.approx(expected)


def test_importance_is_of_the_source_columns(rows):
    """The important column comes first, with one feature for each column or for each category."""
    for make in (TREES["lightgbm"], lambda **parts: SklearnModelTrainer("logistic_regression", **parts)):
        importance = ShapModelExplainer().importance(learned(make, rows), rows, rows["churn"])
        assert {feature.column for feature in importance} == set(FEATURES)
        assert {feature.column for feature in importance[:3]} == {"age", "income", "visits"}
        assert all(feature.value >= 0 and feature.deviation >= 0 for feature in importance)


def test_threads_do_not_disturb_each_other(rows):
    """Two models at once have the attributions of each alone, and numpy's own generator is unchanged."""
    models = [
        learned(make, rows)
        for make in (TREES["xgboost"], lambda **parts: SklearnModelTrainer("logistic_regression", **parts))
    ]
    explainer = ShapModelExplainer()
    alone = [explainer.explain(model, rows[:30], rows).values for model in models] * 2
    before = np.random.get_state()[1].tolist()
    with ThreadPoolExecutor(2) as pool:
        explanation = list(pool.map(lambda model: explainer.explain(model, rows[:30], rows), models * 2))
    for expected, result in zip(alone, explanation, strict=True):
        assert np.array_equal(expected, result.values)
    assert np.random.get_state()[1].tolist() == before


def test_what_cannot_be_explained_says_why(rows):
    """No reference rows, or a missing column; no rows at all are no error."""
    model = learned(TREES["decision_tree"], rows)
    explainer = ShapModelExplainer()
    with pytest.raises(DataError, match="no reference rows"):
        explainer.explain(model, rows, rows[:0])
    with pytest.raises(DataError, match=r"no column 'age'.*Did you mean ages"):
        explainer.explain(model, rows.rename(columns={"age": "ages"}), rows)
    assert explainer.explain(model, rows[:0], rows).values.shape == (0, 5)
    with pytest.raises(ValueError, match="permutations must be at least 1, but got 0"):
        ShapModelExplainer(permutations=0)
