"""Flows as CronJobs of Kubernetes."""

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

__all__ = ["KubernetesOrchestrator"]

_RESULTS = "/lolpop-results"
_JOB = {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}}
"""The job's name joins the pods that Kubernetes starts for it."""


class KubernetesOrchestrator(PodOrchestrator):
    """Writes a CronJob: a pod in which each workflow is a container, one after the other.

    A pod is new each time. A store that outlives it is one of a server (``store.url``, ``store.artifacts``),
    or is on the volume of ``volume_claim``.

    Parameters
    ----------
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    retries : int
        How often a failed pod is started again.
    timeout : int, optional
        Seconds after which the pod is stopped.
    """

    def __init__(self, schedule: str = "0 6 * * *", **rest: Inherited) -> None:
        super().__init__(**rest)
        self._schedule = check_cron(schedule)

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One manifest."""
        metadata = self.metadata(graph, project)
        *first, last = (self._step(step, graph, project) for step in graph.steps)
        pod = {
            "restartPolicy": "Never",
            # They run one after the other, each once the one before it has completed.
            **({"initContainers": first} if first else {}),
            "containers": [last],
            "volumes": [{"name": "results", "emptyDir": {}}, *self.volumes()],
        }
        job: dict[str, Any] = {"backoffLimit": self._retries}
        if self._timeout is not None:
            job["activeDeadlineSeconds"] = self._timeout
        document = {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": metadata,
            "spec": {
                "schedule": self._schedule,
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": {**job, "template": {"spec": pod}}},
            },
        }
        file = f"{metadata['name']}.yaml"
        return {file: yaml_text(document, [f"kubectl apply -f {file}"])}

    def _step(self, step: Step, graph: FlowGraph, project: Project) -> dict[str, Any]:
        run = run_line(project, step, lambda source: f'"$(cat {_RESULTS}/{source})"')
        if step.name in graph.used:
            document, result = f"{_RESULTS}/{step.name}.json", f"{_RESULTS}/{step.name}"
            run += f" --json > {document}\npython -c {shlex.quote(READ_RESULT)} < {document} > {result}\n"
        container = self.container(run, [{"name": "LOLPOP_GROUP", "valueFrom": _JOB}])
        mounts = [{"name": "results", "mountPath": _RESULTS}, *container.pop("volumeMounts", [])]
        return {"name": dashed(step), **container, "volumeMounts": mounts}
