"""The outcome of a run, as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lolpop.cli._failures import described
from lolpop.interrupts import interruption_of


@dataclass(slots=True)
class Outcome:
    """One call of a workflow. By default, it has failed before its run began."""

    workflow: str
    run_id: str | None = None
    status: str = "failed"
    resources: dict[str, list[str]] = field(default_factory=dict)
    """References of everything the run made or used, by kind."""
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    """By what was measured on: ``{"test": {"accuracy": 0.97}}``."""
    checks: list[dict[str, Any]] = field(default_factory=list)
    """The outcome of each check: ``task``, ``check``, ``status``, ``columns``, ``message``."""
    comparison: dict[str, Any] | None = None
    """With what was deployed before: ``better``, ``metric``, ``difference``, ``interval``, ``against``."""
    deployment: str | None = None
    """Reference of the deployment that the run made."""
    prediction_job: str | None = None
    """Reference of the last prediction job that the run made."""
    result: Any = None
    """In JSON's types, without secrets."""
    replays: str | None = None
    """Id of the run that it is another one of."""
    resumes: bool = False
    """Whether it goes on where that run ended."""
    notes: list[str] = field(default_factory=list)
    """What could not be had as it was in that run."""
    plan: list[dict[str, Any]] = field(default_factory=list)
    """Of each call of the run that it goes on from, whether it is reused, and why not."""
    error: dict[str, Any] | None = None

    def fail(self, error: BaseException) -> None:
        """Record why it failed."""
        if isinstance(interruption := interruption_of(error), KeyboardInterrupt):
            # What is told of a run that is completed may be interrupted: the run is not.
            self.status = self.status if self.status == "completed" else "interrupted"
            self.error = described(interruption)
            return
        self.status = "failed"
        self.error = described(error)

    def as_json(self) -> dict[str, Any]:
        """One JSON object."""
        document: dict[str, Any] = {
            "run_id": self.run_id,
            "status": self.status,
            "workflow": self.workflow,
            "resources": self.resources,
            "metrics": self.metrics,
            "checks": self.checks,
            "comparison": self.comparison,
            "deployment": self.deployment,
            "prediction_job": self.prediction_job,
            "result": self.result,
        }
        if self.replays is not None:
            key = "resumes" if self.resumes else "replays"
            document |= {key: self.replays, "not_as_recorded": self.notes}
        if self.resumes:
            document["plan"] = self.plan
        return document if self.error is None else {**document, "error": self.error}
