"""The extensions and themes that stand beside ours in the test of company, each with what it is used for."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

__all__ = [
    "FOREIGN",
    "LIGHT",
    "NEIGHBOURS",
    "OPTIONS",
    "STANDARD",
    "THEMES",
    "Neighbour",
    "inside",
    "principle",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """An extension of somebody else.

    :param uses: what a page holds that uses it, in reStructuredText
    :param around: a construct that holds blocks, with ``@`` where they stand
    :param conf: its settings
    :param builder: the builder that it brings
    :param chance: what is another in each build, as a pattern
    """

    module: str
    uses: str = ""
    around: str = ""
    conf: dict[str, Any] = field(default_factory=dict)
    builder: str = "html"
    chance: str = ""
    is_light: bool = False


def principle(name: str) -> str:
    """Return a principle with an example as a directive."""
    return f""".. policy:principle:: Be {name}
   :id: be_{name}
   :authority: user

   Words about {name}.

   .. policy:example:: rude {name}
      :id: {name}-example

      .. policy:message:: user

         Why so {name}?

      .. policy:response:: good

         Because.
"""


def inside(around: str, text: str) -> str:
    """Return blocks inside a construct."""
    line = next(line for line in around.splitlines() if "@" in line)
    before = line.replace("@", "")
    return around.replace(line, before + indent(text, " " * len(before)).lstrip())


NEIGHBOURS = [
    Neighbour(
        module="sphinx_design",
        uses=".. card:: A card\n\n   Words.\n\n.. button-link:: https://example.org\n",
        around=".. tab-set::\n\n   .. tab-item:: One\n\n      .. dropdown:: More\n\n         @\n",
        is_light=True,
    ),
    Neighbour(
        module="sphinx_copybutton",
        uses=".. code-block:: python\n\n   >>> x = 1\n",
        around=".. container::\n\n   @\n",
        conf={"copybutton_prompt_text": ">>> "},
        is_light=True,
    ),
    Neighbour(
        module="sphinx_togglebutton",
        uses=".. toggle::\n\n   Words.\n",
        around=".. admonition:: Click\n   :class: dropdown\n\n   @\n",
        is_light=True,
    ),
    Neighbour(
        module="sphinx_inline_tabs",
        uses=".. tab:: A\n\n   Words.\n\n.. tab:: B\n\n   Words.\n",
        around=".. tab:: One\n\n   @\n\n.. tab:: Two\n\n   Words.\n",
        is_light=True,
    ),
    Neighbour(
        module="sphinx_tabs.tabs",
        uses=".. tabs::\n\n   .. tab:: A\n\n      Words.\n",
        around=".. tabs::\n\n   .. tab:: One\n\n      @\n\n   .. group-tab:: Two\n\n      Words.\n",
    ),
    Neighbour(
        module="sphinxext.opengraph",
        conf={"ogp_site_url": "https://example.org/", "ogp_social_cards": {"enable": False}},
        is_light=True,
    ),
    Neighbour(
        module="sphinx_sitemap",
        conf={"html_baseurl": "https://example.org/", "sitemap_show_lastmod": False},
        is_light=True,
    ),
    Neighbour(module="sphinx_reredirects", conf={"redirects": {"old": "foreign.html"}}, is_light=True),
    Neighbour(module="sphinx_favicon", conf={"favicons": ["https://example.org/icon.svg"]}, is_light=True),
    Neighbour(module="sphinxcontrib.mermaid", uses=".. mermaid::\n\n   graph LR; a-->b\n", is_light=True),
    Neighbour(
        module="sphinxcontrib.bibtex",
        uses="See :cite:p:`knuth`.\n\n.. bibliography::\n",
        conf={"bibtex_bibfiles": ["refs.bib"]},
    ),
    Neighbour(
        module="sphinx_needs",
        uses=".. req:: A need\n   :id: REQ_1\n\n   Words.\n\n.. needlist::\n",
        around=".. spec:: Another\n   :id: SPEC_1\n\n   @\n",
        chance=r"SNCB-\w+|\d[\d.]* seconds|\d+ needs/s|needs_per_second\W+\d+",
    ),
    Neighbour(
        module="ablog",
        uses=".. post:: 2026-01-02\n   :tags: a\n\n",
        around=".. update:: 2026-01-03\n\n   @\n",
        conf={"blog_baseurl": "https://example.org/"},
        chance="<updated>.*?</updated>",
    ),
    Neighbour(module="myst_nb", conf={"nb_execution_mode": "off"}),
    Neighbour(module="sphinx_mdinclude", uses=".. mdinclude:: part.txt\n"),
    Neighbour(module="sphinxcontrib.katex", uses=".. math:: a + b\n"),
    Neighbour(module="sphinx_markdown_builder", builder="markdown"),
]
"""Those that people use most, by downloads and by dependants."""

LIGHT = [neighbour for neighbour in NEIGHBOURS if neighbour.is_light]

STANDARD = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosectionlabel",
    "sphinx.ext.autosummary",
    "sphinx.ext.coverage",
    "sphinx.ext.doctest",
    "sphinx.ext.extlinks",
    "sphinx.ext.githubpages",
    "sphinx.ext.graphviz",
    "sphinx.ext.ifconfig",
    "sphinx.ext.imgmath",
    "sphinx.ext.inheritance_diagram",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx.ext.todo",
    "sphinx.ext.viewcode",
    "myst_parser",
]
OPTIONS: dict[str, Any] = {
    "autosectionlabel_prefix_document": True,
    "extlinks": {"issue": ("https://example.org/%s", "issue %s")},
    "numfig": True,
    "todo_include_todos": True,
    "imgmath_latex": "no-such-latex",
    "graphviz_dot": "no-such-dot",
    "html_last_updated_fmt": None,
    "myst_enable_extensions": ["colon_fence", "dollarmath"],
    "copyright": "nobody",
}
THEMES = ["alabaster", "furo", "pydata_sphinx_theme", "sphinx_book_theme", "sphinx_rtd_theme", "shibuya"]

FOREIGN = {
    "foreign.rst": """Foreign page
============

.. automodule:: colorsys
   :members:

.. autosummary::

   colorsys.rgb_to_hls

.. todo:: Write more.

.. todolist::

.. graphviz::

   digraph { a -> b }

.. inheritance-diagram:: decimal.Decimal

.. ifconfig:: numfig

   Shown with numbers.

.. doctest::

   >>> 1 + 1
   2

.. math:: e = mc^2
   :label: energy

.. _a-table:

.. table:: Numbered

   == ==
   a  b
   == ==

.. container:: box

   Words in a box.

.. note:: See :issue:`7`, :eq:`energy`, :numref:`a-table`, :ref:`foreign:Foreign page`, [#n]_.

.. glossary::

   Zebra
      An animal.

.. only:: html

   Words for browsers.

.. [#n] A note.
""",
    "other.md": """# Another foreign page

:::{admonition} Words
In a box, with $a + b$ and [a link](#a-table).
:::

```{math}
:label: mass
m = e / c^2
```

- [x] {eq}`mass`

| a | b |
|---|---|
| 1 | 2 |
""",
}
