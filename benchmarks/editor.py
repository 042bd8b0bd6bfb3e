"""``python -m benchmarks.editor [KEYSTROKES]``: what a keystroke costs until its findings are there, over a client that speaks the protocol.

Wall time is that between the change and the findings of its version; it says much of a machine that others use, too. CPU is that of
the server and its child, beside what reading and checking cost in one process, and beside ``policyspec check``.

esbonio, which builds the project anew after an edit, is measured in the same run where ``ESBONIO`` names it, or it is on the path. It needs no
environment of ours: ``python -m venv esbonio && esbonio/bin/pip install esbonio==2.1.0``, then ``ESBONIO=esbonio/bin/esbonio``.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from lsprotocol import types

from benchmarks import projects
from benchmarks.__main__ import release
from sphinx_policyspec.checks import run_checks
from sphinx_policyspec.readers.model_spec import read_model_spec
from tests.language_server.editor import Editor

KEYSTROKES = 60
MOST_TIMES_READ, MOST_PART_OF_CHECK = 1.6, 1 / 50
MOST_MIB = 250
LEAST_TIMES_ESBONIO = 20
_ESBONIO_EDITS, _BEGINS = 5, 15.0
"""Edits that are measured, and seconds after which one is tried again at the beginning."""
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What typing into one file cost, in milliseconds, but for the memory, in MiB."""

    name: str
    opened: float
    waits: tuple[float, ...]
    cpu: float
    hovers: tuple[float, ...]
    memory: float


def processes(pid: int) -> list[int]:
    """Return a process and those that it has started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    return [pid, *(one for child in children for one in processes(int(child)))]


def cpu_of(pid: int) -> float:
    """Return the CPU time of a process and those that it has started, in milliseconds."""
    total = 0.0
    for one in processes(pid):
        fields = Path(f"/proc/{one}/stat").read_text("utf-8").rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) * 1000 / _TICK
    return total


def memory_of(pid: int) -> float:
    """Return the memory of its own that a process holds, with those that it has started, in MiB."""
    pages = [Path(f"/proc/{one}/statm").read_text("utf-8").split() for one in processes(pid)]
    return sum(int(fields[1]) - int(fields[2]) for fields in pages) * _PAGE / 2**20


def typed(name: str, folder: Path, file: str, count: int) -> Typed:
    """Type so many letters at the end of a file, each after the findings of the one before."""
    editor = Editor(folder, patience=120)
    try:
        start = time.perf_counter()
        editor.open(file)
        opened = 1000 * (time.perf_counter() - start)
        server = editor.client._server  # noqa: SLF001 - the process, to look at
        assert server is not None  # noqa: S101
        last = editor.texts[file].count("\n")
        waits, hovers = [], []
        word = editor.texts[file].split()[-1][:3]
        for number in range(count + 5):
            if number == 5:  # noqa: PLR2004 - what is read first is remembered
                before = cpu_of(server.pid)
            start = time.perf_counter()
            editor.type(file, last, 0, "x", wait=False)
            asked = time.perf_counter()
            editor.hover(file, word)
            answered = time.perf_counter()
            editor.told(file)
            waits.append(1000 * (time.perf_counter() - start))
            hovers.append(1000 * (answered - asked))
        return Typed(
            name=name,
            opened=opened,
            waits=tuple(waits[5:]),
            cpu=(cpu_of(server.pid) - before) / count,
            hovers=tuple(hovers[5:]),
            memory=memory_of(server.pid),
        )
    finally:
        editor.close()


def esbonio() -> str:
    """Return the program, empty where there is none."""
    return os.environ.get("ESBONIO", "") or shutil.which("esbonio") or ""


def waits_of_esbonio(program: str, folder: Path, file: str, word: str) -> list[float]:
    """Return how long esbonio takes to tell of an id that nothing has, in milliseconds, edit by edit.

    :param word: an id that the file refers to
    """
    build = ["sphinx-build", "-M", "html", ".", str(folder.parent / "built")]
    said = f"pythonCommand = {json.dumps([sys.executable])}\nbuildCommand = {json.dumps(build)}\n"
    (folder / "pyproject.toml").write_text(f"[tool.esbonio.sphinx]\n{said}", "utf-8")
    editor = Editor(folder, patience=_BEGINS, command=(program, "server"))
    server = editor.client._server  # noqa: SLF001 - the process, to end
    try:
        uri, text = editor.uri(file), (folder / file).read_text("utf-8")
        item = types.TextDocumentItem(uri=uri, language_id="markdown", version=1, text=text)
        editor.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        editor.versions[file] = 1

        def edited(number: int) -> float:
            wrong = f"{word}x{number}"
            start = time.perf_counter()
            new = text.replace(f"#{word}", f"#{wrong}", 1)
            editor.send(file, [types.TextDocumentContentChangeWholeDocument(text=new)])
            editor.run(editor.until(partial(_tells, editor, uri, wrong)))
            return 1000 * (time.perf_counter() - start)

        # An edit before its Sphinx runs is lost.
        for number in range(10):
            with contextlib.suppress(TimeoutError):
                edited(number)
                break
        editor.patience = 120
        return [edited(10 + number) for number in range(_ESBONIO_EDITS)]
    finally:
        if server is not None:
            server.kill()
        with contextlib.suppress(RuntimeError, OSError, TimeoutError):
            editor.run(editor.client.stop())  # type: ignore[no-untyped-call]  # of pytest-lsp


def _tells(editor: Editor, uri: str, words: str) -> bool:
    told = editor.published.get(uri)
    return told is not None and any(words in one.message for one in told.diagnostics)


def in_process(text: str, rounds: int = 7) -> float:
    """Return the CPU time of reading and checking a text, in milliseconds; each time at other lines, so that nothing is remembered."""
    texts = ("\n" * number + text for number in range(rounds))
    return median(_cpu(partial(_read_and_checked, one)) for one in texts)


def _read_and_checked(text: str) -> None:
    run_checks(read_model_spec(text, "model_spec.md").spec)


def _cpu(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return 1000 * (time.process_time() - start)


def checked(folder: Path) -> float:
    """Return the CPU time of ``policyspec check``, in milliseconds."""
    before = os.times()
    code = "from sphinx_policyspec.cli import main; main()"
    subprocess.run([sys.executable, "-c", code, "check", str(folder), "-o", os.devnull], check=False)
    after = os.times()
    return 1000 * (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def table(rows: Sequence[Typed]) -> str:
    """Return what was measured, as Markdown."""
    head = "| | open | median | p95 | max | CPU | hover, max | MiB |\n|---|---|---|---|---|---|---|---|"
    lines = [
        f"| {one.name} | {one.opened:,.0f} | {median(one.waits):.0f} | {quantiles(one.waits, n=20)[-1]:.0f} "
        f"| {max(one.waits):.0f} | {one.cpu:.0f} | {max(one.hovers):.0f} | {one.memory:.0f} |"
        for one in rows
    ]
    return "\n".join([head, *lines])


def main() -> None:
    """Type into a release, the example spec and a project of 600 principles; exit with 1 where a bound does not hold."""
    count = int(sys.argv[1]) if sys.argv[1:] else KEYSTROKES
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        spec = folder / "release"
        shutil.copytree(release(folder), spec)
        docs = folder / "docs"
        shutil.copytree(_REPOSITORY / "example_docs", docs, ignore=shutil.ignore_patterns("_build"))
        large = folder / "large"
        projects.write_project(large, "policyspec, with messages", 600, "alabaster")
        rows = [
            typed("release", spec, "model_spec.md", count),
            typed("example spec, manner.md", docs, "manner.md", count),
            typed("example spec, charter.rst", docs, "charter.rst", count),
            typed("600 principles, a page of ten", large, "page0002.md", count),
        ]
        read = in_process((spec / "model_spec.md").read_text("utf-8"))
        check = checked(large)
        program = esbonio()
        others = waits_of_esbonio(program, docs, "manner.md", "show-the-way") if program else []
    print(f"Milliseconds from a keystroke to its findings ({count} each)\n")
    print(table(rows))
    of_read, of_check = rows[0].cpu / read, rows[3].cpu / check
    print(
        f"\nrelease: {of_read:.2f} × reading and checking its text ({read:.0f} ms CPU), at most {MOST_TIMES_READ}"
    )
    print(
        f"600 principles: 1/{1 / of_check:.0f} of `policyspec check` ({check:,.0f} ms CPU), at most 1/{1 / MOST_PART_OF_CHECK:.0f}"
    )
    print(f"memory at 600: {rows[3].memory:.0f} MiB, at most {MOST_MIB}")
    times = median(others) / median(rows[1].waits) if others else 0.0
    print(
        f"esbonio, manner.md: {median(others):,.0f} ms, {times:.0f} × as long, at least {LEAST_TIMES_ESBONIO}"
        if others
        else "esbonio: left out, since it is not there; what the top of this file says installs it"
    )
    is_close = bool(others) and times < LEAST_TIMES_ESBONIO
    if of_read > MOST_TIMES_READ or of_check > MOST_PART_OF_CHECK or rows[3].memory > MOST_MIB or is_close:
        sys.exit(1)


if __name__ == "__main__":
    main()
