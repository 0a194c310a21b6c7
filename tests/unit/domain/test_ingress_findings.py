"""What is pointed out about an offered file, and that an ordinary one has its measure alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.errors import Invalid
from rpp_hub.domain.ingress import IngressKind, check_offer
from rpp_hub.domain.ingress_findings import look

PLAIN = "import pandas as pd\n\n\ndef rate(frame):\n    return frame['absent'] / frame['enrolled']\n"


def test_an_ordinary_file_has_its_measure_alone() -> None:
    assert look("a.py", IngressKind.CODE, PLAIN) == ("Code, 5 lines.",)
    assert look("a.csv", IngressKind.TABLE, "school,rate\nA,-0.5\nB,+1\n") == (
        "A table, 2 rows and 2 columns: school, rate.",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = '" + "QUJD" * 40 + "'\n", "Packed or encoded text that cannot be read, in line 1"),
        ("a = 1\nexec(code)\n", "makes or loads other code, or starts programs, in line 2"),
        ("import base64\nbase64.b64decode(x)\n", "makes or loads other code"),
        ("# see https://example.org/a?b=1 and a@b.org\n", "1 link: https://example.org/a?b=1"),
        ("# ask a@b.org, c@d.org\n", "2 e-mail addresses: a@b.org, c@d.org"),
        ("a = 1  # \u202e}\n", "1 character cannot be seen, or turns the order"),
        ("a = [" + "1, " * 300 + "]\n", "More than 500 characters in line 1"),
    ],
)
def test_in_code_it_is_pointed_out(text: str, said: str) -> None:
    found = look("a.py", IngressKind.CODE, text)
    assert any(said in sentence for sentence in found), found


def test_in_a_table_cells_that_a_spreadsheet_would_run_are_counted() -> None:
    found = look("a.tsv", IngressKind.TABLE, 'name\tvalue\n=HYPERLINK("x")\t@SUM(A1)\nplain\t-3\n')
    assert any("2 cells begin like a formula" in sentence for sentence in found), found


@given(st.text(max_size=400), st.sampled_from(["a.py", "a.csv", "a.tsv"]))
def test_whatever_is_taken_can_be_looked_at(text: str, name: str) -> None:
    content = text.encode("utf-8", "replace")
    try:
        kind = check_offer(name, content, "needed for a test")
    except Invalid:
        return
    assert all(look(name, kind, content.decode("utf-8-sig")))
