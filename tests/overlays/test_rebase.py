"""What a next release does to an overlay: each effect where it belongs and nowhere else, and the file with no more than follows."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.model import RebaseEffect
from tests.conftest import Run

OLD = """# Safety {#safety authority=root}

The assistant must never sell a weapon to anybody who walks into the shop.

# Manners {#manners}

## Greet people {#greet authority=user}

By default the assistant greets people who come in.

It may ask how their day was.

**Example**: a greeting

~~~xml
<user>
Hello
</user>
<comparison>
<assistant> <!-- GOOD -->
Hello to you.
</assistant>
<assistant> <!-- BAD -->
What?
</assistant>
</comparison>
~~~

## Smile at people {#smile authority=guideline}

The assistant smiles at everybody who comes in with a friendly face.

# Prices {#prices authority=user}

The assistant tells the price of what it recommends to a customer.
"""
SHOP = """# Rules of the shop
overlay: shop
upstream: {source: old.md, release: '', sha256: "%s"}   # pinned
holder: developer
statements:
  - id: no-greeting
    says: Greet nobody.   # there is a queue
    overrides: 'greet'
    voids: [a greeting]
  - {id: day, says: Never ask how a day was., overrides: {provision: greet, clause: ask how their day was}}
  - {id: stern, says: You are stern., overrides: smile, mode: implicit}
  - {id: hours, says: Tell the hours of the shop., adds: Tell the hours, chapter: manners}
  - {id: weapon, says: A weapon is a thing that is made to hurt., defines: hurtful thing}
  - {id: label, says: Labels may say prices., delegates: shelf label, scope: [prices, greet]}
  - {id: strict, says: Recommend nothing., narrows: prices, forbids: [smile, prices]}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "old.md").write_text(OLD, "utf-8")
    digest = hashlib.sha256(OLD.encode()).hexdigest()
    (tmp_path / "shop.yaml").write_bytes((SHOP % digest).replace("\n", "\r\n").encode())
    return tmp_path


def told_of(shop: Path, statement: str, *changes: tuple[str, str]) -> list[str]:
    """Return what is told of one statement alone."""
    text = OLD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (shop / "new.md").write_text(text, "utf-8")
    head = "overlay: shop\nupstream: {source: old.md}\nholder: developer\nstatements:\n"
    (shop / "shop.yaml").write_text(f"{head}  - {{id: one, says: x, {statement}}}\n", "utf-8")
    (found,) = ps.rebase_overlay(shop / "shop.yaml", shop / "new.md").statements
    return [fact.told for fact in found.facts]


USER, GUIDELINE, ROOT = "authority=user}\n\nBy", "authority=guideline}\n\nBy", "authority=root}\n\nBy"


@pytest.mark.parametrize(
    ("statement", "change", "told"),
    [
        (
            "overrides: greet",
            (USER, GUIDELINE),
            "implied words would do, so that `mode: explicit` is needless now",
        ),
        ("overrides: greet", (USER, ROOT), "the statement is refused now"),
        ("overrides: greet, mode: implicit", (USER, ROOT), "the statement is refused as before"),
        (
            "overrides: smile, mode: implicit",
            ("authority=guideline", "authority=user"),
            "write `mode: explicit`",
        ),
        ("restates: greet", (USER, GUIDELINE), ""),
        ("overrides: smile", ("authority=guideline", "authority=user"), ""),
    ],
)
def test_what_follows_from_another_level_is_told(
    shop: Path, statement: str, change: tuple[str, str], told: str
) -> None:
    first, *_ = told_of(shop, statement, change)
    assert first.partition(": ")[2] == told
    assert told or first.endswith(
        (", which is overridden also by context", ", which is overridden by an explicit instruction")
    )


def test_no_chapter_is_no_name(shop: Path) -> None:
    moved = told_of(
        shop, "overrides: prices", ("# Prices {#prices", "# Money {#money}\n\n## Prices {#prices")
    )
    assert "`prices` was in no chapter, and is in `money`" in moved


def effects(shop: Path, *changes: tuple[str, str]) -> dict[str, set[str]]:
    """Return what the next release does, where it does something."""
    text = OLD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (shop / "new.md").write_text(text, "utf-8")
    found = ps.rebase_overlay(shop / "shop.yaml", shop / "new.md")
    return {
        one.id.removeprefix("shop/"): {*one.effects}
        for one in found.statements
        if one.effects != (RebaseEffect.UNTOUCHED,)
    }


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], {}),
        ([("The assistant must never", "The assistant must not ever")], {}),
        (
            [("#smile ", "#beam ")],
            {"stern": {"renamed"}, "strict": {"renamed"}},
        ),
        (
            [("#manners", "#conduct")],
            {"hours": {"renamed"}},
        ),
        (
            [("authority=guideline", "authority=root")],
            {"stern": {"level-changed", "verdict-changed"}, "strict": {"level-changed", "verdict-changed"}},
        ),
        (
            [("authority=guideline", "authority=user")],
            {"stern": {"level-changed", "verdict-changed"}, "strict": {"level-changed"}},
        ),
        (
            [("It may ask how their day was.", "It may ask how their day was, once.")],
            {name: {"text-under-it-changed"} for name in ("no-greeting", "day", "label")},
        ),
        (
            [("greets people who come in", "greets people that come in")],
            {name: {"text-under-it-changed"} for name in ("no-greeting", "label")},
        ),
        (
            [("It may ask how their day was.", "It may ask what they need.")],
            {name: {"text-under-it-changed"} for name in ("no-greeting", "day", "label")},
        ),
        (
            [("with a friendly face.\n", "with a friendly face.\n\nTell the hours of the shop.\n")],
            {
                "hours": {"now-upstream"},
                "stern": {"text-under-it-changed"},
                "strict": {"text-under-it-changed"},
            },
        ),
        ([("**Example**: a greeting", "**Example**: a farewell, which is another")], {}),
        (
            [("<!-- GOOD -->\nHello to you.", "<!-- BAD -->\nHello to you.")],
            {"no-greeting": {"example-void"}},
        ),
    ],
)
def test_each_effect_is_told_where_it_belongs_and_nowhere_else(
    shop: Path, changes: list[tuple[str, str]], expected: dict[str, set[str]]
) -> None:
    assert effects(shop, *changes) == expected


def test_what_is_gone_or_stands_elsewhere_is_told(shop: Path) -> None:
    start, end = OLD.index("## Smile"), OLD.index("# Prices")
    gone = effects(shop, (OLD[start:end], ""))
    assert gone == {"stern": {"gone"}, "strict": {"gone"}}
    moved = effects(shop, (OLD[start:end], ""), (OLD[end:], OLD[end:] + "\n" + OLD[start:end]))
    assert moved == {"stern": {"moved"}, "strict": {"moved"}}
    start, end = OLD.index("**Example**"), OLD.index("## Smile")
    assert effects(shop, (OLD[start:end], "")) == {"no-greeting": {"example-void"}}


def test_the_command_shows_both_witnesses_and_writes_no_more_than_follows(run: Run, shop: Path) -> None:
    text = (
        OLD.replace("#greet ", "#hail ")
        .replace("#manners", "#conduct")
        .replace("authority=guideline", "authority=root")
    )
    (shop / "new.md").write_text(text, "utf-8")
    path = shop / "shop.yaml"
    before = path.read_bytes()
    status, out, _ = run("overlay", "rebase", path, "--next", shop / "new.md")
    assert (status, path.read_bytes()) == (1, before)
    assert "verdict-changed: was allowed, is refused (root-is-fixed)" in out
    assert "developer, implied: smile = stern → in" in out
    assert "developer, implied: smile = stern → out" in out
    assert run("overlay", "rebase", path, "--next", shop / "new.md", "--write", "-q")[0] == 1
    digest = hashlib.sha256(text.encode()).hexdigest()
    wanted = before.replace(hashlib.sha256(OLD.encode()).hexdigest().encode(), digest.encode())
    wanted = (
        wanted.replace(b"old.md", b"new.md")
        .replace(b"'greet'", b'"hail"')
        .replace(b"provision: greet", b"provision: hail")
    )
    wanted = wanted.replace(b"prices, greet", b"prices, hail").replace(
        b"chapter: manners", b"chapter: conduct"
    )
    assert path.read_bytes() == wanted
    status, out, _ = run("overlay", "rebase", path, "--next", shop / "new.md", "--format", "json")
    assert (status, {tuple(one["effects"]) for one in json.loads(out)["statements"]}) == (0, {("untouched",)})


def test_changed_paragraphs_are_quoted_with_their_places_on_both_sides(run: Run, shop: Path) -> None:
    text = OLD.replace(
        "\n\nIt may ask how their day was.", "\n\nIt nods[^a1b2].\n\nIt may ask\nhow their day was, once."
    )
    (shop / "new.md").write_text(text, "utf-8")
    _, out, _ = run("overlay", "rebase", shop / "shop.yaml", "--next", shop / "new.md", "--format", "json")
    facts = {one["id"]: one["facts"] for one in json.loads(out)["statements"]}
    (fact,) = facts["shop/day"]
    sides = [[(q["text"], q["locator"], q["line"]) for q in fact[side]] for side in ("before", "after")]
    assert sides == [
        [("It may ask how their day was.", "greet ¶2", OLD[: OLD.index("It may")].count("\n") + 1)],
        [("It may ask how their day was, once.", "greet ¶3", text[: text.index("It may")].count("\n") + 1)],
    ]


def test_a_real_release_touches_what_it_changed(model_spec_data: Path, tmp_path: Path) -> None:
    """Every principle is overridden: what is untouched is as it was, and what is not has changed."""
    old, new = (model_spec_data / name for name in ("2025-04-11", "2025-09-12"))
    spec = ps.load(old)
    lines = "".join(
        f"  - {{id: s{n}, says: x, overrides: {one.id}}}\n" for n, one in enumerate(spec.principles)
    )
    head = f"overlay: all\nupstream: {{source: {old}}}\nholder: developer\nstatements:\n"
    (tmp_path / "all.yaml").write_text(head + lines, "utf-8")
    found = ps.rebase_overlay(tmp_path / "all.yaml", new)
    after = ps.load(new)
    same = set()
    for statement, one in zip(found.statements, spec.principles, strict=True):
        now = after.principle_by_id.get(one.id)
        if now and (now.authority, now.text, now.parent) == (one.authority, one.text, one.parent):
            same.add(statement.id)
    untouched = {one.id for one in found.statements if one.effects == (RebaseEffect.UNTOUCHED,)}
    assert same <= untouched
    assert 0 < len(untouched) < len(found.statements)


SIDECAR = """spec: {name: shop}
levels:
  - {id: owner, override: explicit, roles: [developer]}
  - {id: guest, override: implicit, roles: [user]}
provisions: {greet: {level: guest}}
"""


@pytest.fixture
def levels(shop: Path) -> Path:
    """Return a folder with one text as two releases, which have a sidecar each."""
    for name in ("old", "new"):
        (shop / f"{name}.md").write_text("# Greet\n\nIt greets people.\n\n# Smile\n\nIt smiles.\n", "utf-8")
        (shop / f"{name}.yaml").write_text(SIDECAR, "utf-8")
    head = "overlay: shop\nupstream: {source: old.md}\nholder: owner\nstatements:\n"
    (shop / "shop.yaml").write_text(
        f"{head}  - {{id: one, says: x, overrides: greet}}\n  - {{id: two, says: y, adds: Y, level: guest}}\n",
        "utf-8",
    )
    return shop


def rebased(levels: Path, *changes: tuple[str, str]) -> ps.OverlayRebase:
    text = SIDECAR
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (levels / "new.yaml").write_text(text, "utf-8")
    return ps.rebase_overlay(
        levels / "shop.yaml",
        levels / "new.md",
        annotations=levels / "old.yaml",
        next_annotations=levels / "new.yaml",
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([], {}),
        ([("owner", "keeper")], {"one": ["owner"], "two": ["owner"]}),
        ([("guest", "caller")], {"two": ["guest"]}),
        (
            [("owner, override: explicit, roles: [developer]", "keeper, override: never")],
            {"one": ["owner"], "two": ["owner"]},
        ),
    ],
)
def test_a_level_that_is_gone_is_told_and_left_to_people(
    levels: Path, changes: list[tuple[str, str]], told: dict[str, list[str]]
) -> None:
    found = rebased(levels, *changes)
    gone = {
        one.id.removeprefix("shop/"): [
            fact.about
            for fact in one.facts
            if "yourself" in fact.told and fact.effect is RebaseEffect.LEVEL_CHANGED
        ]
        for one in found.statements
    }
    assert {name: abouts for name, abouts in gone.items() if abouts} == told
    assert found.is_untouched is (not changes)
    assert found.text == (levels / "shop.yaml").read_text("utf-8").replace("old.md", "new.md")


def test_each_release_has_a_sidecar_of_its_own(run: Run, levels: Path) -> None:
    assert not rebased(levels, ("level: guest", "level: owner")).is_untouched
    given = ("overlay", "rebase", levels / "shop.yaml", "--next", levels / "new.md")
    sides = [("--annotations", levels / f"{name}.yaml") for name in ("old", "new")]
    assert run(*given, *sides[0])[0] == 0
    code, out, _ = run(*given, *sides[0], *sides[1])
    assert (code, "`greet` had the level `guest`, and has `owner`" in out) == (1, True)
    assert run(*given, *sides[0], *sides[1], *sides[1])[0] == 2


def test_what_a_release_cannot_judge_is_no_untouched_statement(run: Run, shop: Path) -> None:
    (shop / "new.md").write_text(
        OLD + "\n# Bow {#bow authority=user}\n\nThe assistant bows to every guest.\n", "utf-8"
    )
    head = "overlay: shop\nupstream: {source: old.md}\nholder: developer\nstatements:\n"
    statements = (
        "{id: bow, says: Never bow to them., overrides: bow}",
        "{id: no, says: x, overrides: nowhere}",
        "{id: well, says: y, restates: greet}",
        "{id: unread, says: z}",
    )
    (shop / "shop.yaml").write_text(head + "".join(f"  - {one}\n" for one in statements), "utf-8")
    code, out, _ = run("overlay", "rebase", shop / "shop.yaml", "--next", shop / "new.md")
    assert code == 1
    assert out.rstrip().endswith("3 not-judged, 1 untouched")
    told = [line.strip() for line in out.splitlines() if "not judged on the pinned release" in line]
    assert ["allowed on the next one" in line for line in told] == [True, False]
    assert (
        "(unknown provision `nowhere`), not judged on the next one (unknown provision `nowhere`)" in told[1]
    )
    (shop / "shop.yaml").write_text(f"{head}  - {statements[2]}\n  - {statements[3]}\n", "utf-8")
    assert run("overlay", "rebase", shop / "shop.yaml", "--next", shop / "new.md")[0] == 1
