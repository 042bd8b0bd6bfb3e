"""Which findings to tell: causes without what follows from them; how severe they are, what tells one from another, and a baseline."""

from __future__ import annotations

import bisect
import hashlib
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sphinx_policyspec.errors import BaselineError
from sphinx_policyspec.files import load_json
from sphinx_policyspec.model import Category, EvalPrompt, Example, Finding, Severity, Span, Spec
from sphinx_policyspec.model.finding import OFF, codes_of, is_part, near_name, rules
from sphinx_policyspec.readers.inline import slug
from sphinx_policyspec.readers.text import SourceLines, read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked of findings.

    :param select: codes or categories to tell alone; empty means all
    :param ignore: codes or categories to leave out
    :param severity: by code or category: a severity, or ``off``
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)

    def of(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that are to be told, as severe as they are to be."""
        wanted, unwanted = codes_of(self.select), codes_of(self.ignore)
        severities = {
            code: severity
            for name, severity in sorted(self.severity.items(), key=lambda item: item[0] not in set(Category))
            for code in codes_of([name])
        }
        for finding in findings:
            severity = severities.get(finding.code, finding.severity.value)
            chosen = not wanted or finding.code in wanted
            if chosen and finding.code not in unwanted and severity != OFF:
                same = severity == finding.severity.value
                yield finding if same else replace(finding, severity=Severity(severity))


_BROKEN = frozenset(
    """
    broken-attributes broken-tag crossed-tag depth-jump example-without-conversation heading-without-id lost-heading
    missing-prompt-header nested-principle text-outside-message unclosed-comment unclosed-fence unclosed-tag unknown-role
    unresolved-conflict untitled-example verdict-outside-comparison
    """.split()  # noqa: SIM905 - a list of literals is harder to read
)
"""Slips after which nothing can be said for certain of the block in which they stand."""
_DOUBTFUL = _BROKEN | frozenset(
    """
    duplicate-id duplicate-tag empty-block empty-comparison file-without-tag malformed-tag misplaced-tag missing-verdict
    non-assistant-alternative stale-prompt-header tag-without-file unknown-admonition unknown-verdict
    """.split()  # noqa: SIM905
)
"""Slips that may be why something is missing from the section in which they stand."""
_UNUSED = frozenset({"file-without-tag", "never-referenced", "unserved-goal", "unused-topic"})
"""Findings that nothing names something."""
_UNKNOWN = frozenset(
    {
        "dangling-reference",
        "release-without-entry",
        "stale-annotation",
        "tag-without-file",
        "unknown-goal",
        "unknown-provision",
        "unknown-topic",
    }
)
"""Findings that nothing has a name."""
_NAMELESS = frozenset({"broken-attributes", "duplicate-id", "heading-without-id", "lost-heading"})
"""Slips that may take a name from a heading."""
_HIDING = _NAMELESS | {
    "entry-without-release",
    "invalid-id",
    "malformed-tag",
    "stale-prompt-header",
    "tag-in-conversation",
    "undefined-label",
}
"""Slips that may be why something seems to lack its name."""
_MISSPELT = _HIDING | _UNKNOWN | {"title-of-nothing"}
"""Slips that may be why nothing seems to name something."""
_UNSAID = frozenset(
    """
    duplicate-key missing-key stale-annotation unknown-key unknown-override wrong-type
    """.split()  # noqa: SIM905
)
"""Slips of a sidecar that leave out what it was to say."""
_LEFT_OUT = _UNUSED | {"duplicate-id", "no-user-level", "self-reference"}
"""Findings that may follow from those."""
_SWALLOW = frozenset({"no-principle", "unclosed-comment"})
"""Slips that may take any name away."""
_DEPTHS = frozenset({"depth-jump", "nested-principle"})
"""Findings of where a heading stands among others: not told behind one that is lost."""
_STRUCTURE = frozenset({Category.DIALECT, Category.EXAMPLES, Category.PROMPTS, Category.COVERAGE})
_ADVICE = frozenset({Category.COVERAGE, Category.TRUE, Category.ACTIONABLE})
_QUOTED = re.compile(r"`([^`]+)`")
_WORD = re.compile(r"[\w-]+")
_MEANT = "did you mean "
_SHOWN = 3
"""As many other places of one name are listed."""
_LOOKS = 500_000
"""Pairs of names that are compared; where there are more, only equal ones are found."""


def causes(findings: Iterable[Finding], spec: Spec) -> list[Finding]:
    """Return the findings that do not merely follow from others among them, in source order.

    In a block the first slip of structure is told, and nothing that a reader finds behind it; of a section that holds
    a slip no advice is given; and that a name is missing is not told where a slip hides it. All that is told once
    the slip is mended.
    """
    ordered = sorted(findings, key=lambda found: (found.span, found.code, found.message))
    broken = [found for found in ordered if found.code in _DOUBTFUL]
    if not broken and not any(found.code in _MISSPELT | _SWALLOW | _UNSAID for found in ordered):
        return ordered
    blocks = _Blocks(spec)
    first: dict[tuple[str, str], int] = {}
    for found in ordered:
        first.setdefault((found.span.file, found.code), found.span.line)
    told = [found for found in _firsts(_outside_merges(ordered), blocks) if not _follows(found, first)]
    doubtful: dict[str, list[int]] = defaultdict(list)
    for found in broken:
        doubtful[found.span.file].append(found.span.line)
    told = [found for found in told if not blocks.holds_doubt(found, doubtful)]
    hidden = _Hidden(ordered, blocks)
    return [found for found in told if not hidden.explain(found)]


def _outside_merges(ordered: Sequence[Finding]) -> list[Finding]:
    """Return findings but for those between the marks of a merge, where everything may stand twice."""
    told: list[Finding] = []
    inside = Span("", 0)
    for found in ordered:
        if found.code == "unresolved-conflict":
            inside = found.span
        elif found.span.file == inside.file and inside.line <= found.span.line < inside.end_line:
            continue
        told.append(found)
    return told


def _firsts(ordered: Sequence[Finding], blocks: _Blocks) -> Iterator[Finding]:
    """Yield findings but for those behind the first slip of structure in their block."""
    first: dict[tuple[str, int], Finding] = {}
    for found in ordered:
        if found.code in _BROKEN:
            first.setdefault(blocks.of(found), found)
    for found in ordered:
        slip = first.get(blocks.of(found))
        follows = found.code in _BROKEN or (
            found.code not in _UNUSED and rules()[found.code].category in _STRUCTURE
        )
        if slip is None or found is slip or not follows or found.span < slip.span:
            yield found


def _follows(found: Finding, first: Mapping[tuple[str, str], int]) -> bool:
    """Return whether a finding follows from another kind of slip in its file.

    :param first: the line of the first finding of each code, by file
    """
    file = found.span.file
    if found.code in _DEPTHS:
        return first.get((file, "lost-heading"), _FOREVER) < found.span.line
    if found.code in _LEFT_OUT and any((file, code) in first for code in _UNSAID):
        return True
    if rules()[found.code].category in _ADVICE or _is_unknown(found):
        return any(code in _UNSAID and other.endswith((".yaml", ".yml")) for other, code in first)
    if found.code == "no-principle":
        return any((file, code) in first for code in ("lost-heading", "broken-attributes"))
    # Nothing ties the file to the spec: it may be no prompt file at all.
    is_stray = first.get((file, "file-without-tag")) == first.get((file, "missing-prompt-header")) == 1
    return is_stray and found.code in {"missing-prompt-header", "text-outside-prompt"}


def _is_unknown(found: Finding) -> bool:
    """Return whether a finding is of a topic, a goal or a level that resembles none that is declared."""
    return found.code in {"unknown-goal", "unknown-level", "unknown-topic"} and not found.hint.startswith(
        _MEANT
    )


class _Blocks:
    """What of a spec a finding is about."""

    def __init__(self, spec: Spec) -> None:
        self.titles = {
            (provision.span.file, provision.span.line): slug(provision.title).replace("-", "_")
            for provision in spec.provisions
        }
        self._examples = _extents(
            (one.span.file, one.span.line, one.span.end_line + (one.span.end_column > 1))
            for one in _conversations(spec)
        )
        open_: list[tuple[str, int, int]] = []
        self._ends: dict[tuple[str, int], int] = {}
        for provision in (*spec.provisions, None):
            while open_ and (
                provision is None or open_[-1][2] >= provision.depth or open_[-1][0] != provision.span.file
            ):
                file, line, _ = open_.pop()
                same = provision is not None and provision.span.file == file
                self._ends[file, line] = provision.span.line if same and provision else _FOREVER
            if provision is not None:
                open_.append((provision.span.file, provision.span.line, provision.depth))
        self._starts: dict[str, list[int]] = defaultdict(list)
        for file, line in sorted(self._ends):
            self._starts[file].append(line)

    def of(self, found: Finding) -> tuple[str, int]:
        """Return the first line of the example that a finding stands in, else its own."""
        file, line = found.span.file, found.span.line
        starts = self._examples.get(file, [])
        index = bisect.bisect_right(starts, (line, _FOREVER)) - 1
        return file, starts[index][0] if index >= 0 and line < starts[index][1] else line

    def section(self, file: str, line: int) -> tuple[int, int]:
        """Return the lines of the innermost provision around a line, those in it included."""
        starts = self._starts.get(file, [])
        index = bisect.bisect_right(starts, line) - 1
        return (starts[index], self._ends[file, starts[index]]) if index >= 0 else (line, line + 1)

    def holds_doubt(self, found: Finding, doubtful: Mapping[str, Sequence[int]]) -> bool:
        """Return whether a finding is advice on a section, or about the heading of one, that holds a slip."""
        places = list(found.related) if found.code == "stale-prompt-title" else []
        if rules()[found.code].category in _ADVICE or found.code == "example-without-comparison":
            places.append(found.span)
        for place in places:
            begin, end = self.section(place.file, place.line)
            lines = doubtful.get(place.file, ())
            index = bisect.bisect_left(lines, begin)
            if index < len(lines) and lines[index] < end:
                return True
        return False


class _Hidden:
    """The names that slips hide."""

    def __init__(self, findings: Sequence[Finding], blocks: _Blocks) -> None:
        self._titles: set[str] = set()
        self._whole: set[str] = set()
        self._names: dict[bool, set[str]] = {True: set(), False: set()}
        self._takes_all = any(found.code == "unclosed-comment" for found in findings)
        self._is_empty = any(found.code == "no-principle" for found in findings)
        self._taking = {found.span.file for found in findings if found.code in _NAMELESS}
        self._takes_declared = any(
            found.code == "duplicate-id" and found.message.startswith(("goal", "level", "topic"))
            for found in findings
        )
        self._looks = _LOOKS
        for found in findings:
            if found.code not in _MISSPELT:
                continue
            is_strong = found.code in _HIDING
            hint = found.hint if is_strong or found.hint.startswith(_MEANT) else ""
            names = {
                word for text in _QUOTED.findall(f"{found.message} {hint}") for word in _WORD.findall(text)
            }
            names |= {"".join(_WORD.findall(text)) for text in _QUOTED.findall(found.message)}
            if found.code in _NAMELESS:
                self._titles.add(blocks.titles.get((found.span.file, found.span.line), ""))
            self._whole |= {text for text in _QUOTED.findall(found.message) if _WORD.fullmatch(text)}
            # An id that two headings have is not lost: the one that the second was to have is.
            self._names[is_strong] |= names - {""} if found.code != "duplicate-id" else set()
        self._unused = self._names[True] | self._names[False]

    def explain(self, found: Finding) -> bool:
        """Return whether a slip is why a name seems to be missing."""
        is_unused = found.code in _UNUSED
        if not is_unused and found.code not in _UNKNOWN:
            return False
        is_far = not found.hint.startswith(_MEANT)
        is_any = found.code == "dangling-reference" and is_far
        is_lost = (is_any and found.span.file in self._taking) or (
            self._takes_declared and _is_unknown(found)
        )
        if is_lost or (self._takes_all and is_far) or (self._is_empty and is_unused):
            return True
        name = _QUOTED.search(found.message)
        if name is None or not (is_unused or is_far):
            # What a name that is there resembles is its own slip.
            return name is not None and (name[1] in self._names[True] or self._is_in_title(name[1]))
        return self._is_hidden(name[1], is_unused=is_unused)

    def _is_hidden(self, name: str, *, is_unused: bool) -> bool:
        hidden = self._unused if is_unused else self._names[True]
        if name in hidden:
            return True
        self._looks -= len(hidden) + len(self._titles)
        if self._looks <= 0:
            return False
        if not is_unused:
            return self._is_in_title(name) or bool(near_name(name, hidden))
        return bool(near_name(name, hidden)) or any(is_part(one, name) for one in self._whole)

    def _is_in_title(self, name: str) -> bool:
        self._looks -= len(self._titles)
        return self._looks > 0 and any(is_part(name, title) for title in self._titles)


def told_once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings; of those of one name that an id resembles, the first has the places of all: that id was changed."""
    ordered = tuple(findings)
    again: dict[str, list[Span]] = defaultdict(list)
    for found in ordered:
        if _may_be_renamed(found):
            again[found.message].append(found.span)
    for found in ordered:
        places = again[found.message] if _may_be_renamed(found) else [found.span]
        if found.span != places[0]:
            continue
        others = ", ".join(f"{place.file}:{place.line}" for place in places[1 : _SHOWN + 1])
        more = " and more" * (len(places) > _SHOWN + 1)
        said = f"{found.message}, as at {others}{more}"
        yield replace(found, message=said, related=tuple(places[1:])) if others else found


def _may_be_renamed(found: Finding) -> bool:
    return found.code == "dangling-reference" and found.hint.startswith(_MEANT)


_FOREVER = sys.maxsize


def _conversations(spec: Spec) -> tuple[Example | EvalPrompt, ...]:
    return (*spec.examples, *spec.prompts)


def _extents(items: Iterable[tuple[str, int, int]]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for file, start, end in items:
        found[file].append((start, end))
    return {file: sorted(places) for file, places in found.items()}


_PLACE = re.compile(r":\d+(?::\d+)?\b")
_LONGEST = 10_000
"""Characters beyond which the checksum of words stands for them: a long line may have many findings."""


def fingerprints(findings: Iterable[Finding], lines: SourceLines) -> tuple[str, ...]:
    """Return a fingerprint for each finding, in their order.

    It is made of the code, the file, the words of the line and the marked part of it, and a count where
    all of these are equal. Lines that move keep it, and so do other words for the same message.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    made = []
    known: dict[tuple[str, int, int, int], str] = {}
    for finding in findings:
        parts = (finding.code, finding.span.file, *_words(finding, lines, known))
        seen[parts] += 1
        text = "\0".join((*parts, str(seen[parts])))
        made.append(hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32])
    return tuple(made)


def _words(
    finding: Finding, lines: SourceLines, known: dict[tuple[str, int, int, int], str]
) -> tuple[str, str]:
    """Return what the finding stands at, or says where its file cannot be read.

    :param known: the words of places that were asked for, by file, line, begin and end
    """
    span = finding.span
    line = lines.line(span)
    if line is None:
        return "", _PLACE.sub("", finding.message)
    end = span.end_column - 1 if span.end_line == span.line else len(line)
    places = [(span.file, span.line, start, stop) for start, stop in ((0, len(line)), (span.column - 1, end))]
    for place in places:
        if place not in known:
            known[place] = _brief(" ".join(line[place[2] : place[3]].split()))
    return known[places[0]], known[places[1]]


def _brief(words: str) -> str:
    return words if len(words) <= _LONGEST else hashlib.sha256(words.encode(errors="replace")).hexdigest()


_VERSION = 1


def format_baseline(findings: Iterable[tuple[Finding, str]]) -> str:
    """Return a baseline of findings with their fingerprints: the same text for the same findings.

    Lines are left out, so that a file whose lines have moved has the same baseline.
    """
    entries = sorted(
        (finding.span.file, finding.code, fingerprint, finding.message) for finding, fingerprint in findings
    )
    content = {
        "version": _VERSION,
        "findings": [
            {"file": file, "code": code, "fingerprint": fingerprint, "message": message}
            for file, code, fingerprint, message in entries
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def read_baseline(path: Path) -> frozenset[str]:
    """Return the fingerprints in a baseline file."""
    text, problems = read_text(path, path.name)
    try:
        content = load_json(text)
        version = content["version"]
        known = frozenset(str(entry["fingerprint"]) for entry in content["findings"])
    except (ValueError, KeyError, TypeError) as error:
        why = f" ({error})" if isinstance(error, ValueError) else ""
        raise BaselineError(
            f"`{path}` is not a baseline{why}; `check --format baseline` writes one"
        ) from None
    if problems or version != _VERSION:
        raise BaselineError(
            f"`{path}` is not a baseline of version {_VERSION}; `check --format baseline` writes one"
        )
    return known
