"""Recorded steps against transformers' uncached ones. A traced list of calls stands in for a GPU's recording of them."""

import gc
import logging

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.fx.experimental.proxy_tensor import make_fx
from transformers import LlamaForCausalLM

from story_engine import StoryEngine
from story_engine.model import autotune
from story_engine.model import kv_cache as cache
from story_engine.model.autotune import choose_graphs
from story_engine.model.cuda_graphs import CudaGraphs
from story_engine.model.torch_decoder import Decoder

TOLERANCE = 2e-4  # largest difference of a logit; logits here are of the order of ten


def trace(run):
    """The calls of one run, on the tensors of that run: what depends on anything else comes out wrong when played again."""
    calls = make_fx(run, tracing_mode="real")()
    return lambda: calls()


@pytest.fixture
def decoder(tiny_folder, monkeypatch) -> Decoder:
    monkeypatch.setitem(cache.FIRST_CAPACITY, "cpu", 8)  # slots grow, and move, often
    found = StoryEngine.load(str(tiny_folder), precision="float32", kernel="off").decoder
    found.graphs = CudaGraphs(trace)
    return found


@pytest.fixture(scope="module")
def model(tiny_folder) -> LlamaForCausalLM:
    return LlamaForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32).eval()


def make_slot(decoder: Decoder) -> cache.Slot:
    return cache.Slot(decoder.config, decoder.cache_dtype, decoder.device)


@torch.no_grad()
def reference(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([ids]), use_cache=False).logits[0, -1]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_steps_played_again_are_those_of_an_uncached_model(decoder, model, data):
    """Two stories in any order: stepped, cut back, read on, stepped together, copied."""
    token, slots = st.integers(0, 300), [make_slot(decoder), make_slot(decoder)]
    for _ in range(data.draw(st.integers(1, 12))):
        slot = data.draw(st.sampled_from(slots))
        move = data.draw(st.sampled_from(["step", "step", "step", "crop", "read", "both", "copy"]))
        if move == "step":
            found = decoder.step([data.draw(token)], [slot])
            assert (found[0] - reference(model, slot.ids)).abs().max() < TOLERANCE
        elif move == "crop":
            slot.crop(data.draw(st.integers(0, len(slot.ids))))
        elif move == "read":
            decoder.prefill(data.draw(st.lists(token, min_size=1, max_size=12)), slot)
        elif move == "both":
            found = decoder.step([data.draw(token), data.draw(token)], slots)
            for row, each in zip(found, slots, strict=True):
                assert (row - reference(model, each.ids)).abs().max() < TOLERANCE
        else:
            slots[slots.index(slot)] = slot.copy()


def test_a_slot_is_recorded_once_until_it_grows_and_let_go_with_its_recording(decoder):
    recorded = []
    decoder.graphs = CudaGraphs(lambda run: recorded.append(run) or run)
    slot = make_slot(decoder)
    for token in range(20):
        decoder.step([token], [slot])
    assert len(recorded) == 3  # for 8, 16 and 32 tokens
    recorded.clear()
    del slot
    gc.collect()
    assert len(decoder.graphs) == 0


def refuse(run):
    raise RuntimeError("no graphs here")


@pytest.mark.parametrize(
    ("record", "seconds", "said"),
    [
        (trace, {False: 2.0, True: 1.0}, ""),
        (trace, {False: 1.0, True: 2.0}, None),
        (lambda run: lambda: run() * 1.2, {False: 2.0, True: 1.0}, "differ from launched ones by 20.0%"),
        (lambda run: lambda: run() * torch.nan, {False: 2.0, True: 1.0}, "differ"),
        (refuse, {False: 2.0, True: 1.0}, "no graphs here"),
    ],
    ids=["faster", "slower", "wrong", "no numbers", "refused"],
)
def test_recordings_are_used_where_they_are_right_and_faster(decoder, monkeypatch, caplog, record, seconds, said):
    decoder.graphs = None
    monkeypatch.setattr(autotune, "_time", lambda decoder, steps: seconds[decoder.graphs is not None])
    graphs = CudaGraphs(record)
    with caplog.at_level(logging.WARNING):
        chosen = choose_graphs(decoder, graphs)
    assert chosen is (graphs if said == "" else None)
    assert decoder.graphs is None
    assert (said or "") in caplog.text
