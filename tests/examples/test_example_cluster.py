"""The example of two workers gives the same predictions on every engine."""

import json
from importlib.util import find_spec

import pandas as pd
import pytest

PACKAGES = {"dask": "distributed", "ray": "ray"}

# What the first run has shown already, and what workers have no part in.
SHOWN = ["check_data", "profile_data", "compare_data", "analyze_model", "check_model", "check_model_bias"]


@pytest.mark.filterwarnings(
    "ignore:::distributed", "ignore:::tornado", "ignore:::ray", "ignore::ResourceWarning"
)
def test_predictions_are_the_same_on_every_engine(example, lolpop, two_workers):
    """Byte for byte: the search chose the model that it chooses in one process, and every part is there once.

    It makes no difference whether rows are copied.
    """
    folder = example("cluster")
    written = {}
    installed = [engine for engine, package in PACKAGES.items() if find_spec(package) is not None]
    if not installed:
        pytest.skip("no engine is installed: pip install 'lolpop[dask]' or 'lolpop[ray]'")
    for engine in ("local", *installed):
        executor = two_workers(engine)
        variables = {
            f"LOLPOP_EXECUTOR__{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in executor.items()
        }
        if engine == "local":
            variables["LOLPOP_TRAIN__HYPERPARAMETER_TUNER__N_JOBS"] = "1"
            variables["LOLPOP_DATA__IN_PLACE"] = "false"
        else:
            variables["LOLPOP_SKIP"] = json.dumps(SHOWN)
        document, _ = lolpop("classification", **variables)
        assert document["metrics"]["test"]["roc_auc"] > 0.8
        parts = sorted((folder / "out" / "predictions").iterdir())
        written[engine] = {path.name: path.read_bytes() for path in parts}
    assert list(written["local"]) == [f"part-{number:05}.parquet" for number in range(8)]
    for engine in installed:
        assert written[engine] == written["local"], engine
    rows = pd.read_parquet(folder / "out" / "predictions")
    assert rows["transaction"].tolist() == list(range(2000, 42_000))
