"""Prompts out, a mock model in the real harness, results back: what is exported runs, and nothing stays unresolved."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sphinx_policyspec as ps

RUN = """
import itertools, sys
sys.path.insert(0, sys.argv[1])
import task
from inspect_ai import eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model

def output(text):
    made = ModelOutput.from_content("mockllm/model", text)
    made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return made

def answers():
    while True:
        yield output("An answer.")

def grades():
    for points in itertools.cycle([7, 6, 5, 7, None, 3, 6]):
        yield output(f"Because.\\nSCORE: {points}" if points else "I cannot say.")

model = get_model("mockllm/model", custom_outputs=answers())
grader = get_model("mockllm/grader", custom_outputs=grades())
(log,) = eval(task.policyspec_prompts(), model=model, model_roles={"grader": grader}, epochs=2,
              log_dir=sys.argv[2], display="none")
print(log.status)
"""


@pytest.mark.slow
def test_every_prompt_of_a_release_goes_out_to_inspect_and_comes_back(
    tmp_path: Path, model_spec_data: Path
) -> None:
    if importlib.util.find_spec("inspect_ai") is None:
        pytest.skip("the package inspect_ai is not installed: --group harnesses")
    source = model_spec_data / "2025-09-12"
    for name, text in ps.export_prompts(source, "inspect").files.items():
        (tmp_path / name).write_text(text, "utf-8")
    command = [sys.executable, "-c", RUN, str(tmp_path), str(tmp_path / "logs")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split()[-1] == "success"
    results = ps.read_results(source, tmp_path / "logs")
    assert (dict(results.join.by_key), results.join.unresolved) == ({"tests": 272}, ())
    (run,) = results.runs
    assert results.pins[run.id] is True
    assert results.statuses[run.id].keys() == {"scored", "unscored"}
    assert sum(results.statuses[run.id].values()) == 544


PROVIDER = """
module.exports = class {
  id() { return "mock"; }
  async callApi(prompt) {
    let messages = null;
    try { messages = JSON.parse(prompt); } catch (error) { return {error: "no chat"}; }
    const isGrader = messages.some((one) => one.role === "system" && one.content.includes("rubric"));
    const graded = JSON.stringify({pass: true, score: 1, reason: "so it is"});
    return {output: isGrader ? graded : "An answer.", tokenUsage: {total: 1}};
  }
};
"""


@pytest.mark.slow
def test_every_prompt_of_a_release_goes_out_to_promptfoo_and_comes_back(
    tmp_path: Path, model_spec_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("promptfoo") is None:
        pytest.skip("promptfoo is not installed: npm, with Node 22.22 or newer")
    monkeypatch.chdir(tmp_path)
    for name in ("TELEMETRY", "UPDATE", "REMOTE_GENERATION"):
        monkeypatch.setenv(f"PROMPTFOO_DISABLE_{name}", "1")
    monkeypatch.setenv("PROMPTFOO_CONFIG_DIR", str(tmp_path / "home"))
    source = model_spec_data / "2025-09-12"
    (text,) = ps.export_prompts(source, "promptfoo").files.values()
    Path("promptfooconfig.yaml").write_text(text, "utf-8")
    Path("provider.js").write_text(PROVIDER, "utf-8")
    command = [
        "promptfoo",
        "eval",
        "-r",
        "file://provider.js",
        "--grader",
        "file://provider.js",
        "--repeat",
        "2",
    ]
    command += ["--no-cache", "--no-table", "--no-progress-bar", "-o", "out.json", "-o", "out.jsonl"]
    subprocess.run(command, capture_output=True, text=True, check=True)
    results = [ps.read_results(source, f"out.{suffix}") for suffix in ("json", "jsonl")]
    for one in results:
        assert (dict(one.join.by_key), one.join.unresolved) == ({"tests": 272}, ())
        assert one.statuses == {run.id: {"scored": 544} for run in one.runs}
        assert set(one.pins.values()) == {True}
    assert ps.render(results[0], "csv") == ps.render(results[1], "csv")


@pytest.mark.parametrize("harness", ["inspect", "jsonl", "promptfoo"])
def test_what_a_harness_is_given_comes_back_with_nothing_unresolved(
    tmp_path: Path, model_spec_data: Path, harness: str
) -> None:
    """A stand-in gives each prompt the metadata that its harness would log; the real one runs in the long tests."""
    source = model_spec_data / "2025-09-12"
    files = ps.export_prompts(source, harness).files
    if harness == "promptfoo":
        import yaml  # noqa: PLC0415  for one harness

        tests = yaml.load(files["promptfooconfig.yaml"], yaml.CSafeLoader)["tests"]
        rows = [
            {
                "id": f"row-{n}",
                "testCase": test,
                "metadata": test["metadata"],
                "provider": {"id": "mock", "label": "mock"},
                "prompt": {"raw": test["vars"]["messages"], "label": "chat"},
                "namedScores": {test["assert"][0]["metric"]: 1},
                "response": {"output": "An answer."},
                "failureReason": 0,
                "testIdx": n,
            }
            for n, test in enumerate(tests)
        ]
    else:
        given = [json.loads(line) for line in files["prompts.jsonl"].splitlines()]
        rows = [{"prompt": row["id"], "model": "mock", "value": 1, **row["metadata"]} for row in given]
    (tmp_path / "out.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    results = ps.read_results(source, tmp_path / "out.jsonl")
    assert (dict(results.join.by_key), results.join.unresolved) == ({"tests": 272}, ())
    assert len({row.scorer for row in results.rows}) == 1
    assert results.pins == {results.runs[0].id: True}
