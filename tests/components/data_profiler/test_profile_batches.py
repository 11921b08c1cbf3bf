"""Profiles of rows that come in batches."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop_rows import shop

from lolpop.components.data_profiler import Profile
from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
from lolpop.errors import DataError
from lolpop.problem import Problem

PROBLEM = Problem(name="shop", target="bought", index="customer")
KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


def profiler(**settings):
    return BuiltinDataProfiler(**settings, problem=PROBLEM)


def batches(frame, size, kind=pd.DataFrame):
    for start in range(0, len(frame), size):
        batch = frame[start : start + size]
        yield batch if kind is pd.DataFrame else pl.from_pandas(batch)


def rounded(profile):
    """Means and deviations are added up in another order, and differ in the last digits."""
    document = profile.model_dump()
    for column in document["columns"]:
        for name in ("mean", "std"):
            if column["numbers"]:
                column["numbers"][name] = pytest.approx(column["numbers"][name], rel=1e-9, abs=1e-12)
    for correlation in document["correlations"]:
        correlation["coefficient"] = pytest.approx(correlation["coefficient"])
    return document


@KINDS
def test_batches_that_fit_in_the_sample_give_the_profile_of_all_rows(kind):
    """The sizes of batches do not change the profile."""
    frame = shop(3000)
    whole = profiler().profile(frame)
    for size in (700, 2999, 5000):
        profile = profiler().profile_batches(batches(frame, size, kind))
        assert profile.model_dump() == rounded(whole)


@KINDS
def test_what_is_estimated_is_near_and_what_is_exact_is_exact(kind):
    """Counts, extremes and moments are exact, quartiles are those of a sample."""
    frame = shop(30_000)
    whole = profiler().profile(frame).by_name
    profile = profiler(sample_rows=2000).profile_batches(batches(frame, 4000, kind)).by_name
    for name in ("age", "income", "visits"):
        exact, near = whole[name].numbers, profile[name].numbers
        assert (near.min, near.max) == (exact.min, exact.max)
        assert (near.mean, near.std) == (pytest.approx(exact.mean), pytest.approx(exact.std))
        assert profile[name].missing == whole[name].missing
        assert sum(near.bins.counts) == sum(exact.bins.counts)
        share = (frame[name] <= near.quartiles[1]).sum() / frame[name].notna().sum()
        assert near.quartiles[1] == exact.quartiles[1] or share == pytest.approx(0.5, abs=0.05)
        assert profile[name].distinct == pytest.approx(whole[name].distinct, rel=0.1)
    for name in ("member", "town", "street", "day"):
        assert profile[name] == whole[name]


def test_the_sample_is_drawn_by_the_seed_and_not_by_the_batches():
    """The same rows give the same profile in batches of any size; another seed draws others."""
    frame = shop(9000)

    def bins(size, seed=0):
        made = BuiltinDataProfiler(sample_rows=500, problem=PROBLEM, seed=seed)
        return made.profile_batches(batches(frame, size)).by_name["age"].numbers.bins

    assert bins(800) == bins(3100) == bins(9000)
    assert bins(800) != bins(800, seed=1)


def test_other_rows_are_compared_with_a_profile_of_batches():
    """Similar rows show no drift, and drift is found, with a sample as with all rows."""
    reference = profiler(sample_rows=2000).profile_batches(batches(shop(20_000), 3000))
    assert Profile.model_validate_json(reference.model_dump_json()) == reference
    assert profiler().compare(shop(5000, seed=1), reference).status == "ok"
    (check,) = (
        profiler().compare(shop(5000, seed=1).assign(age=lambda rows: rows["age"] + 8), reference).checks
    )
    assert check.columns == ("age",)


def test_many_texts_are_counted_in_bounded_memory():
    """Frequent texts are found among very many rare ones, whose number is estimated."""
    random = np.random.default_rng(0)
    texts = np.where(random.random(60_000) < 0.2, "the same", [f"note {row}" for row in range(60_000)])
    column = profiler().profile_batches(batches(pd.DataFrame({"note": texts}), 5000)).by_name["note"]
    assert column.values[0].value == "the same"
    assert column.values[0].count == pytest.approx((texts == "the same").sum(), abs=6)
    assert column.distinct == pytest.approx(len(set(texts)), rel=0.06)
    assert not column.all_values


def test_batches_have_the_columns_of_the_first():
    """Different columns are named; their order and an empty batch do not matter."""
    first = pd.DataFrame({"a": [1.0], "b": ["x"]})
    with pytest.raises(DataError, match="lacks 'b' and has the extra columns 'c'"):
        profiler().profile_batches([first, pd.DataFrame({"a": [1], "c": [1]})])
    with pytest.raises(DataError, match="list"):
        profiler().profile_batches([first, [1]])
    others = [pd.DataFrame({"b": [None], "a": [None]}), pd.DataFrame({"a": ["text"], "b": ["y"]})]
    profile = profiler().profile_batches([first, *others]).by_name
    assert (profile["a"].kind, profile["b"].kind, profile["b"].missing) == ("mixed", "string", 1)
    assert profiler().profile_batches([]).rows == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.floats(), max_size=6), min_size=1, max_size=5), st.integers(1, 8))
def test_random_numbers_in_batches_are_profiled_as_one_column(columns, sample_rows):
    """Extremes, counts and moments do not depend on batches, whatever the numbers are."""
    frames = [pd.DataFrame({"a": np.array(values, dtype=float)}) for values in columns]
    whole = profiler().profile(pd.concat(frames)).by_name["a"]
    profile = profiler(sample_rows=sample_rows).profile_batches(frames).by_name["a"]
    assert (profile.kind, profile.missing, profile.infinite) == (whole.kind, whole.missing, whole.infinite)
    if profile.numbers is not None:
        assert (profile.numbers.min, profile.numbers.max) == (whole.numbers.min, whole.numbers.max)
        assert profile.distinct == whole.distinct
        assert sum(profile.numbers.bins.counts) == sum(whole.numbers.bins.counts)


LIMITED = """
    import resource, sys
    import pandas, pyarrow.parquet, narwhals, numpy, scipy.special
    from lolpop.components.data_connector.file import FileDataConnector
    from lolpop.components.data_profiler.builtin import BuiltinDataProfiler
    from lolpop.data import Data
    from lolpop.problem import Problem

    pyarrow.set_cpu_count(1)  # each thread takes memory for its stack
    pyarrow.set_io_thread_count(1)
    connector = FileDataConnector(data=Data(train="few.parquet", batch_rows=20_000))
    profiler = BuiltinDataProfiler(sample_rows=20_000, problem=Problem(name="x", target="y"))
    scan = connector.scan("few.parquet")
    profiler.profile_batches(scan)  # what libraries need themselves, they have now
    with open("/proc/self/status") as status:
        used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    limit = used + 40_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    if sys.argv[1] == "batches":
        print(profiler.profile_batches(connector.scan("many.parquet")).rows)
    else:
        print(profiler.profile(connector.read("many.parquet")).rows)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="how much memory a process has is asked of Linux")
def test_a_file_four_times_as_large_as_memory_is_profiled(tmp_path):
    """With 40 MB of memory, 160 MB are profiled in batches, and not at once."""
    few = pd.DataFrame(np.random.default_rng(0).normal(size=(40_000, 10))).add_prefix("x")
    few.to_parquet(tmp_path / "few.parquet", row_group_size=20_000)
    many = pd.concat([few] * 50, ignore_index=True)  # of 8 bytes a number
    many.to_parquet(tmp_path / "many.parquet", row_group_size=20_000)

    def profiled(how):
        words = [sys.executable, "-c", textwrap.dedent(LIMITED), how]
        # Memory that Arrow's own pool has reserved before is not refused.
        environ = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
        return subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    done = profiled("batches")
    assert done.stdout.strip() == "2000000", done.stderr
    refused = profiled("all at once")
    assert refused.returncode != 0
    assert "alloc" in refused.stderr or "MemoryError" in refused.stderr
