"""Changes of norms without a record of a decision: who is told of them, and at which doors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import pytest
from rdflib import Dataset, Graph, URIRef

import sphinx_policyspec as ps
from sphinx_policyspec.agents.desk import Desk
from sphinx_policyspec.api.asking import with_beside
from sphinx_policyspec.decision_records.check import DecisionRecordCheck, DecisionRecordReport
from sphinx_policyspec.decision_records.graph import decision_record_graph
from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.feedback.check import FeedbackCheck
from sphinx_policyspec.graph.questions import find_question
from sphinx_policyspec.graph.releases import published_graphs
from sphinx_policyspec.graph.terms import graph_of
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.packs.pack import PartKind
from sphinx_policyspec.readers.feedback import read_feedback
from tests.conftest import Run, principle, spec
from tests.decision_records.test_decision_records import BODY, record
from tests.graph.test_questions import RDFLIB, in_rdflib

DATES = ("2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01")
ORDER = ("guideline", "user", "developer", "system")
NAME = "undocumented-changes"


def release(place: int, level: str, *, name: str = "greet") -> ps.Spec:
    found = spec(principle(name, authority=level), principle("part"))
    return replace(found, version=DATES[place])


RELEASES = [release(place, level) for place, level in enumerate(ORDER)]


def report(*records: ps.DecisionRecord, releases: Sequence[ps.Spec] = RELEASES) -> DecisionRecordReport:
    return DecisionRecordCheck(records, releases, {}).report()


def dated(date: str, status: str = "accepted", name: str = "greet") -> ps.DecisionRecord:
    return record(f"status: {status}\n{f'date: {date}' if date else ''}\nprovisions: [{name}]")


def test_a_record_counts_after_the_older_release_until_the_one_behind_the_newer() -> None:
    days = [f"2026-0{month}-{day:02}" for month, day in product(range(1, 6), (1, 2))]
    for day in days:
        found = {one.revision.old for one in report(dated(day)).undocumented}
        expected = {
            old
            for place, (old, _new) in enumerate(pairwise(DATES))
            if not (old < day and (place + 2 >= len(DATES) or day <= DATES[place + 2]))
        }
        assert found == expected, day
    assert report(dated("")).undocumented == ()
    assert len(report().undocumented) == 3


@pytest.mark.parametrize(
    ("status", "counts"),
    [("proposed", 3), ("rejected", 3), ("accepted", 0), ("deprecated", 0), ("superseded by 2", 0)],
)
def test_what_was_decided_counts_whatever_became_of_it(status: str, counts: int) -> None:
    assert len(report(dated("", status)).undocumented) == counts
    assert len(report(dated("", name="part")).undocumented) == 3


def test_a_record_may_name_a_former_id_and_what_is_gone_is_told_by_the_id_that_it_had() -> None:
    old = release(0, "user", name="welcome")
    now = release(1, "root")
    (kind, part) = now.provisions
    now = replace(now, provisions=(replace(kind, aliases=("welcome",)), part))
    assert [one.provision for one in report(releases=(old, now)).undocumented] == ["greet"]
    assert report(dated("", name="welcome"), releases=(old, now)).undocumented == ()
    for releases in ((old, now), (old, replace(now, provisions=()))):
        assert report(dated("", name="nobody"), releases=releases).findings[0].code == "unknown-provision"


@RDFLIB
def test_both_engines_give_a_row_for_each_change_without_a_record() -> None:
    said = report(dated("2026-02-10"))
    expected = [
        ("greet", "Greet", "system", "tightening", "level raised from developer to system", *DATES[2:])
    ]
    assert [one.revision.old for one in said.undocumented] == [DATES[2]]
    with ps.knowledge_base(RELEASES[-1], beside=ps.Beside(decisions=said)) as base:
        rows = [*base.ask(NAME).texts]
        # What is stated of a change is what the graph of all releases states of it.
        both = base.query("SELECT ?c { GRAPH ?g { ?c ps:lacksRecord ?p } }").texts
    with ps.knowledge_base(RELEASES) as every:
        known = every.query("SELECT ?c { GRAPH ?g { ?c a ps:Change } }").texts
    assert set(both) <= set(known)
    graph = Dataset(default_union=False)
    for triple in graph_of(triples_of(RELEASES[-1])):
        graph.add(triple)
    lines = b"".join(
        b"%s .\n" % line.rpartition(b" <")[0]
        for line in b"".join(decision_record_graph(said).pieces()).splitlines()
    )
    for triple in Graph().parse(data=lines, format="nt"):
        graph.graph(URIRef("urn:policyspec:spec:decisions")).add(triple)
    assert rows == in_rdflib(graph, find_question(NAME).sparql)
    assert rows == expected


def test_a_question_has_the_same_answer_where_nothing_but_what_it_looks_at_is_read() -> None:
    said = report(dated("2026-02-10"))
    records = read_feedback("- {id: a, title: Odd, provisions: [greet]}", "f.yaml")[0]
    beside = ps.Beside(decisions=said, feedback=FeedbackCheck(records, RELEASES).report())
    names = [
        one.name
        for one in ps.list_questions()
        if one.over in {"", "feedback"} and all(given.default == "" for given in one.parameters)
    ]
    alone = []
    for name in (*names, NAME):
        # Releases are compared for that question alone which tells what changed.
        assert "undocumented" not in vars(said)
        with ps.knowledge_base(RELEASES[-1], question=name, beside=beside) as base:
            alone.append(base.ask(name).texts)
    with ps.knowledge_base(RELEASES[-1], beside=beside) as every:
        assert alone == [every.ask(name).texts for name in (*names, NAME)]


def test_where_no_record_is_given_the_question_says_so() -> None:
    with ps.knowledge_base(RELEASES[-1]) as base, pytest.raises(QueryError, match="none are given"):
        base.ask(NAME)


def test_decisions_are_a_graph_where_a_spec_is_published_and_served() -> None:
    said = report(dated("2026-02-10"))
    (one,) = with_beside(ps.load_specs(RELEASES), ps.Beside(decisions=said))
    names = {graph.name.rpartition(":")[2]: graph for graph in published_graphs(one)}
    assert set(names["decisions"].lines) == set(decision_record_graph(said).lines())
    other = replace(release(0, "user"), name="other")
    each = [with_beside((one,), ps.Beside(decisions=said))[0] for one in ps.load_specs(RELEASES, [other])]
    assert len({graph.name for one in with_beside(each) for graph in one.beside}) == len(each)


PAGE = """
Rules
=====

.. policy:principle:: Greet
   :id: greet
   :authority: {level}

   Greet whoever comes in.

.. policy:query:: undocumented-changes
"""
CONF = 'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["why", "old"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project in which a principle is stricter than in its older release."""
    for folder, level in ((tmp_path / "old", "guideline"), (tmp_path, "user")):
        folder.mkdir(exist_ok=True)
        page = PAGE.format(level=level)
        (folder / "index.rst").write_text(
            page if folder == tmp_path else page.partition(".. policy:query")[0], "utf-8"
        )
        (folder / "conf.py").write_text(f"{CONF}version = release = '{len(level)}'\n", "utf-8")
    (tmp_path / "why").mkdir()
    (tmp_path / "why" / "a.md").write_text(
        f"---\nstatus: proposed\nprovisions: [greet]\n---\n{BODY}", "utf-8"
    )
    return tmp_path


def findings(project: Path, more: str, since: str = "old") -> list[tuple[str, str]]:
    conf = f'{CONF}policyspec_decisions = ["why"]\npolicyspec_since = "{since}"\n{more}'
    (project / "conf.py").write_text(conf, "utf-8")
    told = ("config", "undocumented-change")
    return [(one.code, one.message) for one in ps.load_checked(project).findings if one.code in told]


def test_a_project_that_asks_for_records_is_told_what_has_none(project: Path) -> None:
    assert findings(project, "") == []
    ((code, message),) = findings(project, 'policyspec_records = "normative"\n')
    assert code == "undocumented-change"
    assert "`greet` is stricter than in" in message
    ((code, message),) = findings(project, 'policyspec_records = "all"\n')
    assert (code, message) == (
        "config",
        "`policyspec_records`: `all` is not `normative`; the default is used",
    )
    (unheard,) = findings(project, 'policyspec_records = "normative"\n', since="")
    assert unheard == (
        "config",
        "`policyspec_records`: no older release to compare with; set `policyspec_since`",
    )
    why = project / "why" / "a.md"
    why.write_text(why.read_text("utf-8").replace("proposed", "accepted"), "utf-8")
    assert findings(project, 'policyspec_records = "normative"\n') == []


def test_every_door_compares_a_project_with_the_releases_that_it_names(project: Path, run: Run) -> None:
    ps.write_rdf(project / "old", project / "old.nt", "nt")
    why, conf = project / "why", f'{CONF}policyspec_decisions = ["why"]\npolicyspec_since = "old.nt"\n'
    (project / "conf.py").write_text(conf, "utf-8")
    read = ps.load_checked(project)
    desk = Desk.of([("docs", [read], {})])
    with desk.shelf().base as base:
        (row,) = base.ask(NAME).texts
    assert row[:3] == ("greet", "Greet", "user")
    for more in ((), ("--decisions", why)):
        assert (
            run("query", project, NAME, "-q", "--format", "csv", *more)[1].count("\ngreet,Greet,user,") == 1
        )
    graph = run("graph", project, "-q", "--format", "nq", "--decisions", why)[1]
    assert graph.count("#lacksRecord>") == 1
    (change,) = ps.check_decision_records(project, why).undocumented
    assert change.provision == "greet"
    desk.close()


def test_without_an_older_release_a_project_is_told_that_nothing_was_compared(
    project: Path, run: Run
) -> None:
    findings(project, "", since="")
    (told,) = [one for one in ps.load_checked(project).findings if one.code == "unknown-term"]
    assert (told.span.file, told.message) == (
        "index.rst",
        f"`{NAME}` looks at several releases, and here is one",
    )
    assert f"{told.message}; {told.hint}" in run("query", project, NAME)[2]


SPEC = "# Be kind {#be_kind authority=user}\n\nBe kind to those who ask.\n\n# Be brief {#be_brief authority=user}\n\nBe brief.\n"
ROWS = "subject_id\tpredicate_id\tobject_id\tmapping_justification\n{0}\tskos:exactMatch\tx:y\tsemapv:ManualMappingCuration\n"


def test_commands_take_records_at_every_door(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("spec.md").write_text(SPEC, "utf-8")
    head = "---\nstatus: accepted\nprovisions: [be_kind]\n"
    Path("0001-why.md").write_text(f"{head}proposal: p.md\n---\n{BODY}", "utf-8")
    for name, decision in (("p", "1"), ("q", "0001-why"), ("r", "0002-none"), ("s", "")):
        edits = "{provision: be_kind, find: who ask, replace: who come}"
        text = f"---\nid: {name}\ntitle: T\ndecision: '{decision}'\nedits: [{edits}]\n---\nWhy.\n"
        Path(f"{name}.md").write_text(text, "utf-8")
    for name in ("be_kind", "be_brief"):
        Path(f"{name}.sssom.tsv").write_text(ROWS.format(name), "utf-8")
    beside = {"decisions": ["0001-why.md"], "alignments": ["be_kind.sssom.tsv", "be_brief.sssom.tsv"]}
    found = {}
    for name in "pqrs":
        checked = ps.check_proposal("spec.md", f"{name}.md", **beside)  # type: ignore[arg-type]  # of lists
        found[name] = [one.code for one in checked.findings if one.code != "proposal-base"]
        (one,) = checked.checks
        assert one.effects.decisions == ("0001-why",)
        assert [(file, row.line) for file, row in one.effects.mappings] == [("be_kind.sssom.tsv", 2)]
    assert found == {"p": [], "q": ["one-sided-decision"], "r": ["unknown-decision-record"], "s": []}
    options = ("--decisions", "0001-why.md", "--alignment", "be_kind.sssom.tsv")
    status, out, _err = run("propose", "check", "spec.md", "r.md", *options)
    assert status == 1
    assert "0002-none" in out
    assert "decisions about it: 0001-why" in out
    assert "be_kind skos:exactMatch x:y (be_kind.sssom.tsv:2)" in out
    pack = ps.context("spec.md", "be_kind", decisions=["0001-why.md"])
    assert [part.id for part in pack.shown if part.kind is PartKind.RECORD] == ["0001-why"]
    assert pack.command[-2:] == ("--decisions", "0001-why.md")
    status, out, _err = run("context", "spec.md", "--about", "be_brief", "--decisions", "0001-why.md")
    assert (status, "Record of a decision" in out) == (0, False)
    Path("said.yaml").write_text("- {id: a, title: A, provisions: [be_kinder]}\n", "utf-8")
    more = ("--decisions", "0001-why.md", "--proposal", "p.md", "--feedback", "said.yaml")
    status, _out, err = run("handbook", "spec.md", "-o", "site", *more)
    assert status == 0
    # What is wrong with files that are named, or left out of the pages, is told.
    assert "Nothing." in Path("site", "policy-proposals.html").read_text("utf-8")
    assert "p.md:1:1: warning: `p` is a draft, and no page shows it" in err
    assert "said.yaml:1:34: error: unknown provision `be_kinder`" in err
    assert "decision-0001-why" in Path("site", "policy-decisions.html").read_text("utf-8")
