"""Is a project alone with its data, and a person alone with theirs? Attacks through the real proxy, hub and portal.

Each has a control: the same text in an ordinary process of the same account, or the same request by who may.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jupyterhub.utils import compare_token

from tests.e2e.over_http import Visitor
from tests.e2e.parts import below, listening, run_dir, socket_owners
from tests.e2e.scene import OTHER, OWN, Scene
from tests.harness import Running
from tests.sandbox import attacks

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

# --- from a kernel of project A


def test_no_tcp_from_a_kernel_not_even_to_the_installations_own_port(scene: Scene) -> None:
    attack = attacks.tcp(scene.site.port)
    assert scene.kernel.ask(attack) == "EAFNOSUPPORT"
    assert attacks.outside(attack) == "reached"


def test_no_udp_from_a_kernel(scene: Scene) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        echo = threading.Thread(target=lambda: server.sendto(b"an answer", server.recvfrom(100)[1]))
        echo.start()
        attack = attacks.udp(server.getsockname()[1])
        assert scene.kernel.ask(attack) == "EAFNOSUPPORT"
        assert attacks.outside(attack) == "reached"
        echo.join(5)


def test_no_name_is_resolved_for_a_kernel(scene: Scene) -> None:
    assert scene.kernel.ask(attacks.resolve("example.org")) == "gaierror"
    assert scene.kernel.ask(attacks.read("/etc/resolv.conf")) == "ENOENT"
    assert attacks.outside(attacks.resolve("localhost")) == "reached"


def test_no_abstract_socket_from_a_kernel(scene: Scene) -> None:
    name = f"rpp-test-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0" + name)
        server.listen()
        attack = attacks.abstract(name)
        assert scene.kernel.ask(attack) == "ECONNREFUSED"
        assert attacks.outside(attack) == "reached"


@pytest.mark.parametrize("name", ["hub.sock", "portal.sock", "proxy-api.sock"])
def test_no_socket_of_the_installation_from_a_kernel(scene: Scene, name: str) -> None:
    attack = attacks.unix(str(run_dir(scene.site) / name))
    assert scene.kernel.ask(attack) == "ENOENT"
    assert attacks.outside(attack) == "reached"


@pytest.mark.parametrize(
    "what",
    [
        "the other project's cut", "the other project's workspace", "requests", "the warehouse", "the vault",
        "the hub's state", "its own cut by the host's path",
    ],
)  # fmt: skip
def test_a_kernel_does_not_see(scene: Scene, what: str) -> None:
    path = str(scene.foreign[what])
    for way in (path, f"/proc/1/root{path}", f"/proc/self/root{path}", f"/proc/self/cwd/../../../..{path}"):
        assert scene.kernel.ask(attacks.read(way)) in ("ENOENT", "EACCES")
    assert attacks.outside(attacks.read(path)) == "reached"


SEARCH = """
import os
def found(roots, names, content, skipped):
    hits = []
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/sys")]
            hits += [os.path.join(folder, n) for n in folders + files if any(part in n for part in names)]
            if folder.startswith(skipped):
                continue
            for name in files:
                path = os.path.join(folder, name)
                try:
                    if os.path.isfile(path) and content in open(path, "rb").read(50_000_000):
                        hits.append(path)
                except OSError:
                    pass
    return hits
"""


def test_a_search_of_the_whole_tree_finds_nothing_of_another_project(scene: Scene) -> None:
    # The word is put together inside, so that the history of the searching kernel does not hold it.
    word = f"({scene.canary[:9]!r} + {scene.canary[9:]!r})"
    names = f"[{word}, 'course' + '-pathways', 'master' + '.key', 'rpp.' + 'sqlite', 'hub.' + 'sqlite', 'received', 'crosswalk', 'remy']"
    inside = f"{SEARCH}\nanswer = found(['/'], {names}, {word}.encode(), ('/usr', '/opt/rpp'))"
    site_packages = ("/usr/", "/opt/rpp/")
    assert [hit for hit in scene.kernel.ask(inside) if not hit.startswith(site_packages)] == []
    outside = f"{SEARCH}\nanswer = found([{str(scene.site.home)!r}], {names}, {word}.encode(), ('/usr',))"
    hits = attacks.outside(outside)
    assert {"master.key", "rpp.sqlite", f"{scene.canary}.ipynb"} <= {Path(hit).name for hit in hits}
    assert [hit for hit in hits if "/requests/" in hit]


def test_a_kernels_own_data_can_be_read_and_not_changed(scene: Scene) -> None:
    name = next(p.name for p in (scene.site.home / "cuts" / OWN).rglob("*.parquet"))
    assert scene.kernel.ask(attacks.read(f"/data/{name}")) == "reached"
    for attack in (
        attacks.write("/data/new"),
        attacks.write(f"/data/{name}"),
        attacks.chmod("/data"),
        attacks.chmod(f"/data/{name}"),
    ):
        assert scene.kernel.ask(attack) == "EROFS"
    assert attacks.outside(attacks.write(str(scene.site.home / "logs" / "new"))) == "reached"
    assert "As it was sealed" in scene.site.rpp("cut", "verify", OWN, actor="dora").stdout


TOKENS = """
import os, re
def tokens(pids, roots):
    words = set()
    def look(path):
        try:
            with open(path, "rb") as file:
                words.update(re.findall(rb"[0-9a-f]{32,64}", file.read(4_000_000)))
        except OSError:
            pass
    for pid in pids:
        for folder, folders, files in os.walk(f"/proc/{pid}"):
            folders[:] = [f for f in folders if f not in ("fd", "fdinfo", "map_files", "cwd", "root", "ns", "net")]
            for name in files:
                if name not in ("mem", "pagemap", "clear_refs", "smaps", "numa_maps"):
                    look(os.path.join(folder, name))
    for root in roots:
        for folder, _, files in os.walk(root):
            for name in files:
                if os.path.isfile(os.path.join(folder, name)):
                    look(os.path.join(folder, name))
    return sorted(w.decode() for w in words)
"""


def test_no_token_that_the_hub_would_take_is_in_any_process_or_file_that_a_kernel_can_read(
    scene: Scene,
) -> None:
    with sqlite3.connect(f"file:{scene.site.home / 'hub' / 'hub.sqlite'}?mode=ro", uri=True) as database:
        kept = database.execute("SELECT prefix, hashed FROM api_tokens").fetchall()
        servers = database.execute(
            "SELECT count(*) FROM api_tokens WHERE client_id = 'jupyterhub'"
        ).fetchone()[0]
    database.close()
    assert servers >= 1  # the token of the server beside the kernel is among them
    inside = scene.kernel.ask(
        f"{TOKENS}\nanswer = tokens([n for n in os.listdir('/proc') if n.isdigit()], ['/run', '/tmp', '/home', '/etc', '/workspace', '/dev/shm'])"
    )
    assert _accepted(inside, kept) == []
    secrets_of_host = [p.read_text().strip() for p in (scene.site.home / "hub").glob("*.token")]
    assert not set(secrets_of_host) & set(inside)
    outside = attacks.outside(f"{TOKENS}\nanswer = tokens(['self'], [{str(scene.site.home / 'hub')!r}])")
    assert _accepted(outside, kept) != []


def test_a_kernels_environment_and_neighbours_say_nothing_of_a_hub(scene: Scene) -> None:
    assert [
        n for n in scene.kernel.ask("import os; answer = sorted(os.environ)") if "HUB" in n or "TOKEN" in n
    ] == []
    lines = (
        "import os; answer = [open(f'/proc/{n}/cmdline').read() for n in os.listdir('/proc') if n.isdigit()]"
    )
    assert not [line for line in scene.kernel.ask(lines) if "hub" in line]
    assert [line for line in attacks.outside(lines) if "hub" in line]


# --- from project A's browser session


@pytest.mark.parametrize(
    "path", ["lab", "api/contents", "api/kernels", "api/me", "rpp/requests", "rpp/outputs?path=starter.ipynb"]
)
def test_somebody_elses_running_workspace_refuses(scene: Scene, path: str) -> None:
    refused = scene.rosa.ask("GET", f"{scene.others.base}{path}", follow=True)
    assert refused.headers.get("Content-Type", "").startswith(("text/html", "application/json"))
    assert refused.status in (403, 404)
    assert scene.others.ask("GET", path).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/user/rosa/attendance-gaps/../../remy/course-pathways/api/contents",
        "/user/rosa/attendance-gaps/%2e%2e/%2e%2e/remy/course-pathways/api/contents",
        "/user/rosa%2f..%2fremy/course-pathways/api/contents",
        "//user/remy/course-pathways/api/contents",
        "/services/rpp/../../user/remy/course-pathways/api/contents",
        "/hub/../services/rpp/workspace/requests",
    ],
)
def test_no_way_of_writing_an_address_leads_past_whose_it_is(scene: Scene, path: str) -> None:
    cookies = {
        n: v
        for base in (scene.own.base, "/hub/", "/services/rpp/")
        for n, v in scene.rosa.cookies(base).items()
    }
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert _raw(scene.site, path, cookie) in (302, 400, 403, 404)
    assert _raw(scene.site, f"{scene.own.base}api/contents", cookie) == 200


def test_somebody_elses_kernel_is_not_to_be_talked_to(scene: Scene) -> None:
    with scene.others.kernel() as kernel:
        channels = f"{scene.others.base}api/kernels/{kernel.ident}/channels"
        assert scene.rosa.knock(channels) == 403
        assert scene.nobody.knock(channels) == 403
        assert scene.remy.knock(channels) == 101


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "users/rosa/servers/another"),
        ("POST", "users/rosa/servers/course-pathways"),
        ("POST", "users/rosa/server"),
        ("DELETE", "users/rosa/servers/attendance-gaps"),
        ("POST", "users/remy/servers/another"),
        ("DELETE", "users/remy/servers/course-pathways"),
        ("POST", "users/rosa/tokens"),
        ("GET", "users/rosa/tokens"),
        ("POST", "users/remy/tokens"),
        ("POST", "share-codes/rosa/attendance-gaps"),
        ("POST", "shares/rosa/attendance-gaps"),
        ("PATCH", "users/rosa"),
        ("POST", "users/somebody"),
        ("GET", "users"),
        ("GET", "users/remy"),
        ("GET", "proxy"),
        ("GET", "services"),
        ("POST", "shutdown"),
    ],
)
def test_the_hubs_api_does_nothing_for_a_person(scene: Scene, method: str, path: str) -> None:
    answer = _hub_api(scene.rosa, method, path)
    assert answer in (403, 404)
    assert set(_servers(scene)) == {"rosa/attendance-gaps", "remy/course-pathways"}
    # the same session is believed for what it may do
    assert _hub_api(scene.rosa, "POST", "users/rosa/activity") == 200


def test_the_hubs_pages_mint_no_token_and_start_no_server(scene: Scene) -> None:
    assert (
        scene.rosa.ask("POST", "/hub/token", data={"_xsrf": scene.rosa.cookie("_xsrf", "/hub/")}).status
        == 405
    )
    for page in ("spawn", "spawn/rosa/another", "spawn/remy/course-pathways", "admin"):
        assert scene.rosa.ask("GET", f"/hub/{page}", follow=True).status in (403, 404)
    assert set(_servers(scene)) == {"rosa/attendance-gaps", "remy/course-pathways"}


@pytest.mark.parametrize(
    "path",
    [
        "projects/{}", "projects/{}/workspace", "api/projects/{}", "api/projects/{}/workspace", "api/projects/{}/cuts",
        "api/projects/{}/gate",
    ],
)  # fmt: skip
def test_the_portal_knows_no_project_of_others(scene: Scene, path: str) -> None:
    refused = scene.rosa.ask("GET", "/services/rpp/" + path.format(OTHER))
    absent = scene.rosa.ask("GET", "/services/rpp/" + path.format("no-such-one"))
    assert refused.status == absent.status == 404
    assert "Pathways" not in refused.text
    assert scene.remy.ask("GET", "/services/rpp/" + path.format(OTHER), follow=True).status == 200


def test_the_portal_opens_and_stops_no_workspace_of_others(scene: Scene) -> None:
    for method in ("POST", "DELETE"):
        assert scene.rosa.portal(method, f"projects/{OTHER}/workspace").status == 404
    assert "remy/course-pathways" in _servers(scene)


# --- without a log-in


def test_a_running_workspace_answers_nobody_also_after_others_have_logged_in(scene: Scene) -> None:
    assert (
        scene.own.ask("GET", "api/kernels").status == 200
    )  # a relay with a cookie jar would now know rosa's
    for path in (
        "api/kernels",
        "api/contents",
        "api/me",
        "api/status",
        "api/sessions",
        "rpp/requests",
        "lab/api/settings",
    ):
        for _ in range(3):
            assert scene.nobody.ask("GET", f"{scene.own.base}{path}").status == 403, path
    to_login = scene.nobody.ask("GET", f"{scene.own.base}lab")
    assert to_login.status == 302
    assert to_login.headers["Location"].startswith("/hub/")


@pytest.mark.parametrize("header", ["Authorization", "Cookie"])
def test_no_secret_of_the_installation_opens_a_workspace_from_outside(scene: Scene, header: str) -> None:
    token = (scene.site.home / "hub" / "portal-api.token").read_text().strip()
    value = f"token {token}" if header == "Authorization" else f"jupyterhub-user-rosa-attendance-gaps={token}"
    assert scene.nobody.ask("GET", f"{scene.own.base}api/contents", headers={header: value}).status == 403


def test_the_portals_door_for_workspaces_is_shut_without_their_capability(scene: Scene) -> None:
    for value in ("", "v1.x.y.z", scene.rosa.cookie("rpp-session", "/services/rpp/")):
        answer = scene.rosa.ask("GET", "/services/rpp/workspace/requests", headers={"X-RPP-Workspace": value})
        assert answer.status == 403
    assert scene.own.ask("GET", "rpp/requests").status == 200


# --- on the machine


def test_the_installation_listens_on_one_port_only(scene: Scene) -> None:
    assert scene.site.process is not None
    mine = {scene.site.process.pid, *below(scene.site.process.pid)}
    assert len(mine) >= 4
    ours, unknown = set(), set()
    owners = socket_owners()
    for port, inode in listening():
        owner = owners.get(inode)
        if owner is None:
            unknown.add(port)
        elif owner in mine:
            ours.add(port)
    assert ours == {scene.site.port}
    assert unknown == set()


def test_the_run_folder_is_closed_to_other_accounts(scene: Scene) -> None:
    folder = run_dir(scene.site)
    assert folder.stat().st_mode & 0o077 == 0
    for path in folder.rglob("*.sock"):
        assert path.lstat().st_uid == os.getuid()


def _raw(site: Running, path: str, cookie: str) -> int:
    """The status of an address that no client writes."""
    with socket.create_connection(("127.0.0.1", site.port), 10) as line:
        host = f"127.0.0.1:{site.port}"
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n".encode()
        )
        return int(line.makefile("rb").readline().split()[1])


def _accepted(words: list[str], kept: list[tuple[str, str]]) -> list[str]:
    """Those that the hub would take: it keeps a token's first letters and a hash."""
    return [
        w for w in words if any(w.startswith(prefix) and compare_token(hashed, w) for prefix, hashed in kept)
    ]


def _hub_api(visitor: Visitor, method: str, path: str) -> int:
    xsrf = visitor.cookie("_xsrf", "/hub/")
    headers = {"X-XSRFToken": xsrf, "Origin": visitor.site.url, "Referer": f"{visitor.site.url}/hub/home"}
    body = {"last_activity": datetime.now(UTC).isoformat()}
    for _ in range(5):
        status = visitor.ask(method, f"/hub/api/{path}?_xsrf={xsrf}", headers=headers, json=body).status
        if (
            status != 503
        ):  # the proxy's: the hub has refused before the body's last, empty piece was written (EPIPE)
            break
    return status


def _servers(scene: Scene) -> list[str]:
    token = (scene.site.home / "hub" / "portal-api.token").read_text().strip()
    users = json.loads(
        scene.nobody.ask("GET", "/hub/api/users", headers={"Authorization": f"token {token}"}).body
    )
    return [f"{u['name']}/{s}" for u in users for s in u["servers"]]
