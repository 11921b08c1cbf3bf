"""Whatever settings hold, loading and verifying them meets only errors for people."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lolpop.errors import SettingsError, VerificationError
from lolpop.settings.limits import LARGEST
from lolpop_containers.classification import ClassificationContainer

PATHS = [
    "problem", "problem.name", "problem.target", "problem.drop", "problem.positive_label", "data", "data.train",
    "data.sources", "data.batch_rows", "seed", "skip", "store", "store.url", "store.artifacts", "notifiers",
    "interceptors", "interceptors.0.on", "train", "train.model_trainer", "train.model_trainer.estimator",
    "train.model_trainer.params", "train.model_trainer.params.C", "train.data_splitter.by",
    "train.hyperparameter_tuner.n_trials", "train.candidates", "process.data_checker", "executor", "lolpop",
    "lolpop.cache", "x-mine", "unknown", "predict", "deploy.model_deployer", "logger", "metadata_tracker.use",
]  # fmt: skip
TEXTS = st.text(max_size=6) | st.sampled_from(
    ["${seed}", "${env:A}", "${problem}", "${nowhere}", "$${seed}", "sklearn", "xgboost", "os:path", "os:environ", "a:b",
     ":", "1e999", "[", "{", "[1", '{"a": 1}', "null", "\x1b[31m", "\u202e", "\0", "http://u:p@h?sig=x", "~", "//", "-",
     "9" * 5000]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.sampled_from([10**400, -(2**70), 2**31]),
    st.dates(), st.datetimes(), st.binary(max_size=3),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(TEXTS | st.sampled_from(["use", "params", ""]), below, max_size=3)
    ),
    max_leaves=6,
)
BOUNDED = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@settings(BOUNDED, max_examples=120)
@given(
    overrides=st.dictionaries(st.sampled_from(PATHS), VALUES, max_size=4),
    variables=st.dictionaries(st.sampled_from(PATHS), TEXTS, max_size=2),
)
def test_any_values_are_settings_or_findings(project, overrides, variables):
    """Random values at random places, in overrides and variables."""
    environ = {f"LOLPOP_{path.upper().replace('.', '__')}": value for path, value in variables.items()}
    with contextlib.suppress(SettingsError, VerificationError):
        ClassificationContainer.load(environ=environ, overrides=overrides).verify()


@settings(BOUNDED, max_examples=120)
@given(
    content=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    name=st.sampled_from(["a.yaml", "a.toml", ".env"]),
)
def test_any_file_is_settings_or_findings(project, content, name):
    """Random bytes in files of each format."""
    (project / "lolpop.yaml").write_text("seed: 1\n")
    (project / name).write_bytes(content)
    files = [] if name == ".env" else [project / name]
    with contextlib.suppress(SettingsError, VerificationError):
        ClassificationContainer.load(*files, environ={}).verify()
    (project / name).unlink()


DEEP = 20_000


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.yaml", f"a: {'[' * DEEP}{']' * DEEP}", "maximum depth"),
        ("a.toml", f"a = {'[' * DEEP}{']' * DEEP}", "more than 100 levels"),
        ("a.toml", f"{'.'.join(['a'] * DEEP)} = 1", "more than 100 levels"),
        ("a.toml", f"seed = 1{'0' * 5_000}", "a number is too large"),
        ("a.yaml", f"seed: 1{'0' * 5_000}", "is not of type int"),
        ("a.yaml", f"a: {'x' * LARGEST}", "is larger than 2,000,000 bytes"),
        ("a.toml", f"a = '{'x' * LARGEST}'", "is larger than 2,000,000 bytes"),
    ],
    ids=range(7),
)
def test_what_is_too_large_or_too_deep_has_a_limit(name, text, expected, project):
    """Megabytes or thousands of levels are refused at once, with a message."""
    (project / name).write_text(text)
    with pytest.raises(SettingsError, match=expected):
        ClassificationContainer.load(project / name, environ={})


def test_a_device_is_not_read_to_its_end(project):
    """A file without an end is refused as too large."""
    (project / "endless.yaml").symlink_to(Path("/dev/zero"))
    with pytest.raises(SettingsError, match="is larger than"):
        ClassificationContainer.load(project / "endless.yaml", environ={})


def test_json_in_a_variable_may_be_deep_too(project):
    """A variable that is a JSON list of thousands of levels is a finding."""
    text = json.dumps([]).replace("[]", "[" * DEEP + "]" * DEEP)
    with pytest.raises(SettingsError, match="more than 100 levels"):
        ClassificationContainer.load(environ={"LOLPOP_SKIP": text})
