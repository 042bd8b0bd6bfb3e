"""The calls that people script with."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from rdflib import DCTERMS, Literal

import sphinx_policyspec as ps
from sphinx_policyspec import files
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import exact
from sphinx_policyspec.readers import text as reading
from tests.conftest import principle, spec
from tests.poison import poisoned, texts_in, whole

SPEC = "# Be kind {#be_kind authority=user}\n\nBe kind.\n"


def test_load_and_ask(tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(SPEC, encoding="utf-8")
    spec = ps.load(tmp_path)
    assert [p.id for p in spec.principles] == ["be_kind"]
    assert ps.ask(spec, "principles-by-level").texts == (("be_kind", "Be kind", "user"),)
    assert ps.query(spec, "ASK { ?p a ps:Principle }").texts == (("true",),)


def test_a_release_survives_the_graph(release_dir: Path) -> None:
    spec = ps.load(release_dir)
    assert ps.from_graph(ps.to_graph(spec)) == spec


def test_the_root_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        ps.lod  # type: ignore[attr-defined]  # noqa: B018


def test_a_folder_without_a_spec_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read: expected a folder with model_spec\.md"):
        ps.load(tmp_path)


HOSTILE = "<script>alert(1)</script>\u202e\x1b[31m & 'x'"


def shown() -> dict[str, Any]:
    """Return what a notebook shows of hostile texts, by what holds them."""
    old = spec(principle("be_kind", title=HOSTILE, text=HOSTILE), title=HOSTILE)
    new = spec(principle("be_kind", title=f"{HOSTILE}!", text=HOSTILE), title=HOSTILE)
    return {
        "a spec": old,
        "a principle": old.principles[0],
        "an answer": ps.ask(old, "principles-by-authority"),
        "a diff": ps.diff(old, new),
    }


@pytest.mark.parametrize("what", shown())
def test_a_notebook_shows_texts_as_texts(what: str) -> None:
    page = shown()[what]._repr_html_()
    assert "&lt;script&gt;" in page
    assert not {"\u202e", "\x1b"} & set(page)
    tags = {tag.partition(" ")[0].strip("/") for tag in re.findall(r"<([^>]*)>", page)}
    assert tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_a_notebook_counts_what_it_does_not_show() -> None:
    page = spec(*(principle(f"p{number}") for number in range(300)))._repr_html_()
    assert "(the first 100 of 300)" in page
    assert page.count("<tr>") == 101


def results() -> dict[str, Any]:
    """Return what public functions return of specs whose every text is long and hostile, by what it is."""
    one, other = poisoned(whole(), HOSTILE * 20), poisoned(whole(), HOSTILE * 20 + "!")
    case = ps.Case(title=HOSTILE * 20, items=(), span=ps.Span("c.yaml" * 50, 1))
    released = replace(one, version="1"), replace(one, version="2", title="x")
    return {
        "specs": (one, spec(*(principle(f"p{n}", text="word " * 50) for n in range(200)))),
        "answer": ps.ask(one, "principles-by-level"),
        "questions": ps.list_questions(),
        "rules": ps.rules(),
        "base": ps.knowledge_base(one),
        "world": ps.to_owl(one),
        "graph": ps.to_graph(one),
        "report": ps.check(one),
        "fixes": ps.find_fixes(one, ps.check(one)),
        "decisions": ps.decide(one, case),
        "survey": ps.survey(one, [case]),
        "reasoning": ps.reason(one),
        "diff": ps.diff(one, other),
        "cases": ps.diff_cases(one, other, [case]),
        "unread": ps.judge(one, other),
        "review": ps.review_changelog(one, other),
        "lock": ps.lock(one),
        "changes": ps.check_lock(other, ps.lock(one)),
        "history": ps.history(released, one.principles[0].id),
        "limits": ps.Limits(),
    }


def inside(value: object) -> Iterator[object]:
    """Yield a value, and all of ours that it holds."""
    if is_dataclass(value):
        yield value
        found: Iterable[object] = (getattr(value, part.name) for part in fields(value))
    else:
        found = (
            value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
        )
        yield from () if isinstance(value, list | tuple | Mapping | str) else (value,)
    for part in found:
        yield from inside(part)


def test_everything_public_shows_itself_on_a_line() -> None:
    seen = {}
    for value in inside(results()):
        if isinstance(value, tuple(shown_types())):
            seen[type(value).__name__] = value
            assert len(repr(value)) <= 200, type(value)
            assert not {"\n", "\x1b", "\u202e"} & set(repr(value))
    assert len(seen) > 50


def shown_types() -> Iterator[type]:
    """Yield the public classes but texts, among which enumerations are."""
    for name in dir(ps):
        found = getattr(ps, name)
        if isinstance(found, type) and not issubclass(found, str | dict | Exception):
            yield found


def test_what_is_on_a_line_can_still_be_told_exactly() -> None:
    one = poisoned(whole(), HOSTILE * 20)
    told = exact(one)
    assert [text for text in texts_in(one) if repr(text) not in told] == []
    assert {text for text in texts_in(one) if HOSTILE in text} <= {*files.texts_in(one)}
    assert exact(poisoned(whole(), HOSTILE * 20)) == told != exact(poisoned(whole(), HOSTILE * 20 + "!"))


def test_an_answer_yields_numbers_as_numbers() -> None:
    one = spec(principle("be_kind"), principle("be_brief", authority="root"))
    answer = ps.query(
        one,
        "SELECT ?id ?order (?order / 2 AS ?half) (true AS ?yes) ?none"
        "{ ?p a ps:Principle ; dcterms:identifier ?id ; ps:order ?order OPTIONAL { ?p ps:status ?none } } ORDER BY ?order",
    )
    (_, first, half, yes, none), _ = answer
    assert (type(first), type(half), yes, none) == (int, float, True, None)
    assert answer.to_dicts()[1]["id"] == "be_brief"
    assert [*answer.to_dicts()[0]] == list(answer.columns)


@pytest.mark.parametrize(
    ("datatype", "text", "value"),
    [("integer", "7", 7), ("decimal", "0.5", 0.5), ("double", "1e3", 1000.0), ("boolean", "1", True),
     ("integer", "seven", "seven"), ("boolean", "perhaps", "perhaps"), ("date", "2026-01-01", "2026-01-01")],
)  # fmt: skip
def test_a_literal_is_a_value_of_python_where_it_is_one(datatype: str, text: str, value: object) -> None:
    cell = ps.Cell(ps.CellKind.LITERAL, text, f"http://www.w3.org/2001/XMLSchema#{datatype}")
    assert (cell.native, type(cell.native)) == (value, type(value))


@pytest.mark.parametrize(
    ("call", "nearest"),
    [
        (lambda one: ps.ask(one, "hard-rule"), "hard-rules"),
        (lambda one: ps.ask(one, "what-may-override", levl="user"), "level"),
        (lambda one: ps.ask(one, "what-may-override", level="usr"), "user"),
        (lambda one: ps.check(one, select=["referenes"]), "references"),
        (lambda one: one.principle("be_knd"), "be_kind"),
        (lambda one: ps.history([one], "be_knd"), "be_kind"),
        (lambda one: ps.to_rdf(one, "tttl"), "ttl"),
        (lambda one: ps.render(ps.check(one), "jsn"), "json"),
        (lambda _: ps.json_schema("case"), "cases"),
        (lambda _: ps.vocabulary("ontolgy"), "ontology"),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest(call: Callable[[ps.Spec], object], nearest: str) -> None:
    with pytest.raises(ps.PolicySpecError, match=rf"did you mean `{nearest}`"):
        call(spec(principle("be_kind")))


@pytest.mark.parametrize("name", ["me:pw-7@host/query", "//me:pw-7@host/query", "me:pw-7@host:80/a/b@c"])
def test_an_address_without_its_scheme_does_not_show_a_password(name: str) -> None:
    with pytest.raises(ps.PolicySpecError, match="does not exist") as told:
        ps.load(name)
    assert "pw-7" not in str(told.value)
    assert "me:…@host" in str(told.value)


def test_every_result_is_rendered_in_every_form(tmp_path: Path) -> None:
    old, new = spec(principle("be_kind"), version="1"), spec(principle("be_good"), version="2")
    (tmp_path / "c.yaml").write_text("items: [{id: a, from: user, issue: x, value: 1}]", "utf-8")
    results: dict[str, ps.Rendered] = {
        "Answer": ps.ask(old, "hard-rules"),
        "BehaviourDiff": ps.diff_cases(old, new, [tmp_path]),
        "Decisions": ps.decide(old, tmp_path),
        "Lock": ps.lock(old),
        "LockChange": ps.check_lock(new, ps.lock(old)),
        "Moment": ps.history([old, new], "be_kind"),
        "Reasoning": ps.reason(old),
        "Report": ps.check(old),
        "Review": ps.review_changelog(old, new),
        "SpecDiff": ps.diff(old, new),
    }
    for kind, result in results.items():
        for form in ps.forms_of(kind):
            assert ps.render(result, form).endswith("\n"), (kind, form)
    assert ps.render(ps.check_lock(old, ps.lock(old))) == "as locked\n"


def test_several_releases_are_asked_and_written_as_one() -> None:
    releases = (spec(principle("be_kind"), version="1"), spec(principle("be_good"), version="2"))
    assert [row[0] for row in ps.ask(releases, "added-since", release="1")] == ["be_good"]
    assert ps.to_rdf(releases, "nq").count(b"release/1> .\n") > 10
    assert isinstance(ps.from_graph(ps.to_graph(releases[0])), ps.Spec)


GOOD_CASE = "- title: good\n  items: [{id: a, from: user, issue: x, value: 1}]\n"


BAD_CASES = {
    "- items: [{id: a, principle: nobody, issue: x, value: 1}]": "unknown-provision",
    "- items: 3": "wrong-type",
    "- 7": "wrong-type",
    "- {title: none}": "missing-key",
    "- items: [{id: a, from: user, issue: x, value: 1}, {id: a, from: user, issue: x, value: 2}]": "duplicate-id",
}


def test_beside_bad_cases_the_others_are_decided(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD_CASE.join(f"{bad}\n" for bad in BAD_CASES), "utf-8")
    (tmp_path / "b.yaml").write_text("- [", "utf-8")
    (tmp_path / "c.yaml").write_text(GOOD_CASE, "utf-8")
    one = spec(principle("be_kind"))
    decided = ps.decide(one, tmp_path)
    assert [decision.case.title for decision in decided] == ["good"] * len(BAD_CASES)
    assert decided.errors == decided.findings == ps.survey(one, [tmp_path]).findings
    told = [(finding.code, Path(finding.span.file).name, finding.span.line) for finding in decided.errors]
    expected = [(code, "a.yaml", 3 * place + 1) for place, code in enumerate(BAD_CASES.values())]
    assert sorted(told) == sorted([*expected, ("unreadable-case", "b.yaml", 1)])


def test_a_file_of_cases_that_cannot_be_read_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD_CASE, "utf-8")
    monkeypatch.setattr(reading, "MAX_BYTES", len(GOOD_CASE))
    (tmp_path / "a.yaml").write_text(GOOD_CASE * 2, "utf-8")
    decided = ps.decide(spec(principle("be_kind")), tmp_path)
    assert (len(decided), [finding.code for finding in decided.errors]) == (1, ["unreadable-case"])


def test_a_graph_that_is_handed_out_is_any_graph_of_rdflib() -> None:
    one = spec(principle("be_kind"))
    graph = ps.to_graph(one)
    assert Literal("Be kind") in graph.objects(None, DCTERMS.title)
    assert set(pickle.loads(pickle.dumps(graph))) == set(graph)
    assert len(ps.to_graph(one, inferred=True)) > len(graph)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "docs/manner.md",
            "`docs/manner.md` is a page of a Sphinx project; `conf.py` lies in `docs`: name that folder",
        ),
        ("docs/part/more.md", "is a page of a Sphinx project; `conf.py` lies in `docs`: name that folder"),
        ("docs/part", "`docs/part` cannot be read: `conf.py` lies in `docs`: name that folder"),
        (".", "`.` cannot be read: `conf.py` lies in `docs`: name `docs`"),
        ("alone.rst", "`alone.rst` is a page of a Sphinx project; name the folder of its `conf.py`"),
    ],
)
def test_what_a_project_reads_is_not_read_alone(
    source: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "# Manners\n\n```{policy:principle}\n:id: be_kind\n:authority: user\n```\n\nBe kind.\n"
    (tmp_path / "docs" / "part").mkdir(parents=True)
    for name, text in {
        "docs/conf.py": "",
        "docs/manner.md": page,
        "docs/part/more.md": page,
        "alone.rst": "",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as raised:
        ps.load(source)
    assert said in str(raised.value)


def test_model_spec_markdown_that_shows_a_directive_is_read(tmp_path: Path) -> None:
    text = "# Manners {#manners authority=user}\n\nWrite:\n\n```{policy:principle}\n```\n"
    (tmp_path / "spec.md").write_text(text, encoding="utf-8")
    assert [provision.id for provision in ps.load(tmp_path / "spec.md").provisions] == ["manners"]


def test_a_source_without_a_principle_is_a_warning_where_no_findings_come_back(tmp_path: Path) -> None:
    file = tmp_path / "model_spec.md"
    file.write_text("# Rules {#rules}\n\nJust prose.\n", "utf-8")
    for call in (
        lambda: ps.load(file),
        lambda: ps.diff(file, file),
        lambda: ps.judge(file, file),
        lambda: ps.stats(file),
        lambda: ps.review_changelog(file, file),
    ):
        with pytest.warns(ps.SourceWarning, match="this spec has no principle"):
            call()
    assert ps.load_checked(file).findings
