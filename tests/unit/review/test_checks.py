"""What the checks find, and what looks alike and must not be found."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from PIL import Image
from rpp_review.checks import Appetite, Finding, Outcome, Surroundings, run_checks
from rpp_review.codes import code
from rpp_review.normal_form import normal_form

from tests.unit.review.notebooks import code_cell, display, error, notebook, png, stream

CODE = code("S", 4711)
KNOWN = Surroundings(
    identifiers=frozenset({"9001234567", "STU0013", "48213", "731"}),
    names=frozenset({"maria", "kowalczyk", "lopez", "black", "white", "will", "grant", "o'brien"}),
    columns={"attendance": ("student", "school_year", "grade", "days_absent")},
    unit_columns=frozenset({"student"}),
)

STUDENTS = pd.DataFrame(
    {
        "student": [code("S", number) for number in range(40)],
        "grade": [9 + number % 2 for number in range(40)],
        "gender": ["F"] * 37 + ["M"] * 3,
        "days_absent": [number % 11 for number in range(40)],
    }
)


def findings(
    *outputs: dict[str, Any], check: str, appetite: Appetite | None = None, **cell: Any
) -> tuple[Finding, ...]:
    """What one family finds in the outputs (not in the source, unless the source is given)."""
    form = normal_form(notebook(code_cell(*outputs, **cell)))
    found = run_checks(form, appetite or Appetite(), KNOWN)
    return tuple(
        one
        for one in found
        if one.check == check
        and one.outcome is not Outcome.PASS
        and (one.identity != "source" or "source" in cell)
    )


def worst(*outputs: dict[str, Any], check: str, appetite: Appetite | None = None, **cell: Any) -> Outcome:
    outcomes = {one.outcome for one in findings(*outputs, check=check, appetite=appetite, **cell)}
    return next((one for one in (Outcome.FAIL, Outcome.REVIEW) if one in outcomes), Outcome.PASS)


def both(frame: pd.DataFrame) -> tuple[dict[str, Any], ...]:
    """A frame as JupyterLab shows it, and as `print` does."""
    shown = {"text/html": frame._repr_html_(), "text/plain": repr(frame)}
    return display(shown), stream(f"{frame}\n")


def series(values: pd.Series[Any]) -> dict[str, Any]:
    return display({"text/plain": repr(values)})


CROSSTAB = pd.crosstab(STUDENTS["grade"], STUDENTS["gender"])
SIZES = STUDENTS.groupby(["grade", "gender"]).agg(n=("student", "size"), absent=("days_absent", "mean"))
MEANS = STUDENTS.groupby("grade")[["days_absent"]].mean()
LARGE = pd.DataFrame({"n": [120, 340], "absent": [3.25, 4.5]}, index=pd.Index([9, 10], name="grade"))


class TestSmallCells:
    @pytest.mark.parametrize(
        "frame", [CROSSTAB, SIZES, STUDENTS["gender"].value_counts().to_frame(), CROSSTAB.reset_index()]
    )
    def test_small_counts_of_a_frame_fail_shown_or_printed(self, frame: pd.DataFrame) -> None:
        for output in both(frame):
            found = findings(output, check="small-cells")
            assert found, output
            assert any("below 10" in one.summary for one in found)

    @pytest.mark.parametrize("frame", [CROSSTAB, SIZES])
    def test_a_count_column_or_crosstab_is_sure(self, frame: pd.DataFrame) -> None:
        for output in both(frame):
            assert worst(output, check="small-cells") is Outcome.FAIL

    @pytest.mark.parametrize(
        "values",
        [
            STUDENTS["gender"].value_counts(),
            STUDENTS.groupby("gender").size(),
            STUDENTS.groupby(["grade", "gender"]).size(),
        ],
    )
    def test_small_counts_of_a_printed_series_fail(self, values: pd.Series[Any]) -> None:
        assert worst(series(values), check="small-cells") is Outcome.FAIL

    def test_a_description_of_few_fails_though_its_count_has_decimals(self) -> None:
        for output in both(STUDENTS[["days_absent"]].head(4).describe()):
            assert worst(output, check="small-cells") is Outcome.FAIL
        assert worst(series(STUDENTS["days_absent"].head(4).describe()), check="small-cells") is Outcome.FAIL

    def test_tables_drawn_with_lines_are_read_too(self) -> None:
        duckdb = "┌────────┬───────┐\n│ gender │ n     │\n│ varchar│ int64 │\n├────────┼───────┤\n│ M      │     3 │\n└────────┴───────┘"
        markdown = "| gender |   n |\n|:-------|----:|\n| M      |   3 |"
        for text in (duckdb, markdown):
            assert worst(stream(text), check="small-cells") is Outcome.FAIL

    @pytest.mark.parametrize(
        "frame",
        [
            LARGE,
            LARGE.reset_index(),
            CROSSTAB * 100,
            pd.DataFrame({"grade": [9, 10], "n": [100, 200]}),
            pd.DataFrame({"n": [0, 40]}, index=["a", "b"]),  # nobody is behind a zero
            pd.DataFrame({"n": [10, 40]}, index=["a", "b"]),  # the threshold itself is enough
            pd.DataFrame({"n": ["<10", "40"]}, index=["a", "b"]),
        ],
    )
    def test_large_counts_and_grades_are_no_small_cells(self, frame: pd.DataFrame) -> None:
        for output in both(frame):
            assert findings(output, check="small-cells") == ()

    def test_a_whole_number_without_a_telling_name_is_for_a_person(self) -> None:
        for output in both(pd.DataFrame({"suspensions": [3, 40]}, index=["a", "b"])):
            assert worst(output, check="small-cells") is Outcome.REVIEW

    def test_means_without_counts_ask_for_the_counts(self) -> None:
        for output in both(MEANS):
            (found,) = findings(output, check="small-cells")
            assert found.outcome is Outcome.REVIEW
            assert "State the counts" in found.remedy

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("only 3 students left", Outcome.REVIEW), ("7 female teachers", Outcome.REVIEW)],
    )
    def test_counts_in_words_are_for_a_person(self, text: str, expected: Outcome) -> None:
        assert worst(stream(text), check="small-cells") is expected

    @pytest.mark.parametrize(
        "text",
        ["1,203 students", "12 students", "0.3 students", "in 3 steps", "Grade 9 students", "2.7 seconds"],
    )
    def test_words_with_numbers_are_not_small_counts(self, text: str) -> None:
        assert worst(stream(text), check="small-cells") is (
            Outcome.REVIEW if text.startswith("Grade") else Outcome.PASS
        )

    def test_the_threshold_comes_from_the_appetite_alone(self) -> None:
        output = both(pd.DataFrame({"n": [12, 40]}))[0]
        assert worst(output, check="small-cells") is Outcome.PASS
        assert worst(output, check="small-cells", appetite=Appetite(threshold=20)) is Outcome.FAIL


class TestRowLevel:
    def test_rows_of_the_data_fail(self) -> None:
        frame = pd.DataFrame(
            {"student": ["x"] * 5, "school_year": [2024] * 5, "grade": [9] * 5, "days_absent": [1] * 5}
        )
        for output in both(frame):
            assert worst(output, check="row-level") is Outcome.FAIL

    def test_sampled_rows_without_their_codes_are_for_a_person(self) -> None:
        frame = pd.DataFrame(
            {"school_year": [2024, 2023], "grade": [9, 8], "days_absent": [1, 4]}, index=[31, 7]
        )
        for output in both(frame):
            assert worst(output, check="row-level") is Outcome.REVIEW

    def test_a_sample_with_every_column_but_no_unit_column_fails(self) -> None:
        known = Surroundings(columns={"tests": ("grade", "score")})
        frame = pd.DataFrame({"grade": [9, 8], "score": [1.5, 2.5]}, index=[31, 7])
        form = normal_form(notebook(code_cell(both(frame)[0])))
        assert Outcome.FAIL in {
            one.outcome for one in run_checks(form, Appetite(), known) if one.check == "row-level"
        }

    def test_more_rows_than_the_appetite_fails(self) -> None:
        rows = pd.DataFrame({"n": range(100, 130)}).to_html()
        assert (
            worst(display({"text/html": rows}), check="row-level", appetite=Appetite(max_rows=29))
            is Outcome.FAIL
        )
        assert (
            worst(display({"text/html": rows}), check="row-level", appetite=Appetite(max_rows=30))
            is Outcome.PASS
        )

    def test_extremes_are_for_a_person(self) -> None:
        for output in (
            *both(STUDENTS[["days_absent"]].describe()),
            series(STUDENTS["days_absent"].describe()),
        ):
            assert worst(output, check="row-level") is Outcome.REVIEW
        for output in both(STUDENTS.groupby("grade")["days_absent"].agg(["min", "max"])):
            assert worst(output, check="row-level") is Outcome.REVIEW

    @pytest.mark.parametrize("frame", [CROSSTAB, SIZES, MEANS, LARGE, LARGE.reset_index()])
    def test_aggregates_are_no_records(self, frame: pd.DataFrame) -> None:
        for output in both(frame):
            assert findings(output, check="row-level") == ()


class TestIdentity:
    @pytest.mark.parametrize(
        "value", [CODE, CODE.lower(), "9001234567", "STU0013", "stu0013", "Maria Lopez", "Lopez, Maria"]
    )
    def test_it_fails_in_every_kind_of_item_and_is_never_repeated(self, value: str) -> None:
        places = (
            stream(f"row {value}"),
            error(f"KeyError: '{value}'"),
            display({"text/html": f"<table><tr><th>{value}</th><td>x</td></tr></table>"}),
            display(
                {"text/html": f"<p>{value}</p><table><caption>{value}</caption><tr><td>x</td></tr></table>"}
            ),
            display({"text/plain": value}),
        )
        for place in places:
            found = findings(place, check="identity")
            assert Outcome.FAIL in {one.outcome for one in found}, place
            assert not any(
                value.lower() in text.lower()
                for one in found
                for text in (one.summary, one.where, one.why, one.remedy)
            )

    @pytest.mark.parametrize("value", [CODE, "9001234567", "48213", "Maria Lopez", "maria_kowalczyk"])
    def test_it_fails_in_source_text_and_file_names(self, value: str) -> None:
        assert worst(check="identity", source=f"df.to_csv('out/{value}.csv')  # look") is Outcome.FAIL

    def test_it_fails_in_a_cells_id(self) -> None:
        assert worst(stream("x"), check="identity", identity=CODE, source="x") is Outcome.FAIL

    def test_short_identifiers_count_only_below_a_header_that_names_them(self) -> None:
        for header, expected in (
            ("sid", Outcome.FAIL),
            ("student_id", Outcome.FAIL),
            ("n", Outcome.PASS),
            ("width", Outcome.PASS),
        ):
            for output in both(pd.DataFrame({header: [731, 40]}, index=["a", "b"])):
                assert worst(output, check="identity") is expected, header

    def test_a_bare_number_that_is_also_an_identifier_is_for_a_person(self) -> None:
        assert worst(stream("total 48213"), check="identity") is Outcome.REVIEW
        assert worst(stream("student 48213"), check="identity") is Outcome.FAIL

    @pytest.mark.parametrize(
        "text",
        ["0.48213", "48213.7", "148213", "731", "48,213", "STU-13", "2024-11-24", "1e48213x", "S-7K3M9QX2-T"],
    )
    def test_other_numbers_are_no_identifiers(self, text: str) -> None:
        assert worst(stream(text), check="identity") is Outcome.PASS

    @pytest.mark.parametrize(
        "text",
        ["Black    12\nWhite    34", "Black and White", "students will grant", "Grant Will", "White Black"],
    )
    def test_groups_and_common_words_are_no_names(self, text: str) -> None:
        assert worst(stream(text), check="identity") is Outcome.PASS

    def test_a_single_surname_is_for_a_person_and_fails_in_a_column_of_names(self) -> None:
        assert worst(error("KeyError: 'Kowalczyk'"), check="identity") is Outcome.REVIEW
        frame = pd.DataFrame({"last_name": ["White", "x"], "n": [100, 200]})
        assert worst(both(frame)[0], check="identity") is Outcome.FAIL

    def test_a_code_with_a_wrong_check_symbol_is_for_a_person(self) -> None:
        wrong = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")
        assert worst(stream(wrong), check="identity") is Outcome.REVIEW


class TestHiddenContent:
    def test_everything_dropped_is_told(self) -> None:
        found = findings(
            display({"image/svg+xml": "<svg/>", "text/plain": "x"}),
            check="hidden-content",
            metadata={"collapsed": True},
        )
        assert {one.identity for one in found} == {"a", "a:0"}

    def test_a_figure_is_to_be_looked_at(self) -> None:
        (found,) = findings(display({"image/png": png(Image.new("L", (9, 9)))}), check="hidden-content")
        assert (found.outcome, "points" in found.remedy) == (Outcome.REVIEW, True)

    @pytest.mark.parametrize(
        "text",
        [
            "a\u202eb",
            "p\u0430ssword",
            "iVBORw0KGgoAAAANSUhEUgAAABQAAAAKCAIAAAA7N+mxAAAAFUlEQVR4nGP8z0A+YKJA76jmEaIZAHjzARO1LQhGAAAAAElFTkSuQmCC",
            "".join(str(number % 10) for number in range(7, 97)),
            "0123456789abcdef" * 6,
        ],
    )
    def test_unseen_and_packed_text_is_for_a_person(self, text: str) -> None:
        assert worst(stream(text), check="hidden-content") is Outcome.REVIEW
        assert worst(check="hidden-content", source=f"x = '{text}'") is Outcome.REVIEW

    @pytest.mark.parametrize(
        "text",
        [
            "=" * 90,
            "-" * 90,
            "0" * 90,
            "The means of 12 schools differ by 0.3 standard deviations, p < 0.001.",
            "/a/rather/long/path/to/the/data/of/the/district/of/bayview/2024/attendance.parquet",
            "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "Привет мир, élève Ωmega".replace("Ωmega", "Ω"),
            "coefficient_of_absences_in_the_previous_school_year_by_grade_level",
        ],
    )
    def test_ordinary_text_is_not_packed(self, text: str) -> None:
        assert findings(stream(text), check="hidden-content") == ()


def test_size_is_for_a_person() -> None:
    assert worst(stream("x\n" * 50), check="size", appetite=Appetite(max_lines=20)) is Outcome.REVIEW
    assert worst(stream("x" * 50), check="size", appetite=Appetite(max_characters=20)) is Outcome.REVIEW
    assert worst(both(CROSSTAB)[0], check="size", appetite=Appetite(max_columns=2)) is Outcome.REVIEW
    assert worst(stream("x\n" * 50), check="size") is Outcome.PASS


def test_a_clean_table_passes_every_family_and_says_so() -> None:
    form = normal_form(notebook(code_cell(both(LARGE)[0])))
    found = [one for one in run_checks(form, Appetite(), KNOWN) if one.identity == "a:0"]
    assert {one.check for one in found} == {"small-cells", "row-level", "identity", "hidden-content", "size"}
    assert {one.outcome for one in found} == {Outcome.PASS}


def test_every_finding_says_what_where_why_and_how_to_put_it_right() -> None:
    outputs = (*both(STUDENTS), *both(CROSSTAB), *both(MEANS), stream(CODE + "\u202e"), error("Maria Lopez"))
    form = normal_form(notebook(code_cell(*outputs, metadata={"collapsed": True})))
    for one in run_checks(form, Appetite(max_rows=20), KNOWN):
        if one.outcome is not Outcome.PASS:
            assert all(
                (one.summary.endswith("."), one.where, one.why.endswith("."), one.remedy.endswith("."))
            ), one
