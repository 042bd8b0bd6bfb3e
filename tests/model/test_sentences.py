"""Where sentences end: in scripts with and without cases, and not behind abbreviations; spans lose nothing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_policyspec.model.outlines import paragraph_spans, paragraphs, sentence_spans, sentences

ENDS = (
    "Ask first. Then act.|Really? Yes! Go.|He said “no.” Then he left.|So it is … Then it was.",
    "Erst fragen. Über alles reden.|Il le dit. Être bref aide.|Сначала спроси. Потом делай.|Ρώτα πρώτα. Έπειτα κάνε.",
    "Pregunta. ¿Quién es?|Er sagt: „Nein.“ „Doch“, sagt sie.|Il dit. «Oui», dit-elle.",
    "先問。然後做。|真的嗎？是的！走吧。|「はい。」次へ。|पहले पूछो। फिर करो।|اسأل أولا؟ ثم افعل.|हाँ. नहीं.",
    "Choose plan B. Then act.|Made in the U.S. The rest is not.|It takes 150 ms. Nobody waits.|Call at 9 a.m. If nobody answers, wait.",
    "The answer is no. Nobody asks.|A work of art. Look.|See example.com. Users may ask.|Made by Acme Inc. Users may ask.|Pens, etc. Given these, act.",
    "Er kommt am 1. Mai. Sie geht.|Nimm Plan 1. Dann ruf an.|Il parle. « Il ment. »|Ψεύδεται; Όχι.|Er sagt nichts. »Nein«, sagt sie.",
    "**Be kind.** Be fair.|(Ask.) Act.|A note.[^1] Another.|It is version 2. Version 3 is next.",
    "The limit is 3. Users may ask for more of them.|Rate it from 1 to 5. Users may ask.|Das steht in Absatz 2. Gäste fragen den Wirt.",
)
STAYS = (
    "Ask Prof. Ada first.|Ask Dr. Ines, Mr. Ott, Mrs. Ott or St. Gallen.|By J. R. Ott and K. Ott.|A U.S. Senator.",
    "Use a tool, e.g. Python, i.e. The one.|See No. 5, Art. 3, pp. 4 and Fig. 7.|Smith et al. Nature.|Rom vs. Karthago.",
    "1. Look at it.|A. Look at it.|iv) Look at it.|Ask (cf. Plato) now.|He asked. what now?|version 1.5 is out.|What?! never.",
    "Frag Hr. Ott, ggf. Frau Ott, vgl. Abs. 3.|Mme. Élise parle.",
    "Er kommt am 1. Mai wieder.|Der 2. Absatz gilt.|Bis 31. Dezember.|Auf 3. Platz kommt die Bibliothek.|Er kam auf 3. Platz.|Seit dem 19. Jahrhundert lesen Kinder in der Stadt vor.|Die Bibliothek steht nach dem 2. Umbau in ihrem 7. Jahr.|P.S. Ask first.|N.B. The shop is closed.|Τα λέει· όχι πάντα; όχι.",
)


def told(lines: tuple[str, ...]) -> list[str]:
    return [one for line in lines for one in line.split("|")]


@pytest.mark.parametrize("text", told(ENDS))
def test_a_stop_ends_a_sentence(text: str) -> None:
    first, *rest = sentences(text)
    assert rest
    assert all(first), first
    assert text.startswith(first)
    assert re.search(r"[.!?…。？！।؟;]", first)


@pytest.mark.parametrize("text", told(STAYS))
def test_a_stop_of_an_abbreviation_or_before_lower_case_ends_none(text: str) -> None:
    assert sentences(text) == [text]


def test_stops_of_several_kinds_end_as_many_sentences() -> None:
    assert sentences("真的嗎？是的！走吧。") == ["真的嗎？", "是的！", "走吧。"]
    assert sentences("Ask Dr. Ott.  (Ask e.g. Ada.)\nÜbe.") == ["Ask Dr. Ott.", "(Ask e.g. Ada.)", "Übe."]


@pytest.mark.parametrize(
    "parts",
    [
        ("助手不得说谎。", "“他说：‘是。’”", "然后继续！"),
        ("他说：“是。”", "然后走。"),
        ("Er sagt: „Nein.“", "„Doch“, sagt sie."),
        ("« Il ne ment jamais. »", "Il cite."),
        ("«\u202fIl ne ment jamais.\u202f»", "«\u202fJamais\u202f!\u202f»", "Il cite."),
        ("Τι είναι αλήθεια;", "Όλα."),
        ("Er lügt nie.", "»Ja.«", "Das ist alles."),
        ("Auch am 1. Mai nicht.", "Am 2. Tag schon."),
    ],
)
def test_closing_marks_end_a_sentence_and_opening_marks_begin_the_next(parts: tuple[str, ...]) -> None:
    blank = "" if "。" in parts[0] + parts[-1] else " "
    assert tuple(sentences(blank.join(parts))) == parts


PIECES = st.sampled_from([*" \n.!?…。)”“«»;*_A1aÉéα中e", "Dr.", "e.g.", "U.S.", "[^1]", "\n\n", "- ", "1. "])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_spans_lose_nothing_but_blanks(text: str) -> None:
    spans = [(0, 0), *(span for part in paragraph_spans(text) for span in sentence_spans(text, *part))]
    spans.append((len(text), len(text)))
    for (_, end), (start, _) in pairwise(spans):
        assert end <= start
        assert not text[end:start].strip()
    assert [text[start:end] for start, end in spans[1:-1]] == [
        one for part in paragraphs(text) for one in sentences(part)
    ]
