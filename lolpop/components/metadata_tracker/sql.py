"""Resources and lineage in the tables of the store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError

from lolpop.components.metadata_tracker import MetadataTracker, Record
from lolpop.components.metadata_tracker._folders import get_files, put_files
from lolpop.components.store import Store
from lolpop.errors import LolpopError
from lolpop.resources import Numbered, Resource, as_resource
from lolpop.runs import current_run, current_task

if TYPE_CHECKING:
    from lolpop.components.metadata_tracker._rows import ResourceRows

__all__ = ["SQLMetadataTracker"]

R = TypeVar("R", bound=Resource)


class SQLMetadataTracker(MetadataTracker):
    """Stores resources, lineage, artifacts and tags in the store."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def create(
        self,
        resource_type: type[R],
        name: str,
        *,
        fields: Mapping[str, Any] | None = None,
        parents: Sequence[Resource | str] = (),
        artifacts: Mapping[str, Path] | None = None,
    ) -> R:
        """Create a resource of ``resource_type`` named ``name``, made from ``parents``."""
        resource = _named(resource_type, name)
        made_from = _resources(parents)
        _check_json(resource_type.kind, fields or {})
        # Files are written before the transaction, since that takes time. Files without rows do no harm.
        digests = {artifact: self._keep(path) for artifact, path in (artifacts or {}).items()}
        run_id, task = _origin()
        with self._writing() as rows:
            rows.check(made_from)
            if isinstance(resource, Numbered):
                number = rows.next_number(resource.kind, name)
                resource = resource.model_copy(update={"number": number})
            rows.add(resource, run_id, task)
            if fields:
                rows.update(resource, fields)
            rows.link(resource, made_from, run_id, task)
            for artifact, (folder, files) in digests.items():
                rows.put_artifact(resource, artifact, folder, files)
            return cast("R", rows.record(resource).resource)

    def get(self, resource: Resource | str) -> Record:
        """The record of ``resource``."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            return rows.record(resource)

    def find(self, resource_type: type[R], name: str | None = None, *, run_id: str | None = None) -> list[R]:
        """Resources of a type, oldest first."""
        with self._reading() as rows:
            return cast("list[R]", rows.find(resource_type.kind, name, run_id))

    def update(self, resource: Resource | str, fields: Mapping[str, Any]) -> None:
        """Set ``fields`` of ``resource``, and its external ids. Other fields are not changed."""
        resource = as_resource(resource, Resource)
        _check_json(resource.reference, fields)
        with self._writing() as rows:
            rows.update(resource, fields)

    def tag(self, resource: Resource | str, tags: Mapping[str, str]) -> None:
        """Set ``tags`` of ``resource``. Other tags are not changed."""
        resource = as_resource(resource, Resource)
        with self._writing() as rows:
            rows.check([resource])
            rows.tag(resource, tags)

    def link(self, child: Resource | str, parents: Sequence[Resource | str]) -> None:
        """Record that ``child`` was made from ``parents``, by the current task of the current run."""
        child, made_from = as_resource(child, Resource), _resources(parents)
        with self._writing() as rows:
            rows.check([child, *made_from])
            rows.link(child, made_from, *_origin())

    def parents(self, resource: Resource | str) -> list[Resource]:
        """The direct parents of ``resource``, in the order of recording."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            rows.check([resource])
            return rows.parents(resource)

    def children(self, resource: Resource | str) -> list[Resource]:
        """The direct children of ``resource``, in the order of recording."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            rows.check([resource])
            return rows.children(resource)

    def save_artifact(self, resource: Resource | str, name: str, path: Path) -> None:
        """Store a copy of the file or folder at ``path`` as the artifact ``name`` of ``resource``.

        Empty folders inside a folder are not stored.
        """
        resource = as_resource(resource, Resource)
        folder, files = self._keep(path)
        with self._writing() as rows:
            rows.check([resource])
            rows.put_artifact(resource, name, folder, files)

    def load_artifact(self, resource: Resource | str, name: str, to: Path) -> None:
        """Copy the artifact ``name`` of ``resource`` to the path ``to``, which must not exist yet."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            _, files = rows.artifact(resource, name)
        get_files(self._store, files, to)

    @contextmanager
    def reading_artifact(self, resource: Resource | str, name: str) -> Iterator[Path]:
        """The artifact ``name`` of ``resource`` as a read-only file, for the ``with`` block."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            _, files = rows.artifact(resource, name)
        with self._store.reading_file(files[""]) as path:
            yield path

    def has_artifact(self, resource: Resource | str, name: str) -> bool:
        """Whether ``resource`` has the artifact ``name``, with its files unchanged."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            if name not in rows.artifacts(resource):
                return False
            _, files = rows.artifact(resource, name)
        return all(map(self._store.has_file, files.values()))

    def artifacts(self, resource: Resource | str) -> list[str]:
        """Names of the artifacts of ``resource``, sorted."""
        resource = as_resource(resource, Resource)
        with self._reading() as rows:
            rows.check([resource])
            return rows.artifacts(resource)

    def _keep(self, path: Path) -> tuple[bool, dict[str, str]]:
        return path.is_dir(), put_files(self._store, path)

    @contextmanager
    def _reading(self) -> Iterator[ResourceRows]:
        from lolpop.components.metadata_tracker._rows import ResourceRows

        with self._store.snapshot() as connection:
            yield ResourceRows(connection)

    @contextmanager
    def _writing(self) -> Iterator[ResourceRows]:
        from lolpop.components.metadata_tracker._rows import ResourceRows

        with self._store.transaction() as connection:
            yield ResourceRows(connection)


def _origin() -> tuple[str | None, str | None]:
    run = current_run()
    return (None if run is None else run.run_id), current_task()


def _resources(values: Sequence[Resource | str]) -> list[Resource]:
    return [as_resource(value, Resource) for value in values]


def _named(resource_type: type[R], name: str) -> R:
    try:
        name.encode()
        numbered = issubclass(resource_type, Numbered)
        return resource_type.model_validate({"name": name, "number": 1} if numbered else {"name": name})
    except (ValidationError, UnicodeEncodeError) as error:
        kind = resource_type.kind.replace("_", " ")
        raise LolpopError(
            f"{name!r} cannot name a {kind}. Expected one or more characters, none of them @, : or a space."
        ) from error


def _check_json(owner: str, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise LolpopError(f"Field {name!r} of {owner} is not a JSON value: {error}.") from error
