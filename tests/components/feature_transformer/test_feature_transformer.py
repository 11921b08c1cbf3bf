from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from lolpop.components.feature_transformer import Accepts
from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.errors import DataError

Make = Callable[[Any], Any]

LINEAR, TREES, BOOSTING = Accepts(), Accepts(missing=True), Accepts(missing=True, categories=True)


def features(frame: Any, accepts: Accepts, **settings: Any) -> pd.DataFrame:
    transformer = SklearnFeatureTransformer(**settings).make(frame, accepts)
    values = transformer.fit_transform(frame)
    return pd.DataFrame(np.asarray(values), columns=transformer.get_feature_names_out())


def test_columns_are_chosen_by_kind(make_frame: Make, columns: dict[str, Any]) -> None:
    """Numbers, booleans, dates and categories become features; free text and empty columns do not."""
    frame = make_frame({name: values for name, values in columns.items() if name != "y"})
    transformer = SklearnFeatureTransformer().make(frame, BOOSTING)
    names_by_step = {name: names for name, _, names in transformer.transformers}
    assert names_by_step == {
        "numbers": ["number", "whole", "flag"],
        "dates": ["when"],
        "categories": ["city"],
        "free_text": ["note"],
        "empty": ["nothing"],
    }


@pytest.mark.parametrize("accepts", [LINEAR, TREES, BOOSTING])
def test_both_kinds_of_frame_give_the_same_features(columns: dict[str, Any], accepts: Accepts) -> None:
    """Features of pandas and polars frames are equal to the last digit."""
    import polars as pl

    data = {name: values for name, values in columns.items() if name != "y"}
    pd.testing.assert_frame_equal(
        features(pd.DataFrame(data), accepts), features(pl.DataFrame(data), accepts)
    )


def test_linear_models_get_complete_scaled_features(make_frame: Make, columns: dict[str, Any]) -> None:
    """No value is missing, numbers have mean 0 and variance 1, and each category has a feature."""
    made = features(make_frame(columns), LINEAR)
    assert np.isfinite(made.to_numpy(dtype=float)).all()
    numbers = made[["numbers__number", "numbers__whole", "dates__when_days"]].astype(float)
    assert np.allclose(numbers.mean(), 0)
    assert np.allclose(numbers.std(ddof=0), 1)
    assert {"categories__city_Rome", "categories__city_None"} <= set(made.columns)
    assert "numbers__missingindicator_number" in made.columns


def test_trees_get_numbers_as_they_are(make_frame: Make, columns: dict[str, Any]) -> None:
    """Missing values stay missing, and nothing is scaled."""
    made = features(make_frame({"number": columns["number"], "flag": columns["flag"]}), BOOSTING)
    expected = np.array(columns["number"], dtype=float)
    assert np.array_equal(made["numbers__number"].astype(float), expected, equal_nan=True)
    assert set(made["numbers__flag"].dropna()) == {0.0, 1.0}


def test_dates_become_parts(make_frame: Make) -> None:
    """Days since 1970, year, month, day, weekday from Monday, hour; a missing date is missing in all."""
    when = pd.Timestamp("2024-02-29 18:30").to_pydatetime()
    made = features(make_frame({"when": [when, None]}), TREES)
    names = ["days", "year", "month", "day", "weekday", "hour"]
    assert made.columns.tolist() == [f"dates__when_{name}" for name in names]
    days = (pd.Timestamp(when) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    assert made.iloc[0].tolist() == [days, 2024, 2, 29, 3, 18]
    assert made.iloc[1].isna().all()


def test_times_of_zones_are_compared_in_utc() -> None:
    """The same instant in two zones gives the same features."""
    berlin = pd.Series(pd.to_datetime(["2024-01-01 01:00"])).dt.tz_localize("Europe/Berlin")
    there = features(pd.DataFrame({"when": berlin}), TREES)
    here = features(pd.DataFrame({"when": pd.to_datetime(["2024-01-01 00:00"])}), TREES)
    pd.testing.assert_frame_equal(there, here)


def test_infinite_numbers_are_taken_for_missing(make_frame: Make) -> None:
    """Infinite values become missing values."""
    made = features(make_frame({"a": [1.0, float("inf"), -float("inf"), 2.0]}), TREES)
    assert made["numbers__a"].isna().tolist() == [False, True, True, False]


@pytest.mark.parametrize("accepts", [LINEAR, TREES])
def test_a_column_without_a_finite_number_is_empty(make_frame: Make, accepts: Accepts) -> None:
    """Such a column cannot be imputed, so it is not a feature."""
    made = features(make_frame({"a": [1.0, 3.0, 2.0], "b": [float("inf"), None, 1e300]}), accepts)
    assert made.columns.tolist() == ["numbers__a"]


@pytest.mark.parametrize("accepts", [LINEAR, TREES, BOOSTING])
def test_unseen_categories_are_no_error(make_frame: Make, accepts: Accepts) -> None:
    """A category that was not in the training rows can be transformed."""
    train = make_frame({"city": ["Rome", "Oslo", None] * 4})
    transformer = SklearnFeatureTransformer().make(train, accepts)
    transformer.fit(train)
    made = np.asarray(transformer.transform(make_frame({"city": ["Rome", "Paris", None]})), dtype=float)
    assert made.shape[0] == 3
    assert np.isfinite(made[0]).all()


def test_the_rarest_of_many_categories_are_one() -> None:
    """If a column has more categories than estimators accept, rare ones are merged."""
    values = [f"c{i}" for i in range(300) for _ in range(300 - i)]
    frame = pd.DataFrame({"c": pd.Categorical(values)})
    made = features(frame, BOOSTING, max_categories=20)["categories__c"]
    assert made.nunique() == 20
    assert made.iloc[-1] == made.iloc[-2] == 19


def test_a_code_is_one_category_as_number_and_as_text() -> None:
    """Categories that were whole numbers in training match floats and text."""
    frame = pd.DataFrame({"c": pd.Categorical([1, 2, 3] * 5)})
    transformer = SklearnFeatureTransformer().make(frame, BOOSTING).fit(frame)
    for same in ([1, 2], [1.0, 2.0], ["1", "2"]):
        assert transformer.transform(pd.DataFrame({"c": same}))["categories__c"].tolist() == [0, 1]


def test_settings_override_what_the_estimator_asks_for(make_frame: Make) -> None:
    """Scaling and encoding can be set."""
    frame = make_frame({"a": [1.0, 2.0, 3.0, 4.0], "c": ["u", "v", "u", "v"]})
    assert features(frame, LINEAR, scale=False)["numbers__a"].tolist() == [1, 2, 3, 4]
    assert features(frame, TREES, scale=True)["numbers__a"].mean() == 0
    assert features(frame, BOOSTING, encode="one_hot").columns.tolist()[1:] == [
        "categories__c_u",
        "categories__c_v",
    ]
    assert features(frame, LINEAR, encode="ordinal")["categories__c"].tolist() == [0, 1, 0, 1]


def test_a_transformer_can_be_cloned(make_frame: Make, columns: dict[str, Any]) -> None:
    """A clone by scikit-learn gives the same features."""
    frame = make_frame(columns)
    transformer = SklearnFeatureTransformer().make(frame, BOOSTING)
    once, again = (
        np.asarray(estimator.fit_transform(frame)) for estimator in (transformer, clone(transformer))
    )
    assert np.array_equal(once.astype(float), again.astype(float), equal_nan=True)


def test_nothing_to_learn_from_is_an_error(make_frame: Make) -> None:
    """The error about free text and empty columns says which are which."""
    frame = make_frame({"note": [f"note {i}" for i in range(9)], "nothing": [None] * 9})
    with pytest.raises(DataError, match="free_text: note; empty: nothing"):
        SklearnFeatureTransformer().make(frame)


def test_odd_columns_of_pandas_are_understood() -> None:
    """Object columns of booleans, decimals and dates are read as such; lists are left out."""
    from datetime import date
    from decimal import Decimal

    frame = pd.DataFrame(
        {
            "flag": pd.Series([True, None, False, True], dtype=object),
            "price": [Decimal("1.5"), None, Decimal(2), Decimal(3)],
            "day": pd.Series([date(2024, 1, 1), None, date(2024, 1, 2), None], dtype=object),
            "nullable": pd.array([1, None, 3, 4], dtype="Int64"),
            "took": pd.to_timedelta([1, None, 2, 3], unit="h"),
            "mixed": [1, "a", 1, "a"],
            "lists": [[1], [2], [3], [4]],
        }
    )
    transformer = SklearnFeatureTransformer().make(frame, TREES)
    names_by_step = {name: names for name, _, names in transformer.transformers}
    assert names_by_step == {
        "numbers": ["flag", "price", "nullable", "took"],
        "dates": ["day"],
        "categories": ["mixed"],
        "not_tabular": ["lists"],
    }
    made = features(frame, TREES)
    assert made["numbers__took"].tolist()[0] == 3600


def test_a_column_without_a_finite_number_is_no_reason_to_warn():
    """For linear models, a column of infinite values becomes a constant feature, without a warning."""
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [np.inf, np.nan, -np.inf]})
    features = SklearnFeatureTransformer().make(frame).fit_transform(frame)
    assert np.isfinite(features).all()
