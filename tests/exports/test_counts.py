"""A spec in numbers."""

from __future__ import annotations

from sphinx_policyspec.exports.answers import counts
from sphinx_policyspec.model import (
    Carrier,
    Commentary,
    Comparison,
    Reference,
    ReferenceForm,
    Section,
    Verdict,
)
from tests.conftest import at, example, message, principle, response, spec


def reference(carrier: Carrier, form: ReferenceForm) -> Reference:
    return Reference(source="be_kind", target="be_kind", carrier=carrier, form=form, span=at())


def test_a_spec_without_anything_counts_nothing() -> None:
    assert counts(spec()) == {
        "sections": 0,
        "principles": 0,
        "principles_by_level": {},
        "examples": 0,
        "comparisons": 0,
        "verdicts": {},
        "messages_by_role": {},
        "commentary": 0,
        "references": {"total": 0, "in_text_or_titles": 0, "in_verdict_notes": 0, "in_verdict_ids": 0},
        "eval_tags": 0,
        "eval_files": 0,
        "eval_prompts": 0,
    }


def test_sections_count_principles_and_sections() -> None:
    chapter = Section(id="chapter", title="Chapter", depth=1, span=at())
    read = counts(spec(chapter, principle(), principle("be_brief", authority="root")))
    assert (read["sections"], read["principles"]) == (3, 2)


def test_levels_come_in_order_and_unknown_ones_last() -> None:
    read = counts(
        spec(
            principle("a", authority="zeal"),
            principle("b", authority="user"),
            principle("c", authority="root"),
            principle("d", authority="user"),
            principle("e", authority="awe"),
        )
    )
    assert list(read["principles_by_level"].items()) == [("root", 1), ("user", 2), ("awe", 1), ("zeal", 1)]


def test_assistant_messages_include_the_alternatives() -> None:
    turns = (
        message(),
        message("assistant"),
        Comparison(responses=(response(), response(Verdict.BAD)), span=at()),
        message("wizard"),
    )
    read = counts(spec(principle(blocks=(example(turns=turns),))))
    assert read["messages_by_role"] == {"assistant": 3, "user": 1, "wizard": 1}
    assert read["verdicts"] == {"GOOD": 1, "BAD": 1}
    assert (read["examples"], read["comparisons"]) == (1, 1)


def test_an_alternative_without_verdict_counts_as_a_message_only() -> None:
    turns = (Comparison(responses=(response(None), response(Verdict.OK)), span=at()),)  # type: ignore[arg-type]
    read = counts(spec(principle(blocks=(example(turns=turns),))))
    assert read["verdicts"] == {"OK": 1}
    assert read["messages_by_role"] == {"assistant": 2}


def test_references_are_counted_by_carrier_and_form() -> None:
    read = counts(
        spec(
            principle(),
            references=(
                reference(Carrier.TEXT, ReferenceForm.TITLE),
                reference(Carrier.TITLE, ReferenceForm.TEXT),
                reference(Carrier.VERDICT, ReferenceForm.TITLE),
                reference(Carrier.VERDICT, ReferenceForm.ID),
                reference(Carrier.VERDICT, ReferenceForm.ID),
            ),
        )
    )
    assert read["references"] == {
        "total": 5,
        "in_text_or_titles": 2,
        "in_verdict_notes": 1,
        "in_verdict_ids": 2,
    }


def test_commentary_before_the_first_heading_counts() -> None:
    aside = Commentary(label="Commentary", source="", text="", span=at())
    assert counts(spec(principle(blocks=(aside,)), preamble=(aside,)))["commentary"] == 2
