"""``lolpop run --step``: attempts at a call that has a name in its group."""

import subprocess
import sys

import pytest

APP = '''
import time
from pathlib import Path

from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.resources import DatasetVersion


def note(line):
    with Path("notes.txt").open("a") as notes:
        notes.write(line + "\\n")


class Mill(Runner):
    def __init__(self, sieve: int = 1):
        self.sieve = sieve

    @workflow
    def grind(self, grain: str = "rye") -> DatasetVersion:
        """Grind."""
        note(f"ground {grain}")
        return DatasetVersion(name=grain, number=1)

    @workflow
    def mix(self, grain: str = "oats") -> dict[str, str]:
        """Grind, and mix with what is there."""
        flour = self.grind(grain=grain)
        if Path("broken").exists():
            raise ValueError("the stone is broken")
        while Path("wait").exists():
            time.sleep(0.01)
        note(f"mixed by {self.sieve}")
        return {"flour": flour.reference}


class MillContainer(RunnerContainer):
    runner = providers.Runner(Mill)
'''
STEP = ("run", "app.py", "mix", "--group", "monday", "--step", "mix")
RESULT = {"flour": "dataset_version:oats@1"}


@pytest.fixture
def mill(folder):
    (folder / "app.py").write_text(APP)
    return folder


def notes(mill):
    return (mill / "notes.txt").read_text().splitlines()


def test_an_attempt_continues_failed_ones(mill, lolpop):
    """Calls that an earlier attempt completed are not made again."""
    (mill / "broken").touch()
    assert lolpop(*STEP).code == 1
    assert lolpop(*STEP, "--json").json["resumes"] is not None
    (mill / "broken").unlink()
    done = lolpop(*STEP, "--json")
    assert done.json["result"] == RESULT
    assert notes(mill) == ["ground oats", "mixed by 1"]
    assert "mix of monday continues" in done.err
    assert "which failed" in done.err


def test_a_step_that_is_complete_is_not_done_again(mill, lolpop):
    """Its run and its result are printed again, and nothing is recorded."""
    first = lolpop(*STEP, "--json").json
    done = lolpop(*STEP, "--json")
    assert (done.code, done.json) == (0, first)
    assert "mix of monday is complete" in done.err
    assert len(lolpop("runs", "ls", "--json").json) == 1
    assert lolpop(*STEP).out.split() == ["{", '"flour":', '"dataset_version:oats@1"', "}"]


@pytest.mark.parametrize(
    "others",
    [("--grain", "rye"), ("--set", "sieve=2"), ("--group", "tuesday"), ("--step", "mix_2")],
)
def test_a_step_with_other_inputs_is_done(mill, lolpop, others):
    """Other arguments, settings, groups or steps are a new call."""
    lolpop(*STEP)
    done = lolpop(*STEP, *others, "--json")
    assert done.code == 0, done.err
    assert [line for line in notes(mill) if line.startswith("mixed")] == [
        "mixed by 1", "mixed by 2" if "sieve=2" in others else "mixed by 1",
    ]  # fmt: skip


def test_an_attempt_waits_for_one_that_runs(mill, lolpop):
    """The process of an earlier attempt may outlive its scheduler: its result is awaited and used."""
    (mill / "wait").touch()
    words = [sys.executable, "-m", "lolpop", *STEP, "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as first:
        while not (mill / "notes.txt").exists():
            assert first.poll() is None
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as second:
            assert "is running already: waiting for" in second.stderr.readline()
            (mill / "wait").unlink()
            assert first.stdout.read() == second.stdout.read()
    assert notes(mill) == ["ground oats", "mixed by 1"]
    assert len(lolpop("runs", "ls", "--json").json) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "app.py", "mix", "--step", "mix"), "add --group NAME, or set LOLPOP_GROUP"),
        (("run", "--resume", "last", "--step", "mix"), "leave --resume out"),
        (("run", "app.py", "mix", "--step", "mix", "--sweep", "seed=1,2"), "leave --step out"),
    ],
)
def test_a_step_without_a_group_is_wrong_usage(mill, lolpop, words, message):
    """--step with an option that names a run is wrong usage, too."""
    done = lolpop(*words)
    assert done.code == 2
    assert message in done.err


STEPS = '''
import os
import signal
from pathlib import Path

from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow


class Bakery(Pipeline):
    @task
    def knead(self, flour: int) -> list[int]:
        """Knead."""
        with Path("notes.txt").open("a") as notes:
            notes.write("kneaded\\n")
        return [flour, 2]

    @task
    def bake(self, dough: list[int]) -> int:
        """Bake."""
        if Path("unlucky").exists():
            Path("unlucky").unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return sum(dough)


class BakeryContainer(PipelineContainer):
    pipeline = providers.Pipeline(Bakery)


class Shop(Runner):
    def __init__(self, *, bakery: Bakery):
        self.bakery = bakery

    @workflow
    def open_shop(self, flour: int = 1) -> int:
        """Knead and bake."""
        return self.bakery.bake(self.bakery.knead(flour))


class ShopContainer(RunnerContainer):
    bakery = providers.nested(BakeryContainer)
    runner = providers.Runner(Shop)
'''


@pytest.mark.parametrize(("cache", "kneaded"), [("true", 1), ("false", 2)])
def test_tasks_of_a_killed_attempt_are_not_done_again_where_they_are_cached(folder, lolpop, cache, kneaded):
    """With the cache, completed tasks of an interrupted workflow are reused; else they are called again."""
    (folder / "shop.py").write_text(STEPS)
    (folder / "unlucky").touch()
    words = ["run", "shop.py", "open_shop", "--group", "monday", "--step", "shop", "--json"]
    words += ["--set", f"lolpop.cache={cache}"]
    first = subprocess.run([sys.executable, "-m", "lolpop", *words], capture_output=True, timeout=300)
    assert first.returncode < 0
    done = lolpop(*words)
    assert (done.code, done.json["result"]) == (0, 3), done.err
    assert "which was interrupted" in done.err
    assert (folder / "notes.txt").read_text().splitlines() == ["kneaded"] * kneaded
