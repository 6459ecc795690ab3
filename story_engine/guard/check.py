"""The check: what kinds of unfit words a text holds, and what is said to somebody who wrote them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from story_engine.errors import InputError
from story_engine.guard.personal import has_personal_data
from story_engine.guard.spelling import Token, cut_tokens, find_disguised, fold
from story_engine.guard.word_list import ALWAYS, TOGETHER, Phrase, WordList, load_list
from story_engine.text.sentences import ends_sentence, split_sentences

PERSONAL = "personal data"
# What a kind is called to a child; no name has a word of the list, so no message says what was found.
NAMES = {
    "death": InputError("the end of a life"),
    "cruelty": InputError("hurting somebody"),
    "weapons": InputError("things to fight with"),
    "sex": InputError("things for grown-ups only"),
    "slurs": InputError("rude words"),
    PERSONAL: InputError("an address, a telephone number or an e-mail address"),
}
UNFIT = "Stories here are for children, and this has something of {kinds}. Find kinder words, then send them again."
UNFIT_STORY = "This story has something of {kinds}. A grown-up can open it: switch off “For children” in the settings first."
UNFIT_PASSAGE = (
    "This passage has something of {kinds}, so it stays closed. A grown-up can read it in the settings, under “For grown-ups”."
)
RULES = 1  # to be raised when the rules change: receipts hold it
CONTEXT = 400  # characters before a text that may begin a phrase which it ends


def find_kinds(text: str) -> Counter[str]:
    """How many places of each kind a text has; empty where it is fit for children."""
    folded, words = fold(text), load_list()
    tokens = cut_tokens(folded)
    found = Counter(_find_phrases(tokens, words))
    found.update(_find_disguises(folded, words))
    if has_personal_data(folded):
        found[PERSONAL] += 1
    return found


def find_new_kinds(text: str, before: str) -> Counter[str]:
    """As `find_kinds`, of `text` as it goes on from the sentence that `before` leaves open: no word hides at the border."""
    tail = "" if not before or ends_sentence(before) else split_sentences(before[-CONTEXT:])[-1]
    return find_kinds(tail + text) - find_kinds(tail) if tail else find_kinds(text)


def name_guard() -> str:
    """Names the list and the rules: what is told anew depends on both."""
    return f"{RULES}-{load_list().mark}"


def check_fit(text: str, before: str = "") -> None:
    """Whether a reader's words are fit for children.

    Raises:
        InputError: they are not; it says of what kind, and none of the words.
    """
    if kinds := find_new_kinds(text, before):
        raise InputError(UNFIT, kinds=[NAMES[kind] for kind in kinds])


def check_passage(text: str, before: str = "") -> None:
    """Whether a passage that was told unchecked is fit for children.

    Raises:
        InputError: it is not; it says of what kind.
    """
    if kinds := find_new_kinds(text, before):
        raise InputError(UNFIT_PASSAGE, kinds=[NAMES[kind] for kind in kinds])


def check_story(texts: Iterable[str]) -> None:
    """Whether a story, given as all its texts, is fit for children.

    Raises:
        InputError: it is not; it says of what kind.
    """
    refuse_story(sum(map(find_kinds, dict.fromkeys(texts)), Counter[str]()))


def refuse_story(kinds: Iterable[str]) -> None:
    """Raises InputError where a story has anything of these kinds."""
    if found := [NAMES[kind] for kind in kinds]:
        raise InputError(UNFIT_STORY, kinds=found)


def _find_phrases(tokens: Sequence[Token], words: WordList) -> Iterator[str]:
    """The kinds of all phrases, each place once; an innocent phrase covers what lies inside it."""
    covered = [False] * len(tokens)
    for place, _, end in _match_all(tokens, words.innocent):
        covered[place:end] = [True] * (end - place)
    counted = [False] * len(tokens)
    weak: dict[int, dict[Phrase, str]] = {}  # by sentence
    sentence_of, number = [], 0
    for token in tokens:
        sentence_of.append(number)
        number += token.ends_sentence
    for place, phrase, end in _match_all(tokens, words.phrases):
        if phrase.severity < ALWAYS and any(covered[place:end]):
            continue
        if phrase.severity == TOGETHER:
            weak.setdefault(sentence_of[place], {})[phrase] = phrase.kind
        elif not all(counted[place:end]):
            counted[place:end] = [True] * (end - place)
            yield phrase.kind
    yield from (next(iter(kinds.values())) for kinds in weak.values() if len(kinds) > 1)


def _match_all(tokens: Sequence[Token], phrases: dict[str, list[Phrase]]) -> Iterator[tuple[int, Phrase, int]]:
    for place, token in enumerate(tokens):
        for word in token.readings:
            for phrase in phrases.get(word, ()):
                if (end := phrase.match(tokens, place)) is not None:
                    yield place, phrase, end


def _find_disguises(folded: str, words: WordList) -> Iterator[str]:
    for readings in find_disguised(folded):
        for reading in readings:
            kind = words.disguised.get(reading) or _find_hidden(reading, words.disguised)
            if kind:
                yield kind
                break


def _find_hidden(reading: str, disguised: dict[str, str]) -> str | None:
    """The kind of a word that stars hide in part."""
    if "." not in reading:
        return None
    return next((kind for word, kind in disguised.items() if _fits(reading, word)), None)


def _fits(hidden: str, word: str) -> bool:
    return len(hidden) == len(word) and all(a in (".", b) for a, b in zip(hidden, word, strict=True))
