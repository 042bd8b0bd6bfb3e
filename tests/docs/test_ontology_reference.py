"""Where the IRIs of the ontology lead once the documentation is published."""

from __future__ import annotations

import re
import runpy

import pytest
from rdflib import OWL, Graph

from sphinx_policyspec.graph.terms import ONTOLOGY, ontology_terms
from tests.conftest import REPOSITORY

DOCS = REPOSITORY / "docs"
FILES = [REPOSITORY / "ontology" / name for name in ("policyspec.ttl", "alignments.ttl", "shapes.ttl")]
SITE = "%{ENV:DOCS}/"


def test_each_term_has_an_anchor_of_its_name_and_each_link_an_anchor() -> None:
    page = runpy.run_path(str(REPOSITORY / "tools" / "reference.py"))["ontology"]()
    anchors = re.findall(r'<span id="([^"]+)">', page)
    assert sorted(anchors) == sorted(ontology_terms())
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)


def redirected(path: str, accept: str = "text/html") -> str:
    """Return where the rules send a path below the namespace, seen from the root of the documentation."""
    wanted: list[str] = []
    for line in (REPOSITORY / "ontology" / "w3id" / ".htaccess").read_text("utf-8").splitlines():
        match line.split():
            case ["RewriteCond", "%{HTTP_ACCEPT}", pattern, *_]:
                wanted.append(pattern)
            case ["RewriteRule", pattern, target, "[R=303,L]"]:
                found = re.search(pattern, path)
                if found and (not wanted or any(re.search(one, accept) for one in wanted)):
                    return re.sub(r"\$1", found[1] or "" if found.groups() else "", target).removeprefix(SITE)
                wanted = []
    raise AssertionError(path)


def iris() -> list[str]:
    """Return what the files of the ontology call themselves, and their versions."""
    graphs = [Graph().parse(file) for file in FILES]
    return [str(iri) for graph in graphs for pair in graph.subject_objects(OWL.versionIRI) for iri in pair]


@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
def test_the_names_of_the_ontology_lead_to_what_is_published(accept: str) -> None:
    published = runpy.run_path(str(DOCS / "conf.py"))["html_extra_path"]
    paths = [iri.removeprefix(ONTOLOGY).removeprefix("/") for iri in iris()]
    assert len(paths) == 2 * len(FILES)
    for path in (*paths, "context", "findings"):
        target = redirected(path, accept)
        page = DOCS / target.replace(".html", ".md")
        assert page.is_file() or f"../ontology/{target}" in published, (path, target)


def test_programs_get_turtle_and_people_a_page() -> None:
    assert redirected("") == "reference/ontology.html"
    assert redirected("", "text/turtle;q=1") == redirected("0.1.0", "text/turtle") == "policyspec.ttl"
