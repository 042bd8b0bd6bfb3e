"""Proposals: what `check` says is what `apply` does, the reverse gives the old bytes, and what does not fit is told."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import sphinx_policyspec as ps
from sphinx_policyspec.api.proposals import _Trial
from sphinx_policyspec.model import Span
from sphinx_policyspec.model.proposals import EditKind, Proposal, ProposalEdit
from sphinx_policyspec.packs.pack import PartKind
from sphinx_policyspec.proposals.edits import EditWriter
from sphinx_policyspec.readers.proposals import read_proposal
from tests.conftest import REPOSITORY

TEXT = """# Manners {#manners}

How to meet people.

## Be kind {#be_kind authority=user}

Be kind to those who ask. Be kind to others, too, as [?](#be_brief) allows.

**Example**: a greeting

~~~xml
<user>
Hi
</user>
<comparison>
<assistant> <!-- GOOD -->
Hello!
</assistant>
<assistant> <!-- BAD [#be_kind] -->
What?
</assistant>
</comparison>
~~~

## Be brief {#be_brief authority=guideline}

Write short answers.


## Stay lawful {#stay_lawful authority=root}

Never help to break a law.

### At sea {#at_sea authority=root}

The law of the flag holds.
"""
CASES = """
- title: kind or brief
  items:
    - {id: kind, principle: be_kind, issue: tone, value: a}
    - {id: brief, principle: be_brief, issue: tone, value: b}
"""
EXAMPLE = "~~~xml\n<user>\nBye\n</user>\n<comparison>\n<assistant> <!-- GOOD -->\nBye!\n</assistant>\n<assistant> <!-- BAD -->\nNo.\n</assistant>\n</comparison>\n~~~"

FILE = "model_spec.md"
Edit = dict[str, Any]


def written(folder: Path, text: str = TEXT) -> Path:
    release = folder / "2026-01-01"
    release.mkdir()
    (release / FILE).write_bytes(text.encode())
    return release


def proposal(folder: Path, *edits: Edit, id: str = "p", **head: Any) -> Path:  # noqa: A002  what it is called
    source = folder / "2026-01-01" / FILE
    against = {"release": "2026-01-01", "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}
    told = {"id": id, "title": "Better", "against": against, "edits": list(edits), **head}
    file = folder / f"{id}.md"
    file.write_text(f"---\n{yaml.safe_dump(told, sort_keys=False)}---\nBecause.\n", "utf-8")
    return file


REPLACE: Edit = {"provision": "be_kind", "find": "kind to others", "replace": "just to others"}
ADD: Edit = {
    "add": {"after": "be_brief", "id": "wave", "title": "Wave", "level": "user"},
    "text": "Wave to all.",
}
EDITS: dict[str, tuple[Edit, Edit | None]] = {
    "replace": (REPLACE, {"provision": "be_kind", "find": "just to others", "replace": "kind to others"}),
    "occurrence": (
        {"provision": "be_kind", "find": "Be kind", "replace": "Be good", "occurrence": 3},
        {"provision": "be_kind", "find": "Be good", "replace": "Be kind"},
    ),
    "title": (
        {"provision": "be_brief", "find": "Be brief", "replace": "Be short"},
        {"provision": "be_brief", "find": "Be short", "replace": "Be brief"},
    ),
    "level": ({"provision": "be_brief", "level": "user"}, {"provision": "be_brief", "level": "guideline"}),
    "add": (ADD, {"remove": "wave", "because": "it was too much"}),
    "add in": (
        {"add": {"in": "be_brief", "id": "wave", "title": "Wave"}, "text": "Wave to all."},
        {"remove": "wave"},
    ),
    "move down": (
        {"move": "be_kind", "after": "stay_lawful"},
        {"move": "be_kind", "after": "manners"},
    ),
    "move between": (
        {"move": "be_brief", "after": "stay_lawful"},
        {"move": "be_brief", "after": "be_kind"},
    ),
    "move up": ({"move": "stay_lawful", "after": "be_kind"}, {"move": "stay_lawful", "after": "be_brief"}),
    "move into": ({"move": "at_sea", "after": "be_kind"}, {"move": "at_sea", "after": "stay_lawful"}),
    "rename": ({"rename": "be_brief", "to": "be_short"}, {"rename": "be_short", "to": "be_brief"}),
    "example": (
        {"provision": "be_brief", "example": "a farewell", "text": EXAMPLE},
        {"provision": "be_brief", "find": "", "replace": ""},
    ),
    "remove": ({"remove": "stay_lawful", "because": "others say it"}, None),
}


STYLES = {
    "lines of Windows": TEXT.replace("\n", "\r\n"),
    "no empty line": re.sub(r"\n+(?=#)", "\n", TEXT).rstrip("\n"),
    "many empty lines": re.sub(r"\n+(?=#)", "\n\n\n", TEXT) + "\n\n",
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", EDITS)
def test_what_is_written_is_what_the_check_said_and_its_reverse_gives_the_old_bytes(
    name: str, style: str, tmp_path: Path
) -> None:
    edit, back = EDITS[name]
    source = written(tmp_path, STYLES[style])
    old, before = (source / FILE).read_bytes(), ps.load_checked(source)
    report = ps.check_proposal(source, proposal(tmp_path, edit))
    (checked,) = report.checks
    assert [one.code for one in report.findings] == ["root-rule-changed"] * 2 * (name == "remove")
    assert checked.fits == (True,)
    if name.startswith("add"):
        # It has as many empty lines around it as others have.
        gaps = [{*re.findall(r"\s+(?=#)", text)} for text in (old.decode(), checked.effects.texts[FILE])]
        assert gaps[1] == gaps[0]
    applied = ps.apply_proposal(source, proposal(tmp_path, edit))
    assert (source / FILE).read_bytes() == old
    assert applied.write() == ()
    assert applied.texts == checked.effects.texts == {FILE: (source / FILE).read_bytes().decode()}
    assert checked.effects.diff == ps.diff(before, source)
    assert checked.effects.diff
    assert (source / FILE).read_bytes().count(b"\r") == (source / FILE).read_bytes().count(b"\n") * (
        style == "lines of Windows"
    )
    if back:
        if name == "example":
            # All that came in goes, with the empty lines around it.
            new = (source / FILE).read_bytes().decode()
            start = next(n for n, (a, b) in enumerate(zip(old.decode(), new, strict=False)) if a != b)
            back = {**back, "find": new[start : start + len(new) - len(old.decode())]}
        assert ps.apply_proposal(source, proposal(tmp_path, back)).write() == ()
        assert (source / FILE).read_bytes() == old


@pytest.mark.parametrize("name", ["2025-09-12", pytest.param("example_docs", marks=pytest.mark.slow)])
def test_what_is_added_anywhere_leaves_no_byte_behind(
    name: str, tmp_path: Path, model_spec_data: Path
) -> None:
    """A principle after each other one, then one as the last in each that holds others; and all of them go again."""
    source = REPOSITORY / name
    if not source.is_dir():
        source = written(tmp_path, (model_spec_data / name / FILE).read_bytes().decode())
    trial = _Trial(source, {})
    principles, place = trial.loaded.spec.principles, Span("p.md", 1)
    homes = sorted({one.parent for one in principles if one.parent})
    kinds: tuple[list[dict[str, Any]], ...] = (
        [{"after": one.id} for one in principles],
        [{"within": one} for one in homes],
    )
    for where in kinds:
        adds = [
            ProposalEdit(
                kind=EditKind.ADD, provision=f"new-{n}", title="New", level="user", text="Say so.", span=place, **one
            )
            for n, one in enumerate(where)
        ]  # fmt: skip
        writer = EditWriter(trial.workspace())
        texts = writer.workspace.texts
        all_fit(writer, adds)
        parents = {one.id: one.parent for one in trial.read(texts.changed).spec.provisions}
        assert [one.within or parents[one.after] for one in adds] == [parents[one.provision] for one in adds]
        again = writer.apply(Proposal(id="p", title="p", edits=(adds[0],), span=place))
        assert "there is a provision" in again.findings[0].message
        all_fit(
            writer, [ProposalEdit(kind=EditKind.REMOVE, provision=one.provision, span=place) for one in adds]
        )
        assert texts.changed == {}


def all_fit(writer: EditWriter, edits: list[ProposalEdit]) -> None:
    """Make edits each of which is placed by what was there before them all."""
    for edit in edits:
        writer._is_stale = False
        found = writer.apply(Proposal(id="p", title="p", edits=(edit,), span=edit.span))
        assert (found.findings, found.fits) == ((), (True,)), edit
    writer._is_stale = True


def test_edits_apply_in_order_and_leave_every_other_byte(tmp_path: Path) -> None:
    source = written(tmp_path)
    edits = (
        {"provision": "be_brief", "find": "short", "replace": "very short"},
        {"rename": "be_brief", "to": "be_short"},
        {"provision": "be_short", "level": "user"},
        {"provision": "be_short", "find": "very short answers", "replace": "short\nanswers"},
    )
    applied = ps.apply_proposal(source, proposal(tmp_path, *edits))
    assert applied.findings == ()
    told = TEXT.replace("{#be_brief authority=guideline}", "{#be_short authority=user}")
    told = told.replace("(#be_brief)", "(#be_short)").replace("short answers", "short\nanswers")
    assert applied.texts == {FILE: told}


def test_a_title_is_one_line_and_brings_nothing_else_with_it(tmp_path: Path) -> None:
    source = written(tmp_path)
    title = "Wave\n\n# Other\n"
    file = proposal(tmp_path, {**ADD, "add": {**ADD["add"], "title": title}})
    (check,) = ps.check_proposal(source, file).checks
    assert check.findings == ()
    assert "## Wave # Other {#wave authority=user}\n" in check.effects.texts[FILE]
    assert check.effects.diff
    assert {change.id for change in check.effects.diff.changes} == {"wave"}


MISFITS: dict[str, tuple[Edit, str]] = {
    "an id that nobody has": ({**REPLACE, "provision": "be_kindd"}, "did you mean `be_kind`"),
    "words that are not there": ({**REPLACE, "find": "kind to all"}, "does not contain “kind to all”"),
    "words in other quotes": (
        {**REPLACE, "find": "Be kind to those who ask\N{HORIZONTAL ELLIPSIS}"},
        "its source has “Be kind to those who ask.”",
    ),
    "words outside the text": ({**REPLACE, "find": "How to meet"}, "does not contain"),
    "a pattern": ({**REPLACE, "find": "(a+)+$" * 50}, "does not contain"),
    "several places": ({**REPLACE, "find": "kind"}, "occurs at 5 places"),
    "no such place": ({**REPLACE, "find": "kind", "occurrence": 9}, "and `occurrence` is 9"),
    "a level that nobody has": ({"provision": "be_kind", "level": "usr"}, "did you mean `user`"),
    "no level there": ({"provision": "manners", "level": "user"}, "is not written there"),
    "an id that is taken": ({"rename": "be_kind", "to": "be_brief"}, "is taken"),
    "an id that is none": ({"rename": "be_kind", "to": "be kind"}, "cannot be an id"),
    "another depth": ({"move": "at_sea", "after": "manners"}, "is deeper"),
    "into itself": ({"move": "be_kind", "after": "be_kind"}, "or is inside it"),
    "a provision again": ({**ADD, "add": {**ADD["add"], "id": "be_kind"}}, "there is a provision `be_kind`"),
    "a new id that is none": ({**ADD, "add": {**ADD["add"], "id": "a b\n# c"}}, "cannot be an id"),
    "no text": ({"add": ADD["add"]}, "needs `text`"),
    "two in one": ({**REPLACE, "level": "root"}, "does not belong to an edit with `find`"),
    "a key of nobody": ({**REPLACE, "regex": True}, "unknown key `regex`"),
    "no place": ({**ADD, "add": {"id": "x", "title": "X"}}, "`after` another or `in` one"),
}


BLOCK = "edits: [{provision: be_kind, find: kind to others, replace: just to others}]\n"


@pytest.mark.parametrize(
    ("block", "count"),
    [
        (f"```yaml\n# What changes.\n\n{BLOCK}```\n", 1),
        (f"~~~~ YAML\n{BLOCK}~~~~~\n", 1),
        (f"```yml title=edits\n{BLOCK}```\n", 1),
        (f"<!--\n```yaml\n{BLOCK}```\n-->\n", None),
        (f"```\n{BLOCK}```\n", 0),
        (f"- so\n\n  ```yaml\n  {BLOCK}  ```\n", 0),
        ('```json\n{"edits": []}\n```\n', 0),
    ],
)
def test_a_block_with_edits_is_read_or_an_error(block: str, count: int | None, tmp_path: Path) -> None:
    source, file = written(tmp_path), proposal(tmp_path, {"provision": "be_brief", "level": "user"})
    file.write_text(file.read_text("utf-8") + block, "utf-8")
    report = ps.check_proposal(source, file)
    (check,) = report.checks
    assert len(check.proposal.edits) == 1 + (count or 0)
    assert [one.code for one in check.findings] == ["proposal-edit"] * (count == 0)
    assert report.failed == (count == 0)
    if count == 0:
        assert "the edits of this block are not read" in check.findings[0].message


@pytest.mark.parametrize("mark", ["\0", "\x1b", "a\rb"])
def test_control_characters_get_into_no_text(mark: str, tmp_path: Path) -> None:
    source, file = written(tmp_path), proposal(tmp_path, {**REPLACE, "replace": f"just{mark}to others"})
    (found, *_rest) = ps.check_proposal(source, file).findings
    assert "the control character U+" in found.message
    assert not ps.apply_proposal(source, file).texts


@pytest.mark.parametrize("name", MISFITS)
def test_an_edit_that_does_not_fit_is_told_with_its_line_and_nothing_is_written(
    name: str, tmp_path: Path
) -> None:
    edit, told = MISFITS[name]
    source = written(tmp_path)
    good = {"provision": "be_brief", "level": "user"}
    file = proposal(tmp_path, good, edit)
    report = ps.check_proposal(source, file)
    assert report.failed
    assert any(told in str(one) for one in report.findings), [*map(str, report.findings)]
    lines = file.read_text("utf-8").split("\n")
    second = [n for n, line in enumerate(lines, 1) if line.startswith("- ")][1]
    assert all(second <= one.span.line < len(lines) - 2 for one in report.findings)
    assert ps.apply_proposal(source, file).texts == {}


IDLE: dict[str, tuple[list[Edit], str]] = {
    "the same words": ([{**REPLACE, "replace": REPLACE["find"]}], "`replace` says what `find` says"),
    "the same level": ([{"provision": "be_kind", "level": "user"}], "has the level `user` already"),
    "the same place": ([{"move": "be_brief", "after": "be_kind"}], "is there already"),
    "the first place": ([{"move": "be_kind", "after": "manners"}], "is there already"),
    "the same id": ([{"rename": "be_kind", "to": "be_kind"}], "has that id already"),
    "there and back": ([ADD, {"remove": "wave"}], "one takes back what another does"),
}


@pytest.mark.parametrize("name", IDLE)
def test_what_changes_nothing_is_told_and_is_no_error(name: str, tmp_path: Path) -> None:
    edits, told = IDLE[name]
    source = written(tmp_path)
    report = ps.check_proposal(source, proposal(tmp_path, *edits))
    (found,) = report.findings
    assert (found.code, report.failed, report.checks[0].effects.texts) == ("idle-edit", False, {})
    assert told in found.message
    assert ps.render(report, "text").endswith("nothing fails, 1 warning\n")
    also = proposal(tmp_path, *edits, {"provision": "be_brief", "level": "root"})
    assert [one.code for one in ps.check_proposal(source, also).findings] == ["idle-edit"][: len(edits) == 1]


def test_a_base_that_moved_on_is_told_with_what_fits_all_the_same(tmp_path: Path) -> None:
    source = written(tmp_path)
    file = proposal(tmp_path, REPLACE, {"provision": "be_brief", "find": "Write", "replace": "Give"})
    (source / FILE).write_text(TEXT.replace("Write short", "Give short"), "utf-8")
    found = ps.check_proposal(source, file).findings
    assert [one.code for one in found] == ["proposal-base", "proposal-edit"]
    assert "1 of 2 edits fit" in found[0].message
    old, new = (
        hashlib.sha256(text.encode()).hexdigest() for text in (TEXT, (source / FILE).read_text("utf-8"))
    )
    assert f"a text with the digest {old[:12]}…, and that of this one is {new[:12]}…" in found[0].message
    assert f"{{release: 2026-01-01, sha256: {new}}}" in found[0].hint
    assert ps.apply_proposal(source, file).texts == {}
    other = proposal(tmp_path, REPLACE, against={"release": "2025-01-01"})
    assert [one.code for one in ps.apply_proposal(source, other).findings] == ["proposal-base"]
    # A text without a version is the right one if its digest is.
    lone = tmp_path / "lone.md"
    lone.write_bytes((source / FILE).read_bytes())
    for digest, told in ((new, 0), (old, 2), ("", 1)):
        against = {"release": "1.0", **({"sha256": digest} if digest else {})}
        said = ps.apply_proposal(lone, proposal(tmp_path, REPLACE, against=against)).findings
        messages = [one.message for one in said if one.code == "proposal-base"]
        assert sum(message.count(word) for message in messages for word in ("does not say", "digest")) == told
        assert all("`version` of `policy:spec`" in one.hint for one in said)
    bare = proposal(tmp_path, REPLACE, against={})
    assert [one.code for one in ps.apply_proposal(source, bare).findings] == ["proposal-base"]


@pytest.mark.parametrize(
    ("level", "flips", "codes"),
    [
        ("system", [], ["unlisted-flip"]),
        ("system", ["kind or brief"], []),
        ("developer", ["kind or brief", "nobody"], ["unlisted-flip"]),
        ("user", ["kind or brief"], ["idle-edit", "unlisted-flip"]),
        ("user", [], ["idle-edit"]),
    ],
)
def test_cases_that_come_out_otherwise_are_listed_and_no_others(
    level: str, flips: list[str], codes: list[str], tmp_path: Path
) -> None:
    source = written(tmp_path, TEXT.replace("be_brief authority=guideline", "be_brief authority=developer"))
    cases = tmp_path / "cases.yaml"
    cases.write_text(CASES, "utf-8")
    edits = ({"provision": "be_kind", "level": level},)
    report = ps.check_proposal(source, proposal(tmp_path, *edits, flips=flips), cases=[cases])
    assert report.checks[0].effects.flips == (("kind or brief",) if level != "user" else ())
    assert [one.code for one in report.findings] == codes
    assert report.failed == ("unlisted-flip" in codes)
    (check,) = ps.check_proposal(source, proposal(tmp_path, *edits, flips=flips)).checks
    untried = [one.severity for one in check.findings if one.code == "unlisted-flip"]
    assert untried == [ps.Severity.HINT][: len(flips)]


def test_cases_that_name_what_is_called_otherwise_then_are_told(tmp_path: Path) -> None:
    """Where nothing keeps the old id, they would name nothing."""
    source, cases = written(tmp_path), tmp_path / "cases.yaml"
    cases.write_text(
        "- title: t\n  about: be_brief\n  items:\n"
        "    - {id: a, principle: be_brief, issue: x, value: y}\n"
        "    - {id: b, principle: be_kind, issue: x, value: z}\n",
        "utf-8",
    )
    report = ps.check_proposal(
        source, proposal(tmp_path, {"rename": "be_brief", "to": "be_short"}), cases=[cases]
    )
    found = [
        (one.code, one.span.line) for one in report.checks[0].effects.findings if one.code == "renamed-target"
    ]
    assert found == [("renamed-target", 2), ("renamed-target", 4)]


def test_proposals_that_touch_one_passage_conflict_and_others_do_not(tmp_path: Path) -> None:
    source = written(tmp_path)
    one = proposal(tmp_path, REPLACE, id="one")
    apart = proposal(tmp_path, {"provision": "be_kind", "find": "who ask", "replace": "who come"}, id="apart")
    same = proposal(tmp_path, {"provision": "be_kind", "find": "just to", "replace": "fair to"}, id="same")
    report = ps.check_proposal(source, one, apart)
    assert (report.findings, report.failed) == ((), False)
    assert report.together is not None
    alone = [check.effects.texts[FILE] for check in report.checks]
    assert report.together.texts[FILE] == alone[0].replace("who ask", "who come")
    found = ps.check_proposal(source, one, proposal(tmp_path, REPLACE, id="two"))
    assert [one.code for one in found.findings] == ["conflicting-proposals"]
    assert "once the proposals before it are made, `be_kind` does not contain" in found.findings[0].message
    assert found.together is not None
    assert not found.together.texts
    follows = ps.check_proposal(source, one, same)
    assert [finding.code for finding in follows.findings] == ["proposal-edit", "conflicting-proposals"]
    gone = proposal(tmp_path, {"remove": "be_kind", "because": "x"}, id="gone")
    assert [finding.code for finding in ps.check_proposal(source, one, gone).conflicts] == [
        "conflicting-proposals"
    ]


def test_an_example_conflicts_with_a_move_and_with_no_words_in_either_order(tmp_path: Path) -> None:
    source = written(tmp_path)
    example = proposal(tmp_path, {"provision": "be_brief", "example": "e", "text": EXAMPLE}, id="example")
    others: list[tuple[Edit, int]] = [
        ({"provision": "be_brief", "find": "Write short answers.", "replace": "Be short."}, 0),
        ({"provision": "be_brief", "find": "## Be brief", "replace": "## Be short"}, 0),
        ({"provision": "be_brief", "level": "user"}, 0),
        (ADD, 0),
        ({"remove": "stay_lawful"}, 0),
        ({"move": "be_brief", "after": "stay_lawful"}, 1),
    ]
    trial = _Trial(source, {})
    for number, (edit, count) in enumerate(others):
        files = [example, proposal(tmp_path, edit, id=f"other-{number}")]
        read = [read_proposal(file.read_text("utf-8"), file.name)[0] for file in files]
        both = [one for one in read if one]
        codes = [[one.code for one in trial.together(pair, ())[1]] for pair in (both, both[::-1])]
        assert codes == [["conflicting-proposals"] * count] * 2, edit


def test_the_mark_and_the_end_of_a_file_stay(tmp_path: Path) -> None:
    """Whatever stands first or last in it moves, goes, or comes and goes again."""
    text = "\ufeff# A {#a}\n\nAa.\n\n# B {#b}\n\nBb.\n\n"
    trial, place = _Trial(written(tmp_path, text), {}), Span("p.md", 1)
    remove = [ProposalEdit(kind=EditKind.REMOVE, provision=name, span=place) for name in ("a", "b", "wave")]
    move = [
        ProposalEdit(kind=EditKind.MOVE, provision=one, after=other, span=place)
        for one, other in (("a", "b"), ("b", "a"))
    ]
    add = ProposalEdit(kind=EditKind.ADD, provision="wave", title="Wave", text="Wave.", after="b", span=place)
    for edits, told in (
        ([remove[0]], "\ufeff# B {#b}\n\nBb.\n\n"),
        ([remove[1]], "\ufeff# A {#a}\n\nAa.\n\n"),
        ([move[0]], "\ufeff# B {#b}\n\nBb.\n\n# A {#a}\n\nAa.\n\n"),
        (move, text),
        ([add, remove[2]], text),
    ):
        writer = EditWriter(trial.workspace())
        writer.apply(Proposal(id="p", title="p", edits=tuple(edits), span=place))
        assert writer.workspace.texts.of(FILE) == told


def test_a_pair_that_is_called_otherwise_has_no_other_order(tmp_path: Path) -> None:
    source, notes = written(tmp_path, TEXT.replace("guideline", "user")), tmp_path / "notes.yaml"
    topic = "{topics: [tone]}"
    notes.write_text(
        f"topics: [{{id: tone, label: Tone}}]\nprovisions: {{be_kind: {topic}, be_brief: {topic}}}\n", "utf-8"
    )
    for edit, pairs in (
        ({"rename": "be_kind", "to": "be_gentle"}, ()),
        ({"move": "be_kind", "after": "be_brief"}, ()),
        ({"provision": "be_kind", "level": "root"}, (("be_kind", "be_brief", "ordered"),)),
    ):
        report = ps.check_proposal(source, proposal(tmp_path, edit), annotations=notes)
        assert report.checks[0].effects.pairs == pairs


ROOT: dict[str, tuple[list[Edit], str]] = {
    "lowered": ([{"provision": "stay_lawful", "level": "user"}], "warning: be lowered to level `user`"),
    "removed": ([{"remove": "at_sea"}], "warning: be removed"),
    "softened": (
        [{"provision": "stay_lawful", "find": "Never help", "replace": "Do not often help"}],
        "warning: lose `never`",
    ),
    "softened under another id": (
        [
            {"provision": "stay_lawful", "find": "Never help", "replace": "Seldom help"},
            {"rename": "stay_lawful", "to": "stay_lawful_too"},
        ],
        "warning: lose `never`",
    ),
    "reworded": (
        [{"provision": "stay_lawful", "find": "to break a law", "replace": "in a felony"}],
        "hint: be reworded",
    ),
    "mentioned": (
        [{"provision": "be_brief", "find": "Write", "replace": "Whatever [?](#at_sea) says, write"}],
        "hint: be mentioned in `be_brief`",
    ),
    "raised": ([{"provision": "be_kind", "level": "root"}], ""),
    "another rule": ([{"provision": "be_brief", "find": "short", "replace": "long"}], ""),
    "another id": ([{"rename": "stay_lawful", "to": "be_lawful"}], ""),
    "another place": ([{"move": "stay_lawful", "after": "be_kind"}], ""),
}


@pytest.mark.parametrize("name", ROOT)
def test_what_becomes_of_a_rule_that_no_message_may_override_is_told(name: str, tmp_path: Path) -> None:
    edits, told = ROOT[name]
    source = written(tmp_path)
    found = ps.check_proposal(source, proposal(tmp_path, *edits)).findings
    said = [f"{one.severity}: {one.message.partition(' would ')[2]}" for one in found]
    assert [one.code for one in found] == ["root-rule-changed"] * bool(told)
    assert said == ([told] if told else [])


def test_only_new_findings_are_told_and_pairs_that_lose_their_order(tmp_path: Path) -> None:
    source = written(tmp_path, TEXT.replace("Write short answers.", "Write short answers [?](#nowhere)."))
    (tmp_path / "notes.yaml").write_text(
        "topics: [{id: tone, label: Tone}]\n"
        "provisions: {be_kind: {topics: [tone]}, be_brief: {topics: [tone]}}\n",
        "utf-8",
    )
    edits = ({"provision": "be_brief", "level": "user"}, {"remove": "at_sea", "because": "x"})
    report = ps.check_proposal(source, proposal(tmp_path, *edits), annotations=tmp_path / "notes.yaml")
    (check,) = report.checks
    assert [one.code for one in check.effects.findings if one.severity is ps.Severity.ERROR] == []
    assert check.effects.pairs == (("be_kind", "be_brief", "open"),)
    broken = proposal(tmp_path, {"remove": "be_brief", "because": "x"})
    told = ps.check_proposal(source, broken, annotations=tmp_path / "notes.yaml")
    assert told.failed
    assert "dangling-reference" in [one.code for one in told.checks[0].effects.findings]


def test_a_finding_on_an_edited_line_is_new_only_where_it_says_something_new(tmp_path: Path) -> None:
    broken = TEXT.replace("Write short answers.", "Write short answers [?](#nowhere).")
    source = written(tmp_path, broken.replace("authority=guideline", "authority=guide"))
    for number, edits in enumerate(
        (
            [{"provision": "be_brief", "find": "Write short", "replace": "Write very short"}],
            [{"provision": "be_brief", "find": "# Be brief", "replace": "# Stay brief"}],
            [{"rename": "be_brief", "to": "stay_brief"}],
        )
    ):
        (check,) = ps.check_proposal(source, proposal(tmp_path, *edits, id=f"p{number}")).checks
        assert check.effects.diff is not None
        assert check.effects.diff.changes
        assert [str(one) for one in check.effects.findings if one.severity is ps.Severity.ERROR] == []
    moved = [
        {"provision": "be_brief", "find": " [?](#nowhere)", "replace": ""},
        {"provision": "be_kind", "find": "Be kind to those who ask", "replace": "Be kind [?](#nowhere)"},
    ]
    (check,) = ps.check_proposal(source, proposal(tmp_path, *moved, id="moved")).checks
    assert [one.code for one in check.effects.findings if one.severity is ps.Severity.ERROR] == [
        "dangling-reference"
    ]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("cases: []\n", ("cases",), "unknown-key"),
        ("items: [\n", ("cases",), "unreadable-case"),
        ("- {id: a\n", ("feedback",), "annotations"),
        ("---\nstatus: [\n---\n# Why\n", ("decisions",), "annotations"),
        (
            "items:\n- {id: a, principle: nobody, issue: tone, value: x}\n- {id: b, from: user, issue: tone, value: y}\n",
            ("cases",),
            "unknown-provision",
        ),
    ],
)
def test_what_cannot_be_used_beside_a_proposal_fails_it(
    text: str, options: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    source, beside = written(tmp_path), tmp_path / ("beside.md" if "decisions" in options else "beside.yaml")
    beside.write_text(text, "utf-8")
    report = ps.check_proposal(source, proposal(tmp_path, REPLACE), **{options[0]: [beside]})  # type: ignore[arg-type]
    assert code in [one.code for one in report.unusable]
    assert report.failed
    assert report.checks[0].effects.diff is not None


def test_feedback_and_overlays_that_rest_on_what_changes_are_told(tmp_path: Path) -> None:
    source = written(tmp_path)
    register = tmp_path / "feedback.yaml"
    register.write_text(
        "- {id: a, title: Too kind, provisions: [be_kind]}\n- {id: b, title: Else, provisions: [be_brief]}\n",
        "utf-8",
    )
    overlay = tmp_path / "shop.yaml"
    overlay.write_text(
        "overlay: shop\nholder: developer\nupstream: {source: 2026-01-01, release: 2026-01-01}\n"
        "statements:\n- {id: soft, overrides: be_brief, says: Write long answers.}\n",
        "utf-8",
    )
    file = proposal(tmp_path, {"provision": "be_brief", "level": "root"}, answers=["b", "c"])
    report = ps.check_proposal(source, file, feedback=[register], overlays=[overlay])
    assert report.checks[0].effects.feedback == ("b",)
    # What is about nothing that changes is not answered by it.
    other = proposal(tmp_path, REPLACE, answers=["a", "b"], id="other")
    (found,) = ps.check_proposal(source, other, feedback=[register]).findings
    assert (found.code, found.message) == (
        "not-answered",
        "nothing changes in `be_brief`, which the record `b` is about",
    )
    ((name, effects),) = report.checks[0].effects.overlays
    assert (name, effects[0]) == ("shop/soft", "level-changed")
    assert [one.code for one in report.findings] == ["unknown-feedback"]


FORMS = {
    "no head": "# Hello",
    "no title": "---\nid: a\n---\n",
    "no edits": "---\nid: a\ntitle: b\n---\n",
    "aliases": "---\nid: a\ntitle: b\nedits: &x [*x]\n---\n",
    "no YAML": "---\nid: [\n---\n",
    "odd edits": "---\nid: a\ntitle: b\nedits: [1, {level: user}, {find: '', replace: x, provision: y}]\n---\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_file_of_another_form_is_told_and_never_a_traceback(name: str, tmp_path: Path) -> None:
    source, file = written(tmp_path), tmp_path / "p.md"
    file.write_text(FORMS[name], "utf-8")
    report = ps.check_proposal(source, file)
    assert report.failed
    assert all(one.span.file == str(file) and one.span.line for one in report.findings)
    for form in ps.forms_of("ProposalReport"):
        assert ps.render(report, form)


def test_edits_stand_in_the_head_or_in_blocks_and_the_rest_is_the_rationale() -> None:
    head = "---\nid: a\ntitle: b\nagainst: {release: '1'}\nedits: [{provision: x, level: user}]\n---\n"
    body = "Why.\n\n```yaml\nedits:\n- {remove: y, because: z}\n```\n\n```yaml\nother: 1\n```\n"
    found, findings = read_proposal(head + body, "p.md")
    assert findings == ()
    assert found is not None
    assert [(one.kind.value, one.provision, one.span.line) for one in found.edits] == [
        ("level", "x", 5),
        ("remove", "y", 11),
    ]
    assert found.rationale == "Why.\n\n\n```yaml\nother: 1\n```"
    schema = Draft202012Validator(ps.json_schema("proposal"))
    assert schema.is_valid(yaml.safe_load(head.split("---")[1]))
    assert not schema.is_valid({"id": "a", "title": "b", "edits": [{"regex": 1}]})


def test_a_pull_request_holds_no_markup_of_strangers(tmp_path: Path) -> None:
    source = written(tmp_path)
    file = proposal(tmp_path, REPLACE, title="<script>alert(1)</script> @all ![](x)")
    told = ps.render(ps.check_proposal(source, file), "markdown")
    assert "<script>" not in told
    assert "@all" not in told
    assert "![](x)" not in told
    assert json.loads(ps.render(ps.check_proposal(source, file), "json"))["failed"] is False


def test_many_edits_take_no_long_time(tmp_path: Path) -> None:
    parts = [f"## Part {n} {{#part_{n} authority=user}}\n\nSay {n} words of it.\n" for n in range(300)]
    source = written(tmp_path, "# Top {#top}\n\n" + "\n".join(parts))
    edits = [{"provision": f"part_{n}", "find": f"Say {n} ", "replace": "Say some "} for n in range(300)]
    file = proposal(tmp_path, *edits)
    begun = time.process_time()
    applied = ps.apply_proposal(source, file)
    assert time.process_time() - begun < 4
    assert applied.texts[FILE].count("Say some ") == 300


def test_a_proposal_is_a_graph_of_its_own_and_the_spec_is_asked_as_it_would_be(tmp_path: Path) -> None:
    source = written(tmp_path)
    file = proposal(tmp_path, {"provision": "be_brief", "level": "root"}, answers=["b"], decision="1")
    report = ps.check_proposal(source, file)
    beside = ps.Beside(proposals=report)
    plain = ps.load(source)
    with ps.knowledge_base(plain, beside=beside) as base, ps.knowledge_base(plain) as alone:
        rows = base.query(
            "SELECT ?kind ?id { GRAPH ?p { ?p a ps:Proposal ; ps:answers ?f ; ps:decidedBy ?d ; ps:proposes ?c . "
            "?c ps:changeKind ?kind ; ps:changed ?what } ?what dcterms:identifier ?id }"
        ).texts
        assert rows == (("level-raised", "be_brief"),)
        # It edits no norm.
        assert base.ask("hard-rules").rows == alone.ask("hard-rules").rows
    with ps.knowledge_base(ps.proposed(source, file)) as then:
        assert {row[0] for row in then.ask("hard-rules").texts} >= {"be_brief"}
    nowhere = proposal(tmp_path, {"provision": "be_kind", "find": "nowhere", "replace": ""}, id="n")
    with pytest.raises(ps.SourceError, match="does not contain “nowhere”"):
        ps.proposed(source, nowhere)
    # A pack is that of the text which it makes, says that this does not hold yet, and what changes.
    pack = ps.context(source, "be_brief", proposals=[file], name="spec")
    assert (pack.spec, pack.command[-2:]) == (f"{plain.title} as proposed", ("--proposal", str(file)))
    ps.apply_proposal(source, file).write()
    made = ps.context(source, "be_brief")
    told = [part for part in pack.parts if part.kind is not PartKind.CHANGES]
    assert (told, len(pack.parts)) == ([*made.parts], len(made.parts) + 1)
    with pytest.raises(ps.SourceError, match="name it"):
        ps.context(plain, "be_brief", proposals=[file])


def test_ids_in_other_proposals_follow_a_new_id_and_those_of_its_own_stay(tmp_path: Path) -> None:
    source = written(tmp_path)
    texts = {}
    for name, edit in (
        ("own", {"rename": "be_kind", "to": "be_gentle"}),
        ("other", {"provision": "be_kind", "find": "others, too", "replace": "all"}),
        ("moved", {"move": "be_brief", "after": "be_kind"}),
    ):
        file = source / f"{name}.md"
        file.write_text(proposal(tmp_path, edit).read_text("utf-8"), "utf-8")
        texts[name] = file.read_text("utf-8")
    notes = tmp_path / "notes.yaml"
    notes.write_text("provisions: {}\n", "utf-8")
    applied = ps.apply_proposal(source, source / "own.md", annotations=notes)
    assert [one.message for one in applied.findings if one.severity is ps.Severity.ERROR] == []
    assert {name for name in applied.texts if name != FILE} == {"other.md", "moved.md", "notes.yaml"}
    for name in ("other", "moved"):
        assert applied.texts[f"{name}.md"] == texts[name].replace("be_kind", "be_gentle")


def test_a_sidecar_of_ones_own_follows_wherever_it_lies_and_renames_are_taken_back(tmp_path: Path) -> None:
    source, notes = written(tmp_path), tmp_path / "aside" / "own.yaml"
    notes.parent.mkdir()
    notes.write_text("provisions:\n  be_kind:\n    aliases: [be_nice]\n    status: draft\n", "utf-8")
    old = [path.read_bytes() for path in (source / FILE, notes)]
    for names in (["be_kind", "two", "be_kind"], ["be_kind", "two", "three", "two", "four", "be_kind"]):
        for name, new in itertools.pairwise(names):
            file = proposal(tmp_path, {"rename": name, "to": new})
            report = ps.check_proposal(source, file, annotations=notes)
            assert (report.findings, report.failed) == ((), False)
            applied = ps.apply_proposal(source, file, annotations=notes)
            assert applied.texts == report.checks[0].effects.texts
            assert ({*applied.texts}, applied.write()) == ({FILE, "own.yaml"}, ())
            known = yaml.safe_load(notes.read_text("utf-8"))["provisions"][new]["aliases"]
            assert ("be_nice" in known, new in known, "be_kind" in known) == (True, False, new != "be_kind")
        assert [path.read_bytes() for path in (source / FILE, notes)] == old
    taken = proposal(tmp_path, {"rename": "be_brief", "to": "be_nice"})
    assert "is taken" in ps.check_proposal(source, taken, annotations=notes).findings[0].message


def test_nothing_is_written_where_the_spec_would_have_a_new_error(tmp_path: Path) -> None:
    source = written(tmp_path)
    file = proposal(tmp_path, {"remove": "be_brief", "because": "x"})
    said = ps.check_proposal(source, file).checks[0].effects.findings
    applied = ps.apply_proposal(source, file)
    assert applied.texts == {}
    assert [one.code for one in applied.findings] == ["dangling-reference"]
    assert applied.findings == tuple(one for one in said if one.severity is ps.Severity.ERROR)
    also = {"provision": "be_kind", "find": "as [?](#be_brief) allows", "replace": "as ever"}
    assert ps.apply_proposal(source, proposal(tmp_path, {"remove": "be_brief"}, also)).write() == ()
