"""The contract of data transformers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias

from lolpop.components.data_transformer import DataTransformer
from lolpop.errors import DataError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, is_frame, rows_of, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["DataTransformerContract"]

Make: TypeAlias = Callable[[], DataTransformer]


class DataTransformerContract(ComponentContract):
    """The checks that every data transformer must pass.

    Fixtures: ``make()`` makes a transformer of frames with the columns ``id``, ``number``, ``noise``,
    ``group``, ``city`` and ``y``.
    """

    interface: ClassVar[type[Any]] = DataTransformer

    def test_returns_a_frame(self, make: Make) -> None:
        """It transforms every kind of frame to a frame."""
        for _, convert in frame_kinds():
            transformed = make().transform(convert(sample().frame))
            require(is_frame(transformed), "a pandas or polars dataframe", type(transformed))

    def test_leaves_the_frame_as_it_is(self, make: Make) -> None:
        """The source frame is not changed."""
        frame = sample().frame
        make().transform(frame)
        require(frame.equals(sample().frame), "the source frame as it was", "another")

    def test_is_repeatable(self, make: Make) -> None:
        """The same rows give the same frame, from the same transformer and from an equal one."""
        transformer = make()
        first = rows_of(transformer.transform(sample().frame))
        transformer.transform(sample(seed=1).frame)
        for again in (transformer, make()):
            require(rows_of(again.transform(sample().frame)) == first, "the same rows again", "other rows")

    def test_works_in_threads(self, make: Make) -> None:
        """One transformer transforms two frames in two threads independently."""
        transformer, frames = make(), [sample(seed=seed).frame for seed in (0, 1)] * 4
        expected = [rows_of(make().transform(frame)) for frame in frames]
        with ThreadPoolExecutor(4) as pool:
            concurrent = [rows_of(frame) for frame in pool.map(transformer.transform, frames)]
        require(concurrent == expected, "the frames that one thread makes", "others")

    def test_says_whether_it_joins(self, make: Make) -> None:
        """A transformer that cannot join several tables raises a DataError."""
        transformer = make()
        if not transformer.joins():
            raised(DataError, lambda: transformer.join({"a": sample().frame, "b": sample().frame}))
