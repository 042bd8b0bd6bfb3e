"""What a user may say to the server, and what of a ``conf.py`` is known without running it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from sphinx_policyspec.identifiers.index import MOST_FILES, files_below
from sphinx_policyspec.language_server.reading import ReadRequest, Result, RootSource, SpecReader
from sphinx_policyspec.language_server.roots import EditorSettings, Workspace
from sphinx_policyspec.language_server.static_conf import _SAFE_OF_SPHINX, read_conf
from tests.conftest import REPOSITORY
from tests.language_server.conftest import RELEASE, write_release
from tests.language_server.editor import Editor, editor


@pytest.mark.parametrize(
    "said", [None, [], 3, "x", {}, {"runConf": 1}, {"runConf": "true"}, {"trusted": True}]
)
def test_conf_py_is_run_only_by_two_plain_truths(said: object) -> None:
    assert not EditorSettings.of(said, is_trusted=True).runs_conf
    assert not EditorSettings.of({"runConf": True, "trusted": True}, is_trusted=False).runs_conf
    assert EditorSettings.of({"runConf": True}, is_trusted=True).runs_conf
    assert EditorSettings.of({"policyspec": {"runConf": True}}, is_trusted=True).runs_conf


@given(
    said=st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["policyspec", "hints", "annotations", "trusted"]), inner)
        ),
    )
)
def test_no_settings_are_too_odd(said: object) -> None:
    assert EditorSettings.of(said, Path("/nowhere"), is_trusted=False).hints in {"hint", "information", "off"}


def test_plain_values_are_read_and_others_are_told(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        "import os\nextensions = ['sphinx_policyspec', 'myst_parser', 'my_own', 'sphinx.ext.autodoc', 'sphinx.ext.todo']\n"
        "project: str = 'A'\npolicyspec_name = os.getcwd()\nversion = os.name\nhtml_theme = 'x'\n",
        "utf-8",
    )
    conf = read_conf(tmp_path)
    assert conf.values == {
        "extensions": ["sphinx_policyspec", "myst_parser", "sphinx.ext.todo"],
        "project": "A",
    }
    assert [line for line, _ in conf.left_out] == [2, 2, 4]
    assert all(
        "my_own" in said or "autodoc" in said or "policyspec_name" in said for _, said in conf.left_out
    )


def told_without_running(folder: Path, extensions: str) -> tuple[Result, set[str]]:
    """Return what is read of a project with some extensions, and the unknown directives that are told."""
    folder.mkdir()
    (folder / "conf.py").write_text(f"extensions = ['sphinx_policyspec', {extensions}]\n", "utf-8")
    page = ".. policy:principle:: Kind\n   :id: be_kind\n   :authority: user\n\n   Be kind.\n"
    code = ".. automodule:: this\n\n.. autosummary::\n\n   this\n\n.. ifconfig:: 1/0\n\n   x\n\n.. inheritance-diagram:: this\n"
    (folder / "index.rst").write_text(f"Rules\n=====\n\n{page}\n{code}", "utf-8")
    reader = SpecReader(RootSource(path=folder))
    try:
        result = reader.read(ReadRequest(texts={}))
    finally:
        reader.close()
    said = " ".join(one.finding.message for one in result.entries)
    return result, set(re.findall(r'Unknown directive type "([\w-]+)"', said))


def test_no_extension_that_is_loaded_runs_code_and_one_that_is_not_there_stops_nothing(
    tmp_path: Path,
) -> None:
    sys.modules.pop("this", None)
    safe = ", ".join(map(repr, sorted(_SAFE_OF_SPHINX)))
    result, unknown = told_without_running(tmp_path / "safe", safe)
    assert unknown == {"automodule", "autosummary", "ifconfig", "inheritance-diagram"}
    assert result.left_out == ()
    # What may bring them is told at its line of `conf.py`, and they are not called unknown.
    others = ("autodoc", "napoleon", "viewcode", "ifconfig", "linkcode", "autosummary")
    lacking = "'sphinx_togglebutton_gone', " + ", ".join(f"'sphinx.ext.{name}'" for name in others)
    result, unknown = told_without_running(tmp_path / "lacking", lacking)
    assert (len(result.left_out), unknown) == (7, set())
    assert "this" not in sys.modules


def test_an_extension_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf.py").write_text("extensions = ['sphinx_policyspec', 'sphinx_design']\n", "utf-8")
    monkeypatch.setitem(sys.modules, "sphinx_design", None)
    conf = read_conf(tmp_path)
    assert conf.values["extensions"] == ["sphinx_policyspec"]
    assert conf.left_out == ((1, "the extension `sphinx_design` is not installed where the server runs"),)


@pytest.mark.parametrize(
    "text", ["", "x = ", "\0", "a = " + "(" * 200, "extensions = 3\n", "extensions = ['a' for a in b]\n"]
)
def test_no_conf_py_is_too_odd(tmp_path: Path, text: str) -> None:
    (tmp_path / "conf.py").write_text(text, "utf-8")
    assert read_conf(tmp_path).values.get("extensions", []) == []


def test_our_own_projects_are_read_without_running_them() -> None:
    for folder in ("docs", "example_docs"):
        conf = read_conf(REPOSITORY / folder)
        tree = ast.parse((REPOSITORY / folder / "conf.py").read_text("utf-8"))
        assert "sphinx_policyspec" in conf.values["extensions"]
        assert len(tree.body) > 5
    assert read_conf(REPOSITORY / "example_docs").left_out == ()


def test_nothing_is_looked_for_above_the_workspace_and_in_hidden_folders(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text("## A {#a authority=user}\n", "utf-8")
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    file = inside / "notes.md"
    file.write_text("# Notes\n", "utf-8")
    assert Workspace(folders=(tmp_path / "a",)).root_of(file, "# Notes\n") is None
    assert Workspace().root_of(file, "# Notes\n") is None
    hidden = tmp_path / ".git" / "model_spec.md"
    hidden.parent.mkdir()
    hidden.write_text("## A {#a authority=user}\n", "utf-8")
    assert Workspace(folders=(tmp_path,)).root_of(hidden, "") is None
    assert [*files_below(tmp_path)] == [tmp_path / "model_spec.md", file]
    assert MOST_FILES == 5000


def test_a_lone_file_of_the_dialect_is_a_spec_and_other_markdown_is_none(tmp_path: Path) -> None:
    text = "# A {#a}\n\n## B {#b authority=user}\n\nBe.\n"
    (tmp_path / "spec.md").write_text(text, "utf-8")
    (tmp_path / "README.md").write_text("# A\n", "utf-8")
    workspace = Workspace(folders=(tmp_path,))
    assert workspace.root_of(tmp_path / "README.md", "# A\n") is None
    root = workspace.root_of(tmp_path / "spec.md", text)
    assert root is not None
    assert root.index.files == ("spec.md",)
    assert not root.holds(tmp_path / "README.md")


def test_without_pygls_the_command_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'pygls':\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "sys.argv = ['policyspec', 'lsp']\n"
        "from sphinx_policyspec.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=REPOSITORY
    )
    assert done.returncode == 2
    assert (
        done.stderr
        == "policyspec: error: `policyspec lsp` needs pygls: pip install 'sphinx-policyspec[lsp]'\n"
    )


def test_an_annotation_file_that_a_user_names_is_part_of_a_release(tmp_path: Path) -> None:
    folder = write_release(tmp_path / "desk")
    notes = tmp_path / "notes.yaml"
    notes.write_text(
        "topics:\n  - {id: tone, label: Tone}\nprovisions:\n  be_kind: {topics: [tone]}\n", "utf-8"
    )
    with editor(tmp_path, {"annotations": "notes.yaml"}) as one:
        one.open("desk/model_spec.md")
        assert one.open("notes.yaml") == []
        assert "about `tone`" in one.hover("desk/model_spec.md", "{#be_kind", offset=3)
        found = one.write("notes.yaml", one.texts["notes.yaml"].replace("[tone]", "[tine]"))
        assert "unknown-topic" in [str(told.code) for told in found]
        texts = one.applied(one.rename("desk/model_spec.md", "{#be_kind", "be_warm", offset=3))
        assert {Path(uri).name for uri in texts} == {"model_spec.md", "notes.yaml", "tone.yaml"}
    assert (folder / "model_spec.md").exists()


def test_an_annotation_file_that_is_no_yaml_at_the_moment_says_what_it_did(tmp_path: Path) -> None:
    write_release(tmp_path / "desk")
    notes = "provisions:\n  be_kind: {topics: [tone]}\ntopics:\n  - {id: tone, label: Tone}\n"
    (tmp_path / "notes.yaml").write_text(notes, "utf-8")
    with editor(tmp_path, {"annotations": "notes.yaml"}) as one:
        assert one.open("desk/model_spec.md") is not None
        assert one.open("notes.yaml") == []
        (told,) = one.write("notes.yaml", f"{notes}goals: [\n")
        assert (told.code, told.range.start.line) == ("annotations", 4)
        text = one.texts["desk/model_spec.md"].replace("[kind](#be_kind)", "[kind](#be_kinder)")
        codes = {told.code for told in one.write("desk/model_spec.md", text)}
        assert "dangling-reference" in codes
        assert "about `tone`" in one.hover("desk/model_spec.md", "{#be_kind", offset=3)
        assert one.write("notes.yaml", notes) == []


def changed(one: Editor, file: str, kind: types.FileChangeType) -> None:
    """Tell the server of a change on the disk that the editor has seen."""
    params = types.DidChangeWatchedFilesParams(changes=[types.FileEvent(uri=one.uri(file), type=kind)])
    one.client.workspace_did_change_watched_files(params)


SPECS = {
    "release": ("model_spec.md", "# Desk {#desk}\n\n## Kind {#kind authority=usr}\n\nBe kind.\n", {}),
    "project": (
        "index.md",
        "# Kind\n\n```{policy:principle}\n:id: kind\n:authority: usr\n```\n\nBe kind.\n",
        {"conf.py": 'extensions = ["myst_parser", "sphinx_policyspec"]\n'},
    ),
    "lone": ("desk.md", "# Desk {#desk}\n\n## Kind {#kind authority=usr}\n\nBe kind.\n", {}),
}


@pytest.mark.parametrize("kind", SPECS)
def test_a_spec_that_is_gone_from_the_disk_has_no_findings_and_has_them_once_it_is_back(
    kind: str, tmp_path: Path
) -> None:
    file, text, others = SPECS[kind]
    for name, content in {file: text, **others}.items():
        (tmp_path / name).write_text(content, "utf-8")
    gone = next(iter(others), file)
    with editor(tmp_path) as one:
        one.open(file)
        one.wait(file, "unknown-level")
        if gone == file:
            one.close_file(file)
        (tmp_path / gone).unlink()
        changed(one, gone, types.FileChangeType.Deleted)
        one.wait(file, "unknown-level", is_there=False)
        assert all(not params.diagnostics for params in one.published.values())
        (tmp_path / gone).write_text(others.get(gone, text), "utf-8")
        if gone == file:
            one.open(file)
        else:
            changed(one, gone, types.FileChangeType.Created)
        one.wait(file, "unknown-level")


@pytest.mark.parametrize("saves", [True, False])
def test_a_text_is_read_as_soon_as_it_is_one_of_a_spec(saves: bool, tmp_path: Path) -> None:
    """A new page of a project, a new release, and Markdown that gets an id and a level while somebody types."""
    _file, page, others = SPECS["project"]
    release = SPECS["release"][1]
    for name, content in {"index.md": "# Desk\n", "other/desk.md": "# Desk\n", **others}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    for folder, new, text in ((tmp_path, "kind.md", page), (tmp_path / "other", "model_spec.md", release)):
        with editor(folder) as one:
            one.begin("index.md" if folder == tmp_path else "desk.md")
            one.begin(new, text)
            (folder / new).write_text(text, "utf-8")
            if saves:
                one.save(new)
            else:
                changed(one, new, types.FileChangeType.Created)
            one.wait(new, "unknown-level")
    (tmp_path / "other" / "model_spec.md").unlink()
    with editor(tmp_path / "other") as one:
        one.begin("desk.md")
        assert "unknown-level" in [told.code for told in one.write("desk.md", release)]


def test_files_are_called_as_the_client_calls_them(tmp_path: Path) -> None:
    """Whatever a folder is called, and where the client follows a link to it."""
    write_release(tmp_path / "C# a%20b ü" / "desk")
    (tmp_path / "link").symlink_to(tmp_path / "C# a%20b ü", target_is_directory=True)
    for folder in (tmp_path / "C# a%20b ü" / "desk", tmp_path / "link" / "desk"):
        with editor(folder) as one:
            # A change of what is not open has nothing to change.
            one.texts["cases/tone.yaml"], one.versions["cases/tone.yaml"] = "", 1
            one.send("cases/tone.yaml", [types.TextDocumentContentChangeWholeDocument(text="x")])
            del one.texts["cases/tone.yaml"], one.versions["cases/tone.yaml"]
            text = "\n\n" + RELEASE.replace("being [kind](#be_kind)", "being [kind](#be_kinder)")
            one.open("model_spec.md", text)
            assert "dangling-reference" in one.codes("model_spec.md")
            assert one.published.keys() <= {
                one.uri(file) for file in ("model_spec.md", "examples/ab12.md", "cases/tone.yaml")
            }
            assert one.definition("model_spec.md", "(#be_fair)", offset=3) == ["model_spec.md:27"]
            edit = one.rename("model_spec.md", "{#be_kind", "be_nice", offset=4)
            assert edit is not None
            assert edit.document_changes is not None
            named = [change.text_document for change in edit.document_changes]  # type: ignore[union-attr]
            assert {one_.uri: one_.version for one_ in named} == {
                one.uri("model_spec.md"): 1,
                one.uri("cases/tone.yaml"): None,
            }
            assert one.applied(edit)[one.uri("model_spec.md")] == re.sub(r"be_kind\b", "be_nice", text)
            assert not one.client.messages
