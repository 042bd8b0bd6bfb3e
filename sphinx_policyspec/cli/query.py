"""The commands ``policyspec graph``, ``query`` and ``reason``: the graph, answers, derivations and contradictions."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import click
from click.shell_completion import CompletionItem

import sphinx_policyspec as ps
from sphinx_policyspec.cli import options
from sphinx_policyspec.cli.beside import (
    beside_options,
    proposal_option,
    read_beside,
    refuse_several,
    with_proposals,
)
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports.answers import questions_json, questions_text
from sphinx_policyspec.files import number_of
from sphinx_policyspec.graph.terms import FORMATS, format_of_suffix
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.readers.text import read_text

_BLOCK = 2**20
_spec_option = click.option(
    "--spec",
    "only",
    metavar="NAME",
    multiple=True,
    help="If there are several specs, only this one; may be repeated.",
)


def _complete_question(
    context: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer files, and after the first one the names of questions."""
    files = [CompletionItem(incomplete, type="file")]
    if not (context.params.get("sources") or context.args):
        return files
    questions = {question.name: question.text for question in ps.list_questions()}
    return [*options.offered(incomplete, questions), *files]


def _complete_param(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the parameters of the question on the command line, and after `=` their values."""
    words = {*context.args, *(context.params.get("sources") or ())}
    parameters = [
        p for question in ps.list_questions() if question.name in words for p in question.parameters
    ]
    name, equals, _ = incomplete.partition("=")
    completions = {f"{p.name}=": ", such as ".join(filter(None, (p.type, p.default))) for p in parameters}
    if equals:
        specs = options.offered_specs(context)
        values = (_values(spec, p.type) for p in parameters if p.name == name for spec in specs)
        completions = {f"{name}={value}": about for meanings in values for value, about in meanings.items()}
    return options.offered(incomplete, completions)


def _values(spec: ps.Spec, kind: str) -> dict[str, str]:
    """Return the possible values of a parameter type in a spec, each with its meaning."""
    levels = {level.id: level.title for level in spec.levels}
    by_type = {
        "topic": {topic.id: topic.label for topic in spec.topics},
        "level": levels,
        "speaker": {role: "role" for level in spec.levels for role in level.roles} | levels,
        "release": {spec.version: spec.title} if spec.version else {},
        "provision": {provision.id: provision.title for provision in spec.provisions},
        "example": {example.id: example.title for example in spec.examples},
    }
    return by_type.get(kind, {})


@click.command(cls=options.SourceCommand)
@click.argument(
    "sources", metavar="[SOURCE]... [NAME]", type=click.Path(), nargs=-1, shell_complete=_complete_question
)
@_spec_option
@click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    shell_complete=_complete_param,
    help="A parameter of the named question; may be repeated.",
)
@beside_options
@proposal_option(about="Ask SOURCE as it would be after this proposal; may be repeated.")
@options.alignment_option
@click.option("--sparql", metavar="TEXT", help="Ask this SPARQL query instead of a named question.")
@options.file_option("--file", "query_file", about="Ask the SPARQL query in FILE.")
@click.option(
    "--release",
    metavar="VERSION",
    default="",
    help="On a server: the release to ask. Default: the newest.",
)
@click.option("--copy", is_flag=True, help="On a server: fetch the graphs, and ask them locally.")
@click.option(
    "--allow-service",
    is_flag=True,
    help="On a server: let a query of your own call other servers (SERVICE).",
)
@click.option("--list", "listing", is_flag=True, help="List the named questions with their parameters.")
@options.form_option("Answer", about="How to print the answer.")
@options.output_option
def query(
    sources: tuple[str, ...],
    *,
    only: tuple[str, ...],
    params: tuple[str, ...],
    files: ps.BesideFiles,
    proposals: tuple[str, ...],
    sparql: str | None,
    query_file: str | None,
    form: str,
    output: str | None,
    listing: bool,
    release: str,
    copy: bool,
    allow_service: bool,
    settings: options.Settings,
) -> None:
    """Ask SOURCE a named question, or a SPARQL query of your own.

    Your own queries run under limits (10 s, 10,000 rows, no network, no files). The prefixes ps, skos,
    dcterms, prov, rdf, rdfs, owl and xsd are declared. In a folder of releases each release is a named
    graph, and the changes between them are another. With several SOURCEs, a named question is asked of
    each spec, and the answer begins with the column spec; give --annotations and --name once for each,
    in the same order, with - for none. Instead of SOURCE, you can give addresses of SPARQL servers to
    which a spec was published (`policyspec publish`); the answers of several begin with the column
    source.

    \b
      policyspec query --list
      policyspec query model_spec/2025-09-12 hard-rules
      policyspec query model_spec/2025-09-12 user-overridable-defaults-touching --param topic=privacy
      policyspec query https://example.org/sparql hard-rules --release 2025-09-12
      policyspec query model_spec/2025-09-12 results-by-principle --results store/
      policyspec query model_spec/2025-09-12 open-feedback --feedback feedback.yaml
      policyspec query model_spec/2025-09-12 hard-rules --proposal proposal.md
      policyspec query model_spec level-history --param provision=love_humanity
      policyspec query model_spec/2025-09-12 charter.md principles-by-level
      policyspec query spec.ttl charter.md mapped --alignment spec-charter.sssom.tsv
      policyspec query spec.ttl --sparql 'SELECT ?id { ?p a ps:Principle ; dcterms:identifier ?id }'
    """
    if listing:
        _list_questions(form, output, settings)
        return
    *leading, last = sources or ("",)
    question = "" if sparql or query_file else last
    names = tuple(leading) if question else sources
    if not question and any(word == one.name for word in names[1:] for one in ps.list_questions()):
        question = names[-1]
    if not names or (bool(question) + bool(sparql) + bool(query_file)) != 1:
        raise click.UsageError(
            "give a SOURCE and one of NAME, --sparql, --file; `policyspec query --list` names the questions"
        )
    if params and not question:
        raise click.UsageError("--param belongs to a named question")
    if allow_service and (question or copy):
        raise click.UsageError("--allow-service is for queries of your own that a server answers itself")
    values = _parameters(params)
    text = sparql or (read_text(Path(query_file), query_file)[0] if query_file else "")
    origin = query_file or "--sparql"
    if any(_is_address(name) for name in names):
        if not all(map(_is_address, names)) or only or files or proposals or settings.alignments:
            raise click.UsageError(
                "a server is asked alone or beside others, with --param, --release, --base-iri and --copy"
            )
        urls = names if len(names) > 1 else names[0]
        where: dict[str, Any] = {"release": release, "base_iri": settings.base_iri, "copy": copy}
        with settings.watching("asking"):
            answer = (
                ps.ask_servers(urls, question, values, **where)
                if question
                else ps.query_servers(urls, text, origin=origin, allow_service=allow_service, **where)
            )
        replace(settings, quiet=False).report(answer.findings)
        settings.show(answer, form, output)
        return
    if release or copy or allow_service:
        raise click.UsageError(
            "--release, --copy and --allow-service are for servers: of a folder of releases, name the release"
        )
    if proposals:
        base, beside = _base_with_proposals(names, question, files, proposals, settings)
    else:
        base, beside = _base_of(names, question, files, only, settings)
    with base, settings.watching("asking"):
        answer = base.ask(question, values) if question else base.query(text, origin=origin)
    # Even with --quiet, the reader of the rows must know that some are missing.
    replace(settings, quiet=False).report(answer.findings)
    settings.show(answer, form, output)
    options.exit_if_unusable(beside.unusable)


def _base_with_proposals(
    sources: Sequence[str],
    question: str,
    files: ps.BesideFiles,
    proposals: tuple[str, ...],
    settings: options.Settings,
) -> tuple[ps.KnowledgeBase, ps.Beside]:
    """Return the knowledge base of a SOURCE with proposals applied, and the files about it."""
    ((source, settings),) = _one(settings.for_each(sources))
    with settings.watching("trying proposals"):
        spec = ps.proposed(source, *proposals, **settings.options)
    files = files.filled(spec.registers)
    beside = with_proposals(source, proposals, read_beside(spec, files, settings), settings)
    return ps.knowledge_base(spec, base_iri=settings.base_iri, question=question, beside=beside), beside


def _one(pairs: Iterable[tuple[str, options.Settings]]) -> list[tuple[str, options.Settings]]:
    if len(every := [*pairs]) > 1:
        raise click.UsageError("--proposal is about one SOURCE")
    return every


def _is_address(name: str) -> bool:
    return name.startswith(("http://", "https://"))


def _base_of(
    sources: Sequence[str],
    question: str,
    files: ps.BesideFiles,
    only: tuple[str, ...],
    settings: options.Settings,
) -> tuple[ps.KnowledgeBase, ps.Beside]:
    """Return the knowledge base of several specs or releases, a graph file or one spec; and the files about it."""
    refuse_several(files, several=len(sources) > 1 or bool(only or settings.alignments))
    if len(sources) > 1 or only or settings.alignments:
        if question:
            ps.find_question(question)
        every = settings.read_specs(sources)
        specs = _with_names(every, only)
        if alignments := settings.aligned(every):
            beside = ps.Beside(alignments=alignments)
            return ps.knowledge_base(every, question=question, beside=beside, only=only), beside
        return ps.knowledge_base(
            specs if len(specs) > 1 else _alone(specs[0]), question=question
        ), ps.NOTHING_BESIDE
    (source, settings), *_ = settings.for_each(sources)
    if files:
        loaded = settings.releases(source) if settings.has_releases(source) else settings.read(source)
        files = files.filled(loaded.registers) if isinstance(loaded, ps.Loaded) else files
        beside = read_beside(loaded, files, settings)
        base = ps.knowledge_base(loaded, base_iri=settings.base_iri, question=question, beside=beside)
        return base, beside
    if settings.has_releases(source) or (question and ps.find_question(question).over == "releases"):
        return ps.knowledge_base(settings.releases(source), base_iri=settings.base_iri), ps.NOTHING_BESIDE
    overrides = settings.annotations or settings.base_iri
    if not overrides and (inferred := ps.inferred_base(source, question=question, queried=not question)):
        return inferred, ps.NOTHING_BESIDE
    loaded = settings.read(source)
    # Findings on the files that a project names are reported by `check`.
    beside = ps.read_beside(loaded, loaded.registers)
    return ps.knowledge_base(loaded, question=question, beside=beside), ps.NOTHING_BESIDE


def _with_names(specs: Sequence[ps.SpecReleases], only: Sequence[str]) -> tuple[ps.SpecReleases, ...]:
    """Return the specs with the given names, or all without names; refuse an unknown name."""
    names = [one.name for one in specs]
    for name in only:
        if name not in names:
            hint = nearest(name, names) or f"known are {', '.join(names)}"
            raise click.BadParameter(f"no spec is called `{name}`; {hint}", param_hint="--spec")
    return tuple(one for one in specs if not only or one.name in only)


def _alone(one: ps.SpecReleases) -> ps.Spec | tuple[ps.Spec, ...]:
    """Return the releases of one spec, or its only one."""
    return one.releases if len(one.releases) > 1 else one.last


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


def _list_questions(form: str, output: str | None, settings: options.Settings) -> None:
    if form == "json":
        settings.put(questions_json(ps.list_questions()), output)
    elif form == "text":
        color = settings.colored(sys.stdout) and not output
        settings.put(questions_text(ps.list_questions(), color=color), output, color=color)
    else:
        raise click.UsageError(f"--list takes --format text or json, not {form}")


@click.command(cls=options.SourceCommand)
@options.sources_argument
@_spec_option
@beside_options
@proposal_option(about="Add a graph with what this proposal would change; may be repeated.")
@options.alignment_option
@options.output_option
@options.form_option(
    forms=FORMATS, default=None, about="RDF syntax. Default: by the suffix of FILE, otherwise ttl."
)
@click.option("--inferred", is_flag=True, help="Add derived statements, such as ps:HardRule.")
@click.option(
    "--portable",
    is_flag=True,
    help="Like --inferred, with everything that named questions need, so that any SPARQL 1.1 engine can answer them.",
)
def graph(
    sources: tuple[str, ...],
    output: str | None,
    form: str | None,
    *,
    only: tuple[str, ...],
    files: ps.BesideFiles,
    proposals: tuple[str, ...],
    inferred: bool,
    portable: bool,
    settings: options.Settings,
) -> None:
    """Write the knowledge base of SOURCE as RDF.

    Every provision, example, message and reference becomes a resource with its file and line. Equal
    sources give equal bytes. The formats nq and trig write the release as a named graph. In a folder of
    releases, or with several SOURCEs, each release is a named graph, and so are the changes between the
    releases of a spec, each alignment, results of evaluations, feedback, records of decisions, and each
    proposal.

    \b
      policyspec graph model_spec charter.md --name spec --name charter -o both.trig
      policyspec graph model_spec -o releases.trig
      policyspec graph model_spec/2025-09-12 --results store/ -o measured.trig
      policyspec graph model_spec/2025-09-12 --feedback feedback.yaml -o said.trig
      policyspec graph model_spec/2025-09-12 --proposal proposal.md -o proposed.trig
      policyspec graph model_spec/2025-09-12 -o spec.ttl
      policyspec graph docs --format jsonld --inferred
      policyspec graph model_spec -o for-a-server.nq --portable
    """
    syntax = form or (format_of_suffix(Path(output).suffix) if output else "ttl")
    if syntax is None:
        raise click.UsageError(
            f"the format is not clear from the name `{output}`: give --format {'|'.join(FORMATS)}"
        )
    target: ps.Loaded | tuple[ps.Spec, ...] | tuple[ps.SpecReleases, ...]
    source = sources[0]
    beside = ps.NOTHING_BESIDE
    is_several = len(sources) > 1 or bool(only or settings.alignments)
    refuse_several(files, several=is_several)
    if proposals and (is_several or settings.has_releases(source)):
        raise click.UsageError("--proposal is about one SOURCE, with one release")
    if is_several:
        if inferred:
            raise click.UsageError("several specs are written as they are: --inferred takes one SOURCE")
        target = _with_names(settings.read_specs(sources), only)
        if len(target) > 1 or settings.alignments:
            beside = ps.Beside(alignments=settings.aligned(target))
    elif (settings := next(settings.for_each(sources))[1]).has_releases(source):
        if inferred:
            raise click.UsageError(f"`{source}` is several releases: --inferred takes one")
        target = releases = settings.releases(source)
        beside = read_beside(releases, files, settings)
    else:
        target = loaded = settings.read(source)
        beside = with_proposals(source, proposals, read_beside(loaded, files, settings), settings)
        if output:
            settings.guard(output)
    write = partial(
        ps.write_rdf,
        target,
        form=syntax,
        base_iri=settings.base_iri,
        inferred=inferred,
        portable=portable,
        beside=beside,
    )
    with settings.watching("building the graph"):
        settings.report(write(output) if output else _print_whole(source, write))
    options.exit_if_unusable(beside.unusable)


def _print_whole(source: str, write: Callable[[BinaryIO], tuple[ps.Finding, ...]]) -> tuple[ps.Finding, ...]:
    """Print output that comes in pieces, or nothing if one of them fails."""
    with tempfile.TemporaryFile() as file:
        try:
            findings = write(file)
        except SourceError as error:
            raise SourceError(f"`{source}` cannot be written as a graph: {error}") from error
        file.seek(0)
        while rest := memoryview(file.read(_BLOCK)):
            while rest:
                # An unbuffered stream (PYTHONUNBUFFERED) may accept only a part.
                rest = rest[sys.stdout.buffer.write(rest) :]
    return findings


@click.command(cls=options.SourceCommand)
@options.source_argument
@click.option(
    "--engine",
    type=click.Choice(["rules", "hermit"]),
    default="rules",
    show_default=True,
    help="rules: fast, in process; hermit: complete for classes and contradictions, needs Java.",
)
@options.file_option(
    "-o",
    "--output",
    exists=False,
    about="Write the derived statements as RDF to FILE; the suffix chooses the format.",
)
@options.form_option(
    forms=("text", "json", *FORMATS),
    default=None,
    about="text (default) or json: a report; the others: the derived statements as RDF.",
)
def reason(
    source: str, *, engine: str, output: str | None, form: str | None, settings: options.Settings
) -> None:
    """Derive what follows from SOURCE, and find contradictions.

    Exit status 1 means a contradiction: a minimal set of statements of the spec, each with its place,
    that cannot all hold. A graph file need not contain a whole spec.

    \b
      policyspec reason model_spec/2025-09-12
      policyspec reason docs --engine hermit
      policyspec reason docs -o derived.ttl
    """
    syntax = form or (format_of_suffix(Path(output).suffix) if output else "text")
    if syntax is None:
        raise click.UsageError(
            f"the format is not clear from the name `{output}`: give --format {'|'.join(FORMATS)}"
        )
    overrides = settings.annotations or settings.base_iri
    target = source if ps.is_graph(source) and not overrides else settings.read(source)
    with settings.watching("reasoning"):
        result = ps.reason(target, engine=engine)
    if syntax in FORMATS:
        if result.contradictions:
            click.echo(ps.render(result), nl=False, err=True)
        settings.put(result.as_rdf(syntax), output)
        if output:
            settings.note(f"wrote {output}: {number_of(len(result.derived), 'statement')}")
    else:
        settings.show(result, syntax, output)
    if result.contradictions:
        sys.exit(1)
