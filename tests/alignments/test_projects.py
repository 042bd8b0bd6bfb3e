"""Alignments beside sidecars and in projects: each SOURCE has options of its own, and a project brings its own files."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

import sphinx_policyspec as ps
from tests.alignments.test_check import text_of
from tests.conftest import Run

PAGE = """Desk rules
==========

.. policy:principle:: Greet guests
   :id: greet
   :authority: user

   Greet each guest at the door.

.. policy:principle:: Refuse in one sentence
   :id: refuse
   :authority: root

   Refuse in one sentence.
"""
CHARTER = (
    "# Branch\n\n## Welcome\n\nSay hello to whoever comes in.\n\n## Loans\n\nNobody is told who lent what.\n"
)
SIDECAR = """levels: [{id: fixed, override: never}, {id: soft, override: implicit, roles: [user]}]
provisions: {loans: {level: fixed}, welcome: {level: soft}}
"""
HEAD = """# mapping_set_id: https://example.org/desk-branch
# curie_map:
#   desk: urn:policyspec:desk:provision/
#   branch: urn:policyspec:branch:provision/
"""
GREETING = "desk:greet skos:closeMatch branch:welcome"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "desk").mkdir()
    conf = 'extensions = ["sphinx_policyspec"]\npolicyspec_name = "desk"\npolicyspec_alignments = ["../x.sssom.tsv"]\n'
    (tmp_path / "desk" / "conf.py").write_text(conf, "utf-8")
    (tmp_path / "desk" / "index.rst").write_text(PAGE, "utf-8")
    (tmp_path / "charter.md").write_text(CHARTER, "utf-8")
    (tmp_path / "side.yaml").write_text(SIDECAR, "utf-8")
    (tmp_path / "x.sssom.tsv").write_text(text_of(GREETING, head=HEAD), "utf-8")
    return tmp_path


OF_EACH = ("--annotations", "-", "--annotations", "side.yaml", "--name", "-", "--name", "branch")


def test_commands_take_the_alignments_of_a_project_as_if_they_were_named(run: Run, folder: Path) -> None:
    words = ("desk", "charter.md", "mapped", *OF_EACH, "-q")
    status, out, _ = run("query", *words)
    assert (status, out) == run("query", *words, "--alignment", "x.sssom.tsv")[:2]
    assert "greet    Greet guests  user   explicit  skos:closeMatch  branch" in out
    case = "title: hello\nitems:\n  - {id: norm, principle: greet, issue: i, value: warm}\n"
    (folder / "case.yaml").write_text(case, "utf-8")
    status, out, _ = run("resolve", "desk", "charter.md", "case.yaml", *OF_EACH, "-q")
    assert (status, "`norm` corresponds to branch:welcome (close)" in out) == (0, True)
    status, out, _ = run("graph", "desk", "charter.md", *OF_EACH, "--format", "nq", "-q")
    assert (status, out.count("<https://example.org/desk-branch> .\n") > 0) == (0, True)
    assert run("resolve", "desk", "case.yaml", "-q")[1].startswith("hello (case.yaml:1)\n  i: warm\n")


def test_a_project_tells_what_its_alignments_say_of_its_own_spec_and_of_no_other(folder: Path) -> None:
    rows = (GREETING, "desk:gret skos:closeMatch branch:nothing", "desk:refuse skos:exactMatch other:x")
    (folder / "x.sssom.tsv").write_text(text_of(*rows, head=HEAD), "utf-8")
    told = [
        (one.code, one.span.line, one.hint)
        for one in ps.check("desk").findings
        if one.span.file.endswith("x.sssom.tsv") and one.severity is not ps.Severity.HINT
    ]
    assert told == [("unknown-provision", 7, "did you mean `desk:greet`?")]
    spec = ps.load("desk")
    filled = ps.update_alignment("x.sssom.tsv", fill=[spec])
    (folder / "x.sssom.tsv").write_text(ps.render(filled, "tsv"), "utf-8")
    page = folder / "desk" / "index.rst"
    page.write_text(PAGE.replace("at the door.", "at the gate."), "utf-8")
    assert "text-changed-since" in {one.code for one in ps.check("desk").findings}
    page.write_text(PAGE, "utf-8")
    assert "text-changed-since" not in {one.code for one in ps.check("desk").findings}


@pytest.mark.parametrize("form", ["ttl", "nq", "trig"])
def test_a_site_publishes_its_alignments_as_graphs_of_their_own(folder: Path, form: str) -> None:
    conf = folder / "desk" / "conf.py"
    conf.write_text(conf.read_text("utf-8") + f'policyspec_outputs = ["{form}"]\n', "utf-8")
    for row in (GREETING, GREETING.replace("close", "exact")):
        (folder / "x.sssom.tsv").write_text(text_of(row, head=HEAD), "utf-8")
        ps.build_handbook("desk", "site", theme="basic")
        for file in ("alignments.trig", *[f"spec.{form}"] * (form != "ttl")):
            kind = RdfFormat.from_extension(file.rpartition(".")[2])
            edges = [
                (quad.predicate.value, quad.graph_name.value)
                for quad in parse(path=str(folder / "site" / file), format=kind)
                if str(quad.subject.value).endswith(":provision/greet") and "skos" in quad.predicate.value
            ]
            word = row.split()[1].partition(":")[2]
            assert edges == [
                (f"http://www.w3.org/2004/02/skos/core#{word}", "https://example.org/desk-branch")
            ]
    assert "alignments.trig" in (folder / "site" / "index.html").read_text("utf-8")
    conf.write_text(conf.read_text("utf-8").replace('["../x.sssom.tsv"]', "[]"), "utf-8")
    ps.build_handbook("desk", "site", theme="basic")
    assert not (folder / "site" / "alignments.trig").exists()


def test_an_alignment_that_is_not_there_is_told_at_its_option(folder: Path) -> None:
    (folder / "x.sssom.tsv").unlink()
    (found,) = (one for one in ps.check("desk").findings if one.code == "config")
    assert (found.span.file, found.span.line) == ("conf.py", 3)
    assert found.message.startswith("`policyspec_alignments`: ")


def test_each_source_has_its_own_sidecar_and_name(run: Run, folder: Path) -> None:
    (folder / "desk.md").write_text("# Desk\n\n## Greet\n\nGreet each guest at the door.\n", "utf-8")
    (folder / "desk.yaml").write_text("spec: {name: desk}\nprovisions: {greet: {level: user}}\n", "utf-8")
    words = ("--annotations", "desk.yaml", "--annotations", "side.yaml", "--name", "-", "--name", "branch")
    status, out, _ = run("align", "check", "desk.md", "charter.md", "x.sssom.tsv", *words, "-q")
    assert (status, "1 row: 1 close" in out) == (0, True)
    assert run("align", "new", "desk.md", "charter.md", *words, "-q")[1].count("\ndesk:") == 1
    status, _, err = run(
        "align", "update", "x.sssom.tsv", "--fill", "desk.md", "--fill", "charter.md", *words
    )
    assert (status, "0 ids renamed, 2 digests written" in err) == (0, True)
    text = (folder / "desk.md").read_text("utf-8").replace("## Greet\n", "## Hail each guest\n")
    (folder / "next.md").write_text(text, "utf-8")
    (folder / "next.yaml").write_text(
        "spec: {name: desk}\nprovisions: {hail_each_guest: {level: user, aliases: greet}}\n", "utf-8"
    )
    step = ("align", "update", "x.sssom.tsv", "--next", "desk.md=next.md", "--fill", "charter.md")
    status, _, err = run(
        *step,
        *(f"--annotations={name}.yaml" for name in ("desk", "next", "side")),
        "--name=-",
        "--name=-",
        "--name=branch",
    )
    assert (status, "desk:greet is desk:hail_each_guest now" in err) == (0, True)
    status, _, err = run(*step, "--annotations", "desk.yaml")
    assert (status, "once for each of 3 SOURCEs" in err) == (2, True)
