"""Leakage: the power of single columns to predict the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lolpop.data.frames import kind_of, to_datetimes, to_floats, to_strings

if TYPE_CHECKING:
    import narwhals as nw
    from numpy.typing import NDArray

    Codes = NDArray[np.int64]


# Enough to tell a leak from a good feature, and cheap for any number of rows.
_MOST_ROWS = 10_000
_FEWEST_ROWS = 100
_FEWEST_OF_A_CLASS = 10
_MOST_BINS = 64
_ROWS_OF_A_BIN = 8
# No legitimate column alone is that good.
_NEARLY_PERFECT = 0.98
# What is left to explain is this many times less than what the next column leaves: it stands out.
_STANDS_OUT = 3.0


class Power(NamedTuple):
    """The power of a column to predict the target; ``copies`` if it has one value for each class."""

    score: float
    copies: bool


def predictive_powers(
    rows: nw.DataFrame[Any], features: Sequence[str], target: str, *, classes: bool
) -> Mapping[str, Power]:
    """The power of each of ``features`` to predict ``target``: 1 is perfect, 0 no better than a guess.

    Half of the rows gives the expected value in each bin of a feature, the other half tests it, and vice
    versa. The power is the balanced accuracy for classes, and the coefficient of determination of ranks for
    numbers, scaled so that 0 is a guess. Empty if there are too few rows.
    """
    # In random order, so that neither half depends on how rows are sorted; the same for the same rows.
    order = np.random.default_rng(0).permutation(len(rows))[:_MOST_ROWS]
    sample = rows.select(*features, target)[order]
    truth = sample.get_column(target)
    expected: NDArray[Any]
    class_values = np.empty(0)
    if classes:
        labels = _codes_of_texts(truth)
        usable = _common(labels)
        class_values, expected = np.unique(labels[usable], return_inverse=True)
        enough = len(class_values) > 1
    else:
        expected = _ranks(to_floats(truth))
        usable, enough = np.full(len(sample), fill_value=True), True
    if not enough or len(expected) < _FEWEST_ROWS:
        return {}
    powers = {}
    for name in features:
        codes = _codes(sample.get_column(name))
        if codes is not None:
            used = codes[usable]
            copies = classes and len(np.unique(used)) == len(class_values)
            powers[name] = Power(_power(used, expected, classes=classes), copies)
    return powers


def leaking(powers: Mapping[str, Power], threshold: float) -> list[str]:
    """Columns that are too good to be true, best first: nearly perfect, copies, or far ahead of others."""
    ordered = sorted(powers, key=lambda name: -powers[name].score)
    perfect = max(_NEARLY_PERFECT, threshold)
    columns = [
        name for name in ordered if powers[name].score >= (threshold if powers[name].copies else perfect)
    ]
    if not columns and ordered and powers[ordered[0]].score >= threshold:
        rest = 1 - powers[ordered[1]].score if len(ordered) > 1 else 1.0
        if (1 - powers[ordered[0]].score) * _STANDS_OUT <= rest:
            columns = ordered[:1]
    return columns


def _power(codes: Codes, expected: NDArray[Any], *, classes: bool) -> float:
    measure = _class_score if classes else _rank_score
    half = np.arange(len(codes)) % 2 == 0
    return float(np.mean([measure(codes, expected, half), measure(codes, expected, ~half)]))


def _class_score(codes: Codes, labels: Codes, chosen: NDArray[np.bool_]) -> float:
    bins, number = int(codes.max()) + 1, int(labels.max()) + 1
    counts = np.bincount(codes[chosen] * number + labels[chosen], minlength=bins * number)
    sizes = np.bincount(labels[chosen], minlength=number)
    # In each bin, the class that is most frequent for its size: rare classes count as much as others.
    guesses = (counts.reshape(bins, number) / np.maximum(sizes, 1)).argmax(axis=1)
    right = guesses[codes[~chosen]] == labels[~chosen]
    recalls = [right[labels[~chosen] == label].mean() for label in np.unique(labels[~chosen])]
    return (float(np.mean(recalls)) - 1 / number) / (1 - 1 / number)


def _rank_score(codes: Codes, ranks: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    sums = np.bincount(codes[chosen], weights=ranks[chosen], minlength=int(codes.max()) + 1)
    sizes = np.bincount(codes[chosen], minlength=len(sums))
    middle = ranks[chosen].mean()
    guesses = np.where(sizes > 0, sums / np.maximum(sizes, 1), middle)[codes[~chosen]]
    residual = ((ranks[~chosen] - guesses) ** 2).sum()
    spread = ((ranks[~chosen] - middle) ** 2).sum()
    return float(1 - residual / spread) if spread else 0.0


def _common(labels: Codes) -> NDArray[np.bool_]:
    common: NDArray[np.bool_] = np.bincount(labels)[labels] >= _FEWEST_OF_A_CLASS
    return common


def _codes(series: nw.Series[Any]) -> Codes | None:
    kind = kind_of(series)
    if kind in {"string", "category"}:
        return _codes_of_texts(series)
    if kind in {"number", "boolean", "duration"}:
        return _codes_of_numbers(to_floats(series))
    if kind == "datetime":
        dates = to_datetimes(series)
        return _codes_of_numbers(np.where(np.isnat(dates), np.nan, dates.astype(np.int64)))
    return None


def _codes_of_texts(series: nw.Series[Any]) -> Codes:
    import pandas as pd

    codes, _ = pd.factorize(to_strings(series), use_na_sentinel=False)
    return np.asarray(codes, dtype=np.int64)


def _codes_of_numbers(values: NDArray[np.float64]) -> Codes:
    present = values[~np.isnan(values)]
    bins = int(np.clip(len(values) // _ROWS_OF_A_BIN, 2, _MOST_BINS))
    edges = np.unique(present)
    if len(edges) > bins:
        edges = np.unique(np.quantile(present, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    # Missing values are sorted behind all others, into the last bin.
    return np.searchsorted(edges, values, side="left").astype(np.int64)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    ranks = np.empty(len(values))
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    shared: NDArray[np.float64] = (np.bincount(group, weights=ranks) / sizes)[group]
    return shared
