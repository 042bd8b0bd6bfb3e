"""Every key of a case, declared once: for the reader, the JSON Schema and the docs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["CASE", "DELEGATES", "EXPECT", "ITEM", "MODES", "SEMANTICS", "CaseKey", "Kind"]

Kind = Literal["text", "texts", "boolean", "integer", "value", "mode", "mapping"]

MODES = ("explicit", "implicit")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKey:
    """A key of a mapping in a case.

    :param kind: what its value is; ``value`` is any single value, ``texts`` a list, or a lone text
    :param default: what holds where it is left out, in words
    """

    name: str
    about: str
    kind: Kind = "text"
    required: bool = False
    default: str = ""


CASE = (
    CaseKey(
        name="title", about="Name of the case, for readers.", default="`about`, or the place in the file"
    ),
    CaseKey(name="about", about="Id of the provision that it formalises."),
    CaseKey(name="example", about="Title or id of the example that it formalises."),
    CaseKey(name="semantics", kind="mapping", about="Switches where the prose can be read in two ways."),
    CaseKey(name="items", kind="mapping", required=True, about="What speaks: a list of items."),
    CaseKey(
        name="compatible",
        kind="mapping",
        about="By issue, a list of pairs of its values that may stand together; any others exclude each other.",
    ),
    CaseKey(
        name="expect",
        kind="mapping",
        about="What the case is expected to come to; what it does not mention may be anything.",
    ),
)

SEMANTICS = (
    CaseKey(
        name="strict",
        kind="boolean",
        default="true",
        about="An implied wish sets aside no norm that only an explicit instruction can, whatever its level.",
    ),
    CaseKey(
        name="interactive",
        kind="boolean",
        default="true",
        about="Somebody can be asked: what stays undecided is clarified, and else is a best guess.",
    ),
    CaseKey(
        name="first_party",
        kind="boolean",
        default="false",
        about="A product of the publisher's own: messages set aside nothing but guidelines, and norms of the "
        "category `law`.",
    ),
)

ITEM = (
    CaseKey(name="id", required=True, about="Its name, unique in the case."),
    CaseKey(name="issue", required=True, about="What it is about; only items of one issue can be at odds."),
    CaseKey(name="value", kind="value", required=True, about="What it asks for on this issue."),
    CaseKey(
        name="from",
        about="Role of the message that it stands in: one that a level has, or `assistant` or `tool`, which have no "
        "authority.",
    ),
    CaseKey(name="principle", about="Instead of `from`: id of the principle that says it."),
    CaseKey(
        name="level",
        about="Beside `principle`: the level to which a clause lowers it. Alone: the level of a message.",
    ),
    CaseKey(
        name="turn",
        kind="integer",
        default="its place in the list",
        about="Order of messages; the items of one message share it.",
    ),
    CaseKey(name="mode", kind="mode", default="`explicit`", about="Said, or only implied."),
    CaseKey(
        name="quoted",
        kind="boolean",
        default="false",
        about="Quoted, structured, untrusted or attached text, which has no authority.",
    ),
    CaseKey(
        name="source", about="Where a text without authority comes from, by a name that `delegates` can give."
    ),
    CaseKey(
        name="delegates",
        kind="mapping",
        about="The say that this item gives to texts of a source, on some issues.",
    ),
    CaseKey(name="active", kind="boolean", default="true", about="Whether it applies here."),
    CaseKey(
        name="mistaken",
        kind="boolean",
        default="false",
        about="Looks like a slip, or like something that its author never meant to say.",
    ),
    CaseKey(
        name="irreversible",
        kind="boolean",
        default="false",
        about="What it asks for cannot be undone.",
    ),
    CaseKey(name="category", about="Of a spec item: its category.", default="its principle's"),
    CaseKey(
        name="exempts",
        kind="texts",
        about="Of a spec item: items, principles or categories that it takes out of force, besides those that the "
        "spec declares.",
    ),
)

DELEGATES = (
    CaseKey(name="source", required=True, about="Name of the source."),
    CaseKey(name="scope", kind="texts", required=True, about="Issues on which its texts have a say."),
)

EXPECT = (
    CaseKey(
        name="labels",
        kind="mapping",
        about="By item: `in`, `out`, `undecided` or `not-a-candidate`.",
    ),
    CaseKey(
        name="outcomes",
        kind="mapping",
        about="By issue: the value that holds, a list of values that stand together, or `{status: …}` with `permit`, "
        "`inaction`, `clarify` or `best-guess`.",
    ),
    CaseKey(name="duties", kind="mapping", about="`disclose` and `confirm`, each a list of items."),
)
