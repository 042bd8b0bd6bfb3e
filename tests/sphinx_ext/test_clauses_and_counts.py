"""Clauses, numbers in running text, the author's marks in messages, and examples that stand nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Prose, Spec
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from tests.sphinx_ext.test_twins import shape, without_spans

Pages = Callable[..., SphinxTestApp]
Warnings = Callable[[SphinxTestApp], list[str]]
KINDS = ("rst", "md")

PAGE = {
    "rst": """Page
====

.. policy:topic:: Honesty

:policy:count:`hard-rules` rules, :policy:count:`user-overridable-defaults-touching <topic=honesty>` defaults.

.. policy:principle:: Be kind
   :id: be_kind
   :authority: root

   Kind words :policy:clause:`by default <level=guideline>`, see `us <mailto:us@example.org>`_.

   - In a list, *also* :policy:clause:`on request <level=user, permits-by=developer>`.

   .. policy:example:: Marks
      :id: marks

      .. policy:message:: user

         See [the photo] and [...], ["a", "b"] and ``[code]`` and [1]_.

         .. [1] A note.

      .. policy:message:: tool
         :name: look

         [a row] and [...]

      .. policy:response:: good
         :recipient: look

         [x, y]

      .. policy:response:: bad

         [laughs]

.. policy:principle:: Be fair
   :authority: user
   :topics: honesty

   Fair words.
""",
    "md": """# Page

```{policy:topic} Honesty
```

{policy:count}`hard-rules` rules, {policy:count}`user-overridable-defaults-touching <topic=honesty>` defaults.

`````{policy:principle} Be kind
:id: be_kind
:authority: root

Kind words {policy:clause}`by default <level=guideline>`, see [us](mailto:us@example.org).

- In a list, *also* {policy:clause}`on request <level=user, permits-by=developer>`.

::::{policy:example} Marks
:id: marks

```{policy:message} user
See [the photo] and [...], ["a", "b"] and `[code]` and [a link](#be_kind).
```

```{policy:message} tool
:name: look

[a row] and [...]
```

:::{policy:response} good
:recipient: look

[x, y]
:::

```{policy:response} bad
[laughs]
```
::::
`````

```{policy:principle} Be fair
:authority: user
:topics: honesty

Fair words.
```
""",
}


@pytest.fixture
def page(tmp_path: Path, build: Callable[..., SphinxTestApp]) -> Pages:
    """Build a project of one page."""

    def make(kind: str, text: str, options: str = "") -> SphinxTestApp:
        source = tmp_path / f"source-{kind}"
        source.mkdir(exist_ok=True)
        conf = "extensions = ['myst_parser', 'sphinx_policyspec']\nmyst_enable_extensions = ['colon_fence']\n"
        (source / "conf.py").write_text(conf + options, "utf-8")
        (source / f"index.{kind}").write_text(text, "utf-8")
        return build(source, out=kind)

    return make


def spec_of(app: SphinxTestApp) -> Spec:
    return Knowledge().spec(app.env)


def html_of(app: SphinxTestApp) -> str:
    text = (app.outdir / "index.html").read_text("utf-8")
    return " ".join(re.sub(r"<[^>]+>", "", text).split())


@pytest.mark.parametrize("kind", KINDS)
def test_clauses_are_shown_with_their_level_and_kept_in_the_graph(
    page: Pages, warnings_in: Warnings, kind: str
) -> None:
    app = page(kind, PAGE[kind])
    spec = spec_of(app)
    assert warnings_in(app) == []
    assert [(c.principle, c.text, c.authority, c.permits_by) for c in spec.clauses] == [
        ("be_kind", "by default", "guideline", ""),
        ("be_kind", "on request", "user", "developer"),
    ]
    for clause in spec.clauses:
        line = (app.srcdir / clause.span.file).read_text("utf-8").splitlines()[clause.span.line - 1]
        assert line[clause.span.column - 1 : clause.span.end_column - 1] == clause.text
    assert "Kind words by default (Guideline), see us." in html_of(app)
    assert not [r for r in spec.references if r.target == "guideline"]
    assert from_graph(to_graph(spec)) == spec


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_questions_stand_in_running_text(page: Pages, kind: str) -> None:
    app = page(kind, PAGE[kind])
    assert "1 rules, 1 defaults." in html_of(app)
    (prose,) = spec_of(app).provisions[0].blocks
    assert isinstance(prose, Prose)
    assert prose.text.startswith(":policy:count" if kind == "rst" else "{policy:count}")


@pytest.mark.parametrize("kind", KINDS)
def test_marks_in_messages_are_placeholders_and_data_is_not(page: Pages, kind: str) -> None:
    app = page(kind, PAGE[kind])
    messages = spec_of(app).examples[0].messages
    assert [[f.text for f in message.fragments] for message in messages] == [
        ["[the photo]", "[...]"],
        ["[...]"],
        [],
        ["[laughs]"],
    ]
    for span in [fragment.span for message in messages for fragment in message.fragments]:
        line = (app.srcdir / span.file).read_text("utf-8").splitlines()[span.line - 1]
        assert line[span.column - 1 : span.end_column - 1] in {"[the photo]", "[...]", "[laughs]"}
    shown = (app.outdir / "index.html").read_text("utf-8")
    assert shown.count('class="ps-placeholder"') == 4


@pytest.mark.parametrize("kind", KINDS)
def test_addresses_of_mailboxes_are_links(page: Pages, kind: str) -> None:
    links = spec_of(page(kind, PAGE[kind])).links
    assert [(link.source, link.url, link.text) for link in links] == [
        ("be_kind", "mailto:us@example.org", "us")
    ]


def test_both_twins_give_the_same_clauses_and_nodes(page: Pages) -> None:
    texts = {"rst": PAGE["rst"].replace(" and [1]_.\n\n         .. [1] A note.", "."), "md": PAGE["md"]}
    texts["md"] = texts["md"].replace(" and [a link](#be_kind).", ".").replace("`[code]`", "code")
    texts["rst"] = texts["rst"].replace("``[code]``", "code")
    rst, md = (page(kind, texts[kind]) for kind in KINDS)
    assert shape(rst, "index") == shape(md, "index")
    assert without_spans(spec_of(rst)).clauses == without_spans(spec_of(md)).clauses


MISTAKES = {
    "rst": """Page
====

:policy:clause:`Nowhere <level=user>`, :policy:count:`hard-ruls`.

.. policy:principle:: Be kind
   :authority: user

   A :policy:clause:`raise <level=root>`, a :policy:clause:`copy <level=user>`.

   :policy:clause:`Bare words`, or :policy:clause:`odd <level=guidline>`.

   :policy:count:`hard-rules <nonsense>` and :policy:principle:`be_knd`.

.. policy:example:: Alone

   .. policy:message:: user

      Hello.
""",
    "md": """# Page

{policy:clause}`Nowhere <level=user>`, {policy:count}`hard-ruls`.

```{policy:principle} Be kind
:authority: user

A {policy:clause}`raise <level=root>`, a {policy:clause}`copy <level=user>`.

{policy:clause}`Bare words`, or {policy:clause}`odd <level=guidline>`.

{policy:count}`hard-rules <nonsense>` and {policy:principle}`be_knd`.
```

````{policy:example} Alone
```{policy:message} user
Hello.
```
````
""",
}


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_findings_at_their_lines(page: Pages, warnings_in: Warnings, kind: str) -> None:
    app = page(kind, MISTAKES[kind], "policyspec_severity = {'misplaced-example': 'warning'}")
    found = sorted((int(line.split(":")[1]), line.split(": ", 1)[1]) for line in warnings_in(app))
    lines = (4, 4, 9, 9, 11, 11, 13, 13) if kind == "rst" else (3, 3, 8, 8, 10, 10, 12, 12)
    assert [line for line, _ in found] == list(lines)
    wanted = [
        "a clause is outside the text of every principle; put it into the text of its principle [policyspec.misplaced-clause]",
        "unknown question `hard-ruls`; did you mean `hard-rules`? [policyspec.query-failed]",
        "a clause of level `root` does not lower its principle's `user`; levels below it are `guideline` [policyspec.clause-not-lower]",
        "a clause of level `user` does not lower its principle's `user`; levels below it are `guideline` [policyspec.clause-not-lower]",
        "`policy:clause` needs words and a level; write `Bare words <level=guideline>` [policyspec.invalid-role]",
        "unknown level `guidline`; did you mean `guideline`? [policyspec.unknown-level]",
        "`nonsense` is not a parameter; write `name=value` [policyspec.invalid-role]",
        "unknown provision `be_knd`; did you mean `be-kind`? [policyspec.dangling-reference]",
    ]
    assert [message for _, message in found] == wanted


def test_an_example_before_every_heading_is_a_warning_and_one_in_a_section_a_hint(
    page: Pages, warnings_in: Warnings
) -> None:
    lonely = "```{policy:example} A\n:id: a\n\n:::{policy:message} user\nHello.\n:::\n```\n"
    app = page("md", f"{lonely}\n# Page\n\n{lonely.replace(':id: a', ':id: b')}")
    assert [line for line in warnings_in(app) if "misplaced" in line] == [
        "index.md:1: example `a` is outside every principle; put it into one, or add `:illustrates:` or `:weighs:` [policyspec.misplaced-example]"
    ]
