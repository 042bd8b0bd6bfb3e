"""Whatever a file or an argument holds, a command ends soon and within bounds, and says what is wrong in a line.

Mutants are new each time. POLICYSPEC_SEED gives those of an earlier run again, POLICYSPEC_MUTANTS how many of each kind.
"""

from __future__ import annotations

import gc
import io
import json
import os
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from sphinx_policyspec import cli
from sphinx_policyspec.files import printable
from tests.conftest import REPOSITORY
from tests.inputs import KINDS, UPSTREAM
from tests.mutations import mutant

SEED = int(os.environ.get("POLICYSPEC_SEED") or random.SystemRandom().randrange(10**9))
LONGEST_NAME = 500
MANY = int(os.environ.get("POLICYSPEC_MUTANTS") or 50)
SECONDS = 10
"""Of a processor that a command may take for a file of a few kilobytes; of a busy day, four times as many."""
SILENT_SECONDS = 60
"""After which a process that not even an alarm wakes is ended."""
ADDRESS_BYTES = 1536 * 2**20
RESIDENT_BYTES = 2**30
MOST_TOLD = 10
_CHILD = "from tests.test_fuzz import try_in_child; try_in_child()"
FEW = ("document", "myst", "sidecar", "cases", "lock", "baseline", "ttl", "sparql", "labels")
_UNUSABLE = 2

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bounds of memory are those of Linux")

_TOLD = re.compile(r"^(?:policyspec: error|Error): (.*)", re.MULTILINE)
_LINE = re.compile(r"^$|^policyspec: |^Usage: |^Error: |^Try '|: (?:error|warning): .* \[[\w.-]+\]$")
_UNDECIDED = re.compile(r"^\S+:\d+:\d+: error: ", re.MULTILINE)
"""A case that cannot be decided is a finding, and status 2."""
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def build_world() -> None:
    """Write a good file of each kind into the current folder."""
    for name in ("release", "old", "releases/2026-01-01", "releases/2026-02-02"):
        shutil.copytree(UPSTREAM, name)
    Path("old/model_spec.md").write_bytes(
        Path("release/model_spec.md").read_bytes().replace(b"is kind", b"is warm")
    )
    page = b"# A page\n\n```{policy:principle} Be kind\n:id: be_kind\n:authority: user\n```\n\nKind words.\n"
    for name in ("myst", "rst", "annotated"):
        Path(name).mkdir()
        conf = 'extensions = ["myst_parser", "sphinx_policyspec"]\nmyst_enable_extensions = ["colon_fence", "dollarmath"]\n'
        Path(name, "conf.py").write_text(
            conf + 'policyspec_annotations = "../sidecar.yaml"\n' * (name == "annotated")
        )
        Path(name, f"index.{'rst' if name == 'rst' else 'md'}").write_bytes(b"" if name == "rst" else page)
    Path("circle.ttl").symlink_to("circle.ttl")
    for kind in KINDS.values():
        if kind.file:
            Path(kind.file).write_bytes(kind.grammar.seeds[0])
    if git := shutil.which("git"):
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        for words in (
            ("init", "-qb", "main"),
            ("add", "."),
            *[(*author, "commit", "-qm", "a", "--allow-empty")] * 2,
        ):
            subprocess.run((git, *words), check=True, capture_output=True)


class Late(BaseException):
    """A command has had its time; it is no ``Exception``, which a command might take for one of foreign code."""


def _late(_signal: int, _frame: FrameType | None) -> None:
    raise Late


def run(arguments: list[str]) -> tuple[int, str]:
    """Run a command; return its status and what it said on standard error."""
    sys.argv = ["policyspec", *arguments]
    for number, name in ((1, ".out"), (2, ".err")):
        with Path(name).open("wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(io.FileIO(number, "w", closefd=False), "utf-8") for number in (1, 2)
    )
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    signal.setitimer(signal.ITIMER_REAL, 4 * SECONDS)
    try:
        cli.main()
    except SystemExit as error:
        status = error.code
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    return int(status or 0), Path(".err").read_text("utf-8")


def broken_law(arguments: list[str], file: str) -> str:
    """Run a command and return what of the law it breaks, if anything."""
    try:
        status, said = run(arguments)
    except Late:
        return f"takes more than {SECONDS} s"
    except BaseException as error:  # noqa: BLE001  whatever it is, it is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"raises {type(error).__name__}: {str(error)[:300]} ({place.filename}:{place.lineno})"
    return next(
        _faults(status, said, [file, Path(file).name, *arguments[1:], "No such option", "Invalid value for"]),
        "",
    )


def _faults(status: int, said: str, words: list[str]) -> Iterator[str]:
    """Yield what is wrong with an exit status and what was said on standard error.

    :param words: of which an error names one: arguments, and the file that was read
    """
    if status not in {0, 1, _UNUSABLE}:
        yield f"ends with status {status}"
    if "Traceback" in said:
        yield f"shows a traceback: {said[-500:]!r}"
    for line in said.removesuffix("\n").split("\n"):
        if _STEERS.search(line) or not _LINE.search(line):
            yield f"says what is neither a finding nor an error: {line[:300]!r}"
    told = _TOLD.findall(said)
    if status == _UNUSABLE and not told and _UNDECIDED.search(said):
        return
    if len(told) != (status == _UNUSABLE):
        yield f"ends with status {status} and tells {len(told)} errors: {said[-500:]!r}"
    parts = {part for word in words for part in (word, *word.split("=", 1), *word.split(":")) if part}
    forms = {_shown(form) for part in parts for form in (part, str(Path(part)), repr(part)[1:-1])}
    # A message shows the beginning of a very long name.
    if told and not any(form[:LONGEST_NAME] in _shown(told[0]) for form in forms):
        yield f"names no file or option: {told[0][:500]!r}"


def _shown(word: str) -> str:
    """Return a word of a command as a message shows it."""
    return " ".join(printable(word).encode("utf-8", "replace").decode().split())


def attempt(name: str, seed: int, number: int) -> tuple[str, bytes, str]:
    """Run a command on a mutant; return the command, the mutant, and what was wrong."""
    kind = KINDS[name]
    rng = random.Random(f"{seed} {name} {number}")
    data, command = (
        kind.found[~number] if number < 0 else (mutant(kind.grammar, rng), rng.choice(kind.commands))
    )
    argument = os.fsdecode(data.replace(b"\0", b""))
    if kind.file:
        Path(kind.file).write_bytes(data)
    for folder in ("site", "new"):
        shutil.rmtree(folder, ignore_errors=True)
    return command, data, broken_law([word.replace("{}", argument) for word in command.split()], kind.file)


def try_all(names: Iterable[str], seed: int, many: int, told: int) -> None:
    """Try mutants in this process, which is given up afterwards, and tell of each in two lines of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    for late in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(late, _late)
    build_world()
    for name in names:
        for number in range(-len(KINDS[name].found), many):
            _tell(told, name=name, number=number)
            begin = _used()
            command, data, why = attempt(name, seed, number)
            seconds = _used() - begin
            _tell(told, name=name, number=number, seconds=seconds, why=why, command=command)
            if why:
                Path(f"mutant-{name}-{number}").write_bytes(data)
            # What an earlier mutant left is none of the next one's.
            gc.collect()
        if KINDS[name].file:
            Path(KINDS[name].file).write_bytes(KINDS[name].grammar.seeds[0])
    _tell(told, memory=_most_memory())


def _most_memory() -> int:
    """Return the most bytes that this process, or one of its children, held in memory at once."""
    children = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # What the system notes of this process by `getrusage` includes that of the process that started
    # it, as the two are one until the new program is loaded.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return max(
        children, *(1024 * int(kib) for kib in re.findall(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE))
    )


def _used() -> float:
    """Return the seconds of a processor that this process and its children have taken."""
    return sum(os.times()[:4])


def _tell(told: int, **what: object) -> None:
    os.write(told, f"{json.dumps(what)}\n".encode())


@dataclass(slots=True)
class Trial:
    """What became of the mutants of a kind."""

    broken: list[str] = field(default_factory=list)
    tried: int = 0
    slowest: tuple[float, str] = (0.0, "")
    memory: int = 0


def try_in_child() -> None:
    """Do what :func:`try_all` does with what the command line of this process holds."""
    names, seed, many, told = json.loads(sys.argv[1])
    try:
        try_all(names, seed, many, told)
    except BaseException:  # noqa: BLE001  this process ends here
        _tell(told, failed=traceback.format_exc())
    os._exit(0)


def trial(names: Iterable[str], folder: Path, *, seed: int, many: int) -> Trial:
    """Try mutants of a kind in a process of their own."""
    ours, theirs = os.pipe()
    # A copy of this process would have its memory, which is that of all tests before.
    given = json.dumps([[*names], seed, many, theirs])
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); {_CHILD}", given]
    process = subprocess.Popen(command, cwd=folder, pass_fds=(theirs,))
    os.close(theirs)
    found, current, is_silent = Trial(), {}, False
    with os.fdopen(ours, "rb") as lines:
        while not (is_silent := not select.select([lines], [], [], SILENT_SECONDS)[0]) and (
            line := lines.readline()
        ):
            current = json.loads(line)
            found.tried += "why" in current
            found.slowest = max(found.slowest, (current.get("seconds", 0), current.get("command", "")))
            found.memory = max(found.memory, current.get("memory", 0))
            if current.get("why"):
                found.broken.append(
                    f"mutant-{current['name']}-{current['number']}: `{current['command']}` {current['why']}"
                )
    if is_silent:
        process.kill()
    status = process.wait()
    if "memory" not in current:
        found.broken.append(f"process ended ({status}) or was silent: {current}")
    return found


def check(found: Trial, folder: Path, seed: int) -> None:
    assert not found.broken, f"POLICYSPEC_SEED={seed}, in {folder}:\n" + "\n".join(found.broken[:MOST_TOLD])
    assert found.memory < RESIDENT_BYTES, f"POLICYSPEC_SEED={seed}"


def test_few_mutants_and_no_input_that_once_did_break_a_command(tmp_path: Path) -> None:
    names = [name for name, kind in KINDS.items() if kind.found or name in FEW]
    check(trial(names, tmp_path, seed=1, many=1), tmp_path, 1)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_no_mutant_breaks_a_command(name: str, tmp_path: Path) -> None:
    found = trial([name], tmp_path, seed=SEED, many=MANY)
    sys.stderr.write(
        f"{name}: {found.tried} mutants, slowest {found.slowest[0]:.2f} s ({found.slowest[1]}), {found.memory / 2**20:.0f} MiB\n"
    )
    check(found, tmp_path, SEED)
