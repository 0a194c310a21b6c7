"""Which requests reach a Jupyter Server, and which never do."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.workspace.routes import Barred, Kind, Passed, decide

BASE = "/user/alice/gaps/"
KERNEL = "0a1b2c3d-0000-4000-8000-0123456789ab"

PASS = [
    ("GET", "", Kind.PAGE),
    ("GET", "lab", Kind.PAGE),
    ("GET", "lab/tree/analysis.ipynb", Kind.PAGE),
    ("GET", "lab/workspaces/auto-x/tree/my%20notes/a.ipynb?reset", Kind.PAGE),
    ("GET", "lab/extensions/@rpp/lab/static/remoteEntry.js?v=1", Kind.STATIC),
    ("GET", "static/lab/main.js", Kind.STATIC),
    ("GET", "lab/api/settings/@jupyterlab/apputils-extension:themes", Kind.API),
    ("PUT", "lab/api/workspaces/default", Kind.API),
    ("GET", "lab/api/translations/en", Kind.API),
    ("GET", "lab/api/themes/@jupyterlab/theme-light-extension/index.css", Kind.STATIC),
    ("GET", "oauth_callback?code=1&state=2", Kind.PAGE),
    ("GET", "logout", Kind.PAGE),
    ("GET", "api", Kind.API),
    ("GET", "api/status", Kind.API),
    ("GET", "api/me", Kind.API),
    ("GET", "api/kernelspecs", Kind.API),
    ("GET", "kernelspecs/rpp/logo-64x64.png", Kind.STATIC),
    ("GET", "api/contents/a.ipynb?type=notebook&content=1", Kind.CONTENTS),
    ("PUT", "api/contents/a%25b.ipynb", Kind.CONTENTS),
    ("PATCH", "api/contents/a.ipynb", Kind.CONTENTS),
    ("POST", "api/kernels", Kind.API),
    ("POST", f"api/kernels/{KERNEL}/restart", Kind.API),
    ("DELETE", f"api/sessions/{KERNEL}", Kind.API),
    ("GET", f"api/kernels/{KERNEL}/channels?session_id=1", Kind.WEBSOCKET),
    ("GET", "api/events/subscribe", Kind.WEBSOCKET),
    ("GET", "rpp/outputs?path=a.ipynb", Kind.API),
    ("POST", "rpp/requests", Kind.API),
]

BAR = [
    ("GET", "files/a.ipynb"),
    ("GET", "files/a.ipynb?download=1"),
    ("GET", "nbconvert/html/a.ipynb"),
    ("POST", "nbconvert/html"),
    ("GET", "api/nbconvert"),
    ("GET", "view/a.html"),
    ("GET", "tree"),
    ("GET", "api/terminals"),
    ("POST", "api/terminals"),
    ("GET", "terminals/1"),
    ("GET", "terminals/websocket/1"),
    ("GET", "lsp/status"),
    ("GET", "lsp/ws/pylsp"),
    ("GET", "lab/api/build"),
    ("POST", "lab/api/build"),
    ("GET", "lab/api/extensions"),
    ("GET", "lab/api/plugins"),
    ("GET", "lab/api/listings/x"),
    ("GET", "lab/api/news"),
    ("GET", "lab/api/licenses/bundles"),
    ("GET", "metrics"),
    ("POST", "api/shutdown"),
    ("GET", "api/spec.yaml"),
    ("GET", "api/resolvePath"),
    ("GET", "api/contents/a.csv?format=base64"),
    ("GET", "api/contents/a.csv?type=file&format=BASE64"),
    ("GET", "api/contents/a.csv?download=1"),
    ("GET", "api/contents/a.ipynb/checkpoints"),
    ("PUT", "api/contents/a.csv"),
    ("PUT", "api/contents/a.ipynb/b.parquet"),
    ("PUT", "api/contents/folder"),
    ("PUT", "api/contents/.ipynb"),
    ("POST", "api/contents/a.ipynb/checkpoints/1"),
    ("GET", "api/contents/a.ipynb/%63heckpoints"),
    ("POST", "api/contents/a.ipynb/trust"),
    ("GET", f"api/kernels/{KERNEL}/channels"),
    ("GET", "api/kernels/not-an-id"),
    ("GET", "api/status?token=abc"),
    ("DELETE", "api"),
    ("CONNECT", "api"),
    ("GET", "lab/../files/a"),
    ("GET", "lab/%2e%2e/files/a"),
    ("GET", "lab/%2E%2E%2Ffiles/a"),
    ("GET", "lab//files/a"),
    ("GET", "lab/tree/..%5c..%5cetc"),
    ("GET", "lab/tree/a%00b"),
    ("GET", "lab/tree/a%0d%0aX: y"),
    ("GET", "lab/tree/%ff"),
    ("GET", "lab/tree/%zz"),
    ("GET", "lab/tree/a%2fb"),
    ("GET", "lab/tree/a#b"),
]


@pytest.mark.parametrize(("method", "path", "kind"), PASS)
def test_what_jupyterlab_needs_passes(method: str, path: str, kind: Kind) -> None:
    decision = decide(method, BASE + path, BASE, websocket=kind is Kind.WEBSOCKET)
    assert isinstance(decision, Passed), decision
    assert decision.kind is kind


@pytest.mark.parametrize(("method", "path"), BAR)
def test_what_gives_a_file_or_another_way_in_is_barred(method: str, path: str) -> None:
    decision = decide(method, BASE + path, BASE, websocket=False)
    assert isinstance(decision, Barred), decision
    assert decision.status in (400, 403, 404, 405)
    assert decision.reason.endswith(".")


@pytest.mark.parametrize(
    "target", ["/user/bob/gaps/lab", "/user/alice/other/lab", "/hub/home", "/", "/user/alice/gaps"]
)
def test_nothing_outside_of_the_workspace_is_answered(target: str) -> None:
    assert isinstance(decide("GET", target, BASE, websocket=False), Barred)


@pytest.mark.parametrize("path", ["lab", "api/contents", "files/x", "terminals/websocket/1"])
def test_a_websocket_is_opened_where_one_belongs_and_nowhere_else(path: str) -> None:
    assert isinstance(decide("GET", BASE + path, BASE, websocket=True), Barred)


def test_an_encoded_letter_is_read_once_and_passed_on_in_its_plain_form() -> None:
    decision = decide("GET", BASE + "api/%6bernelspecs", BASE, websocket=False)
    assert decision == Passed(BASE + "api/kernelspecs", Kind.API)


def test_an_address_that_grows_too_long_when_it_is_written_out_is_barred() -> None:
    for grows in ("lab?a=" + '"' * 3000, "lab/tree/" + '"' * 3000):
        found = decide("GET", BASE + grows, BASE, websocket=False)
        assert isinstance(found, Barred)
        assert found.status == 400


def test_a_twice_encoded_dot_stays_a_name() -> None:
    decision = decide("GET", BASE + "api/contents/%252e%252e", BASE, websocket=False)
    assert decision == Passed(BASE + "api/contents/%252e%252e", Kind.CONTENTS)


HOSTILE = st.text(alphabet=st.sampled_from(list("abc./\\%2eEfF05cC?#&=;:@ \t\n\x00é")), max_size=40)


@given(HOSTILE, st.sampled_from(["api/contents/", "lab/tree/", "static/", "", "rpp/"]))
def test_whatever_passes_is_one_plain_path_inside_the_workspace(rest: str, start: str) -> None:
    decision = decide("GET", BASE + start + rest, BASE, websocket=False)
    if isinstance(decision, Barred):
        return
    path = decision.target.partition("?")[0]
    assert decision.target.isascii()
    assert decision.target.isprintable()
    assert path.startswith(BASE)
    parts = [unquote(part) for part in path.split("/")]
    assert not any(part in (".", "..") or "/" in part or "\\" in part or "\0" in part for part in parts)
    assert "//" not in path
    assert decide("GET", decision.target, BASE, websocket=False) == decision
