"""The script that alembic runs to migrate the given connection."""

from alembic import context

from lolpop.components.store import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=schema.version.name,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
context.run_migrations()
