"""What is due, what is late, and what ends soon, for whom: one pure function over dated facts.

Each kind of clock is one function of the table `CLOCKS`. `doers` are those whose move it is; `told` know of it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from rpp_hub.domain.gate import written
from rpp_hub.domain.permissions import Role


class DueKind(StrEnum):
    """What the clock is about."""

    APPLICATION = "application"
    EXCEPTION = "exception"
    SIGNATURE = "signature"
    TRANSFER = "transfer"
    REVIEW = "review"
    PAPER = "paper"
    TRAINING = "training"
    ACCESS_AGREEMENT = "access agreement"
    THIRD_PARTY = "third-party agreement"
    INSTITUTION = "institution"
    IRB = "irb"
    AGREEMENT = "agreement"
    UMBRELLA = "umbrella"
    DESTRUCTION = "destruction"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Clocks:
    """How many days each step may take, and how long before an end people are told."""

    notice: int = 30
    transfer: int = 30
    review: int = 5
    paper: int = 5
    signature: int = 14
    destruction: int = 7
    confirmation: int = 14


@dataclass(frozen=True, slots=True)
class Audience:
    """Named people, and all who hold one of the roles; never those left out."""

    people: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    without: frozenset[str] = frozenset()

    def holds(self, person: str, roles: Collection[Role]) -> bool:
        """Whether somebody is meant."""
        return person not in self.without and (person in self.people or not self.roles.isdisjoint(roles))


@dataclass(frozen=True, slots=True)
class Due:
    """One thing with a last day."""

    kind: DueKind
    subject: str  # a project, a request, a person, a paper or a district, by name
    on: date
    sentence: str
    doers: Audience
    told: Audience = field(default_factory=Audience)
    district: str = (
        ""  # whose business it is: a role that counts for districts counts for this one; "" for anybody's
    )

    def late(self, today: date) -> bool:
        """Whether the last day has passed."""
        return self.on < today

    def left(self, today: date) -> int:
        """Days that are left; less than nothing when it is late."""
        return (self.on - today).days

    @property
    def key(self) -> str:
        """The same thing with the same last day has the same key."""
        return f"{self.kind}:{self.subject}:{self.on.isoformat()}"


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """The days of one project. `ended`: closed, or its agreement over; `answer_by`: the district's review clock.

    `open_exceptions`: names and identifiers that it asks for and that the director has not decided on.
    """

    name: str
    sponsor: str
    lead: str
    district: str = ""
    members: frozenset[str] = frozenset()
    answer_by: date | None = None
    open_exceptions: tuple[str, ...] = ()
    approved: date | None = None
    has_cut: bool = False
    irb_ends: date | None = None
    agreement_ends: date | None = None
    ended: date | None = None
    destroyed: date | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """The days of one person who is a member of a running project."""

    name: str
    training_ends: date | None = None
    access_agreement_ends: date | None = None
    third_party_ends: date | None = None
    partner_until: date | None = None


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """A request that waits for reviewers, and who is none for it."""

    request: str
    project: str
    since: date
    not_by: frozenset[str]


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """A paper that waits for a data manager's word."""

    name: str
    person: str
    kind: str
    since: date


@dataclass(frozen=True, slots=True)
class UmbrellaFacts:
    """A district's umbrella agreement in force."""

    district: str
    ends: date


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """An agreement that not all have signed, and who is still to: by name, or whoever holds a role."""

    name: str
    kind: str
    about: str  # a project, a person or a district
    since: date
    district: str
    people: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()


Facts = ProjectFacts | PersonFacts | ReviewFacts | PaperFacts | UmbrellaFacts | SignatureFacts

_MANAGER = frozenset({Role.DATA_MANAGER})
_DIRECTOR = Audience(roles=frozenset({Role.DIRECTOR}))
_STAFF = Audience(roles=frozenset({Role.DATA_MANAGER, Role.DIRECTOR}))


def _ends(day: date, today: date) -> str:
    return f"{'ended' if day < today else 'ends'} on {written(day)}"


def _application(p: ProjectFacts, _clocks: Clocks, _today: date) -> Iterator[Due]:
    if p.answer_by is not None:
        yield Due(
            DueKind.APPLICATION,
            p.name,
            p.answer_by,
            f"The application {p.name} waits for the district's answer until {written(p.answer_by)}. Read it and decide.",
            Audience(frozenset({p.sponsor}), _MANAGER),
            _DIRECTOR,
            district=p.district,
        )


def _exception(p: ProjectFacts, _clocks: Clocks, _today: date) -> Iterator[Due]:
    if p.answer_by is not None and p.open_exceptions:
        yield Due(
            DueKind.EXCEPTION,
            p.name,
            p.answer_by,
            f"{p.name} asks to link surveys by {', '.join(p.open_exceptions)}, which takes the director's leave. "
            f"Say yes or no by {written(p.answer_by)}: the district cannot approve it before.",
            _DIRECTOR,
            district=p.district,
        )


def _transfer(p: ProjectFacts, clocks: Clocks, _today: date) -> Iterator[Due]:
    if p.approved is not None and not p.has_cut and p.ended is None:
        last = p.approved + timedelta(days=clocks.transfer)
        yield Due(
            DueKind.TRANSFER,
            p.name,
            last,
            f"The data of {p.name}, approved on {written(p.approved)}, is to be transferred by {written(last)}. Build its cut.",
            Audience(roles=_MANAGER),
            Audience(frozenset({p.lead}), frozenset({Role.DIRECTOR})),
            district=p.district,
        )


def _irb(p: ProjectFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    if p.irb_ends is not None and p.ended is None:
        yield Due(
            DueKind.IRB,
            p.name,
            p.irb_ends,
            f"The IRB approval of {p.name} {_ends(p.irb_ends, today)}. Its lead sends the renewal to the data manager.",
            Audience(frozenset({p.lead})),
            Audience(p.members, _STAFF.roles),
            district=p.district,
        )


def _agreement(p: ProjectFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    if p.agreement_ends is not None and p.ended is None:
        yield Due(
            DueKind.AGREEMENT,
            p.name,
            p.agreement_ends,
            f"The data-use agreement of {p.name} {_ends(p.agreement_ends, today)}. "
            "Amend it in time, or finish the work: its data is destroyed afterwards.",
            Audience(frozenset({p.lead})),
            Audience(p.members | {p.sponsor}, _STAFF.roles),
            district=p.district,
        )


def _destruction(p: ProjectFacts, clocks: Clocks, _today: date) -> Iterator[Due]:
    if p.ended is not None and p.has_cut and p.destroyed is None:
        last = p.ended + timedelta(days=clocks.destruction)
        yield Due(
            DueKind.DESTRUCTION,
            p.name,
            last,
            f"{p.name} ended on {written(p.ended)}: its data is to be destroyed by {written(last)}. "
            "The data manager closes it and destroys its key.",
            Audience(roles=_MANAGER),
            Audience(frozenset({p.lead, p.sponsor}), frozenset({Role.DIRECTOR})),
            district=p.district,
        )


def _confirmation(p: ProjectFacts, clocks: Clocks, _today: date) -> Iterator[Due]:
    if p.destroyed is not None and not p.confirmed:
        last = p.destroyed + timedelta(days=clocks.confirmation)
        yield Due(
            DueKind.CONFIRMATION,
            p.name,
            last,
            f"The data of {p.name} was destroyed on {written(p.destroyed)}. "
            f"The district reads the certificate and confirms it by {written(last)}.",
            Audience(frozenset({p.sponsor})),
            _STAFF,
            district=p.district,
        )


def _training(p: PersonFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    if p.training_ends is not None:
        words = (
            f"Human-subjects training of {p.name} {_ends(p.training_ends, today)}. Upload a new certificate."
        )
        yield Due(DueKind.TRAINING, p.name, p.training_ends, words, Audience(frozenset({p.name})), _STAFF)


def _access(p: PersonFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    if (ends := p.access_agreement_ends) is not None:
        words = f"The access agreement of {p.name} {_ends(ends, today)}. Sign a new one and upload it."
        yield Due(DueKind.ACCESS_AGREEMENT, p.name, ends, words, Audience(frozenset({p.name})), _STAFF)


def _third_party(p: PersonFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    if (ends := p.third_party_ends) is not None and p.partner_until is None:
        words = f"The third-party agreement of {p.name} {_ends(ends, today)}. Sign a new one and upload it."
        yield Due(DueKind.THIRD_PARTY, p.name, ends, words, Audience(frozenset({p.name})), _STAFF)


def _institution(p: PersonFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    ends = p.partner_until
    covered = ends is not None and p.third_party_ends is not None and p.third_party_ends > ends
    if ends is not None and ends != date.max and not covered:
        words = (
            f"The last day of {p.name} at the partnership's institutions {'was' if ends < today else 'is'} {written(ends)}. "
            "To go on from elsewhere takes a third-party agreement with a sponsor at the university."
        )
        yield Due(DueKind.INSTITUTION, p.name, ends, words, Audience(frozenset({p.name})), _STAFF)


def _review(r: ReviewFacts, clocks: Clocks, _today: date) -> Iterator[Due]:
    last = r.since + timedelta(days=clocks.review)
    yield Due(
        DueKind.REVIEW,
        r.request,
        last,
        f"{r.request} of {r.project} waits for its reviewers since {written(r.since)}. Look at its outputs.",
        Audience(roles=frozenset({Role.OUTPUT_REVIEWER}), without=r.not_by),
        _DIRECTOR,
    )


def _paper(p: PaperFacts, clocks: Clocks, _today: date) -> Iterator[Due]:
    last = p.since + timedelta(days=clocks.paper)
    yield Due(
        DueKind.PAPER,
        p.name,
        last,
        f"{p.person} sent in a paper ({p.kind}) on {written(p.since)}. Look at it and confirm it.",
        Audience(roles=_MANAGER, without=frozenset({p.person})),
    )


def _signature(s: SignatureFacts, clocks: Clocks, _today: date) -> Iterator[Due]:
    last = s.since + timedelta(days=clocks.signature)
    who = [*sorted(s.people), *(f"the {role}" for role in sorted(s.roles))]
    yield Due(
        DueKind.SIGNATURE,
        s.name,
        last,
        f"The {s.kind} agreement {s.name} of {s.about} waits since {written(s.since)} to be signed by "
        f"{' and '.join(who)}. It is in force once all have signed.",
        Audience(s.people, s.roles),
        _STAFF,
        s.district,
    )


def _umbrella(u: UmbrellaFacts, _clocks: Clocks, today: date) -> Iterator[Due]:
    yield Due(
        DueKind.UMBRELLA,
        u.district,
        u.ends,
        f"The umbrella agreement with {u.district} {_ends(u.ends, today)}, and every project under it. Renew it.",
        Audience(roles=frozenset({Role.DIRECTOR})),
        Audience(roles=frozenset({Role.DATA_MANAGER, Role.PRACTITIONER})),
        u.district,
    )


_OF_PROJECT: tuple[Callable[[ProjectFacts, Clocks, date], Iterator[Due]], ...] = (
    _application, _exception, _transfer, _irb, _agreement, _destruction, _confirmation,
)  # fmt: skip
_OF_PERSON: tuple[Callable[[PersonFacts, Clocks, date], Iterator[Due]], ...] = (
    _training, _access, _third_party, _institution,
)  # fmt: skip
# ends are told of only when they come near; the others are work from the day they begin
_ENDS = frozenset(
    {
        DueKind.TRAINING, DueKind.ACCESS_AGREEMENT, DueKind.THIRD_PARTY, DueKind.INSTITUTION, DueKind.IRB,
        DueKind.AGREEMENT, DueKind.UMBRELLA,
    }
)  # fmt: skip


def dues(facts: Iterable[Facts], clocks: Clocks, today: date) -> tuple[Due, ...]:
    """All that is due, late, or ends soon, the most urgent first."""
    horizon = today + timedelta(days=clocks.notice)
    found = (due for fact in facts for due in _of(fact, clocks, today))
    near = (d for d in found if d.kind not in _ENDS or d.on <= horizon)
    return tuple(sorted(near, key=lambda d: (d.on, d.kind, d.subject)))


def dues_of(found: Iterable[Due], person: str, roles: Callable[[str], Collection[Role]]) -> tuple[Due, ...]:
    """What one person does or is told of. `roles`: those that count for a district."""
    with_roles = ((d, roles(d.district)) for d in found)
    return tuple(d for d, held in with_roles if d.doers.holds(person, held) or d.told.holds(person, held))


def _of(fact: Facts, clocks: Clocks, today: date) -> Iterator[Due]:
    match fact:
        case ProjectFacts():
            for of_project in _OF_PROJECT:
                yield from of_project(fact, clocks, today)
        case PersonFacts():
            for of_person in _OF_PERSON:
                yield from of_person(fact, clocks, today)
        case ReviewFacts():
            yield from _review(fact, clocks, today)
        case PaperFacts():
            yield from _paper(fact, clocks, today)
        case SignatureFacts():
            yield from _signature(fact, clocks, today)
        case UmbrellaFacts():
            yield from _umbrella(fact, clocks, today)
