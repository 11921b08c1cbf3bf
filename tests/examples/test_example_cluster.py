"""The example of two workers gives the same predictions on every engine."""

from importlib.util import find_spec

import pandas as pd
import pytest

PACKAGES = {"dask": "distributed", "ray": "ray"}


@pytest.mark.filterwarnings(
    "ignore:::distributed", "ignore:::tornado", "ignore:::ray", "ignore::ResourceWarning"
)
def test_predictions_are_the_same_on_every_engine(example, lolpop):
    """Byte for byte: the search chose the same model, and every part is there once."""
    folder = example("cluster")
    written = {}
    installed = [engine for engine, package in PACKAGES.items() if find_spec(package) is not None]
    if not installed:
        pytest.skip("no engine is installed: pip install 'lolpop[dask]' or 'lolpop[ray]'")
    for engine in ("local", *installed):
        told, _ = lolpop("classification", LOLPOP_EXECUTOR__USE=engine)
        assert told["metrics"]["test"]["roc_auc"] > 0.8
        parts = sorted((folder / "out" / "predictions").iterdir())
        written[engine] = {path.name: path.read_bytes() for path in parts}
    assert list(written["local"]) == [f"part-{number:05}.parquet" for number in range(8)]
    for engine in installed:
        assert written[engine] == written["local"], engine
    rows = pd.read_parquet(folder / "out" / "predictions")
    assert rows["transaction"].tolist() == list(range(2000, 42_000))
