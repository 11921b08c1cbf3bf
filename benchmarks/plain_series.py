"""What people try without lolpop for series: the last value, last season's, a drift, and plain smoothing.

Of last season's value and plain smoothing, the better one in a backtest of the history is named beforehand.

Usage: python plain_series.py FOLDER TARGET TIME HORIZON SEASON [SERIES]
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

folder, target, time, horizon, season = Path(sys.argv[1]), *sys.argv[2:4], *map(int, sys.argv[4:6])
by = sys.argv[6] if len(sys.argv) > 6 else None
history, new = pd.read_csv(folder / "known.csv"), pd.read_csv(folder / "new.csv")
steps = np.arange(1, horizon + 1)
ORIGINS = 3  # as many as lolpop's own backtest has


def smoothed(values: np.ndarray) -> np.ndarray:
    """Exponential smoothing with a trend, and with a season where there are enough values."""
    enough = season > 1 and len(values) >= 10 + 2 * season
    model = ETSModel(
        pd.Series(values),
        trend="add",
        seasonal="add" if enough else None,
        seasonal_periods=season if enough else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(model.fit(disp=False).forecast(horizon))


def forecasts(values: np.ndarray) -> dict[str, np.ndarray]:
    """What each says of the steps ahead."""
    last = values[-season:] if len(values) > season else values[-1:]
    slope = (values[-1] - values[0]) / (len(values) - 1)
    return {
        "naive": np.full(horizon, values[-1]),
        "seasonal naive": last[(steps - 1) % len(last)],
        "drift": values[-1] + slope * steps,
        "plain ETS": smoothed(values),
    }


def usual_error(values: np.ndarray) -> float:
    """The mean absolute error of last season's value in the history."""
    return np.nanmean(np.abs(values[season:] - values[:-season])) if len(values) > season else np.nan


def backtested(values: np.ndarray) -> list[dict[str, float]]:
    """The scaled errors from the last origins before the end of ``values``."""
    errors = []
    for back in range(1, ORIGINS + 1):
        before, after = values[: -back * horizon], values[-back * horizon :][:horizon]
        if len(before) > 2:
            errors.append(
                {
                    name: float(np.mean(np.abs(forecast - after)) / usual_error(before))
                    for name, forecast in forecasts(before).items()
                }
            )
    return errors


parts, errors = [], []
for key, rows in history.groupby(by) if by else [(None, history)]:
    rows = rows.sort_values(time)
    values = rows[target].interpolate().to_numpy(dtype=float)
    ahead = (new[new[by] == key] if by else new).sort_values(time)
    predictions = pd.DataFrame({name: forecast[: len(ahead)] for name, forecast in forecasts(values).items()})
    parts.append(ahead.reset_index(drop=True).assign(**predictions, usual=usual_error(values)))
    errors += backtested(values)
means = pd.DataFrame(errors, columns=["seasonal naive", "plain ETS"]).mean()
chosen = "plain ETS" if means.isna().any() else means.idxmin()
pd.concat(parts).assign(chosen=chosen).to_csv(folder / "plain.csv", index=False)
