"""Checks as warnings of a build: hints where a project asks for them, baselines, severities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps

CONF = 'extensions = ["sphinx_policyspec"]\n'
PAGE = """Manners
=======

.. policy:principle:: Be kind
   :id: be_kind
   :authority: user

   The assistant must be kind, and see :policy:principle:`nowhere`.

.. policyspec-ignore: never-referenced it stands alone

.. policy:principle:: Be brief
   :id: be_brief
   :authority: user

   Be brief.
"""

Build = Callable[[Path], SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "index.rst").write_text(PAGE, encoding="utf-8")
    return tmp_path / "source"


def configure(source: Path, text: str) -> None:
    (source / "conf.py").write_text(CONF + text, encoding="utf-8")


def codes(found: list[str]) -> list[str]:
    return [line.rpartition("[policyspec.")[2].rstrip("]") for line in found]


def test_a_build_looks_for_hints_only_where_the_project_names_them(
    source: Path, build: Build, warnings_in: Warnings
) -> None:
    configure(source, "")
    app = build(source)
    assert codes(warnings_in(app)) == ["dangling-reference"]
    assert "never-referenced" not in app.status.getvalue()
    assert "unused-ignore" not in app.status.getvalue()
    configure(source, 'policyspec_severity = {"never-referenced": "warning", "true": "warning"}\n')
    again = warnings_in(build(source))
    assert codes(again) == ["never-referenced", "overridable-absolute", "dangling-reference"]
    assert "`be_kind`" in again[0]


def test_a_baseline_holds_back_what_is_known(source: Path, build: Build, warnings_in: Warnings) -> None:
    configure(source, 'policyspec_baseline = "known.json"\n')
    (source / "known.json").write_text("{", encoding="utf-8")
    told = warnings_in(build(source))
    assert len(told) == 2
    assert "`known.json` is not a baseline; `check" in told[0]
    assert told[0].split(" [policyspec")[0].endswith("; `check --format baseline` writes one")
    known = ps.check(source, use_baseline=False)
    text = ps.render(known, "baseline")
    (source / "known.json").write_text(text, encoding="utf-8")
    (source / "index.rst").write_text(f"A word.\n\n{PAGE}\nSee :policy:topic:`style`.\n", encoding="utf-8")
    new = warnings_in(build(source))
    assert codes(new) == ["dangling-reference"]
    assert "`style`" in new[0]


def test_the_command_finds_every_hint_and_every_comment_of_use(source: Path) -> None:
    configure(source, "")
    found = [finding.code for finding in ps.check(source, select=["coverage", "true", "general"])]
    assert found == [
        "never-referenced",
        "principle-without-example",
        "overridable-absolute",
        "principle-without-example",
    ]
