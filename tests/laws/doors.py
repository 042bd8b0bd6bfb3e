"""One small spec, written for every door: pages in two languages, Model Spec Markdown with a sidecar, and graphs.

``PLANS`` generates specs whose names are known ones, unknown ones, former ids, and their own; ``expected`` says what is to be
found in one, whatever it is read from.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hypothesis import strategies as st

import sphinx_policyspec as ps
from sphinx_policyspec.graph.terms import FORMATS, PS
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.model import Severity, Spec
from sphinx_policyspec.model.attributes import attributes_of

__all__ = [
    "DIRECTIVES",
    "DOORS",
    "PLANS",
    "Plan",
    "Told",
    "expected",
    "graph_files",
    "told",
    "without_places",
]

CONF = 'project = "Manners"\nextensions = ["myst_parser", "sphinx_policyspec"]\n'
LEVELS = ("root", "user", "guideline")
TOPICS = ("candour", "kindness", "manner")
GOALS = ("peace", "trust")
PRINCIPLES = ("be_brief", "be_kind", "tell_truth")
UNKNOWN = ("nobody", "nothing", "nowhere")
"""What nothing in a plan is called."""
ROLES = ("user", "developer")
WORDS = (
    "Words.",
    "Two lines,\nand a word: Grüße, “so” – it is.",
    "One text.\n\nAnother, of 1 < 2 & 3.\n\n- a\n- b",
)
"""Texts that mean the same in every markup."""

Told = Counter[tuple[str, str]]
"""How often a code is told with a severity."""
Names = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something of a plan, with the names that it uses by option."""

    id: str
    names: Mapping[str, Names] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a spec says.

    :param words: the text of each principle
    :param speakers: the role of the first message of each principle's example
    :param answers: the verdicts on the answers of that example, each with a reason
    :param examples: names that these examples use, which Model Spec Markdown cannot say; by principle
    :param prompts: likewise, what prompts test
    :param clauses: likewise, the levels of clauses; empty for a principle without one
    """

    levels: tuple[Item, ...]
    topics: tuple[Item, ...]
    principles: tuple[Item, ...]
    words: Names
    speakers: Names
    answers: tuple[Names, ...]
    examples: tuple[Mapping[str, Names], ...] = ({},) * len(PRINCIPLES)
    prompts: tuple[Names, ...] = ((),) * len(PRINCIPLES)
    clauses: Names = ("",) * len(PRINCIPLES)


def _names(known: Names) -> st.SearchStrategy[Names]:
    return st.lists(st.sampled_from((*known, *UNKNOWN)), max_size=3, unique=True).map(tuple)


_PROVISIONS = (*PRINCIPLES, "was_kind")
_LEVEL = st.sampled_from((*LEVELS, *LEVELS, "usr"))
_SPEAKER = st.sampled_from((*ROLES, *ROLES, "wizard"))


def _principle(identifier: str) -> st.SearchStrategy[Item]:
    options = {
        "authority": _LEVEL.map(lambda level: (level,)),
        "topics": _names(TOPICS),
        "serves": _names(GOALS),
        "exempts": st.sampled_from(((), ("law",), ("law", "tone"))),
        "never-exempts": st.sampled_from(((), ("prohibited",))),
        "category": st.sampled_from(((), ("law",))),
        "status": st.sampled_from(((), ("draft",))),
        "out-of-scope": st.sampled_from(((), ("the house",))),
        "documents": st.sampled_from(((), ("https://example.org/a,b", "urn:x:c"))),
        **{
            name: _names(_PROVISIONS) for name in ("exception-to", "prefer-over", "conflicts-with", "refines")
        },
    }
    aliases = {"aliases": st.just(("was_kind",))} if identifier == "be_kind" else {}
    return st.fixed_dictionaries({**options, **aliases}).map(lambda names: Item(id=identifier, names=names))


def _each(
    strategy: Callable[[str], st.SearchStrategy[Item]], ids: Names
) -> st.SearchStrategy[tuple[Item, ...]]:
    return st.tuples(*map(strategy, ids))


def _topic(identifier: str) -> st.SearchStrategy[Item]:
    options = {"broader": _names(TOPICS), "related": _names(TOPICS)}
    return st.fixed_dictionaries(options).map(lambda names: Item(id=identifier, names=names))


def _level(identifier: str) -> st.SearchStrategy[Item]:
    roles = st.sampled_from(((), ("user",), ("user", "usr"))) if identifier == "user" else st.just(())
    return roles.map(lambda names: Item(id=identifier, names={"roles": names}))


def _for_each(strategy: st.SearchStrategy[_T]) -> st.SearchStrategy[tuple[_T, ...]]:
    """Return one of something for each principle."""
    return st.tuples(*[strategy] * len(PRINCIPLES))


_COMMON = {
    "levels": _each(_level, LEVELS),
    "topics": _each(_topic, TOPICS),
    "principles": _each(_principle, PRINCIPLES),
    "words": _for_each(st.sampled_from(WORDS)),
    "speakers": _for_each(_SPEAKER),
    "answers": _for_each(st.sampled_from(((), ("good", "bad"), ("bad", "good", "ok")))),
}
PLANS = st.builds(Plan, **_COMMON)
"""Specs that every door can be given."""

_SHOWN = st.fixed_dictionaries({"illustrates": _names(_PROVISIONS), "weighs": _names(_PROVISIONS)})
DIRECTIVES = st.builds(
    Plan,
    **_COMMON,
    examples=_for_each(_SHOWN),
    prompts=_for_each(_names(_PROVISIONS)),
    clauses=_for_each(st.sampled_from(("", "guideline", "usr"))),
)
"""Specs that directives alone can say, and their graphs."""


# -- what is to be found ----------------------------------------------------------------------------


def expected(plan: Plan) -> Told:
    """Return what a reader of a plan finds wrong with its names."""
    found: Told = Counter()
    for code, wrong in _wrong(plan):
        found[code, "warning" if code == "self-reference" else "error"] += wrong
    return +found


def _wrong(plan: Plan) -> Iterator[tuple[str, int]]:
    yield "unknown-role", sum("usr" in level.names["roles"] for level in plan.levels)
    yield "unknown-role", plan.speakers.count("wizard")
    for topic in plan.topics:
        yield "unknown-topic", _unknown(topic, "broader", "related")
        yield "self-reference", sum(topic.id in names for names in topic.names.values())
    for one in plan.principles:
        relations = [row.key for row in attributes_of("principle") if row.names == "provision"]
        yield "unknown-level", sum(name == "usr" for name in one.names["authority"])
        yield "unknown-topic", _unknown(one, "topics")
        yield "unknown-goal", _unknown(one, "serves")
        reached = {*one.names["exempts"], *one.names["never-exempts"]}
        yield (
            "unknown-category",
            len(reached - {name for each in plan.principles for name in each.names["category"]}),
        )
        yield "unknown-provision", _unknown(one, *relations)
        yield "self-reference", sum(one.id in one.names[option] for option in relations)
    for names in (*(names for example in plan.examples for names in example.values()), *plan.prompts):
        yield "unknown-provision", len({*names} & {*UNKNOWN})
    yield "unknown-level", plan.clauses.count("usr")


def _unknown(item: Item, *options: str) -> int:
    return sum(len({*item.names[option]} & {*UNKNOWN}) for option in options)


UNKNOWN_CODES = tuple(
    f"unknown-{kind}" for kind in ("category", "goal", "level", "provision", "role", "topic")
)


def told(source: Path, annotations: Path | None = None) -> tuple[Told, bool]:
    """Return what a door finds wrong with names, and whether ``policyspec check`` fails."""
    loaded = ps.load_checked(source, annotations=annotations)
    codes = ("duplicate-id", "missing-authority", "self-reference", *UNKNOWN_CODES)
    report = ps.check(loaded, select=codes, fail_on=Severity.ERROR)
    return Counter((finding.code, finding.severity.value) for finding in report), report.failed


# -- the doors --------------------------------------------------------------------------------------


def _indented(text: str) -> str:
    return textwrap.indent(text, "   ")


def _rst(kind: str, argument: str, options: Mapping[str, Names], content: str = "") -> str:
    head = f".. policy:{kind}:: {argument}\n"
    lines = "".join(f":{name}: {' '.join(values)}\n" for name, values in options.items() if values)
    return head + _indented(f"{lines}\n{content}") + "\n"


def _myst(kind: str, argument: str, options: Mapping[str, Names], content: str = "") -> str:
    lines = "".join(f":{name}: {' '.join(values)}\n" for name, values in options.items() if values)
    fence = "`" * (3 + max((len(run) - 2 for run in _fences(content)), default=0))
    return f"{fence}{{policy:{kind}}} {argument}\n{lines}\n{content}\n{fence}\n\n"


def _fences(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and set(line) == {"`"}]


_Directive = Callable[[str, str, Mapping[str, Names], str], str]


def _page(plan: Plan, directive: _Directive, role: str) -> str:
    parts = [directive("level", level.id, level.names, "") for level in plan.levels]
    parts += [
        directive("topic", topic.id.title(), {"id": (topic.id,), **topic.names}, "") for topic in plan.topics
    ]
    parts += [directive("goal", goal.title(), {"id": (goal,)}, "A goal.") for goal in GOALS]
    for number, one in enumerate(plan.principles):
        level = plan.clauses[number]
        clause = f"It holds {role.format(f'as a rule <level={level}>')}.\n\n" if level else ""
        words = clause + plan.words[number] + "\n"
        turns = directive("message", plan.speakers[number], {}, "Hello.\n")
        for verdict in plan.answers[number]:
            turns += directive("response", verdict, {"note": (f"so {verdict}",)}, "Hello to you.\n")
        inside = directive("example", "A greeting", plan.examples[number], turns)
        if plan.prompts[number]:
            said = directive("message", "user", {}, "Hello.\n")
            inside += directive("prompt", "A try", {"tests": plan.prompts[number]}, said)
        content = f"{words}\n{inside}"
        parts.append(directive("principle", _title(one.id), {"id": (one.id,), **one.names}, content))
    return "\n".join(parts)


def _title(identifier: str) -> str:
    return identifier.replace("_", " ").capitalize()


def rst(plan: Plan, folder: Path) -> tuple[Path, None]:
    """Write a project in reStructuredText."""
    text = "Manners\n=======\n\n" + _page(plan, _rst, ":policy:clause:`{}`")
    return _project(folder / "rst", "index.rst", text)


def myst(plan: Plan, folder: Path) -> tuple[Path, None]:
    """Write a project in MyST."""
    return _project(
        folder / "myst", "index.md", "# Manners\n\n" + _page(plan, _myst, "{{policy:clause}}`{}`")
    )


def _project(folder: Path, name: str, text: str) -> tuple[Path, None]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "conf.py").write_text(CONF, encoding="utf-8")
    (folder / name).write_text(text, encoding="utf-8")
    return folder, None


def dialect(plan: Plan, folder: Path) -> tuple[Path, Path]:
    """Write Model Spec Markdown, and a sidecar with what that cannot say."""
    parts = ["# Manners {#manners}\n"]
    for number, one in enumerate(plan.principles):
        (level,) = one.names["authority"]
        speaker, answers = plan.speakers[number], plan.answers[number]
        judged = "".join(
            f"<assistant> <!-- {verdict.upper()}: so {verdict} -->\nHello to you.\n</assistant>\n"
            for verdict in answers
        )
        compared = f"<comparison>\n{judged}</comparison>\n" if answers else ""
        parts.append(
            f"## {_title(one.id)} {{#{one.id} authority={level}}}\n\n{plan.words[number]}\n\n"
            f"**Example**: A greeting\n\n~~~xml\n<{speaker}>\nHello.\n</{speaker}>\n{compared}~~~\n"
        )
    rows = [row for row in attributes_of("provision", "principle") if row.sidecar]
    sidecar = {
        "spec": {"title": "Manners"},
        "levels": [{"id": level.id, "roles": level.names["roles"]} for level in plan.levels],
        "topics": [{"id": topic.id, "label": topic.id.title(), **topic.names} for topic in plan.topics],
        "goals": [{"id": goal, "title": goal.title(), "text": "A goal."} for goal in GOALS],
        "provisions": {
            one.id: {
                row.key: one.names[row.key] if row.many else "".join(one.names[row.key])
                for row in rows
                if row.key in one.names
            }
            for one in plan.principles
        },
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model_spec.md").write_text("\n".join(parts), encoding="utf-8")
    (folder / "side.yaml").write_text(json.dumps(sidecar, indent=1), encoding="utf-8")
    return folder / "model_spec.md", folder / "side.yaml"


DOORS: Mapping[str, Callable[[Plan, Path], tuple[Path, Path | None]]] = {
    "rst": rst,
    "myst": myst,
    "dialect": dialect,
}
"""What writes a plan: it returns the SOURCE and its sidecar."""


def graph_files(spec: Spec, folder: Path) -> Iterator[Path]:
    """Write a spec as a graph in each format."""
    for form in FORMATS:
        data = ps.to_rdf(spec, form)
        path = folder / f"spec.{form}"
        path.write_bytes(data)
        yield path


_PLACES = frozenset(
    (PS.file, PS.line, PS.column, PS.endLine, PS.endColumn, PS.sourceText, PS.markup, PS.sequence)
)


def without_places(spec: Spec) -> frozenset[tuple[str, ...]]:
    """Return the graph of a spec but for where things stand, and how their source is written."""
    documents = {subject for subject, _, kind in triples_of(spec) if kind == PS.Document}
    return frozenset(
        # A role is written otherwise in each language.
        (str(subject), str(predicate), str(node).replace("{policy:clause}", ":policy:clause:"))
        for subject, predicate, node in triples_of(spec)
        if predicate not in _PLACES and subject not in documents
    )
