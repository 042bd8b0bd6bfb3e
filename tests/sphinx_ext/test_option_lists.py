"""Options that hold many: commas, or the lists that YAML has; texts come out as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import Severity
from sphinx_policyspec.sphinx_ext.pages.directive import items_of

CONF = 'project = "P"\nextensions = ["myst_parser", "sphinx_policyspec"]\n'
FORMS = {
    "commas": "a, b",
    "spaces": "a b",
    "flow": "[a, b]",
    "flow without spaces": "[a,b]",
    "flow with quotes": "[\"a\", 'b']",
    "flow with a comma at its end": "[ a, b, ]",
    "flow over lines": "[a,\n  b]",
    "block": "\n  - a\n  - b",
    "block with quotes": "\n  - \"a\"\n  - 'b'",
    "block of one": "\n  - a",
}


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("it's, that's", ["it's", "that's"]),
        ("[it's, \"a, b\", 'it''s']", ["it's", "a, b", "it's"]),
        ('- "a - b" - c d', ["a - b", "c d"]),
        ('- "a - \\"b\\""\n- c d', ['a - "b"', "c d"]),
        ("- a -b - c", ["a -b", "c"]),
        ("-a, [b", ["-a", "[b"]),
        ("[]", []),
        ("-", []),
        (" ,, ", []),
    ],
)
def test_texts_are_divided_by_commas_or_as_yaml_does(text: str, items: list[str]) -> None:
    assert list(items_of(text, ",")) == items


def page_of(markup: str, options: dict[str, str], directive: str, title: str, content: str = "Words.") -> str:
    if markup == "rst":
        lines = "".join(
            f"   :{name}: {value}".replace("\n", "\n   ") + "\n" for name, value in options.items()
        )
        return f".. policy:{directive}:: {title}\n{lines}\n   {content}\n\n"
    lines = "".join(f"{name}: {value}\n" for name, value in options.items())
    return f"```{{policy:{directive}}} {title}\n---\n{lines}---\n{content}\n```\n\n"


@pytest.mark.parametrize("markup", ["rst", "md"])
@pytest.mark.parametrize("form", FORMS)
def test_each_option_takes_each_form(tmp_path: Path, markup: str, form: str) -> None:
    many = FORMS[form]
    both = ("a",) if form == "block of one" else ("a", "b")
    names = ("topics", "serves", "conflicts-with", "exempts", "tags", "aliases")
    text = "# T\n\n" if markup == "md" else "T\n=\n\n"
    for name in ("a", "b"):
        text += page_of(markup, {"id": name}, "topic", name.upper())
        text += page_of(markup, {"id": name}, "goal", name.upper())
        text += page_of(
            markup, {"id": name, "authority": "user", "category": name}, "principle", name.upper()
        )
    own = {name: many.replace("a", "x").replace("b", "y") if name == "aliases" else many for name in names}
    text += page_of(markup, {"id": "p", "authority": "user", **own}, "principle", "P")
    if form != "spaces":
        text += page_of(markup, {"id": "t", "alt-labels": many, "broader": many}, "topic", "T")
    text += page_of(
        markup,
        {
            "topic": many if form != "spaces" else "a, b",
            "columns": many.replace("a", "title").replace("b", "good"),
        },
        "principle-table",
        "",
        "",
    )
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    (tmp_path / f"index.{markup}").write_text(text, encoding="utf-8")
    loaded = ps.load_checked(tmp_path)
    assert [str(f) for f in loaded.findings if f.severity is not Severity.HINT] == []
    principle = loaded.spec.principle("p")
    found = [getattr(principle, name.replace("-", "_")) for name in names]
    assert found == [both] * 5 + [tuple("xy"[: len(both)])]
    if form != "spaces":
        topic = loaded.spec.topic_by_id["t"]
        assert (topic.alt_labels, topic.broader) == (both, both)


@pytest.mark.parametrize("value", ["[a", "[[a], b]", "- [a]", "{a: b}"])
def test_what_is_not_a_plain_list_is_told(tmp_path: Path, value: str) -> None:
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    text = "# T\n\n" + page_of("md", {"id": "p", "authority": "user", "aliases": value}, "principle", "P")
    (tmp_path / "index.md").write_text(text, encoding="utf-8")
    loaded = ps.load_checked(tmp_path)
    told = [found for found in loaded.findings if found.code == "invalid-option"]
    assert told
    assert {(found.span.line, found.hint) for found in told} == {(7, "divide items by commas")}


WRITTEN = ["yes", "on", "010", "1e3", "~", "2026-01-31", "null", "0x1F", "1_000", "1:30", "true", ".5"]


@pytest.mark.parametrize("style", ["block", "colons"])
def test_words_that_yaml_types_come_out_as_written(tmp_path: Path, style: str) -> None:
    (tmp_path / "conf.py").write_text(CONF, encoding="utf-8")
    text = "# T\n\n"
    for number, value in enumerate(WRITTEN):
        options = {
            "id": f"p{number}",
            "authority": "user",
            "since": value,
            "status": value,
            "category": value,
        }
        if style == "block":
            text += page_of("md", options, "principle", "P")
        else:
            lines = "".join(f":{name}: {value}\n" for name, value in options.items())
            text += f"```{{policy:principle}} P\n{lines}\nWords.\n```\n\n"
    (tmp_path / "index.md").write_text(text, encoding="utf-8")
    found = [(p.since, p.status, p.category) for p in ps.load(tmp_path).principles]
    assert found == [(value, value, value) for value in WRITTEN]
