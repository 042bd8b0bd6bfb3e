"""Two specs side by side: an HTML page for an alignment, with both texts, their levels, and the origin of each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from sphinx_policyspec.alignments import MANUAL, MappingRow
from sphinx_policyspec.alignments.check import AlignmentReport
from sphinx_policyspec.alignments.sides import SIDES, AlignedSides, AlignedThing
from sphinx_policyspec.exports.diff.wording import readable
from sphinx_policyspec.files import html_safe, number_of
from sphinx_policyspec.model import Span, Spec
from sphinx_policyspec.model.levels import who_may_override
from sphinx_policyspec.model.outlines import paragraphs

Address = Callable[[AlignedThing], str]
"""Returns the address of the page about a thing; empty if there is none."""


def side_by_side(
    report: AlignmentReport,
    sides: AlignedSides,
    address: Address = lambda _thing: "",
    files: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return a page with both specs of an alignment side by side; it needs no other file.

    The page says nothing about two texts beyond the predicate of their row.

    :param files: addresses of the same data for programs, by name
    """
    places = [sides.places[side] for side in SIDES]
    names = [report.specs.names[place] if place is not None else "nothing" for place in places]
    title = html_safe(" beside ".join(names))
    changed = {one.span for one in report.changed}
    rows = [row for row in sides.alignment.rows if not row.is_draft]
    parts = [f"<h1>{title}</h1>", *_about(sides, len(rows))]
    links = (f'<a href="{html_safe(file)}">{html_safe(name)}</a>' for name, file in files.items())
    parts += [f"<p>For programs: {', '.join(links)}</p>"] * bool(files)
    first, second = (_spec(report, place, name) for place, name in zip(places, names, strict=True))
    body = "".join(_row(sides, row, changed, address) for row in rows)
    parts.append(
        f'<table><thead><tr>{first}<th scope="col">corresponds</th>{second}</tr></thead><tbody>{body}</tbody></table>'
    )
    for place, name in zip(places, names, strict=True):
        if place is not None and report.unmapped[place]:
            parts += _unmapped(report, place, name, address)
    return _PAGE.format(title=title, style=_STYLE, body="\n".join(parts))


def _spec(report: AlignmentReport, place: int | None, name: str) -> str:
    spec = report.specs.specs[place] if place is not None else None
    more = f"{spec.title} {spec.version}".strip() if spec else ""
    return f'<th scope="col">{html_safe(name)}<br><small>{html_safe(more)}</small></th>'


def _about(sides: AlignedSides, count: int) -> Iterator[str]:
    alignment = sides.alignment
    facts = [
        number_of(count, "row"),
        alignment.id,
        f"licence {alignment.license}" if alignment.license else "",
    ]
    yield f"<p>{html_safe(' · '.join(filter(None, facts)))}</p>"
    yield (
        "<p>People said what corresponds; the word between two texts is all that is said about them. "
        "A level is named in the words of its own spec.</p>"
    )


def _row(sides: AlignedSides, row: MappingRow, changed: set[Span], address: Address) -> str:
    alignment = sides.alignment
    predicate = alignment.predicate(row)
    word = f"{predicate.word} match" if predicate else row.predicate_id
    cells = [_side(sides, row, side, changed, address) for side in SIDES]
    is_none = row.is_denied or any(alignment.lacks(row, side) for side in SIDES)
    how = f"<strong>{html_safe(f'no {word}' if is_none else word)}</strong>{_provenance(row)}"
    return f'<tr id="line-{row.line}">{cells[0]}<td class="how">{how}</td>{cells[1]}</tr>'


def _provenance(row: MappingRow) -> str:
    """Return how and by whom a mapping was found."""
    justification = "read by people" if row.mapping_justification == MANUAL else row.mapping_justification
    confidence = "" if row.confidence is None else f"confidence {row.confidence:g}"
    facts = [justification or "no justification", confidence, ", ".join(row.author_id), row.mapping_date]
    lines = "".join(f"<br><small>{html_safe(one)}</small>" for one in facts if one)
    return lines + (f"<p>{html_safe(row.comment)}</p>" if row.comment else "")


def _side(sides: AlignedSides, row: MappingRow, side: str, changed: set[Span], address: Address) -> str:
    name = getattr(row, f"{side}_id")
    if not sides.alignment.has_term(name):
        return "<td><em>nothing was found</em></td>"
    thing = sides.thing(row, side)
    if thing is None:
        return f"<td><em>{html_safe(name)}: no such provision</em></td>"
    is_changed = sides.alignment.place(row, f"{side}_digest") in changed
    mark = '<p class="changed">Its text has changed since it was compared.</p>' if is_changed else ""
    return f"<td>{_thing(sides.specs.specs[thing.place], sides.specs.names[thing.place], thing, address)}{mark}</td>"


def _thing(spec: Spec, name: str, thing: AlignedThing, address: Address) -> str:
    """Return the title of a thing, with the name of its spec beside its id, its level in words, and its text."""
    title, where = html_safe(thing.provision.title), address(thing)
    linked = f'<a href="{html_safe(where)}">{title}</a>' if where else title
    level = (
        f'<p class="level">{html_safe(who_may_override(spec.levels, thing.level))}</p>' if thing.level else ""
    )
    text = "".join(
        f"<p>{html_safe(readable(part, spec.titles))}</p>" for part in paragraphs(thing.text) if part.strip()
    )
    return f"<h2>{linked}</h2><small>{html_safe(f'{name}: {thing.name}')}</small>{level}<div>{text}</div>"


def _unmapped(report: AlignmentReport, place: int, name: str, address: Address) -> Iterator[str]:
    """Yield the principles of a spec that have no row."""
    yield f"<h2>{html_safe(name)}: principles without a row</h2>"
    items = []
    for one in report.unmapped[place]:
        thing = report.specs.find(report.specs.iris[place].iri("provision", one))
        if thing:
            title, where = html_safe(thing.provision.title), address(thing)
            items.append(
                f'<li><a href="{html_safe(where)}">{title}</a></li>' if where else f"<li>{title}</li>"
            )
    yield f"<ul>{''.join(items)}</ul>"


_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .75rem; text-align: start;
  vertical-align: top; }
td { overflow-wrap: anywhere; }
th:nth-child(odd), td:nth-child(odd) { width: 41%; }
.how, th:nth-child(2) { text-align: center; }
h2 { font-size: 1.1rem; margin: 0; }
.level { font-style: italic; margin: .25rem 0; }
.changed { border-inline-start: .25rem solid #b45309; padding-inline-start: .5rem; }
@media (max-width: 40rem) {
  table, tbody, tr, td, thead, th { display: block; width: auto !important; }
  thead { display: none; }
  td { border: 0; padding: .25rem 0; } tr { border-top: 1px solid; padding: .5rem 0; }
  .how { text-align: start; }
}
"""
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main>
{body}
</main></body></html>
"""
