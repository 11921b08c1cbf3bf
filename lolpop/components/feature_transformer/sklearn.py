"""Features by the transformers of scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.components.feature_transformer._roles import columns_by_role, date_forms, left_out
from lolpop.problem import Problem

if TYPE_CHECKING:
    from sklearn.base import TransformerMixin
    from sklearn.compose import ColumnTransformer

    from lolpop.data.frames import Frame

__all__ = ["SklearnFeatureTransformer"]

_COMPLETE_NUMBERS = Accepts()


class SklearnFeatureTransformer(FeatureTransformer):
    """Numbers, booleans, durations, categories and parts of dates, prepared as far as the estimator needs.

    Trees that take missing values get the numbers as they are. Others, such as linear models, get them
    with the median in place of missing values (and a feature that says so), scaled to unit variance.
    Text is dates if all values are, in the format of ``problem.dates`` or in a usual one; rows to predict
    are read in the format of the training rows. Categories stay categories for estimators that support them;
    trees get their numbers, others one feature each. Free text, and columns that hold nothing or values that
    are no data (lists), are left out.

    Parameters
    ----------
    scale : bool or auto
        Whether numbers are scaled to zero mean and unit variance; auto leaves that to the estimator.
    encode : auto, ordinal or one_hot
        How categories become numbers; auto leaves that to the estimator.
    max_categories : int
        A text column with more distinct values than this, or with more than half as many as
        there are rows, is free text. Of a categorical column the rarest are put together.
    """

    def __init__(
        self,
        scale: bool | Literal["auto"] = "auto",
        encode: Literal["auto", "ordinal", "one_hot"] = "auto",
        max_categories: Annotated[int, Field(ge=2, le=254)] = 100,
        *,
        problem: Problem | None = None,
    ) -> None:
        self._scale = scale
        self._encode = encode
        self._max_categories = max_categories
        self._date_forms = {} if problem is None else dict(problem.dates)

    def make(self, frame: Frame, accepts: Accepts = _COMPLETE_NUMBERS) -> TransformerMixin | Any:
        """A new ColumnTransformer for frames with the columns and dtypes of ``frame`` (features only).

        Its ``drop`` entries are named free_text, empty and not_tabular. Raises DataError if no column is
        left to learn from.
        """
        from sklearn.compose import ColumnTransformer

        from lolpop.components.feature_transformer._encoders import DateEncoder, NumberEncoder

        columns = columns_by_role(frame, self._max_categories, self._date_forms)
        dates = DateEncoder(date_forms(frame, columns["dates"], self._date_forms) or None)
        entries = [
            ("numbers", self._completed(NumberEncoder(), accepts), columns["numbers"]),
            ("dates", self._completed(dates, accepts, flag_missing=False), columns["dates"]),
            ("categories", self._encoder(accepts), columns["categories"]),
        ]
        transformer: ColumnTransformer = ColumnTransformer(
            [*(entry for entry in entries if entry[2]), *left_out(columns)], verbose_feature_names_out=True
        )
        return transformer.set_output(transform="pandas") if accepts.categories else transformer

    def _completed(self, encoder: TransformerMixin, accepts: Accepts, *, flag_missing: bool = True) -> Any:
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        steps = [encoder]
        if not accepts.missing:
            steps.append(SimpleImputer(strategy="median", add_indicator=flag_missing))
        if self._scale is True or (self._scale == "auto" and not accepts.missing):
            steps.append(StandardScaler())
        return make_pipeline(*steps) if len(steps) > 1 else encoder

    def _encoder(self, accepts: Accepts) -> Any:
        import numpy as np
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

        from lolpop.components.feature_transformer._encoders import CategoryEncoder, TextEncoder

        if self._encode == "auto" and accepts.categories:
            return CategoryEncoder(self._max_categories)
        if self._encode == "ordinal" or (self._encode == "auto" and accepts.missing):
            missing, unseen = (np.nan, np.nan) if accepts.missing else (-1, -2)
            codes = OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=unseen,
                encoded_missing_value=missing,
                max_categories=self._max_categories,
            )
            return make_pipeline(TextEncoder(), codes)
        indicators = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=self._max_categories, sparse_output=False
        )
        return make_pipeline(TextEncoder(), indicators)
