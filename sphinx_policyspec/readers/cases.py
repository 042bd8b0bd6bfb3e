"""Case files: YAML → cases, each with what is wrong with its form."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from sphinx_policyspec import model
from sphinx_policyspec.errors import AnnotationError, SourceError
from sphinx_policyspec.model.attributes import NAMES_BESIDE
from sphinx_policyspec.model.nearest import nearest
from sphinx_policyspec.readers.text import absent, read_text
from sphinx_policyspec.readers.yaml_nodes import YamlReader

Kind = Literal["text", "texts", "boolean", "integer", "value", "mode", "mapping"]

MODES = ("explicit", "implicit")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKey:
    """A key of a mapping in a case.

    :param kind: type of its value; ``value`` is any single value, ``texts`` a list or a single text
    :param default: what applies where it is left out, in words
    """

    name: str
    about: str
    kind: Kind = "text"
    required: bool = False
    default: str = ""


CASE = (
    CaseKey(
        name="title", about="Name of the case, for readers.", default="`about`, or the place in the file"
    ),
    CaseKey(name="about", about="Id of the provision that it formalises."),
    CaseKey(name="example", about="Title or id of the example that it formalises."),
    CaseKey(name="semantics", kind="mapping", about="Switches where the prose can be read in two ways."),
    CaseKey(name="items", kind="mapping", required=True, about="What speaks: a list of items."),
    CaseKey(
        name="compatible",
        kind="mapping",
        about="By issue, a list of pairs of its values that go together; all others exclude each other.",
    ),
    CaseKey(
        name="expect",
        kind="mapping",
        about="What the case is expected to come to; what it does not mention may be anything.",
    ),
)

SEMANTICS = (
    CaseKey(
        name="strict",
        kind="boolean",
        default="true",
        about="An implied wish overrides no norm that needs an explicit instruction, whatever its level.",
    ),
    CaseKey(
        name="interactive",
        kind="boolean",
        default="true",
        about="Whether somebody can be asked: what stays undecided is then clarified; otherwise it is a best guess.",
    ),
    CaseKey(
        name="first_party",
        kind="boolean",
        default="false",
        about="A product of the publisher's own: messages set aside nothing but guidelines, and norms of the "
        "category `law`.",
    ),
)

ITEM = (
    CaseKey(name="id", required=True, about="Its name, unique in the case."),
    CaseKey(name="issue", required=True, about="What it is about; only items of one issue can be at odds."),
    CaseKey(name="value", kind="value", required=True, about="What it asks for on this issue."),
    CaseKey(
        name="from",
        about="Role of the message that it is in: one that a level has, or `assistant` or `tool`, which have no "
        "authority.",
    ),
    CaseKey(
        name="principle",
        about="Instead of `from`: id of the principle, or of the statement of an overlay, that says it.",
    ),
    CaseKey(
        name="level",
        about="Beside `principle`: the level to which a clause lowers it. Alone: the level of a message.",
    ),
    CaseKey(
        name="turn",
        kind="integer",
        default="its place in the list",
        about="Order of messages; the items of one message share it.",
    ),
    CaseKey(name="mode", kind="mode", default="`explicit`", about="Said, or only implied."),
    CaseKey(
        name="quoted",
        kind="boolean",
        default="false",
        about="Quoted, structured, untrusted or attached text, which has no authority.",
    ),
    CaseKey(
        name="source", about="Where a text without authority comes from, by a name that `delegates` can give."
    ),
    CaseKey(
        name="delegates",
        kind="mapping",
        about="The say that this item gives to texts of a source, on some issues.",
    ),
    CaseKey(name="active", kind="boolean", default="true", about="Whether it applies here."),
    CaseKey(
        name="mistaken",
        kind="boolean",
        default="false",
        about="Looks like a slip, or like something that its author never meant to say.",
    ),
    CaseKey(
        name="irreversible",
        kind="boolean",
        default="false",
        about="What it asks for cannot be undone.",
    ),
    CaseKey(name="category", about="Of a spec item: its category.", default="its principle's"),
    CaseKey(
        name="exempts",
        kind="texts",
        about="Of a spec item: items, principles or categories that it takes out of force, besides those that the "
        "spec declares.",
    ),
)

DELEGATES = (
    CaseKey(name="source", required=True, about="Name of the source."),
    CaseKey(name="scope", kind="texts", required=True, about="Issues on which its texts have a say."),
)

EXPECT = (
    CaseKey(
        name="labels",
        kind="mapping",
        about="By item: `in`, `out`, `undecided` or `not-a-candidate`.",
    ),
    CaseKey(
        name="outcomes",
        kind="mapping",
        about="By issue: the value that wins, a list of values that go together, or `{status: …}` with `permit`, "
        "`inaction`, `clarify` or `best-guess`.",
    ),
    CaseKey(name="duties", kind="mapping", about="`disclose` and `confirm`, each a list of items."),
)


MAX_CHARACTERS = 4_000_000
"""A longer text is no case file; reading it would only take time."""
MAX_ITEMS = 20_000
"""In all cases of a file: an alias repeats a case at no cost to its author."""
_NAMING = tuple(key for owner, key in NAMES_BESIDE if owner == "item")
"""Keys of items whose values name something."""
_LONGEST_NUMBER = 40
"""Most characters of a number; a longer one is a text."""

_NULL = "tag:yaml.org,2002:null"

_Choice = TypeVar("_Choice", bound=enum.StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadCase:
    """A case, and findings about its form; a case with an error cannot be decided."""

    case: model.Case
    findings: tuple[model.Finding, ...] = ()


def read_cases(
    text: str, file: str, *, first: int = 1, indent: int = 0
) -> tuple[tuple[ReadCase, ...], tuple[model.Finding, ...]]:
    """Return the cases of a text, and what is wrong with the text as a whole.

    A text holds one case, a list of cases, or a stream of YAML documents. Every finding is an error.

    :param file: how findings name the file
    :param first: line of the file at which the text begins
    :param indent: by how many characters its lines are indented there
    """
    if len(text) > MAX_CHARACTERS:
        message = f"{len(text):,} characters of cases are more than {MAX_CHARACTERS:,}"
        return (), (_error("case-too-large", message, model.Span(file, first), "split the file"),)
    reader = YamlReader(file, first, indent)
    try:
        documents = reader.compose_all(text)
    except AnnotationError as error:
        _place, _not_yaml, problem = str(error).partition("not YAML: ")
        return (), (_error("unreadable-case", f"not YAML: {problem}", _place_of(str(error), file, first)),)
    return _Cases(reader, text.removeprefix("\ufeff")).read(documents)


def _place_of(message: str, file: str, first: int) -> model.Span:
    """Return the place that the message of a YAML error begins with."""
    number = message.removeprefix(f"{file}:").partition(":")[0]
    return model.Span(file, int(number) if number.isdigit() else first)


def _error(code: str, message: str, span: model.Span, hint: str = "") -> model.Finding:
    return model.Finding(code=code, severity=model.Severity.ERROR, message=message, span=span, hint=hint)


class _Cases:
    """Reads the cases of one text; counts their items, since an alias can repeat them without end."""

    def __init__(self, reader: YamlReader, text: str) -> None:
        self.reader = reader
        self.text = text
        self.items_read = 0
        # All aliases of a node share one text.
        self.sources: dict[int, str] = {}

    def read(self, documents: Sequence[yaml.Node]) -> tuple[tuple[ReadCase, ...], tuple[model.Finding, ...]]:
        cases: list[ReadCase] = []
        nodes = [
            node
            for document in documents
            for node in (document.value if isinstance(document, yaml.SequenceNode) else [document])
        ]
        for number, node in enumerate(nodes, start=1):
            if self.items_read > MAX_ITEMS:
                break
            case = self._case(node, number)
            cases.append(ReadCase(case=case, findings=self._take_findings()))
        if not nodes:
            return (), (
                _error(
                    "missing-key",
                    "no case here",
                    model.Span(self.reader.file, self.reader.first),
                    "begin one with `items:`",
                ),
            )
        if self.items_read <= MAX_ITEMS:
            return tuple(cases), ()
        message = f"more than {MAX_ITEMS:,} items in one file"
        return (), (_error("case-too-large", message, self.reader.span(nodes[0]), "split the file"),)

    def _take_findings(self) -> tuple[model.Finding, ...]:
        """Return and clear the findings since the last call; in a case, each is an error."""
        findings = tuple(replace(finding, severity=model.Severity.ERROR) for finding in self.reader.findings)
        self.reader.findings.clear()
        return findings

    def _source(self, node: yaml.Node) -> str:
        """Return the text of a case; in a list, from its dash on."""
        if id(node) not in self.sources:
            start, end = node.start_mark.index, node.end_mark.index
            line = self.text.rfind("\n", 0, start) + 1
            start = start if self.text[line:start].strip(" -") else line
            self.sources[id(node)] = self.text[start:end].rstrip()
        return self.sources[id(node)]

    def _case(self, node: yaml.Node, number: int) -> model.Case:
        values = self._mapping(node, CASE)
        about = self.reader.text(values.get("about"))
        items: list[model.Item] = []
        for place, item in enumerate(self.reader.items(values.get("items")), start=1):
            self.items_read += 1
            if self.items_read > MAX_ITEMS:
                break
            items.append(self._item(item, place))
        return model.Case(
            title=self.reader.text(values.get("title")) or about or f"case {number}",
            about=about,
            example=self.reader.text(values.get("example")),
            semantics=self._semantics(values.get("semantics")),
            items=self._unique(items),
            compatible=self._compatible(values.get("compatible")),
            expect=self._expectation(values["expect"]) if "expect" in values else None,
            span=self.reader.span(node),
            places=tuple(self._places(values)),
            source=self._source(node),
        )

    def _places(self, values: dict[str, yaml.Node]) -> Iterator[tuple[str, model.Span]]:
        """Yield the places of names outside items."""
        for key in ("about", "example"):
            if key in values:
                yield key, self.reader.span(values[key])
        parts = {"compatible": values.get("compatible")}
        expect = values.get("expect")
        if isinstance(expect, yaml.MappingNode):
            parts |= {key.value: value for key, value in expect.value if isinstance(key, yaml.ScalarNode)}
        for part, node in parts.items():
            for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
                for name in (key, *(value.value if isinstance(value, yaml.SequenceNode) else ())):
                    # A list where a name should be was reported when it was read.
                    if isinstance(name, yaml.ScalarNode):
                        yield f"{part}.{name.value}", self.reader.span(name)

    def _unique(self, items: list[model.Item]) -> tuple[model.Item, ...]:
        unique: dict[str, model.Item] = {}
        for item in items:
            if first := unique.get(item.id):
                message = f"id `{item.id}` is taken already"
                finding = _error("duplicate-id", message, item.span, "ids are unique in a case")
                self.reader.findings.append(replace(finding, related=(first.span,)))
            unique.setdefault(item.id, item)
        return tuple(unique.values())

    def _mapping(self, node: yaml.Node | None, keys: Sequence[CaseKey]) -> dict[str, yaml.Node]:
        """Return the values of a mapping; a required key that it lacks is a finding."""
        values = self.reader.mapping(node, [key.name for key in keys])
        if node is not None and node.tag == _NULL:
            self.reader.find(
                "wrong-type", node, "expected a mapping of keys to values", "write each as `key: value`"
            )
        if isinstance(node, yaml.MappingNode):
            for key in keys:
                if key.required and self._is_empty(values.get(key.name)):
                    self.reader.find("missing-key", node, f"`{key.name}` is missing", f"add `{key.name}: …`")
        return values

    @staticmethod
    def _is_empty(node: yaml.Node | None) -> bool:
        return node is None or node.tag == _NULL or not node.value

    def _item(self, node: yaml.Node, place: int) -> model.Item:
        values = self._mapping(node, ITEM)
        entries = {key.name: self._value(key, values.get(key.name)) for key in ITEM if key.name in values}
        entries = {name: value for name, value in entries.items() if value is not None}
        mode = entries.pop("mode", MODES[0])
        delegates = values.get("delegates")
        return model.Item(
            span=self.reader.span(node),
            places=tuple((key, self.reader.span(values[key])) for key in _NAMING if key in values),
            role=entries.pop("from", ""),
            turn=entries.pop("turn", place),
            explicit=mode != MODES[1],
            delegates=self._delegation(delegates) if delegates is not None else None,
            **{"id": "", "issue": "", "value": "", **entries},
        )

    def _value(self, key: CaseKey, node: yaml.Node | None) -> Any:  # noqa: ANN401  as its kind says
        """Return the value of a key, or nothing where its default applies."""
        if node is None or node.tag == _NULL:
            return None
        readers: dict[Kind, Callable[[yaml.Node], Any]] = {
            "text": self.reader.text,
            "texts": lambda value: tuple(self.reader.texts(value)),
            "value": self._scalar,
            "mode": lambda value: self._choice(value, self.reader.text(value), MODES),
            "boolean": lambda value: self._typed(value, bool, f"`{key.name}` is `true` or `false`"),
            "integer": lambda value: self._typed(value, int, f"`{key.name}` is a whole number"),
            "mapping": lambda _value: None,
        }
        return readers[key.kind](node)

    def _typed(self, node: yaml.Node, wanted: type, expected: str) -> model.Value | None:
        value = self._scalar(node)
        if type(value) is wanted:
            return value
        hint = f"write one in place of `{text}`" if (text := self.reader.text(node)) else ""
        self.reader.find("wrong-type", node, expected, hint)
        return None

    def _choice(self, node: yaml.Node, text: str, allowed: Sequence[str]) -> str | None:
        if text in allowed:
            return text
        if not isinstance(node, yaml.ScalarNode):
            return None
        self.reader.find(
            "invalid-value", node, f"`{text}` is none of the values here", nearest(text, allowed)
        )
        return None

    def _scalar(self, node: yaml.Node) -> model.Value:
        """Return a single value as JSON reads it; `yes`, `on`, `10:30`, `010` and dates stay the texts that they are."""
        text = self.reader.text(node)
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if not isinstance(node, yaml.ScalarNode) or len(text) > _LONGEST_NUMBER:
            return text
        if kind in {"bool", "int", "float"} and _LIKE_JSON.fullmatch(text):
            constructed = _number(node)
            if constructed is not None:
                return constructed
        return text

    def _delegation(self, node: yaml.Node) -> model.Delegation:
        values = self._mapping(node, DELEGATES)
        return model.Delegation(
            source=self.reader.text(values.get("source")), scope=tuple(self.reader.texts(values.get("scope")))
        )

    def _semantics(self, node: yaml.Node | None) -> model.Semantics:
        values = self.reader.mapping(node, [field.name for field in fields(model.Semantics)])
        switches = {key.name: self._value(key, values.get(key.name)) for key in SEMANTICS}
        return model.Semantics(**{name: value for name, value in switches.items() if value is not None})

    def _compatible(self, node: yaml.Node | None) -> tuple[tuple[str, model.Value, model.Value], ...]:
        pairs: list[tuple[str, model.Value, model.Value]] = []
        for issue, listed in self.reader.mapping(node).items():
            for pair in self.reader.items(listed):
                if not isinstance(pair, yaml.SequenceNode):
                    self.reader.find(
                        "wrong-type", pair, "expected a list of pairs", "write `[[a, b], [a, c]]`"
                    )
                    continue
                values = [self._scalar(value) for value in self.reader.items(pair)]
                if len(values) == 2:  # noqa: PLR2004  a pair
                    pairs.append((issue, values[0], values[1]))
                else:
                    message = "expected a pair of values that go together"
                    self.reader.find("wrong-type", pair, message, "write two, as in `[a, b]`")
        return tuple(pairs)

    def _expectation(self, node: yaml.Node) -> model.Expectation:
        values = self._mapping(node, EXPECT)
        labels = self._words_by_key(values.get("labels"), model.Label)
        outcomes = self.reader.mapping(values.get("outcomes"))
        duties = self.reader.mapping(values.get("duties"), tuple(model.Duty))
        return model.Expectation(
            labels=tuple(labels.items()),
            outcomes=tuple((issue, self._outcome(value)) for issue, value in outcomes.items()),
            duties=tuple(
                (model.Duty(duty), tuple(self.reader.texts(listed))) for duty, listed in duties.items()
            ),
        )

    def _words_by_key(self, node: yaml.Node | None, choices: type[_Choice]) -> dict[str, _Choice]:
        """Return a mapping whose values are words of an enumeration; other words are findings."""
        words: dict[str, _Choice] = {}
        for key, value in self.reader.mapping(node).items():
            if word := self._choice(value, self.reader.text(value), tuple(choices)):
                words[key] = choices(word)
        return words

    def _outcome(self, node: yaml.Node) -> model.Outcome:
        if isinstance(node, yaml.MappingNode):
            values = self._mapping(node, (CaseKey(name="status", about="", required=True),))
            status = values.get("status")
            word = self._choice(status, self.reader.text(status), tuple(model.Status)) if status else None
            return model.Outcome(status=model.Status(word) if word else None)
        if isinstance(node, yaml.SequenceNode):
            return model.Outcome(values=tuple(self._scalar(value) for value in node.value))
        return model.Outcome(values=(self._scalar(node),))


_LIKE_JSON = re.compile(r"(?i:true|false)|[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?")
"""Truth values and numbers of YAML 1.2, too; YAML 1.1 also reads many words and times as such."""


def _number(node: yaml.ScalarNode) -> model.Value | None:
    """Return the value of a scalar that YAML types as a truth value or number, if it has a finite one."""
    try:
        value: model.Value = yaml.constructor.SafeConstructor().construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError, KeyError):
        return None
    return value if not isinstance(value, float) or math.isfinite(value) else None


_SUFFIXES = (".yaml", ".yml")


def case_files(path: Path) -> tuple[Path, ...]:
    """Return a file itself, or the YAML files below a folder in the order of their names.

    A path that does not exist, and a folder without such files, raise :class:`~sphinx_policyspec.errors.SourceError`.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise absent(path, str(path))
    files = tuple(sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file()))
    if not files:
        message = f"`{path}` contains no case: no file that ends in {' or '.join(_SUFFIXES)}"
        raise SourceError(message)
    return files


def read_case_file(path: Path) -> tuple[tuple[ReadCase, ...], tuple[model.Finding, ...]]:
    """Return the cases of a file, and what is wrong with the file as a whole."""
    try:
        text, encoding = read_text(path, str(path))
    except SourceError as error:
        return (), (_error("unreadable-case", str(error), model.Span(str(path), 1)),)
    cases, findings = read_cases(text, str(path))
    return cases, (*encoding, *findings)
