"""Every kind of input: what good files of it hold, and which commands read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sphinx_policyspec.compare.history import format_lock, lock_of
from sphinx_policyspec.graph.serialize import serialize
from sphinx_policyspec.graph.terms import FORMATS
from sphinx_policyspec.graph.to_graph import triples_of
from sphinx_policyspec.readers.annotations import shipped_annotations
from sphinx_policyspec.sphinx_ext import extension
from tests.conftest import REPOSITORY
from tests.graph.specs import LIBRARY
from tests.mutations import Grammar
from tests.readers.test_fuzz import DIALECT

ROOTS = REPOSITORY / "tests" / "roots"
UPSTREAM = ROOTS / "test-model-spec" / "upstream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of input.

    :param file: where it stands, in the folder that commands are run in; nothing where it is an argument, ``{}`` of a command
    :param commands: what reads it: one of them is run for each mutant
    :param found: what was once read badly, each with the command that did
    """

    grammar: Grammar
    commands: tuple[str, ...]
    file: str = ""
    found: tuple[tuple[bytes, str], ...] = ()


def grammar(seeds: Iterable[bytes], tokens: str, *more: bytes, is_tree: bool = False) -> Grammar:
    """Return a grammar whose tokens are lines of a text, and some more."""
    return Grammar(
        seeds=tuple(seeds), tokens=(*(token.encode() for token in lines(tokens)), *more), is_tree=is_tree
    )


def directives(form: str, option: str) -> Iterator[bytes]:
    """Yield each directive with each of its options."""
    for name, directive in sorted(extension.directives().items()):
        for key in ("", *(directive.option_spec or {})):
            told = option.format(key=key) if key else ""
            yield form.format(name=name, option=told).encode()


def pages(suffix: str, twin: str) -> list[bytes]:
    """Return pages that have every directive, and those of a spec that people might read."""
    files = [
        *(ROOTS / twin).glob(f"*.{suffix}"),
        *(ROOTS / "test-views").glob(f"*.{suffix}"),
        *(REPOSITORY / "example_docs").glob(f"*.{suffix}"),
    ]
    return [file.read_bytes() for file in sorted(files)]


def lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text that are not blank."""
    return tuple(line for line in text.splitlines() if line)


def reading(source: str, more: str = "") -> tuple[str, ...]:
    """Return commands that read a SOURCE, the longest seldom."""
    commands = (*lines(READ + more) * 2, *lines(HANDBOOKS))
    return tuple(command.replace("{}", source) for command in commands)


READ = """
check {}
check {} --format sarif
check {} --format junit --fail-on hint
check {} --fix --yes
graph {}
graph {} --format jsonld
graph {} --format rdf --inferred
graph {} --format trig --base-iri https://example.org/
stats {} --format text
diff old {}
diff {} old --format markdown
diff old {} --format html
diff old {} --format json --exit-code
diff old {} --cases cases.yaml --overlay {}
lock --check policyspec.lock {}
lock {}
query {} hard-rules --format csv
resolve {} cases.yaml
reason {}
"""
HANDBOOKS = """
handbook {} -o site --theme basic
handbook {} -o site --theme basic --ask --since old
"""
SEVERAL = """
graph releases --format trig
query releases level-history --param provision=be_kind
history releases be_kind
check releases/2026-02-02
"""
CHANGELOG = """
changelog old {}
diff old {} --format changelog
changelog old {} --format json
"""
YAML = r"""
&a
*a
<<: *a
!!binary
!!python/object:os.system
%YAML 1.3
---
? a
: a
- a
- {id: a, label: [b]}
|
>9
"\ud800"
"\xZZ"
~
2026-13-45
{a: {b
[a, [b
yes: no
1_0: 0o7
'
"
{}
[]
"""
JSON = r"""
"\ud800"
"\u0000"
NaN
-Infinity
1e999
null
{}
[]
"id": {},
"version": 1,
"""
TURTLE = r"""
@prefix : <> .
@base <../> .
<urn:policyspec:spec:provision/%FF>
a
[
] .
(
)
<<(
)>>
{| a 1 |}
'''
"x"@en--ltr
"01"^^<http://www.w3.org/2001/XMLSchema#integer>
"2026-13-45"^^<http://www.w3.org/2001/XMLSchema#date>
_:b
\uD800
VERSION "1.2"
"""
JSON_LD = r"""
"@context": "https://example.org/",
"@context": {"@vocab": "urn:x"},
"@reverse": {"urn:p": [
"@graph": [
{"@list": [
"@id": "_:b",
"@id": "../%FF",
"@type": "@json",
"@direction": "rtl",
"@included": [
"@base": "..",
"""
XML = """
<!DOCTYPE x [<!ENTITY a 'b'>]>
&a;
&#0;
<![CDATA[
<!--
<?xml version='1.1' encoding='utf-16'?>
<rdf:li>
rdf:parseType="Collection"
rdf:parseType="Literal"
rdf:about="x" rdf:ID="x"
rdf:datatype="http://www.w3.org/2001/XMLSchema#integer"
xml:base="../"
xml:lang=""
</rdf:Description>
"""
SPARQL = r"""
SELECT * { ?s ?p ?o }
CONSTRUCT WHERE { ?s ?p ?o }
DESCRIBE ?s
ASK {}
SERVICE <http://127.0.0.1:9/> {}
FROM <file:///etc/hostname>
LOAD <file:///etc/hostname> ;
INSERT DATA { <a> <b> <c> } ;
OPTIONAL {
UNION {
FILTER NOT EXISTS {
{ SELECT
VALUES ?x {
BIND(1/0 AS ?x)
GROUP BY ?s HAVING(1) ORDER BY DESC(?s) LIMIT 3 OFFSET 9
ps:broader+/^ps:x*|!(a)
REGEX(?x, "(a+)+$")
REPLACE("a", "(", "$9")
GRAPH ?g {
# a
'''
BASE <x> PREFIX : <y>
?s ?p ?o . ?a ?b ?c . ?d ?e ?f .
<<( ?s ?p ?o )>>
GROUP_CONCAT(?x; separator="")
"""
GIT = r"""
git:
:
@{
@{upstream}
@{9999 years ago}
~
~99999999999
^
^{/a}
^{tree}
:/
../
//
:(glob)**
-x
--all
..
*
$(true)
;
\
.git
refs/heads/
HEAD:
"""
WORDS = """
=
,
-
--
*
../
manners
be_kind
hard-rules
https://example.org/
urn:x:
off
"
}
) { ?s ?p ?o
%FF
"""
GIT_NAMES = (
    b"git:HEAD:release git:HEAD~1:release git:main:. git:@{0}:releases git:HEAD:release/model_spec.md "
    b"git:HEAD^{commit}:old git:main:myst git:HEAD:spec.ttl"
)
LABELS = b"manners Manners be_kind topic=manners user be_kind=be_warm https://example.org/spec/ urn:spec: dangling-reference"
RDF = {"ttl": TURTLE, "trig": TURTLE, "nt": TURTLE, "nq": TURTLE, "jsonld": JSON + JSON_LD, "rdf": XML}
ROLE = "\n{policy:principle}`a`\n{policy:count}`hard-rules`\n{policy:clause}`\n{eval-rst}\n[](#be_kind)\n% a\n(a)=\n$$"
RST_ROLE = ":policy:principle:`a <b>`\n:policy:count:`hard-rules`\n|a|\n.. |a| replace:: b\n.. _a:\n`a`_\n.. only:: html\n::"


def release_kind(name: str, seeds: list[bytes], more: str = "") -> Kind:
    """Return the kind of a file of a release."""
    dialect = Grammar(seeds=tuple(seeds), tokens=DIALECT.tokens, opening=DIALECT.opening)
    return Kind(grammar=dialect, commands=reading("release", CHANGELOG + more), file=f"release/{name}")


def graph_kind(form: str) -> Kind:
    """Return the kind of graph files of a format."""
    data = serialize(list(triples_of(LIBRARY)), form)[0]
    file = f"spec.{form}"
    return Kind(
        grammar=grammar([data], RDF[form], is_tree=form == "jsonld"), commands=reading(file), file=file
    )


def texts(folder: Path, pattern: str) -> list[bytes]:
    """Return what the files in a folder hold."""
    return [file.read_bytes() for file in sorted(folder.glob(pattern))]


NESTED = b"[" * 300 + b"]" * 300
CASES = b"""
- title: a rule against a wish
  items:
    - {id: rule, principle: be_kind, issue: tone, value: warm}
    - {id: wish, from: user, turn: 1, issue: tone, value: cold}
  expect: {outcomes: {tone: warm}}
"""

OVERLAY = b"""
overlay: shop
upstream: {source: release, release: "2026-02-02", sha256: abc}
holder: developer
surface: api
statements:
  - {id: a, says: So it is., overrides: [be_kind, {provision: be_kind, clause: kind}], mode: implicit, voids: [x]}
  - {id: b, says: So it is., narrows: be_kind, forbids: [be_kind], issue: tone, value: cold, because: of it}
  - {id: c, says: So it is., delegates: shelf, scope: [be_kind, tone], where: {globs: ["a/**"], audience: all}}
  - {id: d, says: So it is., adds: Rule, level: user, chapter: be_kind, examples: [{user: a, good: b, bad: c}]}
  - {id: e, says: So it is., defines: kind}
  - {id: f, says: So it is., restates: be_kind}
  - {id: g, says: So it is., permits: be_kind}
"""

FEEDBACK = b"""feedback:
  - id: a
    url: https://example.org/a/issues/1
    date: 2026-01-01
    release: 2026-01-01
    kind: spec-defect
    provisions: [be_kind, "manners"]
    quote: The assistant is kind
    title: "Odd: \\"words\\""
    status: answered
    answered-in: 2026-02-02
    duplicates: [b]
    because: ["be_kind: id `be_kind`"]
unassigned:
  - {id: b, title: Odder, contradicts: a, labels: [x], hints: ["be_kind: Be kind"]}
"""
ISSUES = b"""[{"number": 1, "title": "Odd \\"Be kind\\"", "body": "See https://a.org/2026-01-01.html#be_kind and `be_kind`.",
"labels": [{"name": "x"}, "y"], "createdAt": "2026-01-01T00:00:00Z", "state": "OPEN", "url": "https://example.org/a/issues/1"},
{"number": 3, "title": "Odder", "body": null, "html_url": "https://example.org/a/issues/3", "created_at": "2026-01-01", "state": "closed",
"state_reason": "not_planned", "labels": []}]"""

ALIGNMENT = b'''# mapping_set_id: https://example.org/a
# license: https://creativecommons.org/publicdomain/zero/1.0/
# curie_map:
#   new: urn:policyspec:new:provision/
#   old: urn:policyspec:old:provision/
# subject_source: urn:policyspec:new:
# object_source_version: 2026-01-01
# extension_definitions: [{slot_name: subject_digest, property: ps:subjectDigest}]
subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification\tconfidence\tauthor_id\tmapping_date\tcomment\tsubject_digest
new:be_kind\t"Be ""kind"""\tskos:closeMatch\told:be_kind\tsemapv:ManualMappingCuration\t0.5\torcid:1|a\t2026-01-01\t"a\tb"\tab12
new:manners\tManners\tskos:broadMatch\told:manners\tsemapv:ManualMappingCuration\t\t\t\t\t
new:be_kind#\xc2\xb61\t\tskos:exactMatch\tsssom:NoTermFound\tsemapv:ManualMappingCuration\t1\t\t\t\t
new:be_kind/1\t\tskos:narrowMatch\told:be_knd\tsemapv:LexicalMatching\t\t\t\t\t
'''
TSV = """
\t
"
""
"a
|
#
# a: [
skos:exactMatch
skos:relatedMatch
sssom:NoTermFound
predicate_modifier
Not
mapping_date
\u00b63 s2
%C2%B61
1e999
"""

KINDS = {
    "document": release_kind("model_spec.md", [*texts(UPSTREAM, "model_spec.md") * 40, *DIALECT.seeds[19:]]),
    "readme": release_kind("README.md", texts(UPSTREAM, "README.md")),
    "changelog": release_kind(
        "CHANGELOG.md", [*texts(UPSTREAM, "CHANGELOG.md"), (REPOSITORY / "CHANGELOG.md").read_bytes()]
    ),
    "prompts": release_kind("examples/ab12.md", texts(UPSTREAM / "examples", "*.md")),
    "readme-of-several": Kind(
        grammar=Grammar(seeds=tuple(texts(UPSTREAM, "README.md")), tokens=DIALECT.tokens),
        commands=(*lines(SEVERAL) * 4, "handbook releases -o site --theme basic"),
        file="releases/2026-02-02/README.md",
    ),
    "myst": Kind(
        grammar=grammar(
            pages("md", "test-twin-myst"),
            ROLE,
            *directives("```{{policy:{name}}} x\n{option}\n- a\n```\n", ":{key}: honesty"),
        ),
        commands=reading("myst"),
        found=tuple(
            (b"a \xeb b\n", command) for command in ("check myst", "handbook myst -o site --theme basic")
        ),
        file="myst/index.md",
    ),
    "rst": Kind(
        grammar=grammar(
            pages("rst", "test-twin-rst"),
            RST_ROLE,
            *directives("\n\n.. policy:{name}:: x\n{option}\n\n   - a\n\n", "   :{key}: honesty"),
        ),
        commands=reading("rst"),
        found=tuple(
            (b"a \xeb b\n", command) for command in ("check rst", "handbook rst -o site --theme basic")
        ),
        file="rst/index.rst",
    ),
    "sidecar": Kind(
        grammar=grammar([shipped_annotations().read_bytes(), *texts(ROOTS, "*/*.yaml")], YAML, is_tree=True),
        commands=(
            *(f"{command} --annotations sidecar.yaml" for command in reading("release")),
            "check annotated",
        ),
        file="sidecar.yaml",
    ),
    "cases": Kind(
        grammar=grammar(
            [CASES, *texts(REPOSITORY / "tests" / "decision" / "cases", "*.yaml")], YAML, is_tree=True
        ),
        commands=lines(
            "resolve release cases.yaml\nresolve release cases.yaml --format json\ndiff old release --cases cases.yaml\n"
            "diff old release --cases cases.yaml --format html\nresolve myst cases.yaml"
        )
        * 6
        + ("survey release cases.yaml",),
        file="cases.yaml",
        found=(
            (CASES + b"  compatible: {tone: [" + NESTED + b"]}\n", "resolve release cases.yaml"),
            (CASES.replace(b"expect: {", b"expect: {? %s : a, " % NESTED), "resolve release cases.yaml"),
        ),
    ),
    "overlay": Kind(
        grammar=grammar(
            [OVERLAY, *texts(REPOSITORY / "tests" / "checks", "cases/*/*.overlay.yaml")], YAML, is_tree=True
        ),
        commands=lines(
            "overlay check overlay.yaml --upstream release --cases cases.yaml\noverlay check overlay.yaml --format json\n"
            "overlay resolve overlay.yaml --upstream release\noverlay resolve overlay.yaml --format ttl\n"
            "overlay export overlay.yaml --to agents --upstream release\noverlay export overlay.yaml --to oscal --upstream release\n"
            "overlay export overlay.yaml --to mdc --upstream release -o x.mdc\noverlay rebase overlay.yaml --next old --upstream release --write\n"
            "query overlay.yaml principles-by-level\ndiff release overlay.yaml\nresolve overlay.yaml cases.yaml\n"
            "handbook overlay.yaml -o site --theme basic"
        ),
        file="overlay.yaml",
    ),
    "alignment": Kind(
        grammar=grammar(
            [ALIGNMENT, *texts(REPOSITORY / "tests" / "checks", "cases/*/*.sssom.tsv")], TSV + YAML
        ),
        commands=lines(
            "align check release old a.sssom.tsv --name new --name old\nalign check release old a.sssom.tsv --name new --name old --format json\n"
            "align check release old a.sssom.tsv --name new --name old --format html\n"
            "align update a.sssom.tsv --fill release --name new -o b.sssom.tsv\n"
            "align update a.sssom.tsv --next old=release --name old --name old -o b.sssom.tsv --format json\n"
            "query release old mapped --alignment a.sssom.tsv --name new --name old\n"
            "graph release old --alignment a.sssom.tsv --name new --name old --format nq\n"
            "resolve release old cases.yaml --alignment a.sssom.tsv --name new --name old"
        ),
        file="a.sssom.tsv",
    ),
    "feedback": Kind(
        grammar=grammar(
            [FEEDBACK, *texts(REPOSITORY / "tests" / "checks", "cases/*/*.feedback.yaml")],
            YAML,
            is_tree=False,
        ),
        commands=lines(
            "feedback release --feedback feedback.yaml\nfeedback release --feedback feedback.yaml --format json\n"
            "check release --feedback feedback.yaml\nfeedback releases --import issues.json -o feedback.yaml\n"
            "feedback release --import issues.json --map feedback.yaml"
        ),
        file="feedback.yaml",
    ),
    "issues": Kind(
        grammar=grammar([ISSUES], JSON, is_tree=True),
        commands=lines(
            "feedback release --import issues.json\nfeedback releases --import issues.json -o feedback.yaml"
        ),
        file="issues.json",
    ),
    "lock": Kind(
        grammar=grammar([format_lock(lock_of(LIBRARY)).encode()], JSON, is_tree=True),
        commands=lines(
            "lock --check policyspec.lock release\nlock --check policyspec.lock release --format json"
        ),
        file="policyspec.lock",
    ),
    "baseline": Kind(
        grammar=grammar(
            [
                b'{"version": 1, "findings": [\n{"file": "a.md", "code": "a", "fingerprint": "ab12", "message": "b"},\n{"file": "b.md", "code": "a", "fingerprint": "cd", "message": ""}]}\n'
            ],
            JSON,
            is_tree=True,
        ),
        commands=lines("check release --baseline known.json\ncheck rst --baseline known.json --format sarif"),
        file="known.json",
    ),
    **{form: graph_kind(form) for form in FORMATS},
    "sparql": Kind(
        grammar=grammar(texts(REPOSITORY / "ontology" / "questions", "*.rq"), SPARQL),
        commands=lines(
            "\n".join(
                f"query release --file query.rq --format {form}"
                for form in ("text", "json", "csv", "markdown")
            )
        ),
        file="query.rq",
    ),
    "sparql-argument": Kind(
        grammar=grammar(texts(REPOSITORY / "ontology" / "questions", "h*.rq"), SPARQL),
        commands=("query release --sparql={}",),
    ),
    "git": Kind(
        grammar=grammar(GIT_NAMES.split(), GIT),
        commands=lines("check -- {}\nstats -- {}\ndiff -- old {}\ngraph -- {}\nlock -- {}"),
    ),
    "labels": Kind(
        grammar=grammar(LABELS.split(), WORDS),
        found=(
            (b"a\x1b\n\xe2\x80\xae\xff", "diff old release --alias={}"),
            (b"a\nb", "graph release -o {}.xyz"),
            (b"\x9b\x07", "check release --select={}"),
            (b"\n", "query release {}"),
            (b"a\xff", "handbook release -o site --theme={}"),
            *(
                (b"", command)
                for command in lines(
                    "check {}\nhandbook release -o {}\ngraph release -o {}\nsurvey release --format cases -o {}\nlock release -o {}"
                )
            ),
            (b"circle.ttl", "check {}"),
            (b"circle.ttl", "graph release -o {}"),
            (b"circle.ttl", "diff old {}"),
            (b"circle.ttl", "check release --baseline={}"),
            (b"circle.ttl", "stats release --annotations={}"),
            (b"circle.ttl/new", "init {}"),
            (b"circle.ttl", "handbook release -o {} --theme basic"),
        ),
        commands=lines(
            "query release where-mentioned --param=topic={}\nquery release hard-rules --param={}\nquery release {}\n"
            "diff old release --alias={}\nhistory releases -- {}\ngraph release --base-iri={}\ncheck release --select={}\n"
            "check release --severity={}=off\ngraph myst -D {}\ngraph myst -t {}\ncheck myst -b {}\ncheck {}\n"
            "handbook release -o site --pdf-font={}\nhandbook release -o site --theme={}\ninit new --title={}\n"
            "graph release -o {}.xyz\ncheck release --baseline={}\nstats release --annotations={}\nlock --check={} old"
        ),
    ),
}
