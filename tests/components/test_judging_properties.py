"""Random frames meet nothing but LolpopErrors where models are fitted, judged, explained and drawn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from random_frames import RELAXED, frames

from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
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
from lolpop.errors import LolpopError
from lolpop.problem import Problem

TRAINERS: dict[str, Callable[..., Any]] = {
    "decision_tree": lambda **parts: SklearnModelTrainer("decision_tree", **parts),
    "hist_gradient_boosting": lambda **parts: SklearnModelTrainer(params={"max_iter": 3}, **parts),
    "k_nearest_neighbors": lambda **parts: SklearnModelTrainer(
        "k_nearest_neighbors", {"n_neighbors": 1}, **parts
    ),
    "xgboost": lambda **parts: XGBoostModelTrainer(2, **parts),
    "lightgbm": lambda **parts: LightGBMModelTrainer(2, params={"n_jobs": 1}, **parts),
    "catboost": lambda **parts: CatBoostModelTrainer(2, params={"thread_count": 1}, **parts),
}
TRANSFORMERS = {"sklearn": SklearnFeatureTransformer, "feature_engine": FeatureEngineFeatureTransformer}


@settings(RELAXED, max_examples=25)
@given(
    trainer=st.sampled_from(sorted(TRAINERS)),
    transformer=st.sampled_from(sorted(TRANSFORMERS)),
    frame=frames(at_least=6),
    other=frames(),
    kind=st.sampled_from(["classification", "regression"]),
)
def test_any_frame_is_judged_or_an_error(trainer, transformer, frame, other, kind):
    """A fitted model is stored, predicts the same, and is checked, explained and drawn."""
    try:
        data = wrap(frame)
    except LolpopError:
        return  # names that no frame may have
    features = data.drop("y")
    problem = Problem(name="a", target="y", type=kind, sensitive_features=tuple(features.columns[:2]))
    made = TRAINERS[trainer](problem=problem, feature_transformer=TRANSFORMERS[transformer]())
    X, y = features.to_native(), data.get_column("y").to_native()
    try:
        model = made.fit(X, y)
    except LolpopError:
        return
    predictions = model.predict(X)
    with tempfile.TemporaryDirectory() as folder:
        made.save(model, Path(folder))
        assert type(made).load(Path(folder)).predict(X).labels.tolist() == predictions.labels.tolist()
    for rows, truth in ((X, y), (other, target_of(other))):
        for judge in JUDGES if truth is not None else ():
            try:
                judge(problem, model, rows, truth, X)
            except LolpopError:
                continue


def target_of(frame):
    """The column y, if there is one that could be handed on."""
    try:
        return wrap(frame).get_column("y").to_native() if "y" in frame.columns else None
    except LolpopError:
        return None


def draw(problem, model, rows, truth, X):
    with tempfile.TemporaryDirectory() as folder:
        MatplotlibModelVisualizer(dpi=10, problem=problem).draw(model, rows, truth, Path(folder))


def explain(explainer):
    def judge(problem, model, rows, truth, X):
        explanation = explainer(problem).explain(model, rows, X)
        assert explanation.values.shape == (len(explanation.outputs), len(model.columns))
        explainer(problem).importance(model, rows, truth)

    return judge


def check(problem, model, rows, truth, X):
    checker = BuiltinModelChecker(resamples=100, min_rows=2, problem=problem)
    checker.check(model, rows, truth)
    checker.measure(model, rows, truth)
    checker.compare(model, model, rows, truth)
    checker.compare_to_baseline(model, rows, truth, truth)


JUDGES = [
    check,
    draw,
    lambda problem, model, rows, truth, X: BuiltinModelBiasChecker(min_rows=2, problem=problem).check(
        model, rows, truth
    ),
    lambda problem, model, rows, truth, X: FairlearnModelBiasChecker(
        min_rows=2, intersections=True, problem=problem
    ).check(model, rows, truth),
    explain(lambda problem: SklearnModelExplainer(1, 6, 2, problem=problem)),
    explain(lambda problem: ShapModelExplainer(6, 2, 1)),
]
