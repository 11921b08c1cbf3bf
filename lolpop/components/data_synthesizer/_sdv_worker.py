"""What SDV does, in the interpreter that has it: it knows nothing of lolpop, and older libraries.

Called with ``fit`` or ``sample`` and a folder, which holds ``settings.json``, and the rows as Parquet or the
fitted synthesizer. What was made is left in the folder.
"""

from __future__ import annotations

import json
import random
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

_TABLE = "rows"
_REPEATING = 0.5
"""Text with a greater share of different values names rows: it is made up, and never taken over."""
_CLASSES = {
    "gaussian_copula": "GaussianCopulaSynthesizer",
    "ctgan": "CTGANSynthesizer",
    "copula_gan": "CopulaGANSynthesizer",
    "tvae": "TVAESynthesizer",
}


def fit(folder: Path, synthesizer: str, seed: int, params: dict[str, object]) -> None:
    """Fit a synthesizer on ``rows.parquet``, and save it."""
    import torch
    from sdv import single_table
    from sdv.metadata import Metadata

    rows = _plain(pq.read_table(folder / "rows.parquet").to_pandas(ignore_metadata=True))
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    metadata = Metadata.detect_from_dataframes({_TABLE: rows})
    for name, column in metadata.tables[_TABLE].columns.items():
        # SDV would draw such text from the real values: names and notes of people.
        if column["sdtype"] == "categorical" and rows[name].nunique() > _REPEATING * len(rows):
            metadata.update_column(name, _TABLE, sdtype="id", regex_format=f"{_word(name)}-[0-9]{{9}}")
    fitted = getattr(single_table, _CLASSES[synthesizer])(metadata, **params)
    fitted.fit({_TABLE: rows})
    fitted.save(str(folder / "synthesizer.pkl"))


def _plain(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` in the types that SDV takes: no categories, and dates in nanoseconds, which it counts in."""
    types = {
        name: object if isinstance(dtype, pd.CategoricalDtype) else "datetime64[ns]"
        for name, dtype in rows.dtypes.items()
        if isinstance(dtype, pd.CategoricalDtype) or dtype.kind == "M"
    }
    return rows.astype(types)


def _word(name: str) -> str:
    return re.sub("[^A-Za-z0-9]+", "_", name) or "text"


def sample(folder: Path, seed: int, rows: int) -> None:
    """Write ``rows`` rows of the saved synthesizer to ``made.parquet``."""
    from sdv.utils import load_synthesizer

    fitted = load_synthesizer(str(folder / "synthesizer.pkl"))
    if getattr(fitted, "_model", None):
        fitted._set_random_state(seed)  # by itself SDV draws the same rows for every seed
    synthetic: pd.DataFrame = fitted.sample(num_rows=rows)[_TABLE]
    pq.write_table(pa.Table.from_pandas(synthetic, preserve_index=False), folder / "made.parquet")


def main(task: str, folder: Path) -> None:
    """Do one task in a folder."""
    warnings.simplefilter("ignore")
    settings = json.loads((folder / "settings.json").read_text())
    if task == "fit":
        fit(folder, **settings)
    else:
        sample(folder, **settings)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
