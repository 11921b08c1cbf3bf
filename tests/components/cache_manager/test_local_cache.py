"""The cache of files: values come back as they are, damage is a miss, the limit holds."""

import dataclasses
import datetime as dt
import enum
import math
import os
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from lolpop.components.cache_manager import CachedResult
from lolpop.components.cache_manager.local import LocalCacheManager
from lolpop.components.data_splitter import Splits
from lolpop.components.store.sql import SQLStore
from lolpop.data.content import digest_of_value
from lolpop.errors import CacheError, UnkeptValueError

KEY = "ab" * 32
OTHER = "cd" * 32


class Colour(enum.Enum):
    RED = 1


class Point(NamedTuple):
    x: float
    y: float


class Report(BaseModel):
    name: str
    scores: dict[str, float] = {}
    when: dt.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Pair:
    left: object
    right: object


FRAME = pd.DataFrame(
    {"n": [1, 2, 3], "x": [0.5, math.nan, -0.0], "t": ["a", None, "ü"], "c": pd.Categorical(["u", "v", "u"])},
    index=pd.Index([3, 1, 2], name="id"),
)
VALUES = {
    "numbers": [1, -2.5, math.inf, True, None, 10**30],
    "not a number": math.nan,
    "text and bytes": ("ü\ud800", b"\x00\xff"),
    "keys of any type": {1: "a", "1": "b", (2, 3): {"x", "y"}},
    "dates and paths": [dt.datetime(2024, 1, 2, tzinfo=dt.UTC), dt.date(2024, 1, 2), Path("a/b")],
    "an enum": Colour.RED,
    "a named tuple": Point(1.0, 2.0),
    "a pydantic model": Report(name="r", scores={"a": 0.1}, when=dt.datetime(2024, 1, 2, tzinfo=dt.UTC)),
    "a dataclass of frames": Splits(FRAME, None, FRAME[:1]),
    "a frame": FRAME,
    "a series": FRAME["x"],
    "an array": np.arange(6.0).reshape(2, 3),
    "a number of numpy": np.float32(0.1),
}


def made(folder, **settings):
    return LocalCacheManager(**settings, store=SQLStore(folder=folder), folder=folder)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_comes_back_as_it_is(tmp_path, value):
    """Content, type and the task that made it are the same, also from another manager."""
    made(tmp_path).put(KEY, CachedResult(value, "task"))
    result = made(tmp_path).get(KEY)
    assert result.task_id == "task"
    assert type(result.value) is type(value)
    assert digest_of_value(result.value) == digest_of_value(value)


def test_polars_frames_come_back(tmp_path):
    """A polars frame is cached as a polars frame."""
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a": [1, None], "b": ["x", "y"]})
    made(tmp_path).put(KEY, CachedResult(frame, "task"))
    assert made(tmp_path).get(KEY).value.equals(frame)


def test_a_frame_of_mixed_objects_is_not_changed(tmp_path):
    """A frame that would not come back unchanged is not cached."""
    for values in ([1, 2.0], [None, math.nan], [object()]):
        frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
        with pytest.raises(UnkeptValueError):
            made(tmp_path).put(KEY, CachedResult(frame, "task"))
        assert made(tmp_path).get(KEY) is None


@dataclasses.dataclass
class Derived:
    size: int

    def __post_init__(self):
        self.twice = 2 * self.size


@pytest.mark.parametrize(
    "value", [object(), lambda: 1, Derived(3), [iter([])]], ids=["object", "function", "derived", "iterator"]
)
def test_what_cannot_be_kept_is_refused(tmp_path, value):
    """Functions, iterators, and objects that hold more than their fields are not cached."""
    with pytest.raises(UnkeptValueError):
        made(tmp_path).put(KEY, CachedResult(value, "task"))


@pytest.mark.parametrize("kind", ["records", "values"])
@pytest.mark.parametrize("damage", [lambda file: file.write_bytes(file.read_bytes()[:-1] + b"?"), lambda file: file.write_bytes(b""), lambda file: file.unlink()], ids=["changed", "emptied", "gone"])  # fmt: skip
def test_a_damaged_entry_is_a_miss(tmp_path, kind, damage):
    """A damaged entry is reported and removed, and the value can be cached again."""
    cache = made(tmp_path)
    cache.put(KEY, CachedResult(FRAME, "task"))
    (file,) = [path for path in (tmp_path / ".lolpop" / "cache" / kind).rglob("*") if path.is_file()]
    damage(file)
    if kind == "records" and not file.exists():
        assert cache.get(KEY) is None
    else:
        with pytest.raises(CacheError):
            cache.get(KEY)
    assert cache.get(KEY) is None
    cache.put(KEY, CachedResult(FRAME, "task"))
    assert cache.get(KEY) is not None


def test_equal_values_are_kept_once(tmp_path):
    """Values are named by their content."""
    cache = made(tmp_path)
    for key in (KEY, OTHER):
        cache.put(key, CachedResult(FRAME, "task"))
    assert len([path for path in (tmp_path / ".lolpop/cache/values").rglob("*") if path.is_file()]) == 1


def test_the_least_recently_used_goes_first(tmp_path):
    """A hit counts as use, and the limit of the size holds."""
    cache = made(tmp_path, max_gigabytes=0.000_35)  # three of the four values
    keys = [f"{number:064x}" for number in range(4)]
    for number, key in enumerate(keys[:3]):
        cache.put(key, CachedResult(np.full(12_500, number), "task"))
        (record,) = (tmp_path / ".lolpop/cache/records").rglob(key[2:])
        os.utime(record, (time.time() - 100 + number,) * 2)
    assert cache.get(keys[0]) is not None
    cache.put(keys[3], CachedResult(np.full(12_500, 3), "task"))
    is_cached = [cache.get(key) is not None for key in keys]
    assert is_cached[0]
    assert is_cached[3]
    assert not is_cached[1]
    files = [path for path in (tmp_path / ".lolpop/cache/values").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 350_000


def test_the_cache_may_be_anywhere(tmp_path):
    """The root may be any URL that fsspec supports."""
    for root in ("memory://cache", f"file://{tmp_path}/shared", "elsewhere"):
        made(tmp_path, root=root).put(KEY, CachedResult([1], "task"))
        assert made(tmp_path, root=root).get(KEY).value == [1]
    with pytest.raises(CacheError, match="no protocol"):
        made(tmp_path, root="nowhere://x").get(KEY)


def test_a_root_that_cannot_be_written_is_reported(tmp_path):
    """The error names the place."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(CacheError, match="taken cannot be written"):
        made(tmp_path, root="taken").put(KEY, CachedResult([1], "task"))


def test_a_model_is_kept_by_its_trainer(tmp_path):
    """Of several trainers, the one that can save it does; without any, it is not cached."""
    from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
    from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
    from lolpop.problem import Problem

    problem = Problem(name="p", target="y")
    trainer = SklearnModelTrainer(
        "logistic_regression",
        problem=problem,
        seed=0,
        feature_transformer=SklearnFeatureTransformer(problem=problem),
    )
    frame = pd.DataFrame({"a": range(40), "b": [0, 1] * 20})
    target = pd.Series(["x", "y"] * 20, name="y")
    model = trainer.fit(frame, target)
    with pytest.raises(UnkeptValueError):
        made(tmp_path).put(KEY, CachedResult(model, "task"))
    made(tmp_path).put(KEY, CachedResult(model, "task"), [trainer])
    back = made(tmp_path).get(KEY).value
    assert list(back.predict(frame).labels) == list(model.predict(frame).labels)
