"""Commands that run one step of a flow, as words and as lines of a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence

from lolpop.components.orchestrator import Project
from lolpop.graphs import FlowGraph, Step, option_name

READ_RESULT = (
    'import json, sys; result = json.load(sys.stdin)["result"]; '
    "print(result if isinstance(result, str) else json.dumps(result))"
)
"""A program that prints the result of a run from its JSON; it needs the standard library only."""


def step_words(step: Step, result_of: Callable[[str], str]) -> list[str]:
    """The workflow of a step and its options as words of a shell; ``result_of`` reads an earlier result."""
    words = [step.workflow, *map(shlex.quote, step.options())]
    for parameter, source in step.inputs.items():
        words += [option_name(parameter), result_of(source)]
    return words


def run_line(project: Project, step: Step, result_of: Callable[[str], str]) -> str:
    """A line of a shell that runs a step where lolpop is installed for the ``python`` on the path."""
    words = ["python -m lolpop run", shlex.quote(project.runner), *step_words(step, result_of)]
    return " ".join([*words, *map(shlex.quote, project.options), "--step", step.name])


def run_words(project: Project) -> list[str]:
    """The words of ``lolpop run`` up to the workflow."""
    return [project.python, "-m", "lolpop", "run", project.runner]


def identifier(project: Project, graph: FlowGraph) -> str:
    """A name of letters, digits and underscores for a flow of a runner."""
    runner = re.sub(r"\.py\b", "", project.runner).rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{runner}_{graph.name}").strip("_")


def shell_script(
    graph: FlowGraph,
    project: Project,
    *,
    comments: Sequence[str],
    retries: int,
    retry_delay: int,
    timeout: int | None,
) -> str:
    """A script of bash that runs the steps one after the other, each in a process of its own."""
    run = shlex.join(run_words(project))
    options = "".join(f" {shlex.quote(word)}" for word in project.options)
    limit = f"timeout {timeout} " if timeout is not None else ""
    lines = [
        "#!/usr/bin/env bash",
        *(f"# {comment}".rstrip() for comment in comments),
        "set -euo pipefail",
        f"cd {shlex.quote(str(project.folder))}",
        f'export LOLPOP_GROUP="${{LOLPOP_GROUP:-{graph.name}-$(date -u +%Y%m%dT%H%M%S)-$$}}"',
        "",
        "# Runs a workflow and prints its result, which is a reference to what it made.",
        "# A later attempt at a step resumes this one.",
        "run_once() {",
        "    local step=$1; shift",
        f'    {limit}{run} "$@"{options} --step "$step" --json \\',
        f"        | {shlex.quote(project.python)} -c {shlex.quote(READ_RESULT)}",
        "}",
        *_retrying(retries, retry_delay),
        "",
        *_steps(graph),
    ]
    return text_block(lines)


def text_block(lines: list[str]) -> str:
    """Lines as the text of a file."""
    return "\n".join([*lines, ""])


def _retrying(retries: int, delay: int) -> Iterator[str]:
    yield ""
    if not retries:
        yield 'run() { run_once "$@"; }'
        return
    yield "# Runs it again where it fails."
    yield "run() {"
    yield f"    for attempt in $(seq {retries}); do"
    yield '        run_once "$@" && return'
    yield f'        echo "$1 failed and is run again in {delay} s" >&2; sleep {delay}'
    yield "    done"
    yield '    run_once "$@"'
    yield "}"


def _steps(graph: FlowGraph) -> Iterator[str]:
    for step in graph.steps:
        call = " ".join(["run", step.name, *step_words(step, lambda source: f'"${source}"')])
        yield f"{step.name}=$({call})" if step.name in graph.used else call
