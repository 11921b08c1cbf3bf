"""No component keeps anything of one call: one instance works on two datasets, in turn and at once."""

import functools
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.hyperparameter_tuner.grid import GridHyperparameterTuner
from lolpop.components.hyperparameter_tuner.optuna import OptunaHyperparameterTuner
from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.components.model_bias_checker.fairlearn import FairlearnModelBiasChecker
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_explainer.shap import ShapModelExplainer
from lolpop.components.model_explainer.sklearn import SklearnModelExplainer
from lolpop.components.model_trainer.catboost import CatBoostModelTrainer
from lolpop.components.model_trainer.lightgbm import LightGBMModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.components.model_visualizer.matplotlib import MatplotlibModelVisualizer
from lolpop.data.frames import wrap
from lolpop.problem import Problem

PROBLEM = Problem(name="p", target="y", positive_label="yes", sensitive_features=("city",))
FEATURES = SklearnFeatureTransformer()


def dataset(seed: int) -> pd.DataFrame:
    """Two datasets differ in their rows, their columns and their categories."""
    random, n = np.random.default_rng(seed), 120 + 40 * seed
    number = random.normal(size=n)
    cities = [["Oslo", "Rome"], ["Bern", "Lima", "Kyiv"]][seed]
    frame = pd.DataFrame({f"number_{seed}": number, "city": random.choice(cities, n)})
    frame["when"] = pd.date_range("2024-01-01", periods=n)
    frame["y"] = np.where(number + random.normal(scale=0.5, size=n) > 0, "yes", "no")
    return frame


DATASETS = [dataset(0), dataset(1)]


def features(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns="y")


@functools.cache
def model(at: int) -> Any:
    frame = DATASETS[at]
    trainer = SklearnModelTrainer("logistic_regression", problem=PROBLEM, feature_transformer=FEATURES)
    return trainer.fit(features(frame), frame["y"])


def model_of(frame: pd.DataFrame) -> Any:
    return model(0 if frame is DATASETS[0] else 1)


def fitted(trainer: Any, frame: pd.DataFrame) -> Any:
    return trainer.fit(features(frame), frame["y"]).predict(features(frame)).probabilities.tolist()


def made(transformer: Any, frame: pd.DataFrame) -> Any:
    return np.asarray(transformer.make(features(frame)).fit_transform(features(frame))).tolist()


def searched(tuner: Any, frame: pd.DataFrame) -> Any:
    trainer = SklearnModelTrainer("decision_tree", problem=PROBLEM, feature_transformer=FEATURES)
    space = {"max_depth": trainer.search_space()["max_depth"]}
    result = tuner.search(lambda _, params: len(frame) / params["max_depth"], [(trainer, space)])
    return [(dict(trial.params), trial.score) for trial in result.trials]


def checked(checker: Any, frame: pd.DataFrame) -> Any:
    parts = model_of(frame), features(frame), frame["y"]
    metrics = checker.measure(*parts)
    report = [check for check in checker.check(*parts).checks if check.check != "prediction_time"]
    return metrics, report, checker.compare_to_baseline(*parts, frame["y"])


def explained(explainer: Any, frame: pd.DataFrame) -> Any:
    explanation = explainer.explain(model_of(frame), features(frame)[:20], features(frame))
    importance = explainer.importance(model_of(frame), features(frame), frame["y"])
    return explanation.values.tolist(), [asdict(feature) for feature in importance]


def drawn(visualizer: Any, frame: pd.DataFrame, folder: Any) -> Any:
    folder = folder / hashlib.sha256(frame.to_csv().encode()).hexdigest()
    folder.mkdir(exist_ok=True)
    figures = visualizer.draw(model_of(frame), features(frame), frame["y"], folder)
    return {name: path.read_bytes() for name, path in figures.items()}


def split(splitter: Any, frame: pd.DataFrame) -> Any:
    parts = splitter.split(frame)
    return [wrap(part).to_dict(as_series=False) for part in (parts.train, parts.test, parts.validation)]


TRAINING = {"problem": PROBLEM, "seed": 3, "feature_transformer": FEATURES}


def estimator(name: str, **params: Any) -> Callable[[], Any]:
    return lambda: SklearnModelTrainer(name, params, **TRAINING)


COMPONENTS: dict[str, tuple[Callable[[], Any], Callable[..., Any]]] = {
    "hist_gradient_boosting": (estimator("hist_gradient_boosting", max_iter=5), fitted),
    "random_forest": (estimator("random_forest", n_estimators=5), fitted),
    "gradient_boosting": (estimator("gradient_boosting", n_estimators=5), fitted),
    "support_vector_machine": (estimator("support_vector_machine"), fitted),
    "k_nearest_neighbors": (estimator("k_nearest_neighbors"), fitted),
    "xgboost": (lambda: XGBoostModelTrainer(5, params={"n_jobs": 1}, **TRAINING), fitted),
    "lightgbm": (lambda: LightGBMModelTrainer(5, params={"n_jobs": 1}, **TRAINING), fitted),
    "catboost": (lambda: CatBoostModelTrainer(5, params={"thread_count": 1}, **TRAINING), fitted),
    "sklearn features": (SklearnFeatureTransformer, made),
    "feature_engine": (FeatureEngineFeatureTransformer, made),
    "optuna": (lambda: OptunaHyperparameterTuner(4, seed=3), searched),
    "grid": (lambda: GridHyperparameterTuner(3), searched),
    "model checker": (lambda: BuiltinModelChecker(resamples=100, problem=PROBLEM, seed=3), checked),
    "bias": (
        lambda: BuiltinModelBiasChecker(problem=PROBLEM),
        lambda checker, frame: checker.check(model_of(frame), frame, frame["y"]),
    ),
    "fairlearn": (
        lambda: FairlearnModelBiasChecker(problem=PROBLEM),
        lambda checker, frame: checker.check(model_of(frame), frame, frame["y"]),
    ),
    "sklearn explainer": (lambda: SklearnModelExplainer(problem=PROBLEM, seed=3), explained),
    "shap": (lambda: ShapModelExplainer(seed=3), explained),
    "random splits": (lambda: SklearnDataSplitter(0.2, 0.2, problem=PROBLEM, seed=3), split),
    "splits by group": (
        lambda: SklearnDataSplitter(0.3, by="group", column="city", problem=PROBLEM, seed=3),
        lambda splitter, frame: [part.to_dict() for part in (splitter.split(frame).train,)],
    ),
    "data checker": (
        lambda: BuiltinDataChecker(problem=PROBLEM),
        lambda checker, frame: checker.check(frame),
    ),
    "data profiler": (
        lambda: BuiltinDataProfiler(problem=PROBLEM),
        lambda profiler, frame: profiler.profile(frame),
    ),
}


@pytest.mark.parametrize("name", COMPONENTS)
def test_an_instance_that_was_used_is_as_good_as_new(name):
    """A used instance, one call after the other or in two threads, gives the results of a new one."""
    make, use = COMPONENTS[name]
    if name in {"xgboost", "lightgbm", "catboost", "feature_engine", "fairlearn", "shap"}:
        pytest.importorskip(name)
    fresh = [use(make(), frame) for frame in DATASETS]
    one = make()
    assert [use(one, frame) for frame in (*DATASETS, *DATASETS)] == fresh * 2
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda frame: use(one, frame), DATASETS * 3)) == fresh * 3


def test_a_visualizer_that_was_used_is_as_good_as_new(tmp_path):
    """Figures are equal byte by byte."""
    fresh = [drawn(MatplotlibModelVisualizer(problem=PROBLEM), frame, tmp_path) for frame in DATASETS]
    one = MatplotlibModelVisualizer(problem=PROBLEM)
    assert [drawn(one, frame, tmp_path) for frame in DATASETS] == fresh
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda frame: drawn(one, frame, tmp_path), DATASETS)) == fresh
