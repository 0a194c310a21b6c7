"""drop a table that nothing filled"""

import sqlalchemy as sa
from alembic import op

revision = "4b114057357f"
down_revision = "9f0be94621f0"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("environment_versions")


def downgrade() -> None:
    op.create_table(
        "environment_versions",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("lock_sha256", sa.String(length=64), nullable=False),
        sa.Column("packages", sa.JSON(), nullable=False),
        sa.Column("added", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=30), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["made_by"],
            ["people.name"],
        ),
        sa.PrimaryKeyConstraint("name"),
    )
