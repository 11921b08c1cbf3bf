"""One cache for several stores: what is shared, and what has the same name only."""

from __future__ import annotations

from pathlib import Path

import pytest

from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load
from lolpop.kernel.scopes import scope_of
from lolpop.resources import DatasetVersion
from lolpop.running.caching import is_in_cache
from lolpop.running.planning import plan_calls

ROWS: list[int] = []


class Source(Component):
    """What a store holds under a name: others hold something else under it."""

    affects_results = False

    def __init__(self) -> None:
        self.numbers = list(ROWS)


class Sums(Pipeline):
    def __init__(self, *, source: Source) -> None:
        self.source = source

    @task
    def stored(self, version: DatasetVersion) -> int:
        return sum(self.source.numbers)

    @task
    def plain(self, number: int) -> int:
        return number * 2

    @task
    def named(self, number: int) -> list[DatasetVersion]:
        return [DatasetVersion(name="rows", number=number)]


class App(Runner):
    def __init__(self, *, sums: Sums) -> None:
        self.sums = sums

    @workflow
    def run(self) -> int:
        version = DatasetVersion(name="rows", number=1)
        self.sums.named(1)
        return self.sums.stored(version) + self.sums.plain(3)


class SumsContainer(PipelineContainer):
    source = providers.Component(Source, default=Source)
    pipeline = providers.Pipeline(Sums)


class AppContainer(RunnerContainer):
    sums = providers.nested(SumsContainer)
    runner = providers.Runner(App)


@pytest.fixture
def run(tmp_path: Path):
    """Runs with the cache that all stores share, on rows in a store of one's own; what was called is returned."""

    def call(store: str, *rows: int) -> tuple[int, list[str], dict[str, str]]:
        ROWS[:] = rows
        settings = tmp_path / store / "lolpop.yaml"
        settings.parent.mkdir(exist_ok=True)
        settings.write_text("lolpop: {cache: true}\ncache_manager: {root: ../cache}")
        with load(AppContainer, [settings], environ={}, recorded=True) as container:
            runs, plan = container.store().runs(), {}
            if runs:
                container.runner()
                scope, tasks = scope_of(container), container.store().tasks(runs[0].run_id)
                planned = plan_calls(
                    scope,
                    tasks,
                    container.store().fingerprint_parts,
                    is_cached=lambda fingerprint: is_in_cache(scope, fingerprint),
                    run=runs[0],
                )
                plan = {call.path: call.status for call in planned}
            result = container.runner().run()
            tasks = container.store().tasks(container.store().runs()[0].run_id)
            return result, [task.path for task in tasks if task.reused_from is None], plan

    return call


def test_resources_of_another_store_are_others(run):
    """Plain values are shared; calls with references belong to their store."""
    assert run("mine", 1, 2)[:2] == (9, ["sums.named", "sums.stored", "sums.plain"])
    assert run("yours", 5, 6)[:2] == (17, ["sums.named", "sums.stored"])
    assert run("yours", 5, 6)[:2] == (17, [])


def test_a_plan_tells_stores_apart(run):
    """An entry of another store is not used, and the plan says so."""
    run("mine", 1, 2)
    run("yours", 5, 6)
    result, calls, plan = run("mine", 1, 2)
    assert (result, calls) == (9, ["sums.named", "sums.stored"])
    assert plan["sums.stored"] == "runs"
    assert plan["sums.plain"] != "runs"
