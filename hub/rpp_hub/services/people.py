"""People: who has an account, which roles, which training and agreements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.names import check_person_name, printable
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import Rights, require, rights_of
from rpp_hub.services.passwords import hash_password, is_password
from rpp_hub.store.database import Store
from rpp_hub.store.models import Membership, Person, PersonRole

_LONGEST_PASSWORD = 256
_SHORTEST_PASSWORD = 10


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as others may see them."""

    name: str
    display_name: str
    institution: str
    active: bool
    roles: tuple[str, ...]
    projects: tuple[str, ...]
    training_ends: date | None
    access_agreement_signed: date | None


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
        institution: str = "",
        roles: Collection[Role] = (),
        password: str | None = None,
    ) -> PersonView:
        """Register somebody. Raises Invalid for an impossible name, ActionRefused if it is taken."""
        check_person_name(name)
        if Role.RESEARCHER in roles:
            raise Invalid(
                "Researcher is no role to give: it comes with membership in a project.",
                code="role-by-membership",
            )
        if password is not None and not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
            raise Invalid(
                f"A password needs {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters.",
                code="bad-password",
            )
        with self._store.act(actor, "person:add", f"person:{name}") as act:
            require(act.session, actor, Permission.PERSON_ADD)
            if act.session.get(Person, name) is not None:
                raise ActionRefused(
                    (Refusal("person-exists", f"There is already somebody called {name} here."),)
                )
            act.session.add(
                Person(
                    name=name,
                    display_name=printable(display_name, 100),
                    institution=printable(institution, 100),
                    password_hash=hash_password(password) if password is not None else None,
                    added_at=datetime.now(UTC),
                    roles=[PersonRole(person=name, role=str(r)) for r in sorted(roles)],
                )
            )
            act.detail["roles"] = sorted(roles)
        return self.get(name)

    def certify(
        self, actor: Actor, name: str, *, training_ends: date | None = None, access_signed: date | None = None
    ) -> PersonView:
        """Record a training certificate's end or the signing of the access agreement."""
        with self._store.act(actor, "person:certify", f"person:{name}") as act:
            require(act.session, actor, Permission.PERSON_ADD)
            person = act.session.get(Person, name)
            if person is None:
                raise _nobody(name)
            if training_ends is not None:
                person.training_ends = training_ends
                act.detail["training_ends"] = training_ends.isoformat()
            if access_signed is not None:
                person.access_agreement_signed = access_signed
                act.detail["access_agreement_signed"] = access_signed.isoformat()
        return self.get(name)

    def set_active(self, actor: Actor, name: str, *, active: bool) -> PersonView:
        """Close an account, or open it again."""
        with self._store.act(
            actor, "person:activate" if active else "person:deactivate", f"person:{name}"
        ) as act:
            require(act.session, actor, Permission.PERSON_ADD)
            person = act.session.get(Person, name)
            if person is None:
                raise _nobody(name)
            person.active = active
        return self.get(name)

    def get(self, name: str) -> PersonView:
        """One person. Raises NotFound."""
        with self._store.read() as session:
            person = session.get(Person, name)
            if person is None:
                raise _nobody(name)
            projects = session.scalars(select(Membership.project).where(Membership.person == name))
            return _view(person, tuple(sorted(projects)))

    def list(self, actor: Actor) -> tuple[PersonView, ...]:
        """Everybody, by name."""
        with self._store.read() as session:
            require(session, actor, Permission.PERSON_READ)
            memberships: dict[str, list[str]] = {}
            for person, project in session.execute(select(Membership.person, Membership.project)):
                memberships.setdefault(person, []).append(project)
            people = session.scalars(select(Person).order_by(Person.name))
            return tuple(_view(p, tuple(sorted(memberships.get(p.name, ())))) for p in people)

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


def _nobody(name: str) -> NotFound:
    return NotFound(
        f"There is nobody called {printable(name)!r} here. Add them with `rpp person add`, or mend the spelling.",
        code="no-such-person",
    )


def _view(person: Person, projects: tuple[str, ...]) -> PersonView:
    return PersonView(
        name=person.name,
        display_name=person.display_name,
        institution=person.institution,
        active=person.active,
        roles=tuple(sorted(r.role for r in person.roles)),
        projects=projects,
        training_ends=person.training_ends,
        access_agreement_signed=person.access_agreement_signed,
    )
