"""A budget: what was measured, beside what it may cost and what it is compared with."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Budget:
    """One line of the table. ``beside`` says what the same work costs without lolpop, in the same run."""

    what: str
    measured: float
    limit: float
    unit: str
    beside: str = ""

    @property
    def is_met(self) -> bool:
        return self.measured <= self.limit


def median(work: Callable[[], object], *, repeat: int) -> float:
    """The median duration of ``work`` in seconds."""
    durations = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        durations.append(time.perf_counter() - start)
    return statistics.median(durations)


def interleaved(works: Sequence[Callable[[], object]], *, repeat: int) -> list[float]:
    """The median duration of each of several works, done in turn so that the load hits them alike."""
    durations: list[list[float]] = [[] for _ in works]
    for _ in range(repeat):
        for work, taken in zip(works, durations, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in durations]


def python(*arguments: str, cwd: Path | None = None) -> str:
    """Run this Python in a process of its own: what it prints. Raises CalledProcessError if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env=environ_of_measured(),
    )
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        done.check_returncode()
    return done.stdout


def environ_of_measured() -> dict[str, str]:
    """Variables with which Python keeps the bytecode of what it imports, as installations have it, so that
    nothing is compiled twice.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
