"""Alignments beside their specs: names, changed texts, rows that exclude each other; drafts, and the next release."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.alignments.sssom import read_sssom
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import text_digest
from sphinx_policyspec.model import AuthorityLevel, Clause, OverrideMode, Spec, Topic
from tests.conftest import Run, at, principle, spec

GUILD_LEVELS = (
    AuthorityLevel(id="oath", title="Oath", override=OverrideMode.NEVER),
    AuthorityLevel(id="master", title="Master", roles=("developer",)),
    AuthorityLevel(id="custom", title="Custom", override=OverrideMode.IMPLICIT, roles=("user",)),
)
HOUSE_LEVELS = (
    AuthorityLevel(id="law", title="Law", override=OverrideMode.NEVER, roles=("system",)),
    AuthorityLevel(id="habit", title="Habit", roles=("user",)),
)
TIME = "Work begins when the bell rings. Nobody starts before it."
GUILD = spec(
    principle("keep_time", text=TIME, authority="oath", topics=("clock",)),
    principle(
        "wear_a_hat", title="Wear a hat at work", text="Wear the hat of the guild.", authority="master"
    ),
    principle(
        "greet_guests", text="Greet each guest at the door.", authority="custom", aliases=("say_hello",)
    ),
    title="Guild",
    version="2",
    base_iri="https://example.org/guild/",
    levels=GUILD_LEVELS,
    topics=(Topic(id="clock", label="Clock", alt_labels=("bell",), span=at()),),
    clauses=(Clause(principle="keep_time", authority="custom", text="Nobody starts before it.", span=at()),),
)
HOUSE = spec(
    principle("be_punctual", text="Be there at eight.", authority="law", topics=("hours",)),
    principle("greet_at_the_door", title="Greet guests", text="Say good morning.", authority="habit"),
    principle("lock_up", text="Lock the door at night.", authority="law"),
    title="House",
    version="1",
    base_iri="urn:policyspec:house:",
    levels=HOUSE_LEVELS,
    topics=(Topic(id="hours", label="Hours", alt_labels=("Bell",), span=at()),),
)
HEAD = """# mapping_set_id: https://example.org/alignment
# curie_map:
#   guild: https://example.org/guild/provision/
#   house: "urn:policyspec:house:provision/"
#   part: https://example.org/guild/clause/provision/
"""
COLUMNS = (
    "subject_id",
    "predicate_id",
    "object_id",
    "mapping_justification",
    "subject_digest",
    "object_digest",
)
MANUAL = "semapv:ManualMappingCuration"


def text_of(*rows: str, head: str = HEAD) -> str:
    """Return a file; a row is `subject predicate object`, perhaps with a justification and two digests."""
    lines = [head + "\t".join(COLUMNS)]
    for row in rows:
        cells = [cell.strip("-") for cell in row.split()]
        lines.append("\t".join([*cells, MANUAL] if len(cells) == 3 else cells))
    return "".join(f"{line}\n" for line in lines)


def report(*rows: str, head: str = HEAD, specs: tuple[ps.Source, ...] = (GUILD, HOUSE)) -> ps.AlignmentReport:
    return ps.check_alignment(read_sssom(text_of(*rows, head=head), "x.tsv"), specs=specs)


def told(found: ps.AlignmentReport, *, hints: bool = False) -> list[tuple[str, int, int]]:
    return [
        (one.code, one.span.line, one.span.column)
        for one in found.findings
        if hints or one.severity is not ps.Severity.HINT
    ]


@pytest.mark.parametrize(
    ("row", "code", "column", "said"),
    [
        ("guild:keep_tme skos:exactMatch house:be_punctual", "unknown-provision", 1, "did you mean `guild:keep_time`?"),
        ("guild:keep_time skos:exactMatch house:be_punctul", "unknown-provision", 33, "did you mean `house:be_punctual`?"),
        ("https://example.org/other/x skos:exactMatch house:lock_up", "unknown-provision", 1, "of none of the specs"),
        ("guild:say_hello skos:closeMatch house:greet_at_the_door", "renamed-target", 1, "write `guild:greet_guests`"),
        ("guild:keep_time skos:exctMatch house:be_punctual", "unknown-predicate", 17, "did you mean `skos:exactMatch`?"),
        ("guild:keep_time owl:sameAs house:be_punctual", "unknown-predicate", 17, "known are `skos:broadMatch`"),
        ("guild:keep_time skos:exactMatch house:be_punctual -", "missing-justification", 51, "`semapv:ManualMapp"),
        ("guild:keep_time skos:exactMatch - -", "broken-row", 33, "write `sssom:NoTermFound`"),
        ("gild:keep_time skos:exactMatch house:be_punctual", "undeclared-prefix", 1, "taken for ids of `Guild`"),
        ("keep_time skos:exactMatch house:be_punctual", "undeclared-prefix", 1, "has no prefix"),
        ("guild:greet_guests skos:exactMatch house:greet_at_the_door", "exact-across-modes", 20, "`custom`"),
        ("part:keep_time/1 skos:exactMatch house:be_punctual", "exact-across-modes", 18, "(overridden: implicit)"),
        ("guild:keep_time skos:closeMatch guild:wear_a_hat", "same-spec", 33, "both sides are of `Guild`"),
        ("house:lock_up skos:narrowMatch house:be_punctual#¶1", "same-spec", 32, "both sides are of `House`"),
        ("guild:keep_time#¶2 skos:closeMatch house:be_punctual", "unknown-provision", 1, "it has 1 paragraph"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row_is_told_at_its_cell(row: str, code: str, column: int, said: str) -> None:
    found = report(row)
    assert told(found) == [(code, 7, column)]
    assert said in "".join(str(one) for one in found.findings if one.code == code)


@pytest.mark.parametrize(
    "row",
    [
        "guild:keep_time skos:exactMatch house:be_punctual",
        "guild:greet_guests skos:closeMatch house:greet_at_the_door",
        "house:lock_up skos:broadMatch guild:keep_time",
        "guild:wear_a_hat skos:exactMatch sssom:NoTermFound",
        "https://example.org/guild/provision/keep_time http://www.w3.org/2004/02/skos/core#closeMatch house:lock_up",
        "part:keep_time/1 skos:relatedMatch house:be_punctual",
        "guild:keep_time#¶1s2 skos:relatedMatch house:be_punctual",
        "guild:keep_time#%C2%B61 skos:closeMatch house:be_punctual#%C2%B61s1",
        "- - - -",
    ],
)
def test_a_good_row_is_quiet(row: str) -> None:
    assert told(report(row)) == []


def test_an_id_without_a_declared_prefix_is_still_found() -> None:
    head = "# mapping_set_id: https://example.org/a\n"
    found = report(
        "guild:keep_time skos:exactMatch house:be_punctual",
        "guild:wear_a_hat skos:closeMatch house:x",
        head=head,
    )
    codes = [code for code, *_ in told(found)]
    assert codes == ["undeclared-prefix", "undeclared-prefix", "unknown-provision"]
    assert [len(list(one.pairs())) for one in found.aligned] == [1]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (
            (
                "guild:keep_time skos:exactMatch house:lock_up",
                "guild:keep_time skos:broadMatch house:lock_up",
            ),
            8,
        ),
        (
            (
                "guild:keep_time skos:exactMatch house:lock_up",
                "house:lock_up skos:relatedMatch guild:keep_time",
            ),
            8,
        ),
        (
            (
                "guild:keep_time skos:broadMatch house:lock_up",
                "house:lock_up skos:broadMatch guild:keep_time",
            ),
            8,
        ),
        (
            (
                "guild:keep_time skos:exactMatch sssom:NoTermFound",
                "guild:keep_time skos:exactMatch house:lock_up",
            ),
            7,
        ),
        (
            (
                "house:lock_up skos:exactMatch guild:keep_time",
                "guild:keep_time skos:closeMatch sssom:NoTermFound",
            ),
            8,
        ),
        (
            (
                "sssom:NoTermFound skos:narrowMatch house:lock_up",
                "house:lock_up skos:broadMatch guild:keep_time",
            ),
            7,
        ),
    ],
)
def test_rows_that_exclude_each_other_are_told_once_with_the_other_place(
    rows: tuple[str, ...], line: int
) -> None:
    found = report(*rows)
    assert [(code, at_) for code, at_, _ in told(found)] == [("contradicting-mappings", line)]
    (finding,) = [one for one in found.findings if one.code == "contradicting-mappings"]
    assert {finding.span.line, finding.related[0].line} == {7, 8}


@pytest.mark.parametrize(
    "rows",
    [
        (
            "guild:keep_time skos:exactMatch house:be_punctual",
            "guild:keep_time skos:closeMatch house:be_punctual",
        ),
        (
            "guild:keep_time skos:exactMatch sssom:NoTermFound",
            "guild:keep_time skos:broadMatch house:be_punctual",
        ),
        ("guild:keep_time skos:broadMatch house:lock_up", "house:lock_up skos:narrowMatch guild:keep_time"),
    ],
)
def test_rows_that_can_be_true_together_are_quiet(rows: tuple[str, ...]) -> None:
    assert told(report(*rows)) == []


def test_a_mapping_that_is_stated_twice_is_told() -> None:
    row = "guild:keep_time skos:closeMatch house:lock_up"
    assert told(report(row, row)) == [("duplicate-mapping", 8, 1)]


def test_principles_without_a_row_are_counted_for_each_spec() -> None:
    found = report("part:keep_time/1 skos:relatedMatch house:be_punctual")
    assert found.unmapped == (("wear_a_hat", "greet_guests"), ("greet_at_the_door", "lock_up"))
    hints = [one.message for one in found.findings if one.code == "unmapped"]
    assert [hint.partition(" have")[0] for hint in hints] == [
        "2 of 3 principles of `Guild`",
        "2 of 3 principles of `House`",
    ]


def test_two_specs_of_one_base_are_refused() -> None:
    with pytest.raises(SourceError, match="have one base, `urn:policyspec:house:`"):
        report(specs=(HOUSE, replace(HOUSE, title="Hall", version="2")))
    with pytest.raises(SourceError, match="both are releases of `House`"):
        ps.new_alignment(HOUSE, replace(HOUSE, version="2"))


# -- texts and releases ------------------------------------------------------------------------

OLD = replace(
    GUILD,
    version="1",
    provisions=(
        principle("keep_time", text=TIME, authority="oath"),
        principle("wear_a_hat", title="Wear a hat at work", text="Wear a tall hat of the guild.", authority="master"),
        principle("say_hello", title="Greet guests", text="Greet each guest at the door.", authority="custom"),
    ),
)  # fmt: skip
NEW = replace(GUILD, provisions=tuple(replace(one, aliases=()) for one in GUILD.provisions))


def digest(read: Spec, name: str) -> str:
    return text_digest(read.provision_by_id[name].text)


def released(folder: Path, *releases: Spec) -> Path:
    """Write releases into one file, as `policyspec graph` does."""
    path = folder / "guild.trig"
    ps.write_rdf(releases, path, "trig")
    return path


@pytest.fixture
def aligned(tmp_path: Path) -> Path:
    path = tmp_path / "x.sssom.tsv"
    rows = [
        f"guild:{name} skos:closeMatch house:be_punctual {MANUAL} {digest(OLD, name)} {digest(HOUSE, 'be_punctual')}"
        for name in ("keep_time", "wear_a_hat", "say_hello")
    ]
    path.write_text(text_of(*rows), "utf-8")
    return path


def test_a_changed_text_is_told_for_its_row_alone_with_what_changed(aligned: Path, tmp_path: Path) -> None:
    found = ps.check_alignment(aligned, specs=(released(tmp_path, OLD, NEW), HOUSE))
    assert [(code, line) for code, line, _ in told(found)] == [
        ("text-changed-since", 8),
        ("renamed-target", 9),
    ]
    (changed,) = found.changed
    assert changed.change
    assert (changed.id, changed.change.words_removed, changed.change.words_added) == (
        "guild:wear_a_hat",
        2,
        1,
    )
    assert changed.digest == digest(NEW, "wear_a_hat")
    text = ps.render(found)
    assert "Wear [-a tall-] {+the+} hat of the guild." in text
    assert text.endswith("x.sssom.tsv: 3 rows: 3 close\n")


def test_where_no_release_has_the_text_that_was_compared_the_change_is_told_all_the_same(
    aligned: Path,
) -> None:
    found = ps.check_alignment(aligned, specs=(GUILD, HOUSE))
    assert [(code, line) for code, line, _ in told(found)] == [
        ("text-changed-since", 8),
        ("renamed-target", 9),
    ]
    assert found.changed[0].change is None


def test_untouched_texts_are_quiet(aligned: Path) -> None:
    assert told(ps.check_alignment(aligned, specs=(OLD, HOUSE))) == []


def test_an_update_follows_names_and_versions_and_leaves_digests(aligned: Path) -> None:
    before = ps.read_alignment(aligned)
    found = ps.update_alignment(aligned, follow=[(OLD, NEW)])
    assert found.renamed == ((9, "guild:say_hello", "guild:greet_guests"),)
    rows = found.alignment.rows
    assert [row.subject_id for row in rows] == ["guild:keep_time", "guild:wear_a_hat", "guild:greet_guests"]
    assert [row.subject_label for row in rows] == ["Keep time", "Wear a hat at work", "Greet guests"]
    assert [row.subject_digest for row in rows] == [row.subject_digest for row in before.rows]
    assert (found.alignment.subject_source_version, found.alignment.object_source_version) == ("2", "")
    assert [code for code, *_ in told(ps.check_alignment(found.alignment, specs=(NEW, HOUSE)))] == [
        "text-changed-since"
    ]


def test_an_id_that_is_gone_is_told_and_stays(aligned: Path) -> None:
    less = replace(NEW, provisions=NEW.provisions[:1])
    found = ps.update_alignment(aligned, follow=[(OLD, less)])
    assert [(one.code, one.span.line) for one in found.findings] == [
        ("unknown-provision", 8),
        ("unknown-provision", 9),
    ]
    assert found.renamed == ()


def test_a_spec_that_no_id_is_of_cannot_be_followed(aligned: Path) -> None:
    with pytest.raises(
        SourceError, match=r"no id of `.*` is of `Guild`, whose names begin with `https://example.org/x/`"
    ):
        ps.update_alignment(aligned, follow=[(OLD, replace(NEW, base_iri="https://example.org/x/"))])


def test_missing_digests_are_written_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "x.sssom.tsv"
    path.write_text(text_of("guild:keep_time skos:exactMatch house:be_punctual"), "utf-8")
    assert ("missing-digest", 7, 1) in told(ps.check_alignment(path, specs=(GUILD, HOUSE)), hints=True)
    found = ps.update_alignment(path, fill=[GUILD, HOUSE])
    (row,) = found.alignment.rows
    assert (found.filled, row.subject_digest) == (2, digest(GUILD, "keep_time"))
    hints = told(ps.check_alignment(found.alignment, specs=(GUILD, HOUSE)), hints=True)
    assert {code for code, *_ in hints} == {"unmapped"}


# -- drafts ------------------------------------------------------------------------------------


def test_a_new_alignment_has_a_row_for_each_principle_and_says_nothing_yet() -> None:
    draft = ps.new_alignment(GUILD, HOUSE)
    assert [row.subject_id for row in draft.rows] == [
        "guild:keep_time",
        "guild:wear_a_hat",
        "guild:greet_guests",
    ]
    assert all(row.is_draft and not row.comment for row in draft.rows)
    assert told(ps.check_alignment(draft, specs=(GUILD, HOUSE))) == []
    assert read_sssom(ps.render(draft, "tsv"), "x.tsv") == draft


def test_suggestions_go_by_titles_and_topics_and_are_always_the_same() -> None:
    draft = ps.new_alignment(GUILD, HOUSE, suggest=True)
    assert [row.comment for row in draft.rows] == [
        "near: house:be_punctual (topic Clock)",
        "",
        "near: house:greet_at_the_door (title)",
    ]
    assert ps.new_alignment(GUILD, HOUSE, suggest=True) == draft


def test_suggestions_find_most_principles_again_in_another_release(model_spec_data: Path) -> None:
    old = replace(ps.load(model_spec_data / "2025-02-12"), name="old")
    new = ps.load(model_spec_data / "2025-09-12")
    draft = ps.new_alignment(old, new, suggest=True)
    kept = [row for row in draft.rows if row.subject_id.rpartition(":")[2] in new.principle_by_id]
    near = [row for row in kept if f":{row.subject_id.rpartition(':')[2]} (" in row.comment.partition(")")[0]]
    assert len(kept) > 40
    assert len(near) >= len(kept) * 0.9


# -- commands ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, read in (("old", OLD), ("new", NEW), ("house", HOUSE)):
        ps.write_rdf(read, f"{name}.ttl")
    return tmp_path


def test_an_alignment_from_its_beginning_to_the_next_release(run: Run, folder: Path) -> None:
    file = folder / "x.sssom.tsv"
    assert run("align", "new", "old.ttl", "house.ttl", "--suggest", "-o", file)[0] == 0
    filled = file.read_text("utf-8").replace(
        "hello\tGreet guests\t\t\t", "hello\tGreet guests\tskos:closeMatch\thouse:lock_up\t"
    )
    file.write_text(filled, "utf-8")
    status, _, err = run("align", "update", file, "--fill", "old.ttl", "--fill", "house.ttl")
    assert (status, "1 digest written" in err) == (0, True)
    status, out, _ = run("align", "check", "old.ttl", "house.ttl", file)
    assert (status, out.splitlines()[-1]) == (0, f"{file}: 3 rows: 1 close, 2 not filled in")
    status, out, _ = run("align", "check", "new.ttl", "house.ttl", file, "--fail-on", "warning")
    assert (status, "[unknown-provision]" in out) == (1, True)
    status, _, err = run("align", "update", file, "--next", "old.ttl=new.ttl")
    assert (status, "guild:say_hello is guild:greet_guests now" in err) == (0, True)
    assert run("align", "check", "new.ttl", "house.ttl", file)[0] == 0
    written = file.read_text("utf-8")
    assert run("align", "update", file, "--next", "old.ttl=new.ttl")[0] == 0
    assert file.read_text("utf-8") == written


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("check old.ttl house.ttl", "whose name ends in .sssom.tsv"),
        ("check old.ttl x.tsv", "give two SOURCEs"),
        ("check old.ttl new.ttl x.tsv", "releases of one spec"),
        ("query old.ttl house.ttl mapped", "`--alignment FILE`"),
        ("query old.ttl mapped --alignment x.tsv", "name the SOURCE of each"),
        ("resolve old.ttl house.ttl --alignment x.tsv", "give a CASE"),
        ("graph old.ttl --alignment x.tsv --format trig", "name the SOURCE of each"),
        ("check old.ttl house.ttl absent.tsv", "absent.tsv"),
        ("new old.ttl absent.ttl", "`absent.ttl` does not exist"),
        ("update x.tsv", "give --next OLD=NEW, or --fill SOURCE"),
        ("update x.tsv --next old.ttl", "is not of the form OLD=NEW"),
        ("update x.tsv --next gild=new.ttl", "`gild` is neither a SOURCE nor a prefix of `x.tsv`"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_told_in_a_line(run: Run, folder: Path, words: str, said: str) -> None:
    (folder / "x.tsv").write_text(text_of("guild:keep_time skos:exactMatch house:be_punctual"), "utf-8")
    first = words.split(maxsplit=1)[0]
    status, _, err = run(*(["align"] if first in {"check", "new", "update"} else []), *words.split())
    assert (status, said in err, "Traceback" in err) == (2, True, False)


def test_a_file_that_cannot_be_read_whole_is_left_alone(run: Run, folder: Path) -> None:
    file = folder / "x.tsv"
    text = text_of("guild:say_hello skos:exactMatch house:be_punctual m d d more")
    file.write_text(text, "utf-8")
    status, _, err = run("align", "update", file, "--next", "old.ttl=new.ttl")
    assert (status, "is left as it is" in err) == (1, True)
    assert file.read_text("utf-8") == text


def test_findings_go_to_other_tools(run: Run, folder: Path) -> None:
    (folder / "x.tsv").write_text(text_of("guild:keep_tme skos:exactMatch house:be_punctual"), "utf-8")
    status, out, _ = run("align", "check", "old.ttl", "house.ttl", "x.tsv", "--format", "sarif")
    results = json.loads(out)["runs"][0]["results"]
    assert (status, {one["ruleId"] for one in results}) == (
        1,
        {"unknown-provision", "missing-digest", "unmapped"},
    )
