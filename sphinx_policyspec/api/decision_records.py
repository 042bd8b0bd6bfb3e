"""Records of decisions about a spec."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from sphinx_policyspec.api.feedback import known_releases
from sphinx_policyspec.api.reading import ReadingOptions, Source
from sphinx_policyspec.decision_records.check import DecisionRecordReport, decision_records_of
from sphinx_policyspec.readers.decision_records import decision_record_files


def check_decision_records(
    source: Source, *files: str | Path, older: Iterable[Source] = (), **options: Unpack[ReadingOptions]
) -> DecisionRecordReport:
    """Return records of decisions about a spec or a SOURCE, with their findings.

    They are Markdown in the form of MADR 4, with the ids of the provisions that they decide about. Findings name a file
    without its folder.

    :param files: records, or folders of them
    :param older: earlier releases, which give former ids of provisions; those beside a release are known anyway
    :param options: as for :func:`load`
    """
    named_files = [(one, one.name) for file in files for one in decision_record_files(Path(file))]
    return decision_records_of(named_files, known_releases(source, older, options))
