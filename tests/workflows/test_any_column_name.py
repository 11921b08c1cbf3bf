"""Workflows whose columns are called as anything that the framework itself calls something."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lolpop.errors import VerificationError
from lolpop.resources import DatasetVersion, Model, ModelVersion, PredictionJob
from lolpop_containers.classification import ClassificationContainer
from lolpop_containers.forecasting import ForecastingContainer
from lolpop_containers.regression import RegressionContainer

CONTAINERS = {
    "classification": ClassificationContainer,
    "regression": RegressionContainer,
    "forecasting": ForecastingContainer,
}
# What results, tables of the store, frames of libraries and features are called.
NAMES = [
    "prediction", "probability_a", "probability_b", "lower", "upper", "scale", "origin", "output", "lag_1",
    "lag_1_", "baseline_naive", "attribution_x", "index", "level_0", "__index_level_0__", "target", "labels",
    "rows", "count", "value", "len", "feature_0", "ds", "y", "step", "key", "x_change", "day_sin", "week_cos",
    "time of week", "missingindicator_x", "x_na", "x_month", "x_a", "group", "month", "literal", "None", "0",
    "$x_{$", "[x]<1>", '{"a": 1}', "a.b", "a b", "%s", "{x}", "prédiction",
]  # fmt: skip
ROLES = {
    "classification": ["i", "t", "x", "z", "c", "d"],
    "regression": ["i", "t", "x", "z", "c", "d"],
    "forecasting": ["w", "s", "t", "x", "z"],
}


def table(problem: str) -> pd.DataFrame:
    random = np.random.default_rng(4)
    if problem == "forecasting":
        days = pd.date_range("2025-01-06", periods=60).astype(str)
        rows = pd.DataFrame({"w": np.tile(days, 2), "s": np.repeat(["n", "m"], 60)})
        rows["x"] = np.tile((np.arange(60) % 5 == 0).astype(int), 2)
        rows["z"] = random.normal(size=120).round(3)
        rows["t"] = 20 + 8 * rows["x"] + rows["z"] + np.tile(np.arange(60) % 7, 2)
        return rows
    rows = pd.DataFrame({"i": range(100, 240), "x": random.normal(size=140).round(3)})
    rows["z"] = random.normal(size=140).round(3)
    rows.loc[::9, "z"] = np.nan
    rows["c"] = random.choice(["a", "b"], 140)
    rows["d"] = pd.date_range("2024-01-01", periods=140, freq="31h").astype(str)
    score = rows["x"] + (rows["c"] == "a") + random.normal(0, 0.7, 140)
    rows["t"] = score.round(3) if problem == "regression" else np.where(score > 0.5, "a", "b")
    return rows


def parts(rows: pd.DataFrame, problem: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    new = rows["w"] > "2025-02-28" if problem == "forecasting" else rows["i"] >= 210
    return rows[~new], rows[new]


def written(folder: Path, problem: str, names: dict[str, str]) -> dict[str, Any]:
    """Files of a project whose columns have other names, and the settings of it."""
    training_rows, new = parts(table(problem), problem)
    identity = ["w", "s"] if problem == "forecasting" else ["i"]
    for name, rows in {
        "known": training_rows, "new": new.drop(columns="t"), "later": new.drop(columns="t")[::-1][:20],
        "truth": new[[*identity, "t"]][::2],
    }.items():  # fmt: skip
        rows.rename(columns=names).to_csv(folder / f"{name}.csv", index=False)
    section: dict[str, Any] = {"name": "p", "target": names["t"]}
    if problem == "forecasting":
        section |= {"time": names["w"], "series": names["s"], "horizon": 5, "season": 7}
    else:
        section |= {"index": names["i"], "sensitive_features": [names["c"]]}
    return section


def results(problem: str, frame: str, names: dict[str, str], trainer: dict[str, Any]) -> dict[str, Any]:
    """All that two runs say, with the columns called as they were before they got other ``names``."""
    container_class = CONTAINERS[problem]
    former = {after: before for before, after in names.items()}
    with TemporaryDirectory() as place:
        folder = Path(place)
        section = written(folder, problem, names)
        data = {"train": "known.csv", "predict": "new.csv", "truth": "truth.csv", "frame": frame}
        values: dict[str, Any] = {
            "problem": section,
            "data": data | {"predictions": "out.csv"},
            "seed": 7,
            "notifiers": [],
            "skip": ["analyze_model"] if problem == "classification" else [],
            "train": {"model_trainer": trainer, "model_visualizer": {"dpi": 20}},
        }
        if problem == "forecasting":
            values["train"]["data_splitter"] = {"origins": 2}
            values["skip"] = []
        else:
            values["predict"] = {"explain": 6}
            values["data"]["explanations"] = "why.csv"
        (folder / "lolpop.yaml").write_text(json.dumps(values), encoding="utf-8")
        with container_class.load(folder / "lolpop.yaml", environ={}) as container:
            container.verify()
            runner = container.runner()
            job = runner.run()
            later = runner.process_data("later.csv", "predict")
            second = runner.predict_data(container.model_deployer().deployed(Model(name="p")), later)
            return collected(container, folder, job, second, former)


def collected(
    container: Any, folder: Path, job: PredictionJob, second: PredictionJob, former: dict[str, str]
) -> dict[str, Any]:
    tracker, metrics = container.metadata_tracker(), container.metrics_tracker()
    version = next(parent for parent in tracker.parents(job) if isinstance(parent, ModelVersion))
    rows = next(parent for parent in tracker.parents(second) if isinstance(parent, DatasetVersion))
    fields = tracker.get(version).fields

    def named(text: str) -> str:
        return former.get(text, text)

    def checks(report: Any) -> list[Any]:
        return [
            (check["check"], check["status"], sorted(map(named, check.get("columns", ()))))
            for check in report["checks"]
        ]

    def drift(report: Any, predicted: int) -> list[Any]:
        # Columns of predictions come last, and are called as ever.
        columns = report["columns"]
        own = len(columns) - predicted
        statuses = [(check["check"], check["status"], len(check["columns"])) for check in report["checks"]]
        renamed = [
            named(column["column"]) if at < own else column["column"] for at, column in enumerate(columns)
        ]
        return [
            statuses,
            [{**column, "column": name} for name, column in zip(renamed, columns, strict=True)],
        ]

    def table_of(file: str) -> Any:
        if not (folder / file).exists():
            return None
        content = pd.read_csv(folder / file)
        return [[again(name) for name in content.columns], content.to_numpy().tolist()]

    def again(name: str) -> str:
        if name.startswith("attribution_"):
            return f"attribution_{named(name.removeprefix('attribution_'))}"
        return named(name) if name in carried else name

    problem = container.problem()
    carried = problem.passthrough_columns
    # Lags have an underscore more beside a regressor that is called as they are.
    features = former.keys() - {problem.target, *carried}
    drifts = [
        drift(value, predicted)
        for resource, predicted in ((rows, 0), (second, 1 if problem.type == "regression" else 3))
        for key, value in tracker.get(resource).fields.items()
        if key.startswith("drift.")
    ]
    return {
        "metrics": [dict(metrics.get(resource)) for resource in (version, job)],
        "predictions": table_of("out.csv"),
        "explanations": table_of("why.csv"),
        "importance": {
            former[name] if name in features else name.rstrip("_"): at
            for name, at in fields.get("importance", {}).items()
        },
        "checks": checks(fields["checks"]),
        "bias": checks(fields["bias"]) if "bias" in fields else None,
        "drifts": drifts,
    }


TRAINERS: dict[str, dict[str, Any]] = {
    "classification": {"estimator": "logistic_regression"},
    "regression": {"estimator": "hist_gradient_boosting", "params": {"max_iter": 10}},
    "forecasting": {"estimator": "ridge"},
}


@cache
def plain(problem: str, frame: str) -> str:
    names = {role: role for role in ROLES[problem]}
    return shown(results(problem, frame, names, TRAINERS[problem]))


def shown(outcome: dict[str, Any]) -> str:
    return json.dumps(outcome, indent=1, default=str)


def allowed(problem: str, names: dict[str, str]) -> bool:
    """Whether no name is one that a row's identity cannot have beside its predictions."""
    carried = ["w", "s"] if problem == "forecasting" else ["i"]
    taken = {"prediction", "lower", "upper", "output"}
    return not any(
        names[role] in taken or names[role].startswith(("probability_", "attribution_")) for role in carried
    )


def renamings(problem: str) -> st.SearchStrategy[dict[str, str]]:
    roles = ROLES[problem]
    names = st.lists(st.sampled_from(NAMES), min_size=len(roles), max_size=len(roles), unique=True)
    return names.map(lambda chosen: dict(zip(roles, chosen, strict=True))).filter(
        lambda renamed: allowed(problem, renamed)
    )


# Names that once gave other results, in all roles at once.
WORST = {
    "classification": {
        "i": "scale", "t": "prediction", "x": "output", "z": "probability_a", "c": "lower", "d": "$x_{$"
    },
    "regression": {
        "i": "lower", "t": "prediction", "x": "output", "z": "missingindicator_x", "c": "upper", "d": "lag_1"
    },
    "forecasting": {"w": "origin", "s": "scale", "t": "prediction", "x": "lag_1", "z": "baseline_naive"},
}  # fmt: skip


@pytest.mark.parametrize("problem", CONTAINERS)
def test_results_do_not_depend_on_what_columns_are_called(problem: str) -> None:
    """Metrics, predictions, explanations, checks and drift are equal for all names."""

    @settings(max_examples=3, deadline=None, derandomize=True)
    @example(WORST[problem], "pandas")
    @given(renamings(problem), st.sampled_from(["pandas", "polars"]))
    def check(names: dict[str, str], frame: str) -> None:
        assert shown(results(problem, frame, names, TRAINERS[problem])) == plain(problem, frame)

    check()


@pytest.mark.parametrize(
    ("problem", "role", "name"),
    [
        ("classification", "index", "prediction"),
        ("classification", "index", "probability_a"),
        ("regression", "index", "prediction"),
        ("forecasting", "time", "lower"),
        ("forecasting", "series", "upper"),
        ("forecasting", "series", "prediction"),
        ("forecasting", "index", "prediction"),
    ],
)
def test_an_identity_called_as_a_column_of_predictions_is_a_finding(
    tmp_path: Path, problem: str, role: str, name: str
) -> None:
    """The output would have two columns of one name."""
    section = {"name": "p", "target": "t", role: name}
    if problem == "forecasting":
        section = {"time": "w", "horizon": 5, **section}
    file = tmp_path / "lolpop.yaml"
    file.write_text(json.dumps({"problem": section, "data": {"train": "none.csv"}}))
    with pytest.raises(VerificationError) as raised:
        CONTAINERS[problem].load(file, environ={}).verify()
    [finding] = raised.value.findings
    assert finding.path == f"problem.{role}"
    assert f"{name!r} is reserved for a column of the predictions" in finding.message
    assert finding.origin is not None


@pytest.mark.parametrize("index", ["output", "attribution_x"])
def test_an_index_called_as_a_column_of_explanations_is_a_finding_where_those_are_made(
    tmp_path: Path, index: str
) -> None:
    """Without explanations, the name is valid."""
    file = tmp_path / "lolpop.yaml"
    values: dict[str, Any] = {
        "problem": {"name": "p", "target": "t", "index": index}, "data": {"train": "none.csv"}
    }  # fmt: skip
    file.write_text(json.dumps(values))
    ClassificationContainer.load(file, environ={}).verify()
    file.write_text(json.dumps(values | {"predict": {"explain": 5}}))
    with pytest.raises(VerificationError) as raised:
        ClassificationContainer.load(file, environ={}).verify()
    assert [finding.path for finding in raised.value.findings] == ["predict.explain"]
    assert repr(index) in raised.value.findings[0].message
