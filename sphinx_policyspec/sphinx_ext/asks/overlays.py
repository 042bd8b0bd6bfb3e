"""Overlays on pages: directives with the content of an overlay file, their reader, and a verdict for each statement."""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

import yaml
from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.errors import AnnotationError, PolicySpecError
from sphinx_policyspec.files import Brief
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.readers.overlays import OVERLAY, STATEMENT, TARGETED, Overlay, overlay_in
from sphinx_policyspec.readers.yaml_nodes import YamlReader
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import Page, PolicyView, table
from sphinx_policyspec.sphinx_ext.asks.directives import AskingDirective
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import Answered, Ask, Sources, reading_order
from sphinx_policyspec.sphinx_ext.pages.directive import options

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.overlays.check import OverlayReport

_ = get_translation("sphinx_policyspec")

_KINDS = {key.name: key.kind for key in (*OVERLAY, *STATEMENT)}
_IDS = frozenset({*TARGETED, "forbids", "scope"})
"""Keys that name provisions, which commas may separate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenKey(Brief):
    """A key of a statement as a page gives it.

    :param text: its value, as it is written
    :param span: where that begins
    """

    name: str
    text: str
    span: Span

    @property
    def value(self) -> tuple[str, int]:
        """The value as YAML, and how many characters are in front of what the page has of it."""
        if _KINDS.get(self.name) not in {"texts", "mapping"}:
            return json.dumps(self.text, ensure_ascii=False), 1
        if self.name in _IDS and "," in self.text and not self.text.startswith(("[", "{", "-", '"', "'")):
            return f"[{self.text}]", 1
        return self.text, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayAsk(Ask):
    """What ``policy:overlay`` says: the keys above the statements. It answers with the verdicts on all of them."""

    keys: tuple[WrittenKey, ...]

    def answer(self, sources: Sources) -> Answered:
        """Answer with a row for each statement, and with the findings about the overlay."""
        report, findings = _judgement(sources)
        problem = "" if report else _("It cannot be judged.")
        return Answered(_answer(report) if report else None, problem, findings)

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show a table."""
        head: list[list[nodes.Node]] = [
            [nodes.Text(name)] for name in (_("Statement"), _("What it does"), _("Verdict"))
        ]
        rows: list[list[list[nodes.Node]]] = []
        for row in answer.texts:
            cells = dict(zip(answer.columns, row, strict=True))
            what = f"{cells['operation']} {cells['about']}"
            rows.append([[nodes.literal("", cells["id"])], [nodes.Text(what)], [_verdict(cells)]])
        return [table(head, rows, (), row_heads=True)] if rows and not page.in_table else []


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementAsk(Ask):
    """What one ``policy:statement`` says. It answers with the verdict on it."""

    keys: tuple[WrittenKey, ...]

    def answer(self, sources: Sources) -> Answered:
        """Answer with its row; the overlay reports what is wrong."""
        if not any(isinstance(ask, OverlayAsk) for ask in _asks(sources.env)):
            message = "a statement is in a project without `policy:overlay`, so it changes nothing"
            hint = "add `policy:overlay`, which names upstream and who speaks"
            finding = Finding(code="misplaced-directive", message=message, span=self.span, hint=hint)
            return Answered(None, message, (finding,))
        report, _findings = _judgement(sources)
        name = next((key.text for key in self.keys if key.name == "id"), "")
        found = _answer(report, name) if report else None
        if found is None or not found.rows:
            return Answered(None, f"{name}: {_('It cannot be judged.')}")
        return Answered(found)

    def render(self, answer: Answer, page: Page) -> list[nodes.Node]:
        """Show its words, what it does, and whether it may be said."""
        cells = dict(zip(answer.columns, answer.texts[0], strict=True))
        what = f"{cells['operation']} {cells['about']}"
        head = nodes.paragraph(
            "", "", nodes.strong("", cells["id"]), nodes.Text(f": {what} · "), _verdict(cells)
        )
        words = (nodes.paragraph("", part) for part in cells["says"].split("\n\n"))
        found: list[nodes.Node] = [head, nodes.block_quote("", *words)]
        if cells["because"]:
            found.append(nodes.paragraph("", f"{_('Because:')} {cells['because']}"))
        if cells["why"]:
            found.append(
                nodes.paragraph("", "", *_with_code(cells["why"][:1].upper() + cells["why"][1:] + "."))
            )
        if cells["quoted"]:
            place = f" ({cells['locator']})"
            quoted = f"\N{LEFT DOUBLE QUOTATION MARK}{cells['quoted']}\N{RIGHT DOUBLE QUOTATION MARK}"
            found.append(
                nodes.paragraph("", "", nodes.Text(quoted), nodes.inline("", place, classes=["ps-fact"]))
            )
        return found if not page.in_table else found[:1]


def _with_code(text: str) -> Iterator[nodes.Node]:
    """Yield a message as nodes: what is in backticks is code."""
    for number, part in enumerate(text.split("`")):
        yield nodes.literal("", part) if number % 2 else nodes.Text(part)


def _verdict(cells: dict[str, str]) -> nodes.Node:
    if cells["code"]:
        return nodes.strong("", f"✗ {_('is refused')} ({cells['code']})", classes=["ps-out"])
    return nodes.strong("", f"✓ {_('may be said')}", classes=["ps-in"])


_COLUMNS = (
    "id",
    "operation",
    "about",
    "code",
    "level",
    "rule",
    "quoted",
    "locator",
    "why",
    "says",
    "because",
)


def _answer(report: OverlayReport, only: str = "") -> Answer:
    from sphinx_policyspec.overlays.check import why  # noqa: PLC0415  few projects have overlays

    rows = []
    for one in report.verdicts:
        statement, part = one.statement, one.decisive
        about = statement.name or ", ".join(target.provision for target in statement.targets)
        rows.append(
            (
                *(statement.id, statement.operation.value, about, one.code.value if one.code else ""),
                *(part.level.id if part.level else "", part.witness.rule),
                *((part.quoted.words, part.quoted.locator) if part.quoted else ("", "")),
                *("" if one.is_allowed else why(one), statement.says, statement.because),
            )
        )
    cells = (tuple(Cell(CellKind.LITERAL, text) for text in row) for row in rows if only in {"", row[0]})
    return Answer(columns=_COLUMNS, rows=tuple(cells))


_Judgement: TypeAlias = "tuple[OverlayReport | None, tuple[Finding, ...]]"


def _judgement(sources: Sources) -> _Judgement:
    """Return the report on the overlay of a project, made once for all that ask."""
    found: _Judgement = sources.once("overlay", lambda: _judge(sources.env))
    return found


def _judge(env: BuildEnvironment) -> _Judgement:
    overlay, findings = overlay_on_pages(env) or (None, ())
    if overlay is None:
        return None, findings
    try:
        report, _upstream = (
            domain_of(env)
            .given.reader(())
            .judge((overlay,), findings, overlay.upstream.source, [Path(env.srcdir)])
        )
    except PolicySpecError as error:
        hint = "name a SOURCE, from the folder of `conf.py` on"
        wrong = Finding(code="config", message=str(error), span=overlay.place("upstream.source"), hint=hint)
        return None, (*findings, wrong)
    return report, report.findings


# -- from directives to an overlay ----------------------------------------------------------------


def _asks(env: BuildEnvironment) -> Iterator[OverlayAsk | StatementAsk]:
    """Yield the parts of an overlay on pages, in reading order."""
    pages = domain_of(env).pages
    for docname in reading_order(env, pages):
        for question in pages[docname].questions:
            if isinstance(question, OverlayAsk | StatementAsk):
                yield question


def overlay_on_pages(env: BuildEnvironment) -> tuple[Overlay | None, tuple[Finding, ...]] | None:
    """Return the overlay that pages define, if it can be read, and findings about its form; none where no page does."""
    asks = list(_asks(env))
    heads = [ask for ask in asks if isinstance(ask, OverlayAsk)]
    if not heads:
        return None
    overlay, findings = overlay_of_keys(
        heads[0].keys, [ask.keys for ask in asks if isinstance(ask, StatementAsk)], heads[0].span
    )
    again = (
        Finding(
            code="duplicate-id",
            message="the project has an overlay already",
            span=head.span,
            hint="a project has one; write others as files",
            related=(heads[0].span,),
        )
        for head in heads[1:]
    )
    return overlay, (*findings, *again)


def overlay_of_keys(
    head: Sequence[WrittenKey], statements: Sequence[Sequence[WrittenKey]], span: Span
) -> tuple[Overlay | None, tuple[Finding, ...]]:
    """Return the overlay of keys that pages have, as the reader of files reads it, with places on the pages."""
    reader = _PageYaml(span.file, around=span)
    parts: list[str] = []
    for key in head:
        parts += reader.lines_of(key, "", sum(map(len, parts)))
    parts.append("statements:\n" if statements else "statements: []\n")
    for keys in statements:
        parts += reader.statement(keys, sum(map(len, parts)))
    overlay = overlay_in(reader, "".join(parts))
    return overlay, tuple(reader.findings)


@dataclass(slots=True)
class _PageYaml(YamlReader):
    """A reader whose text is assembled from pages, which are where its findings are.

    :param around: where the directive of the overlay is
    :param _places: two for each key: where its line begins, and where the value on the page does
    """

    around: Span = field(default_factory=lambda: Span("", 1))
    _places: list[tuple[int, Span]] = field(default_factory=list)

    def statement(self, keys: Sequence[WrittenKey], at: int) -> list[str]:
        """Return a statement as lines of YAML; empty if a key is not YAML, as the rest would mean something else.

        :param at: how long the text in front of it is
        """
        found, places = list[str](), len(self._places)
        for number, key in enumerate(keys):
            line = self.lines_of(key, "  " if number else "- ", at + sum(map(len, found)))
            if not line:
                del self._places[places:]
                return []
            found += line
        return found

    def lines_of(self, key: WrittenKey, lead: str, at: int) -> list[str]:
        """Return a key as lines of YAML; empty for one that is not YAML, which is reported.

        :param at: how long the text in front of it is
        """
        value, before = key.value
        try:
            YamlReader(key.span.file, first=key.span.line).compose(f"key: {value}")
        except AnnotationError as error:
            why = str(error).partition("not YAML: ")[2]
            self.findings.append(
                Finding(code="invalid-option", message=f"`{key.name}` is not YAML: {why}", span=key.span)
            )
            return []
        prefix = f"{lead}{key.name}: "
        start = Span(key.span.file, key.span.line, key.span.column)
        self._places += [(at, key.span), (at + len(prefix) + before, start)]
        deeper = "\n" + " " * (len(lead) + 2)
        return [prefix + value.replace("\n", deeper) + "\n"]

    def find(self, code: str, node: yaml.Node, message: str, hint: str = "") -> None:
        """Note a finding at a node; the hint differs for what a directive says outside its options."""
        YamlReader.find(self, code, node, message, _ELSEWHERE.get(message, hint))

    def span(self, node: yaml.Node) -> Span:
        """Return where a node is on a page."""
        place = bisect.bisect_right(self._places, node.start_mark.index, key=lambda one: one[0]) - 1
        if place < 0:
            return self.around
        at, found = self._places[place]
        if place % 2 == 0:
            return found
        begin = found.column + node.start_mark.index - at
        return Span(
            found.file, found.line, begin, found.line, begin + node.end_mark.index - node.start_mark.index
        )


_ELSEWHERE = {
    "`overlay` is missing": "write the name of the overlay after that of the directive",
    "`id` is missing": "write it after the name of the directive",
    "`says` is missing": "write the statement below the options",
}
"""What to do about what stands outside of options."""


# -- directives -----------------------------------------------------------------------------------


class _KeysDirective(AskingDirective):
    """Base of both: the options are keys."""

    ask: ClassVar[type[OverlayAsk | StatementAsk]]
    name_key: ClassVar[str]

    def build(self) -> list[nodes.Node]:
        """Return the place of the verdicts."""
        box = PolicyView("", classes=["ps-query", "ps-view", f"ps-{self.name.rpartition(':')[2]}"])
        keys = tuple(self._keys())
        since = next((_source(key.text) for key in keys if key.name == "upstream"), "")
        self.declare(box, self.ask(keys=keys, since=since, span=self.span))
        return [box]

    def _keys(self) -> Iterator[WrittenKey]:
        # The reader reports a missing one.
        if name := self.title:
            yield WrittenKey(name=self.name_key, text=name, span=self.span)
        for option in self.options:
            value = str(self.options[option] or "").strip()
            if option in self.option_spec and value:
                yield WrittenKey(name=option, text=value, span=self._place(option, value))

    def _place(self, option: str, value: str) -> Span:
        number = self.option_line(option)
        first = value.split("\n", 1)[0]
        line = self.source.lines[number - 1] if 0 < number <= len(self.source.lines) else ""
        found = (
            self.source.part(number, line, line.find(first), line.find(first) + len(first))
            if first in line
            else None
        )
        return found or self.source.span(number)


def _source(upstream: str) -> str:
    """Return the SOURCE in the value of ``upstream``, where it can be read."""
    try:
        keys = YamlReader("").mapping(YamlReader("").compose(upstream))
    except PolicySpecError:
        return ""
    return str(keys["source"].value) if isinstance(keys.get("source"), yaml.ScalarNode) else ""


class OverlayDirective(_KeysDirective):
    """What is said on top of a spec that others publish: ``policy:overlay``, with the keys above the statements as options."""

    has_content = False
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        *(key.name for key in OVERLAY if key.name not in {"overlay", "statements"})
    )
    ask = OverlayAsk
    name_key = "overlay"


class StatementDirective(_KeysDirective):
    """One statement of it: ``policy:statement``, with its keys as options, and what it says as content."""

    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options(
        *(key.name for key in STATEMENT if key.name not in {"id", "says"})
    )
    ask = StatementAsk
    name_key = "id"

    def _keys(self) -> Iterator[WrittenKey]:
        yield from super()._keys()
        if self.text:
            first = self.text.split("\n", 1)[0]
            yield WrittenKey(name="says", text=self.text, span=self.content_span(first))
