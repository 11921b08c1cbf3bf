"""``lolpop run --sweep``: every combination of some settings as a run of one group."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from lolpop.cli._combinations import Axis, Combination, axes_of, combinations_of
from lolpop.cli._execution import Execution
from lolpop.cli._failures import RunFailedError, UsageError, mask_of, message_of
from lolpop.cli._outcome import Outcome
from lolpop.cli._output import commands, duration, print_error, print_json, say, show
from lolpop.cli._project import container_class
from lolpop.cli._runner import split_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.cli._store import sources_of
from lolpop.cli._workflows import runner_slot, workflow_of
from lolpop.cli.compare import compared_json, compared_table
from lolpop.errors import Finding, LolpopError, Origin, VerificationError
from lolpop.kernel.scopes import scope_of
from lolpop.running.arguments import bind
from lolpop.running.comparing import tabulated
from lolpop.running.records import RunRecords
from lolpop.running.up_to_date import is_up_to_date, run_digest

if TYPE_CHECKING:
    from pathlib import Path

    from lolpop.components.store import RunRecord

__all__ = ["SweepFailedError", "make_run", "sweep"]

_MANY = 100
"""More combinations than these are run only if somebody says yes."""


class SweepFailedError(LolpopError):
    """A sweep some of whose runs failed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One combination of a sweep, with what it takes to run it in any process."""

    number: int
    runner: str
    workflow: str
    words: tuple[str, ...]
    options: SettingsOptions
    combination: Combination


@dataclass(slots=True)
class Result:
    """What came of one combination."""

    number: int
    settings: Combination
    status: str = "failed"
    run_id: str | None = None
    was_done: bool = False
    """Whether an earlier run of the group stands for it."""
    seconds: float = 0.0
    error: str | None = None


@dataclass(slots=True)
class Sweep:
    """A sweep at work: what is to be run, and what came of it."""

    group: str
    items: Sequence[Item]
    as_json: bool
    results: list[Result] = field(default_factory=list)

    def take(self, result: Result) -> None:
        """Add the result of a combination, and print it."""
        self.results.append(result)
        if result.error is not None:
            print_error(f"{_named(result.settings)}: {result.error}")
        if not self.as_json:
            status = "done before" if result.was_done else result.status
            elapsed = "" if result.was_done else f"  {duration(result.seconds)}"
            number = f"{len(self.results)} of {len(self.items)}"
            say(f"  {number}  {_named(result.settings)}  {status}  {result.run_id or ''}{elapsed}".rstrip())


def sweep(
    words: Sequence[str],
    options: SettingsOptions,
    flags: Sequence[str],
    file: Path | None,
    *,
    jobs: int,
    confirmed: bool,
    as_json: bool,
) -> None:
    """Run the workflow that ``words`` name once for each combination of the values that are swept.

    Everything is verified before the first run. A combination that fails does not stop the others. One that
    an earlier run of the group was made for is not run again, unless it would do something else today.

    Raises SettingsError, VerificationError or UsageError before anything runs, and SweepFailedError after the
    last run if some failed.
    """
    runner, rest = split_runner(words, options)
    named = bool(rest) and not rest[0].startswith("-")
    workflow = rest[0] if named else "run"
    axes = axes_of(flags, file)
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > _MANY and not confirmed:
        paths = ", ".join(axis.path for axis in axes)
        raise UsageError(f"the sweep over {paths} has {count:,} combinations. Add --yes to run them all.")
    group = options.group or sources_of(options).group or _group(runner, rest, options, axes)
    options = replace(options, group=group, cache=True, swept=tuple(axis.path for axis in axes))
    items = [
        Item(number, runner, workflow, tuple(rest[named:]), _with(options, combination), combination)
        for number, combination in enumerate(combinations_of(axes))
    ]
    _verify(items, axes)
    running = Sweep(group, items, as_json)
    if not as_json:
        say(f"Sweep {group}: {count:,} combinations of {', '.join(axis.path for axis in axes)}")
    with _summarized(running):
        _run_all(running, jobs)
    failed = [result for result in running.results if result.status != "completed"]
    if failed:
        raise SweepFailedError(f"{len(failed)} of {count:,} combinations failed")


def make_run(item: Item) -> Result:
    """Run one combination, unless an earlier run of the group stands for it."""
    began = time.monotonic()
    result = Result(item.number, item.combination)
    outcome = Outcome(item.workflow)
    try:
        container = item.options.load(container_class(item.runner), recorded=True)
        container.verify()
        workflow = workflow_of(container, item.workflow)
        arguments = workflow.arguments(item.words)
        earlier = _earlier_run(container, item, arguments)
        if earlier is not None:
            with container:
                return replace(result, status="completed", run_id=earlier.run_id, was_done=True)
        Execution(item.runner, item.options, outcome, as_json=True).call(container, arguments)
        result.status = "completed"
    except (RunFailedError, LolpopError) as error:
        cause = error.__cause__ if isinstance(error, RunFailedError) and error.__cause__ else error
        result.error = mask_of(error)(message_of(cause))
    return replace(result, run_id=outcome.run_id, seconds=time.monotonic() - began)


def _run_all(running: Sweep, jobs: int) -> None:
    if jobs == 1:
        for item in running.items:
            running.take(make_run(item))
        return
    # The processes end first: a thread waits for what they do.
    with ThreadPoolExecutor(jobs) as threads, _workers(running.items[0], jobs) as call:
        try:
            for future in as_completed([threads.submit(call, item) for item in running.items]):
                running.take(future.result())
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _workers(item: Item, jobs: int) -> Iterator[Callable[[Item], Result]]:
    """Give what runs an item in a process of the container's executor, or of this machine's."""
    from lolpop.components.executor import Executor
    from lolpop.components.executor.local import LocalExecutor

    container = item.options.load(container_class(item.runner), recorded=True)
    with container:
        executor = container.executor() if "executor" in container.providers else None
        if not isinstance(executor, Executor):
            executor = LocalExecutor()
        with executor.workers(make_run, jobs) as call:
            yield call


@contextmanager
def _summarized(running: Sweep) -> Iterator[None]:
    """Print what came of the sweep, however it ends."""
    try:
        yield
    except KeyboardInterrupt as interruption:
        done = sum(result.status == "completed" for result in running.results)
        note = (
            f"{done} of {len(running.items):,} combinations of {running.group} are done. "
            "Run the same command again for the others."
        )
        interruption.__notes__ = [note]
        raise
    finally:
        _print(running)


def _print(running: Sweep) -> None:
    run_ids = [result.run_id for result in running.results if result.run_id is not None]
    if not run_ids:
        compared = None
    else:
        container = running.items[0].options.load(container_class(running.items[0].runner), recorded=True)
        with container:
            store = container.store()
            compared = tabulated([RunRecords.of(container, store.run(run_id)) for run_id in run_ids])
    if running.as_json:
        combinations = [
            asdict(result) for result in sorted(running.results, key=lambda result: result.number)
        ]
        document = {"group": running.group, "combinations": combinations}
        print_json(document if compared is None else {**document, **compared_json(compared)}, indented=False)
    elif compared is not None:
        say("")
        restated = running.items[0].options.restated()
        command = f"lolpop runs compare --group {running.group}{restated}"
        show(
            compared_table(compared), commands("Next", [(command, "this table, with --sort, --csv, --json")])
        )


def _verify(items: Sequence[Item], axes: Sequence[Axis]) -> None:
    """Verify every combination, of very many those that differ from the first in one setting only.

    Raises VerificationError with all that is wrong, and UsageError for the workflow and its arguments.
    """
    origins = {f"--set {axis.path}": axis.origin for axis in axes}
    findings: dict[tuple[str, str], Finding] = {}
    notes: list[str] = []
    warnings: dict[str, None] = {}
    for item in _to_verify(items):
        container = item.options.load(container_class(item.runner), recorded=True)
        try:
            warnings |= dict.fromkeys(map(str, container.verify()))
        except VerificationError as error:
            for finding in error.findings:
                findings.setdefault((finding.path, finding.message), _relocated(finding, origins))
            note = item.options.missing(container, error.findings)
            notes += [note] if note is not None and note not in notes else []
    if findings:
        failure = VerificationError(list(findings.values()))
        for note in notes:
            failure.add_note(note)
        raise failure
    for warning in warnings:
        print_error(f"warning: {warning}")
    workflow_of(container, items[0].workflow).arguments(items[0].words)


def _to_verify(items: Sequence[Item]) -> Iterator[Item]:
    first = items[0].combination
    for item in items:
        others = sum(value != first[path] for path, value in item.combination.items())
        if len(items) <= _MANY or others <= 1:
            yield item


def _relocated(finding: Finding, origins: Mapping[str, Origin]) -> Finding:
    """The finding at the place where the sweep says the value."""
    if finding.origin is None or finding.origin.source not in origins:
        return finding
    return replace(finding, origin=origins[finding.origin.source])


def _earlier_run(container: Any, item: Item, arguments: Mapping[str, Any]) -> RunRecord | None:
    """The completed run of the group that was made for the same, if there is one."""
    store, root = container.store(), scope_of(container)
    runs = [run for run in store.runs(group=item.options.group) if run.status == "completed"]
    if not runs:
        return None
    method = getattr(type(runner_slot(container)()), item.workflow)
    digest = run_digest(root, item.workflow, bind(method, (), dict(arguments)).arguments)

    def is_the_same(run: RunRecord) -> bool:
        return is_up_to_date(root, run, lambda: store.tasks(run.run_id), digest)

    return next(islice(filter(is_the_same, runs), 1), None)


def _with(options: SettingsOptions, combination: Combination) -> SettingsOptions:
    flags = [f"{path}={value}" for path, value in combination.items()]
    return replace(options, flags=(*options.flags, *flags))


def _group(runner: str, words: Sequence[str], options: SettingsOptions, axes: Sequence[Axis]) -> str:
    """The same name for the same sweep, so that the same command goes on with what is left."""
    chosen = [
        runner,
        list(words),
        [str(file) for file in options.files],
        list(options.profile),
        list(options.flags),
        [[axis.path, axis.values] for axis in axes],
    ]
    return f"sweep-{hashlib.sha256(json.dumps(chosen).encode()).hexdigest()[:8]}"


def _named(combination: Combination) -> str:
    return "  ".join(f"{path}={value}" for path, value in combination.items())
