"""Specs whose every text would act if it were taken for markup, and readers that find where one did."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from sphinx_policyspec import model
from sphinx_policyspec.model import (
    Carrier,
    Changelog,
    ChangelogEntry,
    Clause,
    Commentary,
    Comparison,
    Definition,
    Document,
    EvalPrompt,
    EvalTag,
    Fragment,
    FragmentKind,
    Gap,
    Goal,
    Link,
    Markup,
    Priority,
    PromptFile,
    Prose,
    Reference,
    ReferenceForm,
    Refusal,
    Section,
    Spec,
    SpecStatement,
    Topic,
)
from tests.conftest import LEVELS, at, example, message, principle, response, spec

MARKUP = "\"'><ps-evil onevil=1></script><!--${7*7}{{7*7}}#evil()`\\evil|*_[x](javascript:evil)&lt;%s{0}"
"""Ends an attribute, an element and a script, opens others, and says something to templates, TeX, Typst and Markdown."""
CONTROL = "\x1b[31m\x07\u202eevil\r::error::evil"
"""Colours a terminal, rings, turns the direction of writing around and forges a line."""


def whole(markup: Markup = Markup.MODEL_SPEC) -> Spec:
    """Return a spec that has something of every class of the model."""
    prose = Prose(source="Words.\n", text="Words.", span=at(3))
    message_ = message(
        recipient="search",
        name="tool",
        language="en",
        attributes=(("channel", "final"),),
        fragments=(Fragment(kind=FragmentKind.PLACEHOLDER, text="[...]", span=at(9)),),
    )
    shown = example(
        "one-x",
        turns=(
            message_,
            Gap(span=at(9)),
            Comparison(responses=(response(note="why", violates=("one",)), response(name="n")), span=at(9)),
        ),
        illustrates=("one",),
        weighs=("two",),
        tags=("tag",),
    )
    one = principle(
        "one",
        parent="chapter",
        depth=2,
        blocks=(
            prose,
            shown,
            Definition(id="term", term="Term", source="", text="**Term**: meaning", span=at(5)),
            Commentary(label="Commentary", source="", text="Aside.", span=at(6)),
        ),
        topics=("topic",),
        tags=("tag",),
        aliases=("former",),
        attributes=(("key", "value"),),
        status="draft",
        since="1",
        category="c",
        serves=("goal",),
    )
    two = principle(
        "two",
        exception_to=("one",),
        exempts=("one",),
        preferred_over=("one",),
        conflicts_with=("one",),
        refines=("one",),
    )
    said = SpecStatement(
        id="desk/brisk",
        title="Brisk",
        depth=1,
        span=at(7, "desk.yaml"),
        authority="user",
        overlay="desk",
        overrides=("one",),
        words=(("one", "words"),),
        globs=("desk/**",),
        because="There is a queue.",
        audience="readers",
    )
    refused = Refusal(
        id="desk/dare", operation="overrides", named="one", refused="root-is-fixed", because="why", span=at(9)
    )
    entry = ChangelogEntry(version="1", source="", text="First.", span=at(1, "CHANGELOG.md"))
    prompt = EvalPrompt(
        id="p", title="Prompt", turns=(message_,), span=at(2, "p.md"), source="", tag="t", tests=("one",)
    )
    return spec(
        Section(
            id="chapter",
            title="Chapter",
            depth=1,
            span=at(1),
            blocks=(prose, model.Comment(source="", span=at(2))),
        ),
        one,
        two,
        said,
        documents=(Document(file="spec.md", markup=markup),),
        version="1",
        issued="2025-01-01",
        license="https://example.org",
        publisher="Publisher",
        revision_of="0",
        levels=tuple(replace(level, title=level.id, span=at(1)) for level in LEVELS),
        topics=(Topic(id="topic", label="Topic", alt_labels=("other",), broader=(), related=(), span=at(1)),),
        goals=(Goal(id="goal", title="Goal", text="Words.", span=at(1)),),
        preamble=(prose,),
        priorities=(Priority(goal="goal", kind="strict", span=at(1)),),
        overlays=("desk",),
        refusals=(refused,),
        clauses=(Clause(principle="one", authority="root", text="by default", span=at(4)),),
        references=(
            Reference(
                source="one",
                target="two",
                carrier=Carrier.TEXT,
                form=ReferenceForm.TEXT,
                span=at(4),
                text="it",
            ),
        ),
        links=(
            Link(source="one", url="https://example.org", text="there", carrier=Carrier.TEXT, span=at(4)),
        ),
        eval_tags=(EvalTag(tag="t", provision="one", clause="Words.", span=at(4), test="x"),),
        prompt_files=(PromptFile(tag="t", title="T", span=at(1, "p.md"), source="", blocks=(prompt,)),),
        changelog=Changelog(span=at(1, "CHANGELOG.md"), source="", entries=(entry,)),
    )


def poisoned(value: Any, poison: str) -> Any:
    """Return a value of the model with poison behind every text of it, empty ones and those of new fields included."""
    if isinstance(value, enum.Enum):
        return value
    if isinstance(value, str):
        return value + poison
    if isinstance(value, tuple):
        return tuple(poisoned(part, poison) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{f.name: poisoned(getattr(value, f.name), poison) for f in fields(value) if f.init}
        )
    return value


def classes_in(value: Any) -> set[str]:
    """Return the names of the classes that a value is made of, and of those that they are derived from."""
    if isinstance(value, tuple):
        return set().union(*map(classes_in, value))
    if is_dataclass(value) and not isinstance(value, type):
        names = {base.__name__ for base in type(value).__mro__}
        return names.union(*(classes_in(getattr(value, f.name)) for f in fields(value)))
    return set()


def classes_of(hint: Any, found: set[str] | None = None) -> set[str]:
    """Return the names of the classes that a value of a type may be made of, those derived from them included."""
    found = set() if found is None else found
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is not None:
        for part in typing.get_args(hint):
            classes_of(part, found)
    elif isinstance(hint, type) and is_dataclass(hint) and hint.__name__ not in found:
        found.add(hint.__name__)
        for part in (*typing.get_type_hints(hint, vars(model)).values(), *hint.__subclasses__()):
            classes_of(part, found)
    return found


def texts_in(value: Any) -> Iterator[str]:
    """Yield the texts of a value, of JSON or of the model, keys included."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        yield value
    elif isinstance(value, dict):
        for key, inside in value.items():
            yield from texts_in(key)
            yield from texts_in(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            yield from texts_in(inside)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from texts_in(getattr(value, field.name))


def acts_in(html: str) -> list[str]:
    """Return what of a page of HTML acts that poison, or somebody's text, may have brought."""
    page = BeautifulSoup(html, "html.parser")
    return [str(tag)[:200] for tag in page.find_all(True) if _acts(tag)]


def _acts(tag: Tag) -> bool:
    if (
        tag.name in {"ps-evil", "iframe", "object", "embed", "base"}
        or "evil" in tag.attrs
        or "onevil" in tag.attrs
    ):
        return True
    # Some themes have handlers of their own.
    if any(name.startswith("on") and "evil" in str(value) for name, value in tag.attrs.items()):
        return True
    if tag.get("http-equiv") == "refresh":
        return True
    if tag.name == "script" and tag.get("type") != "application/ld+json":
        return "evil" in tag.get_text() or "evil" in str(tag.get("src", ""))
    address = "".join(str(tag.get("href") or tag.get("src") or "").split()).lower()
    return address.startswith(("javascript:", "data:text", "vbscript:", "file:"))


def pages_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the pages of a site by name."""
    for file in sorted(folder.rglob("*.html")):
        yield file.relative_to(folder).as_posix(), file.read_text("utf-8")
