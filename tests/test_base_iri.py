"""What IRIs begin with: ended once, whichever door a base comes through; what is not an IRI is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sphinx.testing.util import SphinxTestApp

import sphinx_policyspec as ps
from sphinx_policyspec.errors import SourceError
from sphinx_policyspec.graph.terms import DEFAULT_BASE, Iris
from sphinx_policyspec.model.spec import is_absolute_iri, with_ending
from tests.conftest import Run

SPEC = "# T {#t}\n\n## Be kind {#be_kind authority=user}\n\nWords.\n"
CONF = 'project = "P"\nextensions = ["myst_parser", "sphinx_policyspec"]\nroot_doc = "index"\n'
PAGE = "# Home\n\n## K\n\n```{policy:principle}\n:id: be_kind\n:authority: user\n```\n\nWords.\n"
BASES = {
    "https://docs.example.org": "https://docs.example.org/",
    "https://docs.example.org:8080": "https://docs.example.org:8080/",
    "https://docs.example.org/spec": "https://docs.example.org/spec/",
    "https://docs.example.org/spec?v=1": "https://docs.example.org/spec?v=1/",
    "https://docs.example.org/spec/": "https://docs.example.org/spec/",
    "https://docs.example.org/spec#": "https://docs.example.org/spec#",
    "urn:example:": "urn:example:",
    "urn:example": "urn:example/",
}
BAD = [
    "not an iri",
    "/docs/",
    "//docs.example.org/",
    "docs.example.org",
    "https://",
    "https:///docs",
    "https://a:",
]


def in_conf(name: str) -> Callable[[Path, str], ps.Loaded]:
    def load(folder: Path, base: str) -> ps.Loaded:
        (folder / "conf.py").write_text(f"{CONF}{name} = {base!r}\n", encoding="utf-8")
        (folder / "index.md").write_text(PAGE, encoding="utf-8")
        return ps.load_checked(folder)

    return load


def in_directive(folder: Path, base: str) -> ps.Loaded:
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    page = f"{PAGE}\n```{{policy:spec}} S\n:base-iri: {base}\n```\n"
    (folder / "index.md").write_text(page, encoding="utf-8")
    return ps.load_checked(folder)


def in_sidecar(folder: Path, base: str) -> ps.Loaded:
    (folder / "model_spec.md").write_text(SPEC, encoding="utf-8")
    (folder / "side.yaml").write_text(f'spec: {{base-iri: "{base}"}}\n', encoding="utf-8")
    return ps.load_checked(folder / "model_spec.md", annotations=folder / "side.yaml")


DOORS = {
    "html_baseurl": in_conf("html_baseurl"),
    "policyspec_base_iri": in_conf("policyspec_base_iri"),
    "policy:spec": in_directive,
    "sidecar": in_sidecar,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("base", ["https://docs.example.org", "urn:example:"])
def test_a_base_has_its_ending_through_each_door(tmp_path: Path, door: str, base: str) -> None:
    spec = DOORS[door](tmp_path, base).spec
    assert spec.base_iri == BASES[base]
    data = ps.to_rdf(spec, "nt")
    assert f"<{BASES[base]}provision/be_kind>".encode() in data


@pytest.mark.parametrize(("base", "ended"), BASES.items())
def test_a_base_of_the_command_or_of_the_api_has_its_ending(
    run: Run, tmp_path: Path, base: str, ended: str
) -> None:
    (tmp_path / "model_spec.md").write_text(SPEC, encoding="utf-8")
    status, out, _ = run("graph", tmp_path, "--no-annotations", "--base-iri", base, "--format", "nt")
    assert status == 0
    assert f"<{ended}provision/be_kind>" in out
    data = ps.to_rdf(ps.load(tmp_path, annotate=False), "nt", base_iri=base)
    assert f"<{ended}provision/be_kind>".encode() in data


@pytest.mark.parametrize("door", ["policy:spec", "sidecar"])
def test_a_base_that_is_not_an_iri_is_a_finding(tmp_path: Path, door: str) -> None:
    loaded = DOORS[door](tmp_path, "docs.example.org")
    assert loaded.spec.base_iri == ""
    assert any("`docs.example.org` is not an absolute IRI" in found.message for found in loaded.findings)


@pytest.mark.parametrize("name", ["html_baseurl", "policyspec_base_iri"])
def test_a_setting_that_is_not_an_iri_is_a_warning(
    make_app: Callable[..., SphinxTestApp], tmp_path: Path, name: str
) -> None:
    DOORS[name](tmp_path, "docs.example.org")
    app = make_app("html", srcdir=tmp_path)
    app.build()
    assert f"`{name}`: `docs.example.org` is not an absolute IRI" in app.warning.getvalue()


@pytest.mark.parametrize("base", BAD)
def test_a_base_that_is_not_an_iri_is_refused(tmp_path: Path, base: str) -> None:
    (tmp_path / "model_spec.md").write_text(SPEC, encoding="utf-8")
    spec = ps.load(tmp_path, annotate=False)
    for use in (
        lambda: ps.to_rdf(spec, "nt", base_iri=base),
        lambda: ps.knowledge_base(spec, base_iri=base),
        lambda: ps.to_rdf([spec], "nq", base_iri=base),
        lambda: ps.build_handbook(tmp_path, tmp_path / "out", base_iri=base),
    ):
        with pytest.raises(SourceError, match="is not an absolute IRI"):
            use()


ENDINGS = st.text(alphabet="ab:/?#[]@%2F.-_ ä\xa0\u2028\ud800\U0001f600", max_size=12)


@settings(deadline=None)
@given(st.builds("{}{}".format, st.sampled_from(["https://", "http:", "urn:x:", "", "a"]), ENDINGS))
def test_what_counts_as_an_iri_begins_iris(base: str) -> None:
    iris = Iris(base)
    if is_absolute_iri(base):
        assert iris.base == with_ending(base)
    else:
        assert iris.base.startswith((DEFAULT_BASE, with_ending(base) or DEFAULT_BASE))
    assert iris.iri("provision", "x") == f"{iris.base}provision/x"
