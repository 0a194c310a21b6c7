"""Endings, mailings and the days of projects"""

from datetime import datetime

import rpp_hub.store.models
import sqlalchemy as sa
from alembic import op

revision = "39b6e41e959e"
down_revision = "b5d0168c61a6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mailings",
        sa.Column("person", sa.String(length=30), nullable=False),
        sa.Column("due", sa.String(length=150), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("sent_at", rpp_hub.store.models.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"],
            ["people.name"],
        ),
        sa.PrimaryKeyConstraint("person", "due", "stage"),
    )
    op.create_table(
        "endings",
        sa.Column("project", sa.String(length=30), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=30), nullable=True),
        sa.Column("confirmed_at", rpp_hub.store.models.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["confirmed_by"],
            ["people.name"],
        ),
        sa.ForeignKeyConstraint(
            ["project"],
            ["projects.name"],
        ),
        sa.PrimaryKeyConstraint("project"),
    )
    with op.batch_alter_table("endings", schema=None) as batch_op:
        batch_op.create_index("endings_by_confirmation", ["confirmed_at"], unique=False)

    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index("projects_by_agreement_end", ["status", "agreement_ends"], unique=False)
        batch_op.create_index("projects_by_irb_end", ["status", "irb_ends"], unique=False)
        batch_op.create_index("projects_by_sponsor", ["sponsor"], unique=False)
    _note_ends_of_before()


def _note_ends_of_before() -> None:
    """Projects that are closed already: the audit log says since when."""
    connection = op.get_bind()
    endings = sa.Table("endings", sa.MetaData(), autoload_with=connection)
    closed = sa.text(
        "SELECT p.name, MAX(a.at) FROM projects p JOIN audit a ON a.subject = 'project:' || p.name "
        "WHERE p.status = 'closed' AND a.act = 'project:close' GROUP BY p.name"
    )
    for project, at in connection.execute(closed).all():
        day = datetime.fromisoformat(at).date()
        connection.execute(endings.insert(), {"project": project, "ended_on": day})


def downgrade() -> None:
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_index("projects_by_sponsor")
        batch_op.drop_index("projects_by_irb_end")
        batch_op.drop_index("projects_by_agreement_end")

    with op.batch_alter_table("endings", schema=None) as batch_op:
        batch_op.drop_index("endings_by_confirmation")

    op.drop_table("endings")
    op.drop_table("mailings")
