"""What a register says of a release: text by provision, open records first, and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sphinx_policyspec.exports import Formats, json_object
from sphinx_policyspec.feedback.anchors import AnchorState, FoundAnchor
from sphinx_policyspec.feedback.check import FeedbackReport
from sphinx_policyspec.files import number_of, printable
from sphinx_policyspec.model.feedback import Feedback, FeedbackStatus


def _json(report: FeedbackReport) -> str:
    told = {
        "release": report.release,
        "records": [record_of(one, report.quotes.get(one.id)) for one in report.records],
    }
    return json_object(told, report.findings)


def record_of(record: Feedback, quote: FoundAnchor | None) -> dict[str, Any]:
    """Return a record as plain values, with what has become of the words that it quotes."""
    return {
        "id": record.id,
        "title": record.title,
        "status": record.status.value,
        "kind": record.kind.value if record.kind else None,
        "provisions": [*record.provisions],
        "release": record.release,
        "answered_in": record.answered_in,
        "duplicates": [*record.duplicates],
        "contradicts": [*record.contradicts],
        "quote": _quote(quote) if quote else None,
    }


def _quote(found: FoundAnchor) -> dict[str, Any]:
    return {
        "state": found.state.value,
        "exact": found.anchor.exact,
        "provision": found.provision,
        "start": found.start,
        "end": found.end,
        "words": found.words,
        "ratio": round(found.ratio, 4),
        "is_normalised": found.is_normalised,
        "is_beside": found.is_beside,
        "places": [*found.places],
    }


def _text(report: FeedbackReport) -> str:
    return "".join(f"{printable(line)}\n" for line in _lines(report))


def _lines(report: FeedbackReport) -> Iterator[str]:
    """Yield the records of each provision, in the order of the spec; a record of several is below each."""
    for name, records in report.by_provision().items():
        yield name or "not assigned"
        for one in records:
            yield from _told(one, report.quotes.get(one.id))
    yield counted(report.records)


def counted(records: Sequence[Feedback]) -> str:
    """Return how many records there are, and of which status, in words."""
    of_each = Counter(one.status for one in records)
    told = ", ".join(f"{of_each[status]} {status}" for status in FeedbackStatus if of_each[status])
    many = number_of(len(records), "record")
    return f"{many}{': ' if told else ''}{told}"


def _told(record: Feedback, quote: FoundAnchor | None) -> Iterator[str]:
    about = (record.date, record.kind or "", record.answered_in and f"in {record.answered_in}")
    beside = ", ".join(filter(None, about))
    yield f"  {record.status:<8}  {record.id}: {record.title}{f' ({beside})' if beside else ''}"
    if record.contradicts:
        yield f"            says the opposite of {', '.join(record.contradicts)}"
    if quote:
        yield f"            “{quote.anchor.exact[:200]}”: {_state(quote)}"


def _state(found: FoundAnchor) -> str:
    """Return what has become of quoted words; those that changed are beside what they were."""
    if found.state is AnchorState.CHANGED:
        return f"changed ({found.ratio:.2f}): “{found.words[:200]}”"
    if found.state is AnchorState.GONE:
        return "gone"
    where = f" to {found.provision}" if found.state is AnchorState.MOVED else ""
    typography = ", in other typography" if found.is_normalised and not found.is_beside else ""
    beside = ", in its title, commentary or examples" if found.is_beside else ""
    many = f", at {len(found.places)} places" if found.places else ""
    return f"{found.state}{where}{typography}{beside}{many}"


FEEDBACK_FORMATS: Formats[FeedbackReport] = {"text": _text, "json": _json}
"""The forms of what a register says."""
