"""Puts an installation together: settings, store and services, each built once.

This module, `settings` and the vault (for its master key) are the only readers of the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rpp_review.checks.recounted import Recount
from rpp_review.evidence import Evidence
from rpp_review.items import NormalForm
from sqlalchemy import select

from rpp_hub.domain.actor import Via, system
from rpp_hub.domain.attestations import InstitutionKind
from rpp_hub.domain.dues import Clocks
from rpp_hub.installation import Installation, ensure_run_dir
from rpp_hub.services.accounts import Accounts
from rpp_hub.services.agreements import Agreements
from rpp_hub.services.attestations import Attestations
from rpp_hub.services.auditing import Auditing
from rpp_hub.services.cutting import Cutting
from rpp_hub.services.dues import Dues
from rpp_hub.services.egress import Egress
from rpp_hub.services.environments import Environments
from rpp_hub.services.examination import Examination, Recounter, Rerun, Rerunner
from rpp_hub.services.identities import Identities
from rpp_hub.services.ingressing import Ingressing
from rpp_hub.services.institutions import Institutions, institution_row
from rpp_hub.services.linking import Linking
from rpp_hub.services.living import Living
from rpp_hub.services.mailer import mailer
from rpp_hub.services.notices import Letterhead, Notices
from rpp_hub.services.package_requests import PackageRequests
from rpp_hub.services.people import People
from rpp_hub.services.personal_papers import PersonalPapers
from rpp_hub.services.project_discussion import Discussions
from rpp_hub.services.project_drafts import Drafts
from rpp_hub.services.project_review import Reviews
from rpp_hub.services.project_state import Surroundings
from rpp_hub.services.projects import Projects
from rpp_hub.services.releasing import Releasing, Signer
from rpp_hub.services.requests import Requests
from rpp_hub.services.returning import Returning
from rpp_hub.services.reviewing import Reviewing
from rpp_hub.services.signing import Signing
from rpp_hub.services.staying import Staying
from rpp_hub.services.umbrellas import Umbrellas
from rpp_hub.services.vaulting import Vaulting, settle_vault
from rpp_hub.services.warehousing import Warehousing
from rpp_hub.services.workspaces import Workspaces
from rpp_hub.settings import Appetite, Settings, read_settings
from rpp_hub.store.content import ContentStore
from rpp_hub.store.database import Store, sqlite_url
from rpp_hub.store.models import District
from rpp_hub.store.schema import OWNER_VARIABLE, prepare
from rpp_hub.vault.open import create_vault, open_vault
from rpp_hub.whole import write_whole
from rpp_hub.workspace.config import MEBIBYTE
from rpp_hub.workspace.environment_trial import try_environment
from rpp_hub.workspace.rerun import RerunLimits, RerunOutcome, rerun_notebook
from rpp_hub.workspace.versions import Versions

_DEFAULT_HOME = "instance"


@dataclass(frozen=True, slots=True)
class Rpp:
    """An open installation: everything that can be done, by noun."""

    installation: Installation
    settings: Settings
    environments: Environments
    staying: Staying
    packages: PackageRequests
    store: Store
    people: People
    institutions: Institutions
    attestations: Attestations
    accounts: Accounts
    projects: Projects
    drafts: Drafts
    reviews: Reviews
    discussions: Discussions
    umbrellas: Umbrellas
    agreements: Agreements
    personal: PersonalPapers
    signing: Signing
    warehousing: Warehousing
    identities: Identities
    cutting: Cutting
    linking: Linking
    returning: Returning
    vaulting: Vaulting
    requests: Requests
    reviewing: Reviewing
    examination: Examination
    releasing: Releasing
    auditing: Auditing
    workspaces: Workspaces
    dues: Dues
    notices: Notices
    egress: Egress
    ingress: Ingressing
    living: Living

    def portal_secret(self) -> bytes:
        """The key of workspace capabilities and portal sessions."""
        return (self.installation.hub_dir / "portal.key").read_bytes()


def home_from(environ: Mapping[str, str]) -> Path:
    """Where the installation lies: RPP_HOME, or ./instance."""
    return Path(environ.get("RPP_HOME") or _DEFAULT_HOME).resolve()


def environment_from(environ: Mapping[str, str], settings: Settings) -> Path:
    """The workspace's Python environment: as rpp.toml or RPP_ENVIRONMENT say, else `.workspace` beside the hub's own."""
    named = settings.environment or environ.get("RPP_ENVIRONMENT")
    return Path(named) if named else Path(sys.prefix).parent / ".workspace"


def initialise(home: Path, config: str) -> Installation:
    """Make an installation, or finish one whose making was cut short; what is there already stays."""
    installation = Installation(home)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in (installation.hub_dir, installation.logs_dir, installation.config_d):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not installation.config_path.exists():
        write_whole(installation.config_path, config.encode(), mode=0o644)
    settings = read_settings(installation.config_path)
    create_vault(installation.vault_dir)
    upgrade(installation, settings)
    return installation


def upgrade(installation: Installation, settings: Settings) -> None:
    """Bring the database to this version's schema, and the districts of rpp.toml into it."""
    url = database_url(installation, settings)
    prepare(url, os.environ.get(OWNER_VARIABLE, ""))
    store = Store(url, installation.anchors_path)
    with store.read() as session:
        known = set(session.scalars(select(District.name)))
    for name, district in settings.districts.items():
        if name not in known:
            with store.act(system(Via.CLI), "district:add", f"district:{name}") as act:
                act.session.add(District(name=name, title=district.title, added_at=_now()))
                act.session.merge(
                    institution_row(name, district.title, InstitutionKind.DISTRICT, partner=True)
                )
    store.close()


def database_url(installation: Installation, settings: Settings) -> str:
    """The embedded database, unless rpp.toml names another."""
    return settings.database_url or sqlite_url(installation.database_path)


def open_installation(home: Path) -> Rpp:
    """Open an installation. Raises Unavailable where there is none, or where the vault's master key does not fit."""
    installation = Installation(home)
    settings = read_settings(installation.config_path)
    store = Store(database_url(installation, settings), installation.anchors_path)
    settle_vault(store, installation.vault_dir)
    vault = open_vault(installation.vault_dir)
    vaulting = Vaulting(store, installation, vault)
    vaulting.settle()
    content = ContentStore(installation.requests_dir)
    papers = ContentStore(installation.agreements_dir)
    warehousing = Warehousing(store, installation)
    around = Surroundings(settings, warehousing.known_codebook, lambda: _now().date())
    environments = environments_of(installation, settings, store)
    staying = Staying(store, environments, _now)
    cutting = Cutting(store, installation, vault, lambda project: staying.of(project).version)
    projects = Projects(store, papers, around)
    rerunner = _rerunner(installation, settings, cutting, staying, projects.appetite)
    dues = Dues(
        store, Clocks(**settings.clocks.model_dump()), settings.districts, warehousing.known_codebook, _now
    )
    return Rpp(
        installation=installation,
        settings=settings,
        environments=environments,
        staying=staying,
        packages=PackageRequests(store, _now),
        store=store,
        people=People(store),
        institutions=Institutions(store),
        attestations=Attestations(store, ContentStore(installation.attestations_dir), _now),
        accounts=Accounts(store),
        projects=projects,
        drafts=Drafts(store, papers, around, _now),
        reviews=Reviews(store, papers, around),
        discussions=Discussions(store, around, _now),
        umbrellas=Umbrellas(store, papers, _now),
        agreements=Agreements(store, papers, around, _now),
        personal=PersonalPapers(store, papers, _now),
        signing=Signing(store, papers, _now),
        warehousing=warehousing,
        identities=Identities(store, installation, _now),
        cutting=cutting,
        linking=Linking(store, installation, vault),
        returning=Returning(store, settings, installation, vault),
        vaulting=vaulting,
        requests=Requests(store, settings, content, _now),
        reviewing=Reviewing(store, settings, _now),
        examination=Examination(
            store, settings, content, rerunner, cutting.surroundings, _now, _recounter(cutting)
        ),
        releasing=Releasing(store, installation, settings, content, Signer(vault.sign, vault.public_key_pem)),
        auditing=Auditing(store),
        workspaces=Workspaces(store, installation),
        dues=dues,
        notices=Notices(store, dues, mailer(settings.mail), _now, Letterhead.of(settings)),
        egress=Egress(store, installation, settings, _now),
        living=Living(store, installation, projects.gate, vault.sign, _now),
        ingress=Ingressing(store, installation, content, cutting.scan_lines, _now),
    )


def environments_of(installation: Installation, settings: Settings, store: Store) -> Environments:
    """The versions of the workspaces' environment, over the base that was set up."""
    trial = ensure_run_dir(installation) / "e"
    return Environments(
        store,
        Versions(installation.environments_dir),
        environment_from(os.environ, settings),
        lambda environment, added: try_environment(environment, added, trial),
        _now,
    )


def _rerunner(
    installation: Installation,
    settings: Settings,
    cutting: Cutting,
    staying: Staying,
    appetite: Callable[[str], Appetite],
) -> Rerunner:
    def rerun(notebook: bytes, project: str, cut: str, worked_in: str) -> Rerun:
        environment = staying.for_work(worked_in, project)
        outcome = rerun_notebook(
            notebook,
            cut_data=cutting.named(project, cut).path / "data",
            environment=environment.path,
            run_dir=ensure_run_dir(installation) / "r",
            limits=RerunLimits(
                seconds=settings.review.rerun_timeout, memory=settings.workspace.memory * MEBIBYTE
            ),
            told=appetite(project).told(),
        )
        complete = outcome.outcome is RerunOutcome.COMPLETE
        return Rerun(outcome.notebook, complete, outcome.message, environment.version)

    return rerun


def _recounter(cutting: Cutting) -> Recounter:
    def again(
        form: NormalForm, told: Mapping[str, Evidence], project: str, cut: str
    ) -> Mapping[str, Recount]:
        from rpp_hub.recount.recounting import recount  # pandas: for the worker, not for each command

        return recount(form, told, cutting.named(project, cut).path / "data")

    return again


def _now() -> datetime:
    return datetime.now(UTC)
