"""RemoteEngine: the public face of StoryEngine over a completions server elsewhere; story, window and rules stay ours."""

from __future__ import annotations

import logging
import os
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Lock
from typing import Any

from torch import Tensor

from story_engine.context.window import ContextWindow, Window
from story_engine.engine import LOADERS, StoryEngine
from story_engine.errors import ModelError, StoryError
from story_engine.generation.ending import Ending
from story_engine.generation.piece import Piece
from story_engine.generation.turn import Turn, find_reserve, give_seed
from story_engine.generation.unwanted import Unwanted
from story_engine.model.kv_cache import Slot
from story_engine.remote.address import PREFIX, Address, read_address
from story_engine.remote.client import Client, Heard, Patience
from story_engine.remote.dialects import Dialect, Request
from story_engine.remote.guarded import GuardedRemoteTelling
from story_engine.remote.probing import probe
from story_engine.remote.scores import read_scores
from story_engine.remote.telling import RemoteTelling
from story_engine.remote.tokenizer import NO_TOKEN, Tokens, find_tokens
from story_engine.settings import Settings
from story_engine.stories.story import Story

KEY = "STORY_ENGINE_API_KEY"
DEFAULT_CONTEXT = 2048  # tokens, where neither the server nor the tokenizer's folder says more
MOST_STORIES = 10_000  # of which it is known what their readers were told; those that were quiet longest are forgotten
STOP_LOOK = 0.05  # seconds between two looks at the stop sign
UNKNOWN = "{server} does not know these settings, so they have no effect: {names}."
ONE_AT_A_TIME = "{server} tells one passage at a time, so these come one after another."

log = logging.getLogger("story_engine")


class NoDecoder:
    """Stands in the place of a model: nothing of a story is read here."""

    precision = rounding = ""
    row_cost, is_exact = 1.0, False

    def new_slot(self) -> _NoSlot:
        return _NoSlot()


class _NoSlot:
    """What this side keeps of a story between turns: nothing, since the server has read it."""

    nbytes = 4096  # it counts a little, so that not every story there ever was is listed
    ids: tuple[int, ...] = ()  # a cache that never holds anything


class RemoteEngine(StoryEngine):
    """Tells stories by a completions server; many threads may stream different stories at once.

    Everything of StoryEngine holds, except that the server samples: the same seed need not tell the same words again, and
    settings that it does not know have no effect, which `take_notices` says once for each story.
    """

    most_at_once = 128  # the servers' own queues say who waits; a page's process shows no more

    def __init__(self, client: Client, address: Address, dialect: Dialect, model: str, tokens: Tokens, context: int) -> None:
        window = ContextWindow(context, tokens.start, address.fingerprint(model))
        decoder: Any = NoDecoder()
        super().__init__(decoder, tokens.tokenizer, window, tokens.ends, model)
        self.ahead.close()  # the server reads a window when it is asked to go on
        self.client, self.dialect, self.model = client, dialect, model
        self._spelled_start = tokens.spelled if dialect.reads_marks else ""
        self._logged: set[str] = set()  # names that the log has
        self._notices: dict[str, list[StoryError]] = {}
        self._told: OrderedDict[str, set[str]] = OrderedDict()  # by story: what was said of
        self._lock = Lock()

    @classmethod
    def open(cls, name: str, patience: Patience | None = None) -> RemoteEngine:
        """The engine of an address, `openai:https://host/v1#NAME@TOKENIZER`; its key is in the environment.

        Raises:
            ModelError: the address is none, or no server answers there, or its tokens cannot be counted.
        """
        address, key = read_address(name), os.environ.get(KEY, "")
        if key and any(url.startswith("http://") for url in address.urls):
            log.warning("The key travels unencrypted, since an address begins with http://.")
        client = Client(address.urls, key, patience)
        try:
            found = probe(client, address)
            tokens = find_tokens(client, address, found)
            context = found.context or tokens.context
            if context is None:
                log.warning("The server does not say how much its model attends to: %d tokens are assumed.", DEFAULT_CONTEXT)
            return cls(client, address, found.dialect, found.model, tokens, context or DEFAULT_CONTEXT)
        except BaseException:
            client.close()
            raise

    def close(self) -> None:
        """End all requests; passages that are being told stop with an error."""
        super().close()
        self.client.close()

    def prefetch(self, story: Story, settings: Settings | None = None) -> None:
        """Does nothing: the server reads a window when it is asked to go on."""

    def prefill(self, ids: Sequence[int], slot: Slot, all_logits: bool = False, cancel: Event | None = None) -> Tensor:
        """Raises StoryError: a server gives no logits."""
        raise StoryError("A server elsewhere tells this story; its numbers cannot be seen here.")

    def take_notices(self, story: Story) -> list[StoryError]:
        """What a reader of this story has to know and was not told yet."""
        with self._lock:
            return self._notices.pop(story.uid, [])

    def score(self, before: Sequence[int], ids: Sequence[int], offered: int) -> list[tuple[float, dict[int, float]]]:
        """For each of `ids` behind the tokens `before`: its log-probability, and those of the `offered` likeliest tokens.

        Raises:
            StoryError: the server does not tell them.
        """
        return read_scores(self.client, self.dialect, self.model, _real([*before]), list(ids), offered)

    def _tell(self, turn: Turn) -> Generator[Piece, None, None]:
        """What a reader has to know can be taken before the first piece."""
        self._notice_unknown(turn.story, turn.settings)
        if len(turn.settings) > 1 and self.dialect.one_at_a_time:
            self._notice(turn.story, "one at a time", StoryError(ONE_AT_A_TIME, server=self.dialect.title))
        return self._tell_turn(turn)

    def _tell_turn(self, turn: Turn) -> Generator[Piece, None, None]:
        story, parent = turn.story, turn.story.current
        with self.slots.lease(story.uid):
            window, story.memory = self._fit(story, find_reserve(turn.settings[0], turn.wish))
            tellings = [self._begin_one(turn, settings, number) for number, settings in enumerate(turn.settings)]
            try:
                yield from self._follow(tellings, window, turn.cancel, story.uid)
            finally:
                begun = [telling for telling in tellings if telling.is_begun or telling.finish == "end"]
                if kept := [self._keep(telling, story, parent, window) for telling in begun]:  # type: ignore[arg-type]
                    story.go_to(kept[0])
                    self._make_room(story, begun[0].settings, window)

    def _begin_one(self, turn: Turn, settings: Settings, number: int) -> RemoteTelling:
        settings = give_seed(settings)
        kind, unwanted = GuardedRemoteTelling if settings.for_children else RemoteTelling, Unwanted(settings.unwanted)
        return kind(
            self.tokenizer,
            settings,
            before=turn.story.text(),
            prefix=self.tokenizer.decode(turn.prefix),
            ending=None if turn.ending is None else Ending(turn.ending, self.tokenizer, unwanted, settings.for_children),
            retries_loops=self.retries_loops,
            number=number,
            wish=turn.wish,
        )

    def _follow(self, tellings: list[RemoteTelling], window: Window, cancel: Event, story: str) -> Iterator[Piece]:
        """The pieces of all tellings, each by a request of its own, until all have ended or `cancel` is set.

        What a request brings is told here, in the reader's thread: after a stop nothing was told that was not also shown.
        """
        heard: SimpleQueue[tuple[int, int, Heard]] = SimpleQueue()
        open_requests: dict[int, tuple[int, Future[None]]] = {}

        def ask(number: int) -> None:
            turn = open_requests[number][0] + 1 if number in open_requests else 0
            close(number)
            put = partial(_put, heard, number, turn)
            open_requests[number] = turn, self._request(tellings[number], window, story, put)

        def close(number: int) -> None:
            if number in open_requests:
                open_requests.pop(number)[1].cancel()

        try:
            for number in range(len(tellings)):
                ask(number)
            while open_requests and not cancel.is_set():
                try:
                    number, turn, said = heard.get(timeout=STOP_LOOK)
                except Empty:
                    if heard.empty() and any(request.done() for _, request in open_requests.values()):
                        raise StoryError("The connection to the server was closed. The words so far are kept.") from None
                    continue
                if number not in open_requests or open_requests[number][0] != turn:
                    continue  # of a request that was closed
                if isinstance(said, StoryError):
                    raise said
                yield from tellings[number].take(said)
                if tellings[number].finish or tellings[number].left <= 0:
                    tellings[number].finish = tellings[number].finish or "length"
                    close(number)
                elif tellings[number].asks_anew:
                    ask(number)
        finally:
            for number in list(open_requests):
                close(number)

    def _request(self, telling: RemoteTelling, window: Window, story: str, put: Any) -> Future[None]:
        told, seed = telling.begin_request()
        wish, text = telling.wish, "".join(sentence.text for sentence in window.kept)
        request = Request(
            ids=tuple(_real([*(wish.join(window.ids, window) if wish else window.ids), *told])),
            text=self._spelled_start + (wish.join_texts(window) if wish else text) + telling.text,
            settings=telling.settings,
            max_tokens=telling.left,
            seed=seed,
            context=self.window.context_length,
            end_tokens=tuple(sorted(self.end_tokens)),
            min_tokens=telling.min_tokens,
            banned=telling.banned,
        )
        headers = dict.fromkeys(self.dialect.session_headers, story)
        body = self.dialect.write(request, self.model)
        return self.client.open(story, body, headers, put, alone=self.dialect.one_at_a_time)

    def _notice_unknown(self, story: Story, settings: Sequence[Settings]) -> None:
        """Say once for each story, and once in the log, which settings have no effect."""
        unknown = list(dict.fromkeys(name for one in settings for name in self.dialect.list_unknown(one)))
        if not unknown:
            return
        names = ", ".join(unknown)
        with self._lock:
            if names not in self._logged:
                log.warning("%s does not know these settings, which have no effect: %s.", self.dialect.title, names)
                self._logged.add(names)
        self._notice(story, names, StoryError(UNKNOWN, server=self.dialect.title, names=names))

    def _notice(self, story: Story, subject: str, notice: StoryError) -> None:
        """Say something once for each story; once more where it was quiet for longer than most."""
        with self._lock:
            told = self._told.setdefault(story.uid, set())
            self._told.move_to_end(story.uid)
            if subject not in told:
                self._notices.setdefault(story.uid, []).append(notice)
                told.add(subject)
            if len(self._told) > MOST_STORIES:
                self._notices.pop(self._told.popitem(last=False)[0], None)


def _put(heard: SimpleQueue[tuple[int, int, Heard]], number: int, turn: int, said: Heard) -> None:
    heard.put((number, turn, said))


def _real(ids: list[int]) -> list[int]:
    """The tokens that a server knows: without the place of a start token that its model has not."""
    return [token for token in ids if token != NO_TOKEN]


def load_remote(name: str, **how: str | None) -> RemoteEngine:
    """As `StoryEngine.load`; what concerns the model itself is up to the server.

    Raises:
        ModelError: as `RemoteEngine.open`, or a revision, device, precision or kernel is named.
    """
    if any(value not in (None, "auto") for value in how.values()):
        raise ModelError("A server elsewhere has its own revision, device, precision and kernel. Leave those flags out.")
    return RemoteEngine.open(name)


LOADERS[PREFIX] = load_remote
