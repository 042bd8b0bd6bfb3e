"""The policyspec command: a short function per subcommand, and the only place that prints."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem, get_completion_class

from sphinx_policyspec import api
from sphinx_policyspec.cli_check import check
from sphinx_policyspec.cli_diff import diff, lock
from sphinx_policyspec.cli_options import Settings, SourceCommand
from sphinx_policyspec.cli_reason import reason
from sphinx_policyspec.cli_resolve import resolve
from sphinx_policyspec.cli_survey import survey
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.exports.answers import ANSWER_FORMATS, format_answer
from sphinx_policyspec.exports.counts import counts
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.exports.schemas import SCHEMAS, format_schema
from sphinx_policyspec.graph.formats import FORMATS, format_of_suffix
from sphinx_policyspec.graph.questions import find_question, list_questions
from sphinx_policyspec.starter import MARKUPS

__all__ = ["main"]

_UNUSABLE = 2
_INTERRUPTED = 128 + 2
"""Status of a program that SIGINT ended."""
_BROKEN_PIPE = 128 + 13
"""Status of a program that SIGPIPE ended."""


@contextlib.contextmanager
def _unread() -> Iterator[None]:
    """End the program where nobody reads on, as in ``| head``; click would say 1, which means something else."""
    try:
        yield
    except BrokenPipeError:
        # What is left in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_BROKEN_PIPE)


class Commands(click.Group):
    """The command itself; it meets a closed pipe before click does."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:  # noqa: ANN401  click's own signature
        """Read the command line, and print help where it asks for it."""
        with _unread():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  click's own signature
        """Run a subcommand."""
        with _unread():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="sphinx-policyspec", prog_name="policyspec")
def commands() -> None:
    """Query, check and publish a behaviour spec for AI systems.

    A behaviour spec is a document of principles, each with a level of authority, with examples that
    fix their boundaries. Begin one with `policyspec init DIR`, or try any Model Spec release:

    \b
      policyspec stats model_spec/2025-09-12
      policyspec query --list
      policyspec query model_spec/2025-09-12 user-overridable-defaults-touching --param topic=honesty
      policyspec handbook model_spec/2025-09-12 -o site

    Exit status: 0 done, 1 only from commands that judge, 2 unusable input or usage.
    """


_source = click.argument("source", metavar="SOURCE", type=click.Path())


@commands.command(cls=SourceCommand)
@_source
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write to FILE; its suffix picks the format.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="RDF syntax. Default: by the suffix of FILE, else ttl.",
)
@click.option("--inferred", is_flag=True, help="Add what the rules derive, such as ps:HardRule.")
def graph(source: str, output: str | None, form: str | None, *, inferred: bool, settings: Settings) -> None:
    """Write the knowledge base of SOURCE as RDF.

    Every provision, example, message and reference becomes a resource with its file and line. Equal
    sources give equal bytes. Formats nq and trig hold the release as a named graph; of a folder of
    releases each one is a named graph, and what changed between them is another.

    \b
      policyspec graph model_spec -o releases.trig
      policyspec graph model_spec/2025-09-12 -o spec.ttl
      policyspec graph docs --format jsonld --inferred
    """
    chosen = form or (format_of_suffix(Path(output).suffix) if output else "ttl")
    if chosen is None:
        message = f"cannot tell the format of `{output}`: give --format {'|'.join(FORMATS)}"
        raise click.UsageError(message)
    if api.has_releases(source):
        if inferred:
            raise click.UsageError(f"`{source}` is several releases: --inferred takes one")
        data = api.releases_bytes(settings.releases(source), chosen, base_iri=settings.base_iri)
    else:
        loaded = settings.read(source)
        with settings.watching("building the graph"):
            data, findings = api.graph_bytes(loaded.spec, chosen, inferred=inferred)
        settings.report(findings)
    if output:
        Path(output).write_bytes(data)
    else:
        rest = memoryview(data)
        while rest:
            # A stream without a buffer (PYTHONUNBUFFERED) may take a part of it.
            rest = rest[sys.stdout.buffer.write(rest) :]


commands.add_command(check)
commands.add_command(diff)
commands.add_command(lock)
commands.add_command(reason)
commands.add_command(resolve)
commands.add_command(survey)


@commands.command(cls=SourceCommand)
@_source
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "text"]),
    default="json",
    show_default=True,
    help="How to print.",
)
def stats(source: str, form: str, *, settings: Settings) -> None:
    """Count what SOURCE holds: provisions, principles by level, examples, verdicts, references, prompts."""
    numbers = counts(settings.read(source).spec)
    if form == "json":
        click.echo(json.dumps(numbers, indent=1, ensure_ascii=False))
        return
    for name, value in numbers.items():
        inner = (
            ", ".join(f"{key} {number}" for key, number in value.items())
            if isinstance(value, dict)
            else value
        )
        click.echo(printable(f"{name.replace('_', ' '):20} {inner}"))


def _complete_question(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(q.name, help=q.text) for q in list_questions() if q.name.startswith(incomplete)]


@commands.command(cls=SourceCommand)
@click.argument("source", metavar="[SOURCE]", type=click.Path(), required=False)
@click.argument("question", metavar="[NAME]", required=False, shell_complete=_complete_question)
@click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    help="A parameter of the named question; may be repeated.",
)
@click.option("--sparql", metavar="TEXT", help="Ask this SPARQL query instead of a named question.")
@click.option(
    "--file",
    "query_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Ask the SPARQL query in FILE.",
)
@click.option("--list", "listing", is_flag=True, help="List the named questions with their parameters.")
@click.option(
    "--format",
    "form",
    type=click.Choice(ANSWER_FORMATS),
    default="text",
    show_default=True,
    help="How to print the answer.",
)
def query(
    source: str | None,
    question: str | None,
    *,
    params: tuple[str, ...],
    sparql: str | None,
    query_file: str | None,
    form: str,
    listing: bool,
    settings: Settings,
) -> None:
    """Ask SOURCE a named question, or a SPARQL query of your own.

    Queries of your own run under limits (10 s, 10,000 rows, no network, no files); prefixes ps,
    skos, dcterms, prov, rdf, rdfs, owl and xsd are declared already. Of a folder of releases each
    one is a named graph, and what changed between them is another.

    \b
      policyspec query --list
      policyspec query model_spec/2025-09-12 hard-rules
      policyspec query model_spec/2025-09-12 user-overridable-defaults-touching --param topic=privacy
      policyspec query model_spec level-history --param provision=love_humanity
      policyspec query spec.ttl --sparql 'SELECT ?id { ?p a ps:Principle ; dcterms:identifier ?id }'
    """
    if listing:
        _list_questions(color=settings.colored(sys.stdout))
        return
    asked = [value for value in (question, sparql, query_file) if value]
    if source is None or len(asked) != 1:
        message = (
            "give a SOURCE and one of NAME, --sparql, --file; `policyspec query --list` names the questions"
        )
        raise click.UsageError(message)
    if params and not question:
        message = "--param belongs to a named question"
        raise click.UsageError(message)
    values = _parameters(params)
    over_releases = bool(question) and find_question(question or "").over_releases
    if over_releases or api.has_releases(source):
        specs = settings.releases(source)
        held = api.releases_base(specs, base_iri=settings.base_iri)
    else:
        held = api.knowledge_base(settings.read(source).spec)
    with settings.watching("asking"), held as base:
        if question:
            answer = base.ask(question, values)
        else:
            text = sparql or Path(query_file or "").read_text(encoding="utf-8", errors="replace")
            answer = base.query(text, origin=query_file or "--sparql")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    click.echo(
        format_answer(answer, form, width=width, color=settings.colored(sys.stdout)), nl=False, color=True
    )


def _parameters(texts: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"`--param {text}` is not of the form NAME=VALUE")
        if name in values:
            raise click.UsageError(f"`--param {name}` is given twice, as `{values[name]}` and `{value}`")
        values[name] = value
    return values


def _list_questions(*, color: bool) -> None:
    for item in list_questions():
        parameters = "".join(f" --param {p.name}={p.default or p.type}" for p in item.parameters)
        click.echo(f"{click.style(item.name, bold=True)}{parameters}\n    {item.text}", color=color)


@commands.command(cls=SourceCommand)
@_source
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False),
    required=True,
    help="Folder for the site.",
)
@click.option("--theme", default="", help="HTML theme of Sphinx. Default: furo; a project's own theme.")
@click.option(
    "--pages",
    type=click.Choice(["one", "chapter", "section"]),
    default="chapter",
    show_default=True,
    help="What makes a page.",
)
@click.option("--ask", is_flag=True, help="Add a page that answers questions in the browser; it takes 2 MB.")
@click.option("--pdf", is_flag=True, help="Write DIR/handbook.pdf too; needs `sphinx-policyspec[pdf]`.")
@click.option(
    "--pdf-font",
    "pdf_fonts",
    metavar="FONT",
    multiple=True,
    help="A font for letters that those of the PDF lack: an installed family, or a file. Repeatable.",
)
@click.option(
    "--since",
    metavar="SOURCE",
    type=click.Path(),
    help="An older release: a page tells what changed since, and each principle what changed about it.",
)
def handbook(
    source: str,
    output: str,
    theme: str,
    pages: str,
    *,
    ask: bool,
    pdf: bool,
    pdf_fonts: tuple[str, ...],
    since: str | None,
    settings: Settings,
) -> None:
    """Build a web site from SOURCE, with its graph beside it; no conf.py is needed.

    Open DIR/index.html: the site needs no server and no network. With --pdf the same pages are a
    PDF for paper, with contents, indices and page numbers in links.

    \b
      policyspec handbook model_spec/2025-09-12 -o site
      policyspec handbook model_spec/2025-09-12 -o site --pdf
      policyspec handbook model_spec/2025-09-12 -o site --since model_spec/2025-04-11
    """
    if api.is_project(source) and (settings.annotations or settings.no_annotations or pages != "chapter"):
        raise click.UsageError(
            f"`{source}` has pages and annotation files of its own: "
            "--pages, --annotations and --no-annotations do not apply"
        )
    if pdf_fonts and not pdf:
        raise click.UsageError("--pdf-font says what a PDF is set in: give --pdf too")
    target = source if api.is_project(source) else settings.read(source)
    old = settings.load(since).spec if since else None
    with settings.watching("building the handbook"):
        findings = api.build_handbook(
            target,
            output,
            theme=theme,
            pages=pages,
            base_iri=settings.base_iri,
            ask=ask,
            pdf=pdf,
            pdf_fonts=pdf_fonts,
            since=old,
        )
    settings.report(findings)
    if not settings.quiet:
        for name in ("index.html", "handbook.pdf") if pdf else ("index.html",):
            click.echo(f"policyspec: wrote {Path(output) / name}", err=True)


@commands.command()
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option(
    "--markup",
    type=click.Choice(list(MARKUPS)),
    default="myst",
    show_default=True,
    help="Language of the pages: MyST Markdown or reStructuredText.",
)
@click.option("--title", metavar="TEXT", default="", help="Title of the spec. Default: the name of DIR.")
def init(folder: str, markup: str, title: str) -> None:
    """Begin a spec in DIR, a new or empty folder, with a few pages that build at once.

    You get a Sphinx project with two topics, two principles, an example with a good and a bad
    answer, and a page of questions that each build answers. Change the text and keep the form.

    \b
      policyspec init spec
      policyspec init spec --markup rst --title 'The shop assistant'
    """
    files = api.init_project(folder, markup=markup, title=title)
    place = shlex.quote(folder)
    click.echo(
        printable(f"{len(files)} files in {folder}: {' '.join(file.name for file in files)}") + "\nNext:\n"
        f"  sphinx-build -nW --keep-going -b html {place} {shlex.quote(str(Path(folder, '_build', 'html')))}\n"
        f"  policyspec query {place} user-overridable-defaults-touching --param topic=honesty\n"
        f"  policyspec graph {place} -o {shlex.quote(str(Path(folder, 'spec.ttl')))}"
    )


@commands.command()
@click.argument("kind", type=click.Choice(list(SCHEMAS)))
def schema(kind: str) -> None:
    """Print the JSON Schema of a kind of file, with which an editor completes and checks it.

    Save it beside your file, and name it in the file's first line, which editors with the YAML
    language server read:

    \b
      policyspec schema annotations > annotations.schema.json
      # yaml-language-server: $schema=annotations.schema.json
    """
    click.echo(format_schema(kind), nl=False)


@commands.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that completes commands and questions in your shell.

    \b
      policyspec completion bash >> ~/.bashrc
    """
    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(commands, {}, "policyspec", "_POLICYSPEC_COMPLETE").source())


def main() -> NoReturn:
    """Run the command line; trouble with the input is one line on standard error and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of a few characters shows what it can.
            stream.reconfigure(errors="backslashreplace")
    # What it would log, with a traceback, is a finding or an error of ours.
    logging.getLogger("rdflib").setLevel(logging.CRITICAL)
    with _unread():
        status = _run()
        sys.stdout.flush()
    sys.exit(status)


def _run() -> int:
    """Run the command line and return its status."""
    try:
        status = commands(prog_name="policyspec", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except PolicySpecError as error:
        click.echo(f"policyspec: error: {printable(str(error))}", err=True)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"policyspec: error: {printable(f'{where}{error.strerror or error}')}", err=True)
    else:
        return status if isinstance(status, int) else 0
    return _UNUSABLE
