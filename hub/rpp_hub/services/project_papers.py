"""A project's data-use agreement, version by version: written at approval, amended, extended, and what it grants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.appetite import OwnThresholds, stricter
from rpp_hub.domain.application import Application, application_from
from rpp_hub.domain.errors import ActionRefused, NotFound, NotPermitted
from rpp_hub.domain.gate import written
from rpp_hub.domain.names import printable
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.project_lifecycle import ProjectStatus
from rpp_hub.domain.refusal import Refusal
from rpp_hub.papers.document import as_html
from rpp_hub.papers.project import GrantedException, ProjectTerms, Staff, project_document
from rpp_hub.services.authority import rights_of
from rpp_hub.services.papers import get_paper
from rpp_hub.services.people_views import person_view
from rpp_hub.services.project_fields import NotGranted, grant
from rpp_hub.services.project_state import latest_words
from rpp_hub.settings import Appetite
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Act
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_projects import FieldException
from rpp_hub.store.models import District, Membership, Person, Project
from rpp_hub.warehouse.codebook import Codebook


@dataclass(frozen=True, slots=True)
class Draft:
    """What the next version of an agreement is made from."""

    application: Application
    conditions: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a project is granted by one version of its agreement."""

    paper: str
    number: int
    application: Application
    conditions: tuple[str, ...]
    not_granted: tuple[NotGranted, ...]
    exceptions: tuple[Mapping[str, Any], ...]


def paper_in_force(session: Session, project: str) -> Paper | None:
    """The newest version that all have signed, whether or not it has ended."""
    signed = _of(project).where(Paper.status == PaperStatus.SIGNED).order_by(Paper.number.desc())
    return session.scalars(signed.limit(1)).first()


def newest_paper(session: Session, project: str) -> Paper | None:
    """The newest version, signed or not."""
    return session.scalars(_of(project).order_by(Paper.number.desc()).limit(1)).first()


def grant_of(paper: Paper) -> Grant:
    """What a version grants."""
    return Grant(
        paper=paper.name,
        number=paper.number,
        application=application_from(paper.terms["application"]),
        conditions=tuple(paper.terms.get("conditions", ())),
        not_granted=tuple(NotGranted(**n) for n in paper.terms.get("not_granted", ())),
        exceptions=tuple(paper.terms.get("exceptions", ())),
    )


def appetite_of(session: Session, partnership: Appetite, project: str) -> Appetite:
    """The thresholds that hold in a project: the partnership's, or its signed agreement's where that is stricter."""
    paper = paper_in_force(session, project)
    own = paper.terms["application"]["agreement"].get("thresholds") if paper else None
    return Appetite.model_validate(
        stricter(partnership.model_dump(), OwnThresholds.model_validate(own or {}))
    )


def grant_for_cut(session: Session, project: str, paper: str = "") -> Grant:
    """What the next cut holds, or what a cut under an earlier version held. Raises NotFound without an agreement."""
    row = (
        get_paper(session, paper)
        if paper
        else paper_in_force(session, project) or newest_paper(session, project)
    )
    if row is None:
        raise NotFound(
            f"{printable(project)} has no agreement yet; it is written when the district approves.",
            code="no-agreement",
        )
    return grant_of(row)


def check_in_force(session: Session, project: str, today: date) -> None:
    """Raises ActionRefused unless an agreement that all have signed holds today."""
    paper = paper_in_force(session, project)
    if paper is None:
        open_ = newest_paper(session, project)
        to_sign = f" Both sides sign {open_.name} first." if open_ else ""
        raise ActionRefused(
            (Refusal("agreement-unsigned", f"{project} has no signed agreement yet.{to_sign}"),)
        )
    if paper.ends is not None and paper.ends < today:
        raise ActionRefused(
            (
                Refusal(
                    "agreement-over",
                    f"The agreement of {project} ended on {written(paper.ends)}. Extend it with `rpp agreement extend`.",
                ),
            )
        )


def check_may_amend(session: Session, actor: Actor, project: Project) -> None:
    """Raises unless the project is approved and this is its lead or somebody who manages agreements."""
    lead = session.get(Membership, (project.name, actor.name))
    rights = rights_of(session, actor.name)
    if not (
        (lead and lead.role == "lead") or rights.may(Permission.AGREEMENT_MANAGE, district=project.district)
    ):
        raise NotPermitted(
            f"Only the lead of {project.name}, a data manager or the director changes its agreement.",
            code="not-permitted",
        )
    if project.status != ProjectStatus.APPROVED:
        raise ActionRefused(
            (
                Refusal(
                    "not-approved",
                    f"{project.name} is {project.status}. Only approved projects have an agreement.",
                ),
            )
        )


def write_paper(
    act: Act,
    actor: Actor,
    project: Project,
    draft: Draft,
    codebook: Codebook | None,
    papers: ContentStore,
    now: datetime,
) -> Paper:
    """The next version, to be signed; an earlier one that nobody finished signing is withdrawn."""
    session = act.session
    granted, left = grant(draft.application, latest_words(session, project.name), codebook)
    exceptions = approved_exceptions(session, project.name)
    granted = _without_refused(granted, session, project.name)
    number = (session.scalar(select(func.max(Paper.number)).where(*_mine(project.name))) or 0) + 1
    terms = ProjectTerms(
        number=number,
        starts=now.date(),
        district=_district_title(session, project.district),
        sponsors=tuple(_person(session, s).name for s in granted.sponsors),
        staff=_staff(session, project),
        application=granted,
        conditions=draft.conditions,
        not_granted=tuple((n.table, n.field, n.reason) for n in left),
        exceptions=tuple(e for e in exceptions if e.field in granted.linkage),
        reason=draft.reason,
    )
    kept = papers.put(as_html(project_document(terms)))  # bytes first, then the row
    for open_ in session.scalars(_of(project.name).where(Paper.status == PaperStatus.PROPOSED)):
        open_.status = PaperStatus.WITHDRAWN
    paper = Paper(
        kind=PaperKind.PROJECT, number=number, district=project.district, project=project.name, starts=terms.starts,
        ends=granted.agreement.ends, terms=_kept(terms, left), reason=draft.reason, status=PaperStatus.PROPOSED,
        document_sha256=kept, made_by=actor.name, made_at=now, signatures=[],
    )  # fmt: skip
    session.add(paper)
    session.flush()
    act.also(
        "agreement:propose", f"project:{project.name}", agreement=paper.name, version=number, sha256=kept,
        ends=granted.agreement.ends.isoformat(), exceptions=[e.field for e in terms.exceptions],
    )  # fmt: skip
    return paper


def approved_exceptions(session: Session, project: str) -> tuple[GrantedException, ...]:
    """The names and direct identifiers that a project may use."""
    query = select(FieldException).where(FieldException.project == project, FieldException.approved)
    return tuple(
        GrantedException(r.field, r.reason, _person(session, r.decided_by).name, r.decided_at.date())
        for r in session.scalars(query.order_by(FieldException.field))
    )


def _without_refused(application: Application, session: Session, project: str) -> Application:
    query = select(FieldException.field).where(
        FieldException.project == project, FieldException.approved.is_(False)
    )
    refused = set(session.scalars(query))
    return application.model_copy(
        update={"linkage": tuple(f for f in application.linkage if f not in refused)}
    )


def _kept(terms: ProjectTerms, left: tuple[NotGranted, ...]) -> dict[str, Any]:
    return {
        "application": terms.application.model_dump(mode="json"),
        "conditions": list(terms.conditions),
        "not_granted": [asdict(n) for n in left],
        "exceptions": [{**asdict(e), "approved_on": e.approved_on.isoformat()} for e in terms.exceptions],
        "staff": [asdict(s) for s in terms.staff],
    }


def _of(project: str) -> Select[Paper]:
    return select(Paper).where(*_mine(project))


def _mine(project: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (Paper.project == project, Paper.kind == PaperKind.PROJECT)


def _staff(session: Session, project: Project) -> tuple[Staff, ...]:
    ordered = sorted(project.members, key=lambda m: (m.role != "lead", m.person))
    people = [(_person(session, m.person), m.role) for m in ordered]
    return tuple(Staff(p.name, role, p.institution) for p, role in people)


def _person(session: Session, name: str) -> Staff:
    row = session.get(Person, name)
    return Staff(row.display_name, "", person_view(session, row).institution) if row else Staff(name, "", "")


def _district_title(session: Session, name: str) -> str:
    row = session.get(District, name)
    return row.title if row else name
