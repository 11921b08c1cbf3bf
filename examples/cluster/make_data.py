"""Labelled transactions in one file, and new ones in several files, as data warehouses export them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent / "data"
KNOWN, NEW, FILES = 2_000, 40_000, 4


def transactions(random: np.random.Generator, rows: int, start: int) -> pd.DataFrame:
    """Transactions numbered from ``start`` on."""
    return pd.DataFrame(
        {
            "transaction": np.arange(start, start + rows),
            "amount": random.lognormal(3, 1, rows).round(2),
            "hour": random.integers(0, 24, rows),
            "country": random.choice(["DE", "FR", "NL", "US"], rows),
            "card_age": random.exponential(800, rows).round(),
        }
    )


def main() -> None:
    """Write ``data/known.csv`` and ``data/new/*.parquet``."""
    random = np.random.default_rng(0)
    training_rows = transactions(random, KNOWN, 0)
    risk = (
        0.02 * training_rows["amount"] - 0.002 * training_rows["card_age"] + 2.0 * (training_rows["hour"] < 6)
    )
    risk += random.normal(size=KNOWN)
    (FOLDER / "new").mkdir(parents=True, exist_ok=True)
    training_rows.assign(fraud=np.where(risk > 1, "fraud", "fine")).to_csv(FOLDER / "known.csv", index=False)
    for number in range(FILES):
        rows = NEW // FILES
        part = transactions(random, rows, KNOWN + number * rows)
        part.to_parquet(FOLDER / "new" / f"2026-{number + 1:02}.parquet", index=False)
    print(f"{FOLDER}: {KNOWN:,} labelled transactions, {NEW:,} new ones in {FILES} files")


if __name__ == "__main__":
    main()
