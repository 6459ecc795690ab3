"""Cutting: a story's passages and notes as sentences that keep their tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from story_engine.context.window import LORE, NOTES, Sentence
from story_engine.model.tokenizer import StoryTokenizer
from story_engine.stories.input import write_notes
from story_engine.stories.lore import Lore, find_named
from story_engine.stories.story import Passage
from story_engine.text.sentences import ends_sentence, split_sentences


class Cutter:
    """Cuts text for one model; a sentence of more than `longest_sentence` tokens comes in parts."""

    def __init__(self, tokenizer: StoryTokenizer, longest_sentence: int) -> None:
        self._vocabulary, self._longest = tokenizer, longest_sentence
        self._cut_passage = lru_cache(maxsize=20_000)(self._cut)

    def cut_path(self, path: Iterable[Passage]) -> list[Sentence]:
        """The sentences of a story's path, each with its tokens, made once for every passage.

        Where a passage completed a word, its first tokens stand in place of the last ones of the passage before.
        """
        passages = list(path)
        joints = ["", *map(self._find_joint, passages, passages[1:]), ""]
        return [
            sentence
            for number, passage in enumerate(passages)
            for sentence in self._cut_passage(passage, joints[number], joints[number + 1])
        ]

    def _find_joint(self, passage: Passage, following: Passage) -> str:
        """The end of a passage that the first tokens of the following one say again; mostly there is none.

        A passage that came to the end at once has no sentence, so what it says again stays where it was.
        """
        size = following.receipt.healed if following.receipt and following.text else 0
        if not 0 < size <= len(passage.text):
            return ""
        joint = passage.text[-size:]
        is_cut_so = self._gives(following.tokens, joint + following.text) and self._count_tail(passage, joint)
        return joint if is_cut_so else ""

    def _count_tail(self, passage: Passage, joint: str) -> int:
        """The last tokens of a passage that say exactly `joint`; 0 where its tokens are cut otherwise."""
        ids = [token for sentence in self._cut_passage(passage, "", "")[-1:] for token in sentence.ids]
        pieces = list(self._vocabulary.stream(ids))
        said = ""
        for count, piece in enumerate(reversed(pieces), 1):
            said = piece + said
            if len(said) >= len(joint):
                return count if said == joint else 0
        return 0

    def cut_notes(self, lines: Sequence[str]) -> list[Sentence]:
        """A reader's notes as sentences of no passage; a line is kept whole or not at all."""
        written = write_notes(lines)
        return [Sentence((NOTES, number), text, tuple(self._vocabulary.encode(text))) for number, text in enumerate(written)]

    def cut_lore(self, lore: Sequence[Lore], path: Sequence[Passage]) -> list[Sentence]:
        """The entries that the last passages of a path name, as sentences of no passage, the one named last first."""
        named = find_named(lore, [passage.text for passage in path])
        texts = write_notes([lore[number].text for number, _ in named])
        return [
            Sentence((LORE, number), text, tuple(self._vocabulary.encode(text)))
            for (number, _), text in zip(named, texts, strict=True)
        ]

    def _cut(self, passage: Passage, joint: str, next_joint: str) -> tuple[Sentence, ...]:
        """`joint` is the text before that the passage's tokens begin with, `next_joint` its end that the next ones say."""
        texts = split_sentences(passage.text)
        if self._gives(passage.tokens, joint + passage.text):
            parts = self._vocabulary.deal_out(passage.tokens, [joint + texts[0], *texts[1:]] if texts else [])
        else:
            parts = self._vocabulary.encode_parts(texts, is_first=passage.parent is None)
        if next_joint:
            parts[-1] = parts[-1][: -self._count_tail(passage, next_joint)]
        sentences: list[Sentence] = []
        for number, (text, ids) in enumerate(zip(texts, parts, strict=True)):
            behind = texts[number + 1] if number + 1 < len(texts) else ""
            breaks_line = "\n" in behind[: len(behind) - len(behind.lstrip())] or text.endswith("\n")
            slices = [ids[start : start + self._longest] for start in range(0, len(ids), self._longest)] or [()]
            for place, piece in enumerate(slices):
                is_last = place == len(slices) - 1
                sentences.append(
                    Sentence(
                        key=(passage.id, len(sentences)),
                        text=text if len(slices) == 1 else self._vocabulary.decode(piece),
                        ids=piece,
                        ends_sentence=is_last and (bool(behind) or ends_sentence(text)),
                        ends_paragraph=is_last and breaks_line,
                    )
                )
        return tuple(sentences)

    def _gives(self, ids: Sequence[int], text: str) -> bool:
        """Whether ids, of a save file perhaps, are this tokenizer's and give these very words."""
        return bool(ids) and max(ids) < self._vocabulary.size and self._vocabulary.decode(ids) == text
