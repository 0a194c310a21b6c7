"""Export requests: what a researcher submits, sees and withdraws."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from rpp_review.items import Item, Kind
from rpp_review.normal_form import InvalidNotebook, normal_form
from rpp_review.provenance import Record
from sqlalchemy import select
from sqlalchemy.orm import Session

from rpp_hub.domain.actor import Actor
from rpp_hub.domain.errors import ActionRefused, Invalid
from rpp_hub.domain.lifecycle import Action, Doer, Status, perform, refusals
from rpp_hub.domain.names import printable
from rpp_hub.domain.paging import Page, PageAt
from rpp_hub.domain.permissions import Permission, Role
from rpp_hub.domain.refusal import Refusal
from rpp_hub.services.authority import of_projects, require, rights_of
from rpp_hub.services.desk import Desk, desk_of, top_of_desk
from rpp_hub.services.request_lines import RequestLine, request_lines
from rpp_hub.services.request_state import (
    RequestView,
    doer_for,
    get_request,
    no_request,
    state_of,
    view_for,
)
from rpp_hub.services.standing import gate_on
from rpp_hub.settings import Settings
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_provenance import RoundProvenance
from rpp_hub.store.models import Cut, Request, RequestItem, Round

SOURCE = "source"
_LONGEST_TEXT = 5000
_SHORTEST_TEXT = 10
_MOST_OUTPUTS = 500


@dataclass(frozen=True, slots=True)
class Submission:
    """What comes from the workspace: the file's bytes, the outputs picked, and what the researcher says of them."""

    name: str
    notebook: bytes
    outputs: tuple[str, ...]
    context: str
    controls: str
    provenance: Record | None = None  # what the workspace's server saw run


class Requests:
    """The register of export requests."""

    def __init__(
        self, store: Store, settings: Settings, content: ContentStore, today: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._needed = settings.review.reviewers
        self._content = content
        self._now = today

    def submit(
        self, actor: Actor, project: str, submission: Submission, replaces: str | None = None
    ) -> RequestView:
        """Freeze a notebook and ask for some of its outputs to be released.

        Raises Invalid for what cannot be understood, ActionRefused with every reason of the gate. The snapshot is kept
        under its hash before the row that names it, so that a crash leaves no request without its bytes.
        """
        items = _picked(submission)
        _check_words(submission)
        self._check_may_submit(actor, project, replaces)
        snapshot = self._content.put(submission.notebook)
        for item in items:
            self._content.put(item.content)
        record = _kept(self._content, submission.provenance)
        subject = f"project:{project}"
        act_name = "request:submit" if replaces is None else f"request:{Action.RESUBMIT}"
        with self._store.act(actor, act_name, subject) as act:
            self._check_gate(act.session, actor, project)
            request = self._request_for(act.session, actor, project, replaces)
            request.rounds.append(self._round(act.session, request, submission, snapshot, items))
            act.session.flush()
            name = request.name
            act.detail.update(request=name, round=request.round, snapshot=snapshot, items=len(items))
            if submission.provenance is not None:
                head = submission.provenance.head
                act.session.add(
                    RoundProvenance(request_id=request.id, round=request.round, sha256=record, head=head)
                )
                act.detail["provenance"] = head
        return self.seen_by(actor, name)

    def withdraw(self, actor: Actor, name: str, reason: str = "") -> RequestView:
        """Take a request back; nothing of it is released."""
        with self._store.act(actor, f"request:{Action.WITHDRAW}", f"request:{name}", reason) as act:
            request = get_request(act.session, name, lock=True)
            rights = rights_of(act.session, actor.name)
            if not rights.sees(Permission.REQUEST_READ_ALL, request.project):
                raise no_request(name)
            state = state_of(act.session, request, self._needed)
            request.status = perform(state, Action.WITHDRAW, doer_for(rights, request.project))
        return self.seen_by(actor, name)

    def seen_by(self, actor: Actor, name: str) -> RequestView:
        """One request for a person; NotFound for those who may not know of it."""
        with self._store.read() as session:
            request = get_request(session, name)
            rights = rights_of(session, actor.name)
            if not rights.sees(Permission.REQUEST_READ_ALL, request.project):
                raise no_request(name)
            return view_for(session, request, actor.name, self._needed)

    def list(
        self, actor: Actor, *, status: Collection[Status] = (), project: str | None = None
    ) -> tuple[RequestView, ...]:
        """The requests this person may see, newest first."""
        with self._store.read() as session:
            rights = rights_of(session, actor.name)
            theirs = of_projects(Request.project, rights, Permission.REQUEST_READ_ALL)
            query = select(Request).where(theirs).order_by(Request.id.desc())
            if status:
                query = query.where(Request.status.in_([str(s) for s in status]))
            if project is not None:
                query = query.where(Request.project == project)
            return tuple(view_for(session, r, actor.name, self._needed) for r in session.scalars(query))

    def page(self, actor: Actor, at: PageAt, *, own: bool = False) -> Page[RequestLine]:
        """A page of the requests this person may see, newest first, a line each; `own` are those of their projects."""
        with self._store.read() as session:
            return request_lines(session, rights_of(session, actor.name), self._needed, at, own=own)

    def desk(self, actor: Actor) -> Desk:
        """What a reviewer has to do."""
        with self._store.read() as session:
            return desk_of(session, require(session, actor, Permission.REQUEST_REVIEW), self._needed)

    def top_of_desk(self, actor: Actor, shown: int) -> Desk:
        """What a reviewer does next, and nothing of the rest."""
        with self._store.read() as session:
            rights = require(session, actor, Permission.REQUEST_REVIEW)
            return top_of_desk(session, rights, self._needed, shown)

    def item_content(self, actor: Actor, name: str, identity: str) -> tuple[Item, RequestView]:
        """One item of the current round with its bytes, for somebody who may see the request."""
        view = self.seen_by(actor, name)
        for item in view.items:
            if item.identity == identity:
                return load_item(
                    self._content, item.identity, item.kind, item.media_type, item.title, item.sha256
                ), view
        raise no_request(name)

    def refusals(self, actor: Actor, name: str, action: Action) -> tuple[Refusal, ...]:
        """Every reason why this person may not take this action now."""
        with self._store.read() as session:
            request = get_request(session, name)
            rights = rights_of(session, actor.name)
            state = state_of(session, request, self._needed)
            return refusals(state, action, doer_for(rights, request.project))

    def _check_may_submit(self, actor: Actor, project: str, replaces: str | None) -> None:
        """Before any byte is kept; the act itself asks again."""
        with self._store.read() as session:
            self._check_gate(session, actor, project)
            if replaces is not None:
                request = get_request(session, replaces)
                if request.project != project:
                    raise no_request(replaces)
                doer = Doer(actor.name, frozenset({Role.RESEARCHER}))
                perform(state_of(session, request, self._needed), Action.RESUBMIT, doer)

    def _check_gate(self, session: Session, actor: Actor, project: str) -> None:
        require(session, actor, Permission.REQUEST_SUBMIT, project)
        reasons = gate_on(session, actor.name, project, self._now().date())
        if reasons:
            raise ActionRefused(reasons)

    def _request_for(self, session: Session, actor: Actor, project: str, replaces: str | None) -> Request:
        if replaces is None:
            request = Request(
                project=project,
                author=actor.name,
                status=Status.SUBMITTED,
                round=1,
                created_at=self._now(),
                rounds=[],
            )
            session.add(request)
            session.flush()
            return request
        request = get_request(session, replaces, lock=True)
        if request.project != project:
            raise no_request(replaces)
        doer = Doer(actor.name, frozenset({Role.RESEARCHER}))
        request.status = perform(state_of(session, request, self._needed), Action.RESUBMIT, doer)
        request.round += 1
        return request

    def _round(
        self, session: Session, request: Request, submission: Submission, snapshot: str, items: Sequence[Item]
    ) -> Round:
        cut = session.scalars(
            select(Cut.name).where(Cut.project == request.project).order_by(Cut.id.desc())
        ).first()
        return Round(
            request_id=request.id,
            number=request.round,
            file_name=printable(submission.name, 120),
            snapshot=snapshot,
            outputs=list(submission.outputs),
            context=submission.context,
            controls=submission.controls,
            cut=cut or "",
            submitted_at=self._now(),
            tally_items=len(items),
            items=[
                RequestItem(
                    request_id=request.id,
                    round=request.round,
                    identity=item.identity,
                    position=position,
                    kind=str(item.kind),
                    media_type=item.media_type,
                    title=item.title,
                    cell=item.cell,
                    sha256=item.sha256,
                    findings=[],
                )
                for position, item in enumerate(items)
            ],
        )


def _kept(content: ContentStore, record: Record | None) -> str:
    return "" if record is None else content.put(json.dumps(record.document(), sort_keys=True).encode())


def load_item(
    content: ContentStore, identity: str, kind: str, media_type: str, title: str, sha256: str
) -> Item:
    """An item with its bytes from the content store."""
    cell, _, position = identity.rpartition(":")
    return Item(
        identity=identity,
        kind=Kind(kind),
        media_type=media_type,
        content=content.get(sha256),
        title=title,
        cell=cell or identity,
        position=int(position) if position.isdigit() else 0,
    )


def _picked(submission: Submission) -> tuple[Item, ...]:
    """The items asked for, and the source they come from."""
    if not 0 < len(submission.outputs) <= _MOST_OUTPUTS:
        raise Invalid(f"Pick at least one output, and at most {_MOST_OUTPUTS}.", code="no-outputs")
    try:
        form = normal_form(submission.notebook)
    except InvalidNotebook as error:
        raise Invalid(error.message, code=error.code) from None
    wanted = set(submission.outputs)
    missing = wanted - {i.identity for i in form.items}
    if missing:
        raise Invalid(
            f"{len(missing)} of the outputs picked are not in the notebook as saved, or are of a kind that is never "
            "released. Save the notebook, then pick again.",
            code="output-missing",
        )
    return tuple(i for i in form.items if i.identity in wanted or i.identity == SOURCE)


def _check_words(submission: Submission) -> None:
    for what, text in (("context", submission.context), ("controls", submission.controls)):
        if not _SHORTEST_TEXT <= len(text.strip()) <= _LONGEST_TEXT:
            raise Invalid(
                f"Say a little more about the {what}: {_SHORTEST_TEXT} to {_LONGEST_TEXT} characters, please.",
                code=f"bad-{what}",
            )
        if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") and c not in "\n\r\t" for c in text):
            raise Invalid(f"The {what} holds invisible control characters. Type it anew.", code=f"bad-{what}")
