"""Slots: what is kept is the common prefix, and never more bytes than allowed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from story_engine.model import kv_cache as cache
from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot

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
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_growing_keeps_what_is_in(monkeypatch, dtype, lengths):
    monkeypatch.setitem(cache.FIRST_CAPACITY, "cpu", 8)
    slot = Slot(CONFIG, dtype, CPU)
    assert set(slot.parts) == {"keys", "values"} | ({"key_scales", "value_scales"} if dtype == torch.int8 else set())
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


def test_bytes_of_a_slot_are_counted_with_their_sizes_in_whole_pages():
    large = replace(CONFIG, head_dim=64)
    slot = Slot(large, torch.int8, CPU)
    assert slot.nbytes == 0
    slot.reserve(1024)
    assert slot.nbytes == 2 * 1024 * large.layers * large.kv_heads * (large.head_dim + 4 * 4)
    slot.ids = [1] * 65
    keys, scales = 2 * cache.PAGE, cache.PAGE  # of 65 tokens, a line
    assert slot.copy().nbytes == 2 * large.layers * large.kv_heads * (keys + scales)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say how much memory is taken")
def test_a_slot_takes_no_memory_for_what_it_may_hold_one_day():
    """Room for 2,048 tokens is laid out, and that of one sentence taken; which is counted, or short stories fill a machine."""
    look = lambda: int(re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024  # noqa: E731
    large = replace(CONFIG, layers=12, kv_heads=12, head_dim=64)
    slots, before = [Slot(large, torch.float32, CPU) for _ in range(4)], look()
    for slot in slots:
        slot.reserve(20)
        for part in slot.parts.values():
            part[:, :, :20] = 1
    laid_out = sum(part.nbytes for slot in slots for part in slot.parts.values())
    taken = look() - before
    assert taken < 0.1 * laid_out
    assert taken < 1.3 * sum(slot.nbytes for slot in slots)


@given(st.lists(st.integers(0, 3), max_size=20), st.lists(st.integers(0, 3), max_size=20), st.integers(1, 7))
def test_what_a_slot_lacks_comes_in_chunks_behind_what_it_has(held, ids, size):
    """Against the same by hand: the common beginning stays, and the chunks make up the rest."""
    slot, chunks = Slot(CONFIG, torch.float32, CPU), []
    slot.ids = list(held)
    for chunk in slot.unread(ids, size):
        chunks.append(list(chunk))
        slot.ids.extend(chunk)
    same = next((at for at, (a, b) in enumerate(zip(held, ids, strict=False)) if a != b), min(len(held), len(ids)))
    assert [token for chunk in chunks for token in chunk] == ids[same:]
    assert all(len(chunk) == size for chunk in chunks[:-1])
    assert slot.ids == ids
