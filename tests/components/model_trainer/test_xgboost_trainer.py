from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.errors import StoreError, TrainingError
from lolpop.problem import Problem

xgboost = pytest.importorskip("xgboost")

Make = Callable[[Any], Any]


def trainer(kind: Any = "classification", **settings: Any) -> XGBoostModelTrainer:
    problem = Problem(name="churn", target="y", type=kind)
    settings = {"n_estimators": 10, **settings}
    return XGBoostModelTrainer(
        **settings, problem=problem, seed=0, feature_transformer=SklearnFeatureTransformer()
    )


def test_it_is_the_plain_script_on_numbers() -> None:
    """With defaults, the probabilities equal those of a plain XGBClassifier."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    plain = xgboost.XGBClassifier(random_state=0).fit(X, y)
    predictions = trainer(n_estimators=100).fit(X, y).predict(X)
    assert np.array_equal(predictions.probabilities, plain.predict_proba(X))
    assert np.array_equal(predictions.labels, plain.predict(X))


@pytest.mark.parametrize("labels", [["no", "yes"], [False, True], [3, 7], ["a", "b", "c"]])
def test_labels_are_the_targets_own_before_and_after_storing(
    make_frame: Make, columns: dict[str, Any], tmp_path: Path, labels: list[Any]
) -> None:
    """Labels have the type of the target, and every kind of column works after loading."""
    frame = make_frame({name: values for name, values in columns.items() if name != "y"})
    target = make_frame({"y": [labels[i % len(labels)] for i in columns["whole"]]})["y"]
    model = trainer().fit(frame, target)
    trainer().save(model, tmp_path)
    stored = XGBoostModelTrainer.load(tmp_path)
    one, other = model.predict(frame), stored.predict(frame)
    assert one.classes == other.classes == tuple(labels)
    assert one.labels.tolist() == other.labels.tolist()
    assert set(one.labels.tolist()) <= set(labels)
    assert np.array_equal(one.probabilities, other.probabilities)
    assert {path.name for path in tmp_path.iterdir()} == {"estimator.ubj", "transformer.skops", "model.json"}


def test_numbers_are_predicted_before_and_after_storing(tmp_path: Path) -> None:
    """A regression predicts the same after loading."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = trainer("regression").fit(X, y)
    trainer().save(model, tmp_path)
    assert np.array_equal(
        XGBoostModelTrainer.load(tmp_path).predict(X).labels,
        xgboost.XGBRegressor(n_estimators=10, random_state=0).fit(X, y).predict(X),
    )


def test_columns_may_have_any_name(make_frame: Make) -> None:
    """Names that XGBoost refuses, such as income<50k, work."""
    frame = make_frame({"income<50k": [1.0, 2.0] * 10, "a[0]": [3.0, 4.0] * 10})
    target = make_frame({"y": ["a", "b"] * 10})["y"]
    model = trainer(min_child_weight=0).fit(frame, target)
    assert model.predict(frame).labels.tolist() == ["a", "b"] * 10


def test_unseen_categories_are_predicted(make_frame: Make) -> None:
    """A category that was not in training is no error."""
    frame = make_frame({"city": ["Rome", "Oslo"] * 10})
    model = trainer().fit(frame, make_frame({"y": ["a", "b"] * 10})["y"])
    assert len(model.predict(make_frame({"city": ["Paris", None, "Rome"]})).labels) == 3


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_estimators": -3}, "n_estimators of XGBoost cannot be -3"),
        ({"max_depth": -1}, "max_depth of XGBoost cannot be -1"),
        ({"learning_rate": "fast"}, "learning_rate of XGBoost cannot be 'fast'"),
        ({"gamma": -1}, "gamma of XGBoost cannot be -1"),
        ({"tree_method": "foo"}, "valid values are"),
        ({"objective": "foo"}, "Unknown objective function: `foo`"),
        ({"max_dept": 3}, "params.max_dept: XGBoost has no such parameter. Did you mean max_depth"),
    ],
)
def test_parameters_that_xgboost_refuses_are_named(params: dict[str, Any], message: str) -> None:
    """Also those that XGBoost itself ignores."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    with pytest.raises(TrainingError, match=message):
        trainer().fit(X[:50], y[:50], params)


def test_verification_knows_the_parameters_of_xgboost() -> None:
    """Unknown names in params are findings with near names; known ones match variables of any case."""
    [finding] = XGBoostModelTrainer.check_settings({"params": {"reg_alhpa": 1, "gamma": 2}})
    assert (finding.path, finding.hint) == ("params.reg_alhpa", "Did you mean reg_alpha?")
    assert "reg_alpha" in XGBoostModelTrainer.known_keys("params", {})


def test_the_search_space_is_of_its_settings() -> None:
    """Points of the search space can be fitted."""
    assert set(trainer().search_space()) <= set(trainer().params())


def test_a_model_of_another_trainer_is_refused(columns: dict[str, Any], tmp_path: Path) -> None:
    """A trainer stores models of its own library only."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    problem, features = Problem(name="a", target="y"), SklearnFeatureTransformer()
    other = SklearnModelTrainer("decision_tree", problem=problem, feature_transformer=features).fit(X, y)
    with pytest.raises(TrainingError, match="Use the trainer that fitted it"):
        trainer().save(other, tmp_path)


def test_a_damaged_model_is_an_error(tmp_path: Path) -> None:
    """A truncated file is a StoreError with its folder."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    trainer().save(trainer().fit(X, y), tmp_path)
    (tmp_path / "estimator.ubj").write_bytes((tmp_path / "estimator.ubj").read_bytes()[:500])
    with pytest.raises(StoreError, match=str(tmp_path)):
        XGBoostModelTrainer.load(tmp_path)


def test_pandas_frames_keep_their_index_out_of_it() -> None:
    """The index of a frame, also with duplicates, changes nothing."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    indexed = X.set_axis(np.zeros(len(X), dtype=int), axis=0)
    model = trainer().fit(indexed, pd.Series(y.to_numpy(), name="y"))
    assert np.array_equal(model.predict(indexed).labels, trainer().fit(X, y).predict(X).labels)
