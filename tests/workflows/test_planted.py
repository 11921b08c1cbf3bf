"""What was planted in rows is found and named by the command line."""

import json

import numpy as np
import pytest

from lolpop.cli import main

SETTINGS = """
problem: {name: churn, target: churn, drop: [spend], positive_label: "yes", sensitive_features: [group]}
data: {train: rows.csv}
train: {model_trainer: {estimator: logistic_regression}}
"""


@pytest.fixture
def checks(tmp_path, monkeypatch, capsys):
    """Run the command line on rows, and give its checks by name."""

    def checks(frame, *words):
        frame.to_csv(tmp_path / "rows.csv", index=False)
        (tmp_path / "lolpop.yaml").write_text(SETTINGS)
        monkeypatch.chdir(tmp_path)
        assert main(["run", "classification", "--json", *words]) == 0
        output = json.loads(capsys.readouterr().out.splitlines()[-1])
        checks_by_name = {}
        for check in output["checks"]:
            checks_by_name.setdefault(check["check"], []).append(check)
        return checks_by_name

    return checks


@pytest.mark.parametrize("use", ["builtin", "fairlearn"])
def test_a_biased_group_is_found(use, checks, customers):
    """The check has the feature as its column, and the name in its message."""
    if use != "builtin":
        pytest.importorskip(use)
    frame = customers(rows=3_000)
    hidden = (frame["group"] == "b") & (np.random.default_rng(0).random(len(frame)) < 0.8)
    frame.loc[hidden, "churn"] = "no"
    (check,) = checks(frame, "--set", f"train.model_bias_checker={use}")["bias"]
    assert check["status"] in {"warn", "error"}
    assert check["columns"] == ["group"]
    assert "for 'b'" in check["message"]


def test_a_weak_segment_is_found(checks, customers):
    """If labels are swapped in a segment, it is named."""
    frame = customers(rows=3_000)
    weak = frame["city"] == "Bodo"
    frame.loc[weak, "churn"] = frame.loc[weak, "churn"].map({"yes": "no", "no": "yes"})
    segments = [check for check in checks(frame)["weak_segment"] if check["columns"] == ["city"]]
    assert [check["status"] for check in segments] == ["warn"]
    assert "'city' is 'Bodo'" in segments[0]["message"]


def test_clean_rows_raise_no_alarm(checks, customers):
    """No bias and no weak segment is reported."""
    checks_by_name = checks(customers(rows=2_000))
    assert {check["status"] for name in ("bias", "weak_segment") for check in checks_by_name[name]} == {"ok"}
