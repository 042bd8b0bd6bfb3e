"""Every ``policyspec_*`` option, declared once: default, help, when it asks for a rebuild, and its check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from sphinx_policyspec.checks import RULES
from sphinx_policyspec.checks.selection import codes_of
from sphinx_policyspec.errors import CodeError
from sphinx_policyspec.graph.formats import FORMATS
from sphinx_policyspec.model import Severity
from sphinx_policyspec.nearest import nearest
from sphinx_policyspec.sphinx_ext.messages import warn

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config

__all__ = ["PolicySpecConfig", "check_config", "register_config"]

PREFIX = "policyspec_"
LEVELS = ("error", "warning", "hint", "off")
LIMITS = ("seconds", "rows")

Check = Callable[[Any], str]
"""Returns what is wrong with a value, or nothing."""


def _text(value: object) -> str:
    return "" if isinstance(value, str) else "expected a text"


def _truth(value: object) -> str:
    return "" if isinstance(value, bool) else "expected True or False"


def _texts(value: object) -> str:
    good = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    return "" if good else "expected a list of texts"


def _formats(value: object) -> str:
    if problem := _texts(value):
        return problem
    unknown = [item for item in value if item not in FORMATS]  # type: ignore[attr-defined]  # _texts has looked
    return f"unknown format `{unknown[0]}`; {nearest(unknown[0], FORMATS)}" if unknown else ""


def _severities(value: object) -> str:
    if not isinstance(value, dict):
        return "expected a dictionary of codes"
    unknown = [item for item in value.values() if item not in LEVELS]
    if unknown:
        return f"unknown severity `{unknown[0]}`; {nearest(str(unknown[0]), LEVELS)}"
    try:
        codes_of(str(name) for name in value)
    except CodeError as error:
        return str(error)
    return ""


def _limits(value: object) -> str:
    if not isinstance(value, dict):
        return f"expected a dictionary of {' and '.join(f'`{key}`' for key in LIMITS)}"
    for key, limit in value.items():
        if key not in LIMITS:
            return f"unknown limit `{key}`; {nearest(str(key), LIMITS)}"
        if isinstance(limit, bool) or not isinstance(limit, int | float) or limit <= 0:
            return f"`{key}` must be a number above 0"
    return ""


def _about(description: str, check: Check, rebuild: Literal["", "env", "html"]) -> dict[str, Any]:
    return {"help": description, "check": check, "rebuild": rebuild}


@dataclass(frozen=True, kw_only=True)
class PolicySpecConfig:
    """The options of a project; the name in ``conf.py`` is the field's with ``policyspec_`` before it."""

    base_iri: str = field(
        default="",
        metadata=_about(
            "What instance IRIs begin with, unless `policy:spec` says; else `html_baseurl` is used.",
            _text,
            "html",
        ),
    )
    model_spec: list[str] = field(
        default_factory=list,
        metadata=_about(
            "Patterns, relative to the source folder, of untouched Model Spec Markdown pages.", _texts, "env"
        ),
    )
    annotations: list[str] = field(
        default_factory=list,
        metadata=_about(
            "Annotation files (YAML), relative to the source folder, that add topics and relations.",
            _texts,
            "env",
        ),
    )
    severity: dict[str, str] = field(
        default_factory=dict,
        metadata=_about(
            "Finding code, or category of codes, to `error`, `warning`, `hint` or `off`.", _severities, ""
        ),
    )
    baseline: str = field(
        default="",
        metadata=_about(
            "File of known findings, relative to the source folder, which are not told again; "
            "`policyspec check --write-baseline` writes it.",
            _text,
            "",
        ),
    )
    outputs: list[str] = field(
        default_factory=lambda: ["ttl"],
        metadata=_about(f"Graph formats to publish with the site: {', '.join(FORMATS)}.", _formats, "html"),
    )
    query_limits: dict[str, float] = field(
        default_factory=dict,
        metadata=_about("Limits of a query on a page: `seconds` (10) and `rows` (10000).", _limits, ""),
    )
    query_unsafe: bool = field(
        default=False,
        metadata=_about(
            "Run queries of pages where the system cannot confine them by more than a deadline.", _truth, ""
        ),
    )

    @property
    def skipped_checks(self) -> frozenset[str]:
        """Codes that a build does not look for: checks for hints, unless the project names them.

        They cost a large project seconds, and nobody reads a thousand hints in the output of a build;
        ``policyspec check`` runs every check.
        """
        named = codes_of(self.severity)
        return frozenset(
            rule.code
            for rule in RULES
            if rule.check and rule.severity is Severity.HINT and rule.code not in named
        )

    @classmethod
    def of(cls, config: Config) -> PolicySpecConfig:
        """Return the options of a Sphinx configuration, checked before."""
        return cls(**{option.name: config[PREFIX + option.name] for option in fields(cls)})


def register_config(app: Sphinx) -> None:
    """Declare every option to Sphinx; types are left to :func:`check_config`, which knows more."""
    for option in fields(PolicySpecConfig):
        default = getattr(PolicySpecConfig(), option.name)
        app.add_config_value(PREFIX + option.name, default, option.metadata["rebuild"], types=(object,))


def check_config(_app: Sphinx, config: Config) -> None:
    """Warn of each bad value, naming its key, and put the default in its place."""
    known = {PREFIX + option.name for option in fields(PolicySpecConfig)}
    for option in fields(PolicySpecConfig):
        name = PREFIX + option.name
        if problem := option.metadata["check"](config[name]):
            warn(f"`{name}`: {problem}; the default is used", "config")
            config[name] = getattr(PolicySpecConfig(), option.name)
    for name in sorted(config._raw_config):  # noqa: SLF001 - the only place that knows misspelt names
        if name.startswith(PREFIX) and name not in known:
            warn(f"unknown option `{name}`; {nearest(name, known)}", "config")
