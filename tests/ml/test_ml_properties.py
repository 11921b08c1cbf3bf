"""Random frames meet nothing but LolpopErrors."""

from __future__ import annotations

import tempfile
from datetime import UTC, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.data import Data
from lolpop.errors import LolpopError
from lolpop.frames import kind_of, to_datetimes, to_floats, to_labels, to_strings, wrap
from lolpop.problem import Problem

FIRST, LAST = (pd.Timestamp(year, 1, 1).to_pydatetime() for year in (1900, 2200))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "floats": st.floats(width=32) | st.none(),
    "wholes": st.integers(-(2**40), 2**40) | st.none(),
    "bits": st.sampled_from([0, 1]),
    "labels": st.sampled_from(["no", "yes", "maybe"]),
    "flags": st.booleans() | st.none(),
    "words": st.sampled_from(["a", "b", "", "nan", "é"]) | st.none(),
    "texts": st.text(max_size=5) | st.none(),
    "dates": st.dates(FIRST.date(), LAST.date()) | st.none(),
    "instants": st.datetimes(FIRST, LAST) | st.none(),
    "zoned": st.datetimes(FIRST, LAST, timezones=st.just(UTC)) | st.none(),
    "spans": st.timedeltas(-timedelta(9999), timedelta(9999)) | st.none(),
    "prices": st.decimals(-99, 99, places=2) | st.none(),
    "lists": st.lists(st.integers(0, 3), max_size=2),
    "nothing": st.none(),
}
ODD = st.one_of(
    st.integers(0, 3), st.text(max_size=2), st.floats(), st.none(), st.booleans(), st.just(Decimal(1))
)  # fmt: skip
PANDAS_DTYPES = ["Int64", "boolean", "category", "Float64", "string", "object", "float32", "int8"]


@st.composite
def frames(draw: st.DrawFn, at_least: int = 0) -> Any:
    """A pandas or polars frame of few rows, with columns of any kind, and often a target y."""
    n = draw(st.integers(at_least, 12))
    names = draw(st.lists(st.sampled_from(["a", "b", "when", "c d", "x<[1]", ""]), unique=True, max_size=4))
    if draw(st.integers(0, 9)):
        names.append("y")
    kinds = {name: draw(st.sampled_from(sorted(VALUES))) for name in names}
    if at_least or draw(st.booleans()):
        kinds |= {"y": draw(st.sampled_from(["bits", "labels"]))}
    data = {name: draw(st.lists(VALUES[kind], min_size=n, max_size=n)) for name, kind in kinds.items()}
    if draw(st.booleans()):
        return pl.DataFrame(data, strict=False)
    frame = pd.DataFrame(data)
    for name in frame.columns.drop("y", errors="ignore") if at_least else frame.columns:
        if draw(st.integers(0, 3)) == 0:
            try:
                frame[name] = frame[name].astype(draw(st.sampled_from(PANDAS_DTYPES)))
            except (TypeError, ValueError, OverflowError, Warning):
                frame[name] = pd.Series(draw(st.lists(ODD, min_size=n, max_size=n)), dtype=object)
    if n and draw(st.booleans()):
        frame.index = np.zeros(n, dtype=int)
    if not at_least and draw(st.integers(0, 15)) == 0:
        frame.columns = [draw(st.sampled_from(["a", 1, "y"])) for _ in frame.columns]
    return frame


RELAXED = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@RELAXED
@given(frame=frames())
def test_any_column_is_of_some_kind(frame: Any) -> None:
    """Every column has a kind, and is numbers, text, dates, labels, or a DataError."""
    try:
        rows = wrap(frame)
    except LolpopError:
        return
    for column in rows.iter_columns():
        kind_of(column)
        for convert in (to_floats, to_strings, to_datetimes, to_labels):
            try:
                assert len(convert(column)) == len(column)
            except LolpopError:
                continue


@RELAXED
@given(frame=frames(), by=st.sampled_from(["random", "group", "time", "column"]), kind=st.booleans())
def test_any_frame_is_split_or_an_error(frame: Any, by: Any, kind: bool) -> None:
    """Splits of random frames are whole, or a DataError."""
    problem = Problem(name="a", target="y", type="classification" if kind else "regression")
    splitter = SklearnDataSplitter(0.3, 0.2, by=by, column="a", problem=problem)
    try:
        splits = splitter.split(frame)
    except LolpopError:
        return
    assert sum(
        len(part) for part in (splits.train, splits.test, splits.validation) if part is not None
    ) == len(frame)


@pytest.mark.parametrize(
    "estimator", ["hist_gradient_boosting", "logistic_regression", "decision_tree", "ridge", "xgboost"]
)
@settings(RELAXED, max_examples=40)
@given(frame=frames(at_least=4), other=frames(), classes=st.booleans())
def test_any_frame_is_learned_from_or_an_error(estimator: str, frame: Any, other: Any, classes: bool) -> None:
    """Fitting and predicting random frames, also ones of other columns, meets only LolpopErrors."""
    kind: Any = "classification" if classes or estimator == "logistic_regression" else "regression"
    problem, features = Problem(name="a", target="y", type=kind), SklearnFeatureTransformer()
    trainer: Any = (
        XGBoostModelTrainer(3, problem=problem, feature_transformer=features)
        if estimator == "xgboost"
        else SklearnModelTrainer(
            estimator,
            {"max_iter": 3} if estimator == "hist_gradient_boosting" else None,
            problem=problem,
            feature_transformer=features,
        )
    )
    try:
        rows = wrap(frame)
        X, y = (
            rows.drop("y", strict=False).to_native(),
            rows.to_native()["y"] if "y" in rows.columns else None,
        )
        if y is None:
            return
        model = trainer.fit(X, y)
    except LolpopError:
        return
    predictions = model.predict(X)
    assert len(predictions.labels) == len(frame)
    with tempfile.TemporaryDirectory() as folder:
        trainer.save(model, Path(folder))
        again = type(trainer).load(Path(folder)).predict(X)
    assert again.labels.tolist() == predictions.labels.tolist()
    try:
        model.predict(other)
    except LolpopError:
        return


@RELAXED
@given(frame=frames(), suffix=st.sampled_from(["csv", "parquet", "jsonl", "feather"]))
def test_any_frame_is_written_or_an_error(frame: Any, suffix: str) -> None:
    """What was written can be read, with as many rows; else it is a DataError and there is no file."""
    with tempfile.TemporaryDirectory() as folder:
        kind = "polars" if isinstance(frame, pl.DataFrame) else "pandas"
        connector = FileDataConnector(data=Data(train="-", frame=kind), folder=Path(folder))
        try:
            connector.write(frame, f"data.{suffix}")
        except LolpopError:
            assert list(Path(folder).iterdir()) == []
            return
        try:
            assert len(connector.read(f"data.{suffix}")) == len(frame)
        except LolpopError:
            return
