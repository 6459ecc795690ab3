"""Healing: a text that ends within a word is taken back by its last tokens, and goes on with tokens that begin as they did.

"The elepha" is cut into "The", " eleph", "a"; a model has hardly ever seen that, since it knows " elephant" as one token, and
would begin another word behind it. So the cut is left to the model (token healing). Whether the word is unfinished is the
model's own judgement, too: a word is left alone unless longer ones are far likelier at its place, and a word that the story
has said before is never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from story_engine.generation.sampling import filter_logits, pick
from story_engine.generation.unwanted import Unwanted
from story_engine.model.kv_cache import Slot
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.settings import Settings
from story_engine.stories.story import Story

MOST_TAKEN = 8  # tokens; a longer run of letters is no word
MOST_READS = 6  # steps of the model that the search for other cuts may take
CLEARLY = np.log(20.0)  # nats by which longer words have to be likelier than the word as it stands
CERTAINLY = np.log(1000.0)  # where a space or a mark would follow the word as it stands, which is then a word of its own
MOSTLY = 0.9  # chance of a space or a mark behind a word from which it is one of its own
NEGLIGIBLE = np.log(0.01)  # of all that was found; a cut that could add no more is not looked at

Tokens = tuple[int, ...]
Read = Callable[[Tokens], np.ndarray]  # tokens behind what was kept -> log-probabilities of the next, float32 [vocab_size]


class Healed(Protocol):
    """A telling, as a healing knows it."""

    def heal(self, healing: Healing) -> None:
        """Begin with one of the covers."""


@dataclass(frozen=True)
class Healing:
    """`taken` is the text that was taken back, in `count` tokens; each of `covers` says it again, and more.

    The first cover is the text as it stood. `scores` are their log-probabilities, `logits` those of the next token behind
    what was kept.
    """

    taken: str
    count: int
    covers: tuple[Tokens, ...]
    scores: np.ndarray
    logits: Tensor

    def begin(self, ids: Sequence[int], tellings: Iterable[Healed]) -> Sequence[int]:
        """Make the tellings begin with covers; returns what of the window `ids` was kept."""
        for telling in tellings:
            telling.heal(self)
        return ids[: -self.count]

    def choose(
        self, settings: Settings, generator: torch.Generator, unwanted: Unwanted, before: str, tokenizer: StoryTokenizer
    ) -> Tokens:
        """The cover that a telling begins with, drawn by its settings; one that says an unwanted word is never drawn."""
        kept = before.removesuffix(self.taken)
        banned = [
            number
            for number, cover in enumerate(self.covers)
            if number and unwanted and unwanted.is_said(kept, tokenizer.decode(cover))
        ]
        return self.covers[pick(filter_logits(self.scores, (), settings, banned), generator)]


class Cover:
    """Leads a telling through the tokens of a cover."""

    def __init__(self, tokens: Tokens) -> None:
        self._left = list(tokens)

    def choose(self, text: str, logits: np.ndarray, generator: torch.Generator) -> int | None:
        """The next of the tokens; None once all are said."""
        return self._left.pop(0) if self._left else None


def may_heal(story: Story, typed: str | None) -> bool:
    """Whether the words that the story ends in may be unfinished: they are no telling, and no space was typed behind them.

    What was told behind them once without healing is told so again.
    """
    last = story.last()
    if last is None or last.tokens or last.finish == "end" or (typed and typed[-1].isspace()):
        return False
    return not any(
        passage.parent == last.id and passage.receipt and not passage.receipt.healed and passage.author == "model"
        for passage in story.passages
    )


def find_healing(
    tokenizer: StoryTokenizer, ids: Sequence[int], text: str, slot: Slot, prefill: Callable[..., Tensor]
) -> Healing | None:
    """What can stand in place of the last word of `text`, whose window is `ids`; None where that word is left alone.

    The slot, which holds `ids`, then holds them without the tokens that were taken back; otherwise it is as before.
    """
    taken = find_last_word(tokenizer, ids[1:], text)
    word, count = tokenizer.decode(taken), len(taken)
    if not taken or re.search(rf"\b{re.escape(word.strip())}\b", text.removesuffix(word)):
        return None
    own, kept = tuple(ids[-count:]), len(ids) - count
    if tokenizer.spellings.spell(own) != word.encode():
        return None
    slot.crop(kept - 1)
    rows = prefill(ids[kept - 1 :], slot, all_logits=True)
    known = {own[:place]: _normalize(rows[place], tokenizer) for place in range(count)}

    def read(path: Tokens) -> np.ndarray:
        if path not in known:
            slot.crop(kept)
            known[path] = _normalize(prefill(path, slot), tokenizer)
        return known[path]

    covers = _find_covers(tokenizer, own, read)
    whole, longer = covers.pop(own), float(np.logaddexp.reduce([*covers.values(), -np.inf]))
    goes_on = float(np.exp(_normalize(rows[count], tokenizer)[sorted(tokenizer.spellings.inner)]).sum())
    if longer - whole < (CERTAINLY if goes_on < 1 - MOSTLY else CLEARLY):
        if len(slot.ids) != len(ids) or slot.ids[kept:] != [*own]:
            slot.crop(kept)
            prefill(own, slot)
        return None
    slot.crop(kept)
    scores = np.array([whole, *covers.values()], np.float32) - np.float32(longer)
    return Healing(word, count, (own, *covers), scores, rows[0])


def find_last_word(tokenizer: StoryTokenizer, ids: Sequence[int], text: str) -> Tokens:
    """The tokens of the letters and digits that `text` ends in, with the space before them; empty where there are none."""
    if not text or not _is_letter(text[-1]):
        return ()
    tail: list[int] = []
    for token in reversed(ids[-MOST_TAKEN - 1 :]):
        word = tokenizer.decode([token, *tail])
        letters = word[1:] if word[:1] in (" ", "\n") else word
        if not text.endswith(word) or not all(map(_is_letter, letters)):
            break
        tail.insert(0, token)
        if letters != word:
            break
    return tuple(tail) if 0 < len(tail) <= MOST_TAKEN else ()


def _find_covers(tokenizer: StoryTokenizer, own: Tokens, read: Read) -> dict[Tokens, float]:
    """Tokens that say what `own` do, and more, with the log-probability of each; and `own` itself.

    Searched from the likeliest beginning on (best first). No cover has more than one token above `own`.
    """
    spellings, most = tokenizer.spellings, len(own) + 1
    covers = {own: float(sum(read(own[:place])[token] for place, token in enumerate(own)))}
    total = covers[own]
    open_paths: list[tuple[float, Tokens]] = []
    score = 0.0
    for place in range(len(own)):
        open_paths.append((-score, own[:place]))
        score += float(read(own[:place])[own[place]])
    heapify(open_paths)
    reads, spelling = 0, spellings.spell(own)
    while open_paths:
        negative, path = heappop(open_paths)
        is_own = path == own[: len(path)]
        if -negative < total + NEGLIGIBLE or (not is_own and reads == MOST_READS):
            break
        reads += not is_own
        chances, left = read(path), spelling[len(spellings.spell(path)) :]
        for token in spellings.find_longer(left):
            covers[*path, token] = float(chances[token]) - negative
            total = np.logaddexp(total, covers[*path, token])
        for token, _ in spellings.find_beginnings(left):
            longer = (*path, token)
            if len(longer) < most and longer != own[: len(longer)]:
                heappush(open_paths, (negative - float(chances[token]), longer))
    return covers


def _normalize(logits: Tensor, tokenizer: StoryTokenizer) -> np.ndarray:
    """Log-probabilities of all words that there are."""
    row = logits[: tokenizer.size].float().cpu().log_softmax(dim=-1)
    return row.numpy()


def _is_letter(sign: str) -> bool:
    return sign.isalnum()
