import fcntl
import json
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
        variables = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        process = subprocess.Popen(
            [sys.executable, "-m", "lolpop", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**variables, "TERM": "xterm-256color", **environ},
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
    """On 40 columns, a proposed command and its comment are on one line that can be copied."""
    code, seen = terminal("run", talking, columns=40)
    assert code == 0
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    assert re.search(
        r"^  lolpop runs show \d{8}-\d{6}-[0-9a-f]{8} +# this run: tasks, lineage, settings\r$",
        plain,
        re.MULTILINE,
    )
    assert f"\r\n  lolpop config show {talking}  # every setting" in plain


def test_a_table_stays_legible_on_a_narrow_terminal(talking, terminal):
    """On 40 columns, a wide row is shown as lines of title and value; no word is broken."""
    terminal("run", talking)
    code, seen = terminal("runs", "ls", columns=40)
    assert code == 0
    lines = [line.split() for line in re.sub(r"\x1b\[[0-9;]*m", "", seen).strip().splitlines()]
    assert [line[0] for line in lines[:3]] == ["run", "workflow", "status"]
    assert [line[1] for line in lines[1:3]] == ["run", "completed"]


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
    """Ctrl-C restores the cursor, exits with 130, and says how to inspect the run."""
    code, seen = terminal("run", talking, typed=b"\x03")
    assert code == 130
    assert "Interrupted. The run is marked as interrupted: lolpop runs show " in seen
    assert seen.rindex("\x1b[?25h") > seen.rindex("\x1b[?25l")
    assert lolpop("runs", "show", "last", "--json").json["status"] == "interrupted"


def test_a_run_that_fails_before_its_first_step_has_no_steps_to_tell(talking, lolpop):
    """An empty table of steps has no heading."""
    done = lolpop("run", talking, "fail")
    assert done.code == 1
    assert "fail failed" in done.out
    assert "\nSteps" not in done.out


def test_empty_parts_have_no_heading(talking, lolpop):
    """A workflow that makes nothing has no heading for resources."""
    done = lolpop("run", talking, "fail")
    assert "Made or used" not in done.out
    done = lolpop("run", talking)
    assert done.code == 0, done.err
    assert "Result" in done.out
    assert "Made or used" not in done.out


def test_a_reader_that_leaves_early_is_no_error(talking, shell):
    """`lolpop run … | head` prints what was asked for, and no error."""
    done = shell(f"lolpop run {talking} < /dev/null | head -1; echo ${{PIPESTATUS[0]}}")
    assert done.out.splitlines()[0].startswith(talking)
    assert done.out.splitlines()[-1] in ("0", "141")
    assert "Traceback" not in done.err
    assert "rror" not in done.err


HOSTILE = {
    "title": "\x1b]0;TITLE\x07",
    "red": "\x1b[31mRED",
    "c1": "\x9b31mC1",
    "rlo": "\u202eRLO",
    "isolate": "\u2066ISO",
    "mark": "\u200fRLM",
    "line": "a\u2028b",
    "hidden": "zero\u200bwidth",
    "tag": "\U000e0041TAG",
    "return": "good\rbad",
}
RAW = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\U000e0041]"
)


@pytest.fixture
def hostile(folder):
    """A project whose columns, group and source have names that a terminal would obey, hide or reorder."""
    names = ",".join(f'"{text}"' for text in HOSTILE.values())
    rows = "".join(
        f"{i},{','.join(str((i * k) % 7) for k in range(2, 12))},{'yes' if i % 3 else 'no'}\n"
        for i in range(90)
    )
    (folder / "rows.csv").write_text(f"id,{names},churned\n{rows}", newline="")
    (folder / "lolpop.yaml").write_text(
        "problem: {name: churn, target: churned, index: id}\ndata: {train: rows.csv}\n"
        "train: {model_trainer: {estimator: logistic_regression}}\n"
        "skip: [check_model_bias]\n"
    )
    return folder


def own(seen):
    """What was on the screen without rich's colours and the returns of the terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.replace("\r\n", "\n").replace("\x1b[31mRED", "LEAK"))


def test_nothing_of_the_data_reaches_a_terminal_raw(hostile, terminal, lolpop):
    """Control characters and text direction marks are escaped in tables, errors and arguments."""
    group = "\x1b[31mG\u202e"
    code, seen = terminal("run", "classification", "--group", group, typed=b"")
    assert code == 0, seen
    wrong = f"\x1b[31m{HOSTILE['rlo']}"
    commands = (
        ("models", "show", "churn"),
        ("datasets", "show", "churn_train"),
        ("runs", "ls"),
        ("runs", "show", "last"),
        ("models", "show", wrong),
        ("run", "classification", wrong),
        ("run", wrong),
        ("config", "show", "classification", "--set", f"problem.drop=[{json.dumps(HOSTILE['title'])}]"),
        ("verify", "classification", "--set", f"{wrong}=1"),
        (wrong,),
    )
    shown = [own(seen), *(own(terminal(*words, typed=b"")[1]) for words in commands)]
    for text in shown:
        assert "LEAK" not in text
        assert not RAW.search(text), text
        assert "\x1b" not in text
    assert "\\u001b[31mRED" in shown[1]
    assert "\\u202eRLO" in shown[2]
    assert "\\u001b[31mG\\u202e" in shown[3]
    done = lolpop("datasets", "show", "churn_train", "--json")
    assert done.out.isascii()
    assert HOSTILE["rlo"] in json.dumps(done.json, ensure_ascii=False)


def test_json_stays_json_whatever_is_in_it(folder, lolpop):
    """A result is printed as JSON that parses to the same value, with --json and without."""
    (folder / "app.py").write_text(
        "from lolpop import Runner, RunnerContainer, providers, workflow\n"
        "class Say(Runner):\n"
        "    @workflow\n"
        f"    def run(self) -> dict: return {{'a': {list(HOSTILE.values())!r}}}\n"
        "class App(RunnerContainer):\n"
        "    runner = providers.Runner(Say)\n"
    )
    assert json.loads(lolpop("run", "app.py:App").out) == {"a": list(HOSTILE.values())}
    assert lolpop("run", "app.py:App", "--json").json["result"] == {"a": list(HOSTILE.values())}
