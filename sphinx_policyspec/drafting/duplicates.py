"""Examples that say nearly what a new one says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from sphinx_policyspec.compare.examples import message_texts
from sphinx_policyspec.exports import Formats, json_object
from sphinx_policyspec.files import Brief, printable
from sphinx_policyspec.model import Example, Spec
from sphinx_policyspec.model.example import plain_name

ALIKE = 80.0
"""From which likeness on, of 100, two titles or two conversations are near duplicates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate(Brief):
    """Two examples that say nearly the same.

    :param new: the one that is not in the spec yet
    :param known: the one that is
    :param title: how alike their titles are, from 0 to 100, and ``conversation`` how alike what is said in them is
    :param gone: what only the known one says, message by message, and ``added`` what only the new one does
    """

    new: Example
    known: Example
    title: float
    conversation: float
    gone: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicates(Brief):
    """The near duplicates of new examples, the nearest first.

    :param examples: how many examples are new
    """

    examples: int
    pairs: tuple[NearDuplicate, ...]


def near_duplicates_of(new: Iterable[Example], spec: Spec) -> NearDuplicates:
    """Return the examples of a spec that are near duplicates of new ones."""
    given = tuple(new)
    pairs = [pair for one in given for known in spec.examples if (pair := _pair(one, known))]
    pairs.sort(key=lambda pair: (-max(pair.title, pair.conversation), pair.known.id, pair.new.title))
    return NearDuplicates(examples=len(given), pairs=tuple(pairs))


def _pair(new: Example, known: Example) -> NearDuplicate | None:
    title = fuzz.token_sort_ratio(plain_name(new.title), plain_name(known.title))
    says, said = [*message_texts(new)], [*message_texts(known)]
    conversation = fuzz.ratio("\n".join(says).casefold(), "\n".join(said).casefold(), score_cutoff=ALIKE)
    if max(title, conversation) < ALIKE:
        return None
    return NearDuplicate(
        new=new,
        known=known,
        title=title,
        conversation=conversation or fuzz.ratio("\n".join(says), "\n".join(said)),
        gone=tuple(one for one in said if one not in says),
        added=tuple(one for one in says if one not in said),
    )


def _record(pair: NearDuplicate) -> dict[str, Any]:
    return {
        "new": pair.new.title,
        "example": pair.known.id,
        "known": pair.known.title,
        "title": round(pair.title, 1),
        "conversation": round(pair.conversation, 1),
        "gone": [*pair.gone],
        "added": [*pair.added],
        "file": pair.known.span.file,
        "line": pair.known.span.line,
    }


def _text(found: NearDuplicates) -> str:
    lines = []
    for pair in found.pairs:
        lines.append(f"{pair.new.title}")
        lines.append(f"  is near `{pair.known.id}` ({pair.known.span.place}): {pair.known.title}")
        lines.append(f"  titles {pair.title:.0f} of 100 alike, conversations {pair.conversation:.0f}")
        lines += [f"  - {' '.join(one.split())}" for one in pair.gone]
        lines += [f"  + {' '.join(one.split())}" for one in pair.added]
    if not found.pairs:
        lines.append("No example says nearly the same.")
    return "".join(f"{printable(line)}\n" for line in lines)


DUPLICATE_FORMATS: Formats[NearDuplicates] = {
    "text": _text,
    "json": lambda found: json_object(
        {"examples": found.examples, "pairs": [_record(one) for one in found.pairs]}, ()
    ),
}
"""Each format with what writes it."""
