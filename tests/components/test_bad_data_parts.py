"""Settings that do not fit the problem, and rows that single parts of a training cannot do with."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.feature_transformer.feature_engine import FeatureEngineFeatureTransformer
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.components.model_bias_checker.fairlearn import FairlearnModelBiasChecker
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_explainer.shap import ShapModelExplainer
from lolpop.components.model_explainer.sklearn import SklearnModelExplainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.errors import DataError, VerificationError
from lolpop.problem import Problem
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.regression import RegressionContainer

CLASSES = Problem(name="p", target="y", sensitive_features=("group",))
NUMBERS = Problem(name="p", target="y", type="regression")
SETTINGS = {"problem": {"name": "p", "target": "y"}, "data": {"train": "rows.csv"}}
TRANSFORMERS = [SklearnFeatureTransformer, FeatureEngineFeatureTransformer]


def finding_of(container, **overrides):
    settings = {**SETTINGS, **{path.replace("__", "."): value for path, value in overrides.items()}}
    with pytest.raises(VerificationError) as raised:
        container.load(environ={}, overrides=settings).verify()
    (finding,) = (finding for finding in raised.value.findings if finding.severity == "error")
    return finding


@pytest.mark.parametrize(
    ("container", "settings", "path", "message", "hint"),
    [
        (ClassificationContainer, {"model_checker__metric": "roc_acu"}, "model_checker.metric", "there is no metric 'roc_acu'", "roc_auc"),
        (RegressionContainer, {"model_checker__metric": "root_mean_squared_eror"}, "model_checker.metric", "there is no metric", "root_mean_squared_error"),
        (ClassificationContainer, {"model_checker__metric": "r2"}, "model_checker.metric", "r2 is a metric of regression, and the problem is classification", "log_loss"),
        (RegressionContainer, {"model_checker__metric": "accuracy"}, "model_checker.metric", "accuracy is a metric of classification, and the problem is regression", "r2"),
        (ClassificationContainer, {"train__model_trainer__estimator": "lasso"}, "train.model_trainer.estimator", "'lasso' is not for classification", "logistic_regression"),
        (RegressionContainer, {"train__model_trainer__estimator": "logistic_regression"}, "train.model_trainer.estimator", "'logistic_regression' is not for regression", "ridge"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_problem_is_a_finding(container, settings, path, message, hint):
    """The finding names the setting and valid values; nothing is built."""
    finding = finding_of(container, **settings)
    assert finding.path == path
    assert message in finding.message
    assert hint in finding.hint


def test_a_problem_that_is_invalid_is_its_own_finding_only():
    """A metric is not checked against an invalid problem."""
    finding = finding_of(
        ClassificationContainer, problem={"name": "p", "target": "y", "type": "regression"},
        model_checker__metric="r2",
    )  # fmt: skip
    assert finding.path == "problem.type"


def rows(n=60):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=n), "group": ["a"] * (n - 1) + ["b"]})
    return frame.assign(y=np.where(frame["x"] > 0, "yes", "no"))


def trained(frame, problem=CLASSES, transformer=SklearnFeatureTransformer, estimator="decision_tree"):
    trainer = SklearnModelTrainer(estimator, problem=problem, feature_transformer=transformer())
    return trainer.fit(frame.drop(columns="y"), frame["y"])


BROKEN = {
    "numbers that are text": (NUMBERS, lambda frame: frame, r"'y' should contain numbers.*the runner classification"),
    "one row": (CLASSES, lambda frame: frame[:1], "cannot be learned from 1 row"),
    "one class": (CLASSES, lambda frame: frame.assign(y="yes"), "only one class, 'yes'"),
    "a missing target": (CLASSES, lambda frame: frame.assign(y=frame["y"].mask(frame.index < 3)), "'y' is missing in 3 rows"),
    "no target": (CLASSES, lambda frame: frame.assign(y=None), "'y' is missing in 60 rows"),
    "lists only": (CLASSES, lambda frame: frame[["y"]].assign(x=[[1]] * 60), "No feature is left.*not_tabular: x"),
}  # fmt: skip


@pytest.mark.parametrize("transformer", TRANSFORMERS)
@pytest.mark.parametrize("case", BROKEN)
def test_rows_that_teach_nothing_are_named(case, transformer):
    """Every trainer names the column and what to do."""
    problem, change, message = BROKEN[case]
    frame = change(rows())
    for make in (SklearnModelTrainer, XGBoostModelTrainer):
        trainer = make(problem=problem, feature_transformer=transformer())
        with pytest.raises(DataError, match=message):
            trainer.fit(frame.drop(columns="y"), frame["y"])


@pytest.mark.parametrize("transformer", TRANSFORMERS)
def test_ten_thousand_categories_and_lists_are_left_out_or_put_together(transformer):
    """Such text is left out, a categorical column keeps frequent categories, lists are left out."""
    n = 20_000
    codes = [f"c{at % 10_000}" for at in range(n)]
    frame = pd.DataFrame({"x": np.arange(n) % 7, "text": codes, "kind": pd.Categorical(codes)})
    frame["lists"] = [[1, 2]] * n
    frame["y"] = np.where(frame["x"] > 3, "yes", "no")
    model = trained(frame, transformer=transformer, estimator="logistic_regression")
    assert model.left_out == {"text": "free_text", "lists": "not_tabular"}
    assert model.transformer.transform(frame[["x", "kind"]][:5]).shape[1] <= 102
    assert (model.predict(frame[:50].assign(kind="new")).labels == frame["y"][:50]).all()


def test_columns_of_one_name_are_named():
    """Every component refuses duplicate column names."""
    frame = rows()
    model = trained(frame)
    double = frame[["x", "group", "group", "y"]]
    parts = [
        lambda: SklearnDataSplitter(problem=CLASSES).split(double),
        lambda: SklearnFeatureTransformer().make(double),
        lambda: FeatureEngineFeatureTransformer().make(double),
        lambda: model.predict(double),
        lambda: BuiltinModelChecker(problem=CLASSES).check(model, double, frame["y"]),
        lambda: BuiltinModelBiasChecker(problem=CLASSES).check(model, double, frame["y"]),
        lambda: FairlearnModelBiasChecker(problem=CLASSES).check(model, double, frame["y"]),
        lambda: SklearnModelExplainer(problem=CLASSES).explain(model, double, frame),
        lambda: ShapModelExplainer().explain(model, double, frame),
    ]
    for part in parts:
        with pytest.raises(DataError, match="Several columns have the same name: 'group'"):
            part()


@pytest.mark.parametrize("checker", [BuiltinModelBiasChecker, FairlearnModelBiasChecker])
def test_a_group_of_one_row_is_not_judged(checker):
    """It is reported as too small, with pandas and polars; the other groups are not compared with it."""
    frame = rows()
    model = trained(frame)
    for library in (frame, pl.from_pandas(frame)):
        report = checker(problem=CLASSES).check(model, library, library["y"])
        assert [check.check for check in report.of("warn")] == ["few_rows_of_groups"]
        assert (
            "cannot be compared; groups of fewer than 20 rows are not compared: 'b'"
            in report.checks[0].message
        )


def test_a_split_by_groups_of_which_one_has_one_row():
    """No group is divided; a single group cannot be split."""
    splitter = SklearnDataSplitter(0.5, by="group", column="group", problem=CLASSES)
    splits = splitter.split(rows())
    assert sorted([len(splits.train), len(splits.test)]) == [1, 59]
    with pytest.raises(DataError, match="none is left for the train split"):
        splitter.split(rows()[:-1])


@pytest.fixture
def numbers(tmp_path):
    """Settings of a regression whose estimator has nothing to search."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=80)})
    frame.assign(y=2 * frame["x"] + random.normal(size=80)).to_csv(tmp_path / "rows.csv", index=False)
    (tmp_path / "lolpop.yaml").write_text(
        "problem: {name: p, target: y}\ndata: {train: rows.csv}\n"
        "train: {model_trainer: {estimator: linear_regression}}\n"
    )
    return tmp_path / "lolpop.yaml"


def test_a_search_without_a_search_space_says_so(numbers):
    """Without trials, there is no search."""
    searching = {"train.hyperparameter_tuner.n_trials": 3}
    with (
        RegressionContainer.load(numbers, environ={}, overrides=searching) as container,
        pytest.raises(DataError, match=r"No parameter.*Set n_trials to 0, or use a trainer that has one"),
    ):
        container.runner().run()
    off = {"train.hyperparameter_tuner.n_trials": 0, "skip": ["analyze_model", "profile_data"]}
    with RegressionContainer.load(numbers, environ={}, overrides=off) as container:
        container.runner().run()
        assert container.metadata_tracker().get("model_version:p@1") is not None


@pytest.mark.parametrize("name", ["*", "^x.*$"])
def test_names_that_are_patterns_to_polars_are_refused(name):
    """Polars would read them as patterns; pandas has no patterns."""
    frame = rows().rename(columns={"x": name})
    split = SklearnDataSplitter(problem=CLASSES).split
    assert len(split(frame).test) == 12
    with pytest.raises(DataError, match=r"Polars takes names such as .* for patterns.*Rename the columns"):
        split(pl.from_pandas(frame))
