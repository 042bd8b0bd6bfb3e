"""No text, however broken or hostile, stops a reader, loses a character or costs more than its length."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.release import SPEC_FILE, read_changelog, read_prompts
from tests.mutations import Grammar, mutants
from tests.readers.laws import read_lawfully

CASES = [path.read_bytes() for path in sorted((Path(__file__).parent / "cases").glob("*.md"))]
HOSTILE_SIZE = 50_000
SECONDS = 4.0
"""Far more than reading so much text takes (0.3 s), far less than any quadratic reader needs."""


FRAGMENTS = (
    "# A title {#a}\n",
    "## Another, longer title {#b authority=user}\n",
    "### No id\n",
    "\n",
    "Words with [?](#a), [text](#b), [a site](https://example.org) and a tag[^ab12].\n",
    "**Term**: what it means.\n",
    '!!! meta "Commentary"\n',
    "    indented words [?](#b)\n",
    "**Example**: a title with [?](#a)\n",
    "**Example**: a title with [?](#a)\n\n~~~xml\n<user>\nHi\n</user>\n~~~\n",
    "~~~xml\n",
    "~~~\n",
    "```python\n",
    "```\n",
    "<user>\n",
    '<assistant recipient="functions.find">\n',
    "<assistant> <!-- BAD [#b]: see [?](#a) -->\n",
    "</assistant>\n",
    "</user>\n",
    "<comparison>\n",
    "</comparison>\n",
    "[...]\n",
    "<untrusted>\n",
    "</untrusted>\n",
    "<settings>\nsize: 1\n</settings>\n",
    "[song] `[code]` &amp;lt; \\\\( x \\\\)\n",
    "- item\n",
    "\r\n",
    "no line end",
)
PIECES = (
    '!!! meta "Commentary"\n',
    "<comparison>\n<assistant> <!-- BAD [#x" + "]" * 50 + " -->\n",
    "**Example**: " + " " * 300 + "x\n",
    "# " + " " * 300 + "x {#a}\n",
    "[?](#" + "(" * 50 + "\n",
    "[^",
    "    " * 200 + "- deep\n",
    "<settings>\n<untrusted>\n",
    "&amp;amp;lt;",
    "\\\\[",
    "`",
    "<!-- policyspec-ignore: all x -->",
    "2026-13-45",
    "{#a authority=",
    "[#be_kind]",
    "|a|b|\n|-|-|\n",
)
"""What fits at no place, or at few."""

DIALECT = Grammar(
    seeds=(*[b"".join(CASES)] * 20, *CASES),
    tokens=tuple(text.encode() for text in (*FRAGMENTS, *PIECES)),
    opening=((b"[", b"]"), (b"<user>\n", b"</user>\n"), (b"> ", b""), (b"- ", b""), (b"**", b"**")),
)


def test_mutated_cases_are_read_lawfully() -> None:
    for text in mutants(DIALECT, 100, seed=3):
        read_lawfully(text)


def test_mutated_releases_are_read_lawfully(release_dir: Path) -> None:
    text = (release_dir / SPEC_FILE).read_bytes()
    for mutant in mutants(replace(DIALECT, seeds=(text,)), 10, seed=len(text)):
        read_lawfully(mutant)


@pytest.mark.slow
def test_many_mutated_cases_are_read_lawfully() -> None:
    for text in mutants(DIALECT, 600, seed=33):
        read_lawfully(text)


@pytest.mark.slow
def test_many_mutated_releases_are_read_lawfully(release_dir: Path) -> None:
    prompts = tuple(path.read_bytes() for path in sorted((release_dir / "examples").iterdir()))
    text = (release_dir / SPEC_FILE).read_bytes()
    release, tests = (replace(DIALECT, seeds=seeds) for seeds in ((text,), prompts))
    for mutant in [*mutants(release, 80, seed=7), *mutants(tests, 60, seed=8)]:
        read_lawfully(mutant)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
def test_fragments_in_any_order_are_read_lawfully(text: str) -> None:
    read_lawfully(text)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='#*!~`<>/[]()^{}\\"=:.- \n\r\t&;aux1'))
def test_any_marks_are_read_lawfully(text: str) -> None:
    read_lawfully(text)


def conversation(body: str) -> str:
    return f"**Example**: x\n\n~~~xml\n{body}\n~~~\n"


def message(body: str) -> str:
    return conversation(f"<user>\n{body}\n</user>")


def answer(comment: str) -> str:
    return conversation(f"<comparison>\n<assistant> <!-- {comment} -->\nx\n</assistant>\n</comparison>")


def decreasing_fences(size: int) -> str:
    return "".join("`" * length + "x\n" for length in range(int(size**0.5), 3, -1)) + "```\n" * (size // 8)


HOSTILE: dict[str, Callable[[int], str]] = {
    "spaces in a heading": lambda n: "# x" + " " * n + "x\n",
    "spaces after heading attributes": lambda n: "# x {#a}" + " " * n + "x\n",
    "braces in a heading": lambda n: "# x " + "{" * n + "\n",
    "quotes in heading attributes": lambda n: "# x {#a " + 'b=" ' * (n // 4) + "}\n",
    "open attributes": lambda n: "# x " + "{#a " * (n // 4) + "\n",
    "quoted braces": lambda n: "# x " + "{'\"" * (n // 3) + "}\n",
    "lost headings": lambda n: "- # x {#a authority=b}\n" * (n // 24),
    "open levels": lambda n: "{authority=" * (n // 11),
    "underlined headings": lambda n: "a\n===\n" * (n // 6),
    "a long paragraph above a line": lambda n: "a\n" * (n // 2) + "===\n",
    "emphasis in a heading": lambda n: "# " + "*a" * (n // 2) + " {#a}\n",
    "brackets in a heading": lambda n: "# " + "![" * (n // 2) + "\n",
    "open comments": lambda n: "a <!-- " * (n // 7),
    "open comments in paragraphs": lambda n: "a <!--\n\n" * (n // 8),
    "open comments in a list": lambda n: "- a\n  <!-- b\n" * (n // 13),
    "open comments in an item": lambda n: "- a\n" + "  <!-- b\n\n" * (n // 11) + "\n-->\n",
    "closed comments": lambda n: "<!-- a -->" * (n // 10) + "\n",
    "comments on lines": lambda n: "<!-- a -->\n" * (n // 11),
    "a long comment": lambda n: "<!--\n" + "# a\n" * (n // 4) + "-->\n",
    "ticks and comments": lambda n: "`<!--``" * (n // 7),
    "comments in a message": lambda n: message("a <!-- b --> c <!--\n\n" * (n // 22)),
    "definitions": lambda n: "**a**: b\n" * (n // 9),
    "terms without a meaning": lambda n: "**a**:\n" * (n // 7),
    "labels": lambda n: "[a][b] " * (n // 7),
    "definitions of links": lambda n: "".join(f"[a{i}]: b\n" for i in range(n // 10)),
    "notes": lambda n: "".join(f"[^a{i}]: b/c\n" for i in range(n // 13)),
    "marks of notes": lambda n: "[^a]: b c\n" + "a[^a] " * (n // 6),
    "spaces behind a note": lambda n: "[^a]:" + " " * n + "b\n",
    "spaces behind a label": lambda n: "[a]:" + " " * n + "b c\n",
    "addresses": lambda n: "<ab:" * (n // 4),
    "tags with attributes": lambda n: conversation("<user " + "a=b " * (n // 4)),
    "verdict signs": lambda n: answer("**" + "\u2713" * n),
    "spaces in an admonition": lambda n: "!!! " + " " * n + 'x"\n',
    "spaces in an example title": lambda n: "**Example**: x" + " " * n + "x\n",
    "opening brackets": lambda n: "[" * n,
    "open links": lambda n: "[a](b" * (n // 5),
    "escaped brackets": lambda n: "\\[" * (n // 2),
    "newlines in a link": lambda n: "[" + "\n  " * (n // 3) + "](x)",
    "eval tags": lambda n: "[^abcd]" * (n // 7),
    "eval tags in a list": lambda n: "- w [^abcd].\n" * (n // 13),
    "title references": lambda n: "[?](#a) " * (n // 8),
    "references to a long title": lambda n: (
        f"# {'t' * (n // 2)} {{#a}}\n**Example**: {'[?](#a)' * (n // 14)}\n"
    ),
    "dangling references": lambda n: "".join(f"# a {{#h{i}}}\n[?](#g{i})\n" for i in range(n // 24)),
    "backticks": lambda n: "[a] " + "`" * n,
    "odd backticks": lambda n: "[a] " + "``a` " * (n // 5),
    "one long fence": lambda n: "`" * n + "\n" + "a\n" * (n // 2),
    "open fences": lambda n: "```a\n" * (n // 5),
    "fences that get shorter": decreasing_fences,
    "open conversations": lambda n: "~~~xml\n" * (n // 7),
    "open examples": lambda n: "**Example**: x\n\n~~~xml\n<user>\na\n" * (n // 32),
    "headings with one id": lambda n: "# a {#a}\n" * (n // 9),
    "headings without id": lambda n: "# a\n" * (n // 4),
    "definitions of one term": lambda n: "**a**: b\n\n" * (n // 10),
    "examples with one title": lambda n: "**Example**: x\n\n" * (n // 16),
    "opening tags": lambda n: conversation("<user>\n" * (n // 7)),
    "closing tags": lambda n: conversation("</user>\n" * (n // 8)),
    "mixed tags": lambda n: conversation("<user>\n</tool>\n<comparison>\n</assistant>\n" * (n // 41)),
    "spaces after a tag": lambda n: conversation("<user>" + " " * n + "x"),
    "spaces in a tag": lambda n: conversation("<user" + " " * n + "x"),
    "attributes": lambda n: conversation("<user" + ' a="b"' * (n // 6) + "x"),
    "spaces in a verdict": lambda n: answer(" " * n + "!"),
    "spaces in a note": lambda n: answer("GOOD: x" + " " * n + "y"),
    "ids in a verdict": lambda n: answer("BAD " + "[#a] " * (n // 5)),
    "ends of comments": lambda n: answer("--> " * (n // 4) + "x"),
    "brackets in a message": lambda n: message("[" * n),
    "backticks in a message": lambda n: message("[a]" + "`" * n),
    "marks beside code": lambda n: message("[a] `b` " * (n // 8)),
    "open maths": lambda n: message("[a]" + "\\(" * (n // 2)),
    "open settings": lambda n: message("<settings>\n" * (n // 11)),
    "open untrusted text": lambda n: message("<untrusted>\n" * (n // 12)),
    "open fences with tags": lambda n: conversation("```a\n<user>\n" * (n // 12) + "```"),
    "stray text": lambda n: conversation("a\n\n" * (n // 3)),
    "blank lines": lambda n: "\n" * n,
    "nested lists": lambda n: "".join(" " * (i % 400) + "- a\n" for i in range(n // 200)),
    "one long word": lambda n: "a" * n,
    "a prompt header": lambda n: "Examples for [^ab12] in x" + " " * n + "x:\n",
    "a changelog head": lambda n: "## x" + " " * n + "x\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(name: str) -> None:
    text = HOSTILE[name](HOSTILE_SIZE)
    begin = time.process_time()
    run_checks(read_model_spec(text).spec)
    read_prompts(text, "ab12.md", "ab12")
    read_changelog(text, "CHANGELOG.md")
    assert time.process_time() - begin < SECONDS
