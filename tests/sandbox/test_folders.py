"""The project's folder and what was let in, in each member's workspace, however it was opened; and nobody else's."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import secrets
import shutil
from pathlib import Path

import pytest
from aiohttp import ClientError
from rpp_hub.installation import Installation
from rpp_hub.jupyter.folders import make_folders
from rpp_hub.workspace import client
from rpp_hub.workspace.config import SupervisorConfig
from rpp_hub.workspace.leftovers import holder

from tests.sandbox.browser import Browser
from tests.sandbox.conftest import BASE, Place, config_for, secrets_for
from tests.sandbox.small_hub import SmallHub
from tests.sandbox.test_pool import run_cell, warmed

pytestmark = pytest.mark.sandbox

SEEN = """
import errno, json, os
told = {'shared': sorted(os.listdir('shared')), 'ingress': sorted(os.listdir('ingress'))}
open('shared/by-' + PERSON, 'w').write(PERSON)
open('private-' + PERSON, 'w').write(PERSON)
for path in ('ingress/new', 'ingress/terms.csv'):
    try:
        open(path, 'w')
    except OSError as error:
        told[path] = errno.errorcode[error.errno]
told['private'] = sorted(n for n in os.listdir('.') if n.startswith('private'))
print(json.dumps(told))
"""


@pytest.mark.parametrize("way", ["cold", "warm"])
def test_members_share_one_folder_and_keep_their_own(place: Place, hub: SmallHub, way: str) -> None:
    installation = Installation(place.root / f"home-{way}")
    for project in ("gaps", "other"):
        for person in ("alice", "bob"):
            make_folders(installation, project, person)
    (installation.ingress_dir("gaps") / "terms.csv").write_text("term")
    (installation.shared_dir("other") / "secret").write_text("of another project")

    async def see(person: str) -> dict[str, object]:
        run_dir = await warmed(place, hub) if way == "warm" else place.root / "w" / secrets.token_hex(4)
        config: SupervisorConfig = config_for(
            place,
            hub,
            run_dir=run_dir,
            workspace=installation.workspace_dir("gaps", person),
            shared=installation.shared_dir("gaps"),
            ingress=installation.ingress_dir("gaps"),
        )
        if way == "warm":
            assert await client.adopt(run_dir, config, secrets_for())
        else:
            await client.start_supervisor(config, secrets_for())
        try:
            told: dict[str, object] = json.loads(
                await run_cell(run_dir, SEEN.replace("PERSON", repr(person)))
            )
        finally:
            await client.stop(run_dir, "the test is over")
        return told

    first, second = asyncio.run(see("alice")), asyncio.run(see("bob"))
    assert first["shared"] == []
    assert second["shared"] == ["by-alice"]
    for told in (first, second):
        assert told["ingress"] == ["terms.csv"]
        assert told["ingress/new"] == told["ingress/terms.csv"] == "EROFS"
    assert (first["private"], second["private"]) == (["private-alice"], ["private-bob"])
    shutil.rmtree(installation.home)


@pytest.mark.parametrize("planted", ["a link", "a file"])
def test_what_a_kernel_put_where_a_folder_belongs_is_put_aside_and_not_followed(
    tmp_path: Path, planted: str
) -> None:
    installation, elsewhere = Installation(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    make_folders(installation, "gaps", "alice")
    own = installation.workspace_dir("gaps", "alice")
    (own / "shared").rmdir()
    if planted == "a link":
        (own / "shared").symlink_to(elsewhere)
    else:
        (own / "shared").write_text("x")
    make_folders(installation, "gaps", "alice")
    assert (own / "shared").is_dir()
    assert not (own / "shared").is_symlink()
    assert len([p for p in own.iterdir() if p.name.startswith("shared-")]) == 1


def test_a_workspace_that_is_opened_for_reading_shows_notebooks_and_changes_and_runs_nothing(
    place: Place, hub: SmallHub
) -> None:
    async def test() -> None:
        run_dir = place.root / "w" / secrets.token_hex(4)
        (place.workspace / "kept.py").write_text("x = 1")
        config = config_for(place, hub, run_dir=run_dir, data=None, reading=True)
        await client.start_supervisor(config, secrets_for())
        try:
            async with Browser(run_dir / "in.sock", BASE) as browser:
                await browser.login()
                shown = await (await browser.get("api/contents/kept.py")).json()
                assert shown["content"] == "x = 1"
                body = {"type": "file", "format": "text", "content": "x = 2"}
                saved = await browser.ask("PUT", "api/contents/kept.py", json=body)
                assert saved.status == 403
                started = await browser.ask("POST", "api/kernels", json={"name": "rpp"})
                assert started.status >= 400
        finally:
            await client.stop(run_dir, "the test is over")
        assert (place.workspace / "kept.py").read_text() == "x = 1"

    asyncio.run(test())


def test_a_workspace_that_nobody_works_in_is_closed_and_what_was_saved_stays(
    place: Place, hub: SmallHub
) -> None:
    async def test() -> None:
        run_dir = place.root / "w" / secrets.token_hex(4)
        limits = dataclasses.replace(config_for(place, hub).limits, idle_seconds=4.0)
        await client.start_supervisor(config_for(place, hub, run_dir=run_dir, limits=limits), secrets_for())
        (place.workspace / "saved.py").write_text("x = 1")
        layout = {"data": {}, "metadata": {"id": "default"}}
        async with asyncio.timeout(60), Browser(run_dir / "in.sock", BASE) as browser:
            await browser.login()
            body = {"type": "file", "format": "text", "content": "x = 1"}
            for _ in range(8):  # somebody who saves keeps it open longer than the four seconds
                assert (await browser.ask("PUT", "api/contents/saved.py", json=body)).status < 300
                await asyncio.sleep(0.8)
            assert holder(run_dir) is not None
            while holder(run_dir) is not None:
                # a page that nobody looks at saves its layout again and again
                with contextlib.suppress(ClientError, ConnectionError):
                    await browser.ask("PUT", "lab/api/workspaces/default", json=layout)
                await asyncio.sleep(0.5)
        assert (place.workspace / "saved.py").read_text() == "x = 1"

    asyncio.run(test())


def test_a_file_is_moved_from_ones_own_folder_into_the_projects(
    place: Place, hub: SmallHub, tmp_path: Path
) -> None:
    installation = Installation(place.root / "home-move")
    make_folders(installation, "gaps", "alice")
    own = installation.workspace_dir("gaps", "alice")
    (own / "mine.py").write_text("x = 1")

    async def test() -> None:
        run_dir = place.root / "w" / secrets.token_hex(4)
        config = config_for(
            place, hub, run_dir=run_dir, workspace=own, shared=installation.shared_dir("gaps"), ingress=installation.ingress_dir("gaps")
        )  # fmt: skip
        await client.start_supervisor(config, secrets_for())
        try:
            async with Browser(run_dir / "in.sock", BASE) as browser:
                await browser.login()
                moved = await browser.ask("PATCH", "api/contents/mine.py", json={"path": "shared/ours.py"})
                assert moved.status == 200, await moved.text()
                refused = await browser.ask(
                    "PATCH", "api/contents/shared/ours.py", json={"path": "ingress/x.py"}
                )
                assert refused.status == 403
        finally:
            await client.stop(run_dir, "the test is over")

    asyncio.run(test())
    assert (installation.shared_dir("gaps") / "ours.py").read_text() == "x = 1"
    assert not (own / "mine.py").exists()
