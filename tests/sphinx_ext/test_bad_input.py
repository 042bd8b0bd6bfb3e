"""Bad input: one warning each, at the right line, and the page keeps the rest."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sphinx.testing.util import SphinxTestApp

Warnings = Callable[[SphinxTestApp], list[str]]
EXPECTED = """
index.rst:10: `nevr` is no mode of overriding; did you mean `never`? [policyspec.unknown-override]
index.rst:16: unknown topic `trth`; known are `honesty` [policyspec.unknown-topic]
index.rst:18: unknown question `hard-ruls`; did you mean `hard-rules`? [policyspec.query-failed]
index.rst:20: `policy:query` asks no question; name a question, or write SPARQL in the content, and not both [policyspec.invalid-query]
index.rst:24: the answer has no column `idd`; did you mean `id`? [policyspec.unknown-column]
index.rst:25: unknown format `tabel`; did you mean `table`? [policyspec.invalid-option]
index.rst:26: `nonsense` is not a parameter; write `name=value` [policyspec.invalid-option]
mark.md:3: principle id `be_kind` is taken already at rest.rst:4; choose another id [policyspec.duplicate-id]
mark.md:8: `policy:principle` has no option `colour`; the reference of directives lists its options [policyspec.unknown-option]
mark.md:11: unknown provision `be_knd`; did you mean `be_kind`? [policyspec.dangling-reference]
mark.md:15: `policy:example` has no messages; write them between the lines of its fence [policyspec.empty-block]
mark.md:18: a conversation is outside every example; put it into `policy:example` or `policy:prompt` [policyspec.misplaced-directive]
mark.md:19: `untrusted` takes no value, not `perhaps` [policyspec.invalid-option]
rest.rst:9: `policy:principle` has no option `autority`; did you mean `authority`? [policyspec.unknown-option]
rest.rst:10: unknown level `usr`; did you mean `user`? [policyspec.unknown-level]
rest.rst:11: unknown topic `honesti`; did you mean `honesty`? [policyspec.unknown-topic]
rest.rst:12: unknown provision `be_knd`; did you mean `be_kind`? [policyspec.unknown-provision]
rest.rst:14: unknown provision `be_knd`; did you mean `be_kind`? [policyspec.dangling-reference]
rest.rst:14: unknown definition `nothing`; known are `kind` [policyspec.dangling-reference]
rest.rst:16: this section is a principle already; put it below the heading that it is about, or give it a title [policyspec.misplaced-directive]
rest.rst:19: principle `in-side` is inside principle `be_kind`; put them side by side, each below a heading of the same depth [policyspec.nested-principle]
rest.rst:20: `in side` is no id; use letters, digits, `_` and `-` [policyspec.invalid-id]
rest.rst:25: `policy:example` lacks its title; write the title after the `::` [policyspec.missing-argument]
rest.rst:26: unknown provision `be_kid`; did you mean `be_kind`? [policyspec.unknown-provision]
rest.rst:28: unknown role `usr`; did you mean `user`? [policyspec.unknown-role]
rest.rst:32: `godo` is no verdict; did you mean `good`? [policyspec.unknown-verdict]
rest.rst:36: `policy:response` lacks its verdict (good, bad or ok); write the verdict (good, bad or ok) after the `::` [policyspec.missing-argument]
rest.rst:44: `<user>` is never closed; add `</user>` [policyspec.unclosed-tag]
rest.rst:47: `policy:message` is indented no further than `policy:example` on line 40, and so is outside it; indent it by 3 spaces more than the line that it belongs to [policyspec.wrong-indentation]
rest.rst:51: `policy:commentary` has no text; write it below a blank line, indented [policyspec.empty-block]
rest.rst:68: principle id `in-side` is taken already at rest.rst:19; choose another id [policyspec.duplicate-id]
rest.rst:58: term id `kind` is taken already at rest.rst:53; choose another id [policyspec.duplicate-id]
""".strip().splitlines()


def by_line(lines: list[str]) -> list[tuple[str, int, str]]:
    """Sort warnings by place: rST and MyST pages are read in an order of their own."""
    found = [re.fullmatch(r"([^:]+):(\d+): (.*)", line) for line in lines]
    return sorted((match[1], int(match[2]), match[3]) for match in found if match)


@pytest.mark.sphinx("html", testroot="bad-input", freshenv=True)
def test_every_mistake_is_a_warning_at_its_line(app: SphinxTestApp, warnings_in: Warnings) -> None:
    app.build()
    found = [
        line for line in warnings_in(app) if "policyspec.query-failed" not in line or "hard-ruls" in line
    ]
    assert by_line(found) == by_line(EXPECTED)


@pytest.mark.sphinx("html", testroot="bad-input", freshenv=True)
def test_a_query_that_fails_says_so_on_its_page_and_in_a_warning(
    app: SphinxTestApp, warnings_in: Warnings
) -> None:
    app.build()
    failed = [line for line in warnings_in(app) if "policyspec.query-failed" in line]
    assert [line.split(":")[1] for line in failed] == ["18", "30"]
    assert 'class="ps-problem"' in (app.outdir / "index.html").read_text("utf-8")


@pytest.mark.sphinx("html", testroot="bad-input", freshenv=True)
def test_pages_keep_everything_around_the_mistakes(app: SphinxTestApp) -> None:
    app.build()
    rest = (app.outdir / "rest.html").read_text("utf-8")
    for text in (
        "Kept text",
        "Still shown.",
        "Answer one.",
        "Answer two.",
        "Never closed",
        "Alone.",
        "One.",
        "Two.",
    ):
        assert text in rest
    assert "End of the page." in rest
    mark = (app.outdir / "mark.html").read_text("utf-8")
    assert "Kept text" in mark
    assert "End of the page." in mark


@pytest.mark.sphinx("html", testroot="bad-input", freshenv=True)
def test_no_id_occurs_twice_on_a_page(app: SphinxTestApp) -> None:
    app.build()
    for page in ("index", "rest", "mark"):
        ids = re.findall(r'\sid="([^"]+)"', (app.outdir / f"{page}.html").read_text("utf-8"))
        assert sorted(ids) == sorted(set(ids))


@pytest.mark.sphinx("html", testroot="bad-input", freshenv=True)
def test_a_build_that_changes_nothing_warns_the_same(
    app: SphinxTestApp, make_app: Callable[..., SphinxTestApp], warnings_in: Warnings
) -> None:
    app.build()
    first = [line for line in warnings_in(app) if "[policyspec." in line]
    again = make_app("html", srcdir=app.srcdir)
    again.build()
    assert [line for line in warnings_in(again) if "[policyspec." in line] == first


@pytest.mark.sphinx(
    "html",
    testroot="bad-input",
    freshenv=True,
    confoverrides={
        "policyspec_severity": {"unknown-topic": "off", "dangling-reference": "hint"},
        "suppress_warnings": ["policyspec.misplaced-directive"],
        "nitpick_ignore": [("policy:term", "nothing")],
    },
)
def test_findings_can_be_silenced_by_code(app: SphinxTestApp) -> None:
    app.build()
    text = app.warning.getvalue()
    for code in ("unknown-topic", "dangling-reference", "misplaced-directive"):
        assert f"policyspec.{code}" not in text
    assert "policyspec.unknown-level" in text
    assert "unknown provision `be_knd`" in app.status.getvalue()
    assert "unknown definition `nothing`" not in app.status.getvalue()


@pytest.mark.sphinx(
    "html",
    testroot="outside",
    freshenv=True,
    confoverrides={
        "policyspec_base_iri": 7,
        "policyspec_outputs": ["ttll"],
        "policyspec_severity": {"unknown-topic": "loud"},
        "policyspec_query_limits": {"second": 1},
        "policyspec_query_unsafe": 3,
        "policyspec_annotations": ["missing.yaml"],
    },
)
def test_bad_configuration_warns_with_its_key_and_falls_back(app: SphinxTestApp) -> None:
    app.build()
    text = re.sub(r"\x1b\[[0-9;]*m", "", app.warning.getvalue())
    assert "`policyspec_base_iri`: expected a text; the default is used [policyspec.config]" in text
    assert "`policyspec_outputs`: unknown format `ttll`; did you mean `ttl`?" in text
    assert "`policyspec_severity`: unknown severity `loud`" in text
    assert "`policyspec_query_limits`: unknown limit `second`; did you mean `seconds`?" in text
    assert "`policyspec_query_unsafe`: expected True or False" in text
    assert (
        "conf.py:1: WARNING: `policyspec_annotations`: `missing.yaml` does not exist [policyspec.config]"
        in text
    )
    assert (app.outdir / "spec.ttl").is_file()


@pytest.mark.sphinx(
    "html",
    testroot="outside",
    freshenv=True,
    confoverrides={
        "policyspec_outputs": ["nt", "ttll"],
        "policyspec_severity": {"unknown-level": "off", "dangling-reference": "loud", 3: "off"},
    },
)
def test_one_bad_entry_of_an_option_costs_that_entry_alone(app: SphinxTestApp) -> None:
    app.build()
    text = re.sub(r"\x1b\[[0-9;]*m", "", app.warning.getvalue())
    assert (
        "unknown severity `loud`; known are `error`, `hint`, `off`, `warning`; the entry is left out" in text
    )
    assert "`3` is neither a code nor a category; the entry is left out" in text
    assert "policyspec.unknown-level" not in text
    assert (app.outdir / "spec.nt").is_file()
    assert not (app.outdir / "spec.ttl").exists()


@pytest.mark.sphinx("html", testroot="outside", freshenv=True)
def test_a_misspelt_option_of_conf_py_is_named(app: SphinxTestApp) -> None:
    app.build()
    assert (
        "unknown option `policyspec_base_irri`; did you mean `policyspec_base_iri`?" in app.warning.getvalue()
    )
