"""The maths of a project stay what they are without us."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.company.projects import OURS, build, write

PAGE = r"""T
=

.. math:: e = mc^2
   :label: energy

.. math::

   (a + b)^2 = a^2 + 2ab + b^2

   (a - b)^2 = a^2 - 2ab + b^2

.. math::
   :label: lines

   a &= b \\
   c &= d

.. math::
   :nowrap:

   \begin{align*}
   a &= b \\
   c &= d
   \end{align*}

See :eq:`energy`. :math:`\cancel{x}` :math:`\ce{H2O}`
"""
RENDERERS = [(), ("sphinx.ext.mathjax",), ("sphinxcontrib.jsmath",), ("sphinx.ext.imgmath",)]


@pytest.mark.parametrize("others", RENDERERS, ids="+".join)
def test_another_renderer_is_taken_as_without_us(tmp_path: Path, others: tuple[str, ...]) -> None:
    source = write(tmp_path / "source", {"index.rst": PAGE})
    conf = {"jsmath_path": "jsmath.js", "imgmath_latex": "no-such-latex", "mathjax3_config": {"tex": {}}}
    alone = build(source, tmp_path / "alone", others, conf=conf)
    for number, extensions in enumerate(itertools.permutations((*others, OURS))):
        beside = build(source, tmp_path / str(number), extensions, conf=conf)
        assert beside.files["index.html"] == alone.files["index.html"]
        assert beside.warnings == alone.warnings


def test_our_renderer_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"index.rst": PAGE})
    conf = {"html_math_renderer": "policyspec"}
    page = build(source, tmp_path / "out", [OURS], conf=conf).text("index.html")
    blocks = re.findall(r'<div class="math".*?</div>', page, re.DOTALL)
    assert len(blocks) == 4
    for block, number, name in ((blocks[0], 1, "energy"), (blocks[2], 2, "lines")):
        link = f'<a class="headerlink" href="#equation-{name}" title="Link to this equation">\N{PILCROW SIGN}</a>'
        assert f'<span class="eqno">({number}){link}</span>' in block
    assert [block.count("<mtr>") for block in blocks] == [0, 2, 2, 2]
    assert r"<code>\cancel{x}</code>" in page


def test_numbers_of_equations_follow_the_project(tmp_path: Path) -> None:
    toctree = "Start\n=====\n\n.. toctree::\n   :numbered:\n\n   page\n"
    source = write(tmp_path / "source", {"index.rst": toctree, "page.rst": PAGE})
    conf = {"html_math_renderer": "policyspec", "numfig": True, "math_numfig": True}
    page = build(source, tmp_path / "out", [OURS], conf=conf).text("page.html")
    assert re.findall(r'<span class="eqno">\(([\d.]+)', page) == ["1.1", "1.2"]


def test_formulas_stay_below_each_other_in_the_pdf(tmp_path: Path) -> None:
    source = write(tmp_path / "source", {"index.rst": PAGE})
    build(source, tmp_path / "out", [OURS], "policypdf")
    code = (tmp_path / "out" / "policypdf" / "typst" / "p.typ").read_text("utf-8")
    assert code.count("math.mat(delim: none") == 3
