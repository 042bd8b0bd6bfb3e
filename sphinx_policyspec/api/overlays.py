"""Overlays: changes of a company to a spec that somebody else publishes."""

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
    """Return whether the statements of overlay files are allowed, each with a conversation that shows it.

    The files have one upstream; if two settle the same issue, a file in a nested folder wins over those around it, else
    the later file. Raises :class:`AnnotationError` if a file is not YAML, and :class:`SourceError` if a file or
    upstream cannot be read.

    :param upstream: the spec that they change; by default the ``upstream.source`` that they name
    :param cases: cases, or files and folders of them: findings report those whose outcome the overlays change
    :param options: how upstream is read, as for :func:`load`
    """
    report = _judged(files, upstream, options)[0]
    if not cases:
        return report
    case_list, findings = read_cases(cases)
    return report.with_findings((*findings, *cases_below(resolved(report), case_list)))


def resolve_overlay(
    *files: str | Path, upstream: Source | None = None, **options: Unpack[ReadingOptions]
) -> OverlayResolution:
    """Return the spec that results from overlay files: upstream verbatim, with the allowed statements.

    :func:`load` of one such file gives the same spec. Raises the same errors as :func:`check_overlay`, and
    :class:`SourceError` if two overlays have one name.

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
    """Return the file that gives agents the allowed statements of overlay files, and no others.

    Nothing is written. Raises the same errors as :func:`check_overlay`, and :class:`SourceError` if ``into`` cannot be
    read.

    :param to: a value of :class:`ExportForm`
    :param into: the file to insert them into; everything outside our marks stays, byte for byte
    :param force: whether to overwrite a block that somebody changed by hand
    :param budget: bytes beyond which the size of the whole file is reported
    """
    report, base = _judged(files, upstream, options)
    file = Path(into or ".")
    beside = file.with_name("AGENTS.md") if into else None
    folder, above = _places(file, (*files, *(() if base.checkout else base.overlays))) if into else ("", "")
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
    """Return the draft of an overlay from instruction files of agents, whose targets people name.

    Files that they import are read, too. Raises :class:`SourceError` if a file or upstream cannot be read.

    :param into: the folder of the draft, which the name of its upstream is relative to
    :param options: how upstream is read, as for :func:`load`
    """
    base = _last(upstream, options)
    source = _from(upstream, into) if isinstance(upstream, str | Path) else base.spec.title
    pin = Upstream(source=source, release=base.spec.version, sha256=base.digest)
    return draft_overlay([(Path(file), str(file)) for file in files], base.spec, pin)


def rebase_overlay(
    file: str | Path,
    next: Source,  # noqa: A002  the name of the option
    *,
    upstream: Source | None = None,
    next_annotations: str | Path | None = None,
    **options: Unpack[ReadingOptions],
) -> OverlayRebase:
    """Return what the next release of its upstream does to each statement of an overlay file.

    Its ``text`` is the file with renames, pin and digest updated, empty for a project; nothing is written. Raises the
    same errors as :func:`check_overlay`, and :class:`SourceError` if the file has to be changed by hand.

    :param next: the next release; of several the last one
    :param upstream: the release that it was written for, as for :func:`check_overlay`
    :param next_annotations: the annotation file of the next release, if it has another one
    :param options: how both are read, as for :func:`load`
    """
    report, _ = _judged([file], upstream, options)
    new = _last(next, {**options, "annotations": next_annotations} if next_annotations else options)
    pinned = report.overlays[0].upstream.source
    beside = _folder(file) / pinned
    # A folder of releases also contains the next one, and a replaced file has the same name.
    stays = is_git(pinned) or not isinstance(next, str | Path) or _holds(beside, Path(next))
    source = pinned if stays else _from(next, _folder(file), is_near=not Path(pinned).is_absolute())  # type: ignore[arg-type]  # a name, where it does not stay
    pin = Upstream(source=source, release=new.spec.version, sha256=new.digest)
    text = "" if Path(file).is_dir() else read_text(Path(file), str(file))[0]
    _, spec = from_one_folder((), [Path(file)], new.spec, () if new.checkout else new.overlays)
    return rebase(report, text, spec, pin)


def _folder(overlay: str | Path) -> Path:
    """Return the folder that file names in an overlay are relative to: that of its file, or of its project."""
    return folder_of(Path(overlay))


def _places(file: Path, overlays: Iterable[str | Path]) -> tuple[str, str]:
    """Return the folder that a file is for, relative to that of overlays, and the reverse; both empty if unrelated.

    A hidden folder, such as `.cursor` or `.github`, is for the folder that contains it.
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
    """Return the name of a SOURCE relative to a folder.

    :param is_near: whether an absolute name becomes relative, too
    """
    name = str(source)
    if is_git(name) or (Path(name).is_absolute() and not is_near):
        return name
    return Path(os.path.relpath(name, folder)).as_posix()


def _last(source: Source, options: ReadingOptions) -> Loaded:
    """Read a SOURCE, and return it; of several releases the last one."""
    if isinstance(source, str | Path) and has_releases(source, options.get("confdir")):
        return load_all_checked(source, **options)[-1]
    return loaded(source, **options)


def _bytes(path: Path) -> bytes:
    """Return the content of a file; empty for a pipe or a missing file."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise SourceError(f"cannot read `{path}`: {error.strerror or error}") from None


def _judged(
    files: Iterable[str | Path], upstream: Source | None, options: ReadingOptions
) -> tuple[OverlayReport, Loaded]:
    spec_or_source = loaded(upstream, **options) if isinstance(upstream, Spec) else upstream
    named_files = [(Path(file), str(file)) for file in files]
    for path, name in named_files:
        if path.suffix.lower() in _MARKDOWN and path.is_file():
            raise SourceError(
                f"`{name}` is Markdown, and an overlay is a file of YAML: make a draft of it with"
                f" `policyspec overlay import {shlex.quote(name)} --upstream SOURCE -o overlay.yaml`"
            )
    return reader(**options).judged(named_files, spec_or_source)


_MARKDOWN = frozenset({".md", ".mdc", ".markdown"})
"""Suffixes of instruction files of agents, from which an overlay can be drafted."""
