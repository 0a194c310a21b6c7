"""Which texts hold an identifier or a name, however it is written there?

The values of a column stand in `seen(v, n)`: each different one and how many rows have it.
"""

from __future__ import annotations

import unicodedata

import duckdb
import pyarrow as pa

from rpp_hub.cuts.population import plain
from rpp_hub.warehouse.engine import one
from rpp_hub.warehouse.masters import plain_name

# A number after one of these words is read as somebody's number, however short it is.
_CALLED = r"(?:^|[^a-z])(?:student|pupil|child|staff|teacher|employee|sid|tid|id)[ _]?(?:id|no|number|nr)?[ _:#=.-]{0,3}([0-9]+)"
_NAMES_FEWEST, _NAMES_SHARE = 10, 0.5
_LONGEST_NAME = 4
# Names written without anything between them are looked for from this length on: shorter ones are words.
_RUN_TOGETHER = 8
_DIGESTS = {32: "md5", 40: "sha1", 64: "sha256"}


def make_plain(con: duckdb.DuckDBPyConnection) -> None:
    """Write digits and letters of any script's forms as the plain ones, and leave out what nobody sees."""
    odd = con.execute("SELECT v FROM seen WHERE length(v) <> strlen(v)").fetchall()
    if not odd:
        return
    values = [v for (v,) in odd]
    pairs = pa.table({"odd": values, "plain": [plain_text(v) for v in values]})
    con.register("pairs_in", pairs)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE seen AS SELECT coalesce(plain, v) AS v, sum(n)::BIGINT AS n FROM seen "
        "LEFT JOIN pairs_in ON seen.v = pairs_in.odd GROUP BY 1"
    )
    con.unregister("pairs_in")


def plain_text(text: str) -> str:
    """Full-width, Arabic or mathematical digits as 0 to 9, typographic hyphens as -, no invisible characters."""
    return "".join(_plain_character(c) for c in unicodedata.normalize("NFKC", text))


def _plain_character(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Pd":
            return "-"
    return "-" if character == "\N{MINUS SIGN}" else character


def rows_with_identifiers(con: duckdb.DuckDBPyConnection) -> int:
    """Whole, punctuated, zero-padded, in other case, encoded, or inside a longer text.

    Candidates of a value are the value without its punctuation, each word, each run of digits with and without a letter
    before it, groups of digits with something between (but no dates), a number with a power of ten, and the number
    after a word like `student`.
    """
    _show(con)
    tokens = f"""
        SELECT v, n, {plain("t")} AS w FROM shown WHERE NOT regexp_full_match(t, '-?[0-9]+[.,][0-9]+')
        UNION ALL SELECT v, n, w FROM shown, unnest(regexp_extract_all(lower(t), '[a-z0-9]+')) AS u(w)
        UNION ALL SELECT v, n, w FROM shown, unnest(regexp_extract_all(t, '[0-9]+')) AS u(w)
        UNION ALL SELECT v, n, w FROM shown, unnest(regexp_extract_all(lower(t), '[a-z]{{1,3}}[0-9]+')) AS u(w)
        UNION ALL SELECT v, n, w[-len:] FROM shown, unnest(regexp_extract_all(lower(t), '[a-z]{{2,}}[0-9]+')) AS u(w),
            (SELECT DISTINCT length(mark) AS len FROM true_marks WHERE telling AND NOT regexp_full_match(mark, '[0-9]+'))
        UNION ALL SELECT v, n, {plain("w")} FROM shown, unnest(regexp_extract_all(lower(t), '[a-z]{{0,3}}[0-9]+(?:[-_ /][0-9]+)+')) AS u(w)
            WHERE NOT regexp_full_match(w, '(19|20)[0-9][0-9]-[01][0-9](-[0-3][0-9])?')
        UNION ALL SELECT v, n, {plain("w")} FROM shown, unnest(regexp_extract_all(t, '{_GROUPED}', 1)) AS u(w)
        UNION ALL SELECT v, n, {_POWER} FROM shown, unnest(regexp_extract_all(t, '[0-9][.][0-9]+[eE][+]?[0-9]{{1,2}}')) AS u(w)"""
    telling = f"""SELECT v, n FROM ({tokens}) t SEMI JOIN (SELECT mark FROM true_marks WHERE telling) m ON m.mark = t.w
        UNION SELECT v, n FROM ({tokens}) t SEMI JOIN (SELECT mark FROM true_marks WHERE telling) m ON m.mark = ltrim(t.w, '0')"""
    called = f"""SELECT v, n FROM (SELECT v, n, w FROM shown, unnest(regexp_extract_all(lower(t), '{_CALLED}', 1)) AS u(w)) t
        SEMI JOIN true_marks m ON m.mark = ltrim(t.w, '0')"""
    return one(
        con, f"SELECT sum(n) FROM (SELECT DISTINCT v, n FROM ({telling} UNION {called}{_digests(con)}))"
    )


# 1,234,567 and 1.2.3.4.5.6.7
_GROUPED = r"(?:^|[^0-9.,])([0-9]{1,3}(?:[.,''’][0-9]{3})+|(?:[0-9][.:|]){5,}[0-9])(?:$|[^0-9])"
_POWER = "CASE WHEN try_cast(w AS DOUBLE) < 1e18 THEN try_cast(w AS DOUBLE)::BIGINT::VARCHAR END"


def _show(con: duckdb.DuckDBPyConnection) -> None:
    """shown(v, n, t): every value as it is, and what words of it say in hexadecimal or base 64."""
    words = "SELECT DISTINCT v, n, w FROM seen, unnest(regexp_extract_all(v, '[A-Za-z0-9+/_-]{8,}')) AS u(w)"
    padded = "rpad(translate(w, '-_', '+/'), ((length(w) + 3) // 4 * 4)::INTEGER, '=')"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE shown AS SELECT v, n, v AS t FROM seen UNION ALL SELECT v, n, t FROM (
              SELECT v, n, TRY(decode(from_base64({padded}))) AS t FROM ({words})
              UNION ALL SELECT v, n, TRY(decode(unhex(w))) FROM seen, unnest(regexp_extract_all(v, '(?:[2-7][0-9a-fA-F]){{5,}}')) AS u(w))
            WHERE regexp_full_match(t, '[ -~]{{5,}}')"""
    )


def _digests(con: duckdb.DuckDBPyConnection) -> str:
    """A query of values with a digest of an identifier, to be united; empty where nothing looks like a digest."""
    words = (
        "SELECT v, n, lower(w) AS w FROM seen, unnest(regexp_extract_all(v, '[0-9a-fA-F]{32,64}')) AS u(w)"
    )
    there = con.execute(f"SELECT DISTINCT length(w) FROM ({words})").fetchall()
    made = [_DIGESTS[n] for (n,) in there if n in _DIGESTS]
    return "".join(
        f" UNION SELECT v, n FROM ({words}) t SEMI JOIN (SELECT {digest}(id) AS w FROM true_ids) m USING (w)"
        for digest in made
    )


def rows_with_names(con: duckdb.DuckDBPyConnection) -> int:
    """First and last name, in either order, whatever stands between and around them, or nothing at all."""
    parted = "regexp_replace(v, '([a-z])([A-Z])', '\\1 \\2', 'g')"
    initials = "trim(regexp_replace(' ' || p || ' ', ' [a-z] ', ' ', 'g'))"
    words = f"""SELECT v, n, string_split(unnest([p, {initials}]), ' ') AS words
        FROM (SELECT v, n, unnest([{plain_name("v")}, {plain_name(parted)}]) AS p FROM seen)"""
    phrases = f"""
        SELECT v, n, words[i:i + k - 1] AS part
        FROM ({words}) w, unnest(range(1, len(words) + 1)) AS t(i), unnest(range(1, {_LONGEST_NAME + 1})) AS u(k)
        WHERE i + k - 1 <= len(words)"""
    together = f"""SELECT v, n FROM (SELECT v, n, regexp_replace(array_to_string(part, ''), '[0-9]', '', 'g') AS run FROM ({phrases})) r
        SEMI JOIN (SELECT replace(phrase, ' ', '') AS run FROM true_names) USING (run) WHERE length(run) >= {_RUN_TOGETHER}"""
    apart = f"""SELECT v, n FROM (SELECT v, n, array_to_string(part, ' ') AS phrase FROM ({phrases})) p
        SEMI JOIN true_names USING (phrase)"""
    return one(con, f"SELECT sum(n) FROM (SELECT DISTINCT v, n FROM ({apart} UNION {together}))")


def rows_in_column_of_names(con: duckdb.DuckDBPyConnection) -> int:
    """Single names say nothing by themselves (White, Young); a column full of different ones does."""
    values = one(con, "SELECT count(*) FROM seen")
    names = f"SELECT {{}} FROM seen SEMI JOIN name_words ON {plain_name('seen.v')} = name_words.word"
    found = one(con, names.format("count(*)"))
    return one(con, names.format("sum(n)")) if found >= max(_NAMES_FEWEST, _NAMES_SHARE * values) else 0
