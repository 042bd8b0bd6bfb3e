"""Pages of ours beside those of a site: "Ask the spec", which the reader's own browser answers, and what changed since a release."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.locale import get_translation

from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.graph.terms import PREFIXES, Iris, ontology_terms
from sphinx_policyspec.model import Finding
from sphinx_policyspec.model.spec import base_of
from sphinx_policyspec.sphinx_ext.config import PolicySpecConfig
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from sphinx_policyspec.sphinx_ext.store import Stamp, write_output
from sphinx_policyspec.sphinx_ext.web.places import ASK_PAGE, CHANGES_PAGE, PAGE_BUILDERS, WEB_BUILDERS

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from sphinx_policyspec.compare import SpecDiff
    from sphinx_policyspec.graph.questions import Answer, Question
    from sphinx_policyspec.sphinx_ext.asks.answering import Views

_ = get_translation("sphinx_policyspec")

_SCRIPT = "policyspec-ask.js"
_FOLDER = Path(__file__).resolve().parents[1] / "ask"
_OUT = "policyspec-ask"


def has_ask_page(app: Sphinx) -> bool:
    """Return whether a build writes the page."""
    wanted = PolicySpecConfig.of(app.config).ask_page and app.builder.name in PAGE_BUILDERS
    return wanted and any(page.objects for page in domain_of(app.env).pages.values())


class AskPage:
    """Writes the page, the engine and the graph; nothing of it without ``policyspec_ask_page``."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge

    def announce(self, app: Sphinx) -> None:
        """Let HTML builders copy the page's script."""
        if PolicySpecConfig.of(app.config).ask_page and app.builder.name in PAGE_BUILDERS:
            app.config.html_static_path.append(str(_FOLDER / "static"))

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page as Sphinx wants pages without a source."""
        if has_ask_page(app):
            from sphinx_policyspec.graph.questions import list_questions  # noqa: PLC0415

            base = Iris(base_of(self._knowledge.spec(app.env))).base
            # The graph of the page is that of one spec, without results.
            questions = [question for question in list_questions() if not question.over]
            questions.sort(
                key=lambda question: _FIRST.index(question.name) if question.name in _FIRST else len(_FIRST)
            )
            yield (
                ASK_PAGE,
                {"title": _("Ask the spec"), "body": _body(questions, base, self._answer(app, questions[0]))},
                "page.html",
            )

    def _answer(self, app: Sphinx, question: Question) -> Answer:
        """Return the answer that the page opens with; none where the system lets no query run."""
        from sphinx_policyspec.graph.questions import Answer  # noqa: PLC0415  as above

        try:
            return self._knowledge.base(app.env).ask(question.name)
        except PolicySpecError:
            return Answer(columns=(), rows=())

    def add_to_page(self, app: Sphinx, pagename: str) -> None:
        """Give the page its script."""
        if pagename == ASK_PAGE and has_ask_page(app):
            words: dict[str, Any] = {"data-words": _words()}
            app.add_js_file(_SCRIPT, loading_method="defer", **words)

    def write(self, app: Sphinx) -> None:
        """Write engine and graph unless they are up to date; remove those of an earlier build where not wanted."""
        folder, stamp = Path(app.outdir, _OUT), Stamp(app, "ask")
        files = [folder / "engine.js", folder / "graph.js"]
        if not has_ask_page(app):
            if stamp.text:
                for file in (
                    *files,
                    Path(app.outdir, f"{ASK_PAGE}.html"),
                    Path(app.outdir, "_static", _SCRIPT),
                ):
                    file.unlink(missing_ok=True)
                folder.rmdir()
                stamp.remove()
            return
        digest = self._knowledge.digest(app.env)
        if stamp.text == digest and all(map(Path.is_file, files)):
            return
        write_output(files[0], _engine())
        write_output(files[1], f'self.policyspecGraph="{_packed(self._graph(app))}";\n')
        stamp.note(digest)

    def _graph(self, app: Sphinx) -> bytes:
        """Return the graph with all that an engine needs to answer questions, a statement on each line."""
        from sphinx_policyspec.graph.knowledge_base import published  # noqa: PLC0415
        from sphinx_policyspec.graph.syntaxes import Statements  # noqa: PLC0415  as above
        from sphinx_policyspec.graph.to_graph import triples_of  # noqa: PLC0415

        statements = Statements(published(triples_of(self._knowledge.spec(app.env))))
        return b"".join(line.encode() for line in statements.lines())


def _packed(data: bytes) -> str:
    """Return bytes as text that a script can hold, equal ones for equal bytes."""
    return base64.b64encode(gzip.compress(data, mtime=0)).decode()


def _engine() -> str:
    """Return the script that holds the engine: its JavaScript, made a classic script, and its WebAssembly."""
    code = gzip.decompress((_FOLDER / "web.js.gz").read_bytes()).decode()
    # Workers that come from a text, as pages opened from a disk need them, cannot be modules everywhere.
    code = re.sub(r"^export \{.*?\};$", "", code, flags=re.MULTILINE)
    code = re.sub(r"^export (?=class|function)", "", code, flags=re.MULTILINE).replace(
        "import.meta.url", '""'
    )
    code += (_FOLDER / "worker.js").read_text("utf-8")
    wasm = base64.b64encode((_FOLDER / "web_bg.wasm.gz").read_bytes()).decode()
    return f"self.policyspecEngine=[{json.dumps(code)},{json.dumps(wasm)}];\n"


_FIRST = (
    "overridable-by",
    "user-overridable-defaults-touching",
    "where-mentioned",
    "hard-rules",
    "exceptions",
)
"""What most readers want to know; the page opens with the first, already answered."""


def _body(questions: Iterable[Question], base: str, answer: Answer) -> str:
    """Return the page: a place for the form, with the answer to the first question, and every question with its query."""
    prefixes = {name: f"PREFIX {name}: <{iri}> " for name, iri in PREFIXES.items()}
    listed = "".join(_question(question) for question in questions)
    needs = _("The answers come from an engine in your browser, which needs JavaScript and WebAssembly.")
    title, heading = _("Ask the spec"), _("Questions")
    every = _("Each question with its query, in SPARQL")
    intro = _("Ask the knowledge base behind these pages. Nothing that you ask leaves your browser.")
    from sphinx_policyspec.graph.knowledge_base import NAMES  # noqa: PLC0415  as above

    names = {
        kind: "".join(line for name, line in prefixes.items() if f"{name}:" in query) + query
        for kind, query in NAMES.items()
    }
    data = {
        "prefixes": "".join(prefixes.values()),
        "base": base,
        "terms": json.dumps(sorted(ontology_terms())),
        "names": json.dumps(names),
        "first": json.dumps({"columns": answer.columns, "rows": _rows(answer)}, separators=(",", ":")),
    }
    attributes = " ".join(f'data-{name}="{escape(value, quote=True)}"' for name, value in data.items())
    return (
        f'<section id="ask-the-spec"><h1>{escape(title)}</h1><p>{escape(intro)}</p>'
        f'<div class="ps-ask" {attributes}><p>{escape(needs)}</p></div>'
        f'<section id="questions"><h2>{escape(heading)}</h2>'
        f'<details class="ps-questions"><summary>{escape(every)}</summary>{listed}</details></section></section>'
    )


def _rows(answer: Answer) -> list[dict[str, dict[str, str]]]:
    """Return the rows in the form of SPARQL results in JSON."""
    return [
        {
            name: {"type": cell.kind.value, "value": cell.value}
            for name, cell in zip(answer.columns, row, strict=True)
        }
        for row in answer.rows
    ]


def _question(question: Question) -> str:
    data = {
        "question": question.name,
        "parameters": json.dumps([[p.name, p.type, p.default] for p in question.parameters]),
        "asks": question.asks and _(question.asks),
        "none": question.none and _(question.none),
        "row": question.row and _(question.row),
    }
    attributes = " ".join(
        f'data-{name}="{escape(value, quote=True)}"' for name, value in data.items() if value
    )
    return (
        f'<details class="ps-question" {attributes}><summary>{escape(_(question.text))}</summary>'
        f'<pre tabindex="0">{escape(question.sparql)}</pre></details>'
    )


def _words() -> str:
    words = {
        "A query of my own": _("A query of my own"),
        "Answer as a table": _("Answer as a table"),
        "Asking …": _("Asking …"),
        "Copied.": _("Copied."),
        "Copy link": _("Copy link"),
        "Did you mean `{name}`?": _("Did you mean `{name}`?"),
        "Download CSV": _("Download CSV"),
        "Loading the engine …": _("Loading the engine …"),
        "Nothing binds `{name}`.": _("Nothing binds `{name}`."),
        "Nothing has the name `{name}`.": _("Nothing has the name `{name}`."),
        "Question": _("Question"),
        "Run": _("Run"),
        "Show the query": _("Show the query"),
        "Stop": _("Stop"),
        "Table: {columns}": _("Table: {columns}"),
        "Terms:": _("Terms:"),
        "The CSV has the first {shown}.": _("The CSV has the first {shown}."),
        "The engine failed.": _("The engine failed."),
        "The first {shown} are shown.": _("The first {shown} are shown."),
        "The query was stopped after {seconds} seconds.": _("The query was stopped after {seconds} seconds."),
        "The query was stopped.": _("The query was stopped."),
        "There is no graph `{name}`: the spec is the one graph, which needs no name.": _(
            "There is no graph `{name}`: the spec is the one graph, which needs no name."
        ),
        "Use this question": _("Use this question"),
        "Unknown term `{name}`.": _("Unknown term `{name}`."),
        "`{name}` cannot be loaded": _("`{name}` cannot be loaded"),
        "kind=asserted": _("is about"),
        "kind=inherited": _("stands in"),
        "kind=mention": _("mentions"),
        "kind=narrower": _("is about the narrower"),
        "mode=explicit": _("only if the message says so explicitly"),
        "mode=higher": _("by going before it"),
        "mode=implicit": _("even if the message does not say so"),
        "{count} answers.": _("{count} answers."),
        "{count} answers in {seconds} s.": _("{count} answers in {seconds} s."),
    }
    return dumped_words(words)


def dumped_words(words: Mapping[str, str]) -> str:
    """Return words as JSON, without those that a script knows by itself."""
    return json.dumps({key: word for key, word in words.items() if key != word}, ensure_ascii=False)


def script_words() -> str:
    """Return what the script of every page says, as JSON by the script's own names for it."""
    words = {
        "1 hit for “{words}”": _("1 hit for “{words}”"),
        "1 principle": _("1 principle"),
        "Close": _("Close"),
        "Finds principles, sections, examples, definitions, topics and pages: by title, id or former id, or by any word of their text.": _(
            "Finds principles, sections, examples, definitions, topics and pages: by title, id or former id, or by any word of their text."
        ),
        "No row matches all of this. Rows are left:": _("No row matches all of this. Rows are left:"),
        "No row matches.": _("No row matches."),
        "Nothing matches “{words}”.": _("Nothing matches “{words}”."),
        "Nothing matches “{words}”. What has words that begin alike:": _(
            "Nothing matches “{words}”. What has words that begin alike:"
        ),
        "Search": _("Search"),
        "Search principles and examples": _("Search principles and examples"),
        "Show all {count}": _("Show all {count}"),
        "Titles, ids, words": _("Titles, ids, words"),
        "Without {choice} ({count})": _("Without {choice} ({count})"),
        "about {topics}": _("about {topics}"),
        "changed since": _("changed since"),
        "no longer in it": _("no longer in it"),
        "unchanged since": _("unchanged since"),
        "{count} hits for “{words}”": _("{count} hits for “{words}”"),
        "{count} principles": _("{count} principles"),
        "{kind} in {title}": _("{kind} in {title}"),
        "kind page": _("Page"),
        "kind principle": _("Principle"),
        "kind role": _("Page"),
        "Copied.": _("Copied."),
        "Copy citation": _("Copy citation"),
        "Copy link": _("Copy link"),
        "Copy citation of {title}": _("Copy citation of {title}"),
        "Copy link to {title}": _("Copy link to {title}"),
        "Filter the table": _("Filter the table"),
        "Answers": _("Answers"),
        "Go to": _("Go to"),
        "Has": _("Has"),
        "Lacks": _("Lacks"),
        "Level": _("Level"),
        "Overridable by": _("Overridable by"),
        "Reset": _("Reset"),
        "Search the full text for “{words}”": _("Search the full text for “{words}”"),
        "Show the changed words": _("Show the changed words"),
        "Show the text of then": _("Show the text of then"),
        "Text": _("Text"),
        "The text of this release": _("The text of this release"),
        "verdict bad": _("Violation"),
        "verdict good": _("Compliant"),
        "verdict ok": _("Minor issues"),
        "Topic": _("Topic"),
        "Your browser does not let pages copy.": _("Your browser does not let pages copy."),
        "any": _("any"),
        "facet bad": _("violation"),
        "facet example": _("example"),
        "facet good": _("compliant answer"),
        "facet ok": _("answer with minor issues"),
        "facet prompt": _("prompt"),
        "facet reference": _("reference to it"),
        "kind definition": _("Definition"),
        "kind example": _("Example"),
        "kind goal": _("Goal"),
        "kind level": _("Level"),
        "kind section": _("Section"),
        "kind topic": _("Topic"),
        "version": _("version"),
        "{shown} of {all}": _("{shown} of {all}"),
    }
    return dumped_words(words)


# -- what changed ----------------------------------------------------------------------------

STYLE_FILE = "_static/policyspec-changes.css"
"""The style sheet of the page, from the output folder."""


@dataclass(slots=True)
class ChangesPage:
    """Shows, in HTML, what changed since the release that a project or handbook compares itself with."""

    views: Views

    def update(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Return the pages whose marks of changes are not those with which they were last written.

        An unreadable release is noted, and reported with the findings of every build; for one that a command line
        names, the error is raised.
        """
        before = domain_of(env).shown_by(app.builder.name)
        now = f"{self._is_on(app)} {self.views.knowledge.digest(env)}"
        if before.marks_of == now:
            return []
        marks: dict[str, str] = {}
        misfits: tuple[Finding, ...] = ()
        problem = ""
        try:
            if self._is_on(app):
                marks, misfits = self._mark_digests(env), self._misfits(env)
        except PolicySpecError as error:
            if domain_of(env).given.older:
                raise
            problem = str(error)
        domain_of(env).note_shown(
            app.builder.name, replace(before, marks=marks, marks_of=now, problem=problem, misfits=misfits)
        )
        is_first = not before.marks_of
        return sorted(
            name for name in env.all_docs if not is_first and before.marks.get(name) != marks.get(name)
        )

    def _is_on(self, app: Sphinx) -> bool:
        return app.builder.name in WEB_BUILDERS and self.views.since.is_on(app.env)

    def _diff(self, app: Sphinx) -> SpecDiff | None:
        """Return what has changed, or nothing where that is unknown; :meth:`update` reports why, once."""
        try:
            return self.views.since.diff(app.env, self.views.knowledge) if self._is_on(app) else None
        except PolicySpecError:
            return None

    def _mark_digests(self, env: BuildEnvironment) -> dict[str, str]:
        """Return a digest of the marks on each page that has some."""
        from sphinx_policyspec.sphinx_ext.web.changes import digests  # noqa: PLC0415  few projects compare

        if not domain_of(env).given.writes:
            self.views.since.releases(env, self.views.knowledge)
            return {}
        diff = self.views.since.diff(env, self.views.knowledge)
        return digests(env, diff) if diff else {}

    def _misfits(self, env: BuildEnvironment) -> tuple[Finding, ...]:
        """Return the judgements that fit nothing that the project compares: releases may have one version, or none."""
        if not PolicySpecConfig.of(env.config).judgements:
            return ()
        timeline = self.views.since.timeline(env, self.views.knowledge)
        diffs = timeline.diffs if timeline else ()
        fitting = {change.judgement.span for diff in diffs for change in diff.changes if change.judgement}
        found = {finding.span: finding for diff in diffs for finding in diff.findings}
        return tuple(finding for span, finding in found.items() if span not in fitting)

    def mark(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Mark each principle of a page with what changed about it, and link the first page to all changes."""
        if (diff := self._diff(app)) is not None:
            from sphinx_policyspec.sphinx_ext.web.changes import mark  # noqa: PLC0415

            mark(app, doctree, docname, diff)

    def pages(self, app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Yield the page; where there is none, delete what an earlier build wrote."""
        diff = self._diff(app)
        if diff is None:
            if isinstance(app.builder, StandaloneHTMLBuilder):
                for file in (app.builder.get_outfilename(CHANGES_PAGE), Path(app.outdir, STYLE_FILE)):
                    Path(file).unlink(missing_ok=True)
            return
        from sphinx_policyspec.exports.diff.html import STYLE  # noqa: PLC0415  only where there is a page
        from sphinx_policyspec.sphinx_ext.web.changes import context_of_page  # noqa: PLC0415  as above

        write_output(Path(app.outdir, STYLE_FILE), STYLE)
        yield CHANGES_PAGE, context_of_page(app, diff), "page.html"

    @staticmethod
    def add_style(pagename: str, context: dict[str, Any]) -> None:
        """Link the page's style sheet, a file of its own: policies of servers may allow none in the page."""
        if pagename == CHANGES_PAGE:
            address = context["pathto"](STYLE_FILE, resource=True)
            sheet = f'<link rel="stylesheet" href="{address}">'
            context["metatags"] = "".join((context.get("metatags", ""), sheet))
