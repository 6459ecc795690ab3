"""A deed in short words as a sentence of a story: "take the key and open it" -> "Tom took the key and opened it."."""

from __future__ import annotations

import re

from story_engine.text.verbs import BASES, THIRD_FORMS, inflect, is_finite
from story_engine.text.voice import Voice

_TOKEN = re.compile(r"""\s+|["“][^"”]*["”]?|[^\W_]+(?:['’-][^\W_]+)*|.""", re.DOTALL)
_ENDED = re.compile(r"""[.!?…]["'”’)\]]*$""")
_OPENERS = frozenset("then now suddenly finally later soon next first again meanwhile afterwards".split())
_ADVERBS = frozenset("also always just never often still almost even only really".split())
_NO_ADVERBS = frozenset("fly rely reply apply multiply supply family only lily".split())  # end in -ly
_MODALS = {"must": "must", "should": "should", "could": "could", "would": "would", "might": "might"}
_MODALS |= {"can": "could", "will": "would", "may": "might", "shall": "should"}  # in the past
_REFUSALS = ("do not", "don't")
# A noun or another word more often than a verb behind "and": a verb there only where something follows it that a verb takes.
_AMBIGUOUS = frozenset(
    "bark bear box bow brush call camp care chat check color comb cook cover crack cross cry cure dance dip dream dress "
    "drink drip drop dry duck dust fall fight fish fix fly glow glue guard guess guide hammer hand head hope hug kick "
    "kiss knock land last laugh lead leaf lie light like lock look love mail march mark match mend nap need nod order own "
    "pack paint park pass pet pick plan plant play point polish pop present press promise pull push race rain rest ring "
    "rock roll row rush sail saw scare scream search share shop shout show sigh skip sleep slide smell smile snack snow "
    "spot spring stamp star stick step stop store stretch swing talk tap taste tear thank tie touch trade trap treat trip "
    "try tug turn visit wait walk warm warn wash watch water wave whisper wind wish work wrap yell clean clear empty open "
    "slip still".split()
)
_NOUNS_BEHIND_AND = frozenset(
    "bear box brush comb duck dust fish glue hand head light lock paint plant rain rock snow water wind".split()
)
_THINGS = frozenset(
    "a an the my your his her its our their this that these those some every each all both him them me us it".split()
)
_TAKES = _THINGS | frozenset(
    "to at in on into onto up down away off out over under through around back for with about from like home inside "
    "outside".split()
)
# With what follows them, another verb behind "and" may belong to that.
_CAUSES = frozenset("help let make watch see hear".split())
_SERIAL = frozenset(("go", "come"))  # go find -> went to find
_SAYING = frozenset("say ask shout whisper call cry answer reply yell scream".split())
_LYING = frozenset("down back on in at under beside by near there still awake".split())  # behind "lay", which then is "lie"
_OWN = {"me": 0, "my": 1, "your": 1, "myself": 2, "yourself": 2}
_SUBJECTS = frozenset("i you he she it we they the a an this that these those his her their its my your our there".split())
_SUBJECTS |= frozenset("when while if after before as because once although though until everyone someone nobody".split())
_SUBJECTS |= frozenset("in on at under over behind inside outside with without for from by to near".split())


def write_deed(sentence: str, voice: Voice) -> str:
    """What the hero does, told as the story tells; a sentence that has a subject of its own stays as it is."""
    tokens = _TOKEN.findall(sentence)
    words = [place for place, token in enumerate(tokens) if token[0].isalnum()]
    tokens, words = _drop_subject(tokens, words)
    if not words or _is_told(tokens, words, voice):
        return sentence
    opener, adverbs, rest = _take_lead(tokens, words)
    if not rest or (rest != words and _is_told(tokens[rest[0] :], [place - rest[0] for place in rest], voice)):
        return sentence
    head, told = _write_verb(tokens, words, rest, voice)
    subject = voice.subject if opener else voice.subject[:1].upper() + voice.subject[1:]
    if adverbs and told and told[0] in ("was", "were", "is", "are", "am"):
        adverbs, told = [], [told[0], " ", " ".join(adverbs), *told[1:]]  # was always kind
    deed = "".join(told).strip()
    parts = [*([opener.capitalize()] if opener else []), subject, *adverbs, *head, deed]
    return _end(" ".join(part for part in parts if part))


def _drop_subject(tokens: list[str], words: list[int]) -> tuple[list[str], list[int]]:
    """Without "I" or "you" before a verb that still needs its form: "I open the door"; and without "let's" and "please"."""
    while words:
        first = tokens[words[0]].lower().replace("’", "'")
        following = tokens[words[1]].lower() if len(words) > 1 else ""
        is_own = first in ("i", "you") and (following in BASES or following in _MODALS or following in ("don't", "don’t"))
        if not (is_own or (following and first in ("let's", "please"))):
            break
        tokens, words = tokens[words[1] :], [place - words[1] for place in words[1:]]
    return tokens, words


def _is_told(tokens: list[str], words: list[int], voice: Voice) -> bool:
    """Whether the sentence has a subject already, or begins with no word at all."""
    if tokens[0].startswith(('"', "“")):
        return True
    first = tokens[words[0]]
    following = tokens[words[1]].lower() if len(words) > 1 else ""
    if first in voice.names or first.lower() in _SUBJECTS:
        return True
    if is_finite(following) and not is_finite(first.lower()) and first.lower() not in BASES:
        return True  # "rain fell"
    return first[0].isupper() and first.lower() not in BASES and not _is_lead(first.lower())


def _is_lead(word: str) -> bool:
    is_adverb = word.endswith("ly") and word not in _NO_ADVERBS and word not in BASES
    return word in _OPENERS or word in _ADVERBS or is_adverb or word in _MODALS or word in ("do", "don't", "don’t", "not")


def _take_lead(tokens: list[str], words: list[int]) -> tuple[str, list[str], list[int]]:
    """The word that opens the sentence ("then"), adverbs before the verb ("quickly"), and the places of the other words."""
    opener, adverbs, rest = "", [], list(words)
    if len(rest) > 1 and tokens[rest[0]].lower() in _OPENERS:
        opener = tokens[rest.pop(0)]
    while len(rest) > 1:
        word = tokens[rest[0]].lower()
        if not (word in _ADVERBS or (_is_lead(word) and word.endswith("ly"))) or (word in BASES and word not in _ADVERBS):
            break
        adverbs.append(word)
        rest.pop(0)
    return opener, adverbs, rest


def _write_verb(tokens: list[str], words: list[int], rest: list[int], voice: Voice) -> tuple[list[str], list[str]]:
    """What stands before the verb phrase (a modal, "did not"), and the phrase's tokens with their verbs told."""
    first = tokens[rest[0]].lower().replace("’", "'")
    following = tokens[rest[1]].lower() if len(rest) > 1 else ""
    start, head, is_bare = rest[0], [], False
    if first in _MODALS or (first.endswith("n't") and first != "don't") or first in ("cannot",):
        head, is_bare = [_write_modal(first, voice)], True
    elif first == "don't" or (first, following) == ("do", "not"):
        head, is_bare = [_refuse(first, voice)], True
        rest = rest[1:] if first == "do" else rest
    if not is_bare:
        return [], _tell(tokens[start:], voice)
    start = rest[1] if len(rest) > 1 else len(tokens)
    told = _own(tokens[start:], voice) if start < len(tokens) else tokens[rest[0] + 1 :]
    return head, told


def _write_modal(first: str, voice: Voice) -> str:
    """`must`, and in the past `could` for `can` and `wouldn't` for `won't`."""
    if voice.tense == "present":
        return first
    whole = {"can't": "couldn't", "cannot": "could not", "won't": "wouldn't", "shan't": "shouldn't"}
    return whole.get(first) or _MODALS.get(first, first)


def _refuse(first: str, voice: Voice) -> str:
    form = inflect("do", voice.tense, voice.person)
    return f"{form}n't" if first == "don't" else f"{form} not"


def _tell(tokens: list[str], voice: Voice) -> list[str]:
    """The tokens with every verb that the hero does in the story's tense, and the hero's own things told as theirs."""
    told = list(tokens)
    words = [place for place, token in enumerate(tokens) if token[0].isalnum()]
    verb, told[0] = _inflect_first(_find_verb(tokens, words, 0), voice)
    is_open = (
        True  # whether a verb behind "and" is the hero's: not behind an infinitive, nor behind what somebody is helped to do
    )
    for number, place in enumerate(words[1:], 1):
        word, before = tokens[place].lower(), tokens[words[number - 1]].lower()
        between = "".join(tokens[words[number - 1] + 1 : place])
        if (before == "to" and word in BASES) or (verb in _CAUSES and word in BASES and before not in ("and", "then")):
            is_open = False
        elif verb in _SERIAL and number == 1 and word in BASES and not between.strip():
            told[place], is_open = f"to {tokens[place]}", False
        elif is_open and _is_joined(tokens, words, number) and word in BASES:
            verb, told[place] = _inflect_first(_find_verb(tokens, words, number), voice)
    return _own(_set_speech(told, verb), voice)


def _find_verb(tokens: list[str], words: list[int], number: int) -> str:
    """The verb at a place; "lay" is "lie" where it takes no thing: "lay down", "lay on the bed", not "lay down the hat"."""
    verb, *behind = [tokens[place].lower() for place in words[number : number + 3]]
    is_lying = verb == "lay" and behind[:1] and behind[0] in _LYING
    takes_thing = behind[:1] in (["down"], ["back"]) and behind[1:] and behind[1] in _THINGS
    return "lie" if is_lying and not takes_thing else verb


def _inflect_first(word: str, voice: Voice) -> tuple[str, str]:
    """The base of a verb and its form for the hero; a form of the past stays."""
    base = THIRD_FORMS.get(word, word) if word not in BASES else word
    is_past = word not in BASES and is_finite(word) and word not in THIRD_FORMS
    is_past = is_past or (word not in BASES and word.endswith("ed") and len(word) > 4)
    if is_past:
        return word, word
    return base, inflect(base, voice.tense, voice.person)


def _is_joined(tokens: list[str], words: list[int], number: int) -> bool:
    """Whether the word stands behind "and", "then" or a comma as another deed: "and open it", not "and water"."""
    place, before = words[number], tokens[words[number - 1]].lower()
    following = tokens[words[number + 1]].lower() if number + 1 < len(words) else ""
    word, between = tokens[place].lower(), "".join(tokens[words[number - 1] + 1 : place])
    earlier = tokens[words[number - 2]].lower() if number > 1 else ""
    if before.endswith("ly") and number > 1:  # and quickly open it
        before, between = earlier, "".join(tokens[words[number - 2] + 1 : words[number - 1]])
        earlier = tokens[words[number - 3]].lower() if number > 2 else ""
    if before not in ("and", "then", "but", "or") and "," not in between and ";" not in between:
        return False
    if (earlier, word) == ("hide", "seek") or (word, following) == ("thank", "you"):
        return False
    if word in _NOUNS_BEHIND_AND:
        return following in _TAKES and following not in ("in", "on", "for", "with", "from", "at", "to", "like")
    # "run and play" and "climb up and look" are deeds; "a swing and play" is one, too; "some cake and drink" is none.
    return word not in _AMBIGUOUS or bool(following in _TAKES) or before == "then" or earlier in BASES or not following


def _set_speech(told: list[str], verb: str) -> list[str]:
    """A comma and a capital between a word of saying and what is said: `said, "Hello."`."""
    for place, token in enumerate(told):
        if token[0] in '"“' and len(token) > 2 and verb in _SAYING:
            told[place] = token[0] + token[1].upper() + token[2:]
            before = "".join(told[:place]).rstrip()
            words = before.split()
            if (words and words[-1] == inflect(verb, "past", "it")) or words[-1] in (verb, inflect(verb, "present", "it")):
                told[place - 1] = ", "
    return told


def _own(tokens: list[str], voice: Voice) -> list[str]:
    """`my` and `your` of a command are the hero's: "take my hat" -> "took his hat"."""
    return [voice.objects[_OWN[token.lower()]] if token.lower() in _OWN else token for token in tokens]


def _end(sentence: str) -> str:
    if _ENDED.search(sentence):
        return sentence
    sentence = sentence.rstrip(",;: ")
    if sentence.endswith(('"', "”")):
        return f"{sentence[:-1].rstrip(',;: ')}.{sentence[-1]}"
    return f"{sentence}."
