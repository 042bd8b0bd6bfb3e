"""Instruction files as drafts: no line is lost, nothing is guessed, and what we wrote comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.overlays.drafts import draft_overlay
from sphinx_policyspec.overlays.formats import DRAFT_FORMATS
from sphinx_policyspec.readers.overlays import Upstream, overlay_of
from tests.conftest import LEVELS, REPOSITORY, Run, principle, spec

SPEC = spec(
    principle("be_kind", title="Be kind to guests", text="It is kind."),
    principle("fixed", authority="root", text="Never."),
    levels=LEVELS,
)
UPSTREAM = Upstream(source="up.md")
REAL = REPOSITORY.parent / "shared" / "data" / "agent_files"


def drafted(*files: Path) -> ps.OverlayDraft:
    return draft_overlay([(file, file.name) for file in files], SPEC, UPSTREAM)


def written(folder: Path, text: str, name: str = "AGENTS.md") -> ps.OverlayDraft:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return drafted(folder / name)


def kinds(draft: ps.OverlayDraft, file: int = 0) -> list[str]:
    return [f"{kind} {reason}".strip() for kind, reason in draft.files[file].lines]


def texts(draft: ps.OverlayDraft) -> list[str]:
    return [one.text for one in draft.candidates]


def real_files() -> list[Path]:
    ours = {"README.md", "sources.json"}
    return (
        sorted(file for file in REAL.iterdir() if file.is_file() and file.name not in ours)
        if REAL.is_dir()
        else []
    )


@pytest.mark.parametrize("file", real_files(), ids=lambda file: file.name)
def test_of_a_real_file_no_line_is_lost_and_the_draft_is_an_overlay(file: Path) -> None:
    draft = drafted(file)
    lines = file.read_text("utf-8").splitlines()
    assert sum(draft.files[0].count(kind) for kind in ps.LineKind) == len(lines)
    assert all(bool(reason) == (kind is not ps.LineKind.CANDIDATE) for kind, reason in draft.files[0].lines)
    said = {one.span.line for one in draft.candidates}
    for number, (line, (kind, reason)) in enumerate(zip(lines, draft.files[0].lines, strict=True), 1):
        assert (reason in {"blank", "code"}) >= (not line.strip("> \t")) >= (reason == "blank"), line
        assert kind is ps.LineKind.CANDIDATE or number not in said
    # What leads a list may end the last line of a paragraph.
    led = " ".join((*texts(draft), *(under for one in draft.candidates for under in one.under)))
    for line, (kind, _) in zip(lines, draft.files[0].lines, strict=True):
        if kind is ps.LineKind.CANDIDATE and not line.endswith((":", "|")):
            assert line.split()[-1].strip("\"'") in led
    overlay, findings = overlay_of(DRAFT_FORMATS["yaml"](draft), "d.yaml")
    assert overlay
    assert (overlay.name, overlay.holder, overlay.statements) == (draft.name, "developer", ())
    assert [one.code for one in findings] == ["no-target"] * len(draft.candidates)
    assert len(json.loads(DRAFT_FORMATS["json"](draft))["candidates"]) == len(draft.candidates)


def test_the_real_files_are_there() -> None:
    if not REAL.is_dir():
        pytest.skip("the instruction files of public repositories are not at ../shared/data/agent_files")
    assert len(real_files()) == 31


LINES = st.sampled_from(
    ["", "# A", "- Do it.", "  - Not so.", "1. One:", "```", "~~~", "Say `x`. Then stop.", "| a | b |", "|---|---|", "a | b",
     "---", "===", "> Quoted.", ">", "<!--", "-->", "<tag>", "[a]: http://x", "    code", "**Title**", "\t", "@x.md", "\u2028",
     "<!-- policyspec:begin a 0123456789abcdef -->", "<!-- policyspec:end a -->", "k: v", "...", "*", "[x](y)", "* * *"]
)  # fmt: skip


@given(lines=st.lists(LINES, max_size=12), name=st.sampled_from(["a.md", "a.mdc", "a.yml"]))
def test_every_line_has_a_kind(tmp_path_factory: pytest.TempPathFactory, lines: list[str], name: str) -> None:
    file = tmp_path_factory.getbasetemp() / name
    file.write_text("\n".join(lines), "utf-8")
    draft = drafted(file)
    assert len(draft.files[0].lines) == len(lines) - (not lines[-1] if lines else 0)
    overlay, _ = overlay_of(DRAFT_FORMATS["yaml"](draft), "d.yaml")
    assert overlay


def test_items_sentences_and_rows_are_candidates_under_what_leads_to_them(tmp_path: Path) -> None:
    text = """# Desk
Greet. Do not
whistle. When asked:

- Say `yes`,
  softly.
  - Not in *src/desk.py*.

  Mind the gap.
1. **Never** must you lie:
   - Twice.

| When | What |
|------|------|
| noon | Be kind to guests. |
"""
    draft = written(tmp_path, text)
    assert [(one.text, one.span.line, one.under[1:], one.marks, one.near) for one in draft.candidates] == [
        ("Greet.", 2, (), (), ()),
        ("Do not whistle.", 2, (), ("imperative", "negated"), ()),
        ("Say `yes`, softly.", 5, (), ("imperative", "code"), ()),
        ("Not in *src/desk.py*.", 7, ("Say `yes`, softly.",), ("negated", "path"), ()),
        ("Mind the gap.", 9, ("Say `yes`, softly.",), (), ()),
        ("Twice.", 11, ("**Never** must you lie:",), (), ()),
        ("noon | Be kind to guests.", 15, (), (), ("be_kind",)),
    ]
    assert {one.under[0] for one in draft.candidates} == {"Desk"}
    assert kinds(draft)[2:3] + kinds(draft)[9:10] + kinds(draft)[12:14] == [
        "candidate",
        "context leads a list",
        "context head of a table",
        "skipped rule",
    ]


@pytest.mark.parametrize(
    ("front", "globs"),
    [
        ("globs: **/*", ["**/*"]),
        ("globs: **/*.py, src/**", ["**/*.py", "src/**"]),
        ('globs: ["a/**", "b/*"]', ["a/**", "b/*"]),
        ("globs:\n  - a/**\n  - 'b/*'", ["a/**", "b/*"]),
        ("applyTo: '**/*.{ts,tsx},c'", ["**/*.{ts,tsx}", "c"]),
        ("globs: a/**\nalwaysApply: true", []),
        ("description: x", []),
    ],
)
def test_front_matter_tells_where_it_holds_whether_or_not_it_is_yaml(
    tmp_path: Path, front: str, globs: list[str]
) -> None:
    draft = written(tmp_path, f"---\n{front}\n---\nDo it.\n", "rule.mdc")
    assert texts(draft) == ["Do it."]
    overlay = yaml.safe_load(DRAFT_FORMATS["yaml"](draft))
    assert overlay["statements"][0].get("where", {"globs": []})["globs"] == globs
    assert kinds(draft)[0] == kinds(draft)[-2] == "skipped mark"


def test_imports_are_read_within_the_folder_and_to_a_depth(tmp_path: Path) -> None:
    (tmp_path / "outside.md").write_text("Not this.\n", "utf-8")
    folder = tmp_path / "repository"
    folder.mkdir()
    for n in range(1, 8):
        (folder / f"{n}.md").write_text(f"Do {n}.\n\n@{n + 1}.md\n", "utf-8")
    draft = written(
        folder,
        "@1.md\n\n@../outside.md\n@~/own.md\nAsk @somebody; `@9.md`, a@b.md, @10.md.\n```\n@11.md\n```\n",
    )
    assert texts(draft)[-5:] == [f"Do {n}." for n in range(1, 6)]
    assert [(one.span.file, str(one.message).split("`")[1]) for one in draft.findings] == [
        ("5.md", "6.md"),
        ("AGENTS.md", "../outside.md"),
        ("AGENTS.md", "~/own.md"),
        ("AGENTS.md", "10.md"),
    ]
    assert kinds(draft)[0] == "skipped import"
    (folder / "1.md").write_text("@AGENTS.md\n", "utf-8")
    (circle,) = (one for one in drafted(folder / "AGENTS.md").findings if one.span.file == "1.md")
    assert "circle" in circle.message


def test_a_folder_is_told_to_be_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "up.md").write_text("# Be kind {#be_kind authority=user}\n\nIt is kind.\n", "utf-8")
    status, _, err = run("overlay", "import", tmp_path, "--upstream", tmp_path / "up.md")
    assert (status, "is a folder: name the files in it" in err) == (2, True)


def test_a_link_is_read_once_whether_the_system_knows_links_or_not(tmp_path: Path) -> None:
    agents, claude, other = (tmp_path / name for name in ("AGENTS.md", "CLAUDE.md", "GEMINI.md"))
    agents.write_text("Do it.\n", "utf-8")
    claude.symlink_to(agents)
    other.write_text("AGENTS.md", "utf-8")
    draft = drafted(other, claude, agents)
    assert texts(draft) == ["Do it."]
    assert [kinds(draft, n) for n in range(4)] == [
        ["skipped import"],
        ["candidate"],
        ["skipped read as AGENTS.md"],
        ["skipped read as AGENTS.md"],
    ]


STATEMENTS: list[dict[str, object]] = [
    {
        "id": "a",
        "says": '1. Say <!-- `x` -->: "&lt;!--"',
        "overrides": "be_kind",
        "mode": "explicit",
        "value": "no",
    },
    {
        "id": "b",
        "says": "Narrow.",
        "narrows": {"provision": "be_kind", "clause": "is kind"},
        "where": {"globs": ["a/**"]},
    },
    {"id": "c", "says": "Add 5 \u20ac, &#8364;.", "adds": "Rule \u2014 &#8212;", "level": "user"},
    {"id": "d", "says": "Let.", "delegates": "shelf", "scope": ["be_kind"], "issue": "price"},
]


@pytest.mark.parametrize("codec", ["utf-8", "latin-1", "utf-16"])
def test_what_was_exported_comes_back_and_goes_out_again(run: Run, tmp_path: Path, codec: str) -> None:
    (tmp_path / "up.md").write_text("# Be kind {#be_kind authority=user}\n\nIt is kind.\n", "utf-8")
    overlay = {
        "overlay": "Shop of ours",
        "upstream": {"source": "up.md"},
        "holder": "developer",
        "surface": "organisation",
        "statements": STATEMENTS,
    }
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(overlay), "utf-8")
    agents, draft = tmp_path / "AGENTS.md", tmp_path / "draft.yaml"
    agents.write_bytes("# Ours \xfc\r\n\r\n- Be brisk.\r\n".encode(codec))
    assert run("overlay", "export", tmp_path / "shop.yaml", "--to", "agents", "-o", agents)[0] == 0
    assert run("overlay", "import", agents, "--upstream", tmp_path / "up.md", "-o", draft)[0] == 0
    told = run("overlay", "import", agents, "--upstream", tmp_path / "up.md")[2]
    assert told.count("[invalid-encoding]") == (codec != "utf-8")
    back = yaml.safe_load(draft.read_text("utf-8"))
    assert {key: back[key] for key in ("overlay", "holder", "surface")} == {
        key: overlay[key] for key in ("overlay", "holder", "surface")
    }
    expected = [
        {k: v for k, v in one.items() if v != "explicit"}
        for one in sorted(STATEMENTS, key=lambda one: "where" in one)
    ]
    assert back["statements"] == [{"id": "agents-3", "says": "Be brisk.", "target": None}, *expected]
    before = agents.read_bytes()
    assert run("overlay", "export", draft, "--to", "agents", "-o", agents)[0] == 0
    assert agents.read_bytes() == before
    status, out, _ = run("overlay", "check", draft)
    assert status == 0
    assert "`agents-3` names nothing of upstream yet" in out
    assert "5 statements: 4 allowed, 0 refused, 1 not judged" in out
