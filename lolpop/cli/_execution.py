"""The execution of one workflow, and its report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lolpop.cli._failures import RunFailedError
from lolpop.cli._garbage import collect_garbage
from lolpop.cli._outcome import Outcome
from lolpop.cli._output import commands, json_value, kept_for_json, print_error, print_json, say, show, table
from lolpop.cli._paths import shown_path
from lolpop.cli._store import store_place
from lolpop.cli._summary import heading, metrics_table, steps_table
from lolpop.cli._tree import wired_tree
from lolpop.cli._workflows import runner_slot
from lolpop.containers import scope_of
from lolpop.errors import DataError, LolpopError, ReferenceNotFoundError
from lolpop.kernel.masking import masker
from lolpop.resources import Deployment, ModelVersion, PredictionJob, Resource
from lolpop.running.open_runs import runs_of
from lolpop.running.records import RunRecords, references_in
from lolpop.settings.secrets import map_strings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.components.store import RunRecord


_SHOWN = 8  # resources of one kind


@dataclass(slots=True)
class Execution:
    """One call of a workflow from the command line, reported to people or, at the end, as JSON."""

    runner: str
    """The name of the container on the command line or in the record."""
    options: SettingsOptions
    outcome: Outcome
    as_json: bool

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Print the outcome of the block as JSON, if wanted, however it ended."""
        try:
            yield
        except BaseException as error:
            self.outcome.fail(error)
            raise
        finally:
            if self.as_json:
                print_json(self.outcome.as_json(), indented=False)

    def call(self, container: Any, arguments: Mapping[str, Any]) -> None:
        """Call the workflow of ``container`` with ``arguments``, and close the container after it.

        Raises RunFailedError where the workflow fails.
        """
        # Only a container that tracks resources has a report; for any other, the result is printed.
        talks = not self.as_json and "metadata_tracker" in container.providers
        outcome = self.outcome
        result: Any = None
        if talks:
            show(wired_tree(scope_of(container), self.runner, comment="what is wired, and how it was set"))
            say("")
        with container:
            integration = runner_slot(container)()
            collect_garbage()
            try:
                with kept_for_json() if self.as_json else nullcontext():
                    result = getattr(integration, outcome.workflow)(**arguments)
                outcome.result, outcome.status = without_secrets(container, result), "completed"
            except KeyboardInterrupt as interruption:
                if (run_id := _last_run(container)) is not None:
                    interruption.add_note(
                        f"The run is marked as interrupted: {self._show_run(run_id)}\n"
                        f"To resume it: {self._resume(run_id)}"
                    )
                raise
            except BaseException as error:  # what leaves by SystemExit has secrets to be masked, too
                run_id = _last_run(container)
                if run_id is None and isinstance(error, LolpopError):
                    raise
                hint = "" if run_id is None else self._after_failure(run_id, error)
                raise RunFailedError(outcome.workflow, hint, masker(scope_of(container))) from error
            finally:
                records = self._collect(container, (*arguments.values(), result))
                if talks and records is not None:
                    say("")
                    show(heading(records.run), *([steps_table(records.tasks)] if records.tasks else []))
            if talks and records is not None:
                say("")
                show(*self._summary(container, records))
            elif not self.as_json and outcome.result is not None:
                say(_shown(outcome.result, indent=2))

    def recall(self, container: Any, run: RunRecord, result: Any) -> None:
        """Report an earlier run, whose ``result`` is reused for this call."""
        outcome = self.outcome
        with container:
            records = RunRecords.of(container, run)
            self._take(records)
            outcome.run_id, outcome.result, outcome.status = run.run_id, result, "completed"
        if not self.as_json and result is not None:
            say(_shown(result, indent=2))

    def _take(self, records: RunRecords, values: Iterable[Any] = ()) -> None:
        """Fill the outcome from ``records``."""
        outcome = self.outcome
        outcome.resources = records.resources(value for value in values if isinstance(value, Resource))
        outcome.metrics = records.metrics()
        outcome.checks, outcome.comparison = records.checks(), records.comparison()
        outcome.deployment = records.last(Deployment)
        outcome.prediction_job = records.last(PredictionJob)

    def _collect(self, container: Any, values: Iterable[Any]) -> RunRecords | None:
        """Fill the outcome from the records of the run; None if they cannot be read."""
        outcome = self.outcome
        outcome.run_id = _last_run(container)
        if outcome.run_id is None:
            return None
        try:
            records = RunRecords.of(container, container.store().run(outcome.run_id))
            self._take(records, values)
        except LolpopError as error:
            # The failure of the workflow itself matters more, and is reported next.
            if outcome.status == "completed":
                print_error(masker(scope_of(container))(f"warning: {error}"))
            return None
        return records

    def _summary(self, container: Any, records: RunRecords) -> Iterator[RenderableType]:
        outcome = self.outcome
        if outcome.metrics:
            yield metrics_table(outcome.metrics)
        if outcome.resources:
            rows = [(f"  {kind}", _some(references)) for kind, references in outcome.resources.items()]
            yield table(rows, titles=("Made or used", ""))
        if outcome.result is not None:
            yield f"Result\n  {_shown(outcome.result)}"
        if places := [(f"  {title}", place) for title, place in _places(container, outcome)]:
            yield table(places, titles=("Where", ""))
        yield commands("Next", self._next(records.run.run_id))

    def _next(self, run_id: str) -> Iterator[tuple[str, str]]:
        restated = self.options.restated()
        if self.outcome.replays is not None:
            command = f"lolpop runs diff {self.outcome.replays} {run_id}{restated}"
            done = "resumed" if self.outcome.resumes else "replayed"
            yield command, f"differences from the {done} run"
        yield self._show_run(run_id), "this run: tasks, lineage, settings"
        if ModelVersion.kind in self.outcome.resources:
            yield f"lolpop models ls{restated}", "versions, metrics, and which one is deployed"
        yield f"lolpop config show {self.runner}{restated}", "every setting and its source"
        yield f"lolpop runs ls{restated}", "all runs"

    def _after_failure(self, run_id: str, error: BaseException) -> str:
        if isinstance(error, ReferenceNotFoundError):  # whoever resumes names the same reference again
            return f"Inspect: {self._show_run(run_id)}"
        next_steps = f"Inspect: {self._show_run(run_id)}\nResume:  {self._resume(run_id)}"
        if isinstance(error, DataError):  # with the same input it would fail again
            return f"Correct the data or the setting before you resume.\n{next_steps}"
        return next_steps

    def _resume(self, run_id: str) -> str:
        return f"lolpop run --resume {run_id}{self.options.restated()}"

    def _show_run(self, run_id: str) -> str:
        return f"lolpop runs show {run_id}{self.options.restated()}"


def without_secrets(container: Any, result: Any) -> Any:
    """A result in JSON's types; references are what they are, even by names that came by a variable."""
    mask = masker(scope_of(container))
    return map_strings(json_value(result), lambda text: text if any(references_in(text)) else mask(text))


def _some(references: Sequence[str]) -> str:
    """All of few references; the first and the last of many, such as the experiments of a search."""
    if len(references) <= _SHOWN:
        return ", ".join(references)
    return f"{references[0]}, {references[1]}, …, {references[-1]}  ({len(references)} in all)"


def _last_run(container: Any) -> str | None:
    run_ids = runs_of(scope_of(container)).ids
    return run_ids[-1] if run_ids else None


def _places(container: Any, outcome: Outcome) -> Iterator[tuple[str, str]]:
    if (place := store_place(container)) is not None:
        yield "store", place
    data = container.data() if "data" in container.providers else None
    predictions = getattr(data, "predictions", None)
    if isinstance(predictions, str) and "prediction_job" in outcome.resources:
        local = "://" not in predictions
        path = shown_path(Path(container.folder()) / predictions) if local else predictions
        yield "predictions", masker(scope_of(container))(path)


def _shown(result: Any, indent: int | None = None) -> str:
    """Text as it is, anything else as JSON."""
    return result if isinstance(result, str) else json.dumps(result, indent=indent, ensure_ascii=False)
