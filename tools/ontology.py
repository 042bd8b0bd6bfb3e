"""Writes what follows from the ontology and the model: the forms in shapes.ttl, context.jsonld, and the JSON Schemas.

Run it after a change of ``ontology/policyspec.ttl``, ``model/attributes.py`` or ``graph/records.py``: ``make ontology``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.collection import Collection

from sphinx_policyspec.exports.schemas import format_schema, list_schemas
from sphinx_policyspec.graph.records import (
    RECORDS,
    Address,
    Addresses,
    Choice,
    Date,
    Field,
    Flag,
    Id,
    Many,
    Name,
    Pairs,
    Record,
)
from sphinx_policyspec.graph.terms import PREFIXES, iri_of, ontology_dir

SCHEMA_DIR = Path(__file__).resolve().parents[1] / "sphinx_policyspec" / "schemas"
MARK = "# What follows is written by `make ontology`.\n"
_INTEGER, _DOUBLE, _STRING, _DATE, _IRI = "xsd:integer", "xsd:double", "xsd:string", "xsd:date", "sh:IRI"
_BOOLEAN = "xsd:boolean"
_LEVEL = "ps:AuthorityLevel"


@dataclass(frozen=True)
class Form:
    """What a property of a class leads to.

    :param least: how many there are at least, and at most, if anything limits them
    :param holds: a datatype, ``sh:IRI``, or the class of what is named
    :param start: the least number
    :param key: of JSON-LD, where that is not its own name
    """

    path: str
    least: int = 0
    most: int | None = 1
    holds: str = _STRING
    start: int | None = None
    pattern: str = ""
    key: str = ""

    @property
    def word(self) -> str:
        """How many there are, as the beginning of a name."""
        return "any" if self.most is None else "one" if self.least else "optional"


def one(path: str, holds: str = _STRING, start: int | None = None) -> Form:
    """Return the form of a property that a thing has once."""
    return Form(path, 1, holds=holds, start=start)


def maybe(path: str, holds: str = _STRING, start: int | None = None) -> Form:
    """Return the form of a property that a thing has at most once."""
    return Form(path, holds=holds, start=start)


def many(path: str, holds: str = _STRING, key: str = "") -> Form:
    """Return the form of a property that a thing may have several times."""
    return Form(path, most=None, holds=holds, key=key)


_PART, _ORDER = one("ps:partOf", _IRI), one("ps:order", _INTEGER, 1)
_START = (one("ps:file"), one("ps:line", _INTEGER, 1), one("ps:column", _INTEGER, 1))
_END = (maybe("ps:endLine", _INTEGER, 1), maybe("ps:endColumn", _INTEGER, 1))
_WITHIN = (maybe("ps:inExample", _IRI), maybe("ps:inMessage", _IRI))

STRUCTURE: Mapping[str, tuple[Form, ...]] = {
    "ps:Spec": (maybe("ps:inferredWith"),),
    _LEVEL: (
        maybe("ps:rank", _INTEGER, 0),
        maybe("ps:directlyOutranks", _LEVEL),
        many("ps:overridableBy", _LEVEL),
    ),
    "skos:Concept": (_ORDER,),
    "ps:Provision": (
        _PART,
        _ORDER,
        one("ps:depth", _INTEGER, 1),
        maybe("ps:subsectionOf", _IRI),
        maybe("ps:text"),
        many("ps:link", key="links"),
        many("ps:origin"),
        many("ps:originStatement", _IRI),
    ),
    "ps:Example": (_PART, _ORDER, maybe("ps:exampleState")),
    "ps:Changelog": (_PART,),
    "ps:Message": (
        _PART,
        _ORDER,
        many("ps:setting", key="settings"),
        many("ps:placeholder", key="placeholders"),
        many("ps:untrusted"),
    ),
    "ps:Reference": (_ORDER, *_WITHIN, one("ps:target", _IRI), maybe("ps:targetName")),
    "ps:ExternalLink": (_ORDER, *_WITHIN),
    "ps:Touch": (
        one("ps:toucher", "ps:Provision"),
        one("ps:touchedTopic", _IRI),
        one("ps:touchKind"),
        one("ps:via"),
        *_START,
    ),
    "ps:Change": (
        one("ps:changed", _IRI),
        one("ps:sinceRelease", _IRI),
        maybe("ps:inRelease", _IRI),
        one("ps:changeKind"),
        one("ps:changeWeight"),
        one("ps:rule"),
        one("ps:text"),
        maybe("ps:before"),
        maybe("ps:after"),
        many("ps:lacksRecord", _IRI),
        _ORDER,
    ),
    "ps:EvalRun": (
        one("ps:model"),
        one("ps:harness"),
    ),
    "ps:EvalResult": (
        one("ps:resultFor", _IRI),
        one("ps:facet"),
        one("ps:scorer"),
        one("ps:evidenceKind"),
        maybe("ps:grader"),
        maybe("ps:gradedRelease"),
        one("ps:mean", _DOUBLE),
        one("ps:policy"),
        maybe("ps:standardError", _DOUBLE),
        maybe("ps:clusteredError", _DOUBLE),
        maybe("ps:intervalLow", _DOUBLE),
        maybe("ps:intervalHigh", _DOUBLE),
        maybe("ps:intervalMethod"),
        *(one(f"ps:{counted}Count", _INTEGER) for counted in ("prompt", "answer", "excluded", "cluster")),
    ),
    "ps:Feedback": (
        one("ps:status"),
        maybe("ps:feedbackKind"),
        many("ps:concerns", _IRI),
        maybe("ps:saidOf", _IRI),
        maybe("ps:answeredIn", _IRI),
        many("ps:duplicates", _IRI),
        many("ps:contradicts", _IRI),
        maybe("ps:quoteState"),
    ),
    "ps:DecisionRecord": (
        one("ps:status"),
        many("ps:decides", _IRI),
        maybe("ps:rationaleNotDerivable", _BOOLEAN),
    ),
    "ps:Proposal": (
        one("ps:status"),
        many("ps:proposes", _IRI),
        many("ps:answers", _IRI),
        maybe("ps:decidedBy", _IRI),
    ),
    "ps:EvalDifference": (
        one("ps:minuend", _IRI),
        one("ps:subtrahend", _IRI),
        one("ps:difference", _DOUBLE),
        one("ps:promptCount", _INTEGER),
        maybe("ps:clusteredError", _DOUBLE),
        maybe("ps:intervalLow", _DOUBLE),
        maybe("ps:intervalHigh", _DOUBLE),
        maybe("ps:adjustedP", _DOUBLE),
    ),
}
"""What a graph states beside the fields of records; of any other class, of what it is part of, and its place there."""


_OURS = {"dc:publisher": "publisherName", "prov:Entity": "Entity", "skos:Concept": "Topic"}
"""What terms of others are called among ours, where that is not their own name."""


def short(iri: str) -> str:
    """Return an IRI with its prefix."""
    prefix = next(name for name, namespace in PREFIXES.items() if iri.startswith(namespace))
    return f"{prefix}:{iri.removeprefix(PREFIXES[prefix])}"


def local(name: str) -> str:
    """Return a name without its prefix, or the one that we have for it."""
    return _OURS.get(name) or name.partition(":")[2]


@cache
def ontology() -> Graph:
    """Return what policyspec.ttl says."""
    return Graph().parse(ontology_dir() / "policyspec.ttl")


def members(path: str) -> list[str]:
    """Return all that a property can lead to, if the ontology lists it."""
    range_ = ontology().value(iri(path), RDFS.range)
    listed = ontology().value(ontology().value(range_, OWL.equivalentClass), OWL.oneOf)
    return [short(str(one)) for one in Collection(ontology(), listed)] if listed else []


def form_of(field: Field, record: Record) -> Form:
    """Return the form of what a field states; something that may be named alone needs no more than its id."""
    path = short(field.predicate)
    least = int(getattr(field, "always", False) and not (record.placeless and path != "dcterms:identifier"))
    if isinstance(field, Choice):
        return Form(path, int(not field.optional and not record.placeless))
    if isinstance(field, Address | Addresses):
        return Form(path, most=None if isinstance(field, Addresses) else 1, holds=_IRI)
    if isinstance(field, Date):
        return Form(path, holds=_DATE)
    if isinstance(field, Id | Many) and field.kind:
        holds = _LEVEL if field.kind == "level" else _IRI
        return Form(path, least, None if isinstance(field, Many) else 1, holds)
    if isinstance(field, Many):
        return Form(path, most=None, pattern="=" if isinstance(field, Pairs) else "")
    return Form(path, least)


def forms_of(record: Record) -> Iterator[Form]:
    """Yield the forms of all that is stated of a model object."""
    yield from (form_of(field, record) for field in record.fields if not isinstance(field, Flag))
    if record.spanned:
        yield from () if record.placeless else _START
        yield from _END
    names = [short(kind) for kind in record.types]
    own = [STRUCTURE[name] for name in names if name in STRUCTURE]
    yield from own[0] if own else (_PART, _ORDER)


def classes() -> dict[str, tuple[Form, ...]]:
    """Return the forms by class; what a class has by its superclass stands there."""
    found = {short(record.types[0]): dict.fromkeys(forms_of(record)) for record in RECORDS.values()}
    above = {name: tuple(map(short, kinds)) for name, *kinds in (r.types for r in RECORDS.values())}
    for record in RECORDS.values():
        for kind in map(short, record.types[1:]):
            if kind.startswith("ps:") and kind not in found:
                found[kind] = dict(found[short(record.types[0])])
    for name, kinds in above.items():
        for kind in kinds:
            for form in found.get(kind, ()):
                found[short(name)].pop(form, None)
    found |= {name: dict.fromkeys(forms) for name, forms in STRUCTURE.items() if name not in found}
    return {name: tuple(forms) for name, forms in sorted(found.items())}


def names(forms: Iterable[Form]) -> dict[Form, str]:
    """Return the name of the shape of each form: that of the property, where all of one property are alike."""
    of: dict[str, set[Form]] = {}
    for form in forms:
        of.setdefault(form.path, set()).add(form)
    return {
        form: name if len(alike) == 1 else f"{form.word}{name[0].upper()}{name[1:]}"
        for name, alike in sorted((local(path), forms) for path, forms in of.items())
        for form in sorted(alike, key=lambda form: form.word)
    }


def _demands(form: Form) -> Iterator[str]:
    if form.least:
        yield f"sh:minCount {form.least}"
    if form.most is not None:
        yield f"sh:maxCount {form.most}"
    if listed := members(form.path):
        yield f"sh:in ( {' '.join(listed)} )"
    elif form.holds == _DATE:
        yield "sh:or ( [ sh:datatype xsd:date ] [ sh:datatype xsd:string ] )"
    elif form.holds.startswith("xsd:"):
        yield f"sh:datatype {form.holds}"
    else:
        yield "sh:nodeKind sh:IRI"
        if form.holds != _IRI:
            yield f"sh:class {form.holds}"
    if form.start is not None:
        yield f"sh:minInclusive {form.start}"
    if form.pattern:
        yield f'sh:pattern "{form.pattern}"'


def _message(form: Form) -> str:
    head = {
        "one": f"It needs one {form.path},",
        "optional": f"It has at most one {form.path},",
        "any": f"A {form.path} is",
    }[form.word]
    from_ = "" if form.start is None else f" from {form.start}"
    what = {
        _STRING: "a string",
        _INTEGER: f"a whole number{from_}",
        _IRI: "an IRI",
        _DATE: "a date, or a string",
        _BOOLEAN: "true or false",
    }
    listed = ", ".join(members(form.path))
    told = f"one of {listed}" if listed else what.get(form.holds, f"the IRI of a {form.holds}")
    return f"{head} {told}{' with a =' * bool(form.pattern)}."


def _node_shape(name: str, forms: Iterable[Form], named: Mapping[Form, str]) -> str:
    record = next((record for record in RECORDS.values() if short(record.types[0]) == name), None)
    above = [f"sh:class {short(kind)}" for kind in record.types[1:]] if record else []
    shapes = " , ".join(sorted(f"shape:{named[form]}" for form in forms))
    facts = ["a sh:NodeShape", f"sh:targetClass {name}", "sh:nodeKind sh:IRI", *above]
    has = f" ;\n    sh:property {shapes}" if shapes else ""
    return f"shape:{local(name)} {' ; '.join(facts)}{has} .\n"


def _property_shape(form: Form, name: str) -> str:
    lines = [f"shape:{name} a sh:PropertyShape ; sh:path {form.path}", " ; ".join(_demands(form))]
    lines.append(f"sh:message {json.dumps(_message(form))}@en")
    if said := ontology().value(iri(form.path), SKOS.definition):
        lines.append(f"sh:description {json.dumps(str(said), ensure_ascii=False)}@en")
    return " ;\n    ".join(lines) + " .\n"


def iri(name: str) -> URIRef:
    """Return what a name with a prefix stands for."""
    return URIRef(iri_of(name))


def shapes(by_hand: str) -> str:
    """Return the shapes: what is written by hand, and the forms."""
    found = classes()
    named = names(form for forms in found.values() for form in forms)
    parts = [_node_shape(name, forms, named) for name, forms in found.items()]
    parts += [_property_shape(form, name) for form, name in named.items()]
    return "\n".join((by_hand.partition(MARK)[0] + MARK, *parts))


def context() -> str:
    """Return the JSON-LD context: keys for all terms that a graph has."""
    graph = ontology()
    keys: dict[str, Any] = {"@version": 1.1, "id": "@id", "type": "@type"}
    keys |= {prefix: name for prefix, name in PREFIXES.items() if prefix not in {"rdf", "rdfs"}}
    terms = {short(str(term)) for term in graph.subjects(RDF.type) if str(term).startswith(PREFIXES["ps"])}
    terms |= {
        *_OURS,
        "skos:narrower",
        *(short(field.predicate) for record in RECORDS.values() for field in record.fields),
    }
    found = {_key(term): _entry(term) for term in terms - {"rdf:type"}}
    keys |= dict(sorted(found.items()))
    lines = ",\n".join(f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in keys.items())
    return f'{{\n  "@context": {{\n{lines}\n  }}\n}}\n'


def _fields(term: str) -> list[Field]:
    return [f for record in RECORDS.values() for f in record.fields if short(f.predicate) == term]


def _forms(term: str) -> list[Form]:
    return [form for forms in classes().values() for form in forms if form.path == term]


def _is_many(term: str) -> bool:
    """Return whether all things that have a property may have several: what rules derive is never limited."""
    return all(form.most is None for form in _forms(term))


def _key(term: str) -> str:
    """Return the key of a term: a plural where a field is one, the field of a term of others, else its own name."""
    field = next(iter(_fields(term)), None)
    is_ours = term in _OURS or (term.startswith("ps:") and not _is_many(term))
    if field is None or is_ours or isinstance(field, Name) or field.name == "id":
        return next((form.key for form in _forms(term) if form.key), local(term))
    first, *rest = field.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _entry(term: str) -> str | dict[str, str]:
    """Return what the context says of a term."""
    graph, name = ontology(), iri(term)
    kinds = set(graph.objects(name, RDF.type))
    if kinds & {OWL.Class, OWL.NamedIndividual}:
        return term
    entry = {"@id": term}
    holds = next((form.holds for form in _forms(term)), _STRING)
    if OWL.ObjectProperty in kinds or holds == _IRI:
        entry["@type"] = "@vocab" if members(term) else "@id"
    elif holds != _STRING:
        entry["@type"] = holds
    if _is_many(term):
        entry["@container"] = "@set"
    return entry if len(entry) > 1 else term


def written() -> dict[Path, str]:
    """Return what the files must hold."""
    path = ontology_dir() / "shapes.ttl"
    schemas = {SCHEMA_DIR / f"{kind}.schema.json": format_schema(kind) for kind in list_schemas()}
    return {
        path: shapes(path.read_text("utf-8")),
        ontology_dir() / "context.jsonld": context(),
        **schemas,
    }


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text, "utf-8")
