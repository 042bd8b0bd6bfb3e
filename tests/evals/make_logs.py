"""Makes the logs in `logs/` with inspect-ai and its mock model, without a network: python tests/evals/make_logs.py

Each trap of the format is in one of them; `tests/evals/test_inspect_logs.py` tells which.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval_retry, task
from inspect_ai import eval as run_task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalSampleLimit, ProvenanceData, invalidate_samples, read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import solver

HERE = Path(__file__).resolve().parent / "logs"
PLAN = {  # section, focus, scenario, a mark or points for each of three epochs
    "p1": ("be_kind", "a1b2", "s1", [7, 6, 5]),
    "p2": ("be_kind", None, "s1", [7, "F", "E"]),
    "p3": ("be_kind {#be_kind authority=user}", None, "s2", ["X", "N", 3]),
    "p4": ("be_nice", None, "s2", [6, "M", "L"]),
    "p5": ("no_such_principle", None, None, [7, 1, 1]),
    "p6": (None, "a1b2", "s3", [2, 6, 6]),
    "p7": ("be_brief", "a1b2", "s3", ["V", 1, 7]),
    "p8": ("manners", None, "s4", ["B", "C", "I"]),
}
"""E an error, F a content filter, X a reply of the grader that cannot be parsed, N unscored, M the limit of tokens, L a limit
of the sample, V to be invalidated; B, C and I are grades in other forms."""
STOPS = {"F": "content_filter", "M": "max_tokens"}


def output(text: str, stop: Any = "stop") -> ModelOutput:
    """Return an answer with usage, so that no tokenizer is fetched."""
    made = ModelOutput.from_content("mockllm/model", text, stop_reason=stop)
    made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return made


@solver
def plan(fails: bool = True) -> Any:
    """Answer as the plan of a sample wants it."""

    async def solve(state: Any, _generate: Any) -> Any:
        mark = state.metadata["plan"][state.epoch - 1]
        if mark == "E" and fails:
            raise RuntimeError("made up")
        state.output = output(f"answer of {state.sample_id}", STOPS.get(mark, "stop"))
        return state

    return solve


@scorer(metrics=[mean()])
def points() -> Any:
    """Grade as the plan of a sample wants it."""

    async def score(state: Any, _target: Any) -> Score:
        mark = state.metadata["plan"][state.epoch - 1]
        if mark == "N":
            return Score.unscored(reason="the grader refused")
        if mark == "X":
            return Score(value=0.0, explanation="Could not extract any critiques", metadata={"critiques": []})
        if mark in {"B", "C", "I"}:
            return Score(value=True if mark == "B" else mark)
        graded = mark if isinstance(mark, int) else 7
        return Score(value=1.0 if graded >= 6 else 0.0, metadata={"critiques": [{"score": graded}]})

    return score


@scorer(metrics={"tone": [mean()], "length": [mean()]})
def parts() -> Any:
    """Give two grades."""

    async def score(state: Any, _target: Any) -> Score:
        return Score(value={"tone": 1, "length": 0.25 * state.epoch})

    return score


def samples(names: list[str]) -> MemoryDataset:
    """Return some prompts of the plan."""
    return MemoryDataset(
        [
            Sample(
                id=name,
                input=f"question {name}",
                target=name,
                metadata={
                    "section_id": section,
                    "focus_id": focus,
                    "scenario": scenario,
                    "plan": marks,
                },
            )
            for name, (section, focus, scenario, marks) in PLAN.items()
            if name in names
        ]
    )


@task
def traps() -> Task:
    """Every mark, graded by two scorers."""
    return Task(
        dataset=samples([*PLAN]),
        solver=plan(),
        scorer=[points(), parts()],
        epochs=3,
        metadata={"policyspec": {"release": "2026-01-01"}},
    )


@task
def broken() -> Task:
    """One that fails as a whole."""
    return Task(dataset=samples(["p2"]), solver=plan(), scorer=points(), epochs=3)


def plain(log: Any) -> Any:
    """Return a log without what is long and no matter here."""
    for sample in log.samples:
        sample.events = []
        sample.error_retries = []
        for error in filter(None, (sample.error, log.error)):
            error.traceback = error.traceback_ansi = ""
    log.eval.task_file = None
    log.eval.revision = None
    return log


def both(log: Any, name: str) -> None:
    """Write a log in both containers."""
    for suffix in ("eval", "json"):
        write_eval_log(plain(log), str(HERE / f"{name}.{suffix}"))


def as_told_by_the_api(path: str) -> list[dict[str, Any]]:
    """Return what inspect-ai reads of a log: its samples, as far as results rest on them."""
    return [
        {
            "id": sample.id,
            "epoch": sample.epoch,
            "section": (sample.metadata or {}).get("section_id"),
            "scenario": (sample.metadata or {}).get("scenario"),
            "values": {name: score.value for name, score in (sample.scores or {}).items()},
            "critiques": {
                name: (score.metadata or {}).get("critiques") for name, score in (sample.scores or {}).items()
            },
            "stop": sample.output.stop_reason if sample.output.choices else None,
            "error": sample.error is not None,
            "limit": sample.limit is not None,
            "invalidated": sample.invalidation is not None,
        }
        for sample in read_eval_log(path).samples or []
    ]


def main() -> None:
    """Make all."""
    HERE.mkdir(exist_ok=True)
    model = get_model("mockllm/model", custom_outputs=[output("never asked")])
    roles: Any = {"grader": get_model("mockllm/grader")}
    common: dict[str, Any] = {"model": model, "model_roles": roles, "display": "none"}
    with tempfile.TemporaryDirectory() as scratch:
        (log,) = run_task(traps(), log_dir=f"{scratch}/a", fail_on_error=False, **common)
        log = read_eval_log(log.location)
        limited = next(one for one in log.samples or [] if one.id == "p4" and one.epoch == 3)
        limited.limit = EvalSampleLimit(type="message", limit=3)
        ids = [one.uuid for one in log.samples or [] if one.id == "p7" and one.epoch == 1]
        both(invalidate_samples(log, ids, ProvenanceData(author="made up", reason="made up")), "traps")
        (log,) = run_task(broken(), log_dir=f"{scratch}/b", **common)
        both(read_eval_log(log.location), "failed")
        (again,) = eval_retry(log, log_dir=f"{scratch}/c", fail_on_error=False, display="none")
        both(read_eval_log(again.location), "retried")
    told = {file.name: as_told_by_the_api(str(file)) for file in sorted(HERE.glob("*.eval"))}
    (HERE / "api.json.txt").write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    sys.stdout.write("".join(f"{file.name} {file.stat().st_size}\n" for file in sorted(HERE.iterdir())))


if __name__ == "__main__":
    main()
