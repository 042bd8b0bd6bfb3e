"""What people say of changed prose: how it is read and written, what it gives, and when it gives nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import (
    SpecDiff,
    Subject,
    Weight,
    compare,
    digest_of,
    reading_list,
    with_judgements,
)
from sphinx_policyspec.compare.change import summary_of
from sphinx_policyspec.errors import AnnotationError, UnknownIdError
from sphinx_policyspec.exports.diff.outline import Outline
from sphinx_policyspec.model import Direction, JudgedKind, Judgement, Spec
from sphinx_policyspec.readers.judgements import format_judgement, read_judgements, with_judgement
from tests.conftest import at, example, principle, spec

if TYPE_CHECKING:
    from tests.conftest import Run

TEXT = "The assistant {} reveal what a reader borrowed, and tells where each of its answers comes from."
OLD = spec(principle("tell", text=TEXT.format("must not"), authority="root"), version="1")
NEW = spec(principle("tell", text=TEXT.format("must"), authority="root"), version="2")
DIFF = compare(OLD, NEW)
FOUND = reading_list(DIFF, OLD, NEW)
GIVEN = Judgement(
    old="1",
    new="2",
    id="tell",
    direction=Direction.LOOSENING,
    evidence='The ban is gone: "must".',
    who="A. Reader",
    date="2026-02-01",
    digest=digest_of(DIFF, OLD, NEW, "tell"),
    span=at(),
)


def judged(judgement: Judgement, old: Spec = OLD, new: Spec = NEW) -> SpecDiff:
    return with_judgements(compare(old, new), old, new, [judgement])


@pytest.mark.parametrize(
    ("direction", "kind", "weight", "bump"),
    [
        ("tightening", "substantive", Weight.TIGHTENING, "minor"),
        ("loosening", "substantive", Weight.LOOSENING, "minor"),
        ("both", "substantive", Weight.BOTH, "minor"),
        ("neutral", "clarifying", Weight.CLARIFYING, "patch"),
        ("neutral", "editorial", Weight.EDITORIAL, "patch"),
    ],
)
def test_a_judgement_is_the_weight(direction: str, kind: str, weight: Weight, bump: str) -> None:
    found = judged(replace(GIVEN, direction=Direction(direction), kind=JudgedKind(kind)))
    assert [(c.weight, c.rule) for c in found.changes] == [(weight, "judged")]
    assert (summary_of(DIFF).bump.value, summary_of(found).bump.value) == ("major", bump)
    assert found.findings == ()


def test_what_holds_the_version_up_is_told() -> None:
    assert Outline(DIFF).suggestion.startswith(
        "major until somebody has read tell; patch if that is neutral ("
    )
    assert "until" not in Outline(judged(GIVEN)).suggestion


def test_a_judgement_is_turned_the_other_way_round() -> None:
    renamed = replace(NEW, provisions=(replace(NEW.provisions[0], id="say", aliases=("tell",)),))
    digest = digest_of(compare(OLD, renamed), OLD, renamed, "say")
    given = replace(GIVEN, id="say", digest=digest)
    there, back = judged(given, OLD, renamed), judged(given, renamed, OLD)
    assert [[c.weight for c in d.changes if c.text] for d in (there, back)] == [
        [Weight.LOOSENING],
        [Weight.TIGHTENING],
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"digest": "0" * 16}, "the texts of `tell` are not those that A. Reader read on 2026-02-01"),
        ({"id": "tel"}, "no prose of `tel` changed between these releases"),
    ],
)
def test_a_judgement_that_does_not_fit_is_a_finding_and_gives_nothing(
    change: dict[str, str], told: str
) -> None:
    found = judged(replace(GIVEN, **change))  # type: ignore[arg-type]
    assert [(f.code, f.message) for f in found.findings] == [("stale-judgement", told)]
    assert [c.weight for c in found.changes] == [Weight.NEEDS_READER]


def test_a_judgement_goes_stale_with_either_text_and_not_with_typography() -> None:
    for at_, other in ((0, "must  not"), (1, "may"), (0, "should not")):
        specs = [OLD, NEW]
        held = principle("tell", text=TEXT.format(other), authority="root")
        specs[at_] = replace(specs[at_], provisions=(held,))
        assert bool(judged(GIVEN, *specs).findings) is (other != "must  not")


def test_a_judgement_goes_stale_with_an_example() -> None:
    shown = replace(
        NEW, provisions=(replace(NEW.provisions[0], blocks=(*NEW.provisions[0].blocks, example("tell-x"))),)
    )
    assert judged(GIVEN).findings == ()
    assert [finding.code for finding in judged(GIVEN, OLD, shown).findings] == ["stale-judgement"]
    given = reading_list(compare(OLD, shown), OLD, shown).judgement(
        "tell", "both", evidence="It shows.", who="A. Reader"
    )
    assert {change.weight for change in judged(given, OLD, shown).changes} == {Weight.BOTH}


def test_judgements_of_other_releases_are_passed_over() -> None:
    assert judged(replace(GIVEN, new="3")).findings == ()


def test_a_judgement_file_is_read_as_it_is_written() -> None:
    given = replace(GIVEN, evidence="A: “b” # c\\d", who="no", span=at())
    read, findings = read_judgements(format_judgement(given), "j.yaml")
    assert (findings, [replace(one, span=at()) for one in read]) == ((), [given])


WHOLE = format_judgement(GIVEN)


@pytest.mark.parametrize(
    ("text", "code", "told"),
    [
        (WHOLE + WHOLE, "duplicate-id", "`tell` is judged already for these releases"),
        (WHOLE.replace("loosening", "losening"), "invalid-value", "`losening` is none of the values here"),
        (WHOLE.replace("substantive", "small"), "invalid-value", "`small` is none of the values here"),
        (WHOLE.replace("2026-02-01", "soon"), "invalid-value", "`soon` is no date"),
        (WHOLE.replace("who:", "whom:"), "unknown-key", "unknown key `whom`"),
        (WHOLE.replace('who: "A. Reader"', "who:"), "missing-key", "the judgement of `tell` lacks `who`"),
        ("tell: loosening", "wrong-type", "expected a list"),
        ("- tell", "wrong-type", "expected a mapping of keys to values"),
    ],
)
def test_what_is_wrong_with_a_judgement_file_is_a_finding(text: str, code: str, told: str) -> None:
    read, findings = read_judgements(text, "j.yaml")
    assert (code, told) in {(finding.code, finding.message) for finding in findings}
    assert len(read) == (code in {"duplicate-id", "unknown-key"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (WHOLE.replace("loosening", "losening"), "j.yaml:4:14: error: `losening` is none of the values here"),
        (WHOLE.replace("who:", "whom:"), "j.yaml:7:3: error: unknown key `whom`"),
        (WHOLE.replace('  who: "A. Reader"\n', ""), "j.yaml:1:3: error: the judgement of `tell` lacks `who`"),
        (WHOLE + WHOLE, "j.yaml:10:3: error: `tell` is judged already"),
        ("tell: loosening", "j.yaml:1:1: error: expected a list"),
        ("- [", "j.yaml:1: not YAML"),
    ],
)
@pytest.mark.parametrize("command", ["diff", "judge", "history"])
def test_a_file_of_judgements_that_is_wrong_ends_the_command(
    run: Run, releases: tuple[Path, Path], command: str, text: str, told: str
) -> None:
    old, new = releases
    file = old.parent / "j.yaml"
    file.write_text(text, "utf-8")
    where = (old.parent, "tell") if command == "history" else (old, new)
    status, out, err = run(command, "-q", *where, "--judgements", file, "--format", "json")
    assert status == 2
    assert told in err
    assert told in json.loads(out)["errors"][0]["message"]
    with pytest.raises(AnnotationError, match=r"error|not YAML"):
        ps.diff(old, new, judgements=file)


def test_a_judgement_that_is_not_filled_in_yet_is_told_and_ends_nothing(
    run: Run, releases: tuple[Path, Path]
) -> None:
    file = releases[0].parent / "j.yaml"
    assert run("judge", "-q", *releases, "-o", file)[0] == 0
    status, out, err = run("diff", *releases, "--judgements", file)
    assert (status, "needs a reader" in out) == (0, True)
    assert "warning: the judgement of `tell` lacks `direction`, `evidence`, `who`, `date`" in err


def test_a_history_and_a_handbook_tell_what_was_read(run: Run, releases: tuple[Path, Path]) -> None:
    folder, given = (
        releases[0].parent,
        ("--direction", "loosening", "--evidence", "Gone.", "--who", "A. Reader"),
    )
    file = folder / "j.yaml"
    status, out, _ = run("judge", "-q", *releases, "tell", "--judgements", file, *given, "--format", "json")
    assert (status, json.loads(out)["unread"]) == (0, [])
    assert (
        "loosening      text rewritten: 1 word removed, read by A. Reader"
        in run("history", "-q", folder, "tell", "--judgements", file)[1]
    )
    assert run("handbook", "-q", folder, "-o", folder / "site", "--judgements", file)[0] == 0
    assert "A. Reader" in (folder / "site/2026-02-01/policy-changes.html").read_text("utf-8")


@pytest.fixture
def releases(tmp_path: Path) -> tuple[Path, Path]:
    """Two releases in one folder, of which the second drops a ban."""
    folders = tmp_path / "2026-01-01", tmp_path / "2026-02-01"
    for folder, word in zip(folders, ("must not", "must"), strict=True):
        folder.mkdir()
        page = f"# Rules {{#rules}}\n\n## Tell {{#tell authority=root}}\n\n{TEXT.format(word)}\n"
        (folder / "model_spec.md").write_text(page, "utf-8")
    return folders


def test_the_other_id_of_what_was_renamed_is_named() -> None:
    renamed = replace(NEW, provisions=(replace(NEW.provisions[0], id="say", aliases=("tell",)),))
    found = reading_list(compare(OLD, renamed), OLD, renamed)
    with pytest.raises(UnknownIdError, match="no prose of `tell` changed; its id is `say` now"):
        found.judgement("tell", "both", evidence="x", who="y")
    (finding,) = judged(GIVEN, OLD, renamed).findings
    assert finding.hint == "its id is `say` now"


def test_help_names_every_weight(run: Run) -> None:
    told = " ".join(run("diff", "--help")[1].split())
    assert all(weight.words in told for weight in Weight)
    assert "tightening, loosening, tightening and loosening" in told


def test_a_judgement_takes_the_place_of_an_older_one_and_comments_stay() -> None:
    other = format_judgement(replace(GIVEN, id="other"))
    template = ps.render(FOUND, "yaml")
    text = with_judgement(f"# ours\n{template}\n# mine\n{other}", "j.yaml", GIVEN)
    read, findings = read_judgements(text, "j.yaml")
    assert ([one.id for one in read], findings) == (["other", "tell"], ())
    assert "# ours" in text
    assert "# mine" in text
    assert with_judgement(text, "j.yaml", GIVEN) == text


def test_a_template_shows_the_sentences_side_by_side() -> None:
    template = ps.render(FOUND, "yaml")
    assert "REVERSED: “must not” → “must”; subject “The assistant”; main clause" in template
    assert "The assistant must [-not-] reveal" in template
    assert ps.render(replace(FOUND, diff=judged(GIVEN)), "yaml") == "# nothing needs a reader\n"


def test_the_commands_write_and_read_judgements(run: Run, tmp_path: Path) -> None:
    page = "# Rules {{#rules}}\n\n## Tell {{#tell authority=root}}\n\n{}\n"
    old, new, file = tmp_path / "old.md", tmp_path / "new.md", tmp_path / "j.yaml"
    old.write_text(page.format(TEXT.format("must not")), "utf-8")
    new.write_text(page.format(TEXT.format("must")), "utf-8")
    status, out, _ = run("judge", "-q", old, new)
    assert status == 0
    assert read_judgements(out, "x")[1][0].message.startswith("the judgement of `tell` lacks `direction`")
    given = ("--direction", "loosening", "--evidence", "The ban is gone.", "--who", "A. Reader")
    assert run("judge", "-q", old, new, "tell", "--judgements", file, *given)[0] == 0
    assert run("judge", "-q", old, new, "--judgements", file)[1] == "# nothing needs a reader\n"
    for form in ("text", "markdown", "html", "changelog", "json"):
        status, out, _ = run("diff", "-q", old, new, "--judgements", file, "--format", form)
        assert status == 0
        assert "loosening" in out
        assert "A. Reader" in out
        assert "The ban is gone." in out
    assert "`tll`" not in run("judge", old, new, "tell", "--judgements", file)[2]
    status, _, err = run("judge", old, new, "tll", "--judgements", file, *given)
    assert (status, "no prose of `tll` changed; did you mean `tell`?" in err) == (2, True)
    assert "give the ID of what was read" in run("judge", old, new, "--who", "A. Reader")[2]
    status, _, err = run("judge", old, new, "tell", "--judgements", file)
    assert (status, "ID goes with --judgements, --direction, --evidence and --who" in err) == (2, True)
    new.write_text(page.format(TEXT.format("may")), "utf-8")
    assert "[stale-judgement]" in run("diff", old, new, "--judgements", file)[2]
    found = ps.diff(old, new, judgements=file)
    assert [finding.code for finding in found.findings] == ["stale-judgement"]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json", "changelog"])
def test_what_needs_a_reader_can_be_listed_alone(run: Run, tmp_path: Path, form: str) -> None:
    page = "# Rules {{#rules}}\n\n## Tell {{#tell authority=root}}\n\n{}\n\n## Sort {{#sort}}\n\n{}\n"
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text(page.format(TEXT.format("must not"), "Books are sorted."), "utf-8")
    new.write_text(page.format(TEXT.format("must"), "Books are sorted by author."), "utf-8")
    whole, alone = (
        run("diff", "-q", old, new, "--format", form, *more)[1] for more in ((), ("--needs-reader",))
    )
    assert "Sort" in whole or "sort" in whole
    assert "sort" not in alone.replace("sort_by", "")
    assert (
        "1 needs a reader" in alone
        or "Meaning may have changed</span> 1" in alone
        or form in {"json", "changelog"}
    )


def test_the_diff_of_one_weight_counts_all() -> None:
    both = compare(spec(*OLD.provisions, principle("b", text="It must never guess.")), spec(*NEW.provisions))
    alone = both.only(Weight.NEEDS_READER)
    assert [c.subject for c in alone.changes] == [Subject.PROVISION]
    assert summary_of(alone).weights == summary_of(both).weights
    assert Outline(alone).headline == Outline(both).headline


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"direction": "tightning"}, "did you mean `tightening`"),
        ({"kind": "clarifyng"}, "did you mean `clarifying`"),
        ({"kind": "editorial"}, "cannot be editorial and `tightening`"),
        ({"evidence": " "}, "needs `evidence`"),
        ({"who": ""}, "needs `who`"),
    ],
)
def test_what_no_judgement_can_say_is_refused(given: dict[str, str], said: str) -> None:
    values = {"direction": "tightening", "evidence": "A ban is new.", "who": "Ann"} | given
    with pytest.raises(AnnotationError, match=said):
        FOUND.judgement("tell", **values)
