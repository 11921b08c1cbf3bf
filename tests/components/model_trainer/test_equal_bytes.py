"""Equal models are equal files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lolpop.components.feature_transformer.sklearn import SklearnFeatureTransformer
from lolpop.components.model_trainer import ModelTrainer, _skops
from lolpop.problem import Problem
from lolpop.registry import find, missing_modules

PROBLEM = Problem(name="p", target="y")

DUMP = """
import sys
from pathlib import Path
import numpy as np
from lolpop.components.model_trainer import _skops
shared = np.arange(3)
value = {"names": {"b", "a", "c", "d"}, "one": [shared, shared], "raw": b"bytes", "deep": [[{"x": shared * 2}]]}
_skops.dump(value, Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    random = np.random.default_rng(2)
    frame = pd.DataFrame({"x": random.normal(size=80), "c": random.choice(["a", "b", "c"], 80)})
    frame["d"] = pd.date_range("2025-01-01", periods=80)
    frame["y"] = np.where(frame["x"] + random.normal(0, 0.5, 80) > 0, "yes", "no")
    return frame


@pytest.mark.parametrize(
    ("use", "settings"),
    [
        ("sklearn", {"estimator": "logistic_regression"}),
        ("sklearn", {"estimator": "random_forest", "params": {"n_estimators": 5}}),
        ("sklearn", {"estimator": "hist_gradient_boosting", "params": {"max_iter": 5}}),
        ("xgboost", {"n_estimators": 5}),
        ("lightgbm", {"n_estimators": 5}),
        ("catboost", {"iterations": 5}),
    ],
)
def test_equal_models_make_equal_files(
    rows: pd.DataFrame, tmp_path: Path, use: str, settings: dict[str, object]
) -> None:
    """The files do not contain when and where a model was fitted."""
    trainer_class = find(ModelTrainer, use)  # type: ignore[type-abstract]  # the interface is meant
    if missing_modules(trainer_class.requires):
        pytest.skip(f"{use} is not installed")
    stored = []
    for name in ("one", "other"):
        trainer = trainer_class(
            **settings, problem=PROBLEM, seed=3, feature_transformer=SklearnFeatureTransformer()
        )
        model = trainer.fit(rows.drop(columns="y"), rows["y"])
        folder = tmp_path / name
        folder.mkdir()
        trainer.save(model, folder)
        stored.append({path.name: path.read_bytes() for path in folder.iterdir()})
        again = trainer_class.load(folder).predict(rows)
        assert np.array_equal(again.probabilities, model.predict(rows).probabilities)
    assert stored[0] == stored[1]


def test_archives_do_not_depend_on_the_process(tmp_path: Path) -> None:
    """Addresses, hashes of text and random names are not in the file, and shared objects stay shared."""
    files = [tmp_path / f"{seed}.skops" for seed in (1, 2, 3)]
    for seed, file in enumerate(files, start=1):
        environment = {"PYTHONHASHSEED": str(seed)}
        subprocess.run([sys.executable, "-c", DUMP, str(file)], env=environment, check=True)
    assert len({file.read_bytes() for file in files}) == 1
    value = _skops.load(files[0], [])
    assert value["names"] == {"a", "b", "c", "d"}
    assert value["one"][0] is value["one"][1]
    assert (value["raw"], value["deep"][0][0]["x"].tolist()) == (b"bytes", [0, 2, 4])
