"""Why a spec says what it says, on pages: a line on the panel of each provision, and a page of all records of decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sphinx.locale import get_translation

from sphinx_policyspec.files import html_safe
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordStatus
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.web.panels import PanelLink, PanelRow
from sphinx_policyspec.sphinx_ext.web.places import DECISIONS_PAGE, PAGE_BUILDERS, provision_link

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.decision_records.check import DecisionRecordReport

_ = get_translation("sphinx_policyspec")
_MARKS = ("* ", "- ")


class DecisionPanels:
    """Tells of each provision what was decided about it, newest first.

    :param has_page: whether there is a page of all records
    """

    def __init__(self, report: DecisionRecordReport, *, has_page: bool) -> None:
        self._by_provision = report.by_provision()
        self._page = DECISIONS_PAGE if has_page else ""

    def rows(self, identifier: str) -> Iterator[PanelRow]:
        """Yield the line of a panel that tells of decisions, if there are any."""
        if records := self._by_provision.get(identifier):
            links = tuple(
                PanelLink(
                    one.title, self._page, _id(one) if self._page else "", note=f"({', '.join(_judged(one))})"
                )
                for one in records
            )
            yield PanelRow(_("Why it says this"), len(links), (("", links),))


def _id(record: DecisionRecord) -> str:
    """Return the anchor of a record on the page of all."""
    return f"decision-{quote(record.id, safe='')}"


def _judged(record: DecisionRecord) -> Iterator[str]:
    """Yield in words what became of a decision, and its date."""
    yield {
        RecordStatus.PROPOSED: _("proposed"),
        RecordStatus.ACCEPTED: _("accepted"),
        RecordStatus.REJECTED: _("rejected"),
        RecordStatus.DEPRECATED: _("deprecated"),
        RecordStatus.SUPERSEDED: _("superseded"),
    }[record.status]
    if record.date:
        yield record.date


class DecisionsPage:
    """Tells all that was decided about the spec, by provision, newest first."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page as Sphinx wants pages without a source."""
        if app.builder.name not in PAGE_BUILDERS:
            return
        if not (report := self._knowledge.decisions(app.env)):
            Path(app.builder.get_outfilename(DECISIONS_PAGE)).unlink(missing_ok=True)  # type: ignore[attr-defined]
            return
        title = str(_("Decisions"))
        yield DECISIONS_PAGE, {"title": title, "body": _Page(app, report).html(title)}, "page.html"


class _Page:
    """Writes the page; what people wrote is text, whatever it looks like."""

    def __init__(self, app: Sphinx, report: DecisionRecordReport) -> None:
        self._app, self._report = app, report
        self._by_id = {one.id: one for one in report.records}
        self._shown: set[str] = set()

    def html(self, title: str) -> str:
        """Return the body of the page."""
        intro = _("Why the spec says what it says: what was decided, and what else could have been done.")
        groups = self._report.by_provision()
        return f"<h1>{escape(title)}</h1><p>{escape(intro)}</p>" + "".join(
            self._group(name, records) for name, records in groups.items()
        )

    def _group(self, name: str, records: Sequence[DecisionRecord]) -> str:
        link = provision_link(self._app, DECISIONS_PAGE, name)
        heading = link if name else escape(_("About no provision"))
        anchor = escape(f"about-{name}" if name else "unassigned", quote=True)
        return f'<section id="{anchor}"><h2>{heading}</h2>{"".join(map(self._record, records))}</section>'

    def _link(self, record: DecisionRecord) -> str:
        return f'<a class="reference internal" href="#{escape(_id(record), quote=True)}">{html_safe(record.title)}</a>'

    def _record(self, record: DecisionRecord) -> str:
        """Return a record; of several provisions it stands once, and has a link elsewhere."""
        about = ", ".join(_judged(record))
        if record.id in self._shown:
            return f'<p class="ps-record">{self._link(record)} ({html_safe(about)})</p>'
        self._shown.add(record.id)
        parts = [f"<h3>{html_safe(record.title)}</h3>", f"<p>{html_safe(about)}</p>"]
        parts += [f"<p>{line}</p>" for line in self._beside(record)]
        for one in record.sections:
            parts.append(f"<h4>{html_safe(one.heading)}</h4>{''.join(_blocks(one.text))}")
        return f'<article class="ps-record" id="{escape(_id(record), quote=True)}">{"".join(parts)}</article>'

    def _beside(self, record: DecisionRecord) -> Iterator[str]:
        """Yield who decided, what took the place of what, and whether the reasons stand here alone."""
        for label, names in (
            (_("Decided by"), record.decision_makers),
            (_("Consulted"), record.consulted),
            (_("Informed"), record.informed),
        ):
            if names:
                yield f"{escape(label)}: {html_safe(', '.join(names))}"
        successors = self._report.successors
        later = [successors[record.id]] if record.id in successors else []
        earlier = [name for name, found in successors.items() if found == record.id]
        for label, others in ((_("Superseded by"), later), (_("In the place of"), earlier)):
            if others:
                yield f"{escape(label)}: {', '.join(self._link(self._by_id[name]) for name in others)}"
        if record.is_rationale_extra:
            yield escape(_("These reasons do not follow from the text."))


def _blocks(text: str) -> Iterator[str]:
    """Yield paragraphs and lists; other marks of Markdown stay as they are written."""
    for block in text.split("\n\n"):
        lines = [line for line in block.splitlines() if line.strip()]
        if lines and lines[0].startswith(_MARKS):
            items: list[str] = []
            for line in lines:
                if line.startswith(_MARKS):
                    items.append(line[2:].strip())
                else:
                    items[-1] += f" {line.strip()}"
            yield f"<ul>{''.join(f'<li>{html_safe(one)}</li>' for one in items)}</ul>"
        elif lines:
            yield f"<p>{html_safe(' '.join(line.strip() for line in lines))}</p>"
