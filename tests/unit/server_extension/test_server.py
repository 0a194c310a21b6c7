"""A real Jupyter Server, locked down as in a workspace, beside a plain one in which each attack works."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import httpx
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tests.unit.server_extension.conftest import Server, TinyPortal

NOTEBOOK = nbformat.writes(
    new_notebook(
        cells=[new_code_cell("1", id="a", outputs=[new_output("stream", name="stdout", text="250\n")])]
    )
).encode()
ASKED = {"outputs": ["a:0"], "context": "All students of one grade.", "controls": "A count of more than ten."}


@pytest.fixture(autouse=True)
def files(request: pytest.FixtureRequest) -> None:
    for name in ("locked", "plain"):
        if name in request.fixturenames:
            fill(request.getfixturevalue(name))


def fill(server: Server) -> None:
    (server.root / "analysis.ipynb").write_bytes(NOTEBOOK)
    (server.root / "notes.md").write_text("notes", encoding="utf-8")
    (server.root / "data.parquet").write_bytes(b"PAR1\0")
    (server.root / ".hidden.txt").write_text("hidden", encoding="utf-8")
    link = server.root / "environ.txt"
    link.unlink(missing_ok=True)
    link.symlink_to("/proc/self/environ")


def get(server: Server, path: str) -> httpx.Response:
    with server.client() as client:
        return client.get(path)


def post(server: Server, path: str, body: Any) -> httpx.Response:
    with server.client() as client:
        return client.post(path, json=body)


# --- the lock-down ------------------------------------------------------------------------------------------------

WAYS_OUT = [
    "/files/notes.md",
    "/files/notes.md?download=1",
    "/view/notes.md",
    "/nbconvert/script/analysis.ipynb",
    "/nbconvert/script/analysis.ipynb?download=true",
    "/api/nbconvert",
    "/api/spec.yaml",
    "/api/terminals",
    "/api/contents/environ.txt",
    "/api/contents/data.parquet",
    "/api/contents/data.parquet?format=base64",
    "/api/contents/notes.md?format=base64",
]


@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_way_out_is_closed(locked: Server, way: str) -> None:
    answer = get(locked, way)
    assert answer.status_code in (400, 403, 404)
    assert "never in a browser" not in answer.text


@pytest.mark.parametrize("way", WAYS_OUT)
def test_control_the_way_is_open_in_a_plain_server(plain: Server, way: str) -> None:
    answer = get(plain, way)
    assert answer.status_code == 200
    if "environ" in way:
        assert "never in a browser" in answer.text


def test_a_terminal_cannot_be_opened(locked: Server) -> None:
    assert post(locked, "/api/terminals", {}).status_code in (403, 404)


def test_control_a_plain_server_opens_a_terminal(plain: Server) -> None:
    assert post(plain, "/api/terminals", {}).status_code == 200


def test_the_server_cannot_be_shut_down_from_the_browser(locked: Server) -> None:
    assert post(locked, "/api/shutdown", {}).status_code == 403
    assert get(locked, "/api/status").status_code == 200


@pytest.mark.parametrize("name", ["python3", "planted", "ir"])
def test_no_kernel_but_ours_is_offered_or_started(locked: Server, name: str) -> None:
    plant_kernel(locked)
    assert set(get(locked, "/api/kernelspecs").json()["kernelspecs"]) <= {"rpp", "rpp-r"}
    assert get(locked, f"/api/kernelspecs/{name}").status_code == 404
    session = {"name": "x", "path": "x.ipynb", "type": "notebook", "kernel": {"name": name}}
    assert post(locked, "/api/kernels", {"name": name}).status_code >= 400
    assert post(locked, "/api/sessions", session).status_code >= 400
    assert get(locked, "/api/kernels").json() == []


@pytest.mark.parametrize("name", ["python3", "planted"])
def test_control_a_plain_server_starts_the_native_kernel_and_a_planted_one(plain: Server, name: str) -> None:
    plant_kernel(plain)
    assert name in get(plain, "/api/kernelspecs").json()["kernelspecs"]
    started = post(plain, "/api/kernels", {"name": name})
    assert started.status_code == 201
    with plain.client() as client:
        client.delete(f"/api/kernels/{started.json()['id']}")


def plant_kernel(server: Server) -> None:
    """As code in a kernel could, if it could write where the server looks."""
    spec = {"argv": ["sleep", "60", "{connection_file}"], "display_name": "planted", "language": "python"}
    for name in ("planted", "rpp", "rpp-r"):
        folder = server.home / "data" / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")


def test_a_planted_kernel_does_not_take_the_name_of_ours(locked: Server) -> None:
    plant_kernel(locked)
    kernels = get(locked, "/api/kernelspecs").json()["kernelspecs"]
    for name in ("rpp", "rpp-r"):
        assert kernels.get(name, {"spec": {"display_name": ""}})["spec"]["display_name"] != "planted"


def test_control_a_planted_kernel_takes_any_name_in_a_plain_server(plain: Server) -> None:
    plant_kernel(plain)
    assert get(plain, "/api/kernelspecs").json()["kernelspecs"]["rpp"]["spec"]["display_name"] == "planted"


def test_pages_carry_a_policy_without_inline_scripts_popups_and_downloads(locked: Server) -> None:
    policy = get(locked, "/login").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self' 'unsafe-eval';" in policy
    assert "allow-popups" not in policy
    assert "allow-downloads" not in policy


# --- files that people do need ------------------------------------------------------------------------------------


def test_a_notebook_is_opened_with_its_hash(locked: Server) -> None:
    model = get(locked, "/api/contents/analysis.ipynb?hash=1").json()
    assert model["type"] == "notebook"
    assert model["content"]["cells"][0]["id"] == "a"
    assert model["hash"] == hashlib.sha256(NOTEBOOK).hexdigest()


def test_a_short_text_is_opened_and_a_long_one_is_not(locked: Server) -> None:
    assert get(locked, "/api/contents/notes.md").json()["content"] == "notes"
    (locked.root / "long.csv").write_text("1\n" * 600_000, encoding="utf-8")
    answer = get(locked, "/api/contents/long.csv")
    assert answer.status_code == 413
    assert "long.csv" in answer.json()["message"]


def test_a_listing_names_what_can_be_seen_and_no_link(locked: Server) -> None:
    names = {entry["name"] for entry in get(locked, "/api/contents").json()["content"]}
    assert {"analysis.ipynb", "notes.md", "data.parquet"} <= names
    assert not names & {"environ.txt", ".hidden.txt"}


def test_hidden_files_and_parents_are_not_there(locked: Server) -> None:
    for path in (".hidden.txt", "..%2Fsecret", "sub/..%2F..%2Fsecret"):
        assert get(locked, f"/api/contents/{path}").status_code in (400, 403, 404)


def test_a_notebook_is_saved_renamed_copied_and_deleted(locked: Server) -> None:
    with locked.client() as client:
        model = client.get("/api/contents/analysis.ipynb").json()
        body = {"type": "notebook", "format": "json", "content": model["content"]}
        assert client.post("/api/contents", json={"copy_from": "analysis.ipynb"}).status_code == 201
        assert (
            client.patch("/api/contents/analysis-Copy1.ipynb", json={"path": "saved.ipynb"}).status_code
            == 200
        )
        assert client.put("/api/contents/saved.ipynb", json=body).status_code == 200
        assert client.patch("/api/contents/saved.ipynb", json={"path": "renamed.ipynb"}).status_code == 200
        assert client.post("/api/contents", json={"copy_from": "renamed.ipynb"}).status_code == 201
        assert client.get("/api/contents/renamed.ipynb/checkpoints").json() == []
        assert client.post("/api/contents/renamed.ipynb/checkpoints").status_code == 201
        assert client.delete("/api/contents/renamed.ipynb").status_code == 204
    assert (locked.root / "renamed-Copy1.ipynb").exists()
    assert not (locked.root / "renamed.ipynb").exists()
    assert not (locked.root / ".ipynb_checkpoints").exists()


def test_new_files_and_folders_get_names_of_their_own(locked: Server) -> None:
    assert post(locked, "/api/contents", {"type": "notebook"}).json()["name"] == "Untitled.ipynb"
    assert post(locked, "/api/contents", {"type": "directory"}).json()["type"] == "directory"
    assert post(locked, "/api/contents", {"type": "file", "ext": ".md"}).status_code == 201


UPLOADS = (
    ("code.py", {"type": "file", "format": "base64", "content": "cHJpbnQoMSk="}),
    ("code.py", {"type": "file", "format": "text", "content": "print(1)"}),
    ("in.parquet", {"type": "file", "format": "base64", "content": "AP8A"}),
    ("table.csv", {"type": "file", "format": "text", "content": "a,b"}),
    ("large.csv", {"type": "file", "format": "base64", "chunk": 1, "content": "AAAA"}),
    ("other.ipynb", {"type": "notebook", "format": "json", "content": json.loads(NOTEBOOK)}),
    ("other.ipynb", {"type": "notebook", "format": "json", "chunk": 1, "content": "{}"}),
)


@pytest.mark.parametrize(("path", "model"), UPLOADS)
def test_nothing_is_uploaded(locked: Server, path: str, model: dict[str, object]) -> None:
    with locked.client() as client:
        answer = client.put(f"/api/contents/{path}", json=model)
    assert answer.status_code == 403
    assert "files are not uploaded" in answer.json()["message"]
    assert not (locked.root / path).exists()


@pytest.mark.parametrize(("path", "model"), UPLOADS[:6])
def test_control_a_plain_server_takes_uploads(plain: Server, path: str, model: dict[str, object]) -> None:
    with plain.client() as client:
        assert client.put(f"/api/contents/{path}", json=model).status_code in (200, 201)
    assert (plain.root / path).exists()


def test_a_table_that_is_there_is_not_replaced_from_outside_and_can_be_copied(locked: Server) -> None:
    (locked.root / "own.csv").write_text("kept")
    with locked.client() as client:
        body = {"type": "file", "format": "text", "content": "other"}
        assert client.put("/api/contents/own.csv", json=body).status_code == 403
        assert client.post("/api/contents", json={"copy_from": "own.csv"}).status_code == 201
    assert (locked.root / "own.csv").read_text() == (locked.root / "own-Copy1.csv").read_text() == "kept"


def test_code_that_was_begun_here_is_edited_here(locked: Server) -> None:
    with locked.client() as client:
        name = client.post("/api/contents", json={"type": "file", "ext": ".py"}).json()["path"]
        body = {"type": "file", "format": "text", "content": "print(2)"}
        assert client.put(f"/api/contents/{name}", json=body).status_code == 200
    assert (locked.root / name).read_text() == "print(2)"


def test_saving_never_goes_through_a_link(locked: Server) -> None:
    target = locked.root.parent / "outside.txt"
    target.write_text("untouched")
    (locked.root / "way.txt").unlink(missing_ok=True)
    (locked.root / "way.txt").symlink_to(target)
    body = {"type": "file", "format": "text", "content": "changed"}
    with locked.client() as client:
        assert client.put("/api/contents/way.txt", json=body).status_code in (400, 403)
    assert target.read_text() == "untouched"


def test_control_a_plain_server_saves_through_a_link(plain: Server) -> None:
    target = plain.root.parent / "outside-plain.txt"
    target.write_text("untouched")
    (plain.root / "way.txt").symlink_to(target)
    with plain.client() as client:
        client.put("/api/contents/way.txt", json={"type": "file", "format": "text", "content": "changed"})
    assert target.read_text() == "changed"


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 50_000, b"\xff\xfe", b'{"cells": 7}'])
def test_a_broken_notebook_is_a_sentence_and_no_server_error(locked: Server, content: bytes) -> None:
    (locked.root / "broken.ipynb").write_bytes(content)
    opened, listed = get(locked, "/api/contents/broken.ipynb"), get(locked, "/rpp/outputs?path=broken.ipynb")
    assert opened.status_code == 400
    assert listed.status_code == 422
    assert listed.json()["error"]["message"]


# --- the panel's own calls ----------------------------------------------------------------------------------------


def test_the_outputs_of_the_saved_notebook_are_listed(locked: Server) -> None:
    answer = get(locked, "/rpp/outputs?path=analysis.ipynb")
    assert answer.status_code == 200
    assert [output["identity"] for output in answer.json()["outputs"]] == ["a:0"]
    assert answer.json()["sha256"] == hashlib.sha256(NOTEBOOK).hexdigest()
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_request_carries_the_bytes_of_the_file_to_the_portal(locked: Server, portal: TinyPortal) -> None:
    portal.received.clear()
    answer = post(locked, "/rpp/requests", asked())
    assert (answer.status_code, answer.json()["id"]) == (201, "r0001")
    assert [sent["name"] for sent in portal.received] == ["analysis.ipynb"]
    assert portal.received[0]["outputs"] == ["a:0"]


def test_a_notebook_saved_since_it_was_seen_is_not_sent(locked: Server, portal: TinyPortal) -> None:
    portal.received.clear()
    answer = post(locked, "/rpp/requests", asked(sha256="0" * 64))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "changed")
    assert portal.received == []


@pytest.mark.parametrize("kind", ["link", "pipe", "hard-link", "large", "absent", "outside"])
def test_what_is_not_simply_a_file_is_neither_listed_nor_sent(
    locked: Server, portal: TinyPortal, kind: str
) -> None:
    portal.received.clear()
    path = odd_file(locked, kind)
    for answer in (get(locked, f"/rpp/outputs?path={path}"), post(locked, "/rpp/requests", asked(path=path))):
        assert 400 <= answer.status_code < 500
        assert answer.json()["error"]["message"].endswith(".")
    assert portal.received == []


def odd_file(server: Server, kind: str) -> str:
    path = server.root / f"{kind}.ipynb"
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to("analysis.ipynb")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "hard-link":
        (server.root / "other.ipynb").write_bytes(NOTEBOOK)
        os.link(server.root / "other.ipynb", path)
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(200_000_000)
    elif kind == "outside":
        return "../x.ipynb"
    return path.name


def test_the_portal_s_refusal_reaches_the_panel_with_its_reasons(locked: Server, portal: TinyPortal) -> None:
    answer_before, portal.status = portal.answer, 409
    portal.answer = b'{"error": {"code": "gate", "message": "Not now.", "refusals": [{"code": "t", "reason": "Training."}]}}'
    try:
        answer = post(locked, "/rpp/requests", asked())
    finally:
        portal.status, portal.answer = 201, answer_before
    assert (answer.status_code, answer.json()["error"]["refusals"][0]["reason"]) == (409, "Training.")


def test_the_list_of_requests_is_the_portal_s(locked: Server) -> None:
    assert get(locked, "/rpp/requests").json()["requests"][0]["id"] == "r0001"


def test_nobody_is_answered_without_being_logged_in(locked: Server, portal: TinyPortal) -> None:
    portal.received.clear()
    with httpx.Client(base_url=locked.url, trust_env=False) as client:
        assert client.get("/rpp/outputs?path=analysis.ipynb").status_code == 403
        assert client.get("/rpp/requests").status_code == 403
        assert client.post("/rpp/requests", json=asked()).status_code == 403
    assert portal.received == []


def test_a_login_alone_does_not_send_a_request_without_the_page_s_own_token(
    locked: Server, portal: TinyPortal
) -> None:
    portal.received.clear()
    with httpx.Client(base_url=locked.url, trust_env=False) as client:
        client.get(f"/login?token={locked.token}", follow_redirects=True)
        assert client.get("/rpp/requests").status_code == 200
        assert client.post("/rpp/requests", json=asked()).status_code == 403
        assert portal.received == []
        own = {"X-XSRFToken": client.cookies["_xsrf"]}
        assert client.post("/rpp/requests", json=asked(), headers=own).status_code == 201


@pytest.mark.parametrize("verb", ["PUT", "DELETE", "PATCH"])
def test_other_verbs_are_not_answered(locked: Server, verb: str) -> None:
    with locked.client() as client:
        assert client.request(verb, "/rpp/requests").status_code == 405


def asked(**changes: object) -> dict[str, object]:
    return {"path": "analysis.ipynb", "sha256": hashlib.sha256(NOTEBOOK).hexdigest(), **ASKED, **changes}
