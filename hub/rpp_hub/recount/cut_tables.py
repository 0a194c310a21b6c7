"""What lies in the cut? Its columns as numbers that can be compared, read only when asked for."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet

from rpp_hub.recount.witness import MOST_ROWS

Ints = npt.NDArray[np.int64]


class NotThere(LookupError):
    """The cut has no such table or field, or it is too large to be counted again."""


class CutTables:
    """The Parquet files of a cut, and which of their columns name units."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._columns: dict[tuple[str, str], pd.Series[Any]] = {}
        self._units: dict[tuple[str, str], Ints] = {}
        self._universes: dict[str, pd.Index[Any]] = {}
        self._coded: dict[tuple[str, str], Ints] = {}

    @cached_property
    def names(self) -> frozenset[str]:
        """Its tables."""
        return frozenset(path.stem for path in self._data.glob("*.parquet"))

    @cached_property
    def _unit_fields(self) -> dict[str, dict[str, str]]:
        """For each table its kinds of unit with their columns, as the codebook says."""
        path = self._data / "datapackage.json"
        package = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        found: dict[str, dict[str, str]] = {}
        for resource in package.get("resources", []):
            for field in resource.get("schema", {}).get("fields", []):
                ours = field.get("rpp")
                kind = str(ours.get("unit") or "") if isinstance(ours, dict) else ""
                if kind:
                    found.setdefault(resource["name"], {}).setdefault(kind, field["name"])
        return found

    def fields(self, table: str) -> tuple[str, ...]:
        """The fields of a table that name no unit."""
        units = set(self._unit_fields.get(table, {}).values())
        return tuple(name for name in self.columns(table) if name not in units)

    def columns(self, table: str) -> tuple[str, ...]:
        """All its columns."""
        return tuple(pyarrow.parquet.read_schema(self._path(table)).names)

    def size(self, table: str) -> int:
        """Its number of records."""
        found = int(pyarrow.parquet.read_metadata(self._path(table)).num_rows)
        if found > MOST_ROWS:
            raise NotThere(table)
        return found

    def column(self, table: str, name: str) -> pd.Series[Any]:
        """A field's values, record after record."""
        key = (table, name)
        if key not in self._columns:
            if name not in self.columns(table):
                raise NotThere(name)
            self.size(table)
            read = pyarrow.parquet.read_table(self._path(table), columns=[name])
            self._columns[key] = read.column(0).to_pandas()
        return self._columns[key]

    def coded(self, table: str, name: str) -> Ints:
        """A field's values as the numbers of the different ones, in their order; -1 where it is missing."""
        key = (table, name)
        if key not in self._coded:
            codes, _ = pd.factorize(self.column(table, name), sort=True)
            self._coded[key] = np.asarray(codes, dtype=np.int64)
        return self._coded[key]

    def units(self, table: str, kind: str) -> Ints | None:
        """For each record the place of its unit's code among all codes of the cut; None where it is about no such unit."""
        name = self._unit_fields.get(table, {}).get(kind)
        if name is None:
            return None
        key = (table, kind)
        if key not in self._units:
            self._units[key] = np.asarray(
                self._universe(kind).get_indexer(self.column(table, name)), dtype=np.int64
            )
        return self._units[key]

    def count_of(self, kind: str) -> int:
        """How many codes of a kind the cut holds."""
        return len(self._universe(kind))

    def _universe(self, kind: str) -> pd.Index[Any]:
        if kind not in self._universes:
            every: set[str] = set()
            for table, kinds in self._unit_fields.items():
                if kind in kinds and table in self.names:
                    every.update(self.column(table, kinds[kind]).dropna().astype(str).unique())
            self._universes[kind] = pd.Index(sorted(every), dtype=object)
        return self._universes[kind]

    def _path(self, table: str) -> Path:
        if table not in self.names:
            raise NotThere(table)
        return self._data / f"{table}.parquet"
