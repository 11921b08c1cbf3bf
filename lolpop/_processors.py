"""The processors that this process may use."""

from __future__ import annotations

import os
import time
from pathlib import Path, PurePosixPath

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that libraries read when they are loaded: how many threads to start."""

# Some 40 µs: fewer, and a fit of 100,000 rows on idle processors takes up to four times as long; more, and it
# takes longer beside a busy process.
_SPINS = "2000"

_LOAD = Path("/proc/loadavg")
_GROUPS = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def processors() -> int:
    """How many processors this process may use, by its affinity and the quota of its control group.

    A quota of one and a half processors counts as one: a second thread would wait for half of its time, and
    other threads for it.
    """
    by_affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(_MEMBERSHIP, _GROUPS)
    return by_affinity if quota is None else max(1, min(by_affinity, int(quota)))


def free_processors() -> int:
    """How many processors no other process is using at this moment, of those that this process may use.

    At least one, this thread's own. Where the system does not count what is running, as outside Linux, all
    are taken to be free.
    """
    running = _running()
    for _ in range(2):
        if running > 1:  # what only wakes for a moment does not count
            time.sleep(0.002)
            running = min(running, _running())
    others = max(0, running - 1)
    return max(1, min(processors(), (os.cpu_count() or 1) - others))


def let_threads_sleep() -> None:
    """Let threads of OpenMP sleep soon while they wait, in libraries that this process has not loaded yet.

    Threads that never sleep keep processors busy that other threads need: on processors that other processes
    use too, a fit takes many times as long. Threads that sleep at once have to be woken thousands of times in
    a fit, which may take longer than its work. So they spin for about as long as waking takes, where the
    library can be told (GNU's). Settings of the environment have precedence.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)


def _running() -> int:
    """How many threads of all processes run or wait for a processor, with this one; 0 where it is unknown."""
    try:
        count = _LOAD.read_text(encoding="ascii", errors="replace").split()[3].partition("/")[0]
    except (OSError, IndexError):
        return 0
    return int(count) if count.isdigit() else 0


def _quota(membership: Path, groups: Path) -> float | None:
    """The least quota, in processors, of the control groups of this process; None if there is none."""
    try:
        lines = membership.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    quotas = []
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "cpu" not in controllers.split(","):
            continue
        # Version 2 has no controllers in its line, and one hierarchy for all of them.
        root = groups / controllers if controllers else groups
        group = PurePosixPath(path.lstrip("/"))
        # Inside a container, the path may be that of the host: then the group itself is at the root.
        for place in (group, *group.parents):
            folder = root / place
            quotas.append(_of_version_1(folder) if controllers else _of_version_2(folder))
    return min((quota for quota in quotas if quota is not None), default=None)


def _of_version_2(folder: Path) -> float | None:
    words = _words(folder / "cpu.max")
    return None if len(words) != 2 or words[0] == "max" else _ratio(words[0], words[1])


def _of_version_1(folder: Path) -> float | None:
    quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
    return _ratio(quota[0], period[0]) if quota and period else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return []


def _ratio(quota: str, period: str) -> float | None:
    try:
        ratio = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return ratio if ratio > 0 else None  # -1 means no quota
