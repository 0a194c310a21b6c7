"""`rpp doctor` where something of the installation is really missing: one line says what it is and how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from rpp_hub.bootstrap import database_url, initialise
from rpp_hub.installation import Installation
from rpp_hub.resources import resource
from rpp_hub.settings import Settings, read_settings
from rpp_hub.store.schema import newest_revision
from rpp_hub.workspace import doctor_installation
from rpp_hub.workspace.doctor import Note, Problem
from rpp_hub.workspace.doctor_installation import PROXY, node
from rpp_hub.workspace.environment import STAMP

from tests.harness import CHECKOUT, cannot_sandbox
from tests.postgres import Cluster

# a place as it is outside, seen from inside of one more namespace
SAME = ("bwrap", "--dev-bind", "/", "/")
# a process whose log's clock is a day ahead
TOMORROW = """
import datetime, sys
from pathlib import Path
from rpp_hub.bootstrap import initialise
from rpp_hub.store import audit
class Ahead(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(days=1)
audit.datetime = Ahead
initialise(Path(sys.argv[1]), "[districts.bayview]\\ntitle = 'Bayview'\\n")
"""


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    """A whole installation, to be broken."""
    return initialise(tmp_path / "home", "")


def found(place: Installation) -> dict[str, Problem | Note]:
    settings = read_settings(place.config_path)
    told = doctor_installation.installation(place, settings, database_url(place, settings))
    return {one.code: one for one in told}


def problems(place: Installation) -> dict[str, Problem]:
    return {code: one for code, one in found(place).items() if isinstance(one, Problem)}


def the_problem(place: Installation) -> Problem:
    (one,) = problems(place).values()
    for text in (one.sentence, one.remedy):
        assert text
        assert "\n" not in text
    return one


def doctor(home: Path, before: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """The command itself, in JSON."""
    return run([*before, sys.executable, "-m", "rpp_hub.cli", "doctor", "--json"], home, **environment)


def run(command: Sequence[str], home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env={**os.environ, "RPP_HOME": str(home), **environment},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def codes(done: subprocess.CompletedProcess[str]) -> set[str]:
    return {problem["code"] for problem in json.loads(done.stdout)["problems"]}


def test_control_a_whole_installation_has_no_problem(place: Installation) -> None:
    assert problems(place) == {}
    environment = CHECKOUT / ".workspace"
    if (environment / STAMP).exists():
        assert list(doctor_installation.parts(environment)) == []


def test_a_master_key_that_is_gone(place: Installation) -> None:
    (place.vault_dir / "master.key").unlink()
    problem = the_problem(place)
    assert problem.code == "master-key-missing"
    assert "RPP_MASTER_KEY_FILE" in problem.remedy


def test_a_master_key_that_others_may_read(place: Installation) -> None:
    (place.vault_dir / "master.key").chmod(0o640)
    problem = the_problem(place)
    assert problem.code == "master-key-open"
    assert problem.remedy.startswith("Take that from them: 'chmod 600 ")
    (place.vault_dir / "master.key").chmod(0o600)
    assert problems(place) == {}


def test_another_vaults_master_key(place: Installation, tmp_path: Path) -> None:
    other = initialise(tmp_path / "other", "")
    shutil.copy(other.vault_dir / "master.key", place.vault_dir / "master.key")
    assert the_problem(place).code == "master-key-wrong"


def test_a_master_key_that_was_cut_off(place: Installation) -> None:
    (place.vault_dir / "master.key").write_bytes(b"short")
    assert the_problem(place).code == "master-key-damaged"


def test_a_database_that_is_gone_is_not_made_anew(place: Installation) -> None:
    place.database_path.unlink()
    assert the_problem(place).code == "database-away"
    assert not place.database_path.exists()


def test_a_database_that_is_none(place: Installation) -> None:
    for path in place.hub_dir.glob("rpp.sqlite*"):
        path.unlink()
    place.database_path.write_bytes(b"this was a database once " * 100)
    assert the_problem(place).code == "database-damaged"


@pytest.mark.parametrize(
    ("revision", "code"), [("0001", "database-older"), ("ffffffffffff", "database-newer")]
)
def test_a_database_of_another_release(place: Installation, revision: str, code: str) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from rpp_hub.store.database import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    first = ScriptDirectory.from_config(config).get_base() or ""
    assert first != newest_revision()
    with sqlite3.connect(place.database_path) as database:
        database.execute(
            "UPDATE alembic_version SET version_num = ?", (first if revision == "0001" else revision,)
        )
    database.close()
    assert the_problem(place).code == code


def test_a_server_that_does_not_answer_and_one_without_tables(place: Installation, postgres: Cluster) -> None:
    def told(url: str) -> str:
        problem = doctor_installation.database(place, url)
        return "" if problem is None else problem.code

    assert told("postgresql+psycopg://rpp@/rpp?host=/nowhere") == "database-away"
    assert told(postgres.empty_database().owner_url) == "database-older"
    assert told(postgres.database().url) == ""


def test_a_clock_that_stands_before_what_was_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = run([sys.executable, "-c", TOMORROW, str(home)], home)
    assert made.returncode == 0, made.stderr
    problem = the_problem(Installation(home))
    assert problem.code == "clock"
    assert "timedatectl" in problem.remedy


def test_a_folder_that_is_another_accounts(place: Installation) -> None:
    place.home.chmod(0o500)
    try:
        assert "home" in problems(place)
    finally:
        place.home.chmod(0o700)
    assert problems(place) == {}


def test_a_run_folder_that_others_may_enter(
    place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_dir = Path("/tmp") / f"rpp-test-{os.urandom(4).hex()}"
    run_dir.mkdir()
    run_dir.chmod(0o755)
    monkeypatch.setenv("RPP_RUN_DIR", str(run_dir))
    try:
        assert the_problem(place).code == "run-dir"
    finally:
        run_dir.rmdir()


def test_what_a_workspace_may_write_is_said_with_what_is_free(place: Installation) -> None:
    settings = Settings.model_validate({"workspace": {"disk": 2**40}})
    told = doctor_installation.installation(place, settings, database_url(place, settings))
    (note,) = [one for one in told if one.code == "disk"]
    assert "smaller 'disk'" in note.remedy
    assert found(place)["disk"].remedy == ""


class TestFromOutside:
    """The command, on machines that lack something."""

    @pytest.fixture(autouse=True)
    def _namespaces(self) -> None:
        if reason := cannot_sandbox():
            pytest.skip(reason)

    def test_control_nothing_is_wrong_in_one_more_namespace(self, place: Installation) -> None:
        done = doctor(place.home, SAME)
        assert (done.returncode, codes(done)) == (0, set()), done.stdout

    def test_without_node_proxy_environment_and_control_groups(self, place: Installation) -> None:
        modules = resource(PROXY).parents[2]
        hidden = ("--ro-bind", "/dev/null", str(node()), "--tmpfs", str(modules), "--tmpfs", "/sys/fs/cgroup")
        done = doctor(place.home, (*SAME, *hidden), RPP_ENVIRONMENT="/nowhere")
        assert done.returncode == 1
        assert codes(done) == {"node", "proxy", "environment"}
        assert all("scripts/set-up" in one["remedy"] for one in json.loads(done.stdout)["problems"])
        notes = {note["code"]: note for note in json.loads(done.stdout)["notes"]}
        assert "scripts/delegate-cgroups" in notes["limits-rlimit"]["remedy"]

    def test_on_a_disk_that_is_full(self, tmp_path: Path) -> None:
        small = tmp_path / "small"
        small.mkdir()
        both = (
            f'"{sys.executable}" -m rpp_hub.cli init >&2 && "{sys.executable}" -m rpp_hub.cli doctor --json'
        )
        inside = (*SAME, "--size", str(64 * 2**20), "--tmpfs", str(small), "sh", "-c", both)
        done = run(inside, small / "home")
        assert codes(done) == {"disk-full"}, done.stderr

    def test_on_a_disk_that_may_only_be_read(self, place: Installation) -> None:
        done = doctor(place.home, (*SAME, "--ro-bind", str(place.home), str(place.home)))
        assert done.returncode == 1
        assert "disk-read-only" in codes(done)

    def test_where_the_wildcard_domain_leads_nowhere_and_json_says_what_the_text_says(
        self, place: Installation
    ) -> None:
        config = '[server]\norigin = "https://rpp.invalid"\nworkspace_domain = "w.rpp.invalid"\n'
        place.config_path.write_text(config)
        done = doctor(place.home)
        assert codes(done) == {"workspace-domain"}, done.stdout + done.stderr
        text = run([sys.executable, "-m", "rpp_hub.cli", "doctor"], place.home).stdout.splitlines()
        (problem,) = json.loads(done.stdout)["problems"]
        assert f"{problem['sentence']} {problem['remedy']}" in text
