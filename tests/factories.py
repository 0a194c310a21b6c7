"""What tests are made of: a register of people, projects and cuts, a notebook, a request at any point of its life."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.dues import Clocks
from rpp_hub.domain.lifecycle import Decision, Verdict
from rpp_hub.domain.permissions import Role
from rpp_hub.installation import Installation
from rpp_hub.services.agreements import Agreements
from rpp_hub.services.attestations import Attestations
from rpp_hub.services.auditing import Auditing
from rpp_hub.services.dues import Dues
from rpp_hub.services.examination import Examination, Rerun
from rpp_hub.services.institutions import Institutions
from rpp_hub.services.people import People
from rpp_hub.services.personal_papers import PersonalPapers
from rpp_hub.services.project_discussion import Discussions
from rpp_hub.services.project_drafts import Drafts
from rpp_hub.services.project_review import Reviews
from rpp_hub.services.project_state import Surroundings as ProjectSurroundings
from rpp_hub.services.projects import Projects
from rpp_hub.services.request_state import RequestView
from rpp_hub.services.requests import Requests, Submission
from rpp_hub.services.reviewing import Reviewing
from rpp_hub.services.signing import SignedElsewhere, Signing
from rpp_hub.services.umbrellas import Umbrellas, UmbrellaTerms
from rpp_hub.settings import Appetite, Settings
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store, migrate, sqlite_url
from rpp_hub.store.models import Cut, District
from rpp_hub.warehouse.codebook import Codebook
from rpp_review.checks import Surroundings
from rpp_review.checks.recounted import Recount

from tests.approving import approve

SETUP = system(Via.CLI)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
FAR = date(2030, 1, 1)
LAKESIDE = "lakeside"

APPLICATION = """\
project: {name}
title: A project called {name}
district: bayview
sponsor: paula
questions: ["How does absence differ by grade?"]
irb: {{number: IRB-1, ends: 2030-06-30}}
agreement: {{ends: 2030-12-31}}
tables:
  classifications:
    fields: [{{name: grade_level, rationale: needed, need: critical}}]
years: [2019, 2024]
members: [{{person: {lead}, role: lead}}]
"""


def actor(name: str, via: Via = Via.PORTAL) -> Actor:
    return Actor(name, via)


def cell(source: str, outputs: Sequence[dict[str, Any]] = (), ident: str = "a") -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": ident,
        "metadata": {},
        "source": source,
        "outputs": list(outputs),
        "execution_count": 1,
    }


def printed(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def notebook(*cells: dict[str, Any]) -> bytes:
    body = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "rpp", "display_name": "rpp (Python)", "language": "python"}},
        "cells": list(cells) or [cell("print('n = 120')", [printed("n = 120\n")])],
    }
    return json.dumps(body).encode()


def umbrella(umbrellas: Umbrellas, signing: Signing, district: str = "bayview") -> None:
    """An umbrella agreement over everything, in force from 2026 to 2030, as signed elsewhere."""
    paper = umbrellas.propose(SETUP, district, UmbrellaTerms(date(2026, 1, 1), date(2030, 12, 31)))
    for party in paper.missing:
        signing.record(SETUP, paper.name, SignedElsewhere(party, "Somebody", date(2026, 1, 1), b"a scan"))


@dataclass
class World:
    """The services of a small installation on a temporary folder."""

    home: Path
    url: str = ""  # of a database with the newest schema; without one, an SQLite of its own
    installation: Installation = field(init=False)
    settings: Settings = field(init=False)
    store: Store = field(init=False)
    codebook: Codebook | None = None

    def __post_init__(self) -> None:
        self.installation = Installation(self.home)
        self.settings = Settings(appetite=Appetite(threshold=10))
        self.installation.hub_dir.mkdir(parents=True, exist_ok=True)
        if not self.url:
            self.url = sqlite_url(self.installation.database_path)
            migrate(self.url)
        self.store = Store(self.url, self.installation.anchors_path)
        self.content = ContentStore(self.installation.requests_dir)
        self.people = People(self.store)
        self.institutions = Institutions(self.store)
        self.attestations = Attestations(
            self.store, ContentStore(self.installation.attestations_dir), lambda: NOW
        )
        self.papers = ContentStore(self.installation.agreements_dir)
        around = ProjectSurroundings(self.settings, lambda _district: self.codebook, lambda: NOW.date())
        self.around = around
        self.projects = Projects(self.store, self.papers, around)
        self.drafts = Drafts(self.store, self.papers, around, lambda: NOW)
        self.reviews = Reviews(self.store, self.papers, around)
        self.discussions = Discussions(self.store, around, lambda: NOW)
        self.agreements = Agreements(self.store, self.papers, around, lambda: NOW)
        self.personal = PersonalPapers(self.store, self.papers, lambda: NOW)
        self.umbrellas = Umbrellas(self.store, self.papers, lambda: NOW)
        self.signing = Signing(self.store, self.papers, lambda: NOW)
        self.requests = Requests(self.store, self.settings, self.content, lambda: NOW)
        self.reviewing = Reviewing(self.store, self.settings, lambda: NOW)
        self.auditing = Auditing(self.store)
        self.dues = Dues(self.store, Clocks(), {}, lambda _district: self.codebook, lambda: NOW)
        self.rerun_answer: Rerun | None = None
        self.recount_answer: dict[str, Recount] = {}
        self.examination = Examination(
            self.store, self.settings, self.content, self._rerun, lambda _project: Surroundings(), lambda: NOW,
            lambda form, told, project, cut: self.recount_answer,
        )  # fmt: skip

    def _rerun(self, submitted: bytes, _project: str, _cut: str, _worked_in: str) -> Rerun:
        return self.rerun_answer or Rerun(submitted, True, "It ran from top to bottom.", "env-1")

    def person(self, name: str, *roles: Role, certified: bool = True, at: str = "") -> None:
        """Practitioners work for the district, everybody else for the university, unless it is said."""
        place = at or ("bayview" if Role.PRACTITIONER in roles else LAKESIDE)
        self.people.add(SETUP, name, name.title(), institutions=[place], roles=roles)
        if certified:
            self.people.certify(SETUP, name, training_ends=FAR, access_signed=date(2026, 1, 1))

    def populate(self) -> World:
        """Seven people, one district, two approved projects with a cut each."""
        with self.store.act(SETUP, "district:add", "district:bayview") as act:
            act.session.add(District(name="bayview", title="Bayview", added_at=NOW))
        umbrella(self.umbrellas, self.signing)
        self.institutions.add(SETUP, "bayview", "Bayview", InstitutionKind.DISTRICT, partner=True)
        self.institutions.add(
            SETUP, LAKESIDE, "Lakeside University", InstitutionKind.UNIVERSITY, partner=True
        )
        self.person("dora", Role.DATA_MANAGER)
        self.person("paula", Role.PRACTITIONER)
        for name in ("vera", "viktor", "zoe"):
            self.person(name, Role.OUTPUT_REVIEWER)
        self.person("otto", Role.OPERATOR)
        self.person("ada", Role.AUDITOR)
        self.person("dirk", Role.DIRECTOR)
        for name, project in (("rosa", "alpha"), ("remy", "beta")):
            self.person(name)
            self.project(project, name)
        return self

    def project(self, name: str, lead: str) -> None:
        approve(self, name, APPLICATION.format(name=name, lead=lead), lead)
        with self.store.act(actor("dora"), "cut:build", f"cut:{name}/c0001") as act:
            act.session.add(
                Cut(
                    project=name,
                    name="c0001",
                    sha256="0" * 64,
                    build_sha256="0" * 64,
                    summary={},
                    built_by="dora",
                    built_at=NOW,
                )
            )

    def submit(
        self, project: str = "alpha", author: str = "rosa", body: bytes | None = None, **changes: Any
    ) -> RequestView:
        given: dict[str, Any] = {
            "name": "analysis.ipynb",
            "notebook": body if body is not None else notebook(),
            "outputs": ("a:0",),
            "context": "Number of students in grade nine, all schools.",
            "controls": "Counts below ten are not shown.",
        }
        return self.requests.submit(actor(author, Via.WORKSPACE), project, Submission(**{**given, **changes}))

    def examined(self, **changes: Any) -> RequestView:
        view = self.submit(**changes)
        self.examination.examine(view.name)
        return self.requests.seen_by(SETUP, view.name)

    def finish(
        self,
        reviewer: str,
        view: RequestView,
        verdict: Verdict = Verdict.APPROVE,
        decision: Decision = Decision.RELEASE_APPROVED,
    ) -> RequestView:
        verdicts = {i.identity: verdict for i in view.items}
        return self.reviewing.finish(
            actor(reviewer), view.name, view.round, decision, verdicts, comment=f"said by {reviewer}"
        )
