"""Runs and tasks: what is recorded comes back, and says who is still at work."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from lolpop.components.metadata_tracker.sql import SQLMetadataTracker
from lolpop.components.store import schema
from lolpop.components.store.sql import SQLStore
from lolpop.errors import ReferenceNotFoundError, StoreError
from lolpop.resources import Dataset, Run


def now() -> datetime:
    return datetime.now(UTC)


def test_run_comes_back_as_it_was_recorded(store, new_run):
    """A run is read with everything that was recorded, in UTC."""
    run = new_run(
        group="nightly-7", wiring={"train.model_trainer": {"use": "sklearn", "missing": float("inf")}}
    )
    with store.begin_run(run):
        assert store.run("run1") == run
        ended = replace(run, status="failed", ended_at=now() + timedelta(seconds=3), error="boom \ud800 \0")
        store.end_run(ended)
    stored = store.run("run1")
    assert stored == replace(ended, error="boom \\ud800 \\x00")
    assert stored.duration > 2.9


def test_tasks_come_back_in_the_order_they_started(store, new_run, new_task):
    """Tasks are read in the order of their start, with parents, inputs and outputs."""
    first = new_task("b", inputs={"frame": "DataFrame (3, 2)"})
    second = new_task("a", parent_id="b", path="train.split_data")
    with store.begin_run(new_run()):
        store.begin_task(first)
        store.begin_task(second)
        ended = replace(second, status="completed", ended_at=now(), outputs={"return": "dataset_version:d@1"})
        store.end_task(ended)
        assert store.tasks("run1") == [first, ended]


def test_runs_are_listed_newest_first(store, new_run):
    """Runs are listed newest first, those of a group alone, and no more than asked for."""
    for number in range(4):
        run = new_run(f"run{number}", group="even" if number % 2 == 0 else None)
        with store.begin_run(run):
            store.end_run(replace(run, status="completed", ended_at=now()))
    assert [run.run_id for run in store.runs()] == ["run3", "run2", "run1", "run0"]
    assert [run.run_id for run in store.runs(group="even")] == ["run2", "run0"]
    assert [run.run_id for run in store.runs(limit=1)] == ["run3"]
    assert {run.status for run in store.runs()} == {"completed"}


def test_run_is_found_by_the_beginning_of_its_id(store, new_run):
    """A unique prefix is enough, an exact id has precedence; others are explained."""
    with store.begin_run(new_run("abc")), store.begin_run(new_run("abcdef")), store.begin_run(new_run("x_1")):
        assert store.run("abcd").run_id == "abcdef"
        assert store.run("abc").run_id == "abc"
        with pytest.raises(ReferenceNotFoundError, match=r"Several runs begin with 'ab': abc, abcdef"):
            store.run("ab")
        with pytest.raises(ReferenceNotFoundError, match=r"no run 'abcdeg'. Did you mean abcdef?"):
            store.run("abcdeg")
        with pytest.raises(ReferenceNotFoundError, match=r"no run 'x%'"):
            store.run("x%")


def test_store_without_runs_says_so(store):
    """The error for a run of an empty store says that it is empty."""
    with pytest.raises(ReferenceNotFoundError, match=r"holds none yet"):
        store.run("abc")
    assert store.runs() == []


def test_run_that_nobody_ended_is_interrupted(store, new_run, new_task):
    """A run without an end, and its running tasks, are interrupted; ended tasks stay."""
    with store.begin_run(new_run()):
        store.begin_task(new_task("done"))
        store.end_task(new_task("done", status="completed", ended_at=now()))
        store.begin_task(new_task("open"))
        assert store.run("run1").status == "running"
    assert store.runs()[0].status == "interrupted"
    assert store.runs()[0].ended_at is not None
    assert {task.task_id: task.status for task in store.tasks("run1")} == {
        "done": "completed", "open": "interrupted",
    }  # fmt: skip


def test_open_run_shows_as_running_to_others(file_store, new_run, tmp_path):
    """An open run is running also for another store object of the process."""
    other = SQLStore(folder=tmp_path)
    with file_store.begin_run(new_run("first")), other.begin_run(new_run("second")):
        assert {run.run_id: run.status for run in other.runs()} == {"first": "running", "second": "running"}
    other.close()


def test_lock_of_a_run_leaves_nothing_behind(file_store, new_run, tmp_path):
    """The lock file is removed when the run ends, also after an error."""

    def interrupt():
        with file_store.begin_run(new_run()):
            assert list((tmp_path / ".lolpop" / "locks").glob("run-*"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert not list((tmp_path / ".lolpop" / "locks").glob("run-*"))


def test_unknown_runs_and_tasks_cannot_end(store, new_run, new_task):
    """Ending an unknown run or task, or a task of an unknown run, is an error."""
    with pytest.raises(StoreError, match=r"Run run1 cannot end"):
        store.end_run(new_run())
    with pytest.raises(StoreError, match=r"Task train.train_model .* cannot end"):
        store.end_task(new_task())
    with pytest.raises(StoreError):
        store.begin_task(new_task())


def test_run_is_a_resource(store, new_run):
    """A run can be tagged and be the parent of resources."""
    tracker = SQLMetadataTracker(store=store)
    with store.begin_run(new_run()):
        tracker.tag(Run(name="run1"), {"why": "nightly"})
        assert tracker.get("run:run1").tags == {"why": "nightly"}
        assert tracker.get("run:run1").run_id == "run1"


def test_threads_share_a_store(store, new_run, new_task):
    """Sixteen threads record tasks at once and lose none."""

    def work(thread):
        for number in range(10):
            task = new_task(f"{thread}-{number}")
            store.begin_task(task)
            store.end_task(replace(task, status="completed", ended_at=now()))

    with store.begin_run(new_run()), ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert [task.status for task in store.tasks("run1")] == ["completed"] * 160


def test_nested_transactions_are_one(store, tracker):
    """An error outside undoes both transactions, an error inside only the inner one."""

    def create(name, then):
        with store.transaction():
            tracker.create(Dataset, name)
            assert Dataset(name=name) in tracker.find(Dataset)
            then()

    def fail():
        raise RuntimeError

    def go_on():
        with pytest.raises(RuntimeError):
            create("lost", fail)

    with pytest.raises(RuntimeError):
        create("lost", fail)
    assert tracker.find(Dataset) == []
    create("kept", go_on)
    assert tracker.find(Dataset) == [Dataset(name="kept")]


def test_named_lock_admits_one_at_a_time(store):
    """A named lock is held by one thread at a time, and another name does not wait for it."""
    inside, order = threading.Event(), []

    def wait():
        with store.lock("a"):
            order.append("second")

    with store.lock("a"):
        thread = threading.Thread(target=wait)
        thread.start()
        with store.lock("b"):
            pass
        inside.wait(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_closed_store_opens_again(file_store, new_run):
    """A store that was closed opens again at the next use, and closing twice is no error."""
    with file_store.begin_run(new_run()):
        pass
    file_store.close()
    file_store.close()
    assert len(file_store.runs()) == 1


def test_a_store_can_be_closed_inside_a_transaction(tmp_path, new_run):
    """The transaction is committed, and the next use opens the store again."""
    store = SQLStore(folder=tmp_path)
    with store.begin_run(new_run("first")):
        pass
    with store.transaction() as connection:
        connection.execute(update(schema.runs).values(workflow="renamed"))
        store.close()
    assert [run.workflow for run in store.runs()] == ["renamed"]
    store.close()


def test_a_failed_transaction_leaves_nothing_behind(tmp_path, new_run):
    """What it wrote is rolled back, and the next transaction writes."""
    store = SQLStore(folder=tmp_path)
    with store.begin_run(new_run("first")):
        with suppress(KeyError), store.transaction() as connection:
            connection.execute(delete(schema.runs))
            raise KeyError
        assert [run.run_id for run in store.runs()] == ["first"]
    with store.begin_run(new_run("second")):
        assert {run.run_id for run in store.runs()} == {"first", "second"}
    store.close()
