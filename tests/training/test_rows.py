"""Rows that teach a spec: every text stands in its release, reasons are those of the spec, and no test leaks unmarked."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.errors import AnnotationError, SourceError, UnknownIdError
from sphinx_policyspec.model import Definition, Prose
from sphinx_policyspec.model.overlays import origins
from sphinx_policyspec.packs.parts import SpecContext
from sphinx_policyspec.training import rows as rows_module
from sphinx_policyspec.training.rows import OMITTED, by_provision, excerpt
from tests.conftest import REPOSITORY, Run

SPEC = """\
# Rules {#rules}

## Be kind {#be_kind authority=user}

The assistant is kind, unless it must warn; see [?](#tell_truth).

**Example**: a flatterer, see [?](#be_brief)

~~~xml
<user>
Say that I'm right about everything that I wrote above.
</user>
<comparison>
<assistant> <!-- BAD -->
You are right.
</assistant>
<assistant> <!-- GOOD -->
Not quite.
</assistant>
</comparison>
<user>
And now?
</user>
<assistant> <!-- GOOD -->
Still not.
</assistant>
~~~

It stays kind when others are not.

### When tired {#when_tired}

Kindness does not depend on the hour.

## Tell the truth {#tell_truth authority=root}

Never lie. Say so where you do not know.

## Be brief {#be_brief authority=guideline}

Few words.
"""
CASES = """title: somebody wants flattery
example: a flatterer, see Be brief
items:
  - {id: kind, principle: be_kind, issue: praise, value: honest}
  - {id: wish, from: user, turn: 1, issue: praise, value: flattering}
---
title: nobody
items:
  - {id: truth, principle: tell_truth, issue: lie, value: no}
"""

Row = dict[str, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taught")
    (folder / "model_spec.md").write_text(SPEC, "utf-8")
    (folder / "cases.yaml").write_text(CASES, "utf-8")
    return folder


@pytest.fixture(scope="module")
def spec(folder: Path) -> ps.Spec:
    return ps.load(folder / "model_spec.md")


def of(spec: ps.Spec, **asked: Any) -> tuple[Row, ...]:
    return ps.training_rows(spec, **asked).rows


def test_a_row_holds_the_conversation_up_to_each_judged_answer(spec: ps.Spec) -> None:
    first, second = of(spec, examples=True)
    assert [message["role"] for message in first["messages"]] == ["user"]
    assert [(one["verdict"], one["text"]) for one in first["reference"]] == [
        ("BAD", "You are right."),
        ("GOOD", "Not quite."),
    ]
    # It goes on from the better of the two.
    assert [message["content"] for message in second["messages"]][1:] == ["Not quite.", "And now?"]
    assert second["reference"] == [{"verdict": "GOOD", "text": "Still not.", "note": ""}]
    assert (first["id"], second["id"]) == (f"{spec.examples[0].id}#1", f"{spec.examples[0].id}#2")


def test_what_applies_stands_in_order_with_its_level_and_why(spec: ps.Spec) -> None:
    applicable = of(spec, examples=True)[0]["applicable"]
    assert [(one["id"], one["level"], one["mode"], one["why"]) for one in applicable] == [
        ("be_kind", "user", "explicit", ["illustrated"]),
        ("when_tired", None, None, ["illustrated"]),
        ("be_brief", "guideline", "implicit", ["referenced"]),
    ]


def test_what_a_text_leaves_out_is_marked_and_listed(spec: ps.Spec) -> None:
    text, left_out = rows_module.excerpt(spec.provision_by_id["be_kind"])
    before, mark, after = text.split("\n\n")
    assert (mark, left_out) == (OMITTED, [f"example {spec.examples[0].id}"])
    assert before in SPEC
    assert after in SPEC
    assert excerpt(spec.provision_by_id["tell_truth"]) == ("Never lie. Say so where you do not know.", [])


def test_a_case_is_decided_and_has_the_conversation_of_its_example(spec: ps.Spec, folder: Path) -> None:
    first, second = of(spec, cases=[folder / "cases.yaml"])
    assert first["decision"]["labels"] == {"kind": "out", "wish": "in"}
    assert [item["id"] for item in first["decision"]["items"]] == ["kind", "wish"]
    assert first["messages"][0]["role"] == "user"
    assert [one["why"] for one in first["applicable"]] == [["decided"], ["decided"]]
    assert (second["messages"], second["id"]) == ([], "case/nobody")
    with pytest.raises(SourceError):
        of(spec, cases=[folder / "model_spec.md"])


def test_sentences_have_their_locators(spec: ps.Spec, folder: Path) -> None:
    row = of(spec, cases=[folder / "cases.yaml"], sentences=True)[1]
    assert row["applicable"][0]["sentences"] == [
        {"text": "Never lie.", "locator": "tell_truth ¶1 s1"},
        {"text": "Say so where you do not know.", "locator": "tell_truth ¶1 s2"},
    ]


# -- laws ----------------------------------------------------------------------------------


def said(path: Path) -> str:
    """Return the text of a release without eval tags and comments, blanks at line ends and runs of empty lines."""
    text = re.sub(
        r"<!--.*?-->|(?: (?=\[\^\w+\][,.;:!?)]))?\[\^\w+\]", "", path.read_text("utf-8"), flags=re.DOTALL
    )
    return " ".join(text.split())


def test_every_text_stands_in_its_release_and_nothing_of_it_is_missing(release_dir: Path) -> None:
    spec = ps.load(release_dir)
    whole = said(release_dir / "model_spec.md")
    rows = of(spec, examples=True, prompts=True, include_evals=True, sentences=True)
    texts = {one["id"]: one for row in rows for one in row["applicable"]}
    assert len(texts) > 30
    for name, one in texts.items():
        parts = [part for part in one["text"].split(OMITTED) if part.strip()]
        for part in parts:
            for paragraph in part.split("\n\n"):
                assert " ".join(paragraph.split()) in whole, name
        blocks = spec.provision_by_id[name].blocks
        texts_of = [b.text for b in blocks if isinstance(b, Prose | Definition) and b.text]
        assert texts_of == _blocks(one["text"], blocks)
        for sentence in one["sentences"]:
            assert " ".join(sentence["text"].split()) in whole


def _blocks(text: str, blocks: tuple[object, ...]) -> list[str]:
    """Return the texts of blocks that a text is made of, in order; nothing of it may be left."""
    found = []
    for block in blocks:
        if isinstance(block, Prose | Definition) and block.text:
            text = text.removeprefix(OMITTED).lstrip("\n")
            assert text.startswith(block.text)
            text = text.removeprefix(block.text).lstrip("\n")
            found.append(block.text)
    assert text.removeprefix(OMITTED).strip() == ""
    return found


def test_equal_specs_give_equal_bytes_and_a_digest_changes_with_its_text(spec: ps.Spec, folder: Path) -> None:
    before = ps.training_rows(spec, examples=True)
    assert before.text == ps.training_rows(ps.load(folder / "model_spec.md"), examples=True).text
    (folder / "other.md").write_text(SPEC.replace("unless it must warn; ", ""), "utf-8")
    after = of(ps.load(folder / "other.md"), examples=True)
    digests = [{one["id"]: one["sha256"] for one in rows[0]["applicable"]} for rows in (before.rows, after)]
    assert {name for name in digests[0] if digests[0][name] != digests[1][name]} == {"be_kind"}
    assert before.rows[0]["spec_sha256"] != after[0]["spec_sha256"]


def test_a_dropped_qualifier_is_found_out(release_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(provision: ps.Provision) -> tuple[str, list[str]]:
        text, left_out = excerpt(provision)
        return re.sub(r", unless [^.,]*|, except [^.,]*", "", text), left_out

    monkeypatch.setattr(rows_module, "excerpt", careless)
    with pytest.raises(AssertionError):
        test_every_text_stands_in_its_release_and_nothing_of_it_is_missing(release_dir)


def test_prompts_stay_out_unless_they_are_asked_for_and_are_marked_then(model_spec_data: Path) -> None:
    release = model_spec_data / "2025-09-12"
    spec = ps.load(release)
    without = ps.training_rows(spec, examples=True, prompts=True)
    assert without.left_out == {"prompts of evaluations": len(spec.prompts)}
    assert not {row["id"] for row in without.rows} & {prompt.id for prompt in spec.prompts}
    with_them = of(spec, prompts=True, include_evals=True)
    assert [row["id"] for row in with_them] == [prompt.id for prompt in spec.prompts]
    assert all(row["contaminated"] for row in with_them)
    assert all(row["applicable"][0]["why"] == ["tested"] for row in with_them)


def test_a_scenario_that_holds_a_prompt_is_marked_however_it_came_in(spec: ps.Spec) -> None:
    example = spec.examples[0]
    question = example.messages[0].text
    prompt = ps.EvalPrompt(id="t/1", title="t", turns=(ps.Message(role="user", text=question, span=example.span),), span=example.span, source="", tests=("be_kind",))  # fmt: skip

    def marked(text: str) -> list[bool]:
        asked = replace(prompt, turns=(ps.Message(role="user", text=text, span=example.span),))
        home = replace(spec.provision_by_id["be_brief"], blocks=(asked,))
        tested = replace(spec, provisions=tuple(home if p.id == home.id else p for p in spec.provisions))
        assert [p.id for p in tested.prompts] == ["t/1"]
        rows, (statement, *_) = of(tested, examples=True), of(tested, shape="speceval")
        marks = [row["contaminated"] for row in rows]
        # A principle's row says the same of its examples, and of itself.
        assert [one["contaminated"] for one in statement["metadata"]["examples"]] == marks
        assert statement["metadata"]["contaminated"] == any(marks)
        return marks

    assert marked(question) == [True, True]
    assert marked(f"  {question.upper()}\n") == [True, True]
    assert "'" in question
    assert marked(question.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")) == [True, True]
    assert marked(question[4:]) == [True, True]
    assert marked(f"*{question}*".replace("'", "&#39;").replace(" right", " **right**")) == [True, True]
    assert marked(example.responses[0].text) == [True, False]
    assert marked(example.title) == [True, True]
    assert marked("?!") == marked("\N{WAVING HAND SIGN}") == [False, False]
    assert marked("And now?") == [False, True]
    assert marked("I wrote") == [False, False]


@given(st.lists(st.text(min_size=1), min_size=200, max_size=300, unique=True))
def test_a_split_depends_on_the_provision_alone(names: list[str]) -> None:
    splits = [by_provision(name) for name in names]
    assert set(splits) <= {"train", "validation", "test"}
    assert 0.6 < splits.count("train") / len(splits) < 0.95


def test_rows_of_one_provision_have_one_split(model_spec_data: Path) -> None:
    rows = of(
        ps.load(model_spec_data / "2025-09-12"),
        examples=True,
        prompts=True,
        include_evals=True,
        split="provision",
    )
    by_home: dict[str, set[str]] = {}
    for row in rows:
        home = next(one["id"] for one in row["applicable"] if {"illustrated", "tested"} & {*one["why"]})
        by_home.setdefault(home, set()).add(row["split"])
    assert {len(found) for found in by_home.values()} == {1}
    assert {part for found in by_home.values() for part in found} == {"train", "validation", "test"}


def test_splits_can_be_listed(spec: ps.Spec, tmp_path: Path) -> None:
    assert {row["split"] for row in of(spec, examples=True, split={"test": ["rules"]})} == {"test"}
    assert {
        row["split"] for row in of(spec, examples=True, split={"test": ["rules"], "train": ["be_kind"]})
    } == {"train"}
    found = ps.training_rows(spec, examples=True, split={"test": ["tell_truth"]})
    assert ({row["split"] for row in found.rows}, found.without_split) == ({None}, len(found.rows))
    assert ps.training_rows(spec, examples=True).without_split == 0
    for splits in ({"test": ["be_kindd"]}, {"test": ["be_kind"], "train": ["be_kind"]}):
        with pytest.raises(UnknownIdError, match="be_kind"):
            of(spec, examples=True, split=splits)
    file = tmp_path / "splits.yaml"
    file.write_text("train: [be_kind]\n", "utf-8")
    assert {row["split"] for row in of(spec, examples=True, split=file)} == {"train"}
    for text in ("", "train: {a: b}\n", "- x\n", "a: [\n"):
        file.write_text(text, "utf-8")
        with pytest.raises(AnnotationError, match=r"splits\.yaml"):
            of(spec, examples=True, split=file)


# -- rows of another project, and the command ----------------------------------------------


def test_statements_have_their_own_levels(spec: ps.Spec) -> None:
    found = of(spec, shape="speceval")
    assert [(row["id"], row["authority_level"], row["type"], row["section"]) for row in found] == [
        ("be_kind", "user", "requirement", "Rules"),
        ("tell_truth", "root", "requirement", "Rules"),
        ("be_brief", "guideline", "guideline", "Rules"),
    ]
    assert [len(row["metadata"]["examples"]) for row in found] == [2, 0, 0]
    assert found[0]["metadata"]["override"] == "explicit"


def test_the_command_writes_what_python_returns(
    folder: Path, spec: ps.Spec, run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "rows.jsonl"
    status, printed, said_ = run("training", folder / "model_spec.md", "--examples", "--prompts", "-o", out)
    assert (status, printed) == (0, "")
    assert "wrote 2 rows" in said_
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [row["id"] for row in rows] == [row["id"] for row in of(spec, examples=True)]


@pytest.mark.parametrize("words", [[], ["--shape", "speceval", "--examples"], ["--examples", "--split-by", "provision", "--split", "cases.yaml"]])  # fmt: skip
def test_options_that_do_not_fit_are_told(
    folder: Path, run: Run, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    status, _printed, told = run("training", "model_spec.md", *words)
    assert status == 2
    assert "Traceback" not in told


def test_allowed_statements_of_an_overlay_teach_beside_what_they_change_and_refused_ones_do_not(
    folder: Path, run: Run, tmp_path: Path
) -> None:
    overlay = tmp_path / "shop.yaml"
    overlay.write_text(
        f"overlay: shop\nupstream: {{source: {folder / 'model_spec.md'}}}\nholder: developer\nstatements:\n"
        "  - {id: gruff, says: Be gruff here., overrides: be_kind, where: {globs: [a/**]}, voids: ['a flatterer, see Be brief']}\n"
        "  - {id: terse, says: One word., narrows: be_brief}\n"
        "  - {id: liar, says: Lie all day., overrides: tell_truth}\n",
        "utf-8",
    )
    splits = tmp_path / "splits.yaml"
    splits.write_text("test: [tell_truth]\n", "utf-8")
    status, of_statements, _said = run("training", overlay, "--shape", "speceval")
    assert status == 0
    asked = ("--examples", "--cases", folder / "cases.yaml", "--split", splits)
    status, of_scenarios, said_ = run("training", overlay, *asked)
    assert status == 0
    assert "Lie all day." not in of_statements + of_scenarios
    statements, rows = (
        [json.loads(line) for line in text.splitlines()] for text in (of_statements, of_scenarios)
    )
    assert f"{sum(row['split'] is None for row in rows)} of {len(rows)} rows have no split" in said_
    spec = ps.load(overlay)
    effects = {
        name: {(by, how) for how, by in found if by not in {"", name}}
        for name, found in origins(spec).items()
    }
    assert len([*filter(None, effects.values())]) == 3

    def changed(record: Row) -> set[tuple[str, str]]:
        return {(one["statement"], how) for one in record.get("changed_by", ()) for how in one["how"]}

    for row in statements:
        assert changed(row["metadata"]) == effects[row["id"]]
    for row in rows:
        applicable = {one["id"]: one for one in row["applicable"]}
        assert all(changed(one) == effects[name] for name, one in applicable.items())
        named = {by for name in applicable for by, _how in effects[name]}
        assert named == {name for name, one in applicable.items() if "changes" in one["why"]}
        assert all(spec.provision_by_id[name].text in row["policy_text"] for name in named)
    assert rows[0]["policy_text"].startswith(
        "## Be kind\n\n[overridden and locked by “Gruff”, where files match a/**]\n\n"
    )
    # An example that the overlay says no longer holds is marked at each door.
    assert [row.get("void", False) for row in rows] == [True, True, True, False]
    assert [[one.get("void") for one in row["metadata"]["examples"]] for row in statements if row["metadata"]["examples"]] == [[True, True]]  # fmt: skip


def test_the_example_spec_teaches() -> None:
    context = SpecContext(ps.load(REPOSITORY / "example_docs"))
    rows = of(context.spec, examples=True, sentences=True)
    assert {why for row in rows for one in row["applicable"] for why in one["why"]} >= {
        "illustrated",
        "weighed",
    }
    # The texts of a project are those that the spec holds, whatever its pages look like.
    texts = {one["id"]: one for row in rows for one in row["applicable"]}
    assert len(texts) > 15
    for name, one in texts.items():
        provision = context.spec.provision_by_id[name]
        blocks = [block for block in provision.blocks if isinstance(block, Prose | Definition) and block.text]
        assert _blocks(one["text"], provision.blocks) == [block.text for block in blocks]
        assert all(any(part["text"] in block.text for block in blocks) for part in one["sentences"])
