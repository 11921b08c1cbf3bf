"""Versions of the store's tables, and migrations of older stores to the newest version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from lolpop.components.store import schema
from lolpop.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["HEAD", "bring_to_head", "stored_revision"]

# A constant, since importing alembic takes longer than opening a store. A test compares it to the scripts.
HEAD = "0003"


def stored_revision(connection: Connection) -> str | None:
    """The version of the existing tables; None if there are none."""
    if not connection.dialect.has_table(connection, schema.version.name):
        return None
    revision: str | None = connection.scalar(select(schema.version.c.version_num))
    return revision


def bring_to_head(connection: Connection, place: object) -> None:
    """Create the tables, or migrate them to the newest version, in the transaction of ``connection``.

    Raises StoreError if they were written by a newer version of lolpop.
    """
    revision = stored_revision(connection)
    if revision is None:
        # Faster than all migrations, with the same result. A test compares the two.
        schema.metadata.create_all(connection)
        connection.execute(insert(schema.version).values(version_num=HEAD))
    elif revision != HEAD:
        _migrate(connection, revision, place)


def _migrate(connection: Connection, revision: str, place: object) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision not in revisions:
        raise StoreError(
            f"{place} was written by a newer lolpop (its tables are of version {revision}, this lolpop knows "
            f"up to {HEAD}). Update it with: pip install --upgrade lolpop"
        )
    command.upgrade(config, "head")
