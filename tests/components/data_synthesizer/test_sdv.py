"""SDV, in an environment of its own.

SDV needs an older pandas than lolpop, and torch. SDV_PYTHON names the Python of an environment that has it.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lolpop import RunnerContainer, providers
from lolpop.components.data_synthesizer import DataSynthesizer
from lolpop.components.data_synthesizer.sdv import SDVDataSynthesizer
from lolpop.errors import LolpopError, VerificationError
from lolpop.testing import contracts

PYTHON = os.environ.get("SDV_PYTHON")
needs_sdv = pytest.mark.skipif(PYTHON is None, reason="SDV_PYTHON names no Python that has SDV")


class DataContainer(RunnerContainer):
    data_synthesizer = providers.Component(DataSynthesizer, default="builtin")


def findings(settings, folder):
    (folder / "lolpop.yaml").write_text(f"data_synthesizer: {settings}\n")
    container = DataContainer.load(folder / "lolpop.yaml", environ={})
    try:
        return [str(finding) for finding in container.verify()]
    except VerificationError as error:
        return [str(finding) for finding in error.findings]


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    size = random.normal(50, 10, 300)
    return pd.DataFrame(
        {
            "name": [f"Ada {number}" for number in range(300)],
            "size": size,
            "weight": size * 2 + random.normal(0, 5, 300),
            "visits": random.poisson(3, 300),
            "kind": pd.Categorical(random.choice(["a", "b"], 300, p=[0.8, 0.2])),
            "loyal": random.random(300) < 0.5,
            "since": pd.date_range("2024-01-01", periods=300),
            "note": np.where(random.random(300) < 0.3, None, "x"),
        }
    )


@needs_sdv
class TestSDVDataSynthesizer(contracts.DataSynthesizerContract):
    @pytest.fixture
    def make(self):
        return lambda seed: SDVDataSynthesizer(python=Path(PYTHON), seed=seed)


@needs_sdv
@pytest.mark.parametrize(
    ("synthesizer", "params", "quality"), [("gaussian_copula", {}, 0.85), ("ctgan", {"epochs": 1}, 0.3)]
)
def test_rows_are_like_real_ones_in_their_types(rows, synthesizer, params, quality):
    """Types, ranges and correlations are those of the real rows; unique text is made up."""
    sdv = SDVDataSynthesizer(synthesizer, Path(PYTHON), params, seed=1)
    made = sdv.sample(sdv.fit(rows), 200)
    assert made.dtypes.to_dict() == rows.dtypes.to_dict()
    assert not set(made["name"]) & set(rows["name"])
    assert made["since"].between(rows["since"].min(), rows["since"].max()).all()
    report = sdv.evaluate(rows, made)
    assert report.quality > quality
    assert report.copied == 0


@needs_sdv
def test_what_sdv_refuses_is_an_error_in_its_words(rows):
    """The error of SDV about an unknown parameter is shown."""
    with pytest.raises(LolpopError, match=r"SDV cannot fit gaussian_copula .*unexpected keyword .*'epochs'"):
        SDVDataSynthesizer(python=Path(PYTHON), params={"epochs": 3}).fit(rows)


@pytest.mark.skipif(sys.executable == PYTHON, reason="this Python has SDV")
def test_environment_without_sdv_says_what_to_install(rows, tmp_path):
    """The error says how to make the environment, and which setting names it."""
    (finding,) = [text for text in findings("sdv", tmp_path) if "python" in text]
    assert "this environment has no SDV" in finding
    assert "pip install 'sdv>=2.0' pyarrow" in finding
    (finding,) = [text for text in findings("{use: sdv, python: sdv/bin/python}", tmp_path) if "file" in text]
    assert "data_synthesizer.python: there is no file" in finding
    with pytest.raises(LolpopError, match=r"No module named .*pip install 'sdv>=2.0' pyarrow"):
        SDVDataSynthesizer(python=Path(sys.executable)).fit(rows)
    with pytest.raises(LolpopError, match=r"nowhere/python cannot be run: No such file"):
        SDVDataSynthesizer(python=Path("nowhere/python"), folder=tmp_path).fit(rows)
