"""What mattered: how much each earlier paragraph changed the likelihood of one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from story_engine.context.window import Sentence
from story_engine.engine import StoryEngine
from story_engine.errors import InputError
from story_engine.model.kv_cache import Slot
from story_engine.remote.engine import RemoteEngine
from story_engine.settings import Settings
from story_engine.stories.story import Key, Story

MAX_PARAGRAPHS = 12  # the nearest ones are scored; each costs a reading of what stands behind it
CHUNK = 64


@dataclass(frozen=True)
class Influence:
    """One earlier paragraph: the sentence is `exp(nats)` times as likely with it as without."""

    text: str
    nats: float


def find_influences(engine: StoryEngine, story: Story, key: Key, settings: Settings | None = None) -> list[Influence]:
    """The paragraphs before sentence `key` in the story's window, the nearest `MAX_PARAGRAPHS`, in the story's order.

    Each is left out in turn, and the sentence is scored again behind the rest: the difference of its log-likelihoods.
    The story stays as it is.

    Raises:
        InputError: the sentence is not in the window, nothing stands before it, or a server elsewhere tells no chances.
    """
    kept, slot = engine.window_of(story, settings).kept, engine.decoder.new_slot()
    keys = [sentence.key for sentence in kept]
    if key not in keys:
        raise InputError("The model no longer remembers this sentence.")
    before, sentence = kept[: keys.index(key)], kept[keys.index(key)]
    if not before:
        raise InputError("Nothing stands before this sentence.")
    paragraphs = split_paragraphs(before)
    whole = _score(engine, paragraphs, sentence, slot)
    found = []
    # From the last to the first: what stands before the one left out is then in the slot already.
    for number in range(len(paragraphs) - 1, max(-1, len(paragraphs) - 1 - MAX_PARAGRAPHS), -1):
        rest = paragraphs[:number] + paragraphs[number + 1 :]
        text = "".join(one.text for one in paragraphs[number])
        found.append(Influence(text.strip(), whole - _score(engine, rest, sentence, slot)))
    return found[::-1]


def split_paragraphs(sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """Sentences of one passage up to a paragraph's end; where somebody else goes on, another paragraph begins."""
    paragraphs: list[list[Sentence]] = []
    for sentence in sentences:
        last = paragraphs[-1][-1] if paragraphs else None
        if last is None or last.ends_paragraph or last.key[0] != sentence.key[0]:
            paragraphs.append([])
        paragraphs[-1].append(sentence)
    return paragraphs


def _score(engine: StoryEngine, paragraphs: list[list[Sentence]], sentence: Sentence, slot: Slot) -> float:
    """Log-likelihood of the sentence's tokens behind these paragraphs, in nats."""
    context = [engine.window.start, *(token for paragraph in paragraphs for one in paragraph for token in one.ids)]
    if isinstance(engine, RemoteEngine):
        return sum(logprob for logprob, _ in engine.score(context, sentence.ids, 1))
    for chunk in slot.unread(context[:-1], CHUNK):
        engine.prefill(chunk, slot)
    logits = engine.prefill([context[-1], *sentence.ids[:-1]], slot, all_logits=True)
    targets = torch.tensor(sentence.ids, device=logits.device)
    return float(logits.log_softmax(dim=-1).gather(1, targets[:, None]).sum())
