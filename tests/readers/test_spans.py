"""Spans point at what they are about, character for character."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sphinx_policyspec.model import FragmentKind, ReferenceForm, Spec
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.readers.inline import decode
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.release import SPEC_FILE, read_release
from sphinx_policyspec.readers.text import read_text
from tests.conftest import source_texts
from tests.readers.laws import cut_out, read_lawfully

CASES = sorted((Path(__file__).parent / "cases").glob("*.md"))


def text_of(case: Path) -> str:
    return read_text(case, case.name)[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_case_is_read_lawfully(case: Path) -> None:
    read_lawfully(text_of(case))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_spans_of_a_case_point_at_its_text(case: Path) -> None:
    text = text_of(case)
    check_spans(read_model_spec(text).spec, text)


def test_spans_of_a_release_point_at_its_text(release_dir: Path) -> None:
    text = (release_dir / SPEC_FILE).read_bytes().decode()
    spec = read_release(release_dir).spec
    check_spans(spec, text)
    for file in spec.prompt_files:
        check_bodies(file.prompts, (release_dir / file.span.file).read_bytes().decode())


def test_a_release_is_given_back_byte_for_byte(release_dir: Path) -> None:
    spec = read_release(release_dir).spec
    files = {SPEC_FILE, *(f"examples/{path.name}" for path in (release_dir / "examples").iterdir())}
    if (release_dir / "CHANGELOG.md").exists():
        files.add("CHANGELOG.md")
    texts = source_texts(spec)
    assert set(texts) == files
    for name, text in texts.items():
        assert text.encode() == (release_dir / name).read_bytes()


def test_every_file_of_a_release_is_read_lawfully(release_dir: Path) -> None:
    for path in (release_dir / SPEC_FILE, *sorted((release_dir / "examples").iterdir())):
        read_lawfully(path.read_bytes().decode())


def check_spans(spec: Spec, text: str) -> None:
    """Check references, links, tags, headings and everything in examples against the text."""
    written = {
        ReferenceForm.TITLE: "[?](#{0.target})",
        ReferenceForm.TEXT: "[{0.text}](#{0.target})",
        ReferenceForm.ID: "[#{0.target}]",
    }
    for reference in spec.references:
        found = cut_out(text, reference.span)
        if "](#" in found and '"' in found:
            found = re.sub(r'\s+"[^"]*"\)$', ")", found)
        assert found == written[reference.form].format(reference)
    for link in spec.links:
        assert re.sub(r'\s+"[^"]*"\)$', ")", cut_out(text, link.span)) == f"[{link.text}]({link.url})"
    for tag in spec.eval_tags:
        assert cut_out(text, tag.span) == f"[^{tag.tag}]"
    for provision in spec.provisions:
        assert cut_out(text, provision.span).lstrip("\ufeff").startswith("#")
    check_bodies(spec.examples, text)


def check_bodies(conversations: tuple[object, ...], text: str) -> None:
    """Check that the spans of messages and of their marked parts give their texts."""
    for conversation in conversations:
        for message in conversation.messages:  # type: ignore[attr-defined]
            source = cut_out(text, message.span).replace("\r\n", "\n")
            # What was to be a tag is kept with the text behind it.
            if message.role and not message.text.startswith(f"<{message.role}>"):
                written = re.match(r"[ ]?\*?[ ]?<([\w-]+)[\s>]", source)
                # A misspelt role is read as the one that was meant.
                assert written, source[:80]
                assert near_name(written[1], (message.role,)), source[:80]
                source = source.partition("\n")[2]
            settings = [f for f in message.fragments if f.kind is FragmentKind.SETTING]
            if not settings:
                assert decode(source).strip("\n").startswith(message.text)
            for fragment in message.fragments:
                assert decode(cut_out(text, fragment.span)).replace("\r\n", "\n").strip("\n") == fragment.text
