"""Names are checked once, over the model: what is found, where it stands, and how it is told at each door."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.checks.names import check_names
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.model import (
    AuthorityLevel,
    Clause,
    EvalPrompt,
    Finding,
    Goal,
    Span,
    Spec,
    Topic,
    Verdict,
)
from sphinx_policyspec.model.finding import Places, Use
from tests.conftest import Run, at, example, message, principle, response, spec

pytestmark = [
    pytest.mark.filterwarnings("ignore:'myst_parser:PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:'sphinx.environment.BuildEnvironment.app'"),
]

CONF = 'extensions = ["myst_parser", "sphinx_policyspec"]\n'
FILES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rst": {
            "conf.py": CONF,
            "index.rst": """\
Manners
=======

.. policy:principle:: Be kind
   :id: be_kind
   :authority: usr
   :topics: nowhere
   :serves: nothing
   :exception-to: nobody
   :conflicts-with: nobody

   Words.
""",
        },
        "myst": {
            "conf.py": CONF,
            "index.md": """\
# Manners

```{policy:principle} Be kind
:id: be_kind
:authority: usr
:topics: nowhere
:serves: nothing
:exception-to: nobody
:conflicts-with: nobody

Words.
```
""",
        },
        "dialect": {
            "model_spec.md": "# Manners {#manners}\n\n## Be kind {#be_kind authority=usr}\n\nWords.\n",
            "side.yaml": """\
provisions:
  be_kind:
    topics: [nowhere]
    serves:
      - nothing
    exception-to: [nobody]
    conflicts-with: [nobody]
""",
        },
    }
)
PLACES = {
    "rst": [("index.rst", line) for line in (6, 7, 8, 9, 10)],
    "myst": [("index.md", line) for line in (5, 6, 7, 8, 9)],
    "dialect": [("model_spec.md", 3), *(("side.yaml", line) for line in (3, 5, 6, 7))],
}
CODES = ["unknown-level", "unknown-topic", "unknown-goal", "unknown-provision", "unknown-provision"]
SENTENCES = [
    "unknown level `usr`",
    "unknown topic `nowhere`",
    "unknown goal `nothing`",
    "unknown provision `nobody`",
    "unknown provision `nobody`",
]


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def of_names(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.code in CODES]


@pytest.mark.parametrize("door", FILES)
def test_each_door_tells_the_same_names_at_the_lines_of_their_options_and_keys(
    door: str, tmp_path: Path
) -> None:
    folder = write(tmp_path, FILES[door])
    sidecar = folder / "side.yaml" if door == "dialect" else None
    found = of_names(ps.load_checked(folder, annotations=sidecar).findings)
    assert [finding.code for finding in found] == CODES
    assert [finding.message for finding in found] == SENTENCES
    assert {finding.severity.value for finding in found} == {"error"}
    assert [(finding.span.file, finding.span.line) for finding in found] == PLACES[door]


def test_a_sidecar_in_another_folder_is_named_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    folder = write(tmp_path / "ms", FILES["dialect"])
    (folder / "side.yaml").rename(tmp_path / "side.yaml")
    monkeypatch.chdir(tmp_path)
    status, out, _ = run("check", "ms", "--annotations", "side.yaml", "--select", "references")
    assert status == 1
    assert (
        "\nside.yaml:3:14: error: unknown topic `nowhere` [unknown-topic]\n3 |     topics: [nowhere]\n" in out
    )


@pytest.mark.parametrize("form", FORMATS)
def test_each_graph_tells_the_same_names_with_the_same_status(form: str, tmp_path: Path, run: Run) -> None:
    folder = write(tmp_path / "dd", FILES["rst"])
    graph = tmp_path / f"dd.{form}"
    assert run("graph", folder, "-o", graph)[0] == 0
    status, out, _ = run("check", graph, "--select", "references", "--format", "json")
    assert status == 1
    assert sorted(re.findall(r'"code": "(.*?)"', out)) == sorted(CODES)
    assert sorted(re.findall(r'"message": "(.*?)"', out)) == sorted(SENTENCES)
    assert re.findall(r'"severity": "(.*?)"', out) == ["error"] * 5


def test_a_revision_of_a_project_tells_the_same_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "dd", FILES["rst"])
    for words in ("init -q", "add .", "-c user.name=A -c user.email=a@b commit -q -m A"):
        subprocess.run(["git", *words.split()], cwd=folder, check=True)
    (folder / "index.rst").write_text("Manners\n=======\n", encoding="utf-8")
    monkeypatch.chdir(folder)
    assert [finding.message for finding in of_names(ps.load_checked("git:HEAD:.").findings)] == SENTENCES


@pytest.mark.parametrize("door", ["rst", "dialect", "graph"])
def test_a_handbook_tells_the_same_names(door: str, tmp_path: Path, run: Run) -> None:
    source = write(tmp_path / "source", FILES["rst" if door == "graph" else door])
    more = ["--annotations", source / "side.yaml"] if door == "dialect" else []
    if door == "graph":
        run("graph", source, "-o", tmp_path / "spec.ttl")
        source = tmp_path / "spec.ttl"
    _, _, told = run("handbook", source, "-o", tmp_path / "site", *more)
    assert sorted(re.findall(r"error: (unknown \w+ `\w+`)", told)) == sorted(SENTENCES)


def test_annotations_for_a_project_are_checked_with_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "dd", FILES["rst"])
    side = tmp_path / "side.yaml"
    side.write_text(
        "topics: [{id: nowhere}]\nprovisions:\n  be_kind:\n    serves: [nobody]\n  be_knd: {status: old}\n",
        encoding="utf-8",
    )
    found = ps.load_checked(folder, annotations=side).findings
    told = [(f.message, f.span.file, f.span.line) for f in found if f.severity.value == "error"]
    assert ("unknown goal `nobody`", "side.yaml", 4) in told
    assert ("no provision `be_knd`", "side.yaml", 5) in told
    assert "unknown topic `nowhere`" not in [message for message, _, _ in told]


@pytest.mark.parametrize("door", FILES)
def test_a_comment_silences_a_name_at_each_door(door: str, tmp_path: Path) -> None:
    comment = {
        "rst": ".. policyspec-ignore: unknown-level why\n\n",
        "myst": "% policyspec-ignore: unknown-level why\n",
        "dialect": "<!-- policyspec-ignore: unknown-level why -->\n",
    }[door]
    files = {
        name: re.sub(r"(?m)^(?=\.\. policy:|```\{policy|## )", comment, text)
        for name, text in FILES[door].items()
    }
    folder = write(tmp_path, files)
    sidecar = folder / "side.yaml" if door == "dialect" else None
    found = of_names(ps.load_checked(folder, annotations=sidecar).findings)
    assert [finding.code for finding in found] == CODES[1:]


# -- ids that two things have -------------------------------------------------------------------


PART = """\
.. policy:topic:: Kindness

.. policy:principle:: Be kind
   :id: be_kind
   :authority: usr
   :aliases: be_nice

   Words.

   .. policy:prompt:: A try
      :id: try

      .. policy:message:: user

         Hello.
"""


def test_a_text_that_two_pages_include_is_told_once_with_both_pages(tmp_path: Path) -> None:
    page = "{}\n=\n\n.. include:: part.txt\n"
    files = {
        "conf.py": CONF,
        "index.rst": "H\n=\n\n.. toctree::\n\n   a\n   b\n",
        "a.rst": page.format("A"),
        "b.rst": page.format("B"),
        "part.txt": PART,
    }
    folder = write(tmp_path, files)
    loaded = ps.load_checked(folder)
    found = [(f.message, f.span.line) for f in loaded.findings if f.code == "duplicate-id"]
    assert found == [
        (f"{kind} id `{name}` is taken already: its text is part of `a` and `b`", line)
        for kind, name, line in (
            ("topic", "kindness", 1),
            ("former", "be_nice", 3),
            ("principle", "be_kind", 3),
            ("prompt", "try", 10),
        )
    ]
    assert [f.message for f in of_names(loaded.findings)] == ["unknown level `usr`"]


def test_a_text_that_one_page_includes_twice_is_told(tmp_path: Path) -> None:
    twice = "H\n=\n\n.. include:: part.txt\n\n.. include:: part.txt\n"
    folder = write(tmp_path, {"conf.py": CONF, "index.rst": twice, "part.txt": PART})
    messages = [f.message for f in ps.load_checked(folder).findings if f.code == "duplicate-id"]
    assert "principle id `be_kind` is taken already: its text is part of `index` twice" in messages


def test_two_owners_of_one_id_are_each_told_at_their_own_option(tmp_path: Path) -> None:
    page = FILES["rst"]["index.rst"]
    folder = write(tmp_path, {"conf.py": CONF, "index.rst": page, "other.rst": f"\n\n{page}"})
    found = of_names(ps.load_checked(folder).findings)
    assert [(f.span.file, f.span.line) for f in found] == [
        *PLACES["rst"],
        *(("other.rst", line + 2) for _, line in PLACES["rst"]),
    ]


def test_an_id_is_taken_by_an_id_or_a_former_one_of_its_kind_alone() -> None:
    read = spec(
        principle("a", aliases=("b", "a", "topic"), span=at(1)),
        principle("b", span=at(2), blocks=(example("a", span=at(3)), example("a", span=at(4)))),
        topics=(Topic(id="topic", label="T", span=at(5)),),
    )
    assert [(f.code, f.message, f.span.line) for f in check_names(read)] == [
        ("duplicate-id", "former id `b` is taken already at spec.md:2", 1),
        ("duplicate-id", "example id `a` is taken already at spec.md:3", 4),
    ]


def test_another_ladder_of_levels_is_one_finding_that_says_how_to_map_it() -> None:
    own = tuple(
        AuthorityLevel(id=name, span=at(line), roles=("user",) * (name == "guest"))
        for line, name in enumerate(("law", "company", "guest"), 1)
    )
    others = [principle(f"p{n}", authority="root" if n % 2 else "user", span=at(9 + n)) for n in range(20)]
    read = spec(
        principle("ours", authority="company"), *others, principle("slip", authority="gest"), levels=own
    )
    found = {finding.message: finding for finding in check_names(read)}
    assert set(found) == {
        "this spec declares levels of its own, and uses others 20 times: `root`, `user`",
        "unknown level `gest`",
    }
    (ladder,) = (finding for finding in found.values() if "uses others" in finding.message)
    assert ladder.span == at(9)
    assert "declare those, too, with `policy:level`, at their places among yours" in ladder.hint


AGAIN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "rst": {
            "conf.py": CONF,
            "index.rst": "T\n=\n\n"
            + 2 * ".. policy:level:: hard\n\n"
            + 2 * ".. policy:topic:: pets\n\n"
            + 2 * ".. policy:goal:: joy\n\n"
            + 3 * ".. policy:principle:: Be kind\n   :id: be_kind\n   :authority: hard\n\n",
        },
        "dialect": {
            "model_spec.md": "# T {#t}\n\n" + 3 * "## Be kind {#be_kind authority=hard}\n\nBe kind.\n\n",
            "side.yaml": "levels: [id: hard, id: hard]\ntopics: [id: pets, id: pets]\ngoals: [id: joy, id: joy]\n",
        },
    }
)
"""What declares each kind of id twice, and one three times."""


def taken(findings: tuple[Finding, ...]) -> list[tuple[str, str, Span, tuple[Span, ...]]]:
    return sorted((f.code, f.message, f.span, f.related) for f in findings if f.code == "duplicate-id")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("door", AGAIN)
def test_a_graph_tells_the_ids_that_are_taken_as_what_it_was_made_from(
    door: str, form: str, tmp_path: Path, run: Run
) -> None:
    folder = write(tmp_path, AGAIN[door])
    sidecar = folder / "side.yaml" if door == "dialect" else None
    loaded = ps.load_checked(folder, annotations=sidecar)
    found = taken(loaded.findings)
    assert [message.partition(" is taken")[0] for _, message, _, _ in found] == [
        "goal id `joy`",
        "level id `hard`",
        "principle id `be_kind`",
        "principle id `be_kind`",
        "topic id `pets`",
    ]
    file = folder / f"graph.{form}"
    file.write_bytes(ps.to_rdf(loaded.spec, form))
    again = ps.load_checked(file)
    assert (again.spec, taken(again.findings)) == (loaded.spec, found)
    assert run("check", file)[0] == 1


# -- over the model -----------------------------------------------------------------------------


def told(read: Spec) -> list[tuple[str, str, int]]:
    return [(finding.code, finding.message, finding.span.line) for finding in check_names(read)]


def test_every_kind_of_thing_that_uses_names_is_checked() -> None:
    bad = response(Verdict.BAD, violates=("nobody",), span=at(8))
    shown = example("e", bad, span=at(7), illustrates=("be_kind",), weighs=("nobody",))
    prompt = EvalPrompt(
        id="p", title="", source="", span=at(9), tests=("nobody",), turns=(message("usr", span=at(10)),)
    )
    read = spec(
        principle(span=at(6), blocks=(shown, prompt)),
        topics=(Topic(id="t", label="T", broader=("u",), related=("t",), span=at(5)),),
        clauses=(Clause(principle="be_kind", authority="usr", text="x", span=at(11)),),
    )
    assert told(read) == [
        ("unknown-topic", "unknown topic `u`", 5),
        ("self-reference", "`t` names itself in `related`", 5),
        ("unknown-level", "unknown level `usr`", 11),
        ("unknown-provision", "unknown provision `nobody`", 7),
        ("unknown-provision", "unknown provision `nobody`", 8),
        ("unknown-role", "unknown role `usr`", 10),
        ("unknown-provision", "unknown provision `nobody`", 9),
    ]


def test_sections_former_ids_and_what_is_declared_are_known() -> None:
    goal, topic = Goal(id="g", title="G", span=at()), Topic(id="t", label="T", span=at())
    read = spec(
        principle(serves=("g",), topics=("t",), refines=("was_brief",)),
        principle("be_brief", aliases=("was_brief",), exception_to=("be_kind",)),
        goals=(goal,),
        topics=(topic,),
    )
    assert told(read) == []


def test_a_principle_without_a_level_has_no_unknown_one() -> None:
    assert told(spec(principle(authority=""))) == [
        ("missing-authority", "principle `be_kind` has no level of authority", 1)
    ]


def test_a_place_that_a_reader_hands_over_is_told_instead_of_the_owners() -> None:
    use = Use("provision", "be_kind", "topics", "nowhere")
    places = Places.of([(use, at(3, "a.yaml")), (use, at(5))])
    (found,) = check_names(spec(principle(topics=("nowhere",))), places)
    assert found.span == at(5)
    (found,) = check_names(spec(principle(topics=("nowhere",))), Places.of([(use, at(3, "a.yaml"))]))
    assert found.span == at(3, "a.yaml")


def test_a_long_name_is_shown_in_part() -> None:
    (found,) = check_names(spec(principle(topics=("x" * 100,))))
    assert found.message == f"unknown topic `{'x' * 60}…`"


def test_hints_about_thousands_of_unknown_names_end_where_they_would_cost_too_much() -> None:
    topics = tuple(Topic(id=f"topic{number}", label="T", span=at()) for number in range(1000))
    provisions = [principle(f"p{number}", topics=(f"topik{number}",)) for number in range(1000)]
    found = tuple(check_names(spec(*provisions, topics=topics)))
    assert len(found) == 1000
    assert found[0].hint == "did you mean `topic0`?"
    assert found[-1].hint == "correct it, or declare the topic"
