"""The allowed statements of overlays for agents, in a marked block of a file whose other bytes stay unchanged."""

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
"""Bytes beyond which the size of a file that agents read with every task is reported."""


class ExportForm(StrEnum):
    """The readers that an export is written for."""

    AGENTS = "agents"
    """AGENTS.md."""
    CLAUDE = "claude"
    """CLAUDE.md, which imports an AGENTS.md beside it if that has the same content."""
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
    """A file that gives agents the allowed statements of overlays.

    :param data: the whole file with its blocks; the former content if there is an error
    :param report: the verdicts on all statements; refused ones are not in ``data``
    :param findings: why the file was left as it was, and what else to know about it
    """

    data: bytes
    report: OverlayReport
    findings: tuple[Finding, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every statement was judged and allowed, and the file could be written."""
        findings = (*self.findings, *self.report.findings)
        return not any(finding.severity is Severity.ERROR for finding in findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Brief):
    """The lines between two of our marks.

    :param digest: digest of its lines when they were written
    :param start: line of its first mark, counted from 0
    :param end: line after its last mark
    """

    name: str
    digest: str
    start: int
    end: int
    lines: tuple[str, ...]

    @property
    def is_edited(self) -> bool:
        """Whether somebody changed its lines since they were written."""
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
    """Return a file with the allowed statements of overlays; a refused one is never written.

    Raises :class:`SourceError` if the present file cannot be read, or two overlays have one name.

    :param file: its name, for findings
    :param standing: its present content
    :param agents: content of the AGENTS.md beside it
    :param folder: its folder, relative to that of the overlays: it gets the statements that can hold there
    :param above: the folder of the overlays, relative to its own; both are empty if it lies beside them, or elsewhere
    :param force: whether to write over a block that somebody changed
    :param budget: bytes beyond which its size is reported
    """
    if write := {ExportForm.JSONLD: statements_graph, ExportForm.OSCAL: oscal_profile}.get(form):
        return OverlayExport(data=write(resolved(report)), report=report, findings=())
    allowed = _allowed_within(report, folder, above)
    findings: list[Finding] = []
    if form is ExportForm.MESSAGE:
        paragraphs = (_line(one.statement.says) for verdicts in allowed.values() for one in verdicts)
        data = "\n\n".join(paragraphs).encode("utf-8", "replace") + b"\n" * any(allowed.values())
    else:
        blocks = {name: _block_lines(report, name, verdicts) for name, verdicts in allowed.items()}
        if form is ExportForm.CLAUDE:
            known = {one.name: one.lines for one in find_blocks(decoded(agents, "AGENTS.md")[0], "")[0]}
            # A file that already has the import needs no second one.
            instead = () if _imports_agents(decoded(standing, file)[0]) else ("@AGENTS.md",)
            blocks = {
                name: instead if lines and known.get(_mark_name(name)) == lines else lines
                for name, lines in blocks.items()
            }
        front = _front_matter(allowed) if form is ExportForm.MDC else ""
        data, findings[:] = _with_blocks(standing, blocks, file, front, force=force)
        if form is ExportForm.MDC and standing:
            findings += _other_globs(standing, allowed, file)
    if len(data) > budget:
        findings.append(
            Finding(
                code="over-budget",
                message=f"{len(data)} bytes are more than the {budget} that agents should read",
                span=Span(file, 1),
                hint="say less, or limit statements to some files (`where`)",
            )
        )
    return OverlayExport(data=data, report=report, findings=tuple(findings))


def _allowed_within(report: OverlayReport, folder: str, above: str) -> dict[str, list[StatementVerdict]]:
    """Return the allowed statements that can hold in a folder, by overlay, with patterns relative to the folder."""
    names = [overlay.name for overlay in report.overlays]
    marks = [_mark_name(name) for name in names]
    if twice := next((name for name in marks if marks.count(name) > 1), ""):
        raise SourceError(f"two overlays are called `{twice}`, and each has a block of its own: rename one")
    files = below(folder)
    return {
        name: [
            replace(
                one, statement=replace(one.statement, globs=from_above(from_inside(one.globs, folder), above))
            )
            for one in verdicts
            if may_meet(one.globs, files)
        ]
        for name, verdicts in report.allowed_by_overlay.items()
    }


# -- the lines of a block ----------------------------------------------------------------------


def _block_lines(report: OverlayReport, name: str, verdicts: Sequence[StatementVerdict]) -> tuple[str, ...]:
    """Return the lines between two marks: who speaks, and the statements grouped by where they hold."""
    if not verdicts:
        return ()
    overlay = next(one for one in report.overlays if one.name == name)
    lines = [f"<!-- {_comment_text(_head(overlay))} -->"]
    by_place = grouped((_where(one.statement), one.statement) for one in verdicts)
    for place in sorted(by_place, key=bool):
        lines += ["", place, ""] if place else []
        lines += (f"- {escaped(one.says)} <!-- {_comment_text(_keys(one))} -->" for one in by_place[place])
    return tuple(lines)


def _where(statement: OverlayStatement) -> str:
    """Return where a statement holds, in words."""
    files = " or ".join(map(_code, statement.globs))
    people = escaped(statement.audience)
    conditions = [f"files match {files}"] * bool(files) + [f"the audience is {people}"] * bool(people)
    return f"Where {' and '.join(conditions)}:" if conditions else ""


def _head(overlay: Overlay) -> dict[str, Any]:
    surface = {"surface": overlay.surface.value} if overlay.surface is not Surface.API else {}
    name = {"overlay": overlay.name} if overlay.name != _mark_name(overlay.name) else {}
    return {**name, "holder": overlay.holder, **surface}


def _keys(statement: OverlayStatement) -> dict[str, Any]:
    """Return the keys of a statement that decide its effect, as in its file."""
    targets = [
        {"provision": one.provision, "clause": one.clause} if one.clause else one.provision
        for one in statement.targets
    ]
    about = statement.name or (targets[0] if len(targets) == 1 else targets)
    where = {"globs": [*statement.globs], "audience": statement.audience}
    record = {
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
    return {key: value for key, value in record.items() if value}


def _comment_text(record: dict[str, Any]) -> str:
    """Return JSON that cannot end a comment or code, nor load a file."""
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
"""Text that, at the start of an item, would begin a list, heading, quotation, rule, table, code or link address."""
_SIGN = r"(?=@\S|#\w{1,40}:\S)"
_CALLS = re.compile(rf"(?<![\w/\\])(\\*+){_SIGN}")
_ESCAPED_CALLS = re.compile(rf"(?<![\w/\\])\\(\\*+){_SIGN}")
"""Where a word names a file that an agent would load: `@path` (Claude Code, Gemini CLI, Cursor), `#file:path` (Copilot).

After a backslash it is only a word, as in Markdown; the tools do not look between backticks.
"""
_IN_TAG = re.compile(r"<[A-Za-z/!?][^<>`]*+`")
_TICKS = re.compile(r"(?<!\\)(\\*+)(`++)")


def escaped(text: str) -> str:
    """Return words as a line of Markdown that opens, closes and loads nothing; :func:`unescaped` reverses it."""
    line = _closed(re.sub(r"&(?=(?:amp|lt|gt);|#)", "&amp;", _line(text)))
    line = f"{opening[1]}\\{opening[2]}" if (opening := _OPENS.fullmatch(line)) else line
    return _outside_code(line, partial(_CALLS.sub, r"\1\\"))


def unescaped(line: str) -> str:
    """Return the words that :func:`escaped` made a line of, on one line."""
    plain = re.sub(r"\A(\d*)\\", r"\1", _outside_code(line, partial(_ESCAPED_CALLS.sub, r"\1")))
    plain = _with_letters(plain).replace("&lt;!--", "<!--")
    plain = plain.replace("--&gt;", "-->").replace("--!&gt;", "--!>")
    return re.sub(r"&amp;(?=(?:amp|lt|gt);|#)", "&", plain)


def _with_letters(text: str) -> str:
    """Return a text with its numeric character references replaced by the letters that they stand for."""
    return re.sub(r"&#([1-9]\d{2,6});", lambda reference: chr(min(int(reference[1]), 0x10FFFF)), text)


def _closed(line: str) -> str:
    """Return a line that neither opens nor closes a comment."""
    return line.replace("<!--", "&lt;!--").replace("-->", "--&gt;").replace("--!>", "--!&gt;")


def _code(text: str) -> str:
    """Return words as a code span that nothing in them ends, and that loads no file."""
    line = _closed(_line(text))
    ticks = "`" * (max((len(run[2]) for run in _TICKS.finditer(line)), default=0) + 1)
    blank = " " * ("`" in line)
    return f"{ticks}{blank}{line}{blank}{ticks}"


def _outside_code(line: str, change: Callable[[str], str]) -> str:
    """Return a line changed outside of code (CommonMark, §6.1); if a tag may contain a backtick, nothing is code."""
    runs = [] if _IN_TAG.search(line) else [*_TICKS.finditer(line)]
    later = grouped((run[2], run) for run in reversed(runs))
    pieces: list[str] = []
    position = 0
    for run in runs:
        if run.start() < position:
            continue
        # A backslash escapes the first backtick of a run only.
        closing = later.get(run[2][len(run[1]) % 2 :], [])
        while closing and closing[-1].start() <= run.start():
            closing.pop()
        if closing:
            pieces += [change(line[position : run.end()]), line[run.end() : closing[-1].end()]]
            position = closing[-1].end()
    return "".join((*pieces, change(line[position:])))


def item_record(line: str) -> dict[str, Any]:
    """Return the statement in a line of a block, with the keys of an overlay file; empty if it is none."""
    words, _, comment = line.removeprefix("- ").rpartition(" <!-- {")
    is_item = line.startswith("- ") and comment.endswith("} -->")
    keys = _record("{" + comment.removesuffix(" -->")) if is_item else {}
    return {**keys, "says": unescaped(words)} if "id" in keys else {}


def head_record(lines: Sequence[str]) -> dict[str, Any]:
    """Return the record of who speaks in a block: `holder` and `surface`."""
    comment = re.fullmatch(r"<!-- (\{.*\}) -->", lines[0]) if lines else None
    return _record(comment[1]) if comment else {}


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
    """Return the lines of a text with their line ends, of whichever system."""
    return _LINE.findall(text)


def fenced(lines: Sequence[str]) -> set[int]:
    """Return the numbers, from 0, of the lines of fenced code, fences included; an unclosed fence opens nothing."""
    numbers: set[int] = set()
    start, mark = 0, ""
    for number, line in enumerate(lines):
        fence = _FENCE.match(line.rstrip())
        if not mark and fence:
            start, mark = number, fence[1]
        elif mark and fence and fence[1].startswith(mark) and not fence[2].strip():
            numbers.update(range(start, number + 1))
            mark = ""
    return numbers


def find_blocks(text: str, file: str) -> tuple[tuple[Block, ...], tuple[Finding, ...]]:
    """Return our blocks in a text, and findings on their marks."""
    lines, blocks, findings = lines_of(text), [], []
    code = fenced(lines)
    opening: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(lines):
        mark = _MARK.fullmatch(line.rstrip("\r\n")) if number not in code else None
        if mark is None:
            continue
        is_end = mark[1] == "end"
        if is_end and opening and opening[1][2] == mark[2]:
            start, first = opening
            inner = tuple(one.rstrip("\r\n") for one in lines[start + 1 : number])
            blocks.append(
                Block(name=mark[2], digest=first[3] or "", start=start, end=number + 1, lines=inner)
            )
            opening = None
        elif is_end or opening:
            findings.append(_unpaired_mark(file, number, mark))
        if not is_end:
            opening = number, mark
    if opening:
        findings.append(_unpaired_mark(file, *opening))
    findings += (
        _mark_finding(file, block.start, f"a second block `{block.name}`", "remove one")
        for number, block in enumerate(blocks)
        if any(other.name == block.name for other in blocks[:number])
    )
    return tuple(blocks), tuple(findings)


def _imports_agents(text: str) -> bool:
    """Return whether a file imports the AGENTS.md beside it, outside of our blocks and of code."""
    lines = lines_of(text)
    ours = {number for block in find_blocks(text, "")[0] for number in range(block.start, block.end)}
    left_out = ours | fenced(lines)
    others = (line.strip() for number, line in enumerate(lines) if number not in left_out)
    return not {"@AGENTS.md", "@./AGENTS.md"}.isdisjoint(others)


def _unpaired_mark(file: str, number: int, mark: re.Match[str]) -> Finding:
    other = "end" if mark[1] == "begin" else "begin"
    message = f"the mark `{mark[1]}` of `{printable(mark[2])}` has no matching `{other}`"
    return _mark_finding(file, number, message, "put both marks right, or remove them")


def _mark_finding(file: str, number: int, message: str, hint: str) -> Finding:
    return Finding(code="edited-block", message=message, span=Span(file, number + 1), hint=hint)


def _with_blocks(
    standing: bytes, blocks: dict[str, tuple[str, ...]], file: str, front: str, *, force: bool
) -> tuple[bytes, tuple[Finding, ...]]:
    """Return a file with its blocks inserted and all else unchanged; wholly unchanged if that would lose words."""
    text, codec = decoded(standing, file)
    mark, text = text[: text.startswith("\ufeff")], text.removeprefix("\ufeff")
    existing, findings = find_blocks(text, file)
    names = {
        _mark_name(name): tuple(line.encode(codec, _INSTEAD).decode(codec) for line in lines)
        for name, lines in blocks.items()
    }
    for block in existing:
        if block.name in names and block.is_edited and not force:
            message = f"block `{block.name}` was changed by hand"
            hint = "take the change over into the overlay, or write over it with `--force`"
            findings = (*findings, _mark_finding(file, block.start, message, hint))
    if findings:
        return standing, findings
    ends = re.findall(r"\r\n|\r|\n", text)
    end = max(dict.fromkeys(ends), key=ends.count, default="\n")
    standing_names = {block.name: block for block in existing}
    lines = lines_of(text)
    for block in reversed(existing):
        if block.name in names and names[block.name] != block.lines:
            # The last mark stays as it is, since its line end may differ from ours.
            lines[block.start : block.end - 1] = [_block_start(block.name, names[block.name], end)]
    whole = "".join(lines) or front.replace("\n", end)
    for name, content in names.items():
        if content and name not in standing_names:
            whole += f"{_separator(whole, end)}{_block_start(name, content, end)}<!-- policyspec:end {name} -->{end}"
    return (mark + whole).encode(codec, _INSTEAD), findings


_INSTEAD = "xmlcharrefreplace"
"""How letters that the encoding of a file lacks are written: Markdown shows the same."""


def _separator(text: str, end: str) -> str:
    """Return the line ends that separate a block from the text above it."""
    if not text or re.search(r"(?:\A|\r\n|\r|\n)(?:\r\n|\r|\n)\Z", text):
        return ""
    return end if text.endswith(("\r", "\n")) else end * 2


def _block_start(name: str, content: Sequence[str], end: str) -> str:
    """Return a block without its last mark."""
    begin = f"<!-- policyspec:begin {name} {_digest(content)} -->"
    return "".join(f"{line}{end}" for line in (begin, *content))


def _mark_name(name: str) -> str:
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
    """Return a text and its encoding, which restores the exact bytes; text that is not UTF-8 is decoded byte by byte."""
    codec = next((codec for mark, codec in _MARKED if data.startswith(mark)), "utf-8")
    try:
        return data.decode(codec), codec
    except UnicodeDecodeError:
        if codec != "utf-8":
            raise SourceError(f"`{file}` begins as {codec} and does not go on so") from None
        return data.decode("latin-1"), "latin-1"


# -- front matter ------------------------------------------------------------------------------


def _globs(allowed: dict[str, list[StatementVerdict]]) -> list[str]:
    """Return the patterns where statements hold; empty if one holds everywhere."""
    patterns = [one.statement.globs for verdicts in allowed.values() for one in verdicts]
    return (
        [*dict.fromkeys(glob for globs in patterns for glob in globs)] if patterns and all(patterns) else []
    )


def _front_matter(allowed: dict[str, list[StatementVerdict]]) -> str:
    globs = _globs(allowed)
    about = f"description: {dump_json('Rules of ' + ', '.join(allowed))}\n"
    where = f"globs: {dump_json(globs)}\nalwaysApply: {dump_json(not globs)}\n"
    return f"---\n{about}{where}---\n\n"


def _other_globs(standing: bytes, allowed: dict[str, list[StatementVerdict]], file: str) -> Iterator[Finding]:
    """Report existing front matter that does not load the rules where they hold."""
    front = re.match(r"\ufeff?---[ \t]*\r?\n(.*?)\r?\n---", decoded(standing, file)[0], re.DOTALL)
    matter = front[1] if front else ""
    lacking = [glob for glob in _globs(allowed) if glob not in matter]
    if lacking or not (_globs(allowed) or re.search(r"^alwaysApply: *true\b", matter, re.MULTILINE)):
        wanted = f"`globs: {dump_json(lacking)}`" if lacking else "`alwaysApply: true`"
        yield Finding(
            code="other-globs",
            message="its front matter does not load the rules where they apply",
            span=Span(file, 1),
            hint=f"add {wanted}",
        )
