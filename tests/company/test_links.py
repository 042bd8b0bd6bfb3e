"""What a link leads to without us it leads to with us, on pages of the spec too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.company.projects import OURS, Built, build, write

OTHER = """Other
=====

.. math:: e = mc^2
   :label: energy

.. _a-figure:

.. figure:: x.svg

   A caption

.. table:: A table
   :name: a-table

   == ==
   a  b
   == ==

.. code-block:: python
   :name: a-code
   :caption: A listing

   x = 1

.. glossary::

   Zebra
      An animal

.. py:function:: foo(x)
.. c:function:: int bar(int x)
.. cpp:class:: Baz
.. js:function:: quux(a)
.. rst:directive:: mydir
.. envvar:: HOME_X
.. confval:: my_setting
.. option:: --verbose
.. program:: tool
.. option:: --quiet

.. _anon:

A paragraph below a label.

.. _Two Words:

A heading
---------

Cited [Knuth]_, noted [#note]_.

.. [Knuth] A book
.. [#note] A note

.. index:: ! entry
   :name: entry-place

Words.
"""
TARGETS = [
    *(
        "energy",
        "equation-energy",
        "a-figure",
        "a-table",
        "a-code",
        "zebra",
        "Zebra",
        "term-Zebra",
        "foo",
        "Baz",
    ),
    *("bar", "quux", "mydir", "HOME_X", "my_setting", "--verbose", "tool --quiet", "anon", "two words"),
    *(
        "Two Words",
        "a-heading",
        "other",
        "index",
        "Knuth",
        "note",
        "entry-place",
        "gone",
        "be_knd",
        "genindex",
    ),
    *("modindex", "local", "a-local-heading", "far_away", "inv:far_away"),
]
PAGE = """# Page

```{{toctree}}
other
```

(local)=
## A local heading

````{{{directive}}} Be kind
{options}
{links}
````
"""
OPTIONS = ":id: be_kind\n:authority: user\n"
CONF = {
    "numfig": True,
    "myst_heading_anchors": 2,
    "source_suffix": {".rst": "restructuredtext"},
}
PROJECT = {"other.rst": OTHER, "x.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'}


def links_of(built: Built) -> dict[str, str]:
    """Return the links of a list by number, without the anchors to which our panels lead back."""
    items = re.findall(r"<li><p>(\d+) (.*?)</p></li>", built.text("index.html"), re.DOTALL)
    return {number: re.sub(r' id="[\w-]*-from-be_kind"', "", link) for number, link in items}


def lost(built: Built, pattern: str) -> set[str]:
    return {match[1] for line in built.warnings if (match := re.search(pattern, line))}


@pytest.mark.parametrize("form", ["[words](<#{}>)", "[**words**](<#{}>)", "[](<#{}>)"])
@pytest.mark.parametrize("domains", [None, ["std", "math"]])
def test_a_link_leads_where_it_leads_without_us(tmp_path: Path, form: str, domains: list[str] | None) -> None:
    # The C++ domain itself stops at a link to it that has no words.
    targets = [t for t in TARGETS if form[1] != "]" or t not in {"bar", "Baz"}]
    links = "\n".join(f"- {number} {form.format(target)}" for number, target in enumerate(targets))
    built = []
    for name, directive, options, more in (
        ("alone", "admonition", "", []),
        ("beside", "policy:principle", OPTIONS, [OURS]),
    ):
        page = PAGE.format(directive=directive, options=options, links=links)
        source = write(tmp_path / name, {**PROJECT, "index.md": page})
        conf = {**CONF, "myst_ref_domains": domains}
        built.append(build(source, tmp_path / f"out-{name}", ["myst_parser", *more], conf=conf))
    alone, beside = built
    missing = lost(alone, r"cross-reference target not found: '(.*?)'")
    assert {"gone", "be_knd"} <= missing < set(targets)
    assert lost(beside, r"`#(.*?)` leads nowhere") == missing
    assert lost(beside, r"xref_missing") == set()
    dead = {str(number) for number, target in enumerate(targets) if target in missing}
    before, after = links_of(alone), links_of(beside)
    assert {n: link for n, link in after.items() if n not in dead} == {
        n: link for n, link in before.items() if n not in dead
    }
    assert not any("href" in after[number] for number in dead)


@pytest.mark.parametrize("builder", ["html", "singlehtml", "latex", "texinfo", "man", "policypdf"])
def test_a_link_that_leads_nowhere_names_the_nearest(tmp_path: Path, builder: str) -> None:
    page = PAGE.format(directive="policy:principle", options=OPTIONS, links="[](#be_knd) and [x](#be_knd)")
    index = "Title\n=====\n\n.. toctree::\n\n   page\n   other\n"
    source = write(tmp_path / "source", {**PROJECT, "index.rst": index, "page.md": page})
    conf = {**CONF, "man_pages": [("index", "p", "P", "", 1)]}
    built = build(source, tmp_path / "out", ["myst_parser", OURS], builder, conf=conf)
    told = "`#be_knd` leads nowhere; did you mean `be_kind`? [policyspec.dangling-reference]"
    assert [line.split("WARNING: ")[1] for line in built.warnings if "be_knd" in line] == [told, told]


def test_a_label_without_a_title_can_be_had_by_words_alone(tmp_path: Path) -> None:
    page = PAGE.format(directive="policy:principle", options=OPTIONS, links="[x](#anon) and [](#anon)")
    source = write(tmp_path / "source", {**PROJECT, "index.md": page})
    built = build(source, tmp_path / "out", ["myst_parser", OURS], conf=CONF)
    assert [line.split("WARNING: ")[1].split(";")[0] for line in built.warnings] == ["`#anon` leads nowhere"]
    assert 'href="other.html#anon"' in built.text("index.html")


def test_a_page_follows_equations_that_come_and_go(tmp_path: Path) -> None:
    page = PAGE.format(directive="policy:principle", options=OPTIONS, links="[x](#energy)")
    source = write(tmp_path / "source", {**PROJECT, "index.md": page})
    for text, is_there in ((OTHER, True), (OTHER.replace("energy", "mass"), False), (OTHER, True)):
        (source / "other.rst").write_text(text, "utf-8")
        built = build(source, tmp_path / "out", ["myst_parser", OURS], conf=CONF, again=True)
        assert ('href="other.html#equation-energy"' in built.text("index.html")) is is_there
        assert any("`#energy` leads nowhere" in line for line in built.warnings) is not is_there
