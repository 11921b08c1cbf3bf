"""Random projects under random edits: a cached run equals an uncached one, always."""

import os
import subprocess
import sys

import pytest

# Each edit is looked at by a process of its own, forked from one that has imported the libraries.
SCRIPT = '''
import os, random, sys
from pathlib import Path

import pandas as pd
import lolpop.components.interceptor.cache, lolpop.components.cache_manager.local, lolpop.components.store.sql
import lolpop.components.store._database, lolpop.running.fingerprints.calls, lolpop.running.recording
from lolpop.containers import load

sys.path.insert(0, os.getcwd())
sys.dont_write_bytecode = True
FUNCTIONS, TASKS = 6, 4


def project(chance):
    """What the source is made of: numbers in functions, which functions call which, and what tasks call."""
    return {
        "numbers": [chance.randrange(9) for _ in range(FUNCTIONS)],
        "constants": [chance.randrange(9) for _ in range(FUNCTIONS)],
        "calls": [chance.sample(range(at + 1, FUNCTIONS), min(chance.randrange(3), FUNCTIONS - at - 1)) for at in range(FUNCTIONS)],
        "tasks": [chance.randrange(FUNCTIONS) for _ in range(TASKS)],
        "bases": [chance.randrange(9) for _ in range(TASKS)],
        "factors": [chance.randrange(1, 9) for _ in range(TASKS)],
        "rows": [chance.randrange(9) for _ in range(3)],
    }


def edit(parts, chance):
    name = chance.choice(sorted(parts))
    at = chance.randrange(len(parts[name]))
    if name == "calls":
        parts[name][at] = chance.sample(range(at + 1, FUNCTIONS), min(chance.randrange(3), FUNCTIONS - at - 1))
    else:
        parts[name][at] = chance.randrange(FUNCTIONS if name == "tasks" else 9)


def write(parts):
    modules = {"even": [], "odd": []}
    for at in range(FUNCTIONS):
        calls = "".join(f" + {['even', 'odd'][to % 2]}.f{to}(value)" for to in parts["calls"][at])
        modules[["even", "odd"][at % 2]].append(
            f"C{at} = {parts['constants'][at]}\\n\\ndef f{at}(value):\\n    return value * {parts['numbers'][at]} + C{at}{calls}\\n"
        )
    for name, functions in modules.items():
        Path(f"{name}.py").write_text("import even, odd\\n\\n" + "\\n".join(functions))
    bases = "".join(f"class B{at}:\\n    def base(self):\\n        return {parts['bases'][at]}\\n\\n" for at in range(TASKS))
    components = "".join(
        f"class K{at}(Component, B{at}):\\n    def __init__(self, factor: int = 1):\\n        self.factor = factor\\n\\n" for at in range(TASKS)
    )
    tasks = "".join(
        f"    @task\\n    def t{at}(self, frame, number: int):\\n"
        f"        return frame * self.k{at}.factor + {['even', 'odd'][to % 2]}.f{to}(number) + self.k{at}.base()\\n\\n"
        for at, to in enumerate(parts["tasks"])
    )
    slots = "".join(f"    k{at} = providers.Component(K{at}, default=K{at})\\n" for at in range(TASKS))
    names = ", ".join(f"k{at}: K{at}" for at in range(TASKS))
    values = "".join(f"        self.k{at} = k{at}\\n" for at in range(TASKS))
    steps = "".join(f"        frame = self.steps.t{at}(frame, int(frame['x'].sum()) % 7)\\n" for at in range(TASKS))
    Path("app.py").write_text(
        "import even, odd\\nimport pandas as pd\\n"
        "from lolpop import Component, Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow\\n\\n"
        f"{bases}{components}class Steps(Pipeline):\\n    def __init__(self, *, {names}):\\n{values}\\n{tasks}"
        "class App(Runner):\\n    def __init__(self, *, steps: Steps):\\n        self.steps = steps\\n\\n"
        f"    @workflow\\n    def run(self):\\n        frame = pd.read_csv('rows.csv')\\n{steps}        return frame.to_csv()\\n\\n"
        f"class StepsContainer(PipelineContainer):\\n{slots}    pipeline = providers.Pipeline(Steps)\\n\\n"
        "class AppContainer(RunnerContainer):\\n    steps = providers.nested(StepsContainer)\\n    runner = providers.Runner(App)\\n"
    )
    Path("rows.csv").write_text("x\\n" + "\\n".join(map(str, parts["rows"])) + "\\n")


def check(parts):
    import app

    flags = [f"steps.k{at}.factor={factor}" for at, factor in enumerate(parts["factors"])]
    with load(app.AppContainer, flags=[*flags, "lolpop.cache=true"], recorded=True) as container:
        cached = container.runner().run()
        store = container.store()
        tasks = store.tasks(store.runs()[0].run_id)
        Path("reused.txt").open("a").write(f"{sum(task.reused_from is not None for task in tasks)}\\n")
    with load(app.AppContainer, flags=flags) as container:
        uncached = container.runner().run()
    assert cached == uncached, (parts, cached, uncached)


chance = random.Random(int(sys.argv[1]))
parts = project(chance)
for _ in range(int(sys.argv[2])):
    write(parts)
    child = os.fork()
    if not child:
        try:
            check(parts)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, "a cached run gave something else"
    edit(parts, chance)
'''


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its processes")
def test_a_cached_run_equals_an_uncached_one(tmp_path):
    """After edits of numbers, constants, calls, settings and rows."""
    command = [sys.executable, "-c", SCRIPT, "1", "12"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reused = [int(line) for line in (tmp_path / "reused.txt").read_text().split()]
    assert reused[0] == 0
    assert sum(reused) > 10  # most edits leave something as it was
