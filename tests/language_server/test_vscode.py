"""The extension for VS Code, without VS Code: what it declares is what the server, the readers and the directives know."""

from __future__ import annotations

import json
import os
import re
import runpy
import struct
import subprocess
import sys
import tomllib
import zipfile
from itertools import product
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import sphinx_policyspec as ps
from sphinx_policyspec.exports.schemas import format_schema
from sphinx_policyspec.identifiers.sites import ROLES
from sphinx_policyspec.language_server.roots import EditorSettings
from sphinx_policyspec.model import Definition, Example, Principle, Verdict
from sphinx_policyspec.readers.comments import ROLES as SPEAKERS
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.sphinx_ext.extension import directives, roles
from tests.conftest import REPOSITORY, require_tool
from tests.docs.test_dialect import ROWS, text_of

EXTENSION = REPOSITORY / "editors" / "vscode"
Rule = dict[str, Any]


def json_of(name: str) -> Any:
    return json.loads((EXTENSION / name).read_text("utf-8"))


PACKAGE = json_of("package.json")
CONTRIBUTED = PACKAGE["contributes"]
GRAMMARS = {one["scopeName"]: json_of(one["path"]) for one in CONTRIBUTED["grammars"]}
SNIPPETS = {one["language"]: json_of(one["path"]) for one in CONTRIBUTED["snippets"]}
VERDICTS = {"inserted": Verdict.GOOD, "deleted": Verdict.BAD, "changed": Verdict.OK}


# -- what it declares -----------------------------------------------------------------------


def test_its_version_and_licence_are_ours() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    assert (PACKAGE["version"], PACKAGE["license"]) == (project["version"], project["license"])


def test_every_setting_but_the_command_is_read_by_the_server() -> None:
    properties = CONTRIBUTED["configuration"]["properties"]
    other = {"runConf": True, "hints": "off", "annotations": "mine.yaml", "keepAliases": True}
    assert properties.keys() == {"policyspec.command", *(f"policyspec.{name}" for name in other)}
    defaults = {name.removeprefix("policyspec."): one["default"] for name, one in properties.items()}
    assert EditorSettings.of(defaults, is_trusted=True) == EditorSettings()
    for name, value in other.items():
        assert EditorSettings.of({name: value}, Path("/"), is_trusted=True) != EditorSettings(), name
    for value in properties["policyspec.hints"]["enum"]:
        assert EditorSettings.of({"hints": value}, is_trusted=False).hints == value
    client = (EXTENSION / "src" / "extension.js").read_text("utf-8")
    sent = re.search(r"const \{ ([\w, ]+) \} = vscode.workspace.getConfiguration\(NAME\)", client)
    assert sent
    assert set(sent[1].split(", ")) == other.keys()


def test_a_workspace_that_is_not_trusted_chooses_nothing_that_is_run() -> None:
    """VS Code heeds the list only where the support is limited."""
    trust = PACKAGE["capabilities"]["untrustedWorkspaces"]
    assert trust["supported"] == "limited"
    assert set(trust["restrictedConfigurations"]) == {"policyspec.command", "policyspec.runConf"}


def test_its_lock_names_no_registry_but_the_public_one() -> None:
    lock = json_of("package-lock.json")
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > 100
    assert lock["version"] == PACKAGE["version"]
    assert [name for name, one in packages.items() if not one.get("integrity")] == []
    resolved = {one["resolved"] for one in packages.values() if "resolved" in one}
    assert {one for one in resolved if not one.startswith("https://registry.npmjs.org/")} == set()
    needed = lock["packages"][""]["devDependencies"]
    assert needed == PACKAGE["devDependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in needed} == needed


def test_schemas_are_those_of_files_that_people_write(tmp_path: Path) -> None:
    tool = runpy.run_path(str(REPOSITORY / "tools" / "vsix.py"))
    tool["prepare"](tmp_path)
    for one in CONTRIBUTED["yamlValidation"]:
        Draft202012Validator.check_schema(json.loads((tmp_path / one["url"]).read_text("utf-8")))
    icon = (tmp_path / PACKAGE["icon"]).read_bytes()
    assert icon[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", icon[16:24]) == (128, 128)
    assert (tmp_path / "LICENSE").read_bytes() == (REPOSITORY / "LICENSE").read_bytes()


# -- its colours ----------------------------------------------------------------------------


def rules_of(value: Any) -> list[Rule]:
    """Return every rule of a grammar, wherever it stands."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return own + [rule for one in inner for rule in rules_of(one)]


def compiled(rule: Rule, key: str = "") -> re.Pattern[str]:
    """Compile what a rule looks for; of Oniguruma it uses one form that Python writes in another way."""
    pattern = rule.get(key) or rule.get("match") or rule["begin"]
    return re.compile(re.sub(r"\\x\{([0-9A-F]+)\}", lambda found: chr(int(found[1], 16)), pattern))


def named(language: str, name: str) -> Rule:
    rule: Rule = GRAMMARS[f"policyspec.{language}.injection"]["repository"][name]
    return rule


def test_each_grammar_is_sound() -> None:
    count = 0
    for scope, grammar in GRAMMARS.items():
        assert grammar["scopeName"] == scope
        for rule in rules_of(grammar):
            for key in ("match", "begin"):
                if key in rule:
                    count += 1
                    groups = compiled(rule, key).groups
                    captures = rule.get("captures") or rule.get("beginCaptures") or {}
                    assert all(int(number) <= groups for number in captures), (scope, rule)
            if "include" in rule:
                whose, mark, name = rule["include"].partition("#")
                known = GRAMMARS.get(whose or scope)
                assert not mark or (known and name in known["repository"]), rule
                assert known or whose in {"source.yaml", "source.rst", "text.html.markdown"}, rule
    assert count >= 20


def attributes(line: str) -> tuple[set[str], set[str]]:
    """Return the ids and levels that get their colours in a line."""
    rule = named("markdown", "attributes")
    ids: set[str] = set()
    levels: set[str] = set()
    for start in compiled(rule).finditer(line):
        end = compiled(rule, "end").search(line, start.end())
        inside = line[start.end() : end.start() if end else None]
        for part in rule["patterns"]:
            for found in compiled(part).finditer(inside):
                for number, capture in part["captures"].items():
                    if capture["name"].startswith("entity.other.attribute-name.id"):
                        ids.add(found[int(number)])
                    if capture["name"].startswith("constant.language.level"):
                        levels.add(found[int(number)])
    return ids, levels


SOUND = [text_of(row[0]) for row in ROWS if row[2] == "–"]


@pytest.mark.parametrize("text", [text for text in SOUND if text.startswith(("#", "   #")) and "{" in text])
def test_ids_and_levels_of_headings_have_colours(text: str) -> None:
    """Law: what the reader takes without a finding from the table of the dialect."""
    provisions = read_model_spec(text).spec.provisions
    wanted = (
        {one.id for one in provisions},
        {one.authority for one in provisions if isinstance(one, Principle)},
    )
    assert attributes(text) == wanted


@pytest.mark.parametrize("text", ["Words {like} these", "a {b", "x = {1: 2}", "{policy:term}`x`"])
def test_other_braces_have_none(text: str) -> None:
    assert attributes(text) == (set(), set())


def verdict(line: str) -> Verdict | None:
    rule = named("conversation", "verdict")
    found = compiled(rule).search(line)
    names = {number: one["name"].split(".") for number, one in rule["beginCaptures"].items()}
    said = [
        VERDICTS[name[1]]
        for number, name in names.items()
        if name[0] == "markup" and found and found[int(number)]
    ]
    return said[0] if said else None


@pytest.mark.parametrize("text", [text_of(row[0]) for row in ROWS if "<assistant> <!--" in row[0]])
def test_verdicts_have_the_colours_of_what_they_say(text: str) -> None:
    (example,) = (
        block
        for block in read_model_spec(f"# R {{#r}}\n\n{text}").spec.provisions[0].blocks
        if isinstance(block, Example)
    )
    (line,) = (line for line in text.splitlines() if line.startswith("<assistant>"))
    assert [verdict(line)] == [one.verdict for one in example.responses]


def test_signs_and_words_have_the_colours_of_what_they_say() -> None:
    """Law: what the reader makes of a sign, a word and what follows, in any combination."""
    signs, words = ("", *"✓✔✅✗✘❌", "✅\ufe0f"), ("", "GOOD", "bad", "Ok", "fine", "badly")
    told, shown = {}, {}
    for sign, word, tail in product(
        signs, words, ("", ": why", " - why", " [#r]", " [#r]: why", " why", ",")
    ):
        comment = f"{sign} {word}{tail}".strip()
        line = f"<assistant> <!-- {comment} -->"
        text = f"# R {{#r}}\n\n**Example**: a\n\n~~~xml\n<comparison>\n{line}\nHi\n</assistant>\n</comparison>\n~~~"
        (example,) = (
            one for one in read_model_spec(text).spec.provisions[0].blocks if isinstance(one, Example)
        )
        told[comment] = [one.verdict for one in example.responses]
        shown[comment] = [verdict(line)]
    assert len(told) > 300
    assert {comment: shown[comment] for comment in told if shown[comment] != told[comment]} == {}


@pytest.mark.parametrize("text", [text_of(row[0]) for row in ROWS if "[^" in row[0] and row[2] == "–"])
def test_eval_tags_have_colours(text: str) -> None:
    tags = {one.tag for one in read_model_spec(f"# R {{#r}}\n\n{text}", "x.md").spec.eval_tags}
    # A tag that does not have four signs is rare; the server, too, knows those of four alone.
    wanted = {tag for tag in tags if len(tag) == len("aa11")}
    assert {found[2] for found in compiled(named("markdown", "tag")).finditer(text)} == wanted


def test_every_directive_and_role_has_its_colours() -> None:
    for name in directives():
        for language, line in (("markdown", f"```{{policy:{name}}} A"), ("rst", f"   .. policy:{name}:: A")):
            found = compiled(named(language, "directive")).match(line)
            assert found
            assert (found[3], found[5]) == (f"policy:{name}", "A")
    for name in (*ROLES, *roles()):
        for language, text in (("markdown", f"{{policy:{name}}}`a <b>`"), ("rst", f":policy:{name}:`a <b>`")):
            found = compiled(named(language, "role")).search(text)
            assert found
            assert (found[2], found[5]) == (f"policy:{name}", "a <b>")


def test_every_speaker_has_its_colour() -> None:
    rule = compiled(named("conversation", "speaker"))
    for name in (*SPEAKERS, "comparison"):
        assert rule.fullmatch(f"<{name}>")
        assert rule.fullmatch(f"</{name}>")
    assert not rule.match("<b>")


# -- its snippets ---------------------------------------------------------------------------

_CHOICE = re.compile(r"\$\{(\d+)\|([^,|]*)[^|]*\|\}")
_PLACE = re.compile(r"\$\{(\d+):([^{}]*)\}")


def expanded(snippet: Rule) -> str:
    """Return the text of a snippet as it is where nothing is typed over what it offers."""
    text = "\n".join(snippet["body"])
    offered: dict[str, str] = {}

    def offer(found: re.Match[str]) -> str:
        return offered.setdefault(found[1], found[2])

    text = _PLACE.sub(offer, _CHOICE.sub(offer, text))
    return re.sub(r"\$(\d+)", lambda found: offered.get(found[1], ""), text)


def prefixed(language: str, prefix: str) -> dict[str, str]:
    return {
        one["prefix"]: expanded(one)
        for one in SNIPPETS[language].values()
        if one["prefix"].startswith(prefix)
    }


def test_no_two_snippets_have_one_prefix_and_all_have_their_places() -> None:
    for snippets in SNIPPETS.values():
        prefixes = [one["prefix"] for one in snippets.values()]
        assert len(prefixes) == len(set(prefixes))
        for one in snippets.values():
            body = "\n".join(one["body"])
            numbers = {int(number) for number in re.findall(r"\$\{?(\d+)", body)}
            assert numbers == set(range(max(numbers) + 1)), body
            assert "$" not in expanded(one)


def test_snippets_of_the_dialect_are_read_without_a_finding() -> None:
    parts = prefixed("markdown", "spec-")
    answer = parts.pop("spec-answer")
    assert answer.rstrip() in parts["spec-example"].replace("BAD: why", "GOOD: why").replace(
        "Another answer", "Answer"
    )
    order = ("section", "principle", "definition", "commentary", "example")
    reading = read_model_spec("\n\n".join(parts.pop(f"spec-{name}") for name in order))
    assert parts == {}
    assert [finding.message for finding in reading.findings] == []
    kinds = [type(block).__name__ for block in reading.spec.provisions[1].blocks]
    assert kinds == ["Prose", "Definition", "Commentary", "Example"]


def in_example(title: str, inner: list[str], *, is_myst: bool) -> str:
    """Return an example that holds other directives."""
    text = "\n\n".join(inner)
    if is_myst:
        return f"````{{policy:example}} {title}\n\n{text}\n````"
    return f".. policy:example:: {title}\n\n{indent(text, '   ')}"


LEVELS = {
    "root": "",
    "system": ":roles: system\n",
    "developer": "",
    "user": ":roles: user\n",
    "guideline": "",
}


@pytest.mark.filterwarnings("ignore:'(myst_parser|sphinxcontrib):PendingDeprecationWarning")
@pytest.mark.parametrize(("language", "suffix"), [("markdown", "md"), ("restructuredtext", "rst")])
def test_snippets_of_directives_are_read_without_a_finding(
    tmp_path: Path, language: str, suffix: str
) -> None:
    """All of them on one page, each where it belongs: nothing is told, and each declares what it should."""
    parts = prefixed(language, "policy-")
    is_myst = suffix == "md"
    assert parts.keys() == prefixed("markdown", "policy-").keys()
    head = "# Title\n" if is_myst else "Title\n=====\n"
    levels = [
        f"```{{policy:level}} {name}\n{role}```" if is_myst else f".. policy:level:: {name}\n   {role}"
        for name, role in LEVELS.items()
    ]
    section = "## Section\n" if is_myst else "Section\n-------\n"
    message, response, conversation = (
        parts.pop(f"policy-{name}") for name in ("message", "response", "conversation")
    )
    body = [
        head,
        parts.pop("policy-spec"),
        *levels,
        *(parts.pop(f"policy-{name}") for name in ("level", "topic", "goal", "definition", "principle")),
        section,
        parts.pop("policy-principle-section"),
        "The assistant should be kind.",
        *(parts.pop(f"policy-{name}") for name in ("prompt", "example")),
        in_example("Second", [message, response], is_myst=is_myst),
        in_example("Third", [conversation], is_myst=is_myst),
        *(parts.pop(f"policy-{name}") for name in ("commentary", "case", "principle-table", "query")),
    ]
    assert parts == {}
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']\n", "utf-8")
    (tmp_path / f"index.{suffix}").write_text("\n\n".join(body) + "\n", "utf-8")
    report = ps.check(tmp_path)
    assert [
        f"{one.span.line}: {one.message}" for one in report.findings if one.severity != ps.Severity.HINT
    ] == []
    spec = ps.load(tmp_path)
    definitions = [block for one in spec.provisions for block in one.blocks if isinstance(block, Definition)]
    declared = (
        spec.principles,
        spec.topics,
        spec.goals,
        spec.levels,
        definitions,
        spec.examples,
        spec.prompts,
    )
    assert [len(one) for one in declared] == [2, 1, 1, 6, 1, 3, 1]


def test_snippets_of_yaml_fit_their_schemas() -> None:
    parts = prefixed("yaml", "policyspec-")
    for name, schema in (("sidecar", "annotations"), ("case", "cases")):
        value = yaml.safe_load(parts.pop(f"policyspec-{name}"))
        Draft202012Validator(json.loads(format_schema(schema))).validate(value)
    assert parts == {}


# -- its package ----------------------------------------------------------------------------


@pytest.mark.slow
def test_it_is_packaged_from_npm_alone(tmp_path: Path) -> None:
    require_tool("npm")
    file = tmp_path / "policyspec.vsix"
    command = [sys.executable, str(REPOSITORY / "tools" / "vsix.py"), str(file)]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ})
    with zipfile.ZipFile(file) as package:
        names = set(package.namelist())
        licences = package.read("extension/dist/LICENSES.txt").decode()
    wanted = {PACKAGE["main"], PACKAGE["icon"], *(one["url"] for one in CONTRIBUTED["yamlValidation"])}
    wanted |= {one["path"] for one in (*CONTRIBUTED["grammars"], *CONTRIBUTED["snippets"])}
    assert {f"extension/{name.removeprefix('./')}" for name in wanted} <= names
    assert file.stat().st_size <= 100_000
    assert "vscode-languageclient 9" in licences
    assert "minimatch" in licences
