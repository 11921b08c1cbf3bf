"""Recording of runs, and of every call in them."""

from __future__ import annotations

import json
import secrets
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from lolpop.components.interceptor import CallCaching, TaskCall
from lolpop.components.store import RunRecord, RunStatus, TaskRecord
from lolpop.errors import TrainingError
from lolpop.interrupts import InterruptWatch, interruption_of, raise_if_interrupted
from lolpop.kernel.masking import masked, masker
from lolpop.resources import Resource
from lolpop.running.caching import cached_paths, interceptions, is_of_store
from lolpop.running.failures import add_setting_origin, failures_as_notes, notify_failure, status_of
from lolpop.running.open_runs import runs_of
from lolpop.running.recorders import Recorder, recorder_for
from lolpop.running.records import references_in
from lolpop.running.snapshots import arguments_of, snapshot, type_and_shape
from lolpop.running.trainers import trainers_of
from lolpop.runs import RUN, TASK, OpenRun, context_value, storable

if TYPE_CHECKING:
    from lolpop.integrations import CallKind
    from lolpop.kernel.scopes import Scope
    from lolpop.running.completed import Completed
    from lolpop.running.fingerprints.calls import CallFingerprint, CallFingerprints

__all__ = ["OpenRecording", "open_recording"]

R = TypeVar("R")


class _Clock:
    """Times from one start on, which the clock of the machine may be set back or forward in."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """The start, and the seconds since then."""
        return self.start + timedelta(seconds=time.monotonic() - self._started)


class _Call:
    """A call of a task, or of a workflow inside the run's own, while it is made."""

    __slots__ = ("_digest", "_fingerprints", "arguments", "fingerprint", "kind", "record", "reused_from")

    def __init__(
        self,
        kind: CallKind,
        record: TaskRecord,
        arguments: Mapping[str, Any],
        fingerprint: CallFingerprint | None,
        fingerprints: CallFingerprints | None,
    ) -> None:
        self.kind, self.record, self.arguments, self.fingerprint = kind, record, arguments, fingerprint
        self.reused_from = record.reused_from
        self._fingerprints = fingerprints
        self._digest: tuple[str | None] | None = None

    @property
    def may_be_reused(self) -> bool:
        """Whether it acts nowhere but in the store."""
        return self._fingerprints is not None and not self._fingerprints.has_effects(self.record.path)

    def reuse(self, task_id: str) -> None:
        """Note that the result is that of an earlier task."""
        self.reused_from = task_id

    def is_settled(self) -> bool:
        """Whether what the call, which is done, depends on is still what it was before."""
        return self.settled_digest() is not None

    def settled_digest(self) -> str | None:
        """The digest of the call; None if what it depends on was changed meanwhile, or is not known."""
        if self._fingerprints is None or self.fingerprint is None:
            return None
        if self.reused_from is not None:
            return self.fingerprint.digest
        if self._digest is None:
            path = self.record.path
            self._digest = (self._fingerprints.settled(self.fingerprint, path, self.arguments),)
        return self._digest[0]


class OpenRecording(OpenRun):
    """An open run of a container, and its recording."""

    __slots__ = (
        "_clock", "_fingerprints", "_interceptions", "_masks", "_methods", "_record", "_recorded_parts",
        "_recorder", "_root",
    )  # fmt: skip

    def __init__(self, root: Scope, record: RunRecord, clock: _Clock, recorder: Recorder) -> None:
        resumes = runs_of(root).options.resumes is not None
        self._interceptions = interceptions(root)
        caches = any(interception.interceptor.is_cache for interception in self._interceptions)
        super().__init__(
            record.run_id, self._spec, self._mask, self._mask_record, resumes=resumes, caches=caches
        )
        self._root, self._record, self._clock, self._recorder = root, record, clock, recorder
        self._masks: dict[bool, Callable[[str], str]] = {}
        self._fingerprints: CallFingerprints | None = None
        self._recorded_parts: set[str] = set()
        self._methods: dict[str, tuple[str, str]] = {}

    def run(self, work: Callable[[], R], arguments: Mapping[str, Any]) -> R:
        """Do the ``work`` of the run's workflow, and record how it ends."""
        root, record = self._root, self._record
        with (
            InterruptWatch(signal.SIGINT),
            self._recorder.begin_run(record),
            context_value(RUN, self),
            context_value(TASK, None),
            root.lifetime.frozen(),
            runs_of(root).opened(self),
        ):
            try:
                result = self._intercepted("workflow", record.workflow, work, arguments)
                raise_if_interrupted()
            except BaseException as raised:
                error = interruption_of(raised)
                if isinstance(error, TrainingError) and error.parameter is not None:
                    add_setting_origin(root, error, *error.parameter)
                with failures_as_notes(root, error, "notifying the store"):
                    self._end(status_of(error), error)
                if not isinstance(error, KeyboardInterrupt | SystemExit):
                    notify_failure(root, record, error)
                if error is raised:
                    raise
                raise error from raised
            else:
                self._end("completed", None, result)
                return result
            finally:
                self.release()

    def task(self, kind: CallKind, path: str, work: Callable[[], R], arguments: Mapping[str, Any]) -> R:
        """Do the ``work`` of a task, or of a workflow inside the run's own, as a part of the run."""
        parent = TASK.get()
        clock, task_id = _Clock(), secrets.token_hex(8)
        fingerprint = self._fingerprint(path, arguments)
        record = TaskRecord(
            task_id=task_id,
            run_id=self.run_id,
            path=path,
            status="running",
            started_at=clock.start,
            parent_id=None if parent is None else parent[0],
            inputs={name: self._described(value) for name, value in arguments.items()},
            method_parts=None if fingerprint is None else self._keep_parts(task_id, path, fingerprint),
            input_parts=None if fingerprint is None else fingerprint.inputs.dumped,
        )
        if fingerprint is not None and parent is not None:
            self._keep_body(parent[0])
        with self._earlier_call(kind, path, fingerprint) as earlier:
            if earlier is not None:
                record, work = replace(record, reused_from=earlier.task_id), cast("Any", earlier.result)
            call = _Call(kind, record, arguments, fingerprint, self._fingerprints)
            try:
                return self._recorded_task(call, work, clock)
            finally:
                self._methods.pop(record.task_id, None)

    def _recorded_task(self, call: _Call, work: Callable[[], R], clock: _Clock) -> R:
        record, path = call.record, call.record.path
        self._recorder.begin_task(record)
        with context_value(TASK, (record.task_id, path)):
            try:
                result = self._intercepted(call.kind, path, work, call.arguments, self._caching(call))
                raise_if_interrupted()
            except BaseException as raised:
                error = interruption_of(raised)
                ended = replace(
                    record, status=status_of(error), ended_at=clock.now(), error=self._text_of(error)
                )
                with failures_as_notes(self._root, error, "notifying the store"):
                    self._recorder.end_task(ended)
                if error is raised:
                    raise
                raise error from raised
            ended = replace(
                record,
                status="completed",
                ended_at=clock.now(),
                outputs=self._outputs(path, result),
                fingerprint=call.settled_digest(),
                reused_from=call.reused_from,
            )
            self._recorder.end_task(ended)
            return result

    def _fingerprint(self, path: str, arguments: Mapping[str, Any]) -> CallFingerprint | None:
        if not self._recorder.keeps_wiring:
            return None  # what ends with the container is not compared
        if self._fingerprints is None:
            from lolpop.running.fingerprints.calls import CallFingerprints

            self._fingerprints = CallFingerprints(self._root)
        return self._fingerprints.of(path, arguments, by_content=self._is_cached(path))

    def _is_cached(self, path: str) -> bool:
        return any(layer.interceptor.is_cache and layer.is_around(path) for layer in self._interceptions)

    def _caching(self, call: _Call) -> CallCaching | None:
        """What a cache needs to know of a call; None if the call has to be made, or its result is known."""
        if call.reused_from is not None or not call.may_be_reused or not self._is_cached(call.record.path):
            return None
        fingerprint = call.fingerprint
        if fingerprint is None or fingerprint.digest is None:
            return None
        return CallCaching(
            fingerprint.digest,
            call.record.task_id,
            call.is_settled,
            call.reuse,
            partial(trainers_of, self._root),
            fingerprint.names_resources,
            partial(is_of_store, self._root),
        )

    def _earlier_call(
        self, kind: CallKind, path: str, fingerprint: CallFingerprint | None
    ) -> AbstractContextManager[Completed | None]:
        is_resumed, is_cached = runs_of(self._root).options.resumes is not None, self._is_cached(path)
        if fingerprint is None or self._fingerprints is None or not (is_resumed or is_cached):
            return nullcontext()
        if (kind == "task" and not is_cached) or self._fingerprints.has_effects(path):
            return nullcontext()
        from lolpop.running.reusing import earlier_call

        return earlier_call(self._root, fingerprint, cached=is_cached)

    def _keep_parts(self, task_id: str, path: str, fingerprint: CallFingerprint) -> str:
        """Keep what all calls of the method depend on, once; the key under which it is kept."""
        key = fingerprint.method.identity
        if key not in self._recorded_parts:
            self._recorder.keep_fingerprint_parts(key, fingerprint.method.dumped)
            self._recorded_parts.add(key)
        self._methods[task_id] = key, path
        return key

    def _keep_body(self, caller: str) -> None:
        """Keep what the body of a call is that calls others: plans compare it, and the calls' arguments."""
        if self._fingerprints is None or caller not in self._methods:
            return
        key, path = self._methods.pop(caller)
        body = self._fingerprints.body_digest(path) if self.caches else None
        if body is not None:
            from lolpop.running.fingerprints.parts import body_key

            self._recorder.keep_fingerprint_parts(body_key(key), body)

    def _intercepted(
        self,
        kind: CallKind,
        path: str,
        work: Callable[[], R],
        arguments: Mapping[str, Any],
        caching: CallCaching | None = None,
    ) -> R:
        proceed: Callable[[], Any] = work
        for interception in reversed(self._interceptions):
            if interception.is_around(path):
                # Of several caches the innermost works: each would wait for the other's lock.
                own, caching = (caching, None) if interception.interceptor.is_cache else (None, caching)
                call = TaskCall(kind, path, self.run_id, arguments, proceed, own)
                proceed = partial(interception.interceptor.around, call)
        result: R = proceed()
        return result

    def _end(self, status: RunStatus, error: BaseException | None, result: object = None) -> None:
        text = None if error is None else self._text_of(error)
        ended = replace(self._record, status=status, ended_at=self._clock.now(), error=text)
        if status == "completed" and "step" in ended.wiring:
            step = {**ended.wiring["step"], **_kept_result(result)}
            ended = replace(ended, wiring={**ended.wiring, "step": step})
        self._recorder.end_run(ended)

    def _text_of(self, error: BaseException) -> str:
        return masked(self._root, "".join(traceback.format_exception(error)))

    def _outputs(self, path: str, result: object) -> dict[str, str]:
        """What a call returned; with its digest where that is no resource and the call is cached."""
        if result is None:
            return {}
        outputs = {"return": self._described_result(result)}
        if self._fingerprints is not None and self._is_cached(path) and not isinstance(result, Resource):
            digest = self._fingerprints.content_of(result)
            return outputs if digest is None else {**outputs, "digest": digest}
        return outputs

    def _described_result(self, value: object) -> str:
        """A result by its reference; with its type, where that is not the resource itself that it names."""
        described = self._described(value)
        if isinstance(value, Resource) or not any(references_in(described)):
            return described
        return f"{described} ({type(value).__name__})"

    def _described(self, value: object) -> str:
        if isinstance(value, Resource):
            return value.reference
        resource = self.resource_of(value)
        if resource is not None:
            return resource.reference
        if isinstance(value, list | tuple) and value and all(isinstance(item, Resource) for item in value):
            return ", ".join(item.reference for item in value)
        return type_and_shape(value)

    # Most runs have nothing to say before they are at work, and then all secrets are known.

    def _mask(self, text: str) -> str:
        return self._masker(names=True)(text)

    def _mask_record(self, text: str) -> str:
        return self._masker(names=False)(text)

    def _masker(self, *, names: bool) -> Callable[[str], str]:
        if names not in self._masks:
            self._masks[names] = masker(self._root, names=names)
        return self._masks[names]

    def _spec(self) -> Any:
        from lolpop.kernel.specs import spec_of

        return spec_of(self._root, self.run_id, recorded=self._recorder.keeps_wiring)


def open_recording(scope: Scope, workflow: str, arguments: Mapping[str, Any]) -> OpenRecording:
    """A run of ``workflow``, ready to be performed."""
    root, recorder, clock = scope.root, recorder_for(scope), _Clock()
    record = RunRecord(
        run_id=f"{clock.start:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
        workflow=workflow,
        container=root.declared_as.__name__,
        status="running",
        started_at=clock.start,
        group=runs_of(root).options.group,
        wiring=_wiring(root, recorder, workflow, arguments),
    )
    return OpenRecording(root, record, clock, recorder)


def _kept_result(result: object) -> dict[str, Any]:
    """The result of a step as a later attempt returns it; empty if it cannot be kept as JSON."""
    value = result.reference if isinstance(result, Resource) else storable(result)
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return {}
    return {"result": value}


def _wiring(root: Scope, recorder: Recorder, workflow: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    # What lives no longer than the container is not read by another process.
    if not recorder.keeps_wiring:
        return snapshot(root, full=False)
    wiring = {**snapshot(root), **arguments_of(root, arguments)}
    if cached_paths(root):
        from lolpop.running.fingerprints.calls import CallFingerprints

        # What a plan compares, to know whether the calls get the same arguments.
        wiring["body_digest"] = CallFingerprints(root).body_digest(workflow)
    options = runs_of(root).options
    if options.swept or options.step is not None:
        from lolpop.running.up_to_date import run_digest

        digest = run_digest(root, workflow, arguments)
        if options.swept:
            wiring["sweep"] = {"settings": list(options.swept), "digest": digest}
        if options.step is not None:
            wiring["step"] = {"name": options.step, "digest": digest}
    return wiring
