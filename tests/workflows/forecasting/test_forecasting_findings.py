"""Settings that make no sense of a series: verification says which, and where they stand."""

import pytest

from lolpop.errors import VerificationError
from lolpop.problem import ForecastingProblem
from lolpop_containers.forecasting import ForecastingContainer

PROBLEM = "problem: {name: a, target: sold, time: day, series: shop, horizon: 3}\ndata: {train: a.csv}\n"


def findings(folder, text):
    """What verification finds in the settings ``text``."""
    (folder / "lolpop.yaml").write_text(text)
    container = ForecastingContainer.load(folder / "lolpop.yaml", environ={})
    with pytest.raises(VerificationError) as raised:
        container.verify()
    return raised.value.findings


@pytest.mark.parametrize(
    ("roles", "path", "message"),
    [
        ("target: sold, time: sold", "problem.time", "names 'sold', the same column as problem.target"),
        (
            "target: sold, time: day, drop: [day]",
            "problem.time",
            "problem.drop: remove it there",
        ),
        (
            "target: sold, time: day, index: day",
            "problem.time",
            "problem.index: remove it there",
        ),
        (
            "target: sold, time: day, series: day",
            "problem.series",
            "names 'day', the same column as problem.time",
        ),
        ("target: sold, time: day, series: sold", "problem.series", "the same column as problem.target"),
        ("target: sold, time: day, series: shop, drop: [shop]", "problem.series", "remove it there"),
    ],
)
def test_a_column_of_time_or_series_is_nothing_else(tmp_path, roles, path, message):
    """A column with two roles is a finding at its second role."""
    (finding,) = findings(tmp_path, f"problem: {{name: a, horizon: 3, {roles}}}\ndata: {{train: a.csv}}\n")
    assert finding.path == path
    assert message in finding.message
    assert ":1:" in str(finding.origin)


def test_roles_that_differ_are_fine():
    """Dropped columns, or an index, next to time and series are valid."""
    ForecastingProblem(name="a", target="b", time="c", series="d", index="e", drop=("f", "b"), horizon=2)


def test_a_metric_that_does_not_exist_has_a_near_name(tmp_path):
    """A misspelt metric gets a near name."""
    text = PROBLEM + "model_checker: {metric: mean_absolute_scaled_eror}\n"
    (finding,) = findings(tmp_path, text)
    assert (finding.path, finding.hint) == (
        "model_checker.metric",
        "Did you mean mean_absolute_scaled_error?",
    )


@pytest.mark.parametrize(
    ("more", "path", "message"),
    [
        ("model_explainer: sklearn", "model_explainer", "SklearnModelExplainer explains no forecasts"),
        ("predict: {explain: true}", "predict.explain", "single forecasts are not explained"),
    ],
)
def test_what_explains_rows_explains_no_forecasts(tmp_path, more, path, message):
    """An explainer for rows, and explanations of forecasts, are findings before training."""
    (finding,) = findings(tmp_path, f"{PROBLEM}{more}\n")
    assert (finding.path, finding.message) == (path, message)
    assert ":3:" in str(finding.origin)


def test_rows_in_batches_are_found_where_they_are_asked_for(tmp_path):
    """data.batch_rows is a finding with its line."""
    (finding,) = findings(tmp_path, PROBLEM.replace("a.csv", "a.csv, batch_rows: 10"))
    assert finding.path == "data.batch_rows"
    assert finding.message == "is not supported for forecasting: earlier times may be in a later batch"
    assert str(finding.origin).endswith("lolpop.yaml:2:34")
