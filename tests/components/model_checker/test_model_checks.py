import numpy as np
import polars as pl
import pytest

from lolpop.components.model_checker._segments import weak_segments
from lolpop.components.model_checker.builtin import BuiltinModelChecker
from lolpop.components.model_checker.significance import chance_of_difference
from lolpop.problem import Problem

CHURN = Problem(name="churn", target="churn", positive_label="yes")
SPEND = Problem(name="spend", target="spend", type="regression")
FEATURES = ["age", "income", "visits", "city", "noise"]
LEARNED, JUDGED = slice(0, 1_400), slice(1_400, None)


def checks_of(report, name):
    return [check for check in report.checks if check.check == name]


def judge(frame, model, problem=CHURN, learned=None, **settings):
    judged = frame[JUDGED]
    checker = BuiltinModelChecker(**settings, problem=problem, seed=1)
    return checker.check(model, judged[FEATURES], judged[problem.target], learned)


def test_a_weak_segment_of_a_category_is_found_and_named(customers, fitted):
    """If labels are random in one city, the warning names the column and the city."""
    frame = customers(rows=3_000)
    oslo = (frame["city"] == "Oslo").to_numpy()
    frame.loc[oslo, "churn"] = np.random.default_rng(1).choice(["yes", "no"], oslo.sum())
    (weak,) = checks_of(judge(frame, fitted(frame[LEARNED])), "weak_segment")
    assert (weak.status, weak.columns) == ("warn", ("city",))
    assert "'city' is 'Oslo', accuracy is 0." in weak.message


@pytest.mark.parametrize(("problem", "what"), [(CHURN, "accuracy"), (SPEND, "mean absolute error")])
def test_a_weak_segment_of_numbers_is_found_and_named(customers, fitted, problem, what):
    """If the target is random above an age, the warning names that age, for both types."""
    frame = customers()
    old = (frame["age"] > 66).to_numpy()
    arbitrary = np.random.default_rng(1).permutation(frame.loc[old, problem.target])
    frame.loc[old, problem.target] = arbitrary
    if problem is CHURN:
        frame.loc[old, "churn"] = np.random.default_rng(1).choice(["yes", "no"], old.sum())
    else:
        frame.loc[old, "spend"] += np.random.default_rng(1).normal(scale=60, size=old.sum())
    weak = checks_of(judge(frame, fitted(frame[LEARNED], problem.target), problem), "weak_segment")
    assert weak[0].columns == ("age",)
    assert "'age' is at least 6" in weak[0].message
    assert what in weak[0].message


@pytest.mark.parametrize("problem", [CHURN, SPEND])
@pytest.mark.parametrize("seed", range(8))
def test_clean_data_raises_no_alarm(customers, fitted, problem, seed):
    """No weak segment, calibration or overfitting is reported at the default thresholds."""
    frame = customers(seed)
    model = fitted(frame[LEARNED], problem.target)
    learned = BuiltinModelChecker(problem=problem).measure(
        model, frame[LEARNED], frame[LEARNED][problem.target]
    )
    alarms = {check.check for check in judge(frame, model, problem, learned).of("warn")}
    assert not alarms & {"weak_segment", "calibration", "overfitting"}


def test_noise_raises_no_more_alarms_than_significance_allows(customers):
    """Of 200 models with random errors, fewer than 1% have a weak segment."""
    frame = customers(rows=600)[FEATURES]
    random = np.random.default_rng(0)
    alarms = sum(
        bool(weak_segments(frame, random.random(600) < 0.2, worse_by=0.05, min_rows=30, significance=0.01))
        for _ in range(200)
    )
    assert alarms <= 2


def test_segments_are_those_of_polars_too(customers):
    """The same segments are found whatever the frame is, missing values and constant columns included."""
    frame = customers(rows=600)[FEATURES].assign(constant=1, empty=None)
    frame.loc[:99, "city"] = None
    errors = np.random.default_rng(0).random(600) < np.where(frame["city"].isna(), 0.9, 0.1)
    (pandas,), (polars,) = (
        weak_segments(rows, errors, worse_by=0.2, min_rows=30, significance=0.01)
        for rows in (frame, pl.from_pandas(frame))
    )
    assert pandas == polars
    assert (pandas.column, pandas.where, pandas.rows) == ("city", "is missing", 100)


def test_overfitting_is_reported_with_both_scores(customers, fitted):
    """A model that is much better on the training rows overfits."""
    frame = customers()
    report = judge(frame, fitted(frame[LEARNED]), learned={"balanced_accuracy": 1.0}, overfit=0.05)
    (check,) = checks_of(report, "overfitting")
    assert check.status == "warn"
    assert "and 1 on the training rows" in check.message
    assert checks_of(judge(frame, fitted(frame[LEARNED])), "overfitting") == []


def test_confidence_without_reason_is_reported(customers, fitted):
    """Extreme probabilities are a warning about calibration, those of the model itself are not."""
    frame = customers()
    frame["churn"] = np.where(np.random.default_rng(0).random(len(frame)) < 0.3, "no", frame["churn"])
    model = fitted(frame[LEARNED])
    assert checks_of(judge(frame, model), "calibration")[0].status == "ok"

    class Sure:
        classes = model.classes

        def predict_proba(self, features):
            probabilities = model.estimator.predict_proba(features) ** 8
            return probabilities / probabilities.sum(axis=1, keepdims=True)

    sure = type(model)(model.columns, model.classes, {}, model.transformer, Sure())
    assert checks_of(judge(frame, sure), "calibration")[0].status == "warn"


def test_slow_predictions_are_reported(customers, fitted):
    """The allowed time for 1,000 rows is a setting."""
    frame = customers()
    model = fitted(frame[LEARNED])
    assert checks_of(judge(frame, model), "prediction_time")[0].status == "ok"
    (slow,) = checks_of(judge(frame, model, slow=1e-9), "prediction_time")
    assert slow.status == "warn"
    assert "600 rows in" in slow.message


def test_chances_are_those_of_scipy():
    """Fisher's exact test for labels, Welch's test for numbers."""
    from scipy.stats import fisher_exact, ttest_ind

    random = np.random.default_rng(0)
    one, other = random.random(40) < 0.7, random.random(300) < 0.3
    table = [[one.sum(), (~one).sum()], [other.sum(), (~other).sum()]]
    assert chance_of_difference(one, other) == pytest.approx(
        2 * fisher_exact(table, alternative="greater").pvalue, rel=1e-6
    )
    one, other = random.normal(0.3, 1, 40), random.normal(0, 2, 300)
    assert chance_of_difference(one, other) == pytest.approx(ttest_ind(one, other, equal_var=False).pvalue)


def test_a_score_that_cannot_be_told_is_not_overfitted(customers, fitted):
    """r2 of one row is undefined, so there is no overfitting."""
    frame = customers()
    model = fitted(frame[LEARNED], "spend")
    one = judge(frame[: JUDGED.start + 1], model, SPEND, learned={"r2": 1.0})
    assert checks_of(one, "overfitting") == []
    assert len(checks_of(judge(frame, model, SPEND, learned={"r2": 1.0}), "overfitting")) == 1
