"""The words of the graph are the words of the page, in whatever way they came to it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.model import Definition, EvalPrompt, Example, Markup, Prose, Spec
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from tests.conftest import REPOSITORY

Build = Callable[..., SphinxTestApp]

CONF = '''
import os, sys
from docutils import nodes
from docutils.parsers.rst import Directive

sys.path.insert(0, os.path.dirname(__file__))
project, version, release = "Words", "1.5", "1.5.2"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx_policyspec"]
html_theme = "basic"
exclude_patterns = ["part"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "fieldlist", "substitution", "attrs_block"]
myst_substitutions = {"kind": "*gentle* and calm", "rules": "First of two.\\n\\n- second of two"}
rst_epilog = ".. |gentle| replace:: *gentle* and calm\\n.. |deep| replace:: very |gentle|\\n"


class Card(Directive):
    """What extensions do with cards and tabs: boxes in boxes, with a title of their own."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self):
        body = nodes.container("", classes=["card-body"])
        self.state.nested_parse(self.content, self.content_offset, body)
        head = nodes.paragraph(self.arguments[0], self.arguments[0]) if self.arguments else nodes.container()
        return [nodes.container("", head, body, is_div=True, design_component="card")]


def change(app, docname, source):
    if "banner" in docname:
        note = "```{note}\\nA draft.\\n```\\n\\n" if docname.startswith("myst") else ".. note::\\n\\n   A draft.\\n\\n"
        source[0] = source[0].replace("\\n\\n", "\\n\\n" + note, 1)
    if "loop" in docname:
        made = "\\n\\n".join(f"Made {word} by a loop." for word in ("first", "second"))
        source[0] = source[0].replace("%LOOP%", made)


def setup(app):
    app.connect("source-read", change)
    app.add_directive("card", Card)
'''

GUARD = r'''"""Guards."""


def refuse(x):
    """Refuse what is asked.

    Say no without a *sermon*, and say
    what else there is.

    :param x: what is asked
    """


class Guard:
    """Who stands here."""

    limit: int = 3
    """How often one may ask."""

    def open(self, key_, *more):
        r"""Let in with a \*key\*."""
'''

FILES = {
    "courtesy.py": GUARD,
    "part/whole.txt": "Included words.\n\nA long\nparagraph of them.\n",
    "part/lines.txt": "Not this.\n\nThis line.\n\nAnd this line.\n\nNot that.\n",
    "part/marks.txt": "Not this. START of the words,\n\nand more. END Not that.\n",
    "part/outer.md": "Outer words.\n\n```{include} part/inner.txt\n```\n\nOuter again.\n",
    "part/outer.rst": "Outer words.\n\n.. include:: part/inner.txt\n\nOuter again.\n",
    "part/inner.txt": "Inner words.\n",
    "part/cells.csv": "Key,Meaning\nkind,calm and gentle\n",
    "part/code.py": "print('included code')\n",
}


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way in which text comes to a page.

    :param says: words that the page shows by it
    :param unplaced: words of the page that stand on no line of a file
    """

    rst: str = ""
    myst: str = ""
    says: str
    unplaced: frozenset[str] = field(default_factory=frozenset)


WAYS = {
    "file": Way(
        rst="Be *kind* to all,\nand calm.", myst="Be *kind* to all,\nand calm.", says="kind to all and calm"
    ),
    "banner": Way(rst="Be kind.", myst="Be kind.", says="Be kind"),
    "loop": Way(
        rst="Before.\n\n%LOOP%\n\nAfter.",
        myst="Before.\n\n%LOOP%\n\nAfter.",
        says="Before Made first by a loop Made second by a loop After",
    ),
    "include-whole": Way(
        rst="Before.\n\n.. include:: part/whole.txt\n\nAfter.",
        myst="Before.\n\n```{include} part/whole.txt\n```\n\nAfter.",
        says="Before Included words A long paragraph of them After",
    ),
    "include-lines": Way(
        rst=".. include:: part/lines.txt\n   :start-line: 2\n   :end-line: -1",
        myst="```{include} part/lines.txt\n:start-line: 2\n:end-line: -1\n```",
        says="This line And this line",
    ),
    "include-marks": Way(
        rst=".. include:: part/marks.txt\n   :start-after: START\n   :end-before: END",
        myst="```{include} part/marks.txt\n:start-after: \"START\"\n:end-before: 'END'\n```",
        says="of the words and more",
    ),
    "include-nested": Way(
        rst=".. include:: part/outer.rst",
        myst="```{include} part/outer.md\n```",
        says="Outer words Inner words Outer again",
    ),
    "include-literal": Way(
        rst=".. literalinclude:: part/code.py",
        myst="```{literalinclude} part/code.py\n```",
        says="print included code",
    ),
    "docstring": Way(
        rst=".. autofunction:: courtesy.refuse",
        myst="```{eval-rst}\n.. autofunction:: courtesy.refuse\n```",
        says="Refuse what is asked Say no without a sermon and say what else there is",
    ),
    "docstring-class": Way(
        rst=".. autoclass:: courtesy.Guard\n   :members:\n   :no-index:",
        myst="```{eval-rst}\n.. autoclass:: courtesy.Guard\n   :members:\n   :no-index:\n```",
        says="How often one may ask open key_ more Let in with a key",
    ),
    "summary": Way(rst=".. autosummary::\n\n   courtesy.refuse", says="Refuse what is asked"),
    "substitution": Way(
        rst="Be |gentle| to |deep| people.\n\n|release| holds.",
        myst="Be {{ kind }} to {{ kind }} people.",
        says="gentle and calm to",
    ),
    "substitution-block": Way(
        myst="Before.\n\n{{ rules }}\n\nAfter.", says="Before First of two second of two After"
    ),
    "eval-rst": Way(
        myst="```{eval-rst}\nBe *kind*, as ``code`` and `the site <https://example.org/>`_ are, :policy:principle:`myst-file`.\n\n- one\n- two\n```",
        says="Be kind as code and the site are Rule one two",
    ),
    "bullets": Way(
        rst="Say\n\n- one\n\n  - deep one\n  - deep two\n\n- two\n\n  and more of two",
        myst="Say\n\n* one\n\n  * deep one\n  * deep two\n\n* two\n\n  and more of two",
        says="Say one deep one deep two two and more of two",
    ),
    "numbers": Way(
        rst="3. three\n4. four\n\n(a) first\n(b) second\n\n#. auto",
        myst="3. three\n4. four\n\nthen\n\n1) first\n2) second",
        says="three four",
    ),
    "definitions": Way(
        rst="term : kind\n   What it means.\n\nother\n   More.\n\n   And more.",
        myst="term\n: What it means.\n\nother\n: More.\n\n  And more.",
        says="What it means other More And more",
    ),
    "fields": Way(
        rst="Say.\n\n:Key one: value one\n:Key two: value two",
        myst="Say.\n\n:Key one: value one\n:Key two: value two",
        says="value one Key two value two",
    ),
    "quote": Way(
        rst="Somebody said:\n\n   Be kind\n   to all.\n\n   -- A *reader*",
        myst="Somebody said:\n\n> Be kind\n> to all.\n>\n> - a list\n>   in a quotation",
        says="Somebody said Be kind to all",
    ),
    "verse": Way(
        rst="| Line one\n|   line two\n| line three",
        myst="Line one\\\nline two  \nline three",
        says="Line one line two line three",
    ),
    "grid-table": Way(
        rst="+-----+-------------+\n| Key | Meaning     |\n+=====+=============+\n| a   | - calm      |\n|     | - kind      |\n+-----+-------------+",
        says="Key Meaning a calm kind",
    ),
    "spanned-table": Way(
        rst="+-----+---+---+\n| ade | b | c |\n+-----+---+---+\n| wide    | d |\n|         +---+\n|         | e |\n+---------+---+",
        says="ade b c wide d e",
    ),
    "simple-table": Way(
        rst="===  =====\nKey  Value\n===  =====\na    kind\nb    calm\n===  =====",
        says="Key Value a kind b calm",
    ),
    "pipe-table": Way(
        myst="| Key | Value |\n|--|:-:|\n| a | kind \\| calm |\n| b | *calm* |",
        says="Key Value a kind calm b calm",
    ),
    "list-table": Way(
        rst=".. list-table:: Title words\n   :header-rows: 1\n\n   * - Key\n     - Value\n   * - a\n     - kind\n\n       and calm",
        myst="```{list-table} Title words\n:header-rows: 1\n\n* - Key\n  - Value\n* - a\n  - kind\n\n    and calm\n```",
        says="Title words Key Value a kind and calm",
    ),
    "csv-table": Way(
        rst='.. csv-table:: Title\n   :header: Key, Value\n\n   a, "kind, calm"\n\n.. csv-table::\n   :file: part/cells.csv',
        myst='```{csv-table} Title\n:header: Key, Value\n\na, "kind, calm"\n```',
        says="Title Key Value a kind calm",
    ),
    "admonition": Way(
        rst=".. note:: Be kind.\n\n   And calm.\n\n.. admonition:: A *title*\n\n   Words.",
        myst="```{note}\nBe kind.\n\n- And calm.\n```\n\n:::{admonition} A *title*\nWords.\n:::",
        says="Be kind And calm",
    ),
    "version": Way(
        rst=".. versionadded:: 2.0\n   Be kinder.",
        myst="```{versionadded} 2.0\nBe kinder.\n```",
        says="Be kinder",
    ),
    "only": Way(
        rst=".. only:: html\n\n   Shown.\n\n.. only:: nowhere\n\n   Hidden.",
        myst="```{only} html\nShown.\n```\n\n- one\n\n  ```{only} nowhere\n  Hidden.\n  ```\n- two",
        says="Shown",
    ),
    "card": Way(
        rst=".. card:: Head\n\n   Be kind.\n\n   .. card::\n\n      - inner\n\nAfter.",
        myst="````{card} Head\nBe kind.\n\n```{card}\n- inner\n```\n````\n\nAfter.",
        says="Head Be kind inner After",
    ),
    "code": Way(
        rst="Say::\n\n   kind = 1\n\n.. code-block:: python\n\n   calm = 2\n\nAs in ::\n\n   more",
        myst="Say\n\n```\nkind = 1\n```\n\n```python\ncalm = 2\n```",
        says="Say kind 1 calm 2",
    ),
    "maths": Way(
        rst=".. math::\n\n   x = y\n\nand :math:`z`.", myst="$$\nx = y\n$$\n\nand $z$.", says="x y and z"
    ),
    "comments": Way(
        rst="Before.\n\n.. hidden\n   hidden again\n\n..\n   hidden\n\nAfter.",
        myst="Before.\n\n<!-- hidden\n\nhidden again -->\n\n% hidden\n\nAmid <!-- hidden --> words.\n\n+++ hidden\n\nAfter.",
        says="Before",
    ),
    "silent": Way(
        rst="Before.\n\n.. index:: hidden\n.. _a-label:\n.. |hidden| replace:: hidden\n.. meta::\n   :keywords: hidden\n\nAfter.",
        myst="Before.\n\n(a-target)=\n\n```{index} hidden\n```\n\nAfter.",
        says="Before After",
    ),
    "raw": Way(
        rst=".. raw:: html\n\n   <b>Bold</b> words\n\n.. raw:: latex\n\n   hidden\n\nAfter.",
        myst="<div>Bold words</div>\n\nAfter <b>bold</b>.",
        says="words After",
    ),
    "links": Way(
        rst="See `the site`_ and `here <https://example.org/b>`_.\n\n.. _the site: https://example.org/a",
        myst="See [the site][a] and [here](https://example.org/b).\n\n[a]: https://example.org/a",
        says="See the site and here",
    ),
    "entities": Way(
        rst="Be \\*kind\\* and so_ on.\n\n.. _so: https://example.org",
        myst="caf&eacute; \\*kind\\* & more",
        says="kind",
    ),
    "separators": Way(
        rst="A pasted\u2028line, a tab\there.\n\n\f\n\nAfter.",
        myst="A pasted\u2028line, a next\u0085line\x1cand a tab\there.\n\nAfter.",
        says="A pasted line",
    ),
    "joined": Way(
        rst="H\\ :sub:`2`\\ O, **b**\\ e and |gentle|\\ ly, a\\ b.",
        myst="H{sub}`2`O, **b**e and {{ kind }}",
        says="H 2 O b e and",
    ),
    "targets": Way(
        rst="An _`inline target`, a reference_, :pep:`8`.\n\n.. _reference: https://example.org/r",
        says="An inline target a reference PEP 8",
    ),
    "notes": Way(
        rst="One [1]_ two [#]_ three [*]_ four [CIT]_.\n\n.. [1] first\n.. [#] second\n.. [*] third\n.. [CIT] fourth",
        myst="Say {{ kind }}[^why].\n\n[^why]: Because.",
        says="1",
    ),
    "glossary": Way(
        rst=".. glossary::\n\n   calm : hidden\n     Not *loud*.\n\n   soft\n   mild\n     Not hard.",
        says="calm Not loud soft mild Not hard",
    ),
    "parsed-literal": Way(
        rst=".. parsed-literal::\n\n   be *kind* to `all <https://example.org>`_\n\nAfter.",
        myst="```{parsed-literal}\nbe *kind*\n```\n\nAfter.",
        says="be kind",
    ),
    "signs": Way(
        myst="```{eval-rst}\n2020\\. was a year, [a](b) _c_ __init__ $5 and $6 {{ d }} &copy; <e> `` `f` `` |gentle|\n\n\\- no list\n```",
        says="2020 was a year a b",
    ),
    "signs-made": Way(
        rst="|gentle|\\, 1. no list\n\n(a\\) |gentle| and foo\\_ and \\*that\\*",
        myst="{{ kind }}, \\[a\\](b), \\$5 and \\$6, \\_c\\_ and `` `d` ``",
        says="calm",
    ),
    "comment-over-lines": Way(
        myst="Be ki<!-- hidden\nhidden -->nd, be<!-- hidden\n  hidden --> calm.", says="Be kind be calm"
    ),
    "target-in-a-line": Way(rst="Be |gentle| to |deep| _`people` here.", says="calm people here"),
    "escapes": Way(rst="H\\ :sub:`2`\\ O for |gentle| \\*people\\*.", says="H 2 O for"),
    "signatures": Way(
        rst=".. py:class:: Kind(calm)\n\n   Words.\n\n   .. py:attribute:: gentle\n      :type: int\n\n"
        ".. py:exception:: Rude\n.. c:struct:: person\n.. cpp:class:: Soft\n.. js:class:: Deep(x)\n",
        says="class Kind calm Words",
    ),
    "notes-of-each-kind": Way(
        rst="Be kind [1]_, calm [#]_, deep [#so]_, soft [*]_ and [Own]_.\n\n.. [1] One.\n\n.. [#] Two.\n\n.. [#so] Three.\n\n"
        ".. [*] Four.\n\n.. [Own] Five.\n",
        says="Be kind",
    ),
    "rubric": Way(
        rst=".. rubric:: A small *head*\n\nWords.",
        myst="```{rubric} A small *head*\n```\n\nWords.",
        says="A small head Words",
    ),
    "image": Way(
        rst="Before.\n\n.. figure:: https://example.org/a.png\n\n   A caption.\n\n   A legend.",
        myst="```{figure} https://example.org/a.png\nA caption.\n\nA legend.\n```",
        says="A caption A legend",
    ),
}

PAIRS = [(name, markup) for name, way in WAYS.items() for markup in ("rst", "myst") if getattr(way, markup)]
SUFFIX = {"rst": ".rst", "myst": ".md"}
SUFFIXES = {Markup.RST: ".rst", Markup.MYST: ".md"}
HEADS = {
    "rst": "Title\n=====\n\nRule\n----\n\n.. policy:principle::\n   :id: {0}\n   :authority: user\n\n{1}\n",
    "myst": "# Title\n\n## Rule\n\n```{{policy:principle}}\n:id: {0}\n:authority: user\n```\n\n{1}\n",
}
HEADINGS = {f"h{number}" for number in range(1, 7)}
EMPTY = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}


class Section(HTMLParser):
    """The words of one section of a page: without its heading, and without what is a provision or a block of its own."""

    def __init__(self, identifier: str) -> None:
        super().__init__()
        self.identifier = identifier
        self.words: list[str] = []
        self._depth = 0
        self._skipped = 0
        self._is_next = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if self._depth and tag not in EMPTY:
            self._depth += 1
            others = r"headerlink|toctree-wrapper|contents|\bps-(?!term|clause)"
            is_other = re.search(others, named.get("class") or "")
            if self._skipped or is_other or tag in {"section", *HEADINGS}:
                self._skipped += 1
        elif self._is_next or named.get("id") == self.identifier:
            # A second id of a section stands before it.
            self._depth, self._is_next = int(tag == "section"), tag != "section"

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in EMPTY:
            self._depth -= 1
            self._skipped = max(self._skipped - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._depth and not self._skipped:
            self.words += re.findall(r"\w+", data)


def words_of(html: Path, identifier: str) -> list[str]:
    parser = Section(identifier)
    parser.feed(html.read_text("utf-8"))
    return parser.words


def spec_of(app: SphinxTestApp) -> Spec:
    return Knowledge().spec(app.env)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("words")


@pytest.fixture(scope="module")
def apps(folder: Path) -> Iterator[tuple[SphinxTestApp, SphinxTestApp]]:
    """Build a page for each way, and one for each text that the graph has of it."""
    first = SphinxTestApp("html", srcdir=_project(folder / "pages", _bodies()), builddir=folder / "out")
    first.build()
    texts = {name: spec_of(first).provision_by_id[name].text for name in _bodies()}
    second = SphinxTestApp("html", srcdir=_project(folder / "again", texts), builddir=folder / "out-again")
    second.build()
    yield first, second
    first.cleanup()
    second.cleanup()


def _bodies() -> dict[str, str]:
    return {f"{markup}-{name}": getattr(WAYS[name], markup) for name, markup in PAIRS}


def _project(source: Path, bodies: dict[str, str]) -> Path:
    pages = {"index.rst": "Index\n=====\n\n.. toctree::\n   :glob:\n\n   *\n", "conf.py": CONF, **FILES}
    for name, body in bodies.items():
        markup = name.partition("-")[0]
        pages[f"{name}{SUFFIX[markup]}"] = HEADS[markup].format(name, body)
    for file, text in pages.items():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        (source / file).write_text(text, encoding="utf-8")
    return source


@pytest.mark.parametrize(("name", "markup"), PAIRS)
def test_the_text_of_a_provision_is_what_its_page_shows(
    apps: tuple[SphinxTestApp, SphinxTestApp], name: str, markup: str
) -> None:
    identifier = f"{markup}-{name}"
    shown, again = (words_of(Path(app.outdir, f"{identifier}.html"), identifier) for app in apps)
    assert f" {WAYS[name].says} " in f" {' '.join(shown)} "
    # The text is in the markup of the page: as the body of a page it shows the same words, in the same order.
    assert again == shown
    text = spec_of(apps[0]).provision_by_id[identifier].text
    assert "hidden" not in text.lower()
    assert "\0" not in text


@pytest.mark.parametrize(("name", "markup"), PAIRS)
def test_words_stand_where_the_graph_says(
    apps: tuple[SphinxTestApp, SphinxTestApp], name: str, markup: str
) -> None:
    app = apps[0]
    for block in spec_of(app).provision_by_id[f"{markup}-{name}"].blocks:
        file = Path(app.srcdir, block.span.file).read_text("utf-8")
        lines = file.split("\n") if markup == "myst" else re.sub("[\v\f]", " ", file).splitlines()
        assert 0 < block.span.line <= len(lines)
        for row, line in zip(
            block.source.split("\n") * bool(block.source), lines[block.span.line - 1 :], strict=False
        ):
            assert all(char in {" ", line[column]} for column, char in enumerate(row))


TITLES = {
    "rst": {
        "Be *kind* and ``code``": "Be kind and code",
        "H\\ :sub:`2`\\ O, :abbr:`LIFO (last in)`": "H2O, LIFO",
        "See `the site <https://example.org>`_": "See the site",
        "An _`inline target`": "An inline target",
        "a_b, foo\\_ and \\*that\\*": "a_b, foo_ and *that*",
        "Be |gentle|": "Be gentle and calm",
    },
    "myst": {
        "Be *kind*, $x$": "Be kind, x",
        "See [the site](https://example.org)": "See the site",
        "Caf&eacute; <b>A</b> <!-- hidden -->B": "Café A B",
        "Be {{ kind }}": "Be gentle and calm",
        "With {nosuch}`words` in it": "With  in it",
    },
}
FORMS = {
    "rst": "Title\n=====\n\n.. policy:spec:: {0}\n\n{0}\n"
    + 60 * "-"
    + "\n\n.. policy:principle::\n   :authority: user\n\n   Kind.\n\n"
    ".. policy:principle:: {0}\n   :id: block\n   :authority: user\n\n   Kind.\n\n.. policy:definition:: {0}\n\n   Words.\n\n"
    ".. policy:example:: {0}\n\n   .. policy:message:: user\n\n      Hi.\n\n"
    ".. policy:prompt:: {0}\n   :show:\n   :tests: block\n\n   .. policy:message:: user\n\n      Hi.\n",
    "myst": "# Title\n\n```{{policy:spec}} {0}\n```\n\n## {0}\n\n```{{policy:principle}}\n:authority: user\n\nKind.\n```\n\n"
    "```{{policy:principle}} {0}\n:id: block\n:authority: user\n\nKind.\n```\n\n```{{policy:definition}} {0}\nWords.\n```\n\n"
    "````{{policy:example}} {0}\n```{{policy:message}} user\nHi.\n```\n````\n\n"
    "````{{policy:prompt}} {0}\n:show:\n:tests: block\n\n```{{policy:message}} user\nHi.\n```\n````\n",
}


@pytest.mark.parametrize(
    ("markup", "title"), [(markup, title) for markup in TITLES for title in TITLES[markup]]
)
def test_every_title_in_the_graph_is_the_words_that_readers_see(
    markup: str, title: str, tmp_path: Path, build: Build
) -> None:
    page = FORMS[markup].format(title)
    if "`" in title and markup == "myst":
        page = page.replace("````", "::::").replace("```", ":::").replace(":::", "~~~")
    _project(tmp_path, {})
    (tmp_path / "index.rst").unlink()
    (tmp_path / f"index{SUFFIX[markup]}").write_text(page, "utf-8")
    spec = spec_of(build(tmp_path, "dummy"))
    (_, section, block) = spec.provisions
    terms = [item.term for item in block.blocks if isinstance(item, Definition)]
    heads = [item.title for item in block.blocks if isinstance(item, Example | EvalPrompt)]
    assert {spec.title, section.title, block.title, *terms, *heads} == {TITLES[markup][title]}


ROOTS = sorted(
    path.name.removeprefix("test-")
    for path in (REPOSITORY / "tests" / "roots").iterdir()
    # Docutils numbers sections without a Latin letter page by page, so that one number stands on several pages.
    if path.is_dir() and path.name != "test-greek"
)


@pytest.mark.parametrize("root", [*ROOTS, "example_docs"])
def test_the_text_of_every_provision_of_a_project_is_what_its_page_shows(
    root: str, tmp_path: Path, build: Build
) -> None:
    folder = REPOSITORY / (root if root == "example_docs" else f"tests/roots/test-{root}")
    source = Path(shutil.copytree(folder, tmp_path / root, ignore=shutil.ignore_patterns("_build", "*.po")))
    first = build(source, "dummy")
    spec = spec_of(first)
    markups = {document.file: document.markup for document in spec.documents}
    # Of two provisions with one id, only one can be found on the pages.
    times = Counter(provision.id for provision in spec.provisions)
    asked = {
        provision.id: provision
        for provision in spec.provisions
        if markups.get(provision.span.file) in SUFFIXES and times[provision.id] == 1
    }
    for number, provision in enumerate(asked.values()):
        suffix = SUFFIXES[markups[provision.span.file]]
        head = f"{':orphan:' if suffix == '.rst' else '---' + chr(10) + 'orphan: true' + chr(10) + '---'}\n\n"
        head += "Again\n=====\n\n" if suffix == ".rst" else "# Again\n\n"
        text = "\n\n".join(block.text for block in provision.blocks if isinstance(block, Prose))
        (source / f"again{number}{suffix}").write_text(head + text, encoding="utf-8")
    second = build(source)
    texts = {
        path: path.read_text("utf-8")
        for path in Path(second.outdir).rglob("*.html")
        if not path.stem.startswith("again")
    }
    for number, identifier in enumerate(asked):
        pages = [page for page, text in texts.items() if f'id="{identifier}"' in text]
        shown = [words for page in pages if (words := words_of(page, identifier))]
        again = words_of(Path(second.outdir, f"again{number}.html"), "again")
        assert again in (shown or [[]])


def test_a_note_that_is_moved_belongs_to_its_provision(tmp_path: Path, build: Build) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    page = HEADS["myst"].format(
        "kind", "Be kind.[^why]\n\n[^why]: Because it\n    is good.\n\n## Other\n\nWords."
    )
    (tmp_path / "index.md").write_text(page, "utf-8")
    spec = spec_of(build(tmp_path, "dummy"))
    assert spec.provision_by_id["kind"].text == "Be kind.[^why]\n\n[^why]: Because it\n    is good."
    assert spec.preamble == ()


def test_a_translated_page_leaves_the_words_of_its_source_in_the_graph(
    project: Callable[[str], Path], build: Build
) -> None:
    source = project("translated")
    translated = spec_of(build(source, out="translated"))
    shutil.rmtree(source / "locale")
    assert translated == spec_of(build(source, out="plain"))
