"""Annotation files: what they add to a spec, and what is said about those that do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.checks.names import check_names, clause_not_lower
from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.model import Finding, Goal, OverrideMode, Principle, Section, Spec, Topic
from sphinx_policyspec.readers.annotations import Annotations, annotate, read_annotations, shipped_annotations
from sphinx_policyspec.readers.release import read_release
from tests.conftest import LEVELS, at, principle, spec

SPEC = spec(
    Section(id="manners", title="Manners", depth=1, span=at()),
    principle(depth=2, parent="manners"),
    principle("be_brief", depth=2, parent="manners"),
)
STALE = {
    "2025-02-12": 11,
    "2025-04-11": 11,
    "2025-09-12": 5,
}
"""Provisions that the shipped file annotates for other releases."""


def read(tmp_path: Path, text: str) -> Annotations:
    path = tmp_path / "notes.yaml"
    path.write_text(text, encoding="utf-8")
    return read_annotations(path)


def apply(tmp_path: Path, text: str, *, lenient: bool = False) -> tuple[Spec, list[str]]:
    """Return the spec with what a file says, and what is wrong with the file and the names in it."""
    notes = read(tmp_path, text)
    annotated, findings = annotate(SPEC, notes, lenient=lenient)
    return annotated, [_line(finding) for finding in (*findings, *check_names(annotated, notes.places))]


def _line(finding: Finding) -> str:
    return str(finding).removeprefix("notes.yaml:")


def test_everything_a_file_can_say_is_added(tmp_path: Path) -> None:
    annotated, findings = apply(
        tmp_path,
        """\
spec:
  title: Good manners
  version: 2026-01-31
  issued: 2026-01-31
  license: https://example.org/licence
  publisher: Us
  base-iri: https://example.org/spec/
levels:
  - id: developer
    title: The developer
    override: never
    roles: [developer, system]
  - id: user
topics:
  - id: kindness
    label: Kindness
    alt-labels: [kind, friendly]
    broader: [manner]
    related: [manner]
  - id: manner
goals:
  - id: peace
    title: Peace
    text: Nobody fights.
  - id: rest
provisions:
  manners:
    topics: manner
    aliases: [etiquette]
    status: draft
    since: "1.0"
  be_kind:
    topics: [kindness]
    serves: [rest, peace]
    exception-to: [be_brief]
    exempts: [small-talk]
    category: tone
    prefer-over: [be_brief]
    conflicts-with: [be_brief]
    refines: [manners]
  be_brief:
    category: small-talk
""",
    )
    assert findings == []
    assert (annotated.title, annotated.publisher) == ("Good manners", "Us")
    assert (annotated.version, annotated.issued) == ("2026-01-31", "2026-01-31")
    assert (annotated.license, annotated.base_iri) == (
        "https://example.org/licence",
        "https://example.org/spec/",
    )
    assert [(x.id, x.title, x.override, x.roles) for x in annotated.levels] == [
        ("developer", "The developer", OverrideMode.NEVER, ("developer", "system")),
        ("user", "", OverrideMode.EXPLICIT, ()),
    ]
    kindness, manner = annotated.topics
    assert (kindness.label, kindness.alt_labels) == ("Kindness", ("friendly", "kind"))
    assert (kindness.broader, kindness.related) == (("manner",), ("manner",))
    assert (manner.label, manner.span.line) == ("manner", 20)
    assert [(goal.id, goal.title, goal.text) for goal in annotated.goals] == [
        ("peace", "Peace", "Nobody fights."),
        ("rest", "rest", ""),
    ]
    manners, be_kind, be_brief = annotated.provisions
    assert (manners.topics, manners.aliases) == (("manner",), ("etiquette",))
    assert (manners.status, manners.since) == ("draft", "1.0")
    assert isinstance(be_kind, Principle)
    assert (be_kind.topics, be_kind.serves, be_kind.category) == (("kindness",), ("peace", "rest"), "tone")
    assert (be_kind.exception_to, be_kind.exempts) == (("be_brief",), ("small-talk",))
    assert (be_kind.preferred_over, be_kind.conflicts_with) == (("be_brief",), ("be_brief",))
    assert be_kind.refines == ("manners",)
    unsaid = SPEC.provisions[2]
    assert isinstance(unsaid, Principle)
    assert be_brief == replace(unsaid, category="small-talk")


def test_what_a_spec_says_itself_is_kept(tmp_path: Path) -> None:
    topic, goal = Topic(id="own", label="Own", span=at()), Goal(id="own", title="Own", span=at())
    before = spec(principle(topics=("own",), aliases=("be_nice",)), topics=(topic,), goals=(goal,))
    notes = read(tmp_path, "topics: [{id: new}]\nprovisions:\n  be_kind: {topics: [new], aliases: [kind]}\n")
    after, findings = annotate(before, notes)
    assert findings == ()
    assert [each.id for each in after.topics] == ["own", "new"]
    assert after.goals == (goal,)
    assert after.levels == before.levels
    assert after.title == before.title
    assert after.provisions[0].topics == ("new", "own")
    assert after.provisions[0].aliases == ("be_nice", "kind")


@pytest.mark.parametrize("text", ["", "# nothing\n", "null\n", "spec:\ntopics:\nprovisions:\n  be_kind:\n"])
def test_an_empty_file_changes_nothing(tmp_path: Path, text: str) -> None:
    assert apply(tmp_path, text) == (SPEC, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "topics: []\nprovisons: {}\n",
            "2:1: error: unknown key `provisons`; did you mean `provisions`? [unknown-key]",
        ),
        (
            "spec:\n  titel: x\n",
            "2:3: error: unknown key `titel`; did you mean `title`? [unknown-key]",
        ),
        (
            "provisions:\n  be_kind:\n    topic: [a]\n",
            "3:5: error: unknown key `topic`; did you mean `topics`? [unknown-key]",
        ),
        (
            "topics:\n  - id: a\n    id: b\n",
            "3:5: error: key `id` is given twice; delete one of the two, or begin another item with a hyphen [duplicate-key]",
        ),
        ("topics:\n  - label: A\n", "2:5: error: `id` is missing; begin with `id: a` [missing-key]"),
        ("goals:\n  - title: A\n", "2:5: error: `id` is missing; begin with `id: a` [missing-key]"),
        ("levels:\n  - title: A\n", "2:5: error: `id` is missing; begin with `id: a` [missing-key]"),
        (
            "topics:\n  - id: a\n  - id: a\n",
            "3:5: error: topic id `a` is taken already at notes.yaml:2; choose another id [duplicate-id]",
        ),
        (
            "levels:\n  - id: user\n    override: explict\n",
            "3:15: error: `explict` is no mode; did you mean `explicit`? [unknown-override]",
        ),
        (
            "- a\n",
            "1:1: error: expected a mapping of keys to values; write the keys without hyphens [wrong-type]",
        ),
        (
            "topics: yes\n",
            "1:9: error: expected a list; begin each item with a hyphen and a space [wrong-type]",
        ),
        (
            "topics:\n  - id: [a]\n    label: A\n",
            "2:9: error: expected a single value; write one, without brackets or hyphens [wrong-type]",
        ),
        (
            "provisions:\n  be_kind:\n    category: [a, b]\n",
            "3:15: error: expected a single value; write one, without brackets or hyphens [wrong-type]",
        ),
        (
            "provisions:\n  be_kind:\n    topics: [[a]]\n",
            "3:14: error: expected a single value; write one, without brackets or hyphens [wrong-type]",
        ),
        (
            "provisions:\n  be_knd:\n    status: draft\n",
            "2:3: error: no provision `be_knd`; did you mean `be_kind`? [stale-annotation]",
        ),
        (
            "topics: [{id: honesty}]\nprovisions:\n  be_kind:\n    topics: [honesti]\n",
            "4:14: error: unknown topic `honesti`; did you mean `honesty`? [unknown-topic]",
        ),
        (
            "topics:\n  - id: honesty\n    broader: [honest]\n",
            "3:15: error: unknown topic `honest`; did you mean `honesty`? [unknown-topic]",
        ),
        (
            "goals: [{id: peace}]\nprovisions:\n  be_kind:\n    serves: [peas]\n",
            "4:14: error: unknown goal `peas`; known are `peace` [unknown-goal]",
        ),
        (
            "provisions:\n  be_kind:\n    refines:\n      - be_breif\n",
            "4:9: error: unknown provision `be_breif`; did you mean `be_brief`? [unknown-provision]",
        ),
        (
            "provisions:\n  manners:\n    serves: [x]\n",
            "3:13: error: `serves` is for principles; `manners` is a section; give it a level of authority [not-a-principle]",
        ),
        (
            "provisions:\n  be_kind:\n    refines: be_kind\n",
            "3:14: warning: `be_kind` names itself in `refines`; name another id [self-reference]",
        ),
        (
            "topics:\n  - id: a\n    broader: [a]\n",
            "3:15: warning: `a` names itself in `broader`; name another id [self-reference]",
        ),
        (
            "spec:\n  issued: in spring\n",
            "2:11: error: `in spring` is no date; write it as in 2026-01-31 [invalid-value]",
        ),
    ],
)
def test_what_does_not_fit_is_found_at_its_line(tmp_path: Path, text: str, expected: str) -> None:
    annotated, findings = apply(tmp_path, text)
    assert expected in findings
    assert annotated.provision_by_id.keys() == SPEC.provision_by_id.keys()


def test_unknown_names_are_kept_for_the_check(tmp_path: Path) -> None:
    text = "topics: [{id: a}]\nprovisions: {be_kind: {topics: [a, b], refines: [be_brief, nothing]}}\n"
    annotated, findings = apply(tmp_path, text)
    assert len(findings) == 2
    assert annotated.provisions[1].topics == ("a", "b")
    assert isinstance(annotated.provisions[1], Principle)
    assert annotated.provisions[1].refines == ("be_brief", "nothing")


def test_what_names_itself_or_a_section_is_kept_for_the_checks(tmp_path: Path) -> None:
    text = (
        "spec: {issued: 31.1.2026}\ntopics: [{id: a, broader: [a], related: [a, b]}, {id: b}]\n"
        "provisions: {be_kind: {prefer-over: [be_kind, manners, be_brief], conflicts-with: be_kind}}\n"
    )
    annotated, findings = apply(tmp_path, text)
    assert [finding.rpartition("[")[2] for finding in findings] == [
        "invalid-value]",
        *["self-reference]"] * 3,
        "not-a-principle]",
        "self-reference]",
    ]
    assert annotated.issued == ""
    assert (annotated.topics[0].broader, annotated.topics[0].related) == (("a",), ("a", "b"))
    changed = annotated.provisions[1]
    assert isinstance(changed, Principle)
    assert (changed.preferred_over, changed.conflicts_with) == (
        ("be_brief", "be_kind", "manners"),
        ("be_kind",),
    )
    assert "preference-across-levels" in {finding.code for finding in run_checks(annotated)}


def test_an_item_without_id_has_the_one_that_its_name_makes(tmp_path: Path) -> None:
    annotated, _ = apply(tmp_path, "topics: [{label: A}, x, {id: b}]\nlevels: [{}]\n")
    assert [topic.id for topic in annotated.topics] == ["a", "x", "b"]
    assert annotated.levels == SPEC.levels


SOURCE = """\
# Manners {#manners}

## Be kind {#be_kind authority=user}

Greet people.

## Be brief {#be_brief authority=user}

Say little.
"""
WHOLE = """\
topics:
  - id: tone
    label: Tone
  - id: truth
    label: Truth
goals:
  - id: peace
    title: Peace
provisions:
  be_kind:
    topics: [tone]
    serves: [peace]
  be_brief:
    topics: [truth]
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  - id: tone\n    label", "  - label", "2:5: error: `id` is missing; begin with `id: tone`"),
        ("id: truth", "id: tone", "4:5: error: topic id `tone` is taken already"),
        (
            "  - id: peace\n    title",
            "    id: peace\n    title",
            "7:5: error: expected a list; begin each item",
        ),
        ("  - id: peace\n", "  peace:\n", "7:3: error: expected a list; write `- id: peace`"),
        ("  be_kind:", "  be_knd:", "10:3: error: no provision `be_knd`; did you mean `be_kind`?"),
        ("label: Tone", "label:", "3:11: error: `label` says nothing; give it a value"),
        ("serves: [peace]", "category:", "12:14: error: `category` says nothing; give it a value"),
        ("id: tone", "id: my tone", "2:9: error: `my tone` has a blank, as no id has; write `my_tone`"),
        (
            "  - id: truth\n    label: Truth\n",
            "  - truth\n",
            "4:5: error: expected an item with its keys; write `- id: truth`",
        ),
        ("topics: [tone]", "topics: {tone}", "11:13: error: expected a list; write `[tone]`"),
        ("topics: [tone]", "topic: [tone]", "11:5: error: unknown key `topic`; did you mean `topics`?"),
    ],
)
def test_each_slip_is_told_once_and_nothing_follows(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    (tmp_path / "spec.md").write_text(SOURCE, "utf-8")
    (tmp_path / "notes.yaml").write_text(WHOLE.replace(old, new, 1), "utf-8")
    found = ps.load_checked(tmp_path / "spec.md", annotations=tmp_path / "notes.yaml").findings
    told = [str(one) for one in found if one.span.file == "notes.yaml" and one.code != "unserved-goal"]
    assert len(told) == 1
    assert told[0].startswith(f"notes.yaml:{expected}")


def test_a_lenient_reading_says_nothing_of_provisions_that_the_spec_lacks(tmp_path: Path) -> None:
    text = "provisions:\n  gone: {status: old}\n  be_kind: {refines: [gone]}\n"
    annotated, findings = apply(tmp_path, text, lenient=True)
    assert findings == []
    assert annotated == SPEC


def test_a_lenient_reading_still_finds_unknown_topics_and_goals(tmp_path: Path) -> None:
    _, findings = apply(tmp_path, "provisions:\n  be_kind: {topics: [a], serves: [b]}\n", lenient=True)
    assert [finding.rpartition("[")[2] for finding in findings] == ["unknown-topic]", "unknown-goal]"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("spec:\n  title: [a\n", "notes.yaml:2: not YAML: the bracket `[` is never closed"),
        ("spec:\n  title: 'a\n", "notes.yaml:2: not YAML: the quote `'` is never closed"),
        ("topics: [\n", "notes.yaml:1: not YAML: the bracket `[` is never closed"),
        ("a: b: c\n", "notes.yaml:1: not YAML: a second colon in one line: put `b: c` in quotes"),
        ("a:\n  - b c\n    d: e\n", "notes.yaml:2: not YAML: `b c` has no colon: write `b: c`"),
        ("a:\n  -b: c\n    d: e\n", "notes.yaml:2: not YAML: no space after the hyphen: write `- b: c`"),
        ("a:\n  - b\n  -c\n  - d\ne: f\n", "notes.yaml:3: not YAML: no space after the hyphen: write `- c`"),
        ("a: [b]]\nc: d\n", "notes.yaml:1: not YAML: a bracket `]` closes nothing: delete it"),
        ("a: b\nc = d\ne: f\n", "notes.yaml:2: not YAML: `c = d` has no colon: write `c: d`"),
        ("a b c\nd: e\n", "notes.yaml:1: not YAML: `a b c` has no colon: write `a: b c`"),
        (
            "a:\n  {b: c}\n  - {b: d}\n",
            "notes.yaml:2: not YAML: an item without its hyphen: write `- {b: c}`",
        ),
        ("a:\n  - {b: c\n  - {b: d}\n", "notes.yaml:2: not YAML: the bracket `{` is never closed"),
        ('a: "b" c\n', "notes.yaml:1: not YAML: `c` is after the quotes: put all of it inside them"),
        (
            "a:\n  - b: c, d: e}\n  - {b: d}\n",
            "notes.yaml:2: not YAML: a bracket `}` closes nothing: write `- {b: c, d: e}`",
        ),
        (
            "a:\n  - {b: c},\n  - {b: d}\n",
            "notes.yaml:2: not YAML: a comma follows the brackets: delete it",
        ),
        ("a: [b] [c]\nd: e\n", "notes.yaml:1: not YAML: `[c]` is after the bracket `]`"),
        ("a: b\n...\nc: d\n", "notes.yaml:3: not YAML: expected '<document start>'"),
        ("a:\n  - {b: #c, d: e}\n  - {b: d}\n", "notes.yaml:2: not YAML: `#c` is a comment: delete the `#`"),
        ('a: "b\nc: "d"\n', 'notes.yaml:1: not YAML: the quote `"` is never closed'),
        ('{"a": [{"b": 1}}', "notes.yaml:1: not YAML: the bracket `[` is never closed"),
        ("a:\n   b: c\n    d: e\nf:\n    g: h\n", "notes.yaml:2: not YAML: it is indented by 3 blanks"),
        (
            "a:\n  b: c\n    d: e\nf:\n  g:\n    h: i\n",
            "notes.yaml:3: not YAML: it is indented by 4 blanks, and line 2 by 2",
        ),
        (
            "a:\n  - b: c\n  d: e\n",
            "notes.yaml:3: not YAML: a key is among the items of the list in line 2",
        ),
        ("ok: 1\n\tbad: 2\n", "notes.yaml:2: not YAML: a tab in the indentation: indent by spaces"),
        ("keep:\n  goals\n    a: b\n", "notes.yaml:2: not YAML: `goals` has no colon: write `goals:`"),
        ("a: [b, c\nd: e\n", "notes.yaml:1: not YAML: the bracket `[` is never closed"),
        ("a:\n\u00a0\u00a0b: c\n  d: e\n", "notes.yaml:2: not YAML: U+00A0 in the indentation"),
        ("a: @b\n", "notes.yaml:1: not YAML: `@` means something different in YAML: put `@b` in quotes"),
        ("a:\n    b: c\n   d: e\n", "notes.yaml:3: not YAML: it is indented by 3 blanks"),
        ("a:\n  b: c\n  - d: e\n", "notes.yaml:3: not YAML: a list item is among keys"),
        ("a: b\n<<<<<<< HEAD\nc: d\n", "notes.yaml:2: not YAML: a merge left both of its sides here"),
        (
            "ok: 1\nbad: *nowhere\n",
            "notes.yaml:2: not YAML: `*` means something different in YAML: put `*nowhere` in quotes",
        ),
        ("ok: 1\n---\nmore: 2\n", "notes.yaml:2: not YAML: but found another document"),
        ('ok: 1\nbad: "\\q"\n', "notes.yaml:2: not YAML: found unknown escape character 'q'"),
        ("ok: 1\nbad: \x1b[31m\n", "notes.yaml:2: not YAML: character U+001B is not allowed"),
        ('ok: 1\nbad: "\\UFFFFFFFF"\n', "notes.yaml:2: not YAML: no such character"),
        ("ok: 1\nbad: " + "[" * 5000, "notes.yaml:2: not YAML: nested too deep"),
    ],
)
def test_text_that_is_no_yaml_is_refused_at_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(message)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_annotations(tmp_path / "none.yaml")


def test_bytes_that_are_no_utf_8_are_found(tmp_path: Path) -> None:
    path = tmp_path / "notes.yaml"
    path.write_bytes(b"topics:\n  - id: caf\xe9\n")
    notes = read_annotations(path)
    assert [topic.id for topic in notes.topics] == ["caf\ufffd"]
    assert [_line(finding) for finding in notes.findings] == [
        "2:12: error: byte 0xe9 is not UTF-8; shown as U+FFFD; save the file as UTF-8 [invalid-encoding]"
    ]


def test_half_a_surrogate_pair_becomes_what_every_output_can_hold(tmp_path: Path) -> None:
    notes = read(tmp_path, 'topics: [{id: a, label: "x\\ud800y"}]\n')
    assert notes.topics[0].label == "x\ufffdy"
    assert [found.code for found in notes.findings] == ["invalid-encoding"]


def test_tags_run_no_code(tmp_path: Path) -> None:
    text = f'spec: {{title: !!python/object/apply:pathlib.Path.touch ["{tmp_path / "made"}"]}}\n'
    read(tmp_path, text)
    assert not (tmp_path / "made").exists()


def test_the_shipped_file_fits_every_release(release_dir: Path) -> None:
    notes = read_annotations(shipped_annotations())
    read_spec = read_release(release_dir).spec
    annotated, findings = annotate(read_spec, notes, lenient=True)
    assert (findings, tuple(check_names(annotated, notes.places))) == ((), ())
    assert all(principle.topics for principle in annotated.principles)


def test_the_shipped_file_read_strictly_names_what_a_release_lacks(release_dir: Path) -> None:
    notes = read_annotations(shipped_annotations())
    read_spec = read_release(release_dir).spec
    annotated, findings = annotate(read_spec, notes)
    lacking = {note.id for note in notes.provisions} - read_spec.provision_by_id.keys()
    stale = [finding for finding in findings if finding.code == "stale-annotation"]
    assert {finding.message for finding in stale} == {f"no provision `{name}`" for name in lacking}
    assert len(stale) == STALE[release_dir.name]
    assert {finding.code for finding in findings} == {"stale-annotation"}
    assert {finding.code for finding in check_names(annotated, notes.places)} <= {"unknown-provision"}


def test_every_provision_of_the_shipped_file_is_in_some_release(model_spec_data: Path) -> None:
    known: set[str] = set()
    for release in STALE:
        known |= read_release(model_spec_data / release).spec.provision_by_id.keys()
    notes = read_annotations(shipped_annotations())
    assert {note.id for note in notes.provisions} <= known


def test_the_shipped_topics_are_enough_two_levels_deep_and_all_used() -> None:
    notes = read_annotations(shipped_annotations())
    assert notes.findings == ()
    assert len(notes.topics) >= 12
    broader = {topic.id: topic.broader for topic in notes.topics}
    top = {topic for topic, above in broader.items() if not above}
    assert {"honesty", "privacy", "safety", "law", "style", "autonomy"} <= broader.keys()
    assert top < broader.keys()
    assert all(set(above) <= top for above in broader.values())
    used = {topic for note in notes.provisions for topic in note.values.get("topics", {})}
    assert used | {each for above in broader.values() for each in above} == broader.keys()


def test_no_label_of_the_shipped_file_names_two_topics() -> None:
    seen: dict[str, str] = {}
    for topic in read_annotations(shipped_annotations()).topics:
        for label in (topic.label, *topic.alt_labels):
            assert seen.setdefault(label.casefold(), topic.id) == topic.id


def with_clauses(tmp_path: Path, clauses: str, *, lenient: bool = False) -> tuple[Spec, list[str]]:
    """Return a spec of one root principle with clauses from a file, and what is wrong with them."""
    text = "Never tell a lie,\nunless explicitly *authorized*. Be kind by default."
    whole = spec(principle(authority="root", text=text), levels=LEVELS)
    notes = read(tmp_path, f"provisions:\n  be_kind:\n    clauses:{clauses}\n")
    annotated, findings = annotate(whole, notes, lenient=lenient)
    checked = (*findings, *check_names(annotated, notes.places), *clause_not_lower(annotated))
    return annotated, [_line(finding) for finding in checked]


def test_clauses_stand_where_their_words_do_with_the_level_of_their_principle(tmp_path: Path) -> None:
    clauses = """
      - {text: "lie, unless explicitly", permits-by: developer}
      - {text: By default, level: guideline}
      - {text: explicitly authorized}"""
    annotated, findings = with_clauses(tmp_path, clauses)
    found = [(c.text, c.authority, c.permits_by, c.span.line, c.span.column) for c in annotated.clauses]
    assert found == [
        ("lie, unless explicitly", "root", "developer", 2, 14),
        ("By default", "guideline", "", 3, 41),
        ("explicitly authorized", "root", "", 1, 1),
    ]
    # Without a permission, a clause says something by a lower level alone.
    assert [line.partition("[")[2] for line in findings] == ["clause-not-lower]"]
    assert ps.load(to_file(annotated, tmp_path)).clauses == annotated.clauses


def to_file(whole: Spec, folder: Path) -> Path:
    with (folder / "spec.nt").open("wb") as file:
        ps.write_rdf(whole, file, "nt")
    return folder / "spec.nt"


@pytest.mark.parametrize(
    ("clauses", "told"),
    [
        (" [{text: no such words}]", "3:22: error: `be_kind` does not contain the words “no such words”"),
        (" [{level: user}]", "3:15: error: `text` is missing"),
        (" [{text: By default, level: usr}]", "3:41: error: unknown level `usr`; did you mean `user`?"),
        (" [{text: By default, level: user, permits-by: usr}]", "unknown level `usr`; did you mean `user`?"),
        (" [{text: By default, permit-by: user}]", "did you mean `permits-by`?"),
        (" {text: By default}", "expected a list"),
    ],
)
def test_a_clause_that_does_not_fit_is_told_at_its_place(tmp_path: Path, clauses: str, told: str) -> None:
    assert any(told in line for line in with_clauses(tmp_path, clauses)[1])


def test_of_a_file_for_many_releases_clauses_that_one_lacks_are_skipped(tmp_path: Path) -> None:
    annotated, findings = with_clauses(tmp_path, " [{text: no such words}]", lenient=True)
    assert (annotated.clauses, findings) == ((), [])


def test_a_section_has_no_clauses(tmp_path: Path) -> None:
    _, findings = apply(tmp_path, "provisions: {manners: {clauses: [{text: a}]}}\n")
    assert ["not-a-principle" in line for line in findings] == [True]
