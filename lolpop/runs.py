"""The run that is open in this context, and its interface for components."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lolpop.settings.secrets import map_strings, mask, mask_urls

if TYPE_CHECKING:
    from lolpop.resources import Resource

__all__ = [
    "OpenRun", "current_run", "current_task", "recall", "redacted", "remember", "requires_of",
    "resource_of", "resumes", "storable",
]  # fmt: skip


@dataclass(slots=True, eq=False)
class OpenRun:
    """An open run, with the identity map between values and their resources."""

    run_id: str
    spec: Callable[[], Any]
    """The spec for workers of this run in other processes."""
    mask: Callable[[str], str]
    """Masks the secrets of the run's container in a text."""
    mask_record: Callable[[str], str]
    """The same, for text that programs read again: possible names of columns are not masked."""
    resumes: bool = False
    """Whether it resumes an earlier run."""
    caches: bool = False
    """Whether some of its calls may be reused by any run."""
    _resources: dict[int, tuple[Any, Resource, tuple[str, ...]]] = field(default_factory=dict)
    _values: dict[str, Any] = field(default_factory=dict)

    def remember(self, value: object, resource: Resource, requires: Sequence[str] = ()) -> None:
        """Remember ``value`` as the value of ``resource``, and the modules it needs, until the run closes."""
        # Holding the value keeps its id unique.
        self._resources[id(value)] = (value, resource, tuple(requires))
        self._values[resource.reference] = value

    def recall(self, resource: Resource) -> Any | None:
        """The remembered value of ``resource``."""
        return self._values.get(resource.reference)

    def resource_of(self, value: object) -> Resource | None:
        """The resource of a remembered value."""
        entry = self._resources.get(id(value))
        return None if entry is None else entry[1]

    def requires_of(self, value: object) -> tuple[str, ...]:
        """The modules that a remembered value needs."""
        entry = self._resources.get(id(value))
        return () if entry is None else entry[2]

    def release(self) -> None:
        """Forget all values."""
        self._resources.clear()
        self._values.clear()


RUN: ContextVar[OpenRun | None] = ContextVar("lolpop_run", default=None)
TASK: ContextVar[tuple[str, str] | None] = ContextVar("lolpop_task", default=None)
"""Id and path of the task, or of the nested workflow, that is running in this context."""


@contextmanager
def context_value(variable: Any, value: Any) -> Iterator[None]:
    """Set a context variable to ``value`` inside the ``with`` block."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def current_run() -> OpenRun | None:
    """The run that is open in this context, if any."""
    return RUN.get()


def resumes() -> bool:
    """Whether the open run resumes an earlier one, whose results are reused."""
    run = RUN.get()
    return run is not None and run.resumes


def current_task() -> str | None:
    """Path of the task that is running in this context, such as ``train.train_model``."""
    task = TASK.get()
    return None if task is None else task[1]


def redacted(value: Any) -> Any:
    """A value with secrets masked, for logs, messages and records.

    Secret types of pydantic, the user part of URLs, and the secrets of the container whose run is open are
    masked, in mappings and lists too. Values that came by ``${env:…}`` are shown as that link.
    """
    run = RUN.get()
    shown = mask(value)
    return shown if run is None else map_strings(shown, run.mask)


def storable(value: Any) -> Any:
    """A value with secrets masked, for the store: names that programs read again are not masked."""
    from lolpop.resources import RESOURCE_TYPES

    run = RUN.get()
    mask_record = mask_urls if run is None else run.mask_record
    # A reference is not masked, even if its name came by a variable.
    return _mapped_with_keys(
        mask(value), lambda text: text if text.partition(":")[0] in RESOURCE_TYPES else mask_record(text)
    )


def _mapped_with_keys(value: Any, text: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {
            text(key) if isinstance(key, str) else key: _mapped_with_keys(child, text)
            for key, child in value.items()
        }
    return (
        [_mapped_with_keys(child, text) for child in value]
        if isinstance(value, list)
        else map_strings(value, text)
    )


def remember(value: object, resource: Resource, requires: Sequence[str] = ()) -> None:
    """Tell the open run that ``value`` (a frame, a model) is the value of ``resource``.

    ``requires`` names the modules of libraries that it works with. Nothing happens outside a run. The run
    forgets its values when it closes.
    """
    if (run := RUN.get()) is not None:
        run.remember(value, resource, requires)


def requires_of(value: object) -> tuple[str, ...]:
    """The modules of libraries that a value of the open run works with, as far as it was told of them."""
    run = RUN.get()
    return () if run is None else run.requires_of(value)


def recall(resource: Resource) -> Any | None:
    """The value of ``resource`` that the open run remembers, so that nothing is read twice; None
    otherwise.
    """
    run = RUN.get()
    return None if run is None else run.recall(resource)


def resource_of(value: object) -> Resource | None:
    """The resource of ``value`` in the open run, if it remembers one."""
    run = RUN.get()
    return None if run is None else run.resource_of(value)
