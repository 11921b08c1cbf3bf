"""The local executor: work in other processes, on containers that are built again there."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from worker_app import Broken, Cube, Power, PowerApp, Powers, die, double, fail_on_three, place, sleep

from lolpop import providers
from lolpop._processors import processors
from lolpop.components.executor import Executor
from lolpop.components.executor.local import LocalExecutor
from lolpop.containers import scope_of
from lolpop.errors import LolpopError, WiringError
from lolpop.kernel.specs import Call, spec_of

HERE = Path(__file__).parent


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lolpop.yaml").write_text("powers: {power: {exponent: 4}}\n")
    return PowerApp.load(environ={})


def test_a_function_is_called_for_each_item_in_order():
    """Results come in the order of the items."""
    assert LocalExecutor(2).map(double, range(5)) == [0, 2, 4, 6, 8]


def test_nothing_to_do_starts_nothing():
    """Without items, no process starts."""
    assert LocalExecutor().map(double, []) == []


def test_what_the_first_failing_call_raised_is_raised():
    """The first error is raised unchanged."""
    with pytest.raises(ValueError, match="no 3"):
        LocalExecutor(2).map(fail_on_three, range(6))


def test_a_worker_that_dies_is_reported():
    """A process that ends without an answer is an error in plain words."""
    with pytest.raises(LolpopError, match="A worker process was lost"):
        LocalExecutor(1).map(die, [1])


def test_what_other_processes_cannot_have_is_refused():
    """A lambda cannot be mapped; the hint says what can."""
    with pytest.raises(WiringError, match=r"<function.* cannot be sent.*module-level function or a Call"):
        LocalExecutor(1).map(lambda number: number, [1])


def test_workers_answer_several_threads_and_stay(monkeypatch):
    """The same processes do items that are added later, and share the processors."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with LocalExecutor().workers(place, 2) as ask, ThreadPoolExecutor(2) as pool:
        answers = [ask("OMP_NUM_THREADS"), *pool.map(ask, ["OMP_NUM_THREADS"] * 4)]
    assert 1 <= len({pid for pid, _ in answers}) <= 2
    assert {threads for _, threads in answers} == {str(max(1, processors() // min(2, processors())))}


def test_a_dead_worker_is_reported_to_all_threads():
    """All waiting threads, and later calls, get the error."""
    with LocalExecutor().workers(die, 1) as ask:
        for _ in range(2):
            with pytest.raises(LolpopError, match="A worker process was lost"):
                ask(1)


def test_an_executor_that_only_maps_has_workers_too():
    """Items are mapped one at a time."""

    class Inline(Executor):
        def map(self, function, items):
            return [function(item) for item in items]

    with Inline().workers(double, 2) as ask:
        assert [ask(1), ask(2)] == [2, 4]


def test_a_call_is_of_what_a_container_built(app):
    """A pipeline of a container knows its path; one that was built by hand does not."""
    assert Call.of(app.powers.pipeline(), "all") == Call("powers.pipeline", "all")
    with pytest.raises(WiringError, match="a Powers that no container built"):
        Call.of(Powers(executor=LocalExecutor()), "all")


def test_a_number_of_workers_below_one_is_refused():
    """The constructor fails at once and names the value."""
    with pytest.raises(ValueError, match="workers must be at least 1, but got 0"):
        LocalExecutor(0)


def test_a_call_is_made_on_containers_built_again(app, tmp_path):
    """Each worker builds the container once, with its settings and run, and closes it at the end."""
    run_ids = {run_id for _, run_id, _ in app.runner().run("where", [1, 2, 3, 4, 5, 6])}
    assert run_ids == {app.runs()[0].run_id}
    built = {path.name.removeprefix("built-") for path in tmp_path.glob("built-*")}
    closed = {path.name.removeprefix("closed-") for path in tmp_path.glob("closed-*")}
    assert 1 <= len(built) <= 2
    assert closed == built
    assert str(os.getpid()) not in built
    assert app.runner().run() == [1, 16, 81]


def test_overrides_by_providers_go_along(app):
    """Workers have the overrides of the container, with their settings."""
    with app.powers.power.override(providers.Component(Power, default=Cube)):
        assert app.runner().run() == [1, 8, 27]
    with app.powers.power.override(providers.Component(Power, default=Power, settings={"exponent": 1})):
        assert app.runner().run() == [1, 2, 3]


def test_an_override_by_a_live_object_is_refused(app, tmp_path):
    """Another process must be able to build an override."""
    with (
        app.powers.power.override(Power(folder=tmp_path)),
        pytest.raises(WiringError, match=r"powers\.power is overridden by a live object"),
    ):
        app.runner().run()


def test_an_override_by_a_local_class_is_refused(app):
    """A class that cannot be imported cannot be an override in other processes."""

    class Local(Power):
        pass

    with (
        app.powers.power.override(providers.Component(Power, default=Local)),
        pytest.raises(WiringError, match="Local cannot be imported by other processes"),
    ):
        app.runner().run()


def test_a_container_that_cannot_be_imported_is_refused():
    """A container class that is local to a function cannot be built elsewhere."""

    class Local(PowerApp):
        pass

    with pytest.raises(WiringError, match="Local cannot be imported by other processes"):
        spec_of(scope_of(Local()))


def test_what_fails_in_a_worker_is_raised_here(app):
    """Errors of methods and of constructors keep their text."""
    with pytest.raises(ValueError, match="no 1"):
        app.runner().run("fail")
    with (
        app.powers.power.override(providers.Component(Power, default=Broken)),
        pytest.raises(WiringError, match=r"powers\.power: .*Broken could not be built: OSError: no power"),
    ):
        app.runner().run()


def test_a_call_outside_a_run_is_refused(app):
    """A Call needs the run whose container it is for."""
    with pytest.raises(WiringError, match="outside a run"):
        app.executor().map(Call("powers.power", "raised"), [1])


def test_a_call_of_what_is_not_there(app):
    """A Call of an unknown provider or method proposes a near name."""
    with pytest.raises(WiringError, match=r"no method 'raise'.*Did you mean raised\?"):
        app.runner().run("raise")
    with pytest.raises(WiringError, match=r"no provider 'powers\.powr'. Did you mean power\?"):
        app.runner().run(provider="powers.powr")


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["the first process", "all, as a terminal does"])
@pytest.mark.parametrize("started", [2, 3, 4])
def test_ctrl_c_stops_the_workers(tmp_path, started, kill):
    """An interrupt ends the first process and its workers at once, even if they have just started."""
    script = tmp_path / "script.py"
    script.write_text(
        "from lolpop.components.executor.local import LocalExecutor\n"
        "from worker_app import sleep\n"
        "if __name__ == '__main__':\n"
        "    print('go', flush=True)\n"
        "    LocalExecutor(2).map(sleep, [0, 60, 60])\n"
    )
    process = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout.readline() == "go\n"
    deadline = time.monotonic() + 60
    # Besides it and its workers there is Python's own tracker of shared memory.
    while len(group_of(process.pid)) < started and time.monotonic() < deadline:
        pass
    kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.count("Traceback") == 1
    assert "KeyboardInterrupt" in errors
    # The tracker notices a moment later that nobody is left.
    deadline = time.monotonic() + 60
    while group_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert group_of(process.pid) == []


def group_of(leader: int) -> list[str]:
    """The processes of a process group that live."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,stat=", "--no-headers", "-g", str(leader)], capture_output=True, text=True
    )
    return [line for line in listed.stdout.splitlines() if " Z" not in line]


def test_the_slot_is_filled_by_name():
    """`local` is the registered name, whose setting is the number of workers."""
    container = PowerApp.load(overrides={"executor.workers": 0}, environ={})
    with pytest.raises(LolpopError, match=r"executor\.workers: input should be greater than 0"):
        container.verify()
    assert isinstance(PowerApp().executor(), LocalExecutor)
    assert sleep(0) == 0
