"""The contract of data synthesizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

from lolpop.components.data_synthesizer import DataSynthesizer
from lolpop.data.frames import wrap
from lolpop.errors import DataError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts._samples import frame_kinds, sample
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["DataSynthesizerContract"]

Make: TypeAlias = Callable[[int], DataSynthesizer]


class DataSynthesizerContract(ComponentContract):
    """The checks that every data synthesizer must pass.

    Fixtures: ``make(seed)`` makes a synthesizer.
    """

    interface: ClassVar[type[Any]] = DataSynthesizer
    made_with: ClassVar[tuple[str, ...]] = ("seed",)

    def instance(self, make: Callable[..., Any]) -> Any:
        """A synthesizer."""
        return make(0)

    def test_rows_have_the_columns_of_the_real_ones(self, make: Make) -> None:
        """It creates the requested number of rows, with the same columns, for every kind of frame."""
        frame = sample("classification").frame
        for kind, convert in frame_kinds():
            synthesizer = make(0)
            model = synthesizer.fit(convert(frame))
            for rows in (1, 37):
                synthetic = wrap(synthesizer.sample(model, rows))
                require(len(synthetic) == rows, f"{rows} rows ({kind})", len(synthetic))
                require(synthetic.columns == list(frame.columns), "the same columns", synthetic.columns)

    def test_is_repeatable(self, make: Make) -> None:
        """The same seed draws the same rows. Another seed draws other rows."""
        frame = sample("classification").frame
        drawn = []
        for seed in (3, 3, 4):
            synthesizer = make(seed)
            drawn.append(wrap(synthesizer.sample(synthesizer.fit(frame), 50)).to_pandas())
        require(drawn[0].equals(drawn[1]), "the same rows", "others")
        require(not drawn[0].equals(drawn[2]), "other rows for another seed", "the same")

    def test_real_rows_are_like_themselves(self, make: Make) -> None:
        """Copies have maximal quality and no privacy. Scores are between 0 and 1."""
        frame = sample("classification").frame
        synthesizer = make(0)
        report = synthesizer.evaluate(frame, frame)
        require(report.quality > 0.99, "a quality of 1 for the rows themselves", report.quality)
        require(report.copied == 1 and report.privacy == 0, "no privacy for copies", report.privacy)
        report = synthesizer.evaluate(frame, synthesizer.sample(synthesizer.fit(frame), 60))
        scores = [report.quality, report.privacy, report.copied, report.closeness, *report.columns.values()]
        require(all(0 <= score <= 1 for score in scores), "scores from 0 to 1", scores)

    def test_no_rows_are_a_data_error(self, make: Make) -> None:
        """A frame without rows raises a DataError."""
        frame = sample("classification").frame[:0]
        raised(DataError, lambda: make(0).fit(frame))
