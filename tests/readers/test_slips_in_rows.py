"""More slips of Model Spec Markdown, one a row: one finding each; and of two slips in one example, both."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import Severity
from tests.readers.test_slips import RIGHT, SLIPS, told

# What stands in the text, what stands in its place, code, line, cure.
ROWS = r"""
<!-- GOOD: It says so. --> | // GOOD: It says so. | unknown-verdict | 16 | write `<assistant> <!-- GOOD: It says so. -->`
<assistant> <!-- BAD --> | <assistant BAD> | unknown-verdict | 19 | write `<assistant> <!-- BAD -->`
<assistant> <!-- BAD --> | <assistant verdict="BAD"> | unknown-verdict | 19 | write `<assistant> <!-- BAD -->`
<assistant> <!-- BAD --> | <!-- BAD --> | broken-tag | 19 | write `<assistant> <!-- BAD -->`
<!-- GOOD: It says so. --> | <!-- It says so: GOOD --> | unknown-verdict | 16 | write `<!-- GOOD: It says so -->`
<comparison> | <compare> | broken-tag | 15 | write `<comparison>`
<comparison> | </comparison> | broken-tag | 15 | write `<comparison>`
Have you this book?\n</user> | Have you this book?</user> | broken-tag | 13 | write `</user>` alone on a line below it
Of course.\n</assistant> | Of course. </assistant> | broken-tag | 20 | write `</assistant>` alone on a line below it
</comparison>\n~~~ | </comparison>~~~ | unclosed-fence | 22 | write `~~~` on a line below it
Have you this book? | ~~~\nHave you this book?\n~~~ | unclosed-fence | 13 | has other marks than `~~~`
~~~xml\n<user> | ~~~ xml <user> | example-without-conversation | 11 | write `~~~xml` at the margin, and `<user>` below it
<user>\nHave you this book?\n</user> | User: Have you this book? | text-outside-message | 12 | write `<user>` above its words
**Example**: A book | ### Example: A book | untitled-example | 9 | write `**Example**: A book`
<assistant> <!-- BAD -->\nOf | <user> <!-- BAD -->\nOf | non-assistant-alternative | 19 | write `<assistant>`
## After | ##After | lost-heading | 30 | write `## After {#after authority=developer}`
{#after authority=developer} | #after authority=developer | broken-attributes | 30 | with `{#after authority=developer}`
{#after authority=developer} | {#after autority=developer} | broken-attributes | 30 | with `{#after authority=developer}`
{#say_so authority=user} | {#after authority=user} | duplicate-id | 5 | choose another id, such as `say_so`
{#after authority=developer} | {#say_so authority=developer} | duplicate-id | 30 | choose another id, such as `after`
{#after authority=developer} | {##after authority=developer} | invalid-id | 30 | with `{#after authority=developer}`
{#after authority=developer} | {#after authority=developer] | broken-attributes | 30 | with `{#after authority=developer}`
<assistant> <!-- BAD -->\n | <assistant> <!-- BAD --> | broken-tag | 19 | write the text after `<!-- BAD -->` on the line below
**Example**: | **Example**; | untitled-example | 9 | write `**Example**: A book`
[?](#after) | [it](#). See [?](#after) | undefined-label | 7 | or `#` and an id
[?](#after) | [it](). See [?](#after) | undefined-label | 7 | write an address
"Commentary"\n    Why so. | "Commentary" Why so. | unknown-admonition | 27 | and its text below, indented
[?](#after) | [it](#af ter) | dangling-reference | 7 | write `[text](#after)`
[?](#after) | [it](#no such id). See [?](#after) | dangling-reference | 7 | an id has no blanks
The first norm. | The first norm; see [it] (https://a.example). | undefined-label | 7 | write `[text](https://a.example)`
The first norm. | The first norm; see [it](https://a.example today. | undefined-label | 7 | write `[text](https://a.example)`
{#after authority=developer} | {#after authority developer} | broken-attributes | 30 | with `{#after authority=developer}`
~~~xml\n<user> | xml\n<user> | example-without-conversation | 11 | write `~~~xml` at the margin
!!! meta "Commentary" | **Commentary** | unknown-admonition | 27 | write `!!! meta "Commentary"`
!!! meta | ::: meta | unknown-admonition | 27 | write `!!! meta "Commentary"`
<assistant> <!-- BAD --> | <asistant> <!-- BAD --> | broken-tag | 19 | write `<assistant>` before `<!-- BAD -->`
<assistant> <!-- BAD --> | <assistant>: BAD | unknown-verdict | 19 | write `<assistant> <!-- BAD -->`
<assistant> <!-- BAD --> | <assistant> (BAD: no) | unknown-verdict | 19 | write `<assistant> <!-- BAD: no -->`
</comparison>\n~~~ | </comparison>\n~~~xml | unclosed-fence | 23 | write `~~~`
</comparison>\n~~~ | ~~~\n</comparison> | unclosed-fence | 22 | move the line below the last tag
~~~xml\n | ~~~xml <!-- now -->\n | example-without-conversation | 11 | write `~~~xml` at the margin
**Example**: A | __Example__ A | untitled-example | 9 | write `**Example**: A book`
The second norm. | -->\n\nThe second norm. | unclosed-comment | 25 | delete it
[?](#after) | [it](spec.html#after) | dangling-reference | 7 | write `[text](#after)`
The second norm. | **Example**: None\n\n~~~xml\n\n~~~\n\nThe second norm. | empty-block | 27 | put one into it
[?](#after) | [?](#after | dangling-reference | 7 | or `[?](#after)`
[?](#after) | [?](#af ter) | dangling-reference | 7 | or `[?](#after)`
[?](#after) | [After]. See [?](#after) | dangling-reference | 7 | write `[text](#after)`
[?](#say_so) | #say_so. See [?](#say_so) | dangling-reference | 32 | write `[text](#say_so)`
[?](#after) | [it](https:/#after) | dangling-reference | 7 | write `[text](#after)`
{#after authority=developer} | {#after .authority=developer} | broken-attributes | 30 | with `{#after authority=developer}`
<!-- GOOD: It says so. --> | <!-- GOOD It says so --> | unknown-verdict | 16 | write `<!-- GOOD: It says so -->`
<!-- GOOD: It says so. --> | <!-- GOOD: It says [#after] --> | dangling-reference | 16 | write `<!-- GOOD [#after]: It says -->`
<!-- GOOD: It says so. --> | <!-- GOOD [after]: It says --> | unknown-verdict | 16 | write `<!-- GOOD [#after]: It says -->`
<!-- BAD --> | <!-- BAD: no --> <!-- why? --> | unknown-verdict | 19 | into the first
[?](#say_so) | [it](Say so) and [it](#say_so) | dangling-reference | 32 | write `[text](#say_so)`
[?](#after) | [?][after] | dangling-reference | 7 | or `[?](#after)`
<!-- GOOD: It says so. --> | <!-- NOT GOOD: It says so. --> | unknown-verdict | 16 | write GOOD, BAD or OK
<!-- GOOD: It says so. --> | <! -- GOOD: It says so. --> | unknown-verdict | 16 | write `<assistant> <!-- GOOD: It says so. -->`
<user>\nHave you this book?\n</user> | <user:>\nHave you this book?\n</user:> | broken-tag | 12 | write `<user>`
~~~xml\n<user> | ~~~\n~~~xml\n<user> | example-without-conversation | 11 | delete it
    Why so.\n |     Why so.\nAnd why not.\n | unknown-admonition | 29 | indent it by four spaces
{#after authority=developer} | {#after authority=developer}. | broken-attributes | 30 | end its line with
# Manners {#manners} | # Manners (#manners) | broken-attributes | 1 | end its line with `{#manners}`
# Manners {#manners} | # Manners {manners} | broken-attributes | 1 | end its line with `{#manners}`
[?](#say_so) | [Say so](#). See [?](#say_so) | dangling-reference | 32 | write `[text](#say_so)`
[?](#say_so) | [it](/say_so). See [?](#say_so) | dangling-reference | 32 | write `[text](#say_so)`
<!-- GOOD: It says so. --> | <!-- VERY GOOD: It says so. --> | unknown-verdict | 16 | write `<!-- GOOD: It says so -->`
[?](#say_so) | [?]#say_so | dangling-reference | 32 | or `[?](#say_so)`
The second norm. | <! todo >\n\nThe second norm. | unclosed-comment | 25 | write `<!-- todo -->`
<user>\nHave | <user>\n<user>\nHave | crossed-tag | 12 | delete one of the two
<user>\nHave you this book?\n</user> | [user]\nHave you this book?\n[/user] | broken-tag | 12 | write `<user>`
Have you this book?\n | \n | empty-block | 12 | write what `user` says
The second norm. | <-- todo -->\n\nThe second norm. | unclosed-comment | 25 | write `<!-- todo -->`
The second norm. | <!- todo ->\n\nThe second norm. | unclosed-comment | 25 | write `<!-- todo -->`
!!! meta "Commentary"\n    Why so. | > Commentary: Why so. | unknown-admonition | 27 | write `!!! meta "Commentary"`
!!! meta "Commentary"\n    Why so. | Commentary: Why so. | unknown-admonition | 27 | write `!!! meta "Commentary"`
!!! meta "Commentary"\n |  | unknown-admonition | 27 | write `!!! meta "Commentary"` above them
"""
"""One slip a line; ``\\n`` stands for a line end."""
TABLE = [[part.replace("\\n", "\n") for part in row.split(" | ")] for row in ROWS.strip().splitlines()]


@pytest.mark.parametrize(("old", "new", "code", "line", "cure"), TABLE)
def test_a_slip_is_told_once_with_its_cure(old: str, new: str, code: str, line: str, cure: str) -> None:
    assert old in RIGHT
    found = told(RIGHT.replace(old, new, 1))
    assert [(one.code, one.span.line) for one in found] == [(code, int(line))]
    assert cure in f"{found[0].message}; {found[0].hint}"


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "cure"),
    [
        ("norm.", "norm[^ab12].", None, 0, ""),
        ("norm.", "norm[^AB12].", "malformed-tag", 7, "write `[^ab12]`"),
        ("norm.", "norm[ab12].", "malformed-tag", 7, "write `[^ab12]`"),
        ("norm.", "norm[^ab12](#after).", "malformed-tag", 7, "write `[^ab12]` and a blank"),
        ("norm.", "norm[^ab12 now].", "malformed-tag", 7, "write `[^ab12]`"),
        ("norm.", "norm[^zz99].", "tag-without-file", 7, "did you mean `ab12`?"),
        ("norm.", "norm `[^ab12]`.", "file-without-tag", 7, "take it out of the code"),
        ("norm.", "norm[^ab12][^ab12].", "duplicate-tag", 7, "delete one of the two"),
        ("Have you", "Have[^ab12] you", "tag-in-conversation", 13, "move it after the clause"),
        ("A book", "A book[^ab12]", "misplaced-tag", 9, "move it after the clause"),
        ("Why so", "Why so[^ab12]", "misplaced-tag", 28, "move it after the clause"),
        ("## After", "## After[^ab12]", "misplaced-tag", 30, "move it after the clause"),
    ],
)
def test_a_slip_of_an_eval_tag_is_told_once(
    tmp_path: Path, old: str, new: str, *, code: str | None, line: int, cure: str
) -> None:
    (tmp_path / "model_spec.md").write_text(RIGHT.replace(old, new, 1), "utf-8")
    (tmp_path / "examples").mkdir()
    prompt = f"Examples for [^ab12] in {'After' if line == 30 else 'Say so'}:\n\n**Example**: a\n\n~~~xml\n<user>\nHi\n</user>\n~~~\n"
    (tmp_path / "examples" / "ab12.md").write_text(prompt, "utf-8")
    found = ps.load_checked(tmp_path, annotate=False).findings
    told = [one for one in found if one.severity is not Severity.HINT]
    assert [(one.code, one.span.line) for one in told] == ([(code, line)] if code else [])
    assert not told or cure in told[0].hint


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fence-of-text", "tag-misclosed"),
        ("fence-left-out", "verdict-misspelt"),
        ("title-misspelt", "role-misspelt"),
        ("title-as-heading", "verdict-as-text"),
        ("role-misspelt", "verdict-below"),
        ("role-misspelt", "comparison-misspelt"),
        ("tag-never-closed", "verdict-as-text"),
        ("tag-misclosed", "answer-never-closed"),
        ("tag-with-text", "verdict-missing"),
        ("text-above-the-fence", "tag-half"),
        ("tag-never-closed", "comparison-never-closed"),
        ("title-misspelt", "fence-never-closed"),
    ],
)
def test_two_slips_of_one_example_are_both_told(one: str, other: str) -> None:
    text = RIGHT
    for old, new, *_ in sorted((SLIPS[one], SLIPS[other]), key=lambda row: -RIGHT.index(row[0])):
        at = RIGHT.index(old)
        text = text[:at] + new + text[at + len(old) :]
    assert sorted(found.code for found in told(text)) == sorted((SLIPS[one][2], SLIPS[other][2]))


def test_a_conversation_without_its_end_takes_no_heading_with_it() -> None:
    more = "**Example**: More\n\n~~xml\n<user>\nWhat?\n</user>\n~~~\n"
    text = RIGHT.replace("</comparison>\n~~~", "</comparison>", 1) + more
    assert [one.code for one in told(text)] == ["unclosed-fence", "example-without-conversation"]


def test_a_misspelt_tag_hides_no_title_of_its_prompts(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(RIGHT.replace("norm.", "norm[^ab1l].", 1), "utf-8")
    (tmp_path / "examples").mkdir()
    prompt = "Examples for [^ab11] in Say sow:\n\n**Example**: a\n\n~~~xml\n<user>\nHi\n</user>\n~~~\n"
    (tmp_path / "examples" / "ab11.md").write_text(prompt, "utf-8")
    found = ps.load_checked(tmp_path, annotate=False).findings
    told = [one.code for one in found if one.severity is not Severity.HINT]
    assert told == ["stale-prompt-title", "tag-without-file"]
