"""What orchestrators on Kubernetes have in common: the container that runs a workflow, and where it runs."""

from __future__ import annotations

import re
from typing import Any

from pydantic import NonNegativeInt, PositiveInt

from lolpop.components.orchestrator import Orchestrator, Project
from lolpop.components.orchestrator._commands import identifier
from lolpop.graphs import FlowGraph, Step

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,50}[a-z0-9])?")


class PodOrchestrator(Orchestrator):
    """Runs workflows in containers of an image.

    Parameters
    ----------
    image : str
        The container image of the project, such as ``lolpop flow build container-image`` describes.
    name : str, optional
        Name of the object; by default that of the runner and the flow.
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
    """

    def __init__(
        self,
        image: str = "lolpop-project:latest",
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
        self._name, self._namespace = name, namespace
        self._folder = folder
        self._volume_claim = volume_claim
        self._secret = secret
        self._cpu, self._memory = cpu, memory
        self._retries, self._timeout = retries, timeout

    def metadata(self, graph: FlowGraph, project: Project) -> dict[str, Any]:
        """The name of the object, and its namespace if one is set."""
        name = self._name or identifier(project, graph).lower().replace("_", "-")[:52].strip("-")
        return {"name": name} | ({"namespace": self._namespace} if self._namespace else {})

    def container(self, script: str, environ: list[dict[str, Any]]) -> dict[str, Any]:
        """A container that runs a script of the shell, with the variables of ``environ``."""
        container: dict[str, Any] = {
            "image": self._image,
            "workingDir": self._folder,
            "command": ["/bin/sh", "-ec", script],
            "env": environ,
        }
        if self._secret is not None:
            container["envFrom"] = [{"secretRef": {"name": self._secret}}]
        if self._volume_claim is not None:
            container["volumeMounts"] = [{"name": "store", "mountPath": f"{self._folder}/.lolpop"}]
        requests = {"cpu": self._cpu, "memory": self._memory}
        requests = {key: amount for key, amount in requests.items() if amount is not None}
        if requests:
            limits = {"limits": {"memory": self._memory}} if self._memory is not None else {}
            container["resources"] = {"requests": requests, **limits}
        return container

    def volumes(self) -> list[dict[str, Any]]:
        """The volume of the store, if it is on one."""
        if self._volume_claim is None:
            return []
        return [{"name": "store", "persistentVolumeClaim": {"claimName": self._volume_claim}}]


def dashed(step: Step | str) -> str:
    """The name of a step as Kubernetes has names."""
    return (step if isinstance(step, str) else step.name).lower().replace("_", "-").strip("-")
