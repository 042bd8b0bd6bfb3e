"""SOURCE → Spec: release folders, projects, graph files, revisions of them, and folders of releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from sphinx_policyspec.checks import in_source_order, run_checks
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.formats import FORMATS, format_of_suffix
from sphinx_policyspec.model import Finding, Spec
from sphinx_policyspec.model.places import Places
from sphinx_policyspec.readers.annotations import annotate as add_annotations
from sphinx_policyspec.readers.annotations import read_annotations, shipped_annotations
from sphinx_policyspec.readers.git import Checkout, check_out, is_git
from sphinx_policyspec.readers.ignores import Ignore, ignores_in, silenced
from sphinx_policyspec.readers.release import is_release, read_release, release_folders, spec_file
from sphinx_policyspec.readers.text import read_text

__all__ = [
    "Loaded",
    "checked",
    "has_releases",
    "is_graph",
    "is_project",
    "load",
    "read",
    "read_releases",
    "releases",
    "spec_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A SOURCE that was read.

    :param root: the folder that the spec's file names are relative to
    :param annotations: the annotation file that was applied, if any
    :param has_files: whether findings speak of files below ``root``; those of a graph may not
    :param severity: what a project says of codes
    :param baseline: a project's file of findings that are known
    :param places: where names stand that the spec uses, for the checks
    :param checkout: what keeps ``root`` in place, where it was taken out of a repository
    """

    spec: Spec
    root: Path
    findings: tuple[Finding, ...] = ()
    annotations: Path | None = None
    has_files: bool = True
    severity: Mapping[str, str] = field(default_factory=dict)
    baseline: Path | None = None
    places: Places = field(default_factory=Places)
    checkout: Checkout | None = None


def load(source: str | Path, *, annotations: str | Path | None = None, annotate: bool = True) -> Spec:
    """Return the spec of a SOURCE: release folder, Markdown file, Sphinx project, graph file, or one as of a revision.

    :param annotations: an annotation file to apply; by default the shipped one, to Model Spec
        Markdown only
    :param annotate: whether to apply any annotation file at all
    """
    return read(source, annotations=annotations, annotate=annotate).spec


def spec_of(given: str | Path | Spec) -> Spec:
    """Return a spec as it is, or that of a SOURCE."""
    return given if isinstance(given, Spec) else load(given)


def read(source: str | Path, *, annotations: str | Path | None = None, annotate: bool = True) -> Loaded:
    """Return the spec of a SOURCE with every finding about it; parameters as for :func:`load`.

    A Sphinx project's ``conf.py`` is run, that of a revision too. ``git:REV:PATH`` is the path, below the current
    folder, as of a revision of the repository that holds it. A SOURCE that cannot be used raises
    :class:`~sphinx_policyspec.errors.SourceError`.
    """
    if is_git(str(source)):
        checkout = check_out(str(source))
        return replace(read(checkout.path, annotations=annotations, annotate=annotate), checkout=checkout)
    path = Path(source)
    if not path.exists():
        message = f"`{source}` does not exist"
        raise SourceError(message)
    own = Path(annotations) if annotations else None
    if is_graph(path):
        return checked(_annotated(_from_graph_file(path), own if annotate else None))
    if is_project(path):
        return _from_project(path, own if annotate else None)
    if is_release(path):
        reading = read_release(path)
        sidecar = (own or shipped_annotations()) if annotate else None
        root = spec_file(path).parent
        loaded = _annotated(Loaded(spec=reading.spec, root=root, findings=reading.findings), sidecar)
        return checked(loaded)
    message = (
        f"`{source}` is no SOURCE: expected a folder with model_spec.md or conf.py, a .md file, "
        f"or a graph file ({' '.join(f'.{name}' for name in FORMATS)})"
    )
    raise SourceError(message)


def checked(loaded: Loaded) -> Loaded:
    """Add what the checks find, and leave out what comments silence.

    What the shipped annotation file offers beyond what a spec uses is no fault of the spec's.
    """
    shipped = shipped_annotations() if loaded.annotations == shipped_annotations() else None
    told = run_checks(loaded.spec, places=loaded.places)
    found = [f for f in told if shipped is None or f.span.file != shipped.name]
    findings = (*loaded.findings, *found)
    ignores = _ignores(loaded) if loaded.has_files else ()
    return replace(loaded, findings=in_source_order(list(silenced(findings, ignores))))


def _ignores(loaded: Loaded) -> Iterator[Ignore]:
    """Yield the comments in the documents of a release that silence findings."""
    for document in loaded.spec.documents:
        text, _findings = read_text(loaded.root / document.file, document.file)
        yield from ignores_in(document.file, text.split("\n"))


def _annotated(loaded: Loaded, sidecar: Path | None) -> Loaded:
    """Apply an annotation file; only the shipped one may speak of ids that a release lacks."""
    if sidecar is None:
        return loaded
    shipped = sidecar == shipped_annotations()
    given = read_annotations(sidecar, sidecar.name)
    spec, findings = add_annotations(loaded.spec, given, lenient=shipped)
    return replace(
        loaded,
        spec=spec,
        findings=loaded.findings + findings,
        annotations=sidecar,
        places=loaded.places | given.places,
    )


def _from_graph_file(path: Path) -> Loaded:
    from sphinx_policyspec.graph.from_graph import from_graph  # noqa: PLC0415  rdflib only where it is needed
    from sphinx_policyspec.graph.parse import read_graph  # noqa: PLC0415

    return Loaded(spec=from_graph(read_graph(path)), root=path.parent, has_files=False)


def _from_project(path: Path, sidecar: Path | None) -> Loaded:
    try:
        from sphinx_policyspec.sphinx_ext.project import read_project  # noqa: PLC0415  the core needs no Sphinx
    except ImportError as error:
        message = f"`{path}` is a Sphinx project, and Sphinx cannot be imported: {error}"
        raise SourceError(message) from None
    given = (read_annotations(sidecar, sidecar.name),) if sidecar else ()
    project = read_project(path, annotations=given)
    return Loaded(
        spec=project.spec,
        root=path,
        findings=project.findings,
        annotations=sidecar,
        severity=project.severity,
        baseline=project.baseline,
    )


def is_graph(source: str | Path) -> bool:
    """Tell whether a SOURCE is a graph file."""
    path = Path(source)
    return path.is_file() and format_of_suffix(path.suffix) is not None


def is_project(source: str | Path) -> bool:
    """Tell whether a SOURCE is a Sphinx project, whose ``conf.py`` reading or building it runs."""
    return (Path(source) / "conf.py").is_file()


def has_releases(source: str | Path) -> bool:
    """Tell whether a SOURCE is several releases: a folder of release folders, or a graph file with a graph for each."""
    path = Path(source)
    if is_graph(path):
        return path.suffix in {".nq", ".trig"} and len(_specs_of(path)) > 1
    return path.is_dir() and not is_release(path) and not is_project(path) and bool(release_folders(path))


def _specs_of(path: Path) -> tuple[Spec, ...]:
    from sphinx_policyspec.graph.releases import specs_of  # noqa: PLC0415  rdflib only where it is needed

    return specs_of(path)


def releases(
    *sources: str | Path, annotations: str | Path | None = None, annotate: bool = True
) -> tuple[Spec, ...]:
    """Return the releases of SOURCEs from the first to the last; each is one, or several as :func:`has_releases` tells.

    Other parameters are as for :func:`load`.
    """
    from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415

    found = (
        one for name in sources for one in read_releases(name, annotations=annotations, annotate=annotate)
    )
    return in_order(loaded.spec for loaded in found)


def read_releases(
    source: str | Path, *, annotations: str | Path | None = None, annotate: bool = True
) -> tuple[Loaded, ...]:
    """Return the releases of a SOURCE, from the first to the last, each as :func:`read` does."""
    from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415

    path = Path(source)
    if not has_releases(source):
        return (read(source, annotations=annotations, annotate=annotate),)
    if is_graph(path):
        found = [Loaded(spec=spec, root=path.parent, has_files=False) for spec in _specs_of(path)]
    else:
        folders = release_folders(path)
        found = [read(folder, annotations=annotations, annotate=annotate) for folder in folders]
    by_version = {loaded.spec.version: loaded for loaded in found}
    return tuple(by_version[spec.version] for spec in in_order(loaded.spec for loaded in found))
