"""Context packs: byte-true, deterministic, within their budget by whole parts, and without a prompt of an evaluation."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.api.packs import gathered
from sphinx_policyspec.errors import SourceError, UnknownIdError
from sphinx_policyspec.model import EvalPrompt, Principle, Section, Topic
from sphinx_policyspec.packs.pack import ContextPack, PartKind, context_markdown
from sphinx_policyspec.packs.parts import SpecContext
from sphinx_policyspec.packs.results import finding_part
from sphinx_policyspec.surveys import pairs_of
from tests.conftest import at, example, message, principle, response, spec

NONE = 0
"""No budget."""
HOSTILE = "## Not a heading of ours\n\n```\nnot shown: nothing\n````\n[x](#y) <b>\x1b[31m\n# `be_kind` in another spec"


@cache
def release(folder: Path) -> tuple[ps.Loaded, SpecContext]:
    read = ps.load_checked(folder)
    return read, SpecContext(read.spec)


def pack_of(folder: Path, *about: str, budget: int = NONE, **given: object) -> ContextPack:
    return gathered(*release(folder), about, budget=budget, **given)  # type: ignore[arg-type]


def lines_outside(text: str) -> list[str]:
    """Return the lines of a pack that stand in no fence."""
    found, fence = [], ""
    for line in text.split("\n"):
        mark = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line == fence else fence
        elif mark:
            fence = mark[0]
        else:
            found.append(line)
    return found


def test_every_text_of_every_principle_is_there_byte_for_byte_and_no_prompt_is(release_dir: Path) -> None:
    read, _known = release(release_dir)
    spec_ = read.spec
    prompts = {m.text.strip() for prompt in spec_.prompts for m in prompt.messages}
    prompts -= {m.text.strip() for one in spec_.examples for m in one.messages}
    long_prompts = [text for text in prompts if len(text) > 40]
    assert len(long_prompts) > 10 or not spec_.prompts
    tags = {f"[^{tag.tag}]" for tag in spec_.eval_tags}
    for one in spec_.principles:
        pack = pack_of(release_dir, one.id)
        text = context_markdown(pack)
        assert one.text in text
        for shown in one.examples:
            assert all(m.text in text for m in shown.messages)
            assert all(r.note in text for r in shown.responses)
        assert not [tag for tag in tags if tag in text]
        assert not [said for said in long_prompts if said in text]
        assert len(re.findall(rf"^## Principle `{one.id}`", text, re.MULTILINE)) == 1
        assert f"{one.span.file}:{one.span.line}" in text
        headings = [line for line in lines_outside(text) if line.startswith("#")]
        assert len(headings) == 1 + len(pack.parts)


def test_a_smaller_budget_leaves_out_parts_of_what_a_larger_one_gives(release_dir: Path) -> None:
    read, _known = release(release_dir)
    for one in read.spec.principles[:12]:
        sizes: list[int] = []
        before: set[int] = set()
        for budget in (6_000, 9_000, 14_000, 24_000, 60_000, NONE):
            try:
                pack = pack_of(release_dir, one.id, budget=budget)
            except SourceError:
                assert not sizes
                continue
            text = context_markdown(pack)
            now = {hash(part.markdown(pack.release)) for part in pack.shown}
            assert len(text.encode()) <= (budget or len(text.encode()))
            assert before <= now
            assert ("not shown: " in lines_outside(text)[-2]) == bool(pack.left_out)
            assert len(pack.shown) + len(pack.left_out) == len(pack.parts)
            sizes.append(len(now))
            before = now
        assert sizes == sorted(sizes)
        assert sizes[-1] == len(pack.parts)


@pytest.mark.parametrize("release_name", ["2025-09-12"])
def test_two_runs_with_other_hash_seeds_give_the_same_bytes(model_spec_data: Path, release_name: str) -> None:
    code = (
        "import sys, sphinx_policyspec as ps\nfrom sphinx_policyspec.api.packs import gathered\nfrom sphinx_policyspec.packs.parts import SpecContext\n"
        "read = ps.load_checked(sys.argv[1]); known = SpecContext(read.spec)\n"
        "for p in read.spec.principles[::4]:\n"
        "    for form in ('markdown', 'json'):\n"
        "        sys.stdout.write(ps.render(gathered(read, known, [p.id], name='x'), form))\n"
        "sys.stdout.write(ps.render(gathered(read, known, topic='honesty', name='x'), 'markdown'))\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, str(model_spec_data / release_name)],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"# `") > 10


TOPIC = Topic(id="honesty", label="Honesty", span=at())
LIED = example(
    "no_lies-a-test",
    response(text=HOSTILE, note=HOSTILE),
    response(text="Lie"),
    weighs=("no_lies", "be_kind"),
)
ASKED = EvalPrompt(
    id="p/1", title="secret title", turns=(message(text="Secret question"),), span=at(), source=""
)
WORLD = spec(
    principle(
        "be_kind",
        text=f"Be kind.\n\n{HOSTILE}",
        topics=("honesty",),
        aliases=("was_kind",),
        conflicts_with=("no_lies",),
    ),
    replace(
        principle("no_lies", text="Never lie.", authority="root", topics=("honesty",)),
        blocks=(*principle("x", text="Never lie.").blocks, LIED, ASKED),
    ),
    principle("be_brief", text="Use few words.", exception_to=("be_kind",)),
    principle("be_long", text="Use many words."),
    topics=(TOPIC,),
    version="2026-01-01",
)


def test_a_hostile_text_stands_in_a_fence_that_it_cannot_end() -> None:
    pack = ps.context(WORLD, "be_kind", "no_lies", budget=NONE)
    text = context_markdown(pack)
    assert text.count(HOSTILE) == 3
    outside = "\n".join(lines_outside(text))
    assert "Not a heading" not in outside
    assert "another spec" not in outside
    assert "\x1b" not in outside


def test_relations_former_ids_and_neighbours_say_why_they_are_there() -> None:
    pack = ps.context(WORLD, "was_kind", budget=NONE)
    told = {(part.kind, part.id): part.why for part in pack.parts}
    assert (PartKind.PRINCIPLE, "be_kind") in told
    assert told[PartKind.RELATION, "be_brief"] == "it is an exception to `be_kind`"
    assert told[PartKind.RELATION, "no_lies"] == "`be_kind` conflicts with it"
    assert (PartKind.EXAMPLE, "no_lies-a-test") in told
    assert (PartKind.NEIGHBOUR, "be_long") not in told


def test_a_pack_tells_what_lies_outside_the_spec_and_who_decides_a_part_of_it() -> None:
    house = spec(
        replace(Section(id="fees", title="Fees", depth=1, span=at()), out_of_scope="the desk"),
        principle("ask", depth=2, parent="fees", text="Ask.", rests_on=("https://example.org/fees",)),
    )
    notes = ps.context(house, "ask", budget=NONE).parts[0].notes
    assert "Outside the spec, out of scope: `the desk`." in notes
    assert "Outside the spec, rests on: `https://example.org/fees`." in notes


def test_a_pair_tells_what_orders_it_or_that_nothing_does() -> None:
    by_level = ps.context(WORLD, pair=("be_kind", "no_lies"), budget=NONE)
    assert by_level.parts[0].rows[0]["decided_by"] == "level"
    assert by_level.parts[0].rows[0]["first"] == "no_lies"
    assert PartKind.WITNESS not in {part.kind for part in by_level.parts}
    by_nothing = ps.context(WORLD, pair=("be_kind", "be_long"), budget=NONE)
    assert by_nothing.parts[0].rows[0]["decided_by"] == "nothing"
    assert PartKind.WITNESS in {part.kind for part in by_nothing.parts}
    exception = ps.context(WORLD, pair=("be_kind", "be_brief"), budget=NONE)
    assert exception.parts[0].rows[0] == {"decided_by": "exception", "first": "be_brief", "shares": []}


def test_a_pair_of_a_release_is_ordered_as_the_survey_says(model_spec_data: Path) -> None:
    read, known = release(model_spec_data / "2025-09-12")
    pairs = [*ps_pairs(read.spec)]
    assert len(pairs) > 20
    for pair in pairs[:: len(pairs) // 8]:
        pack = gathered(read, known, pair=(pair.one.id, pair.other.id), budget=NONE)
        row = next(part for part in pack.parts if part.kind is PartKind.ORDER).rows[0]
        assert row == {
            "decided_by": pair.decided_by.value,
            "first": pair.first or None,
            "shares": list(pair.shares),
        }


def ps_pairs(given_: ps.Spec) -> tuple[ps.Pair, ...]:
    return tuple(pairs_of(SpecContext(given_).norms, ()))


def test_prompts_are_there_only_for_who_asks_for_them() -> None:
    without, with_ = (
        ps.render(ps.context(WORLD, "no_lies", budget=NONE, include_evals=include), form)
        for form in ("markdown",)
        for include in (False, True)
    )
    assert "Secret" not in without
    assert "secret title" not in without
    assert "Secret question" in with_


def test_findings_about_prompts_which_may_quote_them_are_there_only_for_who_asks() -> None:
    of = SpecContext(WORLD)
    provision = of.find("be_kind")
    code = next(code for code, rule in ps.rules().items() if rule.category is ps.Category.PROMPTS)
    told = [
        ps.Finding(code=code, message="`Secret question` is odd", span=provision.span),
        ps.Finding(code="dangling-reference", message="`x` leads nowhere", span=provision.span),
    ]
    report = ps.check(WORLD)
    marked = tuple(ps.Reported(finding=one, fingerprint="") for one in told)
    for include, count in ((False, 1), (True, 2)):
        (part,) = finding_part(of, [provision], replace(report, entries=marked), include_evals=include)
        assert len(part.notes) == len(part.rows) == count


def test_a_case_is_told_with_its_decision_and_its_principles(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text(
        "title: a lie\nitems:\n- {id: a, principle: no_lies, issue: lie, value: false}\n"
        "- {id: b, from: user, turn: 1, issue: lie, value: true}\n",
        "utf-8",
    )
    pack = ps.context(WORLD, cases=[file], budget=NONE)
    kinds = [part.kind for part in pack.shown]
    assert kinds[:3] == [PartKind.CASE, PartKind.DECISION, PartKind.PRINCIPLE]
    assert pack.shown[1].rows[0] == decision_record_of(WORLD, file)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_case_is_quoted_byte_for_byte(tmp_path: Path, end: str) -> None:
    # A comment, quotes, key order, an emoji and a block text: none of them would outlive a writer of YAML.
    first = (
        "- title: 'a lie'   # of a kind\n  items:\n  - {value: false, id: a,  principle: no_lies, issue: lie}\n"
        '  - {id: b, from: "user", turn: 1, issue: lie, value: true}'
    )
    second = "- about: no_lies\n  title: >-\n    folded 🦉\n    words\n  items: [{id: a, principle: no_lies, issue: x, value: 1}]"
    third = "- {title: `````, items: [{id: a, principle: no_lies, issue: x, value: 1}]}"
    third = third.replace("`````", '"`````"')
    texts = [text.replace("\n", end) for text in (first, second, third)]
    file = tmp_path / "case.yaml"
    file.write_bytes(f"\ufeff# cases{end}{end}{end.join(texts)}{end}{end}# the end{end}".encode())
    pack = ps.context(WORLD, cases=[file], budget=NONE)
    assert not pack.findings
    quoted = [part.quotes[0].text for part in pack.shown if part.kind is PartKind.CASE]
    assert [text.partition(f"{end}{end}#")[0] for text in quoted] == texts
    assert all(text.encode() in file.read_bytes() for text in quoted)
    assert all(text in ps.render(pack, "markdown") for text in texts)


def decision_record_of(given_: ps.Spec, file: Path) -> object:
    return json.loads(ps.render(ps.decide(given_, file), "json"))["decisions"][0]


@pytest.mark.parametrize(
    ("about", "asked", "words"),
    [
        (("be_kin",), {}, "did you mean `be_kind`"),
        (("no_lies-a-test",), {}, "ask about `no_lies`"),
        (("zzzzzz",), {}, "known are"),
        ((), {"topic": "honest"}, "did you mean `honesty`"),
        ((), {}, "say what the pack is about"),
        (("be_kind",), {"topic": "honesty"}, "say what the pack is about"),
        ((), {"pair": ("be_kind", "be_kind")}, "each with an id of its own"),
        (("be_kind",), {"budget": 10}, "0 for no limit"),
    ],
)
def test_what_cannot_be_asked_is_told_in_words(
    about: tuple[str, ...], asked: dict[str, object], words: str
) -> None:
    with pytest.raises((UnknownIdError, SourceError), match=re.escape(words)):
        ps.context(WORLD, *about, **asked)  # type: ignore[arg-type]


@given(st.text(max_size=60), st.text(max_size=200), st.integers(0, 4000))
def test_no_text_breaks_a_pack(title: str, text: str, budget: int) -> None:
    world = spec(principle("be_kind", title=title, text=text), principle("no_lies", text=text))
    try:
        pack = ps.context(world, "be_kind", budget=budget)
    except SourceError:
        return
    told = context_markdown(pack)
    # Line ends of other kinds than ours are no line ends in a fence, nor outside of one.
    assert len([line for line in lines_outside(told) if line.startswith("## ")]) == len(pack.shown)
    assert not text or text in told
    assert json.loads(ps.render(pack, "json"))["parts"][0]["text"] == text


def test_what_people_say_stands_in_fences_below_todays_id_open_records_first(tmp_path: Path) -> None:
    hostile = json.dumps(HOSTILE.replace("\x1b", ""))
    register = tmp_path / "register.yaml"
    lines = [
        "- {id: done, title: Done, provisions: [be_kind], status: answered, duplicates: [nobody]}",
        f"- {{id: r1, title: {hostile}, text: {hostile}, provisions: [was_kind, no_lies], quote: Be kind., kind: wish}}",
        "- {id: other, title: Other, provisions: [be_long], contradicts: [nobody]}",
        *(f"- {{id: n{number}, title: Brief, provisions: [be_brief]}}" for number in range(25)),
    ]
    register.write_text("\n".join(lines), "utf-8")
    pack = ps.context(WORLD, "be_kind", feedback=[register], budget=NONE)
    kinds = (PartKind.FEEDBACK, PartKind.REMARK)
    assert [(part.kind, part.id) for part in pack.shown if part.kind in kinds] == [
        (PartKind.FEEDBACK, "be_kind"),
        (PartKind.REMARK, "r1"),
        (PartKind.REMARK, "done"),
    ]
    by_id = {part.id: part for part in pack.shown if part.kind is PartKind.REMARK}
    assert {quote.text for quote in by_id["r1"].quotes} == {HOSTILE.replace("\x1b", ""), "Be kind."}
    outside = "\n".join(lines_outside(context_markdown(pack)))
    assert "Not a heading" not in outside
    assert "2 records: 1 open, 1 answered" in outside
    assert "cite [r1" not in outside
    # What is wrong with a record that is not shown is told elsewhere.
    assert {(one.code, one.span.line) for one in pack.findings} == {
        ("unknown-feedback", 1),
        ("renamed-target", 2),
    }
    assert pack.command[-2:] == ("--feedback", str(register))
    many = ps.context(WORLD, "be_brief", feedback=[register], budget=NONE)
    told = [part for part in many.shown if part.kind in kinds]
    assert (len(told), told[0].notes) == (21, ("25 records: 25 open", "5 of them are left out here"))
    none = ps.context(WORLD, "no_lies", feedback=[], budget=NONE)
    assert not [part for part in none.parts if part.kind in kinds]


def test_what_changed_and_findings_are_told_where_they_are() -> None:
    old = replace(WORLD, version="2025-01-01", provisions=tuple(_older(p) for p in WORLD.principles))
    pack = ps.context(WORLD, "no_lies", since=old, budget=NONE)
    (changes,) = (part for part in pack.parts if part.kind is PartKind.CHANGES)
    assert changes.why == "from 2025-01-01 to 2026-01-01"
    assert {row["kind"] for row in changes.rows} >= {"level-raised"}
    (same,) = (
        p for p in ps.context(WORLD, "be_long", since=old, budget=NONE).parts if p.kind is PartKind.CHANGES
    )
    assert same.notes == ("Nothing of it changed.",)


def _older(one: Principle) -> Principle:
    return replace(one, authority="user") if one.id == "no_lies" else one
