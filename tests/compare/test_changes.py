"""Each type of change, from the smallest pair of specs that has it, with its weight and rule; and its mirror image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest

from sphinx_policyspec.compare import (
    ChangeKind,
    Reach,
    Subject,
    Weight,
    compare,
    reading_list,
    with_judgements,
)
from sphinx_policyspec.compare.change import summary_of
from sphinx_policyspec.compare.weights import RULES
from sphinx_policyspec.exports.diff.wording import sentence
from sphinx_policyspec.model import (
    AuthorityLevel,
    Carrier,
    Clause,
    Commentary,
    Comparison,
    Definition,
    EvalPrompt,
    EvalTag,
    Example,
    Goal,
    OverrideMode,
    PromptFile,
    Prose,
    Reference,
    ReferenceForm,
    Section,
    Spec,
    TargetKind,
    Topic,
    Verdict,
)
from tests.conftest import LEVELS, at, example, message, principle, response, spec

LONG = (
    "The assistant answers every question of a visitor in plain words, tells where each answer comes from, "
    "and says so when it does not know enough to help."
)
SECOND = "Borrowed books are due after three weeks, unless nobody waits for them and the reader asks for more time."


def section(id: str, title: str = "", **fields: Any) -> Section:  # noqa: A002
    return Section(id=id, title=title or id, depth=1, span=at(), **fields)


def commentary(text: str) -> Commentary:
    return Commentary(label="Commentary", source="", text=text, span=at())


def definition(text: str, term: str = "Tool") -> Definition:
    return Definition(id="tool", term=term, source="", text=text, span=at())


def reference(target: str) -> Reference:
    return Reference(source="a", target=target, carrier=Carrier.TEXT, form=ReferenceForm.TITLE, span=at())


def tag(provision: str, clause: str = "Be kind") -> EvalTag:
    return EvalTag(tag="ab12", provision=provision, clause=clause, span=at())


def file(title: str = "A", text: str = "Hi") -> PromptFile:
    prompt = EvalPrompt(id="ab12/1", title="x", turns=(message(text=text),), span=at(), source="", tag="ab12")
    return PromptFile(tag="ab12", title=title, span=at(), source="", blocks=(prompt,))


def prompt(text: str = "Hi") -> EvalPrompt:
    return EvalPrompt(id="ask", title="x", turns=(message(text=text),), span=at(), source="")


def holding(*blocks: Any, **fields: Any) -> Spec:
    return spec(principle("a", text=LONG, blocks=(*principle("a", text=LONG).blocks, *blocks)), **fields)


def answers(*verdicts: Verdict) -> Any:
    texts = ("It is over there.", "Look for yourself.")
    shown = tuple(response(verdict, text) for verdict, text in zip(verdicts, texts, strict=True))
    return example("a-x", turns=(message(), Comparison(responses=shown, span=at())))


A = principle("a", text=LONG)
B = principle("b", text=SECOND)
HARD = principle("b", text=SECOND, authority="root")
EXCEPTION = principle("b", text=SECOND, exception_to=("a",))
HINT = replace(EXCEPTION, id="c", authority="guideline")
BAN = principle("b", text="The assistant must not tell what a reader borrowed, unless that reader asks.")
MAY = principle("a", text="Users may borrow two books.")
DEFAULT = Clause(principle="a", authority="guideline", text="in plain words", span=at())
"""A part of what ``A`` says."""


@dataclass(frozen=True)
class Case:
    old: Spec
    new: Spec
    subject: Subject
    kind: ChangeKind
    rule: str
    back: tuple[ChangeKind, str]
    """Kind and rule on the way back."""
    said: str


K, P, E = ChangeKind, Subject.PROVISION, Subject.EXAMPLE
SAME, UNCLEAR = "no-norm-changed", "principle-unclear"
LAW = replace(A, category="law")
NORM, HARD_NORM, FORM = "norm-changed", "hard-norm-changed", "form-changed"
CASES = {
    "principle": Case(spec(A), spec(A, BAN), P, K.ADDED, "principle-added", (K.REMOVED, "principle-removed"),
                      "new principle at level user"),
    "principle that does not forbid": Case(spec(A), spec(A, B), P, K.ADDED, UNCLEAR, (K.REMOVED, UNCLEAR), "new principle at level user"),
    "hard rule": Case(spec(A), spec(A, replace(BAN, authority="root")), P, K.ADDED, "hard-rule-added", (K.REMOVED, "hard-rule-removed"),
                      "new principle at level root"),
    "hard rule that does not forbid": Case(spec(A), spec(A, HARD), P, K.ADDED, "hard-rule-unclear", (K.REMOVED, "hard-rule-unclear"),
                                           "new principle at level root"),
    "exception": Case(spec(A), spec(A, EXCEPTION), P, K.ADDED, "exception-principle-added",
                      (K.REMOVED, "exception-principle-removed"), "new principle at level user"),
    "section": Case(spec(A), spec(A, section("s")), P, K.ADDED, "section-added", (K.REMOVED, "section-removed"),
                    "new section"),
    "rename": Case(spec(A), spec(replace(A, id="z", title="z")), P, K.RENAMED, SAME, (K.RENAMED, SAME),
                   "id was “a” (text)"),
    "title": Case(spec(A), spec(replace(A, title="Be fair")), P, K.RETITLED, NORM, (K.RETITLED, NORM),
                  "title was “A”"),
    "title of a section": Case(spec(section("s")), spec(section("s", "t")), P, K.RETITLED, SAME, (K.RETITLED, SAME),
                               "title was “s”"),
    "parent": Case(spec(section("s"), A), spec(section("s"), replace(A, parent="s", depth=2)), P, K.MOVED, SAME,
                   (K.MOVED, SAME), "moved from `nothing` to `s`"),
    "order": Case(spec(section("s"), section("t"), A), spec(A, section("s"), section("t")), P, K.REORDERED, SAME,
                  (K.REORDERED, SAME), "has another place among its siblings"),
    "level": Case(spec(A), spec(replace(A, authority="root")), P, K.LEVEL_RAISED, "level-raised",
                  (K.LEVEL_LOWERED, "hard-level-lost"), "level raised from user to root"),
    "lower level": Case(spec(A), spec(replace(A, authority="guideline")), P, K.LEVEL_LOWERED, "level-lowered",
                        (K.LEVEL_RAISED, "level-raised"), "level lowered from user to guideline"),
    "level of a hard permission": Case(spec(replace(MAY, authority="root")), spec(MAY), P, K.LEVEL_LOWERED, "hard-level-unclear",
                                       (K.LEVEL_RAISED, "permission-relevelled"), "level lowered from root to user"),
    "level of a permission": Case(spec(MAY), spec(replace(MAY, authority="system")), P, K.LEVEL_RAISED, "permission-relevelled",
                                  (K.LEVEL_LOWERED, "permission-relevelled"), "level raised from user to system"),
    "level without order": Case(spec(replace(A, authority="x"), principle("k", authority="x"), principle("l", authority="x")),
                                spec(A, principle("k", authority="x"), principle("l", authority="x")),
                                P, K.LEVEL_CHANGED, "level-changed", (K.LEVEL_CHANGED, "level-changed"),
                                "level changed from x to user"),
    "level lost": Case(spec(replace(A, authority="root"), principle("k", authority="x"), principle("l", authority="x")),
                       spec(replace(A, authority="x"), principle("k", authority="x"), principle("l", authority="x")),
                       P, K.LEVEL_CHANGED, "hard-level-unclear", (K.LEVEL_CHANGED, "level-changed"), "level changed from root to x"),
    "level gained": Case(spec(section("b", blocks=BAN.blocks)), spec(BAN), P, K.BECAME_PRINCIPLE, "principle-added",
                         (K.BECAME_SECTION, "principle-removed"), "has a level now: user"),
    "level gained by what does not forbid": Case(spec(section("a")), spec(principle("a", title="a")), P, K.BECAME_PRINCIPLE, UNCLEAR,
                                                 (K.BECAME_SECTION, UNCLEAR), "has a level now: user"),
    "level of an exception": Case(spec(A, EXCEPTION), spec(A, replace(EXCEPTION, authority="root")), P, K.LEVEL_RAISED, "exception-relevelled",
                                  (K.LEVEL_LOWERED, "exception-relevelled"), "level raised from user to root"),
    "scope": Case(spec(A), spec(replace(A, out_of_scope="the desk")), P, K.ATTRIBUTE, "scope-changed", (K.ATTRIBUTE, "scope-changed"),
                  "out-of-scope was nothing, is the desk"),
    "outside": Case(spec(A), spec(replace(A, rests_on=("urn:x:a",))), P, K.RELATION_ADDED, "scope-changed", (K.RELATION_REMOVED, "scope-changed"),
                    "rests-on: new `urn:x:a`"),
    "status": Case(spec(A), spec(replace(A, status="draft")), P, K.ATTRIBUTE, "status-changed", (K.ATTRIBUTE, "status-changed"),
                   "status was nothing, is draft"),
    "duty": Case(spec(A), spec(principle("a", text=f"{LONG} It must never guess.")), P, K.TEXT, NORM, (K.TEXT, NORM),
                 "text rewritten: 4 words added"),
    "duty of a hard rule": Case(spec(HARD), spec(replace(HARD, blocks=principle("b", text=f"{SECOND} It must.").blocks)),
                                P, K.TEXT, HARD_NORM, (K.TEXT, HARD_NORM), "text rewritten: 2 words added"),
    "other words of a hard rule": Case(spec(HARD), spec(replace(HARD, blocks=principle("b", text=SECOND.replace("Borrowed", "Lent")).blocks)),
                                       P, K.TEXT, NORM, (K.TEXT, NORM), "text rewritten: 1 word removed, 1 added"),
    "words": Case(spec(A), spec(principle("a", text=f"{LONG} Books help.")), P, K.TEXT, NORM, (K.TEXT, NORM),
                  "text rewritten: 2 words added"),
    "words of a section": Case(spec(section("s", blocks=A.blocks)), spec(section("s", blocks=principle("s", text=f"{LONG} Books help.").blocks)),
                               P, K.TEXT, "text-changed", (K.TEXT, "text-changed"), "text rewritten: 2 words added"),
    "form": Case(spec(A), spec(principle("a", text=LONG.replace("visitor", "Visitor").replace("and says", "and and says"))),
                 P, K.TEXT, FORM, (K.TEXT, FORM), "text rewritten: 1 word removed, 2 added"),
    "text of a section": Case(spec(section("s")), spec(section("s", blocks=A.blocks)), P, K.TEXT, NORM,
                              (K.TEXT, NORM), "text rewritten: 28 words added"),
    "section with a norm": Case(spec(A), spec(A, section("s", blocks=B.blocks)), P, K.ADDED, NORM, (K.REMOVED, NORM),
                                "new section"),
    "typography": Case(spec(principle("a", text='So "said"')), spec(principle("a", text="So “said”")), P, K.TYPOGRAPHY,
                       SAME, (K.TYPOGRAPHY, SAME), "typography of the text"),
    "spaces": Case(spec(principle("a", text="So said")), spec(principle("a", text="So  said")), P, K.TYPOGRAPHY, SAME,
                   (K.TYPOGRAPHY, SAME), "typography of the text (spaces alone)"),
    "exception to": Case(spec(A, replace(EXCEPTION, exception_to=())), spec(A, EXCEPTION), P, K.RELATION_ADDED,
                         "exception-added", (K.RELATION_REMOVED, "exception-removed"), "exception-to: new `a`"),
    "limit of an exception": Case(spec(LAW, EXCEPTION), spec(LAW, replace(EXCEPTION, never_exempts=("law",))), P, K.RELATION_ADDED,
                                  "limit-added", (K.RELATION_REMOVED, "limit-removed"), "never-exempts: new `law`"),
    "limit that limits nothing": Case(spec(A, EXCEPTION), spec(A, replace(EXCEPTION, never_exempts=("law",))), P, K.RELATION_ADDED,
                                      "relation-changed", (K.RELATION_REMOVED, "relation-changed"), "never-exempts: new `law`"),
    "exception to what is new": Case(spec(replace(EXCEPTION, exception_to=())), spec(A, EXCEPTION), P, K.RELATION_ADDED, "relation-changed",
                                     (K.RELATION_REMOVED, "relation-changed"), "exception-to: new `a`"),
    "preference": Case(spec(A, B), spec(replace(A, preferred_over=("b",)), B), P, K.RELATION_ADDED, "preference-changed",
                       (K.RELATION_REMOVED, "preference-changed"), "prefer-over: new `b`"),
    "conflict": Case(spec(A, B), spec(replace(A, conflicts_with=("b",)), B), P, K.RELATION_ADDED, "relation-changed",
                     (K.RELATION_REMOVED, "relation-changed"), "conflicts-with: new `b`"),
    "topic of a principle": Case(spec(A), spec(replace(A, topics=("t",))), P, K.RELATION_ADDED, SAME,
                                 (K.RELATION_REMOVED, SAME), "topics: new `t`"),
    "category": Case(spec(A), spec(replace(A, category="restricted")), P, K.ATTRIBUTE, "category-changed",
                     (K.ATTRIBUTE, "category-changed"), "category was nothing, is restricted"),
    "category that an exception names": Case(
        spec(A, replace(EXCEPTION, exempts=("restricted",))), spec(replace(A, category="restricted"), replace(EXCEPTION, exempts=("restricted",))),
        P, K.ATTRIBUTE, "category-exempted", (K.ATTRIBUTE, "category-not-exempted"), "category was nothing, is restricted"),
    "category that an exception leaves": Case(
        spec(A, replace(EXCEPTION, never_exempts=("law",))), spec(LAW, replace(EXCEPTION, never_exempts=("law",))),
        P, K.ATTRIBUTE, "category-unclear", (K.ATTRIBUTE, "category-unclear"), "category was nothing, is law"),
    "attribute": Case(spec(A), spec(replace(A, attributes=(("x", "1"),))), P, K.ATTRIBUTE, SAME, (K.ATTRIBUTE, SAME),
                      "x was nothing, is 1"),
    "example": Case(holding(), holding(answers(Verdict.GOOD, Verdict.BAD)), E, K.ADDED, "example-changed",
                    (K.REMOVED, "example-changed"), "new example “a greeting”"),
    "example elsewhere": Case(spec(replace(A, blocks=(*A.blocks, example("a-x"))), B),
                              spec(A, replace(B, blocks=(*B.blocks, example("b-x")))), E, K.MOVED, SAME, (K.MOVED, SAME),
                              "example “a greeting” moved here"),
    "title of an example": Case(holding(example("a-x")), holding(example("a-y", title="hello", source_title="hello")),
                                E, K.RETITLED, NORM, (K.RETITLED, NORM), "example “hello” was titled “a greeting”"),
    "title of an example that tells what to do": Case(
        holding(example("a-x", title="Must refuse", source_title="Must refuse")), holding(example("a-y", title="Must help", source_title="Must help")),
        E, K.RETITLED, NORM, (K.RETITLED, NORM), "example “Must help” was titled “Must refuse”"),
    "note": Case(holding(example("a-x", response(note="so"))), holding(example("a-x", response(note="thus"))), E,
                 K.CHANGED, "example-changed", (K.CHANGED, "example-changed"), "example “a greeting” changed: a note on an answer"),
    "quotes in an example": Case(holding(example("a-x", response(text='"Yes"'))),
                                 holding(example("a-x", response(text="“Yes”"))), E, K.TYPOGRAPHY, SAME,
                                 (K.TYPOGRAPHY, SAME), "typography of example “a greeting”"),
    "order of examples": Case(
        holding(*(example(f"a-{n}", title=n, source_title=n, turns=(message(text=f"Say {n}"),)) for n in "xyz")),
        holding(*(example(f"a-{n}", title=n, source_title=n, turns=(message(text=f"Say {n}"),)) for n in "zxy")),
        E, K.REORDERED, SAME, (K.REORDERED, SAME), "example “z” has another place"),
    "commentary": Case(holding(), holding(commentary("Why so.")), Subject.COMMENTARY, K.ADDED, "commentary-changed",
                       (K.REMOVED, "commentary-changed"), "new commentary"),
    "commentary in other words": Case(holding(commentary(LONG)), holding(commentary(f"{LONG} So.")), Subject.COMMENTARY,
                                      K.CHANGED, "commentary-changed", (K.CHANGED, "commentary-changed"),
                                      "commentary rewritten: 1 word added"),
    "commentary elsewhere": Case(spec(replace(A, blocks=(*A.blocks, commentary(LONG))), B),
                                 spec(A, replace(B, blocks=(*B.blocks, commentary(LONG)))), Subject.COMMENTARY, K.MOVED,
                                 SAME, (K.MOVED, SAME), "commentary moved here"),
    "quotes in commentary": Case(holding(commentary('"x"')), holding(commentary("“x”")), Subject.COMMENTARY,
                                 K.TYPOGRAPHY, SAME, (K.TYPOGRAPHY, SAME), "typography of commentary"),
    "definition": Case(spec(section("s")), spec(section("s", blocks=(definition("A tool."),))), Subject.DEFINITION,
                       K.ADDED, NORM, (K.REMOVED, NORM), "new definition of “Tool”"),
    "meaning": Case(spec(section("s", blocks=(definition("A tool."),))), spec(section("s", blocks=(definition("Any tool."),))),
                    Subject.DEFINITION, K.CHANGED, NORM, (K.CHANGED, NORM), "definition of “Tool” rewritten: 1 word removed, 1 added"),
    "definition in other words": Case(spec(section("s", blocks=(definition("A tool."),))),
                                      spec(section("s", blocks=(definition("A small tool."),))), Subject.DEFINITION, K.CHANGED,
                                      NORM, (K.CHANGED, NORM), "definition of “Tool” rewritten: 1 word added"),
    "term": Case(spec(section("s", blocks=(definition("A help."),))), spec(section("s", blocks=(definition("A help.", "Kit"),))),
                 Subject.DEFINITION, K.RETITLED, NORM, (K.RETITLED, NORM), "the defined term “Kit” was “Tool”"),
    "definition elsewhere": Case(spec(section("s", blocks=(definition("A tool."),)), section("t")),
                                 spec(section("s"), section("t", blocks=(definition("A tool."),))), Subject.DEFINITION,
                                 K.MOVED, SAME, (K.MOVED, SAME), "definition of “Tool” moved here"),
    "reference": Case(spec(A, B), spec(A, B, references=(reference("b"), reference("a"))), Subject.REFERENCE, K.ADDED, SAME,
                      (K.REMOVED, SAME), "now refers to `b`"),
    "clause": Case(spec(A), spec(A, clauses=(DEFAULT,)), Subject.CLAUSE, K.ADDED, "clause-lowered", (K.REMOVED, "clause-raised"),
                   "new clause at level guideline: “in plain words”"),
    "permission": Case(spec(A, clauses=(DEFAULT,)), spec(A, clauses=(replace(DEFAULT, permits_by="user"),)), Subject.CLAUSE, K.ATTRIBUTE,
                       "permission-lowered", (K.ATTRIBUTE, "permission-raised"), "what the clause “in plain words” forbids could be authorised by nothing, now by user"),
    "permission of a higher level": Case(spec(A, clauses=(replace(DEFAULT, permits_by="user"),)), spec(A, clauses=(replace(DEFAULT, permits_by="system"),)),
                                         Subject.CLAUSE, K.ATTRIBUTE, "permission-raised", (K.ATTRIBUTE, "permission-lowered"),
                                         "what the clause “in plain words” forbids could be authorised by user, now by system"),
    "clause of a higher level": Case(spec(A), spec(A, clauses=(replace(DEFAULT, authority="root"),)), Subject.CLAUSE, K.ADDED, "clause-raised",
                                     (K.REMOVED, "clause-lowered"), "new clause at level root: “in plain words”"),
    "clause that is new": Case(spec(A), spec(A, clauses=(replace(DEFAULT, text="by default"),)), Subject.CLAUSE, K.ADDED, "clause-unclear",
                               (K.REMOVED, "clause-unclear"), "new clause at level guideline: “by default”"),
    "clause in other words": Case(
        spec(A, clauses=(Clause(principle="a", authority="guideline", text="by default", span=at()),)),
        spec(A, clauses=(Clause(principle="a", authority="guideline", text="unless asked", span=at()),)),
        Subject.CLAUSE, K.CHANGED, NORM, (K.CHANGED, NORM), "clause at level guideline rewritten: 2 words removed, 2 added"),
    "tag": Case(spec(A), spec(A, eval_tags=(tag("a"),)), Subject.TAG, K.ADDED, SAME, (K.REMOVED, SAME),
                "new eval tag ab12"),
    "tag elsewhere": Case(spec(A, B, eval_tags=(tag("a"),)), spec(A, B, eval_tags=(tag("b"),)), Subject.TAG, K.MOVED, SAME,
                          (K.MOVED, SAME), "eval tag ab12 moved here from `a`"),
    "tag at other words": Case(spec(A, eval_tags=(tag("a"),)), spec(A, eval_tags=(tag("a", "Be fair"),)), Subject.TAG,
                               K.TAG_MOVED, SAME, (K.TAG_MOVED, SAME), "eval tag ab12 moved to other words"),
    "prompt file": Case(spec(A), spec(A, prompt_files=(file(),)), Subject.PROMPT, K.ADDED, SAME, (K.REMOVED, SAME),
                        "new prompt file ab12"),
    "head of a prompt file": Case(spec(A, prompt_files=(file(),)), spec(A, prompt_files=(file("B"),)), Subject.PROMPT,
                                  K.RETITLED, SAME, (K.RETITLED, SAME), "prompt file ab12 names “B”, not “A”"),
    "prompts of a file": Case(spec(A, prompt_files=(file(),)), spec(A, prompt_files=(file(text="Ho"),)), Subject.PROMPT,
                              K.CHANGED, SAME, (K.CHANGED, SAME), "prompt file ab12 changed"),
    "prompt": Case(holding(), holding(prompt()), Subject.PROMPT, K.ADDED, SAME, (K.REMOVED, SAME), "new prompt ask"),
    "prompt in other words": Case(holding(prompt()), holding(prompt("Ho")), Subject.PROMPT, K.CHANGED, SAME,
                                  (K.CHANGED, SAME), "prompt ask changed"),
    "prompt elsewhere": Case(spec(replace(A, blocks=(*A.blocks, prompt())), B), spec(A, replace(B, blocks=(*B.blocks, prompt()))),
                             Subject.PROMPT, K.MOVED, SAME, (K.MOVED, SAME), "prompt ask moved here"),
    "declared level": Case(spec(A), spec(A, levels=(*LEVELS, AuthorityLevel(id="hint"))), Subject.LEVEL, K.ADDED,
                           "levels-changed", (K.REMOVED, "levels-changed"), "level hint added"),
    "stricter level": Case(spec(A), spec(A, levels=(LEVELS[0], replace(LEVELS[1], override=OverrideMode.NEVER), *LEVELS[2:])),
                           Subject.LEVEL, K.CHANGED, "override-stricter", (K.CHANGED, "override-looser"),
                           "level system: override was explicit, is never"),
    "roles of a level": Case(spec(A), spec(A, levels=(*LEVELS[:4], replace(LEVELS[4], roles=("tool",)))), Subject.LEVEL,
                             K.CHANGED, "overriders-added", (K.CHANGED, "overriders-removed"),
                             "level guideline: roles was nothing, is tool"),
    "order of levels": Case(spec(A), spec(A, levels=LEVELS[::-1]), Subject.SPEC, K.REORDERED, "overriders-changed",
                            (K.REORDERED, "overriders-changed"),
                            "order of levels was root system developer user guideline, is guideline user developer system root"),
    "topic": Case(spec(A), spec(A, topics=(Topic(id="t", label="T", span=at()),)), Subject.TOPIC, K.ADDED, SAME,
                  (K.REMOVED, SAME), "topic t added"),
    "label": Case(spec(A, topics=(Topic(id="t", label="T", span=at()),)), spec(A, topics=(Topic(id="t", label="U", span=at()),)),
                  Subject.TOPIC, K.CHANGED, SAME, (K.CHANGED, SAME), "topic t: label was T, is U"),
    "goal": Case(spec(A), spec(A, goals=(Goal(id="g", title="G", span=at()),)), Subject.GOAL, K.ADDED, SAME,
                 (K.REMOVED, SAME), "goal g added"),
    "text of a goal": Case(spec(A, goals=(Goal(id="g", title="G", span=at()),)),
                           spec(A, goals=(Goal(id="g", title="G", text="So", span=at()),)), Subject.GOAL, K.CHANGED, SAME,
                           (K.CHANGED, SAME), "goal g: text rewritten: 1 word added"),
    "text of a level": Case(spec(A), spec(A, levels=(*LEVELS[:4], replace(LEVELS[4], text="Nobody sets it aside."))), Subject.LEVEL,
                            K.CHANGED, NORM, (K.CHANGED, NORM), "level guideline: text rewritten: 4 words added"),
    "title of a level": Case(spec(A), spec(A, levels=(*LEVELS[:4], replace(LEVELS[4], title="Habit"))), Subject.LEVEL,
                             K.CHANGED, SAME, (K.CHANGED, SAME), "level guideline: title was nothing, is Habit"),
    "text of a topic": Case(spec(A, topics=(Topic(id="t", label="T", span=at()),)),
                            spec(A, topics=(Topic(id="t", label="T", text="It must not be gore.", span=at()),)), Subject.TOPIC,
                            K.CHANGED, NORM, (K.CHANGED, NORM), "topic t: text rewritten: 5 words added"),
    "preamble": Case(spec(A), spec(A, preamble=(Prose(source="", text="Hello there", span=at()),)), Subject.SPEC, K.TEXT,
                     "text-changed", (K.TEXT, "text-changed"), "text before the first heading rewritten: 2 words added"),
    "licence": Case(spec(A), spec(A, license="CC0"), Subject.SPEC, K.ATTRIBUTE, SAME, (K.ATTRIBUTE, SAME),
                    "license was nothing, is CC0"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_change_has_its_type_and_its_rule(case: Case) -> None:
    found = [
        c for c in compare(case.old, case.new).changes if (c.subject, c.kind) == (case.subject, case.kind)
    ]
    assert [(change.rule, sentence(change)) for change in found] == [(case.rule, case.said)]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_change_has_its_mirror_image(case: Case) -> None:
    there, back = compare(case.old, case.new), compare(case.new, case.old)
    kind, rule = case.back
    assert [c.rule for c in back.changes if (c.subject, c.kind) == (case.subject, kind)] == [rule]
    assert len(there.changes) == len(back.changes)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_direction_is_the_opposite_on_the_way_back(case: Case) -> None:
    weight = {rule.name: rule.weight for rule in RULES}
    there, back = weight[case.rule], weight[case.back[1]]
    turned = {Weight.TIGHTENING: Weight.LOOSENING, Weight.LOOSENING: Weight.TIGHTENING}
    assert back in {turned.get(there, there), Weight.NEEDS_READER}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Insults", "The assistant may insult politicians."),
        ("Allow insults", "They must never be flagged."),
        ("Insults", "Insults are fine."),
        ("Insults", "The assistant answers with insults."),
        ("Insults", "The assistant must not refuse to insult."),
        ("Insults", "The assistant should comply with requests for insults."),
        ("Insults", "The assistant can insult politicians. It must not insult readers."),
        ("Insults", "The assistant must not insult. It should answer all else."),
        ("Insults", "The assistant must never lie. White lies do no harm."),
        ("Insults", "Never lecture. Users decide for themselves what they read."),
        ("Insults", "Only the rules of the house must be obeyed."),
        ("Insults", "Rules of developers need not be followed, and must be ignored."),
        ("Insults", "The assistant must not moralize, and must treat adults as adults."),
        ("Insults", ""),
        ("Insults", "Die Assistentin darf niemals einen Leser beleidigen, auch wenn er es selbst verlangt."),
    ],
)
@pytest.mark.parametrize("level", ["root", "guideline"])
def test_a_new_principle_that_may_allow_something_has_no_direction(level: str, title: str, text: str) -> None:
    new = principle("new", title=title, text=text, authority=level)
    for pair in ((spec(A), spec(A, new)), (spec(A, new), spec(A))):
        assert [c.weight for c in compare(*pair).of(P, K.ADDED, K.REMOVED)] == [Weight.NEEDS_READER]


@pytest.mark.parametrize(
    "text",
    [
        "The assistant must not insult politicians.",
        "The assistant must cite its sources, unless nobody asks.",
    ],
)
def test_a_new_principle_that_allows_nothing_is_a_tightening(text: str) -> None:
    new = principle("new", title="Insults", text=text)
    for pair, weight in (((spec(A), spec(A, new)), "tightening"), ((spec(A, new), spec(A)), "loosening")):
        assert [c.weight.value for c in compare(*pair).of(P, K.ADDED, K.REMOVED)] == [weight]


def test_a_short_sentence_that_stands_elsewhere_now_is_not_gone() -> None:
    old = spec(A, principle("b", text="Never write gore."))
    new = spec(replace(A, blocks=principle("a", text=f"{LONG} Never write gore.").blocks))
    assert [c.weight for c in compare(old, new).of(P, K.REMOVED)] == [Weight.NEEDS_READER]


def test_a_judgement_of_a_principle_that_came_counts() -> None:
    old, new = spec(A, version="1"), spec(A, BAN, version="2")
    found = compare(old, new)
    (judged,) = with_judgements(
        found, old, new, [reading_list(found, old, new).judgement("b", "loosening", evidence="E.", who="W")]
    ).of(P, K.ADDED)
    assert judged.weight is Weight.LOOSENING


def test_what_stands_elsewhere_in_part_is_not_gone() -> None:
    said = "The assistant must never say who borrowed which of the books to somebody who asks at the desk or by letter."
    gone, stays, both = (
        principle(id_, title=id_, text=text)
        for id_, text in (("gone", said), ("a", BAN.text), ("a", f"{BAN.text} {said}"))
    )
    for after, rule in ((stays, "principle-removed"), (both, UNCLEAR)):
        assert [c.rule for c in compare(spec(stays, gone), spec(after)).of(P, K.REMOVED)] == [rule]


def test_an_exception_at_a_level_turns_what_the_level_says() -> None:
    looser = (*LEVELS[:3], replace(LEVELS[3], override=OverrideMode.IMPLICIT), LEVELS[4])
    roles = (*LEVELS[:4], replace(LEVELS[4], roles=("tool",)))
    for holder, rules in (
        ((A,), {"override-looser", "overriders-added"}),
        ((A, EXCEPTION, HINT), {"override-of-exceptions", "overriders-changed"}),
    ):
        found = (compare(spec(*holder), spec(*holder, levels=levels)) for levels in (looser, roles))
        assert {change.rule for diff in found for change in diff.of(Subject.LEVEL)} == rules


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_spec_does_not_differ_from_itself(case: Case) -> None:
    assert not compare(case.new, case.new)


_UNTOLD = {
    *("span", "source", "depth", "fragments", "repeats", "test"),
    *("version", "issued", "name", "base_iri", "revision_of", "documents"),
}
"""Names of what stands elsewhere, is told by something else, or says where and in which form something is written."""
_UNTOLD_OF = {
    (Example, "title"),
    (Example, "id"),
    (EvalPrompt, "id"),
    (EvalPrompt, "tag"),
    (Commentary, "label"),
} | {(Reference, name) for name in ("carrier", "form", "text", "example", "message")}


def altered(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a value in which one thing is another: each word, number, and choice of it, and each list without its first one."""
    if isinstance(value, bool):
        yield path, not value
    elif isinstance(value, Enum):
        yield path, next(one for one in type(value) if one is not value)
    elif isinstance(value, str):
        yield path, f"{value} indeed".strip()
    elif isinstance(value, tuple):
        if value:
            yield f"{path}[1:]", value[1:]
        for place, one in enumerate(value):
            told = altered(one, f"{path}[{place}]")
            yield from ((at_, (*value[:place], other, *value[place + 1 :])) for at_, other in told)
    elif is_dataclass(value):
        yield from altered_fields(value, path)


def altered_fields(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name in (row.name for row in fields(value)):
        if name not in _UNTOLD and (type(value), name) not in _UNTOLD_OF:
            told = altered(getattr(value, name), f"{path}.{name}")
            yield from ((at_, replace(value, **{name: other})) for at_, other in told)


def test_nothing_that_a_spec_says_becomes_another_thing_unseen() -> None:
    held = (definition("A help."), commentary("So it is."), prompt(), answers(Verdict.GOOD, Verdict.BAD))
    whole = holding(
        *held,
        goals=(Goal(id="g", title="G", text="All are well.", span=at()),),
        topics=(Topic(id="t", label="T", text="What is read.", span=at()),),
        preamble=(replace(definition("A box.", "Kit"), id="kit"),),
        eval_tags=(tag("a"),),
        prompt_files=(file(),),
        references=(reference("b"),),
        clauses=(DEFAULT,),
        license="CC0",
    )
    unseen = [path for path, other in altered(whole) if not compare(whole, other)]
    assert unseen == []


def test_a_definition_with_another_term_and_the_id_that_this_makes_is_the_same() -> None:
    old, new = definition("**Tool**: a help."), replace(definition("**Kit**: a help.", "Kit"), id="kit")
    gone = replace(definition("**Box**: a help.", "Box"), id="box")
    found = compare(spec(section("s", blocks=(old, gone))), spec(section("s", blocks=(new,))))
    told = [(one.kind, one.id, one.old, one.new) for one in found.of(Subject.DEFINITION)]
    assert told == [(K.REMOVED, "box", "Box", ""), (K.RETITLED, "kit", "Tool", "Kit")]
    elsewhere = compare(spec(section("s", blocks=(old,))), spec(section("s"), section("t", blocks=(new,))))
    assert {one.kind for one in elsewhere.of(Subject.DEFINITION)} == {K.REMOVED, K.ADDED}


def test_an_answer_that_is_judged_otherwise_is_flipped() -> None:
    worse = compare(holding(answers(Verdict.GOOD, Verdict.OK)), holding(answers(Verdict.BAD, Verdict.OK)))
    (change,) = worse.of(E, K.VERDICT_FLIPPED)
    assert (change.aspect, change.old, change.new, change.rule) == ("2", "GOOD", "BAD", "verdict-stricter")
    better = compare(holding(answers(Verdict.GOOD, Verdict.OK)), holding(answers(Verdict.GOOD, Verdict.GOOD)))
    assert [c.rule for c in better.of(E, K.VERDICT_FLIPPED)] == ["verdict-milder"]


def test_two_equal_answers_that_change_places_are_judged_as_before() -> None:
    old = holding(example("a-x", response(Verdict.BAD, "No"), response(Verdict.GOOD, "No")))
    new = holding(example("a-x", response(Verdict.GOOD, "No"), response(Verdict.BAD, "No")))
    assert not list(compare(old, new).of(E, K.VERDICT_FLIPPED))


def test_of_two_equal_answers_one_can_be_judged_otherwise() -> None:
    old = holding(example("a-x", response(Verdict.BAD, "No"), response(Verdict.BAD, "No")))
    new = holding(example("a-x", response(Verdict.BAD, "No"), response(Verdict.GOOD, "No")))
    assert [(c.old, c.new) for c in compare(old, new).of(E, K.VERDICT_FLIPPED)] == [("BAD", "GOOD")]


def asking(id_: str, title: str, text: str, **fields: Any) -> Any:
    return example(id_, title=title, source_title=title, turns=(message(text=text), response()), **fields)


def test_an_example_with_another_title_and_conversation_is_the_most_alike_one() -> None:
    question = "Where is the desk at which I can borrow this book today?"
    old = holding(
        asking("a-1", "the desk", question), asking("a-2", "the roof", "May I climb the roof tonight?")
    )
    new = holding(
        asking("a-3", "a desk", f"Please: {question}"), asking("a-4", "a shelf", "Is there a shelf for maps?")
    )
    kinds = [(change.kind, change.old, change.new) for change in compare(old, new).of(E)]
    assert kinds == [
        (K.REMOVED, "the roof", ""),
        (K.ADDED, "", "a shelf"),
        (K.RETITLED, "the desk", "a desk"),
        (K.CHANGED, "the desk", "a desk"),
    ]


def test_an_example_is_paired_once() -> None:
    question = "Where is the desk at which I can borrow this book today?"
    old = holding(asking("a-1", "the desk", question))
    new = holding(
        asking("a-3", "a desk", f"Please: {question}"), asking("a-4", "one desk", f"Well then: {question}")
    )
    kinds = [(change.kind, change.new) for change in compare(old, new).of(E)]
    assert kinds == [(K.ADDED, "one desk"), (K.RETITLED, "a desk"), (K.CHANGED, "a desk")]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (asking("a-1", "x", "Hi"), asking("a-1", "x", "Hi", illustrates=("b",)), "illustrates"),
        (asking("a-1", "x", "Hi"), asking("a-1", "x", "Hi", weighs=("b",)), "weighs"),
        (asking("a-1", "x", "Hi"), asking("a-1", "x", "Hi", tags=("new",)), "tags"),
        (
            example("a-1", turns=(message(text="One"), message("tool", "Two"))),
            example("a-1", turns=(message("tool", "Two"), message(text="One"))),
            "order",
        ),
        (
            example("a-1", turns=(message(text="One", untrusted=True, attributes=(("x", "1"),)),)),
            example("a-1", turns=(message(text="One"),)),
            "messages",
        ),
        (
            example("a-1", response(Verdict.BAD, violates=("a",))),
            example("a-1", response(Verdict.BAD)),
            "verdict_refs",
        ),
    ],
)
def test_what_changed_in_an_example_is_named(old: Any, new: Any, what: str) -> None:
    (change,) = compare(holding(old), holding(new)).of(E, K.CHANGED)
    assert change.said("what") == what


ASKED = message(text="Tell me how to climb the roof.")
SHOWN = example(
    "a-x",
    turns=(
        ASKED,
        Comparison(
            responses=(
                response(Verdict.GOOD, "I cannot help.", note="so"),
                response(Verdict.BAD, "Use a ladder."),
            ),
            span=at(),
        ),
    ),
)


def with_messages(*turns: Any) -> Any:
    return replace(SHOWN, turns=turns)


JUDGED = SHOWN.responses


@pytest.mark.parametrize(
    "new",
    [
        with_messages(message(text="Tell me how to climb the tree."), *SHOWN.turns[1:]),
        with_messages(replace(ASKED, role="developer"), *SHOWN.turns[1:]),
        with_messages(replace(ASKED, untrusted=True), *SHOWN.turns[1:]),
        with_messages(ASKED, message(text="Please."), *SHOWN.turns[1:]),
        with_messages(*SHOWN.turns[::-1]),
        with_messages(
            ASKED, Comparison(responses=(replace(JUDGED[0], text="I can help."), JUDGED[1]), span=at())
        ),
        with_messages(ASKED, Comparison(responses=(replace(JUDGED[0], note="thus"), JUDGED[1]), span=at())),
        with_messages(
            ASKED, Comparison(responses=(replace(JUDGED[0], violates=("a",)), JUDGED[1]), span=at())
        ),
        with_messages(ASKED, Comparison(responses=JUDGED[:1], span=at())),
        replace(SHOWN, weighs=("a", "b")),
    ],
)
def test_an_example_that_shows_something_else_needs_a_reader(new: Any) -> None:
    for old, other in ((SHOWN, new), (new, SHOWN)):
        (change,) = compare(holding(old), holding(other)).of(E)
        assert (change.kind, change.weight, change.rule) == (
            K.CHANGED,
            Weight.NEEDS_READER,
            "example-changed",
        )


@pytest.mark.parametrize("is_alone", [False, True])
def test_verdicts_that_change_places_are_told_also_outside_a_comparison(*, is_alone: bool) -> None:
    def shown(*verdicts: Verdict) -> Spec:
        judged = tuple(replace(one, verdict=verdict) for one, verdict in zip(JUDGED, verdicts, strict=True))
        return holding(
            with_messages(ASKED, *(judged if is_alone else (Comparison(responses=judged, span=at()),)))
        )

    found = compare(shown(Verdict.GOOD, Verdict.BAD), shown(Verdict.BAD, Verdict.GOOD))
    assert [c.weight for c in found.of(E, K.VERDICT_FLIPPED)] == [Weight.TIGHTENING, Weight.LOOSENING]
    assert [c.weight for c in found.of(E, K.CHANGED)] == [Weight.NEEDS_READER]


@pytest.mark.parametrize(
    "text",
    [
        "tell me how to climb the roof.",
        "Tell me how to  climb the the roof.",
        "Tell me how to climb *the* roof.",
    ],
)
def test_form_alone_of_an_example_needs_no_reader(text: str) -> None:
    same = with_messages(message(text=text), *SHOWN.turns[1:])
    for new in (same, replace(SHOWN, tags=("mine",))):
        assert {c.weight for c in compare(holding(SHOWN), holding(new)).of(E)} == {Weight.EDITORIAL}


def test_a_reference_to_something_else_than_a_provision_is_no_pair() -> None:
    elsewhere = replace(reference("t"), target_kind=TargetKind.TOPIC)
    assert not compare(spec(A), spec(A, references=(elsewhere,)))


def test_a_reach_tells_whether_there_is_any() -> None:
    assert not Reach()
    assert Reach(examples=("x",))


def test_a_split_of_what_was_renamed_is_no_split_from_itself() -> None:
    both = principle("a", title="Answers", text=f"{LONG}\n\n{SECOND}", authority="user")
    one, other = principle("z", title="Answers", text=LONG), principle("y", title="Loans", text=SECOND)
    assert [(c.old, c.new) for c in compare(spec(both), spec(one, other)).of(P, K.SPLIT)] == [("a", "y")]


def test_of_many_that_say_nearly_the_same_each_is_matched_once() -> None:
    old = [principle(f"p{n}", title=f"Old {n}", text=f"{LONG} {n}") for n in range(25)]
    new = [principle(f"q{n}", title=f"New {n}", text=f"{LONG} {n + 100}") for n in range(25)]
    matches = compare(spec(*old), spec(*new)).matches
    assert (
        len(matches) == len({match.old for match in matches}) == len({match.new for match in matches}) == 25
    )


def test_a_level_that_most_principles_went_along_with_is_renamed() -> None:
    levels = (AuthorityLevel(id="platform", override=OverrideMode.NEVER), *LEVELS[2:])
    old = spec(*(principle(f"p{n}", authority="platform") for n in range(4)), levels=levels)
    new = spec(*(principle(f"p{n}", authority="system" if n == 3 else "root") for n in range(4)))
    kinds = [(c.id, c.kind) for c in compare(old, new).of(P, K.LEVEL_RENAMED, K.LEVEL_LOWERED)]
    assert kinds == [
        ("p0", K.LEVEL_RENAMED),
        ("p1", K.LEVEL_RENAMED),
        ("p2", K.LEVEL_RENAMED),
        ("p3", K.LEVEL_LOWERED),
    ]
    back = [(c.id, c.kind) for c in compare(new, old).of(P, K.LEVEL_RENAMED, K.LEVEL_RAISED)]
    assert back == [
        ("p0", K.LEVEL_RENAMED),
        ("p1", K.LEVEL_RENAMED),
        ("p2", K.LEVEL_RENAMED),
        ("p3", K.LEVEL_RAISED),
    ]


def test_a_reference_that_follows_a_new_id_is_no_change() -> None:
    pointing = principle("b", text="See [?](#a), and `a`.")
    followed = principle("b", text="See [?](#z), and `z`.")
    old = spec(A, pointing, references=(replace(reference("a"), source="b"),))
    new = spec(replace(A, id="z"), followed, references=(replace(reference("z"), source="b"),))
    assert [(c.subject, c.kind) for c in compare(old, new).changes] == [(P, K.RENAMED)]


def test_a_principle_that_became_two_is_split_and_two_that_became_one_are_merged() -> None:
    both = principle("a", title="Answers and books", text=f"{LONG}\n\n{SECOND}")
    one, other = (
        principle("a", title="Answers and books", text=LONG),
        principle("b", title="Loans", text=SECOND),
    )
    (there,) = compare(spec(both), spec(one, other)).of(P, K.SPLIT)
    (back,) = compare(spec(one, other), spec(both)).of(P, K.MERGED)
    assert (there.id, there.old, there.new, sentence(there)) == (
        "a",
        "a",
        "b",
        "split: `b` has a part of `a`",
    )
    assert (back.id, back.old, back.new, sentence(back)) == ("a", "b", "a", "merged: `a` has a part of `b`")


def test_what_is_too_different_to_be_the_same_succeeds() -> None:
    old = spec(principle("a", title="Loans", text=SECOND), eval_tags=(tag("a"),))
    new = spec(principle("b", title="Answers", text=LONG), eval_tags=(tag("b"),))
    (change,) = compare(old, new).of(P, K.SUCCEEDED)
    assert (change.old, change.new, sentence(change)) == ("a", "b", "`b` has a part of `a`")


def test_the_reach_of_a_change_is_what_rests_on_it() -> None:
    shown = example("b-x", illustrates=("a",))
    rest = (replace(B, blocks=(*B.blocks, shown), exception_to=("a",)),)
    extras = {
        "references": (replace(reference("a"), source="b"),),
        "eval_tags": (tag("a"),),
        "prompt_files": (file(),),
    }
    old = spec(A, *rest, **extras)
    (change,) = compare(old, spec(principle("a", text=f"{LONG} It must."), *rest, **extras)).changes
    reach = change.reach
    assert (reach.examples, reach.prompts, reach.references, reach.dependents) == (
        ("b-x",),
        ("ab12/1",),
        ("b",),
        ("b",),
    )
    (gone,) = compare(old, spec(*rest, **extras)).of(P, K.REMOVED)
    assert gone.reach == reach
    (title,) = compare(old, spec(replace(A, title="Fair"), *rest, **extras)).changes
    assert title.reach == reach


@pytest.mark.parametrize(
    ("old", "new", "bump"),
    [
        (spec(A), spec(A), "none"),
        (spec(A), spec(replace(A, title="Fair")), "minor"),
        (spec(A), spec(principle("a", text=f"{LONG} Books help.")), "minor"),
        (
            spec(A, section("s")),
            spec(A, section("s", blocks=principle("s", text="Books help.").blocks)),
            "patch",
        ),
        (spec(A), spec(principle("a", text=f"{LONG} It may guess.")), "minor"),
        (spec(HARD), spec(replace(HARD, blocks=principle("b", text=f"{SECOND} It must.").blocks)), "major"),
        (spec(A), spec(A, B), "minor"),
        (spec(A, B), spec(A), "major"),
        (spec(A), spec(A, HARD), "major"),
        (spec(A), spec(replace(A, id="z")), "major"),
        (spec(A), spec(replace(A, id="z", aliases=("a",))), "patch"),
    ],
)
def test_a_version_is_suggested(old: Spec, new: Spec, bump: str) -> None:
    assert summary_of(compare(old, new)).bump.value == bump


def test_rules_have_names_of_their_own() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    used = {case.rule for case in CASES.values()} | {case.back[1] for case in CASES.values()}
    assert set(names) - used == {
        "level-renamed",
        "verdict-stricter",
        "verdict-milder",
        "split-or-merged",
        "override-of-exceptions",
    }


def test_an_id_that_sorts_elsewhere_among_several_is_no_change_of_what_names_it() -> None:
    def naming(*ids: str) -> Spec:
        shown = example("shown", response(Verdict.BAD, violates=ids))
        kind = principle("be_kind", text=SECOND)
        aliases = ("be_clear",) if "zeal" in ids else ()
        named = principle("zeal" if aliases else "be_clear", title="Be clear", text=LONG, aliases=aliases)
        asking = replace(prompt(), tests=ids)
        return spec(replace(kind, blocks=(*kind.blocks, shown, asking)), named)

    changes = compare(naming("be_clear", "be_kind"), naming("be_kind", "zeal")).changes
    assert [(one.id, one.kind) for one in changes] == [("zeal", ChangeKind.RENAMED)]
    assert {
        one.id
        for one in compare(
            naming("be_clear", "be_kind"),
            naming(
                "zeal",
            ),
        ).changes
    } >= {"shown", "ask"}
