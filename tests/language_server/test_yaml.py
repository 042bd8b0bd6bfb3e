"""Sidecars and cases in an editor: what a file is for, what can stand where, and its outline; asked without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from lsprotocol import types

import sphinx_policyspec as ps
from sphinx_policyspec.identifiers.renaming import in_sidecar, out_of_sidecar
from sphinx_policyspec.identifiers.yaml_files import YamlFile, yaml_file
from sphinx_policyspec.language_server import actions, completion, outline
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.language_server.places import Text
from sphinx_policyspec.language_server.roots import Root
from sphinx_policyspec.model import TargetKind
from sphinx_policyspec.model.attributes import MAPPINGS, PROVISIONS
from sphinx_policyspec.model.feedback import FeedbackStatus
from sphinx_policyspec.readers.cases import CASE, EXPECT, ITEM
from sphinx_policyspec.readers.feedback import FEEDBACK
from tests.language_server.conftest import CASES, write_release
from tests.language_server.editor import edited
from tests.language_server.test_renaming import root_of, text_of

PARTS = {part.name for part in MAPPINGS}
OF_CASE, OF_ITEM, OF_EXPECT = ({key.name for key in keys} for keys in (CASE, ITEM, EXPECT))
OF_PROVISION = {*PROVISIONS.names}
FILES = {
    "topics:\n- {id: a}\n": YamlFile.SIDECAR,
    "spec: {name: x}\nitems: 1\n": YamlFile.SIDECAR,
    CASES: YamlFile.CASES,
    "title: x\nitems:\n  - id: a\n": YamlFile.CASES,
    "- about: x\n  items:\n  - id: a\n": YamlFile.CASES,
    "overlay: x\nstatements: []\n": YamlFile.OVERLAY,
    "\ufeffoverlay: x\n": YamlFile.OVERLAY,
    "feedback:\n- {id: r1}\n": YamlFile.REGISTER,
    "unassigned: []\n": YamlFile.REGISTER,
    "- id: r1\n  title: x\n": YamlFile.REGISTER,
    "{title: x, items: [{id: a}]}\n": YamlFile.CASES,
    "[{title: x, items: [{id: a}]}]\n": YamlFile.CASES,
    '"items" : [{"id": "a", "issue": "b"}]\n': YamlFile.CASES,
    "? title\n: x\n? items\n: - id: a\n": YamlFile.CASES,
    "-              title: x\n               items: []\n": YamlFile.CASES,
    "title: x\nitmes:\n  - {id: a}\n": YamlFile.CASES,
    "title: x\n---\nabout: y\nitems: []\n": YamlFile.CASES,
    "{topics: [{id: a}], provisions: {}}\n": YamlFile.SIDECAR,
    "{overlay: x, statements: []}\n": YamlFile.OVERLAY,
    "title: x\n": YamlFile.NEW,
    "": YamlFile.NEW,
    "ti": YamlFile.NEW,
    "jobs:\n  a: 1\n": YamlFile.OTHER,
    "title: My site\nnav:\n  - a\n": YamlFile.OTHER,
}
BLOCK = """title: A greeting
about: be_kind
items:
  - id: a
    principle: be_kind
"""
SIDECAR = """topics:
  - id: tone
    label: Tone
provisions:
  be_kind:
    topics: [tone]
    exception-to:
      - be_fair
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Root:
    folder = tmp_path_factory.mktemp("yaml")
    write_release(folder)
    return root_of(folder)


def here_in(root: Root, file: str, text: str) -> Here:
    path = root.folder / file
    root.take(path, text)
    return Here(root=root, path=path, text=Text(path.name, text), text_of=text_of)


def offered(root: Root, text: str) -> set[str]:
    """Return what is offered at the end of a text."""
    here = here_in(root, "x.yaml", text)
    return {one.label for one in completion.complete(here, here.text.position(len(text))).items}


@pytest.mark.parametrize(("text", "kind"), FILES.items())
def test_what_a_file_is_for_is_told_by_its_keys(root: Root, text: str, kind: YamlFile) -> None:
    assert yaml_file(text) is kind
    assert yaml_file(text.replace("\n", "\r\n")) is kind
    here = here_in(root, "x.yaml", text)
    assert (here.path in root.cases) == (kind is YamlFile.CASES)
    # What is offered on a line of its own is what the file is for.
    keys = offered(root, f"{text.rstrip()}\n" if text else "")
    if kind in {YamlFile.OTHER, YamlFile.OVERLAY}:
        assert keys == set()
    assert (keys >= OF_CASE) == (kind in {YamlFile.CASES, YamlFile.NEW})
    assert (keys >= PARTS) == (kind is YamlFile.SIDECAR or text == "")


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        (f"{BLOCK}  - ", OF_ITEM),
        (f"{BLOCK}    ", OF_ITEM),
        (f"{BLOCK}    level", {"level"}),
        (f"{BLOCK}    delegates:\n      ", {"source", "scope"}),
        (f"{BLOCK}expect:\n  ", OF_EXPECT),
        (BLOCK, OF_CASE),
        (f"{BLOCK}expect:\n  labels:\n    a: un", {"undecided"}),
        (BLOCK.replace("  - id", "- id").replace("    pr", "  pr") + "  ", OF_ITEM),
        (f"- {BLOCK}".replace("\n", "\n  "), OF_CASE),
        (f"- {BLOCK}".replace("\n", "\n  ") + "    ", OF_ITEM),
        (f"{SIDECAR}  be_fair:\n    ", OF_PROVISION),
        (f"{SIDECAR}  be_fair:\n    clauses:\n      - ", {"text", "level", "permits-by"}),
        (f"{SIDECAR}  ", {"be_kind", "be_fair"}),
        (f"{SIDECAR}levels:\n- ov", {"override"}),
        (f"{SIDECAR}spec:\n  ver", {"version"}),
        (f"{SIDECAR}spec:\n  nothing:\n    ", set()),
        (f"{SIDECAR}      - be", {"be_kind", "be_fair"}),
        (f"{BLOCK}    from: us", {"user"}),
        (f"{BLOCK}    mode: im", {"implicit"}),
    ],
)
def test_keys_and_values_are_those_of_their_place(root: Root, typed: str, keys: set[str]) -> None:
    assert offered(root, typed) == keys


BROKEN = ("title: [\n", "\x07title: x\n", "- {title: x\n", "title: 'x'about: y\n")


@pytest.mark.parametrize("text", BROKEN)
def test_cases_stay_cases_while_they_are_no_yaml(root: Root, text: str) -> None:
    assert yaml_file(text) is YamlFile.NEW or yaml_file(text) is YamlFile.OTHER
    assert yaml_file(text, YamlFile.CASES) is YamlFile.CASES
    assert here_in(root, "x.yaml", CASES).path in root.cases
    assert here_in(root, "x.yaml", text).path in root.cases
    assert here_in(root, "x.yaml", "jobs: 1\n").path not in root.cases


def test_what_begins_in_a_folder_of_cases_is_one(root: Root) -> None:
    assert here_in(root, "cases/new.yaml", "title: x\n").path in root.cases
    assert here_in(root, "cases/new.yaml", "jobs: x\n").path not in root.cases
    assert here_in(root, "cases/new.yaml", "").path not in root.cases


def test_a_register_of_feedback_is_known_by_its_ids_keys_and_values(root: Root) -> None:
    record = "- id: r1\n  title: x\n  kind: wish\n  provisions: [be_kind, gone]\n  duplicates: [be_fair]\n"
    in_parts = f"feedback:\n{record}unassigned:\n- id: r2\n  title: y\n  provisions:\n  - be_fair\n"
    for text, names in ((record, ["be_kind", "gone"]), (in_parts, ["be_kind", "gone", "be_fair"])):
        here = here_in(root, "x.yaml", text)
        found = root.index.sites(here.file)
        assert [(one.kind, one.name, one.defines) for one in found] == [
            (TargetKind.PROVISION, name, False) for name in names
        ]
        assert all(here.text.line(one.line)[one.span.column - 1 :].startswith(one.name) for one in found)
    assert offered(root, f"{record}  ") == {key.name for key in FEEDBACK}
    assert offered(root, f"{in_parts}  ") == {key.name for key in FEEDBACK}
    assert offered(root, f"{record}  status: ") == {one.value for one in FeedbackStatus}
    assert offered(root, "- id: r1\n  title: x\n  provisions: [be_k") >= {"be_kind"}
    assert offered(root, "- id: r1\n  title: x\n  provisions:\n  - be_k") >= {"be_kind"}


def test_a_section_is_offered_where_one_can_stand(root: Root) -> None:
    # No section can be an item of a case, or go before another; elsewhere one is meant where no principle fits.
    for typed, found in (
        (f"{BLOCK}    principle: ", {"be_kind", "be_fair"}),
        (f"{BLOCK}    principle: des", set()),
        ("about: des", {"desk"}),
        ("about: ", {"be_kind", "be_fair"}),
        (f"{SIDECAR}  des", {"desk"}),
        (f"{SIDECAR}    prefer-over: [des", set()),
        (f"{SIDECAR}    refines: des", {"desk"}),
    ):
        assert offered(root, typed) == found, typed


def test_cases_have_an_outline(root: Root) -> None:
    found = outline.symbols(here_in(root, "x.yaml", CASES + "- about: be_fair\n  items: []\n"))
    assert [(one.name, one.detail, [(i.name, i.detail) for i in one.children or ()]) for one in found] == [
        ("A greeting", "be_kind", [("a", "be_kind"), ("b", "user")]),
        ("be_fair", "be_fair", []),
    ]
    for one in found:
        assert one.range.start <= one.selection_range.start
        assert one.selection_range.end <= one.range.end
        assert all(
            one.range.start <= inner.range.start < inner.range.end <= one.range.end
            for inner in one.children or ()
        )
    assert outline.symbols(here_in(root, "x.yaml", "items: [")) == []
    # An alias is no place of its own, however often it stands there.
    many = outline.symbols(
        here_in(root, "x.yaml", "- &c\n  title: t\n  items: [&i {id: a}, *i, *i]\n- *c\n- *c\n")
    )
    assert [len(one.children or ()) for one in many] == [1]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_is_added_to_a_text_ends_its_lines_as_the_text_does(tmp_path: Path, end: str) -> None:
    write_release(tmp_path)
    page = tmp_path / "model_spec.md"
    text = page.read_text("utf-8").replace("\n", end)
    page.write_bytes(text.encode())
    (tmp_path / "examples" / "cd34.md").write_bytes(f"**Example**: x{end}".encode())
    (tmp_path / "notes.yaml").write_bytes(f"topics:{end}  - id: x{end}".encode())
    root = root_of(tmp_path)
    place = types.Range(start=types.Position(6, 0), end=types.Position(6, 3))
    for file, code, message in (
        ("model_spec.md", "dangling-reference", "x"),
        ("examples/cd34.md", "missing-prompt-header", "x"),
        ("notes.yaml", "x", "x"),
    ):
        here = Here(root=root, path=tmp_path / file, text=text_of(tmp_path / file), text_of=text_of)
        one = types.Diagnostic(range=place, message=message, code=code, source="policyspec")
        at = (
            place
            if file == "model_spec.md"
            else types.Range(start=types.Position(0, 0), end=types.Position(0, 0))
        )
        context = types.CodeActionContext(
            diagnostics=[types.Diagnostic(range=at, message=message, code=code, source=one.source)]
        )
        found = actions.actions(here, context, at)
        assert found, file
        for action in found:
            assert action.edit is not None
            for edits in (action.edit.changes or {}).values():
                for edit in edits:
                    assert edit.new_text.count("\n") == edit.new_text.count(end) > 0


def test_a_heading_gets_its_id_and_a_file_of_prompts_its_header(tmp_path: Path) -> None:
    write_release(tmp_path)
    (tmp_path / "model_spec.md").write_text(
        (tmp_path / "model_spec.md").read_text("utf-8") + "\n## Be brief  \n\nBe.\n", "utf-8"
    )
    text = (tmp_path / "examples" / "ab12.md").read_text("utf-8").partition("\n\n")[2]
    (tmp_path / "examples" / "ab12.md").write_text(text, "utf-8")
    root = root_of(tmp_path)
    for file, code, title, mended in (
        ("model_spec.md", "heading-without-id", "Add `{#be_brief}`", "\n## Be brief {#be_brief}  \n"),
        (
            "examples/ab12.md",
            "missing-prompt-header",
            "Begin with `Examples for [^ab12] in Be kind:`",
            "Examples for [^ab12] in Be kind:\n\n**Ex",
        ),
    ):
        here = Here(root=root, path=tmp_path / file, text=text_of(tmp_path / file), text_of=text_of)
        (told,) = (one for one in findings(tmp_path) if one.code == code)
        place = here.text.range_of(told.span)
        said = types.Diagnostic(
            range=place, message=f"{told.message}\n{told.hint}", code=code, source="policyspec"
        )
        found = {
            one.title: one
            for one in actions.actions(here, types.CodeActionContext(diagnostics=[said]), place)
        }
        ((_uri, edits),) = (found[title].edit.changes or {}).items()  # type: ignore[union-attr]
        new = edited(here.text.text, list(edits))
        assert mended in new
        here.path.write_text(new, "utf-8")
        assert code not in {one.code for one in findings(tmp_path)}


def findings(folder: Path) -> list[ps.Finding]:
    return [one.finding for one in ps.check(folder).entries]


SIDECARS = {
    "": "provisions:\n  be_gentle:\n    aliases: [be_kind]\n",
    "# notes": "# notes\nprovisions:\n  be_gentle:\n    aliases: [be_kind]",
    "topics: []": "provisions:\n  be_gentle:\n    aliases: [be_kind]\ntopics: []",
    "provisions:\n  be_fair: {topics: [x]}\n": "provisions:\n  be_gentle:\n    aliases: [be_kind]\n  be_fair: {topics: [x]}\n",
    "provisions:\n  be_gentle:\n    status: draft\n": "provisions:\n  be_gentle:\n    aliases: [be_kind]\n    status: draft\n",
    "provisions:\n  be_gentle:\n    aliases: [a]\n": "provisions:\n  be_gentle:\n    aliases: [be_kind, a]\n",
    "provisions:\n    be_gentle:\n        status: draft\n": "provisions:\n    be_gentle:\n        aliases: [be_kind]\n        status: draft\n",
    "provisions: {be_gentle: {status: draft}}\n": "provisions: {be_gentle: {aliases: [be_kind], status: draft}}\n",
    "provisions:\n  be_gentle: {status: draft}\n": "provisions:\n  be_gentle: {aliases: [be_kind], status: draft}\n",
    "provisions:\n  be_gentle:\n    aliases: a\n": "provisions:\n  be_gentle:\n    aliases: [ be_kind, a]\n",
    # What stands at an anchor is part of something else, too.
    "topics: &x {aliases: [a]}\nprovisions: {be_gentle: *x}\n": "",
    "provisions:\n  be_gentle: &x {status: draft}\n  be_fair: *x\n": "",
    "provisions: [be_gentle]\n": "",
    "provisions: {be_gentle: [\n": "",
}


@pytest.mark.parametrize(("before", "after"), SIDECARS.items())
def test_a_former_id_is_kept_in_an_annotation_file(before: str, after: str) -> None:
    assert with_former(before, "be_kind") == after


def with_former(before: str, former: str) -> str:
    """Return an annotation file in which a provision has a former id; nothing where it cannot be written."""
    text = Text("notes.yaml", before)
    found = in_sidecar("notes.yaml", before, "be_gentle", "be_gentle", former)
    return edited(before, [text.edit(text.exact_range(found.span), found.text)]) if found else ""


EMPTY = (
    "provisions:\n", "provisions: {}\n", "provisions:\n  be_gentle:\n", "provisions:\n  be_gentle: {}\n",
    "provisions:\n  be_gentle:\n    aliases:\n", "provisions: {be_fair: {}}\n", "{}\n", "topics: []\n",
)  # fmt: skip
"""Annotation files in which nothing stands where a former id is put."""


@pytest.mark.parametrize("mark", ["", "\ufeff", "# 🦉\n"])
def test_former_ids_that_are_taken_out_leave_no_byte_behind(mark: str) -> None:
    """However many there are since, and whatever stood there."""
    texts = [mark + one for one in (*(text for text, after in SIDECARS.items() if after), *EMPTY)]
    texts += [text for one in ("  ", "    ") for text, _known in styles(one, mark) if "~" not in text]
    for before in (text.replace("\n", end) for text in texts for end in ("\n", "\r\n")):
        told = [before]
        for number, former in enumerate(["be_kind", "two", "three"], 1):
            told.append(with_former(told[-1], former))
            text = Text("notes.yaml", told[-1])
            for name, expected in zip(["be_kind", "two", "three"][:number], told, strict=False):
                found = out_of_sidecar("notes.yaml", text.text, "be_gentle", name)
                assert found
                assert edited(text.text, [text.edit(text.exact_range(found.span), found.text)]) == expected


VALUES: dict[str, list[str]] = {
    "[]": [], "[a]": ["a"], "a": ["a"], "'a b'": ["a b"], "": [], "~": [], "[a, # one\n{0}  b]": ["a", "b"],
    "\n{0}- a\n{0}- b": ["a", "b"],
}  # fmt: skip


def styles(lead: str, mark: str) -> Iterator[tuple[str, list[str]]]:
    """Yield annotation files of any style, each with the former ids of its provision."""
    deep = lead * 2
    entries: list[tuple[str, list[str]]] = [(f"\n{deep}status: draft", []), (" {status: draft}", [])]
    for value, known in VALUES.items():
        said = value.format(deep)
        entries += [(f"\n{deep}aliases: {said}\n{deep}status: draft", known)]
        entries += [(f"\n{deep}status: draft\n{deep}aliases: {said} # last", known)]
        entries += [(f" {{status: draft, aliases: {said} }}", known)] if "-" not in value else []
    head = f"{mark}topics: [x]\nprovisions: # ours\n"
    for entry, known in entries:
        yield f"{head}{lead}be_gentle:{entry}\n{lead}be_fair: {{status: draft}}\n", known


@pytest.mark.parametrize("mark", ["", "\ufeff", "# 🦉\n"])
@pytest.mark.parametrize("lead", ["  ", "    "])
def test_a_former_id_is_kept_in_annotations_of_any_style(lead: str, mark: str) -> None:
    """All else that the file says stays, and so do its comments."""
    for before, known in styles(lead, mark):
        after = with_former(before, "2")
        found = yaml.safe_load(after)
        assert sorted(found["provisions"]["be_gentle"].pop("aliases")) == sorted([*known, "2"]), after
        draft = {"status": "draft"}
        assert found == {"topics": ["x"], "provisions": {"be_gentle": draft, "be_fair": draft}}
        assert after.count("#") == before.count("#")
