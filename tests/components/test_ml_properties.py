"""Random frames meet nothing but LolpopErrors."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_frames import RELAXED, frames

from lolpop.components.data_connector.file import FileDataConnector
from lolpop.components.data_splitter.sklearn import SklearnDataSplitter
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.components.model_trainer.xgboost import XGBoostModelTrainer
from lolpop.data import Data
from lolpop.data.frames import kind_of, to_datetimes, to_floats, to_labels, to_strings, wrap
from lolpop.errors import LolpopError
from lolpop.problem import Problem


@RELAXED
@given(frame=frames())
def test_any_column_is_of_some_kind(frame: Any) -> None:
    """Every column has a kind and can be converted, or is a DataError."""
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
    """Random frames give complete splits, or a DataError."""
    problem = Problem(name="a", target="y", type="classification" if kind else "regression")
    column = None if by == "random" else "a"
    splitter = SklearnDataSplitter(0.3, 0.2, by=by, column=column, problem=problem)
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
    """Fitting and predicting random frames raises errors of lolpop only."""
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
    """A written file has all rows; otherwise there is a DataError and no file."""
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
