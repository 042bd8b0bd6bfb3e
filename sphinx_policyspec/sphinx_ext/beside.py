"""What a project names beside its spec: files of results, feedback and decisions, and proposals about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx_policyspec.beside import BesideFiles
from sphinx_policyspec.readers.decision_records import decision_names
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig, several
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of

if TYPE_CHECKING:
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
    return listed_proposals(paths, (*knowledge.past(env), knowledge.spec(env)), known)
