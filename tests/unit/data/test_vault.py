"""Codes are a bijection, stable, shared by no two projects; and only the right key opens the vault."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpp_hub.domain.errors import Invalid, Unavailable
from rpp_hub.vault import Vault, create_vault, open_vault
from rpp_hub.vault.codes import codes_of, draw_numbers
from rpp_review.codes import CODES, code, is_code

identifiers = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=40)
RELAXED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return create_vault(tmp_path / "vault")


def extend(vault: Vault, project: str, ids: list[str], unit: str = "student") -> dict[str, str]:
    return vault.crosswalks.extend(project, {unit: pa.array(ids, pa.string())}).codes(unit)


@given(numbers=st.lists(st.integers(0, CODES - 1), max_size=20), letter=st.sampled_from("STHCF"))
@settings(deadline=None)  # Arrow's first list loads pandas
def test_many_codes_at_once_are_the_codes_one_by_one(numbers: list[int], letter: str) -> None:
    drawn = codes_of(letter, np.array(numbers, dtype=np.uint64)).to_pylist()
    assert drawn == [code(letter, n) for n in numbers]
    assert all(map(is_code, drawn))


@given(count=st.integers(0, 200))
def test_drawn_numbers_are_new_and_different(count: int) -> None:
    taken = draw_numbers(50, np.empty(0, dtype=np.uint64))
    drawn = draw_numbers(count, np.sort(taken))
    assert len(set(drawn.tolist())) == count
    assert not set(drawn.tolist()) & set(taken.tolist())
    assert all(0 <= n < CODES for n in drawn.tolist())


def test_a_number_that_was_taken_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [np.array([7, 8], dtype=np.uint64).tobytes(), np.array([9], dtype=np.uint64).tobytes()]
    monkeypatch.setattr("secrets.token_bytes", lambda n: answers.pop(0))
    assert draw_numbers(2, np.array([7], dtype=np.uint64)).tolist() == [8, 9]


@given(first=identifiers, later=identifiers)
@RELAXED
def test_codes_are_a_bijection_and_stay_when_more_people_come(
    first: list[str], later: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    vault = create_vault(tmp_path_factory.mktemp("v") / "vault")
    before = extend(vault, "absence", first)
    after = extend(open_vault(vault.folder), "absence", first + later)
    assert set(before) == set(first)
    assert set(after) == {*first, *later}
    assert len(set(after.values())) == len(after)
    assert {i: after[i] for i in before} == before
    assert all(is_code(c) and c.startswith("S-") for c in after.values())


@given(ids=identifiers)
@RELAXED
def test_two_projects_and_two_units_share_no_code(
    ids: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    vault = create_vault(tmp_path_factory.mktemp("v") / "vault")
    sets = [
        set(extend(vault, p, ids, u).values()) for p in ("absence", "reading") for u in ("student", "staff")
    ]
    numbers = [{c[2:11] for c in codes} for codes in sets]
    assert sum(map(len, numbers)) == len(set.union(*numbers))


def test_codes_say_nothing_about_identifiers(tmp_path: Path) -> None:
    ids = [f"{i:07d}" for i in range(2000)]
    one, two = (extend(create_vault(tmp_path / name), "absence", ids) for name in ("a", "b"))
    assert not set(one.values()) & set(two.values())  # the same project and people, other codes
    ranks = {c: n for n, c in enumerate(sorted(one.values()))}
    order = np.corrcoef(range(2000), [ranks[one[i]] for i in ids])[0, 1]
    assert abs(order) < 0.1


def test_missing_identifiers_get_no_code(vault: Vault) -> None:
    crosswalk = vault.crosswalks.extend("absence", {"student": pa.array(["1", None, "1"])})
    assert list(crosswalk.codes("student")) == ["1"]


@pytest.mark.parametrize("unit", ["", "x", "Family", "family 2", 'x"; DROP TABLE y', "ü" * 5])
def test_a_unit_without_a_plain_name_is_refused(unit: str, vault: Vault) -> None:
    with pytest.raises(Invalid, match="no codes for the unit"):
        extend(vault, "absence", ["1"], unit)


def test_a_districts_own_unit_has_a_letter_that_no_other_unit_has(vault: Vault) -> None:
    assert [extend(vault, "absence", ["1"], unit)["1"][0] for unit in ("family", "classroom", "schs")] == [
        "A",
        "L",
        "U",
    ]


def test_nothing_in_the_vault_can_be_read_without_the_key(vault: Vault) -> None:
    codes = extend(vault, "absence", ["0412345", "0998877"])
    for path in vault.folder.rglob("*"):
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0 or path.name == "lock"
            assert not any(i.encode() in path.read_bytes() for i in (*codes, *codes.values()))


def test_a_crosswalk_is_not_shown_by_accident(vault: Vault) -> None:
    crosswalk = vault.crosswalks.extend("absence", {"student": pa.array(["0412345"])})
    assert "0412345" not in repr(crosswalk)
    assert vault.key.secret.hex() not in repr(vault)
    assert repr(vault.key.secret) not in repr(vault) + repr(vault.key)


class TestTheMasterKey:
    """Lost or wrong: a clear error, and nothing is harmed."""

    def test_a_lost_key_is_told_and_no_new_one_is_made(self, vault: Vault) -> None:
        codes, key = extend(vault, "absence", ["1"]), (vault.folder / "master.key").read_bytes()
        before = _contents(vault.folder)
        (vault.folder / "master.key").unlink()
        for opening in (open_vault, create_vault):
            with pytest.raises(Unavailable, match="cannot be read") as told:
                opening(vault.folder)
            assert told.value.code == "master-key-missing"
        (vault.folder / "master.key").write_bytes(key)
        assert _contents(vault.folder) == before
        assert extend(open_vault(vault.folder), "absence", ["1"]) == codes

    @pytest.mark.parametrize(
        ("key", "code"), [(bytes(32), "master-key-wrong"), (b"short", "master-key-damaged")]
    )
    def test_a_wrong_key_is_told(self, key: bytes, code: str, vault: Vault, tmp_path: Path) -> None:
        extend(vault, "absence", ["1"])
        before = _contents(vault.folder)
        (tmp_path / "other.key").write_bytes(key)
        with pytest.raises(Unavailable) as told:
            open_vault(vault.folder, tmp_path / "other.key")
        assert told.value.code == code
        assert _contents(vault.folder) == before

    def test_the_key_may_lie_elsewhere(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "elsewhere.key").write_bytes(bytes(range(32)))
        monkeypatch.setenv("RPP_MASTER_KEY_FILE", str(tmp_path / "elsewhere.key"))
        codes = extend(create_vault(tmp_path / "vault"), "absence", ["1"])
        assert not (tmp_path / "vault" / "master.key").exists()
        assert extend(open_vault(tmp_path / "vault"), "absence", ["1"]) == codes

    def test_the_key_may_stand_in_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RPP_MASTER_KEY", base64.b64encode(bytes(range(32))).decode())
        codes = extend(create_vault(tmp_path / "vault"), "absence", ["1"])
        assert not (tmp_path / "vault" / "master.key").exists()
        assert extend(open_vault(tmp_path / "vault"), "absence", ["1"]) == codes
        for wrong, said in (
            ("bm90aGluZw==", "damaged"),
            ("?", "damaged"),
            (base64.b64encode(bytes(32)), "wrong"),
        ):
            monkeypatch.setenv("RPP_MASTER_KEY", wrong if isinstance(wrong, str) else wrong.decode())
            with pytest.raises(Unavailable) as told:
                open_vault(tmp_path / "vault")
            assert told.value.code == f"master-key-{said}"

    def test_the_key_may_be_a_credential_of_systemd(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "rpp-master-key").write_bytes(bytes(range(32)))
        monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
        codes = extend(create_vault(tmp_path / "vault"), "absence", ["1"])
        assert not (tmp_path / "vault" / "master.key").exists()
        assert extend(open_vault(tmp_path / "vault"), "absence", ["1"]) == codes
        (tmp_path / "rpp-master-key").write_bytes(bytes(32))
        with pytest.raises(Unavailable) as told:
            open_vault(tmp_path / "vault")
        assert told.value.code == "master-key-wrong"

    def test_the_environment_may_not_name_a_key_that_is_not_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RPP_MASTER_KEY_FILE", str(tmp_path / "nowhere.key"))
        with pytest.raises(Unavailable, match="cannot be read"):
            create_vault(tmp_path / "vault")


class TestDamage:
    """One file in the place of another, or a byte of it changed."""

    def test_another_projects_crosswalk_does_not_open(self, vault: Vault) -> None:
        extend(vault, "absence", ["1"])
        extend(vault, "reading", ["1"])
        folder = vault.folder / "projects"
        (folder / "absence.crosswalk").write_bytes((folder / "reading.crosswalk").read_bytes())
        (folder / "absence.key").write_bytes((folder / "reading.key").read_bytes())
        with pytest.raises(Unavailable):
            vault.crosswalks.load("absence")

    def test_a_changed_byte_is_noticed(self, vault: Vault) -> None:
        extend(vault, "absence", ["1"])
        path = vault.folder / "projects" / "absence.crosswalk"
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        with pytest.raises(Unavailable, match="damaged"):
            vault.crosswalks.load("absence")

    def test_a_missing_project_key_is_never_drawn_anew(self, vault: Vault) -> None:
        extend(vault, "absence", ["1"])
        (vault.folder / "projects" / "absence.key").unlink()
        with pytest.raises(Unavailable, match="missing from the vault"):
            extend(vault, "absence", ["2"])


def test_a_signature_holds_for_these_bytes_and_no_others(vault: Vault) -> None:
    public = load_pem_public_key(vault.public_key_pem())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(open_vault(vault.folder).sign(b"released"), b"released")
    with pytest.raises(InvalidSignature):
        public.verify(vault.sign(b"released"), b"Released")


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_many_identifiers_get_one_code_each_however_often_they_come(vault: Vault) -> None:
    many = [str(n % 200_000) for n in range(300_000)]
    crosswalk = vault.crosswalks.extend("absence", {"student": pa.array([*many, None, ""])})
    assert len(crosswalk) == 200_001
    assert len(set(crosswalk.table["code"].to_pylist())) == 200_001
    assert set(crosswalk.table["identifier"].to_pylist()) == {*many, ""}
    assert vault.crosswalks.load("absence").table.equals(crosswalk.table)
