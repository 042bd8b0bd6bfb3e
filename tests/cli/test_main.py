"""The command line as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

import sphinx_policyspec as ps
from sphinx_policyspec.cli import commands, options
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph import terms
from tests.conftest import REPOSITORY, Run, require_tool, spec

SPEC = """# Manners {#manners}

Some prose that refers to [?](#be_kind).

## Be kind {#be_kind authority=user}

The assistant is kind, and never lies.

**Example**: a greeting

~~~xml
<user>
Hello
</user>
<comparison>
<assistant> <!-- GOOD -->
Hello to you
</assistant>
<assistant> <!-- BAD: cold -->
What?
</assistant>
</comparison>
~~~

## Keep the law {#keep_the_law authority=root}

The assistant breaks no law.
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "model_spec.md"
    file.write_text(SPEC, encoding="utf-8")
    return file


def test_stats_counts_as_json_and_as_text(run: Run, source: Path) -> None:
    status, out, _ = run("stats", source, "--no-annotations")
    numbers = json.loads(out)
    assert status == 0
    assert (numbers["sections"], numbers["principles"], numbers["examples"]) == (3, 2, 1)
    assert numbers["principles_by_level"] == {"root": 1, "user": 1}
    assert numbers["verdicts"] == {"GOOD": 1, "BAD": 1}
    status, out, _ = run("stats", source, "--format", "text")
    assert status == 0
    assert "principles by level  root 1, user 1" in out
    assert out.endswith(
        "Root level: no message may override it.\n"
        "User level: system messages, developers and users may override it if they say so explicitly.\n"
    )


def test_stats_equal_the_published_counts(run: Run, release_dir: Path) -> None:
    expected = json.loads((release_dir.parent / "expected_counts.json").read_text(encoding="utf-8"))
    _, out, _ = run("stats", release_dir, "--quiet")
    assert json.loads(out) == expected["releases"][release_dir.name]


@pytest.mark.parametrize("form", ["ttl", "nt", "nq", "trig", "jsonld", "rdf"])
def test_a_graph_file_is_a_source_that_gives_the_same_graph(
    run: Run, source: Path, tmp_path: Path, form: str
) -> None:
    first, second = tmp_path / f"a.{form}", tmp_path / f"b.{form}"
    assert run("graph", source, "-o", first)[0] == 0
    assert run("graph", first, "-o", second, "--no-annotations") == (0, "", "")
    assert first.read_bytes() == second.read_bytes()


def test_a_graph_keeps_the_names_that_it_was_given(run: Run, source: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.nt", tmp_path / "b.nt"
    base = "https://example.org/spec/"
    assert run("graph", source, "--base-iri", base, "-o", first)[0] == 0
    assert run("graph", first, "--no-annotations", "-o", second)[0] == 0
    assert f"<{base}provision/be_kind>" in first.read_text("utf-8")
    assert first.read_bytes() == second.read_bytes()


def test_graph_writes_turtle_to_a_pipe(run: Run, source: Path) -> None:
    status, out, _ = run("graph", source, "--quiet")
    assert status == 0
    assert "@prefix ps: <https://w3id.org/policyspec#>" in out
    assert "ps:HardRule" not in out
    assert "ps:HardRule" in run("graph", source, "--inferred", "--quiet")[1]


def test_graph_refuses_a_suffix_it_does_not_know(run: Run, source: Path, tmp_path: Path) -> None:
    status, _, err = run("graph", source, "-o", tmp_path / "spec.txt")
    assert status == 2
    assert "give --format" in err


def test_query_answers_in_four_formats(run: Run, source: Path) -> None:
    question = ("query", source, "hard-rules", "--quiet")
    assert json.loads(run(*question, "--format", "json")[1])["results"]["bindings"][0]["id"] == {
        "type": "literal",
        "value": "keep_the_law",
    }
    rows = list(csv.DictReader(io.StringIO(run(*question, "--format", "csv")[1])))
    assert rows == [{"id": "keep_the_law", "title": "Keep the law", "level": "root"}]
    assert "| keep\\_the\\_law | Keep the law | root |" in run(*question, "--format", "markdown")[1]
    assert "1 row" in run(*question)[1]


def test_query_finds_a_topic_by_the_mention_of_its_label(run: Run, source: Path, tmp_path: Path) -> None:
    sidecar = tmp_path / "topics.yaml"
    sidecar.write_text("topics: [{id: honesty, label: Honesty, alt-labels: [lies]}]\n", encoding="utf-8")
    name = "user-overridable-defaults-touching"
    _, out, _ = run("query", source, name, "--annotations", sidecar, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["id"], row["kind"], row["via"], row["line"]) for row in rows] == [
        ("be_kind", "mention", "lies", "7")
    ]


def test_query_runs_sparql_with_the_usual_prefixes(run: Run, source: Path, tmp_path: Path) -> None:
    sparql = "SELECT (COUNT(?e) AS ?n) WHERE { ?e a ps:Example ; dcterms:title ?t }"
    status, out, _ = run("query", source, "--sparql", sparql, "--format", "csv", "-q")
    assert (status, out) == (0, "n\n1\n")
    file = tmp_path / "q.rq"
    file.write_text(sparql, encoding="utf-8")
    assert run("query", source, "--file", file, "--format", "csv", "-q")[1] == "n\n1\n"


def test_query_list_names_every_question(run: Run) -> None:
    status, out, _ = run("query", "--list")
    assert status == 0
    lines = out.splitlines()
    assert "user-overridable-defaults-touching --param topic=honesty" in lines
    assert "overridable-by --param level=user [--param topic=TOPIC]" in lines
    assert "where-mentioned --param text=WORDS" in lines
    assert "words-in-releases --param 'phrase=white lies'" in lines
    assert "never-referenced" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("hard-rule",), "did you mean `hard-rules`?"),
        (("hard-rules", "--param", "x=1"), "takes no parameter `x`"),
        (("what-may-override", "--param", "level"), "is not of the form NAME=VALUE"),
        (
            ("what-may-override", "--param", "level=user", "--param", "level=root"),
            "twice, as `user` and `root`",
        ),
        (("hard-rules", "--annotations", "a.yaml"), "exclude each other"),
        (("--sparql", "SELECT * { ?s ?p ?o"), "is not SPARQL: line 1, column 10: near"),
        (("--sparql", "DELETE WHERE { ?s ?p ?o }"), "--sparql"),
        (("--sparql", "ASK {}", "hard-rules"), "one of NAME, --sparql, --file"),
    ],
)
def test_a_bad_question_is_one_clear_line_and_status_2(
    run: Run, source: Path, arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = run("query", source, *arguments, "--no-annotations")
    assert (status, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["graph", "stats"])
def test_an_unusable_source_is_status_2(run: Run, tmp_path: Path, command: str) -> None:
    for name, content in [("a.ttl", b"<a> <b"), ("b.txt", b""), ("c.nt", b"\xff\xfe")]:
        (tmp_path / name).write_bytes(content)
        status, _, err = run(command, tmp_path / name)
        assert status == 2, name
        assert err.startswith("policyspec: error: "), name
        assert "Traceback" not in err
    assert run(command, tmp_path / "absent")[0] == 2


def forms(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command that has ``--format``, with each format."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from forms(found, *path, name)
    for option in command.params:
        if "--format" in option.opts and isinstance(option.type, click.Choice):
            yield from ((*path, "--format", str(form)) for form in option.type.choices)


def test_an_absent_source_is_one_error_in_every_format_of_every_command(run: Run, tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    found = list(forms(commands))
    assert len({words[:-2] for words in found}) > 15
    for words in found:
        status, out, err = run(*words, absent, absent)
        assert status == 2, words
        assert "Traceback" not in err
        if words[-1] == "json":
            assert json.loads(out)["errors"], words


def test_findings_go_to_standard_error_with_their_place(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "spec.md"
    file.write_text("# One {#one}\n\nSee [?](#on).\n", encoding="utf-8")
    status, out, err = run("stats", file)
    assert status == 0
    assert json.loads(out)["sections"] == 1
    assert "spec.md:3:5: error: unknown provision `on`; did you mean `one`?" in err
    quiet = run("stats", file, "--quiet")[2].splitlines()
    assert quiet
    assert all(": error: " in line for line in quiet)


def test_the_shipped_annotations_are_named(run: Run, source: Path) -> None:
    assert "model_spec_annotations.yaml" in run("stats", source)[2]
    assert "model_spec_annotations.yaml" not in run("stats", source, "--no-annotations")[2]


def test_a_broken_annotation_file_is_status_2_with_its_line(run: Run, source: Path, tmp_path: Path) -> None:
    sidecar = tmp_path / "s.yaml"
    sidecar.write_text("topics:\n  - {id: a\n", encoding="utf-8")
    status, _, err = run("stats", source, "--annotations", sidecar)
    assert status == 2
    assert "s.yaml:2" in err


def test_what_a_spec_says_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "spec.md"
    file.write_text("# A\x1b[31m title\u202e {#one authority=user}\n\ntext\n", encoding="utf-8")
    _, out, err = run("query", file, "principles-by-level")
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err


def test_a_terminal_of_a_few_characters_shows_what_it_can(source: Path) -> None:
    source.write_text("# Sei „nett“ {#one authority=user}\n", encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "query", source, "principles-by-level"],
        env={"PYTHONIOENCODING": "latin-1", **SURROUNDINGS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert r"Sei \u201enett\u201c" in done.stdout


COMMAND = (sys.executable, "-c", "from sphinx_policyspec.cli import main; main()")
SURROUNDINGS = {"PATH": "", "PYTHONPATH": str(REPOSITORY)}


@pytest.mark.parametrize("buffering", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_a_reader_that_goes_away_ends_the_command_quietly(tmp_path: Path, buffering: dict[str, str]) -> None:
    file = tmp_path / "spec.md"
    file.write_text(
        "# One {#one authority=user}\n\n" + "A line that fills the pipe.\n" * 10_000, encoding="utf-8"
    )
    command = [*COMMAND, "graph", str(file), "-q", "--no-annotations"]
    with subprocess.Popen(
        command, env=SURROUNDINGS | buffering, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (141, b"")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        ImportError("engine.so: failed to map segment from shared object"),
    ],
)
def test_too_little_memory_is_told_in_a_line(
    run: Run, source: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_given: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(ps, "load_checked", fail)
    status, out, err = run("stats", source)
    assert (status, out) == (2, "")
    told = f"not enough memory for `stats {source}`: allow more (`ulimit -v`), or split the SOURCE"
    assert err == f"policyspec: error: {told}\n"


def test_a_message_that_somebody_made_long_is_a_line_of_2000_characters(run: Run, tmp_path: Path) -> None:
    (tmp_path / "model_spec.md").write_text(f"# {'k=v ' * 9000} {{}}\n\n# B {{#b}}\n\nx\n", "utf-8")
    _, _, err = run("stats", tmp_path, "--no-annotations", "--verbose")
    assert max(map(len, err.splitlines())) == 2001


def test_instructions_of_another_kind_are_told_once_and_get_no_topics(run: Run, tmp_path: Path) -> None:
    text = "# Agents\n\nUse tabs. Never lie.\n\n" + "## Code\n\nAlways test.\n\n" * 9
    (tmp_path / "AGENTS.md").write_text(text, "utf-8")
    status, out, err = run("check", tmp_path / "AGENTS.md")
    told = "policyspec: AGENTS.md: read by its headings, 10 provisions, 0 of them principles\n"
    assert (status, out.count("error: "), out.count("warning: "), err) == (1, 1, 0, told)
    assert "AGENTS.md:1:1: error: this spec has no principle [no-principle]" in out


def test_what_a_release_has_of_its_own_is_told_by_check_alone(run: Run, tmp_path: Path) -> None:
    text = "# Be kind {#be_kind authority=user}\n\nBe.\n\n### Jump {#jump}\n\nJump.\n"
    (tmp_path / "model_spec.md").write_text(text, "utf-8")
    options = (tmp_path, "--no-annotations")
    assert "depth-jump" in run("check", *options)[1]
    assert run("stats", *options)[2] == run("query", tmp_path, "hard-rules", "--no-annotations")[2] == ""
    assert "depth-jump" in run("stats", *options, "--verbose")[2]


def test_a_handbook_of_two_sources_says_what_to_do(run: Run, source: Path, tmp_path: Path) -> None:
    status, _, err = run("handbook", source, source, "-o", tmp_path / "site")
    assert (status, "give each a name with `--name`, if they are two specs" in err) == (2, True)
    assert (
        "--since is about one SOURCE" in run("handbook", source, source, "--since", source, "-o", tmp_path)[2]
    )


@pytest.mark.parametrize(
    "command",
    [
        *("graph {} --format ttl -o {}", "lock {} -o {}", "reason {} -o {} --format json", "stats {} -o {}"),
        *("check {} --format baseline -o {}", "query {} hard-rules -o {}", "history {} be_kind -o {}"),
        *("resolve other.md {} -o {}", "query other.md --file {} -o {}", "lock other.md --check {} -o {}"),
        *(
            "check other.md --baseline {} -o {}",
            "judge other.md {} -o {}",
            "stats other.md --annotations {} -o {}",
        ),
    ],
)
def test_no_output_takes_the_place_of_what_is_read(
    run: Run, source: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(source.parent)
    (source.parent / "other.md").write_text(SPEC, "utf-8")
    texts = {
        "--file": "ASK { ?s ?p ?o }",
        "resolve": "items: [{id: a, from: user, issue: x, value: 1}]\n",
        "--check": ps.render(ps.lock("other.md"), "json"),
        "--baseline": ps.render(ps.check("other.md"), "baseline"),
        "--annotations": "topics: []\n",
    }
    text = next((text for word, text in texts.items() if word in command), SPEC)
    source.write_text(text, "utf-8")
    status, out, err = run(*command.format(source, source).split())
    told = f"`{source}` was read, and would be lost"
    assert (status, told in err) == (2, True)
    assert not out or json.loads(out)["errors"] == [{"message": told}]
    assert source.read_text("utf-8") == text


def test_without_a_word_the_command_shows_what_it_can(run: Run) -> None:
    assert run() == run("--help")
    assert run()[1].count("\n") > 30


@pytest.mark.parametrize(
    ("word", "hint"), [("dif", "; did you mean `diff`?"), ("statz", "; did you mean `stats`?"), ("xyz", "")]
)
def test_an_unknown_command_is_told_with_the_nearest(run: Run, word: str, hint: str) -> None:
    told = f"unknown command `{word}`{hint}"
    assert run(word)[:2] == (2, "")
    status, out, err = run(word, "some", "--more", "--format", "json")
    assert (status, json.loads(out)["errors"]) == (2, [{"message": told}])
    assert err.endswith(f"Error: {told}\n")


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (
            "query spec hard-rules topic=honesty",
            "; parameters of a question are given as `--param topic=honesty`",
        ),
        ("query spec hard-rules more", ""),
        ("check spec topic=honesty", ""),
    ],
)
def test_an_argument_too_many_is_told_with_what_it_is_meant_for(run: Run, words: str, hint: str) -> None:
    told = f"unexpected argument `{words.rsplit(maxsplit=1)[-1]}`{hint}"
    status, out, err = run(*words.split(), "--format", "json")
    assert (status, json.loads(out)["errors"]) == (2, [{"message": told}])
    assert err.endswith(f"Error: {told}\n")


def test_an_interrupted_command_ends_quietly(run: Run, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ps, "load_checked", interrupt)
    status, out, err = run("stats", source)
    assert (status, out, err.strip()) == (130, "", "")


@pytest.mark.parametrize(
    ("option", "variables", "is_colored"),
    [
        ("auto", {}, True),
        ("auto", {"NO_COLOR": "1"}, False),
        ("auto", {"NO_COLOR": ""}, True),
        ("auto", {"TERM": "dumb"}, False),
        ("always", {"NO_COLOR": "1"}, True),
        ("never", {}, False),
    ],
)
def test_color_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, option: str, variables: dict[str, str], *, is_colored: bool
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = options.Settings(
        annotations=(), no_annotations=False, base_iri="", quiet=False, verbose=False, color=option
    )
    assert settings.colored(Terminal()) is is_colored


def test_the_list_of_questions_heeds_the_color_option(run: Run) -> None:
    assert "\x1b[1mhard-rules" in run("query", "--list", "--color", "always")[1]
    assert "\x1b" not in run("query", "--list", "--color", "never")[1]


def test_every_command_tells_the_place_of_a_finding_as_check_does(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here" / "spec").mkdir(parents=True)
    (tmp_path / "here" / "spec" / "model_spec.md").write_text("# One {#one authority=usr}\n", "utf-8")
    for folder, source in (("here", "spec"), ("here/spec", "."), (".", "here/spec")):
        monkeypatch.chdir(tmp_path / folder)
        place = f"{'' if source == '.' else f'{source}/'}model_spec.md:1:1: error: unknown level `usr`"
        assert place in run("check", source)[1]
        for command in (("stats",), ("query", source, "hard-rules")):
            assert f"\n{place}" in f"\n{run(*command, *([source] * (len(command) == 1)))[2]}"


def test_findings_are_in_the_order_of_the_document(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "spec.md"
    file.write_text(
        "# One {#one authority=usr}\n\nSee [?](#on).\n\n### Deep\n\n[?](#oen)\n", encoding="utf-8"
    )
    lines = [int(line) for line in re.findall(r"spec\.md:(\d+):", run("stats", file, "-v")[2])]
    assert len(lines) > 3
    assert lines == sorted(lines)


@pytest.mark.parametrize("command", ["graph", "stats", "query", "handbook", "completion"])
def test_every_command_has_help(run: Run, command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert out.startswith(f"Usage: policyspec {command}")


def test_completion_prints_a_script(run: Run) -> None:
    assert "_policyspec_completion" in run("completion", "bash")[1]


def test_a_base_that_is_no_iri_is_refused(run: Run, source: Path) -> None:
    status, out, err = run("graph", source, "--base-iri", "not an iri")
    assert (status, out) == (2, "")
    assert "`not an iri` is not an absolute IRI" in err


def test_what_a_project_prints_stays_out_of_the_answer(run: Run, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(
        'print("hello")\nextensions = ["sphinx_policyspec"]\n', encoding="utf-8"
    )
    (tmp_path / "index.rst").write_text("Home\n====\n", encoding="utf-8")
    status, out, _ = run("stats", tmp_path)
    assert status == 0
    assert json.loads(out)["principles"] == 0


def test_a_handbook_of_a_project_refuses_options_that_it_would_ignore(run: Run, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["sphinx_policyspec"]\n', encoding="utf-8")
    status, _, err = run("handbook", tmp_path, "-o", tmp_path / "out", "--pages", "one")
    assert status == 2
    assert "do not apply" in err


def test_a_damaged_graph_gives_one_line(run: Run, source: Path, tmp_path: Path) -> None:
    graph = tmp_path / "a.nt"
    run("graph", source, "-o", graph)
    graph.write_text(graph.read_text(encoding="utf-8").replace('"1"^^', '"one"^^'), encoding="utf-8")
    status, _, err = run("stats", graph)
    assert status == 2
    assert err.startswith("policyspec: error: ")
    assert "Traceback" not in err


def test_several_releases_are_checked_alike_in_a_folder_and_in_a_graph(run: Run, tmp_path: Path) -> None:
    for version in ("2026-01-01", "2026-02-01"):
        (tmp_path / "all" / version).mkdir(parents=True)
        (tmp_path / "all" / version / "model_spec.md").write_text(
            "# Rules {#rules}\n\n## Be kind {#be_kind authority=usr}\n\nSee [it](#lost).\n", "utf-8"
        )
    told = [run("handbook", tmp_path / "all", "-o", tmp_path / "site")[2].replace(f"{tmp_path / 'all'}/", "")]
    for form in ("nq", "trig"):
        assert run("graph", tmp_path / "all", "-o", tmp_path / f"all.{form}")[0] == 0
        told.append(run("handbook", tmp_path / f"all.{form}", "-o", tmp_path / "site")[2])
    assert told[0].count("[unknown-level]") == told[0].count("[dangling-reference]") == 2
    assert told == [told[0]] * 3
    for source in ("all", "all.nq"):
        status, _, err = run("check", tmp_path / source)
        assert status == 2
        assert re.search("one release is read: name one, such as `|where one is read: `", err)


def test_a_folder_of_releases_is_written_and_asked(run: Run, tmp_path: Path) -> None:
    text = "# Rules {#rules}\n\n## Be kind {#be_kind authority=LEVEL}\n\nBe kind to all who come here.\n"
    for version, level in (("2026-01-01", "user"), ("2026-02-01", "root")):
        (tmp_path / "all" / version / "examples").mkdir(parents=True)
        (tmp_path / "all" / version / "model_spec.md").write_text(text.replace("LEVEL", level), "utf-8")
    out = tmp_path / "all.trig"
    assert run("graph", "-q", tmp_path / "all", "-o", out)[0] == 0
    for source in (tmp_path / "all", out):
        status, told, _ = run(
            "query", "-q", source, "level-history", "--param", "provision=be_kind", "--format", "csv"
        )
        assert status == 0
        assert told.splitlines()[1:] == ["2026-01-01,be_kind,Be kind,user", "2026-02-01,be_kind,Be kind,root"]
    assert run("graph", tmp_path / "all")[2].endswith("several take nq or trig\n")
    assert "--inferred takes one" in run("graph", tmp_path / "all", "--inferred")[2]
    kinds = "SELECT ?k { GRAPH ?g { ?c ps:changeKind ?k } }"
    assert "level-raised" in run("query", "-q", tmp_path / "all", "--sparql", kinds)[1]


def test_releases_of_one_version_are_told_with_their_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a.trig"
    of_undated = ps.to_rdf(spec(title="T"), "nt")
    graphs = (b"<urn:g%d> {\n%s}\n" % (n, of_undated.replace(b"undated", b"%d" % n)) for n in range(2))
    file.write_bytes(b"".join(graphs))
    status, _, told = run("graph", file)
    assert (
        status,
        told.startswith(f"policyspec: error: `{file}`: two of the releases have no version: "),
    ) == (2, True)


def test_a_graph_that_is_too_large_to_print_is_told_with_its_source(
    run: Run, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terms, "MAX_BYTES", 2**10)
    status, out, err = run("graph", source, "-q")
    assert (status, out) == (2, "")
    assert err.startswith(f"policyspec: error: `{source}` cannot be written as a graph: ")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("2026-1-1", "; did you mean `all/2026-01-01`?"),
        ("2026-01-0/", "; did you mean `all/2026-01-01`?"),
        ("x", ""),
    ],
)
def test_what_does_not_exist_is_told_with_what_is_beside_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, hint: str
) -> None:
    (tmp_path / "all" / "2026-01-01").mkdir(parents=True)
    (tmp_path / "all" / "2025-10-20").mkdir()
    monkeypatch.chdir(tmp_path)
    told = f"policyspec: error: `all/{given}` does not exist{hint}\n"
    (tmp_path / "some.md").write_text(SPEC, "utf-8")
    assert run("check", f"all/{given}") == (2, "", told)
    assert run("resolve", "-q", "some.md", f"all/{given}") == (2, "", told.replace("01-0/`", "01-0`"))


@pytest.mark.parametrize("source", ["a\0b", "git:HEAD:a\0b"])
def test_a_name_with_a_null_character_is_refused(source: str) -> None:
    with pytest.raises(SourceError, match="a name cannot contain a null character"):
        ps.load_checked(source)


def test_the_overview_says_of_each_command_a_whole_sentence(run: Run) -> None:
    listed = run("--help")[1].partition("Commands:\n")[2].splitlines()
    assert len(listed) > 12
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize(
    ("words", "typed", "offered"),
    [
        ("check SOURCE --select", "cov", "coverage"),
        ("check SOURCE --ignore", "coverage,dangl", "coverage,dangling-reference"),
        ("query SOURCE", "hard", "hard-rules"),
        ("query SOURCE what-may-override --param", "", "level="),
        ("query SOURCE what-may-override --param", "level=us", "level=user"),
        ("query SOURCE overridable-by --param", "level=sys", "level=system"),
        ("query SOURCE level-history --param", "provision=be", "provision=be_kind"),
        ("query SOURCE touches --param topic=x --param", "topic=h", "topic=honesty"),
        ("check SOURCE --severity", "dangl", "dangling-reference="),
        ("check SOURCE --severity", "coverage=w", "coverage=warning"),
        ("history SOURCE", "be_", "be_kind"),
        ("judge SOURCE SOURCE", "be_", "be_kind"),
        ("schema", "his", "history"),
    ],
)
def test_names_are_completed(source: Path, words: str, typed: str, offered: str) -> None:
    given = [str(source) if word == "SOURCE" else word for word in words.split()]
    completion = ShellComplete(commands, {}, "policyspec", "_POLICYSPEC_COMPLETE")
    assert offered in [item.value for item in completion.get_completions(given, typed)]


@pytest.mark.parametrize(
    ("words", "replies"),
    [
        ("query SOURCE what-may-override --param level = dev", "developer"),
        ("check git : HEAD : . --format = sar", "sarif"),
    ],
)
def test_bash_replaces_what_stands_after_an_equals_sign(
    run: Run, source: Path, words: str, replies: str
) -> None:
    given = " ".join(f"'{source if word == 'SOURCE' else word}'" for word in ("policyspec", *words.split()))
    called = f"policyspec() {{ {sys.executable} -c 'from sphinx_policyspec.cli.main import main; main()'; }}; export -f policyspec"
    script = run("completion", "bash")[1]
    end = f"COMP_WORDS=({given}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _policyspec_completion policyspec"
    done = subprocess.run(
        [require_tool("bash"), "-c", f'{called}; {script}\n{end}; printf "%s\\n" "${{COMPREPLY[@]}}"'],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"{replies}\n", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("init", ""), "it is empty; `.` is the current folder"),
        (("check", "SOURCE", "-D", "language=de"), "`-D` is for Sphinx projects"),
        (("check", "SOURCE", "--select", "xyzzy"), "categories are `references`"),
        (("query", "SOURCE", "added-since", "--param", "release=1"), "the spec has none"),
        (("check", "SOURCE", "--annotations", "no.yaml"), "`no.yaml` does not exist"),
    ],
)
def test_a_slip_on_the_command_line_is_told_with_what_to_do(
    run: Run, source: Path, words: tuple[str, ...], told: str
) -> None:
    status, _, error = run(*(source if word == "SOURCE" else word for word in words))
    assert status == 2
    assert told in error


def test_what_a_query_names_that_nothing_has_is_told_however_quiet_and_as_json(
    run: Run, source: Path
) -> None:
    query = "SELECT ?x ?y WHERE { ?x ps:authority 'root' }"
    _, out, error = run("query", source, "--sparql", query, "-q", "--format", "json")
    messages = [found["message"] for found in json.loads(out)["findings"]]
    assert messages == ["nothing binds `?y`", "nothing has a text as its `ps:authority`"]
    assert all(message in error for message in messages)
