"""The console as notifier and logger."""

import json
import subprocess
import sys
from typing import ClassVar

import pytest

from lolpop import Runner, RunnerContainer, providers, workflow
from lolpop.components.logger.console import ConsoleLogger
from lolpop.components.notifier import Notifier
from lolpop.components.notifier.console import ConsoleNotifier


def test_a_notice_goes_to_standard_error(capsys):
    """Standard output is for results."""
    ConsoleNotifier().notify("model trained")
    assert capsys.readouterr() == ("", "model trained\n")


@pytest.mark.parametrize("level", ["debug", "warning", "error"])
def test_a_level_other_than_information_is_said(capsys, level):
    """In a pipe, warnings and errors are marked with their level."""
    ConsoleNotifier("debug").notify("look here", level)
    assert capsys.readouterr().err == f"{level}: look here\n"


def test_what_is_below_the_level_is_not_shown(capsys):
    """Notices below the set level are not shown."""
    notifier = ConsoleNotifier("warning")
    notifier.notify("all is well")
    notifier.notify("beware", "warning")
    notifier.notify("broken", "error")
    assert capsys.readouterr().err == "warning: beware\nerror: broken\n"


@pytest.mark.parametrize("console", [ConsoleNotifier, ConsoleLogger])
def test_an_unknown_level_is_refused_at_once(console):
    """The message of the constructor has the value and the levels."""
    with pytest.raises(ValueError, match="debug, info, warning, error, but got 'loud'"):
        console("loud")


def test_a_notice_masks_the_user_part_of_urls(capsys):
    """A password is not shown on the console."""
    ConsoleNotifier().notify("read from postgresql://me:hunter2@host/db")
    assert "hunter2" not in (shown := capsys.readouterr().err)
    assert "@host/db" in shown


def test_markup_is_not_interpreted(on_terminal):
    """Markup of rich is shown literally."""
    shown = on_terminal(
        "from lolpop.components.notifier.console import ConsoleNotifier\n"
        "ConsoleNotifier().notify('columns [red] and [/]')"
    )
    assert "columns [red] and [/]" in shown


def test_a_terminal_gets_colour(on_terminal):
    """A warning is coloured on a terminal."""
    shown = on_terminal(
        "from lolpop.components.notifier.console import ConsoleNotifier\n"
        "ConsoleNotifier().notify('beware', 'warning')"
    )
    assert "\x1b[33mwarning: beware\x1b[0m" in shown


def test_a_pipe_costs_no_import_of_rich():
    """In a pipe, rich is not imported."""
    program = (
        "import sys\n"
        "from lolpop.components.notifier.console import ConsoleNotifier\n"
        "ConsoleNotifier().notify('hello')\n"
        "print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "hello\n")


def test_a_log_line_holds_time_level_message_and_fields(capsys):
    """One message is one line."""
    ConsoleLogger().log("model trained", rows=569, metric="test.roc_auc", note="two words")
    line = capsys.readouterr().err
    time, rest = line.split(" ", 1)
    assert time.endswith("+00:00")
    assert rest == 'INFO model trained rows=569 metric=test.roc_auc note="two words"\n'


def test_a_log_line_stays_one_line(capsys):
    """A line break in a message or a field does not break the log."""
    ConsoleLogger().log("first\nsecond", error="a\nb")
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert json.dumps("first\nsecond") in line


def test_the_level_of_the_logger_holds(capsys):
    """Messages below the level are not logged."""
    ConsoleLogger("error").log("unseen", "warning")
    assert capsys.readouterr().err == ""


def test_only_remote_notifiers_get_a_failed_run(capsys):
    """A failed run is sent to other notifiers; the console shows the error anyway."""

    class Page(Notifier):
        messages: ClassVar[list[str]] = []

        def notify(self, message, level="info"):
            self.messages.append(f"{level}: {message}")

    class Failing(Runner):
        def __init__(self, *, notifiers: list[Notifier]) -> None:
            self.notifiers = notifiers

        @workflow
        def run(self) -> None:
            raise ArithmeticError("the numbers do not add up")

    class Container(RunnerContainer):
        notifiers = providers.Components(Notifier, default=["console", Page])
        runner = providers.Runner(Failing)

    container = Container()
    with pytest.raises(ArithmeticError):
        container.runner().run()
    assert capsys.readouterr().err == ""
    run_id = container.runs()[0].run_id
    assert Page.messages == [f"error: run failed in run {run_id}: ArithmeticError: the numbers do not add up"]
