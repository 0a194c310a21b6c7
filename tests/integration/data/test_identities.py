"""Doubtful identifiers from finding to the cut: decided once, an input of the build, and codes that stay."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rpp_hub.bootstrap import Rpp
from rpp_hub.domain.errors import ActionRefused, Invalid, NotFound, NotPermitted
from rpp_hub.linkage.envelope import open_box
from rpp_hub.services.auditing import AuditFilter
from rpp_hub.services.returning import Wanted
from rpp_hub.warehouse.identities import Kind, Sighting
from rpp_hub.warehouse.identity_table import Verdict

from tests.factories import SETUP, actor
from tests.integration.data.conftest import acts

DORA = actor("dora")


def candidates(rpp: Rpp) -> list[tuple[str, list[Sighting]]]:
    """The students under two identifiers, whose years do not overlap first."""
    rpp.identities.find(DORA, "bayview")
    views = [v for v in rpp.identities.list(DORA, "bayview") if v.kind is Kind.TWO_IDENTIFIERS]
    return [(v.name, list(rpp.identities.get(DORA, "bayview", v.name)[0].people)) for v in views]


def codes(rpp: Rpp) -> dict[str, str]:
    return rpp.cutting._vault.crosswalks.load("absence").codes("student")


def in_cut(rpp: Rpp) -> set[str]:
    data = rpp.cutting.build(DORA, "absence").path / "data"
    return set(pq.read_table(data / "student_demographics.parquet")["student_id"].to_pylist())


def masters(rpp: Rpp) -> set[str]:
    folder = rpp.installation.warehouse_dir("bayview") / "masters" / "current"
    return set(pq.read_table(folder / "student_demographics" / "part-0.parquet")["student_id"].to_pylist())


def test_a_merge_is_part_of_the_next_build_and_of_its_hash(rpp: Rpp) -> None:
    before = rpp.warehousing.build(DORA, "bayview")
    name, people = candidates(rpp)[0]
    old, stays = people[0].identifier, people[1].identifier
    view = rpp.identities.decide(DORA, "bayview", name, Verdict.MERGE, "Same mother, same address.", stays)
    assert view.decided is not None
    assert (view.decided.verdict, view.decided.decided_by) == (Verdict.MERGE, "dora")
    assert {old, stays} <= masters(rpp)
    after = rpp.warehousing.build(DORA, "bayview")
    assert after.sha256 != before.sha256
    assert masters(rpp) >= {stays}
    assert old not in masters(rpp)
    assert any(r.rule == "identities" and r.touched for r in after.rules)
    rpp.identities.decide(DORA, "bayview", name, Verdict.KEEP, "They are twins after all.")
    assert {old, stays} <= masters(rpp) or rpp.warehousing.build(DORA, "bayview")
    assert {old, stays} <= masters(rpp)


def test_the_audit_log_says_who_and_why_and_never_whom(rpp: Rpp) -> None:
    name, people = candidates(rpp)[0]
    rpp.identities.decide(DORA, "bayview", name, Verdict.MERGE, "Same address.", people[0].identifier)
    event = next(e for e in rpp.auditing.events(SETUP, AuditFilter(limit=5)) if e.act == "identity:decide")
    assert (event.actor, event.reason) == ("dora", "Same address.")
    said = repr(event)
    assert not any(p.identifier in said or p.last in said for p in people)
    assert acts(rpp).count("identity:find") == 1


def test_only_a_data_manager_sees_or_decides_and_never_without_a_reason(rpp: Rpp) -> None:
    name, people = candidates(rpp)[0]
    for person in ("rosa", "vera", "otto", "paula"):
        with pytest.raises(NotPermitted):
            rpp.identities.list(actor(person), "bayview")
        with pytest.raises(NotPermitted):
            rpp.identities.get(actor(person), "bayview", name)
        with pytest.raises(NotPermitted):
            rpp.identities.decide(actor(person), "bayview", name, Verdict.KEEP, "because")
    with pytest.raises(Invalid, match="Say why"):
        rpp.identities.decide(DORA, "bayview", name, Verdict.MERGE, " ", people[0].identifier)
    with pytest.raises(ActionRefused):
        rpp.identities.decide(DORA, "bayview", name, Verdict.SPLIT, "because", "1")
    with pytest.raises(NotFound):
        rpp.identities.decide(DORA, "bayview", "i-nothing", Verdict.KEEP, "because")
    assert not any(v.decided for v in rpp.identities.list(DORA, "bayview"))


def test_after_a_cut_a_merge_keeps_one_of_the_two_codes_and_gives_neither_to_anybody_else(rpp: Rpp) -> None:
    first_cut = in_cut(rpp)
    before = codes(rpp)
    name, people = next((n, p) for n, p in candidates(rpp) if any(x.identifier in before for x in p))
    coded = [p.identifier for p in people if p.identifier in before]
    old = coded[0]
    stays = next(p.identifier for p in people if p.identifier != old)
    rpp.identities.decide(DORA, "bayview", name, Verdict.MERGE, "Same address.", stays)
    rpp.warehousing.build(DORA, "bayview")
    second_cut = in_cut(rpp)
    after = codes(rpp)
    assert {i: after[i] for i in before} == before  # whoever had a code has it still
    mine = {before[i] for i in (old, stays) if i in before}
    used = mine & second_cut
    assert len(used) == 1  # one of the two codes, and not a third
    assert second_cut - first_cut <= {c for c in after.values() if c not in before.values()}
    kept = before.get(stays, before[old])
    assert used == {kept}


def test_where_only_the_old_identifier_had_a_code_the_person_keeps_it(rpp: Rpp) -> None:
    vault = rpp.cutting._vault.crosswalks
    first = vault.extend("absence", {"student": pa.array(["1", "3"])}).codes("student")
    merged = {"student": {"1": "2"}}
    both = vault.extend("absence", {"student": pa.array(["2", "3", "4"])}, merged).codes("student")
    assert both["2"] == first["1"]
    assert both["3"] == first["3"]
    assert len(set(both.values())) == len(both)
    again = vault.extend("absence", {"student": pa.array(["1", "2"])}).codes(
        "student"
    )  # the merge was taken back
    assert again["1"] == first["1"]
    assert again["2"] not in (first["1"], first["3"], both["4"])
    assert len(set(again.values())) == len(again)
    once_more = vault.extend("absence", {"student": pa.array(["2"])}, merged).codes("student")
    assert once_more["2"] == again["2"]  # both have one now: the one that stays keeps its own


def test_results_of_whom_the_district_has_merged_since_go_back_under_the_identifier_that_stays(
    rpp: Rpp, tmp_path: Path
) -> None:
    in_cut(rpp)
    coded = codes(rpp)
    name, people = next((n, p) for n, p in candidates(rpp) if any(x.identifier in coded for x in p))
    old = next(p.identifier for p in people if p.identifier in coded)
    stays = next(p.identifier for p in people if p.identifier != old)
    rpp.identities.decide(DORA, "bayview", name, Verdict.MERGE, "Same address.", stays)
    (tmp_path / "risk.csv").write_text(f"student,risk\n{coded[old]},0.5\n")
    phrase = "five random words make it"
    rpp.returning.give_back(
        DORA, "absence", Wanted(tmp_path / "risk.csv", tmp_path / "out", passphrase=phrase)
    )
    text = open_box((tmp_path / "out").read_bytes(), passphrase=phrase).decode("utf-8-sig")
    assert [row["student_id"] for row in csv.DictReader(io.StringIO(text))] == [stays]


def test_merges_among_many_coded_students_rename_them_alone(rpp: Rpp) -> None:
    vault = rpp.cutting._vault.crosswalks
    everybody = pa.array([str(n) for n in range(20_000)])
    before = vault.extend("absence", {"student": everybody, "school": pa.array(["0", "1"])})
    merged = {"student": {str(n): f"new-{n // 2}" for n in range(10_000)} | {"19999": "19998"}}
    after = vault.extend("absence", {}, merged)
    old, new = before.codes("student"), after.codes("student")
    # of two that became one the first keeps its code; who has a code already takes no other
    assert {i: c for i, c in new.items() if i.startswith("new-")} == {
        f"new-{n // 2}": old[min(str(n), str(n + 1))] for n in range(0, 10_000, 2)
    }
    assert all(new[i] == c for i, c in old.items() if i in new)
    assert len(new) == len(old)
    assert after.codes("school") == before.codes("school")
