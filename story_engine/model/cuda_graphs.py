"""CudaGraphs: the step of one story as a CUDA graph; launching its calls one by one takes a GPU longer than their sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from story_engine.model.batched_attention import attend_masked
from story_engine.model.kv_cache import Slot

if TYPE_CHECKING:
    from story_engine.model.torch_decoder import Decoder

WARM_UP = 2  # runs before a recording: libraries set themselves up in the first

Play = Callable[[], Tensor]


@dataclass(frozen=True)
class _Graph:
    """A recorded step: where it looks for its token and place, the keys that it was made for, and how it is run again."""

    token: Tensor
    place: Tensor
    keys: Tensor
    play: Play


class CudaGraphs:
    """Steps of one story each, recorded when a slot has its first, and again when its keys have moved.

    Attention spans all of the slot, and what stands behind the token is masked: so every token takes the same calls, on
    the same memory. `record` turns a step into what runs it again.
    """

    def __init__(self, record: Callable[[Play], Play] | None = None) -> None:
        self._record = record or record_graph
        self._graphs: WeakKeyDictionary[Slot, _Graph] = WeakKeyDictionary()

    def __len__(self) -> int:
        return len(self._graphs)

    def step(self, decoder: Decoder, token: int, slot: Slot) -> Tensor:
        """Float32 logits [1, vocabulary] behind a token for which the slot has room; valid until the next step of any."""
        graph = self._graphs.get(slot)
        if graph is None or graph.keys is not slot.keys:
            graph = self._graphs[slot] = self._make(decoder, slot)
        graph.token.fill_(token)
        graph.place.fill_(len(slot.ids))
        return graph.play()

    def _make(self, decoder: Decoder, slot: Slot) -> _Graph:
        keys, values, length = slot.keys, slot.values, len(slot.ids)
        for part in (keys, values):
            part[:, :, length:] = 0  # what no query sees must be numbers all the same
        token, place = (torch.full((1,), number, device=keys.device) for number in (0, length))
        columns = torch.arange(keys.shape[2], device=keys.device)

        def attend(number: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            keys[number].index_copy_(1, place, key.transpose(0, 1).to(keys.dtype))
            values[number].index_copy_(1, place, value.transpose(0, 1).to(values.dtype))
            return attend_masked(query, keys[number][None], values[number][None], (columns <= place)[None])

        return _Graph(token, place, keys, self._record(lambda: decoder.head(decoder.run(token, place, attend)).float()))


def record_graph(run: Play) -> Play:
    """A CUDA graph of `run`; what plays it gives the same tensor each time, with new numbers."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # another thread may be loading another model
        logits = run()

    def play() -> Tensor:
        graph.replay()
        return logits

    return play
