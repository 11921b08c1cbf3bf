"""What the processes of a command cost: those that it starts, too."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

INTERVAL = 0.05
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, seconds of processors, and what the command printed."""

    seconds: float
    processor_seconds: float
    output: str


def descendants(pid: int) -> list[int]:
    """The processes that this one has started, and those that they have."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        started = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [*started, *(other for child in started for other in descendants(child))]


def processor_seconds(pid: int) -> float | None:
    """What a process has used so far, without those that it started; None if it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def cost_of(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> Cost:
    """Run ``command`` in ``folder``. Raises CalledProcessError if it fails."""
    used: dict[int, float] = {}
    start = time.perf_counter()
    with (
        (folder / "output.txt").open("w+") as output,
        subprocess.Popen(
            command, cwd=folder, env=environ, stdout=output, stderr=subprocess.STDOUT
        ) as process,
    ):
        while process.poll() is None:
            for pid in (process.pid, *descendants(process.pid)):
                used[pid] = processor_seconds(pid) or used.get(pid, 0.0)
            time.sleep(INTERVAL)
        seconds = time.perf_counter() - start
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, printed)
    return Cost(seconds, sum(used.values()), printed)
