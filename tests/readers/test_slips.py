"""Slips of Model Spec Markdown: one finding each, at its line, with its cure, and nothing that follows from it."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.checks.causes import causes
from sphinx_policyspec.model import Finding, Severity
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.text import SourceLines

RIGHT = """\
# Manners {#manners}

Before.

## Say so {#say_so authority=user}

The first norm. See [?](#after).

**Example**: A book

~~~xml
<user>
Have you this book?
</user>
<comparison>
<assistant> <!-- GOOD: It says so. -->
I do not know.
</assistant>
<assistant> <!-- BAD -->
Of course.
</assistant>
</comparison>
~~~

The second norm.

!!! meta "Commentary"
    Why so.

## After {#after authority=developer}

Text. See [?](#say_so).
"""
SLIPS = {
    "two-verdicts": (
        "<!-- GOOD: It says so. -->",
        "<!-- GOOD, BAD -->",
        "unknown-verdict",
        16,
        "keep the one that applies",
    ),
    "brace-open": ("developer}", "developer", "broken-attributes", 30, "end its line with"),
    "other-brackets": (
        "{#after authority=developer}",
        "(#after authority=developer)",
        "broken-attributes",
        30,
        "are not in braces; end its line with",
    ),
    "misspelt-level": (
        "authority=dev",
        "autority=dev",
        "broken-attributes",
        30,
        "give no level by `authority=`",
    ),
    "level-for-authority": (
        "authority=dev",
        "level=dev",
        "broken-attributes",
        30,
        "give no level by `authority=`",
    ),
    "unknown-level": ("developer", "developr", "unknown-level", 30, "did you mean `developer`?"),
    "text-behind": ("developer}", "developer} now", "broken-attributes", 30, "end its line with"),
    "attributes-first": (
        "After {#after authority=developer}",
        "{#after authority=developer} After",
        "broken-attributes",
        30,
        "end its line with",
    ),
    "attributes-below": (
        "After {#after",
        "After\n{#after",
        "lost-heading",
        31,
        "write it at the end of line 30",
    ),
    "no-hash": ("{#after", "{after", "broken-attributes", 30, "with `{#after authority=developer}`"),
    "fence-never-closed": (
        "</comparison>\n~~~\n",
        "</comparison>\n",
        "unclosed-fence",
        11,
        "add a line `~~~`",
    ),
    "fence-of-others": (
        "</comparison>\n~~~\n",
        "</comparison>\n```\n",
        "unclosed-fence",
        23,
        "write `~~~`",
    ),
    "fence-too-short": (
        "</comparison>\n~~~\n",
        "</comparison>\n~~\n",
        "unclosed-fence",
        23,
        "write `~~~`",
    ),
    "fence-longer": ("~~~xml", "~~~~xml", "unclosed-fence", 11, "write `~~~xml`"),
    "fence-of-text": ("~~~xml", "~~~text", "example-without-conversation", 11, "write `~~~xml`"),
    "tag-never-closed": ("</user>\n", "", "unclosed-tag", 12, "add `</user>`"),
    "tag-misclosed": ("</user>", "</usr>", "broken-tag", 14, "write `</user>`"),
    "tag-without-slash": ("</user>", "<user>", "unclosed-tag", 14, "write `</user>`"),
    "fence-left-out": ("~~~xml\n", "", "example-without-conversation", 11, "add a line `~~~xml` above it"),
    "fence-indented": ("~~~xml", "    ~~~xml", "example-without-conversation", 11, "at the margin"),
    "fence-of-two-kinds": ("~~~xml", "```xml", "unclosed-fence", 11, "write `~~~xml`"),
    "fence-too-early": ("</user>\n", "</user>\n~~~\n", "unclosed-fence", 15, "delete the line"),
    "code-of-the-same-marks": (
        "I do not know.",
        "~~~python\nprint()\n~~~",
        "unclosed-fence",
        17,
        "has other marks",
    ),
    "tag-with-blank": ("</user>", "< /user>", "broken-tag", 14, "write `</user>`"),
    "tag-escaped": ("<user>", "&lt;user&gt;", "broken-tag", 12, "write `<user>`"),
    "tag-of-other-slash": ("</user>", "<\\user>", "broken-tag", 14, "write `</user>`"),
    "tag-with-text": ("<user>\nHave", "<user>Have", "broken-tag", 12, "alone on its line"),
    "tag-half": ("<user>", "<user", "broken-tag", 12, "write `<user>`"),
    "tag-attribute-empty": (
        "<user>",
        "<user recipent=>",
        "broken-tag",
        12,
        'write each attribute as `name="value"`',
    ),
    "tag-attribute-misspelt": (
        "<user>",
        '<user recipent="a">',
        "broken-attributes",
        12,
        "did you mean `recipient`?",
    ),
    "tag-attribute-quotes": (
        "<user>",
        "<user name=\u201cann\u201d>",
        "broken-attributes",
        12,
        'write `name="ann"`',
    ),
    "comparison-never-opened": ("<comparison>\n", "", "unclosed-tag", 15, "add `<comparison>` above it"),
    "comparison-opened-twice": (
        "<comparison>\n",
        "<comparison>\n<comparison>\n",
        "crossed-tag",
        16,
        "delete one of the two",
    ),
    "comparison-without-slash": (
        "</comparison>",
        "<comparison>",
        "unclosed-tag",
        22,
        "write `</comparison>`",
    ),
    "ends-swapped": (
        "</assistant>\n</comparison>",
        "</comparison>\n</assistant>",
        "crossed-tag",
        21,
        "above it",
    ),
    "verdict-above": (
        "<assistant> <!-- BAD -->",
        "<!-- BAD -->\n<assistant>",
        "unknown-verdict",
        19,
        "write `<assistant> <!-- BAD -->`",
    ),
    "verdict-below": (
        "<assistant> <!-- BAD -->",
        "<assistant>\n<!-- BAD -->",
        "unknown-verdict",
        20,
        "write `<assistant> <!-- BAD -->`",
    ),
    "verdict-of-dashes": (
        "<!-- BAD -->",
        "<!\u2014 BAD \u2014>",
        "unknown-verdict",
        19,
        "write `<assistant> <!-- BAD -->`",
    ),
    "title-misspelt": ("**Example**:", "**Exmaple**:", "untitled-example", 9, "write `**Example**: A book`"),
    "title-as-heading": (
        "**Example**:",
        "### Example:",
        "untitled-example",
        9,
        "write `**Example**: A book`",
    ),
    "title-empty": ("**Example**: A book", "**Example**:", "untitled-example", 9, "say what it shows"),
    "id-with-blank": ("{#after", "{#af ter", "invalid-id", 30, "with `{#after authority=developer}`"),
    "id-as-class": ("{#after", "{.after", "broken-attributes", 30, "with `{#after authority=developer}`"),
    "two-ids": ("{#after", "{#after #behind", "broken-attributes", 30, "name two ids"),
    "two-levels": (
        "developer}",
        "developer authority=user}",
        "broken-attributes",
        30,
        "`developer` and `user`",
    ),
    "title-lost": ("## After {", "## {", "broken-attributes", 30, "come after no title"),
    "marks-lost": ("# Manners {", "Manners {", "lost-heading", 1, "begin the line at the margin"),
    "nothing-below": ("Text. See [?](#say_so).\n", "", "empty-block", 30, "say what it demands"),
    "link-in-braces": ("[?](#after)", "[it]{#after}", "dangling-reference", 7, "write `[text](#after)`"),
    "link-without-marks": ("[?](#after)", "[it](after)", "dangling-reference", 7, "write `[text](#after)`"),
    "link-with-blank": ("[?](#after)", "[it] (#after)", "dangling-reference", 7, "write `[text](#after)`"),
    "link-open": ("[?](#after).", "[it](#after", "dangling-reference", 7, "write `[text](#after)`"),
    "link-turned-round": ("[?](#after)", "(it)[#after]", "dangling-reference", 7, "write `[text](#after)`"),
    "link-of-wikis": ("[?](#after)", "[[after]]", "dangling-reference", 7, "write `[text](#after)`"),
    "link-of-html": (
        "[?](#after)",
        '<a href="#after">it</a>',
        "dangling-reference",
        7,
        "write `[text](#after)`",
    ),
    "link-to-own-file": (
        "[?](#after)",
        "[it](spec.md#aftr)",
        "dangling-reference",
        7,
        "did you mean `after`?",
    ),
    "link-without-words": ("[?](#after)", "[](#after)", "title-of-nothing", 7, "write `[?](#after)`"),
    "marks-of-a-merge": (
        "The second norm.",
        "<<<<<<< HEAD\nThe second norm.\n=======\nThe third.\n>>>>>>> other",
        "merge-conflict",
        25,
        "keep one side",
    ),
    "comment-left-open": ("Before.", "<!-- Before.", "unclosed-comment", 3, "add `-->`"),
    "quote-left-open": (
        "=developer}",
        '="developer}',
        "broken-attributes",
        30,
        "a quote that is never closed",
    ),
    "id-with-blank-of-no-width": ("{#after", "{#af\u200bter", "invalid-id", 30, "U+200B"),
    "level-alone": (
        "authority=developer",
        "developer",
        "broken-attributes",
        30,
        "in place of `authority=developer`",
    ),
    "level-empty": (
        "authority=developer",
        "authority=",
        "broken-attributes",
        30,
        "give no level by `authority=`",
    ),
    "attributes-in-a-comment": (
        "{#after authority=developer}",
        "<!-- {#after authority=developer} -->",
        "broken-attributes",
        30,
        "are in a comment",
    ),
    "link-by-label": ("[?](#after)", "[it][after]", "dangling-reference", 7, "write `[text](#after)`"),
    "link-of-sphinx": ("[?](#after)", "{ref}`after`", "dangling-reference", 7, "write `[text](#after)`"),
    "fence-twice": ("~~~xml", "~~~xml\n~~~xml", "unclosed-fence", 12, "delete one of the two"),
    "text-above-the-fence": (
        "~~~xml",
        "Here is one.\n\n~~~xml",
        "example-without-conversation",
        11,
        "move it above the title",
    ),
    "tag-without-its-end": ("<user>", '<user name="ann"', "broken-tag", 12, 'write `<user name="ann">`'),
    "commentary-with-a-colon": (
        "!!! meta",
        "!!! meta:",
        "unknown-admonition",
        27,
        'write `!!! meta "Commentary"`',
    ),
    "merge-of-headings": (
        "## After {#after authority=developer}",
        "<<<<<<< HEAD\n## After {#after authority=developer}\n=======\n## After {#after authority=user}\n>>>>>>> b",
        "merge-conflict",
        30,
        "keep one side",
    ),
    "tag-in-code-marks": ("<user>", "`<user>`", "broken-tag", 12, "write `<user>`"),
    "tag-indented": ("<user>", "    <user>", "broken-tag", 12, "begin the line at the margin"),
    "tag-with-blank-of-no-width": ("<user>", "<us\u200ber>", "broken-tag", 12, "it has U+200B"),
    "tag-of-another": ("know.\n</assistant>", "know.\n</user>", "crossed-tag", 18, "write `</assistant>`"),
    "comparison-ends-early": (
        "know.\n</assistant>",
        "know.\n</assistant>\n</comparison>",
        "crossed-tag",
        19,
        "delete it",
    ),
    "verdict-behind-its-comment": (
        "<!-- BAD -->",
        "<!-- BAD --> [#after]",
        "broken-tag",
        19,
        "write all of the verdict into the comment",
    ),
    "fence-end-indented": (
        "</comparison>\n~~~",
        "</comparison>\n    ~~~",
        "unclosed-fence",
        23,
        "begin it at the margin",
    ),
    "fence-end-with-text": ("~~~\n\nThe second", "~~~ The second", "unclosed-fence", 23, "write `~~~`"),
    "attributes-begun": (
        "{#after authority=developer}",
        "{#",
        "broken-attributes",
        30,
        "are begun, and no more",
    ),
    "level-glued": (
        "authority=developer",
        "authority-developer",
        "broken-attributes",
        30,
        "with `{#after authority=developer}`",
    ),
    "role-misspelt": ("<user>", "<usr>", "broken-tag", 12, "write `<user>`"),
    "comparison-misspelt": (
        "<comparison>",
        "<comparision>",
        "broken-tag",
        15,
        "write `<comparison>`",
    ),
    "comparison-never-closed": ("</comparison>\n", "", "unclosed-tag", 15, "add `</comparison>`"),
    "answer-never-closed": ("know.\n</assistant>\n", "know.\n", "unclosed-tag", 16, "add `</assistant>`"),
    "verdict-misspelt": ("BAD", "BAAD", "unknown-verdict", 19, "did you mean `BAD`?"),
    "verdict-missing": (" <!-- BAD -->", "", "missing-verdict", 19, "add `<!-- GOOD -->`"),
    "verdict-as-text": ("<!-- BAD -->", "BAD", "unknown-verdict", 19, "write `<assistant> <!-- BAD -->`"),
    "verdict-unclosed": (
        "<!-- BAD -->",
        "<!-- BAD",
        "unknown-verdict",
        19,
        "write `<assistant> <!-- BAD -->`",
    ),
    "verdict-half": (
        "<!-- BAD -->",
        "<!- BAD -->",
        "unknown-verdict",
        19,
        "write `<assistant> <!-- BAD -->`",
    ),
    "text-between": (
        "</user>\n",
        "</user>\nHello\n",
        "text-outside-message",
        15,
        "put it between a role's tags",
    ),
    "title-missing": ("**Example**: A book\n\n", "", "untitled-example", 9, "put `**Example**: …` above"),
    "title-without-colon": (
        "**Example**:",
        "**Example**",
        "untitled-example",
        9,
        "write `**Example**: A book`",
    ),
    "commentary-at-the-margin": (
        "    Why",
        "Why",
        "unknown-admonition",
        27,
        "indent its text by four spaces",
    ),
    "commentary-of-two-marks": (
        "!!! meta",
        "!! meta",
        "unknown-admonition",
        27,
        'write `!!! meta "Commentary"`',
    ),
    "commentary-without-quotes": (
        '"Commentary"',
        "Commentary",
        "unknown-admonition",
        27,
        'write `!!! meta "Commentary"`',
    ),
    "link-misspelt": ("(#after)", "(#aftr)", "dangling-reference", 7, "did you mean `after`?"),
    "link-without-hash": ("(#after)", "(after)", "dangling-reference", 7, "or `[?](#after)`"),
    "link-in-two": ("[?](#after)", "[?] (#after)", "dangling-reference", 7, "or `[?](#after)`"),
    "too-deep": ("## After", "### After", "nested-principle", 30, "is inside principle `say_so`"),
    "user-compared": (
        "<assistant> <!-- BAD -->",
        "<user>",
        "non-assistant-alternative",
        19,
        "where only answers belong",
    ),
}


def told(text: str) -> list[Finding]:
    """Return what is told of a text, in which advice on what is right already is left out."""
    reading = read_model_spec(text, "spec.md")
    lines = SourceLines(None, texts={"spec.md": text})
    found = causes([*reading.findings, *run_checks(reading.spec)], lines)
    return [one for one in found if one.severity is not Severity.HINT]


@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_told_once_with_its_cure_and_nothing_follows(name: str) -> None:
    old, new, code, line, cure = SLIPS[name]
    assert old in RIGHT
    text = RIGHT.replace(old, new, 1)
    if name == "user-compared":
        text = text.replace("Of course.\n</assistant>", "Of course.\n</user>")
    found = told(text)
    assert [(finding.code, finding.span.line) for finding in found] == [(code, line)]
    assert cure in f"{found[0].message}; {found[0].hint}"


@pytest.mark.parametrize("wrong", ["##After", "\t## After", "**After**", "    ## After"])
def test_that_nothing_has_the_id_of_a_lost_heading_is_not_told_beside_it(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(RIGHT.replace("## After", wrong), "utf-8")
    found = ps.load_checked(tmp_path / "model_spec.md", annotate=False).findings
    assert [(one.code, one.span.line) for one in found if one.severity is not Severity.HINT] == [
        ("lost-heading", 30)
    ]


def test_what_is_right_is_left_alone() -> None:
    assert told(RIGHT) == []


def test_an_id_that_was_changed_is_told_once_with_all_places_that_have_the_old_one(tmp_path: Path) -> None:
    text = RIGHT.replace("The second norm.", "See [the end](#after).\n\nOr [?](#after).").replace(
        "{#after", "{#after_all"
    )
    (tmp_path / "model_spec.md").write_text(text, "utf-8")
    found = ps.load_checked(tmp_path, annotate=False).findings
    assert [
        str(one) for one in found if one.severity is not Severity.HINT or one.code == "never-referenced"
    ] == [
        "model_spec.md:7:21: error: unknown provision `after`, as at model_spec.md:25, model_spec.md:27; did you mean `after_all`? [dangling-reference]"
    ]


def test_a_file_that_nothing_ties_to_the_spec_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(RIGHT, "utf-8")
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "todo.md").write_text("Write some prompts.\n", "utf-8")
    found = ps.load_checked(tmp_path, annotate=False).findings
    assert [one.code for one in found if one.span.file == "examples/todo.md"] == ["file-without-tag"]


def test_an_attribute_that_means_nothing_is_kept_with_a_hint() -> None:
    reading = read_model_spec(RIGHT.replace("developer}", "developer topcs=x}"), "spec.md")
    assert [str(one) for one in reading.findings] == [
        "spec.md:30:1: hint: `topcs` means nothing in a heading; known are `authority` [broken-attributes]"
    ]
    assert reading.spec.provisions[-1].attributes == (("topcs", "x"),)
