"""Many readers at once: nobody's words are lost, doubled or another's, and who stops or leaves sets the model free."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from playground.actions import Actions
from playground.engines import Engines
from playground.visit import Live, View, Visit
from story_engine import Library, Settings, Story, StoryEngine, StoryError

READERS, VANISHING = 50, 20
LONG = "Tom ran to the park. " * 150
SHORT = Settings(max_new_tokens=24, temperature=1.2)


def follow(engine: StoryEngine, number: int, vanishes: bool = False) -> tuple[str, str]:
    """The words that a reader is shown, and those in their story."""
    story, shown, got = Story(f"Reader {number} had a kite."), "", 0
    stream = engine.stream(story, Settings(**{**SHORT.to_dict(), "seed": number}))
    for piece in stream:
        shown, got = piece.follow(shown), got + 1
        if vanishes and got > 4:
            stream.close()
            break
    last = story.last()
    return shown, last.text if last and last.author == "model" else ""


def test_fifty_readers_of_whom_twenty_vanish_and_each_reads_their_own_story(engine):
    alone = [follow(engine, number) for number in range(READERS)]
    with ThreadPoolExecutor(READERS) as pool:
        jobs = [pool.submit(follow, engine, number, number < VANISHING) for number in range(READERS)]
        together = [job.result(120) for job in jobs]
    assert together[VANISHING:] == alone[VANISHING:]
    assert len({shown for shown, _ in together[VANISHING:]}) > 1
    for (shown, kept), (whole, _) in zip(together[:VANISHING], alone, strict=False):
        assert shown == kept
        assert whole.startswith(shown)
    assert engine.slots.writers == 0


def test_after_a_vanished_reader_the_model_works_at_most_two_more_steps(scripted):
    engine = scripted(" He ran to the park.", delay=0.01)
    decoder = engine.decoder
    for _ in range(20):
        stream = engine.stream(Story("Tom."), SHORT)
        for _ in range(4):
            next(stream)
        reads = decoder.reads
        stream.close()
        time.sleep(0.05)
        assert decoder.reads - reads <= 2
        assert engine.slots.writers == 0


@pytest.mark.parametrize("is_reading", [True, False])
def test_after_stop_the_model_works_at_most_two_more_steps(scripted, is_reading):
    """Also while a long text is read; at 0.1 s a step, which a large model may take, that is less than 0.5 s."""
    engine, text = scripted(" He ran.", delay=0.004, context=2048), LONG if is_reading else "Tom ran to the park."
    for _ in range(25):
        cancel, seen = threading.Event(), 0
        stream = engine.stream(Story(text), SHORT, cancel=cancel)
        for piece in stream:
            seen += 1
            if seen == 3:
                assert bool(piece.read) == is_reading
                cancel.set()
                reads = engine.decoder.reads
        assert engine.decoder.reads - reads <= 2
    assert list(engine.stream(Story("Mia."), SHORT))


@pytest.mark.parametrize("is_told", [True, False])
def test_a_stop_does_not_wait_for_what_others_have_read(scripted, is_told):
    """The model is in the midst of another's long text, and has all the time in the world."""
    engine, is_held, release, cancel = scripted(" He ran."), threading.Event(), threading.Event(), threading.Event()
    read = engine.decoder.prefill

    def hold(ids, slot, every=False) -> torch.Tensor:
        if len(ids) > 64:
            is_held.set()
            release.wait(60)
        return read(ids, slot, every)

    engine.decoder.prefill = hold
    mine, theirs = (engine.stream(Story(text), SHORT, cancel=own) for text, own in (("Tom.", cancel), (LONG, None)))
    for _ in range(4 if is_told else 0):
        next(mine)
    readers = [threading.Thread(target=list, args=(stream,)) for stream in (theirs, mine)]
    readers[0].start()
    assert is_held.wait(20)
    readers[1].start()
    time.sleep(0.05)
    cancel.set()
    readers[1].join(5)
    was_stopped = not readers[1].is_alive()
    release.set()
    for reader in readers:
        reader.join(20)
    assert was_stopped
    assert list(engine.stream(Story("Mia."), SHORT))


class Echo:
    """Stands in for a model that says again, token by token, what it has read; so that it tells what is in a slot."""

    def __init__(self, engine: StoryEngine) -> None:
        self._end = 0
        engine.decoder.prefill, engine.decoder.step = self.prefill, self.step
        self._size = engine.tokenizer.size

    def say(self, slot) -> torch.Tensor:
        row = torch.full((self._size,), -30.0)
        told = len(slot.ids) - slot.begun
        row[slot.ids[1 + told] if 1 + told < slot.begun else self._end] = 30.0
        return row

    def prefill(self, ids, slot, all_logits=False) -> torch.Tensor:
        slot.ids.extend(ids)
        slot.begun = len(slot.ids)
        return self.say(slot)

    def step(self, tokens, slots) -> torch.Tensor:
        for token, slot in zip(tokens, slots, strict=True):
            slot.ids.append(token)
        return torch.stack([self.say(slot) for slot in slots])


def words_of(views: Iterator[View | Live]) -> tuple[str, str]:
    """All that travels to a page, and the story's number."""
    seen, uid = [], ""
    for view in views:
        seen += [view.html, view.text] if isinstance(view, Live) else [view.book, view.title, view.meter, view.tree]
        uid = view.story if isinstance(view, View) else uid
    return " ".join(seen), uid


def test_of_a_thousand_turns_none_holds_another_readers_words(scripted, tmp_path):
    """Each story has a word of its own, and the model tells again whatever it finds in its slot."""
    engine = scripted("")
    Echo(engine)
    engine.slots.max_bytes = 0  # every turn finds slots that others have just left
    actions, readers, turns = Actions(Engines(engine, engine.name), Library(tmp_path)), 20, 50
    greedy = Settings(max_new_tokens=12, temperature=0.0, repetition_penalty=1.0)

    def read(number: int) -> list[str]:
        own, visit, seen = f"canary{number:02}end", Visit(), []
        for turn in range(turns):
            act = actions.go_on(visit, f"{own}.", greedy) if turn % 10 else actions.start(visit, f"{own}.", greedy)
            words, uid = words_of(act)
            visit = Visit(story=uid)
            seen.append(words)
            assert own in words
        return seen

    with ThreadPoolExecutor(readers) as pool:
        told = list(pool.map(read, range(readers)))
    assert sum(map(len, told)) == 1000
    for number, seen in enumerate(told):
        said = " ".join(seen)
        assert not [other for other in range(readers) if other != number and f"canary{other:02}end" in said]


@pytest.mark.parametrize("fault", [torch.nan, torch.inf, "raise"])
def test_a_fault_at_the_tenth_token_keeps_the_words_and_the_next_request_works(scripted, tmp_path, fault, monkeypatch):
    engine = scripted(" He saw a red kite. They ran to the park. Mia was happy.")
    actions, say, told = Actions(Engines(engine, engine.name), Library(tmp_path)), engine.decoder.say, []

    def fail(ids, slot):
        told.append(ids)
        if len(told) == 10 and fault == "raise":
            raise RuntimeError("the device is gone")
        return say(ids, slot) * (fault if len(told) == 10 else 1)

    monkeypatch.setattr(engine.decoder, "say", fail)
    views = actions.start(Visit(), "Tom went out.", SHORT)
    visit = Visit(story=next(views).story)
    with pytest.raises((StoryError, RuntimeError)):
        list(views)
    story = actions.find(visit).story
    assert story.text().startswith("Tom went out. He s")
    assert Library(tmp_path).open(story.uid).story.text() == story.text()
    list(actions.go_on(visit, "", SHORT))
    assert len(story.passages) == 3
