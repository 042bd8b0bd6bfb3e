"""A round: issues are imported, two are answered by a proposal, which is tried, made and recorded, and the next release says so."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

import sphinx_policyspec as ps
from tests.conftest import Run
from tests.decision_records.test_decision_records import BODY
from tests.feedback.test_projects import soup

OLD, NEW = "2026-01-01", "2026-02-01"
NAMES = [f"rule_{number}" for number in range(10)]
TEXT = f"Version: {OLD}\n\n# Desk {{#desk}}\n" + "".join(
    f"\n## Rule {name[5:]} {{#{name} authority=user}}\n\nThe assistant greets guest {name[5:]} at the door.\n"
    for name in NAMES
)
ANSWERED = ("12", "31")
"""Numbers of the two issues that the proposal answers."""


def issues() -> list[dict[str, object]]:
    """Return fifty made-up issues, of which each tenth names nothing."""
    ways = (
        "`{0}` is odd.",
        "See https://example.org/2026-01-01.html#{0} again.",
        "“Rule {1}” is too narrow.",
    )
    chosen = random.Random(22)
    made: list[dict[str, object]] = []
    for number in range(1, 51):
        name = NAMES[number % len(NAMES)]
        body = chosen.choice(ways).format(name, name[5:]) if number % 10 else "Nobody answers the phone."
        made.append(
            {
                "number": number,
                "title": f"Remark {number}",
                "body": body,
                "labels": [],
                "createdAt": "2026-01-10T08:00:00Z",
                "state": "OPEN",
                "url": f"https://example.org/desk/issues/{number}",
            }
        )
    return made


def write_proposal(answered: list[dict[str, Any]]) -> None:
    """Write a proposal that answers records, and the record of the decision about it."""
    edits = [
        {"provision": name, "find": f"guest {name[5:]} at", "replace": f"whoever is guest {name[5:]} at"}
        for name in sorted(one["provisions"][0] for one in answered)
    ]
    edits.append({"provision": "rule_1", "level": "system"})
    head = {
        "id": "wider",
        "title": "Greet whoever comes",
        "status": "proposed",
        "against": {"release": OLD},
        "answers": [one["id"] for one in answered],
        "decision": "0001-wider",
        "edits": edits,
    }
    Path("wider.md").write_text(f"---\n{yaml.safe_dump(head)}---\nThey are right.\n", "utf-8")
    why = f"---\nstatus: accepted\ndate: 2026-01-20\nprovisions: [rule_1, rule_2]\nproposal: wider.md\n---\n{BODY}"
    Path("0001-wider.md").write_text(why, "utf-8")


def rows_of(out: str) -> list[dict[str, str]]:
    """Return the rows of an answer as CSV."""
    return [*csv.DictReader(io.StringIO(out))]


def test_a_round_from_fifty_issues_to_the_release_that_answers_two(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = Path("all", OLD)
    source.mkdir(parents=True)
    (source / "model_spec.md").write_text(TEXT, "utf-8")
    Path("issues.json").write_text(json.dumps(issues()), "utf-8")

    # What nobody can assign is told, and not guessed.
    assert run("feedback", str(source), "--import", "issues.json", "-o", "feedback.yaml")[0] == 0
    register = yaml.safe_load(Path("feedback.yaml").read_text("utf-8"))
    records = [*register["feedback"], *register["unassigned"]]
    by_url = {one["url"].rpartition("/")[2]: one for one in records}
    assert (len(register["feedback"]), len(register["unassigned"])) == (45, 5)
    about = {by_url[number]["provisions"][0] for number in ANSWERED}
    assert about == {"rule_2", "rule_1"}

    write_proposal([by_url[number] for number in ANSWERED])
    beside = ("--feedback", "feedback.yaml", "--decisions", "0001-wider.md")
    status, out, _err = run("propose", "check", str(source), "wider.md", *beside)
    assert (status, "3 of 3 edits fit" in out, "decisions about it: 0001-wider" in out) == (0, True, True)

    # The spec is asked as it would be, from what was said to what would change.
    trail = (
        "SELECT DISTINCT ?said ?kind { GRAPH ?p { ?proposal ps:answers ?remark ; ps:decidedBy ?why ; ps:proposes ?change . "
        "?change ps:changed ?rule ; ps:changeKind ?kind } GRAPH ?f { ?remark dcterms:identifier ?said ; ps:concerns ?rule } "
        "GRAPH ?d { ?why ps:decides ?rule } } ORDER BY ?said ?kind"
    )
    status, out, _err = run(
        *("query", str(source), "--proposal", "wider.md", *beside, "--sparql", trail, "--format", "csv")
    )
    rows = [(row["said"], row["kind"]) for row in rows_of(out)]
    raised, worded = (by_url[number]["id"] for number in sorted(ANSWERED, key=lambda n: n != "31"))
    assert sorted(rows) == sorted([(raised, "level-raised"), (raised, "text"), (worded, "text")])
    status, out, _err = run(
        *("query", str(source), "principles-by-level", "--proposal", "wider.md", "--format", "csv")
    )
    levels = {row["id"]: row["level"] for row in rows_of(out)}
    assert (levels["rule_1"], levels["rule_2"]) == ("system", "user")

    # The next release is the old one with the proposal in it, and says of both that they are answered.
    Path("draft", OLD).mkdir(parents=True)
    draft, newer = Path("draft", OLD, "model_spec.md"), Path("all", NEW)
    draft.write_text(TEXT, "utf-8")
    assert run("propose", "apply", str(draft.parent), "wider.md")[0] == 0
    newer.mkdir()
    (newer / "model_spec.md").write_text(draft.read_text("utf-8").replace(OLD, NEW), "utf-8")
    for number in ANSWERED:
        by_url[number] |= {"status": "answered", "answered-in": NEW}
    Path("feedback.yaml").write_text(yaml.safe_dump(register), "utf-8")
    assert run("check", str(newer), *beside, "--select", "feedback,decisions")[0] == 0
    found = ps.diff(source, newer, feedback=["feedback.yaml"])
    marked = {one.provision: one.reach.feedback for one in found.changes if one.provision}
    assert marked == {"rule_1": (raised,), "rule_2": (worded,)}
    out = run("diff", str(source), str(newer), "--feedback", "feedback.yaml")[1]
    assert f"feedback {raised}, which is answered" in " ".join(out.split())
    answered = run(
        "query", str(newer), "answered-by", "--param", f"release={NEW}", *beside, "--format", "csv"
    )[1]
    assert {row["feedback"] for row in rows_of(answered)} == {raised, worded}
    assert "rule_1" not in run("query", "all", "undocumented-changes", *beside)[1]

    # Pages show all of it.
    options = ("--since", str(source), *beside)
    assert run("handbook", str(newer), "-o", "site", "--pages", "one", *options)[0] == 0
    page = soup(Path("site", "index.html"))
    lines = {
        one.get_text().rpartition(" ")[0]: one.find_next("dd") for one in page.find(id="rule_1").select("dt")
    }
    assert "Say why" in lines["Why it says this"].get_text()
    assert f"answered in {NEW}" in lines["Feedback"].get_text()
    assert (
        f"answered in {NEW}"
        in soup(Path("site", "policy-feedback.html")).find(id=f"feedback-{raised}").get_text()
    )
