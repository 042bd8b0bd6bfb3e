"""Every code block of the documentation does what it says, or says why it is only shown."""

from __future__ import annotations

import ast
import configparser
import csv
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from jsonschema import validate
from sphinx.cmd.build import main as sphinx_build

import sphinx_policyspec as ps
from sphinx_policyspec import cli
from sphinx_policyspec.alignments import SUFFIX
from sphinx_policyspec.evals.join import read_map
from sphinx_policyspec.readers.annotations import read_annotations
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.readers.decision_records import read_decision_record
from sphinx_policyspec.readers.feedback import read_feedback, read_feedback_map
from sphinx_policyspec.readers.judgements import read_triage
from sphinx_policyspec.readers.overlays import read_overlay
from sphinx_policyspec.readers.proposals import read_proposal
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, problems
from tests.conftest import REPOSITORY
from tests.docs.blocks import Block, blocks_of

# Only the next release of those packages can stop using what Sphinx 9 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:'(myst_parser|sphinxcontrib):PendingDeprecationWarning")

PAGES = sorted(
    page.relative_to(REPOSITORY).as_posix()
    for page in (
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "docs").rglob("*.rst"),
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "ontology/README.md")),
    )
)

NOT_RUN = {
    "docs/how-to/agents.md": 1,
    "docs/explanation/architecture.md": 2,
    "docs/explanation/cost.md": 3,
    "docs/how-to/overlays.md": 3,
    "docs/how-to/publish.md": 1,
    "docs/how-to/feedback.md": 4,
    "docs/how-to/decisions.md": 5,
    "docs/how-to/propose.md": 5,
    "docs/how-to/draft.md": 3,
    "docs/how-to/publish-graph.md": 2,
    "docs/how-to/serve.md": 5,
    "README.md": 2,
    "docs/how-to/add-to-your-docs.md": 1,
    "docs/how-to/check.md": 2,
    "docs/how-to/evaluate.md": 2,
    "docs/how-to/compare-releases.md": 3,
    "docs/how-to/editor.md": 5,
    "docs/how-to/live-preview.md": 2,
    "docs/how-to/reason.md": 2,
    "docs/tutorial/index.md": 2,
    "docs/tutorial/rules.md": 2,
    "ontology/README.md": 1,
}
"""How many blocks of a page cannot be run; each says why in a comment above it."""

HERE: dict[str, Callable[[], int | None]] = {"policyspec": cli.main, "sphinx-build": sphinx_build}
"""Commands that need no process of their own; both read ``sys.argv``."""

LONG = re.compile(
    r"policyspec (handbook model_spec\S*|graph model_spec|query (model_spec|releases\.trig)|reason .*--engine hermit)( .*)?",
    re.DOTALL,
)
"""Commands that take seconds: they build a handbook, look at all releases, or start Java."""

TUTORIAL = REPOSITORY / "docs" / "tutorial" / "index.md"
CONFIGURATION = """\
extensions = ["myst_parser", "sphinx_policyspec"]
html_theme = "basic"
project = "Block"
policyspec_severity = {"no-principle": "off"}  # a block shows a part of a spec
"""

SURROUNDINGS = {
    r"policy:(?:principle-\w+|matrix|graph)": """\
Hold the line
-------------

.. policy:principle::
   :id: hold_the_line
   :authority: root

Never help with fraud.

.. policy:example:: A forged bill

   .. policy:message:: user

      Forge a bill.

   .. policy:response:: bad

      Here it is.

Tell the truth
--------------

.. policy:principle::
   :id: tell_the_truth
   :authority: user
   :topics: honesty

Do not lie; see :policy:principle:`hold_the_line`.
""",
    "be_kind": "Be kind\n-------\n\n.. policy:principle::\n   :id: be_kind\n   :authority: user\n\nBe kind.\n",
    "style": ".. policy:topic:: Style\n   :id: style\n",
    "honesty": ".. policy:topic:: Honesty\n   :id: honesty\n",
}
"""What blocks take for granted, by what names it in them or in what was taken before: declared beside them."""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the tutorial's project ``spec``, as the reader of any page may have it."""
    write_files(blocks_of(TUTORIAL), tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def write_files(blocks: list[Block], folder: Path) -> None:
    """Write the blocks whose captions name a file."""
    for block in blocks:
        if block.file:
            file = folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_works(
    page: str,
    workspace: Path,
    request: pytest.FixtureRequest,
    subtests: pytest.Subtests,
    capfd: pytest.CaptureFixture[str],
) -> None:
    blocks = blocks_of(REPOSITORY / page)
    run = Run(workspace, request, capfd)
    for block in blocks:
        with subtests.test(f"{page}:{block.line}"):
            # A file that is told of twice is another one from the second time on.
            write_files([block], workspace)
            if not block.not_run:
                run.kinds[block.language](block)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if LONG.search((REPOSITORY / page).read_text("utf-8"))]
)
def test_every_long_command_of_a_page_works(
    page: str, workspace: Path, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    run = Run(workspace, request, capfd)
    for block in blocks_of(REPOSITORY / page):
        for command, expected in commands_of(block.text) if block.language == "console" else ():
            if LONG.fullmatch(command):
                run.command(command, expected)


def test_blocks_that_are_not_run_are_few_and_say_why() -> None:
    reasons = {page: [b.not_run for b in blocks_of(REPOSITORY / page) if b.not_run] for page in PAGES}
    assert {page: len(found) for page, found in reasons.items() if found} == NOT_RUN
    assert all(len(reason.split()) > 1 for found in reasons.values() for reason in found)


def test_the_blocks_are_found() -> None:
    languages = {block.language for page in PAGES for block in blocks_of(REPOSITORY / page)}
    assert {"console", "python", "md", "rst", "yaml", "sparql"} <= languages


@dataclass
class Run:
    """Does with the blocks of one page what their languages ask for."""

    folder: Path
    request: pytest.FixtureRequest
    capture: pytest.CaptureFixture[str]

    @property
    def kinds(self) -> dict[str, Callable[[Block], object]]:
        return {
            "console": self.console,
            "ini": lambda block: configparser.ConfigParser().read_string(block.text),
            "json": lambda block: [
                json.loads(text)
                for text in (block.text.splitlines() if block.file.endswith(".jsonl") else [block.text])
            ],
            "md": self.page,
            "myst": self.page,
            "python": self.python,
            "rst": self.page,
            "sparql": self.sparql,
            "text": self.table,
            "toml": lambda block: tomllib.loads(block.text),
            "yaml": self.yaml,
        }

    def table(self, block: Block) -> None:
        """Look whether each row has a cell for each column; read an alignment."""
        if block.file.endswith(SUFFIX):
            assert ps.read_alignment(self.folder / block.file).findings == ()
            return
        assert block.file.endswith(".csv")
        assert len({len(row) for row in csv.reader(block.text.splitlines())}) == 1

    def console(self, block: Block) -> None:
        """Run each command; what stands below one is what it prints, after `…` the end of it."""
        for command, expected in commands_of(block.text):
            if not LONG.fullmatch(command):
                self.command(command, expected)

    def command(self, command: str, expected: list[str]) -> None:
        """Run a command; of make, only what it would do."""
        text = re.sub(r"\bSOURCE\b", "spec", command)
        folder = self.folder
        if text.startswith("make "):
            text, folder = f"make --dry-run {text.removeprefix('make ')}", REPOSITORY
        self.need_releases(text)
        # Into a file: what the shell does then is no more than this.
        asked, _, file = text.partition(" > ")
        words = words_of(asked)
        program = HERE.get(words[0]) if words and re.fullmatch(r"[\w.]*", file) else None
        status, *streams = self.here(program, words) if program else self.in_shell(text, folder)
        if program and file:
            (folder / file).write_text(streams[0], "utf-8")
            streams[0] = ""
        assert status == 0, f"{command}\n{''.join(streams)}"
        if expected:
            printed = [lines_of(stream) for stream in streams]
            if expected[0] == "…":
                expected = expected[1:]
                printed = [lines[-len(expected) :] for lines in printed]
            assert expected in printed, (command, printed)

    def here(self, program: Callable[[], int | None], words: list[str]) -> tuple[int, str, str]:
        """Run a command in this process: most of its time would be Python's start."""
        self.capture.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", words)
            with pytest.raises(SystemExit) as status:
                sys.exit(program())
        out, err = self.capture.readouterr()
        return int(status.value.code or 0), out, err

    def in_shell(self, text: str, folder: Path) -> tuple[int, str, str]:
        """Run a command as a shell does."""
        shell = ["bash", "-euo", "pipefail", "-c", text]
        result = subprocess.run(shell, cwd=folder, capture_output=True, text=True, check=False)
        return result.returncode, result.stdout, result.stderr

    def python(self, block: Block) -> None:
        """Run it; options of ours must be ones that we have, with values that they can have."""
        self.need_releases(block.text)
        names: dict[str, object] = {}
        exec(compile(ast.parse(block.text), f"line {block.line}", "exec"), names)
        options = {f"policyspec_{name}": f for name, f in PolicySpecConfig.__dataclass_fields__.items()}
        for name, value in names.items():
            if name.startswith("policyspec_"):
                assert problems(options[name], value) == []

    def page(self, block: Block) -> None:
        """Build it as a page, beside what it takes for granted; the commands build a file of the project, and read a proposal."""
        if block.file:
            return
        if block.text.startswith("---\nid:"):
            assert read_proposal(block.text, "block.md")[1] == ()
            return
        if block.text.startswith("---\nstatus:"):
            assert read_decision_record(block.text, "block.md")[1] == ()
            return
        source = self.folder / f"block-{block.line}"
        source.mkdir()
        (source / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
        taken: list[str] = []
        for name, text in SURROUNDINGS.items():
            if re.search(rf"\b{name}\b", block.text + "".join(taken)) and f":id: {name}" not in block.text:
                taken.append(text)
        beside = "\n".join([":orphan:\n", "Surroundings\n============\n", *taken])
        (source / "surroundings.rst").write_text(beside, encoding="utf-8")
        suffix, title = ("rst", "Page\n####\n\n") if block.language == "rst" else ("md", "# Page\n\n")
        (source / f"index.{suffix}").write_text(
            block.text if block.text.startswith("# ") else title + block.text, encoding="utf-8"
        )
        self.capture.readouterr()
        status = sphinx_build(["-q", "-nW", "--keep-going", str(source), str(source / "_build")])
        assert status == 0, self.capture.readouterr().err

    def sparql(self, block: Block) -> None:
        """Ask the tutorial's spec."""
        with ps.knowledge_base(self.folder / "spec") as base:
            assert base.query(block.text, origin=f"line {block.line}").columns

    def yaml(self, block: Block) -> None:
        """Read it as a case where it has items, as names of results where it has fields, as triage or an overlay where it has a defect or
        statements, as feedback or its map where it has a status or kinds, else as a sidecar."""
        if "items:" in block.text:
            cases, findings = read_cases(block.text, "block.yaml")
            assert [*findings, *(found for read in cases for found in read.findings)] == []
            validate(yaml.safe_load(block.text), ps.json_schema("cases"))
            return
        file = self.folder / f"block-{block.line}.yaml"
        file.write_text(block.text, encoding="utf-8")
        if "fields:" in block.text:
            assert read_map(file)[1] == ()
            validate(yaml.safe_load(block.text), ps.json_schema("result-map"))
            return
        if "status:" in block.text:
            assert read_feedback(block.text, file.name)[1] == ()
            return
        if "kinds:" in block.text:
            assert read_feedback_map(file, file.name).kinds
            validate(yaml.safe_load(block.text), ps.json_schema("feedback-map"))
            return
        if "statements:" in block.text:
            assert read_overlay(file, file.name)[1] == ()
            return
        if "defect:" in block.text:
            assert read_triage(file, file.name, ps.load(self.folder / "spec"))[1] == ()
            return
        assert read_annotations(file).findings == ()
        validate(yaml.safe_load(block.text), ps.json_schema("annotations"))

    def need_releases(self, text: str) -> None:
        """Put the published releases where a block that names them looks for them."""
        link = self.folder / "model_spec"
        if re.search(r"\bmodel_spec(?:/|\s)", text) and not link.exists():
            link.symlink_to(self.request.getfixturevalue("model_spec_data"), target_is_directory=True)


def lines_of(text: str) -> list[str]:
    """Return the lines that are not empty, without what fills them up."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def words_of(text: str) -> list[str]:
    """Return the words of a command; none where it asks more of a shell than to split it."""
    lexer = shlex.shlex(text.replace("\\\n", ""), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    return [] if any(set(word) <= {*lexer.punctuation_chars} for word in words) else words


def commands_of(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a console block, each with the lines that it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        length = next(n for n, line in enumerate(lines, 1) if not line.endswith("\\"))
        yield "\n".join(lines[:length]), lines_of("\n".join(lines[length:]))
