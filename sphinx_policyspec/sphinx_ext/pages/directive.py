"""What all our directives share: options that become findings, lists in them, exact places, rST and MyST alike."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from docutils import nodes
from docutils.parsers.rst.directives import unchanged
from docutils.statemachine import StringList
from myst_parser.mocking import MockState
from sphinx.util.docutils import SphinxDirective

from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.attributes import ATTRIBUTES, NAMING, Owner, attributes_of
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.model.spec import is_address, why_no_iri
from sphinx_policyspec.readers.comments import without_comments
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.nodes.boxes import Place
from sphinx_policyspec.sphinx_ext.pages.marks import (
    Declared,
    attach_findings,
    claim,
    note_finding,
    take_findings,
)
from sphinx_policyspec.sphinx_ext.pages.places import Source, source_of

_QUOTED = r"\"(?P<double>(?:\\.|[^\"\\])*+)\"|'(?P<single>(?:''|[^'])*+)'"
_IN_BRACKETS = re.compile(rf" ?(?:(?:{_QUOTED}) ?(?=,|$)|(?P<plain>[^,]*+))(?:,|$)")
# A block list may have been folded into one line.
_BEHIND_HYPHENS = re.compile(rf"- ?(?:(?:{_QUOTED})(?= -(?: |$)|$)|(?P<plain>(?:(?! -(?: |$)).)*+))(?: |$)")


def items_of(text: str, dividers: str) -> Iterator[str]:
    """Yield the items of an option's text, white space in them joined, empty ones left out.

    :param dividers: characters that separate them where the text is not a list of YAML
    """
    words = " ".join(text.split())
    if words.startswith("[") and words.endswith("]"):
        found = [_item(match) for match in _IN_BRACKETS.finditer(words[1:-1])]
    elif re.match(r"-(?: |$)", words):
        found = [_item(match) for match in _BEHIND_HYPHENS.finditer(words)]
    else:
        found = re.split(f"[{dividers}]", text)
    yield from filter(None, (" ".join(item.split()) for item in found))


def _item(match: re.Match[str]) -> str:
    if match["double"] is not None:
        return re.sub(r"\\(.)", r"\1", match["double"])
    return match["plain"] if match["single"] is None else match["single"].replace("''", "'")


_Choice = TypeVar("_Choice", bound=StrEnum)
_ARGUMENTS = frozenset({"label", "name", "role", "term", "title", "verdict"})
"""What the argument of a directive is."""
_LISTS = frozenset(row.key for row in ATTRIBUTES if row.option is not None and row.many)
"""Options that name things."""
_VALUED = _LISTS | {"lang", "name", "note", "out-of-scope", "recipient", "since", "status", "version"}
"""The same, and others that say nothing without a value."""
_WITHOUT_DOMAIN = "policyspec_without_domain"
_PLAIN = re.compile(r"[^\W_]+(?:,? [^\W_]+|-[^\W_]+)*[?.]?")
"""Words that are text and nothing else in every markup, as most titles are."""
_SENTENCES = re.compile(r"[^\W_]+(?:,? |-)[^\W_]+(?:(?:[,;.?!]? |-)[^\W_]+)*[.?!]?")
"""A line that is a paragraph, and text and nothing else, in every markup; one word and a point would be a list."""
_MARKUP = re.compile(r"\.\. [\w:-]+::")
_ID = re.compile(r"[^\s#<>\"'`/\\&?%\u2013-\u201f\u2026]+")


class _AnyOption(dict[str, Callable[[str], str]]):
    """Accepts every option as it is: a misspelt one becomes a finding, and the page keeps its text."""

    def __missing__(self, name: str) -> Callable[[str], str]:
        return unchanged


def options(*names: str) -> dict[str, Callable[[str], str]]:
    """Return the option specification of a directive that knows these names."""
    return _AnyOption(dict.fromkeys(names, unchanged))


def options_of(*owners: Owner) -> tuple[str, ...]:
    """Return the names of the options for the attributes of these owners."""
    return tuple(row.key for row in attributes_of(*owners) if row.option is not None)


class PolicyDirective(SphinxDirective):
    """Base of our directives: whatever is wrong becomes a finding, and the page still shows the rest."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], str]]] = options()
    one_of: ClassVar[tuple[str, ...]] = ()
    """The only words that the argument may be; any further words are something else."""
    needs_heading: ClassVar[bool] = False
    """Whether the heading above is the title where there is no argument."""
    intended: ClassVar[str] = ""
    """The directive that an author meant by a misspelt name."""
    is_myst: bool
    """Whether MyST runs the directive; it passes its text and its content differently."""
    place: Place
    """The file and line of the directive, as the parser counts them, like all lines here but those of spans."""
    source: Source
    """The file that the directive is in."""
    span: Span
    """The lines of the whole directive."""

    def run(self) -> list[nodes.Node]:
        """Check the names of the options, then build; findings are kept on the nodes, to be hidden with them."""
        self.is_myst = isinstance(self.state, MockState)
        self.place = self.get_source_info()
        self.source = self._source()
        self.span = self.source.span(self.line, self.line + 1 + len(self._lines) + self.is_myst)
        around = take_findings(self.env)
        found = self._check_and_build()
        attach_findings(self.env, found, around)
        return found

    def _check_and_build(self) -> list[nodes.Node]:
        if self.intended:
            self._find_intended()
        self._split_argument()
        for name in [name for name in self.options if name not in self.option_spec]:
            self._take_unknown(name)
        for name in [name for name in self.options if name in _VALUED and not self.option(name)]:
            self.find(
                "invalid-option",
                f"`{name}` is empty",
                "name something, or delete it",
                line=self.option_line(name),
            )
        return self.build()

    def _find_intended(self) -> None:
        """Report a misspelt name; where it only lacks `policy:`, report all such names of the file at once."""
        reported = self.env.temp_data.setdefault(_WITHOUT_DOMAIN, set())
        if reported is None or (self.source.file, self.line) in reported:
            return
        others: list[int] = []
        if ":" not in self.name and self.intended.endswith(f":{self.name.lower()}"):
            names = "|".join(domain_of(self.env).directives)
            begins = re.compile(rf"\A[\s>]*+(?:\.\. ++|[`~:]{{3,}}+ *+\{{)(?:{names})(?:\}}| ?::)")
            others = [
                n for n, line in enumerate(self.source.lines, 1) if begins.match(line) and n > self.line
            ]
            reported.update((self.source.file, number) for number in others)
        hint = f"did you mean `{self.intended}`?"
        hint += f" the same on line {', '.join(map(str, others))}" if others else ""
        self.find("unknown-directive", f"unknown directive `{self.name}`", hint)

    def _take_unknown(self, name: str) -> None:
        """Use an unknown option as what it was meant for: the argument, or another option."""
        message, line = f"`{self.name}` has no option `{name}`", self.option_line(name)
        if name == "title" and not self.arguments and not self.content and self.needs_heading:
            self.find("unknown-option", message, "delete it: the heading is the title", line=line)
            return
        is_id = name == "name" and self.needs_heading
        if name in _ARGUMENTS and not (is_id or self.arguments) and self.optional_arguments:
            self.arguments = [self.options[name] or ""]
            self.find(
                "unknown-option", message, f"write the {name} after the name of the directive", line=line
            )
            return
        naming = (row.key for row in ATTRIBUTES if row.names == name and row.key in self.option_spec)
        begins = (option for option in self.option_spec if option.startswith(f"{name}-"))
        intended = "id" * is_id or near_name(name, self.option_spec) or next(naming, "") or next(begins, "")
        hint = nearest(intended or name, self.option_spec) or "the reference of directives lists its options"
        self.find("unknown-option", message, hint, line=line)
        if intended:
            self.options.setdefault(intended, self.options[name])

    def _split_argument(self) -> None:
        """Separate the argument from what follows it directly, where a blank line or a line of its own is missing."""
        first, *below = self.arguments[0].split("\n") if self.arguments else [""]
        word, _, behind = first.partition(" ")
        word = word.rstrip(",.:;") if self.one_of and behind.strip() else word
        if self.one_of and behind.strip() and word.lower() in self.one_of:
            self._find_joined(0, "text", "after its argument", "put it on a line of its own")
            self.arguments, between = [word], [behind.strip(), *[""] * bool(self.content)]
            self.content = StringList(between, self.place[0]) + self.content
            return
        markup_lines = (number for number, line in enumerate(below) if _MARKUP.match(line.strip()))
        joined = 0 if self.one_of else next(markup_lines, -1)
        if not below or joined < 0 or self.options:
            return
        what = "text" if self.one_of else "content"
        self._find_joined(1 + joined, what, "directly below its first line", "put a blank line between them")
        self.arguments = [" ".join([first, *below[:joined]])]
        count = len(self._lines) - joined - len(self.content)
        lines = (self._lines[: len(below)] + [""] * len(self._lines))[joined : joined + count]
        depth = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
        self.content_offset = self.lineno + joined
        items = [(self.place[0], self.line + joined + n) for n in range(count)]
        self.content = StringList([line[depth:] for line in lines], items=items) + self.content

    def _find_joined(self, below: int, what: str, where: str, hint: str) -> None:
        message = f"the {what} of `{self.name}` is {where}, as a part of it"
        self.find("missing-blank-line", message, hint, line=self.line + below)

    def build(self) -> list[nodes.Node]:
        """Return the directive's nodes."""
        raise NotImplementedError

    # -- places, as the parser counts lines ---------------------------------------------------

    @property
    def line(self) -> int:
        """The directive's first line."""
        return self.place[1]

    @cached_property
    def _lines(self) -> list[str]:
        """The text of the directive below its first line, as the parser read it; the end of a fence left out."""
        lines = self.block_text.splitlines() if self.is_myst else self.block_text.rstrip().split("\n")
        if not self.is_myst:
            return lines[1:]
        if lines and f"{{{self.name}}}" in lines[0]:
            return lines[1:-1]
        # MyST 4 hands out the content alone, but counts the lines above it; each may be part of a quotation.
        above = self.source.below(self.line, self.content_offset)
        return [*(line.lstrip("> ") for line in above), *self.content]

    @cached_property
    def _head(self) -> int:
        """How many lines of the directive's text are above its content."""
        lines, content = [line.strip() for line in self._lines], [line.strip() for line in self.content]
        last = len(lines) - len(content)
        return next((n for n in range(last, -1, -1) if lines[n : n + len(content)] == content), max(last, 0))

    @property
    def content_line(self) -> int:
        """The line that the content begins on."""
        return self.line + 1 + self._head

    def _source(self) -> Source:
        source = source_of(self.env, self.place[0])
        source.learn(self.line, [f"{{{self.name}}}"] if self.is_myst else self.block_text.splitlines())
        return source

    def content_span(self, words: str, skip: int = 0) -> Span:
        """Return where words are in the content, occurrence ``skip``; the first line where they are not."""
        for number, line in enumerate(self.content, self.content_line):
            at = line.find(words)
            while at >= 0:
                if skip == 0:
                    return self.source.part(number, line, at, at + len(words))
                skip -= 1
                at = line.find(words, at + 1)
        return self.source.span(self.content_line)

    @property
    def text(self) -> str:
        """The raw content."""
        return "\n".join(self.content).strip("\n")

    def option_line(self, name: str) -> int:
        """Return the line of an option, or the directive's where it is unknown."""
        if name in self.options:
            for number, line in enumerate(self._lines[: self._head], self.line + 1):
                option, colon, _ = line.strip().removeprefix(":").partition(":")
                if colon and option.rstrip() == name:
                    return number
        return self.line

    def places(self, *names: str) -> tuple[tuple[str, Span], ...]:
        """Return the line of each of these options that is set."""
        return tuple(
            (name, self.source.span(self.option_line(name))) for name in names if name in self.options
        )

    def claim(self, node: nodes.Element) -> None:
        """Keep those ids of a node that nothing else on the page has; the others are findings later."""
        claim(self.state.document, node)
        if isinstance(node, nodes.section) and not node["ids"]:
            # Sphinx assumes that every section has an id.
            self.state.document.set_id(node)

    def declare(
        self,
        node: nodes.Element,
        item: object,
        *,
        is_block: bool = False,
    ) -> None:
        """Attach to a node what the directive declares.

        :param is_block: the node is a provision of its own
        """
        self.claim(node)
        Declared(
            item=item,  # type: ignore[arg-type]  # each directive passes its own kind
            span=self.span,
            is_block=is_block,
            places=tuple(
                (name, self.source.span(self.option_line(name))) for name in self.options if name in NAMING
            ),
        ).on(node)

    # -- reading ----------------------------------------------------------------------------

    def find(self, code: str, message: str, hint: str = "", *, line: int = 0) -> None:
        """Note a finding for the author; below a misspelt name, missing content or arguments are not reported too."""
        if self.intended and code in {"empty-block", "missing-argument"}:
            return
        span = self.source.span(line or self.line)
        note_finding(self.env, Finding(code=code, message=message, span=span, hint=hint))

    @property
    def title(self) -> str:
        """The argument on one line, empty where it is missing."""
        return self._visible_text(self.arguments[0]) if self.arguments else ""

    def _visible_text(self, value: str) -> str:
        """Return an argument or option on one line, as readers see it: without comments of Markdown."""
        text = without_comments([value]).text(0, 1) if self.is_myst and "<!--" in value else value
        return " ".join(text.split())

    def argument(self, what: str, default: str = "") -> str:
        """Return the argument on one line; where it is missing, a finding says what it should be."""
        if text := self.title:
            return text
        self.find(
            "missing-argument",
            f"`{self.name}` lacks its {what}",
            f"write the {what} {'after the braces' if self.is_myst else 'after the `::`'}",
        )
        return default

    def option(self, name: str) -> str:
        """Return an option as text; a value over several lines is joined."""
        value = self.options.get(name)
        return self._visible_text(value) if value else ""

    def flag(self, name: str) -> bool:
        """Return whether an option without a value is set."""
        if name not in self.options:
            return False
        value = self.option(name).lower()
        if value in {"", "true", "yes"}:
            return True
        if value not in {"false", "no"}:
            message = f"`{name}` takes no value, not `{value}`"
            self.find("invalid-option", message, line=self.option_line(name))
        return value not in {"false", "no"}

    def words(self, name: str, dividers: str = r",\s") -> tuple[str, ...]:
        """Return the items of an option that holds many, each once, in order: separated, or a list of YAML.

        :param dividers: characters that separate them
        """
        if not (text := self.options.get(name)):
            return ()
        found = dict.fromkeys(items_of(text, dividers))
        wrong = [item for item in found if item.startswith(("[", "{"))]
        for item in wrong:
            message = f"`{name}` contains `{item}`, which is not a plain item"
            self.find("invalid-option", message, "divide items by commas", line=self.option_line(name))
        return tuple(item for item in found if item not in wrong)

    def ids(self, name: str) -> tuple[str, ...]:
        """Return an option as ids, separated by commas or spaces, sorted."""
        return tuple(sorted({item for item in self.words(name) if self.is_id(item, name)}))

    def attributes(self, *owners: Owner) -> dict[str, Any]:
        """Return the attributes of these owners as options give them, by field: one text, or ids."""
        return {
            row.field: self.addresses(row.key)
            if row.is_address
            else self.ids(row.key)
            if row.many
            else self.option(row.key)
            for row in attributes_of(*owners)
        }

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return an option as addresses, separated by spaces, sorted; any other text is left out, with a finding."""
        items = {item.rstrip(",").removeprefix("<").removesuffix(">") for item in self.words(name, r"\s")}
        for wrong in sorted(item for item in items if not is_address(item)):
            self.find("invalid-option", *why_no_iri(wrong), line=self.option_line(name))
        return tuple(sorted(filter(is_address, items)))

    def needs_text(self) -> None:
        """Report that content is missing."""
        if not self.text:
            self.find_empty("text", "it")

    def find_empty(self, what: str, them: str) -> None:
        """Report that it is empty."""
        where = "between the lines of its fence" if self.is_myst else "below a blank line, indented"
        self.find("empty-block", f"`{self.name}` has no {what}", hint=f"write {them} {where}")

    def labels(self, name: str) -> tuple[str, ...]:
        """Return an option as texts, separated by commas, sorted."""
        return tuple(sorted(self.words(name, ",")))

    def identifier(self, default: str) -> str:
        """Return the option ``id``, or the default where it is absent or no id."""
        value = self.option("id")
        if not value:
            if "id" in self.options:
                self.find(
                    "invalid-id",
                    "`id` is empty",
                    f"`{default}` is used" * bool(default),
                    line=self.option_line("id"),
                )
            return default
        return value if self.is_id(value, "id", ends=":;,.") else (nodes.make_id(value) or default)

    def is_id(self, text: str, option: str, ends: str = "") -> bool:
        """Return whether a text can be an id; a finding says so if not.

        :param ends: signs that it cannot end with
        """
        if _ID.fullmatch(text) and text[-1] not in ends:
            return True
        quoted = re.search(r"[`#<]([\w-]{1,100})[`>)]", text)
        hint = f"write the id alone, `{quoted[1]}`" if quoted else "use letters, digits, `_` and `-`"
        self.find("invalid-id", f"`{text}` is no id", hint, line=self.option_line(option))
        return False

    def choice(
        self, value: str, choices: type[_Choice], code: str, what: str, *, line: int = 0
    ) -> _Choice | None:
        """Return the member of an enumeration that a value names in any letter case, or probably means."""
        for member in choices:
            if member.value.casefold() == value.casefold():
                return member
        known = {member.value.lower(): member for member in choices}
        self.find(code, f"`{value}` is no {what}", nearest(value.lower(), known), line=line)
        return known.get(near_name(value.lower(), known))

    def inline(self, text: str, line: int = 0) -> list[nodes.Node]:
        """Return a text as inline nodes in the page's own markup."""
        if _PLAIN.fullmatch(text):
            return [nodes.Text(text)]
        # Docutils counts lines over everything that it reads, included lines as well.
        at = self.lineno + (line or self.line) - self.line - (1 if self.is_myst else 0)
        found, messages = self.parse_inline(text, lineno=at)
        return [*found, *messages]

    def content_nodes(self, *, headings: bool = False) -> list[nodes.Node]:
        """Return the content as nodes, read in the page's own markup."""
        if not self.content:
            return []
        if len(self.content) == 1 and _SENTENCES.fullmatch(self.content[0]):
            return [self._paragraph(self.content[0])]
        return list(self.parse_content_to_nodes(allow_section_headings=headings))

    def _paragraph(self, text: str) -> nodes.paragraph:
        """Return what a parser makes of a line of text; running one is most of what a short message costs."""
        paragraph = nodes.paragraph(text, text)
        if self.is_myst:
            paragraph.source, paragraph.line = self.place[0], self.lineno + self.content_offset + 1
        else:
            source, offset = self.content.items[0]
            paragraph.source, paragraph.line = source, offset + 1
        return paragraph
