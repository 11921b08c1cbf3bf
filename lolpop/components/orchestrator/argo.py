"""Flows as workflows of Argo, on Kubernetes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from lolpop.components.orchestrator import Project
from lolpop.components.orchestrator._commands import READ_RESULT, run_line
from lolpop.components.orchestrator._pods import PodOrchestrator, dashed
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.components.orchestrator._yaml import yaml_text
from lolpop.graphs import FlowGraph, Step
from lolpop.integrations import Inherited

__all__ = ["ArgoOrchestrator"]

_RESULT = "/tmp/result"  # noqa: S108  (in a container of its own)


class ArgoOrchestrator(PodOrchestrator):
    """Writes a CronWorkflow: a graph in which each workflow is a pod, and references are parameters.

    A pod is new each time. A store that outlives it is one of a server (``store.url``, ``store.artifacts``),
    or is on the volume of ``volume_claim``, which all pods have to reach.

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    retries : int
        How often a step that failed is run again.
    timeout : int, optional
        Seconds after which a step is stopped.
    """

    def __init__(self, schedule: str = "0 6 * * *", **rest: Inherited) -> None:
        super().__init__(**rest)
        self._schedule = check_cron(schedule)

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One manifest."""
        metadata = self.metadata(graph, project)
        dag = {"name": "flow", "dag": {"tasks": [_task(step) for step in graph.steps]}}
        workflow: dict[str, Any] = {
            "entrypoint": "flow",
            "templates": [dag, *(self._template(step, graph, project) for step in graph.steps)],
        }
        if volumes := self.volumes():
            workflow["volumes"] = volumes
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "CronWorkflow",
            "metadata": metadata,
            "spec": {
                "schedules": [self._schedule],
                "concurrencyPolicy": "Forbid",
                "workflowSpec": workflow,
            },
        }
        file = f"{metadata['name']}.yaml"
        return {file: yaml_text(document, [f"argo cron create {file}"])}

    def _template(self, step: Step, graph: FlowGraph, project: Project) -> dict[str, Any]:
        sources = dict.fromkeys(step.inputs.values())
        run = run_line(project, step, lambda source: f'"${_variable(source)}"')
        if step.name in graph.used:
            read = f"python -c {shlex.quote(READ_RESULT)} < {_RESULT}.json > {_RESULT}"
            run += f" --json > {_RESULT}.json\n{read}\n"
        # By the environment, as a parameter in the script itself would be read by the shell.
        environ = [{"name": "LOLPOP_GROUP", "value": "{{workflow.name}}"}]
        environ += [
            {"name": _variable(source), "value": f"{{{{inputs.parameters.{dashed(source)}}}}}"}
            for source in sources
        ]
        template: dict[str, Any] = {"name": dashed(step)}
        if sources:
            template["inputs"] = {"parameters": [{"name": dashed(source)} for source in sources]}
        template["container"] = self.container(run, environ)
        if step.name in graph.used:
            result = {"name": "result", "valueFrom": {"path": _RESULT}}
            template["outputs"] = {"parameters": [result]}
        if self._retries:
            template["retryStrategy"] = {"limit": str(self._retries), "retryPolicy": "Always"}
        if self._timeout is not None:
            template["activeDeadlineSeconds"] = self._timeout
        return template


def _variable(step: str) -> str:
    return f"RESULT_OF_{step.upper()}"


def _task(step: Step) -> dict[str, Any]:
    name = dashed(step)
    task: dict[str, Any] = {"name": name, "template": name}
    if step.predecessors:
        task["depends"] = " && ".join(map(dashed, step.predecessors))
    if sources := dict.fromkeys(step.inputs.values()):
        task["arguments"] = {
            "parameters": [
                {
                    "name": dashed(source),
                    "value": f"{{{{tasks.{dashed(source)}.outputs.parameters.result}}}}",
                }
                for source in sources
            ]
        }
    return task
