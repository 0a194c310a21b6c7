"""Indexes for lists that do not grow slow"""

from alembic import op

revision = "b7a25315a176"
down_revision = "9e49c7bb80b1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.create_index("releases_by_project", ["project"], unique=False)

    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.create_index("reviews_by_reviewer", ["reviewer", "request_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("reviews", schema=None) as batch_op:
        batch_op.drop_index("reviews_by_reviewer")

    with op.batch_alter_table("releases", schema=None) as batch_op:
        batch_op.drop_index("releases_by_project")
