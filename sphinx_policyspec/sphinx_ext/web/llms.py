"""What models read of a site: a Markdown file beside each page, ``llms-full.txt``, and ``llms.txt``, which leads to them (llmstxt.org).

The text is that of the pages as they are written, without what only browsers need.
"""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.html import StandaloneHTMLBuilder

from sphinx_policyspec.exports import markdown_safe
from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import reading_order
from sphinx_policyspec.sphinx_ext.nodes import nodes as policy
from sphinx_policyspec.sphinx_ext.nodes.boxes import summary
from sphinx_policyspec.sphinx_ext.nodes.writers import PolicyPanel, add_heads
from sphinx_policyspec.sphinx_ext.store import Stamp, write_output
from sphinx_policyspec.sphinx_ext.web.places import PAGE_BUILDERS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages

INDEX, WHOLE = "llms.txt", "llms-full.txt"
_NEIGHBOUR = "sphinx_llms_txt"
"""The extension that writes files of these names itself."""
_LINK = re.compile(r"(?<=\]\()(?P<page>[^()#\s<>]+\.md)?(?P<anchor>#[^()\s<>]*)?(?=\))")
_HEADS = frozenset({"ps-role", "ps-kind"})
_PADDED = re.compile(r"(?<=[^ ]) {2,}(?=\|)|-{4,}")
"""What makes the columns of a table as wide as each other."""


def is_wanted(app: Sphinx) -> bool:
    """Return whether a build writes files for models."""
    return app.builder.name in PAGE_BUILDERS and PolicySpecConfig.of(app.config).llms


def markdown_file(app: Sphinx, docname: str) -> Path:
    """Return the Markdown file beside a page."""
    assert isinstance(app.builder, StandaloneHTMLBuilder)  # noqa: S101  as builders of pages are
    return Path(app.builder.get_outfilename(docname)).with_suffix(".md")


def markdown_address(app: Sphinx, docname: str) -> str:
    """Return the address of that file from the root of the site."""
    return markdown_file(app, docname).relative_to(app.outdir).as_posix()


def write_page(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write a page that is about to be written as Markdown, beside it."""
    if is_wanted(app):
        write_output(markdown_file(app, docname), page_markdown(app, doctree, docname))


def page_markdown(app: Sphinx, doctree: nodes.document, docname: str) -> str:
    """Return a page as Markdown, its links leading to the Markdown of other pages."""
    # A page that is not asked for as Markdown does not pay for the import.
    from sphinx_markdown_builder.translator import MarkdownTranslator  # noqa: PLC0415

    page: nodes.document = doctree.deepcopy()
    page.settings, page.reporter = doctree.settings, doctree.reporter
    add_heads(page)
    for node in [*page.findall(_is_for_browsers)]:
        node.parent.remove(node)
    for box in [node for node in policy.elements_of(page) if type(node).__module__ == policy.__name__]:
        box.replace_self(_plain_node(box))
    _list_pages(app, page, docname)
    _stress_heads(page)
    _lead_to_markdown(app, page, docname)
    # It asks its builder for no more than this.
    builder = SimpleNamespace(config=_OPTIONS, env=app.env, current_doc_name=docname, app=app)
    translator = MarkdownTranslator(page, builder)
    page.walkabout(translator)
    return "".join(_narrow(f"{translator.astext().strip()}\n"))


def _narrow(text: str) -> Iterator[str]:
    """Yield lines, those of tables without what only makes them even."""
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = line.lstrip()[:3]
        if mark in {"```", "~~~"}:
            fence = "" if mark == fence else fence or mark
        yield (
            _PADDED.sub(lambda found: " " if found[0][0] == " " else "---", line)
            if line.startswith("|") and not fence
            else line
        )


_OPTIONS = SimpleNamespace(
    markdown_http_base="",
    markdown_uri_doc_suffix=".md",
    markdown_file_suffix=".md",
    markdown_anchor_sections=True,
    markdown_anchor_signatures=True,
    markdown_docinfo=False,
    markdown_bullet="-",
    markdown_flavor="",
)


def _is_for_browsers(node: nodes.Node) -> bool:
    return isinstance(
        node, PolicyPanel | policy.PolicySelfLink | policy.PolicyMarker | nodes.raw | nodes.comment
    )


def _plain_node(box: nodes.Element) -> nodes.Element:
    """Return a node of docutils in the place of one of ours."""
    kind: type[nodes.Element] = nodes.container
    if isinstance(box, policy.PolicyBody):
        # What is said in an example cannot be taken for what stands around it.
        kind = nodes.block_quote
    elif isinstance(box, policy.PolicyVerdict | policy.PolicyExampleTitle):
        kind = nodes.paragraph
    elif isinstance(box, nodes.TextElement | nodes.Inline):
        kind = nodes.inline
    plain = kind("", ids=box["ids"])
    plain += [nodes.strong("", "", *box.children)] if kind is nodes.paragraph else box.children
    return plain


def _list_pages(app: Sphinx, page: nodes.document, docname: str) -> None:
    """Put a list of links in the place of each table of contents, which Sphinx fills later."""
    for toctree in [*page.findall(addnodes.toctree)]:
        items = nodes.bullet_list()
        for title, name in () if toctree.get("hidden") else toctree["entries"]:
            is_page = name in app.env.titles
            address = app.builder.get_relative_uri(docname, name) if is_page else name
            link = nodes.reference(
                "", title or (app.env.titles[name].astext() if is_page else name), refuri=address
            )
            items += nodes.list_item("", nodes.paragraph("", "", link))
        toctree.replace_self(items if items.children else [])


def _stress_heads(page: nodes.document) -> None:
    """Let the words stand out that head a box: who speaks, and what it is."""
    for line in page.findall(nodes.paragraph):
        if not _HEADS.isdisjoint(line["classes"]):
            line[:] = [nodes.strong("", "", *line.children)]


def _lead_to_markdown(app: Sphinx, page: nodes.document, docname: str) -> None:
    """Let links to pages lead to the Markdown beside these."""
    builder = app.builder
    here = posixpath.dirname(builder.get_target_uri(docname))
    names = {posixpath.normpath(builder.get_target_uri(name)): name for name in app.env.all_docs}
    own = posixpath.dirname(markdown_address(app, docname))
    for link in page.findall(nodes.reference):
        address, hash_, anchor = link.get("refuri", "").partition("#")
        name = names.get(posixpath.normpath(posixpath.join(here, address))) if address else None
        if name is not None:
            to = posixpath.relpath(markdown_address(app, name), own or ".")
            link["refuri"] = f"{to}{hash_}{anchor}"


def link_markdown(app: Sphinx, docname: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Name the Markdown of a page in its head."""
    if doctree is None or not is_wanted(app):
        return
    here = posixpath.dirname(app.builder.get_target_uri(docname))
    address = escape(posixpath.relpath(markdown_address(app, docname), here or "."), quote=True)
    link = f'<link rel="alternate" type="text/markdown" href="{address}">'
    context["metatags"] = f"{context.get('metatags', '')}\n    {link}"


def write_llms(app: Sphinx, handbook: HandbookPages) -> None:
    """Write what leads to the Markdown of pages, and all of the spec in one file; take away what is not wanted any more."""
    stamp = Stamp(app, "llms")
    files: list[Path] = []
    if is_wanted(app):
        files = [markdown_file(app, name) for name in sorted(app.env.found_docs)]
        if _NEIGHBOUR not in app.extensions:
            handbook.prepare(app)
            texts = {INDEX: _index(app, handbook), WHOLE: _whole(app, handbook)}
            for name, text in texts.items():
                write_output(Path(app.outdir, name), text)
                files.append(Path(app.outdir, name))
    shown = [file.relative_to(app.outdir).as_posix() for file in files]
    for gone in set(stamp.text.splitlines()) - set(shown):
        Path(app.outdir, gone).unlink(missing_ok=True)
    stamp.note("\n".join(shown))


def hand_over(app: Sphinx, error: Exception | None) -> None:
    """Let the neighbour that writes ``llms-full.txt`` from the sources of pages take the text of ours: a source has what its page hides."""
    neighbour = getattr(sys.modules.get(_NEIGHBOUR), "_manager", None)
    if error is not None or neighbour is None or not is_wanted(app) or _NEIGHBOUR not in app.extensions:
        return
    read, ours = neighbour._read_source_file, domain_of(app.env).own_pages()  # noqa: SLF001  it has no other door

    def read_ours(file: Path, docname: str) -> tuple[str, int]:
        if docname not in ours:
            taken: tuple[str, int] = read(file, docname)
            return taken
        text = markdown_file(app, docname).read_text("utf-8")
        return text, text.count("\n")

    neighbour._read_source_file = read_ours  # noqa: SLF001  as above


def _holding(app: Sphinx) -> list[str]:
    """Return the pages that hold a part of the spec, in reading order."""
    pages = domain_of(app.env).pages
    return [*reading_order(app.env, {name for name, page in pages.items() if page.holds_spec})]


def _whole(app: Sphinx, handbook: HandbookPages) -> str:
    """Return the spec as one Markdown text: that of its pages, with links to anchors in it."""
    spec, names = handbook.knowledge.spec(app.env), _holding(app)
    addresses = {markdown_address(app, name) for name in names}
    parts = [_head(spec)]
    for name in names:
        here = posixpath.dirname(markdown_address(app, name))

        def lead(match: re.Match[str], here: str = here) -> str:
            page, anchor = match["page"] or "", match["anchor"] or ""
            to = posixpath.normpath(posixpath.join(here, page)) if page else ""
            return anchor if to in addresses and anchor else _absolute(app, to) + anchor if page else anchor

        parts.append(_LINK.sub(lead, markdown_file(app, name).read_text("utf-8")))
    return "\n".join(parts)


def write_releases(out: Path, title: str, folders: Iterable[tuple[str, str]]) -> None:
    """Write what leads from a site of several releases to the ``llms.txt`` of each (folder, name), the first being the newest."""
    items = "\n".join(f"- [{markdown_safe(name)}]({folder}/{INDEX})" for folder, name in folders)
    write_output(
        out / INDEX,
        f"# {markdown_safe(title)}\n\n> The newest release stands first.\n\n## Releases\n\n{items}\n",
    )


def _head(spec: Spec) -> str:
    title = markdown_safe(" ".join(filter(None, (spec.title, spec.version))))
    about = summary(spec) + (f" Published by {spec.publisher}." if spec.publisher else "")
    return f"# {title}\n\n> {markdown_safe(about)}\n"


def _absolute(app: Sphinx, address: str) -> str:
    """Return an address from the root of the site, with that of the site where it is known."""
    base = str(app.config.html_baseurl or "")
    return urljoin(base if base.endswith("/") else f"{base}/", address) if base else address


def _index(app: Sphinx, handbook: HandbookPages) -> str:
    """Return ``llms.txt``: what the spec is, then each page that holds a part of it with its principles, then the others."""
    spec, places = handbook.knowledge.spec(app.env), handbook.places
    principles: dict[str, list[str]] = {}
    for principle in spec.principles:
        if place := places.find(TargetKind.PROVISION, principle.id):
            address = f"{markdown_address(app, place.docname)}#{place.anchor}"
            says = f"`{principle.id}`, {_level(place.level_title)}"
            principles.setdefault(place.docname, []).append(_item(app, place.title, address, says))
    holding = _holding(app)
    lines = [_head(spec), "\n".join(_cite(spec))]
    for name in holding:
        if name in principles:
            title = _title(app, name)
            lines += [
                f"\n## {title}\n",
                _item(app, _plain(app, name), markdown_address(app, name), "the whole page"),
            ]
            lines += principles[name]
    others = [name for name in reading_order(app.env, app.env.found_docs) if name not in principles]
    lines += ["\n## Optional\n", _item(app, "The whole spec", WHOLE, "one Markdown file")]
    lines += [_item(app, _plain(app, name), markdown_address(app, name)) for name in others]
    return "\n".join(lines) + "\n"


def _cite(spec: Spec) -> Iterator[str]:
    release = f", {markdown_safe(f'release {spec.version}')}" if spec.version else ""
    yield f"Each principle has an id and a level of authority: cite both{release}. Who may override what:\n"
    yield from (f"- {markdown_safe(words)}" for words in spec.who_may_override())


def _level(title: str) -> str:
    return f"{markdown_safe(title)} level"


def _plain(app: Sphinx, docname: str) -> str:
    return app.env.titles[docname].astext() if docname in app.env.titles else docname


def _title(app: Sphinx, docname: str) -> str:
    return markdown_safe(_plain(app, docname))


def _item(app: Sphinx, title: str, address: str, note: str = "") -> str:
    return f"- [{markdown_safe(title)}]({_absolute(app, address)}){': ' * bool(note)}{note}"
