# The public names, each with where it is at home: the one list of them, which the package and its reference read.
# fmt: off
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from sphinx_policyspec.alignments import (
    Alignment as Alignment, MappingRow as MappingRow, MatchPredicate as MatchPredicate,
)
from sphinx_policyspec.alignments.cases import (
    Counterpart as Counterpart, EachDecision as EachDecision, EachDecisions as EachDecisions,
)
from sphinx_policyspec.alignments.check import AlignmentReport as AlignmentReport, ChangedText as ChangedText
from sphinx_policyspec.alignments.drafts import AlignmentUpdate as AlignmentUpdate
from sphinx_policyspec.alignments.sides import (
    AlignedSides as AlignedSides, AlignedSpecs as AlignedSpecs, AlignedThing as AlignedThing,
)
from sphinx_policyspec.api.alignments import (
    check_alignment as check_alignment, decide_each as decide_each, new_alignment as new_alignment, read_alignment as read_alignment,
    update_alignment as update_alignment,
)
from sphinx_policyspec.api.asking import (
    ask as ask, by_topic as by_topic, inferred_base as inferred_base, knowledge_base as knowledge_base, load_specs as load_specs,
    query as query, reason as reason, to_graph as to_graph, to_owl as to_owl, to_rdf as to_rdf,
    write_rdf as write_rdf,
)
from sphinx_policyspec.api.beside import read_beside as read_beside
from sphinx_policyspec.beside import NOTHING_BESIDE as NOTHING_BESIDE, Beside as Beside, BesideFiles as BesideFiles
from sphinx_policyspec.api.comparing import (
    check_lock as check_lock, diff as diff, diff_cases as diff_cases, history as history, judge as judge,
    lock as lock, read_lock as read_lock, review_changelog as review_changelog, section_trends as section_trends,
    write_judgement as write_judgement,
)
from sphinx_policyspec.api.packs import context as context
from sphinx_policyspec.api.evals import export_prompts as export_prompts, read_results as read_results
from sphinx_policyspec.api.feedback import (
    anchor as anchor, check_feedback as check_feedback, find_anchors as find_anchors, import_feedback as import_feedback,
    read_web_annotations as read_web_annotations, web_annotation as web_annotation,
)
from sphinx_policyspec.api.decision_records import check_decision_records as check_decision_records
from sphinx_policyspec.decision_records.check import DecisionRecordReport as DecisionRecordReport
from sphinx_policyspec.decision_records.undocumented import UndocumentedChange as UndocumentedChange
from sphinx_policyspec.model.decision_records import (
    DecisionRecord as DecisionRecord, RecordSection as RecordSection, RecordStatus as RecordStatus,
)
from sphinx_policyspec.api.proposals import (
    AppliedProposal as AppliedProposal, apply_proposal as apply_proposal, check_proposal as check_proposal, proposed as proposed,
)
from sphinx_policyspec.api.drafting import (
    agenda as agenda, draft as draft, near_duplicates as near_duplicates,
)
from sphinx_policyspec.api.training import training_rows as training_rows
from sphinx_policyspec.api.overlays import (
    check_overlay as check_overlay, export_overlay as export_overlay, import_overlay as import_overlay,
    rebase_overlay as rebase_overlay, resolve_overlay as resolve_overlay,
)
from sphinx_policyspec.api.judging import (
    Fixes as Fixes, check as check, decide as decide, find_fixes as find_fixes, stats as stats,
    survey as survey,
)
from sphinx_policyspec.api.publishing import (
    Forms as Forms, Rendered as Rendered, ask_servers as ask_servers, query_servers as query_servers, build_handbook as build_handbook, forms_of as forms_of,
    init_project as init_project, publish as publish, render as render,
)
from sphinx_policyspec.api.reading import (
    ReadingOptions as ReadingOptions, Source as Source, load as load, load_all as load_all,
    load_all_checked as load_all_checked, load_checked as load_checked, load_pair as load_pair,
)
from sphinx_policyspec.checks.causes import Causes as Causes
from sphinx_policyspec.compare import (
    Change as Change, ChangeKind as ChangeKind, Match as Match, Reach as Reach,
    ReadingList as ReadingList, Run as Run, SpecDiff as SpecDiff, Subject as Subject,
    TextChange as TextChange, Weight as Weight,
)
from sphinx_policyspec.compare.change import ReplacedMessages as ReplacedMessages
from sphinx_policyspec.compare.history import (
    Claim as Claim, ClaimState as ClaimState, Lock as Lock, LockChange as LockChange, LockEntry as LockEntry,
    LockState as LockState, Moment as Moment, Review as Review,
)
from sphinx_policyspec.compare.rewording import SentenceChange as SentenceChange, SentenceOp as SentenceOp
from sphinx_policyspec.compare.sentences import Norm as Norm, TextSentence as TextSentence, Words as Words
from sphinx_policyspec.compare.words import Unit as Unit
from sphinx_policyspec.packs.pack import (
    ContextPack as ContextPack, ContextPart as ContextPart, PartKind as PartKind, QuotedText as QuotedText,
)
from sphinx_policyspec.publishing.report import GraphReport as GraphReport, PublishReport as PublishReport, Way as Way
from sphinx_policyspec.decision import (
    Decision as Decision, Difference as Difference, DifferenceKind as DifferenceKind, Norms as Norms,
    Reason as Reason, StrengthRule as StrengthRule,
)
from sphinx_policyspec.decision.behaviour import (
    BehaviourDiff as BehaviourDiff, CaseReading as CaseReading, CaseState as CaseState,
    ComparedCase as ComparedCase,
)
from sphinx_policyspec.decision.precedence import (
    Candidate as Candidate, Context as Context, RuleOutcome as RuleOutcome, Standing as Standing,
    Strength as Strength,
)
from sphinx_policyspec.decision.framework import Framework as Framework
from sphinx_policyspec.errors import (
    AnnotationError as AnnotationError, BaselineError as BaselineError, CodeError as CodeError, LockError as LockError, MissingToolError as MissingToolError,
    PdfError as PdfError, PolicySpecError as PolicySpecError, QueryError as QueryError,
    QueryLimitError as QueryLimitError, QueryWarning as QueryWarning, ReasonerError as ReasonerError, SchemaError as SchemaError,
    ServerError as ServerError, SourceError as SourceError, SourceWarning as SourceWarning, StarterError as StarterError,
    UnknownIdError as UnknownIdError, WriteError as WriteError,
)
from sphinx_policyspec.evals.join import (
    Disagreement as Disagreement, Join as Join, PromptRow as PromptRow, Unresolved as Unresolved,
)
from sphinx_policyspec.evals.measures import (
    Measure as Measure, Rate as Rate, Rows as Rows, measure as measure, measures as measures,
    planned_difference as planned_difference, rates as rates,
)
from sphinx_policyspec.evals.prompts import PromptExport as PromptExport
from sphinx_policyspec.feedback.anchors import (
    Anchor as Anchor, AnchorState as AnchorState, FoundAnchor as FoundAnchor,
)
from sphinx_policyspec.feedback.check import FeedbackReport as FeedbackReport
from sphinx_policyspec.feedback.register import ImportedFeedback as ImportedFeedback
from sphinx_policyspec.model.feedback import (
    Feedback as Feedback, FeedbackKind as FeedbackKind, FeedbackStatus as FeedbackStatus,
)
from sphinx_policyspec.model.proposals import (
    EditKind as EditKind, Proposal as Proposal, ProposalEdit as ProposalEdit, ProposalStatus as ProposalStatus,
)
from sphinx_policyspec.proposals.check import (
    CheckedProposal as CheckedProposal, ProposalEffects as ProposalEffects, ProposalReport as ProposalReport,
)
from sphinx_policyspec.drafting.agenda import Agenda as Agenda, AgendaItem as AgendaItem, Want as Want
from sphinx_policyspec.drafting.duplicates import NearDuplicate as NearDuplicate, NearDuplicates as NearDuplicates
from sphinx_policyspec.drafting.openings import Opening as Opening, OpeningKind as OpeningKind
from sphinx_policyspec.drafting.skeletons import ProposalDraft as ProposalDraft
from sphinx_policyspec.training.rows import TrainingRows as TrainingRows
from sphinx_policyspec.trends.sizes import (
    SectionSize as SectionSize, SectionTrend as SectionTrend, Trends as Trends,
)
from sphinx_policyspec.evals.records import EvalRun as EvalRun
from sphinx_policyspec.evals.results import Results as Results
from sphinx_policyspec.evals.rows import (
    ComparedRow as ComparedRow, ResultGroup as ResultGroup, ResultRow as ResultRow, Trend as Trend,
)
from sphinx_policyspec.exports.decisions import Decisions as Decisions
from sphinx_policyspec.exports.report_formats import Report as Report, Reported as Reported
from sphinx_policyspec.exports.schemas import json_schema as json_schema, list_schemas as list_schemas
from sphinx_policyspec.files import Brief as Brief
from sphinx_policyspec.graph.from_graph import from_graph as from_graph
from sphinx_policyspec.graph.guard import Limits as Limits
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase as KnowledgeBase
from sphinx_policyspec.graph.questions import (
    Answer as Answer, Cell as Cell, CellKind as CellKind, QueryForm as QueryForm,
    Parameter as Parameter, Question as Question, find_question as find_question,
    list_questions as list_questions,
)
from sphinx_policyspec.graph.releases import ChangeFact as ChangeFact, Revision as Revision, SpecReleases as SpecReleases
from sphinx_policyspec.graph.serialize import NamedGraph as NamedGraph, vocabulary as vocabulary
from sphinx_policyspec.graph.terms import (
    Blank as Blank, Foreign as Foreign, Iri as Iri, Term as Term, Triple as Triple,
)
from sphinx_policyspec.graph.touches import TouchKind as TouchKind
from sphinx_policyspec.model import (
    AuthorityLevel as AuthorityLevel, Carrier as Carrier, Case as Case, Category as Category,
    Changelog as Changelog, ChangelogEntry as ChangelogEntry, Clause as Clause, Comment as Comment,
    Commentary as Commentary, Comparison as Comparison, Definition as Definition, Delegation as Delegation,
    Direction as Direction, Document as Document, Duty as Duty, EvalPrompt as EvalPrompt,
    EvalTag as EvalTag, Example as Example, Expectation as Expectation, Finding as Finding, Follows as Follows,
    Fragment as Fragment, FragmentKind as FragmentKind,
    Gap as Gap, Goal as Goal, Item as Item, JudgedKind as JudgedKind,
    Judgement as Judgement, Defect as Defect, Triage as Triage, Label as Label, Link as Link, Markup as Markup,
    Loses as Loses, Message as Message, Outcome as Outcome, OverrideMode as OverrideMode, Principle as Principle,
    Priority as Priority, PromptFile as PromptFile, Prose as Prose, Provision as Provision, Reference as Reference,
    ReferenceForm as ReferenceForm, Response as Response, Rule as Rule, Semantics as Semantics,
    Severity as Severity, Span as Span, Spec as Spec, Status as Status, TargetKind as TargetKind,
    Topic as Topic, Verdict as Verdict, rules as rules,
)
from sphinx_policyspec.model.attributes import Owner as Owner
from sphinx_policyspec.model.outlines import Passage as Passage, passage_at as passage_at, passage_of as passage_of
from sphinx_policyspec.model.case import Value as Value
from sphinx_policyspec.model.example import Turn as Turn
from sphinx_policyspec.model.finding import Places as Places, Use as Use
from sphinx_policyspec.model.overlays import (
    Operation as Operation, Origin as Origin, RebaseEffect as RebaseEffect, Refusal as Refusal,
    RefusalCode as RefusalCode, SpecStatement as SpecStatement,
    StatementMode as StatementMode, Surface as Surface, VerdictNote as VerdictNote,
)
from sphinx_policyspec.model.provision import Block as Block
from sphinx_policyspec.overlays.check import OverlayReport as OverlayReport
from sphinx_policyspec.overlays.drafts import ImportedFile as ImportedFile, OverlayDraft as OverlayDraft
from sphinx_policyspec.overlays.export import ExportForm as ExportForm, OverlayExport as OverlayExport
from sphinx_policyspec.overlays.rebase import (
    OverlayRebase as OverlayRebase, RebasedStatement as RebasedStatement, RebaseFact as RebaseFact,
)
from sphinx_policyspec.overlays.resolve import OverlayResolution as OverlayResolution
from sphinx_policyspec.overlays.pages import (
    DraftCandidate as DraftCandidate, LineKind as LineKind, Mark as Mark,
)
from sphinx_policyspec.readers.overlays import (
    Overlay as Overlay, OverlayStatement as OverlayStatement, StatementExample as StatementExample,
    StatementTarget as StatementTarget, Upstream as Upstream,
)
from sphinx_policyspec.overlays.quotations import Quotation as Quotation
from sphinx_policyspec.overlays.verdicts import (
    PartVerdict as PartVerdict, StatementVerdict as StatementVerdict, Witness as Witness,
)
from sphinx_policyspec.readers.git import Checkout as Checkout
from sphinx_policyspec.readers.text import is_overlay as is_overlay, SourceLines as SourceLines
from sphinx_policyspec.reasoning.owl_view import OwlWorld as OwlWorld
from sphinx_policyspec.reasoning.reasoner import Contradiction as Contradiction, Reasoning as Reasoning
from sphinx_policyspec.reasoning.statements import Statement as Statement
from sphinx_policyspec.sources import (
    Loaded as Loaded, has_releases as has_releases, is_graph as is_graph,
    is_project as is_project,
)
from sphinx_policyspec.surveys import (
    Decider as Decider, OpenConflict as OpenConflict, Pair as Pair, Party as Party, PartyKind as PartyKind,
    RuleUse as RuleUse, Survey as Survey,
)

def setup(app: Sphinx) -> ExtensionMetadata: ...
