"""Logs of Inspect, `.eval` and `.json`, read without inspect-ai; tried with logs of its version 0.3.285 (format 2)."""

from __future__ import annotations

import contextlib
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from sphinx_policyspec.errors import MissingToolError, SourceError
from sphinx_policyspec.evals.records import (
    AnswerStatus,
    EvalRun,
    Grade,
    ReadingRules,
    RunAnswers,
    Sample,
    answers_of,
    epoch_of,
    plain,
    run_id,
    stopped_by,
)
from sphinx_policyspec.model import Finding, Span

_VERSION = 2
_ZSTANDARD = 93
"""The compression method of zip members that Python reads from version 3.14."""
_MOST_OF_A_MEMBER = 2**28
_MOST_OF_A_LOG = 2**32
"""Bytes, unpacked: the size that a member declares cannot be trusted."""
_SAMPLE_FIELDS = (
    "id",
    "epoch",
    "input",
    "output",
    "metadata",
    "score",
    "scores",
    "error",
    "limit",
    "invalidation",
)
"""The fields of a sample that are used."""
_UNPARSABLE = "Could not extract any critiques"


def is_log(value: object) -> bool:
    """Return whether JSON is a log of Inspect."""
    return isinstance(value, dict) and isinstance(value.get("eval"), dict) and "version" in value


def read_log(
    log: Mapping[str, Any], file: str, rules: ReadingRules
) -> tuple[RunAnswers, tuple[Finding, ...]]:
    """Return the run of a `.json` log."""
    samples = [one for one in _list(log.get("samples")) if isinstance(one, dict)]
    return _run(log, file, samples, rules, [])


def read_archive(path: Path, file: str, rules: ReadingRules) -> tuple[RunAnswers, tuple[Finding, ...]]:
    """Return the run of an `.eval` log, a zip of JSON files.

    Raises :class:`SourceError` if it cannot be used, :class:`MissingToolError` if it is compressed in a way that this
    Python cannot read.
    """
    zipfile = _zipfile()
    findings: list[Finding] = []
    try:
        with zipfile.ZipFile(path) as archive:
            names = [*dict.fromkeys(archive.namelist())]
            if zipfile.__name__ == "zipfile" and sys.version_info < (3, 14):
                _check_methods(archive)
            head = next((name for name in ("header.json", "_journal/start.json") if name in names), None)
            if head is None:
                raise SourceError(f"`{file}` is no log of Inspect: it has no header.json")
            if head != "header.json":
                findings.append(_partial(file, "the log is not finished: it has no header.json"))
            log = json.loads(_member(archive, head))
            if not isinstance(log, dict) or not isinstance(log.get("eval"), dict):
                raise SourceError(f"`{file}` is no log of Inspect: {head} does not describe a run")
            samples = [*_samples(archive, names, file, findings)]
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, RecursionError, zlib.error) as error:
        raise SourceError(f"`{file}` cannot be read: {error or type(error).__name__}") from None
    return _run(log, file, samples, rules, findings)


def _zipfile() -> Any:  # noqa: ANN401  one of two modules of one shape
    """Return a module that reads zip files, with Zstandard if possible."""
    import zipfile  # noqa: PLC0415  few runs of a command read logs

    if sys.version_info < (3, 14):
        with contextlib.suppress(ImportError):
            from backports.zstd import zipfile as newer  # noqa: PLC0415  optional

            return newer
    return zipfile


def _check_methods(archive: Any) -> None:  # noqa: ANN401  a ZipFile of either module
    if any(info.compress_type == _ZSTANDARD for info in archive.infolist()):
        raise MissingToolError(
            "logs of Inspect are compressed with Zstandard, which this Python cannot read: "
            "pip install 'sphinx-policyspec[evals]'"
        )


def _member(archive: Any, name: str) -> bytes:  # noqa: ANN401  likewise
    with archive.open(name) as member:
        return _within(member, name)


def _within(member: IO[bytes], name: str) -> bytes:
    data = member.read(_MOST_OF_A_MEMBER + 1)
    if len(data) > _MOST_OF_A_MEMBER:
        raise _TooLargeError(f"{name} is larger than {_MOST_OF_A_MEMBER // 2**20} MiB")
    return data


class _TooLargeError(ValueError):
    """A member of an archive is larger than a sample can be."""


def _samples(
    archive: Any,  # noqa: ANN401  likewise
    names: list[str],
    file: str,
    findings: list[Finding],
) -> Iterator[dict[str, Any]]:
    """Yield samples; one that cannot be read becomes a finding, and the others are read."""
    total = 0
    for name in sorted(names):
        if not name.startswith("samples/") or not name.endswith(".json"):
            continue
        try:
            data = _member(archive, name)
            total += len(data)
            sample = json.loads(data)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001  each kind of compression has errors of its own
            # It was unpacked up to the limit.
            total += _MOST_OF_A_MEMBER if isinstance(error, _TooLargeError) else 0
            findings.append(_partial(file, f"{name} cannot be read: {str(error)[:200]}"))
            if total <= _MOST_OF_A_LOG:
                continue
        if total > _MOST_OF_A_LOG:
            raise ValueError(f"its samples are larger than {_MOST_OF_A_LOG // 2**30} GiB")
        if isinstance(sample, dict):
            # Events are most of a sample; keeping those of thousands costs more than reading them.
            yield {name: sample[name] for name in _SAMPLE_FIELDS if name in sample}
        else:
            findings.append(_partial(file, f"{name} is no sample"))


def _partial(file: str, message: str) -> Finding:
    return Finding(
        code="partial-results",
        message=message,
        span=Span(file, 1),
        hint="what can be read counts; see whether the run ended well",
    )


def _run(
    log: Mapping[str, Any],
    file: str,
    samples: list[dict[str, Any]],
    rules: ReadingRules,
    findings: list[Finding],
) -> tuple[RunAnswers, tuple[Finding, ...]]:
    """Return a run from its samples; the results in the log are never used: their names hide groups and errors."""
    if log.get("version") != _VERSION:
        message = f"version {plain(log.get('version'))[:20] or 'unknown'} of the log is unknown; known is {_VERSION}"
        findings.append(_partial(file, message))
    if (status := plain(log.get("status"))) not in {"", "success"}:
        findings.append(_partial(file, f"the run ended with the status `{status[:20]}`"))
    spec = log["eval"]
    model, task = plain(spec.get("model")), plain(spec.get("task"))
    own = plain(spec.get("task_id")) or plain(spec.get("run_id")) or file
    run = EvalRun(
        id=run_id(model, "inspect", own, task),
        file=file,
        tool="inspect",
        model=model,
        grader=_grader(spec),
        created=plain(spec.get("created")),
        release=_release(spec.get("metadata")),
        task=task,
    )
    if without := sum(not plain(sample.get("id")) for sample in samples):
        findings.append(_partial(file, f"samples without an id: {without}"))
        samples = [sample for sample in samples if plain(sample.get("id"))]
    scorers = [plain(one.get("name")) for one in _list(spec.get("scorers")) if isinstance(one, dict)]
    invalidations = any(sample.get("invalidation") for sample in samples)
    # Only the log says that some sample is invalid, and not which one.
    is_invalid = bool(log.get("invalidated")) and not invalidations
    parsed = [_sample(sample, scorers, rules, is_invalid=is_invalid) for sample in samples]
    answers, problems = answers_of(run, parsed, rules)
    return answers, (*findings, *problems)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _release(metadata: object) -> str:
    fields = _dict(metadata)
    return (
        plain(_dict(fields.get("policyspec")).get("release"))
        or plain(fields.get("policyspec:release"))
        or plain(fields.get("release"))
    )


def _grader(spec: Mapping[str, Any]) -> str:
    """Return the model with the role `grader`, or the one in the options of a scorer."""
    role = _dict(spec.get("model_roles")).get("grader")
    if role:
        return plain(role.get("model")) if isinstance(role, dict) else plain(role)
    for scorer in _list(spec.get("scorers")):
        options = _dict(_dict(scorer).get("options"))
        if model := plain(options.get("model")) or plain(options.get("grader")):
            return model
    return ""


def _sample(
    sample: Mapping[str, Any], scorers: list[str], rules: ReadingRules, *, is_invalid: bool
) -> Sample:
    metadata = _dict(sample.get("metadata"))
    metadata = {"release": _release(metadata) or None, **metadata}
    grades: dict[str, Grade] = {}
    # Old logs have one score without a name.
    old = {scorers[0] if scorers else "": sample["score"]} if sample.get("score") else {}
    for name, score in (_dict(sample.get("scores")) or old).items():
        if isinstance(score, dict):
            grades.update(_grades(plain(name), score, rules))
    prompt_field = rules.fields.get("prompt")
    prompt = plain(metadata.get(prompt_field)) if prompt_field else ""
    return Sample(
        prompt=prompt or plain(sample.get("id")),
        epoch=epoch_of(sample.get("epoch")),
        metadata=metadata,
        grades=grades,
        fate=_fate(sample, is_invalid=is_invalid),
        scorers=scorers or [*_dict(sample.get("scores"))] or [""],
        texts=(sample.get("input"), _dict(sample.get("output")).get("completion")),
    )


def _fate(sample: Mapping[str, Any], *, is_invalid: bool) -> AnswerStatus:
    if is_invalid or sample.get("invalidation"):
        return AnswerStatus.INVALIDATED
    if sample.get("error"):
        return AnswerStatus.ERROR
    # A sample that failed has no choices.
    choices = _list(_dict(sample.get("output")).get("choices"))
    stopped = stopped_by(_dict(choices[0]).get("stop_reason") if choices else None)
    if stopped is AnswerStatus.SCORED and sample.get("limit"):
        return AnswerStatus.LIMIT
    return stopped


def _grades(name: str, score: Mapping[str, Any], rules: ReadingRules) -> Iterator[tuple[str, Grade]]:
    """Yield the grades of a score; several values each under its key."""
    metadata = _dict(score.get("metadata"))
    critiques = metadata.get("critiques")
    is_unparsable = plain(score.get("explanation")).startswith(_UNPARSABLE) or critiques == []
    evidence = plain(metadata.get("evidence"))
    value = score.get("value")
    parts = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if parts is None:
        yield name, rules.grade(value, is_unparsable=is_unparsable, evidence=evidence)
        return
    for key, part in parts:
        yield f"{name}/{plain(key)}", rules.grade(part, is_unparsable=is_unparsable, evidence=evidence)
