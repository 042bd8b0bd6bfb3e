"""What a YAML file is for, by its keys: also one that is being typed."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

import yaml

from sphinx_policyspec.errors import AnnotationError
from sphinx_policyspec.model.attributes import MAPPINGS
from sphinx_policyspec.model.nearest import near_name
from sphinx_policyspec.readers.cases import CASE
from sphinx_policyspec.readers.feedback import FEEDBACK, REGISTER
from sphinx_policyspec.readers.yaml_nodes import YamlReader


class YamlFile(StrEnum):
    """What a YAML file is for."""

    SIDECAR = "sidecar"
    CASES = "cases"
    OVERLAY = "overlay"
    REGISTER = "register"
    """Of feedback."""
    NEW = "new"
    """It may become a sidecar, or cases."""
    OTHER = "other"


_UNDECIDED = frozenset({YamlFile.NEW, YamlFile.OTHER})
_FILE_KEYS = frozenset(part.name for part in MAPPINGS)
_CASE_KEYS = frozenset(key.name for key in CASE)
_REGISTER_KEYS = frozenset(key.name for key in REGISTER)
RECORD_KEYS = frozenset(key.name for key in FEEDBACK if key.required)
"""What each record of feedback has."""
_TOP_KEY = re.compile(r"^[\"']?(?P<key>[\w-]+)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)
_KEY_OF_ITEM = re.compile(r"^(?:-[ ]{1,8}|[ ]{1,9})[\"']?(?P<key>[\w-]+)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)


def yaml_file(text: str, before: YamlFile = YamlFile.OTHER) -> YamlFile:
    """Return what a YAML file is for, by its keys in whatever style they are written, also in one that is being typed.

    :param before: what it was for, which a text that is no YAML at the moment is for, too, unless its keys say otherwise
    """
    try:
        documents = YamlReader("").compose_all(text)
    except AnnotationError:
        kind = _by_lines(text.removeprefix("\ufeff"))
        return before if kind in _UNDECIDED else kind
    kinds = [_kind_of(document) for document in documents]
    return next((kind for kind in kinds if kind not in _UNDECIDED), kinds[0] if kinds else YamlFile.NEW)


def _kind_of(document: yaml.Node) -> YamlFile:
    """Return what a document is: a list is one of cases, or of records."""
    if not isinstance(document, yaml.SequenceNode):
        return file_with(_keys(document)) if isinstance(document, yaml.MappingNode) else YamlFile.NEW
    return _list_with({key for item in document.value for key in _keys(item)})


def _keys(node: yaml.Node) -> set[str]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return {key.value for key, _value in pairs if isinstance(key, yaml.ScalarNode)}


def _by_lines(text: str) -> YamlFile:
    """Return what a file is for whose lines, but perhaps for one, are YAML with a key at the beginning of each."""
    if names := {match["key"] for match in _TOP_KEY.finditer(text)}:
        return file_with(names)
    return _list_with({match["key"] for match in _KEY_OF_ITEM.finditer(text)})


def _list_with(names: Collection[str]) -> YamlFile:
    """Return what a list is whose items have these keys, or some that are not theirs."""
    is_register = "items" not in names and {*names} >= RECORD_KEYS
    return YamlFile.REGISTER if is_register else file_with(_CASE_KEYS.intersection(map(_meant, names)))


def _meant(name: str) -> str:
    """Return the key of a case that another one was to be."""
    return name if name in _CASE_KEYS else near_name(name, _CASE_KEYS) or name


def file_with(names: Collection[str]) -> YamlFile:
    """Return what a YAML file with these keys is for."""
    if "overlay" in names:
        return YamlFile.OVERLAY
    if not _FILE_KEYS.isdisjoint(names):
        return YamlFile.SIDECAR
    meant = {*map(_meant, names)}
    if "items" in names or ("items" in meant and meant <= _CASE_KEYS):
        return YamlFile.CASES
    if not _REGISTER_KEYS.isdisjoint(names):
        return YamlFile.REGISTER
    return YamlFile.NEW if meant <= _CASE_KEYS else YamlFile.OTHER


def items_of(node: yaml.Node) -> list[yaml.Node]:
    """Return the items of a list; anything else is the only one."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def keys_of(node: yaml.Node | None) -> dict[str, tuple[yaml.ScalarNode, yaml.Node]]:
    """Return the keys of a mapping with their nodes and values."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def scalars_of(node: yaml.Node) -> list[yaml.ScalarNode]:
    """Return a scalar, or those of a list."""
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    return [one for one in nodes if isinstance(one, yaml.ScalarNode) and one.value]
