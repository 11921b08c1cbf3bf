from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_trainer import Choice, FittedModel, Predictions
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import DataError, StoreError, TrainingError, UntrustedTypeError, VerificationError
from lolpop.problem import Problem

pytestmark = pytest.mark.numerical

Make = Callable[[Any], Any]

CLASSIFIERS = [
    "decision_tree", "extra_trees", "gradient_boosting", "hist_gradient_boosting", "k_nearest_neighbors",
    "logistic_regression", "naive_bayes", "random_forest", "ridge", "support_vector_machine",
    "sklearn.neural_network:MLPClassifier",
]  # fmt: skip
REGRESSORS = [
    "decision_tree", "elastic_net", "extra_trees", "gradient_boosting", "hist_gradient_boosting",
    "k_nearest_neighbors", "lasso", "linear_regression", "random_forest", "ridge",
    "support_vector_machine", "sklearn.linear_model:BayesianRidge",
]  # fmt: skip
QUICK = {
    "extra_trees": {"n_estimators": 5},
    "gradient_boosting": {"n_estimators": 5},
    "hist_gradient_boosting": {"max_iter": 5},
    "random_forest": {"n_estimators": 5},
    "sklearn.neural_network:MLPClassifier": {"hidden_layer_sizes": [4], "max_iter": 2000},
}


def trainer(
    estimator: str = "hist_gradient_boosting",
    params: dict[str, Any] | None = None,
    kind: Any = "classification",
    seed: int = 0,
) -> SklearnModelTrainer:
    return SklearnModelTrainer(
        estimator,
        params,
        problem=Problem(name="churn", target="y", type=kind),
        seed=seed,
        feature_transformer=SklearnFeatureTransformer(),
    )


def split(make_frame: Make, columns: dict[str, Any]) -> tuple[Any, Any]:
    frame = make_frame({name: values for name, values in columns.items() if name != "y"})
    return frame, make_frame({"y": columns["y"]})["y"]


def same(one: Predictions, other: Predictions) -> bool:
    return (
        np.array_equal(one.labels, other.labels)
        and one.classes == other.classes
        and (one.probabilities is None) == (other.probabilities is None)
        and (one.probabilities is None or np.array_equal(one.probabilities, other.probabilities))
    )


def reloaded(model: FittedModel, folder: Path, trusted: tuple[str, ...] = ()) -> FittedModel:
    trainer().save(model, folder)
    return SklearnModelTrainer.load(folder, trusted)


def test_the_default_is_the_plain_script_on_numbers(make_frame: Make) -> None:
    """The default estimator gives the probabilities of a plain fit with the same seed."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    plain = HistGradientBoostingClassifier(random_state=3).fit(X[:400], y[:400])
    model = trainer(seed=3).fit(make_frame(X[:400].to_dict("list")), y[:400])
    predictions = model.predict(make_frame(X[400:].to_dict("list")))
    assert np.array_equal(predictions.probabilities, plain.predict_proba(X[400:]))
    assert np.array_equal(predictions.labels, plain.predict(X[400:]))


def test_a_regression_is_the_plain_script_on_numbers() -> None:
    """Predictions equal those of a plain fit."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    plain = HistGradientBoostingRegressor(random_state=0).fit(X, y)
    predictions = trainer(kind="regression").fit(X, y).predict(X)
    assert np.array_equal(predictions.labels, plain.predict(X))
    assert predictions.probabilities is None
    assert predictions.classes == ()


def test_a_linear_model_is_the_plain_pipeline_on_numbers() -> None:
    """Logistic regression is fitted on scaled numbers."""
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, random_state=0)).fit(X, y)
    assert np.array_equal(
        trainer("logistic_regression").fit(X, y).predict(X).probabilities, plain.predict_proba(X)
    )


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_classifiers_survive_being_stored(
    make_frame: Make, columns: dict[str, Any], tmp_path: Path, estimator: str
) -> None:
    """Every classifier gives the same probabilities of text labels after loading."""
    frame, target = split(make_frame, columns)
    model = trainer(estimator, QUICK.get(estimator)).fit(frame, target)
    predictions = model.predict(frame)
    assert predictions.classes == model.classes == ("no", "yes")
    assert np.allclose(predictions.probabilities.sum(axis=1), 1)
    assert np.mean(predictions.labels == np.array(columns["y"])) > 0.7
    assert same(reloaded(model, tmp_path).predict(frame), predictions)


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_regressors_survive_being_stored(columns: dict[str, Any], tmp_path: Path, estimator: str) -> None:
    """Every regressor predicts the same numbers after loading."""
    frame, _ = split(pd.DataFrame, columns)
    target = frame["whole"] * 2.5
    model = trainer(estimator, QUICK.get(estimator), "regression").fit(frame, target)
    assert same(reloaded(model, tmp_path).predict(frame), model.predict(frame))


@pytest.mark.parametrize("labels", [["no", "yes"], [False, True], [3, 7], [0.0, 1.0], ["a", "b", "c"]])
def test_labels_come_back_as_they_were(make_frame: Make, tmp_path: Path, labels: list[Any]) -> None:
    """Classes are the target's own values of any type, also after loading."""
    frame = make_frame({"x": [float(i % len(labels)) for i in range(60)]})
    target = make_frame({"y": [labels[i % len(labels)] for i in range(60)]})["y"]
    model = trainer("decision_tree").fit(frame, target)
    for variant in (model, reloaded(model, tmp_path)):
        assert variant.classes == tuple(labels)
        assert [type(label) for label in variant.classes] == [type(label) for label in labels]
        assert variant.predict(frame).labels.tolist() == list(target)


def test_a_stored_model_is_read_in_another_process(columns: dict[str, Any], tmp_path: Path) -> None:
    """Nothing but the folder is needed to predict."""
    frame, target = split(pd.DataFrame, columns)
    model = trainer().fit(frame, target)
    trainer().save(model, tmp_path)
    frame.to_parquet(tmp_path / "rows.parquet")
    code = (
        "import sys, pandas; from pathlib import Path\n"
        "from lolpop.components.model_trainer.sklearn import SklearnModelTrainer\n"
        "model = SklearnModelTrainer.load(Path(sys.argv[1]))\n"
        "print(model.predict(pandas.read_parquet(sys.argv[1] + '/rows.parquet')).probabilities.tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == model.predict(frame).probabilities.tolist()


def test_predictions_do_not_depend_on_order_or_dtype_of_columns(columns: dict[str, Any]) -> None:
    """Order, additional columns, text instead of numbers, and missing unused columns change nothing."""
    frame, target = split(pd.DataFrame, columns)
    model = trainer().fit(frame, target)
    expected = model.predict(frame)
    changed = frame.drop(columns=["note", "nothing"])[list(reversed(frame.columns[:5]))].assign(extra=1)
    changed["whole"] = changed["whole"].astype(str)
    changed["number"] = changed["number"].astype(object)
    changed["when"] = changed["when"].dt.strftime("%Y-%m-%dT%H:%M:%S")
    changed["flag"] = changed["flag"].map({True: "True", False: "False"})
    changed["city"] = changed["city"].astype("category")
    assert same(model.predict(changed), expected)
    assert model.columns == ("number", "whole", "flag", "city", "when")
    assert model.left_out == {"note": "free_text", "nothing": "empty"}


def test_pandas_and_polars_are_learned_from_alike(columns: dict[str, Any]) -> None:
    """A model trained on one predicts rows of the other."""
    import polars as pl

    pandas, target = split(pd.DataFrame, columns)
    polars, other_target = split(pl.DataFrame, columns)
    model, other = trainer().fit(pandas, target), trainer().fit(polars, other_target)
    assert same(model.predict(polars), other.predict(pandas))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"whole": None}, "no column 'whole' in the data. Did you mean"),
        ({"number": "a lot"}, "Column 'number' should contain numbers, but contains 'a lot'"),
        ({"when": "tomorrow"}, r"Column 'when' should contain dates \(ISO 8601\), but contains 'tomorrow'"),
        ({"when": 3}, "Column 'when' should contain dates, but contains 3"),
    ],
)
def test_rows_that_cannot_be_predicted_name_the_column(
    make_frame: Make, columns: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    """A missing column, or one that cannot be converted, is a DataError with its name and value."""
    frame, target = split(make_frame, columns)
    model = trainer().fit(frame, target)
    data = {name: values for name, values in columns.items() if change.get(name, "") is not None}
    data |= {name: [value] * 120 for name, value in change.items() if value is not None}
    if "whole" in change:
        data["whole_"] = columns["whole"]
    with pytest.raises(DataError, match=message):
        model.predict(make_frame(data))


def test_no_rows_are_predicted_as_none(make_frame: Make, columns: dict[str, Any]) -> None:
    """An empty frame has no predictions, and is no error."""
    frame, target = split(make_frame, columns)
    predictions = trainer().fit(frame, target).predict(frame[:0])
    assert predictions.labels.shape == (0,)
    assert predictions.probabilities.shape == (0, 2)


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        (["a"] * 10, "classification", "only one class, 'a'"),
        (["a", None] * 5, "classification", "missing in 5 rows of 10"),
        ([0.5, 1.5] * 5, "classification", "fractions such as 0.5, which are not classes"),
        (["a", "b"] * 5, "regression", "should contain numbers for regression"),
        ([1.0, float("inf")] * 5, "regression", "missing or infinite in 5 rows"),
        ([1.0, 1e200] * 5, "regression", r"contains 1e\+200, but models support numbers up to 1e\+37"),
        (["a", "b"], "classification", "There are 10 rows and 2 target values"),
        (["a"], "classification", "cannot be learned from 1 row"),
    ],
)
def test_targets_that_cannot_be_learned_say_why(
    make_frame: Make, target: list[Any], kind: str, message: str
) -> None:
    """Missing values, one class, fractions for classes, text for numbers: each a DataError."""
    frame = make_frame({"x": list(range(10))})
    with pytest.raises(DataError, match=message):
        trainer(kind=kind).fit(frame, make_frame({"y": target})["y"])


@pytest.mark.parametrize(
    ("estimator", "params", "message"),
    [
        ("hist_gradient_boosting", {"max_iter": -5}, r"params.max_iter of hist_gradient_boosting must be an int in the range \[1, inf\), but is -5"),
        ("hist_gradient_boosting", {"loss": "x"}, "params.loss of hist_gradient_boosting must be"),
        ("hist_gradient_boosting", {"max_itr": 5}, "params.max_itr: .* no such parameter. Did you mean max_iter"),
        ("logistic_regression", {"l1_ratio": 1, "solver": "lbfgs"}, "logistic_regression cannot be fitted: Solver lbfgs"),
        ("sklearn.linear_model:Ridge", {}, "is not for classification"),
        ("sklearn.linear_model:Rigde", {}, "has no 'Rigde'. Did you mean Ridge"),
    ],
)  # fmt: skip
def test_parameters_that_an_estimator_refuses_are_located(
    columns: dict[str, Any], estimator: str, params: dict[str, Any], message: str
) -> None:
    """An error of scikit-learn becomes a TrainingError with parameter, value and expectation."""
    frame, target = split(pd.DataFrame, columns)
    with pytest.raises(TrainingError, match=message):
        trainer(estimator, params).fit(frame, target)
    if ":" not in estimator:
        with pytest.raises(TrainingError, match=message):
            trainer(estimator).fit(frame, target, params)


@pytest.mark.parametrize(
    ("settings", "path", "hint"),
    [
        ({"estimator": "random_forst"}, "estimator", "Did you mean random_forest?"),
        ({"params": {"max_itr": 9}}, "params.max_itr", "Did you mean max_iter?"),
        ({"estimator": "logistic_regression", "params": {"c": 1}}, "params.c", "Did you mean C?"),
        ({"estimator": "sklearn.ensemble:Forest"}, "estimator", None),
        ({"estimator": "no.such:Thing"}, "estimator", None),
        ({"estimator": "math:sin"}, "estimator", None),
    ],
)
def test_verification_finds_what_does_not_exist(
    settings: dict[str, Any], path: str, hint: str | None
) -> None:
    """Unknown estimators and parameters are findings with near names."""
    [finding] = SklearnModelTrainer.check_settings(settings)
    assert finding.path == path
    assert hint is None or hint in (finding.hint or "")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"estimator": "ridge", "params": {"alpha": 2}},
        {"estimator": "sklearn.ensemble:BaggingClassifier", "params": {"estimator__max_depth": 2}},
    ],
)
def test_verification_lets_pass_what_exists(settings: dict[str, Any]) -> None:
    """Parameters of classifiers, regressors and nested estimators are valid."""
    assert list(SklearnModelTrainer.check_settings(settings)) == []


def test_keys_of_params_are_the_estimators() -> None:
    """A parameter from a variable is found, whatever its case."""
    assert "C" in SklearnModelTrainer.known_keys("params", {"estimator": "logistic_regression"})
    assert "max_iter" in SklearnModelTrainer.known_keys("params", {})
    assert list(SklearnModelTrainer.known_keys("estimator", {})) == []
    assert list(SklearnModelTrainer.known_keys("params", {"estimator": "nothing"})) == []


def test_an_unknown_estimator_is_refused_by_the_constructor() -> None:
    """The constructor raises, with a near name."""
    with pytest.raises(VerificationError, match=r"random_forst.*Did you mean random_forest"):
        trainer("random_forst")


def test_params_of_fit_override_those_of_the_constructor(columns: dict[str, Any]) -> None:
    """Parameters of a trial override the trainer's own, for that fit only."""
    frame, target = split(pd.DataFrame, columns)
    own = trainer("random_forest", {"n_estimators": 3})
    assert own.params() == {"n_estimators": 3}
    assert len(own.fit(frame, target, {"n_estimators": 7}).estimator.estimators_) == 7
    assert len(own.fit(frame, target).estimator.estimators_) == 3


@pytest.mark.parametrize(
    ("estimator", "kind"),
    [(name, "classification") for name in CLASSIFIERS] + [(name, "regression") for name in REGRESSORS],
)
def test_search_spaces_are_parameters_that_the_estimator_takes(
    columns: dict[str, Any], estimator: str, kind: str
) -> None:
    """Both ends of every range can be fitted."""
    frame, target = split(pd.DataFrame, columns)
    target = frame["whole"] if kind == "regression" else target
    own = trainer(estimator, QUICK.get(estimator), kind)
    for name, space in own.search_space().items():
        ends = space.values if isinstance(space, Choice) else (space.low, space.high)
        for value in ends:
            if name not in {"max_iter", "n_estimators"} and (estimator, value) != ("elastic_net", 1e-4):
                own.fit(frame[:60], target[:60], {name: value})


def test_an_estimator_of_the_users_is_refused_until_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: dict[str, Any]
) -> None:
    """An untrusted type is named and not loaded; a trusted one is loaded."""
    (tmp_path / "mine.py").write_text(
        "from sklearn.dummy import DummyClassifier\nclass Mine(DummyClassifier):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    frame, target = split(pd.DataFrame, columns)
    model = trainer("mine:Mine").fit(frame, target)
    folder = tmp_path / "model"
    folder.mkdir()
    with pytest.raises(UntrustedTypeError, match=r"mine\.Mine"):
        reloaded(model, folder)
    assert same(SklearnModelTrainer.load(folder, ["mine.Mine"]).predict(frame), model.predict(frame))


def test_no_pickle_is_stored(columns: dict[str, Any], tmp_path: Path) -> None:
    """Files contain arrays and JSON only."""
    import zipfile

    frame, target = split(pd.DataFrame, columns)
    trainer().save(trainer().fit(frame, target), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.skops"]
    with zipfile.ZipFile(tmp_path / "model.skops") as stored:
        assert {Path(name).suffix for name in stored.namelist()} <= {".json", ".npy"}


@pytest.mark.parametrize("damage", ["missing", "cut", "no description"])
def test_a_damaged_model_is_an_error(columns: dict[str, Any], tmp_path: Path, damage: str) -> None:
    """An incomplete folder is a StoreError with its name."""
    frame, target = split(pd.DataFrame, columns)
    trainer().save(trainer().fit(frame, target), tmp_path)
    if damage == "missing":
        (tmp_path / "model.skops").unlink()
    elif damage == "cut":
        (tmp_path / "model.skops").write_bytes((tmp_path / "model.skops").read_bytes()[:1000])
    else:
        (tmp_path / "model.json").write_text("{}")
    with pytest.raises(StoreError, match=str(tmp_path)):
        SklearnModelTrainer.load(tmp_path)


def test_the_same_seed_gives_the_same_predictions(columns: dict[str, Any]) -> None:
    """Another seed gives others."""
    frame, target = split(pd.DataFrame, columns)
    one, other, third = (
        trainer("random_forest", seed=seed).fit(frame, target).predict(frame) for seed in (1, 1, 2)
    )
    assert same(one, other)
    assert not same(one, third)


def test_a_trainer_keeps_nothing_between_fits(columns: dict[str, Any]) -> None:
    """One instance in two threads, on two datasets, gives what two fresh instances give."""
    frame, target = split(pd.DataFrame, columns)
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    shared = trainer()

    def fitted(of: SklearnModelTrainer, data: Any) -> Predictions:
        return of.fit(*data).predict(data[0])

    data = [(frame, target), (X, y)] * 2
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda pair: fitted(shared, pair), data))
    assert all(same(one, fitted(trainer(), pair)) for one, pair in zip(together, data, strict=True))


def test_a_class_with_one_row_can_be_learned(make_frame: Make) -> None:
    """Also with calibration by cross-validation, which gives no probabilities then."""
    frame = make_frame({"x": [float(i) for i in range(21)]})
    target = make_frame({"y": ["a", "b"] * 10 + ["single"]})["y"]
    assert trainer("ridge").fit(frame, target).predict(frame).probabilities is None
    assert trainer().fit(frame, target).classes == ("a", "b", "single")


def test_columns_that_are_left_out_are_reported(make_frame: Make, columns: dict[str, Any]) -> None:
    """The check of a model names the columns that it does not learn from, and why."""
    frame, target = split(make_frame, columns)
    checker = BuiltinModelChecker(problem=Problem(name="churn", target="y"))
    checks = checker.check(trainer().fit(frame, target), frame, target).checks
    messages = {check.columns: check.message for check in checks if check.check == "left_out_columns"}
    assert "free text" in messages["note",]
    assert "empty" in messages["nothing",]


@pytest.mark.parametrize("seed", [-1, 2**40])
def test_any_whole_number_is_a_seed(columns: dict[str, Any], seed: int) -> None:
    """Also those that numpy refuses."""
    frame, target = split(pd.DataFrame, columns)
    assert trainer("decision_tree", seed=seed).fit(frame, target).classes == ("no", "yes")
