"""A register of feedback: read from trackers and tables, joined by names alone, and checked beside releases."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

import sphinx_policyspec as ps
from sphinx_policyspec.feedback.check import FeedbackCheck
from sphinx_policyspec.feedback.imports import Importer, Remark, read_remarks
from sphinx_policyspec.feedback.joins import Links, code_spans
from sphinx_policyspec.model import Finding, Span, Spec
from sphinx_policyspec.model.feedback import Feedback, FeedbackKind, FeedbackStatus
from sphinx_policyspec.readers.feedback import FeedbackMap, read_feedback
from tests.conftest import principle, spec

TRACKER = "https://github.com/marginalia/rules/issues"


def released(version: str, **texts: str) -> Spec:
    return spec(*(principle(name, text=text) for name, text in texts.items()), version=version)


OLD = released(
    "2026-01-01", be_kind="Be kind.", be_short="Answer in one breath.", keep_it="Keep what is said."
)
OLD = replace(
    OLD,
    provisions=tuple(replace(p, title="Say it short") if p.id == "be_short" else p for p in OLD.provisions),
)
NEW = replace(
    released(
        "2026-02-01",
        be_kind="Be kind.",
        be_brief="Answer briefly, whatever is asked.",
        keep_it="Keep what is said.",
    ),
)
NEW = replace(
    NEW,
    provisions=tuple(replace(p, aliases=("be_short",)) if p.id == "be_brief" else p for p in NEW.provisions),
)


def issue(number: int, body: str, title: str = "Something", **others: Any) -> dict[str, Any]:
    made = {"number": number, "title": title, "body": body, "labels": [], "createdAt": "2026-01-05T09:00:00Z"}
    return {**made, "state": "OPEN", "url": f"{TRACKER}/{number}", **others}


def read(
    tmp_path: Path, *issues: dict[str, Any], register: Path | None = None, **options: Any
) -> ps.ImportedFeedback:
    file = tmp_path / "issues.json"
    file.write_text(json.dumps(issues), "utf-8")
    return ps.import_feedback(NEW, file, older=[OLD], register=register, **options)


@pytest.mark.parametrize(
    ("body", "named", "why", "version"),
    [
        (
            "see https://a.org/2026-02-01.html#be_kind.",
            ("be_kind",),
            "link https://a.org/2026-02-01.html#be_kind",
            "2026-02-01",
        ),
        (
            "[x](https://a.org/2026-01-01.html#be_short)",
            ("be_brief",),
            "`be_short` is called `be_brief` now",
            "2026-01-01",
        ),
        ("https://a.org/f?about=keep_it&release=2026-01-01", ("keep_it",), "link", "2026-01-01"),
        ("urn or `be_kind`, and `#keep_it`", ("be_kind", "keep_it"), "id `be_kind`", ""),
        ("both ``be_kind`` and `` ` `` and `  keep_it\n `", ("be_kind", "keep_it"), "id `be_kind`", ""),
        (r"a path \\`keep_it` and \``be_kind`", ("keep_it", "be_kind"), "id `keep_it`", ""),
        ("https://a.org/2026-02-01.html#be-kind:~:text=Be%20kind", ("be_kind",), "link", "2026-02-01"),
        ("https://a.org/2026-01-01.html#say-it-short", ("be_brief",), "link", "2026-01-01"),
        (
            "https://a.org/2026-01-01.html#:~:text=spec-,one%20breath,-end",
            ("be_brief",),
            "`be_short` is called `be_brief` now",
            "2026-01-01",
        ),
        ("https://a.org/2026-02-01.html#:~:text=Be%20brief,is%20asked", ("be_brief",), "link", "2026-02-01"),
        (r"See also #be\_kind, and `x@2026 › #keep_it › ¶1`", ("be_kind", "keep_it"), "id #be_kind", ""),
        ("« Be brief » is odd", ("be_brief",), "title “Be brief”", ""),
        ("one ` too many\n\n`be_kind`", ("be_kind",), "id `be_kind`", ""),
        ("`<!--` begins a comment, see `be_kind`", ("be_kind",), "id `be_kind`", ""),
        ("<!-- x -->`be_kind`<!-- `keep_it` -->", ("be_kind",), "id `be_kind`", ""),
        (
            "“Say it short” is odd",
            ("be_brief",),
            "title “Say it short” of 2026-01-01; `be_short` is called `be_brief` now",
            "",
        ),
        ("as [the other one](#be_kind) has it", ("be_kind",), "link #be_kind", ""),
        ("“Be brief” is odd", ("be_brief",), "title “Be brief”", ""),
        ('5" and "Be brief" is odd', ("be_brief",), "title", ""),
        ("`be_kind` and https://a.org/2026-02-01.html#be_kind", ("be_kind",), "link", "2026-02-01"),
    ],
)
def test_a_remark_names_a_provision_by_links_ids_and_titles(
    body: str, named: tuple[str, ...], why: str, version: str, tmp_path: Path
) -> None:
    (record,) = read(tmp_path, issue(1, body)).records
    assert (record.provisions, record.release) == (named, version)
    assert why in record.because[0]
    assert [one.partition(":")[0] for one in record.because] == [*named]


def test_the_heading_to_which_a_link_leads_is_a_hint() -> None:
    links = Links([spec(principle("order", title="The chain of command"), principle("chains"))])
    body = "https://a.org/old-spec.html#follow-the-chain-of-command and https://a.org/x#chain-saws"
    assert links.near("Roles", body) == ("order: The chain of command",)
    assert links.near("Roles", "https://a.org/x#chain-saws") == ()


def test_code_is_what_commonmark_takes_for_code() -> None:
    """Random paragraphs of backticks and backslashes have the code that a reader of CommonMark finds in them."""
    chosen, reader = random.Random(22), MarkdownIt("commonmark")
    for _ in range(500):
        text = "x" + "".join(chosen.choices(["`", "``", "a", " ", "\\", "\nb", "\n\nc", "\n- d"], k=12))
        tokens = (one for block in reader.parse(text) for one in block.children or ())
        found = [" ".join(one.content.split()) for one in tokens if one.type == "code_inline"]
        assert [" ".join(code.split()) for code in code_spans(text)] == found, repr(text)


@pytest.mark.parametrize(
    "body",
    [
        "be_kind without ticks",
        "Be brief, said without quotes",
        "“be brief” in another case",
        r"\`be_kind`",
        "`not `be_kind` code",
        "``be_kind`",
        "https://github.com/a/b#keep",
        "`be_rude`",
        "<!-- name the principle, such as `be_kind` -->",
        "<!-- `be_kind`",
        "as [another page](other.html#be_kind) has it, and x#be_kind",
        "https://a.org/page.html#be-kind",
        "https://a.org/2026-01-01.html#:~:text=Answer%20briefly",
        "https://a.org/be_kind",
    ],
)
def test_nothing_else_is_taken_for_a_name(body: str, tmp_path: Path) -> None:
    found = read(tmp_path, issue(1, body, "One should be brief and kind"))
    assert [one.provisions for one in found.records] == [()]
    assert found.unassigned == found.records
    assert found.records[0].hints == ("be_kind: Be kind", "be_brief: Be brief")


def test_labels_mean_kinds_and_provisions_by_the_map_alone(tmp_path: Path) -> None:
    labels = [{"name": "text"}, {"name": "model"}, {"name": "brevity"}]
    assert read(tmp_path, issue(1, "", labels=labels)).records[0].kind is None
    meaning = tmp_path / "map.yaml"
    meaning.write_text(
        "kinds: {text: spec-defect, model: model-defect}\nprovisions: {brevity: be_short}\n", "utf-8"
    )
    assert Draft202012Validator(ps.json_schema("feedback-map")).is_valid(
        yaml.safe_load(meaning.read_text("utf-8"))
    )
    (record,) = read(tmp_path, issue(1, "", labels=labels), map=meaning).records
    assert (record.kind, record.provisions, record.labels) == (
        "both",
        ("be_brief",),
        ("text", "model", "brevity"),
    )
    meaning.write_text("kinds: {text: spec-defekt}\n", "utf-8")
    with pytest.raises(ps.AnnotationError, match="did you mean `spec-defect`"):
        read(tmp_path, issue(1, ""), map=meaning)


def test_both_forms_of_issues_and_tables_are_read(tmp_path: Path) -> None:
    rest = {
        "number": 2,
        "title": "Too curt",
        "body": "`be_kind`",
        "html_url": f"{TRACKER}/2",
        "url": "https://api.github.com/repos/x",
        "created_at": "2026-01-07T00:00:00Z",
        "state": "closed",
        "state_reason": "not_planned",
        "labels": ["tone", {"name": "x"}, 3],
        "user": {"login": "somebody"},
    }
    pull = {**rest, "number": 3, "pull_request": {}}
    one, two = read(tmp_path, issue(1, "`be_kind`"), rest, pull).records
    assert (one.id, one.date, one.status, one.url) == ("rules-1", "2026-01-05", "open", f"{TRACKER}/1")
    assert (two.id, two.date, two.status, two.url) == ("rules-2", "2026-01-07", "declined", f"{TRACKER}/2")
    assert (two.labels, two.author, two.text) == (("tone", "x"), "", "")
    table = tmp_path / "said.csv"
    table.write_text(
        "id,Title,provisions,kind,author,quote,url\nx1,Too long,be_brief;be_kind,wish,Ada,briefly,https://a.org/1\n,Bare,,,,,\n",
        "utf-8",
    )
    stated, bare = ps.import_feedback(NEW, table).records
    assert (stated.id, stated.provisions, stated.kind, stated.author, stated.quote) == (
        "x1",
        ("be_brief", "be_kind"),
        "wish",
        "Ada",
        "briefly",
    )
    assert bare.provisions == ()
    links = tmp_path / "links.txt"
    links.write_text("https://a.org/f?about=be_kind&title=Too%20kind&release=2026-02-01\n", "utf-8")
    (linked,) = ps.import_feedback(NEW, links).records
    assert (linked.title, linked.provisions, linked.release) == ("Too kind", ("be_kind",), "2026-02-01")


def test_what_is_written_is_read_back_and_fits_its_schema(tmp_path: Path) -> None:
    odd = 'a: "b" # c\n</script>\u202e `x`'
    found = read(tmp_path, issue(1, "`be_kind`", odd), issue(2, "", "null"), issue(3, "`keep_it`", "yes"))
    records, findings = read_feedback(found.text, "f.yaml")
    assert findings == ()
    assert [replace(one, span=Span("", 1)) for one in records] == [*found.records]
    assert Draft202012Validator(ps.json_schema("feedback")).is_valid(yaml.safe_load(found.text))
    assert Draft202012Validator(ps.json_schema("feedback")).is_valid(
        [{"id": "a", "title": "b", "provisions": "c"}]
    )
    assert not Draft202012Validator(ps.json_schema("feedback")).is_valid(
        [{"id": "a", "title": "b", "kind": "bug"}]
    )


def test_reading_again_follows_the_tracker_and_keeps_what_people_wrote(tmp_path: Path) -> None:
    register = tmp_path / "feedback.yaml"
    first = read(tmp_path, issue(1, "`be_kind`"), issue(2, ""), issue(3, "`keep_it`"))
    written = first.text.replace("status: open", "status: accepted  # we agree", 1)
    written = written.replace(
        "provisions: [keep_it]", "provisions:\n      - keep_it\n    quote: what is ﬁne, said"
    )
    register.write_text("# ours, mind “it”\n" + written, "utf-8")
    again = (issue(1, "`be_kind`"), issue(2, ""), issue(3, "`keep_it`"))
    assert read(tmp_path, *again, register=register).text == register.read_text("utf-8")
    then = (
        issue(1, "`be_kind`", "Other: words"),
        issue(2, "`be_brief`"),
        issue(3, "`be_kind`", labels=[{"name": "x"}], state="CLOSED"),
        issue(4, "`be_kind`"),
        issue(5, "nothing"),
    )
    found = read(tmp_path, *then, register=register)
    assert (found.added, found.updated) == (2, 3)
    assert found.text.startswith("# ours, mind “it”\n")
    assert "status: accepted  # we agree" in found.text
    by_id = {one.id: one for one in read_feedback(found.text, "f.yaml")[0]}
    assert by_id["rules-1"].title == "Other: words"
    assert by_id["rules-2"].provisions == ("be_brief",)
    assert (by_id["rules-3"].provisions, by_id["rules-3"].labels, by_id["rules-3"].status) == (
        ("keep_it",),
        ("x",),
        "answered",
    )
    assert by_id["rules-3"].quote == "what is ﬁne, said"
    assert [*by_id] == ["rules-1", "rules-3", "rules-4", "rules-2", "rules-5"]
    register.write_text(found.text, "utf-8")
    assert read(tmp_path, *then, register=register).text == found.text
    register.write_text("- {id: a, titel: b}\n", "utf-8")
    with pytest.raises(ps.AnnotationError, match="titel"):
        read(tmp_path, *then, register=register)


@pytest.mark.parametrize("map_", ["kinds: {x: wish}\n", "kinds: {x: wish}\nstatuses: {closed: answered}\n"])
@pytest.mark.parametrize(("state", "reason"), [("OPEN", ""), ("CLOSED", ""), ("CLOSED", "NOT_PLANNED")])
@pytest.mark.parametrize("status", [*FeedbackStatus])
def test_a_status_is_kept_as_long_as_the_tracker_does_not_contradict_it(
    status: FeedbackStatus, state: str, reason: str, map_: str, tmp_path: Path
) -> None:
    """A tracker contradicts what is open there and not here, or the other way round; a default contradicts less than a map."""
    register, meaning = tmp_path / "feedback.yaml", tmp_path / "map.yaml"
    meaning.write_text(map_, "utf-8")
    written = read(tmp_path, issue(1, "`be_kind`")).text.replace("status: open", f"status: {status}")
    register.write_text(written, "utf-8")
    then = issue(1, "`be_kind`", state=state, stateReason=reason, labels=[{"name": "x"}])
    (found,) = read(tmp_path, then, register=register, map=meaning).records
    is_open, is_mapped = state == "OPEN", "closed" in map_
    # What a person writes nothing of is the tracker's.
    assert found.kind == "wish"
    is_still = Feedback(id="a", title="b", status=status, span=Span("", 1)).is_open == is_open
    if is_still and not (status == "answered" and reason and not is_mapped):
        assert found.status == status
    elif status == "accepted" and not is_mapped and not reason:
        assert found.status == "accepted"
    else:
        assert found.status == ("open" if is_open else "declined" if reason and not is_mapped else "answered")


def findings_of(text: str, *releases: Spec) -> list[Finding]:
    records, findings = read_feedback(text, "f.yaml")
    return [*findings, *FeedbackCheck(records, releases or (OLD, NEW)).findings()]


def record(name: str = "a", provision: str = "be_brief", **others: str) -> str:
    told = {"id": name, "title": "Odd", "provisions": f"[{provision}]", **others}
    return "- " + "\n  ".join(f"{key.replace('_', '-')}: {value}" for key, value in told.items()) + "\n"


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, []),
        ({"provision": "be_short"}, ["renamed-target"]),
        ({"provision": "be_shrt"}, ["unknown-provision"]),
        ({"answered_in": "2026-02-01", "status": "answered"}, []),
        ({"provision": "be_kind", "answered_in": "2026-02-01", "status": "answered"}, ["not-answered"]),
        ({"provision": "be_kind, be_brief", "answered_in": "2026-02-01", "status": "answered"}, []),
        ({"release": "2026-02-01", "answered_in": "2026-02-01", "status": "answered"}, ["not-answered"]),
        ({"provision": "be_kind", "answered_in": "2026-01-01", "status": "answered"}, []),
        ({"provision": "be_kind", "answered_in": "2026-09-01", "status": "answered"}, ["newer-release"]),
        ({"provision": "never", "release": "2026-09-01"}, ["newer-release"]),
        ({"release": "2026-01-10"}, ["unknown-release"]),
        ({"release": "2026-99-99"}, ["unknown-release"]),
        ({"release": "2025-01-01"}, []),
        ({"answered_in": "2026-01-10", "status": "answered"}, ["unknown-release"]),
        ({"release": "2026-01-01", "quote": "in one breath"}, ["overtaken"]),
        ({"release": "2026-01-01", "quote": "in one breath", "status": "answered"}, []),
        ({"release": "2026-02-01", "quote": "in one breath"}, ["unknown-clause"]),
        ({"release": "2026-02-01", "quote": "whatever is asked"}, []),
        ({"duplicates": "[b]"}, ["unknown-feedback"]),
        ({"contradicts": "[b]"}, ["unknown-feedback"]),
        ({"duplicates": "[a]"}, ["duplicate-circle"]),
        ({"contradicts": "[a]"}, ["contradictory-duplicate"]),
        ({"kind": "bug"}, ["invalid-value"]),
        ({"date": "yesterday"}, ["invalid-value"]),
        ({"url": "javascript:alert(1)"}, ["invalid-value"]),
    ],
)
def test_a_register_is_checked_beside_its_releases(given: dict[str, str], codes: list[str]) -> None:
    found = findings_of(record(**given))
    assert [one.code for one in found] == codes
    assert {one.span.file for one in found} <= {"f.yaml"}


def test_neighbours_count_as_releases_only_beside_a_release(tmp_path: Path) -> None:
    """A release knows those before it in its folder; what else lies around a spec is neither read nor in its way."""
    text = "# Manners\n\n## Be kind {#be_kind authority=user}\n\nBe kind.\n"
    for version in ("2026-01-01", "2026-02-01"):
        (tmp_path / "spec" / version).mkdir(parents=True)
        (tmp_path / "spec" / version / "model_spec.md").write_text(text, "utf-8")
    register = tmp_path / "f.yaml"
    register.write_text(record(provision="be_kind", answered_in="2026-02-01", status="answered"), "utf-8")
    release = tmp_path / "spec" / "2026-02-01"
    assert [one.code for one in ps.check_feedback(release, register).findings] == ["not-answered"]
    (tmp_path / "spec" / "mine").mkdir()
    mine = tmp_path / "spec" / "mine" / "draft.md"
    mine.write_text(text, "utf-8")
    assert ps.check_feedback(mine, register).findings == ()
    for name in ("one", "two"):
        (tmp_path / "spec" / name).mkdir()
        (tmp_path / "spec" / name / "model_spec.md").write_text(text, "utf-8")
    assert ps.check_feedback(mine, register).findings == ()
    assert ps.check_feedback(release, register).findings == ()


def test_words_of_a_table_that_mean_nothing_are_told_and_the_rest_is_kept(tmp_path: Path) -> None:
    table = tmp_path / "said.csv"
    rows = "Too long;`be_brief`;bug;done;javascript:x;01/02/2026\nFine;be_kind;Wish;open;https://a.org;2026-01-31\n"
    table.write_text("title;provisions;kind;status;url;date\n" + rows, "utf-8")
    found = ps.import_feedback(NEW, table)
    assert [(one.title, one.provisions) for one in found.records] == [
        ("Too long", ("be_brief",)),
        ("Fine", ("be_kind",)),
    ]
    assert sorted((one.code, one.span.line, one.message.split("`")[3]) for one in found.findings) == [
        ("invalid-value", 2, "date"),
        ("invalid-value", 2, "kind"),
        ("invalid-value", 2, "status"),
        ("invalid-value", 2, "url"),
    ]
    table.write_bytes("title,provisions\nCafé,be_kind\n".encode("latin-1"))
    found = ps.import_feedback(NEW, table)
    assert ([one.code for one in found.findings], len(found.records)) == (["invalid-encoding"], 1)
    table.write_text("name,subtitle\na,b\n", "utf-8")
    with pytest.raises(ps.SourceError, match="no column `title`"):
        ps.import_feedback(NEW, table)
    links = tmp_path / "README.md"
    links.write_text("See https://a.org/ and https://a.org/page\n", "utf-8")
    with pytest.raises(ps.SourceError, match="has no link for feedback"):
        ps.import_feedback(NEW, links)


def test_an_address_of_a_script_is_never_kept(tmp_path: Path) -> None:
    assert read_feedback(record(url="javascript:alert(1)"), "f.yaml")[0][0].url == ""
    assert "javascript" not in read(tmp_path, issue(1, "`be_kind`", url="javascript:alert(1)")).text


def test_two_records_of_one_id_and_one_without_a_title_are_told(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(record() + "- id: c\n", "utf-8")
    (tmp_path / "notes.txt").write_text("no register", "utf-8")
    found = ps.check_feedback(NEW, tmp_path).findings
    assert sorted(one.code for one in found) == ["duplicate-id", "missing-key", "missing-key"]
    (tmp_path / "b.yaml").write_text("- id: [\n", "utf-8")
    assert [(one.code, one.span.file) for one in ps.check_feedback(NEW, tmp_path / "b.yaml").findings] == [
        ("annotations", "b.yaml")
    ]


def test_records_that_say_the_same_and_the_opposite_are_told_however_far_apart() -> None:
    """Of random duplicates, each pair that is connected by them may not contradict one another; all others may."""
    names = [f"r{number}" for number in range(12)]
    chosen = random.Random(22)
    for _ in range(30):
        # No circles: each is a duplicate of an earlier one.
        edges = {
            name: chosen.choice(names[:place])
            for place, name in enumerate(names)
            if place and chosen.random() < 0.6
        }
        roots = {name: name for name in names}
        for name in names:
            roots[name] = roots[edges[name]] if name in edges else name
        one, other = chosen.choices(names, k=2)
        text = "".join(
            record(
                name,
                "be_kind",
                **({"duplicates": f"[{edges[name]}]"} if name in edges else {}),
                **({"contradicts": f"[{other}]"} if name == one else {}),
            )
            for name in names
        )
        codes = [found.code for found in findings_of(text, NEW)]
        assert codes == ["contradictory-duplicate"] * (roots[one] == roots[other])


def test_circles_of_many_records_are_told_once_and_in_time() -> None:
    count = 100_000
    made = read_feedback(record(), "f.yaml")[0][0]
    records = [
        replace(made, id=f"r{n}", duplicates=(f"r{(n + 1) % count}", "r0"), places={}) for n in range(count)
    ]
    begun = time.process_time()
    found = FeedbackCheck(records, [NEW]).findings()
    assert [one.code for one in found] == ["duplicate-circle"]
    assert time.process_time() - begun < 10


def test_hostile_bodies_and_files_are_read_in_time_or_refused(tmp_path: Path) -> None:
    begun = time.process_time()
    body = "`a" * 500_000 + '"' * 500_000 + "https://x/" * 100_000 + "</script>![](x)"
    (record,) = read(tmp_path, issue(1, body, "![](x)</script>")).records
    assert record.provisions == ()
    assert time.process_time() - begun < 5
    bomb = "a: &a [x, x]\n" + "".join(
        f"b{n}: &b{n} [*{'a' if not n else f'b{n - 1}'}, *a]\n" for n in range(3)
    )
    assert {one.code for one in read_feedback(bomb, "f.yaml")[1]} <= {"unknown-key", "wrong-type"}
    for text in ("{", "3", '{"a": 1}', "[[]]"):
        (tmp_path / "issues.json").write_text(text, "utf-8")
        with pytest.raises(ps.SourceError, match=r"issues\.json"):
            ps.import_feedback(NEW, tmp_path / "issues.json")


def test_links_of_our_own_pages_are_those_that_the_map_names() -> None:
    other = released("2026-02-01", kindness="Be kind.")
    assert Links([other]).named("https://a.org/page.html#kindness") is None
    chapter = Links([other]).named("https://a.org/kindness.html#kindness")
    assert chapter is not None
    named = Links([other], ["https://a.org/"]).named("https://a.org/page.html#kindness")
    assert named is not None
    assert named.name == "kindness"


def test_a_report_tells_what_became_of_quoted_words(tmp_path: Path) -> None:
    text = (
        record("a", release="2026-01-01", quote="in one breath", contradicts="[b]")
        + record("b", "be_kind", quote="Be kind", status="declined")
        + record("c", "be_kind", date="2026-01-05", kind="wish")
        + "- {id: d, title: Odd}\n"
    )
    (tmp_path / "f.yaml").write_text(text, "utf-8")
    report = ps.check_feedback(NEW, tmp_path, older=[OLD])
    assert {name: found.state.value for name, found in report.quotes.items()} == {"a": "gone", "b": "kept"}
    assert ps.render(report, "text").splitlines() == [
        "be_kind",
        "  open      c: Odd (2026-01-05, wish)",
        "  declined  b: Odd",
        "            “Be kind”: kept",
        "be_brief",
        "  open      a: Odd",
        "            says the opposite of b",
        "            “in one breath”: gone",
        "not assigned",
        "  open      d: Odd",
        "4 records: 3 open, 1 declined",
    ]


def test_links_to_pages_keep_their_release_and_what_they_name_is_a_hint() -> None:
    links = Links([OLD, NEW])
    page = "https://a.org/2026-01-01.html"
    newer = "https://a.org/2031-01-01.html#be_new"
    for body, release, hints in (
        (page, "2026-01-01", ()),
        (newer, "2031-01-01", (f"be_new: link {newer}; unknown up to {links.spec.version}",)),
        (
            f"{page}#be_kind {newer}",
            "2026-01-01",
            (f"be_new: link {newer}; unknown up to {links.spec.version}",),
        ),
        (
            f"{page}#be_kind https://a.org/2026-02-01.html#be_kind",
            "",
            ("links to several releases: 2026-01-01, 2026-02-01",),
        ),
    ):
        record = Importer(links, FeedbackMap()).record(Remark(title="Odd", body=body))
        assert (record.release, record.hints) == (release, hints), body


def test_labels_count_no_case_follow_renames_and_do_not_contradict() -> None:
    links = Links([OLD, NEW])
    kinds = {"Wording": FeedbackKind.SPEC_DEFECT, "wish": FeedbackKind.WISH}
    old = next(iter(links.renamed))
    importer = Importer(links, FeedbackMap(kinds=kinds, provisions={"Old": (old,)}))
    record = importer.record(Remark(title="Odd", labels=("wording", "OLD")))
    assert (record.kind, record.provisions) == ("spec-defect", (links.now(old),))
    assert record.because == (f"{links.now(old)}: label OLD; `{old}` is called `{links.now(old)}` now",)
    both = importer.record(Remark(title="Odd", labels=("wording", "Wish"), date="2026-13-45", state="weird"))
    assert both.kind is None
    assert [one.message.partition(" is not a valid ")[2].split()[0] for one in importer.findings] == [
        "`date`",
        "`kind`",
        "`state`",
    ]
    # Half of a letter, as programs leave it that cut titles.
    (half,) = read_remarks('[{"title": "Half \\ud83d", "body": "\\ud83d\\ude00"}]', "a.json")
    assert (half.title, half.body) == ("Half \ufffd", "\U0001f600")
