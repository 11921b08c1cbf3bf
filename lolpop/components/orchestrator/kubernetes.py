"""Flows as CronJobs of Kubernetes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import READ_RESULT, identifier, run_line
from lolpop.components.orchestrator._schedules import check_cron
from lolpop.components.orchestrator._yaml import yaml_text
from lolpop.graphs import FlowGraph, Step

__all__ = ["KubernetesOrchestrator"]

_RESULTS = "/lolpop-results"
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")


class KubernetesOrchestrator(Orchestrator):
    """Writes a CronJob: a pod in which each workflow is a container, one after the other.

    A pod is new each time. A store that outlives it is one of a server (``store.url``, ``store.artifacts``),
    or is on the volume of ``volume_claim``.

    Parameters
    ----------
    image : str
        The container image of the project, such as ``lolpop flow build container-image`` describes.
    schedule : str
        When the flow is run: minute, hour, day of the month, month, day of the week.
    name : str, optional
        Name of the CronJob; by default that of the runner and the flow.
    namespace : str, optional
        Where it is.
    folder : str
        The project's folder in the image.
    volume_claim : str, optional
        A PersistentVolumeClaim that is mounted as ``.lolpop`` in that folder.
    secret : str, optional
        A Secret whose keys become environment variables.
    cpu, memory : str, optional
        What each container asks for, and may use at most of memory, such as ``500m`` and ``2Gi``.
    retries : int
        How often a failed pod is started again.
    timeout : int, optional
        Seconds after which the pod is stopped.
    """

    def __init__(
        self,
        image: str = "lolpop-project:latest",
        schedule: str = "0 6 * * *",
        name: str | None = None,
        namespace: str | None = None,
        folder: str = "/app",
        volume_claim: str | None = None,
        secret: str | None = None,
        cpu: str | None = None,
        memory: str | None = None,
        retries: NonNegativeInt = 0,
        timeout: PositiveInt | None = None,
    ) -> None:
        if name is not None and not _NAME.fullmatch(name):
            raise ValueError(
                "name must be at most 52 lower-case letters, digits and dashes, and begin and end with a "
                f"letter or digit, but got {name!r}."
            )
        self._image = image
        self._schedule = check_cron(schedule)
        self._name = name
        self._namespace = namespace
        self._folder = folder
        self._volume_claim = volume_claim
        self._secret = secret
        self._cpu, self._memory = cpu, memory
        self._retries = retries
        self._timeout = timeout

    def build(self, graph: FlowGraph, project: Project) -> Mapping[str, str]:
        """One manifest."""
        name = self._name or identifier(project, graph).lower().replace("_", "-")[:52].strip("-")
        *first, last = (self._container(step, graph, project) for step in graph.steps)
        volumes: list[dict[str, Any]] = [{"name": "results", "emptyDir": {}}]
        if self._volume_claim is not None:
            volumes.append({"name": "store", "persistentVolumeClaim": {"claimName": self._volume_claim}})
        pod = {
            "restartPolicy": "Never",
            # They run one after the other, each once the one before it has completed.
            **({"initContainers": first} if first else {}),
            "containers": [last],
            "volumes": volumes,
        }
        job: dict[str, Any] = {"backoffLimit": self._retries}
        if self._timeout is not None:
            job["activeDeadlineSeconds"] = self._timeout
        metadata = {"name": name} | ({"namespace": self._namespace} if self._namespace else {})
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
        return {f"{name}.yaml": yaml_text(document, [f"kubectl apply -f {name}.yaml"])}

    def _container(self, step: Step, graph: FlowGraph, project: Project) -> dict[str, Any]:
        run = run_line(project, step, lambda source: f'"$(cat {_RESULTS}/{source})"')
        if step.name in graph.used:
            document, result = f"{_RESULTS}/{step.name}.json", f"{_RESULTS}/{step.name}"
            run += f" --json > {document}\npython -c {shlex.quote(READ_RESULT)} < {document} > {result}\n"
        mounts = [{"name": "results", "mountPath": _RESULTS}]
        if self._volume_claim is not None:
            mounts.append({"name": "store", "mountPath": f"{self._folder}/.lolpop"})
        container: dict[str, Any] = {
            "name": step.name.replace("_", "-"),
            "image": self._image,
            "workingDir": self._folder,
            "command": ["/bin/sh", "-ec", run],
            "env": [{"name": "LOLPOP_GROUP", "valueFrom": {"fieldRef": {"fieldPath": _JOB}}}],
            "volumeMounts": mounts,
        }
        if self._secret is not None:
            container["envFrom"] = [{"secretRef": {"name": self._secret}}]
        requests = {"cpu": self._cpu, "memory": self._memory}
        requests = {key: amount for key, amount in requests.items() if amount is not None}
        if requests:
            limits = {"limits": {"memory": self._memory}} if self._memory is not None else {}
            container["resources"] = {"requests": requests, **limits}
        return container


_JOB = "metadata.labels['batch.kubernetes.io/job-name']"
"""The job's name joins the pods that Kubernetes starts for it."""
