"""What each argument and option of our directives holds, for the reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sphinx_policyspec.model.attributes import ATTRIBUTES

__all__ = ["ARGUMENTS", "MEANINGS", "meaning_of"]

ARGUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "spec": "title of the document",
        "level": "name",
        "topic": "label",
        "goal": "title",
        "definition": "term",
        "principle": "title of a block of its own; without one, the section around the directive is the principle",
        "example": "title",
        "message": "role: `system`, `developer`, `user`, `assistant` or `tool`",
        "response": "verdict: `good`, `bad` or `ok`",
        "prompt": "title; may be left out",
        "query": "named question, as `question`",
    }
)
"""By directive; the others take no argument."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "id": "Name that others refer to. Derived from the argument where it is left out.",
        "name": "Name of who speaks, where a role has several, or of a tool.",
        "lang": "Language of the message as a tag (BCP 47), such as `de`; browsers and screen readers go by it.",
        "recipient": "Whom the message goes to, such as a tool.",
        "spec version": "Version of this text.",
        "spec date": "Day of this version, such as `2026-01-31`.",
        "spec license": "Licence, as a text or an address.",
        "spec publisher": "Who publishes it.",
        "spec base-iri": "What the IRIs of the graph begin with; `/` is added where none of `/ # :` ends it.",
        "level override": "How a norm of the level is set aside: `never`, `explicit` (the default) or `implicit`.",
        "message untrusted": "Takes no value. The content carries no authority, such as a page that was quoted.",
        "response note": "The reason for the verdict.",
        "prompt show": "Takes no value. The prompt is on the page, too.",
        "query question": "A named question; without one, the content is SPARQL.",
        "query params": "Parameters of the question, as `name=value`, divided by commas.",
        "query format": "`table` (the default), `list` or `count`.",
        "authority": "Ids of levels: principles at any of them.",
        "overridable-by": "A role or level: principles that its messages can override.",
        "topic": "Topics by id or label: what is about any of them.",
        "mentions": "Takes no value. A word in passing counts for `topic`, too.",
        "has": "`example`, `good`, `bad`, `prompt` or `reference`; all of them must hold.",
        "lacks": "As `has`: none of them may hold.",
        "columns": "Columns to show, in this order.",
        "sort": "Columns to sort by; `-` before one that descends.",
        "changes since": "Older release, as for `policyspec_since`, which is the default.",
        "changes kinds": "Weights (`tightening`), kinds of things (`example`) or of change (`added`) to show.",
        "survey show": "`pairs`, `conflicts`, `rules` or `idle`, divided by commas; all of them where left out.",
        "survey expect-rows": "Number of pairs that nothing decides, or one such as `<=10`; another number is a finding.",
        "expect-rows": "Number of rows, or one such as `>0`; another number is a finding.",
    }
)
"""By option, or by directive and option where an option means something for one directive alone; beside the attributes
of the model."""


def meaning_of(directive: str, option: str) -> str:
    """Return what an option of a directive holds, empty where nothing is known."""
    said: dict[tuple[str, str], str] = {(row.owner, row.key): row.about for row in ATTRIBUTES}
    owners = ("principle", "provision") if directive == "principle" else (directive,)
    about = next((said[owner, option] for owner in owners if (owner, option) in said), "")
    return MEANINGS.get(f"{directive} {option}") or about or MEANINGS.get(option, "")
