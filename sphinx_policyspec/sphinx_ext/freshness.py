"""What stock Sphinx leaves stale after an edit of a spec, put right: navigation, removed pages, dead search terms."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.builders.html import StandaloneHTMLBuilder

from sphinx_policyspec.sphinx_ext.store import write_output

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.domains import Domain
    from sphinx.environment import BuildEnvironment

__all__ = ["drop_dead_terms", "navigation_of", "remove_empty_indices", "remove_pages"]

_PREFIX, _SUFFIX = "Search.setIndex(", ")"


def navigation_of(env: BuildEnvironment, levels: str) -> str:
    """Return a digest of all that the sidebars and the links to the next page show of other pages.

    :param levels: what they show of levels
    """
    state = hashlib.sha256(f"{sorted(env.toctree_includes.items())}\0{levels}".encode(errors="replace"))
    for docname in sorted(env.tocs):
        state.update(f"{docname}\0{env.tocs[docname].astext()}\0".encode(errors="replace"))
    return state.hexdigest()


def remove_pages(app: Sphinx, docnames: Iterable[str]) -> None:
    """Delete what earlier builds wrote for pages of ours that are gone; Sphinx would serve them for ever."""
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder):
        return
    for docname in docnames:
        Path(builder.get_outfilename(docname)).unlink(missing_ok=True)
        for suffix in app.config.source_suffix:
            link = app.config.html_sourcelink_suffix if suffix != app.config.html_sourcelink_suffix else ""
            Path(app.outdir, "_sources", f"{docname}{suffix}{link}").unlink(missing_ok=True)


def remove_empty_indices(app: Sphinx, domain: Domain) -> None:
    """Delete what earlier builds wrote for indices that have no entry any more: Sphinx writes no empty ones."""
    builder = app.builder
    if isinstance(builder, StandaloneHTMLBuilder):
        for index in domain.indices:
            if not index(domain).generate()[0]:
                Path(builder.get_outfilename(f"{domain.name}-{index.name}")).unlink(missing_ok=True)


def drop_dead_terms(app: Sphinx) -> None:
    """Take the words that no page holds any more out of the search index, as a fresh build would."""
    file = Path(app.outdir, StandaloneHTMLBuilder.searchindex_filename)
    if not isinstance(app.builder, StandaloneHTMLBuilder) or not file.is_file():
        return
    text = file.read_text("utf-8")
    if "[]" not in text or not (text.startswith(_PREFIX) and text.endswith(_SUFFIX)):
        return
    index = json.loads(text[len(_PREFIX) : -len(_SUFFIX)])
    for words in ("terms", "titleterms"):
        index[words] = {word: pages for word, pages in index[words].items() if pages != []}
    # The form in which Sphinx writes it.
    dumped = json.dumps(index, separators=(",", ":"), sort_keys=True)
    write_output(file, f"{_PREFIX}{dumped}{_SUFFIX}")
