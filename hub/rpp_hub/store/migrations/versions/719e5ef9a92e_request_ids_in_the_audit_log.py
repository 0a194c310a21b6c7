"""Request ids in the audit log, and a guard against replaced rows"""

import sqlalchemy as sa
from alembic import op

revision = "719e5ef9a92e"
down_revision = "620c30d8dce7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # not as a batch: that would copy the audit log into a table without its triggers
    op.add_column("audit", sa.Column("request_id", sa.String(length=40), server_default="", nullable=False))
    op.add_column(
        "audit_head", sa.Column("moved_to", sa.String(length=255), server_default="", nullable=False)
    )
    op.create_index("audit_by_actor", "audit", ["actor"])
    op.create_index("audit_by_request", "audit", ["request_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
            "WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) "
            "BEGIN SELECT RAISE(ABORT, 'audit rows are only ever inserted'); END"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_replace")
    op.drop_index("audit_by_request", "audit")
    op.drop_index("audit_by_actor", "audit")
    op.drop_column("audit_head", "moved_to")
    op.drop_column("audit", "request_id")
