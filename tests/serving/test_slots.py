"""Leases: a story has one writer, reading ahead gives way, and the budget holds."""

import threading
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from story_engine import InputError
from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot
from story_engine.serving.read_ahead import CHUNK, ReadAhead
from story_engine.serving.slots import SlotPool

CONFIG = ModelConfig(8, 2, 2, 2, 4, 8, 10, 2048, 1e-6, 10_000.0, True, 0)


def make_pool(max_bytes: int = 10**6) -> SlotPool:
    return SlotPool(lambda: Slot(CONFIG, torch.float32, torch.device("cpu")), max_bytes=max_bytes)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 1500)), max_size=25))
@settings(deadline=None)
def test_the_budget_holds_and_the_oldest_go_first(turns):
    pool = make_pool(600_000)
    for story, length in turns:
        with pool.lease(str(story)) as slot:
            slot.reserve(length)
        assert pool.nbytes <= 600_000
        if slot.nbytes <= 600_000:
            with pool.lease(str(story)) as again:
                assert again is slot  # the newest is never the one given up


def test_a_story_has_one_writer():
    pool = make_pool()
    with pool.lease("a"):
        with pytest.raises(InputError, match="being written"), pool.lease("a"):
            pass
        with pytest.raises(InputError, match="being written"):
            pool.check_free("a")
        assert pool.writers == 1  # the one that was refused took nothing away
    with pool.lease("a"):
        pass


def test_a_writer_who_fails_gives_the_slot_back():
    pool = make_pool()
    with pytest.raises(RuntimeError), pool.lease("a"):
        raise RuntimeError
    pool.check_free("a")
    assert pool.writers == 0


def test_nobody_reads_ahead_while_anybody_writes():
    pool = make_pool()
    with pool.lease("a"), pool.lease_idle("b") as slot:
        assert slot is None
        assert not pool.wait_idle(0.01)
    with pool.lease_idle("b") as slot:
        assert slot is not None


def test_a_writer_waits_for_the_chunk_that_is_being_read_and_no_longer():
    pool, order, begun = make_pool(), [], threading.Event()

    def read(ids, slot):
        begun.set()
        time.sleep(0.05)
        slot.ids.extend(ids)
        order.append("chunk")

    ahead = ReadAhead(pool, read)
    ahead.ask("a", range(100 * CHUNK))
    assert begun.wait(10)
    with pool.lease("a"):
        order.append("writer")
        assert ahead.wait(10)  # the request was dropped
    assert order in (["chunk", "writer"], ["chunk", "chunk", "writer"])
    ahead.close()


def test_a_request_is_dropped_by_a_writer_who_came_and_went():
    """Reading the old window would forget what was told since."""
    pool = make_pool()
    ahead = ReadAhead(pool, lambda ids, slot: slot.ids.extend(ids))
    with pool.lease("other"):
        ahead.ask("a", [1, 2, 3])
        with pool.lease("a") as slot:
            slot.ids = [1, 2, 9, 9]
    assert ahead.wait(10)
    with pool.lease("a") as slot:
        assert slot.ids == [1, 2, 9, 9]
    ahead.close()
