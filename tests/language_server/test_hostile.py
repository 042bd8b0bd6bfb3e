"""Whatever a client sends, the server answers: no traceback, and the next question is answered as before."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.language_server import child
from sphinx_policyspec.language_server.reading import ReadRequest, RootSource
from tests.conftest import REPOSITORY, run_alone
from tests.language_server.conftest import RELEASE, write_release
from tests.language_server.editor import COMMAND, editor
from tests.language_server.test_project import CONF, PAGE

INTERNAL = -32603
ASKED = (
    "hover", "definition", "references", "documentHighlight", "completion", "prepareRename", "rename", "documentSymbol",
    "codeAction", "codeLens", "inlayHint", "documentLink",
)  # fmt: skip
PIECES = ("\n", "](#", "be_kind", "{#", "authority=", "```{policy:principle}\n:id: ", "~~~xml\n<user>", "🦉", "\r\n", "<!-- BAD [#", "- ", ": ", "[^ab12]", "\t", "**Example**: x\n")  # fmt: skip


class Wire:
    """The bytes between a client and the server."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(REPOSITORY), os.environ.get("PYTHONPATH", ""))),
        }
        self.process = subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
        )
        self.answers: dict[int, dict[str, Any]] = {}
        self.told: list[str] = []
        self.count = 0
        self._news = threading.Condition()
        self._errors: list[bytes] = []
        readers = (self._read, self._read_errors)
        self._threads = [threading.Thread(target=reader, daemon=True) for reader in readers]
        for thread in self._threads:
            thread.start()

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self._errors.extend(self.process.stderr)

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while head := stream.readline():
            length = int(head.split(b":")[1]) if head.lower().startswith(b"content-length") else 0
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(length))
            with self._news:
                if "id" in message and "method" not in message:
                    self.answers[message["id"]] = message
                self.told.append(message.get("method", ""))
                self._news.notify_all()

    def send(self, method: str, params: Any, *, is_asked: bool = False) -> int:
        self.count += 1
        message = {"jsonrpc": "2.0", "method": method, "params": params} | (
            {"id": self.count} if is_asked else {}
        )
        data = json.dumps(message).encode(errors="replace")
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()
        return self.count

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        number = self.send(method, params, is_asked=True)
        with self._news:
            assert self._news.wait_for(lambda: number in self.answers, timeout=60), self.errors
        return self.answers[number]

    @property
    def errors(self) -> str:
        return b"".join(self._errors).decode(errors="replace")

    def close(self) -> None:
        self.ask("shutdown", None)
        self.send("exit", None)
        assert self.process.wait(10) == 0
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[tuple[Wire, str]]:
    """A server on a small release, whose text is open, and the address of that."""
    folder = write_release(tmp_path / "desk")
    one, uri = Wire(), (folder / "model_spec.md").as_uri()
    one.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
    one.send("initialized", {})
    opened = {"uri": uri, "languageId": "markdown", "version": 1, "text": RELEASE}
    one.send("textDocument/didOpen", {"textDocument": opened})
    yield one, uri
    one.close()


def odd(draw: random.Random, depth: int = 0) -> Any:
    """Return any JSON."""
    kind = draw.randrange(8 if depth < 3 else 6)
    if kind == 6:
        return [odd(draw, depth + 1) for _ in range(draw.randrange(3))]
    if kind == 7:
        names = ("uri", "textDocument", "position", "line", "range", "edits", "context", "newName", "x")
        return {draw.choice(names): odd(draw, depth + 1) for _ in range(draw.randrange(4))}
    return (
        None,
        True,
        draw.choice((-1, 0, 1, 7, 2**31, 2**70, 1.5)),
        draw.choice(("", "x", "file:///x", "\0", *PIECES)),
        -3,
        "",
    )[kind]


def messages(draw: random.Random, uri: str, count: int) -> Iterator[tuple[str, Any, bool]]:
    """Yield messages of every kind: sound ones at odd places, edits of any kind, and what is no message at all."""
    version = 1
    for _ in range(count):
        place = {"line": draw.randrange(60), "character": draw.randrange(90)}
        other = {"line": place["line"] + draw.randrange(2), "character": draw.randrange(90)}
        document = {"uri": draw.choice((uri, uri, uri, "untitled:x", "git:/x.md", "file:///a%00", "x", ""))}
        kind = draw.randrange(10)
        if kind < 3:
            version += 1
            change = {
                "range": {"start": place, "end": other},
                "text": "".join(draw.choices(PIECES, k=draw.randrange(4))),
            }
            whole = [{"text": RELEASE}] if draw.randrange(10) == 0 else []
            changes = [change, *whole]
            yield (
                "textDocument/didChange",
                {"textDocument": {"uri": uri, "version": version}, "contentChanges": changes},
                False,
            )
        elif kind < 8:
            params: dict[str, Any] = {"textDocument": document, "position": place}
            params["context"] = {
                "includeDeclaration": True,
                "diagnostics": [
                    {
                        "range": {"start": place, "end": other},
                        "message": draw.choice(
                            ("unknown `x`", "unknown `be_kind`\ndid you mean `be_fair`?", "")
                        ),
                        "code": draw.choice(("dangling-reference", "missing-authority", "x", 3)),
                        "source": "policyspec",
                        "data": odd(draw),
                    }
                ],
            }
            params |= {"newName": draw.choice(PIECES), "range": {"start": place, "end": other}}
            yield f"textDocument/{draw.choice(ASKED)}", params, True
        elif kind == 8:
            names = (
                "workspace/didChangeConfiguration",
                "workspace/didChangeWatchedFiles",
                "textDocument/didSave",
                "textDocument/didClose",
                "x/y",
            )
            yield draw.choice(names), odd(draw), False
        else:
            yield f"textDocument/{draw.choice(ASKED)}", odd(draw), True


def survive(wire: Wire, uri: str, count: int, seed: int) -> None:
    draw = random.Random(seed)
    asked = {
        wire.send(method, params, is_asked=is_asked): method
        for method, params, is_asked in messages(draw, uri, count)
    }
    version = count + 10
    wire.send(
        "textDocument/didChange",
        {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": RELEASE}]},
    )
    at = {"textDocument": {"uri": uri}, "position": {"line": 26, "character": 52}}
    said = wire.ask("textDocument/hover", at)
    assert "Be kind" in said["result"]["contents"]["value"]
    broken = {
        asked[number]: answer["error"]
        for number, answer in wire.answers.items()
        if number in asked and answer.get("error", {}).get("code") == INTERNAL
    }
    assert broken == {}
    assert "Traceback" not in wire.errors


def test_the_server_survives_a_few_hundred_odd_messages(wire: tuple[Wire, str]) -> None:
    survive(*wire, 400, 7)


@pytest.mark.slow
def test_the_server_survives_a_hundred_thousand_odd_messages(wire: tuple[Wire, str]) -> None:
    for seed in range(20):
        survive(*wire, 5000, seed)


def test_what_is_printed_stays_out_of_the_answers(tmp_path: Path) -> None:
    printing = "import sys, os\nprint('a' * 100)\nos.system('echo out')\nsys.stdout.write('b')\n"
    (tmp_path / "conf.py").write_text(f"{printing}{CONF}", "utf-8")
    (tmp_path / "index.md").write_text(PAGE, "utf-8")
    with editor(tmp_path, {"trusted": True, "runConf": True}) as one:
        assert one.open("index.md") is not None
        assert "unknown-level" in [told.code for told in one.write("index.md", PAGE.replace("user", "usr"))]


def test_a_page_that_hangs_its_reader_is_given_up_and_the_next_edit_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang = "\n\ndef setup(app):\n    app.connect('source-read', lambda a, d, c: 'hang' in c[0] and __import__('time').sleep(60))\n"
    (tmp_path / "conf.py").write_text(f"{CONF}{hang}", "utf-8")
    page = (tmp_path / "index.md").resolve()
    page.write_text(PAGE, "utf-8")
    monkeypatch.setattr(child, "ANSWERING", 1.0)

    async def read() -> None:
        reader = child.ChildReader(RootSource(path=tmp_path, runs_conf=True))
        await reader.read(ReadRequest(texts={}))
        start = time.monotonic()
        with pytest.raises(SourceError, match="took too long"):
            await reader.read(ReadRequest(texts={page: f"{PAGE}\nhang\n"}, changed=(page,)))
        assert time.monotonic() - start < 5
        assert reader.pid is None
        result = await reader.read(ReadRequest(texts={page: PAGE.replace("user", "usr")}, changed=(page,)))
        assert "unknown-level" in [entry.finding.code for entry in result.entries]
        await reader.close()

    run_alone(read())


def test_a_project_that_cannot_be_read_is_said_once_and_left_alone(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "LICENSE", tmp_path / "LICENSE")
    (tmp_path / "conf.py").write_text(f"{CONF}root_doc = 'absent'\n", "utf-8")
    (tmp_path / "index.md").write_text(PAGE, "utf-8")
    with editor(tmp_path) as one:
        one.texts["index.md"], one.versions["index.md"] = PAGE, 1
        item = types.TextDocumentItem(uri=one.uri("index.md"), language_id="markdown", version=1, text=PAGE)
        one.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        one.run(one.until_said("absent"))
        # Ids are found all the same.
        assert one.definition("index.md", ":id: kind", offset=6) == ["index.md:4"]


def test_a_request_with_wrong_parameters_has_an_answer_and_shows_nothing(wire: tuple[Wire, str]) -> None:
    one, uri = wire
    for params in (
        {},
        None,
        {"textDocument": {"uri": uri}},
        {"textDocument": {"uri": uri}, "position": {"line": -1}},
    ):
        assert one.ask("textDocument/hover", params)["error"]["code"] == JsonRpcInvalidParams.CODE
    assert "window/showMessage" not in one.told
