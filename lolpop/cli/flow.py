"""``lolpop flow``: a flow drawn, or run in this process."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop.cli._execution import without_secrets
from lolpop.cli._failures import RunFailedError, described
from lolpop.cli._flows import named_flow
from lolpop.cli._garbage import collect_garbage
from lolpop.cli._output import duration, kept_for_json, print_error, print_json, say, show, table
from lolpop.cli._workflows import runner_slot
from lolpop.cli.run import verified
from lolpop.containers import scope_of
from lolpop.data.frames import count
from lolpop.errors import LolpopError
from lolpop.flows import drawings
from lolpop.flows.flow import follow
from lolpop.interrupts import interruption_of
from lolpop.kernel.masking import masker
from lolpop.running.open_runs import runs_of

if TYPE_CHECKING:
    from lolpop.cli._settings_options import SettingsOptions
    from lolpop.graphs import FlowGraph, Step

__all__ = ["DrawingFormat", "run_flow", "show_flow"]

DrawingFormat: TypeAlias = Literal["tree", "mermaid", "svg"]


def show_flow(words: Sequence[str], options: SettingsOptions, drawing: DrawingFormat) -> None:
    """Print a drawing of the flow that ``words`` name."""
    named = named_flow(words, options)
    graph = named.graph(options.load(named.container_class, lenient=True))
    draw = {"tree": drawings.tree, "mermaid": drawings.mermaid, "svg": drawings.svg}[drawing]
    say(draw(graph))


def run_flow(words: Sequence[str], options: SettingsOptions, *, as_json: bool) -> None:
    """Run the flow that ``words`` name in this process; its runs are joined by a group."""
    report = _Report(as_json)
    with report.printed():
        named = named_flow(words, options)
        report.flow = named.flow
        container = options.load(named.container_class, recorded=True)
        for warning in verified(container, options):
            print_error(f"warning: {warning}")
        graph = named.graph(container)
        report.call(container, graph, options)


@dataclass(slots=True)
class _Step:
    """What became of one step."""

    step: str
    workflow: str
    status: str = "failed"
    run_id: str | None = None
    result: Any = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Report:
    """What became of a flow, for people as it happens and in JSON at the end."""

    as_json: bool
    flow: str = ""
    group: str | None = None
    status: str = "failed"
    steps: list[_Step] = field(default_factory=list)
    error: dict[str, Any] | None = None

    @contextmanager
    def printed(self) -> Iterator[None]:
        """Print the JSON, where that is wanted, however the block ends."""
        try:
            yield
        except BaseException as error:
            interruption = interruption_of(error)
            self.status = "interrupted" if isinstance(interruption, KeyboardInterrupt) else "failed"
            self.error = described(interruption or error)
            raise
        finally:
            if self.as_json:
                print_json(self._document(), indented=False)

    def call(self, container: Any, graph: FlowGraph, options: SettingsOptions) -> None:
        """Call the workflows of ``graph`` in turn, and close the container after them.

        Raises RunFailedError where a workflow fails.
        """
        runs = runs_of(scope_of(container))
        self.group = runs.options.group or _new_group(graph.name)
        runs.options = replace(runs.options, group=self.group)
        with container:
            runner = runner_slot(container)()
            collect_garbage()
            results = follow(graph, runner)
            for step in graph.steps:
                self._call_step(step, results, container, options)
        self.status = "completed"
        if not self.as_json:
            self._summarize(options)

    def _call_step(
        self, step: Step, results: Iterator[tuple[str, Any]], container: Any, options: SettingsOptions
    ) -> None:
        run_ids, start = runs_of(scope_of(container)).ids, perf_counter()
        earlier = len(run_ids)
        report = _Step(step.name, step.workflow)
        self.steps.append(report)
        try:
            with kept_for_json() if self.as_json else nullcontext():
                _, result = next(results)
            report.result, report.status = without_secrets(container, result), "completed"
        except KeyboardInterrupt:
            report.status = "interrupted"
            raise
        except BaseException as error:  # what leaves by SystemExit has secrets to be masked, too
            if len(run_ids) == earlier and isinstance(error, LolpopError):
                raise
            report.run_id = run_ids[-1] if len(run_ids) > earlier else None
            raise RunFailedError(step.workflow, self._hint(options), masker(scope_of(container))) from error
        finally:
            report.run_id = run_ids[-1] if len(run_ids) > earlier else None
            report.seconds = round(perf_counter() - start, 3)

    def _document(self) -> dict[str, Any]:
        document = {
            "flow": self.flow,
            "group": self.group,
            "status": self.status,
            "steps": [asdict(step) for step in self.steps],
        }
        return document if self.error is None else {**document, "error": self.error}

    def _hint(self, options: SettingsOptions) -> str:
        earlier = count(len(self.steps) - 1, "step")
        run_id = self.steps[-1].run_id
        restated = options.restated()
        hint = f"{earlier} completed before it: lolpop runs ls --group {self.group}{restated}"
        if run_id is not None:
            hint += f"\nInspect: lolpop runs show {run_id}{restated}"
        return hint

    def _summarize(self, options: SettingsOptions) -> None:
        rows = [
            (step.step, _shown(step.result), duration(step.seconds), step.run_id or "") for step in self.steps
        ]
        say("")
        show(table(rows, titles=("Step", "Result", "Time", "Run"), right=(2,), whole=(3,)))
        say(f"\nAll runs of this flow: lolpop runs ls --group {self.group}{options.restated()}")


def _new_group(flow: str) -> str:
    return f"{flow}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _shown(result: Any) -> str:
    return "" if result is None else result if isinstance(result, str) else "JSON"
