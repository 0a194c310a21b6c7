"""What the hub lets each role's own token do, and each service's: asked of the real hub, beside an administrator as control."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from jupyterhub import orm
from rpp_hub.domain.permissions import Role
from sqlalchemy.orm import Session

from tests.e2e.over_http import visiting
from tests.harness import Running

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

PEOPLE = {
    "rosa": None, "dora": Role.DATA_MANAGER, "vera": Role.OUTPUT_REVIEWER, "paula": Role.PRACTITIONER,
    "dirk": Role.DIRECTOR, "otto": Role.OPERATOR, "ada": Role.AUDITOR,
}  # fmt: skip
OTHER = "remy"
# what nobody may: method, path below /hub/api/ ({me} is whose token it is), body
FORBIDDEN: tuple[tuple[str, str, object], ...] = (
    ("POST", "users/{me}/tokens", {"note": "mine"}),
    ("GET", "users/{me}/tokens", None),
    ("POST", f"users/{OTHER}/tokens", {}),
    ("POST", "users/{me}/server", None),
    ("POST", "users/{me}/servers/attendance-gaps", None),
    ("POST", "users/{me}/servers/a-name-of-mine", None),
    ("DELETE", "users/{me}/servers/attendance-gaps", None),
    ("POST", f"users/{OTHER}/servers/course-pathways", None),
    ("GET", "users", None),
    ("GET", f"users/{OTHER}", None),
    ("PATCH", "users/{me}", {"admin": True}),
    ("POST", "users/nobody-yet", None),
    ("DELETE", f"users/{OTHER}", None),
    ("GET", "groups", None),
    ("POST", "groups/data_managers", None),
    ("GET", "services", None),
    ("GET", "proxy", None),
    ("POST", "shares/{me}/attendance-gaps", {"user": OTHER}),
)  # fmt: skip


@contextlib.contextmanager
def register(site: Running) -> Iterator[Session]:
    """The hub's own database, beside the running hub."""
    session = orm.new_session_factory(f"sqlite:///{site.home / 'hub' / 'hub.sqlite'}")()
    try:
        yield session
    finally:
        session.close()


def token_of(site: Running, name: str) -> str:
    """A token with all that a person's roles at the hub give; they could not have made it themselves."""
    with register(site) as session:
        token: str = orm.User.find(session, name).new_api_token(note="a test's", scopes=["inherit"])
        return token


def call(site: Running, token: str, method: str, path: str, body: object = None) -> tuple[int, object]:
    data = json.dumps(body).encode() if body is not None else b"" if method == "POST" else None
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    asked = urllib.request.Request(f"{site.url}{path}", data, headers, method=method)
    for _ in range(10):
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else None
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:  # that is the proxy's, and says nothing of what one may
                return refusal.code, None
            time.sleep(0.5)
    raise AssertionError("the hub does not answer")


@pytest.fixture(scope="module")
def tokens(site: Running) -> dict[str, str]:
    """A token of everybody's, once each has logged in and the hub knows them."""
    for name in (*PEOPLE, OTHER):
        with visiting(site, name):
            pass
    return {name: token_of(site, name) for name in (*PEOPLE, OTHER)}


def test_there_is_an_account_for_each_role(site: Running) -> None:
    accounts = {a["name"]: a["role"] for a in json.loads((site.home / "demo.json").read_text())["accounts"]}
    assert {accounts[name] for name in PEOPLE} == {str(role) for role in Role}
    assert all(accounts[name] == str(role or Role.RESEARCHER) for name, role in PEOPLE.items())


@pytest.mark.parametrize("me", PEOPLE)
def test_a_token_of_a_person_reads_themselves_and_nothing_else_at_the_hub(
    site: Running, tokens: dict[str, str], me: str
) -> None:
    status, model = call(site, tokens[me], "GET", "/hub/api/user")
    assert status == 200
    assert isinstance(model, dict)
    assert model["name"] == me
    assert not model.get("admin")
    for method, path, body in FORBIDDEN:
        status, _ = call(site, tokens[me], method, f"/hub/api/{path.format(me=me)}", body)
        assert status in (403, 404), (me, method, path, status)


@pytest.mark.parametrize("me", PEOPLE)
def test_the_hubs_roles_make_nobody_an_administrator(site: Running, tokens: dict[str, str], me: str) -> None:
    with register(site) as session:
        user = orm.User.find(session, me)
        assert not user.admin
        assert {role.name for role in user.roles} == {"user"}
        assert user.groups == []


def test_a_workspace_is_open_to_its_owners_session_and_to_no_token_at_all(
    site: Running, tokens: dict[str, str]
) -> None:
    with visiting(site, OTHER) as remy:
        workspace = remy.open_workspace("course-pathways")
        try:
            place = f"/user/{OTHER}/course-pathways/api/contents"
            assert workspace.ask("GET", "api/contents").status == 200
            for me in (*PEOPLE, OTHER):
                assert call(site, tokens[me], "GET", place)[0] in (403, 404), me
            for me in PEOPLE:
                with visiting(site, me) as somebody:
                    assert somebody.ask("GET", place, follow=True).status in (403, 404), me
            with register(site) as session:
                server = [
                    t for t in session.query(orm.APIToken) if t.note.startswith("Server at /user/remy/course")
                ]
                held = {scope for token in server for scope in token.scopes}
            assert held == {"users:activity!user", "access:servers!server=remy/course-pathways"}
        finally:
            remy.close_workspace("course-pathways")


def test_the_portal_holds_what_it_needs_at_the_hub_and_no_more(site: Running, tokens: dict[str, str]) -> None:
    token = (site.home / "hub" / "portal-api.token").read_text().strip()
    with register(site) as session:
        services = {
            s.name: {scope for role in s.roles for scope in role.scopes} for s in session.query(orm.Service)
        }
    assert services == {"rpp": {"admin:servers", "list:users", "read:users"}}
    assert call(site, token, "GET", "/hub/api/users")[0] == 200
    for method, path, body in (
        ("POST", "users/rosa/tokens", {}),
        ("POST", "users/nobody-yet", None),
        ("DELETE", "users/remy", None),
        ("PATCH", "users/rosa", {"admin": True}),
        ("GET", "groups", None),
        ("POST", "groups/data_managers", None),
        ("GET", "proxy", None),
        ("POST", "shutdown", {}),
    ):
        assert call(site, token, method, f"/hub/api/{path}", body)[0] in (403, 404), path
    assert call(site, token, "GET", "/user/rosa/attendance-gaps/api/contents")[0] != 200


def test_control_an_administrator_of_the_hub_may_all_of_it(site: Running, tokens: dict[str, str]) -> None:
    with register(site) as session:
        root = orm.User(name="a-control", admin=True)
        session.add(root)
        session.flush()
        root.roles.append(orm.Role.find(session, "admin"))
        session.commit()
        token = root.new_api_token(note="a control's", scopes=["inherit"])
    harmless = (
        ("GET", "users"),
        ("GET", f"users/{OTHER}"),
        ("GET", "groups"),
        ("GET", "services"),
        ("GET", "proxy"),
    )
    try:
        assert {call(site, token, method, f"/hub/api/{path}")[0] for method, path in harmless} == {200}
        assert call(site, token, "POST", f"/hub/api/users/{OTHER}/tokens", {})[0] == 201
        assert call(site, token, "POST", "/hub/api/users/nobody-yet")[0] == 201
        assert call(site, token, "DELETE", "/hub/api/users/nobody-yet")[0] == 204
    finally:
        call(site, token, "DELETE", "/hub/api/users/a-control")
