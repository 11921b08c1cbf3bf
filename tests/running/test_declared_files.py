"""Files that tasks declare, and that change while a run is at work."""

from __future__ import annotations

from pathlib import Path

import pytest

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load

TABLE = Path("table.txt")


class Steps(Pipeline):
    @task(reads=["table.txt"])
    def length(self) -> int:
        return len(TABLE.read_text())

    @task(reads=["table.txt"])
    def grown(self) -> int:
        before = len(TABLE.read_text())
        TABLE.write_text("four")
        return before


class App(Runner):
    def __init__(self, *, steps: Steps) -> None:
        self.steps = steps

    @workflow
    def rewritten(self) -> list[int]:
        TABLE.write_text("1")
        first = self.steps.length()
        TABLE.write_text("22")
        return [first, self.steps.length()]

    @workflow
    def changed_meanwhile(self) -> list[int]:
        TABLE.write_text("1")
        return [self.steps.grown(), self.steps.length()]


class StepsContainer(PipelineContainer):
    pipeline = providers.Pipeline(Steps)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(App)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a workflow with the cache: the result, and which of its tasks were reused."""
    (tmp_path / "lolpop.yaml").write_text("lolpop: {cache: true}")
    monkeypatch.chdir(tmp_path)

    def call(workflow: str) -> tuple[list[int], list[bool]]:
        with load(AppContainer, ["lolpop.yaml"], environ={}, recorded=True) as container:
            result = getattr(container.runner(), workflow)()
            tasks = container.store().tasks(container.store().runs()[0].run_id)
            return result, [task.reused_from is not None for task in tasks]

    return call


def test_a_file_that_a_run_writes_again_counts_at_each_call(run):
    """The second call of a task sees the new content, and so does the cache."""
    assert run("rewritten") == ([1, 2], [False, False])
    assert run("rewritten") == ([1, 2], [True, True])


def test_a_file_that_changes_during_the_call_makes_no_entry(run):
    """Nobody knows which of the contents the result is of: the call is made again."""
    assert run("changed_meanwhile") == ([1, 4], [False, False])
    assert run("changed_meanwhile") == ([1, 4], [False, True])
