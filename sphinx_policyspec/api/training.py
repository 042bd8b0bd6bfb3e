"""Rows to train models on a spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from sphinx_policyspec.api.judging import decide
from sphinx_policyspec.api.reading import ReadingOptions, Source, spec_of
from sphinx_policyspec.errors import AnnotationError, SchemaError, SourceError
from sphinx_policyspec.model import Case
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.readers.text import read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

if TYPE_CHECKING:
    from sphinx_policyspec.packs.parts import SpecContext
    from sphinx_policyspec.training.rows import Split, TrainingRows
    from sphinx_policyspec.training.scenarios import Scenario

SHAPES = ("rows", "speceval")


def training_rows(
    source: Source,
    *,
    examples: bool = False,
    cases: Iterable[Case | str | Path] = (),
    prompts: bool = False,
    include_evals: bool = False,
    shape: str = "rows",
    split: str | Path | Mapping[str, Iterable[str]] | None = None,
    sentences: bool = False,
    **options: Unpack[ReadingOptions],
) -> TrainingRows:
    """Return training rows of a spec or a SOURCE: scenarios, with the provisions that apply, word for word, and why.

    A case that cannot be decided raises :class:`SourceError`; an unknown shape :class:`SchemaError`.

    :param examples: whether to add a row for each example, with its judged answers as references
    :param cases: cases, or files and folders of them: adds a row for each, with its decision
    :param prompts: whether to add a row for each evaluation prompt, if ``include_evals`` allows it
    :param include_evals: whether to include evaluation prompts. A model trained on them cannot be tested with them, so
        they are left out by default, and each row with the words of one is marked ``contaminated``
    :param shape: ``rows``, or ``speceval`` for a row for each principle in the statement format of SpecEval
    :param split: ``provision`` for splits by a digest of the id of the provision that a row belongs to, or lists of
        ids by the names of splits, or a YAML file of them
    :param sentences: whether to cut texts into sentences, too, each with its locator
    :param options: as for :func:`load`
    """
    from sphinx_policyspec.packs.parts import SpecContext  # noqa: PLC0415  few callers teach
    from sphinx_policyspec.training import rows, scenarios  # noqa: PLC0415  likewise

    if shape not in SHAPES:
        raise SchemaError("; ".join(filter(None, (f"unknown shape `{shape}`", nearest(shape, SHAPES)))))
    context = SpecContext(spec_of(source, **options))
    left_out: dict[str, int] = {}
    if prompts and not include_evals:
        left_out["prompts of evaluations"] = len(context.spec.prompts)
    of_all = _scenarios(context, examples=examples, cases=tuple(cases), prompts=prompts and include_evals)
    if shape == "speceval":
        example_rows = rows.rows_of(context, scenarios.of_examples(context), lambda _: None)
        return rows.TrainingRows(rows=tuple(rows.statements(context.spec, example_rows)), left_out=left_out)
    every = tuple(rows.rows_of(context, of_all, _split(context, split), sentences=sentences))
    without = sum(row["split"] is None for row in every) if split is not None else 0
    return rows.TrainingRows(rows=every, left_out=left_out, without_split=without)


def _scenarios(
    context: SpecContext, *, examples: bool, cases: tuple[Case | str | Path, ...], prompts: bool
) -> Iterator[Scenario]:
    from sphinx_policyspec.training import scenarios  # noqa: PLC0415  few callers teach

    if examples:
        yield from scenarios.of_examples(context)
    if prompts:
        yield from scenarios.of_prompts(context)
    if cases:
        decisions = decide(context.spec, *cases)
        if decisions.errors:
            raise SourceError("; ".join(map(str, decisions.errors)))
        yield from scenarios.of_decisions(context, decisions)


def _split(context: SpecContext, split: str | Path | Mapping[str, Iterable[str]] | None) -> Split:
    from sphinx_policyspec.training import rows  # noqa: PLC0415  few callers teach

    if split is None:
        return lambda _: None
    if split == "provision":
        return rows.by_provision
    return rows.by_list(context.spec, split if isinstance(split, Mapping) else _read_splits(Path(split)))


def _read_splits(path: Path) -> dict[str, list[str]]:
    """Return lists of ids by the names of splits; an invalid file raises :class:`AnnotationError`."""
    text, findings = read_text(path, str(path))
    reader = YamlReader(str(path))
    top = reader.mapping(reader.compose(text))
    splits = {name: [*reader.texts(node)] for name, node in top.items()}
    if wrong := (*findings, *reader.findings):
        raise AnnotationError("; ".join(map(str, wrong)))
    if not splits:
        raise AnnotationError(
            f"{path}: names no split; write a list of ids below the name of each, such as `train: [be_kind]`"
        )
    return splits
