"""Is there a project code, a true identifier or a person's name in it?"""

import re
from collections.abc import Iterable, Iterator, Set

from rpp_review.checks.finding import Appetite, Finding, Outcome, Surroundings
from rpp_review.checks.reading import Reading, ReadTable
from rpp_review.codes import find_codes, find_shapes
from rpp_review.items import Kind

NAME = "identity"

SHORTEST_IDENTIFIER = (
    5  # shorter ones collide with counts, so they count only in a column that names an identifier
)
LONGEST_COUNT = 6  # a bare number of 5 or 6 digits may be a count as well as an identifier
_TOKEN = re.compile(r"[^\W_]+(?:[.\-'][^\W_]+)*")
_PART = re.compile(r"[^\W_]+")
_DECIMAL = re.compile(r"\d+\.\d+")
_ID_HEADER = re.compile(
    r"(?:^|[^a-z])(?:[a-z]*id|s?sid|identifier|student ?(?:no|number)|staff ?(?:no|number)|local|number|code|ssn)(?:$|[^a-z])",
    re.I,
)
_NAME_HEADER = re.compile(
    r"(?:first|last|middle|family|given|sur|student|full|staff|teacher)[ _-]?names?|^names?$", re.I
)
_NAMED = re.compile(r"(?:student|pupil|child|staff|teacher|person|id|number|no\.?|#)\W{0,3}$", re.I)
_CAPITALISED = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-](?=[^\W\d_]))+")
_BETWEEN = re.compile(r"(?: |, ?|[._-]| [^\W\d_]\.? )")
# Surnames that tables of groups and months are full of.
_COMMON = frozenset(
    "black white brown asian pacific native young may april june august will grant grade case field page long short high"
    " day week price rice park east west north south school english french major rose mark art summer winter"
    " male female total count mean other first last".split()
)


def applies(_reading: Reading) -> bool:
    return True


def examine(reading: Reading, _appetite: Appetite, surroundings: Surroundings) -> Iterator[Finding]:
    for where, text in _places(reading):
        yield from _codes(reading, where, text)
        yield from _identifiers(reading, where, text, surroundings.identifiers)
        yield from _names(reading, where, text, surroundings.names)
    for table in reading.tables:
        yield from _in_columns(reading, table, surroundings)


def _places(reading: Reading) -> Iterator[tuple[str, str]]:
    yield from reading.passages
    if reading.item.kind is Kind.TABLE:
        for table in reading.tables:
            yield f"{table.place}the header", "\n".join(value for row in table.table.header for value in row)
            yield f"{table.place}the rows", "\n".join(value for row in table.table.body for value in row)


def _codes(reading: Reading, where: str, text: str) -> Iterator[Finding]:
    shapes = find_shapes(text)
    whole = len(find_codes(text)) if shapes else 0
    if whole:
        yield _found(reading, Outcome.FAIL, where, whole, "project code", "project codes")
    if len(shapes) > whole:
        broken = len(shapes) - whole
        yield _found(
            reading, Outcome.REVIEW, where, broken, "mistyped project code", "mistyped project codes"
        )


def _identifiers(reading: Reading, where: str, text: str, identifiers: Set[str]) -> Iterator[Finding]:
    sure = unsure = 0
    for token in _TOKEN.finditer(text):
        if len(token.group()) < SHORTEST_IDENTIFIER or not _is_identifier(token.group(), identifiers):
            continue
        if _may_be_a_count(reading, text, token):
            unsure += 1
        else:
            sure += 1
    if sure:
        yield _found(reading, Outcome.FAIL, where, sure, "true identifier", "true identifiers")
    if unsure:
        yield _found(
            reading,
            Outcome.REVIEW,
            where,
            unsure,
            "number that is also a true identifier",
            "numbers that are also true identifiers",
        )


def _is_identifier(token: str, identifiers: Set[str]) -> bool:
    """The token, or a part of it; a decimal number has no parts, but `12345.0` is 12345."""
    if _DECIMAL.fullmatch(token):
        whole, fraction = token.split(".")
        return not fraction.strip("0") and len(whole) >= SHORTEST_IDENTIFIER and _is_known(whole, identifiers)
    if _is_known(token, identifiers):
        return True
    parts = _PART.findall(token)
    return len(parts) > 1 and any(
        len(part) >= SHORTEST_IDENTIFIER and _is_known(part, identifiers) for part in parts
    )


def _is_known(token: str, identifiers: Set[str]) -> bool:
    return token in identifiers or token.upper() in identifiers or token.lstrip("0") in identifiers


def _may_be_a_count(reading: Reading, text: str, token: re.Match[str]) -> bool:
    digits = token.group().removesuffix(".0")
    if (
        not digits.isdigit()
        or len(digits) > LONGEST_COUNT
        or reading.item.kind not in {Kind.TABLE, Kind.TEXT}
    ):
        return False
    return _NAMED.search(text[max(0, token.start() - 16) : token.start()]) is None


def _names(reading: Reading, where: str, text: str, names: Set[str]) -> Iterator[Finding]:
    full = single = 0
    before: re.Match[str] | None = None
    for word in _CAPITALISED.finditer(text):
        if not _is_name(word.group(), names):
            before = None
            continue
        if (
            before is not None
            and _BETWEEN.fullmatch(text, before.end(), word.start())
            and _is_full_name(before, word)
        ):
            full += 1
            single -= not _is_common(before.group()) and _is_capitalised(before.group())
            before = None
            continue
        single += not _is_common(word.group()) and _is_capitalised(word.group())
        before = word
    if full:
        yield _found(reading, Outcome.FAIL, where, full, "person's name", "persons' names")
    if single > 0 and reading.item.kind is not Kind.SOURCE:
        yield _found(
            reading,
            Outcome.REVIEW,
            where,
            single,
            "word that is also a person's name",
            "words that are also persons' names",
        )


def _is_name(word: str, names: Set[str]) -> bool:
    lowered = word.lower()
    return len(word) >= 2 and (lowered in names or re.sub(r"[’]", "'", lowered) in names)


def _is_full_name(first: re.Match[str], last: re.Match[str]) -> bool:
    if _is_common(first.group()) and _is_common(last.group()):
        return False
    both = (first.group(), last.group())
    in_file_name = first.string[first.end()] in "_.-" and all(len(word) >= 4 for word in both)
    return in_file_name or all(_is_capitalised(word) for word in both)


def _is_common(word: str) -> bool:
    return word.lower() in _COMMON or len(word) < 3


def _is_capitalised(word: str) -> bool:
    return word[0].isupper()


def _in_columns(reading: Reading, table: ReadTable, surroundings: Surroundings) -> Iterator[Finding]:
    """Where the header says that identifiers or names stand below it, short and common ones count too."""
    for column, header in enumerate(table.columns):
        where = f"{table.place}column {column + 1}"
        if _ID_HEADER.search(header):
            short = (value.removesuffix(".0") for value in _values(table, column))
            found = sum(
                len(value) <= LONGEST_COUNT and _is_known(value, surroundings.identifiers)
                for value in short
                if value
            )
            if found:
                yield _found(reading, Outcome.FAIL, where, found, "true identifier", "true identifiers")
        if _NAME_HEADER.search(header):
            words = (_CAPITALISED.findall(value) for value in _values(table, column))
            found = sum(any(_is_name(word, surroundings.names) for word in some) for some in words)
            if found:
                yield _found(reading, Outcome.FAIL, where, found, "person's name", "persons' names")


def _values(table: ReadTable, column: int) -> Iterable[str]:
    return (value.strip() for _, value in table.values(column))


def _found(reading: Reading, outcome: Outcome, where: str, number: int, one: str, many: str) -> Finding:
    sure = outcome is Outcome.FAIL
    return Finding(
        check=NAME,
        identity=reading.item.identity,
        outcome=outcome,
        summary=f"{number:,} {one if number == 1 else many}.",
        where=where,
        why="It points to one person; neither codes nor identifiers nor names may leave."
        if sure
        else "It may point to one person.",
        remedy="Remove it from the code or the output, run the notebook again and submit anew."
        if sure
        else "If it stands for a person, remove it; if not, say so in the request's context.",
    )
