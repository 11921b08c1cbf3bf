"""Customers of a phone company, made up: columns of every kind, with values missing in all of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

SETTINGS = """
problem: {name: churn, target: outcome, index: customer, positive_label: leaves}
data: {train: known.csv, predict: new.csv, predictions: out/predictions.csv}
train: {model_trainer: {params: {max_iter: 20}}}
skip: [profile_data, compare_data, analyze_model, check_model_bias]
"""


def customers(rows: int, seed: int = 0) -> pd.DataFrame:
    """Customers with an id, what is known of them, and whether they leave."""
    random = np.random.default_rng(seed)
    signed = pd.Timestamp("2019-01-01") + pd.to_timedelta(random.integers(0, 2000, rows), unit="D")
    frame = pd.DataFrame(
        {
            "customer": [f"C-{number:05d}" for number in random.permutation(90_000)[:rows]],
            "months": random.integers(0, 73, rows),
            "monthly_charge": random.normal(65, 30, rows).round(2),
            "contract": random.choice(["month to month", "one year", "two years"], rows, p=[0.6, 0.2, 0.2]),
            "payment": random.choice(["bank transfer", "credit card", "cheque"], rows),
            "paperless": random.random(rows) < 0.6,
            "senior": random.integers(0, 2, rows),
            "signed": signed,
            "income": random.lognormal(10, 0.4, rows).round(0),
        }
    )
    pull = (
        1.5 * (frame["contract"] == "month to month")
        - 0.04 * frame["months"]
        + 0.02 * (frame["monthly_charge"] - 65)
        + random.normal(0, 0.7, rows)
    )
    for name in ("months", "monthly_charge", "contract", "signed", "income"):
        frame[name] = frame[name].mask(random.random(rows) < 0.08)
    frame["paperless"] = frame["paperless"].astype("object").mask(random.random(rows) < 0.08)
    frame["outcome"] = np.where(pull > 0, "leaves", "stays")
    return frame
