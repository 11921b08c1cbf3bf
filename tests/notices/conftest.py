"""A terminal for tests to look at."""

import os
import pty
import subprocess
import sys

import pytest


@pytest.fixture
def on_terminal():
    """Run a program and give what it shows where its standard error is a terminal."""

    def show(program: str) -> str:
        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
        environment.pop("NO_COLOR", None)
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, env=environment,
        )  # fmt: skip
        os.close(theirs)
        shown = b""
        # Linux says EIO, not end of file, when the last writer has closed a terminal.
        while chunk := _read(ours):
            shown += chunk
        os.close(ours)
        assert process.wait(timeout=60) == 0, shown.decode()
        return shown.decode()

    return show


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""
