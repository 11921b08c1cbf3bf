"""Runs and their tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "lolpop_runs",
        sa.Column("number", serial, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("workflow", sa.Text, nullable=False),
        sa.Column("container", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("group", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("wiring", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_lolpop_runs"),
        sa.UniqueConstraint("run_id", name="uq_lolpop_runs_run_id"),
    )
    op.create_index("ix_lolpop_runs_status", "lolpop_runs", ["status"])
    op.create_index("ix_lolpop_runs_group", "lolpop_runs", ["group"])
    op.create_table(
        "lolpop_tasks",
        sa.Column("number", serial, nullable=False),
        sa.Column("task_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("parent_id", sa.Text),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("ended_at", sa.DateTime),
        sa.Column("error", sa.Text),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("outputs", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_lolpop_tasks"),
        sa.ForeignKeyConstraint(["run_id"], ["lolpop_runs.run_id"], name="fk_lolpop_tasks_run_id"),
        sa.UniqueConstraint("task_id", name="uq_lolpop_tasks_task_id"),
    )
    op.create_index("ix_lolpop_tasks_run_id", "lolpop_tasks", ["run_id"])
    op.create_table(
        "lolpop_leases",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_lolpop_leases"),
    )
