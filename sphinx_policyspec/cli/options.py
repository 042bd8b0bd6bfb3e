"""Shared parts of the subcommands: the common options, and how findings are printed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import click
from click.shell_completion import CompletionItem

import sphinx_policyspec as ps
from sphinx_policyspec.errors import PolicySpecError, SourceError
from sphinx_policyspec.exports import message_line
from sphinx_policyspec.files import number_of, printable, real_path, write_file
from sphinx_policyspec.model.spec import base_or_default, based, is_name

SOURCE_HELP = """SOURCE is a release folder (model_spec.md with examples/ and CHANGELOG.md beside it), a lone Model
Spec Markdown file, a Sphinx project (a folder with conf.py, which is run), a graph file written
earlier (.nt .nq .ttl .trig .jsonld .rdf), an overlay (.yaml) for the spec that results from it, or
any of these as of a revision: git:REV:PATH."""

_SURROGATE = re.compile("[\ud800-\udfff]")  # what Python makes of a byte of an argument that is not UTF-8
_COLORS = {"error": "red", "warning": "yellow", "hint": "cyan"}
_NARROWEST = 40  # columns that a text needs on any terminal
_FORM = frozenset({"dialect", "examples", "prompts"})  # categories of findings about the form of a text alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options that every subcommand with a SOURCE shares.

    :param annotations: an annotation file, or one for each SOURCE; the same holds for ``spec_names``
    :param seen: the files that were read, which no output may overwrite
    """

    annotations: tuple[str, ...]
    no_annotations: bool
    spec_names: tuple[str, ...] = ()
    topics: str | None = None
    base_iri: str
    quiet: bool
    verbose: bool
    color: str
    builder: str = "html"
    tags: tuple[str, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    confdir: str | None = None
    alignments: tuple[str, ...] = ()
    loaded: list[ps.Loaded] = field(default_factory=list)  # what was read, in its order
    seen: set[Path] = field(default_factory=set)

    def colored(self, stream: IO[str]) -> bool:
        """Return whether to color what goes to a stream; ``auto`` heeds https://no-color.org."""
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return self.color == "always" or (self.color == "auto" and stream.isatty() and not plain)

    def read(self, source: str) -> ps.Loaded:
        """Read a SOURCE and report on standard error what may change the result."""
        loaded = self.load(source)
        self.report(self._bearing(ps.check(loaded)))
        return loaded

    def _bearing(self, report: ps.Report, release: str = "") -> Iterator[ps.Finding]:
        """Leave out warnings about the form of a text, which may belong to somebody else; `check` reports them.

        Files are named as by `check`, relative to the working folder.

        :param release: release that is put before the names of its files if they lie in no folder
        """
        for finding in report:
            is_form = finding.severity is ps.Severity.WARNING and ps.rules()[finding.code].category in _FORM
            if self.verbose or not is_form:
                file = report.path(finding.span.file)
                if release and file == finding.span.file and file not in report.lines.beside:
                    file = f"{release}/{file}"
                yield replace(finding, span=replace(finding.span, file=file))

    def show(self, result: ps.Rendered, form: str, output: str | None = None) -> None:
        """Print a result in a form, or write it to a file."""
        if form != "text" or output:
            self.put(ps.render(result, form), output)
            return
        color = self.colored(sys.stdout)
        width = max(shutil.get_terminal_size().columns, _NARROWEST) if sys.stdout.isatty() else 0
        self.put(ps.render(result, width=width, color=color), color=color)

    def put(self, text: str | bytes, output: str | None = None, *, color: bool = False) -> None:
        """Print a text, or write it to a file, unless that file was read.

        :param color: whether it contains color codes
        """
        if not output:
            click.echo(text, nl=False, color=color or None)
            return
        self.guard(output)
        write_file(Path(output), text.encode() if isinstance(text, str) else text)

    def guard(self, output: str) -> None:
        """Refuse an output that would overwrite a file that was read."""
        if real_path(Path(output)) in self.seen:
            raise click.UsageError(f"`{output}` was read, and would be lost")

    def note(self, text: str) -> None:
        """Report on standard error what was done, unless only results are wanted."""
        if not self.quiet:
            click.echo(printable(f"policyspec: {text}"), err=True)

    def for_each(self, sources: Sequence[str]) -> Iterator[tuple[str, Settings]]:
        """Yield each SOURCE with its settings: options that are repeated per SOURCE are split up."""
        for option, values in (("--annotations", self.annotations), ("--name", self.spec_names)):
            if len(values) not in {0, len(sources)}:
                raise click.UsageError(
                    f"{option} is given once for each of {len(sources)} SOURCEs, in their order, where `-` is none; "
                    f"it is given {number_of(len(values), 'time')}"
                )
        for place, source in enumerate(sources):
            sidecar, name = (
                tuple(one for one in values[place : place + 1] if one != "-")
                for values in (self.annotations, self.spec_names)
            )
            yield source, replace(self, annotations=sidecar, spec_names=name)

    def read_specs(self, sources: Sequence[str]) -> tuple[ps.SpecReleases, ...]:
        """Read several SOURCEs, and report what may change the result."""
        specs: list[tuple[ps.Spec, ...]] = []
        for source, settings in self.for_each(sources):
            if settings.has_releases(source):
                specs.append(tuple(loaded.spec for loaded in settings.read_releases(source)))
            else:
                specs.append((settings.read(source).spec,))
        return ps.load_specs(*specs)

    def aligned(self, specs: Sequence[ps.SpecReleases]) -> tuple[ps.Alignment, ...]:
        """Read alignments between specs, also those of their projects, and report their findings."""
        own = (os.path.relpath(file) for one in self.loaded for file in one.alignments)
        files = dict.fromkeys((*self.alignments, *own))
        if self.alignments and len(specs) < 2:  # noqa: PLR2004  an alignment has two sides
            raise click.UsageError("--alignment is of two specs: name the SOURCE of each")
        if not files:
            return ()
        report = ps.check_alignment(*files, specs=specs)
        others = {"exact-across-modes", "duplicate-mapping", "undeclared-prefix"}
        self.report(one for one in report.findings if one.code not in others)
        return report.alignments

    @property
    def options(self) -> ps.ReadingOptions:
        """The options with which each SOURCE is read."""
        return ps.ReadingOptions(
            annotations=next(iter(self.annotations), None),
            annotate=not self.no_annotations,
            spec_name=next(iter(self.spec_names), ""),
            topics=self.topics,
            builder=self.builder,
            tags=self.tags,
            overrides=self.overrides,
            confdir=self.confdir,
        )

    def is_project(self, source: str) -> bool:
        """Return whether a SOURCE is a Sphinx project."""
        return ps.is_project(source, self.confdir)

    def has_releases(self, source: str) -> bool:
        """Return whether a SOURCE has several releases."""
        return ps.has_releases(source, self.confdir)

    def releases(self, source: str) -> tuple[ps.Spec, ...]:
        """Read a SOURCE that has one or several releases."""
        return tuple(loaded.spec for loaded in self._all(source))

    def read_releases(self, source: str) -> tuple[ps.Loaded, ...]:
        """Read a SOURCE that has several releases, and report by release what may change the result."""
        every = self._all(source)
        for loaded in every:
            self.report(self._bearing(ps.check(loaded), loaded.spec.version))
        return every

    def _all(self, source: str) -> tuple[ps.Loaded, ...]:
        with self.watching(f"reading {source}"):
            loaded = ps.load_all_checked(source, **self.options)
        self._remember(*loaded)
        return loaded

    def load(self, source: str) -> ps.Loaded:
        """Read a SOURCE."""
        self._heed_options(source)
        with self.watching(f"reading {source}"):
            loaded = ps.load_checked(source, **self.options)
        return self._prepared(loaded)[0]

    def _heed_options(self, *sources: str) -> None:
        """Refuse options for Sphinx projects if no SOURCE is one: they would have no effect."""
        names = [name for name, value in (("-D", self.overrides), ("-t", self.tags)) if value]
        present = [source for source in sources if not source.startswith("git:") and Path(source).exists()]
        if names and len(present) == len(sources) and not any(self.is_project(source) for source in present):
            raise click.UsageError(f"`{names[0]}` is for Sphinx projects, and `{present[-1]}` is none")

    def pair(self, old: str, new: str) -> tuple[ps.Loaded, ps.Loaded, tuple[ps.Finding, ...]]:
        """Read two SOURCEs to compare, and report and return the errors in both."""
        self._heed_options(old, new)
        with self.watching(f"reading {old} and {new}"):
            before, after = ps.load_pair(old, new, **self.options)
        bearing = (
            finding
            for source, loaded in ((old, before), (new, after))
            for finding in self._bearing(ps.check(loaded), source)
        )
        errors = tuple(finding for finding in bearing if finding.severity is ps.Severity.ERROR)
        self.report(errors)
        prepared = self._prepared(before, after)
        return prepared[0], prepared[1], errors

    def _prepared(self, *every: ps.Loaded) -> tuple[ps.Loaded, ...]:
        """Report once which annotations were added by default, and give each spec the requested base IRI."""
        self._remember(*every)
        for name in dict.fromkeys(loaded.annotations[-1].name for loaded in every if loaded.shipped):
            self.note(f"topics from {name}, shipped with the package (--no-annotations leaves them out)")
        for spec in (loaded.spec for loaded in every if loaded.has_files):
            plain = [one.file for one in spec.documents if one.markup is ps.Markup.MARKDOWN]
            if plain:
                counts = f"{number_of(len(spec.provisions), 'provision')}, {len(spec.principles)} of them principles"
                self.note(f"{', '.join(plain)}: read by its headings, {counts}")
        # A spec keeps it, so that a graph can be written and read back with the same names.
        return tuple(replace(loaded, spec=based(loaded.spec, self.base_iri)) for loaded in every)

    def _remember(self, *every: ps.Loaded) -> None:
        self.loaded.extend(every)
        self.seen.update(real_path(file) for loaded in every for file in loaded.files)

    def report(self, findings: Iterable[ps.Finding]) -> None:
        """Print findings on standard error, by file and line: errors always, hints only with --verbose."""
        for finding in sorted(findings, key=lambda one: (one.span, one.code, one.message)):
            is_shown = not self.quiet and (self.verbose or finding.severity is not ps.Severity.HINT)
            if not is_shown and finding.severity is not ps.Severity.ERROR:
                continue
            text = message_line(str(finding))
            if self.colored(sys.stderr):
                text = click.style(text, fg=_COLORS[finding.severity])
            click.echo(text, err=True, color=self.colored(sys.stderr))

    @contextlib.contextmanager
    def watching(self, what: str) -> Iterator[None]:
        """Show that work is in progress, on a terminal only."""
        if self.quiet or not sys.stderr.isatty():
            yield
            return
        from rich.console import Console  # noqa: PLC0415  costs start-up time that no pipe needs

        with Console(stderr=True, no_color=not self.colored(sys.stderr)).status(printable(what)):
            yield


def _absolute_iri(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        return base_or_default(value)
    except SourceError as error:
        raise click.BadParameter(str(error)) from None


def _names(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        if text != "-" and not is_name(text):
            raise click.BadParameter(f"`{text}` is no name: letters, digits, `_`, `.` and `-`, at most 60")
    return value


def _overrides(_context: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    for text in value:
        if "=" not in text:
            raise click.BadParameter(f"`{text}` is not of the form NAME=VALUE")
    return dict(text.split("=", 1) for text in value)


def _common_options() -> list[click.Option]:
    return [
        click.Option(
            ["--annotations"],
            metavar="FILE",
            multiple=True,
            type=click.Path(dir_okay=False),
            help="Annotation file (YAML sidecar) to apply: topics, goals, exceptions. "
            "Default for Model Spec Markdown: the one included here.",
        ),
        click.Option(["--no-annotations"], is_flag=True, help="Apply no annotation file."),
        click.Option(
            ["--name", "spec_names"],
            metavar="NAME",
            multiple=True,
            callback=_names,
            help="Name of the spec; its IRIs begin with it unless there is a base IRI. Default: the name in SOURCE.",
        ),
        click.Option(
            ["--topics"],
            metavar="FILE",
            type=click.Path(dir_okay=False),
            help="Annotation file from which only the topics are added to SOURCE.",
        ),
        click.Option(
            ["--base-iri"],
            metavar="IRI",
            default="",
            callback=_absolute_iri,
            help="What the IRIs of the graph begin with. Default: the base IRI in SOURCE, otherwise urn:policyspec:spec:",
        ),
        click.Option(
            ["-b", "--builder"],
            metavar="BUILDER",
            default="html",
            show_default=True,
            help="Read a Sphinx project as this builder does.",
        ),
        click.Option(
            ["-t", "--tag", "tags"],
            metavar="TAG",
            multiple=True,
            help="Set a tag of a Sphinx project, as with sphinx-build; may be repeated.",
        ),
        click.Option(
            ["-D", "--define", "overrides"],
            metavar="NAME=VALUE",
            multiple=True,
            callback=_overrides,
            help="Override an option of conf.py, as with sphinx-build; may be repeated.",
        ),
        click.Option(
            ["-c", "--conf-dir", "confdir"],
            metavar="DIR",
            type=click.Path(file_okay=False),
            help="Folder with conf.py, as with sphinx-build. Default: the project itself.",
        ),
        click.Option(["-q", "--quiet"], is_flag=True, help="Print only the result and errors."),
        click.Option(["-v", "--verbose"], is_flag=True, help="Also print findings that are hints."),
        click.Option(
            ["--color"],
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="Color the output.",
        ),
    ]


def offered_specs(context: click.Context) -> tuple[ps.Spec, ...]:
    """Return the releases of the SOURCE on the command line so far; completion never runs ``conf.py``."""
    # Until an option has its value, click leaves arguments among the other words.
    words = context.params.get("sources") or context.args
    source = context.params.get("source") or context.params.get("new") or next(iter(words), None)
    try:
        return ps.load_all(source) if source and not ps.is_project(source) else ()
    except (PolicySpecError, OSError):
        return ()


def file_option(
    *names: str, about: str, exists: bool = True, multiple: bool = False, folders: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return an option for a file, or also ``folders`` of files, which must exist unless ``exists`` is false."""
    kind = click.Path(exists=exists, dir_okay=folders)
    return click.option(*names, metavar="FILE", type=kind, multiple=multiple, help=about)


source_argument = click.argument("source", metavar="SOURCE", type=click.Path())
sources_argument = click.argument("sources", metavar="SOURCE...", type=click.Path(), nargs=-1, required=True)
results_option = click.option(
    "--results",
    metavar="STORE",
    multiple=True,
    type=click.Path(),
    help="Results of evaluations, as read by `policyspec results`: logs, tables, folders, a STORE; may be repeated.",
)
feedback_option = partial(file_option, "--feedback", "registers", multiple=True, folders=True)
decisions_option = partial(file_option, "--decisions", "decisions", multiple=True, folders=True)
alignment_option = file_option(
    *("--alignment", "alignments"),
    multiple=True,
    about="An alignment between two SOURCEs, from `policyspec align`; may be repeated.",
)
fail_on_option = click.option(
    "--fail-on",
    type=click.Choice([one.value for one in ps.Severity]),
    default="error",
    show_default=True,
    help="The least severe finding for exit status 1.",
)
output_option = file_option("-o", "--output", exists=False, about="Write to FILE. Default: print it.")
judgements_option = file_option(
    "--judgements", about="Judgements of changed texts, as written by `policyspec judge`."
)


def exit_if_unusable(findings: Iterable[ps.Finding]) -> None:
    """Exit with status 2, after the work is done, if a file on the command line could not be used."""
    if any(finding.severity is ps.Severity.ERROR for finding in findings):
        sys.exit(2)


def offered(typed: str, meanings: Mapping[str, str]) -> list[CompletionItem]:
    """Return the completions of a word, each with its meaning."""
    return [CompletionItem(name, help=about) for name, about in meanings.items() if name.startswith(typed)]


def form_option(
    kind: str = "",
    default: str | None = "text",
    *,
    forms: Iterable[str] = (),
    about: str = "How to print it.",
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option ``--format``.

    :param kind: class of the result, whose forms it offers
    :param forms: forms that it offers instead
    """
    choices = [*forms] or [*ps.forms_of(kind)]
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=default,
        show_default=bool(default),
        help=about,
    )


def _stray(words: Sequence[str]) -> list[str]:
    """Return the words after a SOURCE, or a question, that are neither."""
    behind = list(words[1:])
    questions = {question.name for question in ps.list_questions()} if behind else set()
    first = next(
        (place for place, word in enumerate(behind) if word in questions and not Path(word).exists()), None
    )
    return [
        word
        for place, word in enumerate(behind)
        if (first is not None and place > first) or ("=" in word and not Path(word).exists())
    ]


class SourceCommand(click.Command):
    """A subcommand with the common options; its function gets them as one :class:`Settings`.

    :param several: whether it takes several SOURCEs, with options for each, which :meth:`Settings.for_each` distributes
    """

    def __init__(self, *args: Any, several: bool = False, **kwargs: Any) -> None:  # noqa: ANN401  click's own signature
        super().__init__(*args, **{"epilog": SOURCE_HELP, **kwargs})
        self.several = several or any(param.name == "sources" for param in self.params)
        self.params += _common_options()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read a command line: arguments must not be empty, and what is not a path must be valid text."""
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        rest = rest if ctx.resilient_parsing else [*_stray(ctx.params.get("sources") or ()), *rest]
        if rest and not ctx.resilient_parsing:
            is_parameter = "=" in rest[0] and any(param.name == "params" for param in self.params)
            hint = f"; parameters of a question are given as `--param {rest[0]}`" if is_parameter else ""
            raise click.UsageError(f"unexpected argument `{rest[0]}`{hint}", ctx)
        for param in () if ctx.resilient_parsing else self.params:
            value = ctx.params.get(param.name or "")
            names = isinstance(param, click.Argument) or isinstance(param.type, click.Path)
            if names and (value == "" or (isinstance(value, tuple) and "" in value)):
                raise click.BadParameter("it is empty; `.` is the current folder", ctx, param)
            if not isinstance(param.type, click.Path) and _SURROGATE.search(
                json.dumps(value, ensure_ascii=False)
            ):
                raise click.BadParameter("a byte of it is not UTF-8", ctx, param)
        return rest

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Run the function with its own options and the settings."""
        paths = [
            ctx.params[param.name or ""]
            for param in self.params
            if isinstance(param.type, click.Path) and param.name != "output"
        ]
        names = [name for value in paths for name in ((value,) if isinstance(value, str) else value or ())]
        shared = {
            name: ctx.params.pop(name) for option in fields(Settings) if (name := option.name) in ctx.params
        }
        settings = Settings(**shared, seen={real_path(Path(name)) for name in names})
        if not self.several and max(len(settings.annotations), len(settings.spec_names)) > 1:
            raise click.UsageError("one SOURCE takes one --annotations and one --name", ctx)
        if settings.annotations and settings.no_annotations:
            raise click.UsageError("--annotations and --no-annotations exclude each other", ctx)
        ctx.params["settings"] = settings
        return super().invoke(ctx)
