"""What agents read of overlays: the allowed statements, in a marked block of a file whose other bytes stay as they are."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.files import Brief, dump_json, grouped, load_json, printable
from sphinx_policyspec.model import Finding, Severity, Span, StatementMode, Surface
from sphinx_policyspec.overlays.check import OverlayReport
from sphinx_policyspec.overlays.places import below, from_above, from_inside, may_meet
from sphinx_policyspec.overlays.resolve import oscal_profile, resolved, statements_graph
from sphinx_policyspec.overlays.verdicts import StatementVerdict
from sphinx_policyspec.readers.overlays import Overlay, OverlayStatement

BUDGET = 16 * 1024
"""Bytes of a file that agents read with every task, beyond which it is told."""


class ExportForm(StrEnum):
    """Who reads it."""

    AGENTS = "agents"
    """AGENTS.md."""
    CLAUDE = "claude"
    """CLAUDE.md, which imports an AGENTS.md beside it that says the same."""
    MDC = "mdc"
    """A rule of Cursor, with front matter."""
    MESSAGE = "message"
    """A developer message: the words alone."""
    JSONLD = "jsonld"
    """Programs: the statements as JSON-LD, with the IRIs of what they are about."""
    OSCAL = "oscal"
    """Tools for compliance: a profile of OSCAL, which adds each statement to its target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayExport(Brief):
    """What agents read of overlays.

    :param data: the whole file with its blocks; what stood there where an error is found
    :param report: what was judged; what it refuses is not in ``data``
    :param findings: why the file was left as it was, and what is to be known of it
    """

    data: bytes
    report: OverlayReport
    findings: tuple[Finding, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every statement could be judged, none was refused, and nothing stood in the way."""
        found = (*self.findings, *self.report.findings)
        return not any(finding.severity is Severity.ERROR for finding in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Brief):
    """What stands between two of our marks.

    :param digest: of its lines when they were written
    :param start: of its first mark, in lines from 0
    :param end: behind its last mark
    """

    name: str
    digest: str
    start: int
    end: int
    lines: tuple[str, ...]

    @property
    def is_edited(self) -> bool:
        """Whether somebody changed it."""
        return _digest(self.lines) != self.digest


def export_overlays(
    report: OverlayReport,
    form: ExportForm,
    *,
    file: str = "",
    standing: bytes = b"",
    agents: bytes = b"",
    folder: str = "",
    above: str = "",
    force: bool = False,
    budget: int = BUDGET,
) -> OverlayExport:
    """Return a file with the allowed statements of overlays; a refused one never leaves.

    Raises :class:`SourceError` where what stands there cannot be read, or two overlays have one name.

    :param file: its name, for findings
    :param standing: what it holds so far
    :param agents: what the AGENTS.md beside it holds
    :param folder: where it stands, from the folder of the overlays on: it gets what can hold there
    :param above: that folder, from where it stands on; both are empty where that is at them, or elsewhere
    :param force: whether to write over a block that somebody changed
    :param budget: bytes beyond which its size is told
    """
    if write := {ExportForm.JSONLD: statements_graph, ExportForm.OSCAL: oscal_profile}.get(form):
        return OverlayExport(data=write(resolved(report)), report=report, findings=())
    said = _said(report, folder, above)
    findings: list[Finding] = []
    if form is ExportForm.MESSAGE:
        paragraphs = (_line(one.statement.says) for found in said.values() for one in found)
        data = "\n\n".join(paragraphs).encode("utf-8", "replace") + b"\n" * any(said.values())
    else:
        blocks = {name: _content(report, name, found) for name, found in said.items()}
        if form is ExportForm.CLAUDE:
            known = {one.name: one.lines for one in find_blocks(decoded(agents, "AGENTS.md")[0], "")[0]}
            # A file that has the import already needs no second one.
            instead = () if _imports_agents(decoded(standing, file)[0]) else ("@AGENTS.md",)
            blocks = {
                name: instead if lines and known.get(_named(name)) == lines else lines
                for name, lines in blocks.items()
            }
        front = _front_matter(said) if form is ExportForm.MDC else ""
        data, findings[:] = _written(standing, blocks, file, front, force=force)
        if form is ExportForm.MDC and standing:
            findings += _other_globs(standing, said, file)
    if len(data) > budget:
        findings.append(
            Finding(
                code="over-budget",
                message=f"{len(data)} bytes are more than the {budget} that agents are to read",
                span=Span(file, 1),
                hint="say less, or let statements hold in some files alone (`where`)",
            )
        )
    return OverlayExport(data=data, report=report, findings=tuple(findings))


def _said(report: OverlayReport, folder: str, above: str) -> dict[str, list[StatementVerdict]]:
    """Return the allowed statements that can hold in a folder, by the name of their overlay, with patterns as they are from there."""
    names = [overlay.name for overlay in report.overlays]
    marks = [_named(name) for name in names]
    if twice := next((name for name in marks if marks.count(name) > 1), ""):
        raise SourceError(f"two overlays are called `{twice}`, and each has a block of its own: rename one")
    files = below(folder)
    return {
        name: [
            replace(
                one, statement=replace(one.statement, globs=from_above(from_inside(one.globs, folder), above))
            )
            for one in found
            if may_meet(one.globs, files)
        ]
        for name, found in report.said.items()
    }


# -- the lines of a block ----------------------------------------------------------------------


def _content(report: OverlayReport, name: str, said: Sequence[StatementVerdict]) -> tuple[str, ...]:
    """Return the lines between two marks: who speaks, and the statements by where they hold."""
    if not said:
        return ()
    overlay = next(one for one in report.overlays if one.name == name)
    lines = [f"<!-- {_commented(_head(overlay))} -->"]
    by_place = grouped((_where(one.statement), one.statement) for one in said)
    for place in sorted(by_place, key=bool):
        lines += ["", place, ""] if place else []
        lines += (f"- {escaped(one.says)} <!-- {_commented(_keys(one))} -->" for one in by_place[place])
    return tuple(lines)


def _where(statement: OverlayStatement) -> str:
    """Return in words where a statement holds."""
    files = " or ".join(map(_code, statement.globs))
    people = escaped(statement.audience)
    told = [f"files match {files}"] * bool(files) + [f"the audience is {people}"] * bool(people)
    return f"Where {' and '.join(told)}:" if told else ""


def _head(overlay: Overlay) -> dict[str, Any]:
    surface = {"surface": overlay.surface.value} if overlay.surface is not Surface.API else {}
    name = {"overlay": overlay.name} if overlay.name != _named(overlay.name) else {}
    return {**name, "holder": overlay.holder, **surface}


def _keys(statement: OverlayStatement) -> dict[str, Any]:
    """Return the keys of a statement that decide what it does, as its file has them."""
    targets = [
        {"provision": one.provision, "clause": one.clause} if one.clause else one.provision
        for one in statement.targets
    ]
    about = statement.name or (targets[0] if len(targets) == 1 else targets)
    where = {"globs": [*statement.globs], "audience": statement.audience}
    given = {
        "id": statement.id,
        statement.operation.value: about,
        "mode": statement.mode.value if statement.mode is not StatementMode.EXPLICIT else "",
        "issue": statement.issue,
        "value": statement.value,
        "forbids": [*statement.forbids],
        "scope": [*statement.scope],
        "level": statement.level,
        "chapter": statement.chapter,
        "where": {key: value for key, value in where.items() if value},
    }
    return {key: value for key, value in given.items() if value}


def _commented(record: dict[str, Any]) -> str:
    """Return JSON that can end neither a comment nor code, and loads nothing."""
    text = dump_json(record)
    for sign in "<>`@#":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.replace("--", "-\\u002d")


def _line(text: str) -> str:
    return printable(" ".join(text.split()))


_OPENS = re.compile(
    r"(?=[-+*](?:\s|\Z)|[-+*_=\s]+\Z|#{1,6}(?:\s|\Z)|[>|]|\d*\\|```|~~~|\d{1,9}[.)](?:\s|\Z)|\[[^\[\]]{1,999}\]:)(\d*)(.*)",
    re.DOTALL,
)
"""What would begin a list, heading, quotation, rule, table, code or the address of a link where an item begins."""
_SIGN = r"(?=@\S|#\w{1,40}:\S)"
_CALLS = re.compile(rf"(?<![\w/\\])(\\*+){_SIGN}")
_CALLED = re.compile(rf"(?<![\w/\\])\\(\\*+){_SIGN}")
"""Where a word names a file that an agent would load: `@path` (Claude Code, Gemini CLI, Cursor), `#file:path` (Copilot).

Behind a backslash it is but a word, as Markdown has it, and between backticks, where the tools look for none.
"""
_IN_TAG = re.compile(r"<[A-Za-z/!?][^<>`]*+`")
_TICKS = re.compile(r"(?<!\\)(\\*+)(`++)")


def escaped(text: str) -> str:
    """Return words as a line of Markdown that opens, closes and loads nothing; :func:`unescaped` gives them back."""
    line = _closed(re.sub(r"&(?=(?:amp|lt|gt);|#)", "&amp;", _line(text)))
    line = f"{found[1]}\\{found[2]}" if (found := _OPENS.fullmatch(line)) else line
    return _outside_code(line, partial(_CALLS.sub, r"\1\\"))


def unescaped(line: str) -> str:
    """Return what :func:`escaped` was given, in one line."""
    plain = re.sub(r"\A(\d*)\\", r"\1", _outside_code(line, partial(_CALLED.sub, r"\1")))
    plain = _with_letters(plain).replace("&lt;!--", "<!--")
    plain = plain.replace("--&gt;", "-->").replace("--!&gt;", "--!>")
    return re.sub(r"&amp;(?=(?:amp|lt|gt);|#)", "&", plain)


def _with_letters(text: str) -> str:
    """Return a text with the letters that its file does not have, and numbers stand for."""
    return re.sub(r"&#([1-9]\d{2,6});", lambda found: chr(min(int(found[1]), 0x10FFFF)), text)


def _closed(line: str) -> str:
    """Return a line that neither opens nor closes a comment."""
    return line.replace("<!--", "&lt;!--").replace("-->", "--&gt;").replace("--!>", "--!&gt;")


def _code(text: str) -> str:
    """Return words as code, which holds and loads nothing else."""
    line = _closed(_line(text))
    ticks = "`" * (max((len(run[2]) for run in _TICKS.finditer(line)), default=0) + 1)
    blank = " " * ("`" in line)
    return f"{ticks}{blank}{line}{blank}{ticks}"


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    """Return a line with what stands outside of code changed (CommonMark, §6.1); where a tag may hold a backtick, nothing is code."""
    runs = [] if _IN_TAG.search(line) else [*_TICKS.finditer(line)]
    later = grouped((run[2], run) for run in reversed(runs))
    made: list[str] = []
    begun = 0
    for run in runs:
        if run.start() < begun:
            continue
        # A backslash takes its meaning from the first backtick alone.
        closing = later.get(run[2][len(run[1]) % 2 :], [])
        while closing and closing[-1].start() <= run.start():
            closing.pop()
        if closing:
            made += [change(line[begun : run.end()]), line[run.end() : closing[-1].end()]]
            begun = closing[-1].end()
    return "".join((*made, change(line[begun:])))


def item_record(line: str) -> dict[str, Any]:
    """Return what a line of a block says, with the keys of an overlay file; nothing where it is no statement."""
    said, _, given = line.removeprefix("- ").rpartition(" <!-- {")
    is_item = line.startswith("- ") and given.endswith("} -->")
    keys = _record("{" + given.removesuffix(" -->")) if is_item else {}
    return {**keys, "says": unescaped(said)} if "id" in keys else {}


def head_record(lines: Sequence[str]) -> dict[str, Any]:
    """Return who speaks in a block: `holder` and `surface`."""
    found = re.fullmatch(r"<!-- (\{.*\}) -->", lines[0]) if lines else None
    return _record(found[1]) if found else {}


def _record(text: str) -> dict[str, Any]:
    try:
        record = load_json(_with_letters(text))
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


# -- the file around it ------------------------------------------------------------------------

_MARK = re.compile(r"<!-- policyspec:(begin|end) (\S+)(?: ([0-9a-f]{16}))? -->[ \t]*")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_FENCE = re.compile(r"[ \t>]*(`{3,}|~{3,})([^`]*)")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text with their ends, of whichever system."""
    return _LINE.findall(text)


def fenced(lines: Sequence[str]) -> set[int]:
    """Return the numbers, from 0, of lines of code between fences; a fence that nothing closes opens nothing."""
    found: set[int] = set()
    start, mark = 0, ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line.rstrip())
        if not mark and fence:
            start, mark = number, fence[1]
        elif mark and fence and fence[1].startswith(mark) and not fence[2].strip():
            found.update(range(start, number + 1))
            mark = ""
    return found


def find_blocks(text: str, file: str) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
    """Return our blocks in a text, and what is wrong with their marks."""
    lines, blocks, findings = lines_of(text), [], []
    code = fenced(lines)
    begun: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(lines):
        mark = _MARK.fullmatch(line.rstrip("\r\n")) if number not in code else None
        if mark is None:
            continue
        is_end = mark[1] == "end"
        if is_end and begun and begun[1][2] == mark[2]:
            start, first = begun
            inner = tuple(one.rstrip("\r\n") for one in lines[start + 1 : number])
            blocks.append(
                Block(name=mark[2], digest=first[3] or "", start=start, end=number + 1, lines=inner)
            )
            begun = None
        elif is_end or begun:
            findings.append(_broken(file, number, mark))
        if not is_end:
            begun = number, mark
    if begun:
        findings.append(_broken(file, *begun))
    findings += (
        _edited(file, block.start, f"a second block `{block.name}`", "remove one")
        for number, block in enumerate(blocks)
        if any(other.name == block.name for other in blocks[:number])
    )
    return tuple(blocks), tuple(findings)


def _imports_agents(text: str) -> bool:
    """Return whether a file imports the AGENTS.md beside it, outside of our blocks and of code."""
    lines = lines_of(text)
    ours = {number for block in find_blocks(text, "")[0] for number in range(block.start, block.end)}
    left_out = ours | fenced(lines)
    kept = (line.strip() for number, line in enumerate(lines) if number not in left_out)
    return not {"@AGENTS.md", "@./AGENTS.md"}.isdisjoint(kept)


def _broken(file: str, number: int, mark: re.Match[str]) -> Finding:
    other = "end" if mark[1] == "begin" else "begin"
    told = f"the mark `{mark[1]}` of `{printable(mark[2])}` stands without its `{other}`"
    return _edited(file, number, told, "put both marks right, or remove them")


def _edited(file: str, number: int, message: str, hint: str) -> Finding:
    return Finding(code="edited-block", message=message, span=Span(file, number + 1), hint=hint)


def _written(
    standing: bytes, blocks: dict[str, tuple[str, ...]], file: str, front: str, *, force: bool
) -> tuple[bytes, tuple[Finding, ...]]:
    """Return a file with blocks put into it, all else as it stands; as it stands altogether where that would lose words."""
    text, codec = decoded(standing, file)
    mark, text = text[: text.startswith("\ufeff")], text.removeprefix("\ufeff")
    found, findings = find_blocks(text, file)
    names = {
        _named(name): tuple(line.encode(codec, _INSTEAD).decode(codec) for line in lines)
        for name, lines in blocks.items()
    }
    for block in found:
        if block.name in names and block.is_edited and not force:
            told = f"block `{block.name}` was changed by hand"
            hint = "take the change over into the overlay, or write over it with `--force`"
            findings = (*findings, _edited(file, block.start, told, hint))
    if findings:
        return standing, findings
    ends = re.findall(r"\r\n|\r|\n", text)
    end = max(dict.fromkeys(ends), key=ends.count, default="\n")
    standing_names = {block.name: block for block in found}
    lines = lines_of(text)
    for block in reversed(found):
        if block.name in names and names[block.name] != block.lines:
            # The last mark stays, with a line end that may be half of one of others.
            lines[block.start : block.end - 1] = [_opened(block.name, names[block.name], end)]
    whole = "".join(lines) or front.replace("\n", end)
    for name, content in names.items():
        if content and name not in standing_names:
            whole += f"{_gap(whole, end)}{_opened(name, content, end)}<!-- policyspec:end {name} -->{end}"
    return (mark + whole).encode(codec, _INSTEAD), findings


_INSTEAD = "xmlcharrefreplace"
"""What a file of few letters gets of ours: Markdown shows the same."""


def _gap(text: str, end: str) -> str:
    """Return the line ends that part a block from what stands above it."""
    if not text or re.search(r"(?:\A|\r\n|\r|\n)(?:\r\n|\r|\n)\Z", text):
        return ""
    return end if text.endswith(("\r", "\n")) else end * 2


def _opened(name: str, content: Sequence[str], end: str) -> str:
    """Return a block up to its last mark."""
    begin = f"<!-- policyspec:begin {name} {_digest(content)} -->"
    return "".join(f"{line}{end}" for line in (begin, *content))


def _named(name: str) -> str:
    """Return the name of an overlay as a word that ends no comment."""
    return re.sub(r"[^\w.]+", "-", name).strip("-") or "overlay"


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


_MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decoded(data: bytes, file: str) -> tuple[str, str]:
    """Return a text and its encoding, which gives back the very bytes; what is not UTF-8 is taken byte by byte."""
    codec = next((codec for mark, codec in _MARKED if data.startswith(mark)), "utf-8")
    try:
        return data.decode(codec), codec
    except UnicodeDecodeError:
        if codec != "utf-8":
            raise SourceError(f"`{file}` begins as {codec} and does not go on so") from None
        return data.decode("latin-1"), "latin-1"


# -- front matter ------------------------------------------------------------------------------


def _globs(said: dict[str, list[StatementVerdict]]) -> list[str]:
    """Return where statements hold; nothing where one holds everywhere."""
    found = [one.statement.globs for verdicts in said.values() for one in verdicts]
    return [*dict.fromkeys(glob for globs in found for glob in globs)] if found and all(found) else []


def _front_matter(said: dict[str, list[StatementVerdict]]) -> str:
    globs = _globs(said)
    about = f"description: {dump_json('Rules of ' + ', '.join(said))}\n"
    where = f"globs: {dump_json(globs)}\nalwaysApply: {dump_json(not globs)}\n"
    return f"---\n{about}{where}---\n\n"


def _other_globs(standing: bytes, said: dict[str, list[StatementVerdict]], file: str) -> Iterator[Finding]:
    """Find that the front matter of others loads a rule elsewhere than where it holds."""
    front = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---", decoded(standing, file)[0], re.DOTALL)
    held = front[1] if front else ""
    lacking = [glob for glob in _globs(said) if glob not in held]
    if lacking or not (_globs(said) or re.search(r"^alwaysApply: *true\b", held, re.MULTILINE)):
        wanted = f"`globs: {dump_json(lacking)}`" if lacking else "`alwaysApply: true`"
        yield Finding(
            code="other-globs",
            message="its front matter does not load the rules where they hold",
            span=Span(file, 1),
            hint=f"add {wanted}",
        )
