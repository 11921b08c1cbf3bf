"""Scripts of bash that run the steps of a flow, for schedulers that start a command."""

from __future__ import annotations

from pathlib import Path

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import LocalRun, Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, shell_script
from lolpop.graphs import FlowGraph


class ScriptOrchestrator(Orchestrator):
    """Writes a script of bash among other files.

    Parameters
    ----------
    retries : int
        How often a workflow that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a workflow is stopped.
    """

    def __init__(
        self,
        retries: NonNegativeInt = 0,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
    ) -> None:
        self._retries, self._retry_delay, self._timeout = retries, retry_delay, timeout

    def local_run(self, graph: FlowGraph, project: Project, folder: Path) -> LocalRun:
        """The script, by bash."""
        return LocalRun(["bash", str(folder / f"{identifier(project, graph)}.sh")])

    def script(self, graph: FlowGraph, project: Project, *comments: str) -> str:
        """The script, with ``comments`` at its top."""
        return shell_script(
            graph,
            project,
            comments=comments,
            retries=self._retries,
            retry_delay=self._retry_delay,
            timeout=self._timeout,
        )
