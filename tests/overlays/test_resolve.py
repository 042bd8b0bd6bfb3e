"""The resolved spec: what it holds, that it comes back from a graph, and that it is a SOURCE like any other."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.from_graph import from_triples
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import (
    Case,
    Item,
    Origin,
    SpecStatement,
    origins,
    touched_examples,
)
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.overlays.resolve import resolved
from sphinx_policyspec.readers.overlays import overlay_of
from tests.conftest import LEVELS, REPOSITORY, Run, at, example, principle, spec

UPSTREAM = """# Safety {#safety}

## Keep people safe {#keep_safe authority=root}

The assistant must never sell a weapon.

# Manners {#manners}

## Be kind {#be_kind authority=user}

By default the assistant greets people.

## Be warm {#be_warm authority=guideline}

The assistant smiles.
"""
SHOP = """overlay: shop
upstream: {source: model_spec.md}
holder: developer
statements:
  - {id: no-greeting, says: Greet nobody., overrides: be_kind, because: There is a queue.}
  - {id: stern, says: You are stern., overrides: be_warm, mode: implicit}
  - {id: prices, says: Name prices., adds: Name prices, chapter: manners}
  - {id: hours, says: Name the hours., adds: Name the hours}
  - {id: dare, says: Sell it., overrides: keep_safe}
  - id: labels
    says: Labels may say how to greet.
    delegates: shelf label
    scope: [be_kind]
    where: {globs: [shop/**], audience: customers}
    examples: [{user: Hello?, good: Yes?, bad: Hello!}]
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "model_spec.md").write_text(UPSTREAM, "utf-8")
    (tmp_path / "shop.yaml").write_text(SHOP, "utf-8")
    return tmp_path


def test_upstream_stands_verbatim_and_statements_behind_what_they_change(shop: Path) -> None:
    whole = ps.load(shop / "shop.yaml", annotate=False)
    upstream = ps.load(shop / "model_spec.md", annotate=False)
    assert tuple(one for one in whole.provisions if not isinstance(one, SpecStatement)) == upstream.provisions
    assert [one.id for one in whole.provisions] == [
        *("safety", "keep_safe", "manners", "be_kind", "shop/labels", "shop/no-greeting"),
        *("be_warm", "shop/stern", "shop/prices", "shop/hours"),
    ]
    assert (whole.overlays, [one.id for one in whole.refusals]) == (("shop",), ["shop/dare"])
    found = origins(whole)
    assert set(found["be_kind"]) == {(one, "shop/no-greeting") for one in (Origin.LOCKED, Origin.OVERRIDDEN)}
    assert found["keep_safe"] == ((Origin.UPSTREAM, ""),)
    assert found["shop/hours"] == ((Origin.ADDED, "shop/hours"),)


def test_every_door_gives_the_same_spec_and_each_syntax_gives_it_back(run: Run, shop: Path) -> None:
    path = shop / "shop.yaml"
    whole = ps.resolve_overlay(path).spec
    assert ps.load(path) == whole
    for form in FORMATS:
        out = shop / f"whole.{form}"
        assert run("overlay", "resolve", path, "-o", out, "-q")[0] == 0
        assert ps.load(out, annotate=False) == whole


def test_without_statements_it_is_upstream_but_for_its_name(shop: Path) -> None:
    (shop / "none.yaml").write_text(SHOP.partition("statements")[0] + "statements: []\n", "utf-8")
    upstream = ps.load(shop / "model_spec.md")
    found = ps.load(shop / "none.yaml")
    assert found.title != upstream.title
    assert replace(found, title=upstream.title) == upstream


def test_words_that_a_statement_is_about_are_named_by_their_place(run: Run, shop: Path) -> None:
    one = laid(
        shop,
        "part",
        "developer",
        "{id: a, says: x, overrides: {provision: be_kind, clause: the assistant greets}}",
        on="model_spec.md",
    )
    out = run("overlay", "resolve", one)[1]
    assert "part/a [developer]: overrides be_kind ¶1 s1 (part.yaml:5)" in out
    assert "upstream: “By default the assistant greets people.” (model_spec.md:11, be_kind ¶1 s1)" in out


def test_an_overlay_is_a_source(run: Run, shop: Path) -> None:
    path, upstream = shop / "shop.yaml", shop / "model_spec.md"
    assert "shop/no-greeting" in run("query", path, "principles-by-level")[1]
    status, out, _ = run("diff", upstream, path, "--format", "json")
    assert status == 0
    added = {change["provision"] for change in json.loads(out)["changes"] if change["kind"] == "added"}
    assert {"shop/no-greeting", "shop/stern", "shop/prices", "shop/hours", "shop/labels"} <= added
    assert not {"be_kind", "keep_safe"} & {change.get("provision") for change in json.loads(out)["changes"]}
    assert run("survey", path)[0] == 0
    assert run("stats", path)[0] == 0
    (shop / "over.yaml").write_text("overlay: over\nupstream: {source: over.yaml}\nholder: user\n", "utf-8")
    status, _, err = run("query", shop / "over.yaml", "principles-by-level")
    assert (status, "is its own upstream" in err) == (2, True)


def test_a_case_names_a_statement_which_speaks_before_all_messages(run: Run, shop: Path) -> None:
    (shop / "case.yaml").write_text(
        """title: greeting
items:
  - {id: ours, principle: shop/no-greeting, issue: greeting, value: none}
  - {id: theirs, principle: be_kind, issue: greeting, value: warm}
  - {id: user, from: user, turn: 1, issue: greeting, value: warm}
  - {id: tacit, principle: shop/stern, issue: tone, value: stern}
  - {id: later, from: developer, turn: 1, issue: tone, value: soft}
expect: {labels: {ours: in, theirs: out, user: out, tacit: out, later: in}}
""",
        "utf-8",
    )
    status, out, _ = run("resolve", shop / "shop.yaml", shop / "case.yaml")
    assert status == 0
    assert "the developer statement shop/no-greeting" in out


def test_a_statement_decides_as_the_message_that_it_is() -> None:
    """Law: a case with a statement comes out as the one with a message of the holder at turn 0 in its place."""
    upstream = spec(*(principle(f"of_{level.id}", authority=level.id) for level in LEVELS), levels=LEVELS)
    holders = [level for level in LEVELS if level.roles]
    tried = 0
    for holder, implied, level, other, turn, tacit in product(
        holders, (False, True), LEVELS, holders, (1, 2), (False, True)
    ):
        said = SpecStatement(
            id="o/s", title="s", depth=1, span=at(), authority=holder.id, implied=implied, overrides=("x",)
        )
        whole = replace(upstream, provisions=(*upstream.provisions, said), overlays=("o",))
        shared: dict[str, Any] = {"issue": "i", "span": at()}
        rest = (
            Item(id="norm", principle=f"of_{level.id}", value="a", **shared),
            Item(id="other", role=other.roles[0], turn=turn, explicit=not tacit, value="b", **shared),
        )
        named = Item(id="it", principle="o/s", value="c", **shared)
        message = Item(id="it", role=holder.roles[0], turn=0, explicit=not implied, value="c", **shared)
        labels = [
            decide(Case(title="t", items=(item, *rest), span=at()), Norms(whole)).labels
            for item in (named, message)
        ]
        assert labels[0] == labels[1]
        tried += 1
    assert tried == len(holders) ** 2 * len(LEVELS) * 8


def test_no_exception_reaches_a_statement_below_what_it_excepts() -> None:
    kind = principle("kind", authority="guideline")
    said = SpecStatement(
        id="o/s", title="s", depth=2, parent="kind", span=at(), authority="user", overrides=("kind",)
    )
    except_ = principle("except_", authority="root", exception_to=("kind",))
    whole = spec(kind, said, except_, levels=LEVELS, overlays=("o",))
    items = (
        Item(id="e", principle="except_", issue="i", value="x", span=at()),
        Item(id="s", principle="o/s", issue="j", value="y", span=at()),
    )
    assert decide(Case(title="t", items=items, span=at()), Norms(whole)).labels["s"].value == "in"


def laid(shop: Path, name: str, holder: str, *statements: str, on: str = "shop.yaml") -> Path:
    path = shop / f"{name}.yaml"
    lines = "".join(f"  - {one}\n" for one in statements)
    path.write_text(
        f"overlay: {name}\nupstream: {{source: {on}}}\nholder: {holder}\nstatements:\n{lines}", "utf-8"
    )
    return path


def test_a_team_on_a_company_is_the_later_message_and_no_higher_one(shop: Path) -> None:
    team = laid(shop, "team", "developer", "{id: greet, says: Greet., overrides: be_kind}")
    whole = ps.load(team)
    assert whole.overlays == ("shop", "team")
    items = (
        Item(id="a", principle="team/greet", issue="i", value="yes", span=at()),
        Item(id="b", principle="shop/no-greeting", issue="i", value="no", span=at()),
    )
    assert decide(Case(title="t", items=items, span=at()), Norms(whole)).labels == {"a": "in", "b": "out"}
    below = laid(shop, "below", "user", "{id: greet, says: Greet., overrides: be_kind}")
    (found,) = ps.check_overlay(below).verdicts
    assert (found.code, found.decisive.about) == ("level-too-low", "shop/no-greeting")
    assert found.decisive.quoted is not None
    assert found.decisive.quoted.text == "Greet nobody."


@pytest.mark.parametrize(
    ("company", "team", "code"),
    [
        ("globs: ['lab/**']", "globs: ['lab/a/*']", "level-too-low"),
        ("globs: ['lab/**']", "globs: ['shop/**']", None),
        ("audience: staff", "audience: customers", None),
        ("audience: staff", "globs: ['shop/**']", "level-too-low"),
    ],
)
def test_a_higher_word_stands_where_it_holds_alone(
    shop: Path, company: str, team: str, code: str | None
) -> None:
    text = f"overrides: be_kind, where: {{{company}}}"
    laid(shop, "company", "system", f"{{id: a, says: a, {text}}}", on="model_spec.md")
    text = f"overrides: be_kind, where: {{{team}}}"
    (found,) = ps.check_overlay(
        laid(shop, "team", "developer", f"{{id: b, says: b, {text}}}", on="company.yaml")
    ).verdicts
    assert found.code == code


@pytest.mark.parametrize(
    ("folder", "glob", "globs", "code"),
    [
        (".", "lab/a/*", ["lab/**", "lab/a/*"], "level-too-low"),
        ("lab", "a/*", ["lab/**", "lab/a/*"], "level-too-low"),
        ("desk", "lab/*", ["lab/**", "desk/lab/*"], None),
        ("..", "shop/lab/*", ["shop/lab/**", "shop/lab/*"], "level-too-low"),
        ("../bar", "lab/*", ["shop/lab/**", "bar/lab/*"], None),
    ],
)
def test_where_files_of_a_chain_lie_counts_as_where_their_patterns_begin(
    tmp_path: Path, folder: str, glob: str, globs: list[str], code: str | None
) -> None:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "model_spec.md").write_text(UPSTREAM, "utf-8")
    text = "overrides: be_kind, where: {globs: ['lab/**']}"
    company = laid(shop, "company", "system", f"{{id: a, says: a, {text}}}", on="model_spec.md")
    (shop / folder).mkdir(exist_ok=True)
    rules = [
        f"{{id: b, says: b, overrides: be_kind, where: {{globs: ['{glob}']}}}}",
        f"{{id: c, says: c, adds: Rule, where: {{globs: ['{glob}']}}}}",
    ]
    team = laid(shop / folder, "team", "developer", *rules, on=os.path.relpath(company, shop / folder))
    assert [found.code for found in ps.check_overlay(team).verdicts] == [code, None]
    assert {glob for one in ps.load(team).statements for glob in one.globs} == set(globs)
    inside, beside = shop / folder / glob.rpartition("/")[0], shop / "other"
    for place, holds in ((inside, True), (beside, False)):
        assert (b"Rule" in ps.export_overlay(team, into=place / "AGENTS.md").data) is holds


def test_slashes_in_names_and_ids_change_nothing(shop: Path) -> None:
    first = laid(shop, "a", "developer", "{id: x/y, says: x, overrides: be_warm}", on="model_spec.md")
    first.write_text(first.read_text("utf-8").replace("overlay: a", "overlay: a/b"), "utf-8")
    whole = ps.load(laid(shop, "c", "developer", "{id: z, says: z, overrides: be_warm}", on="a.yaml"))
    assert [one.overlay for one in whole.statements] == ["c", "a/b"]
    items = tuple(
        Item(id=one.id, principle=one.id, issue="i", value=one.id, span=at()) for one in whole.statements
    )
    labels = decide(Case(title="t", items=items, span=at()), Norms(whole)).labels
    assert labels == {"c/z": "in", "a/b/x/y": "out"}
    assert b"x/y" in ps.export_overlay(first, to="oscal").data


def test_two_overlays_of_one_name_cannot_be_told_apart(shop: Path) -> None:
    again = laid(shop, "shop2", "developer", "{id: a, says: x, overrides: be_warm}")
    again.write_text(again.read_text("utf-8").replace("overlay: shop2", "overlay: shop"), "utf-8")
    with pytest.raises(SourceError, match="two overlays are called `shop`"):
        ps.load(again)


def test_examples_of_what_is_changed_are_void_or_still_hold() -> None:
    upstream = spec(
        principle("kind", blocks=(example("kind-one"), example("kind-two"))),
        principle("other", blocks=(example("other-one"),)),
        levels=LEVELS,
    )
    overlay, _ = overlay_of(
        "{overlay: o, upstream: {source: u}, holder: developer, statements: "
        "[{id: s, says: x, overrides: kind, voids: [kind-one]}]}",
        "o.yaml",
    )
    assert overlay
    whole = resolved(check_overlays([overlay], upstream)).spec
    assert touched_examples(whole) == {"kind-one": True, "kind-two": False}
    said = {(s.rpartition("/")[2], o) for s, p, o in triples_of(whole) if p.endswith("exampleState")}
    assert said == {("kind-one", "void"), ("kind-two", "still-holds")}


OPERATIONS = [
    "overrides: [plain, tacit]",
    "overrides: {provision: plain, clause: says a word}",
    "overrides: fixed",
    "restates: [fixed, plain]",
    "narrows: plain, forbids: [tacit]",
    "adds: Rule, chapter: chapter",
    "adds: Other, level: guideline",
    "defines: word",
    "delegates: shelf, scope: [plain, talk]",
    "permits: plain, voids: [plain-ex]",
    "overrides: tacit, issue: talk, value: none, mode: implicit",
    "overrides: chapter",
]


@given(
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.text(max_size=20)), max_size=7),
    st.sampled_from(["system", "developer", "user"]),
    st.randoms(),
)
@settings(max_examples=25, deadline=None)
def test_any_resolved_spec_comes_back_and_order_does_not_matter(
    drawn: list[tuple[str, str]], holder: str, random: object
) -> None:
    upstream = spec(
        principle("chapter", authority="guideline", text="A word."),
        principle("plain", depth=2, parent="chapter", text="It says a word.", blocks=(example("plain-ex"),)),
        principle("tacit", depth=2, parent="chapter", authority="guideline", text="Softly."),
        principle("fixed", authority="root", text="Never."),
        levels=LEVELS,
    )
    lines = [f"{{id: s{n}, says: {json.dumps('x' + said)}, {one}}}" for n, (one, said) in enumerate(drawn)]

    def whole(texts: list[str]) -> ps.Spec:
        head = f"overlay: o\nupstream: {{source: u}}\nholder: {holder}\nstatements:\n"
        overlay, _ = overlay_of(head + "".join(f"  - {text}\n" for text in texts), "o.yaml")
        assert overlay
        return resolved(check_overlays([overlay], upstream)).spec

    found = whole(lines)
    assert from_triples(triples_of(found)) == found
    shuffled = [*lines]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert list(places_left_out(whole(shuffled))) == list(places_left_out(found))


def places_left_out(whole: ps.Spec) -> Iterator[tuple[object, ...]]:
    """Yield what a graph says, without the places in files, which do change with the order, and what is counted by them."""
    places = {"line", "column", "endLine", "endColumn"}
    yield from sorted(
        (str(s), str(p), str(o)) for s, p, o in triples_of(whole) if p.rpartition("#")[2] not in places
    )


def test_the_handbook_shows_a_statement_below_its_target_and_a_page_of_all(shop: Path) -> None:
    assert [one for one in ps.build_handbook(shop / "shop.yaml", shop / "site") if one.code == "sphinx"] == []
    page = (shop / "site" / "manners.html").read_text("utf-8")
    target, statement = page.index('id="be_kind"'), page.index('id="shop/no-greeting"')
    assert target < page.index("Overridden by", target) < statement
    assert "allowed: User level" in page[statement:]
    assert "There is a queue." in page[statement:]
    changes = (shop / "site" / "what-we-change.html").read_text("utf-8")
    told = " ".join(changes.partition("What we change")[2].split())
    assert all(word in told for word in ("Overrides", "Delegates", "Adds", "shop/dare", "root-is-fixed"))
    assert "Sell it." not in page + changes
    report = ps.resolve_overlay(shop / "shop.yaml").report
    cited = [one.decisive.quoted.cited for one in report.verdicts if one.decisive.quoted]
    assert cited
    assert [one for one in cited if one not in BeautifulSoup(changes, "html.parser").get_text()] == []


def test_prompts_come_below_what_an_overlay_says(run: Run, shop: Path) -> None:
    examples = shop / "examples"
    examples.mkdir()
    text = UPSTREAM.replace("greets people.", "greets people[^a1b2].")
    (shop / "model_spec.md").write_text(text, "utf-8")
    (examples / "a1b2.md").write_text("# Be kind\n\n~~~xml\n<user>\nHi\n</user>\n~~~\n", "utf-8")
    status, out, _ = run("prompts", shop, "--overlay", shop / "shop.yaml")
    (row,) = map(json.loads, out.splitlines())
    assert status == 0
    assert [message["role"] for message in row["input"]] == ["developer", "user"] == row["metadata"]["roles"]
    assert "Greet nobody." in row["input"][0]["content"]
    assert "Sell it." not in out
    assert (row["metadata"]["overlay"], len(row["metadata"]["overlay_sha256"])) == ("shop", 64)


def test_the_branch_of_the_example_may_say_all_that_it_says() -> None:
    path = REPOSITORY / "example_docs" / "branch.yaml"
    found = ps.resolve_overlay(path)
    wrong = [one for one in found.report.findings if one.severity is not ps.Severity.HINT]
    assert (wrong, found.report.refused) == ([], ())
    assert len(found.spec.statements) == len(found.report.overlays[0].statements) >= 6
    assert from_triples(triples_of(found.spec)) == found.spec


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_an_overlay_is_a_source_behind_a_byte_order_mark_too(shop: Path, mark: str) -> None:
    (shop / "shop.yaml").write_text(mark + (shop / "shop.yaml").read_text("utf-8"), "utf-8")
    assert ps.is_overlay(shop / "shop.yaml")
    assert ps.load(shop / "shop.yaml") == ps.resolve_overlay(shop / "shop.yaml").spec
