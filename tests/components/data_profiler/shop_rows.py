"""Rows of the customers of a shop, with columns of every kind."""

import numpy as np
import pandas as pd


def shop(rows, seed=0):
    """As many ``rows``, drawn by ``seed``."""
    random = np.random.default_rng(seed)
    age = random.normal(40, 10, rows)
    return pd.DataFrame(
        {
            "age": age,
            "income": np.where(random.random(rows) < 0.1, np.nan, age * 1000 + random.normal(0, 3000, rows)),
            "visits": random.poisson(2, rows),
            "member": random.random(rows) < 0.4,
            "town": random.choice(["Ulm", "Bonn", "Jena"], rows, p=[0.5, 0.3, 0.2]),
            "street": [f"street {number}" for number in random.integers(0, 300, rows)],
            "day": np.datetime64("2020-01-01") + random.integers(0, 900, rows).astype("timedelta64[D]"),
        }
    )
