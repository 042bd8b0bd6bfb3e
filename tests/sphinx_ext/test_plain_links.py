"""Plain links of MyST that lead nowhere: ours on pages of the spec, MyST's elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
SPEC = """# Page

```{policy:principle} Be kind
:id: be_kind
:authority: user

See [](#gone), [the words](#be_knd), [](#be_kind), [](#label), [](#far), [](#a-heading) and [](#up).
```

(label)=
## A heading
"""
OTHER = "# Other\n\n(far)=\n## Elsewhere\n\nSee [x](#gone) and [y](#be_kind).\n"
GONE = [
    "index.md:7: `#gone` leads nowhere; known are `be_kind`, `label` [policyspec.dangling-reference]",
    "index.md:7: `#be_knd` leads nowhere; did you mean `be_kind`? [policyspec.dangling-reference]",
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    conf = "extensions = ['myst_parser', 'sphinx_policyspec']\nmyst_heading_anchors = 2\nnitpick_ignore = [('myst', 'up')]\n"
    (folder / "conf.py").write_text(conf, "utf-8")
    (folder / "index.md").write_text(SPEC + "\n```{toctree}\nother\n```\n", "utf-8")
    (folder / "other.md").write_text(OTHER, "utf-8")
    return folder


def test_a_link_that_leads_nowhere_is_told_at_every_build(
    source: Path, build: Build, warnings_in: Warnings
) -> None:
    for app in (build(source), build(source)):
        ours = [line for line in warnings_in(app) if line.startswith("index.md")]
        assert sorted(line.split(";")[0] for line in ours if "policyspec" in line) == sorted(
            line.split(";")[0] for line in GONE
        )
        assert "xref_missing" not in "".join(ours)
    page = (app.outdir / "index.html").read_text("utf-8")
    assert "#gone" in page
    assert "the words" in page
    assert 'href="#gone"' not in page
    assert 'href="other.html#far"' in page


def test_pages_outside_the_spec_are_left_to_myst(source: Path, build: Build, warnings_in: Warnings) -> None:
    found = [line for line in warnings_in(build(source)) if line.startswith("other.md")]
    assert len(found) == 1
    assert "myst.xref_missing" in found[0]


def test_a_target_that_comes_and_goes_is_followed(source: Path, build: Build, warnings_in: Warnings) -> None:
    build(source)
    page = source / "other.md"
    page.write_text(f"{OTHER}\n```{{policy:principle}} Gone\n:authority: user\n```\n", "utf-8")
    app = build(source)
    assert "`#gone`" not in "".join(warnings_in(app))
    assert 'href="other.html#gone"' in (app.outdir / "index.html").read_text("utf-8")
    page.write_text(OTHER, "utf-8")
    again = build(source)
    assert "index.md:7: `#gone` leads nowhere" in "".join(warnings_in(again))
    assert 'href="other.html#gone"' not in (again.outdir / "index.html").read_text("utf-8")
