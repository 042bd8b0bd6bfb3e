"""A Sphinx project as SOURCE."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Severity
from sphinx_policyspec.sphinx_ext.build.project import read_project


def test_a_project_is_read_and_nothing_is_written_into_it(rootdir: Path) -> None:
    folder = rootdir / "test-twin-rst"
    before = sorted(folder.rglob("*"))
    read = read_project(folder)
    spec, findings = read.spec, read.findings
    assert [p.id for p in spec.principles] == ["be_honest", "be_kind", "never-shout"]
    assert {f.code for f in findings if f.severity is not Severity.HINT} == {"preference-across-levels"}
    assert [path for path in sorted(folder.rglob("*")) if "__pycache__" not in path.parts] == before


def test_a_project_and_its_graph_say_the_same(rootdir: Path) -> None:
    for name in ("test-twin-rst", "test-twin-myst", "test-builders"):
        spec = read_project(rootdir / name).spec
        assert from_graph(to_graph(spec)) == spec


@pytest.mark.parametrize("given", ["", "https://example.com/"])
def test_a_project_has_the_graph_that_its_site_publishes(
    project: Callable[[str], Path], tmp_path: Path, given: str
) -> None:
    source = project("rebuild")
    with (source / "conf.py").open("a", encoding="utf-8") as conf:
        conf.write("policyspec_outputs = ['nt']\npolicyspec_base_iri = 'https://example.org/ours/'\n")
    ps.build_handbook(source, tmp_path / "site", base_iri=given)
    spec = ps.load(source)
    data = ps.to_rdf(replace(spec, base_iri=given or spec.base_iri), "nt")
    assert f"<{given or 'https://example.org/ours/'}provision/be_kind>".encode() in data
    assert (tmp_path / "site" / "spec.nt").read_bytes() == data


def test_findings_come_with_the_spec(rootdir: Path) -> None:
    read = read_project(rootdir / "test-bad-input")
    spec, findings = read.spec, read.findings
    assert len(spec.principles) == 4
    assert {"duplicate-id", "dangling-reference", "unknown-level", "unclosed-tag"} <= {
        f.code for f in findings
    }


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ("raise ValueError('no')", "There is a programmable error in your configuration file"),
        ("extensions = ['no_such_module_of_ours']", "Could not import extension no_such_module_of_ours"),
        ("project = 'x'", "does not load the extension `sphinx_policyspec`"),
        ("extensions = ['sphinx_policyspec']\nroot_doc = 'missing'", "cannot read the Sphinx project"),
    ],
)
def test_a_project_that_cannot_be_read_is_one_clear_error(tmp_path: Path, conf: str, message: str) -> None:
    (tmp_path / "conf.py").write_text(conf, "utf-8")
    with pytest.raises(SourceError, match=message):
        read_project(tmp_path)


@pytest.mark.parametrize(
    "conf",
    [
        "extensions = ['sphinx_policyspec', 'nobody_has_this']",
        "extensions = ['sphinx_policyspec']\nhtml_theme = 'nobody_has_this'",
        "import nobody_has_this.inside",
    ],
)
def test_a_package_that_is_missing_is_told_with_where_to_install_it(tmp_path: Path, conf: str) -> None:
    (tmp_path / "conf.py").write_text(conf, "utf-8")
    (tmp_path / "index.rst").write_text("T\n=\n", "utf-8")
    with pytest.raises(
        SourceError, match=r"install what the project needs \(`nobody_has_this`\) .*`additional_dependencies`"
    ):
        read_project(tmp_path)


def test_a_project_without_questions_is_read_without_rdf(rootdir: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from sphinx_policyspec.sphinx_ext.build.project import read_project\n"
        f"read_project(Path({str(rootdir / 'test-outside')!r}))\n"
        "assert not {'rdflib', 'pyoxigraph'} & set(sys.modules), 'RDF was imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
