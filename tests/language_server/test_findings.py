"""Every text of the reference of findings, opened in an editor: its code stands at its line, and its comment silences it."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from lsprotocol import types

from tests.checks.fixtures import CASES, CONF
from tests.language_server.editor import Editor, editor

_PLACE = re.compile(r"(?P<file>[^:\n]*):(?P<line>\d+):(?P<column>\d+): .*\[(?P<code>[\w-]+)\]")
WRITTEN = {"unrepresentable-character"}
"""Codes that are found only when something is written."""
ABOUT_FILES = {"invalid-encoding", "unreadable-file"}
"""Of a file on the disk: an editor holds text."""
NOT_SILENCED = {"no-principle", "no-user-level", "unused-ignore", "wrong-indentation"}
"""Codes about no block, the code of the comment itself, and lines that are lost to the block that they belong to."""
UNCOVERS = {"heading-without-id", "merge-conflict"}
"""Codes without which a text has no principle, or an empty block."""
ASKING = (
    "query",
    "case",
    "principle-",
    "matrix",
    "graph",
    "coverage",
    "survey",
    "count",
    "changes",
    "example-table",
)
"""Directives that ask."""


def fixtures(*patterns: str) -> list[Path]:
    found = [path for pattern in patterns for path in sorted(CASES.glob(f"*/{pattern}"))]
    return [path for path in found if path.parent.name not in WRITTEN | ABOUT_FILES]


PAGES = fixtures("bad.rst")
TEXTS = fixtures("bad.md", "bad/model_spec.md")


def expected(path: Path, file: str) -> set[tuple[str, int]]:
    """Return the lines at which a fixture has its code, in the file itself."""
    folder = path.parent if path.parent.name != "bad" else path.parent.parent
    matches = map(_PLACE.match, (folder / "bad.txt").read_text("utf-8").splitlines())
    return {
        (match["code"], int(match["line"]))
        for match in matches
        if match and match["file"] in {file, path.name}
    }


def places(told: list[types.Diagnostic]) -> set[tuple[str, int]]:
    return {(str(one.code), one.range.start.line + 1) for one in told}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor on a project of one page."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "conf.py").write_text(CONF, "utf-8")
    (folder / "index.rst").write_text("Manners\n=======\n", "utf-8")
    with editor(folder) as one:
        one.open("index.rst")
        yield one


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor on a folder of releases."""
    with editor(tmp_path_factory.mktemp("texts")) as one:
        yield one


def code_of(path: Path) -> str:
    return path.parent.name if path.parent.name != "bad" else path.parent.parent.name


def judged(one: Editor, file: str, text: str, *, asks: bool = False) -> list[types.Diagnostic]:
    """Return what is said of a text; of a page that asks also of that, which is answered when it is saved."""
    told = one.write(file, text)
    if asks:
        document = one.document(file)
        for _reading in ("of the page", "of what it asks"):
            one.published.pop(one.uri(file))
            one.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=document))
            told = one.told(file)
    return told


def slips(told: list[types.Diagnostic]) -> Counter[str]:
    return Counter(str(one.code) for one in told if one.severity is not types.DiagnosticSeverity.Hint)


def silence(one: Editor, file: str, told: list[types.Diagnostic], code: str, *, asks: bool) -> bool:
    """Silence each finding with a code by its comment; return whether any has one."""
    before = one.texts[file]
    found = [diagnostic for diagnostic in told if diagnostic.code == code]
    offered = False
    for diagnostic in found:
        action = one.actions(file, diagnostic).get(f"Ignore `{code}` here, with a reason")
        if action is None:
            continue
        offered = True
        (text,) = one.applied(action.edit).values()
        left = judged(one, file, text, asks=asks)
        codes = [str(other.code) for other in left]
        assert codes.count(code) < len(found), text
        # Of what only follows from it, hints alone come out, and what is true of the text as a whole.
        assert codes.count("unused-ignore") <= [str(other.code) for other in told].count("unused-ignore")
        assert code in UNCOVERS or not slips(left) - slips(told), text
        judged(one, file, before, asks=asks)
    return offered


@pytest.mark.parametrize("path", PAGES, ids=code_of)
def test_a_page_has_its_code_at_its_line_and_its_comment_silences_it(pages: Editor, path: Path) -> None:
    code, text = code_of(path), path.read_text("utf-8")
    asks = any(f"policy:{name}" in text for name in ASKING)
    told = judged(pages, "index.rst", text, asks=asks)
    wanted = expected(path, "index.rst")
    assert wanted <= places(told)
    assert silence(pages, "index.rst", told, code, asks=asks) or not wanted or code in NOT_SILENCED


@pytest.mark.parametrize("path", TEXTS, ids=code_of)
def test_a_text_has_its_code_at_its_line_and_its_comment_silences_it(texts: Editor, path: Path) -> None:
    code = code_of(path)
    folder = texts.folder / code
    if path.name == "model_spec.md":
        shutil.copytree(path.parent, folder)
    else:
        folder.mkdir()
        shutil.copy(path, folder / "model_spec.md")
    file = f"{code}/model_spec.md"
    told = texts.open(file)
    wanted = expected(path, "model_spec.md")
    # To an editor a lone carriage return ends a line, too.
    is_counted = "\r" not in texts.texts[file].replace("\r\n", "\n")
    assert (
        wanted <= places(told)
        if is_counted
        else {code for code, _ in wanted} <= {one for one, _ in places(told)}
    )
    assert silence(texts, file, told, code, asks=False) or not wanted or code in NOT_SILENCED
