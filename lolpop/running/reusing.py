"""Reusing: results of earlier calls in place of new ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from lolpop.errors import LolpopError
from lolpop.resources import DatasetVersion, Experiment, ModelVersion, Resource, parse_reference
from lolpop.running.completed import Completed
from lolpop.running.open_runs import runs_of
from lolpop.running.resuming import lasting_digest

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
        # What a combination of a sweep deploys is no reason for the others to read their rows anew.
        shared = lasting if options.swept and lasting != fingerprint.digest else None
        with store.lock(f"call {shared or fingerprint.digest}"):
            task = _cached(root, store, fingerprint.digest)
            yield task if task is not None or shared is None else _of_group(root, store, shared)
    else:
        yield None


def has_earlier_call(root: Scope, digest: str) -> bool:
    """Whether a call with the fingerprint ``digest`` made a resource that is still there."""
    store: Store = root.providers["store"]()
    earlier = _made_by(_original(store, digest))
    if earlier is None:
        return False
    try:
        _require(root, earlier[1])
    except LolpopError:
        return False
    return True


def _cached(root: Scope, store: Store, digest: str) -> Completed | None:
    earlier = _made_by(_original(store, digest))
    if earlier is None:
        return None
    task, resource = earlier
    try:
        _require(root, resource)
    except LolpopError as error:
        _warn(root, f"{task.path} is called again: {resource} of run {task.run_id} cannot be reused: {error}")
        return None
    return Completed(task.task_id, resource)


def _of_group(root: Scope, store: Store, lasting: str) -> Completed | None:
    """The call of another combination that depended on the same, but for what the sweep has changed."""
    group = runs_of(root).options.group
    for run in store.runs(group=group) if group is not None else ():
        if "sweep" not in run.wiring:
            continue
        for task in store.tasks(run.run_id):
            made = _made_by(task)
            if made is not None and lasting_digest(task, store.fingerprint_parts) == lasting:
                with suppress(LolpopError):
                    _require(root, made[1])
                    return Completed(task.task_id, made[1])
    return None


def _original(store: Store, digest: str) -> TaskRecord | None:
    """The newest completed call with this fingerprint.

    None if its result is that of a call which depended on something else: a resumed run, or a sweep, reuses
    that where only what they have changed themselves differs.
    """
    task = store.completed_task(digest)
    if task is None or task.reused_from is None:
        return task
    earlier = store.task(task.reused_from)
    return task if earlier is not None and earlier.fingerprint == digest else None


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
