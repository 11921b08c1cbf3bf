"""Resources and their records in the tables of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, select, update

from lolpop._names import did_you_mean
from lolpop.components.metadata_tracker import Record
from lolpop.components.store import schema
from lolpop.components.store.upsert import insert, put, put_missing
from lolpop.errors import ReferenceNotFoundError
from lolpop.resources import RESOURCE_TYPES, Numbered, Resource

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping, Select


_SHOWN = 10
_IDENTITY = [schema.resources.c[name] for name in ("kind", "name", "number", "external_ids")]


class ResourceRows:
    """Reads and writes resources on the connection of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self, kind: str, name: str) -> int:
        """Reserve the next number of ``name``. It is free again only if the transaction fails."""
        statement = insert(self._connection, schema.numbers).values(kind=kind, name=name, last=1)
        taken = statement.on_conflict_do_update(
            index_elements=["kind", "name"], set_={"last": schema.numbers.c.last + 1}
        ).returning(schema.numbers.c.last)
        return int(self._connection.execute(taken).scalar_one())

    def add(self, resource: Resource, run_id: str | None, task: str | None) -> None:
        """Insert ``resource`` unless it exists."""
        row: dict[str, Any] = {
            "reference": resource.reference,
            "kind": resource.kind,
            "name": resource.name,
            "number": resource.number if isinstance(resource, Numbered) else None,
            "created_at": datetime.now(UTC),
            "run_id": run_id,
            "task": task,
            "fields": {},
            "external_ids": {},
        }
        put_missing(self._connection, schema.resources, [row])

    def check(self, resources: Iterable[Resource]) -> None:
        """Raise ReferenceNotFoundError unless all of ``resources`` exist."""
        column = schema.resources.c.reference
        by_reference = {resource.reference: resource for resource in resources}
        existing = set(self._connection.scalars(select(column).where(column.in_(by_reference))))
        for reference, resource in by_reference.items():
            if reference not in existing:
                raise ReferenceNotFoundError(self._not_found(resource))

    def record(self, resource: Resource) -> Record:
        """The record of ``resource``."""
        columns = schema.resources.c
        rows = (
            self._connection.execute(select(schema.resources).where(columns.reference == resource.reference))
            .mappings()
            .one_or_none()
        )
        if rows is None:
            raise ReferenceNotFoundError(self._not_found(resource))
        tags = schema.tags.c
        return Record(
            resource=_resource(rows),
            created_at=rows["created_at"],
            run_id=rows["run_id"],
            task=rows["task"],
            fields=rows["fields"],
            tags=dict(
                self._connection.execute(
                    select(tags.name, tags.value)
                    .where(tags.reference == resource.reference)
                    .order_by(tags.name)
                ).all()
            ),
        )

    def find(self, kind: str, name: str | None, run_id: str | None) -> list[Resource]:
        """Resources of a kind, oldest first."""
        columns = schema.resources.c
        conditions = [columns.kind == kind]
        if name is not None:
            conditions.append(columns.name == name)
        if run_id is not None:
            conditions.append(columns.run_id == run_id)
        return self._resources(select(*_IDENTITY).where(*conditions).order_by(columns.id))

    def update(self, resource: Resource, fields: Mapping[str, Any]) -> None:
        """Set fields, and the external ids of ``resource``. Other fields are not changed."""
        columns = schema.resources.c
        is_resource = columns.reference == resource.reference
        # Locks the row, so that concurrent updates of different fields do not undo each other.
        before = self._connection.execute(
            select(columns.fields, columns.external_ids).where(is_resource).with_for_update()
        ).one_or_none()
        if before is None:
            raise ReferenceNotFoundError(self._not_found(resource))
        after = {
            "fields": {**before.fields, **fields},
            "external_ids": {**before.external_ids, **resource.external_ids},
        }
        self._connection.execute(update(schema.resources).where(is_resource).values(after))

    def tag(self, resource: Resource, tags: Mapping[str, str]) -> None:
        """Set tags. Other tags are not changed."""
        rows = [
            {"reference": resource.reference, "name": name, "value": value} for name, value in tags.items()
        ]
        put(self._connection, schema.tags, rows)

    def link(
        self, child: Resource, parents: Sequence[Resource], run_id: str | None, task: str | None
    ) -> None:
        """Record lineage. Links that exist are not changed."""
        rows = [
            {"child": child.reference, "parent": parent.reference, "run_id": run_id, "task": task}
            for parent in parents
        ]
        put_missing(self._connection, schema.lineage, rows)

    def parents(self, resource: Resource) -> list[Resource]:
        """The parents of ``resource``, in the order of recording."""
        links = schema.lineage.c
        return self._linked(links.parent, links.child == resource.reference)

    def children(self, resource: Resource) -> list[Resource]:
        """The children of ``resource``, in the order of recording."""
        links = schema.lineage.c
        return self._linked(links.child, links.parent == resource.reference)

    def put_artifact(self, resource: Resource, name: str, folder: bool, files: Mapping[str, str]) -> None:
        """Record an artifact. It replaces one of the same name."""
        row = {
            "reference": resource.reference,
            "name": name,
            "created_at": datetime.now(UTC),
            "folder": folder,
            "files": dict(files),
        }
        put(self._connection, schema.artifacts, [row])

    def artifact(self, resource: Resource, name: str) -> tuple[bool, dict[str, str]]:
        """Whether the artifact is a folder, and the digests of its files by path."""
        columns = schema.artifacts.c
        rows = self._connection.execute(
            select(columns.folder, columns.files).where(
                columns.reference == resource.reference, columns.name == name
            )
        ).one_or_none()
        if rows is None:
            self.check([resource])
            names = self.artifacts(resource)
            existing = f"It has {', '.join(names)}." if names else "It has none."
            raise ReferenceNotFoundError(f"{resource} has no artifact {name!r}. {existing}")
        return rows.folder, rows.files

    def artifacts(self, resource: Resource) -> list[str]:
        """Names of artifacts, sorted."""
        columns = schema.artifacts.c
        names = select(columns.name).where(columns.reference == resource.reference)
        return sorted(self._connection.scalars(names))

    def _linked(self, end: ColumnElement[str], condition: ColumnElement[bool]) -> list[Resource]:
        joined = schema.lineage.join(schema.resources, schema.resources.c.reference == end)
        return self._resources(
            select(*_IDENTITY).select_from(joined).where(condition).order_by(schema.lineage.c.id)
        )

    def _resources(self, statement: Select[Any]) -> list[Resource]:
        return [_resource(row) for row in self._connection.execute(statement).mappings()]

    def _not_found(self, resource: Resource) -> str:
        columns = schema.resources.c
        kind = resource.kind.replace("_", " ")
        message = f"There is no {resource}."
        if isinstance(resource, Numbered):
            count, last = self._connection.execute(
                select(func.count(), func.max(columns.number)).where(
                    columns.kind == resource.kind, columns.name == resource.name
                )
            ).one()
            if count:
                number = "version" if resource.kind.endswith("_version") else kind
                return f"{message} {resource.name} has {number}{'s 1 to' if last > 1 else ''} {last}."
        names = sorted(
            self._connection.scalars(select(columns.name).where(columns.kind == resource.kind).distinct())
        )
        if not names:
            return f"{message} This store holds no {kind} yet."
        rest = ", …" if len(names) > _SHOWN else ""
        existing = f"There are: {', '.join(names[:_SHOWN])}{rest}."
        return f"{message} {did_you_mean(resource.name, names) or existing}"


def _resource(row: RowMapping) -> Resource:
    resource_type = RESOURCE_TYPES[row["kind"]]
    identity: dict[str, Any] = {"name": row["name"], "external_ids": row["external_ids"]}
    if issubclass(resource_type, Numbered):
        identity["number"] = row["number"]
    # Validated when it was written.
    return resource_type.model_construct(**identity)
