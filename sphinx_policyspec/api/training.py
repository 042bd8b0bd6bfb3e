"""Rows by which models are taught what a spec says."""

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
    """Return rows that teach a spec or a SOURCE: scenarios, each with the provisions that apply, word for word, and why.

    A case that cannot be decided raises :class:`SourceError`; an unknown shape :class:`SchemaError`.

    :param examples: with a row for each example, and its judged answers as references
    :param cases: with a row for each of these cases, or files and folders of them, and how it is decided
    :param prompts: with a row for each prompt of an evaluation, if ``include_evals`` allows it
    :param include_evals: a model that was taught by a test cannot take it: prompts are left out unless this says otherwise,
        and every row that holds one is marked ``contaminated``
    :param shape: ``rows``, or ``speceval`` for a row for each principle, as that project reads statements
    :param split: ``provision`` for splits by a digest of the id of the provision that a row belongs to, or lists of ids by the
        names of splits, or a YAML file of them
    :param sentences: cut texts into sentences, too, each with its locator
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
        told = rows.rows_of(context, scenarios.of_examples(context), lambda _: None)
        return rows.TrainingRows(rows=tuple(rows.statements(context.spec, told)), left_out=left_out)
    made = rows.rows_of(context, of_all, _split(context, split), sentences=sentences)
    return rows.TrainingRows(rows=tuple(made), left_out=left_out)


def _scenarios(
    context: SpecContext, *, examples: bool, cases: tuple[Case | str | Path, ...], prompts: bool
) -> Iterator[Scenario]:
    from sphinx_policyspec.training import scenarios  # noqa: PLC0415  few callers teach

    if examples:
        yield from scenarios.of_examples(context)
    if prompts:
        yield from scenarios.of_prompts(context)
    if cases:
        decided = decide(context.spec, *cases)
        if decided.errors:
            raise SourceError("; ".join(map(str, decided.errors)))
        yield from scenarios.of_decisions(context, decided)


def _split(context: SpecContext, split: str | Path | Mapping[str, Iterable[str]] | None) -> Split:
    from sphinx_policyspec.training import rows  # noqa: PLC0415  few callers teach

    if split is None:
        return lambda _: None
    if split == "provision":
        return rows.by_provision
    return rows.by_list(context.spec, split if isinstance(split, Mapping) else _read_splits(Path(split)))


def _read_splits(path: Path) -> dict[str, list[str]]:
    """Return lists of ids by the names of splits; what is wrong with the file raises :class:`AnnotationError`."""
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
