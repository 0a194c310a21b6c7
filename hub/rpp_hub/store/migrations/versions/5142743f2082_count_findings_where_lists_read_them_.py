"""Count findings where lists read them, index what is due"""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

revision = "5142743f2082"
down_revision = "4b114057357f"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index("projects_by_application", ["status", "applied_at"], unique=False)
        batch_op.create_index("projects_by_decision", ["status", "decided_at"], unique=False)

    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("requests_by_status"))
        batch_op.create_index("requests_by_status", ["status", "id"], unique=False)

    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tally_items", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("tally_fails", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("tally_looks", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index(
            "rounds_to_examine",
            ["request_id"],
            unique=False,
            sqlite_where=sa.text("examined_at IS NULL"),
            postgresql_where=sa.text("examined_at IS NULL"),
        )

    _count_findings()


def _count_findings() -> None:
    """What each round's items hold, in the columns that lists read from now on."""
    connection = op.get_bind()
    rounds = sa.table(
        "rounds",
        *(sa.column(n) for n in ("request_id", "number", "tally_items", "tally_fails", "tally_looks")),
    )
    items = sa.table(
        "request_items",
        sa.column("request_id"),
        sa.column("round"),
        sa.column("identity"),
        sa.column("findings", sa.JSON),
    )
    this = (rounds.c.request_id == sa.bindparam("of_request")) & (rounds.c.number == sa.bindparam("of_round"))
    written = rounds.update().where(this)
    query = sa.select(items.c.request_id, items.c.round, items.c.findings).order_by(
        items.c.request_id, items.c.round
    )
    rows = connection.execute(query).all()
    counted = [
        {"of_request": request, "of_round": number, **_tally([row.findings for row in of_one])}
        for (request, number), of_one in groupby(rows, key=lambda row: (row.request_id, row.round))
    ]
    if counted:
        connection.execute(written, counted)


def _tally(items: list[list[dict[str, str]]]) -> dict[str, int]:
    outcomes = [finding["outcome"] for findings in items for finding in findings]
    return {
        "tally_items": len(items),
        "tally_fails": outcomes.count("fail"),
        "tally_looks": outcomes.count("review"),
    }


def downgrade() -> None:
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.drop_index(
            "rounds_to_examine",
            sqlite_where=sa.text("examined_at IS NULL"),
            postgresql_where=sa.text("examined_at IS NULL"),
        )
        batch_op.drop_column("tally_looks")
        batch_op.drop_column("tally_fails")
        batch_op.drop_column("tally_items")

    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index("requests_by_status")
        batch_op.create_index(batch_op.f("requests_by_status"), ["status"], unique=False)

    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_index("projects_by_decision")
        batch_op.drop_index("projects_by_application")
