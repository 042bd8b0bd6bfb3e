"""A text as its sentences, and what words show about the norm in each; a norm word too many costs less than one too few."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from sphinx_policyspec.compare.words import normal, spaced
from sphinx_policyspec.files import Brief
from sphinx_policyspec.model.outlines import sentences


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DUTIES = _listed(
    """must shall should ought required requires expected supposed mandatory never not forbid forbids forbidden prohibit
    prohibits prohibited disallowed banned avoid refrain refuse decline ensure"""
)
"""Words that demand something, or forbid it."""
_PERMISSIONS = _listed(
    """allow allows allowed permit permits permitted permission acceptable fine okay ok free freely welcome optional exempt
    exempts override overrides overridden permissive unrestricted lift lifts relax relaxes waive waives only need bound"""
)
"""Those that allow something."""
NORM_WORDS = (
    _DUTIES
    | _PERMISSIONS
    | _listed(
        """may can needs always usually typically generally normally rarely no nor neither none nobody unacceptable
    require if unless except exception exceptions delegate delegates delegated authority authorized default defaults
    outrank outranks outranked yield yields prevail prevails precedence priority trump trumps hardly barely mostly
    ideally"""
    )
)
"""Words that can make a sentence a norm; ``n't`` counts as ``not``."""
_SERVICES = _listed(
    """comply answer help provide assist engage discuss give share write generate produce explain support fulfill follow honor
    let leave treat ignore trust skip stop go assume accept obey agree believe"""
)
"""What a demand may ask for that gives somebody more than before."""
IMPERATIVES = _listed(
    """act answer apply ask assume be begin call check choose comply confirm consider decline disclose do explain follow
    give handle help hide ignore include inform keep leave let make mention offer omit pause prefer preserve prevent
    protect provide quote reject remember remove repeat reply report respect respond reveal say send share show state stay
    stop tell treat try use wait warn write"""
)
"""Verbs at the beginning of a sentence that tells somebody what to do."""
_ACTORS = _listed(
    """assistant assistants user users developer developers operator operators openai company human humans people person
    persons customer customers everyone everybody anyone anybody someone somebody model models agent agents party parties
    minor minors adult adults child children"""
)
"""The subjects of sentences that say what somebody does: "The assistant answers …"."""
_PRONOUNS = _listed("it they we you he she i")
"""Pronouns for one of them at the beginning of a sentence."""
_TELLING_WORDS = _ACTORS | _listed(
    """might could would will without often sometimes seldom scarcely largely theory nothing when whenever while until once provided where
    wherever but even system platform root guideline guidelines third all any each every some many most few both two three
    four five six seven eight nine ten eleven twelve fifteen twenty thirty fifty hundred thousand million dozen half twice
    double zero a an the"""
)
"""Conditions, actors and amounts: with another one, a reworded sentence is another norm if it is one."""
_BACK_FIRST = _listed(
    """it they he she that those not and or but so then otherwise instead however therefore thus hence except unless also still
    only both neither either each here there in next afterwards finally"""
)
"""Words that point to what is before a sentence if it begins with them, or with one after them: "But it may"."""
_BACK = _listed(
    """this these such above below following former latter previous preceding same last others otherwise instead
    however therefore exception exceptions excepted"""
)
"""Words that do so anywhere in a sentence."""

_LINK = re.compile(
    r"!?\[(?P<text>(?:[^\[\]\\]|\\.){0,1000}+)\]"
    r"(?:\((?P<to>[^()\s]{0,1000}+(?:\([^()\s]{0,200}+\)[^()\s]{0,200}+){0,3}+)[^()]{0,200}+\)|\[[^\[\]]{0,200}+\])"
)
_ROLE = re.compile(
    r"(?::[\w:+.-]{1,80}:|\{[\w:+.-]{1,80}\})`(?P<text>[^`<>]{0,2000})(?:<(?P<to>[^<>`]{1,2000})>)?`"
)
_REFERENCE = re.compile(r"`(?P<text>[^`<>]{1,2000}?)\s*<(?:(?P<to>[^<>`]{1,2000})_|[^<>`]{1,2000})>`_{1,2}")
_ELSEWHERE = re.compile(r"[a-zA-Z][\w+.-]*:|//")
"""The beginning of an address on another site."""
_ADDRESS = re.compile(r"<?\b(?:https?|mailto|ftp):[^\s<>)\]]+>?")
_NOTE = re.compile(r"\[\^[^\]\s]{1,80}\](?!:)|\[#[\w-]{0,80}\]_")
_POINTER = re.compile(r" ?\(see(?: also)?(?:(?:,? and|,)? \x01[^\s()]{1,500}+){1,20}+ ?\)")
"""A pointer to other provisions in parentheses, which says nothing by itself."""
_TARGET = re.compile(r"\x02(\S+)")
TITLED = re.compile(r"\x01#?(\S+)(?:\s(?=[,.;:)?!]))?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_CONTRACTED = re.compile(
    r"\b(?:(ca|do|does|did|is|are|was|were|has|have|had|must|should|would|could|need|wo|sha|ai)n'?t|(can)not)\b",
    re.IGNORECASE,
)
_IN_FULL = {"ca": "can", "wo": "will", "sha": "shall", "ai": "is"}
_TOKEN = re.compile(r"[\x01\x02]\S+|\d+(?:\.\d+)*%?|'s\b|\w+(?:'(?!s\b)\w+)*|[^\w\s*_`\\]", re.IGNORECASE)
_MARKS = re.compile(r"(?<![^\W_])[*_]+|[*_]+(?![^\W_])|[`\\]")
_ARTICLES = frozenset({"a", "an", "the"})
_COUNTING = _listed("few little lot bit most least more less majority minority number")
"""Words before which an article is more than form: few answers, a few answers."""

_ITEM = re.compile(
    r"[ \t>]*(?:[-*+•]|\(?(?:\d{1,9}|[a-zA-Z]|[ivxIVX]{1,5}|#)[.)]|\[\^[^\]\s]{1,80}\]:|\.\. \[[^\]\s]{1,80}\])[ \t]+(?=\S)"
)
"""The beginning of a list item or a note, which continues what leads to it."""
_RULE_OF_TABLE = re.compile(r"[ \t>]*+[|+=:-][|+=:\- \t]*+")
_ROW = re.compile(r"[ \t>]*\|.*|[^|\n]*[^|\s][ \t]+\|[ \t]+\S.*")
_TITLE = re.compile(r"\*\*[^*]+\*\*[:.]?|__[^_]+__[:.]?|#{1,6}[ \t]+.+")
"""A line that heads what follows it, as bold words alone do."""
_SHORT = 6
"""Words of a sentence that is too short to lead a list alone, such as "For example:"."""


def _linked(match: re.Match[str]) -> str:
    """Return what readers see of a link, and its target in the spec; without words of its own, the title of that."""
    text, target = match["text"].strip(), match["to"] or ""
    if not text or text == "?":
        return f" \x01{target or '?'} "
    return text if not target or _ELSEWHERE.match(target) else f"{text}\x02{target.rpartition('#')[2]} "


def visible_text(text: str) -> str:
    """Return what readers see of a sentence, in plain typography: without addresses and marks of notes."""
    if "&" in text:
        text = html.unescape(text)
    if "[" in text:
        text = _LINK.sub(_linked, _NOTE.sub("", text))
    if "`" in text:
        text = _REFERENCE.sub(_role, _ROLE.sub(_role, text))
    if ":" in text:
        text = _ADDRESS.sub("<>", text)
    return normal(_MARKS.sub("", text))


def _role(match: re.Match[str]) -> str:
    text, target = match["text"].strip(), match["to"]
    if text and target:
        return f"{text}\x02{target} "
    return text if match.re is _REFERENCE else f" \x01{target or text} "


Words = tuple[str, ...]
"""The words and signs of a sentence without what is mere form."""


def _denied(text: str) -> str:
    """Return a text with each contracted "not" as a word of its own."""

    def in_full(match: re.Match[str]) -> str:
        stem = (match[1] or match[2]).lower()
        words = f"{_IN_FULL.get(stem, stem)} not"
        return words.upper() if match[0].isupper() else words

    return _CONTRACTED.sub(in_full, text)


_LONGER_THAN_UNITS = 4


def _words(text: str) -> Words:
    """Return the words and signs of a visible text without case, articles, doubled words and pointers elsewhere.

    A doubled "not" stays: it may be two denials.
    Words in capitals stay, as those that RFC 2119 gives a meaning of their own; so do units: 5 mW, 5 MW.
    """
    plain = _THOUSANDS.sub("", _denied(_POINTER.sub("", text)))
    plain = re.sub(r"(?<=[^\W\d])-(?=\w)|(?<=\w)-(?=[^\W\d])", " ", plain)
    result: list[str] = []
    tokens = [token for token in _TOKEN.findall(plain) if token[0] != "\x02"]
    for token, following in pairwise((*tokens, "")):
        word = token.lower()
        is_unit = len(token) < _LONGER_THAN_UNITS and result[-1:] and result[-1][0].isdecimal()
        if is_unit or (len(token) > 1 and token.isupper()):
            word = token
        is_article = word in _ARTICLES and following.lower() not in _COUNTING
        if not is_article and (result[-1:] != [word] or word.lower() == "not"):
            result.append(word)
    return tuple(result)


@dataclass(frozen=True, kw_only=True)
class TextSentence(Brief):
    """A sentence, an item of a list or a row of a table.

    :param text: as readers see it, in plain typography
    :param leads: the words of the norms that introduce its list, or head its table
    :param title: the words of the line above it that heads what follows, such as one in bold alone
    :param renamed: the text with new names of things
    :param binds: whether it binds without a norm word: in a principle, a row of a table, or in another language
    :param is_item: whether it is an item of a list, or a note
    :param is_step: whether it is an item of a numbered list, whose order can say what goes first
    """

    text: str
    leads: tuple[Words, ...] = ()
    title: Words = ()
    renamed: str = ""
    binds: bool = False
    is_item: bool = False
    is_step: bool = False

    @cached_property
    def words(self) -> Words:
        """Its words without what is mere form."""
        return _words(self.text)

    @cached_property
    def new_words(self) -> Words:
        """The same with the new names."""
        return _words(self.renamed) if self.renamed else self.words

    @cached_property
    def targets(self) -> frozenset[str]:
        """The targets in the spec of its links with words of their own."""
        return frozenset(_TARGET.findall(self.text))

    @cached_property
    def norms(self) -> tuple[str, ...]:
        """Its words of norms and its quantities, in order."""
        return tuple(word for word in self.words if word.lower() in NORM_WORDS or word[0].isdecimal())

    @cached_property
    def weight_words(self) -> Counter[str]:
        """What a reworded sentence must keep to be the same norm, if it is one: also amounts, conditions and actors."""
        telling = NORM_WORDS | _TELLING_WORDS
        return Counter(word for word in self.new_words if word.lower() in telling or word[0].isdecimal())

    @property
    def said(self) -> str:
        """The text with ids in brackets, after links or where a reader sees the title of what they name."""
        return TITLED.sub(r"[\1]", self.text.replace("\x02", " \x01"))

    @property
    def is_norm(self) -> bool:
        """Whether it may bind somebody: it holds a norm word or a number, is an item of what does, or an imperative."""
        begins = self.words[0] if self.words else ""
        has_lead = bool(self.leads) or not NORM_WORDS.isdisjoint(self.title)
        return bool(self.norms or has_lead or self.binds or begins in IMPERATIVES)

    @property
    def may_bind(self) -> bool:
        """Whether it may bind somebody if it is new or gone: also as an item of any list, or as what somebody does."""
        first = self.words[0] if self.words else ""
        return self.is_norm or self.is_item or first in _PRONOUNS or not _ACTORS.isdisjoint(self.words)

    @property
    def above(self) -> tuple[Words, ...]:
        """What is above it, and says what it is about."""
        return (*self.leads, self.title) if self.title else self.leads

    @property
    def as_title(self) -> Words:
        """Its words as those of a title: without a mark at the end."""
        return self.words[:-1] if self.words[-1:] in {(".",), (":",)} else self.words

    @property
    def points_back(self) -> bool:
        """Whether what it says may depend on the sentence before it: "This does not hold for minors."."""
        first = next((at for at, word in enumerate(self.words) if word not in _BACK_FIRST), len(self.words))
        return first > 0 or not _BACK.isdisjoint(self.words)

    @property
    def demands(self) -> bool:
        """Whether it demands or forbids something."""
        return not _DUTIES.isdisjoint(self.words)

    @property
    def may_allow(self) -> bool:
        """Whether it may allow something that was not: it says so, denies a denial, or demands a service."""
        modal, subject = self.norm.modal, frozenset(self.norm.subject.lower().split())
        if not _PERMISSIONS.isdisjoint(self.words) or (self.demands and self.norm.denials > 1):
            return True
        if self.norm.denials and len(_ASKING.findall(self.said)) > 1:
            return True
        if self.demands and not self.norm.denials:
            return not _SERVICES.isdisjoint(self.words)
        grants = modal.startswith(("may", "can", "could", "might")) and not self.norm.is_negative
        return grants and not (_ACTORS | _PRONOUNS).isdisjoint(subject)

    @cached_property
    def norm(self) -> Norm:
        """What its words show about the norm in it."""
        return _norm_of(self.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm(Brief):
    """What the words of a sentence show about a norm; a help to read it, on which no weight rests.

    :param modal: its first modal, with its negation: "must not"; empty where there is none
    :param subject: the words before the modal: "the assistant"
    :param is_negative: whether it says that something is not, or not to be done
    :param denials: how many words of it say no
    :param is_main: whether the modal is in a main clause
    :param quantities: numbers with the word that follows: "10 days"
    """

    modal: str = ""
    subject: str = ""
    is_negative: bool = False
    denials: int = 0
    is_main: bool = True
    quantities: tuple[str, ...] = ()


_MODAL = re.compile(
    r"\b(?:(?:must|shall|should|ought to|may|might|can|could|will|would|need(?:s|ed)?(?: to)?|ha(?:s|ve) to)"
    r"(?: (?:\w+ly |also |always |still )?(?:not|never)\b)?"
    r"|(?:do(?:es)?|did) not(?: (?:need|have) to)?|(?:refuse|decline)[sd]? to"
    r"|(?:is|are|be) (?:(?:also|only|still|never|not|no longer) )?(?:allowed|permitted|required|expected|acceptable"
    r"|forbidden|prohibited|supposed|banned|mandatory|optional)(?: to)?"
    r"|no longer|never|always|usually|only|unless|except|not)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(r"\b(?:must|shall|should|ought to|may|might|can|could)\b", re.IGNORECASE)
DENIALS = _listed(
    """not never no none nobody nothing neither nor without forbid forbids forbidden prohibit prohibits prohibited ban bans
    banned disallow disallows disallowed unacceptable refuse refuses refused refusing decline declines declined declining
    reject rejects rejected withhold withholds withheld avoid avoids avoided refrain refrains"""
)
"""Words that say no."""
_DENIAL = re.compile(rf"\b(?:{'|'.join(sorted(DENIALS))})\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[,;:()]|---|\b(?:and|but|or|so|then|instead|however)\b", re.IGNORECASE)
_SUBORDINATE = re.compile(
    r"\b(?:if|when|whenever|while|unless|until|because|since|although|though|whether|that|which|who|whose|where|what|how)\b",
    re.IGNORECASE,
)
_AMOUNT = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|fifty|hundred|thousand|dozen"
_QUANTITY = re.compile(
    rf"(?<![\w.])(?:\d[\d.,]*(?:\s?%|(?=\D))(?:[ -][^\W\d_]+)?|(?:{_AMOUNT})[ -][^\W\d_]+)", re.IGNORECASE
)
_LONGEST_SUBJECT = 8


def _norm_of(text: str) -> Norm:
    plain = _denied(text)
    denials = len(_DENIAL.findall(plain))
    quantities = tuple(spaced(hit.strip(" .,")) for hit in _QUANTITY.findall(plain))
    clauses = [_clause_of(plain, hit) for hit in _MODAL.finditer(plain)]
    if not clauses:
        return Norm(is_negative=denials > 0, denials=denials, quantities=quantities)
    modal, subject, is_main = next((one for one in clauses if one[2]), clauses[0])
    return Norm(
        modal=modal,
        subject=subject,
        is_negative=bool(_DENIAL.search(modal) or _DENIAL.search(subject)),
        denials=denials,
        is_main=is_main,
        quantities=quantities,
    )


def _clause_of(text: str, modal: re.Match[str]) -> tuple[str, str, bool]:
    """Return a modal, the words before it in its clause, and whether that is a main one."""
    clause = _CLAUSE.split(text[: modal.start()])[-1]
    subordinate = [*_SUBORDINATE.finditer(clause)]
    before = clause[subordinate[-1].end() :] if subordinate else clause
    subject = " ".join(before.split()[-_LONGEST_SUBJECT:]).strip("\"'([-> ")
    return spaced(modal[0].lower()), subject, not subordinate


def sentences_of(
    text: str, names: Mapping[str, str] | None = None, *, binds: bool = False
) -> list[TextSentence]:
    """Return the sentences, items and rows of a text in order.

    :param names: new names of things, old → new
    :param binds: whether each of them binds, whatever its words are
    """
    result: list[TextSentence] = []
    is_foreign = not _is_english(text)
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b", re.IGNORECASE) if names else None
    lowered = {old.lower(): new for old, new in (names or {}).items()}
    for part, leads, title, kind in _parts(text):
        here = visible_text(part)
        if not here:
            continue
        result.append(
            TextSentence(
                text=here,
                leads=leads,
                title=title,
                renamed=pattern.sub(lambda name: lowered[name[0].lower()], here) if pattern else "",
                binds=binds
                or kind in {"row", "head"}
                or (is_foreign if len(here.split()) < _TELLING else not _is_english(here)),
                is_item=kind in {"item", "step"},
                is_step=kind == "step",
            )
        )
    return result


_ENGLISH = _listed(
    """the of to and in is that it for with as be or not by should are on this from an a can its at may when which will
    their they has have but if must all any who do does no such other than how what"""
)
_TELLING = 8
"""Words below which a sentence does not show its language."""
_SHARE = 0.1
"""The least share of small words in an English sentence."""


def _is_english(text: str) -> bool:
    """Return whether norms of a text can be recognised by English words; one too short to judge counts as English."""
    tokens = re.findall(r"[^\W\d_]+", text.lower())
    if sum(ord(letter) > _LATIN for word in tokens for letter in word) > len(text) / 4:
        return False
    return len(tokens) < _TELLING or sum(word in _ENGLISH for word in tokens) >= _SHARE * len(tokens)


_LATIN = 0x24F
"""The last letter of the Latin blocks of Unicode."""


@dataclass(slots=True)
class _Stack:
    """What introduces the lines that follow: paragraphs, heads of tables and items, each with its indent and kind."""

    open: list[tuple[int, str, str]] = field(default_factory=list)

    def leads(self, indent: int, kind: str) -> tuple[Words, ...]:
        """Return the norms among what introduces a line, and forget what introduces nothing from here on."""
        last = self.open[-1:]
        while self.open and (self.open[-1][0] > indent or (self.open[-1][0] == indent and self._ends(kind))):
            self.open.pop()
        # A paragraph leads the next one if it ends with a colon.
        above = [one for one in last if one not in self.open and one[2].endswith(":") and one[0] <= indent]
        return tuple(words for _, _, text in self.open + above for words in _leads(text))

    def _ends(self, kind: str) -> bool:
        return kind == "text" or self.open[-1][1] in {"item", "step"}


def _leads(text: str) -> list[Words]:
    """Return the words of the norms with which a text introduces a list: what ends in a colon, else all, in any order."""
    parts = [TextSentence(text=visible_text(part)) for part in sentences(spaced(text))]
    if text.endswith(":") and (parts[-1].norms or len(parts[-1].text.split()) >= _SHORT):
        parts = parts[-1:]
    return sorted(sentence.words for sentence in parts if sentence.norms)


def _parts(text: str) -> Iterator[tuple[str, tuple[Words, ...], Words, str]]:
    """Yield each sentence, item's sentence and row of a text with the norms that introduce it, its title, and its kind."""
    stack = _Stack()
    title: Words = ()
    for indent, kind, block in _blocks(text):
        leads = stack.leads(indent, kind)
        if is_title := kind == "text" and bool(_TITLE.fullmatch(block)):
            title = ()
        if kind != "row":
            stack.open.append((indent, kind, block))
        parts = [block] if kind in {"row", "head"} else sentences(block)
        yield from ((part, leads, title, kind) for part in parts)
        if is_title:
            title = TextSentence(text=visible_text(block)).as_title


def _blocks(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the paragraphs, items, steps, and heads and other rows of tables of a text, each with its indent."""
    pending: list[str] = []
    indent, kind = 0, "text"
    in_table = False
    for line in [*text.split("\n"), ""]:
        item = _ITEM.match(line)
        is_rule = (in_table or line.lstrip(" \t>").startswith("+-")) and _is_rule(line)
        is_row = is_rule or bool(_ROW.fullmatch(line))
        if pending and (not line.strip(" \t>") or item or is_row):
            yield indent, kind, spaced(" ".join(pending))
            pending = []
        if is_row:
            if not is_rule:
                yield _width(line), "row" if in_table else "head", spaced(line.strip().strip("|"))
            in_table = True
            continue
        in_table = False
        if item or not pending:
            indent, kind = _width(line), _kind(item) if item else "text"
        if words := line[item.end() if item else 0 :].strip():
            pending.append(words)


def _kind(item: re.Match[str]) -> str:
    return "step" if item[0].lstrip(" \t>(")[:1].isdigit() else "item"


def _is_rule(line: str) -> bool:
    return ("--" in line or "==" in line) and bool(_RULE_OF_TABLE.fullmatch(line))


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" \t>"))
