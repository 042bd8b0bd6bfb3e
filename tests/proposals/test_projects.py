"""Proposals about the pages of a project: the lines behind a provision are found in reStructuredText and in MyST."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import sphinx_policyspec as ps
from tests.conftest import REPOSITORY

CONF = 'project = "Desk"\nextensions = ["myst_parser", "sphinx_policyspec"]\nmyst_enable_extensions = ["colon_fence"]\n'
RST = """Desk rules
==========

.. policy:spec::
   :version: 2026-02-01

.. toctree::

   more

.. _greeting:

Greet guests
------------

.. policy:principle::
   :id: greet
   :authority: user

Greet each guest at the door. See :policy:principle:`hum`.

.. include:: shared.txt

Stay calm
---------

.. policy:principle::
   :id: calm
   :authority: developer

Stay calm.

.. policy:principle:: Say when
   :id: when
   :authority: user

   Say when the desk closes.
"""
MYST = """# More

## Hum low

:::{policy:principle}
:id: hum
:authority: guideline
:::

Hum low, as [](#greet) says.

## Look up

:::{policy:principle}
:id: look
:authority: user
:::

Look up.
"""
EDITS = """
- {provision: greet, find: each guest, replace: every guest}
- {provision: greet, level: developer}
- {rename: hum, to: hum_low}
- {provision: hum_low, level: user}
- {provision: when, find: the desk, replace: the counter}
- {provision: when, level: guideline}
- {move: greet, after: calm}
- {add: {after: look, id: wave, title: Wave, level: user}, text: Wave to all.}
"""
BACK = """
- {remove: wave, because: x}
- {move: greet, after: desk-rules}
- {provision: when, level: user}
- {provision: when, find: the counter, replace: the desk}
- {provision: hum_low, level: guideline}
- {provision: greet, level: user}
- {provision: greet, find: every guest, replace: each guest}
"""


def proposal(folder: Path, edits: str) -> Path:
    file = folder / "p.md"
    head = {
        "id": "p",
        "title": "Better",
        "against": {"release": "2026-02-01"},
        "edits": yaml.safe_load(edits),
    }
    file.write_text(f"---\n{yaml.safe_dump(head, sort_keys=False)}---\n", "utf-8")
    return file


def test_pages_are_edited_where_a_provision_stands_and_nowhere_else(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in {"conf.py": CONF, "index.rst": RST, "more.md": MYST, "shared.txt": "Smile.\n"}.items():
        (docs / name).write_text(text, "utf-8")
    file = proposal(tmp_path, EDITS)
    before = ps.load_checked(docs)
    (check,) = ps.check_proposal(docs, file).checks
    assert ([*map(str, check.findings)], check.fits) == ([], (True,) * 8)
    assert ps.apply_proposal(docs, file).write() == ()
    assert check.effects.diff == ps.diff(before, docs)
    told = {name: (docs / name).read_text("utf-8") for name in ("index.rst", "more.md", "shared.txt")}
    assert told == {**check.effects.texts, "shared.txt": "Smile.\n"}
    assert told["index.rst"].index("Stay calm\n-") < told["index.rst"].index(".. _greeting:")
    assert "   :id: hum_low\n" not in told["index.rst"]
    assert ":policy:principle:`hum_low`" in told["index.rst"]
    assert ":id: hum_low\n:aliases: hum\n:authority: user\n" in told["more.md"]
    assert told["more.md"].endswith(
        "Look up.\n\n## Wave\n\n:::{policy:principle}\n:id: wave\n:authority: user\n:::\n\nWave to all.\n"
    )
    assert ps.load(docs).provision_by_id["wave"].text == "Wave to all."

    included = proposal(tmp_path, "- {provision: greet, find: Smile, replace: Grin}")
    (found,) = ps.check_proposal(docs, included).findings
    assert found.code == "proposal-edit"
    assert "`greet` does not hold “Smile”" in found.message
    nested = proposal(tmp_path, "- {move: when, after: look}")
    assert [one.code for one in ps.check_proposal(docs, nested).findings] == ["proposal-edit"]

    assert ps.apply_proposal(docs, proposal(tmp_path, BACK)).write() == ()
    renamed = {"index.rst": RST, "more.md": MYST}
    renamed["index.rst"] = RST.replace("`hum`", "`hum_low`")
    renamed["more.md"] = MYST.replace(":id: hum\n", ":id: hum_low\n:aliases: hum\n")
    assert {name: (docs / name).read_text("utf-8") for name in renamed} == renamed


@pytest.mark.slow
def test_the_proposal_of_the_example_changes_the_one_rule_that_its_feedback_is_about() -> None:
    docs = REPOSITORY / "example_docs"
    report = ps.check_proposal(docs, docs / "proposals" / "receipts.md", feedback=[docs / "feedback.yaml"])
    assert (report.findings, report.failed) == ((), False)
    (check,) = report.checks
    assert check.effects.diff
    assert [change.id for change in check.effects.diff.changes] == ["keep-reading-private"]
    assert check.effects.feedback == ("desk-1",)
