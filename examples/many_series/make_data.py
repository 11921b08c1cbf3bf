"""Write the data of the example of many series: what 36 shops of a made-up chain sell, day by day.

Each shop has its size, its week and its trend, and sells more on days of a promotion, which are planned in
advance. One shop has opened late, and some days are missing. The two weeks to come are to be forecast; what
was sold then arrives later, in a file of its own.
"""

from pathlib import Path

import numpy as np
import pandas as pd

SHOPS, DAYS, AHEAD = 36, 200, 14


def sales() -> pd.DataFrame:
    """A row for each shop and day, in no order that would be of help."""
    random = np.random.default_rng(20)
    day = pd.date_range("2025-03-03", periods=DAYS + AHEAD, name="day")
    parts = []
    for number in range(SHOPS):
        week = random.dirichlet(np.full(7, 8.0)) * 7
        level = random.lognormal(4, 0.8) * (1 + random.normal(0, 0.002) * np.arange(len(day)))
        wave = np.exp(np.cumsum(random.normal(0, 0.02, len(day))))
        promotion = random.random(len(day)) < 0.1
        expected = level * week[day.day_of_week] * wave * np.where(promotion, 1.5, 1.0)
        sold = random.poisson(np.maximum(expected, 0.1))
        parts.append(
            pd.DataFrame({"shop": f"S{number:02}", "day": day, "promotion": promotion, "sold": sold})
        )
    parts[-1] = parts[-1][DAYS - 40 :]  # it has opened late
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=1)


def main() -> None:
    folder = Path(__file__).parent / "data"
    folder.mkdir(exist_ok=True)
    rows = sales()
    later = rows["day"] > rows["day"].max() - pd.Timedelta(days=AHEAD)
    history = rows[~later].sample(frac=0.995, random_state=2)
    history.to_csv(folder / "known.csv", index=False)
    rows[later].drop(columns="sold").to_csv(folder / "plan.csv", index=False)
    rows[later].drop(columns="promotion").to_csv(folder / "truth.csv", index=False)
    print(f"Wrote {len(history):,} known days of {SHOPS} shops and {later.sum()} days to come to {folder}.")


if __name__ == "__main__":
    main()
