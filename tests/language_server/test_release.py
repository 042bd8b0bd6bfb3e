"""A release in an editor: what is said while its author types, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

import sphinx_policyspec as ps
from tests.language_server.conftest import RELEASE
from tests.language_server.editor import Editor, editor

SPEC = "model_spec.md"


@pytest.fixture(autouse=True)
def _restored(release: Editor) -> Iterator[None]:
    yield
    if release.texts.get(SPEC) != RELEASE:
        release.write(SPEC, RELEASE)


def checked(folder: Path, tmp_path: Path, text: str) -> list[tuple[str, int]]:
    """Return what ``policyspec check`` says of a text in the place of the spec's."""
    (tmp_path / SPEC).write_text(text, "utf-8")
    for name in ("examples",):
        (tmp_path / name).mkdir()
        for file in (folder / name).iterdir():
            (tmp_path / name / file.name).write_bytes(file.read_bytes())
    report = ps.check(tmp_path)
    return [(e.finding.code, e.finding.span.line) for e in report.entries if e.finding.span.file == SPEC]


def test_what_is_said_of_a_text_is_what_the_command_says(release: Editor, tmp_path: Path) -> None:
    text = RELEASE.replace("(#be_fair)", "(#be_fare)").replace("authority=root", "authority=rot")
    found = release.write(SPEC, text)
    said = checked(release.folder, tmp_path, text)
    assert sorted((str(one.code), one.range.start.line + 1) for one in found) == sorted(said)
    (wrong,) = (one for one in found if one.code == "dangling-reference")
    assert wrong.severity is types.DiagnosticSeverity.Error
    assert wrong.source == "policyspec"
    assert wrong.code_description is not None
    assert wrong.code_description.href.endswith("#dangling-reference")
    lines = text.split("\n")
    words = lines[wrong.range.start.line][wrong.range.start.character : wrong.range.end.character]
    assert "be_fare" in words


def test_hints_are_hints_and_what_is_in_vain_is_marked_so(release: Editor) -> None:
    comment = "<!-- policyspec-ignore: dangling-reference later -->\n"
    found = release.write(SPEC, RELEASE.replace("The desk", f"{comment}The desk"))
    (unused,) = (one for one in found if one.code == "unused-ignore")
    assert list(unused.tags or ()) == [types.DiagnosticTag.Unnecessary]
    assert unused.severity is types.DiagnosticSeverity.Hint
    assert release.hover(SPEC, "dangling-reference").startswith("**dangling-reference**: ")


def test_a_hover_tells_of_a_principle_and_of_a_level(release: Editor) -> None:
    said = release.hover(SPEC, "#be_fair)", offset=2)
    assert said.startswith("**Be fair** · provision `be_fair` · level `root`\n\nNever favour")
    assert said.endswith("2 references · 1 example · 0 prompts")
    assert "level `user`" in release.hover(SPEC, "user}")
    assert release.hover(SPEC, "The desk") == ""
    assert "ab12.md" in release.hover(SPEC, "ab12")


def test_a_definition_and_every_reference_are_found(release: Editor) -> None:
    assert release.definition(SPEC, "#be_fair)", offset=3) == ["model_spec.md:25"]
    assert release.definition(SPEC, "[^ab12]", offset=3) == ["ab12.md:1"]
    found = ["model_spec.md:7", "model_spec.md:19", "model_spec.md:25"]
    assert (
        sorted(release.references(SPEC, "{#be_fair", offset=3), key=lambda x: int(x.split(":")[1])) == found
    )
    assert set(release.references(SPEC, "{#be_kind", offset=3)) == {
        "model_spec.md:5",
        "model_spec.md:27",
        "tone.yaml:2",
        "tone.yaml:5",
    }
    params = types.DocumentHighlightParams(**release.at(SPEC, "{#be_kind", offset=3))
    assert len(release.run(release.client.text_document_document_highlight_async(params)) or ()) == 2


def test_ids_levels_tags_and_verdicts_are_offered_on_a_text_that_is_broken(release: Editor) -> None:
    for typed, offered in (
        ("see [?](#", {"desk", "be_kind", "be_fair"}),
        ("see [x](#fr", {"be_fair"}),
        ("## New {#new authority=ro", {"root"}),
        ("so it is[^a", {"ab12"}),
        ("<!-- B", {"BAD"}),
        ("<!-- BAD: [#", {"desk", "be_kind", "be_fair"}),
    ):
        release.write(SPEC, f"{RELEASE}\n{typed}")
        assert set(release.complete(SPEC, typed)) == offered, typed
    release.write(SPEC, f"{RELEASE}\nplain words")
    assert release.complete(SPEC, "plain words") == []


def test_a_rename_reaches_every_file_and_follows_into_ids_that_are_made_of_it(release: Editor) -> None:
    texts = release.applied(release.rename(SPEC, "{#be_kind", "be_gentle", offset=3))
    assert {Path(uri).name for uri in texts} == {SPEC, "tone.yaml"}
    for uri, text in texts.items():
        assert "be_kind" not in text, uri
    assert "example: be_gentle-a-greeting" in texts[release.uri("cases/tone.yaml")]
    assert texts[release.uri(SPEC)] == RELEASE.replace("be_kind", "be_gentle")


def test_a_rename_that_cannot_be_says_why(release: Editor) -> None:
    for words, name, why in (
        ("{#be_kind", "be_fair", "taken"),
        ("{#be_kind", "1 x", "begins with a letter"),
        ("authority=user", "guest", "not given in these files"),
        ("The desk", "x", "no id"),
        ("[^ab12]", "zz9", "four of a-z and 0-9"),
    ):
        with pytest.raises(JsonRpcException, match=why):
            release.rename(SPEC, words, name, offset=len(words) - 2)
    params = types.PrepareRenameParams(**release.at(SPEC, "The desk", offset=3))
    assert release.run(release.client.text_document_prepare_rename_async(params)) is None
    params = types.PrepareRenameParams(**release.at(SPEC, "{#be_kind", offset=3))
    placed = release.run(release.client.text_document_prepare_rename_async(params))
    assert isinstance(placed, types.PrepareRenamePlaceholder)
    assert placed.placeholder == "be_kind"


def test_a_tag_is_renamed_with_the_file_of_its_prompts(release: Editor) -> None:
    prompts = release.open("examples/ab12.md")
    for file, words in ((SPEC, "[^ab12]"), ("examples/ab12.md", "[^ab12]")):
        texts = release.applied(release.rename(file, words, "zz99", offset=3))
        assert texts == {
            release.uri(SPEC): RELEASE.replace("ab12", "zz99"),
            release.uri("examples/zz99.md"): release.texts["examples/ab12.md"].replace("ab12", "zz99"),
        }
    assert "tag-without-file" not in [str(one.code) for one in prompts]
    release.close_file("examples/ab12.md")
    with editor(release.folder, capabilities=types.ClientCapabilities()) as other:
        other.open(SPEC)
        with pytest.raises(JsonRpcException, match="renames no files"):
            other.rename(SPEC, "[^ab12]", "zz99", offset=3)


def test_the_title_line_of_a_prompt_file_leads_to_its_principle_and_renames_its_tag(release: Editor) -> None:
    file = "examples/ab12.md"
    release.open(file)
    for words, offset in (("in Be kind", 4), ("in Be kind", 10)):
        assert release.definition(file, words, offset=offset) == ["model_spec.md:5"]
        assert "**Be kind**" in release.hover(file, words, offset=offset)
        assert "model_spec.md:27" in release.references(file, words, offset=offset)
    assert release.definition(file, "Examples") == []
    assert "**Be kind**" not in release.hover(file, "ab12")
    for words in ("Examples", "kind:", "ab12"):
        place = release.at(file, words)
        found = release.run(
            release.client.text_document_prepare_rename_async(types.PrepareRenameParams(**place))
        )
        assert isinstance(found, types.PrepareRenamePlaceholder)
        assert found.placeholder == "ab12"
        changed = release.applied(release.rename(file, words, "cd34"))
        assert sorted(Path(uri).name for uri in changed) == ["cd34.md", "model_spec.md"]
    release.close_file(file)


def test_an_outline_lenses_and_hints_show_what_stands_where(release: Editor) -> None:
    document = release.document(SPEC)
    params = types.DocumentSymbolParams(text_document=document)
    found = release.run(release.client.text_document_document_symbol_async(params)) or []
    assert [(one.name, [inner.name for inner in one.children or ()]) for one in found] == [  # type: ignore[union-attr]
        ("Desk", []),
        ("Be kind", ["a greeting"]),
        ("Be fair", ["two readers"]),
    ]
    lenses = release.run(
        release.client.text_document_code_lens_async(types.CodeLensParams(text_document=document))
    )
    assert [one.command.title for one in lenses or () if one.command] == [
        "3 references · 1 example · 1 prompt",
        "2 references · 1 example · 0 prompts",
    ]
    whole = types.Range(start=types.Position(0, 0), end=types.Position(99, 0))
    hints = types.InlayHintParams(text_document=document, range=whole)
    shown = release.run(release.client.text_document_inlay_hint_async(hints)) or ()
    assert [(one.position.line + 1, one.label) for one in shown] == [(7, "root"), (19, "root"), (27, "user")]
    query = types.WorkspaceSymbolParams(query="bkd")
    symbols = release.run(release.client.workspace_symbol_async(query)) or ()
    assert [one.container_name for one in symbols] == ["be_kind", "be_kind-a-greeting"]
    query = types.WorkspaceSymbolParams(query="greet")
    symbols = release.run(release.client.workspace_symbol_async(query)) or ()
    assert [(one.name, Path(one.location.uri).name) for one in symbols] == [
        ("a greeting", "model_spec.md"),
        ("A greeting", "tone.yaml"),
    ]
    links = release.run(
        release.client.text_document_document_link_async(types.DocumentLinkParams(text_document=document))
    )
    assert [Path(str(one.target)).name for one in links or ()] == ["ab12.md"]


def test_a_prompt_file_a_file_of_cases_and_the_text_are_one_spec(release: Editor) -> None:
    cases = release.open("cases/tone.yaml")
    assert cases == []
    wrong = release.texts["cases/tone.yaml"].replace("principle: be_kind", "principle: be_kin")
    found = release.write("cases/tone.yaml", wrong)
    assert [one.code for one in found] == ["unknown-provision"]
    assert release.complete("cases/tone.yaml", "principle: be_ki") == ["be_kind"]
    release.write("cases/tone.yaml", wrong.replace("be_kin}", "be_kind}"))
    release.close_file("cases/tone.yaml")
    prompts = release.open("examples/ab12.md")
    assert "stale-prompt-title" not in [one.code for one in prompts]
    (stale,) = (
        one
        for one in release.write(
            "examples/ab12.md", release.texts["examples/ab12.md"].replace("Be kind", "Be good")
        )
        if one.code == "stale-prompt-title"
    )
    (action,) = release.actions("examples/ab12.md", stale).values()
    assert action.is_preferred
    (mended,) = release.applied(action.edit).values()
    assert mended.startswith("Examples for [^ab12] in Be kind:")
    assert release.definition("examples/ab12.md", "ab12") == ["ab12.md:1"]
    release.close_file("examples/ab12.md")


def test_other_files_are_nobody_s_business(release: Editor) -> None:
    before = set(release.published)
    for uri in (
        release.uri("README.md"),
        "untitled:Untitled-1",
        "git:/a/model_spec.md",
        "file:///nowhere/a%00.md",
    ):
        item = types.TextDocumentItem(uri=uri, language_id="markdown", version=1, text="# A {#a}\n[x](#b)\n")
        release.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        document = types.TextDocumentIdentifier(uri=uri)
        params = types.HoverParams(text_document=document, position=types.Position(1, 5))
        assert release.run(release.client.text_document_hover_async(params)) is None
        release.client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))
    release.write(SPEC, RELEASE + "\n")
    assert set(release.published) == before


def test_one_action_mends_every_place_of_a_slip(release: Editor) -> None:
    text = RELEASE.replace("see [?](#be_fair)", "see [?](#be_fair), [?](#be_fair)")
    found = release.write(SPEC, text.replace("(#be_fair)", "(#be_fai)"))
    both = [one for one in found if one.code == "dangling-reference"]
    assert [len(both), both[0].range == both[1].range] == [2, False]
    listed = release.listed_actions(SPEC, *both)
    assert len(listed) == len(set(listed)) == 2
    (mended,) = release.applied(release.actions(SPEC, *both)["Replace with `be_fair`"].edit).values()
    assert mended == text


def test_a_fix_and_the_nearest_id_are_one_key_away(release: Editor) -> None:
    found = release.write(SPEC, RELEASE.replace("(#be_fair)", "(#be_fai)"))
    (one,) = (one for one in found if one.code == "dangling-reference")
    actions = release.actions(SPEC, one)
    (text,) = release.applied(actions["Replace with `be_fair`"].edit).values()
    assert text == RELEASE
    assert actions["Replace with `be_fair`"].is_preferred
    assert "Keep `be_fai` as a former id of `be_fair`" not in actions
    ignored = actions["Ignore `dangling-reference` here, with a reason"]
    (text,) = release.applied(ignored.edit).values()
    left = [str(told.code) for told in release.write(SPEC, text)]
    assert not {"dangling-reference", "unused-ignore"} & {*left}
