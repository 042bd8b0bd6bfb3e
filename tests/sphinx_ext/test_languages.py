"""Messages in another language than their page: known to the spec, to browsers and to the PDF."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Spec
from sphinx_policyspec.sphinx_ext.spec import Knowledge

Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]

CONF = "extensions = ['myst_parser', 'sphinx_policyspec']\nmyst_enable_extensions = ['colon_fence']\n"
PAGES = {
    "rst": """Page
====

.. policy:principle:: Be kind
   :id: be_kind
   :authority: root

   Kind words.

   .. policy:example:: Directives

      .. policy:message:: user
         :lang: uk

         Добрий день!

      .. policy:response:: good
         :lang: GIVEN

         Olá!

   .. policy:example:: Tags

      .. policy:conversation::

         <user lang="ar">
         مرحبا
         </user>
         <user lang="?">
         Hello
         </user>
""",
    "md": """# Page

`````{policy:principle} Be kind
:id: be_kind
:authority: root

Kind words.

````{policy:example} Directives
```{policy:message} user
:lang: uk

Добрий день!
```
```{policy:response} good
:lang: GIVEN

Olá!
```
````

````{policy:example} Tags
```{policy:conversation}
<user lang="ar">
مرحبا
</user>
<user lang="?">
Hello
</user>
```
````
`````
""",
}


def written(folder: Path, kind: str, given: str) -> Path:
    (folder / "conf.py").write_text(CONF, "utf-8")
    (folder / f"index.{kind}").write_text(PAGES[kind].replace("GIVEN", given), "utf-8")
    return folder


def languages(spec: Spec) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    return [(m.language, m.attributes) for example in spec.examples for m in example.messages]


@pytest.mark.parametrize("kind", PAGES)
def test_a_language_is_kept_and_told_to_browsers(
    tmp_path: Path, build: Build, warnings_in: Warnings, kind: str
) -> None:
    app = build(written(tmp_path, kind, "pt-BR"))
    spec = Knowledge().spec(app.env)
    assert warnings_in(app) == []
    assert languages(spec) == [("uk", ()), ("pt-BR", ()), ("ar", ()), ("", (("lang", "?"),))]
    assert from_graph(to_graph(spec)) == spec
    page = (app.outdir / "index.html").read_text("utf-8")
    bodies = re.findall(r'<div class="ps-body[^"]*"[^>]*>', page)
    assert [re.findall(r'\blang="([^"]*)"', body) for body in bodies] == [["uk"], ["pt-BR"], ["ar"], []]


def test_what_is_no_language_is_a_finding(tmp_path: Path, build: Build, warnings_in: Warnings) -> None:
    app = build(written(tmp_path, "rst", "a language"))
    (warning,) = warnings_in(app)
    assert "index.rst:18" in warning
    assert "`a language` is no language; give a language tag, such as `de` or `pt-BR`" in warning
    assert languages(Knowledge().spec(app.env))[1] == ("", ())


def test_the_pdf_says_each_message_in_its_language(tmp_path: Path, build: Build) -> None:
    app = build(written(tmp_path, "md", "pt-BR"), "policypdf")
    code = (app.outdir / "typst" / "projectnamenotset.typ").read_text("utf-8")
    assert re.findall(r"#set text\(lang: ([^)]*)\)", code) == ['"uk"', '"pt", region: "BR"', '"ar"']
    [pdf] = app.outdir.glob("*.pdf")
    # Neither the spec nor the project names who wrote it.
    with pikepdf.open(pdf) as opened, opened.open_metadata() as metadata:
        assert "dc:creator" not in metadata
