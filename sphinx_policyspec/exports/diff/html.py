"""A diff as one self-contained HTML page: light and dark, narrow and wide, readable without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from sphinx_policyspec.compare import DIRECTED, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.compare.change import summary_of
from sphinx_policyspec.compare.rewording import SentenceOp
from sphinx_policyspec.decision.behaviour import BehaviourDiff, CaseState
from sphinx_policyspec.exports.diff.outline import (
    CaseEntry,
    ChangeEntry,
    Group,
    Outline,
    Part,
    change_entries,
    inked,
    with_sign,
)
from sphinx_policyspec.exports.diff.wording import (
    PLAIN,
    WHY,
    Say,
    _,
    is_reworded,
    of_count,
    readable,
    readable_runs,
    tally,
)
from sphinx_policyspec.files import html_safe

_CODE = re.compile(r"`([^`]+)`")

_CASES_STYLE = """
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


def _html_coded(text: str) -> str:
    """Return a text of ours as HTML, with the parts in backticks as code."""
    return _CODE.sub(lambda code: f"<code>{code[1]}</code>", html_safe(text))


def _html_cases(outline: Outline) -> Iterator[str]:
    """Yield the section about cases: each that changed, or that one spec cannot decide."""
    headline, *elsewhere = outline.about_cases
    yield f'<section class="ps-cases"><h2>Cases</h2><p>{html_safe(headline)}.</p>'
    yield from (f'<p class="ps-why">{_html_coded(line)}</p>' for line in elsewhere)
    for number, case in enumerate(outline.cases(), start=1):
        opened = " open" if case.state is CaseState.CHANGED else ""
        title, place = html_safe(case.title), html_safe(case.place)
        yield f'<details id="case-{number}"{opened}><summary><strong>{title}</strong> <code>{place}</code></summary>'
        yield from _case(case, outline.names)
        yield "</details>"
    yield "</section>"


def _case(case: CaseEntry, names: tuple[str, str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{_html_coded(line)}</li>" for line in case.what)
    yield from (f'<li class="ps-why">{_html_coded(line)}</li>' for line in case.asides)
    yield "</ul>"
    if not case.rows:
        return
    heads = "".join(f'<th scope="col">{html_safe(name)}</th>' for name in names)
    yield f'<table class="ps-beside"><thead><tr>{heads}</tr></thead><tbody>'
    for row in case.rows:
        if row.is_same:
            yield f'<tr><td colspan="2" class="ps-why">as before: {_html_coded(row.new)}</td></tr>'
        else:
            sides = zip(names, (row.old, row.new), strict=True)
            cells = (
                f'<td><span class="ps-side">{html_safe(name)}</span>{_html_coded(sentence)}</td>'
                for name, sentence in sides
            )
            yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table>"


_UNREAD = Weight.NEEDS_READER.value
_MANY = 20
"""Up to this many provisions, a page shows those whose meaning may have changed unfolded; with more, all are folded."""
_MOST_LISTED = 12
"""Provisions that a sentence lists before the list is folded."""

STYLE = (
    """
.ps-diff { --ps-tight: color-mix(in srgb, #c0262d 50%, currentColor); --ps-loose: color-mix(in srgb, #14803c 50%, currentColor);
  --ps-read: color-mix(in srgb, #7a3fc0 50%, currentColor); --ps-clear: color-mix(in srgb, #a86400 50%, currentColor); --ps-quiet: color-mix(in srgb, currentColor 75%, transparent);
  --ps-rule: color-mix(in srgb, currentColor 22%, transparent); --ps-del: color-mix(in srgb, #c0262d 20%, transparent);
  --ps-ins: color-mix(in srgb, #14803c 20%, transparent); overflow-wrap: anywhere; }
.ps-diff details { border: 1px solid var(--ps-rule); border-radius: 0.4rem; margin: 0.5rem 0; padding: 0 0.75rem;
  scroll-margin-top: 4rem; }
.ps-diff summary { cursor: pointer; padding: 0.5rem 0; }
.ps-name { white-space: nowrap; }
.ps-diff h2 { font-size: 1.25rem; margin-block: 1.75rem 0.5rem; }
.ps-diff ul.ps-short > li { border: 0; padding: 0.15rem 0; }
.ps-diff .ps-short details { border: 0; margin: 0; padding: 0; }
.ps-diff .ps-short summary { min-height: 1.5rem; padding: 0; }
.ps-diff .ps-short p { margin: 0.25rem 0 0.5rem 1.1rem; }
.ps-diff .ps-maintainers { border-style: dashed; font-size: 0.94em; }
.ps-diff summary code { background: none; color: var(--ps-quiet); font-size: 0.85em; }
.ps-diff ul { list-style: none; margin: 0; padding: 0; }
.ps-diff li { border-top: 1px solid var(--ps-rule); margin: 0; padding: 0.5rem 0; }
.ps-diff .ps-said { font-weight: 600; }
.ps-diff .ps-weight { font-size: 0.875em; white-space: nowrap; }
.ps-diff .ps-rule { border: 0; display: inline; margin: 0; padding: 0; }
.ps-diff .ps-rule > summary { border: 1px solid currentColor; border-radius: 50%; color: var(--ps-quiet); display: inline-block; font: italic 600 0.8rem/1.4 Georgia, serif;
  height: 1.5em; list-style: none; padding: 0; text-align: center; vertical-align: 0.1em; width: 1.5em; }
.ps-diff .ps-rule > summary::-webkit-details-marker { display: none; }
.ps-diff .ps-rule > p { color: var(--ps-quiet); font-size: 0.875em; margin: 0.25rem 0; }
.ps-diff dl { margin: 0 0 0.75rem; }
.ps-diff dt { font-weight: 600; }
.ps-diff dd { margin: 0 0 0.4rem; }
.ps-diff :is(.ps-needs-reader, .ps-both) { color: var(--ps-read); }
.ps-diff .ps-tightening { color: var(--ps-tight); }
.ps-diff .ps-loosening { color: var(--ps-loose); }
.ps-diff .ps-clarifying { color: var(--ps-clear); }
.ps-diff .ps-editorial { color: var(--ps-quiet); }
.ps-diff .ps-why { color: var(--ps-quiet); font-size: 0.875em; }
.ps-diff blockquote { border-left: 3px solid var(--ps-rule); color: inherit; margin: 0.5rem 0; padding: 0.1rem 0 0.1rem 0.75rem; }
.ps-diff del { background: var(--ps-del); text-decoration: line-through; }
.ps-diff ins { background: var(--ps-ins); text-decoration: underline; }
.ps-diff fieldset { border: 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 1rem 0; padding: 0; }
.ps-diff label { align-items: center; display: inline-flex; gap: 0.35em; min-height: 1.75rem; }
"""
    + "".join(
        f".ps-diff:has(#ps-show-{weight.value}:not(:checked)) li.ps-is-{weight.value} {{ display: none; }}\n"
        for weight in Weight
    )
    + f""".ps-diff:has(#ps-only-unread:checked) .ps-part :is(li:not(.ps-is-{_UNREAD}), section > details:not(:has(.ps-is-{_UNREAD}))) {{ display: none; }}
"""
    + """@media print {
  .ps-diff :is(fieldset, .ps-rule, .ps-maintainers) { display: none; }
  .ps-diff :is(details, section, li) { break-inside: auto; }
  .ps-diff :is(h2, summary) { break-after: avoid; }
}
"""
    + _CASES_STYLE
)
"""The style of :func:`html_fragment`: hues mixed with the text color of the page, whatever its theme is."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ background: light-dark(#fff, #16181c); color: light-dark(#1b1d21, #e6e8eb); font: 1rem/1.55 system-ui, sans-serif;
  margin: 0 auto; max-width: 60rem; padding: 1rem; }}
{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}</body>
</html>
"""


def html_diff(diff: SpecDiff, behaviour: BehaviourDiff | None = None) -> str:
    """Return a diff as a whole page.

    :param behaviour: the effect of the diff on cases
    """
    title = html_safe(" → ".join(Outline(diff).names))
    return _PAGE.format(title=title, style=STYLE, body=html_fragment(diff, behaviour=behaviour))


def html_fragment(
    diff: SpecDiff,
    link: Callable[[str], str] | None = None,
    behaviour: BehaviourDiff | None = None,
    say: Say = str,
) -> str:
    """Return a diff as the body of a page.

    :param link: returns the address of a provision by its id, or an empty text
    :param behaviour: the effect of the diff on cases
    :param say: translates all words except those about cases
    """
    outline = Outline(diff, behaviour, say)
    return "".join(f"{line}\n" for line in _lines(outline, link or (lambda _: "")))


def anchor_of_group(id_: str) -> str:
    """Return the anchor of the changes to a provision."""
    return f"changes-{id_}"


HEADINGS = {
    "new": _("New"),
    "gone": _("Removed"),
    **{weight.value: plain.label for weight, plain in PLAIN.items()},
    "maintainers": _("For maintainers"),
}
"""The heading of each part of a page."""
COUNTED = {
    "new": (_("1 is new:"), _("{count} are new:")),
    "gone": (_("1 is gone:"), _("{count} are gone:")),
    Weight.NEEDS_READER.value: (
        _("1 may mean something different now:"),
        _("{count} may mean something different now:"),
    ),
    Weight.TIGHTENING.value: (_("1 is stricter:"), _("{count} are stricter:")),
    Weight.LOOSENING.value: (_("1 is looser:"), _("{count} are looser:")),
    Weight.BOTH.value: (
        _("1 is stricter in one respect and looser in another:"),
        _("{count} are stricter in one respect and looser in another:"),
    ),
    Weight.CLARIFYING.value: (_("1 is explained differently:"), _("{count} are explained differently:")),
    Weight.EDITORIAL.value: (_("1 means the same as before:"), _("{count} mean the same as before:")),
    "maintainers": (
        _("1 has other files that test it:"),
        _("{count} have other files that test them:"),
    ),
}
"""The counts of principles and sections in each part: for one, and for several."""
_CHANGED = (_("1 principle or section changed."), _("{count} principles and sections changed."))


def _lines(outline: Outline, link: Callable[[str], str]) -> Iterator[str]:
    say, counts = outline.say, summary_of(outline.diff).weights
    parts = outline.parts()
    yield '<div class="ps-diff">'
    if any(counts.values()):
        yield from _in_short(outline, parts)
        yield from _filters(outline, {weight: count for weight, count in counts.items() if count})
    else:
        yield f"<p>{html_safe(say(_('No changes.')))}</p>"
    if outline.about_cases:
        yield from _html_cases(outline)
    opened = sum(len(part.groups) for part in parts) <= _MANY
    for part in parts:
        head = f"<h2>{html_safe(say(HEADINGS[part.name]))}</h2>"
        yield f'<section class="ps-part ps-part-{part.name}">{head}'
        for group in part.groups:
            is_open = opened and group.weight in DIRECTED | {Weight.NEEDS_READER}
            yield from _group(group, link, outline, is_open=is_open)
        yield "</section>"
    yield "</div>"


def _in_short(outline: Outline, parts: Sequence[Part]) -> Iterator[str]:
    """Yield the changes in short, as sentences with links to the provisions that they count."""
    say, titles, went = outline.say, outline.diff.titles, outline.went_to()
    known = [(part, [group for group in part.groups if group.id]) for part in parts]
    if number := sum(len(groups) for _part, groups in known):
        yield f"<p>{html_safe(of_count(number, _CHANGED, say))}</p>"

    def linked_name(group: Group, *, is_gone: bool) -> str:
        linked = f'<a href="#{html_safe(anchor_of_group(group.id))}">{html_safe(group.title)}</a>'
        aside = ""
        if is_gone and (now := [f"“{titles.get(id_, id_)}”" for id_ in went.get(group.id, ())]):
            aside = say(_("something of it is now in {titles}")).format(titles=", ".join(now))
        elif not is_gone and (was := _title_before(group)):
            aside = say(_("was “{title}”")).format(title=was)
        return f"{linked} ({html_safe(aside)})" if aside else linked

    yield '<ul class="ps-short">'
    for part, groups in known:
        if not groups:
            continue
        head = html_safe(of_count(len(groups), COUNTED[part.name], say))
        names = ", ".join(linked_name(group, is_gone=part.name == "gone") for group in groups)
        if len(groups) > _MOST_LISTED:
            yield f"<li><details><summary>{head.rstrip(':')}</summary><p>{names}</p></details></li>"
        else:
            yield f"<li>{head} {names}</li>"
    yield "</ul>"


def _title_before(group: Group) -> str:
    """Return the former title of a provision, if it changed."""
    kind = Subject.PROVISION, ChangeKind.RETITLED
    return next((change.old for change in group.changes if (change.subject, change.kind) == kind), "")


def _filters(outline: Outline, counts: Mapping[Weight, int]) -> Iterator[str]:
    """Yield checkboxes that hide changes by weight, the meaning of the words for weights, and notes for maintainers."""
    say = outline.say
    plain = {weight: (say(PLAIN[weight].label), say(PLAIN[weight].meaning)) for weight in counts}
    yield f"<fieldset><legend>{html_safe(say(_('Show')))}</legend>"
    for weight, (label, meaning) in plain.items():
        yield (
            f'<label title="{html_safe(meaning)}"><input type="checkbox" checked id="ps-show-{weight.value}">'
            f'<span class="ps-{weight.value}">{html_safe(with_sign(weight, label))}</span> {counts[weight]}</label>'
        )
    yield f"</fieldset><details><summary>{html_safe(say(_('What these words mean')))}</summary><dl>"
    for weight, (label, meaning) in plain.items():
        yield f"<dt>{html_safe(with_sign(weight, label))}</dt><dd>{html_safe(meaning)}</dd>"
    yield "</dl></details>"
    yield f'<details class="ps-maintainers"><summary>{html_safe(say(_("For maintainers")))}</summary>'
    if Weight.NEEDS_READER in counts:
        unread = html_safe(say(_("Only what nobody has judged yet")))
        yield f'<p><label><input type="checkbox" id="ps-only-unread"><span>{unread}</span></label></p>'
    version = html_safe(say(_("Suggested version number")))
    yield f"<dl><dt>{version}</dt><dd>{html_safe(outline.suggestion)}</dd></dl></details>"


def _group(group: Group, link: Callable[[str], str], outline: Outline, *, is_open: bool) -> Iterator[str]:
    say = outline.say
    anchor = f' id="{html_safe(anchor_of_group(group.id))}"' if group.id else ""
    name = html_safe(group.title if group.id else say(_("The spec as a whole")))
    yield f"<details{anchor}{' open' * is_open}><summary><strong>{name}</strong> "
    yield f'<span class="ps-why">{html_safe(tally(group.changes, say))}</span></summary>'
    if address := link(group.id):
        yield f'<p><a href="{html_safe(address)}">{html_safe(say(_("Read it")))}</a></p>'
    changes = [*change_entries(group, in_full=outline.diff.in_full, say=say)]
    for_readers = [change for change in changes if not change.for_maintainers]
    rest = [change for change in changes if change.for_maintainers]
    yield from _list(for_readers or rest, outline)
    if for_readers and rest:
        yield f'<details class="ps-maintainers"><summary>{html_safe(say(_("For maintainers")))}</summary>'
        yield from _list(rest, outline)
        yield "</details>"
    if cases := outline.resting_on(group):
        titles = (
            f'<a href="#case-{number}">{html_safe(title)}</a>' if number else html_safe(title)
            for title, number in cases
        )
        yield f'<p class="ps-why">Cases that rest on it: {"; ".join(titles)}</p>'
    yield "</details>"


def _list(changes: Sequence[ChangeEntry], outline: Outline) -> Iterator[str]:
    yield "<ul>"
    for change in changes:
        yield from _change(change, outline)
    yield "</ul>"


_OPS = {
    SentenceOp.ADDED: (_("New:"), _("Moved here from {title}:")),
    SentenceOp.REMOVED: (_("Gone:"), _("Moved to {title}:")),
    SentenceOp.REWORDED: (_("Reworded:"), _("Moved here from {title}:")),
    SentenceOp.MOVED: (_("Moved:"), _("Moved here from {title}:")),
}
"""The change of a sentence, and of one that moved to or from another provision."""


def _change(change: ChangeEntry, outline: Outline) -> Iterator[str]:
    say, titles, weight = outline.say, outline.diff.titles, change.weight.value
    mark = html_safe(with_sign(change.weight, say(change.label)))

    def plain(text: str) -> str:
        return html_safe(readable(text, titles))

    statement = plain(change.statement)
    yield f'<li class="ps-is-{weight}"><span class="ps-said">{statement[:1].upper()}{statement[1:]}</span> '
    yield f'<span class="ps-weight ps-{weight}">{mark}</span> {_reason(change, say)}'
    for sentence in change.sentences:
        what = say(_OPS[sentence.op][bool(sentence.moved)])
        there = f"“{plain(titles.get(sentence.moved, sentence.moved))}”"
        yield f'<p class="ps-why">{html_safe(what).format(title=there)}</p>'
        runs = change.in_plain_words(sentence.readable(titles), say)
        yield f"<blockquote>{inked(runs, html_safe)}</blockquote>"
    reworded = [runs for runs in (readable_runs(unit, titles) for unit in change.units) if is_reworded(runs)]
    for runs in reworded:
        yield f"<blockquote>{inked(change.in_plain_words(runs, say), html_safe)}</blockquote>"
    if change.units and not reworded:
        yield f'<p class="ps-why">{html_safe(say(_("Links changed, not the words.")))}</p>'
    yield "</li>"


def _reason(change: ChangeEntry, say: Say) -> str:
    """Return the reason for the weight of a change, folded after a sign."""
    why = say(WHY.get(change.rule, _("somebody who read it says so")))
    touches = change.touches.removeprefix("; ")
    sentences = [say(_("Why: {reason}.")).format(reason=why)]
    sentences += [say(_("It {touches}.")).format(touches=touches)] if touches else []
    rule = html_safe(say(_("Rule: {name}"))).format(
        name=f'<code class="ps-rule-name">{html_safe(change.rule)}</code>'
    )
    label = html_safe(say(_("Why")))
    return (
        f'<details class="ps-rule"><summary aria-label="{label}" title="{label}">i</summary>'
        f"<p>{html_safe(' '.join(sentences))} {rule}</p></details>"
    )
