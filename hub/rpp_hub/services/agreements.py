"""Agreements as people ask for them: a project's versions and what changed, amendments, extensions, personal papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.agreements import PaperKind, PaperStatus
from rpp_hub.domain.application import Application, application_from, parse_application
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission
from rpp_hub.domain.refusal import Refusal
from rpp_hub.papers.document import read_html
from rpp_hub.services.authority import require, rights_of
from rpp_hub.services.paper_changes import Change, changes_between
from rpp_hub.services.paper_lines import PaperLine, paper_lines
from rpp_hub.services.paper_sight import may_see, on_page
from rpp_hub.services.papers import PaperView, get_paper, view_of
from rpp_hub.services.project_fields import check_fields
from rpp_hub.services.project_papers import (
    Draft,
    Grant,
    check_may_amend,
    grant_of,
    newest_paper,
    paper_in_force,
    write_paper,
)
from rpp_hub.services.project_rounds import IrbLetter, keep_file
from rpp_hub.services.project_state import (
    Surroundings,
    get_project,
    listed_members,
    open_exceptions,
    umbrella_faults,
)
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_agreements import Paper
from rpp_hub.store.model_projects import AmendmentDraft
from rpp_hub.store.models import Project
from rpp_hub.store.paging import read_page


@dataclass(frozen=True, slots=True)
class Extension:
    """More time. A new end of the IRB's approval needs its letter."""

    agreement_ends: date | None = None
    irb_ends: date | None = None
    irb_number: str = ""
    letter: IrbLetter | None = None
    reason: str = ""


class Agreements:
    """The agreements of projects and people."""

    def __init__(
        self, store: Store, papers: ContentStore, around: Surroundings, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._papers = papers
        self._around = around
        self._now = now

    def amend(self, actor: Actor, project: str, text: str, reason: str) -> PaperView:
        """Propose the next version from an application in YAML: other fields, years, cohort, linkage or dates."""
        return self.amend_to(actor, project, parse_application(text), reason)

    def amend_to(self, actor: Actor, project: str, application: Application, reason: str) -> PaperView:
        """Propose the next version; it grants nothing before both sides have signed."""
        if not reason.strip():
            raise Invalid("Say why the agreement is amended.", code="no-reason")
        if application.project != project:
            raise Invalid(
                f"This is an application of {application.project}, not of {project}.", code="wrong-project"
            )
        check_fields(application, self._around.codebook(application.district))
        with self._store.act(actor, "agreement:amend", f"project:{project}", reason) as act:
            row = _open_project(act.session, actor, project)
            wanted = _as_it_stands(application, row)
            self._refuse_uncovered(act.session, row, wanted)
            before = grant_of(_known(act.session, project))
            draft = Draft(wanted, before.conditions, reason.strip())
            codebook = self._around.codebook(row.district)
            paper = write_paper(act, actor, row, draft, codebook, self._papers, self._now())
            act.detail.update(agreement=paper.name, version=paper.number)
            act.session.execute(delete(AmendmentDraft).where(AmendmentDraft.project == project))
        return view_of(paper)

    def propose_draft(self, actor: Actor, project: str, reason: str) -> PaperView:
        """Propose the amendment that was written page by page."""
        with self._store.read() as session:
            row = _open_project(session, actor, project)
            draft = session.get(AmendmentDraft, project)
            if draft is None:
                raise ActionRefused((Refusal("no-amendment", f"No amendment of {project} has been begun."),))
            content = {**draft.application, "members": listed_members(row), "irb": row.application["irb"]}
        return self.amend_to(actor, project, application_from(content), reason)

    def extend(self, actor: Actor, project: str, extension: Extension) -> PaperView | None:
        """More time. The IRB's new end counts at once, with its letter; the agreement's once both sides have signed."""
        if extension.agreement_ends is None and extension.irb_ends is None:
            raise Invalid(
                "Say until when: a new end of the agreement, of the IRB's approval, or both.", code="no-date"
            )
        if extension.irb_ends is not None:
            self._extend_irb(actor, project, extension)
        if extension.agreement_ends is None:
            return None
        with self._store.read() as session:
            _open_project(session, actor, project)
            now = grant_of(_known(session, project)).application
        agreement = now.agreement.model_copy(update={"ends": extension.agreement_ends})
        return self.amend_to(
            actor, project, now.model_copy(update={"agreement": agreement}), extension.reason or "More time."
        )

    def _extend_irb(self, actor: Actor, project: str, extension: Extension) -> None:
        if extension.letter is None:
            raise Invalid("A new end of the IRB's approval needs its letter.", code="irb-document-missing")
        with self._store.act(actor, "agreement:extend-irb", f"project:{project}", extension.reason) as act:
            require(act.session, actor, Permission.AGREEMENT_MANAGE, project)
            row = _open_project(act.session, actor, project)
            kept = keep_file(act.session, actor, project, extension.letter, self._papers)
            row.irb_ends = extension.irb_ends
            raw = dict(row.application)
            number = extension.irb_number or raw["irb"]["number"]
            raw["irb"] = {"number": number, "ends": str(extension.irb_ends)}
            row.application = raw
            act.detail.update(irb_ends=str(extension.irb_ends), number=number, sha256=kept)

    def versions(self, actor: Actor, project: str) -> tuple[PaperView, ...]:
        """Every version of a project's agreement, newest first."""
        with self._store.read() as session:
            query = select(Paper).where(Paper.project == project, Paper.kind == PaperKind.PROJECT)
            rights = rights_of(session, actor.name)
            found = session.scalars(query.order_by(Paper.number.desc()))
            return tuple(view_of(p) for p in found if may_see(rights, p))

    def changes(self, actor: Actor, name: str, before: str | None = None) -> tuple[Change, ...]:
        """What a version changes against another one, by default the one before it."""
        with self._store.read() as session:
            paper = self._seen(session, actor, name)
            earlier = self._seen(session, actor, before) if before else _before(session, paper)
            return changes_between(earlier.terms if earlier else {}, paper.terms) if earlier else ()

    def granted(self, project: str) -> Grant | None:
        """What a project is granted by the version that all have signed."""
        with self._store.read() as session:
            paper = paper_in_force(session, project)
            return grant_of(paper) if paper else None

    def get(self, actor: Actor, name: str) -> PaperView:
        """One agreement. Raises NotFound for those who may not know of it."""
        with self._store.read() as session:
            return view_of(self._seen(session, actor, name))

    def document(self, actor: Actor, name: str) -> bytes:
        """The exact document, as HTML."""
        return self._papers.get(self.get(actor, name).document_sha256)

    def pdf(self, actor: Actor, name: str) -> bytes:
        """The same document as PDF, for signing by hand; its foot names the page's hash."""
        from rpp_hub.papers.pdf import as_pdf  # long to import, and most processes never write a PDF

        view = self.get(actor, name)
        return as_pdf(read_html(self._papers.get(view.document_sha256)), view.document_sha256)

    def file(self, actor: Actor, name: str, sha256: str) -> bytes:
        """A signed file of an agreement."""
        if sha256 not in {s.file_sha256 for s in self.get(actor, name).signatures if s.file_sha256}:
            raise NotFound("There is no such file here.")
        return self._papers.get(sha256)

    def page(self, actor: Actor, at: PageAt, kind: str = "", status: str = "") -> Page[PaperView]:
        """The agreements that this person may know of, newest first."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            query = select(Paper).where(on_page(rights, at, kind, status))
            return read_page(session, query, Paper.id, at, newest_first=True).map(view_of)

    def lines(self, actor: Actor, at: PageAt, kind: str = "", status: str = "") -> Page[PaperLine]:
        """The same, a line each, for a list."""
        with self._store.read() as session:
            return paper_lines(session, rights_of(session, actor.name), at, kind, status)

    def withdraw(self, actor: Actor, name: str, reason: str = "") -> PaperView:
        """Take back a paper that not all have signed."""
        with self._store.act(actor, "agreement:withdraw", f"agreement:{name}", reason) as act:
            paper = get_paper(act.session, name)
            if paper.made_by != actor.name:
                require(act.session, actor, Permission.AGREEMENT_MANAGE, district=paper.district)
            if paper.status != PaperStatus.PROPOSED:
                raise ActionRefused((Refusal("agreement-not-open", f"{name} is {paper.status} already."),))
            paper.status = PaperStatus.WITHDRAWN
        return view_of(paper)

    def _seen(self, session: Session, actor: Actor, name: str) -> Paper:
        paper = get_paper(session, name)
        if not may_see(rights_of(session, actor.name), paper):
            raise NotFound(f"There is no agreement {name!r} that you may see.", code="no-such-agreement")
        return paper

    def _refuse_uncovered(self, session: Session, row: Project, wanted: Application) -> None:
        fields = {f"{t}.{f.name}" for t, f in wanted.fields()}
        reasons = list(umbrella_faults(session, row.district, fields, self._around.today()))
        codebook = self._around.codebook(row.district)
        open_ = open_exceptions(session, row.name, wanted.linkage, codebook)
        if open_:
            reasons.append(
                Refusal(
                    "exception-open",
                    f"The director must say yes or no to the use of {', '.join(open_)} for linkage first.",
                )
            )
        if reasons:
            raise ActionRefused(reasons)


def _open_project(session: Session, actor: Actor, name: str) -> Project:
    """An approved project, for its lead or whoever manages agreements."""
    project = get_project(session, name)
    check_may_amend(session, actor, project)
    return project


def _as_it_stands(application: Application, project: Project) -> Application:
    """What an amendment cannot change: the district, the sponsors, and the staff, which has its own list."""
    kept = application_from(project.application)
    if (application.district, application.sponsors) != (kept.district, kept.sponsors):
        raise Invalid("An amendment changes neither the district nor the sponsors.", code="bad-amendment")
    return application.model_copy(update={"members": kept.members, "irb": kept.irb})


def _known(session: Session, project: str) -> Paper:
    paper = paper_in_force(session, project) or newest_paper(session, project)
    if paper is None:
        raise NotFound(
            f"{project} has no agreement yet; it is written when the district approves.", code="no-agreement"
        )
    return paper


def _before(session: Session, paper: Paper) -> Paper | None:
    same = select(Paper).where(
        Paper.kind == paper.kind,
        Paper.district == paper.district,
        Paper.project.is_(None) if paper.project is None else Paper.project == paper.project,
        Paper.person.is_(None) if paper.person is None else Paper.person == paper.person,
        Paper.number < paper.number,
        Paper.status != PaperStatus.WITHDRAWN,
    )
    return session.scalars(same.order_by(Paper.number.desc()).limit(1)).first()
