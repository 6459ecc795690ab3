"""Reading level: how long a text's sentences are, and how many of its words the model does not have whole."""

from __future__ import annotations

import re
import statistics
from dataclasses import dataclass

from story_engine.model.tokenizer import StoryTokenizer
from story_engine.text.sentences import split_sentences

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True)
class Reading:
    """`words` is the median length of a sentence; `rare` the share of words that are no entry of the vocabulary."""

    words: float
    rare: float


def measure_reading(text: str, tokenizer: StoryTokenizer) -> Reading | None:
    """The reading level of a text; None where it has no words."""
    sentences = [_WORD.findall(sentence) for sentence in split_sentences(text)]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return None
    rare = sum(not tokenizer.has_word(word) for word in words) / len(words)
    return Reading(statistics.median(len(sentence) for sentence in sentences if sentence), rare)
