"""Plans of calls inside of others: what a workflow that runs passes on is the same, if nothing says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load
from lolpop.data.content import digest_of_value
from lolpop.kernel.scopes import scope_of
from lolpop.running.caching import is_in_cache
from lolpop.running.planning import plan_calls


def content(runner: App, source: str = "rows.csv", level: int = 1) -> Mapping[str, str]:
    """What a workflow reads."""
    return {source: digest_of_value(Path(source).read_bytes())}


class Scaler(Component):
    def __init__(self, factor: int = 2) -> None:
        self.factor = factor


class Steps(Pipeline):
    def __init__(self, offset: int = 1, *, scaler: Scaler) -> None:
        self.offset, self.scaler = offset, scaler

    @task
    def clean(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.dropna()

    @task
    def count(self, frame: pd.DataFrame) -> int:
        return len(frame)

    @task
    def level(self, level: int) -> int:
        return level + self.offset

    @task
    def scaled(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame * self.scaler.factor

    @task
    def total(self, number: int) -> int:
        return number


class App(Runner):
    def __init__(self, *, steps: Steps) -> None:
        self.steps = steps

    @workflow(reads=content)
    def prepare(self, source: str = "rows.csv", level: int = 1) -> int:
        frame = pd.read_csv(source)
        counted = self.steps.count(self.steps.clean(frame)) + self.steps.level(level)
        return counted + int(self.steps.scaled(frame)["x"].sum())

    @workflow
    def run(self) -> int:
        return self.steps.total(self.prepare())


class StepsContainer(PipelineContainer):
    scaler = providers.Component(Scaler, default=Scaler)
    pipeline = providers.Pipeline(Steps)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(App)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "lolpop.yaml").write_text("lolpop: {cache: true}")
    (tmp_path / "rows.csv").write_text("x,y\n1,2\n3,4\n,\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def perform(*flags: str, planned: bool = True) -> tuple[dict[str, str], set[str], int]:
    """What the plan says of each call, which calls the run then makes, and what it returns."""
    with load(AppContainer, ["lolpop.yaml"], environ={}, flags=flags, recorded=True) as container:
        store, scope, plan = container.store(), scope_of(container), {}
        container.runner()
        if planned:
            calls = plan_calls(
                scope,
                store.tasks(store.runs()[0].run_id),
                store.fingerprint_parts,
                is_cached=lambda fingerprint: is_in_cache(scope, fingerprint),
                run=store.runs()[0],
            )
            plan = {call.path.rpartition(".")[2]: call.status for call in calls}
        result = container.runner().run()
        tasks = store.tasks(store.runs()[0].run_id)
        return plan, {task.path.rpartition(".")[2] for task in tasks if task.reused_from is None}, result


def test_calls_of_a_workflow_that_runs_are_planned_as_they_are_made(folder):
    """It runs since a component in one of its calls changed; its rows and numbers are what they were."""
    perform(planned=False)
    plan, called, result = perform("steps.scaler.factor=3")
    assert plan == {
        "prepare": "runs",
        "clean": "reused",
        "count": "reused",
        "level": "reused",
        "scaled": "runs",
        "total": "unknown",
    }
    assert called == {"prepare", "scaled", "total"}
    assert result == perform("steps.scaler.factor=3", "lolpop.cache=false", planned=False)[2]


def test_other_rows_of_a_workflow_are_not_taken_for_the_same(folder):
    """Nothing of it that receives rows is said to be reused; a number of it may be any other as well."""
    perform(planned=False)
    (folder / "rows.csv").write_text("x,y\n1,2\n3,5\n,\n")
    plan, called, _ = perform()
    assert plan["prepare"] == "runs"
    assert not {name for name, status in plan.items() if status == "reused"} & called
    assert called == {"prepare", "clean", "count", "scaled"}


def test_a_call_whose_own_setting_changed_runs_whatever_it_gets(folder):
    """Calls before it are reused, and those after it may get something else."""
    perform(planned=False)
    plan, called, _ = perform("steps.offset=2")
    assert [plan[name] for name in ("prepare", "clean", "count", "level")] == [
        "runs",
        "reused",
        "reused",
        "runs",
    ]
    assert plan["scaled"] == "unknown"
    assert called == {"prepare", "level", "total"}
