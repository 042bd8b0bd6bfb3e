"""What stands around the pages: cover and settings before them, indices after them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sphinx.locale import get_translation

from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.typst.code import array, block, call, content, label, string, words

if TYPE_CHECKING:
    from sphinx.builders import Builder
    from sphinx.domains import Index

    from sphinx_policyspec.model import Spec
    from sphinx_policyspec.sphinx_ext.typst.assembly import Labels
    from sphinx_policyspec.sphinx_ext.typst.compiling import Fonts
    from sphinx_policyspec.sphinx_ext.typst.policy_nodes import ListedExample

__all__ = ["INDEX_PAGES", "indices", "settings"]

_ = get_translation("sphinx_policyspec")

INDEX_PAGES = ("policy-levels", "policy-topics", "policy-examples")
"""Pages of the site that are chapters of the PDF, so that links to them lead there."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_LINK = re.compile(r"https?://\S+")


def settings(builder: Builder, fonts: Fonts) -> str:
    """Return the file of settings that the style imports."""
    config = builder.config
    spec = Knowledge().spec(builder.env)
    language, _sep, region = (config.language or "en").replace("-", "_").partition("_")
    version = spec.version or config.release
    title = _line(spec.title or config.project) or "Handbook"
    short = f"{config.project} {version}" if version not in config.project else config.project
    author = _line(spec.publisher or config.author)
    values = {
        "title": string(title),
        "short-title": string(_line(short)),
        "author": array([string(author)] if author else []),
        "keywords": array([string(_("behaviour spec"))]),
        "date": _date(spec.issued),
        "lang": string(language.lower()[:3] or "en"),
        "region": string(region.upper()) if re.fullmatch(r"[A-Za-z]{2}", region) else "none",
        "fonts": array(map(string, fonts.families)),
        "fallback": "false" if fonts.families else "true",
        "facts": array(array(map(string, fact)) for fact in _facts(spec, version) if fact[0]),
        "contents-word": content(words(_("Contents"))),
        "continued-word": string(_("continued")),
        "page-word": string(_("p.")),
    }
    return "".join(f"#let {name} = {value}\n" for name, value in values.items())


def _line(text: str) -> str:
    return " ".join(text.split())


def _date(issued: str) -> str:
    match = _DATE.fullmatch(issued)
    if match is None:
        return "none"
    year, month, day = map(int, match.groups())
    return f"datetime(year: {year}, month: {month}, day: {day})"


def _facts(spec: Spec, version: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of the cover below the title, each with the address that it leads to, if any."""
    if version:
        yield _("Release %s") % version, ""
    if spec.issued and spec.issued != version:
        yield spec.issued, ""
    yield _line(spec.publisher), ""
    yield _line(spec.license), spec.license if _LINK.fullmatch(spec.license) else ""
    if spec.principles:
        counts = {"principles": len(spec.principles), "examples": len(spec.examples)}
        yield _("%(principles)d principles, %(examples)d examples") % counts, ""


@dataclass(frozen=True, slots=True)
class _Line:
    label: str
    text: str


def indices(builder: Builder, labels: Labels, examples: Iterable[ListedExample]) -> str:
    """Return the indices by level and by topic, and the list of examples."""
    domain = domain_of(builder.env)
    by_name = {f"{domain.name}-{index.name}": index for index in domain.indices}
    parts = []
    for name, title in zip(
        INDEX_PAGES, (_("Principles by authority"), _("Principles by topic")), strict=False
    ):
        groups = list(_groups(by_name[name](domain), labels))
        parts.append(_chapter(name, title, groups))
    listed = [_Line(item.label, f"{item.number}. {item.title}") for item in examples]
    parts.append(_chapter(INDEX_PAGES[2], _("Examples"), [("", listed)] if listed else []))
    return "".join(parts)


def _groups(index: Index, labels: Labels) -> Iterator[tuple[str, list[_Line]]]:
    groups, _collapse = index.generate()
    for heading, entries in groups:
        lines = [
            _Line(found, f"{entry.name} ({entry.extra})" if entry.extra else str(entry.name))
            for entry in entries
            if (found := labels.find(entry.docname, entry.anchor))
        ]
        if lines:
            yield str(heading), lines


def _chapter(name: str, title: str, groups: list[tuple[str, list[_Line]]]) -> str:
    """Return an index; without entries only the place that links to it lead to."""
    if not groups:
        return call("anchor", string(name))
    heading = call("heading", content(words(title)), level="1").removesuffix(";")
    code = f"\n\n{heading}{label(name)}\n\n"
    for group, lines in groups:
        code += block("index-group", content(words(group))) if group else ""
        code += "".join(
            block("index-line", string(line.label), content(words(_isolated(line.text)))) for line in lines
        )
    return code


def _isolated(text: str) -> str:
    """Keep letters that run leftwards from taking the page number with them."""
    is_mixed = any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text)
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if is_mixed else text
