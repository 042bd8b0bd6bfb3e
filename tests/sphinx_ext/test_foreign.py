"""A handbook of a graph from anywhere holds nothing that runs, and no file of this machine."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest

from sphinx_policyspec import api
from sphinx_policyspec.model import Document, Markup, Prose, Section
from sphinx_policyspec.sphinx_ext.markdown.foreign import is_harmless
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
    data, _ = api.graph_bytes(spec(section, documents=(Document(file="spec.md", markup=markup),)), "nt")
    (tmp_path / "spec.nt").write_bytes(data)
    api.build_handbook(tmp_path / "spec.nt", tmp_path / "site")
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
    (tmp_path / "spec.nt").write_bytes(api.graph_bytes(spec_, "nt")[0])
    assert api.build_handbook(tmp_path / "spec.nt", tmp_path / "site") == ()
    pages = read_site(tmp_path / "site")
    assert dead_links(tmp_path / "site", pages) == []
    assert [link for link in pages["one.html"].links if link[0] == "two.html#two"] == [
        ("two.html#two", "the other"),
        ("two.html#two", "Two"),
    ]
    assert "the other, Two, a level and a page." in " ".join(pages["one.html"].text.split())


@pytest.mark.parametrize(
    ("address", "harmless"),
    [
        ("page.html#a:b", True),
        ("a/b:c", True),
        ("https://example.org", True),
        ("MAILTO:a@example.org", True),
        ("javascript:alert(1)", False),
        ("JavaScript:alert(1)", False),
        ("\x01java\tscript:alert(1)", False),
        ("data:text/html,x", False),
    ],
)
def test_an_address_is_a_link_only_if_it_runs_nothing(address: str, harmless: bool) -> None:
    assert is_harmless(address) is harmless
