"""A small spec and cases that each rule of the semantics decides differently from any other reading of it."""

from __future__ import annotations

from sphinx_policyspec.decision import Decision, Norms, decide, problems
from sphinx_policyspec.model import Section
from sphinx_policyspec.readers.cases import read_cases
from tests.conftest import at, principle, spec

SPEC = spec(
    Section(id="content", title="Content", depth=1, span=at()),
    principle("fixed", authority="root", parent="content", depth=2, category="prohibited"),
    principle("fixed_too", authority="root", parent="content", depth=2, category="restricted"),
    principle(
        "transform",
        authority="root",
        exempts=("restricted", "sensitive"),
        never_exempts=("prohibited", "late"),
    ),
    principle("of_system", authority="system", category="sensitive"),
    principle("of_developer", authority="developer"),
    principle("of_user", authority="user", preferred_over=("of_user_too",)),
    principle("of_user_too", authority="user"),
    principle("of_user_third", authority="user", aliases=("of_user_once",)),
    principle("statute", authority="system", category="law"),
    principle("soft", authority="guideline"),
    principle("stylish", authority="guideline", exception_to=("content",)),
)
NORMS = Norms(SPEC)

WORKED = """\
title: R0, an implied wish of a higher level does not beat a default
items:
  - {id: norm, principle: of_user, issue: x, value: a}
  - {id: wish, from: system, mode: implicit, issue: x, value: b}
expect: {labels: {norm: in, wish: out}}
---
title: R0 is off without the switch
semantics: {strict: false}
items:
  - {id: norm, principle: of_user, issue: x, value: a}
  - {id: wish, from: system, mode: implicit, issue: x, value: b}
expect: {labels: {norm: out, wish: in}}
---
title: R0 does not guard guidelines
items:
  - {id: norm, principle: soft, issue: x, value: a}
  - {id: wish, from: user, mode: implicit, issue: x, value: b}
expect: {labels: {norm: out, wish: in}}
---
title: R0 on a product of the publisher's own
semantics: {first_party: true}
items:
  - {id: norm, principle: of_user, issue: x, value: a}
  - {id: said, from: system, issue: x, value: b}
  - {id: law, principle: statute, issue: y, value: a}
  - {id: local, from: system, issue: y, value: b}
  - {id: soft, principle: soft, issue: z, value: a}
  - {id: taste, from: user, issue: z, value: b}
expect: {labels: {norm: in, said: out, law: out, local: in, soft: out, taste: in}}
---
title: R1, the higher level
items:
  - {id: high, from: developer, turn: 1, issue: x, value: a}
  - {id: low, from: user, turn: 2, issue: x, value: b}
expect: {labels: {high: in, low: out}, duties: {disclose: [low]}}
---
title: R2, two that nothing overrides
items:
  - {id: one, principle: fixed, issue: x, value: a}
  - {id: two, principle: fixed_too, issue: x, value: b}
  - {id: asked, from: user, issue: x, value: a}
expect: {labels: {one: undecided, two: undecided, asked: undecided}, outcomes: {x: {status: inaction}}}
---
title: R3, what is said directly beats what is delegated, though that comes later
items:
  - {id: gives, from: user, turn: 1, issue: y, value: a, delegates: {source: wiki, scope: [x]}}
  - {id: direct, from: user, turn: 1, issue: x, value: a}
  - {id: text, from: tool, source: wiki, turn: 2, issue: x, value: b}
expect: {labels: {direct: in, text: out}}
---
title: R3, fewer delegations beat more
items:
  - {id: gives, from: user, turn: 1, issue: y, value: a, delegates: {source: wiki, scope: [x, z]}}
  - {id: near, from: tool, source: wiki, turn: 2, issue: x, value: a}
  - {id: passes, from: tool, source: wiki, turn: 2, issue: z, value: a, delegates: {source: mail, scope: [x]}}
  - {id: far, from: tool, source: mail, turn: 3, issue: x, value: b}
expect: {labels: {near: in, far: out}}
---
title: a delegation reaches its issues only
items:
  - {id: gives, from: user, turn: 1, issue: y, value: a, delegates: {source: wiki, scope: [x]}}
  - {id: inside, from: tool, source: wiki, turn: 2, issue: x, value: b}
  - {id: outside, from: tool, source: wiki, turn: 2, issue: z, value: b}
expect: {labels: {inside: in, outside: not-a-candidate}, outcomes: {z: {status: permit}}}
---
title: a delegation falls with who gives it
items:
  - {id: gives, from: user, turn: 1, issue: wiki, value: follow, delegates: {source: wiki, scope: [x]}}
  - {id: forbids, from: developer, turn: 1, issue: wiki, value: ignore}
  - {id: text, from: tool, source: wiki, turn: 2, issue: x, value: b, irreversible: true}
expect: {labels: {gives: out, text: out}, outcomes: {x: {status: permit}}, duties: {disclose: [gives], confirm: []}}
---
title: of two who delegate, one is enough
items:
  - {id: gives, from: user, turn: 1, issue: wiki, value: follow, delegates: {source: wiki, scope: [x]}}
  - {id: forbids, from: developer, turn: 1, issue: wiki, value: ignore}
  - {id: gives-too, from: user, turn: 1, issue: other, value: c, delegates: {source: wiki, scope: [x]}}
  - {id: text, from: tool, source: wiki, turn: 2, issue: x, value: b, irreversible: true}
expect: {labels: {gives: out, text: in}, duties: {confirm: [text]}}
---
title: R4, norms of one level
items:
  - {id: first, principle: of_user, issue: x, value: a}
  - {id: second, principle: of_user_too, issue: x, value: b}
  - {id: third, principle: of_user_once, issue: y, value: a}
  - {id: fourth, principle: of_user_too, issue: y, value: b}
expect: {labels: {first: in, second: out, third: undecided, fourth: undecided}, outcomes: {y: {status: clarify}}}
---
title: R5, an explicit message beats a norm of its level, an implied one does not
semantics: {strict: false}
items:
  - {id: norm, principle: of_system, issue: x, value: a}
  - {id: said, from: system, issue: x, value: b}
  - {id: norm-too, principle: of_system, issue: y, value: a}
  - {id: meant, from: system, mode: implicit, issue: y, value: b}
expect: {labels: {norm: out, said: in, norm-too: in, meant: out}}
---
title: R6, explicit before implicit, though that comes later
items:
  - {id: said, from: user, turn: 1, issue: x, value: a}
  - {id: meant, from: user, mode: implicit, turn: 2, issue: x, value: b}
expect: {labels: {said: in, meant: out}}
---
title: R7, the later message, and within one message neither
semantics: {interactive: false}
items:
  - {id: early, from: user, turn: 1, issue: x, value: a}
  - {id: late, from: user, turn: 2, issue: x, value: b}
  - {id: here, from: user, turn: 3, issue: y, value: a}
  - {id: there, from: user, turn: 3, issue: y, value: b}
expect:
  labels: {early: out, late: in, here: undecided, there: undecided}
  outcomes: {y: {status: best-guess}}
---
title: what a message says of itself comes before the place in the list
items:
  - {id: late, from: user, turn: 9, issue: x, value: b}
  - {id: early, from: user, issue: x, value: a}
expect: {labels: {early: out, late: in}}
---
title: an exception takes a category out of force, and frees what stood against it
items:
  - {id: exception, principle: transform, issue: x, value: a}
  - {id: rule, principle: fixed_too, issue: x, value: b}
  - {id: asked, from: user, issue: x, value: a}
expect: {labels: {exception: in, rule: out, asked: in}, outcomes: {x: a}}
---
title: an exception reaches no other category
items:
  - {id: exception, principle: transform, issue: y, value: a}
  - {id: rule, principle: fixed, issue: x, value: b}
  - {id: asked, from: user, issue: x, value: a}
expect: {labels: {exception: in, rule: in, asked: out}}
---
title: R0, an exception yields to what it never exempts, whatever the levels
items:
  - {id: exception, principle: transform, issue: x, value: a}
  - {id: rule, principle: fixed, issue: x, value: b}
  - {id: asked, from: user, issue: x, value: a}
  - {id: again, principle: transform, issue: y, value: a}
  - {id: lowered, principle: fixed, level: guideline, issue: y, value: b}
expect: {labels: {exception: out, rule: in, asked: out, again: out, lowered: in}, outcomes: {x: b, y: b}}
---
title: an exception never reaches them, be they of a category besides or named by the case
items:
  - {id: exception, principle: transform, issue: y, value: a, exempts: [rule, late]}
  - {id: rule, principle: fixed, issue: x, value: b}
  - {id: other, principle: fixed_too, category: late, issue: x, value: b}
expect: {labels: {exception: in, rule: in, other: in}}
---
title: a wish may have the category of a rule, and the exception holds
items:
  - {id: exception, principle: transform, issue: x, value: a}
  - {id: asked, from: user, category: prohibited, issue: x, value: b}
expect: {labels: {exception: in, asked: out}}
---
title: an exception reaches no higher level
items:
  - {id: exception, principle: stylish, issue: y, value: a}
  - {id: rule, principle: fixed, issue: x, value: b}
  - {id: lowered, principle: fixed, level: guideline, issue: z, value: b}
expect: {labels: {exception: in, rule: in, lowered: out}}
---
title: an exception that a case adds, by item, by principle and by category
items:
  - {id: exception, principle: transform, issue: y, value: a, exempts: [said, of_user, house-style]}
  - {id: said, from: user, issue: x, value: a}
  - {id: norm, principle: of_user, issue: z, value: a}
  - {id: style, principle: soft, category: house-style, issue: w, value: a}
expect: {labels: {exception: in, said: out, norm: out, style: out}}
---
title: an exception that does not apply is none
items:
  - {id: exception, principle: transform, issue: x, value: a, active: false}
  - {id: rule, principle: fixed_too, issue: x, value: b}
expect: {labels: {exception: not-a-candidate, rule: in}}
---
title: a clause lowers the level of its principle
items:
  - {id: by-default, principle: fixed, level: user, issue: x, value: a}
  - {id: said, from: user, issue: x, value: b}
expect: {labels: {by-default: out, said: in}}
---
title: who is defeated does not defeat
items:
  - {id: rule, principle: fixed, issue: x, value: a}
  - {id: forbids, from: developer, turn: 1, issue: x, value: b}
  - {id: asked, from: user, turn: 2, issue: x, value: a}
expect: {labels: {rule: in, forbids: out, asked: in}, outcomes: {x: a}, duties: {disclose: [], confirm: []}}
---
title: values that may stand together
compatible: {x: [[a, b]]}
items:
  - {id: one, from: user, turn: 1, issue: x, value: a}
  - {id: two, from: user, turn: 2, issue: x, value: b}
  - {id: three, from: user, turn: 1, issue: x, value: c}
expect: {labels: {one: in, two: in, three: out}, outcomes: {x: [b, a]}}
---
title: the circle of three
items:
  - {id: meant, from: developer, mode: implicit, turn: 1, issue: x, value: a}
  - {id: norm, principle: of_user, issue: x, value: b}
  - {id: said, from: user, turn: 2, issue: x, value: c}
expect: {labels: {meant: undecided, norm: undecided, said: undecided}, outcomes: {x: {status: clarify}}}
---
title: the circle of three, without the guard
semantics: {strict: false}
items:
  - {id: meant, from: developer, mode: implicit, turn: 1, issue: x, value: a}
  - {id: norm, principle: of_user, issue: x, value: b}
  - {id: said, from: user, turn: 2, issue: x, value: c}
expect: {labels: {meant: in, norm: out, said: out}}
---
title: no text without authority takes part
items:
  - {id: quoted, from: developer, quoted: true, issue: x, value: a}
  - {id: tool, from: tool, issue: x, value: b}
  - {id: own, from: assistant, issue: x, value: c}
  - {id: slip, from: user, issue: x, value: d, mistaken: true, irreversible: true}
expect:
  labels: {quoted: not-a-candidate, tool: not-a-candidate, own: not-a-candidate, slip: not-a-candidate}
  outcomes: {x: {status: permit}}
  duties: {confirm: [slip], disclose: []}
---
title: a secret is not told
items:
  - {id: rule, from: developer, turn: 1, issue: x, value: a}
  - {id: hush, from: developer, turn: 1, issue: disclose, value: false}
  - {id: asked, from: user, turn: 2, issue: x, value: b}
expect: {labels: {asked: out}, duties: {disclose: []}}
---
title: a secret that is out is told
items:
  - {id: rule, from: developer, turn: 1, issue: x, value: a}
  - {id: hush, from: user, turn: 1, issue: disclose, value: false}
  - {id: tell, from: developer, turn: 1, issue: disclose, value: true}
  - {id: asked, from: user, turn: 2, issue: x, value: b}
expect: {labels: {asked: out}, duties: {disclose: [hush, asked]}}
---
title: the level of nobody's role
items:
  - {id: said, level: developer, turn: 1, issue: x, value: a}
  - {id: asked, from: user, turn: 2, issue: x, value: b}
expect: {labels: {said: in, asked: out}}
"""


BY_TITLE = {text.partition("\n")[0].removeprefix("title: "): text for text in WORKED.split("---\n")}


def decisions(text: str, norms: Norms = NORMS) -> list[Decision]:
    """Return what cases come to; they have no problems."""
    read, findings = read_cases(text, "case.yaml")
    assert [*findings, *(found for item in read for found in item.findings)] == []
    for item in read:
        assert problems(item.case, norms) == (), item.case.title
    return [decide(item.case, norms) for item in read]
