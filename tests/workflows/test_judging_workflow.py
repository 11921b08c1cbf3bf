"""Analysis and checks of bias in the ready-made workflows."""

import sys

import numpy as np
import pytest

from lolpop.errors import DataError
from lolpop.resources import ModelVersion
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.regression import RegressionContainer

CHURN = ModelVersion(name="churn", number=1)


@pytest.fixture
def run(tmp_path, customers):
    """Run a container on biased customers, with settings by dotted path; gives the metadata tracker."""
    frame = customers(rows=2_000)
    hidden = (frame["group"] == "b") & (np.random.default_rng(0).random(len(frame)) < 0.8)
    frame.loc[hidden, "churn"] = "no"
    frame.to_csv(tmp_path / "rows.csv", index=False)
    opened = []

    def run(container=ClassificationContainer, target="churn", **overrides):
        (tmp_path / "lolpop.yaml").write_text(
            f"problem: {{name: churn, target: {target}, drop: [{'spend' if target == 'churn' else 'churn'}]}}\n"
            "data: {train: rows.csv}\n"
            f"train: {{model_trainer: {{estimator: {'logistic' if target == 'churn' else 'linear'}_regression}}}}\n"
        )
        settings = {path.replace("__", "."): value for path, value in overrides.items()}
        opened.append(container.load(tmp_path / "lolpop.yaml", environ={}, overrides=settings))
        opened[-1].runner().run()
        return opened[-1].metadata_tracker()

    yield run
    for container in opened:
        with container:
            pass


def test_importance_and_figures_belong_to_the_model_version(run, tmp_path, monkeypatch):
    """Importance is a field, figures are artifacts, and pyplot is not imported."""
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)  # others may have
    tracker = run()
    figures = [f"figures.{name}.png" for name in ("calibration", "confusion_matrix", "importance", "roc")]
    assert [name for name in tracker.artifacts(CHURN) if name.startswith("figures.")] == figures
    tracker.load_artifact(CHURN, "figures.roc.png", tmp_path / "roc.png")
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert {"age", "income", "visits"} <= set(list(tracker.get(CHURN).fields["importance"])[:4])
    assert "matplotlib.pyplot" not in sys.modules


def test_bias_is_told_though_the_feature_is_dropped(run, capsys):
    """A sensitive feature that is not used for training is still checked."""
    tracker = run(problem__sensitive_features=["group"], problem__drop=["spend", "group"])
    (check,) = tracker.get(CHURN).fields["bias"]["checks"]
    assert (check["check"], check["columns"]) == ("bias", ["group"])
    assert check["status"] != "ok"
    assert "group" not in tracker.get(CHURN).fields["importance"]
    assert "groups of 'group' are treated differently" in capsys.readouterr().err


def test_a_sensitive_feature_that_is_not_there_is_noticed_before_training(run):
    """A misspelt name is an error before training."""
    with pytest.raises(DataError, match=r"no sensitive feature 'groop' .* Did you mean group"):
        run(problem__sensitive_features=["groop"])


def test_both_may_be_skipped(run):
    """Skipped tasks record nothing."""
    tracker = run(problem__sensitive_features=["group"], skip=["analyze_model", "check_model_bias"])
    assert not {"importance", "bias"} & tracker.get(CHURN).fields.keys()
    assert not [name for name in tracker.artifacts(CHURN) if name.startswith("figures.")]


def test_regression_is_analyzed_too(run):
    """It has its own figures."""
    tracker = run(RegressionContainer, "spend")
    assert {"figures.residuals.png", "figures.importance.png"} <= set(tracker.artifacts(CHURN))
