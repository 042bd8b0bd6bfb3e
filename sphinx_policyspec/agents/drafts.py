"""A draft checked as part of a spec: Model Spec Markdown or reStructuredText, which can never open a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sphinx_policyspec.api.judging import check, find_fixes
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports.report_formats import Reported
from sphinx_policyspec.files import real_path, with_unsaved
from sphinx_policyspec.model import Finding, Markup, Principle, Prose, Span, Spec
from sphinx_policyspec.model.finding import Places
from sphinx_policyspec.readers.model_spec import read_model_spec
from sphinx_policyspec.readers.outlines import read_markdown
from sphinx_policyspec.readers.text import Reading
from sphinx_policyspec.sources import Loaded, checked

DRAFTS: Mapping[str, str] = MappingProxyType({"markdown": "draft.md", "rst": "draft.rst"})
"""The markups of drafts, each with its file name in answers."""
_FENCE = re.compile(r"^[ \t>]*(?P<marks>`{3,}|~{3,}|:{3,})[ \t]*(?:\{(?P<name>[^{}\s]{1,80})\})?")
_EXPLICIT = re.compile(r"^[ \t>]*\.\.[ \t]+(?P<name>[\w:.+-]{1,80})::")
_OURS = "policy:"
_DIRECTIVE = "write `.. policy:principle::` with `:id:` and `:authority:` below a heading"
_HEADING = "begin with a heading that has an id and a level, as in `## Be kind {#be_kind authority=user}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDraft:
    """The result of checking a draft.

    :param here: findings in the draft, with places in it
    :param elsewhere: new findings in the spec because of the draft
    :param provisions: ids of its provisions
    :param fixed: its text with all certain fixes; empty if there are none
    """

    here: tuple[Reported, ...]
    elsewhere: tuple[Finding, ...]
    provisions: tuple[str, ...]
    fixed: str


Place = tuple[str, str, str, int]
"""Code, message, file and line of a finding."""


def check_beside(
    loaded: Loaded, texts: Mapping[Path, str], known: Collection[Place], draft: str, markup: str
) -> CheckedDraft:
    """Return the findings on a draft at the end of a spec, and the new findings in the spec because of it.

    The spec that was read stays as it is, and no file is read.

    :param texts: texts of the files that it was read from
    :param known: what :func:`findings_without_draft` returns
    :param markup: markup of the draft, one of :data:`DRAFTS`
    """
    spec = loaded.spec
    file = _free_name(spec, DRAFTS[markup])
    reading, places = (
        _read_rst(spec, draft, file) if markup == "rst" else (_read(spec, draft, file), Places())
    )
    beside = {real_path(loaded.root / file): draft} if loaded.has_files else {}
    with with_unsaved({**texts, **beside}):
        combined = checked(
            replace(
                loaded,
                spec=_with_draft_at_end(spec, reading.spec),
                findings=reading.findings,
                causes=None,
                places=loaded.places | places,
            )
        )
        report = check(combined, use_baseline=False)
        fixed = find_fixes(combined, report).texts.get(file, "")
    own = (one for one in report.entries if one.finding.span.file == file)
    others = (one.finding for one in report.entries if one.finding.span.file != file)
    return CheckedDraft(
        here=tuple(_with_file_name(DRAFTS[markup], one) for one in own),
        elsewhere=tuple(one for one in others if _place(one) not in known),
        provisions=tuple(one.id for one in reading.spec.provisions),
        fixed=fixed,
    )


def findings_without_draft(loaded: Loaded, texts: Mapping[Path, str]) -> frozenset[Place]:
    """Return the places of the findings of the same checks in a spec without a draft."""
    with with_unsaved(texts):
        findings = check(checked(replace(loaded, findings=(), causes=None)), use_baseline=False)
    return frozenset(map(_place, findings))


def _place(finding: Finding) -> Place:
    return (finding.code, finding.message, finding.span.file, finding.span.line)


def _free_name(spec: Spec, name: str) -> str:
    """Return a file name that no file of a spec has."""
    names, suffix = {one.file for one in spec.documents}, Path(name).suffix
    more = (f"draft-{n}{suffix}" for n in range(2, len(names) + 3))
    return next(one for one in (name, *more) if one not in names)


def _with_file_name(name: str, entry: Reported) -> Reported:
    span = replace(entry.finding.span, file=name)
    return replace(entry, finding=replace(entry.finding, span=span))


def _read(spec: Spec, draft: str, file: str) -> Reading:
    """Read a draft as plain Markdown if the whole spec is, else as Model Spec Markdown."""
    is_plain = {one.markup for one in spec.documents} == {Markup.MARKDOWN}
    reading = read_markdown(draft, file, default_title="") if is_plain else read_model_spec(draft, file)
    # Its depth in the spec is not known, and guesses about plain Markdown are reported for the spec.
    roots = {one.span.line for one in reading.spec.provisions if one.parent is None}
    findings = [
        one
        for one in reading.findings
        if one.code != "reader-guess" and not (one.code == "depth-jump" and one.span.line in roots)
    ]
    findings += _missing_provisions(reading.spec, file, is_plain=is_plain)
    findings += (finding for block in _prose(reading.spec) for finding in _directives(block))
    return Reading(reading.spec, tuple(findings))


def _read_rst(spec: Spec, draft: str, file: str) -> tuple[Reading, Places]:
    """Read a draft as a page of a Sphinx project, and return the places of names in it, too."""
    try:
        from sphinx_policyspec.sphinx_ext.build.agents import read_rst_draft  # noqa: PLC0415  the core needs no Sphinx
    except ImportError as error:
        raise SourceError(f"reStructuredText is read by Sphinx, which cannot be imported: {error}") from None
    reading, places = read_rst_draft(draft, file, spec.provision_by_id)
    findings = reading.findings
    if not reading.spec.principles:
        message = "the draft has no principle"
        findings += (Finding(code="no-principle", message=message, span=Span(file, 1), hint=_DIRECTIVE),)
    return Reading(reading.spec, findings), places


def _missing_provisions(draft: Spec, file: str, *, is_plain: bool) -> Iterator[Finding]:
    """Report a draft without provisions, or text before its first one, which would join the provision above it."""
    stray = [one for one in draft.preamble if isinstance(one, Prose) and one.text.strip()]
    provisions = [
        one for one in draft.provisions if is_plain or isinstance(one, Principle) or "{" in one.source
    ]
    if not provisions:
        span = next((Span(file, one.span.line) for one in draft.provisions), Span(file, 1))
        yield Finding(code="no-principle", message="the draft has no principle", span=span, hint=_HEADING)
    elif stray:
        message = "this text is above every heading, and in no principle"
        yield Finding(
            code="no-principle", message=message, span=stray[0].span, hint="write it below a heading"
        )


def _prose(draft: Spec) -> Iterator[Prose]:
    yield from (block for _home, block in draft.walk() if isinstance(block, Prose))


def _directives(block: Prose) -> Iterator[Finding]:
    """Report the directives in a text, which are not run because they could read files into a page."""
    around = ""
    for number, line in enumerate(block.source.split("\n"), block.span.line):
        fence = _FENCE.match(line)
        name = fence["name"] if fence else ""
        if not around and (match := _EXPLICIT.match(line)):
            name = match["name"]
        if name and not around:
            directive = f"`{{{name}}}`" if fence else f"`.. {name}::`"
            yield Finding(
                code="unknown-directive",
                message=f"{directive} is a directive, and a draft is Model Spec Markdown, which has none: nothing is read by it",
                span=Span(block.span.file, number, 1, number, len(line) + 1),
                hint=_HEADING if name.startswith(_OURS) else "write out what it would bring in",
            )
        if fence:
            marks = fence["marks"]
            if not around:
                around = marks
            elif marks[0] == around[0] and len(marks) >= len(around) and not fence["name"]:
                around = ""


def _with_draft_at_end(spec: Spec, draft: Spec) -> Spec:
    """Return a spec with a draft at its end."""
    fields = ("documents", "preamble", "provisions", "clauses", "references", "links", "eval_tags")
    joined: dict[str, Any] = {name: (*getattr(spec, name), *getattr(draft, name)) for name in fields}
    # A page can also declare topics and goals; one with an id of the spec is repeated.
    repeated: list[Any] = []
    for name in ("topics", "goals"):
        ids = {one.id for one in getattr(spec, name)}
        repeated += (one for one in getattr(draft, name) if one.id in ids)
        joined[name] = (*getattr(spec, name), *(one for one in getattr(draft, name) if one.id not in ids))
    return replace(spec, **joined, repeated=(*spec.repeated, *draft.repeated, *repeated))
