"""Prompts for harnesses: what each row says, what is left out, and files that their harness takes as they are meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import sphinx_policyspec as ps
from sphinx_policyspec.evals.prompts import digest_of_spec, export
from tests.conftest import Run

SPEC = """\
# Manners {#manners}

## Be kind {#be_kind authority=user}

The assistant is kind[^a1b2]. It never mocks.

## Be brief {#be_brief authority=guideline}

Use few words[^12e4].
"""
PROMPTS = {
    "a1b2": """\
# Be kind

~~~xml
<system>
You run on a phone.
</system>
<developer>
Tutor.
</developer>
<developer>
Be {{strict}}.
</developer>
<user>
Why {% so %} slow?
</user>
~~~

~~~xml
<user>Look at this. [photo of a cat]</user>
~~~
""",
    "12e4": """\
# Be brief

~~~xml
<user>Tell me everything.</user>
<assistant>Here it is.</assistant>
~~~
""",
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A release with three prompts, one of them with an attachment."""
    folder = tmp_path / "2026-01-01"
    (folder / "examples").mkdir(parents=True)
    (folder / "model_spec.md").write_text(SPEC, "utf-8")
    for tag, text in PROMPTS.items():
        (folder / "examples" / f"{tag}.md").write_text(text, "utf-8")
    return folder


def rows_of(found: ps.PromptExport) -> list[dict]:  # type: ignore[type-arg]  # JSON
    return [json.loads(line) for line in found.files["prompts.jsonl"].splitlines()]


def test_a_row_says_what_is_asked_and_what_that_tests(source: Path) -> None:
    spec = ps.load(source, annotate=False)
    first = next(row for row in rows_of(export(spec, "jsonl")) if row["id"] == "a1b2/1")
    assert [message["role"] for message in first["input"]] == ["system", "developer", "developer", "user"]
    assert first["target"] == "be_kind\n\nThe assistant is kind. It never mocks."
    told = first["metadata"]
    assert (told["section_id"], told["tests"], told["focus_id"]) == ("be_kind", ["be_kind"], "a1b2")
    assert (told["top_level_section"], told["level"], told["release"]) == ("manners", "user", "2026-01-01")
    assert told["roles"] == ["system", "developer", "developer", "user"]
    assert told["spec_sha256"] == digest_of_spec(spec)


def test_inspect_gets_roles_that_it_knows_and_what_it_cannot_ask_is_counted(source: Path) -> None:
    found = export(ps.load(source, annotate=False), "inspect")
    rows = {row["id"]: row for row in rows_of(found)}
    assert rows["a1b2/1"]["input"] == [
        {"role": "system", "content": "You run on a phone.\n\nTutor."},
        {"role": "system", "content": "Be {{strict}}."},
        {"role": "user", "content": "Why {% so %} slow?"},
    ]
    assert rows["a1b2/1"]["metadata"]["roles"] == ["system", "developer", "developer", "user"]
    assert rows["12e4/1"]["input"][-1]["role"] == "assistant"
    assert found.left_out == {"attachments": 1}
    compile(found.files["task.py"], "task.py", "exec")


def test_promptfoo_takes_no_text_for_a_template_and_no_tag_for_a_number(source: Path) -> None:
    text = export(ps.load(source, annotate=False), "promptfoo").files["promptfooconfig.yaml"]
    tests = {test["description"]: test for test in yaml.safe_load(text)["tests"]}
    messages = tests["a1b2/1"]["vars"]["messages"]
    assert "{{" not in messages
    assert "{%" not in messages
    assert json.loads(messages)[2]["content"] == "Be {{strict}}."
    assert '"12e4"' in text
    assert tests["12e4/1"]["metadata"]["prompt"] == "12e4/1"
    assert tests["12e4/1"]["metadata"]["prompt_sha256"].startswith("sha256:")
    assert tests["12e4/1"]["assert"][0]["metric"] == "be_brief"


@pytest.mark.parametrize(
    ("select", "ids"),
    [
        (["be_kind"], ["a1b2/1", "a1b2/2"]),
        (["manners"], ["12e4/1", "a1b2/1", "a1b2/2"]),
        (["12e4", "a1b2/2"], ["12e4/1", "a1b2/2"]),
        (["12e4,a1b2/2"], ["12e4/1", "a1b2/2"]),
    ],
)
def test_names_select_prompts_of_provisions_chapters_and_tags(
    source: Path, select: list[str], ids: list[str]
) -> None:
    found = ps.export_prompts(source, "jsonl", select=select, annotate=False)
    assert sorted(row["id"] for row in rows_of(found)) == ids


def test_an_unknown_name_is_told_with_the_nearest(source: Path) -> None:
    with pytest.raises(ps.UnknownIdError, match="did you mean `be_kind`"):
        ps.export_prompts(source, select=["be_knd"])
    with pytest.raises(ps.SchemaError, match="did you mean `inspect`"):
        ps.export_prompts(source, "inspct")


def test_a_graph_gives_the_rows_of_its_text(source: Path, tmp_path: Path) -> None:
    graph = tmp_path / "spec.nt"
    ps.write_rdf(ps.load(source, annotate=False), graph, form="nt")
    assert ps.export_prompts(graph).files == ps.export_prompts(source, annotate=False).files


def test_the_command_writes_files_and_says_what_it_left_out(source: Path, tmp_path: Path, run: Run) -> None:
    out = tmp_path / "out"
    status, _, said = run("prompts", source, "--to", "inspect", "-o", out, "--no-annotations")
    assert status == 0
    assert sorted(file.name for file in out.iterdir()) == ["prompts.jsonl", "task.py"]
    assert "left out 1 prompt" in said
    assert run("prompts", source, "--to", "inspect")[0] == 2
    assert len(run("prompts", source, "-q")[1].splitlines()) == 3


def test_every_prompt_of_a_release_comes_out(model_spec_data: Path) -> None:
    spec = ps.load(model_spec_data / "2025-09-12")
    found = export(spec, "inspect")
    rows = rows_of(found)
    assert (found.count, found.left_out) == (272, {})
    assert sum(len(message) for message in (row["metadata"]["roles"] for row in rows)) == 351
    assert {message["role"] for row in rows for message in row["input"]} == {
        "system",
        "user",
        "assistant",
        "tool",
    }
    assert max(len(row["target"]) for row in rows) <= 1200
    texts = {provision.id: provision.text for provision in spec.provisions}
    for row in rows:
        head, *said = row["target"].split("\n\n", 1)
        assert said
        assert head == row["metadata"]["section_id"]
        assert texts[head].startswith(said[0])
