"""SOURCE → Spec, for everybody: release folders, projects, graph files, revisions of them, and folders of releases."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx_policyspec.beside import NO_FILES, BesideFiles
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.checks.causes import Causes, causes
from sphinx_policyspec.errors import AnnotationError, PolicySpecError, SourceError
from sphinx_policyspec.files import Brief, folder_of, number_of, real_path
from sphinx_policyspec.graph.terms import FORMATS, format_of_suffix
from sphinx_policyspec.model import Finding, Markup, Spec
from sphinx_policyspec.model.finding import Places
from sphinx_policyspec.model.outlines import HeadingRule
from sphinx_policyspec.model.spec import SHIPPED_SIDECAR
from sphinx_policyspec.readers.annotations import annotate as add_annotations
from sphinx_policyspec.readers.annotations import shipped_annotations, user_annotations
from sphinx_policyspec.readers.git import Checkout, check_out, commit_of, is_git, work_tree
from sphinx_policyspec.readers.overlays import Overlay, read_overlay, read_overlays
from sphinx_policyspec.readers.release import (
    companions,
    is_page,
    is_spec,
    read_release,
    release_folders,
    spec_file,
)
from sphinx_policyspec.readers.text import Ignore, SourceLines, absent, ignores_in, is_overlay, read_text

if TYPE_CHECKING:
    from sphinx_policyspec.overlays.check import OverlayReport

_LISTED, _FAR = 3, 5
"""How many things that a revision lacks are listed with an error; how many folders upwards a project is looked for."""
_BUILT = frozenset({"_build", "__pycache__", "node_modules"})  # hold nothing of a project's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Brief):
    """The result of reading a SOURCE.

    :param root: the folder that the spec's file names are relative to
    :param bound: the folder out of which no link leads to a file that was read; any may in the user's own project
    :param causes: returns the findings where others are not reported, and so hide nothing
    :param annotations: the annotation files that were applied, and also apply to what it is compared with
    :param shipped: whether one of them is the one that the package ships, added unasked
    :param has_files: whether findings are about files below ``root``; those of a graph may not
    :param files: files that were read or looked for
    :param included: saved files of which pages of a project include parts
    :param severity: severities that a project sets, by code
    :param baseline: a project's file of findings that are known
    :param places: places of the names that the spec uses, for the checks
    :param checkout: keeps ``root`` in place, where it comes from a repository
    :param alignments: a project's files about what in it corresponds to what in other specs
    :param registers: a project's files of what is said about it; ``past`` are the releases before it that it names and that can be read
    :param overlays: the files whose statements are among the provisions
    :param overlay: the overlay on the pages of a project, and what is wrong with its form; nothing where there is none
    """

    spec: Spec
    root: Path
    bound: Path | None = None
    findings: tuple[Finding, ...] = field(default=(), repr=False)
    causes: Causes | None = field(default=None, repr=False)
    annotations: tuple[Path, ...] = ()
    shipped: bool = False
    has_files: bool = True
    files: tuple[Path, ...] = field(default=(), repr=False)
    included: frozenset[Path] = field(default=frozenset(), repr=False)
    severity: Mapping[str, str] = field(default_factory=dict)
    baseline: Path | None = None
    places: Places = field(default_factory=Places, repr=False)
    checkout: Checkout | None = None
    alignments: tuple[Path, ...] = ()
    registers: BesideFiles = NO_FILES
    past: tuple[Spec, ...] = field(default=(), repr=False)
    overlays: tuple[Path, ...] = ()
    overlay: tuple[Overlay | None, tuple[Finding, ...]] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the first file of a text; empty where there is none."""
        files = (self.root / document.file for document in self.spec.documents if self.has_files)
        first = next((file for file in files if file.is_file()), None)
        return hashlib.sha256(first.read_bytes()).hexdigest() if first else ""

    @property
    def beside(self) -> tuple[Path, ...]:
        """The files that findings name without their folder."""
        return (*self.annotations, *self.overlays)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOptions:
    """How to read a Sphinx project, apart from its folder: what ``sphinx-build`` has as options.

    :param builder: the name of the builder whose pages are meant
    :param tags: tags that ``only`` and ``conf.py`` find set
    :param overrides: values for options of ``conf.py``, as texts or as they are
    :param confdir: the folder of ``conf.py``, by default the project's own
    """

    builder: str = "html"
    tags: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    confdir: Path | None = None


ProjectDoor = Callable[[Path, ProjectOptions, Path | None], Loaded]
"""Reads a Sphinx project, which the core cannot, with an annotation file beside its own if one is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The one way from the name of a SOURCE to its spec.

    :param project: reads a Sphinx project, and ``options`` are those of projects
    :param folder: what relative names are relative to
    :param annotations: an annotation file for whatever is read
    :param otherwise: annotation files for Model Spec Markdown without such a file; they may name ids that it lacks
    :param annotate: whether a file is applied that a project does not name itself
    :param name: of the spec, in place of its own
    :param topics: an annotation file whose topics are added, and nothing else of it
    :param is_older: whether what is read is only compared with something else
    :param bound: the folder out of which no link of a release may lead; by default the work tree around it, or itself
    :param above: the overlays whose upstream is read
    """

    project: ProjectDoor
    options: ProjectOptions = field(default_factory=ProjectOptions)
    folder: Path = field(default_factory=Path)
    annotations: Path | None = None
    otherwise: tuple[Path, ...] = field(default_factory=lambda: (shipped_annotations(),))
    annotate: bool = True
    name: str = ""
    topics: Path | None = None
    is_older: bool = False
    bound: Path | None = None
    above: tuple[Path, ...] = ()

    def beside(self, newer: Loaded) -> Reader:
        """Return a reader of what is compared with a SOURCE, with the same annotations."""
        return replace(self, otherwise=newer.annotations, is_older=True)

    def read(self, source: str | Path) -> Loaded:
        """Return the spec of a SOURCE with every finding about it.

        A SOURCE that cannot be used raises :class:`~sphinx_policyspec.errors.SourceError`.
        """
        one = self._opened(str(source), lambda reader, path, name: (reader._one(path, name),))[0]  # noqa: SLF001
        return self._with_name(one)

    def releases(self, source: str | Path) -> tuple[Loaded, ...]:
        """Return the releases of a SOURCE, which may be one or several, from the first to the last."""
        return tuple(map(self._with_name, self._opened(str(source), Reader._several)))

    def _with_name(self, loaded: Loaded) -> Loaded:
        """Return what was read, with the name and the topics of this reader."""
        spec = replace(loaded.spec, name=self.name or loaded.spec.name)
        if self.topics:
            added = user_annotations(self.topics).topics
            spec = replace(spec, topics=tuple({one.id: one for one in (*added, *spec.topics)}.values()))
        return loaded if spec == loaded.spec else replace(loaded, spec=spec)

    def state(self, source: str) -> str:
        """Return a value that changes whenever a SOURCE may have changed; empty where that is unknown."""
        try:
            if is_git(source):
                return commit_of(source, self.folder)
            state = hashlib.sha256()
            for file in self._files_at(self.folder / source):
                state.update(f"{file}\0".encode(errors="replace"))
                state.update(hashlib.sha256(file.read_bytes()).digest())
            return state.hexdigest()
        except (OSError, ValueError, PolicySpecError):
            return ""

    def _opened(
        self, source: str, read: Callable[[Reader, Path, str], tuple[Loaded, ...]]
    ) -> tuple[Loaded, ...]:
        """Return what is read at the place of a SOURCE; a revision is first written into a temporary folder."""
        if "\0" in source:
            raise SourceError(f"`{source}` cannot be read: a name cannot contain a null character")
        if not is_git(source):
            path = self.folder / source
            try:
                return read(replace(self, bound=self.bound or work_tree(path)), path, source)
            except SourceError as error:
                raise SourceError(_renamed(str(error), path, source)) from error
        checkout = check_out(source, self.folder)
        confdir = self.options.confdir and checkout.at(self.options.confdir)
        options = replace(self.options, confdir=confdir)
        reader = replace(self, options=options, bound=checkout.root.resolve())
        try:
            results = read(reader, checkout.path, source)
        except SourceError as error:
            problem = _renamed(str(error), checkout.path, source).replace(f"{checkout.root}{os.sep}", "")
            raise SourceError("; ".join((problem, *checkout.lacking()[:_LISTED]))) from error
        if lacks := checkout.lacking(file for loaded in results for file in loaded.files):
            raise SourceError(f"`{source}`: {'; '.join(lacks)}")
        return tuple(replace(loaded, checkout=checkout) for loaded in results)

    def _one(self, path: Path, name: str) -> Loaded:
        if not path.exists():
            raise absent(path, name)
        if is_graph(path):
            return checked(self._annotated(_of_graph(path, _spec_of(path))))
        if is_overlay(path):
            return self._overlaid(path, name)
        if options := self._options_of(path):
            return self.project(path, options, self._sidecar)
        if path.is_file() and is_page(path):
            raise SourceError(f"`{name}` is a page of a Sphinx project; {_project_near(path, name)}")
        if is_spec(path):
            reading = read_release(path, bound=self.bound, rule=self._rule())
            document = spec_file(path)
            loaded = Loaded(
                spec=reading.spec,
                root=document.parent,
                bound=self.bound,
                findings=reading.findings,
                files=(document, *companions(document)),
            )
            # Other texts have no use for the topics of the Model Spec.
            wanted = self.annotate and _is_dialect(loaded.spec)
            return checked(self._annotated(loaded, self.otherwise if wanted else ()))
        if folders := release_folders(path):
            # A folder of one release is a folder of releases, too.
            names = ", ".join(f"`{name}/{folder.name}`" for folder in folders[-_LISTED:])
            raise SourceError(
                f"`{name}` is a folder of releases, and one release is read: name one, such as {names}"
            )
        hint = _project_near(path, name) if path.is_dir() else ""
        raise SourceError(
            f"`{name}` cannot be read: "
            + (hint or "expected a folder with model_spec.md or conf.py, a .md file, an overlay (.yaml), ")
            + f"or a graph file ({' '.join(f'.{form}' for form in FORMATS)})" * (not hint)
        )

    def judged(
        self, files: Sequence[tuple[Path, str]], upstream: str | Path | Loaded | None = None
    ) -> tuple[OverlayReport, Loaded]:
        """Return the report on overlay files, and the upstream that they are about; raise as their reader does.

        :param files: each with its name in messages, in their order; one in a nested folder counts as later than those around it
        :param upstream: by default the one that they name; of several releases the one that is pinned, else the last
        """
        overlays, findings, own = read_overlays(files, is_named=upstream is None, read=self._overlay_at)
        # A user who names no upstream has to know which file does, and where.
        place = overlays[0].place("upstream.source").place
        with _naming(place) if upstream is None else contextlib.nullcontext():
            return self.judge(overlays, findings, upstream or own, [path for path, _ in files])

    def _overlay_at(self, path: Path, name: str) -> tuple[Overlay | None, tuple[Finding, ...]]:
        """Return the overlay of a file, or the one on the pages of a project."""
        options = self._options_of(path)
        overlay = self.project(path, options, self._sidecar).overlay if options else read_overlay(path, name)
        if overlay is None:
            raise SourceError(f"`{name}` has no `policy:overlay` on any page")
        return overlay

    def judge(
        self,
        overlays: Sequence[Overlay],
        findings: Sequence[Finding],
        upstream: str | Path | Loaded,
        files: Sequence[Path],
    ) -> tuple[OverlayReport, Loaded]:
        """Return the report on overlays, with findings about their form, and their upstream, as :meth:`judged` does."""
        from sphinx_policyspec.overlays.check import check_overlays  # noqa: PLC0415  few SOURCEs are overlays
        from sphinx_policyspec.overlays.places import from_one_folder  # noqa: PLC0415  as above

        releases = (upstream,) if isinstance(upstream, Loaded) else self.releases(upstream)
        pins = {overlay.upstream.release for overlay in overlays}
        place = next((n for n, one in enumerate(releases) if one.spec.version in pins), len(releases) - 1)
        base, older = releases[place], [one.spec for one in releases[:place]]
        # Files from a repository lie beside nothing.
        overlays, spec = from_one_folder(overlays, files, base.spec, () if base.checkout else base.overlays)
        report = check_overlays(overlays, spec, older=older, digest=base.digest)
        # Faults of a given sidecar concern whoever wrote the overlay, unlike upstream's own faults.
        aside = [one for one in base.findings if self._sidecar and one.span.file == self._sidecar.name]
        return report.with_findings((*findings, *aside)), base

    def _overlaid(self, path: Path, name: str) -> Loaded:
        """Return the spec that results from an overlay; its upstream is annotated."""
        from sphinx_policyspec.overlays.resolve import resolved  # noqa: PLC0415  as above

        if (real := real_path(path)) in self.above:
            way = number_of(len(self.above), "overlay")
            raise SourceError(f"`{name}` is its own upstream, by way of {way}")
        report, upstream = replace(self, above=(*self.above, real), bound=None).judged([(path, path.name)])
        loaded = replace(upstream, overlays=(*upstream.overlays, path), files=(*upstream.files, path))
        findings = (*upstream.findings, *report.findings)
        return replace(loaded, spec=resolved(report).spec, findings=findings, causes=None)

    def _several(self, path: Path, name: str) -> tuple[Loaded, ...]:
        from sphinx_policyspec.graph.from_graph import specs_of  # noqa: PLC0415  rdflib only where it is needed
        from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415  likewise

        if self._options_of(path) or not has_releases(path):
            return (self._one(path, name),)
        if is_graph(path):
            with _naming(path):
                specs = specs_of(path)
            releases = [checked(self._annotated(_of_graph(path, spec))) for spec in specs]
        else:
            releases = [self._one(folder, str(folder)) for folder in release_folders(path)]
        of_spec = {id(loaded.spec): loaded for loaded in releases}
        with _naming(path):
            ordered = in_order(loaded.spec for loaded in releases)
        return tuple(of_spec[id(spec)] for spec in ordered)

    def _options_of(self, path: Path) -> ProjectOptions | None:
        """Return how a path is read as a Sphinx project, if it is one.

        A path that is only compared with another keeps its own ``conf.py``.
        """
        confdir = self.options.confdir
        if confdir and path.is_dir():
            if not is_project(path, confdir):
                raise SourceError(f"`{confdir}` has no `conf.py`")
            if not (self.is_older and (is_project(path) or is_spec(path) or release_folders(path))):
                return self.options
        return replace(self.options, confdir=path) if is_project(path) else None

    def _annotated(self, loaded: Loaded, otherwise: tuple[Path, ...] = ()) -> Loaded:
        """Apply the given annotation file, or else others that can be read."""
        if self._sidecar:
            if not self._sidecar.exists():
                raise absent(self._sidecar, str(self._sidecar))
            return _with(loaded, self._sidecar, lenient=self._sidecar == shipped_annotations())
        for file in otherwise:
            # A file that cannot be read is reported to the project that names it.
            with contextlib.suppress(AnnotationError, SourceError):
                loaded = _with(loaded, file, lenient=True)
        return replace(loaded, shipped=shipped_annotations() in otherwise)

    def _rule(self) -> HeadingRule | None:
        """Return how a text is read by its headings, if the given annotation file says so."""
        # A file that cannot be read is reported when it is applied.
        with contextlib.suppress(AnnotationError, SourceError):
            return user_annotations(self._sidecar).reader if self._sidecar else None
        return None

    @property
    def _sidecar(self) -> Path | None:
        return self.annotations if self.annotate else None

    def _files_at(self, path: Path) -> Iterator[Path]:
        if options := self._options_of(path):
            yield Path(options.confdir or path, "conf.py")
            yield from _files_below(path)
        elif is_graph(path):
            yield path
        else:
            for release in (path,) if is_spec(path) else release_folders(path):
                document = spec_file(release)
                yield from (document, *companions(document))


def _with(loaded: Loaded, file: Path, *, lenient: bool) -> Loaded:
    """Return a spec with what an annotation file adds to it, and findings about what does not fit.

    :param lenient: ignore ids that the spec lacks
    """
    sidecar = user_annotations(file)
    spec, findings = add_annotations(loaded.spec, sidecar, lenient=lenient)
    return replace(
        loaded,
        spec=spec,
        findings=loaded.findings + findings,
        annotations=(*loaded.annotations, file),
        places=loaded.places | sidecar.places,
    )


def _is_dialect(spec: Spec) -> bool:
    """Return whether a spec is Model Spec Markdown with principles."""
    return bool(spec.principles) and any(one.markup is Markup.MODEL_SPEC for one in spec.documents)


def sidecar_path(name: str, confdir: Path) -> Path:
    """Return the annotation file that a project names, which may be the one that is shipped."""
    return shipped_annotations() if name == SHIPPED_SIDECAR else confdir / name


def annotations_of(spec: Spec) -> tuple[Path, ...]:
    """Return the annotation files that a spec of unknown origin was made with: the shipped one, or none that is known."""
    shipped = shipped_annotations()
    names = {SHIPPED_SIDECAR, shipped.name}
    return (shipped,) if any(topic.span.file in names for topic in spec.topics) else ()


def checked(loaded: Loaded) -> Loaded:
    """Add the findings of the checks, and leave out those that comments silence.

    What the shipped annotation file offers beyond what a spec uses is not a fault of the spec.
    """
    shipped = shipped_annotations()
    offered = {SHIPPED_SIDECAR, shipped.name} if shipped in loaded.annotations else frozenset()
    check_findings = run_checks(loaded.spec, places=loaded.places)
    findings = [*loaded.findings, *(one for one in check_findings if one.span.file not in offered)]
    lines = SourceLines(loaded.root if loaded.has_files else None, loaded.beside, loaded.bound)
    ignores = tuple(_ignores(loaded)) if loaded.has_files else ()
    report = partial(causes, findings, lines, ignores, ())
    return replace(loaded, findings=tuple(report(())), causes=report)


def _ignores(loaded: Loaded) -> Iterator[Ignore]:
    """Yield the comments in the documents of a release that silence findings."""
    for document in loaded.spec.documents:
        text, _findings = read_text(loaded.root / document.file, document.file)
        yield from ignores_in(document.file, text.split("\n"))


def _project_near(path: Path, name: str) -> str:
    """Return where a project is, around or inside a path that is none itself; nothing where none is near."""
    folder = folder_of(path)
    base = Path(name) if path.is_dir() else Path(name).parent
    for steps, above in enumerate((folder, *real_path(folder).parents)[:_FAR]):
        if is_project(above):
            relative = os.path.normpath(base.joinpath(*[".."] * steps))
            return f"`conf.py` lies in `{relative}`: name that folder"
    inside = sorted(file.parent.relative_to(folder).as_posix() for file in folder.glob("*/conf.py"))
    if path.is_dir():
        return f"`conf.py` lies in `{inside[0]}`: name `{base / inside[0]}`" if inside else ""
    return "name the folder of its `conf.py`"


def _of_graph(path: Path, spec: Spec) -> Loaded:
    files = (path,)
    return Loaded(spec=spec, root=path.parent, annotations=annotations_of(spec), has_files=False, files=files)


def _spec_of(path: Path) -> Spec:
    from sphinx_policyspec.graph.from_graph import from_triples  # noqa: PLC0415  the engine only where it is needed
    from sphinx_policyspec.graph.parse import streamed_triples  # noqa: PLC0415

    with _naming(path):
        return from_triples(streamed_triples(path))


def is_graph(source: str | Path) -> bool:
    """Return whether a SOURCE is a graph file."""
    path = Path(source)
    return path.is_file() and format_of_suffix(path.suffix) is not None


def is_project(source: str | Path, confdir: str | Path | None = None) -> bool:
    """Return whether a SOURCE is a Sphinx project, whose ``conf.py`` reading or building it runs.

    :param confdir: the folder of ``conf.py``, by default the project's own
    """
    return Path(source).is_dir() and Path(confdir or source, "conf.py").is_file()


def has_releases(source: str | Path, confdir: str | Path | None = None) -> bool:
    """Return whether a SOURCE is several releases: a folder of release folders, or a graph file with a graph for each.

    :param confdir: as for :func:`is_project`
    """
    path = Path(source)
    if is_graph(path):
        from sphinx_policyspec.graph.from_graph import has_several_specs  # noqa: PLC0415  rdflib only where it is needed

        with _naming(path):
            return path.suffix in {".nq", ".trig"} and has_several_specs(path)
    return not is_spec(path) and not is_project(path, confdir) and bool(release_folders(path))


@contextlib.contextmanager
def _naming(path: Path | str) -> Iterator[None]:
    """Make errors about the contents of a graph file name the file."""
    try:
        yield
    except SourceError as error:
        raise (error if str(path) in str(error) else SourceError(f"`{path}`: {error}")) from error


def _renamed(message: str, path: Path, name: str) -> str:
    """Return a message in which a path has the name that the user gave it."""
    for place in {str(real_path(path)), str(path)} - {name.rstrip(os.sep)}:
        message = re.sub(rf"(?<![\w/.-]){re.escape(place)}(?![\w-])", lambda _match: name, message)
    return message


def _files_below(path: Path) -> Iterable[Path]:
    """Yield the files that a project may consist of: all but hidden ones and built ones."""
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _BUILT)
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))
