"""The figures of evaluations: SQL queries that any engine runs, and the one function that turns their sums into rates."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from sphinx_policyspec.errors import QueryError
from sphinx_policyspec.files import Brief, number_of
from sphinx_policyspec.graph.terms import ontology_dir
from sphinx_policyspec.model.nearest import nearest

FEW = 5
"""With fewer prompts than this, the error of a mean is meaningless."""
_CONFIDENCE = 0.95
_Z = 1.959963984540054
"""Quantile of the normal distribution for that confidence."""
_DETECTABLE = 2.8016
"""Standard errors that a difference must measure to be detected with a power of 80 % at that confidence."""
_SLACK = 1e-9
"""The most that rounding may add to a share."""
_SUMS = ("n", "clusters", "sw", "sa", "saa", "saw", "sww")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure(Brief):
    """An SQL query over the views ``answers``, ``scored`` and ``prompts``, the same in every engine.

    :param question: the question that it answers, in English
    :param columns: names of its columns, in order
    """

    name: str
    question: str
    columns: tuple[str, ...]
    sql: str


@cache
def measures() -> tuple[Measure, ...]:
    """Return every measure, by name."""
    queries = []
    for file in sorted((ontology_dir() / "measures").glob("*.sql")):
        head, columns, text = file.read_text("utf-8").split("\n", 2)
        queries.append(
            Measure(
                name=file.stem,
                question=head.removeprefix("-- "),
                columns=tuple(columns.removeprefix("-- columns:").split()),
                sql=text,
            )
        )
    return tuple(queries)


@cache
def measure(name: str) -> Measure:
    """Return a measure, such as ``rate``; an unknown name raises :class:`QueryError`."""
    known = {one.name: one for one in measures()}
    if name not in known:
        raise QueryError("; ".join(filter(None, (f"no measure `{name}`", nearest(name, known)))))
    return known[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate(Brief):
    """How well a run does on a group of prompts, or how far two runs are apart; unknown values are ``None``.

    :param key: what the figures are about: columns of the measure and their values, such as ``run``, ``scorer``, ``facet``
    :param prompts: number of prompts that count; each counts once, by its weight
    :param mean: of the prompts' means; for a difference, of the prompts' differences
    :param se: standard error of the mean if each prompt was drawn independently
    :param clustered_se: standard error with whole clusters drawn, on which the interval rests
    :param fixed_set_se: standard error for exactly these prompts, from repeated answers alone
    :param low: lower end of the 95 % interval, which may reach beyond 0 and 1
    :param method: of the interval: ``wilson``, ``t``, ``t-clustered``, or ``one-cluster`` if a single cluster allows none
    :param is_share: whether every value lies between 0 and 1, so that the figures are shares
    :param answers: number of answers that count
    :param excluded: number of answers that do not
    :param answer_weighted_mean: mean of all answers, whichever prompt they belong to
    :param p: probability of a difference at least this large if there is none
    :param p_holm: the same, corrected for the number of groups
    :param mde: the smallest difference that such a design detects four times out of five
    """

    key: Mapping[str, str]
    prompts: int
    clusters: int
    mean: float | None = None
    se: float | None = None
    clustered_se: float | None = None
    fixed_set_se: float | None = None
    low: float | None = None
    high: float | None = None
    method: str | None = None
    is_share: bool = False
    answers: int | None = None
    excluded: int | None = None
    answer_weighted_mean: float | None = None
    p: float | None = None
    p_holm: float | None = None
    mde: float | None = None

    @property
    def is_few(self) -> bool:
        """Whether too few prompts count for the mean to say much."""
        return self.prompts < FEW


Rows = Iterable[Sequence[Any] | Mapping[str, Any]]
"""Rows of a measure, as engines return them: values in the order of its columns, or by column name."""


def rates(rows: Rows, plain: Rows = (), noise: Rows = (), tally: Rows = ()) -> tuple[Rate, ...]:
    """Return the rates from the sums of ``rate`` or ``difference``: the only place where figures are divided.

    ``rates(spark.sql(measure("rate").sql).collect())`` is all that another engine needs.

    :param rows: of ``rate`` or ``difference``
    :param plain: of the same measure with each prompt as its own cluster, for the error without clusters
    :param noise: of ``noise``, for the error of exactly these prompts
    :param tally: of ``tally``, for the number of excluded answers
    """
    records = [_record(row) for row in rows]
    unclustered = {_key(row): row for row in map(_record, plain)}
    repeats: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in (_as("noise", row) for row in noise):
        repeats.setdefault(_key(row), []).append(row)
    counts: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in (_as("tally", row) for row in tally):
        counts.setdefault(_key(row), []).append(row)
    results = [
        _rate(row, unclustered.get(_key(row)), repeats.get(_key(row), []), counts.get(_key(row), []))
        for row in records
    ]
    return _with_holm(results)


_FIGURES = frozenset({*_SUMS, "k", "swq", "swm", "status", "answers", "counted", "outside", "sv"})
"""Columns that are not part of a row's key."""


def _key(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(value) for name, value in row.items() if name not in _FIGURES)


def _as(name: str, row: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of a measure as a mapping from column to value."""
    columns = measure(name).columns
    if isinstance(row, Mapping):
        return {column: row[column] for column in columns}
    if len(row) != len(columns):
        raise QueryError(f"a row of `{name}` has {number_of(len(columns), 'column')}, and one has {len(row)}")
    return dict(zip(columns, row, strict=True))


def _record(row: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(row, Mapping):
        return _as("difference" if "run_a" in row else "rate", row)
    is_difference = len(row) == len(measure("difference").columns)
    return _as("difference" if is_difference else "rate", row)


def _rate(
    row: Mapping[str, Any],
    plain: Mapping[str, Any] | None,
    repeats: Sequence[Mapping[str, Any]],
    counts: Sequence[Mapping[str, Any]],
) -> Rate:
    prompts, clusters = int(row["n"]), int(row["clusters"])
    mean, error = _mean_and_error(row)
    is_difference = "run_a" in row
    counted = sum(int(one["counted"]) for one in counts)
    is_share = not is_difference and not any(one["outside"] for one in counts) and _is_share(row, mean)
    low, high, method = _interval(mean, error, prompts, clusters, is_share=is_share)
    rate = Rate(
        key={name: str(value) for name, value in row.items() if name not in _FIGURES},
        prompts=prompts,
        clusters=clusters,
        mean=mean,
        se=_mean_and_error(plain)[1] if plain else error if clusters == prompts else None,
        clustered_se=error,
        fixed_set_se=_fixed_set_error(repeats),
        low=low,
        high=high,
        method=method,
        is_share=is_share,
        answers=counted if counts else None,
        excluded=sum(int(one["answers"]) for one in counts) - counted if counts else None,
        answer_weighted_mean=sum(float(one["sv"]) for one in counts) / counted if counted else None,
    )
    if not is_difference or not error or mean is None:
        return rate
    return replace(rate, p=t_tail(mean / error, clusters - 1), mde=_DETECTABLE * error)


def _mean_and_error(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Return a mean and its clustered error; one cluster has no error."""
    sw, sa, saa, saw, sww = (float(row[name]) for name in _SUMS[2:])
    if not sw:
        return None, None
    mean = sa / sw
    clusters = int(row["clusters"])
    if clusters < 2:  # noqa: PLR2004  one has no spread
        return mean, None
    squares = saa - 2 * mean * saw + mean * mean * sww
    # With equal clusters the squares should be 0, and what remains is rounding error.
    noise = 4 * clusters * sys.float_info.epsilon * (saa + 2 * abs(mean * saw) + mean * mean * sww)
    squares = squares if squares > noise else 0.0
    return mean, math.sqrt(squares * clusters / (clusters - 1)) / sw


def _is_share(row: Mapping[str, Any], mean: float | None) -> bool:
    """Return whether the sums are possible for values between 0 and 1."""
    return (
        mean is not None
        and -_SLACK <= mean <= 1 + _SLACK
        and float(row["saa"]) <= float(row["saw"]) * (1 + _SLACK)
    )


def _interval(
    mean: float | None, error: float | None, prompts: int, clusters: int, *, is_share: bool
) -> tuple[float | None, float | None, str | None]:
    if mean is None:
        return None, None, None
    if is_share and (prompts < FEW or error == 0):
        return *_wilson(min(max(mean, 0.0), 1.0), prompts), "wilson"
    if clusters < 2:  # noqa: PLR2004  as above
        return None, None, "one-cluster"
    if not error:
        return None, None, None
    half = t_quantile((1 + _CONFIDENCE) / 2, clusters - 1) * error
    return mean - half, mean + half, "t" if clusters == prompts else "t-clustered"


def _wilson(share: float, trials: int) -> tuple[float, float]:
    """Return Wilson's interval of a share of trials, which has a width even at 0 and 1."""
    square = _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _fixed_set_error(repeats: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the error of a mean over prompts with two or more answers, from how these differ."""
    several = [row for row in repeats if int(row["k"]) > 1]
    weight = sum(float(row["sw"]) for row in several)
    if not weight:
        return None
    squares = sum(max(0.0, float(row["swq"]) - float(row["swm"])) / (int(row["k"]) - 1) for row in several)
    return math.sqrt(squares) / weight


def _with_holm(results: Sequence[Rate]) -> tuple[Rate, ...]:
    """Return differences with p values corrected for all groups of one facet together (Holm's method)."""
    families: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for place, one in enumerate(results):
        family = tuple((name, value) for name, value in one.key.items() if name != "grp")
        families.setdefault(family, []).append(place)
    corrected = [*results]
    for places in families.values():
        for place, one in zip(places, holm([results[place] for place in places]), strict=True):
            corrected[place] = one
    return tuple(corrected)


def holm(family: Sequence[Rate]) -> tuple[Rate, ...]:
    """Return differences with p values corrected for all of them together (Holm); those without a p value are unchanged."""
    ranked = sorted(
        (place for place, one in enumerate(family) if one.p is not None),
        key=lambda place: family[place].p or 0.0,
    )
    corrected, least = [*family], 0.0
    for rank, place in enumerate(ranked):
        least = max(least, min(1.0, (len(ranked) - rank) * (family[place].p or 0.0)))
        corrected[place] = replace(family[place], p_holm=least)
    return tuple(corrected)


def planned_difference(
    prompts: int,
    variance: float,
    noise_a: float = 0.0,
    noise_b: float = 0.0,
    repeats: tuple[int, int] = (1, 1),
) -> float:
    """Return the smallest difference that a planned comparison detects four times out of five, at a level of 5 %.

    :param prompts: number of prompts that both runs answer
    :param variance: of the prompts' differences without the noise of answers
    :param noise_a: mean variance of repeated answers to one prompt, in the first run
    :param noise_b: the same in the second run
    :param repeats: answers per prompt in the first and the second run
    """
    spread = max(0.0, variance) + noise_a / repeats[0] + noise_b / repeats[1]
    return _DETECTABLE * math.sqrt(spread / prompts)


def t_tail(value: float, degrees: float) -> float:
    """Return the two-sided tail probability of Student's t: that it is at least as far from 0 as ``value``."""
    square = value * value
    near = square / (degrees + square)
    if near < 1.5 / (degrees / 2 + 2.5):
        return 1 - _beta(0.5, degrees / 2, near)
    return _beta(degrees / 2, 0.5, degrees / (degrees + square))


@cache
def t_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t for a probability above one half."""
    tail = 2 * (1 - probability)
    low, high = 0.0, 1.0
    while t_tail(high, degrees) > tail:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if t_tail(middle, degrees) > tail else (low, middle)
    return (low + high) / 2


def _beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function, by Lentz's continued fraction (Numerical Recipes, §6.4).

    It converges quickly for ``x`` up to ``(a + 1) / (a + b + 2)``.
    """
    if x <= 0:
        return 0.0
    scale = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1), tiny)
    total = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _away(1 + even * d, tiny)
        c = _away(1 + even / c, tiny)
        total *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _away(1 + odd * d, tiny)
        c = _away(1 + odd / c, tiny)
        total *= d * c
        if abs(d * c - 1) < 1e-15:  # noqa: PLR2004  as close as numbers are
            break
    return scale * total / a


def _away(value: float, tiny: float) -> float:
    """Return a number that is not close to 0, since it is a divisor."""
    return value if abs(value) > tiny else tiny
