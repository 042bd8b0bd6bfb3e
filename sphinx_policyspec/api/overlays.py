"""Overlays: what a company may change in a spec that somebody else publishes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.api.reading import ReadingOptions, Source, load_all_checked, loaded
from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Finding
from sphinx_policyspec.overlays.check import OverlayReport, check_overlays
from sphinx_policyspec.overlays.drafts import OverlayDraft, draft_overlay
from sphinx_policyspec.overlays.export import BUDGET, ExportForm, OverlayExport, export_overlays
from sphinx_policyspec.readers.git import is_git
from sphinx_policyspec.readers.overlays import Overlay, Upstream, read_overlay
from sphinx_policyspec.sources import Loaded, has_releases


def check_overlay(
    *files: str | Path, upstream: Source | None = None, **options: Unpack[ReadingOptions]
) -> OverlayReport:
    """Return whether the statements of overlay files may be said, each with a conversation that shows it.

    The files are of one upstream, the nearest to where they hold last. Raises :class:`AnnotationError` where one is not
    YAML, and :class:`SourceError` where one cannot be read, or upstream cannot.

    :param upstream: the spec that they are about; by default the ``upstream.source`` that they name
    :param options: how upstream is read, as for :func:`load`
    """
    overlays: list[Overlay] = []
    findings: list[Finding] = []
    for file in files:
        overlay, found = read_overlay(Path(file), str(file))
        findings += found
        overlays += [overlay] if overlay else []
    if not overlays:
        raise AnnotationError("\n".join(map(str, findings)))
    named = {_source_of(overlay): overlay for overlay in overlays}
    if upstream is None and len(named) != 1:
        told = ", ".join(f"`{source}`" for source in sorted(named))
        raise SourceError(f"overlays are checked against one upstream, and these name {told}; give one")
    older, read = _upstream(upstream if upstream is not None else next(iter(named)), overlays, options)
    report = check_overlays(
        overlays, read.spec, older=[one.spec for one in older], digest=next(_digests(read), "")
    )
    return report.with_findings(findings)


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
    report = check_overlay(*files, upstream=upstream, **options)
    file, home = Path(into or "."), real_path(Path(report.overlays[0].file)).parent
    beside, folder = file.with_name("AGENTS.md") if into else None, real_path(file).parent
    is_other = beside is not None and real_path(beside) != real_path(file)
    return export_overlays(
        report,
        ExportForm(to),
        file=str(into or ""),
        standing=_bytes(file),
        agents=_bytes(beside) if beside and is_other else b"",
        folder="/".join(folder.relative_to(home).parts) if into and folder.is_relative_to(home) else "",
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
    _, read = _upstream(upstream, [], options)
    source = str(upstream) if isinstance(upstream, str | Path) else read.spec.title
    if isinstance(upstream, str | Path) and not (is_git(source) or Path(source).is_absolute()):
        source = os.path.relpath(source, into)
    pin = Upstream(source=source, release=read.spec.version, sha256=next(_digests(read), ""))
    return draft_overlay([(Path(file), str(file)) for file in files], read.spec, pin)


def _bytes(path: Path) -> bytes:
    """Return what a file holds; a pipe, and what is not there, hold nothing."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise SourceError(f"cannot read `{path}`: {error.strerror or error}") from None


def _source_of(overlay: Overlay) -> str:
    """Return the upstream that an overlay names, as seen from the folder one works in."""
    source = overlay.upstream.source
    return source if is_git(source) else str(Path(overlay.file).parent / source)


def _upstream(
    source: Source, overlays: list[Overlay], options: ReadingOptions
) -> tuple[tuple[Loaded, ...], Loaded]:
    """Return the releases before the one that is meant, and that: of several the one that is pinned, else the last."""
    if not (isinstance(source, str | Path) and has_releases(source, options.get("confdir"))):
        return (), loaded(source, **options)
    releases = load_all_checked(source, **options)
    pins = [overlay.upstream.release for overlay in overlays]
    place = next((n for n, one in enumerate(releases) if one.spec.version in pins), len(releases) - 1)
    return releases[:place], releases[place]


def _digests(read: Loaded) -> Iterator[str]:
    """Yield the digest of each file of a text."""
    for document in read.spec.documents if read.has_files else ():
        path = read.root / document.file
        if path.is_file():
            yield hashlib.sha256(path.read_bytes()).hexdigest()
