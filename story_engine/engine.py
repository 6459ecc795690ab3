"""StoryEngine: reads a story's window, writes the next passage token by token, and can be stopped at any of them."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Lock

import torch
from torch import Tensor

from story_engine.context.window import ContextWindow, Window
from story_engine.errors import InputError, ModelError
from story_engine.generation.ending import Ending
from story_engine.generation.generate import draw
from story_engine.generation.ngrams import LONGEST_CONTEXT, MOST_PROPOSED, Ngrams
from story_engine.generation.telling import Draft, Piece
from story_engine.insight.influence import Influence, find_influences
from story_engine.model.autotune import choose_kernel, load_decoder
from story_engine.model.config import read_config
from story_engine.model.hub import EMBEDDED, find_folder
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import choose_precision
from story_engine.model.tokenizer import Vocabulary, read_end_tokens
from story_engine.model.torch_decoder import AnyDecoder
from story_engine.model.weights import Weights, hash_weights
from story_engine.serving.read_ahead import ReadAhead
from story_engine.serving.scheduler import Scheduler
from story_engine.serving.slots import SlotCache
from story_engine.settings import Settings
from story_engine.stories.input import AFTER_END, check_words, join_words
from story_engine.stories.story import Key, Memory, Receipt, Story

CHUNK = 128  # tokens read between two looks at the stop sign; under 0.2 s for 190M parameters on two cores
WORDS_TO_COME = 48  # tokens that a reader's next words are expected to take when the window is made ready for them
SPARE = 2  # tokens kept free beside the answer: a line break that opens it, and the end
MAX_CACHE_BYTES = 2 * 1024**3


class StoryEngine:
    """A loaded model that tells stories; many threads may stream different stories at once, and share its steps.

    With `retries_loops` a passage that goes round in circles is taken back to where it began to, and told anew once. With
    `speculates` the next tokens are proposed by the n-grams of earlier stories, which changes the speed and no word.
    """

    def __init__(
        self,
        decoder: AnyDecoder,
        vocabulary: Vocabulary,
        window: ContextWindow,
        end_tokens: frozenset[int],
        name: str,
        retries_loops: bool = True,
    ) -> None:
        self.retries_loops = retries_loops
        self.speculates, self.ngrams = True, Ngrams()
        self.decoder, self.vocabulary, self.window, self.end_tokens, self.name = decoder, vocabulary, window, end_tokens, name
        self.cache = SlotCache(decoder.config, decoder.cache_dtype, decoder.device, MAX_CACHE_BYTES)
        self._break = vocabulary.encode(AFTER_END)
        self._scheduler = Scheduler(decoder)
        self._writing = 0
        self._guard = Lock()
        self.ahead = ReadAhead(self.cache, self._scheduler.prefill, lambda: self._writing == 0)

    @classmethod
    def load(
        cls,
        name: str = EMBEDDED,
        revision: str | None = None,
        device: str | None = None,
        precision: str = "auto",
        kernel: str = "auto",
    ) -> StoryEngine:
        """Load `embedded`, a local folder, or a model of the hub.

        `precision` is `float32`, `int8`, or `auto`: bfloat16 on CUDA, int8 on the CPU with the kernel, float32 without.
        `kernel` is `on`, `off`, or `auto`: the compiled kernel computes wherever it can be had.

        Raises:
            ModelError: it cannot be found, fetched or used; the message says what to do.
        """
        folder = find_folder(name, revision)
        config = read_config(folder)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        has_kernel = choose_kernel(kernel, place)
        precision = choose_precision(precision, place, has_kernel)
        dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        decoder = load_decoder(config, Weights(folder, config, dtype, place).take, precision, has_kernel)
        # What is rounded otherwise is another model: it gives other words for the same seed.
        window = ContextWindow(config.context, config.start_token, hash_weights(folder) + decoder.rounding)
        vocabulary = Vocabulary.read(folder, window.longest_sentence)
        if vocabulary.size > config.vocabulary:
            raise ModelError(f"The tokenizer in {folder} has {vocabulary.size} entries, the model only {config.vocabulary}.")
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
        return self.stream_ways(story, [settings or Settings()], text, cancel, ending)

    def stream_ways(
        self,
        story: Story,
        settings: Sequence[Settings],
        text: str | None = None,
        cancel: Event | None = None,
        ending: int | None = None,
    ) -> Generator[Piece, None, None]:
        """As `stream`, in several ways at once, one for each of `settings`, which share one length.

        They are told in one batch, token by token, become versions of one passage, and the first stays in view.
        """
        words = check_words(text)
        last = story.last()
        if last is None and not words.strip():
            raise InputError("Write how the story begins, or pick an idea.")
        if len({one.max_new_tokens for one in settings}) != 1:
            raise InputError("Tellings that are told at once have one length.")
        self.ahead.interrupt(story.uid)
        if self.cache.is_busy(story.uid):
            raise InputError("This story is being written right now. Stop it first, or wait for it to finish.")
        self.window.check_reserve(settings[0].max_new_tokens + SPARE)
        ways_out = [None if ending is None else Ending(ending, self.vocabulary) for _ in settings]
        goes_on = False
        if words:
            story.add(join_words(story.text(), words, last is not None and last.finish == "end"))
        elif last is not None:
            goes_on = last.finish == "end"
        return self._write(story, settings, ways_out, self._break if goes_on else [], cancel or Event())

    def _fit(self, story: Story, settings: Settings) -> tuple[Window, Memory]:
        return self._fit_reserve(story, settings.max_new_tokens + SPARE)

    def _fit_reserve(self, story: Story, reserve: int) -> tuple[Window, Memory]:
        sentences = self.vocabulary.cut_path(story.path())
        notes = self.vocabulary.cut_notes([*story.characters, *story.notes])
        return self.window.fit(sentences, story.memory, story.pins, reserve, notes)

    def _write(
        self, story: Story, settings: Sequence[Settings], endings: Sequence[Ending | None], first: list[int], cancel: Event
    ) -> Generator[Piece, None, None]:
        window, story.memory = self._fit(story, settings[0])
        used, before = window.ids[1:], story.text()  # the start token is no word of the story
        drafts = [
            Draft(self.vocabulary, self.end_tokens, _give_seed(one), used, first, ending, self.retries_loops, before)
            for one, ending in zip(settings, endings, strict=True)
        ]
        for way, draft in enumerate(drafts):
            draft.way = way
        parent = story.current
        self.ahead.interrupt(story.uid)
        slot = self.cache.take(story.uid)
        with self._guard:
            self._writing += 1
        try:
            logits = None
            for chunk_logits, left in self._read_window([*window.ids, *first], slot, cancel):
                logits = chunk_logits
                yield Piece("", read=left)
            if logits is not None:
                propose = partial(self._propose, window=window.ids) if len(drafts) == 1 else None
                yield from draw(drafts, logits, window.ids, slot, self._scheduler, cancel, propose)
        finally:
            with self._guard:
                self._writing -= 1
            self.cache.give_back(story.uid)
            begun = [draft for draft in drafts if draft.is_begun or draft.finish == "end"]
            if kept := [self._keep(draft, story, parent, window) for draft in begun]:
                story.go_to(kept[0])
                self._make_ready(story, begun[0].settings)

    def _keep(self, draft: Draft, story: Story, parent: int | None, window: Window) -> int:
        """Add a passage to the story as far as it has come; returns its number."""
        # The pointer may have moved meanwhile; the words still belong behind the ones they were written for.
        story.current = parent
        receipt = Receipt(
            self.window.model,
            draft.settings,
            len(window.ids),
            len(window.forgotten),
            draft.ending.sentences if draft.ending else None,
            draft.loops,
        )
        tokens, finish = tuple(draft.whole_tokens), draft.finish or "stopped"
        self.ngrams.learn([*window.ids[-LONGEST_CONTEXT:], *tokens])
        return story.add(draft.text, "model", tokens=tokens, receipt=receipt, finish=finish).id

    def _make_ready(self, story: Story, settings: Settings) -> None:
        """Forget now what the next turn would have to, and read the new window while the reader reads the passage."""
        reserve = min(settings.max_new_tokens + SPARE + WORDS_TO_COME, self.window.largest_reserve)
        window, memory = self._fit_reserve(story, reserve)
        if len(memory.ledger) > len(story.memory.ledger):
            self.ahead.ask(story.uid, window.ids)
        story.memory = memory

    def prepare(self, story: Story, settings: Settings | None = None) -> None:
        """Read what the next turn will need while nobody waits: to be asked for when a story has gone another way."""
        self.ahead.ask(story.uid, self.look(story, settings).ids)

    def find_influences(self, story: Story, sentence: Key, settings: Settings | None = None) -> list[Influence]:
        """How much each earlier paragraph in the window made this sentence likelier; changes nothing.

        Raises:
            InputError: the sentence is not in the window, or nothing stands before it.
        """
        return find_influences(self.look(story, settings), self.window.start, sentence, self.make_slot(), self.prefill)

    def make_slot(self) -> Slot:
        """An empty slot that belongs to no story."""
        return Slot(self.decoder.config, self.decoder.cache_dtype, self.decoder.device)

    def prefill(self, ids: Sequence[int], slot: Slot, every: bool = False) -> Tensor:
        """`Decoder.prefill`, in turn with all who use the model."""
        return self._scheduler.prefill(ids, slot, every)

    def _read_window(self, ids: list[int], slot: Slot, cancel: Event):
        """Read what the slot does not hold yet, in chunks; yields (logits, tokens left), nothing after a cancel."""
        slot.crop_to_prefix(ids[:-1])  # the last token is always read: its logits are needed
        while len(slot.ids) < len(ids):
            if cancel.is_set():
                return
            chunk = ids[len(slot.ids) : len(slot.ids) + CHUNK]
            if len(chunk) == 1:  # as when a passage is told anew: together with all who are being told something
                logits = self._scheduler.step(chunk, [slot], list)[0]
            else:
                logits = self._scheduler.prefill(chunk, slot)
            left = len(ids) - len(slot.ids)
            yield (logits if left == 0 else None), left

    def _propose(self, draft: Draft, window: Sequence[int]) -> list[int]:
        """What may follow the draft, to be read in one step with its last token: the cheaper a row, the bolder.

        Where several stories share a step, its rows are better left to them.
        """
        if not self.speculates or self._writing > 1:
            return []
        known = [*window[-LONGEST_CONTEXT:], *draft.tokens[-LONGEST_CONTEXT:]]
        return self.ngrams.propose(known, min(MOST_PROPOSED, draft.left - 1), self.decoder.row_cost)


def _give_seed(settings: Settings) -> Settings:
    """The same settings with a seed, so that the passage can be told again."""
    return settings if settings.seed is not None else replace(settings, seed=secrets.randbelow(2**53))
