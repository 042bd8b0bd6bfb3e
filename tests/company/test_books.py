"""Books hold some pages of a project: what names a principle on another one is text there, whatever names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.company.projects import OURS, build, write

VIEWS = """Views
=====

.. policy:topic:: Manners

{lead}

.. policy:principle-list::

.. policy:principle-table::

.. policy:example-table::

.. policy:matrix::

.. policy:graph::

.. policy:coverage::

.. policy:survey::

.. policy:query:: principles-by-level

.. policy:query:: principles-by-level
   :format: list

.. policy:query:: principles-by-level
   :columns: id

.. policy:case::

   title: who waits
   items:
     - {{id: a, principle: be_kind, issue: tone, value: kind}}
     - {{id: b, principle: be_brief, issue: tone, value: short}}

.. policy:changes::
   :since: before.md

There are :policy:count:`principles-by-level`, such as :policy:principle:`be_kind`, :policy:principle:`her <be_kind>`,
:any:`be_kind`, :policy:topic:`manners`, :policy:example:`rude`, :policy:term:`kind`, :policy:level:`owner`,
:policy:goal:`be_liked`.

+-----------------------------+
| .. policy:principle-table:: |
+-----------------------------+

.. policy:principle:: Be here
   :id: be_here
   :authority: owner
   :exception-to: be_kind
   :serves: be_liked
   :topics: manners

   Stay, as :policy:principle:`be_brief` says.

   .. policy:example:: late
      :id: late
      :illustrates: be_kind, be_here

      .. policy:message:: user

         Why so late?

      .. policy:response:: good

         See :policy:principle:`be_kind`.

      .. policy:response:: bad
         :violates: be_kind, be_brief

         Eh.
"""
FAR = """:orphan:

Far
===

.. policy:level:: owner
   :roles: developer

.. policy:level:: user
   :roles: user

.. policy:goal:: Be liked
   :id: be_liked

   To be liked.

.. policy:definition:: kind
   :id: kind

   Friendly.

.. policy:principle:: Be kind
   :id: be_kind
   :authority: owner
   :topics: manners

   Greet people.

   .. policy:example:: rude
      :id: rude

      .. policy:message:: user

         Why so slow?

      .. policy:response:: good

         Sorry.

.. policy:principle:: Be brief
   :id: be_brief
   :authority: user
   :topics: manners
   :conflicts-with: be_kind

   Say little.
"""
BEFORE = "# Views {#views}\n\n## Be kind {#be_kind authority=owner}\n\nGreet.\n"
BUILDERS = ["latex", "texinfo", "man", "epub", "singlehtml", "policypdf", "text", "xml"]
LEAD = {"orphan": "", "other book": ".. toctree::\n   :hidden:\n\n   second"}


@pytest.mark.parametrize("where", LEAD)
@pytest.mark.parametrize("builder", BUILDERS)
def test_what_names_a_page_that_a_book_lacks_is_text(tmp_path: Path, builder: str, where: str) -> None:
    is_orphan = where == "orphan"
    pages = {"index.rst": VIEWS.format(lead=""), "before.md": BEFORE}
    pages |= (
        {"far.rst": FAR}
        if is_orphan
        else {"far.rst": FAR, "second.rst": "Second\n======\n\n.. toctree::\n\n   far\n"}
    )
    documents = [("index", "a"), *([] if is_orphan else [("second", "b")])]
    conf = {
        "latex_documents": [(page, f"{name}.tex", "T", "A", "manual") for page, name in documents],
        "texinfo_documents": [(page, name, "T", "A", name, "D", "M") for page, name in documents],
        "man_pages": [(page, name, "T", "A", 1) for page, name in documents],
        "copyright": "nobody",
        "version": "1",
        "exclude_patterns": ["before.md"],
        "policyspec_severity": {"empty-view": "off"},
    }
    source = write(tmp_path / "source", pages)
    built = build(source, tmp_path / "out", [OURS], builder, conf)
    told = [
        w for w in built.warnings if not re.search("toc.not_included|epub|policyspec.(survey|missing)", w)
    ]
    assert told == []
    if builder in {"latex", "texinfo"}:
        ours = built.text("a.tex" if builder == "latex" else "a.texi")
        assert len(re.findall("Be kind", ours)) > 8
        assert not re.search(r"(hyperref|ref|hyperlink|sphinxcrossref)[^\n]{0,60}far:", ours)
