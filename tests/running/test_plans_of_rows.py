"""Plans of calls that pass rows on: which of them are the same, and which wait for which."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load
from lolpop.kernel.scopes import scope_of
from lolpop.running.caching import is_in_cache
from lolpop.running.planning import plan_calls


class Scaler(Component):
    def __init__(self, factor: float = 2.0) -> None:
        self.factor = factor

    def scale(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame * self.factor


class Steps(Pipeline):
    def __init__(self, level: int = 1, *, scaler: Scaler) -> None:
        self.level = level
        self.scaler = scaler

    @task(reads=["rows.csv"])
    def read(self) -> pd.DataFrame:
        return pd.read_csv("rows.csv")

    @task
    def clean(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.dropna()

    @task
    def scaled(self, frame: pd.DataFrame) -> pd.DataFrame:
        return self.scaler.scale(frame)

    @task
    def total(self, frame: pd.DataFrame, level: int) -> float:
        return float(frame.to_numpy().sum()) + level


class App(Runner):
    def __init__(self, *, steps: Steps) -> None:
        self.steps = steps

    @workflow
    def run(self) -> float:
        frame = self.steps.scaled(self.steps.clean(self.steps.read()))
        return self.steps.total(frame, self.steps.level)


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


def run(*flags: str) -> tuple[float, set[str]]:
    """The result of a run, and the tasks that it called."""
    with load(AppContainer, ["lolpop.yaml"], environ={}, flags=flags, recorded=True) as container:
        result = container.runner().run()
        store = container.store()
        tasks = store.tasks(store.runs()[0].run_id)
        return result, {task.path.partition(".")[2] for task in tasks if task.reused_from is None}


def plan(*flags: str) -> dict[str, str]:
    """What becomes of each task, with the reason."""
    with load(AppContainer, ["lolpop.yaml"], environ={}, flags=flags, recorded=True) as container:
        container.runner()
        store, scope = container.store(), scope_of(container)
        planned = plan_calls(
            scope,
            store.tasks(store.runs()[0].run_id),
            store.fingerprint_parts,
            is_cached=lambda fingerprint: is_in_cache(scope, fingerprint),
            run=store.runs()[0],
        )
        return {
            call.path.partition(".")[2]: "; ".join([call.status, *call.reasons]).partition(" (")[0]
            for call in planned
        }


def test_rows_that_a_reused_call_returned_are_the_same(folder):
    """Without changes everything is reused, calls with rows included, in the plan and in the run."""
    run()
    assert plan() == dict.fromkeys(["read", "clean", "scaled", "total"], "reused")
    assert run()[1] == set()


def test_a_setting_repeats_the_calls_from_there_on(folder):
    """Earlier calls are reused, its reader runs, and later ones depend on the result."""
    before, _ = run()
    flag = "steps.scaler.factor=3"
    assert plan(flag) == {
        "read": "reused",
        "clean": "reused",
        "scaled": "runs; steps.scaler.factor: 2.0 → 3.0",
        "total": "unknown; frame waits for steps.scaled; level may be different, since steps.scaled runs",
    }
    after, called = run(flag)
    assert after != before
    assert called == {"scaled", "total"}


def test_other_rows_are_waited_for(folder):
    """An edited file repeats the call that reads it; a later call is reused if the rows are equal."""
    run()
    (folder / "rows.csv").write_text("x,y\n1,2\n3,4\n,\n,\n")
    assert plan() == {
        "read": "runs; rows.csv: content",
        "clean": "unknown; frame waits for steps.read",
        "scaled": "unknown; frame waits for steps.clean",
        "total": "unknown; frame waits for steps.scaled; level may be different, since steps.read runs",
    }
    assert run()[1] == {"read", "clean"}


def test_a_setting_that_the_workflow_passes_on_is_an_argument(folder):
    """Earlier calls are reused; the call with that argument may change."""
    run()
    planned = plan("steps.level=5")
    assert [planned[name] for name in ("read", "clean", "scaled")] == ["reused"] * 3
    assert planned["total"].startswith("unknown; level may be different")
    assert run("steps.level=5")[1] == {"total"}
