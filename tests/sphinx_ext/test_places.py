"""What is found in a text is told where a person wrote it, in whatever way it came to its page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.compare.change import ChangeKind
from sphinx_policyspec.model import Message, messages_of

CONF = """
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
project = "P"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_policyspec"]
exclude_patterns = ["part"]
"""
HEAD = "```{policy:principle}\n:id: be_kind\n:authority: user\n:topics: nope\n```\n\n"
RST_HEAD = ".. policy:principle::\n   :id: be_kind\n   :authority: user\n   :topics: nope\n\n"
UNKNOWN = "unknown topic `nope`"
GONE = "unknown provision `gone`"
NOWHERE = "`#gone` leads nowhere"
BANNER = """
def change(app, docname, source):
    source[0] = source[0].replace("\\n\\n", "\\n\\n```{note}\\nThis page is a draft.\\nDo not cite.\\n```\\n\\n", 1)

def setup(app):
    app.connect("source-read", change)
"""
CUT = """
def change(app, docname, source):
    head, _, rest = source[0].partition("<!-- cut -->\\n")
    source[0] = head + rest.partition("<!-- end -->\\n")[2]

def setup(app):
    app.connect("source-read", change)
"""
LOOP = """
import jinja2

def change(app, docname, source):
    source[0] = jinja2.Template(source[0]).render(words=["one", "two"])

def setup(app):
    app.connect("source-read", change)
"""
GUARD = '''"""Guards.

"""


def refuse(x):
    """Refuse what is asked.

    .. policy:principle:: Refuse plainly
       :id: be_kind
       :authority: developer
       :topics: nope

       Say no without a sermon. See :policy:principle:`gone`.

       .. policy:example:: asked twice
          :id: asked-twice

          .. policy:message:: user

             Please? [name]

    :param x: what
    """
    return x
'''


@dataclass(frozen=True, kw_only=True)
class Case:
    """A project, the text of its principle ``be_kind``, and the places of what is found in it."""

    files: dict[str, str]
    text: str
    found: dict[str, str]
    conf: str = ""
    others: dict[str, str] = field(default_factory=dict)


def _page(*parts: str) -> dict[str, str]:
    return {"index.md": "".join(parts)}


def _rst(*parts: str) -> dict[str, str]:
    return {"index.rst": "".join(parts)}


OTHER = "\n\n## Other\n\nNot part of it."
RST_OTHER = "\n\nOther\n-----\n\nNot part of it."
TWO = "First words.\n\nSecond words, see [](#gone)."
RST_TWO = "First words.\n\nSecond words, see :policy:principle:`gone`."
FOUND = {UNKNOWN: "index.md:10:1", NOWHERE: "index.md:15:23"}
RST_FOUND = {UNKNOWN: "index.rst:12:1", GONE: "index.rst:16:38"}


def _separated(before: str) -> dict[str, str]:
    return _page(f"# Title\n\n{before}\n\n## Be kind\n\n", HEAD, TWO, OTHER)


CASES = {
    "banner": Case(
        files=_separated("Line."),
        conf=BANNER,
        text=TWO,
        found=FOUND,
    ),
    "cut": Case(
        files=_page(
            "# Title\n\n<!-- cut -->\n\nGone.\n\nGone.\n<!-- end -->\n\n## Be kind\n\n", HEAD, TWO, OTHER
        ),
        conf=CUT,
        text=TWO,
        found={UNKNOWN: "index.md:15:1", NOWHERE: "index.md:20:23"},
    ),
    "loop": Case(
        files=_page(
            "# Title\n\n{% for word in words %}\nSaid {{ word }}.\n{% endfor %}\n\n## Be kind\n\n",
            HEAD,
            "Before.\n\n{% for word in words %}\nSay {{ word }}, [](#gone).\n{% endfor %}\n\nAfter, see [](#lost).",
        ),
        conf=LOOP,
        text="Before.\n\nSay one, [](#gone).\n\nSay two, [](#gone).\n\nAfter, see [](#lost).",
        found={UNKNOWN: "index.md:12:1", "`#lost` leads nowhere": "index.md:21:16"},
    ),
    "u2028": Case(files=_separated("A pasted\u2028line\u2028separator."), text=TWO, found=FOUND),
    "nel": Case(files=_separated("Next\u0085line and \x1c\x1d\x1e separators."), text=TWO, found=FOUND),
    "formfeed": Case(files=_separated("A\fform\vfeed."), text=TWO, found=FOUND),
    "crlf": Case(
        files={"index.md": _separated("L.")["index.md"].replace("\n", "\r\n")}, text=TWO, found=FOUND
    ),
    "cr": Case(files={"index.md": _separated("L.")["index.md"].replace("\n", "\r")}, text=TWO, found=FOUND),
    "inside": Case(
        files=_page(
            "# Title\n\n````{policy:principle} Be kind\n:id: be_kind\n:authority: user\n:topics: nope\n\n",
            "A pasted\u2028line.\n\nSecond words, see [](#gone).\n````\n",
        ),
        text="A pasted\nline.\n\nSecond words, see [](#gone).",
        found={UNKNOWN: "index.md:6:1", NOWHERE: "index.md:10:23"},
    ),
    "bom": Case(
        files={"index.md": "\ufeff---\ntitle: hidden\n---\n# Title\n\n## Be kind\n\n" + HEAD + TWO},
        text=TWO,
        found={UNKNOWN: "index.md:11:1", NOWHERE: "index.md:16:23"},
    ),
    "rst-u2028": Case(
        # For docutils this ends a line, so that all below stands one line lower than an editor says.
        files=_rst(
            "Title\n=====\n\nA pasted\u2028line.\n\nBe kind\n-------\n\n", RST_HEAD, RST_TWO, RST_OTHER
        ),
        text=RST_TWO,
        found={UNKNOWN: "index.rst:13:1", GONE: "index.rst:17:38"},
    ),
    "rst-formfeed": Case(
        files=_rst("Title\n=====\n\n\f\n\nBe kind\n-------\n\n", RST_HEAD, RST_TWO, RST_OTHER),
        text=RST_TWO,
        found=RST_FOUND,
    ),
    "overlined": Case(
        files=_rst("=====\nTitle\n=====\n\nBe kind\n-------\n\n", RST_HEAD, RST_TWO, RST_OTHER),
        text=RST_TWO,
        found={UNKNOWN: "index.rst:11:1", GONE: "index.rst:15:38"},
    ),
    "include": Case(
        files=_page("# Title\n\n## Be kind\n\n", HEAD, "First.\n\n```{include} part/n.md\n```\n"),
        others={"part/n.md": "Kept words, see [](#lost).\n\nA long\nparagraph {policy:principle}`gone`.\n"},
        text="First.\n\nKept words, see [](#lost).\n\nA long\nparagraph {policy:principle}`gone`.",
        found={UNKNOWN: "index.md:8:1", GONE: "part/n.md:4:30", "`#lost` leads nowhere": "part/n.md:1:21"},
    ),
    "include-part": Case(
        files=_page(
            "# Title\n\n## Be kind\n\n",
            HEAD,
            "First.\n\n```{include} part/r.md\n:start-after: \"## Rules\"\n:end-before: '## Changes'\n```\n\nLast.",
        ),
        others={
            "part/r.md": "# R\n\nIntro.\n\n## Rules\n\nRules words, see [](#gone).\n\n- a rule\n\n## Changes\n\nNo.\n"
        },
        text="First.\n\nRules words, see [](#gone).\n\n- a rule\n\nLast.",
        found={UNKNOWN: "index.md:8:1", NOWHERE: "part/r.md:7:22"},
    ),
    "include-words": Case(
        files=_page(
            "# Title\n\n## Be kind\n\n",
            HEAD,
            "```{include} part/r.md\n:start-after: Intro of\n:end-before: Usage\n```\n",
        ),
        others={"part/r.md": "# R\n\nIntro of the readme with [](#gone).\n\nUsage words.\n"},
        text="the readme with [](#gone).",
        found={UNKNOWN: "index.md:8:1", NOWHERE: "part/r.md:3:30"},
    ),
    "rst-include-lines": Case(
        files=_rst(
            "Title\n=====\n\nBe kind\n-------\n\n",
            RST_HEAD,
            ".. include:: part/r.txt\n   :start-line: 4\n\n.. include:: part/r.txt\n   :end-before: no more\n",
        ),
        others={
            "part/r.txt": "Words.\n\nno more\n\nKept.\n\nSee :policy:principle:`gone`\nand :policy:principle:`lost`.\n"
        },
        text="Kept.\n\nSee :policy:principle:`gone`\nand :policy:principle:`lost`.\n\nWords.",
        found={
            UNKNOWN: "index.rst:10:1",
            GONE: "part/r.txt:7:24",
            "unknown provision `lost`": "part/r.txt:8:24",
        },
    ),
    "rst-include-directive": Case(
        files=_rst("Title\n=====\n\nLine.\n\n.. include:: part/r.txt\n   :start-after: begin\n"),
        others={
            "part/r.txt": "Words.\n\n.. begin\n\n.. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n"
            "   :topics: nope\n\n   See :policy:principle:`gone`.\n"
        },
        text="See :policy:principle:`gone`.",
        found={UNKNOWN: "part/r.txt:8:1", GONE: "part/r.txt:10:27"},
    ),
    "docstring": Case(
        files=_rst("Title\n=====\n\n.. automodule:: guard\n   :members:\n"),
        others={"guard.py": GUARD},
        text="Say no without a sermon. See :policy:principle:`gone`.",
        found={UNKNOWN: "guard.py:12:1", GONE: "guard.py:14:56"},
    ),
    "cells": Case(
        files=_rst(
            "Title\n=====\n\n"
            "+------------------------------------+-------------------------------------+\n"
            "| .. policy:principle:: Be brief     | .. policy:principle:: Be kind       |\n"
            "|    :id: be_brief                   |    :id: be_kind                     |\n"
            "|    :authority: user                |    :authority: root                 |\n"
            "|    :topics: nada                   |    :topics: nope                    |\n"
            "|                                    |                                     |\n"
            "|    Brief words,                    |    Kind words,                      |\n"
            "|    see :policy:principle:`lost`.   |    see :policy:principle:`gone`.    |\n"
            "+------------------------------------+-------------------------------------+\n"
        ),
        text="Kind words,\nsee :policy:principle:`gone`.",
        found={
            UNKNOWN: "index.rst:8:1",
            GONE: "index.rst:11:66",
            "unknown provision `lost`": "index.rst:11:29",
        },
    ),
    "quotation": Case(
        files=_page(
            "# Title\n\n> Before.\n>\n> ```{policy:principle} Be kind\n> :id: be_kind\n> :authority: user\n"
            "> :topics: nope\n>\n> Kind words,\n> see [](#gone).\n> ```\n>\n> After."
        ),
        text="Kind words,\nsee [](#gone).",
        found={UNKNOWN: "index.md:8:1", NOWHERE: "index.md:11:11"},
    ),
    "pipe-table": Case(
        files=_page(
            "# Title\n\n## Be kind\n\n", HEAD, "| A | B |\n|---|---|\n| x | yes |\n| y | yes, [](#gone) |\n"
        ),
        text="| A | B |\n| --- | --- |\n| x | yes |\n| y | yes, [](#gone) |",
        found={UNKNOWN: "index.md:8:1", NOWHERE: "index.md:14:16"},
    ),
    "cells-alike": Case(
        files=_page(
            "# Title\n\n## Be kind\n\n",
            HEAD,
            "| A | B |\n|---|---|\n| see [](#gone) | see [](#gone) |\n| kindly | kind {policy:principle}`gone` |\n",
        ),
        text="| A | B |\n| --- | --- |\n| see [](#gone) | see [](#gone) |\n| kindly | kind {policy:principle}`gone` |",
        found={UNKNOWN: "index.md:8:1", NOWHERE: "index.md:13:27", GONE: "index.md:14:36"},
    ),
    "note-behind-include": Case(
        files=_rst(
            "Title\n=====\n\n.. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n\n   Kind.\n\n"
            "   .. policy:example:: At the desk\n\n      .. policy:message:: user\n\n         .. include:: part/m.txt\n\n"
            "      .. policy:response:: bad\n         :note: Rude to :policy:principle:`gone` and\n"
            "            :policy:principle:`lost`.\n\n         Go.\n",
        ),
        others={"part/m.txt": "One.\n\nTwo.\n\nThree.\n"},
        text="Kind.",
        found={GONE: "index.rst:17:44", "unknown provision `lost`": "index.rst:18:32"},
    ),
}


def _read(case: Case, folder: Path) -> ps.Loaded:
    for name, text in {"conf.py": CONF + case.conf, **case.files, **case.others}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return ps.load_checked(folder)


@pytest.mark.parametrize("name", CASES)
def test_a_text_is_what_was_parsed_and_its_place_where_it_was_written(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    loaded = _read(case, tmp_path)
    assert loaded.spec.provision_by_id["be_kind"].text == case.text
    assert {finding.message: str(finding.span) for finding in loaded.findings} | case.found == {
        finding.message: str(finding.span) for finding in loaded.findings
    }


def test_a_text_that_a_template_makes_is_told_at_its_provision_and_said_to_be_made(tmp_path: Path) -> None:
    loaded = _read(CASES["loop"], tmp_path)
    made = [str(finding.span) for finding in loaded.findings if finding.code == "unplaced-text"]
    assert made == ["index.md:1:1", "index.md:7:1"]
    provision = loaded.spec.provision_by_id["be_kind"]
    # The nearest line that a person wrote for a reference in such a text is that of the loop.
    lines = {r.target: r.span.line for r in loaded.spec.references if r.source == "be_kind"}
    assert [block.span.line for block in provision.blocks] == [15, 7, 7, 21]
    assert lines.get("lost", 21) == 21


PAGE = """# Title

`````{policy:principle} Be kind to {{ who }}
:id: be_kind
:authority: user

Kind.

````{policy:example} At {{ who }}

```{policy:message} user
Hello {{ who }} [...],

<!-- hidden
hidden -->

:::{include} part/m.txt
:::
```

```{policy:response} good
Fine.

::::{policy:example} inner
:::{policy:message} user
No.
:::
::::
```

```{policy:response} bad
No.
```
````

```{policy:definition} {{ who }}
What {{ who }} is.
```
`````
"""


def test_what_stands_in_blocks_is_what_was_parsed(tmp_path: Path) -> None:
    conf = 'myst_enable_extensions = ["substitution", "colon_fence"]\nmyst_substitutions = {"who": "the *desk*"}\n'
    case = Case(conf=conf, files={"index.md": PAGE}, others={"part/m.txt": "Included.\n"}, text="", found={})
    loaded = _read(case, tmp_path)
    provision = loaded.spec.provision_by_id["be_kind"]
    example, inner = provision.examples
    assert (provision.title, example.title, inner.title) == ("Be kind to the desk", "At the desk", "inner")
    said = [message.text for message in messages_of(example.turns)]
    assert said == ["Hello the *desk* [...],\n\nIncluded.", "Fine.", "No."]
    assert provision.text == "Kind.\n\nWhat the *desk* is."
    found = [(finding.code, str(finding.span)) for finding in loaded.findings if finding.severity != "hint"]
    assert found == [("misplaced-directive", "index.md:24:1")]


@pytest.mark.parametrize("inner", ["example", "message", "response", "prompt", "conversation", "principle"])
@pytest.mark.parametrize("outer", ["message", "response"])
def test_what_a_message_cannot_hold_is_a_finding_and_no_word_of_it(
    inner: str, outer: str, tmp_path: Path
) -> None:
    arguments = {"message": " user", "response": " bad", "conversation": ""}
    page = (
        "Title\n=====\n\n.. policy:principle:: Be kind\n   :id: be_kind\n   :authority: user\n\n   Kind.\n\n"
        f"   .. policy:example:: At the desk\n\n      .. policy:{outer}::{arguments[outer]}\n\n         Outer.\n\n"
        f"         .. policy:{inner}::{arguments.get(inner, ' inner words')}\n\n            <user>\n            Inner.\n"
        "            </user>\n\n         After.\n"
    )
    loaded = _read(Case(files={"index.rst": page}, text="", found={}), tmp_path)
    provision = loaded.spec.provision_by_id["be_kind"]
    message = next(iter(messages_of(provision.examples[0].turns)))
    assert isinstance(message, Message)
    assert message.text == "Outer.\n\nAfter."
    assert [str(f.span) for f in loaded.findings if f.code == "misplaced-directive"] == ["index.rst:16:1"]
    assert "nested-principle" not in {finding.code for finding in loaded.findings}


def test_an_edit_of_a_docstring_is_a_change(tmp_path: Path) -> None:
    case = CASES["docstring"]
    old = _read(case, tmp_path / "old").spec
    new = _read(
        Case(
            files=case.files,
            others={"guard.py": GUARD.replace("without", "but not without")},
            text="",
            found={},
        ),
        tmp_path / "new",
    )
    assert [(change.id, change.kind) for change in ps.diff(old, new.spec).changes] == [
        ("be_kind", ChangeKind.TEXT)
    ]
    assert {finding.span.file for finding in new.findings if "gone" in finding.message} == {"guard.py"}
