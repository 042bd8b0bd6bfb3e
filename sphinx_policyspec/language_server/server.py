"""The server: its state of the workspace, and the table of the requests that it answers, each with one function."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.language_server import actions, completion, navigation, outline, renaming
from sphinx_policyspec.language_server.diagnostics import Diagnostics
from sphinx_policyspec.language_server.navigation import Here
from sphinx_policyspec.language_server.places import Text, once, path_of, uri_of
from sphinx_policyspec.language_server.reading import Result
from sphinx_policyspec.language_server.roots import EditorSettings, Root, Workspace
from sphinx_policyspec.language_server.scheduler import OpenText, Scheduler
from sphinx_policyspec.readers.text import read_text


class _Protocol(LanguageServerProtocol):
    """The protocol, in which every request gets an answer, even one that cannot be read."""

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401  as pygls has it
        """Return a message as an object; a wrong request is answered with its error."""
        if data.get("method") == types.TEXT_DOCUMENT_DID_CHANGE and not self._is_open(data.get("params")):
            raise JsonRpcInvalidParams("a text that is not open cannot change")
        try:
            return super().structure_message(data)
        except JsonRpcException:
            if "id" in data and "method" in data:
                error = JsonRpcInvalidParams(f"wrong parameters of {data['method']}")
                self._send_response(data["id"], error=error.to_response_error())
            raise

    def _is_open(self, params: Any) -> bool:  # noqa: ANN401  what a client sends
        about = params.get("textDocument") if isinstance(params, Mapping) else None
        uri = about.get("uri") if isinstance(about, Mapping) else None
        return isinstance(uri, str) and unquote(uri) in self.workspace.text_documents


class PolicyServer(LanguageServer):
    """A language server for behaviour specs."""

    def __init__(self) -> None:
        super().__init__("policyspec", _version(), protocol_cls=_Protocol)
        self.specs = Workspace()
        self.is_trusted = False
        self._schedulers: dict[Path, Scheduler] = {}
        self._diagnostics: dict[Path, Diagnostics] = {}
        self._published: dict[Path, list[types.Diagnostic]] = {}
        self._by_root: dict[Path, set[Path]] = {}
        self._texts: dict[Path, Text] = {}
        self._client_folders: dict[Path, Path] = {}

    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ANN401  as pygls has it
        """Show an error to the user, unless a request was wrong: that is already answered."""
        if not isinstance(error, JsonRpcInvalidParams):
            super().report_server_error(error, source)

    @property
    def encoding(self) -> str:
        """The units in which the client counts columns."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def open_texts(self) -> dict[Path, OpenText]:
        """Return the texts that are open in the client, by the real paths of their files."""
        return {
            path: OpenText(text=document.source, version=document.version)
            for path, document in self._documents().items()
        }

    def _documents(self) -> dict[Path, TextDocument]:
        """Return the open documents of the client by the real paths of their files; keys of pygls are not URIs."""
        documents = self.workspace.text_documents.values()
        return {path: document for document in documents if (path := path_of(document.uri))}

    def text_of(self, path: Path) -> Text:
        """Return the text of a file, as it is open in the client, else as it is saved."""
        if document := self._documents().get(path):
            return self._open_text(path, document.source)
        self._texts.pop(path, None)
        return Text(path.name, _saved(path), self.encoding)

    def _open_text(self, path: Path, text: str) -> Text:
        """Return a text that is open in the client, cached so that its line starts are computed once."""
        cached = self._texts.get(path)
        if cached is None or cached.text != text or cached.encoding != self.encoding:
            cached = self._texts[path] = Text(path.name, text, self.encoding)
        return cached

    def here(self, uri: str) -> Here | None:
        """Return a file that the client looks at; none if it does not belong to a spec."""
        path = path_of(uri)
        root = self.specs.known(path) if path else None
        if path is None or root is None:
            return None
        text = self.text_of(path)
        return Here(
            root=root,
            path=path,
            text=text,
            text_of=once(self.text_of),
            uri_of=self.uri_of,
            formats=self._formats,
        )

    @property
    def _formats(self) -> frozenset[str]:
        """The markup formats that the client can show in both hovers and completions."""
        capabilities = self.client_capabilities.text_document
        hover, items = (capabilities.hover, capabilities.completion) if capabilities else (None, None)
        item = items.completion_item if items else None
        return frozenset(hover.content_format or () if hover else ()) & frozenset(
            item.documentation_format or () if item else ()
        )

    def take(self, uri: str) -> None:
        """Index the open text of a file, and read its spec again; the text may only now have become part of a spec."""
        if (path := path_of(uri)) is None:
            return
        document = self.workspace.get_text_document(uri)
        if root := self.specs.root_of(path, document.source):
            root.take(path, document.source)
            self.scheduler(root).edited()

    def scheduler(self, root: Root) -> Scheduler:
        """Return the scheduler that reads a root."""
        if root.source.path not in self._schedulers:
            self._schedulers[root.source.path] = Scheduler(root, self.open_texts, self.publish, self.fail)
        return self._schedulers[root.source.path]

    def publish(self, root: Root, result: Result, open_texts: Mapping[Path, OpenText]) -> None:
        """Send the findings of the files whose findings have changed, but not of texts edited since the reading."""
        now = self.open_texts()

        def text_of(path: Path) -> Text:
            if path in open_texts:
                return self._open_text(path, open_texts[path].text)
            return Text(path.name, _saved(path), self.encoding)

        cache = self._diagnostics.setdefault(root.source.path, Diagnostics(root, self.uri_of))
        by_file = cache.of(result, self.specs.settings, open_texts, once(text_of))
        before = self._by_root.get(root.source.path, set())
        self._by_root[root.source.path] = set(by_file)
        for path in sorted(before | by_file.keys() | {path for path in open_texts if root.holds(path)}):
            diagnostics = by_file.get(path, [])
            is_stale = path in now and (
                path not in open_texts or now[path].version != open_texts[path].version
            )
            if is_stale or (self._published.get(path) == diagnostics and path not in open_texts):
                continue
            self._published[path] = diagnostics
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(
                    uri=self.uri_of(path),
                    diagnostics=diagnostics,
                    version=open_texts[path].version if path in open_texts else None,
                )
            )

        if result.things is not None:
            self._refresh()

    def _refresh(self) -> None:
        """Make the client request lenses and inlay hints again, if it supports that."""
        capabilities = self.client_capabilities.workspace
        if capabilities and capabilities.code_lens and capabilities.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)
        if capabilities and capabilities.inlay_hint and capabilities.inlay_hint.refresh_support:
            self.workspace_inlay_hint_refresh(None)

    def fail(self, root: Root, problem: str) -> None:
        """Log once why a spec cannot be read."""
        if self.specs.is_gone(root):
            self._clear(root)
            return
        if root.problem != problem:
            root.problem = problem
            self.window_log_message(types.LogMessageParams(type=types.MessageType.Warning, message=problem))

    def uri_of(self, path: Path) -> str:
        """Return the URI of a file in the client: that of its open text, else one in the folder that it has opened."""
        if document := self._documents().get(path):
            return str(document.uri)
        for real, folder in self._client_folders.items():
            if path.is_relative_to(real):
                return uri_of(folder / path.relative_to(real))
        return uri_of(path)

    def know_folders(self, uris: Iterable[str]) -> None:
        """Store the folders of the workspace, which may be links to others."""
        folders = {path: Path(to_fs_path(uri) or "") for uri in uris if (path := path_of(uri))}
        self.specs.folders = tuple(folders)
        self._client_folders = {real: folder for real, folder in folders.items() if real != folder}

    def forget_places(self, root: Root) -> None:
        """Forget the diagnostics of a root: in a file that changed on the disk, findings may have moved."""
        self._diagnostics.pop(root.source.path, None)

    async def reopen(self, root: Root) -> None:
        """Open a root again, as after a change of its ``conf.py`` or set of files; clear the findings if it is gone."""
        scheduler = self._schedulers.pop(root.source.path, None)
        if scheduler is not None:
            await scheduler.close()
        self._diagnostics.pop(root.source.path, None)
        if (new := self.specs.opened_again(root)) is None:
            self._clear(root)
        else:
            if root.result is not None and new.source == root.source:
                # The old result serves until the root is read again.
                new.know(root.result)
                new.index.know(root.index.things.values())
                new.directives = root.directives
                new.result = None
            self.scheduler(new).edited()
        for path, document in self._documents().items():
            if root.holds(path):
                self.take(document.uri)

    def _clear(self, root: Root) -> None:
        """Clear the published findings of the files of a root."""
        for path in sorted(self._by_root.pop(root.source.path, ())):
            if self._published.pop(path, None):
                params = types.PublishDiagnosticsParams(uri=self.uri_of(path), diagnostics=[])
                self.text_document_publish_diagnostics(params)

    def adopt(self) -> None:
        """Index the open texts that belonged to no root until now."""
        for path, document in self._documents().items():
            if self.specs.known(path) is None:
                self.take(document.uri)

    async def close(self) -> None:
        """End every reading."""
        for scheduler in self._schedulers.values():
            await scheduler.close()

    @property
    def renames_files(self) -> bool:
        """Whether the client can rename files."""
        workspace = self.client_capabilities.workspace
        capabilities = workspace.workspace_edit if workspace else None
        operations = (
            capabilities.resource_operations if capabilities and capabilities.document_changes else None
        )
        return types.ResourceOperationKind.Rename in (operations or ())

    def edit(
        self, edits: renaming.Edits, file_renames: Mapping[Path, Path] | None = None
    ) -> types.WorkspaceEdit:
        """Return edits and renames of files in the form that the client supports."""
        open_texts = self.open_texts()
        workspace = self.client_capabilities.workspace
        capabilities = workspace.workspace_edit if workspace else None
        if capabilities is None or not capabilities.document_changes:
            return types.WorkspaceEdit(
                changes={self.uri_of(path): list(file_edits) for path, file_edits in edits.items()}
            )
        changes: list[Any] = [
            types.TextDocumentEdit(
                text_document=types.OptionalVersionedTextDocumentIdentifier(
                    uri=self.uri_of(path), version=open_texts[path].version if path in open_texts else None
                ),
                edits=list(file_edits),
            )
            for path, file_edits in sorted(edits.items())
        ]
        changes += [
            types.RenameFile(old_uri=self.uri_of(old), new_uri=uri_of(new))
            for old, new in (file_renames or {}).items()
        ]
        return types.WorkspaceEdit(document_changes=changes)


def _saved(path: Path) -> str:
    try:
        return read_text(path, path.name)[0]
    except (SourceError, ValueError):
        return ""


def _version() -> str:
    try:
        return version("sphinx-policyspec")
    except PackageNotFoundError:
        return "0+unknown"


def create_server() -> PolicyServer:
    """Return a server that is ready to start."""
    server = PolicyServer()
    for method, answer in _UPDATES.items():
        server.feature(method)(answer)
    for method, (answer, options) in _QUESTIONS.items():
        server.feature(method, options)(answer)
    return server


def serve() -> None:
    """Serve one client on standard input and output until it exits."""
    logging.disable(logging.CRITICAL)
    # Other output of this process must not get between the messages.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # A release is read in a thread: a request in the meantime gets its turn within one millisecond, not five.
    sys.setswitchinterval(0.001)
    with contextlib.suppress(BrokenPipeError):
        create_server().start_io(sys.stdin.buffer, answers)


# -- what clients report about themselves and their texts -----------------------------------


def _initialize(ls: PolicyServer, params: types.InitializeParams) -> None:
    ls.know_folders(one.uri for one in params.workspace_folders or ())
    if not ls.specs.folders and params.root_uri:
        ls.know_folders((params.root_uri,))
    folders = ls.specs.folders
    options = params.initialization_options
    # Only the user who opens a workspace can trust it, not a file in the workspace.
    ls.is_trusted = isinstance(options, Mapping) and options.get("trusted") is True
    ls.specs.settings = EditorSettings.of(options, folders[0] if folders else None, is_trusted=ls.is_trusted)
    gc.collect()
    gc.freeze()


def _opened(ls: PolicyServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.take(params.text_document.uri)


def _changed(ls: PolicyServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.take(params.text_document.uri)


def _closed(ls: PolicyServer, params: types.DidCloseTextDocumentParams) -> None:
    path = path_of(params.text_document.uri)
    if path and (root := ls.specs.known(path)):
        root.take(path, _saved(path))
        ls.scheduler(root).edited()


async def _saved_one(ls: PolicyServer, params: types.DidSaveTextDocumentParams) -> None:
    await _on_disk(ls, params.text_document.uri)


async def _watched(ls: PolicyServer, params: types.DidChangeWatchedFilesParams) -> None:
    for one in params.changes:
        await _on_disk(ls, one.uri, is_other=one.type is not types.FileChangeType.Changed)


def _folders(ls: PolicyServer, _params: types.DidChangeWorkspaceFoldersParams) -> None:
    ls.know_folders(folder.uri for folder in ls.workspace.folders.values())


async def _configured(ls: PolicyServer, params: types.DidChangeConfigurationParams) -> None:
    folder = ls.specs.folders[0] if ls.specs.folders else None
    settings = EditorSettings.of(params.settings, folder, is_trusted=ls.is_trusted)
    if params.settings and settings != ls.specs.settings:
        ls.specs.settings = settings
        for root in list(ls.specs.roots.values()):
            await ls.reopen(root)


async def _ended(ls: PolicyServer, _params: None) -> None:
    await ls.close()


async def _on_disk(ls: PolicyServer, uri: str, *, is_other: bool = False) -> None:
    """Handle that a file on the disk has changed, is new, or is gone."""
    if (path := path_of(uri)) is None:
        return
    for root in list(ls.specs.roots.values()):
        is_conf = root.source.is_project and path == root.folder / "conf.py"
        is_new = path not in root.files and path != root.source.annotations and path.is_file()
        if is_conf or ((is_other or is_new) and root.holds(path)):
            root.files.add(path)
            await ls.reopen(root)
        elif path.is_relative_to(root.folder):
            ls.forget_places(root)
            if root.holds(path) and path not in ls.open_texts():
                root.take(path, _saved(path))
            ls.scheduler(root).saved(path)
    ls.adopt()


_UPDATES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        types.INITIALIZE: _initialize,
        types.TEXT_DOCUMENT_DID_OPEN: _opened,
        types.TEXT_DOCUMENT_DID_CHANGE: _changed,
        types.TEXT_DOCUMENT_DID_CLOSE: _closed,
        types.TEXT_DOCUMENT_DID_SAVE: _saved_one,
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES: _watched,
        types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: _folders,
        types.WORKSPACE_DID_CHANGE_CONFIGURATION: _configured,
        types.SHUTDOWN: _ended,
    }
)


# -- what clients ask --------------------------------------------------------------------------


def _of_text(of: Callable[[Here, Any], Any], nothing: object = None) -> Callable[..., Any]:
    """Return a handler for a question about a text; a text that belongs to no spec gets the empty answer."""

    def answer(ls: PolicyServer, params: Any) -> Any:  # noqa: ANN401 - the parameters of each question
        here = ls.here(params.text_document.uri)
        return of(here, params) if here else nothing

    return answer


def _rename(ls: PolicyServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    if (here := ls.here(params.text_document.uri)) is None:
        return None
    if problem := renaming.problem(here, params.position, params.new_name):
        raise JsonRpcInvalidParams(problem)
    keeps = ls.specs.settings.keeps_aliases
    edits = renaming.rename_edits(here, params.position, params.new_name, keeps_alias=keeps)
    file_renames = renaming.file_renames(here, params.position, params.new_name)
    if file_renames and not ls.renames_files:
        raise JsonRpcInvalidParams(
            "a file of prompts is called as its tag is, and this editor renames no files"
        )
    if keeps and (problem := renaming.alias_problem(here, params.position, params.new_name)):
        ls.window_show_message(types.ShowMessageParams(type=types.MessageType.Warning, message=problem))
    return ls.edit(edits, file_renames)


def _symbols(ls: PolicyServer, params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
    return outline.workspace_symbols(ls.specs.roots.values(), params.query, ls.text_of, ls.uri_of)


_QUESTIONS: Mapping[str, tuple[Callable[..., Any], Any]] = MappingProxyType(
    {
        types.TEXT_DOCUMENT_HOVER: (
            _of_text(lambda here, params: navigation.hover(here, params.position)),
            None,
        ),
        types.TEXT_DOCUMENT_DEFINITION: (
            _of_text(lambda here, params: navigation.definition(here, params.position), []),
            None,
        ),
        types.TEXT_DOCUMENT_REFERENCES: (
            _of_text(
                lambda here, params: navigation.references(
                    here, params.position, with_definition=params.context.include_declaration
                ),
                [],
            ),
            None,
        ),
        types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: (
            _of_text(lambda here, params: navigation.highlight(here, params.position), []),
            None,
        ),
        types.TEXT_DOCUMENT_COMPLETION: (
            _of_text(lambda here, params: completion.complete(here, params.position)),
            types.CompletionOptions(trigger_characters=list(completion.TRIGGERS)),
        ),
        types.TEXT_DOCUMENT_PREPARE_RENAME: (
            _of_text(lambda here, params: renaming.rename_placeholder(here, params.position)),
            None,
        ),
        types.TEXT_DOCUMENT_RENAME: (_rename, types.RenameOptions(prepare_provider=True)),
        types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: (
            _of_text(lambda here, _params: outline.symbols(here), []),
            None,
        ),
        types.WORKSPACE_SYMBOL: (_symbols, None),
        types.TEXT_DOCUMENT_CODE_ACTION: (
            _of_text(lambda here, params: actions.actions(here, params.context, params.range), []),
            types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
        ),
        types.TEXT_DOCUMENT_CODE_LENS: (_of_text(lambda here, _params: outline.lenses(here), []), None),
        types.TEXT_DOCUMENT_INLAY_HINT: (
            _of_text(lambda here, params: outline.inlay_hints(here, params.range), []),
            None,
        ),
        types.TEXT_DOCUMENT_DOCUMENT_LINK: (_of_text(lambda here, _params: outline.links(here), []), None),
    }
)
