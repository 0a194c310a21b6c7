"""What a person's papers are, which dates they need, and what a file of one may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.gate import written

LARGEST_FILE = 3_000_000


class InstitutionKind(StrEnum):
    """What an institution is."""

    DISTRICT = "district"
    UNIVERSITY = "university"
    OTHER = "other"


class AttestationKind(StrEnum):
    """What a paper certifies."""

    TRAINING = "training"
    ACCESS_AGREEMENT = "access agreement"
    THIRD_PARTY_AGREEMENT = "third-party agreement"


class AttestationStatus(StrEnum):
    """Where a paper stands. Only what is confirmed counts at the gate."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AttestationTerms:
    """What a paper says: its kind, its days, and who sponsors a person from outside."""

    kind: AttestationKind
    begins: date
    ends: date | None = None
    sponsor: str = ""


def check_terms(terms: AttestationTerms, today: date) -> AttestationTerms:
    """The terms themselves, or Invalid with everything that is wrong with them."""
    faults = []
    if terms.begins > today:
        faults.append(
            f"It begins on {written(terms.begins)}, which has not come yet; send it when it has been signed."
        )
    if terms.ends is not None and terms.ends < terms.begins:
        faults.append("It ends before it begins; mend one of the two days.")
    if terms.ends is None and terms.kind is not AttestationKind.ACCESS_AGREEMENT:
        faults.append(f"A {terms.kind} has a last day; give it.")
    if terms.kind is AttestationKind.THIRD_PARTY_AGREEMENT and not terms.sponsor:
        faults.append("A third-party agreement names a sponsor at the university; name them.")
    if terms.kind is not AttestationKind.THIRD_PARTY_AGREEMENT and terms.sponsor:
        faults.append("Only a third-party agreement has a sponsor; leave that field empty.")
    if faults:
        raise Invalid(" ".join(faults), code="bad-paper")
    return terms


_KINDS = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
)


def media_type_of(content: bytes) -> str:
    """PDF, PNG or JPEG by the first bytes, whatever the file is called. Raises Invalid for anything else."""
    if not content:
        raise Invalid("Choose the file of the paper: a PDF, or a picture of it.", code="no-file")
    if len(content) > LARGEST_FILE:
        raise Invalid(
            "The file is larger than 3 MB. Save it smaller and send it again.", code="paper-too-large"
        )
    for mark, media_type, _ in _KINDS:
        if content.startswith(mark):
            return media_type
    raise Invalid(
        "The file is neither a PDF nor a PNG or JPEG picture. Save it as one of these and send it again.",
        code="paper-kind",
    )


def extension_of(media_type: str) -> str:
    """How a file of this kind is called when it is downloaded."""
    return next((ending for _, kind, ending in _KINDS if kind == media_type), ".bin")
