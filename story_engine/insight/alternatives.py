"""What else it might have been: for each token of a passage its chance, and those that the model thought likeliest there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import torch

from story_engine.engine import StoryEngine
from story_engine.errors import InputError
from story_engine.guard.check import check_fit
from story_engine.insight.replay import copy_before
from story_engine.remote.engine import RemoteEngine
from story_engine.settings import RANGES, Settings
from story_engine.stories.story import Story

OFFERED = 5
TOO_LONG = "This passage is too long to be looked at word by word."
MAX_TOKENS = int(RANGES["max_new_tokens"][1])
CHUNK = 32  # tokens read at once; whoever is told a story waits for that many


@dataclass(frozen=True)
class Choice:
    """A token that might stand at a place: its text, and its chance before any setting cuts or sharpens it."""

    token: int
    text: str
    chance: float


@dataclass(frozen=True)
class Word:
    """One token of a passage as it stands, and the likeliest at its place, the likeliest first."""

    said: Choice
    others: tuple[Choice, ...]


def find_alternatives(engine: StoryEngine, story: Story, number: int) -> list[Word]:
    """The tokens of passage `number`, scored by the model as it stood before them; the story stays as it is.

    Raises:
        InputError: the passage is longer than the model can read at once, or a server elsewhere does not tell the chances.
    """
    passage = story.passages[number]
    ids = [token for sentence in engine.cutter.cut_path([passage]) for token in sentence.ids]
    settings = passage.receipt.settings if passage.receipt else Settings(max_new_tokens=min(max(len(ids), 1), MAX_TOKENS))
    if settings.max_new_tokens > engine.longest_passage:
        raise InputError(TOO_LONG)
    window = engine.window_of(copy_before(story, passage), settings)
    if len(window.ids) + len(ids) > window.context_length:
        raise InputError(TOO_LONG)
    if isinstance(engine, RemoteEngine):
        return _read_scores(engine, window.ids, ids)
    return score_tokens(engine, window.ids, ids)


def branch_at(
    engine: StoryEngine, story: Story, number: int, *, place: object, token: object, for_children: bool = False
) -> None:
    """Add another version of passage `number`: its tokens before `place`, then `token`; the next passage goes on from there.

    Raises:
        InputError: the passage has no such place, or the model no such word, or it is unfit `for_children`.
    """
    old, tokenizer = story.passages[number], engine.tokenizer
    ids = [one for sentence in engine.cutter.cut_path([old]) for one in sentence.ids]
    if type(place) is not int or not 0 <= place < len(ids):
        raise InputError("There is no such word in this passage.")
    if type(token) is not int or not 0 <= token < tokenizer.size or token in tokenizer.special:
        raise InputError("The model does not know this word.")
    tokens = (*ids[:place], token)
    if for_children:
        check_fit(tokenizer.decode(tokens))
    story.current = old.parent
    story.add(tokenizer.decode(tokens), old.author, tokens=tokens, finish="stopped", edited=True)


@torch.inference_mode()
def score_tokens(engine: StoryEngine, before: Sequence[int], ids: Sequence[int]) -> list[Word]:
    """Each of `ids` behind the tokens `before`, by reading them once into an empty slot."""
    tokenizer, slot = engine.tokenizer, engine.decoder.new_slot()
    line, words, special = [*before, *ids], [], sorted(tokenizer.special)
    for chunk in slot.unread(line[:-1], CHUNK):
        begin = len(slot.ids)
        first = max(0, len(before) - 1 - begin)  # the row behind the last token before
        if first >= len(chunk):
            engine.prefill(chunk, slot)
            continue
        logits = engine.prefill(chunk, slot, all_logits=True)[first:, : tokenizer.size]
        logits[:, special] = -torch.inf  # they are never sampled as words
        chances = logits.softmax(dim=-1)
        likeliest = chances.topk(min(OFFERED, tokenizer.size), dim=-1)
        for row, token in enumerate(line[begin + first + 1 : begin + len(chunk) + 1]):
            offered = zip(likeliest.indices[row].tolist(), likeliest.values[row].tolist(), strict=True)
            said = Choice(token, tokenizer.describe(token), float(chances[row, token]))
            words.append(Word(said, tuple(Choice(other, tokenizer.describe(other), chance) for other, chance in offered)))
    return words


def _read_scores(engine: RemoteEngine, before: Sequence[int], ids: Sequence[int]) -> list[Word]:
    """The same by a server elsewhere, which reads the tokens for us."""
    describe, words = engine.tokenizer.describe, []
    for token, (own, likeliest) in zip(ids, engine.score(before, ids, OFFERED), strict=True):
        offered = sorted(likeliest.items(), key=lambda one: -one[1])[:OFFERED]
        others = tuple(Choice(other, describe(other), exp(logprob)) for other, logprob in offered)
        words.append(Word(Choice(token, describe(token), exp(own)), others))
    return words
