"""What a diff does to cases, as a part of its page: both explanations side by side, one below the other on a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState, ComparedCase
from sphinx_policyspec.exports.diff_cases import (
    cases_headline,
    cases_resting_on,
    changes_behind,
    names_elsewhere,
    new_name,
    notes,
    old_name,
    rows,
    title_of,
    what_changed,
)
from sphinx_policyspec.exports.diff_words import Group
from sphinx_policyspec.exports.plain import html_safe

__all__ = ["CASES_STYLE", "html_cases", "html_cases_of", "html_coded"]

_CODE = re.compile(r"`([^`]+)`")

CASES_STYLE = """
.ps-diff .ps-cases { margin: 1.5rem 0; }
.ps-diff .ps-cases h2 { font-size: 1.25rem; margin: 0 0 0.25rem; }
.ps-diff .ps-beside { border-collapse: collapse; margin: 0.5rem 0; table-layout: fixed; width: 100%; }
.ps-diff .ps-beside :is(th, td) { border-top: 1px solid var(--ps-rule); padding: 0.4rem 1rem 0.4rem 0; text-align: start;
  vertical-align: top; }
.ps-diff .ps-beside .ps-side { display: none; }
@media (max-width: 40rem) {
  .ps-diff .ps-beside thead { display: none; }
  .ps-diff .ps-beside :is(table, tbody, tr, td) { display: block; }
  .ps-diff .ps-beside td + td { border-top: 0; }
  .ps-diff .ps-beside .ps-side { color: var(--ps-quiet); display: block; font-size: 0.875em; }
}
"""


def html_coded(text: str) -> str:
    """Return a text of ours as HTML, what stands in backticks as code."""
    return _CODE.sub(lambda found: f"<code>{found[1]}</code>", html_safe(text))


def html_cases(behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield what becomes of the cases: each that changed, or that one spec cannot decide."""
    yield f'<section class="ps-cases"><h2>Cases</h2><p>{html_safe(cases_headline(behaviour))}.</p>'
    yield from (f'<p class="ps-why">{html_coded(line)}</p>' for line in names_elsewhere(behaviour))
    for number, compared in enumerate(behaviour.telling, start=1):
        opened = " open" if compared.state is CaseState.CHANGED else ""
        title, place = html_safe(title_of(compared)), html_safe(compared.place)
        yield f'<details id="case-{number}"{opened}><summary><strong>{title}</strong> <code>{place}</code></summary>'
        yield from _case(compared, behaviour)
        yield "</details>"
    yield "</section>"


def _case(compared: ComparedCase, behaviour: BehaviourDiff) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{html_coded(line)}</li>" for line in what_changed(compared))
    yield from (f'<li class="ps-why">{html_coded(note)}</li>' for note in notes(compared, behaviour))
    for behind in changes_behind(compared, behaviour):
        yield f'<li class="ps-why">behind it: {html_coded(behind)}</li>'
    yield "</ul>"
    if beside := rows(compared, behaviour):
        names = html_safe(old_name(behaviour.spec)), html_safe(new_name(behaviour.spec))
        heads = "".join(f'<th scope="col">{name}</th>' for name in names)
        yield f'<table class="ps-beside"><thead><tr>{heads}</tr></thead><tbody>'
        for row in beside:
            if row.is_same:
                yield f'<tr><td colspan="2" class="ps-why">as before: {html_coded(row.new)}</td></tr>'
            else:
                sides = zip(names, (row.old, row.new), strict=True)
                cells = (
                    f'<td><span class="ps-side">{name}</span>{html_coded(said)}</td>' for name, said in sides
                )
                yield f"<tr>{''.join(cells)}</tr>"
        yield "</tbody></table>"


def html_cases_of(group: Group, behaviour: BehaviourDiff) -> Iterator[str]:
    """Yield the cases that rest on what changed in a provision, each with a link to what became of it."""
    found, more = cases_resting_on(group, behaviour)
    if not found:
        return
    anchors = {id(compared): f"case-{n}" for n, compared in enumerate(behaviour.telling, start=1)}
    shown = [
        f'<a href="#{anchors[id(compared)]}">{html_safe(title_of(compared))}</a>'
        if id(compared) in anchors
        else html_safe(title_of(compared))
        for compared in found
    ]
    rest = f"; and {more} more" if more else ""
    yield f'<p class="ps-why">Cases that rest on it: {"; ".join(shown)}{rest}</p>'
