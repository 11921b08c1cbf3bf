"""The SQL metrics tracker."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lolpop.components.metrics_tracker.sql import SQLMetricsTracker
from lolpop.errors import LolpopError
from lolpop.resources import Experiment

EXPERIMENT = Experiment(name="titanic", number=1)


@given(
    metrics=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), st.floats()
    )
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_float_comes_back(store, metrics):
    """NaN, infinities, the smallest and the greatest float are loaded unchanged."""
    tracker = SQLMetricsTracker(store=store)
    tracker.log(EXPERIMENT, metrics)
    stored = tracker.get(EXPERIMENT)
    for name, value in metrics.items():
        assert stored[name] == value or (math.isnan(stored[name]) and math.isnan(value))


def test_metric_logged_again_is_replaced(store):
    """A repeated name is replaced, other names stay, and resources are separate."""
    tracker = SQLMetricsTracker(store=store)
    tracker.log(EXPERIMENT, {"b": 1.0, "a": 2})
    tracker.log(EXPERIMENT, {"b": np.float32(0.5), "c": np.int64(3)})
    tracker.log(EXPERIMENT, {})
    assert list(tracker.get(EXPERIMENT).items()) == [("a", 2.0), ("b", 0.5), ("c", 3.0)]
    assert tracker.get(Experiment(name="titanic", number=2)) == {}


@pytest.mark.parametrize("value", ["high", None, [1.0]])
def test_what_is_no_number_is_named(store, value):
    """A metric that is no number is named with its resource, and the call logs nothing."""
    tracker = SQLMetricsTracker(store=store)
    with pytest.raises(LolpopError, match="Metric 'bad' of experiment:titanic@1 is not a number"):
        tracker.log(EXPERIMENT, {"good": 1.0, "bad": value})
    assert tracker.get(EXPERIMENT) == {}
