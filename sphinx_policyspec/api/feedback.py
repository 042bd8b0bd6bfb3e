"""Feedback about a spec: quoted words that are found again in other releases, and registers."""

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
    """Return an anchor of words in a provision of a spec or a SOURCE, to find them again in other releases.

    Dashes, quotes and spaces may differ. Raises :class:`UnknownIdError` for an unknown id, and :class:`SourceError`
    if the provision does not contain the words.

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

    :param older: earlier releases, which give former ids of provisions; of a SOURCE with several releases the last
        one counts, and the earlier ones are known anyway
    :param options: as for :func:`load`
    """
    texts = _texts(source, older, options)[0]
    return tuple(map(texts.find, anchors))


def web_annotation(
    found: Anchor | FoundAnchor, source: Source, **options: Unpack[ReadingOptions]
) -> dict[str, Any]:
    """Return an anchor as a W3C Web Annotation in JSON-LD.

    An anchor that was found again refers to the original one, which stays unchanged. Raises :class:`SourceError` if
    the words are gone, or occur at several places and it is unclear which one is meant.

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
    """Return the anchors in Web Annotations as JSON, such as those of Hypothesis: one, a list, or ``rows`` of a search.

    The provision comes from the address of the target, else from the words, if they occur once in the spec and in one
    provision; a target with neither is left out. Raises :class:`SourceError` for text that is not JSON.

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
    """Return a register of feedback about a spec or a SOURCE, with the remarks in files, joined to its provisions.

    A remark names a provision by a link to a published page, an id in backticks, a title in quotes, or a label that
    the map assigns to it; nothing else is guessed. Raises :class:`SourceError` if a file cannot be read, and
    :class:`AnnotationError` if the map or the register is not valid.

    :param files: issues of GitHub as JSON, tables (CSV) with named columns, or texts with links for feedback
    :param map: the meaning of labels of a tracker (YAML)
    :param register: an existing register: title, status and labels of its records become those of the tracker
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
        content, findings = read_text(Path(file), str(file))
        importer.findings += findings
        remarks += read_remarks(content.removeprefix("\ufeff"), str(file))
    register_file = Path(register) if register else None
    text = read_text(register_file, str(register_file))[0] if register_file and register_file.exists() else ""
    return imported(remarks, importer, text, str(register_file))


def check_feedback(
    source: Source, *files: str | Path, older: Iterable[Source] = (), **options: Unpack[ReadingOptions]
) -> FeedbackReport:
    """Return the records of registers of feedback about a spec or a SOURCE, the state of quoted words, and findings.

    Findings name a file without its folder.

    :param files: registers, or folders of them, which are read as one
    :param older: earlier releases, to check answers; those that lie beside a release are known anyway
    :param options: as for :func:`load`
    """
    named_files = [(one, one.name) for file in files for one in feedback_files(Path(file))]
    records, findings = read_registers(named_files)
    return FeedbackCheck(records, known_releases(source, older, options)).report(findings)


def _texts(source: Source, older: Iterable[Source], options: ReadingOptions) -> tuple[PlainTexts, Links]:
    links = Links(known_releases(source, older, options))
    return PlainTexts(links.spec, links.renamed), links


def known_releases(source: Source, older: Iterable[Source], options: ReadingOptions) -> Sequence[Spec]:
    """Return the known releases, oldest first: those of ``older``, else those of a project or beside a release."""
    explicit = [one for one_source in older for one in releases_of(one_source, options)]
    if isinstance(source, str | Path) and is_project(source, options.get("confdir")):
        source = loaded(source, **options)
    *more, last = releases_of(source, options)
    own = source.past if isinstance(source, Loaded) else ()
    return [*((explicit + more) or own or _before(source, last.version, options)), last]


def _before(source: Source, version: str, options: ReadingOptions) -> Sequence[Spec]:
    """Return the earlier releases beside the folder of one, if they can be read as releases of one spec."""
    path = source.root if isinstance(source, Loaded) and source.has_files else source
    if not isinstance(path, str | Path) or is_project(path):
        return ()
    folder = real_path(Path(path))
    # If its own folder is not a release folder, its neighbours are unrelated.
    if not any(real_path(one) == folder for one in release_folders(folder.parent)):
        return ()
    try:
        beside = releases_of(folder.parent, options)
    except SourceError:
        # Nobody asked for the neighbours; callers who name them with `older` get the error.
        return ()
    versions = [one.version for one in beside]
    return beside[: versions.index(version)] if version in versions else ()
