"""Lock files: a new number or a new norm."""

from __future__ import annotations

from dataclasses import replace

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import ChangeKind as K
from sphinx_policyspec.compare import Subject, compare
from sphinx_policyspec.compare.history import LockState, format_lock, lock_of, parse_lock, since_lock
from sphinx_policyspec.errors import LockError
from sphinx_policyspec.model import Spec, Verdict
from tests.compare.test_changes import CASES, Case
from tests.conftest import LEVELS, example, principle, response, spec

A, B = principle("a", text="Answer in plain words."), principle("b", text="Ask the desk.")
EMPTY = principle("c", title="Nothing yet")


def states(old: Spec, new: Spec) -> list[tuple[str, str, str]]:
    return [(c.state.name, c.id, c.old) for c in since_lock(lock_of(old), new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (spec(A, B), spec(A, B), []),
        (spec(A, B), spec(B, A), []),
        (spec(A), spec(replace(A, id="z")), [("RENUMBERED", "z", "a")]),
        (spec(A), spec(replace(A, id="z", title="Else")), [("RENUMBERED", "z", "a"), ("RETITLED", "z", "A")]),
        (spec(EMPTY), spec(replace(EMPTY, id="z")), [("RENUMBERED", "z", "c")]),
        (spec(EMPTY), spec(replace(EMPTY, id="z", title="Else")), [("REMOVED", "c", ""), ("ADDED", "z", "")]),
        (spec(A), spec(principle("a", text="Answer.")), [("CONTENT", "a", "")]),
        (spec(A), spec(principle("a", text="Answer  in plain words.")), []),
        (spec(A), spec(replace(A, authority="root")), [("LEVEL", "a", "user")]),
        (spec(A), spec(A, B), [("ADDED", "b", "")]),
        (spec(A, B), spec(A), [("REMOVED", "b", "")]),
        (
            spec(A),
            spec(principle("z", text="Answer.", aliases=("a",), title="A")),
            [("RENUMBERED", "z", "a"), ("CONTENT", "z", "")],
        ),
        (
            spec(A, replace(A, id="b")),
            spec(replace(A, id="y"), replace(A, id="z")),
            [("REMOVED", "a", ""), ("REMOVED", "b", ""), ("ADDED", "y", ""), ("ADDED", "z", "")],
        ),
    ],
)
def test_what_became_of_each_provision_is_told(
    old: Spec, new: Spec, expected: list[tuple[str, str, str]]
) -> None:
    assert states(old, new) == expected


PLACES = {K.MOVED, K.REORDERED}
"""Where a provision stands is not held, nor is typography."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_lock_notices_what_a_diff_notices(case: Case) -> None:
    for old, new in ((case.old, case.new), (case.new, case.old)):
        held = parse_lock(format_lock(lock_of(old)), "x.lock")
        noticed = [
            c
            for c in compare(old, new).changes
            if c.kind is not K.TYPOGRAPHY and not (c.subject is Subject.PROVISION and c.kind in PLACES)
        ]
        assert bool(since_lock(held, new)) is bool(noticed)


def test_what_changed_is_named() -> None:
    old, new = spec(replace(A, preferred_over=("b",)), B), spec(A, replace(B, preferred_over=("a",)))
    changes = [(c.state.name, c.id, c.aspect) for c in since_lock(lock_of(old), new)]
    assert changes == [("OTHER", "a", "preferred_over"), ("OTHER", "b", "preferred_over")]
    assert ps.render(since_lock(lock_of(old), new)).splitlines() == [
        "changed         a: preferred-over", "changed         b: preferred-over", "2 changed",
    ]  # fmt: skip
    levels = (*LEVELS[:4], replace(LEVELS[4], roles=("tool",)))
    assert [(c.id, c.aspect) for c in since_lock(lock_of(old), replace(old, levels=levels))] == [
        ("", "levels")
    ]


def test_what_names_a_provision_by_its_new_id_is_as_it_was() -> None:
    def about(id_: str) -> Spec:
        shown = example("b-x", response(Verdict.BAD, violates=(id_,)), weighs=(id_,))
        blocks = (*principle("b", text=f"See [?](#{id_}), [it](#{id_}) and `{id_}`.").blocks, shown)
        return spec(replace(A, id=id_), replace(B, blocks=blocks, exception_to=(id_,)))

    assert states(about("a"), about("z")) == [("RENUMBERED", "z", "a")]


def test_a_lock_reads_back_as_it_was_written() -> None:
    lock = lock_of(spec(A, principle("ü`\n", title='"<b>"'), version="2026-01-01"))
    assert parse_lock(format_lock(lock), "x.lock") == lock
    assert len(format_lock(lock).splitlines()) == 4


def test_an_empty_spec_has_a_lock() -> None:
    assert parse_lock(format_lock(lock_of(spec())), "x.lock").entries == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "x.lock: not a lock: "),
        ("[]", "x.lock: not a lock of format 1"),
        ('{"format": 2}', "x.lock: not a lock of format 1"),
        ('{"format": 1}', "x.lock: `provisions` is not a list"),
        ('{"format": 1, "provisions": [{"id": 3}]}', "x.lock: `provisions` is not a list"),
    ],
)
def test_what_is_no_lock_is_a_message(text: str, message: str) -> None:
    with pytest.raises(LockError, match=message.replace("`", "`")):
        parse_lock(text, "x.lock")


def test_states_have_words() -> None:
    assert LockState.CONTENT.value == "content changed"
