"""What is beside a spec, on pages: a page without a source for each, and records by the provisions that they are about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from markdown_it import MarkdownIt
from sphinx.locale import get_translation

from sphinx_policyspec.files import html_safe, printable
from sphinx_policyspec.sphinx_ext.web.panels import PanelLink, PanelRow, dated
from sphinx_policyspec.sphinx_ext.web.places import PAGE_BUILDERS, pages_of_options, provision_link

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.sphinx_ext.spec import Knowledge


_ = get_translation("sphinx_policyspec")
_TAB = 4


class ReportPage(ABC):
    """A page without a source, which is there as long as there is something to tell."""

    name: str

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    @abstractmethod
    def body(self, app: Sphinx) -> str:
        """Return what is below its title; empty where there is nothing to tell."""

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page as Sphinx wants pages without a source."""
        if app.builder.name not in PAGE_BUILDERS:
            return
        if not (body := self.body(app)):
            Path(app.builder.get_outfilename(self.name)).unlink(missing_ok=True)  # type: ignore[attr-defined]
            return
        title = next(str(title) for _option, name, title in pages_of_options() if name == self.name)
        yield self.name, {"title": title, "body": f"<h1>{escape(title)}</h1>{body}"}, "page.html"


class WrittenRecord(Protocol):
    """What somebody wrote about provisions."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def title(self) -> str:
        """Its title, in plain words."""


R = TypeVar("R", bound=WrittenRecord)


class RecordTexts(ABC, Generic[R]):
    """Records by provision: a line on the panel of each, and a page of all; what people wrote is text, whatever it looks like.

    :param groups: the records of each provision, those of none last, without an id
    """

    kind: str
    """What the anchors of records begin with."""
    page: str
    """The name of the page of all."""

    def __init__(self, app: Sphinx, groups: Mapping[str, Sequence[R]]) -> None:
        self._app, self._groups = app, groups
        self._by_id = {one.id: one for records in groups.values() for one in records}
        self._shown: set[str] = set()

    @classmethod
    @abstractmethod
    def of(cls, app: Sphinx, knowledge: Knowledge) -> RecordTexts[R] | None:
        """Return the records that a project or a command line names; nothing where none are named."""

    @property
    @abstractmethod
    def intro(self) -> str:
        """What the page begins with."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What the line on a panel is called."""

    @property
    @abstractmethod
    def unassigned(self) -> str:
        """The heading of records about no provision."""

    @abstractmethod
    def judged(self, record: R) -> Iterator[str]:
        """Yield in words what became of a record."""

    def about(self, record: R) -> Iterator[str]:
        """Yield what is known of a record, in words."""
        return self.judged(record)

    @abstractmethod
    def parts(self, record: R) -> Iterator[str]:
        """Yield the HTML of a record, its heading first."""

    def counts(self) -> str:
        """Return what is to be said of all records at once."""
        return ""

    def head(self, record: R, title: str = "") -> str:
        """Return the heading of a record with what is known of it.

        :param title: HTML in place of its title
        """
        return f"<h3>{title or html_safe(record.title)}</h3><p>{dated(html_safe(' · '.join(self.about(record))))}</p>"

    def rows(self, identifier: str) -> Iterator[PanelRow]:
        """Yield the line of a panel that tells of records, if there are any."""
        if records := self._groups.get(identifier):
            has_page = self._app.builder.name in PAGE_BUILDERS
            place = self.page if has_page else ""
            links = tuple(
                PanelLink(
                    *(one.title, place, self._anchor(one) if has_page else ""),
                    note=f"({', '.join(self.judged(one))})",
                )
                for one in records
            )
            yield PanelRow(self.label, len(links), (("", links),))

    def html(self) -> str:
        """Return the records of all provisions."""
        return "".join(self._group(name, records) for name, records in self._groups.items())

    def _group(self, name: str, records: Sequence[R]) -> str:
        heading = provision_link(self._app, self.page, name) if name else escape(self.unassigned)
        anchor = escape(f"about-{name}" if name else "unassigned", quote=True)
        return f'<section id="{anchor}"><h2>{heading}</h2>{self.listed(records)}</section>'

    def listed(self, records: Sequence[R]) -> str:
        """Return the records of one provision."""
        return "".join(map(self.record, records))

    def record(self, record: R) -> str:
        """Return a record; of several provisions it is once, and has a link elsewhere."""
        if record.id in self._shown:
            about = dated(html_safe(", ".join(self.about(record))))
            return f'<p class="ps-record">{self.link(record)} ({about})</p>'
        self._shown.add(record.id)
        anchor = escape(self._anchor(record), quote=True)
        return f'<article class="ps-record" id="{anchor}">{"".join(self.parts(record))}</article>'

    def link(self, record: R) -> str:
        """Return a link to a record on the page."""
        anchor = escape(self._anchor(record), quote=True)
        return f'<a class="reference internal" href="#{anchor}">{html_safe(record.title)}</a>'

    def links(self, label: str, names: Sequence[str]) -> Iterator[str]:
        """Yield a line that leads to other records, as far as they are there."""
        if links := [self.link(self._by_id[name]) for name in names if name in self._by_id]:
            yield f"<p>{escape(label)}: {', '.join(links)}</p>"

    def elsewhere(self, label: str, page: str, kind: str, titles: Mapping[str, str]) -> Iterator[str]:
        """Yield a line that leads to records on another page, if there are any.

        :param kind: what the anchors of its records begin with
        :param titles: of the records, by their ids
        """
        base = self._app.builder.get_relative_uri(self.page, page)
        links = [
            f'<a class="reference internal" href="{escape(f"{base}#{_anchor(kind, name)}", quote=True)}">{html_safe(title)}</a>'
            for name, title in titles.items()
        ]
        if links:
            yield f"<p>{escape(label)}: {', '.join(links)}</p>"

    def _anchor(self, record: R) -> str:
        return _anchor(self.kind, record.id)


def _anchor(kind: str, name: str) -> str:
    return f"{kind}-{quote(name, safe='')}"


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("zero").enable(["list", "code", "fence", "blockquote", "backticks"])


def text_blocks(text: str) -> str:
    """Return paragraphs, lists, quotes and code of a Markdown text; other marks of Markdown, HTML too, stay as they are written."""
    lines = text.expandtabs(_TAB).split("\n")
    return str(_markdown().render("\n".join(map(printable, lines))))


class RecordsPage(ReportPage):
    """The page of all records of a kind, which is there as soon as their files are named."""

    def __init__(self, knowledge: Knowledge, texts: type[RecordTexts[Any]]) -> None:
        super().__init__(knowledge)
        self._texts, self.name = texts, texts.page

    def body(self, app: Sphinx) -> str:
        """Return what they are, how many there are, and the records."""
        if not (texts := self._texts.of(app, self._knowledge)):
            return ""
        records = f"{texts.counts()}{texts.html()}" or f"<p>{escape(_('Nothing.'))}</p>"
        return f"<p>{escape(texts.intro)}</p>{records}"
