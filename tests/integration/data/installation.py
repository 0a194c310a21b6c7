"""A real installation with a small synthetic district beside it, and the acts that a test does on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from rpp_hub.bootstrap import Rpp, initialise, open_installation
from rpp_hub.domain.actor import Actor, Via, system
from rpp_hub.domain.permissions import Role
from rpp_hub.synthetic import write_district

DORA, PAULA, SETUP = Actor("dora", Via.CLI), Actor("paula", Via.CLI), system(Via.CLI)
CONFIG = '[districts.bayview]\ntitle = "Bayview Unified"\n'
DROPS = ("202408_staff", "202408_students")
APPLICATION = """\
project: absence
title: Absence by grade
district: bayview
sponsor: paula
questions: ["How does absence differ by grade?"]
irb: {number: IRB-1, ends: 2030-06-30}
agreement: {ends: 2030-12-31}
tables:
  student_classifications:
    fields:
      - {name: student_id, rationale: needed}
      - {name: school_year, rationale: needed}
      - {name: grade_level, rationale: needed}
      - {name: total_days_absent, rationale: needed}
  student_demographics:
    fields:
      - {name: student_id, rationale: needed}
      - {name: birth_date, rationale: needed}
      - {name: sex, rationale: needed}
  student_enrollment:
    fields:
      - {name: student_id, rationale: needed}
      - {name: school_code, rationale: needed}
years: [2023, 2024]
cohort: {table: student_classifications, where: "grade_level >= 6"}
members: [{person: rosa, role: lead}]
"""


def make(home: Path, students: int = 400, years: int = 2) -> Rpp:
    """An installation with people and a district's files beside it, nothing received yet."""
    initialise(home, CONFIG)
    rpp = open_installation(home)
    rpp.people.add(SETUP, "dora", "Dora", roles=(Role.DATA_MANAGER,))
    rpp.people.add(SETUP, "paula", "Paula", roles=(Role.PRACTITIONER,))
    rpp.people.add(SETUP, "rosa", "Rosa", roles=())
    for name in ("dora", "paula", "rosa"):
        rpp.people.certify(SETUP, name, training_ends=date(2030, 1, 1), access_signed=date(2026, 1, 1))
    write_district(sent(home), students, years)
    return rpp


def sent(home: Path) -> Path:
    return home.parent / "sent"


def receive(rpp: Rpp) -> Any:
    return rpp.warehousing.receive(DORA, sent(rpp.installation.home) / DROPS[1], "bayview")


def receive_all(rpp: Rpp) -> None:
    for name in DROPS:
        rpp.warehousing.receive(DORA, sent(rpp.installation.home) / name, "bayview")


def build(rpp: Rpp) -> Any:
    return rpp.warehousing.build(DORA, "bayview")


def approve(rpp: Rpp, text: str = APPLICATION) -> None:
    rpp.projects.apply(DORA, text)
    rpp.projects.decide(PAULA, "absence", approve=True)


def cut(rpp: Rpp) -> Any:
    return rpp.cutting.build(DORA, "absence")
