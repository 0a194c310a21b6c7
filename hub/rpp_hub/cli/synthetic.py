"""rpp synthetic: a district that never was, for trying things out."""

from __future__ import annotations

from pathlib import Path

import click

from rpp_hub.cli.context import answer, json_option
from rpp_hub.synthetic import write_district


@click.group()
def synthetic() -> None:
    """Synthetic data, for demonstrations and tests."""


@synthetic.command("district")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--students", default=20_000, show_default=True, type=click.IntRange(100), help="How many.")
@click.option(
    "--years", default=6, show_default=True, type=click.IntRange(1, 20), help="How many school years."
)
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same bytes.")
@json_option
def district(folder: Path, students: int, years: int, seed: int, as_json: bool) -> None:
    """Write a synthetic district's drop folders below FOLDER."""
    summary = write_district(folder, students, years, seed)
    answer(
        summary, as_json, lambda: "\n".join(f"{name}: {rows:,} rows" for name, rows in summary.rows.items())
    )
