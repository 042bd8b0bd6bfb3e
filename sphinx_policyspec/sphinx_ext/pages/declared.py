"""What a directive says, left on its node until the page is read in full."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from docutils import nodes

from sphinx_policyspec.model import (
    AuthorityLevel,
    Commentary,
    Definition,
    EvalPrompt,
    Example,
    Finding,
    Goal,
    Link,
    Message,
    Principle,
    Reference,
    Span,
    Spec,
    Topic,
    Turn,
)

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.sphinx_ext.domain.records import Question

__all__ = [
    "Conversation",
    "Declared",
    "declared_on",
    "findings_on",
    "leave_findings",
    "note_finding",
    "start_of",
    "take_findings",
]

_KEY = "policyspec"
_FINDINGS = "policyspec_findings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The turns of a compact conversation, with the references and links that its reader found."""

    turns: tuple[Turn, ...]
    references: tuple[Reference, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one directive says.

    :param item: a model object; what only its surroundings can tell is still missing
    :param span: its lines
    :param is_block: a provision that is not the section around the directive but its own content
    :param places: for some options, the line that each stands on
    """

    item: (
        Principle
        | Example
        | EvalPrompt
        | Goal
        | Message
        | Conversation
        | Definition
        | Commentary
        | Topic
        | AuthorityLevel
        | Spec
        | Question
    )
    span: Span
    is_block: bool = False
    places: tuple[tuple[str, Span], ...] = ()

    def on(self, node: nodes.Element) -> None:
        """Leave this on a node."""
        node[_KEY] = self


def declared_on(node: nodes.Node, *, take: bool = False) -> Declared | None:
    """Return what a directive left on a node; ``take`` removes it, so that no doctree keeps it."""
    if not isinstance(node, nodes.Element) or _KEY not in node.attributes:
        return None
    found = cast("Declared", node[_KEY])
    if take:
        del node[_KEY]
    return found


def start_of(declared: Declared) -> Span:
    """Return the first line of a directive."""
    span = declared.span
    return replace(span, end_line=min(span.line + 1, span.end_line))


def note_finding(env: BuildEnvironment, finding: Finding) -> None:
    """Keep a finding about the page being read."""
    env.temp_data[_FINDINGS] = (*take_findings(env), finding)


def leave_findings(env: BuildEnvironment, found: Iterable[nodes.Node], around: tuple[Finding, ...]) -> None:
    """Leave the findings that were noted since ``around`` was taken on what they are about."""
    own = take_findings(env)
    holder = next((node for node in found if isinstance(node, nodes.Element)), None)
    if holder is not None and own:
        holder[_FINDINGS] = (*findings_on(holder), *own)
        own = ()
    if around or own:
        env.temp_data[_FINDINGS] = (*around, *own)


def findings_on(node: nodes.Element) -> tuple[Finding, ...]:
    """Return the findings that lie on a node, and take them off it, so that no doctree keeps them."""
    return cast("tuple[Finding, ...]", node.attributes.pop(_FINDINGS, ()))


def take_findings(env: BuildEnvironment) -> tuple[Finding, ...]:
    """Return the findings about the page being read, and forget them."""
    return cast("tuple[Finding, ...]", env.temp_data.pop(_FINDINGS, ()))
