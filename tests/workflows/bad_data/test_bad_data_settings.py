"""Settings that say what cannot be meant: found before anything is read, each at its place."""

import pytest

from lolpop.errors import VerificationError
from lolpop_containers.classification import ClassificationContainer

PROBLEM = "problem: {name: p, target: y, index: id}\n"
MEANINGLESS = {
    "an index that is the target": ("problem: {name: p, target: y, index: y}", "1:38  problem.index", "must not be the target column"),
    "a target without a name": ("problem: {name: p, target: ''}", "1:28  problem.target", "at least 1 character"),
    "groups of the target": ("problem: {name: p, target: y, sensitive_features: [y]}", "1:51  problem.sensitive_features", "must not contain the target 'y'"),
    "groups of the index": ("problem: {name: p, target: y, index: id, sensitive_features: [id]}", "1:62  problem.sensitive_features", "must not contain the index 'id'"),
    "an error before the warning of drift": (f"{PROBLEM}data_profiler: {{warn_psi: 1, error_psi: 0.2}}", "2:41  data_profiler.error_psi", "error_psi 0.2 is below warn_psi 1"),
    "an error before the warning of bias": (f"{PROBLEM}train: {{model_bias_checker: {{warn: 0.5}}}}", "train.model_bias_checker.error", "error 0.3 is below warn 0.5"),
    "the same by fairlearn": (f"{PROBLEM}train: {{model_bias_checker: {{use: fairlearn, error: 0.05}}}}", "2:53  train.model_bias_checker.error", "error 0.05 is below warn 0.1"),
    "lags of what has no time": (f"{PROBLEM}train: {{model_trainer: {{lags: [1]}}}}", "2:31  train.model_trainer.lags", "lags are for forecasting"),
    "shares that shrink": (f"{PROBLEM}train: {{hyperparameter_tuner: {{n_trials: 5, prune_at: [0.3, 0.1]}}}}", "2:55  train.hyperparameter_tuner.prune_at", "growing shares"),
    "a column that decides nothing": (f"{PROBLEM}train: {{data_splitter: {{column: g}}}}", "2:33  train.data_splitter.column", "'g' is not used"),
    "no column to decide": (f"{PROBLEM}train: {{data_splitter: {{by: group}}}}", "2:29  train.data_splitter.by", "a split by group needs a column"),
    "parts that are learned from": (f"{PROBLEM}train: {{data_splitter: {{by: column, column: part}}}}", "2:45  train.data_splitter.column", "'part' assigns rows to splits and cannot be a feature"),
    "everything as an outlier": (f"{PROBLEM}process: {{data_checker: {{outlier_distance: 0.5}}}}", "2:44  process.data_checker.outlier_distance", "greater than 1"),
    "more dots than fit in memory": (f"{PROBLEM}train: {{model_visualizer: {{dpi: 1000000}}}}", "2:33  train.model_visualizer.dpi", "less than or equal to 1200"),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGLESS)
def test_a_setting_that_cannot_be_meant_is_a_finding(case, tmp_path):
    """It is the only finding of its file, with line and column."""
    text, place, message = MEANINGLESS[case]
    settings = tmp_path / "lolpop.yaml"
    settings.write_text(f"{text}\ndata: {{train: rows.csv}}\n")
    with pytest.raises(VerificationError, match=message) as raised:
        ClassificationContainer.load(settings, environ={}).verify()
    (finding,) = (finding for finding in raised.value.findings if finding.severity == "error")
    assert place in str(finding)


def test_parts_that_are_no_features_may_be_named_by_a_column(tmp_path):
    """A column in problem.drop may assign rows to splits."""
    settings = tmp_path / "lolpop.yaml"
    settings.write_text(
        "problem: {name: p, target: y, drop: [part]}\ndata: {train: rows.csv}\n"
        "train: {data_splitter: {by: column, column: part}}\n"
    )
    (tmp_path / "rows.csv").write_text("y,part\n")
    assert not ClassificationContainer.load(settings, environ={}).verify()
