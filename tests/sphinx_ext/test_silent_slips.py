"""Slips that used to pass in silence: each is a finding at its line, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import Category, Severity, rules

CONFIGURATION = 'extensions = ["myst_parser", "sphinx_policyspec"]\nproject = "Slips"\n'

RST = """\
Slips
=====

.. policy:spec:: Slips
   :date: soon
   :base-iri: our spec

.. policy:level:: crew
   :roles: develper, user

.. policy:topic:: Truth
   :id: truth
   :broader: truth

.. policy:definition:: Lie

.. policy:principle:: Be kind
   :id: be_kind
   :authority: crew
   :refines: be_kind

   Kindness.

   .. policy:example:: a greeting
      :id: greeting

      Somebody enters.

      .. policy:message:: user

      .. policy:response:: good
         :violates: be_kind

         Hello.

.. policy:principle:: Be brief

   :id: be_brief
   :authority: crew

   Brevity.
"""

MYST = """\
# Slips

```{policy:spec} Slips
:date: soon
:base-iri: our spec
```

```{policy:level} crew
:roles: develper, user
```

```{policy:topic} Truth
:id: truth
:broader: truth
```

```{policy:definition} Lie
```

`````{policy:principle} Be kind
:id: be_kind
:authority: crew
:refines: be_kind

Kindness.

````{policy:example} a greeting
:id: greeting

Somebody enters.

```{policy:message} user
```

```{policy:response} good
:violates: be_kind

Hello.
```
````
`````

```{policy:principle} Be brief

:id: be_brief
:authority: crew

Brevity.
```
"""

EXPECTED = [
    ("`soon` is no date", ":date:"),
    ("`our spec` is not an absolute IRI", ":base-iri:"),
    ("unknown role `develper`", ":roles:"),
    ("`truth` names itself in `broader`", ":broader:"),
    ("`policy:definition` has no text", "policy:definition"),
    ("`be_kind` names itself in `refines`", ":refines:"),
    ("text in `policy:example` is in no message", "Somebody enters."),
    ("`policy:message` has no text", "policy:message"),
    ("a good response violates nothing", ":violates:"),
    ("`:id:` is below a blank line, where it is text and no option", ":id: be_brief"),
]

COVERAGE = {code for code, rule in rules().items() if rule.category is Category.COVERAGE}
"""What so small a spec lacks is no slip."""


@pytest.mark.parametrize(("name", "text"), [("index.rst", RST), ("index.md", MYST)])
def test_every_slip_is_found_at_its_line(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "conf.py").write_text(CONFIGURATION, "utf-8")
    (tmp_path / name).write_text(text, "utf-8")
    loaded = ps.load_checked(tmp_path)
    found = [
        (finding.message, finding.span.line) for finding in loaded.findings if finding.code not in COVERAGE
    ]
    lines = text.splitlines()
    places = [next(n for n, line in enumerate(lines, 1) if part in line) for _, part in EXPECTED]
    assert found[: len(EXPECTED)] == [
        (message, line) for (message, _), line in zip(EXPECTED, places, strict=True)
    ]
    assert loaded.spec.issued == loaded.spec.base_iri == ""
    assert loaded.spec.provision_by_id["be_kind"].refines == ("be_kind",)  # type: ignore[attr-defined]


def test_a_spec_that_two_pages_declare_is_found_on_the_second(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONFIGURATION, "utf-8")
    (tmp_path / "index.md").write_text("# Home\n\n```{toctree}\nb\na\n```\n", "utf-8")
    for name in "ab":
        text = f"# {name}\n\n```{{policy:spec}} Spec {name}\n```\n"
        (tmp_path / f"{name}.md").write_text(text, "utf-8")
    loaded = ps.load_checked(tmp_path)
    assert loaded.spec.title == "Spec b"
    assert [str(finding) for finding in loaded.findings if finding.code != "no-principle"] == [
        "a.md:3:1: error: the spec is declared already at b.md:3; keep one `policy:spec` [duplicate-spec]"
    ]


def test_a_good_date_and_base_pass(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(CONFIGURATION, "utf-8")
    text = "# Home\n\n```{policy:spec} Spec\n:date: 2026-02-28\n:base-iri: https://example.org/spec/\n```\n"
    (tmp_path / "index.md").write_text(text, "utf-8")
    loaded = ps.load_checked(tmp_path)
    assert [finding.code for finding in loaded.findings] == ["no-principle"]
    assert (loaded.spec.issued, loaded.spec.base_iri) == ("2026-02-28", "https://example.org/spec/")


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "index.md",
            "\nrules\n",
            "\nrulez\n",
            "index.md:9:1: warning: did you mean `rules`? [parser-warning]",
        ),
        (
            "conf.py",
            "[]",
            '["rules.md"]',
            "index.md:9:1: warning: `exclude_patterns` leaves it out [parser-warning]",
        ),
        (
            "conf.py",
            "OPTION",
            'policyspec_outputs = ["nt"]',
            "conf.py:5:1: error: that on line 4; delete one [config]",
        ),
    ],
    ids=["renamed", "excluded", "twice"],
)
def test_a_slip_outside_the_directives_is_told_alone(
    tmp_path: Path, file: str, old: str, new: str, expected: str
) -> None:
    texts = {
        "conf.py": CONFIGURATION + 'exclude_patterns = []\npolicyspec_outputs = ["ttl"]\n# OPTION\n',
        "index.md": "# Home\n\n```{policy:topic} Truth\n:id: truth\n```\n\n## Contents\n\n```{toctree}\nrules\n```\n",
        "rules.md": "# Tell it\n\n```{policy:principle}\n:id: tell\n:authority: user\n:topics: truth\n```\n\nTell it.\n",
    }
    texts[file] = texts[file].replace(f"# {old}" if old == "OPTION" else old, new)
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    [found] = [one for one in ps.load_checked(tmp_path).findings if one.severity is not Severity.HINT]
    place, severity, words = expected.split(": ", 2)
    assert str(found).startswith(f"{place}: {severity}: ")
    assert words.rpartition(" [")[0] in str(found)
    assert str(found).endswith(words.rpartition(" ")[2])
