"""The compiled kernel against torch and transformers: any rows, any slots, any number of workers, either kind of numbers."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
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
from story_engine.model.kernel import attention, matmul, microkernels
from story_engine.model.kernel.intrinsics import LANES
from story_engine.model.kernel.microkernels import PAIR
from story_engine.model.kv_cache import GROUP, Slot
from story_engine.model.quantize import BLOCK, dequantize, quantize
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
            vocab_size=ours.vocab_size,
            max_position_embeddings=ours.context_length,
            tie_word_embeddings=ours.tied,
            initializer_range=0.3,
        )
    ).eval()
    return model, CompiledDecoder(ours, gather_weights(model).pop, "float32", workers)


WAYS = ("float32", "int8", "int8, as stored")


@pytest.fixture(scope="module", params=[(name, way) for name in SHAPES for way in WAYS], ids=str)
def decoder(request) -> CompiledDecoder:
    """Random weights, for three workers, in every way that they are multiplied."""
    name, way = request.param
    generator = torch.Generator().manual_seed(0)
    weights = {key: torch.randn(shape, generator=generator) * 0.3 for key, shape in SHAPES[name].shapes().items()}
    return CompiledDecoder(replace(SHAPES[name], int8=way == WAYS[2]), weights.pop, way.split(",")[0], 3)


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
        rows = [row for row in rows if len(slots[row[0]].ids) < decoder.config.context_length - 10]
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
        rows.append(decoder.prefill(ids[len(cut.ids) : len(cut.ids) + step], cut, all_logits=True))
    assert torch.equal(torch.cat(rows), wanted)
    for name, part in cut.parts.items():
        assert torch.equal(part[:, :, : len(ids)], plain.parts[name][:, :, : len(ids)])


@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("shape", ["multi-head, untied", "grouped, tied"])
def test_matrices_that_are_int8_already_are_not_rounded_again(shape, precision):
    """The same bits from an int8 folder as from its numbers in float32, since bytes come out of those as they went in."""
    config = replace(SHAPES[shape], int8=True)
    generator = torch.Generator().manual_seed(0)
    given = {}
    for name, size in config.shapes().items():
        weight = torch.randn(size, generator=generator) * 0.3
        given[name] = quantize(weight) if len(size) == 2 else weight
    plain = {name: dequantize(weight) for name, weight in given.items()}
    decoders = [CompiledDecoder(config, dict(weights).pop, precision, 1) for weights in (given, plain)]
    rows = [decoder.prefill([5, 9, 77], make_slot(decoder), all_logits=True) for decoder in decoders]
    if precision == "float32":
        assert torch.equal(*rows)
    else:  # numbers that are the largest of an output may come back one bit off
        assert (rows[0] - rows[1]).abs().max() < TOLERANCE * rows[0].abs().max()
    assert quantize(given["model.layers.0.mlp.up_proj.weight"]) is given["model.layers.0.mlp.up_proj.weight"]


@pytest.mark.parametrize("count", [1, 5])
def test_bytes_stay_near_the_exact_model(count):
    """int8 weights, keys and values."""
    engine = StoryEngine.load("embedded", precision="int8", kernel="on")
    exact = StoryEngine.load("embedded", precision="float32", kernel="off")
    ids = exact.tokenizer.encode("Once upon a time, there was a little girl named Lily. She had a red ball.")
    for each in (engine, exact):
        each.slots = [each.decoder.new_slot() for _ in range(count)]
        for slot in each.slots:
            each.decoder.prefill(ids, slot)
    ours, wanted = (each.decoder.step(list(range(10, 10 + count)), each.slots) for each in (engine, exact))
    assert (ours - wanted).abs().max() < 0.6  # of logits that differ by ten
    assert (ours - wanted).abs().mean() < 0.1


@pytest.mark.parametrize("width", [16, 8, 4, 0])
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_products_of_blocks_are_those_of_whole_numbers_at_any_width(pair_kernels, width, data):
    """Against numpy's whole numbers, a block's sums in the order of the blocks; the largest numbers do not overflow."""
    if width not in pair_kernels:
        pytest.skip("this processor has the shorter instructions alone")
    rows, blocks = data.draw(st.sampled_from(list(pair_kernels[width]))), data.draw(st.integers(1, 4))
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    words, weights = generator.integers(-32767, 32768, (rows + 1, blocks * BLOCK)), np.arange(-127, 128)
    if data.draw(st.booleans()):
        words, weights = generator.choice([-32767, 32767], words.shape), np.array([-127, 127])
    weights = generator.choice(weights, (2, blocks * BLOCK // PAIR, LANES, PAIR))
    row_scales, scales = (generator.random(shape).astype(np.float32) for shape in ((rows + 1, blocks), 2 * LANES))
    has_block_scales = data.draw(st.booleans())
    if has_block_scales:
        scales = generator.integers(0x3A00, 0x3F80, (2, blocks, LANES), np.uint16)  # bfloat16 of 0.0005 to 1
        factors = (scales[1].astype(np.uint32) << 16).view(np.float32)
    out = np.full((rows + 1, 2 * LANES), np.nan, np.float32)
    pair_kernels[width][rows]((words.astype(np.int16), row_scales), 1, weights.astype(np.int8), 1, scales, out)
    matrix = weights[1].transpose(0, 2, 1).reshape(blocks, BLOCK, LANES)
    wanted = np.zeros((rows, LANES), np.float32)
    for block in range(blocks):
        whole = (words[1:, block * BLOCK : (block + 1) * BLOCK] @ matrix[block]).astype(np.float32)
        if has_block_scales:
            whole = whole * factors[block]
        # A product of two float32 is exact in float64; the sum is off by less than a bit of float32's last.
        wanted = (whole * row_scales[1:, block, None].astype(np.float64) + wanted).astype(np.float32)
    assert np.array_equal(out[1:, LANES:], wanted if has_block_scales else wanted * scales[LANES:])
    assert np.isnan(out[0]).all()
    assert np.isnan(out[:, :LANES]).all()


@pytest.fixture(scope="module")
def pair_kernels():
    """By the width of the instruction, 0 for none, and the number of rows."""
    made: dict[int, dict[int, Callable[..., None]]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for width in (width for width in (16, 8, 4, 0) if width <= microkernels.find_width()):
            patch.setattr(microkernels, "WIDTH", width)
            made[width] = {rows: compile_microkernel(microkernels._make_microkernel(rows)) for rows in (1, 6)}
    return made


def compile_microkernel(microkernel):
    @njit
    def call(x, row, weights, block, scales, out):
        microkernel(x, row, weights, block, scales, out)

    return call


def test_a_large_number_takes_digits_from_its_own_block_alone():
    @njit
    def quantize_rows(x, words, scales):
        matmul._quantize_rows(x, len(x), x.shape[1], (words, scales))

    x = np.random.default_rng(0).standard_normal((2, 3 * BLOCK)).astype(np.float32)
    x[1] = x[0]
    x[1, 2 * BLOCK + 5] = 10_000
    words, scales = np.zeros(x.shape, np.int16), np.zeros((2, 3), np.float32)
    quantize_rows(x, words, scales)
    assert np.array_equal(words[0, : 2 * BLOCK], words[1, : 2 * BLOCK])
    found = words * scales.repeat(BLOCK, axis=1)
    assert (np.abs(found - x) <= 0.51 * scales.repeat(BLOCK, axis=1)).all()
    assert scales.max() == pytest.approx(10_000 / 32767)


def test_keys_and_values_in_bytes_are_the_exact_ones_within_half_a_byte():
    """Of the first layer: behind it, what was rounded has entered. Each group has 127 for its largest number."""
    config, slots = SHAPES["grouped, tied"], []
    for precision in ("float32", "int8"):
        generator = torch.Generator().manual_seed(1)
        # Weights of whole numbers of one size are bytes without loss, and so is an embedding of them.
        weights = {name: torch.randint(-127, 128, shape, generator=generator) / 64 for name, shape in config.shapes().items()}
        for name, weight in weights.items():
            if weight.ndim > 1:
                weight[..., ::BLOCK] = 127 / 64
            if "norm" in name:
                weight.fill_(1.0)
        decoder = CompiledDecoder(config, weights.pop, precision, 1)
        slots.append(make_slot(decoder))
        decoder.prefill([5, 9, 77], slots[-1])
    for name in ("keys", "values"):
        exact, bytes, scales = getattr(slots[0], name), getattr(slots[1], name), getattr(slots[1], f"{name[:-1]}_scales")
        exact, bytes, scales = exact[0, :, :3], bytes[0, :, :3].float(), scales[0, :, :3]
        assert bytes.shape[-1] == 20  # a whole group, and a part of one
        for group, part in enumerate(bytes.split(GROUP, dim=-1)):
            assert (part.abs().amax(-1) == 127).all()
            own, scale = exact.split(GROUP, dim=-1)[group], scales[..., group]
            assert scale == pytest.approx(own.abs().amax(-1) / 127, rel=1e-3)
            assert ((part * scale[..., None] - own).abs() <= 0.55 * scale[..., None]).all()


def test_an_edited_kernel_is_compiled_anew(tmp_path):
    """numba's cache looks at the file of the compiled function alone; here another file of the kernel is changed."""
    root = Path(kernel.__file__).parents[3]
    copied = tmp_path / "story_engine"
    shutil.copytree(root / "story_engine", copied, ignore=shutil.ignore_patterns("embedded", "__pycache__"))
    ask = "from story_engine.model.kernel.forward import run; print(run._cache._index_key((), run.targetctx.codegen())[-1])"
    keys = []
    for edit in ("", "", "# another word\n"):
        with (copied / "model" / "kernel" / "matmul.py").open("a") as file:
            file.write(edit)
        keys.append(
            subprocess.run([sys.executable, "-c", ask], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        )
    assert keys[0] == keys[1] != keys[2]


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
    (slot.key_scales if "key_scales" in slot.parts else slot.keys)[0, 0, 0] = torch.nan
    assert not torch.isfinite(decoder.step([1], [slot])).all()
