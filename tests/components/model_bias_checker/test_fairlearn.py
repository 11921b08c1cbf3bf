"""Bias as fairlearn's metrics by group show it, judged as the built-in checker judges."""

import numpy as np
import polars as pl
import pytest

from lolpop.components.model_bias_checker.builtin import BuiltinModelBiasChecker
from lolpop.components.model_bias_checker.fairlearn import FairlearnModelBiasChecker
from lolpop.errors import DataError, VerificationError
from lolpop.problem import Problem

pytest.importorskip("fairlearn")

FEATURES = ("group", "age")
CHURN = Problem(name="churn", target="churn", positive_label="yes", sensitive_features=FEATURES)
LEVEL = Problem(name="level", target="level", sensitive_features=FEATURES)
SPEND = Problem(name="spend", target="spend", type="regression", sensitive_features=FEATURES)


@pytest.mark.parametrize("problem", [CHURN, LEVEL, SPEND], ids=lambda problem: problem.name)
def test_it_says_what_the_built_in_checker_says(problem, customers, fitted):
    """Both implementations agree, for two classes, three, and numbers, with pandas and polars."""
    frame = customers()
    frame["level"] = np.where(frame["spend"] > 110, "high", np.where(frame["spend"] > 90, "middle", "low"))
    hidden = (frame["group"] == "b") & (np.random.default_rng(0).random(len(frame)) < 0.7)
    frame.loc[hidden, ["churn", "level"]] = "no", "low"
    model = fitted(frame, problem.target, ["age", "income", "visits", "group"])
    ours = BuiltinModelBiasChecker(problem=problem).check(model, frame, frame[problem.target])
    theirs = FairlearnModelBiasChecker(problem=problem).check(model, frame, frame[problem.target])
    assert theirs.checks == ours.checks
    for one, other in zip(sorted(ours.groups, key=str), sorted(theirs.groups, key=str), strict=True):
        assert (one.feature, one.group, one.rows) == (other.feature, other.group, other.rows)
        assert one.metrics == pytest.approx(other.metrics)


def test_a_group_of_two_features_is_found_only_together(customers, fitted):
    """Groups of each feature are treated equally, those of both features are not."""
    frame = customers(rows=4_000)
    random = np.random.default_rng(1)
    frame["group"] = random.choice(["a", "b"], len(frame))
    frame["sex"] = random.choice(["f", "m"], len(frame))
    problem = CHURN.model_copy(update={"sensitive_features": ("group", "sex")})
    model = fitted(frame)
    frame["churn"] = model.predict(frame).labels
    # In two opposite corners the model is wrong in opposite directions.
    for group, sex, true in (("a", "f", "yes"), ("b", "m", "yes"), ("a", "m", "no"), ("b", "f", "no")):
        corner = (frame["group"] == group) & (frame["sex"] == sex) & (random.random(len(frame)) < 0.5)
        frame.loc[corner, "churn"] = true
    alone = FairlearnModelBiasChecker(problem=problem).check(model, frame, frame["churn"])
    together = FairlearnModelBiasChecker(intersections=True, problem=problem).check(
        model, pl.from_pandas(frame), frame["churn"]
    )
    assert {check.status for check in alone.checks} == {"ok"}
    *_, check = together.checks
    assert (check.check, check.columns) == ("bias", ("group", "sex"))
    assert check.status == "error"
    assert "groups of 'group and sex' are treated differently" in check.message
    assert "'a, f'" in check.message


def test_a_feature_that_is_not_there_and_limits_that_contradict(customers, fitted):
    """The errors are those of the built-in checker."""
    frame = customers(rows=200)
    with pytest.raises(DataError, match=r"no sensitive feature 'group'.*Did you mean groups"):
        FairlearnModelBiasChecker(problem=CHURN).check(
            fitted(frame), frame.rename(columns={"group": "groups"}), frame["churn"]
        )
    with pytest.raises(VerificationError, match=r"error 0\.2 is below warn 0\.5"):
        FairlearnModelBiasChecker(0.5, 0.2, problem=CHURN)
