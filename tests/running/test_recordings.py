"""Runs: what happens around every call of a workflow and a task."""

import contextvars
import inspect
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from greeter_app import App, AppContainer, Clock, Greet

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.interceptor import Interceptor
from lolpop.components.notifier import Notifier
from lolpop.components.store import Store
from lolpop.containers import scope_of
from lolpop.errors import LolpopError, WiringError
from lolpop.resources import DatasetVersion, ModelVersion, Run
from lolpop.running.recorders import recorder_for
from lolpop.runs import current_run, current_task, recall, remember, resource_of

TIMEOUT = 60


def runs(container):
    return container.runs()


def tasks(container, run=None):
    run = run or container.runs()[0]
    return recorder_for(scope_of(container)).tasks(run.run_id)


class Steps(Pipeline):
    @task
    def step(self, what: object = None) -> object:
        if isinstance(what, BaseException):
            raise what
        return what() if callable(what) else what

    @task
    def train(self, dataset_version: DatasetVersion, size: int = 3) -> ModelVersion:
        assert isinstance(dataset_version, DatasetVersion)
        return ModelVersion(name="m", number=1)

    @task
    def outer(self) -> object:
        return self.step(current_task)


class Flow(Runner):
    def __init__(self, *, steps: Steps):
        self.steps = steps

    @workflow
    def run(self, what: object = None) -> object:
        return self.steps.step(what)

    @workflow
    def many(self, count: int = 3) -> list:
        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(self.steps.step, range(count)))

    @workflow
    def around(self) -> object:
        return self.run("inner")

    @workflow
    def train(self, dataset_version: DatasetVersion) -> ModelVersion:
        assert isinstance(dataset_version, DatasetVersion)
        return self.steps.train(dataset_version)

    @workflow
    def nest(self) -> object:
        return self.steps.outer()


class StepsContainer(PipelineContainer):
    pipeline = providers.Pipeline(Steps)


class FlowContainer(RunnerContainer):
    notifiers = providers.Components(Notifier)
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(Flow)


@pytest.fixture
def c():
    return FlowContainer()


def test_a_workflow_opens_a_run_and_a_task_is_recorded_in_it(c):
    """A call of a workflow is a run, with its tasks in the order of their start."""
    assert c.runner().run(5) == 5
    (run,) = runs(c)
    assert (run.workflow, run.container, run.status, run.error) == ("run", "FlowContainer", "completed", None)
    assert run.duration >= 0
    (step,) = tasks(c)
    assert (step.run_id, step.path, step.status) == (run.run_id, "steps.step", "completed")
    assert step.inputs == {"what": "int"}
    assert step.outputs == {"return": "int"}
    assert step.ended_at >= step.started_at >= run.started_at


def test_each_call_is_a_run_of_its_own(c):
    """Runs are listed newest first, each with an id of its own."""
    runner = c.runner()
    runner.run()
    runner.nest()
    assert [run.workflow for run in runs(c)] == ["nest", "run"]
    assert len({run.run_id for run in runs(c)}) == 2


def test_a_run_is_recorded_though_the_container_variable_is_gone():
    """A reference to the runner is enough."""
    runner = FlowContainer.load(environ={}).runner()
    seen = []
    runner.run(lambda: seen.append(current_run()))
    assert seen[0] is not None


def test_a_nested_workflow_joins(c):
    """A workflow inside another is a task of the same run, and the parent of its tasks."""
    c.runner().around()
    assert [run.workflow for run in runs(c)] == ["around"]
    inner, step = tasks(c)
    assert (inner.path, inner.parent_id) == ("run", None)
    assert (step.path, step.parent_id) == ("steps.step", inner.task_id)


def test_tasks_inside_tasks_know_their_parent(c):
    """A task inside another has it as parent, and current_task is the innermost."""
    assert c.runner().nest() == "steps.step"
    outer, inner = tasks(c)
    assert inner.parent_id == outer.task_id


class Counting(Interceptor):
    def __init__(self, on: str = "*") -> None:
        self.on = on
        self.calls = []

    def around(self, call):
        self.calls.append(call.path)
        return call.proceed()


class LongerSteps(Steps):
    @task
    def step(self, what: object = None) -> object:
        if what == "again":
            return self.step("done")
        return super().step(what)


class LongestSteps(LongerSteps):
    @task
    def step(self, what: object = None) -> object:
        return super().step(what)


class LongerFlow(Flow):
    @workflow
    def run(self, what: object = None) -> object:
        return super().run(what)


class LongestStepsContainer(PipelineContainer):
    pipeline = providers.Pipeline(LongestSteps)


@pytest.mark.parametrize(
    ("what", "paths"),
    [
        ("x", ["steps.step"]),
        # A task that calls itself, or another one, is at work once more.
        ("again", ["steps.step", "steps.step"]),
    ],
)
def test_a_call_that_goes_on_in_classes_above_is_one_call(what, paths):
    """A task or workflow that calls ``super()`` is recorded and intercepted once."""

    class LongerContainer(RunnerContainer):
        steps = providers.nested(LongestStepsContainer)
        runner = providers.Runner(LongerFlow)
        interceptors = providers.Components(Interceptor, default=[Counting])

    container = LongerContainer()
    container.runner().run(what)
    assert [task.path for task in tasks(container)] == paths
    (counting,) = container.interceptors()
    assert counting.calls == ["run", *paths]
    with pytest.raises(ValueError, match="no"):
        container.runner().run(ValueError("no"))
    assert [task.status for task in tasks(container)] == ["failed"]


def test_tasks_of_a_thread_pool_are_recorded_in_the_open_run(c):
    """A thread without the context of a run uses the only open run."""
    assert c.runner().many(4) == [0, 1, 2, 3]
    (run,) = runs(c)
    assert [step.run_id for step in tasks(c)] == [run.run_id] * 4


def test_what_a_task_calls_in_a_pool_sees_the_run(c):
    """Inside a task of a thread pool, current_run and current_task are set."""
    seen = []

    class Looking(Flow):
        @workflow
        def run(self, what=None):
            with ThreadPoolExecutor(1) as pool:
                look = lambda: seen.append((current_run().run_id, current_task()))  # noqa: E731
                pool.submit(self.steps.step, look).result(TIMEOUT)

    c = type("C", (FlowContainer,), {"runner": providers.Runner(Looking)})()
    c.runner().run()
    assert seen == [(runs(c)[0].run_id, "steps.step")]


def test_workflows_of_two_threads_are_two_runs(c):
    """Workflows that run in two threads at once are separate runs."""
    runner = c.runner()
    barrier = threading.Barrier(2)

    def call(which):
        return runner.run(lambda: (barrier.wait(TIMEOUT), current_run().run_id)[1])

    with ThreadPoolExecutor(2) as pool:
        ids = list(pool.map(call, range(2)))
    assert len(set(ids)) == 2
    assert sorted(run.run_id for run in runs(c)) == sorted(ids)
    assert all(len(tasks(c, run)) == 1 for run in runs(c))


def test_a_thread_that_belongs_to_no_run_of_two_is_told_how(c):
    """With two open runs, a task of a plain thread is an error with advice."""
    runner = c.runner()
    barrier = threading.Barrier(3)
    release = threading.Event()

    def hold():
        barrier.wait(TIMEOUT)
        release.wait(TIMEOUT)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(runner.run, hold) for _ in range(2)]
        barrier.wait(TIMEOUT)
        try:
            with pytest.raises(WiringError, match=r"2 runs of this container are open.*copy_context"):
                c.steps.pipeline().step(1)
        finally:
            release.set()
        for future in futures:
            future.result(TIMEOUT)


def test_a_copied_context_carries_the_run(c):
    """contextvars.copy_context().run(…) takes the run and the parent task into a thread."""

    def in_thread():
        context = contextvars.copy_context()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(context.run, c.steps.pipeline().step, 1).result(TIMEOUT)

    c.runner().run(in_thread)
    outer, inner = tasks(c)
    assert inner.parent_id == outer.task_id


def test_a_failing_task_marks_task_and_run_failed(c):
    """The error is raised unchanged; task and run have its text and traceback."""
    with pytest.raises(ZeroDivisionError):
        c.runner().run(ZeroDivisionError("nothing by nothing"))
    (run,), (step,) = runs(c), tasks(c)
    assert (run.status, step.status) == ("failed", "failed")
    for error in (run.error, step.error):
        assert "ZeroDivisionError: nothing by nothing" in error
        assert "Traceback" in error
    assert run.ended_at is not None


def test_a_failure_that_the_workflow_handles(c):
    """A handled failure is a failed task of a completed run."""

    class Brave(Flow):
        @workflow
        def run(self, what=None):
            try:
                self.steps.step(ValueError("x"))
            except ValueError:
                return "fine"

    c = type("C", (FlowContainer,), {"runner": providers.Runner(Brave)})()
    assert c.runner().run() == "fine"
    assert (runs(c)[0].status, tasks(c)[0].status) == ("completed", "failed")


def test_ctrl_c_marks_interrupted(c):
    """KeyboardInterrupt marks task and run as interrupted."""
    with pytest.raises(KeyboardInterrupt):
        c.runner().run(KeyboardInterrupt())
    assert (runs(c)[0].status, tasks(c)[0].status) == ("interrupted", "interrupted")


class Remembering(Notifier):
    def __init__(self, fails: bool = False):
        self.fails, self.heard = fails, []

    def notify(self, message, level="info"):
        self.heard.append((message, level))
        if self.fails:
            raise OSError("no network")


def test_notifiers_are_told_of_a_failure_and_cannot_hide_it(c):
    """All notifiers get the failure, even if one fails; the original error is raised."""
    failing, hearing = Remembering(fails=True), Remembering()
    with c.notifiers.override([failing, hearing]), pytest.raises(ZeroDivisionError) as error:
        c.runner().run(ZeroDivisionError("oh"))
    ((message, level),) = hearing.heard
    assert level == "error"
    assert message == f"run failed in run {runs(c)[0].run_id}: ZeroDivisionError: oh"
    assert failing.heard
    assert "notifying Remembering failed: OSError" in error.value.__notes__[0]


def test_a_notifier_that_cannot_be_built_hides_nothing():
    """The error of the run is raised, whatever fails in the notifiers."""

    class Unbuildable(Remembering):
        def __init__(self):
            raise OSError("no address")

    container = type(
        "C", (FlowContainer,), {"notifiers": providers.Components(Notifier, default=[Unbuildable])}
    )
    with pytest.raises(ZeroDivisionError):
        container().runner().run(ZeroDivisionError())


def test_notifiers_are_not_told_of_ctrl_c(c):
    """An interrupt sends no notification."""
    hearing = Remembering()
    with c.notifiers.override([hearing]), pytest.raises(KeyboardInterrupt):
        c.runner().run(KeyboardInterrupt())
    assert hearing.heard == []


class Writing(Interceptor):
    def __init__(self, name: str = "", on: str = "*", times: int = 1):
        self.name, self.on, self.times = name, on, times

    written = []  # noqa: RUF012  (what the tests read)

    def around(self, call):
        for _ in range(self.times):
            self.written.append(f"{self.name}>{call.kind} {call.path}")
            result = call.proceed()
            self.written.append(f"<{self.name}")
        return result


def intercepted(*interceptors):
    Writing.written.clear()
    settings = {
        "interceptors": [{"use": f"{__name__}:Writing", **interceptor} for interceptor in interceptors]
    }
    return FlowContainer.load(overrides=settings, environ={})


def test_interceptors_stand_in_list_order_outermost_first():
    """The first of the list is the outermost, for workflows and tasks."""
    intercepted({"name": "a"}, {"name": "b"}).runner().run()
    assert Writing.written == [
        "a>workflow run", "b>workflow run", "a>task steps.step", "b>task steps.step", "<b", "<a", "<b", "<a",
    ]  # fmt: skip


def test_interceptors_stand_where_their_pattern_matches():
    """`on` is a pattern of paths."""
    intercepted({"name": "a", "on": "steps.*"}, {"name": "b", "on": "run"}).runner().run()
    assert Writing.written == ["b>workflow run", "a>task steps.step", "<a", "<b"]


def test_an_interceptor_may_proceed_twice():
    """proceed() may be called again, and runs all inner interceptors each time."""
    c = intercepted({"name": "a", "on": "steps.*", "times": 2}, {"name": "b", "on": "steps.*"})
    assert c.runner().run(7) == 7
    assert Writing.written == ["a>task steps.step", "b>task steps.step", "<b", "<a"] * 2
    assert len(tasks(c)) == 1


def test_an_interceptor_may_answer_itself():
    """The result of around() is used; the call itself is optional."""

    class Answering(Interceptor):
        on = "steps.step"

        def around(self, call):
            assert dict(call.arguments) == {"what": 7}
            assert call.run_id == current_run().run_id
            return "cached"

    container = type(
        "C", (FlowContainer,), {"interceptors": providers.Components(Interceptor, default=[Answering])}
    )
    assert container().runner().run(7) == "cached"


def test_an_interceptors_error_fails_the_task(c):
    """The error of an interceptor is the error of the task."""

    class Refusing(Interceptor):
        on = "steps.*"

        def around(self, call):
            raise LolpopError("not today")

    with c.interceptors.override([Refusing()]), pytest.raises(LolpopError, match="not today"):
        c.runner().run()
    assert (runs(c)[0].status, tasks(c)[0].status) == ("failed", "failed")


def test_components_are_not_intercepted():
    """Only tasks and workflows are."""
    Writing.written.clear()
    settings = {"interceptors": [{"use": f"{__name__}:Writing"}]}
    c = AppContainer.load(overrides=settings, environ={})
    c.runner().run()
    assert {line for line in Writing.written if ">" in line} == {">workflow run", ">task greet.greet"}


class Filed(Component):
    def __init__(self, *, store: Store):
        self.store = store


class FiledPipeline(Steps):
    def __init__(self, *, filed: Filed):
        self.filed = filed


class FiledContainer(PipelineContainer):
    filed = providers.Component(Filed, default=Filed)
    pipeline = providers.Pipeline(FiledPipeline)


def test_runs_are_in_memory_where_nothing_takes_the_store(c, tmp_path, monkeypatch):
    """A container that injects the store nowhere writes nothing."""
    monkeypatch.chdir(tmp_path)
    c.runner().run()
    assert len(runs(c)) == 1
    assert list(tmp_path.iterdir()) == []


def test_runs_are_in_the_store_where_it_is_set(tmp_path, monkeypatch):
    """With `store:` in the settings, other containers can read the runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lolpop.yaml").write_text("store: {}\n")
    with FlowContainer.load(overrides={"store.use": "sql"}, environ={}) as c:
        c.runner().run(ModelVersion(name="m", number=2))
        before = runs(c)
    assert (tmp_path / ".lolpop" / "store.db").exists()
    with FlowContainer.load(overrides={"store.use": "sql"}, environ={}) as c:
        assert runs(c) == before
        (step,) = tasks(c)
        assert step.inputs == {"what": "model_version:m@2"}
        assert runs(c)[0].wiring["components"]["steps.pipeline"]["settings"] == {}


@pytest.mark.parametrize("how", ["component", "element", "factory", "stand-in"])
def test_runs_are_in_the_store_where_something_takes_it(tmp_path, monkeypatch, how):
    """The store is used if anything depends on it, by any wiring."""
    monkeypatch.chdir(tmp_path)

    class Noting(Interceptor):
        on = "*"

        def __init__(self, *, store: Store):
            self.store = store

        def around(self, call):
            return call.proceed()

    @dataclass
    class Made:
        store: Store

    class Using(Component):
        def __init__(self, *, made: Made):
            self.made = made

    if how == "component":
        slots = {"steps": providers.nested(FiledContainer)}
    elif how == "element":
        slots = {"interceptors": providers.Components(Interceptor, default=[Noting])}
    elif how == "factory":
        made = providers.Factory(Made, store=RunnerContainer.store)
        slots = {"made": made, "using": providers.Component(Using, default=Using)}
    else:
        slots = {"filed": providers.Component(Component, default=Clock)}
    with type("C", (FlowContainer,), slots)() as c:
        if how == "stand-in":
            c.filed.override(providers.Component(Component, default=Filed))
        c.runner().run()
        assert len(runs(c)) == 1
    assert (tmp_path / ".lolpop" / "store.db").exists()


def test_references_are_accepted_for_resources(c):
    """Workflows and tasks accept a reference as text for a resource."""
    assert c.runner().train("dataset_version:d@3") == ModelVersion(name="m", number=1)
    (step,) = tasks(c)
    assert step.inputs == {"dataset_version": "dataset_version:d@3", "size": "int"}
    assert step.outputs == {"return": "model_version:m@1"}
    assert c.steps.pipeline().train("dataset_version:d@3").number == 1


def test_a_reference_that_is_none_is_reported(c):
    """Text that is no reference of the kind is an error before anything runs."""
    with pytest.raises(
        LolpopError, match=r"'model_version:d@3' is not a reference.*dataset_version:name@number"
    ):
        c.runner().train("model_version:d@3")
    assert runs(c) == []


@pytest.mark.parametrize(("wrong", "shown"), [(3, "3"), (None, "None"), (Run(name="r"), "run:r")])
def test_an_argument_that_is_no_resource_is_reported(c, wrong, shown):
    """The error has the workflow or task, the parameter, and what was expected."""
    expected = f"dataset_version of train: {shown} is not a reference of the form dataset_version:name@number"
    with pytest.raises(LolpopError, match=expected):
        c.runner().train(wrong)
    with pytest.raises(LolpopError, match=expected):
        c.steps.pipeline().train(wrong)
    assert runs(c) == []


def test_parameters_that_take_more_than_one_kind_take_either():
    """None, references of each kind, and frames are accepted by their annotation."""

    class Taking(Runner):
        @workflow
        def either(self, made: ModelVersion | DatasetVersion, maybe: DatasetVersion | None = None):
            return made, maybe

        @workflow
        def rows(self, rows: DatasetVersion | list):
            return rows

        @workflow
        def text(self, rows: DatasetVersion | str):
            return rows

    class TakingContainer(RunnerContainer):
        runner = providers.Runner(Taking)

    runner = TakingContainer().runner()
    version = DatasetVersion(name="d", number=1)
    assert runner.either("dataset_version:d@1", None) == (version, None)
    assert runner.either("model_version:d@1", "dataset_version:d@1") == (
        ModelVersion(name="d", number=1),
        version,
    )
    with pytest.raises(
        LolpopError, match=r"made of either: None is not .* model_version:.* or dataset_version:"
    ):
        runner.either(None)
    assert runner.rows("dataset_version:d@1") == version
    assert runner.rows([1]) == [1]
    assert runner.text("any.csv") == "any.csv"


def test_arguments_that_do_not_fit_are_pythons_own_error(c):
    """A wrong call raises Python's TypeError, and opens no run."""
    with pytest.raises(TypeError, match=r"train\(\).*dataset_version"):
        c.runner().train()
    with pytest.raises(TypeError, match="unexpected keyword argument 'sise'"):
        c.runner().run(sise=3)
    assert runs(c) == []


def test_the_run_remembers_what_values_stand_for(c):
    """The identity map links values to resources, in records too, and is empty after the run."""
    frame, version = [1, 2, 3], DatasetVersion(name="d", number=1)

    def load():
        remember(frame, version)
        assert recall(version) is frame
        assert resource_of(frame) == version
        return frame

    c.runner().run(load)
    (step,) = tasks(c)
    assert step.outputs == {"return": "dataset_version:d@1 (list)"}
    assert recall(version) is None
    assert resource_of(frame) is None
    remember(frame, version)
    assert resource_of(frame) is None


def test_values_are_recorded_by_type_and_shape_only(c):
    """Values of arguments are not recorded."""
    c.runner().run(["secret", "secret"])
    assert tasks(c)[0].inputs == {"what": "list (2,)"}


def test_a_run_records_its_wiring(c):
    """A run has the implementation and settings of each path, and the seed."""
    c = AppContainer.load(overrides={"greet.greeter.greeting": "ahoy", "seed": 5}, environ={})
    with c.clock.override(Clock()):
        c.runner().run()
    components = runs(c)[0].wiring["components"]
    assert components["greet.greeter"] == {"use": "greeter_app:Greeter", "settings": {"greeting": "ahoy"}}
    assert components["clock"] == {"use": "overridden"}
    assert components["seed"] == {"value": 5}


def test_the_group_of_a_run():
    """LOLPOP_GROUP joins runs of several processes."""
    c = FlowContainer.load(environ={"LOLPOP_GROUP": "nightly"})
    c.runner().run()
    assert runs(c)[0].group == "nightly"


def test_outside_a_run_a_task_is_a_plain_call(c):
    """A task without a workflow is not recorded."""
    assert c.steps.pipeline().step(3) == 3
    assert runs(c) == []
    assert current_run() is None


def test_a_run_of_another_container_is_another_run(c):
    """A workflow of another container does not join."""
    other = FlowContainer()
    c.runner().run(lambda: other.runner().run(1))
    assert len(runs(c)) == len(runs(other)) == 1
    assert len(tasks(c)) == len(tasks(other)) == 1


def test_what_is_marked_keeps_its_signature():
    """Tasks and workflows have the name, docstring, signature and annotations of their method."""
    assert App.run.__name__ == "run"
    assert str(inspect.signature(App.run)) == "(self, name: str = 'world') -> str"
    assert Greet.greet.__annotations__ == {"name": str, "return": str}


def test_what_containers_built_can_be_pickled(c):
    """A copy in another process has no container: its calls are plain."""
    c = AppContainer()
    copy = pickle.loads(pickle.dumps(c.runner()))
    assert copy.run() == "hello world, it is noon"
    assert runs(c) == []


def test_coroutines_and_generators_are_no_tasks():
    """Coroutines and generators are refused, since they would be recorded as done too early."""
    with pytest.raises(TypeError, match="cannot be a task: a coroutine or generator has not started"):

        class Later(Pipeline):
            @task
            async def wait(self):
                pass

    with pytest.raises(TypeError, match="cannot be a workflow"):

        class Streaming(Runner):
            @workflow
            def rows(self):
                yield 1
