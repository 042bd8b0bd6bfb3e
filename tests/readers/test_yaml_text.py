"""What a standard writer of JSON or YAML makes of a text is read back as that text, or told."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_policyspec.readers.annotations import read_annotations
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.readers.yaml_nodes import YamlReader

ODD = "\x00\x07\x1b\x7f\x80\x85\x9f\xa0\xad\u2028\u2029\u200b\ufeff\ufffe\uffff\ud83d\ude00\U0001f600\U000f0000/\\\"'~:#{}[]-&*!%@`|>\t\r\n yé"
TEXTS = st.text(st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=())), max_size=20)
WRITERS: dict[str, Any] = {
    "JSON": json.dumps,
    "JSON in lines": lambda data: json.dumps(data, indent=2),
    "JSON with tabs": lambda data: json.dumps(data, indent="\t"),
    "JSON without spaces": lambda data: json.dumps(data, separators=(",", ":")),
    "JSON in Unicode": lambda data: json.dumps(data, ensure_ascii=False),
    "JSON with slashes escaped": lambda data: json.dumps(data).replace("/", r"\/"),
    "JSON in UTF-8 with a mark": lambda data: "\ufeff" + json.dumps(data, ensure_ascii=False),
    "YAML": yaml.safe_dump,
    "YAML in Unicode": lambda data: yaml.safe_dump(data, allow_unicode=True),
    "YAML in flow": lambda data: yaml.safe_dump(data, default_flow_style=True, width=20),
}


HALF = re.compile("[\ud800-\udfff]")


def paired(text: str) -> str:
    """Return a text as any writer of UTF-16 has it: two halves of a pair are one character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def is_broken(text: str) -> bool:
    return paired(text).count("\ufffd") > text.count("\ufffd")


@pytest.mark.parametrize("writer", WRITERS)
@settings(deadline=None)
@given(text=TEXTS, lead=TEXTS)
def test_a_text_is_read_back(writer: str, text: str, lead: str) -> None:
    if not writer.startswith("JSON"):
        # What YAML's own writer makes of half a character is not YAML.
        text, lead = paired(text), paired(lead)
    written = WRITERS[writer]({"lead": [lead], "text": text})
    if not writer.startswith("JSON") and yaml.safe_load(written) != {"lead": [lead], "text": text}:
        return  # PyYAML does not read back itself what it writes of U+0085
    if HALF.search(written):
        return  # no file can hold half a character that is not escaped
    reader = YamlReader("notes.yaml")
    values = reader.mapping(reader.compose(written))
    assert reader.text(values["text"]) == paired(text)
    assert list(map(reader.text, reader.items(values["lead"]))) == [paired(lead)]
    assert {found.code for found in reader.findings} == (
        {"invalid-encoding"} if any(map(is_broken, (text, lead))) else set()
    )


@pytest.mark.parametrize(("escaped", "text"), [
    (r'"a\/b"', "a/b"),
    (r'"\ud83d\ude00"', "\U0001f600"),
    (r'"\u2028\u0085\u007f"', "\u2028\x85\x7f"),
    ('"a\u2028b\x85 c\x7f"', "a\u2028b\x85 c\x7f"),
    ('"a\u2028 \\ud83d\\ude00\ufffe"', "a\u2028 \U0001f600\ufffe"),
    ("a \x7f b", "a \x7f b"),
])  # fmt: skip
def test_a_sidecar_and_a_case_hold_the_text(tmp_path: Any, escaped: str, text: str) -> None:
    (tmp_path / "notes.yaml").write_bytes(f"spec:\n  publisher: {escaped}\n  nothing: x\n".encode())
    annotations = read_annotations(tmp_path / "notes.yaml")
    assert dict(annotations.metadata)["publisher"] == text
    assert [found.span.line for found in annotations.findings] == [3]
    cases, findings = read_cases(f"title: {escaped}\nitems: []\nnothing: x\n", "cases.yaml")
    assert (cases[0].case.title, findings) == (text, ())
    assert [found.span.line for found in cases[0].findings if "nothing" in found.message] == [3]


def test_half_a_character_is_told_at_its_line(tmp_path: Any) -> None:
    (tmp_path / "notes.yaml").write_text('spec:\n  publisher: "a\\ud83d"\n', encoding="utf-8")
    annotations = read_annotations(tmp_path / "notes.yaml")
    assert dict(annotations.metadata)["publisher"] == "a\ufffd"
    assert [str(found) for found in annotations.findings] == [
        "notes.yaml:2:14: error: U+D83D is half of a character; shown as U+FFFD; write the other half [invalid-encoding]"
    ]
