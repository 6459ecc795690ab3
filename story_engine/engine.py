"""StoryEngine: reads a story's window, tells the next passage token by token, and can be stopped at any of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

from torch import Tensor

from story_engine.context.cutting import Cutter
from story_engine.context.window import ContextWindow, Window
from story_engine.errors import InputError, StoryError
from story_engine.generation.candidates import choose_best, hold_back
from story_engine.generation.ending import Ending, check_ending
from story_engine.generation.generate import Start, generate
from story_engine.generation.guarded import GuardedTelling
from story_engine.generation.healing import find_healing, may_heal
from story_engine.generation.ngrams import LONGEST_CONTEXT, MOST_PROPOSED, Ngrams
from story_engine.generation.piece import Piece
from story_engine.generation.starts import list_starts
from story_engine.generation.telling import Telling
from story_engine.generation.turn import SPARE, Turn, find_reserve, give_seed
from story_engine.generation.unwanted import Unwanted
from story_engine.generation.wishing import read_wish
from story_engine.guard.check import check_fit, name_guard
from story_engine.model.hub import EMBEDDED
from story_engine.model.kv_cache import Slot
from story_engine.model.loading import load_model
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.model.torch_decoder import AnyDecoder
from story_engine.serving.read_ahead import ReadAhead
from story_engine.serving.scheduler import Scheduler
from story_engine.serving.slots import SlotPool
from story_engine.settings import Settings
from story_engine.stories.input import AFTER_END, check_wish, check_words, join_words
from story_engine.stories.story import Memory, Receipt, Story

NEXT_WORDS = 48  # tokens that a reader's next words are expected to take when the window is made ready for them
MAX_CACHE_BYTES = 2 * 1024**3
# Engines of other kinds, by what their names begin with; whoever makes such a kind registers it here.
LOADERS: dict[str, Callable[..., StoryEngine]] = {}


class StoryEngine:
    """A loaded model that tells stories; many threads may stream different stories at once, and share its steps.

    `recommended` are the settings that suit the model, and those of a passage for which none are given; no passage of theirs
    is longer than its context takes.
    With `retries_loops` a passage that goes round in circles is taken back to where it began to, and told anew once. With
    `speculates` the next tokens are proposed by the n-grams of earlier stories, which changes the speed and no word.
    """

    most_at_once = 16  # stories that a page lets it tell at once; the others wait

    def __init__(
        self,
        decoder: AnyDecoder,
        tokenizer: StoryTokenizer,
        window: ContextWindow,
        end_tokens: frozenset[int],
        name: str,
        retries_loops: bool = True,
        recommended: Settings | None = None,
    ) -> None:
        self.retries_loops = retries_loops
        self.speculates, self.ngrams = True, Ngrams()
        self.decoder, self.tokenizer, self.window, self.end_tokens, self.name = decoder, tokenizer, window, end_tokens, name
        suited = recommended or Settings()
        self.recommended = replace(suited, max_new_tokens=min(suited.max_new_tokens, self.longest_passage))
        self.slots = SlotPool(decoder.new_slot, max_bytes=MAX_CACHE_BYTES)
        self.cutter = Cutter(tokenizer, window.longest_sentence)
        self._break = tokenizer.encode(AFTER_END)
        self.scheduler = Scheduler(decoder)
        self.ahead = ReadAhead(self.slots, self.scheduler.prefill)

    @classmethod
    def load(
        cls,
        name: str = EMBEDDED,
        revision: str | None = None,
        device: str | None = None,
        precision: str = "auto",
        kernel: str = "auto",
    ) -> StoryEngine:
        """Load `embedded`, a local folder, a model of the hub, or reach one at a server: `openai:https://host/v1#NAME`.

        `precision` is `float32`, `int8`, or `auto`: bfloat16 on CUDA, int8 on the CPU with the kernel, float32 without.
        `kernel` is `on`, `off`, or `auto`: the compiled kernel computes wherever it can be had.

        Raises:
            ModelError: it cannot be found, fetched or used; the message says what to do.
        """
        for prefix, load in LOADERS.items():
            if name.startswith(prefix):
                return load(name, revision=revision, device=device, precision=precision, kernel=kernel)
        model = load_model(name, revision, device, precision, kernel)
        window = ContextWindow(model.context_length, model.special.start, model.fingerprint)
        ends, title = model.special.ends, Path(name).name
        return cls(model.decoder, model.tokenizer, window, ends, title, recommended=model.recommended)

    @property
    def vocabulary(self) -> StoryTokenizer:
        """The tokenizer, by its name before 0.3."""
        return self.tokenizer

    @property
    def fingerprint(self) -> str:
        """Names the weights and how they are rounded: what a seed tells depends on both."""
        return self.window.fingerprint

    @property
    def longest_passage(self) -> int:
        """The most tokens that a passage may have; half of the context is left for the story."""
        return self.window.largest_reserve - SPARE

    def close(self) -> None:
        """Stop reading ahead; stories that are being written go on to their end."""
        self.ahead.close()

    def window_of(self, story: Story, settings: Settings | None = None, wish: str = "") -> Window:
        """The window that the next passage would be told from; changes nothing."""
        given = read_wish(wish, story.text(), self.tokenizer)
        return self._fit(story, find_reserve(settings or self.recommended, given))[0]

    def stream(
        self,
        story: Story,
        settings: Settings | None = None,
        text: str | None = None,
        cancel: Event | None = None,
        ending: int | None = None,
        heals: bool | None = None,
        wish: str | None = None,
    ) -> Generator[Piece, None, None]:
        """Add the reader's `text`, if any, and tell the next passage, piece by piece.

        With an `ending` the story comes to its end in about that many sentences, where the length allows it. A word that the
        reader left unfinished is completed, unless a space was typed behind it; `heals` says whether, for a replay. A `wish`,
        "it begins to snow", guides the passage and does not stand in it.

        All checks come first, before anything changes. The passage joins the story when the stream ends, is closed or
        `cancel` is set, with the words shown so far; each piece is shown at most once and never holds half a character.

        Raises:
            InputError: the words or the length cannot be used, or the story is blank or being written already, or the words are
                unfit for the children that the settings name.
            StoryError: the model failed; the words so far are in the story.
        """
        return self.stream_tellings(story, [settings or self.recommended], text, cancel, ending, heals, wish)

    def stream_tellings(
        self,
        story: Story,
        settings: Sequence[Settings],
        text: str | None = None,
        cancel: Event | None = None,
        ending: int | None = None,
        heals: bool | None = None,
        wish: str | None = None,
    ) -> Generator[Piece, None, None]:
        """As `stream`, told once for each of `settings`, which share one length.

        The tellings are told in one batch, token by token, become versions of one passage, and the first stays in view.
        """
        words, wished, last = check_words(text), check_wish(wish), story.last()
        if last is None and not words.strip():
            raise InputError("Write how the story begins, or pick an idea.")
        if len({one.max_new_tokens for one in settings}) != 1:
            raise InputError("Tellings told side by side must share one length.")
        self.slots.check_free(story.uid)
        is_after_end = last is not None and last.finish == "end"
        joined = join_words(story.text(), words, is_after_end) if words else ""
        given = read_wish(wished, story.text() + joined, self.tokenizer)
        self.window.check_reserve(find_reserve(settings[0], given))
        if ending is not None:
            check_ending(ending)
        prefix = self._break if is_after_end and not words else []
        if any(one.for_children for one in settings):
            for said in (words, wished):
                check_fit(said, story.text())
        if words:
            story.add(joined)
        heals = may_heal(story, text) if heals is None else heals
        return self._tell(Turn(story, tuple(settings), ending, prefix, cancel or Event(), heals, given))

    def prefetch(self, story: Story, settings: Settings | None = None) -> None:
        """Read what the next turn will need while nobody waits: to be asked for when a story has gone another way."""
        self.ahead.ask(story.uid, self.window_of(story, settings).ids)

    def take_notices(self, story: Story) -> list[StoryError]:
        """What the reader of a story has to know beside its words, each once; an engine of our own has nothing to say."""
        return []

    # Their names before 0.2.
    look, stream_ways, prepare = window_of, stream_tellings, prefetch

    def prefill(self, ids: Sequence[int], slot: Slot, all_logits: bool = False, cancel: Event | None = None) -> Tensor:
        """`Scheduler.prefill`: in turn with all who use the model."""
        return self.scheduler.prefill(ids, slot, all_logits, cancel)

    def _fit(self, story: Story, reserve: int) -> tuple[Window, Memory]:
        sentences = self.cutter.cut_path(story.path())
        notes = self.cutter.cut_notes([*story.characters, *story.notes])
        lore = self.cutter.cut_lore(story.lore, story.path())
        return self.window.fit(sentences, story.memory, story.pins, reserve, notes, lore)

    def _tell(self, turn: Turn) -> Generator[Piece, None, None]:
        story, parent = turn.story, turn.story.current
        with self.slots.lease(story.uid) as slot:
            window, story.memory = self._fit(story, find_reserve(turn.settings[0], turn.wish))
            groups = self._begin(turn, window)
            try:
                logits = None
                for chunk_logits, left in self.scheduler.read([*window.ids, *turn.prefix], slot, turn.cancel):
                    logits = chunk_logits
                    yield Piece("", read=left)
                if logits is not None:
                    tellings = [telling for group in groups for telling in group]
                    ids: Sequence[int] = window.ids
                    read = partial(self.prefill, cancel=turn.cancel)
                    if turn.heals and (healing := find_healing(self.tokenizer, ids, story.text(), slot, read)):
                        ids, logits = healing.begin(ids, tellings), healing.logits
                    starts = list_starts(Start(ids, slot, logits), turn, window, self.decoder.new_slot, self.prefill)
                    propose = partial(self._propose, window=ids) if len(tellings) == 1 else None
                    pieces = generate(tellings, starts, self.scheduler, cancel=turn.cancel, propose=propose)
                    yield from hold_back(pieces, groups)
            except CancelledError:  # while the last word was looked at
                pass
            finally:
                chosen = [choose_best(group) for group in groups]
                begun = [telling for telling in chosen if telling.is_begun or telling.finish == "end"]
                if kept := [self._keep(telling, story, parent, window) for telling in begun]:
                    story.go_to(kept[0])
                    self._make_room(story, begun[0].settings, window)

    def _begin(self, turn: Turn, window: Window) -> list[list[Telling]]:
        """The tellings of each of the turn's settings: as many as its best is chosen of."""
        used, before = window.ids[1:], turn.story.text()  # the start token is no word of the story

        def begin(settings: Settings, number: int, candidate: int) -> Telling:
            kind = GuardedTelling if settings.for_children else Telling
            unwanted = Unwanted(settings.unwanted)
            return kind(
                self.tokenizer,
                self.end_tokens,
                settings,
                used=used,
                prefix=turn.prefix,
                ending=None if turn.ending is None else Ending(turn.ending, self.tokenizer, unwanted, settings.for_children),
                retries_loops=self.retries_loops,
                before=before,
                number=number,
                candidate=candidate,
                wish=turn.wish,
            )

        return [
            [begin(settings, number, candidate) for candidate in range(settings.best_of)]
            for number, settings in enumerate(map(give_seed, turn.settings))
        ]

    def _keep(self, telling: Telling, story: Story, parent: int | None, window: Window) -> int:
        """Add a passage to the story as far as it has come; returns its number."""
        # The pointer may have moved meanwhile; the words still belong behind the ones they were told for.
        story.current = parent
        receipt = Receipt(
            self.fingerprint,
            telling.settings,
            len(window.ids),
            len(window.forgotten),
            telling.ending.sentences if telling.ending else None,
            telling.loops,
            len(telling.taken),
            name_guard() if telling.settings.for_children else "",
            telling.wish.words if telling.wish else "",
        )
        tokens, finish = tuple(telling.whole_tokens), telling.finish or "stopped"
        self.ngrams.learn([*window.ids[-LONGEST_CONTEXT:], *tokens])
        return story.add(telling.told, "model", tokens=tokens, receipt=receipt, finish=finish).id

    def _make_room(self, story: Story, settings: Settings, read: Window) -> None:
        """Forget now what the next turn would have to, and read the new window while the reader reads the passage.

        `read` is the passage's own window, which the next one goes on from unless it forgets, or has other lore.
        """
        reserve = min(settings.max_new_tokens + SPARE + NEXT_WORDS, self.window.largest_reserve)
        window, memory = self._fit(story, reserve)
        if len(memory.ledger) > len(story.memory.ledger) or window.notes != read.notes:
            self.ahead.ask(story.uid, window.ids)
        story.memory = memory

    def _propose(self, telling: Telling, window: Sequence[int]) -> list[int]:
        """What may follow the telling, to be read in one step with its last token: the cheaper a row, the bolder.

        Where several stories share a step, its rows are better left to them.
        """
        if not self.speculates or self.slots.writers > 1:
            return []
        known = [*window[-LONGEST_CONTEXT:], *telling.tokens[-LONGEST_CONTEXT:]]
        row_cost = self.decoder.row_cost * (2 if telling.settings.guidance else 1)
        return self.ngrams.propose(known, min(MOST_PROPOSED, telling.left - 1), row_cost)
