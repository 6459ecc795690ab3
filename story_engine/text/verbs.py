"""English verbs by rule and table: which words are verbs, and their forms in the past and the present.

A table of our own: lemminflect has had no release since 2022, and inflect knows no past tense. Spelling follows American usage.
"""

from __future__ import annotations

import re
from typing import Literal

Tense = Literal["past", "present"]
Person = Literal["I", "it", "they"]  # I open, it opens, they open

# base past, of verbs whose past the spelling rules do not give.
_IRREGULAR = """
arise arose, awake awoke, be was, bear bore, beat beat, become became, begin began, bend bent, bet bet, bind bound, bite bit,
bleed bled, blow blew, break broke, breed bred, bring brought, broadcast broadcast, build built, burst burst, buy bought, cast
cast, catch caught, choose chose, cling clung, come came, cost cost, creep crept, cut cut, deal dealt, dig dug, dive dove, do
did, draw drew, drink drank, drive drove, eat ate, fall fell, feed fed, feel felt, fight fought, find found, flee fled, fling
flung, fly flew, forbid forbade, forecast forecast, foresee foresaw, forget forgot, forgive forgave, freeze froze, get got,
give gave, go went, grind ground, grow grew, hang hung, have had, hear heard, hide hid, hit hit, hold held, hurt hurt, keep
kept, kneel knelt, know knew, lay laid, lead led, leave left, lend lent, let let, lie lay, light lit, lose lost, make made,
mean meant, meet met, mislead misled, mistake mistook, misunderstand misunderstood, outgrow outgrew, outrun outran, overcome
overcame, overhear overheard, oversleep overslept, overtake overtook, pay paid, put put, quit quit, read read, rebuild
rebuilt, redo redid, repay repaid, reread reread, retell retold, rewrite rewrote, rid rid, ride rode, ring rang, rise rose,
run ran, say said, see saw, seek sought, sell sold, send sent, set set, sew sewed, shake shook, shed shed, shine shone, shoot
shot, show showed, shrink shrank, shut shut, sing sang, sink sank, sit sat, sleep slept, slide slid, sling slung, slit slit,
sneak snuck, speak spoke, speed sped, spend spent, spin spun, spit spat, split split, spread spread, spring sprang, stand
stood, steal stole, stick stuck, sting stung, stink stank, stride strode, strike struck, string strung, strive strove, swear
swore, sweep swept, swell swelled, swim swam, swing swung, take took, teach taught, tear tore, tell told, think thought, throw
threw, thrust thrust, tread trod, undergo underwent, understand understood, undertake undertook, undo undid, unwind unwound,
uphold upheld, upset upset, wake woke, wear wore, weave wove, weep wept, wet wet, win won, wind wound, withdraw withdrew,
withhold withheld, withstand withstood, wring wrung, write wrote
"""
# Regular verbs of children's stories; a verb that is in no table is still inflected where it stands first.
_REGULAR = """
accept add admire admit agree allow answer apologize appear argue arrive ask attack bake bark beg behave believe belong blink
blush boil borrow bounce bow breathe brush bump burn bury call calm camp care carry carve chase chat check cheer chew chop
clap clean clear climb close collect color comb comfort complain cook cough count cover crack crash crawl cross crouch cry
cuddle cure curl dance dare decide decorate deliver describe dip disappear discover drag dream dress drip drop dry duck dust
empty enjoy enter escape examine excuse explain explore fail fasten fetch fill finish fish fix flap flip float flow fold
follow fool forage gasp gather gaze giggle glance glow glue grab greet grin groan growl grumble guard guess guide hammer hand
handle happen harvest hate head heal help hike hop hope howl hug hum hunt hurry ignore imagine improve invent invite join joke
juggle jump kick kiss knit knock land last laugh lean leap learn lick lift like list listen live load lock look love lower
mail manage march mark mash match measure melt mend mention mix move murmur nap need nibble nod notice obey offer open order
own pack paint park pass pat peek peel perform pet pick plan plant play plead point polish pop pour practice praise pray
prefer prepare present press pretend promise protect prove pull pump push race rain raise reach refuse relax remain remember
remind remove repair repeat replace reply rescue rest return reward rinse rock roar roll row rub ruin rush sail salute save
scare scatter scold scratch scream scrub search share shiver shout shove shrug sigh sip skate skip slip smell smile snap
sneeze sniff snore snow snuggle soar solve spill splash spot squeak squeal squeeze stamp stare start stay step stir stop store
stretch stroll study stumble succeed suggest surprise surround swallow talk tap taste tease thank tickle tidy tie tiptoe toss
touch trade trap travel treat tremble trip trust try tug turn twirl twist unlock untie unwrap use visit vote wag wait walk
wander want warm warn wash watch water wave weigh whine whisper whistle wiggle wink wipe wish wonder work worry wrap yawn yell
zip zoom
"""
PASTS: dict[str, str] = dict(pair.split() for pair in _IRREGULAR.replace("\n", " ").split(","))  # base -> past
# Of several syllables, and the last one is stressed, so that its consonant doubles.
_DOUBLED = frozenset(
    "admit forget begin prefer refer occur permit regret commit omit submit equip control patrol rebel zigzag".split()
)
_VOWELS, _ONE_SYLLABLE = "aeiou", re.compile(r"(?:qu|[^aeiou])*[aeiouy][^aeiouwxy]")

BASES = frozenset((*PASTS, *_REGULAR.split()))


def inflect(base: str, tense: Tense, person: Person) -> str:
    """The form of a verb for a subject: `open` -> `opened`, `opens` or `open`."""
    if base == "be":
        forms = {"past": {"I": "was", "it": "was", "they": "were"}, "present": {"I": "am", "it": "is", "they": "are"}}
        return forms[tense][person]
    if tense == "past":
        return PASTS.get(base) or _add_ed(base)
    return _add_s(base) if person == "it" else base


def inflect_ing(base: str) -> str:
    """`open` -> `opening`, `run` -> `running`."""
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")) and base != "be":
        return base[:-1] + "ing"
    return base + base[-1] * (base in _DOUBLED or bool(_ONE_SYLLABLE.fullmatch(base))) + "ing"


def _add_ed(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2:-1] not in (*_VOWELS, ""):
        return base[:-1] + "ied"
    if base.endswith("ic"):
        return base + "ked"
    return base + base[-1] * (base in _DOUBLED or bool(_ONE_SYLLABLE.fullmatch(base))) + "ed"


def _add_s(base: str) -> str:
    if base == "have":
        return "has"
    if base.endswith("y") and base[-2:-1] not in (*_VOWELS, ""):
        return base[:-1] + "ies"
    return base + ("es" if base.endswith(("s", "x", "z", "ch", "sh", "o")) else "s")


# Forms that tell their own tense and person -> the base. A past that is also a base (put, lay, saw, found) counts as the base.
PAST_FORMS: dict[str, str] = {inflect(base, "past", "it"): base for base in sorted(BASES)} | {"were": "be"}
THIRD_FORMS: dict[str, str] = {inflect(base, "present", "it"): base for base in sorted(BASES)} | {"are": "be", "am": "be"}


def is_finite(word: str) -> bool:
    """Whether a word is a verb's form that needs a subject before it: `opened`, `opens`, `was`."""
    return (word in PAST_FORMS and word not in BASES) or word in THIRD_FORMS
