"""Raw completions: tokens and chances as the model has them, stops that hold, slots that are used again."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
import torch

from story_engine import CompletionOrder, CompletionPiece, Completions, InputError, Settings, Story, StoryError
from story_engine.completion.strand import StopTexts
from train.heldout import measure_loss

GREEDY = Settings(temperature=0, repetition_penalty=1)
SAY = " He saw a red kite. They ran to the park."


def collect(pieces, index: int = 0) -> tuple[str, list, str]:
    """(text, scored tokens, finish) of one completion."""
    own = [piece for piece in pieces if piece.index == index]
    return "".join(piece.text for piece in own), [one for piece in own for one in piece.tokens], own[-1].finish


def tell(completions: Completions, **order) -> list[CompletionPiece]:
    return list(completions.stream(CompletionOrder(**{"settings": GREEDY} | order)))


@pytest.mark.parametrize("max_tokens", [0, 1])
def test_the_chances_of_an_echoed_prompt_are_those_of_our_own_scorer(engine_taught, max_tokens):
    completions, end = Completions(engine_taught), min(engine_taught.end_tokens)
    texts = [f"Once upon a time, Mia had a kite. It was number {number}.\nThey were happy." for number in range(9)]
    nats = 0.0
    for text in texts:
        ids = [end, *engine_taught.tokenizer.encode(text), end]
        _, scored, _ = collect(tell(completions, ids=tuple(ids), max_tokens=max_tokens, echo=True, logprobs=1))
        assert [one.token for one in scored[: len(ids)]] == ids
        assert len(scored) == len(ids) + max_tokens
        assert scored[0].logprob is None
        nats -= sum(one.logprob for one in scored[1 : len(ids)])
    stories = [(engine_taught.tokenizer.encode(text), len(text)) for text in texts]

    def forward(rows: torch.Tensor) -> torch.Tensor:
        return torch.stack([engine_taught.prefill(row.tolist(), engine_taught.decoder.new_slot(), True) for row in rows])

    assert nats == pytest.approx(measure_loss(forward, stories, end, 2048).nats, rel=1e-3)


def test_a_greedy_completion_is_what_the_engine_tells(engine_taught):
    text, told = "Once upon a time, Tom had a", ""
    completions = Completions(engine_taught)
    for piece in engine_taught.stream(Story(text), replace(GREEDY, max_new_tokens=100)):
        told = piece.follow(told)
    got, _, _ = collect(tell(completions, ids=tuple(completions.encode(text)), max_tokens=100))
    assert len(told) > 20
    assert got.startswith(told[:60])


def test_a_seed_tells_the_same_again_and_each_of_several_otherwise(engine):
    ids, settings = tuple(engine.tokenizer.encode("Tom had a ball.")), Settings(temperature=1.5, top_p=1, seed=7)
    completions = Completions(engine)
    first, again = (tell(completions, ids=ids, settings=settings, max_tokens=12, n=3) for _ in range(2))
    texts = [collect(first, index)[0] for index in range(3)]
    assert texts == [collect(again, index)[0] for index in range(3)]
    assert len(set(texts)) == 3
    assert collect(tell(completions, ids=ids, settings=settings, max_tokens=12))[0] == texts[0]


def test_the_likeliest_tokens_are_listed_with_the_one_that_stands_there(engine):
    ids = tuple(engine.tokenizer.encode("Tom had a ball."))
    _, scored, _ = collect(tell(Completions(engine), ids=ids, max_tokens=2, echo=True, logprobs=3))
    for one in scored[1:]:
        chances = dict(one.top)
        assert 3 <= len(chances) <= 4
        assert one.logprob in chances.values()
    assert scored[-1].logprob == max(chance for _, chance in scored[-1].top)


def test_a_bias_moves_the_choice_and_not_the_chances(engine):
    completions, ids = Completions(engine), tuple(engine.tokenizer.encode("Tom had a ball."))
    _, plain, _ = collect(tell(completions, ids=ids, max_tokens=12, logprobs=1, names_ids=True))
    first = plain[0].token
    assert plain[0].top[0][0] == f"token_id:{first}"
    _, banned, _ = collect(tell(completions, ids=ids, max_tokens=1, logprobs=1, biases=((first, -100.0),)))
    assert banned[0].token != first
    assert banned[0].top[0][1] == pytest.approx(plain[0].logprob, abs=1e-4)
    _, wanted, _ = collect(tell(completions, ids=ids, max_tokens=12, biases=((77, 100.0),)))
    assert {one.token for one in wanted} == {77}


@pytest.mark.parametrize(("penalty", "told"), [({"presence": 2.0}, [19, 1]), ({"frequency": 2.0}, [10, 10])])
def test_a_penalty_counts_what_was_told_once_or_each_time(scripted, penalty, told):
    """Two tokens a nat apart: once both were told they are as far apart as before, and only a frequency parts them anew."""
    completions = Completions(scripted(SAY))
    tokens = {completions.encode(word, begins=False)[-1] for word in "XQ"}  # of no word in the script
    first, second = sorted(tokens)
    biases = ((first, 100.0), (second, 99.0))
    ids = tuple(completions.encode("Tom had a ball."))
    _, scored, _ = collect(tell(completions, ids=ids, max_tokens=20, biases=biases, **penalty))
    assert [sum(one.token == token for one in scored) for token in (first, second)] == told


def test_no_end_comes_before_the_fewest_tokens(scripted):
    completions = Completions(scripted(SAY + "<end>"))
    ids = tuple(completions.encode("Tom went out."))
    _, scored, _ = collect(tell(completions, ids=ids, max_tokens=60))
    count = len(scored)
    assert len(collect(tell(completions, ids=ids, max_tokens=60, min_tokens=count - 1))[1]) == count
    assert len(collect(tell(completions, ids=ids, max_tokens=60, min_tokens=count + 1))[1]) > count


def test_it_ends_at_the_end_token_and_before_a_stop(scripted):
    completions = Completions(scripted(SAY + "<end>"))
    ids = tuple(completions.encode("Tom went out."))
    text, scored, finish = collect(tell(completions, ids=ids, max_tokens=60, logprobs=0))
    assert (text, finish, scored[-1].token) == (SAY, "stop", 0)
    assert collect(tell(completions, ids=ids, max_tokens=60, stop=("nothing", " kite. They")))[::2] == (" He saw a red", "stop")
    assert collect(tell(completions, ids=ids, max_tokens=4))[2] == "length"
    stop = completions.encode(" kite", begins=False)[-1]
    assert collect(tell(completions, ids=ids, max_tokens=60, stop_tokens=frozenset({stop})))[2] == "stop"


@pytest.mark.parametrize(("texts", "shown"), [(["ab", "c"], "ab c"), (["a kit", "e!"], "a "), (["a kit", "ten"], "a kitten")])
def test_text_that_may_begin_a_stop_is_held_back(texts, shown):
    stops, told = StopTexts(("kite",)), ""
    for text in texts:
        more, is_stopped = stops.feed(text)
        told += more
        assert "kit" not in told or "kitt" in told
    assert (told if is_stopped else told + stops.flush()) == shown.replace("ab c", "abc")


def test_an_earlier_slot_is_used_again_and_idle_ones_are_few(scripted):
    engine = scripted(SAY)
    completions = Completions(engine)
    ids = tuple(completions.encode("Once upon a time, Tom had a ball and a kite and a boat."))
    assert tell(completions, ids=ids, max_tokens=3)[0].cached == 0
    assert tell(completions, ids=(*ids, *ids), max_tokens=3)[0].cached == len(ids)
    for number in range(1, 30):
        tell(completions, ids=(number, *ids), max_tokens=1)
    assert len(engine.slots._slots) <= 8
    assert (engine.slots.hits, engine.slots.misses) == (1, 30)


def test_a_cancel_and_a_closed_stream_end_it_at_once_and_free_the_slot(scripted):
    engine = scripted(SAY)
    completions, cancel = Completions(engine), threading.Event()
    stream = completions.stream(CompletionOrder(tuple(completions.encode("Tom")), GREEDY, max_tokens=500), cancel)
    for _ in range(5):
        next(stream)
    assert engine.slots.writers == 1
    cancel.set()
    assert len(list(stream)) <= 1
    other = completions.stream(CompletionOrder(tuple(completions.encode("Mia")), GREEDY, max_tokens=500))
    next(other)
    other.close()
    assert engine.slots.writers == 0


@pytest.mark.parametrize(
    "order",
    [{"ids": ()}, {"ids": (1, 99_999)}, {"ids": (-1,)}, {"ids": (1,) * 250, "max_tokens": 7}, {"ids": (1,), "min_tokens": 17}],
)
def test_what_cannot_be_read_is_refused_before_anything_is_computed(engine, order):
    with pytest.raises(InputError):
        Completions(engine).stream(CompletionOrder(**order))


def test_a_model_that_fails_is_said(scripted):
    completions = Completions(scripted("Tom<fail>"))
    with pytest.raises(StoryError, match="stumbled"):
        tell(completions, ids=tuple(completions.encode("Tom")), max_tokens=9)
