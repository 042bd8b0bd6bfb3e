"""Findings that a comment on the page silences, in each language."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.model import Severity

CONF = (
    "extensions = ['myst_parser', 'sphinx_policyspec']\npolicyspec_severity = {'unused-ignore': 'warning'}\n"
)
PAGES = {
    "rst": """Page
====

.. policyspec-ignore: unknown-level declared upstream
.. policy:principle:: Be kind
   :authority: usr

   .. policyspec-ignore: dangling-reference to be written

   See :policy:principle:`gone`
   and :policy:principle:`lost`.

   See :policy:principle:`reported`.

.. policyspec-ignore: duplicate-id

Nothing wrong here.
""",
    "md": """# Page

% policyspec-ignore: unknown-level declared upstream
```{policy:principle} Be kind
:authority: usr

% policyspec-ignore: dangling-reference to be written
See {policy:principle}`gone`
and {policy:principle}`lost`.

See {policy:principle}`reported`.
```

<!-- policyspec-ignore: duplicate-id -->

Nothing wrong here.
""",
}
LINES = {"rst": (13, 15), "md": (11, 14)}


@pytest.mark.parametrize("kind", ["rst", "md"])
def test_a_comment_silences_and_a_useless_one_is_told(
    tmp_path: Path,
    build: Callable[..., SphinxTestApp],
    warnings_in: Callable[[SphinxTestApp], list[str]],
    kind: str,
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(CONF, "utf-8")
    (source / f"index.{kind}").write_text(PAGES[kind], "utf-8")
    app = build(source)
    first, second = LINES[kind]
    assert sorted(warnings_in(app)) == [
        f"index.{kind}:{first}: unknown provision `reported`; known are `be-kind`, `page` [policyspec.dangling-reference]",
        f"index.{kind}:{second}: nothing here is `duplicate-id`; delete the comment, or correct its code [policyspec.unused-ignore]",
    ]
    page = re.sub(r"(?s)<!--.*?-->", "", (app.outdir / "index.html").read_text("utf-8"))
    assert "policyspec-ignore" not in page
    again = build(source)
    assert sorted(warnings_in(again)) == sorted(warnings_in(app))


def test_the_dialect_has_html_comments_for_it(
    tmp_path: Path,
    build: Callable[..., SphinxTestApp],
    warnings_in: Callable[[SphinxTestApp], list[str]],
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(f"{CONF}policyspec_model_spec = ['index.md']\n", "utf-8")
    text = "# Page {#page authority=user}\n\n<!-- policyspec-ignore: dangling-reference later -->\n\nSee [?](#gone).\n"
    (source / "index.md").write_text(text, "utf-8")
    app = build(source)
    assert warnings_in(app) == []
    assert "policyspec-ignore" not in (app.outdir / "index.html").read_text("utf-8")
    assert {f.severity for f in ps.load_checked(source / "index.md").findings} == {Severity.HINT}
