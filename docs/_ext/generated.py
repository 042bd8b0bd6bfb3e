"""The directive ``generated``: reference pages that are read off the code."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import ClassVar

import click
import rdflib
import terms
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from sphinx_policyspec.cli import commands
from sphinx_policyspec.compare.weights import RULES as WEIGHTS
from sphinx_policyspec.decision import STRENGTH_RULES
from sphinx_policyspec.graph.questions import list_questions
from sphinx_policyspec.graph.terms import ontology_dir
from sphinx_policyspec.model import Rule, rules
from sphinx_policyspec.readers.annotations import MAPPINGS
from sphinx_policyspec.readers.cases import CASE, DELEGATES, EXPECT, ITEM, SEMANTICS
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.pages.declarations import ARGUMENTS, meaning_of

CASES = Path(__file__).resolve().parents[2] / "tests" / "checks" / "cases"
"""The fixtures of each code; its loud one is shown."""
LANGUAGES = {".md": "markdown", ".myst": "markdown", ".rst": "rst", ".yaml": "text", ".py": "python"}


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


def command_line(_env: BuildEnvironment) -> str:
    """Return the help text of each command."""
    parent = click.Context(commands, info_name="policyspec", terminal_width=100)
    helps = {"policyspec": commands.get_help(parent)}
    for name in commands.list_commands(parent):
        if command := commands.get_command(parent, name):
            context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
            helps[f"policyspec {name}"] = command.get_help(context)
    return "\n\n".join(f"## {name}\n\n```text\n{text}\n```" for name, text in helps.items())


def directives(env: BuildEnvironment) -> str:
    """Return every directive of the domain with its argument, content and options."""
    parts = []
    for name, kind in env.domains["policy"].directives.items():
        meaning = re.sub(r":\s*``policy:[\w-]+``(?=[.,;]|$)", "", opening(kind))
        holds = [f"Argument: {ARGUMENTS[name]}." if name in ARGUMENTS else "No argument."]
        holds.append("Content: yes." if kind.has_content else "No content.")
        rows = [(f"`{option}`", meaning_of(name, option)) for option in kind.option_spec or {}]
        options = table(("Option", "Holds"), rows) if rows else "No options."
        parts.append(f"### policy:{name}\n\n{cell(meaning)}\n\n{' '.join(holds)}\n\n{options}")
    return "\n\n".join(parts)


def roles(env: BuildEnvironment) -> str:
    """Return every role of the domain with what it is for."""
    types = env.domains["policy"].object_types.items()
    rows = []
    for name, role in env.domains["policy"].roles.items():
        named = " or ".join(f"a {kind.lname}" for _, kind in types if name in kind.roles)
        meaning = f"Refers to {named}, by id." if named else opening(role)
        rows.append((f"`policy:{name}`", meaning.replace("a example", "an example")))
    return table(("Role", "Meaning"), rows)


def configuration(_env: BuildEnvironment) -> str:
    """Return every option with its default and help."""
    options = dataclasses.fields(PolicySpecConfig)
    standard = PolicySpecConfig()
    rows = [
        (f"`policyspec_{o.name}`", f"`{getattr(standard, o.name)!r}`", o.metadata["help"]) for o in options
    ]
    return table(("Option", "Default", "Meaning"), rows)


def questions(_env: BuildEnvironment) -> str:
    """Return every named question with its parameters and columns."""
    rows = []
    for question in list_questions():
        parameters = " ".join(f"`{p.name}` ({p.type}, `{p.default}`)" for p in question.parameters) or "-"
        rows.append((f"`{question.name}`", question.text, parameters, " ".join(question.columns)))
    return table(("Name", "Question", "Parameters", "Columns"), rows)


def ontology(_env: BuildEnvironment) -> str:
    """Return the terms of the ontology, by kind."""
    return terms.ontology()


def alignments(_env: BuildEnvironment) -> str:
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


def sidecar(_env: BuildEnvironment) -> str:
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
        for part in MAPPINGS
        for key in part.keys
    ]
    return table(("Part", "Key", "Meaning", "Holds"), rows)


def cases(_env: BuildEnvironment) -> str:
    """Return every key of a case, by the mapping that holds it."""
    parts = {
        "A case": CASE,
        "An item": ITEM,
        "`delegates`": DELEGATES,
        "`semantics`": SEMANTICS,
        "`expect`": EXPECT,
    }
    return "\n\n".join(
        f"## {name}\n\n"
        + table(
            ("Key", "Meaning", "Default"),
            [
                (f"`{key.name}`", key.about, "required" if key.required else key.default or "-")
                for key in keys
            ],
        )
        for name, keys in parts.items()
    )


def strength_rules(_env: BuildEnvironment) -> str:
    """Return the rules of strength in the order in which they are asked."""
    rows = [(f"`{rule.id}`", f"{rule.name}: {rule.about}", f"`{rule.source}`") for rule in STRENGTH_RULES]
    return table(("Rule", "Meaning", "Section of the Model Spec"), rows)


def findings(_env: BuildEnvironment) -> str:
    """Return every code by category, with its reason and the text in which it is found."""
    return "\n\n".join(
        "\n\n".join((f"## {category.heading}", *map(_rule, alike)))
        for category, alike in groupby(rules().values(), key=lambda rule: rule.category)
    )


def weights(_env: BuildEnvironment) -> str:
    """Return the rules that weigh changes, in the order in which they are tried."""
    rows = [(f"`{rule.name}`", rule.weight.value, rule.why) for rule in WEIGHTS]
    return table(("Rule", "Weight", "It applies where"), rows)


def _rule(rule: Rule) -> str:
    variant = f", {rule.variant}" if rule.variant else ""
    lines = [
        f"({rule.code})=",
        f"### `{rule.code}`",
        "",
        f"{rule.found[0].upper()}{rule.found[1:]}.",
        "",
        f"- Severity: {rule.severity.value}{variant}",
        f"- Why: {rule.rationale} ({rule.source})",
        f"- To mend it: {rule.mend}",
    ]
    loud = [path for path in (CASES / rule.code).glob("bad.*") if path.suffix in LANGUAGES]
    for path in loud:
        text = path.read_text(encoding="utf-8", errors="replace").rstrip()
        lines += ["", f"```````{LANGUAGES[path.suffix]}", text, "```````"]
    return "\n".join(lines)


class Generated(SphinxDirective):
    """Put in a part of the reference that one of the functions above writes as Markdown."""

    required_arguments = 1
    parts: ClassVar[dict[str, Callable[[BuildEnvironment], str]]] = {
        part.__name__: part
        for part in (
            command_line,
            directives,
            roles,
            configuration,
            questions,
            ontology,
            alignments,
            sidecar,
            cases,
            strength_rules,
            findings,
            weights,
        )
    }

    def run(self) -> list[nodes.Node]:
        """Parse the Markdown; the page is read anew at each build, since its source is code."""
        self.env.note_reread()
        text = self.parts[self.arguments[0]](self.env)
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
