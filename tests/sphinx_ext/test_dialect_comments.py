"""Comments of Model Spec Markdown: in no file of a handbook or a project's site, and back in the source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Comment
from tests.conftest import source_texts

MARKER = "zebracrossing"
TEXT = f"""<!-- {MARKER} -->
# Manners {{#manners}} <!-- {MARKER} -->

Words. <!-- {MARKER}
{MARKER} --> More words.

<!--
## Hidden {{#{MARKER} authority=root}}

**{MARKER}**: must never be seen [?](#{MARKER}) [^aa11].

**Example**: {MARKER}

~~~xml
<user>
{MARKER}
</user>
~~~
-->

- an item
  <!-- {MARKER} -->
- another <!-- {MARKER} -->

## Be kind {{#be_kind authority=root}}

**Kindness**: being kind. <!-- {MARKER} -->

!!! meta "Commentary"
    Aside. <!-- {MARKER} -->

<!-- policyspec-ignore: {MARKER} -->
**Example**: a greeting <!-- {MARKER} -->

~~~xml
<user>
Hi <!-- {MARKER} --> there
<!-- {MARKER} -->
</user>
~~~

<!-- {MARKER}
"""
KEPT = {".ttl", ".nt", ".jsonld", ".nq", ".trig", ".rdf"}
"""Graphs hold the exact source."""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "release"
    (folder / "examples").mkdir(parents=True)
    (folder / "model_spec.md").write_text(TEXT, encoding="utf-8")
    prompts = f"<!-- {MARKER} -->\n**Example**: x\n\n~~~xml\n<user>\nHi <!-- {MARKER} -->\n</user>\n~~~\n"
    (folder / "examples" / "ab12.md").write_text(prompts, encoding="utf-8")
    (folder / "README.md").write_text(
        f"<!--\n# {MARKER}\n-->\n\nHouse rules\n===========\n", encoding="utf-8"
    )
    return folder


def files_with_marker(folder: Path) -> list[str]:
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in KEPT and MARKER.encode() in path.read_bytes()
    ]


def test_comments_are_in_no_file_of_a_handbook(release: Path, tmp_path: Path) -> None:
    ps.build_handbook(release, tmp_path / "site", theme="basic", ask=True)
    assert files_with_marker(tmp_path / "site") == []


@pytest.mark.parametrize("builder", ["html", "text", "latex", "man", "epub", "gettext"])
def test_comments_are_in_no_file_of_a_project(
    make_app: Callable[..., SphinxTestApp], release: Path, tmp_path: Path, builder: str
) -> None:
    conf = 'project = "P"\nextensions = ["myst_parser", "sphinx_policyspec"]\nhtml_theme = "basic"\n'
    conf += 'policyspec_model_spec = ["*.md"]\nroot_doc = "model_spec"\nhtml_copy_source = False\n'
    (release / "conf.py").write_text(conf, encoding="utf-8")
    app = make_app(builder, srcdir=release, builddir=tmp_path / "out", freshenv=True)
    app.build()
    assert files_with_marker(Path(app.outdir)) == []


def test_comments_mean_nothing_and_come_back(release: Path) -> None:
    spec = ps.load(release, annotate=False)
    assert spec.title == "House rules"
    assert [p.id for p in spec.provisions] == ["manners", "be_kind"]
    assert spec.provisions[0].text == "Words.\nMore words.\n\n- an item\n- another"
    assert sum(isinstance(block, Comment) for _, block in spec.walk()) == 4
    back = from_graph(to_graph(spec))
    assert back == spec
    assert source_texts(back)["model_spec.md"] == TEXT
    rows = [str(ps.ask(spec, question)) for question in ("hard-rules", "most-referenced")]
    assert MARKER not in "".join(rows)
    plain = TEXT.replace(MARKER, "another word")
    (release / "model_spec.md").write_text(plain, encoding="utf-8")
    assert not ps.diff(spec, ps.load(release, annotate=False)).changes
