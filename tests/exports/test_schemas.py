"""The JSON Schema of sidecars: what the reader takes, and what it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sphinx_policyspec.cli import commands
from sphinx_policyspec.exports.schemas import format_schema, json_schema
from sphinx_policyspec.model.attributes import MAPPINGS, PROVISIONS, SidecarPart
from sphinx_policyspec.readers.annotations import read_annotations, shipped_annotations
from sphinx_policyspec.readers.cases import read_cases
from tests.conftest import REPOSITORY

SCHEMA = json_schema("annotations")
FILE = REPOSITORY / "sphinx_policyspec" / "schemas" / "annotations.schema.json"

WHOLE = """\
spec: {title: A spec, name: manners, version: 2026-01-15, issued: 2026-01-15, license: MIT, publisher: Us, base-iri: "urn:x:"}
reader: {ids: path, skip: [Notes, be_old], principles: depth>=3, level: law, clauses: bullets}
levels:
  - {id: law, title: The law, text: Nobody overrides it., override: never}
  - {id: habit, override: implicit, roles: [user, developer]}
topics:
  - {id: honesty, label: Honesty, text: Telling what is so., alt-labels: [lie, truthful], same-as: "urn:x:honesty", broader: virtue, related: [trust]}
  - id: 404
goals:
  - {id: trust, title: Trust, text: Readers can rely on it.}
priorities: {goals: [trust], order: strict}
provisions:
  be_brief:
  be_kind:
    topics: honesty
    aliases: [kindness, 1984]
    level: law
    status: draft
    since: 1.0
    serves: [trust]
    exception-to: [be_brief]
    exempts: [restricted]
    category: yes
    prefer-over: be_quick
    conflicts-with: []
    refines:
    clauses:
      - {text: by default, level: user, permits-by: developer}
"""
WHOLE += "".join(
    f"    {key.name}: {'[urn:x:y]' if key.many else 'x'}\n"
    for key in PROVISIONS.keys
    if f"    {key.name}:" not in WHOLE
)

BROKEN = {
    "a list at the top": "- topics",
    "an unknown key of the file": "topic: []",
    "an unknown key of the spec": "spec: {titel: A spec}",
    "levels that are no list": "levels: {id: law}",
    "a level without an id": "levels: [{title: The law}]",
    "an unknown mode of overriding": "levels: [{id: law, override: nevre}]",
    "a rule of ids that there is none of": "reader: {ids: titles}",
    "an unknown key of the reader": "reader: {depth: 3}",
    "an order that there is none of": "priorities: {goals: [trust], order: lax}",
    "a topic that is a text": "topics: [honesty]",
    "a topic without an id": "topics: [{label: Honesty}]",
    "an id that is empty": "topics: [{id: }]",
    "an unknown key of a topic": "topics: [{id: honesty, alt_labels: [lie]}]",
    "a label that is a list": "topics: [{id: honesty, label: [Honesty]}]",
    "a goal with an unknown key": "goals: [{id: trust, label: Trust}]",
    "provisions that are a list": "provisions: [be_kind]",
    "a provision that is a list of topics": "provisions: {be_kind: [honesty]}",
    "an unknown key of a provision": "provisions: {be_kind: {preferred-over: [x]}}",
    "a category that is a list": "provisions: {be_kind: {category: [restricted]}}",
    "a clause without words": "provisions: {be_kind: {clauses: [{level: user}]}}",
    "an unknown key of a clause": "provisions: {be_kind: {clauses: [{text: by default, levl: user}]}}",
    "topics that are a mapping": "provisions: {be_kind: {topics: {honesty: yes}}}",
    "a topic within a list within a list": "provisions: {be_kind: {topics: [[honesty]]}}",
}


class Loader(yaml.SafeLoader):
    """YAML as editors read it: a date is a text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def problems(text: str) -> list[str]:
    """Return what the schema says of a file."""
    value = yaml.load(text, Loader)  # a SafeLoader that knows one type fewer
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(value)]


def codes(text: str, folder: Path) -> list[str]:
    """Return the findings of the reader."""
    file = folder / "sidecar.yaml"
    file.write_text(text, encoding="utf-8")
    return [finding.code for finding in read_annotations(file).findings]


def test_the_schema_is_one_of_draft_2020_12() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]


def test_the_shipped_file_is_what_the_declaration_gives() -> None:
    assert FILE.read_text("utf-8") == format_schema("annotations"), (
        f"policyspec schema annotations > {FILE.relative_to(REPOSITORY)}"
    )


def test_the_command_prints_it() -> None:
    result = CliRunner().invoke(commands, ["schema", "annotations"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == SCHEMA


def test_the_shipped_sidecar_names_the_schema_and_fits_it() -> None:
    sidecar = shipped_annotations()
    text = sidecar.read_text("utf-8")
    name = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (sidecar.parent / name).resolve() == FILE
    assert problems(text) == []


def test_a_file_with_every_key_fits_and_is_read_without_a_finding(tmp_path: Path) -> None:
    assert problems(WHOLE) == []
    assert codes(WHOLE, tmp_path) == []
    whole: dict[str, Any] = yaml.safe_load(WHOLE)
    assert list(whole) == [part.name for part in MAPPINGS]
    for part in MAPPINGS:
        assert keys_of(whole[part.name], part) == set(part.names)
        for inner in part.parts:
            items = [
                item for value in whole[part.name].values() for item in (value or {}).get(inner.name, ())
            ]
            assert keys_of(items, inner) == set(inner.names)


def keys_of(value: Any, part: SidecarPart) -> set[str]:
    """Return the keys that the items of a part of a file have."""
    items = {"one": [value], "list": value}.get(part.holds) or value.values()
    return {key for item in items for key in item or ()}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_what_does_not_fit_is_found_by_the_editor_and_by_the_reader(text: str, tmp_path: Path) -> None:
    assert problems(text) != []
    assert codes(text, tmp_path) != []


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(0, 9), st.sampled_from(["never", "x", "2026-01-15"])
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=2),
    st.lists(st.lists(SCALARS, max_size=1), max_size=1),
    st.dictionaries(st.just("id"), SCALARS, max_size=1),
)
KEYS = st.sampled_from(sorted({"other", *(name for part in MAPPINGS for name in part.names)}))
ITEMS = st.one_of(VALUES, st.dictionaries(KEYS, VALUES, max_size=3))
FILES = st.dictionaries(
    st.sampled_from(["other", *(part.name for part in MAPPINGS)]),
    st.one_of(
        VALUES, ITEMS, st.lists(ITEMS, max_size=1), st.dictionaries(st.just("be_kind"), ITEMS, max_size=1)
    ),
    max_size=2,
)


@settings(max_examples=300, deadline=None)
@given(FILES)
def test_schema_and_reader_agree_on_every_file(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, Any]
) -> None:
    text = yaml.safe_dump(value)
    assert (problems(text) == []) == (codes(text, tmp_path_factory.getbasetemp()) == []), text


CASE_SCHEMA = json_schema("cases")
WHOLE_CASE = """\
- title: everything
  about: be_kind
  example: a greeting
  semantics: {strict: false, interactive: false, first_party: true}
  items:
    - {id: a, issue: x, value: 1, from: user, turn: 1, mode: implicit, quoted: true, source: s, active: false}
    - {id: b, issue: x, value: y, principle: be_kind, level: user, category: c, exempts: a, mistaken: true}
    - {id: c, issue: x, value: true, level: user, irreversible: true, delegates: {source: s, scope: [x]}}
  compatible: {x: [[1, y]]}
  expect:
    labels: {a: not-a-candidate}
    outcomes: {x: {status: permit}, y: [1, 2], z: true}
    duties: {disclose: [a], confirm: []}
"""
BROKEN_CASES = [
    "a text",
    "[]",
    "items: []",
    "title: none",
    "items: [{id: a, issue: x, from: user}]",
    "items: [{id: a, issue: x, value: [1], from: user}]",
    "items: [{id: a, issue: x, value: 1, form: user}]",
    "items: [{id: a, issue: x, value: 1, mode: shy}]",
    "items: [{id: a, issue: x, value: 1, turn: soon}]",
    "items: [{id: a, issue: x, value: 1, delegates: {source: s}}]",
    "{items: [{id: a, issue: x, value: 1}], semantics: {strikt: true}}",
    "{items: [{id: a, issue: x, value: 1}], semantics: {strict: 1}}",
    "{items: [{id: a, issue: x, value: 1}], compatible: {x: [[1]]}}",
    "{items: [{id: a, issue: x, value: 1}], expect: {labels: {a: inn}}}",
    "{items: [{id: a, issue: x, value: 1}], expect: {outcomes: {x: {status: may}}}}",
    "{items: [{id: a, issue: x, value: 1}], expect: {duties: {tell: [a]}}}",
]


def case_problems(text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(CASE_SCHEMA).iter_errors(yaml.load(text, Loader))]


def case_findings(text: str) -> list[str]:
    read, findings = read_cases(text, "case.yaml")
    return [finding.code for finding in (*findings, *(found for item in read for found in item.findings))]


def test_the_shipped_schema_of_cases_is_what_the_declaration_gives() -> None:
    Draft202012Validator.check_schema(CASE_SCHEMA)
    file = FILE.with_name("cases.schema.json")
    assert file.read_text("utf-8") == format_schema("cases"), (
        f"policyspec schema cases > {file.relative_to(REPOSITORY)}"
    )


def test_a_case_with_every_key_fits_and_is_read_without_a_finding() -> None:
    assert case_problems(WHOLE_CASE) == []
    assert case_findings(WHOLE_CASE) == []


@pytest.mark.parametrize("text", BROKEN_CASES)
def test_what_does_not_fit_a_case_is_found_by_the_editor_and_by_the_reader(text: str) -> None:
    assert case_problems(text) != []
    assert case_findings(text) != []
