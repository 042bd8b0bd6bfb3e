"""Several specs in one base: bases, graphs, and questions to each, in Python and on the command line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import QueryError, SourceError
from sphinx_policyspec.model import AuthorityLevel, Goal, OverrideMode, Spec, Topic
from sphinx_policyspec.model.spec import base_of, based
from tests.conftest import Run, at, principle, spec

OWN = (
    AuthorityLevel(id="fixed", override=OverrideMode.NEVER),
    AuthorityLevel(id="open", override=OverrideMode.IMPLICIT, roles=("user",)),
)


def manners(version: str = "2026-01-01", text: str = "Be kind to all.") -> Spec:
    """A spec with one rule that nobody overrides."""
    rules = principle("be_kind", text=text, authority="root"), principle("be_brief", text="Be brief.")
    topic = Topic(id="kindness", label="Kindness", alt_labels=("kind",), span=at())
    return replace(spec(*rules), title="Manners", version=version, name="manners", topics=(topic,))


def charter(version: str = "2026-03-01") -> Spec:
    """Another one, with the same ids, and levels of its own."""
    rules = (
        principle("be_kind", text="Kindness comes first.", authority="fixed"),
        principle("swap", authority="open"),
    )
    goal = Goal(id="trust", title="Trust", span=at())
    return replace(spec(*rules), title="Charter", version=version, name="charter", levels=OWN, goals=(goal,))


ALL = (manners(), manners("2026-02-01", "Be kind to everybody."), charter(), charter("2026-04-01"))


def test_a_base_is_given_or_the_specs_own_or_made_of_its_name() -> None:
    one = manners()
    assert base_of(one) == "urn:policyspec:manners:"
    assert base_of(replace(one, base_iri="urn:own:")) == "urn:own:"
    assert base_of(based(replace(one, base_iri="urn:own:"), "urn:given:")) == "urn:given:"
    assert base_of(replace(one, name="")) == ""
    assert (one.called, replace(one, name="", title="Our good manners").called) == (
        "manners",
        "our_good_manners",
    )


def test_releases_are_told_from_specs_by_their_bases() -> None:
    specs = ps.load_specs(ALL)
    assert [(one.name, [release.version for release in one.releases]) for one in specs] == [
        ("manners", ["2026-01-01", "2026-02-01"]),
        ("charter", ["2026-03-01", "2026-04-01"]),
    ]
    assert [len(one.revisions) for one in specs] == [1, 1]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ((manners(),), (manners(),), "have the version `2026-01-01`"),
        ((manners(),), (replace(manners("2"), title="Other"),), "`Manners` and `Other` have one base"),
        (
            (manners(),),
            (replace(charter(), name="manners", base_iri="urn:x:"),),
            "two specs are called `manners`",
        ),
    ],
)
def test_sources_of_one_base_that_are_no_releases_of_one_spec_are_an_error(
    one: tuple[Spec, ...], other: tuple[Spec, ...], said: str
) -> None:
    with pytest.raises(SourceError, match=said) as error:
        ps.load_specs(one, other)
    assert "--name" in str(error.value)
    assert str(error.value).endswith("[same-base]")


def test_each_release_of_each_spec_is_a_graph_and_no_name_is_of_two_specs() -> None:
    with ps.knowledge_base(ALL) as base:
        graphs = base.query("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g").texts
        assert [name for (name,) in graphs] == [
            "urn:policyspec:charter:changes",
            "urn:policyspec:charter:release/2026-03-01",
            "urn:policyspec:charter:release/2026-04-01",
            "urn:policyspec:manners:changes",
            "urn:policyspec:manners:release/2026-01-01",
            "urn:policyspec:manners:release/2026-02-01",
        ]
        mixed = base.query(
            "ASK { GRAPH ?a { ?s ?p ?o FILTER(STRSTARTS(STR(?s), 'urn:policyspec:manners:'))} "
            "FILTER(!STRSTARTS(STR(?a), 'urn:policyspec:manners:')) }"
        )
        assert mixed.texts == (("false",),)


def test_a_file_of_several_specs_gives_each_of_them_back(tmp_path: Path) -> None:
    for form in ("trig", "nq"):
        file = tmp_path / f"all.{form}"
        ps.write_rdf(ALL, file, form)
        assert sorted(ps.load_all(file), key=base_of) == sorted(ALL, key=base_of)
    with pytest.raises(SourceError, match="several take"):
        ps.to_rdf(ALL, "ttl")


@pytest.mark.parametrize(
    "question", [q for q in ps.list_questions() if q.over in {"", "releases"}], ids=lambda q: q.name
)
def test_every_question_gives_of_each_spec_the_rows_that_it_alone_gives(question: ps.Question) -> None:
    given = {"topic": "kindness", "level": "fixed", "speaker": "user", "provision": "be_kind"}
    params = {p.name: given.get(p.type, "x") for p in question.parameters if p.default is None}
    alone: list[tuple[str, ...]] = []
    for one in ps.load_specs(ALL):
        try:
            with ps.knowledge_base(one.releases, question=question.name) as base:
                alone += [(one.name, *row) for row in base.ask(question.name, params).texts]
        except QueryError:
            continue
    with ps.knowledge_base(ALL, question=question.name) as base:
        try:
            answer = base.ask(question.name, params)
        except QueryError:
            assert alone == []
            return
    assert answer.columns[0] == "spec"
    assert list(answer.texts) == alone


def test_a_place_in_the_text_of_a_provision_names_it_too() -> None:
    with ps.knowledge_base(ALL) as base:
        answers = [
            base.ask("level-history", {"provision": name}).texts
            for name in ("be_kind", "be_kind ¶1 s1", "be_kind#¶2")
        ]
    assert answers[0] == answers[1] == answers[2] != ()


def test_what_one_spec_lacks_is_told_and_what_all_lack_is_an_error() -> None:
    with ps.knowledge_base(ALL) as base:
        answer = base.ask("user-overridable-defaults-touching", {"topic": "kindness"})
        assert [str(one) for one in answer.findings] == [
            "user-overridable-defaults-touching:1:1: warning: `charter`: unknown topic `kindness`; the spec has none [unknown-term]"
        ]
        with pytest.raises(QueryError, match="unknown topic `cats`"):
            base.ask("user-overridable-defaults-touching", {"topic": "cats"})


@pytest.fixture(name="texts")
def two_charters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two charters of other makers, with a sidecar each."""
    monkeypatch.chdir(tmp_path)
    for name, level in (("one", "fixed"), ("two", "open")):
        (tmp_path / f"{name}.md").write_text(f"# Charter {name}\n\n## Be kind\n\nBe kind.\n", "utf-8")
        (tmp_path / f"{name}.yaml").write_text(
            f"spec: {{name: {name}}}\nlevels:\n  - {{id: fixed, override: never}}\n  - {{id: open, roles: [user]}}\n"
            f"provisions: {{be_kind: {{level: {level}}}}}\n",
            "utf-8",
        )
    return tmp_path


SIDECARS = ("--annotations", "one.yaml", "--annotations", "two.yaml")


@pytest.mark.usefixtures("texts")
def test_commands_take_several_sources(run: Run) -> None:
    asked = ("query", "one.md", "two.md", "principles-by-level", *SIDECARS, "--format", "json")
    rows = json.loads(run(*asked)[1])["results"]["bindings"]
    assert [(row["spec"]["value"], row["id"]["value"]) for row in rows] == [
        ("one", "be_kind"),
        ("two", "be_kind"),
    ]
    alone = run("query", "two.md", "principles-by-level", "--annotations", "two.yaml")[1]
    assert run("query", "one.md", "two.md", "principles-by-level", *SIDECARS, "--spec", "two")[1] == alone
    assert run("graph", "one.md", "two.md", *SIDECARS, "-o", "both.trig")[0] == 0
    assert [one.name for one in ps.load_all("both.trig")] == ["one", "two"]
    status, out, _ = run("check", "one.md", "two.md", *SIDECARS, "--format", "json")
    assert status == 0
    assert {one["file"] for one in json.loads(out)["findings"]} >= {"one.md", "two.md"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--annotations", "one.yaml"), "once for each of 2 SOURCEs"),
        (("--name", "a", "--name", "b c"), "`b c` is no name"),
        ((*SIDECARS, "--spec", "tow"), "no spec is called `tow`; did you mean `two`?"),
        (("--no-annotations", "-q"), "[same-base]"),
    ],
)
@pytest.mark.usefixtures("texts")
def test_what_several_sources_cannot_mean_is_told(run: Run, words: tuple[str, ...], said: str) -> None:
    status, out, err = run("query", "one.md", "two.md", "principles-by-level", *words)
    assert (status, out) == (2, "")
    assert said in err


def test_names_and_shared_topics_are_given_on_the_command_line(run: Run, texts: Path) -> None:
    (texts / "topics.yaml").write_text(
        "topics: [{id: kindness, label: Kind}]\nprovisions: {x: {}}\n", "utf-8"
    )
    given = (*SIDECARS, "--name", "a", "--name", "-", "--topics", "topics.yaml")
    out = run("query", "one.md", "two.md", "touches", *given, "--param", "topic=kindness", "-q")[1]
    assert [line.split()[0] for line in out.splitlines()] == ["spec", "a", "a", "two", "two", "4"]


@pytest.mark.slow
def test_a_handbook_of_several_specs_has_a_site_for_each(run: Run, texts: Path) -> None:
    assert run("handbook", "one.md", "two.md", *SIDECARS, "-o", "site")[0] == 0
    for name, other in (("one", "two"), ("two", "one")):
        pages = [page.read_text("utf-8") for page in (texts / "site" / name).glob("*.html")]
        assert all(f"{name}: Charter {name}" in page for page in pages)
        assert not any(f"Charter {other}" in page for page in pages)
    assert "two/index.html" in (texts / "site" / "index.html").read_text("utf-8")
