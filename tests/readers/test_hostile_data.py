"""YAML and JSON that nest or grow without end: each is told in one line with its place, before anything is made of it."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from sphinx_policyspec.checks import read_baseline
from sphinx_policyspec.compare.history import parse_lock
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.files import load_json
from sphinx_policyspec.readers.annotations import read_annotations
from sphinx_policyspec.readers.cases import read_cases

DEEP = 100_000
MIB = 2**20


def _doubling(count: int, form: str) -> str:
    """Return lists of which each holds the one before ten times."""
    lines = ["a0: &a0 " + form]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, count)]
    return "\n".join(lines)


YAML: dict[str, Callable[[], str]] = {
    "lists in lists of lists": lambda: _doubling(9, "[x, x, x, x, x, x, x, x, x, x]"),
    "maps in lists of lists": lambda: _doubling(9, "{id: x, label: y}"),
    "a long text many times": lambda: "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 10_000 + "]",
    "a long key many times": lambda: "a: &a " + "x" * 100_000 + "\nb:\n" + "- {*a : 1}\n" * 10_000,
    "topics that are one topic": lambda: (
        "x: &x {id: a, alt-labels: &l [" + "label, " * 5000 + "]}\ntopics: [" + "*x, " * 5000 + "]"
    ),
    "a list in itself": lambda: "topics: &a [*a]",
    "a map in itself": lambda: "provisions: &a {x: *a}",
    "two lists in each other": lambda: "topics: &a [&b [*a, *b]]",
    "flow lists": lambda: "[" * DEEP,
    "closed flow lists": lambda: "topics: " + "[" * 5000 + "]" * 5000,
    "flow maps": lambda: "topics: " + "{a: " * 5000 + "1" + "}" * 5000,
    "block lists": lambda: "- " * DEEP + "x",
    "block keys": lambda: "? " * 5000 + "x",
    "block maps": lambda: "\n".join(f"{' ' * n}a:" for n in range(1200)),
    "a million values": lambda: "topics: [" + "a," * MIB + "]",
    "an error at the end of a long text": lambda: "topics: [" + "aaaaaaa," * 100_000 + "\n]]",
    "a character at the end of a long text": lambda: "topics: '" + "a" * MIB + "\x01'",
    "deep lists in a long text": lambda: "#" + "x" * MIB + "\n" + "[" * DEEP,
    "an alias of nothing": lambda: "topics: *a",
}

JSON: dict[str, Callable[[], str]] = {
    "open lists": lambda: "[" * DEEP,
    "closed lists": lambda: "[" * DEEP + "]" * DEEP,
    "open objects": lambda: '{"a":' * DEEP,
    "closed objects": lambda: '{"a":' * DEEP + "1" + "}" * DEEP,
    "lists in objects": lambda: '{"format": 1, "version": 1, "provisions": ' + "[" * 200 + "]" * 200 + "}",
    "lists behind a text": lambda: '{"a": "\\"]]]]", "b":\n' + "[" * DEEP,
    "lists behind an open text": lambda: "[" * 99 + '"' + "\\" * 100_001,
    "many lists": lambda: "[" + "[]," * (6 * MIB) + "[]]",
    "a long number": lambda: "9" * 10_000,
    "texts that never end": lambda: '"\\' * DEEP,
    "nothing": lambda: "",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_yaml_without_end_is_refused_at_its_line(tmp_path: Path, text: Callable[[], str]) -> None:
    path = tmp_path / "side.yaml"
    path.write_text(text(), encoding="utf-8")
    with pytest.raises(PolicySpecError, match=r"^side\.yaml:\d+: not YAML: ") as error:
        read_annotations(path)
    assert "\n" not in str(error.value)
    cases, findings = read_cases(text(), "c.yaml")
    assert not cases
    assert len(findings) == 1


def test_aliases_that_say_a_thing_again_are_read(tmp_path: Path) -> None:
    path = tmp_path / "side.yaml"
    path.write_text(
        "topics:\n- &t {id: a, label: A, alt-labels: &l [b, c]}\n- {id: d, label: D, alt-labels: *l}\n",
        "utf-8",
    )
    assert [topic.alt_labels for topic in read_annotations(path).topics] == [("b", "c")] * 2


@pytest.mark.parametrize("text", JSON.values(), ids=JSON)
def test_json_without_end_is_no_lock_and_no_baseline(tmp_path: Path, text: Callable[[], str]) -> None:
    path = tmp_path / "known.json"
    path.write_text(text(), encoding="utf-8")
    for read in (lambda: parse_lock(text(), "known.json"), lambda: read_baseline(path)):
        with pytest.raises(PolicySpecError, match=r"known\.json") as error:
            read()
        assert "\n" not in str(error.value)


def test_brackets_in_texts_are_no_depth() -> None:
    assert load_json('{"a": "' + "[" * 500 + '", "b": "\\"[[["}') == {"a": "[" * 500, "b": '"[[['}


def test_nothing_is_made_of_json_that_is_refused() -> None:
    text = "[" + "[]," * (6 * MIB) + "[]]"
    tracemalloc.start()
    with pytest.raises(ValueError, match="larger than 16 MiB"):
        load_json(text)
    assert tracemalloc.get_traced_memory()[1] < MIB
    tracemalloc.stop()
