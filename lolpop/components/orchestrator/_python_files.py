"""Modules of Python that are built for orchestrators: how they begin, and how they run a workflow."""

from __future__ import annotations

import json
import os
import shutil
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import LocalRun, Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, text_block
from lolpop.errors import WiringError
from lolpop.graphs import FlowGraph, Output, Step
from lolpop.resources import Resource

_COMMON_NAMES = frozenset(
    {"json", "os", "subprocess", "FOLDER", "LOLPOP", "RUNNER", "OPTIONS", "run_lolpop", "run_workflow"}
)
_WIDTH = 100
_RUN_LOLPOP = '''\
def run_lolpop(group, step, workflow, arguments, /, **environment):
    """Run a workflow in a process of its own. A later attempt at a step resumes this one."""
    command = [*LOLPOP, "run", RUNNER, workflow, *OPTIONS, "--step", step, "--json"]
    for name, value in arguments.items():
        text = value if isinstance(value, str) else json.dumps(value)
        command += [f"--{name.replace('_', '-')}", text]
    environment = {**os.environ, "LOLPOP_GROUP": group, **environment}
    # Standard error is for people, and becomes the log of the task.
    done = subprocess.run(command, cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True{limit})
    document = json.loads(done.stdout or "{}")
    if done.returncode != 0:
        reason = document.get("error", {}).get("message", "see the log")
        raise RuntimeError(f"{workflow} failed with exit code {done.returncode}: {reason}")
    return document'''


class PythonFileOrchestrator(Orchestrator):
    """Writes one module, which needs the orchestrator and the standard library only.

    A subclass says what the module imports, and what stands below the function that runs a workflow.

    Parameters
    ----------
    retries : int
        How often a workflow that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a workflow is stopped.
    environment : str, optional
        Folder of the virtual environment that has the orchestrator, for ``lolpop flow run``. Without one, it
        is looked for beside lolpop and on the path.
    """

    program: ClassVar[str]
    """The orchestrator's own command."""

    reserved: ClassVar[frozenset[str]] = frozenset()
    """Names in the module that no step and no flow may have: theirs get an underscore."""

    def __init__(
        self,
        retries: NonNegativeInt = 1,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
        environment: str | None = None,
    ) -> None:
        self._retries, self._retry_delay, self._timeout = retries, retry_delay, timeout
        self._environment = environment

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One module."""
        name = identifier(project, graph)
        graph = _renamed(graph, self.reserved | _COMMON_NAMES)
        standard, others = self._imports()
        lines = [
            f'"""The flow {graph.name} of {project.runner}. Each workflow runs in a process of its own."""',
            "",
            *sorted(["import json", "import os", "import subprocess", *standard], key=_import_order),
            "",
            *others,
            "",
            f"FOLDER = {literal(str(project.folder))}",
            f'LOLPOP = [{literal(project.python)}, "-m", "lolpop"]',
            f"RUNNER = {literal(project.runner)}",
            f"OPTIONS = {literal(list(project.options))}",
            "",
            "",
            _RUN_LOLPOP.replace("{limit}", self._limit()),
            *self._body(graph, name),
        ]
        return {f"{name}.py": text_block(lines)}

    def local_run(self, graph: FlowGraph, project: Project, folder: Path) -> LocalRun:
        """By the orchestrator's own means for one machine."""
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        if self._environment is not None:
            path = str(Path(self._environment).expanduser() / "bin")
        program = shutil.which(self.program, path=path)
        if program is None:
            raise WiringError(
                f"{self.program} is not installed in {path if self._environment else 'this environment'}",
                "Set 'environment' of the orchestrator to the folder of a virtual environment that has it.",
            )
        place, name = Path(program).parent, identifier(project, graph)
        first, *words = self._command(folder / f"{name}.py", name)
        environ = {"PATH": f"{place}{os.pathsep}{path}", **self._variables_of(folder)}
        return LocalRun([str(place / first), *words], environ)

    def _variables_of(self, folder: Path) -> dict[str, str]:
        """Variables that lead the orchestrator to the files in ``folder``."""
        del folder
        return {}

    @abstractmethod
    def _command(self, path: Path, name: str) -> list[str]:
        """The command that runs the module at ``path``; its first word is a program beside the others."""

    def _limit(self) -> str:
        """An argument that stops a process, for an orchestrator that cannot stop what waits for it."""
        return "" if self._timeout is None else f", timeout={self._timeout}"

    @abstractmethod
    def _imports(self) -> tuple[list[str], list[str]]:
        """Imports of the standard library besides those of all modules, and those of the orchestrator."""

    @abstractmethod
    def _body(self, graph: FlowGraph, name: str) -> Iterator[str]:
        """The lines below; ``name`` is the flow's to the orchestrator."""


def step_arguments(step: Step, prefix: str = "") -> str:
    """The arguments of a call that runs a step: its workflow, and that one's arguments as a dictionary."""
    arguments = {name: literal(value) for name, value in step.values.items()}
    arguments |= {name: f"{prefix}{source}" for name, source in step.inputs.items()}
    items = (f"{literal(name)}: {text}" for name, text in arguments.items())
    return f"{literal(step.workflow)}, {{{', '.join(items)}}}"


def wrapped(before: str, arguments: str, after: str = ")", *, indent: int = 4) -> Iterator[str]:
    """A call, of which ``before`` and ``after`` are the ends, on one line or on three."""
    margin = " " * indent
    line = f"{margin}{before}{arguments}{after}"
    if len(line) <= _WIDTH:
        yield line
    else:
        yield from (f"{margin}{before}", f"{margin}    {arguments}", f"{margin}{after}")


def check_variables(setting: str, variables: Mapping[str, str] | None) -> Mapping[str, str]:
    """``variables``, or none. Raises ValueError for a name that no environment variable has in Python."""
    for name in variables or {}:
        if not name.isidentifier():
            raise ValueError(f"{setting} must be named as environment variables are, but got {name!r}.")
    return variables or {}


def literal(value: object) -> str:
    """A value as Python writes it, with double quotes; a resource is its reference."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(key)}: {literal(child)}' for key, child in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, Resource):
        return literal(value.reference)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line


def _renamed(graph: FlowGraph, reserved: frozenset[str]) -> FlowGraph:
    """The graph with an underscore behind the names that the module has another use for."""

    def free(name: str) -> str:
        return f"{name}_" if name in reserved else name

    def renamed(step: Step) -> Step:
        arguments = {
            name: Output(free(value.step)) if isinstance(value, Output) else value
            for name, value in step.arguments.items()
        }
        return replace(step, name=free(step.name), arguments=arguments, after=tuple(map(free, step.after)))

    return FlowGraph(free(graph.name), tuple(map(renamed, graph.steps)))
