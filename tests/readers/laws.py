"""What must hold of every reading, however bad the text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate, pairwise

from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.exports.answers import counts
from sphinx_policyspec.model import Comparison, Definition, Example, Finding, Message, Span, Spec
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.release import read_changelog, read_prompts
from sphinx_policyspec.readers.text import Reading
from tests.conftest import source_texts

FILE = "spec.md"


@lru_cache(maxsize=4)
def _line_starts(text: str) -> tuple[int, ...]:
    return (0, *accumulate(len(line) + 1 for line in text.split("\n")))


def cut_out(text: str, span: Span) -> str:
    """Return the characters of a text that a span covers."""
    starts = _line_starts(text)
    begin = starts[span.line - 1] + span.column - 1
    end = starts[span.end_line - 1] + span.end_column - 1
    return text[begin:end]


def read_lawfully(text: str) -> Reading:
    """Read a text as a document, as prompts and as a changelog, and check the laws of all three."""
    reading = read_model_spec(text, FILE)
    assert source_texts(reading.spec) == {FILE: text}
    check_places(text, (*reading.findings, *run_checks(reading.spec)))
    check_ids(reading.spec)
    check_blocks(text, reading.spec)
    assert counts(reading.spec)["sections"] == len(reading.spec.provisions)

    prompts, findings = read_prompts(text, FILE, "ab12")
    assert prompts.source + "".join(block.source for block in prompts.blocks) == text
    check_places(text, findings)

    log = read_changelog(text, FILE)
    assert log.source + "".join(entry.source for entry in log.entries) == text
    return reading


def check_places(text: str, findings: Iterable[Finding]) -> None:
    """Check that each finding is in the file, says something, and begins before it ends."""
    last = text.count("\n") + 1
    for finding in findings:
        for span in (finding.span, *finding.related):
            assert span.file == FILE
            assert 1 <= span.line <= span.end_line <= last, finding
            assert span.column >= 1, finding
            assert (span.line, span.column) <= (span.end_line, span.end_column), finding
        assert finding.code
        assert finding.message
        assert not finding.message.endswith("."), finding
        assert "\n" not in finding.message, finding


def check_ids(spec: Spec) -> None:
    """Check that ids are unique and that every part of the spec names provisions that exist."""
    for ids in (
        [provision.id for provision in spec.provisions],
        [example.id for example in spec.examples],
        [block.id for _, block in spec.walk() if isinstance(block, Definition)],
    ):
        assert len(ids) == len(set(ids))
    known = {"", *spec.provision_by_id}
    assert {provision.parent or "" for provision in spec.provisions} <= known
    assert {item.source for item in spec.references} | {item.source for item in spec.links} <= known
    assert {tag.provision for tag in spec.eval_tags} <= known
    examples = {example.id: example for example in spec.examples}
    carried = [(item.example, item.message) for item in spec.references]
    for example, message in (*carried, *((item.example, item.message) for item in spec.links)):
        assert message <= (len(examples[example].messages) if example else 0)


def check_blocks(text: str, spec: Spec) -> None:
    """Check that spans give back the sources, and that what stands in an example lies inside it."""
    for provision in spec.provisions:
        head = provision.source.split("\n", 1)[0].rstrip("\r")
        assert cut_out(text, provision.span) == head
    for _, block in spec.walk():
        assert cut_out(text, block.span) == block.source
        if isinstance(block, Example):
            _check_example(text, block)


def _check_example(text: str, example: Example) -> None:
    for before, after in pairwise(example.turns):
        assert _end(before.span) <= _start(after.span)
    for turn in example.turns:
        assert _within(turn.span, example.span)
        if isinstance(turn, Comparison):
            assert all(_within(response.span, turn.span) for response in turn.responses)
    for message in example.messages:
        _check_message(text, message)


def _check_message(text: str, message: Message) -> None:
    for before, after in pairwise(message.fragments):
        assert _start(before.span) <= _start(after.span)
    for fragment in message.fragments:
        assert _within(fragment.span, message.span)
        assert cut_out(text, fragment.span).strip() or not fragment.text.strip()


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


def _within(inner: Span, outer: Span) -> bool:
    return _start(outer) <= _start(inner) and _end(inner) <= _end(outer)
