"""What is inside a line of prose: cross-references, links and eval tags; and in the body of a message: entities, untrusted text, settings, the author's marks; and verdicts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import accumulate
from types import MappingProxyType

from sphinx_policyspec.files import load_json
from sphinx_policyspec.model import Fragment, FragmentKind, ReferenceForm, Span, Verdict
from sphinx_policyspec.model.outlines import sentence_spans
from sphinx_policyspec.readers.comments import PlainLines, without_comments
from sphinx_policyspec.readers.text import Fences, Lines

_NO_LABELS: Mapping[str, str] = MappingProxyType({})

# Code and escapes come first, so that nothing inside them is taken for a link. Every repetition is
# bounded or cannot overlap its neighbours: a hostile line costs linear time.
_TITLE = r"(?:\s+(?:\"(?:[^\"\\\n]|\\.){0,500}\"|'(?:[^'\\\n]|\\.){0,500}'|\([^()\n]{0,500}\)))?"
_DESTINATION = r"<[^<>\n]{0,2000}>|[^()\s<]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,2000})?"
_INLINE = re.compile(
    r"\\."
    r"|(?<!`)(?P<ticks>`{1,3})(?!`)[^\n]{0,500}?(?<!`)(?P=ticks)(?!`)"
    r"|\[\^(?P<tag>[^\]\n\[]{1,80})\](?!\()"
    r"|\[(?P<text>(?:[^\[\]\\\n]|\n(?![ \t\r]*\n)|\\.|\[[^\[\]\n]{0,200}\]){0,2000})\]"
    rf"(?:\([ \t]{{0,9}}(?P<url>{_DESTINATION}){_TITLE}[ \t]{{0,9}}\)"
    r"|\[(?P<label>[^\[\]\n]{0,200})\])"
    r"|\[(?P<alone>[^\[\]\n^][^\[\]\n]{0,200})\](?!:)"
    r"|<(?P<address>[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]{1,2000})>",
    re.DOTALL,
)
_LOST_LINK = re.compile(
    r"(?:\[[^\[\]\n]{0,200}\\?\][ \t]?)?(?:[(\[{<]|href=[\"'])[ \t]?#[ \t]?"
    r"(?:(?P<spaced>[A-Za-z][\w-]{0,100}(?:[ ][\w-]{1,40}){1,5})(?=\))|(?P<id>[A-Za-z][\w-]{0,100}))(?:[)\]}>]|[\"'][^<>\n]{0,100}>)?"
    r"|\[[^\[\]\n]{1,200}\][ \t]\((?P<url>https?://[^\s()]{1,500})\)"
    r"|\[[^\[\]\n]{1,200}\]\((?P<open>https?://[^\s()]{1,500})(?=\s|$)"
    r"|\[\[(?P<wiki>[A-Za-z][\w-]{0,100})(?:\|[^\[\]\n]{0,100})?\]\]"
    r"|\[[^\[\]\n]{1,200}\]\((?P<into>[A-Za-z]\w{0,40}(?:[ ]\w{1,40}){1,8})\)"
    r"|\[(?P<words>[A-Za-z][\w ]{2,100})\](?![\w(\[:{])|(?:\[\?\][ ]?)?(?<![\w/&#.])#(?P<hash>[A-Za-z][a-z0-9]{0,40}_\w{1,60})"
)
_SPHINX_LINK = re.compile(
    r"(?:\{[a-z:]{1,30}\}|:[a-z:]{1,30}:)`(?:[^`<>\n]{0,100}<)?#?(?P<role>[A-Za-z][\w-]{0,100})>?`"
    r"|`[^`<>\n]{1,100} <#?(?P<rst>[A-Za-z][\w-]{0,100})>`__?"
)
"""A link in the notation of Sphinx roles or reStructuredText."""
_VISIBLE_WORDS = re.compile(
    r"\\.|(?<!`)(?P<ticks>`{1,3})(?!`) ?(?P<code>[^`\n]{1,500}?) ?(?<!`)(?P=ticks)(?!`)"
    rf"|!?\[(?P<words>[^\[\]\n?][^\[\]\n]{{0,500}})\](?:\([ \t]{{0,9}}(?:{_DESTINATION}){_TITLE}[ \t]{{0,9}}\)|\[[^\[\]\n]{{0,200}}\])"
    r"|</?(?:a|abbr|b|br|code|del|em|i|img|ins|kbd|mark|s|small|span|strong|sub|sup|u)(?:\s[^<>\n]{0,500})?/?>"
)
_EMPHASIS = re.compile(
    r"(?<![\\*])\*{1,3}(?=[^\s*])(?P<strong>[^*\n]{1,500})(?<=[^\s*\\])\*{1,3}(?!\*)"
    r"|(?<![\\\w])_{1,2}(?=[^\s_])(?P<low>[^_\n]{1,500})(?<=[^\s_\\])_{1,2}(?!\w)"
    r"|(?<!\\)~~(?=[^\s~])(?P<struck>[^~\n]{1,500})(?<=[^\s~])~~"
)
_CLAUSE_START = re.compile(
    r"\n[ \t\r]*\n|^[ \t]*(?:[-*]|\d+\.)[ \t]+|\[\^[a-z0-9]{4}\][)\"\u201d]*[,;:]?[ \t]*",
    re.MULTILINE,
)
_NESTED_MARKS = 2
_BLANKS = re.compile(r"(?<=\S) {2,}")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TAG_FORM = re.compile(r"[a-z0-9]{4}")
_FENCE_INDENT = 12
"""Spaces that may be before a fence: three levels of list."""
_LONGEST_TITLE = 500
"""A longer title is cut where it replaces a reference, so that many references cannot fill the memory."""
_TITLE_REFERENCE = re.compile(r"\[\?\]\(#([^()\s]+)\)")
_TEXT_REFERENCE = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_NOT_WORD = re.compile(r"[^\w]+|_+")


@dataclass(frozen=True, slots=True)
class InlineLink:
    """A link or cross-reference at character offsets ``start`` to ``end``.

    :param target: the id for a cross-reference, empty for a link to somewhere else
    :param form: how the cross-reference is written; means nothing for other links
    :param label: what it names instead of an address
    """

    start: int
    end: int
    text: str
    url: str
    target: str
    form: ReferenceForm
    label: str = ""


@dataclass(frozen=True, slots=True)
class InlineTag:
    """An eval tag at character offsets ``start`` to ``end``."""

    start: int
    end: int
    tag: str

    @property
    def is_well_formed(self) -> bool:
        """Whether it is four letters or digits; other words in its place are text."""
        return _TAG_FORM.fullmatch(self.tag) is not None


def scan(text: str, labels: Mapping[str, str] = _NO_LABELS) -> Iterator[InlineLink | InlineTag]:
    """Yield the links and eval tags of a text in order, those inside code left out.

    :param labels: the addresses that link definitions give, by :func:`label_of`
    """
    if "[" not in text and "<" not in text:
        return
    for start, end in outside_fences(text):
        for match in _INLINE.finditer(text, start, end):
            if match["tag"] is not None:
                yield InlineTag(match.start(), match.end(), match["tag"])
            elif match["address"] is not None:
                yield _link(match, match["address"], match["address"])
            elif (url := _url(match, labels)) is not None:
                words = match["text"] or match["alone"] or ""
                yield _link(match, words, url, "" if match["url"] is not None else match["label"] or words)


def lost_links(text: str, labels: Mapping[str, str] = _NO_LABELS) -> Iterator[tuple[int, int, str]]:
    """Yield what looks like a failed link to an id, as (start, end, id), except in code.

    Words that are meant as a link only if they are an id, or make one, have ``=`` before it.
    """
    for begin, end in outside_fences(text):
        for match in _SPHINX_LINK.finditer(text, begin, end):
            yield match.start(), match.end(), match["role"] or match["rst"]
        if "#" not in text and "[" not in text:
            continue
        parts = [text[:begin]]
        after = begin
        for match in _INLINE.finditer(text, begin, end):
            is_code = match["ticks"] or match["tag"] or match["address"]
            if is_code or (match["alone"] != "?" and _url(match, labels) is not None):
                parts += text[after : match.start()], "_" * (match.end() - match.start())
                after = match.end()
        bare = "".join((*parts, text[after:end]))
        if "#" not in bare and "[" not in bare:
            continue
        for match in _LOST_LINK.finditer(bare, begin):
            exact = match["hash"] or slug(match["words"] or match["into"] or "").replace("-", "_")
            name = match["id"] or match["spaced"] or match["wiki"] or match["url"] or match["open"]
            yield match.start(), match.end(), name or f"={exact}"


def no_link(text: str, brief: str, name: str) -> tuple[str, str] | None:
    """Return what is wrong with a failed link to somewhere else, and what to do; nothing where it is text.

    :param brief: the same text on one line
    """
    if "://" in name:
        return f"`{brief}` is no link", f"write `[text]({name.removeprefix('=').rstrip('.,;:!')})`"
    if text.endswith(("]()", "](#)")):
        return f"`{brief}` leads nowhere", "write an address, or `#` and an id, into it"
    if text.endswith(f"][{name}]"):
        message = f"nothing defines the label of the link `{brief[1:].partition('][')[0]}`"
        return message, "write `[text](address)`, or a line `[label]: address`"
    return None


def _url(match: re.Match[str], labels: Mapping[str, str]) -> str | None:
    """Return the address of a link, empty for one whose label nothing defines; ``None`` where brackets are text."""
    if match["url"] is not None:
        return match["url"].removeprefix("<").removesuffix(">")
    if (words := match["text"] if match["alone"] is None else match["alone"]) is None:
        return None
    url = labels.get(label_of(match["label"] or words))
    return "" if url is None and (match["label"] or words == "?") else url


def _link(match: re.Match[str], words: str, url: str, label: str = "") -> InlineLink:
    target = url[1:] if url.startswith("#") else ""
    bare = words == "?" and bool(target)
    form = ReferenceForm.TITLE if bare else ReferenceForm.TEXT
    return InlineLink(match.start(), match.end(), "" if bare else words, url, target, form, label)


def clause_before(before: str) -> str:
    """Return the words of the clause that a text ends with, empty after an eval tag."""
    before = before.rstrip()
    starts = [match.end() for match in _CLAUSE_START.finditer(before)]
    *_, (start, _end) = sentence_spans(before, starts[-1] if starts else 0)
    return " ".join(before[start:].split())


def label_of(text: str) -> str:
    """Return the label of a link or of a definition as CommonMark compares them."""
    return " ".join(text.split()).casefold()


def outside_fences(text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text that no code fence holds."""
    if "```" not in text and "~~~" not in text:
        yield 0, len(text)
        return
    lines = [f"{part}\n" for part in text.split("\n")]
    offsets = [0, *accumulate(len(line) for line in lines)]
    start = 0
    for opening, closing in Fences(lines, _FENCE_INDENT).regions():
        yield start, offsets[opening]
        start = offsets[closing + 1]
    yield start, len(text)


def without_tags(
    text: str, labels: Mapping[str, str] = _NO_LABELS, notes: Collection[str] = (), tags: Collection[str] = ()
) -> str:
    """Remove eval tags, and the blanks before them, from a text.

    Links by a label get their address, and marks of notes for readers lose their caret.

    :param labels: as for :func:`scan`
    :param notes: the marks of notes for readers, which are not eval tags
    :param tags: eval tags of another form
    """
    parts: list[str] = []
    after = 0
    for item in scan(text, labels):
        before = text[after : item.start]
        if isinstance(item, InlineTag):
            if item.tag in notes:
                parts += before, f"[{item.tag}]"
            elif item.is_well_formed or item.tag in tags:
                parts.append(before.rstrip(" \t"))
            else:
                continue
        elif item.label and item.url:
            parts += before, f"[{item.text or '?'}]({item.url})"
        else:
            continue
        after = item.end
    return "".join((*parts, text[after:]))


def plain_words(text: str) -> str:
    """Return a title without the marks of emphasis, code, links and HTML; references to other titles stay ``[?](#id)``."""
    words = _VISIBLE_WORDS.sub(
        lambda match: match["code"] or match["words"] or match[0] * (match[0][0] != "<"), text
    )
    for _ in range(_NESTED_MARKS):
        words = _EMPHASIS.sub(lambda match: match["strong"] or match["low"] or match["struck"], words)
    words = _ENTITY.sub(lambda match: unescape(match[0]), _ESCAPE.sub(r"\1", words))
    return _BLANKS.sub(" ", words)


def resolve_title(title: str, titles: Mapping[str, str]) -> str:
    """Replace each ``[?](#id)`` by the title of its target, or by the id where there is none."""
    return _TITLE_REFERENCE.sub(lambda match: titles.get(match[1], match[1])[:_LONGEST_TITLE], title)


_ARTICLE = re.compile(r"(?<![\w'’-])(the|an?)\s+$", re.IGNORECASE)


def title_behind(text: str, title: str) -> str:
    """Return a title as it is printed in place of a reference after a text.

    If the text ends and the title begins with the same article, it is once: "break the [?](#trails)" is "break the rules of
    the trail" for the title "The rules of the trail".
    """
    article, _, rest = title.partition(" ")
    article_before = _ARTICLE.search(text[-20:]) if rest else None
    return (
        rest.lstrip() or title if article_before and article_before[1].lower() == article.lower() else title
    )


def slug(title: str) -> str:
    """Return the words of a title joined by hyphens, letters of any script kept."""
    words = _TEXT_REFERENCE.sub(r"\1", title).replace("'", "").replace("\u2019", "")
    return _NOT_WORD.sub("-", words.casefold()).strip("-")


_MARKUP_ENTITY = re.compile(r"&(amp|lt|gt|quot);")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"'}
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
# Code and maths come first, so that nothing inside them is taken for a mark.
_CODE = r"(?<!`)(?P<ticks>`++).{0,300}?(?<!`)(?P=ticks)(?!`)"
_MATHS = r"\\{1,2}\((?:(?!\\\)).){0,200}\\\)|\\{1,2}\[(?:(?!\\\]).){0,200}\\\]"
_PLACEHOLDER = re.compile(rf"{_CODE}|{_MATHS}|(?P<mark>(?<!\\)\[(?![\^#\]])[^\[\]\n]{{1,400}}\](?![({{]))")
_ELISION = re.compile(r"(?P<mark>(?<!\\)\[\.\.\.[^\[\]\n]{0,400}\])")
# A line of code that no fence marks: a statement, an assignment, or what ends as only code does.
_CODE_LINE = re.compile(
    r"\s*+(?:"
    r"(?:async +)?(?:class|const|def|elif|fn|for|func|function|if|let|return|var|while|with) [^\n]*[:;{)\]]\s*$"
    r"|[\w.]{1,80}(?:\[[^\]\n]{0,80}\])?(?:: [^=\n]{1,120})? ?[-+*/|]?=(?!=)"
    r"|[^\n]*[;{}]\s*$)"
)
_LONGEST_LINE = 1000
"""A longer line is no code; looking at it for each of its brackets would cost too much."""
_DISPLAY = re.compile(r"\s*\\{1,2}([\[\]])\s*")
_SETTINGS = re.compile(r"\s*<(/?)settings>\s*")
_UNTRUSTED = re.compile(r"\s*<(/?)untrusted>\s*")


def decode(text: str) -> str:
    """Decode the four entities of the dialect exactly once."""
    return _MARKUP_ENTITY.sub(lambda match: _ENTITIES[match[1]], text) if "&" in text else text


def read_body(
    lines: Lines, start: int, end: int, *, is_data: bool = False
) -> tuple[str, tuple[Fragment, ...], tuple[int, ...]]:
    """Return a message's text, its marked parts, and the lines of inner tags without a counterpart.

    The text is what its author says: entities decoded once, comments and settings left out (they are
    metadata), the tags around untrusted text kept. A comment in code, in untrusted text or in data is text.

    :param is_data: the body goes to a tool or comes from one, where brackets are syntax and only an
        elision is a mark
    """
    visible = _without_comments(lines, start, end) if not is_data else PlainLines((), ())
    settings, fragments = _settings(lines, start, end)
    maths = _display_maths(lines, start, end)
    parts: list[str] = []
    unpaired = [start + number for number in visible.unclosed]
    untrusted_from: int | None = None
    fence, fenced_from = "", start
    for number in range(start, end):
        if number in settings:
            continue
        line = lines.lines[number].replace("\r\n", "\n")
        parts.append(line if is_data else visible.plain[number - start].replace("\r\n", "\n"))
        masked = line if is_data else visible.masked[number - start]
        before, fence = fence, _fence_after(line, fence)
        fenced_from = fenced_from if before else number
        if match := _UNTRUSTED.fullmatch(line):
            if match[1] and untrusted_from is not None:
                fragments.append(_untrusted(lines, untrusted_from, number))
                untrusted_from = None
            elif match[1]:
                unpaired.append(number)
            else:
                unpaired += [] if untrusted_from is None else [untrusted_from - 1]
                untrusted_from = number + 1
        elif not fence and _SETTINGS.fullmatch(line):
            unpaired.append(number)
        elif "[" in masked and number not in maths:
            fragments.extend(_marks(lines, number, masked, _ELISION if fence or is_data else _PLACEHOLDER))
    if untrusted_from is not None:
        unpaired.append(untrusted_from - 1)
    unpaired += [fenced_from] if fence else []
    in_order = sorted(fragments, key=lambda fragment: fragment.span)
    return decode("".join(parts)).strip("\n"), tuple(in_order), tuple(unpaired)


def _without_comments(lines: Lines, start: int, end: int) -> PlainLines:
    """Return a body without its comments, which Markdown hides; all of untrusted text is data."""
    literal: set[int] = set()
    opened: int | None = None
    for number in range(start, end):
        match = _UNTRUSTED.fullmatch(lines.lines[number])
        if match and match[1] and opened is not None:
            literal.update(range(opened, number - start))
            opened = None
        elif match and not match[1]:
            opened = number - start
    return without_comments(lines.lines[start:end], literal)


def _settings(lines: Lines, start: int, end: int) -> tuple[set[int], list[Fragment]]:
    """Return the lines of closed ``<settings>``, tags included, and what they set."""
    claimed: set[int] = set()
    fragments: list[Fragment] = []
    fence = ""
    opened: int | None = None
    for number in range(start, end):
        line = lines.lines[number]
        fence = _fence_after(line, fence) if opened is None else ""
        match = None if fence else _SETTINGS.fullmatch(line)
        if match and not match[1]:
            opened = number
        elif match and opened is not None:
            claimed.update(range(opened, number + 1))
            fragments += [
                _fragment(FragmentKind.SETTING, decode(lines.lines[n].strip()), lines.span(n, n + 1))
                for n in range(opened + 1, number)
                if lines.lines[n].strip()
            ]
            opened = None
    return claimed, fragments


def _display_maths(lines: Lines, start: int, end: int) -> set[int]:
    """Return the lines of display maths whose brackets are on lines of their own."""
    claimed: set[int] = set()
    opened: int | None = None
    for number in range(start, end):
        match = _DISPLAY.fullmatch(lines.lines[number]) if "\\" in lines.lines[number] else None
        if match and match[1] == "[":
            opened = number
        elif match and opened is not None:
            claimed.update(range(opened, number))
            opened = None
    return claimed


def _fence_after(line: str, fence: str) -> str:
    match = _FENCE.match(line)
    if match is None:
        return fence
    if not fence:
        return match[1]
    closes = match[1][0] == fence[0] and len(match[1]) >= len(fence) and not line[match.end() :].strip()
    return "" if closes else fence


def _untrusted(lines: Lines, start: int, end: int) -> Fragment:
    text = decode(lines.text(start, end).replace("\r\n", "\n")).strip("\n")
    return _fragment(FragmentKind.UNTRUSTED, text, lines.span(start, end))


def _marks(lines: Lines, number: int, line: str, pattern: re.Pattern[str]) -> list[Fragment]:
    return [
        _fragment(FragmentKind.PLACEHOLDER, decode(match[0]), lines.within(number, *match.span()))
        for match in pattern.finditer(line)
        if match["mark"] and not _is_syntax(match)
    ]


def find_marks(text: str, *, is_data: bool = False) -> Iterator[tuple[int, int]]:
    """Yield where the author's marks are in text without markup, as (start, end).

    :param is_data: brackets are syntax here, and only an elision is a mark
    """
    if "[" in text:
        for match in (_ELISION if is_data else _PLACEHOLDER).finditer(text):
            if match["mark"] and not _is_syntax(match):
                yield match.span("mark")


def _is_syntax(match: re.Match[str]) -> bool:
    """Return whether brackets are no mark but an array in JSON, or a type or index in a line of code."""
    text, mark = match.string, match["mark"]
    before = text[match.start() - 1 : match.start()]
    if not mark.startswith("[...") and (before.isalnum() or before in {"_", ")", "]"}):
        first, last = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        last = len(text) if last < 0 else last
        if last - first <= _LONGEST_LINE and _CODE_LINE.match(text[first:last]):
            return True
    try:
        load_json(mark)
    except ValueError:
        return False
    return True


def _fragment(kind: FragmentKind, text: str, span: Span) -> Fragment:
    return Fragment(kind=kind, text=text, span=span)


_VERDICT_SIGNS = {
    "\u2713": Verdict.GOOD,
    "\u2714": Verdict.GOOD,
    "\u2705": Verdict.GOOD,
    "\u2717": Verdict.BAD,
    "\u2718": Verdict.BAD,
    "\u274c": Verdict.BAD,
}
"""Check marks and crosses that say what a verdict's word says."""
# What is inside the comment; possessive, so that a hostile run of spaces costs linear time.
VERDICT = re.compile(
    rf"\s*+[*_]{{0,2}}(?P<sign>[{''.join(_VERDICT_SIGNS)}])?\ufe0f?\s*+(?P<word>[A-Za-z]++)?[*_]{{0,2}}\s*+"
    r"(?P<ids>(?:\[#[^\]\s]++\]\s*+)*+)(?:(?:[:,]|[-\u2013\u2014](?=\s))[*_]{0,2}\s*+(?P<note>.*))?",
    re.DOTALL,
)
_SAYS_VERDICT = re.compile(r"\b(good|bad|ok)\b", re.IGNORECASE)
TWO_VERDICTS = re.compile(r"\W{0,20}(?:good|bad|ok)\W{1,20}(?:good|bad|ok)\W{0,20}", re.IGNORECASE)
VERDICT_ID = re.compile(r"\[#([^\]\s]{1,500})\]")
_NEGATES = re.compile(r"\b(?:not|no|never|neither)\b|n['\u2019]t\b", re.IGNORECASE)
_LOOSE_ID = re.compile(r"[\[(]#?([A-Za-z][\w-]{0,100})[\])]")
_MARKS = " \t\n:;,.-\u2013\u2014"


def corrected_verdict(comment: str) -> str:
    """Return a comment that gives a verdict in the right form: the word, ids and reason; empty without a verdict."""
    word = _SAYS_VERDICT.search(comment)
    if word is None:
        return ""
    if _NEGATES.search(comment[: word.start()]):
        return ""
    above, below = comment[: word.start()], comment[word.end() :]
    ids = "".join(f" [#{name}]" for name in _LOOSE_ID.findall(f"{above} {below}"))
    whys = (" ".join(_LOOSE_ID.sub(" ", part).split()).strip(_MARKS) for part in (below, above))
    why = next(filter(None, whys), "")
    return f"<!-- {word[1].upper()}{ids}{f': {why}' * bool(why)} -->"


def verdict_of(word: str | None, sign: str | None) -> Verdict | None:
    """Return the verdict of a word in any letter case or, without a word, of a sign."""
    if word:
        return Verdict(word.upper()) if word.upper() in set(Verdict) else None
    return _VERDICT_SIGNS.get(sign or "")
