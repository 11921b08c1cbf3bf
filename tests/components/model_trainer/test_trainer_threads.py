"""How many threads a fit and a prediction use."""

import sys
import threading

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from threadpoolctl import threadpool_info, threadpool_limits

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer import _threads, sklearn
from lolpop.components.model_trainer._threads import at_most, openmp_threads_for, threads_for
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.problem import Problem

PARTS = {
    "problem": Problem(name="p", target="y", type="regression"),
    "feature_transformer": SklearnFeatureTransformer(),
}


def used():
    return [pool["num_threads"] for pool in threadpool_info()]


class Witness(RegressorMixin, BaseEstimator):
    """Says how many threads its fit and its predictions had."""

    seen: list = []  # noqa: RUF012

    def fit(self, X, y):
        self.seen.append(used())
        return self

    def predict(self, X):
        self.seen.append(used())
        return np.zeros(len(X))


@pytest.fixture
def two_processors(monkeypatch):
    """Two processors, and libraries that use both."""
    monkeypatch.setattr(_threads, "processors", lambda: 2)
    monkeypatch.setattr(_threads, "free_processors", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with threadpool_limits(2):
        yield


def table(rows=200, columns=4):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(rows, columns))).add_prefix("x")
    return frame, pd.Series(frame["x0"] * frame["x1"] + random.normal(size=rows), name="y")


def test_small_tables_have_one_thread_and_great_ones_all_processors(two_processors, monkeypatch):
    """The size decides, within the limits of the environment."""
    assert (threads_for(1_168, 70), threads_for(20_000, 20), threads_for(1_000_000, 20)) == (1, 1, 2)
    monkeypatch.setenv("OMP_NUM_THREADS", "1,1")
    assert threads_for(1_000_000, 20) == 1


@pytest.mark.parametrize(("free", "expected"), [(1, (1, 1, 1)), (2, (1, 2, 2))])
def test_openmp_has_the_processors_that_are_free(two_processors, monkeypatch, free, expected):
    """A thread whose processor another process uses would keep all others waiting."""
    monkeypatch.setattr(_threads, "free_processors", lambda: free)
    sizes = ((500, 30), (1_168, 70), (1_000_000, 20))
    assert tuple(openmp_threads_for(*size) for size in sizes) == expected
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert openmp_threads_for(*sizes[-1]) == 1


@pytest.mark.parametrize(("threads", "expected"), [(None, 1), (1, 1), (2, 2)])
def test_a_fit_has_as_many_threads_as_the_table_is_worth_or_the_setting_says(
    two_processors, threads, expected
):
    """Before and after the fit, libraries have their former number of threads."""
    Witness.seen.clear()
    before = used()
    trainer = SklearnModelTrainer(f"{__name__}:Witness", threads=threads, **PARTS)
    frame, target = table()
    trainer.fit(frame, target).predict(frame)
    fit, predict = Witness.seen
    assert set(fit) == {expected}
    assert set(predict) == {1}
    assert used() == before


def test_limits_are_nested_and_hold_for_several_threads(two_processors):
    """The smallest limit holds in every thread, and the former one is restored."""
    before, seen, inside, leave = used(), [], threading.Event(), threading.Event()

    def other():
        with at_most(1):
            inside.set()
            leave.wait(10)
            seen.append(set(used()))

    with at_most(2):
        with at_most(1):
            thread = threading.Thread(target=other)
            thread.start()
            inside.wait(10)
            assert set(used()) == {1}
        blas = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        assert blas <= {1}
        leave.set()
        thread.join()
    assert (seen, used()) == ([{1}], before)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SklearnModelTrainer("hist_gradient_boosting", {"max_iter": 20}, **PARTS),
        lambda: SklearnModelTrainer("ridge", **PARTS),
        lambda: XGBoostModelTrainer(20, **PARTS),
        lambda: LightGBMModelTrainer(20, **PARTS),
        lambda: CatBoostModelTrainer(20, **PARTS),
    ],
    ids=["sklearn", "ridge", "xgboost", "lightgbm", "catboost"],
)
def test_results_are_the_same_whatever_the_number_of_threads(make, two_processors, monkeypatch):
    """One thread and two fit the same model, and predict the same."""
    frame, target = table(1_500, 6)
    predicted = []
    for number in (1, 2):
        for name in ("boosting", "tabular", "sklearn", "xgboost", "lightgbm", "catboost"):
            module = sys.modules[f"lolpop.components.model_trainer.{name}"]
            monkeypatch.setattr(module, "threads_for", lambda rows, columns, number=number: number)
        monkeypatch.setattr(sklearn, "openmp_threads_for", lambda rows, columns, number=number: number)
        predicted.append(make().fit(frame, target).predict(frame).labels)
    np.testing.assert_allclose(predicted[0], predicted[1], rtol=1e-9)


@pytest.mark.parametrize(("stated", "expected"), [({}, 1), ({"n_jobs": 2}, 2)])
def test_threads_of_boosting_are_a_parameter_of_the_library(stated, expected):
    """The number depends on the size of the table, unless it is set."""
    frame, target = table()
    model = XGBoostModelTrainer(3, params=stated, **PARTS).fit(frame, target)
    assert model.estimator.library_model.n_jobs == expected
