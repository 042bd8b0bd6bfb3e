"""What is mended without asking, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.checks.fixes import diff_of, fixed_texts, fixes_of, write_texts
from sphinx_policyspec.readers.text import SourceLines

HEAD = "# Be kind {#be_kind authority=user}\r\n\r\n# Be brief {#be_brief authority=user}\n\n"


def texts_of(folder: Path) -> dict[str, str]:
    loaded = ps.load_checked(folder, annotate=False)
    lines = SourceLines(loaded.root)
    return fixed_texts(fixes_of(loaded.spec, loaded.findings, lines), lines)


@pytest.mark.parametrize(
    ("written", "mended_to"),
    [
        ("[?](#be_knd)", "[?](#be_kind)"),
        ("[them](#be_kidn) and [?](#be_brief)", "[them](#be_kind) and [?](#be_brief)"),
        ("[?](#be_knd), [?](#be_brif)", "[?](#be_kind), [?](#be_brief)"),
        ("[be_knd](#be_knd)", None),
        ("[?](#be_nice)", None),
        ("[?](#be_kind)", None),
    ],
)
def test_an_id_that_is_one_letter_off_is_mended(tmp_path: Path, written: str, mended_to: str | None) -> None:
    path = tmp_path / "model_spec.md"
    path.write_bytes(f"{HEAD}See {written}, no more".encode())
    expected = {} if mended_to is None else {"model_spec.md": f"{HEAD}See {mended_to}, no more"}
    assert texts_of(tmp_path) == expected


def test_an_id_near_two_others_is_left_to_its_author(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(
        "# A {#be_a}\n\n# B {#be_b}\n\nSee [?](#be_c).\n", encoding="utf-8"
    )
    assert texts_of(tmp_path) == {}


def test_a_verdict_is_mended_in_place(tmp_path: Path) -> None:
    text = (
        HEAD
        + "**Example**: a\n\n~~~xml\n<comparison>\n<assistant> <!-- BAD [#be_knd]: cold -->\nNo\n</assistant>\n</comparison>\n~~~\n"
    )
    (tmp_path / "model_spec.md").write_bytes(text.encode())
    assert texts_of(tmp_path) == {"model_spec.md": text.replace("be_knd", "be_kind")}


def test_an_old_name_is_replaced_in_a_directive(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["sphinx_policyspec"]\n', encoding="utf-8")
    page = (
        "Manners\n=======\n\n.. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n"
        "   :aliases: be_nice\n\n   Kind.\n\nStay :policy:principle:`be_nice`.\n"
    )
    (tmp_path / "index.rst").write_text(page, encoding="utf-8")
    assert texts_of(tmp_path) == {"index.rst": page.replace("`be_nice`", "`be_kind`")}


@pytest.mark.parametrize(
    ("written", "mended_to"),
    [
        ("[](#be_knd)", "[](#be_kind)"),
        ("[them](<#be_knd>)", "[them](<#be_kind>)"),
        ("[**them**](#be_knd), [](#be_kidn)", "[**them**](#be_kind), [](#be_kind)"),
        ('[them](#be_knd "a title")', '[them](#be_kind "a title")'),
        ("[them][link]\n\n[link]: #be_knd", None),
        ("[](#be_nice)", None),
        ("`[](#be_knd)`", None),
        ("{policy:topic}`be_knd`", None),
    ],
)
def test_a_plain_link_of_myst_is_mended(tmp_path: Path, written: str, mended_to: str | None) -> None:
    conf = 'extensions = ["myst_parser", "sphinx_policyspec"]\n'
    (tmp_path / "conf.py").write_text(conf, encoding="utf-8")
    page = "# Manners\n\n```{policy:principle} Be kind\n:id: be_kind\n:authority: user\n\nKind.\n```\n\nSee "
    (tmp_path / "index.md").write_text(f"{page}{written}.\n", encoding="utf-8")
    assert texts_of(tmp_path) == ({} if mended_to is None else {"index.md": f"{page}{mended_to}.\n"})


def test_a_stale_header_of_prompts_gets_the_title_of_today(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text("# Be kind {#be_kind authority=user}\n\nKind[^aa11].\n", "utf-8")
    (tmp_path / "examples").mkdir()
    file = tmp_path / "examples" / "aa11.md"
    prompt = "~~~xml\n<user>\nHi\n</user>\n~~~\n"
    file.write_text(f"Examples for [^aa11] in Be nice: always:\n\n{prompt}", encoding="utf-8")
    texts = texts_of(tmp_path)
    assert texts == {"examples/aa11.md": f"Examples for [^aa11] in Be kind:\n\n{prompt}"}
    lines = SourceLines(tmp_path)
    assert [line for line in diff_of(texts, lines) if line[0] in "+-"] == [
        "--- a/examples/aa11.md",
        "+++ b/examples/aa11.md",
        "-Examples for [^aa11] in Be nice: always:",
        "+Examples for [^aa11] in Be kind:",
    ]
    assert write_texts(texts, lines) == ()
    assert file.read_text("utf-8") == texts["examples/aa11.md"]
    assert texts_of(tmp_path) == {}


def test_a_file_that_changed_or_lies_outside_is_left_alone(tmp_path: Path) -> None:
    inside = tmp_path / "spec"
    inside.mkdir()
    for path in (inside / "a.md", tmp_path / "b.md"):
        path.write_text("old", encoding="utf-8")
    (inside / "c.md").write_bytes(b"\xff")
    lines = SourceLines(inside)
    lines.of("a.md")
    (inside / "a.md").write_text("changed", encoding="utf-8")
    assert write_texts({"../b.md": "new", "a.md": "new", "c.md": "new"}, lines) == ("../b.md", "a.md", "c.md")
    assert (tmp_path / "b.md").read_text("utf-8") == "old"
    assert (inside / "a.md").read_text("utf-8") == "changed"


def test_a_line_that_docutils_counts_otherwise_is_shown_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["sphinx_policyspec"]\n', encoding="utf-8")
    page = "Title\n=====\n\nA\u2028line.\n\n.. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n\n"
    page += "   See :policy:principle:`be_kimd`.\n\n   See :policy:principle:`be_kind`.\n"
    (tmp_path / "index.rst").write_text(page, encoding="utf-8")
    loaded = ps.load_checked(tmp_path)
    (finding,) = [found for found in loaded.findings if found.code == "dangling-reference"]
    lines = SourceLines(tmp_path)
    assert lines.line(finding.span) == "   See :policy:principle:`be_kimd`."
    assert fixes_of(loaded.spec, loaded.findings, lines) == ()


def test_what_the_command_mends_python_mends(tmp_path: Path) -> None:
    file = tmp_path / "model_spec.md"
    file.write_text("# Be kind {#be_kind authority=user}\n\nSee [?](#be_knd).\n", "utf-8")
    fixes = ps.find_fixes(tmp_path, ps.check(tmp_path))
    assert "+See [?](#be_kind)." in fixes.diff
    assert fixes.write() == ()
    assert "[?](#be_kind)" in file.read_text("utf-8")
    assert not ps.find_fixes(tmp_path, ps.check(tmp_path))
