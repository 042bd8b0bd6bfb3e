"""YAML with the line of every value, and findings instead of exceptions for a wrong shape."""

from __future__ import annotations

import bisect
import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.files import number_of
from sphinx_policyspec.model import Finding, Span
from sphinx_policyspec.model.nearest import near_name, nearest
from sphinx_policyspec.model.spec import is_absolute_iri, why_no_iri

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader of libyaml where PyYAML was built with it: it takes a tenth of the time."""
_FORBIDDEN = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff]")
"""Characters that JSON writes as they are, and YAML 1.1 forbids or reads as a line end that it does not keep."""
_LONG = 2**18
"""Characters up to which a wrong text is read again by the slow loader, for a better message."""
_MAX_EVENTS = 500_000
"""Most keys and values of a file; each takes about a kilobyte of memory."""
_GROWN, _GROWTH = 2**20, 10
"""How long aliases may make a text: so many characters, or so many times its own length."""
_FIRST_STAND_IN = 0xF0000
_UNLIKE_JSON = re.compile(r"[\u2028\u2029]|\\u[dD][89a-fA-F]")
"""Line ends of YAML that are characters like any other in JSON; and halves of surrogate pairs."""
_TAG = re.compile(r"!|tag:yaml\.org,2002:[a-z]+")
"""A tag that YAML itself gives to a value, or allows."""
_ANCHOR, _TAGGED = (re.compile(rf"{mark}(?<![^\s\[{{,:?-]{mark})") for mark in "&!")
"""Where a name can begin that aliases stand for, and a tag: not amid words, which most of such characters are in."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def _single(loader: yaml.SafeLoader) -> list[yaml.Node]:
    return [node] if (node := loader.get_single_node()) else []


def _every(loader: yaml.SafeLoader) -> list[yaml.Node]:
    nodes: list[yaml.Node] = []
    while loader.check_node():
        if (node := loader.get_node()) is not None:
            nodes.append(node)
    return nodes


def _parts(node: yaml.Node) -> list[yaml.Node]:
    """Return what a mapping or list holds."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _stand_ins(text: str) -> dict[int, str]:
    """Return private characters that a text lacks, for the forbidden ones that it has."""
    characters = sorted(set(_FORBIDDEN.findall(text)))
    free = (char for code in range(_FIRST_STAND_IN, sys.maxunicode) if (char := chr(code)) not in text)
    return {ord(forbidden): char for forbidden, char in zip(characters, free, strict=False)}


def _json_text(node: yaml.Node, text: str) -> str:
    """Return what JSON reads in a scalar in double quotes, nothing where it is not JSON."""
    if getattr(node, "style", "") != '"':
        return ""
    with contextlib.suppress(ValueError):
        return str(json.loads(text[node.start_mark.index : node.end_mark.index]))
    return ""


def _cause(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str]:
    """Return the character at which a text stops being YAML, and why; for something never closed, where it begins."""
    mark, problem = error.problem_mark or error.context_mark, str(error.problem or error.context)
    at = mark.index if mark else -1
    if (slip := _slip_above(text, mark.line if mark else 0, problem)) is not None:
        return slip
    is_open = "expected ','" in problem and bool(
        mark and error.context_mark and error.context_mark.line < mark.line
    )
    if is_open or any(end in problem for end in ("stream end", "end of stream", "got '}'", "got ']'")):
        start = error.context_mark.index if error.context_mark else -1
        if "quoted" in str(error.context):
            return start, f"the quote `{text[start]}` is never closed"
        start = start if text[start : start + 1] in {"[", "{"} else max(text.rfind("["), text.rfind("{"))
        if "flow" in str(error.context) and start >= 0:
            return start, f"the bracket `{text[start]}` is never closed"
    cures = (cure for sign, cure in _CURES.items() if sign in problem)
    return at, ": ".join((problem, *cures))


_CURES = {
    "mapping values are not allowed": "put a value with a colon in quotes",
    "another document": "delete the line `---`",
    "expected '<document start>'": "delete the line `...` above it, which ends what is read",
    "'\\t'": "indent by spaces",
    "expected ','": "separate what is in the brackets by commas",
}
"""What to do about a problem, by words of the parser."""
_OF_A_MERGE = re.compile(r"^(?:<{7}|={7}|>{7})(?: |$)", re.MULTILINE)
_ODD_INDENT = re.compile(r"[ ]*+([^\S \r\n]|[\u200b\ufeff])")
_NO_COLON = re.compile(r"[ ]*(?:- )?(?P<key>[\w-]+)[ ]*=?[ ]*(?P<value>[^:#]*)")
_NO_BLANK = re.compile(r"[ ]*-(?P<item>(?:(?P<is_item>[\w-]+:(?:\s|$)|[\[{\"'])|\w)[^\n]*)")
_TWO_COLONS = re.compile(r"[ ]*(?:- )?[\w-]+:[ ]+(?P<value>[^\s\"'\[{#][^\n]*:(?:[ ][^\n]*)?)")
_WITHOUT_BLANK = re.compile(r"[ ]*(?:- )?(?P<key>[\w-]+):(?P<value>[^\s:/][^:]*)")
_BEHIND_QUOTE = re.compile(
    r"[ ]*(?:- )?[\w-]+:[ ]+(?P<quoted>\"[^\"\\]*\"|'[^']*')[ ]*(?P<rest>[^\s#,\]}\"'][^\"']*)"
)
_SPECIAL = re.compile(r"[ ]*(?:- )?[\w-]+:[ ]+(?P<value>[@%`&*!|>\]}][^\n]*)")
_ABOVE = 2
"""Lines that may hold the slip at which a parser stops: that line, and the last one above it."""


def _slip_above(text: str, line: int, problem: str) -> tuple[int, str] | None:
    """Return the character of a known slip at which a parser stops in a line, and what to do; nothing where there is none."""
    if merge := _OF_A_MERGE.search(text):
        return merge.start(), "a merge left both of its sides here: keep one, and delete the marks"
    lines = text.split("\n")
    starts = [0, *accumulate(len(one) + 1 for one in lines)]
    near = [number for number in range(min(line, len(lines) - 1), -1, -1) if lines[number].strip()][:_ABOVE]
    for number in reversed(near):
        if why := next(_whys(lines, number), ""):
            return starts[number], why
    if "'-'" in problem or "block sequence" in problem:
        number, why = _misplaced_item(lines, line, near[-1])
        return starts[number], why
    for number in near:
        if why := _why_indented(lines, number):
            return starts[number], why
    if near[1:] and ("block end" in problem or "mapping values" in problem):
        return starts[near[0]], _why_unlike(lines, near[0])
    return None


def _misplaced_item(lines: Sequence[str], line: int, above: int) -> tuple[int, str]:
    """Return which of two lines is wrong, and why, where only the second is an item of a list."""
    if (sign := lines[above].find(" #")) >= 0 and lines[above].lstrip().startswith("- "):
        return (
            above,
            f"`{lines[above][sign + 1 :].split(',')[0]}` is a comment: delete the `#`, or put it in quotes",
        )
    if above < line and _indent(lines[above]) == _indent(lines[line]) and not _NEXT_KEY.match(lines[above]):
        return above, f"an item without its hyphen: write `- {lines[above].strip()}`"
    return line, "a list item is among keys: write it without its hyphen, or below a key of its own"


def _whys(lines: Sequence[str], number: int) -> Iterator[str]:
    """Yield what is wrong with a line, judged by itself and its neighbours."""
    line = lines[number].rstrip()
    if odd := _ODD_INDENT.match(line):
        name = "a tab" if odd[1] == "\t" else f"U+{ord(odd[1]):04X}"
        yield f"{name} in the indentation: indent by spaces"
    below = next((one for one in lines[number + 1 :] if one.strip()), "")
    item = _NO_BLANK.fullmatch(line)
    if item and not line.startswith("---") and (item["is_item"] or _is_item(lines, number)):
        yield f"no space after the hyphen: write `- {item['item']}`"
    bare = _NO_COLON.fullmatch(line)
    if bare and (_indent(below) > _indent(line) or (bare["value"] and _NEXT_KEY.match(below))):
        pair = f"{bare['key']}: {(bare['value'] or '').lstrip(';,=: ')}".rstrip()
        yield f"`{line.lstrip(' -')}` has no colon: write `{pair}`"
    if _NEXT_KEY.match(below):
        yield from _never_closed(line.partition(":")[2].strip())
    if glued := _WITHOUT_BLANK.fullmatch(line):
        yield f"no space after the colon: write `{glued['key']}: {glued['value']}`"
    if behind := _BEHIND_QUOTE.fullmatch(line):
        yield f"`{behind['rest']}` is after the quotes: put all of it inside them"
    if special := _SPECIAL.fullmatch(line):
        yield f"`{special['value'][0]}` means something different in YAML: put `{special['value']}` in quotes"
    yield from _wrong_brackets(line)
    if two := _TWO_COLONS.fullmatch(line):
        yield f"a second colon in one line: put `{two['value']}` in quotes"


def _wrong_brackets(line: str) -> Iterator[str]:
    """Yield what is wrong with the brackets of an item."""
    if line.endswith(("},", "],")) and line.lstrip().startswith(("- {", "- [")):
        yield "a comma follows the brackets: delete it"
    if line.endswith("}") and "{" not in line and line.lstrip().startswith("- "):
        yield f"a bracket `}}` closes nothing: write `- {{{line.lstrip(' -')}`"


def _is_item(lines: Sequence[str], number: int) -> bool:
    """Return whether an item of a list is above a line, indented alike."""
    above = next((one for one in lines[number - 1 :: -1] if one.strip()), "") if number else ""
    return above.startswith("- ", _indent(lines[number]))


def _never_closed(value: str) -> Iterator[str]:
    """Yield what is left open at the end of a value, or closed once too often."""
    for begin, end in (("[", "]"), ("{", "}")):
        if value.startswith(begin) and value.count(begin) > value.count(end):
            yield f"the bracket `{begin}` is never closed"
        if value.startswith(begin) and value.count(end) > value.count(begin):
            yield f"a bracket `{end}` closes nothing: delete it"
        if value.startswith(begin) and (behind := value.partition(end)[2].strip(" ,")).startswith(begin):
            yield f"`{behind}` is after the bracket `{end}`: put all of it into one pair"
    if value.startswith(('"', "'")) and value.count(value[0]) == 1:
        yield f"the quote `{value[0]}` is never closed"


def _why_indented(lines: Sequence[str], number: int) -> str:
    """Return what is wrong with the indentation of a line among the others."""
    others = [one for one in (*lines[:number], *lines[number + 1 :]) if one.strip()]
    above = [one for one in lines[:number] if one.strip()]
    indents = {_indent(one) for one in others} | {_content(one) for one in others}
    indent = _indent(lines[number])
    if not above or indent in indents:
        return ""
    below = next((one for one in lines[number + 1 :] if one.strip()), "")
    if (
        above[-1].rstrip().endswith(":")
        and indent > _indent(above[-1])
        and _indent(below) <= _indent(above[-1])
    ):
        return ""
    beside = min(indents, key=lambda one: (abs(one - indent), -one))
    return f"it is indented by {_blanks(indent)}, and nothing else is: indent it by {beside}, like the lines beside it"


def _why_unlike(lines: Sequence[str], number: int) -> str:
    """Return what is wrong with a line that neither continues the lines above nor ends them."""
    indent = _indent(lines[number])
    above = next(n for n in range(number - 1, -1, -1) if lines[n].strip())
    while above and _indent(lines[above]) > indent:
        above -= 1
    if lines[above].startswith("-", indent):
        return f"a key is among the items of the list in line {above + 1}: write all of them with hyphens, or none"
    reason = f"it is indented by {_blanks(indent)}, and line {above + 1} by {_indent(lines[above])}"
    return f"{reason}: indent keys that belong together alike"


def _blanks(number: int) -> str:
    return number_of(number, "blank")


def _content(line: str) -> int:
    """Return how far the text of a line is indented, after the hyphens of items."""
    return len(line) - len(line.lstrip(" -"))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_NEXT_KEY = re.compile(r"[ ]*(?:- )?[\w-]+:(?:\s|$)")
_GLUED_KEY = re.compile(r"[\w-]+:\S")


@dataclass(slots=True)
class YamlReader:
    """Typed access to the nodes of one YAML file; what does not fit is a finding at its line.

    The nodes are composed and never constructed: no tag runs code, and an alias is not expanded.

    :param first: line of the file at which the text begins
    :param indent: by how many characters its lines are indented in the file
    """

    file: str
    first: int = 1
    indent: int = 0
    findings: list[Finding] = field(default_factory=list)
    _starts: list[int] = field(default_factory=lambda: [0])

    def compose(self, text: str) -> yaml.Node | None:
        """Return the root node; text that is not YAML raises :class:`AnnotationError`."""
        return next(iter(self._composed(text, _single)), None)

    def compose_all(self, text: str) -> list[yaml.Node]:
        """Return the root node of each document of a stream; raises as :meth:`compose` does."""
        return self._composed(text, _every)

    def _composed(self, text: str, compose: Callable[[yaml.SafeLoader], list[yaml.Node]]) -> list[yaml.Node]:
        text = text.removeprefix("\ufeff")
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        standing = _stand_ins(text)
        nodes = self._loaded(text.translate(standing) if standing else text, compose)
        if "*" in text and _ANCHOR.search(text):
            self._check_growth(nodes, max(_GROWN, _GROWTH * len(text)))
        self._check_tags([*nodes] if _TAGGED.search(text) else [])
        if standing or _UNLIKE_JSON.search(text):
            self._restore([*nodes], text, {ord(other): chr(code) for code, other in standing.items()})
        return nodes

    def _loaded(self, text: str, compose: Callable[[yaml.SafeLoader], list[yaml.Node]]) -> list[yaml.Node]:
        if len(text) > _LONG:
            return self._bounded(text, compose)
        with contextlib.suppress(yaml.YAMLError, OverflowError, ValueError):
            return compose(_LOADER(text))
        return self._loaded_slowly(text, compose)

    def _bounded(self, text: str, compose: Callable[[yaml.SafeLoader], list[yaml.Node]]) -> list[yaml.Node]:
        """Compose a long text after its nodes are counted; the slow loader would take minutes."""
        try:
            for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
                if number > _MAX_EVENTS:
                    at = self.first + (event.start_mark.line if event.start_mark else 0)
                    raise AnnotationError(
                        f"{self.file}:{at}: not YAML: more than {_MAX_EVENTS:,} values: split the file"
                    )
            return compose(_LOADER(text))
        except (yaml.YAMLError, OverflowError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            # The reader counts bytes.
            line = mark.line if mark else text.encode().count(b"\n", 0, getattr(error, "position", 0))
            problem = getattr(error, "problem", None) or "a character is not allowed"
            raise AnnotationError(f"{self.file}:{self.first + line}: not YAML: {problem}") from None

    def _check_growth(self, nodes: list[yaml.Node], most: int) -> None:
        """Refuse aliases that make a text longer than ``most`` characters when each is expanded."""
        sizes: dict[int, int] = {}
        open_nodes: set[int] = set()
        stack = [(node, False) for node in nodes]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                open_nodes.discard(id(node))
                sizes[id(node)] = 1 + sum(sizes[id(part)] for part in _parts(node))
            elif isinstance(node, yaml.ScalarNode):
                sizes[id(node)] = 1 + len(node.value)
            elif id(node) in open_nodes:
                self._refuse(node, "an alias is inside the value that it refers to")
            elif id(node) not in sizes:
                open_nodes.add(id(node))
                stack.append((node, True))
                stack += [(part, False) for part in _parts(node) if id(part) not in sizes]
            if sizes.get(id(node), 0) > most:
                self._refuse(node, f"aliases make more than {most:,} characters of it")

    def _refuse(self, node: yaml.Node, why: str) -> None:
        raise AnnotationError(f"{self.file}:{self.span(node).line}: not YAML: {why}")

    def _loaded_slowly(
        self, text: str, compose: Callable[[yaml.SafeLoader], list[yaml.Node]]
    ) -> list[yaml.Node]:
        # The slow loader accepts halves of surrogate pairs, as JSON writes them, and has better messages and places.
        # It rejects the tabs by which JSON may be indented.
        if text.lstrip().startswith(("{", "[")):
            text = re.sub(r"^\t+", lambda tabs: " " * len(tabs[0]), text, flags=re.MULTILINE)
        try:
            loader = yaml.SafeLoader(text)
        except yaml.reader.ReaderError as error:
            place = f"{self.file}:{self._place(error.position)[0]}"
            character = f"U+{ord(text[error.position]):04X}"
            message = f"{place}: not YAML: character {character} is not allowed"
            raise AnnotationError(message) from None
        try:
            return compose(loader)
        except yaml.MarkedYAMLError as error:
            at, problem = _cause(error, text)
            line = f":{self._place(at)[0]}" if at >= 0 else ""
            raise AnnotationError(f"{self.file}{line}: not YAML: {problem}") from None
        except RecursionError:
            message = f"{self.file}:{self._place(loader.index)[0]}: not YAML: nested too deep"
            raise AnnotationError(message) from None
        except (yaml.YAMLError, OverflowError, ValueError):
            message = f"{self.file}:{self._place(loader.index)[0]}: not YAML: no such character"
            raise AnnotationError(message) from None

    def _check_tags(self, nodes: list[yaml.Node]) -> None:
        """Find tags that name no type of value: they are ignored, and may be words that the author meant as text."""
        seen: set[int] = set()
        while nodes:
            if id(node := nodes.pop()) in seen:
                continue
            seen.add(id(node))
            nodes += _parts(node)
            if not _TAG.fullmatch(node.tag):
                self.find(
                    "invalid-value", node, "a tag of YAML (`!…`) means nothing here", "delete or quote it"
                )

    def _restore(self, nodes: list[yaml.Node], text: str, standing: dict[int, str]) -> None:
        """Restore the text that its author wrote in each scalar; where it is JSON, as JSON reads it."""
        seen: set[int] = set()
        while nodes:
            if id(node := nodes.pop()) in seen:
                continue
            seen.add(id(node))
            nodes += _parts(node)
            if isinstance(node, yaml.ScalarNode):
                node.value = self._whole(node, _json_text(node, text) or str(node.value).translate(standing))

    def _whole(self, node: yaml.Node, text: str) -> str:
        """Return a text with the halves of pairs joined; half a character, which no output can hold, is a finding."""
        joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if half := _SURROGATE.search(joined):
            message = f"U+{ord(half[0]):04X} is half of a character; shown as U+FFFD"
            self.find("invalid-encoding", node, message, "write the other half")
        return _SURROGATE.sub("\ufffd", joined)

    def mapping(self, node: yaml.Node | None, allowed: Sequence[str] = ()) -> dict[str, yaml.Node]:
        """Return a mapping's values by key; with ``allowed``, other keys are findings, and misspelt ones count as the nearest."""
        if node is None or self._is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            is_glued = isinstance(node, yaml.ScalarNode) and _GLUED_KEY.match(node.value)
            hint = "write a space after the colon" if is_glued else ""
            is_block = isinstance(node, yaml.SequenceNode) and not node.flow_style
            hint = "write the keys without hyphens" if is_block else hint
            hint = hint or "write each as `key: value`"
            self.find("wrong-type", node, "expected a mapping of keys to values", hint)
            return {}
        values: dict[str, yaml.Node] = {}
        corrected: dict[str, yaml.Node] = {}
        repeated: yaml.Node | None = None
        for key_node, value in node.value:
            key = self.text(key_node)
            name, _, rest = key.partition(" ")
            if rest and self._is_null(value) and (name in allowed or not allowed):
                self.find("unknown-key", key_node, f"`{key}` has no colon", f"write `{name}: {rest}`")
                value.tag, value.value = "tag:yaml.org,2002:str", rest.strip()
                corrected.setdefault(name, value)
            elif allowed and key not in allowed:
                self.find(
                    "unknown-key", key_node, f"unknown key `{key}`", nearest(key, allowed) or "delete it"
                )
                corrected.setdefault(near_name(key, allowed), value)
            elif key in values:
                repeated = repeated or key_node
            else:
                values[key] = value
        if repeated is not None:
            # Later ones repeat for the same reason: the hyphen of an item is missing.
            hint = "delete one of the two, or begin another item with a hyphen"
            self.find("duplicate-key", repeated, f"key `{self.text(repeated)}` is given twice", hint)
        corrected.pop("", None)
        return {**corrected, **values}

    def items(self, node: yaml.Node | None) -> Iterator[yaml.Node]:
        """Yield the items of a list."""
        if node is None or self._is_null(node):
            return
        if isinstance(node, yaml.SequenceNode):
            for item in filter(self._is_null, node.value):
                self.find("wrong-type", item, "a list item is empty", "fill it in, or delete it")
            yield from (item for item in node.value if not self._is_null(item))
            return
        hint, items = "begin each item with a hyphen and a space", []
        if isinstance(node, yaml.MappingNode) and all(self._is_null(value) for _, value in node.value):
            items = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            hint = f"write `[{', '.join(key.value for key in items)}]`"
        self.find("wrong-type", node, "expected a list", hint)
        yield from items

    def text(self, node: yaml.Node | None) -> str:
        """Return a scalar as it is written."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.find("wrong-type", node, "expected a single value", "write one, without brackets or hyphens")
            return ""
        return "" if self._is_null(node) else str(node.value)

    def texts(self, node: yaml.Node | None) -> dict[str, yaml.Node]:
        """Return a list's scalars, or a lone scalar, with the node of each."""
        if isinstance(node, yaml.ScalarNode):
            return {text: node} if (text := self.text(node)) else {}
        return {text: item for item in self.items(node) if (text := self.text(item))}

    def choice(self, node: yaml.Node | None, choices: Sequence[str], default: str) -> str:
        """Return a text that is one of the choices; any other is a finding, and gives the default."""
        text = self.text(node)
        if node is None or not text or text in choices:
            return text or default
        hint = nearest(text, choices) or f"known are {', '.join(choices)}"
        self.find("invalid-value", node, f"`{text}` is none of the values that this can have", hint)
        return default

    def iri(self, node: yaml.Node | None, fits: Callable[[str], bool] = is_absolute_iri) -> str:
        """Return an absolute IRI that fits; for any other text nothing, and add a finding."""
        text = self.text(node)
        if node is None or not text or fits(text):
            return text
        self.find("invalid-value", node, *why_no_iri(text))
        return ""

    def span(self, node: yaml.Node) -> Span:
        """Return the place of a node."""
        return Span(self.file, *self._place(node.start_mark.index), *self._place(node.end_mark.index))

    def find(self, code: str, node: yaml.Node, message: str, hint: str = "") -> None:
        """Add a finding at a node."""
        self.findings.append(Finding(code=code, message=message, span=self.span(node), hint=hint))

    def _place(self, index: int) -> tuple[int, int]:
        """Return the line and column of a character; a line feed alone ends a line, as everywhere else."""
        line = bisect.bisect(self._starts, index) - 1
        return self.first + line, index - self._starts[line] + self.indent + 1

    @staticmethod
    def _is_null(node: yaml.Node) -> bool:
        return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
