"""Transformers that take columns of pandas or polars frames, as scikit-learn's own do not all do.

They are scikit-learn compatible: cloneable, with names for their features, and made of plain values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer

from lolpop.data.frames import GREATEST_FEATURE, to_datetimes, to_floats, to_pandas, to_strings, wrap

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lolpop.data.frames import Frame, Series


class _ColumnEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Makes features of columns, each by itself."""

    def sources(self) -> list[int]:
        """The position of the column that each feature was made of."""
        return list(range(len(self.feature_names_in_)))

    def fit(self, X: Frame, y: Series | None = None) -> Self:  # noqa: ARG002, N803  (scikit-learn's signature)
        self.feature_names_in_ = np.array(wrap(X).columns, dtype=object)
        return self

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002  (scikit-learn's signature)
        return self.feature_names_in_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "feature_names_in_")


class _RenamingEncoder(_ColumnEncoder):
    """Makes one feature of each column, called as ``names`` say, or as the column."""

    def __init__(self, names: Sequence[str] | None = None) -> None:
        self.names = names

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002  (scikit-learn's signature)
        return self.feature_names_in_ if self.names is None else np.array(self.names, dtype=object)


class NumberEncoder(_RenamingEncoder):
    """Numbers, booleans and durations (in seconds) as floats.

    Infinite ones are taken for missing, and so are those that single precision, which trees reckon in, cannot
    hold.
    """

    def transform(self, X: Frame) -> NDArray[np.float64]:  # noqa: N803  (scikit-learn's signature)
        rows = wrap(X)
        # Column by column, as pandas and the tree ensembles hold them.
        features = np.empty((len(rows.columns), len(rows)))
        for feature, column in zip(features, rows.iter_columns(), strict=True):
            feature[:] = to_floats(column)
            feature[np.abs(feature) > GREATEST_FEATURE] = np.nan
        return features.T


class TextEncoder(_RenamingEncoder):
    """Categories of any dtype as text, with None for missing ones."""

    def transform(self, X: Frame) -> NDArray[np.object_]:  # noqa: N803  (scikit-learn's signature)
        columns = [to_strings(column).astype(object) for column in wrap(X).iter_columns()]
        return np.array([column.where(column.notna(), None) for column in columns], dtype=object).T


class InstantEncoder(_RenamingEncoder):
    """Dates and times, in UTC, as instants; text as ``forms`` say, by column."""

    # Of what was stored before there were forms.
    forms: Mapping[str, str] | None = None

    def __init__(self, names: Sequence[str] | None = None, forms: Mapping[str, str] | None = None) -> None:
        super().__init__(names)
        self.forms = forms

    def transform(self, X: Frame) -> NDArray[np.datetime64]:  # noqa: N803  (scikit-learn's signature)
        return np.array(_instants(X, self.forms)).T


class CategoryEncoder(_ColumnEncoder):
    """Categories as pandas categoricals of their numbers, for estimators that take categories as they are.

    The rarest of more than ``max_categories`` are one category. A category that was not seen in training
    is one of those, or missing where there are none.
    """

    def __init__(self, max_categories: int = 100) -> None:
        self.max_categories = max_categories

    def fit(self, X: Frame, y: Series | None = None) -> Self:  # noqa: N803  (scikit-learn's signature)
        super().fit(X, y)
        counts = [to_strings(column).value_counts() for column in wrap(X).iter_columns()]
        self.has_rare_ = [len(column_counts) > self.max_categories for column_counts in counts]
        self.categories_ = [
            sorted(column_counts.index[: self.max_categories - 1] if rare else column_counts.index)
            for column_counts, rare in zip(counts, self.has_rare_, strict=True)
        ]
        return self

    def transform(self, X: Frame) -> pd.DataFrame:  # noqa: N803  (scikit-learn's signature)
        rows = wrap(X)
        index = rows.to_native().index if rows.implementation.is_pandas() else pd.RangeIndex(len(rows))
        features = {}
        for column, categories, has_rare in zip(
            rows.iter_columns(), self.categories_, self.has_rare_, strict=True
        ):
            texts = to_strings(column)
            codes = pd.Index(categories, dtype="str").get_indexer(texts)
            if has_rare:
                codes = np.where((codes < 0) & texts.notna(), len(categories), codes)
            known_codes = pd.RangeIndex(len(categories) + has_rare)
            features[column.name] = pd.Categorical.from_codes(codes, categories=known_codes)
        return pd.DataFrame(features, index=index, copy=False)


class DateEncoder(_ColumnEncoder):
    """Dates and times, in UTC, as days since 1970, year, month, day, day of the week and hour.

    Text is read as ``forms`` say, by column.
    """

    # Of what was stored before there were forms.
    forms: Mapping[str, str] | None = None
    _parts = ("days", "year", "month", "day", "weekday", "hour")

    def __init__(self, forms: Mapping[str, str] | None = None) -> None:
        self.forms = forms

    def sources(self) -> list[int]:
        return [at for at in super().sources() for _ in self._parts]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:  # noqa: ARG002  (scikit-learn's signature)
        names = [f"{name}_{part}" for name in self.feature_names_in_ for part in self._parts]
        return np.array(names, dtype=object)

    def transform(self, X: Frame) -> NDArray[np.float64]:  # noqa: N803  (scikit-learn's signature)
        parts = [part for instants in _instants(X, self.forms) for part in _date_parts(instants)]
        return np.array(parts, dtype=np.float64).T


class PandasColumnTransformer(ColumnTransformer):  # type: ignore[misc]  # scikit-learn is untyped
    """A ColumnTransformer whose transformers know pandas only, for frames of any library."""

    def fit_transform(self, X: Frame, y: Series | None = None, **params: Any) -> Any:  # noqa: N803  (scikit-learn's signature)
        return super().fit_transform(to_pandas(X), y, **params)

    def transform(self, X: Frame, **params: Any) -> Any:  # noqa: N803  (scikit-learn's signature)
        return super().transform(to_pandas(X), **params)


def _instants(frame: Frame, forms: Mapping[str, str] | None) -> list[NDArray[np.datetime64]]:
    return [to_datetimes(column, (forms or {}).get(column.name)) for column in wrap(frame).iter_columns()]


def _date_parts(instants: NDArray[np.datetime64]) -> list[NDArray[np.float64]]:
    days, months = instants.astype("M8[D]"), instants.astype("M8[M]")
    numbers = (
        (instants - np.datetime64(0, "us")) / np.timedelta64(1, "D"),
        instants.astype("M8[Y]").astype(np.int64) + 1970,
        months.astype(np.int64) % 12 + 1,
        (days - months).astype(np.int64) + 1,
        (days.astype(np.int64) + 3) % 7,  # 1970 began on a Thursday; Monday is 0
        (instants - days).astype("m8[h]").astype(np.int64),
    )
    missing = np.isnat(instants)
    return [np.where(missing, np.nan, number) for number in numbers]
