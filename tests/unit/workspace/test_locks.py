"""An operator's list of packages: exact versions with hashes, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpp_hub.domain.errors import Invalid
from rpp_hub.workspace.locks import Pinned, digest, joined, read_lock, write_lock

HASH = "--hash=sha256:" + "a1" * 32
PINS = st.builds(
    Pinned,
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True).filter(lambda name: "--" not in name),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,2}){0,2}(rc1|\.post1|\+local\.1)?", fullmatch=True),
    st.lists(st.from_regex(r"[0-9a-f]{64}", fullmatch=True), min_size=1, max_size=3, unique=True).map(
        lambda found: tuple(sorted(found))
    ),
)


@given(st.lists(PINS, min_size=1, max_size=5, unique_by=lambda pin: pin.name))
def test_what_is_written_is_read_again(pins: list[Pinned]) -> None:
    assert read_lock(write_lock(pins)) == tuple(sorted(pins, key=lambda pin: pin.name))


def test_comments_continuations_and_spellings_of_a_name_are_understood() -> None:
    text = f"# a list\nFoo_Bar[extra]==1.0 \\\n    {HASH} \\\n    {HASH.replace('a1', 'b2')}\n    # via somebody\n\n"
    (pin,) = read_lock(text)
    assert (pin.name, pin.version, len(pin.hashes)) == ("foo-bar", "1.0", 2)


@pytest.mark.parametrize(
    "line",
    [
        "foo", "foo==1.0", f"foo>=1.0 {HASH}", f"foo==1.* {HASH}", f"foo @ https://example.org/foo.whl {HASH}",
        f"-e ./foo {HASH}", "-r other.txt", "--index-url https://example.org/simple", f"./foo.whl {HASH}",
        f"foo==1.0 ; os_name == 'nt' {HASH}", "foo==1.0 --hash=md5:abc", f"foo==1.0 {HASH} --config-settings=x",
        f"foo==1.0 {HASH[:-1]}", f"foo==1.0 {HASH}\n--extra-index-url=x", f"foo==1.0 {HASH}\nfoo==2.0 {HASH}",
        f"Foo==1.0 {HASH}\nfoo==1.0 {HASH}", "", "# nothing",
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_sentence(line: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_lock(line)
    assert refusal.value.code == "bad-lock"


@given(st.text(max_size=200))
def test_whatever_a_file_holds_it_is_a_list_or_refused(text: str) -> None:
    try:
        pins = read_lock(text)
    except Invalid:
        return
    assert read_lock(write_lock(pins)) == pins


def test_an_added_version_takes_the_place_of_the_other_and_the_hash_of_the_list_follows() -> None:
    old, new, other = (Pinned(n, v, ("a" * 64,)) for n, v in (("foo", "1"), ("foo", "2"), ("bar", "1")))
    assert joined((old, other), (new,)) == (other, new)
    assert digest((old, other)) == digest((other, old)) != digest((new, other))
