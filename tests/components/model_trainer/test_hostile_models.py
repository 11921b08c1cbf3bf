"""Stored models that are damaged, or that somebody has written to do harm."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer.sklearn import SklearnModelTrainer
from lolpop.errors import LolpopError, StoreError, UntrustedTypeError
from lolpop.problem import Problem

LEAF = {
    "__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": '"hi"',
    "is_json": True, "__id__": 1, "protocol": 2, "_skops_version": "0.16.0",
}  # fmt: skip
DESCRIPTION = {"columns": ["a"], "classes": ["x", "y"], "left_out": {}}


def archive(schema: object, *, raw: str | None = None, **entries: bytes) -> bytes:
    """The bytes of an archive with this schema."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("schema.json", json.dumps(schema) if raw is None else raw)
        for name, data in entries.items():
            file.writestr(name, data)
    return content.getvalue()


@pytest.fixture
def stored(tmp_path):
    """Load a model whose archive has these bytes, described by this JSON."""

    def load(content: bytes, description: str = json.dumps(DESCRIPTION)) -> Any:
        (tmp_path / "model.json").write_text(description)
        (tmp_path / "model.skops").write_bytes(content)
        return SklearnModelTrainer.load(tmp_path)

    return load


@pytest.mark.parametrize(
    "content",
    [
        archive(LEAF),
        archive([1]),
        archive(None),
        archive({**LEAF, "__loader__": "SGDNode"}),
        archive({**LEAF, "__loader__": "NumpyNode"}),
        archive({**LEAF, "protocol": "x"}),
        archive({**LEAF, "protocol": 10**400}),
        archive({**LEAF, "content": "{"}),
        archive(None, raw="[" * 100_000 + "]" * 100_000),
        archive(None, raw="\ud800".encode("utf-8", "surrogatepass").decode("latin-1")),
        archive({**LEAF, "__module__": "lolpop.nowhere", "__class__": "Gone", "__loader__": "ObjectNode"}),
        b"",
        b"PK\x03\x04",
        b"no archive",
    ],
    ids=range(14),
)
def test_what_is_no_model_is_a_store_error(content, stored):
    """The error says that the model is damaged, whatever skops raises."""
    with pytest.raises((StoreError, UntrustedTypeError)):
        stored(content)


def test_a_model_that_expands_to_gigabytes_is_refused_before_it_is_read(stored):
    """The sizes in the table of contents are checked before anything is unpacked."""
    zeros = bytes(1 << 26)
    content = archive(LEAF, **{f"{number}.npy": zeros for number in range(17)})
    assert len(content) < 2_000_000
    with pytest.raises(StoreError, match=r"expands to 1,140,\d{3},\d{3} bytes in 18 entries"):
        stored(content)


@pytest.mark.parametrize(
    "description",
    [
        "[" * 100_000,
        "[]",
        "{}",
        json.dumps({**DESCRIPTION, "columns": [1]}),
        json.dumps({**DESCRIPTION, "columns": "a"}),
        json.dumps({**DESCRIPTION, "classes": 3}),
        json.dumps({**DESCRIPTION, "classes": [{}]}),
        json.dumps({**DESCRIPTION, "left_out": ["a"]}),
    ],
    ids=range(8),
)
def test_a_description_of_no_model_is_a_store_error(description, stored):
    """The description is validated before the model is read."""
    with pytest.raises(StoreError, match="There is no stored model"):
        stored(archive(LEAF), description)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The files of a good model."""
    folder = tmp_path_factory.mktemp("saved")
    frame = pd.DataFrame({"a": np.arange(40.0), "b": ["u", "v"] * 20})
    problem = Problem(name="p", target="y")
    trainer = SklearnModelTrainer(
        "decision_tree", problem=problem, feature_transformer=SklearnFeatureTransformer()
    )
    trainer.save(trainer.fit(frame, pd.Series(["p", "q"] * 20)), folder)
    return folder


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=5,
)


def changed(value: Any, draw: st.DrawFn) -> Any:
    """A value of JSON with something in it replaced."""
    if not isinstance(value, dict | list) or not value or draw(st.integers(0, 4)) == 0:
        return draw(JSON)
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = draw(st.sampled_from(list(keys)))
    copy = dict(value) if isinstance(value, dict) else list(value)
    if draw(st.integers(0, 9)) == 0:
        del copy[key]
    else:
        copy[key] = changed(value[key], draw)
    return copy


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(data=st.data())
def test_a_model_of_which_something_was_changed_loads_or_is_a_lolpop_error(saved, data):
    """A changed byte, schema or description gives a model or an error of lolpop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(shutil.copytree(saved, Path(name) / "model"))
        path = folder / data.draw(st.sampled_from(["model.skops", "model.json"]))
        content = path.read_bytes()
        how = data.draw(st.sampled_from(["byte", "end", "json"]))
        if how == "byte":
            at = data.draw(st.integers(0, len(content) - 1))
            content = content[:at] + data.draw(st.binary(min_size=1, max_size=1)) + content[at + 1 :]
        elif how == "end":
            content = content[: data.draw(st.integers(0, len(content)))]
        elif path.suffix == ".json":
            content = json.dumps(changed(json.loads(content), data.draw)).encode()
        else:
            with zipfile.ZipFile(path) as file:
                entries = {entry: file.read(entry) for entry in file.namelist()}
            schema = json.loads(entries["schema.json"])
            entries["schema.json"] = json.dumps(changed(schema, data.draw)).encode()
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w") as file:
                for entry, inner in entries.items():
                    file.writestr(entry, inner)
            content = buffer.getvalue()
        path.write_bytes(content)
        with contextlib.suppress(LolpopError):
            SklearnModelTrainer.load(folder)
