"""Goals and evaluation prompts: in rST and MyST alike, in the graph, and on pages only if asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sphinx.testing.util import SphinxTestApp

from sphinx_policyspec.graph.from_graph import from_graph
from sphinx_policyspec.graph.to_graph import to_graph
from sphinx_policyspec.model import Principle, Spec, TargetKind
from sphinx_policyspec.sphinx_ext.spec import Knowledge
from tests.sphinx_ext.test_twins import shape, without_spans

Build = Callable[..., SphinxTestApp]
KINDS = ("rst", "myst")


@pytest.fixture
def apps(project: Callable[[str], Path], build: Build) -> dict[str, SphinxTestApp]:
    return {kind: build(project(f"aims-{kind}"), out=kind) for kind in KINDS}


@pytest.fixture
def specs(apps: dict[str, SphinxTestApp]) -> dict[str, Spec]:
    return {kind: Knowledge().spec(app.env) for kind, app in apps.items()}


def test_both_twins_say_the_same_without_a_warning(
    apps: dict[str, SphinxTestApp], specs: dict[str, Spec], warnings_in: Callable[..., list[str]]
) -> None:
    assert [warnings_in(app) for app in apps.values()] == [[], []]
    assert shape(apps["rst"], "index") == shape(apps["myst"], "index")
    assert without_spans(specs["rst"]) == without_spans(specs["myst"])


@pytest.mark.parametrize("kind", KINDS)
def test_goals_are_declared_served_and_linked(
    apps: dict[str, SphinxTestApp], specs: dict[str, Spec], kind: str
) -> None:
    spec = specs[kind]
    assert [(goal.id, goal.title, goal.text) for goal in spec.goals] == [
        ("use", "Be of use to :all:", "People get done what they *came* for."),
        ("do-no-harm", "Do no harm", ""),
    ]
    assert [level.text for level in spec.levels] == ["Nobody sets *it* aside.", ""]
    assert [topic.text for topic in spec.topics] == ["How many words an answer has."]
    brief = spec.provision_by_id["be_brief"]
    assert isinstance(brief, Principle)
    assert brief.serves == ("do-no-harm", "use")
    found = [(r.target, r.text) for r in spec.references if r.target_kind is TargetKind.GOAL]
    assert found == [("use", ""), ("do-no-harm", "harmlessness")]
    page = (apps[kind].outdir / "index.html").read_text("utf-8")
    assert 'href="#goal-use"' in page
    assert 'id="goal-use"' in page


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_are_in_the_spec_and_shown_only_if_asked_for(
    apps: dict[str, SphinxTestApp], specs: dict[str, Spec], kind: str
) -> None:
    found = [(p.id, p.title, p.tests, [m.text for m in p.messages]) for p in specs[kind].prompts]
    told = found[0][3].pop()
    assert told.startswith("Tell me all, see ")
    assert found == [
        ("tell-me-all", "", ("be_brief",), []),
        (
            "be_brief-asked-twice",
            "Asked twice",
            ("be_brief", "be_plain"),
            ["Be long.", "And [the question]?"],
        ),
        ("be_brief-prompt", "", ("be_brief",), ["From an item."]),
        ("be_plain-from-an-included-file", "From an included file", ("be_plain",), ["What is it?"]),
    ]
    page = (apps[kind].outdir / "index.html").read_text("utf-8")
    for text in ("Tell me all", "From an item", "What is it?"):
        assert text not in page
    # Of a prompt that its author does not show the title is told, or the id where it has none.
    for name in ("From an included file", "tell-me-all"):
        assert f"<li><bdi>{name}</bdi></li>" in page
    assert (
        '<a class="reference internal" href="#prompt-be_brief-asked-twice"><bdi>Asked twice</bdi></a>' in page
    )
    assert 'id="prompt-be_brief-asked-twice"' in page
    assert "Asked <em>twice</em>" in page
    assert "An item that holds one" in page
    assert [r.source for r in specs[kind].references if r.target == "be_brief"] == ["be_brief"]


@pytest.mark.parametrize("kind", KINDS)
def test_goals_and_prompts_survive_the_round_trip(specs: dict[str, Spec], kind: str) -> None:
    assert from_graph(to_graph(specs[kind])) == specs[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_places_inside_a_conversation_count_in_the_file(
    apps: dict[str, SphinxTestApp], specs: dict[str, Spec], kind: str
) -> None:
    fragments = [f for p in specs[kind].prompts for m in p.messages for f in m.fragments]
    assert [f.text for f in fragments] == ["[the question]"]
    for span in [fragment.span for fragment in fragments]:
        line = (apps[kind].srcdir / span.file).read_text("utf-8").splitlines()[span.line - 1]
        assert line[span.column - 1 : span.end_column - 1] == "[the question]"


MISTAKES = {
    "rst": """Mistakes
========

.. policy:goal::
   :idd: x

.. policy:goal:: Use
   :id: use

.. policy:goal:: Use
   :id: use

.. policy:prompt:: Nothing
   :tests: be_gone
   :show: perhaps

.. policy:prompt:: Lost

   <user>
   Where am I?
   </user>

.. policy:principle:: Be kind
   :id: be_kind
   :authority: user
   :serves: usse

   .. policy:prompt::
      :id: one

      .. policy:response:: good

         Judged.

   .. policy:prompt::
      :id: one

      <user>
      Never closed
""",
    "myst": """# Mistakes

```{policy:goal}
:idd: x
```

```{policy:goal} Use
:id: use
```

```{policy:goal} Use
:id: use
```

```{policy:prompt} Nothing
:tests: be_gone
:show: perhaps
```

```{policy:prompt} Lost
<user>
Where am I?
</user>
```

`````{policy:principle} Be kind
:id: be_kind
:authority: user
:serves: usse

````{policy:prompt}
:id: one

```{policy:response} good
Judged.
```
````

```{policy:prompt}
:id: one

<user>
Never closed
```
`````
""",
}
FOUND = {
    "rst": (4, 5, 10, 13, 14, 15, 17, 26, 28, 35, 38),
    "myst": (3, 4, 11, 15, 16, 17, 20, 29, 31, 39, 42),
}


@pytest.mark.parametrize("kind", KINDS)
def test_mistakes_are_findings_at_their_lines(
    tmp_path: Path, build: Build, warnings_in: Callable[..., list[str]], kind: str
) -> None:
    source = tmp_path / "mistakes"
    source.mkdir()
    (source / "conf.py").write_text("extensions = ['myst_parser', 'sphinx_policyspec']\n", "utf-8")
    (source / f"index.{'md' if kind == 'myst' else kind}").write_text(MISTAKES[kind], "utf-8")
    app = build(source)
    found = sorted((int(line.split(":")[1]), line.split(": ", 1)[1]) for line in warnings_in(app))
    where = "after the `::`" if kind == "rst" else "after the braces"
    inside = "below a blank line, indented" if kind == "rst" else "between the lines of its fence"
    hint = f"; write the title {where}"
    wanted = [
        f"`policy:goal` lacks its title{hint} [policyspec.missing-argument]",
        "`policy:goal` has no option `idd`; did you mean `id`? [policyspec.unknown-option]",
        "goal id `use` is taken already at index.{}:{}; choose another id [policyspec.duplicate-id]",
        f"`policy:prompt` has no messages; write them {inside} [policyspec.empty-block]",
        "unknown provision `be_gone`; known are `be_kind`, `mistakes` [policyspec.unknown-provision]",
        "`show` takes no value, not `perhaps` [policyspec.invalid-option]",
        "this prompt tests nothing; put it into a principle, or add `:tests:` [policyspec.untested-prompt]",
        "unknown goal `usse`; did you mean `use`? [policyspec.unknown-goal]",
        "a prompt has no verdicts; make it a `policy:example`, or delete the answers [policyspec.verdict-in-prompt]",
        "prompt id `one` is taken already at index.{}:{}; choose another id [policyspec.duplicate-id]",
        "`<user>` is never closed; add `</user>` [policyspec.unclosed-tag]",
    ]
    assert [line for line, _ in found] == list(FOUND[kind])
    for (_, message), pattern in zip(found, wanted, strict=True):
        assert message.split(" at ")[0] == pattern.split(" at ")[0]
