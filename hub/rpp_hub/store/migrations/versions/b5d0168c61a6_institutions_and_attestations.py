"""Institutions, attestations and who gave a role"""

import re
from datetime import UTC, datetime

import rpp_hub.store.models
import sqlalchemy as sa
from alembic import op

revision = "b5d0168c61a6"
down_revision = "39eb7ee7a4ff"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "institutions",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("partner", sa.Boolean(), nullable=False),
        sa.Column("added_at", rpp_hub.store.models.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "affiliations",
        sa.Column("person", sa.String(length=30), nullable=False),
        sa.Column("institution", sa.String(length=30), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["institutions.name"],
        ),
        sa.ForeignKeyConstraint(
            ["person"],
            ["people.name"],
        ),
        sa.PrimaryKeyConstraint("person", "institution"),
    )
    with op.batch_alter_table("affiliations", schema=None) as batch_op:
        batch_op.create_index("affiliations_by_end", ["until"], unique=False)
        batch_op.create_index("affiliations_by_institution", ["institution"], unique=False)

    op.create_table(
        "attestations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=True),
        sa.Column("sponsor", sa.String(length=30), nullable=True),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("sent_by", sa.String(length=60), nullable=False),
        sa.Column("sent_at", rpp_hub.store.models.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=60), nullable=True),
        sa.Column("decided_at", rpp_hub.store.models.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person"],
            ["people.name"],
        ),
        sa.ForeignKeyConstraint(
            ["sponsor"],
            ["people.name"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("attestations", schema=None) as batch_op:
        batch_op.create_index("attestations_by_person", ["person", "kind"], unique=False)
        batch_op.create_index("attestations_by_status", ["status"], unique=False)

    op.create_table(
        "covers",
        sa.Column("person", sa.String(length=30), nullable=False),
        sa.Column("sponsor", sa.String(length=30), nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("attestation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attestation_id"],
            ["attestations.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person"],
            ["people.name"],
        ),
        sa.ForeignKeyConstraint(
            ["sponsor"],
            ["people.name"],
        ),
        sa.PrimaryKeyConstraint("person"),
    )
    with op.batch_alter_table("covers", schema=None) as batch_op:
        batch_op.create_index("covers_by_end", ["ends"], unique=False)

    _keep_where_people_work()
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(sa.Column("email", sa.String(length=255), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("access_agreement_ends", sa.Date(), nullable=True))
        batch_op.create_index("people_by_access_end", ["access_agreement_ends"], unique=False)
        batch_op.create_index("people_by_training_end", ["training_ends"], unique=False)
        batch_op.drop_column("institution")

    with op.batch_alter_table("person_roles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_by", sa.String(length=60), nullable=False, server_default=""))


def _keep_where_people_work() -> None:
    """What was free text becomes a row: districts by their titles, everything else a partner university."""
    connection, now = op.get_bind(), datetime.now(UTC)
    places: dict[str, str] = {}
    institutions, affiliations = _table("institutions"), _table("affiliations")
    for name, title in connection.execute(sa.text("SELECT name, title FROM districts ORDER BY name")).all():
        row = {"name": name, "title": title, "kind": "district", "partner": True, "added_at": now}
        connection.execute(institutions.insert(), row)
        places[title] = name
    people = connection.execute(sa.text("SELECT name, institution FROM people ORDER BY name")).all()
    for person, title in people:
        if not title.strip():
            continue
        if title not in places:
            name = _name(title, set(places.values()))
            row = {"name": name, "title": title, "kind": "university", "partner": True, "added_at": now}
            connection.execute(institutions.insert(), row)
            places[title] = name
        work = {"person": person, "institution": places[title], "since": now.date(), "until": None}
        connection.execute(affiliations.insert(), work)


def _name(title: str, taken: set[str]) -> str:
    letters = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:26]
    wanted = letters if re.match(r"[a-z].", letters) else f"place_{letters}".rstrip("_")
    return next(n for n in (wanted, *(f"{wanted}_{i}" for i in range(2, 999))) if n not in taken)


def _table(name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("person_roles", schema=None) as batch_op:
        batch_op.drop_column("given_by")

    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("institution", sa.VARCHAR(length=255), nullable=False, server_default="")
        )
        batch_op.drop_index("people_by_training_end")
        batch_op.drop_index("people_by_access_end")
        batch_op.drop_column("access_agreement_ends")
        batch_op.drop_column("email")

    with op.batch_alter_table("covers", schema=None) as batch_op:
        batch_op.drop_index("covers_by_end")

    op.drop_table("covers")
    with op.batch_alter_table("attestations", schema=None) as batch_op:
        batch_op.drop_index("attestations_by_status")
        batch_op.drop_index("attestations_by_person")

    op.drop_table("attestations")
    with op.batch_alter_table("affiliations", schema=None) as batch_op:
        batch_op.drop_index("affiliations_by_institution")
        batch_op.drop_index("affiliations_by_end")

    op.drop_table("affiliations")
    op.drop_table("institutions")
