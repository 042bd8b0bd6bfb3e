"""The handbook of each published release, read as a reader would."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import Comparison, Example, FragmentKind, Message, Response, Spec, Verdict
from tests.conftest import Handbook
from tests.releases.site import Page, dead_links, read_site

LEAKS = (
    r"\{#",
    r"\[\^",
    r"</?(?:user|assistant|developer|system|tool|comparison|untrusted|settings)\b",
    r"&(?:lt|gt|amp|quot);",
    r"\[\?\]",
    r"authority=\w",
    r"~~~",
    r"!!! meta",
    r"<!--",
    r"\*\*Example",
)
SHOWN = {Verdict.GOOD: "Compliant", Verdict.BAD: "Violation", Verdict.OK: "Minor issues"}


class Built:
    def __init__(self, spec: Spec, handbook: Handbook) -> None:
        self.spec = spec
        self.folder = handbook.folder
        self.findings = handbook.findings
        self.pages = read_site(self.folder)


@pytest.fixture(scope="module")
def built(release_dir: Path, handbook: Callable[[Path], Handbook]) -> Built:
    return Built(ps.load(release_dir), handbook(release_dir))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def source_words(message: Message) -> list[str]:
    """The words that a reader of a message must find; maths and the numbers of lists are drawn."""
    settings = [f.text for f in message.fragments if f.kind is FragmentKind.SETTING]
    text = re.sub(r"</?untrusted>", "Untrusted text", message.text, count=1)
    text = re.sub(r"\\+\[.*?\\+\]|\\+\(.*?\\+\)", " ", text, flags=re.DOTALL)
    text = re.sub(
        r"</?untrusted>|^\s*(?:```|~~~)\w*|^\s*\d+[.)](?=\s)|\]\((?:https?|#)[^)]*\)",
        " ",
        text,
        flags=re.MULTILINE,
    )
    return words(" ".join(["Settings", *settings, text]) if settings else text)


def messages_shown(example: Example) -> list[Message]:
    """The messages in the order of the page: compliant alternatives stand before others."""
    ranks = {Verdict.GOOD: 0, Verdict.OK: 1, Verdict.BAD: 2, None: 3}
    found: list[Message] = []
    for turn in example.turns:
        if isinstance(turn, Comparison):
            answers: list[Response] = sorted(turn.responses, key=lambda answer: ranks[answer.verdict])
            found += answers
        elif isinstance(turn, Message):
            found.append(turn)
    return found


def verdict_words(message: Message) -> str:
    return SHOWN[message.verdict] if isinstance(message, Response) and message.verdict else ""


def shown_by_example(built: Built) -> dict[str, list[tuple[str, str, str]]]:
    return {
        anchor: [(m.role.strip(), m.verdict.strip(), m.body) for m in messages]
        for page in built.pages.values()
        for anchor, messages in page.examples.items()
    }


def test_the_build_has_nothing_to_say(built: Built) -> None:
    assert built.findings == []


def test_no_link_inside_the_site_is_dead(built: Built) -> None:
    assert sum(len(page.links) for page in built.pages.values()) > 500
    assert dead_links(built.folder, built.pages) == []


def test_no_markup_leaks_into_the_text(built: Built) -> None:
    found = [
        f"{name}: {page.text[max(0, match.start() - 40) : match.end() + 40]!r}"
        for name, page in built.pages.items()
        for pattern in LEAKS
        for match in re.finditer(pattern, page.text)
    ]
    assert found == []


def test_no_link_is_a_literal_question_mark(built: Built) -> None:
    assert [text for page in built.pages.values() for _, text in page.links if text.strip() == "?"] == []


def test_ids_are_unique_on_each_page(built: Built) -> None:
    def doubled(page: Page) -> list[str]:
        return [name for name, count in page.ids.items() if count > 1]

    assert {name: found for name, page in built.pages.items() if (found := doubled(page))} == {}


def test_every_provision_is_an_anchor_of_its_own_name(built: Built) -> None:
    anchors = {name for page in built.pages.values() for name in page.ids}
    assert {provision.id for provision in built.spec.provisions} <= anchors


def test_every_example_shows_all_its_messages_in_order(built: Built) -> None:
    shown = shown_by_example(built)
    assert list(shown) != []
    assert set(shown) == {f"example-{example.id}" for example in built.spec.examples}
    for example in built.spec.examples:
        expected = [
            (message.role.capitalize(), verdict_words(message)) for message in messages_shown(example)
        ]
        assert [(role, verdict) for role, verdict, _ in shown[f"example-{example.id}"]] == expected, (
            example.id
        )


def test_every_word_of_every_message_is_shown(built: Built) -> None:
    shown = shown_by_example(built)

    def lost(example: Example) -> list[str]:
        bodies = [body for _, _, body in shown[f"example-{example.id}"]]
        pairs = zip(messages_shown(example), bodies, strict=True)
        return [word for message, body in pairs for word in set(source_words(message)) - set(words(body))]

    missing = {example.id: found for example in built.spec.examples if (found := lost(example))}
    assert missing == {}


def test_the_graph_lies_beside_the_pages_and_is_linked(built: Built) -> None:
    assert (built.folder / "spec.ttl").read_text(encoding="utf-8").startswith("@prefix")
    start = (built.folder / "index.html").read_text(encoding="utf-8")
    assert '<link rel="alternate" type="text/turtle" href="spec.ttl"' in start


def test_prompts_are_never_shown(built: Built) -> None:
    text = " ".join(page.text for page in built.pages.values())
    own = {m.text for example in built.spec.examples for m in example.messages}
    shown = [
        prompt.id
        for prompt in built.spec.prompts
        for message in prompt.messages
        if len(message.text) > 40 and message.text not in own and message.text in text
    ]
    assert shown == []


def test_nothing_is_loaded_from_elsewhere(built: Built) -> None:
    loads = re.compile(
        r"<(?:script|img|iframe|source)[^>]*\bsrc=\"(?:https?:)?//|<link[^>]*href=\"(?:https?:)?//"
    )
    found = [
        path.name for path in built.folder.rglob("*.html") if loads.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_page_is_heavy(built: Built) -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in built.folder.glob("*.html")}
    assert {name: size for name, size in sizes.items() if size > 45_000} == {}


@pytest.mark.parametrize(
    ("layout", "least"), [("one", 1), pytest.param("section", 30, marks=pytest.mark.slow)]
)
def test_other_layouts_are_as_sound(model_spec_data: Path, tmp_path: Path, layout: str, least: int) -> None:
    loaded = ps.load_checked(model_spec_data / "2025-09-12")
    assert ps.build_handbook(loaded, tmp_path, pages=layout) == ()
    pages = read_site(tmp_path)
    assert dead_links(tmp_path, pages) == []
    assert sum(bool(page.examples) for page in pages.values()) >= least
    assert sum(len(page.examples) for page in pages.values()) == len(loaded.spec.examples)


@pytest.mark.parametrize("release_dir", ["2025-02-12"], indirect=True)
def test_a_graph_gives_the_same_pages(built: Built, tmp_path: Path) -> None:
    data = ps.to_rdf(built.spec, "nt")
    (tmp_path / "spec.nt").write_bytes(data)
    from_text, from_graph = built.folder, tmp_path / "site"
    ps.build_handbook(tmp_path / "spec.nt", from_graph)
    names = sorted(path.relative_to(from_text) for path in from_text.rglob("*.html"))
    assert names
    assert [n for n in names if (from_text / n).read_bytes() != (from_graph / n).read_bytes()] == []
