"""Results of evaluations on pages: on each principle a row for each run, and a page of all of them with what lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.locale import get_translation

from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import Defect, EvalPrompt, Principle, Spec, TargetKind, Triage
from sphinx_policyspec.packs.bearing import relations_of
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.web.panels import PanelRow
from sphinx_policyspec.sphinx_ext.web.places import PAGE_BUILDERS, RESULTS_PAGE, level_html

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.evals.measures import Rate
    from sphinx_policyspec.evals.results import ComparedRow, ResultRow, Results

_ = get_translation("sphinx_policyspec")

_LEVEL = 0.05
"""Below which a difference is marked, after Holm."""
_FEW = 5
"""Prompts below which a mean says little."""


class ResultPanels:
    """Tells of each provision how runs do on it; what is told is looked up, since a site has a panel for each.

    :param results: of a spec
    """

    def __init__(self, results: Results, spec: Spec) -> None:
        self._results, self._spec = results, spec
        self._rows = grouped(
            ((row.group.facet, row.group.id), row) for row in sorted(results.rows, key=_order)
        )
        self._differences = grouped(((row.group.facet, row.group.id), row) for row in results.comparison)
        self._said = grouped((one.principle, one) for one in results.triage)
        self._tagged = {tag.provision for tag in spec.eval_tags}

    def rows(self, identifier: str, prompts: Sequence[EvalPrompt]) -> Iterator[PanelRow]:
        """Yield what a panel tells of a provision: how each run does on it, or why none does, on a whole chapter, and triage.

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
        if said := self._said.get(identifier):
            items = "".join(f"<li>{_said(one)}</li>" for one in said)
            yield PanelRow(_("Judged outputs"), len(said), html=f"<ul>{items}</ul>")

    def _table(self, rows: Sequence[ResultRow]) -> str:
        """Return the table of the rows of one group."""
        place = rows[0].group.facet, rows[0].group.id
        return _table(rows, self._differences.get(place, ()), self._results.version)

    def _why_none(self, identifier: str, prompts: Sequence[EvalPrompt]) -> str:
        """Return why no result tells anything of a principle: nothing to run, or nothing run."""
        if prompts:
            return _("No result: of {count} prompts that test it, none was run, or no answer counts.").format(
                count=len(prompts)
            )
        if identifier in self._tagged:
            return _("No result: its eval tags have no prompts.")
        return _("No result: no prompt tests it.")


def _table(rows: Sequence[ResultRow], differences: Sequence[ComparedRow], version: str) -> str:
    base = next((row.b.model for row in differences), "")
    head = [_("Model"), _("Mean"), _("Interval of 95 %"), _("Prompts × answers"), _("Graded"), _("Against")]
    head += [_("Compared with {model}").format(model=base)] if base else []
    cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    # Rows of one model that nothing else tells apart bear the ids of their runs.
    alike = Counter((*_key(row)[1:], row.run.model) for row in rows)
    body = "".join(
        _row(
            row,
            differences,
            version,
            bool(base),
            row.run.id if alike[*_key(row)[1:], row.run.model] > 1 else "",
        )
        for row in rows
    )
    return f'<div class="ps-wide" tabindex="0"><table class="ps-results"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'


def _order(row: ResultRow) -> tuple[str, ...]:
    """Return where a row of a table stands: by model, then in time."""
    return row.run.model, row.scorer, row.evidence, row.grader, row.release, row.run.created, row.run.id


def _row(row: ResultRow, differences: Sequence[ComparedRow], version: str, compares: bool, run: str) -> str:
    """Return the row of a run, with its id where others of its model stand beside it."""
    is_stale = bool(row.release and version and row.release != version)
    against = escape(row.release or _("unknown")) + (
        "<br>" + _small(_("another text than this")) if is_stale else ""
    )
    cells = [
        f'<th scope="row">{escape(row.run.model)}{f"<br>{_small(run)}" if run else ""}</th>',
        f"<td>{_figure(row.rate)}</td>",
        f"<td>{_interval(row)}</td>",
        f"<td>{_counts(row)}</td>",
        f"<td>{escape(_graded(row))}</td>",
        f"<td>{against}</td>",
    ]
    if compares:
        found = next((one for one in differences if _is_of(one, row)), None)
        cells.append(f"<td>{escape(_difference(found, is_share=row.rate.is_share)) if found else ''}</td>")
    return f'<tr class="{"ps-stale" if is_stale else ""}">{"".join(cells)}</tr>'


def _is_of(difference: ComparedRow, row: ResultRow) -> bool:
    told = difference.a.id, difference.release_a, difference.scorer, difference.evidence, difference.grader
    return told == _key(row)


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
    drawn = (
        '<svg class="ps-interval" viewBox="0 0 100 10" aria-hidden="true" preserveAspectRatio="none">'
        f'<rect x="0" y="3" width="{ends[2]:.1f}" height="4"/>'
        f'<path d="M{ends[0]:.1f} 5H{ends[1]:.1f}M{ends[0]:.1f} 1V9M{ends[1]:.1f} 1V9"/></svg>'
    )
    return f'{drawn}<span class="ps-numbers">{100 * low:.0f}\N{EN DASH}{100 * high:.0f} %</span>'


def _signed(figures: str) -> str:
    return figures.replace("-", "\N{MINUS SIGN}")


def _counts(row: ResultRow) -> str:
    prompts, answers, excluded = row.rate.prompts, row.rate.answers or 0, row.rate.excluded or 0
    shown = f"{prompts} × {answers / prompts:.1f}".removesuffix(".0") if prompts else "0"
    if prompts < _FEW:
        shown += " " + _small(_("few"))
    if excluded:
        shown += " " + escape(_("({count} left out)").format(count=excluded))
    return shown


def _graded(row: ResultRow) -> str:
    what = _("answer") if row.evidence == "output" else _("reasoning")
    return ", ".join(filter(None, (what, row.scorer, row.grader)))


def _small(words: str) -> str:
    return f'<span class="ps-few">{escape(words)}</span>'


def _difference(row: ComparedRow, *, is_share: bool) -> str:
    rate = row.rate
    if rate.mean is None:
        return ""

    def told(value: float) -> str:
        return f"{100 * value:+.0f}" if is_share else f"{value:+.3g}"

    ends = ""
    if rate.low is not None and rate.high is not None:
        ends = f" ({told(rate.low)} … {told(rate.high)})"
    mark = "*" if rate.p_holm is not None and rate.p_holm < _LEVEL else ""
    return _signed(f"{told(rate.mean)}{ends}{mark}")


def _said(one: Triage) -> str:
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


class ResultsPage:
    """Tells how all runs do on all principles, and on which principles there is nothing to tell."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page as Sphinx wants pages without a source."""
        if app.builder.name not in PAGE_BUILDERS:
            return
        if not (results := self._knowledge.evaluated(app.env)[0]):
            Path(app.builder.get_outfilename(RESULTS_PAGE)).unlink(missing_ok=True)  # type: ignore[attr-defined]
            return
        title = str(_("Results of evaluations"))
        body = f"<h1>{escape(title)}</h1>{_body(app, self._knowledge.spec(app.env), results)}"
        yield RESULTS_PAGE, {"title": title, "body": body}, "page.html"


def _body(app: Sphinx, spec: Spec, results: Results) -> str:
    domain = domain_of(app.env)

    def link(principle: Principle) -> str:
        item = domain.find(TargetKind.PROVISION, principle.id)
        title = escape(principle.title)
        if item is None:
            return title
        address = f"{app.builder.get_relative_uri(RESULTS_PAGE, item.docname)}#{item.anchor}"
        badge = level_html(principle.authority, domain.title_of_level(principle.authority))
        return f'<a class="reference internal" href="{escape(address, quote=True)}">{title}</a> {badge}'

    intro = _(
        "How well models follow each principle, as graders see their answers to its prompts. A mean says nothing of "
        "prompts that nobody wrote; results of different graders or releases are not comparable. There is no ranking."
    )
    parts = [f"<p>{escape(intro)}</p>", *_holes(spec, results, link), _by_principle(spec, results, link)]
    return "".join((*parts, _by_run(results)))


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
        items = "".join(f"<li>{link(one)}</li>" for one in found)
        body = f"<ul>{items}</ul>" if items else ""
        yield f'<details class="ps-hole"><summary>{escape(name)}: {escape(share)}</summary>{body}</details>'


def _by_principle(spec: Spec, results: Results, link: Any) -> str:
    """Return a table of principles by runs; the lowest mean comes first."""
    told = [row for row in results.rows if row.group.facet == "provision"]
    # What is the same everywhere tells nothing apart.
    has_scorers = len({row.scorer for row in told}) > 1
    names = {_key(row): _name(row, has_scorers=has_scorers) for row in told}
    # What has two columns of one name is told apart by all that it is.
    keys = Counter(names.values())
    rows: dict[str, dict[str, ResultRow]] = {}
    for row in told:
        name = names[_key(row)]
        full = " · ".join(filter(None, (name, row.grader, row.run.id)))
        rows.setdefault(row.group.id, {})[name if keys[name] == 1 else full] = row
    principles = [principle for principle in spec.principles if principle.id in rows]
    columns = sorted({name for principle in principles for name in rows[principle.id]})
    if not columns:
        return ""
    principles.sort(key=lambda p: min(row.rate.mean or 0.0 for row in rows[p.id].values()))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (_("Principle"), *columns))
    body = "".join(
        f'<tr><th scope="row">{link(principle)}</th>{"".join(_cells(rows[principle.id], columns))}</tr>'
        for principle in principles
    )
    title = escape(_("By principle, the lowest mean first"))
    return (
        f'<section id="by-principle"><h2>{title}</h2><div class="ps-wide" tabindex="0"><table class="ps-results">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _name(row: ResultRow, *, has_scorers: bool) -> str:
    evidence = "" if row.evidence == "output" else row.evidence
    scorer = row.scorer if has_scorers else ""
    return " · ".join(filter(None, (row.run.model, row.release, scorer, evidence)))


def _key(row: ResultRow) -> tuple[str, ...]:
    return row.run.id, row.release, row.scorer, row.evidence, row.grader


def _cells(found: Mapping[str, ResultRow], columns: Iterable[str]) -> Iterator[str]:
    for name in columns:
        row = found.get(name)
        yield f"<td>{_figure(row.rate)} <small>{_counts(row)}</small></td>" if row else "<td></td>"


def _by_run(results: Results) -> str:
    """Return a table of runs over all prompts that test a provision, by model and release."""
    rows = [row for row in results.rows if row.group.facet == "joined"]
    if not rows:
        return ""
    rows.sort(key=_order)
    title = escape(_("By model and release"))
    return f'<section id="by-release"><h2>{title}</h2>{_table(rows, (), results.version)}</section>'
