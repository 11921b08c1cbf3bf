"""Flows as a script for cron."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, shell_script
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.graphs import FlowGraph

__all__ = ["CronOrchestrator"]


class CronOrchestrator(Orchestrator):
    """Writes a script of bash, with the line of the crontab that starts it.

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    retries : int
        How often a workflow that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a workflow is stopped.
    """

    def __init__(
        self,
        schedule: str = "0 6 * * *",
        retries: NonNegativeInt = 0,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
    ) -> None:
        self._schedule = check_cron(schedule)
        self._retries = retries
        self._retry_delay = retry_delay
        self._timeout = timeout

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One script."""
        name = f"{identifier(project, graph)}.sh"
        comments = [
            "Add this line to the crontab (crontab -e), with the path of this file:",
            f"{self._schedule} bash /path/to/{name} >> /path/to/{name}.log 2>&1",
        ]
        script = shell_script(
            graph,
            project,
            comments=comments,
            retries=self._retries,
            retry_delay=self._retry_delay,
            timeout=self._timeout,
        )
        return {name: script}
