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
EDITS = r"""
- {provision: greet, find: each guest, replace: every guest}
- {provision: greet, level: developer}
- {rename: hum, to: hum_low}
- {provision: hum_low, level: user}
- {provision: when, find: the desk, replace: "the counter\nor the desk"}
- {provision: when, level: guideline}
- {move: greet, after: calm}
- {add: {after: look, id: wave, title: Wave, level: user}, text: Wave to all.}
"""
BACK = r"""
- {remove: wave, because: x}
- {move: greet, after: desk-rules}
- {provision: when, level: user}
- {provision: when, find: "the counter\n   or the desk", replace: the desk}
- {provision: hum_low, level: guideline}
- {provision: greet, level: user}
- {provision: greet, find: every guest, replace: each guest}
- {rename: hum_low, to: hum}
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
    assert "`greet` does not contain “Smile”" in found.message
    nested = proposal(tmp_path, "- {move: when, after: look}")
    assert [one.code for one in ps.check_proposal(docs, nested).findings] == ["proposal-edit"]

    assert ps.apply_proposal(docs, proposal(tmp_path, BACK)).write() == ()
    old = {"index.rst": RST, "more.md": MYST}
    assert {name: (docs / name).read_text("utf-8") for name in old} == old


BODIES = {
    "conf.py": 'extensions = ["myst_parser", "sphinx_policyspec"]\npolicyspec_feedback = "said.yaml"\n'
    'policyspec_decisions = ["why.txt"]\n',
    "said.yaml": "- {id: remark, title: Odd, provisions: [brief]}\n",
    "why.txt": "---\nstatus: accepted\nprovisions: [brief]\n---\n# Why\n",
    "index.rst": """\
====
Desk
====

.. policy:spec::
   :version: 2026-02-01

.. toctree::

   more

.. policy:principle:: Be kind
   :id: kind
   :authority: user

   Be kind.

.. policy:principle:: Be brief
   :id: brief
   :authority: user

Doors
=====
""",
    "more.md": "# More\n\n```{policy:principle} Hum\n:id: hum\n:authority: user\n\nHum.\n```\n\n"
    "::::{policy:principle} Sing\n:id: sing\n:authority: user\n::::\n",
}
RST_EXAMPLE = ".. policy:example:: {0}\n\n   .. policy:message:: user\n\n      Hello!"
MYST_EXAMPLE = "````{{policy:example}} {0}\n\n```{{policy:message}} user\nHello!\n```\n````"
BESIDE: list[dict[str, object]] = [
    {"provision": "kind", "example": "one", "text": RST_EXAMPLE.format("one")},
    {"provision": "brief", "example": "two", "text": RST_EXAMPLE.format("two")},
    {"provision": "hum", "example": "three", "text": MYST_EXAMPLE.format("three")},
    {"provision": "sing", "example": "four", "text": MYST_EXAMPLE.format("four")},
    {"provision": "hum", "example": "five", "text": MYST_EXAMPLE.format("five")},
    {"add": {"after": "kind", "id": "wave", "title": "Wave", "level": "root"}, "text": "Wave.\n\nTo all."},
    {
        "add": {"after": "hum", "id": "whistle", "title": "Whistle", "level": "user"},
        "text": "Whistle.\n\n```text\nfiu\n```",
    },
    {"add": {"in": "doors", "id": "knock", "title": "Klopfen 門口", "level": "user"}, "text": "Knock."},
    {"add": {"in": "doors", "id": "wait", "title": "Wait", "level": "user"}, "text": "Wait."},
    {
        "provision": "brief",
        "find": ":authority: user",
        "replace": ":authority: user\n   :exception-to: wave",
    },
    {"add": {"after": "doors", "id": "bells", "title": "Bells", "level": "user"}, "text": "Ring."},
]


def test_directives_that_hold_their_text_get_examples_and_neighbours(tmp_path: Path) -> None:
    line_end = "\r\n"
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in BODIES.items():
        (docs / name).write_bytes(text.replace("\n", line_end).encode())
    file = proposal(tmp_path, yaml.safe_dump(BESIDE))
    (check,) = ps.check_proposal(docs, file).checks
    assert ([one.code for one in check.findings], check.fits) == ([], (True,) * len(BESIDE))
    assert not [one for one in check.effects.findings if one.severity is ps.Severity.ERROR]
    # What the project names itself is looked at unasked.
    assert (check.effects.feedback, check.effects.decisions) == (("remark",), ("why",))
    # What a rule of the highest level forbids is told.
    assert "exception-to-higher-level" in [one.code for one in check.effects.findings]
    ps.apply_proposal(docs, file).write()
    spec = ps.load(docs)
    homes = {one.title: home.id for home, one in spec.walk() if isinstance(one, ps.Example) and home}
    assert homes == {"one": "kind", "two": "brief", "three": "hum", "four": "sing", "five": "hum"}
    parents = {one.id: one.parent for one in spec.provisions}
    assert {name: parents[name] for name in ("wave", "whistle", "knock", "wait", "bells")} == {
        "wave": "desk",
        "whistle": "more",
        "knock": "doors",
        "wait": "doors",
        "bells": parents["doors"],
    }
    assert spec.provision_by_id["whistle"].text.startswith("Whistle.\n\n```")
    # What was there stays, byte for byte, but for a fence that is longer.
    told = {name: (docs / name).read_bytes().decode().split(line_end) for name in BODIES}
    assert all("\n" not in line for lines in told.values() for line in lines)
    for name, text in BODIES.items():
        lines = iter(told[name])
        old = text.replace("```", "`````") if name == "more.md" else text
        assert all(line in lines for line in old.split("\n")[:-1])


@pytest.mark.slow
def test_the_proposal_of_the_example_changes_the_one_rule_that_its_feedback_is_about() -> None:
    docs = REPOSITORY / "example_docs"
    report = ps.check_proposal(docs, docs / "proposals" / "receipts.md", feedback=[docs / "feedback.yaml"])
    assert (report.findings, report.failed) == ((), False)
    (check,) = report.checks
    assert check.effects.diff
    assert [change.id for change in check.effects.diff.changes] == ["keep-reading-private"]
    assert check.effects.feedback == ("desk-1",)


def test_another_word_for_what_is_defined_is_a_change_that_needs_a_reader(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    told = {
        "conf.py": CONF,
        "index.rst": "Words\n=====\n\n.. toctree::\n\n   more\n\n.. policy:definition:: guest\n   :id: guest\n\n   Who comes in.\n",
        "more.md": "# More\n\n```{policy:definition} desk\n:id: desk\n\nWhere we sit.\n```\n",
    }
    for name, text in told.items():
        (docs / name).write_text(text, "utf-8")
    edits = (
        "- {provision: words, find: guest, occurrence: 1, replace: visitor}\n"
        "- {provision: more, find: desk, occurrence: 1, replace: counter}\n"
    )
    (check,) = ps.check_proposal(docs, proposal(tmp_path, edits)).checks
    assert check.effects.diff
    changes = [(one.id, one.old, one.new, one.kind, one.weight) for one in check.effects.diff.changes]
    reworded = ("retitled", "needs-reader")
    assert changes == [("guest", "guest", "visitor", *reworded), ("desk", "desk", "counter", *reworded)]


@pytest.mark.filterwarnings("ignore:'sphinx.environment.BuildEnvironment.app'")
@pytest.mark.parametrize("markup", ["md", "rst"])
def test_what_pages_include_is_not_edited(tmp_path: Path, markup: str) -> None:
    """Nobody could try it: the parser reads such a file as it is saved."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    page, part = {
        "md": (
            "# Rules\n\n```{include} part.txt\n```\n",
            "## Greet {#greet}\n\n```{policy:principle}\n:id: greet\n:authority: user\n```\n\nSmile.\n",
        ),
        "rst": (
            "Rules\n=====\n\n.. include:: part.txt\n",
            "Greet\n-----\n\n.. policy:principle::\n   :id: greet\n   :authority: user\n\nSmile.\n",
        ),
    }[markup]
    (docs / f"index.{markup}").write_text(page, "utf-8")
    (docs / "part.txt").write_text(part, "utf-8")
    assert ps.load(docs).provision_by_id["greet"].span.file == "part.txt"
    for edit in ("find: Smile, replace: Grin", "level: guideline"):
        found = ps.check_proposal(docs, proposal(tmp_path, f"- {{provision: greet, {edit}}}")).findings
        (misfit,) = (one for one in found if one.code == "proposal-edit")
        assert "is in `part.txt`, which pages include" in misfit.message
        assert ps.apply_proposal(docs, proposal(tmp_path, f"- {{provision: greet, {edit}}}")).texts == {}


@pytest.mark.parametrize("name", ["index.rst", "more.md"])
def test_a_page_with_a_byte_order_mark_is_judged_as_sphinx_reads_it(name: str, tmp_path: Path) -> None:
    site = tmp_path / "docs"
    site.mkdir()
    for file, text in {"conf.py": CONF, "index.rst": RST, "more.md": MYST, "shared.txt": "Smile.\n"}.items():
        (site / file).write_text(text, "utf-8")
    page = site / name
    page.write_bytes(b"\xef\xbb\xbf" + page.read_bytes())
    before = ps.load_checked(site)
    edit = {
        "index.rst": "greet, find: each guest, replace: every guest",
        "more.md": "look, find: Look up., replace: Look down.",
    }
    report = ps.check_proposal(site, proposal(tmp_path, f"- {{provision: {edit[name]}}}"))
    (check,) = report.checks
    assert check.effects.diff is not None
    assert [one.kind for one in check.effects.diff.changes] == ["text"]
    assert check.effects.findings == ()
    ps.apply_proposal(site, tmp_path / "p.md").write()
    assert page.read_bytes().startswith(b"\xef\xbb\xbf")
    assert ps.diff(before, site) == check.effects.diff
