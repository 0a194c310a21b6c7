"""The portal over a real store and real services in a temporary folder; only the hub is a stand-in."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from rpp_hub.bootstrap import Rpp, environments_of
from rpp_hub.domain.attestations import AttestationKind, AttestationTerms
from rpp_hub.services.accounts import Accounts
from rpp_hub.services.cutting import Cutting
from rpp_hub.services.egress import Egress
from rpp_hub.services.identities import Identities
from rpp_hub.services.ingressing import Ingressing
from rpp_hub.services.linked_tables import description, to_bytes
from rpp_hub.services.linking import Linking
from rpp_hub.services.living import Living
from rpp_hub.services.notices import Letterhead, Notices
from rpp_hub.services.package_requests import PackageRequests
from rpp_hub.services.releasing import Releasing, Signer
from rpp_hub.services.returning import Returning
from rpp_hub.services.staying import Staying
from rpp_hub.services.vaulting import Vaulting
from rpp_hub.services.warehousing import Warehousing
from rpp_hub.services.workspaces import Workspaces
from rpp_hub.settings import District, Server, Settings
from rpp_hub.store.model_clocks import Ending
from rpp_hub.store.model_codebook import CodebookVersion
from rpp_hub.store.model_environments import EnvironmentVersion
from rpp_hub.store.model_workspace import WorkspaceState
from rpp_hub.store.models import Build, Destruction, Linkage
from rpp_hub.vault.open import create_vault, open_vault
from rpp_hub.vault.sealed import SealedFiles
from rpp_hub.warehouse.codebook import Codebook, Field, Table, Type, codebook_json
from rpp_hub.warehouse.folders import canonical_json
from rpp_hub.warehouse.identities import Candidate, Kind, Sighting
from rpp_hub.web.app import create_app
from rpp_hub.web.hub_client import HubClient
from rpp_hub.whole import write_whole
from rpp_hub.workspace.versions import Manifest

from tests.factories import NOW, SETUP, World, actor
from tests.integration.web.browser import HOST, Browser
from tests.integration.web.stand_in_hub import PORTAL_TOKEN, StandInHub


@dataclass
class PortalWorld:
    """The populated world, an application over it, and the hub it talks to."""

    world: World
    rpp: Rpp
    hub: StandInHub
    app: FastAPI

    def browser(self, person: str | None = None) -> Browser:
        """A browser of its own; logged in if it is somebody's."""
        return Browser(self.app, self.hub, person, self.world.settings.server.origin or HOST)

    def a_while_later(self) -> None:
        """When the short memory of who is logged in has passed."""
        for token in self.hub.issued:
            self.app.state.portal.known.forget(token)

    def acts(self) -> int:
        """How many events the audit log has: what changed nothing left none."""
        return self.world.store.head().seq

    def released(self) -> str:
        """A release of alpha's, from submission to bundle; its name."""
        view = self.world.examined()
        self.world.finish("vera", view)
        self.world.finish("viktor", view)
        return self.rpp.releasing.release(view.name).name


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[PortalWorld]:
    """Everybody of the factories' world, with the portal in front of it."""
    with open_world(tmp_path / "instance") as portal:
        yield portal


@contextmanager
def open_world(home: Path, server: Server | None = None, url: str = "") -> Iterator[PortalWorld]:
    """The same in any folder, and in any database with the newest schema."""
    world = World(home, url)
    world.settings = Settings(
        appetite=world.settings.appetite,
        districts={"bayview": District(title="Bayview")},
        server=server or Server(),
    )
    world.populate()
    hub = StandInHub()
    rpp = open_rpp(world)
    yield PortalWorld(world, rpp, hub, create_app(rpp, HubClient(hub.client(), PORTAL_TOKEN), lambda: NOW))
    world.store.close()


def add_linkage(portal: PortalWorld) -> str:
    """A survey of alpha's with two doubtful pairs of one person; its name."""
    typed = {"first": "Jo<b>", "middle": "", "last": "Smyth", "born": "2010-03-04"}
    known = {"first": "Joan", "middle": "Ann", "last": "Smith", "born": "2010-03-04"}
    pairs = [
        {"number": n, "person": 1, "identifier": f"00{n}", "weight": 5.5, "typed": typed, "known": known}
        for n in (1, 2)
    ]
    sealed = SealedFiles(portal.rpp.installation.vault_dir, portal.rpp.cutting._vault.crosswalks)
    rows = pa.table({"_person": [1], "_identifier": pa.array([None], pa.string()), "answer": [3]})
    row = Linkage(
        project="alpha", table="mindset", by="name", status="in review", unit="student", key="student_id",
        described=description(Table("mindset", (Field("answer", Type.INTEGER),))),
        summary={"counts": {"rows": 1, "linked": 0, "doubtful": 1, "not linked": 0}, "kept": ["answer"],
                 "dropped": [{"column": "first", "reason": "Part of a person's name."}], "pairs": 2, "undecided": 2},
        rows_sha256=sealed.keep("alpha", to_bytes(rows)), pairs_sha256=sealed.keep("alpha", json.dumps(pairs).encode()),
        linked_by="dora", linked_at=NOW,
    )  # fmt: skip
    with portal.world.store.act(SETUP, "link:make", "project:alpha") as act:
        act.session.add(row)
        act.session.flush()
    return row.name


WAITING, QUESTION = "202409_clubs", "q0001"


def add_codebook(portal: PortalWorld) -> None:
    """What alpha's cut says of its fields, and what the district's masters say of them."""
    classifications = Table(
        "classifications",
        (
            Field("school_year", Type.INTEGER, "School year"),
            Field(
                "grade_level", Type.INTEGER, "Grade", "Grade <b>attended</b>.", labels={"0": "kindergarten"}
            ),
        ),
    )
    data = portal.rpp.installation.cuts_dir("alpha") / "c0001" / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "datapackage.json").write_bytes(codebook_json(Codebook("Bayview", (classifications,))))
    build = portal.rpp.installation.warehouse_dir("bayview") / "masters" / "b1"
    build.mkdir(parents=True)
    (build / "datapackage.json").write_bytes(codebook_json(Codebook("Bayview", (classifications,))))
    (build / "manifest.json").write_text(json.dumps({"sha256": "0" * 64, "tables": []}))
    with portal.world.store.act(actor("dora"), "masters:build", "masters:bayview/b1") as act:
        act.session.add(
            Build(district="bayview", name="b1", sha256="0" * 64, summary={"tables": {}}, built_by="dora", built_at=NOW)
        )  # fmt: skip


def add_question(portal: PortalWorld) -> None:
    """What rosa asks about alpha's grades."""
    add_codebook(portal)
    portal.rpp.warehousing.questions.ask(
        actor("rosa"), "alpha", "classifications", "grade_level", "Is 13 a <i>grade</i>?"
    )


def add_waiting_drop(portal: PortalWorld) -> None:
    """A delivery of bayview that waits: its dates can be read in two ways."""
    sent = portal.world.home / "sent" / WAITING
    sent.mkdir(parents=True)
    (sent / "Clubs.csv").write_text(
        "student_id,joined,grade,country\n1,03/04/2023,9,US\n2,05/06/2023,-9,NA\n3,,NA,DE\n"
    )
    (sent / "read me.txt").write_text("As agreed.")
    portal.rpp.warehousing.receiving.bring(actor("dora"), sent, "bayview")


def add_candidate(portal: PortalWorld) -> str:
    """Bayview's students under two identifiers, as they are kept when somebody has looked; the candidate's name."""
    people = tuple(Sighting(n, "Jo<b>", "Smith", "2010-03-04", "F", 2, (2023,)) for n in ("001", "002"))
    found = Candidate("i-000000000000", Kind.TWO_IDENTIFIERS, "student", people)
    folder = portal.rpp.installation.warehouse_dir("bayview") / "identities"
    write_whole(folder / "found.json", canonical_json([asdict(found)]))
    return found.name


def add_paper_and_certificate(portal: PortalWorld) -> str:
    """A paper of rosa's that waits, and alpha's data destroyed, as far as the register goes; the paper's name."""
    terms = AttestationTerms(AttestationKind.TRAINING, date(2026, 1, 1), date(2028, 1, 1))
    world = portal.world
    paper = world.attestations.send(actor("rosa"), "rosa", terms, "<b>citi.pdf", b"%PDF-1.7 certificate")
    content = {"destroyed_at": NOW.isoformat(), "destroyed_by": "dora", "files": {"alpha.key": "0" * 64}}
    with world.store.act(SETUP, "vault:destroy", "project:alpha") as act:
        act.session.add(Ending(project="alpha", ended_on=NOW.date()))
        act.session.add(
            Destruction(
                project="alpha", certificate=content, signature="", destroyed_by="dora", destroyed_at=NOW
            )
        )
    return paper.name


OLD_ENVIRONMENT = "0123456789abcdef"


def add_old_things(portal: PortalWorld) -> None:
    """An environment that was retired, rosa's folder in alpha, remy's that was destroyed, a codebook somebody edited."""
    manifest = Manifest(OLD_ENVIRONMENT, "", "", "3.11", "", (), 0, "")
    old = EnvironmentVersion(
        name=OLD_ENVIRONMENT, manifest=manifest.document(), reason="It was new.", made_by="otto", made_at=NOW, used_from=NOW, turn=1,
        retired_at=NOW,
    )  # fmt: skip
    gone = WorkspaceState(
        project="alpha", person="remy", state="destroyed", since=NOW, certificate={"destroyed_by": "dora", "reason": "It was over.", "folder": {}, "archive": None, "left": "Backups."}, signature=""
    )  # fmt: skip
    book = CodebookVersion(
        district="bayview", number=1, package={"resources": []}, changes=[], reason="", changed_by="dora", changed_at=NOW
    )  # fmt: skip
    with portal.world.store.act(SETUP, "environment:make", f"environment:{OLD_ENVIRONMENT}") as act:
        act.session.add_all((old, gone, book))
    portal.rpp.installation.workspace_dir("alpha", "rosa").mkdir(parents=True)


def open_rpp(world: World) -> Rpp:
    """The world's services as an open installation."""
    (world.installation.hub_dir / "portal.key").write_text(secrets.token_hex(32))
    create_vault(world.installation.vault_dir, None)
    vault = open_vault(world.installation.vault_dir, None)
    key = Ed25519PrivateKey.generate()
    signer = Signer(
        key.sign, lambda: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    environments = environments_of(world.installation, world.settings, world.store)
    return Rpp(
        installation=world.installation,
        settings=world.settings,
        environments=environments,
        staying=Staying(world.store, environments, lambda: NOW),
        packages=PackageRequests(world.store, lambda: NOW),
        store=world.store,
        people=world.people,
        dues=world.dues,
        notices=Notices(world.store, world.dues, None, lambda: NOW, Letterhead("Partnership")),
        institutions=world.institutions,
        attestations=world.attestations,
        accounts=Accounts(world.store),
        projects=world.projects,
        drafts=world.drafts,
        reviews=world.reviews,
        discussions=world.discussions,
        umbrellas=world.umbrellas,
        agreements=world.agreements,
        personal=world.personal,
        signing=world.signing,
        warehousing=Warehousing(world.store, world.installation),
        identities=Identities(world.store, world.installation, lambda: NOW),
        cutting=Cutting(world.store, world.installation, vault, lambda _project: ""),
        linking=Linking(world.store, world.installation, vault),
        returning=Returning(world.store, world.settings, world.installation, vault),
        vaulting=Vaulting(world.store, world.installation, vault),
        requests=world.requests,
        reviewing=world.reviewing,
        examination=world.examination,
        releasing=Releasing(world.store, world.installation, world.settings, world.content, signer),
        auditing=world.auditing,
        workspaces=Workspaces(world.store, world.installation),
        living=Living(world.store, world.installation, world.projects.gate, key.sign, lambda: NOW),
        ingress=Ingressing(
            world.store, world.installation, world.content, lambda _project, _name, _lines: (), lambda: NOW
        ),
        egress=Egress(world.store, world.installation, world.settings, lambda: NOW),
    )
