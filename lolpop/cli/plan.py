"""``lolpop plan``: what would be reused, and what would be called again and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import UsageError
from lolpop.cli._output import print_error, print_json, say, show, table
from lolpop.cli._project import container_class
from lolpop.cli._runner import split_runner
from lolpop.cli._store import find_run, is_stored, open_store, sources_of
from lolpop.cli._workflows import workflow_of
from lolpop.cli.replay import container_of
from lolpop.kernel.scopes import scope_of
from lolpop.running.caching import is_in_cache
from lolpop.running.planning import PlannedCall, plan_calls
from lolpop.running.replaying import load_replay

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.store import RunRecord

__all__ = ["plan_again", "plan_resumed"]


def plan_again(words: Sequence[str], options: SettingsOptions, *, as_json: bool) -> None:
    """Print what ``lolpop run --cache`` would reuse of all runs, as today's settings are.

    ``words`` name the runner and the workflow, each of which may be left out.
    """
    runner, rest = split_runner(words, options)
    if len(rest) > 1:
        raise UsageError(f"unexpected argument {rest[1]!r}: lolpop plan [RUNNER] [WORKFLOW]")
    workflow = rest[0] if rest else "run"
    container = options.load(container_class(runner), recorded=True)
    for warning in container.verify():
        print_error(f"warning: {warning}")
    workflow_of(container, workflow)
    scope = scope_of(container)
    with container:
        store = container.store() if is_stored(container) else None
        run = None if store is None else _newest(store.runs(), scope.declared_as.__name__, workflow)
        if store is None or run is None:
            _print([], None, "lolpop run --cache", as_json=as_json)
            return
        planned = plan_calls(
            scope,
            store.tasks(run.run_id),
            store.fingerprint_parts,
            is_cached=partial(is_in_cache, scope),
            run=run,
        )
    _print(planned, run, "lolpop run --cache", as_json=as_json)


def plan_resumed(run_id: str, options: SettingsOptions, *, as_json: bool) -> None:
    """Print what ``lolpop run --resume`` would reuse of the run, with the flags of ``options`` over it."""
    with open_store(options, flags=False) as store:
        run = find_run(store, run_id)
        tasks = store.store().tasks(run.run_id)
        parts = {
            task.method_parts: store.store().fingerprint_parts(task.method_parts or "") for task in tasks
        }
    sources = sources_of(options, flags=False)
    replay = load_replay(container_of(run, sources.folder), run, sources, flags=options.flags)
    for note in () if as_json else replay.notes:
        print_error(f"not as recorded: {note}")
    with replay.container as container:
        container.verify()
        planned = plan_calls(scope_of(container), tasks, parts.get)
    _print(planned, run, f"lolpop run --resume {run.run_id}", as_json=as_json)


def _newest(runs: Sequence[RunRecord], container: str, workflow: str) -> RunRecord | None:
    return next((run for run in runs if run.container == container and run.workflow == workflow), None)


def _print(planned: Sequence[PlannedCall], run: RunRecord | None, command: str, *, as_json: bool) -> None:
    if as_json:
        calls: list[dict[str, Any]] = [asdict(call) for call in planned]
        print_json({"compared_with": None if run is None else run.run_id, "calls": calls})
        return
    if run is None:
        say("Everything runs: the workflow has no run in the store that it could be compared with.")
        return
    rows = [(f"  {'  ' * call.depth}{_name(call)}", call.status, "; ".join(call.reasons)) for call in planned]
    show(table(rows, titles=(f"{command}, compared with {run.run_id}", "", "")))


def _name(call: PlannedCall) -> str:
    return call.path.rpartition(".")[2] if call.depth else call.path
