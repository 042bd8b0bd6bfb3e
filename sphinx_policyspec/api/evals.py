"""Prompts for evaluation harnesses, and their results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.reading import ReadingOptions, Source, loaded, spec_of
from sphinx_policyspec.errors import SchemaError, SourceError
from sphinx_policyspec.model import Spec
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.sources import Loaded

if TYPE_CHECKING:
    from sphinx_policyspec.compare.history import Lock
    from sphinx_policyspec.evals.prompts import PromptExport
    from sphinx_policyspec.evals.results import Results
    from sphinx_policyspec.overlays.export import OverlayExport


def export_prompts(
    source: Source,
    to: str = "jsonl",
    *,
    select: Iterable[str] = (),
    overlay: OverlayExport | None = None,
    **options: Unpack[ReadingOptions],
) -> PromptExport:
    """Return the evaluation prompts of a spec or a SOURCE as files of a harness.

    An unknown harness raises :class:`SchemaError`, an unknown name to select :class:`UnknownIdError`.

    :param to: ``jsonl``, a JSON object for each prompt; ``inspect``, a data set and a task of Inspect; ``promptfoo``,
        a configuration
    :param select: ids of prompts, eval tags and provisions, also several with commas; only their prompts are exported
    :param overlay: a developer message before each prompt, as :func:`export_overlay` returns it for ``message``
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.evals.prompts import HARNESSES, export  # noqa: PLC0415  few callers evaluate

    if to not in HARNESSES:
        raise SchemaError("; ".join(filter(None, (f"unknown harness `{to}`", nearest(to, HARNESSES)))))
    names = (name.strip() for text in select for name in text.split(","))
    overlay_names = " ".join(one.name for one in overlay.report.overlays) if overlay else ""
    overlay_text = overlay.data.decode("utf-8").removesuffix("\n") if overlay else ""
    return export(spec_of(source, **options), to, filter(None, names), (overlay_names, overlay_text))


def read_results(
    source: Source | Sequence[Spec],
    *files: str | Path,
    store: str | Path | None = None,
    map: str | Path | None = None,  # noqa: A002  the name of the option
    lock: Lock | str | Path | None = None,
    release: str = "",
    evidence: str = "",
    policy: str = "as-logged",
    cluster: str = "",
    by: str = "provision",
    compare: tuple[str, str] | None = None,
    baseline: str = "",
    triage: str | Path | None = None,
    keep_text: bool = False,
    name: str = "",
    **options: Unpack[ReadingOptions],
) -> Results:
    """Return the results in evaluation logs for a spec or a SOURCE, by provision, chapter and level.

    Problems of a file are in the findings of the result; the other files are read. Needs duckdb, from the extra
    ``evals``; without it, this raises :class:`MissingToolError`.

    :param source: also releases, oldest first: the last one counts, the others give former ids
    :param files: logs of Inspect (``.eval``, ``.json``), results of promptfoo (``.json``, ``.jsonl``), tables (JSON lines,
        JSON, CSV, Parquet) with ``prompt``, ``model`` and ``value``, folders of these, or a store
    :param store: a folder that keeps the answers as Parquet files; those of later runs are added
    :param map: a YAML file with the names of columns and metadata in logs and tables, and the values of grades
    :param lock: a lock of an older text, as :func:`lock` returns it, or its file: results may use its ids
    :param release: the release that answers were graded against, if a log does not say
    :param evidence: what was graded, ``output`` or ``reasoning``, whatever a log says
    :param policy: ``as-logged``, or ``clean``, without answers that were filtered or cut off and unparsable replies
    :param cluster: the field that groups prompts; ``prompt`` for no grouping
    :param by: the facet that is shown as text: ``provision``, ``chapter``, ``level`` or ``all``
    :param compare: two runs, by id or model: the second is subtracted from the first
    :param baseline: a run, or a model with one run, that is subtracted from each other run
    :param triage: a YAML file with reviews by people of outputs that contradict the spec
    :param keep_text: whether the store also keeps the texts of prompts and answers
    :param name: name of a source that was already read
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.evals.results import ResultOptions, results_of  # noqa: PLC0415  few callers evaluate
    from sphinx_policyspec.evals.rows import FACETS  # noqa: PLC0415  likewise
    from sphinx_policyspec.evals.store import POLICIES  # noqa: PLC0415  likewise

    for word, value, allowed in (
        ("evidence", evidence, ("output", "reasoning")),
        ("policy", policy, POLICIES),
        ("facet", by, FACETS),
    ):
        if value and value not in allowed:
            raise SchemaError("; ".join(filter(None, (f"unknown {word} `{value}`", nearest(value, allowed)))))
    result_options = ResultOptions(
        map=map,
        release=release,
        evidence=evidence,
        policy=policy,
        cluster=cluster,
        by=by,
        compare=compare,
        baseline=baseline,
        triage=triage,
        keep_text=keep_text,
    )
    releases: tuple[Spec, ...]
    digests: tuple[str, ...] = ()
    if isinstance(source, str | Path | Spec | Loaded):
        loaded_source = loaded(source, **options)
        releases, digests = (loaded_source.spec,), (*_digests(loaded_source),)
        name = name or (str(source) if isinstance(source, str | Path) else loaded_source.spec.title)
    else:
        if not (releases := tuple(source)):
            raise SourceError("no release is given")
        name = name or releases[-1].title
    if lock:
        from sphinx_policyspec.api.comparing import renamed_since  # noqa: PLC0415  slow, and few have a lock

        result_options = replace(result_options, renames=renamed_since(releases[-1], lock))
    return results_of(releases, files, result_options, source=name, store=store, digests=digests)


def _digests(loaded_source: Loaded) -> Iterator[str]:
    """Yield digests of the files of a spec: the author of a log may have used one as the digest of the text."""
    for document in loaded_source.spec.documents if loaded_source.has_files else ():
        path = loaded_source.root / document.file
        if path.is_file():
            yield hashlib.sha256(path.read_bytes()).hexdigest()
