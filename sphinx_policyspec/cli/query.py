"""The commands ``policyspec query`` and ``policyspec reason``: an answer to a question, what follows, and what contradicts itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from sphinx_policyspec import api
from sphinx_policyspec.cli.options import Settings, SourceCommand
from sphinx_policyspec.exports.answers import ANSWER_FORMATS, format_answer, reasoning_json, reasoning_text
from sphinx_policyspec.exports.plain import printable
from sphinx_policyspec.graph.formats import FORMATS, format_of_suffix
from sphinx_policyspec.graph.questions import find_question, list_questions
from sphinx_policyspec.readers.text import read_text

__all__ = ["query", "reason"]


def _complete_question(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(q.name, help=q.text) for q in list_questions() if q.name.startswith(incomplete)]


@click.command(cls=SourceCommand)
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
    if over_releases or settings.has_releases(source):
        specs = settings.releases(source)
        held = api.releases_base(specs, base_iri=settings.base_iri)
    else:
        given = settings.annotations or settings.base_iri
        as_it_is = None if given else api.inferred_base(source, question=question or "", queried=not question)
        held = as_it_is or api.knowledge_base(settings.read(source).spec, question=question or "")
    with settings.watching("asking"), held as base:
        if question:
            answer = base.ask(question, values)
        else:
            text = sparql or read_text(Path(query_file or ""), query_file or "")[0]
            answer = base.query(text, origin=query_file or "--sparql")
    settings.report(answer.findings)
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


@click.command(cls=SourceCommand)
@click.argument("source", metavar="SOURCE", type=click.Path())
@click.option(
    "--engine",
    type=click.Choice(["rules", "hermit"]),
    default="rules",
    show_default=True,
    help="rules: fast, in process; hermit: complete for classes and contradictions, needs Java.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write what follows, as RDF, to FILE; its suffix picks the format.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", *FORMATS]),
    help="text (default) or json: what was found; the others: what follows, as RDF.",
)
def reason(source: str, *, engine: str, output: str | None, form: str | None, settings: Settings) -> None:
    """Derive what follows from SOURCE, and tell what contradicts itself.

    Exit status 1 tells of a contradiction: a smallest set of statements of the spec, each with its
    place, that cannot hold together. A graph file need not make a spec.

    \b
      policyspec reason model_spec/2025-09-12
      policyspec reason docs --engine hermit
      policyspec reason docs -o derived.ttl
    """
    chosen = form or (format_of_suffix(Path(output).suffix) if output else "text")
    if chosen is None:
        raise click.UsageError(f"cannot tell the format of `{output}`: give --format {'|'.join(FORMATS)}")
    given = settings.annotations or settings.base_iri
    read = source if api.is_graph(source) and not given else settings.read(source)
    with settings.watching("reasoning"):
        found = api.reason(read, engine=engine)
    is_rdf = chosen in FORMATS
    text = reasoning_json(found) if chosen == "json" else reasoning_text(found)
    if is_rdf and found.contradictions:
        click.echo(text, nl=False, err=True)
    data = found.as_rdf(chosen) if is_rdf else text.encode()
    if output:
        settings.write(output, data, read if isinstance(read, api.Loaded) else None)
        if not settings.quiet:
            click.echo(printable(f"policyspec: wrote {output}: {len(found.derived)} statements"), err=True)
    else:
        click.echo(data, nl=False)
    if found.contradictions:
        sys.exit(1)
