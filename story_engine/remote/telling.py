"""A passage as a server tells it: its text as it comes, where it has to end, and where the server is to be asked anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import torch

from story_engine.errors import StoryError
from story_engine.generation.ending import Ending
from story_engine.generation.loops import ROUNDS, count_round, find_loop
from story_engine.generation.opener import MIN_TOKENS, Opener
from story_engine.generation.paragraphs import is_break_foreign
from story_engine.generation.piece import Piece
from story_engine.generation.telling import BEGINNING, SOFT_END
from story_engine.generation.unwanted import Unwanted
from story_engine.generation.wishing import Wish
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.remote.events import Delta
from story_engine.settings import Settings
from story_engine.stories.story import Finish
from story_engine.text.sentences import ends_sentence, is_round

MOST_REFUSALS = 8  # times that an unwanted word is taken back, before the passage ends in front of it
_PIECES = re.compile(r"\n|[^\S\n]*\S+|[^\S\n]+")  # a line break, or a word with the space before it
_LAST_WORD = re.compile(r"\s*\S*\Z")
_HIGH = re.compile("[\ud800-\udbff]\\Z")  # the first half of a character that JSON wrote in two


class RemoteTelling:
    """One passage as far as a server has told it.

    The rules are those of `generation.Telling`, on text instead of logits: loops are taken back once, a foreign beginning
    ends the passage, a long one stops at a sentence, an ending is led in, an unwanted word is never said. Where the words
    have to go another way than the server's, `asks_anew` is set, and the server is to be asked to go on behind `text`.
    """

    def __init__(
        self,
        tokenizer: StoryTokenizer,
        settings: Settings,
        *,
        before: str,
        prefix: str = "",
        ending: Ending | None = None,
        retries_loops: bool = True,
        number: int = 0,
        wish: Wish | None = None,
    ) -> None:
        self.settings, self.ending, self.number, self.wish, self._before = settings, ending, number, wish, before
        self.text, self.loops, self.asks_anew = "", 0, False
        self.taken = ""  # a word that the reader left unfinished stays as it is
        self.finish: Finish = ""
        self.banned: tuple[int, ...] = ()
        self._no_end_before = MIN_TOKENS if prefix else 0
        self._vocabulary, self._special, self._unwanted = tokenizer, tokenizer.special, Unwanted(settings.unwanted)
        self._generator = torch.Generator().manual_seed(settings.seed or 0)
        self._retries, self._requests, self._refusals, self._count, self._half = int(retries_loops), 0, 0, 0, ""
        self._pieces: list[str] = []
        self._ids: list[int] = []  # as the server sampled them, where it gives them
        self._flat = np.zeros(1, np.float32)
        self._unasked = len(tokenizer.encode(prefix)) if prefix else 0  # tokens that the length does not count
        if prefix:
            self.text = prefix + self._choose_opener()
            self._ids = tokenizer.encode(self.text)
        self._opened = len(self.text)

    @property
    def told(self) -> str:
        """The text that joins the story."""
        return self.text

    @property
    def is_begun(self) -> bool:
        """Whether the server itself has said anything."""
        return len(self.text) > self._opened

    @property
    def left(self) -> int:
        """Tokens that the length still allows."""
        return self.settings.max_new_tokens - self._count

    @property
    def whole_tokens(self) -> list[int]:
        """The tokens as they were sampled, where they give the text; nothing otherwise."""
        ids = list(self._ids)
        while ids and len(text := self._vocabulary.decode(ids)) >= len(self.text):
            if text == self.text:
                return ids
            ids.pop()
        return []

    @property
    def shown(self) -> str:
        """The text, once it is more than what opens it unasked."""
        return self.text if self.is_begun else ""

    @property
    def min_tokens(self) -> int:
        """Tokens of the next request before which the story may not end again."""
        return max(0, self._no_end_before - len(self._ids))

    def begin_request(self) -> tuple[list[int], int]:
        """The tokens of the text so far, and a seed: another one for each request, or the same words would come again."""
        self._ids = self.whole_tokens or self._vocabulary.encode(self.text)
        self._count = len(self._ids) - self._unasked
        self.asks_anew, self._half = False, ""
        self._requests += 1
        return list(self._ids), (self.settings.seed or 0) + self._requests - 1

    def take(self, delta: Delta) -> Iterator[Piece]:
        """What a delta adds, piece by piece; stops where the passage ends, or where the server is to be asked anew.

        Raises:
            StoryError: the passage ended for a reason that is none of ours.
        """
        self._ids += [token for token in delta.tokens if token not in self._special]
        self._count += len(delta.tokens) or bool(delta.text)
        for piece in _PIECES.findall(self._join(delta.text)):
            shown = self.shown
            self._say(piece)
            if self.shown != shown:
                same = _count_same(shown, self.shown)
                token = delta.tokens[0] if len(delta.tokens) == 1 else None
                yield Piece(self.shown[same:], token, back=len(shown) - same, telling=self.number)
            if self.finish or self.asks_anew:
                return
        if delta.finish and not self.finish:
            self._end(delta.finish)

    def _join(self, text: str) -> str:
        """The text in whole characters: halves that JSON wrote apart come together, bytes of no character are left out."""
        text, self._half = self._half + text, ""
        if half := _HIGH.search(text):
            text, self._half = text[:-1], half.group()
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return text.replace("\ufffd", "")

    def _say(self, piece: str) -> None:
        if self._ends_before(piece):
            return
        if self._unwanted and self._unwanted.is_said(self._before + self.text, piece):
            self._refuse(piece)
            return
        self.text += piece
        self._pieces.append(piece)
        if self._retries:
            self._take_back_loop()

    def _ends_before(self, piece: str) -> bool:
        """Whether the passage ends here, or is led another way, so that the piece is not said."""
        if self.text.endswith("\n") and (re.match(rf"\s*{BEGINNING}\b", piece) or is_break_foreign(self._before, self.text)):
            self.text, self.finish = self.text.rstrip(), "end"
        elif not piece[:1].isspace() or not is_round(self.text):
            return False
        elif self.ending and self.ending.is_reached(self.text):
            self.finish = "end"
        elif words := self._choose_closer():
            self.text += words
            self._pieces.append(words)
            self.asks_anew = True
        elif self._count >= SOFT_END * self.settings.max_new_tokens:
            self.finish = "sentence"
        return bool(self.finish) or self.asks_anew

    def _choose_closer(self) -> str:
        """The words that turn to the end, once the ending is near; each is as likely, since a server is not asked for it."""
        if self.ending is None:
            return ""
        ids = []
        while (token := self.ending.choose(self.text, _Flat(), self._generator)) is not None:  # type: ignore[arg-type]
            ids.append(token)
        return self._vocabulary.decode(ids)

    def _choose_opener(self) -> str:
        opener, ids = Opener(self._vocabulary, self._before, self._generator, self._unwanted), []
        while (token := opener.choose("", self._flat, self._generator)) is not None:
            ids.append(token)
        return self._vocabulary.decode(ids)

    def _refuse(self, piece: str) -> None:
        """Go back to before the word that the piece would complete; its first token cannot be drawn again."""
        start = _LAST_WORD.search(self.text).start() if not piece[:1].isspace() else len(self.text)  # type: ignore[union-attr]
        start = max(start, self._opened)
        self._ban(self.text[start:] + piece)
        self._rewind(start)
        self._refusals += 1
        if self._refusals >= MOST_REFUSALS:
            self.asks_anew, self.finish = False, "stopped"

    def _take_back_loop(self) -> None:
        """Go back to where a loop began, if the passage has just closed one."""
        start = None
        if size := count_round(self._pieces):  # type: ignore[arg-type]
            start = len(self.text) - sum(map(len, self._pieces[-size * (ROUNDS - 1) :]))
        elif ends_sentence(self.text):
            start = find_loop(self.text)
        if start is not None and start >= self._opened:
            self._retries, self.loops = self._retries - 1, self.loops + 1
            self._ban(self.text[start:])
            self._rewind(start)

    def _ban(self, text: str) -> None:
        self.banned = (*self.banned, *self._vocabulary.encode(text)[:1])

    def _rewind(self, start: int) -> None:
        self.text, self.asks_anew = self.text[:start], True
        while self._pieces and sum(map(len, self._pieces)) > start - self._opened:
            self._pieces.pop()

    def _end(self, reason: str) -> None:
        if reason not in ("stop", "length"):
            raise StoryError("The server ended the passage ({reason}). Your story is kept.", reason=reason)
        self.finish = "end" if reason == "stop" else "length"


class _Flat:
    """Logits that make all choices equally likely, however large the vocabulary is."""

    def __getitem__(self, places: Sequence[int]) -> np.ndarray:
        return np.zeros(len(places), np.float32)


def _count_same(a: str, b: str) -> int:
    """Characters that two texts begin with alike."""
    if b.startswith(a):
        return len(a)
    return next((place for place, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))
