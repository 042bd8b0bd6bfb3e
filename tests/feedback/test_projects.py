"""The feedback of a project: checked with its pages, and beside its older releases."""

from __future__ import annotations

from pathlib import Path

import sphinx_policyspec as ps
from tests.conftest import REPOSITORY

PAGE = """Desk rules
==========

.. policy:spec::
   :version: 2026-02-01

.. policy:principle:: Greet guests
   :id: greet
   :authority: user

   Greet each guest at the door.
"""
OLD = "Version: 2026-01-01\n\n# Desk rules {#desk_rules}\n\n## Greet guests {#greet authority=user}\n\nGreet each guest at the door.\n"
REGISTER = """- id: a
  title: Too warm
  provisions: [greet]
  release: 2026-01-01
  status: answered
  answered-in: 2026-02-01
- id: b
  title: Too cold
  provisions: [great]
"""


def test_a_build_tells_what_is_wrong_with_the_feedback_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "index.rst").write_text(PAGE, "utf-8")
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "feedback.yaml").write_text(REGISTER, "utf-8")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model_spec.md").write_text(OLD, "utf-8")
    conf = (
        'extensions = ["sphinx_policyspec"]\nexclude_patterns = ["old", "said"]\npolicyspec_since = "old"\n'
    )
    (tmp_path / "conf.py").write_text(conf + 'policyspec_feedback = ["said"]\n', "utf-8")
    found = ps.load_checked(tmp_path).findings
    told = [(one.code, one.span.file, one.span.line) for one in found if one.span.file.startswith("said")]
    assert told == [("not-answered", "said/feedback.yaml", 6), ("unknown-provision", "said/feedback.yaml", 9)]
    (tmp_path / "conf.py").write_text(conf + 'policyspec_feedback = "sad"\n', "utf-8")
    assert [one.message for one in ps.load_checked(tmp_path).findings if one.code == "config"] == [
        "`policyspec_feedback`: `sad` does not exist; did you mean `said`?"
    ]


def test_the_feedback_of_the_example_is_right() -> None:
    report = ps.check_feedback(REPOSITORY / "example_docs", REPOSITORY / "example_docs" / "feedback.yaml")
    assert report.findings == ()
    assert {found.state.value for found in report.quotes.values()} == {"kept"}
    assert [one.id for one in report.records if not one.provisions] == ["reader-4"]
