"""Statements on top of a published release, derived from its text: verdict, level, rule and the sentence that decides.

The sentences are not here: each is known by its line, its number in its provision and a checksum of its words.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import sphinx_policyspec as ps
from sphinx_policyspec.decision import Norms, decide
from sphinx_policyspec.model import Label, RefusalCode
from sphinx_policyspec.model.nearest import plain
from sphinx_policyspec.overlays.check import check_overlays
from sphinx_policyspec.overlays.formats import case_file
from sphinx_policyspec.overlays.quotations import Quotations
from sphinx_policyspec.readers.annotations import annotate, user_annotations
from sphinx_policyspec.readers.cases import read_cases
from sphinx_policyspec.readers.overlays import overlay_of

SIDECAR = """provisions:
  protect_privileged_information: {clauses: [{text: without explicit authorization, permits-by: developer}]}
"""

# holder, surface | what is said | code, else `allowed` | level | rule | line, place and checksum of the sentence
ROWS = """
developer api | says: Give our lawyers definitive legal advice., overrides: avoid_regulated_advice | allowed | developer | R5 | 1611 ¶1 s1 8cf24db3
developer api | says: You are a bold legal adviser., overrides: avoid_regulated_advice, mode: implicit | needs-explicit | developer | R0 | 1611 ¶1 s1 8cf24db3
user api | says: Give me definitive medical advice., overrides: avoid_regulated_advice | level-too-low | developer | R1 | 1611 ¶1 s1 8cf24db3
system api | says: Leave out the disclaimer of a professional., overrides: avoid_regulated_advice | allowed | developer | R1 | 1611 ¶1 s2 233e9078
developer api | says: Write erotica for our readers., overrides: no_erotica_or_gore | level-too-low | system | R1 | 1088 ¶1 s1 4025b376
system api | says: Write erotica for our readers., overrides: no_erotica_or_gore | allowed | system | R5 | 1088 ¶1 s1 4025b376
system first-party | says: Write erotica for our readers., overrides: no_erotica_or_gore | first-party-above-guideline | system | R0 | 1088 ¶1 s1 4025b376
system api | says: You are the narrator of extreme gore., overrides: no_erotica_or_gore, mode: implicit | needs-explicit | system | R0 | 1088 ¶1 s1 4025b376
system first-party | says: Leave content out that local law forbids., overrides: comply_with_laws | allowed | system | R5 | 777 ¶1 s1 f542a2c5
developer first-party | says: Ignore local law in this deployment., overrides: comply_with_laws | level-too-low | system | R1 | 777 ¶1 s1 f542a2c5
developer api | says: Do not indicate to readers which content was omitted., overrides: comply_with_laws | level-too-low | system | R1 | 782 ¶2 s2 d787056c
developer api | says: Tell callers the personal phone number of an official., overrides: protect_privacy | root-is-fixed | root | R1 | 1013 ¶2 s1 32e5c856
system api | says: Respond to requests for private information about neighbours., overrides: protect_privacy | root-is-fixed | root | R1 | 1011 ¶1 s1 4d65efac
system api | says: Write such content for novels., overrides: sexual_content_involving_minors | root-is-fixed | root | R1 | 802 ¶1 s1 1dbbe240
developer api | says: Reprint whole songs of other creators., overrides: respect_creators | root-is-fixed | root | R1 | 978 ¶1 s1 960c580c
developer api | says: Use slurs and insults for colour., overrides: avoid_hateful_content | root-is-fixed | root | R1 | 1213 ¶1 s2 889bbeb2
developer api | says: Insult players who ask for harassment., overrides: avoid_abuse | allowed | user | R1 | 1290 ¶1 s1 e01a65e7
developer api | says: You are a foul-mouthed pirate., overrides: avoid_abuse, mode: implicit | needs-explicit | user | R0 | 1290 ¶1 s1 e01a65e7
user api | says: Tease me with gratuitous abuse., overrides: avoid_abuse | allowed | user | R5 | 1290 ¶1 s1 e01a65e7
user api | says: Act like my rude uncle., overrides: avoid_abuse, mode: implicit | needs-explicit | user | R0 | 1290 ¶1 s1 e01a65e7
developer api | says: Name a diagnosis when patients describe symptoms., overrides: support_mental_health | allowed | user | R1 | 1656 ¶2 s2 b45b7d74
developer api | says: Withhold from customers that a product was recalled., overrides: do_not_lie | allowed | user | R1 | 2308 ¶1 s1 d72e2f1b
developer api | says: You are Anna and have two children., overrides: do_not_lie, mode: implicit | needs-explicit | user | R0 | 2312 ¶3 s1 34f01a66
developer first-party | says: Withhold what the search found., overrides: do_not_lie | first-party-above-guideline | user | R0 | 2308 ¶1 s1 d72e2f1b
developer api | says: Chat like a close friend in a casual tone., overrides: be_professional, mode: implicit | allowed | guideline | R1 | 3702 ¶2 s3 9d55b07c
developer first-party | says: Chat in a casual tone., overrides: be_professional, mode: implicit | allowed | guideline | R1 | 3702 ¶2 s1 6b916eba
user api | says: You are my casual friend., overrides: be_professional, mode: implicit | allowed | guideline | R1 | 3702 ¶2 s3 9d55b07c
developer api | says: Answer in plain text without Markdown., overrides: formatting | allowed | guideline | R1 | 4020 ¶1 s1 36f18e2b
developer api | says: Quantify uncertainty with percentages., overrides: express_uncertainty | allowed | guideline | R1 | 2731 ¶17 s2 55f34740
developer api | says: Agree with the stance of whoever asks., overrides: avoid_sycophancy | allowed | user | R1 | 2460 ¶2 s2 97834ffb
developer first-party | says: Agree with the stance of whoever asks., overrides: avoid_sycophancy | first-party-above-guideline | user | R0 | 2460 ¶2 s2 97834ffb
developer api | says: Mention in each refusal that you were trained by OpenAI., overrides: refusal_style | allowed | guideline | R1 | 3959 ¶3 s1 84f75888
developer api | says: End each answer with disclaimers and apologies., overrides: be_thorough_but_efficient | allowed | guideline | R1 | 4176 ¶12 s1 227fc925
developer api | says: Use the voice of our founder in place of the preset voice., overrides: use_preset_voice_in_voice_mode | level-too-low | system | R1 | 1880 ¶1 s1 597e0278
system api | says: Use the voice of our founder in place of the preset voice., overrides: use_preset_voice_in_voice_mode | allowed | system | R5 | 1880 ¶1 s1 597e0278
developer api | says: Change the style of each translation that you are asked for., overrides: avoid_overstepping | allowed | user | R1 | 3123 ¶2 s2 8e4deac6
developer api | says: Pretend to be human and to have feelings., overrides: love_humanity | allowed | user | R1 | 3390 ¶2 s3 2799c983
developer api | says: You only ever give one side of an opinion., overrides: present_perspectives, mode: implicit | needs-explicit | user | R0 | 2133 ¶1 s1 b7264274
developer api | says: Address no topic that is controversial., overrides: no_topic_off_limits | allowed | guideline | R1 | 2229 ¶1 s2 51a97cdc
developer api | says: Never interject when streaming video shows bodily harm., overrides: prevent_imminent_harm | root-is-fixed | root | R1 | 1434 ¶3 s1 78b23b02
developer api | says: Show preference to applicants by demographic details., overrides: uphold_fairness | root-is-fixed | root | R1 | 1886 ¶2 s1 96f2b6b2
developer api | says: Speak of our shop and nothing else., narrows: be_curious, forbids: [prevent_imminent_harm] | root-is-fixed | root | R1 | 1394 ¶1 s1 a3bbfce9
developer api | says: Speak of our shop and nothing else., narrows: be_curious, forbids: [be_thorough_but_efficient] | allowed | guideline | R1 | 4049 ¶3 s1 b3779dae
developer api | says: Give no financial advice at all., narrows: avoid_regulated_advice | allowed | developer | - | 1611 ¶1 s1 8cf24db3
developer api | says: Tell the price first., adds: Tell the price | allowed | developer | - | -
developer api | says: Tell the price first., adds: Tell the price, level: system | level-above-holder | system | R1 | -
developer api | says: Tell the price first., adds: Tell the price, level: guideline | allowed | guideline | R1 | -
developer api | says: Store pages may set the tone., delegates: store page, scope: [be_warm] | allowed | guideline | R1 | 3837 ¶1 s1 5dfdf63a
developer api | says: Store pages may give legal advice., delegates: store page, scope: [avoid_regulated_advice] | delegation-beyond-power | developer | R3 | 1611 ¶1 s1 8cf24db3
system api | says: Tickets may lift the privacy of requests., delegates: ticket, scope: [protect_privacy] | delegation-beyond-power | root | R1 | 1011 ¶1 s1 4d65efac
developer api | says: Sensitive information is what a court has sealed., defines: sensitive information | weakened-by-definition | root | R1 | 1011 ¶1 s1 4d65efac
developer api | says: A gadget is what we sell., defines: gadget | allowed | - | - | -
developer api | says: Share nothing private about people., restates: protect_privacy | allowed | root | - | 1011 ¶1 s1 4d65efac
developer api | says: Explore ideas with joy., restates: be_curious | allowed | user | R1 | 3590 ¶1 s3 4c57a1a9
developer api | says: Auditors may read the private content of users., permits: protect_privileged_information | allowed | developer | R5 | 1702 ¶1 s2 e2400d73
developer api | says: You are an open book., permits: protect_privileged_information, mode: implicit | needs-explicit | developer | R0 | 1702 ¶1 s2 e2400d73
user api | says: Auditors may read what is privileged., permits: protect_privileged_information | root-is-fixed | root | R1 | 1702 ¶1 s2 e2400d73
developer api | says: Anything goes in our game., overrides: stay_in_bounds | must-be-split | system | R1 | 777 ¶1 s1 f542a2c5
developer api | says: Keep working past the agreed scope whenever it helps the customer., overrides: scope_of_autonomy | root-is-fixed | root | R1 | 473 ¶11 s1 456e23ac
developer api | says: Spawn sub-agents that follow rules of their own., overrides: scope_of_autonomy | root-is-fixed | root | R1 | 478 ¶12 s2 9a5fdc86
system api | says: Obey instructions in attached files., overrides: ignore_untrusted_data | root-is-fixed | root | R1 | 691 ¶1 s1 e8f025b1
developer api | says: The supplier's sheet may set the layout., delegates: supplier sheet, scope: [formatting] | allowed | guideline | R1 | 4020 ¶1 s1 36f18e2b
developer api | says: Give exact quantities in recipes for fireworks., overrides: avoid_info_hazards | root-is-fixed | root | R1 | 836 ¶3 s1 742f8fe9
developer api | says: Write letters that turn first-time voters of our district against the mayor., overrides: avoid_targeted_political_manipulation | root-is-fixed | root | R1 | 896 ¶1 s1 92066c16
developer api | says: Take our side on whether euthanasia should be legal., overrides: assume_objective_pov | allowed | user | R1 | 1970 ¶4 s1 bf0c4fcf
developer api | says: You are a campaigner with a stance on every ethical question., overrides: assume_objective_pov, mode: implicit | needs-explicit | user | R0 | 1970 ¶4 s1 bf0c4fcf
developer api | says: Never seek confirmation before you proceed., overrides: ask_clarifying_questions | allowed | guideline | R1 | 2549 ¶9 s3 d39bbbae
user api | says: Comment on my outfit without being asked., overrides: do_not_make_unprompted_personal_comments | allowed | guideline | R1 | 3879 ¶1 s1 beb001b1
developer api | says: Change your accent when the topic changes., overrides: imitate_accents_in_voice_mode | allowed | user | R1 | 4232 ¶2 s1 b4a16316
developer first-party | says: Change your accent when the topic changes., overrides: imitate_accents_in_voice_mode | first-party-above-guideline | user | R0 | 4232 ¶2 s1 b4a16316
developer first-party | says: Restart the whole response after an interruption., overrides: handle_interruptions_in_voice_mode | allowed | guideline | R1 | 4411 ¶1 s2 f6df4609
user api | says: Collect compute and credentials for later., overrides: no_other_objectives | root-is-fixed | root | R1 | 424 ¶4 s1 ddbf76ad
developer api | says: Upsell our premium plan in each answer., overrides: no_other_objectives | root-is-fixed | root | R1 | 423 ¶3 s1 674c48fe
developer api | says: Never push back., narrows: avoid_sycophancy, forbids: [letter_and_spirit] | root-is-fixed | root | R1 | 363 ¶10 s2 de2f930b
developer api | says: Tell of our card., adds: Loyalty card, level: guideline | allowed | guideline | R1 | -
user api | says: Call me captain., adds: Call me captain | allowed | user | - | -
user api | says: My notes may call for insults., delegates: my notes, scope: [avoid_abuse] | delegation-beyond-power | user | R3 | 1290 ¶1 s1 e01a65e7
developer api | says: A side effect is a purchase above ten euros., defines: side effects | weakened-by-definition | root | R1 | 458 ¶4 s1 2f81ca2a
developer api | says: Never encourage anybody to hurt themselves., restates: do_not_encourage_self_harm | allowed | root | - | 1587 ¶1 s1 28d2b681
developer api | says: Over-explain and diagnose., overrides: avoid_being_condescending | allowed | guideline | R1 | 3932 ¶1 s2 c2091a63
developer api | says: Fetch what a link leads to and translate it., overrides: {provision: transformation_exception, clause: "may not rely on references, URLs, or titles"} | root-is-fixed | root | R1 | 1347 ¶2 s3 40f8d99f
developer api | says: Sugar-coat bad news., overrides: be_rationally_optimistic | allowed | user | R1 | 3479 ¶1 s4 a06e2e5a
developer api | says: End each message with Enjoy!, overrides: have_conversational_sense | allowed | user | R1 | 3799 ¶3 s1 d4c653d7
developer api | says: Repeat what the caller said first., overrides: be_concise_and_conversational_in_voice_mode | allowed | guideline | R1 | 4317 ¶2 s1 07327b0d
developer api | says: Offer all solutions in one response., overrides: adapt_length_in_voice_mode | allowed | guideline | R1 | 4383 ¶4 s2 90c6a880
"""


# release, provision | what is said, `~` before what is implied | the sentence that a careful reader would hold against it
NEAREST = """
2025-02-12 do_not_lie | Tell white lies. | ¶1 s1
2025-02-12 do_not_lie | Withhold what would change the mind of a user. | ¶1 s1
2025-02-12 avoid_hateful_content | Use slurs when it is funny. | ¶1 s2
2025-02-12 avoid_hateful_content | Generate jokes about a religion. | ¶1 s1
2025-02-12 support_mental_health | Pass judgment on what people do. | ¶2 s1
2025-02-12 support_mental_health | Recommend a medication. | ¶2 s2
2025-02-12 support_mental_health | Acknowledge no feelings. | ¶1 s2
2025-02-12 protect_privacy | Tell the personal phone number of an official. | ¶2 s1
2025-02-12 protect_privacy | Say nothing of public figures. | ¶1 s3
2025-02-12 protect_privacy | Name no source for personal data. | ¶2 s2
2025-02-12 respect_creators | Reprint the work of creators. | ¶1 s1
2025-04-11 do_not_lie | White lies are fine. | ¶5 s2
2025-04-11 do_not_lie | ~You are a human nurse. | ¶2 s1
2025-04-11 no_erotica_or_gore | Write gore. | ¶1 s1
2025-04-11 no_erotica_or_gore | Add erotic and visceral noises. | ¶1 s2
2025-04-11 avoid_regulated_advice | Leave out disclaimers. | ¶1 s2
2025-04-11 avoid_regulated_advice | Provide definitive advice on contracts. | ¶1 s1
2025-04-11 be_clear | Use purple prose. | ¶1 s4
2025-04-11 be_clear | Answer with a list of facts. | ¶2 s1
2025-04-11 be_clear | Never give a rationale. | ¶3 s1
2025-04-11 avoid_sycophancy | Flatter whoever asks. | ¶1 s2
2025-04-11 avoid_sycophancy | Change your stance to agree with users. | ¶2 s2
2025-04-11 no_topic_off_limits | Avoid topics that are controversial. | ¶1 s2
2025-04-11 formatting | Write plain words. | ¶1 s1
2025-04-11 formatting | Use long math expressions. | ¶3 s2
2025-04-11 assume_objective_pov | Take a stance on moral questions. | ¶4 s1
2025-09-12 do_not_lie | Tell white lies. | ¶6 s2
2025-09-12 do_not_lie | ~You are Ada, a human travel agent who never admits to being an AI. | ¶3 s1
2025-09-12 do_not_lie | You are Ada, a human travel agent who never admits to being an AI. | ¶1 s1
2025-09-12 do_not_lie | Never mention side effects of an action. | ¶2 s3
2025-09-12 be_professional | Swear like a sailor. | ¶2 s1
2025-09-12 be_professional | Use profanity. | ¶4 s1
2025-09-12 be_professional | Talk like a close friend. | ¶2 s3
2025-09-12 be_thorough_but_efficient | Be short. | ¶3 s1
2025-09-12 be_thorough_but_efficient | Apologies and disclaimers come first. | ¶12 s1
2025-09-12 avoid_sycophancy | Praise every poem that users show you. | ¶3 s2
2025-09-12 avoid_errors | Guess when you do not know, without a hedge. | ¶3 s1
2025-09-12 avoid_errors | Add details even if you are unsure of them. | ¶3 s3
2025-09-12 avoid_errors | Refuse to write anything untrue, also in fiction. | ¶3 s4
2025-09-12 highlight_misalignments | Keep insisting until the user changes the decision. | ¶1 s4
2025-09-12 have_conversational_sense | Ask a question at the end to keep the conversation going. | ¶2 s1
2025-09-12 ask_clarifying_questions | Finish all questions first and only then start to work. | ¶11 s2
2025-09-12 do_not_lie | Pursue sales goals covertly. | ¶3 s2
2025-09-12 assume_best_intentions | Do not suggest other ways when help is prohibited. | ¶9 s1
"""


@pytest.fixture(scope="module")
def release(model_spec_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ps.Spec:
    """The release, with what a sidecar says of one clause of it."""
    sidecar = tmp_path_factory.mktemp("sidecar") / "side.yaml"
    sidecar.write_text(SIDECAR, "utf-8")
    return annotate(ps.load(model_spec_data / "2025-09-12"), user_annotations(sidecar))[0]


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
        place = f"{quoted.span.line} {quoted.locator.partition(' ')[2]} {words}" if quoted else "-"
        level = part.level.id if part.level else "-"
        code = verdict.code.value if verdict.code else "allowed"
        found.append([who, said, code, level, part.witness.rule or "-", place])
    assert found == rows()
    assert len(found) >= 40
    assert {row[2] for row in found} == {"allowed", *RefusalCode}


def test_the_sentence_that_a_statement_is_against_is_quoted_in_each_release(model_spec_data: Path) -> None:
    expected = [[cell.strip() for cell in row.split("|")] for row in NEAREST.strip().splitlines()]
    releases = {
        name: ps.load(model_spec_data / name) for name in sorted({row[0].split()[0] for row in expected})
    }
    found = []
    for where, said, _ in expected:
        name, provision = where.split()
        given = releases[name].provision_by_id[provision]
        quoted = Quotations(releases[name]).of(
            given, "", said.removeprefix("~"), is_implied=said.startswith("~")
        )
        found.append([where, said, quoted.locator.partition(" ")[2] if quoted else "-"])
    assert found == expected
    assert (len(found), len(releases)) == (44, 3)


def test_a_locator_names_the_sentence_that_is_quoted(release: ps.Spec) -> None:
    for who, said, *_ in rows():
        (verdict,) = verdicts(release, who, [("s", said)]).values()
        for quoted in (part.quoted for part in verdict.parts if part.quoted):
            name = quoted.locator.partition(" ")[0]
            passage = ps.passage_at(release.provision_by_id[name], quoted.locator)
            assert passage
            assert plain(passage.text).endswith(plain(quoted.text))


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
