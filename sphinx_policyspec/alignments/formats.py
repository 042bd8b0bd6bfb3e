"""Alignments and reports about them: self-explanatory text, TSV, JSON, findings for other tools, and a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx_policyspec.alignments import BUILT_IN, MANUAL, SUFFIX, Alignment, MappingRow
from sphinx_policyspec.alignments.cases import LACKING, EachDecision, EachDecisions
from sphinx_policyspec.alignments.check import AlignmentReport, ChangedText
from sphinx_policyspec.alignments.drafts import AlignmentUpdate
from sphinx_policyspec.alignments.pages import side_by_side
from sphinx_policyspec.alignments.sides import SIDES, AlignedSides
from sphinx_policyspec.alignments.sssom import write_sssom
from sphinx_policyspec.decision import Decision, Norms
from sphinx_policyspec.exports import Formats, json_object, place_record
from sphinx_policyspec.exports.decisions import (
    ENGLISH,
    decision_lines,
    decision_record,
    outcome_words,
    shortened,
)
from sphinx_policyspec.exports.diff.json import text_record
from sphinx_policyspec.exports.diff.outline import changed_units
from sphinx_policyspec.exports.diff.text import unit_lines
from sphinx_policyspec.exports.report_formats import findings_report
from sphinx_policyspec.files import number_of, printable
from sphinx_policyspec.graph.serialize import NamedGraph
from sphinx_policyspec.graph.terms import (
    DCTERMS,
    OWL,
    PS,
    RDF,
    RDFS,
    XSD,
    Foreign,
    Iri,
    Term,
    Triple,
)
from sphinx_policyspec.model import Provision
from sphinx_policyspec.model.spec import is_absolute_iri, is_date

_WIDTH = 100


def _json(report: AlignmentReport) -> str:
    record = {
        "specs": [
            {"title": spec.title, "release": spec.version, "base": iris.base}
            for spec, iris in zip(report.specs.specs, report.specs.iris, strict=True)
        ],
        "alignments": [_alignment_record(one) for one in report.alignments],
        "changed": [_changed_record(one) for one in report.changed],
        "unmapped": [[*ids] for ids in report.unmapped],
    }
    return json_object(record, report.findings)


def _alignment_record(alignment: Alignment) -> dict[str, Any]:
    counts = Counter(predicate.word for _, predicate in alignment.matches())
    return {
        "id": alignment.id,
        "file": alignment.file,
        "rows": len(alignment.rows),
        "matches": {word: counts[word] for word in sorted(counts)},
        "not_found": sum(alignment.lacks(row, side) for row in alignment.rows for side in SIDES),
        "drafts": sum(row.is_draft for row in alignment.rows),
        "justifications": dict(
            sorted(Counter(row.mapping_justification for row in alignment.rows if not row.is_draft).items())
        ),
    }


def _changed_record(one: ChangedText) -> dict[str, Any]:
    return {
        **place_record(one.span),
        "side": one.side,
        "id": one.id,
        "digest": one.digest,
        "text": text_record(one.change) if one.change else None,
    }


def _text(report: AlignmentReport) -> str:
    lines: list[str] = []
    changed = {one.span: one for one in report.changed}
    for finding in report.findings:
        lines.append(printable(str(finding)))
        if finding.code == "text-changed-since":
            lines += _diff(changed[finding.span])
    lines += (line for one in report.alignments for line in _summary(one))
    return "".join(f"{line}\n" for line in lines)


def _diff(one: ChangedText) -> Iterator[str]:
    for unit in changed_units(one.change):
        yield from unit_lines(unit, _WIDTH, color=False)


def _summary(alignment: Alignment) -> Iterator[str]:
    record = _alignment_record(alignment)
    parts = [f"{number} {word}" for word, number in record["matches"].items()]
    parts += [f"{record['not_found']} not found"] if record["not_found"] else []
    parts += [f"{record['drafts']} not filled in"] if record["drafts"] else []
    details = f": {', '.join(parts)}" if parts else ""
    yield printable(f"{alignment.file}: {number_of(record['rows'], 'row')}{details}")
    others = {name: count for name, count in record["justifications"].items() if name not in {MANUAL, ""}}
    for name, count in others.items():
        yield printable(f"  {number_of(count, 'row is', 'rows are')} justified by {name}")


def _findings(form: str) -> Callable[[AlignmentReport], str]:
    """Return a function that writes the findings in a form of reports about specs."""
    return lambda report: findings_report(
        form, ", ".join(one.file for one in report.alignments), report.findings
    )


def _html(report: AlignmentReport) -> str:
    """Return a page with the two specs of the first alignment side by side."""
    return side_by_side(report, report.aligned[0])


ALIGNMENT_REPORT_FORMATS: Formats[AlignmentReport] = {
    "text": _text,
    "json": _json,
    "html": _html,
    "github": _findings("github"),
    "sarif": _findings("sarif"),
}
"""The output forms of a report about alignments."""


def _update_json(update: AlignmentUpdate) -> str:
    record = {
        "file": update.alignment.file,
        "renamed": [{"line": line, "old": old, "new": new} for line, old, new in update.renamed],
        "filled": update.filled,
    }
    return json_object(record, update.findings)


ALIGNMENT_FORMATS: Formats[Alignment] = {"tsv": write_sssom}
"""The output forms of an alignment."""

UPDATE_FORMATS: Formats[AlignmentUpdate] = {
    "tsv": lambda update: write_sssom(update.alignment),
    "json": _update_json,
}
"""The output forms of an updated alignment."""


# -- one case by each --------------------------------------------------------------------------


def _each_json(decided: EachDecisions) -> str:
    return json_object({"cases": [_each_record(one) for one in decided.cases]}, decided.findings)


def _each_record(one: EachDecision) -> dict[str, Any]:
    return {
        "title": one.case.title,
        "decisions": {name: decision_record(decision) for name, decision in one.decisions.items()},
        "mapped": {
            item: [{"spec": other.spec, "id": other.id, "predicate": other.predicate.value} for other in near]
            for item, near in one.mapped.items()
        },
        "agree": one.agree,
    }


_AGREE = {True: "they agree", False: "they differ", None: "no telling: one of them lacks something"}


def _each_text(decided: EachDecisions) -> str:
    return "\n".join(
        "".join(f"{printable(line)}\n" for line in _each_lines(one, decided)) for one in decided.cases
    )


def _each_lines(one: EachDecision, decided: EachDecisions) -> Iterator[str]:
    yield f"{one.case.title} ({one.case.span.place})"
    for issue, agrees in one.agree.items():
        yield f"  {shortened(issue)}: {_AGREE[agrees]}"
    for item, near in one.mapped.items():
        listing = ", ".join(f"{other.spec}:{shortened(other.id)} ({other.predicate.word})" for other in near)
        yield f"  `{shortened(item)}` corresponds to {listing or 'nothing'}"
    for name, decision in one.decisions.items():
        yield f"  by {name}:"
        yield from (f"  {line}" for line in _own_lines(decision, decided.norms[name]))


def _own_lines(decision: Decision, norms: Norms) -> Iterator[str]:
    """Yield the decision of a spec without the title, and why items without a counterpart are left out."""
    why = {reason.item: LACKING[reason.rule] for reason in decision.reasons if reason.rule in LACKING}
    lines = decision_lines(decision, norms, why)
    next(lines)
    yield from lines


def case_rows(
    decided: EachDecisions, quotation: Callable[[str, Provision], tuple[str, str]]
) -> Iterator[tuple[str, ...]]:
    """Yield a row for each item of each case, as each spec decides it, for the question `same-case-decided-by-each`.

    :param quotation: returns the representative sentence of a provision and its locator, from the name of its spec
    """
    number = 0
    for one in decided.cases:
        for name, decision in one.decisions.items():
            rules_ = {reason.item: reason.rule for reason in decision.reasons}
            for item in sorted(decision.case.items, key=lambda item: [*one.agree].index(item.issue)):
                number += 1
                provision = decided.norms[name].provisions.get(item.principle)
                outcome = outcome_words(decision.outcomes[item.issue], ENGLISH)
                yield (
                    *(f"{number:08}", name, one.case.title, item.issue, outcome, item.id),
                    *(decision.labels[item.id].value, rules_.get(item.id, "")),
                    *((provision.id, *quotation(name, provision)) if provision else ("", "", "")),
                )


EACH_FORMATS: Formats[EachDecisions] = {"text": _each_text, "json": _each_json}
"""The output forms of cases that each of several specs decides."""

# -- graph -------------------------------------------------------------------------------------

_SSSOM, _PAV = BUILT_IN["sssom"], "http://purl.org/pav/"


def graph_name(alignment: Alignment) -> Iri:
    """Return the IRI of an alignment, also the name of its graph; one without an IRI gets one from its file."""
    if is_absolute_iri(alignment.id):
        return Iri(alignment.id)
    name = Path(alignment.file).name.removesuffix(SUFFIX)
    return Iri(f"urn:policyspec:alignment:{quote(name, safe='')}")


def alignment_pieces(sides: AlignedSides, *, form: str = "nq", inferred: bool = False) -> Iterator[bytes]:
    """Return an alignment as N-Quads or TriG, in pieces of whole lines: equal for equal rows in any order.

    :param inferred: whether each match is also written from its object to its subject
    """
    return alignment_graph(sides, inferred=inferred).pieces(form)


def alignment_graph(sides: AlignedSides, *, inferred: bool = False) -> NamedGraph:
    """Return an alignment as a named graph."""
    name = graph_name(sides.alignment)
    return NamedGraph(name=name, triples=partial(_triples, sides, name, inferred=inferred))


def aligned_pieces(
    aligned: Iterable[AlignedSides], form: str = "nq", *, inferred: bool = False
) -> Iterator[bytes]:
    """Return several alignments in the same way, each as its own named graph."""
    return chain.from_iterable(alignment_pieces(sides, form=form, inferred=inferred) for sides in aligned)


def _triples(sides: AlignedSides, name: Iri, *, inferred: bool) -> Iterator[Triple]:
    alignment = sides.alignment
    yield name, RDF.type, Iri(f"{_SSSOM}MappingSet")
    if is_absolute_iri(alignment.license):
        yield name, DCTERMS.license, Iri(alignment.license)
    matches = {id(row): predicate for row, predicate in alignment.matches()}
    minted: Counter[str] = Counter()
    for row in alignment.rows:
        relation = alignment.iri(row.predicate_id)
        ends = [sides.iri(getattr(row, f"{side}_id"), side) for side in SIDES]
        if row.is_draft or not all(map(is_absolute_iri, (relation, *ends))):
            continue
        mapping = f"{name}#{'~'.join(_step(getattr(row, part)) for part in _KEY)}"
        minted[mapping] += 1
        iri = Iri(mapping if minted[mapping] == 1 else f"{mapping}~{minted[mapping]}")
        one, other = map(Iri, ends)
        yield name, Iri(f"{_SSSOM}mappings"), iri
        yield iri, RDF.type, Iri(f"{_SSSOM}Mapping")
        yield iri, OWL.annotatedSource, one
        yield iri, OWL.annotatedProperty, Iri(relation)
        yield iri, OWL.annotatedTarget, other
        yield from ((iri, what, term) for what, term in _properties(sides, row))
        for side, end in zip(SIDES, (one, other), strict=True):
            thing = sides.thing(row, side)
            if thing and (thing.clause or thing.passage):
                yield end, DCTERMS.identifier, thing.name
        if predicate := matches.get(id(row)):
            inverse = Iri(alignment.iri(predicate.inverse))
            yield iri, PS.inversePredicate, inverse
            yield one, Iri(relation), other
            if inferred:
                yield other, inverse, one


_KEY = ("subject_id", "predicate_id", "object_id")


def _step(text: str) -> str:
    """Return an id as a part of the name of its mapping, in which `~` separates the parts."""
    return quote(text, safe=":/%.-_").replace("~", "%7E")


def _properties(sides: AlignedSides, row: MappingRow) -> Iterator[tuple[Iri, Term]]:
    """Yield the properties of a mapping other than its subject, predicate and object."""
    alignment = sides.alignment
    yield Iri(f"{_SSSOM}mapping_justification"), _term(alignment, row.mapping_justification)
    for author in row.author_id:
        yield Iri(f"{_PAV}authoredBy"), _term(alignment, author)
    if row.confidence is not None:
        yield Iri(f"{_SSSOM}confidence"), Foreign(repr(row.confidence), XSD.double, "")
    if is_date(row.mapping_date):
        yield DCTERMS.created, Foreign(row.mapping_date, XSD.date, "")
    if row.comment:
        yield RDFS.comment, row.comment
    if row.is_denied:
        yield Iri(f"{_SSSOM}predicate_modifier"), Iri(f"{_SSSOM}NegatedPredicate")
    for side in SIDES:
        if label := getattr(row, f"{side}_label"):
            yield Iri(f"{_SSSOM}{side}_label"), label
        if digest := getattr(row, f"{side}_digest"):
            yield _DIGESTS[side], digest
        if thing := sides.thing(row, side):
            iris = sides.specs.iris[thing.place]
            yield _PROVISIONS[side], iris.iri("provision", thing.provision.id)


_DIGESTS = {"subject": PS.subjectDigest, "object": PS.objectDigest}
_PROVISIONS = {"subject": PS.subjectProvision, "object": PS.objectProvision}


def _term(alignment: Alignment, name: str) -> Term:
    """Return the IRI of a CURIE, or the text itself."""
    iri = alignment.iri(name)
    return Iri(iri) if is_absolute_iri(iri) else name
