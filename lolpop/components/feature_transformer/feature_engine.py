"""Features by the transformers of feature_engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.components.feature_transformer._roles import columns_by_role, date_forms, left_out
from lolpop.errors import MissingExtraError
from lolpop.problem import Problem
from lolpop.registry import missing_modules

if TYPE_CHECKING:
    from sklearn.base import TransformerMixin

    from lolpop.data.frames import Frame

__all__ = ["FeatureEngineFeatureTransformer"]

_COMPLETE_NUMBERS = Accepts()
_PARTS = ["year", "month", "day_of_month", "day_of_week", "hour"]


class FeatureEngineFeatureTransformer(FeatureTransformer):
    """Numbers, booleans, durations, categories and parts of dates, prepared by feature_engine.

    Rare categories, and those that were not seen in training, are one; missing ones are one of their own.
    Missing numbers are the median, with a feature that says so, unless the estimator copes with them, and
    scaled then. Free text, and columns that hold nothing or values that are no data (lists), are left out.

    Parameters
    ----------
    rare : float
        A category of fewer than this share of the rows is rare.
    max_categories : int
        The rarest of more categories are rare too. A text column with more distinct values than this, or
        with more than half as many as there are rows, is free text.
    encode : auto, ordinal or one_hot
        How categories become numbers; auto leaves that to the estimator.
    scale : bool or auto
        Whether numbers are scaled to zero mean and unit variance; auto leaves that to the estimator.
    """

    requires = ("feature_engine",)
    install = "lolpop[feature-engine]"

    def __init__(
        self,
        rare: Annotated[float, Field(ge=0, lt=1)] = 0.01,
        max_categories: Annotated[int, Field(ge=2, le=254)] = 100,
        encode: Literal["auto", "ordinal", "one_hot"] = "auto",
        scale: bool | Literal["auto"] = "auto",
        *,
        problem: Problem | None = None,
    ) -> None:
        if not 0 <= rare < 1:
            raise ValueError(f"rare must be at least 0 and less than 1, but got {rare}.")
        if not 2 <= max_categories <= 254:
            raise ValueError(f"max_categories must be between 2 and 254, but got {max_categories}.")
        self._rare = rare
        self._max_categories = max_categories
        self._encode = encode
        self._scale = scale
        self._date_forms = {} if problem is None else dict(problem.dates)

    def make(self, frame: Frame, accepts: Accepts = _COMPLETE_NUMBERS) -> TransformerMixin | Any:
        """A new ColumnTransformer for frames with the columns and dtypes of ``frame`` (features only).

        Its ``drop`` entries are named free_text, empty and not_tabular. Raises DataError if no column is
        left to learn from.
        """
        from lolpop.components.feature_transformer._encoders import PandasColumnTransformer

        if missing := missing_modules(self.requires):
            raise MissingExtraError(missing[0], self.install)
        columns = columns_by_role(frame, self._max_categories, self._date_forms)
        forms = date_forms(frame, columns["dates"], self._date_forms)
        transformers: dict[str, Callable[[list[str] | None, Accepts], Any]] = {
            "numbers": self._numbers,
            "dates": partial(self._dates, forms=forms or None),
            "categories": self._categories,
        }
        entries = [
            (role, make(_told_apart(columns[role]), accepts), columns[role])
            for role, make in transformers.items()
            if columns[role]
        ]
        transformer = PandasColumnTransformer([*entries, *left_out(columns)])
        return transformer.set_output(transform="pandas") if accepts.categories else transformer

    def _numbers(self, names: Sequence[str] | None, accepts: Accepts) -> Any:
        from feature_engine.imputation import AddMissingIndicator, MeanMedianImputer

        from lolpop.components.feature_transformer._encoders import NumberEncoder

        steps = [] if accepts.missing else [AddMissingIndicator(), MeanMedianImputer()]
        return self._pipeline(NumberEncoder(names), *steps, *self._scalers(accepts))

    def _dates(self, names: Sequence[str] | None, accepts: Accepts, forms: Mapping[str, str] | None) -> Any:
        from feature_engine.datetime import DatetimeFeatures
        from feature_engine.imputation import MeanMedianImputer

        from lolpop.components.feature_transformer._encoders import InstantEncoder

        parts = DatetimeFeatures(features_to_extract=_PARTS, missing_values="ignore")
        steps = [] if accepts.missing else [MeanMedianImputer()]
        return self._pipeline(InstantEncoder(names, forms), parts, *steps, *self._scalers(accepts))

    def _categories(self, names: Sequence[str] | None, accepts: Accepts) -> Any:
        from feature_engine.encoding import OneHotEncoder, OrdinalEncoder, RareLabelEncoder
        from feature_engine.imputation import CategoricalImputer

        from lolpop.components.feature_transformer._encoders import CategoryEncoder, TextEncoder

        # Every column here is of categories: feature_engine would take those that look like dates for dates.
        steps = [
            CategoricalImputer(ignore_format=True),
            RareLabelEncoder(
                self._rare, n_categories=0, max_n_categories=self._max_categories - 1, ignore_format=True
            ),
        ]
        if self._encode == "auto" and accepts.categories:
            encoder: Any = CategoryEncoder(self._max_categories)
        elif self._encode == "ordinal" or (self._encode == "auto" and accepts.missing):
            encoder = OrdinalEncoder(encoding_method="arbitrary", unseen="encode", ignore_format=True)
        else:
            encoder = OneHotEncoder(ignore_format=True)
        return self._pipeline(TextEncoder(names), *steps, encoder)

    def _scalers(self, accepts: Accepts) -> list[Any]:
        from sklearn.preprocessing import StandardScaler

        scaled = not accepts.missing if self._scale == "auto" else self._scale
        return [StandardScaler()] if scaled else []

    def _pipeline(self, encoder: Any, *steps: Any) -> Any:
        from sklearn.pipeline import make_pipeline

        return make_pipeline(encoder.set_output(transform="pandas"), *steps)


def _told_apart(names: Sequence[str]) -> list[str] | None:
    """Names for the features of columns, where those of columns will not do.

    feature_engine calls what it makes of a column by its name and an ending, which may be another's name.
    """
    beginnings = tuple(f"{name}_" for name in names)
    clash = any(name.startswith(beginnings) for name in names)
    return [str(at) for at in range(len(names))] if clash else None
