"""Files of SSSOM: what is read of them, what is written, what is told; and what sssom-py makes of both."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.alignments import COLUMNS, Alignment, MappingRow, MatchPredicate
from sphinx_policyspec.alignments.sssom import read_sssom, write_sssom

HEAD = """# mapping_set_id: https://example.org/alignment
# license: https://creativecommons.org/publicdomain/zero/1.0/
# curie_map:
#   guild: https://example.org/guild/provision/
#   house: "urn:policyspec:house:provision/"
#   orcid: https://orcid.org/
# subject_source: https://example.org/guild/
# subject_source_version: "2026-01-01"
"""
NAMES = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
ROW = "guild:keep_time\tskos:exactMatch\thouse:be_punctual\tsemapv:ManualMappingCuration\n"

FULL = Alignment(
    id="https://example.org/alignment",
    license="https://creativecommons.org/publicdomain/zero/1.0/",
    curie_map=(
        ("guild", "https://example.org/guild/provision/"),
        ("house", "urn:policyspec:house:provision/"),
        ("orcid", "https://orcid.org/"),
        ("ps", "https://w3id.org/policyspec#"),
        ("urn", "urn:"),
    ),
    subject_source="https://example.org/guild/",
    object_source="urn:policyspec:house:",
    subject_source_version="2026-01-01",
    object_source_version="2",
    others=(("mapping_set_title", "Guild and house"),),
    rows=(
        MappingRow(
            subject_id="guild:keep_time",
            subject_label='Keep "time"',
            predicate_id="skos:exactMatch",
            object_id="house:be_punctual",
            object_label="Be punctual",
            mapping_justification="semapv:ManualMappingCuration",
            confidence=0.75,
            author_id=("orcid:0000-0002-1825-0097", "orcid:0000-0001-5109-3700"),
            mapping_date="2026-11-02",
            comment="both say\tby the clock,\nand by no other",
            subject_digest="a" * 64,
            object_digest="b" * 64,
        ),
        MappingRow(
            subject_id="guild:caf%C3%A9#%C2%B63",
            predicate_id="skos:broadMatch",
            object_id="house:manners",
            mapping_justification="semapv:LexicalMatching",
            mapping_date="2026-11-03",
        ),
        MappingRow(
            subject_id="guild:wear_a_hat",
            predicate_id="skos:exactMatch",
            object_id="sssom:NoTermFound",
            mapping_justification="semapv:ManualMappingCuration",
        ),
    ),
)


def codes(alignment: Alignment) -> list[str]:
    return [finding.code for finding in alignment.findings]


def test_what_is_written_is_read_back_equal() -> None:
    read = read_sssom(write_sssom(FULL), "x.sssom.tsv")
    assert read == FULL
    assert read.findings == ()
    assert write_sssom(read) == write_sssom(FULL)


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12).map(str.strip)
ROWS = st.builds(
    MappingRow,
    subject_id=st.sampled_from(["guild:a", "guild:b#%C2%B62", "house:x"]),
    subject_label=TEXT,
    predicate_id=st.sampled_from([*(one.value for one in MatchPredicate), "owl:sameAs"]),
    object_id=st.sampled_from(["house:x", "sssom:NoTermFound", "https://example.org/whole"]),
    object_label=TEXT,
    mapping_justification=st.just("semapv:ManualMappingCuration"),
    confidence=st.none() | st.floats(0, 1),
    comment=TEXT,
    subject_digest=st.sampled_from(["", "a" * 64]),
    others=st.sampled_from([(), (("subject_category", "rule"),), (("predicate_modifier", "Not"),)]),
)


@given(st.lists(ROWS, max_size=4).map(tuple))
def test_any_rows_are_read_back_equal_and_swapping_twice_changes_nothing(
    rows: tuple[MappingRow, ...],
) -> None:
    alignment = replace(FULL, rows=rows)
    assert read_sssom(write_sssom(alignment), "x.tsv") == alignment
    swapped = alignment.swapped()
    assert swapped.swapped() == alignment
    assert read_sssom(write_sssom(swapped), "x.tsv") == swapped


def test_swapping_turns_sides_and_broad_and_narrow_and_nothing_else() -> None:
    swapped = FULL.swapped()
    first, second, third = swapped.rows
    assert (swapped.subject_source, swapped.object_source_version) == ("urn:policyspec:house:", "2026-01-01")
    assert (swapped.id, swapped.license, swapped.curie_map) == (FULL.id, FULL.license, FULL.curie_map)
    turned = {"subject_id", "subject_label", "subject_digest", "object_id", "object_label", "object_digest"}
    for before, after in zip(FULL.rows, swapped.rows, strict=True):
        kept = [name for name in COLUMNS if name not in turned | {"predicate_id"}]
        assert [getattr(before, name) for name in kept] == [getattr(after, name) for name in kept]
    assert (first.subject_id, first.object_label, first.predicate_id) == (
        "house:be_punctual",
        'Keep "time"',
        "skos:exactMatch",
    )
    assert second.predicate_id == "skos:narrowMatch"
    assert (third.subject_id, third.object_id) == ("sssom:NoTermFound", "guild:wear_a_hat")


@pytest.mark.parametrize(
    "text",
    [
        HEAD + NAMES + ROW,
        "\ufeff" + HEAD + NAMES + ROW,
        (HEAD + NAMES + ROW).replace("\n", "\r\n"),
        (HEAD + NAMES + ROW).replace("\n", "\r"),
        HEAD.replace("# ", "#") + NAMES + ROW.rstrip("\n"),
        HEAD + NAMES + "\n" + ROW + "\n",
        HEAD
        + NAMES.replace("subject_id", '"subject_id"')
        + ROW.replace("guild:keep_time", ' "guild:keep_time"'[1:]),
    ],
)
def test_the_same_table_in_other_forms_says_the_same(text: str) -> None:
    read = read_sssom(text, "x.tsv")
    assert codes(read) == []
    assert read == read_sssom(HEAD + NAMES + ROW, "x.tsv")
    assert len(read.rows) == 1
    assert read.rows[0].object_id == "house:be_punctual"


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("", "broken-header", 1, 1),
        ("", "missing-column", 1, 1),
        (NAMES + ROW, "broken-header", 1, 1),
        ("# a: [\n" + NAMES + ROW, "broken-header", 1, 1),
        ("# license: x\n" + NAMES + ROW, "missing-key", 1, 1),
        (HEAD.replace("https://example.org/alignment", "alignment") + NAMES + ROW, "invalid-value", 1, 19),
        (HEAD.replace("https://orcid.org/", "orcid") + NAMES + ROW, "invalid-value", 6, 12),
        (HEAD + "# curie_map: {}\n" + NAMES + ROW, "duplicate-key", 9, 3),
        (HEAD + NAMES.replace("predicate_id", "predicate") + ROW, "missing-column", 9, 1),
        (HEAD + NAMES.replace("predicate_id", "object_id") + ROW, "duplicate-key", 9, 22),
        (HEAD + NAMES + ROW.replace("\n", "\tmore\n"), "broken-row", 10, 80),
        (HEAD + NAMES + ROW.replace("skos:", '"skos:'), "broken-row", 10, 17),
        (HEAD + NAMES[:-1] + "\tconfidence\n" + ROW[:-1] + "\t1.5\n", "invalid-value", 10, 80),
        (HEAD + NAMES[:-1] + "\tconfidence\n" + ROW[:-1] + "\tnan\n", "invalid-value", 10, 80),
        (HEAD + NAMES[:-1] + "\tmapping_date\n" + ROW[:-1] + "\tyesterday\n", "invalid-value", 10, 80),
    ],
)
def test_trouble_in_a_file_is_told_with_its_line_and_column(
    text: str, code: str, line: int, column: int
) -> None:
    found = [one for one in read_sssom(text, "x.tsv").findings if one.code == code]
    assert [(one.span.line, one.span.column) for one in found] == [(line, column)]


def test_a_broken_row_loses_no_other() -> None:
    text = HEAD + NAMES + ROW.replace("skos:", '"skos:') + ROW + 'x\t"y\n' + ROW
    read = read_sssom(text, "x.tsv")
    assert [row.line for row in read.rows] == [10, 11, 12, 13]
    assert codes(read) == ["broken-row", "broken-row"]
    assert read.rows[1] == read.rows[3]


def test_a_quoted_cell_holds_tabs_line_ends_and_quotes() -> None:
    text = HEAD + NAMES[:-1] + "\tcomment\n" + ROW[:-1] + '\t"a\tb ""c""\nd"\n' + ROW
    read = read_sssom(text, "x.tsv")
    assert codes(read) == []
    assert read.rows[0].comment == 'a\tb "c"\nd'
    assert [row.line for row in read.rows] == [10, 12]


def test_what_the_header_says_of_every_row_is_said_of_each() -> None:
    read = read_sssom(HEAD + "# mapping_date: 2026-05-04\n" + NAMES + ROW, "x.tsv")
    assert [row.mapping_date for row in read.rows] == ["2026-05-04"]
    assert "mapping_date" not in dict(read.others)


def test_many_rows_are_read() -> None:
    quoted = "\t".join(f'"{cell}"' for cell in ROW.rstrip("\n").split("\t")) + "\n"
    rows = "".join(quoted.replace("keep_time", f"p{number}") for number in range(20_000))
    read = read_sssom(HEAD + NAMES + rows, "x.tsv")
    assert len(read.rows) == 20_000
    assert read.findings == ()


@pytest.mark.parametrize("cell", ['"', '"a\t"a', '""x\t', '"""\t', '"\t""\t'])
def test_no_quote_makes_reading_grow_faster_than_the_text(cell: str) -> None:
    start = time.process_time()
    read_sssom(HEAD + NAMES + f"{cell}\n" * 20_000, "x.tsv")
    assert time.process_time() - start < 3


# -- sssom-py ----------------------------------------------------------------------------------


@pytest.fixture
def sssom() -> Any:
    if importlib.util.find_spec("sssom") is None:
        pytest.skip("the package sssom is not installed: --group harnesses")
    names = ("constants", "parsers", "validators", "writers")
    return SimpleNamespace(**{name: importlib.import_module(f"sssom.{name}") for name in names})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # pandas and linkml warn of what comes
def test_sssom_py_finds_what_is_written_valid_and_reads_it_back_equal(sssom: Any, tmp_path: Path) -> None:
    ours = tmp_path / "ours.sssom.tsv"
    ours.write_text(write_sssom(FULL), "utf-8")
    read = sssom.parsers.parse_sssom_table(ours)
    reports = sssom.validators.validate(read, sssom.constants.DEFAULT_VALIDATION_TYPES)
    assert [report.results for report in reports.values() if report.results] == []
    told = {row["subject_id"]: row for row in read.df.fillna("").to_dict("records")}
    assert told.keys() == {row.subject_id for row in FULL.rows}
    for row in FULL.rows:
        their = told[row.subject_id]
        for name in (one for one in COLUMNS if not one.endswith("_digest")):
            value = getattr(row, name)
            written = "|".join(value) if isinstance(value, tuple) else "" if value is None else value
            assert their.get(name, "") == written, name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_what_sssom_py_writes_is_read(sssom: Any, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.sssom.tsv", tmp_path / "theirs.sssom.tsv"
    ours.write_text(write_sssom(FULL), "utf-8")
    with theirs.open("w", encoding="utf-8") as file:
        sssom.writers.write_table(sssom.parsers.parse_sssom_table(ours), file)
    read = ps.read_alignment(theirs)
    assert read.findings == ()
    # It leaves out what extensions of a file say, and sorts rows.
    plain = [replace(row, subject_digest="", object_digest="") for row in FULL.rows]
    assert sorted(read.rows, key=str) == sorted(plain, key=str)
    sides = (read.subject_source, read.object_source, read.subject_source_version, read.object_source_version)
    assert sides == ("https://example.org/guild/", "urn:policyspec:house:", "2026-01-01", "2")
