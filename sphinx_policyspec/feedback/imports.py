"""Remarks of a tracker, a table or links for feedback → records that name provisions, each with the reason why."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePath
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.feedback.joins import Links, ProvisionJoin, without_comments
from sphinx_policyspec.files import load_foreign_json
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.feedback import Feedback, FeedbackKind, FeedbackStatus
from sphinx_policyspec.model.finding import shown
from sphinx_policyspec.model.outlines import slug_of
from sphinx_policyspec.model.spec import is_date
from sphinx_policyspec.readers.feedback import FeedbackMap

_Word = TypeVar("_Word", bound=StrEnum)
_Meaning = TypeVar("_Meaning")
_TITLE = 300
"""Characters of a title that a record keeps."""
_COLUMNS = {
    "html_url": "url",
    "created_at": "date",
    "createdat": "date",
    "description": "body",
    "body": "body",
    "text": "text",
    "state": "state",
    "answered_in": "answered-in",
}
"""Columns by other names than those of keys."""
_ISSUE = re.compile(r"/([^/]{1,100})/(?:issues|discussions|pull|-/issues)/(\d{1,12})(?!\d)")
_NOWHERE = Span("", 1)
_FEW = 5
"""Releases that a hint names."""
_STATES = frozenset({"", "open", "closed", "merged", "opened", "reopened"})
_RIGHT = {
    "url": "an address begins with https:// or http://",
    "date": "a date is written as 2026-01-31",
}
_LISTED = re.compile(r"[;,|]|\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that somebody says, as a tracker or a table has it.

    :param body: what is said, which is looked at for names of provisions, and not kept
    :param state: what a tracker says of it: ``open`` or ``closed``
    :param stated: values of a table by the keys of a record, which people gave
    :param span: the row of a table
    """

    title: str
    body: str = ""
    url: str = ""
    number: str = ""
    date: str = ""
    state: str = ""
    reason: str = ""
    labels: tuple[str, ...] = ()
    stated: Mapping[str, str] | None = None
    span: Span = _NOWHERE


def read_remarks(text: str, name: str) -> tuple[Remark, ...]:
    """Return the remarks of a file: issues of GitHub as JSON, a table (CSV) with named columns, or a list of links (text).

    Raises :class:`SourceError` where it is none of these.

    :param name: of the file, which tells what it is
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in {".csv", ".tsv"}:
        return tuple(_of_table(text, name))
    if suffix in {".txt", ".md"}:
        if remarks := tuple(_of_links(text)):
            return remarks
        raise SourceError(
            f"`{name}` has no link for feedback, such as https://example.org/feedback?about=be_kind"
        )
    try:
        read = load_foreign_json(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"`{name}`: not JSON: {error}") from None
    issues = read.get("items", [read]) if isinstance(read, dict) else read
    if not isinstance(issues, list) or not all(isinstance(one, dict) and "title" in one for one in issues):
        raise SourceError(
            f"`{name}`: expected a list of issues with `title`, as `gh issue list --json` writes it"
        )
    return tuple(replace(_issue(one), span=Span(name, 1)) for one in issues if "pull_request" not in one)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _issue(issue: Mapping[str, Any]) -> Remark:
    """Return an issue, in the form of ``gh`` or of the REST interface."""
    labels = issue.get("labels")
    names = (
        _text(one.get("name")) if isinstance(one, dict) else _text(one)
        for one in (labels if isinstance(labels, list) else ())
    )
    number = issue.get("number")
    return Remark(
        title=_text(issue.get("title")),
        body=_text(issue.get("body")),
        # The address of the interface is no page that people read.
        url=_text(issue.get("html_url")) or _text(issue.get("url")),
        number=str(number) if isinstance(number, int) else "",
        date=(_text(issue.get("createdAt")) or _text(issue.get("created_at")))[:10],
        state=_text(issue.get("state")).lower(),
        reason=(_text(issue.get("stateReason")) or _text(issue.get("state_reason"))).lower(),
        labels=tuple(dict.fromkeys(filter(None, names))),
    )


def _of_table(text: str, name: str) -> Iterator[Remark]:
    # Spreadsheets of many countries write semicolons.
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise SourceError(f"`{name}`: not a table: {error}") from None
    if rows and "title" not in {(key or "").strip().lower() for key in rows[0][1]}:
        raise SourceError(f"`{name}`: the table has no column `title`")
    for line, row in rows:
        said = {
            _COLUMNS.get(key.strip().lower(), key.strip().lower()): value.strip()
            for key, value in row.items()
            if isinstance(key, str) and isinstance(value, str)
        }
        yield Remark(
            title=said.get("title", ""),
            body="\n".join(said.get(key, "") for key in ("body", "text", "page")),
            url=said.get("url", ""),
            number=said.get("number", ""),
            date=said.get("date", "")[:10],
            state=said.get("state", "").lower(),
            labels=tuple(one.strip() for one in re.split(r"[;,]", said.get("labels", "")) if one.strip()),
            stated=said,
            span=Span(name, line),
        )


def _of_links(text: str) -> Iterator[Remark]:
    """Yield a remark for each address for feedback; its title is the one that it gives."""
    for address in dict.fromkeys(re.findall(r"https?://[^\s<>\"'`\])]{1,2000}", text)):
        try:
            asked = parse_qs(urlsplit(address).query, max_num_fields=50)
        except ValueError:
            continue
        if not asked and not urlsplit(address).fragment:
            continue
        title = next((asked[key][0] for key in ("title", "about", "id") if key in asked), "")
        yield Remark(title=title or address, body=address, url=address)


class Importer:
    """Makes records of remarks; no two of its ids are equal. What it cannot take of a table is in ``findings``."""

    def __init__(self, links: Links, meaning: FeedbackMap) -> None:
        self._links = links
        self._meaning = meaning
        self.taken: set[str] = set()
        self.findings: list[Finding] = []

    def record(self, remark: Remark, name: str = "") -> Feedback:
        """Return the record of a remark: what it names, with reasons, and near titles where it names nothing.

        :param name: its id, if it has one already
        """
        stated = remark.stated or {}
        title = " ".join(remark.title.split())[:_TITLE] or "(without a title)"
        words = f"{remark.title}\n\n{remark.body}\n\n{remark.url}"
        because = {one.provision: one.because for one in self._links.joins(words)}
        named = [
            (one, f"label {label}")
            for label in remark.labels
            for one in _of(self._meaning.provisions, label) or ()
        ]
        named += [
            (one, "column `provisions`") for one in _split(stated.get("provisions", "").replace("`", ""))
        ]
        for one, why in named:
            join = self._links.join(one, why) if self._links.known(one) else ProvisionJoin(one, why)
            because.setdefault(join.provision, join.because)
        releases = self._links.linked_releases(words)
        hints = self._links.unknown_links(words)
        if len(releases) > 1:
            hints += (f"links to several releases: {', '.join(releases[:_FEW])}",)
        return Feedback(
            id=name or self._free(self.name_of(remark)),
            url=self._right(remark, "url", remark.url, is_right=is_web(remark.url)),
            date=self._right(remark, "date", remark.date, is_right=is_date(remark.date)),
            author=stated.get("author", ""),
            model=stated.get("model", ""),
            release=stated.get("release", "") or (releases[0] if len(releases) == 1 else ""),
            kind=self._stated(FeedbackKind, "kind", remark) or self._kind(remark),
            provisions=tuple(because),
            quote=stated.get("quote", ""),
            title=title,
            text=stated.get("text", ""),
            status=self._stated(FeedbackStatus, "status", remark) or self.status(remark),
            answered_in=stated.get("answered-in", ""),
            labels=remark.labels,
            because=tuple(f"{name}: {why}" for name, why in because.items()),
            hints=hints if because else (*hints, *self._links.near(title, without_comments(remark.body))),
            duplicates=_split(stated.get("duplicates", "")),
            contradicts=_split(stated.get("contradicts", "")),
            span=Span("", 1),
        )

    def _stated(self, kind: type[_Word], key: str, remark: Remark) -> _Word | None:
        """Return what a column says, by one of our words; another word is a finding."""
        word = (remark.stated or {}).get(key, "")
        found = next((one for one in kind if one.value == word.lower()), None)
        if word and found is None:
            self._refuse(remark, key, word, f"known are {', '.join(f'`{one.value}`' for one in kind)}")
        return found

    def _right(self, remark: Remark, key: str, value: str, *, is_right: bool) -> str:
        if value and not is_right:
            self._refuse(remark, key, value, _RIGHT[key])
        return value if is_right else ""

    def _refuse(self, remark: Remark, key: str, value: str, hint: str) -> None:
        whose = "" if remark.stated else f" of {self.name_of(remark)}"
        message = f"{shown(value)} is not a valid `{key}`{whose}: it is left out"
        self.findings.append(Finding(code="invalid-value", message=message, span=remark.span, hint=hint))

    def _kind(self, remark: Remark) -> FeedbackKind | None:
        """Return the kind that labels mean; nothing, with a finding, where they mean several that do not go together."""
        meant = [(one, kind) for one in remark.labels if (kind := _of(self._meaning.kinds, one))]
        kinds = {kind for _label, kind in meant}
        if kinds == {FeedbackKind.SPEC_DEFECT, FeedbackKind.MODEL_DEFECT}:
            return FeedbackKind.BOTH
        if len(kinds) > 1:
            words = ", ".join(f"{label} ({kind})" for label, kind in meant)
            self._refuse(
                remark, "kind", words, "keep one of these labels, or write the `kind` into the register"
            )
        return kinds.pop() if len(kinds) == 1 else None

    def status(self, remark: Remark) -> FeedbackStatus:
        """Return what a tracker's state means."""
        if found := self.mapped(remark):
            return found
        if remark.state not in _STATES:
            self._refuse(remark, "state", remark.state, "say in the map what it means")
        if remark.reason in {"not_planned", "duplicate"}:
            return FeedbackStatus.DECLINED
        return FeedbackStatus.ANSWERED if remark.state == "closed" else FeedbackStatus.OPEN

    def mapped(self, remark: Remark) -> FeedbackStatus | None:
        """Return what the map says that a tracker's state means, if it says anything."""
        statuses = self._meaning.statuses
        return _of(statuses, remark.reason) or _of(statuses, remark.state)

    @staticmethod
    def name_of(remark: Remark) -> str:
        """Return an id that tells where a remark comes from: the number of an issue after the name of its repository."""
        if stated := (remark.stated or {}).get("id", ""):
            return stated
        if found := _ISSUE.search(remark.url):
            return f"{slug_of(found[1])}-{found[2]}"
        if remark.number:
            return f"issue-{slug_of(remark.number)}"
        said = remark.url or f"{remark.title}\n{remark.body}"
        return f"f-{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:10]}"

    def _free(self, name: str) -> str:
        free, number = name, 1
        while free in self.taken:
            number += 1
            free = f"{name}-{number}"
        self.taken.add(free)
        return free


def _of(meanings: Mapping[str, _Meaning], word: str) -> _Meaning | None:
    """Return what a word of a tracker means, which counts no case."""
    return next((meaning for name, meaning in meanings.items() if name.casefold() == word.casefold()), None)


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, _LISTED.split(text))))


def is_web(address: str) -> bool:
    """Return whether an address is one that a page may link to."""
    return address.startswith(("https://", "http://"))


_DONE = frozenset({FeedbackStatus.ANSWERED, FeedbackStatus.DECLINED})
_STILL: Mapping[FeedbackStatus, frozenset[FeedbackStatus]] = {
    FeedbackStatus.OPEN: frozenset({FeedbackStatus.OPEN, FeedbackStatus.ACCEPTED}),
    FeedbackStatus.ANSWERED: _DONE,
}
"""What people may have written that a tracker's state does not contradict."""


def renewed(known: Feedback, now: Feedback, *, is_mapped: bool = False) -> Feedback:
    """Return a record as its tracker has it today: title, status and labels; all else stays as people wrote it.

    Its kind, and the provisions that it names with their release, are those of the tracker only as long as nobody wrote any.

    :param is_mapped: whether people have said what the tracker's state means
    """
    still = _STILL.get(now.status, frozenset({now.status}))
    # Many trackers close what a spec has yet to change; only a person can say that here they do not.
    is_waiting = (
        known.status is FeedbackStatus.ACCEPTED and not is_mapped and now.status is FeedbackStatus.ANSWERED
    )
    is_still = known.status in still or is_waiting or (known.answered_in and now.status in _DONE)
    found = replace(
        known,
        title=now.title,
        labels=now.labels,
        kind=known.kind or now.kind,
        status=known.status if is_still else now.status,
    )
    if found.provisions or not now.provisions:
        return found
    release = known.release or now.release
    return replace(found, provisions=now.provisions, release=release, because=now.because, hints=())
