"""Comments that silence findings: where they stand, what they reach, and when they are of no use."""

from __future__ import annotations

import pytest

from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.readers.text import ignores_in, silenced


def reach(text: str) -> list[tuple[str, str, int, int]]:
    found = ignores_in("a.md", text.split("\n"))
    return [(ignore.code, ignore.reason, ignore.start, ignore.end) for ignore in found]


@pytest.mark.parametrize(
    "comment",
    [
        ".. policyspec-ignore: bad-link not yet written",
        "   .. policyspec-ignore: bad-link not yet written",
        "% policyspec-ignore: bad-link not yet written",
        "<!-- policyspec-ignore: bad-link not yet written -->",
    ],
)
def test_each_language_has_its_comment(comment: str) -> None:
    assert reach(f"{comment}\n\nA text\nof two lines.\n\nAnother.") == [("bad-link", "not yet written", 3, 5)]


@pytest.mark.parametrize(
    ("block", "end"),
    [
        (".. policy:principle:: A\n   :id: a\n\n   Text.\n\nAfter.", 6),
        ("````{policy:example} A\n```{policy:message} user\nB\n```\n````\nAfter.", 7),
        ("## Heading {#a}\nText.", 3),
        ("**Example**: a\n\n~~~xml\n<user>\nB\n</user>\n~~~\nAfter.", 9),
        ('!!! meta "Commentary"\n    One.\n\n    Two.\nAfter.', 6),
        ("", 3),
    ],
)
def test_a_comment_reaches_to_the_end_of_the_block_below_it(block: str, end: int) -> None:
    assert reach(f"<!-- policyspec-ignore: x -->\n{block}")[0][3] == end


def test_comments_can_stand_on_one_another() -> None:
    assert reach("% policyspec-ignore: a-b\n% policyspec-ignore: c-d\nText.") == [
        ("a-b", "", 3, 4),
        ("c-d", "", 3, 4),
    ]


def finding(code: str, line: int) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message="m", span=Span("a.md", line, 4))


def test_a_finding_of_that_code_in_that_block_is_silenced_and_no_other() -> None:
    ignores = ignores_in("a.md", ["% policyspec-ignore: a-b", "Text", "more.", "", "Other."])
    findings = [finding("a-b", 2), finding("a-b", 3), finding("c-d", 2), finding("a-b", 5)]
    assert list(silenced(findings, [*ignores, *ignores])) == [finding("c-d", 2), finding("a-b", 5)]


def test_a_comment_that_silences_nothing_is_a_hint() -> None:
    ignores = ignores_in("a.md", ["% policyspec-ignore: a-b", "Text."])
    (hint,) = silenced([], ignores)
    assert (
        str(hint)
        == "a.md:1:3: hint: nothing here is `a-b`; delete the comment, or correct its code [unused-ignore]"
    )


def test_however_many_comments_there_are_the_blocks_are_found_in_linear_time() -> None:
    asked: list[int] = []

    class Counted(list[str]):
        def __getitem__(self, index: int) -> str:  # type: ignore[override]
            asked.append(index)
            return super().__getitem__(index)

    comment = "% policyspec-ignore: a-b"
    stacked = [comment] * 300
    in_one_paragraph = ["Text.", comment] * 300
    never_closed = [line for _ in range(300) for line in (comment, "````x")]
    for lines in (stacked, in_one_paragraph, never_closed):
        asked.clear()
        assert len(ignores_in("a.md", Counted([*lines, "Text."]))) == 300
        assert len(asked) < 10 * len(lines)
