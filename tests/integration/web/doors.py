"""Every route of the portal as somebody would use it, and who gets past its door."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from tests.approving import LETTER
from tests.integration.web.conftest import OLD_ENVIRONMENT, QUESTION, WAITING

# rosa leads alpha, remy leads beta, nina is registered and no more, ghost is known to the hub alone
PEOPLE = ("rosa", "remy", "vera", "dora", "paula", "otto", "ada", "dirk", "nina")
ALL = frozenset(PEOPLE)
SEES_PROJECTS = frozenset({"rosa", "dora", "paula", "dirk"})
AMENDS = frozenset({"rosa", "dora", "dirk"})
MANAGES = frozenset({"dora", "dirk"})
READERS = frozenset({"dora", "dirk", "otto"})
PAPER = "d0023"  # two papers of each of the eleven before it were seen elsewhere
SEES_REQUESTS = frozenset({"rosa", "vera"})
APPLICATION = "project: nothing"


@dataclass(frozen=True)
class Door:
    """A route as somebody would use it, and who gets past the permission check (to success, or to a rule that says not now)."""

    method: str
    template: str
    allowed: frozenset[str]
    form: dict[str, Any] = field(default_factory=dict)
    json: dict[str, Any] | None = None
    files: dict[str, bytes] = field(default_factory=dict)  # sent as multipart/form-data, with `form`
    query: str = ""

    @property
    def is_api(self) -> bool:
        return self.template.startswith(("/api/", "/workspace/"))

    @property
    def sha256(self) -> str:
        file = b"a scan" if "agreements" in self.template else LETTER.content
        return hashlib.sha256(file).hexdigest()

    @property
    def path(self) -> str:
        noun = self.template.removeprefix("/api").split("/")[1]
        name = {
            "projects": "alpha",
            "requests": "r0001",
            "releases": "e0001",
            "people": "rosa",
            "papers": PAPER,
            "agreements": "a0002",
            "ingress": "i0001",
            "environment": "p0001",
        }.get(noun, "")
        if self.template.endswith("/agreements/{name}/files/{sha256}"):
            name = "a0001"  # the umbrella agreement, which was signed elsewhere
        person = (
            "remy" if self.template.endswith("/certificate") else "rosa" if noun == "workspaces" else "nina"
        )
        return (
            self.template.format(
                name=name,
                identity="a:0",
                district="bayview",
                linkage="l0001",
                account="a0001",
                drop=WAITING,
                question=QUESTION,
                candidate="i-000000000000",
                sha256=self.sha256,
                role="director",
                person=person,
                project="alpha",
                cut="c0001",
                pair=1,
                version=OLD_ENVIRONMENT,
                number=1,
            )
            + self.query
        )


def get(template: str, allowed: frozenset[str] = ALL) -> Door:
    return Door("GET", template, allowed)


def post(template: str, allowed: frozenset[str], **form: Any) -> Door:
    return Door("POST", template, allowed, form)


def call(method: str, template: str, allowed: frozenset[str], json: dict[str, Any] | None = None) -> Door:
    return Door(method, template, allowed, json=json)


def send(template: str, allowed: frozenset[str], files: dict[str, bytes], **form: str) -> Door:
    return Door("POST", template, allowed, form, files=files)


def only(*names: str) -> frozenset[str]:
    return frozenset(names)


DOORS = (
    get("/"),
    get("/projects"),
    get("/projects/new"),
    get("/projects/upload"),
    get("/projects/{name}/edit", AMENDS),
    get("/projects/{name}/fields", AMENDS),
    get("/projects/{name}/survey", SEES_PROJECTS),
    get("/projects/{name}/judge", SEES_PROJECTS),
    get("/projects/{name}/files/{sha256}", SEES_PROJECTS),
    get("/agreements"),
    get("/agreements/new", only("dora", "dirk")),
    get("/agreements/{name}", SEES_PROJECTS),
    get("/agreements/{name}/document", SEES_PROJECTS),
    get("/agreements/{name}/document.pdf", SEES_PROJECTS),
    get("/agreements/{name}/files/{sha256}", only("dora", "paula", "dirk")),
    post("/projects/upload", ALL, application=APPLICATION),
    post("/projects/{name}/edit", AMENDS, version="1"),
    post("/projects/{name}/fields", AMENDS, version="1"),
    post("/projects/{name}/send", AMENDS, amend="yes", reason="More."),
    post("/projects/{name}/amend", AMENDS),
    post("/projects/{name}/extend", AMENDS, agreement_ends="2031-01-01"),
    post("/projects/{name}/survey", only("paula"), alignment="4", benefits="4", costs="4"),
    post("/projects/{name}/judge", only("dora", "paula"), design="sound", timeline="sound"),
    post("/projects/{name}/exceptions", only("dirk"), do="approve", field="first_name", reason="Needed."),
    post("/projects/{name}/discussion", SEES_PROJECTS, kind="planned", text="We begin with counts."),
    post("/projects/{name}/hours", SEES_PROJECTS, hours="1.5", work="Codebook"),
    post("/projects/{name}/withdraw", only("rosa", "dora")),
    post("/agreements/new", only("dora", "dirk"), kind="nothing"),
    post("/agreements/{name}/sign", only("rosa", "paula"), read="yes", party="district"),
    post(
        "/agreements/{name}/record",
        only("dora", "dirk"),
        party="district",
        signer="X",
        signed_on="2026-01-01",
    ),
    post("/agreements/{name}/withdraw", only("paula", "dora", "dirk")),
    call("GET", "/api/projects/{name}/review", SEES_PROJECTS),
    call("POST", "/api/projects/{name}/survey", only("paula"), {"alignment": 4, "benefits": 4, "costs": 4}),
    call(
        "POST",
        "/api/projects/{name}/judgement",
        only("dora", "paula"),
        {"design": "sound", "timeline": "sound"},
    ),
    call(
        "POST",
        "/api/projects/{name}/exceptions",
        only("dirk"),
        {"field": "x", "approve": True, "reason": "Needed."},
    ),
    call("POST", "/api/projects/{name}/return", only("dora", "paula"), {"reason": "More detail."}),
    call("POST", "/api/projects/{name}/withdraw", only("rosa", "dora"), {}),
    call("GET", "/api/projects/{name}/discussion", SEES_PROJECTS),
    call(
        "POST", "/api/projects/{name}/discussion", SEES_PROJECTS, {"kind": "found", "text": "Few absences."}
    ),
    call("GET", "/api/projects/{name}/hours", SEES_PROJECTS),
    call("POST", "/api/projects/{name}/hours", SEES_PROJECTS, {"hours": 1, "work": "Codebook"}),
    call("GET", "/api/projects/{name}/agreements", SEES_PROJECTS),
    call("POST", "/api/projects/{name}/extend", AMENDS, {"agreement_ends": "2031-01-01"}),
    call("GET", "/api/agreements", ALL),
    call("GET", "/api/agreements/{name}", SEES_PROJECTS),
    call("GET", "/api/agreements/{name}/changes", SEES_PROJECTS),
    call("GET", "/api/agreements/{name}/parties", SEES_PROJECTS),
    call("GET", "/api/agreements/{name}/document", SEES_PROJECTS),
    call("GET", "/api/agreements/{name}/document.pdf", SEES_PROJECTS),
    call("GET", "/api/agreements/{name}/files/{sha256}", only("dora", "paula", "dirk")),
    call("POST", "/api/agreements/umbrella", MANAGES, {"district": "bayview", "starts": "2027-01-01"}),
    call("POST", "/api/agreements/access", MANAGES, {"person": "nina", "district": "bayview"}),
    call(
        "POST",
        "/api/agreements/third-party",
        MANAGES,
        {"project": "alpha", "person": "nina", "sponsor": "rosa", "institution": "X", "ends": "2031-01-01"},
    ),
    send(
        "/api/agreements/{name}/record",
        MANAGES,
        {"file": b"a scan"},
        party="district",
        signer="X",
        signed_on="2026-01-01",
    ),
    call("GET", "/api/drafts/choices", ALL),
    call("POST", "/api/drafts", ALL, {}),  # anybody may begin one; what is in it is then judged
    send("/api/projects/apply", ALL, {"application": APPLICATION.encode()}),
    call("GET", "/api/projects/{name}/draft", AMENDS),
    call("PATCH", "/api/projects/{name}/draft", AMENDS, {"version": 1, "title": "Another title"}),
    call("GET", "/api/projects/{name}/draft/fields", AMENDS),
    call("PUT", "/api/projects/{name}/draft/fields", AMENDS, {"version": 1, "fields": {}}),
    send("/api/projects/{name}/draft/irb-letter", only("rosa", "paula"), {"irb_letter": LETTER.content}),
    call("POST", "/api/projects/{name}/send", only("rosa", "dora")),
    send("/api/projects/{name}/resubmit", SEES_PROJECTS, {"application": APPLICATION.encode()}),
    call("POST", "/api/projects/{name}/amendment", AMENDS),
    call("POST", "/api/projects/{name}/amendment/propose", AMENDS, {"reason": "More."}),
    send(
        "/api/projects/{name}/amendment/from-file",
        SEES_PROJECTS,
        {"application": APPLICATION.encode()},
        reason="More.",
    ),
    send("/api/projects/{name}/irb", MANAGES, {"irb_letter": LETTER.content}, ends="2031-01-01"),
    call("GET", "/api/projects/{name}/gate", SEES_PROJECTS),
    call("PUT", "/api/projects/{name}/members/{person}", only("dora")),
    call("DELETE", "/api/projects/{name}/members/{person}", only("dora")),
    call("GET", "/api/projects/{name}/files/{sha256}", SEES_PROJECTS),
    call("POST", "/api/projects/{name}/close", only("dora"), {}),
    call("POST", "/api/agreements/{name}/sign", only("rosa", "paula"), {"document_sha256": "0"}),
    call("POST", "/api/agreements/{name}/withdraw", only("paula", "dora", "dirk"), {}),
    get("/projects/{name}", SEES_PROJECTS),
    get("/projects/{name}/workspace", SEES_PROJECTS),
    get("/projects/{name}/workspace/frame", SEES_PROJECTS),
    get("/projects/{name}/workspace/closed", SEES_PROJECTS),
    get("/projects/{name}/cut", only("dora")),
    get("/projects/{name}/linking", only("dora")),
    get("/projects/{name}/linking/{linkage}", only("dora")),
    get("/workspaces", only("dora", "otto")),
    get("/workspaces/kept", only("dora")),
    get("/ingress", only("dora")),
    get("/environment"),
    get("/projects/{name}/ingress", SEES_PROJECTS),
    get("/ingress/{name}", only("rosa", "dora")),
    get("/egress", only("dora", "otto", "ada")),
    get("/requests"),
    get("/requests/{name}", SEES_REQUESTS),
    get("/requests/{name}/items/{identity}", SEES_REQUESTS),
    get("/review", only("vera")),
    get("/requests/{name}/review", only("vera")),
    get("/requests/{name}/review/finish", only("vera")),
    get("/releases"),
    get("/releases/public-key.pem"),
    get("/data", only("dora")),
    get("/data/{district}", only("dora")),
    get("/data/{district}/waiting/{drop}", only("dora")),
    get("/projects/{name}/codebook", only("rosa", "dora")),
    get("/questions", only("dora")),
    get("/data/{district}/identities", only("dora")),
    get("/data/{district}/identities/{candidate}", only("dora")),
    get("/audit", only("otto", "ada")),
    get("/audit/export", only("otto", "ada")),
    get("/accounts", only("dora")),
    post("/projects/new", ALL),  # anybody may begin one; what is in it is then judged
    post("/projects/{name}/decide", only("dora", "paula"), decision="approve"),
    post("/projects/{name}/close", only("dora")),
    post("/projects/{name}/members", only("dora"), do="add", person="nina"),
    post(
        "/projects/{name}/workspace", SEES_PROJECTS, do="open"
    ),  # past this door the gate says no to all but rosa
    post("/projects/{name}/cut", only("dora")),
    post("/projects/{name}/linking/{linkage}", only("dora"), do="accept", pair="1"),
    post("/projects/{name}/ingress", only("rosa"), purpose="a table of terms"),
    post("/ingress/{name}", only("dora"), do="admit"),
    post("/environment", only("rosa"), project="alpha", package="lifelines", purpose="to follow students"),
    post("/environment/projects/{project}", only("dora", "otto"), version="x", reason=""),
    post("/environment/requests/{name}", only("otto"), do="refused", answer="Use statsmodels."),
    post("/egress", only("dora"), project="alpha", person="rosa", megabytes="300", reason="a large figure"),
    post("/workspaces/kept", only("dora"), do="nothing"),
    post("/workspaces/revoke", only("dora", "otto"), person="rosa", project="alpha", reason="test"),
    post("/requests/{name}/withdraw", only("rosa"), sure="yes"),
    post("/requests/{name}/review", only("vera"), round="1"),
    post("/requests/{name}/review/finish", only("vera"), round="1", decision="release what I approved"),
    post("/releases/{name}/download", only("rosa")),
    post("/releases/{name}/revoke", only("dora"), reason="wrong figure"),
    post("/data/{district}", only("dora"), do="check"),
    post("/data/{district}/waiting/{drop}", only("dora"), do="read", version="1"),
    post(
        "/projects/{name}/codebook",
        only("rosa"),
        table="classifications",
        field="grade_level",
        question="Why?",
    ),
    post("/questions/{question}", only("dora"), do="answer", answer="Because."),
    post("/data/{district}/identities", only("dora")),
    post(
        "/data/{district}/identities/{candidate}",
        only("dora"),
        verdict="keep",
        reason="two people",
        sure="yes",
    ),
    post("/accounts/{account}", only("dora"), do="link", person="nina"),
    post("/audit/verify", only("otto", "ada")),
    post("/logout", ALL),
    get("/due"),
    get("/projects/{name}/destruction", only("dora", "paula", "dirk")),
    post("/projects/{name}/destruction", only("paula")),
    get("/me"),
    post("/me/papers", ALL, kind="training"),  # past the door: the paper is not complete
    post("/me/email", ALL, email="me@example.org"),
    get("/people", READERS),
    post("/people", only("dora"), name="newly", display_name="Newly"),
    post("/institutions", only("dora"), name="newly", title="Newly", kind="other"),
    get("/people/{name}", READERS | {"rosa"}),
    post("/people/{name}/papers", only("dora"), kind="training"),
    post("/people/{name}/change", only("dora"), do="give", role="director"),
    get("/papers", only("dora")),
    post("/papers/{name}/decide", only("dora"), decision="confirm"),
    post("/papers/{name}/file", only("dora", "rosa")),
    call("GET", "/api/due", ALL),
    call("POST", "/api/projects/{name}/destruction/confirm", only("paula")),
    call("GET", "/api/people", READERS),
    call("POST", "/api/people", only("dora"), {"name": "newly", "display_name": "Newly"}),
    call("GET", "/api/people/{name}", READERS | {"rosa"}),
    call("PUT", "/api/people/{name}/roles/{role}", only("dora")),
    call("DELETE", "/api/people/{name}/roles/{role}", only("dora")),
    call("POST", "/api/people/{name}/affiliation", only("dora"), {"institution": "bayview"}),
    call("POST", "/api/people/{name}/account", only("dora"), {"active": True}),
    call("GET", "/api/people/{name}/papers", only("dora", "rosa")),
    call(
        "POST",
        "/api/people/{name}/papers",
        only("dora", "rosa"),
        {"kind": "training", "begins": "2026-01-01", "ends": "2028-01-01", "content": "JVBERi0x"},
    ),
    call("GET", "/api/papers", only("dora")),
    call("POST", "/api/papers/{name}/decide", only("dora"), {"confirm": True}),
    call("POST", "/api/papers/{name}/file", only("dora", "rosa")),
    call("GET", "/api/institutions", ALL),
    call(
        "POST",
        "/api/institutions",
        only("dora"),
        {"name": "newly", "title": "Newly", "kind": "other", "partner": False},
    ),
    call("GET", "/api/openapi.json", ALL),
    call("GET", "/api/me", ALL),
    call("GET", "/api/ingress", ALL),
    call(
        "POST",
        "/api/projects/{name}/ingress",
        only("rosa"),
        {"file_name": "a.py", "content": "MQ==", "purpose": "a test of this"},
    ),
    call("POST", "/api/ingress/{name}/decide", only("dora"), {"admit": True}),
    call("GET", "/api/accounts", only("dora")),
    call("GET", "/api/audit", only("otto", "ada")),
    call("POST", "/api/audit/verify", only("otto", "ada")),
    call("POST", "/api/accounts/{account}/link", only("dora"), {"person": "nina"}),
    call("POST", "/api/accounts/{account}/unlink", only("dora")),
    call("GET", "/api/egress", only("dora", "otto", "ada")),
    call(
        "POST",
        "/api/egress",
        only("dora"),
        {"project": "alpha", "person": "rosa", "megabytes": 300, "reason": "a large figure"},
    ),
    call("GET", "/api/projects", ALL),
    call("GET", "/api/projects/{name}", SEES_PROJECTS),
    call("POST", "/api/projects/{name}/decide", only("dora", "paula"), {"approve": True}),
    call("GET", "/api/projects/{name}/workspace", SEES_PROJECTS),
    call("POST", "/api/projects/{name}/workspace", SEES_PROJECTS),
    call("DELETE", "/api/projects/{name}/workspace", only("rosa")),
    call("GET", "/api/requests", ALL),
    call("GET", "/api/requests/{name}", SEES_REQUESTS),
    call("POST", "/api/requests/{name}/review", only("vera"), {"round": 1, "verdicts": {}}),
    call(
        "POST",
        "/api/requests/{name}/review/finish",
        only("vera"),
        {"round": 1, "decision": "release what I approved"},
    ),
    call("POST", "/api/requests/{name}/withdraw", only("rosa"), {}),
    call("GET", "/api/releases", ALL),
    call("GET", "/api/projects/{name}/codebook", only("rosa", "dora")),
    call("GET", "/api/projects/{name}/questions", SEES_PROJECTS),
    call(
        "POST",
        "/api/projects/{name}/questions",
        only("rosa"),
        {"table": "classifications", "field": "grade_level", "question": "Why?"},
    ),
    call("GET", "/api/questions", ALL),
    call("POST", "/api/questions/{question}/answer", only("dora"), {"answer": "Because."}),
    call("POST", "/api/questions/{question}/decline", only("dora"), {"reason": "Because."}),
    call(
        "POST",
        "/api/accounts",
        only("dora"),
        {"issuer": "https://idp.example", "subject": "2", "person": "nina"},
    ),
    call("GET", "/api/audit/export", only("otto", "ada")),
    call("PUT", "/api/people/{name}/email", only("dora", "rosa"), {"email": "rosa@example.org"}),
    call("POST", "/api/people/{name}/certify", only("dora"), {"training_ends": "2030-01-01"}),
    call("GET", "/api/questions/{question}", only("rosa", "dora")),
    call("GET", "/api/desk", only("vera")),
    call("GET", "/api/requests/{name}/items/{identity}", SEES_REQUESTS),
    call("GET", "/api/releases/public-key.pem", ALL),
    call("GET", "/api/releases/{name}", SEES_PROJECTS | {"vera"}),
    call("POST", "/api/releases/{name}/download", only("rosa")),
    call("POST", "/api/releases/{name}/revoke", only("dora"), {"reason": "wrong figure"}),
    call("GET", "/api/ingress/{name}", only("rosa", "dora")),
    call("GET", "/api/ingress/{name}/file", only("rosa", "dora")),
    call("POST", "/api/ingress/{name}/withdraw", only("rosa")),
    call("GET", "/api/workspaces", only("dora", "otto")),
    call("GET", "/api/workspaces/kept", only("dora")),
    call("POST", "/api/workspaces/{project}/{person}/revoke", only("dora", "otto"), {"reason": "test"}),
    call(
        "POST",
        "/api/workspaces/{project}/{person}/reopen",
        only("dora"),
        {"until": "2099-01-01", "reason": "a question"},
    ),
    call("POST", "/api/workspaces/{project}/{person}/archive", only("dora"), {}),
    call("POST", "/api/workspaces/{project}/{person}/restore", only("dora"), {}),
    call(
        "POST", "/api/workspaces/{project}/{person}/destroy", only("dora"), {"sure": "rosa", "reason": "over"}
    ),
    call("GET", "/api/workspaces/{project}/{person}/certificate", only("dora")),
    call("GET", "/api/projects/{name}/cut/plan", only("dora")),
    call("POST", "/api/projects/{name}/cut", only("dora")),
    call("GET", "/api/projects/{name}/cut", only("dora")),
    call("GET", "/api/projects/{name}/cuts", only("rosa", "dora")),
    call("POST", "/api/projects/{name}/cuts/compare", only("dora"), {}),
    call("GET", "/api/projects/{name}/cuts/compare", only("dora")),
    call("GET", "/api/projects/{name}/cuts/{cut}", only("dora")),
    call("GET", "/api/projects/{name}/cuts/{cut}/seal", only("dora")),
    call("GET", "/api/projects/{name}/linkages", only("dora")),
    send("/api/projects/{name}/linkages", only("dora"), {"file": b"student_id,answer\n1,3\n"}),
    call("GET", "/api/projects/{name}/linkages/making", only("dora")),
    call("GET", "/api/projects/{name}/linkages/{linkage}", only("dora")),
    call("GET", "/api/projects/{name}/linkages/{linkage}/pairs", only("dora")),
    call("PUT", "/api/projects/{name}/linkages/{linkage}/pairs/{pair}", only("dora"), {"accept": True}),
    call("POST", "/api/projects/{name}/linkages/{linkage}/finish", only("dora")),
    call("GET", "/api/projects/{name}/linkages/{linkage}/finish", only("dora")),
    call("POST", "/api/projects/{name}/linkages/{linkage}/withdraw", only("dora"), {}),
    send("/api/projects/{name}/returns", only("dora"), {"file": b"code,answer\nS-7K3M9QX2T-W,3\n"}),
    call("GET", "/api/projects/{name}/destruction", only("dora", "paula", "dirk")),
    call("POST", "/api/projects/{name}/destruction", only("dora"), {"sure": "alpha"}),
    call("GET", "/api/districts", only("dora")),
    call("GET", "/api/districts/{district}", only("dora")),
    call("POST", "/api/districts/{district}/check", only("dora")),
    call("GET", "/api/districts/{district}/check", only("dora")),
    call("POST", "/api/districts/{district}/build", only("dora")),
    call("GET", "/api/districts/{district}/build", only("dora")),
    call("GET", "/api/districts/{district}/waiting", only("dora")),
    call("GET", "/api/districts/{district}/receiving", only("dora")),
    call("GET", "/api/districts/{district}/waiting/{drop}", only("dora")),
    call(
        "POST",
        "/api/districts/{district}/waiting/{drop}/habits",
        only("dora"),
        {"version": 1, "file": "Clubs.csv", "habits": [{"column": "joined", "dates": "none"}]},
    ),
    call(
        "POST",
        "/api/districts/{district}/waiting/{drop}/reread",
        only("dora"),
        {"version": 1, "file": "Clubs.csv", "encoding": "utf-8"},
    ),
    call("POST", "/api/districts/{district}/waiting/{drop}/confirm", only("dora"), {"version": 1}),
    call("POST", "/api/districts/{district}/waiting/{drop}/discard", only("dora"), {"version": 1}),
    call("GET", "/api/districts/{district}/codebook", only("dora")),
    call(
        "PUT", "/api/districts/{district}/codebook", only("dora"), {"number": 0, "package": {"resources": []}}
    ),
    call("GET", "/api/districts/{district}/codebook/versions", only("dora")),
    call("GET", "/api/districts/{district}/codebook/versions/{number}", only("dora")),
    Door("GET", "/api/districts/{district}/codebook/mapping", only("dora"), query="?to=sdp"),
    call("GET", "/api/districts/{district}/identities", only("dora")),
    call("POST", "/api/districts/{district}/identities/find", only("dora")),
    call("GET", "/api/districts/{district}/identities/find", only("dora")),
    call("GET", "/api/districts/{district}/identities/{candidate}", only("dora")),
    call(
        "POST",
        "/api/districts/{district}/identities/{candidate}",
        only("dora"),
        {"verdict": "keep", "reason": "two people"},
    ),
    call("GET", "/api/environment", ALL),
    call("GET", "/api/environment/versions", only("otto")),
    call("POST", "/api/environment/versions", only("otto"), {"reason": "x", "packages": "no list"}),
    call("GET", "/api/environment/making", only("otto")),
    call("GET", "/api/environment/versions/{version}", only("otto")),
    call("GET", "/api/environment/versions/{version}/seal", only("otto")),
    call("POST", "/api/environment/versions/{version}/use", only("otto"), {"reason": "It was better."}),
    call("POST", "/api/environment/versions/{version}/retire", only("otto"), {"reason": "It is old."}),
    call("GET", "/api/environment/requests", ALL),
    call("GET", "/api/environment/projects", ALL),
    call(
        "POST",
        "/api/environment/projects/{project}/move",
        only("dora", "otto"),
        {"version": "x", "reason": ""},
    ),
    call(
        "POST",
        "/api/environment/requests",
        only("rosa"),
        {"project": "alpha", "package": "lifelines", "purpose": "to follow students"},
    ),
    call(
        "POST",
        "/api/environment/requests/{name}/answer",
        only("otto"),
        {"added": False, "answer": "Use statsmodels."},
    ),
)
# what takes another credential than a session: tested elsewhere
OTHER = {
    ("GET", "/health"),
    ("GET", "/oauth_callback"),
    ("POST", "/workspace/requests"),
    ("POST", "/workspace/questions"),
    ("GET", "/workspace/requests"),
}
