"""The texts of papers that one person signs: the access agreement, and the third-party agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rpp_hub.domain.gate import written
from rpp_hub.papers.document import Document, Section

_ACCESS = (
    Section(
        "What I promise",
        (
            "1. I use the district's records only for the projects that list me, and for their questions.",
            "2. I work on them in the analysis environment and nowhere else. I take nothing out of it but what was released to me.",
            "3. I do not try to find out who a student or a member of staff is. If I recognise somebody, I tell nobody but the "
            "data manager.",
            "4. My account is mine alone. I tell the data manager within a day if it may have been used by somebody else, or if "
            "I see data that I should not see.",
            "5. I keep my human-subjects training current.",
            "6. I answer personally for a breach of these promises, in money, too.",
        ),
    ),
)
_THIRD_PARTY = (
    Section(
        "Terms",
        (
            "1. The person has left the university, or never belonged to it, and goes on working on the project above under its "
            "data-use agreement. Every term of that agreement holds for them.",
            "2. The university sponsor answers for their work here, and the project stays under the university's IRB approval.",
            "3. They work in the analysis environment and take no data to their own institution.",
            "4. This agreement ends on its last day, with the project's data-use agreement, or when the sponsor withdraws.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Collaborator:
    """Somebody of another institution and the one who answers for them."""

    person: str
    institution: str
    sponsor: str
    sponsor_institution: str
    project: str


def access_document(person: str, institution: str, district: str, ends: date | None) -> Document:
    """A personal access agreement."""
    return Document(
        title=f"Personal access agreement: {person}",
        facts=(
            ("Person", person),
            ("Institution", institution or "–"),
            ("District", district),
            ("Holds until", written(ends) if ends else "further notice"),
        ),
        sections=_ACCESS,
        lines=(person,),
    )


def third_party_document(who: Collaborator, district: str, starts: date, ends: date) -> Document:
    """A third-party agreement."""
    return Document(
        title=f"Third-party agreement: {who.person}, {who.institution}",
        facts=(
            ("Person", f"{who.person}, {who.institution}"),
            ("University sponsor", f"{who.sponsor}, {who.sponsor_institution or 'the university'}"),
            ("Project", who.project),
            ("District", district),
            ("In force", f"{written(starts)} to {written(ends)}"),
        ),
        sections=_THIRD_PARTY,
        lines=(who.person, f"University sponsor: {who.sponsor}", "The district, by the project's sponsor"),
    )
