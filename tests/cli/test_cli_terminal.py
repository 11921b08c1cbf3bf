import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

TALKING = """
import sys
from lolpop import Pipeline, PipelineContainer, Runner, RunnerContainer, providers, task, workflow
from lolpop.components.interceptor import Interceptor
from lolpop.components.metadata_tracker import MetadataTracker

class Steps(Pipeline):
    @task
    def look(self):
        if sys.stdin.isatty():
            sys.stdin.readline()
        return "seen"

class Talk(Runner):
    def __init__(self, *, steps: Steps, metadata_tracker: MetadataTracker):
        self.steps = steps
    @workflow
    def run(self) -> str:
        return self.steps.look()
    @workflow
    def fail(self) -> str:
        raise ValueError("nothing begins")

class StepsContainer(PipelineContainer):
    pipeline = providers.Pipeline(Steps)

class TalkContainer(RunnerContainer):
    metadata_tracker = providers.Component(MetadataTracker, default="sql")
    interceptors = providers.Components(Interceptor, default=["progress"])
    steps = providers.nested(StepsContainer)
    runner = providers.Runner(Talk)
"""


@pytest.fixture
def talking(folder):
    name = "a_name_that_is_longer_than_a_narrow_terminal"
    (folder / f"{name}.py").write_text(TALKING)
    return f"{name}.py"


@pytest.fixture
def terminal():
    """A command on a terminal of its own, given what is typed; its exit code and all that was on the screen."""

    def run(*words, columns=80, typed=b"\n", **environ):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        process = subprocess.Popen(
            [sys.executable, "-m", "lolpop", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**kept, "TERM": "xterm-256color", **environ},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        seen = b""
        try:
            while True:
                seen += os.read(ours, 65536)
                if typed and b"look" in seen:
                    os.write(ours, typed)
                    typed = b""
        except OSError:  # the terminal is gone with its last process
            pass
        os.close(ours)
        return process.wait(timeout=60), seen.decode()

    return run


def test_commands_to_type_next_stay_whole_on_a_narrow_terminal(talking, terminal):
    """On 40 columns, a command that is proposed is one line that can be copied, its comment included."""
    code, seen = terminal("run", talking, columns=40)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert re.search(
        r"^  lolpop runs show \d{8}-\d{6}-[0-9a-f]{8} +# this run: tasks, lineage, settings\r$",
        plain,
        re.MULTILINE,
    )
    assert f"\r\n  lolpop config show {talking}  # every setting" in plain


def test_a_terminal_has_progress_and_colours_and_a_pipe_has_none(talking, terminal, shell):
    """Steps are shown while they run, on a terminal only; NO_COLOR takes colours away."""
    code, seen = terminal("run", talking)
    assert code == 0
    assert "▸" in seen
    assert "\x1b[36m" in seen
    code, seen = terminal("run", talking, NO_COLOR="1")
    assert "▸" in seen
    assert not re.search(r"\x1b\[(\d+;)*3\d", seen)
    done = shell(f"lolpop run {talking} < /dev/null")
    assert done.code == 0
    assert "▸" not in done.out + done.err
    assert "\x1b" not in done.out + done.err


def test_ctrl_c_on_the_keyboard_ends_the_run(talking, terminal, lolpop):
    """Ctrl-C gives the cursor back, exits 130, and says how to see what was done."""
    code, seen = terminal("run", talking, typed=b"\x03")
    assert code == 130
    assert "Interrupted. The run is marked as interrupted: lolpop runs show " in seen
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")
    assert lolpop("runs", "show", "last", "--json").json["status"] == "interrupted"


def test_a_run_that_fails_before_its_first_step_has_no_steps_to_tell(talking, lolpop):
    """There is no empty heading."""
    done = lolpop("run", talking, "fail")
    assert done.code == 1
    assert "fail failed" in done.out
    assert "\nSteps" not in done.out


def test_a_reader_that_leaves_early_is_no_error(talking, shell):
    """`lolpop run … | head` prints what was asked for, and no error."""
    done = shell(f"lolpop run {talking} < /dev/null | head -1; echo ${{PIPESTATUS[0]}}")
    assert done.out.splitlines()[0].startswith(talking)
    assert done.out.splitlines()[-1] in ("0", "141")
    assert "Traceback" not in done.err
    assert "rror" not in done.err
