"""The lifecycle of model versions in the tables of the store."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lolpop.components.metadata_tracker import MetadataTracker
from lolpop.components.model_repository import ModelRepository, Registration
from lolpop.components.store import Store
from lolpop.errors import LolpopError
from lolpop.resources import ModelVersion, as_resource

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

__all__ = ["SQLModelRepository"]


class SQLModelRepository(ModelRepository):
    """Stores the registration, promotion and approval of model versions, with times and the approver.

    Parameters
    ----------
    require_approval : bool
        Whether a promoted model version must be approved before it is deployed.
    """

    def __init__(
        self, require_approval: bool = False, *, store: Store, metadata_tracker: MetadataTracker
    ) -> None:
        self._require_approval = require_approval
        self._store = store
        self._metadata_tracker = metadata_tracker

    def register(self, model_version: ModelVersion | str) -> None:
        """Register ``model_version``, so that it can be promoted. Repeating this is not an error.

        Raises ReferenceNotFoundError if the model version does not exist.
        """
        from lolpop.components.store import schema
        from lolpop.components.store.upsert import put_missing

        model_version = as_resource(model_version, ModelVersion)
        self._metadata_tracker.get(model_version)
        row = {"reference": model_version.reference, "registered_at": datetime.now(UTC)}
        with self._store.transaction() as connection:
            put_missing(connection, schema.registrations, [row])

    def promote(self, model_version: ModelVersion | str) -> None:
        """Propose a registered ``model_version`` for use. Repeating this is not an error.

        Raises LolpopError if it is not registered.
        """
        model_version = as_resource(model_version, ModelVersion)
        with self._store.transaction() as connection:
            registration = _locked(connection, model_version)
            if registration is None:
                raise LolpopError(f"{model_version} cannot be promoted: register it first.")
            if registration.promoted_at is None:
                _set(connection, model_version, promoted_at=datetime.now(UTC))

    def approve(self, model_version: ModelVersion | str, *, by: str) -> None:
        """Approve a promoted ``model_version`` in the name of ``by``. The first approval counts.

        Raises LolpopError if it is not promoted, or ``by`` is empty.
        """
        model_version = as_resource(model_version, ModelVersion)
        if not by.strip():
            raise LolpopError(
                f"{model_version} cannot be approved by {by!r}: name the person who approves it."
            )
        with self._store.transaction() as connection:
            registration = _locked(connection, model_version)
            if registration is None or registration.promoted_at is None:
                raise LolpopError(f"{model_version} cannot be approved: promote it first.")
            if registration.approved_at is None:
                _set(connection, model_version, approved_at=datetime.now(UTC), approved_by=by)

    def is_approved(self, model_version: ModelVersion | str) -> bool:
        """Whether ``model_version`` may be deployed: it is promoted and, if required, approved."""
        registration = self.registration(model_version)
        if registration is None:
            return False
        return (registration.approved_at if self._require_approval else registration.promoted_at) is not None

    def registration(self, model_version: ModelVersion | str) -> Registration | None:
        """The lifecycle of ``model_version``; None if it is not registered."""
        with self._store.snapshot() as connection:
            return _read(connection, _select(as_resource(model_version, ModelVersion)))


def _select(model_version: ModelVersion) -> Select[Any]:
    from sqlalchemy import select

    from lolpop.components.store import schema

    columns = schema.registrations.c
    return select(*(columns[field.name] for field in fields(Registration))).where(
        columns.reference == model_version.reference
    )


def _locked(connection: Connection, model_version: ModelVersion) -> Registration | None:
    # Lock the row until the end of the transaction.
    return _read(connection, _select(model_version).with_for_update())


def _read(connection: Connection, statement: Select[Any]) -> Registration | None:
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else Registration(**row)


def _set(connection: Connection, model_version: ModelVersion, **values: Any) -> None:
    from sqlalchemy import update

    from lolpop.components.store import schema

    is_version = schema.registrations.c.reference == model_version.reference
    connection.execute(update(schema.registrations).where(is_version).values(values))
