"""Slips of structure, a page each: one message, at the place of the slip, with its cause and its cure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.errors import PolicySpecError
from sphinx_policyspec.model import Markup, Severity
from sphinx_policyspec.sphinx_ext.pages.places import corrected
from tests.growth import SUPERLINEAR, calls, growth
from tests.sphinx_ext.conftest import build_once, lines_of
from tests.sphinx_ext.slip_rows import MORE_IN_MYST, MORE_IN_RST, QUIET_IN_MYST, QUIET_IN_RST, Row


class Slip(NamedTuple):
    """What a writer got wrong.

    :param wrong: a part of a right page, and what was written instead
    :param at: words of the line of the message
    :param cure: words of the message
    :param more: other parts that are changed with it
    """

    wrong: tuple[str, str]
    code: str
    at: str
    cure: str
    more: tuple[tuple[str, str], ...] = ()


MYST = """\
# On {name}

Before.

## Say so when you do not know

```{{policy:principle}}
:id: is-{name}
:authority: user
```

The first norm.

````{{policy:example}} A book that is not there
:id: e-{name}

```{{policy:message}} user
Have you this book?
```

```{{policy:response}} good
:note: It says so.

I do not know.
```

```{{policy:response}} bad
Of course.
```
````

The second norm.

## After

```{{policy:principle}}
:id: after-{name}
:authority: user
```

See [](#is-{name}).
"""
RST = """\
On {name}
====================================

Before.

Say so when you do not know
---------------------------

.. policy:principle::
   :id: is-{name}
   :authority: user

The first norm.

.. policy:example:: A book that is not there
   :id: e-{name}

   .. policy:message:: user

      Have you this book?

   .. policy:response:: good
      :note: It says so.

      I do not know.

   .. policy:response:: bad

      Of course.

The second norm.

After
-----

.. policy:principle::
   :id: after-{name}
   :authority: user

See :policy:principle:`is-{name}`.
"""

EXAMPLE = "````{policy:example} A book"
IN_MYST = {
    "equal-fences": Slip(
        (EXAMPLE, EXAMPLE[1:]),
        "short-fence",
        "{policy:example}",
        "the outer fence needs four backticks",
        (("```\n````", "```\n```"),),
    ),
    "equal-fences-of-four": Slip(
        (
            "```{policy:message} user\nHave you this book?\n```",
            "````{policy:message} user\nHave you this book?\n````",
        ),
        "short-fence",
        "{policy:example}",
        "the outer fence needs five backticks",
    ),
    "shorter-outer-fence": Slip(
        ("```{policy:response} bad\nOf course.\n```", "`````{policy:response} bad\nOf course.\n`````"),
        "short-fence",
        "{policy:example}",
        "the outer fence needs six backticks",
    ),
    "equal-colons": Slip(
        (EXAMPLE, ":::{policy:example} A book"),
        "short-fence",
        "{policy:example}",
        "the outer fence needs four colons",
        (
            ("```\n````", ":::\n:::"),
            (
                "```{policy:message} user\nHave you this book?\n```",
                ":::{policy:message} user\nHave you this book?\n:::",
            ),
            ("```{policy:response} bad", ":::{policy:response} bad"),
        ),
    ),
    "equal-tildes": Slip(
        (EXAMPLE, "~~~{policy:example} A book"),
        "short-fence",
        "{policy:example}",
        "the outer fence needs four tildes",
        (
            ("```\n````", "~~~\n~~~"),
            (
                "```{policy:message} user\nHave you this book?\n```",
                "~~~{policy:message} user\nHave you this book?\n~~~",
            ),
            ("```{policy:response} bad", "~~~{policy:response} bad"),
        ),
    ),
    "code-in-a-message": Slip(
        ("I do not know.", "```python\nprint(1)\n```"),
        "short-fence",
        "{policy:response} good",
        "the outer fence needs four backticks",
        (
            ("A book that is not there", "A book that is not there "),
            (EXAMPLE, "`````{policy:example} A book"),
            ("```\n````\n\nThe", "```\n`````\n\nThe"),
        ),
    ),
    "outer-never-closed": Slip(
        ("```\n````\n\nThe second norm.", "```\n\nThe second norm."),
        "unclosed-fence",
        "{policy:example}",
        "add a line of four backticks",
    ),
    "message-never-closed": Slip(
        ("book?\n```\n", "book?\n"), "unclosed-fence", "{policy:message}", "add a line of three backticks"
    ),
    "answer-never-closed": Slip(
        ("not know.\n```\n", "not know.\n"),
        "unclosed-fence",
        "{policy:response} good",
        "add a line of three backticks",
    ),
    "last-answer-never-closed": Slip(
        ("course.\n```\n", "course.\n"),
        "unclosed-fence",
        "{policy:response} bad",
        "add a line of three backticks",
    ),
    "principle-never-closed": Slip(
        (":authority: user\n```\n\nThe first", ":authority: user\n\nThe first"),
        "unclosed-fence",
        "{policy:principle}",
        "add a line of three backticks",
    ),
    "last-fence-never-closed": Slip(
        ("-{n}\n:authority: user\n```\n\nSee", "-{n}\n:authority: user\n\nSee"),
        "unclosed-fence",
        "last {policy:principle}",
        "add a line of three backticks",
    ),
    "short-end": Slip(
        ("```\n````\n\nThe second", "```\n```\n\nThe second"),
        "unclosed-fence",
        "The second",
        "write four backticks",
    ),
    "end-too-many": Slip(
        ("````\n\nThe second", "````\n```\n\nThe second"), "unclosed-fence", "The second", "delete it"
    ),
    "answer-in-a-message": Slip(
        (
            "```{policy:message} user\nHave you this book?\n```\n\n```{policy:response} good",
            "````{policy:message} user\nHave you this book?\n\n```{policy:response} good",
        ),
        "misplaced-directive",
        "{policy:response} good",
        "put it after the message",
        (
            ("not know.\n```\n", "not know.\n```\n````\n"),
            (EXAMPLE, "`````{policy:example} A book"),
            ("```\n````\n\nThe", "```\n`````\n\nThe"),
        ),
    ),
    "example-in-an-answer": Slip(
        (
            "Of course.\n",
            "Of course.\n\n:::::{policy:example} Inner\n:::{policy:message} user\nInner?\n:::\n:::::\n",
        ),
        "misplaced-directive",
        "Inner",
        "put it after the answer",
    ),
    "example-in-an-example": Slip(
        (
            "```{policy:response} bad",
            ":::::{policy:example} Inner\n:::{policy:message} user\nInner?\n:::\n:::::\n\n```{policy:response} bad",
        ),
        "misplaced-directive",
        "Inner",
        "put it after the example",
    ),
    "example-in-code": Slip(
        (EXAMPLE, "````policy:example A book"), "unknown-directive", "policy:example", "`{policy:example}`"
    ),
    "open-brace": Slip(
        (EXAMPLE, "````{policy:example A book"), "unknown-directive", "policy:example", "`{policy:example}`"
    ),
    "blank-in-a-name": Slip(
        (EXAMPLE, "````{policy: example} A book"),
        "unknown-directive",
        "policy: example",
        "`{policy:example}`",
    ),
    "misspelt": Slip(
        (EXAMPLE, "````{policy:exmaple} A book"),
        "unknown-directive",
        "exmaple",
        "did you mean `policy:example`?",
    ),
    "without-prefix": Slip(
        (EXAMPLE, "````{example} A book"), "unknown-directive", "{example}", "did you mean `policy:example`?"
    ),
    "misspelt-prefix": Slip(
        (EXAMPLE, "````{polcy:example} A book"),
        "unknown-directive",
        "polcy",
        "did you mean `policy:example`?",
    ),
    "other-divider": Slip(
        (EXAMPLE, "````{policy-example} A book"),
        "unknown-directive",
        "policy-",
        "did you mean `policy:example`?",
    ),
    "misspelt-message": Slip(
        ("{policy:message}", "{policy:mesage}"),
        "unknown-directive",
        "mesage",
        "did you mean `policy:message`?",
    ),
    "principle-without-prefix": Slip(
        ("```{policy:principle}\n:id: is-{n}\n", "```{principle}\n:id: is-{n}\n"),
        "unknown-directive",
        "{principle}",
        "did you mean `policy:principle`?",
    ),
    "principle-misspelt": Slip(
        ("```{policy:principle}\n:id: is-{n}\n", "```{policy:princple}\n:id: is-{n}\n"),
        "unknown-directive",
        "princple",
        "did you mean `policy:principle`?",
    ),
    "lost-option": Slip(("good\n:note:", "good\n\n:note:"), "lost-option", ":note:", "delete the blank line"),
    "lost-option-of-an-example": Slip(
        ("there\n:id:", "there\n\n:id:"), "lost-option", ":id: e-", "delete the blank line"
    ),
    "text-behind-a-role": Slip(
        ("user\nHave you this book?", "user Have you this book?"),
        "missing-blank-line",
        "{policy:message}",
        "put it on a line of its own",
    ),
    "text-behind-a-verdict": Slip(
        ("bad\nOf course.", "bad Of course."),
        "missing-blank-line",
        "{policy:response} bad",
        "put it on a line of its own",
    ),
    "in-a-note": Slip(
        (EXAMPLE, "````{note}\n" + EXAMPLE),
        "short-fence",
        "{note}",
        "the outer fence needs five backticks",
        (("```\n````\n\nThe second", "```\n````\n````\n\nThe second"),),
    ),
    "in-a-list": Slip(
        (
            "The second norm.",
            "- item\n\n  ```{policy:example} L\n  ```{policy:message} user\n  Hi\n  ```\n  ```\n",
        ),
        "short-fence",
        "} L",
        "the outer fence needs four backticks",
    ),
    "three-equal-fences": Slip(
        (EXAMPLE, "```{policy:commentary}\n```{note}\n```{tip}\nT\n```\n```\n```\n\n" + EXAMPLE),
        "short-fence",
        "{policy:commentary}",
        "the outer fence needs five backticks, where it begins and where it ends, and that of `note` four",
    ),
    "code-in-a-message-as-long": Slip(
        ("Have you this book?", "```\ncode\n```"),
        "short-fence",
        "{policy:example}",
        "the outer fence needs five backticks, where it begins and where it ends, and that of `policy:message` four",
    ),
    "another-mark-at-the-end": Slip(
        ("```{policy:message}", "~~~{policy:message}"), "unclosed-fence", "19", ", or "
    ),
    "one-end-too-many-inside": Slip(
        ("book?\n```\n", "book?\n```\n```\n"), "unclosed-fence", "20", "delete it"
    ),
    "one-end-too-many-outside": Slip(
        ("```\n````\n\nThe second", "```\n````\n````\n\nThe second"), "unclosed-fence", "31", "delete it"
    ),
    "example-in-a-prompt": Slip(
        (
            "The second norm.",
            "`````{policy:prompt} P\n````{policy:example} Ex\n```{policy:message} user\nHi\n```\n````\n```{policy:message} user\nHi\n```\n`````\n",
        ),
        "misplaced-directive",
        "} Ex",
        "put it after the prompt",
    ),
    "ended-early": Slip(("book?\n```\n", "book?\n```\n````\n"), "unclosed-fence", "20", "delete this line"),
    "ended-with-more": Slip(
        ("course.\n```\n````", "course.\n`````\n````"), "unclosed-fence", "`````", "write three backticks"
    ),
    "conversation-never-closed": Slip(
        (
            "The second norm.",
            "````{policy:example} C\n```{policy:conversation}\n<user>\nHi\n</user>\n\n````\n",
        ),
        "unclosed-fence",
        "{policy:conversation}",
        "add a line of three backticks",
    ),
    "directive-in-the-tag-notation": Slip(
        (
            "The second norm.",
            "````{policy:example} C\n```{policy:conversation}\n<user>\nHi\n\n.. policy:example:: x\n</user>\n```\n````\n",
        ),
        "misplaced-directive",
        ".. policy:example::",
        "put it after the conversation",
    ),
    "definition-never-closed": Slip(
        ("The second norm.", "```{policy:definition} Word\nIt means.\n"),
        "unclosed-fence",
        "{policy:definition}",
        "add a line of three backticks",
    ),
    "misspelt-role": Slip(
        ("[](#is-{n})", "{policy:princple}`is-{n}`"),
        "unknown-directive",
        "princple",
        "did you mean `policy:principle`?",
    ),
    "role-without-prefix": Slip(
        ("[](#is-{n})", "{principle}`is-{n}`"),
        "unknown-directive",
        "{principle}",
        "did you mean `policy:principle`?",
    ),
    "in-an-included-file": Slip(
        ("The second norm.", "```{include} /parts/fences.inc\n```"),
        "short-fence",
        "parts/fences.inc:1",
        "the outer fence needs four backticks",
    ),
}
IN_RST = {
    "text-below-a-role": Slip(
        ("user\n\n      Have", "user\n      Have"),
        "missing-blank-line",
        "Have you",
        "put a blank line between",
    ),
    "text-below-a-verdict": Slip(
        ("bad\n\n      Of", "bad\n      Of"), "missing-blank-line", "Of course", "put a blank line between"
    ),
    "text-behind-a-role": Slip(
        ("user\n\n      Have", "user Have"),
        "missing-blank-line",
        "policy:message",
        "put it on a line of its own",
    ),
    "message-below-a-title": Slip(
        ("there\n   :id: e-{n}\n\n", "there\n"),
        "missing-blank-line",
        "policy:message",
        "put a blank line between",
    ),
    "option-at-the-margin": Slip(
        ("there\n   :id:", "there\n:id:"), "wrong-indentation", ":id: e-", "indent it by 3 spaces more"
    ),
    "options-at-the-margin": Slip(
        ("   :id: is-{n}\n   :authority: user", ":id: is-{n}\n:authority: user"),
        "wrong-indentation",
        ":id: ",
        "indent it by 3 spaces more",
    ),
    "option-as-deep-as-its-directive": Slip(
        ("      :note:", "   :note:"), "wrong-indentation", ":note:", "indent it by 3 spaces more"
    ),
    "lost-option": Slip(
        ("good\n      :note:", "good\n\n      :note:"), "lost-option", ":note:", "delete the blank line"
    ),
    "lost-option-of-an-example": Slip(
        ("there\n   :id:", "there\n\n   :id:"), "lost-option", ":id: e-", "delete the blank line"
    ),
    "messages-at-the-margin": Slip(
        ("   .. policy:message:: user\n\n      Have", ".. policy:message:: user\n\n   Have"),
        "wrong-indentation",
        "policy:message",
        "indent it by 3 spaces more",
    ),
    "answer-at-the-margin": Slip(
        ("   .. policy:response:: bad\n\n      Of", ".. policy:response:: bad\n\n   Of"),
        "wrong-indentation",
        "policy:response:: bad",
        "indent it by 3 spaces more",
    ),
    "text-as-deep-as-its-message": Slip(
        ("      Have you", "   Have you"), "wrong-indentation", "Have you", "indent it by 3 spaces more"
    ),
    "text-as-deep-as-its-answer": Slip(
        ("      Of course", "   Of course"), "wrong-indentation", "Of course", "indent it by 3 spaces more"
    ),
    "answer-in-a-message": Slip(
        ("   .. policy:response:: bad\n\n      Of", "      .. policy:response:: bad\n\n         Of"),
        "misplaced-directive",
        "policy:response:: bad",
        "put it after the answer",
    ),
    "answer-a-little-too-deep": Slip(
        (
            "   .. policy:response:: good\n      :note: It says so.\n\n      I",
            "     .. policy:response:: good\n        :note: It says so.\n\n        I",
        ),
        "wrong-indentation",
        "policy:response:: good",
        "further than `policy:message` on line 18; indent it as far as that",
    ),
    "example-in-an-answer": Slip(
        (
            "      Of course.\n",
            "      Of course.\n\n      .. policy:example:: Inner\n\n         .. policy:message:: user\n\n            Inner?\n",
        ),
        "misplaced-directive",
        "Inner",
        "put it after the answer",
    ),
    "one-colon": Slip(
        ("policy:example:: ", "policy:example: "),
        "unknown-directive",
        "policy:example",
        "write `.. policy:example::`",
    ),
    "no-colon": Slip(
        ("policy:message:: user", "policy:message user"),
        "unknown-directive",
        "policy:message",
        "write `.. policy:message::`",
    ),
    "no-space": Slip(
        (".. policy:example:: ", "..policy:example:: "),
        "unknown-directive",
        "policy:example",
        "write `.. policy:example::`",
    ),
    "misspelt": Slip(
        ("policy:example:: ", "policy:exmaple:: "),
        "unknown-directive",
        "exmaple",
        "did you mean `policy:example`?",
    ),
    "without-prefix": Slip(
        ("policy:example:: ", "example:: "),
        "unknown-directive",
        ".. example",
        "did you mean `policy:example`?",
    ),
    "misspelt-prefix": Slip(
        ("policy:example:: ", "polciy:example:: "),
        "unknown-directive",
        "polciy",
        "did you mean `policy:example`?",
    ),
    "principle-without-prefix": Slip(
        (".. policy:principle::\n   :id: is-{n}\n", ".. principle::\n   :id: is-{n}\n"),
        "unknown-directive",
        ".. principle",
        "did you mean `policy:principle`?",
    ),
    "text-below-options": Slip(
        (":authority: user\n\nThe first", ":authority: user\n   The first"),
        "missing-blank-line",
        "The first",
        "put a blank line between",
    ),
    "space-inside-a-name": Slip(
        ("policy:message::", "policy: message::"),
        "unknown-directive",
        "message::",
        "write `.. policy:message::`",
    ),
    "option-without-a-space": Slip(
        ("   :id: e-{n}", "   :id:e-{n}"), "lost-option", ":id:e-", "add the space"
    ),
    "everything-at-the-margin": Slip(
        (
            "   .. policy:message:: user\n\n      Have you this book?",
            ".. policy:message:: user\n\n   Have you this book?",
        ),
        "wrong-indentation",
        "policy:message",
        "indent it by 3 spaces more",
        (
            (
                "   .. policy:response:: good\n      :note: It says so.\n\n      I do",
                ".. policy:response:: good\n   :note: It says so.\n\n   I do",
            ),
            ("   .. policy:response:: bad\n\n      Of", ".. policy:response:: bad\n\n   Of"),
        ),
    ),
    "no-space-behind-colons": Slip(
        ("message:: user", "message::user"),
        "unknown-directive",
        "policy:message",
        "write `.. policy:message:: user`",
    ),
    "two-colons-inside": Slip(
        ("policy:message::", "policy::message::"),
        "unknown-directive",
        "message::",
        "write `.. policy:message::`",
    ),
    "no-blank-line-above": Slip(
        ("norm.\n\n.. policy:example", "norm.\n.. policy:example"),
        "missing-blank-line",
        "policy:example",
        "put a blank line between",
    ),
    "option-without-first-colon": Slip(
        ("   :id: e-{n}", "   id: e-{n}"), "lost-option", " id:", "write `:id:`"
    ),
    "option-without-last-colon": Slip(
        ("   :id: e-{n}", "   :id e-{n}"), "lost-option", ":id e", "write `:id:`"
    ),
    "note-without-first-colon": Slip(
        ("      :note: It", "      note: It"), "lost-option", " note:", "write `:note:`"
    ),
    "option-too-deep": Slip(
        ("      :note: It", "         :note: It"), "wrong-indentation", ":note:", "indent it as far as that"
    ),
    "blank-line-between-options": Slip(
        ("   :id: is-{n}\n", "   :id: is-{n}\n\n"), "lost-option", ":authority:", "delete the blank line"
    ),
    "text-a-little-too-far-left": Slip(
        ("      Have you", "  Have you"), "wrong-indentation", "Have you", "indent it by 3 spaces more"
    ),
    "no-example-around": Slip(
        (".. policy:example:: A book that is not there\n   :id: e-{n}\n\n", ""),
        "misplaced-directive",
        "policy:message",
        "put it into `policy:example`",
    ),
    "misspelt-authority": Slip(
        ("   :authority: user\n\nThe", "   :autority: user\n\nThe"),
        "unknown-option",
        "autority",
        "did you mean `authority`?",
    ),
    "misspelt-role": Slip(
        (":policy:principle:`", ":policy:princple:`"),
        "unknown-directive",
        "princple",
        "did you mean `policy:principle`?",
    ),
    "in-an-included-file": Slip(
        ("The second norm.", ".. include:: parts/margin.inc"),
        "wrong-indentation",
        "parts/margin.inc:4",
        "indent it by 3 spaces more",
    ),
    "below-a-role-in-an-included-file": Slip(
        ("The second norm.", ".. include:: parts/blank.inc"),
        "missing-blank-line",
        "parts/blank.inc:4",
        "put a blank line between",
    ),
    "in-a-docstring": Slip(
        ("The second norm.", ".. autofunction:: gates.gate"),
        "wrong-indentation",
        "parts/gates.py:5",
        "indent it by 3 spaces more",
    ),
    "misspelt-in-a-docstring": Slip(
        ("The second norm.", ".. autofunction:: gates.door"),
        "unknown-directive",
        "parts/gates.py:14",
        "did you mean `policy:example`?",
    ),
}


def _option(text: str, code: str, cure: str) -> Slip:
    """Return a slip in an option of the first principle."""
    return Slip(
        (":authority: user\n```\n\nThe first", f":authority: user\n{text}\n```\n\nThe first"),
        code,
        text,
        cure,
    )


NAMES = {
    "level": Slip(
        (":authority: user", ":authority: usr"), "unknown-level", ":authority: usr", "did you mean `user`?"
    ),
    "topic": _option(":topics: honsty", "unknown-topic", "did you mean `honesty`?"),
    "refines": _option(":refines: after-refinez", "unknown-provision", "did you mean `after-refines`?"),
    "exception": _option(
        ":exception-to: after-exceptoin", "unknown-provision", "did you mean `after-exception`?"
    ),
    "preferred": _option(
        ":prefer-over: after-prefered", "unknown-provision", "did you mean `after-preferred`?"
    ),
    "goal": _option(":serves: trst", "unknown-goal", "did you mean `trust`?"),
    "itself": _option(":refines: is-itself", "self-reference", "name another id"),
    "option": _option(":serve: trust", "unknown-option", "did you mean `serves`?"),
    "violates": Slip(
        ("bad\n", "bad\n:violates: is-violate\n"),
        "dangling-reference",
        ":violates:",
        "did you mean `is-violates`?",
    ),
    "role-of-a-message": Slip(
        ("{policy:message} user", "{policy:message} usr"), "unknown-role", "} usr", "did you mean `user`?"
    ),
    "verdict": Slip(
        ("{policy:response} bad", "{policy:response} bda"), "unknown-verdict", "} bda", "did you mean `bad`?"
    ),
    "no-verdict": Slip(
        ("{policy:response} bad", "{policy:response}"),
        "missing-argument",
        "last {policy:response}",
        "lacks its verdict",
    ),
    "no-title": Slip(
        (" A book that is not there", ""), "missing-argument", "{policy:example}", "lacks its title"
    ),
    "link": Slip(("[](#is-link)", "[](#is-lnk)"), "dangling-reference", "#is-lnk", "did you mean `is-link`?"),
    "role": Slip(
        ("[](#is-role)", "{policy:principle}`is-rol`"),
        "dangling-reference",
        "is-rol`",
        "did you mean `is-role`?",
    ),
    "term": Slip(
        ("[](#is-term)", "{policy:term}`catalog`"),
        "dangling-reference",
        "catalog`",
        "did you mean `catalogue`?",
    ),
    "reference-to-a-level": Slip(
        ("[](#is-reference-to-a-level)", "{policy:level}`usr`"),
        "dangling-reference",
        "usr`",
        "did you mean `user`?",
    ),
    "empty-message": Slip(("Have you this book?\n", ""), "empty-block", "{policy:message}", "has no text"),
    "date": Slip(
        ("The second norm.", "```{policy:definition} Dusk\n```"), "empty-block", "Dusk", "has no text"
    ),
    "question": Slip(
        ("The second norm.", "```{policy:query} hard-ruls\n```"),
        "query-failed",
        "hard-ruls",
        "did you mean `hard-rules`?",
    ),
    "parameter": Slip(
        ("The second norm.", "```{policy:query} what-may-override\n:params: levl=user\n```"),
        "query-failed",
        ":params:",
        "`level`",
    ),
    "value": Slip(
        ("The second norm.", "```{policy:query} what-may-override\n:params: level=users\n```"),
        "query-failed",
        ":params:",
        "did you mean `user`?",
    ),
    "column": Slip(
        ("The second norm.", "```{policy:query} hard-rules\n:columns: idd\n```"),
        "unknown-column",
        ":columns:",
        "did you mean `id`?",
    ),
    "view": Slip(
        ("The second norm.", "```{policy:principle-table}\n:columns: titel\n```"),
        "unknown-column",
        ":columns:",
        "did you mean `title`?",
    ),
    "filter": Slip(
        ("The second norm.", "```{policy:principle-list}\n:topic: honsty\n```"),
        "unknown-topic",
        ":topic:",
        "did you mean `Honesty`?",
    ),
    "term-of-the-ontology": Slip(
        (
            "The second norm.",
            "```{policy:query}\nSELECT ?id {\n  ?p a ps:Princple ; dcterms:identifier ?id }\n```",
        ),
        "unknown-term",
        "Princple",
        "did you mean `ps:Principle`?",
    ),
    "unbound-column": Slip(
        ("The second norm.", "```{policy:query}\nSELECT ?idd {\n  ?p dcterms:identifier ?id }\n```"),
        "unknown-term",
        "?idd",
        "did you mean `?id`?",
    ),
    "id-in-a-query": Slip(
        (
            "The second norm.",
            '```{policy:query}\nSELECT ?p {\n  ?p dcterms:identifier "after-id-in-a-qery" }\n```',
        ),
        "unknown-term",
        "qery",
        "did you mean `after-id-in-a-query`?",
    ),
    "quote": Slip(
        ("The second norm.", '```{policy:query}\nSELECT ?p { ?p dcterms:identifier "x }\n```'),
        "query-failed",
        "SELECT ?p",
        'the quote `"` is never closed',
    ),
    "question-as-sparql": Slip(
        ("The second norm.", "```{policy:query}\nhard-ruls\n```"),
        "invalid-query",
        "hard-ruls",
        "write it after the directive",
    ),
    "two-answers": Slip(
        ("The second norm.", "```{policy:query} hard-rules\nSELECT ?p { ?p a ps:Principle }\n```"),
        "invalid-query",
        "{policy:query}",
        "and not both",
    ),
    "releases": Slip(
        ("The second norm.", "```{policy:query} added-since\n:params: release=x\n```"),
        "query-failed",
        ":params:",
        "looks at several releases",
    ),
}
"""Names that nothing has, and what else was tried by a newcomer, in MyST."""
CONF = """\
import pathlib, sys
sys.path.insert(0, str(pathlib.Path(__file__).parent / "parts"))
project = "Slips"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_policyspec"]
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["parts"]
policyspec_severity = {"coverage": "off"}
"""
PARTS = {
    "fences.inc": "```{policy:example} Inside\n```{policy:message} user\nIn?\n```\n```{policy:response} good\nIn.\n```\n```\n",
    "margin.inc": "First.\n\n.. policy:example:: Inside\n:id: in-margin\n\n   .. policy:message:: user\n\n      In?\n",
    "blank.inc": ".. policy:example:: Inside blank\n\n   .. policy:message:: user\n      In?\n",
    "gates.py": '''\
def gate():
    """Say who comes in.

    .. policy:example:: At the gate
    :id: at-the-gate

       .. policy:message:: user

          Open!
    """
def door():
    """Say who goes out.

    .. policy:exampel:: At the door

       .. policy:message:: user

          Open!
    """
''',
}


def _more(rows: dict[str, Row]) -> dict[str, Slip]:
    """Return rows as slips; their names are those of pages, of which others have theirs already."""
    return {
        f"more-{name}": Slip(parts[0], code, str(line), cure, parts[1:])
        for name, (parts, code, line, cure) in rows.items()
    }


def pages(right: str, slips: dict[str, Slip]) -> Iterator[tuple[str, str]]:
    """Yield each page with one slip in it."""
    for name, slip in slips.items():
        text = right.format(name=name)
        for parts in (slip.wrong, *slip.more):
            old, new = (part.replace("{n}", name) for part in parts)
            assert old in text, (name, old)
            text = text.replace(old, new, 1)
        yield name, text


def told(slips: dict[str, Slip], right: str, suffix: str, folder: Path) -> dict[str, list[str]]:
    """Build a project of the pages; return what is told of each, the place of its slip as ``here``."""
    (folder / "parts").mkdir()
    for name, text in {**{f"parts/{name}": text for name, text in PARTS.items()}, "conf.py": CONF}.items():
        (folder / name).write_text(text, "utf-8")
    head = (
        ".. policy:level:: user\n   :roles: user\n\n.. policy:topic:: Honesty\n\n.. policy:goal:: Trust\n\n"
    )
    head += ".. policy:definition:: Catalogue\n\n   A list.\n\n.. toctree::\n   :glob:\n\n   *\n"
    (folder / "index.rst").write_text(f"Slips\n=====\n\n{head}", "utf-8")
    texts = dict(pages(right, slips))
    for name, text in texts.items():
        (folder / f"{name}{suffix}").write_text(text, "utf-8")
    app = build_once(folder, folder / "_build", "dummy")
    found: dict[str, list[str]] = {name: [] for name in slips}
    for line in lines_of(app):
        owner = next(
            (name for name, slip in slips.items() if line.startswith((f"{name}{suffix}:", f"{slip.at}: "))),
            "",
        )
        found.setdefault(owner, []).append(line)
    return found


def place_of(slip: Slip, text: str, name: str, suffix: str) -> str:
    """Return the place that the message of a slip should have."""
    if slip.at.startswith("parts/"):
        return slip.at
    lines = text.splitlines()
    if slip.at.isdigit():
        return f"{name}{suffix}:{slip.at}"
    if slip.at == "The second":
        return f"{name}{suffix}:{lines.index('The second norm.') - 1}"
    found = [number for number, line in enumerate(lines, 1) if slip.at.removeprefix("last ") in line]
    return f"{name}{suffix}:{found[-1 if slip.at.startswith('last ') else 0]}"


@pytest.mark.parametrize(
    ("slips", "right", "suffix"),
    [
        ({**IN_MYST, **_more(MORE_IN_MYST)}, MYST, ".md"),
        ({**IN_RST, **_more(MORE_IN_RST)}, RST, ".rst"),
        (NAMES, MYST, ".md"),
    ],
    ids=["myst", "rst", "names"],
)
def test_each_slip_is_told_once_with_its_cause_and_nothing_follows(
    slips: dict[str, Slip], right: str, suffix: str, tmp_path: Path
) -> None:
    found = told(slips, right, suffix, tmp_path)
    texts = dict(pages(right, slips))
    wrong = {}
    for name, slip in slips.items():
        place, lines = place_of(slip, texts[name], name, suffix), found.pop(name)
        match = len(lines) == 1 and lines[0].startswith(f"{place}: ") and slip.cure in lines[0]
        if not (match and lines[0].endswith(f"[policyspec.{slip.code}]")):
            wrong[name] = (place, lines)
    assert wrong == {}
    assert found == {}


def test_colons_are_told_once_where_they_make_no_fence() -> None:
    lines = [":::{policy:example} X", ":::{policy:message} user", "Hi", ":::", ":::"]
    assert [(slip.line, slip.message) for slip in corrected(lines, Markup.MYST, colons=False)[1]] == [
        (1, "colons make no fence in this project")
    ]
    texts = corrected(lines, Markup.MYST, colons=False)[0]
    assert texts == ["~~~~{policy:example} X", "~~~{policy:message} user", "Hi", "~~~", "~~~~"]
    assert corrected(["````md", *lines, "````"], Markup.MYST, colons=False)[1] == []


@pytest.mark.parametrize(
    ("rows", "right", "markup"),
    [(QUIET_IN_MYST, MYST, Markup.MYST), (QUIET_IN_RST, RST, Markup.RST)],
    ids=["myst", "rst"],
)
def test_what_only_looks_like_a_slip_is_left_alone(
    rows: dict[str, tuple[tuple[str, str], ...]], right: str, markup: Markup
) -> None:
    quiet = {name: Slip(parts[0], "", "", "", parts[1:]) for name, parts in rows.items()}
    known = {
        "principle": ("id", "authority"),
        "example": ("id",),
        "message": ("name", "untrusted"),
        "response": ("note", "violates"),
    }
    found = {name: corrected(text.split("\n"), markup, known=known)[1] for name, text in pages(right, quiet)}
    assert {name: slips for name, slips in found.items() if slips} == {}


FAR_RIGHT = """   .. policy:example:: A book
   :id: e

   .. policy:message:: user

      Have you this book?

   .. policy:response:: good

      I do not know.
"""


def grows(text: str, markup: Markup, lengths: tuple[int, ...] = (4, 8, 16)) -> float:
    """Return how the work of mending grows with how often a text is repeated."""
    known = {
        "principle": ("id", "authority"),
        "example": ("id",),
        "message": ("name",),
        "response": ("note",),
    }

    def steps(n: int) -> int:
        return calls(lambda: corrected((text * n).split("\n"), markup, known=known))

    steps(1)  # what is imported and cached
    return growth(steps, lengths)


def test_examples_as_far_right_as_their_options_take_time_that_grows_with_them() -> None:
    assert grows(FAR_RIGHT, Markup.RST, (32, 64, 128)) < SUPERLINEAR


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slips", "right", "markup"),
    [
        ({**IN_MYST, **_more(MORE_IN_MYST)}, MYST, Markup.MYST),
        ({**IN_RST, **_more(MORE_IN_RST)}, RST, Markup.RST),
    ],
    ids=["myst", "rst"],
)
def test_pages_of_many_slips_take_time_that_grows_with_them(
    slips: dict[str, Slip], right: str, markup: Markup
) -> None:
    ratios = {name: grows(f"{text}\n", markup) for name, text in pages(right, slips)}
    assert {name: ratio for name, ratio in ratios.items() if ratio >= SUPERLINEAR} == {}


def test_slips_of_a_notebook_in_markdown_are_told(tmp_path: Path) -> None:
    pytest.importorskip("myst_nb")
    conf = 'project = "Slips"\nextensions = ["myst_nb", "sphinx_policyspec"]\nnb_execution_mode = "off"\n'
    (tmp_path / "conf.py").write_text(conf, "utf-8")
    head = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n\n# Slips\n\n## Be kind\n\n"
    marker = "```{policy:principle}\n\n:id: be_kind\n:authority: user\n```\n\nSee [](#be_kind).\n"
    (tmp_path / "index.md").write_text(f"{head}{marker}\n```{{code-cell}}\n1\n```\n", "utf-8")
    found = ps.load_checked(tmp_path).findings
    told = [(one.code, one.span.line) for one in found if one.severity is not Severity.HINT]
    assert told == [("lost-option", 13)]


@pytest.mark.parametrize(("off", "told"), [("prompts", "invalid-id"), ("invalid-id", "dangling-reference")])
def test_a_slip_that_a_project_switches_off_hides_nothing(off: str, told: str, tmp_path: Path) -> None:
    conf = f'extensions = ["myst_parser", "sphinx_policyspec"]\npolicyspec_severity = {{"coverage": "off", "{off}": "off"}}\n'
    (tmp_path / "conf.py").write_text(conf, "utf-8")
    marker = "```{policy:principle}\n:id: be kind\n:authority: user\n```\n\nSee [](#be_kind).\n"
    (tmp_path / "index.md").write_text(f"# Slips\n\n## Be of use\n\n{marker}", "utf-8")
    assert [entry.finding.code for entry in ps.check(tmp_path).entries] == [told]


def test_links_of_sphinx_that_lead_nowhere_are_told_by_a_command(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    marker = "```{policy:principle}\n:id: be_kind\n:authority: user\n```\n\nSee [](#be_kind), {ref}`search`, {doc}`index`.\n\n"
    links = "{ref}`be_knd`\n{doc}`indx`\n[x](indx.md)\n"
    (tmp_path / "index.md").write_text(f"# Slips\n\n## Be of use\n\n{marker}{links}", "utf-8")
    found = [one for one in ps.load_checked(tmp_path).findings if one.severity is not Severity.HINT]
    assert [(one.span.line, one.message, one.hint) for one in found] == [
        (12, "no label is called `be_knd`", "did you mean `be_kind`, by the role `policy:principle`?"),
        (12, "no page is called `indx.md`", "did you mean `index`?"),
        (12, "no page is called `indx`", "did you mean `index`?"),
    ]


def test_a_slip_that_is_not_asked_for_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text('extensions = ["myst_parser", "sphinx_policyspec"]\n', "utf-8")
    marker = "```{policy:principle}\n:id: be kind\n:authority: user\n```\n\nSee [](#be_kind).\n"
    (tmp_path / "index.md").write_text(f"# Slips\n\n## Be of use\n\n{marker}", "utf-8")
    read = ps.load_checked(tmp_path)
    assert [one.code for one in read.findings] == ["invalid-id"]
    for report in (
        ps.check(read, ignore=["coverage", "invalid-id"]),
        ps.check(read, severity={"coverage": "off", "invalid-id": "off"}),
        ps.check(read, select=["references"]),
    ):
        assert [entry.finding.code for entry in report.entries] == ["dangling-reference"]


@pytest.mark.parametrize(
    ("conf", "told"),
    [
        ('["sphinx_policyspec"]', (1, "no extension reads `b.md`, a page of the spec in Markdown")),
        (
            '["myst_parser", "sphinx_policyspec"]\nexclude_patterns = ["b.md"]',
            (2, "`exclude_patterns` leaves out `b.md`, which declares `be_brief`, to which pages refer"),
        ),
        (
            '["myst_parser", "sphinx_policyspec"]\nexclude_patterns = ["*.md"]',
            (2, "`exclude_patterns` leaves out `b.md`, which declares `be_brief`, to which pages refer"),
        ),
    ],
    ids=["unread", "excluded", "excluded-by-a-pattern"],
)
def test_nothing_follows_from_a_page_that_is_not_read(
    conf: str, told: tuple[int, str], tmp_path: Path
) -> None:
    principle = ".. policy:principle::\n   :id: be_kind\n   :authority: user\n\n"
    index = f"Slips\n=====\n\n{principle}See :policy:principle:`be_brief`.\n\n.. toctree::\n\n   b\n"
    page = "# B\n\n```{policy:principle}\n:id: be_brief\n:authority: user\n```\n\nSee [](#be_kind).\n"
    for name, text in {"conf.py": f"extensions = {conf}\n", "index.rst": index, "b.md": page}.items():
        (tmp_path / name).write_text(text, "utf-8")
    entries = [entry.finding for entry in ps.check(tmp_path).entries]
    assert [(one.span.file, one.span.line, one.message) for one in entries] == [("conf.py", *told)]


@pytest.mark.parametrize(
    ("extensions", "cure"),
    [
        ('"myst_parser" "sphinx_policyspec"', "put a comma between `myst_parser` and `sphinx_policyspec`"),
        ('"myst_parser"', "add it to `extensions`"),
    ],
    ids=["comma", "missing"],
)
def test_a_configuration_that_stops_a_build_says_what_to_do(
    extensions: str, cure: str, tmp_path: Path
) -> None:
    (tmp_path / "conf.py").write_text(f"extensions = [{extensions}]\n", "utf-8")
    (tmp_path / "index.md").write_text("# Slips\n", "utf-8")
    with pytest.raises(PolicySpecError, match=cure):
        ps.check(tmp_path)
