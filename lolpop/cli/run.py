"""``lolpop run``: one workflow, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lolpop.cli._execution import Execution
from lolpop.cli._outcome import Outcome
from lolpop.cli._output import print_error, show, table
from lolpop.cli._project import container_class
from lolpop.cli._runner import split_runner
from lolpop.cli._settings_options import SettingsOptions
from lolpop.cli._workflows import workflow_of, workflows
from lolpop.errors import Finding, VerificationError

__all__ = ["describe_workflows", "run"]


def run(words: Sequence[str], options: SettingsOptions, *, as_json: bool) -> None:
    """Run the workflow that ``words`` name, with the options in them.

    They begin with a runner and a workflow, each of which may be left out.
    """
    execution = Execution("", options, Outcome("run"), as_json)
    with execution.reporting():
        runner, words = split_runner(words, options)
        execution.runner = runner
        named = bool(words) and not words[0].startswith("-")
        if named:
            execution.outcome.workflow = words[0]
        container = options.load(container_class(runner), recorded=True)
        for warning in verified(container, options):
            print_error(f"warning: {warning}")
        workflow = workflow_of(container, execution.outcome.workflow)
        arguments = workflow.arguments(words[named:])
        if options.step is None:
            execution.call(container, arguments)
        else:
            from lolpop.cli._steps import call_step

            call_step(execution, container, workflow, arguments)


def describe_workflows(words: Sequence[str], options: SettingsOptions) -> None:
    """Print the workflows of the runner that ``words`` name, or the one of its workflows, with options."""
    runner, words = split_runner(words, options)
    container = options.load(container_class(runner), lenient=True)
    named = bool(words) and not words[0].startswith("-")
    rows: list[tuple[str, str]] = []
    for workflow in [workflow_of(container, words[0])] if named else workflows(container).values():
        rows.append((f"  {workflow.name}", workflow.summary))
        rows += [(f"    {option}", form) for option, form in workflow.usage()]
    show(f"Workflows of {runner}, and their options:", table(rows))


def verified(container: Any, options: SettingsOptions) -> list[Finding]:
    """The warnings of a container that works. Raises VerificationError where it does not."""
    try:
        warnings: list[Finding] = container.verify()
    except VerificationError as error:
        if (note := options.missing(container, error.findings)) is not None:
            error.add_note(note)
        raise
    return warnings
