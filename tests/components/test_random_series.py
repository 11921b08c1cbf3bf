"""Whatever series look like, what forecasts them answers, or raises an error for people."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lolpop.components.data_checker.forecasting import ForecastDataChecker
from lolpop.components.data_splitter.horizon import HorizonDataSplitter
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_checker.forecasting import ForecastModelChecker
from lolpop.components.model_explainer.forecasting import ForecastModelExplainer
from lolpop.components.model_trainer.naive import NaiveModelTrainer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.smoothing import SmoothingModelTrainer
from lolpop.data.frames import wrap
from lolpop.errors import LolpopError
from lolpop.pipelines.future import future_rows
from lolpop.problem import ForecastingProblem

FREQUENCIES = ["D", "MS", "QS", "YS", "h", "15min", "W-MON", "B", "ME"]
ODD_TIMES = st.sampled_from(
    ["", "soon", "2024-02-30", "\ud800", None, 0, -1, 10**20, float("nan"), float("inf"), True, [1], b"x",
     pd.Timestamp("1677-09-22"), pd.Timestamp("2262-04-10"), pd.Timestamp("2024-01-01", tz="UTC")]
)  # fmt: skip
ODD_VALUES = st.sampled_from(
    [None, float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 1e-320, 10**30, "7", "x", [1], True]
)
SERIES = st.sampled_from(["a", "b", "", "\0", "\u202e", "00123", None, 1, 1.5, float("nan")])


@st.composite
def values(draw: st.DrawFn, rows: int) -> list[Any]:
    """Numbers: constant, of a line, of a season, of chance, greatly different, or with odd ones among them."""
    at = np.arange(rows)
    level = draw(st.sampled_from([0.0, 1.0, -5.0, 1e-9, 1e12, 1e300]))
    shapes = {
        "constant": np.full(rows, level),
        "line": level + at * draw(st.sampled_from([1.0, -1e-6, 1e6])),
        "season": level + at % 4,
        "chance": level + np.random.default_rng(rows).normal(size=rows),
        "growth": np.minimum(1.5 ** np.minimum(at, 900), 1e300),
        "whole": (at % 3).astype(object),
    }
    numbers: list[Any] = list(shapes[draw(st.sampled_from(sorted(shapes)))])
    for place in draw(st.lists(st.integers(0, max(rows - 1, 0)), max_size=3)):
        if rows:
            numbers[place] = draw(ODD_VALUES)
    return numbers


@st.composite
def times(draw: st.DrawFn, rows: int) -> list[Any]:
    """Times of one frequency, or whole numbers; gaps, doubles, disorder and odd ones in some."""
    if draw(st.booleans()):
        moments: list[Any] = list(range(2000, 2000 + rows))
    else:
        start = draw(st.sampled_from(["2024-01-01", "1999-12-31 23:45", "2024-03-31 01:00"]))
        zone = draw(st.sampled_from([None, None, "UTC", "Europe/Berlin"]))
        moments = list(pd.date_range(start, periods=rows, freq=draw(st.sampled_from(FREQUENCIES)), tz=zone))
    if draw(st.integers(0, 3)) == 0:
        moments = [str(moment) for moment in moments]
    for place in draw(st.lists(st.integers(0, max(rows - 1, 0)), max_size=2)):
        if rows:
            moments[place] = draw(ODD_TIMES | st.sampled_from(moments))
    if draw(st.integers(0, 3)) == 0:
        moments = draw(st.permutations(moments))
    return moments


def frame_of(columns: dict[str, list[Any]], library: str) -> Any:
    """A frame of either library; where a library has no type for a column, it holds objects."""
    if library == "pandas":
        made = {}
        for name, column in columns.items():
            try:
                made[name] = pd.Series(column)
            except (TypeError, ValueError, OverflowError):
                made[name] = pd.Series(column, dtype=object)
        return pd.DataFrame(made)
    series = []
    for name, column in columns.items():
        plain = [value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in column]
        try:
            series.append(pl.Series(name, plain, strict=False))
        except Exception:  # noqa: BLE001  (polars has errors of many kinds for what it has no type for)
            series.append(pl.Series(name, column, dtype=pl.Object))
    return pl.DataFrame(series)


@st.composite
def series(draw: st.DrawFn) -> tuple[Any, ForecastingProblem]:
    """Rows of one or several series, with regressors or without, and a problem that fits them or does not."""
    several = draw(st.booleans())
    columns: dict[str, list[Any]] = {"when": [], "y": [], "outside": [], "shop": []}
    for _ in range(draw(st.integers(1, 3)) if several else 1):
        rows = draw(st.sampled_from([0, 1, 2, 3, 7, 30, 60]))
        columns["when"] += draw(times(rows))
        columns["y"] += draw(values(rows))
        columns["outside"] += draw(values(rows))
        columns["shop"] += [draw(SERIES)] * rows
    if not draw(st.booleans()):
        del columns["outside"]
    if not several:
        del columns["shop"]
    problem = ForecastingProblem(
        name="sales",
        target="y",
        time="when",
        series="shop" if several else None,
        horizon=draw(st.sampled_from([1, 2, 7])),
        season=draw(st.sampled_from([None, None, 1, 4, 500])),
        frequency=draw(st.sampled_from([None, None, None, "D", "MS"])),
    )
    return frame_of(columns, draw(st.sampled_from(["pandas", "polars"]))), problem


def trainers(problem: ForecastingProblem) -> dict[str, Any]:
    """Those that need no library but the base install's."""
    return {
        "naive": NaiveModelTrainer("seasonal_naive", problem=problem),
        "drift": NaiveModelTrainer("drift", problem=problem),
        "smoothing": SmoothingModelTrainer("damped", problem=problem),
        "ridge on lags": SklearnModelTrainer(
            "ridge", problem=problem, feature_transformer=SklearnFeatureTransformer()
        ),
    }


def target_of(frame: Any) -> tuple[Any, Any]:
    """Features and target, as the train pipeline takes them apart."""
    rows = wrap(frame)
    return rows.drop("y").to_native(), rows.get_column("y").to_native()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=series())
def test_rows_are_checked_split_and_continued_whatever_they_hold(
    drawn: tuple[Any, ForecastingProblem],
) -> None:
    """Checks always give a report; splits and future rows are made, or are readable errors."""
    frame, problem = drawn
    for labelled in (True, False):
        with contextlib.suppress(LolpopError):
            assert ForecastDataChecker(problem=problem).check(frame, labelled=labelled).checks
    with contextlib.suppress(LolpopError):
        future_rows(frame, problem)
    with contextlib.suppress(LolpopError):
        splits = HorizonDataSplitter(problem=problem).split(frame)
        assert len(wrap(splits.test)) > 0
    with contextlib.suppress(LolpopError):
        HorizonDataSplitter(origins=2, problem=problem).backtest(frame)


@pytest.mark.parametrize("name", ["naive", "drift", "smoothing", "ridge on lags"])
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=series())
def test_series_are_forecast_judged_and_explained_whatever_they_hold(
    name: str, drawn: tuple[Any, ForecastingProblem]
) -> None:
    """A fitted model forecasts finite numbers between its bounds, or there is a readable error."""
    frame, problem = drawn
    with contextlib.suppress(LolpopError):
        splits = HorizonDataSplitter(problem=problem).split(frame)
        features, target = target_of(splits.train)
        model = trainers(problem)[name].fit(features, target)
        test, truth = target_of(splits.test)
        predicted = model.predict(test)
        assert np.isfinite(np.asarray(predicted.labels, dtype=float)).all()
        if predicted.lower is not None and predicted.upper is not None:
            assert (predicted.lower <= predicted.upper).all()
        checker = ForecastModelChecker(problem=problem)
        with contextlib.suppress(LolpopError):
            checker.measure(model, test, truth)
        with contextlib.suppress(LolpopError):
            assert checker.check(model, test, truth, {}).checks
        with contextlib.suppress(LolpopError):
            ForecastModelExplainer(problem=problem).importance(model, test, truth)
