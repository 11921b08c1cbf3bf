"""Ctrl-C and SIGTERM while workers of a cluster of this machine are at work."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PACKAGES = {"dask": "distributed", "ray": "ray"}


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="the environment of processes is unknown")
@pytest.mark.parametrize(
    ("send", "number", "code"),
    [(os.killpg, signal.SIGINT, 130), (os.kill, signal.SIGTERM, 143)],  # as a terminal and a scheduler do
    ids=["Ctrl-C", "SIGTERM"],
)
@pytest.mark.parametrize("executor", PACKAGES)
def test_a_signal_ends_the_run_and_all_processes(tmp_path, executor, send, number, code):
    """The exit code says which one, the run is interrupted, and no process and no traceback is left."""
    if find_spec(PACKAGES[executor]) is None:
        pytest.skip(f"{PACKAGES[executor]} is not installed: pip install 'lolpop[{executor}]'")
    (tmp_path / "lolpop.yaml").write_text(f"executor: {{use: {executor}, workers: 2}}\n")
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "lolpop", "run", "worker_app:PowerApp", "run", "--method", "nap"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE), "TEST_MARK": mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    try:
        wait_for(lambda: any(tmp_path.glob("napping-*")) or process.poll() is not None, 120)
        send(process.pid, number)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == code, errors
        assert "Traceback" not in errors
        assert "Interrupted." in errors
        wait_for(lambda: not marked(mark), 30)
        assert marked(mark) == {}
    finally:
        for pid in marked(mark):
            os.kill(pid, signal.SIGKILL)


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Wait until ``condition`` holds, for so many seconds at most."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)


def marked(mark: str) -> dict[int, str]:
    """The processes, with their commands, that were started with ``mark`` in their environment."""
    commands = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"TEST_MARK={mark}".encode() in (folder / "environ").read_bytes():
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                commands[int(folder.name)] = command
        except OSError:
            continue  # it has ended, or is of another user
    return commands
