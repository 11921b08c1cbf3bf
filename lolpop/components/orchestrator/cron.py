"""Flows as a script for cron."""

from __future__ import annotations

from collections.abc import Mapping

from lolpop.components.orchestrator import Project
from lolpop.components.orchestrator._commands import identifier
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.components.orchestrator._scripts import ScriptOrchestrator
from lolpop.graphs import FlowGraph
from lolpop.integrations import Inherited

__all__ = ["CronOrchestrator"]


class CronOrchestrator(ScriptOrchestrator):
    """Writes a script of bash, with the line of the crontab that starts it.

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    """

    def __init__(self, schedule: str = "0 6 * * *", **rest: Inherited) -> None:
        super().__init__(**rest)
        self._schedule = check_cron(schedule)

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One script."""
        name = f"{identifier(project, graph)}.sh"
        script = self.script(
            graph,
            project,
            "Add this line to the crontab (crontab -e), with the path of this file:",
            f"{self._schedule} bash /path/to/{name} >> /path/to/{name}.log 2>&1",
        )
        return {name: script}
