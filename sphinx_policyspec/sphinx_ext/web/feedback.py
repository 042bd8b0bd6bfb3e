"""What people say of a spec, on pages: a line on the panel of each provision, and a page of all records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sphinx.locale import get_translation

from sphinx_policyspec.feedback.anchors import AnchorState, FoundAnchor
from sphinx_policyspec.files import grouped, html_safe
from sphinx_policyspec.model.feedback import Feedback, FeedbackKind, FeedbackStatus
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.web.panels import PanelLink, PanelRow
from sphinx_policyspec.sphinx_ext.web.places import FEEDBACK_PAGE, PAGE_BUILDERS, provision_link

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.feedback.check import FeedbackReport

_ = get_translation("sphinx_policyspec")


class FeedbackPanels:
    """Tells of each provision what people say of it, open records first.

    :param has_page: whether there is a page of all records
    """

    def __init__(self, report: FeedbackReport, *, has_page: bool) -> None:
        self._by_provision = report.by_provision()
        self._page = FEEDBACK_PAGE if has_page else ""

    def rows(self, identifier: str) -> Iterator[PanelRow]:
        """Yield the line of a panel that tells of records, if there are any."""
        if records := self._by_provision.get(identifier):
            links = tuple(
                PanelLink(
                    one.title, self._page, _id(one) if self._page else "", note=f"({', '.join(_judged(one))})"
                )
                for one in records
            )
            yield PanelRow(_("Feedback"), len(links), (("", links),))


def _id(record: Feedback) -> str:
    """Return the anchor of a record on the page of all."""
    return f"feedback-{quote(record.id, safe='')}"


def _judged(record: Feedback) -> Iterator[str]:
    """Yield in words what became of a record, and whose fault it is."""
    yield _status(record)
    if record.kind:
        yield _kinds()[record.kind]


def _about(record: Feedback) -> Iterator[str]:
    """Yield what is known of a record, in words: what became of it first."""
    yield from _judged(record)
    yield from filter(None, (record.date, record.author, record.model))
    if record.release:
        yield _("about {release}").format(release=record.release)


def _status(record: Feedback) -> str:
    if record.status is FeedbackStatus.ANSWERED and record.answered_in:
        return _("answered in {release}").format(release=record.answered_in)
    return _statuses()[record.status]


def _statuses() -> dict[FeedbackStatus, str]:
    return {
        FeedbackStatus.OPEN: _("open"),
        FeedbackStatus.ACCEPTED: _("accepted"),
        FeedbackStatus.DECLINED: _("declined"),
        FeedbackStatus.ANSWERED: _("answered"),
    }


def _kinds() -> dict[FeedbackKind, str]:
    return {
        FeedbackKind.SPEC_DEFECT: _("the spec is at fault"),
        FeedbackKind.MODEL_DEFECT: _("the model is at fault"),
        FeedbackKind.BOTH: _("spec and model are at fault"),
        FeedbackKind.NEITHER: _("neither spec nor model is at fault"),
        FeedbackKind.WISH: _("a wish"),
        FeedbackKind.OUT_OF_SCOPE: _("out of scope"),
    }


# -- the page of all ---------------------------------------------------------------------------


class FeedbackPage:
    """Tells all that people say of the spec, by provision, open records first."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page as Sphinx wants pages without a source."""
        if app.builder.name not in PAGE_BUILDERS:
            return
        if not (report := self._knowledge.feedback(app.env)):
            Path(app.builder.get_outfilename(FEEDBACK_PAGE)).unlink(missing_ok=True)  # type: ignore[attr-defined]
            return
        title = str(_("Feedback"))
        yield FEEDBACK_PAGE, {"title": title, "body": _Page(app, report).html(title)}, "page.html"


class _Page:
    """Writes the page; what people wrote is text, whatever it looks like."""

    def __init__(self, app: Sphinx, report: FeedbackReport) -> None:
        self._app, self._report = app, report
        self._by_id = {one.id: one for one in report.records}
        self._shown: set[str] = set()

    def html(self, title: str) -> str:
        """Return the body of the page."""
        intro = _(
            "What people say of this spec. What is said here is theirs: it changes nothing in the text."
        )
        groups = self._report.by_provision()
        return f"<h1>{escape(title)}</h1><p>{escape(intro)}</p>{self._counts()}" + "".join(
            self._group(name, records) for name, records in groups.items()
        )

    def _counts(self) -> str:
        """Return how many records there are of each status, and where those of each release stand."""
        counted = Counter(one.status for one in self._report.records)
        told = ", ".join(
            f"{counted[status]} {word}" for status, word in _statuses().items() if counted[status]
        )
        releases = grouped((one.release, one) for one in self._report.records if one.release)
        items = "".join(
            f"<li>{html_safe(release)}: {', '.join(map(self._link, records))}</li>"
            for release, records in sorted(releases.items(), reverse=True)
        )
        name = escape(_("By the release that they are about"))
        listed = (
            f'<details class="ps-hole"><summary>{name}</summary><ul>{items}</ul></details>' if items else ""
        )
        return f"<p>{escape(told)}</p>{listed}"

    def _link(self, record: Feedback) -> str:
        return f'<a class="reference internal" href="#{escape(_id(record), quote=True)}">{html_safe(record.title)}</a>'

    def _group(self, name: str, records: Sequence[Feedback]) -> str:
        """Return the records of a provision; those that contradict one another stand side by side."""
        left = {one.id: one for one in records}
        parts = []
        for one in records:
            if left.pop(one.id, None):
                against = [
                    left.pop(other) for other in (*one.contradicts, *self._denied_by(one)) if other in left
                ]
                shown = "".join(map(self._record, (one, *against)))
                parts.append(f'<div class="ps-against">{shown}</div>' if against else shown)
        return f'<section id="{escape(f"about-{name}" if name else "unassigned", quote=True)}"><h2>{self._heading(name)}</h2>{"".join(parts)}</section>'

    def _denied_by(self, record: Feedback) -> Iterator[str]:
        yield from (one.id for one in self._report.records if record.id in one.contradicts)

    def _heading(self, name: str) -> str:
        """Return the title of a provision, which leads to it."""
        if not name:
            return escape(_("Not assigned to a provision"))
        return provision_link(self._app, FEEDBACK_PAGE, name)

    def _record(self, record: Feedback) -> str:
        """Return a record; of several provisions it stands once, and has a link elsewhere."""
        if record.id in self._shown:
            return f'<p class="ps-record">{self._link(record)} ({html_safe(", ".join(_about(record)))})</p>'
        self._shown.add(record.id)
        title = html_safe(record.title)
        if record.url:
            title = f'<a class="reference external" href="{escape(record.url, quote=True)}" rel="nofollow ugc">{title}</a>'
        parts = [f"<h3>{title}</h3>", f"<p>{html_safe(' · '.join(_about(record)))}</p>"]
        if found := self._report.quotes.get(record.id):
            parts.append(_quote(found))
        elif record.quote:
            parts.append(f"<blockquote>{html_safe(record.quote)}</blockquote>")
        parts += [
            f"<p>{html_safe(' '.join(one.split()))}</p>" for one in record.text.split("\n\n") if one.strip()
        ]
        parts += [f"<p>{line}</p>" for line in self._others(record)]
        return f'<article class="ps-record" id="{escape(_id(record), quote=True)}">{"".join(parts)}</article>'

    def _others(self, record: Feedback) -> Iterator[str]:
        """Yield which records say the same, or the opposite."""
        for label, names in (
            (_("Says the same as"), record.duplicates),
            (_("Contradicts"), record.contradicts),
        ):
            links = [self._link(self._by_id[name]) for name in names if name in self._by_id]
            if links:
                yield f"{escape(label)}: {', '.join(links)}"


def _quote(found: FoundAnchor) -> str:
    """Return quoted words with what has become of them."""
    states = {
        AnchorState.KEPT: "",
        AnchorState.MOVED: _("The words stand elsewhere now."),
        AnchorState.CHANGED: _("The words are others now:"),
        AnchorState.GONE: _("The words are gone."),
    }
    said = states[found.state]
    now = f"<blockquote>{html_safe(found.words)}</blockquote>" if found.state is AnchorState.CHANGED else ""
    note = f"<p>{escape(said)}</p>{now}" if said else ""
    return f"<blockquote>{html_safe(found.anchor.exact)}</blockquote>{note}"
