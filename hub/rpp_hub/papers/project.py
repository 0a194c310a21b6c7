"""The text of a project's data-use agreement: fixed articles, Attachment A (the data), Attachment B (the staff)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rpp_hub.domain.application import Application
from rpp_hub.domain.gate import written
from rpp_hub.papers.document import Document, Grid, Section

_ARTICLES = (
    Section(
        "1. Use",
        (
            "The district gives the fields of Attachment A to the persons of Attachment B, for the questions named above and "
            "nothing else. The data stays the district's. This agreement stands under the district's umbrella agreement and "
            "ends with it.",
        ),
    ),
    Section(
        "2. Protection",
        (
            "The data is scrambled with codes of this project alone and is read in the analysis environment, which has no way "
            "out. Nobody tries to find out who a student or a member of staff is. Every person of Attachment B keeps "
            "human-subjects training current and has signed a personal access agreement.",
        ),
    ),
    Section(
        "3. Results",
        (
            "Results leave the environment after review by people who are not on the project. They hold no small cells and "
            "nothing by which a person could be recognised. The district reads findings for context before they are published.",
        ),
    ),
    Section(
        "4. Changes and end",
        (
            "Further fields, years or time need an amendment, signed by both sides. Either side may end this agreement in "
            "writing. Within seven days after its end the project's data and codes are destroyed, and the data manager "
            "certifies so.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """A line of Attachment B."""

    name: str
    role: str
    institution: str


@dataclass(frozen=True, slots=True)
class GrantedException:
    """A name or direct identifier that may be used, for what, and who approved it."""

    field: str
    reason: str
    approved_by: str
    approved_on: date


@dataclass(frozen=True, slots=True)
class ProjectTerms:
    """Everything that one version of a project's agreement says."""

    number: int
    starts: date
    district: str
    sponsors: tuple[str, ...]
    staff: tuple[Staff, ...]
    application: Application
    conditions: tuple[str, ...] = ()
    not_granted: tuple[tuple[str, str, str], ...] = ()
    exceptions: tuple[GrantedException, ...] = ()
    reason: str = ""


def project_document(terms: ProjectTerms) -> Document:
    """One version of a project's data-use agreement."""
    app = terms.application
    own = app.agreement.thresholds.words
    changed = (("Reason for this amendment", terms.reason),) if terms.number > 1 else ()
    facts = (
        ("Project", f"{app.title} ({app.project})"),
        ("District", terms.district),
        ("Sponsored by", ", ".join(terms.sponsors)),
        ("Version", str(terms.number)),
        ("In force", f"{written(terms.starts)} to {written(app.agreement.ends)}"),
        ("IRB approval", f"{app.irb.number}, until {written(app.irb.ends)}"),
        ("The district may be named", "yes" if app.agreement.name_district else "no"),
        *((("Output checks stricter than the partnership's", own),) if own else ()),
        *changed,
    )
    questions = Section("Questions", tuple(f"{n}. {q}" for n, q in enumerate(app.questions, 1)))
    conditions = (Section("Conditions", terms.conditions),) if terms.conditions else ()
    attachments = (*_attachment_a(terms), _attachment_b(terms.staff))
    return Document(
        title=f"Data-use agreement: {app.title}",
        facts=facts,
        sections=(questions, *conditions, *_ARTICLES, *attachments),
        lines=("The research team, by its lead", "The district, by its sponsor"),
    )


def _attachment_a(terms: ProjectTerms) -> tuple[Section, ...]:
    app = terms.application
    grids = tuple(
        Grid(
            table,
            ("Field", "Need", "Rationale", "Given as"),
            tuple(
                (f.name, str(f.need), f.rationale, f.generalise or "in the codebook") for f in asked.fields
            ),
        )
        for table, asked in app.tables.items()
    )
    sections = [
        Section("Attachment A: sample", (_sample(app),)),
        Section(
            "Attachment A: fields",
            ("Critical: the study cannot be done without it. Useful: given if it is available.",),
            grids,
        ),
        Section("Attachment A: cohort and school years", grids=(years_grid(app),)),
        Section("Attachment A: linkage", *_linkage(terms)),
        Section(
            "Attachment A: transmission",
            (
                "No files are sent. The data manager makes the cut; the project's workspace holds it, read-only.",
            ),
        ),
    ]
    if terms.not_granted:
        rows = tuple((f"{t}.{f}", why) for t, f, why in terms.not_granted)
        sections.append(
            Section("Attachment A: asked for and not granted", grids=(Grid("", ("Field", "Why"), rows),))
        )
    return tuple(sections)


def _sample(app: Application) -> str:
    if app.cohort is None:
        return "Everybody in these tables and school years."
    return f"Those with a row in {app.cohort.table} where {app.cohort.where}."


def years_grid(app: Application) -> Grid:
    """Which table is given for which school year, for the cohort."""
    first, last = app.years
    years = tuple(range(first, last + 1))
    rows = []
    for table in app.tables:
        begin, end = app.years_of(table)
        rows.append((table, *("yes" if begin <= y <= end else "–" for y in years)))
    cohort = app.cohort.where if app.cohort else "everybody"
    return Grid(f"Cohort: {cohort}. School years by their spring", ("Table", *map(str, years)), tuple(rows))


def _linkage(terms: ProjectTerms) -> tuple[tuple[str, ...], tuple[Grid, ...]]:
    app = terms.application
    if not app.linkage:
        return ("None.",), ()
    said = [f"The data manager may link the project's own surveys by: {', '.join(app.linkage)}."]
    if app.linkage_rationale:
        said.append(f"Why: {app.linkage_rationale}")
    rows = tuple((e.field, e.reason, f"{e.approved_by}, {written(e.approved_on)}") for e in terms.exceptions)
    grid = Grid(
        "Exceptions: names and direct identifiers, used for linkage only",
        ("Field", "Reason", "Approved by"),
        rows,
    )
    return tuple(said), (grid,) if rows else ()


def _attachment_b(staff: Sequence[Staff]) -> Section:
    rows = tuple((s.name, s.role, s.institution or "–") for s in staff)
    return Section("Attachment B: staff", grids=(Grid("", ("Name", "Role", "Institution"), rows),))
