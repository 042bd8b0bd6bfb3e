"""What commands print as JSON is one object, whatever they are given, and fits the JSON Schema that is published for it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from jsonschema import Draft202012Validator

import sphinx_policyspec as ps
from sphinx_policyspec.cli.main import commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Run

OLD = """\
# Rules {#rules}

## Be kind {#be_kind authority=user}

The assistant is kind, see [?](#tell_truth) and [?](#nobody).

~~~xml
<user>Say that I am right.</user>
<assistant> <!-- BAD -->
You are right.
</assistant>
~~~

## Tell the truth {#tell_truth authority=root}

Never lie[^a1b2].
"""
NEW = (
    OLD.replace("is kind", "must be kind")
    .replace("authority=root", "authority=user")
    .replace("## Tell", "## Keep it short {#be_brief authority=guideline}\n\nUse few words.\n\n## Tell")
)
CASES = """\
- title: somebody wants a lie
  items:
    - {id: truth, principle: tell_truth, issue: lie, value: no}
    - {id: wish, from: user, turn: 1, issue: lie, value: yes}
    - {id: count, from: user, turn: 1, issue: words, value: 3}
  expect: {labels: {truth: in}}
- items: [{id: brief, principle: be_brief, issue: length, value: short}]
"""
TRIAGE = """- prompt: p1
  principle: be_kind
  model: m1
  defect: model-defect
  why: It mocks the reader.
  who: A. Reader
  date: 2026-02-01
"""
OVERLAY = """overlay: shop
upstream: {source: all/2026-02-01}
holder: developer
statements:
  - {id: gruff, says: Be gruff., overrides: be_kind}
  - {id: liar, says: Lie., overrides: tell_truth, mode: implicit}
"""
SIDECAR = "topics: [{id: honesty}]\nprovisions: {be_kind: {topics: honesty}, tell_truth: {topics: honesty}}\n"

ALIGNMENT = """# mapping_set_id: https://example.org/alignment
# curie_map: {one: 'https://example.org/one/provision/', two: 'https://example.org/two/provision/'}
subject_id\tpredicate_id\tobject_id\tmapping_justification\tsubject_digest
one:be_kind\tskos:exactMatch\ttwo:be_kind\tsemapv:ManualMappingCuration\tabc
"""

COMMANDS = {
    "agenda": "draft NEW next --format json",
    "near-duplicates": "draft NEW like NEW_TEXT --format json",
    "align-check": "align check ONE TWO ALIGNMENT --format json",
    "align-update": "align update ALIGNMENT --fill TWO --format json",
    "changelog": "changelog OLD NEW --format json",
    "check": "check NEW --format json",
    "context": "context NEW --about be_kind --since OLD --results RESULTS --include-evals --format json",
    "context of a pair": "context NEW --pair be_kind tell_truth --format json",
    "context of cases": "context NEW --case CASES --format json",
    "diff": "diff OLD NEW --format json",
    "diff with cases": "diff OLD NEW --cases CASES --format json",
    "feedback-report": "feedback NEW --feedback REGISTER --format json",
    "history": "history ALL be_kind --format json",
    "judge": "judge OLD NEW --format json",
    "judge with judgements": "judge OLD NEW --judgements SAID --format json",
    "diff with judgements": "diff OLD NEW --judgements SAID --format json",
    "lock": "lock OLD",
    "propose-check": "propose check NEW PROPOSAL --format json",
    "lock-check": "lock NEW --check LOCK --format json",
    "query": "query NEW hard-rules --format json",
    "query of terms": "query NEW --sparql 'SELECT ?s ?o ?none { ?s ps:line ?o }' --format json",
    "query for a truth": "query NEW --sparql 'ASK { ?s ps:line 1 }' --format json",
    "questions": "query --list --format json",
    "overlay-check": "overlay check OVERLAY --upstream NEW --format json",
    "overlay-import": "overlay import AGENTS --upstream NEW --format json",
    "overlay-rebase": "overlay rebase OVERLAY --upstream OLD --next NEW --format json",
    "reason": "reason NEW --format json",
    "resolve": "resolve NEW CASES --format json",
    "resolve-each": "resolve ONE TWO EACH --alignment ALIGNMENT --format json",
    "results": "results NEW RESULTS --compare m1 m2 --triage TRIAGE --format json",
    "stats": "stats NEW",
    "trends": "stats ALL --trends --depth 2",
    "survey": "survey NEW CASES --format json",
    "baseline": "check NEW --format baseline",
}
BAD = {
    "agenda": ("draft nowhere next --format json", "does not exist"),
    "near-duplicates": ("draft NEW like nowhere --format json", "no such file"),
    "resolve-each": ("resolve ONE nowhere CASES --alignment ALIGNMENT --format json", "does not exist"),
    "align-check": ("align check ONE nowhere ALIGNMENT --format json", "does not exist"),
    "align-update": ("align update ALIGNMENT --fill nowhere --format json", "does not exist"),
    "changelog": ("changelog OLD nowhere --format json", "does not exist"),
    "check": ("check nowhere --format json", "does not exist"),
    "check of a graph": ("check BROKEN --format json", ""),
    "check with a baseline": ("check NEW --baseline LOCK --format json", "is not a baseline"),
    "context": ("context NEW --about be_knd --format json", "did you mean `be_kind`"),
    "context in little": ("context NEW --about be_kind --budget 9 --format json", "or 0 for no limit"),
    "diff": ("diff OLD nowhere --format json", "does not exist"),
    "diff with cases": ("diff OLD NEW --cases nowhere --format json", "does not exist"),
    "feedback-report": ("feedback nowhere --feedback REGISTER --format json", "does not exist"),
    "history": ("history ALL be_knd --format json", "did you mean `be_kind`"),
    "judge": ("judge OLD nowhere --format json", "does not exist"),
    "judge with judgements": ("judge OLD NEW --judgements LIST --format json", "not YAML"),
    "propose-check": ("propose check nowhere PROPOSAL --format json", "does not exist"),
    "lock-check": ("lock NEW --check CASES --format json", "not a lock"),
    "query": ("query NEW hard-rule --format json", "did you mean `hard-rules`"),
    "query in SPARQL": ("query NEW --sparql 'SELECT nothing' --format json", ""),
    "overlay-check": ("overlay check OVERLAY --upstream nowhere --format json", "does not exist"),
    "overlay-import": ("overlay import nowhere --upstream NEW --format json", "does not exist"),
    "overlay-rebase": ("overlay rebase OVERLAY --next nowhere --format json", "does not exist"),
    "reason": ("reason BROKEN --format json", ""),
    "resolve": ("resolve OLD nowhere --format json", "does not exist"),
    "results": ("results nowhere RESULTS --format json", "does not exist"),
    "results compared": ("results NEW RESULTS --compare m1 m3 --format json", "no run or model"),
    "stats": ("stats nowhere", "does not exist"),
    "trends": ("stats nowhere --trends", "does not exist"),
    "survey": ("survey nowhere --format json", "does not exist"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two releases, cases, a lock, and a graph file that is none."""
    monkeypatch.chdir(tmp_path)
    for version, text in (("2026-01-01", OLD), ("2026-02-01", NEW)):
        Path("all", version).mkdir(parents=True)
        Path("all", version, "model_spec.md").write_text(text, "utf-8")
    Path("cases.yaml").write_text(CASES, "utf-8")
    # Both specs have this id: whose the case means is said.
    Path("each.yaml").write_text(CASES.replace("tell_truth", "'one:tell_truth'"), "utf-8")
    Path("side.yaml").write_text(SIDECAR, "utf-8")
    Path("broken.ttl").write_text("<a> <b> .", "utf-8")
    said = ps.judge("all/2026-01-01", "all/2026-02-01", annotate=False).judgement(
        "be_kind", "tightening", evidence="It is a duty.", who="A. Reader"
    )
    ps.write_judgement("said.yaml", said)
    rows = [
        {"prompt": f"p{n}", "model": model, "value": n % 2, "section_id": "be_kind"}
        for model in ("m1", "m2")
        for n in range(6)
    ]
    Path("results.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    Path("triage.yaml").write_text(TRIAGE, "utf-8")
    Path("overlay.yaml").write_text(OVERLAY, "utf-8")
    Path("feedback.yaml").write_text(
        "- {id: a, title: Odd, provisions: be_kind, quote: kind, kind: wish}\n- {id: b, title: Odd}\n",
        "utf-8",
    )
    Path("proposal.md").write_text(
        "---\nid: p\ntitle: Odd\nagainst: {release: 2026-02-01}\nedits: [{provision: be_kind, level: root}]\n---\n",
        "utf-8",
    )
    Path("AGENTS.md").write_text("# Ours\n\n- Never be gruff; see @lost.md.\n", "utf-8")
    Path("x.sssom.tsv").write_text(ALIGNMENT, "utf-8")
    for name, source in (("one", "all/2026-01-01"), ("two", "all/2026-02-01")):
        based = replace(ps.load(source, annotate=False), name=name, base_iri=f"https://example.org/{name}/")
        ps.write_rdf(based, f"{name}.nt", "nt")
    Path("list.yaml").write_text("- [", "utf-8")
    Path("policyspec.lock").write_text(ps.render(ps.lock("all/2026-01-01"), "json"), "utf-8")
    return tmp_path


def words(command: str) -> list[str]:
    named = {
        "OLD": "all/2026-01-01", "NEW": "all/2026-02-01", "ALL": "all", "CASES": "cases.yaml", "EACH": "each.yaml",
        "LOCK": "policyspec.lock", "BROKEN": "broken.ttl", "SAID": "said.yaml", "LIST": "list.yaml",
        "RESULTS": "results.jsonl", "TRIAGE": "triage.yaml", "OVERLAY": "overlay.yaml", "AGENTS": "AGENTS.md",
        "ONE": "one.nt", "TWO": "two.nt", "ALIGNMENT": "x.sssom.tsv",
        "REGISTER": "feedback.yaml", "PROPOSAL": "proposal.md", "NEW_TEXT": "all/2026-02-01/model_spec.md",
    }  # fmt: skip
    before, quote, rest = command.partition("'")
    query, _, after = rest.partition("'")
    parts = [*before.split(), *([query] if quote else []), *after.split()]
    given = [named.get(part, part) for part in parts]
    sources = 2 if "ONE" in parts else 1
    return given if "--list" in given else [*given, *(["--annotations", "side.yaml"] * sources)]


def fitting(name: str, text: str) -> dict[str, Any]:
    """Return a JSON object that fits the schema of that name."""
    told = json.loads(text)
    assert isinstance(told, dict)
    schema = ps.json_schema(name.partition(" ")[0])
    assert [error.message for error in Draft202012Validator(schema).iter_errors(told)] == []
    return told


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_fits_its_schema(run: Run, name: str) -> None:
    status, out, _ = run(*words(COMMANDS[name]))
    told = fitting(name, out)
    assert status == (
        1 if name in {"check", "lock-check", "overlay-check", "overlay-rebase", "resolve"} else 0
    )
    assert not told.get("errors")
    assert any(told.values())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_done_is_told_in_the_same_form(run: Run, name: str) -> None:
    command, why = BAD[name]
    status, out, err = run(*words(command))
    told = fitting(name, out)
    assert status == 2
    assert [*told] == ["findings", "errors"]
    assert why in told["errors"][0]["message"]
    assert told["errors"][0]["message"].partition("\n")[0][:40] in err


def in_json() -> dict[str, click.Command]:
    """Return the commands that can print JSON, all of which are told so."""
    context = click.Context(commands)
    found = {name: commands.get_command(context, name) for name in commands.list_commands(context)}
    forms = {
        name: param.type.choices
        for name, command in found.items()
        for param in (command.params if command else ())
        if param.name == "form" and isinstance(param.type, click.Choice)
    }
    return {name: command for name, command in found.items() if command and "json" in forms.get(name, ())}


def misuses(command: click.Command) -> Iterator[list[str]]:
    """Yield what no command line of a command can hold: too few words, an unknown option, bad values of each option."""
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    sources = ["nowhere"] * sum(param.required for param in arguments)
    if sources:
        yield []
        yield ["" for _ in sources]
        yield ["a\udcff" for _ in sources]
    yield [*sources, "--nonsense"]
    for param in command.params:
        option = max(param.opts, key=len)
        if not isinstance(param, click.Option) or param.is_flag:
            continue
        if param.name != "form":
            yield [*sources, option]
        bad = isinstance(param.type, click.Choice | click.DateTime)
        if (bad and param.name != "form") or (isinstance(param.type, click.Path) and param.type.exists):
            yield [*sources, option, "nonsense"]
        if param.callback:
            yield [*sources, option, "non sense"]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", in_json())
def test_a_misused_command_says_so_in_the_format_that_it_was_asked_for(run: Run, name: str) -> None:
    for given in [*misuses(in_json()[name]), ["nowhere", "elsewhere", "one", "more"]]:
        status, out, err = run(name, "--format", "json", *given)
        told = json.loads(out)
        assert (status, [*told], told["findings"]) == (2, ["findings", "errors"], []), given
        assert told["errors"][0]["message"].encode(errors="replace").decode() in err, given


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["resolve", "survey", "diff with cases"])
def test_cases_that_cannot_be_decided_are_findings_and_are_told_however_quiet(run: Run, name: str) -> None:
    text = CASES.replace("principle: tell_truth", "principle: tell_trth")
    Path("cases.yaml").write_text(f"{text}- {{items: 3}}\n", "utf-8")
    status, out, err = run(*words(COMMANDS[name]), "-q")
    found = [(finding["code"], finding["line"]) for finding in fitting(name, out)["findings"]]
    assert status == 2
    assert {("unknown-provision", 3), ("wrong-type", 8)} <= set(found)
    assert err.count("error: ") == len(found)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["check", "diff", "query", "resolve", "stats"])
def test_an_output_is_what_would_be_printed(run: Run, name: str) -> None:
    printed = run(*words(COMMANDS[name]))[1]
    assert run(*words(COMMANDS[name]), "-o", "out.json")[1] == ""
    assert Path("out.json").read_text("utf-8") == printed


def test_schemas_are_valid_and_each_is_of_something_that_is_run() -> None:
    for name in ps.list_schemas():
        Draft202012Validator.check_schema(ps.json_schema(name))
    assert {*ps.list_schemas()} == {name.partition(" ")[0] for name in COMMANDS} | {
        "annotations",
        "feedback",
        "feedback-map",
        "proposal",
        "decision-record",
        "triage",
        "result-map",
        "overlay",
        "cases",
        "judgements",
        "publish",  # tests/publishing: it needs a server
    }


@pytest.mark.usefixtures("folder")
def test_a_schema_takes_no_key_that_it_does_not_name(run: Run) -> None:
    for name in ("check", "diff with cases", "resolve", "history"):
        told = json.loads(run(*words(COMMANDS[name]))[1])
        validator = Draft202012Validator(ps.json_schema(name.partition(" ")[0]))
        assert validator.is_valid(told)
        assert not validator.is_valid({**told, "more": 1}), name
        assert not validator.is_valid({key: told[key] for key in list(told)[1:]}), name


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name
        for name in COMMANDS
        if name not in {"lock-check", "diff with judgements"}
        and not name.startswith(("align", "feedback-", "near-", "overlay-", "propose-", "resolve-each"))
    ],
)
def test_what_a_command_prints_of_the_model_spec_fits_its_schema(
    run: Run, model_spec_data: Path, name: str
) -> None:
    named = {"all": "", "all/2026-01-01": "2025-04-11", "all/2026-02-01": "2025-09-12"}
    tests = Path(__file__).parents[1]
    others = {
        "cases.yaml": str(tests / "decision" / "cases" / "letter_and_spirit.yaml"),
        "results.jsonl": str(tests / "evals" / "logs" / "plain.jsonl"),
        "tell_truth": "do_not_lie",
    }
    given = [
        str(model_spec_data / named[word]) if word in named else others.get(word, word)
        for word in words(COMMANDS[name])
        if word not in {"--annotations", "side.yaml", "--triage", "triage.yaml"}
    ]
    status, out, _ = run(*given)
    assert status < 2
    fitting(name, out)
