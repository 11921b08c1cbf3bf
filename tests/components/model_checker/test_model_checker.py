import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_checker.metrics import METRICS
from lolpop.components.model_trainer import FittedModel, Predictions
from lolpop.errors import DataError, LolpopError, VerificationError
from lolpop.problem import Problem

BINARY = Problem(name="cancer", target="diagnosis", positive_label="malignant")
MULTICLASS = Problem(name="wine", target="kind")
NUMBERS = Problem(name="disease", target="progress", type="regression")


class Fitted(FittedModel):
    """An estimator of scikit-learn as a fitted model; counts how often it is asked."""

    def __init__(self, estimator: BaseEstimator, labels_only=False):
        self.estimator, self.labels_only, self.asked = estimator, labels_only, 0

    @property
    def columns(self):
        return tuple(self.estimator.feature_names_in_)

    @property
    def classes(self):
        return tuple(self.estimator.classes_.tolist()) if is_classifier(self.estimator) else ()

    def predict(self, frame):
        self.asked += 1
        probabilities = None
        if self.classes and not self.labels_only:
            probabilities = self.estimator.predict_proba(frame)
        return Predictions(self.estimator.predict(frame), probabilities, self.classes)


class Says(FittedModel):
    """A model that says what it was told to."""

    def __init__(self, labels, probabilities=None, classes=()):
        self.predictions = Predictions(np.asarray(labels), probabilities, tuple(classes))

    columns = ()

    @property
    def classes(self):
        return self.predictions.classes

    def predict(self, frame):
        return self.predictions


def data(load, names=None):
    frame, target = load(return_X_y=True, as_frame=True)
    target = target if names is None else target.map(dict(enumerate(names)))
    return train_test_split(frame, target, random_state=3)


@pytest.fixture(scope="module")
def cancer():
    return data(load_breast_cancer, ["malignant", "benign"])


@pytest.fixture(scope="module")
def wine():
    return data(load_wine, ["red", "rose", "white"])


@pytest.fixture(scope="module")
def diabetes():
    return data(load_diabetes)


def logistic(parts, **params):
    train, _, target, _ = parts
    return Fitted(make_pipeline(StandardScaler(), LogisticRegression(**params)).fit(train, target))


def linear(parts, columns=10):
    train, _, target, _ = parts
    model = make_pipeline(StandardScaler(), LinearRegression())
    noisy = train.copy()
    noisy.iloc[:, columns:] = 0.0
    return Fitted(model.fit(noisy, target))


def checker(problem, metric=None, **params):
    return BuiltinModelChecker(metric, **params, problem=problem, seed=1)


CLUSTERINGS = {
    "adjusted_mutual_info_score", "adjusted_rand_score", "completeness_score", "fowlkes_mallows_score",
    "homogeneity_score", "mutual_info_score", "normalized_mutual_info_score", "rand_score", "v_measure_score",
}  # fmt: skip
# Of several labels for a row, or without a value for most models.
OTHERS = {"f1_samples", "jaccard_samples", "precision_samples", "recall_samples",
          "positive_likelihood_ratio", "neg_negative_likelihood_ratio"}  # fmt: skip


def test_every_scorer_of_scikit_learn_that_fits_is_a_metric():
    """Scorers for clusterings or for several labels a row, and mostly undefined ones, are left out."""
    assert set(get_scorer_names()) - set(METRICS) == CLUSTERINGS | OTHERS


@pytest.mark.parametrize(
    "name", [n for n in get_scorer_names() if n in METRICS and METRICS[n].problem_type == "classification"]
)
def test_classification_metrics_are_those_of_scikit_learn(name, cancer, wine):
    """To the last digit, for two classes with a text label, and for three."""
    _, frame, _, target = cancer
    model = logistic(cancer, C=1e-3)
    positive = target == "malignant"

    class Positive(BaseEstimator):
        _estimator_type = "classifier"
        classes_ = np.array([0, 1])

        def __sklearn_tags__(self):
            return LogisticRegression().__sklearn_tags__()

        def __sklearn_is_fitted__(self):
            return True

        def predict(self, frame):
            return (model.estimator.predict(frame) == "malignant").astype(int)

        def predict_proba(self, frame):
            return model.estimator.predict_proba(frame)

    if name != "top_k_accuracy":  # of two classes, it is always 1, and scikit-learn warns
        expected = get_scorer(name)(Positive(), frame, positive.astype(int))
        assert checker(BINARY, name).measure(model, frame, target)[name] == pytest.approx(
            expected, rel=1e-15, abs=0
        )
    if name in {"f1", "precision", "recall", "jaccard", "roc_auc"}:
        return
    _, frame, _, target = wine
    model = Fitted(GaussianNB().fit(*data(load_wine, ["red", "rose", "white"])[::2]))
    expected = get_scorer(name)(model.estimator, frame, target)
    assert checker(MULTICLASS, name).measure(model, frame, target)[name] == pytest.approx(
        expected, rel=1e-15, abs=0
    )


@pytest.mark.parametrize(
    "name", [n for n in get_scorer_names() if n in METRICS and METRICS[n].problem_type == "regression"]
)
def test_regression_metrics_are_those_of_scikit_learn(name, diabetes):
    """To the last digit."""
    _, frame, _, target = diabetes
    model = linear(diabetes)
    expected = get_scorer(name)(model.estimator, frame, target)
    assert checker(NUMBERS, name).measure(model, frame, target)[name] == pytest.approx(
        expected, rel=1e-15, abs=0
    )


def test_usual_metrics_from_one_prediction(cancer, wine, diabetes):
    """Each type of problem has its own metrics, and the deciding one is always among them."""
    for problem, parts, model, usual in (
        (
            BINARY,
            cancer,
            logistic(cancer),
            {"accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "log_loss"},
        ),
        (
            MULTICLASS,
            wine,
            logistic(wine),
            {"accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "log_loss"},
        ),
        (NUMBERS, diabetes, linear(diabetes), {"r2", "mean_absolute_error", "root_mean_squared_error"}),
    ):
        judge = checker(problem)
        metrics = judge.measure(model, parts[1], parts[3])
        assert set(metrics) == usual
        assert judge.metric in metrics
        assert model.asked == 1
    assert "neg_brier_score" in checker(BINARY, "neg_brier_score").measure(
        logistic(cancer), cancer[1], cancer[3]
    )


def test_losses_are_smaller_the_better_unless_negated(cancer):
    """log_loss and neg_log_loss rank two models equally."""
    _, frame, _, target = cancer
    good, bad = logistic(cancer), logistic(cancer, C=1e-5)
    loss, score = checker(BINARY, "log_loss"), checker(BINARY, "neg_log_loss")
    assert (loss.greater_is_better, score.greater_is_better) == (False, True)
    one, other = (judge.compare(good, bad, frame, target) for judge in (loss, score))
    assert one.score == -other.score
    assert one.difference == other.difference > 0
    assert one.interval == other.interval
    assert one.better
    assert other.better


def test_the_positive_label_decides_what_binary_metrics_are_about(cancer):
    """By default it is the greater label; one that is no class is an error with the classes."""
    _, frame, _, target = cancer
    model = logistic(cancer, C=1e-3)
    recalls = {
        label: checker(BINARY.model_copy(update={"positive_label": label})).measure(model, frame, target)[
            "recall"
        ]
        for label in ("malignant", "benign", None)
    }
    assert recalls[None] == recalls["malignant"] != recalls["benign"]
    with pytest.raises(DataError, match=r"'sick'.*'benign', 'malignant'"):
        checker(BINARY.model_copy(update={"positive_label": "sick"})).measure(model, frame, target)


@pytest.mark.parametrize("labels", [[0, 1], [False, True], [1.0, 2.0], ["0", "1"]])
def test_labels_may_be_of_any_type(cancer, labels):
    """Numbers, booleans and text give the same metrics, as pandas and as polars."""
    train, test, target, truth = cancer
    expected = checker(BINARY).measure(logistic(cancer), test, truth)
    names = {"benign": labels[0], "malignant": labels[1]}
    model = logistic((train, test, target.map(names), truth))
    judge = checker(BINARY.model_copy(update={"positive_label": labels[1]}))
    for series in (truth.map(names), pl.Series(truth.map(names).tolist())):
        assert judge.measure(model, test, series) == pytest.approx(expected)


def test_a_class_that_the_model_never_saw(cancer):
    """Its rows count with a probability of 0, and a check names it."""
    _, frame, _, target = cancer
    truth = target.copy()
    truth.iloc[:3] = "unsure"
    report = checker(BINARY).check(logistic(cancer), frame, truth)
    assert "unknown_classes" in {check.check for check in report.of("warn")}
    assert checker(BINARY).measure(logistic(cancer), frame, truth)["log_loss"] > 0.3


def test_truth_of_one_class_leaves_out_what_is_not_defined(cancer):
    """An area under the curve needs two classes; if it decides, it is NaN."""
    _, frame, _, target = cancer
    rows = (target == "benign").to_numpy()
    metrics = checker(BINARY).measure(logistic(cancer), frame[rows], target[rows])
    assert "roc_auc" not in metrics
    assert "accuracy" in metrics
    assert np.isnan(
        checker(BINARY, "roc_auc").measure(logistic(cancer), frame[rows], target[rows])["roc_auc"]
    )
    compared = checker(BINARY, "roc_auc").compare(
        logistic(cancer), logistic(cancer), frame[rows], target[rows]
    )
    assert not compared.better
    assert compared.interval is None


def test_metrics_of_a_class_that_no_row_has_are_left_out(cancer):
    """Without positive rows and predictions, f1 is left out; 0 would mean a bad model."""
    _, frame, _, target = cancer
    rows = (target == "benign").to_numpy()
    right = ["benign"] * int(rows.sum())
    metrics = checker(BINARY, "accuracy").measure(
        Says(right, classes=("benign", "malignant")), frame[rows], target[rows]
    )
    assert metrics.keys().isdisjoint({"f1", "precision", "recall"})
    assert metrics["accuracy"] == 1
    wrong = Says(["malignant", *right[1:]], classes=("benign", "malignant"))
    metrics = checker(BINARY, "accuracy").measure(wrong, frame[rows], target[rows])
    assert metrics["f1"] == metrics["precision"] == 0


def test_models_without_probabilities(cancer):
    """Metrics of labels are measured; others are an error that says what to set."""
    _, frame, _, target = cancer
    model = Fitted(logistic(cancer).estimator, labels_only=True)
    metrics = checker(BINARY, "accuracy").measure(model, frame, target)
    assert set(metrics) == {"accuracy", "balanced_accuracy", "f1", "precision", "recall"}
    with pytest.raises(DataError, match=r"log_loss needs probabilities.*model_checker\.metric"):
        checker(BINARY).measure(model, frame, target)
    assert checker(BINARY, "accuracy").check(model, frame, target).status == "ok"


def test_unknown_metrics_are_found_with_a_near_name():
    """By verification and by the constructor alike."""
    [finding] = BuiltinModelChecker.check_settings({"metric": "roc_acu"})
    assert finding.path == "metric"
    assert finding.hint == "Did you mean roc_auc?"
    assert list(BuiltinModelChecker.check_settings({"metric": None})) == []
    with pytest.raises(VerificationError, match="Did you mean roc_auc"):
        checker(BINARY, "roc_acu")


@pytest.mark.parametrize(("problem", "metric"), [(BINARY, "r2"), (NUMBERS, "accuracy")])
def test_metrics_of_another_type_of_problem_are_refused(problem, metric):
    """The error names both types, and what fits."""
    with pytest.raises(
        VerificationError, match=f"{metric} is a metric of .* the problem is {problem.type}.*Use one of"
    ):
        checker(problem, metric)


@pytest.mark.parametrize("setting", [{"confidence": 1.0}, {"resamples": 5}])
def test_senseless_settings_are_refused(setting):
    """With the value in the message."""
    with pytest.raises(ValueError, match=str(next(iter(setting.values())))):
        checker(BINARY, **setting)


@pytest.mark.parametrize(
    "metric", ["log_loss", "accuracy", "roc_auc", "f1", "average_precision", "d2_brier_score"]
)
def test_better_means_significantly_better(cancer, metric):
    """A good model is better than a poor one, not the reverse, and none is better than itself."""
    _, frame, _, target = cancer
    good, poor = logistic(cancer), Fitted(DummyClassifier(strategy="prior").fit(cancer[0], cancer[2]))
    judge = checker(BINARY, metric)
    ahead, behind, same = (
        judge.compare(one, other, frame, target) for one, other in ((good, poor), (poor, good), (good, good))
    )
    assert ahead.better
    assert ahead.interval[0] > 0
    assert ahead.interval[0] <= ahead.difference <= ahead.interval[1]
    assert not behind.better
    assert behind.difference == -ahead.difference
    assert (same.better, same.difference, same.interval) == (False, 0.0, (0.0, 0.0))


def test_a_difference_that_other_rows_could_turn_round_is_not_better(diabetes):
    """The interval of a positive difference contains 0; more confidence widens it."""
    _, frame, _, target = diabetes
    rng = np.random.default_rng(0)
    predictions = linear(diabetes).predict(frame).labels
    one, other = Says(predictions), Says(predictions + rng.normal(0, 5, len(predictions)))
    judge = checker(NUMBERS, confidence=0.99)
    compared = judge.compare(one, other, frame, target)
    if compared.difference < 0:
        compared = judge.compare(other, one, frame, target)
    assert compared.difference > 0
    assert compared.interval[0] < 0 < compared.interval[1]
    assert not compared.better
    narrow = checker(NUMBERS, confidence=0.5).compare(one, other, frame, target).interval
    wide = checker(NUMBERS, confidence=0.99).compare(one, other, frame, target).interval
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.values])
def test_quick_resampling_gives_what_repeating_the_rows_gives(name, cancer, wine, diabetes):
    """For every metric with a quick way, with two classes, three, and numbers."""
    from lolpop.components.model_checker.evaluations import evaluate_classes, evaluate_numbers

    metric = METRICS[name]
    rng = np.random.default_rng(5)
    if metric.problem_type == "regression":
        cases = [evaluate_numbers([linear(diabetes)], diabetes[1], diabetes[3])]
    else:
        cases = [
            evaluate_classes([logistic(parts, C=1e-3)], parts[1], parts[3], None) for parts in (cancer, wine)
        ]
    for [evaluation] in cases:
        n = len(evaluation)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=5)
        repeated = [metric.of(evaluation.take(np.repeat(np.arange(n), line))) for line in weights]
        assert metric.resampled(evaluation, weights) == pytest.approx(repeated)


def test_the_interval_covers_the_true_difference_as_often_as_it_says():
    """Of 200 samples with 150 rows, 95% intervals miss about 5%."""
    rng = np.random.default_rng(11)
    judge = checker(NUMBERS, "mean_absolute_error", resamples=300)
    true = np.sqrt(2 / np.pi) * (2 - 1)
    covered = 0
    for _ in range(200):
        truth = pd.Series(rng.normal(size=150))
        one, other = Says(truth + rng.normal(size=150)), Says(truth + rng.normal(0, 2, size=150))
        low, high = judge.compare(one, other, truth.to_frame(), truth).interval
        covered += low <= true <= high
    assert 180 <= covered <= 200


def test_very_many_rows_are_bounded_work_and_a_narrow_interval():
    """With 200,000 rows, the interval is as wide as theory predicts."""
    rng = np.random.default_rng(2)
    n = 200_000
    truth = pd.Series(rng.normal(size=n))
    one, other = truth + rng.normal(size=n), truth + rng.normal(0, 1.1, size=n)
    differences = (truth - other).abs() - (truth - one).abs()
    compared = checker(NUMBERS, "mean_absolute_error").compare(
        Says(one), Says(other), truth.to_frame(), truth
    )
    low, high = compared.interval
    assert low < compared.difference < high
    assert high - low == pytest.approx(2 * 1.96 * differences.std() / n**0.5, rel=0.2)
    assert compared.better


def test_the_baseline_is_what_training_rows_suggest(cancer, diabetes):
    """The most frequent class with all frequencies, or the mean, as in scikit-learn's dummies."""
    train, frame, seen, target = cancer
    compared = checker(BINARY).compare_to_baseline(logistic(cancer), frame, target, seen)
    dummy = Fitted(DummyClassifier(strategy="prior").fit(train, seen))
    assert compared.other_score == pytest.approx(checker(BINARY).measure(dummy, frame, target)["log_loss"])
    assert compared.better
    assert "'benign'" in compared.against
    train, frame, seen, target = diabetes
    compared = checker(NUMBERS).compare_to_baseline(linear(diabetes), frame, target, seen)
    dummy = Fitted(DummyRegressor().fit(train, seen))
    measured = checker(NUMBERS).measure(dummy, frame, target)["root_mean_squared_error"]
    assert compared.other_score == pytest.approx(measured)
    assert compared.better


def check_statuses(problem, model, frame, target, **params):
    return {
        check.check: check.status for check in checker(problem, **params).check(model, frame, target).checks
    }


def test_a_sound_model_passes_every_check(cancer, wine, diabetes):
    """Good models on real data raise no warning."""
    for problem, parts, model in (
        (BINARY, cancer, logistic(cancer)),
        (MULTICLASS, wine, logistic(wine)),
        (NUMBERS, diabetes, linear(diabetes)),
    ):
        assert set(check_statuses(problem, model, parts[1], parts[3]).values()) == {"ok"}


def test_degenerate_models_are_suspicious(cancer, diabetes):
    """A constant model predicts one class and is not better than the baseline."""
    dummy = Fitted(DummyClassifier(strategy="prior").fit(cancer[0], cancer[2]))
    statuses = check_statuses(BINARY, dummy, cancer[1], cancer[3])
    assert statuses["one_class"] == statuses["baseline"] == "warn"
    dummy = Fitted(DummyRegressor().fit(diabetes[0], diabetes[2]))
    assert check_statuses(NUMBERS, dummy, diabetes[1], diabetes[3])["baseline"] == "warn"


def test_perfection_is_suspicious(cancer, diabetes):
    """If there are enough rows; the threshold is a setting."""
    _, frame, _, target = cancer
    sure = (target == "malignant").to_numpy()
    model = Says(target, np.column_stack([~sure, sure]).astype(float), ("benign", "malignant"))
    assert check_statuses(BINARY, model, frame, target)["too_good"] == "warn"
    assert check_statuses(NUMBERS, Says(diabetes[3]), diabetes[1], diabetes[3])["too_good"] == "warn"
    assert check_statuses(BINARY, logistic(cancer), frame, target, too_good=0.5)["too_good"] == "warn"


def test_few_rows_are_reported(cancer):
    """Metrics on few rows are unreliable."""
    _, frame, _, target = cancer
    assert check_statuses(BINARY, logistic(cancer), frame[:20], target[:20])["rows"] == "warn"
    assert check_statuses(BINARY, logistic(cancer), frame[:20], target[:20], min_rows=10)["rows"] == "ok"


@pytest.mark.parametrize("first", [[np.nan, np.nan], [0.9, 0.9], [-0.5, 1.5]])
def test_what_is_no_probability_is_an_error(cancer, first):
    """Probabilities are missing, negative, or do not add up to 1."""
    _, frame, _, target = cancer
    probabilities = np.full((len(frame), 2), 0.5)
    probabilities[0] = first
    model = Says(target, probabilities, ("benign", "malignant"))
    assert check_statuses(BINARY, model, frame, target)["predictions"] == "error"
    checker(BINARY).measure(model, frame, target)


def test_missing_predictions_are_an_error(diabetes):
    """Their metrics are NaN."""
    predictions = linear(diabetes).predict(diabetes[1]).labels
    predictions[3] = np.nan
    assert check_statuses(NUMBERS, Says(predictions), diabetes[1], diabetes[3])["predictions"] == "error"
    assert np.isnan(
        checker(NUMBERS).measure(Says(predictions), diabetes[1], diabetes[3])["root_mean_squared_error"]
    )


@pytest.mark.parametrize("metric", ["mean_gamma_deviance", "root_mean_squared_log_error"])
def test_a_metric_that_the_values_do_not_allow_is_named(metric):
    """The logarithmic error of negative numbers is an error that names the metric."""
    truth = pd.Series([-1.0, 2.0, 3.0])
    with pytest.raises(DataError, match=metric):
        checker(NUMBERS, metric).measure(Says(truth), truth.to_frame(), truth)


def test_rows_and_truth_must_be_there():
    """No rows, rows without truth, and truth of another length are readable errors."""
    judge = checker(NUMBERS)
    for predicted, truth in (
        ([], []),
        ([1.0], [1.0, 2.0]),
        ([1.0, 2.0], [None, 2.0]),
        ([1.0, 2.0], ["a", "b"]),
    ):
        series = pd.Series(truth, dtype=object if "a" in truth else float)
        with pytest.raises(DataError):
            judge.measure(Says(np.array(predicted, dtype=float)), series.to_frame(), series)


def test_one_checker_in_two_threads_is_two_checkers(cancer):
    """A call stores nothing on the instance, and the seed alone decides the interval."""
    _, frame, _, target = cancer
    good, poor = logistic(cancer), logistic(cancer, C=1e-4)
    judge = checker(BINARY)
    alone = checker(BINARY).compare(good, poor, frame, target)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: judge.compare(good, poor, frame, target), range(4)))
    assert both == [alone] * 4


def test_reports_and_comparisons_are_json(cancer):
    """The store and scripts can read them."""
    _, frame, _, target = cancer
    judge = checker(BINARY)
    compared = judge.compare(logistic(cancer), logistic(cancer, C=1e-4), frame, target)
    assert json.loads(json.dumps(compared.model_dump(mode="json")))["better"] is True
    json.dumps(judge.check(logistic(cancer), frame, target).model_dump(mode="json"))
    assert all(type(value) is float for value in judge.measure(logistic(cancer), frame, target).values())


LABELS = st.lists(
    st.one_of(st.sampled_from(["a", "b", "c"]), st.integers(0, 2), st.booleans(), st.none(), st.floats()),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(
    LABELS,
    LABELS,
    st.sampled_from([BINARY, MULTICLASS, NUMBERS]),
    st.booleans(),
    st.sampled_from([None, "own"]),
)
def test_random_predictions_meet_only_lolpop_errors(truth, predicted, problem, same, metric):
    """Any truth and any predictions give metrics or an error of lolpop."""
    predicted = (truth if same else predicted)[: len(truth)]
    classes = tuple(dict.fromkeys(value for value in predicted if value is not None and value == value))
    labels = np.empty(len(predicted), dtype=object)
    labels[:] = predicted
    series = pd.Series(truth, dtype=object).infer_objects()
    name = metric and ("r2" if problem is NUMBERS else "roc_auc")
    try:
        model = Says(
            labels.astype(float) if problem is NUMBERS else labels,
            np.full((len(predicted), len(classes)), 1 / max(len(classes), 1)),
            classes,
        )
    except (ValueError, TypeError):
        return
    judge = checker(problem, name, resamples=100)
    for call in (
        lambda: judge.measure(model, series.to_frame(), series),
        lambda: judge.check(model, series.to_frame(), series),
        lambda: judge.compare(model, model, series.to_frame(), series),
        lambda: judge.compare_to_baseline(model, series.to_frame(), series, series[:1]),
    ):
        try:
            call()
        except LolpopError:
            continue
