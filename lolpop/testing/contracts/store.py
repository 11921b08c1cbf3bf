"""The contract of stores."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from lolpop.components.store import RunRecord, Store, TaskRecord
from lolpop.errors import ReferenceNotFoundError, StoreError
from lolpop.testing.contracts._expected import raised, require
from lolpop.testing.contracts.base import ComponentContract

__all__ = ["StoreContract"]

Make: TypeAlias = Callable[[], Store]

_START = datetime(2024, 1, 31, 12, tzinfo=UTC)


class StoreContract(ComponentContract):
    """The checks that every store must pass.

    Fixtures: ``make()`` makes a store. Within a test, every call returns a new one for the same location,
    which is empty at first.
    """

    interface: ClassVar[type[Any]] = Store

    def test_keeps_runs(self, make: Make) -> None:
        """Ended runs are found, newest first, also by a prefix of their id."""
        store, ended = make(), list[RunRecord]()
        for number in range(3):
            run = _run(f"run{number}", started_at=_START + timedelta(minutes=number))
            with store.begin_run(run):
                require(store.run(run.run_id).status == "running", "a running run", store.run(run.run_id))
                done = replace(run, status="completed", ended_at=run.started_at + timedelta(seconds=1))
                store.end_run(done)
            ended.insert(0, done)
        for again in (store, make()):
            require(again.runs() == ended, f"the runs {ended}", again.runs())
            require(again.runs(limit=2) == ended[:2], "the 2 newest runs", again.runs(limit=2))
            require(again.run("run1") == ended[1], "the run run1", again.run("run1"))

    def test_tells_groups_apart(self, make: Make) -> None:
        """The runs of a group can be listed separately."""
        store = make()
        for run in (_run("one", group="a"), _run("two", group="b")):
            with store.begin_run(run):
                store.end_run(replace(run, status="completed", ended_at=_START))
        names = [run.run_id for run in store.runs(group="b")]
        require(names == ["two"], "the run of group b", names)

    def test_run_that_ended_without_a_word_is_interrupted(self, make: Make) -> None:
        """A run whose block ended without a recorded result is interrupted."""
        store = make()
        with store.begin_run(_run("lost")):
            pass
        status = make().runs()[0].status
        require(status == "interrupted", "an interrupted run", status)

    def test_keeps_tasks(self, make: Make) -> None:
        """Tasks of a run are found in the order of their start, with their results."""
        store, run = make(), _run("run")
        first = TaskRecord("b", "run", "train.split_data", "running", _START, inputs={"frame": "rows"})
        second = replace(
            first, task_id="a", path="train.train_model", started_at=_START + timedelta(seconds=1)
        )
        with store.begin_run(run):
            for task in (first, second):
                store.begin_task(task)
            done = [
                replace(
                    task, status="completed", ended_at=_START, outputs={"return": "3"}, fingerprint=task.path
                )
                for task in (first, second)
            ]
            for task in done:
                store.end_task(task)
            store.end_run(replace(run, status="completed", ended_at=_START))
        require(make().tasks("run") == done, f"the tasks {done}", make().tasks("run"))
        require(make().tasks("other") == [], "no tasks of a run that does not exist", "some")
        completed = make().completed_task("train.train_model")
        require(completed == done[1], "the task with that fingerprint", completed)
        require(make().completed_task("other") is None, "None of another fingerprint", "a task")

    def test_keeps_fingerprint_parts(self, make: Make) -> None:
        """Stored parts are found by their digest. Storing them again changes nothing."""
        store = make()
        require(store.fingerprint_parts("d") is None, "None before anything is kept", "something")
        store.keep_fingerprint_parts("d", "parts")
        store.keep_fingerprint_parts("d", "parts")
        require(make().fingerprint_parts("d") == "parts", "'parts'", make().fingerprint_parts("d"))

    def test_unknown_run_is_named(self, make: Make) -> None:
        """A missing run raises a ReferenceNotFoundError that names it."""
        error = raised(ReferenceNotFoundError, lambda: make().run("nowhere"))
        require("nowhere" in str(error), "the id named", error)

    def test_keeps_files(self, make: Make, tmp_path: Path) -> None:
        """A file is found by the digest of its content. Equal content has the same digest."""
        import hashlib

        source, copy, target = (tmp_path / name for name in ("source", "copy", "target"))
        for content in (b"content \x00", b""):
            source.write_bytes(content)
            copy.write_bytes(content)
            store = make()
            digest = store.put_file(source)
            require(digest == hashlib.sha256(content).hexdigest(), "the SHA-256 of the content", digest)
            require(store.put_file(copy) == digest, "the same digest of the same content", "another")
            source.write_bytes(b"changed meanwhile")
            make().get_file(digest, target)
            require(target.read_bytes() == content, f"{content!r}", target.read_bytes())
            with make().reading_file(digest) as path:
                require(path.read_bytes() == content, f"{content!r}", path.read_bytes())
            require(make().has_file(digest), "the file to be there", "not there")
            target.unlink()

    def test_keeps_staged_files(self, make: Make) -> None:
        """A staged file is stored like any other when it is closed, and removed at the end of its block."""
        import hashlib

        for _ in range(2):
            store = make()
            with store.staged_file("rows.arrow") as file:
                require(file.path.name == "rows.arrow", "a file of the requested name", file.path)
                for piece in (b"con", b"tent"):
                    file.write(piece)
                file.close()
                require(file.path.read_bytes() == b"content", "the file at its path", "other content")
                digest = store.put_file(file.path)
            require(digest == hashlib.sha256(b"content").hexdigest(), "the SHA-256 of the content", digest)
            require(not file.path.exists(), "no file at its path after the block", file.path)
            with make().reading_file(digest) as path:
                require(path.read_bytes() == b"content", "b'content'", path.read_bytes())

    def test_missing_file_is_a_store_error(self, make: Make, tmp_path: Path) -> None:
        """An unknown digest raises a StoreError, and ``has_file`` returns False."""
        digest = "0" * 64
        raised(StoreError, lambda: make().get_file(digest, tmp_path / "target"))
        require(not make().has_file(digest), "no file", "one")

    def test_transactions_are_whole_or_not_at_all(self, make: Make) -> None:
        """A transaction is committed at its end, and rolled back on an error."""
        from sqlalchemy import text

        store = make()
        with store.transaction() as connection:
            connection.execute(text("CREATE TABLE contract (value INTEGER)"))
            connection.execute(text("INSERT INTO contract VALUES (1)"))

        def fails() -> None:
            with store.transaction() as connection:
                connection.execute(text("INSERT INTO contract VALUES (2)"))
                with store.transaction() as inner:
                    inner.execute(text("INSERT INTO contract VALUES (3)"))
                raise StoreError("on purpose")

        raised(StoreError, fails)
        with make().snapshot() as connection:
            values = [row[0] for row in connection.execute(text("SELECT value FROM contract"))]
        require(values == [1], "[1], as the other transaction failed", values)

    def test_locks_keep_others_out(self, make: Make) -> None:
        """Only one thread at a time holds the lock of a name, even with separate stores."""
        inside, most = 0, 0

        def work(_: int) -> None:
            nonlocal inside, most
            with make().lock("name"):
                inside += 1
                most = max(most, inside)
                time.sleep(0.01)
                inside -= 1

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(work, range(3)))
        require(most == 1, "one thread at a time", f"{most} at once")

    def test_is_shared_by_threads(self, make: Make) -> None:
        """Several threads can record tasks at once, and none is lost."""
        store, run = make(), _run("run")
        with store.begin_run(run):

            def work(number: int) -> None:
                task = TaskRecord(f"{number:02}", "run", "task", "running", _START)
                store.begin_task(task)
                store.end_task(replace(task, status="completed", ended_at=_START))

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, range(12)))
            store.end_run(replace(run, status="completed", ended_at=_START))
        completed = [task.task_id for task in make().tasks("run") if task.status == "completed"]
        require(len(completed) == 12, "12 completed tasks", completed)


def _run(run_id: str, **changes: Any) -> RunRecord:
    fields = {"workflow": "run", "container": "App", "status": "running", "started_at": _START}
    return RunRecord(run_id, **{**fields, **changes})
