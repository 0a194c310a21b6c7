"""Examination: re-run what was submitted, compare, check. The system's own step before any reviewer looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rpp_review.checks import Appetite, Finding, Surroundings, run_checks
from rpp_review.checks.behind import without_evidence
from rpp_review.checks.plain_code import unusual
from rpp_review.checks.ran import how_it_ran
from rpp_review.checks.recounted import Recount, examine_recounts
from rpp_review.evidence import HELD_BACK, Evidence, evidence_by_identity, sets_of
from rpp_review.items import SOURCE_IDENTITY, NormalForm
from rpp_review.normal_form import InvalidNotebook, normal_form, source_cells
from rpp_review.provenance import Record, read_record
from rpp_review.reproduction import compare
from sqlalchemy import and_, select

from rpp_hub.domain.actor import Via, system
from rpp_hub.domain.environments import difference
from rpp_hub.domain.lifecycle import SYSTEM, Action, Doer, Status, perform
from rpp_hub.services.project_papers import appetite_of
from rpp_hub.services.request_state import Tally, get_request, state_of
from rpp_hub.services.worker_queue import WorkerQueue, worker_queue
from rpp_hub.settings import Settings
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store
from rpp_hub.store.model_provenance import RoundProvenance
from rpp_hub.store.models import Request, Round

_SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Rerun:
    """What came of running a notebook again: its bytes if it ran at all, and what to tell a person."""

    notebook: bytes | None
    ok: bool
    message: str
    environment: str


# (notebook, project, cut, the environment that the work was made in or '') → what came of it
Rerunner = Callable[[bytes, str, str, str], Rerun]
# (the re-run's items, its evidence, project, cut) → what came of counting again on the trusted side
Recounter = Callable[[NormalForm, Mapping[str, Evidence], str, str], Mapping[str, Recount]]


@dataclass(frozen=True, slots=True)
class _Report:
    reproductions: dict[str, str]
    findings: tuple[Finding, ...]
    summary: dict[str, Any]


class Examination:
    """Examines what was submitted. Each round once; a second try after a crash starts from the snapshot again."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        content: ContentStore,
        rerun: Rerunner,
        surroundings: Callable[[str], Surroundings],
        now: Callable[[], datetime],
        recount: Recounter,
    ) -> None:
        self._store = store
        self._recount = recount
        self._needed = settings.review.reviewers
        self._appetite = settings.appetite
        self._content = content
        self._rerun = rerun
        self._surroundings = surroundings
        self._now = now

    def pending(self) -> tuple[str, ...]:
        """The requests that wait for their examination, oldest first."""
        with self._store.read() as session:
            current = and_(Round.request_id == Request.id, Round.number == Request.round)
            waits = Request.status == str(Status.SUBMITTED), Round.examined_at.is_(None)
            query = select(Request.id).join(Round, current).where(*waits).order_by(Request.id)
            return tuple(f"r{number:04d}" for number in session.scalars(query))

    def queue(self) -> WorkerQueue:
        """How much waits for the worker."""
        with self._store.read() as session:
            return worker_queue(session)

    def examine(self, name: str) -> None:
        """Re-run, compare and check the current round, then write down the result, all in one act.

        The long work is done before the transaction begins: killed in the middle, nothing has happened.
        """
        with self._store.read() as session:
            request = get_request(session, name)
            project, current, number = request.project, request.current, request.round
            thresholds = appetite_of(session, self._appetite, project)
        report = self._report(project, current, Appetite(**thresholds.model_dump()))
        actor = system(Via.WORKER)
        with self._store.act(actor, f"request:{Action.EXAMINE}", f"request:{name}") as act:
            request = get_request(act.session, name, lock=True)
            perform(state_of(act.session, request, self._needed), Action.EXAMINE, Doer(SYSTEM, frozenset()))
            if request.round != number or request.current.examined_at is not None:
                act.detail["skipped"] = "another examination was first"
                return
            _write_down(request.current, report, self._now())
            act.detail.update(round=number, **report.summary["counts"])

    def _report(self, project: str, current: Round, appetite: Appetite) -> _Report:
        submitted = normal_form(self._content.get(current.snapshot))
        record = self._record(current)
        worked_in = record.environment if record is not None else ""
        rerun = self._rerun(self._content.get(current.snapshot), project, current.cut, worked_in)
        again, trouble = _normal_form_of(rerun)
        picked = _only(submitted, {i.identity for i in current.items})
        reproductions = {k: str(v) for k, v in compare(picked, again).items() if k != _SOURCE}
        told = evidence_by_identity(rerun.notebook) if rerun.notebook is not None else {}
        claimed = evidence_by_identity(self._content.get(current.snapshot))
        recounts = self._recount(_shown_again(picked, again), told, project, current.cut)
        findings = (
            *run_checks(picked, appetite, self._surroundings(project), told, claimed),
            *self._trusted(submitted, picked, told, recounts, is_run=bool(again.items)),
            *self._how_it_ran(picked, current, record, rerun.environment),
        )
        counts = {
            "items": len(picked.items),
            "reproduced": sum(v == "reproduced" for v in reproductions.values()),
        }
        summary = {
            "rerun": {
                "ok": rerun.ok and not trouble,
                "message": trouble or rerun.message,
                "environment": rerun.environment,
                "worked_in": worked_in,
                "environment_note": difference(worked_in, rerun.environment),
            },
            "dropped": [asdict(d) for d in picked.dropped],
            "general": [asdict(f) for f in findings if f.identity not in {i.identity for i in current.items}],
            "counts": {**counts, "findings": len(findings)},
            "evidence": {
                item.identity: _shown(told[item.identity]) for item in picked.items if item.identity in told
            },
            "recount": {identity: asdict(found) for identity, found in recounts.items()},
            "ledger": self._ledger(told),
            "appetite": asdict(appetite),
        }
        return _Report(reproductions, findings, summary)

    def _trusted(
        self,
        submitted: NormalForm,
        picked: NormalForm,
        told: Mapping[str, Evidence],
        recounts: Mapping[str, Recount],
        *,
        is_run: bool,
    ) -> Iterator[Finding]:
        """How far the re-run's evidence can be trusted; nothing where there was no re-run."""
        if is_run:
            yield from without_evidence(picked.items, told)
        source = submitted.item(SOURCE_IDENTITY)
        code = [cell["source"] for cell in source_cells(source) if cell["kind"] == "code"] if source else []
        yield from examine_recounts(recounts, unusual(code))

    def _record(self, current: Round) -> Record | None:
        """What the workspace's server saw; None for what did not come from a workspace."""
        with self._store.read() as session:
            row = session.get(RoundProvenance, (current.request_id, current.number))
        return None if row is None else read_record(json.loads(self._content.get(row.sha256)))

    def _how_it_ran(
        self, picked: NormalForm, current: Round, record: Record | None, environment: str
    ) -> tuple[Finding, ...]:
        if record is None:
            return ()
        snapshot = self._content.get(current.snapshot)
        return tuple(how_it_ran(picked.items, record, snapshot, current.cut, environment))

    def _ledger(self, told: Mapping[str, Evidence]) -> str:
        """Keep whom exactly each cell stands for, by its content; nothing where the re-run said nothing."""
        sets = {identity: found for identity, evidence in told.items() if (found := sets_of(evidence))}
        return self._content.put(json.dumps(sets, sort_keys=True).encode()) if sets else ""


def _shown(evidence: Evidence) -> Any:
    """Evidence without the exact people, which no page and no bundle ever holds."""
    if isinstance(evidence, Mapping):
        return {key: _shown(value) for key, value in evidence.items() if key not in HELD_BACK}
    return [_shown(one) for one in evidence] if isinstance(evidence, list) else evidence


def _shown_again(picked: NormalForm, again: NormalForm) -> NormalForm:
    """What the re-run shows where something was picked: its evidence is about that."""
    wanted = {item.identity for item in picked.items}
    return NormalForm(tuple(item for item in again.items if item.identity in wanted))


def _normal_form_of(rerun: Rerun) -> tuple[NormalForm, str]:
    if rerun.notebook is None:
        return NormalForm((), ()), ""
    try:
        return normal_form(rerun.notebook), ""
    except InvalidNotebook as error:
        return NormalForm((), ()), f"The re-run's notebook cannot be read: {error.message}"


def _only(form: NormalForm, wanted: set[str]) -> NormalForm:
    """The picked items; what was dropped is told for the whole notebook, since its source is released as a whole."""
    return NormalForm(tuple(i for i in form.items if i.identity in wanted), form.dropped)


def _write_down(current: Round, report: _Report, now: datetime) -> None:
    for item in current.items:
        item.reproduction = report.reproductions.get(item.identity)
        item.findings = [asdict(f) for f in report.findings if f.identity == item.identity]
    tally = Tally.of(item.findings for item in current.items)
    current.tally_items, current.tally_fails, current.tally_looks = tally.items, tally.fails, tally.looks
    current.examination = report.summary
    current.examined_at = now
