"""Interruptions that libraries swallow or turn into other errors."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

import pytest

from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.cli import main
from lolpop.interrupts import InterruptWatch, interrupted

HERE = __name__


def send(number=signal.SIGINT):
    os.kill(os.getpid(), number)


def swallowed_by_a_block(number):
    with contextlib.suppress(BaseException):
        send(number)
        sum(range(1000))


def swallowed_by_a_finaliser(number):
    class Dying:
        def __del__(self):
            send(number)
            sum(range(1000))

    Dying()


def swallowed_by_a_callback_of_c(number):
    ctypes.CFUNCTYPE(None)(lambda: (send(number), sum(range(1000)))[0])()


def turned_into_another_error(number):
    try:
        send(number)
        sum(range(1000))
    except KeyboardInterrupt:
        raise AttributeError("module 'narwhals' has no attribute 'from_native'") from None


def idle(number):
    del number


WAYS = [
    swallowed_by_a_block,
    swallowed_by_a_finaliser,
    swallowed_by_a_callback_of_c,
    turned_into_another_error,
    send,
]


class Work(Runner):
    def __init__(self, way: str = "send", number: int = int(signal.SIGINT)):
        self.way, self.number = way, number

    @workflow
    def run(self) -> str:
        globals()[self.way](self.number)
        return "completed"


class App(RunnerContainer):
    runner = providers.Runner(Work)


@pytest.fixture(autouse=True)
def _python_handles_ctrl_c(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_library_swallows_ctrl_c(way):
    """A run is interrupted, neither completed nor failed, even if a library catches the exception."""
    with App.load(environ={}, overrides={"way": way.__name__}) as app:
        with pytest.raises(KeyboardInterrupt):
            app.runner().run()
        (run,) = app.runs()
        assert run.status == "interrupted"
        assert not interrupted()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_says_which_signal_ended_it(way, number, code, capsys):
    """The exit code is 130 or 143, the run is interrupted in the store, and no traceback is shown."""
    settings = ("--set", f"way={way.__name__}", "--set", f"number={int(number)}")
    assert main(["run", f"{HERE}:App", *settings, "--json"]) == code
    shown = capsys.readouterr()
    assert '"status": "interrupted"' in shown.out
    assert "Traceback" not in shown.out + shown.err
    assert "Interrupted." in shown.err
    assert main(["runs", "ls", "--json"]) == 0
    assert '"status": "interrupted"' in capsys.readouterr().out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_of_generated_code_keeps_the_exit_code(number, code, tmp_path):
    """A signal while a dataclass or a named tuple is created ends the process with 130 or 143."""
    (tmp_path / "generating.py").write_text(
        "import os\n"
        "from lolpop import RunnerContainer\n"
        f"exec('os.kill(os.getpid(), {int(number)}); sum(range(1000))')\n"
        "class App(RunnerContainer):\n"
        "    pass\n"
    )
    words = [sys.executable, "-m", "lolpop", "verify", "generating:App"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (ended.returncode, ended.stderr.strip()) == (code, "Interrupted.")


def test_a_signal_that_somebody_else_handles_is_theirs():
    """Handlers of the application, and ignored signals, stay."""
    for handler in (signal.SIG_IGN, lambda number, frame: None):
        signal.signal(signal.SIGINT, handler)
        with InterruptWatch(signal.SIGINT) as watch:
            assert signal.getsignal(signal.SIGINT) is handler
            send()
        assert watch.signal_number is None
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_another_thread_watches_nothing():
    """Only the main thread can handle signals; a run in another one works as usual."""
    results = []

    def work():
        with App.load(environ={}, overrides={"way": "idle"}) as app:
            results.append(app.runner().run())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert results == ["completed"]
