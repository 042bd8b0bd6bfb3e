"""Edit scripts on a release: each edit changes the text, and says what a diff has to name."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from sphinx_policyspec.compare import Change, ChangeKind, SpecDiff, Subject
from sphinx_policyspec.compare.words import normal
from sphinx_policyspec.model import Commentary, Example, Prose, Provision, Spec
from sphinx_policyspec.readers.model_spec import read_model_spec

__all__ = ["EDITS", "Draft", "Key", "named", "run_script"]

Key = tuple[Subject, ChangeKind, str, str]
"""Subject and kind of a change, the provision, and what in it: a title, a tag, or nothing."""

WORDS = """
amber basket canvas dolphin ember falcon garnet harbor island jasmine kernel lantern meadow nectar orchid
pebble quartz river saffron thistle umbrella velvet willow yonder zephyr
""".split()  # noqa: SIM905

_HEADING = re.compile(r"#+ (?P<title>.*?) \{#")
_K, _P, _E = ChangeKind, Subject.PROVISION, Subject.EXAMPLE


@dataclass(eq=False)
class Part:
    """A provision as text: its heading, and what stands in it."""

    id: str
    title: str
    depth: int
    authority: str
    attributes: str
    blocks: list[tuple[type, str]]

    @property
    def text(self) -> str:
        level = f" authority={self.authority}" if self.authority else ""
        heading = f"{'#' * self.depth} {self.title} {{#{self.id}{level}{self.attributes}}}\n\n"
        return heading + "".join(source for _, source in self.blocks)

    @property
    def prose(self) -> str:
        return "".join(source for kind, source in self.blocks if kind is Prose)


@dataclass
class Draft:
    """A release that is being edited.

    :param touched: provisions that an edit is about; each is edited once
    :param wide: provisions of which more than one thing changes by an edit
    """

    spec: Spec
    draw: random.Random
    preamble: str
    parts: list[Part]
    touched: set[str] = field(default_factory=set)
    wide: set[str] = field(default_factory=set)
    expected: list[Key] = field(default_factory=list)
    orders: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, spec: Spec, draw: random.Random) -> Draft:
        parts = [
            Part(
                id=p.id,
                title=_title(p),
                depth=p.depth,
                authority=getattr(p, "authority", ""),
                attributes="".join(f" {name}={value}" for name, value in p.attributes),
                # The last one of a file may end without the blank line that what follows needs.
                blocks=[(type(block), block.source.rstrip("\n") + "\n\n") for block in p.blocks],
            )
            for p in spec.provisions
        ]
        return cls(spec=spec, draw=draw, preamble="".join(b.source for b in spec.preamble), parts=parts)

    @property
    def result(self) -> Spec:
        text = self.preamble + "".join(part.text for part in self.parts)
        read = read_model_spec(text).spec
        return replace(read, prompt_files=self.spec.prompt_files, title=self.spec.title, license=self.spec.license,
                       publisher=self.spec.publisher)  # fmt: skip

    def free(self, fits: Callable[[Part], object] = lambda _: True) -> Part | None:
        """Return a provision that no edit is about yet, and take it."""
        found = [part for part in self.parts if part.id not in self.touched and fits(part)]
        if not found:
            return None
        part = self.draw.choice(found)
        self.touched.add(part.id)
        return part

    def is_leaf(self, part: Part) -> bool:
        after = self.parts.index(part) + 1
        return after == len(self.parts) or self.parts[after].depth <= part.depth

    def parent(self, part: Part) -> Part | None:
        before = reversed(self.parts[: self.parts.index(part)])
        return next((other for other in before if other.depth < part.depth), None)

    def children(self, parent: Part | None) -> list[Part]:
        return [part for part in self.parts if self.parent(part) is parent]

    def words(self, number: int) -> str:
        return " ".join(self.draw.choices(WORDS, k=number))

    def new_id(self) -> str:
        return f"{self.draw.choice(WORDS)}_{self.draw.randrange(10**6)}"

    def expect(self, subject: Subject, kind: ChangeKind, part: Part | str, what: str = "") -> None:
        id_ = part if isinstance(part, str) else part.id
        self.expected.append((subject, kind, id_, normal(what)))

    def rename(self, old: str, new: str) -> None:
        """Give a new id, and let all references follow."""
        for part in self.parts:
            part.title = part.title.replace(f"(#{old})", f"(#{new})")
            part.blocks = [(kind, source.replace(f"#{old})", f"#{new})").replace(f"#{old}]", f"#{new}]"))
                           for kind, source in part.blocks]  # fmt: skip


def _title(provision: Provision) -> str:
    found = _HEADING.match(provision.source)
    return found["title"] if found else provision.title


def _renamed(draft: Draft, part: Part) -> None:
    new = draft.new_id()
    draft.rename(part.id, new)
    part.id = new
    draft.touched.add(new)
    draft.expect(_P, _K.RENAMED, part)


def rename(draft: Draft) -> None:
    if part := draft.free():
        _renamed(draft, part)


def rename_and_retitle(draft: Draft) -> None:
    if part := draft.free(lambda part: len(part.prose.split()) >= 30):
        _renamed(draft, part)
        part.title = draft.words(4).capitalize()
        draft.expect(_P, _K.RETITLED, part)


def retitle(draft: Draft) -> None:
    if part := draft.free():
        part.title = draft.words(4).capitalize()
        draft.expect(_P, _K.RETITLED, part)


def relevel(draft: Draft) -> None:
    if part := draft.free(lambda part: part.authority):
        ranks = [level.id for level in draft.spec.levels]
        old = part.authority
        part.authority = draft.draw.choice([level for level in ranks if level != old])
        raised = ranks.index(part.authority) < ranks.index(old)
        draft.expect(_P, _K.LEVEL_RAISED if raised else _K.LEVEL_LOWERED, part)


def move(draft: Draft) -> None:
    part = draft.free(draft.is_leaf)
    if part is None:
        return
    here = draft.parent(part)
    homes = [
        p
        for p in draft.parts
        if not p.authority and p is not here and p.id not in draft.touched and p is not part
    ]
    home = draft.draw.choice(homes)
    draft.touched.add(home.id)
    draft.parts.remove(part)
    part.depth = home.depth + 1
    place = draft.parts.index(home) + 1
    while place < len(draft.parts) and draft.parts[place].depth > home.depth:
        place += 1
    draft.parts.insert(place, part)
    draft.expect(_P, _K.MOVED, part)


def reorder(draft: Draft) -> None:
    def fits(part: Part) -> bool:
        siblings = draft.children(draft.parent(part))
        return draft.is_leaf(part) and len(siblings) >= 4 and _name(draft.parent(part)) not in draft.orders

    part = draft.free(fits)
    if part is None:
        return
    parent = draft.parent(part)
    draft.orders.add(_name(parent))
    siblings = draft.children(parent)
    here = siblings.index(part)
    # By two places or more: of two neighbours that change places, either may be the one that moved.
    there = draft.draw.choice([place for place in range(len(siblings)) if abs(place - here) >= 2])
    target = siblings[there]
    draft.parts.remove(part)
    place = draft.parts.index(target)
    if there > here:
        place += 1
        while place < len(draft.parts) and draft.parts[place].depth > target.depth:
            place += 1
    draft.parts.insert(place, part)
    draft.expect(_P, _K.REORDERED, part)


def _name(part: Part | None) -> str:
    return part.id if part else ""


def reword(draft: Draft) -> None:
    part = draft.free(
        lambda part: any(kind is Prose and _plain_words(source) for kind, source in part.blocks)
    )
    if part:
        _reword(draft, part, Prose)
        draft.expect(_P, _K.TEXT, part)


def _plain_words(source: str) -> list[re.Match[str]]:
    return list(re.finditer(r"(?<= )[a-z]{3,}(?= )", source))


def _reword(draft: Draft, part: Part, wanted: type) -> None:
    places = [p for p, (kind, source) in enumerate(part.blocks) if kind is wanted and _plain_words(source)]
    place = draft.draw.choice(places)
    source = part.blocks[place][1]
    for _ in range(draft.draw.randint(1, 3)):
        found = draft.draw.choice(_plain_words(source))
        source = source[: found.start()] + draft.draw.choice(WORDS) + source[found.end() :]
    part.blocks[place] = (wanted, source)


def retype(draft: Draft) -> None:
    part = draft.free(lambda part: any(kind is Prose and '"' in source for kind, source in part.blocks))
    if part:
        for place, (kind, source) in enumerate(part.blocks):
            if kind is Prose:
                part.blocks[place] = (kind, source.replace('"', "\N{RIGHT DOUBLE QUOTATION MARK}"))
        draft.expect(_P, _K.TYPOGRAPHY, part)


def drop(draft: Draft) -> None:
    if part := draft.free(draft.is_leaf):
        draft.parts.remove(part)
        draft.wide.add(part.id)
        draft.expect(_P, _K.REMOVED, part)


def add(draft: Draft) -> None:
    neighbour = draft.free(draft.is_leaf)
    if neighbour:
        text = "".join(f"{draft.words(20).capitalize()}.\n\n" for _ in range(3))
        new = _after(draft, neighbour, [(Prose, text)])
        draft.expect(_P, _K.ADDED, new)


def _after(draft: Draft, part: Part, blocks: list[tuple[type, str]]) -> Part:
    new = Part(id=draft.new_id(), title=draft.words(4).capitalize(), depth=part.depth, authority=part.authority,
               attributes="", blocks=blocks)  # fmt: skip
    draft.parts.insert(draft.parts.index(part) + 1, new)
    draft.touched.add(new.id)
    draft.wide.add(new.id)
    return new


def split(draft: Draft) -> None:
    def cut(part: Part) -> tuple[int, str, str] | None:
        for place, (kind, source) in enumerate(part.blocks):
            paragraphs = re.split(r"(?<=\n\n)", source)
            half = len(paragraphs) // 2
            first, second = "".join(paragraphs[:half]), "".join(paragraphs[half:])
            if kind is Prose and len(first.split()) >= 30 and len(second.split()) >= 30:
                return place, first, second
        return None

    part = draft.free(lambda part: draft.is_leaf(part) and cut(part))
    if part and (found := cut(part)):
        place, first, second = found
        part.blocks[place] = (Prose, first)
        new = _after(draft, part, [(Prose, second)])
        draft.wide.add(part.id)
        draft.expect(_P, _K.ADDED, new)
        draft.expect(_P, _K.SPLIT, part)
        draft.expect(_P, _K.TEXT, part)


def merge(draft: Draft) -> None:
    gone = draft.free(lambda part: draft.is_leaf(part) and len(part.prose.split()) >= 40)
    stays = draft.free(draft.is_leaf)
    if gone is None or stays is None:
        return
    draft.parts.remove(gone)
    stays.blocks += gone.blocks
    draft.wide |= {gone.id, stays.id}
    draft.expect(_P, _K.REMOVED, gone)
    draft.expect(_P, _K.MERGED, stays)
    draft.expect(_P, _K.TEXT, stays)


def _with_example(part: Part) -> bool:
    return any(kind is Example for kind, _ in part.blocks)


def _example(draft: Draft, part: Part) -> tuple[int, str, str]:
    """Return the place, the source and the title of an example."""
    place = draft.draw.choice([p for p, (kind, _) in enumerate(part.blocks) if kind is Example])
    source = part.blocks[place][1]
    return place, source, source.partition("\n")[0].partition(":")[2].strip().removeprefix("** ")


def drop_example(draft: Draft) -> None:
    if part := draft.free(_with_example):
        place, _, title = _example(draft, part)
        del part.blocks[place]
        draft.expect(_E, _K.REMOVED, part, title)


def retitle_example(draft: Draft) -> None:
    if part := draft.free(_with_example):
        place, source, _ = _example(draft, part)
        title = draft.words(5)
        part.blocks[place] = (Example, f"**Example**: {title}\n{source.partition(chr(10))[2]}")
        draft.expect(_E, _K.RETITLED, part, title)


def move_example(draft: Draft) -> None:
    part = draft.free(_with_example)
    home = draft.free()
    if part and home:
        place, source, title = _example(draft, part)
        del part.blocks[place]
        home.blocks.append((Example, source))
        draft.expect(_E, _K.MOVED, home, title)


def flip_verdict(draft: Draft) -> None:
    def flippable(source: str) -> bool:
        return source.count("<!-- GOOD") == 1

    part = draft.free(lambda part: any(kind is Example and flippable(source) for kind, source in part.blocks))
    if part:
        place = next(
            p for p, (kind, source) in enumerate(part.blocks) if kind is Example and flippable(source)
        )
        source = part.blocks[place][1]
        title = source.partition("\n")[0].partition(":")[2].strip().removeprefix("** ")
        part.blocks[place] = (Example, source.replace("<!-- GOOD", "<!-- BAD"))
        draft.expect(_E, _K.CHANGED, part, title)
        draft.expect(_E, _K.VERDICT_FLIPPED, part)


def change_message(draft: Draft) -> None:
    def fits(source: str) -> bool:
        return bool(re.search(r"</user>", source)) and len(source.split()) > 60

    part = draft.free(lambda part: any(kind is Example and fits(source) for kind, source in part.blocks))
    if part:
        place = next(p for p, (kind, source) in enumerate(part.blocks) if kind is Example and fits(source))
        source = part.blocks[place][1]
        title = source.partition("\n")[0].partition(":")[2].strip().removeprefix("** ")
        part.blocks[place] = (Example, source.replace("</user>", f"{draft.words(2)}\n</user>", 1))
        draft.expect(_E, _K.CHANGED, part, title)


def add_example(draft: Draft) -> None:
    if part := draft.free():
        title = draft.words(5)
        body = f"<user>\n{draft.words(12)}\n</user>\n<assistant>\n{draft.words(12)}\n</assistant>"
        part.blocks.append((Example, f"**Example**: {title}\n\n~~~xml\n{body}\n~~~\n\n"))
        draft.expect(_E, _K.ADDED, part, title)


def add_commentary(draft: Draft) -> None:
    if part := draft.free():
        part.blocks.append((Commentary, f'!!! meta "Commentary"\n    {draft.words(15).capitalize()}.\n\n'))
        draft.expect(Subject.COMMENTARY, _K.ADDED, part)


def drop_commentary(draft: Draft) -> None:
    if part := draft.free(lambda part: any(kind is Commentary for kind, _ in part.blocks)):
        place = next(p for p, (kind, _) in enumerate(part.blocks) if kind is Commentary)
        del part.blocks[place]
        draft.expect(Subject.COMMENTARY, _K.REMOVED, part)


def reword_commentary(draft: Draft) -> None:
    def fits(part: Part) -> bool:
        return any(kind is Commentary and len(source.split()) > 25 for kind, source in part.blocks)

    if part := draft.free(fits):
        place = next(p for p, (k, s) in enumerate(part.blocks) if k is Commentary and len(s.split()) > 25)
        source = part.blocks[place][1]
        found = draft.draw.choice(_plain_words(source))
        part.blocks[place] = (Commentary, source[: found.start()] + "zephyr" + source[found.end() :])
        draft.expect(Subject.COMMENTARY, _K.CHANGED, part)


def drop_tag(draft: Draft) -> None:
    tag = re.compile(r"\[\^(\w+)\]")
    part = draft.free(lambda part: any(kind is Prose and tag.search(source) for kind, source in part.blocks))
    if part:
        place = next(
            p for p, (kind, source) in enumerate(part.blocks) if kind is Prose and tag.search(source)
        )
        found = draft.draw.choice(list(tag.finditer(part.blocks[place][1])))
        source = part.blocks[place][1]
        part.blocks[place] = (Prose, source[: found.start()] + source[found.end() :])
        draft.expect(Subject.TAG, _K.REMOVED, part, found[1])


EDITS: tuple[Callable[[Draft], None], ...] = (
    rename, rename_and_retitle, retitle, relevel, move, reorder, reword, retype, drop, add, split, merge,
    drop_example, retitle_example, move_example, flip_verdict, change_message, add_example,
    add_commentary, drop_commentary, reword_commentary, drop_tag,
)  # fmt: skip


def run_script(spec: Spec, seed: int) -> Draft:
    """Return a release after 1 to 10 edits drawn by a seed."""
    draw = random.Random(seed)
    draft = Draft.of(spec, draw)
    for edit in draw.choices(EDITS, k=draw.randint(1, 10)):
        edit(draft)
    return draft


def named(diff: SpecDiff, draft: Draft) -> Counter[Key]:
    """Return what a diff names, without what follows from an edit that it names."""
    return Counter(_key(change) for change in diff.changes if not _follows(change, draft))


def _key(change: Change) -> Key:
    what = ""
    if change.subject is Subject.EXAMPLE and change.kind is not ChangeKind.VERDICT_FLIPPED:
        what = change.new or change.old
    elif change.subject is Subject.TAG:
        what = change.id
    return change.subject, change.kind, change.provision, normal(what)


def _follows(change: Change, draft: Draft) -> bool:
    """Tell whether a change comes from an edit of the provision: its contents went or came along."""
    if change.subject is Subject.REFERENCE:
        return change.provision in draft.touched
    if change.subject is Subject.TAG:
        return change.kind is not ChangeKind.REMOVED or change.provision in draft.wide
    return change.subject is not Subject.PROVISION and change.provision in draft.wide


def describe(keys: Counter[Key]) -> Iterator[str]:
    for subject, kind, provision, what in keys.elements():
        yield f"{subject.value} {kind.value} {provision} {what}".rstrip()
