"""What the tests share: real releases, tools that may be absent, small builders of model objects."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import importlib.util
import json
import logging
import os
import re
import shutil
import unicodedata
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, NoReturn, TypeVar

import pytest
import typst
from docutils import SettingsSpec
from docutils.frontend import OptionParser
from hypothesis import settings
from jinja2.sandbox import SandboxedEnvironment
from sphinx import jinja2glue, theming
from sphinx.config import Config
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import sphinx_policyspec as ps
from sphinx_policyspec import cli, sources
from sphinx_policyspec.files import real_path
from sphinx_policyspec.model import (
    AuthorityLevel,
    Category,
    Comparison,
    Document,
    Example,
    Markup,
    Message,
    OverrideMode,
    Principle,
    Prose,
    Provision,
    Response,
    Span,
    Spec,
    Verdict,
)
from sphinx_policyspec.model.outlines import HeadingRule
from sphinx_policyspec.readers.annotations import Annotations, shipped_annotations, user_annotations
from sphinx_policyspec.readers.release import read_release
from sphinx_policyspec.readers.text import Reading

# A deadline would make a busy machine fail a test. What `make test` draws is the same each time, so that it judges the change
# and not the luck of the draw, and little; `make test-all` draws anew, and more (--hypothesis-profile=explore).
settings.register_profile("tests", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("explore", deadline=None)
settings.load_profile("tests")
pytest_plugins = ("sphinx.testing.fixtures",)
# Builds make many objects that stay until they end: to look through them again and again is a tenth of the time of all tests.
gc.set_threshold(200_000, 20, 100)

REPOSITORY = Path(__file__).resolve().parents[1]
RELEASES = ("2025-02-12", "2025-04-11", "2025-09-12")
FILE = "spec.md"
BETTER = {Category.COVERAGE, Category.TRUE, Category.ACTIONABLE}
"""Categories of findings that tell what could be better; those of others tell what is broken."""

LEVELS = (
    AuthorityLevel(id="root", override=OverrideMode.NEVER),
    AuthorityLevel(id="system", roles=("system",)),
    AuthorityLevel(id="developer", roles=("developer",)),
    AuthorityLevel(id="user", roles=("user",)),
    AuthorityLevel(id="guideline", override=OverrideMode.IMPLICIT),
)

# What the place of a run says of colours and widths (a CI server sets CI, and Sphinx then colours its pipes): the tests,
# and the programs that they start, print the same everywhere.
for _variable in (
    "CI",
    "GITHUB_ACTIONS",
    "FORCE_COLOR",
    "FORCE_COLOUR",
    "CLICOLOR_FORCE",
    "NO_COLOR",
    "NO_COLOUR",
    "COLUMNS",
):
    os.environ.pop(_variable, None)

_FAMILIES = ("Noto Sans CJK SC", "WenQuanYi Micro Hei", "Droid Sans Fallback", "Noto Color Emoji")
_PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome")}


_TOGETHER = (
    "browser",
    "publishing",
    "releases/test_handbook.py",
    "releases/test_pdf.py",
    "releases/test_topics.py",
    "serving",
    "sphinx_ext/test_builders.py",
    "sphinx_ext/test_command_equals_site.py",
    "sphinx_ext/test_hidden.py",
    "sphinx_ext/test_pdf.py",
    "sphinx_ext/test_words.py",
)
"""Tests of one browser, project, site or PDF, which would be started or made in each process that runs some of them."""


class Together(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Hands out such tests together, and the others one by one.

    A mark ``xdist_group`` does not: pytest-xdist 3.8 writes it into a name that pytest 9.2 no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((path for path in _TOGETHER if nodeid.startswith(f"tests/{path}")), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Say which process of a run gets which test."""
    return Together(config, log)


@pytest.fixture(scope="session")
def rootdir() -> Path:
    """Folder of the Sphinx projects that ``@pytest.mark.sphinx(testroot=…)`` names."""
    return Path(__file__).parent / "roots"


@pytest.fixture(scope="session")
def common_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Temporary folder that all processes of a run of pytest share."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


class _Templates(SandboxedEnvironment):
    """Compiles a template once, for all builds of this process: the environments that Sphinx makes are alike."""

    _codes: ClassVar[dict[tuple[object, ...], Any]] = {}

    def compile(self, *source: Any, **options: Any) -> Any:
        key = (*source, *options.items())
        if key not in self._codes:
            self._codes[key] = super().compile(*source, **options)
        return self._codes[key]


_OPTIONS = (
    "option_list",
    "option_groups",
    "_short_opt",
    "_long_opt",
    "defaults",
    "lists",
    "relative_path_settings",
)


def _populate_once() -> Callable[[OptionParser, tuple[SettingsSpec, ...]], None]:
    """Return what gives a parser of docutils, of which Sphinx makes one a page, the options that another has made."""
    populate, made = OptionParser.populate_from_components, dict[tuple[object, ...], dict[str, Any]]()

    def of_another(parser: OptionParser, components: tuple[SettingsSpec, ...]) -> None:
        kinds = tuple(part if isinstance(part, type) else type(part) for part in components)
        if kinds not in made:
            populate(parser, components)
            made[kinds] = {name: copy(getattr(parser, name)) for name in _OPTIONS}
        for name, value in made[kinds].items():
            setattr(parser, name, copy(value))

    return of_another


@pytest.fixture(scope="session", autouse=True)
def _cheap_builds() -> Iterator[None]:
    """Do once a process what each of a thousand small builds would do anew, for more than half of its time.

    A template of a theme is compiled, the packages that offer a theme are looked for, the options of docutils are put
    together, and Sphinx makes a record of each of its 500 debug messages, which nobody sees.
    """
    logging.disable(logging.DEBUG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OptionParser, "populate_from_components", _populate_once())
        patch.setattr(jinja2glue, "SandboxedEnvironment", _Templates)
        patch.setattr(theming, "entry_points", lru_cache(entry_points))
        yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session", autouse=True)
def _published_once() -> Iterator[None]:
    """Read each published release, and the sidecar for them, once a process: no test changes them, and hundreds read them."""
    published = real_path(REPOSITORY.parent / "shared" / "data" / "model_spec")
    release, sidecar = lru_cache(read_release), lru_cache(user_annotations)

    def read(path: Path, *, bound: Path | None, rule: HeadingRule | None = None) -> Reading:
        known = release if real_path(path).is_relative_to(published) else read_release
        return known(path, bound=bound, rule=rule)

    def read_sidecar(path: Path) -> Annotations:
        return (sidecar if path == shipped_annotations() else user_annotations)(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "read_release", read)
        patch.setattr(sources, "user_annotations", read_sidecar)
        yield


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Let the other processes of a run wait."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Handbook:
    """A handbook that many tests read, and none changes."""

    folder: Path
    findings: list[str]


@pytest.fixture(scope="session")
def handbook(common_folder: Path) -> Callable[[Path], Handbook]:
    """Build the handbook of a release or project once a run, whichever process asks first."""
    handbooks = common_folder / "handbooks"
    handbooks.mkdir(exist_ok=True)

    def find(source: Path) -> Handbook:
        folder, record = handbooks / source.name, handbooks / f"{source.name}.json"
        with alone(handbooks / f"{source.name}.lock"):
            if not record.exists():
                findings = [str(finding) for finding in ps.build_handbook(ps.load_checked(source), folder)]
                record.write_text(json.dumps(findings), "utf-8")
        return Handbook(folder=folder, findings=json.loads(record.read_text("utf-8")))

    return find


@pytest.fixture(autouse=True)
def _own_defaults() -> Iterator[None]:
    """Take back what an extension adds to Sphinx's own list of patterns, which later builds of the process would have, too."""
    shared = Config.config_values["exclude_patterns"].default
    before = list(shared)
    yield
    shared[:] = before


@pytest.fixture(scope="session")
def model_spec_data() -> Path:
    """Folder of the published Model Spec releases, which is not part of this repository."""
    folder = REPOSITORY.parent / "shared" / "data" / "model_spec"
    if not folder.is_dir():
        _absent("the published releases are not at ../shared/data/model_spec", "POLICYSPEC_REQUIRE_DATA")
    return folder


@pytest.fixture(scope="session", params=RELEASES)
def release_dir(request: pytest.FixtureRequest, model_spec_data: Path) -> Path:
    """Each published release in turn."""
    return model_spec_data / str(request.param)


def require_tool(name: str) -> str:
    """Return the path of a program such as ``java``; skip the test, by name, where it is absent."""
    found = [path for program in _PROGRAMS.get(name, (name,)) if (path := shutil.which(program))]
    if not found:
        _absent(f"{name} is not installed", "POLICYSPEC_REQUIRE_TOOLS")
    return found[0]


def require_package(name: str, group: str = "company") -> None:
    """Skip the test, by name, where a package of another project is absent, which a dependency group has."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None:
        _absent(f"the package {name} is not installed: --group {group}", "POLICYSPEC_REQUIRE_TOOLS")


def require_fonts(text: str) -> list[str]:
    """Return the families for Chinese, Korean and emoji that are installed; skip where they lack a letter of a text.

    Not every font that is named after a script has all of its letters.
    """
    installed = set(typst.Fonts().families())
    families = [name for name in _FAMILIES if name in installed]
    if absent := _unprintable(text, families):
        reason = f"no font that is installed has {absent}; fonts-wqy-microhei and fonts-noto-color-emoji have"
        _absent(reason, "POLICYSPEC_REQUIRE_TOOLS")
    return families


def text_below(folder: Path) -> str:
    """Return the text of all pages below a folder."""
    return "".join(file.read_text("utf-8") for file in folder.rglob("*") if file.suffix in {".md", ".rst"})


def _unprintable(text: str, families: list[str]) -> str:
    """Return the letters of a text that neither some families nor Typst's own fonts have."""
    letters = sorted({letter for letter in text if unicodedata.category(letter)[0] in "LNPS"})
    fonts = ["Libertinus Serif", *families, "DejaVu Sans Mono", "New Computer Modern"]
    code = (
        '#set document(title: "Letters")\n'
        '#set text(lang: "en", fallback: false, font: json(bytes(sys.inputs.fonts)))\n'
        "#sys.inputs.letters"
    )
    inputs = {"fonts": json.dumps(fonts), "letters": " ".join(letters)}
    try:
        typst.compile(code.encode(), format="pdf", pdf_standards=["ua-1"], sys_inputs=inputs)
    except typst.TypstError as error:
        absent = re.findall(r"the text `(.*)` could not be displayed", error.diagnostic)
        return ", ".join(absent) or str(error)
    return ""


def _absent(reason: str, variable: str) -> NoReturn:
    """Skip, or fail where the environment variable says that nothing may be absent."""
    if os.environ.get(variable) == "1":
        pytest.fail(f"{reason} ({variable}=1)")
    pytest.skip(reason)


T = TypeVar("T")


def run_alone(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine does, in a thread of its own: where a browser was driven before, this one has a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def at(line: int = 1, file: str = FILE) -> Span:
    """Return the empty span at the start of a line."""
    return Span(file, line)


def principle(id: str = "be_kind", *, text: str = "", **fields: Any) -> Principle:  # noqa: A002
    """Return a principle; ``text`` becomes its one run of prose."""
    blocks = (Prose(source=f"{text}\n", text=text, span=at(2)),) if text else ()
    defaults = {
        "title": id.replace("_", " ").capitalize(),
        "depth": 1,
        "authority": "user",
        "span": at(),
        "blocks": blocks,
    }
    return Principle(id=id, **{**defaults, **fields})


def message(role: str = "user", text: str = "Hello", **fields: Any) -> Message:
    """Return a message."""
    return Message(role=role, text=text, **{"span": at(), **fields})


def response(verdict: Verdict = Verdict.GOOD, text: str = "Hello to you", **fields: Any) -> Response:
    """Return an alternative answer."""
    return Response(verdict=verdict, text=text, **{"span": at(), **fields})


def example(id: str = "be_kind-a-greeting", *responses: Response, **fields: Any) -> Example:  # noqa: A002
    """Return an example: one user message, then a comparison of the answers, good and bad by default."""
    answers = responses or (response(), response(Verdict.BAD, "What do you want?"))
    defaults = {
        "title": "a greeting",
        "source_title": "a greeting",
        "source": "",
        "span": at(),
        "turns": (message(), Comparison(responses=answers, span=at())),
    }
    return Example(id=id, **{**defaults, **fields})


def spec(*provisions: Provision, **fields: Any) -> Spec:
    """Return a spec of these provisions with five levels, root to guideline."""
    defaults = {
        "title": "A spec",
        "documents": (Document(file=FILE, markup=Markup.MODEL_SPEC),),
        "levels": LEVELS,
    }
    return Spec(provisions=provisions, **{**defaults, **fields})


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    return Run(monkeypatch, capfdbinary)


class Run:
    """Runs the command in this process and gives status, output and errors."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]) -> None:
        self.monkeypatch = monkeypatch
        self.capture = capture

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self.monkeypatch.setattr("sys.argv", ["policyspec", *map(str, arguments)])
        self.capture.readouterr()
        with pytest.raises(SystemExit) as status:
            cli.main()
        out, err = self.capture.readouterr()
        return int(status.value.code or 0), out.decode(), err.decode()


def source_texts(spec: Spec) -> dict[str, str]:
    """Return the text of each file that a release was read from, joined from its items."""
    texts: dict[str, str] = {}
    for document in spec.documents:
        parts = [(block.span, block.source) for block in spec.preamble]
        for provision in spec.provisions:
            parts.append((provision.span, provision.source))
            parts += [(block.span, block.source) for block in provision.blocks]
        # A list item with a level of its own stands among what the section around it says.
        texts[document.file] = "".join(source for _, source in sorted(parts, key=lambda part: part[0]))
    for file in spec.prompt_files:
        texts[file.span.file] = file.source + "".join(block.source for block in file.blocks)
    if spec.changelog:
        log = spec.changelog
        texts[log.span.file] = log.source + "".join(entry.source for entry in log.entries)
    return texts
