"""Work grows no faster than texts: patterns by the steps of a matcher, commands by the functions that they call."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser as RstParser
from docutils.utils import new_document
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

import sphinx_policyspec as ps
from sphinx_policyspec import exports
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.compare import compare, words
from sphinx_policyspec.compare.history import format_lock, lock_of, parse_lock, review, since_lock
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.exports.diff import DIFF_FORMATS
from sphinx_policyspec.graph.query_text import check_text, unclosed_iri, unpaired
from sphinx_policyspec.model import Goal, Markup, Spec, Topic
from sphinx_policyspec.model.attributes import attributes_of
from sphinx_policyspec.sphinx_ext.markdown.render import Language, _ParsedLanguage, language_of
from tests.conftest import LEVELS, at, principle, spec
from tests.growth import SUPERLINEAR, Counter, calls, growth, patterns, worst

BOUNDED_ELSEWHERE = {
    "sphinx_policyspec.graph.touches._SILENT": "what calls it gives it only texts that end with what closes a comment",
    "sphinx_policyspec.model.outlines._BETWEEN_LETTERS": "likewise",
}
"""Patterns whose work grows faster than texts for what they are never given."""

RUNS = (
    *" ,\"':;[`*_|><~#!(){}\\$=+/%.?&^@1",
    *("\t", "\r", "{#", "[#", "](", "<!--", "-->", "``` ", "**", "> ", "- ", "1. ", "# ", "![", "\\(", "[^", "a=", "~~~xml "),
    *("https://a.b/", "a@b.c ", "&amp;", "<b>", "</b>", "[^abcd]", "A b. ", "It is. ", "must ", "word ", " - ", "a-"),
    *("[?](#a)", "[x](#a) ", "[x][y] ", "**a**: ", "    return x;", "\u2014", "\u00a0", "\u00e9"),
)  # fmt: skip
"""What texts repeat."""

_HEAD = "# A {#a authority=user}\n\n"
_TURNS = "~~~xml\n<user>\nHi RUN y [z]\n</user>\n<comparison>\n<assistant> <!-- BAD: [#a]RUN -->\nRUN\n</assistant>\n</comparison>\n~~~\n"
PLACES = {
    "heading": _HEAD + "## B RUN {#b authority=user}\n\nx\n",
    "attributes": "# A {#a authority=user RUN}\n\nx\n\n## B {RUN\n",
    "underlined": "RUN\n===\n\nx\n",
    "paragraph": _HEAD + "x RUN y\n",
    "beginning": _HEAD + "RUN y\n",
    "item": _HEAD + "- x RUN y\n  RUN\n",
    "quotation": _HEAD + "> x RUN y\n",
    "link": _HEAD + '[x RUN y](#a) [x](#RUN) [y](RUN\n\n[lab RUN]: https://x "RUN\n',
    "tag": _HEAD + "x[^RUN] y[^abcd] z\n\n[^abcd]: RUN x\n",
    "definition": _HEAD + "**T**: x RUN\n",
    # Beyond the length of a term, so that it is the same to the reader for each length.
    "bold": _HEAD + "**" + "T" * 200 + "RUN**: x RUN\n",
    "example": _HEAD + "**Example**: x RUN y\n\n" + _TURNS.replace("RUN", ""),
    "turns": _HEAD + "**Example**: x\n\n" + _TURNS,
    "commentary": _HEAD + '!!! meta "Commentary"\n    x RUN y\n',
    "comment": _HEAD + "<!-- policyspec-ignore: RUN y -->\n\nx <!-- RUN\n",
    "front matter": "---\na: RUN\n---\n" + _HEAD,
    "lines": _HEAD + "LINES\n",
    "paragraphs": _HEAD + "PARTS\n",
}
"""Where in a document a run stands: in place of ``RUN``, in one line each or in one paragraph each."""
BESIDE = {
    "README": ("README.md", "# Title RUN\n\nRUN\n"),
    "changelog": ("CHANGELOG.md", '## v2025.01.02 RUN\n\n- RUN x **RUN** "RUN\n\n## v2025.01.01\n\nx\n'),
    "prompts": ("examples/abcd.md", "Examples for [^abcd] in RUN:\n\n**Example**: x RUN\n\n" + _TURNS),
}
"""Files beside a document."""
SIDECARS = (
    "version: RUN\n",
    "format: 1\nprovisions:\n  a:\n    topics: [RUN]\n",
    "format: 1\nprovisions:\n  a:\n    topics: 'RUN'\n",
    'format: 1\ntopics:\n  - id: x\n    label: "RUN"\n    description: RUN\n',
)
CASES = ("- RUN\n", "title: 'RUN'\ninstructions:\n  - from: user\n    says: RUN\n")
QUERIES = (
    "SELECT * WHERE { RUN }",
    'SELECT * WHERE { ?a ?b "RUN }',
    "RUN",
    "SELECT (RUN",
    "PREFIX RUN: <x> SELECT * {",
)
HARD = ("'", "`", "*", "{", "/", "a-", "{#", "[^", "{{", "*a ", "``a ", "'a", "|a", "_`a", "a__ ", "{a}`", "`x`_ ", "(a)=\n\n", ".. _a:\n\n", ":::\n", "+--")  # fmt: skip
"""What takes the parsers of directives a time that grows with the square of how often it is repeated."""
LENGTHS = (150, 300, 600)


@pytest.fixture(autouse=True)
def _small_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scale down the bounds of what is compared at a time, so that short texts show what long ones do."""
    monkeypatch.setattr(words, "_TOO_LONG", 64)
    monkeypatch.setattr(words, "_WINDOW", 4)


@contextlib.contextmanager
def prose_of_others(markup: Markup, folder: Path) -> Iterator[Language]:
    """Yield what makes nodes of a text in a graph."""
    (folder / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    (folder / "index.rst").write_text("T\n=\n", "utf-8")
    with patch_docutils(str(folder)), docutils_namespace():
        app = Sphinx(folder, folder, folder / "out", folder / "out", "html", status=None, warning=None)
        app.env.prepare_settings("index")
        settings = get_default_settings(RstParser)
        settings.env, settings.report_level = app.env, 5
        yield language_of(markup, new_document("index.rst", settings), "spec.rst", ())


# -- patterns -----------------------------------------------------------------------------------


def test_the_matcher_counts_what_grows() -> None:
    for pattern, part, way, grows in (
        (r"\s*x", " ", "scan", True),
        (r"\s*+x", " ", "match", False),
        (r"(?<!\s)\s++x", " ", "scan", False),
        (r"(a|a)*b", "a", "match", True),
        (r"(.*?)(,*)", ",", "fullmatch", True),
        (r"a{0,500}b", "a", "scan", False),
        (r"<!--.*?-->", "<!--", "scan", True),
    ):
        counter = Counter(pattern)
        ratio = growth(lambda n: counter.steps(part * n + "\x01", way), (8, 16, 32))  # noqa: B023  called at once
        assert (ratio > SUPERLINEAR) is grows, (pattern, ratio)


def test_the_work_of_a_pattern_grows_no_faster_than_its_text() -> None:
    found = {used.place: worst(used) for used in patterns()}
    fast = {place: (way, text) for place, (ratio, way, text) in found.items() if ratio > SUPERLINEAR}
    assert set(fast) == set(BOUNDED_ELSEWHERE), fast


@pytest.mark.slow
def test_the_work_of_a_pattern_grows_no_faster_than_any_text_made_of_it() -> None:
    found = {used.place: worst(used, thorough=True) for used in patterns()}
    fast = {place: (way, text) for place, (ratio, way, text) in found.items() if ratio > SUPERLINEAR}
    assert set(fast) == set(BOUNDED_ELSEWHERE), fast


# -- commands -----------------------------------------------------------------------------------


def filled(place: str, run: str, length: int) -> str:
    """Return a text with a run in its places."""
    times = length // len(run) + 1
    text = place.replace("LINES", "\n".join([run] * times)).replace("PARTS", "\n\n".join([run] * times))
    return text.replace("RUN", run * times)


def written(folder: Path, text: str, name: str = "model_spec.md") -> Path:
    """Write a release and return its folder."""
    for path, content in {"model_spec.md": PLACES["turns"].replace("RUN", "x"), name: text}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8", newline="")
    return folder


def release_work(folder: Path, text: str, other: str, name: str) -> dict[str, Callable[[], object]]:
    """Return what commands do with a release and with another version of it."""
    old = ps.load_checked(written(folder / "old" / "2025-01-01", text, name))
    new = ps.load_checked(written(folder / "new" / "2025-01-02", other, name))
    found = ps.diff(old, new)
    locked = format_lock(lock_of(old.spec))
    return {
        "read": lambda: ps.load_checked(folder / "new" / "2025-01-02"),
        "check": lambda: ps.check(new),
        "graph": lambda: ps.to_rdf(new.spec, "ttl"),
        "diff": lambda: ps.diff(old, new),
        "formats": lambda: [write(found, None) for write in DIFF_FORMATS.values()],
        "lock": lambda: since_lock(parse_lock(locked, "lock"), new.spec),
        "changelog": lambda: review(found, text),
    }


def grown(folder: Path, place: str, run: str, name: str = "model_spec.md") -> dict[str, float]:
    """Return for each command how its calls grow with a run.

    A text may be taken otherwise from some length on. That is a step and no growth, and at twice the lengths it is gone.
    """
    found = _grown(folder, place, run, name, LENGTHS)
    if too_fast(found):
        again = _grown(folder / "longer", place, run, name, tuple(2 * length for length in LENGTHS))
        found = {command: min(ratio, again[command]) for command, ratio in found.items()}
    return found


def _grown(folder: Path, place: str, run: str, name: str, lengths: tuple[int, ...]) -> dict[str, float]:
    counts: dict[str, list[int]] = {}
    for length in lengths:
        text = filled(place, run, length)
        other = filled(place, run, length + 6 * len(run)).replace("y", "Yes")
        for command, work in release_work(folder / str(length), text, other, name).items():
            counts.setdefault(command, []).append(calls(work))
    return {
        command: growth(dict(zip(lengths, found, strict=True)).__getitem__, lengths)
        for command, found in counts.items()
    }


def too_fast(found: dict[str, float]) -> dict[str, float]:
    return {command: round(ratio, 1) for command, ratio in found.items() if ratio > SUPERLINEAR}


@pytest.mark.parametrize(
    ("place", "run"),
    [
        ("paragraph", "It is. "),
        ("paragraphs", "It is. "),
        ("lines", "- "),
        ("tag", "[^abcd]"),
        ("turns", ","),
    ],
)
def test_calls_of_commands_grow_no_faster_than_a_document(tmp_path: Path, place: str, run: str) -> None:
    assert not too_fast(grown(tmp_path, PLACES[place], run))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_calls_of_commands_grow_no_faster_than_any_document(tmp_path: Path, place: str) -> None:
    found = {run: too_fast(grown(tmp_path / str(at), PLACES[place], run)) for at, run in enumerate(RUNS)}
    assert not {run: ratios for run, ratios in found.items() if ratios}


@pytest.mark.slow
@pytest.mark.parametrize("place", BESIDE)
def test_calls_of_commands_grow_no_faster_than_files_beside_a_document(tmp_path: Path, place: str) -> None:
    name, text = BESIDE[place]
    found = {run: too_fast(grown(tmp_path / str(at), text, run, name)) for at, run in enumerate(RUNS)}
    assert not {run: ratios for run, ratios in found.items() if ratios}


class Compared(str):
    """A text that counts how often texts like it are compared."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        Compared.times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def of_many(names: list[Compared]) -> Spec:
    """Return a spec in which everything that is a list has these names."""
    every = tuple(names)
    lists: dict[str, Any] = {row.field: every for row in attributes_of("principle") if row.many}
    return spec(
        principle(
            "a", tags=every, aliases=every, **{name: of for name, of in lists.items() if name != "tags"}
        ),
        *(principle(name) for name in every),
        levels=(*LEVELS, *(replace(LEVELS[0], id=name) for name in every)),
        topics=tuple(
            Topic(id=name, label=name, alt_labels=(), broader=(), related=(), span=at()) for name in every
        ),
        goals=tuple(Goal(id=name, title=name, text="x", span=at()) for name in every),
    )


def test_names_are_compared_as_often_as_there_are_names() -> None:
    def steps(length: int) -> int:
        old, new = (of_many([Compared(f"{word}{n}") for n in range(length)]) for word in ("x", "y"))
        Compared.times = 0
        compare(old, new)
        run_checks(old)
        since_lock(parse_lock(format_lock(lock_of(old)), "lock"), new)
        return Compared.times

    assert growth(steps, (40, 80, 160)) <= SUPERLINEAR


def outcome(work: Callable[[], object]) -> None:
    """Do some work that may refuse what it is given."""
    with contextlib.suppress(PolicySpecError):
        work()


@pytest.mark.slow
@pytest.mark.parametrize("text", [*SIDECARS, *CASES])
def test_calls_grow_no_faster_than_sidecars_and_cases(tmp_path: Path, text: str) -> None:
    root = written(tmp_path / "2025-01-01", PLACES["turns"].replace("RUN", "x"))
    file = tmp_path / "given.yaml"

    def steps(run: str, length: int) -> int:
        file.write_text(filled(text, run, length), encoding="utf-8", newline="")
        if text in CASES:
            return calls(lambda: outcome(lambda: ps.diff_cases(root, root, [file])))
        return calls(lambda: outcome(lambda: ps.check(ps.load_checked(root, annotations=file))))

    steps("x", LENGTHS[0])
    found = {run: growth(partial(steps, run), LENGTHS) for run in RUNS}
    assert not {run: ratio for run, ratio in found.items() if ratio > SUPERLINEAR}


@pytest.mark.parametrize("text", QUERIES)
def test_calls_grow_no_faster_than_queries(text: str) -> None:
    def ask(query: str) -> None:
        unclosed_iri(query)
        unpaired(query)
        outcome(lambda: check_text(query, "query", max_bytes=10_000, max_depth=10_000))

    def steps(run: str, length: int) -> int:
        query = filled(text, run, length)
        return calls(lambda: ask(query))

    found = {
        run: growth(partial(steps, run), LENGTHS) for run in (*RUNS, "SELECT ", "?a ", "<a", "'''", "\\u0041")
    }
    assert not {run: ratio for run, ratio in found.items() if ratio > SUPERLINEAR}


@pytest.mark.parametrize("markup", [Markup.RST, Markup.MYST])
def test_prose_for_which_a_parser_of_others_takes_long_stays_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, markup: Markup
) -> None:
    """Those parsers search in C, so that no calls tell of it: what they are given is bounded."""
    given: list[int] = []

    def parsed(_language: _ParsedLanguage, text: str, _reporter: object) -> list[nodes.Node]:
        given.append(len(text))
        return []

    monkeypatch.setattr(_ParsedLanguage, "_parse", parsed)
    with prose_of_others(markup, tmp_path) as language:
        for run in HARD:
            for length in (1000, 30_000):
                language.blocks(filled("x RUN y", run, length), 1)
    assert len(given) == len(HARD)
    assert max(given) < 2000


@pytest.mark.slow
@pytest.mark.parametrize("markup", Markup)
def test_calls_grow_no_faster_than_prose_of_others(tmp_path: Path, markup: Markup) -> None:
    def steps(run: str, length: int) -> int:
        return calls(lambda: language.blocks(filled("x RUN y", run, length), 1))

    with prose_of_others(markup, tmp_path) as language:
        for run in (*RUNS, *HARD):
            steps(run, 1)
        found = {run: growth(partial(steps, run), LENGTHS) for run in (*RUNS, *HARD)}
    assert not {run: ratio for run, ratio in found.items() if ratio > SUPERLINEAR}


def test_a_fingerprint_costs_no_more_on_a_long_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Count the characters that are hashed: those of a long line once, not once for each finding."""
    hashed: list[int] = []
    real = hashlib.sha256

    def counted(data: bytes) -> object:
        hashed.append(len(data))
        return real(data)

    monkeypatch.setattr(hashlib, "sha256", counted)
    monkeypatch.setattr(exports, "_LONGEST", 100)

    def steps(length: int) -> int:
        hashed.clear()
        ps.check(written(tmp_path, _HEAD + "[^abcd]" * length + "\n"))
        return sum(hashed)

    assert growth(steps, LENGTHS) <= SUPERLINEAR
