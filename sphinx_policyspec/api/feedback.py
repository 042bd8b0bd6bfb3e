"""What people say of a spec: quoted words that are found again, and a register of feedback."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Unpack

from sphinx_policyspec.api.alignments import releases_of
from sphinx_policyspec.api.reading import ReadingOptions, Source, loaded, spec_of
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.feedback.anchors import Anchor, FoundAnchor, PlainTexts
from sphinx_policyspec.feedback.check import FeedbackCheck, FeedbackReport
from sphinx_policyspec.feedback.imports import Importer, Remark, read_remarks
from sphinx_policyspec.feedback.joins import Links
from sphinx_policyspec.feedback.register import ImportedFeedback, imported
from sphinx_policyspec.feedback.web_annotations import anchor_iri, annotation_of
from sphinx_policyspec.feedback.web_annotations import read_annotations as read_annotations_of
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.readers.feedback import (
    FeedbackMap,
    feedback_files,
    read_feedback_map,
    read_registers,
)
from sphinx_policyspec.readers.release import release_folders
from sphinx_policyspec.readers.text import absent, read_text
from sphinx_policyspec.sources import Loaded, is_project


def anchor(source: Source, provision: str, words: str, **options: Unpack[ReadingOptions]) -> Anchor:
    """Return an anchor of words that a provision of a spec or a SOURCE holds, by which they are found in other releases.

    Dashes, quotes and spaces may be other ones. Raises :class:`UnknownIdError` for an unknown id, and :class:`SourceError`
    where the provision does not hold the words.

    :param options: as for :func:`load`
    """
    return PlainTexts(spec_of(source, **options)).anchor(provision, words)


def find_anchors(
    anchors: Iterable[Anchor],
    source: Source,
    *,
    older: Iterable[Source] = (),
    **options: Unpack[ReadingOptions],
) -> tuple[FoundAnchor, ...]:
    """Return what has become of quoted words in a spec or a SOURCE: kept, moved, changed or gone.

    :param older: releases before it, by which it is known what provisions were called; of a SOURCE of several releases
        the last is meant, and those before are known anyway
    :param options: as for :func:`load`
    """
    texts = _texts(source, older, options)[0]
    return tuple(map(texts.find, anchors))


def web_annotation(
    found: Anchor | FoundAnchor, source: Source, **options: Unpack[ReadingOptions]
) -> dict[str, Any]:
    """Return an anchor as a W3C Web Annotation in JSON-LD.

    One that was found again refers to the one that it was found from, which stays as it is. Raises :class:`SourceError` where
    the words are gone, or stand at several places of which none is meant.

    :param source: the spec or SOURCE in which it was made or found
    :param options: as for :func:`load`
    """
    spec = spec_of(source, **options)
    base = base_of(spec)
    if isinstance(found, Anchor):
        return annotation_of(found, base)
    return annotation_of(PlainTexts(spec).again(found, anchor_iri(found.anchor, base)), base)


def read_web_annotations(
    text: str, source: Source, *, older: Iterable[Source] = (), **options: Unpack[ReadingOptions]
) -> tuple[Anchor, ...]:
    """Return the anchors in JSON of Web Annotations, such as those of Hypothesis: one, a list, or the ``rows`` of a search.

    The provision comes from the address of the target, else from the words, where one provision holds them and they stand once
    in the spec; a target of which neither tells it is left out. Raises :class:`SourceError` for what is not JSON.

    :param older: as for :func:`find_anchors`
    :param options: as for :func:`load`
    """
    return read_annotations_of(text, *_texts(source, older, options))


def import_feedback(
    source: Source,
    *files: str | Path,
    map: str | Path | None = None,  # noqa: A002  what the option is called
    register: str | Path | None = None,
    older: Iterable[Source] = (),
    **options: Unpack[ReadingOptions],
) -> ImportedFeedback:
    """Return a register of feedback about a spec or a SOURCE, with the remarks of files in it, joined to its provisions.

    A remark names a provision by a link to a published page, an id in backticks or a title in quotes, or by a label that the
    map gives to one; nothing else is guessed. Raises :class:`SourceError` where a file cannot be read, and
    :class:`AnnotationError` where the map or the register is not right.

    :param files: issues of GitHub as JSON, tables (CSV) with named columns, or texts with links for feedback
    :param map: what labels of a tracker mean (YAML)
    :param register: one that there is: of records that it has, title, status and labels become those of the tracker
    :param older: as for :func:`find_anchors`
    :param options: as for :func:`load`
    """
    meaning = read_feedback_map(Path(map), str(map)) if map else FeedbackMap()
    links = Links(known_releases(source, older, options), meaning.sites)
    importer = Importer(links, meaning)
    remarks: list[Remark] = []
    for file in files:
        if not Path(file).is_file():
            raise absent(Path(file), str(file))
        said, findings = read_text(Path(file), str(file))
        importer.findings += findings
        remarks += read_remarks(said.removeprefix("\ufeff"), str(file))
    held = Path(register) if register else None
    text = read_text(held, str(held))[0] if held and held.exists() else ""
    return imported(remarks, importer, text, str(held))


def check_feedback(
    source: Source, *files: str | Path, older: Iterable[Source] = (), **options: Unpack[ReadingOptions]
) -> FeedbackReport:
    """Return the records of registers of feedback about a spec or a SOURCE: what became of quoted words, and what is wrong.

    Findings name a file without its folder.

    :param files: registers, or folders of them, which are one
    :param older: releases before it, by which answers are checked; those that lie beside a release are known anyway
    :param options: as for :func:`load`
    """
    named = [(one, one.name) for file in files for one in feedback_files(Path(file))]
    records, findings = read_registers(named)
    return FeedbackCheck(records, known_releases(source, older, options)).report(findings)


def _texts(source: Source, older: Iterable[Source], options: ReadingOptions) -> tuple[PlainTexts, Links]:
    links = Links(known_releases(source, older, options))
    return PlainTexts(links.spec, links.renamed), links


def known_releases(source: Source, older: Iterable[Source], options: ReadingOptions) -> Sequence[Spec]:
    """Return the releases that are known, from the first to the last: those given, else those that a project names, or that lie beside."""
    given = [one for held in older for one in releases_of(held, options)]
    if isinstance(source, str | Path) and is_project(source, options.get("confdir")):
        source = loaded(source, **options)
    *more, last = releases_of(source, options)
    own = source.past if isinstance(source, Loaded) else ()
    return [*((given + more) or own or _before(source, last.version, options)), last]


def _before(source: Source, version: str, options: ReadingOptions) -> Sequence[Spec]:
    """Return the releases before one that lie beside its folder, as far as they can be read as releases of one spec."""
    path = source.root if isinstance(source, Loaded) and source.has_files else source
    if not isinstance(path, str | Path) or is_project(path):
        return ()
    folder = real_path(Path(path))
    # Whose own folder is no release has neighbours that have nothing to do with it.
    if not any(real_path(one) == folder for one in release_folders(folder.parent)):
        return ()
    try:
        beside = releases_of(folder.parent, options)
    except SourceError:
        # Nobody asked for the neighbours; whoever names them by `older` learns what is wrong with them.
        return ()
    versions = [one.version for one in beside]
    return beside[: versions.index(version)] if version in versions else ()
