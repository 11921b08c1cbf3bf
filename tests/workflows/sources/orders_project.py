"""Orders, and whether they were paid in time."""

from __future__ import annotations

import numpy as np
import pandas as pd


def orders(rows: int, seed: int = 0, start: int = 0) -> pd.DataFrame:
    """Orders with an amount, a channel, and whether they were paid."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "order_id": range(start, start + rows),
            "customer": random.integers(0, 20, size=rows),
            "amount": random.lognormal(3, 1, size=rows),
            "items": random.poisson(2, size=rows),
            "channel": random.choice(["shop", "web", "phone"], size=rows),
        }
    )
    score = np.log(frame["amount"]) - (frame["channel"] == "web") + random.normal(size=rows)
    frame["paid"] = np.where(score > 2.5, "late", "in time")
    return frame
