"""The runner of the audit."""

from __future__ import annotations

from typing import Any

from lolpop import Runner, workflow
from lolpop.components.data_connector import DataConnector
from lolpop_audit.pipelines import AuditPipeline

__all__ = ["AuditRunner"]


class AuditRunner(Runner):
    """Reads rows and lets people look at some of them."""

    def __init__(self, *, data_connector: DataConnector, audit: AuditPipeline) -> None:
        self.data_connector, self.audit = data_connector, audit

    @workflow
    def run(self, source: str) -> list[dict[str, Any]]:
        """Some rows of a source."""
        return self.audit.audit(self.data_connector.read(source))
