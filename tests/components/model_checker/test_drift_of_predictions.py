"""A model is told to predict for new rows what it predicted before, or not, before the truth is known."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import DataError
from lolpop.problem import Problem
from lolpop_containers.classification import ClassificationContainer

CANCER = Problem(name="cancer", target="target")
DIABETES = Problem(name="diabetes", target="target", type="regression")


@pytest.fixture(params=[(CANCER, load_breast_cancer), (DIABETES, load_diabetes)], ids=["classes", "numbers"])
def fitted(request):
    """A problem, a model of its real rows, and those rows in two halves."""
    problem, load = request.param
    rows = load(as_frame=True).frame.sample(frac=1, random_state=0)
    features, target = rows.drop(columns="target"), rows["target"]
    trainer = SklearnModelTrainer(
        "random_forest", problem=problem, feature_transformer=SklearnFeatureTransformer()
    )
    half = len(rows) // 2
    return problem, trainer.fit(features, target), features[:half], features[half:]


def test_rows_of_one_kind_are_predicted_alike(fitted):
    """Two halves of the rows show no drift."""
    problem, model, one, other = fitted
    report = BuiltinModelChecker(problem=problem).drift(model, one, other)
    assert {check.status for check in report.checks} == {"ok"}
    names = {"prediction", *(f"probability_{name}" for name in model.classes)}
    assert {column.column for column in report.columns} == names


def test_rows_of_another_kind_are_predicted_otherwise(fitted):
    """Rows with the greatest predictions drift from all rows, whatever their columns are."""
    problem, model, one, other = fitted
    predictions = model.predict(one)
    score = predictions.labels if predictions.probabilities is None else predictions.probabilities[:, 1]
    report = BuiltinModelChecker(problem=problem).drift(model, one[score > np.median(score)], other)
    [check] = report.checks
    assert (check.check, check.status) == ("drift", "warn")
    assert "prediction" in check.columns


def test_drift_is_judged_by_the_profiler_of_the_container():
    """Settings of the profiler apply to predictions, too."""
    rows = load_breast_cancer(as_frame=True).frame
    features, target = rows.drop(columns="target"), rows["target"]
    settings = {"problem": {"name": "cancer", "target": "target"}, "data.train": "x.csv"}
    for warn_psi, status in ((0.1, "warn"), (1e9, "ok")):
        overrides = settings | {"data_profiler": {"warn_psi": warn_psi}}
        with ClassificationContainer.load(environ={}, overrides=overrides) as container:
            model = container.train.model_trainer().fit(features, target)
            report = container.model_checker().drift(model, features[target == 1], features)
        assert report.checks[0].status == status


def test_rows_that_cannot_be_predicted_cannot_drift(fitted):
    """A missing column is an error with its name."""
    problem, model, one, other = fitted
    with pytest.raises(DataError, match=repr(other.columns[0])):
        BuiltinModelChecker(problem=problem).drift(model, one, other.iloc[:, 1:])
