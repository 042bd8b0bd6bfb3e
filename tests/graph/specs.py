"""Specs for the tests of the graph: one written by hand, and as many generated ones as are asked for."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from hypothesis import strategies as st

from sphinx_policyspec.model import (
    AuthorityLevel,
    Carrier,
    Changelog,
    ChangelogEntry,
    Clause,
    Comment,
    Commentary,
    Comparison,
    Definition,
    Document,
    EvalPrompt,
    EvalTag,
    Example,
    Fragment,
    FragmentKind,
    Gap,
    Goal,
    Link,
    Markup,
    Message,
    OverrideMode,
    Principle,
    Priority,
    PromptFile,
    Prose,
    Provision,
    Reference,
    ReferenceForm,
    Refusal,
    Response,
    Section,
    Span,
    Spec,
    SpecStatement,
    TargetKind,
    Topic,
    Verdict,
)
from tests.conftest import LEVELS, at, example, message, principle, response, spec

IDS = st.sampled_from(
    [
        "",
        "a",
        "b",
        "a/b",
        "a~2",
        "a%2Fb",
        "..",
        ".",
        "é",
        "a b",
        "<>",
        "user",
        "topic/a",
        "\x00",
        "undated",
    ]
)
"""Few ids, so that generated specs hold dangling, circular and repeated ones."""

TEXTS = st.one_of(
    IDS,
    st.sampled_from(
        ["\ud800", "a=b", "%3D", "A\r\nb\tc", '"""', "\\u0022 }", "\x0b\x85\u2028", "\ufffe", "]]>&amp;", " "]
    ),
    # What may be a date or an address, or nearly.
    st.sampled_from(
        ["2026-01-31", "2026-02-30", "https://example.org/é%20", "https://a b/", "urn:x:<>", "urn:isbn:1"]
    ),
    st.text(max_size=8),
)
NUMBERS = st.integers(0, 40)
_PLACES = st.tuples(st.integers(1, 40), st.integers(1, 40))
SPANS = st.tuples(IDS, _PLACES, _PLACES).map(lambda drawn: Span(drawn[0], *min(drawn[1:]), *max(drawn[1:])))

_BY_ANNOTATION: dict[str, st.SearchStrategy[Any]] = {
    "str": TEXTS,
    "str | None": st.none() | IDS,
    "int": NUMBERS,
    "bool": st.booleans(),
    "Span": SPANS,
    "Span | None": st.none() | SPANS,
    "tuple[str, ...]": st.lists(IDS, max_size=3).map(tuple),
    "tuple[tuple[str, str], ...]": st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
    "Carrier": st.sampled_from(Carrier),
    "ReferenceForm": st.sampled_from(ReferenceForm),
    "TargetKind": st.sampled_from(TargetKind),
    "Markup": st.sampled_from(Markup),
    "OverrideMode": st.sampled_from(OverrideMode),
    "FragmentKind": st.sampled_from(FragmentKind),
    "Verdict | None": st.none() | st.sampled_from(Verdict),
}
_IDENTIFIERS = frozenset(
    {
        "id",
        "authority",
        "permits_by",
        "source",
        "target",
        "example",
        "tag",
        "provision",
        "principle",
        "version",
        "revision_of",
        "repeats",
    }
)


def made_of(model: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return any object of a model class; fields that are not given follow from their types."""
    strategies = {
        field.name: IDS
        if field.name in _IDENTIFIERS and field.type == "str"
        else _BY_ANNOTATION[str(field.type)]
        for field in fields(model)
        if field.name not in given
    }
    return st.builds(model, **strategies, **given)


def some(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    """Return tuples of a few."""
    return st.lists(strategy, max_size=most).map(tuple)


_FRAGMENTS = some(made_of(Fragment), 2)
_RESPONSES = made_of(Response, fragments=_FRAGMENTS)
_TURNS = some(
    st.one_of(
        made_of(Message, fragments=_FRAGMENTS),
        _RESPONSES,
        made_of(Gap),
        made_of(Comparison, responses=some(_RESPONSES, 2)),
    )
)
_PROMPTS = made_of(EvalPrompt, turns=_TURNS)
_BLOCKS = some(
    st.one_of(
        made_of(Prose),
        made_of(Definition),
        made_of(Commentary),
        made_of(Comment),
        made_of(Example, turns=_TURNS),
        _PROMPTS,
    )
)
_CHANGELOG = made_of(Changelog, entries=some(made_of(ChangelogEntry)))


def _in_reading_order(provisions: tuple[Provision, ...]) -> tuple[Provision, ...]:
    """Return provisions as documents have them: what holds others stands before them, one level up."""
    found: list[Provision] = []
    for provision in provisions:
        holder = next((other for other in found if other.id == provision.parent), None)
        found.append(
            replace(
                provision,
                parent=None if holder is None else holder.id,
                depth=1 if holder is None else holder.depth + 1,
            )
        )
    return tuple(found)


SPECS: st.SearchStrategy[Spec] = made_of(
    Spec,
    base_iri=st.sampled_from(["", "https://example.org/spec/", "urn:x:", "a b<", "%", "\ud800"]),
    documents=some(made_of(Document)),
    levels=some(made_of(AuthorityLevel)),
    topics=some(made_of(Topic)),
    goals=some(made_of(Goal)),
    priorities=some(made_of(Priority, goal=IDS)),
    repeated=some(st.one_of(made_of(AuthorityLevel), made_of(Topic), made_of(Goal))),
    preamble=_BLOCKS,
    provisions=some(
        st.one_of([made_of(kind, blocks=_BLOCKS) for kind in (Section, Principle, SpecStatement)])
    ).map(_in_reading_order),
    refusals=some(made_of(Refusal)),
    clauses=some(made_of(Clause)),
    references=some(made_of(Reference)),
    links=some(made_of(Link)),
    eval_tags=some(made_of(EvalTag)),
    prompt_files=some(
        made_of(PromptFile, blocks=some(st.one_of(_PROMPTS, made_of(Prose), made_of(Comment))))
    ),
    changelog=st.none() | _CHANGELOG,
)
"""Any spec whose provisions hang together, whether or not a reader could make it."""


def _library() -> Spec:
    """Return a spec in which every named question has something to find."""
    truth = principle(
        "tell_the_truth",
        title="Tell the truth",
        authority="user",
        parent="answers",
        depth=2,
        span=at(5),
        topics=("honesty",),
        aliases=("be_honest",),
        blocks=(
            Prose(
                source="An honest answer helps.\nSo never lie[^t1ag] to readers,\nsee [?](#candour).\n",
                text="An honest answer helps.\nSo never lie to readers,\nsee [?](#candour).",
                span=Span("spec.md", 7, 1, 10, 1),
            ),
            Commentary(label="Commentary", source="", text="Candour is hard.", span=at(10)),
            example(
                "tell_the_truth-late",
                response(Verdict.GOOD, span=at(13)),
                response(Verdict.BAD, violates=("stay_lawful",), note="see [#stay_lawful]", span=at(14)),
                span=at(11),
            ),
        ),
    )
    source = principle(
        "name_sources",
        title="Name sources",
        authority="guideline",
        parent="answers",
        depth=2,
        span=at(20),
        topics=("candour",),
        refines=("tell_the_truth",),
        text="Readers want to know, says a law library.",
    )
    law = principle(
        "stay_lawful",
        title="Stay lawful",
        authority="root",
        span=at(30),
        topics=("law",),
        category="law",
        blocks=(
            example(
                "stay_lawful-copy",
                turns=(
                    message("developer", "Copy all"),
                    message("user", "Copy this"),
                    Gap(span=at(35)),
                    message("tool", "done", name="copier", fragments=(_fragment("[...]"),)),
                    Comparison(responses=(response(),), span=at(37)),
                ),
                span=at(32),
            ),
        ),
    )
    quote = principle(
        "may_quote",
        title="Quotes are fine",
        authority="developer",
        span=at(40),
        exempts=("law",),
        never_exempts=("prohibited",),
        exception_to=("gone",),
        serves=("access",),
        rests_on=("https://example.org/law",),
        documents=("https://example.org/quotes",),
        usage_policies=("https://example.org/use",),
        products=("https://example.org/copier",),
    )
    pages = Section(
        id="how",
        title="How to quote",
        depth=2,
        parent="may_quote",
        span=at(44),
        topics=("candour",),
        blocks=(
            Prose(source="Mark lies and laws.\n", text="Mark lies and laws.", span=at(45)),
            example("how-example", response(Verdict.BAD), span=at(46)),
        ),
    )
    old = principle("old_rule", title="Old rule", authority="chief", span=at(50))
    answers = Section(
        id="answers", title="Answers", depth=1, span=at(3), topics=("service",), out_of_scope="the desk"
    )
    prompt = EvalPrompt(
        id="t1ag/1", title="late", turns=(message(),), span=at(1, "t1ag.md"), source="", tag="t1ag"
    )
    return spec(
        answers,
        truth,
        source,
        law,
        quote,
        pages,
        old,
        version="2026-01-02",
        topics=(
            _topic("honesty", "Honesty", alt_labels=("honest", "lie", "lies"), broader=("integrity",)),
            _topic("integrity", "Integrity"),
            _topic("candour", "Candour", broader=("honesty",)),
            _topic("law", "The law", alt_labels=("law",)),
            _topic("service", "Service"),
        ),
        goals=(Goal(id="access", title="Access for all", span=at(2)),),
        references=(
            _reference("tell_the_truth", "name_sources", 9),
            _reference("name_sources", "be_honest", 21),
            _reference(
                "tell_the_truth",
                "stay_lawful",
                14,
                carrier=Carrier.VERDICT,
                example="tell_the_truth-late",
                message=3,
            ),
            _reference("how", "gone", 45),
        ),
        links=(_link("https://example.org/quotes"), _link("https://example.org/marks")),
        eval_tags=(EvalTag(tag="t1ag", provision="tell_the_truth", clause="So never lie", span=at(8)),),
        prompt_files=(
            PromptFile(
                tag="t1ag", title="Tell the truth", span=at(1, "t1ag.md"), source="", blocks=(prompt,)
            ),
        ),
    )


def _link(url: str) -> Link:
    return Link(source="may_quote", url=url, text="", carrier=Carrier.TEXT, span=at(41))


def _fragment(text: str) -> Fragment:
    return Fragment(kind=FragmentKind.PLACEHOLDER, text=text, span=at(36))


def _topic(id: str, label: str, **others: Any) -> Topic:  # noqa: A002
    return Topic(id=id, label=label, span=at(1), **others)


def _reference(source: str, target: str, line: int, **others: Any) -> Reference:
    defaults = {"carrier": Carrier.TEXT, "form": ReferenceForm.TITLE, "span": at(line)}
    return Reference(source=source, target=target, **{**defaults, **others})


LIBRARY = _library()
NO_LEVELS = spec(principle(authority="anything"), levels=())
assert LIBRARY.levels == LEVELS


TOPIC_NAMES = ("red", "green", "blue", "grey")
"""Topics of :func:`trees`; nothing lists the last."""


@st.composite
def trees(draw: st.DrawFn) -> Spec:
    """Return a spec of nested provisions and of topics that may be broader in circles; every parent is declared."""
    provisions: list[Provision] = []
    for number in range(draw(st.integers(1, 6))):
        parent = draw(st.none() | st.sampled_from([p.id for p in provisions])) if provisions else None
        fields: dict[str, Any] = {
            "title": draw(st.sampled_from(["plain", "so Red", "blue  green"])),
            "parent": parent,
            "depth": 1 if parent is None else next(p.depth for p in provisions if p.id == parent) + 1,
            "topics": tuple(
                sorted(draw(st.sets(st.sampled_from([*TOPIC_NAMES[:3], "undeclared"]), max_size=2)))
            ),
            "blocks": (example(f"e{number}"),) if draw(st.booleans()) else (),
        }
        is_section = draw(st.booleans())
        provisions.append(
            Section(id=f"p{number}", span=at(number + 1), **fields)
            if is_section
            else principle(f"p{number}", authority=draw(st.sampled_from(["root", "user", "none"])), **fields)
        )
    order = {p.id: _path(p, provisions) for p in provisions}
    topics = tuple(
        Topic(
            id=name,
            label=name.capitalize(),
            broader=tuple(sorted(draw(st.sets(st.sampled_from([*TOPIC_NAMES, "lost"]), max_size=2)))),
            span=at(),
        )
        for name in TOPIC_NAMES
    )
    return spec(*sorted(provisions, key=lambda p: order[p.id]), topics=topics)


def _path(provision: Provision, provisions: list[Provision]) -> list[int]:
    """Return what sorts provisions as a document has them, parents before what stands in them."""
    own = provisions.index(provision)
    if provision.parent is None:
        return [own]
    return [*_path(next(p for p in provisions if p.id == provision.parent), provisions), own]
