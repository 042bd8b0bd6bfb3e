"""Try the extension in VS Code without a window, and take the picture of it that the documentation shows: ``make test-vscode``.

    python tools/in_vscode.py CODE_SERVER [FOLDER]  # docs/images by default

CODE_SERVER is the folder of code-server, a build of VS Code for browsers, with its native parts compiled; npm has it as a package.
Needs build/policyspec.vsix, playwright and a Chromium of the system.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SERVER = [sys.executable, "-c", "from sphinx_policyspec.cli import main; main()", "lsp"]
SETTINGS = {
    "policyspec.command": SERVER,
    "chat.commandCenter.enabled": False,
    "editor.fontSize": 13,
    "editor.minimap.enabled": False,
    "git.enabled": False,
    "telemetry.telemetryLevel": "off",
    "window.commandCenter": False,
    "workbench.colorTheme": "Default Light Modern",
    "workbench.layoutControl.enabled": False,
    "workbench.startupEditor": "none",
}
SLIPS = (
    ("there is [](#show-the-way),", "there is [](#show-the-wey),"),
    (":serves: good-answers", ":serves: good-answer"),
)
"""What is mistyped in the page that is opened, each once."""
TRUSTED, NOT_TRUSTED = "Yes, I trust the authors", "No, I don't trust the authors"
WAIT = 60_000
"""Milliseconds."""


def _spec(folder: Path) -> Path:
    """Copy the example spec, and mistype something in it."""
    spec = Path(shutil.copytree(ROOT / "example_docs", folder, ignore=shutil.ignore_patterns("_build")))
    text = (spec / "manner.md").read_text("utf-8")
    for right, wrong in SLIPS:
        text = text.replace(right, wrong, 1)
    (spec / "manner.md").write_text(text, "utf-8")
    return spec


@contextmanager
def _served(code_server: Path, folder: Path, spec: Path) -> Iterator[str]:
    """Yield the address of VS Code with the extension, on a spec."""
    settings = folder / "data" / "User" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps(SETTINGS), "utf-8")
    program = ["node", str(code_server / "out" / "node" / "entry.js"), "--user-data-dir", f"{folder}/data"]
    program += ["--extensions-dir", f"{folder}/extensions", "--config", f"{folder}/config.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    package = str(ROOT / "build" / "policyspec.vsix")
    subprocess.run([*program, "--install-extension", package], check=True, env=environment)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}"
    quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--bind-addr", address]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([*program, *quiet, str(spec)], env=environment, stdout=log, stderr=log)
    try:
        yield f"http://{address}/?folder={spec}"
    finally:
        process.terminate()
        process.wait()


def _make_hostile(spec: Path, sign: Path) -> None:
    """Have the workspace, and its ``conf.py``, run what writes a file."""
    write = f"open({str(sign)!r}, 'w')"
    settings = {"policyspec.command": [sys.executable, "-c", write], "policyspec.runConf": True}
    (spec / ".vscode").mkdir()
    (spec / ".vscode" / "settings.json").write_text(json.dumps(settings), "utf-8")
    with (spec / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write(f"\n{write}\n")


def _opened(page: Page, address: str, answer: str) -> None:
    """Open the page that is mistyped, answer whether the workspace is trusted, and open the list of problems."""
    for _ in range(WAIT // 500):
        try:
            page.goto(address)
            break
        except Error:
            time.sleep(0.5)
    page.get_by_text(answer).click(timeout=WAIT)
    page.get_by_role("treeitem", name="manner.md").dblclick(timeout=WAIT)
    page.keyboard.press("Control+b")
    page.keyboard.press("Control+Shift+m")
    page.locator(".markers-panel").get_by_text("leads nowhere").wait_for(timeout=WAIT)


def _to_line(page: Page, line: int) -> None:
    page.keyboard.press("Control+g")
    page.keyboard.type(str(line), delay=30)
    page.keyboard.press("Enter")


def main() -> None:
    """Try it: a problem for each slip, lenses, levels behind references, and a fix that leaves one problem less."""
    if not sys.argv[1:]:
        sys.exit(__doc__)
    code_server = Path(sys.argv[1]).resolve()
    target = Path(sys.argv[2]) if sys.argv[2:] else ROOT / "docs" / "images"
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        sys.exit(f"no browser is installed: {' or '.join(PROGRAMS)}")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        spec = _spec(folder / "marginalia")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 640})
        with _served(code_server, folder, spec) as address:
            _opened(page, address, TRUSTED)
            panel = page.locator(".markers-panel")
            problems = panel.locator(".monaco-list-row .codicon-error")
            page.locator(".codelens-decoration").first.wait_for(timeout=WAIT)
            page.locator(".view-line", has_text="show-the-way\u00a0guideline").or_(
                page.locator(".view-line", has_text="show-the-wayguideline")
            ).first.wait_for(timeout=WAIT)
            found = [problems.count()]
            page.screenshot(path=target / "editor.png")
            page.locator(".view-lines").first.click()
            _to_line(page, 15)
            page.keyboard.press("Control+.")
            page.get_by_text("Replace with `show-the-way`").wait_for(timeout=WAIT)
            page.keyboard.press("Enter")
            panel.get_by_text("leads nowhere").wait_for(state="detached", timeout=WAIT)
            found.append(problems.count())
        hostile, sign = _spec(folder / "hostile"), folder / "sign"
        _make_hostile(hostile, sign)
        with _served(code_server, folder / "other", hostile) as address:
            page = browser.new_page()
            _opened(page, address, NOT_TRUSTED)
        browser.close()
        if sign.exists():
            sys.exit("a workspace that is not trusted had something run")
    sys.stdout.write(f"problems: {found[0]}, and after a fix {found[1]}\n")
    if found != [len(SLIPS), len(SLIPS) - 1]:
        sys.exit(1)


if __name__ == "__main__":
    main()
