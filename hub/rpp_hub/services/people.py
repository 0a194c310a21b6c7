"""People: who has an account, where they work, and which roles they hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.attestations import AttestationKind, AttestationTerms
from rpp_hub.domain.errors import ActionRefused, Invalid, NotPermitted
from rpp_hub.domain.names import check_email, check_person_name, printable
from rpp_hub.domain.paging import MOST, Page, PageAt
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.attestation_rows import record_confirmed
from rpp_hub.services.authority import Known, Rights, known, require, rights_of
from rpp_hub.services.institutions import check_institution
from rpp_hub.services.passwords import hash_password, is_password
from rpp_hub.services.people_lines import PersonLine, people_lines
from rpp_hub.services.people_views import PeopleFilter, PersonView, find_person, people_page, person_view
from rpp_hub.services.role_rules import check_may_give, check_no_clash, check_not_beyond
from rpp_hub.store.database import Store
from rpp_hub.store.model_people import Affiliation
from rpp_hub.store.models import District, Person, PersonRole

_LONGEST_PASSWORD = 256
_SHORTEST_PASSWORD = 10


@dataclass(frozen=True, slots=True)
class Sponsor:
    """Somebody who may sponsor a project with a district."""

    name: str
    display_name: str
    district: str


class People:
    """The register of people."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        actor: Actor,
        name: str,
        display_name: str,
        *,
        institutions: Collection[str] = (),
        email: str = "",
        roles: Collection[Role] = (),
        password: str | None = None,
    ) -> PersonView:
        """Register somebody. Raises Invalid for an impossible name, ActionRefused if it is taken."""
        check_person_name(name)
        if password is not None and not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
            raise Invalid(
                f"A password needs {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters.",
                code="bad-password",
            )
        now = datetime.now(UTC)
        with self._store.act(actor, "person:add", f"person:{name}") as act:
            giver = require(act.session, actor, Permission.PERSON_ADD)
            if act.session.get(Person, name) is not None:
                raise ActionRefused(
                    (Refusal("person-exists", f"There is already somebody called {name} here."),)
                )
            check_may_give(act.session, actor, name, roles)
            check_no_clash(name, roles)
            person = Person(
                name=name,
                display_name=printable(display_name.strip(), 100) or name,
                email=check_email(email),
                password_hash=hash_password(password) if password is not None else None,
                added_at=now,
                roles=[PersonRole(person=name, role=str(r), given_by=actor.name) for r in sorted(roles)],
            )
            act.session.add(person)
            act.session.flush()
            for institution in dict.fromkeys(institutions):
                check_institution(act.session, institution)
                act.session.add(Affiliation(person=name, institution=institution, since=now.date()))
            check_not_beyond(act.session, giver, name)
            act.detail.update(roles=sorted(roles), institutions=sorted(institutions))
        return self.get(name)

    def affiliate(
        self, actor: Actor, name: str, institution: str, *, until: date | None = None
    ) -> PersonView:
        """Write down that somebody works at an institution, and until when if that is known."""
        today = datetime.now(UTC).date()
        with self._store.act(actor, "person:affiliate", f"person:{name}") as act:
            giver = require(act.session, actor, Permission.PERSON_ADD)
            find_person(act.session, name)
            check_institution(act.session, institution)
            row = act.session.get(Affiliation, (name, institution))
            if row is None:
                row = Affiliation(person=name, institution=institution, since=min(today, until or today))
                act.session.add(row)
            row.until = until
            check_not_beyond(act.session, giver, name)
            act.detail.update(institution=institution, until=until.isoformat() if until else None)
        return self.get(name)

    def give_role(self, actor: Actor, name: str, role: Role) -> PersonView:
        """Give somebody a role for the installation. Raises ActionRefused where duties must stay apart."""
        with self._store.act(actor, "role:give", f"person:{name}") as act:
            giver = require(act.session, actor, Permission.ROLE_GIVE)
            person = find_person(act.session, name)
            check_may_give(act.session, actor, name, (role,))
            held = rights_of(act.session, name)
            if role in held.roles:
                raise ActionRefused((Refusal("role-held", f"{name} is {role} already."),))
            part = {Role.RESEARCHER} if held.projects else set()
            check_no_clash(name, held.roles | part | {role})
            person.roles.append(PersonRole(person=name, role=str(role), given_by=actor.name))
            check_not_beyond(act.session, giver, name)
            act.detail["role"] = str(role)
        return self.get(name)

    def take_role(self, actor: Actor, name: str, role: Role) -> PersonView:
        """Take a role from somebody. The last data manager keeps theirs, or nobody could give it back."""
        with self._store.act(actor, "role:take", f"person:{name}") as act:
            require(act.session, actor, Permission.ROLE_GIVE)
            person = find_person(act.session, name)
            row = next((r for r in person.roles if r.role == role), None)
            if row is None:
                raise ActionRefused((Refusal("role-not-held", f"{name} is not {role}."),))
            if role is Role.DATA_MANAGER:
                _check_another_manager(act.session, name)
            person.roles.remove(row)
            act.detail["role"] = str(role)
        return self.get(name)

    def certify(
        self,
        actor: Actor,
        name: str,
        *,
        training_ends: date | None = None,
        access_signed: date | None = None,
        access_ends: date | None = None,
    ) -> PersonView:
        """Record a training certificate's end or the signing of the access agreement, seen elsewhere: there is no file."""
        with self._store.act(actor, "person:certify", f"person:{name}") as act:
            require(act.session, actor, Permission.ATTESTATION_DECIDE)
            person = find_person(act.session, name)
            if actor.name == name:
                raise NotPermitted(
                    "Nobody certifies their own papers. Ask another data manager.", code="own-paper"
                )
            if training_ends is not None:
                terms = AttestationTerms(
                    AttestationKind.TRAINING, min(training_ends, datetime.now(UTC).date()), training_ends
                )
                record_confirmed(act.session, actor, person, terms)
                act.detail["training_ends"] = training_ends.isoformat()
            if access_signed is not None:
                terms = AttestationTerms(AttestationKind.ACCESS_AGREEMENT, access_signed, access_ends)
                record_confirmed(act.session, actor, person, terms)
                act.detail["access_agreement_signed"] = access_signed.isoformat()
        return self.get(name)

    def set_active(self, actor: Actor, name: str, *, active: bool) -> PersonView:
        """Close an account, or open it again."""
        with self._store.act(
            actor, "person:activate" if active else "person:deactivate", f"person:{name}"
        ) as act:
            require(act.session, actor, Permission.PERSON_ADD)
            person = find_person(act.session, name)
            if not active and any(r.role == Role.DATA_MANAGER for r in person.roles):
                _check_another_manager(act.session, name)
            person.active = active
        return self.get(name)

    def set_email(self, actor: Actor, name: str, email: str) -> PersonView:
        """Where mail for somebody goes; none, and notices stand on their page alone. One's own, or anybody's for a data manager."""
        with self._store.act(actor, "person:email", f"person:{name}") as act:
            if actor.name != name:
                require(act.session, actor, Permission.PERSON_ADD)
            find_person(act.session, name).email = check_email(email)
        return self.get(name)

    def sponsors(self) -> tuple[Sponsor, ...]:
        """Those who may sponsor a project today, once for each district that they work for."""
        today = datetime.now(UTC).date()
        query = (
            select(Person.name, Person.display_name, Affiliation.institution)
            .join(PersonRole, PersonRole.person == Person.name)
            .join(Affiliation, Affiliation.person == Person.name)
            .join(District, District.name == Affiliation.institution)
            .where(PersonRole.role == str(Role.PRACTITIONER), Person.active, Affiliation.since <= today)
            .where(or_(Affiliation.until.is_(None), Affiliation.until >= today))
            .order_by(Affiliation.institution, Person.display_name)
        )
        with self._store.read() as session:
            return tuple(Sponsor(*row) for row in session.execute(query))

    def get(self, name: str) -> PersonView:
        """One person, for the trusted side. Raises NotFound."""
        with self._store.read() as session:
            return person_view(session, find_person(session, name))

    def seen_by(self, actor: Actor, name: str) -> PersonView:
        """One person, for themselves and for those who read the register. Raises NotPermitted for others."""
        with self._store.read() as session:
            if actor.name != name:
                require(session, actor, Permission.PERSON_READ)
            return person_view(session, find_person(session, name))

    def list(self, actor: Actor, wanted: PeopleFilter | None = None) -> tuple[PersonView, ...]:
        """All who fit, by name."""
        found: list[PersonView] = []
        at: PageAt | None = PageAt(limit=MOST)
        while at is not None:
            page = self.page(actor, wanted or PeopleFilter(), at)
            found += page.items
            at = PageAt(page.next, MOST) if page.next else None
        return tuple(found)

    def page(self, actor: Actor, wanted: PeopleFilter, at: PageAt) -> Page[PersonView]:
        """A page of those who fit, by name."""
        with self._store.read() as session:
            require(session, actor, Permission.PERSON_READ)
            return people_page(session, wanted, at)

    def lines(self, actor: Actor, wanted: PeopleFilter, at: PageAt) -> Page[PersonLine]:
        """The same, a line each, for a list."""
        with self._store.read() as session:
            require(session, actor, Permission.PERSON_READ)
            return people_lines(session, wanted, at)

    def known(self, name: str) -> Known | None:
        """A person with their roles and projects, in one query; None for a stranger."""
        with self._store.read() as session:
            return known(session, name)

    def rights(self, name: str) -> Rights:
        """What a person may; nothing for a stranger."""
        with self._store.read() as session:
            return rights_of(session, name)

    def is_login(self, name: str, password: str) -> bool:
        """Whether a local account's name and password fit, and the account is open."""
        if len(password) > _LONGEST_PASSWORD or len(name) > _LONGEST_PASSWORD:
            return False
        with self._store.read() as session:
            person = session.get(Person, name)
            kept = person.password_hash if person is not None and person.active else None
        return is_password(password, kept)


def _check_another_manager(session: Session, name: str) -> None:
    query = select(func.count()).select_from(PersonRole).join(Person, Person.name == PersonRole.person)
    others = query.where(PersonRole.role == str(Role.DATA_MANAGER), Person.active, Person.name != name)
    if not session.scalar(others):
        raise ActionRefused(
            (
                Refusal(
                    "last-data-manager",
                    f"{name} is the last data manager. Make somebody else one first.",
                ),
            )
        )
