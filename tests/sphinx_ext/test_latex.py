"""What LuaLaTeX makes of ``-b latex``: TeX drops words and lines without an error, so they are counted."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from tests.conftest import REPOSITORY, require_tool
from tests.pdf import recall, text_of, words
from tests.sphinx_ext.shown_words import runs_of

Project = Callable[[str], Path]
Build = Callable[..., SphinxTestApp]

# SVG and unknown maths want tools or commands that TeX lacks; both are tested elsewhere.
FEW_BLOCKS = "Kinds of blocks\n===============\n\n.. _tables:\n\nTables\n------\n\nNone.\n"


def compiled(source: Path) -> Path:
    """Run LuaLaTeX once: links may lead nowhere yet, but every word is set."""
    command = [require_tool("lualatex"), "-interaction=nonstopmode", "-halt-on-error", source.name]
    result = subprocess.run(
        command, cwd=source.parent, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=300
    )
    assert result.returncode == 0, result.stdout.decode("utf-8", "replace")[-2000:]
    return source.with_suffix(".pdf")


def recalled(app: SphinxTestApp, shown: str) -> tuple[int, float, object]:
    """Return how many words the pages of a project show, the share that is in a text, and what is not."""
    pages = (Path(app.env.doc2path(page)) for page in sorted(app.env.all_docs))
    wanted = [word for page in pages for run in runs_of(page) for word in words(" ".join(run))]
    share, lost = recall(wanted, words(shown))
    return len(wanted), share, lost


@pytest.mark.slow
def test_the_example_spec_loses_no_word_on_paper(tmp_path: Path, build: Build) -> None:
    require_tool("lualatex")
    source = Path(shutil.copytree(REPOSITORY / "example_docs", tmp_path / "example_docs"))
    app = build(source, "latex")
    count, share, lost = recalled(app, text_of(compiled(next(Path(app.outdir).glob("*.tex")))))
    assert count > 15_000
    # A machine without a Chinese font loses Chinese words.
    assert share > 0.995, lost


def test_a_long_message_loses_no_line_on_paper(project: Project, build: Build) -> None:
    require_tool("lualatex")
    source = project("paper")
    (source / "blocks.rst").write_text(FEW_BLOCKS, "utf-8")
    with (source / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(
            'latex_engine = "lualatex"\nlatex_elements = {"polyglossia": "", "babel": r"\\usepackage[english, bidi=basic]{babel}"}\n'
        )
    app = build(source, "latex")
    shown = text_of(compiled(next(Path(app.outdir).glob("*.tex"))))
    assert re.findall(r"def function_(\d+)\(argument\): return argument \+ \1$", shown, re.MULTILINE) == [
        str(n) for n in range(90)
    ]
    _, share, lost = recalled(app, shown)
    assert share > 0.985, lost
