"""Many stories at one model: steps are shared, nobody is starved, and nobody's words depend on who else is there."""

import gc
import threading
import time
from types import SimpleNamespace

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from story_engine import InputError, Settings, Story, StoryEngine, StoryError
from story_engine.model.kv_cache import Slot
from story_engine.serving import scheduler as scheduler_module
from story_engine.serving.scheduler import CHUNK, SHORTEST_CHUNK, Scheduler

SAY = ' He saw a red kite. Mia said, "Look!" They ran to the park.'


@pytest.fixture(scope="module", params=["float32", "int8"])
def engine_at(request, taught_folder) -> StoryEngine:
    """A model in all ways in which no row of a step depends on the others, bit for bit."""
    return StoryEngine.load(str(taught_folder), precision=request.param, kernel="on")


def make_slot(engine: StoryEngine) -> Slot:
    return Slot(engine.decoder.config, engine.decoder.cache_dtype, engine.decoder.device)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_row_of_a_step_is_what_the_story_gets_alone(engine_at, data):
    """Stories of any length that join, leave, and are cut back between two steps, against each one read by itself."""
    token, read = st.integers(1, 290), engine_at.decoder.prefill
    together, alone = [], []
    for _ in range(data.draw(st.integers(2, 6))):
        ids = data.draw(st.lists(token, min_size=2, max_size=30))
        pair = make_slot(engine_at), make_slot(engine_at)
        for slot in pair:
            read(ids, slot)
        together.append(pair[0])
        alone.append(pair[1])
    for _ in range(4):
        chosen = data.draw(st.lists(st.integers(0, len(together) - 1), min_size=1, unique=True))
        tokens = [data.draw(token) for _ in chosen]
        rows = engine_at.decoder.step(tokens, [together[number] for number in chosen])
        for row, drawn, number in zip(rows, tokens, chosen, strict=True):
            assert torch.equal(row, read([drawn], alone[number]))
            assert together[number].ids == alone[number].ids
        cut = data.draw(st.integers(0, len(together) - 1))
        for slot in (together[cut], alone[cut]):
            slot.crop(max(1, len(slot.ids) - 3))


def write_all(engine: StoryEngine, stories: list[Story], options: list[Settings]) -> None:
    threads = [
        threading.Thread(target=lambda s=story, o=option: list(engine.stream(s, o)))
        for story, option in zip(stories, options, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_eight_readers_share_steps_and_each_gets_his_own_story(engine_at):
    options = [Settings(max_new_tokens=20 + 5 * seed, seed=seed, temperature=1.0) for seed in range(8)]
    alone, together = ([Story("Once upon a time") for _ in options] for _ in range(2))
    step, widths = engine_at.decoder.step, []
    engine_at.decoder.step = lambda tokens, slots: widths.append(len(slots)) or step(tokens, slots)
    try:
        for story, option in zip(alone, options, strict=True):
            list(engine_at.stream(story, option))
        rows_alone = sum(widths)
        widths.clear()
        write_all(engine_at, together, options)
    finally:
        engine_at.decoder.step = step
    assert [story.text() for story in together] == [story.text() for story in alone]
    assert len({story.text() for story in together}) == 8
    # A story that is alone speculates, which costs rows: at the end, when the others are done.
    assert sum(len(story.last().tokens) for story in together) - 8 <= sum(widths) <= rows_alone
    assert len(widths) < sum(widths) / 2


def test_the_length_of_a_chunk_changes_no_word(engine_at, monkeypatch):
    text, told = "Once upon a time, Tom had a ball. " * 60, []
    for chunk in (SHORTEST_CHUNK, CHUNK):
        monkeypatch.setattr(scheduler_module, "READING", 100.0 if chunk == CHUNK else 0.0)
        engine_at.scheduler.prefill(range(1, 1 + SHORTEST_CHUNK), make_slot(engine_at))
        assert engine_at.scheduler.chunk == chunk
        story = Story(text)
        list(engine_at.stream(story, Settings(max_new_tokens=20, seed=3, temperature=1.0)))
        told.append(story.text())
    assert told[0] == told[1] != text


@pytest.mark.parametrize(
    ("is_exact", "rate", "chunk"), [(True, 100, 16), (True, 700, 64), (True, 9000, 128), (False, 100, 128)]
)
def test_a_chunk_takes_a_tenth_of_a_second_where_its_length_is_free(monkeypatch, is_exact, rate, chunk):
    clock = [0.0]
    monkeypatch.setattr(scheduler_module, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    class Model:
        def prefill(self, ids, slot, all_logits=False):
            clock[0] += len(ids) / rate
            return torch.zeros(1)

    Model.is_exact = is_exact
    scheduler = Scheduler(Model())
    scheduler.prefill(range(32), object())
    scheduler.prefill(range(2), object())  # too short to tell a rate
    assert scheduler.chunk == chunk


class SlowModel:
    """Says which requests it got, in their order; a token of 13 makes it fail."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []

    def step(self, tokens, slots):
        time.sleep(0.005)
        self.calls.append(list(tokens))
        if 13 in tokens:
            raise RuntimeError("no such token")
        return torch.tensor(tokens, dtype=torch.float32)[:, None]

    def prefill(self, ids, slot, all_logits=False):
        time.sleep(0.005)
        self.calls.append(list(ids))
        return torch.zeros(1)


def test_a_long_text_is_read_between_the_steps_of_others():
    """Neither waits for the other to end: chunks and steps alternate."""
    model, reader = SlowModel(), object()
    scheduler, stop = Scheduler(model), threading.Event()

    def step():
        while not stop.is_set():
            scheduler.step([7], [reader], list)

    thread = threading.Thread(target=step)
    thread.start()
    for _ in range(10):
        scheduler.prefill([1, 2, 3], object())
    stop.set()
    thread.join(10)
    kinds = "".join("s" if call == [7] else "r" for call in model.calls)
    assert "rrr" not in kinds
    assert "ssss" not in kinds[kinds.index("r") : kinds.rindex("r")]


def test_a_failing_step_is_told_to_all_it_was_for_and_the_next_works():
    scheduler, told = Scheduler(SlowModel()), []

    def step(token):
        try:
            told.append(float(scheduler.step([token], [object()], torch.clone)[0, 0]))
        except RuntimeError as error:
            told.append(str(error))

    threads = [threading.Thread(target=step, args=(token,)) for token in (7, 13, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert "no such token" in told
    assert len(told) == 3
    assert float(scheduler.step([5], [object()], torch.clone)[0, 0]) == 5


def test_a_reader_who_pauses_holds_nobody_up(scripted):
    """A stream left open in mid-passage: the others go on without it."""
    engine, left = scripted(SAY), Story("Tom went out.")
    stream = engine.stream(left, Settings(max_new_tokens=50))
    for _ in range(5):
        next(stream)
    begun = time.monotonic()
    list(engine.stream(Story("Mia went out."), Settings(max_new_tokens=50)))
    assert time.monotonic() - begun < 5
    stream.close()
    assert left.last().author == "model"


def test_the_models_thread_ends_with_its_engine(scripted):
    before = set(threading.enumerate())
    engine = scripted(SAY)
    list(engine.stream(Story("Tom went out."), Settings(max_new_tokens=5)))
    own = [thread for thread in set(threading.enumerate()) - before if thread.name == "model"]
    assert len(own) == 1
    del engine
    gc.collect()
    own[0].join(10)
    assert not own[0].is_alive()


def test_ways_are_what_their_settings_tell_alone(engine_at):
    options = [Settings(max_new_tokens=30, seed=seed, temperature=1.0) for seed in (3, 4, 3)]
    alone = []
    for option in options:
        story = Story("Once upon a time")
        list(engine_at.stream(story, option))
        alone.append(story.last().text)
    story, told = Story("Once upon a time"), ["", "", ""]
    for piece in engine_at.stream_tellings(story, options):
        told[piece.telling] = piece.follow(told[piece.telling])
    assert told == alone
    versions = [story.passages[number] for number in story.versions(story.current)]
    assert [passage.text for passage in versions] == alone
    assert story.last().text == alone[0]
    assert [passage.receipt.settings.seed for passage in versions] == [3, 4, 3]
    assert story.current == versions[0].id


def test_stopping_ways_keeps_the_words_of_each(scripted):
    engine, story, cancel, told = scripted(SAY), Story("Tom went out."), threading.Event(), ["", ""]
    for count, piece in enumerate(engine.stream_tellings(story, [Settings(seed=1), Settings(seed=2)], cancel=cancel)):
        told[piece.telling] = piece.follow(told[piece.telling])
        if count == 9:
            cancel.set()
    assert [story.passages[number].text for number in story.versions(story.current)] == told
    assert {story.passages[number].finish for number in story.versions(story.current)} == {"stopped"}
    assert engine.slots.writers == 0


def test_ways_of_different_length_are_refused_and_nothing_changes(scripted):
    engine, story = scripted(SAY), Story("Tom went out.")
    with pytest.raises(InputError, match="share one length"):
        engine.stream_tellings(story, [Settings(max_new_tokens=5), Settings(max_new_tokens=6)], "And then")
    assert story.text() == "Tom went out."


def test_a_failure_in_one_way_keeps_the_words_of_all(scripted):
    engine, story, told = scripted(" He saw a<fail>"), Story("Tom went out."), ["", ""]

    def show():
        for piece in engine.stream_tellings(story, [Settings(temperature=0), Settings(temperature=0, seed=1)]):
            told[piece.telling] = piece.follow(told[piece.telling])

    with pytest.raises(StoryError, match="try again"):
        show()
    assert [story.passages[number].text for number in story.versions(story.current)] == told
    assert all(text.strip().startswith("He saw") for text in told)
