"""Cases of pages: what the chain of command decides about them, in the words of the language of the site, as nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import groupby
from typing import NamedTuple

from docutils import nodes
from sphinx.locale import get_translation

from sphinx_policyspec.decision import EXCEPTION, Decision, Norms, decide, problems
from sphinx_policyspec.exports import decisions
from sphinx_policyspec.graph.questions import Answer, Cell, CellKind
from sphinx_policyspec.model import Case, Finding, Item, Label, Severity, TargetKind
from sphinx_policyspec.readers.cases import ReadCase
from sphinx_policyspec.sphinx_ext.asks.answer_nodes import Page, PolicyScroll, chip
from sphinx_policyspec.sphinx_ext.asks.views import Attack, Box, attack_drawing
from sphinx_policyspec.surveys import PartyKind

_ = get_translation("sphinx_policyspec")


def party_words(kind: str, level: str) -> str:
    """Return a party to a conflict, in words.

    :param level: its name; empty where there is none
    """
    return {
        PartyKind.NORM: _("norm of {level}"),
        PartyKind.MESSAGE: _("message of {level}"),
        PartyKind.IMPLIED: _("implied message of {level}"),
        PartyKind.TEXT: _("text with a say"),
    }[PartyKind(kind)].format(level=level)


def rule_name(rule: str) -> str:
    """Return what decides by a rule of strength, or by an exception, in a few words, with the rule's id."""
    name = _(decisions.ENGLISH.rules.get(rule, rule))
    return name if rule == EXCEPTION else f"{name}, {rule}"


def site_wording() -> decisions.Wording:
    """Return how decisions are explained: the words of the command, in the language of the site."""
    english = {field.name: getattr(decisions.ENGLISH, field.name) for field in fields(decisions.Wording)}
    roles = {
        "system": _("system"),
        "developer": _("developer"),
        "user": _("user"),
        "assistant": _("assistant"),
        "tool": _("tool"),
    }
    # Names are in no quotes where they are links.
    return decisions.Wording(
        **decisions.translated(english | {"quoted": ""}, _) | {"quoted": "{text}", "roles": roles}
    )


class CaseRow(NamedTuple):
    """One row of what a page shows about a decision.

    :param case: its number on the page
    :param part: ``case`` (``id``: the section, ``what``: the title, ``label``: the example, ``said``: its title),
        ``outcome`` (``id``: the issue), ``item`` (``what`` it asks for, ``label``, ``said`` what becomes of it, and
        ``why``), ``attack`` of ``id`` on ``what``, ``duty`` or ``difference``
    :param level: of an item, after its rank and a space
    :param mode: of a message: ``explicit`` or ``implicit``
    """

    case: str
    part: str
    id: str = ""
    what: str = ""
    label: str = ""
    said: str = ""
    why: str = ""
    level: str = ""
    principle: str = ""
    mode: str = ""


def decided(read: Iterable[ReadCase], norms: Norms) -> tuple[Answer | None, tuple[Finding, ...]]:
    """Return the decisions on the cases of a page, row by row, and what is wrong with them.

    A case that cannot be decided has no rows; a decision that differs from what the case expects is a finding.
    """
    findings: list[Finding] = []
    rows: list[CaseRow] = []
    wording = site_wording()
    for number, one in enumerate(read):
        found = one.findings or problems(one.case, norms)
        findings += found
        if any(finding.severity is Severity.ERROR for finding in found):
            continue
        decision = decide(one.case, norms)
        findings += _differences(decision)
        rows += _rows(str(number), decision, norms, wording)
    cells = tuple(tuple(Cell(CellKind.LITERAL, text) for text in row) for row in rows)
    return Answer(columns=CaseRow._fields, rows=cells) if rows else None, tuple(findings)


def decidable(read: Iterable[ReadCase], norms: Norms) -> Iterator[tuple[int, Case]]:
    """Yield the cases of a page that can be decided, with their numbers."""
    for number, one in enumerate(read):
        found = one.findings or problems(one.case, norms)
        if all(finding.severity is not Severity.ERROR for finding in found):
            yield number, one.case


def _differences(decision: Decision) -> Iterator[Finding]:
    for difference in decisions.difference_sentences(decision):
        yield Finding(
            code="unexpected-decision",
            message=f"{decision.case.title}: {difference}",
            span=decision.case.span,
            hint="correct what the case expects, or the spec",
        )


def _rows(number: str, decision: Decision, norms: Norms, wording: decisions.Wording) -> Iterator[CaseRow]:
    case = decision.case
    examples = norms.examples(case.example)[:1] if case.example else ()
    example, title = next(((one.id, one.title) for one in examples), ("", case.example))
    yield CaseRow(number, "case", case.about, case.title, example, title)
    for issue, outcome in decision.outcomes.items():
        yield CaseRow(number, "outcome", issue, said=decisions.outcome_words(outcome, wording))
    for item, (sentence, why) in zip(
        case.items, decisions.reason_sentences(decision, norms, wording), strict=True
    ):
        yield _item_row(number, item, decision, norms)._replace(said=sentence, why=why)
    yield from (CaseRow(number, "duty", said=text) for text in decisions.duty_sentences(decision, wording))
    yield from (CaseRow(number, "attack", attacker, target) for attacker, target in decision.attacks)
    yield from (
        CaseRow(number, "difference", said=text) for text in decisions.difference_sentences(decision, wording)
    )


def _item_row(number: str, item: Item, decision: Decision, norms: Norms) -> CaseRow:
    rank = decision.standing[item.id].rank
    return CaseRow(
        number,
        "item",
        item.id,
        what=f"{item.issue}: {item.value}",
        label=decision.labels[item.id].value,
        level="" if rank is None else f"{rank} {norms.spec.levels[rank].id}",
        principle=item.principle,
        mode="" if item.principle else "explicit" if item.explicit else "implicit",
    )


_SIGNS = {Label.IN: "✓", Label.OUT: "✗", Label.UNDECIDED: "?", Label.NOT_A_CANDIDATE: "–"}


def case_nodes(answer: Answer, page: Page) -> list[nodes.Node]:
    """Return each case of a page, one below the other."""
    rows = [CaseRow(*row) for row in answer.texts]
    return [
        node
        for number, part in groupby(rows, key=lambda row: row.case)
        for node in _one(list(part), page, number)
    ]


def _one(rows: list[CaseRow], page: Page, number: str) -> list[nodes.Node]:
    def of(part: str) -> list[CaseRow]:
        return [row for row in rows if row.part == part]

    (case,) = of("case")
    found: list[nodes.Node] = [_head(case, page, f"{page.key}-{number}")]
    # EPUB wants pages with SVG declared, which Sphinx does not do.
    if page.is_web:
        found.append(_drawing(of("item"), of("attack"), page, f"{page.key}-{number}", case.what))
    outcomes = nodes.bullet_list(bullet="*", classes=["ps-outcomes"])
    for row in of("outcome"):
        outcomes += _line(nodes.strong("", row.id), nodes.Text(f": {row.said}"))
    found.append(outcomes)
    reasons = nodes.bullet_list(bullet="*", classes=["ps-reasons"])
    for place, row in enumerate(of("item")):
        reasons += _reason(row, page, f"{page.key}-{number}-{place}")
    for row in (*of("duty"), *of("difference")):
        reasons += _line(nodes.Text(row.said))
    found.append(reasons)
    return found


def _drawing(
    items: Sequence[CaseRow], attacks: Sequence[CaseRow], page: Page, key: str, title: str
) -> PolicyScroll:
    """Return who attacks whom as SVG, each item with a link to its principle, or to the line that says why."""
    boxes = [(row.level, _box(row, page, f"{key}-{place}")) for place, row in enumerate(items)]
    # The highest level first; what has no authority comes last.
    boxes.sort(key=lambda box: (not box[0], int(box[0].partition(" ")[0] or 0)))
    name = _("Who attacks whom: %s") % title
    svg = attack_drawing(
        [box for _level, box in boxes], [Attack(row.id, row.what) for row in attacks], key, name
    )
    return PolicyScroll("", nodes.raw("", svg, format="html"), classes=["ps-scroll"], label=name)


def _reason(row: CaseRow, page: Page, anchor: str) -> nodes.list_item:
    """Return what becomes of an item and why, with its level, its mode, and a link to its principle."""
    level = row.level.partition(" ")[2]
    facts: list[nodes.Node] = [chip(level, page, labelled=True) if level else _small(_("no authority"))]
    if row.principle:
        facts.append(page.provision(row.principle))
    elif level:
        facts.append(_small(_mode(row.mode)))
    mark = nodes.strong("", f"{_SIGNS[Label(row.label)]} {row.said}", classes=[f"ps-{row.label}"])
    parts = [part for fact in facts for part in (nodes.Text(" · "), fact)]
    line = _line(mark, *parts, nodes.Text(f" ({row.what}): {row.why}"))
    line["ids"].append(anchor)
    return line


def _small(text: str) -> nodes.inline:
    return nodes.inline("", text, classes=["ps-fact"])


def _mode(mode: str) -> str:
    return _("explicit") if mode == "explicit" else _("implied")


def _head(case: CaseRow, page: Page, anchor: str) -> nodes.paragraph:
    """Return the title of a case, with links to the section and the example that it formalises."""
    # Some writers leave out the ids of a paragraph.
    place = nodes.target("", "", ids=[anchor])
    head = nodes.paragraph("", "", place, nodes.strong("", case.what), classes=["ps-case-title"])
    if case.id:
        head += [nodes.Text(" · "), page.provision(case.id)]
    if case.said:
        head += [nodes.Text(" · "), page.link(TargetKind.EXAMPLE, case.label, case.said)]
    return head


def _box(row: CaseRow, page: Page, anchor: str) -> Box:
    level = row.level.partition(" ")[2]
    word = _(decisions.ENGLISH.labels[Label(row.label)])
    return Box(
        id=row.id,
        wish=row.what,
        label=row.label,
        word=word if row.mode != "implicit" or not level else f"{word} · {_mode(row.mode)}",
        level=level,
        level_word=page.level(level) if level else _("no authority"),
        uri=(page.address(TargetKind.PROVISION, row.principle) if row.principle else "") or f"#{anchor}",
    )


def _line(*parts: nodes.Node) -> nodes.list_item:
    return nodes.list_item("", nodes.paragraph("", "", *parts))
