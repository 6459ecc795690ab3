"""Streaming: the words arrive whole, stop when asked, end when they end, and never cost the reader his own."""

import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from story_engine import InputError, Settings, Story, StoryError

SAY = ' He saw a red kite. Mia said, "Look!" They ran to the park.'

ROOT = Path(__file__).parent.parent


def tell(engine, story, **options) -> str:
    text = options.pop("text", None)
    return "".join(
        piece.text for piece in engine.stream(story, Settings(**{"temperature": 0, "repetition_penalty": 1} | options), text)
    )


def test_the_stream_is_the_passage_and_carries_a_receipt(scripted):
    engine, story = scripted(SAY + "<end>"), Story("Tom went out.")
    assert tell(engine, story, seed=5) == SAY
    last = story.last()
    assert (last.text, last.author, last.finish) == (SAY, "model", "end")
    assert last.receipt.settings.seed == 5
    assert last.receipt.model == "scripted"
    assert engine.tokenizer.decode(last.tokens) == SAY


def test_a_seed_that_was_not_given_is_drawn_and_kept_in_the_receipt(engine):
    stories = [Story("Once upon a time") for _ in range(2)]
    for story in stories:
        list(engine.stream(story, Settings(max_new_tokens=20)))
    seeds = [story.last().receipt.settings.seed for story in stories]
    assert seeds[0] != seeds[1]
    again = Story("Once upon a time")
    list(engine.stream(again, stories[0].last().receipt.settings))
    assert again.text() == stories[0].text()


def test_the_readers_words_join_first(scripted):
    engine, story = scripted(SAY + "<end>"), Story("Tom went out.")
    tell(engine, story, text="It was  sunny. ")
    assert [passage.author for passage in story.path()] == ["reader", "reader", "model"]
    assert story.text() == "Tom went out. It was  sunny." + SAY


def test_a_passage_never_exceeds_its_length(engine):
    for length in (1, 2, 17):
        story = Story("Once upon a time")
        list(engine.stream(story, Settings(max_new_tokens=length, seed=length)))
        assert len(story.last().tokens) <= length


def test_near_its_length_a_passage_stops_at_a_sentence_but_not_inside_a_speech(scripted):
    engine = scripted(' He said, "Yes. No. Yes. No." He ran. He ran off far away and never came back home.')
    story = Story("Tom went out.")
    tokens = len(engine.tokenizer.encode(' He said, "Yes. No. Yes. No." He ran.'))
    tell(engine, story, max_new_tokens=tokens + 2)
    assert (story.last().text, story.last().finish) == (' He said, "Yes. No. Yes. No." He ran.', "sentence")


@pytest.mark.parametrize("after", range(0, 12))
def test_stopping_at_any_token_keeps_exactly_the_words_shown(scripted, after):
    engine, story, cancel = scripted(SAY), Story("Tom went out."), threading.Event()
    shown, count = "", 0
    if after == 0:
        cancel.set()
    for piece in engine.stream(story, Settings(temperature=0, repetition_penalty=1), cancel=cancel):
        shown += piece.text
        count += piece.token is not None
        if count == after:
            cancel.set()
    assert story.text() == "Tom went out." + shown
    assert count == after
    if after:
        assert story.last().finish == "stopped"
    assert tell(engine, story)  # the next request works


def test_closing_the_stream_keeps_the_words_shown(scripted):
    engine, story, shown = scripted(SAY), Story("Tom went out."), ""
    stream = engine.stream(story, Settings(temperature=0, repetition_penalty=1))
    for _ in range(8):
        shown += next(stream).text
    stream.close()
    assert story.text() == "Tom went out." + shown
    assert engine.slots.writers == 0


def test_a_stop_while_the_window_is_read_takes_effect_within_two_chunks(scripted):
    engine, cancel = scripted(SAY), threading.Event()
    story = Story(("Tom had a ball. " * 300).strip())
    stream = engine.stream(story, Settings(), text="And then", cancel=cancel)
    assert next(stream).read > 0
    reads = engine.decoder.reads
    cancel.set()
    list(stream)
    assert engine.decoder.reads <= reads + 1
    assert story.last().text == " And then"  # the reader's words are kept


def test_half_a_character_is_neither_shown_nor_kept(scripted):
    engine, story = scripted(" 🙂🙂🙂🙂"), Story("Tom went out.")
    lengths = {len(tell(engine, story, max_new_tokens=length)) for length in range(1, 9)}
    assert lengths
    for passage in story.passages:
        assert "\ufffd" not in passage.text
        assert not passage.tokens or passage.text.strip(" 🙂") in ("", "Tom went out.")


def test_a_failing_model_keeps_the_words_and_the_next_request_works(scripted):
    engine, story = scripted(" He saw a<fail>"), Story("Tom went out.")
    with pytest.raises(StoryError, match="try again"):
        tell(engine, story)
    assert story.text() == "Tom went out. He saw a"
    assert engine.slots.writers == 0
    with pytest.raises(StoryError, match="try again"):
        tell(engine, story)


@pytest.mark.parametrize(
    ("story", "options", "text"),
    [
        (Story(), {}, None),
        (Story(), {}, "   "),
        (Story("Tom"), {}, "x" * 1_000_000),
        (Story("Tom"), {}, "\udc80"),
        (Story("Tom"), {}, 17),
        (Story("Tom"), {"max_new_tokens": 1000}, "more"),
    ],
)
def test_bad_input_is_refused_before_anything_changes(scripted, story, options, text):
    engine, before = scripted(SAY, context=512), story.text()
    with pytest.raises(InputError):
        engine.stream(story, Settings(**options), text)
    assert story.text() == before
    assert engine.decoder.reads == 0


def test_a_story_has_one_writer_at_a_time(scripted):
    engine, story = scripted(SAY), Story("Tom went out.")
    stream = engine.stream(story)
    next(stream)
    with pytest.raises(InputError, match="being written"):
        engine.stream(story, text="More")
    stream.close()


def test_turns_read_only_what_is_new(scripted):
    engine, story = scripted(SAY + "<end>"), Story("Tom went out. " * 20)
    slots = []
    read = engine.decoder.prefill
    engine.decoder.prefill = lambda ids, slot, every: slots.append(len(ids)) or read(ids, slot, every)
    tell(engine, story)
    whole = max(slots)
    slots.clear()
    tell(engine, story, text="And then?")
    assert max(slots) < whole / 4
    slots.clear()
    story.undo()
    tell(engine, story)
    assert sum(slots[:1]) < whole / 4


def overflow(engine, story, **options) -> None:
    """Turns until the next one would not fit, so that the window was made ready for it."""
    entries = len(story.memory.ledger)
    while len(story.memory.ledger) == entries:
        tell(engine, story, text="Then Mia saw a red kite in the park.", **options)


def test_after_forgetting_the_window_is_read_while_the_reader_reads(scripted):
    engine, story = scripted(SAY, context=512), Story("Tom went out.")
    read, reads = engine.decoder.prefill, []
    overflow(engine, story, max_new_tokens=60)
    assert engine.ahead.wait(10)
    engine.decoder.prefill = lambda ids, slot, every: reads.append(len(ids)) or read(ids, slot, every)
    words = "And then they went home."
    tell(engine, story, text=words, max_new_tokens=60)
    assert reads[0] <= len(engine.tokenizer.encode(" " + words)) + 1
    assert len(reads) == 1


def test_a_reader_who_does_not_wait_is_served_at_once_and_reads_the_same(scripted):
    quick, slow = (scripted(SAY, context=512, delay=delay) for delay in (0.0, 0.02))
    stories = [Story("Tom went out."), Story("Tom went out.")]
    for engine, story in zip((quick, slow), stories, strict=True):
        overflow(engine, story, max_new_tokens=20, seed=1)
    assert quick.ahead.wait(10)
    begun = time.monotonic()
    stream = slow.stream(stories[1], Settings(max_new_tokens=20, seed=1), text="And then")
    assert time.monotonic() - begun < 1
    list(stream)
    list(quick.stream(stories[0], Settings(max_new_tokens=20, seed=1), text="And then"))
    assert stories[0].text() == stories[1].text()
    assert stories[0].memory == stories[1].memory


def test_reading_ahead_waits_while_another_story_is_written(scripted):
    engine, full, other = scripted(SAY, context=512, delay=0.002), Story("Tom went out."), Story("Mia went out.")
    stream = engine.stream(other, Settings(max_new_tokens=200))
    next(stream)
    overflow(engine, full, max_new_tokens=20)
    assert not engine.ahead.wait(0.2)
    stream.close()
    assert engine.ahead.wait(10)


def test_turns_at_the_model_are_taken_in_order(scripted):
    """Two slow stories: neither runs away. A thread that wakes late misses a turn or two; a lock that starves misses all."""
    engine, order = scripted(SAY, delay=0.003), []
    barrier = threading.Barrier(2)

    def write(name):
        barrier.wait()
        for piece in engine.stream(Story("Tom went out."), Settings(max_new_tokens=30)):
            if piece.token is not None:
                order.append(name)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    middle = order[4:40]
    assert max(len(run) for run in "".join("x" if a == b else "|" for a, b in pairwise(middle)).split("|")) <= 8


def test_forty_turns_of_six_thousand_tokens_never_exceed_the_window(engine_taught):
    """A model, driven far past its window, with words of a reader's in between."""
    engine, story = engine_taught, Story("Once upon a time, there was a little girl named Lily. She had a red kite.")
    reader = [
        "Then Lily saw a big dog. " * 8,
        "The next day, they went to the park.",
        None,
        '"Where is my kite?" asked Lily. ' * 6,
    ]
    total, turn, forgotten = 0, 0, 0
    while turn < 40 or total < 6000:
        before = story.current
        list(engine.stream(story, Settings(max_new_tokens=120, seed=turn), text=reader[turn % 4]))
        last, turn = story.last(), turn + 1
        written = story.path()[[passage.id for passage in story.path()].index(before) + 1 :]
        total += sum(len(engine.tokenizer.encode(passage.text)) for passage in written)
        assert last.receipt.window_tokens + 120 < 2048
        window = engine.window_of(story)
        assert story.path()[0].text.startswith("".join(s.text for s in window.kept[:2]))
        forgotten = max(forgotten, last.receipt.forgotten)
    in_ledger = {key for entry in story.memory.ledger if entry.kind == "forgotten" for key in entry.sentences}
    assert in_ledger == story.memory.forgotten
    assert forgotten > 0


def test_a_program_may_end_while_the_engine_reads_ahead(tiny_folder):
    """A script that leaves in mid-reading ends as scripts do: the thread finishes its chunk first."""
    script = f"""
import time
from story_engine import Settings, Story, StoryEngine
engine = StoryEngine.load({str(tiny_folder)!r})
read = engine.decoder.prefill
engine.decoder.prefill = lambda *given: (time.sleep(0.02), read(*given))[1]
story = Story("Tom had a ball.")
while not engine.ahead.is_reading:
    list(engine.stream(story, Settings(max_new_tokens=24), text="He ran to the big park and saw Mia there."))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_story_ends_where_the_model_would_begin_another(scripted):
    engine, story, shown = (
        scripted(" He went home. They were happy.\n\nOnce upon a time Mia had a kite."),
        Story("Tom went out."),
        "",
    )
    for piece in engine.stream(story, Settings(temperature=0, repetition_penalty=1)):
        shown = piece.follow(shown)
    assert shown == story.last().text == " He went home. They were happy."
    assert story.last().finish == "end"


def test_a_passage_cannot_open_with_another_beginning(engine_taught):
    """After an end, where the model likes to begin anew; greedy, with and without the reader's words."""
    story = Story("Once upon a time, there was a little cat. The end.")
    for text in (None, None, "Then it was night.\n"):
        list(engine_taught.stream(story, Settings(temperature=0, max_new_tokens=30), text=text))
        assert not story.last().text.strip().startswith("Once upon")
