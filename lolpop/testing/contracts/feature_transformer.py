"""The contract of feature transformers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from lolpop.components.feature_transformer import Accepts, FeatureTransformer
from lolpop.errors import DataError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FeatureTransformerContract"]

Make: TypeAlias = Callable[[], FeatureTransformer]


class FeatureTransformerContract(ComponentContract):
    """The checks that every feature transformer must pass.

    Fixtures: ``make()`` makes a feature transformer.
    """

    interface: ClassVar[type[Any]] = FeatureTransformer

    def test_makes_complete_numbers(self, make: Make) -> None:
        """Numbers with missing values, and categories, become the same number of rows of finite numbers."""
        import numpy as np

        for kind, convert in frame_kinds():
            frame = convert(_features())
            features = np.asarray(make().make(frame).fit_transform(frame), dtype=np.float64)
            require(features.shape[0] == len(frame), f"{len(frame)} rows ({kind})", features.shape[0])
            require(features.shape[1] > 0, "at least one feature", features.shape)
            require(bool(np.isfinite(features).all()), f"finite numbers ({kind})", "missing ones")

    def test_leaves_missing_values_to_what_accepts_them(self, make: Make) -> None:
        """It also works for estimators that accept missing values or categories."""
        for accepts in (Accepts(missing=True), Accepts(missing=True, categories=True)):
            features = make().make(_features(), accepts).fit_transform(_features())
            require(len(features) == len(_features()), "as many rows", len(features))

    def test_learns_from_what_it_is_fitted_on_only(self, make: Make) -> None:
        """The features of a row do not depend on the other rows that are transformed with it."""
        import numpy as np

        transformer = make().make(_features()).fit(_features())
        whole = np.asarray(transformer.transform(_features()), dtype=np.float64)
        some = np.asarray(transformer.transform(_features()[:7]), dtype=np.float64)
        require(bool(np.array_equal(whole[:7], some)), "the same features of the same rows", "others")

    def test_copes_with_a_new_category(self, make: Make) -> None:
        """It handles a category that is not in the training rows, and a missing one."""
        import numpy as np

        transformer = make().make(_features()).fit(_features())
        new = _features()[:4].assign(city=np.array(["Quito", None, "Bern", "Oslo"], dtype=object))
        features = np.asarray(transformer.transform(new), dtype=np.float64)
        require(bool(np.isfinite(features).all()), "finite numbers for new categories", features)

    def test_keeps_nothing_between_calls(self, make: Make) -> None:
        """Each call creates a new transformer: fitting one does not change another."""
        import numpy as np

        maker = make()
        one, other = maker.make(_features()), maker.make(_features())
        require(one is not other, "a new transformer at every call", "the same one")
        one.fit(_features())
        before = np.asarray(one.transform(_features()), dtype=np.float64)
        other.fit(_features(seed=1))
        after = np.asarray(one.transform(_features()), dtype=np.float64)
        require(bool(np.array_equal(before, after)), "the same features after another was fitted", "others")

    def test_can_be_cloned(self, make: Make) -> None:
        """scikit-learn can clone it, as its searches do."""
        import numpy as np
        from sklearn.base import clone

        transformer = make().make(_features())
        one = np.asarray(clone(transformer).fit_transform(_features()), dtype=np.float64)
        other = np.asarray(transformer.fit_transform(_features()), dtype=np.float64)
        require(bool(np.array_equal(one, other)), "the same features from a clone", "others")

    def test_frame_without_columns_is_a_data_error(self, make: Make) -> None:
        """A frame without columns raises a DataError."""
        raised(DataError, lambda: make().make(_features()[[]]))

    def test_leaves_the_frame_as_it_is(self, make: Make) -> None:
        """Creating and fitting a transformer does not change the frame."""
        frame = _features()
        make().make(frame).fit_transform(frame)
        require(frame.equals(_features()), "the rows as they were", "others")


def _features(seed: int = 0) -> pd.DataFrame:
    frame = sample(seed=seed).frame[["number", "noise", "group", "city"]]
    return frame.assign(number=frame["number"].where(frame["number"] > -1))
