"""Whom matching links by itself, and whom it leaves to a person."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.linkage.match import Outcome, Scored, Thresholds, count_outcomes, judge

T = Thresholds(link=10, doubt=1, lead=6, candidates=3)


def judged(
    *pairs: tuple[int, str, float], whole: frozenset[int] | None = None
) -> tuple[dict[int, str], set[tuple[int, str]]]:
    found = judge([Scored(*p) for p in pairs], T, whole)
    return dict(found.linked), {(s.person, s.identifier) for s in found.doubtful}


def test_strong_evidence_links() -> None:
    assert judged((1, "a", 10)) == ({1: "a"}, set())


def test_weak_evidence_is_doubtful_and_none_is_nothing() -> None:
    assert judged((1, "a", 9.9), (2, "b", 0.9)) == ({}, {(1, "a")})


def test_two_students_close_together_are_for_a_person() -> None:
    assert judged((1, "a", 20), (1, "b", 15)) == ({}, {(1, "a"), (1, "b")})
    assert judged((1, "a", 20), (1, "b", 14)) == ({1: "a"}, set())


def test_two_people_who_claim_one_student_are_for_a_person() -> None:
    assert judged((1, "a", 20), (2, "a", 19)) == ({}, {(1, "a"), (2, "a")})


def test_a_twin_whose_sibling_is_linked_is_not_shown_as_the_sibling() -> None:
    assert judged((1, "a", 25), (2, "a", 7)) == ({1: "a"}, set())


def test_who_left_something_out_is_never_linked_without_review() -> None:
    assert judged((1, "a", 25), whole=frozenset()) == ({}, {(1, "a")})


def test_the_best_of_several_records_of_one_student_counts() -> None:
    assert judged((1, "a", 12), (1, "a", 11)) == ({1: "a"}, set())


def test_no_more_candidates_are_shown_than_a_person_can_judge() -> None:
    _, doubtful = judged(*((1, f"s{n}", 5 + n / 10) for n in range(9)))
    assert doubtful == {(1, "s8"), (1, "s7"), (1, "s6")}


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from("abcdef"), st.floats(-5, 30)), max_size=40))
def test_nobody_is_linked_and_doubtful_and_no_student_is_linked_to_two_people(
    pairs: list[tuple[int, str, float]],
) -> None:
    linked, doubtful = judged(*pairs)
    assert not linked.keys() & {person for person, _ in doubtful}
    assert len(set(linked.values())) == len(linked)
    best = {(p, i): max(w for q, j, w in pairs if (q, j) == (p, i)) for p, i, _ in pairs}
    for person, identifier in linked.items():
        assert best[person, identifier] >= T.link
        assert all(
            best[person, identifier] - w >= T.lead
            for (p, i), w in best.items()
            if p == person and i != identifier and w >= T.doubt
        )


def test_every_row_is_counted_once() -> None:
    assert count_outcomes([1, 1, 2, 3], {1: "a"}, [2]) == {
        Outcome.LINKED: 2,
        Outcome.DOUBTFUL: 1,
        Outcome.NOT_LINKED: 1,
    }
