"""Each check: the quiet and the loud case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sphinx_policyspec.checks import Selection, run_checks
from sphinx_policyspec.checks.causes import causes
from sphinx_policyspec.checks.names import targets
from sphinx_policyspec.model import (
    Carrier,
    Clause,
    Definition,
    Document,
    EvalTag,
    Finding,
    Goal,
    Markup,
    PromptFile,
    Reference,
    ReferenceForm,
    Span,
    Spec,
    TargetKind,
    Topic,
    rules,
)
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.text import Ignore, SourceLines
from tests.conftest import BETTER, FILE, at, example, principle, spec

DIALECT = (Document(file=FILE, markup=Markup.MODEL_SPEC),)


def refer(target: str, form: ReferenceForm = ReferenceForm.TITLE, **fields: Any) -> Reference:
    return Reference(
        source="be_kind", target=target, carrier=Carrier.TEXT, form=form, **{"span": at(3), **fields}
    )


def clause(level: str) -> Clause:
    return Clause(principle="be_brief", authority=level, text="by default", span=at(9))


def tag(name: str, provision: str = "be_kind", line: int = 3) -> EvalTag:
    return EvalTag(tag=name, provision=provision, clause="", span=at(line))


def prompts(name: str, title: str = "Be kind") -> PromptFile:
    return PromptFile(tag=name, title=title, span=at(file=f"examples/{name}.md"), source="")


def found(read: Spec) -> list[str]:
    return [str(finding) for finding in broken(read)]


def broken(read: Spec) -> list[Finding]:
    """Return what is broken, and not what could be better."""
    return [f for f in run_checks(read) if rules()[f.code].category not in BETTER and f.severity != "hint"]


@pytest.mark.parametrize("form", ReferenceForm)
def test_a_reference_to_what_exists_is_quiet(form: ReferenceForm) -> None:
    assert found(spec(principle(), references=(refer("be_kind", form),))) == []


def test_a_reference_to_an_alias_is_quiet() -> None:
    assert found(spec(principle(aliases=("be_nice",)), references=(refer("be_nice"),))) == []


def test_a_dangling_reference_is_told_in_the_same_words_however_it_is_written() -> None:
    read = spec(
        principle(),
        references=(
            refer("be_knd", span=at(3)),
            refer("be_knd", ReferenceForm.TEXT, span=at(4)),
            refer("be_knd", ReferenceForm.ID, span=at(5)),
        ),
    )
    assert found(read) == [
        "spec.md:3:1: error: unknown provision `be_knd`; did you mean `be_kind`? [dangling-reference]",
        "spec.md:4:1: error: unknown provision `be_knd`; did you mean `be_kind`? [dangling-reference]",
        "spec.md:5:1: error: unknown provision `be_knd`; did you mean `be_kind`? [dangling-reference]",
    ]


def test_a_reference_finds_only_targets_of_its_kind() -> None:
    read = spec(
        principle(),
        topics=(Topic(id="kindness", label="Kindness", span=at()),),
        references=(
            refer("kindness", target_kind=TargetKind.TOPIC),
            refer("be_kind", target_kind=TargetKind.TOPIC),
        ),
    )
    assert [finding.message for finding in broken(read)] == ["unknown topic `be_kind`"]


def test_every_kind_of_target_is_known() -> None:
    term = Definition(id="term", term="Term", source="", text="", span=at())
    read = spec(
        principle(blocks=(term, example())),
        topics=(Topic(id="kindness", label="Kindness", span=at()),),
        goals=(Goal(id="peace", title="Peace", span=at()),),
    )
    assert targets(read) == {
        TargetKind.PROVISION: {"be_kind"},
        TargetKind.TOPIC: {"kindness"},
        TargetKind.EXAMPLE: {"be_kind-a-greeting"},
        TargetKind.LEVEL: {"root", "system", "developer", "user", "guideline"},
        TargetKind.GOAL: {"peace"},
        TargetKind.DEFINITION: {"term"},
    }


def test_a_declared_level_is_quiet_and_another_is_not() -> None:
    read = spec(principle(), principle("be_brief", authority="usr", span=at(7)), documents=DIALECT)
    assert found(read) == ["spec.md:7:1: error: unknown level `usr`; did you mean `user`? [unknown-level]"]


@pytest.mark.parametrize("markup", Markup)
def test_a_level_that_is_not_declared_is_found_whatever_the_page_is_written_in(markup: Markup) -> None:
    pages = (Document(file=FILE, markup=markup),)
    assert found(spec(principle(authority="usr"), documents=pages)) == [
        "spec.md:1:1: error: unknown level `usr`; did you mean `user`? [unknown-level]"
    ]


def test_tags_with_their_files_are_quiet() -> None:
    assert found(spec(principle(), eval_tags=(tag("aa11"),), prompt_files=(prompts("aa11"),))) == []


def test_tags_of_a_spec_without_prompt_files_are_left_in_peace() -> None:
    assert found(spec(principle(), eval_tags=(tag("aa11"),))) == []


def test_a_tag_without_file_and_a_file_without_tag_are_loud() -> None:
    read = spec(principle(), eval_tags=(tag("aa11"),), prompt_files=(prompts("bb22"),))
    advice = "put `[^bb22]` after the clause that it tests"
    lost = f"no provision has the eval tag `bb22` of this file; {advice}"
    assert found(read) == [
        f"examples/bb22.md:1:1: warning: {lost} [file-without-tag]",
        "spec.md:3:1: warning: eval tag `aa11` has no prompt file; did you mean `bb22`? [tag-without-file]",
    ]


def test_a_header_that_lags_behind_a_new_title_is_loud() -> None:
    read = spec(principle(), eval_tags=(tag("aa11"),), prompt_files=(prompts("aa11", "Be nice"),))
    stale = "header says `Be nice`, the provision is titled `Be kind`; update the header"
    assert found(read) == [f"examples/aa11.md:1:1: warning: {stale} [stale-prompt-title]"]


def test_a_file_without_header_or_tag_has_no_stale_title() -> None:
    read = spec(
        principle(), eval_tags=(tag("aa11"),), prompt_files=(prompts("aa11", ""), prompts("bb22", "Other"))
    )
    assert {finding.code for finding in broken(read)} == {"file-without-tag"}


def test_a_tag_before_the_first_heading_tests_no_title() -> None:
    read = spec(principle(), eval_tags=(tag("aa11", provision=""),), prompt_files=(prompts("aa11", "Other"),))
    assert found(read) == []


def test_findings_come_in_source_order() -> None:
    read = spec(
        principle(authority="usr", span=at(9)),
        references=(refer("nowhere", span=at(20)), refer("nothing", span=at(2))),
        documents=DIALECT,
    )
    assert [finding.span.line for finding in broken(read)] == [2, 9, 20]


def test_thousands_of_dangling_references_get_no_hint_each() -> None:
    read = spec(
        *(principle(f"p{number}") for number in range(2000)),
        references=tuple(refer(f"p{number}x", span=at(number)) for number in range(1, 1001)),
    )
    hints = [finding.hint for finding in broken(read)]
    assert len(hints) == 1000
    assert hints[0].startswith("did you mean")
    assert hints[-1] == "correct it, or declare the provision"


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("guideline", []),
        ("usr", ["spec.md:9:1: error: unknown level `usr`; did you mean `user`? [unknown-level]"]),
        (
            "user",
            [
                "spec.md:9:1: warning: a clause of level `user` does not lower its principle's `user`; levels below it are `guideline` [clause-not-lower]"
            ],
        ),
    ],
)
def test_a_clause_must_lower_the_level_of_its_principle(level: str, message: list[str]) -> None:
    assert found(spec(principle("be_brief"), clauses=(clause(level),))) == message


def test_what_only_follows_from_a_slip_is_not_told(tmp_path: Path) -> None:
    text = (
        "# Manners {#manners}\n\n## Be kind {#be_kind authority=user}\n\nAs in [?](#be_brif), be kind.\n\n"
        "## Be brief {#be_brief authority=user}\n\nAs in [?](#be_kind), be brief.\n\n**Example**: A greeting\n\n"
        "~~~xml\n<user>\nHi\n</user>\n<comparison>\n<assistant>\nHello!\n</assistant>\n<assistant> <!-- BAD -->\nWhat?\n"
        "</assistant>\n</comparison>\n~~~\n"
    )
    reading = read_model_spec(text, "model_spec.md")
    (tmp_path / "model_spec.md").write_text(text, "utf-8")
    found = [*reading.findings, *run_checks(reading.spec)]
    told = {finding.code for finding in causes(found, SourceLines(tmp_path))}
    assert {finding.code for finding in found} - told == {"never-referenced", "principle-without-pair"}
    assert {"dangling-reference", "missing-verdict"} <= told


def test_a_slip_leaves_what_is_found_in_other_sections_and_files() -> None:
    section = "## {0} {{#{1} authority=user}}\n\nText.\n"
    text = section.format("Be kind", "be_kind") + section.format("Be brief", "be_brief")
    lines = SourceLines(None, texts={"a.md": text, "b.md": section.format("Be fair", "be_fair")})
    slip = Finding(code="unknown-level", message="unknown level `usr`", span=Span("a.md", 1))
    advice = [
        Finding(code=code, message=f"nothing of `{name}`", span=Span(file, line))
        for code in ("never-referenced", "principle-without-prompt", "norm-in-commentary")
        for file, line, name in (("a.md", 1, "be_kind"), ("a.md", 4, "be_brief"), ("b.md", 1, "be_fair"))
    ]
    others = [Finding(code="missing-verdict", message="no verdict", span=Span("b.md", 3))]
    told = causes([slip, *advice, *others], lines)
    assert {(one.code, one.span.file, one.span.line) for one in told if one not in advice} == {
        ("unknown-level", "a.md", 1),
        ("missing-verdict", "b.md", 3),
    }
    assert {one.message for one in told if one in advice} == {"nothing of `be_brief`"}


def test_a_slip_that_is_not_told_hides_nothing() -> None:
    lines = SourceLines(None, texts={"a.md": "## Be kind {#be_kind authority=user}\n\nText.\n"})
    slip = Finding(code="unknown-level", message="unknown level `usr`", span=Span("a.md", 1))
    advice = Finding(code="never-referenced", message="nothing refers to `be_kind`", span=Span("a.md", 1))
    ignore = Ignore(code="unknown-level", reason="", span=Span("a.md", 1), start=1, end=2)
    assert causes([slip, advice], lines) == [slip]
    assert causes([slip, advice], lines, [ignore]) == [advice]
    off = Selection(severity={"references": "off", "never-referenced": "hint"}).off
    assert {"unknown-level", "dangling-reference"} <= off
    assert "never-referenced" not in off
    assert advice in causes([slip, advice], lines, off=off)
