"""Writes the parts of the documentation that are read off the code, between their marks in the pages: ``make reference``.

They are committed, so that the reference can be read where nothing is built.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import rdflib
from rdflib import OWL, RDF, RDFS, SKOS, URIRef
from rdflib.collection import Collection
from sphinx.pycode import ModuleAnalyzer

import sphinx_policyspec
from sphinx_policyspec.api import names_by_home
from sphinx_policyspec.cli import commands
from sphinx_policyspec.compare.weights import RULES as WEIGHTS
from sphinx_policyspec.decision import STRENGTH_RULES
from sphinx_policyspec.graph.questions import Parameter, list_questions
from sphinx_policyspec.graph.terms import PREFIXES, ontology_dir
from sphinx_policyspec.model import Rule, rules
from sphinx_policyspec.model.attributes import MAPPINGS
from sphinx_policyspec.readers.cases import CASE, DELEGATES, EXPECT, ITEM, SEMANTICS, CaseKey
from sphinx_policyspec.readers.judgements import JUDGEMENT
from sphinx_policyspec.sphinx_ext import extension
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import PolicyDomain
from sphinx_policyspec.sphinx_ext.pages.declarations import ARGUMENTS, meaning_of

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
MARKED = re.compile(
    r"(?P<head>^(?:<!--|\.\.) (?P<part>\w+), written by `make reference`(?: -->)?\n).*?"
    r"(?P<end>^(?:<!--|\.\.) end of (?P=part)(?: -->)?$)",
    re.DOTALL | re.MULTILINE,
)
"""A part of a page, between its marks, which are comments in Markdown or reStructuredText."""
CASES = REPOSITORY / "tests" / "checks" / "cases"
"""The fixtures of each code; its loud one is shown."""
LANGUAGES = {".md": "markdown", ".myst": "markdown", ".rst": "rst", ".yaml": "text", ".py": "python"}

KINDS = (
    ("Classes", (OWL.Class,)),
    ("Relations", (OWL.ObjectProperty,)),
    ("Values", (OWL.DatatypeProperty, OWL.AnnotationProperty)),
    ("Individuals", (OWL.NamedIndividual,)),
)
RELATIONS = (
    ("Special case of", RDFS.subClassOf),
    ("Special case of", RDFS.subPropertyOf),
    ("Of", RDFS.domain),
    ("Holds", RDFS.range),
    ("Inverse of", OWL.inverseOf),
    ("Nothing is both this and", OWL.disjointWith),
    ("Never together with", OWL.propertyDisjointWith),
)
CHARACTERISTICS = {
    OWL.FunctionalProperty: "one at most",
    OWL.TransitiveProperty: "transitive",
    OWL.AsymmetricProperty: "never both ways",
    OWL.IrreflexiveProperty: "never to itself",
}

_MARKUP = re.compile(r"``(?P<literal>.+?)``(?!`)|:\w+:`~?(?P<target>[^`]+)`")
"""Literals of reST, which may hold backticks, and roles outside of them."""


def cell(value: object) -> str:
    """Return text for a cell of a Markdown table, its reST literals as Markdown ones."""
    return _MARKUP.sub(_as_markdown, " ".join(str(value).split())).replace("|", "\\|")


def _as_markdown(match: re.Match[str]) -> str:
    text = match["literal"] or match["target"]
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *(tuple(cell(value) for value in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def opening(thing: object) -> str:
    """Return the first paragraph of a docstring."""
    return (inspect.getdoc(thing) or "").split("\n\n")[0]


def command_line() -> str:
    """Return the help text of each command."""
    parent = click.Context(
        commands, info_name="policyspec", **{**commands.context_settings, "terminal_width": 100}
    )
    helps = {"policyspec": commands.get_help(parent)}
    for name in commands.list_commands(parent):
        if command := commands.get_command(parent, name):
            context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
            helps[f"policyspec {name}"] = command.get_help(context)
            for part, inner in command.commands.items() if isinstance(command, click.Group) else ():
                below = click.Context(inner, info_name=part, parent=context, terminal_width=100)
                helps[f"policyspec {name} {part}"] = inner.get_help(below)
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps.items())


SECTIONS = {
    "api.reading": "Reading",
    "sources": "Reading",
    "api.asking": "Asking",
    "graph": "Asking",
    "api.beside": "Asking",
    "beside": "Asking",
    "api.judging": "Checking and deciding",
    "checks": "Checking and deciding",
    "exports": "Checking and deciding",
    "readers": "Checking and deciding",
    "api.alignments": "Alignments",
    "alignments": "Alignments",
    "api.overlays": "Overlays",
    "overlays": "Overlays",
    "readers.overlays": "Overlays",
    "api.packs": "Context packs",
    "packs": "Context packs",
    "api.evals": "Evaluating",
    "evals": "Evaluating",
    "api.feedback": "Feedback",
    "feedback": "Feedback",
    "api.drafting": "Drafts",
    "drafting": "Drafts",
    "api.decision_records": "Records of decisions",
    "decision_records": "Records of decisions",
    "model.decision_records": "Records of decisions",
    "api.proposals": "Proposals",
    "proposals": "Proposals",
    "api.training": "Teaching",
    "training": "Teaching",
    "api.comparing": "Comparing",
    "compare": "Comparing",
    "trends": "Comparing",
    "api.publishing": "Publishing",
    "publishing": "Publishing",
    "exports.schemas": "Publishing",
    "reasoning": "Reasoning",
    "decision": "Decisions",
    "surveys": "What is left open",
    "errors": "What can go wrong",
    "files": "The model",
    "model": "The model",
}
"""Where the public names of a module stand in the reference, by the longest beginning of its name."""


def public_names() -> str:
    """Return what each public name stands for, in reStructuredText, functions first."""
    sections: dict[str, list[str]] = {title: [] for title in SECTIONS.values()}
    for home, names in names_by_home().items():
        place = max((place for place in SECTIONS if f"{home}.".startswith(f"{place}.")), key=len)
        sections[SECTIONS[place]] += [_public(home, name) for name in names]
    return "\n\n".join(
        "\n\n".join(
            (f"{title}\n{'-' * len(title)}", *sorted(found, key=lambda text: "autofunction" not in text))
        )
        for title, found in sections.items()
        if found
    )


def _public(home: str, name: str) -> str:
    thing = getattr(sphinx_policyspec, name)
    if inspect.isroutine(thing) or hasattr(thing, "cache_info"):
        return f".. autofunction:: sphinx_policyspec.{name}"
    if inspect.isclass(thing):
        return f".. autoclass:: sphinx_policyspec.{name}\n   :members:\n   :show-inheritance:"
    said = ModuleAnalyzer.for_module(f"sphinx_policyspec.{home}").find_attr_docs()["", name]
    return f".. py:data:: sphinx_policyspec.{name}\n\n   {' '.join(said).strip()}"


def directives() -> str:
    """Return every directive of the domain with its argument, content and options."""
    parts = []
    for name, kind in (dict[str, Any](PolicyDomain.directives) | extension.directives()).items():
        meaning = re.sub(r":\s*``policy:[\w-]+``(?=[.,;]|$)", "", opening(kind))
        holds = [f"Argument: {ARGUMENTS[name]}." if name in ARGUMENTS else "No argument."]
        holds.append("Content: yes." if kind.has_content else "No content.")
        rows = [(f"`{option}`", meaning_of(name, option)) for option in kind.option_spec or {}]
        options = table(("Option", "Holds"), rows) if rows else "No options."
        parts.append(f"### policy:{name}\n\n{cell(meaning)}\n\n{' '.join(holds)}\n\n{options}")
    return "\n\n".join(parts)


def roles() -> str:
    """Return every role of the domain with what it is for."""
    types = PolicyDomain.object_types.items()
    rows = []
    for name, role in (dict[str, Any](PolicyDomain.roles) | extension.roles()).items():
        named = " or ".join(f"a {kind.lname}" for _, kind in types if name in kind.roles)
        meaning = f"Refers to {named}, by id." if named else opening(role)
        rows.append((f"`policy:{name}`", meaning.replace("a example", "an example")))
    return table(("Role", "Meaning"), rows)


def configuration() -> str:
    """Return every option with its default and help."""
    options = dataclasses.fields(PolicySpecConfig)
    standard = PolicySpecConfig()
    rows = [
        (f"`policyspec_{o.name}`", f"`{getattr(standard, o.name)!r}`", o.metadata["help"]) for o in options
    ]
    return table(("Option", "Default", "Meaning"), rows)


def questions() -> str:
    """Return every named question with its parameters and columns."""
    rows = []
    for question in list_questions():
        former = "".join(f" Formerly `{name}`." for name in question.formerly)
        parameters = ", ".join(map(_parameter, question.parameters)) or "-"
        rows.append(
            (f"`{question.name}`", f"{question.text}{former}", parameters, " ".join(question.columns))
        )
    return table(("Name", "Question", "Parameters", "Columns"), rows)


def _parameter(parameter: Parameter) -> str:
    """Return a parameter with what it holds, and what it is if it is not given."""
    default = {None: "required", "": "optional"}.get(parameter.default, f"`{parameter.default}`")
    return f"`{parameter.name}` ({'role or level' if parameter.type == 'speaker' else parameter.type}, {default})"


def ontology() -> str:
    """Return the terms by kind, as Markdown; the anchor of a term is its name, as the redirect of its IRI needs."""
    graph = rdflib.Graph().parse(ontology_dir() / "policyspec.ttl")
    parts = []
    for heading, kinds in KINDS:
        terms = sorted({URIRef(str(term)) for kind in kinds for term in graph.subjects(RDF.type, kind)})
        ours = [_term(graph, term) for term in terms if term.startswith(PREFIXES["ps"])]
        parts.append("\n\n".join((f"## {heading}", *ours)))
    return "\n\n".join(parts)


def _term(graph: rdflib.Graph, term: URIRef) -> str:
    name = term.removeprefix(PREFIXES["ps"])
    lines = [
        f'<span id="{name}"></span>',
        "",
        f"### `ps:{name}`",
        "",
        str(graph.value(term, SKOS.definition)),
        "",
        *(f"- {fact}" for fact in _facts(graph, term)),
        "",
        "```turtle",
        str(graph.value(term, SKOS.example)).replace(" ; ", " ;\n    "),
        "```",
    ]
    return "\n".join(lines)


def _facts(graph: rdflib.Graph, term: URIRef) -> Iterator[str]:
    for words, relation in RELATIONS:
        named = [
            _link(graph, node)
            for node in sorted(graph.objects(term, relation), key=str)
            if _is_named(graph, node)
        ]
        if named:
            yield f"{words}: {', '.join(named)}"
    told = [words for kind, words in CHARACTERISTICS.items() if (term, RDF.type, kind) in graph]
    if told:
        yield f"Always: {', '.join(told)}"
    below = {*graph.subjects(RDFS.subClassOf, term), *graph.subjects(RDFS.subPropertyOf, term)}
    if below:
        yield f"Special cases: {', '.join(_link(graph, node) for node in sorted(below, key=str))}"


def _is_named(graph: rdflib.Graph, node: rdflib.term.Node) -> bool:
    """Return whether a node can be told in a few words: a term, or a union of terms."""
    return isinstance(node, URIRef) or graph.value(node, OWL.unionOf) is not None


def _link(graph: rdflib.Graph, node: rdflib.term.Node) -> str:
    """Return a term, or a union of terms, as HTML that leads to those of ours."""
    if not isinstance(node, URIRef):
        union = graph.value(node, OWL.unionOf)
        return " or ".join(_link(graph, part) for part in Collection(graph, union)) if union else ""
    shown = f"<code>{graph.namespace_manager.normalizeUri(node)}</code>"
    ours = PREFIXES["ps"]
    return f'<a href="#{node.removeprefix(ours)}">{shown}</a>' if node.startswith(ours) else shown


def alignments() -> str:
    """Return how terms relate to those of other vocabularies, by vocabulary."""
    graph = rdflib.Graph().parse(ontology_dir() / "alignments.ttl")
    rows: dict[str, list[tuple[str, ...]]] = {}
    for axiom in graph.subjects(rdflib.RDF.type, rdflib.OWL.Axiom):
        ours, relation, theirs = (
            graph.namespace_manager.normalizeUri(str(graph.value(axiom, part)))
            for part in (rdflib.OWL.annotatedSource, rdflib.OWL.annotatedProperty, rdflib.OWL.annotatedTarget)
        )
        lost = str(graph.value(axiom, rdflib.RDFS.comment))
        rows.setdefault(theirs.partition(":")[0], []).append(
            (f"`{ours}`", f"`{relation}`", f"`{theirs}`", lost)
        )
    head = ("Term", "Relation", "Term there", "What is lost")
    names = {
        "dcterms": "DCTERMS",
        "earl": "EARL",
        "odrl": "ODRL 2.2",
        "prov": "PROV-O",
        "schema": "schema.org",
    }
    return "\n\n".join(
        f"### {names.get(prefix, prefix.upper())}\n\n{table(head, sorted(found))}"
        for prefix, found in sorted(rows.items())
    )


def sidecar() -> str:
    """Return every key of an annotation file."""
    places = {"one": "", "list": ", a list", "by id": ", by id"}
    rows = [
        (
            f"`{part.name}`{places[part.holds]}",
            f"`{key.name}`",
            f"{key.about}{' Required.' if key.required else ''}"
            + (f" One of {', '.join(f'`{choice}`' for choice in key.choices)}." if key.choices else ""),
            "list" if key.many else "text",
        )
        for whole in MAPPINGS
        for part in (whole, *whole.parts)
        for key in part.keys
    ]
    return table(("Part", "Key", "Meaning", "Holds"), rows)


def cases() -> str:
    """Return every key of a case, by the mapping that holds it."""
    parts = {
        "A case": CASE,
        "An item": ITEM,
        "`delegates`": DELEGATES,
        "`semantics`": SEMANTICS,
        "`expect`": EXPECT,
    }
    return "\n\n".join(f"## {name}\n\n{_keys(keys)}" for name, keys in parts.items())


def judgements() -> str:
    """Return every key of a judgement."""
    return _keys(JUDGEMENT)


def _keys(keys: Iterable[CaseKey]) -> str:
    rows = [(f"`{key.name}`", key.about, "required" if key.required else key.default or "-") for key in keys]
    return table(("Key", "Meaning", "Default"), rows)


def strength_rules() -> str:
    """Return the rules of strength in the order in which they are asked."""
    rows = [(f"`{rule.id}`", f"{rule.name}: {rule.about}", f"`{rule.source}`") for rule in STRENGTH_RULES]
    return table(("Rule", "Meaning", "Section of the Model Spec"), rows)


def findings() -> str:
    """Return every code by category, with its reason and the text in which it is found."""
    return "\n\n".join(
        "\n\n".join((f"## {category.heading}", *map(_rule, alike)))
        for category, alike in groupby(rules().values(), key=lambda rule: rule.category)
    )


def weights() -> str:
    """Return the rules that weigh changes, in the order in which they are tried."""
    rows = [(f"`{rule.name}`", rule.weight.value, rule.why) for rule in WEIGHTS]
    return table(("Rule", "Weight", "It applies where"), rows)


def _rule(rule: Rule) -> str:
    variant = f", {rule.variant}" if rule.variant else ""
    lines = [
        f"### `{rule.code}`",
        "",
        f"{rule.pattern[0].upper()}{rule.pattern[1:]}.",
        "",
        f"- Severity: {rule.severity.value}{variant}",
        f"- Why: {rule.rationale} ({rule.source})",
        f"- To fix it: {rule.fix}",
    ]
    loud = [path for path in (CASES / rule.code).glob("bad.*") if path.suffix in LANGUAGES]
    for path in loud:
        text = path.read_text(encoding="utf-8", errors="replace").rstrip()
        lines += ["", f"```````{LANGUAGES[path.suffix]}", text, "```````"]
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    part.__name__: part
    for part in (
        command_line,
        public_names,
        directives,
        roles,
        configuration,
        questions,
        ontology,
        alignments,
        sidecar,
        cases,
        judgements,
        strength_rules,
        findings,
        weights,
    )
}
"""What stands between the marks of each name."""


def filled(text: str) -> str:
    """Return a page with what its marks name between them."""
    return MARKED.sub(lambda match: f"{match['head']}\n{PARTS[match['part']]()}\n\n{match['end']}", text)


def written() -> dict[Path, str]:
    """Return what the pages with marks must hold."""
    pages = {page: page.read_text("utf-8") for page in sorted((*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")))}
    return {page: filled(text) for page, text in pages.items() if MARKED.search(text)}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, "utf-8")
