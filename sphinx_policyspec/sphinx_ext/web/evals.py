"""Results of evaluations on pages: on each principle a row for each run, and a page of all of them with what lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from math import inf
from typing import TYPE_CHECKING, Any

from sphinx.locale import get_translation

from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Defect, EvalPrompt, Principle, Spec, TargetKind, Triage
from sphinx_policyspec.packs.bearing import relations_of
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.nodes.boxes import style_name
from sphinx_policyspec.sphinx_ext.web.beside import ReportPage
from sphinx_policyspec.sphinx_ext.web.panels import PanelRow
from sphinx_policyspec.sphinx_ext.web.places import RESULTS_PAGE

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.evals.measures import Rate
    from sphinx_policyspec.evals.results import Results
    from sphinx_policyspec.evals.rows import ResultRow, Trend

_ = get_translation("sphinx_policyspec")

_LEVEL = 0.05
"""Below which a difference is marked, after Holm."""


class ResultPanels:
    """Shows for each provision how runs do on it; rows are looked up, since a site has a panel for each provision.

    :param results: of a spec
    """

    def __init__(self, results: Results, spec: Spec) -> None:
        self._results, self._spec = results, spec
        self._rows = grouped(
            ((row.group.facet, row.group.id), row) for row in sorted(results.rows, key=_order)
        )
        self._differences = grouped(((row.group.facet, row.group.id), row) for row in results.comparison)
        self._triage = grouped((one.principle, one) for one in results.triage)
        self._tagged = {tag.provision for tag in spec.eval_tags}

    def rows(self, identifier: str, prompts: Sequence[EvalPrompt]) -> Iterator[PanelRow]:
        """Yield what a panel shows about a provision: results of runs or why there are none, on a whole chapter, and triage.

        :param prompts: those that test it
        """
        own, chapter = (self._rows.get((facet, identifier), []) for facet in ("provision", "chapter"))
        if own:
            yield PanelRow(_("Results of evaluations"), len(own), html=self._table(own))
        elif self._results.runs and isinstance(self._spec.provision_by_id.get(identifier), Principle):
            why = self._why_none(identifier, prompts)
            yield PanelRow(_("Results of evaluations"), 0, html=f"<p>{escape(why)}</p>")
        if chapter and [row.rate.prompts for row in chapter] != [row.rate.prompts for row in own]:
            yield PanelRow(_("Results of this chapter"), len(chapter), html=self._table(chapter))
        if judged := self._triage.get(identifier):
            items = "".join(f"<li>{_triage_html(one)}</li>" for one in judged)
            yield PanelRow(_("Judged outputs"), len(judged), html=f"<ul>{items}</ul>")

    def _table(self, rows: Sequence[ResultRow]) -> str:
        """Return the table of the rows of one group, with how far each is from the baseline."""
        version = self._results.version
        if not (differences := self._differences.get((rows[0].group.facet, rows[0].group.id))):
            return _table(rows, version)
        found: dict[tuple[str, ...], Rate] = {
            (d.a.id, d.release_a, d.scorer, d.evidence, d.grader): d.rate for d in differences
        }
        cells = {
            _key(row): _whole(_difference(found[_key(row)], is_share=row.rate.is_share))
            for row in rows
            if _key(row) in found
        }
        return _table(rows, version, _("Compared with {model}").format(model=differences[0].b.model), cells)

    def _why_none(self, identifier: str, prompts: Sequence[EvalPrompt]) -> str:
        """Return why a principle has no result: nothing to run, or nothing run."""
        if len(prompts) == 1:
            return _("No result: the prompt that tests it was not run, or its answer does not count.")
        if prompts:
            return _("No result: of {count} prompts that test it, none was run, or no answer counts.").format(
                count=len(prompts)
            )
        if identifier in self._tagged:
            return _("No result: its eval tags have no prompts.")
        return _("No result: no prompt tests it.")


def _table(
    rows: Sequence[ResultRow],
    version: str,
    last: str = "",
    last_cells: Mapping[tuple[str, ...], str] | None = None,
) -> str:
    """Return a table of runs.

    :param last: the head of one more column, whose cells are ``last_cells``
    """
    head = [_("Model"), _("Mean"), _("Interval of 95 %"), _("Prompts × answers"), _("Graded"), _("Against")]
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in (*head, *filter(None, [last])))
    # Rows of one model that nothing else distinguishes show the ids of their runs.
    alike = Counter((*_key(row)[1:], row.run.model) for row in rows)
    body = "".join(
        _row(
            row,
            version,
            run=row.run.id if alike[*_key(row)[1:], row.run.model] > 1 else "",
            more=f"<td>{(last_cells or {}).get(_key(row), '')}</td>" if last else "",
        )
        for row in rows
    )
    return f'<div class="ps-wide" tabindex="0"><table class="ps-figures"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _order(row: ResultRow) -> tuple[str, ...]:
    """Return what rows of a table are sorted by: the model, then the time."""
    return row.run.model, row.scorer, row.evidence, row.grader, row.release, row.run.created, row.run.id


def _row(row: ResultRow, version: str, *, run: str, more: str) -> str:
    """Return the row of a run, with its id where others of its model are beside it."""
    is_stale = bool(row.release and version and row.release != version)
    against = _whole(row.release or _("unknown")) + (
        "<br>" + _small(_("another text than this")) if is_stale else ""
    )
    cells = (
        f'<th scope="row">{escape(row.run.model)}{f"<br>{_small(run)}" if run else ""}</th>',
        f"<td>{_figure(row.rate)}</td>",
        f"<td>{_interval(row)}</td>",
        f"<td>{_counts(row)}</td>",
        f"<td>{escape(_graded(row))}</td>",
        f"<td>{against}</td>",
    )
    return f'<tr class="{"ps-stale" if is_stale else ""}">{"".join(cells)}{more}</tr>'


def _figure(rate: Rate) -> str:
    """Return a mean: a share in percent, that of any other grades as it is."""
    if rate.mean is None:
        return ""
    return f"{100 * rate.mean:.0f} %" if rate.is_share else f"{rate.mean:.3g}"


def _interval(row: ResultRow) -> str:
    """Return the interval as a drawing, and in numbers."""
    low, high, mean = row.rate.low, row.rate.high, row.rate.mean
    if low is None or high is None or mean is None:
        is_one = row.rate.method == "one-cluster"
        return _small(
            _("none: the prompts come in one cluster") if is_one else _("none: all prompts have one grade")
        )
    if not row.rate.is_share:
        return f'<span class="ps-numbers">{_signed(f"{low:.3g} … {high:.3g}")}</span>'
    ends = [min(max(end, 0.0), 1.0) * 100 for end in (low, high, mean)]
    svg = (
        '<svg class="ps-interval" viewBox="0 0 100 10" aria-hidden="true" preserveAspectRatio="none">'
        f'<rect x="0" y="3" width="{ends[2]:.1f}" height="4"/>'
        f'<path d="M{ends[0]:.1f} 5H{ends[1]:.1f}M{ends[0]:.1f} 1V9M{ends[1]:.1f} 1V9"/></svg>'
    )
    return f'{svg}<span class="ps-numbers">{100 * low:.0f}\N{EN DASH}{100 * high:.0f} %</span>'


def _signed(figures: str) -> str:
    return figures.replace("-", "\N{MINUS SIGN}")


def _counts(row: ResultRow) -> str:
    prompts, answers, excluded = row.rate.prompts, row.rate.answers or 0, row.rate.excluded or 0
    text = _whole(f"{prompts} × {answers / prompts:.1f}".removesuffix(".0") if prompts else "0")
    if row.rate.is_few:
        text += " " + _small(_("few"))
    if excluded:
        text += " " + escape(_("({count} left out)").format(count=excluded))
    return text


def _graded(row: ResultRow) -> str:
    what = _("answer") if row.evidence == "output" else _("reasoning")
    return ", ".join(filter(None, (what, row.scorer, row.grader)))


def _whole(words: str) -> str:
    """Return words between which no line breaks."""
    return f'<span class="ps-whole">{escape(words)}</span>'


def _small(words: str) -> str:
    return f'<span class="ps-few">{escape(words)}</span>'


def _difference(rate: Rate, *, is_share: bool) -> str:
    if rate.mean is None:
        return ""

    def signed(value: float) -> str:
        return f"{100 * value:+.0f}" if is_share else f"{value:+.3g}"

    ends = ""
    if rate.low is not None and rate.high is not None:
        ends = f" ({signed(rate.low)} … {signed(rate.high)})"
    mark = "*" if rate.p_holm is not None and rate.p_holm < _LEVEL else ""
    return _signed(f"{signed(rate.mean)}{ends}{mark}")


def _triage_html(one: Triage) -> str:
    faults = {
        Defect.SPEC: _("the spec is at fault"),
        Defect.MODEL: _("the model is at fault"),
        Defect.BOTH: _("spec and model are at fault"),
        Defect.NEITHER: _("neither spec nor model is at fault"),
    }
    about = " · ".join(filter(None, (one.date, one.model, one.release, one.prompt)))
    discussion = escape(_("Discussion"))
    address = escape(one.link, quote=True)
    link = f' <a class="reference external" href="{address}">{discussion}</a>' if one.link else ""
    return f"{escape(about)}: <strong>{escape(faults[one.defect])}</strong>: {escape(one.why)} ({escape(one.who)}){link}"


# -- the page of all ---------------------------------------------------------------------------


class ResultsPage(ReportPage):
    """Shows how all runs do on all principles, and which principles have no results."""

    name = RESULTS_PAGE

    def body(self, app: Sphinx) -> str:
        """Return the tables."""
        results = self._knowledge.evaluated(app.env)[0]
        return _body(app, self._knowledge.spec(app.env), results) if results else ""


def _body(app: Sphinx, spec: Spec, results: Results) -> str:
    domain = domain_of(app.env)

    def link(principle: Principle) -> tuple[str, str]:
        """Return the linked title of a principle, and its level."""
        item = domain.find(TargetKind.PROVISION, principle.id)
        title, level = escape(principle.title), principle.authority
        badge = f'<span class="ps-chip ps-level-{style_name(level)}">{escape(domain.title_of_level(level))}</span>'
        if item is None:
            return title, badge
        address = f"{app.builder.get_relative_uri(RESULTS_PAGE, item.docname)}#{item.anchor}"
        return f'<a class="reference internal" href="{escape(address, quote=True)}">{title}</a>', badge

    intro = _(
        "How well models follow each principle, as graders see their answers to its prompts. A mean says nothing about "
        "prompts that nobody wrote; results of different graders or releases are not comparable. There is no ranking."
    )
    parts = [f"<p>{escape(intro)}</p>", *_holes(spec, results, link)]
    return "".join((*parts, _by_run(results), _by_principle(spec, results, link)))


def _holes(spec: Spec, results: Results, link: Any) -> Iterator[str]:
    """Yield the principles that lack something, by what that is."""
    relations = relations_of(spec)
    tested = {id_ for id_, found in relations.items() if found.prompts}
    untested, without = {*results.tags_without_prompt}, {*results.without_result}
    tested |= {tag.provision for tag in spec.eval_tags if tag.tag not in untested}
    lists: Mapping[str, list[Principle]] = {
        _("Without an example"): [p for p in spec.principles if not relations[p.id].examples],
        _("Without a prompt"): [p for p in spec.principles if p.id not in tested],
        _("Without a result"): [p for p in spec.principles if p.id in without and p.id in tested],
    }
    for name, found in lists.items():
        share = _("{count} of {all}").format(count=len(found), all=len(spec.principles))
        items = "".join(f"<li>{' '.join(link(one))}</li>" for one in found)
        body = f"<ul>{items}</ul>" if items else ""
        yield f'<details class="ps-hole"><summary>{escape(name)}: {escape(share)}</summary>{body}</details>'


def _by_principle(spec: Spec, results: Results, link: Any) -> str:
    """Return a table of principles by runs; the lowest mean comes first, and what has none last."""
    listed = [row for row in results.rows if row.group.facet == "provision"]
    # A scorer that all rows have distinguishes nothing.
    has_scorers = len({row.scorer for row in listed}) > 1
    names = {_key(row): _name(row, has_scorers=has_scorers) for row in listed}
    # Columns of one name are distinguished by grader and run, too.
    keys = Counter(names.values())
    rows: dict[str, dict[tuple[str, ...], ResultRow]] = {}
    for row in listed:
        name = names[_key(row)]
        full = (*name, *filter(None, (row.grader, row.run.id)))
        rows.setdefault(row.group.id, {})[name if keys[name] == 1 else full] = row
    if not (
        columns := sorted({name for principle in spec.principles for name in rows.get(principle.id, ())})
    ):
        return ""
    relations = relations_of(spec)

    def lowest(principle: Principle) -> float:
        return min((row.rate.mean or 0.0 for row in rows.get(principle.id, {}).values()), default=inf)

    before, behind = (_("Principle"), _("Level")), (_("Examples"), _("Prompts"))
    last = _("Last run")
    heads = [
        *(_cell("th", escape(name)) for name in before),
        *(
            _cell("th", f"{escape(model)}<br><small>{escape(' · '.join(rest))}</small>", number=True)
            for model, *rest in columns
        ),
        *(_cell("th", escape(name), number=True) for name in behind),
        _cell("th", escape(last)),
    ]
    body = []
    for principle in sorted(spec.principles, key=lowest):
        found, counts = rows.get(principle.id, {}), relations[principle.id]
        numbers = str(len(counts.examples)), str(len(counts.prompts))
        run = max((row.run.created[:10] for row in found.values()), default="")
        cells = (
            *(_cell("td", text, label=name) for name, text in zip(before, link(principle), strict=True)),
            *(_cell("td", _short(found.get(name)), label=" · ".join(name), number=True) for name in columns),
            *(_cell("td", text, label=name, number=True) for name, text in zip(behind, numbers, strict=True)),
            _cell("td", escape(run), label=last),
        )
        body.append(f"<tr>{''.join(cells)}</tr>")
    title, says = (
        _("By principle, the lowest mean first"),
        _("n is the number of prompts; a mean of fewer than five says little."),
    )
    return (
        f'<section class="ps-table-page" id="by-principle"><h2>{escape(title)}</h2><p>{escape(says)}</p>'
        '<div class="ps-query ps-view ps-principle-table ps-by-run">'
        f'<div class="ps-scroll ps-rows" role="region" tabindex="0" aria-label="{escape(title, quote=True)}">'
        f'<table class="ps-answer docutils align-default"><thead><tr>{"".join(heads)}</tr></thead><tbody>{"".join(body)}</tbody></table>'
        "</div></div></section>"
    )


def _cell(tag: str, html: str, *, label: str = "", number: bool = False) -> str:
    """Return a cell in the form of tables that can be filtered and sorted."""
    attributes = ' scope="col"' if tag == "th" else f' data-label="{escape(label, quote=True)}"'
    attributes += ' class="ps-number"' if number else ""
    return f"<{tag}{attributes}><p>{html}</p></{tag}>"


def _short(row: ResultRow | None) -> str:
    if row is None:
        return ""
    number = f"n = {row.rate.prompts}"
    if row.rate.excluded:
        number += " " + escape(_("({count} left out)").format(count=row.rate.excluded))
    return f"{_figure(row.rate)} <small>{number}</small>"


def _name(row: ResultRow, *, has_scorers: bool) -> tuple[str, ...]:
    """Return the model of a row, and what else distinguishes its column."""
    evidence = "" if row.evidence == "output" else row.evidence
    scorer = row.scorer if has_scorers else ""
    return row.run.model, *filter(None, (row.release, scorer, evidence))


def _key(row: ResultRow) -> tuple[str, ...]:
    return row.run.id, row.release, row.scorer, row.evidence, row.grader


def _by_run(results: Results) -> str:
    """Return a table of runs over all prompts that test a provision, by model and release, with how far each model moved."""
    rows = [row for row in results.rows if row.group.facet == "joined"]
    if not rows:
        return ""
    rows.sort(key=_order)
    steps = {_key(step.new): _step(step) for step in results.trends}
    head = _("Since the release before, on the same prompts") if steps else ""
    title, says = escape(_("By model and release")), ""
    if steps:
        says = "<p>" + escape(_("* holds although several steps are looked at (Holm, 5 %).")) + "</p>"
    return f'<section id="by-release"><h2>{title}</h2>{_table(rows, results.version, head, steps)}{says}</section>'


def _step(trend: Trend) -> str:
    """Return how far a model moved, on how many prompts; a prompt that changed, came or went is left out."""
    if trend.rate.mean is None:
        return escape(_("since {release}: no prompt is the same").format(release=trend.old.release))
    moved = _difference(trend.rate, is_share=trend.new.rate.is_share and trend.old.rate.is_share)
    words = _("1 prompt, since {release}"), _("{count} prompts, since {release}")
    about = words[trend.rate.prompts != 1].format(count=trend.rate.prompts, release=trend.old.release)
    return f"{_whole(moved)}<br>{_small(about)}" + (
        " " + _small(_("({count} left out)").format(count=trend.left_out)) if trend.left_out else ""
    )
