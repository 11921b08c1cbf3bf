import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.inspection import permutation_importance

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_explainer import Importance
from lolpop.components.model_explainer.sklearn import SklearnModelExplainer
from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_visualizer.matplotlib import MatplotlibModelVisualizer
from lolpop.problem import Problem

CHURN = Problem(name="churn", target="churn", positive_label="yes")
SPEND = Problem(name="spend", target="spend", type="regression")
FEATURES = ["age", "income", "visits", "city", "noise"]


def test_what_the_target_follows_from_is_important(customers, fitted):
    """Three columns matter for both types of problem, the others do not."""
    frame = customers(rows=1_000)
    for problem in (CHURN, SPEND):
        importance = SklearnModelExplainer(problem=problem).importance(
            fitted(frame, problem.target), frame[FEATURES], frame[problem.target]
        )
        assert {feature.column for feature in importance[:3]} == {"age", "income", "visits"}
        assert importance[2].value > 3 * abs(importance[3].value)


def test_importance_is_that_of_scikit_learn(customers, fitted):
    """The mean over many shuffles agrees with permutation_importance."""
    frame = customers(rows=400)
    model = fitted(frame, "spend", ["age", "income", "visits"])
    ours = SklearnModelExplainer(100, 400, problem=SPEND).importance(model, frame, frame["spend"])
    theirs = permutation_importance(
        model.estimator,
        model.transformer.transform(frame[["age", "income", "visits"]]),
        frame["spend"],
        scoring="neg_root_mean_squared_error",
        n_repeats=100,
        random_state=0,
    )
    names = [name.removeprefix("remainder__") for name in model.transformer.get_feature_names_out()]
    by_name = dict(zip(names, theirs.importances_mean, strict=True))
    for feature in ours:
        assert feature.value == pytest.approx(by_name[feature.column], rel=0.03)


def test_polars_frames_are_explained_as_pandas_frames_are(customers):
    """Importance and attributions are equal for models of both kinds of frame."""
    frame = customers(rows=300)
    frame.index = frame.index[::-1]
    explained = []
    for rows in (frame, pl.from_pandas(frame)):
        transformers = SklearnFeatureTransformer()
        trainer = SklearnModelTrainer(
            "logistic_regression", problem=CHURN, feature_transformer=transformers, seed=0
        )
        model = trainer.fit(rows[FEATURES], rows["churn"])
        explainer = SklearnModelExplainer(problem=CHURN)
        importance = explainer.importance(model, rows[FEATURES], rows["churn"])
        explained.append((importance, explainer.explain(model, rows[FEATURES][:20], rows[FEATURES])))
    (one, attributed), (other, also) = explained
    assert [feature.column for feature in one] == [feature.column for feature in other]
    assert [feature.value for feature in one] == pytest.approx([feature.value for feature in other])
    assert attributed.values == pytest.approx(also.values)


def test_attributions_of_a_sum_are_its_parts(customers):
    """For a linear model, each is the coefficient times the distance from the mean of the references."""
    frame = customers(rows=300)
    features = ["age", "income"]
    trainer = SklearnModelTrainer(
        "linear_regression", problem=SPEND, feature_transformer=SklearnFeatureTransformer(), seed=0
    )
    model = trainer.fit(frame[features], frame["spend"])
    explanation = SklearnModelExplainer(references=300, problem=SPEND).explain(model, frame[:10], frame)
    slopes = [
        model.predict(frame[:1].assign(**{name: frame[name][0] + 1})).labels[0]
        - model.predict(frame[:1]).labels[0]
        for name in features
    ]
    distances = frame.loc[:9, features] - frame[features].mean()
    assert explanation.columns == ("age", "income")
    assert explanation.values == pytest.approx((distances * slopes).to_numpy())
    assert explanation.outputs == pytest.approx(model.predict(frame[:10]).labels)


def test_figures_are_drawn_without_touching_global_state(customers, fitted, tmp_path, monkeypatch):
    """Each type of problem has its figures, as png or svg, and pyplot is not imported."""
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)  # others may have
    frame = customers(rows=300)
    importance = SklearnModelExplainer(problem=CHURN).importance(fitted(frame), frame, frame["churn"])
    drawn = MatplotlibModelVisualizer(problem=CHURN).draw(
        fitted(frame), frame, frame["churn"], tmp_path, importance
    )
    assert list(drawn) == ["confusion_matrix", "roc", "calibration", "importance"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn.values())
    drawn = MatplotlibModelVisualizer("svg", problem=SPEND).draw(
        fitted(frame, "spend"), frame, frame["spend"], tmp_path
    )
    assert "<svg" in drawn["residuals"].read_text()
    assert "matplotlib.pyplot" not in sys.modules


def test_figures_show_names_character_for_character(customers, fitted, tmp_path):
    """Dollar signs and underscores are shown, and each long name has its own bar."""
    frame = customers(rows=300)
    frame["churn"] = frame["churn"].map({"yes": "_$x_{$", "no": "no"})
    problem = Problem(name="churn", target="churn", positive_label="_$x_{$")
    long = "measured_in_the_laboratory_of"
    importance = [Importance(f"{long}_{name}", 0.5, 0.0) for name in ("monday", "friday")]
    drawn = MatplotlibModelVisualizer("svg", problem=problem).draw(
        fitted(frame), frame, frame["churn"], tmp_path, importance
    )
    assert "_$x_{$: area" in drawn["roc"].read_text()
    assert drawn["importance"].read_text().count(f"<!-- {long[:25]}") == 2


@pytest.mark.parametrize(
    "module", ["model_bias_checker.builtin", "model_explainer.sklearn", "model_visualizer.matplotlib"]
)
def test_importing_an_implementation_imports_no_library(module):
    """Verification imports the classes, so it must be fast."""
    code = (
        f"import sys, lolpop.components.{module}\n"
        "print({'sklearn', 'pandas', 'numpy', 'scipy', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


class Counting(FittedModel):
    """Predicts the first of many columns, and counts the values that it is asked about."""

    columns = tuple(f"x{number}" for number in range(1000))
    classes = ()
    values = 0

    def predict(self, frame):
        self.values += frame.size
        return Predictions(frame["x0"].to_numpy())


def test_the_importance_of_a_thousand_columns_is_affordable():
    """With many columns fewer rows are used, and important columns are still found."""
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(500, 1000))).add_prefix("x")
    model = Counting()
    problem = Problem(name="wide", target="y", type="regression")
    importance = SklearnModelExplainer(problem=problem).importance(model, rows, rows["x0"])
    assert [feature.column for feature in importance if feature.value > 0] == ["x0"]
    assert model.values <= 200_000_000
