"""What changed since older releases: marks at the principles of pages, a page of all changes, and lines of panels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import get_translation

from sphinx_policyspec.compare import DIRECTED, Change, ChangeKind, SpecDiff, Subject, Weight
from sphinx_policyspec.compare.history import Moment, Timeline
from sphinx_policyspec.exports.diff.html import anchor_of_group, html_fragment
from sphinx_policyspec.exports.diff.outline import change_entry
from sphinx_policyspec.exports.diff.wording import (
    PLAIN,
    is_reworded,
    readable,
    readable_runs,
    tally,
    with_evidence,
)
from sphinx_policyspec.model import Principle, TargetKind
from sphinx_policyspec.sphinx_ext.config import Editions
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import PolicyObject, link_or_text
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyBadge
from sphinx_policyspec.sphinx_ext.web.panels import PanelLink, PanelRow, Step
from sphinx_policyspec.sphinx_ext.web.places import CHANGES_PAGE, NEWS, PAGE_BUILDERS, SINCE

_ = get_translation("sphinx_policyspec")


def _name_of_old(version: str, new: str) -> str:
    """Return what readers call an older release; versions say nothing where authors did not change them.

    :param new: the version of the release that is built
    """
    if not version:
        return _("the release before")
    return _("an earlier %s") % version if version == new else version


def digests(env: BuildEnvironment, diff: SpecDiff) -> dict[str, str]:
    """Return a digest of the marks on each page that has some."""
    found: dict[str, list[str]] = {}
    for id_, changes in diff.by_provision.items():
        if target := domain_of(env).find(TargetKind.PROVISION, id_):
            found.setdefault(target.docname, []).append(f"{target.anchor} {tally(changes, _)}")
    found.setdefault(env.config.root_doc, []).append(diff.old)
    return {name: hashlib.sha256(repr(sorted(marks)).encode()).hexdigest() for name, marks in found.items()}


def mark(app: Sphinx, doctree: nodes.document, docname: str, diff: SpecDiff) -> None:
    """Mark each principle of a page with what changed about it, and link the first page to all changes."""
    # `singlehtml` writes no page beside its own.
    address = app.builder.get_relative_uri(docname, CHANGES_PAGE) if app.builder.name in PAGE_BUILDERS else ""
    domain = domain_of(app.env)
    found = (domain.find(TargetKind.PROVISION, id_, docname) for id_ in diff.by_provision)
    targets = {target.anchor: target for target in found if target and not target.is_alias}
    for section in list(doctree.findall(nodes.section)):
        for anchor in section["ids"]:
            target = targets.get(anchor)
            if target and (changes := diff.by_provision[target.id]):
                # After the title and the level, which comes first.
                heads = (nodes.title, PolicyBadge)
                place = next(n for n in range(3) if n >= len(section) or not isinstance(section[n], heads))
                there = address and f"{address}#{anchor_of_group(target.id)}"
                section.insert(place, _mark(diff, changes, there))
                break
    if address and docname == app.config.root_doc and (first := doctree.next_node(nodes.section)):
        link = nodes.reference("", _title(diff), internal=True, refuri=address)
        news = next((node for node in first.findall(nodes.container) if NEWS in node["classes"]), None)
        if news is None:
            first.insert(1, nodes.paragraph("", "", link, classes=[SINCE, "no-search"]))
        else:
            news += _news(app, diff, link)


def _news(app: Sphinx, diff: SpecDiff, link: nodes.reference) -> Iterator[nodes.Element]:
    """Yield what changed in short, and links to the principles that are new."""
    heading = {"heading-level": 2}
    yield nodes.rubric("", _("New in this release"), translatable=False, **heading)
    domain, root = domain_of(app.env), app.config.root_doc

    def principles(ids: Iterable[str]) -> list[PolicyObject]:
        found = (domain.find(TargetKind.PROVISION, id_) for id_ in ids)
        return sorted({item for item in found if item and item.level}, key=lambda item: item.title.casefold())

    added = {c.id for c in diff.changes if (c.subject, c.kind) == (Subject.PROVISION, ChangeKind.ADDED)}
    count, new = len(principles(set(diff.by_provision) - added)), principles(added)
    sentences = {0: _("No principle changed."), 1: _("1 principle changed.")}
    changed = sentences.get(count) or _("{count} principles changed.").format(count=count)
    yield nodes.paragraph("", "", link, nodes.Text(f": {changed}"), translatable=False)
    if not new:
        return
    paragraph = nodes.paragraph("", _("New principles:"), translatable=False)
    for number, item in enumerate(new):
        content = nodes.inline("", item.title)
        linked = link_or_text(app.builder, root, item.docname, item.anchor, content)
        paragraph += [nodes.Text(", " if number else " "), linked]
    yield paragraph


_DATE = 12
"""Characters of a version that is not broken into lines."""


def context_of_page(app: Sphinx, diff: SpecDiff) -> dict[str, Any]:
    """Return the context of the page of all changes."""

    def link(id_: str) -> str:
        target = domain_of(app.env).find(TargetKind.PROVISION, id_)
        if target is None or not target.anchor:
            return ""
        return f"{app.builder.get_relative_uri(CHANGES_PAGE, target.docname)}#{target.anchor}"

    # A date is in one line.
    name = _name_of_old(diff.old, diff.new)
    name_html = f'<span class="ps-name">{escape(name)}</span>' if len(name) <= _DATE else escape(name)
    heading = escape(_("What changed since %s")) % name_html
    return {"title": escape(_title(diff)), "body": f"<h1>{heading}</h1>\n{html_fragment(diff, link, say=_)}"}


def _title(diff: SpecDiff) -> str:
    return _("What changed since %s") % _name_of_old(diff.old, diff.new)


def _mark(diff: SpecDiff, changes: tuple[Change, ...], address: str) -> nodes.paragraph:
    text = _("Changed since %s") % _name_of_old(diff.old, diff.new)
    words = nodes.reference("", text, internal=True, refuri=address) if address else nodes.Text(text)
    return nodes.paragraph("", "", words, nodes.Text(f": {tally(changes, _)}"), classes=[SINCE, "no-search"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What became of a principle of an old release.

    :param id: its id in that release
    :param address: of it in the newest release, as seen from a page of the old one; empty where it is no longer there
    """

    id: str
    title: str
    address: str
    is_changed: bool = True


def later(editions: Editions, ids: Iterable[str]) -> tuple[Later, ...]:
    """Return what became, up to the newest release, of principles of the release that is built."""
    newest = len(editions.every) - 1
    here = editions.timeline.specs[editions.place].provision_by_id
    found = []
    for id_ in ids:
        if not isinstance(here.get(id_), Principle):
            continue
        moments = [m for m in editions.timeline.moments(id_, editions.place) if m.place > editions.place]
        places = {moment.place: address for moment, address in editions.others(id_) if not moment.is_gone}
        changed = any(moment.changes or moment.is_gone for moment in moments)
        found.append(Later(id=id_, title=here[id_].title, address=places.get(newest, ""), is_changed=changed))
    return tuple(found)


def releases_row(
    timeline: Timeline | None,
    editions: Editions | None,
    id_: str,
    level_title: Callable[[str], str],
    *,
    has_page: bool,
) -> PanelRow:
    """Return the line about a provision in each release, the last first: its level, and what changed about it.

    :param timeline: the releases up to the one that is built, where it is compared with others
    :param editions: the sites of all releases, where each has one
    :param id_: its id in the release that is built
    :param level_title: returns the name of a level
    :param has_page: whether a page of the site shows what changed since the release before the last
    """
    known = editions.timeline if editions else timeline
    past = {moment.place: moment for moment in timeline.moments(id_)} if timeline else {}
    if editions and not past:
        past = {
            m.place: m for m in editions.timeline.moments(id_, editions.place) if m.place == editions.place
        }
    others = {moment.place: (moment, address) for moment, address in editions.others(id_)} if editions else {}
    here = len(timeline.specs) - 1 if timeline else editions.place if editions else 0
    newest = timeline.specs[-1].version if timeline else ""
    title = past[here].title if here in past else ""

    def name_of(place: int, version: str) -> str:
        if editions:
            return editions.every[place].name
        if place == here:
            return version or _("this release")
        return _name_of_old(version, newest) if version else _("an older release")

    texts = texts_of(timeline, id_) if timeline else {}
    steps = []
    for place in sorted({*past, *others}, reverse=True):
        moment, address = others.get(place) or (past[place], "")
        if moment.is_gone:
            continue
        name = name_of(place, moment.version)
        there = editions.every[place] if editions and place != here else None
        level = level_title(moment.level) if moment.level else ""
        release = PanelLink(
            name,
            level=moment.level,
            level_title=level,
            note=f"“{moment.title}”" if title not in {"", moment.title} else "",
            beside=address,
            release=name if address else "",
        )
        known_moment = past.get(place)
        address_there = there.address(CHANGES_PAGE, anchor_of_group(moment.id)) if there else ""
        leads = has_page and place == here
        # It is as it has been since the last release that changed it, or the first that had it.
        last = max((p for p, m in past.items() if p < place and (m.changes or p == min(past))), default=place)
        since = name_of(last, past[last].version) if last < place else ""
        has_change = known_moment is not None and (known_moment.changes or len(past) > 1)
        change = (
            _change_link(known_moment, address_there, leads=leads, since=since)
            if known_moment and has_change
            else PanelLink("")
        )
        titles = known.diffs[place - 1].titles if known and place else {}
        steps.append(
            Step(
                release,
                change,
                tuple(_change_lines(known_moment, titles)) if known_moment else (),
                place if place in texts else -1,
                has_text=bool(texts.get(place, ("", ""))[1]),
            )
        )
    is_alone = len(steps) == 1 and not steps[0].change.text
    return PanelRow(_("Releases"), 0, steps=() if is_alone else tuple(steps))


def _change_link(moment: Moment, beside: str, *, leads: bool, since: str) -> PanelLink:
    """Return what changed about a provision in a release, in short, with a link to the page that shows it.

    :param beside: the address on the page of the other release; empty for the one that is built
    :param leads: whether the site that is built has such a page
    :param since: the release from which on it has been as it is here; empty where no older one is known
    """
    if moment.changes:
        page, anchor = (CHANGES_PAGE, anchor_of_group(moment.id)) if leads else ("", "")
        return PanelLink(tally(moment.changes, _), page, anchor, beside=beside)
    return PanelLink(_("Unchanged since {release}").format(release=since) if since else _("Present"))


def _change_lines(moment: Moment, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield what changed in a release, the weightiest first; several that keep the meaning are only counted above.

    :param titles: of provisions, by id
    """
    for weight in Weight:
        changes = [change for change in moment.changes if change.weight is weight]
        if weight is Weight.EDITORIAL and len(changes) > 1:
            continue
        # A change that may alter the meaning needs no word for it: the line above says so.
        label = f" · {_(PLAIN[weight].label)}" if weight in DIRECTED | {Weight.CLARIFYING} else ""
        for sentence in (readable(with_evidence(change, _), titles) for change in changes):
            yield f"{sentence[:1].upper()}{sentence[1:]}{label}"


ScriptChange = list[str | list[list[tuple[str, str]]]]
"""A change for scripts: what happened, and its words, text by text, each run with ``=``, ``-`` or ``+``."""


def texts_of(timeline: Timeline, id_: str) -> dict[int, tuple[list[ScriptChange], str]]:
    """Return what a principle shows in its place of each release: the words that changed, and its text if it differs now.

    :param id_: its id in the last release; releases that have nothing to show are left out
    """
    now = timeline.specs[-1].provision_by_id.get(id_)
    found = {}
    for moment in timeline.moments(id_):
        spec = timeline.specs[moment.place]
        changes: list[ScriptChange] = []
        for entry in (change_entry(change, _) for change in moment.changes):
            texts = (sentence.readable(spec.titles) for sentence in entry.sentences)
            units = (readable_runs(unit, spec.titles) for unit in entry.units)
            reworded = [entry.in_plain_words(runs, _) for runs in (*texts, *units) if is_reworded(runs)]
            if reworded:
                words = readable(entry.statement, spec.titles)
                runs = [[(run.op, run.text + run.after) for run in runs] for runs in reworded]
                changes.append([f"{words[:1].upper()}{words[1:]}", runs])
        was = spec.provision_by_id.get(moment.id)
        text = readable(was.text, spec.titles) if was and now and was.text != now.text else ""
        if changes or text:
            found[moment.place] = changes, text
    return found
