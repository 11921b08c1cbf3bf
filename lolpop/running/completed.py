"""Completed calls of earlier runs, whose results are reused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lolpop.resources import Resource

__all__ = ["Completed", "CompletedCalls"]


@dataclass(frozen=True, slots=True)
class Completed:
    """A completed call of an earlier run, and the resource that it made."""

    task_id: str
    resource: Resource

    def result(self) -> Resource:
        """The resource that the call made."""
        return self.resource


@dataclass(frozen=True, slots=True)
class CompletedCalls:
    """The calls of an earlier run that came to their end and made a resource."""

    calls: Mapping[str, Completed]
    """The calls by their lasting digests."""

    def by_fingerprint(self, lasting_digest: str | None) -> Completed | None:
        """The call with the same dependencies; None if there is none."""
        return None if lasting_digest is None else self.calls.get(lasting_digest)
