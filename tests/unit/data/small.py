"""Small districts: masters as a build leaves them, and cuts of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rpp_hub.cuts.look import Leak
from rpp_hub.cuts.plan import Agreed, Column, TablePlan, Treatment, agree
from rpp_hub.cuts.scan import scan_tables
from rpp_hub.domain.application import Application, application_from
from rpp_hub.vault import Crosswalk, Vault, create_vault
from rpp_hub.warehouse.codebook import Codebook, Field, Identifier, Table, Type, codebook_json
from rpp_hub.warehouse.masters import CURRENT, Masters, open_masters

STUDENT = Field("student_id", identifier=Identifier.DIRECT, unit="student")
YEAR = Field("school_year", Type.INTEGER)
GRADE = Field("grade_level", Type.INTEGER)
MEAL = Field("frpl", never_share="May not be shared.")
FIRST = Field("first_name", identifier=Identifier.DIRECT, person_name=True, never_share="A person's name.")
LAST = Field("last_name", identifier=Identifier.DIRECT, person_name=True, never_share="A person's name.")
BORN = Field("birth_date", Type.DATE, identifier=Identifier.INDIRECT, generalise="month")
NOTE = Field("note")

ARROW = {Type.INTEGER: pa.int64(), Type.NUMBER: pa.float64(), Type.DATE: pa.date32()}


def current(district_dir: Path) -> Masters:
    """The masters to which a district's `current` points."""
    return open_masters((district_dir / "masters" / CURRENT).resolve())


def masters(folder: Path, tables: Mapping[str, tuple[Sequence[Field], Sequence[Sequence[Any]]]]) -> Masters:
    """Masters of these tables: name → (fields, rows)."""
    folder.mkdir(parents=True)
    book = Codebook("Bayview", tuple(Table(name, tuple(fields)) for name, (fields, _) in tables.items()))
    for name, (fields, rows) in tables.items():
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [[] for _ in fields]
        arrays = [pa.array(c, ARROW.get(f.type, pa.string())) for f, c in zip(fields, columns, strict=True)]
        (folder / name).mkdir()
        pq.write_table(pa.table(arrays, names=[f.name for f in fields]), folder / name / "part-0.parquet")
    (folder / "datapackage.json").write_bytes(codebook_json(book))
    (folder / "manifest.json").write_text(
        json.dumps({"sha256": "0" * 64, "tables": dict.fromkeys(tables, 0)})
    )
    return open_masters(folder)


def application(
    tables: Mapping[str, Sequence[str]],
    years: tuple[int, int] = (2019, 2024),
    cohort: tuple[str, str] | None = None,
    project: str = "absence",
) -> Application:
    """A project that asks for these fields."""
    asked = {
        t: {"fields": [{"name": f, "rationale": "needed"} for f in fields]} for t, fields in tables.items()
    }
    return application_from(
        {
            "project": project, "title": "Absence", "district": "bayview", "sponsor": "paula",
            "questions": ["How does absence differ?"], "irb": {"number": "1", "ends": "2030-01-01"},
            "agreement": {"ends": "2030-01-01"}, "tables": asked, "years": list(years),
            "cohort": {"table": cohort[0], "where": cohort[1]} if cohort else None,
            "members": [{"person": "rosa", "role": "lead"}],
        }
    )  # fmt: skip


def vault(folder: Path) -> Vault:
    return create_vault(folder)


def agreed(of: Masters, tables: Mapping[str, Sequence[str]], **more: Any) -> Agreed:
    return agree(application(tables, **more), of.codebook)


def scan_column(
    folder: Path,
    of: Masters,
    vault: Vault,
    values: Sequence[Any],
    *,
    name: str = "note",
    ids: Sequence[str] = (),
) -> tuple[Leak, ...]:
    """What the scan says of a cut whose one table has students' codes and this column beside them."""
    crosswalk = vault.crosswalks.extend(
        "absence", {"student": pa.array(list(ids) or [str(i) for i in range(len(values))])}
    )
    return scan_table(folder, of, crosswalk, values, name, list(ids))


def scan_table(
    folder: Path, of: Masters, crosswalk: Crosswalk, values: Sequence[Any], name: str, ids: Sequence[str]
) -> tuple[Leak, ...]:
    folder.mkdir(exist_ok=True)
    codes = crosswalk.codes("student")
    of_rows = [codes[i] for i in ids] if ids else list(codes.values())[: len(values)]
    path = folder / "notes.parquet"
    pq.write_table(pa.table({"student_id": of_rows, name: pa.array(values)}), path, store_schema=False)
    return rescan(folder, of, crosswalk, name, Type.STRING if isinstance(values[0], str) else Type.INTEGER)


def rescan(
    folder: Path, of: Masters, crosswalk: Crosswalk, name: str, kind: Type = Type.STRING
) -> tuple[Leak, ...]:
    """What the scan says of the table that lies in `folder`."""
    columns = (Column(STUDENT, Treatment.CODE), Column(Field(name, kind), Treatment.KEEP))
    plan = TablePlan("notes", columns, "student", "student_id", None)
    with duckdb.connect() as con:
        return scan_tables(con, of, Agreed("absence", (plan,), (), (2019, 2024), None), crosswalk, folder)
