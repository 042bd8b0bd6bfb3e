"""A project read by a command is the project that is built: graph, findings and answers, whatever Sphinx is told."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from sphinx.application import Sphinx
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.model import Severity
from tests.conftest import REPOSITORY, Run

Build = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
MakeApp = Callable[..., SphinxTestApp]

ROOTS = [
    *sorted(path.parent for path in (REPOSITORY / "tests" / "roots").glob("*/conf.py")),
    REPOSITORY / "example_docs",
]


def told_by_build(lines: Iterable[str]) -> list[str]:
    """Return the warnings of our own, but for hints on what to write instead."""
    ours = (re.fullmatch(r"(.*?)(?:; .*)? \[policyspec\.([\w-]+)\]", line) for line in lines)
    return sorted(f"{match[1].partition('; ')[0]} [{match[2]}]" for match in ours if match)


def told_by_check(source: Path, **options: Any) -> list[str]:
    """Return what the command tells, in the form of a build's warnings."""
    return told_of(ps.load_checked(source, **options))


def told_of(loaded: ps.Loaded) -> list[str]:
    return sorted(
        f"{f.span.file}:{f.span.line}: {f.message.partition('; ')[0]} [{f.code}]"
        for f in ps.check(loaded)
        if f.severity is not Severity.HINT
    )


def graph_of(source: Path, form: str = "ttl", **options: Any) -> bytes:
    return ps.to_rdf(ps.load(source, **options), form)


@pytest.mark.parametrize("root", ROOTS, ids=lambda path: path.name)
def test_every_project_has_the_graph_and_the_findings_of_its_site(
    root: Path, tmp_path: Path, build: Build, warnings_in: Warnings
) -> None:
    # A build compiles catalogues in place.
    source = Path(shutil.copytree(root, tmp_path / "docs", ignore=shutil.ignore_patterns("_build")))
    app = build(source)
    loaded = ps.load_checked(source)
    site = Path(app.outdir, "spec.ttl")
    if site.is_file():
        assert ps.to_rdf(loaded.spec, "ttl") == site.read_bytes()
    assert told_of(loaded) == told_by_build(warnings_in(app))


CONF = """project = "P"
extensions = ["sphinx_policyspec"]
html_theme = "basic"
if tags.has("internal"):
    policyspec_base_iri = "https://internal.example.org/"
def expand(app, docname, source):
    if app.builder.format == "html":
        source[0] = app.builder.templates.render_string(source[0], {"level": "root", "name": app.builder.name})
def note(app, *rest):
    app.config.html_context["began"] = "by the builder"
def setup(app):
    app.add_config_value("team", "nobody", "env")
    app.connect("source-read", expand)
    app.connect("builder-inited", note)
"""


def rule(id_: str, words: str = "You must.", level: str = "root") -> str:
    return f".. policy:principle:: Rule {id_}\n   :id: {id_}\n   :authority: {level}\n\n   {words}\n\n"


def only(condition: str, id_: str) -> str:
    return f".. only:: {condition}\n\n" + "".join(
        f"   {line}\n" if line else "\n" for line in rule(id_).splitlines()
    )


@pytest.fixture
def conditional(tmp_path: Path) -> Path:
    """A project whose rules depend on builder, format, tags, options and handlers."""
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text(CONF, "utf-8")
    conditions = (
        "html",
        "builder_html",
        "not latex",
        "builder_singlehtml",
        "internal",
        "html and not internal",
    )
    text = "T\n=\n\n" + "".join(only(given, f"rule-{n}") for n, given in enumerate(conditions))
    text += rule("templated", "By {{ name }}.", "{{ level }}")
    text += ".. policy:query:: hard-rules\n   :expect-rows: 5\n"
    (source / "index.rst").write_text(text, "utf-8")
    return source


@pytest.mark.parametrize("builder", ["html", "dirhtml", "singlehtml"])
@pytest.mark.parametrize("tags", [(), ("internal",)])
def test_builder_and_tags_hold_as_for_sphinx_build(
    conditional: Path, build: Build, warnings_in: Warnings, builder: str, tags: tuple[str, ...]
) -> None:
    app = build(conditional, builder, tags=tags)
    given: dict[str, Any] = {"builder": builder, "tags": tags}
    assert graph_of(conditional, **given) == Path(app.outdir, "spec.ttl").read_bytes()
    assert told_by_check(conditional, **given) == told_by_build(warnings_in(app))


def test_a_builder_without_a_graph_has_the_spec_of_its_own(conditional: Path) -> None:
    ids = {name: {p.id for p in ps.load(conditional, builder=name).principles} for name in ("latex", "text")}
    assert ids["latex"] == {"templated"}
    assert ids["text"] == {"rule-2", "templated"}


def test_the_command_line_takes_what_sphinx_build_takes(
    conditional: Path, run: Run, make_app: MakeApp
) -> None:
    app = make_app(
        "html",
        srcdir=conditional,
        tags=["internal", "second"],
        confoverrides={"project": "Q", "policyspec_outputs": "nt"},
    )
    app.build()
    given = ("-t", "internal", "--tag", "second", "-D", "project=Q", "-D", "policyspec_outputs=nt")
    status, out, _ = run("graph", conditional, "--format", "nt", *given, "-b", "html")
    assert status == 0
    assert out.encode() == Path(app.outdir, "spec.nt").read_bytes()
    assert '"Q"' in out
    assert "https://internal.example.org/" in out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("-D", "project"), "`project` is not of the form NAME=VALUE"),
        (("-b", "nobuilder"), "nobuilder"),
        (("-c", "nowhere"), "`nowhere` has no `conf.py`"),
    ],
)
def test_what_sphinx_cannot_be_told_is_a_message(
    conditional: Path, run: Run, given: tuple[str, str], message: str
) -> None:
    status, _, err = run("stats", conditional, *given)
    assert status == 2
    assert message in err
    assert "Traceback" not in err


def test_a_handbook_takes_them_too(conditional: Path, run: Run, tmp_path: Path) -> None:
    status, _, err = run(
        "handbook", conditional, "-o", tmp_path / "site", "-q", "-t", "internal", "-D", "project=Q"
    )
    assert status == 0, err
    expected = graph_of(conditional, tags=["internal"], overrides={"project": "Q"})
    assert (tmp_path / "site" / "spec.ttl").read_bytes() == expected


SUPPRESSED = ["policyspec.dangling-reference", "policyspec.*", "policyspec", "policyspec.unknown-level"]


@pytest.mark.parametrize("name", SUPPRESSED)
def test_warnings_that_are_suppressed_are_not_told_by_either(
    tmp_path: Path, build: Build, warnings_in: Warnings, name: str
) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text(
        f"extensions = ['sphinx_policyspec']\nhtml_theme = 'basic'\nsuppress_warnings = [{name!r}]\n", "utf-8"
    )
    (source / "index.rst").write_text(
        "T\n=\n\n" + rule("k", "See :policy:principle:`gone`.", "nobody"), "utf-8"
    )
    told = told_by_build(warnings_in(build(source)))
    assert told_by_check(source) == told
    codes = {line.rpartition(" ")[2] for line in told}
    every = {"[dangling-reference]", "[unknown-level]"}
    assert codes == ({code for code in every if code.strip("[]") not in name} if "." in name[:-2] else set())
    assert not {finding.code for finding in ps.check(ps.load_checked(source))} & {name.rpartition(".")[2]}


HELD_BACK = ["suppress_warnings=policyspec.unknown-level", "policyspec_severity.unknown-level=off"]


@pytest.mark.parametrize("setting", HELD_BACK)
@pytest.mark.parametrize("command", [("query", "hard-rules"), ("graph",), ("stats",), ("check",)])
def test_what_a_project_holds_back_no_command_tells(
    tmp_path: Path, run: Run, command: tuple[str, ...], setting: str
) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['sphinx_policyspec']\n", "utf-8")
    (source / "index.rst").write_text("T\n=\n\n" + rule("k", level="nobody"), "utf-8")
    name, *arguments = command
    told = run(name, source, *arguments)
    held = run(name, source, *arguments, "-D", setting)
    assert "[unknown-level]" in told[1] + told[2]
    assert "[unknown-level]" not in held[1] + held[2]
    known = tmp_path / "docs" / "known.json"
    run("check", source, "--format", "baseline", "-o", known)
    held = run(name, source, *arguments, "-D", "policyspec_baseline=known.json")
    assert "[unknown-level]" not in held[1] + held[2]


SETTINGS = {
    "value": ("policyspec_outputs = ['turtle']", 3, "`policyspec_outputs`: unknown format `turtle`"),
    "type": ("policyspec_base_iri = 3", 3, "`policyspec_base_iri`: expected a text"),
    "name": ("policyspec_base_irri = ''", 3, "unknown option `policyspec_base_irri`"),
    "pattern": (
        "policyspec_model_spec = ['index.rst', 'upstream/*.md']",
        3,
        "`policyspec_model_spec`: no file matches `upstream/*.md`",
    ),
    "baseline": ("policyspec_baseline = 'known.json'", 3, "`policyspec_baseline`: cannot read"),
    "older release": ("policyspec_since = 'old'", 3, "`policyspec_since`: `old` does not exist"),
}


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
def test_a_wrong_setting_is_told_by_both_at_its_line(
    tmp_path: Path, build: Build, warnings_in: Warnings, setting: tuple[str, int, str]
) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    text, line, message = setting
    (source / "conf.py").write_text(
        f"extensions = ['sphinx_policyspec']\nhtml_theme = 'basic'\n{text}\n", "utf-8"
    )
    (source / "index.rst").write_text("T\n=\n\n" + rule("k"), "utf-8")
    told = told_by_build(warnings_in(build(source)))
    assert told_by_check(source) == told
    (only_one,) = [one for one in told if "policyspec_" in one]
    assert only_one.startswith(f"conf.py:{line}: {message}")


def test_a_setting_that_is_wrong_on_the_command_line_is_told(conditional: Path, run: Run) -> None:
    _, out, _ = run("check", conditional, "-D", "policyspec_outputs=turtle", "-D", "policyspec_sevrity.a=b")
    assert "`policyspec_outputs`: unknown format `turtle`" in out
    assert "unknown option `policyspec_sevrity`" in out
    _, out, _ = run("check", conditional, "-D", "policyspec_whatever=b", "--format", "github")
    assert "unknown option `policyspec_whatever`; " in out


def test_what_a_format_cannot_hold_is_told_by_both(
    tmp_path: Path, build: Build, warnings_in: Warnings
) -> None:
    source = tmp_path / "docs"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['myst_parser', 'sphinx_policyspec']\nhtml_theme = 'basic'\npolicyspec_outputs = ['rdf', 'nt']\n",
        "utf-8",
    )
    (source / "index.md").write_text(
        "# T\n\n```{policy:principle} K\n:id: k\n:authority: user\n\nA \x01 mark.\n```\n", "utf-8"
    )
    told = told_by_build(warnings_in(build(source)))
    assert told_by_check(source) == told
    assert any("[unrepresentable-character]" in line for line in told)


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """Sources in one folder and configuration in another, with all that our options name beside it."""
    (tmp_path / "docs").mkdir()
    conf = tmp_path / "conf"
    (conf / "old").mkdir(parents=True)
    (conf / "conf.py").write_text(
        'project = "P"\nextensions = ["sphinx_policyspec"]\nhtml_theme = "basic"\npolicyspec_since = "old"\n'
        'policyspec_annotations = ["notes.yaml"]\npolicyspec_baseline = "known.json"\n',
        "utf-8",
    )
    (conf / "notes.yaml").write_text(
        "topics: [{id: manners, label: Manners}]\nprovisions:\n  k: {topics: [manners]}\n  gone: {topics: [manners]}\n",
        "utf-8",
    )
    (conf / "old" / "model_spec.md").write_text(
        "# T {#t}\n\n## Rule k {#k authority=user}\n\nYou must.\n", "utf-8"
    )
    (tmp_path / "docs" / "index.rst").write_text(
        "T\n=\n\n" + rule("k", "You must, see :policy:principle:`gone`.") + ".. policy:changes::\n", "utf-8"
    )
    return tmp_path


def built_apart(make_app: MakeApp, divided: Path, out: str) -> SphinxTestApp:
    """Build as ``sphinx-build -c conf docs``; the harness of Sphinx knows no folder of configuration."""
    original = Sphinx.__init__

    def init(self: Sphinx, srcdir: Any, _confdir: Any, *args: Any, **kwargs: Any) -> None:
        original(self, srcdir, divided / "conf", *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sphinx, "__init__", init)
        app = make_app("html", srcdir=divided / "docs", builddir=divided / out)
    app.build()
    return app


def test_all_paths_of_options_are_below_the_folder_of_conf_py(
    divided: Path, make_app: MakeApp, warnings_in: Warnings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = built_apart(make_app, divided, "one")
    told = told_by_build(warnings_in(app))
    given: dict[str, Any] = {"confdir": divided / "conf"}
    assert told_by_check(divided / "docs", **given) == told
    assert [line for line in told if "notes.yaml" in line] == [
        "../conf/notes.yaml:4: no provision `gone` [stale-annotation]"
    ]
    assert next(line for line in told if "[config]" in line).startswith(
        "../conf/conf.py:6: `policyspec_baseline`"
    )
    assert graph_of(divided / "docs", **given) == Path(app.outdir, "spec.ttl").read_bytes()
    page = Path(app.outdir, "policy-changes.html").read_text("utf-8")
    assert re.search(r"level raised from .*user.* to .*root", page)
    assert "Manners" not in page
    monkeypatch.chdir(divided)
    assert run("check", "docs", "-c", "conf", "--format", "baseline", "-o", "conf/known.json")[0] == 0
    assert run("check", "docs", "-c", "conf", "--fail-on", "warning")[0] == 0
    assert told_by_build(warnings_in(built_apart(make_app, divided, "two"))) == []


def test_a_missing_sidecar_is_told_as_one(divided: Path, make_app: MakeApp, warnings_in: Warnings) -> None:
    (divided / "conf" / "notes.yaml").unlink()
    told = told_by_build(warnings_in(built_apart(make_app, divided, "one")))
    assert told_by_check(divided / "docs", confdir=divided / "conf") == told
    (missing,) = [line for line in told if "notes.yaml" in line]
    assert missing.startswith("../conf/conf.py:5: `policyspec_annotations`: `notes.yaml` does not exist")
    assert not [line for line in told if "policyspec_since" in line]
