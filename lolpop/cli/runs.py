"""``lolpop runs``: what a project's store knows of its runs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lolpop.cli._output import duration, json_value, moment, number, print_json, say, show, table
from lolpop.cli._store import find_run, is_stored, open_store, store_place
from lolpop.cli._summary import checks_table, comparison_line, heading, made_table, metrics_table, steps_table
from lolpop.running.records import RunRecords

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.store import TaskRecord

__all__ = ["list_runs", "show_run"]


def list_runs(options: SettingsOptions, *, limit: int, as_json: bool) -> None:
    """Print the newest runs, of the group that is given, if one is."""
    with open_store(options) as container:
        stored = is_stored(container)
        runs = container.store().runs(group=options.group, limit=limit) if stored else []
        records = [RunRecords.of(container, run) for run in runs]
        if as_json:
            print_json([_run_json(record) for record in records])
        elif records:
            titles = ["run", "workflow", "status", "model", "metric", "", "started", "took", "group"]
            rows = [_row(record) for record in records]
            if not any(record.run.group for record in records):
                titles, rows = titles[:-1], [row[:-1] for row in rows]
            runs_table = table(rows, titles=titles, right=(5, 7), whole=(0, len(titles) - 1))
            # Runs that belong together are read as one: what each made of what the others made.
            resources = [record for run in reversed(records) for record in run.made] if options.group else []
            show(runs_table, *([made_table(resources)] if resources else []))
        else:
            of_group = f" of the group {options.group!r}" if options.group else ""
            say(f"No runs{of_group} in {store_place(container) or 'the store'}.")


def show_run(run_id: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print all that is known of the run whose id is, or uniquely begins with, ``run_id``.

    Raises ReferenceNotFoundError if there is none such.
    """
    with open_store(options) as container:
        records = RunRecords.of(container, find_run(container, run_id))
        if as_json:
            print_json({**_run_json(records), **_details_json(records)})
        else:
            show(*_parts(records))


def _row(records: RunRecords) -> tuple[str, ...]:
    run, main = records.run, records.main_metric()
    elapsed, started = duration(run.duration), moment(run.started_at)
    model = (records.model_version or "").partition(":")[2]
    metric, value = ("", "") if main is None else (main[0], number(main[1]))
    return run.run_id, run.workflow, run.status, model, metric, value, started, elapsed, run.group or ""


def _parts(records: RunRecords) -> Iterator[RenderableType]:
    run = records.run
    wiring = dict(run.wiring)
    summary = {
        "container": wiring.get("runner", run.container),
        "arguments": _pairs(
            {name: value for name, value in wiring.get("arguments", {}).items() if value is not None}
        ),
        "replays": wiring.get("replays"),
        "resumes": wiring.get("resumes"),
        "started": moment(run.started_at),
        "group": run.group,
        "profile": wiring.get("profile"),
        "host": wiring.get("host"),
        "git commit": _commit(wiring),
    }
    yield heading(run)
    yield table([(f"  {name}", str(value)) for name, value in summary.items() if value])
    if records.tasks:
        yield steps_table(records.tasks)
        if exchanged := [
            (f"  {task.path}", _exchanged(task)) for task in records.tasks if task.inputs or task.outputs
        ]:
            yield table(exchanged, titles=("Inputs and outputs", ""))
    if sources := records.sources():
        read = [(f"  {reference}", str(json_value(source))) for reference, source in sources.items()]
        yield table(read, titles=("Read", "from"))
    if records.made:
        yield made_table(records.made)
    if metrics := records.metrics():
        yield metrics_table(metrics)
    if (comparison := records.comparison()) is not None:
        yield f"Comparison\n  {comparison_line(comparison)}"
    if checks := records.checks():
        yield checks_table(checks)
    if components := wiring.get("components", {}):
        explicit, linked = frozenset(wiring.get("given", ())), wiring.get("linked", {})
        rows = [(f"  {path}", *_wired(path, part, explicit, linked)) for path, part in components.items()]
        yield table(rows, titles=("Wiring", "", ""))
    if run.error:
        yield f"Error\n{run.error.rstrip()}"


def _commit(wiring: Mapping[str, Any]) -> str | None:
    commit: str | None = wiring.get("git_commit")
    return f"{commit}, with changes" if commit and wiring.get("git_dirty") else commit


def _exchanged(task: TaskRecord) -> str:
    inputs = ", ".join(f"{name}: {value}" for name, value in task.inputs.items())
    output = task.outputs.get("return", "")
    return " -> ".join(part for part in (f"({inputs})", output) if part)


def _wired(
    path: str, part: Mapping[str, Any], explicit: Collection[str], linked: Mapping[str, Any]
) -> tuple[str, str]:
    """What stood at a path, and what a source set of it; defaults are in JSON and in ``lolpop config``."""
    if "value" in part:
        value = part["value"]
        if isinstance(value, Mapping):
            return "", _pairs(_explicit(path, value, explicit), path, linked)
        return "", _beside_link(value, path, linked)
    use = part["use"].rpartition(":")[2] if part["use"] else "none"
    return use, _pairs(_explicit(path, part.get("settings", {}), explicit), path, linked)


def _explicit(path: str, settings: Mapping[str, Any], explicit: Collection[str]) -> Mapping[str, Any]:
    return {name: value for name, value in settings.items() if f"{path}.{name}" in explicit}


def _pairs(
    settings: Mapping[str, Any], path: str = "", linked: Mapping[str, Any] = MappingProxyType({})
) -> str:
    return "  ".join(
        f"{name}={_beside_link(value, f'{path}.{name}', linked)}" for name, value in settings.items()
    )


def _beside_link(value: Any, path: str, linked: Mapping[str, Any]) -> str:
    """A setting; of one that is written with links, what those led to, and how it is written."""
    return f"{_shown(linked[path])} ({_shown(value)})" if path in linked else _shown(value)


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


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
        "model_version": records.model_version,
        "metric": None if (main := records.main_metric()) is None else {"name": main[0], "value": main[1]},
        "replays": run.wiring.get("replays"),
        "resumes": run.wiring.get("resumes"),
        "resources": records.resources(),
        "lineage": records.lineage(),
    }


def _details_json(records: RunRecords) -> dict[str, Any]:
    return {
        "sources": records.sources(),
        "metrics": records.metrics(),
        "checks": records.checks(),
        "comparison": records.comparison(),
        "error": records.run.error,
        "tasks": [_task_json(task) for task in records.tasks],
        "wiring": records.run.wiring,
    }


def _task_json(task: TaskRecord) -> dict[str, Any]:
    # What a call depends on is for comparisons: lolpop plan.
    shown = {key: value for key, value in asdict(task).items() if key not in {"method_parts", "input_parts"}}
    return {**shown, "duration": task.duration}
