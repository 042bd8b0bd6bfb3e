"""YAML with the line of every value, and findings instead of exceptions for a wrong shape."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.model import Finding, Severity, Span
from sphinx_policyspec.nearest import nearest

__all__ = ["YamlReader"]

_Nodes = TypeVar("_Nodes")

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one on libyaml where PyYAML was built with it, at a tenth of the time."""


def _single(loader: yaml.SafeLoader) -> yaml.Node | None:
    return loader.get_single_node()


def _every(loader: yaml.SafeLoader) -> list[yaml.Node]:
    nodes: list[yaml.Node] = []
    while loader.check_node():
        if (node := loader.get_node()) is not None:
            nodes.append(node)
    return nodes


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

    def compose(self, text: str) -> yaml.Node | None:
        """Return the root node; text that is no YAML raises :class:`AnnotationError`."""
        return self._composed(text, _single)

    def compose_all(self, text: str) -> list[yaml.Node]:
        """Return the root node of each document of a stream; raises as :meth:`compose` does."""
        return self._composed(text, _every)

    def _composed(self, text: str, compose: Callable[[yaml.SafeLoader], _Nodes]) -> _Nodes:
        with contextlib.suppress(yaml.YAMLError, OverflowError, ValueError):
            return compose(_LOADER(text))
        # What is wrong, and where, is what the slow one tells better.
        try:
            loader = yaml.SafeLoader(text)
        except yaml.reader.ReaderError as error:
            place = f"{self.file}:{self._line(text.count(chr(10), 0, error.position))}"
            character = f"U+{ord(text[error.position]):04X}"
            message = f"{place}: not YAML: character {character} is not allowed"
            raise AnnotationError(message) from None
        try:
            return compose(loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = f":{self._line(mark.line)}" if mark else ""
            message = f"{self.file}{line}: not YAML: {error.problem or error.context}"
            raise AnnotationError(message) from None
        except RecursionError:
            message = f"{self.file}:{self._line(loader.line)}: not YAML: nested too deep"
            raise AnnotationError(message) from None
        except (yaml.YAMLError, OverflowError, ValueError):
            message = f"{self.file}:{self._line(loader.line)}: not YAML: no such character"
            raise AnnotationError(message) from None

    def mapping(self, node: yaml.Node | None, allowed: Sequence[str] = ()) -> dict[str, yaml.Node]:
        """Return a mapping's values by key; with ``allowed``, other keys are findings."""
        if node is None or self._is_null(node):
            return {}
        if not isinstance(node, yaml.MappingNode):
            self.find("wrong-type", node, "expected a mapping of keys to values")
            return {}
        values: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self.text(key_node)
            if allowed and key not in allowed:
                self.find("unknown-key", key_node, f"unknown key `{key}`", nearest(key, allowed))
            elif key in values:
                self.find("duplicate-key", key_node, f"key `{key}` is given twice")
            else:
                values[key] = value
        return values

    def items(self, node: yaml.Node | None) -> Iterator[yaml.Node]:
        """Yield the items of a list."""
        if node is None or self._is_null(node):
            return
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
        else:
            self.find("wrong-type", node, "expected a list")

    def text(self, node: yaml.Node | None) -> str:
        """Return a scalar as it is written."""
        if node is None:
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self.find("wrong-type", node, "expected a single value")
            return ""
        # An escape can name half of a surrogate pair, which no output could hold.
        return "" if self._is_null(node) else str(node.value).encode(errors="replace").decode()

    def texts(self, node: yaml.Node | None) -> dict[str, yaml.Node]:
        """Return a list's scalars, or a lone scalar, with the node of each."""
        if isinstance(node, yaml.ScalarNode):
            return {text: node} if (text := self.text(node)) else {}
        return {text: item for item in self.items(node) if (text := self.text(item))}

    def span(self, node: yaml.Node) -> Span:
        """Return where a node stands."""
        start, end = node.start_mark, node.end_mark
        left = self.indent + 1
        return Span(
            self.file, self._line(start.line), start.column + left, self._line(end.line), end.column + left
        )

    def find(
        self, code: str, node: yaml.Node, message: str, hint: str = "", severity: Severity = Severity.WARNING
    ) -> None:
        """Note a finding at a node."""
        self.findings.append(
            Finding(code=code, severity=severity, message=message, span=self.span(node), hint=hint)
        )

    def _line(self, index: int) -> int:
        return self.first + index

    @staticmethod
    def _is_null(node: yaml.Node) -> bool:
        return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"
