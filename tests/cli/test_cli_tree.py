"""What holds of every command."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from lolpop.cli._late import LateCommand
from lolpop.cli.app import root_command


def loaded(command):
    """The command itself, in place of one that is imported late."""
    return command.load() if isinstance(command, LateCommand) else command


def leaves(command, path=()):
    """Every command of the tree that has no commands below it, with the words that call it."""
    for name, child in getattr(command, "commands", {}).items():
        child = loaded(child)
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            yield (*path, name), child


COMMANDS = dict(leaves(root_command()))

WRITES_FILES = {("flow", "build"), *(path for path in COMMANDS if path[0] == "new")}
IS_TEXT_FOR_A_PROGRAM = {("config", "schema"), ("flow", "show"), ("test",)}
"""What is printed is JSON or a drawing already, or is written as JUnit XML."""

CHOSEN_FREELY = {
    "argument": {"name", "file", "reference", "source", "target"},
    "option": {
        "group", "step", "sweep", "sweep_file", "jobs", "limit", "rows", "files", "checks", "junit", "output",
        "target", "reader", "writer", "by", "reason", "sort", "form", "drawing", "on_failure",
    },
}  # fmt: skip
"""Arguments and options for whose values nobody but the user, or the shell itself, has proposals."""

REFERS_TO = {
    ("run",): ("--resume", "7"),
    ("plan",): ("--resume", "7"),
    ("runs", "show"): ("7",),
    ("runs", "diff"): ("7", "8"),
    ("runs", "compare"): ("7", "8"),
    ("runs", "replay"): ("7",),
    ("datasets", "show"): ("churn@1",),
    ("models", "show"): ("churn@1",),
    ("models", "approve"): ("churn@1", "--by", "ann"),
    ("models", "deploy"): ("churn@1",),
    ("models", "rollback"): ("churn",),
    ("models", "undeploy"): ("churn",),
    ("data", "profile"): ("none.csv",),
    ("data", "check"): ("none.csv",),
    ("data", "compare"): ("none.csv", "none.csv"),
    ("data", "seed"): ("none.csv", "copy.csv"),
    ("data", "synthesize"): ("none.csv", "copy.csv"),
}
"""Words after a command that name a run, a version or a file which does not exist."""

REFERS_TO_NOTHING = {
    *(path for path in COMMANDS if path[0] in {"new", "config", "flow"}),
    *[("test",), ("verify",), ("graph",), ("components",), ("describe",), ("doctor",), ("migrate",)],
    *[("runs", "ls"), ("datasets", "ls"), ("models", "ls")],
}
"""Commands that name code or settings only, for which 2 is the exit code, or list what there is."""

COLOUR = re.compile(r"\x1b\[[0-9;]*\b(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])\b[0-9;]*m")

SHOWN = [
    ("verify", "app.py"),
    ("graph", "app.py"),
    ("components", "notifier"),
    ("describe", "notifier.console"),
    ("doctor",),
    ("config", "show", "app.py"),
    ("config", "explain", "app.py", "greet.greeter"),
    ("config", "diff", "app.py", "-", "prod"),
    ("config", "schema", "app.py"),
    ("runs", "ls"),
    ("runs", "show", "last"),
    ("datasets", "ls"),
    ("models", "ls"),
    ("data", "profile", "rows.csv"),
    ("data", "check", "rows.csv"),
    ("data", "compare", "rows.csv", "rows.csv"),
    ("run", "app.py"),
    ("plan", "app.py"),
]


@pytest.fixture
def shown(project, lolpop):
    """The greeter's project with a run, a profile and a few rows."""
    (project / "lolpop.yaml").write_text("greet: {greeter: {greeting: ahoy}}\n")
    (project / "lolpop.prod.yaml").write_text("greet: {greeter: {greeting: good day}}\n")
    (project / "rows.csv").write_text(
        "id,size\n" + "".join(f"{number},{number % 7}\n" for number in range(60))
    )
    assert lolpop("run", "app.py").code == 0
    return project


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_and_fits_into_60_columns(path, lolpop, monkeypatch):
    """`--help` says how the command is called, is no wider than the terminal, and has no colour in a pipe."""
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERMINAL_WIDTH", "60")
    done = lolpop(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert f"lolpop {' '.join(path)}" in " ".join(done.out.partition("\n")[2].split())
    assert not COLOUR.search(done.out)
    too_wide = [line for line in done.out.splitlines() if len(line) > 60 and " " in line.strip()]
    assert too_wide == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_commands_have_json(path):
    """Every command has --json, except those that write files or text for other programs."""
    options = {option for parameter in COMMANDS[path].params for option in parameter.opts}
    assert ("--json" in options) is (path not in WRITES_FILES | IS_TEXT_FOR_A_PROGRAM)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_wrong_usage_exits_with_2(path, folder, lolpop):
    """An option that does not exist is an error of a few lines with exit code 2."""
    done = lolpop(*path, "--no-such-option")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= 4
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("path", [path for path in COMMANDS if path not in REFERS_TO_NOTHING], ids=" ".join)
def test_objects_that_do_not_exist_exit_with_1(path, folder, lolpop):
    """A run, a version or a file that does not exist is named in an error with the exit code 1."""
    done = lolpop(*path, *REFERS_TO[path])
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: ")
    assert re.search(r"'7'|churn|none\.csv", done.err)
    assert len(done.err.splitlines()) <= 4
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_names_are_completed(path):
    """The shell completes runners, workflows, settings, profiles, runs, components and references."""
    proposing = path[0] in {"models", "datasets"}
    for parameter in COMMANDS[path].params:
        kind = parameter.param_type_name
        if getattr(parameter, "is_flag", False):
            continue
        if parameter.name in CHOSEN_FREELY[kind] and not (proposing and parameter.name == "name"):
            continue
        assert parameter._custom_shell_complete is not None, parameter.name


@pytest.mark.parametrize("words", SHOWN, ids=lambda words: " ".join(words[:2]))
def test_json_is_json_and_text_has_no_colour_in_a_pipe(shown, lolpop, words):
    """With --json the output is JSON to its last line; without it, there is no escape sequence in it."""
    text = lolpop(*words)
    assert text.code == 0, text.err
    assert "\x1b" not in text.out + text.err
    if "--json" in {option for item in COMMANDS[_path(words)].params for option in item.opts}:
        assert lolpop(*words, "--json").json is not None


def _path(words):
    return next(words[:length] for length in (1, 2) if words[:length] in COMMANDS)


def test_on_a_terminal_of_60_columns_without_colour(shown):
    """With NO_COLOR nothing has a colour on a terminal, and no table is wider than it."""
    calls = [
        words for words in SHOWN if words[0] not in ("run", "plan") and words[:2] != ("config", "schema")
    ]
    code = f"from lolpop.cli import main\nfor words in {calls!r}:\n    assert main(list(words)) == 0, words\n"
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    environ = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES"}}
    environ |= {"NO_COLOR": "1", "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    )
    os.close(theirs)
    screen = b""
    try:
        while part := os.read(ours, 65_536):
            screen += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait(timeout=60) == 0, screen.decode()
    text = screen.decode()
    assert len(text.splitlines()) > 50
    assert not COLOUR.search(text)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    # A word that is to be copied stays whole; a line of several words that would fit is no such.
    wide = [
        line
        for line in plain.splitlines()
        if len(line.rstrip()) > 60 and len(max(line.split(), key=len)) < 40
    ]
    assert wide == []
