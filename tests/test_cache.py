"""Slots: what is kept is the common prefix, and never more bytes than allowed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine import InputError
from story_engine.cache import Slot, SlotCache
from story_engine.model import ModelConfig

CONFIG = ModelConfig(8, 2, 2, 1, 4, 8, 10, 2048, 1e-6, 10_000.0, False, 0)
CPU = torch.device("cpu")


@given(st.lists(st.integers(0, 2), max_size=30), st.lists(st.integers(0, 2), max_size=30))
def test_cropping_keeps_the_longest_common_prefix(old, new):
    slot = Slot(CONFIG, torch.float32, CPU)
    slot.ids = list(old)
    same = slot.crop_to_prefix(new)
    assert slot.ids == old[:same] == new[:same]
    assert same in (len(old), len(new)) or old[same] != new[same]


@pytest.mark.parametrize("dtype", [torch.float32, torch.int8])
@given(lengths=st.lists(st.integers(1, 600), min_size=1, max_size=6))
@settings(deadline=None)
def test_growing_keeps_what_is_in(dtype, lengths):
    slot = Slot(CONFIG, dtype, CPU)
    assert set(slot.parts) == {"keys", "values"} | ({"key_sizes", "value_sizes"} if dtype == torch.int8 else set())
    for length in lengths:
        slot.reserve(length)
        assert all(part.shape[2] >= length for part in slot.parts.values())
        end = min(length, len(slot.ids) + 5)
        for place in range(len(slot.ids), end):
            for number, part in enumerate(slot.parts.values()):
                part[:, :, place] = place % 31 + 32 * number
        slot.ids = list(range(max(end, len(slot.ids))))
        for each in (slot, slot.copy()):
            for number, part in enumerate(each.parts.values()):
                wanted = torch.tensor([place % 31 + 32 * number for place in each.ids], dtype=part.dtype)
                assert torch.equal(part[1, 0, : len(wanted)].reshape(len(wanted), -1)[:, -1], wanted)


def test_bytes_of_a_slot_are_counted_with_their_sizes():
    slot = Slot(CONFIG, torch.int8, CPU)
    slot.reserve(1000)
    assert slot.nbytes == 2 * 1024 * CONFIG.layers * CONFIG.kv_heads * (CONFIG.head_dim + 4)
    assert slot.copy().nbytes == slot.nbytes


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 1500)), max_size=25))
@settings(deadline=None)
def test_the_budget_holds_and_the_oldest_go_first(turns):
    cache = SlotCache(CONFIG, torch.float32, CPU, max_bytes=600_000)
    for story, length in turns:
        slot = cache.take(str(story))
        slot.reserve(length)
        cache.give_back(str(story))
        assert cache.nbytes <= 600_000
        if slot.nbytes <= 600_000:
            assert cache.take(str(story)) is slot  # the newest is never the one given up
            cache.give_back(str(story))


def test_a_story_has_one_writer():
    cache = SlotCache(CONFIG, torch.float32, CPU, max_bytes=10**6)
    cache.take("a")
    with pytest.raises(InputError):
        cache.take("a")
    cache.give_back("a")
    cache.take("a")
