"""Markdown of any maker: read by its headings, byte for byte, with ids that its titles make."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

import pytest

from sphinx_policyspec import load, load_all, load_checked
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Clause, Definition, Markup, Principle, Prose, Severity, Span, Spec
from sphinx_policyspec.model.outlines import (
    HeadingRule,
    IdRule,
    passage_at,
    passage_of,
    passages,
    place_of_passage,
    slug_of,
    split_locator,
)
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.outlines import read_markdown
from tests.conftest import source_texts
from tests.readers.laws import FILE, check_blocks, check_ids, check_places

CHARTER = """\
---
title: Harbour library charter
date: 2026-03-01
license: CC0-1.0
---

This charter says how the assistant of our library behaves.

# How to read this

## Words

A reader is whoever asks.

# How we answer

## How we refuse

We refuse when harm is likely. We say so openly. See [the other part](#honesty-first).

- Never hide that we refuse.[^why]
- Offer another way,
  if there is one.

## Honesty *first*

Do not lie.

What nobody may change
======================

### Loans

Loans are private. <!-- a note of ours -->

1. Never tell who lent what.
2. Staff may switch reminders off.

Nobody else may.

[^why]: People come back to those who tell them.
"""
SIDECAR = """\
spec: {name: charter, publisher: Harbour Library}
reader: {skip: [How to read this], clauses: bullets}
levels:
  - {id: fixed, override: never}
  - {id: switchable, override: implicit, roles: [user]}
goals:
  - {id: trust, title: People trust us}
  - {id: use, title: People find what they need}
priorities: [trust, use]
provisions:
  how_we_refuse:
    level: fixed
    serves: [trust]
    clauses: [{text: Offer another way, level: switchable}]
  honesty_first: {level: fixed, serves: [use]}
  loans:
    clauses: [{text: Staff may switch reminders off., level: switchable}]
"""


@pytest.fixture
def charter(tmp_path: Path) -> Path:
    (tmp_path / "charter.md").write_text(CHARTER, "utf-8")
    (tmp_path / "charter.yaml").write_text(SIDECAR, "utf-8")
    return tmp_path / "charter.md"


def read_lawfully(text: str, rule: HeadingRule | None = None) -> Spec:
    """Read a text by its headings, and check what holds of every reading."""
    reading = read_markdown(text, FILE, rule=rule or HeadingRule())
    assert source_texts(reading.spec) == {FILE: text}
    check_places(text, reading.findings)
    check_ids(reading.spec)
    check_blocks(text, reading.spec)
    assert from_triples(triples_of(reading.spec)) == reading.spec
    return reading.spec


def ids_of(text: str, ids: IdRule = IdRule.SLUG) -> list[str]:
    return [one.id for one in read_lawfully(text, HeadingRule(ids=ids)).provisions]


def test_a_charter_is_read_by_its_headings() -> None:
    spec = read_lawfully(CHARTER)
    assert [(one.id, one.depth, one.parent, one.title) for one in spec.provisions] == [
        ("how_to_read_this", 1, None, "How to read this"),
        ("words", 2, "how_to_read_this", "Words"),
        ("how_we_answer", 1, None, "How we answer"),
        ("how_we_refuse", 2, "how_we_answer", "How we refuse"),
        ("honesty_first", 2, "how_we_answer", "Honesty first"),
        ("what_nobody_may_change", 1, None, "What nobody may change"),
        ("loans", 2, "what_nobody_may_change", "Loans"),
    ]
    assert (spec.title, spec.version, spec.issued, spec.license) == (
        "Harbour library charter",
        "2026-03-01",
        "2026-03-01",
        "CC0-1.0",
    )
    assert (spec.levels, spec.eval_tags, spec.links) == ((), (), ())
    assert [(one.source, one.target) for one in spec.references] == [("how_we_refuse", "honesty_first")]


def test_nothing_is_said_of_such_a_text_but_how_it_was_read(charter: Path) -> None:
    findings = load_checked(charter).findings
    assert [one.code for one in findings] == ["no-principle", "reader-guess"]
    assert not [one for one in findings if "{#" in str(one)]


@pytest.mark.parametrize(
    ("text", "title", "version"),
    [
        ('+++\ntitle = "Rules"\ndate = 2026-03-01\n+++\n\n# Other\n', "Rules", "2026-03-01"),
        ('+++\nversion = "2.1"\naliases = ["/a"]\n+++\n# Conduct\n', "Conduct", "2.1"),
        ("+++\nversion = \n+++\n# Conduct\n", "Conduct", ""),
        ("+++\nnever closed\n# Conduct\n", "Conduct", ""),
        ("## Conduct\n\n### Be kind\n", "Conduct", ""),
        ("---\nowner: us\n---\n## Conduct\n\n### Be kind\n", "Conduct", ""),
        ("## Be kind\n\n## Be fair\n", "Behaviour spec", ""),
        ("Of this house.\n\n## Rules\n\n### Be kind\n", "Behaviour spec", ""),
    ],
)
def test_a_text_has_the_title_and_version_that_it_begins_with(text: str, title: str, version: str) -> None:
    read = read_lawfully(text)
    assert (read.title, read.version) == (title, version)
    assert "2.1" not in "".join(one.text for one in read.preamble if isinstance(one, Prose))


def test_what_is_said_of_a_misspelt_id_is_taken_for_the_right_one_and_told_once(charter: Path) -> None:
    sidecar = charter.with_suffix(".yaml")
    right = load_checked(charter, annotations=sidecar)
    sidecar.write_text(sidecar.read_text("utf-8").replace("how_we_refuse:", "how_we_refused:"), "utf-8")
    wrong = load_checked(charter, annotations=sidecar)
    assert [(one.code, one.hint) for one in wrong.findings if one.severity is Severity.ERROR] == [
        ("stale-annotation", "did you mean `how_we_refuse`?")
    ]
    assert wrong.spec == right.spec


@pytest.mark.parametrize(
    ("reader", "levels", "left"),
    [
        ("principles: 'depth>=1'", "a: {level: user}, b: {level: user}", ""),
        ("principles: 'depth>=1'", "a: {level: user}", "1, such as `b`"),
        ("principles: [a, b]", "", "2, such as `a`"),
        ("principles: [a, b], level: user", "", ""),
        ("principles: [a]", "a: {level: user}", ""),
    ],
)
def test_headings_that_are_named_as_principles_and_have_no_level_are_told(
    tmp_path: Path, reader: str, levels: str, left: str
) -> None:
    (tmp_path / "x.md").write_text("# A\n\nBe kind.\n\n# B\n\nBe fair.\n", "utf-8")
    (tmp_path / "x.yaml").write_text(f"reader: {{{reader}}}\nprovisions: {{{levels}}}\n", "utf-8")
    found = load_checked(tmp_path / "x.md", annotations=tmp_path / "x.yaml").findings
    told = [one for one in found if one.code == "missing-key"]
    assert len(told) == bool(left)
    assert all(left in one.message and one.severity is Severity.HINT for one in told)


@pytest.mark.parametrize("name", ["How to read this", "how_to_read_this", "How To Read This"])
def test_a_heading_is_skipped_by_its_title_in_any_case_or_its_id(charter: Path, name: str) -> None:
    charter.with_suffix(".yaml").write_text(f"reader: {{skip: [{name}]}}\n", "utf-8")
    found = load_checked(charter, annotations=charter.with_suffix(".yaml"))
    assert "stale-annotation" not in {one.code for one in found.findings}
    assert not [one.id for one in found.spec.provisions if one.parent == "how_to_read_this"]


def test_words_in_bold_that_begin_several_paragraphs_label_them() -> None:
    read = read_lawfully(
        "# A\n\n**In short:** Be kind.\n\n**Guest**: who comes in.\n\n# B\n\n**In short:** Be fair.\n"
    )
    assert [one.term for _, one in read.walk() if isinstance(one, Definition)] == ["Guest"]
    assert [one.text for one in read.provisions[1].blocks if isinstance(one, Prose)] == [
        "**In short:** Be fair."
    ]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Be kind. Always.\n\n- Be fair.\n", ["no-principle", "reader-guess"]),
        ("# \n", ["no-principle", "reader-guess"]),
        ("", ["no-principle"]),
        ("\n\n", ["no-principle"]),
    ],
)
@pytest.mark.parametrize("sidecar", ["", "reader: {ids: slug}\n"])
def test_a_text_that_has_little_is_told_nothing_of_ids(
    tmp_path: Path, text: str, codes: list[str], sidecar: str
) -> None:
    (tmp_path / "a.md").write_text(text, "utf-8")
    (tmp_path / "a.yaml").write_text(sidecar, "utf-8")
    found = load_checked(tmp_path / "a.md", annotations=tmp_path / "a.yaml" if sidecar else None).findings
    is_told = not (sidecar and text.startswith("#"))
    assert [one.code for one in found] == [code for code in codes if is_told or code != "reader-guess"]
    assert not [one for one in found if "{#" in str(one)]


def test_a_sidecar_gives_levels_clauses_goals_and_an_order_of_goals(charter: Path) -> None:
    loaded = load_checked(charter, annotations=charter.with_suffix(".yaml"))
    assert [one.code for one in loaded.findings if one.severity != "hint"] == []
    assert not {"reader-guess", "no-principle"} & {one.code for one in loaded.findings}
    spec = loaded.spec
    assert {one.id: one.authority for one in spec.principles} == {
        "how_we_refuse": "fixed",
        "honesty_first": "fixed",
        "loans.staff_may_switch_reminders_off": "switchable",
    }
    assert [(one.principle, one.authority, one.text) for one in spec.clauses] == [
        ("how_we_refuse", "fixed", "Never hide that we refuse."),
        ("how_we_refuse", "switchable", "Offer another way, if there is one."),
        (
            "loans.staff_may_switch_reminders_off",
            "switchable",
            "Staff may switch reminders off.",
        ),
    ]
    assert "words" not in spec.provision_by_id
    assert "A reader is whoever asks." in spec.provision_by_id["how_to_read_this"].text
    assert [(one.goal, one.kind) for one in spec.priorities] == [("trust", "holistic"), ("use", "holistic")]
    assert source_texts(spec) == {"charter.md": CHARTER}
    assert from_triples(triples_of(spec)) == spec
    assert "Nobody else may." in spec.provision_by_id["loans"].text


def test_words_of_a_principle_are_a_clause_where_list_items_are_none(charter: Path) -> None:
    given = SIDECAR.replace("clauses: bullets", "clauses: none").partition("  loans:")[0]
    charter.with_suffix(".yaml").write_text(given, "utf-8")
    clauses = load(charter, annotations=charter.with_suffix(".yaml")).clauses
    assert [(one.authority, one.text, one.span.line) for one in clauses] == [
        ("switchable", "Offer another way", 22)
    ]
    assert isinstance(clauses[0], Clause)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# A\n\n## Same\n\n# B\n\n## Same\n", ["a", "a.same", "b", "b.same"]),
        ("# Same\n\n# B\n\n## Same\n", ["same", "b", "b.same"]),
        ("# A\n\n### C\n\n# B\n\n## A\n\n### C\n", ["a", "a.c", "b", "b.a", "b.a.c"]),
        ("# A\n\n## Same\n\nOne thing.\n\n## Same\n\nOther.\n", ["a", "a.same.one_thing", "a.same.other"]),
        ("# ?!\n\nSome words.\n\n# 🎉\n", ["some_words", "section"]),
        ("# Don't: *ever*, `lie`\n", ["don_t_ever_lie"]),
        (
            "# Ἀλήθεια — Ναί\n\n# 正直 であること\n\n# हिन्दी शब्द\n",
            ["ἀλήθεια_ναί", "正直_であること", "हिन्दी_शब्द"],
        ),
        ("# e\u0301te\u0301\n\n## x\n\n# A\n\n## \u00e9t\u00e9\n", ["été", "x", "a", "a.été"]),
        (f"# {'word ' * 30}\n", ["word_" * 11 + "word"]),
        (f"# {'字' * 90}\n", ["字" * 60]),
        ("# Fix (#123)\n\n# Use {braces} well\n", ["fix_123", "use_braces_well"]),
    ],
)
def test_titles_make_ids_that_differ(text: str, expected: list[str]) -> None:
    assert ids_of(text) == expected


def test_ids_can_be_paths_or_those_that_are_given() -> None:
    text = "# A\n\n## B {#own}\n\n### C\n"
    assert ids_of(text) == ["a", "b", "c"]
    assert ids_of(text, IdRule.PATH) == ["a", "a.b", "a.b.c"]
    assert ids_of(text, IdRule.EXPLICIT) == ["a", "own", "c"]


def test_an_id_does_not_change_when_a_heading_of_another_title_comes_before_it() -> None:
    text = "# A\n\n## Same\n\n# B\n\n## Same\n"
    assert {*ids_of(text)} < {*ids_of(f"# New\n\n## Other\n\n{text}")}


def test_a_file_with_ids_stays_the_dialect_unless_a_sidecar_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("# A\n\n## B {#own authority=user}\n\nBe kind.\n", "utf-8")
    (tmp_path / "x.yaml").write_text("reader: {ids: explicit}\n", "utf-8")
    loaded = load_checked(tmp_path / "x.md")
    assert loaded.spec.documents[0].markup is Markup.MODEL_SPEC
    assert "heading-without-id" in {one.code for one in loaded.findings}
    spec = load(tmp_path / "x.md", annotations=tmp_path / "x.yaml")
    assert spec.documents[0].markup is Markup.MARKDOWN
    assert [(type(one), one.id) for one in spec.provisions][1:] == [(Principle, "own")]


def test_a_folder_with_one_markdown_file_is_read_and_folders_called_by_versions_are_releases(
    tmp_path: Path,
) -> None:
    for version in ("2026-01-01", "2026-03-01"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "charter.md").write_text(f"# Kind\n\nBe kind {version}.\n", "utf-8")
        (tmp_path / version / "README.md").write_text("# The charter\n\nIn `charter.md`.\n", "utf-8")
    spec = load_checked(tmp_path / "2026-01-01").spec
    assert (spec.title, spec.version, [one.id for one in spec.provisions]) == (
        "The charter",
        "2026-01-01",
        ["kind"],
    )
    assert [one.version for one in load_all(tmp_path)] == ["2026-01-01", "2026-03-01"]


def test_the_dialect_read_by_this_reader_is_the_dialect(release_dir: Path) -> None:
    text = (release_dir / "model_spec.md").read_text("utf-8")
    old = read_model_spec(text, FILE).spec
    new = read_markdown(text, FILE, rule=HeadingRule(ids=IdRule.EXPLICIT)).spec
    assert new.provisions == old.provisions
    assert (new.preamble, new.references, new.eval_tags) == (old.preamble, old.references, old.eval_tags)
    spec = read_markdown(text, FILE, rule=HeadingRule()).spec
    assert [(one.title, one.text, one.span) for one in spec.provisions] == [
        (one.title, one.text, one.span) for one in old.provisions
    ]


def test_paragraphs_and_sentences_are_numbered_within_a_provision() -> None:
    refuse = read_lawfully(CHARTER).provision_by_id["how_we_refuse"]
    found = passage_of(refuse, "say so openly")
    assert found is not None
    assert (found.locator, found.text) == ("how_we_refuse ¶1 s2", "We say so openly.")
    assert passage_at(refuse, found.locator) == found
    item = passage_at(refuse, "how_we_refuse ¶3")
    assert item is not None
    assert item.text.startswith("- Offer another way,")
    assert passage_at(refuse, "how_we_refuse ¶9") is None
    numbered = read_lawfully(
        "# A\n\n## Steps\n\nFirst:\n\n1. Look. Then\n   ask.\n2. Act.\n"
    ).provision_by_id["steps"]
    assert [(one.locator, one.text) for one in passages(numbered) if one.sentence] == [
        ("steps ¶1 s1", "First:"),
        ("steps ¶2 s1", "1. Look."),
        ("steps ¶2 s2", "Then\n   ask."),
        ("steps ¶3 s1", "2. Act."),
    ]
    assert split_locator("a.b#¶3 s2") == ("a.b", 3, 2)
    assert split_locator("plain") == ("plain", 0, 0)


def letters(text: str) -> str:
    """Return a text without blanks, eval tags and comments."""
    return re.sub(r"\s|\[\^[^\]\n\[]+\](?!\()|<!--.*?-->", "", text, flags=re.DOTALL)


def test_each_passage_begins_where_its_place_says(release_dir: Path) -> None:
    text = (release_dir / "model_spec.md").read_text("utf-8")
    lines = text.splitlines(keepends=True)
    begins = [0, *accumulate(map(len, lines))]
    tried = 0
    for provision in load(release_dir, annotate=False).provisions:
        before = Span(FILE, 0)
        for passage in passages(provision):
            place = place_of_passage(passage, provision)
            start = begins[place.line - 1] + place.column - 1
            assert letters(text[start : start + 3 * len(passage.text) + 500]).startswith(
                letters(passage.text)
            )
            assert (place.line, place.column) >= (before.line, before.column) or not passage.sentence
            before, tried = place, tried + 1
    assert tried > 700


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no heading at all",
        "\ufeff# Title\r\n\r\nWords.\r\n",
        "---\ntitle: [\n---\n# A\n",
        "###### Deep\n\n# Flat\n",
        "> # Quoted\n\n- # In a list\n\n    # Code\n\n```\n# Fenced\n```\n",
        "# A\n<!-- # no\n heading -->\n| a | b |\n|---|---|\n| - x | # y |\n",
        "# " + "x" * 10_000 + "\n\ntext\n" * 3,
        "# !\n\n# !\n\n# !\n",
    ],
)
def test_any_text_is_read_byte_for_byte(text: str) -> None:
    read_lawfully(text)
    read_lawfully(text, HeadingRule(ids=IdRule.PATH, skip=("A", "section"), apart=(("a", "x"),)))


def test_slugs_are_words_of_any_script() -> None:
    assert [slug_of(title) for title in ("How we refuse", "__init__ & co", "—", "ΑΣ ΕΣ")] == [
        "how_we_refuse",
        "init_co",
        "",
        "ας_ες",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("reader: {skip: [How to raed this]}", "`skip` names no heading: `How to raed this`"),
        ("reader: {principles: [honesty_frist], level: user}", "did you mean `honesty_first`?"),
        (
            "reader: {ids: titles}",
            "`titles` is none of the values that this can have",
        ),
        ("priorities: [trst]\ngoals: [{id: trust}]", "unknown goal `trst`; did you mean `trust`?"),
        (
            "provisions: {honesty_frist: {level: user}}",
            "no provision `honesty_frist`; did you mean `honesty_first`?",
        ),
        ("provisions: {loans: {level: usr}}", "unknown level `usr`"),
        (
            "provisions: {loans: {clauses: [{text: Loans are private, level: user}]}}",
            "`clauses` is for principles",
        ),
        ("spec: {name: ../x}", "`../x` is no name"),
        ("topics: [{id: a, label: A, same-as: b}]", "`b` is not an absolute IRI"),
        (
            "provisions: {loans: {documents: 'ftp://a.org'}}",
            "`ftp://a.org` begins with neither `https://` nor `http://` nor `urn:`; write an address that does",
        ),
        ("provisions: {loans: {level: user}, loans: {level: root}}", "key `loans` is given twice"),
    ],
)
def test_what_a_sidecar_says_of_nothing_is_told(charter: Path, given: str, said: str) -> None:
    charter.with_suffix(".yaml").write_text(f"{given}\n", "utf-8")
    findings = load_checked(charter, annotations=charter.with_suffix(".yaml")).findings
    assert [
        said in str(one) for one in findings if one.span.file == "charter.yaml" or said in str(one)
    ].count(True) == 1


def test_list_items_with_levels_are_principles_without_a_word_about_the_reader(tmp_path: Path) -> None:
    (tmp_path / "c.md").write_text(
        "# C\n\n## From a list\n\n- Choose what is free.\n- Choose what is kind.\n", "utf-8"
    )
    sidecar = tmp_path / "c.yaml"
    sidecar.write_text("provisions: {from_a_list: {clauses: [{text: what is kind, level: user}]}}\n", "utf-8")
    loaded = load_checked(tmp_path / "c.md", annotations=sidecar)
    assert [(one.id, one.authority) for one in loaded.spec.principles] == [
        ("from_a_list.choose_what_is_kind", "user")
    ]
    assert {one.code for one in loaded.findings if one.severity is not Severity.HINT} == set()
    (tmp_path / "d.md").write_text("# A {#a authority=root}\n\nNever. By default so.\n", "utf-8")
    sidecar.write_text("provisions: {a: {clauses: [{text: By default so., level: user}]}}\n", "utf-8")
    dialect = load_checked(tmp_path / "d.md", annotations=sidecar)
    assert dialect.spec.documents[0].markup is Markup.MODEL_SPEC
    assert [one.authority for one in dialect.spec.clauses] == ["user"]


def test_headings_of_a_depth_are_principles_of_one_level(charter: Path) -> None:
    given = "reader: {ids: path, skip: [How to read this], principles: depth>=2, level: user}\nprovisions: {how_we_answer: {level: root}}\n"
    charter.with_suffix(".yaml").write_text(given, "utf-8")
    spec = load(charter, annotations=charter.with_suffix(".yaml"))
    assert {one.id: one.authority for one in spec.principles} == {
        "how_we_answer": "root",
        "how_we_answer.how_we_refuse": "user",
        "how_we_answer.honesty_first": "user",
        "what_nobody_may_change.loans": "user",
    }
    assert [level.id for level in spec.levels][:2] == ["root", "system"]


def test_one_sidecar_serves_a_text_before_and_after_a_title_changed(charter: Path) -> None:
    charter.with_suffix(".yaml").write_text(
        "provisions: {plain_honesty: {level: user, aliases: [honesty_first]}}\n", "utf-8"
    )
    before = load(charter, annotations=charter.with_suffix(".yaml"))
    charter.write_text(CHARTER.replace("Honesty *first*", "Plain honesty"), "utf-8")
    after = load(charter, annotations=charter.with_suffix(".yaml"))
    assert [(one.id, one.aliases) for spec in (before, after) for one in spec.principles] == [
        ("honesty_first", ()),
        ("plain_honesty", ("honesty_first",)),
    ]


@pytest.mark.parametrize("count", [1_000, pytest.param(20_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "title",
    ["Title {}", "Same", "🎉", "e\u0301" * 40, "字" * 400],
    ids=["unlike", "same", "emoji", "marks", "long"],
)
def test_many_headings_get_ids_of_their_own(title: str, count: int) -> None:
    text = "".join(f"{'#' * (1 + n % 6)} {title.format(n)}\n\nText.\n\n" for n in range(count))
    ids = [one.id for one in read_markdown(text, FILE, rule=HeadingRule()).spec.provisions]
    assert len(ids) == len(set(ids)) == count


def test_a_byte_order_mark_hides_no_front_matter(tmp_path: Path) -> None:
    toml = '+++\ntitle = "Harbour"\ndate = "2026-03-01"\n+++\n\n# Words\n\nIt is so.\n'
    for text in (CHARTER, toml):
        found = []
        for mark in ("", "\ufeff"):
            (tmp_path / "charter.md").write_text(mark + text, "utf-8")
            found.append(load_checked(tmp_path / "charter.md").spec)
            assert source_texts(found[-1])["charter.md"] == mark + text
        bare, marked = found
        assert (bare.title, bare.version) == (marked.title, marked.version)
        assert [one.id for one in bare.provisions] == [one.id for one in marked.provisions]
        assert marked.version == "2026-03-01"
