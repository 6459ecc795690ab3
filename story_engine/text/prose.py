"""A reader's short words as a sentence of their story, by rule: what the hero does, says, or what is so. English only."""

from __future__ import annotations

import re
from typing import Literal, get_args

from story_engine.text.deeds import write_deed
from story_engine.text.sentences import split_sentences
from story_engine.text.verbs import BASES
from story_engine.text.voice import Voice

Mode = Literal["typed", "do", "say", "describe"]
MODES: tuple[Mode, ...] = get_args(Mode)

_ENDED = re.compile(r"""[.!?…]["'”’)\]]*$""")
_HURRIED = re.compile(r"(?<=[a-z]{2}[.!?])(?<!Mr.)(?<!Mrs.)(?<!Dr.)(?<!Ms.)(?<!St.) (?=[a-z])")
_SPEECH = re.compile(r"""["“].*["”]""", re.DOTALL)
_ASKING = frozenset("who what where when why how which whose".split())
_AUXILIARIES = frozenset("is are am was were do does did can could will would shall should may might must have has".split())
_AUXILIARIES |= {
    f"{one}n't" for one in ("is", "are", "was", "were", "do", "does", "did", "could", "would", "should", "have", "has")
}
_AUXILIARIES |= {"can't", "won't"}
_SUBJECTS = frozenset(
    "i you he she it we they this that these those there anyone anybody everyone everybody somebody someone".split()
)
_SUBJECTS |= frozenset("the my your his her its our their".split())
_DEGREES = frozenset("many much old far long big tall often fast soon high deep".split())
_I = re.compile(r"(?<![\w'’.-])i(?=$|[\s,;:!?]|['’](?:m|ll|ve|d)\b|\.(?:\s|$))")


def write_prose(words: str, mode: Mode, voice: Voice) -> str:
    """`words` as the story would say them.

    - do: "open the door" -> "Tom opened the door."
    - say: "open the door" -> '"Open the door," said Tom.'
    - describe: "it is cold" -> "It is cold."
    - typed: as they are, and so in every mode where the story is not in English.

    Words that are a sentence of the story already stay as they are.
    """
    if mode == "typed" or not voice.is_english or not words.strip():
        return words
    sentences = _split(words)
    if mode == "say":
        return _write_speech(" ".join(sentences), voice)
    write = write_deed if mode == "do" else _describe
    return " ".join(write(capitalize_names(sentence, voice), voice) for sentence in sentences)


def _split(words: str) -> list[str]:
    """Sentences, each on one line; one may begin with a small letter, because readers are in a hurry."""
    sentences = [" ".join(sentence.split()) for sentence in split_sentences(words.strip())]
    return [
        part for sentence in sentences for part in (_HURRIED.split(sentence) if '"' not in sentence else [sentence]) if part
    ]


def capitalize_names(words: str, voice: Voice) -> str:
    """`words` with a capital I, and with the story's names as it writes them, where a small letter means no usual verb."""
    names = {name.lower(): name for name in voice.names if name.lower() not in BASES | {"will", "may", "rose", "mark"}}
    words = _I.sub("I", words)
    return re.sub(r"[^\W\d_]+", lambda word: names.get(word.group(), word.group()), words)


def _describe(sentence: str, voice: Voice) -> str:
    sentence = sentence[:1].upper() + sentence[1:]
    return sentence if _ENDED.search(sentence) else sentence.rstrip(",;: ") + "."


def _write_speech(words: str, voice: Voice) -> str:
    if _SPEECH.fullmatch(words) and words.count('"') in (0, 2):
        words = words[1:-1].strip()  # the reader has set the marks themselves
    elif _SPEECH.search(words):
        return words
    if not any(letter.isalnum() for letter in words):
        return words
    words = capitalize_names(words, voice)
    words = words[:1].upper() + words[1:]
    if not _ENDED.search(words) and not words.endswith(("—", "–", "-")):
        words = words.rstrip(",;: ") + ("?" if _is_question(words, voice) else "")
    is_asked = bool(re.search(r"\?[!?]*[)\]'’]*$", words))
    if words.endswith(".") and not words.endswith(".."):
        words = words[:-1] + ","
    elif words[-1] not in ".!?…—–-,":
        words += "" if _ENDED.search(words) else ","
    return f'"{words}" {_attribute(is_asked, voice)}.'


def _attribute(is_asked: bool, voice: Voice) -> str:
    """`said Tom`, `asks the bear`, `I said`."""
    if voice.tense == "past":
        verb = "asked" if is_asked else "said"
    else:
        verb = ("ask" if is_asked else "say") + ("s" if voice.person == "it" else "")
    is_pronoun = voice.subject in ("I", "we", "they", "he", "she", "it")
    return f"{voice.subject} {verb}" if is_pronoun else f"{verb} {voice.subject}"


def _is_question(words: str, voice: Voice) -> bool:
    """Whether words without an end mark ask something: "where are you", "is Tom here", but not "have a nice day"."""
    last = split_sentences(words)[-1].replace("’", "'").split()
    first, *rest = [word.strip(",;:\"'").lower() for word in last] or [""]
    following = rest[0] if rest else ""
    if first in _AUXILIARIES:
        return following in _SUBJECTS or following in {name.lower() for name in voice.names}
    first, _, short = first.partition("'")
    if first not in _ASKING:
        return False
    if not rest or short in ("s", "re", "d", "ll"):
        return True
    if first == "how" and following in _DEGREES:
        return len(rest) == 1 or bool(_AUXILIARIES & set(rest[1:]))
    if following in _AUXILIARIES:
        return True
    return first in ("who", "what", "which", "whose") and following not in (*_SUBJECTS, "a", "an")
