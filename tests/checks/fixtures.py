"""The quiet and the loud fixture of each code: how a file or folder becomes findings."""

from __future__ import annotations

import shutil
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.decision_records.undocumented import undocumented_findings
from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.feedback.check import FeedbackCheck
from sphinx_policyspec.files import printable
from sphinx_policyspec.model import EvalPrompt, EvalTag, Finding, Principle, Prose, Span, Spec
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.overlays.resolve import cases_below, resolved
from sphinx_policyspec.readers import cases, text
from sphinx_policyspec.readers.feedback import read_registers
from sphinx_policyspec.readers.judgements import read_triage
from sphinx_policyspec.readers.overlays import read_overlay
from tests.conftest import REPOSITORY

__all__ = ["CASES", "case_file", "found_in"]

CASES = REPOSITORY / "tests" / "checks" / "cases"
CONF = 'project = "Case"\nextensions = ["sphinx_policyspec"]\nroot_doc = "index"\n'


def case_file(code: str, which: str) -> Path:
    """Return the fixture of a code: ``good`` or ``bad``, a file of some kind or a folder."""
    found = [path for path in (CASES / code).glob(f"{which}*") if path.suffix != ".txt"]
    assert len(found) == 1, f"{code} needs one {which} fixture"
    return found[0]


def found_in(path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return every finding about a fixture in the one-line form."""
    code = path.parent.name
    if code == "unreadable-file" and path.name == "bad":
        monkeypatch.setattr(text, "MAX_BYTES", 60)
    if path.suffix in {".myst", ".rst"}:
        return _shown(_project(path, scratch).findings)
    if path.suffix == ".py":
        return _shown(_configured(path, scratch).findings)
    for suffix, found_by in (
        (".case.yaml", _case),
        (".judgements.yaml", _judged),
        (".results.jsonl", _evaluated),
        (".triage.yaml", _triaged),
        (".overlay.yaml", _overlaid),
        (".feedback.yaml", _fed_back),
        (".proposal.md", _proposed),
        (".decision.md", _decided),
        (".sssom.tsv", _aligned),
        (".import.md", _drafted),
        (".agents.md", _exported),
        (".agents.mdc", _exported),
    ):
        if path.name.endswith(suffix):
            return found_by(path, monkeypatch)
    if path.suffix == ".yaml":
        try:
            return _shown(ps.load_checked(CASES / "spec.md", annotations=path).findings)
        except AnnotationError as error:
            # In a project it is a finding; elsewhere the file was given by hand and nothing can be done.
            return [f"{path.name}{str(error).removeprefix(str(path))} [annotations]"]
    # Releases beside each other: the newest is the one that is meant.
    dated = sorted(path.glob("20*")) if path.is_dir() else []
    loaded = ps.load_checked(dated[-1] if dated else path, annotate=False)
    written = ps.write_rdf(loaded.spec, BytesIO(), "rdf") if code == "unrepresentable-character" else ()
    return _shown((*loaded.findings, *written))


def _shown(findings: tuple[Finding, ...]) -> list[str]:
    return [printable(str(finding)) for finding in findings]


def _case(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(path.parent)
    if path.parent.name == "case-too-large":
        monkeypatch.setattr(cases, "MAX_ITEMS", 2)
    if path.parent.name == "ambiguous-provision":
        return _shown(ps.decide_each(path.name, specs=_twins(), alignments=[]).findings)
    return _shown(ps.decide(CASES / "spec.md", path.name).findings)


def _judged(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what a comparison with a spec that says more finds."""
    monkeypatch.chdir(path.parent)
    old = ps.load(CASES / "spec.md", annotate=False)
    more = Prose(source="", text="It must not be unkind.", span=Span("spec.md", 3))
    provisions = (replace(old.provisions[0], blocks=(more,)), *old.provisions[1:])
    return _shown(ps.diff(old, replace(old, provisions=provisions), judgements=path.name).findings)


def _evaluated(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of results of a spec whose first provision has an eval tag."""
    monkeypatch.chdir(path.parent)
    read = ps.load(CASES / "spec.md", annotate=False)
    tag = EvalTag(tag="a1b2", provision="be_kind", clause="Be kind.", span=Span("spec.md", 3))
    return _shown(ps.read_results(replace(read, eval_tags=(tag,)), path.name).findings)


def _triaged(path: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of what people say of outputs, on a spec with one prompt."""
    read = ps.load(CASES / "spec.md", annotate=False)
    prompt = EvalPrompt(id="p1", title="", turns=(), source="", span=Span("spec.md", 3))
    kind = replace(read.provisions[0], blocks=(prompt,))
    return _shown(read_triage(path, path.name, replace(read, provisions=(kind, *read.provisions[1:])))[1])


def _overlaid(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of an overlay on a spec with an older release."""
    monkeypatch.chdir(path.parent)
    read = ps.load(CASES / "upstream.md", annotate=False)
    changes: dict[str, dict[str, Any]] = {
        "keep_safe": {"topics": ("trade",)},
        "be_kind": {"topics": ("trade",)},
        "be_brief": {"aliases": ("be_short",)},
    }
    now = replace(
        read, version="1", provisions=tuple(replace(p, **changes.get(p.id, {})) for p in read.provisions)
    )
    slow = replace(read.provisions[0], id="be_slow")
    farther = [path.with_name("farther.yaml")] if path.with_name("farther.yaml").is_file() else []
    read_ones = [read_overlay(file, file.name) for file in (*farther, path)]
    overlays = [overlay for overlay, _ in read_ones if overlay]
    findings = [finding for _, found in read_ones for finding in found]
    report = check_overlays(overlays, now, older=[replace(read, version="0", provisions=(slow,))])
    tried = Path("cases.yaml")
    known = cases.read_case_file(tried)[0] if tried.is_file() else ()
    below = cases_below(resolved(report), [one.case for one in known])
    return _shown((*findings, *report.findings, *below))


def _fed_back(path: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of a register about a spec in whose older release one principle says more."""
    now = replace(ps.load(CASES / "upstream.md", annotate=False), version="2026-02-01")
    more = Prose(
        source="", text="The assistant writes short answers in one breath.", span=Span("upstream.md", 3)
    )
    before = tuple(replace(p, blocks=(more,)) if p.id == "be_brief" else p for p in now.provisions)
    records, findings = read_registers([(path, path.name)])
    check = FeedbackCheck(records, [replace(now, version="2026-01-01", provisions=before), now])
    return _shown((*findings, *check.findings()))


def _proposed(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of a proposal about a spec, beside another one where there is one."""
    monkeypatch.chdir(path.parent)
    others = [name for name in ("other.proposal.md",) if Path(name).is_file()]
    tried = [name for name in ("cases.yaml",) if Path(name).is_file()]
    return _shown(ps.check_proposal(CASES / "upstream.md", *others, path.name, cases=tried).findings)


def _decided(path: Path, _monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of a record of a decision, beside another one where there is one, in a spec that was stricter before."""
    others = [one for one in (path.parent / "other.decision.md",) if one.is_file()]
    now = replace(ps.load(CASES / "upstream.md", annotate=False), version="2026-02-01")
    before = tuple(
        replace(p, authority="user") if isinstance(p, Principle) and p.id == "be_brief" else p
        for p in now.provisions
    )
    older = [replace(now, version="2026-01-01", provisions=before)]
    report = ps.check_decision_records(now, path, *others, older=older)
    asked = report.undocumented if path.parent.name == "undocumented-change" else ()
    return _shown((*report.findings, *undocumented_findings(asked, now)))


def _aligned(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of an alignment of a spec with one that says the same."""
    monkeypatch.chdir(path.parent)
    return _shown(ps.check_alignment(path.name, specs=_twins()).findings)


def _twins() -> list[Spec]:
    """Return two specs that say the same."""
    read = ps.load(CASES / "upstream.md", annotate=False)
    return [replace(read, title=name.upper(), base_iri=f"https://example.org/{name}/") for name in "ab"]


def _drafted(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of an instruction file that becomes a draft."""
    monkeypatch.chdir(path.parent)
    return _shown(ps.import_overlay(path.name, upstream=CASES / "upstream.md").findings)


def _exported(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is found of a file that an overlay goes into, and that may have 400 bytes."""
    monkeypatch.chdir(path.parent)
    form = "mdc" if path.suffix == ".mdc" else "agents"
    overlay = CASES / "exported.overlay.yaml"
    return _shown(ps.export_overlay(overlay, to=form, into=path.name, budget=400).findings)


def _project(page: Path, scratch: Path) -> ps.Loaded:
    is_myst = page.suffix == ".myst"
    shutil.copy(page, scratch / ("index.md" if is_myst else "index.rst"))
    conf = CONF.replace('["', '["myst_parser", "') if is_myst else CONF
    (scratch / "conf.py").write_text(conf, encoding="utf-8")
    return ps.load_checked(scratch)


def _configured(path: Path, scratch: Path) -> ps.Loaded:
    (scratch / "index.rst").write_text("Manners\n=======\n", encoding="utf-8")
    (scratch / "conf.py").write_text(CONF + path.read_text(encoding="utf-8"), encoding="utf-8")
    return ps.load_checked(scratch)
