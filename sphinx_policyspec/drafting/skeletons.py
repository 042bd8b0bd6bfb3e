"""Proposals with blanks: examples that show a boundary and definitions, in the markup of the page on which they belong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import indent

from sphinx_policyspec.drafting.openings import Opening, OpeningKind
from sphinx_policyspec.files import Brief, dump_json
from sphinx_policyspec.model import Markup, Prose, Provision, Spec
from sphinx_policyspec.model.outlines import slug_of
from sphinx_policyspec.readers.proposals import BLANK

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalDraft(Brief):
    """A proposal to fill in.

    :param name: of its file
    """

    name: str
    text: str
    opening: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class _Blank:
    """What a writer is to say of one example."""

    title: str
    asks: str
    good: str
    bad: str
    weighs: Sequence[str] = ()


def drafts_of(spec: Spec, openings: Sequence[Opening], digest: str) -> Iterator[ProposalDraft]:
    """Yield a proposal for each opening.

    :param digest: of the text that they are against, as ``propose check`` has it
    """
    markups = {document.file: document.markup for document in spec.documents}
    for opening in openings:
        markup = markups.get(opening.principle.span.file, Markup.MODEL_SPEC)
        edits = [*(_definition(spec, opening, markup) if opening.term else _examples(opening, markup))]
        name = _name(opening)
        head = f"id: {name}\ntitle: {dump_json(_title(opening))}\nstatus: draft\nagainst: {{release: {dump_json(spec.version)}, sha256: {digest}}}"
        body = "\n".join(("edits:", *edits)) if edits else ""
        fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`{3,}", body)), 3)
        block = f"\n{fence}yaml\n{body}\n{fence}\n" if edits else ""
        yield ProposalDraft(
            name=f"{name}.md", text=f"---\n{head}\n---\n{_reasons(opening)}{block}", opening=opening
        )


def _name(opening: Opening) -> str:
    parts = (opening.kind.value, opening.principle.id, opening.other.id if opening.other else opening.term)
    line = str(opening.span.line) if opening.kind is OpeningKind.CLAUSE else ""
    return slug_of(" ".join(filter(None, ("draft", *parts, line))))[:_LONGEST_NAME]


def _title(opening: Opening) -> str:
    own = opening.principle.id
    other = opening.other.id if opening.other else ""
    return {
        OpeningKind.PAIR: f"Show whether {own} or {other} goes first",
        OpeningKind.EXCEPTION: f"Show where {own} ends and {other} begins",
        OpeningKind.CLAUSE: f"Show where {own} ends and its clause begins",
        OpeningKind.TOPIC: f"Show where {own} ends and {other} begins",
        OpeningKind.TEXT: f"Show what {own} just asks for",
        OpeningKind.TERM: f"Say what {opening.term} means",
    }[opening.kind]


def _reasons(opening: Opening) -> str:
    """Return what a writer needs to know: the levels and places, and the sentence that draws the line."""
    own = opening.principle
    lines = [f"- `{own.id}`, {own.authority or 'without a level'}, {own.span.place}"]
    if opening.other:
        level = getattr(opening.other, "authority", "") or "a section"
        lines.append(f"- `{opening.other.id}`, {level}, {opening.other.span.place}")
    lines += [f"- used in {span.place}" for span in opening.places]
    if opening.line:
        lines += ["", "The line is drawn by this sentence:", "", f"> {' '.join(opening.line.split())}"]
    return "\n".join(lines) + "\n"


# -- examples ----------------------------------------------------------------------------------


def _blanks(opening: Opening) -> tuple[_Blank, ...]:
    own = opening.principle.id
    other = opening.other.id if opening.other else "the clause"
    both = (own, opening.other.id) if opening.other else (own,)
    if opening.kind is OpeningKind.PAIR:
        return (
            _Blank(
                title="what the case is",
                asks=f"somebody asks so that {own} and {other} both apply",
                good="the answer that is right, and which goes first",
                bad="the answer that is wrong",
                weighs=both,
            ),
        )
    if opening.kind is OpeningKind.TEXT:
        return (
            _Blank(
                title="what the case is",
                asks=f"somebody asks so that {own} applies, but only just",
                good=f"what {own} asks for",
                bad=f"what {own} forbids",
            ),
        )
    return (
        _Blank(
            title=f"a case just inside {own}",
            asks=f"somebody asks so that {own} still applies",
            good=f"what {own} asks for",
            bad=f"what would be right if {other} applied",
        ),
        _Blank(
            title=f"a case just outside {own}",
            asks=f"somebody asks nearly the same, so that {other} applies",
            good="what is right now",
            bad=f"what {own} would ask for",
            weighs=both,
        ),
    )


def _examples(opening: Opening, markup: Markup) -> Iterator[str]:
    """Yield the lines of an edit for each example."""
    for blank in _blanks(opening):
        yield f"- provision: {dump_json(opening.principle.id)}"
        yield f"  example: {dump_json(_blank(blank.title))}"
        yield "  text: |"
        yield indent(_EXAMPLES.get(markup, _dialect)(blank), "    ").rstrip()


def _blank(words: str) -> str:
    return BLANK.format(words)


def _dialect(blank: _Blank) -> str:
    return (
        f"~~~xml\n<user>\n{_blank(blank.asks)}\n</user>\n<comparison>\n"
        f"<assistant> <!-- GOOD: {_blank('why it is good')} -->\n{_blank(blank.good)}\n</assistant>\n"
        f"<assistant> <!-- BAD: {_blank('why it is bad')} -->\n{_blank(blank.bad)}\n</assistant>\n</comparison>\n~~~\n"
    )


def _myst(blank: _Blank) -> str:
    weighs = f":weighs: {', '.join(blank.weighs)}\n" if len(blank.weighs) > 1 else ""
    parts = [
        f"````{{policy:example}} {_blank(blank.title)}\n{weighs}\n```{{policy:message}} user\n{_blank(blank.asks)}\n```\n"
    ]
    for verdict, said in (("good", blank.good), ("bad", blank.bad)):
        parts.append(
            f"\n```{{policy:response}} {verdict}\n:note: {_blank(f'why it is {verdict}')}\n\n{_blank(said)}\n```\n"
        )
    return "".join((*parts, "````\n"))


def _rst(blank: _Blank) -> str:
    weighs = f"   :weighs: {', '.join(blank.weighs)}\n" if len(blank.weighs) > 1 else ""
    parts = [
        f".. policy:example:: {_blank(blank.title)}\n{weighs}\n   .. policy:message:: user\n\n      {_blank(blank.asks)}\n"
    ]
    for verdict, said in (("good", blank.good), ("bad", blank.bad)):
        parts.append(
            f"\n   .. policy:response:: {verdict}\n      :note: {_blank(f'why it is {verdict}')}\n\n      {_blank(said)}\n"
        )
    return "".join(parts)


_EXAMPLES = {Markup.MYST: _myst, Markup.RST: _rst}


# -- definitions -------------------------------------------------------------------------------


def _definition(spec: Spec, opening: Opening, markup: Markup) -> Iterator[str]:
    """Yield the lines of an edit that puts a definition after the paragraph in which a term is first used."""
    home = next((one for one in spec.provisions if _line_at(one, opening)), None)
    line = _line_at(home, opening) if home else ""
    if home and line:
        yield f"- provision: {dump_json(home.id)}"
        yield f"  find: {dump_json(line)}"
        yield "  replace: |-"
        yield indent(f"{line}\n\n{_DEFINITIONS.get(markup, _bold)(opening.term)}", "    ")


def _line_at(provision: Provision, opening: Opening) -> str:
    """Return the last line of the text of a provision in which a term is first used; empty where that is there twice."""
    for block in provision.blocks:
        span = block.span
        if (
            isinstance(block, Prose)
            and span.file == opening.span.file
            and span.line <= opening.span.line <= (span.end_line or span.line)
        ):
            line = block.source.rstrip().split("\n")[-1]
            whole = "\n".join(one.source for one in provision.blocks)
            return line if whole.count(line) == 1 else ""
    return ""


def _bold(term: str) -> str:
    return f"**{term}**: {_blank('what it means')}"


_DEFINITIONS = {
    Markup.MYST: lambda term: f"```{{policy:definition}} {term}\n{_blank('what it means')}\n```",
    Markup.RST: lambda term: f".. policy:definition:: {term}\n\n   {_blank('what it means')}",
}
