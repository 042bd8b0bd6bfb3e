"""The handbook of a server, built in a process of its own, so that effects of Sphinx and of a project end with it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
import multiprocessing
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from sphinx_policyspec.api.publishing import build_handbook
from sphinx_policyspec.api.reading import ReadingOptions, load_all_checked
from sphinx_policyspec.graph.terms import UNDATED
from sphinx_policyspec.sources import is_project

_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' {script}; worker-src blob:; style-src 'self' {style}; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'"
)
_FRAMES = "frame-ancestors 'none'"
_KINDS = {"principle": "provision", "section": "provision"}
"""Kinds in IRIs for kinds in `spec-ids.json`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSources:
    """The sources of a handbook.

    :param sources: each SOURCE with its reading options
    """

    sources: tuple[tuple[str, ReadingOptions], ...]
    base_iri: str = ""
    site_url: str = ""


class ServedSite:
    """A folder with a handbook, or the reason why there is none."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="policyspec-")
        self._process: SpawnProcess | None = None
        self.folder = Path(self._scratch.name) / "site"
        self.is_built = False
        self.problem = ""
        self.policy = _FRAMES
        """The Content-Security-Policy of its pages."""

    async def build(self, of: SiteSources) -> None:
        """Build the handbook; a failure becomes its problem and does not stop the server."""
        context = multiprocessing.get_context("spawn")
        there, here = context.Pipe(duplex=False)
        self._process = context.Process(target=_build, args=(of, str(self.folder), here), daemon=True)
        await asyncio.to_thread(self._process.start)
        here.close()
        try:
            self.problem, self.policy = await asyncio.to_thread(there.recv)
        except EOFError:
            self.problem = "the process that builds it was ended"
        finally:
            there.close()
        self.is_built = not self.problem

    @cached_property
    def places(self) -> Mapping[tuple[str, str], Mapping[tuple[str, str], str]]:
        """Pages of things, by the title and version of a release, then by kind and id as in IRIs."""
        by_release: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
        for file in sorted(self.folder.rglob("spec-ids.json")):
            index = json.loads(file.read_bytes())
            folder = file.parent.relative_to(self.folder).as_posix().removeprefix(".")
            below = f"{folder}/" if folder else ""
            version = index["spec"].get("version", "")
            places = {
                (
                    _KINDS.get(item["kind"], item["kind"]),
                    item["id"],
                ): f"{below}{item['page']}#{item['anchor']}"
                for item in index["items"]
            }
            places["release", version or UNDATED] = f"{below}index.html"
            by_release[index["spec"]["title"], version] = places
        return by_release

    def close(self) -> None:
        """End the building process and remove the folder."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
        self._scratch.cleanup()


def _build(of: SiteSources, folder: str, answer: Connection) -> None:
    """Build a handbook; send the problem, if any, and the policy of its pages."""
    policy = _FRAMES
    try:
        if len(of.sources) == 1:
            ((source, options),) = of.sources
            build_handbook(source, folder, base_iri=of.base_iri, site_url=of.site_url, **options)
        else:
            loaded = [load_all_checked(source, **options) for source, options in of.sources]
            build_handbook(loaded, folder, site_url=of.site_url)
        # Pages of a project contain whatever its author put there; ours contain only our own scripts and those of the theme.
        if not any(is_project(source, options.get("confdir")) for source, options in of.sources):
            policy = _policy_of(Path(folder))
    except Exception as error:  # noqa: BLE001  whatever an extension of the project or the end of the server raises
        problem = str(error) or type(error).__name__
    else:
        problem = ""
    # Nobody listens if the server has ended.
    with contextlib.suppress(OSError):
        answer.send((problem, policy))


def _policy_of(folder: Path) -> str:
    """Return the policy of pages, with the theme's inline scripts and styles, from the search page: it has no text of a spec."""
    inline = _Inline()
    for page in sorted(folder.rglob("search.html")):
        inline.feed(page.read_text(encoding="utf-8"))
        inline.close()
        inline.reset()
    hashes = {tag: " ".join(map(_hash, texts)) for tag, texts in inline.found.items()}
    if inline.attributes:
        hashes["style"] = " ".join((hashes["style"], "'unsafe-hashes'", *map(_hash, inline.attributes)))
    return _POLICY.format(**hashes).replace(" ;", ";")


def _hash(text: str) -> str:
    """Return the name of a script or style in a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class _Inline(HTMLParser):
    """Collects the distinct scripts and styles in pages, and the styles of their elements."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: dict[str, dict[str, None]] = {"script": {}, "style": {}}
        self.attributes: dict[str, None] = {}
        self._parts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.update({value: None for name, value in attrs if name == "style" and value})
        if tag in self.found and "src" not in dict(attrs):
            self._parts = []

    def handle_data(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.found and self._parts is not None:
            self.found[tag]["".join(self._parts)] = None
            self._parts = None
