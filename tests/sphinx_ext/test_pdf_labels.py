"""A label anywhere on a page costs the PDF nothing, and links to it lead there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.sphinx_ext.typst.blocks import TypstTranslator
from sphinx_policyspec.sphinx_ext.typst.writing import PAGE, _pages
from tests.pdf import dead_links, links, text_of

Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]

PLACES = {
    "between items": "- x\n\n  .. _place:\n\n- y",
    "an item": "- x\n\n.. _place:\n\n- y",
    "before a list": ".. _place:\n\n- y\n- z",
    "end of a list in a list": "- x\n\n  - y\n\n    .. _place:\n\n  - z",
    "an entry of an enumeration": "1. x\n\n   .. _place:\n\n2. y",
    "last in a cell": "+----------------+\n| x              |\n|                |\n| .. _place:     |\n+----------------+",
    "in a head": "+------------+\n| _`place` x |\n+============+\n| y          |\n+------------+",
    "before an index entry": "- x\n\n  .. _place:\n\n- .. index:: y\n\n  y",
    "an index entry": ".. index:: y\n   :name: place\n\ny",
    "last in a message": ".. policy:example:: rude\n\n   .. policy:message:: user\n\n      Why?\n\n      .. _place:\n\n   .. policy:response:: good\n\n      So.",
    "in the title of an example": ".. policy:example:: rude _`place` thing\n\n   .. policy:message:: user\n\n      Why?",
    "last in an example": ".. policy:example:: rude\n\n   .. policy:message:: user\n\n      Why?\n\n   .. _place:",
    "end of a principle": ".. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n\n   Words.\n\n   .. _place:",
    "end of a page": "Words.\n\n.. _place:",
    "a term": "_`place` term\n   Meaning",
    "end of a meaning": "term\n   Meaning\n\n   .. _place:\n\nother\n   Meaning",
    "a field": ":_`place` name: value",
    "end of a field": ":name: value\n\n   .. _place:\n\n:other: value",
    "an option": "-a  x\n\n    .. _place:\n\n-b  y",
    "a note": "Words [#n]_.\n\n.. [#n] A note with _`place`.",
    "end of a note": "Words [#n]_.\n\n.. [#n] A note.\n\n   .. _place:\n\nMore [#n]_.",
    "a note before its mark": ".. [#n] A note with _`place`.\n\nWords [#n]_, more [#n]_.",
    "before a note": "Words [#n]_.\n\n.. _place:\n\n.. [#n] A note.",
    "a citation": "Words [Kn]_.\n\n.. _place:\n\n.. [Kn] A book.",
    "a figure": ".. _place:\n\n.. figure:: none.png\n   :alt: x\n\n   A caption\n\n   A legend",
    "a caption": ".. figure:: none.png\n   :alt: x\n\n   A _`place` caption",
    "a legend": ".. figure:: none.png\n   :alt: x\n\n   A caption\n\n   A legend\n\n   .. _place:",
    "a linked picture": ".. image:: none.png\n   :alt: x\n   :target: https://example.org\n   :name: place",
    "a listing": ".. code-block:: python\n   :name: place\n   :caption: C\n\n   x = 1",
    "a parsed listing": ".. parsed-literal::\n\n   x _`place` y",
    "lines": "| one _`place`\n| two\n|   three",
    "end of a quotation": "Words:\n\n   Quoted.\n\n   .. _place:\n\n   -- Somebody",
    "a formula": ".. math:: a\n   :label: x\n\n.. _place:\n\n.. math:: b",
    "a title of a box": ".. admonition:: A _`place` title\n\n   Words.",
    "end of a box": ".. note:: Words.\n\n   .. _place:",
    "a topic": ".. topic:: A title\n   :name: place\n\n   Words.",
    "a sidebar": ".. sidebar:: A _`place` title\n\n   Words.",
    "a heading": "A _`place` heading\n~~~~~~~~~~~~~~~~~~\n\nWords.",
    "a heading on many pages": "A _`place` heading [#n]_\n~~~~~~~~~~~~~~~~~~~~~~~~\n\n.. [#n] With a note.\n\n"
    + "Words.\n\n" * 90,
    "a rubric": ".. rubric:: A _`place` rubric",
    "a transition": "Words.\n\n.. _place:\n\n-----\n\nWords.",
    "a comment": "- x\n\n  .. _place:\n\n  .. comment\n\n- y",
    "a glossary": ".. glossary::\n\n   A term\n      Meaning\n\n      .. _place:\n\n   Another\n      Meaning",
    "a function": ".. py:function:: f(x)\n\n   Words.\n\n   .. _place:",
    "columns": ".. hlist::\n\n   * x\n\n     .. _place:\n\n   * y",
    "several in a row": "- x\n\n  .. _place:\n  .. _other:\n\n- y :ref:`o <other>`",
    "a name that is no word": '- x\n\n  .. _place:\n  .. _`a "b" \\\\ #c`:\n\n- y',
}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "conf.py").write_text('extensions = ["sphinx_policyspec"]\nproject = "P"\n', "utf-8")
    return folder


def code_of(app: SphinxTestApp) -> str:
    """Return the code of all pages, which lies beside the PDF."""
    (pdf,) = Path(app.outdir).glob("*.pdf")
    return Path(app.outdir, "typst", f"{pdf.stem}.typ").read_text("utf-8")


def labels_in(code: str) -> Counter[str]:
    return Counter(re.findall(r'#(?:anchor|label|note)\("((?:[^"\\]|\\.)*)"', code))


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_a_label_costs_the_pdf_nothing(source: Path, build: Build, warnings_in: Warnings, text: str) -> None:
    (source / "index.rst").write_text(
        f"Title\n=====\n\nSee :ref:`text <place>`.\n\nPart\n----\n\n{text}\n", "utf-8"
    )
    app = build(source, "policypdf")
    told = [line for line in warnings_in(app) if "none.png" not in line and "policyspec" in line]
    assert [line for line in told if "pdf" in line] == []
    with pikepdf.open(next(Path(app.outdir).glob("*.pdf"))) as pdf:
        assert len(links(pdf)) > 0
        assert dead_links(pdf) == []
    shown = text_of(next(Path(app.outdir).glob("*.pdf")))
    assert ("place" in shown.lower()) is ("_`place`" in text)
    code = code_of(app)
    assert "#xref(" in code
    assert labels_in(code).most_common(1)[0][1] == 1


def test_a_label_in_what_this_build_leaves_out_is_told(
    source: Path, build: Build, warnings_in: Warnings
) -> None:
    page = "Title\n=====\n\nSee :ref:`text <place>`.\n\n.. only:: html\n\n   .. _place:\n\n   Words.\n"
    (source / "index.rst").write_text(page, "utf-8")
    app = build(source, "policypdf")
    told = "index.rst:4: the PDF has no place `index#place`; the link to it is text [policyspec.pdf]"
    assert warnings_in(app) == [told]
    assert "#xref" not in code_of(app)


def mark_all(_app: Sphinx, tree: nodes.document, docname: str) -> None:
    """Give every node an id, and link to each of them."""
    if "docname" not in tree:
        return
    shown = nodes.paragraph()
    for number, (page, node) in enumerate([*_pages(tree, docname)]):
        if isinstance(node, nodes.document | addnodes.start_of_file | addnodes.toctree):
            continue
        node["ids"] = [*node["ids"], f"mark {number}"]
        link = nodes.reference("", "x", internal=True, refuri=f"{PAGE}{page}#mark {number}")
        shown += [nodes.Text(" "), link]
    next(tree.findall(nodes.section)).append(shown)


@pytest.mark.parametrize("root", ["builders", "views", "paper", "twin-rst", "aims-rst"])
def test_every_node_of_a_page_can_be_linked_to(
    project: Callable[[str], Path], make_app: Build, tmp_path: Path, warnings_in: Warnings, root: str
) -> None:
    source = project(root)
    # Their letters need fonts that not every machine has.
    for name in ("letters", "hostile", "broken"):
        for file in source.glob(f"{name}.*"):
            file.unlink()
    app = make_app("policypdf", srcdir=source, builddir=tmp_path / "out")
    app.connect("doctree-resolved", mark_all, priority=950)
    app.build()
    assert [line for line in warnings_in(app) if "policyspec.pdf" in line and "broken.png" not in line] == []
    code = code_of(app)
    labels = labels_in(code)
    wanted = set(re.findall(r'#xref\("((?:[^"\\]|\\.)*)"', code))
    assert len(wanted) > 50
    assert wanted - set(labels) == set()
    assert labels.most_common(1)[0][1] == 1


def test_a_link_without_its_place_is_text_and_told(
    source: Path, build: Build, warnings_in: Warnings, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "Title\n=====\n\nSee :ref:`text <place>` and [Kn]_.\n\nPart\n----\n\n.. _place:\n\nWords.\n\n.. [Kn] A book.\n"
    (source / "index.rst").write_text(page, "utf-8")
    monkeypatch.setattr(TypstTranslator, "anchors", lambda *_arguments: "")
    app = build(source, "policypdf")
    assert [line.split("WARNING: ")[-1] for line in warnings_in(app)] == [
        f"index.rst:4: the PDF has no place `{name}`; the link to it is text [policyspec.pdf]"
        for name in ("place", "kn")
    ]
    assert "#xref" not in code_of(app)
