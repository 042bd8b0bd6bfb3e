"""Alignments: what of one spec corresponds to what of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.alignments import Alignment, drafts
from sphinx_policyspec.alignments.check import AlignmentReport, check_alignments
from sphinx_policyspec.alignments.drafts import AlignmentUpdate
from sphinx_policyspec.alignments.sides import AlignedSpecs
from sphinx_policyspec.alignments.sssom import read_alignment_file
from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all_checked, loaded
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.model import Spec
from sphinx_policyspec.readers.git import is_git
from sphinx_policyspec.sources import has_releases


def read_alignment(file: str | Path) -> Alignment:
    """Return an alignment from a file in the TSV format of SSSOM; its findings tell what is wrong with its form.

    A file that cannot be read raises :class:`SourceError`.
    """
    return read_alignment_file(Path(file), str(file))


def check_alignment(
    *files: str | Path | Alignment, specs: Iterable[Source], **options: Unpack[ReadingOptions]
) -> AlignmentReport:
    """Return what is to be said of alignments of some specs: names, texts that changed since, what contradicts itself.

    Raises :class:`SourceError` where a file or a SOURCE cannot be read, and for two specs of one base.

    :param specs: those that are aligned; of several releases the last is meant, and those before tell what changed
    :param options: how SOURCEs are read, as for :func:`load`
    """
    read = [file if isinstance(file, Alignment) else read_alignment(file) for file in files]
    return check_alignments(read, _aligned(specs, options))


def new_alignment(
    first: Source,
    second: Source,
    *,
    suggest: bool = False,
    license: str = "",  # noqa: A002  the slot's name
    **options: Unpack[ReadingOptions],
) -> Alignment:
    """Return an alignment of two specs to fill in, with a row for each principle of the first.

    :param suggest: with up to three principles of the second that may correspond, in each comment; they are near by
        their titles and topics, and nothing says that they correspond
    :param license: IRI of a licence
    :param options: as for :func:`check_alignment`
    """
    return drafts.new_alignment(_aligned((first, second), options), license_iri=license, suggest=suggest)


def update_alignment(
    file: str | Path | Alignment,
    *,
    follow: Iterable[tuple[Source, Source]] = (),
    fill: Iterable[Source] = (),
    **options: Unpack[ReadingOptions],
) -> AlignmentUpdate:
    """Return an alignment that follows its specs to another release: ids, titles and versions, as :func:`diff` tells them.

    Digests that there are stay, so that :func:`check_alignment` tells which texts changed.

    :param follow: pairs of a release and the next one. The first may be a prefix of the file, or empty, where the second is
        several releases: then it is the one whose version the file names
    :param fill: specs whose digests are written where rows have none
    :param options: as for :func:`check_alignment`
    """
    alignment = file if isinstance(file, Alignment) else read_alignment(file)
    read = [_step(alignment, old, new, options) for old, new in follow]
    count = len(read)
    filled = []
    for source in fill:
        spec, older = _with_older(source, options)
        known = (place for place, (one, _) in enumerate(read) if one.base_iri == spec.base_iri)
        filled.append(next(known, len(read)))
        read += [(spec, older)] if filled[-1] == len(read) else []
    specs = AlignedSpecs([spec for spec, _ in read], [older for _, older in read])
    return drafts.update_alignment(alignment, specs, follow=range(count), fill=filled)


def _aligned(sources: Iterable[Source], options: ReadingOptions) -> AlignedSpecs:
    read = [_with_older(source, options) for source in sources]
    return AlignedSpecs([spec for spec, _ in read], [older for _, older in read])


def _with_older(source: Source, options: ReadingOptions) -> tuple[Spec, tuple[Spec, ...]]:
    """Return the last release of a SOURCE, and those before it."""
    if isinstance(source, str | Path) and has_releases(source, options.get("confdir")):
        *older, last = (one.spec for one in load_all_checked(source, **options))
        return last, tuple(older)
    return loaded(source, **options).spec, ()


def _step(
    alignment: Alignment, old: Source, new: Source, options: ReadingOptions
) -> tuple[Spec, tuple[Spec, ...]]:
    """Return a release with those before it, of which the last is the one that an alignment is of."""
    spec, older = _with_older(new, options)
    if isinstance(old, str) and not (is_git(old) or Path(old).exists()):
        if old not in dict(alignment.curie_map):
            raise SourceError(f"`{old}` is neither a SOURCE nor a prefix of `{alignment.file}`")
        return spec, older
    before = loaded(old, **options).spec
    return spec, (*older, replace(before, base_iri=spec.base_iri))
