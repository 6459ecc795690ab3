"""StoryEngine: reads a story's window, writes the next passage token by token, and can be stopped at any of them."""

from __future__ import annotations

import math
import secrets
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock

import torch
from torch import Tensor

from story_engine.ahead import ReadAhead
from story_engine.cache import Slot, SlotCache
from story_engine.decoder import Decoder
from story_engine.ending import Ending
from story_engine.errors import InputError, ModelError, StoryError
from story_engine.influence import Influence, find_influences
from story_engine.linear import choose_precision
from story_engine.model import EMBEDDED, find_folder, read_config
from story_engine.sampling import pick, weigh
from story_engine.sentences import ends_sentence, is_inside_quote
from story_engine.settings import Settings
from story_engine.story import Key, Receipt, Story
from story_engine.tokens import Vocabulary, read_end_tokens
from story_engine.turns import FairLock
from story_engine.weights import Weights, hash_weights
from story_engine.window import ContextWindow, Window
from story_engine.words import AFTER_END, check_words, join_words

CHUNK = 128  # tokens read between two looks at the stop sign; about 0.3 s for 190M parameters on two cores
WORDS_TO_COME = 48  # tokens that a reader's next words are expected to take when the window is made ready for them
SPARE = 2  # tokens kept free beside the answer: a line break that opens it, and the end
GO_ON = 16  # tokens for which a story cannot end again when the reader asks for more after its end
SOFT_END = 0.8  # share of the length from which a passage stops at the next sentence's end
MAX_CACHE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class Piece:
    """A bit of the stream. While the window is read, `text` is empty and `read` counts the tokens still to be read."""

    text: str
    token: int | None = None
    read: int = 0


class StoryEngine:
    """A loaded model that tells stories; many threads may stream different stories at once."""

    def __init__(
        self, decoder: Decoder, vocabulary: Vocabulary, window: ContextWindow, end_tokens: frozenset[int], name: str
    ) -> None:
        self.decoder, self.vocabulary, self.window, self.end_tokens, self.name = decoder, vocabulary, window, end_tokens, name
        self.cache = SlotCache(decoder.config, decoder.cache_dtype, decoder.device, MAX_CACHE_BYTES)
        # Line by line: together they would be another token than the one that models are trained on.
        self._break = [token for line in AFTER_END for token in vocabulary.encode(line)]
        self._turns = FairLock()
        self._writing = 0
        self._guard = Lock()
        self.ahead = ReadAhead(self.cache, self._read, lambda: self._writing == 0)

    @classmethod
    def load(
        cls, name: str = EMBEDDED, revision: str | None = None, device: str | None = None, precision: str = "auto"
    ) -> StoryEngine:
        """Load `embedded`, a local folder, or a model of the hub.

        `precision` is `float32`, `int8`, or `auto`: bfloat16 on CUDA, int8 for large models on the CPU, float32 otherwise.

        Raises:
            ModelError: it cannot be found, fetched or used; the message says what to do.
        """
        folder = find_folder(name, revision)
        config = read_config(folder)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        precision = choose_precision(precision, config, place)
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        # Rounded weights are another model: they give other words for the same seed.
        model = hash_weights(folder) + ("-int8" if precision == "int8" else "")
        window = ContextWindow(config.context, config.start_token, model)
        vocabulary = Vocabulary.read(folder, window.longest_sentence)
        if vocabulary.size > config.vocabulary:
            raise ModelError(f"The tokenizer in {folder} has {vocabulary.size} entries, the model only {config.vocabulary}.")
        decoder = Decoder(config, Weights(folder, config, dtype, place).take, precision)
        return cls(decoder, vocabulary, window, read_end_tokens(folder), Path(name).name)

    def close(self) -> None:
        """Stop reading ahead; stories that are being written go on to their end."""
        self.ahead.close()

    def look(self, story: Story, settings: Settings | None = None) -> Window:
        """The window that the next passage would be written from; changes nothing."""
        return self._fit(story, settings or Settings())[0]

    def stream(
        self,
        story: Story,
        settings: Settings | None = None,
        text: str | None = None,
        cancel: Event | None = None,
        ending: int | None = None,
    ) -> Generator[Piece, None, None]:
        """Add the reader's `text`, if any, and write the next passage, piece by piece.

        With an `ending` the story comes to its end in about that many sentences, where the length allows it.

        All checks come first, before anything changes. The passage joins the story when the stream ends, is closed or
        `cancel` is set, with the words shown so far; each piece is shown at most once and never holds half a character.

        Raises:
            InputError: the words or the length cannot be used, or the story is blank or being written already.
            StoryError: the model failed; the words so far are in the story.
        """
        settings = settings or Settings()
        words = check_words(text)
        last = story.last()
        if last is None and not words.strip():
            raise InputError("Write how the story begins, or pick an idea.")
        self.ahead.interrupt(story.uid)
        if self.cache.is_busy(story.uid):
            raise InputError("This story is being written right now. Stop it first, or wait for it to finish.")
        self.window.check_reserve(settings.max_new_tokens + SPARE)
        way_out = None if ending is None else Ending(ending, self.vocabulary)
        goes_on = False
        if words:
            story.add(join_words(story.text(), words, last is not None and last.finish == "end"))
        elif last is not None:
            goes_on = last.finish == "end"
        return self._write(story, settings, goes_on, cancel or Event(), way_out)

    def _fit(self, story: Story, settings: Settings):
        sentences = self.vocabulary.cut_path(story.path())
        return self.window.fit(sentences, story.memory, story.pins, settings.max_new_tokens + SPARE)

    def _write(
        self, story: Story, settings: Settings, goes_on: bool, cancel: Event, ending: Ending | None
    ) -> Generator[Piece, None, None]:
        window, story.memory = self._fit(story, settings)
        seed = secrets.randbelow(2**53) if settings.seed is None else settings.seed
        settings = replace(settings, seed=seed)
        draft = _Draft(self.vocabulary, self._break if goes_on else [])
        parent = story.current
        self.ahead.interrupt(story.uid)
        slot = self.cache.take(story.uid)
        with self._guard:
            self._writing += 1
        try:
            logits = None
            for chunk_logits, left in self._read_window([*window.ids, *draft.tokens], slot, cancel):
                logits = chunk_logits
                yield Piece("", read=left)
            if logits is not None:
                yield from self._draw(draft, logits, slot, window, settings, GO_ON if goes_on else 0, cancel, ending)
        finally:
            with self._guard:
                self._writing -= 1
            self.cache.give_back(story.uid)
            tokens, text = draft.whole()
            if draft.is_begun or draft.finish == "end":
                # The pointer may have moved meanwhile; the words still belong behind the ones they were written for.
                story.current = parent
                sentences = ending.sentences if ending else None
                receipt = Receipt(self.window.model, settings, len(window.ids), len(window.forgotten), sentences)
                story.add(text, "model", tokens=tuple(tokens), receipt=receipt, finish=draft.finish)
                self._make_ready(story, settings)

    def _make_ready(self, story: Story, settings: Settings) -> None:
        """Forget now what the next turn would have to, and read the new window while the reader reads the passage."""
        reserve = min(settings.max_new_tokens + SPARE + WORDS_TO_COME, self.window.largest_reserve)
        sentences = self.vocabulary.cut_path(story.path())
        window, memory = self.window.fit(sentences, story.memory, story.pins, reserve)
        if len(memory.ledger) > len(story.memory.ledger):
            self.ahead.ask(story.uid, window.ids)
        story.memory = memory

    def find_influences(self, story: Story, sentence: Key, settings: Settings | None = None) -> list[Influence]:
        """How much each earlier paragraph in the window made this sentence likelier; changes nothing.

        Raises:
            InputError: the sentence is not in the window, or nothing stands before it.
        """
        slot = Slot(self.decoder.config, self.decoder.cache_dtype, self.decoder.device)
        return find_influences(self.look(story, settings), self.window.start, sentence, slot, self._read)

    def _read(self, ids: Sequence[int], slot: Slot, every: bool = False) -> Tensor:
        with self._turns:
            return self.decoder.read(ids, slot, every)

    def _read_window(self, ids: list[int], slot: Slot, cancel: Event):
        """Read what the slot does not hold yet, in chunks; yields (logits, tokens left), nothing after a cancel."""
        slot.crop_to_prefix(ids[:-1])  # the last token is always read: its logits are needed
        while len(slot.ids) < len(ids):
            if cancel.is_set():
                return
            chunk = ids[len(slot.ids) : len(slot.ids) + CHUNK]
            logits = self._read(chunk, slot)
            left = len(ids) - len(slot.ids)
            yield (logits if left == 0 else None), left

    def _draw(
        self,
        draft: _Draft,
        logits: Tensor,
        slot: Slot,
        window: Window,
        settings: Settings,
        no_end_before: int,
        cancel: Event,
        ending: Ending | None,
    ) -> Generator[Piece, None, None]:
        """Draw tokens until the story ends, the length is reached, or the stop sign is set."""
        generator = torch.Generator().manual_seed(settings.seed or 0)
        used = {*window.ids[1:], *draft.tokens}  # the start token is no word of the story
        special = self.vocabulary.special - self.end_tokens
        most = len(draft.tokens) + settings.max_new_tokens
        while not cancel.is_set():
            logits = logits[: self.vocabulary.size]
            if not math.isfinite(float(logits.sum())):
                raise StoryError("The model stumbled and gave no usable word. Your story is kept; please try again.")
            banned = special | self.end_tokens if len(draft.tokens) < no_end_before else special
            token = ending.choose(draft.text, logits, generator) if ending else None
            if token is None:
                token = pick(weigh(logits, used, settings, banned), generator)
            if token in self.end_tokens or (ending and ending.is_reached(draft.text)):
                draft.finish = "end"
                return
            piece = draft.complete(token)
            if len(draft.tokens) >= SOFT_END * most and piece[:1].isspace() and _is_round(draft.text):
                draft.finish = "sentence"
                return
            lead = "" if draft.is_begun else draft.text
            draft.add(token, piece)
            used.add(token)
            if len(draft.tokens) >= most:
                draft.finish = "length"
            yield Piece(lead + piece, token)
            if draft.finish == "length":
                return
            logits = self._read([token], slot)


def _is_round(text: str) -> bool:
    """Whether a passage may stop here without leaving a sentence or a speech open."""
    return ends_sentence(text) and not is_inside_quote(text)


class _Draft:
    """The passage being written: its tokens, its text, and how it finished. `first` are tokens that open it unasked."""

    def __init__(self, vocabulary: Vocabulary, first: list[int]) -> None:
        self._decode = vocabulary.start_stream()
        self._first = len(first)
        self._whole = 0
        self.tokens: list[int] = []
        self.text = ""
        self.finish = "stopped"
        for token in first:
            self.add(token, self.complete(token))

    @property
    def is_begun(self) -> bool:
        """Whether the model itself has said anything that can be shown."""
        return self._whole > self._first

    def complete(self, token: int) -> str:
        """The text that a token completes. Bytes that form no character, which a model can draw, are not shown."""
        return self._decode(token).replace("\ufffd", "")

    def add(self, token: int, piece: str) -> None:
        self.tokens.append(token)
        self.text += piece
        if piece:
            self._whole = len(self.tokens)

    def whole(self) -> tuple[list[int], str]:
        """Tokens and text without an unfinished last character."""
        return self.tokens[: self._whole], self.text
