"""Whatever way a task reaches what is injected: another setting of that is a difference."""

from __future__ import annotations

import functools
import operator
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.kernel.scopes import scope_of
from lolpop.running.fingerprints.calls import CallFingerprints


class Scaler(Component):
    def __init__(self, factor: int = 2) -> None:
        self.factor = factor

    def scale(self, value):
        return value * self.factor


class Other(Component):
    def __init__(self, unread: int = 1) -> None:
        self.unread = unread


def first(pipeline, value):
    return pipeline.scaler.scale(value)


def second(value, pipeline):
    return pipeline.scaler.scale(value)


class Holder:
    def __init__(self, scaler):
        self.scaler = scaler


class User:
    def __init__(self, pipeline):
        self.pipeline = pipeline

    def run(self, value):
        return self.pipeline.scaler.scale(value)


class Base(Pipeline):
    def base(self, value):
        return self.scaler.scale(value)


class Tasks(Base):
    def __init__(self, *, scaler: Scaler, other: Other) -> None:
        self.scaler = scaler
        self.other = other
        self.scalers = [scaler]
        self.table = {"a": scaler}
        self.holder = Holder(scaler)
        self.bound = scaler.scale
        self.doubled = scaler.factor * 2
        self._scaler = scaler
        self.numbers = random.Random(scaler.factor)

    def __bool__(self):
        return self.scaler.factor < 4

    @property
    def limit(self):
        return self._limit

    @limit.setter
    def limit(self, value):
        self._limit = self.scaler.scale(value)

    def helper(self, value):
        return self.scaler.scale(value)

    @property
    def chosen(self):
        return self.scaler

    @functools.cached_property
    def own_scaler(self):
        return self.scaler

    @task
    def attribute(self, value):
        return self.scaler.scale(value)

    @task
    def private_attribute(self, value):
        return self._scaler.scale(value)

    @task
    def by_getattr(self, value):
        return getattr(self, "scaler").scale(value)  # noqa: B009

    @task
    def by_vars(self, value):
        return vars(self)["scaler"].scale(value)

    @task
    def by_dict(self, value):
        return self.__dict__["scaler"].scale(value)

    @task
    def by_lambda(self, value):
        return (lambda: self.scaler.scale(value))()

    @task
    def by_comprehension(self, value):
        return [self.scaler.scale(item) for item in [value]][0]  # noqa: RUF015

    @task
    def by_function(self, value):
        return first(self, value)

    @task
    def by_second_argument(self, value):
        return second(value, self)

    @task
    def by_keyword(self, value):
        return second(value, pipeline=self)

    @task
    def by_method(self, value):
        return self.helper(value)

    @task
    def by_property(self, value):
        return self.chosen.scale(value)

    @task
    def by_cached_property(self, value):
        return self.own_scaler.scale(value)

    @task
    def by_super(self, value):
        return super().base(value)

    @task
    def by_another_name(self, value):
        this = self
        return this.scaler.scale(value)

    @task
    def by_partial(self, value):
        return functools.partial(first, self)(value)

    @task
    def by_attrgetter(self, value):
        return operator.attrgetter("scaler")(self).scale(value)

    @task
    def by_list(self, value):
        return self.scalers[0].scale(value)

    @task
    def by_mapping(self, value):
        return self.table["a"].scale(value)

    @task
    def by_holder(self, value):
        return self.holder.scaler.scale(value)

    @task
    def by_bound_method(self, value):
        return self.bound(value)

    @task
    def by_computed_value(self, value):
        return self.doubled * value

    @task
    def by_setter(self, value):
        self.limit = value
        return self._limit

    @task
    def by_truth(self, value):
        return value if self else -value

    @task
    def by_state_of_a_library(self, value):
        return self.numbers.randrange(10**6)

    @task
    def by_class(self, value):
        return type(self).helper(self, value)

    @task
    def by_object(self, value):
        return User(self).run(value)

    @task
    def by_locals(self, value):
        return locals()["self"].scaler.scale(value)

    @task
    def by_nested_function(self, value):
        def inner():
            return self.scaler.scale(value)

        return inner()

    @task
    def by_task(self, value):
        return self.attribute(value)


class Run(Runner):
    def __init__(self, *, tasks: Tasks) -> None:
        self.tasks = tasks

    @workflow
    def run(self, name: str) -> int:
        return getattr(self.tasks, name)(3)


class TasksContainer(PipelineContainer):
    scaler = providers.Component(Scaler, default=Scaler)
    other = providers.Component(Other, default=Other)
    pipeline = providers.Pipeline(Tasks)


class AppContainer(RunnerContainer):
    tasks = providers.nested(TasksContainer)
    runner = providers.Runner(Run)


TASKS = [name for name, member in vars(Tasks).items() if hasattr(member, "__lolpop_kind__")]
EXACT = {"attribute", "private_attribute", "by_lambda", "by_comprehension", "by_function", "by_method"} | {
    "by_property", "by_cached_property", "by_super", "by_list", "by_holder", "by_nested_function", "by_task"
}  # fmt: skip
"""Tasks whose use of ``self`` can be followed: what they do not reach is no part."""


def outcome(folder: Path, name: str, **overrides: int) -> tuple[int, str | None]:
    (folder / "empty.yaml").write_text("{}")
    settings = {path.replace("__", "."): value for path, value in overrides.items()}
    with AppContainer.load(folder / "empty.yaml", environ={}, overrides=settings) as container:
        result = container.runner().run(name)
        return result, CallFingerprints(scope_of(container)).of(f"tasks.{name}", {"value": 3}).digest


@pytest.mark.parametrize("name", TASKS)
def test_a_setting_of_what_a_task_reaches_counts(tmp_path, name):
    """It changes the result and the fingerprint; a setting that is not reached changes neither."""
    before = outcome(tmp_path, name)
    assert outcome(tmp_path, name) == before
    after = outcome(tmp_path, name, tasks__scaler__factor=5)
    assert after[0] != before[0]
    assert before[1] is None or after[1] != before[1]
    unread = outcome(tmp_path, name, tasks__other__unread=7)
    if name in EXACT:
        assert None not in (before[1], after[1])
        assert unread == before


def test_running_does_not_change_a_fingerprint(tmp_path):
    """State that an object stores during a call, such as a cached property, does not count."""
    (tmp_path / "empty.yaml").write_text("{}")
    with AppContainer.load(tmp_path / "empty.yaml", environ={}) as container:
        container.runner()
        fresh = CallFingerprints(scope_of(container)).of("tasks.by_cached_property", {"value": 3}).digest
        container.runner().run("by_cached_property")
        later = CallFingerprints(scope_of(container)).of("tasks.by_cached_property", {"value": 3}).digest
        assert fresh == later


class First:
    def step(self, value):
        return value + 1


class Second:
    def step(self, value):
        return value + 2


def container_of(*bases: type) -> type[RunnerContainer]:
    class Steps(*bases, Pipeline):
        @task
        def run(self, value):
            return self.step(value)

    class StepsContainer(PipelineContainer):
        pipeline = providers.Pipeline(Steps)

    class App(Runner):
        def __init__(self, *, steps: Pipeline) -> None:
            self.steps = steps

    class Container(RunnerContainer):
        steps = providers.nested(StepsContainer)
        runner = providers.Runner(App)

    return Container


def test_the_order_of_base_classes_counts(tmp_path):
    """It decides whose method is called."""
    (tmp_path / "empty.yaml").write_text("{}")
    digests = set()
    for bases in ((First, Second), (Second, First), (First, Second)):
        with container_of(*bases).load(tmp_path / "empty.yaml", environ={}) as container:
            container.runner()
            digests.add(CallFingerprints(scope_of(container)).of("steps.run", {"value": 3}).digest)
    assert len(digests) == 2


IDENTITIES = """
from lolpop.kernel.scopes import scope_of
from lolpop.running.fingerprints.calls import CallFingerprints
from lolpop_containers.classification import ClassificationContainer

with ClassificationContainer.load(environ={}, overrides=SETTINGS) as container:
    container.runner()
    fingerprints = CallFingerprints(scope_of(container))
    for path in ("process_data", "train.train_model", "predict.get_predictions"):
        print(fingerprints.method(path).identity)
"""


def test_the_identity_of_parts_does_not_depend_on_the_process(tmp_path):
    """Processes that iterate over sets in other orders keep the parts of a method once."""
    settings = {"problem": {"name": "rows", "target": "y"}, "data": {"train": "rows.csv"}}
    printed = {
        subprocess.run(
            [sys.executable, "-c", f"SETTINGS = {settings!r}\n{IDENTITIES}"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
    assert len(printed.pop().split()) == 3
