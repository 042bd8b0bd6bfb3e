"""Records of decisions: their form, what they name, and the graph that they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.decision_records.check import DecisionRecordCheck
from sphinx_policyspec.decision_records.graph import decision_record_graph
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase
from sphinx_policyspec.model.decision_records import DecisionRecord, RecordStatus
from sphinx_policyspec.readers.decision_records import read_decision_record
from tests.conftest import REPOSITORY, Run, principle, spec

BODY = """
# Say why

## Context and Problem Statement

Nobody knew.

## Considered Options

* a

## Decision Outcome

a

### Consequences

~~~
## none
~~~
"""
NEW = replace(spec(principle("greet"), principle("part")), version="2026-02-01")
OLD = replace(
    NEW, version="2026-01-01", provisions=(*NEW.provisions, replace(principle("gone"), title="Be gone"))
)
EXAMPLE = REPOSITORY / "example_docs"


def record(head: str, file: str = "0001-why.md") -> DecisionRecord:
    read, findings = read_decision_record(f"---\n{head}\n---\n{BODY}", file)
    assert findings == ()
    assert read
    return read


def codes(*records: DecisionRecord) -> list[tuple[str, str, int]]:
    found = DecisionRecordCheck(records, (OLD, NEW), {}).findings()
    return [(one.code, one.span.file, one.span.line) for one in found]


def test_a_record_is_read_whole_and_keys_of_other_tools_stand_beside_ours() -> None:
    read = record(
        "nav_order: 3\nstatus: superseded by [two](0002-two.md)\ndate: 2026-01-05\ndecision-makers: [Ann, Bo]\n"
        "consulted: Cy\nprovisions: [greet]\nrationale-not-derivable: true"
    )
    assert (read.id, read.number, read.title) == ("0001-why", 1, "Say why")
    assert (read.status, read.superseded_by) == (RecordStatus.SUPERSEDED, "0002-two")
    assert (read.decision_makers, read.consulted, read.informed) == (("Ann", "Bo"), ("Cy",), ())
    assert read.is_rationale_extra
    assert read.section("decision outcome") == "a"
    assert [one.heading for one in read.sections][-1] == "Consequences"
    assert read.sections[-1].text.splitlines()[1] == "## none"


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("status: acepted", ("invalid-value", 2)),
        ("statsu: accepted", ("unknown-key", 2)),
        ("date: last week", ("invalid-value", 2)),
        ("x: 1\nproposal: /etc/passwd", ("invalid-value", 3)),
        ("rationale-not-derivable: perhaps", ("invalid-value", 2)),
    ],
)
def test_what_is_wrong_with_a_head_is_told_by_line(head: str, found: tuple[str, int]) -> None:
    findings = read_decision_record(f"---\n{head}\n---\n{BODY}", "a.md")[1]
    assert [(one.code, one.span.line) for one in findings] == [found]


def test_provisions_that_are_gone_are_told_of_decisions_that_hold() -> None:
    heads = {
        status: f"status: {status}\nprovisions: [gone]" for status in ("accepted", "proposed", "rejected")
    }
    found = {status: codes(record(head)) for status, head in heads.items()}
    told = [("vanished-target", "0001-why.md", 3)]
    assert found == {"accepted": told, "proposed": told, "rejected": []}
    assert codes(record("provisions: [greet, grete]")) == [("unknown-provision", "0001-why.md", 2)]


@pytest.mark.parametrize("name", ["0002-two", "ADR-0002", "2", "[x](0002-two.md#top)"])
def test_a_successor_is_named_by_id_number_or_link(name: str) -> None:
    one, two = record(f'status: "superseded by {name}"'), record("status: accepted", "0002-two.md")
    check = DecisionRecordCheck((one, two), (NEW,), {})
    assert check.findings() == ()
    assert check.report().successors == {"0001-why": "0002-two"}


def test_each_circle_is_told_once() -> None:
    ring = [record(f"status: superseded by {(n + 1) % 4}-x", f"{n}-x.md") for n in range(4)]
    assert codes(*ring, record("status: superseded by 0-x", "tail.md")) == [("decision-circle", "0-x.md", 2)]


def test_ids_of_several_files_are_those_of_one_set(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "why.md").write_text(f"---\nprovisions: greet\n---\n{BODY}", "utf-8")
    (tmp_path / "index.md").write_text("# All\n", "utf-8")
    (tmp_path / "bad.md").write_text("---\nstatus: [\n---\n", "utf-8")
    report = ps.check_decision_records(NEW, tmp_path)
    told = [(one.code, one.span.file) for one in report.findings]
    assert told == [("duplicate-id", "why.md"), ("annotations", "bad.md")]
    assert len(report.records) == 1


def test_records_are_a_graph_of_their_own_that_edits_no_norm() -> None:
    records = (
        record("status: superseded by 2\nprovisions: [greet]\ndate: 2026-01-05"),
        record("status: accepted\nprovisions: [greet, part]\ndecision-makers: '\"'", "0002-two.md"),
    )
    report = DecisionRecordCheck(records, (OLD, NEW), {}).report()
    assert {name: [one.id for one in found] for name, found in report.by_provision().items()} == {
        "greet": ["0001-why", "0002-two"],
        "part": ["0002-two"],
    }
    turned = DecisionRecordCheck(records[::-1], (OLD, NEW), {}).report()
    assert b"".join(decision_record_graph(turned).pieces()) == b"".join(
        decision_record_graph(report).pieces()
    )
    walk = (
        "SELECT ?id ?now { GRAPH ?g { ?old dcterms:isReplacedBy ?new . ?new ps:decides ?p ; "
        "adms:status <http://purl.org/adms/status/Completed> ; dcterms:identifier ?now } "
        "?p dcterms:identifier ?id } ORDER BY ?id"
    )
    with KnowledgeBase.from_spec(NEW) as base, KnowledgeBase.from_spec(NEW) as plain:
        base.add_graphs(decision_record_graph(report).pieces)
        assert base.query(walk).texts == (("greet", "0002-two"), ("part", "0002-two"))
        assert base.ask("hard-rules").rows == plain.ask("hard-rules").rows


def test_the_records_of_the_example_are_right_and_lead_from_a_decision_to_what_was_said() -> None:
    report = ps.check_decision_records(EXAMPLE, EXAMPLE / "decisions")
    assert report.findings == ()
    assert report.successors == {"0001-dates-on-receipts": "0002-hints-on-receipts"}
    assert report.answers == {"0002-hints-on-receipts": ("desk-1",)}


def test_commands_take_records(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.md").write_text("# Be kind {#be_kind authority=user}\n\nBe kind to those who ask.\n", "utf-8")
    Path("why.md").write_text(f"---\nprovisions: [be_kidn]\n---\n{BODY}", "utf-8")
    status, out, _err = run("check", "spec.md", "--decisions", "why.md", "--select", "references")
    assert status == 1
    assert "why.md:2:14: error: unknown provision `be_kidn` [unknown-provision]" in out
    status, _out, err = run("graph", "spec.md", "--decisions", "why.md", "-o", "spec.ttl")
    assert (status, "beside a spec is in others" in err) == (2, True)
    status, out, err = run("graph", "spec.md", "--decisions", "why.md", "--format", "trig")
    assert status == 0
    assert out.count("DecisionRecord") == 1
    assert "unknown-provision" in err
