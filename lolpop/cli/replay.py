"""``lolpop runs replay`` and ``lolpop run --resume``: a run once more, as it was recorded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lolpop.cli._execution import Execution
from lolpop.cli._failures import UsageError
from lolpop.cli._outcome import Outcome
from lolpop.cli._output import print_error
from lolpop.cli._project import container_class
from lolpop.cli._store import find_run, open_store, sources_of
from lolpop.cli._workflows import Workflow, workflow_of
from lolpop.kernel.scopes import scope_of
from lolpop.running.planning import PlannedCall, plan_calls
from lolpop.running.replaying import load_replay, recorded_arguments
from lolpop.running.resuming import completed_by

if TYPE_CHECKING:
    from pathlib import Path

    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.store import RunRecord, TaskRecord

__all__ = ["container_of", "replay_run"]

_FILE = re.compile(r"(?P<file>.+\.py):(?P<name>[^:]+)")


def replay_run(run_id: str, options: SettingsOptions, *, as_json: bool, resume: bool = False) -> None:
    """Call the workflow of an earlier run with its arguments and settings, and the flags of ``options``.

    With ``resume``, completed calls are not made again; a completed run is resumed only with other
    settings. Differences from the recorded run are printed.

    Raises ReferenceNotFoundError if there is no such run, WiringError if there is nothing to resume, and
    UsageError if its container, workflow or arguments cannot be had.
    """
    execution = Execution("", options, Outcome("", replays=run_id, resumes=resume), as_json)
    outcome = execution.outcome
    with execution.reporting():
        with open_store(options, flags=False) as store:
            run = find_run(store, run_id)
            tasks = store.store().tasks(run.run_id) if resume else []
            parts = {task.method_parts: _parts(store, task) for task in tasks}
        completed = completed_by(run, tasks, parts.get, changed=bool(options.flags)) if resume else None
        outcome.replays, outcome.workflow = run.run_id, run.workflow.rpartition(".")[2]
        execution.runner = str(run.wiring.get("runner", run.container))
        sources = sources_of(options, flags=False)
        container = container_of(run, sources.folder)
        group = options.group or (run.group if resume else None)
        replay = load_replay(container, run, sources, flags=options.flags, group=group, resumes=completed)
        outcome.notes = list(replay.notes)
        if not as_json:
            for note in replay.notes:
                print_error(f"not as recorded: {note}")
        for warning in replay.container.verify():
            print_error(f"warning: {warning}")
        if resume:
            planned = plan_calls(scope_of(replay.container), tasks, parts.get)
            outcome.plan = [asdict(call) for call in planned]
            if not as_json:
                for line in _changes(planned):
                    print_error(line)
        workflow = workflow_of(replay.container, outcome.workflow)
        execution.call(replay.container, _arguments(workflow, recorded_arguments(replay.container, run)))


def _changes(planned: Iterable[PlannedCall]) -> Iterator[str]:
    """Which workflows of a run that is resumed are called again because they are not what they were."""
    for call in planned:
        if call.depth == 0 and call.status != "reused":
            outcome = "is called again" if call.status == "runs" else "may be called again"
            yield f"{call.path} {outcome}: {'; '.join(call.reasons)}"


def _parts(store: Any, task: TaskRecord) -> str | None:
    if task.method_parts is None:
        return None
    parts: str | None = store.store().fingerprint_parts(task.method_parts)
    return parts


def container_of(run: RunRecord, folder: Path) -> type[Any]:
    """The container class that a run was of. Raises UsageError if it cannot be had."""
    runner = run.wiring.get("runner")
    if runner is None:
        raise UsageError(
            f"run {run.run_id} cannot be replayed: its record does not say where {run.container} is declared."
        )
    file = _FILE.fullmatch(runner)
    try:
        return container_class(f"{folder / file['file']}:{file['name']}" if file else runner)
    except UsageError as error:
        raise UsageError(f"run {run.run_id} is of {runner}, which cannot be loaded here: {error}") from error


def _arguments(workflow: Workflow, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the workflow of today takes them. Raises UsageError with all that it does not."""
    parameters = {parameter.name: parameter for parameter in workflow.parameters}
    problems = [f"{workflow.name} no longer takes {name}." for name in recorded if name not in parameters]
    arguments: dict[str, Any] = {}
    for name, value in recorded.items():
        if name in parameters:
            try:
                arguments[name] = parameters[name].adapter.validate_python(value)
            except ValueError as error:
                problems.append(f"{name}: {error}")
    if problems:
        raise UsageError("\n".join(problems))
    return arguments
