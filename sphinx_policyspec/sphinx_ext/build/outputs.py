"""Files beside the pages of a site (graph, data and words for scripts, ids with checksums), and links to them."""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache, partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.locale import get_translation

from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.exports import script_safe
from sphinx_policyspec.files import exact, text_digest, texts_in
from sphinx_policyspec.graph.terms import MEDIA_TYPES, NAMED_GRAPHS, ontology_digest
from sphinx_policyspec.graph.touches import about
from sphinx_policyspec.model import (
    Block,
    Commentary,
    Comparison,
    Definition,
    Example,
    Finding,
    Message,
    Principle,
    Prose,
    Spec,
    TargetKind,
    Verdict,
    roles_that_override,
    speaker,
    who_may_override,
)
from sphinx_policyspec.packs.bearing import Relations
from sphinx_policyspec.sphinx_ext.build.findings import alignment_report
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of, is_index_page
from sphinx_policyspec.sphinx_ext.nodes.boxes import role_title, style_name
from sphinx_policyspec.sphinx_ext.nodes.nodes import uses_our_nodes
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import Stamp, keep, kept, write_output
from sphinx_policyspec.sphinx_ext.web.ask_and_changes import script_words
from sphinx_policyspec.sphinx_ext.web.pages import HandbookPages
from sphinx_policyspec.sphinx_ext.web.places import (
    OUR_PAGES,
    WEB_BUILDERS,
    Place,
    SitePlaces,
    furnish,
    page_address,
    search_address,
    short_id,
    topic_address,
    ways,
)

if TYPE_CHECKING:
    from sphinx_policyspec.alignments.sides import AlignedSides

_ = get_translation("sphinx_policyspec")


FORMAT = "policyspec-ids/1"
"""The format of ``spec-ids.json``; a new number means an incompatible change."""

_EXAMPLE, _GOOD, _BAD, _PROMPT, _REFERENCE, _OK = (1 << n for n in range(6))
_VERDICTS = {Verdict.GOOD: _GOOD, Verdict.BAD: _BAD, Verdict.OK: _OK}


def _script_data(app: Sphinx, handbook: HandbookPages) -> str:
    """Return the script with the data for previews and for filters of tables."""
    spec, places = handbook.knowledge.spec(app.env), handbook.places
    relations = handbook.relations
    page_of = cache(partial(page_address, app))
    levels = list(dict.fromkeys([level.id for level in spec.levels] + [p.authority for p in spec.principles]))
    topics = topics_by_provision(spec)

    def anchor_of_provision(identifier: str | None) -> str:
        place = places.provision(identifier) if identifier else None
        return place.anchor if place else ""

    def entry(
        kind: str,
        place: Place,
        home: str | None,
        *,
        own_topics: Iterable[int] = (),
        flags: int = 0,
        level: str = "",
    ) -> list[Any]:
        return [
            kind,
            place.title,
            levels.index(level) if level in levels else -1,
            page_of(place.docname),
            places.excerpt(place.docname, place.anchor),
            sorted(own_topics),
            flags,
            anchor_of_provision(home),
        ]

    items: dict[str, list[Any]] = {}
    owners = _owners(relations)
    by_id = spec.provision_by_id
    for provision in spec.provisions:
        if place := places.provision(provision.id):
            flags = _flags(relations.get(provision.id))
            kind = "principle" if place.level else "section"
            items[place.anchor] = entry(
                kind,
                place,
                provision.parent,
                own_topics=topics[provision.id],
                flags=flags,
                level=place.level,
            )
    for example in spec.examples:
        if place := places.find(TargetKind.EXAMPLE, example.id):
            homes = [by_id[name] for name in owners.get(example.id, ()) if name in by_id]
            level = next((home.authority for home in homes if isinstance(home, Principle)), "")
            own = {topic for home in homes for topic in topics[home.id]}
            within = homes[0].id if homes else None
            items[place.anchor] = entry(
                "example", place, within, own_topics=own, flags=_flags_of(example), level=level
            )
    for kind in (TargetKind.DEFINITION, TargetKind.TOPIC, TargetKind.GOAL, TargetKind.LEVEL):
        for _identifier, place in places.of_kind(kind):
            items[place.anchor] = entry(kind.value, place, None)
    data = {
        "spec": {name: getattr(spec, name) for name in ("title", "version", "issued", "publisher")},
        "levels": [
            [style_name(name), places.level_title(name), *_override(spec, name, places.level_title(name))]
            for name in levels
        ],
        "speakers": {role: speaker(role, _) for level in spec.levels for role in level.roles},
        "topics": [
            [topic.id, topic.label, topic_address(app, topic), *topic.alt_labels] for topic in spec.topics
        ],
        "ways": ways(app),
        "search": search_address(app),
        "items": items,
        "former": {
            place.anchor: p.aliases
            for p in spec.provisions
            if p.aliases and (place := places.provision(p.id))
        },
    }
    return f"window.policyspecData={script_safe(data)};\n"


def _script_texts(app: Sphinx, handbook: HandbookPages) -> str:
    """Return the script with texts that are shown on request: messages of examples, paragraphs, and changes."""
    from sphinx_policyspec.exports.diff.wording import readable  # noqa: PLC0415  only where data is written

    spec, places = handbook.knowledge.spec(app.env), handbook.places

    def plain_text(text: str) -> str:
        return readable(text, spec.titles)

    answers = {
        place.anchor: [
            [
                role_title(m.role),
                _verdict_of(m),
                plain_text(m.text),
                *map(plain_text, filter(None, [_note_of(m)])),
            ]
            for m in _compliant_first(example)
        ]
        for example in spec.examples
        if (place := places.find(TargetKind.EXAMPLE, example.id))
    }
    paragraphs = {
        place.anchor: [plain_text(text) for text in texts]
        for kind, name, texts in _paragraphs(spec)
        if texts and (place := places.find(kind, name))
    }
    data = {"answers": answers, "said": paragraphs, "changes": handbook.changes(app)}
    return f"window.policyspecTexts={script_safe(data)};\n"


def _paragraphs(spec: Spec) -> Iterator[tuple[TargetKind, str, list[str]]]:
    """Yield each provision and definition with its paragraphs, including commentary of a provision."""
    for provision in spec.provisions:
        blocks = [block.text for block in provision.blocks if isinstance(block, Prose | Commentary)]
        paragraphs = (part for text in blocks for part in re.split(r"\n\s*\n", text))
        yield TargetKind.PROVISION, provision.id, [part for part in paragraphs if part.strip()]
        for block in provision.blocks:
            if isinstance(block, Definition):
                yield TargetKind.DEFINITION, block.id, [block.text]


def _note_of(message: Message) -> str:
    return getattr(message, "note", "")


def _compliant_first(example: Example) -> Iterator[Message]:
    """Yield the messages of an example in the order of the pages."""
    for turn in example.turns:
        if isinstance(turn, Comparison):
            order = {"good": 0, "ok": 1, "bad": 2}
            yield from sorted(turn.responses, key=lambda response: order.get(_verdict_of(response), 3))
        elif isinstance(turn, Message):
            yield turn


def _verdict_of(message: Message) -> str:
    verdict = getattr(message, "verdict", None)
    return verdict.value.lower() if verdict else ""


def _override(spec: Spec, name: str, title: str) -> tuple[str, tuple[str, ...]]:
    """Return who may override a level, in words and as roles; empty for an undeclared level."""
    level = next((level for level in spec.levels if level.id == name), None)
    if level is None:
        return "", ()
    return who_may_override(spec.levels, level, title, _), roles_that_override(spec.levels, level)


def topics_by_provision(spec: Spec) -> dict[str, list[int]]:
    """Return the indices in ``spec.topics`` of the topics of each provision."""
    numbers: dict[str, list[int]] = {provision.id: [] for provision in spec.provisions}
    provisions = about(spec)
    for number, topic in enumerate(spec.topics):
        for name in provisions[topic.id]:
            numbers[name].append(number)
    return numbers


def _owners(relations: Mapping[str, Relations]) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = defaultdict(list)
    for name, relation in relations.items():
        for example in relation.examples:
            owners[example.id].append(name)
    return owners


def _flags(relations: Relations | None) -> int:
    if relations is None:
        return 0
    flags = _EXAMPLE if relations.examples else 0
    flags |= _PROMPT if relations.prompts else 0
    flags |= _REFERENCE if relations.occurrences else 0
    for example in relations.examples:
        flags |= _flags_of(example)
    return flags


def _flags_of(example: Example) -> int:
    flags = 0
    for response in example.responses:
        flags |= _VERDICTS[response.verdict] if response.verdict else 0
    return flags


def _spec_ids(app: Sphinx, handbook: HandbookPages) -> str:
    """Return ``spec-ids.json``: each addressable thing with its place and a checksum of its text.

    A checksum is the SHA-256, in hexadecimal, of the source text with white space collapsed to single spaces:
    the normative text of a provision, the meaning of a definition, and title, messages and verdicts of an
    example.
    """
    spec, places = handbook.knowledge.spec(app.env), handbook.places
    page_of = cache(partial(page_address, app))
    numbers = _numbers(spec, places)
    items = [
        {
            "id": identifier,
            **(numbers.get(identifier, {}) if kind is TargetKind.EXAMPLE else {}),
            "kind": "principle" if place.level else "section" if kind is TargetKind.PROVISION else kind.value,
            "title": place.title,
            "level": place.level,
            "page": page_of(place.docname),
            "anchor": place.anchor,
            "checksum": text_digest(text),
        }
        for kind, identifier, text in _texts(spec)
        if (place := places.find(kind, identifier))
    ]
    fields = ("title", "version", "issued", "publisher", "license")
    header = {"format": FORMAT, "spec": {name: getattr(spec, name) for name in fields}}
    head = json.dumps(header, ensure_ascii=False, indent=1).removesuffix("\n}")
    # Each thing is one line: with indentation, json is five times slower.
    lines = ",\n  ".join(json.dumps(item, ensure_ascii=False) for item in items)
    return f'{head},\n "items": [\n  {lines}\n ]\n}}\n'


def _numbers(spec: Spec, places: SitePlaces) -> dict[str, dict[str, Any]]:
    """Return the number of each example in its provision, and its short id."""
    numbers: dict[str, dict[str, Any]] = {}
    for provision in spec.provisions:
        examples = (block for block in provision.blocks if isinstance(block, Example))
        if place := places.provision(provision.id):
            for number, example in enumerate(examples, 1):
                short = short_id(example.id, place.anchor, number)
                numbers[example.id] = {"number": number, **({"short_id": short} if short else {})}
    return numbers


def _texts(spec: Spec) -> Iterator[tuple[TargetKind, str, str]]:
    """Yield each thing with its text, in reading order."""
    for block in spec.preamble:
        yield from _text_of_block(block)
    for provision in spec.provisions:
        yield TargetKind.PROVISION, provision.id, provision.text
        for block in provision.blocks:
            yield from _text_of_block(block)


def _text_of_block(block: Block) -> Iterator[tuple[TargetKind, str, str]]:
    if isinstance(block, Definition):
        yield TargetKind.DEFINITION, block.id, block.text
    elif isinstance(block, Example):
        messages = (
            f"{message.role} {getattr(message, 'verdict', None) or ''} {message.text} {_note_of(message)}"
            for message in block.messages
        )
        yield TargetKind.EXAMPLE, block.id, "\n\n".join((block.title, *messages))


STYLE_SHEET = "policyspec.css"
SCRIPT = "policyspec.js"
_DATA = "policyspec-data.js"
_TEXTS = "policyspec-texts.js"
_IDS = "spec-ids.json"
_ALIGNMENTS = "alignments.trig"
"""The alignments of a project, for users of the spec in a syntax with only one graph."""
_STATIC = Path(__file__).parents[1] / "static"
_UNUSUAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""All characters that some format cannot represent, and a few others."""


def share_static_files(app: Sphinx) -> None:
    """Make HTML builders copy our style sheet and script if a page uses them; else delete old copies."""
    if app.builder.format != "html":
        return
    domain = domain_of(app.env)
    if domain.own_pages() or domain.given.editions or domain.given.site:
        app.config.html_static_path.append(str(_STATIC))
        return
    for file in _STATIC.iterdir():
        Path(app.outdir, "_static", file.name).unlink(missing_ok=True)


def add_to_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Link the graph from a page, and the style sheet and script if the page or the whole handbook uses them."""
    data = domain_of(app.env).given
    has_spec = _has_spec(app)
    is_ours = bool(
        data.editions
        or data.site
        or is_index_page(pagename, templatename)
        or pagename in OUR_PAGES
        or (pagename == "search" and has_spec)
    )
    if is_ours or (doctree is not None and uses_our_nodes(doctree)):
        app.add_css_file(STYLE_SHEET)
        if app.builder.name in WEB_BUILDERS:
            words: dict[str, Any] = {"data-words": script_words()}
            app.add_js_file(SCRIPT, loading_method="defer", **words)
    if app.builder.name not in WEB_BUILDERS or not has_spec:
        return
    config = PolicySpecConfig.of(app.config)
    files = [(f"spec.{name}", MEDIA_TYPES[name], name) for name in config.outputs]
    if config.outputs and config.alignments:
        files.append((_ALIGNMENTS, MEDIA_TYPES["trig"], _("what corresponds in other specs")))
    for file, kind, title in (*files, (_IDS, "application/json", _("ids and checksums"))):
        address = html.escape(context["pathto"](file, 1), quote=True)
        link = f'<link rel="alternate" type="{kind}" href="{address}" title="{html.escape(title)}">'
        context["metatags"] = f"{context.get('metatags', '')}\n    {link}"


def _has_spec(app: Sphinx) -> bool:
    return any(page.objects for page in domain_of(app.env).pages.values())


def write_graph(app: Sphinx, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Write the graph in every configured format, unless it is up to date.

    Returns findings on what the formats cannot represent.
    """
    if app.builder.name not in WEB_BUILDERS:
        return ()
    config = PolicySpecConfig.of(app.config)
    formats = config.outputs if _has_spec(app) else []
    files = {name: Path(app.outdir, f"spec.{name}") for name in formats}
    beside = [Path(app.confdir, name) for name in config.alignments if formats]
    if beside:
        files[_ALIGNMENTS] = Path(app.outdir, _ALIGNMENTS)
    stamp = Stamp(app, "graph")
    digest, *before = stamp.text.split("\n")
    digests = (sha256(file.read_bytes()).hexdigest() if file.is_file() else "-" for file in beside)
    current = " ".join([knowledge.digest(app.env), *digests]) if files else ""
    if (digest, before) == (current, [*map(str, files.values())]) and all(map(Path.is_file, files.values())):
        return ()
    for stale in {*map(Path, before)}.difference(files.values()):
        if stale.parent == Path(app.outdir):
            stale.unlink(missing_ok=True)
    aligned = report.aligned if (report := alignment_report(app, knowledge)) else ()
    try:
        findings = tuple(
            finding
            for name, file in files.items()
            for finding in _write(app, knowledge.spec(app.env), name, file, aligned)
        )
    except SourceError as error:
        raise SphinxError(str(error)) from error
    # Without its digest the graph is written again next time, so that these findings are repeated.
    stamp.note("\n".join(["" if findings else current, *map(str, files.values())]))
    return findings


def unwritable(
    app: Sphinx, knowledge: Knowledge, usual: dict[int, object] | None = None
) -> tuple[Finding, ...]:
    """Return the same findings as :func:`write_graph`: what the configured formats cannot represent.

    :param usual: things of the spec that every format can represent, by identity, so that each is checked once
    """
    if app.builder.name not in WEB_BUILDERS or not _has_spec(app):
        return ()
    spec, checked = knowledge.spec(app.env), {} if usual is None else usual
    values = [getattr(spec, part.name) for part in fields(spec)]
    parts = {id(one): one for value in values for one in (value if isinstance(value, tuple) else (value,))}
    if not any(map(_UNUSUAL.search, texts_in([one for key, one in parts.items() if key not in checked]))):
        # The identity of a deleted object may be reused.
        checked.clear()
        checked |= parts
        return ()
    from sphinx_policyspec.graph.serialize import unholdable  # noqa: PLC0415  hardly any spec needs it
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    outputs = PolicySpecConfig.of(app.config).outputs
    return tuple(finding for name in outputs for finding in unholdable(triples_of(spec), name))


def write_data(app: Sphinx, handbook: HandbookPages) -> None:
    """Write the data for scripts and other programs, unless it is up to date."""
    if app.builder.name not in WEB_BUILDERS:
        return
    files = [Path(app.outdir, name) for name in (_DATA, _TEXTS, _IDS)]
    stamp = Stamp(app, "data")
    if not _has_spec(app):
        for file in files:
            file.unlink(missing_ok=True)
        stamp.remove()
        return
    # Addresses of pages may change although the spec does not.
    addresses = ways(app)
    furnish(app, addresses)
    current = exact((handbook.knowledge.digest(app.env), app.builder.get_target_uri("page"), addresses))
    if stamp.text == current and all(map(Path.is_file, files)):
        return
    handbook.prepare(app)
    for file, make in zip(files, (_script_data, _script_texts, _spec_ids), strict=True):
        write_output(file, make(app, handbook))
    stamp.note(current)


def _write(
    app: Sphinx, spec: Spec, name: str, file: Path, aligned: Sequence[AlignedSides]
) -> Iterable[Finding]:
    """Write the graph in one format; for most formats, unchanged parts are reused."""
    others: Iterator[bytes] = iter(())
    if aligned and (name in NAMED_GRAPHS or name == _ALIGNMENTS):
        from sphinx_policyspec.alignments.formats import aligned_pieces  # noqa: PLC0415  few projects have some

        others = aligned_pieces(aligned, name if name in NAMED_GRAPHS else "trig")
    if name == _ALIGNMENTS:
        write_output(file, others)
        return ()
    from sphinx_policyspec.graph.serialize import BY_PART, pieces, pieces_by_part  # noqa: PLC0415  few builds write
    from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

    if name not in BY_PART:
        data, findings = pieces(triples_of(spec), name)
        write_output(file, data)
        return findings
    key = f"graph {ontology_digest()} {name}"
    before = kept(app.env, key) or {}
    data, findings, parts = pieces_by_part(spec, name, before)
    write_output(file, chain(data, others))
    if parts.keys() != before.keys():
        keep(app.env, key, parts)
    return findings
