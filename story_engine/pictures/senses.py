"""Senses: whether a word of a sentence names what is there, or a likeness, a dream, a denial, a toy, a dish or a verb."""

from __future__ import annotations

import re

_ONE = r"(?:an?|any|some|the|his|her|its|my|your|our|their)"
# What stands before a word that names nothing that is there; up to two words may describe it.
_ABSENT = re.compile(
    rf"(?:(?<!\bI)(?<!\byou)(?<!\bwe)(?<!\bthey)(?<!\bto)(?<!\bdo)(?<!\bdid)(?<!\bnot)(?<!n['’]t)(?<!\bwould)(?<!\breally) like {_ONE}"
    rf"|\bas \w+ as {_ONE}|\bthan {_ONE}"
    rf"|\b(?:no|without)(?: {_ONE}| more)?"
    rf"|(?:\bnot|n['’]t|\bnever) (?:have|has|had|find|see|seen|saw|own|met|be) {_ONE}"
    rf"|(?:\bnot|n['’]t|\bnever) (?:[a-z]+ ){{0,2}}(?:an|a|any)"
    rf"|\b(?:stor(?:y|ies)|books?|songs?|pictures?|drawings?|tales?|movies?|think|thought|know|learn(?:ed)?|talk(?:ed)?|heard|read)"
    rf" (?:of|about)(?: {_ONE})?"
    rf"|\b(?:tired|king|queen|kinds?|made) of(?: {_ONE})?"
    rf"|\b(?:pretend(?:s|ed|ing)?|play(?:s|ed|ing)?|wants?|wanted|could|would) (?:to )?be(?:come)?(?: like)? {_ONE}"
    rf"|\b(?:wish(?:es|ed)?|ask(?:s|ed)?|look(?:s|ed|ing)?|search(?:es|ed|ing)?|hop(?:es|ed|ing)) for(?: {_ONE})?"
    r") (?:[a-z]+ (?:and|or) )?(?:(?!(?:the|an?|his|her|my|their|and|with|in|on|to|but|so|that)\b)[a-z]+,? ){0,2}$"
    r"|\bdream(?:s|ed|t|ing)? (?:[a-z]+ ){1,8}$",
    re.IGNORECASE,
)
_DENIED = re.compile(r"(?:\bnot|\bnever|n['’]t|\bno|\bto|\bfrom (?:\w+ )?\w+) (?:\w+ )?$", re.IGNORECASE)
_TOY = re.compile(
    r"\b(?:toy|stuffed|wooden|paper|rubber|plush|teddy|chocolate|gingerbread|baseball|hot|roast|fried) $", re.IGNORECASE
)
# A creature that only says what kind of thing the next word is.
_KIND_OF = re.compile(
    r"(?:['’]s)? (?:food|soup|stew|houses?|holes?|webs?|hives?|nests?|cages?|bowls?|tanks?|pies?|costumes?|suits?|masks?|tracks?|prints?|"
    r"sandwich(?:es)?|tails?|feathers?|wool|skin|bones?|balls?|noises?|sounds?)\b"
)
_DO = re.compile(
    r"(?:\b(?:to|can|could|will|would|must|should|might|may|let['’]s|did|does|do|not|i|you|he|she|we|they|it|who|and then)|n['’]t|['’]ll) $",
    re.IGNORECASE,
)
# Words that are verbs, too: they name a thing only behind what shows a noun.
VERBS = frozenset(
    "bear fish duck seal bug train plant box ring stick rock fire paint brush letter note map slide camp card cap book hammer tool whistle "
    "drum treat horn log chest cook present leaf leaves surprise store shop park land field fishing phone bowl thread bandage".split()
)
# Words that are more often something else: they name a thing only behind these.
_NOUN = {
    "rose": re.compile(
        r"\b(?:an?|the|this|that|one|red|pink|white|yellow|his|her|my|beautiful|pretty|single) $", re.IGNORECASE
    ),
    "leaves": re.compile(
        r"\b(?:the|of|some|many|green|red|yellow|brown|dry|fallen|big|colorful|pretty|in|and|with|its) $", re.IGNORECASE
    ),
    "chest": re.compile(r"\b(?:an?|treasure|wooden|old|big|the|golden|open(?:ed)? (?:the|a)) $", re.IGNORECASE),
    "engine": re.compile(r"\b(?:train|fire|steam) $", re.IGNORECASE),
    "block": re.compile(r"\b(?:toy|wooden|building|red|blue|yellow|green) $", re.IGNORECASE),
    "present": re.compile(r"\b(?:an?|the|her|his|my|your|birthday|big|special|nice) $", re.IGNORECASE),
    "card": re.compile(r"\b(?:an?|the|birthday|nice|special|her|his) $", re.IGNORECASE),
    "note": re.compile(r"\b(?:an?|the|little|small|her|his) $", re.IGNORECASE),
}
_MANY = re.compile(r"\b(?:lots of|many|full of|plenty of|trees? (?:with|had)) (?:\w+ ){0,2}$", re.IGNORECASE)
_BODY = re.compile(r"\s(?:felt|hurt|was (?:sore|tight|beating)|pounding|puffed)")


def is_there(word: str, before: str, after: str) -> bool:
    """Whether `word`, in lower case, between two parts of its sentence, names somebody or something to be seen there."""
    if _ABSENT.search(before) or (word in VERBS and _DO.search(before)):
        return False
    noun = _NOUN.get(word)
    return not (noun and not noun.search(before)) and not (word == "chest" and _BODY.match(after))


def is_alive(word: str, before: str, after: str) -> bool:
    """Whether a creature's name, in lower case, means one that lives and is there."""
    return is_there(word, before, after) and not _TOY.search(before) and not _KIND_OF.match(after)


def is_done(before: str) -> bool:
    """Whether a word that says what somebody does is said as done: "they sang", and not "they could not sing"."""
    return not _DENIED.search(before)


def is_in_hand(before: str) -> bool:
    """Whether the things behind these words can be carried: the "lots of leaves" of a tree cannot."""
    return not _MANY.search(before)
