"""Applications: what is understood, and what is said of what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.application import Need, parse_application
from rpp_hub.domain.errors import Invalid

GOOD = """\
project: attendance-gaps
title: Attendance and its gaps
district: bayview
sponsor: paula
questions:
  - How does absence differ by grade?
irb: {number: IRB-2026-014, ends: 2027-06-30}
agreement: {ends: 2027-12-31, name_district: false}
tables:
  classifications:
    fields:
      - {name: student_id, rationale: to follow students, need: critical}
      - {name: days_absent, rationale: the outcome, need: useful}
years: [2019, 2024]
cohort: {table: classifications, where: "grade_level >= 9"}
members:
  - {person: rosa, role: lead}
"""


def test_a_good_application_is_understood() -> None:
    application = parse_application(GOOD)
    assert application.years == (2019, 2024)
    assert application.tables["classifications"].fields[1].need is Need.USEFUL


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title:", "titel:", "titel: there is no such key here"),
        ("title: Attendance and its gaps\n", "", "title: this is missing"),
        ("years: [2019, 2024]", "years: [2024, 2019]", "first not after last"),
        ("project: attendance-gaps", "project: ../../etc", "cannot be a project's name"),
        ("project: attendance-gaps", "project: a--b", "cannot be a project's name"),
        (
            "{person: rosa, role: lead}",
            "{person: rosa, role: member}",
            "exactly one member must have the role lead",
        ),
        ("{person: rosa, role: lead}", "{person: system, role: lead}", "cannot be a person's name"),
        ("name: days_absent", "name: student_id", "asked for twice"),
        ("name: days_absent", "name: 'x; drop table'", "fields.1.name"),
        ("project: attendance-gaps", "project: attendance-gaps\nproject: other", "twice"),
        ("questions:", "questions: &a\n  - *a\nold:", "alias"),
        (GOOD, "[1, 2", "not valid YAML"),
        (GOOD, "- a", "list of keys and values"),
        (GOOD, "", "list of keys and values"),
        (GOOD, "x: " + "a" * 300_000, "larger than 256 kB"),
        (GOOD, "[" * 5000, "nested too deeply"),
        ("title: Attendance and its gaps", "title: !!python/object/apply:os.system [id]", "not valid YAML"),
    ],
)
def test_a_faulty_application_is_refused_in_a_sentence(old: str, new: str, said: str) -> None:
    with pytest.raises(Invalid, match=r"\.") as caught:
        parse_application(GOOD.replace(old, new))
    assert said in caught.value.message


@given(st.text(max_size=300))
def test_any_text_gives_an_application_or_a_sentence(text: str) -> None:
    # an application that small lacks most of what it needs, so what comes is a sentence
    with pytest.raises(Invalid, match=r"\.$"):
        parse_application(text)
