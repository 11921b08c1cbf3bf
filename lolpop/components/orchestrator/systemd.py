"""Flows as a service and a timer of systemd."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier, shell_script, text_block
from lolpop.graphs import FlowGraph

__all__ = ["SystemdOrchestrator"]


class SystemdOrchestrator(Orchestrator):
    """Writes a service, the timer that starts it, and the script that it runs.

    Parameters
    ----------
    schedule : str
        When the flow is run, as OnCalendar of systemd.timer has it.
    retries : int
        How often a workflow that failed is run again.
    retry_delay : int
        Seconds before it is run again.
    timeout : int, optional
        Seconds after which a workflow is stopped.
    """

    def __init__(
        self,
        schedule: str = "*-*-* 06:00:00",
        retries: NonNegativeInt = 0,
        retry_delay: NonNegativeInt = 60,
        timeout: PositiveInt | None = None,
    ) -> None:
        if not schedule.strip() or "\n" in schedule:
            raise ValueError(f"schedule must be one line, such as '*-*-* 06:00:00', but got {schedule!r}.")
        self._schedule = schedule
        self._retries = retries
        self._retry_delay = retry_delay
        self._timeout = timeout

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """A service, a timer and a script; the service expects the script in the project's folder."""
        name = identifier(project, graph)
        script = shell_script(
            graph,
            project,
            comments=[f"Run by {name}.service."],
            retries=self._retries,
            retry_delay=self._retry_delay,
            timeout=self._timeout,
        )
        service = [
            f"# To install both: cp {name}.service {name}.timer ~/.config/systemd/user/",
            f"# systemctl --user daemon-reload && systemctl --user enable --now {name}.timer",
            "[Unit]",
            f"Description=lolpop: {graph.name} of {project.runner}",
            "",
            "[Service]",
            "Type=oneshot",
            f"WorkingDirectory={_escaped(str(project.folder))}",
            f"ExecStart=/usr/bin/env bash {name}.sh",
        ]
        timer = [
            "[Unit]",
            f"Description=When {name} is run",
            "",
            "[Timer]",
            f"OnCalendar={self._schedule}",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ]
        return {
            f"{name}.service": text_block(service),
            f"{name}.timer": text_block(timer),
            f"{name}.sh": script,
        }


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
