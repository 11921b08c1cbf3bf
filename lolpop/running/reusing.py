"""Reusing: results of earlier calls in place of new ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lolpop.errors import LolpopError
from lolpop.resources import DatasetVersion, Experiment, ModelVersion, Resource, parse_reference
from lolpop.running.completed import Completed
from lolpop.running.open_runs import runs_of

if TYPE_CHECKING:
    from lolpop.components.store import Store, TaskRecord
    from lolpop.kernel.scopes import Scope
    from lolpop.running.fingerprints.calls import CallFingerprint

__all__ = ["earlier_call", "has_earlier_call"]


@contextmanager
def earlier_call(root: Scope, fingerprint: CallFingerprint, *, cached: bool) -> Iterator[Completed | None]:
    """The earlier call with this fingerprint that made a resource; None if there is none.

    It is one of the run that is resumed; or one of any run, if the call is ``cached``. Inside the ``with``
    block nobody else makes the same cached call.
    """
    options, lasting = runs_of(root).options, fingerprint.lasting_digest
    completed = None if options.resumes is None else options.resumes.by_fingerprint(lasting)
    if completed is not None:
        yield completed
    elif cached and fingerprint.digest is not None:
        store: Store = root.providers["store"]()
        with store.lock(f"call {fingerprint.digest}"):
            yield _cached(root, store, fingerprint.digest)
    else:
        yield None


def has_earlier_call(root: Scope, digest: str) -> bool:
    """Whether a call with the fingerprint ``digest`` made a resource that is still there."""
    store: Store = root.providers["store"]()
    earlier = _made_by(store.completed_task(digest))
    if earlier is None:
        return False
    try:
        _require(root, earlier[1])
    except LolpopError:
        return False
    return True


def _cached(root: Scope, store: Store, digest: str) -> Completed | None:
    earlier = _made_by(store.completed_task(digest))
    if earlier is None:
        return None
    task, resource = earlier
    try:
        _require(root, resource)
    except LolpopError as error:
        _warn(root, f"{task.path} is called again: {resource} of run {task.run_id} cannot be reused: {error}")
        return None
    return Completed(task.task_id, resource)


def _made_by(task: TaskRecord | None) -> tuple[TaskRecord, Resource] | None:
    """The task with the resource that it returned; None if it returned something else."""
    if task is None or "return" not in task.outputs:
        return None
    try:
        return task, parse_reference(task.outputs["return"])
    except LolpopError:
        return None  # what it made has no reference


def _require(root: Scope, resource: Resource) -> None:
    """Raise LolpopError if what ``resource`` stands for is lost or damaged."""
    version_control = root.providers.get("resource_version_control")
    if version_control is not None and isinstance(resource, DatasetVersion | Experiment | ModelVersion):
        version_control().require(resource)


def _warn(root: Scope, message: str) -> None:
    from lolpop.components.notifier import notify_all

    notifiers: Any = root.providers.get("notifiers")
    if notifiers is not None:
        notify_all(notifiers(), message, "warning")
