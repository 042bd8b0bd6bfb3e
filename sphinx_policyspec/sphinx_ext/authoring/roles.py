"""Roles that are no references: a clause with a level of its own, and a number that a question gives."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.nodes import Node, system_message
from docutils.utils import unescape
from sphinx.util.docutils import SphinxRole

from sphinx_policyspec.model import Finding, Severity, TargetKind
from sphinx_policyspec.sphinx_ext.authoring.declared import (
    Declared,
    leave_findings,
    note_finding,
    take_findings,
)
from sphinx_policyspec.sphinx_ext.authoring.places import source_of
from sphinx_policyspec.sphinx_ext.domain.records import Question, pending_reference
from sphinx_policyspec.sphinx_ext.nodes.nodes import PolicyClause, PolicyCount

__all__ = ["ClauseRole", "CountRole"]

_PARTS = re.compile(r"(?P<text>.*)<(?P<given>[^<>]*)>\s*", re.DOTALL)
_PARAMETER = re.compile(r"(?P<name>[\w-]++)\s*+=\s*+(?P<value>.*)")
_TRANSLATED = ":<translated>"


class _GivenRole(SphinxRole):
    """A role whose text may end with ``<name=value, …>``."""

    def run(self) -> tuple[list[Node], list[system_message]]:
        """Return the node of the role, with what is wrong with it."""
        around = take_findings(self.env)
        found = self.build()
        leave_findings(self.env, [found], around)
        return [found], []

    def build(self) -> nodes.Element:
        """Return the node of the role."""
        raise NotImplementedError

    def given(self) -> tuple[str, dict[str, str]]:
        """Return the text, and what stands in the angle brackets."""
        text = unescape(self.text)
        found = _PARTS.fullmatch(text)
        if found is None:
            return " ".join(text.split()), {}
        values = {}
        for part in filter(str.strip, found["given"].split(",")):
            match = _PARAMETER.fullmatch(part.strip())
            if match is None:
                self.find(f"`{part.strip()}` is no parameter", "write `name=value`")
            else:
                values[match["name"]] = " ".join(match["value"].split())
        return " ".join(found["text"].split()), values

    @property
    def place(self) -> tuple[str, int]:
        """The file and line of the role; those of its original where a translation is read."""
        source, line = self.get_source_info()
        return str(source or self.env.doc2path(self.env.docname)).removesuffix(_TRANSLATED), int(line or 1)

    def find(self, message: str, hint: str) -> None:
        """Note what is wrong with the role, once: a translation says the same again."""
        if str(self.get_source_info()[0]).endswith(_TRANSLATED):
            return
        path, line = self.place
        span = source_of(self.env, path).span(line)
        severity = Severity.WARNING
        note_finding(
            self.env,
            Finding(code="invalid-role", severity=severity, message=message, span=span, hint=hint),
        )


class ClauseRole(_GivenRole):
    """Words of a principle that bind less than the rest: ``:policy:clause:`by default <level=guideline>```."""

    def build(self) -> nodes.Element:
        """Return the words, and the level that they have."""
        text, given = self.given()
        level = given.pop("level", "")
        if given or not level or not text:
            self.find(
                f"`{self.name}` needs words and a level", f"write `{text or 'words'} <level=guideline>`"
            )
        clause = PolicyClause(self.rawtext, "", nodes.Text(text), classes=["ps-clause"], level=level)
        if level:
            shown = nodes.inline("", " (", classes=["ps-clause-level"])
            shown += [
                pending_reference(self.env.docname, level, kind=TargetKind.LEVEL, place=self.place),
                nodes.Text(")"),
            ]
            clause += shown
        clause.source, clause.line = self.place
        return clause


class CountRole(_GivenRole):
    """The number of rows of a named question: ``:policy:count:`hard-rules```, with ``<topic=honesty>``."""

    def build(self) -> nodes.Element:
        """Return the place of the number."""
        name, given = self.given()
        path, line = self.place
        if not name:
            self.find(f"`{self.name}` asks nothing", "write the name of a question")
        source = source_of(self.env, path)
        question = Question(name=name, params=tuple(given.items()), format="count", span=source.span(line))
        place = PolicyCount(self.rawtext, "", classes=["ps-count"])
        Declared(item=question, span=question.span).on(place)
        return place
