"""What a YAML file is for, by its keys: also one that is being typed."""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum

from sphinx_policyspec.model.attributes import MAPPINGS
from sphinx_policyspec.readers.cases import CASE
from sphinx_policyspec.readers.feedback import FEEDBACK, REGISTER


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


_FILE_KEYS = frozenset(part.name for part in MAPPINGS)
_CASE_KEYS = frozenset(key.name for key in CASE)
_REGISTER_KEYS = frozenset(key.name for key in REGISTER)
RECORD_KEYS = frozenset(key.name for key in FEEDBACK if key.required)
"""What each record of feedback has."""
_TOP_KEY = re.compile(r"^[\"']?(?P<key>[\w-]+)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)
_KEY_OF_ITEM = re.compile(r"^(?:-[ ]{1,8}|[ ]{1,9})[\"']?(?P<key>[\w-]+)[\"']?[ \t]*:(?=\s|$)", re.MULTILINE)


def yaml_file(text: str) -> YamlFile:
    """Return what a YAML file is for, by its keys as they stand there, also in one that is being typed."""
    if names := {match["key"] for match in _TOP_KEY.finditer(text.removeprefix("\ufeff"))}:
        return file_with(names)
    # A list is one of cases, or of records.
    inner = {match["key"] for match in _KEY_OF_ITEM.finditer(text)}
    is_register = "items" not in inner and inner >= RECORD_KEYS
    return YamlFile.REGISTER if is_register else file_with(_CASE_KEYS & inner)


def file_with(names: Collection[str]) -> YamlFile:
    """Return what a YAML file with these keys is for."""
    if "overlay" in names:
        return YamlFile.OVERLAY
    if not _FILE_KEYS.isdisjoint(names):
        return YamlFile.SIDECAR
    if "items" in names:
        return YamlFile.CASES
    if not _REGISTER_KEYS.isdisjoint(names):
        return YamlFile.REGISTER
    return YamlFile.NEW if _CASE_KEYS.issuperset(names) else YamlFile.OTHER
