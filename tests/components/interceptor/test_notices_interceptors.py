"""Interceptors: what happens around tasks and workflows."""

import json
import re
import time

import pytest

from lolpop.components.interceptor import TaskCall
from lolpop.components.interceptor.log import LogInterceptor
from lolpop.components.interceptor.progress import ProgressInterceptor
from lolpop.components.interceptor.retry import RetryInterceptor
from lolpop.components.interceptor.timing import TimingInterceptor
from lolpop.components.logger.file import FileLogger
from lolpop.components.notifier.console import ConsoleNotifier
from lolpop.errors import DataError, StoreError, TrainingError, VerificationError


def call(proceed, path="train.train_model", kind="task"):
    return TaskCall(kind=kind, path=path, run_id="run", arguments={}, proceed=proceed)


def failing(*errors):
    """Make a task that raises each of ``errors`` in turn, then returns how often it was called."""
    left = list(errors)

    def proceed():
        if left:
            raise left.pop(0)
        return len(errors) + 1

    return proceed


@pytest.fixture
def logger(tmp_path):
    logger = FileLogger(tmp_path / "log.jsonl", "debug")
    yield logger
    logger.close()


@pytest.fixture
def logged(tmp_path):
    def read():
        path = tmp_path / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    return read


def test_log_tells_start_and_end(logger, logged):
    """A successful call is logged before and after, with its duration."""
    assert LogInterceptor(logger=logger).around(call(lambda: 7)) == 7
    started, done = logged()
    assert (started["level"], started["message"]) == ("debug", "train.train_model started")
    assert (done["level"], done["message"]) == ("info", "train.train_model done")
    assert done["fields"]["seconds"] >= 0


def test_log_tells_a_failure_and_lets_it_through(logger, logged):
    """A failed call is logged with its error, which is raised."""
    with pytest.raises(DataError):
        LogInterceptor(logger=logger).around(call(failing(DataError("no rows"))))
    assert logged()[-1]["level"] == "error"
    assert logged()[-1]["fields"]["error"] == "DataError: no rows"


def test_timing_warns_of_a_slow_call(capsys):
    """A call that takes as long as the setting, or longer, is a warning."""
    timing = TimingInterceptor(slow=0.01, notifiers=[ConsoleNotifier()])
    assert timing.around(call(lambda: time.sleep(0.02))) is None
    message = r"warning: train\.train_model took \d+\.\d s, 0\.01 s or more is slow\.\n"
    assert re.fullmatch(message, capsys.readouterr().err)


def test_timing_warns_of_a_slow_failure(capsys):
    """A call that takes long and then fails is a warning, too."""
    timing = TimingInterceptor(slow=0.0, notifiers=[ConsoleNotifier()])
    with pytest.raises(DataError):
        timing.around(call(failing(DataError("no rows"))))
    assert "train.train_model took" in capsys.readouterr().err


def test_timing_is_silent_about_a_fast_call(capsys):
    """A fast call raises no message."""
    TimingInterceptor(notifiers=[ConsoleNotifier()]).around(call(lambda: None))
    assert capsys.readouterr().err == ""


def test_timing_refuses_a_negative_limit():
    """The message of the constructor has the value."""
    with pytest.raises(ValueError, match="-1"):
        TimingInterceptor(slow=-1, notifiers=[])


def test_retry_calls_again_what_may_pass(logger, logged):
    """A call that fails twice and then succeeds returns its result; each retry is logged."""
    retry = RetryInterceptor(wait=0, logger=logger)
    assert retry.around(call(failing(ConnectionError("reset"), StoreError("locked")))) == 3
    assert [(line["level"], line["fields"]["attempt"]) for line in logged()] == [
        ("warning", 1),
        ("warning", 2),
    ]
    assert logged()[0]["fields"]["error"] == "ConnectionError: reset"


def test_retry_gives_up_with_the_last_error(logger):
    """After the last attempt the error itself is raised, not one of the retry library."""
    retry = RetryInterceptor(attempts=2, wait=0, logger=logger)
    with pytest.raises(ConnectionError, match="second"):
        retry.around(call(failing(ConnectionError("first"), ConnectionError("second"), OSError("third"))))


@pytest.mark.parametrize(
    "error",
    [DataError("bad"), TrainingError("bad"), VerificationError([]), KeyboardInterrupt(), SystemExit()],
)
def test_retry_does_not_repeat_what_cannot_change(logger, logged, error):
    """Errors of data, parameters or wiring, and interrupts, are not retried."""
    with pytest.raises(type(error)):
        RetryInterceptor(wait=0, logger=logger).around(call(failing(error)))
    assert logged() == []


def test_retry_waits_longer_each_time(logger, logged):
    """The wait starts with the setting and is multiplied by the factor."""
    retry = RetryInterceptor(attempts=4, wait=0.002, backoff=3, logger=logger)
    assert retry.around(call(failing(OSError(), OSError(), OSError()))) == 4
    assert [line["fields"]["wait"] for line in logged()] == pytest.approx([0.002, 0.006, 0.018])


@pytest.mark.parametrize("settings", [{"attempts": 0}, {"wait": -1}, {"backoff": 0.5}])
def test_retry_refuses_settings_that_make_no_sense(logger, settings):
    """The message of the constructor has the value."""
    with pytest.raises(ValueError, match=str(next(iter(settings.values())))):
        RetryInterceptor(**settings, logger=logger)


def test_progress_shows_nothing_in_a_pipe(capsys):
    """In a pipe nothing is shown, and the result is returned."""
    assert ProgressInterceptor().around(call(lambda: 7)) == 7
    assert capsys.readouterr() == ("", "")


PROGRAM = """
import time
from concurrent.futures import ThreadPoolExecutor
from lolpop.components.interceptor import TaskCall
from lolpop.components.interceptor.progress import ProgressInterceptor
from lolpop.components.notifier.console import ConsoleNotifier

progress, notifier = ProgressInterceptor(), ConsoleNotifier()

def around(kind, path, proceed):
    return progress.around(TaskCall(kind=kind, path=path, run_id="run", arguments={}, proceed=proceed))

def fit():
    time.sleep(0.4)
    notifier.notify("half way")

def train():
    around("task", "train.train_model", fit)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(around, "task", "train.check_model", lambda: None).result()
    around("task", "train.fail", lambda: 1 / 0)

def run():
    around("workflow", "train_model", train)
"""


def test_progress_shows_running_and_finished_tasks_on_a_terminal(on_terminal):
    """The running task and the finished ones with their durations, nested as they were called."""
    shown = on_terminal(
        PROGRAM
        + "try:\n    around('workflow', 'run', run)\nexcept ZeroDivisionError:\n    notifier.notify('the end')\n"
    )
    plain = _without_escapes(shown)
    assert "    … train.train_model" in plain
    lines = [line for line in plain.splitlines() if line.strip() and "…" not in line]
    assert [line.rstrip("0123456789. s") for line in lines] == [
        "▸ run",
        "  ▸ train_model",
        "half way",
        "    ✓ train.train_model",
        "    ✓ train.check_model",
        "    ✗ train.fail",
        "  ✗ train_model",
        "✗ run",
        "the end",
    ]


def test_progress_gives_the_terminal_back_when_closed(on_terminal):
    """close() during a call shows the cursor again."""
    shown = on_terminal(PROGRAM + "around('task', 'train.stop', progress.close)")
    assert shown.rstrip().rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def _without_escapes(shown: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.replace("\x1b[2K", "\n")).replace("\r", "")
