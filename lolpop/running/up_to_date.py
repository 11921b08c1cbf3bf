"""Up to date: whether an earlier run did what a run of the same would do today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lolpop.running.fingerprints.calls import CallFingerprints
from lolpop.running.fingerprints.parts import Parts
from lolpop.running.planning import recorded_arguments

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, TaskRecord
    from lolpop.kernel.scopes import Scope

__all__ = ["is_up_to_date", "run_digest"]


def run_digest(root: Scope, workflow: str, arguments: Mapping[str, Any]) -> str | None:
    """A digest of what a run depends on, except for what the calls in it read from outside.

    None if it cannot be determined.
    """
    fingerprint = CallFingerprints(root).of(workflow, arguments)
    # What the calls inside read is compared call by call.
    method = Parts(part for part in fingerprint.method if part.kind != "file" or part.digest is not None)
    inputs = fingerprint.inputs.lasting
    if method.digest is None or inputs.digest is None:
        return None
    return hashlib.sha256(json.dumps([workflow, method.digest, inputs.digest]).encode()).hexdigest()


def is_up_to_date(
    root: Scope,
    run: RunRecord,
    tasks: Callable[[], Iterable[TaskRecord]],
    digest: str | None,
) -> bool:
    """Whether ``run`` is completed and one with ``digest`` would do the same today.

    Code, settings, libraries and arguments are in the digest; files are compared with those that each of the
    ``tasks`` read.
    """
    recorded = (run.wiring.get("step") or run.wiring.get("sweep") or {}).get("digest")
    if run.status != "completed" or digest is None or recorded != digest:
        return False
    fingerprints = CallFingerprints(root)
    return all(_reads_the_same(fingerprints, task) for task in tasks())


def _reads_the_same(fingerprints: CallFingerprints, task: TaskRecord) -> bool:
    inputs = Parts.loaded(task.input_parts or "[]")
    files = {part.name: part.digest for part in inputs if part.kind == "file"}
    if not files:
        return True
    try:
        arguments = dict(recorded_arguments(inputs))
    except ValueError:
        return False
    now = fingerprints.of(task.path, arguments).inputs
    return None not in files.values() and files == {
        part.name: part.digest for part in now if part.kind == "file"
    }
