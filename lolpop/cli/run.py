"""``lolpop run``: one workflow, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import RunFailedError
from lolpop.cli._outcome import Outcome
from lolpop.cli._output import complain, json_value, print_json, say, show, table
from lolpop.cli._project import Given, container_class
from lolpop.cli._records import RunRecords, shown_path, store_place
from lolpop.cli._summary import heading, metrics_table, steps_table
from lolpop.cli._tree import wired_tree
from lolpop.cli._workflows import runner_slot, workflow_of, workflows
from lolpop.containers import scope_of
from lolpop.errors import Finding, LolpopError, VerificationError
from lolpop.masking import masker
from lolpop.resources import Deployment, PredictionJob, Resource
from lolpop.settings.files import SETTINGS_FILE

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["describe_workflows", "run"]


def run(runner: str, words: Sequence[str], given: Given, *, as_json: bool) -> None:
    """Run the workflow that ``words`` begin with, ``run`` if they name none, with the options in them."""
    named = bool(words) and not words[0].startswith("-")
    outcome = Outcome(words[0] if named else "run")
    try:
        _perform(runner, words[named:], given, outcome, quiet=as_json)
    except BaseException as error:
        outcome.fail(error)
        raise
    finally:
        if as_json:
            print_json(outcome.as_json(), indented=False)


def describe_workflows(runner: str, given: Given) -> None:
    """Print the workflows of a runner, and the options of each."""
    container = given.load(container_class(runner), lenient=True)
    rows: list[tuple[str, str]] = []
    for workflow in workflows(container).values():
        rows.append((f"  {workflow.name}", workflow.summary))
        rows += [(f"    {option}", form) for option, form in workflow.usage()]
    show(f"Workflows of {runner}, and their options:", table(rows))


def _perform(runner: str, words: Sequence[str], given: Given, outcome: Outcome, *, quiet: bool) -> None:
    container = given.load(container_class(runner), recorded=True)
    for warning in _verified(container, given):
        complain(f"warning: {warning}")
    workflow = workflow_of(container, outcome.workflow)
    arguments = workflow.arguments(words)
    # A container that tracks what it makes has something to tell; of any other, the result is all.
    talks = not quiet and "metadata_tracker" in container.providers
    if talks:
        show(wired_tree(scope_of(container), runner))
    with container:
        integration = runner_slot(container)()
        try:
            outcome.result = getattr(integration, workflow.name)(**arguments)
            outcome.status = "completed"
        except KeyboardInterrupt as interruption:
            if (run_id := _last_run(container)) is not None:
                interruption.add_note(f"The run is marked as interrupted: {_show_run(run_id, given)}")
            raise
        except Exception as error:
            run_id = _last_run(container)
            if run_id is None and isinstance(error, LolpopError):
                raise
            hint = "" if run_id is None else f"{_show_run(run_id, given)} shows how far it came."
            raise RunFailedError(workflow.name, hint, masker(scope_of(container))) from error
        finally:
            records = _collect(container, outcome, (*arguments.values(), outcome.result))
            if talks and records is not None:
                say("")
                show(heading(records.run), steps_table(records.tasks))
        if talks and records is not None:
            say("")
            show(*_summary(container, runner, records, outcome, given))
        elif not quiet:
            _print_result(outcome.result)


def _verified(container: Any, given: Given) -> list[Finding]:
    """The warnings of a container that works. Raises VerificationError where it does not."""
    try:
        warnings: list[Finding] = container.verify()
    except VerificationError as error:
        if not given.files and not Path(SETTINGS_FILE).exists():
            error.add_note(
                f"There is no {SETTINGS_FILE} in {Path.cwd()}. Go where it is, or name it with -c."
            )
        raise
    return warnings


def _last_run(container: Any) -> str | None:
    run_ids = scope_of(container).lifetime.run_ids
    return run_ids[-1] if run_ids else None


def _collect(container: Any, outcome: Outcome, values: Iterable[Any]) -> RunRecords | None:
    """Let ``outcome`` tell what is recorded of the run; None if nothing can be read."""
    outcome.run_id = _last_run(container)
    if outcome.run_id is None:
        return None
    try:
        records = RunRecords.of(container, container.store().run(outcome.run_id))
        outcome.resources = records.resources(value for value in values if isinstance(value, Resource))
        outcome.metrics = records.metrics()
        outcome.checks, outcome.comparison = records.checks(), records.comparison()
        outcome.deployment = records.last(Deployment)
        outcome.prediction_job = records.last(PredictionJob)
    except LolpopError as error:
        # The workflow's own end is what matters, and is about to be told where it was a bad one.
        if outcome.status == "completed":
            complain(f"warning: {error}")
        return None
    return records


def _summary(
    container: Any, runner: str, records: RunRecords, outcome: Outcome, given: Given
) -> Iterator[RenderableType]:
    if outcome.metrics:
        yield metrics_table(outcome.metrics)
    yield table(
        [(f"  {kind}", ", ".join(references)) for kind, references in outcome.resources.items()],
        titles=("Made or used", ""),
    )
    if outcome.result is not None:
        yield f"Result\n  {_shown(outcome.result)}"
    yield table([(f"  {what}", place) for what, place in _places(container, outcome)], titles=("Where", ""))
    commands = [
        (_show_run(records.run.run_id, given), "this run: tasks, lineage, settings"),
        (f"lolpop runs ls{given.restated()}", "all runs"),
        (f"lolpop config show {runner}{given.restated()}", "every setting, and where it comes from"),
    ]
    yield table([(f"  {command}", does) for command, does in commands], titles=("Next", ""))


def _places(container: Any, outcome: Outcome) -> Iterator[tuple[str, str]]:
    if (place := store_place(container)) is not None:
        yield "store", place
    data = container.data() if "data" in container.providers else None
    predictions = getattr(data, "predictions", None)
    if isinstance(predictions, str) and "prediction_job" in outcome.resources:
        local = "://" not in predictions
        yield "predictions", shown_path(Path(container.folder()) / predictions) if local else predictions


def _show_run(run_id: str, given: Given) -> str:
    return f"lolpop runs show {run_id}{given.restated()}"


def _print_result(result: Any) -> None:
    if result is not None:
        say(_shown(result, indent=2))


def _shown(result: Any, indent: int | None = None) -> str:
    """Text as it is, anything else as JSON."""
    value = json_value(result)
    return value if isinstance(value, str) else json.dumps(value, indent=indent, ensure_ascii=False)
