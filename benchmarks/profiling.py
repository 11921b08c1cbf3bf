"""What looking at a million rows costs, beside sweetviz and pandas' describe on the same rows."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.budget import Budget, interleaved, median
from lolpop.components.data_checker import Expectation
from lolpop.components.data_checker.builtin import BuiltinDataChecker
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.problem import Problem

ROWS = 1_000_000
PROBLEM = Problem(name="shop", target="bought")


def made(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Twenty columns: numbers, counts, missing values, flags, categories few and many, dates, a target."""
    random = np.random.default_rng(seed)
    numbers = {f"number_{at}": random.normal(size=rows) for at in range(7)}
    return pd.DataFrame(
        {
            **numbers,
            "amount": random.lognormal(3, 1, rows),
            "partly": np.where(random.random(rows) < 0.2, np.nan, random.exponential(size=rows)),
            "age": random.integers(18, 90, rows),
            "visits": random.poisson(3, rows),
            "account": random.integers(0, 10**6, rows),
            "member": random.random(rows) < 0.3,
            "flag": random.random(rows) < 0.02,
            "town": random.choice(["Ulm", "Bonn", "Jena", "Trier"], rows, p=[0.6, 0.3, 0.08, 0.02]),
            "product": np.char.add("product ", (random.zipf(1.3, rows) % 500).astype(str)),
            "street": np.char.add("street ", random.integers(0, 200, rows).astype(str)),
            "grade": random.choice(list("ABCDE"), rows),
            "day": np.datetime64("2020-01-01") + random.integers(0, 1000, rows).astype("timedelta64[D]"),
            "bought": np.where(numbers["number_0"] + random.normal(size=rows) > 0, "yes", "no"),
        }
    )


def budgets() -> Iterator[Budget]:
    rows, others = made(0), made(1)
    works: dict[str, Callable[[], object]] = {"pandas": lambda: looked_at(rows, others)}
    if find_spec("polars"):
        import polars as pl

        polars, other_polars = pl.from_pandas(rows), pl.from_pandas(others)
        works["polars"] = lambda: looked_at(polars, other_polars)
    *ours, describe = interleaved([*works.values(), lambda: rows.describe(include="all")], repeat=5)
    floor = f"describe {describe:.2f} s"
    if find_spec("sweetviz") is None:
        print(
            "Profiling is not measured: sweetviz is not installed. Install it: pip install --group bench",
            file=sys.stderr,
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        sweetviz = median(lambda: by_sweetviz(rows, others, Path(folder)), repeat=1)
    for name, seconds in zip(works, ours, strict=True):
        what = f"profile, check and drift of 1,000,000 x 20 rows, {name}"
        yield Budget(what, seconds, sweetviz / 10, "s", f"sweetviz {sweetviz:.1f} s, {floor}")


def looked_at(rows: Any, others: Any) -> None:
    """Profile and check rows, and check and compare others by what is known then."""
    profiler, checker = BuiltinDataProfiler(problem=PROBLEM), BuiltinDataChecker(problem=PROBLEM)
    profile = profiler.profile(rows)
    checker.check(rows)
    checker.check(others, Expectation.of(profile), labelled=False)
    profiler.compare(others, profile)


def by_sweetviz(rows: pd.DataFrame, others: pd.DataFrame, folder: Path) -> None:
    """Analyze rows and compare them with others, without the matrix of all pairs of columns."""
    import sweetviz

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    output = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        warnings.simplefilter("ignore")
        for name, report in (
            ("analysis", lambda: sweetviz.analyze(rows, pairwise_analysis="off")),
            ("comparison", lambda: sweetviz.compare(rows, others, pairwise_analysis="off")),
        ):
            report().show_html(str(folder / f"{name}.html"), open_browser=False)
