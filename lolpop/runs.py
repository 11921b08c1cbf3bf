"""The run that is open in this context: what components may ask of it, and tell it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lolpop.resources import Resource

__all__ = ["OpenRun", "current_run", "current_task", "recall", "remember", "resource_of"]


@dataclass(slots=True)
class OpenRun:
    """A run while it is open, with the identity map between values and the resources they stand for."""

    run_id: str
    _resources: dict[int, tuple[Any, Resource]] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)


_RUN: ContextVar[OpenRun | None] = ContextVar("lolpop_run", default=None)
_TASK: ContextVar[str | None] = ContextVar("lolpop_task", default=None)


def current_run() -> OpenRun | None:
    """The run that is open in this context, if any."""
    return _RUN.get()


def current_task() -> str | None:
    """Path of the task that is running in this context, such as ``train.train_model``."""
    return _TASK.get()


def remember(value: object, resource: Resource) -> None:
    """Let the open run know that ``value`` (a frame, a model) is what ``resource`` stands for.

    Nothing happens outside a run. The run lets go of its values when it closes.
    """
    if (run := current_run()) is not None:
        run._resources[id(value)] = (value, resource)  # the value is held, so that its id stays its own
        run._values[resource.reference] = value


def recall(resource: Resource) -> Any | None:
    """The value that the open run knows for ``resource``, so that nothing is read twice; None otherwise."""
    run = current_run()
    return None if run is None else run._values.get(resource.reference)


def resource_of(value: object) -> Resource | None:
    """The resource that ``value`` is known to the open run as, if any."""
    run = current_run()
    known = None if run is None else run._resources.get(id(value))
    return None if known is None else known[1]
