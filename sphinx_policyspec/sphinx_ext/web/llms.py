"""What models read of a site: a Markdown file beside each page, ``llms-full.txt``, and ``llms.txt``, which leads to them (llmstxt.org).

The text is that of the pages as they are written, without what only browsers need.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from html import escape
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urljoin

from docutils import nodes
from sphinx import addnodes
from sphinx.builders.html import StandaloneHTMLBuilder

from sphinx_policyspec.exports import markdown_safe
from sphinx_policyspec.files import exact, real_path
from sphinx_policyspec.model import Spec, TargetKind
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.domain.records import reading_order
from sphinx_policyspec.sphinx_ext.nodes import nodes as policy
from sphinx_policyspec.sphinx_ext.nodes.boxes import head_of, summary
from sphinx_policyspec.sphinx_ext.nodes.writers import PolicyPanel
from sphinx_policyspec.sphinx_ext.store import Stamp, write_output
from sphinx_policyspec.sphinx_ext.web.places import PAGE_BUILDERS

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages

INDEX, WHOLE = "llms.txt", "llms-full.txt"
_NEIGHBOUR = "sphinx_llms_txt"
"""The extension that writes files of these names itself."""
_LINK = re.compile(r"(?<=\]\()(?P<page>[^()#\s<>]+\.md)?(?P<anchor>#[^()\s<>]*)?(?=\))")
_FOR_BROWSERS = (PolicyPanel, policy.PolicySelfLink, policy.PolicyMarker, nodes.raw, nodes.comment)
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
    return quote(markdown_file(app, docname).relative_to(app.outdir).as_posix())


def write_page(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Write a page that is about to be written as Markdown, beside it."""
    if is_wanted(app):
        write_output(markdown_file(app, docname), page_markdown(app, doctree, docname))


def page_markdown(app: Sphinx, doctree: nodes.document, docname: str) -> str:
    """Return a page as Markdown, its links leading to the Markdown of other pages."""
    page: nodes.document = doctree.deepcopy()
    page.settings, page.reporter = doctree.settings, doctree.reporter
    names = {posixpath.normpath(unquote(app.builder.get_target_uri(name))): name for name in app.env.all_docs}
    # It asks its builder for no more than this.
    builder = SimpleNamespace(config=_OPTIONS, env=app.env, current_doc_name=docname, app=app)
    translator = _translator()(page, builder)
    links: list[nodes.reference] = []
    there: set[str] = set()
    for node in policy.elements_of(page):
        if isinstance(node, nodes.section | nodes.term | nodes.target):
            there.update([node.get("refid", "")] if isinstance(node, nodes.target) else node["ids"])
        elif isinstance(node, _FOR_BROWSERS):
            node.parent.remove(node)
        elif isinstance(node, addnodes.toctree):
            node.replace_self(_list_of_pages(app, node, docname))
        elif isinstance(node, nodes.image | addnodes.download_reference):
            _lead_to_copy(app, node, docname)
        elif isinstance(node, nodes.reference):
            _lead_to_markdown(app, node, docname, names)
            links.append(node)
        elif "ps-level-word" in node.get("classes", ()):
            # Here no colour distinguishes it from the title.
            node[:] = [nodes.Text(f"({node.astext()})")]
        elif type(node).__module__ == policy.__name__:
            anchors = _anchors(node)
            there.update(one["refid"] for one in anchors)
            node.replace_self([*anchors, _plain_node(node)])
        elif not any(hasattr(translator, f"visit_{kind.__name__}") for kind in type(node).__mro__):
            node.replace_self(_like(node))
    _unlink(links, there)
    page.walkabout(translator)
    return "".join(_narrow(f"{translator.astext().strip()}\n"))


def _translator() -> type[Any]:
    """Return the class that writes Markdown, which silently goes on with the content of nodes it does not know."""
    # A page that is not asked for as Markdown does not pay for the import.
    from sphinx_markdown_builder.translator import MarkdownTranslator  # noqa: PLC0415

    def unknown(_translator: object, _node: nodes.Node) -> None:
        """Report nothing."""

    return type("Translator", (MarkdownTranslator,), {"unknown_visit": unknown, "unknown_departure": unknown})


def _like(node: nodes.Element) -> nodes.Element:
    """Return a plain node with the words of one that the translator does not know: a caption, an abbreviation, a box of another extension."""
    ids = node["ids"]
    if isinstance(node, nodes.option_group):
        return nodes.paragraph("", "", nodes.literal("", node.astext()), ids=ids)
    if isinstance(node, nodes.Inline) and not isinstance(node, nodes.Part):
        explanation = node.get("explanation", "")
        return nodes.inline(
            "", "", *node.children, *([nodes.Text(f" ({explanation})")] if explanation else []), ids=ids
        )
    if isinstance(node, nodes.TextElement):
        return nodes.paragraph("", "", *node.children, ids=ids)
    words = [
        nodes.paragraph("", "", nodes.strong("", "", *one.children)) if isinstance(one, nodes.title) else one
        for one in node.children
    ]
    return nodes.container("", *words, ids=ids)


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


def _plain_node(box: nodes.Element) -> nodes.Element:
    """Return a node of docutils that replaces one of ours."""
    kind: type[nodes.Element] = nodes.container
    if isinstance(box, policy.PolicyBody):
        # Text in an example must not be mistaken for the text around it.
        kind = nodes.block_quote
    elif isinstance(box, policy.PolicyVerdict | policy.PolicyExampleTitle):
        kind = nodes.paragraph
    elif isinstance(box, nodes.TextElement | nodes.Inline):
        kind = nodes.inline
    plain = kind("", ids=box["ids"])
    if kind is nodes.paragraph:
        plain += _strong(box)
    else:
        # Who speaks, and what it is, stands out.
        plain += [nodes.paragraph("", "", _strong(line)) for line in head_of(box)]
        plain += box.children
    return plain


def _unlink(links: Iterable[nodes.reference], there: Collection[str]) -> None:
    """Remove links to places on the page that Markdown does not have, and keep their words.

    :param there: the names of places that it has
    """
    for link in links:
        address = link.get("refuri", "")
        name = link.get("refid") or (address[1:] if address.startswith("#") else "")
        if name and name not in there:
            link.replace_self(nodes.inline("", "", *link.children))


def _anchors(box: nodes.Element) -> list[nodes.target]:
    """Return what links to a box lead to: Markdown gives a box none."""
    is_block = not isinstance(box, nodes.TextElement | nodes.Inline)
    return [nodes.target("", "", refid=name) for name in box["ids"]] if is_block else []


def _strong(line: nodes.Element) -> nodes.strong:
    return nodes.strong("", "", *line.children)


def _list_of_pages(app: Sphinx, toctree: addnodes.toctree, docname: str) -> list[nodes.Node]:
    """Return a list of links in the place of a table of contents, which Sphinx fills later."""
    items = nodes.bullet_list()
    for title, name in () if toctree.get("hidden") else toctree["entries"]:
        page = app.env.titles.get(name)
        address = _beside(app, docname, name) if page is not None else name
        link = nodes.reference("", title or (page.astext() if page is not None else name), refuri=address)
        items += nodes.list_item("", nodes.paragraph("", "", link))
    return [items] if items.children else []


def _lead_to_markdown(app: Sphinx, link: nodes.reference, docname: str, names: Mapping[str, str]) -> None:
    """Let a link to a page lead to the Markdown beside it."""
    address, hash_, anchor = link.get("refuri", "").partition("#")
    here = posixpath.dirname(app.builder.get_target_uri(docname))
    name = names.get(posixpath.normpath(unquote(posixpath.join(here, address)))) if address else None
    if name is not None:
        # Filters for a script, and parts of a drawing, are no places.
        place = f"{hash_}{anchor}" if "=" not in anchor and not anchor.startswith("ps-") else ""
        link["refuri"] = f"{_beside(app, docname, name)}{place}"


def _lead_to_copy(app: Sphinx, node: nodes.Element, docname: str) -> None:
    """Let a picture, or a link to a download, lead to the builder's copy of it."""
    if isinstance(node, nodes.image):
        node["uri"] = _image_address(app, node, docname)
    else:
        node.replace_self(_plain_link(app, node, docname))


def _plain_link(app: Sphinx, download: nodes.Element, docname: str) -> nodes.Element:
    """Return a plain link to where a file to be fetched is copied; one that is not there has its words alone."""
    address = str(download.get("refuri", ""))
    if name := download.get("filename"):
        address = _from_page(app, docname, posixpath.join("_downloads", quote(name)))
    words = download.children
    return nodes.reference("", "", *words, refuri=address) if address else nodes.inline("", "", *words)


def _image_address(app: Sphinx, image: nodes.Element, docname: str) -> str:
    """Return where a builder copies a picture, of several forms the one that it shows; one from elsewhere stays there."""
    forms: Mapping[str, str] = image.get("candidates") or {"*": image["uri"]}
    uri = next(
        (forms[kind] for kind in ("*", *app.builder.supported_image_types) if kind in forms), image["uri"]
    )
    known = app.env.images.get(uri)
    if "?" in forms or known is None:
        return str(uri)
    return _from_page(app, docname, posixpath.join(app.builder.imagedir, quote(known[1])))


def _from_page(app: Sphinx, docname: str, address: str) -> str:
    """Return an address from the root of the site as seen from the Markdown of a page."""
    return posixpath.relpath(address, posixpath.dirname(markdown_address(app, docname)) or ".")


def _beside(app: Sphinx, docname: str, name: str) -> str:
    """Return the address of the Markdown of a page as seen from that of another."""
    return _from_page(app, docname, markdown_address(app, name))


def link_markdown(app: Sphinx, docname: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Name the Markdown of a page in its head."""
    if doctree is None or not is_wanted(app):
        return
    here = posixpath.dirname(app.builder.get_target_uri(docname))
    address = escape(posixpath.relpath(markdown_address(app, docname), here or "."), quote=True)
    link = f'<link rel="alternate" type="text/markdown" href="{address}">'
    context["metatags"] = f"{context.get('metatags', '')}\n    {link}"


def write_llms(app: Sphinx, handbook: HandbookPages) -> None:
    """Write the list of Markdown files, and the whole spec in one, unless they are up to date; remove what is not wanted."""
    stamp = Stamp(app, "llms")
    before, *names = stamp.text.split("\n")
    beside = [markdown_file(app, name) for name in sorted(app.env.found_docs)] if is_wanted(app) else []
    ours = beside and _NEIGHBOUR not in app.extensions
    files = [*beside, *(Path(app.outdir, name) for name in (INDEX, WHOLE) if ours)]
    state = hashlib.sha256(exact(_state(app, handbook, beside)).encode(errors="replace")).hexdigest()
    if ours and (state != before or not all(map(Path.is_file, files))):
        handbook.prepare(app)
        write_output(Path(app.outdir, INDEX), _index(app, handbook))
        write_output(Path(app.outdir, WHOLE), _whole(app, handbook))
    current = [file.relative_to(app.outdir).as_posix() for file in files]
    for old in set(names).difference(current):
        _remove(Path(app.outdir), old)
    if stamp.text or current:
        stamp.note("\n".join([state, *current]))


def _state(app: Sphinx, handbook: HandbookPages, files: list[Path]) -> tuple[object, ...]:
    """Return what changes where one of the two files does."""
    pages = [(str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file()]
    titles = [(name, app.env.titles[name].astext()) for name in sorted(app.env.titles)]
    return pages, titles, app.config.html_baseurl, handbook.knowledge.digest(app.env) if files else ""


def _remove(folder: Path, name: str) -> None:
    """Remove a file of an earlier build; a name that leads elsewhere, as in a damaged note, is not ours."""
    if (
        "\0" in name
        or not name.endswith((".md", ".txt"))
        or not real_path(folder / name).is_relative_to(real_path(folder))
    ):
        return
    with suppress(OSError):
        (folder / name).unlink(missing_ok=True)


def hand_over(app: Sphinx, error: Exception | None) -> None:
    """Let the neighbour that writes ``llms-full.txt`` from sources use the text of our pages: sources have what pages hide."""
    neighbour = getattr(sys.modules.get(_NEIGHBOUR), "_manager", None)
    if error is not None or neighbour is None or not is_wanted(app) or _NEIGHBOUR not in app.extensions:
        return
    read, ours = neighbour._read_source_file, domain_of(app.env).own_pages()  # noqa: SLF001  it has no other interface

    def read_ours(file: Path, docname: str) -> tuple[str, int]:
        if docname not in ours:
            text_and_lines: tuple[str, int] = read(file, docname)
            return text_and_lines
        text = markdown_file(app, docname).read_text("utf-8")
        return text, text.count("\n")

    neighbour._read_source_file = read_ours  # noqa: SLF001  as above


_ANCHOR = re.compile(r'^<a id="(?P<name>[^"\n]*)"></a>\n{1,2}', re.MULTILINE)


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
    text = "\n".join(parts)
    # Provisions are cited by their ids; other anchors to which nothing leads are of no use.
    used = {match["anchor"].removeprefix("#") for match in _LINK.finditer(text) if match["anchor"]} | {
        *spec.provision_by_id
    }
    return _ANCHOR.sub(lambda match: match[0] if match["name"] in used else "", text)


def write_releases(out: Path, title: str, folders: Iterable[tuple[str, str]]) -> None:
    """Write the file that leads from a site of releases to the ``llms.txt`` of each (folder, name), the newest first."""
    items = "\n".join(f"- [{markdown_safe(name)}]({folder}/{INDEX})" for folder, name in folders)
    write_output(
        out / INDEX,
        f"# {markdown_safe(title)}\n\n> The newest release comes first.\n\n## Releases\n\n{items}\n",
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
