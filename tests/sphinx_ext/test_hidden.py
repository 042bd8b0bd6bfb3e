"""What a build hides is in none of its files, whoever hides it and whatever holds it; what it shows is in all."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.sphinx_ext.build import trial
from sphinx_policyspec.sphinx_ext.domain.domain import domain_of
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from tests.sphinx_ext.hidden_words import WAYS, Markup, indented, pages, things_shown, words_in

BUILDERS = [
    "html",
    "dirhtml",
    "singlehtml",
    "json",
    "epub",
    "text",
    "man",
    "latex",
    "policypdf",
    "texinfo",
    "xml",
]
SILENT = {"unshown", "inprompt", "level"}
"""Things whose words stand in the graph alone, or that the pages leave out."""
CONF = (
    "extensions = ['myst_parser', 'sphinx.ext.ifconfig', 'sphinx.ext.todo', 'sphinx_policyspec', {extra}]\n"
    "html_theme = 'basic'\n"
)
HIDERS = "'tests.sphinx_ext.hiders'"
RST = Markup("rst")
Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hidden") / "source"
    pages(folder)
    return folder


def texts_of(folder: Path) -> dict[str, str]:
    """Return what a build wrote; Sphinx's copies of sources, and its own caches, are its own matter."""
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if not file.is_file() or ".doctrees" in name or "_sources/" in name or name.endswith(".pickle"):
            continue
        data = file.read_bytes()
        if name.endswith("objects.inv"):
            data = zlib.decompress(data.split(b"\n", 4)[4])
        if name.endswith(".epub"):
            with zipfile.ZipFile(io.BytesIO(data)) as book:
                data = b"\n".join(book.read(part) for part in book.namelist())
        found[name] = data.decode("utf-8", errors="replace")
    return found


@pytest.mark.parametrize(
    "builder",
    # These write what the writer of `html` makes to other places.
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in {"dirhtml", "singlehtml", "json"} else [])
        for name in BUILDERS
    ],
)
def test_what_a_builder_hides_is_in_none_of_its_files(source: Path, builder: str, make_app: Build) -> None:
    # All builders share an environment, in which each finds what another hides.
    app = make_app(builder, srcdir=source, builddir=source.parent / "out")
    app.build()
    shown = {
        f"{name}{suffix}": things_shown(name, suffix)
        for name, way in WAYS.items()
        for suffix in way.markups
        if app.builder.format in way.shown
    }
    leaks: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, set[str]] = defaultdict(set)
    for name, text in texts_of(Path(app.outdir)).items():
        for word in words_in(text):
            _, way, thing = word.split("zq")
            (seen if way in shown else leaks)[way].add(thing if way in shown else f"{thing} in {name}")
    assert leaks == {}
    assert {way: lost for way, things in shown.items() if (lost := things - SILENT - seen[way])} == {}


def test_a_command_tells_nothing_that_a_project_hides(source: Path) -> None:
    spec = ps.load(source)
    ways = {word.split("zq")[1] for word in words_in(repr(vars(spec)))}
    assert ways <= {f"{name}{suffix}" for name, way in WAYS.items() if way.shown for suffix in way.markups}
    assert {"iftruerst", "iftruemd", "plainrst", "turnedmd"} <= ways


def test_what_a_project_shows_is_in_its_graph(source: Path, make_app: Build) -> None:
    app = make_app("html", srcdir=source, builddir=source.parent / "out")
    app.build()
    words = words_in((Path(app.outdir) / "spec.nt").read_text("utf-8"))
    page_alone = {"query", "level"}
    for way, suffix in (
        ("format", "rst"),
        ("iftrue", "rst"),
        ("iftrue", "md"),
        ("plain", "md"),
        ("turned", "rst"),
    ):
        told = {word.split("zq")[2] for word in words if word.startswith(f"zq{way}{suffix}zq")}
        assert told >= things_shown(way, suffix) - page_alone


# -- one page ---------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Path]:
    """Write a project of one page."""

    def write(text: str, conf: str = "", extra: str = HIDERS, suffix: str = "rst") -> Path:
        folder = tmp_path / "source"
        folder.mkdir(exist_ok=True)
        (folder / "conf.py").write_text(CONF.format(extra=extra) + conf, "utf-8")
        (folder / f"index.{suffix}").write_text(text, "utf-8")
        return folder

    return write


def principle(identifier: str, text: str = "Text.", title: str = "", **options: str) -> str:
    return RST.block("policy:principle", title, text, id=identifier, authority="user", **options)


def joined(*parts: str) -> str:
    return "\n\n".join(["Top\n===", *parts]) + "\n"


def test_a_link_to_what_is_hidden_leads_nowhere(
    page: Callable[..., Path], build: Build, warnings_in: Warnings
) -> None:
    hidden = RST.block("late", "", principle("secret", title="Secret"))
    app = build(page(joined(hidden, principle("seen", "See :policy:principle:`secret`.", title="Seen"))))
    assert [line for line in warnings_in(app) if "outdated" not in line] == [
        "index.rst:16: unknown provision `secret`; known are `seen`, `top` [policyspec.dangling-reference]"
    ]
    assert 'href="#secret"' not in (app.outdir / "index.html").read_text("utf-8")


def test_of_two_variants_of_a_principle_the_one_that_is_shown_has_its_id(
    page: Callable[..., Path], build: Build, warnings_in: Warnings
) -> None:
    variants = [
        RST.block("only", tag, principle("rule", f"For {tag}.", title=f"Rule {tag}"))
        for tag in ("one", "two")
    ]
    source = page(joined(*variants), extra="")
    for tag in ("one", "two"):
        app = build(source, tags=[tag])
        assert [line for line in warnings_in(app) if "id `rule`" in line] == []
        text = (app.outdir / "index.html").read_text("utf-8")
        assert text.count('id="rule"') == 1
        (found,) = Knowledge().spec(app.env).principles
        assert (found.id, found.title) == ("rule", f"Rule {tag}")


@pytest.mark.parametrize("way", ["early", "late", "unread", "unheard", "skipped"])
def test_a_hidden_directive_says_nothing_of_its_section(
    page: Callable[..., Path], build: Build, way: str
) -> None:
    marker = RST.block(way, "", principle("secret", ""))
    app = build(page(joined("Plain\n-----", marker, "Words.", "Seen\n----", principle("seen", ""))))
    spec = Knowledge().spec(app.env)
    assert [found.id for found in spec.principles] == ["seen"]
    assert 'id="secret"' not in (app.outdir / "index.html").read_text("utf-8")


@pytest.mark.parametrize("way", [".. only:: latex", ".. ifconfig:: builder == 'latex'"])
def test_a_page_of_which_a_builder_shows_nothing_is_whole_for_another(
    page: Callable[..., Path], build: Build, way: str
) -> None:
    source = page(joined(f"{way}\n\n{indented(principle('rule', title='Rule'))}"), extra="")
    found = [
        [found.id for found in Knowledge().spec(build(source, name).env).principles]
        for name in ("html", "latex", "html", "latex", "text")
    ]
    assert found == [[], ["rule"], [], ["rule"], []]


def test_a_trial_leaves_no_trace(page: Callable[..., Path], build: Build) -> None:
    conf = """
def count(app, doctree, docname):
    app.env.counted = getattr(app.env, "counted", 0) + 1

def setup(app):
    app.connect("doctree-resolved", count)
"""
    app = build(page(joined(RST.block("late", "", "Hidden."), principle("seen", title="Seen")), conf))
    assert vars(app.env)["counted"] == 1


@pytest.mark.parametrize(
    ("extra", "text", "tried"), [("", "Words.", 0), ("", ".. only:: x\n\n   W.", 1), (HIDERS, "Words.", 1)]
)
def test_only_pages_where_something_may_hide_are_tried(  # noqa: PLR0917 - fixtures
    page: Callable[..., Path],
    build: Build,
    monkeypatch: pytest.MonkeyPatch,
    extra: str,
    text: str,
    tried: int,
) -> None:
    found: list[str] = []
    was = trial._in_fork

    def apart(work: Callable[[], dict[str, frozenset[int]]]) -> dict[str, frozenset[int]]:
        answer = was(work)
        found.extend(answer)
        return answer

    monkeypatch.setattr(trial, "_in_fork", apart)
    source = page(joined(text, principle("seen", title="Seen")), extra=extra)
    app = build(source)
    assert len(found) == tried
    assert (domain_of(app.env).pages["index"].hidden is not None) is bool(tried)
    build(source)
    assert len(found) == tried


def test_a_trial_can_do_without_processes(
    page: Callable[..., Path], build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "parallel_available", False)
    app = build(
        page(
            joined(
                RST.block("early", "", principle("secret", title="Secret")), principle("seen", title="Seen")
            )
        )
    )
    assert [found.id for found in Knowledge().spec(app.env).principles] == ["seen"]


def test_handlers_that_fail_hide_nothing(page: Callable[..., Path], build: Build) -> None:
    conf = """
def fail(app, doctree, docname):
    if app.phase.name == "READING":
        raise RuntimeError(docname)

def setup(app):
    app.connect("doctree-resolved", fail)
"""
    text = joined(RST.block("late", "", principle("secret", title="Secret")), principle("seen", title="Seen"))
    app = build(page(text, conf))
    assert [found.id for found in Knowledge().spec(app.env).principles] == ["seen"]


def everywhere(app: SphinxTestApp) -> str:
    return "\n".join(texts_of(Path(app.outdir)).values())


COMMENTED = """
# Top <!-- zqmarker -->

```{policy:principle} Be <!-- zqmarker --> kind
:id: be_kind
:authority: user

Text, [a link <!-- zqmarker -->](https://example.org).
```

```{policy:principle} Be <!-- zqmarker --> good
:authority: user

Text.
```

````{policy:example} One <!-- zqmarker --> case
```{policy:message} user
Hi.
```
```{policy:response} bad
:note: it <!-- zqmarker --> is

Yes.
```
````

```{policy:topic} Money <!-- zqmarker -->
```

```{policy:goal} Goal <!-- zqmarker -->
```

```{policy:definition} Term <!-- zqmarker -->
Meaning.
```

````{policy:prompt} Try <!-- zqmarker -->
:tests: be_kind
:show:

```{policy:message} user
Hi.
```
````
"""


def test_a_comment_in_an_argument_or_option_shows_nothing(page: Callable[..., Path], build: Build) -> None:
    app = build(page(COMMENTED, "policyspec_outputs = ['ttl', 'jsonld']\n", "", "md"))
    assert "zqmarker" not in everywhere(app)
    spec = Knowledge().spec(app.env)
    assert [example.title for example in spec.examples] == ["One case"]
    assert (spec.topics[0].label, spec.goals[0].title, spec.prompts[0].title) == ("Money", "Goal", "Try")


def test_words_hidden_in_a_title_or_a_note_are_nowhere(page: Callable[..., Path], build: Build) -> None:
    word = ":whisper:`zqmarker`"
    example = RST.block(
        "policy:example",
        f"One {word} case",
        RST.block("policy:message", "user", "Hi.")
        + "\n\n"
        + RST.block("policy:response", "bad", "Yes.", note=f"it {word} is"),
    )
    # Sphinx's contents of a page have the whole titles of its sections, and so have the anchors that it makes of them.
    text = joined(principle("seen", "Text.", title="Seen"), example)
    app = build(page(text, "policyspec_outputs = ['ttl']\nhtml_copy_source = False\n"))
    assert "zqmarker" not in everywhere(app)
    (found,) = Knowledge().spec(app.env).examples
    assert " ".join(found.title.split()) == "One case"


@pytest.mark.parametrize(
    "way", [".. late::", ".. todo::", ".. ifconfig:: False", ".. only:: internal", ".. unread::"]
)
def test_what_is_wrong_with_what_is_hidden_is_not_told(
    page: Callable[..., Path], build: Build, warnings_in: Warnings, way: str
) -> None:
    wrong = "\n\n".join(
        [
            principle("bad id zqmarker", "Text :policy:clause:`zqmarker`.", "Hidden", zqmarker="zqmarker"),
            RST.block("policy:example", "Zq", RST.block("policy:response", "zqmarker", "Yes.")),
        ]
    )
    text = joined(f"{way}\n\n{indented(wrong)}", principle("seen", title="Seen", unheard_of="x"))
    app = build(page(text))
    assert [line.rpartition("[")[2] for line in warnings_in(app) if "outdated" not in line] == [
        "policyspec.unknown-option]"
    ]
    assert not [found for found in ps.check(page(text)) if "zqmarker" in found.message]


@pytest.mark.parametrize("suffix", ["rst", "md"])
def test_what_is_meant_for_another_format_describes_no_page(
    page: Callable[..., Path], build: Build, suffix: str
) -> None:
    markup = Markup(suffix)
    parts = [
        markup.heading("Top", 1),
        markup.block("policy:principle", "", id="seen", authority="user"),
        markup.block("raw", "latex", "zqmarker"),
        markup.block("raw", "html", "<b>shown</b>"),
        "Words.",
    ]
    app = build(page("\n\n".join(parts) + "\n", "html_copy_source = False\n", "", suffix))
    text = everywhere(app)
    assert "zqmarker" not in text
    assert '<meta name="description" content="Words.">' in text


def test_html_that_is_no_comment_is_kept(page: Callable[..., Path], build: Build) -> None:
    text = (
        "# Top\n\n```{policy:principle} Seen\n:id: seen\n:authority: user\n\nText.\n```\n\n"
        "<script>let a = '<!-- kept -->';</script>\n\n<p>Also <!-- gone --> kept</p>\n\nWords <!-- gone\ntoo --> here.\n\n"
        "## Title <!-- gone -->\n\n<!--\ngone\n\n## Gone\n"
    )
    app = build(page(text, suffix="md", extra=""))
    html = (app.outdir / "index.html").read_text("utf-8")
    assert "<!-- kept -->" in html
    assert "<p>Also  kept</p>" in html
    assert "gone" not in html.lower()


# -- a rebuild equals a fresh build ------------------------------------------------------------------


CASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "a value that shows": ({}, {"conf": "audience = 'internal'\n"}),
    "a value that hides": ({"conf": "audience = 'internal'\n"}, {}),
    "an option of another extension": ({}, {"conf": "todo_include_todos = True\n"}),
    "another builder in between": ({"between": ["latex", "text"]}, {}),
    "a tag": ({"tags": ["internal"]}, {"tags": []}),
    "an edit": ({}, {"edit": ("Seen words.", "Other words.")}),
    "an edit that moves what is hidden": (
        {},
        {"edit": ("Seen words.", "More.\n\n* One\n* Two\n\nSeen words.")},
    ),
    "an edit that shows": ({}, {"edit": (".. late::", ".. turned::")}),
    "an edit that hides": ({}, {"edit": (".. turned::", ".. late::")}),
    "nothing": ({}, {}),
}
BY_PROCESSES = {
    "a value that shows": "all pages are read again, and the processes' environments merged",
    "another builder in between": "what each builder hides is kept beside what processes have read",
    "an edit that moves what is hidden": "the marks come from the environment of one process",
}
"""Cases that several processes may answer otherwise than one, and why; of the others that is a long suite."""


@pytest.mark.parametrize(
    ("name", "parallel"),
    [
        pytest.param(name, number, marks=[pytest.mark.slow] if number and name not in BY_PROCESSES else [])
        for name in CASES
        for number in (0, 2)
    ],
)
def test_a_rebuild_equals_a_fresh_build(  # noqa: PLR0917 - fixtures
    page: Callable[..., Path],
    build: Build,
    written: Callable[[Path], dict[str, bytes]],
    warnings_in: Warnings,
    name: str,
    parallel: int,
) -> None:
    held = [
        RST.block(kind, argument, principle(f"in_{kind}", title=f"In {kind}"))
        for kind, argument in (
            ("ifconfig", "audience == 'internal'"),
            ("todo", ""),
            ("late", ""),
            ("turned", ""),
        )
    ]
    page_text = joined(
        *held,
        RST.block("only", "html", principle("in_html", title="In HTML")),
        RST.block("only", "internal", principle("in_tag", title="In tag")),
        principle("seen", "Seen words.", title="Seen"),
    )
    first, then = CASES[name]

    def given(how: dict[str, object], text: str) -> tuple[Path, dict[str, object]]:
        source = page(text, str(how.get("conf", "")))
        asks = "Other\n=====\n\n.. policy:principle-list::\n\n.. policy:query:: hard-rules\n"
        (source / "other.rst").write_text(f":orphan:\n\n{asks}", "utf-8")
        return source, {"tags": how.get("tags", ()), "parallel": parallel}

    source, options = given(first, page_text)
    build(source, out="kept", **options)
    between = first.get("between", ())
    for builder in between if isinstance(between, Iterable) else ():
        build(source, builder, out="kept", **options)
    edit = then.get("edit", ("", ""))
    assert isinstance(edit, tuple)
    source, options = given(then, page_text.replace(*edit))
    again = build(source, out="kept", **options)
    fresh = build(source, out="fresh", **options)
    ours, theirs = written(again.outdir), written(fresh.outdir)
    assert {key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)} - {".buildinfo.bak"} == set()
    assert [o.id for o in domain_of(again.env).objects()] == [o.id for o in domain_of(fresh.env).objects()]
    assert sorted(warnings_in(again)) == sorted(warnings_in(fresh))


def test_a_page_that_leaves_a_project_and_comes_back(
    page: Callable[..., Path], build: Build, written: Callable[[Path], dict[str, bytes]]
) -> None:
    source = page(joined(principle("seen", title="Seen")))
    (source / "second.rst").write_text(f":orphan:\n\n{joined(principle('second', title='Second'))}", "utf-8")
    conf = (source / "conf.py").read_text("utf-8")
    leave = "def setup(app):\n    app.connect('env-updated', lambda app, env: env.project.docnames.discard('second'))\n"
    ids = []
    for text in (conf, conf + leave, conf):
        (source / "conf.py").write_text(text, "utf-8")
        app = build(source)
        ids.append([found.id for found in Knowledge().spec(app.env).principles])
    assert ids == [["seen", "second"], ["seen"], ["seen", "second"]]
    fresh = build(source, out="fresh")
    assert written(app.outdir)["spec.ttl"] == written(fresh.outdir)["spec.ttl"]
