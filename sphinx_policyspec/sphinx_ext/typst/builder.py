"""The builder ``policypdf``: all pages as one PDF, with nothing but what pip installs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from sphinx.builders import Builder
from sphinx.util import logging
from sphinx.util.osutil import make_filename_from_project

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.store import write_output
from sphinx_policyspec.sphinx_ext.typst.assembly import PAGE, TARGET, assemble
from sphinx_policyspec.sphinx_ext.typst.compiling import Fonts, compile_pdf, require_typst
from sphinx_policyspec.sphinx_ext.typst.matter import INDEX_PAGES, indices, settings
from sphinx_policyspec.sphinx_ext.typst.pictures import TYPES, copy_pictures
from sphinx_policyspec.sphinx_ext.typst.policy_nodes import TypstTranslator

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

__all__ = ["TypstBuilder", "fail_without_pdf"]

_LOGGER = logging.getLogger(__name__)
_STYLE = "policyspec.typ"
_OWN_STYLE = "own.typ"


class TypstBuilder(Builder):
    """Writes a PDF by way of Typst; the code is left beside it, for those who want to change it by hand."""

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
        """Return the same, wherever the link stands."""
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
            # A raised error would make Sphinx tell of versions and a traceback, and ask for a report.
            self.problem = str(error)
            _LOGGER.error(self.problem, type="policyspec", subtype="pdf")  # noqa: TRY400

    def _write(self) -> None:
        folder = Path(self.outdir, "typst")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        doctree, labels = assemble(self, INDEX_PAGES)
        copy_pictures(self, doctree, folder)
        translator = self._translated(doctree)
        code = translator.astext() + indices(self, labels, translator.examples)
        source = folder / self.pdf.with_suffix(".typ").name
        source.write_text(f"{self._copy_styles(folder)}{code}", "utf-8")
        with tempfile.TemporaryDirectory(prefix="policyspec-") as scratch:
            given = PolicySpecConfig.of(self.config).pdf_fonts
            fonts = Fonts.of(given, Path(self.confdir), Path(scratch))
            (folder / "settings.typ").write_text(settings(self, fonts), "utf-8")
            data = compile_pdf(source, fonts, doctree, Path(self.srcdir))
        write_output(self.pdf, data)

    def _translated(self, doctree: nodes.document) -> TypstTranslator:
        """Return the translator of all pages; a link without a place to lead to is its words: Typst stops at one."""
        translator = cast("TypstTranslator", self.create_translator(doctree, self))
        doctree.walkabout(translator)
        lost = [link for link in translator.links if link[TARGET] not in {*translator.written, *INDEX_PAGES}]
        for link in lost:
            message = "the PDF has no place `%s`; the link to it is text"
            _LOGGER.warning(message, link[TARGET], location=link, type="policyspec", subtype="pdf")
            link[TARGET] = ""
        return self._translated(doctree) if lost else translator

    def _copy_styles(self, folder: Path) -> str:
        """Copy the style, and what a project's templates hold in its place, and return the code that takes them up."""
        shutil.copyfile(Path(__file__).with_name(_STYLE), folder / _STYLE)
        styles = [_STYLE]
        own = (Path(self.confdir, templates, _STYLE) for templates in self.config.templates_path)
        if found := next((file for file in own if file.is_file()), None):
            shutil.copyfile(found, folder / _OWN_STYLE)
            styles.append(_OWN_STYLE)
        return "".join(f'#import "{style}": *\n' for style in styles) + "#show: handbook\n"


def fail_without_pdf(app: Sphinx, _error: Exception | None) -> None:
    """End with a status that says so where there is no PDF."""
    if isinstance(app.builder, TypstBuilder) and app.builder.problem:
        app.statuscode = 1
