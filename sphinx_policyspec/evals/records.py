"""The records of an evaluation: one for each answer and scorer, and one for the run that it came from."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sphinx_policyspec.files import Brief
from sphinx_policyspec.model import Finding, Span


class AnswerStatus(enum.StrEnum):
    """The outcome of an answer; where several apply, the first."""

    INVALIDATED = "invalidated"
    """Somebody marked the sample as invalid in the log."""
    ERROR = "error"
    """The run of the sample failed."""
    UNSCORED = "unscored"
    """There is no grade, or it is not a number."""
    UNPARSABLE = "unparsable"
    """The grader's reply could not be read; older harnesses log it as 0."""
    FILTERED = "filtered"
    """A content filter stopped the answer."""
    LIMIT = "limit"
    """A limit of tokens, time, messages or cost stopped the answer."""
    SCORED = "scored"
    """None of these."""


class Evidence(enum.StrEnum):
    """The material that a grader judged."""

    OUTPUT = "output"
    REASONING = "reasoning"


ANSWER_KEY = ("prompt", "epoch", "scorer", "grader", "evidence", "spec_release")
"""The fields that identify an answer within a run."""


class GradedAnswer(NamedTuple):
    """One grade of one answer, as its log has it; fields are the columns of the store, an empty text means unknown.

    :param prompt: the id of the prompt
    :param epoch: the number of the repeat, from 1; some tables begin at 0
    :param value: of the grade; 1 is full compliance unless the scorer has a scale of its own
    :param section_raw: the provision that the log names; likewise the eval tag (focus), all tested ids (tests, separated
        by spaces), and the field that groups prompts (cluster)
    :param weight_raw: weight of the prompt in a mean
    :param prompt_text: empty unless texts are kept; likewise ``answer_text``
    """

    run: str
    file: str
    tool: str
    model: str
    grader: str
    created: str
    spec_release: str
    scorer: str
    prompt: str
    epoch: int
    value: float | None
    status: str
    evidence: str
    prompt_sha256: str
    section_raw: str
    focus_raw: str
    tests_raw: str
    cluster_raw: str
    weight_raw: float
    prompt_text: str = ""
    answer_text: str = ""

    @property
    def key(self) -> tuple[str, int, str, str, str, str]:
        """The prompt, repeat, scorer, grader, evidence and release of the spec; an answer with the same key counts once."""
        return self.prompt, self.epoch, self.scorer, self.grader, self.evidence, self.spec_release


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalRun(Brief):
    """A run: one log, model and task.

    :param id: a slug of the model and a digest; the same for each log of the run
    :param file: path of the log, as the user gave it
    :param created: time at which it began, in ISO 8601
    :param release: of the spec that it was graded against; empty if it is unknown, or if its answers name several
    :param spec_sha256: digest of that spec; empty in the same cases
    :param cluster: the field by which prompts are grouped into clusters, ``prompt`` if there is none
    """

    id: str
    file: str
    tool: str
    model: str
    grader: str = ""
    created: str = ""
    release: str = ""
    task: str = ""
    spec_sha256: str = ""
    cluster: str = "prompt"


class RunAnswers(NamedTuple):
    """A run with its answers, in the order of their keys, which are distinct."""

    run: EvalRun
    answers: tuple[GradedAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultMap(Brief):
    """A file that maps the names and values of logs and tables to ours.

    :param fields: their names for a prompt, a model, a provision (section) and so on
    :param provisions: ids of provisions by the names that logs use
    :param models: in tables with a column for each model, the models by their columns
    :param scorers: likewise, in tables with a column for each scorer
    :param given: defaults for rows without a value, by the same names as ``fields``
    :param grades: values of grades in words
    :param statuses: statuses of answers, by the words of a table
    :param scale: the grades that count 0 and 1; others are placed on the line through them
    :param threshold: the lowest grade that counts 1; lower ones count 0
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    provisions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    scorers: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    grades: Mapping[str, float] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    scale: tuple[float, float] | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRules:
    """How logs are read.

    :param map: names and values that logs use
    :param release: of the spec, if a log does not name it
    :param evidence: the kind of evidence, whatever a log says; if empty, the log decides
    :param cluster: the field by which prompts are grouped into clusters, ``prompt`` for none; empty for the default
    :param keep_text: whether texts of prompts and answers are kept
    """

    map: ResultMap = field(default_factory=ResultMap)
    release: str = ""
    evidence: str = ""
    cluster: str = ""
    keep_text: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """The names of the fields in logs, by their meaning."""
        return self.map.fields

    def grade(self, value: object, *, is_unparsable: bool = False, evidence: str = "") -> Grade:
        """Return the value of a grade in a log: the only place where grades are read."""
        words = self.map.grades
        if isinstance(value, list | dict) and value:
            return Grade(None, is_unparsable, evidence, json.dumps(value, default=str)[:_LONGEST_SHOWN])
        text = value.strip() if isinstance(value, str) else plain(value)
        if (known := words.get(text, words.get(text.casefold()))) is not None:
            return Grade(known, is_unparsable, evidence)
        # If the map defines grades, letters have no default meaning.
        is_word = isinstance(value, str) and (text in _WORDS or text.lower() in _WORDS)
        parsed = None if words and is_word else number(value)
        unread = (
            text if parsed is None and isinstance(value, str) and text.casefold() not in _NO_VALUE else ""
        )
        return Grade(self._counted(parsed, is_percentage=text.endswith("%")), is_unparsable, evidence, unread)

    def _counted(self, value: float | None, *, is_percentage: bool) -> float | None:
        if value is None:
            return None
        if (least := self.map.threshold) is not None:
            # With percentages, the threshold may be a percentage, too.
            return float(value >= (least / 100 if is_percentage and least > 1 else least))
        # A percentage has a scale of its own.
        if self.map.scale is None or is_percentage:
            return value
        low, high = self.map.scale
        return (value - low) / (high - low)


class Grade(NamedTuple):
    """A scorer's grade of an answer.

    :param unread: the text of a grade that is neither a number nor a known word
    """

    value: float | None
    is_unparsable: bool = False
    evidence: str = ""
    unread: str = ""


class Sample(NamedTuple):
    """One answer with its grades, whatever tool logged it.

    :param metadata: of the sample, in which ids of the spec are looked up
    :param grades: by scorer
    :param fate: its outcome, apart from its grades
    :param scorers: names of the scorers that should have graded it
    :param texts: of the prompt and of the answer, as logged
    :param grader: of this answer, if it differs from that of the run
    """

    prompt: str
    epoch: int
    metadata: Mapping[str, Any]
    grades: Mapping[str, Grade]
    fate: AnswerStatus = AnswerStatus.SCORED
    scorers: Sequence[str] = ()
    texts: tuple[object, object] = (None, None)
    grader: str = ""


_WORDS = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
"""Grades in words, with the values that Inspect gives them."""
_FILTERS = {"content_filter"}
_LIMITS = {"max_tokens", "model_length", "length"}
_FATES = {AnswerStatus.INVALIDATED, AnswerStatus.ERROR}
"""Outcomes that take precedence over a missing grade."""
_NO_VALUE = {"", "-", "n/a", "na", "nan", "nil", "none", "null"}
"""Words that tables use for a missing value."""
_LARGEST = 1e50
_LONGEST_SHOWN = 60
"""Most characters of an unreadable grade in a message."""
_MEANINGS = {"section", "focus", "tests", "cluster", "weight", "evidence", "release"}
"""The fields that logs of any tool have; tables have more."""
MOST_REPEATS = 2**31
"""Repeats are numbered below this, the limit of a column of the store."""


def number(value: object) -> float | None:
    """Return a grade as a number; ``None`` if it is not one, or so large that sums of squares would not be finite."""
    if isinstance(value, bool | int | float):
        try:
            figure = float(value)
        except OverflowError:
            return None
        return figure if abs(figure) <= _LARGEST else None
    if isinstance(value, str):
        if (word := _WORDS.get(value, _WORDS.get(value.strip().lower()))) is not None:
            return word
        text = value.strip()
        try:
            return number(float(text[:-1]) / 100 if text.endswith("%") else float(text))
        except ValueError:
            return None
    return None


def epoch_of(value: object) -> int:
    """Return the number of a repeat, from 0 or 1; 1 if a log has no valid number."""
    repeat = None if isinstance(value, bool) else number(value)
    return int(repeat) if repeat is not None and 0 <= repeat < MOST_REPEATS and repeat.is_integer() else 1


def plain(value: object) -> str:
    """Return a value of a log as a text that any file can hold; ``None``, lists and objects as an empty one."""
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def digest(value: object) -> str:
    """Return a digest in hexadecimal; empty if a tool took it for a secret and hid it."""
    text = plain(value).removeprefix("sha256:")
    return "" if text == "[REDACTED]" else text


def logged_text(value: object) -> str:
    """Return a text, or the texts of messages, each after its role."""
    if not isinstance(value, list):
        return plain(value)
    messages = (one if isinstance(one, dict) else {"content": one} for one in value)
    return "\n\n".join(
        ": ".join(filter(None, (plain(one.get("role")), logged_text(one.get("content", one.get("text"))))))
        for one in messages
    )


def stopped_by(reason: object) -> AnswerStatus:
    """Return the outcome of an answer from the reason why it ended."""
    if (name := plain(reason)) in _FILTERS:
        return AnswerStatus.FILTERED
    return AnswerStatus.LIMIT if name in _LIMITS else AnswerStatus.SCORED


def run_id(model: str, *parts: str) -> str:
    """Return the id of a run: a slug of its model, and a digest of what distinguishes it from other runs."""
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:60].rstrip("-") or "model"
    digest = hashlib.sha256(json.dumps([*parts, model]).encode()).hexdigest()
    return f"{slug}-{digest[:8]}"


def only(names: Iterable[str]) -> str:
    """Return the only name among rows, ignoring empty ones; empty if there are several."""
    distinct = {*names} - {""}
    return distinct.pop() if len(distinct) == 1 else ""


def answers_of(
    run: EvalRun, samples: Sequence[Sample], rules: ReadingRules
) -> tuple[RunAnswers, tuple[Finding, ...]]:
    """Return the answers of a run in order, and findings; an answer that occurs twice counts once."""
    release = run.release or rules.release
    run = _completed(run, samples, rules)
    answers: dict[tuple[str, int, str, str, str, str], GradedAnswer] = {}
    twice: Counter[tuple[str, int, str, str, str, str]] = Counter()
    scorers = _scorers(samples)
    logged = replace(run, release=release)
    for sample in samples:
        for answer in _answers(logged, sample, scorers, rules):
            if (key := answer.key) in answers:
                twice[key] += 1
            else:
                answers[key] = answer
    findings = [*_lacking(run, samples, rules), *_unread(run, samples)]
    if twice:
        prompt, epoch, *_ = min(twice)
        findings.append(
            Finding(
                code="repeated-result",
                message=f"answers occur twice: {twice.total()}, such as that of epoch {epoch} to prompt `{prompt[:60]}`",
                span=Span(run.file, 1),
                hint="the first of them counts; give each repeat an epoch of its own",
            )
        )
    return RunAnswers(run, tuple(answers[key] for key in sorted(answers))), tuple(findings)


def _lacking(run: EvalRun, samples: Sequence[Sample], rules: ReadingRules) -> Iterator[Finding]:
    """Yield a finding for each named field that a run lacks, and for answers without a valid weight."""
    fields = {**rules.fields, "cluster": rules.cluster or rules.fields.get("cluster", "")}
    for meaning, name in fields.items():
        is_present = name in {"", "prompt"} or any(plain(sample.metadata.get(name)) for sample in samples)
        if not is_present and meaning in _MEANINGS:
            yield lacking_field(run, name)
        elif meaning == "weight" and (bad := sum(_weight(sample, name) is None for sample in samples)):
            message = f"`{name}` is no number from 0 on in {bad} answers of the run `{run.id}`, which weigh 1"
            yield _partial(run.file, message, "correct it in the log")


def _unread(run: EvalRun, samples: Iterable[Sample]) -> Iterator[Finding]:
    """Yield a finding with the number of grades that are unknown words."""
    words = Counter(grade.unread for sample in samples for grade in sample.grades.values() if grade.unread)
    if words:
        message = f"{words.total()} grades of the run `{run.id}` are no numbers, such as `{min(words)[:60]}`; they do not count"
        yield _partial(run.file, message, "name what each counts under `grades` of a --map file")


def lacking_field(run: EvalRun, name: str) -> Finding:
    """Return the finding for a run without a field that the user named."""
    message = f"no answer of the run `{run.id}` has the field `{name}`"
    return _partial(run.file, message, "name one that the log has; a store has what it was written with")


def _partial(file: str, message: str, hint: str) -> Finding:
    return Finding(code="partial-results", message=message, span=Span(file, 1), hint=hint)


def _weight(sample: Sample, name: str) -> float | None:
    """Return the weight of a prompt; ``None`` if it is missing or below 0."""
    weight = number(sample.metadata.get(name)) if name else 1.0
    return weight if weight is not None and weight >= 0 else None


def _completed(run: EvalRun, samples: Sequence[Sample], rules: ReadingRules) -> EvalRun:
    """Return a run completed by the data of its samples."""
    cluster = rules.cluster or rules.fields.get("cluster", "")
    has_scenario = any(plain(sample.metadata.get("scenario")) for sample in samples)
    release_field = rules.fields.get("release", "release")

    releases = (
        plain(sample.metadata.get(release_field)) or run.release or rules.release for sample in samples
    )
    digests = (digest(sample.metadata.get("spec_sha256")) or run.spec_sha256 for sample in samples)
    return replace(
        run,
        release=only(releases) if samples else run.release or rules.release,
        spec_sha256=only(digests) if samples else run.spec_sha256,
        cluster=cluster or ("scenario" if has_scenario else "focus_id"),
    )


def _scorers(samples: Iterable[Sample]) -> dict[str, tuple[str, ...]]:
    """Return the names of the grades that each scorer gives: a scorer of several values gives `scorer/key`."""
    by_scorer: dict[str, dict[str, None]] = {}
    for sample in samples:
        for name in sample.scorers:
            by_scorer.setdefault(name, {})
        for grade in sample.grades:
            scorer = next((s for s in sample.scorers if grade == s or grade.startswith(f"{s}/")), grade)
            by_scorer.setdefault(scorer, {})[grade] = None
    return {name: tuple(grades) or (name,) for name, grades in by_scorer.items()}


def _answers(
    run: EvalRun, sample: Sample, scorers: Mapping[str, tuple[str, ...]], rules: ReadingRules
) -> Iterator[GradedAnswer]:
    names = dict.fromkeys(sample.grades)
    for scorer in sample.scorers:
        if not any(grade == scorer or grade.startswith(f"{scorer}/") for grade in sample.grades):
            names.update(dict.fromkeys(scorers[scorer]))
    fields = rules.fields
    metadata = sample.metadata
    section = plain(metadata.get(fields.get("section", "section_id")))
    focus = plain(metadata.get(fields.get("focus", "focus_id")))
    tests = metadata.get(fields.get("tests", "tests"))
    weight = _weight(sample, fields.get("weight", ""))
    cluster = "" if run.cluster == "prompt" else plain(metadata.get(run.cluster))
    evidence = plain(metadata.get(fields.get("evidence", "evidence")))
    for name in names:
        grade = sample.grades.get(name, Grade(None))
        yield GradedAnswer(
            run=run.id,
            file=run.file,
            tool=run.tool,
            model=run.model,
            grader=sample.grader or run.grader,
            created=run.created,
            spec_release=plain(metadata.get(fields.get("release", "release"))) or run.release,
            scorer=plain(name),
            prompt=sample.prompt,
            epoch=sample.epoch,
            value=grade.value,
            status=_status(sample.fate, grade).value,
            evidence=_evidence(rules.evidence or evidence or grade.evidence),
            prompt_sha256=digest(metadata.get("prompt_sha256")),
            section_raw=section,
            focus_raw=focus,
            tests_raw=" ".join(map(plain, tests)) if isinstance(tests, list) else plain(tests),
            cluster_raw=cluster,
            weight_raw=1.0 if weight is None else weight,
            prompt_text=logged_text(sample.texts[0]) if rules.keep_text else "",
            answer_text=logged_text(sample.texts[1]) if rules.keep_text else "",
        )


def _status(fate: AnswerStatus, grade: Grade) -> AnswerStatus:
    if fate in _FATES:
        return fate
    if grade.value is None:
        return AnswerStatus.UNSCORED
    return AnswerStatus.UNPARSABLE if grade.is_unparsable else fate


def _evidence(name: str) -> str:
    return Evidence.REASONING.value if name.strip().lower().startswith("reason") else Evidence.OUTPUT.value


def moment(text: str) -> tuple[bool, float, str]:
    """Return a sort key for a time; a text that is not a time comes first."""
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        return False, 0.0, text
    return True, (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp(), text
