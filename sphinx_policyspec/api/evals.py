"""Prompts for the harnesses of evaluations."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.reading import ReadingOptions, Source, spec_of
from sphinx_policyspec.errors import SchemaError
from sphinx_policyspec.model.nearest import nearest

if TYPE_CHECKING:
    from sphinx_policyspec.evals.prompts import PromptExport


def export_prompts(
    source: Source, to: str = "jsonl", *, select: Iterable[str] = (), **options: Unpack[ReadingOptions]
) -> PromptExport:
    """Return the evaluation prompts of a spec or a SOURCE as files of a harness.

    An unknown harness raises :class:`SchemaError`, an unknown name to select :class:`UnknownIdError`.

    :param to: ``jsonl``, a JSON object for each prompt; ``inspect``, a data set and a task of Inspect; ``promptfoo``,
        a configuration
    :param select: ids of prompts, eval tags and provisions, whose prompts are taken alone
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.evals.prompts import HARNESSES, export  # noqa: PLC0415  few callers evaluate

    if to not in HARNESSES:
        raise SchemaError("; ".join(filter(None, (f"unknown harness `{to}`", nearest(to, HARNESSES)))))
    return export(spec_of(source, **options), to, select)
