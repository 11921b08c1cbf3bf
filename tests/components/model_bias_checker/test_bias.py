import numpy as np
import polars as pl
import pytest

from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.errors import DataError, VerificationError
from lolpop.problem import Problem

CHURN = Problem(name="churn", target="churn", positive_label="yes", sensitive_features=("group",))
SPEND = Problem(name="spend", target="spend", type="regression", sensitive_features=("group",))
LEARNED, JUDGED = slice(0, 1_400), slice(1_400, None)


def judge(frame, model, problem=CHURN, **settings):
    judged = frame[JUDGED]
    return BuiltinModelBiasChecker(**settings, problem=problem).check(model, judged, judged[problem.target])


def biased(frame):
    """Two of three members of group b who churn are said not to."""
    rows = frame.copy()
    hidden = (frame["group"] == "b") & (np.random.default_rng(0).random(len(frame)) < 0.7)
    rows.loc[hidden, "churn"] = "no"
    return rows


def test_a_biased_group_is_found_and_named(customers, fitted):
    """A model trained on biased labels selects the group less; the check names feature and group."""
    frame = biased(customers())
    report = judge(frame, fitted(frame[LEARNED], features=["age", "income", "visits", "group"]))
    (check,) = report.checks
    assert (check.check, check.columns) == ("bias", ("group",))
    assert check.status in {"warn", "error"}
    assert "selection_rate is 0" in check.message
    assert "for 'b'" in check.message


def test_bias_against_a_group_that_nothing_is_learned_from(customers, fitted):
    """The sensitive feature is in the frame and not in the model."""
    frame = biased(customers())
    assert judge(frame, fitted(frame[LEARNED])).status != "ok"


def test_groups_of_a_regression(customers, fitted):
    """Too high predictions for one group are bias, in standard deviations of the target."""
    frame = customers()
    model = fitted(frame[LEARNED], "spend")
    assert judge(frame, model, SPEND).status == "ok"
    frame.loc[frame["group"] == "b", "spend"] -= 30
    report = judge(frame, model, SPEND)
    assert "mean_error" in report.checks[0].message
    assert report.status == "error"


@pytest.mark.parametrize("problem", [CHURN, SPEND])
@pytest.mark.parametrize("seed", range(8))
def test_groups_that_say_nothing_raise_no_alarm(customers, fitted, problem, seed):
    """Random differences between groups are no bias at the default thresholds."""
    frame = customers(seed)
    features = ["age", "income", "visits", "city", "group"]
    assert judge(frame, fitted(frame[LEARNED], problem.target, features), problem).status == "ok"


def test_small_groups_are_measured_and_not_judged(customers, fitted):
    """A group with few rows is named as too small, and never as biased."""
    frame = customers()
    frame.loc[frame.index[-5:], "group"] = "few"
    frame.loc[frame.index[-5:], "churn"] = ["yes", "no", "yes", "no", "yes"]
    report = judge(frame, fitted(frame[LEARNED]))
    assert report.status == "ok"
    assert "groups of fewer than 20 rows are not compared: 'few'" in report.checks[0].message
    assert {group.group: group.rows for group in report.groups}["few"] == 5


def test_metrics_by_group_are_those_of_the_rows(customers, fitted):
    """Accuracy, selection and error rates, for pandas and polars; numbers are grouped by quartiles."""
    frame = customers()
    model = fitted(frame[LEARNED])
    problem = CHURN.model_copy(update={"sensitive_features": ("group", "age")})
    judged = frame[JUDGED]
    checker = BuiltinModelBiasChecker(problem=problem)
    report = checker.check(model, judged, judged["churn"])
    rows = judged[judged["group"] == "a"]
    predicted = model.predict(rows).labels
    (group,) = [group for group in report.groups if (group.feature, group.group) == ("group", "a")]
    assert group.metrics["accuracy"] == pytest.approx((predicted == rows["churn"]).mean())
    assert group.metrics["selection_rate"] == pytest.approx((predicted == "yes").mean())
    assert group.metrics["true_positive_rate"] == pytest.approx(
        (predicted[rows["churn"] == "yes"] == "yes").mean()
    )
    assert group.metrics["false_positive_rate"] == pytest.approx(
        (predicted[rows["churn"] == "no"] == "yes").mean()
    )
    assert sum(group.rows for group in report.groups if group.feature == "age") == len(judged)
    other = pl.from_pandas(judged)

    class Same:
        classes = model.classes

        def predict(self, rows):
            return model.predict(judged)

    assert checker.check(Same(), other, other["churn"]) == report


def test_a_sensitive_feature_that_is_not_there_is_an_error(customers, fitted):
    """With the near name."""
    frame = customers().rename(columns={"group": "groups"})
    with pytest.raises(DataError, match=r"no sensitive feature 'group' .* Did you mean groups"):
        judge(frame, fitted(frame[LEARNED]))


def test_limits_that_contradict_each_other_are_refused():
    """The difference for an error cannot be smaller than that for a warning."""
    with pytest.raises(VerificationError, match=r"error 0\.2 is below warn 0\.5"):
        BuiltinModelBiasChecker(0.5, 0.2, problem=CHURN)
