"""A spec without fault, in which every class and property that has a shape occurs."""

from __future__ import annotations

from typing import Any

from sphinx_policyspec.model import (
    Carrier,
    Changelog,
    ChangelogEntry,
    Clause,
    Comment,
    Commentary,
    Comparison,
    Definition,
    EvalPrompt,
    EvalTag,
    Fragment,
    FragmentKind,
    Gap,
    Goal,
    Link,
    Priority,
    PromptFile,
    Reference,
    ReferenceForm,
    Refusal,
    Section,
    Span,
    Spec,
    SpecStatement,
    Topic,
    Verdict,
)
from sphinx_policyspec.model.attributes import RELATIONS
from tests.conftest import FILE, at, example, message, principle, response, spec

__all__ = ["WHOLE"]


def _whole() -> Spec:
    """Return the spec."""
    be_kind = principle(
        "be_kind",
        span=Span(FILE, 3, 1, 4, 1),
        text="Be kind to dogs.",
        topics=("pets",),
        tags=("desk",),
        aliases=("be_nice", "apt"),
        attributes=(("owner", "desk"),),
        status="draft",
        since="2026-01-01",
        serves=("joy",),
        category="restricted",
        preferred_over=("be_brief",),
        out_of_scope="the house rules",
        usage_policies=("https://example.org/policy",),
        products=("urn:x:desk",),
        documents=("https://example.org/a", "https://example.org/b"),
        rests_on=("https://example.org/manners",),
    )
    be_brief = principle(
        "be_brief",
        span=at(20),
        depth=2,
        parent="be_kind",
        repeats="be_kind",
        refines=("be_kind",),
        exempts=("restricted",),
        never_exempts=("prohibited",),
        blocks=(
            Definition(id="brief", term="brief", source="", text="Brief is short.", span=at(21)),
            Commentary(label="Why", source="**Why**", text="Time is short.", span=at(22)),
            Comment(source="<!-- ask -->\n", span=at(22)),
            example(
                "be_brief-a-greeting",
                span=at(23),
                tags=("desk",),
                weighs=("be_kind",),
                turns=(
                    message("tool", "x", name="search", untrusted=True, span=at(24)),
                    Gap(span=at(25)),
                    message(
                        recipient="search",
                        language="pt-BR",
                        attributes=(("a", "b"),),
                        fragments=(
                            Fragment(kind=FragmentKind.PLACEHOLDER, text="[...]", span=at(26)),
                            Fragment(kind=FragmentKind.SETTING, text="a: b", span=at(26)),
                        ),
                    ),
                    Comparison(
                        span=at(27),
                        responses=(
                            response(role="assistant"),
                            response(Verdict.BAD, role="assistant", note="long", violates=("be_kind",)),
                        ),
                    ),
                ),
            ),
        ),
    )
    others: list[dict[str, Any]] = [{row.field: ("be_kind",)} for row in RELATIONS]
    related = [principle(f"odd-{n}", span=at(40), **given) for n, given in enumerate(others)]
    prompt = EvalPrompt(id="t1ag/1", title="late", turns=(message(),), span=at(1), source="a", tag="t1ag")
    statement = SpecStatement(
        id="desk/brisk",
        title="Brisk",
        depth=1,
        span=Span("desk.yaml", 5),
        authority="user",
        overlay="desk",
        overrides=("be_kind",),
        narrows=("be_kind",),
        permits=("be_kind",),
        restates=("be_kind",),
        delegates=("be_kind",),
        forbids=("be_kind",),
        locks=("be_kind",),
        delegates_to="shelf",
        defines="brief",
        voids=("be_brief-a-greeting",),
        words=(("be_kind", "dogs"),),
        implied=True,
        issue="tone",
        answer="brisk",
        surface="api",
        because="There is a queue.",
        globs=("desk/**",),
        audience="readers",
    )
    refusal = Refusal(
        id="desk/dare",
        operation="overrides",
        named="be_kind",
        refused="root-is-fixed",
        because="fixed",
        span=at(9),
    )
    return spec(
        be_kind,
        be_brief,
        statement,
        *related,
        Section(id="notes", title="Notes", depth=1, span=at(50)),
        version="2026-01-01",
        issued="2026-01-01",
        license="https://opensource.org/license/mit",
        publisher="Library",
        name="library",
        base_iri="urn:library:",
        overlays=("desk",),
        refusals=(refusal,),
        revision_of="2025-01-01",
        topics=(
            Topic(id="animals", label="Animals", span=at(1), related=("pets",), same_as="urn:x:animals"),
            Topic(
                id="pets",
                label="Pets",
                alt_labels=("dogs",),
                broader=("animals",),
                span=at(1),
                same_as="house pets",
            ),
        ),
        goals=(Goal(id="joy", title="Joy", text="More joy.", span=at(2)),),
        priorities=(Priority(goal="joy", kind="holistic", span=at(3)),),
        clauses=(
            Clause(
                principle="be_kind", authority="guideline", text="by default", span=at(4), permits_by="user"
            ),
        ),
        references=(
            Reference(
                source="be_brief",
                target="be_nice",
                carrier=Carrier.VERDICT,
                form=ReferenceForm.ID,
                text="be_nice",
                example="be_brief-a-greeting",
                message=2,
                span=at(28),
            ),
        ),
        links=(
            Link(source="be_kind", url="https://example.org/", carrier=Carrier.TEXT, text="x", span=at(5)),
        ),
        eval_tags=(
            EvalTag(tag="t1ag", test="tests/test_x.py", provision="be_kind", clause="Be kind", span=at(3)),
        ),
        prompt_files=(PromptFile(tag="t1ag", title="Be kind", source="b", blocks=(prompt,), span=at(1)),),
        changelog=Changelog(
            source="# Log",
            span=at(1),
            entries=(ChangelogEntry(version="2026-01-01", source="## 1", text="First.", span=at(2)),),
        ),
    )


WHOLE = _whole()
