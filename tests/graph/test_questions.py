from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import Dataset, Graph
from rdflib.query import Result

import sphinx_policyspec as ps
from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.graph import knowledge_base, parse, syntaxes
from sphinx_policyspec.graph.child import run
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.knowledge_base import KnowledgeBase, checked_query
from sphinx_policyspec.graph.parse import streamed_triples
from sphinx_policyspec.graph.portable import with_portable
from sphinx_policyspec.graph.questions import (
    Answer,
    Cell,
    CellKind,
    Question,
    find_question,
    list_questions,
    string_literal,
)
from sphinx_policyspec.graph.terms import ASKED_PREFIXES, FORMATS, graph_of, triples_in
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import AuthorityLevel, Case, Item, Label, OverrideMode, Principle, Spec, Topic
from sphinx_policyspec.readers.annotations import annotate, read_annotations, shipped_annotations
from sphinx_policyspec.readers.release import read_release
from tests.conftest import LEVELS, REPOSITORY, at, principle, spec
from tests.graph.files import infer_graph
from tests.graph.specs import LIBRARY, NO_LEVELS, TEXTS

TRUTH = ("tell_the_truth", "Tell the truth", "user")
SOURCES = ("name_sources", "Name sources", "guideline")
LAWFUL = ("stay_lawful", "Stay lawful", "root")
QUOTE = ("may_quote", "Quotes are fine", "developer")
OLD = ("old_rule", "Old rule", "chief")
NUMBERS = {
    "bad",
    "count",
    "examples",
    "good",
    "line",
    "links",
    "prompts",
    "models",
    "references",
    "results",
    "touches",
    "verdicts",
}

EXPECTED: dict[str, tuple[dict[str, str], list[tuple[str, ...]]]] = {
    "outside-the-spec": (
        {},
        [
            ("answers", "Answers", "", "out of scope", "the desk"),
            (*QUOTE, "document", "https://example.org/quotes"),
            (*QUOTE, "link", "https://example.org/marks"),
            (*QUOTE, "product", "https://example.org/copier"),
            (*QUOTE, "rests on", "https://example.org/law"),
            (*QUOTE, "usage policy", "https://example.org/use"),
        ],
    ),
    # Questions over releases ask named graphs; test_releases.py has some.
    "added-since": ({"release": ""}, []),
    "levels-by-topic": (
        {},
        [
            ("honesty", "developer", "1"),
            ("honesty", "user", "1"),
            ("honesty", "guideline", "1"),
            ("integrity", "developer", "1"),
            ("integrity", "user", "1"),
            ("integrity", "guideline", "1"),
            ("candour", "developer", "1"),
            ("candour", "guideline", "1"),
            ("law", "root", "1"),
            ("service", "user", "1"),
            ("service", "guideline", "1"),
        ],
    ),
    "developer-and-user-examples": ({}, [("stay_lawful-copy", "a greeting", "stay_lawful")]),
    "coverage": (
        {},
        [
            (*TRUTH, "1", "1", "1", "0", "0"),
            (*SOURCES, "0", "0", "1", "0", "0"),
            (*LAWFUL, "1", "0", "1", "0", "0"),
            (*QUOTE, "1", "0", "0", "0", "0"),
            (*OLD, "0", "0", "0", "0", "0"),
        ],
    ),
    "exceptions": ({}, [("may_quote", "gone", ""), ("may_quote", "stay_lawful", "Stay lawful")]),
    "example-history": ({"example": "a greeting"}, []),
    "hard-rules": ({}, [LAWFUL]),
    "level-history": ({"provision": "tell_the_truth"}, []),
    "most-referenced": ({}, [(*TRUTH, "1", "0"), (*SOURCES, "1", "0"), (*LAWFUL, "1", "0")]),
    "mutual-references": ({}, [("name_sources", "tell_the_truth")]),
    "never-referenced": ({}, [QUOTE, OLD]),
    "principles-by-level": ({}, [LAWFUL, QUOTE, TRUTH, SOURCES, OLD]),
    "principles-without-bad-example": ({}, [SOURCES, LAWFUL, OLD]),
    "principles-without-example": ({}, [SOURCES, OLD]),
    "principles-without-prompt": ({}, [SOURCES, LAWFUL, QUOTE, OLD]),
    "overridable-by": (
        {"level": "Developer", "topic": "candour"},
        [(*SOURCES, "implicit"), (*QUOTE, "explicit")],
    ),
    "touches": (
        {"overridable_by": "user"},
        [
            (*TRUTH, "asserted", "honesty", "spec.md", "5"),
            (*TRUTH, "mention", "honest", "spec.md", "7"),
            (*TRUTH, "mention", "lie", "spec.md", "8"),
            (*SOURCES, "narrower", "candour", "spec.md", "20"),
        ],
    ),
    "user-overridable-defaults-touching": (
        {},
        [
            (*TRUTH, "asserted", "honesty", "spec.md", "5", "3"),
            (*SOURCES, "narrower", "candour", "spec.md", "20", "1"),
        ],
    ),
    "what-may-override": (
        {"level": "Guideline"},
        [("root", "higher"), ("system", "implicit"), ("developer", "implicit"), ("user", "implicit")],
    ),
    "where-mentioned": (
        {"text": "law"},
        [("name_sources", "Name sources", "guideline", "spec.md", "2")],
    ),
    "words-in-releases": ({"phrase": "truth"}, []),
}


@pytest.fixture(scope="module")
def library() -> KnowledgeBase:
    return KnowledgeBase.from_spec(LIBRARY)


@pytest.fixture(scope="module")
def library_graph() -> Graph:
    return portable(to_graph(LIBRARY))


def portable(graph: Graph) -> Graph:
    """Return a graph with what questions need stated."""
    return graph_of(with_portable(triples_in(graph)), graph.identifier)


RDFLIB = pytest.mark.filterwarnings("ignore:Dataset\\.:DeprecationWarning")
"""rdflib calls what it warns of itself."""


def in_rdflib(graph: Graph, sparql: str) -> list[tuple[str, ...]]:
    asked: Graph = graph
    if "GRAPH" in sparql and not isinstance(graph, Dataset):
        # rdflib asks named graphs of a data set alone.
        asked = Dataset(default_union=False)
        for triple in graph:
            asked.add(triple)
    return list(answered(asked.query(sparql)).texts)


def answered(found: Result) -> Answer:
    """Return what rdflib has found as an answer."""
    rows = (
        tuple(
            Cell(CellKind.UNBOUND) if term is None else Cell(CellKind.LITERAL, str(term))
            for term in row  # type: ignore[union-attr]  # rows
        )
        for row in found
    )
    return Answer(columns=tuple(map(str, found.vars or ())), rows=tuple(rows))


def told_by_rdflib(graph: Graph, name: str, params: dict[str, str]) -> list[tuple[str, ...]]:
    """Return the rows of a named question as rdflib answers it."""
    question = find_question(name)
    asked = graph
    if not isinstance(graph, Dataset):
        asked = Dataset(default_union=False)
        for triple in graph:
            asked.add(triple)

    def select(sparql: str) -> Answer:
        return answered(asked.query(sparql, initNs=ASKED_PREFIXES))

    return list(question.present(select(checked_query(question, question.values(params), select))).texts)


def test_every_question_of_the_design_is_there() -> None:
    assert [question.name for question in list_questions()] == sorted(
        {*EXPECTED, *OVER_RESULTS, *OVER_FEEDBACK, *OVER_DECISIONS, *OVER_ALIGNMENTS}
    )


OVER_RESULTS = {"largest-drop", "principles-without-result", "results-by-level", "results-by-principle"}
"""Questions over the graph of results; test_results.py asks them."""
OVER_FEEDBACK = {"answered-by", "most-reported", "open-feedback"}
"""Questions over the graph of feedback; test_feedback.py asks them."""
OVER_DECISIONS = {"undocumented-changes"}
"""Questions over the graph of records of decisions; tests/decision_records asks them."""
OVER_ALIGNMENTS = {"levels-that-differ", "mapped", "same-case-decided-by-each", "without-counterpart"}
"""Questions over several specs and alignments of them; tests/alignments asks them."""


OVER_RELEASES = [name for name in sorted(EXPECTED) if find_question(name).over == "releases"]
OF_ONE = [name for name in sorted(EXPECTED) if name not in OVER_RELEASES]


@pytest.mark.parametrize("name", OVER_RELEASES)
def test_a_question_about_releases_says_so_where_there_is_one_spec(library: KnowledgeBase, name: str) -> None:
    with pytest.raises(QueryError, match="looks at several releases, and here is one spec"):
        library.ask(name, EXPECTED[name][0])


@pytest.mark.parametrize("name", OF_ONE)
def test_a_question_has_the_expected_rows(library: KnowledgeBase, name: str) -> None:
    params, rows = EXPECTED[name]
    answer = library.ask(name, params)
    assert answer.columns == find_question(name).columns
    assert list(answer.texts) == rows


@RDFLIB
@pytest.mark.parametrize("name", OF_ONE)
def test_rdflib_answers_the_same(library_graph: Graph, name: str) -> None:
    params, rows = EXPECTED[name]
    assert told_by_rdflib(library_graph, name, params) == rows


@pytest.mark.parametrize("name", OF_ONE)
def test_the_inferred_graph_answers_the_same(library_graph: Graph, name: str) -> None:
    params, rows = EXPECTED[name]
    assert list(KnowledgeBase.from_graph(infer_graph(library_graph)).ask(name, params).texts) == rows


@pytest.mark.parametrize("name", OF_ONE)
def test_what_a_question_speaks_of_is_all_it_needs(name: str) -> None:
    params, rows = EXPECTED[name]
    only = KnowledgeBase.from_spec(LIBRARY, question=name)
    assert list(only.ask(name, params).texts) == rows
    assert len(only.store) < len(KnowledgeBase.from_spec(LIBRARY).store)


@RDFLIB
@pytest.mark.slow
def test_both_engines_answer_alike_on_a_release(release_dir: Path) -> None:
    release, _ = annotate(
        read_release(release_dir).spec, read_annotations(shipped_annotations()), lenient=True
    )
    graph, knowledge = portable(to_graph(release)), KnowledgeBase.from_spec(release)
    for name, (params, _) in EXPECTED.items():
        if find_question(name).over:
            continue
        # No release has the topics of the library.
        asked = params | ({"topic": "honesty"} if "topic" in params else {})
        found = told_by_rdflib(graph, name, asked)
        assert found == list(knowledge.ask(name, asked).texts), name


def test_a_question_says_what_it_asks_and_takes() -> None:
    question = find_question("user-overridable-defaults-touching")
    assert question.text == ("Which principles that a user can override touch a topic, and where first?")
    (parameter,) = question.parameters
    assert (parameter.name, parameter.type, parameter.default) == ("topic", "topic", "honesty")


@pytest.mark.parametrize("name", ["LAW", "law", "The law", "the LAW"])
def test_a_topic_is_named_by_id_or_any_label_in_any_case(library: KnowledgeBase, name: str) -> None:
    rows = library.ask("user-overridable-defaults-touching", {"topic": name}).texts
    assert rows == ((*SOURCES, "mention", "law", "spec.md", "2", "1"),)


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("hard-rule", {}, r"unknown question `hard-rule`; did you mean `hard-rules`\?"),
        ("zzz", {}, "unknown question `zzz`; `query --list` names them"),
        ("hard-rules", {"topic": "law"}, "`hard-rules` takes no parameter `topic`, it takes none"),
        ("where-mentioned", {"txet": "x"}, r"no parameter `txet`; did you mean `text`\?"),
        ("where-mentioned", {}, "`where-mentioned` needs a value for its parameter `text`"),
        ("what-may-override", {"level": "usr"}, r"unknown level `usr`; did you mean `user`\?"),
        ("overridable-by", {"level": "usr"}, r"unknown role or level `usr`; did you mean `user`\?"),
        ("overridable-by", {"topic": "honestly"}, r"unknown topic `honestly`; did you mean `Honesty`\?"),
        ("conflict-example", {}, r"unknown question `conflict-example`"),
        (
            "user-overridable-defaults-touching",
            {"topic": "honestly"},
            r"unknown topic `honestly`; did you mean `Honesty`\?",
        ),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(
    library: KnowledgeBase, name: str, params: dict[str, str], message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        library.ask(name, params)


def test_a_spec_without_topics_says_so() -> None:
    with pytest.raises(QueryError, match="unknown topic `honesty`; the spec has none"):
        KnowledgeBase.from_spec(NO_LEVELS).ask("user-overridable-defaults-touching")


def test_names_of_topics_are_not_counted_as_topics() -> None:
    names = [(f"{letter}{letter}{letter}", f"{letter} {letter}") for letter in "bcdfghjklmnpqrs"]
    topics = tuple(Topic(id=name, label=label, span=at()) for name, label in names)
    with pytest.raises(QueryError, match=r"unknown topic `honesty`$"):
        KnowledgeBase.from_spec(spec(topics=topics)).ask("user-overridable-defaults-touching")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("READERS", ["8", "2"]),
        ("lie to", ["8"]),
        ("helps. So", ["7"]),
        ("reader", []),
        ("  Mark   lies, ", ["45"]),
        ("Candour is hard", []),
        ("", []),
        ("?!", []),
        ("Tell the truth", ["5"]),
    ],
)
def test_words_are_found_where_they_first_stand(library: KnowledgeBase, text: str, lines: list[str]) -> None:
    rows = library.ask("where-mentioned", {"text": text}).texts
    assert [row[-1] for row in rows] == lines


def test_a_cell_knows_its_kind_and_type(library: KnowledgeBase) -> None:
    answer = library.ask("most-referenced")
    assert answer.rows[0][0].kind is CellKind.LITERAL
    assert answer.rows[0][0].datatype == ""
    assert answer.rows[0][3].datatype == "http://www.w3.org/2001/XMLSchema#integer"
    assert library.ask("exceptions").rows[0][2].kind is CellKind.UNBOUND


@given(TEXTS | st.text(alphabet="\\uU0012\"'{}\n", max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_value_stays_a_value(library: KnowledgeBase, text: str) -> None:
    query = f"SELECT ?value {{ VALUES ?value {{ {string_literal(text)} }} }}"
    shown = text.encode(errors="replace").decode()
    (row,) = run(library.store, query).rows  # type: ignore[union-attr]  # no limit, so there is an answer
    assert row == (Cell(CellKind.LITERAL, shown),)
    assert in_rdflib(Graph(), query) == [(shown,)]
    library.ask("where-mentioned", {"text": text})


def question_answers_for_odd(some_spec: Spec) -> dict[str, tuple[tuple[str, ...], ...]]:
    knowledge = KnowledgeBase.from_spec(some_spec)
    plain = [question for question in list_questions() if not (question.parameters or question.over)]
    return {question.name: knowledge.ask(question.name).texts for question in plain}


def test_an_empty_spec_answers_everything_with_nothing() -> None:
    assert set(question_answers_for_odd(Spec(title=""))) < set(EXPECTED)
    assert not any(question_answers_for_odd(Spec(title="")).values())


def test_principles_without_a_title_or_a_declared_level_are_not_lost() -> None:
    odd = spec(principle("", title="", authority=""), levels=())
    answers = question_answers_for_odd(odd)
    assert answers["never-referenced"] == answers["principles-by-level"] == (("", "", ""),)


def test_rows_are_in_document_order() -> None:
    reordered = replace(LIBRARY, provisions=tuple(reversed(LIBRARY.provisions)))
    rows = KnowledgeBase.from_spec(reordered).ask("principles-without-example").texts
    assert [row[0] for row in rows] == ["old_rule", "name_sources"]


def test_the_answer_touching_honesty_is_true_to_a_release(model_spec_data: Path) -> None:
    folder = model_spec_data / "2025-09-12"
    release, _ = annotate(read_release(folder).spec, read_annotations(shipped_annotations()), lenient=True)
    answer = KnowledgeBase.from_spec(release).ask("user-overridable-defaults-touching")
    assert any(row[0] == "do_not_lie" and row[3] == "asserted" for row in answer.texts)
    for identifier, title, level, kind, via, file, line, _touches in answer.texts:
        found = release.provision_by_id[identifier]
        assert isinstance(found, Principle)
        assert (found.title, found.authority) == (title, level)
        assert level in {"user", "guideline"}
        text = (folder / file).read_text(encoding="utf-8").split("\n")[int(line) - 1]
        if kind == "mention":
            assert via.lower() in text.lower()
        else:
            assert text.startswith("#")


@pytest.mark.parametrize("name", [name for name in sorted(EXPECTED) if not find_question(name).over])
def test_numbers_are_numbers(library: KnowledgeBase, name: str) -> None:
    params, _ = EXPECTED[name]
    answer = library.ask(name, params)
    for column, cells in zip(answer.columns, zip(*answer.rows, strict=True), strict=False):
        typed = {cell.datatype.endswith("#integer") for cell in cells}
        assert typed == {column in NUMBERS}, column


def test_a_name_that_a_question_had_leads_to_it(library: KnowledgeBase) -> None:
    former = {name: question for question in list_questions() for name in question.formerly}
    assert former.keys() == {
        "authority-by-topic",
        "conflict-examples",
        "principles-by-authority",
        "white-lies",
    }
    assert not former.keys() & EXPECTED.keys()
    assert all(find_question(name) is question for name, question in former.items())
    assert library.ask("conflict-examples") == library.ask("developer-and-user-examples")


def assert_one_truth(asked: Spec) -> None:
    """Compare the doors that tell what may be overridden, and those that tell what touches a topic."""
    knowledge = KnowledgeBase.from_spec(asked)
    for level in asked.levels:
        overriders = {
            name for row in knowledge.ask("what-may-override", {"level": level.id}).texts for name in row[:1]
        }
        for other in asked.levels:
            rows = knowledge.ask("overridable-by", {"level": other.id}).texts
            found = [row[0] for row in rows if row[2] == level.id]
            at_level = [p.id for p in asked.principles if p.authority == level.id]
            assert found == (at_level if other.id in overriders else []), (level.id, other.id)
    for topic in asked.topics:
        each = knowledge.ask("touches", {"topic": topic.id, "overridable_by": "user"}).texts
        grouped: dict[str, list[tuple[str, ...]]] = {}
        for row in each:
            grouped.setdefault(row[0], []).append(row)
        rows = knowledge.ask("user-overridable-defaults-touching", {"topic": topic.id}).texts
        assert [row[0] for row in rows] == list(grouped)
        for row in rows:
            alike = grouped[row[0]]
            assert int(row[-1]) == len(alike)
            assert row[:7] == min(alike, key=lambda r: (KINDS.index(r[3]), r[5], int(r[6]), r[4]))
        about = {row[0] for row in each if row[3] != "mention"}
        assert {r[0] for r in knowledge.ask("overridable-by", {"topic": topic.label}).texts} == about, (
            topic.id
        )


KINDS = ("asserted", "narrower", "inherited", "mention")


OWN_LEVELS = (
    AuthorityLevel(id="law", override=OverrideMode.NEVER),
    AuthorityLevel(id="manager", roles=("manager",)),
    AuthorityLevel(id="company", override=OverrideMode.NEVER),
    AuthorityLevel(id="team"),
    AuthorityLevel(id="customer", roles=("customer",)),
    AuthorityLevel(id="habit", override=OverrideMode.IMPLICIT),
)


@pytest.mark.parametrize("levels", [LEVELS, OWN_LEVELS], ids=["upstream", "own"])
def test_what_may_override_is_what_wins_where_both_are_said(levels: tuple[AuthorityLevel, ...]) -> None:
    asked = spec(*(principle(f"of_{level.id}", authority=level.id) for level in levels), levels=levels)
    knowledge, norms = KnowledgeBase.from_spec(asked), Norms(asked)
    for below in levels:
        told = {row[0] for row in knowledge.ask("what-may-override", {"level": below.id}).texts}
        for above in levels:
            if above is below and not above.roles:
                continue
            blank = Item(id="norm", issue="x", value="a", span=at(), principle=f"of_{below.id}")
            said = Item(id="said", issue="x", value="b", span=at(), level=above.id, turn=1)
            decision = decide(Case(title="", items=(blank, said), span=at()), norms)
            assert (decision.labels["norm"] is Label.OUT) == (above.id in told), (below.id, above.id)


def test_every_door_tells_the_same_of_a_small_spec() -> None:
    assert_one_truth(LIBRARY)


def test_every_door_tells_the_same_of_a_release(model_spec_data: Path) -> None:
    release = read_release(model_spec_data / "2025-09-12").spec
    assert_one_truth(annotate(release, read_annotations(shipped_annotations()), lenient=True)[0])


def test_a_question_is_a_plain_value() -> None:
    assert isinstance(find_question("coverage"), Question)
    assert find_question("coverage") is find_question("coverage")


def inferred_file(folder: Path, asked: Spec, form: str) -> Path:
    path = folder / f"inferred.{form}"
    path.write_bytes(ps.to_rdf(asked, form, inferred=True))
    return path


def assert_asked_as_it_is(path: Path, asked: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask a graph file and the spec that it was made of everything."""
    assert from_triples(streamed_triples(path)) == asked
    with ps.knowledge_base(asked) as base, ps.knowledge_base(path) as same:
        for question in list_questions():
            if not question.over:
                levels = {"topic": asked.topics[0].id, "level": asked.levels[0].id, "words": "answer"}
                levels["speaker"] = asked.levels[1].id
                params = {p.name: levels[p.type] for p in question.parameters}
                assert same.ask(question.name, params) == base.ask(question.name, params), question.name
        everything = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER (?p != ps:inferredWith) }"
        counted = base.query(everything)
        monkeypatch.setattr(knowledge_base, "infer", None)
        assert same.query(everything) == counted


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_holds_what_follows_is_asked_as_it_is(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inferred_file(tmp_path, LIBRARY, form)
    assert ps.inferred_base(path) is not None
    assert ps.ask(path, "hard-rules") == ps.ask(LIBRARY, "hard-rules")
    assert_asked_as_it_is(path, LIBRARY, monkeypatch)


@pytest.mark.parametrize("asked", ["hard-rules", "SELECT ?p { ?p a ps:HardRule }"])
def test_a_file_that_holds_what_follows_is_read_once(
    asked: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inferred_file(tmp_path, LIBRARY, "ttl")
    read: list[Path] = []
    quads = parse._quads

    def noted(file: Path, most: int) -> Iterator[pyoxigraph.Quad]:
        read.append(file)
        return quads(file, most)

    monkeypatch.setattr(parse, "_quads", noted)
    if " " in asked:
        ps.query(path, asked)
    else:
        ps.ask(path, asked)
    assert read == [path]


@pytest.mark.slow
def test_a_release_and_our_example_are_asked_as_they_are(
    release_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = REPOSITORY / "example_docs" if release_dir.name == "2025-02-12" else release_dir
    asked = ps.load(source)
    assert_asked_as_it_is(inferred_file(tmp_path, asked, "nt"), asked, monkeypatch)


def test_a_file_that_was_changed_or_follows_from_other_rules_is_not_taken_at_its_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = inferred_file(tmp_path, LIBRARY, "nt")
    whole = path.read_text("utf-8")
    lines = whole.splitlines(keepends=True)
    hard = next(line for line in lines if line.endswith("#HardRule> .\n"))
    changed = {
        "one less": whole.replace(hard, ""),
        "one more": whole + hard.replace("HardRule", "Default"),
        "one other": whole.replace("HardRule", "Default", 1),
        "one twice": whole + hard,
        "not said": "".join(line for line in lines if "inferredWith" not in line),
        "said twice": whole + next(line for line in lines if "inferredWith" in line).replace(' "', ' "0', 1),
        "nothing": "",
    }
    for text in changed.values():
        path.write_text(text, "utf-8")
        assert ps.inferred_base(path) is None
    path.write_text(changed["one less"], "utf-8")
    assert ps.query(path, "SELECT ?p { ?p a ps:HardRule }") == ps.query(
        LIBRARY, "SELECT ?p { ?p a ps:HardRule }"
    )
    path.write_text(whole, "utf-8")
    assert ps.inferred_base(path) is not None
    monkeypatch.setattr(syntaxes, "ontology_digest", lambda: "another")
    assert ps.inferred_base(path) is None


def test_a_question_of_one_spec_is_asked_in_a_sentence_and_says_what_no_rows_mean() -> None:
    for question in list_questions():
        if question.over:
            continue
        names = {parameter.name for parameter in question.parameters}
        places = [place.split("|") for place in re.findall(r"\{([^}]*)\}", question.asks)]
        assert sorted(name for name, *_blank in places) == sorted(names), question.name
        optional = {parameter.name for parameter in question.parameters if parameter.default == ""}
        assert {name for name, *blank in places if blank} == optional, question.name
        assert question.none.endswith("."), question.name
        assert set(re.findall(r"\{(\w+)\}", question.none)) <= names, question.name
        assert set(re.findall(r"\{(\w+)\}", question.row)) <= set(question.columns), question.name
        more = {"id", "other", "title", "level", "example"}.issuperset(question.columns)
        assert question.row or more or question.name == "levels-by-topic", question.name
