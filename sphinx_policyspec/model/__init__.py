"""What a behaviour spec says, as frozen dataclasses; nothing but the standard library."""

# fmt: off
from sphinx_policyspec.model.case import (
    Case as Case, Defect as Defect, Delegation as Delegation, Direction as Direction, Duty as Duty, Expectation as Expectation,
    Item as Item, JudgedKind as JudgedKind, Judgement as Judgement, Label as Label, Outcome as Outcome,
    Semantics as Semantics, Status as Status, Triage as Triage, Value as Value,
)
from sphinx_policyspec.model.example import (
    Comparison as Comparison, EvalPrompt as EvalPrompt, Example as Example, Fragment as Fragment,
    FragmentKind as FragmentKind, Gap as Gap, Message as Message, Response as Response, Turn as Turn,
    Verdict as Verdict, is_language as is_language, messages_of as messages_of, plain_name as plain_name,
)
from sphinx_policyspec.model.finding import (
    Category as Category, Finding as Finding, Follows as Follows, Loses as Loses, Rule as Rule, Severity as Severity, Span as Span,
    rules as rules,
)
from sphinx_policyspec.model.levels import (
    AuthorityLevel as AuthorityLevel, OverrideMode as OverrideMode, overriders as overriders,
    roles_that_override as roles_that_override, speaker as speaker, who_may_override as who_may_override,
)
from sphinx_policyspec.model.overlays import (
    Operation as Operation, Origin as Origin, RebaseEffect as RebaseEffect, Refusal as Refusal,
    RefusalCode as RefusalCode, SpecStatement as SpecStatement,
    StatementMode as StatementMode, Surface as Surface, VerdictNote as VerdictNote, origins as origins, touched_examples as touched_examples,
)
from sphinx_policyspec.model.provision import (
    Block as Block, Carrier as Carrier, Changelog as Changelog, ChangelogEntry as ChangelogEntry,
    Clause as Clause, Comment as Comment, Commentary as Commentary, Definition as Definition,
    EvalTag as EvalTag, Goal as Goal, Link as Link, Principle as Principle, Priority as Priority, PromptFile as PromptFile,
    Prose as Prose, Provision as Provision, Reference as Reference, ReferenceForm as ReferenceForm,
    Section as Section, TargetKind as TargetKind, Topic as Topic,
)
from sphinx_policyspec.model.spec import Document as Document, Markup as Markup, Spec as Spec
