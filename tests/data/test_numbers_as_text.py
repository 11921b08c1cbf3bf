"""Numbers that are written as text become the numbers that Python reads."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lolpop.data.frames import to_floats, wrap
from lolpop.errors import DataError

TEXTS = (
    st.floats().map(repr)
    | st.integers().map(str)
    | st.sampled_from([" 1", "1 ", "1_0", "TRUE", "false", "+1", "1E5", "Infinity", "-inf", "nan", ".5", "5.", "0x1", "٣", ""])
    | st.text(max_size=3)
)  # fmt: skip


def as_python_reads(text):
    if text is None:
        return float("nan")
    word = text.strip().lower()
    return float(word == "true") if word in {"true", "false"} else float(text)


@pytest.mark.parametrize("library", ["pandas", "polars"])
@given(texts=st.lists(st.none() | TEXTS, min_size=1, max_size=8))
@example(texts=["1", "nan"])
@example(texts=["1.10", None, "1e400"])
def test_text_has_the_numbers_that_python_reads(library, texts):
    """To the last bit, whatever reads them; text that is no number is an error."""
    if library == "pandas":
        column = wrap(pd.DataFrame({"x": pd.array(texts, dtype="str")})).get_column("x")
    else:
        column = wrap(pl.DataFrame({"x": pl.Series(texts, dtype=pl.String)})).get_column("x")
    try:
        expected = np.array([as_python_reads(text) for text in texts])
    except ValueError:
        with pytest.raises(DataError, match="should contain numbers"):
            to_floats(column)
    else:
        np.testing.assert_array_equal(to_floats(column), expected)
