"""Several releases in one base: graphs, what changed between them, and questions over all of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rdflib import OWL, PROV, RDF, Dataset, URIRef

import sphinx_policyspec as ps
from sphinx_policyspec.compare import compare
from sphinx_policyspec.errors import QueryError, QueryWarning, SourceError
from sphinx_policyspec.exports.diff.json import revision_of
from sphinx_policyspec.graph.questions import find_question, list_questions
from sphinx_policyspec.graph.releases import Revision, in_order, release_pieces, releases_base
from sphinx_policyspec.model import Commentary, EvalPrompt, PromptFile, Spec
from tests.conftest import at, example, message, principle, spec
from tests.graph.names import PS
from tests.graph.test_questions import told_by_rdflib

# rdflib's own reader of TriG uses what rdflib itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")

BASE = "urn:policyspec:spec:"
TEXT = "The assistant greets every visitor by name, and asks what it can do for them before it does anything else."


def prompts() -> PromptFile:
    prompt = EvalPrompt(id="ab12/1", title="x", turns=(message(),), span=at(), source="", tag="ab12")
    return PromptFile(tag="ab12", title="x", span=at(), source="", blocks=(prompt,))


def history() -> tuple[Spec, ...]:
    """Three releases: a principle is raised, then renamed with its example; another one comes."""
    shown = {"title": "a long stay", "source_title": "a long stay"}
    first = principle(
        "greet", text=TEXT, blocks=(*principle("greet", text=TEXT).blocks, example("greet-x", **shown))
    )
    second = principle("greet", text=TEXT, blocks=first.blocks, authority="root")
    third = principle("welcome", title="Welcome", text=TEXT, authority="root",
                      blocks=(*principle("welcome", text=TEXT).blocks, example("welcome-x", **shown),
                              Commentary(label="Commentary", source="", text="White  lies are no greeting.", span=at(9))))  # fmt: skip
    other = principle("be_brief", text="Say no white lies.")
    return in_order(
        (
            spec(third, other, version="1.10", prompt_files=(prompts(),), license="CC0"),
            spec(first, version="1.2"),
            spec(second, version="1.9"),
        )
    )


def rows(question: str, **params: str) -> list[tuple[str, ...]]:
    specs = history()
    revisions = [revision_of(compare(old, new)) for old, new in pairwise(specs)]
    with releases_base(specs, revisions) as base:
        return list(base.ask(question, params).texts)


def data(form: str) -> bytes:
    return ps.to_rdf(history(), form)


def test_numbers_in_versions_count_as_numbers() -> None:
    assert [release.version for release in history()] == ["1.2", "1.9", "1.10"]


def test_two_releases_of_one_version_are_refused() -> None:
    with pytest.raises(SourceError, match="two of the releases have the version `1`"):
        in_order((spec(version="1"), spec(version="1")))


def test_each_release_is_a_graph_and_changes_are_another() -> None:
    dataset = Dataset()
    dataset.parse(data=data("trig"), format="trig")
    names = {str(graph.identifier) for graph in dataset.graphs() if len(graph)}
    assert names == {f"{BASE}release/{version}" for version in ("1.2", "1.9", "1.10")} | {f"{BASE}changes"}
    changes = dataset.graph(URIRef(f"{BASE}changes"))
    assert len(set(changes.subjects(RDF.type, PS.Change))) == sum(
        len(compare(old, new).changes) for old, new in pairwise(history())
    )
    revised = {(str(one), str(other)) for one, other in changes.subject_objects(PROV.wasRevisionOf)}
    same = {(str(one), str(other)) for one, other in changes.subject_objects(OWL.sameAs)}
    assert same == {pair for pair in revised if not pair[0].startswith(f"{BASE}release/")}
    assert revised == {
        (f"{BASE}release/1.9", f"{BASE}release/1.2"),
        (f"{BASE}release/1.10", f"{BASE}release/1.9"),
        (f"{BASE}provision/welcome", f"{BASE}provision/greet"),
        (f"{BASE}example/welcome-x", f"{BASE}example/greet-x"),
    }


@pytest.mark.parametrize(
    ("held", "renamed", "same"),
    [
        (["a", "c"], [("a", "c")], {("c", "a")}),
        (["a", "b", "c"], [("a", "b"), ("b", "c")], {("b", "a"), ("c", "b")}),
        (["a", "c", "ac"], [("a", "c"), None], set()),  # `a` is another thing in the end
        (["ab", "ab"], [("ab", "ba")], set()),  # they change places
        (["ab", "b"], [("a", "b")], set()),  # `b` was another thing before
        (["a", "b", "c", "ac"], [("a", "b"), ("b", "c"), None], {("b", "a")}),
    ],
)
def test_names_are_of_one_thing_unless_a_release_has_both(
    held: list[str], renamed: list[tuple[str, str] | None], same: set[tuple[str, str]]
) -> None:
    """The ids of each release, each a letter, and what was renamed in each step."""
    specs = [spec(*map(principle, ids), version=f"{number}") for number, ids in enumerate(held)]
    revisions = [
        Revision(
            old=f"{number}",
            new=f"{number + 1}",
            facts=(),
            same=tuple(("provision", old, new) for old, new in zip(*pair, strict=True)) if pair else (),
        )
        for number, pair in enumerate(renamed)
    ]
    dataset = Dataset()
    dataset.parse(data=b"".join(release_pieces(specs, revisions, "trig")), format="trig")
    said = dataset.graph(URIRef(f"{BASE}changes")).subject_objects(OWL.sameAs)
    assert {(str(one)[-1], str(other)[-1]) for one, other in said} == same


def test_a_former_id_that_two_claim_is_of_neither_or_of_one() -> None:
    one, other = (principle(name, aliases=("old",)) for name in "ab")
    text = ps.to_rdf((spec(one, version="1"), spec(other, one, version="2")), "nq").decode()
    assert text.count("sameAs> <urn:policyspec:spec:provision/old>") == 1


@pytest.mark.parametrize("form", ["nq", "trig"])
def test_releases_are_read_back_as_they_were_written(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"all.{form}"
    path.write_bytes(data(form))
    assert ps.has_releases(path)
    assert ps.load_all(path) == history()
    assert ps.to_rdf(ps.load_all(path), form) == data(form)


def test_a_format_of_one_graph_takes_one_release() -> None:
    with pytest.raises(SourceError, match="`ttl` is one release; several take nq or trig"):
        b"".join(release_pieces(history(), (), "ttl"))


def test_the_level_of_a_provision_is_followed_through_its_ids() -> None:
    told = [
        ("1.2", "greet", "Greet", "user"),
        ("1.9", "greet", "Greet", "root"),
        ("1.10", "welcome", "Welcome", "root"),
    ]
    assert rows("level-history", provision="welcome") == told
    assert rows("level-history", provision="greet") == told
    assert rows("level-history", provision="WELCOME") == told
    with pytest.raises(QueryError, match="unknown provision `nobody`; known are"):
        rows("level-history", provision="nobody")
    with pytest.raises(QueryError, match="unknown example `greet-y`; did you mean `greet-x`"):
        rows("example-history", example="greet-y")


def test_an_example_is_followed_through_its_ids() -> None:
    told = [
        ("1.2", "greet-x", "a long stay", "greet", "1", "1"),
        ("1.9", "greet-x", "a long stay", "greet", "1", "1"),
        ("1.10", "welcome-x", "a long stay", "welcome", "1", "1"),
    ]
    assert rows("example-history", example="greet-x") == told
    assert rows("example-history", example="A Long Stay") == told


def test_a_question_over_releases_takes_what_a_name_leads_to() -> None:
    """An engine that meets the name in the question looks for it in each release among all that is said there."""
    named = [
        (question.needs_things, f"VALUES ?{parameter.name} " in question.sparql)
        for question in list_questions()
        for parameter in question.parameters
        if question.over == "releases" and parameter.type in {"provision", "example"}
    ]
    assert named == [(True, False)] * 2


def test_what_came_later_is_not_what_was_renamed() -> None:
    added = [("be_brief", "Be brief", "user", "1.10")]
    assert [rows("added-since", release=version) for version in ("1.2", "1.9", "1.10")] == [added, added, []]


NAMED = [
    (question.name, parameter)
    for question in list_questions()
    for parameter in question.parameters
    if parameter.type not in {"text", "words"}
    and question.over not in {"alignments", "cases", "feedback", "results"}
]


@pytest.mark.parametrize(("name", "parameter"), NAMED, ids=lambda value: getattr(value, "name", value))
def test_a_name_that_nothing_has_is_told_with_the_nearest(name: str, parameter: ps.Parameter) -> None:
    topics = tuple(ps.Topic(id=name, label=name, span=at()) for name in ("honesty", "privacy"))
    releases = tuple(replace(one, topics=topics) for one in history())
    known = {
        "topic": "privacy",
        "level": "user",
        "speaker": "user",
        "release": "1.10",
        "provision": "welcome",
        "example": "welcome-x",
    }[parameter.type]
    given = {other.name: "user" for other in find_question(name).parameters if other.default is None} | {
        parameter.name: f"{known}z"
    }
    with (
        ps.knowledge_base(releases) as base,
        pytest.raises(QueryError, match=f"unknown .*`{known}z`; did you mean `{known}`"),
    ):
        base.ask(name, given)


def test_one_release_where_several_are_asked_for_is_told() -> None:
    with pytest.warns(QueryWarning, match="`added-since` looks at several releases, and here is one"):
        ps.ask(history()[0], "added-since", release="1.2")


def test_words_are_found_in_every_release() -> None:
    assert rows("words-in-releases") == [
        ("1.10", "welcome", "Welcome", "commentary", "spec.md", "9"),
        ("1.10", "be_brief", "Be brief", "text", "spec.md", "2"),
    ]
    assert {row[0] for row in rows("words-in-releases", phrase="GREETS EVERY visitor")} == {
        "1.10",
        "1.2",
        "1.9",
    }
    assert [row[3] for row in rows("words-in-releases", phrase="hello to you")] == ["message"] * 3
    assert [row[3] for row in rows("words-in-releases", phrase="a long stay")] == ["example"] * 3
    assert [row[3] for row in rows("words-in-releases", phrase="welcome")] == ["title"]
    assert rows("words-in-releases", phrase="") == []


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("level-history", {"provision": "greet"}),
        ("example-history", {"example": "greet-x"}),
        ("added-since", {"release": "1.2"}),
        ("words-in-releases", {}),
    ],
)
def test_rdflib_answers_the_same(name: str, params: dict[str, str]) -> None:
    dataset = Dataset()
    dataset.parse(data=ps.to_rdf(history(), "trig", portable=True), format="trig")
    assert told_by_rdflib(dataset, name, params) == rows(name, **params) != []


def test_foreign_queries_see_changes_too() -> None:
    with ps.knowledge_base(history()) as base:
        query = "SELECT ?kind { GRAPH ?g { ?c a ps:Change ; ps:changeKind ?kind ; ps:rule 'permission-relevelled' } }"
        assert base.query(query).texts == (("level-raised",),)
        assert [row[0] for row in base.ask("hard-rules").texts] == ["welcome"]


def test_a_folder_of_releases_is_a_source(model_spec_data: Path) -> None:
    assert ps.has_releases(model_spec_data)
    assert not ps.has_releases(model_spec_data / "2025-09-12")
    answer = ps.ask(model_spec_data, "level-history", provision="love_humanity")
    assert [row[:2] for row in answer.texts] == [
        ("2025-02-12", "be_kind"),
        ("2025-04-11", "be_kind"),
        ("2025-09-12", "love_humanity"),
    ]


def test_a_question_over_releases_may_be_asked_of_one() -> None:
    (one, *_) = history()
    assert ps.ask(one, "level-history", provision="greet").texts == (("1.2", "greet", "Greet", "user"),)


RST = """Spec
====

.. policy:principle:: Be plain
   :id: be_plain
   :authority: user

   Never mind.

   Say no *white*
   "lies", not one.

   .. policy:example:: A gift

      .. policy:message:: user

         Hello. Do you
         like white lies?

      .. policy:response:: bad
         :note: white lies in a note

         First this.
         Yes, white
         lies are fine.

   .. policy:commentary::

      A comment
      on 白色谎言 and white lies.
"""
DIALECT = """# Spec {#spec}

## Be plain {#be_plain authority=user}

See [white
lies](#white-lies) &
nothing.

**Example**: white lies

~~~xml
<user>
Hi.
R&amp;D asks for &lt;white
lies&gt;?
</user>
<comparison>
<assistant> <!-- BAD: tells white lies -->
No.

White, lies.
</assistant>
<assistant> <!-- GOOD -->
No.
</assistant>
</comparison>
~~~
"""


@pytest.mark.parametrize(
    ("name", "text", "phrase", "expected"),
    [
        (
            "index.rst",
            RST,
            "white lies",
            [("text", "10"), ("message", "18"), ("message", "24"), ("commentary", "30")],
        ),
        ("index.rst", RST, "谎言", [("commentary", "30")]),
        (
            "model_spec.md",
            DIALECT,
            "White, lies",
            [("text", "5"), ("example", "9"), ("message", "14"), ("message", "21")],
        ),
    ],
)
def test_lines_are_those_of_the_words(
    tmp_path: Path, name: str, text: str, phrase: str, expected: list[tuple[str, str]]
) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    if name == "index.rst":
        (tmp_path / "conf.py").write_text("extensions = ['sphinx_policyspec']\n", "utf-8")
    found = ps.ask(tmp_path, "words-in-releases", phrase=phrase).texts
    assert [(row[3], row[5]) for row in found] == expected
