"""The contract of metrics trackers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, TypeAlias

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.errors import LolpopError
from lolpop.resources import ModelVersion
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["MetricsTrackerContract"]

Make: TypeAlias = Callable[[], MetricsTracker]


class MetricsTrackerContract(ComponentContract):
    """The checks that every metrics tracker must pass.

    Fixtures: ``make()`` makes a tracker. Within a test, every call returns a new one for the same location,
    which is empty at first. ``metadata_tracker`` creates the resources.
    """

    interface: ClassVar[type[Any]] = MetricsTracker

    def test_keeps_metrics(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Metrics are stored exactly, by resource and by reference."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        metrics = {"test.accuracy": 0.1 + 0.2, "test.error": -1e-300, "rows": 3.0}
        make().log(version, metrics)
        for resource in (version, version.reference):
            require(dict(make().get(resource)) == metrics, f"{metrics}", dict(make().get(resource)))

    def test_replaces_a_metric(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """A metric that is logged again is replaced. Others are not changed."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        make().log(version.reference, {"accuracy": 0.5, "error": 0.5})
        make().log(version, {"accuracy": 0.75})
        expected = {"accuracy": 0.75, "error": 0.5}
        require(dict(make().get(version)) == expected, f"{expected}", dict(make().get(version)))

    def test_tells_resources_apart(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """A metric belongs to one resource only."""
        one, other = (metadata_tracker.create(ModelVersion, "titanic") for _ in range(2))
        make().log(one, {"accuracy": 0.5})
        make().log(other, {})
        require(dict(make().get(other)) == {}, "{}", dict(make().get(other)))

    def test_takes_numbers_of_numpy(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Numbers of numpy are accepted."""
        import numpy as np

        version = metadata_tracker.create(ModelVersion, "titanic")
        make().log(version, {"single": np.float32(0.5), "whole": np.int64(3)})  # type: ignore[dict-item]
        require(dict(make().get(version)) == {"single": 0.5, "whole": 3.0}, "0.5 and 3", make().get(version))

    def test_refuses_what_is_no_number(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """A metric that is not a number raises an error that names it, and nothing is stored."""
        version = metadata_tracker.create(ModelVersion, "titanic")
        metrics: Any = {"accuracy": 0.5, "verdict": "good"}
        error = raised(LolpopError, lambda: make().log(version, metrics))
        require("verdict" in str(error), "'verdict' named", error)
        require(dict(make().get(version)) == {}, "nothing", dict(make().get(version)))

    def test_logs_from_threads(self, make: Make, metadata_tracker: MetadataTracker) -> None:
        """Metrics that several threads log at once are all stored."""
        version, tracker = metadata_tracker.create(ModelVersion, "titanic"), make()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda at: tracker.log(version, {f"metric{at}": float(at)}), range(12)))
        require(len(make().get(version)) == 12, "12 metrics", dict(make().get(version)))
