"""Fingerprints: the dependencies of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table of fingerprints, and the columns of tasks that refer to it."""
    op.create_table(
        "lolpop_fingerprints",
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_lolpop_fingerprints"),
    )
    op.add_column("lolpop_tasks", sa.Column("fingerprint", sa.Text))
    op.add_column("lolpop_tasks", sa.Column("method_parts", sa.Text))
    op.add_column("lolpop_tasks", sa.Column("input_parts", sa.Text))
    op.add_column("lolpop_tasks", sa.Column("reused_from", sa.Text))
    op.create_index("ix_lolpop_tasks_fingerprint", "lolpop_tasks", ["fingerprint"])
