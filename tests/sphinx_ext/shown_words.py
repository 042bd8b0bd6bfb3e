"""What a page's source shows its readers, and what a builder wrote, both as words.

The source is read by patterns of its own: neither a parser nor a builder is asked what there is to see.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["lost_runs", "runs_of", "written_words"]

Run = list[str]

_OPENING = re.compile(r" *(?:\.\. |(?P<fence>[`:~]{3,})\{)(?P<name>[\w:-]+)(?:\}|::(?!\S))(?P<argument>.*)")
_OPTION = re.compile(r" *:(?P<name>[\w-]+):(?: +(?P<value>.*))?")
_TITLED = re.compile(r"policy:(?:spec|level|topic|goal|definition|principle|example|commentary|prompt)|note")
_UNSEEN = re.compile(r"policy:(?:query|case|matrix|graph|survey|[\w-]+-(?:list|table))|toctree")
_ROLE = r"(?::[\w:]+:|\{[\w:]+\})"
_BREAK = "\0"
_PIECES = (
    # A clause is followed by its level; a link with a text of its own shows that, others their target's title.
    (rf"{_ROLE}`([^`]*?)\s*<[^`<>]*=[^`<>]*>`", rf"\1{_BREAK}"),
    (rf"{_ROLE}?`([^`<]+?)\s*<[^`<>]+>`_*", r"\1"),
    (rf"{_ROLE}`[^`]*`", _BREAK),
    (r"\[\??\]\([^)]*\)", _BREAK),
    (r"\[([^\]]+)\]\([^)\s]*\)", r"\1"),
    (r"<!-- *(?:GOOD|BAD|OK)\b(?: *\[[^\]]*\])*:?((?:(?!-->).)*)-->", rf"{_BREAK}\1{_BREAK}"),
    (r"</?(?:user|assistant|system|developer|tool|comparison|untrusted|settings)\b[^<>]*>", _BREAK),
    (r"^ *(?:[-*+]|\d+\.|#+) |^ *(?:`{3,}|~{3,}|:{3,})\w*$", _BREAK),
    (r"\\\\\(.*?\\\\\)|\\\\\[.*?\\\\\]|\|", _BREAK),
    (r"^ *$", _BREAK),
)


def runs_of(source: Path) -> list[Run]:
    """Return the words that a page shows, a run for each stretch that nothing else may interrupt."""
    lines = source.read_text("utf-8").splitlines()
    text = "\n".join(_shown(lines, is_rst=source.suffix == ".rst"))
    for pattern, shown in _PIECES:
        text = re.sub(pattern, shown, text, flags=re.MULTILINE | re.DOTALL)
    return [words for stretch in text.split(_BREAK) if (words := _words(html.unescape(stretch)))]


def _shown(lines: list[str], *, is_rst: bool) -> Iterator[str]:
    """Yield what is no comment, option, or content that only asks for something else."""
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        opening = _OPENING.fullmatch(line)
        if opening is None:
            if line.startswith("%") or (is_rst and line.lstrip().startswith(".. ")):
                number = _end(lines, number, line, "") if is_rst else number
            else:
                yield line
            continue
        options, number = _options(lines, number)
        name = opening["name"]
        if _UNSEEN.fullmatch(name) or (name == "policy:prompt" and "show" not in options):
            number = _end(lines, number, line, opening["fence"] or "")
            continue
        yield f"{_BREAK}{opening['argument'] if _TITLED.fullmatch(name) else ''}{_BREAK}"
        # The reason for a verdict stands below the answer that it is about.
        yield f"{_BREAK}{options['note']}{_BREAK}" if "note" in options else _BREAK


def _options(lines: list[str], number: int) -> tuple[dict[str, str], int]:
    options: dict[str, str] = {}
    name = ""
    while number < len(lines) and lines[number].strip():
        if match := _OPTION.fullmatch(lines[number]):
            name = match["name"]
            options[name] = match["value"] or ""
        elif name and lines[number].startswith("  "):
            options[name] += f" {lines[number].strip()}"
        else:
            break
        number += 1
    return options, number


def _end(lines: list[str], number: int, opening: str, fence: str) -> int:
    """Return the number of the line after a directive."""
    indent = len(opening) - len(opening.lstrip())
    while number < len(lines):
        line = lines[number]
        if fence and line.strip() == fence:
            return number + 1
        if not fence and line.strip() and len(line) - len(line.lstrip()) <= indent:
            return number
        number += 1
    return number


_INLINE_TAG = re.compile(r"</?(?:a|b|cite|code|em|i|span|strong|tt|wbr)\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")
_LATEX = (
    (r"\\(?:label|index|phantomsection|begin|end)\b(?:\{\\detokenize\{[^}]*\}\}|\{[^}]*\})*", " "),
    (r"\\PYG\{[^}]*\}", ""),
    (r"\\PYGZ[a-z]+\{\}", "-"),
    (r"\\hyperref\[\\detokenize\{[^}]*\}\]|\\DUrole\{[^}]*\}|\\(?:sphinx)?href\{[^}]*\}", ""),
    (r"\\sphinx\w*hyphen\{\}|\\(?:textquotesingle|textquotedbl|textasciigrave|textbar)\{\}", "-"),
    (r"\\[A-Za-z]+ ?\*?|\\[-,/]|[{}]", ""),
)
_ROFF = (
    (r"^\.(?:SH|SS|B|I|IP|TP|sp|nf|fi|ft|in|RS|RE|TS|TE|UNINDENT|INDENT)\b *(?:-?\d.*)?", " "),
    (r"^\.(?:\\\"|TH|de|ds|nr|ad|if|tr|\.).*$", " "),
    (r"\\%<[^>]*>|\\X'[^']*'|<\\fB[^<>]*\\fP>|\\f[BIRCP]|\\[&/,^:%]|\\f\(..", ""),
    (r"\\\((?:aq|dq|ga|ha|ti|bu|em|en)", "-"),
    (r"\\-", "-"),
)
_TEXINFO = (
    (r"^@(?:node|c|chapheading|set|direntry|detailmenu)\b.*$", " "),
    (r"@anchor\{[^}]*\}|@(?:ref|email)\{[^,}]*,+", ""),
    (r"@[a-z]+(?=\{)|[{}]", ""),
    (r"@[a-z]+", " "),
)
_XML = ((r"\s*<[^>]*>\s*", " "),)


def written_words(out: Path, builder: str, docname: str) -> list[str]:
    """Return the words that a builder wrote for a page, those of pages in the same file included."""
    if builder in _ONE_FILE:
        file = next(file for file in sorted(out.iterdir()) if file.suffix == _ONE_FILE[builder])
    elif builder == "dirhtml":
        file = out / "index.html" if docname == "index" else out / docname / "index.html"
    else:
        file = out / f"{docname}{_SUFFIX[builder]}"
    text = file.read_text("utf-8")
    match builder:
        case "json":
            text = _of_html(json.loads(text)["body"])
        case "html" | "dirhtml" | "singlehtml" | "epub":
            text = _of_html(text)
        case "text":
            pass
        case _:
            text = _plain(text, {"latex": _LATEX, "man": _ROFF, "texinfo": _TEXINFO}.get(builder, _XML))
    return _words(html.unescape(text) if builder in {"xml", "pseudoxml"} else text)


_ONE_FILE = {"singlehtml": ".html", "latex": ".tex", "man": ".1", "texinfo": ".texi"}
_SUFFIX = {
    "html": ".html",
    "epub": ".xhtml",
    "text": ".txt",
    "xml": ".xml",
    "pseudoxml": ".pseudoxml",
    "json": ".fjson",
}


def _of_html(text: str) -> str:
    return html.unescape(_TAG.sub(" ", _INLINE_TAG.sub("", text)))


def _plain(text: str, pieces: tuple[tuple[str, str], ...]) -> str:
    for pattern, shown in pieces:
        text = re.sub(pattern, shown, text, flags=re.MULTILINE)
    return text


def _words(text: str) -> list[str]:
    return [word.casefold() for word in re.findall(r"[^\W_]+", text)]


def lost_runs(runs: list[Run], written: list[str]) -> list[Run]:
    """Return the runs that are not written whole; each is sought after the one before it, then anywhere.

    Some words stand elsewhere by design: the note on an answer, for one, is above it in the source.
    """
    text = _line_of(written)
    lost, place = [], 0
    for run in runs:
        wanted = _line_of(run)
        found = text.find(wanted, place)
        if found >= 0:
            place = found
        elif wanted not in text:
            lost.append(run)
    return lost


def _line_of(words: list[str]) -> str:
    """Return words with a blank around each, and around each Han sign: a line may end behind any of them."""
    spaced = re.sub(r"[\u3400-\u9fff]", r" \g<0> ", " ".join(words))
    return f" {' '.join(spaced.split())} "
