"""Metrics in the tables of the store."""

from __future__ import annotations

from collections.abc import Mapping

from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.components.store import Store
from lolpop.errors import LolpopError
from lolpop.resources import Resource, as_resource

__all__ = ["SQLMetricsTracker"]


class SQLMetricsTracker(MetricsTracker):
    """Stores metrics in the store. All floats are supported, including NaN and infinities."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def log(self, resource: Resource | str, metrics: Mapping[str, float]) -> None:
        """Record ``metrics`` of ``resource`` by name. A metric of the same name is replaced."""
        from lolpop.components.store import schema
        from lolpop.components.store.upsert import put

        resource = as_resource(resource, Resource)
        rows = [
            {"reference": resource.reference, "name": name, "value": _number(resource, name, value)}
            for name, value in metrics.items()
        ]
        with self._store.transaction() as connection:
            put(connection, schema.metrics, rows)

    def get(self, resource: Resource | str) -> Mapping[str, float]:
        """All metrics of ``resource`` by name, sorted."""
        from sqlalchemy import select

        from lolpop.components.store import schema

        resource = as_resource(resource, Resource)
        columns = schema.metrics.c
        statement = select(columns.name, columns.value).where(columns.reference == resource.reference)
        with self._store.snapshot() as connection:
            return dict(connection.execute(statement.order_by(columns.name)).all())


def _number(resource: Resource, name: str, value: float) -> float:
    try:
        return float(value)  # accepts numpy's numbers, too
    except (TypeError, ValueError, OverflowError) as error:
        raise LolpopError(f"Metric {name!r} of {resource} is not a number: {value!r}.") from error
