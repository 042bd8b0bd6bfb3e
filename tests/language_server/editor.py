"""An editor without a window: opens files of a copy of a project, types, and asks the server that is a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, LanguageClient, register_lsp_features

COMMAND = (sys.executable, "-c", "from sphinx_policyspec.cli import main; main()", "lsp")
PATIENCE = 20.0
_Answer = TypeVar("_Answer")


class Editor:
    """One client and its server.

    :param folder: of the workspace
    """

    def __init__(
        self,
        folder: Path,
        options: dict[str, Any] | None = None,
        *,
        capabilities: types.ClientCapabilities | None = None,
        command: tuple[str, ...] = COMMAND,
        configuration: dict[str, Any] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.folder = folder.absolute()
        self.patience = patience
        self.versions: dict[str, int] = {}
        self.texts: dict[str, str] = {}
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self._runner = asyncio.Runner()
        # A thread of its own: where a browser was driven before, this one has a loop that never ends.
        self._thread = ThreadPoolExecutor(1)
        self._news: asyncio.Event | None = None
        self.client = LanguageClient(
            converter_factory=default_converter, configuration={"": configuration or {}}
        )

        def take(_client: LanguageClient, params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = params
            if self._news is not None:
                self._news.set()

        features = {**DEFAULT_CLIENT_FEATURES, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: take}
        register_lsp_features(self.client, features)
        self.server = self.run(self._start(command, options, capabilities or CAPABILITIES))

    async def _start(
        self, command: tuple[str, ...], options: dict[str, Any] | None, capabilities: types.ClientCapabilities
    ) -> types.InitializeResult:
        self._news = asyncio.Event()
        package = str(Path(__file__).parents[2])
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((package, os.environ.get("PYTHONPATH", ""))),
        }
        await self.client.start_io(*command, env=environment)
        uri = self.folder.as_uri()
        return await self.client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                root_uri=uri,
                workspace_folders=[types.WorkspaceFolder(uri=uri, name="spec")],
                initialization_options=options,
            )
        )

    def run(self, answer: Coroutine[Any, Any, _Answer]) -> _Answer:
        """Let the loop run until there is an answer."""
        return self._thread.submit(self._runner.run, asyncio.wait_for(answer, self.patience)).result()

    def close(self) -> None:
        """End the session, and the server with it."""
        self.run(self.client.shutdown_session())
        self.run(self.client.stop())  # type: ignore[no-untyped-call]  # of pytest-lsp
        self._thread.submit(self._runner.close).result()
        self._thread.shutdown()

    # -- texts --------------------------------------------------------------------------

    def uri(self, file: str) -> str:
        return (self.folder / file).as_uri()

    def document(self, file: str) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(uri=self.uri(file))

    def open(self, file: str, text: str | None = None) -> list[types.Diagnostic]:
        """Open a file, and return what is first said of it."""
        self.begin(file, text)
        return self.told(file)

    def begin(self, file: str, text: str | None = None) -> None:
        """Open a file of which nothing may be said, or one that is not saved yet."""
        self.texts[file] = (self.folder / file).read_bytes().decode() if text is None else text
        self.versions[file] = 1
        language = "restructuredtext" if file.endswith(".rst") else "markdown"
        item = types.TextDocumentItem(
            uri=self.uri(file), language_id=language, version=1, text=self.texts[file]
        )
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def write(self, file: str, text: str) -> list[types.Diagnostic]:
        """Put a text in the place of what an open file holds, and return what is then said of it."""
        self.send(file, [types.TextDocumentContentChangeWholeDocument(text=text)])
        self.texts[file] = text
        return self.told(file)

    def type(self, file: str, line: int, character: int, text: str, *, wait: bool = True) -> None:
        """Type a text at a place of an open file."""
        place = types.Position(line=line, character=character)
        change = types.TextDocumentContentChangePartial(range=types.Range(start=place, end=place), text=text)
        self.send(file, [change])
        lines = self.texts[file].split("\n")
        lines[line] = lines[line][:character] + text + lines[line][character:]
        self.texts[file] = "\n".join(lines)
        if wait:
            self.told(file)

    def send(self, file: str, changes: list[Any]) -> None:
        """Send changes of an open file."""
        self.versions[file] += 1
        document = types.VersionedTextDocumentIdentifier(uri=self.uri(file), version=self.versions[file])
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=document, content_changes=changes)
        )

    def save(self, file: str) -> None:
        """Save an open file."""
        (self.folder / file).write_text(self.texts[file], "utf-8")
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(text_document=self.document(file)))

    def close_file(self, file: str) -> None:
        """Close a file without saving it."""
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(text_document=self.document(file))
        )
        del self.versions[file], self.texts[file]

    def told(self, file: str) -> list[types.Diagnostic]:
        """Return what is said of an open file as it is now."""
        uri = self.uri(file)
        self.run(
            self.until(lambda: uri in self.published and self.published[uri].version == self.versions[file])
        )
        return list(self.published[uri].diagnostics)

    def wait(self, file: str, code: str, *, is_there: bool = True) -> None:
        """Wait until a code is, or is no longer, among what is said of a file."""
        uri = self.uri(file)
        self.run(self.until(lambda: uri in self.published and (code in self.codes(file)) == is_there))

    def codes(self, file: str) -> list[str]:
        """Return the codes of what was last said of a file."""
        found = self.published.get(self.uri(file))
        return [str(one.code) for one in found.diagnostics] if found else []

    async def until(self, holds: Any) -> None:
        assert self._news is not None
        while not holds():
            self._news.clear()
            await self._news.wait()

    async def until_said(self, words: str) -> None:
        """Wait until the server logs a message with some words."""
        while not any(words in one.message for one in self.client.log_messages):
            await self.client.wait_for_notification(types.WINDOW_LOG_MESSAGE)

    # -- questions ----------------------------------------------------------------------

    def at(self, file: str, words: str, *, offset: int = 0) -> dict[str, Any]:
        """Return the parameters of a question about where words first stand in an open file."""
        found = self.texts[file].index(words) + offset
        line = self.texts[file].count("\n", 0, found)
        column = found - (self.texts[file].rfind("\n", 0, found) + 1)
        encoding = self.server.capabilities.position_encoding or "utf-16"
        before = self.texts[file].split("\n")[line][:column]
        units = len(before.encode(f"{encoding}-le" if encoding != "utf-8" else encoding))
        character = units // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
        position = types.Position(line=line, character=character)
        return {"text_document": self.document(file), "position": position}

    def hover(self, file: str, words: str, *, offset: int = 0) -> str:
        """Return what is said where words stand."""
        params = types.HoverParams(**self.at(file, words, offset=offset))
        found = self.run(self.client.text_document_hover_async(params))
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    def complete(self, file: str, words: str) -> list[str]:
        """Return what is offered behind words."""
        params = types.CompletionParams(**self.at(file, words, offset=len(words)))
        found = self.run(self.client.text_document_completion_async(params))
        items = found.items if isinstance(found, types.CompletionList) else found or []
        return [item.label for item in items]

    def places(self, locations: Any) -> list[str]:
        """Return places as ``file:line``, from 1."""
        found = [] if locations is None else locations
        return [f"{Path(one.uri).name}:{one.range.start.line + 1}" for one in found]

    def definition(self, file: str, words: str, *, offset: int = 0) -> list[str]:
        params = types.DefinitionParams(**self.at(file, words, offset=offset))
        return self.places(self.run(self.client.text_document_definition_async(params)))

    def references(self, file: str, words: str, *, offset: int = 0) -> list[str]:
        context = types.ReferenceContext(include_declaration=True)
        params = types.ReferenceParams(context=context, **self.at(file, words, offset=offset))
        return self.places(self.run(self.client.text_document_references_async(params)))

    def rename(self, file: str, words: str, name: str, *, offset: int = 0) -> types.WorkspaceEdit | None:
        params = types.RenameParams(new_name=name, **self.at(file, words, offset=offset))
        return self.run(self.client.text_document_rename_async(params))

    def listed_actions(self, file: str, *diagnostics: types.Diagnostic) -> list[str]:
        """Return the titles of what can be done about a finding."""
        return [one.title for one in self._actions(file, diagnostics)]

    def actions(self, file: str, *diagnostics: types.Diagnostic) -> dict[str, types.CodeAction]:
        """Return what can be done about a finding, by title."""
        return {one.title: one for one in self._actions(file, diagnostics)}

    def _actions(self, file: str, diagnostics: Sequence[types.Diagnostic]) -> list[types.CodeAction]:
        context = types.CodeActionContext(diagnostics=list(diagnostics))
        params = types.CodeActionParams(
            text_document=self.document(file), range=diagnostics[0].range, context=context
        )
        found = self.run(self.client.text_document_code_action_async(params)) or []
        return [one for one in found if isinstance(one, types.CodeAction)]

    def applied(self, edit: types.WorkspaceEdit | None) -> dict[str, str]:
        """Return the new text of each file that an edit touches."""
        assert edit is not None
        by_uri: dict[str, list[Any]] = {uri: list(edits) for uri, edits in (edit.changes or {}).items()}
        moved: dict[str, str] = {}
        for change in edit.document_changes or ():
            if isinstance(change, types.RenameFile):
                moved[change.old_uri] = change.new_uri
                continue
            assert isinstance(change, types.TextDocumentEdit)
            by_uri[change.text_document.uri] = list(change.edits)
        return {moved.get(uri, uri): edited(self._text(uri), edits) for uri, edits in by_uri.items()}

    def _text(self, uri: str) -> str:
        file = next((name for name in self.texts if self.uri(name) == uri), None)
        return self.texts[file] if file else Path(unquote(uri.removeprefix("file://"))).read_text("utf-8")


def edited(text: str, edits: list[types.TextEdit]) -> str:
    """Return a text of ASCII, or whose places are in the same units, with edits applied."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(place: types.Position) -> int:
        if place.line >= len(lines):
            return len(text)
        units = lines[place.line].encode("utf-16-le")[: 2 * place.character]
        return starts[place.line] + len(units.decode("utf-16-le"))

    for edit in sorted(edits, key=lambda one: offset(one.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


CAPABILITIES = types.ClientCapabilities(
    general=types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf16]),
    text_document=types.TextDocumentClientCapabilities(
        hover=types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown]),
        completion=types.CompletionClientCapabilities(
            completion_item=types.ClientCompletionItemOptions(
                documentation_format=[types.MarkupKind.Markdown]
            )
        ),
    ),
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True, resource_operations=[types.ResourceOperationKind.Rename]
        )
    ),
)


@contextmanager
def editor(folder: Path, options: dict[str, Any] | None = None, **more: Any) -> Iterator[Editor]:
    """Start an editor on a folder, and end it."""
    one = Editor(folder, options, **more)
    try:
        yield one
    finally:
        one.close()
