"""Where statements hold: whether two patterns of files can match one file, against every small path."""

from __future__ import annotations

import re
import time
from functools import cache
from itertools import combinations_with_replacement, product
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_policyspec.overlays.places import (
    StatementPlaces,
    below,
    from_above,
    from_inside,
    hold_together,
    may_meet,
)

NAMES = ("a", "b", "ab", "ba", "c")
PATHS = tuple("/".join(names) for depth in range(1, 5) for names in product(NAMES, repeat=depth))
SEGMENTS = ("a", "b", "*", "**", "?", "a*", "*b", "?b", "[ab]", "[!a]", "{a,c}", "{ab,b*}")


def regex(glob: str) -> re.Pattern[str]:
    """Return what a pattern says, written a second time: as a regular expression."""
    words = {"*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|", "[!a]": "[^a/]", "[ab]": "[ab]"}
    names = glob.split("/")
    found = ""
    for number, name in enumerate(names):
        is_last = number == len(names) - 1
        if name == "**":
            found += ".+" if is_last else "(?:.+/)?"
            continue
        found += "[^/]+" if name == "*" else re.sub(r"\[.*?\]|[*?{},]", lambda sign: words[sign[0]], name)
        found += "" if is_last else "/"
    return re.compile(found)


@cache
def matched(glob: str) -> frozenset[str]:
    return frozenset(path for path in PATHS if regex(glob).fullmatch(path))


def test_two_patterns_meet_where_a_small_path_matches_both_and_nowhere_else() -> None:
    patterns = [*SEGMENTS, *map("/".join, product(SEGMENTS, repeat=2))]
    met = {pair: may_meet(pair[:1], pair[1:]) for pair in combinations_with_replacement(patterns, 2)}
    wrong = [pair for pair, meet in met.items() if meet == matched(pair[0]).isdisjoint(matched(pair[1]))]
    assert wrong == []
    assert {True, False} == {*met.values()}


GLOBS = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map("/".join)


@given(st.lists(GLOBS, min_size=1, max_size=3), st.lists(GLOBS, min_size=1, max_size=3))
def test_of_several_patterns_any_may_match_and_neither_side_is_the_first(
    left: list[str], right: list[str]
) -> None:
    both = [frozenset().union(*map(matched, globs)) for globs in (left, right)]
    assert may_meet(left, right) is may_meet(right, left) is (not both[0].isdisjoint(both[1]))


@pytest.mark.parametrize(
    ("left", "right", "meet"),
    [
        ("**/*.py", "**/*.ts", False),
        ("**/*.{cs,ts,java}", "**/*.ts", True),
        ("**/*.{cs,ts,java}", "src/**/*.js", False),
        ("shop/a.md", "shop/a.md.bak/**", False),
        ("sh", "shop/**", False),
        ("shop/**", "shop", False),
        ("shop/", "shop/till/a.md", True),
        ("./shop/*", "/shop/a", True),
        ("**/test_*.py", "lib/**/*_test.py", True),
        ("lib*/**", "library/a", True),
        ("lib**", "library/a", False),
        ("[[]a", "[a", True),
        (r"\*", "b", False),
        ("{a}", "a", False),
        ("v{1..3}", "v2", True),
        ("[a-c]x", "bx", True),
        ("[!a-c]x", "bx", False),
        ("a{b", "a{b", True),
        ("{a,{b,c}d}/e", "cd/*", True),
        ("*", "a/b", False),
        ("**", "a/b", True),
        ("{src,lib/**}/a", "lib/x/y/a", True),
        ("!x", "y", True),
    ],
)
def test_patterns_as_real_files_have_them(left: str, right: str, meet: bool) -> None:
    assert may_meet([left], [right]) is meet
    assert may_meet([right], [left]) is meet


def test_no_patterns_are_any_file_and_a_folder_is_what_is_below_it_whatever_its_name() -> None:
    assert may_meet([], ["a"])
    assert may_meet([], [])
    for name in ("shop", "a*b", "[x]", "{a,b}", "!a", "a,b"):
        assert may_meet(below(name), [])
        assert not may_meet(below(name), ["till/**"])
        assert not may_meet(below(name), below(f"{name}2"))
    assert may_meet(below("{a,b}"), ["?a,b?/c"])
    assert below("") == ()


class At(NamedTuple):
    """What holds somewhere."""

    globs: tuple[str, ...] = ()
    audience: str = ""


@given(
    st.lists(
        st.builds(
            At, st.lists(GLOBS, max_size=2).map(tuple), st.sampled_from(["", "staff", "Staff.", "customers"])
        ),
        max_size=6,
    )
)
def test_many_places_are_met_as_each_alone_is(places: list[At]) -> None:
    traits = [number % 2 for number in range(len(places))], [len(one.globs) for one in places]
    for some in ((), traits[:1], traits):
        together = StatementPlaces(places, *some)
        for number, one in enumerate(places):
            met = [
                place
                for place, other in enumerate(places[:number])
                if hold_together(one, other) and all(trait[place] != trait[number] for trait in some)
            ]
            assert together.first_before(number) == next(iter(met), None)
            assert together.last_before(number) == next(reversed(met), None)


def test_audiences_are_compared_and_everybody_is_of_each() -> None:
    assert not hold_together(At((), "staff"), At((), "customers"))
    assert hold_together(At((), "Staff."), At(("a",), "staff"))
    assert hold_together(At((), "staff"), At())
    assert not hold_together(At(("a",), "staff"), At(("b",), "staff"))


HOSTILE = (
    "*a" * 240,
    "{a,b}" * 90,
    "{" * 400,
    "{a," * 100 + "}" * 100,
    "**/" * 160,
    "[" * 400,
    "?" * 10_000,
    "**/*a*/" * 70,
    "[!" + "abc" * 150 + "]",
)


def test_no_pattern_takes_long() -> None:
    begun = time.process_time()
    for left, right in product(HOSTILE, HOSTILE):
        may_meet([left], [right])
    globs = [f"packages/p{number}/**" for number in range(1_000)]
    many = StatementPlaces([At((glob,)) for glob in (*globs, "packages/p0/a", "packages/p999/a")])
    assert [many.last_before(number) for number in (999, 1_000, 1_001)] == [None, 0, 999]
    alike = StatementPlaces([At(("**/a*/**",))] * 2_000, [0] * 2_000)
    assert {alike.first_before(number) for number in range(2_000)} == {None}
    assert time.process_time() - begun < 5


@given(GLOBS, st.sampled_from(["a", "b/c", "ab"]))
def test_a_pattern_seen_from_elsewhere_matches_the_same_files(glob: str, folder: str) -> None:
    inside = {path.removeprefix(f"{folder}/") for path in matched(glob) if path.startswith(f"{folder}/")}
    known = {path.removeprefix(f"{folder}/") for path in PATHS if path.startswith(f"{folder}/")}
    seen = from_inside((glob,), folder)
    found = (
        set().union(*map(matched, seen)) & known
        if seen
        else known
        if may_meet((glob,), below(folder))
        else set()
    )
    assert found == inside
    (outer,) = from_above((glob,), folder)
    assert {path for path in matched(outer) if path.startswith(f"{folder}/")} == {
        f"{folder}/{path}" for path in matched(glob) & known
    }


def test_a_folder_of_any_name_is_taken_by_its_letters() -> None:
    for name in ("shop", "a*b", "[x]", "{a,b}", "a,b"):
        assert from_inside(from_above(("x/*.py", "!y"), name), name) == ("x/*.py", "!y")
        assert not may_meet(from_above(("x",), name), from_above(("x",), f"{name}2"))
        assert from_inside(below(name), name) == ()
    assert from_inside(("{src,lib/**}/a", "b"), "lib") == ("**/a",)
