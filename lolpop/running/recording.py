"""Recording: what happens around a workflow that opens a run, and around every call in it."""

from __future__ import annotations

import secrets
import signal
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.store import RunRecord, RunStatus, TaskRecord
from lolpop.errors import TrainingError
from lolpop.interrupts import InterruptWatch, interruption_of, raise_if_interrupted
from lolpop.kernel.masking import masked, masker
from lolpop.running.failing import locate, noted, status_of, tell_notifiers
from lolpop.running.recorders import MemoryRecorder, recorder_of
from lolpop.runs import RUN, TASK, OpenRun, held

if TYPE_CHECKING:
    from lolpop.integrations import CallKind
    from lolpop.kernel.scopes import Scope
    from lolpop.resources import Resource

__all__ = ["Recording"]

R = TypeVar("R")


class _Clock:
    """Times from one start on, which the clock of the machine may be set back or forward in."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """The start, and the seconds since then."""
        return self.start + timedelta(seconds=time.monotonic() - self._started)


class _RecordedRun(OpenRun):
    """An open run, and what records it."""

    __slots__ = ("recording",)
    recording: Recording


class Recording:
    """Records one run of a container."""

    def __init__(self, scope: Scope, workflow: str, arguments: Mapping[str, Any]) -> None:
        self._root = scope.root
        self._recorder = recorder_of(scope)
        self._workflow = workflow
        self._arguments = arguments
        self._interceptors: list[Interceptor] = _interceptors(self._root)

    def run(self, work: Callable[[], R]) -> R:
        """Do the ``work`` of the workflow as a run, which is open meanwhile."""
        self._clock = clock = _Clock()
        configuration = self._root.configuration
        record = RunRecord(
            run_id=f"{clock.start:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
            workflow=self._workflow,
            container=self._root.declared_as.__name__,
            status="running",
            started_at=clock.start,
            group=configuration.group,
            wiring=self._wiring(),
        )
        resumes = configuration.resumes is not None
        run = _RecordedRun(record.run_id, self._spec, self._mask, self._mask_record, resumes=resumes)
        run.recording = self
        self._run = run
        lifetime = self._root.lifetime
        watch = InterruptWatch(signal.SIGINT)
        with watch, self._recorder.begin_run(record), held(RUN, run), held(TASK, None):
            lifetime.begin_run(run)
            try:
                result = self._intercepted("workflow", self._workflow, work, self._arguments)
                raise_if_interrupted()
            except BaseException as raised:
                error = interruption_of(raised)
                if isinstance(error, TrainingError) and error.parameter is not None:
                    locate(self._root, error, *error.parameter)
                with noted(self._root, error, "the store"):
                    self._end(record, status_of(error), error)
                if not isinstance(error, KeyboardInterrupt | SystemExit):
                    tell_notifiers(self._root, record, error)
                if error is raised:
                    raise
                raise error from raised
            else:
                self._end(record, "completed", None)
                return result
            finally:
                lifetime.end_run(run)
                run.release()

    def _wiring(self) -> dict[str, Any]:
        from lolpop.running.wiring import arguments_of, snapshot

        # What lives no longer than the container is not read by another process.
        if isinstance(self._recorder, MemoryRecorder):
            return snapshot(self._root, full=False)
        return {**snapshot(self._root), **arguments_of(self._root, self._arguments)}

    def task(self, kind: CallKind, path: str, work: Callable[[], R], arguments: Mapping[str, Any]) -> R:
        """Do the ``work`` of a task, or of a workflow inside the run's own, as a part of the run."""
        parent = TASK.get()
        clock = _Clock()
        record = TaskRecord(
            task_id=secrets.token_hex(8),
            run_id=self._run.run_id,
            path=path,
            status="running",
            started_at=clock.start,
            parent_id=None if parent is None else parent[0],
            inputs={name: self._described(value) for name, value in arguments.items()},
        )
        if kind == "workflow" and (taken_over := self._completed(path, arguments)) is not None:
            work = partial(lambda result: result, taken_over)
        self._recorder.begin_task(record)
        with held(TASK, (record.task_id, path)):
            try:
                result = self._intercepted(kind, path, work, arguments)
                raise_if_interrupted()
            except BaseException as raised:
                error = interruption_of(raised)
                ended = replace(
                    record, status=status_of(error), ended_at=clock.now(), error=self._text_of(error)
                )
                with noted(self._root, error, "the store"):
                    self._recorder.end_task(ended)
                if error is raised:
                    raise
                raise error from raised
            outputs = {} if result is None else {"return": self._described(result)}
            self._recorder.end_task(
                replace(record, status="completed", ended_at=clock.now(), outputs=outputs)
            )
            return result

    def _completed(self, path: str, arguments: Mapping[str, Any]) -> Any:
        """What the run that is resumed made by this call.

        None if it did not, or if it is not called with resources alone: a file may be another one by now.
        """
        from lolpop.resources import Resource

        completed = self._root.configuration.resumes
        given = [each for each in arguments.values() if each is not None]
        if completed is None or not given or not all(isinstance(each, Resource) for each in given):
            return None
        return completed.result_of(path, {name: self._described(each) for name, each in arguments.items()})

    def _intercepted(
        self, kind: CallKind, path: str, work: Callable[[], R], arguments: Mapping[str, Any]
    ) -> R:
        proceed: Callable[[], Any] = work
        for interceptor in reversed(self._interceptors):
            if fnmatchcase(path, interceptor.on):
                call = TaskCall(kind, path, self._run.run_id, arguments, proceed)
                proceed = partial(interceptor.around, call)
        result: R = proceed()
        return result

    def _end(self, record: RunRecord, status: RunStatus, error: BaseException | None) -> None:
        text = None if error is None else self._text_of(error)
        self._recorder.end_run(replace(record, status=status, ended_at=self._clock.now(), error=text))

    def _text_of(self, error: BaseException) -> str:
        return masked(self._root, "".join(traceback.format_exception(error)))

    def _described(self, value: object) -> str:
        from lolpop.resources import Resource
        from lolpop.running.wiring import type_and_shape

        if isinstance(value, Resource):
            return value.reference
        known: Resource | None = self._run.resource_of(value)
        if known is not None:
            return known.reference
        if isinstance(value, list | tuple) and value and all(isinstance(each, Resource) for each in value):
            return ", ".join(each.reference for each in value)
        return type_and_shape(value)

    # Most runs have nothing to say before they are at work, and then all secrets are known.

    def _mask(self, text: str) -> str:
        return self._masker(text)

    def _mask_record(self, text: str) -> str:
        return self._record_masker(text)

    @cached_property
    def _masker(self) -> Callable[[str], str]:
        return masker(self._root)

    @cached_property
    def _record_masker(self) -> Callable[[str], str]:
        return masker(self._root, names=False)

    def _spec(self) -> Any:
        from lolpop.kernel.specs import spec_of

        return spec_of(self._root, self._run.run_id)


def _interceptors(root: Scope) -> list[Interceptor]:
    provider = root.providers.get("interceptors")
    return [] if provider is None else list(provider())
