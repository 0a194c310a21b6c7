"""Write the generated pages of docs/reference anew from the code. `PAGES` names each and says how it is made.

usage: write_docs.py        A page that is out of date fails a test, so run `make docs` after changing what it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click
from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from reading_code import Told, acts, told
from rpp_hub.cli import cli
from rpp_hub.cli.context import EXIT_CODES
from rpp_hub.domain.lifecycle import mermaid
from rpp_hub.domain.permissions import PERMISSIONS, Permission, Role
from rpp_hub.domain.project_lifecycle import project_mermaid, project_table
from rpp_hub.domain.workspace_life import STEPS, workspace_mermaid
from rpp_hub.settings import Settings
from rpp_hub.web import BASE
from rpp_hub.web.app import ROUTERS
from rpp_hub.web.errors import STATUS
from rpp_hub.web.openapi import description
from rpp_review.checks import NAMES, Appetite

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
NOTE = "<!-- Written by scripts/write_docs.py from the code: change that, then run `make docs`. -->\n"


def command_line() -> str:
    """Every command's own help."""
    intro = (
        "# Command line\n\n"
        "`rpp NOUN VERB`. The installation is the folder that `RPP_HOME` names, or `./instance`. Who acts is said by\n"
        "`--actor` or `RPP_ACTOR`; whoever can run `rpp` as the installation's account is trusted to say it truly. Errors\n"
        "go to standard error, each with its [stable code](refusals.md).\n\n"
        "| exit code | means |\n|---|---|\n| 0 | done |\n"
    )
    codes = "".join(f"| {code} | {text} |\n" for code, text in _exit_codes().items())
    shown = (f"\n## {name}\n\n```\n{help_of(name, command)}\n```\n" for name, command in commands())
    return intro + codes + "".join(shown)


def _exit_codes() -> dict[int, str]:
    meanings: dict[int, list[str]] = {}
    for kind, code in EXIT_CODES.items():
        meanings.setdefault(code, []).append((kind.__doc__ or "").strip().split(";")[0].rstrip("."))
    return {code: "; ".join(texts) for code, texts in sorted(meanings.items())} | {
        2: "What was typed or sent cannot be understood",
        3: "Refused: this person may not, or not now; or a verification failed",
    }


def commands(group: click.Group = cli, name: str = "rpp") -> Iterator[tuple[str, click.Command]]:
    """The tree of commands, depth first."""
    yield name, group
    for verb, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {verb}")
        else:
            yield f"{name} {verb}", command


def help_of(name: str, command: click.Command) -> str:
    """What `--help` prints, in a terminal of 100 columns."""
    # click keeps the help option that it made first: give it the names that `rpp` gives, whoever is first
    names = cli.context_settings["help_option_names"]
    context = click.Context(
        command, info_name=name, terminal_width=100, max_content_width=100, help_option_names=names
    )
    return command.get_help(context)


def request_states() -> str:
    """The lifecycle's picture."""
    return (
        "# The life of an export request\n\n"
        "One table in `rpp_hub.domain.lifecycle` holds every step: from which status, by which action, to which status, by whom,\n"
        "and which rules must agree. `rpp request diagram` prints this picture from it.\n\n"
        f"```mermaid\n{mermaid()}```\n"
    )


def project_states() -> str:
    """The project's lifecycle: a picture and every row."""
    return (
        "# The life of a project\n\n"
        "One table in `rpp_hub.domain.project_lifecycle` holds every step: from which status, by which act, to which status, by\n"
        "whom, and which rules must agree. *Researcher* is a member of this project. An act that changes no status is not in the\n"
        "picture; it is in the table.\n\n"
        f"```mermaid\n{project_mermaid()}```\n\n{project_table()}"
    )


def workspace_states() -> str:
    """The workspace's life."""
    rows = "".join(
        f"| {s.source} | `{s.act}` | {s.target} | {', '.join(s.by) or 'the installation itself'} |\n"
        for s in STEPS
    )
    return (
        "# The life of a workspace\n\n"
        "One table in `rpp_hub.domain.workspace_life`; `rpp workspace diagram` prints the picture. A workspace is *frozen* by the\n"
        "installation when its project is closed or its agreement has ended, and *thawed* when that is put right. Frozen, it can\n"
        "be opened for *reading* (its notebooks, read-only; no data, no kernel), *archived*, or *destroyed* with a signed\n"
        "certificate. The project's shared folder goes with the last of its workspaces.\n\n"
        f"```mermaid\n{workspace_mermaid()}```\n\n"
        "| from | act | to | by |\n|---|---|---|---|\n" + rows
    )


def permissions() -> str:
    """Role by permission."""
    head = "| permission | " + " | ".join(Role) + " |\n|---|" + ":-:|" * len(Role) + "\n"
    rows = "".join(
        f"| `{p}` | {' | '.join('✓' if p in PERMISSIONS[role] else '' for role in Role)} |\n"
        for p in Permission
    )
    return (
        "# Who may do what\n\n"
        "From `rpp_hub.domain.permissions`. An empty place means no. *Researcher* is held project by project: it comes with\n"
        "membership, cannot be given, and counts for that project alone. *Practitioner* counts for the districts\n"
        "that its holder works for today, and so does *data manager*, unless they work at a university or another place that is no\n"
        "district: then it counts for all. The other roles count for the installation. A role says who may; [refusals](refusals.md)\n"
        "say when not.\n\n"
    ) + head + rows  # fmt: skip


def api() -> str:
    """Every call of the REST API, by area."""
    intro = (
        "# REST API\n\n"
        "Under `/services/rpp/api`, in a person's own session ([how](../how-to/api.md)). `GET /openapi.json` describes what goes in and\n"
        "what comes out. Errors have the one shape of [refusals](refusals.md). Who may is said by [permissions](permissions.md), as for\n"
        "the pages.\n"
    )
    areas: dict[str, list[str]] = {}
    for path, methods in described_paths().items():
        for method, call in methods.items():
            words = str(call["description"]).partition("\n")[0]
            row = f"| `{method.upper()} {path.removeprefix(f'{BASE}/api')}` | {words} |\n"
            areas.setdefault(call["tags"][0], []).append(row)
    return intro + "".join(
        f"\n## {area.capitalize()}\n\n| call | what it does |\n|---|---|\n{''.join(rows)}"
        for area, rows in sorted(areas.items())
    )


def described_paths() -> dict[str, Any]:
    """What the description says of each call."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    paths: dict[str, Any] = description(app)["paths"]
    return paths


def refusals() -> str:
    """Every stable code with its sentences, by the part that says it."""
    intro = (
        "# Refusals and errors\n\n"
        "Each has a stable code, for programs and logs, and a sentence, for the person. ‹…› stands for what the sentence names.\n"
        'Over HTTP an error is `{"error": {"code", "message", "refusals": [{"code", "reason"}]}}` with the status below; '
        "on the command line\nit is one line on standard error and an [exit code](command-line.md).\n\n"
        "| kind | HTTP | when |\n|---|---|---|\n"
    )
    kinds = "".join(f"| {k.__name__} | {s} | {(k.__doc__ or '').strip()} |\n" for k, s in STATUS.items())
    return intro + kinds + "".join(_part(title, found) for title, found in told().items())


def _part(title: str, found: Mapping[str, Told]) -> str:
    rows = "".join(
        f"| `{code}` | {entry.kind} | {'<br>'.join(_cell(s) for s in entry.sentences)} |\n"
        for code, entry in sorted(found.items())
    )
    return f"\n## {title}\n\n| code | kind | what it says |\n|---|---|---|\n{rows}"


def settings() -> str:
    """Every key of rpp.toml."""
    return (
        "# Settings: `rpp.toml`\n\n"
        "Read once, at the start of each process; an unknown key or an impossible value is an error. Restart `rpp up` after a\n"
        "change. Secrets are not here: they lie in `hub/` and `vault/`, made by `rpp init` and `rpp up`.\n\n"
        "| key | default | limits | meaning |\n|---|---|---|---|\n"
        + "".join(
            f"| `{key}` | {default} | {limits} | {meaning} |\n"
            for key, default, limits, meaning in keys(Settings)
        )
        + "\nThe environment variables that are read:\n\n"
        "| variable | meaning |\n|---|---|\n"
        + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in VARIABLES.items())
    )


VARIABLES = {
    "RPP_HOME": "The installation's folder; else `./instance`.",
    "RPP_ACTOR": "Who acts on the command line; `--actor` wins.",
    "RPP_MASTER_KEY": "The vault's master key itself, in base64; wins over a file.",
    "RPP_ACCOUNTS": "The socket of the broker that gives each workspace a host account of its own; `scripts/with-accounts` sets it.",
    "RPP_MASTER_KEY_FILE": "The vault's master key, where it does not lie in `vault/master.key`.",
    "CREDENTIALS_DIRECTORY": "Set by systemd: `rpp-master-key` in it is the vault's master key (`LoadCredential=`).",
    "RPP_ENVIRONMENT": "The workspaces' Python environment, where `rpp.toml` does not say.",
    "RPP_RUN_DIR": "The folder of the sockets: short, all lower-case, this account's alone. Else one in `/tmp`.",
    "RPP_BIND": "`rpp demo` only: the address for a new demonstration.",
}


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, str, str]]:
    """(key, default, limits, meaning), nested tables with dots."""
    for name, field in model.model_fields.items():
        inner = _table(field)
        if inner is None:
            yield f"{prefix}{name}", _default(field), _limits(field), field.description or ""
        else:
            named = ".NAME" if "dict" in str(field.annotation) else ""
            yield from keys(inner, f"{prefix}{name}{named}.")


def _table(field: FieldInfo) -> type[BaseModel] | None:
    for kind in (field.annotation, *get_args(field.annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "*must be given*"
    value: Any = field.default
    return f"`{list(value) if isinstance(value, tuple) else value}`" if value not in ("",) else "–"


def _limits(field: FieldInfo) -> str:
    words = {"ge": "at least {}", "le": "at most {}"}
    found = [
        words[n].format(getattr(m, n))
        for m in field.metadata
        for n in words
        if getattr(m, n, None) is not None
    ]
    choices = [f"`{c}`" for c in get_args(field.annotation) if isinstance(c, str)]
    return ", ".join(found) or " or ".join(choices)


def audit() -> str:
    """Every act the code writes."""
    rows = "".join(f"| `{a.act}` | `{a.subject}` | {a.where} |\n" for a in acts())
    return (
        "# The audit log\n\n"
        "Each act of a person or of the installation is one event, written in the same transaction as the change itself. An\n"
        "event has a number, a time (UTC), an actor, the way they came (`cli`, `portal`, `hub`, `worker`, `workspace`), an act, a\n"
        "subject, a reason, details, the hash of the event before, and its own hash: SHA-256 over the canonical JSON of all the\n"
        "others. Details hold counts, hashes and names of ours, never data of a student. `rpp audit verify` walks the chain and\n"
        "compares it with the head row and with the anchors in `audit-anchors.jsonl`, which lie outside of the database.\n\n"
        "| act | subject | written in |\n|---|---|---|\n" + rows
    )


CHECKS: Mapping[str, tuple[str, str, str]] = {
    "small-cells": (
        "**Fails**: a count below `threshold` in a column, series or crosstab that certainly holds counts, or in a row of "
        "counts (`count`, `n`, `nobs`, `freq`, `size`). **Needs a look**: a whole number below it in a column that may hold "
        "counts, or in words (“7 students”); means, rates and other calculated values without the number of people behind them.",
        "`threshold`",
        "Combine categories or leave groups out, see that totals do not give them away, and show counts beside means.",
    ),
    "row-level": (
        "**Fails**: a table with more than `max_rows` rows, with a column of project codes, or with a table's own columns as "
        "they are (`head()`, `sample()`). **Needs a look**: a table with only columns of the data; smallest and largest values.",
        "`max_rows`",
        "Show groups instead of rows; drop `min` and `max` from descriptions.",
    ),
    "identity": (
        "**Fails**: a project code; a true identifier of anybody in the district's masters; a first and last name of one of "
        "them side by side; identifiers or names under a heading that says so. **Needs a look**: a mistyped code; a number of five or "
        "six digits that is also an identifier; a single word that is also a name.",
        "none",
        "Leave it out. If the number is a count or the word no name, the reviewer can see so.",
    ),
    "hidden-content": (
        "**Needs a look**, always: a figure, which no check can read; whatever the normal form left out, and why; invisible or "
        "direction-changing characters; words that mix alphabets; long pieces of text that look like packed data.",
        "`max_run`",
        "Say in the request's context what it is, or remove it.",
    ),
    "behind": (
        "From the evidence of the hub's own re-run. **Fails**: a value that stands for fewer people than the threshold; a total that "
        "is mostly of one or two people; records as they are, as rows or as points of a figure; a model with little freedom left, "
        "with small leaves, or that keeps records; code that reaches into the evidence itself. **Needs a look**: a value that stands for nobody; a value of which nothing "
        "is known; evidence in the submitted notebook that differs from the re-run's.",
        "`threshold`, `dominance`, `p_ratio`, `degrees`, `leaf`",
        "Group categories together, or say in the request's context how many people are behind each value.",
    ),
    "provenance": (
        "From what the workspace's server saw run, not from what a kernel says. **Needs a look**: the source was changed after the "
        "output; cells ran out of order; code that is not in the notebook ran before; nothing was seen to run; another cut "
        "or another version of the environment than the re-run's.",
        "",
        "Restart the kernel and run all cells, save, and submit again.",
    ),
    "recounted": (
        "The re-run's evidence, counted again from the cut where no notebook's code runs. **Fails**: the people behind a value are not those "
        "that the kernel said. **Needs a look**: the numbers shown do not come out of their records; or it could not be counted again (a "
        "figure, a model), and the code does what analyses need not.",
        "",
        "Compute values from the cut with groupby and named functions; leave out whatever reaches into Python or the kernel.",
    ),
    "size": (
        "**Needs a look**: an item longer or wider than a person can check.",
        "`max_characters`, `max_lines`, `max_columns`",
        "Show what the finding needs, not the way to it.",
    ),
}  # fmt: skip


def checks() -> str:
    """What each family looks for."""
    configured = set(type(Settings().appetite).model_fields)
    rows = "".join(
        f"\n## {name}\n\n{CHECKS[name][0]}\n\nThresholds: {CHECKS[name][1] or 'none'}.\nWhat to do: {CHECKS[name][2]}\n"
        for name in NAMES
    )
    table = "".join(
        f"| `{name}` | {getattr(Appetite(), name):,} | {'`rpp.toml`, `[appetite]`; stricter in a project: its agreement' if name in configured else 'fixed'} |\n"
        for name in Appetite.__dataclass_fields__
    )
    return (
        "# What the checks look for\n\n"
        "Checks run on the normal form of what was submitted, after the re-run and before anybody reviews. They advise: a\n"
        "reviewer can approve what fails, and is the one who answers for it. A finding says what, where, why and how to put it\n"
        "right, and never repeats the value it found. A family that looked and found nothing says so: *pass*.\n"
        + rows
        + "\n## The thresholds\n\n| threshold | default | set in |\n|---|---:|---|\n"
        + table
        + "\n## The re-run\n\nEach output is compared with the same output of a clean re-run on the same cut: *reproduced*,\n"
        "*within tolerance* (numbers that differ in their last digits), *differs* or *missing*. That, too, is shown beside it.\n"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


PAGES: Mapping[str, Callable[[], str]] = {
    "api.md": api,
    "audit.md": audit,
    "checks.md": checks,
    "command-line.md": command_line,
    "permissions.md": permissions,
    "project-states.md": project_states,
    "refusals.md": refusals,
    "request-states.md": request_states,
    "settings.md": settings,
    "workspace-states.md": workspace_states,
}


def page(name: str) -> str:
    """One page as it should be."""
    title, _, rest = PAGES[name]().partition("\n")
    return f"{title}\n\n{NOTE}{rest}"


def main() -> None:
    for name in PAGES:
        (REFERENCE / name).write_text(page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
