"""Places of ids that are found line by line are those that the model knows: there is no second reader of references."""

from __future__ import annotations

import ast
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.identifiers.directives import directives_in, is_unread
from sphinx_policyspec.identifiers.index import Index, things_of
from sphinx_policyspec.identifiers.sites import SUFFIXES, Form, sites_in
from sphinx_policyspec.model import Principle, Reference, Span, TargetKind
from sphinx_policyspec.model.attributes import ATTRIBUTES, kind_of_names
from sphinx_policyspec.sources import Loaded
from tests.conftest import REPOSITORY

ROOTS = ("test-twin-myst", "test-twin-rst", "test-links", "test-model-spec", "test-translated")


def index_of(loaded: Loaded) -> Index:
    index = Index()
    for path in (path for path in loaded.root.rglob("*") if path.suffix in SUFFIXES):
        index.update(path.relative_to(loaded.root).as_posix(), path.read_text("utf-8", "replace"))
    index.know(things_of(loaded.spec))
    return index


def missed(loaded: Loaded, index: Index) -> Iterator[Reference]:
    for reference in loaded.spec.references:
        at = reference.span
        found = index.references(reference.target_kind, reference.target)
        if not any(s.span.file == at.file and at.line <= s.span.line <= at.end_line for s in found):
            yield reference


def taken_for_unread(loaded: Loaded) -> Iterator[Reference]:
    """Yield what the model refers to from where completion would offer nothing."""
    texts: dict[str, list[str]] = {}
    for reference in loaded.spec.references:
        at = reference.span
        if at.file not in texts:
            texts[at.file] = (loaded.root / at.file).read_text("utf-8").split("\n")
        before = texts[at.file][at.line - 1][: at.column - 1]
        if is_unread(texts[at.file], at.line, before, is_rst=at.file.endswith(".rst")):
            yield reference


def test_every_reference_of_a_release_is_found(release_dir: Path) -> None:
    loaded = ps.load_checked(release_dir)
    assert len(loaded.spec.references) > 80
    assert list(missed(loaded, index_of(loaded))) == []
    assert list(taken_for_unread(loaded)) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.md", "```text\n[x](#|\n```\n[x](#"),
        ("a.md", "~~~\n```\n~~~ \n```python\n|"),
        ("a.md", "````{code-block} md\n```{note}\n[x](#|"),
        ("a.md", ":::{note}\n[x](#\n```{code} md\n[x](#|"),
        ("a.md", "Words.\n\n<!-- here\n\n[x](#|"),
        ("a.md", "Words <!-- [x](#|"),
        ("a.md", "% [x](#|"),
        ("a.rst", ".. code-block:: rst\n\n   :policy:principle:`|"),
        ("a.rst", "Words::\n\n   a\n\n   :policy:principle:`|"),
        ("a.rst", "..\n   words\n\n   :policy:principle:`|"),
        ("a.rst", ".. see :policy:principle:`|"),
        ("a.rst", "Words ``:policy:principle:`|"),
    ],
)
def test_nobody_reads_what_stands_in_code_and_comments(file: str, text: str) -> None:
    lines = text.replace("|", "").split("\n")
    at = text.partition("|")[0]
    number, before = at.count("\n") + 1, at.rpartition("\n")[2]
    assert is_unread(lines, number, before, is_rst=file == "a.rst")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.md", "```text\n```\n[x](#|"),
        ("a.md", "~~~xml\n<assistant> <!-- BAD [#|"),
        ("a.md", "~~~xml\n<user>\n<!-- a -->\n[x](#|"),
        ("a.md", "<!-- a\nb --> [x](#|"),
        ("a.md", "::::{note}\n:::{policy:principle}\n```text\n```\n[x](#|"),
        ("a.rst", ".. policy:prin|"),
        ("a.rst", ".. policy:principle:: X\n   :conflicts-with: |"),
        ("a.rst", ".. note::\n\n   .. _x:\n\n   :policy:principle:`|"),
        ("a.rst", "Words::\n\n   code\n\n:policy:principle:`|"),
        ("a.rst", ".. words\n\nAfter :policy:principle:`|"),
    ],
)
def test_somebody_reads_what_stands_elsewhere(file: str, text: str) -> None:
    lines = text.replace("|", "").split("\n")
    assert not is_unread(lines, len(lines), lines[-1], is_rst=file == "a.rst")


def test_what_is_found_in_a_release_is_a_reference_of_the_model(release_dir: Path) -> None:
    loaded = ps.load_checked(release_dir)
    known = {(one.target, one.span.file, one.span.line) for one in loaded.spec.references}
    file = loaded.spec.documents[0].file
    found = [
        site
        for site in index_of(loaded).sites(file)
        if site.form in {Form.LINK, Form.VERDICT} and not site.defines
    ]
    several = {(one.target, one.span.file, line) for one in loaded.spec.references for line in lines_of(one)}
    assert known <= several
    assert [site for site in found if (site.name, file, site.span.line) not in several] == []


def lines_of(reference: Reference) -> range:
    return range(reference.span.line, reference.span.end_line + 1)


def test_every_provision_of_a_release_is_defined_where_the_model_has_it(release_dir: Path) -> None:
    loaded = ps.load_checked(release_dir)
    index = index_of(loaded)
    for provision in loaded.spec.provisions:
        (site,) = index.definitions(TargetKind.PROVISION, provision.id)
        assert (site.span.file, site.span.line) == (provision.span.file, provision.span.line)
        assert site.span.end_column - site.span.column == len(provision.id)


@pytest.mark.parametrize("root", ROOTS)
def test_every_reference_and_principle_of_a_project_is_found(rootdir: Path, root: str) -> None:
    loaded = ps.load_checked(rootdir / root)
    index = index_of(loaded)
    assert loaded.spec.references
    assert list(missed(loaded, index)) == []
    assert list(taken_for_unread(loaded)) == []
    for provision in loaded.spec.provisions:
        if isinstance(provision, Principle):
            assert index.definitions(TargetKind.PROVISION, provision.id)
    for kind, declared in ((TargetKind.TOPIC, loaded.spec.topics), (TargetKind.GOAL, loaded.spec.goals)):
        assert [one.id for one in declared if not index.definitions(kind, one.id)] == []


def test_every_reference_of_the_example_spec_is_found(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "example_docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build"))
    loaded = ps.load_checked(tmp_path / "docs")
    assert len(loaded.spec.references) > 100
    assert list(missed(loaded, index_of(loaded))) == []
    assert list(taken_for_unread(loaded)) == []


def test_a_text_of_any_kind_is_looked_at_in_lines_and_gives_back_its_ids() -> None:
    text = (
        "```{policy:principle} Kind\n:id: kind\n:authority: user\n:topics: manners, tone\n:conflicts-with: fair\n"
        ":aliases: gentle\n```\n\nSee {policy:topic}`tone` and {policy:principle}`that <fair>`, [x](#fair), `[y](#code)`.\n"
    )
    found = {(site.kind, site.name, site.form.value, site.defines) for site in sites_in("a.md", text)}
    assert found == {
        ("provision", "kind", "option", True),
        ("provision", "gentle", "alias", True),
        ("level", "user", "option", False),
        ("topic", "manners", "option", False),
        ("topic", "tone", "option", False),
        ("topic", "tone", "role", False),
        ("provision", "fair", "option", False),
        ("provision", "fair", "role", False),
        ("provision", "fair", "link", False),
    }
    lines = text.split("\n")
    for site in sites_in("a.md", text):
        assert lines[site.span.line - 1][site.span.column - 1 : site.span.end_column - 1] == site.name


def test_keys_of_sidecars_and_cases_name_what_the_table_says() -> None:
    sidecar = "topics:\n  - id: tone\n    broader: [manners]\nprovisions:\n  kind:\n    topics: tone\n    refines: [fair]\n    aliases: [gentle]\n"
    found = [(site.kind, site.name, site.defines) for site in sites_in("a.yaml", sidecar)]
    assert found == [
        ("topic", "tone", True),
        ("topic", "manners", False),
        ("provision", "kind", False),
        ("topic", "tone", False),
        ("provision", "fair", False),
        ("provision", "gentle", True),
    ]
    cases = "- about: kind\n  items:\n    - {id: a, issue: tone, value: warm, principle: kind, level: user}\n    - {id: b, issue: tone, value: cold, from: user}\n"
    found = [(site.kind, site.name, site.defines) for site in sites_in("c.yaml", cases)]
    assert found == [
        ("provision", "kind", False),
        ("provision", "kind", False),
        ("level", "user", False),
        ("role", "user", False),
    ]
    assert sites_in("a.yaml", "topics: [") == ()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("provisions:\n  &k be_kind: {}\n  brief: {prefer-over: [*k]}\n", ["be_kind", "brief"]),
        ("topics: [{id: &h fair}]\nprovisions: {a: {topics: *h}}\n", ["fair", "a"]),
        ('provisions: {"be\\u005fkind": {prefer-over: ["b\\x61"]}}\n', ["be\\u005fkind", "b\\x61"]),
        ("provisions:\n  a:\n    prefer-over: >-\n      be_kind\n", ["a", "be_kind"]),
        ("provisions: {!!str str: {prefer-over: &ba ba}, 'be_kind': {}}\n", ["str", "ba", "be_kind"]),
        ("\ufeffprovisions: {be_kind: {prefer-over:\n ba}}\n", ["be_kind", "ba"]),
        ("\ufeff# A {#ab authority=user}\n", ["ab", "user"]),
    ],
)
def test_an_id_in_any_style_has_one_place(text: str, places: list[str]) -> None:
    sites = sites_in("a.md" if "#" in text else "a.yaml", text)
    lines = text.split("\n")
    spans = [site.span for site in sites]
    assert [lines[span.line - 1][span.column - 1 : span.end_column - 1] for span in spans] == places
    assert all(
        str(ast.literal_eval(f'"{place}"')) == site.name for place, site in zip(places, sites, strict=True)
    )


def test_what_an_option_names_is_said_once() -> None:
    for row in ATTRIBUTES:
        assert kind_of_names(row.owner, row.key) == row.names
    assert kind_of_names("principle", "topics") == "topic"
    assert kind_of_names("principle-list", "topic") == "topic"
    assert kind_of_names("principle", "since") == ""


@pytest.mark.parametrize("file", ["a.md", "a.rst", "a.yaml"])
@settings(max_examples=60)
@given(data=st.data())
def test_no_text_is_too_odd(file: str, data: st.DataObject) -> None:
    pieces = st.sampled_from(
        [
            "```{policy:principle} ",
            "\n",
            ":id:",
            " x",
            "`",
            "{policy:topic}`",
            "[a](#",
            ")",
            ".. policy:example::",
            "<!--",
            "\t",
            "é🦉",
            "- ",
            "---",
            "{",
            "}",
            "&a",
            "*a",
            "\0",
            "\r",
        ]
    )
    text = "".join(data.draw(st.lists(pieces, max_size=30)))
    lines = text.split("\n")
    for site in sites_in(file, text):
        assert 1 <= site.span.line <= len(lines)
        assert isinstance(site.span, Span)
    list(directives_in(lines, is_rst=file.endswith("rst")))


def test_a_long_line_costs_linear_time() -> None:
    for unit in ("[", "](#", "{policy:topic}`", "`", "<!-- ", "# {#", "\\", "[^", ":policy:topic:`"):
        text = unit * (200_000 // len(unit))
        assert sys.getsizeof(sites_in("a.md", text)) >= 0
        assert sys.getsizeof(sites_in("a.rst", text)) >= 0
