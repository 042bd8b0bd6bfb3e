"""A Sphinx project in an editor, read in a child: what is said, offered and renamed on pages of each markup."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

import sphinx_policyspec as ps
from tests.language_server.editor import Editor, editor

PAGES = ("manner.md", "charter.rst")
CONF = 'extensions = ["myst_parser", "sphinx_policyspec"]\n'
PAGE = """# Kind

```{policy:principle}
:id: kind
:authority: user
```

Be kind.
"""


@pytest.fixture(autouse=True)
def _restored(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "project" in request.fixturenames:
        project: Editor = request.getfixturevalue("project")
        for page in PAGES:
            text = (project.folder / page).read_text("utf-8")
            if project.texts[page] != text:
                project.write(page, text)


def command_says(folder: Path) -> list[tuple[str, str, int]]:
    found = ((one.finding.span.file, one.finding) for one in ps.check(folder).entries)
    return sorted((file, one.code, one.span.line) for file, one in found)


def editor_says(one: Editor) -> list[tuple[str, str, int]]:
    return sorted(
        (
            Path(uri.removeprefix("file://")).relative_to(one.folder).as_posix(),
            str(told.code),
            told.range.start.line + 1,
        )
        for uri, params in one.published.items()
        for told in params.diagnostics
        if told.code
    )


def agrees(one: Editor) -> None:
    """Wait until the editor says what the command says: of what pages ask it does a second after the last edit."""
    wanted = command_says(one.folder)
    with contextlib.suppress(TimeoutError):
        one.run(one.until(lambda: editor_says(one) == wanted))
    assert editor_says(one) == wanted


def test_all_that_is_said_is_what_the_command_says(project: Editor) -> None:
    agrees(project)


def test_an_edit_is_judged_at_once_on_pages_of_both_markups(project: Editor) -> None:
    for page, good, bad, code in (
        ("manner.md", ":authority: guideline", ":authority: guidline", "unknown-level"),
        ("manner.md", "[](#show-the-way)", "[](#show-the-wya)", "dangling-reference"),
        ("charter.rst", "`what-the-task-needs`", "`what-the-task-need`", "dangling-reference"),
        ("charter.rst", ":conflicts-with: person", ":conflicts-with: persons", "unknown-provision"),
    ):
        text = (project.folder / page).read_text("utf-8")
        found = project.write(page, text.replace(good, bad, 1))
        (wrong,) = (one for one in found if one.code == code)
        assert wrong.range.start.line == text[: text.index(good)].count("\n")
        (fix,) = (one for title, one in project.actions(page, wrong).items() if title.startswith("Replace"))
        (mended,) = project.applied(fix.edit).values()
        assert mended == text


def test_a_finding_on_a_page_that_is_not_open_is_published_and_taken_back(project: Editor) -> None:
    text = (project.folder / "manner.md").read_text("utf-8")
    project.write("manner.md", text.replace(":id: answer-before-teaching", ":id: answer-at-once"))
    assert ("children.md", "dangling-reference") in {(file, code) for file, code, _ in editor_says(project)}
    project.write("manner.md", text)
    agrees(project)


def test_directives_options_values_roles_and_questions_are_offered(project: Editor) -> None:
    for page, lines, offered in (
        ("manner.md", "```{policy:prin", {"principle", "principle-list", "principle-table"}),
        ("charter.rst", ".. policy:respo", {"response"}),
        ("manner.md", "```{policy:principle} X\n:auth", {"authority"}),
        ("manner.md", "```{policy:principle} X\n:authority: gui", {"guideline"}),
        ("charter.rst", ".. policy:principle:: X\n   :serves: reading-f", {"reading-freely"}),
        ("manner.md", "```{policy:message} us", {"user"}),
        ("manner.md", "```{policy:response} b", {"bad"}),
        ("manner.md", "```{policy:query} hard-", {"hard-rules"}),
        ("manner.md", "so {policy:princip", {"principle"}),
        ("manner.md", "so {policy:topic}`teach", {"teaching"}),
        ("charter.rst", "so :policy:principle:`this <show-the-w", {"show-the-way"}),
        ("manner.md", "so [](#show-the-w", {"show-the-way"}),
        ("manner.md", "```{policy:level} x\n:override: nev", {"never"}),
        ("manner.md", "```{policy:principle} X\n---\nauth", {"authority"}),
        ("manner.md", "```{policy:principle} X\n---\nauthority: gui", {"guideline"}),
        ("manner.md", "so {policy:count}`hard-", {"hard-rules"}),
        ("charter.rst", "so :policy:count:`touches <top", {"topic"}),
        ("manner.md", "so {policy:clause}`by default <lev", {"level"}),
        ("manner.md", "so {policy:clause}`by default <level=gui", {"guideline"}),
    ):
        project.write(page, f"{(project.folder / page).read_text('utf-8')}\n{lines}")
        assert offered <= set(project.complete(page, lines)), lines
    code = "so `[](#show-the-w"
    project.write("manner.md", f"{(project.folder / 'manner.md').read_text('utf-8')}\n{code}")
    assert project.complete("manner.md", code) == []
    many = "```{policy:query} touches\n:params: "
    project.write("manner.md", f"{(project.folder / 'manner.md').read_text('utf-8')}\n{many}")
    assert project.complete("manner.md", many) == [one.name for one in ps.find_question("touches").parameters]


def test_a_hover_tells_what_an_option_and_a_directive_are_for(project: Editor) -> None:
    assert "Level that it has" in project.hover("manner.md", ":authority:", offset=3)
    assert "Argument: verdict" in project.hover("manner.md", "policy:response", offset=9)
    assert project.hover("charter.rst", ":policy:principle:`no-secrets", offset=22).startswith("**")
    assert "Answer first" in project.hover("manner.md", "#answer-before-teaching", offset=5)


def test_a_principle_is_renamed_on_every_page_and_nothing_else_changes(project: Editor) -> None:
    before = command_says(project.folder)
    texts = project.applied(
        project.rename("charter.rst", ":id: keep-reading-private", "keep-it-private", offset=8)
    )
    assert len(texts) > 2
    originals = {uri: Path(uri.removeprefix("file://")).read_text("utf-8") for uri in texts}
    for uri, text in texts.items():
        Path(uri.removeprefix("file://")).write_text(text, "utf-8")
        assert "keep-reading-private" not in text
    try:
        assert command_says(project.folder) == before
    finally:
        for uri, text in originals.items():
            Path(uri.removeprefix("file://")).write_text(text, "utf-8")


def test_the_child_that_is_killed_is_started_again_by_the_next_edit(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF, "utf-8")
    (tmp_path / "index.md").write_text(PAGE, "utf-8")
    with editor(tmp_path) as one:
        before = one.open("index.md")
        (child,) = children_of(one)
        os.kill(child, signal.SIGKILL)
        assert "unknown-level" in [code.code for code in one.write("index.md", PAGE.replace("user", "usr"))]
        (other,) = children_of(one)
        assert other != child
        # In the middle of a reading: the edits that follow are judged all the same.
        one.send("index.md", [types.TextDocumentContentChangeWholeDocument(text=PAGE.replace("user", "us"))])
        os.kill(other, signal.SIGKILL)
        assert one.hover("index.md", "index") == "" if "index" in one.texts["index.md"] else True
        assert one.write("index.md", PAGE) == before


def children_of(one: Editor) -> list[int]:
    """Return the processes that the server has started and that run."""
    server = one.client._server
    assert server is not None
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text("utf-8").split()
        if found:
            return [int(pid) for pid in found]
        time.sleep(0.02)
    return []


def test_a_conf_py_is_run_only_where_the_workspace_is_trusted_and_the_user_says_so(tmp_path: Path) -> None:
    for number, (options, is_run) in enumerate(((None, False), ({"trusted": True, "runConf": True}, True))):
        folder = tmp_path / str(number)
        folder.mkdir()
        hostile = f"import pathlib\npathlib.Path({str(folder / 'ran')!r}).touch()\nhtml_title = print(1)\n"
        (folder / "conf.py").write_text(f"{hostile}policyspec_name = 'a' + 'b'\n{CONF}", "utf-8")
        (folder / "index.md").write_text(PAGE, "utf-8")
        with editor(folder, options) as one:
            one.open("index.md")
            assert (folder / "ran").exists() == is_run
            told = one.published.get(one.uri("conf.py"))
            said = [f"{d.range.start.line + 1}: {d.message}" for d in told.diagnostics] if told else []
            assert [text[:22] for text in said] == ([] if is_run else ["4: `policyspec_name` i"])


def test_what_conf_py_says_counts_as_soon_as_it_is_saved(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF, "utf-8")
    (tmp_path / "index.md").write_text(PAGE.replace("user", "usr"), "utf-8")
    with editor(tmp_path) as one:
        assert "unknown-level" in [told.code for told in one.open("index.md")]
        one.texts["conf.py"] = f"{CONF}policyspec_severity = {{'unknown-level': 'off'}}\n"
        one.save("conf.py")
        # What was known serves meanwhile.
        assert one.hover("index.md", ":id: kind", offset=6).startswith("**Kind**")
        one.wait("index.md", "unknown-level", is_there=False)


def test_what_stands_in_the_workspace_cannot_say_that_it_is_trusted(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "conf.py").write_text(f"import pathlib\npathlib.Path({str(ran)!r}).touch()\n{CONF}", "utf-8")
    (tmp_path / "index.md").write_text(PAGE, "utf-8")
    with editor(tmp_path) as one:
        one.open("index.md")
        for said in ({"policyspec": {"trusted": True, "runConf": True}}, {"hints": "off", "trusted": True}):
            one.published.clear()
            one.client.workspace_did_change_configuration(types.DidChangeConfigurationParams(settings=said))
        one.run(one.until(lambda: one.uri("index.md") in one.published and one.codes("index.md") == []))
    assert not ran.exists()


def test_sidecars_are_part_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(f"{CONF}policyspec_annotations = ['notes.yaml']\n", "utf-8")
    (tmp_path / "index.md").write_text(PAGE, "utf-8")
    (tmp_path / "notes.yaml").write_text(
        "topics:\n  - {id: tone, label: Tone}\nprovisions:\n  kind:\n    topics: [tone]\n", "utf-8"
    )
    with editor(tmp_path) as one:
        one.open("index.md")
        assert one.open("notes.yaml") == []
        found = one.write("notes.yaml", one.texts["notes.yaml"].replace("topics: [tone]", "topics: [tine]"))
        assert [told.code for told in found if told.severity is types.DiagnosticSeverity.Error] == [
            "unknown-topic"
        ]
        assert one.complete("notes.yaml", "topics: [t") == ["tone"]
        assert one.definition("notes.yaml", "kind:", offset=2) == ["index.md:4"]
        one.write("notes.yaml", one.texts["notes.yaml"].replace("[tine]", "[tone]"))
        texts = one.applied(one.rename("notes.yaml", "kind:", "gentle", offset=1))
        assert {Path(uri).name for uri in texts} == {"notes.yaml", "index.md"}
        assert "\n  gentle:\n" in texts[one.uri("notes.yaml")]


def test_an_id_can_be_kept_as_a_former_one(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF, "utf-8")
    (tmp_path / "index.md").write_text(f"{PAGE}\nSee [](#kind).\n", "utf-8")
    rst = "Fair\n====\n\n.. policy:principle::\n   :id: fair\n   :authority: user\n   :aliases: just\n\nBe fair.\n"
    (tmp_path / "fair.rst").write_text(f":orphan:\n\n{rst}", "utf-8")
    with editor(tmp_path, {"keepAliases": True}) as one:
        one.open("index.md")
        one.open("fair.rst")
        (text,) = one.applied(one.rename("index.md", ":id: kind", "gentle", offset=6)).values()
        assert ":id: gentle\n:aliases: kind\n:authority" in text
        (text,) = one.applied(one.rename("fair.rst", ":id: fair", "even", offset=6)).values()
        assert "   :id: even\n   :authority: user\n   :aliases: just, fair\n" in text
        # Whoever renames an id by hand keeps it by one key.
        found = one.write("index.md", one.texts["index.md"].replace("(#kind)", "(#kinds)"))
        (lost,) = (told for told in found if told.code == "dangling-reference")
        kept = one.actions("index.md", lost)["Keep `kinds` as a former id of `kind`"]
        (text,) = one.applied(kept.edit).values()
        assert ":id: kind\n:aliases: kinds\n" in text
        assert "dangling-reference" not in [told.code for told in one.write("index.md", text)]


def test_what_pages_ask_is_answered_once_nobody_types(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONF, "utf-8")
    asking = f"{PAGE}\n```{{policy:principle-list}}\n:expect-rows: 1\n```\n"
    (tmp_path / "index.md").write_text(asking, "utf-8")
    with editor(tmp_path) as one:
        assert "unexpected-rows" not in [told.code for told in one.open("index.md")]
        one.write("index.md", asking.replace("rows: 1", "rows: 2"))
        one.wait("index.md", "unexpected-rows")
