"""What a changed sentence is told as: mutants of norms need a reader wherever they stand, and twins never do."""

from __future__ import annotations

import os
import random
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare import SpecDiff, Weight, compare
from sphinx_policyspec.compare.sentences import sentences_of as told_sentences
from sphinx_policyspec.model import Definition, Prose, Section, Spec, Verdict
from sphinx_policyspec.model.outlines import sentences as sentences_of
from tests.conftest import LEVELS, RELEASES, REPOSITORY, at, example, message, principle, response, spec

SEED = int(os.environ.get("POLICYSPEC_SEED") or 1)
EXAMPLE_DOCS = REPOSITORY / "example_docs"
MUTANTS = int(os.environ.get("POLICYSPEC_MUTANTS") or 3)
"""Sentences of each release that each mutation is tried on."""

SWAPS = {
    "must not": "must", "must never": "must", "must": "must not", "should not": "should", "should": "must",
    "shall": "should", "cannot": "can", "can": "cannot", "may": "must", "always": "usually", "usually": "always",
    "never": "rarely", "only": "also", "users": "developers", "user": "developer", "developer": "operator",
    "assistant": "user", "all": "most", "any": "some", "two": "three", "and": "or", "or": "and",
    "refuse": "comply", "provide": "withhold", "follow": "ignore", "respect": "disregard", "avoid": "seek", "help": "hinder",
    "share": "hide", "ask": "tell", "answer": "decline", "include": "omit", "assume": "doubt", "allow": "forbid",
    "safe": "unsafe", "appropriate": "inappropriate", "helpful": "unhelpful", "legal": "illegal", "likely": "unlikely",
    "direct": "indirect", "fair": "unfair", "known": "unknown", "harmful": "harmless", "possible": "impossible",
}  # fmt: skip
"""Words of a norm, and what makes another one of it."""
ENDS = (
    " unless the developer says so",
    " if the user asks for it",
    ", but only when it is safe",
    " within 10 days",
)
CONDITION = re.compile(r",? (?:unless|if|only when|except)\b[^,.;:()]*(?=[.,;])")
NUMBER = re.compile(r"(?<![\w#.])\d+(?![\w.])")


@cache
def released(folder: Path) -> Spec:
    return ps.load(folder, annotate=False)


@cache
def sentences(folder: Path) -> tuple[str, ...]:
    """Return the sentences of all provisions of a release that end in a full stop."""
    found: dict[str, None] = {}
    for provision in released(folder).provisions:
        for paragraph in re.split(r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*]|\d+\.)[ \t])", provision.text):
            said = " ".join(re.sub(r"^[ \t]*(?:[-*]|\d+\.)[ \t]+", "", paragraph).split())
            found |= dict.fromkeys(part for part in sentences_of(said) if part.endswith("."))
    return tuple(found)


def mutants(sentence: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield what is changed in a sentence with what it then says."""
    for word, other in SWAPS.items():
        places = [*re.finditer(rf"\b{word}\b(?!')", sentence)]
        if places:
            place = chance.choice(places)
            yield f"{word} → {other}", sentence[: place.start()] + other + sentence[place.end() :]
    for end in ENDS:
        yield f"…{end}", sentence[:-1] + end + "."
    if CONDITION.search(sentence):
        yield "a condition is dropped", CONDITION.sub("", sentence, count=1)
    if NUMBER.search(sentence):
        yield "a number", NUMBER.sub(lambda found: str(int(found[0]) + 1), sentence, count=1)


BEFORE = "The assistant keeps a record of what it was asked."
PLACES: dict[str, Callable[[str], str]] = {
    "alone": lambda said: said,
    "in a paragraph": lambda said: f"{BEFORE} {said} Books are sorted by their titles.",
    "an item": lambda said: f"{BEFORE}\n\n- Books are sorted.\n- {said}\n- Maps are not.",
    "a nested item": lambda said: f"{BEFORE}\n\n1. Books\n   - Maps\n   - {said}",
    "a cell": lambda said: f"| what | who |\n|---|---|\n| books | {said} |\n| maps | nobody |",
    "a note": lambda said: f"{BEFORE}[^1]\n\n[^1]: {said}",
    "a step": lambda said: f"{BEFORE}\n\n1. Books are sorted.\n2. {said}",
    "a quotation": lambda said: f"{BEFORE}\n\n> {said}",
    "capitals": str.upper,
}


def blocks(text: str) -> tuple[Prose, ...]:
    return (Prose(source=text, text=text, span=at()),)


def section(text: str) -> Spec:
    return spec(Section(id="a", title="a", depth=1, span=at(), blocks=blocks(text)))


def defining(text: str) -> Spec:
    held = Definition(id="tool", term="Tool", source="", text=f"**Tool**: {text}", span=at())
    return spec(Section(id="a", title="a", depth=1, span=at(), blocks=(held,)))


def bound(level: str, text: str) -> Spec:
    return spec(principle("a", text=text, authority=level))


HOLDERS: dict[str, Callable[[str], Spec]] = {
    "section": section,
    "definition": defining,
    "preamble": lambda text: spec(preamble=blocks(text)),
    **{level.id: partial(bound, level.id) for level in LEVELS},
}


def quiet(diff: SpecDiff) -> list[tuple[str, str, str]]:
    """Return the changes of a diff that nobody is asked to read."""
    return [
        (change.subject, change.kind, change.weight)
        for change in diff.changes
        if change.weight is not Weight.NEEDS_READER
    ]


def shown(text: str = "Where is it?", *, answer: str = "There.", note: str = "") -> Spec:
    """Return a spec with an example that holds a text."""
    turns = (message(text=text), response(Verdict.GOOD, answer, note=note))
    return spec(principle("a", blocks=(example("a-x", turns=turns),)))


SHOWN: dict[str, Callable[[str], Spec]] = {
    "request": shown,
    "answer": lambda text: shown(answer=text),
    "reason": lambda text: shown(note=text),
}


def example_sentences() -> tuple[str, ...]:
    """Return sentences of our own example, as its pages hold them."""
    files = sorted([*EXAMPLE_DOCS.rglob("*.md"), *EXAMPLE_DOCS.rglob("*.rst")])
    parts = (part for file in files for part in re.split(r"\n[ \t]*\n", file.read_text("utf-8")))
    said = (one for part in parts for one in sentences_of(" ".join(part.split())))
    return tuple(one for one in said if re.fullmatch(r"[A-Z][\w ,;'’-]{20,}\.", one))


@pytest.mark.parametrize("release", ["our example", *RELEASES])
def test_a_mutant_of_a_norm_needs_a_reader(request: pytest.FixtureRequest, release: str) -> None:
    chance = random.Random(f"{SEED} {release}")
    data = None if release == "our example" else request.getfixturevalue("model_spec_data")
    known = sentences(data / release) if data else example_sentences()
    assert len(known) > 20
    missed = []
    for sentence in chance.sample(known, min(MUTANTS * 8, len(known))):
        for what, mutant in mutants(sentence, chance):
            holders = HOLDERS | SHOWN
            place, holder = chance.choice([*PLACES]), chance.choice([*holders])
            old, new = (holders[holder](PLACES[place](said)) for said in (sentence, mutant))
            if old != new:
                missed += [
                    (what, place, holder, sentence, found)
                    for one, other in ((old, new), (new, old))
                    if (found := quiet(compare(one, other)))
                ]
    assert missed == [], f"POLICYSPEC_SEED={SEED}"


def reads(old: Spec, new: Spec) -> bool:
    """Return whether somebody has to read a change, which is so both ways round or not at all."""
    there, back = (
        any(change.weight is Weight.NEEDS_READER for change in compare(*pair).changes)
        for pair in ((old, new), (new, old))
    )
    assert there == back
    return there


ITEMS = ("the names of readers", "what they borrowed", "letters")


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize(
    "lead", ["The assistant must never:", "It MUST NOT tell anybody", "Forbidden. For example:"]
)
@pytest.mark.parametrize(
    "form",
    ["{lead}\n\n{items}", "{lead}\n{items}", "Books are sorted.\n\n{lead}\n\n{items}\n\nMaps are not."],
)
def test_an_item_below_a_norm_is_one(holder: str, lead: str, form: str) -> None:
    def with_items(*items: str) -> Spec:
        return HOLDERS[holder](form.format(lead=lead, items="\n".join(f"- {item}" for item in items)))

    assert reads(with_items(*ITEMS), with_items(*ITEMS[:2]))
    assert reads(with_items(*ITEMS), with_items(*ITEMS[:2], "postcards"))
    assert not reads(with_items(*ITEMS), with_items(*ITEMS[::-1]))


def test_an_item_that_comes_below_another_norm_is_another_one() -> None:
    old = "It must tell:\n\n- names\n- dates\n\nIt must not tell:\n\n- letters"
    new = "It must tell:\n\n- names\n\nIt must not tell:\n\n- letters\n- dates"
    assert reads(section(old), section(new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "| must | must not |\n|---|---|\n| help | guess |",
            "| must | must not |\n|---|---|\n| help | lie |",
        ),
        ("Never say:\n\n+---+---+\n| a | b |\n+---+---+", "Never say:\n\n+---+---+\n| a | c |\n+---+---+"),
        (
            "Sie darf niemals den Namen eines Lesers nennen, wenn er es nicht will.",
            "Sie darf den Namen eines Lesers nennen, wenn er es nicht will.",
        ),
        ("助理不得透露读者的姓名。", "助理可以透露读者的姓名。"),
        ("It must follow [?](#a).", "It must follow [?](#b)."),
        ("It must follow {policy:principle}`a`.", "It must follow {policy:principle}`b`."),
        ("It must stop.", "It MUST stop."),
        ("It helps a few.", "It helps few."),
        ("Keep names to yourself.", "Share names with anybody."),
        ("It must not prescribe books.", "It must not proscribe books."),
        ("The replies are lawful.", "The replies are unlawful."),
        ("The assistant refuses requests for maps.", "The assistant answers requests for maps."),
        ("Requests for maps are refused.", "Requests for maps are answered."),
        ("Names stay private.", "Names stay public."),
        ("Slurs are off limits.", "Slurs are fair game."),
        ("It declines such questions.", "It welcomes such questions."),
        ("The user decides what is shared.", "The developer decides what is shared."),
        ("Hide the names of adults.", "Hide the names of children."),
        ("It defers to [the rule](#a).", "It defers to [the rule](#b)."),
        ("It defers to [the rule](a.md#a).", "It defers to [the rule](a.md#b)."),
        ("It defers to [](#a).", "It defers to [](#b)."),
        ("It defers to {policy:principle}`the rule <a>`.", "It defers to {policy:principle}`the rule <b>`."),
        ("It helps with:\n\n- maps", "It helps with:\n\n- maps\n- letters"),
        ("It helps.[^1]\n\n[^1]: With maps.", "It helps.[^1]\n\n[^1]: With letters."),
        ("Work.[^1]", "Work.[^1]\n\n[^1]: On Sundays, rest."),
        ("| maps | letters |\n|---|---|\n| yes | |", "| maps | letters |\n|---|---|\n| yes | yes |"),
        ("1. Safety\n2. Speed", "1. Speed\n2. Safety"),
        ("It works 5-10 hours.", "It works 5 10 hours."),
        ("It reports what takes 5 mW.", "It reports what takes 5 MW."),
        ("It tells of US rules.", "It tells of us rules."),
    ],
)
def test_norms_are_seen_in_other_forms(old: str, new: str) -> None:
    for holder in (HOLDERS | SHOWN).values():
        assert reads(holder(old), holder(new))
        assert quiet(compare(holder(old), holder(new))) == []


@pytest.mark.parametrize("level", [level.id for level in LEVELS])
@pytest.mark.parametrize(
    "more", ["Slurs are off limits.", "Requests for maps are fine.", "So are letters.", "Books help."]
)
def test_each_sentence_of_a_principle_counts(level: str, more: str) -> None:
    assert reads(bound(level, BEFORE), bound(level, f"{BEFORE} {more}"))
    assert reads(bound(level, f"{BEFORE} {more}"), bound(level, f"{BEFORE} {more.replace(' ', ' new ', 1)}"))


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("It can't tell.", "It cannot tell."),
        ("It will not tell.", "It won’t tell."),
        ("Users dont see it.", "Users don't see it."),
        ("It defers to the rule.", "It defers to [the rule](#a)."),
        ("It defers to [the rule](https://a.example).", "It defers to [the rule](https://b.example)."),
        ("It must must tell.", "It must tell."),
        ("It must tell the colour.", "It must tell the color."),
        ("It tells\nnames.", "It tells names."),
        ("It keeps “names”.", 'It keeps "names".'),
    ],
)
def test_form_alone_needs_no_reader(holder: str, old: str, new: str) -> None:
    assert not reads(HOLDERS[holder](old), HOLDERS[holder](new))


SHARE, WAIT = "The assistant shares titles with readers.", "Names are kept for members."
BACK = (
    "This does not hold for minors.",
    "Unless a member asks.",
    "Then it waits.",
    "Not so to minors.",
    "Minors are the exception.",
    "Others get nothing.",
    "But it may ask first.",
    "It must not do so twice.",
    "Staff follow the same rule.",
    "A member may object to such a reply.",
)


@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("between", [" ", "\n\n"])
def test_what_points_back_needs_a_reader_behind_another_sentence(back: str, between: str) -> None:
    old, new = [SHARE, back, WAIT], [SHARE, WAIT, back]
    for before, after in ((old, new), (new, old)):
        moved = compare(bound("user", between.join(before)), bound("user", between.join(after))).changes
        assert [c.weight for c in moved if c.text] == [Weight.NEEDS_READER]
        assert back in {s.new.text for c in moved for s in c.sentences if s.new and s.needs_reader}


@pytest.mark.parametrize("between", [" ", "\n\n", "\n- "])
def test_a_sentence_that_moves_alone_needs_no_reader(between: str) -> None:
    said = ["Some rules.", SHARE, WAIT, "Books must not be torn."]
    before, after = (between.join(one) for one in (said, [said[0], *said[2:], said[1]]))
    assert not reads(bound("user", before), bound("user", after))


@pytest.mark.parametrize(
    "titles",
    [("**Red lines**", "**Habits**"), ("**Red lines:**", "**Habits:**"), ("__Red lines__", "__Habits__")],
)
@pytest.mark.parametrize("item", ["- {}", "{}"])
def test_what_stands_below_another_title_needs_a_reader(titles: tuple[str, str], item: str) -> None:
    said = [item.format(one) for one in (SHARE, WAIT, "Books must not be torn.")]

    def text(first: list[str], second: list[str]) -> str:
        return "\n\n".join((titles[0], *first, titles[1], *second))

    old, new = text(said[:2], said[2:]), text(said[:1], said[1:])
    assert reads(bound("user", old), bound("user", new))
    assert reads(bound("user", new), bound("user", old))
    assert not reads(bound("user", text(said[:2], said[2:])), bound("user", text(said[1::-1], said[2:])))
    renamed = compare(bound("user", old), bound("user", old.replace("Habits", "Manners"))).changes
    asked = [s.new.text for c in renamed for s in c.sentences if s.needs_reader and s.new]
    assert asked == [titles[1].replace("Habits", "Manners").strip("*_")]


def test_the_title_above_says_what_a_section_binds_to() -> None:
    said = ["**Allowed**", "Knives and tools.", "Poison for rats.", "**Forbidden**", "Bombs at home."]
    moved = [*said[:2], said[3], said[2], said[4]]
    turned = [said[3], *said[1:3], said[0], said[4]]
    for other in (moved, turned):
        assert reads(section("\n\n".join(said)), section("\n\n".join(other)))


DENIALS = {
    "The assistant must not share names.": "The assistant must share names.",
    "Names are not allowed.": "Names are allowed.",
    "No names are allowed here.": "Names are allowed here.",
    "The assistant cannot share names.": "The assistant can share names.",
    "The assistant can't share names.": "The assistant can share names.",
    "The assistant won't share names.": "The assistant will share names.",
    "The assistant doesn't share names.": "The assistant shares names.",
    "The assistant no longer shares names.": "The assistant shares names.",
    "The assistant never shares names.": "The assistant always shares names.",
    "The assistant refuses to share names.": "The assistant agrees to share names.",
    "The assistant should decline to share names.": "The assistant should share names.",
    "Names are shared without a reason.": "Names are shared with a reason.",
    "Don't share names.": "Share names.",
    "Do not tell.": "Tell.",
    "Names are forbidden.": "Names are allowed.",
}


@pytest.mark.parametrize(("old", "new"), DENIALS.items())
def test_a_denial_that_comes_or_goes_is_one_sentence_that_is_reversed(old: str, new: str) -> None:
    for holder in HOLDERS.values():
        for one, other in ((old, new), (new, old)):
            before, after = (holder(f"{BEFORE} {said} Books are sorted.") for said in (one, other))
            changes = compare(before, after).changes
            told = [(s.op, s.is_reversed) for change in changes for s in change.sentences]
            assert set(told) == {("reworded", True)}


@pytest.mark.parametrize("said", DENIALS)
def test_what_says_no_as_before_is_not_reversed(said: str) -> None:
    (change,) = compare(
        section(said), section(said.replace("ames", "umbers").replace("tell", "speak"))
    ).changes
    assert [one.is_reversed for one in change.sentences] == [False]


def named(level: str, name: str, **fields: Any) -> Spec:
    """Return a spec whose texts name a level and a principle."""
    says = f"It must follow what {level}-level rules say: see [?](#{name}), [this](#{name}) and `{name}`."
    kind = principle(name, title="Be kind", text="The assistant is kind to everybody.", authority=level)
    asks = (principle(f"p{number}", text=says, authority=level) for number in range(3))
    return spec(replace(kind, **fields), *asks, levels=(replace(LEVELS[0], id=level), *LEVELS[1:]))


def test_a_new_name_of_a_level_or_a_principle_needs_no_reader() -> None:
    old, new = named("platform", "be_kind"), named("root", "be_good", aliases=("be_kind",))
    assert not reads(old, new)
    assert {c.weight for c in compare(old, new).changes if c.text} == {Weight.EDITORIAL}


@pytest.mark.parametrize("link", ["[A](#{})", "[?](#{})", "{{policy:principle}}`A <{}>`", "`{}`"])
def test_a_link_to_the_same_by_another_name_needs_no_reader(link: str) -> None:
    kind = principle("z", title="Kind", text="The assistant is kind to everybody.", aliases=("a",))
    new = spec(kind, principle("b", text=link.format("z")))
    for before in (kind, replace(kind, id="a", aliases=())):
        assert not reads(spec(before, principle("b", text=link.format("a"))), new)
    assert reads(new, spec(kind, principle("b", text=link.format("c"))))


def test_a_sentence_that_went_to_another_provision_is_told_at_both() -> None:
    stays, goes = "Books are sorted by their titles.", "The assistant must not tell what a reader borrowed."
    old = spec(principle("a", text=f"{stays} {goes}"), principle("b", text=stays))
    new = spec(principle("a", text=stays), principle("b", text=f"{stays} {goes}"))
    moved = {c.id: [(s.op, s.moved) for s in c.sentences] for c in compare(old, new).changes}
    assert moved == {"a": [("removed", "b")], "b": [("added", "a")]}
    assert reads(old, new)


def _doubled(text: str, chance: random.Random) -> str:
    places = [place for place in re.finditer(r"(?<= )[a-z]{2,}(?= )", text) if place[0] != "not"]
    if not places:
        return text
    place = chance.choice(places)
    return f"{text[: place.end()]} {place[0]}{text[place.end() :]}"


def _moved(text: str, chance: random.Random) -> str:
    parts = text.split("\n\n")
    at_ = chance.randrange(len(parts))
    if not re.search(r"^[ \t]*(?:[-*|>+]|\w+[.)])[ \t]|\n|:$", parts[at_]):
        said = sentences_of(parts[at_])
        # A sentence that points back says another thing behind another one.
        if not any(one.points_back for one in told_sentences("\n\n".join(parts[at_ : at_ + 2]))):
            chance.shuffle(said)
        parts[at_] = " ".join(said)
    return "\n\n".join(parts)


SLIPS: dict[str, Callable[[str, random.Random], str]] = {
    "reflowed": lambda text, chance: "\n\n".join(
        textwrap.fill(
            " ".join(part.split()), chance.randrange(30, 90), break_on_hyphens=False, break_long_words=False
        )
        if not re.search(
            r"^[ \t]*(?:[-*|>+]|\w+[.)])[ \t]|\n[ \t]*(?:[-*|>+]|\w+[.)])[ \t]|[ \t][-+*–—][ \t]|(?<=[ \t])\d+[.)][ \t]",
            part,
        )
        else part
        for part in text.split("\n\n")
    ),
    "quotes": lambda text, _: text.replace("’", "'").replace("'", "\u2019").replace('"', "\u201c"),
    "dashes": lambda text, _: text.replace(" — ", " --- ").replace(" -- ", " – "),
    "spaces": lambda text, _: re.sub(r"(?<=[a-z]) (?=[a-z])", "\N{NO-BREAK SPACE}", text, count=5),
    "address": lambda text, _: re.sub(r"(?<=\]\()https?://[^)\s]+", "https://example.org/elsewhere", text),
    "doubled": _doubled,
    "emphasis": lambda text, _: re.sub(r"(?<= )([a-z]{5,})(?=[ ,.])", r"*\1*", text, count=3),
    "moved": _moved,
}
"""Ways to say the same; ``moved`` moves one sentence within its paragraph."""


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("release", RELEASES)
def test_a_twin_needs_no_reader(model_spec_data: Path, release: str, slip: str) -> None:
    chance = random.Random(f"{SEED} {release} {slip}")
    provisions = released(model_spec_data / release).provisions
    asked = []
    for provision in chance.sample(provisions, min(MUTANTS, len(provisions))):
        twin = SLIPS[slip](provision.text, chance)
        if reads(section(provision.text), section(twin)):
            asked.append((provision.id, compare(section(provision.text), section(twin)).changes[0].sentences))
    assert asked == [], f"POLICYSPEC_SEED={SEED}"
