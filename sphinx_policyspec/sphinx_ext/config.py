"""Every ``policyspec_*`` option, declared once: default, help, when it requires a rebuild, and its check; and what a build receives beside its pages, from its command and from the application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sphinx.config import Config

from sphinx_policyspec.errors import CodeError
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.model import Provision, Severity, Spec, TargetKind, rules
from sphinx_policyspec.model.finding import OFF, codes_of
from sphinx_policyspec.model.nearest import is_part, near_name, nearest
from sphinx_policyspec.model.spec import DEFAULT_TITLE, SHIPPED_SIDECAR, is_absolute_iri, is_name
from sphinx_policyspec.sphinx_ext.nodes.nodes import anchor_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sphinx_policyspec.compare.history import Moment, Timeline
    from sphinx_policyspec.sources import Reader

PREFIX = "policyspec_"
LEVELS = ("error", "warning", "hint", "off")
LIMITS = ("seconds", "rows")
MISSING = ("error", "box")
"""What is done about a letter that no font draws."""
FEEDBACK = ("id", "title", "level", "release", "page")
"""What an address for feedback can name."""

Check = Callable[[Any], str]
"""Returns what is wrong with a value, or nothing."""
EntryCheck = Callable[[Any, Any], str]
"""Returns what is wrong with one entry of a dictionary or list, given its key or index and its value."""


def _iri(value: object) -> str:
    if not isinstance(value, str):
        return "expected a text"
    return "" if not value or is_absolute_iri(value) else f"`{value}` is not an absolute IRI"


def _name(value: object) -> str:
    is_good = not value or (isinstance(value, str) and is_name(value))
    return "" if is_good else f"`{value}` is no name of a spec"


def _template(value: object) -> str:
    if not isinstance(value, str):
        return "expected a text"
    if value and not value.startswith(("https://", "http://", "mailto:")):
        return f"`{value}` is not an address of the web or a `mailto:`"
    unknown = [name for name in re.findall(r"\{([^{}]*)\}", value) if name not in FEEDBACK]
    return f"unknown placeholder `{{{unknown[0]}}}`; {nearest(unknown[0], FEEDBACK)}" if unknown else ""


def _expected(kind: type | tuple[type, ...], words: str) -> Check:
    return lambda value: "" if isinstance(value, kind) else f"expected {words}"


_truth, _text = _expected(bool, "True or False"), _expected(str, "a text")
_list = _expected((list, tuple), "a list of texts")


def _one_of(*words: str) -> Check:
    choices = f"{'neither' if all(words) else 'not'} {' nor '.join(f'`{word}`' for word in words if word)}"
    return lambda value: "" if value in words else f"`{value}` is {choices}"


def _text_or_texts(value: object) -> str:
    texts = value if isinstance(value, list | tuple) else [value]
    return "" if all(isinstance(text, str) for text in texts) else "expected a text, or a list of texts"


def _text_item(_index: object, value: object) -> str:
    return "" if isinstance(value, str) else f"`{value}` is not a text"


def _format(_index: object, value: object) -> str:
    return "" if value in FORMATS else f"unknown format `{value}`; {nearest(str(value), FORMATS)}"


def _severity(code: object, value: object) -> str:
    try:
        codes_of([str(code)])
    except CodeError as error:
        return str(error)
    return "" if value in LEVELS else f"unknown severity `{value}`; {nearest(str(value), LEVELS)}"


def _limit(key: object, value: object) -> str:
    if key not in LIMITS:
        return f"unknown limit `{key}`; {nearest(str(key), LIMITS)}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "" if is_number and value > 0 else f"`{key}` must be a number above 0"  # type: ignore[operator]


def _option(
    default: Any,
    description: str,
    check: Check,
    rebuild: Literal["", "env", "html"],
    entry: EntryCheck | None = None,
) -> Any:
    metadata = {"help": description, "check": check, "rebuild": rebuild, "entry": entry}
    kind = "default_factory" if callable(default) else "default"
    return field(**{kind: default}, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class PolicySpecConfig:
    """The options of a project; the name in ``conf.py`` is the field's with ``policyspec_`` before it."""

    base_iri: str = _option(
        "", "What IRIs begin with, unless `policy:spec` says; by default `html_baseurl`.", _iri, "html"
    )
    name: str = _option(
        "", "Short name of the spec; its IRIs begin with `urn:policyspec:<name>:`.", _name, "html"
    )
    model_spec: list[str] = _option(
        list, "Patterns of untouched Model Spec Markdown pages.", _list, "env", _text_item
    )
    markdown: list[str] = _option(
        list, "Patterns of Markdown pages that are read by their headings.", _list, "env", _text_item
    )
    annotations: list[str] = _option(
        list,
        "Annotation files (YAML), relative to the folder of `conf.py`, that add topics and relations; "
        f"`{SHIPPED_SIDECAR}` is the one for the Model Spec that is shipped.",
        _list,
        "env",
        _text_item,
    )
    alignments: list[str] = _option(
        list, "Files of alignments with other specs (`.sssom.tsv`).", _list, "env", _text_item
    )
    feedback: str | list[str] = _option(
        "", "Register of feedback (YAML), a folder of them, or several of either.", _text_or_texts, "env"
    )
    decisions: list[str] = _option(
        list, "Patterns of records of decisions (MADR), such as `decisions/*.md`.", _list, "env", _text_item
    )
    proposals: list[str] = _option(
        list, "Patterns of proposals, such as `proposals/*.md`.", _list, "env", _text_item
    )
    records: str = _option(
        "",
        "Changes that need a record of a decision: `normative`, what is stricter or looser than in the release before.",
        _one_of("", "normative"),
        "",
    )
    severity: dict[str, str] = _option(
        dict,
        "Codes or categories to `error`, `warning`, `hint` or `off`.",
        _expected(dict, "a dictionary of codes"),
        "",
        _severity,
    )
    baseline: str = _option(
        "",
        "File of known findings, relative to the folder of `conf.py`, which are not reported again; "
        "`policyspec check --format baseline` writes it.",
        _text,
        "",
    )
    outputs: list[str] = _option(
        lambda: ["ttl"], f"Graph formats to publish: {', '.join(FORMATS)}.", _list, "html", _format
    )
    feedback_url: str = _option(
        "",
        "Address that the panel of a principle links to for feedback, such as that of a form; in it "
        "`{id}`, `{title}`, `{level}`, `{release}` and `{page}` are replaced by those of the principle.",
        _template,
        "html",
    )
    link_terms: bool = _option(
        True, "Whether a web page links the first use of each defined term to its definition.", _truth, "html"
    )
    ask_page: bool = _option(
        False,
        "Whether to add the page `policy-ask`, on which readers put questions to the spec in their "
        "browser; its engine and graph take about 2 MB, which no other page loads.",
        _truth,
        "html",
    )
    llms: bool = _option(
        False,
        "Whether to write what models read: `llms.txt`, `llms-full.txt` and a Markdown file beside each page.",
        _truth,
        "html",
    )
    query_limits: dict[str, float] = _option(
        dict,
        "Limits of a query on a page: `seconds` (10) and `rows` (10000).",
        _expected(dict, f"a dictionary of {' and '.join(f'`{key}`' for key in LIMITS)}"),
        "",
        _limit,
    )
    query_unsafe: bool = _option(
        False, "Run queries of pages where nothing but a deadline confines them.", _truth, ""
    )
    pdf_fonts: list[str] = _option(
        list,
        "Fonts of `-b policypdf` for letters that its own lack, in this order: names of installed families, or "
        "font files relative to the folder of `conf.py`. None: all that the machine has.",
        _list,
        "",
        _text_item,
    )
    pdf_missing: str = _option(
        "error",
        "What `-b policypdf` does about a letter that no font draws: `error`, or `box` with its number, and a warning.",
        _one_of(*MISSING),
        "",
    )
    since: str | list[str] = _option(
        "",
        "Older release that the site compares itself with, relative to the folder of `conf.py`: a release folder, a "
        "Model Spec Markdown file, a Sphinx project, a graph file written earlier, or `git:REV:PATH` of one. A "
        "folder of releases, or a list from the oldest on, also gives each principle its history.",
        _text_or_texts,
        "env",
    )
    judgements: str = _option(
        "",
        "File of judgements, relative to the folder of `conf.py`: what people who read changed prose say of it, which pages that "
        "show what changed then show. `policyspec judge` writes it.",
        _text,
        "env",
    )
    results: str | list[str] = _option(
        "",
        "Results of evaluations, relative to the folder of `conf.py`: a store that `policyspec results` wrote, or logs. Pages then "
        "show how well models follow each principle. Needs the extra `evals`.",
        _text_or_texts,
        "env",
    )
    results_baseline: str = _option(
        "", "The run, or a model with one run, that pages compare the others with.", _text, "env"
    )
    triage: str = _option(
        "", "Triage file (what contradicts the spec), relative to the folder of `conf.py`.", _text, "env"
    )

    @property
    def foreign_pages(self) -> list[str]:
        """Patterns of the pages that are ours to read, and hold no directives."""
        return [*self.model_spec, *self.markdown]

    @property
    def older(self) -> tuple[str, ...]:
        """The sources of older releases, from the oldest on."""
        return several(self.since)

    @property
    def skipped_checks(self) -> frozenset[str]:
        """Codes that a build does not look for, but ``policyspec check`` does: those of hints that the project does not name."""
        codes = codes_of(self.severity)
        return frozenset(
            code for code, rule in rules().items() if rule.severity is Severity.HINT and code not in codes
        )

    @classmethod
    def of(cls, config: Config) -> PolicySpecConfig:
        """Return the options of a Sphinx configuration: the default for a bad value, and no bad entries."""
        return cls(**{option.name: _valid(option, config[PREFIX + option.name]) for option in fields(cls)})


def several(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return a text, or those of a list, without empty ones."""
    return tuple(filter(None, [value] if isinstance(value, str) else value))


def project_title(config: Config) -> str:
    """Return the title of a spec that no page gives one: the name of the project, where it has one."""
    return str(config.project) if config.project != Config().project else DEFAULT_TITLE


def site_base(config: Config) -> str:
    """Return the address of the site as what IRIs begin with, empty where it is not an absolute IRI."""
    address = str(config.html_baseurl or "")
    return address if address and is_absolute_iri(address) else ""


def register_config(app: Sphinx) -> None:
    """Declare every option to Sphinx; types are left to :func:`bad_values`, which checks more."""
    for option in fields(PolicySpecConfig):
        default = getattr(PolicySpecConfig(), option.name)
        app.add_config_value(
            PREFIX + option.name, default, option.metadata["rebuild"], types=(str, list, tuple, object)
        )


def severities(config: Config) -> dict[str, str]:
    """Return the severities that a project sets for codes; those whose warnings Sphinx is to suppress are off."""
    names = {name for name in config.suppress_warnings if name.partition(".")[0] == "policyspec"}
    every = bool(names & {"policyspec", "policyspec.*"})
    suppressed = {code: OFF for code in rules() if every or f"policyspec.{code}" in names} if names else {}
    return {**PolicySpecConfig.of(config).severity, **suppressed}


def bad_values(config: Config) -> Iterator[tuple[str, str]]:
    """Yield each option with a bad value or entry, and each unknown one, with what is wrong."""
    names = [option.name for option in fields(PolicySpecConfig)]
    for option in fields(PolicySpecConfig):
        name = PREFIX + option.name
        for problem in problems(option, config[name]):
            yield name, f"`{name}`: {problem}"
    if config.html_baseurl and not PolicySpecConfig.of(config).base_iri and not site_base(config):
        problem = (
            f"`{config.html_baseurl}` is not an absolute IRI, so that no IRI of the graph begins with it"
        )
        yield "html_baseurl", f"`html_baseurl`: {problem}; set `policyspec_base_iri`"
    # The only places that know misspelt names.
    for name in sorted({*config._raw_config, *config.overrides}):  # noqa: SLF001
        bare = name.removeprefix(PREFIX)
        if (
            bare == name
            and name not in config
            and (intended := near_name(name, [PREFIX + known for known in names]))
        ):
            yield name, f"unknown option `{name}`; did you mean `{intended}`?"
        elif bare != name and bare not in names:
            hint = (
                nearest(bare, names, prefix=PREFIX) or "the reference of `conf.py` lists those that there are"
            )
            yield name, f"unknown option `{name}`; {hint}"
    for name in config.suppress_warnings:
        domain, dot, code = name.partition(".")
        if domain == "policyspec" and dot and code != "*" and code not in rules():
            intended = next((one for one in rules() if is_part(code, one)), near_name(code, rules()))
            hint = f"did you mean `policyspec.{intended}`?" if intended else "see the reference of findings"
            yield "suppress_warnings", f"`suppress_warnings`: `{name}` is no code of a finding; {hint}"


def problems(option: Field[Any], value: object) -> list[str]:
    """Return what is wrong with the value of an option, and what is done about it."""
    if problem := option.metadata["check"](value):
        return [f"{problem}; the default is used"]
    entry: EntryCheck | None = option.metadata["entry"]
    found = [entry(key, item) for key, item in _entries(value)] if entry else []
    return [f"{problem}; the entry is left out" for problem in found if problem]


def _valid(option: Field[Any], value: Any) -> Any:
    """Return a value without its bad entries; the default where nothing of it is good."""
    entry: EntryCheck | None = option.metadata["entry"]
    if not option.metadata["check"](value):
        entries = _entries(value) if entry else []
        good = [(key, item) for key, item in entries if not (entry and entry(key, item))]
        if len(good) == len(entries):
            return value
        if good:
            return dict(good) if isinstance(value, dict) else [item for _index, item in good]
    return getattr(PolicySpecConfig(), option.name)


def _entries(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items() if isinstance(value, dict) else enumerate(value))


Older = Callable[["Reader"], "tuple[Spec, ...]"]
"""Reads older releases, from the first to the last, with the reader that a build has for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """One page of a handbook.

    :param name: its name as a file, without suffix
    :param provisions: what it shows, in reading order
    :param below: names of the pages that its table of contents leads to
    :param overviews: names of the pages with views that it leads to on the web; paper has indices of its own
    :param views: names of the views of the whole spec that it shows, instead of a part of it
    :param role: the role for which it shows what its messages can override, instead
    """

    name: str
    provisions: tuple[Provision, ...] = ()
    below: tuple[str, ...] = ()
    overviews: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A spec and its pages by name.

    :param root: the folder that the spec's file names are relative to
    :param pdf: name of the PDF beside its pages, empty where there is none
    """

    spec: Spec
    root: Path
    pages: dict[str, SitePage]
    pdf: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One of the releases: a site in a folder beside those of the others.

    :param name: of the release, as readers see it
    :param pages: names of its pages, without suffix
    :param page_of: the page that each provision is on, by id
    """

    name: str
    folder: str
    pages: frozenset[str]
    page_of: Mapping[str, str]

    def address(self, page: str, anchor: str = "") -> str:
        """Return the address of a page, or of an anchor on it, as seen from a page of another release."""
        return f"../{self.folder}/{page}.html" + (f"#{anchor}" if anchor else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editions:
    """The releases of a handbook, seen from one of them.

    :param every: from the first to the last
    :param timeline: the same, with what changed between them
    :param place: of the one that is built
    """

    every: tuple[Edition, ...]
    timeline: Timeline
    place: int

    @property
    def past(self) -> Timeline:
        """The releases up to the one that is built."""
        return replace(
            self.timeline,
            specs=self.timeline.specs[: self.place + 1],
            diffs=self.timeline.diffs[: self.place],
        )

    def others(self, id_: str) -> Iterator[tuple[Moment, str]]:
        """Yield a provision of this release in each other one that has it, the last first, with its address."""
        for moment in reversed(self.timeline.moments(id_, self.place)):
            edition = self.every[moment.place]
            if moment.place != self.place and moment.id in edition.page_of:
                anchor = anchor_of(TargetKind.PROVISION, moment.id)
                yield moment, edition.address(edition.page_of[moment.id], anchor)

    def same_page(self, name: str, ids: Iterable[str]) -> dict[int, str]:
        """Return the names of the pages of the other releases that come nearest to a page of this one.

        Those without one are left out.

        :param ids: of the provisions on the page, in order; what has none is found by its own name
        """
        found: dict[int, str] = {}
        has_ids = False
        for id_ in ids:
            has_ids = True
            for place, other in self.timeline.ids(id_, self.place).items():
                if page := self.every[place].page_of.get(other):
                    found.setdefault(place, page)
        if not has_ids:
            found = {place: name for place, edition in enumerate(self.every) if name in edition.pages}
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a build receives; the defaults are those of a project that ``sphinx-build`` writes.

    :param confdir: the folder that paths of our options are below: that of ``conf.py``
    :param reader: returns the reader of older releases, given the annotation files of the project
    :param shows: returns whether this build shows the content of an ``only`` directive
    :param hides_anything: whether other extensions may hide elements other than their own, on any page
    :param site: the spec that a handbook shows; a project of one's own gathers its spec from its pages
    :param older: what a command line compares the spec with, from the oldest on, source by source, instead of
        ``policyspec_since``
    :param named: options that a command line gives in place of the project
    :param editions: the releases of a handbook of several, which know of each other
    :param base_iri: what a command line says that instance IRIs begin with, whatever the project says
    :param asks: whether questions of pages are answered; not where nothing but the spec is wanted
    :param writes: whether pages are written; else what they show of each other is of no use
    """

    confdir: Path
    reader: Callable[[tuple[Path, ...]], Reader]
    shows: Callable[[str], bool]
    hides_anything: bool = False
    site: Site | None = None
    older: tuple[Older, ...] = ()
    named: frozenset[str] = frozenset()
    editions: Editions | None = None
    base_iri: str = ""
    asks: bool = True
    writes: bool = True
