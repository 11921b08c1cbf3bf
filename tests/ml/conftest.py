from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from lolpop.problem import Problem

Make = Callable[[Mapping[str, Any]], Any]


@pytest.fixture(params=["pandas", "polars"])
def make_frame(request: pytest.FixtureRequest) -> Make:
    """Makes a dataframe of columns, of each kind in turn."""
    return pd.DataFrame if request.param == "pandas" else pl.DataFrame


@pytest.fixture
def problem() -> Problem:
    return Problem(name="churn", target="y")


@pytest.fixture
def columns() -> dict[str, Any]:
    """Columns of every kind that a model can learn from, with missing values, and some that it cannot."""
    rng = np.random.default_rng(0)
    n = 120
    number = rng.normal(size=n)
    dates = pd.date_range("2024-01-31 05:00", periods=n, freq="D").to_pydatetime().tolist()
    return {
        "number": [None if i % 11 == 0 else float(value) for i, value in enumerate(number)],
        "whole": rng.integers(0, 9, n).tolist(),
        "flag": [None if i % 13 == 0 else bool(value > 0) for i, value in enumerate(rng.normal(size=n))],
        "city": [None if i % 7 == 0 else ["Rome", "Oslo", "Bern"][i % 3] for i in range(n)],
        "when": [None if i % 17 == 0 else date for i, date in enumerate(dates)],
        "note": [f"a note of its own, {i}" for i in range(n)],
        "nothing": [None] * n,
        "y": ["yes" if value > 0 else "no" for value in number],
    }


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Any:
    """Small fits are slower in several threads, and far slower beside other tests."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
