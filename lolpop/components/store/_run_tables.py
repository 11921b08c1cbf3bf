"""Runs and tasks in the tables of an open database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, case, insert, select, update

from lolpop._names import near
from lolpop.components.store import RunRecord, TaskRecord, schema
from lolpop.components.store.upsert import put_missing
from lolpop.errors import ReferenceNotFoundError, StoreError
from lolpop.resources import Run

if TYPE_CHECKING:
    from sqlalchemy import RowMapping, Select

    from lolpop.components.store._database import Database
    from lolpop.components.store._locks import Locks


# Built once: SQLAlchemy caches the compiled statement.
_INSERT_RUN = insert(schema.runs)
_INSERT_TASK = insert(schema.tasks).inline()  # nobody asks for the number of the new row
_END_RUN = (
    update(schema.runs)
    .where(schema.runs.c.run_id == bindparam("of"))
    .values({name: bindparam(name) for name in ("status", "ended_at", "error")})
)
_KEEP_WIRING = (
    update(schema.runs).where(schema.runs.c.run_id == bindparam("of")).values(wiring=bindparam("wiring"))
)
_END_TASK = (
    update(schema.tasks)
    .where(schema.tasks.c.task_id == bindparam("of"))
    .values(
        {
            name: bindparam(name)
            for name in ("status", "ended_at", "error", "outputs", "fingerprint", "reused_from")
        }
    )
)
_END_TASKS = (
    update(schema.tasks)
    .where(schema.tasks.c.run_id == bindparam("of"), schema.tasks.c.status == "running")
    .values(status="interrupted", ended_at=bindparam("ended_at"))
)
_RUN_FIELDS = [field.name for field in fields(RunRecord)]
_RUN_COLUMNS = [schema.runs.c[name] for name in _RUN_FIELDS]
_TASK_FIELDS = [field.name for field in fields(TaskRecord)]
_TASK_COLUMNS = [schema.tasks.c[name] for name in _TASK_FIELDS]


class RunTables:
    """The records of runs and tasks, and the locks of running runs."""

    def __init__(self, database: Database, locks: Locks) -> None:
        self._database = database
        self._locks = locks

    @contextmanager
    def begin_run(self, run: RunRecord) -> Iterator[None]:
        """Record ``run`` as running, and hold its lock inside the ``with`` block."""
        # The lock comes first: a running run without a lock counts as interrupted.
        with self._locks.hold_run(run.run_id):
            with self._database.transaction() as connection:
                self._mark_interrupted(connection)
                self._locks.remove_leftovers(connection)
                connection.execute(_INSERT_RUN, _values(run, _RUN_FIELDS))
                # A run is also a resource: it can have tags and metrics, and be a parent.
                put_missing(connection, schema.resources, [_resource(run)])
            yield

    def end_run(self, run: RunRecord) -> None:
        """Record how ``run`` ended."""
        with self._database.transaction() as connection:
            ending = {"of": run.run_id, "status": run.status, "ended_at": run.ended_at, "error": run.error}
            if connection.execute(_END_RUN, ending).rowcount == 0:
                raise StoreError(f"Run {run.run_id} cannot end: it never began in this store.")
            if "step" in run.wiring:  # its result is known only at the end
                connection.execute(_KEEP_WIRING, {"of": run.run_id, "wiring": run.wiring})
            if run.status != "completed":
                # It was interrupted before the end of a task was recorded.
                connection.execute(_END_TASKS, {"of": run.run_id, "ended_at": run.ended_at})

    def begin_task(self, task: TaskRecord) -> None:
        """Record ``task`` as running."""
        with self._database.transaction() as connection:
            connection.execute(_INSERT_TASK, _values(task, _TASK_FIELDS))

    def end_task(self, task: TaskRecord) -> None:
        """Record how ``task`` ended."""
        with self._database.transaction() as connection:
            ending = {
                "of": task.task_id, "status": task.status, "ended_at": task.ended_at,
                "error": task.error, "outputs": task.outputs, "fingerprint": task.fingerprint,
                "reused_from": task.reused_from,
            }  # fmt: skip
            if connection.execute(_END_TASK, ending).rowcount == 0:
                raise StoreError(
                    f"Task {task.path} ({task.task_id}) cannot end: it never began in this store."
                )

    def keep_fingerprint_parts(self, digest: str, parts: str) -> None:
        """Store the dependencies of the calls of a method, unless they are stored already."""
        with self._database.transaction() as connection:
            put_missing(connection, schema.fingerprints, [{"digest": digest, "parts": parts}])

    def fingerprint_parts(self, digest: str) -> str | None:
        """The dependencies stored under ``digest``; None if there are none."""
        parts = schema.fingerprints.c
        with self._database.snapshot() as connection:
            stored: str | None = connection.scalar(select(parts.parts).where(parts.digest == digest))
        return stored

    def runs(self, group: str | None, limit: int | None) -> list[RunRecord]:
        """Runs, newest first."""
        interrupted = self._find_interrupted()
        statement = select(*_RUN_COLUMNS).order_by(schema.runs.c.number.desc()).limit(limit)
        if group is not None:
            statement = statement.where(schema.runs.c.group == group)
        with self._database.snapshot() as connection:
            return [_run(row, interrupted) for row in connection.execute(statement).mappings()]

    def run(self, run_id: str) -> RunRecord:
        """The run by its id or a unique prefix of it."""
        interrupted = self._find_interrupted()
        with self._database.snapshot() as connection:
            id_column = schema.runs.c.run_id
            run_ids = list(
                connection.scalars(select(id_column).where(id_column.startswith(run_id, autoescape=True)))
            )
            if run_id in run_ids:
                run_ids = [run_id]
            if len(run_ids) != 1 or not run_id:
                raise ReferenceNotFoundError(
                    _no_run(run_id, run_ids, list(connection.scalars(select(id_column))))
                )
            statement = select(*_RUN_COLUMNS).where(id_column == run_ids[0])
            return _run(connection.execute(statement).mappings().one(), interrupted)

    def tasks(self, run_id: str) -> list[TaskRecord]:
        """Tasks of a run in the order they started."""
        started = schema.tasks.c
        statement = (
            select(*_TASK_COLUMNS)
            .where(started.run_id == run_id)
            .order_by(started.started_at, started.number)
        )
        interrupted = self._find_interrupted()
        with self._database.snapshot() as connection:
            tasks = [TaskRecord(**row) for row in connection.execute(statement).mappings()]
        if run_id not in interrupted:
            return tasks
        return [replace(task, status="interrupted") if task.status == "running" else task for task in tasks]

    def task(self, task_id: str) -> TaskRecord | None:
        """The task with this id; None if there is none."""
        statement = select(*_TASK_COLUMNS).where(schema.tasks.c.task_id == task_id)
        with self._database.snapshot() as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else TaskRecord(**row)

    def completed_task(self, fingerprint: str) -> TaskRecord | None:
        """The newest completed task with this fingerprint; None if there is none."""
        tasks = schema.tasks.c
        statement = (
            select(*_TASK_COLUMNS)
            .where(tasks.fingerprint == fingerprint, tasks.status == "completed")
            .order_by(tasks.number.desc())
            .limit(1)
        )
        with self._database.snapshot() as connection:
            row = connection.execute(statement).mappings().first()
        return None if row is None else TaskRecord(**row)

    def _find_interrupted(self) -> frozenset[str]:
        """Mark the runs whose process is gone as interrupted. Returns those that it cannot mark (read-only).

        A run ends before it releases its lock. So a run found here that is still running in a later snapshot
        is interrupted.
        """
        with self._database.snapshot() as connection:
            running = connection.scalars(_running_runs()).all()
            free = self._locks.free_runs(connection, running) if running else []
        if not free:
            return frozenset()
        try:
            with self._database.transaction() as connection:
                self._mark_interrupted(connection)
        except StoreError:
            return frozenset(free)
        return frozenset()

    def _mark_interrupted(self, connection: Connection) -> None:
        running = connection.scalars(_running_runs()).all()
        if not running or not (free := self._locks.free_runs(connection, running)):
            return
        now = datetime.now(UTC)
        for table in (schema.runs, schema.tasks):
            # The clock may have been set back since the start.
            ended_at = case((table.c.started_at > now, table.c.started_at), else_=now)
            connection.execute(
                update(table)
                .where(table.c.run_id.in_(free), table.c.status == "running")
                .values(status="interrupted", ended_at=ended_at)
            )


def _running_runs() -> Select[str]:
    return select(schema.runs.c.run_id).where(schema.runs.c.status == "running")


def _run(row: RowMapping, interrupted: frozenset[str]) -> RunRecord:
    run = RunRecord(**row)
    is_left = run.status == "running" and run.run_id in interrupted
    return replace(run, status="interrupted") if is_left else run


def _values(record: RunRecord | TaskRecord, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def _resource(run: RunRecord) -> dict[str, Any]:
    resource = Run(name=run.run_id)
    return {
        "reference": resource.reference, "kind": resource.kind, "name": resource.name, "number": None,
        "created_at": run.started_at, "run_id": run.run_id, "task": None, "fields": {}, "external_ids": {},
    }  # fmt: skip


def _no_run(run_id: str, near_ids: list[str], all_ids: list[str]) -> str:
    if not all_ids:
        return f"There is no run {run_id!r}: this store holds none yet."
    if near_ids and run_id:
        return f"Several runs begin with {run_id!r}: {', '.join(sorted(near_ids)[:5])}. Give more of the id."
    nearest = near(run_id, all_ids)
    return f"There is no run {run_id!r}." + (f" Did you mean {nearest}?" if nearest else "")
