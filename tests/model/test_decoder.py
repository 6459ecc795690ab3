"""The lean forward pass against transformers' own, whichever way the tokens come in."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from story_engine import InputError, ModelError, Settings, Story, StoryEngine
from story_engine.insight.replay import replay_passage
from story_engine.model.config import ModelConfig
from story_engine.model.kv_cache import Slot
from story_engine.model.quantize import choose_precision, dequantize, quantize
from story_engine.model.torch_decoder import Decoder
from train.checkpoint import gather_weights
from train.report import measure_shipped

SAID = (
    "Once upon a time, there was a little girl named Lily. She had a red ball. One day, Lily went to the park with her mom. "
    'She threw the ball very high. "Oh no!" said Lily. A big dog ran to the ball and brought it back. Lily was happy.'
)
TOLERANCE = 2e-4  # largest difference of a logit; logits here are of the order of ten


@pytest.fixture(scope="module", params=["multi-head, untied", "grouped, tied"])
def pair(request) -> tuple[LlamaForCausalLM, Decoder]:
    """The same random weights in transformers and in ours."""
    grouped = request.param.startswith("grouped")
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=48,
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=2 if grouped else 6,
        intermediate_size=80,
        vocab_size=100,
        max_position_embeddings=128,
        tie_word_embeddings=grouped,
        initializer_range=0.3,
    )
    model = LlamaForCausalLM(config).eval()
    ours = ModelConfig(48, 3, 6, 2 if grouped else 6, 8, 80, 100, 128, config.rms_norm_eps, 10_000.0, grouped, 0)
    return model, Decoder(ours, gather_weights(model).pop)


@torch.no_grad()
def reference(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    return model(torch.tensor([ids]), use_cache=False).logits[0]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 99), min_size=1, max_size=60), st.data())
def test_any_way_of_cutting_gives_the_uncached_logits(pair, ids, data):
    model, decoder = pair
    slot = Slot(decoder.config, torch.float32, torch.device("cpu"))
    rows, place = [], 0
    while place < len(ids):
        step = data.draw(st.integers(1, len(ids) - place))
        rows.append(decoder.prefill(ids[place : place + step], slot, all_logits=True))
        place += step
    assert (torch.cat(rows) - reference(model, ids)).abs().max() < TOLERANCE


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=40), min_size=2, max_size=5))
def test_a_cropped_slot_gives_the_uncached_logits(pair, windows):
    model, decoder = pair
    slot = Slot(decoder.config, torch.float32, torch.device("cpu"))
    for ids in windows:
        slot.crop_to_prefix(ids[:-1])
        logits = decoder.prefill(ids[len(slot.ids) :], slot)
        assert slot.ids == ids
        assert (logits - reference(model, ids)[-1]).abs().max() < TOLERANCE


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=40), min_size=2, max_size=6), st.data())
def test_stories_stepped_together_give_the_uncached_logits(pair, texts, data):
    """Stories of any lengths, some of them joining and leaving between steps."""
    model, decoder = pair
    slots = []
    for ids in texts:
        slots.append(Slot(decoder.config, torch.float32, torch.device("cpu")))
        decoder.prefill(ids, slots[-1])
    for _ in range(3):
        active = data.draw(st.lists(st.sampled_from(slots), min_size=1, unique_by=id))
        rows = decoder.step([data.draw(st.integers(0, 99)) for _ in active], active)
        for logits, slot in zip(rows, active, strict=True):
            assert (logits - reference(model, slot.ids)[-1]).abs().max() < TOLERANCE


@pytest.mark.parametrize("kernel", ["on", "off"])
def test_after_undo_edit_and_eviction_every_step_is_that_of_an_uncached_model(tiny_folder, kernel):
    """Turns in a window of 256 tokens, so that it overflows; every row that is read or proposed against transformers'."""
    engine = StoryEngine.load(str(tiny_folder), precision="float32", kernel=kernel)
    model = LlamaForCausalLM.from_pretrained(tiny_folder, dtype=torch.float32).eval()
    read, step, differences = engine.decoder.prefill, engine.decoder.step, []

    def compare(logits, ids):
        differences.append(float((logits - reference(model, ids)[-1]).abs().max()))

    def read_checked(ids, slot, all_logits=False):
        logits = read(ids, slot, all_logits)
        compare(logits, slot.ids)
        return logits

    def step_checked(tokens, slots):
        before = [len(slot.ids) for slot in slots]
        rows = step(tokens, slots)
        for number, (logits, slot) in enumerate(zip(rows, slots, strict=True)):
            compare(logits, slot.ids[: before[number] + 1 + sum(other is slot for other in slots[:number])])
        return rows

    engine.decoder.prefill, engine.decoder.step = read_checked, step_checked
    engine.decoder.row_cost = 0.0 if kernel == "on" else 1.0  # whatever can be proposed is read
    story, options = Story("Once upon a time, Tom had a ball."), Settings(max_new_tokens=24, seed=1)
    moves = {5: story.undo, 7: lambda: story.edit(story.path()[-2].id, " Mia ran."), 10: story.undo, 11: story.redo}
    for turn in range(16):
        moves.get(turn, lambda: None)()
        list(engine.stream(story, options, text="Then Mia saw a red kite in the park." if turn % 2 else None))
    assert any(entry.kind == "forgotten" for entry in story.memory.ledger)
    assert max(differences) < TOLERANCE


@pytest.fixture(scope="module")
def exact() -> StoryEngine:
    """The shipped model as it was saved."""
    return StoryEngine.load("embedded", precision="float32", kernel="off")


@pytest.fixture(scope="module")
def rounded() -> StoryEngine:
    """The shipped model with its weights as bytes."""
    return StoryEngine.load("embedded", precision="int8", kernel="on")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_int8_read_in_any_way_stays_near_float32(exact, rounded, data):
    """Logits, of the order of ten, within 0.6 of float32 and on average within 0.08, however the text is cut."""
    ids = exact.tokenizer.encode(SAID)[: data.draw(st.integers(2, 60))]
    wanted = exact.decoder.prefill(ids, exact.decoder.new_slot(), all_logits=True)
    slot, rows = rounded.decoder.new_slot(), []
    while len(slot.ids) < len(ids):
        step = data.draw(st.integers(1, len(ids) - len(slot.ids)))
        rows.append(rounded.decoder.prefill(ids[len(slot.ids) : len(slot.ids) + step], slot, all_logits=True))
    difference = (torch.cat(rows) - wanted).abs()
    assert difference.max() < 0.6
    assert difference.mean() < 0.08


def test_int8_costs_less_than_half_a_percent_of_likelihood(exact, rounded):
    wanted, ours = (measure_shipped(engine, [(engine.tokenizer.encode(SAID), len(SAID))]) for engine in (exact, rounded))
    assert ours.bits_per_byte == pytest.approx(wanted.bits_per_byte, rel=0.005)
    assert ours.bits_per_byte != wanted.bits_per_byte


@pytest.mark.parametrize(
    ("wanted", "device", "has_kernel", "chosen"),
    [
        ("auto", "cpu", True, "int8"),
        ("auto", "cpu", False, "float32"),
        ("float32", "cpu", True, "float32"),
        ("int8", "cpu", True, "int8"),
        ("auto", "cuda", False, "bfloat16"),
    ],
)
def test_bytes_are_chosen_where_the_kernel_is(wanted, device, has_kernel, chosen):
    assert choose_precision(wanted, torch.device(device), has_kernel) == chosen


def test_matrices_in_int8_are_read_as_the_numbers_that_they_stand_for(pair):
    _, decoder = pair
    generator = torch.Generator().manual_seed(0)
    weights = {name: torch.randn(shape, generator=generator) * 0.3 for name, shape in decoder.config.shapes().items()}
    bytes = {name: quantize(weight) if weight.ndim == 2 else weight for name, weight in weights.items()}
    plain = {name: dequantize(weight) for name, weight in bytes.items()}
    rows = []
    for given_weights in (bytes, plain):
        ours = Decoder(decoder.config, given_weights.__getitem__)
        rows.append(ours.prefill([3, 1, 2], Slot(ours.config, ours.cache_dtype, ours.device)))
    assert torch.equal(*rows)


def test_a_precision_that_is_not_there_is_said():
    with pytest.raises(ModelError, match="auto, float32, int8"):
        StoryEngine.load("embedded", precision="int3")
    with pytest.raises(ModelError, match="kernel and the precision at auto"):
        StoryEngine.load("embedded", precision="int8", kernel="off")


def test_how_numbers_were_rounded_stands_in_the_receipt(exact, rounded):
    """Bits of weights, rows, and keys and values; what is rounded otherwise cannot tell the same words again."""
    story = Story("Once upon a time")
    list(rounded.stream(story, Settings(seed=1, max_new_tokens=4)))
    told_by = story.last().receipt.model
    assert told_by.startswith(f"{exact.fingerprint}-w8")
    assert f"kv{8 * rounded.decoder.new_slot().keys.itemsize}" in told_by
    with pytest.raises(InputError, match="other rounding"):
        replay_passage(exact, story, story.last().id)
