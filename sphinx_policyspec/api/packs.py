"""What somebody needs to know about one subject of a spec, as a text within a budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.beside import read_beside
from sphinx_policyspec.api.comparing import diff
from sphinx_policyspec.api.judging import check, decide
from sphinx_policyspec.api.proposals import proposed
from sphinx_policyspec.api.reading import ReadingOptions, Source, loaded
from sphinx_policyspec.beside import NOTHING_BESIDE, Beside, BesideFiles
from sphinx_policyspec.compare import SpecDiff
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.evals.prompts import digest_of_spec
from sphinx_policyspec.model import Case, Finding
from sphinx_policyspec.packs.pack import BUDGET, ContextPack, PartKind
from sphinx_policyspec.packs.parts import SpecContext
from sphinx_policyspec.packs.results import (
    change_part,
    decision_parts,
    feedback_parts,
    finding_part,
    record_findings,
    result_part,
)
from sphinx_policyspec.sources import Loaded

if TYPE_CHECKING:
    from sphinx_policyspec.evals.results import Results


def context(
    source: Source,
    *about: str,
    pair: Sequence[str] = (),
    cases: Iterable[Case | str | Path] = (),
    topic: str = "",
    budget: int = BUDGET,
    since: Source | None = None,
    results: str | Path | Iterable[str | Path] | Results = (),
    feedback: Iterable[str | Path] = (),
    decisions: Iterable[str | Path] = (),
    proposals: Iterable[str | Path] = (),
    include_evals: bool = False,
    name: str = "",
    **options: Unpack[ReadingOptions],
) -> ContextPack:
    """Return what somebody needs to know about principles, a pair, cases or a topic of a spec or a SOURCE.

    Equal specs and arguments give equal packs. If the budget is too small, whole parts are left out, the least
    important first. Raises :class:`UnknownIdError` for an unknown id, and :class:`SourceError` if the budget is too
    small for the subject itself, or no subject is given.

    :param about: ids of provisions, also former ones
    :param pair: two ids of principles: adds what orders them
    :param cases: cases, or files and folders of them: adds the decision of each, and every principle in it
    :param topic: the id of a topic: the principles about it
    :param budget: bytes of the pack as Markdown; 0 for any number
    :param since: an older spec or SOURCE, to report changes
    :param results: evaluation results, as for :func:`read_results`, or its return value
    :param feedback: registers of feedback, or folders of them, as for :func:`check_feedback`
    :param decisions: records of decisions, or folders of them, as for :func:`check_decision_records`
    :param proposals: files of proposals: the pack shows the SOURCE with their edits, and what they change unless ``since`` is
        given. Raises like :func:`proposed`
    :param include_evals: whether to include evaluation prompts, which are left out by default
    :param name: name of a source that was already read
    :param options: as for :func:`load`
    """
    tried = tuple(map(str, proposals))
    if tried and not isinstance(source, str | Path):
        raise SourceError("proposals are tried in the files of a SOURCE: name it")
    loaded_source = proposed(source, *tried, **options) if tried else loaded(source, **options)  # type: ignore[arg-type]  # as above
    stores = (results,) if isinstance(results, str | Path) else results
    files = BesideFiles(
        results=tuple(map(str, stores)) if isinstance(stores, Iterable) else (),
        feedback=tuple(map(str, feedback)),
        decisions=tuple(map(str, decisions)),
    )
    beside = read_beside(loaded_source, files.filled(loaded_source.registers), **options)
    if not isinstance(stores, Iterable):
        beside = replace(beside, results=stores)
    words = (
        *((("--since", str(since)),) if isinstance(since, str | Path) else ()),
        *(("--proposal", one) for one in tried),
    )
    older = source if tried and since is None else since
    found = gathered(
        loaded_source,
        SpecContext(loaded_source.spec),
        about,
        pair=pair,
        cases=tuple(cases),
        topic=topic,
        budget=budget,
        changes=None if older is None else diff(older, loaded_source, **options),
        beside=beside,
        words=[*chain.from_iterable((*words, *files.words))],
        include_evals=include_evals,
        name=name or (str(source) if isinstance(source, str | Path) else loaded_source.spec.title),
    )
    # What does not hold yet is not to be cited as if it did.
    return replace(found, spec=f"{found.spec} as proposed") if tried else found


def gathered(
    loaded_source: Loaded,
    of: SpecContext,
    about: Sequence[str] = (),
    *,
    pair: Sequence[str] = (),
    cases: Sequence[Case | str | Path] = (),
    topic: str = "",
    budget: int = BUDGET,
    changes: SpecDiff | None = None,
    beside: Beside = NOTHING_BESIDE,
    words: Sequence[str] = (),
    include_evals: bool = False,
    name: str = "",
) -> ContextPack:
    """Return what :func:`context` returns, for a source that was already read and indexed.

    :param of: lookups in the spec that was read
    :param changes: changes from an older spec to this one
    :param beside: further data about the spec
    :param words: the command-line options for this data and the changes
    :param name: name of the SOURCE, for the command that gives the pack
    """
    if sum(map(bool, (about, pair, cases, topic))) != 1:
        raise SourceError("say what the pack is about: give one of `about`, `pair`, `case` and `topic`")
    if pair and len(set(pair)) != 2:  # noqa: PLR2004  what a pair is
        raise SourceError("a pair is two principles, each with an id of its own")
    findings: tuple[Finding, ...] = ()
    subjects: list[str] = [*about, *pair]
    if cases:
        decisions = decide(loaded_source.spec, *cases)
        findings, first = decisions.findings, [*of.decision_parts(decisions)]
        names = dict.fromkeys(item.principle for one in decisions for item in one.case.items)
        provisions = [of.find(one) for one in names if one in of.norms.provisions]
        subjects = [str(one) if isinstance(one, str | Path) else one.title for one in cases]
        first += of.of_provisions(provisions, is_needed=False)
    elif topic:
        first = [*of.topic(topic)]
        provisions = [of.find(part.id) for part in first if part.kind is PartKind.PRINCIPLE]
    else:
        provisions = [*dict.fromkeys(map(of.find, subjects))]
        first = [*of.pair(*provisions)] if pair else []
        first += of.of_provisions(provisions)
    near = [] if topic or cases else [*of.neighbours(provisions)]
    parts = [
        *first,
        *(change_part(of, provisions, changes) if changes is not None else ()),
        *(feedback_parts(of, provisions, beside.feedback) if beside.feedback is not None else ()),
        *(decision_parts(of, provisions, beside.decisions) if beside.decisions is not None else ()),
        *(result_part(of, provisions, beside.results) if beside.results is not None else ()),
        *near[:1],
        *of.examples(provisions),
        *finding_part(of, provisions, check(loaded_source), include_evals=include_evals),
        *near[1:],
        *(of.prompts(provisions) if include_evals else ()),
    ]
    findings = (
        *findings,
        *record_findings(beside, parts),
        *(beside.results.findings if beside.results is not None else ()),
    )
    return ContextPack(
        spec=loaded_source.spec.title,
        release=loaded_source.spec.version,
        digest=digest_of_spec(loaded_source.spec),
        about=(*subjects, *((topic,) if topic else ())),
        command=tuple(
            _command(
                name,
                {"--about": about, "--case": subjects if cases else (), "--topic": [topic] if topic else ()},
                ("--pair", *pair) if pair else (),
                words,
                ("--include-evals",) if include_evals else (),
            )
        ),
        budget=budget,
        parts=tuple(sorted(parts, key=lambda part: not part.is_needed)),
        findings=findings,
    )


def _command(source: str, repeated: Mapping[str, Sequence[str]], *more: Sequence[str]) -> Iterator[str]:
    """Yield the words of the command line that gives a pack.

    :param repeated: options, each with its values
    :param more: words as they are
    """
    yield from ("policyspec", "context", source)
    for option, values in repeated.items():
        for one in values:
            yield from (option, one)
    for words in more:
        yield from words
