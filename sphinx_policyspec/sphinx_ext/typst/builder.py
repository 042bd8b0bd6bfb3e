"""The builder ``policypdf``: all pages as one PDF, with cover and indices, with nothing but what pip installs."""

from __future__ import annotations

import re
import shutil
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, cast

from docutils import nodes
from sphinx.builders import Builder
from sphinx.config import Config
from sphinx.locale import get_translation
from sphinx.util import logging
from sphinx.util.osutil import make_filename_from_project

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.files import grouped
from sphinx_policyspec.model import TargetKind, who_may_override
from sphinx_policyspec.model.spec import license_name
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.nodes import nodes as policy
from sphinx_policyspec.sphinx_ext.nodes.boxes import sentence_case, summary
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import write_output
from sphinx_policyspec.sphinx_ext.typst.blocks import ListedExample, TypstTranslator
from sphinx_policyspec.sphinx_ext.typst.code_and_fonts import (
    TYPES,
    Fonts,
    array,
    block,
    call,
    compile_pdf,
    content,
    copy_pictures,
    label,
    require_typst,
    string,
    words,
)
from sphinx_policyspec.sphinx_ext.typst.writing import LABEL, PAGE, TARGET, Labels, assemble

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.domains import Index

    from sphinx_policyspec.model import Spec

_ = get_translation("sphinx_policyspec")

INDEX_PAGES = ("policy-levels", "policy-topics", "policy-goals", "policy-prompts", "policy-examples")
"""Chapters after the pages; where a site has such a page, links to it lead there."""

_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_LINK = re.compile(r"https?://\S+")


def settings(builder: Builder, fonts: Fonts) -> str:
    """Return the file of settings that the style imports."""
    config = builder.config
    spec = Knowledge().spec(builder.env)
    language, _sep, region = (config.language or "en").replace("-", "_").partition("_")
    version = spec.version or config.release
    title = _line(spec.title or config.project) or "Handbook"
    short = f"{config.project} {version}" if version not in config.project else config.project
    # Sphinx has a text of its own where no author is given.
    author = _line(spec.publisher or (config.author if config.author != Config().author else ""))
    values = {
        "title": string(title),
        "short-title": string(_line(short)),
        "author": array([string(author)] if author else []),
        "description": string(summary(spec) if spec.principles else ""),
        "keywords": array([string(_("behaviour spec"))]),
        "date": _date(spec.issued),
        "lang": string(language.lower()[:3] or "en"),
        "region": string(region.upper()) if re.fullmatch(r"[A-Za-z]{2}", region) else "none",
        "fonts": array(map(string, fonts.families)),
        "fallback": "false" if fonts.families else "true",
        "facts": array(array(map(string, fact)) for fact in _facts(spec, version) if fact[0]),
        "contents-word": content(words(_("Contents"))),
        "continued-word": string(_("continued")),
        "page-word": string(_("p.")),
    }
    return "".join(f"#let {name} = {value}\n" for name, value in values.items())


def _line(text: str) -> str:
    return " ".join(text.split())


def _date(issued: str) -> str:
    match = _DATE.fullmatch(issued)
    if match is None:
        return "none"
    year, month, day = map(int, match.groups())
    return f"datetime(year: {year}, month: {month}, day: {day})"


def _facts(spec: Spec, version: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of the cover below the title, each with the address that it leads to, if any."""
    if version:
        yield _("Release %s") % version, ""
    if spec.issued and spec.issued != version:
        yield spec.issued, ""
    yield _line(spec.publisher), ""
    yield _line(license_name(spec.license)), spec.license if _LINK.fullmatch(spec.license) else ""
    if spec.principles:
        yield summary(spec), ""


_NO_NOTES: Mapping[str, str] = MappingProxyType({})
_Line = tuple[str, str]
"""The label that a line of an index leads to, and its text."""


def indices(builder: Builder, labels: Labels, examples: Iterable[ListedExample]) -> str:
    """Return the indices by level, topic and goal, and the lists of prompts and examples."""
    domain = domain_of(builder.env)
    by_name = {f"{domain.name}-{index.name}": index for index in domain.indices}
    spec = Knowledge().spec(builder.env)
    notes = {
        title: who_may_override(spec.levels, level, title, _)
        for level in spec.levels
        for title in [domain.title_of_level(level.id)]
    }

    def of(*ids: str) -> Iterator[tuple[str, str]]:
        """Yield the labels and titles of provisions that a page shows."""
        for found in (domain.find(TargetKind.PROVISION, identifier) for identifier in ids):
            if found and (place := labels.find(found.docname, found.anchor)):
                yield place, found.title

    goals = [
        (goal.title, [*of(*(p.id for p in spec.principles if goal.id in p.serves))]) for goal in spec.goals
    ]
    # What a prompt says may be offensive, so that its author may show none of it but the title.
    tested = grouped(
        (place, sentence_case(prompt.title or prompt.id))
        for prompt, ids in spec.tested()
        for place in of(*ids)
    )
    order = [place for place in of(*(p.id for p in spec.provisions)) if place in tested]
    prompts = [(*place, Counter(tested[place])) for place in dict.fromkeys((*order, *tested))]
    levels, topics = (list(_groups(by_name[name](domain), labels)) for name in INDEX_PAGES[:2])
    listed = grouped((item.section, (item.label, item.title)) for item in examples)
    chapters = (
        _chapter(INDEX_PAGES[0], _("Principles by authority"), levels, notes),
        _chapter(INDEX_PAGES[1], _("Principles by topic"), topics),
        _chapter(INDEX_PAGES[2], _("Principles by goal"), goals),
        _list_chapter(INDEX_PAGES[3], _("Evaluation prompts"), prompts),
        _chapter(INDEX_PAGES[4], _("Examples"), [*listed.items()]),
    )
    return "".join(chapters)


def _groups(index: Index, labels: Labels) -> Iterator[tuple[str, list[_Line]]]:
    groups, _collapse = index.generate()
    for heading, entries in groups:
        lines = [
            (found, f"{entry.name} ({entry.extra})" if entry.extra else str(entry.name))
            for entry in entries
            if (found := labels.find(entry.docname, entry.anchor))
        ]
        if lines:
            yield str(heading), lines


def _chapter(
    name: str, title: str, groups: list[tuple[str, list[_Line]]], notes: Mapping[str, str] = _NO_NOTES
) -> str:
    """Return an index; without entries only the place that links to it lead to.

    :param notes: what is below the headings of groups
    """
    if not groups:
        return call("anchor", string(name))
    heading = call("heading", content(words(title)), level="1").removesuffix(";")
    code = f"\n\n{heading}{label(name)}\n\n"
    for group, lines in groups:
        code += block("index-group", content(words(group))) if group else ""
        code += block("index-note", content(words(notes[group]))) if group in notes else ""
        code += "".join(
            block("index-line", string(place), content(words(_isolated(text))))
            for place, text in lines
            if place
        )
    return code


def _list_chapter(name: str, title: str, groups: Iterable[tuple[str, str, Mapping[str, int]]]) -> str:
    """Return a chapter of lists, one for each place: titles, with how often each occurs."""
    code = ""
    for place, group, titles in groups:
        lines = (f"{one} ({count})" if count > 1 else one for one, count in titles.items())
        code += block("index-line", string(place), content(call("strong", content(words(_isolated(group))))))
        code += block("index-items", *(content(words(_isolated(line))) for line in lines))
    if not code:
        return call("anchor", string(name))
    heading = call("heading", content(words(title)), level="1").removesuffix(";")
    return f"\n\n{heading}{label(name)}\n\n{code}"


def _isolated(text: str) -> str:
    """Isolate text that runs leftwards, so that it does not move the page number."""
    is_mixed = any(unicodedata.bidirectional(char) in {"R", "AL"} for char in text)
    return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}" if is_mixed else text


_LOGGER = logging.getLogger(__name__)
_STYLE = "policyspec.typ"
_OWN_STYLE = "own.typ"


class TypstBuilder(Builder):
    """Writes a PDF with Typst; the code stays beside it, for those who want to change it by hand."""

    name = "policypdf"
    format = "typst"
    epilog = "The PDF is in %(outdir)s."
    default_translator_class = TypstTranslator
    supported_image_types: ClassVar[list[str]] = TYPES

    problem = ""
    """Why there is no PDF."""

    def get_outdated_docs(self) -> str:
        """Return what is to be built: one file always holds all pages."""
        return "all pages"

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:  # noqa: ARG002
        """Return the address of a page within the one file."""
        return PAGE + docname

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:  # noqa: ARG002
        """Return the same, wherever the link is."""
        return self.get_target_uri(to)

    @property
    def pdf(self) -> Path:
        """The file that is written."""
        return Path(self.outdir, f"{make_filename_from_project(self.config.project) or 'handbook'}.pdf")

    def write_documents(self, _docnames: AbstractSet[str]) -> None:
        """Write the PDF; an old one does not outlive a new failure."""
        self.pdf.unlink(missing_ok=True)
        try:
            require_typst()
            self._write()
        except PolicySpecError as error:
            # A raised error would make Sphinx print versions and a traceback, and ask for a report.
            self.problem = str(error)
            _LOGGER.error(self.problem, type="policyspec", subtype="pdf")  # noqa: TRY400

    def _write(self) -> None:
        folder = Path(self.outdir, "typst")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        doctree, labels = assemble(self, INDEX_PAGES)
        _leave_to_cover(doctree)
        copy_pictures(self, doctree, folder)
        translator = self._translate(doctree)
        code = translator.astext() + indices(self, labels, translator.examples)
        source = folder / self.pdf.with_suffix(".typ").name
        source.write_text(f"{self._copy_styles(folder)}{code}", "utf-8")
        with tempfile.TemporaryDirectory(prefix="policyspec-") as scratch:
            options = PolicySpecConfig.of(self.config)
            fonts = Fonts.of(options.pdf_fonts, Path(self.confdir), Path(scratch))
            (folder / "settings.typ").write_text(settings(self, fonts), "utf-8")
            data = compile_pdf(source, fonts, doctree, Path(self.srcdir), options.pdf_missing)
        write_output(self.pdf, data)

    def _translate(self, doctree: nodes.document) -> TypstTranslator:
        """Return the translator of all pages; a link whose target is missing becomes its words: Typst stops at one."""
        translator = cast("TypstTranslator", self.create_translator(doctree, self))
        doctree.walkabout(translator)
        lost = [
            link
            for link in translator.links
            if link[TARGET] not in {*translator.written_labels, *INDEX_PAGES}
        ]
        for link in lost:
            message = "the PDF has no place `%s`; the link to it is text"
            _LOGGER.warning(message, link[TARGET], location=link, type="policyspec", subtype="pdf")
            link[TARGET] = ""
        return self._translate(doctree) if lost else translator

    def _copy_styles(self, folder: Path) -> str:
        """Copy the style, and what a project's templates hold in its place, and return the code that imports them."""
        shutil.copyfile(Path(__file__).with_name(_STYLE), folder / _STYLE)
        styles = [_STYLE]
        own = (Path(self.confdir, templates, _STYLE) for templates in self.config.templates_path)
        if found := next((file for file in own if file.is_file()), None):
            shutil.copyfile(found, folder / _OWN_STYLE)
            styles.append(_OWN_STYLE)
        return "".join(f'#import "{style}": *\n' for style in styles) + "#show: handbook\n"


def _leave_to_cover(doctree: nodes.document) -> None:
    """Remove from a page what the cover says about the spec as a whole; what its author wrote below that stays."""
    for box in list(doctree.findall(policy.PolicyDeclaration)):
        if "ps-spec" in box["classes"]:
            meaning, labels = next(box.findall(nodes.definition)), _labels_in(box)
            box[:] = [part for part in meaning.children if not _is_fact(part)]
            # Links to a removed part lead to where it was.
            removed = set(labels) - set(_labels_in(box))
            box[0:0] = [nodes.target("", "", **{LABEL: label}) for label in labels if label in removed]


def _labels_in(box: nodes.Element) -> list[str]:
    return [node[LABEL] for node in box.findall(nodes.Element) if LABEL in node]


def _is_fact(node: nodes.Node) -> bool:
    """Return whether a line of a declaration is one of its facts."""
    return isinstance(node, nodes.paragraph) and "ps-meta" in node["classes"]


def fail_without_pdf(app: Sphinx, _error: Exception | None) -> None:
    """End with a status that says so where there is no PDF."""
    if isinstance(app.builder, TypstBuilder) and app.builder.problem:
        app.statuscode = 1
