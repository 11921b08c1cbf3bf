"""Pipelines: sampling, and the audit that it is a part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lolpop import Pipeline, task
from lolpop.components.logger import Logger
from lolpop_audit.components.row_sampler import RowSampler

if TYPE_CHECKING:
    from lolpop.data.frames import Frame

__all__ = ["AuditPipeline", "SamplingPipeline"]


class SamplingPipeline(Pipeline):
    """Chooses rows."""

    def __init__(self, *, row_sampler: RowSampler) -> None:
        self.row_sampler = row_sampler

    @task
    def sample(self, frame: Frame) -> Frame:
        """Some rows of ``frame``."""
        return self.row_sampler.sample(frame)


class AuditPipeline(Pipeline):
    """Lets people look at rows.

    Parameters
    ----------
    title : str
        What the message starts with.
    """

    def __init__(self, title: str = "audit", *, sampling: SamplingPipeline, logger: Logger) -> None:
        self.title, self.sampling, self.logger = title, sampling, logger

    @task
    def audit(self, frame: Frame) -> list[dict[str, Any]]:
        """Log some rows of ``frame``, and return them."""
        import narwhals as nw

        rows = nw.from_native(self.sampling.sample(frame), eager_only=True).rows(named=True)
        for row in rows:
            self.logger.log(f"{self.title}: {row}")
        return [dict(row) for row in rows]
