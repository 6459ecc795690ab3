"""A reader's wish for what comes next, as a story would tell it, and the words by which one sees that it has come."""

from __future__ import annotations

import re

from story_engine.text.verbs import BASES, PAST_FORMS, THIRD_FORMS, inflect, inflect_ing
from story_engine.text.voice import Voice

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ENDED = re.compile(r"""[.!?…]["'”’)\]]*$""")
_PLURAL = frozenset("i you we they".split())
_BEFORE_NOUNS = frozenset(
    "a an the my your his her its our their this that these those some any no every each one two three of in on at with for to "
    "from by into very so big little small old new good bad".split()
)
_NO_SUBJECTS = frozenset("he she it him her them me us not never always then and or".split())
_MODALS = frozenset("will would can could shall should may might must won't can't doesn't don't isn't aren't".split())
# Words that say nothing of what is wished for by themselves.
_FUNCTION = (
    _PLURAL
    | _BEFORE_NOUNS
    | frozenset(
        "he she it him them me us who what when where then there here and or but not as is are am was were be been being do "
        "does did has have had will would can could shall should may might must up down out off over under again about all "
        "everyone everybody someone somebody something it's more most too also just".split()
    )
)
_LIGHT = frozenset(
    "begin start come get go make become appear happen find see take give have want turn let say tell meet feel arrive".split()
)


def tell_wish(wish: str, voice: Voice) -> str:
    """`wish` as a story foretells it: "it begins to snow" -> "Soon, it would begin to snow.", or "will" in one of the present.

    Foretold, since a model takes what was told as done and tells of what comes after. Words without a verb in the present, and
    another language, only become a sentence.
    """
    if voice.is_english and (verb := _find_verb(wish)):
        word, first = verb.group().lower(), wish.split()[0]
        begun = first.lower() + wish[len(first) :] if first.lower() in _FUNCTION else wish
        helper = "would" if voice.tense == "past" else "will"
        wish = f"Soon, {begun[: verb.start()]}{helper} {THIRD_FORMS.get(word, word)}{wish[verb.end() :]}"
    wish = wish[:1].upper() + wish[1:]
    return wish if _ENDED.search(wish) else wish.rstrip(",;: ") + "."


def list_wished(wish: str) -> list[tuple[str, ...]]:
    """For each word that says what is wished for, the forms in which it may come up, all in lower case."""
    words = [match.group().lower() for match in _WORD.finditer(wish)]
    telling = [word for word in words if word not in _FUNCTION]
    strong = [word for word in telling if _find_base(word) not in _LIGHT] or telling
    return [_list_forms(word) for word in dict.fromkeys(strong)]


def _find_verb(wish: str) -> re.Match[str] | None:
    """The verb in the present that belongs to the subject: the first that ends in s, else the first behind a plural."""
    words = list(_WORD.finditer(wish))
    lower = [match.group().lower() for match in words]
    if not lower or lower[0] in BASES - {"fish"} or _MODALS & {*lower}:
        return None
    pairs = list(zip(words[1:], lower[1:], lower, strict=False))
    third = (match for match, word, before in pairs if word in THIRD_FORMS and before not in _BEFORE_NOUNS)
    plain = (match for match, word, before in pairs if word in BASES and before not in _BEFORE_NOUNS | _NO_SUBJECTS)
    return next(third, None) or next(plain, None)


def _find_base(word: str) -> str:
    return word if word in BASES else THIRD_FORMS.get(word) or PAST_FORMS.get(word) or word


def _list_forms(word: str) -> tuple[str, ...]:
    """A word as it stands, and as a verb's or a noun's other forms."""
    base = _find_base(word)
    forms = {word, base, inflect(base, "present", "it"), word.removesuffix("s") if len(word) > 3 else word}
    if base in BASES:
        forms |= {inflect(base, "past", "it"), inflect_ing(base)}
    return tuple(sorted(forms))


def cut_words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return [match.group().lower() for match in _WORD.finditer(text)]
