"""Reading a recorded run: its resources, metrics and checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.store import RunRecord, Store, TaskRecord
from lolpop.errors import ReferenceNotFoundError
from lolpop.resources import RESOURCE_TYPES, ModelVersion, PredictionJob, Resource, Run, find_resource

if TYPE_CHECKING:
    from lolpop.components.metrics_tracker import MetricsTracker

__all__ = ["CreatedResource", "RunRecords", "grouped", "references_in"]


@dataclass(frozen=True, slots=True)
class CreatedResource:
    """A resource that a run made: by which task, from what."""

    resource: Resource
    task: str | None
    parents: tuple[Resource, ...]


@dataclass(frozen=True)
class RunRecords:
    """The records of one run, from the store and the trackers that a container has."""

    run: RunRecord
    tasks: Sequence[TaskRecord]
    metadata_tracker: MetadataTracker | None = None
    metrics_tracker: MetricsTracker | None = None
    store: Store | None = None

    @classmethod
    def of(cls, container: Any, run: RunRecord) -> RunRecords:
        """Those that ``container`` can tell of ``run``."""
        store: Store = container.store()
        names = container.providers
        return cls(
            run,
            store.tasks(run.run_id),
            container.metadata_tracker() if "metadata_tracker" in names else None,
            container.metrics_tracker() if "metrics_tracker" in names else None,
            store,
        )

    @cached_property
    def made(self) -> list[CreatedResource]:
        """What the run made, kind by kind."""
        tracker = self.metadata_tracker
        if tracker is None:
            return []
        return [
            CreatedResource(resource, tracker.get(resource).task, tuple(tracker.parents(resource)))
            for resource_type in RESOURCE_TYPES.values()
            if resource_type is not Run
            for resource in tracker.find(resource_type, run_id=self.run.run_id)
        ]

    @property
    def used(self) -> Iterator[Resource]:
        """What went into tasks or came out of them, in their order."""
        for task in self.tasks:
            for text in (*task.inputs.values(), *task.outputs.values()):
                yield from references_in(text)

    @property
    def reused(self) -> Iterator[tuple[Resource, TaskRecord]]:
        """What calls took over from earlier ones in place of making it."""
        for task in self.tasks:
            if task.reused_from is not None:
                for resource in references_in(task.outputs.get("return", "")):
                    yield resource, task

    def resources(self, others: Iterable[Resource] = ()) -> dict[str, list[str]]:
        """References of everything the run made or used, and of ``others``, by kind."""
        by_kind: dict[str, dict[str, None]] = {}
        for resource in (*(record.resource for record in self.made), *self.used, *others):
            by_kind.setdefault(resource.kind, {})[resource.reference] = None
        return {kind: list(by_kind[kind]) for kind in RESOURCE_TYPES if kind in by_kind}

    def lineage(self) -> list[dict[str, Any]]:
        """What the run made or reused, by which task, from what, in JSON's types."""
        lines: list[dict[str, Any]] = [_lineage(record) for record in self.made]
        if (tracker := self.metadata_tracker) is not None:
            for resource, task in self.reused:
                record = CreatedResource(resource, task.path, _parents(tracker, resource))
                lines.append({**_lineage(record), "reused_from": task.reused_from})
        return lines

    def last(self, kind: type[Resource]) -> str | None:
        """Reference of the last resource of a kind that the run made."""
        references = [record.resource.reference for record in self.made if isinstance(record.resource, kind)]
        return references[-1] if references else None

    @property
    def model_version(self) -> str | None:
        """Reference of the model version that the run made, else of the one that it reused."""
        reused = [resource.reference for resource, _ in self.reused if isinstance(resource, ModelVersion)]
        return self.last(ModelVersion) or (reused[-1] if reused else None)

    def main_metric(self) -> tuple[str, float] | None:
        """The metric that decides about the model version of the run, on rows that it had not seen."""
        reference = self.model_version
        if reference is None or self.metadata_tracker is None or self.metrics_tracker is None:
            return None
        version = ModelVersion.parse(reference)
        metric = self.metadata_tracker.get(version).fields.get("baseline", {}).get("metric")
        measured = self.metrics_tracker.get(version)
        for part in ("backtest", "test"):
            if (value := measured.get(f"{part}.{metric}")) is not None:
                return f"{part} {metric}", value
        return None

    def checks(self) -> list[dict[str, Any]]:
        """What each check of the run found, task after task: ``task``, ``check``, ``status`` and so on.

        Those of results that were reused are told too.
        """
        reports = [self._fields.get(f"checks.{task.task_id}", {}) for task in self.tasks]
        reports += [
            origin.fields.get(f"checks.{task.task_id}", {})
            for origin in self._origins
            for task in origin.tasks
        ]
        return [{"task": report["task"], **check} for report in reports for check in report.get("checks", ())]

    def comparison(self) -> dict[str, Any] | None:
        """How the model version of the run compares with the one deployed before, if it was compared."""
        comparisons = [self._fields.get("comparison")]
        comparisons += [
            origin.fields.get("comparison")
            for origin in self._origins
            if any(task.path.rpartition(".")[2] == "compare_models" for task in origin.tasks)
        ]
        comparison = next((item for item in comparisons if item is not None), None)
        names = ("better", "metric", "difference", "interval", "against")
        return None if comparison is None else {name: comparison[name] for name in names}

    def sources(self) -> dict[str, Any]:
        """Where the run read the rows of dataset versions, by reference."""
        sources = _sources(self._fields)
        for origin in self._origins:
            outputs = {text for task in origin.tasks for text in task.outputs.values()}
            sources |= {key: value for key, value in _sources(origin.fields).items() if key in outputs}
        return sources

    @cached_property
    def _fields(self) -> Mapping[str, Any]:
        return self._fields_of(self.run.run_id)

    def _fields_of(self, run_id: str) -> Mapping[str, Any]:
        if self.metadata_tracker is None:
            return {}
        try:
            return self.metadata_tracker.get(Run(name=run_id)).fields
        except ReferenceNotFoundError:
            # A tracker that is none of the store's hears of a run when there is something to keep of it.
            return {}

    @cached_property
    def _origins(self) -> list[_Origin]:
        """The calls whose results this run reused."""
        origins = []
        for reused in self.tasks:
            task: TaskRecord | None = reused
            while task is not None and task.reused_from is not None and self.store is not None:
                task = self.store.task(task.reused_from)
            if task is not None and task is not reused and self.store is not None:
                below = list(_below(task, self.store.tasks(task.run_id)))
                origins.append(_Origin(below, self._fields_of(task.run_id)))
        return origins

    def metrics(self) -> dict[str, dict[str, float]]:
        """Metrics of the model version that the run made or reused, and of predictions, by rows."""
        if self.metrics_tracker is None:
            return {}
        reused = [resource for resource, _ in self.reused]
        resources = [*reused, *(record.resource for record in self.made)]
        versions = [resource for resource in resources if isinstance(resource, ModelVersion)]
        jobs = [record for record in dict.fromkeys(self.used) if isinstance(record, PredictionJob)]
        measured: dict[str, float] = {}
        for resource in (*versions[-1:], *jobs):
            measured |= self.metrics_tracker.get(resource)
        return grouped(measured)


@dataclass(frozen=True, slots=True)
class _Origin:
    """A call of an earlier run, with the calls that it made, and what is kept with that run."""

    tasks: Sequence[TaskRecord]
    fields: Mapping[str, Any]


def _below(task: TaskRecord, tasks: Iterable[TaskRecord]) -> Iterator[TaskRecord]:
    """A task and those that it called, of all ``tasks`` of a run in the order that they started in."""
    ids = {task.task_id}
    for other in tasks:
        if other.task_id in ids or other.parent_id in ids:
            ids.add(other.task_id)
            yield other


def _sources(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key.removeprefix("source."): value for key, value in fields.items() if key.startswith("source.")}


def _parents(tracker: MetadataTracker, resource: Resource) -> tuple[Resource, ...]:
    try:
        return tuple(tracker.parents(resource))
    except ReferenceNotFoundError:
        return ()  # a workflow may return a reference to what no tracker knows


def _lineage(record: CreatedResource) -> dict[str, Any]:
    return {
        "resource": record.resource.reference,
        "task": record.task,
        "parents": [parent.reference for parent in record.parents],
    }


def grouped(metrics: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Metrics by what was measured on: ``test.accuracy`` is ``accuracy`` of ``test``."""
    parts: dict[str, dict[str, float]] = {}
    for name, value in metrics.items():
        part, _, metric = name.rpartition(".")
        parts.setdefault(part, {})[metric] = value
    return parts


def references_in(text: str) -> Iterator[Resource]:
    """The resources that a recorded input or output names."""
    for part in text.split(", "):
        resource = find_resource(part.partition(" (")[0])
        if resource is None:
            return
        yield resource
