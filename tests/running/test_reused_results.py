"""What a call that is reused returns: what it returned, not what stands for it in the record."""

from __future__ import annotations

import pandas as pd
import pytest

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.containers import load
from lolpop.kernel.scopes import scope_of
from lolpop.resources import DatasetVersion
from lolpop.running.caching import is_in_cache
from lolpop.running.planning import plan_calls
from lolpop.runs import remember

VERSION = DatasetVersion(name="rows", number=1)


class Steps(Pipeline):
    @task
    def give(self, form: str) -> object:
        forms = {
            "resource": VERSION,
            "list": [VERSION],
            "tuple": (VERSION,),
            "two": [VERSION, DatasetVersion(name="rows", number=2)],
            "mapping": {"rows": VERSION},
        }
        if form in forms:
            return forms[form]
        frame = pd.DataFrame({"a": [1, 2]})
        remember(frame, VERSION)
        return frame

    @task
    def take(self, value: object) -> str:
        return type(value).__name__


class App(Runner):
    def __init__(self, *, steps: Steps) -> None:
        self.steps = steps

    @workflow
    def run(self, form: str) -> object:
        value = self.steps.give(form)
        return value, self.steps.take(value)


class StepsContainer(PipelineContainer):
    pipeline = providers.Pipeline(Steps)


class AppContainer(RunnerContainer):
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(App)


@pytest.mark.parametrize("form", ["resource", "list", "tuple", "two", "mapping", "frame"])
def test_a_reused_call_returns_what_it_returned(tmp_path, form):
    """Resources, collections of them, and frames of dataset versions are equal."""
    (tmp_path / "lolpop.yaml").write_text("lolpop: {cache: true}")
    results, reused, plans = [], [], []
    for _ in range(3):
        with load(AppContainer, [tmp_path / "lolpop.yaml"], environ={}, recorded=True) as container:
            store, scope = container.store(), scope_of(container)
            if runs := store.runs():
                container.runner()
                planned = plan_calls(
                    scope,
                    store.tasks(runs[0].run_id),
                    store.fingerprint_parts,
                    is_cached=lambda fingerprint, scope=scope: is_in_cache(scope, fingerprint),
                    run=runs[0],
                )
                plans.append([call.status for call in planned])
            results.append(container.runner().run(form))
            reused.append([task.reused_from is not None for task in store.tasks(store.runs()[0].run_id)])
    for value, name in results:
        assert type(value) is type(results[0][0])
        assert name == type(value).__name__
        assert value.equals(results[0][0]) if form == "frame" else value == results[0][0]
    assert reused == [[False, False], [True, True], [True, True]]
    # Rows and mappings that a reused call returned are the same for the call that takes them.
    assert plans == [["reused", "reused"]] * 2
