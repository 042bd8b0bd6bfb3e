"""Alignments: which parts of two specs correspond."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.alignments import Alignment, drafts
from sphinx_policyspec.alignments.cases import EachDecisions, decided_by_each
from sphinx_policyspec.alignments.check import AlignmentReport, check_alignments
from sphinx_policyspec.alignments.drafts import AlignmentUpdate
from sphinx_policyspec.alignments.sides import AlignedSpecs
from sphinx_policyspec.alignments.sssom import read_alignment_file
from sphinx_policyspec.api.asking import load_specs
from sphinx_policyspec.api.judging import read_cases
from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all_checked, loaded
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.releases import SpecReleases
from sphinx_policyspec.model import Case, Spec
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.readers.git import is_git
from sphinx_policyspec.sources import has_releases

_SIDES = 2


def read_alignment(file: str | Path) -> Alignment:
    """Return an alignment from a file in the TSV format of SSSOM, with findings on its form.

    A file that cannot be read raises :class:`SourceError`.
    """
    return read_alignment_file(Path(file), str(file))


def check_alignment(
    *files: str | Path | Alignment, specs: Iterable[Source | SpecReleases], **options: Unpack[ReadingOptions]
) -> AlignmentReport:
    """Return the findings on alignments of specs: unknown names, texts that have changed, and contradictions.

    Raises :class:`SourceError` if a file or a SOURCE cannot be read, and for two specs with one base.

    :param specs: the aligned specs; of several releases the last one counts, and earlier ones show what changed
    :param options: how SOURCEs are read, as for :func:`load`
    """
    alignments = [file if isinstance(file, Alignment) else read_alignment(file) for file in files]
    return check_alignments(alignments, aligned_specs(specs, options))


def new_alignment(
    first: Source | SpecReleases,
    second: Source | SpecReleases,
    *,
    suggest: bool = False,
    license: str = "",  # noqa: A002  the slot's name
    **options: Unpack[ReadingOptions],
) -> Alignment:
    """Return an alignment of two specs to fill in, with a row for each principle of the first.

    :param suggest: whether each comment lists up to three similar principles of the second; similar titles and topics
        do not mean that two principles correspond
    :param license: IRI of a licence
    :param options: as for :func:`check_alignment`
    """
    specs = aligned_specs((first, second), options)
    if len(specs.specs) < _SIDES:
        raise SourceError(
            f"both are releases of `{specs.specs[0].title}`, of the base `{specs.iris[0].base}`; give each a name with `--name`"
        )
    return drafts.new_alignment(specs, license_iri=license, suggest=suggest)


def update_alignment(
    file: str | Path | Alignment,
    *,
    follow: Iterable[tuple[Source | SpecReleases, Source | SpecReleases]] = (),
    fill: Iterable[Source | SpecReleases] = (),
    **options: Unpack[ReadingOptions],
) -> AlignmentUpdate:
    """Return an alignment updated to another release of its specs: ids, titles and versions, according to :func:`diff`.

    Existing digests stay, so that :func:`check_alignment` reports which texts changed.

    :param follow: pairs of a release and the next one. If the second is several releases, the first may be a prefix of
        the file or empty, and stands for the release whose version the file names
    :param fill: specs whose digests are added to rows without digests
    :param options: as for :func:`check_alignment`
    """
    alignment = file if isinstance(file, Alignment) else read_alignment(file)
    followed = {
        base_of(one.last): one for one in (_step(alignment, old, new, options) for old, new in follow)
    }
    following = [*followed]
    texts = load_specs(*[releases_of(source, options) for source in fill])
    filling = {base_of(one.last): one for one in texts}
    specs = {**filling, **followed}
    places = {base: place for place, base in enumerate(specs)}
    return drafts.update_alignment(
        alignment,
        AlignedSpecs([*specs.values()]),
        follow=[places[base] for base in following],
        fill=[places[base] for base in filling],
    )


def decide_each(
    *cases: Case | str | Path,
    specs: Iterable[Source | SpecReleases],
    alignments: Iterable[str | Path | Alignment],
    **options: Unpack[ReadingOptions],
) -> EachDecisions:
    """Return the decision of each of several specs on cases, with the items that correspond exactly or closely.

    A case names principles of one of them, or ``spec:id`` of several; an id alone belongs to the one spec that has it
    today, or else had it before. Problems of a case are among the findings.

    :param cases: as for :func:`decide`
    :param specs: as for :func:`check_alignment`; their order only affects the order of decisions
    :param options: as for :func:`check_alignment`
    """
    report = check_alignment(*alignments, specs=specs, **options)
    case_list, findings = read_cases(cases)
    return decided_by_each(case_list, report.specs, report.aligned, findings)


def aligned_specs(specs: Iterable[Source | SpecReleases], options: ReadingOptions) -> AlignedSpecs:
    """Return the specs that an alignment may name, each with its releases."""
    every = [releases_of(source, options) for source in specs]
    return AlignedSpecs(load_specs(*every))


def releases_of(source: Source | SpecReleases, options: ReadingOptions) -> tuple[Spec, ...]:
    """Return the releases of a SOURCE, oldest first."""
    if isinstance(source, SpecReleases):
        return source.releases
    if isinstance(source, str | Path) and has_releases(source, options.get("confdir")):
        return tuple(one.spec for one in load_all_checked(source, **options))
    return (loaded(source, **options).spec,)


def _step(
    alignment: Alignment, old: Source | SpecReleases, new: Source | SpecReleases, options: ReadingOptions
) -> SpecReleases:
    """Return a release with earlier ones, the last of which is the one that an alignment was written for."""
    *older, spec = releases_of(new, options)
    if isinstance(old, str) and not (is_git(old) or Path(old).exists()):
        if old not in dict(alignment.curie_map):
            raise SourceError(f"`{old}` is neither a SOURCE nor a prefix of `{alignment.file}`")
    else:
        older.append(releases_of(old, options)[-1])
    return SpecReleases(name=spec.called, releases=(*older, spec))
