"""Made-up Sphinx projects of N principles: the same words as plain MyST, with our directives, and as needs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FLAVOURS", "Item", "edit_one_page", "write_project"]

_WORDS = [
    "assistant",
    "reader",
    "answer",
    "question",
    "source",
    "honest",
    "doubt",
    "library",
    "request",
    "rule",
    "page",
    "level",
    "privacy",
    "safety",
    "child",
    "guardian",
    "loan",
    "record",
    "archive",
    "letter",
    "name",
    "date",
    "reason",
    "example",
    "limit",
    "consent",
    "tool",
]
_LEVELS = ("root", "system", "developer", "user", "guideline")
_PER_PAGE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One principle: 150 words in three paragraphs, two references, two examples."""

    number: int
    level: str
    topics: tuple[str, str]
    paragraphs: tuple[str, ...]
    targets: tuple[int, int]
    messages: tuple[tuple[str, str, str], ...]


def _items(count: int) -> list[Item]:
    rng = random.Random(count)  # noqa: S311  the same project each time

    def words(number: int) -> str:
        return " ".join(rng.choice(_WORDS) for _ in range(number)).capitalize() + "."

    return [
        Item(
            number=number,
            level=_LEVELS[number % 5],
            topics=(f"topic-{number % 12}", f"topic-{(number * 7) % 12}"),
            paragraphs=(words(50), words(50), words(50)),
            targets=(rng.randrange(count), rng.randrange(count)),
            messages=tuple((words(12), words(25), words(25)) for _ in range(2)),
        )
        for number in range(count)
    ]


def _plain(item: Item) -> str:
    first, second = item.targets
    refs = f"See {{ref}}`p{first}` and {{ref}}`p{second}`."
    examples = "".join(
        f"\n**Example {item.number}-{n}**\n\nUser: {ask}\n\nGood: {good}\n\nBad: {bad}\n"
        for n, (ask, good, bad) in enumerate(item.messages)
    )
    body = "\n\n".join(item.paragraphs)
    return f"(p{item.number})=\n## Principle {item.number}\n\n{body}\n\n{refs}\n{examples}\n"


def _ours(item: Item, example: Callable[[Item, int], str]) -> str:
    first, second = item.targets
    head = f"```{{policy:principle}}\n:id: p{item.number}\n:authority: {item.level}\n:topics: {', '.join(item.topics)}\n```"
    refs = f"See {{policy:principle}}`p{first}` and {{policy:principle}}`p{second}`."
    examples = "".join(example(item, n) for n in range(2))
    body = "\n\n".join(item.paragraphs)
    return f"## Principle {item.number}\n\n{head}\n\n{body}\n\n{refs}\n{examples}\n"


def _example_as_text(item: Item, n: int) -> str:
    ask, good, bad = item.messages[n]
    return (
        f"\n```{{policy:example}} Example {item.number}-{n}\nUser: {ask}\n\nGood: {good}\n\nBad: {bad}\n```\n"
    )


def _example_with_messages(item: Item, n: int) -> str:
    ask, good, bad = item.messages[n]
    return (
        f"\n````{{policy:example}} Example {item.number}-{n}\n"
        f"```{{policy:message}} user\n{ask}\n```\n"
        f"```{{policy:response}} good\n{good}\n```\n"
        f"```{{policy:response}} bad\n{bad}\n```\n````\n"
    )


def _needs(item: Item) -> str:
    first, second = item.targets
    body = "\n\n".join(item.paragraphs)
    examples = "".join(
        f"\n```{{example}} Example {item.number}-{n}\n:id: E{item.number}_{n}\n:links: P{item.number}\n\n"
        f"User: {ask}\n\nGood: {good}\n\nBad: {bad}\n```\n"
        for n, (ask, good, bad) in enumerate(item.messages)
    )
    return (
        f"````{{principle}} Principle {item.number}\n:id: P{item.number}\n:status: {item.level}\n"
        f":tags: {'; '.join(item.topics)}\n:links: P{first}, P{second}\n\n"
        f"{body}\n\nSee {{need}}`P{first}` and {{need}}`P{second}`.\n````\n{examples}\n"
    )


_CONF = 'project = "Bench"\nextensions = {extensions}\n'
_AS_TEXT = 'policyspec_severity = {"text-outside-message": "off"}\n'
"""Examples without messages are meant here: nobody keeps a project that warns of each on every build."""
_TOPICS = "".join(f"\n```{{policy:topic}} Topic {n}\n:id: topic-{n}\n```\n" for n in range(12))
_NEED_TYPES = """needs_types = [
    {"directive": "principle", "title": "Principle", "prefix": "P", "color": "#BFD8D2", "style": "node"},
    {"directive": "example", "title": "Example", "prefix": "E", "color": "#FEDCD2", "style": "node"},
]
needs_id_regex = ".*"
"""

FLAVOURS: dict[str, tuple[Callable[[Item], str], str, str]] = {
    "plain MyST": (_plain, _CONF.format(extensions='["myst_parser"]'), ""),
    "policyspec, examples as text": (
        lambda item: _ours(item, _example_as_text),
        _CONF.format(extensions='["myst_parser", "sphinx_policyspec"]') + _AS_TEXT,
        _TOPICS,
    ),
    "policyspec, with messages": (
        lambda item: _ours(item, _example_with_messages),
        _CONF.format(extensions='["myst_parser", "sphinx_policyspec"]'),
        _TOPICS,
    ),
    "policyspec, no graph written": (
        lambda item: _ours(item, _example_as_text),
        _CONF.format(extensions='["myst_parser", "sphinx_policyspec"]')
        + _AS_TEXT
        + "policyspec_outputs = []\n",
        _TOPICS,
    ),
    "sphinx-needs": (_needs, _CONF.format(extensions='["myst_parser", "sphinx_needs"]') + _NEED_TYPES, ""),
}
"""By name: how an item is written, the configuration, and what the start page says first."""


def write_project(folder: Path, flavour: str, count: int, theme: str) -> None:
    """Write a project of ``count`` principles, ten a page."""
    write, conf, start = FLAVOURS[flavour]
    folder.mkdir(parents=True)
    (folder / "conf.py").write_text(f'{conf}html_theme = "{theme}"\n', "utf-8")
    items = _items(count)
    pages = [items[n : n + _PER_PAGE] for n in range(0, count, _PER_PAGE)]
    names = [f"page{n:04}" for n in range(len(pages))]
    toctree = "\n".join(names)
    (folder / "index.md").write_text(f"# Bench\n{start}\n```{{toctree}}\n{toctree}\n```\n", "utf-8")
    for n, (name, page) in enumerate(zip(names, pages, strict=True)):
        text = f"# Page {n}\n\n" + "\n".join(write(item) for item in page)
        (folder / f"{name}.md").write_text(text, "utf-8")


def edit_one_page(folder: Path, turn: int) -> None:
    """Change a word of one principle, anew at each turn."""
    page = folder / "page0002.md"
    text = page.read_text("utf-8").partition("<!-- turn")[0]
    page.write_text(f"{text}<!-- turn {turn} -->\n\nEdited {turn}.\n", "utf-8")
