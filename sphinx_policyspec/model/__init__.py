"""What a behaviour spec says, as frozen dataclasses; nothing but the standard library."""

from sphinx_policyspec.model.authority import AuthorityLevel, OverrideMode, overriders
from sphinx_policyspec.model.blocks import Block, Commentary, Definition, Prose
from sphinx_policyspec.model.case import (
    Case,
    Delegation,
    Duty,
    Expectation,
    Item,
    Label,
    Outcome,
    Semantics,
    Status,
    Value,
)
from sphinx_policyspec.model.companions import Changelog, ChangelogEntry, EvalTag, PromptFile
from sphinx_policyspec.model.example import (
    Comparison,
    EvalPrompt,
    Example,
    Fragment,
    FragmentKind,
    Gap,
    Message,
    Response,
    Turn,
    Verdict,
    is_language,
    messages_of,
    plain_name,
)
from sphinx_policyspec.model.finding import Finding, Severity, Span
from sphinx_policyspec.model.provision import Clause, Principle, Provision, Section
from sphinx_policyspec.model.reference import Carrier, Link, Reference, ReferenceForm, TargetKind
from sphinx_policyspec.model.rule import Category, Rule
from sphinx_policyspec.model.spec import Document, Markup, Spec
from sphinx_policyspec.model.subjects import Goal, Topic

__all__ = [
    "AuthorityLevel",
    "Block",
    "Carrier",
    "Case",
    "Category",
    "Changelog",
    "ChangelogEntry",
    "Clause",
    "Commentary",
    "Comparison",
    "Definition",
    "Delegation",
    "Document",
    "Duty",
    "EvalPrompt",
    "EvalTag",
    "Example",
    "Expectation",
    "Finding",
    "Fragment",
    "FragmentKind",
    "Gap",
    "Goal",
    "Item",
    "Label",
    "Link",
    "Markup",
    "Message",
    "Outcome",
    "OverrideMode",
    "Principle",
    "PromptFile",
    "Prose",
    "Provision",
    "Reference",
    "ReferenceForm",
    "Response",
    "Rule",
    "Section",
    "Semantics",
    "Severity",
    "Span",
    "Spec",
    "Status",
    "TargetKind",
    "Topic",
    "Turn",
    "Value",
    "Verdict",
    "is_language",
    "messages_of",
    "overriders",
    "plain_name",
]
