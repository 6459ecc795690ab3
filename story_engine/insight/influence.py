"""What mattered: how much each earlier paragraph changed the likelihood of one sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from story_engine.context.window import Sentence, Window
from story_engine.errors import InputError
from story_engine.model.kv_cache import Slot
from story_engine.stories.story import Key

MOST = 12  # paragraphs that are weighed, the nearest ones; each costs a reading of what stands behind it
CHUNK = 64

Read = Callable[[Sequence[int], Slot, bool], Tensor]  # ids, slot, every -> logits of the last or of every id


@dataclass(frozen=True)
class Influence:
    """One earlier paragraph: the sentence is `exp(nats)` times as likely with it as without."""

    text: str
    nats: float


def find_influences(window: Window, start: int, key: Key, slot: Slot, read: Read) -> list[Influence]:
    """The paragraphs before sentence `key` in the window, nearest `MOST`, in the story's order.

    Each is left out in turn, and the sentence is scored again behind the rest: the difference of its log-likelihoods.
    `slot` is an empty one, which the readings share as far as they begin alike.

    Raises:
        InputError: the sentence is not in the window, or nothing stands before it.
    """
    places = [sentence.key for sentence in window.kept]
    if key not in places:
        raise InputError("The model no longer remembers this sentence.")
    before, sentence = window.kept[: places.index(key)], window.kept[places.index(key)]
    if not before:
        raise InputError("Nothing stands before this sentence.")
    paragraphs = split_paragraphs(before)
    whole = _score(paragraphs, sentence, start, slot, read)
    found = []
    # From the last to the first: what stands before the one left out is then in the slot already.
    for number in range(len(paragraphs) - 1, max(-1, len(paragraphs) - 1 - MOST), -1):
        rest = paragraphs[:number] + paragraphs[number + 1 :]
        text = "".join(one.text for one in paragraphs[number])
        found.append(Influence(text.strip(), whole - _score(rest, sentence, start, slot, read)))
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


def _score(paragraphs: list[list[Sentence]], sentence: Sentence, start: int, slot: Slot, read: Read) -> float:
    """Log-likelihood of the sentence's tokens behind these paragraphs, in nats."""
    context = [start, *(token for paragraph in paragraphs for one in paragraph for token in one.ids)]
    slot.crop_to_prefix(context[:-1])
    while len(slot.ids) < len(context) - 1:
        read(context[len(slot.ids) : -1][:CHUNK], slot, False)
    logits = read([context[-1], *sentence.ids[:-1]], slot, True)
    targets = torch.tensor(sentence.ids, device=logits.device)
    return float(logits.log_softmax(dim=-1).gather(1, targets[:, None]).sum())
