"""What to write next, proposals with blanks, and near duplicates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.drafting.agenda import AgendaItem
from tests.conftest import Run

EXAMPLE = "~~~xml\n<user>\nBye\n</user>\n<comparison>\n<assistant> <!-- GOOD -->\nBye!\n</assistant>\n<assistant> <!-- BAD -->\nNo.\n</assistant>\n</comparison>\n~~~\n"
TEXT = f"""Version: 2026-01-01

# Desk {{#desk}}

## Never lie {{#never_lie authority=root}}

Never lie at the reading desk. By default, say all that you know of a late return.

## Be kind {{#be_kind authority=user}}

Be kind to whoever comes to the reading desk, and [honest](#never_lie).

**Example**: a goodbye

{EXAMPLE}
## Be brief {{#be_brief authority=user}}

Be brief at the reading desk; a late return needs few words. See [?](#never_lie) and [?](#be_kind).

## Be loud {{#be_loud authority=user}}

Be loud about a late return. See [?](#be_brief).
"""
SIDECAR = """topics: [{id: tone, label: Tone}]
provisions:
  never_lie: {clauses: [{text: "By default, say all that you know of a late return.", authority: user}]}
  be_kind: {topics: [tone], exception-to: [never_lie]}
  be_brief: {topics: [tone]}
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "2026-01-01"
    folder.mkdir()
    (folder / "model_spec.md").write_text(TEXT, "utf-8")
    (tmp_path / "side.yaml").write_text(SIDECAR, "utf-8")
    return folder


def told(items: tuple[AgendaItem, ...]) -> list[tuple[str, str, int]]:
    return [(one.principle.id, one.want.value, one.reach) for one in items]


def test_what_is_lacking_comes_by_level_then_by_what_rests_on_it(release: Path, tmp_path: Path) -> None:
    lacking = [("never_lie", "example", 2), ("be_brief", "example", 1), ("be_loud", "example", 0)]
    before = ps.agenda(release)
    assert told(before.items) == lacking
    assert before == ps.agenda(release)
    assert ps.agenda(release, name="a b").items[0].command == "policyspec draft 'a b' ladder never_lie"
    # What is covered goes, and nothing else moves.
    for name, _want, _reach in lacking:
        text = TEXT.replace(f"{{#{name} ", f"{{#{name} ", 1)
        head, sep, rest = text.partition(f"{{#{name} authority=")
        line, _, below = rest.partition("\n")
        covered = f"{head}{sep}{line}\n\n**Example**: a goodbye again\n\n{EXAMPLE}{below}"
        (release / "model_spec.md").write_text(covered, "utf-8")
        assert told(ps.agenda(release).items) == [one for one in lacking if one[0] != name]
    (release / "model_spec.md").write_text(TEXT, "utf-8")
    (tmp_path / "f.yaml").write_text(
        "- {id: a, title: Odd, provisions: [be_kind]}\n- {id: b, title: Odder, provisions: [be_kind], status: declined}\n",
        "utf-8",
    )
    found = ps.agenda(release, feedback=[tmp_path / "f.yaml"]).items
    assert [(one.principle.id, one.records) for one in found if one.want is ps.Want.FEEDBACK] == [
        ("be_kind", ("a",))
    ]


def test_what_somebody_silences_is_not_wanted(release: Path) -> None:
    silent = TEXT.replace(
        "## Be loud", "<!-- policyspec-ignore: principle-without-example none is needed -->\n## Be loud"
    )
    (release / "model_spec.md").write_text(silent, "utf-8")
    assert [one.principle.id for one in ps.agenda(release).items] == ["never_lie", "be_brief"]


def filled(text: str) -> str:
    return re.sub(r"\[draft: [^\]]*\]", "Words of ours", text)


def holds(source: Path, folder: Path, kind: str, *ids: str) -> list[ps.ProposalDraft]:
    """Try every draft, with its blanks and filled in; return all of them."""
    side = folder / "side.yaml"
    drafts = [*ps.draft(source, kind, *ids, annotations=side)]
    assert drafts == [*ps.draft(source, kind, *ids, annotations=side)]
    for one in drafts:
        file = folder / one.name
        file.write_text(one.text, "utf-8")
        report = ps.check_proposal(source, file, annotations=side)
        # A rule that no message may override is reworded, which readers hear of.
        codes = {found.code for found in report.findings} - {"root-rule-changed"}
        assert codes == {"draft-left"}, (one.name, report.findings)
        applied = ps.apply_proposal(source, file, annotations=side)
        assert not applied.texts
        assert [found.severity for found in applied.findings] == [ps.Severity.ERROR]
        file.write_text(filled(one.text), "utf-8")
        codes = {found.code for found in ps.check_proposal(source, file, annotations=side).findings}
        assert codes <= {"root-rule-changed"}, one.text
        assert ps.apply_proposal(source, file, annotations=side).texts
    return drafts


def test_each_boundary_of_a_principle_is_drafted_and_passes_once_it_is_filled_in(
    release: Path, tmp_path: Path
) -> None:
    drafts = holds(release, tmp_path, "ladder", "never_lie", "be_kind")
    assert [(one.opening.kind.value, one.opening.other and one.opening.other.id) for one in drafts] == [
        ("text", None),
        ("clause", None),
        ("exception", "be_kind"),
        ("text", None),
        ("exception", "never_lie"),
        ("topic", "be_brief"),
    ]
    clause = drafts[1]
    assert "> By default, say all that you know of a late return." in clause.text
    assert clause.text.count("example:") == 2
    with pytest.raises(ps.UnknownIdError, match="did you mean `be_kind`"):
        ps.draft(release, "ladder", "be_knd")
    with pytest.raises(ps.SchemaError, match="did you mean `pairs`"):
        ps.draft(release, "pair")


def test_pairs_and_terms_are_drafted_and_pass_once_they_are_filled_in(release: Path, tmp_path: Path) -> None:
    pairs = holds(release, tmp_path, "pairs")
    assert [(one.opening.principle.id, one.opening.other and one.opening.other.id) for one in pairs] == [
        ("be_kind", "be_brief")
    ]
    assert not ps.draft(release, "pairs", "never_lie")
    terms = holds(release, tmp_path, "terms")
    assert [(one.opening.term, len(one.opening.places)) for one in terms] == [
        ("reading desk", 3),
        ("late return", 3),
    ]
    (tmp_path / terms[0].name).write_text(filled(terms[0].text), "utf-8")
    ps.apply_proposal(release, tmp_path / terms[0].name).write()
    assert [one.opening.term for one in ps.draft(release, "terms")] == ["late return"]


PAGES = {
    "conf.py": 'extensions = ["myst_parser", "sphinx_policyspec"]\n',
    "index.rst": "Desk\n====\n\n.. toctree::\n\n   kind\n\nBe brief\n--------\n\n.. policy:principle::\n   :id: brief\n   :authority: user\n   :topics: tone\n\nBe brief at the desk.\n",
    "kind.md": "# Be kind\n\n```{policy:principle}\n:id: kind\n:authority: user\n:topics: tone\n```\n\nBe kind at the desk.\n",
}


def test_drafts_are_written_in_the_markup_of_their_page(tmp_path: Path) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    for name, text in PAGES.items():
        (source / name).write_text(text, "utf-8")
    drafts = ps.draft(source, "ladder", "brief", "kind")
    assert [
        (one.opening.kind.value, "{policy:example}" in one.text, ".. policy:example::" in one.text)
        for one in drafts
    ] == [*(("text", False, True), ("topic", False, True), ("text", True, False), ("topic", True, False))]
    for one in drafts[1:3]:
        file = tmp_path / one.name
        file.write_text(filled(one.text), "utf-8")
        assert not ps.check_proposal(source, file).findings, one.text
    ps.apply_proposal(source, file).write()
    assert [one.title for one in ps.load(source).examples] == ["Words of ours"]


def test_an_example_that_says_nearly_the_same_is_found_with_what_differs(
    release: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new.md"
    new.write_text(f"**Example**: saying goodbye at night\n\n{EXAMPLE.replace('No.', 'No!')}", "utf-8")
    (pair,) = ps.near_duplicates(release, new).pairs
    assert pair.known.id == "be_kind-a-goodbye"
    assert (pair.gone, pair.added) == (("assistant BAD: No.",), ("assistant BAD: No!",))
    assert pair.conversation > 80 > pair.title
    new.write_text(
        "**Example**: a storm\n\n~~~xml\n<user>\nWill it rain tomorrow, and where?\n</user>\n~~~\n", "utf-8"
    )
    assert not ps.near_duplicates(release, new).pairs
    new.write_text("# Nothing\n", "utf-8")
    with pytest.raises(ps.SourceError, match="contains no example"):
        ps.near_duplicates(release, new)
    new.write_text("itms: []\n", "utf-8")
    with pytest.raises(ps.SourceError, match="unknown key `itms`"):
        ps.draft(release, "pairs", cases=[new])


def test_the_command_writes_drafts_beside_the_spec_and_never_over_one(
    release: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = (release / "model_spec.md").read_bytes()
    assert "be_brief (reach 1): no example" in run("draft", "2026-01-01", "next")[1]
    overlay = "overlay: shop\nholder: developer\nupstream: {source: 2026-01-01}\nstatements: []\n"
    Path("shop.yaml").write_text(overlay, "utf-8")
    # It has no text that a draft could change.
    assert "policyspec draft" not in (agenda := run("draft", "shop.yaml", "next")[1])
    assert "be_brief (reach 1): no example\n    policyspec context shop.yaml --about be_brief\n" in agenda
    assert run("draft", "2026-01-01", "terms", "-o", "drafts")[0] == 0
    file = next(Path("drafts").iterdir())
    file.write_text("mine", "utf-8")
    assert "it is there already" in run("draft", "2026-01-01", "terms", "-o", "drafts")[2]
    assert file.read_text("utf-8") == "mine"
    for words in (
        ("ladder",),
        ("next", "be_kind"),
        ("like",),
        ("terms", "--feedback", "2026-01-01/model_spec.md"),
    ):
        assert run("draft", "2026-01-01", *words)[0] == 2
    assert (release / "model_spec.md").read_bytes() == before
