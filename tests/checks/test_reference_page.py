"""The reference page of findings lists what the readers and the checks can find, with its severity."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from sphinx_policyspec.model import Severity
from tests.conftest import REPOSITORY

PAGE = REPOSITORY / "docs" / "reference" / "findings.md"
ROW = re.compile(r"\| `([a-z0-9-]+)` \| (.+?) \| (.+?) \| (.+?) \|")
FINDERS = {"Finding", "_find", "find", "_warning"}
KINDS = ("goal", "provision", "topic")
"""What an annotation can name that is unknown; each has a code of its own."""


def documented() -> dict[str, tuple[str, ...]]:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    matches = [ROW.fullmatch(row) for row in rows]
    assert None not in matches
    return {match[1]: match.groups()[1:] for match in matches if match}


def found_in_code() -> dict[str, set[str]]:
    codes: dict[str, set[str]] = {}
    for folder in ("readers", "checks"):
        for path in sorted((REPOSITORY / "sphinx_policyspec" / folder).glob("*.py")):
            for code, severity in findings_of(path):
                codes.setdefault(code, set()).add(severity)
    return codes


def findings_of(path: Path) -> Iterator[tuple[str, str]]:
    """Yield code and severity of each place in a module that makes a finding."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in FINDERS:
            continue
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        severity = options.get("severity")
        grade = severity.attr.lower() if isinstance(severity, ast.Attribute) else Severity.WARNING.value
        code = options.get("code") or (node.args[0] if node.args else None)
        if isinstance(code, ast.Constant):
            yield str(code.value), grade
        elif isinstance(code, ast.JoinedStr):
            yield from ((f"unknown-{kind}", grade) for kind in KINDS)


def codes_in(tree: ast.Module) -> set[str]:
    """Return the codes of findings that a module reports, as far as they are written out."""
    reporting = {"Finding", "_find", "_warning", "choice", "find", "finding"}
    codes = set()
    for call in [node for node in ast.walk(tree) if isinstance(node, ast.Call)]:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        given = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
        texts = [arg.value for arg in (*call.args, *given) if isinstance(arg, ast.Constant)]
        if name in reporting:
            codes |= {
                text for text in texts if isinstance(text, str) and re.fullmatch(r"[a-z]+(-[a-z]+)+", text)
            }
    return codes


def test_every_finding_has_a_row_in_the_reference_and_no_row_is_dead() -> None:
    modules = [file.read_text("utf-8") for file in (REPOSITORY / "sphinx_policyspec").rglob("*.py")]
    reported = set().union(*(codes_in(ast.parse(text)) for text in modules))
    reference = PAGE.read_text("utf-8")
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", reference, re.MULTILINE))
    not_written_out = {"annotations", "config", "unknown-goal", "unknown-provision", "unknown-topic"}
    assert reported - documented == set()
    assert documented - reported - not_written_out == set()


def test_a_row_states_the_severity() -> None:
    rows = documented()
    for code, severities in found_in_code().items():
        stated = rows[code][0]
        assert {severity for severity in severities if severity not in stated} == set(), code


def test_codes_are_kebab_case_and_every_row_says_what_and_how() -> None:
    for code, cells in documented().items():
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)
        assert all(cell.strip() for cell in cells)
        assert not any(cell.endswith(".") for cell in cells)
