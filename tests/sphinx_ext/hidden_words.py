"""Pages that hide words in each way, around and inside each thing that a spec says; each word tells which pair it is of.

A word is ``zq``, the way, ``zq``, the thing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CONF", "THINGS", "WAYS", "Markup", "Way", "indented", "pages", "things_shown", "words_in"]

_WORD = re.compile(r"zq([a-z]+)zq([a-z]+)")

CONF = """
extensions = ["myst_parser", "sphinx.ext.ifconfig", "sphinx.ext.todo", "sphinx_policyspec", "tests.sphinx_ext.hiders"]
project = "Hidden"
html_theme = "basic"
policyspec_outputs = ["nt", "ttl", "trig", "nq", "jsonld", "rdf"]
exclude_patterns = ["excluded*", "out"]
audience = "public"
latex_documents = [("index", "hidden.tex", "Hidden", "A", "manual")]
man_pages = [("index", "hidden", "Hidden", "A", 7)]
"""


@dataclass(frozen=True, slots=True)
class Markup:
    """How a page is written."""

    suffix: str

    @property
    def is_myst(self) -> bool:
        return self.suffix == "md"

    def block(self, name: str, argument: str, body: str = "", **options: str) -> str:
        """Return a directive."""
        given = [(key.replace("_", "-"), value) for key, value in options.items()]
        if self.is_myst:
            longest = max((len(fence) for fence in re.findall(r"^ *(`{3,})", body, re.MULTILINE)), default=2)
            fence = "`" * (longest + 1)
            lines = [f":{key}: {value}" for key, value in given]
            return "\n".join(
                [f"{fence}{{{name}}} {argument}".rstrip(), *lines, *([""] * bool(lines)), body, fence]
            )
        lines = [f"   :{key}: {value}" for key, value in given]
        return "\n".join([f".. {name}:: {argument}".rstrip(), *lines, "", indented(body)])

    def role(self, name: str, text: str) -> str:
        return f"{{{name}}}`{text}`" if self.is_myst else f":{name}:`{text}`"

    def heading(self, title: str, level: int) -> str:
        return (
            f"{'#' * level} {title}" if self.is_myst else f"{title}\n{'=-~^'[level - 1] * (len(title) + 2)}"
        )


def indented(text: str) -> str:
    return "\n".join(f"   {line}".rstrip() for line in text.splitlines())


@dataclass(frozen=True, slots=True)
class Way:
    """A way to hide something, or to show it.

    :param wrap: puts a text into it
    :param shown: in which formats of builders it shows what it holds
    :param headings: whether headings may stand in it, in rST
    :param markups: suffixes of the markups that have it
    """

    wrap: Callable[[Markup, str], str]
    shown: Iterable[str] = ()
    headings: bool = False
    markups: tuple[str, ...] = ("rst", "md")


def directive(name: str, argument: str = "", **options: str) -> Callable[[Markup, str], str]:
    return lambda markup, body: markup.block(name, argument, body, **options)


def _comment(markup: Markup, body: str) -> str:
    if markup.is_myst:
        return "\n".join(f"% {line}" for line in body.splitlines())
    return f".. Not in force:\n\n{indented(body)}"


def _in_list(markup: Markup, body: str) -> str:
    inner = markup.block("only", "internal", body)
    return "* One\n\n" + "\n".join(f"  {line}".rstrip() for line in inner.splitlines())


ALL = ("html", "text", "latex", "typst", "man", "texinfo", "xml")

WAYS: dict[str, Way] = {
    "tag": Way(directive("only", "internal"), headings=True),
    "builder": Way(directive("only", "builder_linkcheck"), headings=True),
    "format": Way(directive("only", "html"), ("html",), headings=True),
    "notformat": Way(directive("only", "not html and not internal"), set(ALL) - {"html"}, headings=True),
    "ifconfig": Way(directive("ifconfig", "audience == 'internal'"), headings=True),
    "ifbuilder": Way(directive("ifconfig", "builder == 'latex'"), ("latex",), headings=True),
    "iftrue": Way(directive("ifconfig", "audience == 'public'"), ALL, headings=True),
    "todo": Way(directive("todo")),
    "early": Way(directive("early"), headings=True),
    "late": Way(directive("late"), headings=True),
    "unread": Way(directive("unread"), headings=True),
    "unheard": Way(directive("unheard"), headings=True),
    "skipped": Way(directive("skipped"), headings=True),
    "turned": Way(directive("turned"), ALL, headings=True),
    "container": Way(directive("container", "internal")),
    "plain": Way(directive("container", "card"), ALL),
    "note": Way(directive("note", **{"class": "internal"})),
    "card": Way(
        lambda markup, body: markup.block("container", "card", markup.block("only", "internal", body))
    ),
    "box": Way(lambda markup, body: markup.block("note", "", markup.block("late", "", body))),
    "list": Way(_in_list),
    "comment": Way(_comment, headings=True),
    "html": Way(lambda _markup, body: f"<!--\n{body}\n-->", headings=True, markups=("md",)),
}

Thing = Callable[[Markup, str, Callable[[str], str]], str]
"""Writes something of a spec with a word in it; what it is given last hides a text."""


def _example(markup: Markup, title: str, *messages: str) -> str:
    return markup.block("policy:example", title, "\n\n".join(messages))


def _message(markup: Markup, text: str) -> str:
    return markup.block("policy:message", "user", text)


def _response(markup: Markup, text: str, verdict: str = "good") -> str:
    return markup.block("policy:response", verdict, text)


def _exchange(markup: Markup, *more: str) -> tuple[str, ...]:
    return _message(markup, "Hello?"), _response(markup, "Hello."), *more


def _principle(markup: Markup, word: str, text: str) -> str:
    return markup.block("policy:principle", f"Be {word}", text, id=f"be_{word}", authority="root")


THINGS: dict[str, Thing] = {
    "prose": lambda _m, w, hide: f"Before.\n\n{hide(f'Words {w}.')}\n\nAfter.",
    "several": lambda _m, w, hide: hide(f"Words {w}.\n\n* {w}\n* again {w}\n\nMore {w}."),
    "principle": lambda m, w, hide: hide(_principle(m, w, f"You must {w}.")),
    "inprinciple": lambda m, w, hide: _principle(m, hash_of(w), f"Before.\n\n{hide(f'You must {w}.')}"),
    "example": lambda m, w, hide: hide(
        _example(m, f"about {w}", *_exchange(m, _response(m, f"{w}!", "bad")))
    ),
    "inexample": lambda m, w, hide: _example(
        m, f"one {hash_of(w)}", *_exchange(m, hide(_message(m, f"{w}?")))
    ),
    "response": lambda m, w, hide: _example(
        m, f"two {hash_of(w)}", *_exchange(m, hide(_response(m, f"{w}!", "bad")))
    ),
    "inmessage": lambda m, w, hide: _example(
        m, f"three {hash_of(w)}", _message(m, f"Hi.\n\n{hide(f'And {w}.')}"), _response(m, "Yes.")
    ),
    "inresponse": lambda m, w, hide: _example(
        m, f"four {hash_of(w)}", _message(m, "Hi."), _response(m, f"Yes.\n\n{hide(f'And {w}.')}")
    ),
    "commentary": lambda m, w, hide: hide(m.block("policy:commentary", "", f"Aside {w}.")),
    "incommentary": lambda m, w, hide: m.block("policy:commentary", "", f"Aside.\n\n{hide(f'Aside {w}.')}"),
    "definition": lambda m, w, hide: hide(m.block("policy:definition", w, f"What {w} is.", id=w)),
    "indefinition": lambda m, w, hide: m.block(
        "policy:definition", f"term{hash_of(w)}", f"It is.\n\n{hide(f'And {w}.')}"
    ),
    "topic": lambda m, w, hide: hide(m.block("policy:topic", f"About {w}", id=w)),
    "level": lambda m, w, hide: hide(m.block("policy:level", w)),
    "goal": lambda m, w, hide: hide(m.block("policy:goal", f"Reach {w}", f"To {w}.", id=w)),
    "ingoal": lambda m, w, hide: m.block(
        "policy:goal", f"Goal {hash_of(w)}", f"To be.\n\n{hide(f'To {w}.')}"
    ),
    "prompt": lambda m, w, hide: hide(
        m.block("policy:prompt", f"Try {w}", _message(m, f"Do {w}."), id=w, tests="seen", show="")
    ),
    "unshown": lambda m, w, hide: hide(
        m.block("policy:prompt", f"Try {w}", _message(m, f"Do {w}."), id=w, tests="seen")
    ),
    "inprompt": lambda m, w, hide: m.block(
        "policy:prompt", f"Try {hash_of(w)}", _message(m, f"Do.\n\n{hide(f'Do {w}.')}"), tests="seen"
    ),
    "query": lambda m, w, hide: hide(
        m.block("policy:query", "", f"SELECT ('{w}' AS ?word) {{}}", expect_rows="7", columns=w)
    ),
    "link": lambda m, w, hide: hide(
        f"See {m.role('policy:principle', f'{w} <seen>')} and {m.role('policy:topic', w)}."
    ),
    "clause": lambda m, w, hide: hide(f"You must {m.role('policy:clause', f'{w} <level=user>')}."),
    "words": lambda _m, w, hide: hide(f"Said *{w}* and ``{w}``."),
}
HEADED: dict[str, Thing] = {
    "section": lambda m, w, hide: hide(f"{m.heading(f'Section {w}', 3)}\n\nWords {w}."),
    "marker": lambda m, w, hide: hide(
        f"{m.heading(f'Marked {w}', 3)}\n\n{m.block('policy:principle', '', id=f'marked_{w}', authority='root')}\n\nText {w}."
    ),
}


def hash_of(word: str) -> str:
    """Return a name for something shown that is of one pair alone, and not its word."""
    return word.removeprefix("zq").replace("zq", "-")


def words_in(text: str) -> set[str]:
    """Return the words of pairs in a text."""
    return {match[0].lower() for match in _WORD.finditer(text.lower())}


def _things(name: str, way: Way, markup: Markup) -> dict[str, Thing]:
    """Return what a page writes: each way meets each thing, and each markup both, but not all three each other."""
    # MyST puts a heading inside a directive outside of it.
    may_head = way.headings and (not markup.is_myst or name in {"comment", "html"})
    things = THINGS | (HEADED if may_head else {})
    turn = [*WAYS, "excluded", "left", "emptied"].index(name) + markup.is_myst
    return {
        thing: write for n, (thing, write) in enumerate(things.items(), turn) if n % len(way.markups) == 0
    }


def things_shown(name: str, suffix: str) -> set[str]:
    """Return the things that the page of a way and markup holds."""
    return {*_things(name, WAYS[name], Markup(suffix))} & {*THINGS}


def _page(name: str, way: Way, markup: Markup) -> str:
    parts = [markup.heading(f"Page {name} {markup.suffix}", 1)]
    key = f"{name}{markup.suffix}"
    for thing, write in _things(name, way, markup).items():
        word = f"zq{key}zq{thing}"
        if (way.shown and thing == "level") or (name == "emptied" and thing == "principle"):
            # Levels replace those that all principles have; a title is in Sphinx's contents of the page.
            continue
        parts += [
            markup.heading(f"On {thing} {key}", 2),
            write(markup, word, lambda text: way.wrap(markup, text)),
        ]
        parts.append("The end.")
    if name == "tag":
        # Of a section whose marker is hidden nothing is said, and an id can be used where it is shown.
        hidden = markup.block(
            "policy:principle", "", id=f"shared_{markup.suffix}", authority="root", topics=f"zq{key}zqshared"
        )
        parts += [markup.heading(f"Shared {key}", 2), way.wrap(markup, hidden), "Text."]
        shown = markup.block("policy:principle", "", id=f"shared_{markup.suffix}", authority="user")
        parts += [markup.heading(f"Other {key}", 2), shown, "Text."]
    return "\n\n".join(parts) + "\n"


def pages(folder: Path) -> None:
    """Write a project with a page for each way and markup."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(CONF, "utf-8")
    names = []
    for markup in (Markup("rst"), Markup("md")):
        for name, way in WAYS.items():
            if markup.suffix in way.markups:
                names.append(f"{name}-{markup.suffix}")
                (folder / f"{names[-1]}.{markup.suffix}").write_text(_page(name, way, markup), "utf-8")
        for name in ("excluded", "left", "emptied"):
            text = _page(name, Way(lambda _markup, text: text), markup)
            (folder / f"{name}{markup.suffix}.{markup.suffix}").write_text(text, "utf-8")
    rst = Markup("rst")
    inline = f"Words {rst.role('whisper', 'zqinlinerstzqwords')} after."
    index = [
        rst.heading("Hidden", 1),
        rst.block("toctree", "", "\n".join([*names, "emptiedrst", "emptiedmd"])),
        rst.heading("Seen", 2),
        rst.block("policy:principle", "", id="seen", authority="user"),
        f"Seen words. {inline}",
        rst.block("policy:principle-table", "", columns="id, title, authority"),
        rst.block("policy:example-table", ""),
        rst.block("policy:query", "hard-rules"),
        rst.block("policy:matrix", ""),
    ]
    (folder / "index.rst").write_text("\n\n".join(index) + "\n", "utf-8")
