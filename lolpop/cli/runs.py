"""``lolpop runs``: what a project's store knows of its runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop import providers
from lolpop.cli._output import duration, moment, print_json, say, show, table
from lolpop.cli._project import Given
from lolpop.cli._records import RunRecords, store_place
from lolpop.cli._summary import heading, made_table, metrics_table, steps_table
from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.metrics_tracker import MetricsTracker
from lolpop.containers import RunnerContainer, scope_of
from lolpop.errors import ReferenceNotFoundError
from lolpop.scopes import Configuration
from lolpop.settings.links import Links
from lolpop.settings.sources import collect
from lolpop.settings.tree import Tree

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.components.store import RunRecord, TaskRecord

__all__ = ["list_runs", "show_run"]


class _StoreContainer(RunnerContainer):
    """The store of a project and the trackers on it, without what runs there."""

    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    metrics_tracker = providers.Component(MetricsTracker, default="sql")


def list_runs(given: Given, *, limit: int, as_json: bool) -> None:
    """Print the newest runs, of the group that is given, if one is."""
    with _opened(given) as container:
        stored = _is_stored(container)
        runs = container.store().runs(group=given.group, limit=limit) if stored else []
        records = [RunRecords.of(container, run) for run in runs]
        if as_json:
            print_json([_run_json(each) for each in records])
        elif records:
            titles = ("run", "workflow", "status", "started", "took", "group")
            runs_table = table([_row(each.run) for each in records], titles=titles, right=(4,))
            # Runs that belong together are read as one: what each made of what the others made.
            made = [each for run in reversed(records) for each in run.made] if given.group else []
            show(runs_table, *([made_table(made)] if made else []))
        else:
            of_group = f" of the group {given.group!r}" if given.group else ""
            say(f"No runs{of_group} in {store_place(container) or 'the store'}.")


def show_run(run_id: str, given: Given, *, as_json: bool) -> None:
    """Print all that is known of the run whose id is, or uniquely begins with, ``run_id``.

    Raises ReferenceNotFoundError if there is none such.
    """
    with _opened(given) as container:
        if not _is_stored(container):
            raise ReferenceNotFoundError(
                f"there is no run {run_id!r}: nothing has run in {store_place(container)}."
            )
        records = RunRecords.of(container, container.store().run(run_id))
        if as_json:
            print_json({**_run_json(records), **_details_json(records)})
        else:
            show(*_parts(records))


@contextmanager
def _opened(given: Given) -> Iterator[Any]:
    """The store's container, with those settings that are about it; what else is set is not looked at."""
    sources = collect(
        given.files, profile=given.profile, environ=os.environ, flags=given.flags, cwd=Path.cwd()
    )
    tree = Tree(sources.layers)
    container: Any = _StoreContainer()
    scope_of(container).configuration = Configuration(
        tree, Links(tree, sources.variables), sources.folder, sources.profile
    )
    with container:
        yield container


def _is_stored(container: Any) -> bool:
    """Whether there may be a store: one that nobody has made yet is not made to be looked at."""
    url = container.store.plan.settings.get("url")
    return url is None or url.value is not None or (Path(container.folder()) / ".lolpop").is_dir()


def _row(run: RunRecord) -> tuple[str, ...]:
    took, started = duration(run.duration), moment(run.started_at)
    return run.run_id, run.workflow, run.status, started, took, run.group or ""


def _parts(records: RunRecords) -> Iterator[RenderableType]:
    run = records.run
    wiring = dict(run.wiring)
    about = {
        "container": run.container,
        "started": moment(run.started_at),
        "group": run.group,
        **{name.replace("_", " "): wiring.get(name) for name in ("profile", "host", "git_commit")},
    }
    yield heading(run)
    yield table([(f"  {name}", str(value)) for name, value in about.items() if value])
    if records.tasks:
        yield steps_table(records.tasks)
        if exchanged := [
            (f"  {task.path}", _exchanged(task)) for task in records.tasks if task.inputs or task.outputs
        ]:
            yield table(exchanged, titles=("Inputs and outputs", ""))
    if records.made:
        yield made_table(records.made)
    if metrics := records.metrics():
        yield metrics_table(metrics)
    components: Mapping[str, Any] = wiring.get("components", {})
    if components:
        yield table(
            [(f"  {path}", *_wired(part)) for path, part in components.items()], titles=("Wiring", "", "")
        )
    if run.error:
        yield f"Error\n{run.error.rstrip()}"


def _exchanged(task: TaskRecord) -> str:
    inputs = ", ".join(f"{name}: {value}" for name, value in task.inputs.items())
    outputs = ", ".join(task.outputs.values())
    return " -> ".join(part for part in (f"({inputs})", outputs) if part)


def _wired(part: Mapping[str, Any]) -> tuple[str, str]:
    if "value" in part:
        return "", json.dumps(part["value"], ensure_ascii=False)
    settings: Mapping[str, Any] = part.get("settings", {})
    return part["use"], "  ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in settings.items()
    )


def _run_json(records: RunRecords) -> dict[str, Any]:
    run = records.run
    return {
        "run_id": run.run_id,
        "status": run.status,
        "workflow": run.workflow,
        "container": run.container,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "duration": run.duration,
        "group": run.group,
        "resources": records.resources(),
        "lineage": records.lineage(),
    }


def _details_json(records: RunRecords) -> dict[str, Any]:
    return {
        "metrics": records.metrics(),
        "checks": records.checks(),
        "comparison": records.comparison(),
        "error": records.run.error,
        "tasks": [{**asdict(task), "duration": task.duration} for task in records.tasks],
        "wiring": records.run.wiring,
    }
