"""The processors that a process may use."""

import os
import subprocess
import sys

import pytest

from lolpop import _processors
from lolpop._processors import _quota, free_processors, processors


@pytest.fixture
def groups(tmp_path):
    def write(files, membership):
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "membership").write_text(membership)
        return _quota(tmp_path / "membership", tmp_path / "cgroup")

    return write


@pytest.mark.parametrize(
    ("files", "membership", "quota"),
    [
        ({"jobs/mine/cpu.max": "150000 100000\n"}, "0::/jobs/mine\n", 1.5),
        ({"jobs/mine/cpu.max": "max 100000\n", "jobs/cpu.max": "50000 100000\n"}, "0::/jobs/mine\n", 0.5),
        ({"cpu.max": "200000 100000\n"}, "0::/docker/of/outside\n", 2.0),
        ({"cpu.max": "max 100000\n"}, "0::/\n", None),
        (
            {
                "cpu,cpuacct/mine/cpu.cfs_quota_us": "300000\n",
                "cpu,cpuacct/mine/cpu.cfs_period_us": "100000\n",
            },
            "4:memory:/mine\n3:cpu,cpuacct:/mine\n",
            3.0,
        ),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "1:cpu:/\n0::/\n", None),
        ({"cpu.max": "nonsense\n"}, "0::/\n", None),
        ({}, "", None),
    ],
)
def test_the_quota_is_the_least_of_the_group_and_those_around_it(groups, files, membership, quota):
    """Control groups of versions 1 and 2, in a container and outside, with a quota and without."""
    assert groups(files, membership) == quota


def test_no_control_groups_are_no_quota(tmp_path):
    """Systems without control groups, such as macOS, have no quota."""
    assert _quota(tmp_path / "absent", tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system knows no affinity")
def test_affinity_bounds_the_processors():
    """A process that is bound to one processor uses one."""
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
    code += "from lolpop._processors import processors; print(processors())"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "1\n"
    )
    assert 1 <= processors() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, "PASSIVE 2000"),
        ({"GOMP_SPINCOUNT": "7"}, "PASSIVE 7"),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE None"),
    ],
)
def test_commands_let_threads_sleep_while_they_wait(stated, expected):
    """Waiting threads do not keep a processor for long, unless the environment says otherwise."""
    names = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
    environ = {name: value for name, value in os.environ.items() if name not in names} | stated
    code = "import os; from lolpop.cli import main; main(['--version']); "
    code += f"print(*(os.environ.get(name) for name in {names}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    assert done.stdout.splitlines()[-1] == expected


@pytest.mark.parametrize(
    ("running", "free"),
    [("1", 2), ("2", 1), ("9", 1), ("0", 2), ("", 2), ("unknown", 2)],
)
def test_processors_that_other_processes_use_are_not_free(tmp_path, monkeypatch, running, free):
    """What runs beside this thread takes a processor; what cannot be counted takes none."""
    (tmp_path / "loadavg").write_text(f"0.20 0.18 0.12 {running}/80 11206\n")
    monkeypatch.setattr(_processors, "_LOAD", tmp_path / "loadavg")
    monkeypatch.setattr(_processors, "processors", lambda: 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert free_processors() == free


def test_where_the_system_counts_nothing_all_processors_are_free(tmp_path, monkeypatch):
    """Outside Linux there is no such file."""
    monkeypatch.setattr(_processors, "_LOAD", tmp_path / "none")
    assert free_processors() == processors()
