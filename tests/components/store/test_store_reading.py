"""Reading a store where nothing can be written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from lolpop._temporary import _remove_leftovers, temporary_folder
from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store import schema
from lolpop.components.store.sql import SQLStore
from lolpop.errors import StoreError
from lolpop.resources import Dataset

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from lolpop._temporary import temporary_folder
from lolpop.components.store import RunRecord, TaskRecord
from lolpop.components.store.sql import SQLStore
url, folder = sys.argv[1:]
store = SQLStore(url or None, folder=Path(folder))
with store.begin_run(RunRecord("killed", "run", "app:App", "running", datetime.now(UTC))):
    store.begin_task(TaskRecord("task", "killed", "a.b", "running", datetime.now(UTC)))
    with temporary_folder() as temporary:
        print(temporary, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@contextmanager
def disk(folder, *options):
    """A file system of its own at ``folder``."""
    folder.mkdir(exist_ok=True)
    if shutil.which("mount") is None:
        pytest.skip("there is no mount command")
    made = subprocess.run(["mount", *options, folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"mounting is not permitted: {made.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        # Lazily, for a store that a failed test has left open.
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def filled(tmp_path, new_run, new_task):
    """Fill a store with a run that ended, a dataset, and a run whose process was killed."""

    def fill(folder):
        store = SQLStore(folder=folder)
        run = new_run("ended")
        with store.begin_run(run):
            SQLMetadataTracker(store=store).create(Dataset, "rows")
            store.end_run(replace(run, status="completed", ended_at=datetime.now(UTC)))
        store.close()
        killed = subprocess.run([sys.executable, "-c", KILLED, "", folder], capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        return folder

    return fill


def check_readable(folder):
    """All that a store holds can be read, and the run that was killed is interrupted."""
    store = SQLStore(folder=folder)
    tracker = SQLMetadataTracker(store=store)
    assert [(run.run_id, run.status) for run in store.runs()] == [
        ("killed", "interrupted"),
        ("ended", "completed"),
    ]
    assert store.run("killed").status == "interrupted"
    assert [task.status for task in store.tasks("killed")] == ["interrupted"]
    assert [dataset.name for dataset in tracker.find(Dataset)] == ["rows"]
    return store, tracker


@pytest.mark.parametrize("journal", [True, False], ids=["journal", "no-journal"])
def test_a_disk_that_is_read_only_can_be_read(journal, filled, tmp_path):
    """All reading works on a read-only mount, with a journal or without; writing is an error."""
    with disk(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "none") as folder:
        filled(folder)
        assert (folder / ".lolpop" / "store.db-wal").exists()
        if not journal:
            with closing(SQLStore(folder=folder)) as store:  # whoever closes it last writes it back
                store.runs()
        (folder / ".lolpop" / "store.db-shm").unlink(missing_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        store, tracker = check_readable(folder)
        with pytest.raises(StoreError, match="cannot be"):
            tracker.create(Dataset, "others")
        assert [dataset.name for dataset in tracker.find(Dataset)] == ["rows"]
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        tracker.create(Dataset, "others")
        assert [dataset.name for dataset in tracker.find(Dataset)] == ["rows", "others"]
        store.close()


def test_a_full_disk_can_be_read(filled, tmp_path):
    """On a full disk, where SQLite cannot create files, all reading works."""
    with disk(tmp_path / "disk", "-t", "tmpfs", "-o", "size=1m", "none") as folder:
        filled(folder)
        with (folder / "filler").open("wb", buffering=0) as filler, suppress(OSError):
            while filler.write(bytes(4096)):
                pass
        (folder / ".lolpop" / "store.db-shm").unlink(missing_ok=True)
        store, tracker = check_readable(folder)
        with pytest.raises(StoreError, match=r"disk is full|cannot be"):
            tracker.create(Dataset, "others")
        store.close()
        (folder / "filler").unlink()
        check_readable(folder)[0].close()


def test_a_run_that_is_at_work_is_running_on_a_read_only_disk_too(tmp_path, new_run):
    """Its lock can be tested without writing."""
    with disk(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "none") as folder:
        writer = SQLStore(folder=folder)
        with disk(tmp_path / "view", "--bind", folder) as view:
            subprocess.run(["mount", "-o", "remount,ro,bind", view], check=True)
            with writer.begin_run(new_run("working")):
                reader = SQLStore(folder=view)
                assert [run.status for run in reader.runs()] == ["running"]
                reader.close()
            reader = SQLStore(folder=view)
            assert [run.status for run in reader.runs()] == ["interrupted"]
            reader.close()
        writer.close()


def test_commands_that_show_records_need_no_writing(filled, tmp_path):
    """Each command that lists or shows records works on a read-only mount."""
    with disk(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4m", "none") as folder:
        filled(folder)
        (folder / "lolpop.yaml").write_text("seed: 1\n")
        (folder / ".lolpop" / "store.db-shm").unlink(missing_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        for words in (["runs", "ls"], ["runs", "show", "last"], ["datasets", "ls"], ["models", "ls"]):
            command = [sys.executable, "-m", "lolpop", *words, "--json"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, (words, done.stderr)
            json.loads(done.stdout)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_next_run_removes_what_a_killed_one_has_left(database, request, tmp_path, new_run, monkeypatch):
    """Locks and temporary folders of killed runs are removed."""
    url = request.getfixturevalue("postgres_url") if database == "postgres" else ""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url, tmp_path], capture_output=True, text=True, check=False
    )
    left = tmp_path / killed.stdout.strip()
    assert left.is_dir()
    store = SQLStore(url or None, folder=tmp_path)
    locks = tmp_path / ".lolpop" / "locks"
    if url:
        with store.transaction() as connection:
            expired = func.now() - timedelta(hours=1)
            connection.execute(schema.leases.update().values(expires_at=expired))
            connection.execute(insert(schema.leases).values(run_id="unrecorded", expires_at=expired))
    else:
        (locks / "run-unrecorded.lock").touch()
        long_ago = time.time() - 100_000
        os.utime(locks / "run-unrecorded.lock", (long_ago, long_ago))
        (locks / "run-beginning.lock").touch()
    os.utime(left, (time.time() - 100, time.time() - 100))
    with store.begin_run(new_run("next")):
        if url:
            with store.snapshot() as connection:
                assert connection.scalars(select(schema.leases.c.run_id)).all() == ["next"]
        else:
            names = {path.name for path in locks.glob("run-*")}
            assert names == {"run-next.lock", "run-beginning.lock"}
        _remove_leftovers.cache_clear()
        with temporary_folder() as folder:
            assert sorted(path.name for path in tmp_path.glob("lolpop-tmp-*")) == [Path(folder).name]
            os.utime(folder, (time.time() - 100, time.time() - 100))
            _remove_leftovers.cache_clear()
            with temporary_folder():
                assert Path(folder).is_dir()
    store.close()


def test_tasks_of_a_run_that_ended_badly_are_at_work_no_more(store, new_run, new_task):
    """When a run ends, its unfinished tasks are interrupted."""
    run = new_run()
    with store.begin_run(run):
        store.begin_task(new_task())
        store.end_run(replace(run, status="interrupted", ended_at=datetime.now(UTC)))
    (task,) = store.tasks(run.run_id)
    assert task.status == "interrupted"
    assert task.ended_at is not None


def test_a_clock_that_is_set_back_makes_no_negative_duration(store, new_run):
    """A killed run that seems to start in the future has a duration of 0."""
    with store.begin_run(new_run(started_at=datetime.now(UTC) + timedelta(hours=3))):
        pass
    (run,) = store.runs()
    assert run.status == "interrupted"
    assert run.duration == 0
