"""Overlays: what a company may change in a spec that somebody else publishes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.api.judging import read_cases
from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all_checked, loaded, reader
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import common_folder, folder_of, real_path
from sphinx_policyspec.model import Case, Spec
from sphinx_policyspec.overlays.check import OverlayReport
from sphinx_policyspec.overlays.drafts import OverlayDraft, draft_overlay
from sphinx_policyspec.overlays.export import BUDGET, ExportForm, OverlayExport, export_overlays
from sphinx_policyspec.overlays.places import from_one_folder
from sphinx_policyspec.overlays.rebase import OverlayRebase, rebase
from sphinx_policyspec.overlays.resolve import OverlayResolution, cases_below, resolved
from sphinx_policyspec.readers.git import is_git
from sphinx_policyspec.readers.overlays import Upstream
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.sources import Loaded, has_releases


def check_overlay(
    *files: str | Path,
    upstream: Source | None = None,
    cases: Iterable[Case | str | Path] = (),
    **options: Unpack[ReadingOptions],
) -> OverlayReport:
    """Return whether the statements of overlay files may be said, each with a conversation that shows it.

    The files are of one upstream; on an issue that two settle, one of a nested folder holds before those around it, else the
    later one. Raises :class:`AnnotationError` where one is not
    YAML, and :class:`SourceError` where one cannot be read, or upstream cannot.

    :param upstream: the spec that they are about; by default the ``upstream.source`` that they name
    :param cases: cases, or files and folders of them: which come out otherwise below the overlays is among the findings
    :param options: how upstream is read, as for :func:`load`
    """
    report = _judged(files, upstream, options)[0]
    if not cases:
        return report
    read, findings = read_cases(cases)
    return report.with_findings((*findings, *cases_below(resolved(report), read)))


def resolve_overlay(
    *files: str | Path, upstream: Source | None = None, **options: Unpack[ReadingOptions]
) -> OverlayResolution:
    """Return the spec that results from overlay files: upstream's, verbatim, with the statements that may be said.

    The same as :func:`load` of one such file. Raises as :func:`check_overlay` does, and :class:`SourceError` where two
    overlays have one name.

    :param upstream: as for :func:`check_overlay`
    """
    return resolved(_judged(files, upstream, options)[0])


def export_overlay(
    *files: str | Path,
    to: str = "agents",
    into: str | Path | None = None,
    force: bool = False,
    budget: int = BUDGET,
    upstream: Source | None = None,
    **options: Unpack[ReadingOptions],
) -> OverlayExport:
    """Return what agents read of overlay files: the statements that may be said, and no other.

    Nothing is written. Raises as :func:`check_overlay` does, and :class:`SourceError` where ``into`` cannot be read.

    :param to: a value of :class:`ExportForm`
    :param into: the file that is to have it; what stands there outside of our marks stays, byte by byte
    :param force: whether to write over a block that somebody changed by hand
    :param budget: bytes beyond which the size of the whole file is told
    """
    report, read = _judged(files, upstream, options)
    file = Path(into or ".")
    beside = file.with_name("AGENTS.md") if into else None
    folder, above = _places(file, (*files, *(() if read.checkout else read.overlays))) if into else ("", "")
    is_other = beside is not None and real_path(beside) != real_path(file)
    return export_overlays(
        report,
        ExportForm(to),
        file=str(into or ""),
        standing=_bytes(file),
        agents=_bytes(beside) if beside and is_other else b"",
        folder=folder,
        above=above,
        force=force,
        budget=budget,
    )


def import_overlay(
    *files: str | Path, upstream: Source, into: str | Path = ".", **options: Unpack[ReadingOptions]
) -> OverlayDraft:
    """Return what instruction files of agents may say on top of a spec, as a draft whose targets people name.

    What they import is read, too. Raises :class:`SourceError` where one cannot be read, or upstream cannot.

    :param into: the folder of the draft, from which it names its upstream
    :param options: how upstream is read, as for :func:`load`
    """
    read = _last(upstream, options)
    source = _from(upstream, into) if isinstance(upstream, str | Path) else read.spec.title
    pin = Upstream(source=source, release=read.spec.version, sha256=read.digest)
    return draft_overlay([(Path(file), str(file)) for file in files], read.spec, pin)


def rebase_overlay(
    file: str | Path,
    next: Source,  # noqa: A002  the name of the option
    *,
    upstream: Source | None = None,
    next_annotations: str | Path | None = None,
    **options: Unpack[ReadingOptions],
) -> OverlayRebase:
    """Return what the next release of its upstream does to each statement of an overlay file.

    Its ``text`` is the file with renames, pin and digest taken over, empty of a project; nothing is written. Raises as
    :func:`check_overlay` does, and :class:`SourceError` where the file is written so that it has to be changed by hand.

    :param next: the next release; of several the last
    :param upstream: the release that it was written for, as for :func:`check_overlay`
    :param next_annotations: the annotation file of the next release, where it has another one
    :param options: how both are read, as for :func:`load`
    """
    report, _ = _judged([file], upstream, options)
    read = _last(next, {**options, "annotations": next_annotations} if next_annotations else options)
    pinned = report.overlays[0].upstream.source
    beside = _folder(file) / pinned
    # A folder of releases holds the next one, too, and a file that is replaced is the same.
    stays = is_git(pinned) or not isinstance(next, str | Path) or _holds(beside, Path(next))
    source = pinned if stays else _from(next, _folder(file), is_near=not Path(pinned).is_absolute())  # type: ignore[arg-type]  # a name, where it does not stay
    pin = Upstream(source=source, release=read.spec.version, sha256=read.digest)
    text = "" if Path(file).is_dir() else read_text(Path(file), str(file))[0]
    _, spec = from_one_folder((), [Path(file)], read.spec, () if read.checkout else read.overlays)
    return rebase(report, text, spec, pin)


def _folder(overlay: str | Path) -> Path:
    """Return the folder from which an overlay names files: that of its file, or the project that writes it."""
    return folder_of(Path(overlay))


def _places(file: Path, overlays: Iterable[str | Path]) -> tuple[str, str]:
    """Return the folder for which a file is, from that of overlays on, and theirs from there on; what lies elsewhere is empty.

    A hidden folder, such as `.cursor` or `.github`, is for the one that holds it.
    """
    home = common_folder([real_path(_folder(one)) for one in overlays])
    folder = real_path(file).parent
    for one in (folder, *folder.parents):
        if one.name.startswith(".") and not home.is_relative_to(one):
            folder = one.parent
    if folder.is_relative_to(home):
        return "/".join(folder.relative_to(home).parts), ""
    return "", "/".join(home.relative_to(folder).parts) if home.is_relative_to(folder) else ""


def _holds(folder: Path, release: Path) -> bool:
    here, there = real_path(folder), real_path(release)
    return here == there or (there.parent == here and has_releases(folder))


def _from(source: str | Path, folder: str | Path, *, is_near: bool = False) -> str:
    """Return the name of a SOURCE as seen from a folder.

    :param is_near: whether an absolute name becomes one from the folder, too
    """
    name = str(source)
    if is_git(name) or (Path(name).is_absolute() and not is_near):
        return name
    return Path(os.path.relpath(name, folder)).as_posix()


def _last(source: Source, options: ReadingOptions) -> Loaded:
    """Return a SOURCE that is read; of several releases the last."""
    if isinstance(source, str | Path) and has_releases(source, options.get("confdir")):
        return load_all_checked(source, **options)[-1]
    return loaded(source, **options)


def _bytes(path: Path) -> bytes:
    """Return what a file holds; a pipe, and what is not there, hold nothing."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise SourceError(f"cannot read `{path}`: {error.strerror or error}") from None


def _judged(
    files: Iterable[str | Path], upstream: Source | None, options: ReadingOptions
) -> tuple[OverlayReport, Loaded]:
    given = loaded(upstream, **options) if isinstance(upstream, Spec) else upstream
    named = [(Path(file), str(file)) for file in files]
    for path, name in named:
        if path.suffix.lower() in _MARKDOWN and path.is_file():
            raise SourceError(
                f"`{name}` is Markdown, and an overlay is a file of YAML: make a draft of it with"
                f" `policyspec overlay import {shlex.quote(name)} --upstream SOURCE -o overlay.yaml`"
            )
    return reader(**options).judged(named, given)


_MARKDOWN = frozenset({".md", ".mdc", ".markdown"})
"""Endings of instruction files of agents, from which an overlay may be drafted."""
