"""Headings against the oracle markdown-it, and no rule lost in silence."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sphinx_policyspec.readers.text import Reading
from tests.readers.laws import read_lawfully

_ORACLE = MarkdownIt("commonmark")
_ATTRIBUTES = re.compile(r"[ ]*\{:?[^{}]*\}[ ]*$")

TITLE = st.sampled_from(["Be kind", "Be brief # now", "A", "Rule 1.", "Be `terse`", "Be *good*"])
ATTRIBUTES = st.sampled_from(
    [
        "{#ID authority=root}",
        '{#ID authority="user"}',
        "{ authority=root #ID }",
        "{: #ID .wide authority='user'}",
        "{#ID}",
        '{.wide #ID note="a, b" authority=user}',
    ]
)
INDENT = st.sampled_from(["", " ", "  ", "   "])
CLOSERS = st.sampled_from(["", " #", " ##", " ####  ", "  "])
PLAIN = (
    "Some words.\n",
    "Some words\nover two lines.\n",
    "- an item\n- another\n",
    "- an item\n\n    more of it\n",
    "1. an item\n   goes on\n2. another\n",
    "> a quotation\n> goes on\n",
    "```python\n# no heading {#code authority=root}\n```\n",
    "~~~~\n~~~\n## none {#wave authority=root}\n~~~~\n",
    "  ```\n  # none\n  ```\n",
    "    # indented code\n",
    "<!-- a comment -->\n",
    "<!--\n## Draft {#draft authority=root}\n\n~~~xml\n-->\n",
    "Words <!-- aside --> go on.\n",
    "* * *\n",
    "---\n",
    "***\n",
    "| a | b |\n|---|---|\n",
    "#hashtag\n",
    "####### seven\n",
    "\\# escaped\n",
    "`<!--` in code `-->`\n",
    "[label]: https://example.org\n\n[label]\n",
)


@st.composite
def headings(draw: st.DrawFn) -> str:
    """Return a heading in one of the ways of CommonMark; ``ID`` stands for its id."""
    title = draw(TITLE)
    attributes = draw(st.one_of(st.just(""), ATTRIBUTES.map(" {}".format)))
    if draw(st.booleans()):
        marks = "#" * draw(st.integers(1, 6))
        gap = draw(st.sampled_from([" ", "  ", "\t"]))
        return f"{draw(INDENT)}{marks}{gap}{title}{attributes}{draw(CLOSERS)}\n"
    above = draw(st.sampled_from(["", "A line\n"]))
    below = draw(st.sampled_from(["===", "---", "=", "--", "-----  ", "  =="]))
    return f"{above}{title}{attributes}\n{below}\n"


BLANKS = st.sampled_from(["", "\n", "\n\n"])
DOCUMENTS = st.lists(st.tuples(st.one_of(headings(), st.sampled_from(PLAIN)), BLANKS), max_size=12)


def joined(parts: list[tuple[str, str]]) -> str:
    return "".join(
        (part.replace("ID", f"id{number}") if "ID" in part else part) + blank
        for number, (part, blank) in enumerate(parts)
    )


def heads_of(text: str) -> list[tuple[int, int, str, bool]]:
    """Return the lines (first and last) and words of each heading of markdown-it, and whether it is at the top level."""
    tokens = _ORACLE.parse(text)
    return [
        (token.map[0] + 1, token.map[1], words_of(tokens[number + 1]), token.level == 0)
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and token.map
    ]


def words_of(inline: Token) -> str:
    kinds = {"text", "code_inline"}
    parts = [
        token.content if token.type in kinds else " " * token.type.endswith("break")
        for token in inline.children or ()
    ]
    return " ".join("".join(parts).split())


def plain(title: str) -> str:
    return re.sub(r"[ \t]#+$", "", _ATTRIBUTES.sub("", title)).strip()


def check_nothing_is_lost(text: str, reading: Reading) -> None:
    provisions = {provision.span.line for provision in reading.spec.provisions}
    if any(found.code == "lone-carriage-return" for found in reading.findings):
        return  # markdown-it counts other lines
    told = {found.span.line for found in reading.findings}
    for first, last, title, _ in heads_of(text):
        if "authority" in title:
            lines = range(first, last + 1)
            assert provisions.intersection(lines) or told.intersection(lines), (text, title)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS.map(joined))
@example("- a\n  ## Rule {#r authority=root}\n")
@example("> ## Rule {#r authority=root}\n")
@example("- a\n\n    ## Rule {#r authority=root}\n")
@example("1. a\n\n   Rule {#r authority=root}\n   ===\n")
@example("---\n# Be kind\n---\n")
def test_headings_are_those_of_markdown(text: str) -> None:
    reading = read_lawfully(text)
    check_nothing_is_lost(text, reading)
    seen = [(line, plain(title)) for line, _, title, top in heads_of(text) if top]
    assert [(p.span.line, p.title) for p in reading.spec.provisions] == seen


MESSY = (
    "##Rule {#ID authority=root}\n",
    "## Rule {#ID authority=root\n",
    "## Rule {#ID authority=root} (draft)\n",
    "## Rule #ID authority=root\n",
    "> ## Rule {#ID authority=root}\n",
    "- ## Rule {#ID authority=root}\n",
    "- item\n\n  ## Rule {#ID authority=root}\n",
    "<!-- c --> ## Rule {#ID authority=root}\n",
    "## Rule {#ID authority=root} <!-- c -->\n",
    "## Rule {#ID authority=root} <!-- open\n",
    "Words <!-- open\n\n## Rule {#ID authority=root}\n",
    "<!-- a -- b -->\n",
    "-->\n",
    "<!-->\n",
    "- item\n  <!-- c\n\n  d -->\n",
    "**Term**: words\n**Other**: words\n",
    "**Term**: words\n---\n",
    "**Goals:**\n- be safe\n",
    "[^log12]: tests/test_log.py\n",
    "Log it [^log12].\n",
    '!!! meta "Commentary"\n    words <!-- c -->\n',
    "**Example:** title\n\n```xml\n<User>\nHi <!-- c -->\n</User>\n```\n",
    "~~~xml\n<user>\n<!-- c\n</user>\n~~~\n",
    "Rule {#ID authority=root}\n===\n",
    "text\r# Rule {#ID authority=root}\n",
    "a\fb\x0b\x85\u2028# Rule {#ID authority=root}\n",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.one_of(st.sampled_from(MESSY), st.sampled_from(PLAIN), headings()), BLANKS), max_size=10
    ).map(joined)
)
def test_no_rule_is_lost_in_silence(text: str) -> None:
    check_nothing_is_lost(text, read_lawfully(text))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<!->\n `~#ab\\*{=}", max_size=60))
def test_any_comments_are_read_lawfully(text: str) -> None:
    check_nothing_is_lost(text, read_lawfully(text))


def test_a_marker_in_a_comment_is_nowhere() -> None:
    """Each way to write a comment around each thing that a comment may hold."""
    held = (
        "marker", "# marker {#marker}", "## marker {#marker authority=root}", "**marker**: marker", "[marker](#marker)",
        "marker[^aa11]", "**Example**: marker\n\n~~~xml\n<user>\nmarker\n</user>\n~~~", "```\nmarker\n```",
        '!!! meta "Commentary"\n    marker', "marker -- marker", "- marker", "[^mark]: tests/marker.py", "[marker]: https://marker.example",
    )  # fmt: skip
    around = (
        "{}\n", "Words.\n\n{}\n\nWords.\n", "Words.\n{}\nWords.\n", "## Two {{#two}}\n{}\n", "{}\n## Two {{#two authority=root}}\n",
        "- item\n  {}\n- item\n", '!!! meta "Commentary"\n    words\n{}\n',
    )  # fmt: skip
    inside = (
        "Words {} words.\n", "- item {} words\n", "> words {}\n", "## Two {} {{#two}}\n", "## Two {{#two}} {}\n", "**Term**: words {}\n",
        "**Example**: words {}\n\n~~~xml\n<user>\nHi {} there\n{}\n</user>\n~~~\n", '!!! meta "Commentary"\n    words {}\n',
    )  # fmt: skip
    texts = [
        shape.format(f"<!--\n{what}\n-->".replace("\n", "\n  " if "- item" in shape else "\n"))
        for shape in around
        for what in held
    ]
    texts += [shape.format(f"<!-- {what} -->") for shape in around for what in held if "\n" not in what]
    texts += [
        shape.format(*[f"<!-- {what} -->"] * 3) for shape in inside for what in held if "\n" not in what
    ]
    for text in texts:
        spec = read_lawfully(f"# One {{#one}}\n\n{text}").spec
        shown: list[object] = [(p.id, p.title, p.text) for p in spec.provisions]
        shown += [(e.id, e.title, [m.text for m in e.messages]) for e in spec.examples]
        shown += [getattr(block, "text", "") for _, block in spec.walk()]
        assert "marker" not in repr((shown, spec.references, spec.links, spec.eval_tags)), text
