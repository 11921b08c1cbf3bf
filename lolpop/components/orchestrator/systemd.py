"""Flows as a service and a timer of systemd."""

from __future__ import annotations

from collections.abc import Mapping

from lolpop.components.orchestrator import Project
from lolpop.components.orchestrator._commands import identifier, text_block
from lolpop.components.orchestrator._scripts import ScriptOrchestrator
from lolpop.graphs import FlowGraph
from lolpop.integrations import Inherited

__all__ = ["SystemdOrchestrator"]


class SystemdOrchestrator(ScriptOrchestrator):
    """Writes a service, the timer that starts it, and the script that it runs.

    Parameters
    ----------
    schedule : str
        When the flow is run, as OnCalendar of systemd.timer has it.
    """

    def __init__(self, schedule: str = "*-*-* 06:00:00", **rest: Inherited) -> None:
        super().__init__(**rest)
        if not schedule.strip() or "\n" in schedule:
            raise ValueError(f"schedule must be one line, such as '*-*-* 06:00:00', but got {schedule!r}.")
        self._schedule = schedule

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """A service, a timer and a script; the service expects the script in the project's folder."""
        name = identifier(project, graph)
        script = self.script(graph, project, f"Run by {name}.service.")
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
