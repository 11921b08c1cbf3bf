"""Resources, their metadata, and the lifecycle of model versions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the tables."""
    serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "lolpop_resources",
        sa.Column("id", serial, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("task", sa.Text),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("external_ids", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lolpop_resources"),
        sa.UniqueConstraint("reference", name="uq_lolpop_resources_reference"),
    )
    op.create_index("ix_lolpop_resources_run_id", "lolpop_resources", ["run_id"])
    op.create_index("ix_lolpop_resources_kind_name_number", "lolpop_resources", ["kind", "name", "number"])
    op.create_table(
        "lolpop_numbers",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name="pk_lolpop_numbers"),
    )
    op.create_table(
        "lolpop_tags",
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("reference", "name", name="pk_lolpop_tags"),
        sa.ForeignKeyConstraint(
            ["reference"], ["lolpop_resources.reference"], name="fk_lolpop_tags_reference"
        ),
    )
    op.create_table(
        "lolpop_lineage",
        sa.Column("id", serial, nullable=False),
        sa.Column("child", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text),
        sa.Column("task", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_lolpop_lineage"),
        sa.ForeignKeyConstraint(["child"], ["lolpop_resources.reference"], name="fk_lolpop_lineage_child"),
        sa.ForeignKeyConstraint(["parent"], ["lolpop_resources.reference"], name="fk_lolpop_lineage_parent"),
        sa.UniqueConstraint("child", "parent", name="uq_lolpop_lineage_child_parent"),
    )
    op.create_index("ix_lolpop_lineage_parent", "lolpop_lineage", ["parent"])
    op.create_table(
        "lolpop_artifacts",
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("folder", sa.Boolean, nullable=False),
        sa.Column(
            "files", sa.Text, nullable=False, comment="Digest by path inside the folder; by '' for a file."
        ),
        sa.PrimaryKeyConstraint("reference", "name", name="pk_lolpop_artifacts"),
        sa.ForeignKeyConstraint(
            ["reference"], ["lolpop_resources.reference"], name="fk_lolpop_artifacts_reference"
        ),
    )
    op.create_table(
        "lolpop_metrics",
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("value", sa.Float(53)),
        sa.PrimaryKeyConstraint("reference", "name", name="pk_lolpop_metrics"),
    )
    op.create_table(
        "lolpop_registrations",
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("registered_at", sa.DateTime, nullable=False),
        sa.Column("promoted_at", sa.DateTime),
        sa.Column("approved_at", sa.DateTime),
        sa.Column("approved_by", sa.Text),
        sa.PrimaryKeyConstraint("reference", name="pk_lolpop_registrations"),
    )
