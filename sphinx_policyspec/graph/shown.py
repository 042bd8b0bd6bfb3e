"""What readers see of a source text: the rest is blanked, so that places stay what they are."""

from __future__ import annotations

import re

from sphinx_policyspec.model import Markup

__all__ = ["shown"]

_MARKS = re.compile(r"\[\^\w+\]|(?<=\])\([^()\s]*\)")
"""Eval tags and targets of links."""
_SILENT = re.compile(rf"{_MARKS.pattern}|<!--.*?-->", re.DOTALL)
"""What no reader sees in any Markdown: these and comments."""

_DEFINITION = re.compile(
    r"^[ ]{0,3}\[[^\[\]\n]{1,200}\]:[ \t]++\S++(?:[ \t]++\"[^\"\n]*+\")?[ \t]*+$", re.MULTILINE
)
"""A line that gives a link its address, or an eval tag its test."""

_FILES = "code|code-block|sourcecode|csv-table|figure|image|include|literalinclude|raw"
"""Directives whose argument is a language or the name of a file."""
_ROLES = "any|doc|eq|numref|ref|policy:example|policy:goal|policy:level|policy:principle"
"""Roles that show the title of their target, not its id."""
_OPTIONS = r"(?:\n[ \t]*:[\w-]+:[^\n]*)*"
_TARGET = r"(?<=[\s`])<[^<>`\n]*>(?=`)"
"""The target behind the words of a role or link, up to the backtick."""

_RST = re.compile(
    rf"^[ \t]*\.\.[ \t]+(?:\|[^|\n]*\|[ \t]+)?(?:(?:{_FILES})::[^\n]*|[\w:.+-]+::){_OPTIONS}"
    r"|^[ \t]*\.\.[ \t]+_[^\n]*"
    rf"|:(?:{_ROLES}):`[^<>`\n]*`"
    r"|(?<![\w`]):[a-zA-Z][\w:.+-]{0,200}:(?=`)"
    rf"|{_TARGET}",
    re.MULTILINE,
)
_MYST = re.compile(
    rf"^[ \t]*(?:`{{3,}}|~{{3,}}|:{{3,}})(?:\{{(?:{_FILES})\}}[^\n]*|\{{[^{{}}\n]*\}}|[\w+-]*$){_OPTIONS}"
    r"|^\([^()\s]+\)=[ \t]*$"
    r"|^[ \t]*\[[^\]\n]+\]:[ \t][^\n]*"
    rf"|\{{(?:{_ROLES})\}}`[^<>`\n]*`"
    r"|\{[a-zA-Z][\w:.+-]*\}(?=`)"
    rf"|{_TARGET}",
    re.MULTILINE,
)


def shown(text: str, markup: Markup) -> str:
    """Return a text with blanks for what no reader sees."""
    if markup is Markup.RST:
        return _RST.sub(_blank, text)
    # No comment is sought behind the last `-->`: each of many unclosed ones would cost the rest of the text.
    before, close, after = text.rpartition("-->")
    text = _SILENT.sub(_blank, before + close) + _MARKS.sub(_blank, after)
    return (_MYST if markup is Markup.MYST else _DEFINITION).sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])
