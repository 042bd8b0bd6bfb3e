"""The project that a spec begins with: it builds, answers, and never writes over anything."""

from __future__ import annotations

import ast
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from sphinx.cmd.build import main as sphinx_build

import sphinx_policyspec as ps
from sphinx_policyspec.cli import commands
from sphinx_policyspec.errors import StarterError
from sphinx_policyspec.model import Severity
from sphinx_policyspec.starter import MARKUPS, write_starter

# Only the next release of those packages can stop using what Sphinx 9 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:'(myst_parser|sphinxcontrib):PendingDeprecationWarning")

HOSTILE_TITLES = (
    "Q&A: 1. the library's “assistant” — 日本",
    "1. First",
    "A. First",
    "- dashed",
    ".. comment:: x",
    "a :field: x",
    "plain::",
    '"""; import os; x = """',
    "% comment",
)


def policyspec(*arguments: object) -> str:
    """Run the command, which must succeed, and return what it prints."""
    result = CliRunner().invoke(commands, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def build(source: Path) -> int:
    """Build a project as the starter's own README says."""
    return sphinx_build(["-q", "-nW", "--keep-going", "-b", "html", str(source), str(source / "_build/html")])


@pytest.mark.parametrize("markup", MARKUPS)
def test_a_starter_builds_and_answers_without_a_warning(markup: str, tmp_path: Path) -> None:
    folder = tmp_path / "my_first-spec"
    policyspec("init", folder, "--markup", markup)
    assert ("myst_parser" in (folder / "conf.py").read_text("utf-8")) is (markup == "myst")
    assert build(folder) == 0
    page = (folder / "_build/html/questions.html").read_text("utf-8")
    assert "say_when_unsure" in page
    answer = policyspec(
        "query", folder, "user-overridable-defaults-touching", "--param", "topic=honesty", "--format", "csv"
    )
    assert [line.split(",")[:3] for line in answer.splitlines()[1:]] == [
        ["say_when_unsure", "Say when you do not know", "user"],
    ]
    numbers = json.loads(policyspec("stats", folder))
    assert numbers["principles"] == 2
    assert numbers["verdicts"] == {"GOOD": 2, "BAD": 2}
    assert policyspec("check", folder, "--fail-on", "hint") == "no findings\n"


def test_both_languages_say_the_same(tmp_path: Path) -> None:
    files = [write_starter(tmp_path / markup, markup=markup, title="Twins") for markup in MARKUPS]
    specs = [ps.load(written[0].parent) for written in files]
    told = [
        (
            [(p.id, p.title, p.depth, getattr(p, "authority", ""), p.topics) for p in spec.provisions],
            [(e.id, e.title) for e in spec.examples],
            [(t.id, t.label, t.alt_labels) for t in spec.topics],
        )
        for spec in specs
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("title", HOSTILE_TITLES)
def test_any_plain_title_reaches_the_spec_as_it_is(title: str, markup: str, tmp_path: Path) -> None:
    folder = tmp_path / "spec"
    write_starter(folder, markup=markup, title=title)
    loaded = ps.load_checked(folder)
    assert {finding.severity for finding in loaded.findings} <= {Severity.HINT}
    assert loaded.spec.title == title


def test_a_title_with_markup_or_control_characters_is_refused(tmp_path: Path) -> None:
    for title in ("a *b*", "`x`", "a_", "\x1b[31mred", "...", "C {x}", ":field: x", "  "):
        with pytest.raises(StarterError, match="the title"):
            write_starter(tmp_path / "spec", title=title)
    assert not (tmp_path / "spec").exists()


@pytest.mark.parametrize(
    ("name", "title"), [("my_first-spec", "My first spec"), ("...x", "X"), ("日本", "日本"), ("spec", "Spec")]
)
def test_the_folder_gives_the_title(name: str, title: str, tmp_path: Path) -> None:
    conf = write_starter(tmp_path / name)[0]
    assert ast.literal_eval(conf.read_text("utf-8").split("project = ")[1].splitlines()[0]) == title


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    result = CliRunner().invoke(commands, ["init", str(tmp_path)])
    assert isinstance(result.exception, StarterError)
    assert str(result.exception) == (
        f"`{tmp_path}` is not empty: it contains `thesis.txt`; name a new or empty folder"
    )
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_trouble_is_one_line_and_status_2(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for target, markup in (
        (file, "rst"),
        (tmp_path, "rst"),
        (file / "below", "rst"),
        (tmp_path / "new", "rts"),
    ):
        command = [
            sys.executable,
            "-c",
            "from sphinx_policyspec.cli import main; main()",
            "init",
            str(target),
        ]
        result = subprocess.run([*command, "--markup", markup], capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr
        assert result.stdout == ""


def test_an_unknown_markup_gets_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(StarterError, match=r"unknown markup `mist`; did you mean `myst`\?"):
        write_starter(tmp_path / "spec", markup="mist")


def test_the_printed_commands_are_those_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spec").mkdir()
    monkeypatch.chdir(tmp_path / "spec")
    printed = [shlex.split(line) for line in policyspec("init", ".").splitlines() if line.startswith("  ")]
    readme = Path("README.md").read_text("utf-8").splitlines()
    assert printed == [shlex.split(line[2:]) for line in readme if line.startswith("$ ")]
