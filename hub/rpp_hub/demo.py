"""A demonstration: a district, somebody for each role, two projects with their data cut, ready to be opened.

Every step looks first whether it was done already, so that a second `rpp demo` goes on where the first one stopped.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from rpp_hub.bootstrap import Rpp, initialise, open_installation
from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.agreements import Party
from rpp_hub.domain.application import Application
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.errors import NotFound
from rpp_hub.domain.permissions import Role
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.papers.document import Document, Section
from rpp_hub.services.project_fields import Word
from rpp_hub.services.project_review import Judged, Survey, Topic
from rpp_hub.services.project_rounds import IrbLetter
from rpp_hub.services.signing import SignedElsewhere
from rpp_hub.services.umbrellas import UmbrellaTerms
from rpp_hub.synthetic import write_district
from rpp_hub.warehouse.receive import is_drop_name
from rpp_hub.whole import write_whole

Say = Callable[[str], None]

DISTRICT = "bayview"
PROJECTS = ("attendance-gaps", "course-pathways")

_CONFIG = """\
[partnership]
name = "Bayview research-practice partnership (demonstration)"

[server]
bind = "{bind}"

[districts.bayview]
title = "Bayview Unified School District"
aliases = ["BUSD", "Bayview Unified"]
"""


@dataclass(frozen=True, slots=True)
class Account:
    """One of the demonstration's people."""

    name: str
    password: str
    role: str
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """What `demo.json` says."""

    url: str
    accounts: tuple[Account, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    display_name: str
    institution: str
    role: Role | None
    project: str | None = None


_UNIVERSITY = "lakeside"
_PEOPLE = (
    _Part("dora", "Dora Manning", _UNIVERSITY, Role.DATA_MANAGER),
    _Part("rosa", "Rosa Seeker", _UNIVERSITY, None, PROJECTS[0]),
    _Part("remy", "Remy Field", _UNIVERSITY, None, PROJECTS[1]),
    _Part("vera", "Vera Check", _UNIVERSITY, Role.OUTPUT_REVIEWER),
    _Part("viktor", "Viktor Sieve", _UNIVERSITY, Role.OUTPUT_REVIEWER),
    _Part("paula", "Paula Leader", DISTRICT, Role.PRACTITIONER),
    _Part("dirk", "Dirk Bridge", _UNIVERSITY, Role.DIRECTOR),
    _Part("otto", "Otto Runner", _UNIVERSITY, Role.OPERATOR),
    _Part("ada", "Ada Ledger", _UNIVERSITY, Role.AUDITOR),
)


def prepare(home: Path, data: Path | None, students: int, bind: str, say: Say) -> Demo:
    """Bring the demonstration to where people can log in. Each step is skipped when it was done before."""
    installation = initialise(home, _CONFIG.format(bind=bind))
    rpp = open_installation(installation.home)
    _university(rpp)
    accounts = _people(rpp, home / "demo.json")
    _umbrella(rpp)
    _district(rpp, data, students, say)
    for project in PROJECTS:
        _project(rpp, project, say)
    prepared = Demo(f"http://{rpp.settings.server.bind}/", accounts)
    _keep(home / "demo.json", prepared)
    rpp.store.close()
    return prepared


def welcome(prepared: Demo) -> str:
    """What is printed once people can log in."""
    rows = [f"  {a.name:<8} {a.password:<22} {a.role:<16} {', '.join(a.projects)}" for a in prepared.accounts]
    return "\n".join(
        [
            "",
            f"Ready: {prepared.url}",
            "",
            "  name     password               role",
            *rows,
            "",
            "Ctrl-C stops all of it.",
        ]
    )


def _people(rpp: Rpp, kept: Path) -> tuple[Account, ...]:
    """The accounts. Passwords are kept before they count, so that a crash locks nobody out."""
    known = (
        {a["name"]: a["password"] for a in json.loads(kept.read_text())["accounts"]} if kept.exists() else {}
    )
    accounts = tuple(
        Account(
            part.name,
            known.get(part.name) or secrets.token_urlsafe(12),
            str(part.role or Role.RESEARCHER),
            (part.project,) if part.project else (),
        )
        for part in _PEOPLE
    )
    _keep(kept, Demo(f"http://{rpp.settings.server.bind}/", accounts))
    for part, account in zip(_PEOPLE, accounts, strict=True):
        _person(rpp, part, account)
    return accounts


def _university(rpp: Rpp) -> None:
    if all(i.name != _UNIVERSITY for i in rpp.institutions.list()):
        rpp.institutions.add(
            system(Via.CLI), _UNIVERSITY, "Lakeside University", InstitutionKind.UNIVERSITY, partner=True
        )


def _person(rpp: Rpp, part: _Part, account: Account) -> None:
    setup = system(Via.CLI)
    try:
        rpp.people.get(part.name)
    except NotFound:
        rpp.people.add(
            setup,
            part.name,
            part.display_name,
            institutions=[part.institution],
            roles=[part.role] if part.role else [],
            password=account.password,
        )
    if rpp.people.get(part.name).access_agreement_signed is None:
        today = datetime.now(UTC).date()
        rpp.people.certify(setup, part.name, training_ends=today + timedelta(days=700), access_signed=today)


def _keep(path: Path, prepared: Demo) -> None:
    write_whole(path, json.dumps(asdict(prepared), indent=2).encode() + b"\n")


def _umbrella(rpp: Rpp) -> None:
    """The district's umbrella agreement, as signed elsewhere before the demonstration began."""
    today, setup = datetime.now(UTC).date(), system(Via.CLI)
    versions = rpp.umbrellas.versions(DISTRICT)
    paper = (
        versions[0]
        if versions
        else rpp.umbrellas.propose(setup, DISTRICT, UmbrellaTerms(today.replace(day=1)))
    )
    for party in paper.missing:
        file = f"Demonstration: stands for the signed umbrella agreement {paper.document_sha256}.\n".encode()
        signed = SignedElsewhere(party, f"For the {party}", today, file)
        paper = rpp.signing.record(setup, paper.name, signed)


def _district(rpp: Rpp, data: Path | None, students: int, say: Say) -> None:
    dora = Actor("dora", Via.CLI)
    if rpp.warehousing.known_fields(DISTRICT):
        return
    received = {d.name for d in rpp.warehousing.drops(DISTRICT)}
    with tempfile.TemporaryDirectory() as folder:
        if data is None:
            say(f"Making a synthetic district of {students:,} students …")
            write_district(Path(folder), students=students)
            drops = _drop_folders(Path(folder))
        else:
            drops = _drop_folders(data)
        for name, drop in drops:
            if name not in received:
                say(f"Receiving {name} …")
                rpp.warehousing.receive(dora, drop, DISTRICT, name)
    say("Checking what came, and building the masters …")
    rpp.warehousing.build(dora, DISTRICT)


def _drop_folders(folder: Path) -> list[tuple[str, Path]]:
    """The drops in a folder: its YYYYMM_type folders, or the folder itself under this month's name."""
    named = [(f.name, f) for f in sorted(folder.iterdir()) if f.is_dir() and is_drop_name(f.name)]
    return named or [(f"{datetime.now(UTC):%Y%m}_district", folder)]


def _project(rpp: Rpp, name: str, say: Say) -> None:
    part = next(p for p in _PEOPLE if p.project == name)
    lead, paula, dora = (Actor(who, Via.CLI) for who in (part.name, "paula", "dora"))
    try:
        status = rpp.projects.get(name).status
    except NotFound:
        text = yaml.safe_dump(_application(rpp, name, part.name), sort_keys=False, allow_unicode=True)
        status = rpp.projects.apply(lead, text, _letter(name)).status
    if status is ProjectStatus.APPLIED:
        ratings = dict.fromkeys(Topic, 4)
        rpp.reviews.answer(paula, name, Survey(ratings, {Topic.ALIGNMENT: "Our plan's second goal."}))
        fields = [f"{t}.{f.name}" for t, f in application_of(rpp, name).fields()]
        sound = ("sound", "")
        rpp.reviews.judge(dora, name, Judged(sound, sound, dict.fromkeys(fields, (Word.NECESSARY, ""))))
        rpp.projects.decide(paula, name, approve=True, reason="Fits the district's learning agenda.")
    paper = rpp.agreements.versions(dora, name)[0]
    for party in paper.missing:
        signer = lead if party is Party.RESEARCH_TEAM else paula
        rpp.signing.sign(signer, paper.name, paper.document_sha256, party)
    if not rpp.cutting.has_cut(name):
        say(f"Cutting the data of {name} …")
        rpp.cutting.build(Actor("dora", Via.CLI), name)


def application_of(rpp: Rpp, name: str) -> Application:
    """What a project that was sent asks for."""
    application = rpp.projects.get(name).application
    if application is None:
        raise NotFound(f"{name} is a draft.", code="no-application")
    return application


def _letter(name: str) -> IrbLetter:
    """Stands for the IRB's letter."""
    from rpp_hub.papers.pdf import as_pdf  # long to import, and only a new demonstration writes a letter

    facts = (("Project", name), ("Decision", "Approved, minimal risk"))
    text = Section(
        "Letter", ("This demonstration letter stands for the approval of an institutional review board.",)
    )
    return IrbLetter("irb-letter.pdf", as_pdf(Document("IRB approval (demonstration)", facts, (text,), ())))


def _application(rpp: Rpp, name: str, lead: str) -> dict[str, Any]:
    """An application that fits whatever tables there are: what may be shared of them, over all their years."""
    title, questions, tables = {
        PROJECTS[0]: (
            "Attendance and its gaps",
            ["How does absence differ by grade and by group, and how has that changed?"],
            rpp.warehousing.shareable_fields(DISTRICT),
        ),
        PROJECTS[1]: (
            "Pathways into course-taking",
            ["Which students reach ninth grade on time?"],
            rpp.warehousing.shareable_fields(DISTRICT),
        ),
    }[name]
    first, last = rpp.warehousing.years(DISTRICT)
    year = datetime.now(UTC).year
    return {
        "project": name,
        "title": title,
        "district": DISTRICT,
        "sponsor": "paula",
        "questions": questions,
        "irb": {
            "number": f"IRB-{year}-{'014' if name == PROJECTS[0] else '027'}",
            "ends": date(year + 2, 6, 30),
        },
        "agreement": {"ends": date(year + 2, 12, 31), "name_district": False},
        "tables": {
            table: {
                "fields": [
                    {"name": f, "rationale": "Needed for the question above.", "need": "critical"}
                    for f in fields
                ]
            }
            for table, fields in tables.items()
        },
        "years": [first, last],
        "members": [{"person": lead, "role": "lead"}],
    }
