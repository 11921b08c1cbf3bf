"""Weak segments: what counts as one, and how often chance makes one."""

import numpy as np
import pandas as pd
import pytest

from lolpop.components.model_checker._segments import weak_segments

LIMITS = {"worse_by": 0.1, "min_rows": 30, "significance": 0.05}


def customers(rows, seed):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "one": random.normal(size=rows),
            "other": random.normal(size=rows),
            "amount": random.lognormal(3, 2, rows),
            "region": random.choice(["north", "east", "south", "west"], rows),
            "note": [f"note {number}" for number in range(rows)],
        }
    )


def test_a_category_is_not_outvoted_by_the_ranges_of_numbers():
    """A quarter of the rows with an error of 0.5, others 0.36, is found among three numeric columns."""
    frame = customers(700, 6).assign(region=np.repeat(["north", "east", "south", "west"], 175))
    errors = np.concatenate([np.arange(175) % 2 == 0, np.arange(525) % 25 < 9])
    (weak,) = weak_segments(frame, errors, **LIMITS)
    assert (weak.column, weak.where, weak.rows) == ("region", "is 'north'", 175)
    assert (round(weak.error, 2), round(weak.elsewhere, 2)) == (0.5, 0.36)
    assert weak.chance <= 0.05


def test_more_errors_count_where_they_are_not_twice_as_many():
    """Errors that are 1.5 times those elsewhere are a weak segment, by their difference."""
    frame = customers(1_000, 1)
    sizes = np.abs(np.random.default_rng(1).normal(size=1_000))
    errors = np.where(frame["one"] > 0.7, 1.5, 1.0) * sizes
    (weak,) = weak_segments(frame, errors, worse_by=0.3, min_rows=30, significance=0.05)
    assert weak.column == "one"
    assert weak.where.startswith("is at least 0.")


def test_a_smaller_difference_counts_where_errors_are_twice_as_many():
    """Two thirds of the difference are enough for 11% against 3%, and not for 41% against 33%."""
    frame = customers(8_000, 2)
    frame["region"] = np.repeat(["north", "east", "south", "west"], 2_000)
    at = np.arange(8_000) % 100
    rare = np.where(frame["region"] == "north", at < 11, at < 3)
    frequent = np.where(frame["region"] == "north", at < 41, at < 33)
    assert [weak.column for weak in weak_segments(frame, rare, **LIMITS)] == ["region"]
    assert weak_segments(frame, frequent, **LIMITS) == []


@pytest.mark.parametrize("rows", [150, 700])
@pytest.mark.parametrize("what", ["classes", "numbers"])
def test_chance_raises_no_more_alarms_than_the_significance(rows, what):
    """Of 100 models with random errors, at most 5% have a weak segment."""
    alarms = 0
    for seed in range(100):
        random = np.random.default_rng([seed, rows])
        frame, labels = customers(rows, seed), random.integers(0, 2, rows)
        if what == "classes":
            weak = weak_segments(
                frame, random.random(rows) < 0.3, labels, worse_by=0.01, min_rows=30, significance=0.05
            )
        else:
            weak = weak_segments(
                frame, random.exponential(size=rows), worse_by=0.01, min_rows=30, significance=0.05
            )
        alarms += bool(weak)
    # Beyond, with a probability of 1 in 1,000, if the rate is 1 in 20.
    assert alarms <= 12


def test_the_numbers_of_a_rare_class_are_no_segment():
    """Rows predicted as a rare class have more errors; they are not a weak segment."""
    alarms = 0
    for seed in range(40):
        random, frame = np.random.default_rng(seed), customers(1_000, seed)
        probable = 1 / (1 + np.exp(-(2 * frame["one"].to_numpy() - 2.2)))
        labels = (probable > 0.5).astype(int)
        errors = (random.random(1_000) < probable) != labels
        expected = np.minimum(probable, 1 - probable)
        alarms += bool(weak_segments(frame, errors, labels, expected, **LIMITS))
    assert alarms <= 5


def test_the_same_rows_have_the_same_chance():
    """Permutations depend on the seed: the result is the same for each call and each order of columns."""
    frame = customers(700, 3)
    errors = np.random.default_rng(3).random(700) < np.where(frame["region"] == "north", 0.56, 0.36)
    first = weak_segments(frame, errors, **LIMITS)
    assert [weak.column for weak in first] == ["region"]
    assert weak_segments(frame, errors, **LIMITS) == first
    assert weak_segments(frame[frame.columns[::-1]], errors, **LIMITS) == first


@pytest.mark.parametrize(
    "errors", [np.zeros(200, bool), np.ones(200, bool), np.zeros(200), np.full(200, 0.7)]
)
def test_errors_that_do_not_vary_make_no_segment(errors):
    """A model that is always right, or always equally wrong, has no weak segment."""
    assert weak_segments(customers(200, 4), errors, np.zeros(200, dtype=int), **LIMITS) == []


def test_a_class_that_is_predicted_in_one_segment_only_is_compared_with_nothing():
    """If only one segment has predictions of a class, there is no other row to compare with."""
    frame = customers(400, 5)
    labels = (frame["region"] == "north").astype(int).to_numpy()
    errors = np.where(labels == 1, np.arange(400) % 2 == 0, False)
    assert weak_segments(frame[["region", "one"]], errors, labels, **LIMITS) == []
