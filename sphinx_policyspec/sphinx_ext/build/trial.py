"""Which content a build hides: pages are resolved once on trial, as by the builder, before the spec is assembled.

Only the extension that hides something knows when it does so: by a tag, an expression, an option, in a transform, a
handler or a visitor. So all of them are run, for each builder and configuration.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

from docutils import nodes
from docutils.transforms import Transform
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransformer
from sphinx.transforms.post_transforms import OnlyNodeTransform
from sphinx.util.logging import suppress_logging
from sphinx.util.parallel import parallel_available

from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.pages.marks import holds_ours, mark_of, markers_in, marks_in

_Visit = Callable[[Any, nodes.Element], None]

_CORE = re.compile(r"(?:docutils|furo|myst_parser|sphinx_design|sphinx_policyspec|sphinx(?!\.ext\.))(?:\.|$)")
"""Modules that hide content only by ``only``; they look up references and fetch pictures, which a trial skips."""
_OF_SPHINX = re.compile(r"sphinx\.ext\.")
"""Modules that hide only their own elements."""


def settle(app: Sphinx) -> list[str]:
    """Read pages again on which this build hides other content than assumed, and return them.

    Pages that another extension has removed from the project since they were read are forgotten.
    """
    env, domain = app.env, domain_of(app.env)
    domain.keep_pages(env.all_docs.keys() & env.found_docs)
    assumed = {name: page.hidden for name, page in domain.pages.items() if page.hidden is not None}
    if not assumed:
        return []
    trials, builder, state = domain.tried, app.builder.name, _state_of(app)
    open_ = [name for name in assumed if trials.get(name, {}).get(builder, ("",))[0] != state]
    for name, marks in (_in_fork(lambda: _hidden_by_page(app, open_)) if open_ else {}).items():
        trials.setdefault(name, {})[builder] = (state, marks | domain.pages[name].unread)
    changed = sorted(name for name, marks in assumed.items() if trials[name][builder][1] != marks)
    for name in changed:
        domain.read_again(app, name, trials[name][builder][1])
    return changed


def has_late_handlers(app: Sphinx) -> bool:
    """Return whether other extensions change pages after parsing: they may remove anything."""
    handlers = (*_handlers(app), *_handlers(app, "doctree-read"), *_transforms(app))
    return any(not (_CORE.match(module) or _OF_SPHINX.match(module)) for module in map(_module_of, handlers))


def left_out(app: Sphinx, elements: Iterable[nodes.Element]) -> list[nodes.Element]:
    """Return the elements that the visitors of other extensions leave out with all their content."""
    visitors = _visitors(app)
    return [
        node
        for node in elements
        if node.children and _leaves_out(app, visitors.get(type(node).__name__), node)
    ]


def _leaves_out(app: Sphinx, visit: _Visit | None, node: nodes.Element) -> bool:
    if visit is None or node.document is None:
        return False
    # A visitor that writes something first needs more of a translator than this.
    translator = SimpleNamespace(
        builder=app.builder, config=app.config, document=node.document, settings=node.document.settings
    )
    try:
        visit(translator, node)
    except (nodes.SkipNode, nodes.SkipChildren):
        return True
    except Exception:  # noqa: BLE001 - what decides nothing may raise anything
        return False
    return False


def _visitors(app: Sphinx) -> dict[str, _Visit]:
    """Return the visitors of other extensions by class; those for HTML if the builder has none."""
    handlers: Mapping[str, Any] = app.registry.translation_handlers
    return {
        name: visit
        for key in ("html", app.builder.format, app.builder.name)
        for name, (visit, _depart) in handlers.get(key, {}).items()
        if not _CORE.match(_module_of(visit))
    }


def _handlers(app: Sphinx, event: str = "doctree-resolved") -> list[Callable[..., object]]:
    return [
        listener.handler
        for listener in sorted(app.events.listeners.get(event, ()), key=attrgetter("priority"))
        if not _CORE.match(_module_of(listener.handler))
    ]


def _transforms(app: Sphinx) -> list[type[Transform]]:
    return [
        transform
        for transform in app.registry.get_post_transforms()
        if transform is OnlyNodeTransform or not _CORE.match(transform.__module__)
    ]


def _module_of(handler: object) -> str:
    return str(getattr(handler, "__module__", ""))


def _state_of(app: Sphinx) -> str:
    """Return a digest that changes whenever the builder may hide other content."""
    config = [(value.name, value.value) for value in app.config]
    handlers = [
        f"{_module_of(item)}.{getattr(item, '__qualname__', '')}"
        for item in (*_handlers(app), *_transforms(app))
    ]
    state = json.dumps((config, handlers, sorted(app.tags)), default=_plain, skipkeys=True)
    return hashlib.sha256(state.encode(errors="replace")).hexdigest()


def _plain(value: object) -> object:
    """Return a JSON value for an unknown value."""
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else type(value).__qualname__


# -- the trial ----------------------------------------------------------------------------------


def _in_fork(work: Callable[[], dict[str, frozenset[int]]]) -> dict[str, frozenset[int]]:
    """Return the result of work in a copy of this process, which discards all effects of handlers on the build."""
    if not parallel_available or multiprocessing.current_process().daemon:
        return work()
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=lambda: sender.send(work()))
    child.start()
    sender.close()
    result: dict[str, frozenset[int]] = receiver.recv()
    child.join()
    return result


def _hidden_by_page(app: Sphinx, docnames: Iterable[str]) -> dict[str, frozenset[int]]:
    with suppress_logging():
        return {docname: _hidden_on(app, docname) for docname in docnames}


def _hidden_on(app: Sphinx, docname: str) -> frozenset[int]:
    """Return the marks of the outermost content of a page that a build hides."""
    tree = app.env.get_doctree(docname)
    before = {number for number, _node in marks_in(tree)}
    # Content with a directive about its section may have been removed since the page was read.
    unread = frozenset(markers_in(tree)) - before
    _resolve(app, tree, docname)
    for node in left_out(app, [node for _number, node in marks_in(tree)]):
        node.parent.remove(node)
    remaining = {number for number, _node in marks_in(tree)}
    if before <= remaining:
        return unread
    whole = app.env.get_doctree(docname)
    return unread.union(_lost(whole, remaining, (whole.astext(), tree.astext())))


def _resolve(app: Sphinx, tree: nodes.document, docname: str) -> None:
    """Apply the transforms and handlers that run before a page is written; failing ones are left to the build."""
    app.env.temp_data["docname"] = docname
    transformer = SphinxTransformer(tree)
    transformer.set_environment(app.env)
    transformer.add_transforms(_transforms(app))
    while transformer.transforms:
        with contextlib.suppress(Exception):
            transformer.apply_transforms()
    for handler in _handlers(app):
        with contextlib.suppress(Exception):
            handler(app, tree, docname)


def _lost(node: nodes.Element, remaining: set[int], words: tuple[str, str]) -> Iterator[int]:
    """Yield the marks of the lost content below a node, only the outermost."""
    for child in node.children:
        if not isinstance(child, nodes.Element):
            continue
        number = mark_of(child)
        if (
            number is None
            or number in remaining
            or any(inner in remaining for inner, _node in marks_in(child))
        ):
            yield from _lost(child, remaining, words)
        elif _is_gone(child, words):
            yield number


def _is_gone(node: nodes.Element, words: tuple[str, str]) -> bool:
    """Return whether a node was removed, rather than only replaced by one with the same text."""
    text = node.astext()
    if holds_ours(node):
        return True
    before, after = words
    return bool(text.strip()) and after.count(text) < before.count(text)
