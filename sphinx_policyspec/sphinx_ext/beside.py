"""What a project or a command line names beside a spec: files of results, feedback, decisions and proposals, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.beside import BesideFiles
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import Finding, Severity
from sphinx_policyspec.readers.decision_records import decision_names
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, several
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.proposals.check import ListedProposals
    from sphinx_policyspec.sphinx_ext.spec import Knowledge


def has_past(env: BuildEnvironment) -> bool:
    """Return whether a project or a command line names releases before its spec."""
    inputs = domain_of(env).given
    return bool(inputs.editions or inputs.older or PolicySpecConfig.of(env.config).older)


def registers_of(env: BuildEnvironment) -> BesideFiles:
    """Return the files beside its spec that a project names, as far as they exist."""
    config, folder = PolicySpecConfig.of(env.config), domain_of(env).given.confdir
    options = (several(config.results), several(config.feedback), decision_names(folder, config.decisions))
    results, feedback, decisions = (
        tuple(str(path) for name in names if (path := folder / name).exists()) for names in options
    )
    return BesideFiles(results=results, feedback=feedback, decisions=decisions)


def proposals_of(knowledge: Knowledge, env: BuildEnvironment) -> ListedProposals | None:
    """Return the proposals about the spec, where the project names some; none of them is applied."""
    if not (globs := PolicySpecConfig.of(env.config).proposals):
        return None
    from sphinx_policyspec.decision_records.check import RecordNames  # noqa: PLC0415  few projects have proposals
    from sphinx_policyspec.proposals.check import KnownRecords, listed_proposals  # noqa: PLC0415  likewise

    folder = domain_of(env).given.confdir
    files = [folder / name for name in decision_names(folder, globs)]
    feedback, decided = knowledge.feedback(env), knowledge.decisions(env)
    records = decided.records if decided else ()
    known = KnownRecords(
        feedback=feedback.records if feedback else (), decisions=records, find=RecordNames(records).find
    )
    paths = [(file, Path(os.path.relpath(file, env.srcdir)).as_posix()) for file in files]
    listed = listed_proposals(paths, (*knowledge.past(env), knowledge.spec(env)), known)
    given = domain_of(env).given
    if not (given.site or "policyspec_proposals" in given.named):
        return listed
    # Whoever names a file on a command line looks for it on the pages.
    findings = (
        replace(one, severity=Severity.WARNING) if one.code == "draft-left" else one
        for one in listed.findings
    )
    return replace(listed, findings=tuple(findings))


def beside_findings(app: Sphinx, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield findings on feedback, decision records and proposals, and on undocumented changes if the project asks."""
    feedback, decisions = knowledge.feedback(app.env), knowledge.decisions(app.env)
    for report in (feedback, decisions, proposals_of(knowledge, app.env)):
        yield from report.findings if report else ()
    if decisions and PolicySpecConfig.of(app.config).records:
        from sphinx_policyspec.decision_records.undocumented import undocumented_findings  # noqa: PLC0415  few ask

        yield from undocumented_findings(decisions.undocumented, knowledge.spec(app.env))


def site_findings(app: Sphinx, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Return the same on files named on a command line, as seen from the working folder; of several releases, for the last."""
    editions = domain_of(app.env).given.editions
    if editions and editions.place + 1 < len(editions.every):
        return ()
    here, folder = Path.cwd(), Path(app.srcdir)

    def from_here(file: str) -> str:
        path = real_path(folder / file)
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    return tuple(
        replace(one, span=replace(one.span, file=from_here(one.span.file)))
        for one in beside_findings(app, knowledge)
    )
