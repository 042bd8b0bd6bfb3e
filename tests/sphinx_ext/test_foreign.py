"""A handbook of a graph from anywhere holds nothing that runs, and no file of this machine."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

import sphinx_policyspec as ps
from sphinx_policyspec.model import Document, Finding, Markup, Prose, Section
from sphinx_policyspec.sphinx_ext.markdown.foreign import is_address, is_own_address
from sphinx_policyspec.sphinx_ext.nodes.writers import is_plain_math
from tests.conftest import at, spec
from tests.releases.site import dead_links, read_site

RST = """\
Plain *words* stay.

.. raw:: html

   <script>alert(1)</script>

.. include:: {secret}

.. literalinclude:: {secret}

.. image:: {picture}
   :alt: a picture

`run <javascript:alert(2)>`__ and :download:`take <{secret}>`.
"""
MYST = """\
Plain *words* stay.

<script>alert(1)</script> and <b onclick="x()">bold</b>

```{{raw}} html
<script>alert(3)</script>
```

```{{include}} {secret}
```

![a picture]({picture})

```{{eval-rst}}
.. raw:: html

   <script>alert(4)</script>
```

[run](javascript:alert(2)) and {{download}}`take <{secret}>`.
"""
TEMPLATE = """\
---
myst:
  enable_extensions: [substitution]
---

{{{{ cycler.__init__.__globals__.os.popen('echo ran-a-pro' + 'gram').read() }}}}

Plain *words* stay.
"""


@pytest.mark.parametrize(
    ("markup", "text"),
    [(Markup.RST, RST), (Markup.MYST, MYST), (Markup.MYST, TEMPLATE)],
    ids=["rst", "myst", "jinja"],
)
def test_a_hostile_graph_is_shown_and_not_obeyed(tmp_path: Path, markup: Markup, text: str) -> None:
    secret, picture = tmp_path / "secret.txt", tmp_path / "picture.png"
    secret.write_text("nobody-may-see", "utf-8")
    picture.write_bytes(b"\x89PNG")
    # Sphinx takes a path from the root as one below its source folder, which is a temporary one.
    root = Path(tempfile.gettempdir(), "policyspec", "source")
    text = text.format(
        secret=f"/{os.path.relpath(secret, root)}", picture=f"/{os.path.relpath(picture, root)}"
    )
    section = Section(
        id="one", title="One", depth=1, span=at(), blocks=(Prose(source=text, text=text, span=at(2)),)
    )
    data = ps.to_rdf(spec(section, documents=(Document(file="spec.md", markup=markup),)), "nt")
    (tmp_path / "spec.nt").write_bytes(data)
    ps.build_handbook(tmp_path / "spec.nt", tmp_path / "site")
    page = (tmp_path / "site" / "one.html").read_text("utf-8")
    assert "<em>words</em>" in page
    # The page's description quotes its words, markup escaped.
    page = re.sub(r"<meta [^<>]*>", "", page)
    assert not re.search(r"<script>alert|<[^>]*onclick|href=\"javascript|nobody-may-see|ran-a-program", page)
    copied = {path.name for path in (tmp_path / "site").rglob("*")}
    assert not copied & {"secret.txt", "picture.png"}


def test_plain_links_of_myst_lead_to_the_page_that_has_their_target(tmp_path: Path) -> None:
    text = "See [the other](#two), [](#two), [a level](#level-user) and [a page](elsewhere.md)."
    spec_ = spec(
        Section(
            id="one", title="One", depth=1, span=at(), blocks=(Prose(source=text, text=text, span=at(2)),)
        ),
        Section(id="two", title="Two", depth=1, span=at(3)),
        documents=(Document(file="spec.md", markup=Markup.MYST),),
    )
    (tmp_path / "spec.nt").write_bytes(ps.to_rdf(spec_, "nt"))
    assert ps.build_handbook(tmp_path / "spec.nt", tmp_path / "site") == ()
    pages = read_site(tmp_path / "site")
    assert dead_links(tmp_path / "site", pages) == []
    assert [link for link in pages["one.html"].links if link[0] == "two.html#two"] == [
        ("two.html#two", "the other"),
        ("two.html#two", "Two"),
    ]
    assert "the other, Two, a level and a page." in " ".join(pages["one.html"].text.split())


@pytest.mark.parametrize(
    "address", ["https://example.org", "HTTP://example.org/a:b?c#d", "MAILTO:a@example.org", "#a"]
)
def test_an_address_on_the_web_is_a_link(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "JavaScript:alert(1)", "\x01java\tscript:alert(1)", "java\nscript:alert(1)"),
        *(
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "ftp://example.org",
            "tel:1",
            "//example.org",
        ),
        *(
            "\\\\example.org",
            "page.html",
            "../page.html",
            "a/b:c",
            " https://example.org",
            "https:example.org",
            "",
        ),
        *(
            "ht\ntps://example.org",
            "https://example.org/\x00",
            "view-source:https://example.org",
            "blob:https://a",
        ),
        *("&#106;avascript:x", "javascript&colon;x", "%6aavascript:x", 'https://a/"onclick=x', "#"),
    ],
)
def test_any_other_address_is_text(address: str) -> None:
    assert not is_address(address)
    own = {
        "ftp://example.org",
        "tel:1",
        "//example.org",
        "page.html",
        "../page.html",
        "javascript&colon;x",
        "#",
    }
    assert is_own_address(address) == (address in own)


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{1}{2}\%",
        r"\sum_{i=1}^n \alpha_i \le \text{all}",
        r"\begin{cases}a\\b\end{cases}",
        r"\left\{x\right\}",
    ],
)
def test_a_formula_stays_one(tex: str) -> None:
    assert is_plain_math(tex)


@pytest.mark.parametrize(
    "tex",
    [
        *(
            r"\input{/etc/passwd}",
            r"\include{x}",
            r"\text{\input{x}}",
            r"\begin{input}",
            r"^^5cinput{x}",
            r"\write18{x}",
        ),
        *(
            r"\immediate\openout3=x",
            r"\csname input\endcsname",
            r"\def\x{\x}\x",
            r"\begin {filecontents}",
            r"a % b",
        ),
        *(
            r"\includegraphics{x}",
            r"\href{javascript:x}{y}",
            r"\usepackage{x}",
            r"\catcode`\@=11",
            r"\@input{x}",
        ),
    ],
)
def test_tex_that_does_more_than_a_formula_is_code(tex: str) -> None:
    assert not is_plain_math(tex)


RST_ACTS = {
    "meta": ".. meta::\n   :http-equiv=refresh: 0; url=https://evil.example/words",
    "toctree": ".. toctree::\n   :caption: Words\n\n   index",
    "contents": ".. contents:: Words",
    "sectnum": ".. sectnum::\n   :prefix: words",
    "class": ".. class:: words\n\nNext.",
    "container": ".. container:: ps-principle words\n   :name: evil\n\n   Words.",
    "emphasis": ".. code-block:: text\n   :emphasize-lines: 1-999999999\n   :name: evil\n\n   words",
    "linenos": ".. code-block:: text\n   :lineno-start: 999999999\n   :dedent: 999999999\n   :linenos:\n\n   words",
    "csv-table": ".. csv-table:: words\n   :file: /etc/passwd",
    "csv-url": ".. csv-table:: words\n   :url: http://127.0.0.1:9/",
    "figure": ".. figure:: file:///etc/passwd\n   :target: javascript:x\n   :figclass: evil\n\n   Words.",
    "image": ".. image:: http://evil.example/a.png\n   :target: javascript:x\n   :name: evil\n   :alt: words",
    "substitution": ".. |x| image:: file:///etc/words\n\n|x|",
    "raw role": ".. role:: x(raw)\n   :format: html\n\n:x:`<b onclick=words>`",
    "download": ":download:`words </etc/passwd>`",
    "doc": ":doc:`words <index>` and :ref:`search` and :any:`search`",
    "count": ":policy:count:`hard-rules` words",
    "query": ".. policy:query:: hard-rules\n   :format: words",
    "principle": ".. policy:principle:: Words\n   :id: evil\n   :level: root",
    "default role": ".. default-role:: download\n\n`words </etc/passwd>`",
    "highlight": ".. highlight:: words\n   :linenothreshold: 1",
    "only": ".. only:: html\n\n   Words.",
    "index": ".. index:: words\n   :name: evil",
    "glossary": ".. glossary::\n\n   evil\n      Words.",
    "py": ".. py:function:: evil(words)",
    "target": ".. _evil:\n\nWords_ and evil_.\n\n.. _Words: javascript:x",
    "literalinclude": ".. literalinclude:: /etc/passwd\n   :caption: words",
    "math": ".. math:: \\input{/etc/words}\n   :label: evil",
    "title": "Words\n=====\n\nMore\n----\n\nText.",
    "depth": "\n".join("  " * n + "* words\n" for n in range(60)),
    "unknown": ".. nothing:: words",
    "date": ".. |d| date:: words\n\n|d|",
    "replace": ".. |a| replace:: |b| |b| words\n.. |b| replace:: |a| |a|\n\n|a|",
    "footnote": "Note [#evil]_ and [1]_.\n\n.. [#evil] Words.\n\n.. [1] More.",
    "nested lists": "* " * 400 + "words",
    "nested directives": "".join(f"{'   ' * n}.. note::\n\n" for n in range(80)) + "   " * 80 + "words",
    "addresses": "words " + "a@b.c " * 800,
    "marks in a word": "words " + "a-" * 2500,
    "marks in a paragraph": "words *a ``b |c `d " * 500,
    "targets": "words\n\n" + ".. _a:\n\n" * 600,
    "document": ":orphan:\n:tocdepth: 0\n\nWords.",
    "header": ".. header:: words\n\n.. footer:: words",
    "numbers": "999999999. words\n\n.. hlist::\n   :columns: 999999999\n\n   * x",
}
MYST_ACTS = {
    "meta": "```{meta}\n:http-equiv=refresh: 0; url=words\n```",
    "toctree": "```{toctree}\n:caption: words\nindex\n```",
    "emphasis": "```{code-block} text\n---\nemphasize-lines: 1-999999999\nname: evil\n---\nwords\n```",
    "eval-rst": "```{eval-rst}\n.. meta::\n   :http-equiv=refresh: 0; url=words\n```",
    "figure": "```{figure} file:///etc/words\n:name: evil\nCaption.\n```",
    "role": "{download}`words </etc/passwd>` {doc}`index` {raw}`x`",
    "target": "(evil)=\n# Words\n\n[](#evil)",
    "auto link": "<javascript:words> <data:x>",
    "link": "[words](java&#115;cript:x) [a](<java\tscript:x>) [b](/etc/passwd) [c](project:index.md) [d](inv:#x)",
    "footnote": "A[^evil].\n\n[^evil]: Words.",
    "html": "<meta http-equiv=refresh content=words><iframe src=x>",
    "attributes": "{.ps-principle #evil onclick=x}\nWords.",
    "include": "```{include} /etc/passwd\n:start-after: words\n```",
    "division": ":::{div} words\nx\n:::",
    "caption": "```{code-block} html\n:caption: <b>words</b>\n:lineno-start: 999999999\nx\n```",
    "metadata": "---\nmyst:\n  html_meta:\n    refresh: words\norphan: true\n---\nx",
    "attributes in a line": "[words]{.evil #evil onclick=x} `x`{=html}",
    "project": "<project:words> <path:/etc/passwd> <inv:#x>",
    "marks": "words " + "[^" * 2100,
    "targets": "words\n\n" + "(a)=\n\n" * 600,
    "nested directives": "".join(f"{':' * (90 - n)}{{note}}\n" for n in range(80)) + "words",
}
"""What only MyST reads so; what any Markdown does, :data:`MARKDOWN_ACTS`."""
MARKDOWN_ACTS = {
    "nested stars": "*" * 700 + "words" + "*" * 700,
    "nested quotations": ">" * 40 + " words",
    "nested quotations without end": "> " * 300 + "words",
    "nested lists": "- " * 15 + "words",
    "nested lists without end": "- " * 300 + "words",
    "nested links": "[" * 200 + "words" + "](#a)" * 200,
    "formulas": r"words \\(" + "{" * 900 + "x" + "}" * 900 + r"\\)",
}
ACTS = {
    Markup.RST: RST_ACTS,
    Markup.MYST: MYST_ACTS | MARKDOWN_ACTS,
    Markup.MODEL_SPEC: MARKDOWN_ACTS,
}


@dataclass(frozen=True, slots=True)
class Acting:
    """Sections of one handbook, by markup and name, whose texts try to do something, and what the build has told."""

    sections: dict[str, Tag]
    told: tuple[Finding, ...]
    folder: Path


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Acting:
    folder = tmp_path_factory.mktemp("acting")
    texts = [
        (markup, line, name, text)
        for markup, of in ACTS.items()
        for line, (name, text) in enumerate(of.items(), 2)
    ]
    sections = [
        Section(
            id=f"s{number}",
            title=f"{markup.value} {name}",
            depth=1,
            span=at(1, f"spec.{markup.value}"),
            blocks=(Prose(source=text, text=text, span=at(line, f"spec.{markup.value}")),),
        )
        for number, (markup, line, name, text) in enumerate(texts)
    ]
    documents = tuple(Document(file=f"spec.{markup.value}", markup=markup) for markup in ACTS)
    (folder / "spec.nt").write_bytes(ps.to_rdf(spec(*sections, documents=documents), "nt"))
    told = ps.build_handbook(folder / "spec.nt", folder / "site", pages="one", theme="basic")
    page = BeautifulSoup((folder / "site" / "index.html").read_text("utf-8"), "html.parser")
    shown = {f"{markup.value} {name}": page.find(id=f"s{n}") for n, (markup, _, name, _) in enumerate(texts)}
    tags = {name: found for name, found in shown.items() if isinstance(found, Tag)}
    return Acting(tags, told, folder)


MADE = re.compile(
    "section|h2|p|cite|ul|ol|li|dl|dt|dd|em|strong|code|pre|div|span|sup|table|thead|tbody|tr|th|td|a|blockquote"
)
"""Elements that a text of others may become."""


@pytest.mark.parametrize("name", [f"{markup.value} {name}" for markup, of in ACTS.items() for name in of])
def test_a_text_of_others_only_says_its_words(acting: Acting, name: str) -> None:
    section = acting.sections[name]
    assert "words" in section.get_text().casefold()
    assert all(MADE.fullmatch(tag.name) for tag in section.find_all(True))
    for tag in section.find_all(True):
        assert tag.get("id") is None or str(tag["id"]).startswith("s")
        assert set(tag.attrs) <= {"class", "href", "title", "id", "start"}
        assert not {"ps-principle", "evil", "words", "toctree-wrapper"} & set(tag.get("class") or ())
        assert is_address(str(tag.get("href", "#a")))


def test_no_text_of_others_reaches_beyond_its_place(acting: Acting) -> None:
    page = BeautifulSoup((acting.folder / "site" / "index.html").read_text("utf-8"), "html.parser")
    assert page.find("meta", attrs={"http-equiv": "refresh"}) is None
    assert "root:" not in page.get_text()
    assert not any("passwd" in path.name for path in (acting.folder / "site").rglob("*"))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("model-spec nested stars", "it nests too deep"),
        ("model-spec nested lists without end", "it nests deeper than 50 levels"),
        ("rst marks in a word", "a paragraph of it has 2,500 marks in 5,006 characters"),
        ("myst targets", "it has more than 500 targets"),
    ],
)
def test_a_text_that_is_shown_as_it_stands_is_told_with_its_place(
    acting: Acting, name: str, why: str
) -> None:
    markup, _, what = name.partition(" ")
    file = str(acting.folder / f"spec.{markup}")
    line = 2 + list(ACTS[Markup(markup)]).index(what)
    told = [found.message for found in acting.told if (found.span.file, found.span.line) == (file, line)]
    assert told == [f"a text is shown as it is: {why}"]
    text = ACTS[Markup(markup)][what]
    assert "".join(text.split()) in "".join(acting.sections[name].get_text().split())
