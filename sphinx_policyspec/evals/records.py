"""What is kept of an evaluation: one plain record for each answer and scorer, and what is known of the run that it came from."""

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
    """What became of an answer; of several that hold, the first."""

    INVALIDATED = "invalidated"
    """Somebody took the sample out of the log's account."""
    ERROR = "error"
    """The run of the sample failed."""
    UNSCORED = "unscored"
    """No grade, or one that is no number."""
    UNPARSABLE = "unparsable"
    """The grader's reply could not be read; older harnesses log it as 0."""
    FILTERED = "filtered"
    """A content filter stopped the answer."""
    LIMIT = "limit"
    """A limit of tokens, time, messages or cost stopped the answer."""
    SCORED = "scored"
    """None of these."""


class Evidence(enum.StrEnum):
    """What a grader was given to judge."""

    OUTPUT = "output"
    REASONING = "reasoning"


ANSWER_KEY = ("prompt", "epoch", "scorer", "grader", "evidence", "spec_release")
"""The fields that tell the answers of a run apart."""


class GradedAnswer(NamedTuple):
    """One grade of one answer, as its log tells it; fields are the columns of the store, an empty text is unknown.

    :param prompt: the id of the prompt
    :param epoch: the number of the repeat, from 1; some tables begin at 0
    :param value: of the grade; 1 is full compliance where the scale is not the scorer's own
    :param section_raw: the provision that the log names, and so for the eval tag (focus), all that it tests (ids, parted
        by blanks), and the field that says what belongs together (cluster)
    :param weight_raw: of the prompt in a mean
    :param prompt_text: empty unless texts are kept, as is that of the answer
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
        """What it is an answer to, and who graded what of it against which text; it counts once."""
        return self.prompt, self.epoch, self.scorer, self.grader, self.evidence, self.spec_release


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalRun(Brief):
    """What is known of a run: one log, model and task.

    :param id: a slug of the model and a digest; the same for each log of the run
    :param file: the log, as it was named
    :param created: when it began, in ISO 8601
    :param release: of the spec that it was graded against; empty where nobody says, or its answers name several
    :param spec_sha256: digest of that spec; likewise
    :param cluster: the field that tells which prompts belong together, ``prompt`` where none does
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
    """A run with its answers, in the order of their keys, each of which counts once."""

    run: EvalRun
    answers: tuple[GradedAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultMap(Brief):
    """A file that says what logs and tables call things.

    :param fields: their names for a prompt, a model, a provision (section) and so on
    :param provisions: ids of provisions by what logs call them
    :param models: of tables that have a column for each model, the models by their columns
    :param scorers: likewise, of tables that have a column for each scorer
    :param given: what holds of each row that says nothing else, by the same names as ``fields``
    :param grades: what grades in words count
    :param statuses: what became of answers, by the words of a table
    :param scale: the grades that count 0 and 1, where others lie between them
    :param threshold: the least grade that counts 1 where each other counts 0
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

    :param map: what logs call things
    :param release: of the spec, where a log does not say
    :param evidence: what was graded, whatever a log says; empty leaves it to that
    :param cluster: the field that tells which prompts belong together, ``prompt`` for none; empty for the default
    :param keep_text: whether texts of prompts and answers are kept
    """

    map: ResultMap = field(default_factory=ResultMap)
    release: str = ""
    evidence: str = ""
    cluster: str = ""
    keep_text: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """What logs call things, by what these are."""
        return self.map.fields

    def grade(self, value: object, *, is_unparsable: bool = False, evidence: str = "") -> Grade:
        """Return what a grade of a log counts: the only place where grades are read."""
        words = self.map.grades
        if isinstance(value, list | dict) and value:
            return Grade(None, is_unparsable, evidence, json.dumps(value, default=str)[:_LONGEST_SHOWN])
        text = value.strip() if isinstance(value, str) else plain(value)
        if (known := words.get(text, words.get(text.casefold()))) is not None:
            return Grade(known, is_unparsable, evidence)
        # With grades of one's own, a letter means nothing else.
        is_word = isinstance(value, str) and (text in _WORDS or text.lower() in _WORDS)
        read = None if words and is_word else number(value)
        unread = text if read is None and isinstance(value, str) and text.casefold() not in _MISSING else ""
        return Grade(self._counted(read, is_percentage=text.endswith("%")), is_unparsable, evidence, unread)

    def _counted(self, value: float | None, *, is_percentage: bool) -> float | None:
        if value is None:
            return None
        if (least := self.map.threshold) is not None:
            # Beside percentages, so may be what they are held against.
            return float(value >= (least / 100 if is_percentage and least > 1 else least))
        # A percentage says by itself what is 0 and 1.
        if self.map.scale is None or is_percentage:
            return value
        low, high = self.map.scale
        return (value - low) / (high - low)


class Grade(NamedTuple):
    """What a scorer says of an answer.

    :param unread: a grade in words that nobody knows
    """

    value: float | None
    is_unparsable: bool = False
    evidence: str = ""
    unread: str = ""


class Sample(NamedTuple):
    """One answer with its grades, whatever tool logged it.

    :param told: metadata, in which ids of the spec are looked up
    :param grades: by scorer
    :param fate: what became of it apart from its grades
    :param scorers: names of scorers that should have graded it
    :param texts: of the prompt and of the answer, as they are logged
    :param grader: of this answer, where that is another than that of the run
    """

    prompt: str
    epoch: int
    told: Mapping[str, Any]
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
"""What outweighs the lack of a grade."""
_MISSING = {"", "-", "n/a", "na", "nan", "nil", "none", "null"}
"""What tables write where there is no value."""
_LARGEST = 1e50
_LONGEST_SHOWN = 60
"""Characters of what cannot be read."""
_MEANINGS = {"section", "focus", "tests", "cluster", "weight", "evidence", "release"}
"""What logs of any tool have fields for; tables have more."""
MOST_REPEATS = 2**31
"""What a column of the store holds."""


def number(value: object) -> float | None:
    """Return a grade as a number; one that is none, or whose sums of squares would not be finite, is no grade."""
    if isinstance(value, bool | int | float):
        try:
            told = float(value)
        except OverflowError:
            return None
        return told if abs(told) <= _LARGEST else None
    if isinstance(value, str):
        if (told_word := _WORDS.get(value, _WORDS.get(value.strip().lower()))) is not None:
            return told_word
        text = value.strip()
        try:
            return number(float(text[:-1]) / 100 if text.endswith("%") else float(text))
        except ValueError:
            return None
    return None


def epoch_of(value: object) -> int:
    """Return the number of a repeat, from 0 or 1; the latter where a log tells none that there can be."""
    told = None if isinstance(value, bool) else number(value)
    return int(told) if told is not None and 0 <= told < MOST_REPEATS and told.is_integer() else 1


def plain(value: object) -> str:
    """Return a value of a log as a text that any file can hold; nothing as an empty one."""
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def digest(value: object) -> str:
    """Return a digest in letters; one that a tool took for a secret, and hid, is unknown."""
    text = plain(value).removeprefix("sha256:")
    return "" if text == "[REDACTED]" else text


def said_text(value: object) -> str:
    """Return a text, or the texts of messages, each after its role."""
    if not isinstance(value, list):
        return plain(value)
    messages = (one if isinstance(one, dict) else {"content": one} for one in value)
    return "\n\n".join(
        ": ".join(filter(None, (plain(one.get("role")), said_text(one.get("content", one.get("text"))))))
        for one in messages
    )


def stopped_by(reason: object) -> AnswerStatus:
    """Return what a reason for the end of an answer says of it."""
    if (told := plain(reason)) in _FILTERS:
        return AnswerStatus.FILTERED
    return AnswerStatus.LIMIT if told in _LIMITS else AnswerStatus.SCORED


def run_id(model: str, *parts: str) -> str:
    """Return the id of a run: a slug of its model, and a digest of what tells it from others."""
    slug = re.sub(r"[^a-z0-9]+", "-", model.lower()).strip("-")[:60].rstrip("-") or "model"
    digest = hashlib.sha256(json.dumps([*parts, model]).encode()).hexdigest()
    return f"{slug}-{digest[:8]}"


def only(names: Iterable[str]) -> str:
    """Return the one name that some rows have, those that have none left aside; of several, none is that of all."""
    found = {*names} - {""}
    return found.pop() if len(found) == 1 else ""


def answers_of(
    run: EvalRun, samples: Sequence[Sample], rules: ReadingRules
) -> tuple[RunAnswers, tuple[Finding, ...]]:
    """Return the answers of a run in order, and what was read twice, which counts once."""
    release = run.release or rules.release
    run = _completed(run, samples, rules)
    found: dict[tuple[str, int, str, str, str, str], GradedAnswer] = {}
    twice: Counter[tuple[str, int, str, str, str, str]] = Counter()
    scorers = _scorers(samples)
    told = replace(run, release=release)
    for sample in samples:
        for answer in _answers(told, sample, scorers, rules):
            if (key := answer.key) in found:
                twice[key] += 1
            else:
                found[key] = answer
    findings = [*_lacking(run, samples, rules), *_unread(run, samples)]
    if twice:
        prompt, epoch, *_ = min(twice)
        findings.append(
            Finding(
                code="repeated-result",
                message=f"answers stand twice: {twice.total()}, such as that of epoch {epoch} to prompt `{prompt[:60]}`",
                span=Span(run.file, 1),
                hint="the first of them counts; give each repeat an epoch of its own",
            )
        )
    return RunAnswers(run, tuple(found[key] for key in sorted(found))), tuple(findings)


def _lacking(run: EvalRun, samples: Sequence[Sample], rules: ReadingRules) -> Iterator[Finding]:
    """Yield which named fields a run lacks, and how many of its answers have no weight."""
    named = {**rules.fields, "cluster": rules.cluster or rules.fields.get("cluster", "")}
    for meaning, name in named.items():
        told = name in {"", "prompt"} or any(plain(sample.told.get(name)) for sample in samples)
        if not told and meaning in _MEANINGS:
            yield lacking_field(run, name)
        elif meaning == "weight" and (bad := sum(_weight(sample, name) is None for sample in samples)):
            message = f"`{name}` is no number from 0 on in {bad} answers of the run `{run.id}`, which weigh 1"
            yield _partial(run.file, message, "correct it in the log")


def _unread(run: EvalRun, samples: Iterable[Sample]) -> Iterator[Finding]:
    """Yield how many grades are words that nobody knows."""
    words = Counter(grade.unread for sample in samples for grade in sample.grades.values() if grade.unread)
    if words:
        message = f"{words.total()} grades of the run `{run.id}` are no numbers, such as `{min(words)[:60]}`; they do not count"
        yield _partial(run.file, message, "name what each counts under `grades` of a --map file")


def lacking_field(run: EvalRun, name: str) -> Finding:
    """Return what is to be said of a run without a field that somebody named."""
    message = f"no answer of the run `{run.id}` has the field `{name}`"
    return _partial(run.file, message, "name one that the log has; a store has what it was written with")


def _partial(file: str, message: str, hint: str) -> Finding:
    return Finding(code="partial-results", message=message, span=Span(file, 1), hint=hint)


def _weight(sample: Sample, name: str) -> float | None:
    """Return the weight of a prompt; one below 0 is none."""
    weight = number(sample.told.get(name)) if name else 1.0
    return weight if weight is not None and weight >= 0 else None


def _completed(run: EvalRun, samples: Sequence[Sample], rules: ReadingRules) -> EvalRun:
    """Return a run with what its samples say of it."""
    asked = rules.cluster or rules.fields.get("cluster", "")
    has_scenario = any(plain(sample.told.get("scenario")) for sample in samples)
    named = rules.fields.get("release", "release")

    releases = (plain(sample.told.get(named)) or run.release or rules.release for sample in samples)
    digests = (digest(sample.told.get("spec_sha256")) or run.spec_sha256 for sample in samples)
    return replace(
        run,
        release=only(releases) if samples else run.release or rules.release,
        spec_sha256=only(digests) if samples else run.spec_sha256,
        cluster=asked or ("scenario" if has_scenario else "focus_id"),
    )


def _scorers(samples: Iterable[Sample]) -> dict[str, tuple[str, ...]]:
    """Return the names of the grades that each scorer gives: a scorer of several values gives `scorer/key`."""
    named: dict[str, dict[str, None]] = {}
    for sample in samples:
        for name in sample.scorers:
            named.setdefault(name, {})
        for grade in sample.grades:
            scorer = next((s for s in sample.scorers if grade == s or grade.startswith(f"{s}/")), grade)
            named.setdefault(scorer, {})[grade] = None
    return {name: tuple(grades) or (name,) for name, grades in named.items()}


def _answers(
    run: EvalRun, sample: Sample, scorers: Mapping[str, tuple[str, ...]], rules: ReadingRules
) -> Iterator[GradedAnswer]:
    names = dict.fromkeys(sample.grades)
    for scorer in sample.scorers:
        if not any(grade == scorer or grade.startswith(f"{scorer}/") for grade in sample.grades):
            names.update(dict.fromkeys(scorers[scorer]))
    fields = rules.fields
    told = sample.told
    section = plain(told.get(fields.get("section", "section_id")))
    focus = plain(told.get(fields.get("focus", "focus_id")))
    tests = told.get(fields.get("tests", "tests"))
    weight = _weight(sample, fields.get("weight", ""))
    cluster = "" if run.cluster == "prompt" else plain(told.get(run.cluster))
    said = plain(told.get(fields.get("evidence", "evidence")))
    for name in names:
        grade = sample.grades.get(name, Grade(None))
        yield GradedAnswer(
            run=run.id,
            file=run.file,
            tool=run.tool,
            model=run.model,
            grader=sample.grader or run.grader,
            created=run.created,
            spec_release=plain(told.get(fields.get("release", "release"))) or run.release,
            scorer=plain(name),
            prompt=sample.prompt,
            epoch=sample.epoch,
            value=grade.value,
            status=_status(sample.fate, grade).value,
            evidence=_evidence(rules.evidence or said or grade.evidence),
            prompt_sha256=digest(told.get("prompt_sha256")),
            section_raw=section,
            focus_raw=focus,
            tests_raw=" ".join(map(plain, tests)) if isinstance(tests, list) else plain(tests),
            cluster_raw=cluster,
            weight_raw=1.0 if weight is None else weight,
            prompt_text=said_text(sample.texts[0]) if rules.keep_text else "",
            answer_text=said_text(sample.texts[1]) if rules.keep_text else "",
        )


def _status(fate: AnswerStatus, grade: Grade) -> AnswerStatus:
    if fate in _FATES:
        return fate
    if grade.value is None:
        return AnswerStatus.UNSCORED
    return AnswerStatus.UNPARSABLE if grade.is_unparsable else fate


def _evidence(said: str) -> str:
    return Evidence.REASONING.value if said.strip().lower().startswith("reason") else Evidence.OUTPUT.value


def moment(text: str) -> tuple[bool, float, str]:
    """Return when something was, to be compared with others; what is no time comes first."""
    try:
        when = dt.datetime.fromisoformat(text)
    except ValueError:
        return False, 0.0, text
    return True, (when if when.tzinfo else when.replace(tzinfo=dt.UTC)).timestamp(), text
