"""Index reviews begun and papers sponsored"""

import sqlalchemy as sa
from alembic import op

revision = "2085411bba78"
down_revision = "3a3c6726576c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.create_index("papers_by_sponsor", ["sponsor"], unique=False)

    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index(
            "reviews_begun",
            ["reviewer", "request_id"],
            unique=False,
            sqlite_where=sa.text("decision IS NULL"),
            postgresql_where=sa.text("decision IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index(
            "reviews_begun",
            sqlite_where=sa.text("decision IS NULL"),
            postgresql_where=sa.text("decision IS NULL"),
        )

    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.drop_index("papers_by_sponsor")
