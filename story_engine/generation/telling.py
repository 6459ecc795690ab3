"""Telling: a passage being told, token by token until it ends, by the reader's settings."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from functools import cached_property
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from story_engine.errors import StoryError
from story_engine.generation.ending import Ending
from story_engine.generation.guidance import fade_guidance, guide_rows
from story_engine.generation.healing import Cover, Healing
from story_engine.generation.joints import Joints
from story_engine.generation.litanies import REACH, find_stale
from story_engine.generation.loops import ROUNDS, Said, count_round, find_echo, find_loop, list_said
from story_engine.generation.opener import MIN_TOKENS, Opener
from story_engine.generation.paragraphs import begins_lines_small, find_the_end, is_break_foreign, is_new_line
from story_engine.generation.piece import Piece
from story_engine.generation.reading_level import LEVELS, ReadingLevel
from story_engine.generation.repeats import Repeats
from story_engine.generation.respelling import Respelling, Slip
from story_engine.generation.sampling import filter_logits, pick
from story_engine.generation.unwanted import Unwanted
from story_engine.generation.wishing import Wish
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.settings import Settings
from story_engine.stories.story import Finish
from story_engine.text.sentences import ends_sentence, is_round

BEGINNING = "Once"  # a paragraph that begins so begins another story; a model that was not told to end goes over to it
MOST_ECHOES = 3  # that are taken back in a passage; a story may have a refrain
SOFT_END = 0.8  # share of the length from which a passage stops at the next sentence's end


class Guide(Protocol):
    """Leads a telling by the hand for some tokens."""

    def choose(self, text: str, logits: np.ndarray, generator: torch.Generator) -> int | None:
        """The token that has to come behind `text`, or None where the model is free; `logits` are float32 [vocab_size]."""


class Telling:
    """One passage as far as it has been told: its tokens, its text, and how it finished.

    `used` are the window's tokens, in order, for the penalties on repetition. `prefix` opens the passage unasked, where it goes
    on after an end; an opener follows, and the passage cannot end again at once. A loop is taken back and told anew once, an
    echo of `before` up to three times; the words that led into it cannot be drawn there again, nor do many sentences in a row
    begin alike. Where the model would begin another story ("Once upon a time", or a blank line where the paragraphs `before`
    have none) or says "The end." unasked, this one ends before that; a passage cannot open with another beginning. Words that
    the settings never want are not drawn, nor is a name glued to the word before. Rare words and long sentences weigh less
    where they ask for a reading level. A misspelt name is taken back and told as the story has it. Where the text before ends
    within a word, `heal` makes the first tokens say its last letters again: `text` has them, what is shown and `told` has not.
    `number` is its place among the tellings that are told side by side, `candidate` among those of which the best is kept.
    """

    def __init__(
        self,
        tokenizer: StoryTokenizer,
        end_tokens: frozenset[int],
        settings: Settings,
        *,
        used: Collection[int],
        prefix: Sequence[int] = (),
        ending: Ending | None = None,
        retries_loops: bool = True,
        before: str = "",
        number: int = 0,
        candidate: int = 0,
        wish: Wish | None = None,
    ) -> None:
        self.settings, self.ending, self.number, self.wish = settings, ending, number, wish
        self._before, self._has_capitals = before, not begins_lines_small(before)
        self.tokens: list[int] = []
        self.gains: list[float] = []  # nats by which the story made each token likelier, where that is measured
        self.text = ""
        self.finish: Finish = ""
        self.loops = 0
        self.taken = ""  # the end of the text before, where the first tokens say it again
        self._vocabulary, self._end_tokens = tokenizer, end_tokens
        self._special = tokenizer.special - end_tokens
        self._beginnings = tokenizer.find_forms(BEGINNING) - end_tokens
        self._no_end_before = MIN_TOKENS if prefix else 0
        self._window, self._behind = frozenset(used), len(used)
        self._repeats = Repeats(settings.dry_multiplier, used)
        self._retries, self._echoes = (1, MOST_ECHOES) if retries_loops else (0, 0)
        self._refused: frozenset[int] = frozenset()
        self._generator = torch.Generator().manual_seed(_vary_seed(settings.seed or 0, candidate))
        self._unwanted, self._respelling = Unwanted(settings.unwanted), Respelling(before, tokenizer.has_word)
        self._joints = Joints(before)
        level = LEVELS.get(settings.reading_level)
        self._level = ReadingLevel(level, tokenizer, before, self._window) if level else None
        opener = Opener(tokenizer, before, self._generator, self._unwanted) if prefix else None
        self._guides: list[Guide] = [guide for guide in (opener, ending) if guide]
        self._prefix = len(prefix)
        self._max_tokens = len(prefix) + settings.max_new_tokens
        self._rewrite(prefix)
        self._opened = len(self.text)  # characters that the model has not said

    def heal(self, healing: Healing) -> None:
        """Begin with one of the ways to go on from an unfinished word; to be called before the first token."""
        cover = healing.choose(self.settings, self._generator, self._unwanted, self._before, self._vocabulary)
        self.taken, self._before = healing.taken, self._before.removesuffix(healing.taken)
        self._opened, self._prefix = len(self.taken), len(cover)
        self._max_tokens = len(cover) + self.settings.max_new_tokens
        self._guides.insert(0, Cover(cover))

    @property
    def left(self) -> int:
        """Tokens that the length still allows."""
        return self._max_tokens - len(self.tokens)

    @property
    def is_begun(self) -> bool:
        """Whether the model itself has said anything that can be shown."""
        return len(self.text) > self._opened

    @property
    def told(self) -> str:
        """The text that joins the story."""
        return self.text[len(self.taken) :]

    @property
    def whole_tokens(self) -> list[int]:
        """The tokens without those of an unfinished last character."""
        return self.tokens[: self._whole]

    def advance(self, logits: Tensor, *others: Tensor) -> Piece | None:
        """Choose the next token from float32 `logits` [vocab_size]; None where the passage ends before it.

        `others` are the logits that the model gives without the story, for guidance and for the gains of the tokens, and those
        without the wish.

        Raises:
            StoryError: the logits are no numbers.
        """
        unguided, *plain = self._weigh_level(
            [self._repeats.weigh(self._take_row(logits), self.tokens, self._spared), *map(self._take_row, others)]
        )
        guidance = fade_guidance(self.settings.guidance, self._behind + len(self.tokens))
        row, gains = guide_rows([unguided, *plain], guidance)
        if self.wish:
            row = self.wish.lift(row, unguided, self.text, self.tokens)
        chosen = (guide.choose(self.text, row, self._generator) for guide in self._guides)
        token = next((token for token in chosen if token is not None), None)
        if token is None:
            token = self._pick(row, unguided)
        self._refused = frozenset()
        if self.text.endswith("\n") and (token in self._beginnings or is_break_foreign(self._before, self.text)):
            return self._end_before(len(self.text), self.shown)
        if token in self._end_tokens or (self.ending and self.ending.is_reached(self.text)):
            self.finish = "end"
            return None
        piece = self._complete(token)
        if len(self.tokens) >= SOFT_END * self._max_tokens and piece[:1].isspace() and is_round(self.text):
            self.finish = "sentence"
            return None
        if piece and not piece[0].isalpha() and (slip := self._find_slip()):
            return self._take_back_to(slip)
        shown = self.shown
        self._add(token, piece, 0.0 if gains is None else float(gains[token]))
        if self._takes_back():
            return Piece("", token, back=len(shown) - len(self.shown), telling=self.number)
        if (place := find_the_end(self._before, self.text)) is not None:
            if not self.ending:
                return self._end_before(place, shown)
            self.finish = "end"
        if len(self.tokens) >= self._max_tokens:
            self.finish = "length"
        return Piece(self.shown[len(shown) :], token, telling=self.number)

    def _take_row(self, logits: Tensor) -> np.ndarray:
        """The logits of all words that there are, as numpy has them."""
        row: np.ndarray = logits[: self._vocabulary.size].cpu().numpy()
        if not np.isfinite(row.max()):
            raise StoryError("The model stumbled and gave no usable word. Your story is kept; please try again.")
        return row

    def _weigh_level(self, rows: list[np.ndarray]) -> list[np.ndarray]:
        """`rows` as the reading level weighs them: all alike, so that what the level lifts is no gain of the story.

        It comes before guidance, which leaves only tokens in reach that are likely by then.
        """
        if not self._level:
            return rows
        weights = self._level.weigh(self.text, self.tokens, rows[0])
        return [row + weights for row in rows]

    def _pick(self, row: np.ndarray, unguided: np.ndarray) -> int:
        """Draw from `row`, float32 [vocab_size], again without each token that would say an unwanted word.

        Guidance leaves few tokens in reach: where none of them may be drawn, all others are in reach as without it.
        """
        banned, used = self._find_banned(), self._used - self._spared
        fitting = None if row is unguided else set(np.flatnonzero(np.isfinite(row)).tolist())
        while True:
            if fitting is not None and fitting <= banned:
                row, fitting = unguided, None
            token = pick(filter_logits(row, used, self.settings, banned), self._generator)
            piece = self._read(token)
            if self._joints.is_glued(self.text, piece):
                banned |= {token}
                apart = self._vocabulary.encode(f" {piece}")  # what was meant, where it is one token and may be drawn
                token, piece = apart[0], f" {piece}"
                if len(apart) > 1 or token in banned:
                    continue
            if not self._unwanted or not self._unwanted.is_said(self._before + self.text, piece):
                return token
            banned |= {token}

    def _read(self, token: int) -> str:
        """The text that a token would complete; the first bytes of its character may stand in the tokens before it."""
        return self._vocabulary.decode([*self.tokens[self._whole :], token]).replace("\ufffd", "")

    def _find_banned(self) -> frozenset[int]:
        """What cannot be drawn at this place."""
        banned = self._special | self._refused
        if len(self.tokens) < self._no_end_before:
            banned |= self._end_tokens
        if not self.text.strip():
            banned |= self._beginnings
        if self._has_capitals and is_new_line(self.text):
            banned |= self._vocabulary.spellings.lower
        if stale := find_stale(self._before[-REACH:] + self.text):
            banned |= self._vocabulary.find_forms(stale)
        return banned

    @property
    def _spared(self) -> Set[int]:
        """What no repetition costs anything: the tokens that go on within a word, or the words said before would be spoilt."""
        is_within = (self.text or self._before)[-1:].isalpha()
        return self._vocabulary.spellings.inner if is_within else frozenset()

    def _end_before(self, place: int, shown: str) -> Piece:
        """End where the words before a character do, without the white space behind them; `shown` is what a reader saw last."""
        end = len(self.text[:place].rstrip())
        self._rewrite(self.tokens[: sum(place <= end for place in self._ends)])
        self.finish = "end"
        return Piece("", back=len(shown) - len(self.shown), telling=self.number)

    @property
    def shown(self) -> str:
        """The text, once it is more than what opens it unasked."""
        return self.told if self.is_begun else ""

    def _takes_back(self) -> bool:
        """Go back to where a loop or an echo began, if the passage has just closed one."""
        is_whole = ends_sentence(self.text)
        if self._retries and (size := count_round(self.tokens[self._prefix :])):
            keep = len(self.tokens) - size * (ROUNDS - 1)
            self._retries -= 1
        elif self._retries and is_whole and (start := find_loop(self.text)) is not None:
            keep = self._count_tokens(start)
            self._retries -= 1
        elif self._echoes and is_whole and (start := find_echo(self._said, self.text)) is not None and start >= self._opened:
            keep = self._count_tokens(start)
            self._echoes -= 1
        else:
            return False
        self.loops += 1
        self._refused = frozenset(self.tokens[keep : keep + 1])
        self._rewrite(self.tokens[:keep])
        return True

    def _count_tokens(self, place: int) -> int:
        """The tokens up to the last one that completes a character before `place`."""
        ends = [end for end in self._ends if end <= place]
        return self._ends.index(ends[-1]) + 1 if ends else 0

    @cached_property
    def _said(self) -> frozenset[Said]:
        return list_said(self._before)

    def _find_slip(self) -> Slip | None:
        """The name that has just come out misspelt, where all of it is the model's own and may be said."""
        slip = self._respelling.find_slip(self.text)
        if slip is None or slip.start < self._opened:
            return None
        return None if self._unwanted.is_said(self._before + self.text[: slip.start], slip.name) else slip

    def _take_back_to(self, slip: Slip) -> Piece:
        """Go back to before the name, whose right spelling follows."""
        shown, keep = self.shown, sum(end <= slip.start for end in self._ends)
        begun = self._ends[keep - 1] if keep else 0
        self._guides.insert(0, Cover(tuple(self._vocabulary.encode(self.text[begun : slip.start] + slip.name))))
        self._rewrite(self.tokens[:keep])
        return Piece("", back=len(shown) - len(self.shown), telling=self.number)

    def _rewrite(self, tokens: Sequence[int]) -> None:
        """Begin again with these tokens."""
        self._decode = self._vocabulary.start_stream()
        gains = self.gains[: len(tokens)] or [0.0] * len(tokens)
        self.tokens, self.gains, self.text, self._whole = [], [], "", 0
        self._ends: list[int] = []  # characters of the text behind each token
        self._used = set(self._window)
        for token, gain in zip(tokens, gains, strict=True):
            self._add(token, self._complete(token), gain)

    def _complete(self, token: int) -> str:
        """The text that a token completes. Bytes that form no character, which a model can draw, are not shown."""
        return self._decode(token).replace("\ufffd", "")

    def _add(self, token: int, piece: str, gain: float) -> None:
        self.tokens.append(token)
        self.gains.append(gain)
        self._used.add(token)
        self.text += piece
        self._ends.append(len(self.text))
        if piece:
            self._whole = len(self.tokens)


def _vary_seed(seed: int, candidate: int) -> int:
    """The seed of a candidate; that of the first is the reader's own."""
    return int(np.random.SeedSequence((seed, candidate)).generate_state(1)[0]) if candidate else seed
