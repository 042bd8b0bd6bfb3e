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
from sphinx_policyspec.readers.annotations import given_annotations, shipped_annotations
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

_TOLD, _FAR = 3, 5
"""How many things that a revision lacks are told beside an error; in how many folders upwards a project is sought."""
_BUILT = frozenset({"_build", "__pycache__", "node_modules"})  # hold nothing of a project's own


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Brief):
    """A SOURCE that was read.

    :param root: the folder that the spec's file names are relative to
    :param bound: the folder out of which no link leads to a file that was read; any may in a project of one's own
    :param causes: returns those findings where others are not going to be told, and so hide nothing
    :param annotations: the annotation files that were applied, which what is compared with it gets, too
    :param shipped: whether one of them is the one that the package ships, added unasked
    :param has_files: whether findings speak of files below ``root``; those of a graph may not
    :param files: what was read, or asked for in vain
    :param included: files of which pages of a project hold parts, as they are saved
    :param severity: what a project says of codes
    :param baseline: a project's file of findings that are known
    :param places: where names stand that the spec uses, for the checks
    :param checkout: what keeps ``root`` in place, where it was taken out of a repository
    :param alignments: a project's files of what of it corresponds to what of other specs
    :param registers: a project's files of what is said of it; ``past`` are the releases before it that it names, as far as they can be read
    :param overlays: the files whose statements are among the provisions
    :param overlay: that which the pages of a project write, and what is wrong with its form; nothing where they write none
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
        found = next((file for file in files if file.is_file()), None)
        return hashlib.sha256(found.read_bytes()).hexdigest() if found else ""

    @property
    def beside(self) -> tuple[Path, ...]:
        """The files that findings name without their folder."""
        return (*self.annotations, *self.overlays)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOptions:
    """What is said of a Sphinx project beside its folder, as ``sphinx-build`` is told it.

    :param builder: the name of the builder whose pages are meant
    :param tags: what ``only`` and ``conf.py`` find set
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
    :param folder: what relative names are below
    :param annotations: an annotation file for whatever is read
    :param otherwise: annotation files for Model Spec Markdown without such a file; they may speak of ids that it lacks
    :param annotate: whether a file is applied that a project does not name itself
    :param name: of the spec, whatever it says itself
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
        """Return the reader of what is compared with a SOURCE that was read: annotated as that is."""
        return replace(self, otherwise=newer.annotations, is_older=True)

    def read(self, source: str | Path) -> Loaded:
        """Return the spec of a SOURCE with every finding about it.

        What cannot be used raises :class:`~sphinx_policyspec.errors.SourceError`.
        """
        one = self._opened(str(source), lambda reader, path, name: (reader._one(path, name),))[0]  # noqa: SLF001
        return self._named(one)

    def releases(self, source: str | Path) -> tuple[Loaded, ...]:
        """Return the releases of a SOURCE, which may be one or several, from the first to the last."""
        return tuple(map(self._named, self._opened(str(source), Reader._several)))

    def _named(self, loaded: Loaded) -> Loaded:
        """Return what was read with the name and the topics that it is given."""
        spec = replace(loaded.spec, name=self.name or loaded.spec.name)
        if self.topics:
            given = given_annotations(self.topics).topics
            spec = replace(spec, topics=tuple({one.id: one for one in (*given, *spec.topics)}.values()))
        return loaded if spec == loaded.spec else replace(loaded, spec=spec)

    def state(self, source: str) -> str:
        """Return what changes whenever a SOURCE may say something else; nothing where that cannot be told."""
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
        """Return what is read at the place of a SOURCE, which a revision has in a folder of its own."""
        if "\0" in source:
            raise SourceError(f"`{source}` cannot be read: no name holds a null character")
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
            found = read(reader, checkout.path, source)
        except SourceError as error:
            told = _renamed(str(error), checkout.path, source).replace(f"{checkout.root}{os.sep}", "")
            raise SourceError("; ".join((told, *checkout.lacking()[:_TOLD]))) from error
        if lacks := checkout.lacking(file for loaded in found for file in loaded.files):
            raise SourceError(f"`{source}`: {'; '.join(lacks)}")
        return tuple(replace(loaded, checkout=checkout) for loaded in found)

    def _one(self, path: Path, name: str) -> Loaded:
        if not path.exists():
            raise absent(path, name)
        if is_graph(path):
            return checked(self._annotated(_of_graph(path, _spec_of(path))))
        if is_overlay(path):
            return self._overlaid(path, name)
        if options := self._options_of(path):
            return self.project(path, options, self._given)
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
            # Texts of other makers have no use for the topics of the Model Spec.
            wanted = self.annotate and _is_dialect(loaded.spec)
            return checked(self._annotated(loaded, self.otherwise if wanted else ()))
        if folders := release_folders(path):
            # A folder of one release is a folder of releases, too.
            named = ", ".join(f"`{name}/{folder.name}`" for folder in folders[-_TOLD:])
            raise SourceError(
                f"`{name}` is a folder of releases, and one release is read: name one, such as {named}"
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
        """Return what is to be said of overlay files, and the upstream that they are about; raise as their reader does.

        :param files: each with what messages call it, in their order; one of a nested folder counts as later than those around it
        :param upstream: by default the one that they name; of several releases the one that is pinned, else the last
        """
        overlays, findings, named = read_overlays(files, is_named=upstream is None, read=self._overlay_at)
        # Whoever named no upstream has to know which file does, and where.
        place = overlays[0].place("upstream.source").place
        with _named(place) if upstream is None else contextlib.nullcontext():
            return self.judge(overlays, findings, upstream or named, [path for path, _ in files])

    def _overlay_at(self, path: Path, name: str) -> tuple[Overlay | None, tuple[Finding, ...]]:
        """Return the overlay of a file, or that which the pages of a project write."""
        options = self._options_of(path)
        found = self.project(path, options, self._given).overlay if options else read_overlay(path, name)
        if found is None:
            raise SourceError(f"`{name}` has no `policy:overlay` on any page")
        return found

    def judge(
        self,
        overlays: Sequence[Overlay],
        findings: Sequence[Finding],
        given: str | Path | Loaded,
        files: Sequence[Path],
    ) -> tuple[OverlayReport, Loaded]:
        """Return what is to be said of overlays beside what was found in their form, and their upstream, as :meth:`judged`."""
        from sphinx_policyspec.overlays.check import check_overlays  # noqa: PLC0415  few SOURCEs are overlays
        from sphinx_policyspec.overlays.places import from_one_folder  # noqa: PLC0415  as above

        releases = (given,) if isinstance(given, Loaded) else self.releases(given)
        pins = {overlay.upstream.release for overlay in overlays}
        place = next((n for n, one in enumerate(releases) if one.spec.version in pins), len(releases) - 1)
        read, older = releases[place], [one.spec for one in releases[:place]]
        # What was taken out of a repository lies beside nothing.
        overlays, spec = from_one_folder(overlays, files, read.spec, () if read.checkout else read.overlays)
        report = check_overlays(overlays, spec, older=older, digest=read.digest)
        # What is wrong with a sidecar that is given is theirs who wrote the overlay, unlike upstream's own faults.
        aside = [one for one in read.findings if self._given and one.span.file == self._given.name]
        return report.with_findings((*findings, *aside)), read

    def _overlaid(self, path: Path, name: str) -> Loaded:
        """Return the spec that results from an overlay, annotated where its upstream is."""
        from sphinx_policyspec.overlays.resolve import resolved  # noqa: PLC0415  as above

        if (real := real_path(path)) in self.above:
            way = number_of(len(self.above), "overlay")
            raise SourceError(f"`{name}` is its own upstream, by way of {way}")
        report, upstream = replace(self, above=(*self.above, real), bound=None).judged([(path, path.name)])
        read = replace(upstream, overlays=(*upstream.overlays, path), files=(*upstream.files, path))
        findings = (*upstream.findings, *report.findings)
        return replace(read, spec=resolved(report).spec, findings=findings, causes=None)

    def _several(self, path: Path, name: str) -> tuple[Loaded, ...]:
        from sphinx_policyspec.graph.from_graph import specs_of  # noqa: PLC0415  rdflib only where it is needed
        from sphinx_policyspec.graph.releases import in_order  # noqa: PLC0415  likewise

        if self._options_of(path) or not has_releases(path):
            return (self._one(path, name),)
        if is_graph(path):
            with _named(path):
                specs = specs_of(path)
            found = [checked(self._annotated(_of_graph(path, spec))) for spec in specs]
        else:
            found = [self._one(folder, str(folder)) for folder in release_folders(path)]
        of_spec = {id(loaded.spec): loaded for loaded in found}
        with _named(path):
            ordered = in_order(loaded.spec for loaded in found)
        return tuple(of_spec[id(spec)] for spec in ordered)

    def _options_of(self, path: Path) -> ProjectOptions | None:
        """Return how a path is read as a Sphinx project, if it is one.

        What is compared with something else keeps the ``conf.py`` that it has.
        """
        confdir = self.options.confdir
        if confdir and path.is_dir():
            if not is_project(path, confdir):
                raise SourceError(f"`{confdir}` holds no `conf.py`")
            if not (self.is_older and (is_project(path) or is_spec(path) or release_folders(path))):
                return self.options
        return replace(self.options, confdir=path) if is_project(path) else None

    def _annotated(self, loaded: Loaded, otherwise: tuple[Path, ...] = ()) -> Loaded:
        """Add the annotation file that was given, else others where they can be read."""
        if self._given:
            if not self._given.exists():
                raise absent(self._given, str(self._given))
            return _with(loaded, self._given, lenient=self._given == shipped_annotations())
        for file in otherwise:
            # The project that names one that cannot be read is told.
            with contextlib.suppress(AnnotationError, SourceError):
                loaded = _with(loaded, file, lenient=True)
        return replace(loaded, shipped=shipped_annotations() in otherwise)

    def _rule(self) -> HeadingRule | None:
        """Return how a text is read by its headings, where the annotation file that was given says that it is to be."""
        # That it cannot be read is told when it is applied.
        with contextlib.suppress(AnnotationError, SourceError):
            return given_annotations(self._given).reader if self._given else None
        return None

    @property
    def _given(self) -> Path | None:
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
    """Return a spec with what an annotation file adds to it, and what of the file does not fit.

    :param lenient: say nothing of ids that the spec lacks
    """
    given = given_annotations(file)
    spec, findings = add_annotations(loaded.spec, given, lenient=lenient)
    return replace(
        loaded,
        spec=spec,
        findings=loaded.findings + findings,
        annotations=(*loaded.annotations, file),
        places=loaded.places | given.places,
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
    """Add what the checks find, and leave out what comments silence.

    What the shipped annotation file offers beyond what a spec uses is not a fault of the spec.
    """
    shipped = shipped_annotations()
    offered = {SHIPPED_SIDECAR, shipped.name} if shipped in loaded.annotations else frozenset()
    told = run_checks(loaded.spec, places=loaded.places)
    found = [*loaded.findings, *(one for one in told if one.span.file not in offered)]
    lines = SourceLines(loaded.root if loaded.has_files else None, loaded.beside, loaded.bound)
    ignores = tuple(_ignores(loaded)) if loaded.has_files else ()
    told_by = partial(causes, found, lines, ignores, ())
    return replace(loaded, findings=tuple(told_by(())), causes=told_by)


def _ignores(loaded: Loaded) -> Iterator[Ignore]:
    """Yield the comments in the documents of a release that silence findings."""
    for document in loaded.spec.documents:
        text, _findings = read_text(loaded.root / document.file, document.file)
        yield from ignores_in(document.file, text.split("\n"))


def _project_near(path: Path, name: str) -> str:
    """Return where the project is that a path, which is none, lies in or holds; nothing where there is none near."""
    folder = folder_of(path)
    named = Path(name) if path.is_dir() else Path(name).parent
    for steps, above in enumerate((folder, *real_path(folder).parents)[:_FAR]):
        if is_project(above):
            shown = os.path.normpath(named.joinpath(*[".."] * steps))
            return f"`conf.py` lies in `{shown}`: name that folder"
    inside = sorted(file.parent.relative_to(folder).as_posix() for file in folder.glob("*/conf.py"))
    if path.is_dir():
        return f"`conf.py` lies in `{inside[0]}`: name `{named / inside[0]}`" if inside else ""
    return "name the folder of its `conf.py`"


def _of_graph(path: Path, spec: Spec) -> Loaded:
    files = (path,)
    return Loaded(spec=spec, root=path.parent, annotations=annotations_of(spec), has_files=False, files=files)


def _spec_of(path: Path) -> Spec:
    from sphinx_policyspec.graph.from_graph import from_triples  # noqa: PLC0415  the engine only where it is needed
    from sphinx_policyspec.graph.parse import streamed_triples  # noqa: PLC0415

    with _named(path):
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

        with _named(path):
            return path.suffix in {".nq", ".trig"} and has_several_specs(path)
    return not is_spec(path) and not is_project(path, confdir) and bool(release_folders(path))


@contextlib.contextmanager
def _named(path: Path | str) -> Iterator[None]:
    """Let what is wrong with the contents of a graph file name the file."""
    try:
        yield
    except SourceError as error:
        raise (error if str(path) in str(error) else SourceError(f"`{path}`: {error}")) from error


def _renamed(message: str, path: Path, name: str) -> str:
    """Return a message in which a path has the name that its reader gave it."""
    for place in {str(real_path(path)), str(path)} - {name.rstrip(os.sep)}:
        message = re.sub(rf"(?<![\w/.-]){re.escape(place)}(?![\w-])", lambda _match: name, message)
    return message


def _files_below(path: Path) -> Iterable[Path]:
    """Yield the files that a project may be made of: all but hidden ones and what was built."""
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith(".") and name not in _BUILT)
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))
