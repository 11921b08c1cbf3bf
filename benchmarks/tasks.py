"""What it costs to track a task, with the embedded store."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator

from benchmarks.budget import Budget
from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow

TASKS = 300


class Work(Pipeline):
    @task
    def nothing(self, value: int) -> int:
        return value


class Worker(Runner):
    def __init__(self, *, work: Work) -> None:
        self.work = work

    @workflow
    def run(self) -> list[float]:
        taken = []
        for value in range(TASKS):
            start = time.perf_counter()
            self.work.nothing(value)
            taken.append(time.perf_counter() - start)
        return taken


class WorkContainer(PipelineContainer):
    pipeline = providers.Pipeline(Work)


class WorkerContainer(RunnerContainer):
    work = providers.nested(WorkContainer)
    runner = providers.Runner(Worker)


def budgets() -> Iterator[Budget]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/store.db"
        with WorkerContainer.load(overrides={"store.url": url}, environ={}) as container:
            tracked = statistics.median(container.runner().run())
    by_hand = statistics.median(Worker(work=Work()).run())
    yield Budget("a tracked task", tracked * 1e3, 1, "ms", f"by hand {by_hand * 1e6:.1f} µs")
