"""The compiled kernel against torch and transformers: any rows, any slots, any number of workers, either kind of numbers."""

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba import njit
from transformers import LlamaConfig, LlamaForCausalLM

from story_engine import StoryEngine
from story_engine.model import kernel
from story_engine.model.compiled_decoder import CompiledDecoder
from story_engine.model.config import ModelConfig
from story_engine.model.kernel import attention, forward, microkernels
from story_engine.model.kernel.intrinsics import LANES
from story_engine.model.kernel.microkernels import CENTRE, QUAD
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import dequantize, quantize
from train.checkpoint import gather_weights

TOLERANCE = 1e-3  # largest difference of a logit; logits here are of the order of ten, and torch itself is off by 1e-4
# Odd sizes: no width is a multiple of the kernel's lanes, and heads come in groups.
SHAPES = {
    "multi-head, untied": ModelConfig(48, 3, 6, 6, 8, 80, 100, 128, 1e-6, 10_000.0, False, 0),
    "grouped, tied": ModelConfig(72, 2, 6, 2, 20, 90, 131, 128, 1e-6, 10_000.0, True, 0),
    "one wide head": ModelConfig(96, 2, 1, 1, 80, 64, 100, 128, 1e-6, 10_000.0, True, 0),
}


@pytest.fixture(scope="module", params=[(shape, workers) for shape in SHAPES for workers in (1, 3)], ids=str)
def pair(request) -> tuple[LlamaForCausalLM, CompiledDecoder]:
    """The same random weights in transformers and in the kernel."""
    name, workers = request.param
    ours = SHAPES[name]
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=ours.hidden,
            num_hidden_layers=ours.layers,
            num_attention_heads=ours.heads,
            num_key_value_heads=ours.kv_heads,
            head_dim=ours.head_dim,
            intermediate_size=ours.intermediate,
            vocab_size=ours.vocabulary,
            max_position_embeddings=ours.context,
            tie_word_embeddings=ours.tied,
            initializer_range=0.3,
        )
    ).eval()
    return model, CompiledDecoder(ours, gather_weights(model).pop, "float32", workers)


KINDS = {"float32": ("float32", False), "bytes": ("int8", False), "rows of bytes": ("int8", True)}


@pytest.fixture(scope="module", params=[(name, kind) for name in SHAPES for kind in KINDS], ids=str)
def decoder(request) -> CompiledDecoder:
    """Random weights, for three workers, in every way that they are multiplied."""
    name, kind = request.param
    precision, rounds = KINDS[kind]
    if rounds and not microkernels.WIDTH:
        pytest.skip("this processor has no products of bytes")
    generator = torch.Generator().manual_seed(0)
    weights = {key: torch.randn(shape, generator=generator) * 0.3 for key, shape in SHAPES[name].shapes().items()}
    return CompiledDecoder(SHAPES[name], weights.pop, precision, 3, rounds)


def make_slot(decoder: CompiledDecoder) -> Slot:
    return Slot(decoder.config, decoder.cache_dtype, decoder.device)


@torch.no_grad()
def reference(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([ids]), use_cache=False).logits[0]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_of_any_slots_are_those_of_an_uncached_model(pair, data):
    """Stories that are read, stepped by one token or by several, cut back and joined, in any order."""
    model, decoder = pair
    token, slots = st.integers(0, 99), [make_slot(decoder) for _ in range(3)]
    for _ in range(data.draw(st.integers(1, 6))):
        rows = data.draw(st.lists(st.tuples(st.integers(0, 2), token), min_size=1, max_size=7))
        rows = [row for row in rows if len(slots[row[0]].ids) < decoder.config.context - 10]
        if not rows:
            break
        before = [list(slot.ids) for slot in slots]
        logits = decoder.step([drawn for _, drawn in rows], [slots[number] for number, _ in rows])
        for found, (number, drawn) in zip(logits, rows, strict=True):
            before[number].append(drawn)
            assert (found - reference(model, before[number])[-1]).abs().max() < TOLERANCE
        assert [slot.ids for slot in slots] == before
        cut = data.draw(st.integers(0, 2))
        slots[cut].crop(data.draw(st.integers(0, len(slots[cut].ids))))
        if more := data.draw(st.lists(token, max_size=20)):
            decoder.prefill(more, slots[cut])


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_row_is_the_same_to_the_last_bit_whatever_stands_beside_it_and_whoever_works(decoder, data):
    tokens = data.draw(st.lists(st.integers(0, 99), min_size=2, max_size=9))
    alone = []
    for drawn in tokens:
        slot = make_slot(decoder)
        decoder.step([7], [slot])
        alone.append(decoder.step([drawn], [slot])[0])
    slots = [make_slot(decoder) for _ in tokens]
    decoder.step([7] * len(tokens), slots)
    most, decoder.workers = decoder.workers, data.draw(st.integers(1, decoder.workers))
    together = decoder.step(tokens, slots)
    decoder.workers = most
    assert torch.equal(together, torch.stack(alone))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 99), min_size=1, max_size=60), st.data())
def test_a_text_is_the_same_to_the_last_bit_however_it_was_cut(decoder, ids, data):
    """Read in calls of any length, or token by token; logits, keys and values."""
    plain, cut, rows = make_slot(decoder), make_slot(decoder), []
    wanted = torch.stack([decoder.step([token], [plain])[0] for token in ids])
    while len(cut.ids) < len(ids):
        step = data.draw(st.integers(1, len(ids) - len(cut.ids)))
        rows.append(decoder.prefill(ids[len(cut.ids) : len(cut.ids) + step], cut, every=True))
    assert torch.equal(torch.cat(rows), wanted)
    for name, part in cut.parts.items():
        assert torch.equal(part[:, :, : len(ids)], plain.parts[name][:, :, : len(ids)])


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("shape", ["multi-head, untied", "grouped, tied"])
def test_matrices_that_are_int8_already_are_not_rounded_again(shape, precision):
    """The same bits from an int8 folder as from its numbers in float32, since bytes come out of those as they went in."""
    config = SHAPES[shape]
    generator = torch.Generator().manual_seed(0)
    given = {}
    for name, size in config.shapes().items():
        weight = torch.randn(size, generator=generator) * 0.3
        given[name] = quantize(weight) if len(size) == 2 else weight
    plain = {name: dequantize(weight) for name, weight in given.items()}
    decoders = [CompiledDecoder(config, dict(weights).pop, precision, 1) for weights in (given, plain)]
    rows = [decoder.prefill([5, 9, 77], make_slot(decoder), every=True) for decoder in decoders]
    if precision == "float32":
        assert torch.equal(*rows)
    else:  # numbers that are the largest of an output may come back one bit off
        assert (rows[0] - rows[1]).abs().max() < TOLERANCE * rows[0].abs().max()
    assert quantize(given["model.layers.0.mlp.up_proj.weight"]) is given["model.layers.0.mlp.up_proj.weight"]


@pytest.mark.parametrize("count", [1, 5])
def test_bytes_stay_near_the_exact_model(count):
    """int8 weights, keys and values, and inputs where the processor has products of them."""
    engine = StoryEngine.load("embedded", precision="int8", kernel="on")
    exact = StoryEngine.load("embedded", precision="float32", kernel="off")
    ids = exact.vocabulary.encode("Once upon a time, there was a little girl named Lily. She had a red ball.")
    for each in (engine, exact):
        each.slots = [each.make_slot() for _ in range(count)]
        for slot in each.slots:
            each.decoder.prefill(ids, slot)
    ours, wanted = (each.decoder.step(list(range(10, 10 + count)), each.slots) for each in (engine, exact))
    assert (ours - wanted).abs().max() < 0.6  # of logits that differ by ten
    assert (ours - wanted).abs().mean() < 0.1


@pytest.mark.parametrize("width", [8, 16])
@pytest.mark.skipif(not microkernels.WIDTH, reason="this processor has no products of bytes")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_products_of_bytes_are_those_of_whole_numbers(byte_kernels, width, data):
    """Against numpy's whole numbers, within the rounding of two products in float32; the largest bytes do not overflow."""
    if width > microkernels.WIDTH:
        pytest.skip("this processor has the shorter ones alone")
    rows, quads = data.draw(st.sampled_from(list(byte_kernels[width]))), data.draw(st.integers(1, 40))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    top = data.draw(st.sampled_from([1, 127]))
    x = generator.integers(-top, top + 1, (rows + 1, quads * QUAD)).astype(np.int8)
    weights = generator.choice(np.array([-127, 127]) if top == 127 else np.arange(-127, 128), (2, quads, LANES, QUAD))
    sizes, scales = (generator.random(count).astype(np.float32) for count in (rows + 1, 2 * LANES))
    out = np.full((rows + 1, 2 * LANES), np.nan, np.float32)
    stored = (weights + CENTRE).astype(np.uint8)
    byte_kernels[width][rows]((x, sizes, x.sum(axis=1, dtype=np.int32)), 1, stored, 1, scales, out)
    exact = x[1:].astype(np.int64) @ weights[1].transpose(0, 2, 1).reshape(-1, LANES)
    assert out[1:, LANES:] == pytest.approx(exact * scales[LANES:] * sizes[1:, None].astype(np.float64), rel=3e-7)
    assert np.isnan(out[0]).all()
    assert np.isnan(out[:, :LANES]).all()


@pytest.fixture(scope="module")
def byte_kernels():
    """By the width of the instruction and the number of rows."""
    made: dict[int, dict[int, Callable[..., None]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for width in (8, 16):
            patch.setattr(microkernels, "WIDTH", width)
            made[width] = {rows: compile_microkernel(microkernels._make_microkernel(rows)) for rows in (1, 3, 6)}
    return made


def compile_microkernel(microkernel):
    @njit
    def call(x, row, weights, block, scales, out):
        microkernel(x, row, weights, block, scales, out)

    return call


@pytest.mark.parametrize("rounds", [False, True])
def test_keys_and_values_in_bytes_are_the_exact_ones_within_half_a_byte(rounds):
    """Of the first layer: behind it, what was rounded has entered. Each vector of a head has 127 for its largest number."""
    if rounds and not microkernels.WIDTH:
        pytest.skip("this processor has no products of bytes")
    config, slots = SHAPES["grouped, tied"], []
    for precision in ("float32", "int8"):
        generator = torch.Generator().manual_seed(1)
        # Weights of whole numbers of one size are bytes without loss, and so is an embedding of them.
        weights = {name: torch.randint(-127, 128, shape, generator=generator) / 64 for name, shape in config.shapes().items()}
        for name, weight in weights.items():
            weight[..., 0] = 127 / 64 if weight.ndim > 1 else weight[..., 0]
            if "norm" in name:
                weight.fill_(1.0)
        decoder = CompiledDecoder(config, weights.pop, precision, 1, rounds and precision == "int8")
        slots.append(make_slot(decoder))
        decoder.prefill([5, 9, 77], slots[-1])
    for name in ("keys", "values"):
        exact, bytes, sizes = getattr(slots[0], name), getattr(slots[1], name), getattr(slots[1], f"{name[:-1]}_sizes")
        exact, bytes, sizes = exact[0, :, :3], bytes[0, :, :3].float(), sizes[0, :, :3]
        assert (bytes.abs().amax(-1) == 127).all()
        # The row itself was rounded to bytes, too, where that is how it is multiplied.
        assert sizes == pytest.approx(exact.abs().amax(-1) / 127, rel=0.02 if rounds else 1e-5)
        allowed = 0.5 if not rounds else 3
        assert ((bytes * sizes[..., None] - exact).abs() <= allowed * sizes[..., None] + 1e-6).all()


def test_compiled_code_is_made_anew_when_its_instructions_change():
    """numba's cache looks at the file of the compiled function alone: it has to change with the others."""
    folder = Path(kernel.__file__).parent
    assert set(forward.STAMPS) == {path.name for path in folder.glob("*.py")} - {"__init__.py", "forward.py"}
    assert forward.STAMPS == {name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in forward.STAMPS}


def test_exponentials_are_those_of_numpy():
    @njit
    def exponential(x):
        return attention.exponential(x)

    for x in np.linspace(-86, 0, 2000, dtype=np.float32):
        assert exponential(x) == pytest.approx(np.exp(np.float64(x)), rel=4e-7)
    assert exponential(np.float32(-1e9)) == pytest.approx(0, abs=1e-37)


def test_a_step_does_not_wait_for_a_worker_that_never_comes(pair):
    """Another program may hold a core: whoever is there does all chunks."""
    _, decoder = pair
    wanted = decoder.step([3], [make_slot(decoder)])
    gate = threading.Event()
    for helper in decoder._helpers:
        helper.submit(gate.wait)
    try:
        assert torch.equal(decoder.step([3], [make_slot(decoder)]), wanted)
    finally:
        gate.set()
    for _ in range(50):  # those who come late find nothing left to do, and spoil nothing
        assert torch.equal(decoder.step([3], [make_slot(decoder)]), wanted)


def test_what_is_no_number_stays_none(decoder):
    slot = make_slot(decoder)
    decoder.step([1], [slot])
    (slot.key_sizes if "key_sizes" in slot.parts else slot.keys)[0, 0, 0] = torch.nan
    assert not torch.isfinite(decoder.step([1], [slot])).all()
