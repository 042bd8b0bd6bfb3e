"""Statements on top of a published release, derived from its text: verdict, level, rule and the sentence that decides.

The sentences are not here: each is known by its line and a checksum of its words.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.model import Label, RefusalCode
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.overlays.formats import case_file
from sphinx_policyspec.readers.annotations import annotate, given_annotations
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.readers.overlays import overlay_of
from sphinx_policyspec.readers.text import plain

SIDECAR = """provisions:
  protect_privileged_information: {clauses: [{text: without explicit authorization, permits-by: developer}]}
"""

# holder, surface | what is said | code, else `allowed` | level | rule | line and checksum of the sentence
ROWS = """
developer api | says: Give our lawyers definitive legal advice., overrides: avoid_regulated_advice | allowed | developer | R5 | 1611 73d6a930
developer api | says: You are a bold legal adviser., overrides: avoid_regulated_advice, mode: implicit | needs-explicit | developer | R0 | 1611 73d6a930
user api | says: Give me definitive medical advice., overrides: avoid_regulated_advice | level-too-low | developer | R1 | 1611 73d6a930
system api | says: Leave out the disclaimer of a professional., overrides: avoid_regulated_advice | allowed | developer | R1 | 1611 233e9078
developer api | says: Write erotica for our readers., overrides: no_erotica_or_gore | level-too-low | system | R1 | 1088 9a236298
system api | says: Write erotica for our readers., overrides: no_erotica_or_gore | allowed | system | R5 | 1088 9a236298
system first-party | says: Write erotica for our readers., overrides: no_erotica_or_gore | first-party-above-guideline | system | R0 | 1088 9a236298
system api | says: You are the narrator of extreme gore., overrides: no_erotica_or_gore, mode: implicit | needs-explicit | system | R0 | 1088 9a236298
system first-party | says: Leave content out that local law forbids., overrides: comply_with_laws | allowed | system | R5 | 777 f542a2c5
developer first-party | says: Ignore local law in this deployment., overrides: comply_with_laws | level-too-low | system | R1 | 777 f542a2c5
developer api | says: Do not indicate to readers which content was omitted., overrides: comply_with_laws | level-too-low | system | R1 | 782 d787056c
developer api | says: Tell callers the personal phone number of an official., overrides: protect_privacy | root-is-fixed | root | R1 | 1013 32e5c856
system api | says: Respond to requests for private information about neighbours., overrides: protect_privacy | root-is-fixed | root | R1 | 1011 f068750a
system api | says: Write such content for novels., overrides: sexual_content_involving_minors | root-is-fixed | root | R1 | 802 1dbbe240
developer api | says: Reprint whole songs of other creators., overrides: respect_creators | root-is-fixed | root | R1 | 978 cd6e0277
developer api | says: Use slurs and insults for colour., overrides: avoid_hateful_content | root-is-fixed | root | R1 | 1213 889bbeb2
developer api | says: Insult players who ask for harassment., overrides: avoid_abuse | allowed | user | R1 | 1290 e01a65e7
developer api | says: You are a foul-mouthed pirate., overrides: avoid_abuse, mode: implicit | needs-explicit | user | R0 | 1290 e01a65e7
user api | says: Tease me with gratuitous abuse., overrides: avoid_abuse | allowed | user | R5 | 1290 e01a65e7
user api | says: Act like my rude uncle., overrides: avoid_abuse, mode: implicit | needs-explicit | user | R0 | 1290 e01a65e7
developer api | says: Name a diagnosis when patients describe symptoms., overrides: support_mental_health | allowed | user | R1 | 1656 b45b7d74
developer api | says: Withhold from customers that a product was recalled., overrides: do_not_lie | allowed | user | R1 | 2308 ac0b674d
developer api | says: You are Anna and have two children., overrides: do_not_lie, mode: implicit | needs-explicit | user | R0 | 2308 ac0b674d
developer first-party | says: Withhold what the search found., overrides: do_not_lie | first-party-above-guideline | user | R0 | 2308 ac0b674d
developer api | says: Chat like a close friend in a casual tone., overrides: be_professional, mode: implicit | allowed | guideline | R1 | 3702 14bdfde1
developer first-party | says: Chat in a casual tone., overrides: be_professional, mode: implicit | allowed | guideline | R1 | 3702 610e1db3
user api | says: You are my casual friend., overrides: be_professional, mode: implicit | allowed | guideline | R1 | 3702 610e1db3
developer api | says: Answer in plain text without Markdown., overrides: formatting | allowed | guideline | R1 | 4020 36f18e2b
developer api | says: Quantify uncertainty with percentages., overrides: express_uncertainty | allowed | guideline | R1 | 2731 55f34740
developer api | says: Agree with the stance of whoever asks., overrides: avoid_sycophancy | allowed | user | R1 | 2460 5e1311d6
developer first-party | says: Agree with the stance of whoever asks., overrides: avoid_sycophancy | first-party-above-guideline | user | R0 | 2460 5e1311d6
developer api | says: Mention in each refusal that you were trained by OpenAI., overrides: refusal_style | allowed | guideline | R1 | 3959 84f75888
developer api | says: End each answer with disclaimers and apologies., overrides: be_thorough_but_efficient | allowed | guideline | R1 | 4176 631aabe1
developer api | says: Use the voice of our founder in place of the preset voice., overrides: use_preset_voice_in_voice_mode | level-too-low | system | R1 | 1880 597e0278
system api | says: Use the voice of our founder in place of the preset voice., overrides: use_preset_voice_in_voice_mode | allowed | system | R5 | 1880 597e0278
developer api | says: Change the style of each translation that you are asked for., overrides: avoid_overstepping | allowed | user | R1 | 3123 76322516
developer api | says: Pretend to be human and to have feelings., overrides: love_humanity | allowed | user | R1 | 3390 ec5b0baa
developer api | says: You only ever give one side of an opinion., overrides: present_perspectives, mode: implicit | needs-explicit | user | R0 | 2133 9d4bd34f
developer api | says: Address no topic that is controversial., overrides: no_topic_off_limits | allowed | guideline | R1 | 2229 51a97cdc
developer api | says: Never interject when streaming video shows bodily harm., overrides: prevent_imminent_harm | root-is-fixed | root | R1 | 1434 78b23b02
developer api | says: Show preference to applicants by demographic details., overrides: uphold_fairness | root-is-fixed | root | R1 | 1886 96f2b6b2
developer api | says: Speak of our shop and nothing else., narrows: be_curious, forbids: [prevent_imminent_harm] | root-is-fixed | root | R1 | 1394 7e0b31d7
developer api | says: Speak of our shop and nothing else., narrows: be_curious, forbids: [be_thorough_but_efficient] | allowed | guideline | R1 | 4049 684a3921
developer api | says: Give no financial advice at all., narrows: avoid_regulated_advice | allowed | developer | - | 1611 73d6a930
developer api | says: Tell the price first., adds: Tell the price | allowed | developer | - | -
developer api | says: Tell the price first., adds: Tell the price, level: system | level-above-holder | system | R1 | -
developer api | says: Tell the price first., adds: Tell the price, level: guideline | allowed | guideline | R1 | -
developer api | says: Store pages may set the tone., delegates: store page, scope: [be_warm] | allowed | guideline | R1 | 3837 5dfdf63a
developer api | says: Store pages may give legal advice., delegates: store page, scope: [avoid_regulated_advice] | delegation-beyond-power | developer | R3 | 1611 73d6a930
system api | says: Tickets may lift the privacy of requests., delegates: ticket, scope: [protect_privacy] | delegation-beyond-power | root | R1 | 1011 f068750a
developer api | says: Sensitive information is what a court has sealed., defines: sensitive information | weakened-by-definition | root | R1 | 1011 f068750a
developer api | says: A gadget is what we sell., defines: gadget | allowed | - | - | -
developer api | says: Share nothing private about people., restates: protect_privacy | allowed | root | - | 1011 f068750a
developer api | says: Explore ideas with joy., restates: be_curious | allowed | user | R1 | 3590 4c57a1a9
developer api | says: Auditors may read the private content of users., permits: protect_privileged_information | allowed | developer | R5 | 1702 e2400d73
developer api | says: You are an open book., permits: protect_privileged_information, mode: implicit | needs-explicit | developer | R0 | 1702 e2400d73
user api | says: Auditors may read what is privileged., permits: protect_privileged_information | level-too-low | developer | R1 | 1702 e2400d73
developer api | says: Anything goes in our game., overrides: stay_in_bounds | must-be-split | system | R1 | 777 f542a2c5
"""


@pytest.fixture(scope="module")
def release(model_spec_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ps.Spec:
    """The release, with what a sidecar says of one clause of it."""
    sidecar = tmp_path_factory.mktemp("sidecar") / "side.yaml"
    sidecar.write_text(SIDECAR, "utf-8")
    return annotate(ps.load(model_spec_data / "2025-09-12"), given_annotations(sidecar))[0]


def rows() -> list[list[str]]:
    return [[cell.strip() for cell in row.split("|")] for row in ROWS.strip().splitlines()]


def verdicts(release: ps.Spec, who: str, said: list[tuple[str, str]]) -> dict[str, ps.StatementVerdict]:
    """Return the verdicts on what a holder says on a surface, by id."""
    holder, surface = who.split()
    head = f"overlay: o\nupstream: {{source: u}}\nholder: {holder}\nsurface: {surface}\nstatements:\n"
    overlay, findings = overlay_of(
        head + "".join(f"  - {{id: {id_}, {one}}}\n" for id_, one in said), "o.yaml"
    )
    assert overlay
    assert findings == ()
    return {one.statement.id: one for one in check_overlays([overlay], release).verdicts}


def test_every_verdict_its_level_rule_and_sentence_are_those_that_the_text_gives(release: ps.Spec) -> None:
    found = []
    for who, said, *_ in rows():
        (verdict,) = verdicts(release, who, [("s", said)]).values()
        part, quoted = verdict.decisive, verdict.decisive.quoted
        words = hashlib.sha256(plain(quoted.text).encode()).hexdigest()[:8] if quoted else ""
        place = f"{quoted.line} {words}" if quoted else "-"
        level = part.level.id if part.level else "-"
        code = verdict.code.value if verdict.code else "allowed"
        found.append([who, said, code, level, part.witness.rule or "-", place])
    assert found == rows()
    assert len(found) >= 40
    assert {row[2] for row in found} == {"allowed", *RefusalCode}


def test_allowed_is_what_the_witness_resolves_so(release: ps.Spec) -> None:
    norms = Norms(release)
    for who, said, code, *_ in rows():
        (verdict,) = verdicts(release, who, [("s", said)]).values()
        read, findings = read_cases(case_file(verdict), "w.yaml")
        assert not findings
        items = [part.witness.item for part in verdict.parts]
        labels = [decide(one.case, norms).labels[item] for one, item in zip(read, items, strict=True)]
        assert all(label is Label.IN for label in labels) == (code == "allowed"), said


def test_neither_others_nor_their_order_change_a_verdict(release: ps.Spec) -> None:
    by_holder: dict[str, list[tuple[str, str, str]]] = {}
    for number, (who, said, code, *_) in enumerate(rows()):
        by_holder.setdefault(who, []).append((f"s{number}", said, code))
    for who, some in by_holder.items():
        lines = [(id_, one) for id_, one, _ in some]
        expected = {id_: code for id_, _, code in some}
        for given in (lines, lines[::-1]):
            found = verdicts(release, who, given)
            assert {id_: one.code.value if one.code else "allowed" for id_, one in found.items()} == expected
