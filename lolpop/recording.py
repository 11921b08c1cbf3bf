"""Recording: what happens around every call of a workflow and a task."""

from __future__ import annotations

import inspect
import secrets
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from lolpop.arguments import bind
from lolpop.components.interceptor import Interceptor, TaskCall
from lolpop.components.store import RunRecord, RunStatus, Store, TaskRecord
from lolpop.errors import LolpopError, TrainingError, WiringError
from lolpop.masking import masked, masker
from lolpop.providers import Component, Components
from lolpop.providers.queries import slots_in
from lolpop.runs import RUN, TASK, OpenRun

if TYPE_CHECKING:
    from lolpop.integrations import CallKind
    from lolpop.resources import Resource
    from lolpop.scopes import Scope

__all__ = ["CallBinding", "MemoryRecorder", "Recorder", "recorder_of"]

R = TypeVar("R")


class MemoryRecorder:
    """Keeps the runs of one container for as long as the container lives."""

    def __init__(self) -> None:
        self._runs: dict[str, RunRecord] = {}
        self._tasks: dict[str, TaskRecord] = {}
        self._lock = Lock()

    def begin_run(self, run: RunRecord) -> AbstractContextManager[None]:
        """Record ``run`` as running."""
        self.end_run(run)
        return nullcontext()

    def end_run(self, run: RunRecord) -> None:
        """Record how ``run`` ended."""
        with self._lock:
            self._runs[run.run_id] = run

    def begin_task(self, task: TaskRecord) -> None:
        """Record ``task`` as running."""
        self.end_task(task)

    def end_task(self, task: TaskRecord) -> None:
        """Record how ``task`` ended."""
        with self._lock:
            self._tasks[task.task_id] = task

    def runs(self, *, group: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """Runs, newest first."""
        with self._lock:
            runs = [run for run in reversed(self._runs.values()) if group in (None, run.group)]
        return runs[:limit]

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""
        with self._lock:
            return [task for task in self._tasks.values() if task.run_id == run_id]


Recorder: TypeAlias = Store | MemoryRecorder
"""What a run is recorded by."""


def recorder_of(scope: Scope) -> Recorder:
    """What records the runs of a container: its store where that is used or set, else memory."""
    root = scope.root
    store = root.providers.get("store")
    if store is not None and (root.configuration.recorded or _uses(root, store)):
        recorder: Recorder = store()
        return recorder
    lifetime = root.lifetime
    with lifetime.lock:
        if lifetime.memory is None:
            lifetime.memory = MemoryRecorder()
        memory: Recorder = lifetime.memory
    return memory


class CallBinding:
    """Ties a pipeline or runner to the container that built it: its calls are recorded and intercepted."""

    __slots__ = ("_path", "_scope", "provider")

    def __init__(self, scope: Scope, path: str, provider: str) -> None:
        self._scope = scope
        self._path = path
        self.provider = provider

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        # A copy in another process belongs to no container; containers are rebuilt there from a spec.
        return type(None), ()

    def call(
        self, kind: CallKind, method: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> R:
        """Call ``method`` as a workflow, which opens a run or joins the open one, or as a task of that."""
        function = _function(method)
        try:
            bound = bind(function, args, kwargs)
        except TypeError:
            method(*args, **kwargs)  # it raises the error that Python words best
            raise
        name = function.__name__
        around = _CALL.get()
        if around is not None and around.is_continued_by(self, function):
            return method(*bound.args, **bound.kwargs)
        with _current(_CALL, _Call(self, function)):
            return self._recorded(kind, name, method, bound)

    def _recorded(
        self, kind: CallKind, name: str, method: Callable[..., R], bound: inspect.BoundArguments
    ) -> R:
        path = f"{self._path}.{name}" if self._path else name
        run = self._open_run(kind)
        if run is None and kind == "task":
            return method(*bound.args, **bound.kwargs)
        if run is None:
            return _Recording(self._scope, path, bound.arguments).run(
                partial(method, *bound.args, **bound.kwargs)
            )
        recording: _Recording = run.recording
        with _current(RUN, run):
            return recording.task(kind, path, partial(method, *bound.args, **bound.kwargs), bound.arguments)

    def _open_run(self, kind: CallKind) -> Any:
        lifetime = self._scope.lifetime
        current = RUN.get()
        if current is not None and any(current is run for run in lifetime.open_runs):
            return current
        if kind == "workflow":
            return None
        # A thread of a pool starts with an empty context: a task called there belongs to the one open run.
        open_runs = list(lifetime.open_runs)
        if len(open_runs) > 1:
            raise WiringError(
                f"{len(open_runs)} runs of this container are open, and this thread belongs to none of them",
                "Start the thread's work with contextvars.copy_context().run(…).",
            )
        return open_runs[0] if open_runs else None


class _Call:
    """A call that is at work in this context: an integration, by its binding, and a function of its class."""

    __slots__ = ("binding", "function")

    def __init__(self, binding: CallBinding, function: Callable[..., Any]) -> None:
        self.binding = binding
        self.function = function

    def is_continued_by(self, binding: CallBinding, function: Callable[..., Any]) -> bool:
        """Whether a call of ``function`` is ``super()`` of this one: the same method, of a class above.

        A method that calls itself is a call of its own, though: that is the same function.
        """
        name = self.function.__name__
        return self.binding is binding and name == function.__name__ and self.function is not function


_CALL: ContextVar[_Call | None] = ContextVar("lolpop_call", default=None)


class _RecordedRun(OpenRun):
    """An open run, and what records it."""

    __slots__ = ("recording",)
    recording: _Recording


class _Recording:
    """Records one run of a container."""

    def __init__(self, scope: Scope, workflow: str, arguments: Mapping[str, Any]) -> None:
        self._root = scope.root
        self._recorder = recorder_of(scope)
        self._workflow = workflow
        self._arguments = arguments
        self._interceptors: list[Interceptor] = _interceptors(self._root)
        self._masker: Callable[[str], str] | None = None

    def run(self, work: Callable[[], R]) -> R:
        now = datetime.now(UTC)
        configuration = self._root.configuration
        record = RunRecord(
            run_id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
            workflow=self._workflow,
            container=self._root.declared_as.__name__,
            status="running",
            started_at=now,
            group=configuration.group,
            wiring=self._wiring(),
        )
        resumes = configuration.resumes is not None
        run = _RecordedRun(record.run_id, self._spec, self._mask, resumes=resumes)
        run.recording = self
        self._run = run
        lifetime = self._root.lifetime
        with self._recorder.begin_run(record), _current(RUN, run), _current(TASK, None):
            lifetime.begin_run(run)
            try:
                result = self._intercepted("workflow", self._workflow, work, self._arguments)
            except BaseException as error:
                if isinstance(error, TrainingError) and error.parameter is not None:
                    _locate(self._root, error, *error.parameter)
                with _noted(self._root, error, "the store"):
                    self._end(record, _status_of(error), error)
                if not isinstance(error, KeyboardInterrupt | SystemExit):
                    _tell_notifiers(self._root, record, error)
                raise
            else:
                self._end(record, "completed", None)
                return result
            finally:
                lifetime.end_run(run)
                run.release()

    def _wiring(self) -> dict[str, Any]:
        from lolpop.wiring import arguments_of, snapshot

        # What lives no longer than the container is not read by another process.
        if isinstance(self._recorder, MemoryRecorder):
            return snapshot(self._root, full=False)
        return {**snapshot(self._root), **arguments_of(self._root, self._arguments)}

    def task(self, kind: CallKind, path: str, work: Callable[[], R], arguments: Mapping[str, Any]) -> R:
        parent = TASK.get()
        record = TaskRecord(
            task_id=secrets.token_hex(8),
            run_id=self._run.run_id,
            path=path,
            status="running",
            started_at=datetime.now(UTC),
            parent_id=None if parent is None else parent[0],
            inputs={name: self._described(value) for name, value in arguments.items()},
        )
        if kind == "workflow" and (taken_over := self._completed(path, arguments)) is not None:
            work = partial(lambda result: result, taken_over)
        self._recorder.begin_task(record)
        with _current(TASK, (record.task_id, path)):
            try:
                result = self._intercepted(kind, path, work, arguments)
            except BaseException as error:
                ended = replace(
                    record, status=_status_of(error), ended_at=datetime.now(UTC), error=self._text_of(error)
                )
                with _noted(self._root, error, "the store"):
                    self._recorder.end_task(ended)
                raise
            outputs = {} if result is None else {"return": self._described(result)}
            self._recorder.end_task(
                replace(record, status="completed", ended_at=datetime.now(UTC), outputs=outputs)
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
        self._recorder.end_run(replace(record, status=status, ended_at=datetime.now(UTC), error=text))

    def _text_of(self, error: BaseException) -> str:
        return masked(self._root, "".join(traceback.format_exception(error)))

    def _described(self, value: object) -> str:
        from lolpop.resources import Resource
        from lolpop.wiring import type_and_shape

        if isinstance(value, Resource):
            return value.reference
        known: Resource | None = self._run.resource_of(value)
        if known is not None:
            return known.reference
        if isinstance(value, list | tuple) and value and all(isinstance(each, Resource) for each in value):
            return ", ".join(each.reference for each in value)
        return type_and_shape(value)

    def _mask(self, text: str) -> str:
        # Most runs have nothing to say before they are at work, and then all secrets are known.
        if self._masker is None:
            self._masker = masker(self._root)
        return self._masker(text)

    def _spec(self) -> Any:
        from lolpop.specs import spec_of

        return spec_of(self._root, self._run.run_id)


@contextmanager
def _current(variable: Any, value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _interceptors(root: Scope) -> list[Interceptor]:
    provider = root.providers.get("interceptors")
    return [] if provider is None else list(provider())


def _uses(root: Scope, store: Any) -> bool:
    if root.configuration.tree.nodes(("store",)):
        return True
    return any(store in slot.needs() for slot in slots_in(root))


def _tell_notifiers(root: Scope, run: RunRecord, error: BaseException) -> None:
    from lolpop.components.notifier import Notifier

    text = masked(root, f"{run.workflow} failed in run {run.run_id}: {_short(error)}")
    for slot in root.providers.values():
        interface = slot.interface if isinstance(slot, Component | Components) else None
        if not (isinstance(interface, type) and issubclass(interface, Notifier)):
            continue
        with _noted(root, error, slot.path):
            found = slot()
            for notifier in found if isinstance(found, list) else [found]:
                if not getattr(notifier, "reaches_elsewhere", True):
                    continue  # the error itself is about to be seen on the console
                with _noted(root, error, type(notifier).__name__):
                    notifier.notify(text, "error")


def _locate(root: Scope, error: TrainingError, name: str, value: str) -> None:
    """Let an error about a parameter tell which setting gave it, and where, if one did."""
    for slot in slots_in(root):
        params = slot.plan.settings.get("params")
        given = params.value if params is not None and params.is_given else None
        if isinstance(given, Mapping) and name in given and repr(given[name]) == value:
            origin = slot.plan.origin_of(("params", name))
            error.add_note(f"It is set at {origin}, as {slot.path}.params.{name}.")
            return


@contextmanager
def _noted(root: Scope, error: BaseException, who: str) -> Iterator[None]:
    """Let a failure to tell ``who`` of ``error`` be a note of it: what failed first is what must be seen."""
    try:
        yield
    except Exception as failure:  # noqa: BLE001  (notifiers may fail in any way)
        note = masked(root, f"{who} could not be told: {failure!r}")
        # A store that fails a task fails to hear of it too, once for each call that it ends.
        if str(failure) != str(error) and note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def _status_of(error: BaseException) -> RunStatus:
    return "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"


def _short(error: BaseException) -> str:
    return str(error) if isinstance(error, LolpopError) else f"{type(error).__name__}: {error}"


def _function(method: Callable[..., Any]) -> Callable[..., Any]:
    function: Callable[..., Any] = method.func if isinstance(method, partial) else method
    return function
