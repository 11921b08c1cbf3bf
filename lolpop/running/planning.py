"""Planning: which calls of an earlier run would be reused now, which would run, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lolpop.errors import LolpopError
from lolpop.resources import parse_reference
from lolpop.running.fingerprints.calls import CallFingerprint, CallFingerprints
from lolpop.running.fingerprints.parts import Part, Parts, body_key, differences
from lolpop.running.records import references_in
from lolpop.running.resuming import lasting_digest

if TYPE_CHECKING:
    from lolpop.components.store import RunRecord, TaskRecord
    from lolpop.kernel.scopes import Scope

__all__ = ["PlannedCall", "PlannedStatus", "plan_calls", "recorded_arguments"]

PlannedStatus: TypeAlias = Literal["reused", "runs", "unknown"]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """The plan for one call of an earlier run."""

    path: str
    status: PlannedStatus
    """``unknown`` until an input is there that another call makes."""
    reasons: tuple[str, ...]
    """The differences, for a call that runs; the inputs that it waits for, for an unknown one."""
    depth: int
    """Its depth: how many other calls it is inside of."""


def plan_calls(
    root: Scope,
    tasks: Sequence[TaskRecord],
    parts_of: Callable[[str], str | None],
    *,
    is_cached: Callable[[CallFingerprint], bool] | None = None,
    run: RunRecord | None = None,
) -> list[PlannedCall]:
    """What would become of ``tasks``, those of one run in their order, as ``root`` is set now.

    ``parts_of`` gives the parts of a method by digest. ``is_cached`` says whether any run has completed a
    call with a fingerprint, and ``run`` is that of the tasks; without them, the run is resumed.
    """
    fingerprints = CallFingerprints(root)
    planner = _Planner(fingerprints, parts_of, is_cached, _is_changed(run, fingerprints))
    return [planner.plan(task) for task in tasks]


def _is_changed(run: RunRecord | None, fingerprints: CallFingerprints) -> bool:
    """Whether the workflow of ``run`` is not what it was, or nobody can tell."""
    recorded = None if run is None else run.wiring.get("body_digest")
    if run is None or recorded is None or not fingerprints.has(run.workflow):
        return True
    return bool(recorded != fingerprints.body_digest(run.workflow))


@dataclass(slots=True)
class _Caller:
    """What calls others: the run, or a call in it."""

    has_changes: bool
    """Whether the arguments that it passes on, and are no resources, may be others than in the run."""
    since: str = ""
    """Why, for messages."""
    reads: bool = False
    """Whether it declares files that it reads, and they have not changed."""


class _Planner:
    def __init__(
        self,
        fingerprints: CallFingerprints,
        parts_of: Callable[[str], str | None],
        is_cached: Callable[[CallFingerprint], bool] | None,
        has_changes: bool,
    ) -> None:
        self._callers: dict[str, _Caller] = {"": _Caller(has_changes)}
        """The run, and the calls in it that would be made and call others, by id."""
        self._is_cached = is_cached
        self._fingerprints = fingerprints
        self._parts_of = parts_of
        self._planned: dict[str, PlannedCall] = {}
        self._makers: dict[str, str] = {}
        """By the reference of a resource, or the digest of rows, the call that may make others."""
        self._reused: dict[str, str] = {}
        """By the digest of rows, the call that is reused and gives the same."""
        self._others: set[str] = set()
        """Calls that are reused of other runs, by the id of their task."""

    def plan(self, task: TaskRecord) -> PlannedCall:
        """What would become of ``task``; those before it are planned."""
        parent = self._planned.get(task.parent_id or "")
        caller = self._callers.get(task.parent_id or "", _Caller(True))
        status, reasons = self._status_of(task, parent, caller)
        planned = PlannedCall(task.path, status, tuple(reasons), 0 if parent is None else parent.depth + 1)
        self._planned[task.task_id] = planned
        if status == "runs":
            self._callers[task.task_id] = self._inside(task, caller)
        is_other = status != "reused" or task.task_id in self._others
        if is_other and not caller.has_changes and not self._only_acts(task):
            how = {"runs": "runs", "unknown": "may run"}.get(status, "is another call")
            caller.has_changes, caller.since = True, f", since {task.path} {how}"
        if is_other:
            for resource in references_in(task.outputs.get("return", "")):
                self._makers.setdefault(resource.reference, task.path)
        if digest := task.outputs.get("digest"):
            makers = self._makers if is_other else self._reused
            makers.setdefault(digest, task.path)
        return planned

    def _only_acts(self, task: TaskRecord) -> bool:
        """Whether a call is made for what it does, and not for a result that others get."""
        return (
            not task.outputs
            and self._fingerprints.has(task.path)
            and self._fingerprints.has_effects(task.path)
        )

    def _inside(self, task: TaskRecord, caller: _Caller) -> _Caller:
        """What calls inside ``task``, which would be made, get from it."""
        changed = _Caller(True, f", since {task.path} is another call")
        if self._is_cached is None or not self._fingerprints.has(task.path):
            return changed
        body = self._fingerprints.body_digest(task.path)
        if body is None or body != self._parts_of(body_key(task.method_parts or "")):
            return changed
        inputs = Parts.loaded(task.input_parts or "[]")
        arguments = [part for part in inputs if part.kind == "input"]
        if any(self._waits(arguments)) or any(self._is_open(part, caller) for part in arguments):
            return changed
        if len(arguments) == len(list(inputs)):
            return _Caller(False)
        try:
            now = self._fingerprints.of(task.path, dict(recorded_arguments(inputs))).inputs
        except ValueError:
            return changed
        if inputs.digest is None or now.digest != inputs.digest:
            return changed
        return _Caller(False, reads=any(part.kind == "file" for part in inputs))

    def _status_of(
        self, task: TaskRecord, parent: PlannedCall | None, caller: _Caller
    ) -> tuple[PlannedStatus, list[str]]:
        if parent is not None and parent.status != "runs":
            return parent.status, [f"as a part of {parent.path}"]
        if not self._fingerprints.has(task.path):
            return "runs", ["the method no longer exists"]
        if task.method_parts is None or (parts := self._parts_of(task.method_parts)) is None:
            return "runs", ["its record does not say what it depends on"]
        reasons = differences(Parts.loaded(parts), self._fingerprints.method(task.path))
        inputs = Parts.loaded(task.input_parts or "[]")
        if self._fingerprints.is_workflow(task.path):
            waits = list(self._waits(inputs.lasting if self._is_cached is None else inputs))
            if waits and not reasons:
                return "unknown", waits
            return self._judge_workflow(task, inputs, reasons)
        if self._is_cached is not None and not reasons:
            return self._judge_cached_task(task, inputs, caller)
        return "runs", reasons or ["as a part of " + (parent.path if parent is not None else "the run")]

    def _waits(self, inputs: Iterable[Part]) -> Iterator[str]:
        """Which of the inputs wait for what another call makes."""
        for part in inputs:
            makers = (self._makers.get(name) for name in _references(part) or [part.digest or ""])
            if part.digest not in self._reused and (maker := next(filter(None, makers), None)):
                yield f"{part.name} waits for {maker}"

    def _judge_cached_task(
        self, task: TaskRecord, inputs: Parts, caller: _Caller
    ) -> tuple[PlannedStatus, list[str]]:
        """The plan for a task with unchanged code and settings."""
        if self._fingerprints.has_effects(task.path):
            return "runs", ["it acts outside the store"]
        arguments = [part for part in inputs if part.kind == "input"]
        waits = list(self._waits(arguments))
        # What was not called with a reference is what it was, if nothing before it has changed.
        waiting = {wait.partition(" ")[0] for wait in waits}
        candidates = [part for part in arguments if part.name not in waiting]
        if names := [part.name for part in candidates if self._is_open(part, caller)]:
            waits.append(f"{', '.join(names)} may be different{caller.since}")
        if waits:
            return "unknown", waits
        if all(map(_is_shown, arguments)):
            return self._judge_workflow(task, inputs, [])
        if any(part.kind != "input" for part in inputs):
            return "unknown", [f"{part.name} is not recorded" for part in arguments if not _is_shown(part)]
        # Rows are not there to be hashed again, and are the same.
        method = self._fingerprints.method(task.path)
        has_references = any(map(_references, arguments))
        now = CallFingerprint(method, inputs, by_content=True, names_resources=has_references)
        return self._judge_cached(task, now, [])

    def _is_open(self, part: Part, caller: _Caller) -> bool:
        """Whether an argument, which is no reference, may differ from the one of the compared run."""
        if _references(part):
            return False
        if _is_shown(part):
            return caller.has_changes
        # Rows that no call has returned are the caller's own: it reads them from what it declares.
        return part.digest not in self._reused and (caller.has_changes or not caller.reads)

    def _judge_workflow(
        self, task: TaskRecord, inputs: Parts, reasons: list[str]
    ) -> tuple[PlannedStatus, list[str]]:
        try:
            arguments = dict(recorded_arguments(inputs))
        except ValueError:
            return "runs", [*reasons, "its arguments are not recorded"]
        now = self._fingerprints.of(task.path, arguments)
        if self._is_cached is not None:
            reasons += differences(inputs, now.inputs)
            return self._judge_cached(task, now, reasons)
        reasons += differences(inputs.lasting, now.inputs.lasting)
        if reasons:
            return "runs", reasons
        if task.status != "completed":
            return "runs", ["it did not complete"]
        if task.fingerprint is None or now.lasting_digest != lasting_digest(task, self._parts_of):
            return "runs", [f"{part.name} cannot be compared" for part in now.parts.unknown] or [
                "its inputs changed while it ran"
            ]
        if not _makes_resource(task):
            return "runs", ["it makes no resource that could be reused"]
        return "reused", []

    def _judge_cached(
        self, task: TaskRecord, now: CallFingerprint, reasons: list[str]
    ) -> tuple[PlannedStatus, list[str]]:
        if self._fingerprints.has_effects(task.path):
            return "runs", [*reasons, "it acts outside the store"]
        if self._is_cached is not None and self._is_cached(now):
            if now.digest != task.fingerprint:
                self._others.add(task.task_id)
            return "reused", []
        ended = "its result no longer exists" if task.status == "completed" else "it did not complete"
        return "runs", reasons or [ended]


def recorded_arguments(inputs: Parts) -> Iterator[tuple[str, Any]]:
    """The arguments of a call as its record shows them. Raises ValueError for those that it does not."""
    for part in inputs:
        if part.kind == "input":
            yield part.name, _argument(part)


def _argument(part: Part) -> Any:
    references = _references(part)
    if not references:
        return json.loads(part.shown)
    resources = [parse_reference(reference) for reference in references]
    listed = (part.digest or "")[0]
    return resources if listed == "[" else tuple(resources) if listed == "(" else resources[0]


def _references(part: Part) -> list[str]:
    """The references that an argument is, or consists of; none of one that is something else."""
    text = part.digest or ""
    if text[:1] + text[-1:] in ("[]", "()"):
        text = text[1:-1]
    references = text.split(", ")
    try:
        for reference in references:
            parse_reference(reference)
    except LolpopError:
        return []
    return references


def _is_shown(part: Part) -> bool:
    """Whether the record of an argument says its value."""
    try:
        _argument(part)
    except ValueError:
        return False
    return True


def _makes_resource(task: TaskRecord) -> bool:
    outputs: Mapping[str, str] = task.outputs
    try:
        parse_reference(outputs.get("return", ""))
    except LolpopError:
        return False
    return True
