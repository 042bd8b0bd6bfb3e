"""The PDF of a published release, read as a reader would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import Commentary, Definition, Example, Prose, Spec
from tests.conftest import Run, require_fonts, text_below
from tests.pdf import bookmarks, dead_links, fonts_outside, links, recall, text_of, words

RELEASE = "2025-09-12"
_NOT_SHOWN = re.compile(
    r"\]\([^)\s]*\)|\{#[^}]*\}|</?untrusted>|^\s*(?:```|~~~)\w*|^\s*\d+[.)](?=\s)|\\+\[.*?\\+\]|\\+\(.*?\\+\)|\[\^[^\]]*\]",
    re.MULTILINE | re.DOTALL,
)


class Built:
    def __init__(self, source: Path, folder: Path) -> None:
        self.spec = ps.load(source)
        self.fonts = require_fonts(text_below(source))
        self.findings = ps.build_handbook(source, folder, pdf=True, pdf_fonts=self.fonts)
        self.file = folder / "handbook.pdf"


@pytest.fixture(scope="module")
def built(model_spec_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return Built(model_spec_data / RELEASE, tmp_path_factory.mktemp("paper"))


def source_text(spec: Spec) -> Iterator[str]:
    """Yield what a reader of a spec must find; maths is drawn, and numbers of lists are made anew."""
    yield from (provision.title for provision in spec.provisions)
    for _provision, block in spec.walk():
        match block:
            case Prose() | Commentary() | Definition():
                yield block.text
            case Example():
                yield block.title
                yield from (message.text for message in block.messages)


def test_no_word_of_the_release_is_lost(built: Built) -> None:
    assert built.findings == ()
    wanted = [word for text in source_text(built.spec) for word in words(_NOT_SHOWN.sub(" ", text))]
    share, lost = recall(wanted, words(text_of(built.file)))
    assert len(wanted) > 25_000
    assert share > 0.995, lost


def test_the_release_is_sound_and_leads_nowhere_wrong(built: Built) -> None:
    with pikepdf.open(built.file) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert fonts_outside(pdf) == []
        assert dead_links(pdf) == []
        assert len(links(pdf)) > 400
        assert 80 < len(pdf.pages) < 180
        titles = [title.partition("\N{NO-BREAK SPACE}")[0].replace("’", "'") for _, title in bookmarks(pdf)]
    provisions = [provision.title.replace("’", "'") for provision in built.spec.provisions]
    assert [title for title in provisions if title not in titles] == []


@pytest.mark.slow
def test_a_graph_gives_the_same_pdf(built: Built, tmp_path: Path, run: Run) -> None:
    data = ps.to_rdf(built.spec, "nt")
    (tmp_path / "spec.nt").write_bytes(data)
    fonts = [argument for font in built.fonts for argument in ("--pdf-font", font)]
    status, _, err = run("handbook", tmp_path / "spec.nt", "-o", tmp_path / "site", "--pdf", *fonts)
    assert status == 0, err
    assert err.endswith(f"policyspec: wrote {tmp_path / 'site' / 'handbook.pdf'}\n")
    assert (tmp_path / "site" / "handbook.pdf").read_bytes() == built.file.read_bytes()
