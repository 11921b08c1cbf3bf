"""Schedulers that run flows: each workflow of a flow becomes a process that the scheduler starts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from lolpop.errors import NoLocalRunError
from lolpop.integrations import Component

if TYPE_CHECKING:
    from lolpop.graphs import FlowGraph

__all__ = ["LocalRun", "Orchestrator", "Project"]


@dataclass(frozen=True, slots=True)
class Project:
    """What a built file needs to know of the project whose workflows it runs.

    Parameters
    ----------
    runner
        The runner, as the command line names it.
    flow
        The flow, as the command line names it.
    folder
        The folder to run commands in.
    python
        The interpreter that lolpop is installed for.
    options
        Further words of the command line, such as ``-c``, ``--profile`` and ``--set``.
    """

    runner: str
    flow: str
    folder: Path
    python: str
    options: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class LocalRun:
    """How built files are run once, on this machine.

    Parameters
    ----------
    command
        The program and its arguments.
    environ
        Environment variables that it gets besides those of this process.
    """

    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)


class Orchestrator(Component):
    """Writes a flow as files that a scheduler runs: readable, and meant to be kept with the project.

    Each workflow becomes ``lolpop run RUNNER WORKFLOW --json`` in a process of its own. References are
    handed from one to the next, and ``LOLPOP_GROUP`` joins the runs.
    """

    __slots__ = ()

    affects_results: ClassVar[bool] = False

    @abstractmethod
    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """The text of each file, by its name. Lines that begin with ``#`` are comments in all of them."""

    def local_run(self, graph: FlowGraph, project: Project, folder: Path) -> LocalRun:
        """How the files, which are in ``folder``, are run once, now.

        Raises NoLocalRunError if the orchestrator cannot do that, and WiringError if it is not installed.
        """
        del graph, folder
        raise NoLocalRunError(type(self).__name__, project.runner, project.flow)
