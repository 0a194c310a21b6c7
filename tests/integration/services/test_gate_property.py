"""No sequence of acts opens a workspace, or lets anything be submitted, with a condition missing."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from rpp_hub.domain.attestations import AttestationKind, AttestationTerms, InstitutionKind
from rpp_hub.domain.errors import ActionRefused, NotPermitted
from rpp_hub.services.requests import Requests
from rpp_hub.store.models import Project

from tests.factories import FAR, LAKESIDE, NOW, SETUP, World, actor

PEOPLE, PROJECTS = ("rosa", "remy"), ("alpha", "beta")
UMBRELLA_ENDS = date(2030, 12, 31)
person_names, project_names = st.sampled_from(PEOPLE), st.sampled_from(PROJECTS)
near = st.integers(-40, 400)


@cache
def prepared() -> Path:
    """A populated installation, made once and copied for each example."""
    folder = Path(tempfile.mkdtemp(prefix="rpp-gate-"))
    world = World(folder / "instance").populate()
    world.institutions.add(SETUP, "elsewhere", "Elsewhere", InstitutionKind.OTHER, partner=False)
    world.person("sam")  # a sponsor at the university
    world.store.close()
    return folder / "instance"


@dataclass
class Known:
    """What a test knows of a person, beside what the register says."""

    active: bool = True
    training_ends: date = FAR
    access_signed: date = date(2026, 1, 1)
    access_ends: date | None = None
    lakeside_until: date = date.max
    cover_ends: date | None = None


@dataclass
class KnownProject:
    """The same of a project."""

    members: set[str] = field(default_factory=set)
    open: bool = True
    irb_ends: date = date(2030, 6, 30)
    agreement_ends: date = date(2030, 12, 31)


class Gates(RuleBasedStateMachine):
    """Acts in any order, on a real store; after each the gate is compared with what is known."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="rpp-gate-"))
        shutil.copytree(prepared(), self.folder / "instance")
        self.world = World(self.folder / "instance")
        self.now = NOW
        self.world.requests = Requests(
            self.world.store, self.world.settings, self.world.content, lambda: self.now
        )
        self.people = {name: Known() for name in PEOPLE}
        self.sponsor_active = True
        self.projects = {"alpha": KnownProject({"rosa"}), "beta": KnownProject({"remy"})}

    @property
    def today(self) -> date:
        return self.now.date()

    @rule(days=st.integers(1, 200))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(name=person_names, open_=st.booleans())
    def account(self, name: str, open_: bool) -> None:
        self.world.people.set_active(actor("dora"), name, active=open_)
        self.people[name].active = open_

    @rule(open_=st.booleans())
    def sponsors_account(self, open_: bool) -> None:
        self.world.people.set_active(actor("dora"), "sam", active=open_)
        self.sponsor_active = open_

    @rule(name=person_names, days=near)
    def training(self, name: str, days: int) -> None:
        self.people[name].training_ends = self.today + timedelta(days=days)
        self.world.people.certify(actor("dora"), name, training_ends=self.people[name].training_ends)

    @rule(name=person_names, days=near)
    def access_agreement(self, name: str, days: int) -> None:
        known = self.people[name]
        known.access_signed, known.access_ends = self.today - timedelta(50), self.today + timedelta(days=days)
        self.world.people.certify(
            actor("dora"), name, access_signed=known.access_signed, access_ends=known.access_ends
        )

    @rule(name=person_names, days=st.none() | near)
    def moves_away_or_back(self, name: str, days: int | None) -> None:
        until = self.today + timedelta(days=days) if days is not None else None
        self.world.people.affiliate(actor("dora"), name, LAKESIDE, until=until)
        self.world.people.affiliate(actor("dora"), name, "elsewhere")
        self.people[name].lakeside_until = until or date.max

    @rule(name=person_names, days=st.integers(0, 400), confirm=st.booleans())
    def third_party(self, name: str, days: int, confirm: bool) -> None:
        if not (self.people[name].active and self.sponsor_active):
            return
        ends = NOW.date() + timedelta(days=days)  # papers are sent on the first day: their clock stands still
        terms = AttestationTerms(AttestationKind.THIRD_PARTY_AGREEMENT, NOW.date(), ends, "sam")
        sent = self.world.attestations.send(actor(name), name, terms, "x.pdf", b"%PDF-1")
        self.world.attestations.decide(actor("dora"), sent.name, confirm=confirm, reason="Not this one.")
        if confirm:
            self.people[name].cover_ends = ends

    @rule(project=project_names, name=person_names)
    def membership(self, project: str, name: str) -> None:
        members = self.projects[project].members
        change = self.world.projects.remove_member if name in members else self.world.projects.add_member
        change(actor("dora"), project, name)
        members ^= {name}

    @rule(project=project_names, days=near, irb=st.booleans())
    def renewal(self, project: str, days: int, irb: bool) -> None:
        which, day = "irb_ends" if irb else "agreement_ends", self.today + timedelta(days=days)
        with self.world.store.act(SETUP, "project:edit", f"project:{project}") as act:
            setattr(act.session.get_one(Project, project), which, day)
        setattr(self.projects[project], which, day)

    @rule(project=project_names)
    def end(self, project: str) -> None:
        if self.projects[project].open:
            self.world.projects.close(actor("dora"), project, "done")
            self.projects[project].open = False

    @rule(project=project_names, name=person_names)
    def submits(self, project: str, name: str) -> None:
        try:
            self.world.submit(project, name)
            taken = True
        except (ActionRefused, NotPermitted):
            taken = False
        assert taken == self.may_work(name, project)

    @invariant()
    def the_gate_is_open_only_when_nothing_is_missing(self) -> None:
        for name in PEOPLE:
            for project in PROJECTS:
                opened = not self.world.projects.gate(name, project, self.today)
                assert opened == self.may_work(name, project), (name, project, self.today)

    def may_work(self, name: str, project: str) -> bool:
        known, place, today = self.people[name], self.projects[project], self.today
        covered = known.cover_ends is not None and known.cover_ends >= today and self.sponsor_active
        return (
            known.active
            and name in place.members
            and place.open
            and today <= min(place.irb_ends, place.agreement_ends, UMBRELLA_ENDS, known.training_ends)
            and known.access_signed <= today
            and (known.access_ends is None or known.access_ends >= today)
            and (known.lakeside_until >= today or covered)
        )

    def teardown(self) -> None:
        self.world.store.close()
        shutil.rmtree(self.folder)


Gates.TestCase.settings = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestNoSequenceOfActs = Gates.TestCase
