"""A second project leads to all that a spec declares, through its inventory, in both markups."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph

Build = Callable[..., SphinxTestApp]

OBJECTS = [
    ("principle", "be_honest", "principles.html#be_honest", "Be honest"),
    ("principle", "no_lies", "principles.html#be_honest", "Be honest"),
    ("principle", "be_complete", "more.html#be_complete", "Be complete"),
    ("goal", "do-good", "principles.html#goal-do-good", "Do good"),
    ("topic", "white_lies", "index.html#topic-white_lies", "White lies"),
    ("example", "greeting", "principles.html#example-greeting", "A greeting at the desk"),
    ("level", "operator", "index.html#level-operator", "Operator"),
    ("term", "truth", "principles.html#definition-truth", "Plain truth"),
]
FORMS = {
    "rst": [
        ":policy:{role}:`{id}`",
        ":policy:{role}:`up:{id}`",
        ":policy:{role}:`words <{id}>`",
        ":external:policy:{role}:`{id}`",
        ":external+up:policy:{role}:`words <{id}>`",
    ],
    "md": [
        "{{policy:{role}}}`{id}`",
        "{{policy:{role}}}`words <up:{id}>`",
        "{{external+up:policy:{role}}}`{id}`",
        "[](inv:up:policy:{role}#{id})",
        "[](inv:#{id})",
        "[words](inv:up#{id})",
    ],
}


@pytest.fixture
def upstream(project: Callable[[str], Path], build: Build) -> Path:
    """The inventory of a spec."""
    source = project("builders")
    with (source / "principles.rst").open("a", encoding="utf-8") as page:
        page.write("\n.. policy:goal:: Do good\n   :id: do-good\n")
    return build(source, out="up").outdir / "objects.inv"


@pytest.mark.parametrize("markup", FORMS)
def test_everything_declared_is_found_in_every_form(
    upstream: Path, tmp_path: Path, build: Build, warnings_in: Callable[..., list[str]], markup: str
) -> None:
    source = tmp_path / "down"
    source.mkdir()
    mapping = {"up": ("https://up.example/", upstream.as_posix())}
    (source / "conf.py").write_text(
        'extensions = ["myst_parser", "sphinx_policyspec", "sphinx.ext.intersphinx"]\nnitpicky = True\n'
        f"intersphinx_mapping = {mapping}\n",
        "utf-8",
    )
    forms = [(form, thing) for form in FORMS[markup] for thing in OBJECTS]
    links = "\n\n".join(form.format(role=role, id=name) for form, (role, name, _, _) in forms)
    (source / f"index.{markup}").write_text(f"Down\n====\n\n{links}\n", "utf-8")
    app = build(source, out="down")
    assert warnings_in(app) == []
    page = (app.outdir / "index.html").read_text("utf-8")
    found = [
        (address, re.sub("<[^>]*>", "", text))
        for address, text in re.findall(r'<a class="[^"]*external[^"]*" href="([^"]*)"[^>]*>(.*?)</a>', page)
        if address.startswith("https://up.example/")
    ]
    assert found == [
        (f"https://up.example/{address}", "words" if "words" in form else title)
        for form, (_, _, address, title) in forms
    ]


def test_what_another_project_has_is_a_link_in_the_graph(upstream: Path, tmp_path: Path) -> None:
    source = tmp_path / "down"
    source.mkdir()
    mapping = {"up": ("https://up.example/", upstream.as_posix())}
    (source / "conf.py").write_text(
        f'extensions = ["sphinx_policyspec", "sphinx.ext.intersphinx"]\nintersphinx_mapping = {mapping}\n',
        "utf-8",
    )
    (source / "index.rst").write_text(
        "Down\n====\n\n.. policy:principle:: Be brief\n   :authority: user\n\n"
        "   As :policy:goal:`do-good` says, :policy:goal:`in brief <do-good>` and :policy:goal:`nowhere`.\n",
        "utf-8",
    )
    loaded = ps.load_checked(source)
    again = from_graph(to_graph(loaded.spec))
    address = next(address for role, name, address, _ in OBJECTS if name == "do-good")
    links = [("do-good", f"https://up.example/{address}"), ("in brief", f"https://up.example/{address}")]
    assert [(link.text, link.url) for link in again.links] == links
    told = [[(f.code, f.message) for f in run_checks(read)] for read in (loaded.spec, again)]
    assert told[0] == told[1]
    assert [message for code, message in told[0] if code == "dangling-reference"] == [
        "unknown goal `nowhere`"
    ]
