"""Another master key, the end of a project's key, and what happens with the wrong one."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from rpp_hub.bootstrap import Rpp, open_installation
from rpp_hub.domain.errors import ActionRefused, NotPermitted, Unavailable
from rpp_hub.linkage.columns import By
from rpp_hub.services.linking import Survey
from rpp_hub.vault.keys import write_master_key
from rpp_hub.warehouse.folders import locked

from tests.factories import actor
from tests.integration.data.conftest import acts, contents
from tests.integration.linkage.conftest import DORA, Person, write_survey

OTTO = actor("otto")


@pytest.fixture
def new_key(tmp_path: Path) -> Path:
    write_master_key(tmp_path / "new.key")
    return tmp_path / "new.key"


def test_after_a_rotation_everything_opens_with_the_new_key_and_codes_stay(
    rpp: Rpp, home: Path, new_key: Path
) -> None:
    rpp.cutting.build(DORA, "absence")
    codes = rpp.cutting._vault.crosswalks.load("absence").codes("student")
    public = rpp.cutting._vault.public_key_pem()
    crosswalks = {k: v for k, v in contents(rpp.installation.vault_dir).items() if k.endswith(".crosswalk")}
    old = (rpp.installation.vault_dir / "master.key").read_bytes()
    rotation = rpp.vaulting.rotate(OTTO, new_key)
    assert rotation.files == 4  # two projects' keys, the signing key, the drawn numbers
    again = open_installation(home)
    after = contents(rpp.installation.vault_dir)
    assert after["master.key"] == new_key.read_bytes() != old
    assert {k: v for k, v in after.items() if k.endswith(".crosswalk")} == crosswalks
    assert not [k for k in after if "next" in k or "rotation" in k]
    assert again.cutting._vault.crosswalks.load("absence").codes("student") == codes
    assert again.cutting._vault.public_key_pem() == public
    assert again.cutting.build(DORA, "absence").name == "c0002"
    assert acts(again)[-2:] == ["vault:rotate", "cut:build"]
    again.store.close()


def test_a_program_that_runs_on_with_the_old_key_writes_nothing_with_it(
    rpp: Rpp, home: Path, new_key: Path, people: list[Person], tmp_path: Path
) -> None:
    rpp.vaulting.rotate(OTTO, new_key)  # rpp still holds the old key in memory
    before = contents(rpp.installation.vault_dir)
    with pytest.raises(Unavailable):
        rpp.cutting.build(DORA, "absence")
    file = write_survey(tmp_path / "s.csv", ("student_id", "a"), [(people[0].student_id, 1)])
    with pytest.raises(Unavailable, match="changed while this program ran"):
        rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER))
    after = contents(rpp.installation.vault_dir)
    assert after == before


@pytest.mark.parametrize("content", [None, b"", b"x" * 31, os.urandom(32)])
def test_a_lost_or_wrong_master_key_is_told_and_harms_nothing(
    rpp: Rpp, home: Path, content: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = rpp.installation.vault_dir / "master.key"
    right = key.read_bytes()
    key.unlink()
    if content is not None:
        key.write_bytes(content)
    before = contents(rpp.installation.vault_dir)
    with pytest.raises(Unavailable, match="Nothing was changed") as refused:
        open_installation(home)
    assert refused.value.code in ("master-key-missing", "master-key-damaged", "master-key-wrong")
    assert contents(rpp.installation.vault_dir) == before
    key.write_bytes(right)
    open_installation(home).store.close()


@pytest.mark.parametrize("content", [b"", b"x" * 31])
def test_a_new_key_that_is_none_changes_nothing(rpp: Rpp, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.key").write_bytes(content)
    before = contents(rpp.installation.vault_dir)
    with pytest.raises(Unavailable, match="32"):
        rpp.vaulting.rotate(OTTO, tmp_path / "bad.key")
    assert contents(rpp.installation.vault_dir) == before


def test_the_same_key_is_refused(rpp: Rpp) -> None:
    with pytest.raises(ActionRefused, match="present master key"):
        rpp.vaulting.rotate(OTTO, rpp.installation.vault_dir / "master.key")


def test_a_vault_with_a_damaged_key_is_not_rotated(rpp: Rpp, home: Path, new_key: Path) -> None:
    rpp.cutting.build(DORA, "absence")
    damaged = rpp.installation.vault_dir / "projects" / "pathways.key"
    damaged.write_bytes(os.urandom(60))
    before = contents(rpp.installation.vault_dir)
    with pytest.raises(Unavailable, match="Nothing was changed"):
        rpp.vaulting.rotate(OTTO, new_key)
    assert contents(rpp.installation.vault_dir) == before
    assert "vault:rotate" not in acts(rpp)


def test_a_destroyed_project_leaves_a_signed_certificate_and_no_key(
    rpp: Rpp, home: Path, people: list[Person], tmp_path: Path
) -> None:
    file = write_survey(tmp_path / "s.csv", ("student_id", "a"), [(p.student_id, 1) for p in people[:9]])
    rpp.linking.link(DORA, "absence", Survey(file, By.IDENTIFIER))
    cut = rpp.cutting.build(DORA, "absence")
    codes = len(rpp.cutting._vault.crosswalks.load("absence"))
    rpp.projects.close(DORA, "absence", "done")
    sealed = contents(cut.path)
    made = rpp.vaulting.destroy(DORA, "absence", "the agreement has ended")
    left = contents(rpp.installation.vault_dir)
    assert not [name for name in left if "absence" in name]
    assert [name for name in left if "pathways" in name]
    assert made.content["codes"] == codes
    assert made.content["cuts"] == {cut.name: cut.sha256}
    assert set(made.content["files"]) >= {"projects/absence.key", "projects/absence.crosswalk"}
    there = {f"cuts/{cut.name}/{name}" for name in sealed}
    assert {name for name in made.content["files"] if name.startswith("cuts/")} == there
    assert made.content["files"][f"cuts/{cut.name}/manifest.json"] == cut.sha256
    assert len(made.content["files"]) == 3 + len(there)
    assert not rpp.installation.cuts_dir("absence").exists()
    assert rpp.installation.cuts_dir("pathways").exists()
    assert rpp.cutting.verify("absence") == (
        "It was destroyed with the key of absence; see `rpp vault certificate absence`.",
    )
    signed = (made.folder / "certificate.json").read_bytes()
    assert json.loads(signed) == made.content
    key = load_pem_public_key(rpp.cutting._vault.public_key_pem())
    assert isinstance(key, Ed25519PublicKey)
    signature = base64.b64decode((made.folder / "certificate.sig").read_bytes())
    key.verify(signature, signed)
    with pytest.raises(InvalidSignature):
        key.verify(signature, signed.replace(b"absence", b"obsence"))
    assert "the agreement has ended" in (made.folder / "certificate.html").read_text()
    with pytest.raises(ActionRefused, match="destroyed before"):
        rpp.vaulting.destroy(DORA, "absence")
    assert acts(rpp).count("vault:destroy") == 1


def test_only_a_closed_projects_key_can_be_destroyed(rpp: Rpp) -> None:
    before = contents(rpp.installation.vault_dir)
    with pytest.raises(ActionRefused, match="Close it first"):
        rpp.vaulting.destroy(DORA, "pathways")
    assert contents(rpp.installation.vault_dir) == before


@pytest.mark.parametrize("name", ["rosa", "paula", "vera", "dirk", "ada"])
def test_only_an_operator_rotates_and_only_a_data_manager_destroys(
    rpp: Rpp, new_key: Path, name: str
) -> None:
    rpp.projects.close(DORA, "pathways")
    before = contents(rpp.installation.vault_dir)
    for someone in (actor(name), DORA):
        with pytest.raises(NotPermitted):
            rpp.vaulting.rotate(someone, new_key)
    for someone in (actor(name), OTTO):
        with pytest.raises(NotPermitted):
            rpp.vaulting.destroy(someone, "pathways")
    assert contents(rpp.installation.vault_dir) == before


def test_nothing_is_destroyed_while_somebody_cuts(rpp: Rpp) -> None:
    rpp.projects.close(DORA, "pathways")
    with (
        locked(rpp.installation.cuts_dir("pathways"), ".cutting"),
        pytest.raises(Unavailable, match="Somebody else is working"),
    ):
        rpp.vaulting.destroy(DORA, "pathways")
    assert rpp.cutting.verify("pathways") == ()
