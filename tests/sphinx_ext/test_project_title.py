"""What a project says of itself counts before what stands in for what one of its sources does not say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps

CONF = 'extensions = ["myst_parser", "sphinx_policyspec"]\nhtml_theme = "basic"\npolicyspec_model_spec = ["up/2026-01-31/*.md"]\npolicyspec_outputs = ["jsonld"]\n'
RELEASE = "# Honesty {#honesty}\n\n## Be honest {#be_honest authority=user}\n\nWords.\n\n# Kindness {#kindness}\n\nWords.\n"
DECLARED = "```{policy:spec} Our rules\n```\n"
NAMED = {
    "the project's name": ('project = "Acme rules"\n', "", "", "Acme rules"),
    "a README": ('project = "Acme rules"\n', "# House rules\n", "", "House rules"),
    "a directive": ('project = "Acme rules"\n', "", DECLARED, "Our rules"),
    "a directive beside a README": ('project = "Acme rules"\n', "# House rules\n", DECLARED, "Our rules"),
    "nobody": ("", "", "", "Behaviour spec"),
}


@pytest.mark.parametrize("case", NAMED)
def test_the_title_is_what_is_said_of_the_whole(
    make_app: Callable[..., SphinxTestApp], tmp_path: Path, case: str
) -> None:
    project, readme, page, title = NAMED[case]
    release = tmp_path / "src" / "up" / "2026-01-31"
    release.mkdir(parents=True)
    (release / "model_spec.md").write_text(RELEASE, encoding="utf-8")
    if readme:
        (release / "README.md").write_text(readme, encoding="utf-8")
    source = tmp_path / "src"
    (source / "conf.py").write_text(project + CONF, encoding="utf-8")
    # The release comes first in reading order.
    (source / "index.md").write_text(
        "# Home\n\n```{toctree}\nup/2026-01-31/model_spec\nown\n```\n", encoding="utf-8"
    )
    (source / "own.md").write_text(f"# Own\n\n{page}", encoding="utf-8")
    spec = ps.load(source)
    assert spec.title == title
    assert spec.version == ("" if page else "2026-01-31")
    app = make_app("html", srcdir=source)
    app.build()
    assert f'"{title}"' in (Path(app.outdir) / "spec.jsonld").read_text(encoding="utf-8")
    html = (Path(app.outdir) / "up/2026-01-31/model_spec.html").read_text(encoding="utf-8")
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)[0])
    assert title in json.dumps(data)
    assert "Behaviour spec" not in html or title == "Behaviour spec"
    assert not ps.diff(spec, ps.load(source)).changes
